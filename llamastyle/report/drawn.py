"""Waterfalls and profiles as inline SVG, element by element as Vega draws them, without starting it for each model."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from llamastyle.report.bars import BESIDE, INDENT, LEVELS, NAMES, ROW, Account, plot_width, ticks
from llamastyle.report.colours import LIGHT
from llamastyle.report.svg import VARIABLES, Part, element, gathered, places
from llamastyle.report.tables import clean

__all__ = ["drawn_account", "drawn_standing", "linear_ticks", "nice", "text_width"]

FONT = 11  # pixels
OUTER = 0.15  # of a row's height, above the first row and below the last
BELOW, EDGE = 36, 2  # pixels under the plot for the axis; above it
CENTRED = {"fill": VARIABLES[LIGHT["muted"]], "text-anchor": "middle"}
DOT = {"stroke-width": "9", "stroke-linecap": "round"}  # the end of a line without length
GRID = {"stroke": VARIABLES[LIGHT["grid"]]}

# Thousandths of the font's size that Arial's characters take; digits and what is not named take 556.
_ADVANCES = {
    191: "'", 222: "ijl", 260: "|", 278: " !,./:;[\\]ftI", 333: "()-`r", 334: "{}", 355: '"', 389: "*", 469: "^",
    500: "ckszvxyJ", 584: "+<=>~−", 611: "FTZ", 667: "&ABEKPSVXY", 722: "CDHNRUw", 778: "GOQ", 833: "Mm", 889: "%",
    944: "W", 1000: "…", 1015: "@",
}  # fmt: skip
_ADVANCE = {character: size for size, characters in _ADVANCES.items() for character in characters}
_BOLD = {"[": 333, "]": 333}


def drawn_account(account: Account, label: str, width: int) -> str:
    """A waterfall as one ``<svg>`` element for a page; what `inline_svg` makes of `charts.waterfall`.

    Parameters
    ----------
    account : Account
    label : str
        What the drawing shows, for those who cannot see it.
    width : int
        Pixels in all.
    """
    rows, plot = account.rows, plot_width(width)
    axis = _Axis.over([r[k] for r in rows for k in ("start", "end", "low", "high")], plot)
    height = ROW * len(rows)
    beside = max((text_width(r["figures"], bold=r["level"] == 0) for r in rows), default=0.0)
    parts = [
        *_axis(axis, account.unit, height),
        Part("line", {"y2": str(height), **_at(axis.at(0.0), 0), "stroke": VARIABLES[LIGHT["muted"]]}),
        *gathered([_bar(r, axis, _middle(i, len(rows))) for i, r in enumerate(rows)]),
        *_rules(rows, axis, "paper", "2.8"),
        *_rules(rows, axis, "ink", "1.3"),
        *_words(rows, plot),
    ]
    whole = math.ceil(NAMES + 1 + plot + BESIDE + beside + 1)
    return element(gathered(parts, _moved(NAMES + 1, EDGE)), whole, height + BELOW, label)


def drawn_standing(rows: Sequence[dict[str, Any]], label: str, width: int) -> str:
    """Where one model stands among others, a row a feature, as one ``<svg>`` element.

    Parameters
    ----------
    rows : sequence of dict
        ``name, standing, colour``; ``standing`` is in spreads of the field, whose middle spread on either side is a
        band.
    label : str
        What the drawing shows, for those who cannot see it.
    width : int
        Pixels in all.
    """
    plot, height = width - NAMES - BESIDE, ROW * len(rows)
    axis = _Axis.over([-1.0, 1.0, *(r["standing"] for r in rows)], plot)
    low, zero, high = (places(axis.at(value)) for value in (-1.0, 0.0, 1.0))
    stems, dots = defaultdict[str, str](str), defaultdict[str, str](str)
    for i, r in enumerate(rows):
        x, y, tone = places(axis.at(r["standing"])), places(_middle(i, len(rows))), VARIABLES[r["colour"]]
        stems[tone] += f"M{zero},{y}H{x}"
        dots[tone] += f"M{x},{y}h0"
    parts = [
        Part("path", {"d": f"M{low},0H{high}V{height}H{low}Z", "fill": VARIABLES[LIGHT["grid"]], "opacity": "0.6"}),
        *_axis(axis, "spreads from the field's mean", height),
        Part("line", {"y2": str(height), **_at(axis.at(0.0), 0), "stroke": VARIABLES[LIGHT["muted"]]}),
        *(Part("path", {"d": d, "stroke": tone, "stroke-width": "2"}) for tone, d in stems.items()),
        *(Part("path", {"d": d, "stroke": tone, **DOT}) for tone, d in dots.items()),
        *_words([{**r, "level": 1, "figures": ""} for r in rows], plot),
    ]
    return element(gathered(parts, _moved(NAMES + 1, EDGE)), width + 1, height + BELOW, label)


# -- the axis --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Axis:
    """From values to pixels: the values at both ends, and the pixels between them."""

    low: float
    high: float
    plot: int

    @classmethod
    def over(cls, values: Iterable[float], plot: int) -> _Axis:
        finite = [0.0, *(v for v in values if math.isfinite(v))]
        return cls(*nice(min(finite), max(finite)), plot)

    def at(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low) * self.plot if self.high > self.low else 0.0


def _step(low: float, high: float, count: float) -> float:
    """1, 2 or 5 times a power of ten, so that about ``count`` of it go from low to high; negative: one over it."""
    step = (high - low) / count
    power = math.floor(math.log10(step))
    error = step / 10**power
    factor = 10 if error >= math.sqrt(50) else 5 if error >= math.sqrt(10) else 2 if error >= math.sqrt(2) else 1
    return -(10**-power) / factor if power < 0 else float(10**power * factor)


def nice(low: float, high: float, count: int = 10) -> tuple[float, float]:
    """The ends moved outwards to round numbers, as d3's linear scales do."""
    before = 0.0
    for _ in range(10):
        if high <= low:
            break
        step = _step(low, high, count)
        if step == before:
            break
        if step > 0:
            low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        else:
            low, high = math.ceil(low * step) / step, math.floor(high * step) / step
        before = step
    return low, high


