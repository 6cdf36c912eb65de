"""LMArena's human preferences in the schema of arena-human-preference-140k."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa

from llamastyle.data.notes import noted
from llamastyle.data.readers.arena_counts import (
    METADATA,
    TOKENS,
    Records,
    by_counts,
    categories,
    counts,
    opened,
    unread,
)
from llamastyle.data.readers.conversations import Side, read_talks
from llamastyle.data.readers.formats import Draft, canonical, renamed
from llamastyle.data.readers.table import Column, Table

NAME = "lmarena"
COLUMNS = {"response_a": "conversation_a", "response_b": "conversation_b", "session": "evaluation_session_id"}


def sniff(names: frozenset[str]) -> bool:
    """Whether both conversations are there, or Arena's counts in place of responses."""
    return has_sides(names)


def read(table: Table) -> Draft:
    """Conversations as responses, Arena's own token counts, sessions, and one category a battle.

    The category is the first that holds of math, code, creative writing, instruction following; else
    other. What is no conversation is a bad row. Without conversations, Arena's own counts are the features.
    """
    columns, sources, notes = arena_columns(table, COLUMNS)
    draft = Draft(columns, sources=sources, notes=notes)
    if not {"response_a", "response_b"} <= set(columns):
        return by_counts(draft, table)
    return replace(draft, sides=talks(columns))


def has_sides(names: frozenset[str]) -> bool:
    """Whether these are the columns of a table with both conversations, or with counts in their place."""
    both = {"conversation_a", "conversation_b"}
    return both <= names or (METADATA in names and not {*both, "response_a", "response_b"} & names)


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
    sides = [name for name in ("response_a", "response_b") if name in columns]
    if METADATA in table.columns and all(_is_empty(columns[name]) for name in sides):
        columns = {name: column for name, column in columns.items() if name not in sides}
    notes: list[str] = []
    if METADATA in table.columns and "tokens_a" not in columns:
        metadata = opened(table.columns[METADATA])
        for side in ("a", "b"):
            columns[f"tokens_{side}"] = pa.chunked_array([counts(metadata, TOKENS.format(side))])
        notes += _unread(metadata, table.columns[METADATA], METADATA, "token counts")
    if "category" not in columns and ("category_tag" in table.columns or "is_code" in table.columns):
        none: Column = pa.chunked_array([pa.nulls(table.n)])
        tags = opened(table.columns.get("category_tag", none))
        labels = categories(tags, table.columns.get("is_code", none))
        columns["category"] = pa.chunked_array([pa.array(labels, pa.large_string())])
        sources["category"] = "category_tag"
        notes += _unread(tags, table.columns.get("category_tag", none), "category_tag", "categories")
    return columns, sources, notes


def _is_empty(column: Column) -> bool:
    return isinstance(column, pa.ChunkedArray) and column.null_count == len(column)


def _unread(made: Records, column: Column, name: str, what: str) -> list[str]:
    missing = unread(made, column)
    said = "{column} cannot be read in {n} of {rows} battles: no {what} there"
    return noted(missing, said, {"column": name, "what": what}, rows=len(made))
