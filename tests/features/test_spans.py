"""highlight(): as many spans as counts, each where it should be, shown without harm."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter as Tally
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from emoji import EMOJI_DATA
from hypothesis import example, given, settings
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.features.counters import CATEGORIES, STYLE_CATEGORIES, WORD_LISTS
from llamastyle.features.spans import Highlights, highlight, markers
from llamastyle.features.text import TURN_JOIN
from tests.features.measuring import counts, real_texts
from tests.features.scanning import TEXTS
from tests.features.test_kernel_twin import CUTS, GLUE, HOSTILE, PHRASES, PIECES, joined
from tests.features.twin import Turn, emoji_spans, phrases, sentences, twin, without_reasoning, words
from tests.work import calls

ROOT = Path(__file__).resolve().parents[2]
PLACED = [
    *"headers ordered_items bullet_items bold italic inline_code code_blocks links images tables".split(),
    *"quotes rules math emoji emoji_distinct emoji_lines sycophantic_opening sycophantic_closing".split(),
    *CATEGORIES,
    *STYLE_CATEGORIES,
    *WORD_LISTS,
    *"all_caps exclamations questions closing_question".split(),
]
ARENA = ["arena_headers", "arena_lists", "arena_bold"]
SUMS = ["list_items", "sycophancy"]

# What stands at a span, by its first and last characters.
LOOKS = {
    "headers": r"#{1,6}([ \t].*)?|[\s\S]*[\r\n][ \t>]*(=+|-+)",
    "ordered_items": r"\d{1,9}[.)]([ \t].*)?",
    "bullet_items": r"[-*+]([ \t].*)?",
    "bold": r"\*\*[\s\S]+\*\*|__[\s\S]+__",
    "italic": r"\*[\s\S]+\*|_[\s\S]+_",
    "inline_code": r"(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)",
    "code_blocks": r"```[\s\S]*|~~~[\s\S]*",
    "links": r"\[[\s\S]*\]\([\s\S]*\)|<[^\s>]+>",
    "images": r"!\[[\s\S]*\]\([\s\S]*\)",
    "tables": r"[^\r\n]*\S",
    "quotes": r">.*",
    "rules": r"([-*_])([ \t]*\1){2,}",
    "math": r"\$\$[\s\S]*\$\$|\$[\s\S]+\$|\\\([\s\S]*\\\)|\\\[[\s\S]*\\\]",
    "arena_headers": r"#{1,6}\s",
    "arena_lists": r"(\d+\.|[-*+])\s",
}


def source(*turns: str) -> SimpleNamespace:
    """One conversation, as Responses would have it."""
    sizes = [len(turn.encode()) + len(TURN_JOIN) for turn in turns[:-1]]
    starts = pa.array([np.cumsum(sizes).astype(int).tolist()], pa.list_(pa.int64()))
    texts = pa.array([TURN_JOIN.join(turns)], pa.large_string())
    return SimpleNamespace(texts=texts, turn_starts=starts, tokens=None, rows=None)


def places(text: str, *features: str, **options: bool) -> list[tuple[str, str]]:
    """Feature and text of each span, in order."""
    frame = highlight(text, list(features) or None, **options).to_frame()
    assert [text[a:b] for a, b in zip(frame["start"], frame["end"], strict=True)] == list(frame["text"])
    return list(zip(frame["feature"], frame["text"], strict=True))


def check_looks(text: str, found: Highlights) -> None:
    """Every span lies in the text and looks like what it is called."""
    for feature, start, end in found.to_frame()[["feature", "start", "end"]].itertuples(index=False):
        assert 0 <= start < end <= len(text)
        here = without_reasoning(text[start:end])
        if feature in ("emoji", "emoji_distinct", "emoji_lines"):
            assert here in EMOJI_DATA
        elif feature in LOOKS:
            assert re.fullmatch(LOOKS[feature], here), (feature, here)


def agree(*turns: str, strip_think: bool = True) -> None:
    found = highlight(source(*turns), [*PLACED, *SUMS], strip_think=strip_think)
    slow = twin(list(turns), strip_think)
    slow["list_items"] = slow["ordered_items"] + slow["bullet_items"]
    slow["sycophancy"] = sum(slow[name] for name in CATEGORIES)
    number = found.counts()
    assert {n: number.get(n, 0) for n in (*PLACED, *SUMS)} == {n: slow[n] for n in (*PLACED, *SUMS)}
    if strip_think:
        check_looks(TURN_JOIN.join(turns), found)


# ---------------------------------------------------------------- as many as are counted


@given(TEXTS)
@example("a\n- <think>x</think>")
@example("- a\n  ```\n  x\nb")
@settings(max_examples=600, deadline=None)
def test_as_many_spans_as_the_twin_counts(text: str) -> None:
    agree(text)
    agree(text, strip_think=False)


@given(joined([*HOSTILE, *PIECES, *PIECES]))
@example("*a **b* c**")
@example("a\n-<think></think>\n\n| a |\n|---|\n| b |")
@settings(max_examples=600, deadline=None)
def test_markdown(text: str) -> None:
    agree(text)


@given(st.lists(joined([*PIECES, *CUTS, "<think>", "</think>", "Great question!"], 12), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_several_turns(turns: list[str]) -> None:
    agree(*turns)


@given(st.lists(joined([*PIECES, "<think>", "</think>", "```", "**a**", "\n- "], 20), min_size=1, max_size=3))
@example(["```**a**```**a**b** c"])
@settings(max_examples=300, deadline=None)
def test_as_arena_counts(turns: list[str]) -> None:
    found = highlight(source(*turns), "arena")
    expected = counts(*turns)
    assert [found.counts().get(name, 0) for name in ARENA] == [expected[name] for name in ARENA]
    if "```" not in "".join(turns):
        check_looks(TURN_JOIN.join(turns), found)


@given(st.lists(joined([*PIECES, "<think>", "</think>", "é", "a"], 12), min_size=1, max_size=3), st.booleans())
@settings(max_examples=200, deadline=None)
def test_patterns_match_where_they_are_counted(turns: list[str], strip_think: bool) -> None:
    features = [ls.pattern("vowels", "[aeé]+"), ls.pattern("ends", r"\b|$"), ls.pattern("breaks", r"\n\n")]
    found = highlight(source(*turns), features, strip_think=strip_think)
    expected = ls.extract(source(*turns), features, strip_think=strip_think).values[0]
    assert [found.counts().get(f.name, 0) for f in features] == expected.tolist()
    text = TURN_JOIN.join(turns)
    vowels = found.to_frame().query("feature == 'vowels'")
    for start, end in vowels[["start", "end"]].itertuples(index=False):
        assert re.fullmatch("[aeé]+", without_reasoning(text[start:end]) if strip_think else text[start:end])


@pytest.mark.shared_data
def test_real_texts(shared: Path) -> None:
    texts = real_texts(shared, 4000)
    names = [*PLACED, *SUMS, *ARENA]
    found = highlight(texts, names)
    table = ls.extract(texts, names).values
    number = np.zeros_like(table)
    np.add.at(number, (found.row, found.feature), 1)
    assert np.argwhere(number != table).tolist() == []
    assert len(found) > 50_000
    frame = found.to_frame()
    for row in range(0, len(texts), 20):
        mine = frame[frame["row"] == row]
        for feature, start, end in mine[["feature", "start", "end"]].itertuples(index=False):
            here = without_reasoning(texts[row][start:end])
            assert feature not in LOOKS or feature in ARENA or re.fullmatch(LOOKS[feature], here), (feature, here)


# ---------------------------------------------------------------- where they stand


@given(joined([*CUTS, *"é中a\n", "<think>"], 20))
@settings(max_examples=300, deadline=None)
def test_emoji_stand_where_the_twin_finds_them(text: str) -> None:
    found = highlight(text, "emoji", strip_think=False)
    assert list(zip(found.start.tolist(), found.end.tolist(), strict=True)) == emoji_spans(text)


@given(st.lists(st.sampled_from([*PHRASES, *GLUE, "é", "🎉"]), max_size=12).map("".join))
@settings(max_examples=200, deadline=None)
def test_phrases_stand_where_the_twin_finds_them(text: str) -> None:
    expected = []
    for start, stop in sentences(text, Turn(text).lines):
        stretch = text[start:stop]
        inside = words(stretch)
        expected += [(start + inside[k][0], CATEGORIES[c]) for c, k in phrases(stretch, inside)]
    frame = highlight(text, CATEGORIES).to_frame()
    assert list(zip(frame["start"], frame["feature"], strict=True)) == expected
    ends = {end for start, stop in [(0, len(text))] for _, end, _ in words(text[start:stop])}
    assert set(frame["end"]) <= ends


@given(joined([*"*_*_ab ", "**", "](u)", "["], 40))
@settings(max_examples=300, deadline=None)
def test_emphasis_nests_and_never_takes_a_mark_twice(text: str) -> None:
    frame = highlight(text, ["bold", "italic"]).to_frame()
    spans = list(zip(frame["start"], frame["end"], frame["feature"], strict=True))
    taken: list[int] = []
    for a, b, feature in spans:
        n = 2 if feature == "bold" else 1
        assert len(set(text[a : a + n] + text[b - n : b])) == 1
        taken += [*range(a, a + n), *range(b - n, b)]
        assert not any(a < c < b < d for c, d, _ in spans), "crossing"
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Great question! 🎉", [("praise", 0, 14), ("emoji", 16, 17)]),
        ("中é👨‍👩‍👧x", [("emoji", 2, 7)]),
        ("a1️⃣", [("emoji", 1, 4)]),
        ("***a***", [("italic", 0, 7), ("bold", 1, 6)]),
        ("*a **b** c*", [("italic", 0, 11), ("bold", 3, 8)]),
        ("**a*", [("italic", 1, 4)]),
        ("*a***b**", [("italic", 0, 3), ("bold", 3, 8)]),
        ("**a***b*", [("bold", 0, 5), ("italic", 5, 8)]),
        ("\\**a* b", [("italic", 2, 5)]),
        ("- é **a 🎉**\r\n- c", [("list_items", 0, 11), ("bold", 4, 11), ("emoji", 8, 9), ("list_items", 13, 16)]),
        ("> 1. x  \n> y", [("list_items", 2, 6)]),
        ("a\r\n# B **c** \r\nd", [("headers", 3, 12), ("bold", 7, 12)]),
        ("x\n\na\nb\n===", [("headers", 3, 10)]),
        ("|a|b|\r\n|-|-|\r\n| c | d |\r\n", [("tables", 0, 5), ("tables", 14, 23)]),
        ("é\n```py\n*a*\n```\n`b` ``c`d``", [("code_blocks", 2, 15), ("inline_code", 16, 19), ("inline_code", 20, 27)]),
        ("- a\n  ```\n  x\n\nb", [("list_items", 0, 3), ("code_blocks", 6, 13)]),
        ("~~~\nx\n\n", [("code_blocks", 0, 5)]),
        ("[a *b*](c \"d\") <http://e.f>", [("links", 0, 14), ("italic", 3, 6), ("links", 15, 27)]),
        ("<think>**a**</think>**b<think>c</think>** é🎉", [("bold", 20, 41), ("emoji", 43, 44)]),
        ("🎉<think>é🎉</think>🎉<think>🎉", [("emoji", 0, 1), ("emoji", 18, 19), ("emoji", 26, 27)]),
        ("🎉\n</think>\n🎉", [("emoji", 11, 12)]),
        ("Great question!\n```\nGreat question!\n```", [("praise", 0, 14), ("code_blocks", 16, 39)]),
        ("", []),
    ],
    ids=ascii,
)  # fmt: skip
def test_places_found_by_hand(text: str, expected: list[tuple[str, int, int]]) -> None:
    frame = highlight(text).to_frame()
    assert list(zip(frame["feature"], frame["start"], frame["end"], strict=True)) == expected


def test_other_places_found_by_hand() -> None:
    text = "> q\n\n---\n\n![i](u) $x$ $$y$$ \\(z\\) \\[w\\]\n\n* 🎉 a 🎉 👍\n\nGreat question! So. Great question!"
    assert places(text, "quotes", "rules", "images", "math") == [
        *[("quotes", "> q"), ("rules", "---"), ("images", "![i](u)"), ("math", "$x$"), ("math", "$$y$$")],
        *[("math", "\\(z\\)"), ("math", "\\[w\\]")],
    ]
    assert places(text, "emoji_lines", "emoji_distinct") == [
        *[("emoji_lines", "🎉"), ("emoji_distinct", "🎉"), ("emoji_distinct", "👍")]
    ]
    found = highlight("Great question! So. Great question!", ["sycophantic_opening", "sycophantic_closing"])
    assert list(zip(found.start, found.end, strict=True)) == [(0, 14), (20, 34)]


def test_arena_marks_what_is_left_when_code_is_removed() -> None:
    text = "# a\n```\n- b\n```\n 1. c **d**"
    assert places(text, "arena_headers", "arena_lists", "arena_bold") == [
        *[("arena_headers", "# "), ("arena_lists", "1. "), ("arena_bold", "**d**")]
    ]
    assert places("**a```x```b**", "arena_bold") == [("arena_bold", "**a```x```b**")]


def test_surrogates_and_several_rows() -> None:
    with pytest.warns(ls.LlamaStyleWarning, match="1 of 3 texts have halves of surrogate pairs"):
        frame = highlight(["\ud800 🎉", "a", "é**b**"]).to_frame()
    assert frame.values.tolist() == [[0, 2, 3, "emoji", "emoji", "🎉"], [2, 1, 6, "bold", "markdown", "**b**"]]


def test_battles_show_their_responses() -> None:
    talk = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "```\n# open"}] * 2
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": talk, "response_b": "**b**"}
    battles = ls.read_battles([row])
    for what in (battles, battles.responses):
        frame = highlight(what).to_frame()
        assert frame["text"].tolist() == ["```\n# open", "```\n# open", "**b**"]
        assert frame["row"].tolist() == [0, 0, 1]


def test_every_kind_of_source() -> None:
    texts = ["**a**", "b 🎉"]
    frames = [highlight(s).to_frame() for s in (texts, pd.Series(texts), pa.array(texts), tuple(texts))]
    assert all(frame.equals(frames[0]) for frame in frames)
    assert list(frames[0].columns) == ["row", "start", "end", "feature", "group", "text"]
    assert len(highlight([]).to_frame()) == 0
    with pytest.raises(ls.FeatureError, match="row 1 has no text"):
        highlight(["a", None])


# ---------------------------------------------------------------- which features


def test_the_markers_of_default_and_each_category() -> None:
    names = highlight("").features.names
    marked = "headers list_items bold italic inline_code code_blocks tables links emoji".split()
    assert names == (*marked, *CATEGORIES)


def test_densities_are_shown_by_what_they_are_densities_of() -> None:
    text = "- **a** 🎉"
    densities = ["bold_per_100_words", "list_items_per_100_words", "emoji_per_100_words", "sycophancy_per_100_words"]
    assert highlight(text, densities).features.names == ("bold", "list_items", "emoji", "sycophancy")
    assert places(text, ls.ratio("mine", ["bold", "emoji"])) == [("mine", "**a**"), ("mine", "🎉")]


def test_presets_leave_out_what_has_no_place() -> None:
    assert set(highlight("", "all").features.names) == {*PLACED, *SUMS}
    assert highlight("", ls.ARENA_WORDS).features.names == tuple(ARENA)
    mine = ls.per_text(len, name="size")
    assert highlight("", ls.DEFAULT + [mine, ls.pattern("p", "x")]).features.names[-2:] == ("sycophancy", "p")


@pytest.mark.parametrize(
    "features",
    [
        *("words", "turns", "mean_sentence_words", "markup_share", "tokens", ["bold", "lines"]),
        *(ls.tokens(len), [ls.per_text(len, name="size")], ls.from_counts("f", lambda c: c["bold"], ["bold"])),
        ls.ratio("odd", ["bold", "chars"]),
    ],
    ids=str,
)
def test_what_has_no_place_is_an_error_by_name(features: object) -> None:
    with pytest.raises(ls.FeatureError, match="no place in a text that could be marked; there are headers"):
        highlight("a", features)


def test_wrong_features_are_met_with_a_way_out() -> None:
    with pytest.raises(ls.FeatureError, match="did you mean 'bold'"):
        highlight("a", "bolds")
    with pytest.raises(ls.FeatureError, match="name one, as 'bold'"):
        highlight("a", ls.DEFAULT[:2])
    with pytest.raises(ls.FeatureError, match="two features are called 'p'"):
        highlight("a", [ls.pattern("p", "x"), ls.pattern("p", "y")])
    assert highlight("**a**", ["bold", "bold", ls.DEFAULT]).counts() == {"bold": 1}


# ---------------------------------------------------------------- how it shows itself


class Reader(HTMLParser):
    """What a browser would show, and what of it is marked."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Tally[str] = Tally()
        self.attributes: set[str] = set()
        self.titles: list[tuple[str, str]] = []
        self.body, self.depth, self.deepest = "", 0, 0
        self.inside = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes |= {name for name, _ in attrs}
        given = dict(attrs)
        self.inside = self.inside or given.get("class") == "llamastyle-marks"
        if tag == "mark" and self.inside:
            self.depth += 1
            self.title = given.get("title") or ""
        self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "mark" and self.inside
        self.inside = self.inside and tag != "div"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.body += data
            if self.depth:
                self.titles.append((self.title, data))


