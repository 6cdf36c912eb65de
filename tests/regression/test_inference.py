"""Covariances against statsmodels; influences against refits and brute force."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import stats
from scipy.sparse import csr_array

import llamastyle as ls
from llamastyle.errors import FitError
from llamastyle.regression import accounts as acc
from llamastyle.regression import decomposition as dec
from llamastyle.regression.bradley_terry import Likelihood, fit_bradley_terry
from llamastyle.regression.inference import (
    Influence,
    cluster_counts,
    covariance,
    covariances,
    fieller,
    rank_sets,
    sandwich,
    seldom_columns,
    seldom_reasons,
    simultaneous,
    standard_errors,
    through_prompts,
)
from llamastyle.regression.rowless import Held
from tests.regression.arenas import by_moving_weights, dummies, make_design, referee, with_prompts

CASES = {
    "plain": {"k": 0},
    "plain, ties": {"k": 0, "ties": True, "weights": True},
    "style": {"k": 3, "ties": False},
    "style, ties": {"k": 3},
    "style, ties, weights": {"k": 4, "weights": True},
    "position": {"k": 2, "position": True},
    "prices only": {"k": 3, "m": 0},
}


def textbook(design, cov):
    """Our covariance on the textbook parameters: strengths against the first model, then prices."""
    m, k = design.n_models, design.x.shape[1]
    jump = np.zeros((max(m - 1, 0) + k, m + k))
    for i in range(1, m):
        jump[i - 1, [i, 0]] = 1, -1
    jump[max(m - 1, 0) :, m:] = np.eye(k)
    return jump @ cov @ jump.T


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["HC0", "robust", "cluster"])
def test_equals_statsmodels(case, kind):
    design = make_design(seed=3, **CASES[case])
    fit = fit_bradley_terry(design)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theta, beta, cov = referee(design, "cluster" if kind == "cluster" else "HC0")
    np.testing.assert_allclose(fit.theta, theta, atol=1e-8)
    np.testing.assert_allclose(fit.beta, beta, atol=1e-8)
    made = sandwich(design, fit, kind)
    # statsmodels' "HC1" of a GLM carries no small-sample factor: it is HC0
    factor = design.n / (design.n - design.n_free) if kind == "robust" else 1.0
    ours = textbook(design, made.cov)
    np.testing.assert_allclose(np.sqrt(np.diag(ours)), np.sqrt(np.diag(cov) * factor), rtol=1e-6)
    np.testing.assert_allclose(ours, cov * factor, rtol=1e-5, atol=1e-10)


def test_classical_is_the_inverse_information():
    design = make_design(seed=5, ties=False)
    fit = fit_bradley_terry(design)
    z = dummies(design)
    expected = np.linalg.inv(z.T @ (z * (fit.p * (1 - fit.p))[:, None]))
    made = sandwich(design, fit, "classical")
    np.testing.assert_allclose(textbook(design, made.cov), expected, rtol=1e-8)
    assert (made.kind, made.factor, made.n_groups) == ("classical", 1.0, design.n)
    np.testing.assert_array_equal(made.bread, fit.bread)
    np.testing.assert_allclose(made.meat @ made.bread, np.eye(len(made.meat)), atol=1e-9)


def in_ways(design, *sizes, seed=0):
    """The design with so many clusters in each of several ways, drawn anew."""
    rng = np.random.default_rng(seed)
    drawn = [np.unique(rng.integers(size, size=design.n), return_inverse=True)[1] for size in sizes]
    return replace(design, cluster=np.column_stack(drawn))


def without_negative(make):
    """The first of several designs whose signed sum is a covariance, so that nothing is set to zero."""
    designs = map(make, range(3, 100))
    return next(d for d in designs if sandwich(d, fit_bradley_terry(d), "cluster").negative == 0)


@pytest.mark.parametrize("case", CASES)
def test_two_ways_equal_statsmodels(case):
    design = without_negative(lambda seed: in_ways(make_design(seed=seed, **CASES[case]), 60, 25, seed=seed))
    fit = fit_bradley_terry(design)
    made = sandwich(design, fit, "cluster")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, _, cov = referee(design, "cluster")
    assert made.negative == 0
    assert made.df == 24
    np.testing.assert_allclose(np.sqrt(np.diag(textbook(design, made.cov))), np.sqrt(np.diag(cov)), rtol=1e-6)
    np.testing.assert_allclose(textbook(design, made.cov), cov, rtol=1e-5, atol=1e-9)


def blocks_of(cluster):
    """Sign and codes of every set of ways: by tuples, written out."""
    for size in range(1, cluster.shape[1] + 1):
        for chosen in combinations(range(cluster.shape[1]), size):
            keys = np.unique(cluster[:, chosen], axis=0, return_inverse=True)[1].ravel()
            yield (-1) ** (size - 1), keys


@pytest.mark.parametrize("sizes", [(40, 25), (40, 25, 15)])
def test_several_ways_by_inclusion_and_exclusion(sizes):
    design = without_negative(lambda seed: in_ways(make_design(seed=seed, weights=True), *sizes, seed=seed))
    fit = fit_bradley_terry(design)
    made = sandwich(design, fit, "cluster")
    assert made.negative == 0
    parts = [sign * sandwich(replace(design, cluster=keys), fit, "cluster").cov for sign, keys in blocks_of(design.cluster)]
    np.testing.assert_allclose(made.cov, sum(parts), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("sizes", [(40, 25), (40, 25, 15)])
def test_derived_quantities_in_several_ways_by_moving_weights(sizes):
    """Reweight one cluster of each block a little and watch every quantity: squares, then signs."""
    options = {"n": 300, "m": 4, "k": 2, "weights": True}
    design = without_negative(lambda seed: in_ways(make_design(seed=seed, **options), *sizes, seed=seed))
    fit, step = fit_bradley_terry(design), 1e-5
    made = sandwich(design, fit, "cluster")

    def quantities(w):
        moved = replace(design, w=w)
        fit2 = fit_bradley_terry(moved, np.concatenate([fit.theta, fit.beta]))
        made2 = sandwich(moved, fit2, "HC0")
        parts = dec.decompose_ratings(moved, fit2, made2, dec.profiles(moved))
        more = acc.win_rate_accounts(moved, fit2, made2)
        rates = dec.parity(moved, fit2, made2)
        gap = acc.win_rate_gap(moved, fit2, made2, more, 0, 1)
        return np.concatenate([p.estimate for p in [*parts, *more, *gap]] + [rates.change])

    jump = np.zeros((design.n, quantities(design.w).size))
    for i in range(design.n):  # additive in battles: clusters are sums of them
        by = step * design.w[i] * (np.arange(design.n) == i)
        jump[i] = (quantities(design.w + by) - quantities(design.w - by)) / (2 * step)
    variance, alone = np.zeros(jump.shape[1]), []
    free = design.n_free
    for number, (sign, keys) in enumerate(blocks_of(design.cluster)):
        groups = keys.max() + 1
        sums = np.array([np.bincount(keys, column, groups) for column in jump.T])
        here = groups / (groups - 1) * (design.n - 1) / (design.n - free) * (sums**2).sum(axis=1)
        variance += sign * here
        alone += [here] if number < len(sizes) else []
    expected = np.sqrt(np.where(variance > 0, variance, np.max(alone, axis=0)))
    parts = dec.decompose_ratings(design, fit, made, dec.profiles(design))
    more = acc.win_rate_accounts(design, fit, made)
    gap = acc.win_rate_gap(design, fit, made, more, 0, 1)
    rates = dec.parity(design, fit, made)
    ours = [standard_errors(made, p.influence) for p in [*parts, *more, *gap]] + [rates.change_error]
    np.testing.assert_allclose(np.concatenate(ours), expected, rtol=5e-4, atol=1e-12)


def negative_design():
    """Two ways of few clusters without anything in common within them: the signed sum is often not positive."""
    for seed in range(200):
        design = in_ways(make_design(seed=seed, n=400, m=4, k=4, clusters=None), 10, 10, seed=seed)
        made = sandwich(design, fit_bradley_terry(design), "cluster")
        if made.negative:
            return design, made
    raise AssertionError("no such design")


def test_negative_eigenvalues_are_set_to_zero_and_counted():
    design, made = negative_design()
    raw = sum(
        sign * sandwich(replace(design, cluster=keys), fit_bradley_terry(design), "cluster").cov
        for sign, keys in blocks_of(design.cluster)
    )
    values, vectors = np.linalg.eigh(raw)
    assert made.negative == int((values < -1e-10 * values.max()).sum()) > 0
    np.testing.assert_allclose(made.cov, (vectors * np.maximum(values, 0)) @ vectors.T, atol=1e-12)
    np.testing.assert_allclose(made.factor * made.bread @ made.meat @ made.bread, made.cov, atol=1e-9)


def test_a_variance_below_zero_gives_way_to_the_largest_of_one_way():
    found = 0
    for seed in range(40):
        design = in_ways(make_design(seed=seed, n=300, m=4, k=2, clusters=None), 10, 10, seed=seed)
        fit = fit_bradley_terry(design)
        made, rates = sandwich(design, fit, "cluster"), dec.parity(design, fit, sandwich(design, fit, "cluster"))
        single = [
            dec.parity(design, fit, sandwich(replace(design, cluster=way), fit, "cluster")).change_error
            for way in design.cluster.T
        ]
        signed = [
            sign * dec.parity(design, fit, sandwich(replace(design, cluster=keys), fit, "cluster")).change_error ** 2
            for sign, keys in blocks_of(design.cluster)
        ]
        below = np.sum(signed, axis=0) <= 0
        if made.negative == 0:
            np.testing.assert_allclose(rates.change_error[below], np.max(single, axis=0)[below], rtol=1e-9)
            found += int(below.sum())
        assert (rates.change_error > 0).all()
    assert found > 0


def test_one_cluster_is_refused():
    design = make_design(clusters=1)
    with pytest.raises(FitError, match="at least two clusters"):
        sandwich(design, fit_bradley_terry(design), "cluster")


def test_cluster_counts_by_brute_force():
    design = make_design(seed=2, n=90, m=5, clusters=17)
    counts = cluster_counts(design, design.cluster)
    assert counts.dtype == np.int64
    for model in range(5):
        mine = (design.a == model) | (design.b == model)
        assert counts[model] == len(set(design.cluster[mine]))


def test_fieller_matches_its_definition_and_withholds():
    top, bottom, v1, v2, cov, z = 0.4, 1.3, 0.02, 0.05, 0.01, 1.96
    ratio, low, high = (v[0] for v in fieller(*(np.array([v]) for v in (top, bottom, v1, v2, cov)), z))
    assert ratio == pytest.approx(top / bottom)
    for r in (low, high):  # at the ends, top - r bottom is exactly z standard errors from zero
        assert abs(top - r * bottom) == pytest.approx(z * np.sqrt(v1 - 2 * r * cov + r * r * v2))
    none = fieller(*(np.array([v]) for v in (0.4, 0.1, 0.02, 0.05, 0.01)), z)
    assert all(np.isnan(v[0]) and v.dtype == np.float64 for v in none)


def test_no_ratio_where_the_interval_ends_at_zero():
    """The denominator's interval begins where it covers zero: a bound is nowhere then."""
    assert np.isnan(fieller(*(np.array([v]) for v in (1.0, 2.0, 1.0, 1.0, 0.0)), 2.0)).all()


