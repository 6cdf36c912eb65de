"""Davidson ties, ridge, Firth and effects of prompts against direct maximisation and brute-force influence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from llamastyle.regression import accounts as acc
from llamastyle.regression import decomposition as dec
from llamastyle.regression import links
from llamastyle.regression.bradley_terry import Likelihood, Prompts, fit_bradley_terry
from llamastyle.regression.inference import sandwich, standard_errors
from tests.regression.arenas import dummies, make_design


def prompts_of(design, n_prompts=30, penalty=1.0, seed=0, clusters=True):
    """A design in which model 0 is in every battle, on one of ``n_prompts`` prompts each."""
    rng = np.random.default_rng(seed)
    other = 1 + rng.integers(design.n_models - 1, size=design.n)
    first = rng.random(design.n) < 0.5
    code = rng.integers(n_prompts, size=design.n)
    code[:n_prompts] = np.arange(n_prompts)
    a, b = np.where(first, 0, other), np.where(first, other, 0)
    sign = np.where(first, -1.0, 1.0)
    group = code if clusters else design.cluster
    return replace(design, a=a, b=b, cluster=group), Prompts(code, sign, penalty, n_prompts)


def maximum(objective, size):
    found = optimize.minimize(lambda v: -objective(v), np.zeros(size), method="BFGS", options={"gtol": 1e-9})
    return found.x


@pytest.mark.parametrize("weights", [False, True])
def test_davidson_is_the_direct_maximum(weights):
    design = make_design(seed=21, n=500, m=4, k=2, weights=weights)
    z = dummies(design)

    def objective(v):
        return links.log_likelihood(design.y, design.w, z @ v[:-1], float(np.exp(v[-1])))

    best = maximum(objective, z.shape[1] + 1)
    fit = fit_bradley_terry(design, likelihood=Likelihood(davidson=True))
    theta = np.concatenate([[0.0], best[:3]])
    np.testing.assert_allclose(fit.theta, theta - theta.mean(), atol=2e-6)
    np.testing.assert_allclose(fit.beta, best[3:-1], atol=2e-6)
    assert np.log(fit.nu) == pytest.approx(best[-1], abs=2e-6)
    assert fit.llf == pytest.approx(objective(best))
    assert fit.free == 4 - 1 + 2 + 1


@pytest.mark.parametrize("block", ["style", "strength"])
def test_ridge_is_the_direct_maximum(block):
    design = make_design(seed=23, n=400, m=4, k=3, weights=True)
    ridge = np.zeros(7)
    ridge[4:6] = 25.0 * (block == "style")
    ridge[:4] = 8.0 * (block == "strength")
    signs = np.zeros((design.n, 4))
    signs[np.arange(design.n), design.a], signs[np.arange(design.n), design.b] = 1, -1
    z = np.column_stack([signs, design.x])
    objective = lambda v: links.log_likelihood(design.y, design.w, z @ v) - (ridge @ v**2) / 2  # noqa: E731
    best = maximum(objective, 7)
    fit = fit_bradley_terry(design, likelihood=Likelihood(ridge=ridge))
    np.testing.assert_allclose(fit.theta, best[:4] - best[:4].mean(), atol=5e-6)
    np.testing.assert_allclose(fit.beta, best[4:], atol=5e-6)
    assert fit.free == (3 + 1 if block == "style" else 3)


@pytest.mark.parametrize("penalty", [0.3, 1.0, 30.0])
def test_prompt_effects_are_the_direct_maximum(penalty):
    design, prompts = prompts_of(make_design(seed=24, n=400, m=4, k=2, weights=True), penalty=penalty)
    effects = np.zeros((design.n, prompts.n))
    effects[np.arange(design.n), prompts.code] = prompts.sign
    z = np.column_stack([dummies(design), effects])

    def objective(v):
        return links.log_likelihood(design.y, design.w, z @ v) - penalty * (v[-prompts.n :] @ v[-prompts.n :]) / 2

    best = maximum(objective, z.shape[1])
    fit = fit_bradley_terry(design, likelihood=Likelihood(prompts=prompts))
    np.testing.assert_allclose(fit.beta, best[3:5], atol=1e-5)
    np.testing.assert_allclose(fit.prompts.gamma, best[5:], atol=1e-5)
    assert fit.free == 3 + 2


def firth_objective(design, v):
    z = dummies(design)
    p = links.mean(z @ v)
    information = (z * (design.w * p * (1 - p))[:, None]).T @ z
    return links.log_likelihood(design.y, design.w, z @ v) + np.linalg.slogdet(information)[1] / 2


@pytest.mark.parametrize("separated", [False, True])
def test_firth_is_the_direct_maximum_and_finite_where_a_model_won_all(separated):
    design = make_design(seed=25, n=150, m=4, k=2, weights=True)
    if separated:
        y = np.where(design.a == 0, 1.0, np.where(design.b == 0, 0.0, design.y))
        design = replace(design, y=y)
    best = maximum(lambda v: firth_objective(design, v), dummies(design).shape[1])
    fit = fit_bradley_terry(design, likelihood=Likelihood(firth=1.0))
    theta = np.concatenate([[0.0], best[:3]])
    np.testing.assert_allclose(fit.theta, theta - theta.mean(), atol=2e-5)
    np.testing.assert_allclose(fit.beta, best[3:], atol=2e-5)
    assert np.abs(fit.eta).max() < 15


@pytest.mark.parametrize("separated", [False, True])
def test_firth_is_firthmodels(separated):
    """Which takes 0 and 1 only: a tie is half a win and half a loss."""
    firthmodels = pytest.importorskip("firthmodels", reason="needs scikit-learn 1.6, above the lowest version")
    design = make_design(seed=27, n=200, m=4, k=2)
    if separated:
        design = replace(design, y=np.where(design.a == 0, 1.0, np.where(design.b == 0, 0.0, design.y)))
    z, tied = dummies(design), design.y == 0.5
    rows = np.concatenate([np.arange(design.n), np.flatnonzero(tied)])
    y = np.concatenate([np.where(tied, 1.0, design.y), np.zeros(tied.sum())])
    w = np.where(tied[rows], 0.5, 1.0)
    referee = firthmodels.FirthLogisticRegression(fit_intercept=False, gtol=1e-7, xtol=1e-7, max_iter=2000)
    referee.fit(z[rows], y, sample_weight=w)
    fit = fit_bradley_terry(design, likelihood=Likelihood(firth=1.0))
    theta = np.concatenate([[0.0], referee.coef_[:3]])
    np.testing.assert_allclose(fit.theta, theta - theta.mean(), atol=1e-6)
    np.testing.assert_allclose(fit.beta, referee.coef_[3:], atol=1e-6)


CASES = {
    "davidson": (Likelihood(davidson=True), True),
    "ridge on style": (Likelihood(ridge=np.array([0, 0, 0, 0, 12.0, 12.0, 0])), True),
    "ridge on strengths": (Likelihood(ridge=np.array([9.0, 9, 9, 9, 0, 0, 0])), True),
    "prompts": (Likelihood(), True),
    "prompts, other clusters": (Likelihood(), False),
    "prompts and davidson": (Likelihood(davidson=True), True),
}


@pytest.mark.parametrize("case", CASES)
def test_influence_equals_leaving_clusters_out(case):
    """The infinitesimal jackknife: reweight one cluster a little, a prompt's penalty with it, and watch."""
    likelihood, by_prompt = CASES[case]
    design = make_design(seed=26, n=240, m=4, k=3, clusters=12, weights=True)
    if case.startswith("prompts"):
        design, prompts = prompts_of(design, n_prompts=14, penalty=2.0, clusters=by_prompt)
        likelihood = replace(likelihood, prompts=prompts)
    fit = fit_bradley_terry(design, likelihood=likelihood)
    made = sandwich(design, fit, "cluster")
    parts = dec.decompose_ratings(design, fit, made, dec.profiles(design))
    accounts = acc.win_rate_accounts(design, fit, made)
    gap = acc.win_rate_gap(design, fit, made, accounts, 1, 3)
    rates = dec.parity(design, fit, made)
    found = np.concatenate(
        [*(standard_errors(made, p.influence) for p in [*parts, *accounts, *gap]), rates.parity_error, rates.change_error]
    )
    step = 1e-5

    def quantities(w):
        moved = replace(design, w=w)
        fit2 = fit_bradley_terry(moved, likelihood=likelihood)
        made2 = sandwich(moved, fit2, "cluster")
        accounts2 = acc.win_rate_accounts(moved, fit2, made2)
        gap2 = acc.win_rate_gap(moved, fit2, made2, accounts2, 1, 3)
        parts2 = dec.decompose_ratings(moved, fit2, made2, dec.profiles(moved))
        rates2 = dec.parity(moved, fit2, made2)
        found2 = [*(p.estimate for p in [*parts2, *accounts2, *gap2]), rates2.parity_win_rate, rates2.change]
        return np.concatenate(found2)

    moves = np.array(
        [
            (quantities(design.w * (1 + step * (made.group == g))) - quantities(design.w * (1 - step * (made.group == g))))
            / (2 * step)
            for g in range(made.n_groups)
        ]
    )
    if case.startswith("prompts"):
        moves = moves + penalty_moves(design, likelihood, made, quantities_with_penalty(design, likelihood))
    expected = np.sqrt(made.factor * (moves**2).sum(axis=0))
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-7)


