"""Counted notes on how the data were read, which every output shows."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, counted
from llamastyle.data.notes import Note, noted
from llamastyle.data.readers.conversations import Side
from llamastyle.data.readers.formats import GROUPING, Draft
from llamastyle.data.readers.names import USUAL, way_to_map
from llamastyle.data.readers.table import Column, Table, rounded_ids, undecodable
from llamastyle.features.catalog import ALL, ARENA

IDS = ("model_a", "model_b", *(name for name in GROUPING if name != "timestamp"))
NAMED = tuple(zip(USUAL["model_a"], USUAL["model_b"], strict=True))
"""Pairs of columns in which others keep the names of the models."""
NO_NAMES = "no model names: style can be priced, models cannot be rated"
UNNAMED = "{n:battle} without model names: kept for prices, left out of ratings"
ALIKE = "names that differ in case only stay different models"
LONGEST_NAME = 100
ZERO_ONE = {"0": "0", "1": "1", "0.0": "0", "1.0": "1", "False": "0", "True": "1"}
SIDES = {"a": "b", "1": "2", "left": "right", "first": "second"}
"""What others call the two sides."""


def battle_notes(battles: Battles) -> list[str]:
    """What a reader of these battles should know, with counts."""
    n = len(battles)
    notes = noted(int(battles.both_bad.sum()), "{n} of {battles} votes are both_bad: half a win each", battles=n)
    named = (battles.model_a >= 0) & (battles.model_b >= 0)
    notes += noted(int((~named).sum()), UNNAMED) if battles.models else [NO_NAMES]
    notes += case_notes(battles.models)
    alone = int((named & (battles.model_a == battles.model_b)).sum())
    notes += noted(alone, "{n:battle} of a model with itself: kept for prices, left out of ratings")
    if battles.measured is not None:
        names = list(battles.measured.names)
        more = " ..." if len(names) > 6 else ""
        notes.append(f"{counted(len(names), 'feature')} measured in the table: {', '.join(names[:6])}{more}")
    notes += correctness_notes(battles)
    if battles.tokens is not None and np.isfinite(battles.tokens).any():
        known = np.isfinite(battles.tokens[battles.row_a]) & np.isfinite(battles.tokens[battles.row_b])
        said = "token counts come with the data in {known} of {battles} battles"
        notes.append(Note.of(said, known=int(known.sum()), battles=n))
    return notes


def case_notes(models: tuple[str, ...]) -> list[str]:
    """On names that are likely the same model's, in the sets of one source; they are not merged."""
    groups: dict[str, list[str]] = {}
    for name in models:
        groups.setdefault(name.casefold(), []).append(name)
    alike = [" and ".join(names) for names in groups.values() if len(names) > 1]
    more = f" ... ({len(alike)} in all)" if len(alike) > 3 else ""
    note = f"{ALIKE}: {'; '.join(alike[:3])}{more}"
    return [note] * bool(alike)


def name_notes(table: Table) -> list[str]:
    """Where no names of models are read: the pairs of columns that may hold them."""
    there = {column.lower(): column for column in table.columns}
    lower = [(there[a], there[b]) for a, b in NAMED if a in there and b in there]
    pairs = [(a, b) for a, b in lower if _few(table.columns[a]) and _few(table.columns[b])]
    if not pairs:
        return []
    listed = ", ".join(f"{a!r} and {b!r}" for a, b in pairs)
    way = way_to_map(dict(zip(("model_a", "model_b"), pairs[0], strict=True)))
    return [f"the names of the models may be in {listed}: read them with {way}"]


def right_notes(table: Table, used: Collection[str]) -> list[str]:
    """Where no correctness is read: the pairs of columns that may hold it, one a side and zeros and ones alone."""
    there = {_parts(name): name for name in table.columns if name not in used}
    return [
        f"{a!r} and {b!r} are 0 or 1: if they say whether an answer is right, read them with"
        f" {way_to_map({'correct_a': a, 'correct_b': b})}"
        for parts, a in there.items()
        for b in _others(parts, there)
        if not _ours(a, b)
        if {*_zero_one(table.columns[a]), *_zero_one(table.columns[b])} == {"0", "1"}
        and _both_at_times(table.columns[a], table.columns[b])
    ]