def test_rank_sets_cover_the_truth():
    rng = np.random.default_rng(0)
    truth = np.array([1.0, 0.9, 0.4, 0.0, -0.8])
    cov = 0.01 * (np.eye(5) + 0.3)
    rank = stats.rankdata(-truth)
    root = np.linalg.cholesky(cov)
    hits = 0
    for seed in range(200):
        low, high = rank_sets(truth + root @ rng.standard_normal(5), cov, 0.95, seed, draws=1000)
        assert (low <= high).all()
        hits += bool(((low <= rank) & (rank <= high)).all())
    assert hits >= 184


def test_rank_sets_of_models_far_apart_are_their_ranks():
    low, high = rank_sets(np.array([0.0, 2.0, 1.0]), np.diag([1e-3, 2e-3, 1e-3]), 0.95, 0, draws=500)
    assert low.tolist() == high.tolist() == [3, 1, 2]


def test_rank_sets_of_equals_are_everything():
    low, high = rank_sets(np.zeros(4), np.eye(4), 0.95, 0, draws=500)
    assert low.dtype == high.dtype == np.int64
    assert (low == 1).all()
    assert (high == 4).all()


def test_counts_in_two_ways():
    design = in_ways(make_design(seed=2, n=90, m=5), 17, 9)
    counts = cluster_counts(design, design.cluster)
    assert counts.shape == (5, 2)
    for model in range(5):
        mine = (design.a == model) | (design.b == model)
        assert counts[model].tolist() == [len(set(way[mine])) for way in design.cluster.T]


