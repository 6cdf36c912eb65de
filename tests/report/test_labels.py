"""Names cut, figures signed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamastyle.report.labels import decimals, ends, shortened, signed, with_ends


def breadth(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@given(st.text(max_size=300), st.integers(8, 60))
def test_a_name_fits_its_room_and_writes_anywhere(text, room):
    short = shortened(text, room)
    assert breadth(short) <= room
    short.encode("utf-8")
    assert not any(unicodedata.category(c) in ("Cc", "Cs") for c in short)


def test_both_ends_of_a_long_name_stay():
    long = "llama-4-maverick-" + "x" * 200 + "-experimental"
    short = shortened(long, 30)
    assert short.startswith("llama-4-maverick-")
    assert short.endswith("rimental")
    assert "…" in short
    assert shortened("short", 30) == "short"
    assert breadth(shortened("模型" * 40, 20)) <= 20


def test_direction_and_half_characters_go():
    assert shortened("a\u202eb\u2066c\ud800d\ufffee") == "a\ufffdb\ufffdc\ufffdd\ufffde"


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(1.25, 1, "+1.2"), (-0.5, 2, "−0.50"), (0.04, 1, "0.0"), (-0.04, 1, "0.0"), (float("nan"), 1, "")],
)
def test_signs(value, digits, text):
    assert signed(value, digits) == text


def test_ends_are_bare_of_plus_and_left_out_when_missing():
    assert ends(-0.3, 1.2, 1) == " [−0.3, 1.2]"
    assert ends(float("nan"), 1.2, 1) == ""
    assert with_ends(0.5, -0.3, 1.2, 1) == "+0.5 [−0.3, 1.2]"


@pytest.mark.parametrize(("values", "digits"), [([1234.0], 0), ([-60.0, 1], 1), ([2.0], 2), ([0.1], 3), ([], 3)])
def test_decimals_follow_the_largest(values, digits):
    assert decimals(values) == digits
