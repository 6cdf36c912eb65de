"""The scatter of win rates: marks stand where the table says, names are those that matter, odd tables are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.report.colours import LIGHT
from llamastyle.report.scatters import NAMED, parity_scatter
from tests.report.hostile import NAMES
from tests.report.test_charts import drawn, marks_of, texts_of


def rates(names, seed=0):
    rng = np.random.default_rng(seed)
    n = len(names)
    rate, change = rng.uniform(0.2, 0.8, n), rng.normal(0, 0.06, n)
    return pd.DataFrame(
        {
            "model": list(names), "win_rate": rate, "parity_win_rate": rate - change,
            "parity_low": rate - change - 0.02, "parity_high": rate - change + 0.02, "parity_change": change,
            "change_low": change - 0.03, "change_high": change + 0.03, "extrapolated": False,
        }
    )  # fmt: skip


def labels(spec):
    return {r["words"] for rows in marks_of(spec, "text") for r in rows}


def test_dots_stand_where_the_table_says_in_the_colour_of_their_change():
    table = rates([f"m{i}" for i in range(9)])
    spec = parity_scatter(table).to_dict()
    dots = {r["name"]: r for r in max(marks_of(spec, "circle"), key=len)}
    for row in table.to_dict("records"):
        dot = dots[row["model"]]
        np.testing.assert_allclose([dot["x"], dot["y"]], [100 * row["win_rate"], 100 * row["parity_win_rate"]])
        tone = "down" if row["change_low"] > 0 else "up" if row["change_high"] < 0 else "plain"
        assert dot["tone"] == LIGHT[tone]
    ends = [(r["y"], r["high"]) for rows in marks_of(spec, "rule") for r in rows if "high" in r]
    np.testing.assert_allclose(sorted(ends), sorted(zip(100 * table["parity_low"], 100 * table["parity_high"], strict=True)))
    lose, gain = (table["change_low"] > 0).sum(), (table["change_high"] < 0).sum()
    assert spec["title"]["text"][0].startswith(f"At equal style {lose} of 9 models lose and {gain} gain")


def test_extrapolated_models_are_hollow():
    table = rates([f"m{i}" for i in range(5)]).assign(extrapolated=[True, False, False, True, False])
    spec = parity_scatter(table).to_dict()
    holes = min((rows for rows in marks_of(spec, "circle") if rows), key=len)
    assert {r["name"] for r in holes} == {"m0", "m3"}
    assert "Hollow (2): extrapolated" in " ".join(spec["title"]["subtitle"])
    assert "Hollow" not in str(parity_scatter(table.assign(extrapolated=False)).to_dict()["title"])


def test_of_many_models_those_are_named_that_move_most():
    table = rates([f"m{i}" for i in range(500)])
    spec = parity_scatter(table).to_dict()
    wanted = table.assign(size=table["parity_change"].abs()).nlargest(NAMED, "size")["model"]
    assert labels(spec) == set(wanted)
    assert spec["height"] <= 560
    assert f"Named: the {NAMED} that move most" in " ".join(spec["title"]["subtitle"])


def test_without_intervals_no_colour_and_no_word_of_them():
    table = rates(["a", "b", "c"]).assign(**dict.fromkeys(["parity_low", "parity_high", "change_low", "change_high"], np.nan))
    spec = parity_scatter(table).to_dict()
    assert {r["tone"] for r in max(marks_of(spec, "circle"), key=len)} == {LIGHT["plain"]}
    said = " ".join([*spec["title"]["text"], *spec["title"]["subtitle"]])
    assert "interval" not in said
    assert " lose" not in said


def test_hostile_and_long_names_are_text():
    table = rates([*list(NAMES.values())[:8], "x" * 200])
    svg = drawn(parity_scatter(table))
    assert "<script" not in svg
    assert max(len(t) for t in texts_of(svg) if "…" in t and "xxx" in t) < 60


def test_tables_without_figures_are_refused():
    table = rates(["a", "b"])
    with pytest.raises(ls.LlamaStyleError, match="a scatter needs a model"):
        parity_scatter(table.assign(parity_win_rate=np.nan))
    with pytest.raises(ls.LlamaStyleError, match="needs the columns change_low"):
        parity_scatter(table.drop(columns="change_low"))
    with pytest.raises(ls.LlamaStyleError, match="must lie between"):
        parity_scatter(table, width=5)
    gone = table.assign(parity_win_rate=[0.4, np.nan])
    assert "1 without one left out" in " ".join(parity_scatter(gone).to_dict()["title"]["subtitle"])
