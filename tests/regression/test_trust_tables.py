"""Tables of trust as methods of a result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls


@pytest.fixture(scope="module")
def arena():
    style = {"words": 0.6, "bold": 0.2}
    return ls.simulate(3000, 6, style=style, n_prompts=300, n_voters=60, seed=4)


@pytest.fixture(scope="module")
def result(arena):
    return ls.fit(arena.battles, cluster="prompt_id")


def labels_of(battles):
    frame = battles.to_frame()
    sides = [
        frame[["prompt_id", f"model_{s}", f"correct_{s}"]].set_axis(["prompt_id", "model", "correct"], axis=1)
        for s in "ab"
    ]
    return pd.concat(sides).drop_duplicates(["prompt_id", "model"])


def test_no_wrong_labels_is_the_fit_itself(result):
    table = result.label_error(0.0)
    prices = table.query("kind == 'price' and error_rate == 0").set_index("term")
    tidy = result.tidy().set_index("term")
    np.testing.assert_allclose(prices["estimate"], tidy.loc[prices.index, "estimate"], rtol=1e-8)
    np.testing.assert_allclose(prices["std_error"], tidy.loc[prices.index, "std_error"], rtol=1e-8)
    audit = result.audit().set_index("model")
    inflation = table.query("kind == 'inflation' and error_rate == 0").set_index("term")
    assert inflation["verdict"].to_dict() == audit.loc[inflation.index, "verdict"].to_dict()


def test_rates_by_default_and_where_verdicts_go(result):
    table = result.label_error()
    assert table["error_rate"].unique().tolist() == [0.0, 0.05, 0.1, 0.2]
    blank = table["estimate"].isna()
    assert (table.loc[blank, "note"] != "").all()


def test_a_second_labelling_gives_the_rate(arena):
    first = labels_of(arena.battles)
    flip = np.random.default_rng(3).random(len(first)) < 0.1
    second = first.assign(correct=np.where(flip, 1 - first["correct"], first["correct"]))
    result = ls.fit(arena.battles)
    table = result.label_error(second=second, second_rate=0.0)
    assert table["error_rate"].max() == pytest.approx(flip.mean(), abs=1e-9)


def test_labels_corrected_in_two_ways_of_clusters(arena):
    two = ls.fit(arena.battles, cluster=["prompt_id", "voter"])
    plain, moved = (two.label_error(0.03).query(f"error_rate == {rate}") for rate in (0.0, 0.03))
    tidy = two.tidy().set_index("term")
    prices = plain.query("kind == 'price'").set_index("term")
    np.testing.assert_allclose(prices["std_error"], tidy.loc[prices.index, "std_error"], rtol=1e-8)
    wider = moved.query("kind == 'price'").set_index("term")["std_error"]
    assert (wider > 0.9 * prices["std_error"]).all()


def test_placebo_curvature_sensitivity_collinearity(result):
    assert result.placebo()["p_value"][0] == pytest.approx(0.001)
    curvature = result.curvature().set_index("test")
    assert 0 <= curvature.loc["all", "p_value"] <= 1
    assert curvature.loc["all", "df"] == 6
    strength = result.sensitivity()
    assert strength["robustness_value"].between(0, 1).all()
    near = result.collinearity().set_index("term")
    assert near.loc["words", "apart"]
    assert (near["vif"] >= 1 - 1e-9).all()


def test_tables_stand_in_several_ways_of_clusters(arena, result):
    two = ls.fit(arena.battles, cluster=["prompt_id", "voter"])
    for name in ("placebo", "curvature", "sensitivity", "collinearity"):
        mine, theirs = getattr(two, name)(), getattr(result, name)()
        assert mine.shape == theirs.shape, name
    by = [ls.fit(arena.battles, cluster=name).placebo() for name in ("prompt_id", "voter")]
    assert two.placebo()["p_value"][0] == max(p["p_value"][0] for p in by)
    assert two.placebo()["note"][0].startswith("signs flipped by ")
    assert not np.allclose(two.curvature()["std_error"].dropna(), result.curvature()["std_error"].dropna())


def test_a_verdict_hangs_on_what_the_refit_says(result):
    table = result.influential(unit="voter")
    row = table.iloc[0]
    assert row["model"] in result.battles.models
    if row["removed"]:
        assert row["verdict_without"] != row["verdict"]
    else:
        assert row["note"]
    two = ls.fit(result.battles, cluster=["prompt_id", "voter"]).influential(unit="voter")
    assert two["verdict"].notna().all()
