"""Covariances against statsmodels; influences against refits and brute force."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from llamastyle.errors import FitError
from llamastyle.regression import accounts as acc
from llamastyle.regression import decomposition as dec
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.inference import (
    cluster_counts,
    covariance,
    covariances,
    fieller,
    rank_sets,
    sandwich,
)
from tests.regression.arenas import dummies, make_design, referee

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
    np.testing.assert_allclose(textbook(design, sandwich(design, fit, "classical").cov), expected, rtol=1e-8)


def test_one_cluster_is_refused():
    design = make_design(clusters=1)
    with pytest.raises(FitError, match="at least two clusters"):
        sandwich(design, fit_bradley_terry(design), "cluster")


def test_cluster_counts_by_brute_force():
    design = make_design(seed=2, n=90, m=5, clusters=17)
    counts = cluster_counts(design, design.cluster)
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
    assert all(np.isnan(v[0]) for v in none)


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


def test_rank_sets_of_equals_are_everything():
    low, high = rank_sets(np.zeros(4), np.eye(4), 0.95, 0, draws=500)
    assert (low == 1).all()
    assert (high == 4).all()


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
