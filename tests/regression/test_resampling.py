"""The refit bootstrap, against refits written out and against the standard errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.decomposition import POINTS, parity, profiles
from llamastyle.regression.inference import sandwich
from llamastyle.regression.resampling import bootstrap


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(3000, 5, style={"words": 0.5, "bold": 0.2}, n_prompts=300, seed=1).battles, cluster="prompt_id")


def test_a_draw_is_the_fit_on_the_rows_drawn(result):
    design, group = result.design, result.estimates.made.group
    groups = result.estimates.made.n_groups
    drawn = np.random.default_rng([7, 3]).integers(groups, size=groups)
    rows = np.concatenate([np.flatnonzero(group == g) for g in drawn])
    again = design.take(rows)
    fit = fit_bradley_terry(again)
    found = bootstrap(result, [3], seed=7)
    np.testing.assert_allclose(found.price[0], fit.beta, atol=1e-8)
    np.testing.assert_allclose(found.theta[0], fit.theta, atol=1e-8)
    style = design.spec.block("style")
    np.testing.assert_allclose(found.inflation[0], POINTS * profiles(again).pi[:, style] @ fit.beta[style], atol=1e-5)
    rates = parity(again, fit, sandwich(again, fit, "HC0"))
    np.testing.assert_allclose(found.change[0], rates.change, atol=1e-8)


def test_a_draw_is_the_same_in_any_company(result):
    whole, part = bootstrap(result, 6, seed=2), bootstrap(result, range(4, 6), seed=2)
    np.testing.assert_array_equal(whole.price[4:], part.price)
    assert not np.array_equal(whole.price[0], whole.price[1])
    assert not np.array_equal(bootstrap(result, 1, seed=3).price, whole.price[:1])


def test_the_spread_of_refits_is_the_standard_error(result):
    found = bootstrap(result, 500)
    assert found.failed == 0
    tidy = result.tidy().set_index("term")["std_error"]
    prices = tidy[[c.name for c in result.design.spec.columns]]
    np.testing.assert_allclose(found.price.std(axis=0), prices, rtol=0.15)
    np.testing.assert_allclose(found.theta.std(axis=0), tidy[list(result.design.spec.models)], rtol=0.15)
    inflation = result.bands("inflation").set_index("name").loc[list(result.design.spec.models), "std_error"]
    np.testing.assert_allclose(found.inflation.std(axis=0), inflation, rtol=0.15)


def test_davidson_and_prompts_are_refitted_as_they_were():
    frame = ls.simulate(5000, 5, style={"words": 0.5}, n_prompts=100, seed=4).battles.to_frame()
    frame = frame[(frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")]
    result = ls.fit(frame, ties="davidson", prompt_effects=True, cluster="prompt_id")
    found = bootstrap(result, 60)
    error = result.tidy().set_index("term").loc["words", "std_error"]
    assert found.price[:, 0].std() == pytest.approx(error, rel=0.35)


def test_draws_without_a_model_are_counted():
    frame = ls.simulate(2000, 4, style={"words": 0.5}, n_prompts=200, seed=2).battles.to_frame()
    rare = frame.head(4).assign(model_a="rare", outcome=[1.0, 0.0, 1.0, 0.0], prompt_id=9999).drop(columns="winner")
    result = ls.fit(pd.concat([frame.drop(columns="winner"), rare], ignore_index=True), cluster="prompt_id")
    found = bootstrap(result, 30)
    gone = np.isnan(found.price).any(axis=1)
    assert 0 < found.failed == gone.sum() < 30


def test_what_cannot_be_drawn_is_refused(result):
    both = ls.fit(result.battles, cluster=["prompt_id", "voter"])
    with pytest.raises(ls.FitError, match="single cluster="):
        bootstrap(both, 2)
    nothing = ls.audit(result.battles.take(np.arange(3)))
    with pytest.raises(ls.FitError, match="no estimate"):
        bootstrap(nothing, 2)
