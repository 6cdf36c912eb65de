"""lm-evaluation-harness's samples: one line a document and filter, one file a task, one folder a model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from llamastyle.data.battles import counted
from llamastyle.data.readers.files import BOM
from llamastyle.data.readers.table import Table, object_column, python_column, scrub, shown
from llamastyle.errors import DataError
from llamastyle.options import nearest

NAME = "lm_eval"
FILE = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d:.-]+)\.jsonl")
ROW = re.compile(rb'\s*\{\s*"doc_id"\s*:')
KNOWN = {
    "doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", "doc_hash",
    "prompt_hash", "target_hash", "idx", "task_hash",
}  # fmt: skip
"""Keys of a row that are no metrics; files of older versions do not list those."""
NO_METRIC = {"bypass"}
"""Stands where a run was made without metrics."""
BATCH = 2_000
"""Rows whose texts are held as Python objects at a time."""


@dataclass(slots=True)
class Samples:
    """What is kept of a file's rows: those of one filter."""

    filter: str | None = None
    filters: list[str] = field(default_factory=list)
    metric: str | None = None
    metrics: list[str] = field(default_factory=list)
    texts: list[pa.Array] = field(default_factory=list)
    docs: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    scores: list[Any] = field(default_factory=list)
    repeated: int = 0


def sniff(path: Path, head: bytes) -> bool:
    """Whether a file is one of samples, by its name or its first line."""
    return FILE.fullmatch(path.name) is not None or ROW.match(head.removeprefix(BOM)) is not None


def read(path: Path, score: str | None = None, filter: str | None = None, strict: bool = True) -> Table:
    """The responses of one file: ``text, model, prompt_id, score, document``.

    A row's text is the first of its ``resps``, as the model wrote it; what a filter made of it is not read.
    The prompt is the task and the document's number, the model what the results beside the file say, else
    the folder.

    Parameters
    ----------
    path : Path
        ``samples_<task>_<date>.jsonl``.
    score : str, optional
        The metric; the file's first by default.
    filter : str, optional
        The filter whose rows are read; the file's first by default.
    strict : bool
        False sets lines aside that cannot be read.

    Raises
    ------
    DataError
        If a line cannot be read, there is no such metric or filter, or the responses are no texts.
    """
    made = Samples(filter, metric=score)
    lost: list[tuple[str, str, int]] = []
    with path.open("rb") as file:
        rows = (row for row in _rows(file, path, strict, lost) if _wanted(row, made))
        while batch := list(islice(rows, BATCH)):
            _keep(batch, made, path)
    _check_choice(made, score, filter, path)
    match = FILE.fullmatch(path.name)
    task = match["task"] if match else path.stem
    results = _results(path, match["date"] if match else None)
    lower = _lower_is_better(results, task, made.metric)
    notes = [*_notes(made, task, score, filter), *_source_notes(results, path, task)]
    notes += [f"{task}: lower is better for {made.metric!r}: the score is its negative"] * lower
    n = len(made.docs)
    return Table(
        columns={
            "text": pa.chunked_array([pa.concat_arrays(made.texts)]),
            "model": python_column([_model(results, path)] * n),
            "prompt_id": python_column([f"{task}:{doc}" for doc in made.docs]),
            "score": _scores(made, -1.0 if lower else 1.0),
            "document": python_column(made.hashes),
        },
        n=n,
        parts=((str(path), n),),
        lost=tuple(lost),
        notes=tuple(notes),
    )


def _rows(file: Any, path: Path, strict: bool, lost: list[tuple[str, str, int]]) -> Iterator[dict[str, Any]]:
    """The file's rows, one line at a time."""
    for number, line in enumerate(file, 1):
        line = line.removeprefix(BOM) if number == 1 else line
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            what = "no sample of lm-evaluation-harness (doc_id and resps)"
            if _is_row(row):
                yield row
                continue
        except (ValueError, RecursionError) as error:
            what = f"not JSON ({shown(str(error), 100)})"
        if strict:
            raise DataError(
                f"line {number} (counted from 1) of {path} is {what}; the run may not have finished: "
                f"strict=False sets such lines aside"
            )
        lost.append((what, line[:200].decode("utf-8", "replace"), number))


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and "doc_id" in row and isinstance(row.get("resps"), list)


def _wanted(row: dict[str, Any], made: Samples) -> bool:
    """Whether a row is of the filter that is read; the first row decides where none was asked for."""
    name = str(row.get("filter", "none"))
    if name not in made.filters:
        made.filters.append(name)
    if made.filter is None:
        made.filter = name
    return name == made.filter


