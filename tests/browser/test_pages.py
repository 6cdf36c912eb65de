"""The pages as Chromium shows them: what they do, to whom they can be read, and what they never run."""

from __future__ import annotations

import itertools
import re

import pytest

from llamastyle.report.tables import clean
from tests.browser.conftest import HOSTILE

KINDS = ("report", "story", "judge", "browser", "highlight")
SCRIPTED = ("report", "story", "judge")  # with tables that sort, a filter and a switch for light and dark
PAGES = [*KINDS, *(f"{kind}!" for kind in KINDS)]
PHONE = 360

BACKGROUND = "getComputedStyle(document.body).backgroundColor"
SIDEWAYS = "document.scrollingElement.scrollWidth"
ROWS = "table => [...table.tBodies[0].rows].map(row => row.textContent)"
CLICKED = """table => {
    const heads = [...table.tHead.rows[0].cells], seen = [];
    heads.forEach((head, i) => {
        for (let twice = 0; twice < 2; twice++) {
            head.querySelector('button').click();
            const cells = [...table.tBodies[0].rows].map(row => row.cells[i]);
            const said = heads.map(other => other.getAttribute('aria-sort'));
            seen.push([said, cells.map(cell => [cell.textContent.trim(), cell.dataset.v ?? null])]);
        }
    });
    return seen;
}"""
DANGERS = """() => {
    const found = [], words = ['aria-label', 'title', 'content'];
    for (const e of document.querySelectorAll('*')) {
        for (const a of e.attributes) {
            if (a.name.startsWith('on')) found.push(`${e.tagName} ${a.name}`);
            if (!words.includes(a.name) && /^\\s*(javascript|vbscript|data):/i.test(a.value))
                found.push(`${e.tagName} ${a.name}=${a.value}`);
        }
        if (/^(img|iframe|object|embed|base|link|audio|video|image|foreignobject|animate|set|use)$/i.test(e.localName))
            found.push(e.tagName);
    }
    return found;
}"""
TAGS = "[...new Set([...document.querySelectorAll('*')].map(e => e.localName))].sort()"
LUMINANCE = """colour => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(Number);
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}"""


def axe_faults(visit, axe, only=None):
    """Serious and critical faults of what is there, nothing folded but most models."""
    visit.unfold(2)
    visit.page.evaluate(axe)
    options = {"resultTypes": ["violations"], **({"runOnly": only} if only else {})}
    found = visit.page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [
        (fault["id"], fault["impact"], node["target"], node["failureSummary"])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]


def light(visit):
    """How light the paper is, from 0 to 1."""
    return visit.page.evaluate(LUMINANCE, visit.page.evaluate(BACKGROUND))


def tables(visit):
    """The tables with buttons to sort by, everything unfolded."""
    visit.unfold()
    found = visit.page.locator("table:has(button.sort)").all()
    assert found
    return found


def number(text):
    """The first number of a cell, as it is read."""
    found = re.search(r"[+−-]?[\d,]*\.?\d+", text)
    return float(found.group().replace("−", "-").replace(",", "")) if found else None


# ---------------------------------------------------------------- what can go wrong is seen


def test_faults_would_be_seen(visit, axe, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text(
        "<script>alert(1); console.error('said'); missing()</script><p onclick='x()'>x</p>"
        "<img src='http://127.0.0.1:9/x.png'><a href=' javascript:x()'>x</a><p style='width:2000px'>wide</p>",
        "utf-8",
    )
    seen = visit(page, PHONE)
    seen.page.wait_for_timeout(200)
    assert seen.dialogs == ["1"]
    assert "said" in seen.console
    assert "missing is not defined" in seen.errors[0]
    assert seen.asked == ["http://127.0.0.1:9/x.png"]
    assert seen.page.evaluate(DANGERS) == ["P onclick", "IMG", "A href= javascript:x()"]
    assert seen.page.evaluate(SIDEWAYS) > PHONE
    assert {"html-has-lang", "image-alt"} <= {fault[0] for fault in axe_faults(seen, axe)}


# ---------------------------------------------------------------- quiet


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [PHONE, 1200])
def test_it_opens_without_an_error_asks_for_nothing_and_never_scrolls_sideways(visit, name, width):
    seen = visit(name, width)
    assert seen.page.evaluate(SIDEWAYS) <= width
    seen.unfold()
    assert seen.page.evaluate(SIDEWAYS) <= width
    seen.page.wait_for_timeout(30)
    assert seen.faults == []


