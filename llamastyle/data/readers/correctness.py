"""Correctness from a table of scores, joined to battles by prompt and model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, Responses
from llamastyle.data.readers.logs import read_logs
from llamastyle.data.readers.names import (
    SCORES,
    check_columns,
    guess,
    listed,
    mapped,
    missing_column,
    way_to_map,
)
from llamastyle.data.readers.notes import correctness_notes
from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import Table, is_numeric, keys, numbers, python_column, shown
from llamastyle.data.readers.texts import score_table
from llamastyle.errors import DataError

__all__ = ["join_correctness"]


def join_correctness(battles: Battles, scores: Any, columns: Mapping[str, str] | None = None) -> Battles:
    """Battles with the correctness of each side, found by prompt and model.

    Ids are compared as text, so that 7 and "7" are the same prompt. Correctness that the battles had
    is replaced. A side without a score is unknown; nothing is imputed.

    Parameters
    ----------
    battles : Battles
        With a ``prompt_id`` and model names.
    scores : path, list of dicts, frame, Responses, logs
        ``prompt_id, model, correct``; ``correct`` in [0, 1], or empty where it is not known. Or `Responses`, or
        logs of a harness as `read_responses` reads them, whose prompts are called ``task:id``.
    columns : mapping, optional
        Other names of these three: ``{"model": "name"}``.

    Returns
    -------
    Battles
        The same battles with ``correct_a`` and ``correct_b``, and a note on how many are known.

    Raises
    ------
    DataError
        If a column is missing, a value is no correctness, two rows disagree, or nothing matches.

    Examples
    --------
    >>> import llamastyle as ls
    >>> vote = {"model_a": "x", "model_b": "y", "response_a": "4", "response_b": "5", "winner": "model_b"}
    >>> battles = ls.read_battles([{**vote, "prompt_id": 1}])
    >>> scores = [{"prompt_id": "1", "model": m, "correct": c} for m, c in (("x", 1), ("y", 0))]
    >>> ls.join_correctness(battles, scores).to_frame()[["correct_a", "correct_b"]].to_dict("records")
    [{'correct_a': 1.0, 'correct_b': 0.0}]
    """
    if not isinstance(battles, Battles):
        raise DataError(
            f"join_correctness wants battles first, not a {type(battles).__name__}: "
            f"join_correctness(read_battles(...), scores), or read_battles(..., correctness=scores)"
        )
    table = read_scores(scores, "scores")
    given = check_columns(columns, SCORES)
    return join_table(battles, mapped(table, given))


def read_scores(scores: Any, what: str) -> Table:
    """The table of correctness in whatever was handed in: a table, responses, or a harness's logs."""
    if isinstance(scores, Responses):
        return score_table(scores)
    logs = read_logs(scores)
    return read_table(scores, what) if logs is None else logs


def join_table(battles: Battles, table: Table) -> Battles:
    """`join_correctness` with a table whose columns have canonical names."""
    if "prompt_id" not in battles.columns:
        raise DataError(
            "the battles have no prompt_id to join correctness by; name the column when reading them, "
            'with columns={"prompt_id": "YOUR_COLUMN"} (--map prompt_id=YOUR_COLUMN)'
        )
    if not battles.models:
        raise DataError("the battles have no model names to join correctness by; give model_a and model_b")
    scores = _scores(table, battles.models)
    given = keys(python_column(battles.columns["prompt_id"].to_numpy()))
    prompts, ids = pd.factorize(np.array(given.to_pylist(), object))
    prompt = pd.Index(ids).get_indexer(pd.Index(scores.prompt))
    model = pd.Index(battles.models).get_indexer(pd.Index(scores.model))
    if not ((prompt >= 0) & (model >= 0)).any():
        raise _nothing_matched(battles, scores, [str(i) for i in ids], table)
    known = (prompt >= 0) & (model >= 0)
    k = len(battles.models)
    index = pd.Index(prompt[known] * k + model[known])
    a, b = (
        _looked_up(index, scores.correct[known], prompts, m, k) for m in (battles.model_a, battles.model_b)
    )
    if np.isnan(a).all() and np.isnan(b).all():
        raise _nothing_matched(battles, scores, [str(i) for i in ids], table)
    made = replace(battles, correct_a=a, correct_b=b)
    old = correctness_notes(battles)
    notes = [note for note in battles.notes if note not in old]
    if battles.correct_a is not None:
        notes.append("correctness in the battles' own columns is replaced by that of the scores")
    return replace(made, notes=(*notes, *table.notes, *correctness_notes(made)))


@dataclass(frozen=True, slots=True)
class _Scores:
    prompt: NDArray[Any]
    model: NDArray[Any]
    correct: NDArray[np.float64]