def test_the_band_of_independent_quantities_is_the_textbook_s():
    made = sandwich(design := make_design(), fit_bradley_terry(design), "robust")
    for q, level in ((1, 0.95), (5, 0.95), (20, 0.9)):
        exact = stats.norm.ppf((1 + level ** (1 / q)) / 2)  # Sidak, exact when independent
        assert simultaneous(made, 0.3 * np.eye(q), level, 0).critical == pytest.approx(exact, abs=0.06)
    assert simultaneous(made, np.ones((6, 6)), 0.95, 0).critical == pytest.approx(stats.norm.ppf(0.975), abs=0.06)


def test_the_band_of_one_quantity_is_its_t_interval():
    made = sandwich(design := make_design(clusters=15), fit_bradley_terry(design), "cluster")
    assert simultaneous(made, np.array([[4.0]]), 0.95, 1).critical == pytest.approx(stats.t.ppf(0.975, made.df), rel=0.04)
    assert simultaneous(made, np.zeros((3, 3)), 0.95, 1).critical == pytest.approx(stats.t.ppf(0.975, made.df))
    with_a_fixed_one = simultaneous(made, np.diag([4.0, 0.0]), 0.95, 1)
    np.testing.assert_allclose(with_a_fixed_one.largest, simultaneous(made, np.array([[4.0]]), 0.95, 1).largest)


