"""The story: an article that asks for nothing, whose frames read well and whose texts stay texts."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import llamastyle as ls
from llamastyle.report.published_charts import standing_chart
from llamastyle.report.story import Exhibit, Section, Story, readable, render_story, story_text
from llamastyle.report.tables import clean
from tests.report.hostile import NAMES
from tests.report.pages import parsed

GAP = pd.DataFrame(
    {
        "category": ["full", "math"],
        "gap_raw": [129.94, 82.45],
        "raw_low": [120.33, np.nan],
        "raw_high": [139.55, np.nan],
        "gap_controlled": [52.26, -5.0],
        "controlled_low": [42.2, -20.0],
        "controlled_high": [62.3, 10.0],
        "votes": [25_200, 980],
        "date": pd.to_datetime(["2025-04-24", None]),
        "source": ["https://example.org/a", "javascript:alert(1)"],
    }
)


def exhibit(text="**Great** question", name="m", title="A pair", prompt="What?\nAnd why?", vote="The first won."):
    views = [(text, [0], [min(9, len(text))], ["bold"]), ("No.", [], [], [])]
    return Exhibit(title, prompt, vote, [(name, views[0]), ("n", views[1])], {"bold": "markdown"}, {"bold": "strong text"})


def long(rows=30, name="m"):
    return pd.DataFrame({"model": [f"{name}{i}" for i in range(rows)], "difference": np.arange(rows) + 0.5})


def made(**changed):
    sections = [
        Section("gap", "60 % of the gap goes", ["One.", "Two."], None, GAP, "The gap", 1, "See https://example.org.", "But.",
                label="published figures"),
        Section("standing", "It stands apart", ["Three."], lambda w: standing_chart(long(), ["m29"], width=w), long()),
        Section("pairs", "What it looks like", ["Four."], exhibits=[exhibit()], label="simulated votes"),
    ]  # fmt: skip
    fields = {
        "title": "A story", "lede": ["In short.", "And more."], "label": "Published figures", "sections": sections,
        "licence": "associated with style", "reproduce": ["import llamastyle"], "versions": {"llamastyle": "0"},
        "closing": ["Shown: a gap.", "Not shown: why."],
    }  # fmt: skip
    return Story(**{**fields, **changed})


@pytest.fixture(scope="module")
def page():
    return parsed(render_story(made()))


def one(**changed):
    return made(sections=[replace(Section("a", "A"), **changed)])


def cells(frame, digits=None):
    page = parsed(render_story(one(table=frame, digits=digits)))
    texts = [text for tag, text in page.texts if tag in ("td", "bdi")]
    return [h for tag, h in page.texts if tag == "th" and h.strip()], texts


# ---------------------------------------------------------------- the page


def test_it_nests_and_its_headings_are_in_order(page):
    assert page.wrong == []
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert [a["id"] for a in page.all("section")] == ["gap", "standing", "pairs", "shown", "made"]


def test_nothing_is_asked_for(page):
    asking = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "style"}
    for tag, attributes in page.elements:
        assert not asking & set(attributes), tag
        assert not [a for a in attributes if a.startswith("on")], tag
    assert {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "embed", "base", "form"} == set()
    css = page.text("style")
    assert "url(" not in css
    assert "@import" not in css
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert len(page.all("script")) == 1


def test_links_lead_to_sections_or_to_sources(page):
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    inner = [a["href"][1:] for a in page.all("a") if a["href"].startswith("#")]
    assert inner == ["gap", "standing", "pairs", "shown", "made"]
    outer = [a for a in page.all("a") if not a["href"].startswith("#")]
    assert {a["href"] for a in outer} == {"https://example.org/a", "https://example.org"}
    assert all(a["rel"] == "noreferrer" for a in outer)


def test_what_a_section_says_is_there_in_order(page):
    text = " ".join(page.text().split())
    places = [text.index(words) for words in ("In short.", "One.", "Two.", "Source.", "Caveat.", "Three.", "Not shown: why.")]
    assert places == sorted(places)
    badges = [a for a in page.all("span") if a.get("class") == "badge kind"]
    assert len(badges) == 2


def test_long_tables_are_folded_and_whole(page):
    tables = {a["id"]: a for a in page.all("table")}
    assert set(tables) == {"t--gap", "t--standing"}
    assert all(a["class"] == "sortable" for a in tables.values())
    names = {text for tag, text in page.texts if tag == "bdi"}
    assert {f"m{i}" for i in range(30)} <= names
    assert "All 30 rows as a table" in page.text("summary")
    assert "rows as a table" not in parsed(render_story(one(table=long(12)))).text("summary")
    assert "All 13 rows as a table" in parsed(render_story(one(table=long(13)))).text("summary")


def test_a_chart_is_drawn_twice_and_named(page):
    assert len(page.all("svg")) == 2
    assert all(a["aria-label"].startswith("m29 stands 14.5 points from the median") for a in page.all("svg"))


def test_an_exhibit_has_its_marks_its_legend_and_its_lines(page):
    assert [a["class"] for a in page.all("mark")] == ["ls-markdown ls-f0", "ls-markdown ls-f0"]
    assert "What?\nAnd why?" in page.text("blockquote")
    assert "The first won." in page.text("strong")
    assert page.all("input")[0]["class"] == "ls-s0"
    without = parsed(render_story(made(sections=[])))
    assert ".llamastyle mark" in page.text("style")
    assert ".llamastyle mark" not in without.text("style")


def test_parts_that_are_empty_leave_no_trace():
    bare = parsed(render_story(Story("T", [], "", [Section("a", "A", table=GAP.iloc[:0])])))
    assert [a["id"] for a in bare.all("section")] == ["a"]
    assert bare.all("table") == bare.all("figure") == bare.all("article") == []
    assert "Source." not in bare.text()
    assert bare.wrong == []


@pytest.mark.parametrize("key", ["", "A", "a b", "a--b", "1", "a\"><b>", "shown", "made", "a-"])
def test_bad_keys_are_refused(key):
    with pytest.raises(ls.LlamaStyleError, match="of a section"):
        render_story(made(sections=[Section(key, "A")]))


def test_the_same_key_twice_is_refused():
    with pytest.raises(ls.LlamaStyleError, match="'a' of a section is there twice"):
        render_story(made(sections=[Section("a", "A"), Section("a", "B")]))


# ---------------------------------------------------------------- hostile names and texts


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_words_stay_text(page, name):
    table = pd.DataFrame({"model": [name], name: [1.5], "source": [f"https://example.org/{name}"]})
    section = Section("a", name, [name], lambda w: standing_chart(pd.DataFrame({"model": [name], "difference": [1.0]}), [name], width=w),
                      table, name, 1, name, name, [exhibit(name, name, name, name, name)], name)  # fmt: skip
    text = render_story(Story(name, [name], name, [section], name, [name], {name: name}, [name]))
    hostile = parsed(text)
    assert hostile.wrong == []
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in page.elements}
    for tag in {tag for tag, _ in hostile.elements}:
        known = {key for attributes in page.all(tag) for key in attributes}
        assert {key for attributes in hostile.all(tag) for key in attributes} <= known, tag
    assert all(a["href"].startswith(("#", "https://example.org")) for a in hostile.all("a"))
    assert clean(name) in hostile.text("pre", "code")
    assert hostile.text("script") == page.text("script")
    assert text.encode("utf-8")
    assert not set("\x00\x1b\u202e\u2066") & set(text)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("width", [80, 120])
def test_hostile_words_fit_a_terminal(name, width):
    table = pd.DataFrame({"model": [name] * 14, "gap": [1.5] * 14, "why": [name * 3] * 14})
    section = Section("a", name, [name], None, table, name, 1, name, name, [exhibit(name, name, name, name, name)], name)
    text = story_text(Story(name, [name], name, [section], name, [name], {}, [name]), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert not set("\x00\x1b\u202e\u2066") & set(text)


# ---------------------------------------------------------------- frames as they are read


def test_intervals_dates_and_heads_read_well():
    heads, found = cells(GAP, 1)
    assert heads == ["category", "gap raw", "gap controlled", "votes", "date", "source"]
    assert found[:5] == ["full", "129.9 [120.3, 139.6]", "52.3 [42.2, 62.3]", "25,200", "2025-04-24"]
    assert "82.5" in found or "82.4" in found
    assert "−5.0 [−20.0, 10.0]" in found
    assert "NaT" not in " ".join(found)
    assert "nan" not in " ".join(found)
    assert "javascript:alert(1)" in found


@pytest.mark.parametrize(
    ("columns", "heads"),
    [
        ("x x_low x_high", ["x"]),
        ("y x low high", ["y", "x"]),
        ("x conf_low conf_high", ["x"]),
        ("gap_a a_low a_high gap_b b_low b_high", ["gap a", "gap b"]),
        ("x_low x_high", ["x low", "x high"]),
        ("x x_low", ["x", "x low"]),
        ("model low high", ["model", "low", "high"]),
        ("x low high y conf_low conf_high", ["x", "y"]),
    ],
)
def test_whose_interval_it_is(columns, heads):
    names = columns.split()
    frame = pd.DataFrame({n: ["m"] if n == "model" else [float(i) + 0.25] for i, n in enumerate(names)})
    assert cells(frame)[0] == heads


@pytest.mark.parametrize(
    ("values", "digits", "shown"),
    [
        ([1417.0, 1273.0], 1, ["1417", "1273"]),
        ([10_000_000, 2025], None, ["10,000,000", "2025"]),
        ([0.123456, -0.5], None, ["0.123", "−0.500"]),
        ([0.123456, -0.001], {"x": 2}, ["0.12", "0.00"]),
        ([1.0, 2.0], {"x": 2}, ["1.00", "2.00"]),
        ([1.5, 2.0], {"y": 4}, ["1.50", "2.00"]),
        ([True, False], None, ["yes", "no"]),
        ([1, None], None, ["1", ""]),
        ([None, None], None, ["", ""]),
        (["a", 1.5], None, ["a", "1.5"]),
        ([float("inf"), 1.5], 1, ["inf", "1.5"]),
    ],
)
def test_numbers_have_their_digits(values, digits, shown):
    frame = pd.DataFrame({"name": ["a", "b"], "x": values})
    page = parsed(render_story(one(table=frame, digits=digits)))
    rows = re.findall(r"<td[^>]*>([^<]*)</td>", render_story(one(table=frame, digits=digits)))
    assert page.wrong == []
    assert rows == shown


def test_probabilities_are_never_nought():
    assert cells(pd.DataFrame({"m": ["a", "b"], "p_value": [0.00001, 0.03846]}))[1][1::2] == ["< 0.001", "0.038"]


def test_cells_are_sorted_by_their_numbers():
    text = render_story(one(table=pd.DataFrame({"n": [2, 10], "x": [1.5, 22.25]})))
    assert [float(v) for v in re.findall(r'data-v="([^"]*)"', text)] == [2, 1.5, 10, 22.25]


# ---------------------------------------------------------------- the terminal


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_a_terminal(width):
    text = story_text(made(), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "(18 more rows; the page has all)" in " ".join(text.split())
    assert "m11" in text
    assert "m12" not in text
    if width >= 80:
        assert "60 % of the gap goes (gap) [published figures]\n-----" in text
        assert "129.9 [120.3, 139.6]" in text
    for words in ("In short.", "Source: See https://example.org.", "Caveat: But.", "Not shown: why."):
        assert words in text
    assert "[bold: **Great**]" in text


def test_long_answers_are_cut_with_their_marks():
    long_text = "word " * 400
    shown = Exhibit("", "p" * 900, "", [("m", (long_text, [0, 590, 900], [4, 700, 904], ["b"] * 3))], {"b": "g"}, {"b": "t"})
    text = story_text(one(exhibits=[shown]), 80)
    assert text.count("[b: ") == 2
    assert text.count(" ...") == 2
    assert len(text) < 1800


def test_what_has_no_room_is_said():
    wide = pd.DataFrame({"model": ["m"], **{f"a_long_head_{i}": [i + 0.5] for i in range(9)}})
    text = " ".join(story_text(one(table=wide), 60).split())
    assert "(no room for " in text
    assert "a long head 8; the page has all)" in text


def test_a_section_shows_itself_in_a_notebook():
    hostile = "<script>alert(1)</script>"
    section = Section("gap", hostile, [hostile], source="https://example.org", caveat=hostile, label=hostile)
    page = section._repr_html_()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4
    assert "<style>" not in page
    shown = Exhibit("x", "asked", "won", [("m", ("**b**", [0], [5], ["bold"]))], {"bold": "markdown"}, {"bold": "Bold."})
    marked = Section("gap", "Gap", exhibits=[shown])._repr_html_()
    assert "<mark" in marked
    assert "<style>" in marked


def test_a_frame_as_it_is_read():
    frame = pd.DataFrame({"date": [pd.Timestamp("2025-04-05")], "a_b": [1.25], "low": [-1.0], "high": [2.0], "n": [3]})
    assert readable(frame, 1).to_dict("records") == [{"date": "2025-04-05", "a b": "1.2 [−1.0, 2.0]", "n": "3"}]
    assert readable(pd.DataFrame({"a": []})).empty
