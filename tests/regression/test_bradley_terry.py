"""The likelihood and Newton's method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from llamastyle.errors import ConvergenceError
from llamastyle.regression import bradley_terry, links
from llamastyle.regression.bradley_terry import (
    Information,
    Likelihood,
    Prompts,
    blocks,
    fit_at,
    fit_bradley_terry,
    fit_passes,
    furthest,
    incidence,
    information,
    laplacian,
    linear_predictor,
    model_sums,
    pooled,
    sums,
)
from llamastyle.regression.links import log_likelihood
from tests.regression.arenas import dummies, make_design, with_prompts


def test_mean_in_both_tails():
    eta = np.array([-800.0, -1.0, 0.0, 1.0, 800.0])
    np.testing.assert_allclose(links.mean(eta), [0, 1 / (1 + np.e), 0.5, np.e / (1 + np.e), 1], atol=1e-300)


def test_log_likelihood_by_hand():
    y, w, eta = np.array([1.0, 0.5, 0.0]), np.array([1.0, 2.0, 0.5]), np.array([0.3, -2.0, 4.0])
    p = 1 / (1 + np.exp(-eta))
    assert log_likelihood(y, w, eta) == pytest.approx((w * (y * np.log(p) + (1 - y) * np.log1p(-p))).sum())


@pytest.mark.parametrize("weights", [False, True])
def test_maximum_equals_a_general_optimiser(weights):
    design = make_design(seed=1, n=300, m=4, k=2, weights=weights)
    z = dummies(design)
    direct = minimize(
        lambda b: -log_likelihood(design.y, design.w, z @ b), np.zeros(z.shape[1]), method="BFGS"
    )
    fit = fit_bradley_terry(design)
    assert fit.llf == pytest.approx(-direct.fun, abs=1e-7)
    np.testing.assert_allclose(fit.beta, direct.x[3:], atol=1e-4)
    assert fit.theta.sum() == pytest.approx(0, abs=1e-12)
    assert fit.decrement < 1e-10


def test_pair_structure_equals_the_dense_sums():
    design = make_design(seed=4, n=80, m=5, k=3)
    d = np.zeros((design.n, 5))
    d[np.arange(design.n), design.a] += 1
    d[np.arange(design.n), design.b] -= 1
    v = np.random.default_rng(0).random(design.n)
    np.testing.assert_allclose(laplacian(design, v), d.T @ (d * v[:, None]), atol=1e-12)
    np.testing.assert_allclose(model_sums(design, design.x), d.T @ design.x, atol=1e-12)
    z = np.column_stack([d, design.x])
    full = information(design, v)
    plain = z.T @ (z * v[:, None])
    np.testing.assert_allclose((full - plain)[:5, :5], (full - plain)[0, 0] * np.ones((5, 5)), atol=1e-12)
    np.testing.assert_allclose(full[5:], plain[5:], atol=1e-12)


LIKELIHOODS = {
    "plain": lambda design: Likelihood(),
    "firth": lambda design: Likelihood(firth=1.0),
    "ties, prompts": lambda design: with_prompts(design, True),
    "ties, ridge": lambda design: Likelihood(davidson=True, ridge=np.repeat([0.7, 0.3], [5, 3])),
}


def silent_and_not(n=80):
    design = make_design(seed=4, n=n, m=5, k=3, weights=True)
    silent = np.arange(n) < 9
    return replace(design, a=np.where(silent, -1, design.a), b=np.where(silent, -1, design.b))


@pytest.mark.parametrize("kind", LIKELIHOODS)
@pytest.mark.parametrize("size", [1, 7, 80])
def test_blocks_of_any_size_give_the_same_fit(monkeypatch, size, kind):
    design = silent_and_not()
    likelihood = LIKELIHOODS[kind](design)
    whole = fit_bradley_terry(design, likelihood=likelihood)
    v = np.random.default_rng(0).random(design.n)
    sums, met, full = model_sums(design, design.x), laplacian(design, v), information(design, v)
    monkeypatch.setattr(bradley_terry, "BLOCK", size)
    cut = fit_bradley_terry(design, likelihood=likelihood)
    if likelihood.prompts is not None:
        for name in ("gamma", "diagonal", "cross"):
            np.testing.assert_allclose(getattr(cut.prompts, name), getattr(whole.prompts, name), atol=1e-12)
    for name in ("theta", "beta", "eta", "p", "bread", "llf"):
        np.testing.assert_allclose(getattr(cut, name), getattr(whole, name), atol=1e-12)
    np.testing.assert_allclose(model_sums(design, design.x), sums, atol=1e-12)
    np.testing.assert_allclose(laplacian(design, v), met, atol=1e-12)
    np.testing.assert_allclose(information(design, v), full, atol=1e-12)


def test_pooled_battles_have_the_likelihood_of_the_battles():
    design = make_design(seed=9, n=400, m=4, k=2, weights=True)
    design = replace(design, a=np.where(np.arange(400) < 20, -1, design.a), b=np.where(np.arange(400) < 20, -1, design.b))
    few, theta = pooled(design), np.array([0.3, -0.2, 0.5, -0.6])
    assert few.n == len(set(zip(design.a.tolist(), design.b.tolist(), strict=True))) < design.n
    assert few.w.sum() == pytest.approx(design.w.sum())
    direct = log_likelihood(design.y, design.w, linear_predictor(design.plain(), theta, np.empty(0)))
    assert log_likelihood(few.y, few.w, linear_predictor(few, theta, np.empty(0))) == pytest.approx(direct, rel=1e-12)


def test_start_does_not_change_the_maximum():
    design = make_design(seed=3, n=300, m=4, k=2)
    found, told = fit_bradley_terry(design), fit_bradley_terry(design, np.zeros(6))
    np.testing.assert_allclose(found.theta, told.theta, atol=1e-10)
    np.testing.assert_allclose(found.beta, told.beta, atol=1e-10)


def test_silent_battles_move_prices_only():
    design = make_design(seed=6, n=200, m=4, k=2)
    silent = np.arange(200) < 30
    mixed = replace(design, a=np.where(silent, -1, design.a), b=np.where(silent, -1, design.b))
    eta = linear_predictor(mixed, np.arange(4.0), np.zeros(2))
    assert (eta[:30] == 0).all()
    d = model_sums(mixed, np.ones(200))
    np.testing.assert_allclose(
        d, np.bincount(design.a[30:], minlength=4) - np.bincount(design.b[30:], minlength=4)
    )


def test_separated_votes_do_not_converge():
    design = make_design(seed=7, n=60, m=0, k=1, ties=False)
    with pytest.raises(ConvergenceError):
        fit_bradley_terry(replace(design, y=(design.x[:, 0] > 0).astype(float)))


def test_fit_at_the_maximum_is_the_fit():
    design = make_design(seed=4)
    for likelihood in (Likelihood(), Likelihood(davidson=True)):
        fit = fit_bradley_terry(design, likelihood=likelihood)
        ties = [np.log(fit.nu)] if likelihood.davidson else []
        at = fit_at(design, np.concatenate([fit.theta, fit.beta, ties]), np.empty(0), likelihood)
        np.testing.assert_allclose(at.p, fit.p, atol=1e-12)
        np.testing.assert_allclose(at.bread, fit.bread, rtol=1e-8, atol=1e-12)
        assert at.llf == pytest.approx(fit.llf)


def test_what_a_fit_reports_is_that_of_its_parameters_whether_or_not_the_last_step_is_summed_anew(monkeypatch):
    design = make_design(seed=4, n=3000, weights=True)
    quick = fit_bradley_terry(design)
    monkeypatch.setattr(bradley_terry, "STILL", 0.0)
    summed = fit_bradley_terry(design)
    assert quick.iterations == summed.iterations
    np.testing.assert_allclose(quick.theta, summed.theta, atol=1e-13)
    np.testing.assert_allclose(quick.beta, summed.beta, atol=1e-13)
    np.testing.assert_allclose(quick.bread, summed.bread, rtol=1e-7, atol=1e-12)
    assert quick.llf == pytest.approx(summed.llf, rel=1e-14)
    np.testing.assert_allclose(quick.eta, linear_predictor(design, quick.theta, quick.beta), atol=1e-13)
    np.testing.assert_allclose(quick.p, links.mean(quick.eta), rtol=1e-14)
    residual = design.w * (design.y - quick.p)
    assert np.abs(design.x.T @ residual).max() < 1e-9
    assert np.abs(bradley_terry.model_sums(design, residual)).max() < 1e-9


def bent(function, at, step=1e-4):
    """Second differences."""
    moves = step * np.eye(at.size)
    return np.array(
        [
            [sum(s * t * function(at + s * one + t * two) for s in (1, -1) for t in (1, -1)) / (4 * step**2) for two in moves]
            for one in moves
        ]
    )


def without_common_move(matrix, m):
    """What is left of a matrix on the directions that are estimated, not held."""
    held = np.eye(len(matrix))
    held[:m, :m] -= 1 / m
    return held @ matrix @ held


def test_information_with_ties_is_how_the_likelihood_bends():
    design, likelihood = make_design(seed=2, n=60, m=3, k=2, weights=True), Likelihood(davidson=True)
    at = np.array([0.3, -0.2, -0.1, 0.4, -0.5, -0.7])
    bends = -bent(lambda v: fit_at(design, v, np.empty(0), likelihood).llf, at)
    found = np.linalg.inv(fit_at(design, at, np.empty(0), likelihood).bread)
    np.testing.assert_allclose(without_common_move(found, 3), without_common_move(bends, 3), atol=2e-4)


@pytest.mark.parametrize("davidson", [False, True])
def test_information_with_prompts_is_what_their_effects_leave(davidson):
    design = make_design(seed=2, n=60, m=3, k=2, weights=True)
    rng = np.random.default_rng(0)
    prompts = Prompts(rng.integers(4, size=60), rng.choice([-1.0, 1.0], 60), 0.7, 4)
    likelihood, gamma = Likelihood(prompts=prompts, davidson=davidson), rng.normal(0, 0.3, 4)
    at = np.array([0.3, -0.2, -0.1, 0.4, -0.5, *[-0.7] * davidson])
    p = at.size

    def objective(v):
        return fit_at(design, v[:p], v[p:], likelihood).llf - 0.35 * (v[p:] ** 2).sum()

    bends, fit = -bent(objective, np.concatenate([at, gamma])), fit_at(design, at, gamma, likelihood)
    left = bends[:p, :p] - bends[:p, p:] @ np.linalg.inv(bends[p:, p:]) @ bends[p:, :p]
    np.testing.assert_allclose(without_common_move(np.linalg.inv(fit.bread), 3), without_common_move(left, 3), atol=2e-4)
    np.testing.assert_allclose(fit.prompts.diagonal, np.diag(bends[p:, p:]), atol=2e-4)
    np.testing.assert_allclose(fit.prompts.cross, bends[:p, p:], atol=2e-4)


def test_weights_and_penalties_in_one_unit_give_one_fit():
    design = make_design(seed=5, n=120, m=3, k=2, weights=True)
    code, sign = np.arange(120) % 6, np.where(np.arange(120) % 4 < 2, 1.0, -1.0)
    fits = [
        fit_bradley_terry(
            replace(design, w=unit * design.w), likelihood=Likelihood(prompts=Prompts(code, sign, 0.5 * unit, 6))
        )
        for unit in (1.0, 4.0)
    ]
    np.testing.assert_allclose(fits[0].theta, fits[1].theta, atol=1e-9)
    np.testing.assert_allclose(fits[0].prompts.gamma, fits[1].prompts.gamma, atol=1e-9)
    np.testing.assert_allclose(fits[0].bread, 4 * fits[1].bread, atol=1e-9)


@pytest.mark.parametrize("won", [6, 20])
def test_firth_of_one_rate_adds_half_a_win_and_half_a_loss(won):
    design = make_design(seed=5, n=20, m=0, k=1)
    design = replace(design, x=np.ones((20, 1)), y=(np.arange(20) < won).astype(float))
    fit = fit_bradley_terry(design, likelihood=Likelihood(firth=1.0))
    assert fit.beta[0] == pytest.approx(np.log((won + 0.5) / (20 - won + 0.5)), abs=1e-6)


def test_without_columns_it_is_the_leaderboards_fit():
    design = make_design(seed=1, n=300, m=4, k=2, weights=True).plain()
    fit = fit_bradley_terry(design)
    residual = design.w * (design.y - links.mean(fit.theta[design.a] - fit.theta[design.b]))
    np.testing.assert_allclose(model_sums(design, residual), 0, atol=1e-8)


class Halves:
    """Battles in two parts, of which only sums are known."""

    def __init__(self, design):
        unit = design.w.mean()
        cuts = np.array_split(np.arange(design.n), 2)
        self.parts = [replace(design.take(rows), w=design.w[rows] / unit) for rows in cuts]
        self.whole = replace(design, w=design.w / unit)
        self.shape = design.n_models, design.x.shape[1]
        self.tied = float(np.average(design.y == 0.5, weights=design.w))

    def pooled(self):
        return pooled(self.whole)

    def at(self, likelihood, params, gamma):
        one, other = (sums(part, params, likelihood, gamma) for part in self.parts)
        return (one + other).point(likelihood, params, gamma, np.empty(0))

    def furthest(self, step):
        return max(furthest(part, step) for part in self.parts)

    def moved(self, at, step):
        return at.eta


@pytest.mark.parametrize("kind", ["plain", "ties, ridge"])
def test_sums_of_parts_give_the_fit_of_the_whole(kind):
    design = silent_and_not(200)
    likelihood = LIKELIHOODS[kind](design)
    wanted, unit = fit_bradley_terry(design, likelihood=likelihood), design.w.mean()
    found, reach = fit_passes(Halves(design), unit, likelihood)
    for name in ("theta", "beta", "nu", "llf", "bread", "free"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-9, atol=1e-12)
    assert reach == pytest.approx(np.abs(wanted.eta).max(), abs=1e-6)
    plain = design.plain()
    found, reach = fit_passes(Halves(plain), unit)
    np.testing.assert_allclose(found.theta, fit_bradley_terry(plain).theta, atol=1e-10)
    assert found.beta.shape == (0,)


@pytest.mark.parametrize("m", [0, 1, 4])
def test_information_of_parts_adds_up_and_can_be_inverted(m):
    design = make_design(seed=3, n=60, m=max(m, 2), k=2)
    spec = replace(design.spec, models=design.spec.models[:m])
    design = replace(design, spec=spec, a=np.where(m < 2, -1, design.a), b=np.where(m < 2, -1, design.b))
    v = np.random.default_rng(0).random(60)
    whole = information(design, v)
    parts = [Information(m, 2) for _ in range(2)]
    for part, rows in zip(parts, (slice(0, 25), slice(25, 60)), strict=True):
        part.add(design, rows, incidence(design, rows), v[rows])
    np.testing.assert_allclose((parts[0] + parts[1]).total(), whole, atol=1e-12)
    assert np.linalg.matrix_rank(whole) == m + 2
    assert [rows.start for rows in blocks(3)] == [0]


def test_firths_fit_is_a_maximum_of_what_it_maximises():
    design = make_design(seed=5, n=60, m=3, k=2, weights=True)
    fit, z = fit_bradley_terry(design, likelihood=Likelihood(firth=1.0)), dummies(design)
    at = np.concatenate([fit.theta[1:] - fit.theta[0], fit.beta])

    def penalised(v):
        p = 1 / (1 + np.exp(-z @ v))
        return log_likelihood(design.y, design.w, z @ v) + np.linalg.slogdet(z.T @ (z * (design.w * p * (1 - p))[:, None]))[1] / 2

    slopes = [penalised(at + 1e-5 * one) - penalised(at - 1e-5 * one) for one in np.eye(4)]
    np.testing.assert_allclose(np.array(slopes) / 2e-5, 0.0, atol=1e-5)


def test_columns_that_say_the_same_have_no_fit():
    design = make_design(seed=5, n=60, m=3, k=2)
    same = replace(design, x=np.column_stack([design.x[:, 0], design.x[:, 0]]))
    with pytest.raises(ConvergenceError, match="^the information matrix is singular: some columns say the same$"):
        fit_bradley_terry(same)


def test_the_greatest_predictor_and_why_there_is_no_maximum():
    fit = fit_bradley_terry(make_design(seed=4))
    assert fit.largest == np.abs(fit.eta).max() > 0
    assert replace(fit, eta=np.empty(0)).largest == 0
    design = make_design(seed=7, n=60, m=0, k=1, ties=False)
    with pytest.raises(ConvergenceError, match="^the linear predictor grows without bound: .* no finite maximum$"):
        fit_bradley_terry(replace(design, y=(design.x[:, 0] > 0).astype(float)))
    same = replace(design, x=np.column_stack([design.x, design.x]))
    with pytest.raises(ConvergenceError, match="^the information matrix is singular: some columns say the same$"):
        fit_at(same, np.zeros(2), np.empty(0))
