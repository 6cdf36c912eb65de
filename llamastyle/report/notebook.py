"""Frames as a notebook shows them: units, intervals as ranges, few digits; they stay data frames."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from llamastyle.report.labels import decimals
from llamastyle.report.tables import clean, formatted, numbered_notes

__all__ = ["ReadableFrame", "readable_frame", "reading_html"]

WHOLE, PART = 60, 20
"""Rows up to which all are shown; how many of more are."""
PERCENT = "%"
POINTS = "points"
UNITS = {
    **dict.fromkeys(("win_rate", "parity_win_rate", "share", "rate", "accuracy", "accuracy_cv", "agreement"), PERCENT),
    **dict.fromkeys(("decided", "near_parity", "style_share"), PERCENT),
    **dict.fromkeys(("parity_change",), "% points"),
    **dict.fromkeys(("rating_plain", "rating_raw", "rating", "inflation"), POINTS),
    **dict.fromkeys(("gain", "gain_cv", "alone", "alone_cv"), "millibits"),
    **dict.fromkeys(("effect",), "% points"),
}
"""Of columns that mean the same in every table; ``units`` in a frame's attrs adds to them."""
RATES = ("win_rate", "parity_win_rate", "rate", "accuracy", "accuracy_cv", "agreement")
"""Columns that cannot be above one; where they are, something else was made of them."""
_OF = {
    "conf": ("estimate", "rating", "effect", "rate", "win_rate", "agreement", "slope", "accuracy"),
    "change": ("parity_change", "change"),
    "parity": ("parity_win_rate",),
    "odds": ("odds_ratio",),
}
"""What an interval is of, where its columns are not named after it; the first that is there."""
_ERRORS = ("estimate", "effect", "slope")
"""What a standard error is of; the first that is there."""
_PROBABILITIES = ("p_value", "q_value", "p_equal", "q_equal", "p_simultaneous", "group_p_value")


class ReadableFrame(pd.DataFrame):
    """A pandas frame that a notebook shows for reading; all else is pandas.

    Examples
    --------
    >>> frame = ReadableFrame({"model": ["a"], "win_rate": [0.6213], "rating": [1012.3456], "conf_low": [990.1],
    ...     "conf_high": [1034.6]})
    >>> "1012 [990, 1035]" in frame._repr_html_()
    True
    >>> float(frame["rating"].iloc[0])
    1012.3456
    """

    @property
    def _constructor(self) -> type[ReadableFrame]:
        return type(self)

    def _repr_html_(self) -> str | None:
        if self.columns.nlevels > 1 or not self.columns.is_unique or not pd.get_option("display.notebook_repr_html"):
            return super()._repr_html_()  # pyright: ignore[reportAttributeAccessIssue, reportCallIssue]
        return reading_html(self)


def readable_frame(frame: pd.DataFrame, **units: str) -> ReadableFrame:
    """The frame, shown for reading; ``units`` of columns whose name does not tell theirs."""
    shown = ReadableFrame(frame)
    if units:
        shown.attrs["units"] = units
    return shown


def reading_html(frame: pd.DataFrame) -> str:
    """A table for a notebook: an estimate and its interval in one cell, notes below, at most 60 rows."""
    part: Any = frame if len(frame) <= WHOLE else frame.head(PART)
    notes: list[str] = []
    if "note" in part and all(isinstance(note, str) for note in part["note"]):
        part, notes = numbered_notes(part)
    head, columns = _columns(part, {**UNITS, **_own_units(frame)})
    numbered = isinstance(frame.index, pd.RangeIndex) or pd.api.types.is_integer_dtype(frame.index.dtype)
    if not numbered or any(name is not None for name in frame.index.names):
        head = [(" ".join(clean(n) for n in frame.index.names if n is not None), "", False), *head]
        columns = [[clean(value) for value in part.index], *columns]
    top = "".join(_head(*cell) for cell in head)
    rows = [
        "<tr>" + "".join(_cell(text, right) for text, (_, _, right) in zip(row, head, strict=True)) + "</tr>"
        for row in zip(*columns, strict=True)
    ]
    more = [f"<p>and {len(frame) - PART:,} more rows, which the frame has</p>"] if len(frame) > WHOLE else []
    below = [f"<p><small>{html.escape(clean(note))}</small></p>" for note in notes]
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return "\n".join([f'<div style="overflow-x: auto">{table}</div>', *more, *below])


