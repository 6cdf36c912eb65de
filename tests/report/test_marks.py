"""Marked texts: cut at every end, whatever overlaps."""

from __future__ import annotations

import html
import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamastyle.report import marks
from llamastyle.report.colours import DARK, LIGHT
from tests.report.pages import parsed
from tests.report.test_colours import DEFICIENT, contrast, lab, linear

TITLES = {"a": "first", "b": '"><script>', "c": "x" * 200}
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
    written = marks.marked_html(TEXT, starts, ends, labels, GROUPS, TITLES)
    assert html.unescape(re.sub(r"<[^>]*>", "", written)) == TEXT.replace("\r\n", "\n")
    assert marks.marked_rich(TEXT, starts, ends, labels, GROUPS).plain == TEXT.replace("\r\n", "\n")


@given(SPANS, st.sets(st.sampled_from("abc")))
def test_each_mark_over_a_piece_is_an_element_around_it(spans: list[tuple[int, int, str]], off: set[str]) -> None:
    starts, ends, labels = columns(spans)
    written = marks.marked_html(TEXT, starts, ends, labels, GROUPS, TITLES, off)
    assert parsed(written).wrong == []
    found = re.findall(r"((?:<mark[^>]*>)+)([^<]*)", written)
    wanted = [(piece, over) for piece, over, _ in marks.pieces(TEXT, starts, ends, labels) if over]
    assert len(found) == len(wanted)
    for (opened, _), (_, over) in zip(found, wanted, strict=True):
        numbers = re.findall(r"ls-f(\d)", opened)
        assert ["abc"[int(k)] for k in numbers] == [*over[1:], over[0]], "the innermost last"
        assert opened.count("title=") == 1
        lined = [x for x in over if GROUPS[x] == "<own>"]
        assert opened.count("ls-below") == max(len(lined) - 1, 0)


def test_colours_come_from_the_groups() -> None:
    written = marks.marked_html("xyz", [0, 1], [3, 2], ["a", "b"], GROUPS, TITLES)
    outer = '<mark class="ls-markdown ls-f0" title="a (markdown): first">{}</mark>'
    assert written == (
        outer.format("x")
        + '<mark class="ls-markdown ls-f0"><mark class="ls-emoji ls-f1"'
        + ' title="b (emoji): &quot;&gt;&lt;script&gt;\nin a (markdown)">y</mark></mark>'
        + outer.format("z")
    )
    assert 'class="ls-other ls-f2"' in marks.marked_html("x", [0], [1], ["c"], GROUPS, TITLES)
    spans = marks.marked_rich("xyz", [0, 1], [3, 2], ["a", "a"], GROUPS).spans
    assert [(s.start, s.end, s.style) for s in spans] == [(0, 1, "blue"), (1, 2, "bold blue"), (2, 3, "blue")]


def test_a_long_definition_is_cut_in_the_text_and_whole_in_the_legend() -> None:
    written = marks.marked_html("x", [0], [1], ["c"], GROUPS, TITLES)
    assert f'title="c (&lt;own&gt;): {"x" * 89}…"' in written
    assert written.count("x" * 90) == 0
    assert "x" * 200 in marks.legend_html({"c": 1}, GROUPS, TITLES)


def test_lines_stand_below_each_other_and_those_that_are_off_last() -> None:
    groups = dict.fromkeys("abcde", "tone") | {"m": "markdown"}
    titles = dict.fromkeys(groups, "")

    def levels(off: tuple[str, ...]) -> list[tuple[int, int]]:
        labels = ["m", *"abcde"]
        written = marks.marked_html("x", [0] * 6, [9, 8, 7, 6, 5, 4], labels, groups, titles, off)
        found = [re.search(rf"ls-f{k}(?: ls-below(\d))?[ \"]", written) for k in range(5)]
        return [int(one.group(1) or 0) for one in found if one]

    assert levels(()) == [0, 1, 2, 3, 3]
    assert levels(("a", "b")) == [3, 3, 0, 1, 2]