TAGS = {"div", "style", "mark", "span", "label", "input", "details", "summary", "dl", "dt", "dd"}
ATTRIBUTES = {"class", "title", "type", "checked", "role", "aria-label"}


def test_html_shows_the_text_and_its_marks() -> None:
    text = "- **a 🎉 b**. Great question!"
    page = Reader(highlight(text)._repr_html_())
    assert page.body == text
    first = [(title.split(": ")[0] + "".join(title.partition("\n")[1:]), marked) for title, marked in page.titles]
    items, bold = "list_items (markdown)", "bold (markdown)\nin list_items (markdown)"
    assert first == [
        *[(items, "- "), (bold, "**a "), ("emoji\nin list_items (markdown), bold (markdown)", "🎉"), (bold, " b**")],
        *[(items, ". "), ("praise (sycophancy)\nin list_items (markdown)", "Great question"), (items, "!")],
    ]
    assert page.titles[0][0] == f"list_items (markdown): {ls.DEFAULT['list_items'].definition}"
    assert page.deepest == 3
    assert page.tags["input"] == 4


@given(joined(["<script>", "</mark>", '"><b>', "&amp;", "'", "\x00", "\x1b[31m", "\u202e", *PIECES, *CUTS, "<think>"]))
@settings(max_examples=200, deadline=None)
def test_html_of_hostile_texts(text: str) -> None:
    found = highlight(text, [ls.ALL, ls.pattern("p", "<b>")])
    page = Reader(found.to_html())
    assert set(page.tags) <= TAGS
    assert page.attributes <= ATTRIBUTES
    safe = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", "\ufffd", text)
    assert page.body == safe.replace("\r\n", "\n").replace("\r", "\n")


