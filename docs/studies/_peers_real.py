"""Ranks and win rates that the tools give on real battles, beside AlpacaEval's published column."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

import llamastyle as ls
from docs.studies._peers import POINTS, arena_hard, arena_rank, lmarena, plain
from docs.studies._peers_planted import ALPACA
from llamastyle.data.battles import Battles

__all__ = ["moves", "real_tables", "side_by_side"]

LEADERBOARD = "leaderboard_weighted_alpaca_eval_gpt4_turbo.csv"
PUBLISHED = "AlpacaEval, published"
MOST = 10
MARKED = "marked as extrapolated"
LLMFAO = {
    "model_a": "left",
    "model_b": "right",
    "response_a": "text_left",
    "response_b": "text_right",
    "prompt_id": "prompt",
    "voter": "worker",
}


def real_tables(shared: Path | None) -> Iterator[tuple[str, pd.DataFrame, str]]:
    """Suffix, table and data of each table, where the folder of real data is there."""
    if shared is not None and (folder := shared / "alpaca_eval").is_dir():
        battles = ls.read_battles(folder / "battles.parquet")
        published = pd.read_csv(folder / LEADERBOARD, index_col=0)
        data = f"alpaca_eval, {len(battles):,} battles of {len(battles.models)} models"
        scores, far = alpaca_scores(battles, published)
        yield "alpaca-eval", side_by_side(scores, scores[PUBLISHED]), data
        shown = moves(scores)
        yield "alpaca-eval-moves", shown.assign(**{MARKED: shown["model"].isin(far).map({True: "yes", False: ""})}), data
    if shared is not None and (folder := shared / "llmfao").is_dir():
        labels = {"left": "model_a", "right": "model_b"}
        battles = ls.read_battles(folder / "crowd_votes.parquet", columns=LLMFAO, labels=labels)
        data = f"llmfao, {len(battles):,} votes of people on {len(battles.models)} models"
        scores = crowd_scores(battles)
        yield "crowd", side_by_side(scores, None), data
        yield "crowd-moves", moves(scores), data


def alpaca_scores(battles: Battles, published: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """One row a model but the baseline, one column a tool: win rates against the baseline in per cent.

    And the models whose win rate at parity llamastyle marks as extrapolated.
    """
    battles = battles.filter(battles.rated)
    at = most_met(battles)
    sides = np.concatenate([battles.model_a, battles.model_b]), np.concatenate([battles.outcome, 1 - battles.outcome])
    wins = 100 * np.bincount(sides[0], sides[1]) / np.bincount(sides[0])
    scores = {"win rate alone": wins, PUBLISHED: published["length_controlled_winrate"][list(battles.models)]}
    tools = {"AlpacaEval's length control": ALPACA, "llamastyle": {}}
    far: list[str] = []
    for tool, options in tools.items():
        parity = audited(battles, options).parity().set_index("model")
        scores[tool] = 100 * parity["parity_win_rate"][list(battles.models)].to_numpy(float)
        far = list(parity.index[parity["extrapolated"].astype(bool)])
    boards = {
        "LMArena, Arena-Hard v0.1": lmarena(battles, 0, 0),
        "arena-rank": arena_rank(battles),
        "Arena-Hard v2": arena_hard(battles, 0),
    }
    for tool, board in boards.items():
        scores[tool] = 100 * expit((board.rating - board.rating[at]) / POINTS)
    frame = pd.DataFrame({tool: np.asarray(value, float) for tool, value in scores.items()}, index=battles.models)
    return frame.drop(index=battles.models[at]), far


def crowd_scores(battles: Battles) -> pd.DataFrame:
    """One row a model, one column a tool: ratings."""
    battles = battles.filter(battles.rated)
    boards = {
        "Bradley-Terry alone": plain(battles, 0, 1),
        "LMArena, Arena-Hard v0.1": lmarena(battles, 0, 0),
        "arena-rank": arena_rank(battles),
        "Arena-Hard v2": arena_hard(battles, 0),
    }
    scores = {tool: board.rating - board.rating.mean() for tool, board in boards.items()}
    ratings = audited(battles, {"correctness": "ignore"}).ratings().set_index("model")["rating"]
    return pd.DataFrame({**scores, "llamastyle": ratings.reindex(battles.models).to_numpy(float)}, index=battles.models)


def side_by_side(scores: pd.DataFrame, published: pd.Series | None) -> pd.DataFrame:
    """Spearman's correlation of every two tools, and how far win rates are from the published column."""
    close = scores.corr(method="spearman").round(3)
    frame = close.rename_axis("tool").reset_index()
    if published is None:
        return frame
    off = scores.sub(published, axis=0)
    return frame.assign(
        **{"mean win rate": scores.mean().round(1).to_numpy()},
        **{"off the published, mean": off.abs().mean().round(2).to_numpy()},
        **{"at most": off.abs().max().round(1).to_numpy()},
    )


def moves(scores: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Ranks of the models whose rank differs most between the tools."""
    ranks = scores.rank(ascending=False, method="min")
    spread = ranks.max(axis=1) - ranks.min(axis=1)
    shown = ranks.loc[spread.sort_values(ascending=False, kind="stable").index[:most]]
    return shown.astype("Int64").rename_axis("model").reset_index()


def most_met(battles: Battles) -> int:
    """The model in every battle."""
    met = np.bincount(np.concatenate([battles.model_a, battles.model_b]), minlength=len(battles.models))
    return int(met.argmax())


def audited(battles: Battles, options: dict[str, Any]) -> ls.StyleResult:
    """A fit that forgives what small arenas lack."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ls.LlamaStyleWarning)
        return ls.audit(battles, **options)
