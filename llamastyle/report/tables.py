"""Frames as text, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import re
import textwrap
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from llamastyle.options import TableFormat, check_option

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "clean",
    "left_out",
    "markdown_table",
    "numbered_notes",
    "render",
    "text_table",
    "with_interval",
    "without_formulas",
]

_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_FORMULA = re.compile(r"(?![+-]?[\d.,]+(?: ?%| \w+)?\Z)[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""What begins a formula in a spreadsheet, in full width too, but for a number, per cent or with a unit."""
_LEAST = {"model": 16, "judge": 16, "term": 12, "part": 16, "note": 16}
"""Columns that fold on a narrow terminal, and how far."""
_KEPT = ("verdict", "note")  # columns that stay, with the first one, whatever the width
_FIRST_OUT = (
    "win %", "win_rate", "statistic", "std_error", "effective_battles", "unusual", "battles", "rank_plain", "mostly",
    "needs battles", "q", "raw", "parity change",
)  # fmt: skip
"""Columns that leave a narrow terminal before others, in this order; then what stands furthest to the right."""
_PROBABILITIES = ("p_value", "q_value", "q")


def clean(text: object) -> str:
    """Text that cannot move the cursor, colour the terminal or turn the reading direction.

    Half a surrogate pair and what XML forbids go too, so that it can be written to any file.
    """
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
        elif kind == "M":
            columns.append(["" if v != v else f"{v:%Y-%m-%d}" for v in values])
        elif kind == "b":
            columns.append(["" if v is None else "yes" if v else "no" for v in _plain(values)])
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


def text_table(frame: pd.DataFrame, width: int = 80, fold: Collection[str] = ()) -> str:
    """Aligned text for a terminal, at most ``width`` columns wide.

    Names and notes fold; numbers never do. Of what then does not fit, side information such as ``win %``
    is left out first, then columns from the right; a last line names them. The columns of ``fold`` fold too.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    names, cells = [clean(name) for name in frame.columns], formatted(frame)
    natural = _natural(names, cells)
    widths = _layout(names, natural, width, fold)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)
    for j, room in widths.items():
        numeric = getattr(frame.dtypes.iloc[j], "kind", "O") in "fiu"
        table.add_column(names[j], justify="right" if numeric else "left", width=room, overflow="fold")
    for row in cells:
        table.add_row(*(Text(_folded(row[j], room)) for j, room in widths.items()))
    console = Console(file=io.StringIO(), width=max(width, sum(widths.values()) + 2 * len(widths)), color_system=None)
    console.print(table)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    missing = [name for j, name in enumerate(names) if j not in widths]
    lines = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    if missing:
        lines += "\n" + textwrap.fill(f"(no room for {', '.join(missing)}; csv and json have all)", width)
    return lines


def left_out(frame: pd.DataFrame, width: int, fold: Collection[str] = ()) -> list[str]:
    """The columns for which `text_table` finds no room."""
    names = [clean(name) for name in frame.columns]
    kept = _layout(names, _natural(names, formatted(frame)), width, fold)
    return [name for j, name in enumerate(names) if j not in kept]


def _natural(names: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(names, *cells, strict=True)]


def _layout(names: Sequence[str], natural: Sequence[int], width: int, fold: Collection[str]) -> dict[int, int]:
    """The columns that fit, by position, with their widths."""
    narrow = {**dict.fromkeys(fold, 16), **_LEAST}
    least = [min(size, narrow.get(name, size)) for name, size in zip(names, natural, strict=True)]
    kept = list(range(len(names)))
    droppable = [j for j in kept[1:] if names[j] not in (*_KEPT, *_FIRST_OUT)]
    droppable += [names.index(name) for name in reversed(_FIRST_OUT) if name in names[1:]]
    while sum(least[j] + 2 for j in kept) - 2 > width and droppable:
        kept.remove(droppable.pop())
    spare = max(width - (sum(least[j] + 2 for j in kept) - 2), 0)
    widths: dict[int, int] = {}
    for j in kept:
        widths[j] = least[j] + min(natural[j] - least[j], spare)
        spare -= widths[j] - least[j]
    return widths


def _folded(cell: str, width: int) -> str:
    """A cell in lines of at most ``width`` characters, broken at spaces and hyphens where it can be."""
    return "\n".join(textwrap.wrap(cell, width, break_on_hyphens=True)) if len(cell) > width else cell


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


def _jsonable(frame: pd.DataFrame) -> pd.DataFrame:
    """Missing and infinite values as None, everything else as Python's own kinds."""
    import numpy as np

    cells: Any = frame.astype(object)
    return cells.where(frame.notna() & ~frame.isin([np.inf, -np.inf]), None)


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with an apostrophe before what a spreadsheet would take for a formula, a number with its unit aside.

    >>> import pandas as pd
    >>> without_formulas(pd.DataFrame({"model": ["=1+cmd|x", "@cf/a"], "unit": ["+10 %", "one"]})).values.tolist()
    [["'=1+cmd|x", '+10 %'], ["'@cf/a", 'one']]
    """
    texts = frame.select_dtypes(include=["object", "string", "category"]).columns

    def safe(cell: Any) -> Any:
        return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell

    return frame.assign(**{name: frame[name].astype(object).map(safe) for name in texts}).rename(columns=safe)


def render(frame: pd.DataFrame, form: str, width: int = 80) -> str:
    """The frame in one of the formats ``table, csv, csv-plain, json, md``; all but table and md keep every digit."""
    check_option("format", form, TableFormat)
    if form in ("csv", "csv-plain"):
        shown = frame if form == "csv-plain" else without_formulas(frame)
        written = shown.to_csv(index=False, lineterminator="\n")
        if "\r" in written:  # which minimal quoting lets through on older Pythons
            written = shown.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
        return written.rstrip("\n")
    if form == "json":
        rows = [{str(k): v for k, v in row.items()} for row in _jsonable(frame).to_dict("records")]
        return json.dumps(rows, ensure_ascii=False, indent=1, default=str, allow_nan=False)
    return markdown_table(frame) if form == "md" else text_table(frame, width)
