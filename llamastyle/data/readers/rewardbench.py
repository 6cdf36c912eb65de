"""RewardBench: a chosen and a rejected answer a row, and a reward model's scores of both.

Written from the tool's source (``rewardbench.py``, ``run_rm.py``, ``run_generative.py``, ``utils.py``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.notes import noted
from llamastyle.data.readers.formats import AGAIN, UNJUDGED, Draft, canonical, renamed
from llamastyle.data.readers.table import Column, Table, keys, number, objects, python_column, repeated

NAME = "rewardbench"
COLUMNS = {"category": "subset", "model_a": "chosen_model", "model_b": "rejected_model"}
SCORES = ("scores_chosen", "scores_rejected")
ENDS = ("_outputs.jsonl", ".jsonl", ".json")


def sniff(names: frozenset[str]) -> bool:
    """Whether both texts are there, with scores or verdicts, or the benchmark's own columns."""
    own = {"chosen", "rejected", "chosen_model", "rejected_model"} <= names
    return own or ({"text_chosen", "text_rejected"} <= names and bool({"results", *SCORES} & names))


def read(table: Table) -> Draft:
    """Side a is the chosen answer, which is right; it wins where its score is higher.

    Without scores ``results`` tells whether it won (1, 0, or 0.5 for a judge without a verdict); without
    either, the label is taken for the winner. Both texts hold the prompt, which is taken off. Ids repeat in
    other subsets: a prompt is known by its text, or else by both.
    """
    columns, sources = renamed(table, COLUMNS)
    columns = canonical(table) | columns
    if not sniff(frozenset(table.columns)):
        return Draft(columns, sources=sources)
    notes = []
    for side, name in (("response_a", "chosen"), ("response_b", "rejected")):
        own = name in table.columns
        columns[side] = table.columns[name] if own else table.columns[f"text_{name}"]
        sources[side] = name if own else f"text_{name}"
    if "text_chosen" in sources.values():
        notes += _without_prompt(columns, table.columns.get("prompt"))
    columns["outcome"], failed, sources["outcome"] = _outcome(table)
    columns.pop("winner", None)
    columns["correct_a"], columns["correct_b"] = (pa.chunked_array([np.full(table.n, x)]) for x in (1.0, 0.0))
    judges = _judges(table)
    if sources["outcome"] == "chosen":
        notes.append(UNJUDGED)
    elif any(judges):
        columns["judge"] = python_column(judges)
        sources["judge"] = "model"
    again = np.zeros(table.n, bool)
    if "id" in table.columns:
        known = [
            keys(columns[name]).to_pylist() for name in ("category", "prompt", "judge") if name in columns
        ]
        ids = keys(table.columns["id"]).to_pylist()
        again = repeated(table.n, ids, *known)
        if "prompt" not in columns:
            named = zip(known[0], ids, strict=True) if "category" in columns else zip(ids, strict=True)
            columns["prompt_id"] = python_column([" ".join(map(str, name)) for name in named])
    n = int(failed.sum())
    notes += noted(n, "{n:pair} of {rows} without a verdict: set aside", rows=table.n)
    notes.append("the chosen answer is side a in every battle: position and being right cannot be told apart")
    return Draft(
        columns,
        sources=sources,
        notes=notes,
        domains={"outcome": "no verdict of 0, 0.5 or 1"},
        failed=failed,
        failure=(sources["outcome"], "there is no verdict"),
        problems=[(again & ~failed, "id", AGAIN)] if "id" in table.columns else [],
    )


def _outcome(table: Table) -> tuple[Column, NDArray[np.bool_], str]:
    """1 where the chosen answer won, where there is none, and the column that says so."""
    values = np.full(table.n, np.nan)
    source = "chosen"
    if set(SCORES) <= set(table.columns):
        a, b = (np.array([_score(x) for x in objects(table.columns[name])], float) for name in SCORES)
        with np.errstate(invalid="ignore"):
            won = (1 + np.sign(a - b)) / 2
        values, source = np.where(np.isinf(a) | np.isinf(b), np.inf, won), SCORES[0]
    if "results" in table.columns and not np.isfinite(values).any():
        values = np.array([_score(x) for x in objects(table.columns["results"])], float)
        source = "results"
    if source == "chosen":
        values = np.ones(table.n)
    return pa.chunked_array([np.where(np.isinf(values), 2.0, values)]), np.isnan(values), source


def _score(value: Any) -> float:
    """A number, also the only one in a list."""
    return number(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _without_prompt(columns: dict[str, Column], prompt: Column | None) -> list[str]:
    """The texts without the prompt that both begin with, and a note on those that do not."""
    left = 0
    for side in ("response_a", "response_b"):
        texts = objects(columns[side])
        asked = [""] * len(texts) if prompt is None else objects(prompt)
        plain = [isinstance(t, str) and isinstance(p, str) for t, p in zip(texts, asked, strict=True)]
        cut = [ok and bool(p) and t.startswith(p) for ok, t, p in zip(plain, texts, asked, strict=True)]
        left += sum(plain) - sum(cut)
        if any(cut):
            kept = [t[len(p) :] if c else t for c, t, p in zip(cut, texts, asked, strict=True)]
            columns[side] = python_column(kept)
    return noted(left, "{n:text} in which the prompt cannot be told from the answer: measured whole")


def _judges(table: Table) -> list[str | None]:
    """The reward model: ``model`` where there, else the name of the file."""
    if "model" in table.columns:
        return keys(table.columns["model"]).to_pylist()
    names = [file.replace("\\", "/").rsplit("/", 1)[-1] for file in table.files]
    for end in ENDS:
        names = [name.removesuffix(end) for name in names]
    return [name or None for name in names]
