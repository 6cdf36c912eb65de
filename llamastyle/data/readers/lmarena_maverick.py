"""Arena's battles of Llama-4-Maverick-03-26-Experimental, as released in clean-llama4.jsonl.

Written from two public readings of the file: a notebook that loads it and prints its 24 columns and first
rows, and the column types of a copy. From these: rows as of arena-human-preference-100k, but the hashed voter
is called ``judge``; ``num_tokens`` on the turns; conversations that are the Python text of a list here and
there; ``category`` the same label in each row, ``outcome`` a sentence ("... Won", "Tie"), ``opponent``;
``redacted`` with ``redacted_messages_a`` and ``_b``. Not seen: a row that is redacted. Whether its
conversations are the texts as they were judged or as they were redacted is therefore not known, and its texts
are not measured.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from llamastyle.data.notes import noted
from llamastyle.data.readers.arena_counts import by_counts, is_true
from llamastyle.data.readers.conversations import Side
from llamastyle.data.readers.formats import Draft, spoken
from llamastyle.data.readers.literals import Unreadable, literal
from llamastyle.data.readers.lmarena import has_sides, talks
from llamastyle.data.readers.lmarena_100k import without_texts
from llamastyle.data.readers.nested import ASSISTANT
from llamastyle.data.readers.table import Column, Table, number, numbers, objects

NAME = "lmarena_maverick"
SUSPECT = r"(?i)redacted|withheld|removed"
PLACEHOLDER = r"(?i)\W{0,9}(?:redacted|withheld|removed)\W{0,9}$"
"""A turn that is nothing but this was replaced."""


def sniff(names: frozenset[str]) -> bool:
    """Whether both conversations or counts are there, and what tells of redactions or of the opponent."""
    known = "redacted" in names or {"opponent", "outcome"} <= names
    return has_sides(names) and known


def read(table: Table) -> Draft:
    """As ``lmarena_100k``, with redacted texts withheld: their votes stay, their texts and prompts do not.

    A row is redacted where ``redacted`` says so, or where a turn of either response is nothing but a
    placeholder. Names of models stay as they are given, in this file's case.
    """
    draft = without_texts(_without_own_labels(table))
    if not {"response_a", "response_b"} <= set(draft.columns):
        return by_counts(draft, table)
    columns = dict(draft.columns)
    sides = talks(columns)
    redacted = _flagged(table)
    for side, name in zip(sides, ("response_a", "response_b"), strict=True):
        redacted |= _replaced(side, columns[name])
    n = int(redacted.sum())
    note = "{n:battle} of {rows} redacted: votes kept, texts and prompts withheld"
    notes = [*draft.notes, *_add_tokens(columns), *noted(n, note, rows=table.n)]
    draft = replace(draft, columns=columns, notes=notes)
    a, b = (withheld(side, redacted) if n else side for side in sides)
    return spoken(draft, (a, b))


def withheld(side: Side, redacted: NDArray[np.bool_]) -> Side:
    """The side without the texts, and the user's turns, of some rows, which are not bad for that."""
    gone = set(np.flatnonzero(redacted).tolist())
    return replace(
        side,
        texts=pc.call_function(
            "if_else", [pa.array(redacted), pa.scalar(None, pa.large_string()), side.texts]
        ),
        starts=[() if row in gone else starts for row, starts in enumerate(side.starts)],
        user=[None if row in gone else turns for row, turns in enumerate(side.user)],
        turns=None if side.turns is None else np.where(redacted, 0, side.turns),
        bad={row: what for row, what in side.bad.items() if row not in gone},
        silent=tuple(row for row in side.silent if row not in gone),
    )


def _without_own_labels(table: Table) -> Table:
    """Without the columns that have other meanings here: an outcome in words, one category for all."""
    columns = dict(table.columns)
    if "winner" in columns:
        columns.pop("outcome", None)
    if "category" in columns:
        labels = {value for value in objects(columns["category"]) if value is not None}
        if len(labels) == 1 and str(*labels).endswith(" battles"):
            del columns["category"]
    return replace(table, columns=columns)


def _flagged(table: Table) -> NDArray[np.bool_]:
    if "redacted" not in table.columns:
        return np.zeros(table.n, bool)
    return np.array([is_true(value) for value in objects(table.columns["redacted"])], bool)


def _replaced(side: Side, column: Column) -> NDArray[np.bool_]:
    """Where a turn, or what stands in place of the conversation, is nothing but a placeholder."""
    options = pc.MatchSubstringOptions(SUSPECT)
    like = pc.call_function("match_substring_regex", [side.texts], options).fill_null(False)
    out = np.zeros(len(side.texts), bool)
    for row in np.flatnonzero(like.to_numpy(zero_copy_only=False)).tolist():
        out[row] = any(re.match(PLACEHOLDER, turn) for turn in _turns(side, row))
    if side.bad:
        values = objects(column)
        for row in side.bad:
            value = values[row]
            out[row] = isinstance(value, str) and re.match(PLACEHOLDER, value) is not None
    return out


def _turns(side: Side, row: int) -> list[str]:
    text = side.texts[row].as_py().encode()
    ends = [*side.starts[row], len(text)]
    return [text[i:j].decode().strip() for i, j in zip([0, *side.starts[row]], ends, strict=True)]


def _add_tokens(columns: dict[str, Column]) -> list[str]:
    """Token counts from the assistant's turns where the metadata have none."""
    summed = 0
    for side in ("a", "b"):
        known = columns.get(f"tokens_{side}")
        counts = np.full(len(columns[f"response_{side}"]), np.nan) if known is None else numbers(known)[0]
        missing = np.flatnonzero(np.isnan(counts))
        if len(missing):
            values = objects(columns[f"response_{side}"])
            counts = counts.copy()
            counts[missing] = [turn_tokens(values[row]) for row in missing]
            summed += int(np.isfinite(counts[missing]).sum())
            if known is not None or np.isfinite(counts).any():
                columns[f"tokens_{side}"] = pa.chunked_array([counts])
    return noted(summed, "token counts of {n:response} summed over num_tokens of its turns")


def turn_tokens(conversation: Any) -> float:
    """Tokens of the assistant's turns by their own ``num_tokens``; NaN unless each has a count.

    Examples
    --------
    >>> turn_tokens("[{'role': 'user', 'num_tokens': 9}, {'role': 'assistant', 'num_tokens': 4}]")
    4.0
    """
    if isinstance(conversation, str):
        try:
            conversation = literal(conversation)
        except Unreadable:
            return np.nan
    turns = conversation.tolist() if isinstance(conversation, np.ndarray) else conversation
    if not isinstance(turns, list | tuple):
        return np.nan
    counts = [
        number(turn.get("num_tokens"))
        for turn in turns
        if isinstance(turn, Mapping) and str(turn.get("role")).lower() in ASSISTANT
    ]
    total = float(sum(counts)) if counts else np.nan
    return total if np.isfinite(total) and min(counts) >= 0 else np.nan