def linear_ticks(low: float, high: float, count: int) -> list[tuple[float, str]]:
    """Round values from low to high, about ``count`` of them, with their labels."""
    if high <= low:
        return [(low, places(low))]
    step = _step(low, high, count)
    by = 1 / -step if step < 0 else step
    first, last = math.ceil(low / by - 1e-9), math.floor(high / by + 1e-9)
    digits = max(0, -math.floor(math.log10(by) + 1e-9))
    values = [i / -step if step < 0 else i * step for i in range(first, last + 1)]
    return [(v, f"{v + 0.0:,.{digits}f}".replace("-", "−")) for v in values]


def _axis(axis: _Axis, unit: str, height: int) -> list[Part]:
    marks = [(axis.at(value), words) for value, words in linear_ticks(axis.low, axis.high, ticks(axis.plot))]
    moved = _moved(0.5, height + 0.5)
    whole = [_at(math.floor(x + 0.5), 0) for x, _ in marks]
    labels = [Part("text", {**_at(x, 16), **CENTRED, **_anchor(x, axis.plot)}, t) for x, t in _apart(marks, axis.plot)]
    below = [
        *gathered([Part("line", {"y2": "5", **x, **GRID}) for x in whole]),
        *gathered([Part("text", {k: v for k, v in p.attributes.items() if v != "start"}, p.text) for p in labels]),
        Part("line", {"x2": str(axis.plot), **GRID}),
        Part("text", {**_at(axis.plot / 2, 31), **CENTRED}, unit),
    ]
    across = gathered([Part("line", {"y2": f"-{height}", **x, **GRID}) for x in whole])
    return [*gathered(across, moved), *gathered(below, moved)]


def _anchor(x: float, plot: int) -> dict[str, str]:
    """Labels at the ends of the axis do not stand over."""
    return {"text-anchor": "start"} if x < 1 else {"text-anchor": "end"} if x > plot - 1 else {}


