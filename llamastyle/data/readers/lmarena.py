"""LMArena's human preferences in the schema of arena-human-preference-140k."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from llamastyle.data.readers.conversations import Side, read_talks
from llamastyle.data.readers.formats import Draft, canonical, renamed
from llamastyle.data.readers.literals import Unreadable, literal
from llamastyle.data.readers.table import Column, Table, number, objects

NAME = "lmarena"
COLUMNS = {"response_a": "conversation_a", "response_b": "conversation_b", "session": "evaluation_session_id"}


def sniff(names: frozenset[str]) -> bool:
    """Whether both conversations are there."""
    return {"conversation_a", "conversation_b"} <= names


def read(table: Table) -> Draft:
    """Conversations as responses, Arena's own token counts, sessions, and one category a battle.

    The category is the first that holds of math, code, creative writing, instruction following; else
    other. What is no conversation is a bad row.
    """
    columns, sources, notes = arena_columns(table, COLUMNS)
    sides = talks(columns) if {"response_a", "response_b"} <= set(columns) else None
    return Draft(columns, sources=sources, notes=notes, sides=sides)


def talks(columns: Mapping[str, Column]) -> tuple[Side, Side]:
    """The conversations of both sides."""
    return read_talks(columns["response_a"]), read_talks(columns["response_b"])


def arena_columns(
    table: Table, names: Mapping[str, str]
) -> tuple[dict[str, Column], dict[str, str], list[str]]:
    """Canonical columns of a table of Arena's, what they are called there, and notes on them.

    Conversations are the responses, also where a column is called response.

    Parameters
    ----------
    table : Table
        With ``conv_metadata``, ``category_tag`` and ``is_code`` where there.
    names : mapping
        Arena's names of canonical columns.
    """
    kept = {
        name: column for name, column in table.columns.items() if name not in ("response_a", "response_b")
    }
    columns, sources = renamed(Table(kept, table.n), names)
    columns = canonical(table) | columns
    notes: list[str] = []
    if "conv_metadata" in table.columns and "tokens_a" not in columns:
        metadata = records(table.columns["conv_metadata"])
        for side in ("a", "b"):
            columns[f"tokens_{side}"] = pa.chunked_array([_tokens(metadata, f"sum_assistant_{side}_tokens")])
        notes += _unread(metadata, table.columns["conv_metadata"], "conv_metadata", "token counts")
    if "category" not in columns and ("category_tag" in table.columns or "is_code" in table.columns):
        none: Column = pa.chunked_array([pa.nulls(table.n)])
        tags = records(table.columns.get("category_tag", none))
        code = [is_true(value) for value in objects(table.columns.get("is_code", none))]
        labels = [category(tag, flag) for tag, flag in zip(tags, code, strict=True)]
        columns["category"] = pa.chunked_array([pa.array(labels, pa.large_string())])
        sources["category"] = "category_tag"
        notes += _unread(tags, table.columns.get("category_tag", none), "category_tag", "categories")
    return columns, sources, notes


def category(tag: Mapping[str, Any] | None, is_code: bool) -> str | None:
    """One readable category of a battle; None where nothing is known of it.

    Examples
    --------
    >>> category({"math_v0.1": {"math": False}, "if_v0.1": {"if": True, "score": 4}}, False)
    'instruction following'
    """
    flags = tag or {}
    if _flag(flags, "math_v0.1", "math"):
        return "math"
    if is_code:
        return "code"
    if _flag(flags, "creative_writing_v0.1", "creative_writing"):
        return "creative writing"
    if _flag(flags, "if_v0.1", "if"):
        return "instruction following"
    return None if tag is None else "other"


def records(column: Column) -> list[Mapping[str, Any] | None]:
    """Records given as such, as JSON or as Python literals; None where there is none to read."""
    return [_record(value) for value in objects(column)]


def is_true(value: Any) -> bool:
    """Whether a flag is set: True, 1, or the text of it."""
    return (isinstance(value, bool | int | float) and value == 1) or str(value).lower() in ("true", "1")


def _record(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = literal(value)
        except Unreadable:
            return None
    return value if isinstance(value, Mapping) else None


def _tokens(metadata: list[Mapping[str, Any] | None], name: str) -> np.ndarray:
    counts = np.array([np.nan if record is None else number(record.get(name)) for record in metadata], float)
    return np.where(np.isfinite(counts) & (counts >= 0), counts, np.nan)


def _unread(made: list[Mapping[str, Any] | None], column: Column, name: str, what: str) -> list[str]:
    none = column.null_count if isinstance(column, pa.ChunkedArray) else sum(v is None for v in column)
    missing = sum(record is None for record in made) - none
    return [f"{name} cannot be read in {missing} of {len(made)} battles: no {what} there"] * (missing > 0)


def _flag(flags: Mapping[str, Any], group: str, name: str) -> bool:
    inner = flags.get(group)
    return isinstance(inner, Mapping) and is_true(inner.get(name))
