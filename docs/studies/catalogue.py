"""How each built-in feature is distributed in real answers, and the page of the catalogue that shows it."""

from __future__ import annotations

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import llamastyle as ls
from docs.studies import TABLES, Progress, commit, shared_data
from llamastyle.features.feature import METADATA

NAME = "catalogue"
SUMMARY = (
    "How often each built-in feature is not zero in the answers of AlpacaEval, its median and 95th percentile, and"
    " the shape of the rest, for the small pictures of the catalogue."
)

BARS, FEW = 24, 10
MIDDLE = (0.005, 0.995)
WIDTH, HEIGHT, ROOM = 240, 40, 16
"""Pixels of a picture, and of the line of figures under it."""

Numbers = NDArray[np.float64]


def run(folder: Path, progress: Progress) -> None:
    """Measure every answer and write what the pictures are drawn of."""
    progress(0, 1)
    answers = pd.read_parquet(shared_data("alpaca_eval") / "outputs.parquet", columns=["model_dir", "output"])
    measured = [*ls.ALL, *(f for f in ls.ARENA if f.how != METADATA)]
    table = ls.extract(answers["output"], ls.FeatureSet(measured), progress=False)
    data = f"alpaca_eval, {len(answers):,} answers of {answers['model_dir'].nunique()} models"
    facts = {"commit": commit(), "data": data, "date": date.today().isoformat()}
    found = {feature.name: spread(table.column(feature.name)) for feature in measured}
    write(folder / f"{NAME}.json", facts, found)
    progress(1, 1)


def spread(values: Numbers) -> dict[str, Any]:
    """Share that is not zero, median and 95th percentile of all, and bars of the middle 99 % of the rest.

    A bar of whole numbers stands for one of them or several. ``heights`` are counts, ``ends`` the least and most
    that is drawn.
    """
    rest = values[values != 0]
    found: dict[str, Any] = {
        "not_zero": round(100 * len(rest) / len(values), 2),
        "median": three(float(np.median(values))),
        "p95": three(float(np.quantile(values, 0.95))),
    }
    if not len(rest):
        return found
    low, high = (float(q) for q in np.quantile(rest, MIDDLE, method="nearest"))
    rest = rest[(rest >= low) & (rest <= high)]
    edges = np.linspace(low, high, BARS + 1)
    if (rest % 1 == 0).all():
        step = int(np.ceil((high - low + 1) / BARS))
        edges = np.arange(low - 0.5, high + step, step)
    heights = np.histogram(rest, edges)[0]
    return found | {"ends": [three(low), three(high)], "heights": heights.tolist()}


def three(value: float) -> float:
    """Three digits; whole numbers whole."""
    return value if value % 1 == 0 else float(f"{value:.3g}")


def write(path: Path, facts: dict[str, str], found: dict[str, dict[str, Any]]) -> None:
    """A line a feature; whole or not at all."""
    lines = [f"{json.dumps(name)}: {json.dumps(one)}" for name, one in found.items()]
    text = f'{{"facts": {json.dumps(facts)},\n"features": {{\n' + ",\n".join(lines) + "\n}}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text, "utf-8")
    os.replace(unfinished, path)


# -- the page -----------------------------------------------------------------------------------------------


def catalogue_page(folder: Path = TABLES) -> str:
    """Every built-in feature by group: what it is, what it cannot see, what proves it, how it is distributed."""
    kept = json.loads((folder / f"{NAME}.json").read_text("utf-8"))
    facts, found = kept["facts"], kept["features"]
    table = ls.list_features()
    groups = table.groupby("group", sort=False)
    lines = [f"Distributions: {facts['data']}; commit {facts['commit']}, {facts['date']}.", ""]
    for group, features in groups:
        links = ", ".join(f"[`{name}`](#feature-{name})" for name in features["name"])
        lines += [f"- **{group}**: {links}"]
    for group, features in groups:
        lines += ["", f"## Group {group}"]
        for row in features.to_dict("records"):
            lines += ["", *entry(row, found.get(row["name"]))]
    return "\n".join([*lines, ""])


def entry(row: dict[str, Any], found: dict[str, Any] | None) -> list[str]:
    """One feature."""
    name, source = row["name"], row["source"]
    said = {
        "Definition": plain(row["definition"]),
        "Unit": plain(row["unit"]),
        "Cannot see": plain(row["cannot_see"]),
        "In real answers": in_words(found),
        "Proved by": plain(row["oracle"]),
        "Source": f"<{source}>" if source.startswith("https://") else plain(source),
    }
    drawn = [picture(name, found), ""] if found and "heights" in found else []
    return [
        f"(feature-{name})=",
        "",
        f"### `{name}`",
        "",
        *drawn,
        *(f"- *{what}:* {text}" for what, text in said.items() if text),
    ]


def plain(text: str) -> str:
    """A text as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()<>#$|~!+-])", r"\\\1", text)


def in_words(found: dict[str, Any] | None) -> str:
    """The figures of a distribution."""
    if found is None:
        return "these have no such figures"
    median, high = figure(found["median"]), figure(found["p95"])
    return f"not zero in {figure(found['not_zero'])} %, median {median}, 95th percentile {high}"


def figure(value: float) -> str:
    return f"{value:,.10g}"


def picture(name: str, found: dict[str, Any]) -> str:
    """Bars as inline SVG in the colours of the page, for light and dark."""
    heights = found["heights"]
    across = WIDTH / max(len(heights), FEW)
    bars = "".join(
        f"M{i * across:.1f} {HEIGHT}v-{max(height / max(heights) * (HEIGHT - 2), 0.6):.1f}h{max(across - 1, 1):.1f}V{HEIGHT}z"
        for i, height in enumerate(heights)
        if height
    )
    low, high = map(figure, found["ends"])
    end = round(across * len(heights))
    text = f'fill="var(--pst-color-text-muted)" font-size="12" y="{HEIGHT + ROOM - 3}"'
    right = f'<text {text} x="{end}" text-anchor="end">{high}</text>' if high != low else ""
    return (
        f'<div><svg viewBox="0 0 {WIDTH} {HEIGHT + ROOM}" width="{WIDTH}" height="{HEIGHT + ROOM}" role="img"'
        f' aria-label="Distribution of {name} where it is not zero, from {low} to {high}">'
        f'<path fill="var(--pst-color-primary)" d="{bars}"/>'
        f'<path stroke="var(--pst-color-border)" d="M0 {HEIGHT + 0.5}H{end}"/><text {text}>{low}</text>{right}</svg></div>'
    )