def test_hostile_names_of_features_are_escaped() -> None:
    mine = ls.pattern("p", "x", definition='"><script>\x1b', group="<g>")
    page = Reader(highlight("x", mine).to_html())
    assert set(page.tags) == TAGS
    assert "\x1b" not in highlight("x", mine).to_html()


def test_plain_text_has_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    found = highlight("- **a 🎉** \x1b[31m\r\n")
    assert str(found) == "[list_items: - [bold: **a [emoji: 🎉]**] \ufffd[31m]\n\n-- list_items 1, bold 1, emoji 1"
    assert str(highlight(["**a**", ""])) == "text 0: [bold: **a**]\ntext 1: \n-- bold 1"
    assert str(highlight("a")) == "a\n-- nothing is marked"
    assert repr(found) == "Highlights(1 text, 3 spans: list_items 1, bold 1, emoji 1)"
    assert len(found) == 3


def test_colour_where_there_is_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    found = highlight("Great question!\x1b[2J 🎉 " + "long line " * 30)
    coloured = str(found)
    codes = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert codes == "Great question!\ufffd[2J 🎉 " + "long line " * 30 + "\n-- emoji 1, praise 1"
    assert "\x1b[37;41mGreat question\x1b[0m" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert str(found).startswith("[praise: Great question]!")
    assert "\x1b" not in str(found)


