"""A benchmark between models: the line by statsmodels, parts that add up, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import llamastyle as ls


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(4000, 12, style={"words": 0.6, "bold": 0.2}, seed=3).battles)


@pytest.fixture(scope="module")
def scores(result):
    rng = np.random.default_rng(1)
    return {name: float(50 + 10 * t + rng.normal()) for name, t in result.params.filter(like="strength").items()}


@pytest.fixture(scope="module")
def named(scores):
    return {name.removeprefix("strength[").removesuffix("]"): value for name, value in scores.items()}


def test_the_line_is_that_of_least_squares_with_hc3(result, named):
    found = result.between(named)
    ratings = result.ratings().set_index("model")
    x = pd.Series(named)[ratings.index]
    z = (x - x.mean()) / x.std()
    fitted = sm.OLS(ratings["rating_plain"].astype(float), sm.add_constant(z)).fit(cov_type="HC3", use_t=True)
    row = found.lines.set_index("what").loc["rating_plain"]
    assert row["slope"] == pytest.approx(fitted.params.iloc[1])
    assert row["std_error"] == pytest.approx(fitted.bse.iloc[1])
    assert row[["conf_low", "conf_high"]].tolist() == pytest.approx(fitted.conf_int().iloc[1].tolist())
    assert row["r_squared"] == pytest.approx(fitted.rsquared)


def test_parts_add_up_and_slopes_too(result, named):
    found = result.between(named)
    rows = found.models
    whole = rows[["style", "correctness", "benchmark", "rest"]].sum(axis=1)
    np.testing.assert_allclose(whole, rows["rating_raw"], atol=1e-8)
    assert (rows["benchmark"].between(rows["benchmark_low"] - 1e-12, rows["benchmark_high"] + 1e-12)).all()
    raw = result.decompose().query("block == 'total'").set_index("model")["estimate"]
    gap = rows.set_index("model")["rating_raw"] - raw
    assert np.ptp(gap) < 1e-8
    assert found.lines["note"].str.startswith("between models").all()


def test_tables_series_and_mappings_are_one(result, named, tmp_path):
    frame = pd.DataFrame({"model": list(named), "aider": list(named.values()), "other": 1.0})
    frame.to_csv(tmp_path / "scores.csv", index=False)
    one = result.between(named).models
    for other in (
        result.between(pd.Series(named)),
        result.between(frame, "aider"),
        result.between(tmp_path / "scores.csv", "aider"),
        result.between(frame.drop(columns="other")),
    ):
        pd.testing.assert_frame_equal(other.models, one, check_dtype=False)


def test_a_model_without_a_score_says_so(result, named):
    less = {name: value for name, value in named.items() if name != "model-03"}
    row = result.between(less).models.set_index("model").loc["model-03"]
    assert row["note"] == "no score"
    assert np.isnan(row["rest"])


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        ({"model-01": 1.0, "model-02": 2.0}, {}, "at least 8 models with a rating and a score; there are 2; without a score: 'model-03'"),
        ({f"model-{i:02}": 5.0 for i in range(1, 13)}, {}, "the same score"),
        ({f"model-{i:02}": np.inf for i in range(1, 13)}, {}, "no finite number"),
        ([{"model": "model-01", "a": 1, "b": 2}], {}, "score= must name the column"),
        ([{"model": "model-01", "a": 1, "b": 2}], {"score": "c"}, "no column"),
        ([{"name": "model-01", "a": 1}], {}, "no column 'model'"),
        ([{"model": "x", "a": 1}, {"model": "x", "a": 2}], {}, "more than one row"),
    ],
)
def test_what_is_refused(result, scores, options, message):
    with pytest.raises(ls.LlamaStyleError, match=message):
        result.between(scores, **options)
