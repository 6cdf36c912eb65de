"""Do the intervals of win-rate accounts, gaps and their shares cover what was planted, over 400 arenas?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, resumable, write_table
from docs.studies.coverage import ARENAS, SETTINGS, WORLD_SEED, by_kind, coverage_table
from llamastyle.regression.links import mean_slope

NAME = "accounts"
SUMMARY = (
    "The 400 arenas of the study of coverage again, now for win rates shared out between strength, style and"
    " correctness, for the gap between two models on both scales, and for shares of a total. Shares are those"
    " of models and pairs whose total is far from zero; `shown` is in how many arenas the interval of the"
    " total left zero out, so that the share was given, and `coverage` is over those."
)

POINTS = 400 / np.log(10)
DRAWS = 40  # of 200,000 battles, for the truth of the accounts
BLOCKS = ("strength", "style", "correctness")


def run(folder: Path, progress: Progress) -> None:
    """Fit every arena and write the table."""
    world = ls.simulate(**SETTINGS, seed=WORLD_SEED).world
    ratings, rates = true_ratings(world), true_accounts(world)
    pairs = far_pairs(ratings["total"])
    clear = [i for i in range(len(world.models)) if abs(rates["total"][i]) > 0.07]

    def one(seed: int) -> dict[str, Any]:
        result = ls.fit(ls.simulate(**SETTINGS, world=world, seed=seed).battles)
        return found_parts(result, world.models, ratings, rates, pairs, clear).to_dict("list")

    rows = resumable(NAME, range(1, ARENAS + 1), one, progress, settings=[SETTINGS, WORLD_SEED, DRAWS])
    found = pd.concat([pd.DataFrame(row) for row in rows], ignore_index=True)
    shown = found.dropna(subset=["estimate"])
    table = coverage_table(shown)
    counts = shown.groupby(["quantity", "name"]).size()
    given = [counts[q, n] / ARENAS for q, n in zip(table["quantity"], table["of"], strict=True)]
    data = f"{ARENAS} simulated arenas"
    write_table(folder, NAME, table.assign(shown=np.round(given, 4)), data=data, seed=1)
    write_table(folder, f"{NAME}-by-kind", by_kind(table), data=data, seed=1)


def far_pairs(total: np.ndarray) -> list[tuple[int, int]]:
    """The best against the worst, the second against the last but one, the third likewise."""
    order = np.argsort(-total)
    return [(int(order[i]), int(order[-1 - i])) for i in range(3)]


def true_ratings(world: Any) -> dict[str, np.ndarray]:
    """Parts of each model's raw rating in Arena points, against the unweighted field."""
    hard = np.polynomial.hermite_e.hermegauss(60)
    right = (1 / (1 + np.exp(-(world.right[:, None] - hard[0]))) * hard[1]).sum(axis=1) / hard[1].sum()
    parts = {
        "strength": POINTS * world.strength,
        "style": world.inflation,
        "correctness": POINTS * world.price_right * (right - right.mean()),
    }
    return {**parts, "total": sum(parts.values())}


def true_accounts(world: Any) -> dict[str, np.ndarray]:
    """Parts of each model's expected win rate minus one half, averaged over fresh battles."""
    m = len(world.models)
    sums, weight = {block: np.zeros(m) for block in BLOCKS}, np.zeros(m)
    settings = {k: v for k, v in SETTINGS.items() if k in ("n_models", "style", "ties")}
    for seed in range(DRAWS):
        arena = ls.simulate(200_000, n_prompts=200_000, world=world, seed=10_000 + seed, **settings)
        battles = arena.battles
        u, v = battles.measured.sides()
        a, b = battles.model_a, battles.model_b
        part = {
            "strength": world.strength[a] - world.strength[b],
            "style": (np.log1p(u) - np.log1p(v)) @ world.price,
            "correctness": world.price_right * (battles.correct_a - battles.correct_b),
        }
        h = mean_slope(sum(part.values()))[0]
        for block, value in part.items():
            sums[block] += np.bincount(a, h * value, m) - np.bincount(b, h * value, m)
        weight += np.bincount(a, minlength=m) + np.bincount(b, minlength=m)
    parts = {block: value / weight for block, value in sums.items()}
    return {**parts, "total": sum(parts.values())}


def found_parts(
    result: ls.StyleResult,
    models: tuple[str, ...],
    ratings: dict[str, np.ndarray],
    rates: dict[str, np.ndarray],
    pairs: list[tuple[int, int]],
    clear: list[int],
) -> pd.DataFrame:
    """One row a quantity: planted, found, covered; NaN where a share was withheld."""
    rows: list[dict[str, Any]] = []

    def add(quantity: str, name: str, planted: float, row: Any, columns: str) -> None:
        estimate, low, high = row[columns.split()].astype(float)
        rows.append(
            {"quantity": quantity, "name": name, "planted": planted, "estimate": estimate, "conf_low": low}
            | {"conf_high": high, "covered": bool(low <= planted <= high)}
        )

    value, share = "estimate conf_low conf_high", "share share_low share_high"
    accounts = result.decompose(scale="win_rate").query("group == ''").set_index(["model", "block"])
    for i, model in enumerate(models):
        for block in (*BLOCKS, "total"):
            row = accounts.loc[(model, block)]
            add(f"win rate: {block}", model, rates[block][i], row, value)
            if i in clear and block != "total":
                add(f"share of win rate: {block}", model, rates[block][i] / rates["total"][i], row, share)
    for i, j in pairs:
        gap = result.compare(models[i], models[j]).query("group == ''").set_index("block")
        account = result.compare(models[i], models[j], scale="win_rate").query("group == ''").set_index("block")
        name = f"{models[i]} - {models[j]}"
        whole = ratings["total"][i] - ratings["total"][j]
        for block in (*BLOCKS, "total"):
            apart = ratings[block][i] - ratings[block][j]
            add(f"rating gap: {block}", name, apart, gap.loc[block], value)
            if block != "total":
                add(f"share of rating gap: {block}", name, apart / whole, gap.loc[block], share)
        style = rates["style"][i] - rates["style"][j]
        add("win-rate gap: style", name, style, account.loc["style"], value)
        all_of_it = rates["total"][i] - rates["total"][j]
        add("share of win-rate gap: style", name, style / all_of_it, account.loc["style"], share)
    return pd.DataFrame(rows)
