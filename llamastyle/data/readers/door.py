"""The door: canonical columns are checked once, here, and become battles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, assemble, counted
from llamastyle.data.notes import noted
from llamastyle.data.readers.checks import Checks, Fetch, issue_frame
from llamastyle.data.readers.conversations import Side, first_user_turn, holds_conversations, read_side
from llamastyle.data.readers.formats import GROUPING, Draft
from llamastyle.data.readers.labels import read_winners, unknown_labels
from llamastyle.data.readers.measured import feature_table
from llamastyle.data.readers.names import Asked, missing_column
from llamastyle.data.readers.notes import battle_notes, id_notes, name_notes, right_notes, text_notes
from llamastyle.data.readers.table import Column, Table, keys, numbers, objects, series, times
from llamastyle.errors import DataError
from llamastyle.options import nearest

if TYPE_CHECKING:
    from llamastyle.features.feature import FeatureTable

Pair: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Parts:
    """Checked columns of all rows, good and bad."""

    outcome: NDArray[np.float64]
    both_bad: NDArray[np.bool_]
    names: tuple[pa.Array, pa.Array] | None
    sides: tuple[Side, Side] | None
    tokens: Pair | None
    weight: NDArray[np.float64] | None
    correct: Pair | None
    measured: NDArray[np.float64] | None
    columns: pd.DataFrame
    cluster: str | tuple[str, ...] | None
    notes: list[str]


def enter(draft: Draft, table: Table, asked: Asked) -> Battles:
    """Battles from a format's draft, every row checked.

    Parameters
    ----------
    draft : Draft
        What the format made of the table.
    table : Table
        The table itself, for the names of its columns.
    asked : Asked
        What the caller asked for.

    Raises
    ------
    DataError
        If a column is missing, labels are not known, or (when strict) a row is bad.
    """
    if table.n == 0:
        raise DataError("the table has no rows; give at least one battle")
    _require(draft, table)
    failed = np.zeros(table.n, bool) if draft.failed is None else draft.failed
    checks = Checks(table.n, table.where, failed)
    reader = Reader(draft, table, asked, checks)
    parts = reader.parts()
    if checks.problems and asked.strict:
        raise checks.error()
    keep = ~checks.bad
    if not keep.any():
        if checks.problems:
            raise checks.error(set_aside=True)
        raise DataError(f"all {table.n} rows failed: {draft.failure[1]} (column {draft.failure[0]!r})")
    return _assembled(draft, table, checks, parts, keep)


def _require(draft: Draft, table: Table) -> None:
    there = draft.columns
    if "winner" not in there and "outcome" not in there:
        raise missing_column("winner", table, " (or 'outcome', the probability that a wins)")
    for a, b in (("model_a", "model_b"), ("response_a", "response_b"), ("correct_a", "correct_b")):
        if (a in there) != (b in there):
            raise missing_column(b if a in there else a, table)
    if "response_a" not in there and not draft.measured:
        raise missing_column("response_a", table, " and no measured features (words_a, words_b ...) either")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads a draft's columns one by one; what is wrong goes to ``checks``."""

    draft: Draft
    table: Table
    asked: Asked
    checks: Checks

    def parts(self) -> Parts:
        """All columns, checked."""
        notes = list(self.draft.notes)
        for bad, name, what in self.draft.problems:
            self.checks.add(bad, self.label(name), what, self._values(name))
        names = self._names()
        outcome, both_bad = self._outcome(names, notes)
        sides = self._sides() if "response_a" in self.draft.columns else None
        columns, cluster = self._grouping(sides)
        return Parts(
            outcome=outcome,
            both_bad=both_bad,
            names=names,
            sides=sides,
            tokens=self._tokens() if sides is not None else None,
            weight=self._weight(),
            correct=self._correct(),
            measured=self._measured() if self.draft.measured else None,
            columns=columns,
            cluster=cluster,
            notes=notes,
        )

    def label(self, name: str) -> str:
        """What a canonical column is called in the table handed in."""
        return self.draft.sources.get(name) or self.asked.columns.get(name, name)

    def _names(self) -> tuple[pa.Array, pa.Array] | None:
        if "model_a" not in self.draft.columns:
            return None
        a, b = keys(self.draft.columns["model_a"]), keys(self.draft.columns["model_b"])
        none_a, none_b = _nulls(a), _nulls(b)
        self._add(none_a & ~none_b, "model_a", "no model name, though the other side has one")
        self._add(none_b & ~none_a, "model_b", "no model name, though the other side has one")
        return None if none_a.all() and none_b.all() else (a, b)

    def _outcome(
        self, names: tuple[pa.Array, pa.Array] | None, notes: list[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        columns = self.draft.columns
        if "winner" not in columns:
            if self.asked.labels:
                raise missing_column("winner", self.table, " for labels= to map")
            return self._probability(), np.zeros(self.table.n, bool)
        made = read_winners(keys(columns["winner"]), self.draft.labels | self.asked.labels, names)
        if made.unknown and (self.asked.strict or not np.isfinite(made.outcome).any()):
            raise unknown_labels(made.unknown, self.label("winner"), list(self.draft.labels))
        unread = np.isnan(made.outcome) & ~made.missing & ~made.unclear
        self._add(made.missing, "winner", "no winner")
        self._add(made.unclear, "winner", "the model it names stands on both sides")
        self._add(unread, "winner", "a label that is not known")
        if "outcome" in columns:
            given, bad = numbers(columns["outcome"])
            differ = int((bad | (given != made.outcome)).sum())
            notes += noted(differ, "winner and outcome differ in {n} of {rows} rows: winner is used", rows=self.table.n)
        return made.outcome, made.both_bad

    def _probability(self) -> NDArray[np.float64]:
        values, bad = self._numbers("outcome")
        self._add(np.isnan(values) & ~bad, "outcome", "no outcome")
        self._add((values < 0) | (values > 1), "outcome", "an outcome outside [0, 1]")
        return values

    def _sides(self) -> tuple[Side, Side]:
        columns = self.draft.columns
        sides = self.draft.sides or (read_side(columns["response_a"]), read_side(columns["response_b"]))
        for name, side in zip(("response_a", "response_b"), sides, strict=True):
            self.checks.add_rows(side.bad, self.label(name), self._values(name))
        return sides

    def _weight(self) -> NDArray[np.float64] | None:
        if "weight" not in self.draft.columns:
            return None
        values, bad = self._numbers("weight")
        self._add(~bad & ~((values > 0) & np.isfinite(values)), "weight", "a weight that is not above zero")
        return values

    def _correct(self) -> Pair | None:
        if "correct_a" not in self.draft.columns:
            return None
        a, b = self._numbers("correct_a")[0], self._numbers("correct_b")[0]
        for name, values in (("correct_a", a), ("correct_b", b)):
            self._add((values < 0) | (values > 1), name, "correctness outside [0, 1]")
        return a, b

    def _tokens(self) -> Pair | None:
        if not {"tokens_a", "tokens_b"} <= set(self.draft.columns):
            return None
        a, b = self._numbers("tokens_a")[0], self._numbers("tokens_b")[0]
        for name, values in (("tokens_a", a), ("tokens_b", b)):
            self._add((values < 0) | np.isinf(values), name, "no token count")
        return a, b

    def _measured(self) -> NDArray[np.float64]:
        n = self.table.n
        out = np.empty((2 * n, len(self.draft.measured)))
        for j, (name, pair) in enumerate(self.draft.measured.items()):
            for i, column in enumerate(pair):
                values, _ = numbers(column)
                if np.isnan(values).all():
                    raise DataError(
                        f"column {f'{name}_{chr(97 + i)}'!r} has no number in any of {counted(n, 'row')}; "
                        f"leave {name}_a and {name}_b out of the table, or fill them"
                    )
                out[i * n : (i + 1) * n, j] = values
                side = f"{name}_{'ab'[i]}"
                what = self.draft.domains.get(side, "no finite value")
                given = self.table.columns.get(self.draft.sources.get(side, side), column)
                self.checks.add(~np.isfinite(values), self.draft.sources.get(side, side), what, fetch(given))
        return out

    def _grouping(self, sides: tuple[Side, Side] | None) -> tuple[pd.DataFrame, str | tuple[str, ...] | None]:
        out = {name: series(self._prompts(name)) for name in GROUPING if name in self.draft.columns}
        asked = [first[0] if first else None for first in _user_turns(sides)]
        if "prompt" not in out and any(text is not None for text in asked):
            out["prompt"] = pd.Series(asked, dtype=object)
        if "prompt" in out and "prompt_id" not in out:
            out = {"prompt_id": out["prompt"], **out}
        names = tuple(self._cluster(out, name) for name in self.asked.cluster)
        cluster = names if len(names) > 1 else names[0] if names else None
        return pd.DataFrame(out, index=pd.RangeIndex(self.table.n)), cluster

    def _prompts(self, name: str) -> Column:
        column = self.draft.columns[name]
        if name == "timestamp":
            return times(column)
        if name != "prompt" or not holds_conversations(column):
            return column
        return _first_user_turns(column)

    def _cluster(self, out: dict[str, pd.Series], cluster: str) -> str:
        theirs = {old: new for new, old in self.asked.columns.items()}
        theirs |= {old: new for new, old in self.draft.sources.items()}
        name = cluster if cluster in out else theirs.get(cluster, cluster)
        column = self.draft.columns.get(name, self.table.columns.get(name))
        if name not in out:
            if column is None:
                known = list(dict.fromkeys([*out, *self.table.names]))
                raise DataError(
                    f"cluster={cluster!r}: there is no such column{nearest(cluster, known)}; "
                    f"the table has {', '.join(map(repr, known))}"
                )
            out[name] = series(column)
        self.checks.add(out[name].isna().to_numpy(bool), cluster, "no value in the column to cluster by")
        return name

    def _numbers(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        values, bad = numbers(self.draft.columns[name])
        self._add(bad, name, "not a number")
        return values, bad

    def _add(self, bad: NDArray[np.bool_], name: str, what: str) -> None:
        what = self.draft.domains.get(name, what)
        self.checks.add(bad, self.label(name), what, self._values(name))

    def _values(self, name: str) -> Fetch:
        theirs = self.draft.sources.get(name, name)
        there = self.table.columns
        return fetch(there[theirs] if theirs in there else self.draft.columns[name])


def fetch(column: Column) -> Fetch:
    """A function for what stands in some rows of a column."""

    def values(rows: Sequence[int]) -> list[Any]:
        if isinstance(column, pa.ChunkedArray):
            return objects(column.take(pa.array(rows, pa.int64())))
        return [column[row] for row in rows]

    return values


def _assembled(draft: Draft, table: Table, checks: Checks, parts: Parts, keep: NDArray[np.bool_]) -> Battles:
    texts = starts = None
    if parts.sides is not None:
        texts, starts = (
            tuple(_kept(side.texts, keep) for side in parts.sides),
            start_array(parts.sides, keep),
        )
    battles = assemble(
        outcome=parts.outcome[keep],
        names=None if parts.names is None else (_kept(parts.names[0], keep), _kept(parts.names[1], keep)),
        texts=None if texts is None else (texts[0], texts[1]),
        turn_starts=starts,
        tokens=_both(parts.tokens, keep),
        both_bad=parts.both_bad[keep],
        weight=None if parts.weight is None else parts.weight[keep],
        correct=_both(parts.correct, keep),
        columns=parts.columns.loc[keep],
        cluster=parts.cluster,
        measured=_feature_table(draft, parts.measured, keep),
    )
    issues, notes = set_aside(draft, table, checks)
    notes = [*table.notes, *parts.notes, *notes, *battle_notes(battles), *id_notes(draft)]
    notes += name_notes(table) if parts.names is None else []
    if "correct_a" not in draft.columns:
        notes += right_notes(table, {*draft.columns, *draft.sources.values()})
    if parts.sides is not None:
        notes += text_notes(parts.sides, table, keep)
    return replace(battles, issues=issues, notes=tuple(notes))


def set_aside(draft: Draft, table: Table, checks: Checks) -> tuple[pd.DataFrame, list[str]]:
    """The rows and lines that are left out, as issues, and notes that count them."""
    n = int((checks.bad & ~checks.failed).sum())
    notes = noted(n, "{n:row} of {rows} set aside {where}", {"where": "(see battles.issues)"}, rows=table.n)
    if table.lost:
        notes.append(f"{counted(len(table.lost), 'line')} could not be read: set aside (see battles.issues)")
    column, what = draft.failure
    rows = [(table.source_row(int(row)), column, what, None) for row in np.flatnonzero(checks.failed)]
    rows += [(-1, "", f"line {line} is {why}", start) for why, start, line in table.lost]
    rows += [(table.source_row(row), *rest) for row, *rest in checks.issues().itertuples(index=False, name=None)]
    return issue_frame(sorted(rows, key=lambda row: row[0])), notes


def _feature_table(
    draft: Draft, values: NDArray[np.float64] | None, keep: NDArray[np.bool_]
) -> FeatureTable | None:
    if values is None:
        return None
    kept = values if keep.all() else values[np.tile(keep, 2)]
    return feature_table(list(draft.measured), kept, draft.preset)


def start_array(sides: Sequence[Side], keep: NDArray[np.bool_]) -> pa.Array | None:
    """Where later turns start in the rows that are kept, one side after the other; None if there are none."""
    n = len(keep)
    starts = [row for side in sides for row in (side.starts or [()] * n)]
    kept = [list(row) for row, good in zip(starts, np.tile(keep, len(sides)), strict=True) if good]
    return pa.array(kept, pa.list_(pa.int64())) if any(kept) else None


def _user_turns(sides: tuple[Side, Side] | None) -> list[tuple[str, ...] | None]:
    if sides is None:
        return []
    users = [side.user for side in sides if side.user]
    return [next((turns for turns in row if turns), None) for row in zip(*users, strict=True)]


def _first_user_turns(column: Column) -> Column:
    made = [first_user_turn(value) for value in objects(column)]
    return pa.chunked_array([pa.array(made, pa.large_string())])


def _both(pair: Pair | None, keep: NDArray[np.bool_]) -> Pair | None:
    return None if pair is None else (pair[0][keep], pair[1][keep])


def _kept(values: pa.Array, keep: NDArray[np.bool_]) -> pa.Array:
    return values if keep.all() else values.filter(pa.array(keep))


def _nulls(values: pa.Array) -> NDArray[np.bool_]:
    return values.is_null().to_numpy(zero_copy_only=False)