def test_simultaneous_p_values():
    made = sandwich(design := make_design(), fit_bradley_terry(design), "robust")
    bands = simultaneous(made, np.eye(8), 0.95, 0)
    p = bands.p_value(np.array([-1.0, 0.0, 2.5, 50.0, np.nan]))
    assert p[:2].tolist() == [1.0, 1.0]
    assert p[2] == pytest.approx(1 - (2 * stats.norm.cdf(2.5) - 1) ** 8, abs=0.015)
    assert p[3] == 1 / 10_001
    assert np.isnan(p[4])


@pytest.mark.parametrize("kind", ["cluster", "robust"])
def test_the_diagonal_alone_is_the_covariances(kind):
    design = make_design(seed=12, weights=True)
    fit = fit_bradley_terry(design)
    made = sandwich(design, fit, kind)
    parts = dec.decompose_ratings(design, fit, made, dec.profiles(design))
    more = acc.win_rate_accounts(design, fit, made)
    for one, two in ((parts[0], parts[1]), (parts[1], parts[-1]), (more[1], more[-1]), (more[0], more[0])):
        full = np.diag(covariance(made, one.influence, two.influence))
        np.testing.assert_allclose(covariances(made, one.influence, two.influence), full, rtol=1e-9, atol=1e-15)


def test_a_column_that_differs_in_few_clusters_has_no_interval():
    frame = ls.simulate(2000, 5, style={"words": 0.5}, n_prompts=200, seed=1).battles.to_frame()
    rare = frame["prompt_id"].isin(frame["prompt_id"].unique()[:4])
    frame["emoji_a"], frame["emoji_b"] = np.where(rare, np.arange(len(frame)) % 3, 0), 0
    with pytest.warns(ls.LlamaStyleWarning, match=r"differ in fewer than 10 .*'emoji' \(4\)"):
        result = ls.fit(ls.read_battles(frame), cluster="prompt_id")
    tidy = result.tidy().set_index("term").loc[["words", "emoji"]]
    assert tidy["std_error"].isna().tolist() == [False, True]
    for table, name in ((result.effects(), "term"), (result.exchange_rates(), "term"), (result.bands(), "name")):
        rows = table[table[name] == "emoji"]
        assert rows[["conf_low", "conf_high"]].isna().all(axis=None)
        assert rows["note"].str.contains("differs in 4 clusters: at least 10 are needed").all()
        assert table.loc[table[name] == "words", "note"].eq("").all()
    halves = ls.read_battles(frame.assign(half=frame["prompt_id"] % 2), cluster=["prompt_id", "half"])
    with pytest.warns(ls.LlamaStyleWarning):
        levels = ls.fit(halves, cluster="prompt_id").by("half")
    rows = levels[(levels["term"] == "emoji") & levels["effect"].notna()]
    assert rows["std_error"].isna().all()
    assert rows["note"].str.contains("at least 10 are needed").all()