def test_rich_prints_it() -> None:
    import io

    from rich.console import Console

    for colour, start in ((None, "[emoji: 🎉]"), ("standard", "\x1b[30;43m🎉")):
        out = io.StringIO()
        Console(file=out, color_system=colour, force_terminal=colour is not None).print(highlight("🎉"))
        assert out.getvalue().startswith(start)


def test_what_there_is_no_room_for_is_said() -> None:
    found = highlight(["**a** " * 20_000, *["b"] * 30])
    for text in (str(found), found._repr_html_()):
        assert "70,000 more characters and 30 more texts" in text
        assert len(text) < 1_500_000
    assert found.to_text().count("[bold: ") == 20_000
    assert Reader(found.to_html()).tags["mark"] == 20_001, "each, and once in the legend"


# ---------------------------------------------------------------- the most marked texts


def ranked(source: object, n: int = 20, features: object = None, **options: object) -> list[tuple[int, int]]:
    """Row and marks of the most marked texts."""
    frame = highlight(source, features).most(n, **options).to_frame()  # type: ignore[arg-type]
    return list(zip(frame["row"], frame["marks"], strict=True))


def test_the_most_marked_texts_come_first() -> None:
    texts = ["Great question!", "a", "**b** 🎉 🎉", "🎉 Great question! Great idea!", "**c**"]
    assert ranked(texts) == [(2, 3), (3, 3), (0, 1), (4, 1)]
    assert ranked(texts, 2) == [(2, 3), (3, 3)]
    assert ranked(texts, by="sycophancy") == [(3, 2), (0, 1)], "a group"
    assert ranked(texts, by="praise") == [(3, 2), (0, 1)], "a feature"
    assert ranked(texts, by=["bold", "emoji"]) == [(2, 3), (3, 1), (4, 1)]
    page = highlight(texts).most(2, by="emoji")
    assert (page.total, page.without, len(page)) == (5, 3, 2)


