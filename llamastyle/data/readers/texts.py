"""Answers that lie beside the verdicts on them, found by prompt and model."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.battles import Responses
from llamastyle.data.readers.conversations import Side
from llamastyle.data.readers.formats import Draft
from llamastyle.data.readers.nested import JOINT
from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import Column, Table, key, keys, objects, python_column, shown
from llamastyle.errors import DataError

VERDICTS, ANSWERS, QUESTIONS = "model_judgment", "model_answer", "question.jsonl"
"""Where Arena-Hard and FastChat keep what they write, in one folder."""
WAY = 'hand them in: responses="model_answer/*.jsonl", or a table with prompt_id, model and text'


def answer_source(responses: Any, source: Any, what: str) -> Any:
    """What to read the answers from: what was handed in, or the files beside the verdicts.

    Raises
    ------
    DataError
        If nothing was handed in and nothing is there.
    """
    if responses is not None:
        return responses
    home = _home(source)
    if home is None:
        raise DataError(
            f"these are {what} without the answers, and the source is not in a folder named {VERDICTS!r}, beside "
            f"which {ANSWERS!r} would be; {WAY}"
        )
    if not glob.glob(os.path.join(glob.escape(home), ANSWERS, "*.jsonl")):
        raise DataError(f"these are {what} without the answers, and no file is in {home}/{ANSWERS}; {WAY}")
    return os.path.join(glob.escape(home), ANSWERS, "*.jsonl")


def answered(answers: Responses, ids: tuple[pa.Array, pa.Array], turn: NDArray[np.int64] | None) -> Side:
    """The answers of some models to some prompts, up to the turns after which they were judged.

    Parameters
    ----------
    answers : Responses
        With models and prompts.
    ids : pair of pyarrow.Array
        Prompts and models, as text.
    turn : int array or None
        None: all turns.

    Raises
    ------
    DataError
        If the answers have no models or prompts, or two different texts of one model to one prompt.
    """
    return _answered(answers, ids, turn)[0]


def _answered(
    answers: Responses, ids: tuple[pa.Array, pa.Array], turn: NDArray[np.int64] | None
) -> tuple[Side, NDArray[np.int64]]:
    """`answered`, and the row of each answer, -1 where there is none."""
    place = _places(answers)
    models = set(answers.models)
    at = np.full(len(ids[0]), -1)
    bad: dict[int, str] = {}
    for i, (prompt, model) in enumerate(zip(*(x.to_pylist() for x in ids), strict=True)):
        at[i] = place.get((prompt, model), -1)
        if at[i] < 0:
            known = model in models
            bad[i] = (
                f"no text by {shown(model)} to this prompt" if known else f"no text by {shown(model)} at all"
            )
    texts = answers.texts.take(pa.array(np.where(at < 0, 0, at), mask=at < 0))
    if answers.turn_starts is None:
        late = [] if turn is None else np.flatnonzero((turn > 1) & (at >= 0)).tolist()
        bad |= dict.fromkeys(late, "an answer of one turn, judged after a later one")
        return Side(texts, [], [], None, bad), at
    held = answers.turn_starts.to_pylist()
    starts = [() if j < 0 else tuple(held[j] or ()) for j in at.tolist()]
    if turn is None:
        return Side(texts, starts, [], None, bad), at
    return _until(texts, starts, turn, bad), at


def with_answers(draft: Draft, answers: Responses, home: str | None) -> Draft:
    """The draft with the responses of both sides, and the prompts where the questions are found beside."""
    missing = [name for name in ("prompt_id", "model_a", "model_b") if name not in draft.columns]
    if missing:
        raise DataError(
            f"responses= are found by prompt_id and model, but these battles have no {' and no '.join(missing)}; "
            f'name it with columns={{"{missing[0]}": "YOUR_COLUMN"}}'
        )
    prompts = keys(draft.columns["prompt_id"])
    columns = dict(draft.columns)
    sides: list[Side] = []
    found = 0
    for name in "ab":
        side, at = _answered(answers, (prompts, keys(columns[f"model_{name}"])), draft.turn)
        sides.append(side)
        found += int((at >= 0).sum())
        columns[f"response_{name}"] = pa.chunked_array([side.texts])
        for what, values in (("correct", answers.correct), ("tokens", answers.tokens)):
            if values is not None and f"{what}_{name}" not in draft.columns:
                columns[f"{what}_{name}"] = python_column(np.where(at < 0, np.nan, values[at]))
    if not found and len(prompts):
        raise _nothing_found(draft, prompts, answers)
    sources = draft.sources | {f"response_{name}": f"responses of side {name}" for name in "ab"}
    if home is not None and "prompt" not in columns:
        columns |= _questions(os.path.join(home, QUESTIONS), prompts, "category" not in columns)
    notes = [*draft.notes, *answers.notes]
    return replace(draft, columns=columns, sources=sources, sides=(sides[0], sides[1]), notes=notes)


def score_table(responses: Responses) -> Table:
    """A table ``prompt_id, model, correct`` of responses whose correctness is known."""
    missing = [name for name in ("prompt_id", "correct") if getattr(responses, name) is None]
    if missing:
        raise DataError(
            f"these responses have no {' and no '.join(missing)}: correctness cannot be joined from them"
        )
    names = np.array([*responses.models, None], object)
    columns: dict[str, Column] = {
        "prompt_id": python_column(np.asarray(responses.prompt_id, object).tolist()),
        "model": python_column(names[responses.model].tolist()),
        "correct": pa.chunked_array([pa.array(responses.correct, from_pandas=True)]),
    }
    return Table(columns, len(responses))


def home_of(responses: Any, source: Any) -> str | None:
    """The folder of the benchmark, where its questions are beside the answers or the verdicts."""
    home = _home(source) if responses is None else _home(responses, ANSWERS)
    return home if home is not None and os.path.isfile(os.path.join(home, QUESTIONS)) else None


def _home(source: Any, folder: str = VERDICTS) -> str | None:
    """What is above a folder of that name in a path of files here."""
    if not isinstance(source, str | os.PathLike) or "://" in str(source):
        return None
    parts = Path(os.path.abspath(str(source))).parts
    if folder not in parts[:-1]:
        return None
    home = str(Path(*parts[: len(parts) - 1 - parts[::-1].index(folder)]))
    return None if glob.has_magic(home) and not os.path.isdir(home) else home


def _places(answers: Responses) -> dict[tuple[str | None, str | None], int]:
    if answers.prompt_id is None or not answers.models:
        what = "prompt_id" if answers.prompt_id is None else "model"
        raise DataError(f"the responses have no {what}; {WAY}")
    names = [*answers.models, None]
    out: dict[tuple[str | None, str | None], int] = {}
    for i, (prompt, model) in enumerate(zip(answers.prompt_id, answers.model.tolist(), strict=True)):
        first = out.setdefault((key(prompt), names[model]), i)
        if first != i and answers.texts[first] != answers.texts[i]:
            raise DataError(
                f"two different texts by {shown(names[model])} to prompt {shown(prompt)}, in rows {first} and {i} "
                f"(counted from 0) of the responses; leave one of them out"
            )
    return out


def _nothing_found(draft: Draft, prompts: pa.Array, answers: Responses) -> DataError:
    def some(values: Any) -> str:
        known = [value for value in dict.fromkeys(map(key, values)) if value is not None]
        return ", ".join(shown(value, 40) for value in known[:3]) or "none"

    models = [name for side in "ab" for name in keys(draft.columns[f"model_{side}"]).to_pylist()]
    return DataError(
        f"no response belongs to a verdict: the verdicts have prompts such as {some(prompts.to_pylist())} and models "
        f"such as {some(models)}, the responses prompts such as {some(answers.prompt_id)} and models such as "
        f"{some(answers.models)}; both must be called the same (prompts of logs are task:id)"
    )


def _until(
    texts: pa.Array, starts: Sequence[tuple[int, ...]], turn: NDArray[np.int64], bad: dict[int, str]
) -> Side:
    cut = texts.to_pylist()
    kept: list[tuple[int, ...]] = []
    for i, (row, last) in enumerate(zip(starts, turn.tolist(), strict=True)):
        if cut[i] is not None and last > len(row) + 1:
            bad[i] = f"an answer of {len(row) + 1} turns, judged after turn {last}"
        if cut[i] is not None and last <= len(row):
            cut[i] = cut[i].encode()[: row[last - 1] - len(JOINT)].decode()
        kept.append(row[: last - 1])
    return Side(pa.array(cut, pa.large_string()), kept, [], None, bad)


def _questions(path: str, prompts: pa.Array, categories: bool) -> dict[str, Any]:
    """The user's first turn of each battle's question, and its category."""
    table = read_table(path, "questions")
    ids = next((name for name in ("uid", "question_id") if name in table.columns), None)
    asked = next((name for name in ("prompt", "turns") if name in table.columns), None)
    if ids is None or asked is None:
        return {}
    known = keys(table.columns[ids]).to_pylist()
    wanted = {"prompt": asked} | (
        {"category": "category"} if categories and "category" in table.columns else {}
    )
    out: dict[str, Any] = {}
    for name, column in wanted.items():
        values = [v[0] if isinstance(v, list) and v else v for v in objects(table.columns[column])]
        values = [v.get("content") if isinstance(v, dict) else v for v in values]
        found = dict(zip(known, values, strict=True))
        out[name] = python_column([found.get(prompt) for prompt in prompts.to_pylist()])
    return out
