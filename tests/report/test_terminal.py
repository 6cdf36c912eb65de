"""Frames as they fit a terminal."""

from __future__ import annotations

import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.report.tables import text_table
from llamastyle.report.terminal import (
    audit_columns,
    beside,
    gap_columns,
    override_columns,
    price_columns,
    rate_columns,
    rating_columns,
    shown_names,
)


def test_parts_of_a_gap_are_nested_and_in_their_unit():
    result = ls.fit(ls.simulate(4000, 4, style={"words": 0.6, "chars": 0.1, "bold": 0.3}, seed=3).battles)
    gap = result.compare("model-01", "model-02", scale="win_rate")
    shown = gap_columns(gap, "win_rate")
    assert shown["part"].tolist() == [
        "strength", "schedule", "style", "  length", "    words", "    chars", "  markdown", "    bold",
        "correctness", "total",
    ]  # fmt: skip
    words = gap.set_index("term").loc["words"]
    assert shown["win-rate points"][4].startswith(f"{100 * words['estimate']:.1f} [")
    assert shown["share in %"].iloc[-1] in ("100", "")
    assert max(map(len, text_table(shown, 80).splitlines())) <= 80


def test_found_stands_beside_planted():
    frame = pd.DataFrame({"term": ["x"], "planted": [0.5], "estimate": [0.4], "conf_low": [0.3], "conf_high": [0.6]})
    shown = beside(frame, 100.0, 1)
    assert shown.iloc[0].tolist() == ["x", "50.0", "40.0 [30.0, 60.0]"]


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(3000, 6, style={"words": 0.9, "bold": 0.2}, seed=2).battles)


@pytest.mark.parametrize("width", [80, 120])
def test_columns_that_a_command_exists_for_stay(result, width):
    audit, ratings = audit_columns(result.audit(), width), rating_columns(result.ratings(), width)
    for table, wanted in (
        (audit, {"model", "parity change", "inflation", "verdict"}),
        (ratings, {"model", "plain", "raw", "controlled", "rank", "ranks"}),
    ):
        assert wanted <= set(shown_names(table, width))
        assert max(map(len, text_table(table, width).splitlines())) <= width
    beyond = {"battles", "q", "mostly"} <= set(shown_names(audit, width))
    assert beyond == (width == 120)
    top = result.audit().iloc[0]
    ends = f"{top['inflation']:.1f} [{top['inflation_low']:.1f}, {top['inflation_high']:.1f}]"
    assert ends in text_table(audit, width)
    best = result.ratings().iloc[0]
    assert f"{best['rating']:.1f} [{best['conf_low']:.1f}, {best['conf_high']:.1f}]" in text_table(ratings, width)
    assert ratings["ranks"].str.fullmatch(r"\d+-\d+").all()


def test_where_names_are_long_an_interval_of_the_second_rank_goes(result):
    table = result.ratings().assign(model=[f"{name}-with-a-long-name" for name in result.ratings()["model"]])
    assert rating_columns(table, 120)["plain"].str.contains(r"\[").all()
    narrow = rating_columns(table, 80)
    assert narrow["plain"].str.fullmatch(r"[\d.]+").all()
    assert narrow["controlled"].str.contains(r"\[").all()
    assert {"plain", "controlled", "ranks"} <= set(shown_names(narrow, 80))


def test_prices_lose_the_statistic_before_an_end_of_the_interval(result):
    prices = result.tidy(0.9)
    shown = price_columns(prices[prices["block"] == "style"], 0.9)
    row = prices.set_index("term").loc["words"]
    text = text_table(shown, 60)
    assert "price [90 % interval]" in text
    assert f"{row['estimate']:.3f} [{row['conf_low']:.3f}, {row['conf_high']:.3f}]" in text
    assert "(no room for statistic; csv and json have all)" in text
    rates, overrides = rate_columns(result.exchange_rates(), 0.95), override_columns(result.overrides(), 0.95)
    assert rates["right answers [95 % interval]"].str.contains(r"\[").all()
    assert overrides["rate [95 % interval]"].str.contains(r"\[").all()
