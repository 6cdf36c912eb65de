"""Planted arenas of the study `peers`: what is planted, drawn, and read by each tool."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

import llamastyle as ls
from docs.studies import PARTIAL, Progress, resumable
from docs.studies._peers import POINTS, Z95, Board, arena_hard, arena_rank, arena_rank_package, lmarena, plain
from llamastyle.data.battles import Battles
from llamastyle.data.simulation import World
from llamastyle.data.worlds import VERSIONS, written

MODELS, PROMPTS, BASELINE_PROMPTS = 12, 1000, 400
WORLD_SEED, RIGHT, LEAN = 11, 1.5, 1.5
USUAL_WORDS, SPREAD_WORDS = 5.0, 0.45  # mean and standard deviation within a model of log(1 + words)
BASELINE, OFTEN = MODELS - 1, 0.5
DIALS = ("words", "headers", "list_items", "bold", "emoji", "sycophancy")
FOUR = {"words": 0.5, "headers": 0.1, "list_items": 0.15, "bold": 0.15}
DRAWS = 400_000
BATTLES = 4000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted.

    Attributes
    ----------
    style : mapping of dial to price
        Log-odds per unit of log-ratio.
    leaning : float
        Log-odds of being right per standard deviation of a response's length.
    """

    style: Mapping[str, float]
    leaning: float = 0.0


PLANS = {
    "style, and being right apart from it": Plan(FOUR),
    "style beyond the four counts": Plan({**FOUR, "emoji": 0.1, "sycophancy": 0.2}),
    "style, and being right goes with length": Plan(FOUR, LEAN),
    "only being right counts, and goes with length": Plan({}, LEAN),
}
OURS = {
    "llamastyle, no correctness": {"correctness": "ignore"},
    "llamastyle": {},
    "llamastyle, Arena's four, no correctness": {"correctness": "ignore", "features": ls.ARENA_WORDS},
    "llamastyle, Arena's four": {"features": ls.ARENA_WORDS},
}
ALPACA = {"features": ["chars"], "contrast": "tanh", "prompt_effects": True, "correctness": "ignore"}


def read_arenas(
    name: str, arenas: int, battles: int, progress: Progress, *, baseline: bool, folder: Path = PARTIAL
) -> pd.DataFrame:
    """One row a tool and arena of one world, kept as it comes."""
    plan, place = PLANS[name], list(PLANS).index(name)
    read = read_baseline if baseline else read_pairs

    def one(seed: int) -> list[dict[str, Any]]:
        return read(plan, 1000 * place + seed, battles)

    key = f"peers-{'baseline' if baseline else 'pairs'}-{place}"
    settings = [repr(plan), battles, MODELS, PROMPTS, BASELINE_PROMPTS, WORLD_SEED, RIGHT, OFTEN]
    rows = resumable(key, range(1, arenas + 1), one, progress, settings=settings, folder=folder)
    return pd.DataFrame([row for arena in rows for row in arena])


# -- drawing ---------------------------------------------------------------------------------------


def planted_world(plan: Plan, *, baseline: bool) -> World:
    """Twelve models, of which the first two are versions of one; the last is in most battles of a baseline."""
    world = ls.simulate(
        50, MODELS, texts=True, versions="style", style=plan.style, correctness=RIGHT, seed=WORLD_SEED
    ).world
    if not baseline:
        return world
    popularity = np.full(MODELS, (1 - OFTEN) / (MODELS - 1))
    popularity[BASELINE] = OFTEN
    return replace(world, popularity=popularity)


