"""Planted worlds: is what was planted found, and is nothing found where nothing was planted?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docs.studies import Progress, write_table
from docs.studies._worlds import (
    ARENAS,
    AS_IT_IS,
    CAPPED,
    CORRECTED,
    MARGIN,
    MODELS,
    NAME,
    WORLDS,
    fit_world,
)

SUMMARY = (
    "Eight planted worlds of 2,000 arenas each, an arena being 2,000 votes between 8 models on 400 prompts, ties"
    " included. Responses to a prompt share its style and its difficulty, are judged again in its other battles,"
    " and every prompt suits some models: the lucky draws behind two votes on one prompt have a correlation of 1/4"
    " for each model they have in common, while each single vote follows the planted win probability exactly."
    " Voters make no difference here and are not named, so that errors are clustered by prompt. `read as` is how the"
    " arenas were fitted: `as it is` by default; `prompts ignored` the same without clusters; `correctness not"
    " measured` leaves the labels out; `with Firth's penalty` and `length capped there` change that one thing;"
    " `wrong labels as they are` and `wrong labels corrected` have one label in ten wrong, the second"
    " with `label_error(0.1)`. Wanted, and fixed before the first arena was drawn: the coverage of each 95 % interval"
    " between 93 and 97 %, their mean over quantities between 94 and 96 %, and every mean estimate within 3 Monte"
    " Carlo errors or 5 % of a standard error of the truth. `outside` and `off` count the quantities that miss the"
    " first and the last. The truth of a price is the planted coefficient times the arena's recorded scale, of"
    " an inflation the planted prices times the models' mean styles, of a parity change the planted win"
    " probabilities with and without the planted part of style. Where length stops mattering, prices of style have"
    " no truth and are left out. In the table of flags, a flag is false if the planted inflation is within the"
    " margin, or has the other sign; wanted where no style is planted: arenas with any at most 6.5 %. `margin 0`"
    " asks the same of a test of no inflation at all."
)


KINDS = ("price", "strength", "inflation", "parity change")
JUDGED = (AS_IT_IS, CORRECTED, CAPPED)
Z95 = 1.959963984540054
LEAST = 0.9  # where the picture ends

Floats = NDArray[np.float64]


def run(folder: Path, progress: Progress) -> None:
    """Fit every arena of every world, and write the tables and the picture."""
    parts = [quantities(name, fit_world(name, progress)) for name in WORLDS]
    found = pd.concat([part[0] for part in parts], ignore_index=True)
    flags = pd.DataFrame([row for part in parts for row in part[1]])
    data = f"{ARENAS:,} simulated arenas a world"
    for suffix, table in {"": overall(found), "-by-quantity": by_quantity(found), "-flags": flags}.items():
        write_table(folder, NAME + suffix, table, data=data, seed=1)
    picture(found).save(str(folder / f"{NAME}.svg"))


def quantities(name: str, done: list[dict[str, Any]]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """One row a reading and quantity, and one row of flags a reading."""
    rows: list[dict[str, Any]] = []
    flags: list[dict[str, Any]] = []
    for reading in WORLDS[name].readings:
        arenas = [row[reading] for row in done if "failed" not in row[reading]]
        planted, estimate, low, high = (
            np.array([row[key] for row in arenas]) for key in ("planted", "estimate", "low", "high")
        )
        who = {"world": name, "read as": reading, "arenas": len(arenas)}
        off = estimate - planted
        sd, bias, covered = off.std(axis=0, ddof=1), off.mean(axis=0), (low <= planted) & (planted <= high)
        size = np.max([3 / np.sqrt(len(arenas)), 0.05])
        for j, (kind, of) in enumerate(arenas[0]["names"]):
            rows.append(
                {**who, "quantity": kind, "of": of, "planted": planted[:, j].mean(), "mean": estimate[:, j].mean()}
                | {"bias": bias[j], "sd": sd[j], "se / sd": (high - low)[:, j].mean() / 2 / Z95 / sd[j]}
                | {"coverage": covered[:, j].mean(), "off": abs(bias[j]) > size * sd[j]}
            )
        at = [j for j, (kind, _) in enumerate(arenas[0]["names"]) if kind == "inflation"]
        flags.append({**who, **flag_row(planted[0, at], arenas)})
    return pd.DataFrame(rows), flags


def flag_row(inflation: Floats, arenas: list[dict[str, Any]]) -> dict[str, Any]:
    """How often models are flagged that should not be, and that should."""
    flag, strict = (np.array([row[key] for row in arenas]) for key in ("flag", "strict"))
    real = np.where(np.abs(inflation) > MARGIN, np.sign(inflation), 0.0)
    false, found = (flag != 0) & (flag != real), (flag != 0) & (flag == real)
    none = not inflation.any()
    return {
        "models really beyond the margin": int((real != 0).sum()),
        "of these flagged": round(float(found[:, real != 0].mean()), 4) if real.any() else np.nan,
        "arenas with a false flag": round(float(false.any(axis=1).mean()), 4),
        "false flags per model": round(float(false.mean()), 4),
        "margin 0: arenas with one": round(float((strict != 0).any(axis=1).mean()), 4) if none else np.nan,
        "margin 0: per model": round(float((strict != 0).mean()), 4) if none else np.nan,
    }


def outside(coverage: pd.Series) -> int:
    return int(((coverage < 0.93) | (coverage > 0.97)).sum())


def overall(found: pd.DataFrame) -> pd.DataFrame:
    """One row a world and reading."""
    return pd.DataFrame(
        [
            {"world": name, "read as": reading, "arenas": group["arenas"].iloc[0], "quantities": len(group)}
            | {"mean coverage": round(group["coverage"].mean(), 4), "smallest": round(group["coverage"].min(), 4)}
            | {"largest": round(group["coverage"].max(), 4), "outside": outside(group["coverage"])}
            | {"largest bias / sd": round((group["bias"] / group["sd"]).abs().max(), 3), "off": int(group["off"].sum())}
            for (name, reading), group in found.groupby(["world", "read as"], sort=False)
        ]
    )


def by_quantity(found: pd.DataFrame) -> pd.DataFrame:
    """One row a price, and one a kind of quantity that models have; Arena points, log-odds, win rate."""
    models = found["quantity"] != "price"
    of = found["of"].where(~models, f"{MODELS} models")
    rows: list[dict[str, Any]] = []
    for (name, reading, kind, who), group in found.groupby(["world", "read as", "quantity", of], sort=False):
        row: dict[str, Any] = {"world": name, "read as": reading, "quantity": kind, "of": who}
        single = len(group) == 1
        row |= {key: round(float(group[key].iloc[0]), 4) if single else np.nan for key in ("planted", "mean")}
        row |= {"mean absolute bias": round(float(group["bias"].abs().mean()), 4)}
        row |= {"largest bias / sd": round(float((group["bias"] / group["sd"]).abs().max()), 3)}
        row |= {"se / sd": round(float(group["se / sd"].mean()), 3)}
        row |= {"mean coverage": round(float(group["coverage"].mean()), 4)}
        row |= {"smallest": round(float(group["coverage"].min()), 4)}
        rows.append(row | {"largest": round(float(group["coverage"].max()), 4), "outside": outside(group["coverage"])})
    return pd.DataFrame(rows)


def picture(found: pd.DataFrame) -> Any:
    """Coverage of every quantity by world, for what is held to the bounds, with the bounds shaded.

    What covers less than 90 % stands at the left edge as a triangle.
    """
    import altair as alt

    shown = found[found["read as"].isin(JUDGED)]
    row = shown["world"] + np.where(shown["read as"] == AS_IT_IS, "", "; " + shown["read as"])
    below = np.where(shown["coverage"] < LEAST, "below 90 %", "as shown")
    shown = shown[["quantity", "of"]].assign(row=row, below=below, coverage=shown["coverage"].clip(lower=LEAST))
    scale = alt.Scale(domain=[LEAST, 1.0], zero=False, nice=False)
    axis = alt.Axis(format=".0%", values=[0.9, 0.93, 0.95, 0.97, 1.0], grid=False)
    x = alt.X("coverage:Q", scale=scale, axis=axis, title="arenas whose interval holds the truth (triangle: < 90 %)")
    names = alt.Axis(labelLimit=400, domain=False, ticks=False, labelPadding=8)
    y = alt.Y("row:N", sort=list(dict.fromkeys(row)), title=None, axis=names)
    colours = alt.Scale(domain=list(KINDS), range=["#0b57a4", "#59626c", "#cf5300", "#00795c"])
    colour = alt.Color("quantity:N", scale=colours, title=None, legend=alt.Legend(orient="top", symbolType="circle"))
    shapes = alt.Scale(domain=["as shown", "below 90 %"], range=["circle", "triangle-left"])
    shape = alt.Shape("below:N", scale=shapes, legend=None)
    band = alt.Chart(pd.DataFrame({"coverage": [0.93], "high": [0.97]})).mark_rect(color="#dde1e6")
    line = alt.Chart(pd.DataFrame({"coverage": [0.95]})).mark_rule(color="#727c87")
    dots = alt.Chart(shown).mark_point(filled=True, size=26, opacity=0.85)
    offset = alt.YOffset("quantity:N", sort=list(KINDS))
    marks = dots.encode(x=x, y=y, yOffset=offset, color=colour, shape=shape)
    layers = (band.encode(x=x, x2="high:Q"), line.encode(x=x), marks)
    title = alt.Title("Coverage of 95 % intervals, one mark a quantity", anchor="start")
    return alt.layer(*layers).properties(width=420, height=380, title=title).configure_view(stroke=None)