def test_as_many_marks_as_extract_counts() -> None:
    texts = [f"{'**a** ' * (k % 5)}{'Great question! ' * (k % 3)}{'🎉 ' * (k % 7)}{k}" for k in range(60)]
    for by in ("bold", "emoji", "sycophancy"):
        counts = ls.extract(texts, [by]).values[:, 0].tolist()
        wanted = sorted(((-n, row) for row, n in enumerate(counts) if n))[:20]
        assert ranked(texts, by=by) == [(row, -n) for n, row in wanted]


def test_a_place_with_several_marks_counts_once() -> None:
    text = "1. Great question! 🎉"
    browser = highlight(text, "all").most()
    places = {(s, e) for s, e in highlight(text, "all").to_frame()[["start", "end"]].itertuples(index=False)}
    assert browser.texts[0].marks == len(places) < sum(browser.texts[0].counts.values())


def test_per_words_short_texts_count_as_fifty_words() -> None:
    texts = ["Great question!", "Great question! Great idea! " + "word " * 96, "🎉"]
    assert ranked(texts, per="words", by="praise") == [(0, 1), (1, 2)]
    assert ranked([texts[0], texts[1].replace("word " * 96, "word " * 36)], per="words") == [(1, 2), (0, 1)]
    frame = highlight(texts).most(per="words", by="praise").to_frame()
    assert frame["words"].tolist() == ls.extract([texts[0], texts[1]], "words").values[:, 0].tolist()
    assert frame["per_100_words"].tolist() == [50.0, 2.0]