# ---------------------------------------------------------------- tables


@pytest.mark.parametrize("name", SCRIPTED)
def test_a_click_on_a_head_sorts_and_says_so(visit, name):
    seen = visit(name)
    as_text = 0
    for table in tables(seen):
        clicks = table.evaluate(CLICKED)
        figures = table.evaluate("t => [...t.tHead.rows[0].cells].map(head => head.classList.contains('n'))")
        for k, (said, cells) in enumerate(clicks):
            i, down = k // 2, said[k // 2] == "descending"
            assert {said[i], clicks[k ^ 1][0][i]} == {"ascending", "descending"}, (
                "a second click turns it round"
            )
            assert said[:i] + said[i + 1 :] == [None] * (len(said) - 1)
            blank = [not text for text, _ in cells]
            assert blank == sorted(blank), "cells without a figure come last"
            cells = [cell for cell in cells if cell[0]]
            if all(value is not None for _, value in cells):
                known = [float(value) for _, value in cells]
                assert known == sorted(known, reverse=down)
                as_text += known != sorted(known, key=str, reverse=down)
                if figures[i]:
                    read = [number(text) for text, _ in cells]
                    assert read == sorted(read, reverse=down)
            elif len({text for text, _ in cells}) > 1:
                assert (cells[0][0].lower() > cells[-1][0].lower()) == down
    assert as_text, "somewhere the order of numbers is not that of their digits"


def test_a_head_is_pressed_by_mouse(visit):
    seen = visit("report")
    table = tables(seen)[-1]
    table.locator("thead button").nth(1).click()
    assert table.locator("thead th").nth(1).get_attribute("aria-sort") is not None


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_head_is_reached_and_sorts_by_keyboard(visit, key):
    seen = visit("report")
    table = tables(seen)[0]
    before = table.evaluate(ROWS)
    button = table.locator("thead button").last
    table.locator("thead button").first.focus()
    for _ in range(table.locator("thead button").count() - 1):
        seen.page.keyboard.press("Tab")
    assert button.evaluate("e => e === document.activeElement")
    seen.page.keyboard.press(key)
    assert table.locator("thead th").last.get_attribute("aria-sort") is not None
    after = table.evaluate(ROWS)
    assert sorted(before) == sorted(after)
    seen.page.keyboard.press(key)
    assert table.evaluate(ROWS) != after


@pytest.mark.parametrize("name", SCRIPTED)
def test_the_filter_hides_rows_and_brings_them_back(visit, name):
    seen = visit(name)
    seen.unfold()
    tools = seen.page.locator("input.tool[aria-label^='Filter rows']").all()
    assert tools
    for tool in tools:
        rows = tool.locator("xpath=following::table[1]").locator("tbody tr")
        texts = rows.all_text_contents()
        wanted = rows.nth(2).locator("th").inner_text()
        look = "rows => rows.map(row => row.checkVisibility())"
        tool.press_sequentially(wanted.upper())
        shown = rows.evaluate_all(look)
        assert shown == [wanted.lower() in text.lower() for text in texts]
        assert 1 <= sum(shown) < len(shown)
        tool.fill("no such row")
        assert not any(rows.evaluate_all(look))
        tool.fill("")
        assert all(rows.evaluate_all(look))


# ---------------------------------------------------------------- models


def test_a_model_opens_by_click_and_by_keyboard(visit):
    seen = visit("report")
    models = seen.page.locator("details.model")
    assert models.count() == 8
    for k, act in enumerate([lambda s: s.click(), lambda s: s.press("Enter")]):
        model = models.nth(k)
        summary, picture = model.locator("> summary"), model.locator("svg").first
        assert not picture.is_visible()
        act(summary)
        assert picture.is_visible()
        assert model.get_attribute("open") is not None
        act(summary)
        assert not picture.is_visible()


