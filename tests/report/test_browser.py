"""The most marked texts: one page without script, whatever the texts say."""

from __future__ import annotations

import re

import pytest

from llamastyle.errors import LlamaStyleError
from llamastyle.report.browser import SHOWN, SHOWN_CHARS, Browser, MarkedText
from tests.report.hostile import NAMES
from tests.report.pages import parsed

GROUPS = {"praise": "sycophancy", "bold": "markdown"}
TITLES = {"praise": "phrases that praise", "bold": "</style><script>"}
VOID = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]"


def entry(text: str, row: int = 0, **more: object) -> MarkedText:
    given = {"place": f"text {row}", "model": "", "marks": 1, "words": 2, "counts": {"praise": 1}, **more}
    return MarkedText(row=row, view=(text, [0], [min(5, len(text))], ["praise"]), **given)  # type: ignore[arg-type]


def browser(*texts: MarkedText, **more: object) -> Browser:
    given = {"off": frozenset({"bold"}), "by": "praise", "per": "text", "total": 10, "without": 4, **more}
    return Browser(texts, GROUPS, TITLES, **given)  # type: ignore[arg-type]


# ---------------------------------------------------------------- the page


def test_a_list_beside_the_texts_in_landmarks() -> None:
    page = parsed(browser(entry("Great question", 7, model="m-1"), entry("Great idea", 9)).to_html())
    assert page.wrong == []
    for landmark in ("header", "main", "form", "h1", "title"):
        assert len(page.all(landmark)) == 1, landmark
    (form,) = page.all("form")
    assert form["aria-label"] == "Texts, the most marked first"
    assert form["method"] == "dialog", "Enter in a radio button must not load a page"
    assert [a["aria-label"] for a in page.all("article")] == ["Text 1", "Text 2"]
    assert {a["tabindex"] for a in page.all("article")} == {"0"}, "long texts can be scrolled by keyboard"
    assert page.text("h1") == "Most marked texts: praise"
    assert page.text("h2", "bdi").split() == ["m-1", "1.", "m-1", ",", "text", "7", "2.", "text", "9"]
    html = [dict(a) for tag, a in page.elements if tag == "html"]
    assert html == [{"lang": "en"}]


def test_texts_are_chosen_by_radio_buttons_of_one_name_the_first_at_first() -> None:
    page = parsed(browser(*(entry("Great", k) for k in range(3))).to_html())
    radios = [box for box in page.all("input") if box["type"] == "radio"]
    assert [("checked" in box, box["name"]) for box in radios] == [(k == 0, "text") for k in range(3)]
    order = [tag for tag, a in page.elements if tag == "article" or a.get("type") == "radio"]
    assert order == ["input", "article"] * 3
    style = page.text("style")
    assert ".ls-browser>label:not(:has(:checked))+article{display:none}" in style


def test_what_was_not_counted_is_off_until_it_is_switched_on() -> None:
    text = entry("Great **a**", counts={"praise": 1, "bold": 2})
    page = parsed(browser(text).to_html())
    boxes = {box["class"]: "checked" in box for box in page.all("input") if box["type"] == "checkbox"}
    assert boxes == {"ls-s0": True, "ls-s1": False}
    assert "1 mark in 2 words; praise 1; also bold 2" in page.text("p")


def test_the_page_asks_for_nothing() -> None:
    page = browser(entry("see http://a.b/c.png url(x) @import")).to_html()
    tags = parsed(page)
    assert not {"script", "link", "img", "iframe", "object", "base", "a", "button", "svg"} & {
        t for t, _ in tags.elements
    }
    policy = tags.all("meta")[1]["content"] or ""
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(r"url\(|@import|http", tags.text("style"))
    known = {
        "class",
        "style",
        "title",
        "type",
        "name",
        "value",
        "checked",
        "tabindex",
        "role",
        "lang",
        "charset",
    }
    known |= {"method", "autocomplete", "content", "http-equiv"}
    assert {x for _, a in tags.elements for x in a if not x.startswith("aria-")} <= known


@pytest.mark.parametrize("name", NAMES)
def test_hostile_texts_models_and_definitions_stay_text(name: str) -> None:
    hostile = NAMES[name]
    tame = browser(entry("tamed text", model="m", left="l", same=3), by="b").to_html()
    page = parsed(browser(entry(hostile, model=hostile, left="l", same=3), by=hostile).to_html())
    assert page.wrong == []
    assert page.shape() == parsed(tame).shape()
    safe = re.sub(VOID, "\ufffd", hostile)
    assert "".join(data for tag, data in page.texts if tag in ("div", "mark")).count(safe) == 1
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", page.text())
    assert page.text("bdi").count(re.sub("[\n]", "\ufffd", safe)) == 2