def _own_units(frame: pd.DataFrame) -> Mapping[str, str]:
    known = frame.attrs.get("units", {})
    return known if isinstance(known, Mapping) else {}


def _columns(frame: pd.DataFrame, units: Mapping[str, str]) -> tuple[list[tuple[str, str, bool]], list[list[str]]]:
    """Names with units and whether cells stand right; cells as text, column by column."""
    folded = _folded([str(name) for name in frame.columns])
    ends = {end for pair in folded.values() for end in pair}
    head: list[tuple[str, str, bool]] = []
    columns: list[list[str]] = []
    for label in frame.columns:
        name = str(label)
        if name in ends:
            continue
        values: Any = frame[label]
        number = getattr(values.dtype, "kind", "O") in "fiu"
        of = next((one for one in _ERRORS if one in frame), name) if name == "std_error" else name
        unit = units.get(of, "") if number and not (name in RATES and values.abs().max() > 1) else ""
        factor = 100.0 if unit.startswith(PERCENT) else 1.0
        if name in folded and number:
            low, high = folded[name]
            cells = _ranges(*(_floats(frame[one], factor) for one in (name, low, high)))
            shown = name + (" [interval]" if any("[" in cell for cell in cells) else "")
        else:
            shown = name
            cells = _plain(name, values, factor)
        head.append((shown, unit, number))
        columns.append(cells)
    return head, columns


def _folded(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Which columns are the ends of an interval of which."""
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        stem = name.removesuffix("_low")
        if stem == name or f"{stem}_high" not in names:
            continue
        of = next((one for one in (*_OF.get(stem, ()), stem) if one in names and one not in found), None)
        if of is not None:
            found[of] = (name, f"{stem}_high")
    return found


def _floats(values: Any, factor: float) -> list[float]:
    numbers: Any = pd.to_numeric(values, errors="coerce")
    return [factor * v for v in numbers.astype("Float64").to_numpy(float, na_value=math.nan)]


def _ranges(value: Sequence[float], low: Sequence[float], high: Sequence[float]) -> list[str]:
    """``12.1 [3.0, 20.4]``; as many decimals as the column's size asks for, with a true minus."""
    whole = all(v == round(v) for column in (value, low, high) for v in column if math.isfinite(v))
    shared = 0 if whole else min(decimals([v for v in value if math.isfinite(v)]), _resolved(low, high))

    def one(v: float, digits: int) -> str:
        if math.isinf(v):
            return "∞" if v > 0 else "−∞"
        text = f"{abs(v):.{digits}f}"
        return f"−{text}" if v < 0 and float(text) else text

    out: list[str] = []
    for v, a, b in zip(value, low, high, strict=True):
        digits = max(shared, 0 if whole else _resolved([a], [b])) if math.isfinite(b - a) else shared
        cell = one(v, digits)
        out.append("" if v != v else cell if a != a or b != b else f"{cell} [{one(a, digits)}, {one(b, digits)}]")
    return out


def _resolved(low: Sequence[float], high: Sequence[float]) -> int:
    """Decimals beyond which intervals of this width say nothing."""
    widths = sorted(b - a for a, b in zip(low, high, strict=True) if math.isfinite(b - a) and b > a)
    if not widths:
        return 3
    middle = widths[len(widths) // 2]
    return 0 if middle >= 10 else 1 if middle >= 1 else 2 if middle >= 0.1 else 3


def _plain(name: str, values: Any, factor: float) -> list[str]:
    if name in _PROBABILITIES:
        return ["" if v != v else "<0.001" if v < 0.001 else f"{v:.3f}" for v in _floats(values, 1.0)]
    if factor != 1.0:
        return ["" if v != v else f"{v:.1f}".replace("-", "−") for v in _floats(values, factor)]
    return [cells[0] for cells in formatted(pd.DataFrame({name: values}))] if len(values) else []


def _head(name: str, unit: str, right: bool) -> str:
    said = f"<br><small>{html.escape(unit)}</small>" if unit else ""
    return f'<th style="text-align: {"right" if right else "left"}">{html.escape(clean(name))}{said}</th>'


def _cell(text: str, right: bool) -> str:
    if right:
        return f'<td style="text-align: right; white-space: nowrap">{html.escape(text)}</td>'
    return f'<td style="text-align: left"><bdi>{html.escape(text)}</bdi></td>'
