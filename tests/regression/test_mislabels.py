"""Wrong labels: exact in expectation, unbiased and covering in simulation, errors against brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy import stats

from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.decomposition import decompose_ratings, parity
from llamastyle.regression.mislabels import (
    as_if_right,
    corrected,
    difference_weights,
    error_rate,
    labels_of,
    nested,
)
from tests.regression.arenas import make_design
from tests.regression.mislabelled import PRICE_RIGHT, answers, fitted


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.2, 0.45])
def test_weights_invert_the_errors_of_both_sides(rate):
    error = np.array([[1 - rate, rate], [rate, 1 - rate]])  # truth, label
    for right_a, right_b in product((0, 1), repeat=2):
        expected = np.zeros(3)
        for seen_a, seen_b in product((0, 1), repeat=2):
            chance = error[right_a, seen_a] * error[right_b, seen_b]
            expected += chance * difference_weights(np.array([float(seen_a - seen_b)]), rate)[0]
        np.testing.assert_allclose(expected, np.eye(3)[right_a - right_b + 1], atol=1e-12)


def every_error(found, rate):
    """Every battle four times: each side's label right or wrong, weighted by how likely that is."""
    design, right_a, right_b = found.design, found.right[found.rows[0]], found.right[found.rows[1]]
    copies = []
    for wrong_a, wrong_b in product((False, True), repeat=2):
        chance = (rate if wrong_a else 1 - rate) * (rate if wrong_b else 1 - rate)
        difference = np.abs(right_a - wrong_a) - np.abs(right_b - wrong_b)
        copies.append((difference, chance))
    scale = design.spec.columns[1].scale
    x = np.vstack([np.column_stack([design.x[:, 0], d / scale]) for d, _ in copies])
    w = np.concatenate([np.full(design.n, chance) for _, chance in copies])
    labels = replace(
        design,
        x=x,
        a=np.tile(design.a, 4),
        b=np.tile(design.b, 4),
        y=np.tile(design.y, 4),
        w=w,
        cluster=np.tile(design.cluster, 4),
    )
    return labels, replace(design, x=np.column_stack([design.x[:, 0], (right_a - right_b) / scale]))


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.35])
def test_averaged_over_all_errors_the_estimate_is_that_of_right_labels(rate):
    labels, truth = every_error(answers(1, 0.0, n=800, prompts=200), rate)
    est = fitted(labels)
    wide, found = corrected(labels, est, rate)
    right = fit_bradley_terry(truth)
    np.testing.assert_allclose(found.fit.beta, right.beta, atol=1e-6)
    np.testing.assert_allclose(found.fit.theta, right.theta, atol=1e-6)
    assert abs(est.fit.beta[1] - right.beta[1]) > 0.1  # and not so without the correction
    after, before = parity(wide, found.fit, found.made), parity(truth, right, fitted(truth).made)
    np.testing.assert_allclose(after.change, before.change, atol=1e-6)


def test_a_rate_of_zero_changes_nothing():
    design = answers(2, 0.1, n=600, prompts=150).design
    est = fitted(design)
    _, found = corrected(design, est, 0.0)
    np.testing.assert_allclose(found.fit.beta, est.fit.beta, atol=1e-8)
    np.testing.assert_allclose(found.made.cov, est.made.cov, rtol=1e-5, atol=1e-10)


@pytest.mark.parametrize("kind", ["cluster", "robust", "HC0"])
def test_errors_by_brute_force(kind):
    design = answers(3, 0.1, n=500, prompts=100).design
    est = fitted(design, kind)
    design = design if kind == "cluster" else replace(design, cluster=None)
    wide, found = corrected(design, est, 0.1)
    n, m = design.n, design.n_models
    group = design.cluster if kind == "cluster" else np.arange(n)
    scores = np.zeros((int(group.max()) + 1, m + 2))
    for i in range(wide.n):
        z = np.zeros(m + 2)
        z[wide.a[i]] += 1
        z[wide.b[i]] -= 1
        z[m:] = wide.x[i]
        p = 1 / (1 + np.exp(-(found.fit.theta[wide.a[i]] - found.fit.theta[wide.b[i]] + wide.x[i] @ found.fit.beta)))
        scores[group[i % n]] += wide.w[i] * (wide.y[i] - p) * z
    groups, free = len(scores), m - 1 + 2
    factor = {"cluster": groups / (groups - 1) * (n - 1) / (n - free), "robust": n / (n - free), "HC0": 1.0}[kind]
    cov = factor * found.fit.bread @ scores.T @ scores @ found.fit.bread
    np.testing.assert_allclose(found.made.cov[m:, m:], cov[m:, m:], rtol=1e-8)