def test_words_leave_reasoning_out_as_the_marks_do() -> None:
    text = "<think>one two three</think>🎉 four"
    for strip, number in ((True, 1), (False, 6)):
        assert highlight(text, strip_think=strip).most().texts[0].words == number


def test_a_text_that_stands_in_many_battles_is_shown_once() -> None:
    rows = [{"model_a": "x", "model_b": f"y{k}", "winner": "tie", "response_a": "🎉", "response_b": "**b**"} for k in (0, 0, 1)]
    browser = highlight(ls.read_battles(rows)).most()
    assert [(t.place, t.model, t.same) for t in browser.texts] == [
        *[("battle 0, side a", "x", 2), ("battle 0, side b", "y0", 1), ("battle 2, side b", "y1", 0)]
    ]
    assert [t.same for t in highlight(["🎉", "a", "🎉", "🎉"]).most(1).texts] == [2], "also beyond the first n"


def test_models_of_responses_and_of_battles_are_named() -> None:
    frame = pd.DataFrame({"prompt_id": [1, 1], "model": ["x", None], "response": ["🎉", "🎉 🎉"], "score": [1.0, 2.0]})
    frame.loc[1, "model"] = "z"
    browser = highlight(ls.read_responses(frame)).most()
    assert [(t.place, t.model) for t in browser.texts] == [("text 1", "z"), ("text 0", "x")]
    nameless = [{"winner": "tie", "response_a": "🎉", "response_b": "b"}]
    assert [t.model for t in highlight(ls.read_battles(nameless)).most().texts] == [""]
    assert [t.model for t in highlight(source("🎉")).most().texts] == [""]


