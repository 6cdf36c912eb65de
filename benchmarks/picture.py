"""The tables of ``fit`` and ``extraction`` as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["run", "table_of"]

SLOWER, FASTER, INK = "#0072b2", "#d55e00", "#333333"
ROW, WIDTH, NAMES = 24, 330, 330


def run(folder: Path) -> Path:
    """Write ``beside.svg`` from the tables that are in the folder."""
    import altair as alt

    fits, texts = table_of(folder / "fit.md"), table_of(folder / "extraction.md")
    parts = [
        panel(named(fits, fits["beside"], "times our fit"), "Fit, with intervals"),
        panel(named(texts, texts["beside"] + ", for " + texts["what"], "speed"), "Measuring texts"),
    ]
    target = folder / "beside.svg"
    title = alt.TitleParams(
        "How many times longer others take than llamastyle, on the same data",
        subtitle="Median, least and greatest of alternating pairs of runs; log scale; left of 1, the other is faster.",
        anchor="start",
    )
    alt.vconcat(*parts).properties(title=title).configure_view(stroke=None).save(str(target))
    return target


def panel(rows: pd.DataFrame, title: str) -> Any:
    """A dot a row, with the range of its pairs."""
    import altair as alt

    scale, axis = alt.Scale(type="log", domain=[0.2, 250]), alt.Axis(values=[0.5, 1, 2, 5, 10, 50, 100])
    x = alt.X("ratio:Q", title=None, scale=scale, axis=axis)
    y = alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=NAMES, domain=False, ticks=False))
    tone = alt.condition("datum.ratio >= 1", alt.value(SLOWER), alt.value(FASTER))
    base = alt.Chart(rows).encode(y=y)
    layers = [
        alt.Chart(pd.DataFrame({"ratio": [1.0]})).mark_rule(color=INK, strokeDash=[3, 3]).encode(x=x),
        base.mark_rule(color=INK).encode(x=alt.X("low:Q", title=None), x2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(x=x, color=tone),
        base.mark_text(align="left", dx=8, dy=-8, color=INK).encode(x=x, text="said:N"),
    ]
    head = alt.TitleParams(title, anchor="start", frame="group")
    return alt.layer(*layers).properties(title=head, width=WIDTH, height=ROW * len(rows))


def named(table: pd.DataFrame, names: Any, ratio: str) -> pd.DataFrame:
    """Name, ratio and its range of the rows that were measured; "the same, ..." by the name it stands for."""
    full: list[str] = []
    first = ""
    for name in names:
        same = name.startswith("the same, ")
        full.append(f"{first}, {name.removeprefix('the same, ')}" if same else name)
        first = first if same else name
    ends = {"low": table["min"], "high": table["max"], "note": table["note"]}
    frame = pd.DataFrame({"name": full, "said": table[ratio], **ends})
    frame = frame[(frame["said"] != "") & ~frame["note"].str.startswith("seconds")]
    numbers = frame[["said", "low", "high"]].astype(float)
    return frame.assign(ratio=numbers["said"], low=numbers["low"], high=numbers["high"])


def table_of(path: Path) -> pd.DataFrame:
    """The table of a result, cells as they stand."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return pd.DataFrame(cells[2:], columns=cells[0])