def test_swapping_some_sides_changes_nothing():
    found = answers(4, 0.1, n=600, prompts=60)
    design, labels = found.design, found.labels
    turn = np.random.default_rng(0).random(design.n) < 0.5
    sign = np.where(turn, -1.0, 1.0)
    turned = replace(
        design,
        x=design.x * sign[:, None],
        a=np.where(turn, design.b, design.a),
        b=np.where(turn, design.a, design.b),
        y=np.where(turn, 1 - design.y, design.y),
        cluster=np.arange(design.n) % 150,
    )
    design = replace(design, cluster=turned.cluster)
    other = labels_of(
        np.where(turn, labels.b, labels.a),
        np.where(turn, labels.a, labels.b),
        np.where(turn, labels.right_b, labels.right_a),
        np.where(turn, labels.right_a, labels.right_b),
    )
    one, two = corrected(design, fitted(design), 0.05, labels), corrected(turned, fitted(turned), 0.05, other)
    np.testing.assert_allclose(one[1].fit.beta, two[1].fit.beta, atol=1e-8)
    np.testing.assert_allclose(one[1].made.cov, two[1].made.cov, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_longer_is_really_better_and_labels_err(rate):
    """Length is worth nothing; uncorrected it looks priced, corrected its intervals cover zero."""
    errors, covered, naive, right = [], [], [], []
    for seed in range(60):
        found = answers(seed, rate)
        est = fitted(found.design)
        _, after = corrected(found.design, est, rate)
        z = stats.t.ppf(0.975, after.made.df)
        se = np.sqrt(np.diag(after.made.cov)[6:])
        truth = np.array([0.0, PRICE_RIGHT * found.design.spec.columns[1].scale])
        errors.append(after.fit.beta - truth)
        covered.append(np.abs(after.fit.beta - truth) <= z * se)
        naive.append(est.fit.beta[0])
        right.append(se[0])
    off = np.array(errors)
    assert np.mean(naive) >= 10 * np.std(naive) / np.sqrt(60)
    assert (np.mean(covered, axis=0) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 60)).all()
    assert abs(off[:, 0].mean()) <= 3 * off[:, 0].std() / np.sqrt(60)
    assert 0.75 <= np.mean(right) / off[:, 0].std() <= 1.3


def test_what_a_shared_label_adds_to_the_errors():
    """Errors drawn anew over fixed votes: their variance is what the labels add, few battles weighing little."""
    found = answers(5, 0.0, n=2400, prompts=40)
    alone = replace(found.design, cluster=np.arange(found.design.n))
    assert not nested(found.labels, alone.cluster)
    rate, rng, prices, added = 0.03, np.random.default_rng(1), [], []
    for _ in range(100):
        label = np.where(rng.random(found.right.size) < rate, 1 - found.right, found.right)
        right_a, right_b = label[found.rows[0]], label[found.rows[1]]
        x = np.column_stack([alone.x[:, 0], (right_a - right_b) / alone.spec.columns[1].scale])
        design = replace(alone, x=x)
        est = fitted(design)
        with_labels = corrected(design, est, rate, labels_of(*found.rows, right_a, right_b))[1].made.cov
        _, without = corrected(design, est, rate)
        added.append(np.diag(with_labels - without.made.cov)[6:])
        prices.append(without.fit.beta)
    ratio = np.sqrt(np.mean(added, axis=0)) / np.std(prices, axis=0)
    assert (np.abs(ratio - 1) < 0.2).all()


