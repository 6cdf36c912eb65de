"""JudgeBench: pairs of answers by one model, exactly one of them right, and judges' verdicts in both orders.

Checked on files of the tool.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from llamastyle.data.notes import noted
from llamastyle.data.readers.formats import AGAIN, UNJUDGED, Draft, canonical, renamed
from llamastyle.data.readers.names import listed
from llamastyle.data.readers.table import Table, keys, objects, python_column, repeated, shown, unfolded
from llamastyle.errors import DataError

NAME = "judgebench"
COLUMNS = {"winner": "decision", "prompt": "question", "category": "source"}
LABELS = {"A>B": "model_a", "B>A": "model_b", "A=B": "tie", "A>>B": "model_a", "B>>A": "model_b"}
RIGHT = {"A>B": (1.0, 0.0), "B>A": (0.0, 1.0)}
TEXTS = ("response_A", "response_B")


def sniff(names: frozenset[str]) -> bool:
    """Whether a pair's id is there, and verdicts, or both answers and which is right."""
    given = {"judgments", "label"} <= names or {"decisions", "label"} <= names
    return "pair_id" in names and (given or {*TEXTS, "label"} <= names)


def unfold(table: Table) -> Table:
    """One row a game: ``decision`` names the answers as they were shown, in game 2 in the other order.

    Without verdicts, one row a pair, and the label for the winner.
    """
    games = [row if row is not None else [None] for row in _games(table)]
    at = [i for i, row in enumerate(games) for _ in row]
    turned = [bool(g % 2) for row in games for g, _ in enumerate(row)]
    right = [RIGHT.get(x or "", (None, None)) for x in keys(table.columns["label"]).to_pylist()]
    made: dict[str, list[Any]] = {
        "decision": [decision for row in games for decision in row],
        "correct_a": [right[i][turn] for i, turn in zip(at, turned, strict=True)],
        "correct_b": [right[i][not turn] for i, turn in zip(at, turned, strict=True)],
    }
    if set(TEXTS) <= set(table.columns):
        texts = [objects(table.columns[name]) for name in TEXTS]
        made["response_a"] = [texts[turn][i] for i, turn in zip(at, turned, strict=True)]
        made["response_b"] = [texts[not turn][i] for i, turn in zip(at, turned, strict=True)]
    judges = _judges(table)
    if any(judges):
        made["judge"] = [judges[i] for i in at]
    if not {"judgments", "decisions"} & set(table.columns):
        table = replace(table, notes=(*table.notes, UNJUDGED))
    within = [f"game {1 + turn}" for turn in turned]
    return unfolded(table, at, within, made, {*TEXTS, "judgments", "decisions", "scores"})


def lacks_pairs(names: frozenset[str]) -> bool:
    """Whether these are verdicts whose answers are elsewhere."""
    return sniff(names) and not set(TEXTS) <= names


def with_pairs(table: Table, pairs: Table) -> Table:
    """Verdicts with what a file of pairs knows of them.

    Raises
    ------
    DataError
        If the file has no pairs, or one of them twice.
    """
    missing = [name for name in ("pair_id", *TEXTS) if name not in pairs.columns]
    if missing:
        raise DataError(
            f"the responses have no column {missing[0]!r} among {listed(pairs)}; give the benchmark's pairs"
        )
    ids = pd.Index(keys(pairs.columns["pair_id"]).to_pylist())
    if ids.has_duplicates:
        raise DataError(
            f"pair {shown(ids[ids.duplicated()][0])} comes more than once in the responses; leave one out"
        )
    at = ids.get_indexer(keys(table.columns["pair_id"]).to_pylist())
    wanted = [name for name in pairs.columns if name not in table.columns]
    made = {
        name: [None if i < 0 else x[i] for i in at] for name in wanted for x in [objects(pairs.columns[name])]
    }
    return replace(table, columns=table.columns | {name: python_column(x) for name, x in made.items()})


def read(table: Table) -> Draft:
    """A game a row; one without a decision failed. Both answers are by ``response_model``."""
    columns, sources = renamed(table, COLUMNS)
    columns = canonical(table) | columns
    if table.origin is None:
        return Draft(columns, sources=sources)
    if "response_a" not in columns:
        raise DataError(
            "these are verdicts without the answers; hand in the benchmark's pairs, a file with pair_id, response_A "
            'and response_B: responses="PAIRS.jsonl"'
        )
    if "prompt" not in columns:
        columns["prompt_id"], sources["prompt_id"] = table.columns["pair_id"], "pair_id"
    if "response_model" in table.columns:
        for side in ("model_a", "model_b"):
            columns[side], sources[side] = table.columns["response_model"], "response_model"
    decided = keys(columns["winner"])
    failed = decided.is_null().to_numpy(zero_copy_only=False)
    n = int(failed.sum())
    notes = noted(n, "{n:game} of {rows} without a decision: set aside", rows=table.n)
    label = keys(table.columns["label"]).to_pylist()
    unread = np.array([x not in RIGHT for x in label], bool)
    who = [keys(columns[name]).to_pylist() for name in ("judge",) if name in columns]
    again = repeated(table.n, keys(table.columns["pair_id"]).to_pylist(), list(table.within), *who)
    return Draft(
        columns,
        sources=sources,
        notes=notes,
        failed=failed,
        failure=("judgments", "the game has no decision"),
        labels=LABELS,
        problems=[
            (again & ~failed, "pair_id", AGAIN),
            (unread, "label", "a label that is neither A>B nor B>A"),
        ],
    )


def _games(table: Table) -> list[list[Any] | None]:
    """The decisions of each row; the label where there are none at all."""
    held = next((name for name in ("judgments", "decisions") if name in table.columns), None)
    if held is None:
        return [[x] for x in keys(table.columns["label"]).to_pylist()]
    rows = [row if isinstance(row, list) else None for row in objects(table.columns[held])]
    if held == "decisions":
        return rows
    return [
        None if row is None else [game.get("decision") if isinstance(game, dict) else None for game in row]
        for row in rows
    ]


def _judges(table: Table) -> list[str | None]:
    """``model (kind of judge)`` as the tool has it; the file's name where the rows do not say."""
    held = next((name for name in ("judgments", "scores") if name in table.columns), None)
    rows = [None] * table.n if held is None else objects(table.columns[held])
    kinds = (
        keys(table.columns["judge_name"]).to_pylist() if "judge_name" in table.columns else [None] * table.n
    )
    files = table.files if {"judgments", "decisions"} & set(table.columns) else [""] * table.n
    return [_judge(row, kind, file) for row, kind, file in zip(rows, kinds, files, strict=True)]


def _judge(games: Any, kind: str | None, file: str) -> str | None:
    for game in games if isinstance(games, list) else []:
        said = game.get("judgment", game) if isinstance(game, dict) else None
        name = said.get("judge_model") if isinstance(said, dict) else None
        if name:
            return f"{name} ({kind})" if kind else str(name)
    stem = file.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".jsonl")
    name = stem.partition("judge_model=")[2] or stem
    return (f"{name} ({kind})" if kind and name else kind or name) or None
