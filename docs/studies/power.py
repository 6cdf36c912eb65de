"""Is an inflation found as often as planned?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, resumable, write_table
from llamastyle.data.worlds import POINTS, World
from llamastyle.regression.power import battles_for, read_reach, target_error

NAME = "power"
SUMMARY = (
    "Each row plans from 40 pilot arenas of 2,000 votes how many battles find a model's inflation beyond a"
    " margin of 20 Arena points with a chance of 80 %, makes 200 arenas of the median number, and counts in how"
    " many the test of that model rejects on the right side (`found`; the Monte Carlo error is 2.8 points) and"
    " in how many it gets the verdict (`verdict`, by q-values over all ten models). `now` is the model's"
    " true inflation in the pilots, `asked` that which is to be found: where it is another, the arenas are those"
    " of a model that writes longer. `by today's error` is the number of battles, and what it finds, when the"
    " standard error of the pilots is taken as it is, which forgets that the error grows with the inflation."
)

PILOT, PILOTS, ARENAS = 2000, 40, 200
STYLE = {"words": 0.5, "bold": 0.2, "emoji": -0.15}
WORLD_SEED = 12
"""A world that the formula was not looked at with; it was settled on that of seed 11."""
MARGIN = 20.0
ROWS = (("model-03", None), ("model-04", None), ("model-10", None), ("model-02", 40.0), ("model-09", 40.0))


def run(folder: Path, progress: Progress) -> None:
    """Plan, simulate, count."""
    world = ls.simulate(PILOT, 10, style=STYLE, seed=WORLD_SEED).world
    plans = pd.DataFrame(
        resumable(f"{NAME}-pilots", range(PILOTS), lambda seed: plan(world, seed), progress, settings=ROWS)
    )
    rows = []
    for model, asked in ROWS:
        which = world.models.index(model)
        true = float(world.inflation[which]) if asked is None else asked
        there = world if asked is None else moved(world, which, asked)
        rows.append({"model": model, "now": round(float(world.inflation[which]), 1), "asked": round(true, 1)})
        for column, words in ((model, ""), (f"{model} today", " by today's error")):
            size = int(np.median(plans[column]))
            if words and asked is None:
                continue

            def one(seed: int, there: World = there, size: int = size, model: str = model) -> dict[str, bool]:
                return found(there, size, model, 1000 + seed)

            name = f"{NAME}-{model}{'-today' if words else ''}"
            seen = pd.DataFrame(resumable(name, range(ARENAS), one, progress, settings=[asked, size]))
            rows[-1] |= {f"battles{words}": size, f"found{words}": seen["found"].mean()}
            if not words:
                rows[-1]["verdict"] = seen["verdict"].mean()
    write_table(folder, NAME, pd.DataFrame(rows), data=f"{ARENAS} simulated arenas a row", seed=WORLD_SEED)


def arena(world: World, size: int, seed: int) -> ls.StyleResult:
    """The fit of an arena with ten battles a prompt."""
    return ls.fit(ls.simulate(size, world=world, n_prompts=size // 10, seed=seed).battles)


def plan(world: World, seed: int) -> dict[str, float]:
    """Arena sizes that one pilot asks for, by model; and by today's error."""
    result = arena(world, PILOT, seed)
    reach = read_reach(result, MARGIN, "field")
    sizes: dict[str, float] = {}
    for model, asked in ROWS:
        i = world.models.index(model)
        true = float(world.inflation[i]) if asked is None else asked
        planned = battles_for(result, true, margin=MARGIN).set_index("model")
        sizes[model] = float(planned.loc[model, "arena_needed"])
        target = target_error(true, MARGIN, 0.05, 0.8)
        sizes[f"{model} today"] = float(np.ceil(PILOT * (reach.std_error[reach.models.index(model)] / target) ** 2))
    return sizes


def found(world: World, size: int, model: str, seed: int) -> dict[str, bool]:
    """Whether one arena's test of the model rejects on the right side, and whether its verdict says so."""
    row: Any = arena(world, size, seed).audit(margin=MARGIN).set_index("model").loc[model]
    up = world.inflation[world.models.index(model)] > 0
    right = (row["inflation"] > 0) == up
    verdict = "inflated" if up else "deflated"
    return {"found": bool(right and row["p_value"] <= 0.05), "verdict": row["verdict"] == verdict}


def moved(world: World, which: int, inflation: float) -> World:
    """The world in which a model's words give it this inflation."""
    for _ in range(200):
        gap = inflation - float(world.inflation[which])
        style = world.style.copy()
        style[which, 0] += gap / (POINTS * world.price[0])
        world = replace(world, style=style)
    return world