def draw(plan: Plan, seed: int, n: int, *, baseline: bool = False) -> Battles:
    """Texts of `simulate`; who is right, which here is a label alone, and the votes are drawn anew."""
    world = planted_world(plan, baseline=baseline)
    prompts = BASELINE_PROMPTS if baseline else PROMPTS
    battles = ls.simulate(n, MODELS, texts=True, world=world, n_prompts=prompts, seed=seed).battles
    rng = np.random.default_rng([WORLD_SEED, seed])
    value = np.log1p(ls.extract(battles, list(DIALS)).values)
    responses = battles.responses
    lean = plan.leaning * (value[:, 0] - USUAL_WORDS) / SPREAD_WORDS
    hard = rng.normal(size=prompts)[np.asarray(responses.prompt_id, int)]
    right = (rng.random(hard.size) < expit(world.right[responses.model] - hard + lean)).astype(float)
    level = value @ world.price + RIGHT * right + world.strength[responses.model]
    p, luck = expit(level[battles.row_a] - level[battles.row_b]), rng.random(len(battles))
    tie = world.ties * np.minimum(p, 1 - p)
    outcome = np.where(luck < p - tie, 1.0, np.where(luck < p + tie, 0.5, 0.0))
    a, b = right[battles.row_a], right[battles.row_b]
    bad = (outcome == 0.5) & (a == 0) & (b == 0)
    made = replace(battles, outcome=outcome, both_bad=bad, correct_a=a, correct_b=b)
    return made.filter((made.model_a == BASELINE) | (made.model_b == BASELINE)) if baseline else made


def planted(plan: Plan, *, baseline: bool) -> dict[str, float]:
    """The truth of the two versions' gap: Arena points, or win-rate points against the baseline."""
    world, rng = planted_world(plan, baseline=baseline), np.random.default_rng(WORLD_SEED)
    shift, hard, n = rng.normal(size=(DRAWS, len(DIALS))), rng.normal(size=DRAWS), len(DIALS)

    def drawn(model: int) -> tuple[Floats, Floats]:
        noise = (shift + rng.normal(size=(DRAWS, n))) / np.sqrt(2)
        value = np.log1p(written(world.style[model] + world.spread * noise))
        lean = plan.leaning * (value[:, 0] - USUAL_WORDS) / SPREAD_WORDS
        return value @ world.price, expit(world.right[model] - hard + lean)

    (style, right), (style_0, right_0), (style_b, right_b) = (drawn(model) for model in (0, 1, BASELINE))
    if not baseline:
        parts = POINTS * (style.mean() - style_0.mean()), POINTS * RIGHT * (right.mean() - right_0.mean())
        return {"style": parts[0], "correctness": parts[1], "left": 0.0, "gap": sum(parts)}
    lucky = rng.random((3, DRAWS))
    right, right_0, right_b = (np.asarray(luck < rate) for luck, rate in zip(lucky, (right, right_0, right_b), strict=True))
    apart = world.strength[0] - world.strength[BASELINE]

    def rate(*, parity: bool) -> float:
        sides = ((style, right), (style_0, right_0))
        first, second = (
            expit(apart + RIGHT * (r.astype(float) - right_b) + (0 if parity else s - style_b)).mean()
            for s, r in sides
        )
        return 100 * float(first - second)

    return {"gap": rate(parity=False), "left": rate(parity=True)}


# -- reading ---------------------------------------------------------------------------------------


def read_pairs(plan: Plan, seed: int, n: int) -> list[dict[str, Any]]:
    """What every tool says of the gap between the two versions, Arena points."""
    battles = draw(plan, seed, n)
    raw = plain(battles, seed)
    boards = {
        "Bradley-Terry alone": raw,
        "LMArena, Arena-Hard v0.1": lmarena(battles, seed),
        "arena-rank": arena_rank(battles),
        "Arena-Hard v2": arena_hard(battles, seed),
    }
    rows = []
    for tool, board in boards.items():
        left, low, high = board.gap(*VERSIONS)
        gap = raw.gap(*VERSIONS)[0]
        price = None if board.price is None else float(board.price[0])
        style = None if board is raw else gap - left
        rows.append(row(tool, gap, left, low, high, board.level, style=style, price=price))
    for tool, options in OURS.items():
        result = quietly(battles, options)
        part = result.compare(*VERSIONS).query("group == ''").set_index("block")
        left, low, high = part.loc["strength", ["estimate", "conf_low", "conf_high"]].astype(float)
        style, s_low, s_high = part.loc["style", ["estimate", "conf_low", "conf_high"]].astype(float)
        price = result.tidy().set_index("term")["estimate"]["words"]
        rows.append(row(tool, part.loc["total", "estimate"], left, low, high, 0.95, style=style, price=float(price)))
        rows[-1] |= {"style low": s_low, "style high": s_high}
        if "correctness" in part.index:
            rows[-1]["correctness"] = float(part.loc["correctness", "estimate"])
    return rows


