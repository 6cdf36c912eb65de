"""Trends: points stand at their month, level or dose on one scale; holes stay holes; few panels of many."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.report.colours import LIGHT, colour
from llamastyle.report.trends import LEVELS, dose_chart, price_timeline
from tests.report.test_charts import drawn, marks_of, texts_of


def levels(names, terms=("words", "bold"), seed=0):
    rng = np.random.default_rng(seed)
    groups = {"words": "length"}
    rows = [
        {
            "term": term, "group": groups.get(term, "markdown"), "block": "style", "unit": "one recorded scale",
            "level": name, "battles": 100 + i, "effect": effect, "conf_low": effect - 0.02, "conf_high": effect + 0.02,
            "q_equal": 0.01 * (k + 1),
        }
        for k, term in enumerate(terms)
        for i, (name, effect) in enumerate(zip(names, rng.normal(0.05, 0.02, len(names)), strict=True))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def doses():
    dose = [1.0, 3.0, 6.0, 20.0, 120.0, 1.0]
    effect = [0.02, 0.06, 0.1, -0.03, -0.05, 0.2]
    return pd.DataFrame(
        {
            "intervention": ["add:bold"] * 3 + ["add:words"] * 2 + ["null"], "dose": dose, "effect": effect,
            "conf_low": np.array(effect) - 0.01, "conf_high": np.array(effect) + 0.01,
            "verdict": ["undetermined", "preferred", "preferred", "penalised", "penalised", "control holds"],
        }
    )  # fmt: skip


def points(chart):
    return marks_of(chart.to_dict(), "circle")[0]


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"])


def said(chart):
    return " ".join(chart.to_dict()["title"]["subtitle"])


def test_months_stand_in_time_and_values_on_one_scale():
    table = levels(["2025-01", "2025-02", "2025-05"])
    dots = points(price_timeline(table))
    np.testing.assert_allclose([d["value"] for d in dots], 100 * table["effect"])
    x = sorted({d["x"] for d in dots})
    assert (x[2] - x[1]) / (x[1] - x[0]) == pytest.approx(3)
    slope = [np.polyfit([d["value"] for d in own], [d["y"] for d in own], 1)[0] for own in (dots[:3], dots[3:])]
    assert slope[0] == pytest.approx(slope[1])
    assert slope[0] < 0  # pixels count from the top
    lines = next(rows for rows in marks_of(price_timeline(table).to_dict(), "rule") if "tone" in rows[0] and "right" not in rows[0])
    assert all(r["high"] < r["low"] for r in lines)
    assert {d["tone"] for d in dots} == {colour("length"), colour("markdown")}


def test_lines_are_broken_at_holes_and_between_levels_that_are_no_months():
    table = levels(["2025-01", "2025-02", "2025-03", "2025-06"], terms=("words",))
    table.loc[1, ["effect", "conf_low", "conf_high"]] = np.nan

    def links(frame):
        return [r for rows in marks_of(price_timeline(frame).to_dict(), "rule") for r in rows if "end" in r]

    assert links(table) == []
    assert len(links(levels(["2025-01", "2025-02", "2025-03"], terms=("words",)))) == 2
    assert links(levels(["coding", "maths"])) == []


def test_the_title_says_what_differs():
    table = levels(["a", "b", "c"])
    low, high = (table.loc[pick(table[table["term"] == "words"]["effect"])] for pick in (pd.Series.idxmin, pd.Series.idxmax))
    assert title(price_timeline(table)) == (
        f"The price of words differs between levels, from +{100 * low['effect']:.1f} ({low['level']}) to"
        f" +{100 * high['effect']:.1f} ({high['level']}); 2 of 2 prices do"
    )
    assert title(price_timeline(table.assign(q_equal=0.5))) == "No price differs surely between levels"


def test_many_levels_and_many_features_are_cut_and_counted():
    chart = price_timeline(levels([f"level-{i}" for i in range(40)], terms=[f"f{i}" for i in range(20)]))
    assert len({d["x"] for d in points(chart)}) == LEVELS
    assert len({d["panel"] for d in points(chart)}) == 8
    assert "8 of 20 features" in said(chart)
    assert f"The {LEVELS} of 40 levels with most battles" in said(chart)
    assert chart.to_dict()["height"] < 700
    months = [f"{y}-{m:02}" for y in (2023, 2024, 2025) for m in range(1, 13)]
    assert len({d["x"] for d in points(price_timeline(levels(months)))}) == 36


def test_doses_stand_at_their_size_with_slope_and_margin():
    slopes = pd.DataFrame({"intervention": ["add:bold"], "slope": [0.016], "conf_low": [0.01], "conf_high": [0.02]})
    chart = dose_chart(doses(), slopes, margin=0.02)
    assert title(chart) == "add:bold moves the judge by +2.0 points at 1 and by +10.0 at 6"
    dots = points(chart)
    np.testing.assert_allclose([d["value"] for d in dots], [2, 6, 10, -3, -5])
    assert [d["tone"] for d in dots] == [LIGHT[t] for t in ("muted", "down", "down", "up", "up")]
    assert dots[1]["x"] - dots[0]["x"] > dots[2]["x"] - dots[1]["x"]  # logarithmic
    shown = texts_of(drawn(chart))
    assert {"+1.60 [1.00, 2.00]", "dose, logarithmic", "120"} <= set(shown)
    band = marks_of(chart.to_dict(), "rect")[0]
    assert len(band) == 2
    near = dose_chart(doses().head(3), margin=0.02)
    assert "dose" in texts_of(drawn(near))


def test_odd_frames_are_refused():
    with pytest.raises(ls.LlamaStyleError, match="an edit in several"):
        dose_chart(doses().iloc[[0, 3]], margin=0.02)
    with pytest.raises(ls.LlamaStyleError, match="a level with an effect"):
        price_timeline(levels(["a", "b"]).assign(effect=np.nan))
    with pytest.raises(ls.LlamaStyleError, match="needs the columns q_equal"):
        price_timeline(levels(["a", "b"]).drop(columns="q_equal"))


def test_hostile_names_are_text_and_no_interval_is_no_line():
    names = ["<script>alert(1)</script>", "b" * 200]
    table = levels(["2025-01", "2025-02"], terms=names).assign(conf_low=np.nan, conf_high=np.nan)
    chart = price_timeline(table)
    assert "<script" not in drawn(chart)
    assert not [r for rows in marks_of(chart.to_dict(), "rule") for r in rows if "high" in r and "right" not in r]