def _ours(a: str, b: str) -> bool:
    """Whether two columns are those of a built-in feature, such as ``bold_a`` and ``bold_b``."""
    return a[:-2] == b[:-2] and a[:-2] in {*ALL.names, *ARENA.names}


def _parts(name: str) -> tuple[str, ...]:
    return tuple(re.split(r"[\W_]+", name.lower()))


def _others(parts: tuple[str, ...], there: Mapping[tuple[str, ...], str]) -> list[str]:
    """Columns that say of the second side what this one says of the first: ``ok_b`` for ``ok_a``."""
    swapped = [(*parts[:k], SIDES[part], *parts[k + 1 :]) for k, part in enumerate(parts) if part in SIDES]
    return [there[key] for key in swapped if key in there]


def _zero_one(column: Column) -> list[str]:
    """Which of 0 and 1 are there, as numbers, truth values or their texts; "?" where something else is."""
    if not isinstance(column, pa.ChunkedArray) or pa.types.is_nested(column.type):
        return ["?"]
    if any(str(value) not in ZERO_ONE for value in column.slice(0, 100).drop_null().to_pylist()):
        return ["?"]
    return [ZERO_ONE.get(str(value), "?") for value in column.drop_null().unique().to_pylist()]


def _both_at_times(a: Column, b: Column) -> bool:
    """Whether both sides are 1 in some row; where they never are, the columns say who won rather than who is right."""
    sides = (column.to_pylist() for column in (a, b))
    return any(ZERO_ONE.get(str(one)) == ZERO_ONE.get(str(two)) == "1" for one, two in zip(*sides, strict=True))


def _few(column: Column) -> bool:
    """Whether these are texts, of which each comes more than once on average, and not long ones."""
    if not isinstance(column, pa.ChunkedArray) or column.type != pa.large_string():
        return False
    values = column.drop_null().unique().to_pylist()
    return 1 < len(values) <= max(2, len(column) // 2) and max(map(len, values)) <= LONGEST_NAME


def id_notes(draft: Draft) -> list[str]:
    """On ids and names that are not what they were: undecodable bytes, and whole numbers rounded to floats."""
    notes: list[str] = []
    for name in (name for name in IDS if name in draft.columns):
        theirs = draft.sources.get(name, name)
        notes += noted(
            undecodable(draft.columns[name]),
            "{n:value} of {column} with bytes that are not UTF-8 or halves of surrogate pairs: "
            "written with backslashes",
            {"column": repr(theirs)},
        )
        notes += noted(
            rounded_ids(draft.columns[name]),
            "{n:value} of {column} as floats of 2**53 and above, where neighbours are one value: "
            "read the column as text or whole numbers",
            {"column": repr(theirs)},
        )
    return notes


def correctness_notes(battles: Battles) -> list[str]:
    """On how many battles correctness is known on both sides, and on one alone."""
    if battles.correct_a is None or battles.correct_b is None:
        return []
    said = "correctness known on both sides in {known} of {battles} battles{one:?, on one side only in #}"
    one = int((np.isnan(battles.correct_a) != np.isnan(battles.correct_b)).sum())
    return [Note.of(said, known=int(battles.correct_known.sum()), one=one, battles=len(battles))]


def text_notes(sides: tuple[Side, Side], table: Table, keep: NDArray[np.bool_]) -> list[str]:
    """On conversations that differ, and what `turn_notes` says."""
    notes: list[str] = []
    a, b = sides
    if a.turns is not None and b.turns is not None:
        users = zip(a.user, b.user, strict=True)
        other = np.array([x is not None and y is not None and x != y for x, y in users], bool)
        unequal = keep & (other | (a.turns != b.turns))
        if unequal.any():
            notes += noted(
                int(unequal.sum()),
                "{n:battle} where the two conversations differ in their user turns or their length",
                first=f", first {table.where(int(np.argmax(unequal)))}",
            )
    return notes + turn_notes(*sides)


def turn_notes(*sides: Side) -> list[str]:
    """On turns without text, and characters that were replaced."""
    empty, scrubbed = (sum(getattr(side, name) for side in sides) for name in ("empty_turns", "scrubbed"))
    return [
        *noted(empty, "{n:response} with assistant turns that have no text: those turns left out"),
        *noted(scrubbed, "{n:response} with halves of surrogate pairs: replaced by U+FFFD"),
    ]