def quantities_with_penalty(design, likelihood):
    """The same quantities as a function of a penalty for each prompt."""

    def at(penalties):
        prompts = replace(likelihood.prompts, penalty=penalties)
        fit = fit_bradley_terry(design, likelihood=replace(likelihood, prompts=prompts))
        made = sandwich(design, fit, "cluster")
        accounts = acc.win_rate_accounts(design, fit, made)
        gap = acc.win_rate_gap(design, fit, made, accounts, 1, 3)
        parts = dec.decompose_ratings(design, fit, made, dec.profiles(design))
        rates = dec.parity(design, fit, made)
        return np.concatenate([*(p.estimate for p in [*parts, *accounts, *gap]), rates.parity_win_rate, rates.change])

    return at


def penalty_moves(design, likelihood, made, at):
    """What each cluster's share of the prompts' penalties does: -lambda gamma_q in equal parts of its battles."""
    q, base, step = likelihood.prompts.n, likelihood.prompts.penalty, 1e-5
    counts = np.bincount(likelihood.prompts.code, minlength=q)
    moves = []
    for g in range(made.n_groups):
        share = np.bincount(likelihood.prompts.code[made.group == g], minlength=q) / counts
        up, down = base * (1 + step * share), base * (1 - step * share)
        moves.append((at(up) - at(down)) / (2 * step))
    return np.array(moves)


def test_every_likelihood_but_the_plain_one_says_so():
    assert Likelihood().is_plain
    prompts = Prompts(np.zeros(3, np.int64), np.ones(3), 1.0, 1)
    for other in (Likelihood(True), Likelihood(ridge=np.ones(4)), Likelihood(firth=1.0), Likelihood(prompts=prompts)):
        assert not other.is_plain


def test_a_ridge_on_strengths_is_on_the_plain_ratings_too():
    design = make_design(seed=29, n=400, m=4, k=2).plain()
    ridge = np.full(4, 8.0)
    signs = np.zeros((design.n, 4))
    signs[np.arange(design.n), design.a], signs[np.arange(design.n), design.b] = 1, -1
    best = maximum(lambda v: links.log_likelihood(design.y, design.w, signs @ v) - 4.0 * float(v @ v), 4)
    fit = fit_bradley_terry(design, likelihood=Likelihood(ridge=ridge))
    np.testing.assert_allclose(fit.theta, best - best.mean(), atol=2e-6)
