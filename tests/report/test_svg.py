"""Inline SVG: only shapes and texts, colours as variables, nothing that runs."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
import vl_convert

from llamastyle.report.colours import LIGHT
from llamastyle.report.svg import Part, element, gathered, inline_svg
from llamastyle.report.tables import clean
from tests.report.hostile import NAMES


def spec(name="a", colour=LIGHT["length"]):
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": "to be left to the page",
        "width": 100,
        "height": 40,
        "data": {"values": [{"v": 1.23456, "n": name}]},
        "layer": [
            {"mark": {"type": "bar", "color": colour}, "encoding": {"x": {"field": "v", "type": "quantitative"}}},
            {"mark": {"type": "text"}, "encoding": {"text": {"field": "n", "type": "nominal"}}},
        ],
    }


def test_one_element_with_a_name_and_variables():
    svg = inline_svg(spec(), "What it <shows>")
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == "What it <shows>"
    assert "var(--length)" in svg
    assert LIGHT["length"] not in svg
    assert "to be left" not in svg
    assert "font-family" not in svg


def test_places_are_those_that_were_drawn():
    """Against the drawing as it came: the same texts at the same places, after all groups."""

    def places(root, x=0.0, y=0.0):
        move = root.get("transform", "")
        if move.startswith("translate("):
            dx, dy = move.removeprefix("translate(").rstrip(")").split(",")
            x, y = x + float(dx), y + float(dy)
        if root.tag.endswith("text") and root.text:
            yield root.text, round(x + float(root.get("x", 0))), round(y + float(root.get("y", 0)))
        for child in root:
            yield from places(child, x, y)

    plain = {**spec(), "padding": 1}
    del plain["title"]
    theirs = list(places(ElementTree.fromstring(vl_convert.vegalite_to_svg(plain))))
    ours = list(places(ElementTree.fromstring(inline_svg(spec(), "x"))))
    assert [t for t, *_ in ours] == [t for t, *_ in theirs]
    for (_, x, y), (_, u, v) in zip(ours, theirs, strict=True):
        assert abs(x - u) <= 1
        assert abs(y - v) <= 1


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_texts_stay_text(name):
    svg = inline_svg(spec(clean(name)), clean(name))
    root = ElementTree.fromstring(svg)
    assert {e.tag for e in root.iter()} <= {"svg", "g", "path", "line", "rect", "text"}
    assert clean(name) in [e.text for e in root.iter("text")]


def test_what_is_no_shape_is_left_behind(monkeypatch):
    drawn = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="10" height="9"
        onload="a()"><script>alert(1)</script><style>*{}</style><foreignObject><b/></foreignObject>
        <a x:href="javascript:a()"><text>kept out</text></a><image href="http://a/b.png"/><use href="#q"/>
        <g onclick="a()" id="q"><text x="1" onclick="a()" style="fill:red" class="c" fill="#1c2126">&lt;b&gt;</text></g>
        </svg>"""
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda *_: drawn)
    svg = inline_svg({}, "x")
    assert svg.partition(">")[2] == '<text x="1" fill="var(--ink)">&lt;b&gt;</text></svg>'


def test_a_value_that_is_no_shape_is_an_error(monkeypatch):
    drawn = '<svg width="1" height="1"><rect width="1" height="1" fill="url(http://a/b)"/></svg>'
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda *_: drawn)
    with pytest.raises(ValueError, match="fill="):
        inline_svg({}, "x")


def test_common_attributes_are_said_once(monkeypatch):
    drawn = (
        '<svg width="9" height="9"><g transform="translate(1,1)"><rect x="1" fill="#1c2126" opacity="0.5"/>'
        '<rect x="2" fill="#1c2126" opacity="0.5"/></g></svg>'
    )
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda *_: drawn)
    svg = inline_svg({}, "x").partition(">")[2]
    assert svg == (
        '<g transform="translate(1,1)" fill="var(--ink)"><rect x="1" opacity="0.5"/><rect x="2" opacity="0.5"/></g></svg>'
    )


def test_dashes_are_kept():
    line = {"mark": {"type": "rule", "strokeDash": [4, 3]}, "encoding": {"x": {"field": "v", "type": "quantitative"}}}
    assert 'stroke-dasharray="4,3"' in inline_svg({**spec(), "layer": [line]}, "x")


def test_lines_of_one_look_are_one_path():
    lines = [Part("line", {"x2": "5", "transform": f"translate({x},2)", "stroke": "red"}) for x in (1, 2.5)]
    drawn = element(gathered([*lines, Part("line", {"y2": "-3", "stroke": "red"})]), 9, 9, "x")
    assert '<path stroke="red" d="M1,2h5M2.5,2h5M0,0v-3"/>' in drawn
    other = element(gathered([*lines, Part("line", {"x2": "1", "y2": "-3", "stroke": "red"})]), 9, 9, "x")
    assert other.count("<line ") == 3


def test_a_text_that_is_moved_stands_there_and_one_that_is_turned_stays_turned():
    moved = element([Part("text", {"transform": "translate(-1.5,2)"}, "a")], 9, 9, "x")
    assert '<text x="-1.5" y="2">a</text>' in moved
    turned = element([Part("text", {"transform": "translate(1,2) rotate(-90)"}, "a")], 9, 9, "x")
    assert 'transform="translate(1,2) rotate(-90)"' in turned
