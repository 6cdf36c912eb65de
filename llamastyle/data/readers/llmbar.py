"""LLMBar: pairs of which one follows the instruction, and judges' verdicts in both orders.

Checked on files of the tool.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from llamastyle.data.notes import noted
from llamastyle.data.readers.formats import UNJUDGED, Draft, canonical, renamed
from llamastyle.data.readers.table import Table, key, keys, objects, unfolded

NAME = "llmbar"
COLUMNS = {"prompt": "input"}
ORDERS = ("swap = False", "swap = True")
SIDE = {"1": ("model_a", "model_b"), "2": ("model_b", "model_a")}
"""The side of output 1 and of output 2, in the pair's own order and in the other."""


def sniff(names: frozenset[str]) -> bool:
    """Whether the instruction, both outputs and the label are there."""
    return {"input", "output_1", "output_2", "label"} <= names


def unfold(table: Table) -> Table:
    """One row an order, ``winner`` by side: the file names outputs as in the pair, in both orders.

    Of several rounds the last one counts, as in the tool. Without verdicts, one row a pair, and the label
    for the winner.
    """
    label = keys(table.columns["label"]).to_pylist()
    judged = "results" in table.columns
    games = [_last(row) for row in objects(table.columns["results"])] if judged else [(x,) for x in label]
    at = [i for i, row in enumerate(games) for _ in row]
    turned = [bool(g) for row in games for g, _ in enumerate(row)]
    texts = [objects(table.columns[name]) for name in ("output_1", "output_2")]
    right = [{"1": (1.0, 0.0), "2": (0.0, 1.0)}.get(x or "", (None, None)) for x in label]
    made: dict[str, list[Any]] = {
        "winner": [
            SIDE.get(x or "", (x, x))[t]
            for x, t in zip((x for row in games for x in row), turned, strict=True)
        ],
        "response_a": [texts[t][i] for i, t in zip(at, turned, strict=True)],
        "response_b": [texts[not t][i] for i, t in zip(at, turned, strict=True)],
        "correct_a": [right[i][t] for i, t in zip(at, turned, strict=True)],
        "correct_b": [right[i][not t] for i, t in zip(at, turned, strict=True)],
    }
    if judged and "judge" not in table.columns and any(judges := [_judge(file) for file in table.files]):
        made["judge"] = [judges[i] for i in at]
    if not judged:
        table = replace(table, notes=(*table.notes, UNJUDGED))
    within = [ORDERS[t] for t in turned]
    return unfolded(table, at, within, made, {"output_1", "output_2", "results"})


def read(table: Table) -> Draft:
    """An order a row; one without a winner failed."""
    columns, sources = renamed(table, COLUMNS)
    columns = canonical(table) | columns
    if table.origin is None:
        return Draft(columns, sources=sources)
    failed = keys(columns["winner"]).is_null().to_numpy(zero_copy_only=False)
    n = int(failed.sum())
    notes = noted(n, "{n:game} of {rows} without a winner: set aside", rows=table.n)
    unread = np.array([x not in SIDE for x in keys(table.columns["label"]).to_pylist()], bool)
    return Draft(
        columns,
        sources=sources,
        notes=notes,
        failed=failed,
        failure=("results", "the game has no winner"),
        problems=[(unread, "label", "a label that is neither 1 nor 2")],
    )


def _last(rounds: Any) -> tuple[str | None, str | None]:
    """The winners in both orders; before them may stand what the judge wrote in preparation."""
    last = rounds[-1] if isinstance(rounds, list) and rounds else None
    games = [last.get(order) if isinstance(last, dict) else None for order in ORDERS]
    one, two = (key(game.get("winner")) if isinstance(game, dict) else None for game in games)
    return one, two


def _judge(file: str) -> str | None:
    """``model (prompt)`` from ``evaluators/MODEL/PROMPT/result.json``."""
    parts = file.replace("\\", "/").split("/")
    if "evaluators" not in parts[:-1]:
        return None
    names = parts[parts.index("evaluators") + 1 : -1]
    return f"{names[0]} ({'/'.join(names[1:])})" if len(names) > 1 else names[0] if names else None