def test_seldom_columns_count_clusters_of_the_way_with_fewest():
    design = make_design(clusters=60)
    assert design.cluster is not None
    there = np.flatnonzero(np.isin(design.cluster, [3, 4]))
    x = design.x.copy()
    x[:, 0] = 0.0
    x[there, 0] = 1.0
    sparse = replace(design, x=x)
    assert there.size > 10
    assert seldom_columns(sparse) == {"x0": 2}
    assert seldom_columns(replace(sparse, cluster=None)) == {}
    own = np.arange(design.n)
    assert seldom_columns(replace(sparse, cluster=np.column_stack([own, design.cluster]))) == {"x0": 2}
    assert seldom_columns(design) == {}


@pytest.mark.parametrize("davidson", [False, True])
def test_with_effects_of_prompts_by_moving_weights(davidson):
    design = make_design(seed=4, n=240, m=4, k=2, ties=davidson, weights=True, clusters=12)
    likelihood = with_prompts(design, davidson)
    fit = fit_bradley_terry(design, likelihood=likelihood)
    made = sandwich(design, fit, "cluster")

    def params(_, fit):
        own = [np.log(fit.nu)] if davidson else []
        return np.concatenate([fit.theta[1:] - fit.theta[0], fit.beta, own, fit.prompts.gamma])

    moved = by_moving_weights(design, likelihood, params)
    p = 5 + davidson
    jump = np.zeros((p, p + 1))
    jump[:3, 0], jump[:, 1:] = -1.0, np.eye(p)
    np.testing.assert_allclose(jump @ made.cov @ jump.T, made.factor * moved[:, :p].T @ moved[:, :p], rtol=2e-4, atol=1e-8)
    effects = through_prompts(made, Influence(np.zeros((p + 1, 6))), np.eye(6))
    wanted = moved[:, p:]
    np.testing.assert_allclose(covariance(made, effects), made.factor * wanted.T @ wanted, rtol=2e-4, atol=1e-8)
    own = np.random.default_rng(0).normal(0, 0.05, (12, 6))
    more = through_prompts(made, Influence(np.zeros((p + 1, 6)), csr_array(own)), np.eye(6))
    wanted = wanted + own
    np.testing.assert_allclose(covariance(made, more), made.factor * wanted.T @ wanted, rtol=2e-4, atol=1e-8)
    for kind in ("classical", "robust"):
        assert sandwich(design, fit, kind).prompts.effects is fit.prompts
    plain = sandwich(design, fit_bradley_terry(design), "cluster")
    held = Influence(np.zeros((6, 6)), csr_array(own))
    assert through_prompts(plain, held, np.eye(6)) is held


def test_scores_add_up_to_nothing_at_the_maximum_with_firths_penalty_too():
    design = make_design(seed=5, n=80, m=3, k=2, weights=True)
    fit = fit_bradley_terry(design, likelihood=Likelihood(firth=1.0))
    made = sandwich(design, fit, "cluster")
    np.testing.assert_allclose(made.scores.toarray().sum(axis=0), 0.0, atol=1e-6)
    unpulled = made.scores.toarray() - sandwich(design, replace(fit, likelihood=Likelihood()), "cluster").scores.toarray()
    assert np.abs(unpulled).max() > 1e-3