def _keep(batch: list[dict[str, Any]], made: Samples, path: Path) -> None:
    if not made.metrics:
        made.metrics = _metrics(batch[0])
        made.metric = made.metric or next((name for name in made.metrics if name not in NO_METRIC), None)
    made.texts.append(pa.array([_text(row, made, path) for row in batch], pa.large_string()))
    made.docs += [scrub(str(row["doc_id"])) for row in batch]
    made.hashes += [_hash(row) for row in batch]
    made.scores += [None if made.metric is None else row.get(made.metric) for row in batch]


def _metrics(row: dict[str, Any]) -> list[str]:
    """Names of a row's metrics; older files do not list them."""
    named = row.get("metrics")
    if isinstance(named, list):
        return [name for name in named if isinstance(name, str) and name in row]
    return [name for name, value in row.items() if name not in KNOWN and isinstance(value, int | float)]


def _text(row: dict[str, Any], made: Samples, path: Path) -> str | None:
    """The first response to a document's first request."""
    first = row["resps"][0] if row["resps"] else None
    given = first if isinstance(first, list) else [first]
    text = given[0] if given else None
    if text is not None and not isinstance(text, str):
        raise DataError(
            f"{path}, document {shown(row['doc_id'])}: resps hold {shown(text)}, no text: a task that compares "
            f"likelihoods (multiple_choice, loglikelihood) has no answers to measure; run a task of output_type "
            f"generate_until"
        )
    made.repeated += len(given) > 1
    return None if text is None else scrub(text)


def _hash(row: dict[str, Any]) -> str:
    """What tells one document from another: the file's own hash, or one of the document."""
    own = row.get("doc_hash")
    if own is not None:
        return str(own)
    return sha256(json.dumps(row.get("doc"), sort_keys=True).encode()).hexdigest()


MOST = 1 << 1000
"""A whole number beyond it is no float."""


def _scores(made: Samples, sign: float) -> Any:
    """The scores as numbers; with something else among them, as they are, for the door to name it."""
    if all(value is None or (isinstance(value, int | float) and abs(value) < MOST) for value in made.scores):
        return pa.chunked_array([pa.array(sign * np.array(made.scores, np.float64), from_pandas=True)])
    return object_column(made.scores)


def _check_choice(made: Samples, score: str | None, filter: str | None, path: Path) -> None:
    if not made.docs and not made.filters:
        raise DataError(f"{path} has no samples; was the run made with --log_samples, and did it finish?")
    if filter is not None and filter not in made.filters:
        known = ", ".join(made.filters)
        raise DataError(
            f"filter={filter!r}: {path} has no such filter{nearest(filter, made.filters)}; it has {known}"
        )
    if score is not None and score not in made.metrics:
        known = ", ".join(made.metrics) or "none"
        raise DataError(
            f"score={score!r}: {path} has no such metric{nearest(score, made.metrics)}; it has {known}"
        )


def _notes(made: Samples, task: str, score: str | None, filter: str | None) -> list[str]:
    notes = []
    if len(made.filters) > 1 and filter is None:
        others = ", ".join(map(repr, made.filters[1:]))
        notes.append(
            f"{task}: the rows of filter {made.filter!r} are read, not those of {others} (filter= chooses)"
        )
    others = [name for name in made.metrics if name != made.metric]
    if others and score is None and made.metric is not None:
        notes.append(
            f"{task}: the score is {made.metric!r}, not {', '.join(map(repr, others))} (score= chooses)"
        )
    if made.metric is None:
        notes.append(f"{task}: the run was made without metrics: no scores")
    if made.repeated:
        notes.append(
            f"{task}: {counted(made.repeated, 'document')} with several responses: the first is read"
        )
    return notes


def _results(path: Path, date: str | None) -> dict[str, Any]:
    """The run's results beside the samples: those of the same date, else the last; empty where there are none."""
    own = path.parent / f"results_{date}.json"
    others = sorted(path.parent.glob("results_*.json"))
    for file in [own, *others[::-1]]:
        try:
            value = json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return {}


def _model(results: dict[str, Any], path: Path) -> str:
    name = results.get("model_name")
    return name if isinstance(name, str) and name else path.absolute().parent.name


def _source_notes(results: dict[str, Any], path: Path, task: str) -> list[str]:
    if _model(results, path) == results.get("model_name"):
        return []
    where = f"the model is named by the folder, {_model(results, path)!r}"
    return [f"{task}: no results of the run beside the samples: {where}"]


def _lower_is_better(results: dict[str, Any], task: str, metric: str | None) -> bool:
    better = results.get("higher_is_better")
    here = better.get(task) if isinstance(better, dict) else None
    return isinstance(here, dict) and here.get(metric) is False
