"""Frames for reading: figures are those of the frame, names are text, and pandas goes on as before."""

from __future__ import annotations

import pickle
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.report.notebook import PART, ReadableFrame, readable_frame, reading_html
from tests.report.hostile import NAMES


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(3000, 6, style={"words": 0.8, "bold": 0.3}, seed=2).battles)


class _Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "br":
            self.rows[-1][-1] += " | "

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def cells(html):
    parser = _Cells()
    parser.feed(html.split("</table>")[0])
    return parser.rows


def test_intervals_stand_in_one_cell_with_units(result):
    head, first, *_ = cells(result.ratings()._repr_html_())
    row = result.ratings().iloc[0]
    shown = dict(zip(head, first, strict=True))
    assert shown["rating [interval] | points"] == f"{row['rating']:.0f} [{row['conf_low']:.0f}, {row['conf_high']:.0f}]"
    assert shown["win_rate | %"] == f"{100 * row['win_rate']:.1f}"
    assert shown["rank [interval]"] == f"{row['rank']} [{row['rank_low']}, {row['rank_high']}]"
    assert not [name for name in head if name.endswith(("_low", "_high"))]


@pytest.mark.parametrize(
    "make",
    ["tidy", "ratings", "decompose", "parity", "exchange_rates", "overrides", "both_bad", "audit", "bands", "effects",
     "with_and_without", "fit_shares", "model_free", "rulers", "overlap", "transforms", "sensitivity", "diagnostics"],
)  # fmt: skip
def test_no_table_shows_long_digits(result, make):
    html = getattr(result, make)()._repr_html_()
    assert not re.search(r"\d\.\d{5,}", html)


def test_the_unit_follows_the_scale(result):
    points, rates = (cells(result.decompose(scale=scale)._repr_html_()) for scale in ("rating", "win_rate"))
    assert "estimate [interval] | points" in points[0]
    assert "estimate [interval] | % points" in rates[0]
    assert "std_error | % points" in rates[0]
    assert "estimate [interval] | log-odds" in cells(result.tidy()._repr_html_())[0]


def test_pandas_goes_on_as_before(result):
    table = result.decompose()
    assert isinstance(table, pd.DataFrame)
    plain = pd.DataFrame(table)
    for change in (
        lambda f: f[f["block"] == "style"],
        lambda f: f.query("group == ''").sort_values("estimate"),
        lambda f: f.copy(),
        lambda f: f.merge(f[["model", "estimate"]].groupby("model").sum(), on="model"),
        lambda f: f.pivot_table(index="model", columns="block", values="estimate"),
        lambda f: f.assign(twice=2 * f["estimate"]).drop(columns="note"),
        lambda f: pd.concat([f, f], ignore_index=True),
        lambda f: f.groupby("block")["estimate"].agg(["mean", "size"]),
        lambda f: f.set_index("model").loc[["model-01"]],
        lambda f: f.T,
        lambda f: f.rename(columns=str.upper),
        lambda f: f.iloc[:0],
    ):
        pd.testing.assert_frame_equal(pd.DataFrame(change(table)), change(plain))
        assert isinstance(change(table)._repr_html_(), str)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(table)), table)
    assert table["estimate"].dtype == np.float64
    assert isinstance(table["estimate"], pd.Series)
    assert repr(table) == repr(plain)


def test_what_a_filter_leaves_keeps_its_unit(result):
    part = result.tidy().query("block == 'style'")
    assert "estimate [interval] | log-odds" in cells(part._repr_html_())[0]


def test_files_and_other_frames_take_it(result, tmp_path):
    table = result.ratings()
    table.to_parquet(tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "x.parquet"), pd.DataFrame(table))
    polars = pytest.importorskip("polars")
    assert polars.from_pandas(table).shape == table.shape


def test_names_are_text_and_notes_stand_below():
    names = [*NAMES.values(), "مرحبا"]
    frame = readable_frame(pd.DataFrame({"model": names, "estimate": 1.0, "note": ["<b>why</b>"] * len(names)}))
    html = frame._repr_html_()
    parser = _Cells()
    parser.feed(html)
    assert parser.tags <= {"div", "table", "thead", "tbody", "tr", "th", "td", "br", "small", "bdi", "p"}
    assert "1: &lt;b&gt;why&lt;/b&gt;" in html
    assert "<bdi>مرحبا</bdi>" in html


def test_of_many_rows_the_first_and_how_many_more():
    html = reading_html(pd.DataFrame({"model": [f"m{i}" for i in range(500)], "rate": 0.25}))
    assert len(cells(html)) == PART + 1
    assert f"and {500 - PART} more rows" in html
    assert "25.0" in html


def test_small_and_missing_figures():
    frame = ReadableFrame(
        {
            "term": ["a", "b", "c"], "estimate": [0.00012, np.nan, -np.inf], "conf_low": [-0.001, np.nan, -np.inf],
            "conf_high": [0.002, np.nan, np.inf], "p_value": [0.9, np.nan, 1e-12],
        }
    )  # fmt: skip
    _, a, b, c = cells(frame._repr_html_())
    assert a == ["a", "0.000 [−0.001, 0.002]", "0.900"]
    assert b == ["b", "", ""]
    assert c == ["c", "−∞ [−∞, ∞]", "<0.001"]


def test_frames_that_cannot_be_read_so_are_shown_as_pandas_does(result):
    table = result.ratings()
    twice = pd.concat([table[["model"]], table[["model"]]], axis=1)
    assert "dataframe" in twice._repr_html_()
    with pd.option_context("display.notebook_repr_html", False):
        assert table._repr_html_() is None


def test_battles_and_results_show_tables_so():
    arena = ls.simulate(2000, 4, style={"words": 0.8}, seed=1)
    assert "win_rate | %" in cells(arena.battles._repr_html_())[0]
    assert "estimate [interval] | log-odds" in cells(ls.fit(arena.battles)._repr_html_())[0]


def test_a_row_has_the_digits_that_its_interval_asks_for():
    frame = readable_frame(
        pd.DataFrame({"estimate": [-9.2, 5000.0, 0.0287], "conf_low": [-9.4, 4000.0, 0.0086], "conf_high": [-0.3, 6000.0, 0.0489]})
    )
    shown = reading_html(frame)
    assert "0.029 [0.009, 0.049]" in shown
    assert "5000" in shown.replace(",", "")
    assert not re.search(r"[\[ ]−?0(\.0+)?[\],]", shown)  # no end that is clear of zero looks like it


def test_ends_at_infinity_and_missing_truths_are_shown():
    frame = pd.DataFrame(
        {"estimate": [1.5], "conf_low": [float("-inf")], "conf_high": [2.5], "flag": pd.array([None], "boolean")}
    )
    assert "1.50 [−∞, 2.50]" in reading_html(readable_frame(frame))
    assert ">rank<" in reading_html(readable_frame(pd.DataFrame({"rank": [3, 1], "x": [1.0, 2.0]}).set_index("rank")))


def test_counts_of_rates_are_no_per_cent(result):
    ranks = result.ratings()[["win_rate"]].rank()
    assert "win_rate" in reading_html(ranks)
    assert "600" not in reading_html(ranks)
    assert "win_rate | %" in cells(result.ratings()._repr_html_())[0]
