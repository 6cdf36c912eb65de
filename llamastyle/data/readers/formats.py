"""What a format is: a name, a way to know it by its columns, and a way to canonical columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llamastyle.data.notes import noted
from llamastyle.data.readers.conversations import Side
from llamastyle.data.readers.table import Column, Table
from llamastyle.features.feature import FeatureSet

GROUPING = ("prompt_id", "prompt", "judge", "voter", "category", "language", "timestamp", "session")
"""Columns that a battle keeps by name when they are there."""

CANONICAL = (
    "model_a",
    "model_b",
    "winner",
    "outcome",
    "response_a",
    "response_b",
    "correct_a",
    "correct_b",
    "weight",
    "tokens_a",
    "tokens_b",
    *GROUPING,
)
"""Columns that are read under their own names."""


AGAIN = "a verdict that an earlier row has already given, on the same prompt and models by the same judge"


UNJUDGED = "no verdicts in these data: who won is the benchmark's own label"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a format makes of a table, not yet checked.

    Attributes
    ----------
    columns : dict
        Columns by canonical name.
    measured : dict
        Pairs of numeric columns by feature name, side a and side b.
    sources : dict
        What a canonical column is called in the table, where it has another name there.
    notes : list of str
        Counted notes on how the format was read.
    domains : dict
        What to say of a value of a canonical column that is none, where the format's own values differ.
    failed : bool array or None
        Rows that the format marks as failed; they are set aside whether strict or not.
    failure : tuple of (str, str)
        Column and reason of the failed rows.
    sides : tuple of Side or None
        The responses of both sides where the format has read them itself; a text that is null and not
        bad was withheld, and the vote stays.
    preset : FeatureSet or None
        What ``measured`` are, where the format knows more of them than their names.
    labels : dict
        What the format's own winner labels mean; those of the caller come first.
    problems : list of (bool array, str, str)
        Rows that are bad, the column, and what is wrong.
    apart : bool
        Whether the format keeps the answers in other files.
    turn : int array or None
        After how many of its turns each answer was judged, where these files hold more.
    """

    columns: dict[str, Column]
    measured: dict[str, tuple[Column, Column]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    domains: dict[str, str] = field(default_factory=dict)
    failed: NDArray[np.bool_] | None = None
    failure: tuple[str, str] = ("", "")
    sides: tuple[Side, Side] | None = None
    preset: FeatureSet | None = None
    labels: dict[str, str] = field(default_factory=dict)
    problems: list[tuple[NDArray[np.bool_], str, str]] = field(default_factory=list)
    apart: bool = False
    turn: NDArray[np.int64] | None = None


def spoken(draft: Draft, sides: tuple[Side, Side]) -> Draft:
    """The draft with responses that its format has read itself.

    Where every assistant turn of a side is there and null, nothing was said: such rows failed.
    """
    columns = ", ".join(draft.sources.get(name, name) for name in ("response_a", "response_b"))
    failed = np.zeros(len(sides[0].texts), bool)
    for side in sides:
        failed[list(side.silent)] = True
    what = "a response in which every turn is null"
    n = int(failed.sum())
    note = "{n:row} of {rows} {n:has/have} {what}: set aside"
    notes = [*draft.notes, *noted(n, note, {"what": what}, rows=len(failed))]
    return replace(draft, sides=sides, notes=notes, failed=failed, failure=(columns, what))


class Format(Protocol):
    """One file of `llamastyle.data.readers` a format; a module is one."""

    @property
    def NAME(self) -> str:
        """What ``format=`` calls it."""
        ...

    def sniff(self, names: frozenset[str]) -> bool:
        """Whether a table with these columns is in the format."""
        ...

    def read(self, table: Table) -> Draft:
        """The table's canonical columns; columns that already have canonical names win."""
        ...


class Nested(Format, Protocol):
    """A format of which one row holds several verdicts."""

    def unfold(self, table: Table) -> Table:
        """The table with a row for each verdict; this is what `read` reads."""
        ...


def canonical(table: Table) -> dict[str, Column]:
    """The table's columns that already have canonical names."""
    return {name: table.columns[name] for name in CANONICAL if name in table.columns}


def renamed(table: Table, names: Mapping[str, str]) -> tuple[dict[str, Column], dict[str, str]]:
    """Canonical columns by foreign name (canonical -> foreign), and which were used."""
    used = {new: old for new, old in names.items() if old in table.columns and new not in table.columns}
    return {new: table.columns[old] for new, old in used.items()}, used
