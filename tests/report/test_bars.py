"""The bars of a waterfall: where they begin, how wide the figures' digits are, what they say."""

from __future__ import annotations

import pandas as pd
import pytest

from llamastyle.errors import LlamaStyleError
from llamastyle.report.bars import account_of, needed, plot_width, ticks

PARTS = pd.DataFrame(
    [
        ("strength", "", "", 30.0, 25.0, 35.0, 0.75),
        ("style", "", "", 10.0, 5.0, 15.0, 0.25),
        ("style", "length", "", 10.0, 5.0, 15.0, 0.25),
        ("style", "length", "words", 10.0, 5.0, 15.0, 0.25),
        ("total", "", "", 40.0, 33.0, 47.0, 1.0),
    ],
    columns=["block", "group", "term", "estimate", "conf_low", "conf_high", "share"],
).assign(share_low=0.1, share_high=0.4)


def test_each_bar_begins_where_the_one_above_ends() -> None:
    account = account_of(PARTS, "rating")
    assert [(r["name"], r["start"], r["end"]) for r in account.rows] == [
        ("strength", 0.0, 30.0),
        ("style", 30.0, 40.0),
        ("length: words", 30.0, 40.0),
        ("total", 0.0, 40.0),
    ]
    assert account.rows[1]["figures"] == "+10.0 [5.0, 15.0]"
    assert account.says == (
        "Associated with style: +10.0 [5.0, 15.0] Arena points; total +40.0 [33.0, 47.0] Arena points; share 25 %"
        " [10, 40]"
    )


def test_win_rates_are_in_points() -> None:
    numbers = ["estimate", "conf_low", "conf_high"]
    account = account_of(PARTS.assign(**(PARTS[numbers] / 100)), "win_rate")
    assert account.unit == "points of win rate"
    assert account.rows[-1]["end"] == pytest.approx(40.0)


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(LlamaStyleError, match="conf_low"):
        needed(PARTS.drop(columns="conf_low"), "block conf_low", "a waterfall")


def test_widths() -> None:
    assert (plot_width(400), plot_width(280), ticks(112), ticks(240)) == (112, 60, 2, 4)
