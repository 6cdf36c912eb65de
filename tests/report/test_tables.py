"""Frames as text, Markdown, CSV and JSON."""

from __future__ import annotations

import io
import json

import numpy as np
import pandas as pd
import pytest

from llamastyle.errors import LlamaStyleError
from llamastyle.report.tables import (
    clean,
    left_out,
    markdown_table,
    numbered_notes,
    render,
    text_table,
    with_interval,
)

FRAME = pd.DataFrame(
    {
        "model": ["plain", "a|b *x* \x1b[31m\nnew", "日本語"],
        "rating": [1012.3456, np.nan, 998.1],
        "p_value": [0.00001, 0.25, np.nan],
        "rank": pd.array([1, None, 2], dtype="Int64"),
        "near": [True, False, True],
    }
)


@pytest.mark.parametrize("cell", ["=1+1", "+SUM(A1)", "-cmd|' /C calc'!A0", "@cf/model", "\tx", "\rx", "-5+3", "+10 % of =A1", "\n=1", "＝1", "＠x"])
def test_a_spreadsheet_reads_no_formula(cell):
    frame = pd.DataFrame({"model": [cell], "estimate": [-1.5], cell: ["plain"]})
    read = pd.read_csv(io.StringIO(render(frame, "csv"), newline=""))
    assert read.columns.tolist() == ["model", "estimate", f"'{cell}"]
    assert read.iloc[0].tolist() == [f"'{cell}", -1.5, "plain"]
    assert pd.read_csv(io.StringIO(render(frame, "csv-plain"), newline="")).iloc[0].tolist() == [cell, -1.5, "plain"]


@pytest.mark.parametrize("cell", ["+10 %", "-3", "-1,234.5", "+1 emoji", "a=b", "", None])
def test_numbers_with_units_stay(cell):
    frame = pd.DataFrame({"unit": [cell, "x"]})
    assert render(frame, "csv") == render(frame, "csv-plain")


def test_csv_and_json_keep_every_digit():
    back = pd.read_csv(io.StringIO(render(FRAME, "csv")))
    assert back["rating"][0] == FRAME["rating"][0]
    assert json.loads(render(FRAME, "json"))[0]["rating"] == FRAME["rating"][0]
    assert json.loads(render(FRAME, "json"))[1]["rating"] is None


def test_hostile_names_stay_text():
    for form in ("table", "md"):
        shown = render(FRAME, form)
        assert "\x1b" not in shown
        assert "<0.001" in shown or r"\<0.001" in shown
    assert r"a\|b \*x\*" in markdown_table(FRAME)
    assert len(markdown_table(FRAME).splitlines()) == 5
    assert clean("x\u202ey\x07") == "x\ufffdy\ufffd"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_fits_the_width(width):
    wide = pd.DataFrame({"model": ["m" * 70, "short"], "note": ["word " * 40, ""], "x": [0.123456, 2.0]})
    lines = text_table(wide, width).splitlines()
    assert max(map(len, lines)) <= width
    assert "0.123" in text_table(wide, width)


def test_side_information_leaves_first():
    frame = pd.DataFrame({"model": ["a" * 10], "win %": ["50.0"], "battles": [1000], "plain": ["1"], "verdict": ["x"]})
    assert left_out(frame, 80) == []
    for width, gone in ((36, ["win %"]), (28, ["win %", "battles"]), (20, ["win %", "battles", "plain"])):
        assert left_out(frame, width) == gone
        assert max(map(len, text_table(frame, width).splitlines())) <= width


def test_intervals_fold_into_one_column():
    frame = pd.DataFrame({"e": [0.1, np.nan, 0.2], "lo": [0.05, np.nan, np.nan], "hi": [0.2, np.nan, np.nan]})
    assert with_interval(frame, "e", "lo", "hi", "e", 100.0)["e"].tolist() == ["10.0 [5.0, 20.0]", "", "20.0"]


def test_notes_are_numbered_once():
    shown, notes = numbered_notes(pd.DataFrame({"x": [1, 2, 3], "note": ["few", "", "few"]}))
    assert shown["note"].tolist() == ["1", "", "1"]
    assert notes == ["1: few"]
    assert "note" not in numbered_notes(pd.DataFrame({"note": ["", ""]}))[0]


def test_unknown_format_lists_the_known():
    with pytest.raises(LlamaStyleError, match="table, csv, csv-plain, json, md"):
        render(FRAME, "xml")


def test_a_named_column_folds_like_a_note():
    frame = pd.DataFrame({"claim": ["one word after another one"], "since": ["and what was measured later on"]})
    assert left_out(frame, 46) == ["since"]
    assert left_out(frame, 46, ["since"]) == []
    lines = text_table(frame, 40, ["claim", "since"]).splitlines()
    assert max(map(len, lines)) <= 40
    assert " ".join(lines[-1].split()) in "one later on another one after on"