def test_long_texts_and_very_many_marks_are_cut_with_a_note() -> None:
    long, dense = highlight("🎉 " + "a" * 20_000 + " 🎉").most(), highlight("🎉" * 3_000).most()
    (text,), (many,) = long.texts, dense.texts
    assert (len(text.view[0]), len(text.view[1]), text.marks) == (10_000, 1, 2)
    assert text.left == "10,004 more characters with 1 more mark"
    assert (len(many.view[0]), len(many.view[1]), many.marks) == (1_000, 1_000, 3_000)
    assert many.left == "2,000 more characters with 2,000 more marks"
    assert "cut here: 2,000 more characters with 2,000 more marks" in dense.to_html()
    assert highlight("a 🎉").most().texts[0].left == ""


@pytest.mark.parametrize("n", [0, -1, 201, 2.0, True, "3", None])
def test_how_many_must_be_a_number_that_can_be_shown(n: object) -> None:
    with pytest.raises(ls.FeatureError, match=re.escape(f"n={n!r} is not a number of texts that can be shown; use 1 to 200")):
        highlight("🎉").most(n)  # type: ignore[arg-type]


def test_what_was_not_looked_for_is_met_with_the_nearest() -> None:
    found = highlight("🎉")
    with pytest.raises(ls.FeatureError, match="by='prase' is not among .*; did you mean 'praise'") as caught:
        found.most(by="prase")
    assert "that was headers, " in str(caught.value)
    assert "highlight(source, [...]) looks for others" in str(caught.value)
    with pytest.raises(ls.FeatureError, match="by='hedges' is not among"):
        found.most(by=["praise", "hedges"])
    with pytest.raises(ls.FeatureError, match="names nothing to count"):
        found.most(by=[])
    with pytest.raises(ls.LlamaStyleError, match="per='word' is not known; did you mean 'words'"):
        found.most(per="word")  # type: ignore[arg-type]


