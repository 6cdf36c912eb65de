"""Frames as text, Markdown, CSV and JSON."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llamastyle.options import TableFormat, check_option

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["clean", "markdown_table", "render", "text_table", "with_interval"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_WRAPPED = {"model": 14, "term": 10, "note": 1}  # columns that fold on a narrow terminal, and how far
_PROBABILITIES = ("p_value", "q_value")


def clean(text: object) -> str:
    """Text that cannot move the cursor, colour the terminal or turn the reading direction."""
    return _CONTROL.sub("\ufffd", str(text))


def _decimals(values: pd.Series) -> int:
    largest = values.abs().max()
    return 0 if largest >= 1000 else 1 if largest >= 20 else 3


def formatted(frame: pd.DataFrame) -> list[list[str]]:
    """Cells as text: the decimals of a column follow its size, missing values are empty."""
    columns: list[list[str]] = []
    for name in frame.columns:
        values: Any = frame[name]
        kind = values.dtype.kind if hasattr(values.dtype, "kind") else "O"
        if kind == "f":
            decimals = _decimals(values)
            one = _probability if name in _PROBABILITIES else f"{{:.{decimals}f}}".format
            columns.append(["" if v != v or v is None else one(float(v)) for v in _plain(values)])
        elif kind in "iu":
            columns.append(["" if v is None or v != v else f"{int(v)}" for v in _plain(values)])
        elif kind == "b":
            columns.append(["yes" if v else "no" for v in values])
        else:
            columns.append(["" if v is None or v != v else clean(v) for v in values])
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(values: pd.Series) -> list[Any]:
    return values.astype(object).where(values.notna(), None).tolist()


def _probability(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def with_interval(
    frame: pd.DataFrame, estimate: str, low: str, high: str, name: str, factor: float = 1.0, digits: int = 1
) -> pd.DataFrame:
    """The frame with three columns folded into one: ``6.2 [5.0, 7.4]``; values times ``factor``."""

    def cell(e: float, a: float, b: float) -> str:
        if e != e:
            return ""
        ends = "" if a != a or b != b else f" [{a * factor:.{digits}f}, {b * factor:.{digits}f}]"
        return f"{e * factor:.{digits}f}{ends}"

    cells = [cell(e, a, b) for e, a, b in zip(frame[estimate], frame[low], frame[high], strict=True)]
    place = list(frame.columns).index(estimate)
    out = frame.drop(columns=[estimate, low, high])
    out.insert(place, name, cells)
    return out


def numbered_notes(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame with its notes as numbers, and the notes: ``["1: ...", "2: ..."]``."""
    distinct = [note for note in dict.fromkeys(frame["note"]) if note]
    number = {note: str(i + 1) for i, note in enumerate(distinct)}
    shown = frame.assign(note=[number.get(note, "") for note in frame["note"]])
    return shown if distinct else shown.drop(columns="note"), [f"{number[note]}: {note}" for note in distinct]


def text_table(frame: pd.DataFrame, width: int = 80) -> str:
    """Aligned text for a terminal, at most ``width`` columns wide; long cells wrap."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for name, dtype in zip(map(str, frame.columns), frame.dtypes, strict=True):
        numeric = getattr(dtype, "kind", "O") in "fiu"
        side = "right" if numeric else "left"
        wraps = name in _WRAPPED
        table.add_column(
            clean(name), justify=side, overflow="fold", no_wrap=not wraps, min_width=_WRAPPED.get(name)
        )
    for row in formatted(frame):
        table.add_row(*(Text(cell) for cell in row))
    console = Console(file=io.StringIO(), width=width, color_system=None, highlight=False)
    console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def markdown_table(frame: pd.DataFrame) -> str:
    """A GitHub-flavoured Markdown table."""
    rows: Sequence[Sequence[str]] = [
        [clean(c) for c in frame.columns],
        ["---:" if getattr(t, "kind", "O") in "fiu" else "---" for t in frame.dtypes],
        *formatted(frame),
    ]
    return "\n".join("| " + " | ".join(_escape(cell) for cell in row) + " |" for row in rows)


def _escape(cell: str) -> str:
    return re.sub(r"([\\|`*_<>\[\]])", r"\\\1", cell) if not set(cell) <= set("-:") else cell


def render(frame: pd.DataFrame, form: str, width: int = 80) -> str:
    """The frame in one of the formats ``table, csv, json, md``; csv and json keep every digit."""
    check_option("format", form, TableFormat)
    if form == "csv":
        return frame.to_csv(index=False, lineterminator="\n").rstrip("\n")
    if form == "json":
        return frame.to_json(orient="records", double_precision=15, force_ascii=False, indent=1) or "[]"
    return markdown_table(frame) if form == "md" else text_table(frame, width)
