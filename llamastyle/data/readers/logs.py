"""Logs of evaluation harnesses: which files a source names, and their samples as one table."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from llamastyle.data.battles import counted
from llamastyle.data.readers import inspect_ai, lm_eval
from llamastyle.data.readers.table import Table, concatenated, numbers, series, shown
from llamastyle.errors import DataError

HEAD = 4096
SUFFIXES = (".jsonl", ".json", ".eval")
RESULTS = "results_"
"""How the names of lm-evaluation-harness's results begin, which lie beside its samples."""


class LogFormat(Protocol):
    """One file of `llamastyle.data.readers` a harness; a module is one."""

    @property
    def NAME(self) -> str:
        """What ``format=`` calls it."""
        ...

    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether a file with this name and beginning is in the format."""
        ...

    def read(self, path: Path, score: str | None, filter: str | None, strict: bool) -> Table:
        """``text, model, prompt_id, score, document`` of one log."""
        ...


LOGS: tuple[LogFormat, ...] = (lm_eval, inspect_ai)


def read_logs(
    source: Any,
    *,
    format: str = "auto",
    score: str | None = None,
    filter: str | None = None,
    strict: bool = True,
) -> Table | None:
    """The samples of one log or several as one table of responses; None where the source names no log.

    Where all scores lie in [0, 1] they are the correctness too.

    Parameters
    ----------
    source : path, folder, glob, list of these
        What to read; anything else is no log.
    format : str
        ``"auto"``, or the name of a log's format, which every file must then have.
    score, filter, strict
        As each format takes them.

    Raises
    ------
    DataError
        If a log cannot be read, a file among logs is none, a model has a prompt twice, or two runs have
        different documents under one name.
    """
    paths = _paths(source)
    kinds = [_kind(path, format) for path in paths]
    if not any(kinds):
        return None
    tables = []
    for path, kind in zip(paths, kinds, strict=True):
        if kind is None:
            raise DataError(
                f"{path} is no log of a harness, though others of these files are; read it by itself"
            )
        tables.append(kind.read(path, score, filter, strict))
    table = concatenated(tables)
    if table.n:
        _check_once(table)
        _check_documents(table)
    return _with_correctness(table)


def _paths(source: Any) -> list[Path]:
    """Files that a source names: itself, those of a pattern, the logs in a folder, all of a list."""
    if (
        isinstance(source, list | tuple)
        and source
        and all(isinstance(one, str | os.PathLike) for one in source)
    ):
        return [path for one in source for path in _paths(one)]
    if not isinstance(source, str | os.PathLike) or "://" in str(os.fspath(source)):
        return []
    path = Path(os.fsdecode(source))
    if path.is_dir():
        inside = (p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        return sorted(p for p in inside if _kind(p, "auto") is not None)
    if path.is_file():
        return [path]
    found = (
        [Path(p) for p in glob.glob(str(path), recursive=True)] if any(c in str(path) for c in "*?[") else []
    )
    return sorted(p for p in found if p.is_file() and not p.name.startswith(RESULTS))


def _kind(path: Path, format: str) -> LogFormat | None:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return None
    if format == "auto":
        return next((kind for kind in LOGS if kind.sniff(path, head)), None)
    return next(kind for kind in LOGS if format == kind.NAME)


def _check_once(table: Table) -> None:
    """Refuse two responses of one model to one prompt."""
    frame = _frame(table, "model", "prompt_id")
    twice = frame[frame.duplicated().to_numpy()].drop_duplicates()
    if twice.empty:
        return
    model, prompt = twice.iloc[0]
    files = _files(table, ((frame["model"] == model) & (frame["prompt_id"] == prompt)).to_numpy())
    n = counted(len(twice), "prompt")
    where = f"of {files[0]}" if len(files) == 1 else f"of {' and '.join(files[:3])}"
    raise DataError(
        f"model {shown(model)} has more than one response to {n}, first {shown(prompt)} {where}; give one log of "
        f"each model and task (the same log, or two runs of one model, cannot be joined with themselves)"
    )


def _check_documents(table: Table) -> None:
    """Refuse two documents under one name: two versions of a data set, or two tasks of one name."""
    frame = _frame(table, "prompt_id", "document")
    known: Any = frame[frame["document"].notna()]
    several = known.drop_duplicates()
    several = several[several["prompt_id"].duplicated(keep=False).to_numpy()]
    if several.empty:
        return
    prompt = several["prompt_id"].iloc[0]
    files = _files(table, (frame["prompt_id"] == prompt).to_numpy())
    n, of = len(several["prompt_id"].unique()), len(known["prompt_id"].unique())
    raise DataError(
        f"{n} of {counted(of, 'prompt')} are not the same document in every log, first {shown(prompt)} of "
        f"{' and '.join(files[:3])}; these are runs of different tasks, or of different versions of the data"
    )


def _frame(table: Table, *names: str) -> pd.DataFrame:
    return pd.DataFrame({name: series(table.columns[name]) for name in names})


def _files(table: Table, rows: np.ndarray[Any, np.dtype[np.bool_]]) -> list[str]:
    """The files that some rows come from."""
    starts = np.cumsum([0, *[n for _, n in table.parts]])
    which = np.unique(np.searchsorted(starts, np.flatnonzero(rows), side="right") - 1)
    return [table.parts[i][0] for i in which]


def _with_correctness(table: Table) -> Table:
    columns = {name: column for name, column in table.columns.items() if name != "document"}
    scores, bad = numbers(columns["score"])
    known = scores[np.isfinite(scores)]
    notes: Sequence[str] = table.notes
    if n := int(np.isnan(scores).sum() - bad.sum()):
        notes = [*notes, f"{n} of {counted(table.n, 'response')} without a score"]
    if known.size and not bad.any() and (known >= 0).all() and (known <= 1).all():
        columns["correct"] = columns["score"]
        notes = [*notes, "correctness is the score of the harness"]
    return replace(table, columns=columns, notes=tuple(notes))
