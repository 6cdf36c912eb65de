"""Decomposition and parity against explicit refits and brute-force influence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from llamastyle.errors import FitError
from llamastyle.regression import decomposition as dec
from llamastyle.regression.bradley_terry import Likelihood, Prompts, fit_bradley_terry
from llamastyle.regression.design import Column
from llamastyle.regression.inference import (
    covariance,
    covariances,
    critical,
    fieller,
    sandwich,
    standard_errors,
    variances,
)
from tests.regression.arenas import by_moving_weights, make_design, with_prompts


def whole(design, kind="cluster"):
    fit = fit_bradley_terry(design)
    return fit, sandwich(design, fit, kind), dec.profiles(design)


def differences(design):
    d = np.zeros((design.n, design.n_models + 1))
    d[np.arange(design.n), design.a] += 1
    d[np.arange(design.n), design.b] -= 1
    return d[:, :-1]


@pytest.mark.parametrize("weights", [False, True])
def test_profiles_are_least_squares(weights):
    design = make_design(seed=1, weights=weights)
    d, root = differences(design), np.sqrt(design.w)[:, None]
    expected = np.linalg.lstsq(d * root, design.x * root, rcond=None)[0]
    prof = dec.profiles(design)
    np.testing.assert_allclose(prof.pi, expected - expected.mean(axis=0), atol=1e-10)
    np.testing.assert_allclose(prof.residual, design.x - d @ prof.pi, atol=1e-10)


def test_raw_rating_is_the_fit_with_residualised_columns():
    design = make_design(seed=2, weights=True)
    fit, made, prof = whole(design)
    total = dec.decompose_ratings(design, fit, made, prof)[-1]
    residualised = fit_bradley_terry(replace(design, x=prof.residual))
    np.testing.assert_allclose(total.estimate, residualised.theta, atol=1e-8)


def test_parts_add_up_and_rescaling_changes_nothing():
    design = make_design(seed=3)
    parts = dec.decompose_ratings(design, *whole(design))
    by = {(p.block, p.group, p.term): p for p in parts}
    blocks = sum(by[(b, "", "")].estimate for b in ("strength", "style", "correctness"))
    np.testing.assert_allclose(blocks, by["total", "", ""].estimate, atol=1e-9)
    groups = sum(p.estimate for p in parts if p.group and not p.term)
    np.testing.assert_allclose(groups, by["style", "", ""].estimate, atol=1e-9)
    for (block, group, term), part in by.items():
        if block == "style" and group and not term:
            terms = [p.estimate for p in parts if p.group == group and p.term]
            np.testing.assert_allclose(part.estimate, sum(terms), atol=1e-9)
    wide = replace(design, x=design.x * np.array([7.0, 0.2, 1.0]))
    fit, made, prof = whole(wide)
    other = dec.decompose_ratings(wide, fit, made, prof)
    for one, two in zip(parts, other, strict=True):
        np.testing.assert_allclose(one.estimate, two.estimate, atol=1e-8)
        np.testing.assert_allclose(
            standard_errors(sandwich(design, fit_bradley_terry(design), "cluster"), one.influence),
            standard_errors(made, two.influence),
            rtol=1e-6,
        )


@pytest.mark.parametrize("kind", ["cluster", "HC0"])
@pytest.mark.parametrize("weights", [False, True])
def test_influence_equals_leaving_clusters_out(kind, weights):
    """The infinitesimal jackknife: reweight one cluster a little and watch every quantity move."""
    design = make_design(seed=4, n=240, m=4, k=2, clusters=12, weights=weights)
    fit, made, prof = whole(design, kind)
    group, step = made.group, 1e-5

    def quantities(w):
        moved = replace(design, w=w)
        fit2 = fit_bradley_terry(moved)
        made2 = sandwich(moved, fit2, "HC0")
        parts = dec.decompose_ratings(moved, fit2, made2, dec.profiles(moved))
        rates = dec.parity(moved, fit2, made2)
        return np.concatenate([p.estimate for p in parts] + [rates.change, rates.parity_win_rate])

    influences = np.array(
        [
            (
                quantities(design.w * (1 + step * (group == g)))
                - quantities(design.w * (1 - step * (group == g)))
            )
            / (2 * step)
            for g in range(made.n_groups)
        ]
    )
    expected = np.sqrt(made.factor * (influences**2).sum(axis=0))
    parts = dec.decompose_ratings(design, fit, made, prof)
    rates = dec.parity(design, fit, made)
    ours = [standard_errors(made, p.influence) for p in parts] + [rates.change_error, rates.parity_error]
    np.testing.assert_allclose(np.concatenate(ours), expected, rtol=2e-4)


def test_covariance_of_two_quantities():
    design = make_design(seed=5, n=300, m=4, k=2, clusters=30)
    fit, made, prof = whole(design)
    parts = dec.decompose_ratings(design, fit, made, prof)
    one, two = parts[0].influence, parts[1].influence
    both = np.diag(covariance(made, one + two))
    apart = (
        np.diag(covariance(made, one))
        + np.diag(covariance(made, two))
        + 2 * np.diag(covariance(made, one, two))
    )
    np.testing.assert_allclose(both, apart, rtol=1e-8)


def test_parity_by_brute_force():
    design = make_design(seed=6, weights=True)
    fit, made, _ = whole(design)
    rates = dec.parity(design, fit, made)
    style = [0, 1]
    p0 = expit(fit.eta - design.x[:, style] @ fit.beta[style])
    for m in range(design.n_models):
        a, b = design.a == m, design.b == m
        w = np.concatenate([design.w[a], design.w[b]])
        won = np.concatenate([design.y[a], 1 - design.y[b]])
        level = np.concatenate([p0[a], 1 - p0[b]])
        assert rates.win_rate[m] == pytest.approx(np.average(won, weights=w))
        assert rates.change[m] == pytest.approx(np.average(won - level, weights=w))


def test_reference_model_has_no_inflation():
    design = make_design(seed=7)
    parts = dec.decompose_ratings(design, *whole(design), reference=2)
    for part in parts:
        assert part.estimate[2] == pytest.approx(0, abs=1e-12)
        assert standard_errors(whole(design)[1], part.influence)[2] == pytest.approx(0, abs=1e-9)


def test_exchange_rates_need_correctness():
    design = make_design(seed=8)
    fit, made, _ = whole(design)
    rates = dec.exchange_rates(design, fit, made, 0.95)
    c = design.spec.columns[2].scale
    assert rates[0].estimate == pytest.approx(fit.beta[0] / (fit.beta[2] / c))
    z, m, by = critical(made, 0.95), design.n_models, 1 / c
    parts = (fit.beta[0], fit.beta[2] * by, made.cov[m, m], made.cov[m + 2, m + 2] * by**2, made.cov[m, m + 2] * by)
    wanted = fieller(*(np.array([part]) for part in parts), z)
    assert (rates[0].estimate, rates[0].low, rates[0].high) == tuple(pytest.approx(float(v[0])) for v in wanted)
    assert rates[0].low < rates[0].estimate < rates[0].high
    no_right = replace(design, x=design.x[:, :2], spec=replace(design.spec, columns=design.spec.columns[:2]))
    with pytest.raises(FitError, match="need correctness"):
        dec.exchange_rates(no_right, *whole(no_right)[:2], 0.95)


def test_override_rate_without_clusters_is_wilson():
    from statsmodels.stats.proportion import proportion_confint

    won = np.array([1.0] * 30 + [0.0] * 70)
    rate = dec.override_rate(won, np.ones(100), np.arange(100), 0.95)
    low, high = proportion_confint(30, 100, method="wilson")
    assert rate.effective == pytest.approx(99)
    assert rate.battles == 100
    exact = proportion_confint(0.3 * 99, 99, method="wilson")
    assert (rate.low, rate.high) == tuple(pytest.approx(end, rel=1e-6) for end in exact)
    assert (rate.low, rate.high) == (pytest.approx(low, abs=2e-3), pytest.approx(high, abs=2e-3))
    doubled = dec.override_rate(np.tile(won, 2), np.ones(200), np.tile(np.arange(100), 2), 0.95)
    assert doubled.effective == pytest.approx(99)  # twice the same clusters say nothing new
    assert dec.override_rate(np.zeros(20), np.ones(20), np.arange(20), 0.95).low == 0


def test_cross_fitted_index_never_sees_its_own_cluster():
    design = make_design(seed=9, n=400, m=5, clusters=40)
    fit, made, _ = whole(design)
    index = dec.cross_fitted_index(design, fit, made, seed=0)
    full = dec.block_index(design, fit.beta)
    assert np.corrcoef(index, full)[0, 1] > 0.9
    assert np.abs(index - full).max() > 1e-6
    flipped = replace(design, y=np.where(made.group == 3, 1 - design.y, design.y))
    other = dec.cross_fitted_index(flipped, fit_bradley_terry(flipped), made, seed=0)
    np.testing.assert_allclose(other[made.group == 3], index[made.group == 3], atol=1e-7)


def test_weights_that_differ_say_less():
    w, won = np.random.default_rng(0).uniform(0.2, 3, 100), (np.arange(100) % 3 == 0).astype(float)
    rate = dec.override_rate(won, w, np.arange(100), 0.95)
    assert rate.effective == pytest.approx(0.99 * w.sum() ** 2 / (w**2).sum())
    assert rate.rate == pytest.approx(np.average(won, weights=w))


def test_no_battles_give_no_rate():
    rate = dec.override_rate(np.empty(0), np.empty(0), np.empty(0, dtype=int), 0.95)
    assert (rate.battles, rate.effective) == (0, 0)
    assert np.isnan([rate.rate, rate.low, rate.high]).all()
    assert dec.override_rate(np.ones(1), np.ones(1), np.zeros(1, dtype=int), 0.95).rate == 1


def test_one_cluster_gives_a_rate_without_an_interval():
    rate = dec.override_rate(np.array([1.0, 0.0]), np.ones(2), np.zeros(2, dtype=int), 0.95)
    assert (rate.battles, rate.rate) == (2, 0.5)
    assert np.isnan([rate.effective, rate.low, rate.high]).all()


def test_styles_part_alone_is_that_of_the_decomposition():
    design = make_design(seed=3)
    fit, made, prof = whole(design)
    for reference in (None, 1):
        [whole_part] = [
            p for p in dec.decompose_ratings(design, fit, made, prof, reference) if (p.block, p.group) == ("style", "")
        ]
        alone = dec.style_part(design, fit, made, prof, reference)
        assert (alone.block, alone.group, alone.term) == ("style", "", "")
        np.testing.assert_allclose(alone.estimate, whole_part.estimate, atol=1e-12)
        np.testing.assert_allclose(
            standard_errors(made, alone.influence), standard_errors(made, whole_part.influence), atol=1e-12
        )


def test_centring_by_hand():
    np.testing.assert_allclose(dec.centring(2, None), [[0.5, -0.5], [-0.5, 0.5]])
    np.testing.assert_allclose(dec.centring(2, 0), [[0, -1], [0, 1]])


def test_shares_are_fiellers_of_part_and_total():
    design = make_design(seed=12, n=3000)
    fit, made, prof = whole(design)
    parts = {(p.block, p.group): p for p in dec.decompose_ratings(design, fit, made, prof) if not p.term}
    part, total = parts["style", ""], parts["total", ""]
    known = variances(made, part.influence), variances(made, total.influence)
    both = covariances(made, part.influence, total.influence)
    wanted = fieller(part.estimate, total.estimate, *known, both, critical(made, 0.9))
    assert np.isfinite(wanted[0]).any()
    for given in ((), known):
        found = dec.shares(made, part, total, 0.9, *given)
        for ours, theirs in zip((found.share, found.low, found.high), wanted, strict=True):
            np.testing.assert_allclose(ours, theirs)


def test_sums_by_prompt_and_model_one_by_one():
    design = make_design(seed=13, n=50, m=3, k=2)
    rng = np.random.default_rng(1)
    prompts = Prompts(rng.integers(5, size=50), rng.choice([-1.0, 0.0, 1.0], 50), 1.0, 5)
    fit, v = fit_bradley_terry(design, likelihood=Likelihood(prompts=prompts)), rng.random(50)
    wanted = np.zeros((5, 3))
    for i in range(50):
        wanted[prompts.code[i], design.a[i]] += v[i] * prompts.sign[i]
        wanted[prompts.code[i], design.b[i]] -= v[i] * prompts.sign[i]
    np.testing.assert_allclose(dec.prompt_sums(design, fit, v), wanted, atol=1e-12)


def test_a_feature_that_seldom_differs_has_no_exchange_rate():
    design = make_design(seed=8)
    x = design.x.copy()
    x[2:, 0] = 0.0
    seldom = replace(design, x=x)
    rate = dec.exchange_rates(seldom, *whole(seldom)[:2], 0.95)[0]
    assert rate.note.startswith("withheld: differs in ")
    assert np.isnan([rate.estimate, rate.low, rate.high]).all()


def test_natural_steps_by_hand():
    column = Column("words", "length", "style", "log_ratio", scale=2.0, step="ten_percent")
    assert dec.natural_steps(column) == [("one recorded scale", 1.0), ("+10 %", pytest.approx(np.log(1.1) / 2))]
    assert dec.natural_steps(replace(column, step="one"))[1] == ("from 0 to 1", pytest.approx(np.log(2) / 2))
    assert dec.natural_steps(replace(column, contrast="difference"))[1] == ("one", 0.5)
    assert len(dec.natural_steps(replace(column, contrast="tanh"))) == 1


@pytest.mark.parametrize("davidson", [False, True])
def test_errors_at_parity_with_effects_of_prompts_by_moving_weights(davidson):
    design = make_design(seed=4, n=240, m=4, k=3, ties=davidson, weights=True, clusters=12)
    likelihood = with_prompts(design, davidson)
    fit = fit_bradley_terry(design, likelihood=likelihood)
    made = sandwich(design, fit, "cluster")
    found = dec.parity(design, fit, made)

    def rates(design, fit):
        at = dec.parity(design, fit, made)
        return np.concatenate([at.parity_win_rate, at.change])

    moved = by_moving_weights(design, likelihood, rates)
    wanted = np.sqrt(made.factor * (moved**2).sum(axis=0))
    np.testing.assert_allclose(np.concatenate([found.parity_error, found.change_error]), wanted, rtol=2e-3)


def test_derivatives_of_win_rates_at_parity_by_small_steps():
    design = make_design(seed=6, n=200, m=3, k=3, weights=True)
    fit = fit_bradley_terry(design, likelihood=Likelihood(davidson=True))
    z = np.zeros((design.n, 3))
    z[np.arange(design.n), design.a] += 1
    z[np.arange(design.n), design.b] -= 1

    def at_parity(theta, beta, nu):
        return dec.parity_sums(design, z @ theta + design.x @ beta, beta, nu, "style")[2]

    slope = dec.parity_sums(design, fit.eta, fit.beta, fit.nu, "style")[3]
    start = np.concatenate([fit.theta, fit.beta, [np.log(fit.nu)]])
    assert slope.shape == (7, 3)
    for j in range(7):
        ends = []
        for h in (1e-5, -1e-5):
            v = start + h * (np.arange(7) == j)
            ends.append(at_parity(v[:3], v[3:6], np.exp(v[6])))
        np.testing.assert_allclose(slope[j], (ends[0] - ends[1]) / 2e-5, atol=1e-5)


def test_shares_in_two_ways_have_a_covariance_that_can_be():
    design = make_design(seed=12, n=900)
    rng = np.random.default_rng(0)
    design = replace(design, cluster=np.column_stack([rng.integers(40, size=900), rng.integers(30, size=900)]))
    fit, made, prof = whole(design)
    parts = {(p.block, p.group): p for p in dec.decompose_ratings(design, fit, made, prof) if not p.term}
    part, total = parts["style", ""], parts["total", ""]
    known = variances(made, part.influence), variances(made, total.influence)
    both = covariances(made, part.influence, total.influence)
    for shrink in (1.0, 1e-3):
        v_part = shrink * known[0]
        most = np.sqrt(v_part * known[1])
        wanted = fieller(part.estimate, total.estimate, v_part, known[1], np.clip(both, -most, most), critical(made, 0.9))
        found = dec.shares(made, part, total, 0.9, v_part, known[1])
        np.testing.assert_allclose([found.share, found.low, found.high], wanted)
    assert (np.abs(both) > most).any()


def test_parts_that_do_not_add_up_are_no_decomposition():
    design = make_design(seed=7)
    parts = dec.decompose_ratings(design, *whole(design))
    dec.check_sum(parts)
    for block, term in (("correctness", ""), ("style", "x1"), ("total", "")):
        wrong = [replace(p, estimate=p.estimate + 1e-3) if (p.block, p.term) == (block, term) else p for p in parts]
        with pytest.raises(FitError, match="^the decomposition misses its total by 0.001: the fit is numerically unsound$"):
            dec.check_sum(wrong)


def test_without_correctness_it_has_no_part():
    design = make_design(seed=7)
    spec = replace(design.spec, columns=design.spec.columns[:2])
    parts = dec.decompose_ratings(replace(design, spec=spec, x=design.x[:, :2]), *whole(replace(design, spec=spec, x=design.x[:, :2])))
    assert [p.block for p in parts if not p.group] == ["strength", "style", "total"]


def test_the_index_of_folds_with_effects_of_prompts_and_a_ridge():
    design = make_design(seed=9, n=400, m=5, clusters=40)
    for likelihood in (with_prompts(design, False), Likelihood(ridge=np.repeat([0.5, 5.0], [5, 3]))):
        fit = fit_bradley_terry(design, likelihood=likelihood)
        made = sandwich(design, fit, "cluster")
        index = dec.cross_fitted_index(design, fit, made, folds=2, seed=0)
        fold_of = np.empty(made.n_groups, dtype=int)
        fold_of[np.random.default_rng(0).permutation(made.n_groups)] = np.arange(made.n_groups) % 2
        for f in range(2):
            held = fold_of[made.group] == f
            rows = np.flatnonzero(~held)
            prompts = likelihood.prompts
            if prompts is not None:
                prompts = replace(prompts, code=prompts.code[rows], sign=prompts.sign[rows])
            again = fit_bradley_terry(design.take(rows), likelihood=replace(likelihood, prompts=prompts))
            np.testing.assert_allclose(index[held], design.x[held][:, :2] @ again.beta[:2], atol=1e-7)


def test_rates_of_exchange_are_withheld_where_being_right_has_no_price():
    design = make_design(seed=8)
    design = replace(design, y=np.random.default_rng(1).integers(0, 2, design.n).astype(float))
    rates = dec.exchange_rates(design, *whole(design)[:2], 0.95)
    assert {rate.note for rate in rates} == {"withheld: the interval of the price of being right covers zero"}
    assert np.isnan([rate.estimate for rate in rates]).all()
    design = make_design(seed=8)
    assert {rate.note for rate in dec.exchange_rates(design, *whole(design)[:2], 0.95)} == {""}


def test_profiles_without_models():
    found = dec.profiles(make_design(seed=8, m=0, k=2))
    assert (found.pi.shape, found.inverse.shape) == ((0, 2), (0, 0))
