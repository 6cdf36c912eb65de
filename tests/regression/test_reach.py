"""How the error of an inflation moves with it: by hand, and by the delta method."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression.reach import Reach, price_errors


@pytest.fixture(scope="module")
def result() -> ls.StyleResult:
    return ls.fit(ls.simulate(2000, 6, style={"words": 0.5, "bold": 0.2}, n_prompts=200, seed=1).battles)


def reach(inflation=40.0, error=10.0, prices=8.0, share=0.2) -> Reach:
    ones = np.ones(1)
    return Reach(("m",), np.array([500]), 2000, inflation * ones, error * ones, prices * ones, share, ("",))


def test_the_error_grows_with_the_inflation_asked_for():
    assert reach().error_at(40.0) == pytest.approx(10.0)
    assert reach().error_at(-40.0) == pytest.approx(10.0)
    assert reach().error_at(80.0) == pytest.approx(np.sqrt(100 + 0.04 * (80**2 - 40**2)))
    assert reach().error_at(20.0) == pytest.approx(np.sqrt(36 + 64 / 4))
    assert reach(inflation=0.0).error_at(50.0) == pytest.approx(np.sqrt(100 + 0.04 * 50**2))
    vague = reach(share=0.6)
    assert vague.error_at(80.0) == 10.0
    assert vague.notes()[0].startswith("planned with today's error")


def test_errors_due_to_prices_are_those_of_the_delta_method(result):
    style = [c.name for c in result.design.spec.columns if c.block == "style"]
    beta, cov = result.params[style], result.cov_params().loc[style, style].to_numpy()
    parts = result.decompose(reference="model-02").query("block == 'style' and term != ''")
    profile = parts.pivot(index="model", columns="term", values="estimate")[style] / beta
    models = result.design.spec.models
    errors, _ = price_errors(result.design, result.estimates, models.index("model-02"))
    found = dict(zip(models, errors, strict=True))
    for model, row in profile.iterrows():
        assert found[model] == pytest.approx(np.sqrt(row @ cov @ row), rel=1e-6, abs=1e-9)
