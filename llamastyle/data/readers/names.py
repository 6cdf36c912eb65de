"""Names of columns: what the caller maps, and what is missing."""

from __future__ import annotations

import difflib
import json
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from llamastyle.data.readers.formats import CANONICAL
from llamastyle.data.readers.table import Table, shown
from llamastyle.errors import DataError
from llamastyle.options import nearest

SCORES = ("prompt_id", "model", "correct")
"""Columns of a table of correctness."""

USUAL = {
    "winner": ("vote", "preference", "label", "choice", "verdict", "result", "judgment"),
    "model_a": ("left", "model_1", "model1", "generator_1", "model_x", "model_left", "generator_a"),
    "model_b": ("right", "model_2", "model2", "generator_2", "model_y", "model_right", "generator_b"),
    "response_a": ("text_left", "answer_a", "output_a", "output_1", "completion_a", "text_a", "response_1"),
    "response_b": ("text_right", "answer_b", "output_b", "output_2", "completion_b", "text_b", "response_2"),
    "prompt_id": ("question_id", "prompt", "id", "qid", "doc_id"),
    "model": ("name", "model_name", "model_id", "generator"),
    "correct": ("is_correct", "score", "acc", "label"),
}
"""What others call the columns that cannot be missing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller asked for.

    Attributes
    ----------
    columns : dict
        The table's name for a canonical column, by canonical name.
    labels : dict
        Canonical winner labels, by the table's label.
    cluster : tuple of str
        Columns to cluster by.
    strict : bool
        Whether a bad row is an error.
    """

    columns: dict[str, str]
    labels: dict[str, str]
    cluster: tuple[str, ...]
    strict: bool


def check_columns(columns: Mapping[Any, Any] | None, known: Collection[str]) -> dict[str, str]:
    """The mapping handed in; a key that is no name that is read is an error."""
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        raise DataError(f'columns={shown(columns)} is not a dict; give one such as {{"winner": "vote"}}')
    for name, theirs in columns.items():
        if name not in known:
            raise DataError(
                f"columns={{{name!r}: {theirs!r}}}: {name!r} is no name that is read{nearest(name, known)}; "
                f"names on the left are {', '.join(known)}"
            )
        if not isinstance(theirs, str):
            raise DataError(f"columns={{{name!r}: {theirs!r}}}: give the name of a column as text")
    return dict(columns)


def mapped(table: Table, columns: Mapping[str, str]) -> Table:
    """The table under canonical names; a column used under another name has lost its own."""
    for name, theirs in columns.items():
        if theirs not in table.columns:
            raise DataError(
                f"columns={{{name!r}: {theirs!r}}}: the table has no column {theirs!r}"
                f"{nearest(theirs, table.names)}; it has {listed(table)}"
            )
    used = set(columns.values()) | set(columns)
    made = {name: table.columns[theirs] for name, theirs in columns.items()}
    made |= {name: column for name, column in table.columns.items() if name not in used}
    return replace(table, columns=made)


def missing_column(name: str, table: Table, more: str = "") -> DataError:
    """The error for a column that is not there, with the nearest there is and the way out."""
    guesses = _guesses(name, table)
    hint = f"; did you mean {' or '.join(map(repr, guesses))}?" if guesses else ";"
    example = guesses[0] if guesses else "YOUR_COLUMN"
    return DataError(
        f"no column {name!r}{more} among {listed(table)}{hint} name it with {way_to_map({name: example})}"
    )


def guess(name: str, table: Table) -> str | None:
    """The column that most likely is what is missing."""
    return next(iter(_guesses(name, table)), None)


def _guesses(name: str, table: Table) -> list[str]:
    """Columns that may be what is missing; not those that have a meaning of their own, such as the other side's."""
    usual = USUAL.get(name, ())
    free = [column for column in table.columns if column not in CANONICAL or column in usual]
    lower = {column.lower(): column for column in free}
    known = next((lower[other] for other in usual if other in lower), None)
    return difflib.get_close_matches(name, free, n=3, cutoff=0.6) or ([known] if known is not None else [])


def way_to_map(columns: Mapping[str, str]) -> str:
    """How to name columns, in Python and at a shell: ``columns={"winner": "vote"} (--map winner=vote)``."""
    python = ", ".join(f"{json.dumps(n)}: {json.dumps(c, ensure_ascii=False)}" for n, c in columns.items())
    shell = " ".join(f"--map {shlex.quote(f'{name}={theirs}')}" for name, theirs in columns.items())
    return f"columns={{{python}}} ({shell})"


def listed(table: Table) -> str:
    """The table's columns for a message, at most 30."""
    names = [shown(name) for name in table.names[:30]]
    more = f" and {len(table.names) - 30} more" if len(table.names) > 30 else ""
    return (", ".join(names) or "no columns") + more


def canonical_keys(scores: bool) -> tuple[str, ...]:
    """Names that ``columns=`` may map; those of a table of correctness too when there is one."""
    return CANONICAL + (SCORES[1:] if scores else ())
