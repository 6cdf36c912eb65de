"""Shares of the fit against every subset and order by statsmodels, and blocks that say nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm

from llamastyle.regression import fit_shares as fs
from llamastyle.regression.bradley_terry import Likelihood, fit_bradley_terry
from llamastyle.regression.clusters import every_battle
from llamastyle.regression.inference import sandwich
from tests.regression.arenas import dummies, make_design
from tests.regression.test_effects import estimates


def reference_value(design, names):
    """Millibits a battle over p = 1/2, by statsmodels."""
    z, m = dummies(design), design.n_models - 1
    blocks = ["models"] * m + [c.block for c in design.spec.columns]
    z = z[:, [b in names for b in blocks]]
    if not z.shape[1]:
        return 0.0
    p = sm.GLM(design.y, z, family=sm.families.Binomial(), var_weights=design.w).fit(tol=1e-14).fittedvalues
    llf = design.y * np.log(p) + (1 - design.y) * np.log(1 - p)
    return 1000 * np.average((llf - np.log(0.5)) / np.log(2), weights=design.w)


@pytest.mark.parametrize("position", [False, True])
def test_shares_are_the_mean_over_all_orders_of_entry(position):
    design = make_design(seed=61, weights=True, position=position)
    est = estimates(design)
    found = fs.gains(design, est.fit, est.made)
    blocks = fs.players(design)
    assert blocks == ("style", "correctness", "models") + ("position",) * position
    values = {
        s: reference_value(design, [b for j, b in enumerate(blocks) if s >> j & 1]) for s in range(1 << len(blocks))
    }
    np.testing.assert_allclose(found.value, [values[s] for s in sorted(values)], atol=1e-6)
    expected = np.zeros(len(blocks))
    orders = list(permutations(range(len(blocks))))
    for order in orders:
        entered = 0
        for j in order:
            expected[j] += (values[entered | 1 << j] - values[entered]) / len(orders)
            entered |= 1 << j
    shared, _ = found.shared()
    np.testing.assert_allclose(shared[:-1], expected, atol=1e-6)
    assert shared[:-1].sum() == pytest.approx(shared[-1], abs=1e-9)
    assert shared[-1] == pytest.approx(values[max(values)], abs=1e-6)


def test_errors_are_those_of_reweighting_clusters():
    design = make_design(seed=62, n=400, m=4, k=3, clusters=14)
    est = estimates(design)
    _, error = fs.gains(design, est.fit, est.made).shared()
    step, moves = 1e-4, []
    for g in range(14):
        sides = [
            fs.gains(again, fit_bradley_terry(again), est.made).shared()[0]
            for sign in (1, -1)
            for again in [replace(design, w=design.w * (1 + sign * step * (design.cluster == g)))]
        ]
        moves.append((sides[0] - sides[1]) / (2 * step))
    expected = np.sqrt(14 / 13 * (np.array(moves) ** 2).sum(axis=0))
    np.testing.assert_allclose(error, expected, rtol=1e-3)


def test_what_says_nothing_gains_by_its_parameters_in_the_sample_and_loses_held_out():
    inside, outside = [], []
    for seed in range(40):
        design = make_design(seed=seed, n=600, m=6, k=3)
        y = (np.random.default_rng(seed + 1000).random(design.n) < 0.5).astype(float)
        design = replace(design, y=y)
        est = estimates(design)
        inside.append(fs.gains(design, est.fit, est.made).shared()[0])
        held = fs.held_out(design, est.fit, est.made, 0)
        outside.append(fs.gains(design, est.fit, est.made, held).shared()[0])
    inside, outside = np.array(inside), np.array(outside)
    by_chance = np.array([2, 1, 5, 8]) / (2 * 600) * 1000 / np.log(2)  # half a chi-square a parameter
    error = inside.std(axis=0) / np.sqrt(len(inside))
    assert (np.abs(inside.mean(axis=0) - by_chance) < 3 * error).all()
    assert (inside >= 0).all()
    assert (outside.mean(axis=0) < 0).all()


def test_held_out_predictions_are_those_of_fits_without_the_cluster():
    design = make_design(seed=64, n=500, m=4, k=2, clusters=25)
    fit = fit_bradley_terry(design)
    made = sandwich(design, fit, "cluster")
    full = (1 << len(fs.players(design))) - 1
    held = fs.held_out(design, fit, made, seed=4, sets=[full])
    from sklearn.model_selection import GroupKFold

    shuffled = np.random.default_rng(4).permutation(made.n_groups)[made.group]
    for train, out in GroupKFold(5).split(design.y, groups=shuffled):
        assert not set(made.group[train]) & set(made.group[out])
        z, y = dummies(design), design.y
        beta = sm.GLM(y[train], z[train], family=sm.families.Binomial()).fit(tol=1e-14).params
        np.testing.assert_allclose(held.eta[out, 0], z[out] @ beta, atol=1e-6)
    p = 1 / (1 + np.exp(-held.eta[:, 0]))
    expected = design.y * np.log(p) + (1 - design.y) * np.log(1 - p) - np.log(0.5)
    np.testing.assert_allclose(held.gain[:, 0], expected, atol=1e-9)


def test_battles_of_models_without_a_strength_outside_their_fold_are_not_counted():
    design = make_design(seed=65, n=400, m=5, k=2, clusters=20)
    met = (design.a == 4) | (design.b == 4)
    y = np.where(met, np.where(design.a == 4, 1.0, 0.0), design.y)
    y[np.flatnonzero(met)[0]] = 1 - y[np.flatnonzero(met)[0]]  # one loss makes the strength finite, in one cluster
    design = replace(design, y=y)
    est = estimates(design)
    held = fs.held_out(design, est.fit, est.made, 0)
    assert 0 < (~held.known).sum() < design.n
    frame = fs.share_frame(design, est, 0.95, 0)
    assert frame["note"].str.contains("battles are not counted").all()
    assert frame[list(fs.SHARES[:-1])].notna().all(axis=None)


def test_swapping_sides_changes_nothing_and_weights_count():
    design = make_design(seed=66, weights=True)
    swap = np.random.default_rng(1).random(design.n) < 0.5
    sign = np.where(swap, -1.0, 1.0)
    turned = replace(
        design, a=np.where(swap, design.b, design.a), b=np.where(swap, design.a, design.b),
        y=np.where(swap, 1 - design.y, design.y), x=design.x * sign[:, None],
    )  # fmt: skip
    one, two = (fs.share_frame(d, estimates(d), 0.95, 0) for d in (design, turned))
    assert one.columns.tolist() == list(fs.SHARES)
    np.testing.assert_allclose(one[list(fs.SHARES[1:-1])], two[list(fs.SHARES[1:-1])], rtol=1e-6, atol=1e-9)


def test_accuracy_and_auc_by_hand():
    design = replace(make_design(seed=67, n=6, m=3, k=2, clusters=None), w=np.ones(6))
    design = replace(design, y=np.array([1, 0, 0.5, 1, 0, 1.0]))
    eta = np.array([0.3, 0.2, 9.0, 0.0, -0.7, -0.1])
    made = estimates(make_design(seed=67, n=60, m=3, k=2, clusters=None), "robust").made
    made = replace(made, clusters=every_battle(6))
    assert fs.hits(design, made, eta, 0.95).rate == pytest.approx((1 + 0 + 0.5 + 1 + 0) / 5)
    won, lost = [0.3, -0.2, 0.0, 0.7, -0.1], [-0.3, 0.2, 0.0, -0.7, 0.1]
    pairs = [(w > v) + 0.5 * (w == v) for w in won for v in lost]
    assert fs.auc(design, eta) == pytest.approx(np.mean(pairs))


def test_davidsons_gain_is_over_the_share_of_ties():
    design = make_design(seed=68, n=500, m=4, k=2)
    est = estimates(design, likelihood=Likelihood(davidson=True))
    found = fs.gains(design, est.fit, est.made)
    ties = np.mean(design.y == 0.5)
    null = np.mean(np.where(design.y == 0.5, np.log(ties), np.log((1 - ties) / 2)))
    assert found.value[-1] == pytest.approx((est.fit.llf / design.n - null) * 1000 / np.log(2))
    assert np.isfinite(fs.share_frame(design, est, 0.95, 0)["gain_cv"]).all()


def test_prices_only_share_between_columns():
    design = make_design(seed=69, m=0)
    assert fs.players(design) == ("style", "correctness")
    frame = fs.share_frame(design, estimates(design), 0.95, 0)
    assert frame["block"].tolist() == ["style", "correctness", "total"]
