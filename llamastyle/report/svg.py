"""Charts as inline SVG: drawn by Vega, then rebuilt from a short list of elements and attributes.

Colours become CSS variables, so that a page's light and dark paper both work; fonts are the page's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any
from xml.etree import ElementTree

from llamastyle.report.colours import LIGHT

__all__ = ["inline_svg"]

# What a drawing of bars, rules, dots and texts is made of; everything else is left behind.
_SHAPES = ("path", "line", "rect", "text")
_KEPT = (
    "d", "x", "y", "x2", "y2", "width", "height", "transform", "fill", "stroke", "stroke-width", "stroke-linecap",
    "opacity", "text-anchor", "font-size", "font-weight",
)  # fmt: skip
_IDLE = {
    ("opacity", "1"), ("font-weight", "normal"), ("text-anchor", "start"), ("transform", "translate(0,0)"),
    ("transform", ""), ("x2", "0"), ("y2", "0"), ("stroke-width", "1"),
}  # fmt: skip
_VARIABLE = {value: f"var(--{name})" for name, value in LIGHT.items()}
_NUMBER = re.compile(r"-?\d+\.\d{2,}(?:e-?\d+)?")
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
    root = ElementTree.fromstring(vl_convert.vegalite_to_svg({**bare, "background": None, "padding": 1}))
    width, height = (round(float(root.get(side, "0"))) for side in ("width", "height"))
    inner = "".join(part for child in root for part in _rebuilt(child))
    name = escape(label)
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" fill="none"'
        f' role="img" aria-label="{name}">'
        f"<title>{name}</title>{inner}</svg>"
    )


def _rebuilt(element: ElementTree.Element) -> Iterator[str]:
    """An element and what is in it, as markup; groups that do nothing are left out."""
    tag = element.tag.rpartition("}")[2]
    if element.get("display") == "none" or tag not in (*_SHAPES, "g"):
        return
    kept = _attributes(element)
    if tag == "g":
        inner = "".join(part for child in element for part in _rebuilt(child))
        moved = {k: v for k, v in kept.items() if k == "transform"}
        yield inner if not (moved and inner) else f"<g{_written(moved)}>{inner}</g>"
    elif tag == "text":
        if element.text:
            yield f"<text{_written(kept)}>{escape(element.text)}</text>"
    elif kept.get("fill", "none") != "none" or kept.get("stroke", "none") != "none":
        yield f"<{tag}{_written(kept)}/>"


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in _KEPT:
        value = element.get(name)
        if value is None or (name, value) in _IDLE:
            continue
        value = _VARIABLE.get(value, value)
        if not _SAFE.fullmatch(value):
            raise ValueError(f"the drawing has {name}={value!r}")
        found[name] = _NUMBER.sub(lambda m: f"{float(m.group()):.1f}".removesuffix(".0"), value)
    return found


def _written(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{value}"' for name, value in attributes.items())
