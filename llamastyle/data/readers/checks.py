"""Bad rows: collected by what is wrong with them, then raised or set aside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import ISSUE_COLUMNS, counted
from llamastyle.data.readers.table import shown
from llamastyle.errors import DataError

Fetch: TypeAlias = Callable[[Sequence[int]], list[Any]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows that have one thing wrong in one column, and what stands there."""

    rows: NDArray[np.int64]
    column: str
    what: str
    values: list[Any]


@dataclass(slots=True)
class Checks:
    """The problems of a table of ``n`` rows; those in ``failed`` rows are no longer looked at.

    ``where`` names a row in messages.
    """

    n: int
    where: Callable[[int], str]
    failed: NDArray[np.bool_]
    problems: list[Problem] = field(default_factory=list)

    def add(self, bad: NDArray[np.bool_], column: str, what: str, values: Fetch | None = None) -> None:
        """Note the rows where ``bad`` is True; ``values`` fetches what stands in them."""
        rows = np.flatnonzero(bad & ~self.failed)
        if len(rows):
            given = [None] * len(rows) if values is None else values(rows.tolist())
            self.problems.append(Problem(rows, column, what, given))

    def add_rows(self, reasons: dict[int, str], column: str, values: Fetch) -> None:
        """Note rows by number, with a reason each; ``values`` fetches what stands in them."""
        by_reason: dict[str, list[int]] = {}
        for row, what in reasons.items():
            if not self.failed[row]:
                by_reason.setdefault(what, []).append(row)
        for what, rows in by_reason.items():
            self.problems.append(Problem(np.array(rows, np.int64), column, what, values(rows)))

    @property
    def bad(self) -> NDArray[np.bool_]:
        """Rows with any problem, failed ones included."""
        out = self.failed.copy()
        for problem in self.problems:
            out[problem.rows] = True
        return out

    def error(self, set_aside: bool = False) -> DataError:
        """One error for all problems: the first row in full, and how many there are."""
        first = min(self.problems, key=lambda problem: problem.rows[0])
        value = "" if first.values[0] is None else f" ({shown(first.values[0])})"
        others = int((self.bad & ~self.failed).sum())
        total = f", {others} have some problem" if others > len(first.rows) else ""
        way = "no row is left" if set_aside else "strict=False sets such rows aside in battles.issues"
        return DataError(
            f"{self.where(int(first.rows[0]))}, column {first.column!r}: {first.what}{value}; "
            f"{len(first.rows)} of {counted(self.n, 'row')} like this{total}; {way}"
        )

    def issues(self) -> pd.DataFrame:
        """``row, column, what, value`` of every problem, by row."""
        rows = [
            (int(row), problem.column, problem.what, value)
            for problem in self.problems
            for row, value in zip(problem.rows, problem.values, strict=True)
        ]
        rows.sort(key=lambda row: row[0])
        return issue_frame(rows)


def issue_frame(rows: Sequence[tuple[int, str, str, Any]]) -> pd.DataFrame:
    """Issues as a frame, with the same types whether there are any or not."""
    columns = list(zip(*rows, strict=True)) or [()] * len(ISSUE_COLUMNS)
    made: dict[str, Any] = {"row": np.array(columns[0], np.int64)}
    for name, values in zip(ISSUE_COLUMNS[1:], columns[1:], strict=True):
        made[name] = pd.Series(list(values), dtype=object)
    return pd.DataFrame(made)
