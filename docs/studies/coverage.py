"""Do the intervals cover what was planted? Prices, inflation and parity change over 400 arenas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, resumable, write_table
from llamastyle.data.simulation import parity_changes
from llamastyle.regression.planted import planted_models, planted_prices

NAME = "coverage"
SUMMARY = (
    "400 arenas of 4,000 votes between 10 models on 400 prompts (so that prompts repeat ten times), all"
    " drawn from one planted truth with three prices of style and one of being right, ties included."
    " `planted` is the truth, `mean estimate` its average over the arenas, `bias / sd` their difference in"
    " standard deviations of the estimate, `se / sd` the mean standard error over that deviation, and"
    " `coverage` how many of the 95 % intervals, clustered by prompt and voter, hold the truth. The Monte Carlo"
    " standard error of one coverage is 1.1 points."
)

ARENAS = 400
SETTINGS = {
    "n_battles": 4000,
    "n_models": 10,
    "n_prompts": 400,
    "n_voters": 200,
    "style": {"words": 0.5, "bold": 0.2, "emoji": -0.15},
    "ties": 0.3,
}
WORLD_SEED = 11
Z95 = 1.959963984540054


def run(folder: Path, progress: Progress) -> None:
    """Fit every arena and write the table."""
    world = ls.simulate(**SETTINGS, seed=WORLD_SEED).world
    truth = pd.DataFrame(
        {
            "model": list(world.models),
            "inflation": world.inflation,
            "parity_change": parity_changes(world, 8_000_000),
        }
    )

    def one(seed: int) -> dict[str, Any]:
        arena = ls.simulate(**SETTINGS, world=world, seed=seed)
        result = ls.fit(arena.battles)
        frames = [planted_prices(arena, result).rename(columns={"term": "name"}).assign(quantity="price")]
        for quantity in ("inflation", "parity_change"):
            found = planted_models(truth, result, quantity).rename(columns={"model": "name"})
            frames.append(found.assign(quantity=quantity))
        return pd.concat(frames, ignore_index=True).to_dict("list")

    rows = resumable(NAME, range(1, ARENAS + 1), one, progress, settings=[SETTINGS, WORLD_SEED])
    table = coverage_table(pd.concat([pd.DataFrame(row) for row in rows], ignore_index=True))
    data = f"{ARENAS} simulated arenas"
    write_table(folder, NAME, table, data=data, seed=1)
    write_table(folder, f"{NAME}-by-kind", by_kind(table), data=data, seed=1)


def coverage_table(found: pd.DataFrame) -> pd.DataFrame:
    """One row a quantity from one row a quantity and arena."""
    rows: list[dict[str, Any]] = []
    for (quantity, name), group in found.groupby(["quantity", "name"], sort=False):
        sd = float((group["estimate"] - group["planted"]).std())
        half = (group["conf_high"] - group["conf_low"]) / 2
        bias = float((group["estimate"] - group["planted"]).mean())
        rows.append(
            {
                "quantity": quantity,
                "of": name,
                "planted": round(float(group["planted"].mean()), 4),
                "mean estimate": round(float(group["estimate"].mean()), 4),
                "bias / sd": round(bias / sd, 3),
                "se / sd": round(float(half.mean()) / Z95 / sd, 3),
                "coverage": round(float(group["covered"].mean()), 4),
            }
        )
    return pd.DataFrame(rows)


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, smallest and largest coverage of each kind of quantity, and of all."""
    groups = [*table.groupby("quantity", sort=False), ("all", table)]
    return pd.DataFrame(
        [
            {
                "quantity": name,
                "quantities": len(group),
                "mean coverage": round(float(np.mean(group["coverage"])), 4),
                "smallest": round(float(group["coverage"].min()), 4),
                "largest": round(float(group["coverage"].max()), 4),
            }
            for name, group in groups
        ]
    )