def test_labels_of_one_cluster_add_nothing():
    found = answers(6, 0.1, n=600, prompts=120)
    assert nested(found.labels, found.design.cluster)
    est = fitted(found.design)
    plain, again = corrected(found.design, est, 0.1), corrected(found.design, est, 0.1, found.labels)
    np.testing.assert_allclose(plain[1].made.cov, again[1].made.cov, atol=1e-9)


def test_every_table_can_be_made_of_the_corrected_battles():
    found = answers(7, 0.1, n=1500, prompts=300)
    wide, est = corrected(found.design, fitted(found.design), 0.1)
    parts = decompose_ratings(wide, est.fit, est.made, est.profiles)
    style = next(p for p in parts if p.block == "style" and not p.group)
    before = fitted(found.design).profiles.pi[:, 0]
    np.testing.assert_allclose(style.estimate, before * est.fit.beta[0], atol=1e-9)  # profiles of style stay


@pytest.mark.parametrize("options", [{"ties": True}, {"weights": True}])
def test_ties_and_weights(options):
    design = make_design(8, n=900, m=4, k=3, **options)
    rng = np.random.default_rng(0)
    difference = rng.integers(-1, 2, size=design.n).astype(float)
    scale = design.spec.columns[2].scale
    design = replace(design, x=np.column_stack([design.x[:, :2], difference / scale]))
    wide = as_if_right(design, 0.1)
    np.testing.assert_allclose(wide.w.reshape(3, -1).sum(axis=0), design.w)
    corrected(design, fitted(design), 0.1)


def test_labels_that_cannot_be_so_wrong_are_refused():
    design = answers(9, 0.0, n=800, prompts=200).design
    with pytest.raises(ConvergenceError, match="more closely than this many wrong labels would allow"):
        corrected(design, fitted(design), 0.45)


def test_labels_must_be_right_or_wrong():
    one = np.zeros(3, dtype=np.int64)
    with pytest.raises(FitError, match=r"battle 1 has 0\.5"):
        labels_of(one, one, np.array([0.0, 0.5, 1.0]), np.zeros(3))


def test_shares_and_models_count_each_label_once():
    labels = labels_of(np.array([0, 0, 1]), np.array([2, 2, 2]), np.array([1.0, 1, 0]), np.zeros(3))
    assert labels.share == pytest.approx(1 / 3)
    count, right = labels.by_model(np.array([0, 0, 1]), np.array([2, 2, 2]), 3)
    assert count.tolist() == [1, 1, 1]
    assert right.tolist() == [1, 0, 0]


def test_rate_from_two_equal_labellings():
    first, second = np.zeros(1000), np.zeros(1000)
    second[:180] = 1  # 2 r (1 - r) = 0.18 at r = 0.1
    found = error_rate(first, second)
    assert found.rate == pytest.approx(0.1)
    assert (found.labels, found.disagree) == (1000, 0.18)
    rates = []
    rng = np.random.default_rng(0)
    for _ in range(400):
        right = rng.integers(0, 2, 1000)
        seen = [np.where(rng.random(1000) < 0.1, 1 - right, right) for _ in range(2)]
        rates.append(error_rate(*seen).rate)
    assert np.mean(rates) == pytest.approx(0.1, abs=0.002)
    assert np.std(rates) == pytest.approx(found.std_error, rel=0.12)


def test_rate_from_a_second_labelling_of_known_quality():
    first, second = np.zeros(1000), np.zeros(1000)
    second[:180] = 1
    assert error_rate(first, second, 0.0).rate == pytest.approx(0.18)
    assert error_rate(first, second, 0.1).rate == pytest.approx(0.1)
    with pytest.raises(FitError, match="differ in 180 of 1000"):
        error_rate(first, second, 0.3)


def test_no_disagreement_is_not_certainty():
    found = error_rate(np.zeros(20), np.zeros(20))
    assert found.rate == 0
    assert found.std_error > 0.01


@pytest.mark.parametrize(("second", "message"), [(np.ones(10), "as chance would have it"), (np.zeros(0), "in common")])
def test_labellings_that_tell_nothing(second, message):
    with pytest.raises(FitError, match=message):
        error_rate(np.zeros(second.size), second)
