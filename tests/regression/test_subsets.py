"""Parts of a design against the same parts made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llamastyle.regression.bradley_terry import PLAIN, Likelihood, fit_bradley_terry
from llamastyle.regression.inference import Influence, covariance, sandwich
from llamastyle.regression.subsets import by_cluster, fit_subset, refusal, subset
from tests.regression.arenas import make_design, referee
from tests.regression.test_likelihoods import prompts_of


def test_a_part_keeps_scales_and_counts_models_and_clusters_anew():
    design = make_design(seed=51, weights=True)
    rows = np.flatnonzero((design.a != 2) & (design.b != 2) & (design.cluster % 2 == 0))
    part = subset(design, PLAIN, rows)
    assert part.models.tolist() == [0, 1, 3, 4, 5]
    assert part.design.spec.models == ("m0", "m1", "m3", "m4", "m5")
    assert part.design.spec.columns == design.spec.columns
    assert np.unique(part.design.cluster).tolist() == list(range(np.unique(design.cluster[rows]).size))
    fit = fit_subset(part, fit_bradley_terry(design))
    theta, beta, _ = referee(part.design)
    np.testing.assert_allclose(fit.theta, theta, atol=1e-7)
    np.testing.assert_allclose(fit.beta, beta, atol=1e-7)


def test_without_models_the_strengths_are_no_parameters():
    design = make_design(seed=52)
    part = subset(design, PLAIN, columns=[0, 2], models=False)
    assert part.design.n_free == 2
    _, beta, _ = referee(part.design)
    np.testing.assert_allclose(fit_subset(part, fit_bradley_terry(design)).beta, beta, atol=1e-8)
    assert part.design.cluster is design.cluster


def test_penalties_and_prompts_are_cut_with_the_battles():
    design, prompts = prompts_of(make_design(seed=53, n=400, m=5, k=3))
    ridge = np.arange(8.0)
    rows = np.flatnonzero((design.a != 2) & (design.b != 2) & (prompts.code < 12))
    part = subset(design, Likelihood(ridge=ridge, prompts=prompts), rows, [1, 2])
    assert part.likelihood.ridge.tolist() == [0, 1, 3, 4, 6, 7]
    assert part.likelihood.prompts.n == 12
    np.testing.assert_array_equal(part.likelihood.prompts.sign, prompts.sign[rows])
    assert subset(design, Likelihood(prompts=prompts), models=False).likelihood.prompts is None


def test_models_without_a_finite_strength_leave():
    design = make_design(seed=54)
    met = (design.a == 1) | (design.b == 1)
    design = replace(design, y=np.where(met, np.where(design.a == 1, 1.0, 0.0), design.y))
    part = subset(design, PLAIN, np.arange(design.n))
    assert part.left_out == ("m1",)
    assert not met[part.rows].any()
    assert subset(design, Likelihood(firth=1.0), np.arange(design.n)).left_out == ()


def test_refusal_says_why():
    design = make_design(seed=55)
    whole = fit_bradley_terry(design)
    fit, reason = refusal(subset(design, PLAIN), whole)
    assert reason == ""
    np.testing.assert_allclose(fit.beta, whole.beta, atol=1e-8)
    twice = replace(design, x=np.column_stack([design.x[:, 0], design.x[:, 0], design.x[:, 2]]))
    assert "say the same" in refusal(subset(twice, PLAIN), whole)[1]
    x = design.x.copy()
    x[:, 1] = np.where(design.y > 0.5, 1.0, np.where(design.y < 0.5, -1.0, 0.0))
    fit, reason = refusal(subset(replace(design, x=x), PLAIN), whole)
    assert fit is None
    assert "'x1'" in reason


@pytest.mark.parametrize("kind", ["cluster", "robust", "HC0"])
def test_products_of_cluster_influences_are_covariances(kind):
    design = make_design(seed=56, n=300, m=4, k=2, clusters=30)
    fit = fit_bradley_terry(design)
    made = sandwich(design, fit, kind)
    one = Influence(np.random.default_rng(0).normal(size=(6, 3)))
    moved = by_cluster(made, one)
    np.testing.assert_allclose(moved.T @ moved, covariance(made, one), rtol=1e-7)