def test_too_few_battles_for_their_parameters_are_refused():
    design = make_design(seed=5, n=80, m=3, k=2)
    few, fit = design.take(np.arange(4)), fit_bradley_terry(design)
    with pytest.raises(FitError, match="^4 battles for 4 parameters leave nothing to measure errors with; use fewer"):
        sandwich(few, fit, "robust")


def test_combinations_and_sums_of_influences():
    design = make_design(seed=5, n=300, m=3, k=2)
    made = sandwich(design, fit_bradley_terry(design), "cluster")
    rng = np.random.default_rng(0)
    own, c = rng.normal(0, 0.1, (made.n_groups, 2)), rng.normal(0, 1, (2, 3))
    held, more = Influence(np.eye(5)[:, 3:]), Influence(np.zeros((5, 2)), csr_array(own))

    def by_cluster(influence):
        direct = 0.0 if influence.own is None else influence.own.toarray()
        direct = direct if influence.spread is None else direct @ influence.spread
        return made.scores.toarray() @ made.bread @ influence.gradient + direct

    for one in (held, more, Influence(held.gradient, more.own, np.eye(2))):
        np.testing.assert_allclose(by_cluster(one.mapped(c)), by_cluster(one) @ c, atol=1e-12)
        values = by_cluster(one)
        np.testing.assert_allclose(covariance(made, one), made.factor * values.T @ values, rtol=1e-9, atol=1e-12)
    for one, other in ((held, held), (held, more), (more, held), (more, more)):
        np.testing.assert_allclose(by_cluster(one + other), by_cluster(one) + by_cluster(other), atol=1e-12)
        wanted = made.factor * by_cluster(one).T @ by_cluster(other)
        np.testing.assert_allclose(covariance(made, one, other), wanted, rtol=1e-9, atol=1e-12)


def test_rank_sets_see_what_models_share():
    shared = np.array([[100.001, 100.0, 0.0], [100.0, 100.001, 0.0], [0.0, 0.0, 100.0]])
    low, high = rank_sets(np.array([0.0, 1.0, 1000.0]), shared, 0.95, 0, draws=500)
    assert low.tolist() == high.tolist() == [3, 2, 1]


def test_what_a_seldom_column_differs_in():
    design = make_design(n=100, k=2, clusters=50)
    x = design.x.copy()
    x[4:, 1] = 0.0
    few = replace(design, x=x)
    clusters = np.unique(few.cluster[:4]).size
    assert seldom_reasons(few) == ["", f"differs in {clusters} clusters: at least 10 are needed"]
    assert seldom_reasons(replace(few, cluster=None)) == ["", "differs in 4 battles: at least 10 are needed"]


def test_names_of_sums_are_combined_like_what_they_stand_for():
    c = np.arange(6.0).reshape(2, 3)
    made = Influence(np.eye(2), Held("a"), np.array([[2.0, 0.0], [0.0, 3.0]])).mapped(c)
    assert made.own == Held("a")
    np.testing.assert_array_equal(made.spread, np.diag([2.0, 3.0]) @ c)
    np.testing.assert_array_equal(made.gradient, c)


def test_a_band_where_the_covariance_has_negative_eigenvalues():
    cov = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    values, vectors = np.linalg.eigh(cov)
    assert values[0] < -0.5
    near = (vectors * np.maximum(values, 0.0)) @ vectors.T
    near /= np.sqrt(np.outer(np.diag(near), np.diag(near)))
    drawn = np.random.default_rng(1).multivariate_normal(np.zeros(3), near, 200_000)
    design = make_design(seed=5, n=300, m=3, k=2, clusters=None)
    made = sandwich(design, fit_bradley_terry(design), "robust")
    found = simultaneous(made, cov, 0.95, seed=0, draws=200_000)
    assert found.critical == pytest.approx(np.quantile(np.abs(drawn).max(axis=1), 0.95), rel=0.01)