def read_baseline(plan: Plan, seed: int, n: int) -> list[dict[str, Any]]:
    """What every tool says of the two versions' win rates against the baseline, percentage points."""
    battles = draw(plan, seed, n, baseline=True)
    baseline = battles.models[BASELINE]
    side = np.where(battles.model_b == BASELINE, 1, -1)
    model, wins = np.where(side == 1, battles.model_a, battles.model_b), 0.5 + side * (battles.outcome - 0.5)
    one, other = (100 * wins[model == battles.models.index(name)] for name in VERSIONS)
    half = Z95 * float(np.sqrt(one.var(ddof=1) / one.size + other.var(ddof=1) / other.size))
    gap = float(one.mean() - other.mean())
    rows = [row("win rate alone", gap, gap, gap - half, gap + half, 0.95)]
    boards = {
        "LMArena, Arena-Hard v0.1": lmarena(battles, seed),
        "arena-rank": arena_rank(battles),
        "Arena-Hard v2": arena_hard(battles, seed),
    }
    for tool, board in boards.items():
        rows.append(row(tool, gap, *against(board, baseline), board.level))
    tools = {"AlpacaEval's length control": ALPACA, **dict(list(OURS.items())[:2])}
    for tool, options in tools.items():
        parity = quietly(battles, options).parity().set_index("model").loc[list(VERSIONS)]
        left = 100 * float(parity["parity_win_rate"].iloc[0] - parity["parity_win_rate"].iloc[1])
        rows.append(row(tool, gap, left, np.nan, np.nan, 0.95))
    return rows


def against(board: Board, baseline: str) -> tuple[float, float, float]:
    """Difference of the two versions' win rates against the baseline with its interval where draws give one."""
    i, j, b = (board.models.index(name) for name in (*VERSIONS, baseline))

    def apart(ratings: Floats) -> Floats:
        rates = expit((ratings[..., [i, j]] - ratings[..., [b]]) / POINTS)
        return 100 * (rates[..., 0] - rates[..., 1])

    if board.draws is None:
        return float(apart(board.rating)), np.nan, np.nan
    tail = (1 - board.level) / 2
    low, high = np.quantile(apart(board.draws), [tail, 1 - tail])
    return float(apart(board.rating)), float(low), float(high)


def quietly(battles: Battles, options: Mapping[str, Any]) -> ls.StyleResult:
    """A fit; features that these texts never have are dropped with a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ls.LlamaStyleWarning)
        return ls.fit(battles, **options)


def row(
    tool: str, gap: float, left: float, low: float, high: float, level: float, **more: float | None
) -> dict[str, Any]:
    """What one tool says in one arena."""
    return {"tool": tool, "gap": float(gap), "left": left, "low": low, "high": high, "level": level} | {
        key: None if value is None else float(value) for key, value in more.items()
    }


def check_arena_rank(n: int) -> pd.DataFrame | None:
    """How far arena-rank's formula, as computed here, is from the package; None where that is not installed."""
    rows = []
    for place, (name, plan) in enumerate(PLANS.items()):
        battles = draw(plan, 1000 * place + 1, n)
        theirs = arena_rank_package(battles)
        if theirs is None:
            return None
        ours = arena_rank(battles)
        off = (ours.rating - ours.rating.mean()) - (theirs.rating - theirs.rating.mean())
        assert ours.variance is not None
        assert theirs.variance is not None
        assert ours.price is not None
        errors = np.sqrt(ours.variance / theirs.variance)
        rows.append(
            {"world": name, "ratings, points": round(float(np.abs(off).max()), 3)}
            | {"prices, log-odds": round(float(np.abs(ours.price - theirs.price).max()), 6)}
            | {"errors, ratio least": round(float(errors.min()), 4), "greatest": round(float(errors.max()), 4)}
        )
    return pd.DataFrame(rows)
