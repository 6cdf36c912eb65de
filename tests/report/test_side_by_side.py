"""Two answers beside each other."""

from __future__ import annotations

from llamastyle.report.side_by_side import Exhibit, compared, shared_legend
from tests.report.hostile import NAMES
from tests.report.pages import parsed

GROUPS, TITLES = {"bold": "markdown", "emoji": "emoji"}, {"bold": "two stars", "emoji": "a picture"}


def exhibit(text="**x** y", **more):
    sides = [("one", (text, [0], [5], ["bold"])), ("two", ("y **z**", [2], [7], ["bold"]))]
    return Exhibit("Won", "What?\nSay.", "one", sides, GROUPS, TITLES, **more)


def test_with_its_own_legend_marks_tell_what_they_are():
    shown = compared(exhibit(note="a note"))
    assert (shown.title, shown.prompt, shown.vote, shown.note) == ("Won", "What?\nSay.", "one", "a note")
    assert [side.name for side in shown.sides] == ["one", "two"]
    assert 'title="bold (markdown): two stars"' in shown.sides[0].marked
    assert "bold</mark> 2" in shown.legend


def test_without_one_marks_name_themselves():
    shown = compared(exhibit(), legend=False)
    assert shown.legend == ""
    assert 'title="bold"' in shown.sides[0].marked
    assert "two stars" not in shown.sides[0].marked


def test_one_legend_counts_all():
    legend = shared_legend([exhibit(), exhibit()])
    assert "bold</mark> 4" in legend
    assert ">emoji</mark>" not in legend
    assert "two stars" in legend


def test_hostile_texts_stay_text():
    for name in NAMES.values():
        sides = [(name, (name, [0], [2], ["bold"]))]
        shown = compared(Exhibit(name, name, name, sides, GROUPS, TITLES, name), legend=False)
        page = parsed(f"{shown.prompt}{shown.sides[0].marked}")
        assert page.wrong == []
        assert {tag for tag, _ in page.elements} == {"mark"}