def test_links_lead_to_what_is_there_and_links_to_models_open_them(visit):
    seen = visit("report")
    links = seen.page.locator("a[href^='#']")
    there = [link.get_attribute("href")[1:] for link in links.all()]
    assert "models" in there
    assert [key for key in there if not seen.page.evaluate("id => !!document.getElementById(id)", key)] == []
    for key in sorted({key for key in there if key.startswith("model-")})[:2]:
        seen.page.goto(seen.page.url.partition("#")[0])
        seen.unfold()
        seen.page.evaluate("document.querySelectorAll('details.model').forEach(d => { d.open = false })")
        seen.page.locator(f"a[href='#{key}']").first.click()
        seen.page.locator(f"#{key}").wait_for(state="visible")


# ---------------------------------------------------------------- marks


@pytest.mark.parametrize("name", ["story", "browser", "highlight"])
def test_a_mark_says_what_it_is_under_the_mouse(visit, name):
    seen = visit(name)
    mark = seen.page.locator(".llamastyle-marks mark:visible").first
    mark.hover()
    box = mark.bounding_box()
    title = seen.page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).closest('mark[title]')?.title",
        [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
    )
    assert re.match(r"[\w:]+( \(\w+\))?: \w{3}", title), title


@pytest.mark.parametrize("name", ["story", "browser", "highlight"])
def test_definitions_are_reached_by_keyboard(visit, name):
    seen = visit(name)
    told = seen.page.locator(".llamastyle-legend details", has_text="What these are").first
    assert not told.locator("dd").first.is_visible()
    told.locator("summary").focus()
    seen.page.keyboard.press("Enter")
    terms, words = told.locator("dt").all_inner_texts(), told.locator("dd").all_inner_texts()
    assert told.locator("dd").first.is_visible()
    assert len(terms) == len(words) >= 2
    assert all(len(text) > 8 for text in words)


@pytest.mark.parametrize("name", ["story", "browser", "highlight"])
def test_marks_are_switched_off_and_on_by_keyboard(visit, name):
    seen = visit(name)
    mark = seen.page.locator(".llamastyle-marks mark:visible").first
    number = re.search(r"ls-f(\d+)", mark.get_attribute("class")).group(1)
    look = "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.borderBottomColor].join() }"
    on = mark.evaluate(look)
    seen.page.locator(f"input.ls-s{number}").first.focus()
    seen.page.keyboard.press("Space")
    off = mark.evaluate(look)
    assert off.startswith("rgba(0, 0, 0, 0)")
    seen.page.keyboard.press("Space")
    assert mark.evaluate(look) == on != off


def test_arrow_keys_go_from_text_to_text(visit):
    seen = visit("browser")
    articles = seen.page.locator("article")
    assert [a.is_visible() for a in articles.all()] == [True] + [False] * 11
    seen.page.locator("input[type=radio]").first.focus()
    seen.page.keyboard.press("ArrowDown")
    assert [a.is_visible() for a in articles.all()] == [False, True] + [False] * 10
    seen.page.locator("label:has(input[type=radio])").nth(4).click()
    assert [k for k, a in enumerate(articles.all()) if a.is_visible()] == [4]


# ---------------------------------------------------------------- light and dark


@pytest.mark.parametrize("name", ["report", "story", "judge", "browser"])
def test_dark_is_dark_and_light_is_light(visit, name):
    assert light(visit(name, look="dark")) < 0.2
    assert light(visit(name, look="light")) > 0.9


@pytest.mark.parametrize("name", SCRIPTED)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_turns_the_paper_and_back(visit, name, scheme):
    seen = visit(name, look=scheme)
    switch = seen.page.locator(".theme")
    before = light(seen)
    switch.click()
    assert abs(light(seen) - before) > 0.7
    switch.press("Enter")
    assert light(seen) == before


# ---------------------------------------------------------------- on paper


