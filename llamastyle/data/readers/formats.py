"""What a format is: a name, a way to know it by its columns, and a way to canonical columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from llamastyle.data.readers.table import Column, Table

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
    """

    columns: dict[str, Column]
    measured: dict[str, tuple[Column, Column]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    domains: dict[str, str] = field(default_factory=dict)
    failed: NDArray[np.bool_] | None = None
    failure: tuple[str, str] = ("", "")


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


def canonical(table: Table) -> dict[str, Column]:
    """The table's columns that already have canonical names."""
    return {name: table.columns[name] for name in CANONICAL if name in table.columns}


def renamed(table: Table, names: Mapping[str, str]) -> tuple[dict[str, Column], dict[str, str]]:
    """Canonical columns by foreign name (canonical -> foreign), and which were used."""
    used = {new: old for new, old in names.items() if old in table.columns and new not in table.columns}
    return {new: table.columns[old] for new, old in used.items()}, used
