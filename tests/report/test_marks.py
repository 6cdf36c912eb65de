"""Marked texts: cut at every end, whatever overlaps."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from llamastyle.report import marks

GROUPS = {"a": "markdown", "b": "emoji", "c": "<own>"}
TEXT = "0123\r\n6789"
SPANS = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 10), st.sampled_from("abc")), max_size=8)


def columns(spans: list[tuple[int, int, str]]) -> tuple[list[int], list[int], list[str]]:
    ordered = [(min(a, b), max(a, b), label) for a, b, label in spans]
    return [s[0] for s in ordered], [s[1] for s in ordered], [s[2] for s in ordered]


@given(SPANS)
def test_every_character_has_the_marks_that_cover_it(spans: list[tuple[int, int, str]]) -> None:
    starts, ends, labels = columns(spans)
    at = 0
    for piece, over, deep in marks.pieces(TEXT, starts, ends, labels):
        assert TEXT[at : at + len(piece)] == piece
        for k in range(at, at + len(piece)):
            here = [(a, b, x) for a, b, x in zip(starts, ends, labels, strict=True) if a <= k < b]
            assert set(over) == {x for _, _, x in here}
            assert len(over) == len(set(over))
            assert deep == any(sum(x == y for _, _, y in here) > 1 for x in set(over))
            assert not here or over[0] in {x for a, _, x in here if a == max(s[0] for s in here)}
        at += len(piece)
    assert at == len(TEXT)


@given(SPANS)
def test_taking_the_marks_away_gives_the_text(spans: list[tuple[int, int, str]]) -> None:
    starts, ends, labels = columns(spans)
    plain = marks.marked_plain(TEXT, starts, ends, labels)
    assert re.sub(r"\[[abc]: |\]", "", plain) == TEXT.replace("\r\n", "\n")
    assert plain.count("]") == len(spans) == len(re.findall(r"\[[abc]: ", plain))
    written = marks.marked_html(TEXT, starts, ends, labels, GROUPS)
    assert html.unescape(re.sub(r"<[^>]*>", "", written)) == TEXT.replace("\r\n", "\n")
    assert marks.marked_rich(TEXT, starts, ends, labels, GROUPS).plain == TEXT.replace("\r\n", "\n")


def test_colours_come_from_the_groups() -> None:
    written = marks.marked_html("xyz", [0, 1], [3, 2], ["a", "b"], GROUPS)
    assert written == (
        '<mark class="ls-markdown" title="a">x</mark><mark class="ls-emoji ls-on-markdown" title="b in a">y</mark>'
        '<mark class="ls-markdown" title="a">z</mark>'
    )
    assert 'class="ls-own"' in marks.marked_html("x", [0], [1], ["c"], GROUPS)
    assert "ls-markdown ls-deep" in marks.marked_html("xyz", [0, 1], [3, 2], ["a", "a"], GROUPS)
    spans = marks.marked_rich("xyz", [0, 1], [3, 2], ["a", "a"], GROUPS).spans
    assert [(s.start, s.end, s.style) for s in spans] == [(0, 1, "blue"), (1, 2, "bold blue"), (2, 3, "blue")]


def test_control_characters_are_neutralised_one_for_one() -> None:
    assert marks.shown("a\x1b\u202e\tb\r\n\rc") == "a\ufffd\ufffd\tb\x00\n\nc"
    assert marks.marked_plain("a\x00\r\n", [0], [3], ["a"]) == "[a: a\ufffd]\n"
    assert marks.marked_plain("", [0], [0], ["a"]) == "[a: ]"


def test_legends() -> None:
    assert marks.legend_html({}, {}, {}) == '<div class="llamastyle-legend">nothing is marked</div>'
    assert marks.legend_html({"a": 1200}, GROUPS, {"a": '"<'}) == (
        '<div class="llamastyle-legend"><mark class="ls-markdown" title="&quot;&lt;">a 1,200</mark></div>'
    )
    assert marks.legend_rich({"a": 1, "b": 2}, GROUPS).plain == "-- a 1, b 2"
    assert "<" not in marks.STYLESHEET
