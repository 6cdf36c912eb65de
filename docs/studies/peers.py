"""What others would report on the same battles: planted arenas, where the truth is known, and real data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from docs.studies import PARTIAL, ROOT, Progress, write_table
from docs.studies._peers_planted import BATTLES, PLANS, check_arena_rank, planted, read_arenas
from docs.studies._peers_real import real_tables

NAME = "peers"
SUMMARY = (
    "The same planted battles, and the same real ones, read by Bradley-Terry alone, LMArena's style control,"
    " arena-rank, Arena-Hard, AlpacaEval's length control, and llamastyle without and with correctness. The page on"
    " peers says what was planted and how to read the tables."
)

ARENAS = 50
SHARED = ROOT.parent / "shared" / "data"


def run(
    folder: Path,
    progress: Progress,
    *,
    arenas: int = ARENAS,
    battles: int = BATTLES,
    shared: Path | None = SHARED,
    partial: Path = PARTIAL,
) -> None:
    """Read every arena with every tool and write the tables; real data where their folder is there."""
    data = f"{arenas} simulated arenas a world"
    tables: dict[str, list[pd.DataFrame]] = {"": [], "-intervals": [], "-baseline": []}
    for name, plan in PLANS.items():
        truth = planted(plan, baseline=False)
        found = read_arenas(name, arenas, battles, progress, baseline=False, folder=partial)
        tables[""].append(pairs_table(name, found, truth))
        tables["-intervals"].append(intervals_table(name, found, truth))
    for name, plan in PLANS.items():
        found = read_arenas(name, arenas, battles, progress, baseline=True, folder=partial)
        tables["-baseline"].append(baseline_table(name, found, planted(plan, baseline=True)))
    for suffix, parts in tables.items():
        write_table(folder, NAME + suffix, pd.concat(parts, ignore_index=True), data=data, seed=1)
    if (check := check_arena_rank(battles)) is not None:
        write_table(folder, f"{NAME}-check", check, data="the first simulated arena of each world", seed=1)
    for suffix, frame, what in real_tables(shared):
        write_table(folder, f"{NAME}-{suffix}", frame, data=what, seed=0)


# -- telling ---------------------------------------------------------------------------------------


def pairs_table(name: str, found: pd.DataFrame, truth: dict[str, float]) -> pd.DataFrame:
    """The planted gap, under the world's name, then a row a tool: means over the arenas, Monte Carlo errors."""
    rows: list[dict[str, Any]] = [
        {"tool": heading(name), **{key: tenth(value) for key, value in truth.items()}}
        | {"style / gap": round(truth["style"] / truth["gap"], 2)}
    ]
    for tool, arenas in found.groupby("tool", sort=False):
        style = arenas["style"].astype(float)
        rows.append(
            {"tool": tool, "gap": tenth(arenas["gap"].mean())}
            | {"style": tenth(style.mean()), "± ": tenth(style.sem())}
            | {"style / gap": round(float(style.mean() / arenas["gap"].mean()), 2)}
            | {"correctness": tenth(arenas["correctness"].astype(float).mean())}
            | {"left": tenth(arenas["left"].mean()), "±": tenth(arenas["left"].sem())}
            | {"length's price": round(float(arenas["price"].astype(float).mean()), 3)}
        )
    columns = ["tool", "gap", "style", "± ", "style / gap", "correctness", "left", "±", "length's price"]
    return pd.DataFrame(rows)[columns]


def intervals_table(name: str, found: pd.DataFrame, truth: dict[str, float]) -> pd.DataFrame:
    """How often each tool's intervals hold what they should: what is left, and the part of style."""
    rows: list[dict[str, Any]] = [{"tool": heading(name), "style should be": tenth(truth["style"])}]
    for tool, arenas in found.groupby("tool", sort=False):
        wanted = truth["left"] + (0.0 if arenas["correctness"].notna().all() else truth["correctness"])
        wanted += 0.0 if arenas["style"].notna().all() else truth["style"]
        rows.append(
            {"tool": tool, "left should be": tenth(wanted), "nominal": share(arenas["level"])}
            | {"left covers": share(inside(arenas["low"], arenas["high"], wanted))}
            | {"style covers": share(inside(arenas["style low"], arenas["style high"], truth["style"]))}
        )
    return pd.DataFrame(rows)[["tool", "left should be", "style should be", "nominal", "left covers", "style covers"]]


def baseline_table(name: str, found: pd.DataFrame, truth: dict[str, float]) -> pd.DataFrame:
    """The same where a baseline is in every battle."""
    rows: list[dict[str, Any]] = [{"tool": heading(name), **{key: tenth(value) for key, value in truth.items()}}]
    for tool, arenas in found.groupby("tool", sort=False):
        held = inside(arenas["low"], arenas["high"], truth["left"])
        rows.append(
            {"tool": tool, "gap": tenth(arenas["gap"].mean()), "left": tenth(arenas["left"].mean())}
            | {"±": tenth(arenas["left"].sem()), "sd": tenth(arenas["left"].std()), "covers": share(held)}
            | {"nominal": share(arenas["level"].where(held.notna()))}
        )
    return pd.DataFrame(rows)[["tool", "gap", "left", "±", "sd", "covers", "nominal"]]


def heading(name: str) -> str:
    """Of the planted row."""
    return f"*Planted: {name}*"


def inside(low: pd.Series, high: pd.Series, value: float) -> pd.Series:
    """Whether intervals hold a value; missing where there are none."""
    return ((low <= value) & (value <= high)).astype(float).where(low.notna() & high.notna())


def share(values: pd.Series) -> float:
    return round(float(values.astype(float).mean()), 3)


def tenth(value: float) -> float:
    return round(float(value), 1) + 0.0
