"""Conversations as Arrow's nested lists, read by column: no Python object is made of a turn of an assistant."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

JOINT = "\n\n"
ASSISTANT = {"assistant", "model"}
USER = {"user", "human"}


@dataclass(frozen=True, slots=True)
class Talks:
    """n conversations.

    Attributes
    ----------
    texts : pyarrow.Array
        ``large_string``: the assistant's turns that have a content, a blank line between them.
    starts : list of tuple
        Byte offsets of later turns, a tuple a row.
    user : list
        The user's turns, a tuple a row.
    turns : int64 (n,)
        How many turns the text has.
    empty : int
        Conversations in which some, not all, assistant turns had no content.
    unread : int64
        Rows that must be looked at one by one: they are null, hold a null, or say nothing.
    """

    texts: pa.Array
    starts: list[tuple[int, ...]]
    user: list[tuple[str, ...] | None]
    turns: Ints
    empty: int
    unread: Ints


def read_nested(column: Any) -> Talks | None:
    """The conversations of a column of lists of records, or None where that is not what it holds.

    A record has a ``role`` and a ``content``, which is a text or a list of records with a ``text``.
    """
    if not isinstance(column, pa.ChunkedArray) or not _holds_turns(column.type):
        return None
    try:
        parts = [_read(chunk) for chunk in column.chunks]
    except pa.ArrowInvalid:  # a text that is not UTF-8
        return None
    first = np.cumsum([0, *(len(part.turns) for part in parts)])
    return Talks(
        texts=pa.concat_arrays([part.texts for part in parts] or [pa.nulls(0, pa.large_string())]),
        starts=[row for part in parts for row in part.starts],
        user=[row for part in parts for row in part.user],
        turns=np.concatenate([np.empty(0, np.int64), *(part.turns for part in parts)]),
        empty=sum(part.empty for part in parts),
        unread=np.concatenate(
            [np.empty(0, np.int64), *(at + part.unread for at, part in zip(first, parts, strict=False))]
        ),
    )


def _holds_turns(kind: pa.DataType) -> bool:
    if not _is_list(kind) or not pa.types.is_struct(kind.value_type):
        return False
    turn = kind.value_type
    at, said = turn.get_field_index("role"), turn.get_field_index("content")
    if at < 0 or said < 0 or not _is_text(turn.field(at).type):
        return False
    content = turn.field(said).type
    if _is_text(content):
        return True
    if not _is_list(content) or not pa.types.is_struct(content.value_type):
        return False
    text = content.value_type.get_field_index("text")
    return text >= 0 and _is_text(content.value_type.field(text).type)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _read(chunk: Any) -> Talks:
    n = len(chunk)
    row, turns = _flat(chunk)
    role = _field(turns, "role")
    lower = pc.call_function("utf8_lower", [role])
    assistant, user = _among(lower, ASSISTANT), _among(lower, USER)
    said = _contents(turns.field(turns.type.get_field_index("content")))
    spoke = assistant & said.is_valid().to_numpy(zero_copy_only=False)
    spoken, by = said.filter(pa.array(spoke)), row[spoke]
    count = np.bincount(by, minlength=n)
    odd = chunk.is_null().to_numpy(zero_copy_only=False) | (count == 0)
    odd[row[role.is_null().to_numpy(zero_copy_only=False)]] = True
    silent = np.bincount(row[assistant], minlength=n) - count
    asked = said.filter(pa.array(user)).fill_null("").to_pylist()
    bounds = np.cumsum([0, *np.bincount(row[user], minlength=n)]).tolist()
    return Talks(
        texts=_joined(spoken, by, n, JOINT),
        starts=_starts(spoken, count),
        user=[tuple(asked[i:j]) for i, j in pairwise(bounds)],
        turns=count,
        empty=int(((silent > 0) & ~odd).sum()),
        unread=np.flatnonzero(odd),
    )


def _flat(lists: Any) -> tuple[Ints, Any]:
    """The values of lists under one another, and which list each is of; those of null lists are left out."""
    offsets = lists.offsets.to_numpy().astype(np.int64)
    row = np.repeat(np.arange(len(lists)), np.diff(offsets))
    values = lists.values.slice(offsets[0], offsets[-1] - offsets[0])
    null = lists.is_null().to_numpy(zero_copy_only=False)[row]
    return (row[~null], values.filter(pa.array(~null))) if null.any() else (row, values)


def _field(records: Any, name: str) -> Any:
    """A field of records that holds text, checked to be UTF-8; null where the record is."""
    values = records.flatten()[records.type.get_field_index(name)]
    return values.cast(pa.large_binary()).cast(pa.large_string())


def _among(values: Any, names: set[str]) -> Bools:
    options = pc.SetLookupOptions(pa.array(sorted(names), pa.large_string()))
    return pc.call_function("is_in", [values], options).to_numpy(zero_copy_only=False)


def _contents(content: Any) -> Any:
    """The text of each turn: its parts, a line each; null where there is none."""
    if not _is_list(content.type):
        return content.cast(pa.large_binary()).cast(pa.large_string())
    turn, parts = _flat(content)
    texts = _field(parts, "text")
    given = texts.is_valid().to_numpy(zero_copy_only=False)
    return _joined(texts.filter(pa.array(given)), turn[given], len(content), "\n")


def _joined(texts: Any, of: Ints, n: int, between: str) -> Any:
    """Texts with the same number, put together: n of them, null where there is none."""
    count = np.bincount(of, minlength=n)
    if count.max(initial=0) > 1:
        lists = pa.LargeListArray.from_arrays(np.cumsum([0, *count]), texts)
        texts = pc.call_function("binary_join", [lists, pa.scalar(between, pa.large_string())])
        at = np.arange(n)
    else:
        at = np.cumsum(count) - 1
    if count.all():
        return texts
    return texts.take(pa.array(at, mask=count == 0))


def _starts(spoken: Any, count: Ints) -> list[tuple[int, ...]]:
    out: list[tuple[int, ...]] = [()] * len(count)
    size = pc.call_function("binary_length", [spoken]).to_numpy().astype(np.int64) + len(JOINT)
    first = np.cumsum(count) - count
    for row in np.flatnonzero(count > 1).tolist():
        here = size[first[row] : first[row] + count[row] - 1]
        out[row] = tuple(np.cumsum(here).tolist())
    return out