def test_no_marks_and_no_texts_are_said() -> None:
    assert str(highlight(["a", "b"]).most(by="emoji")) == "None of 2 texts has marks of emoji."
    assert str(highlight([]).most()) == "There are no texts."
    assert highlight([]).most().to_frame().empty


def test_markers_are_the_default_and_those_named() -> None:
    default = list(highlight("").features.names)
    assert markers() == markers("sycophancy", "praise", "bold") == default
    assert markers("tone")[: len(default)] == default
    assert {"hedges", "contractions", "closing_question"} < set(markers("tone")) - set(default)
    assert markers("hedges", "refusal") == [*default, "hedges", "refusal", "disclaimer"]
    assert markers("none") == [*default, "none"]


@pytest.mark.shared_data
def test_the_most_sycophantic_turns_of_real_conversations(shared: Path) -> None:
    turns = pd.read_parquet(shared / "spiral_bench" / "turns.parquet")
    texts = turns["assistant"].tolist()
    browser = highlight(texts).most(20, by="sycophancy")
    counts = ls.extract(texts, "sycophancy").values[:, 0]
    assert browser.to_frame()["marks"].tolist() == sorted(counts.tolist(), reverse=True)[:20]
    assert len(browser.to_html()) < 400_000


# ---------------------------------------------------------------- size, and the interpreter


@pytest.mark.parametrize(
    "text",
    [
        *("**a** " * 17_000, "*a " * 17_000 + "b* " * 17_000, "> " * 30 + "- a" * 30_000, "🎉" * 25_000),
        *("[a](b)" * 16_000, "|a\n|-\n" + "|b\n" * 30_000, "Great question! " * 6_000, "```\n" * 25_000),
        *("<think></think>**a**" * 5_000, "- a\n  ```\n" * 10_000, "a\n=\n" * 25_000),
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_work_grows_with_the_text(text: str) -> None:
    def show(text: str) -> None:
        found = highlight(text, "all")
        found.to_frame()
        found.to_html()
        found.to_text()
        found._repr_html_()

    show("a")
    part = text[: len(text) // 4] if "b* " not in text else "*a " * 4_250 + "b* " * 4_250
    assert calls(show, text) < 8 * max(calls(show, part), 10_000)


def test_the_same_without_the_compiler() -> None:
    texts = ["- **Great question!** 🎉 <think>x</think>`c` 1️⃣\n\n```\n# é\n```", "|a|\n|-|\n|*b*|", "# H\n> $x$ [a](b)"]
    code = (
        "import json, sys\nfrom llamastyle.features.spans import highlight\n"
        "frame = highlight(json.load(sys.stdin), ['all', 'arena']).to_frame()\nprint(frame.to_json(orient='values'))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", code],
        input=json.dumps(texts),
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == highlight(texts, ["all", "arena"]).to_frame().to_numpy().tolist()


def test_of_battles_only_their_own_sides_are_marked_by_side():
    rows = [
        {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": f"**a{i}**", "response_b": f"🎉 b{i}"}
        for i in range(6)
    ]
    battles = ls.read_battles(rows)
    found = ls.highlight(battles.take([4, 0]))
    shown = list(found.to_frame()[["row", "text"]].itertuples(index=False, name=None))
    assert shown == [(0, "**a4**"), (1, "🎉"), (2, "**a0**"), (3, "🎉")]
    assert "battle 0, side a: " in found.to_text()
    assert "battle 1, side b<" in found.to_html()
    assert "b3" not in found.to_text()
