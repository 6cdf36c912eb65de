"""MT-Bench: what FastChat's judges write on pairs and on single answers, and its files of answers.

Checked on a run of the tool: its files of answers, pairs and single scores.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.notes import noted
from llamastyle.data.readers.formats import AGAIN, Draft, canonical, renamed
from llamastyle.data.readers.table import (
    EXACT,
    Table,
    key,
    keys,
    numbers,
    objects,
    python_column,
    repeated,
    unfolded,
)

NAME = "mt_bench"
TURNED = {"model_1": "model_b", "model_2": "model_a"}
STRAIGHT = {"model_1": "model_a", "model_2": "model_b"}
ERROR = "error"
"""What the tool writes where it found no verdict in what the judge said."""
FAILED = -1.0
"""The score that it writes there."""


def sniff(names: frozenset[str]) -> bool:
    """Whether both models and the winners of both games are there."""
    return {"model_1", "model_2", "g1_winner", "g2_winner"} <= names


def unfold(table: Table) -> Table:
    """One row a game, ``winner`` by side: in game 2 the answers were shown in the other order, and its
    winner is named as in game 1."""
    one, two = keys(table.columns["model_1"]).to_pylist(), keys(table.columns["model_2"]).to_pylist()
    won = [keys(table.columns[name]).to_pylist() for name in ("g1_winner", "g2_winner")]
    at = [row for row in range(table.n) for _ in range(2)]
    made = {
        "model_a": [name for pair in zip(one, two, strict=True) for name in pair],
        "model_b": [name for pair in zip(two, one, strict=True) for name in pair],
        "winner": [x for a, b in zip(*won, strict=True) for x in (STRAIGHT.get(a, a), TURNED.get(b, b))],
    }
    without = {"model_1", "model_2", "g1_winner", "g2_winner"}
    return unfolded(table, at, ["game 1", "game 2"] * table.n, made, without)


def read(table: Table) -> Draft:
    """A game a row; one that is an error failed. The texts are those of all turns that were judged."""
    columns, sources = renamed(table, {"prompt_id": "question_id"})
    columns = canonical(table) | columns
    if table.origin is None:
        return Draft(columns, sources=sources)
    won = [None if x == ERROR else x for x in keys(columns["winner"]).to_pylist()]
    columns["winner"] = python_column(won)
    failed = np.array([x is None for x in won], bool)
    n = int(failed.sum())
    turn, unread = judged_turns(table)
    judges = judge_names(table)
    if judges is not None:
        columns["judge"] = python_column(judges)
    same = [
        keys(columns[name]).to_pylist() for name in ("prompt_id", "model_a", "model_b") if name in columns
    ]
    again = repeated(table.n, *same, turn.tolist(), judges or [None] * table.n, table.within)
    problems = [(again & ~failed, "prompt_id", AGAIN)]
    if "turn" in table.columns:
        problems.append((unread, "turn", "no number of a turn"))
    return Draft(
        columns,
        sources=sources,
        notes=noted(n, "{n:game} of {rows} without a verdict (error): set aside", rows=table.n),
        failed=failed,
        failure=("g1_winner, g2_winner", "the game has no verdict (error)"),
        problems=problems,
        apart=True,
        turn=turn,
    )


def judged_turns(table: Table) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """After which turn each row was judged, 1 where that is not told, and where it is no such number."""
    if "turn" not in table.columns:
        return np.ones(table.n, np.int64), np.zeros(table.n, bool)
    values, bad = numbers(table.columns["turn"])
    known = np.where(np.isfinite(values), values, 1.0)
    bad = bad | np.isinf(values) | (known < 1) | (known % 1 != 0) | (known > EXACT)
    return np.where(bad, 1, known).astype(np.int64), bad


def judge_names(table: Table) -> list[str | None] | None:
    """The judge of each row, without the name of its prompt, which goes by category and turn."""
    if "judge" not in table.columns:
        return None
    values = objects(table.columns["judge"])
    return [key(value[0] if isinstance(value, list | tuple) and len(value) else value) for value in values]


def sniff_answers(names: frozenset[str]) -> bool:
    """Whether these are files of ``model_answer``."""
    return {"question_id", "model_id", "choices"} <= names


def read_answers(table: Table) -> Table:
    """``model, prompt_id, text``: the turns of the first choice, which is the one that is judged."""
    talks = [_talk(value) for value in objects(table.columns["choices"])]
    columns = {
        "model": table.columns["model_id"],
        "prompt_id": table.columns["question_id"],
        "text": python_column(talks),
    }
    return replace(table, columns=columns)


def sniff_scores(names: frozenset[str]) -> bool:
    """Whether these are scores of single answers."""
    return {"question_id", "model", "judge", "score"} <= names


def read_scores(table: Table) -> tuple[Table, NDArray[np.bool_], NDArray[np.int64]]:
    """``model, prompt_id, score``; which rows failed (-1), and after which turn each was judged.

    Where several turns were, the prompt's name tells them apart: two answers are compared at the same turn.
    """
    turn, _ = judged_turns(table)
    ids = keys(table.columns["question_id"]).to_pylist()
    several = len(np.unique(turn)) > 1
    names = [
        f"{name} turn {t}" if several and name is not None else name
        for name, t in zip(ids, turn, strict=True)
    ]
    score, bad = numbers(table.columns["score"])
    columns = {
        "model": table.columns["model"],
        "prompt_id": pa.chunked_array([pa.array(names, pa.large_string())]),
        "score": table.columns["score"],
        "question_id": table.columns["question_id"],
    }
    return replace(table, columns=columns), (score == FAILED) & ~bad, turn


def _talk(choices: Any) -> Any:
    """The assistant's turns of a list of choices; in Arena-Hard's first files a turn is a record."""
    first = choices[0] if isinstance(choices, list) and choices else None
    turns = first.get("turns") if isinstance(first, dict) else None
    if not isinstance(turns, list):
        return choices
    texts = [turn.get("content") if isinstance(turn, dict) else turn for turn in turns]
    return [{"role": "assistant", "content": text} for text in texts]
