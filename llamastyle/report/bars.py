"""The bars of a waterfall: one total split into its parts, as rows that any way of drawing can take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.options import Scale
from llamastyle.report.colours import colour
from llamastyle.report.labels import decimals, ends, shortened, signed, with_ends

__all__ = [
    "BESIDE",
    "INDENT",
    "LEVELS",
    "NAMES",
    "POINTS",
    "ROW",
    "UNITS",
    "Account",
    "account_of",
    "needed",
    "plot_width",
    "ticks",
]

POINTS = "Arena points"
UNITS: dict[str, tuple[str, float]] = {"rating": (POINTS, 1.0), "win_rate": ("points of win rate", 100.0)}

# Pixels: a row's height; the names' room; what a level is moved in; from the plot to the figures; their room.
ROW, NAMES, INDENT, BESIDE, FIGURES = 20, 150, 12, 10, 138
THICK = (13, 8, 4)  # of a bar, by level: blocks, groups, features
LEVELS = (("bold", "ink"), ("normal", "ink"), ("normal", "muted"))  # weight and colour of the words


def plot_width(width: int) -> int:
    """Pixels for the bars, of a whole width."""
    return max(width - NAMES - FIGURES, 60)


def ticks(plot: int) -> int:
    """How many steps of the axis are aimed at."""
    return max(2, plot // 60)


def needed(frame: pd.DataFrame, columns: str, what: str) -> None:
    """Raise where a frame lacks a column."""
    missing = [name for name in columns.split() if name not in frame]
    if missing:
        raise LlamaStyleError(f"{what} needs the columns {', '.join(missing)}, which this frame lacks")


@dataclass(frozen=True, slots=True)
class _Bar:
    """One row of a waterfall: from where to where it runs, in the unit of the frame."""

    name: str
    level: int
    start: float
    size: float
    low: float
    high: float
    colour: str


@dataclass(frozen=True, slots=True)
class Account:
    """A waterfall's rows from top to bottom, the unit of its axis, and what it shows in words.

    Each row has ``row, name, level, thick, start, end, low, high, colour, figures``; places are in the unit.
    """

    rows: list[dict[str, Any]]
    unit: str
    says: str


def account_of(parts: pd.DataFrame, unit: Scale) -> Account:
    """Rows of a waterfall from those of `StyleResult.decompose` for one model, or of a comparison."""
    words, factor = UNITS[unit]
    bars = _bars(parts, factor)
    digits = decimals([b.size for b in bars])
    rows = [_bar_row(i, b, digits) for i, b in enumerate(bars)]
    return Account(rows, words, _says(bars, parts, digits, words))


def _bar_row(row: int, bar: _Bar, digits: int) -> dict[str, Any]:
    return {
        "row": row,
        "name": shortened(bar.name, 23 - 2 * bar.level),
        "level": bar.level,
        "thick": THICK[bar.level],
        "start": bar.start,
        "end": bar.start + bar.size,
        "low": bar.start + bar.low,
        "high": bar.start + bar.high,
        "colour": bar.colour,
        "figures": with_ends(bar.size, bar.low, bar.high, digits),
    }


def _bars(parts: pd.DataFrame, factor: float) -> list[_Bar]:
    """Rows from top to bottom, each beginning where the one before it in the same whole ends."""
    needed(parts, "block group term estimate conf_low conf_high", "a waterfall")
    models = set(parts["model"]) if "model" in parts else set()
    if len(models) > 1:
        raise LlamaStyleError(
            f"a waterfall shows one model and these rows are of {len(models)}; choose one, for example"
            " parts[parts['model'] == name]"
        )
    scaled = parts.assign(**{name: factor * parts[name] for name in ("estimate", "conf_low", "conf_high")})
    rows = scaled.to_dict("records")
    blocks = [r for r in rows if not r["group"] and not r["term"]]
    total = next((r for r in blocks if r["block"] == "total"), None)
    if total is None:
        raise LlamaStyleError("a waterfall needs a row with the block 'total'")
    out: list[_Bar] = []
    at = 0.0
    for block in (b for b in blocks if b is not total):
        groups = [r for r in rows if r["block"] == block["block"] and r["group"] and not r["term"]]
        out += [_bar(block, block["block"], 0, at, colour(block["block"]))]
        out += _within(rows, groups, at)
        at += block["estimate"]
    if abs(at - total["estimate"]) > 1e-6 * max(1.0, *(abs(b["estimate"]) for b in blocks)):
        raise LlamaStyleError(f"the blocks add up to {at:.6g} and the total is {total['estimate']:.6g}")
    return [*out, _bar(total, "total", 0, 0.0, colour("total"))]


def _within(rows: Sequence[dict[Any, Any]], groups: Sequence[dict[Any, Any]], at: float) -> list[_Bar]:
    out: list[_Bar] = []
    for group in groups:
        tone = colour(group["group"])
        terms = [r for r in rows if r["block"] == group["block"] and r["group"] == group["group"] and r["term"]]
        alone = len(terms) == 1 and terms[0]["term"] != group["group"]
        name = f"{group['group']}: {terms[0]['term']}" if alone else group["group"]
        out.append(_bar(group, name, 1, at, tone))
        inner = at
        for term in terms if len(terms) > 1 else []:
            out.append(_bar(term, term["term"], 2, inner, tone))
            inner += term["estimate"]
        at += group["estimate"]
    return out


def _bar(r: dict[Any, Any], name: str, level: int, start: float, tone: str) -> _Bar:
    size, low, high = (float(r[k]) for k in ("estimate", "conf_low", "conf_high"))
    return _Bar(str(name), level, start, size, low, high, tone)


def _says(bars: Sequence[_Bar], parts: pd.DataFrame, digits: int, words: str) -> str:
    """What goes with style, and of what total; the share where it is not withheld."""
    total = bars[-1]
    whole = f"total {with_ends(total.size, total.low, total.high, digits)} {words}"
    style = next((b for b in bars if b.level == 0 and b.name == "style"), None)
    if style is None:
        return whole.capitalize()
    said = f"Associated with style: {with_ends(style.size, style.low, style.high, digits)} {words}; {whole}"
    own: Any = parts[(parts["block"] == "style") & (parts["group"] == "") & (parts["term"] == "")].iloc[0]
    if not math.isfinite(own.get("share", math.nan)):
        return said
    share, low, high = (100 * own.get(k, math.nan) for k in ("share", "share_low", "share_high"))
    return f"{said}; share {signed(share, 0).lstrip('+')} %{ends(low, high, 0)}"
