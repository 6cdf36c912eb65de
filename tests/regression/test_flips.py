"""Score tests by flipped signs: scores by explicit regression, the variance of flips, and their level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from llamastyle.regression.bradley_terry import PLAIN, Likelihood, Prompts
from llamastyle.regression.flips import _rows, by_way, fit_without, flip_tests, null_scores
from tests.regression.arenas import by_hand, dummies, make_design


def scores_of(design, columns, likelihood=PLAIN, kind="cluster"):
    at = fit_without(design, likelihood, np.array(columns))
    return null_scores(design, at, kind, np.array(columns))


@pytest.mark.parametrize("weights", [False, True])
def test_scores_by_explicit_regression(weights):
    design = make_design(2, weights=weights)
    z = dummies(design)
    rest = np.r_[0 : design.n_models - 1, z.shape[1] - 2]
    model = sm.GLM(design.y, z[:, rest], family=sm.families.Binomial(), var_weights=design.w)
    p = np.asarray(model.fit(tol=1e-14).fittedvalues)
    tested = z[:, [-3, -1]]
    scores, whole = by_hand(z[:, rest], tested, design.w * (design.y - p), design.w * p * (1 - p), design.cluster)
    found = scores_of(design, [0, 2])
    np.testing.assert_allclose(found.clusters, scores, atol=1e-8)
    np.testing.assert_allclose(found.whole, whole, atol=1e-8)
    assert np.abs(whole - scores).max() > 0.01


def test_flips_have_the_variance_of_the_sum():
    """Of votes that are coin tosses, by few clusters that decide much of the fit."""
    design, rng = make_design(3, n=120, m=8, k=8, clusters=12, ties=False), np.random.default_rng(0)
    seen, flipped, given = [], [], []
    for _ in range(2000):
        found = scores_of(replace(design, y=(rng.random(120) < 0.5).astype(float)), [0, 1, 2])
        seen.append(float((found.clusters.sum(axis=0) ** 2).sum()))
        flipped.append(float((found.clusters**2).sum()))
        given.append(float((found.whole**2).sum()))
    assert np.mean(given) / np.mean(seen) == pytest.approx(1.0, abs=0.06)
    assert np.mean(flipped) < 0.94 * np.mean(seen)


def test_rows_with_prompts_make_the_information_of_the_rest():
    base = make_design(3, n=700, m=4, k=3)
    design = base.take(np.flatnonzero((base.a == 0) | (base.b == 0)))
    code = np.unique(design.cluster, return_inverse=True)[1]
    design = replace(design, cluster=code)
    prompts = Prompts(code, np.where(design.a == 0, -1.0, 1.0), 1.0, int(code.max()) + 1)
    at = fit_without(design, Likelihood(prompts=prompts), np.array([0]))
    v, z = at.p * (1 - at.p), np.zeros((design.n, 7))
    z[np.arange(design.n), design.a] += 1
    z[np.arange(design.n), design.b] -= 1
    z[:, 4:] = design.x
    made = _rows(design, at, slice(0, design.n)).T @ (v[:, None] * z)
    full = np.linalg.inv(at.bread)
    held = np.eye(7) - np.outer(np.r_[np.ones(4), np.zeros(3)], np.r_[np.ones(4), np.zeros(3)]) / 4
    np.testing.assert_allclose(held @ made @ held, held @ full @ held, atol=1e-7)


@pytest.mark.parametrize("likelihood", [Likelihood(davidson=True), Likelihood(firth=1.0), Likelihood(ridge=np.r_[np.ones(6), 0, 0, 0])])
def test_other_likelihoods_stay_close_to_the_plain_one(likelihood):
    design = make_design(4, n=4000, ties=False, clusters=200)
    plain, other = scores_of(design, [1]), scores_of(design, [1], likelihood)
    for mine, theirs in ((plain.clusters, other.clusters), (plain.whole, other.whole)):
        assert np.corrcoef(mine[:, 0], theirs[:, 0])[0, 1] > 0.98


def test_level_of_joint_and_single_tests():
    rejected = []
    for seed in range(300):
        design, rng = make_design(seed, n=400, m=5, k=5, clusters=40), np.random.default_rng(seed)
        theta = rng.normal(0, 0.5, 5)
        p = 1 / (1 + np.exp(-(theta[design.a] - theta[design.b] + 0.6 * design.x[:, 0])))
        design = replace(design, y=(rng.random(design.n) < p).astype(float))
        found = flip_tests([scores_of(design, [1, 2, 3]), scores_of(design, [2])], seed=seed)
        rejected.append([one.p_value <= 0.05 for one in found])
    assert ((np.mean(rejected, axis=0) > 0.012) & (np.mean(rejected, axis=0) < 0.088)).all()


def test_scale_of_a_column_and_swapping_sides_change_nothing():
    design = make_design(5)
    turn = np.where(np.random.default_rng(0).random(design.n) < 0.5, -1.0, 1.0)
    other = replace(
        design,
        x=design.x * turn[:, None] * [1e4, 1.0, 1.0],
        a=np.where(turn < 0, design.b, design.a),
        b=np.where(turn < 0, design.a, design.b),
        y=np.where(turn < 0, 1 - design.y, design.y),
    )
    one, two = (flip_tests([scores_of(d, [0, 1])])[0] for d in (design, other))
    assert one.statistic == pytest.approx(two.statistic)
    assert one.p_value == two.p_value
    assert one.df == 2
    assert one.clusters == int(design.cluster.max()) + 1


def test_first_way_of_several():
    design = make_design(6)
    assert design.cluster is not None
    two = replace(design, cluster=np.column_stack([design.cluster, np.arange(design.n)]))
    assert all((one.cluster == way).all() for one, way in zip(by_way(two), two.cluster.T, strict=True))
    assert by_way(design)[0] is design
    assert flip_tests([]) == []
