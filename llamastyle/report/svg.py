"""Charts as inline SVG: drawn by Vega, then rebuilt from a short list of elements and attributes.

Colours become CSS variables, so that a page's light and dark paper both work; fonts are the page's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any
from xml.etree import ElementTree

from llamastyle.report.colours import LIGHT
from llamastyle.report.tables import clean

__all__ = ["VARIABLES", "Part", "element", "gathered", "inline_svg", "places"]

# What a drawing of bars, rules, dots and texts is made of; everything else is left behind.
_SHAPES = ("path", "line", "rect", "text")
_KEPT = (
    "d", "x", "y", "x2", "y2", "width", "height", "transform", "fill", "stroke", "stroke-width", "stroke-linecap",
    "stroke-dasharray", "opacity", "text-anchor", "font-size", "font-weight",
)  # fmt: skip
_IDLE = {
    ("opacity", "1"), ("font-weight", "normal"), ("text-anchor", "start"), ("transform", "translate(0,0)"),
    ("transform", ""), ("x2", "0"), ("y2", "0"), ("stroke-width", "1"), ("font-size", "11px"),
}  # fmt: skip
_INHERITED = ("fill", "stroke", "stroke-width", "stroke-linecap", "text-anchor", "font-size", "font-weight")
VARIABLES = {value: f"var(--{name})" for name, value in LIGHT.items()}
_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")
_MOVE = re.compile(r"translate\(([^,()]+),([^,()]+)\)")
_SAFE = re.compile(r"[\w\s.,()#%+-]*|var\(--[a-z]+\)")


def inline_svg(spec: dict[str, Any], label: str) -> str:
    """A Vega-Lite chart as one ``<svg>`` element for a page.

    Parameters
    ----------
    spec : dict
        As from ``chart.to_dict()``; its title and background are left to the page.
    label : str
        What the drawing shows, for those who cannot see it.

    Returns
    -------
    str
        Markup without scripts, links, styles and identifiers; all texts escaped.
    """
    import vl_convert

    bare = {key: value for key, value in spec.items() if key not in ("title", "background")}
    drawn = vl_convert.vegalite_to_svg({**bare, "background": None, "padding": 1})
    root = ElementTree.fromstring(drawn)
    width, height = (round(float(root.get(side, "0"))) for side in ("width", "height"))
    return element([part for child in root for part in _parts(child)], width, height, label)


def element(parts: Iterable[Part], width: int, height: int, label: str) -> str:
    """The ``<svg>`` element of what is drawn."""
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" fill="none" font-size="11"'
        f' role="img" aria-label="{escape(clean(label))}">{"".join(map(_written, parts))}</svg>'
    )


@dataclass(frozen=True, slots=True)
class Part:
    """An element that is kept: its attributes, its text or what is in it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    inner: tuple[Part, ...] = ()


def _parts(node: ElementTree.Element) -> Iterator[Part]:
    """What is kept of an element: nothing, itself, or what is in it where a group does nothing."""
    tag = node.tag.rpartition("}")[2]
    if node.get("display") == "none" or node.get("opacity") == "0" or tag not in (*_SHAPES, "g"):
        return
    kept = _attributes(node)
    if tag == "g":
        yield from gathered([part for child in node for part in _parts(child)], kept.get("transform", ""))
    elif tag == "text":
        if node.text:
            yield Part(tag, kept, node.text)
    elif kept.get("fill", "none") != "none" or kept.get("stroke", "none") != "none":
        yield Part(tag, kept)


def gathered(inner: Sequence[Part], transform: str = "") -> Sequence[Part]:
    """Parts in a group that is moved, or that says what they have in common; as they are where it would do nothing."""
    group = _hoisted(Part("g", {"transform": transform} if transform else {}, "", tuple(inner)))
    return [group] if group.attributes and inner else inner


def _hoisted(group: Part) -> Part:
    """The group with what all its parts have in common said once."""
    if len(group.inner) < 2:
        return group
    first = group.inner[0].attributes
    common = {k: v for k, v in first.items() if k in _INHERITED}
    for part in group.inner:
        common = {k: v for k, v in common.items() if part.attributes.get(k) == v}
    bare = tuple(
        replace(p, attributes={k: v for k, v in p.attributes.items() if k not in common}) for p in group.inner
    )
    return replace(group, attributes={**group.attributes, **common}, inner=bare)


def places(value: float) -> str:
    """A length in pixels, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _KEPT:
        value = element.get(name)
        if value is None or (name, value) in _IDLE:
            continue
        value = VARIABLES.get(value, value)
        if not _SAFE.fullmatch(value):
            raise ValueError(f"the drawing has {name}={value!r}")
        found[name] = _NUMBER.sub(lambda m: places(float(m.group())), value)
    return found


def _written(part: Part) -> str:
    if part.tag == "g":
        part = _joined(part)
    start = part.tag + "".join(f' {name}="{value}"' for name, value in _placed(part).items())
    inside = escape(part.text) + "".join(map(_written, part.inner))
    return f"<{start}>{inside}</{part.tag}>" if inside else f"<{start}/>"


def _joined(group: Part) -> Part:
    """A group of nothing but level or upright lines as one path, which is shorter."""
    d = ""
    for line in group.inner:
        move = _MOVE.fullmatch(line.attributes.get("transform", "translate(0,0)"))
        run = line.attributes.keys() - {"transform"}
        if line.tag != "line" or move is None or len(run) != 1 or not run <= {"x2", "y2"}:
            return group
        d += f"M{move[1]},{move[2]}" + (f"h{line.attributes['x2']}" if run == {"x2"} else f"v{line.attributes['y2']}")
    return Part("path", {**group.attributes, "d": d}) if d else group


def _placed(part: Part) -> dict[str, str]:
    """A text that is only moved stands at x and y, which is shorter."""
    kept = dict(part.attributes)
    move = _MOVE.fullmatch(kept.get("transform", ""))
    if part.tag != "text" or move is None or {"x", "y"} & kept.keys():
        return kept
    del kept["transform"]
    return {"x": move[1], "y": move[2], **kept}