def test_a_definition_cannot_leave_the_stylesheet_or_its_attribute() -> None:
    page = parsed(browser(entry("Great", counts={"praise": 1, "bold": 1})).to_html())
    assert page.all("script") == []
    assert TITLES["bold"] in page.text("dd")


# ---------------------------------------------------------------- in a notebook


def test_a_notebook_shows_it_inline_and_says_what_it_leaves_out() -> None:
    shown = browser(*(entry("Great", k) for k in range(SHOWN + 3)))._repr_html_()
    page = parsed(shown)
    assert page.wrong == []
    assert len(page.all("article")) == SHOWN
    assert "3 more; to_html() and save() have all" in page.text("p")
    assert not {"html", "body", "script", "title", "meta"} & {tag for tag, _ in page.elements}
    assert all("id" not in a for _, a in page.elements), "two outputs must not share an id"
    assert "more; to_html()" not in browser(entry("Great"))._repr_html_()


# ---------------------------------------------------------------- in words


def test_one_sentence_says_what_is_shown() -> None:
    one, two = entry("Great"), (entry("Great"), entry("Great", 1))
    assert browser(*two).says() == "The 2 texts with most marks of praise, of 10; 4 have none."
    assert browser(one, without=1).says() == "The text with most marks of praise, of 10; 1 has none."
    assert browser(*two, by="", without=0).says() == "The 2 texts with most marks, of 10."
    assert browser(*two, per="words").says() == (
        "The 2 texts with most marks of praise per 100 words, of 10; 4 have none."
    )
    assert browser().says() == "None of 10 texts has marks of praise."
    assert browser(total=0).says() == "There are no texts."
    assert repr(browser(one)) == "Browser(The text with most marks of praise, of 10; 4 have none)"


def test_nothing_marked_is_said_on_a_page_that_is_whole() -> None:
    page = parsed(browser().to_html())
    assert page.wrong == []
    assert "None of 10 texts has marks of praise." in page.text("p")
    assert "Arrow keys" not in page.text("p")
    assert page.all("article") == []
    assert str(browser()) == "None of 10 texts has marks of praise."
    assert browser().to_frame().empty


def test_plain_and_coloured_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    long = entry("Great " + "x" * SHOWN_CHARS, 1, model="m\x1b[2J", same=2)
    marked = MarkedText(
        0,
        "battle 0, side b",
        "",
        1,
        8,
        {"praise": 1, "bold": 1},
        ("Great **a**", [0, 6], [5, 11], ["praise", "bold"]),
    )
    plain = str(browser(marked, long))
    assert (
        plain.split("\n\n")[1] == "1. battle 0, side b: 1 mark in 8 words (praise 1)\n[praise: Great] **a**"
    )
    head, body = plain.split("\n\n")[2].split("\n")
    assert head == "2. text 1, m\ufffd[2J: 1 mark in 2 words (praise 1; the same text in 2 more)"
    assert body == "[praise: Great] " + "x" * (SHOWN_CHARS - 6) + " ..."
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    coloured = str(browser(marked, long))
    assert "\x1b[37;41mGreat\x1b[0m **a**" in coloured
    assert "\x1b[2J" not in coloured
    assert coloured.endswith("-- \x1b[37;41mpraise 2\x1b[0m")
    monkeypatch.setenv("NO_COLOR", "1")
    assert str(browser(marked, long)) == plain


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_wraps_at_its_width(width: int) -> None:
    import io

    from rich.console import Console

    out = io.StringIO()
    text = entry("Great " + "word " * 100)
    Console(file=out, width=width, color_system="standard", force_terminal=True).print(browser(text, text))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue()).splitlines()
    assert width - 10 < max(map(len, lines)) <= width


# ---------------------------------------------------------------- for programs


def test_a_frame_has_one_row_a_text() -> None:
    frame = browser(
        entry("a", 4, counts={"praise": 3, "bold": 2}, marks=3, words=30), entry("b", 1)
    ).to_frame()
    assert list(frame.columns) == ["row", "model", "words", "marks", "per_100_words", "praise"]
    assert frame.values.tolist() == [[4, "", 30, 3, 10.0, 3], [1, "", 2, 1, 50.0, 1]]


def test_it_is_saved_whole_or_not_at_all(tmp_path) -> None:
    made = browser(entry("Great 🎉"))
    path = made.save(tmp_path / "page.html")
    assert path.read_text("utf-8") == made.to_html()
    with pytest.raises(LlamaStyleError, match="there is no folder"):
        made.save(tmp_path / "none" / "page.html")
