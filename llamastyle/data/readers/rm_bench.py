"""RM-Bench: three right and three wrong answers a prompt, in the same three styles, and a reward model's scores.

The benchmark's files are checked; those with scores are written from the tool's source (``run_rm.py``).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from llamastyle.data.notes import noted
from llamastyle.data.readers.formats import AGAIN, UNJUDGED, Draft, canonical
from llamastyle.data.readers.table import Table, keys, number, objects, repeated, unfolded

NAME = "rm_bench"
STYLES = ("concise", "detailed", "markdown")
SCORES = ("score_chosen", "score_rejected")
FOLDER = "Seq_Classifier"
"""Below it the tool saves results by the name of the reward model."""


def sniff(names: frozenset[str]) -> bool:
    """Whether an id, a prompt, and answers chosen and rejected are there."""
    return {"id", "prompt", "chosen", "rejected"} <= names and not {"messages", "chosen_model"} & names


def unfold(table: Table) -> Table:
    """Nine rows a prompt: each right answer with each wrong one, ``category`` their styles.

    A row whose answers are no lists of the same length stays one row, which the door refuses.
    """
    sides = [[_list(value) for value in objects(table.columns[name])] for name in ("chosen", "rejected")]
    scored = set(SCORES) <= set(table.columns)
    scores = [[_list(v) for v in objects(table.columns[name])] for name in SCORES] if scored else sides
    at: list[int] = []
    made: dict[str, list[Any]] = {name: [] for name in ("response_a", "response_b", "category", "outcome")}
    for i, (good, bad, high, low) in enumerate(zip(*sides, *scores, strict=True)):
        whole = len(good) == len(bad) == len(high) == len(low) == len(STYLES)
        for j, k in product(range(len(STYLES)), repeat=2) if whole else [(-1, -1)]:
            at.append(i)
            made["response_a"].append(good[j] if whole else None)
            made["response_b"].append(bad[k] if whole else None)
            made["category"].append(f"{STYLES[j]} / {STYLES[k]}" if whole else None)
            made["outcome"].append(_won(high[j], low[k]) if whole and scored else 1.0)
    if not scored:
        table = replace(table, notes=(*table.notes, UNJUDGED))
    elif "judge" not in table.columns and any(judges := [_judge(file) for file in table.files]):
        made["judge"] = [judges[i] for i in at]
    within = [x or "lists of answers or scores that are not three" for x in made["category"]]
    return unfolded(table, at, within, made, {"chosen", "rejected", *SCORES})


def read(table: Table) -> Draft:
    """Side a is the right answer. It wins where its score is higher; without scores the label says so.

    Ids repeat in the files of different domains, so that a prompt is known by its text.
    """
    columns = canonical(table)
    if table.origin is None:
        return Draft(columns)
    values = np.array([np.nan if x is None else x for x in objects(columns["outcome"])], float)
    failed = np.isnan(values)
    n = int(failed.sum())
    notes = noted(n, "{n:pair} of {rows} without a score: set aside", rows=table.n)
    notes.append("the right answer is side a in every battle: position and being right cannot be told apart")
    same = [
        keys(table.columns[name]).to_pylist() for name in ("id", "prompt", "judge") if name in table.columns
    ]
    again = repeated(table.n, *same, table.within)
    columns["correct_a"], columns["correct_b"] = (pa.chunked_array([np.full(table.n, x)]) for x in (1.0, 0.0))
    return Draft(
        columns,
        notes=notes,
        domains={"outcome": "a score that is no number"},
        failed=failed,
        failure=(SCORES[0], "there is no score"),
        problems=[(again & ~failed, "id", AGAIN)],
    )


def _judge(file: str) -> str | None:
    """The reward model, by the folder of its results or the name of the file."""
    parts = file.replace("\\", "/").split("/")
    below = parts[parts.index(FOLDER) + 1 : -1] if FOLDER in parts else []
    return "/".join(below) or parts[-1].removesuffix(".json") or None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _won(high: Any, low: Any) -> float | None:
    a, b = (number(x[0] if isinstance(x, list) and len(x) == 1 else x) for x in (high, low))
    if np.isinf(a) or np.isinf(b):
        return 2.0  # no number: the door refuses what is outside [0, 1]
    return None if np.isnan(a) or np.isnan(b) else float((1 + np.sign(a - b)) / 2)