@pytest.mark.parametrize("name", KINDS)
def test_it_prints_dark_on_white_without_what_cannot_be_pressed(visit, name):
    seen = visit(name, look="dark")
    if name in SCRIPTED:
        seen.page.locator(".theme").click()
        seen.page.locator(".theme").click()
    seen.page.emulate_media(media="print")
    assert seen.page.evaluate(BACKGROUND) in ("rgb(255, 255, 255)", "rgba(0, 0, 0, 0)")
    assert seen.page.evaluate(LUMINANCE, seen.page.evaluate("getComputedStyle(document.body).color")) < 0.3
    pressed = """() => [...document.querySelectorAll('input, select, button:not(.sort), nav, .hint')]
        .filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 90))"""
    assert seen.page.evaluate(pressed) == []
    arrows = "[...document.querySelectorAll('.sort')].map(e => getComputedStyle(e, '::after').content)"
    assert set(seen.page.evaluate(arrows)) <= {"none"}
    tints = (
        "[...new Set([...document.querySelectorAll('mark')].map(e => getComputedStyle(e).printColorAdjust))]"
    )
    assert seen.page.evaluate(tints) in ([], ["exact"]), "browsers leave backgrounds out on paper unless told"
    printed = seen.page.pdf(format="A4")
    assert printed.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 1
    assert seen.page.evaluate(SIDEWAYS) <= 1200


@pytest.mark.parametrize("name", SCRIPTED)
def test_tables_that_are_folded_are_printed(visit, name):
    """Models are printed as they stand: folded, or opened by whoever prints."""
    seen = visit(name)
    seen.page.emulate_media(media="print")
    hidden = """() => [...document.querySelectorAll('main details')]
        .filter(d => !d.closest('.model, .llamastyle-legend') && !d.querySelector('tbody tr')?.checkVisibility())
        .map(d => d.textContent.slice(0, 60))"""
    assert seen.page.evaluate(hidden) == []


# ---------------------------------------------------------------- read by everybody


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("look", "width"), [("light", 1200), ("dark", 1200), ("light", PHONE)])
def test_axe_finds_no_serious_fault(visit, axe, name, look, width):
    only = ["color-contrast", "link-in-text-block"] if look == "dark" else None
    assert axe_faults(visit(name, width, look=look), axe, only) == []


# ---------------------------------------------------------------- hostile names and texts


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no-policy"])
def test_hostile_names_and_texts_run_nothing(visit, name, policy):
    """Also without the page's own policy, which would stop what got through."""
    seen = visit(f"{name}!", policy=policy)
    seen.unfold()
    for element in seen.page.locator("summary:visible, mark:visible").all()[:3]:
        element.hover()
    assert seen.page.evaluate("window.__hit") is None
    assert seen.faults == []
    assert seen.page.evaluate(DANGERS) == []
    assert seen.page.locator("script").count() == (name in SCRIPTED)
    links = seen.page.evaluate("[...document.links].map(a => a.getAttribute('href'))")
    assert [link for link in links if not link.startswith(("#", "https://"))] == []
    there = set(seen.page.evaluate(TAGS))
    assert there <= set(visit(name).page.evaluate(TAGS)) | {"a", "bdi"}


@pytest.mark.parametrize("name", KINDS)
def test_hostile_names_and_texts_are_shown_as_they_are(visit, name):
    seen = visit(f"{name}!")
    seen.unfold()
    text = seen.page.evaluate("document.body.textContent")
    as_read = lambda words: re.sub(r"[\s\ufffd]+", " ", words)  # noqa: E731
    assert [key for key, value in HOSTILE.items() if as_read(clean(value)) not in as_read(text)] == []
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text)
    assert len(seen.page.title()) > 2


def test_a_hostile_model_is_filtered_and_opened_like_any_other(visit):
    seen = visit("report!", policy=False)
    tool = seen.page.locator("section .tool:visible").first
    tool.fill("<script>")
    rows = tool.locator("xpath=following::table[1]").locator("tbody tr:visible")
    assert rows.count() == 1
    assert clean(HOSTILE["script"]) in rows.first.inner_text()
    name = seen.page.locator("summary bdi", has_text=HOSTILE["script"])
    model = seen.page.locator("details.model", has=name)
    model.locator("> summary").click()
    assert model.locator("svg").first.is_visible()
    assert list(itertools.chain(seen.faults, seen.page.evaluate(DANGERS))) == []
