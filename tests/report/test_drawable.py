"""Frames that draw themselves stay frames, and what is left of them can be drawn too."""

from __future__ import annotations

import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.report.drawable import ContextFrame, DivergenceFrame, SelectionFrame


@pytest.fixture(scope="module")
def found():
    rows = [{"model": f"m{i}", "coding": i, "maths": i + i % 2, "arena": 10.0 * i + i % 3} for i in range(12)]
    rows[4]["arena"] += 90
    return ls.divergence(rows, "arena")


def title(chart):
    return chart.to_dict()["title"]["text"][0]


def test_divergence_draws_itself_after_a_filter(found):
    assert isinstance(found, DivergenceFrame)
    assert title(found.plot(["m7"])).startswith("m7 has ")
    some = found[found["model"] != "m4"]
    assert isinstance(some, DivergenceFrame)
    assert "m4" not in title(some.plot())
    assert "% points" not in found._repr_html_()
    with pytest.raises(ls.LlamaStyleError, match="needs the columns"):
        found[["model", "excess"]].plot()


def test_the_band_is_twice_the_spread(found):
    spec = found.plot().to_dict()
    area = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "area")
    rows = area["data"].get("values") or spec["datasets"][area["data"]["name"]]
    row = found.sort_values("index").iloc[5]
    assert rows[5]["end"] - rows[5]["y"] == pytest.approx(4 * row["spread"])
    plain = DivergenceFrame(found.drop(columns="spread")).plot().to_dict()
    assert "area" not in [layer["mark"]["type"] for layer in plain["layer"]]


def test_selection_and_context_draw_themselves():
    gains = ls.selection_inflation([1, 5], sd_between=15, se=6)
    assert isinstance(gains, SelectionFrame)
    assert "The best of 5" in title(gains.plot())
    assert "millibits" not in gains._repr_html_()
    scores = ls.published("long_context")
    assert isinstance(scores, ContextFrame)
    assert scores.attrs["caveat"]
    assert title(scores[scores["tokens"] <= 8000].plot()).startswith("At 8k tokens")
    assert isinstance(pd.DataFrame(scores).head(1), pd.DataFrame)