def _apart(marks: list[tuple[float, str]], plot: int) -> list[tuple[float, str]]:
    """Every second, fourth ... label, until none touches the next; of two, the last."""

    def ends(mark: tuple[float, str]) -> tuple[float, float]:
        x, size = mark[0], text_width(mark[1])
        left = {"start": x, "end": x - size}.get(_anchor(x, plot).get("text-anchor", ""), x - size / 2)
        return left, left + size

    kept = marks
    while len(kept) >= 3 and any(ends(right)[0] < ends(left)[1] for left, right in pairwise(kept)):
        kept = kept[::2]
    if len(kept) < 3 and kept[-1] != marks[-1]:
        kept = [*(kept[:-1] or kept), marks[-1]]
    return kept


# -- rows ------------------------------------------------------------------------------------------


def _moved(x: float, y: float) -> str:
    return f"translate({places(x)},{places(y)})"


def _at(x: float, y: float) -> dict[str, str]:
    moved = _moved(x, y)
    return {} if moved == "translate(0,0)" else {"transform": moved}


def _middle(row: int, count: int) -> float:
    """The middle of a row, in pixels from above."""
    return ROW * count / (count + 2 * OUTER) * (OUTER + row + 0.5)


def _bar(r: dict[str, Any], axis: _Axis, y: float) -> Part:
    left, right = sorted((axis.at(r["start"]), axis.at(r["end"])))
    size, thick = places(right - left), r["thick"]
    drawn = f"M{places(left)},{places(y - thick / 2)}h{size}v{thick}h-{size}Z"
    return Part("path", {"d": drawn, "fill": VARIABLES[r["colour"]]})


def _rules(rows: Sequence[dict[str, Any]], axis: _Axis, ink: str, thick: str) -> Sequence[Part]:
    style = {"stroke": VARIABLES[LIGHT[ink]], "stroke-width": thick, "stroke-linecap": "round"}
    ends = [(axis.at(r["low"]), axis.at(r["high"]), _middle(i, len(rows))) for i, r in enumerate(rows)]
    drawn = [(low, high, y) for low, high, y in ends if math.isfinite(low) and math.isfinite(high)]
    return gathered([Part("line", {"x2": places(high - low), **_at(low, y), **style}) for low, high, y in drawn])


def _words(rows: Sequence[dict[str, Any]], plot: int) -> list[Part]:
    """Names on the left and figures on the right, level by level."""
    out: list[Part] = []
    down = round(0.3 * FONT)  # from the middle of the letters to the line they stand on
    for level, (weight, ink) in enumerate(LEVELS):
        own = [(r, _middle(i, len(rows)) + down) for i, r in enumerate(rows) if r["level"] == level]
        style = {"fill": VARIABLES[LIGHT[ink]], **({"font-weight": weight} if weight != "normal" else {})}
        left = INDENT * level - NAMES
        for x, words in (
            (left, [_fitting(clean(r["name"]), -2 - left, weight == "bold") for r, _ in own]),
            (plot + BESIDE, [clean(r["figures"]) for r, _ in own]),
        ):
            shown = [(text, y) for text, (_, y) in zip(words, own, strict=True) if text]
            out += gathered([Part("text", {"transform": _moved(x, y), **style}, text) for text, y in shown])
    return out


def _fitting(text: str, room: float, bold: bool) -> str:
    """The text, its end given up for an ellipsis where it is wider than the room."""
    if text_width(text, bold=bold) <= room:
        return text
    while text and text_width(f"{text}…", bold=bold) > room:
        text = text[:-1]
    return f"{text}…"


def text_width(text: str, *, bold: bool = False) -> float:
    """Pixels that a text takes in Arial, or a little more."""
    return sum(_advance(character, bold) for character in text) * FONT / 1000


def _advance(character: str, bold: bool) -> int:
    if character < "\x7f" or character in _ADVANCE:
        size = _ADVANCE.get(character, 556)
        return _BOLD.get(character, size + 60 if bold and character.isalpha() else size)
    if unicodedata.combining(character):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 722