def _scores(table: Table, models: Sequence[str]) -> _Scores:
    """Known scores, one for each prompt and model."""
    missing = [name for name in SCORES if name not in table.columns]
    if missing:
        raise _missing(missing, table, models)
    correct, bad = numbers(table.columns["correct"])
    bad |= (correct < 0) | (correct > 1)
    prompt, model = keys(table.columns["prompt_id"]), keys(table.columns["model"])
    empty = [ids.is_null().to_numpy(zero_copy_only=False) for ids in (prompt, model)]
    _refuse(
        table,
        [("prompt_id", "is empty", empty[0]), ("model", "is empty", empty[1]),
         ("correct", "is no number in [0, 1]", bad)],
    )  # fmt: skip
    frame = pd.DataFrame({"prompt": _strings(prompt), "model": _strings(model), "correct": correct})
    frame = frame.dropna(subset="correct")
    frame = frame.drop_duplicates()
    twice = frame[frame.duplicated(["prompt", "model"], keep=False)]
    if len(twice):
        pairs = list(dict.fromkeys(zip(twice["prompt"], twice["model"], strict=True)))
        named = "; ".join(f"prompt {shown(p)}, model {shown(m)}" for p, m in pairs[:3])
        raise DataError(
            f"the table of correctness has different values for the same prompt and model in {len(pairs)} "
            f"cases: {named}; keep one row each, or average them"
        )
    return _Scores(*(frame[name].to_numpy() for name in ("prompt", "model", "correct")))


def _strings(ids: pa.Array) -> pd.Series:
    return pd.Series(np.array(ids.to_pylist(), object), dtype=object)


def _missing(names: Sequence[str], table: Table, models: Sequence[str]) -> DataError:
    """The error for columns that are not there, all of them, with the column that holds the models' names."""
    found = _column_of(models, table) if "model" in names else None
    if len(names) == 1 and found is None:
        return missing_column(names[0], table, " in the table of correctness")
    guesses = {name: guess(name, table) for name in names}
    if found is not None:
        guesses["model"] = found
    guesses = {name: column or "YOUR_COLUMN" for name, column in guesses.items()}
    why = f"; {found!r} holds names of the battles' models" if found is not None else ""
    return DataError(
        f"no column {' and no column '.join(map(repr, names))} in the table of correctness among "
        f"{listed(table)}{why}; name {'it' if len(names) == 1 else 'them'} with {way_to_map(guesses)}"
    )


def _column_of(models: Sequence[str], table: Table) -> str | None:
    """The column, of those that a table holds, in which most distinct values are names of the models."""
    best, most = None, 0
    for name, column in table.columns.items():
        if name == "model" or is_numeric(column):
            continue
        found = len(set(keys(column).unique().to_pylist()) & set(models))
        if found > most:
            best, most = name, found
    return best


def _refuse(table: Table, checks: Sequence[tuple[str, str, NDArray[np.bool_]]]) -> None:
    """Raise one error for all that is wrong with the rows."""
    found = [
        f"{table.where(int(np.argmax(bad)))}: {column!r} {what}, {int(bad.sum())} of {table.n} rows like this"
        for column, what, bad in checks
        if bad.any()
    ]
    if found:
        raise DataError(
            f"table of correctness, {'; '.join(found)}; leave correct empty where it is not known, "
            f"and leave out rows without an id"
        )


def _looked_up(
    index: pd.Index, correct: NDArray[np.float64], prompt: NDArray[Any], model: NDArray[np.int64], k: int
) -> NDArray[np.float64]:
    at = index.get_indexer(pd.Index(prompt.astype(np.int64) * k + model))
    found = (at >= 0) & (prompt >= 0) & (model >= 0)
    return np.where(found, np.append(correct, np.nan)[np.where(found, at, -1)], np.nan)


def _nothing_matched(battles: Battles, scores: _Scores, prompts: list[str], table: Table) -> DataError:
    def some(values: Any) -> str:
        return ", ".join(shown(str(v), 40) for v in list(dict.fromkeys(values))[:3]) or "none"

    column = None if set(scores.model) & set(battles.models) else _column_of(battles.models, table)
    way = (
        'name the columns that agree, with columns={"model": "YOUR_COLUMN"} (--map model=YOUR_COLUMN)'
        if column is None
        else f"{column!r} holds names of the battles' models: name it with {way_to_map({'model': column})}"
    )
    return DataError(
        f"no score belongs to a battle: the battles have prompts such as {some(prompts)} and models such as "
        f"{some(battles.models)}, the scores prompts such as {some(scores.prompt)} and models such as "
        f"{some(scores.model)}; {way}"
    )