@pytest.mark.parametrize("papers", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", ["normal", *DEFICIENT])
def test_lines_of_different_groups_can_be_told_apart(papers: dict[str, str], eye: str) -> None:
    seen = np.eye(3) if eye == "normal" else np.array(DEFICIENT[eye])
    places = {group: lab(np.clip(seen @ linear(papers[group]), 0, 1)) for group in marks.LINED}
    gaps = {(a, b): np.linalg.norm(places[a] - places[b]) for a, b in itertools.combinations(places, 2)}
    assert min(gaps.values()) > 20, min(gaps, key=gaps.get)
    assert all(contrast(papers[group], papers["paper"]) >= 3 for group in marks.LINED)
    known = [kind for group, kind in marks.LINED.items() if group != "other"]
    assert len(set(known)) == len(known), "the kind of line says it too"


@pytest.mark.parametrize("papers", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read_under_many_marks(papers: dict[str, str]) -> None:
    def mixed(top: str, below: np.ndarray, share: float) -> np.ndarray:
        return share * np.array([int(top[k : k + 2], 16) for k in (1, 3, 5)]) + (1 - share) * below

    for group in ("markdown", "emoji", *marks.LINED):
        paper = mixed(papers["paper"], np.zeros(3), 1)
        for _ in range(4):
            paper = mixed(papers[group], paper, 0.10 if group in marks.LINED else 0.15)
        behind = "#" + "".join(f"{round(x):02x}" for x in paper)
        assert contrast(papers["ink"], behind) >= 4.5, group
    assert set(re.findall(r"var\(--ls\) (\d+)%", marks.stylesheet(0))) == {"10", "15"}


def test_control_characters_are_neutralised_one_for_one() -> None:
    assert marks.shown("a\x1b\u202e\tb\r\n\rc") == "a\ufffd\ufffd\tb\x00\n\nc"
    assert marks.marked_plain("a\x00\r\n", [0], [3], ["a"]) == "[a: a\ufffd]\n"
    assert marks.marked_plain("", [0], [0], ["a"]) == "[a: ]"


def test_legends() -> None:
    assert marks.legend_html({}, {}, {}) == '<div class="llamastyle-legend">nothing is marked</div>'
    page = parsed(marks.legend_html({"a": 1200, "b": 2, "c": 3}, GROUPS, TITLES, off={"b"}))
    assert page.wrong == []
    assert [(box["type"], box["class"], "checked" in box) for box in page.all("input")] == [
        *[("checkbox", "ls-s0", True), ("checkbox", "ls-s2", True), ("checkbox", "ls-s1", False)]
    ]
    assert [label["title"] for label in page.all("label")] == ["first", "x" * 200, '"><script>']
    assert [group["aria-label"] for group in page.all("span")] == ["markdown", "<own>", "emoji"]
    assert page.text("summary") == "Other marks What these are"
    assert page.text("dd").split() == ["first", '"><script>', "x" * 200]
    assert " 1,200" in page.text("label")
    assert marks.legend_rich({"a": 1, "b": 2}, GROUPS).plain == "-- a 1, b 2"


def test_the_stylesheet_switches_each_label_and_asks_for_nothing() -> None:
    style = marks.stylesheet(3)
    for k in range(3):
        assert f".llamastyle:has(.ls-s{k}:not(:checked)) mark.ls-f{k}{{background:none" in style
    assert "ls-s3" not in style
    assert not re.search(r"<|url\(|@import|http", style)
    assert style.count("{") == style.count("}")
    for papers in (LIGHT, DARK):
        assert f"--ls-tone:{papers['tone']};" in style


def test_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    coloured = marks.legend_rich({"b": 1}, GROUPS)
    assert marks.as_printed(lambda: "plain", lambda: coloured) == "plain"
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[30;43mb 1" in marks.as_printed(lambda: "plain", lambda: coloured)
    monkeypatch.setenv("NO_COLOR", "1")
    assert marks.as_printed(lambda: "plain", lambda: coloured) == "plain"


def test_without_definitions_marks_name_themselves():
    written = marks.marked_html("a **b**", [0, 2], [7, 7], ["list", "bold"], {"bold": "markdown", "list": "markdown"}, None)
    assert 'title="bold, list"' in written
    hostile = marks.marked_html("x", [0], [1], ['"><b>'], {'"><b>': "other"}, None)
    assert 'title="&quot;&gt;&lt;b&gt;"' in hostile
