"""Pooled prices against statsmodels without models, differences against reweighted clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression import pooling
from llamastyle.regression.bradley_terry import Likelihood, fit_bradley_terry
from llamastyle.regression.inference import sandwich
from tests.regression.arenas import make_design, referee
from tests.regression.test_effects import estimates
from tests.regression.test_likelihoods import prompts_of


@pytest.mark.filterwarnings("ignore:cov_type not fully supported")
@pytest.mark.parametrize("weights", [False, True])
def test_pooled_prices_are_a_logistic_regression_without_models(weights):
    design = make_design(seed=71, weights=weights)
    frame = pooling.pooled_frame(design, estimates(design), 0.95)
    silent = np.full(design.n, -1)
    pooled = replace(design, spec=replace(design.spec, models=()), a=silent, b=silent)
    _, beta, cov = referee(pooled, "cluster")
    prices = frame[frame["measure"] == "price"]
    np.testing.assert_allclose(prices["pooled"], beta, atol=1e-7)
    from scipy.stats import t

    half = t.ppf(0.975, 59) * np.sqrt(np.diag(cov))
    np.testing.assert_allclose(prices["pooled_high"] - prices["pooled"], half, rtol=1e-5)
    _, within, _ = referee(design)
    np.testing.assert_allclose(prices["within"], within, atol=1e-7)
    assert frame.columns.tolist() == list(pooling.WITH_AND_WITHOUT)


def test_error_of_the_difference_is_that_of_reweighting_clusters():
    design = make_design(seed=72, n=300, m=4, k=2, clusters=15)
    est = estimates(design)
    found = pooling.compare_pooled(design, est.fit, est.made)
    made = est.made
    step = 1e-4
    for one in found:
        moves = []
        for g in range(15):
            sides = []
            for sign in (1, -1):
                again = replace(design, w=design.w * (1 + sign * step * (design.cluster == g)))
                fit = fit_bradley_terry(again)
                other = {c.measure: c for c in pooling.compare_pooled(again, fit, sandwich(again, fit, "HC0"))}
                sides.append([other[one.measure].within, other[one.measure].pooled])
            moves.append((np.array(sides[0]) - np.array(sides[1])) / (2 * step))
        moves = np.array(moves)
        factors = 15 / 14 * 299 / (300 - np.array([5, 2]))  # CR1 of the two fits: they differ in parameters
        gap = np.sqrt(factors[0]) * moves[:, 0] - np.sqrt(factors[1]) * moves[:, 1]
        np.testing.assert_allclose(one.difference_error, np.sqrt((gap**2).sum(axis=0)), rtol=2e-3)
    assert made.n_groups == 15


def test_style_of_strong_models_raises_the_pooled_price_only():
    rng = np.random.default_rng(8)
    n, m = 6000, 8
    theta = np.linspace(-1, 1, m)
    a = rng.integers(m, size=n)
    b = (a + 1 + rng.integers(m - 1, size=n)) % m
    x = rng.normal(size=n) + theta[a] - theta[b]
    y = (rng.random(n) < 1 / (1 + np.exp(-(theta[a] - theta[b] + 0.2 * x)))).astype(float)
    shape = make_design(seed=1, n=n, m=m, k=2)
    column = replace(shape.spec.columns[0], scale=1.0)
    design = replace(shape, spec=replace(shape.spec, columns=(column,)), x=x[:, None], a=a, b=b, y=y)
    row = pooling.pooled_frame(design, estimates(design), 0.95).set_index("measure").loc["price"]
    assert row["within_low"] < 0.2 < row["within_high"]
    assert row["pooled_low"] > 0.4
    assert row["p_value"] < 1e-6
    assert row["difference_high"] < 0


def test_prompts_are_said_to_be_left_out_and_prices_only_is_refused():
    design, prompts = prompts_of(make_design(seed=73, n=400, m=4, k=2))
    frame = pooling.pooled_frame(design, estimates(design, likelihood=Likelihood(prompts=prompts)), 0.95)
    assert frame["note"].str.contains("without effects of prompts").all()
    alone = make_design(seed=74, m=0)
    with pytest.raises(ls.FitError, match="named models"):
        pooling.pooled_frame(alone, estimates(alone), 0.95)
