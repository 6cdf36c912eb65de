"""LMArena's human preferences in the schema of arena-human-preference-100k.

Written from the columns that the set's description lists, from public code that reads the file (winner
labels, ``role`` and ``content`` turns, ``judge_hash`` as the voter, ``tstamp`` in seconds, the flags of
``category_tag``), and from the source that first wrote such rows, FastChat's ``clean_battle_data.py``: a
conversation's id, the user as ``judge``, all turns up to the vote. That source is read first-hand, the file
itself is not: whether ``judge_hash`` is ever null, or a ``question_id`` ever repeats, is not known.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from llamastyle.data.notes import noted
from llamastyle.data.readers.arena_counts import by_counts, records
from llamastyle.data.readers.formats import Draft, spoken
from llamastyle.data.readers.lmarena import arena_columns, has_sides, talks
from llamastyle.data.readers.table import Column, Table, is_missing, keys, number, objects

NAME = "lmarena_100k"
COLUMNS = {"response_a": "conversation_a", "response_b": "conversation_b", "session": "question_id"}
VOTERS = ("judge_hash", "judge")
LAST_SECOND = 4_102_444_800.0
"""The year 2100: a larger ``tstamp`` is not in seconds."""


def sniff(names: frozenset[str]) -> bool:
    """Whether both conversations or counts are there, and a hashed voter or the ids and times of FastChat's rows."""
    return has_sides(names) and ("judge_hash" in names or {"question_id", "tstamp"} <= names)


def read(table: Table) -> Draft:
    """Conversations as responses, token counts and a category as in ``lmarena``, voters, times, sessions.

    All turns come before the vote, and all are measured. ``voter`` is ``judge_hash`` (or ``judge``, which
    is a user too). ``session`` is ``question_id``, which repeats
    where a conversation was voted on twice. ``timestamp`` is ``tstamp``, in UTC. Where every assistant turn
    of a side is null, nothing was said: such rows failed and are set aside.
    """
    draft = without_texts(table)
    if not {"response_a", "response_b"} <= set(draft.columns):
        return by_counts(draft, table)
    return spoken(draft, talks(draft.columns))


def without_texts(table: Table) -> Draft:
    """All of `read` but the conversations, which are columns that nobody has looked into."""
    columns, sources, notes = arena_columns(table, COLUMNS)
    name = next((name for name in VOTERS if name in table.columns), None)
    if "voter" not in columns and name is not None:
        columns.pop("judge" if name == "judge" else "", None)
        voters, unknown = known_voters(table.columns[name], table.first or 0)
        if unknown < table.n or table.first is not None:  # other parts of the data may have voters
            columns["voter"], sources["voter"] = voters, name
            whose = "the voter of {n:battle} of {rows} is unknown: each is taken for another"
            notes += noted(unknown, whose, rows=table.n)
    if "timestamp" not in columns and "tstamp" in table.columns:
        columns["timestamp"], unread = timestamps(table.columns["tstamp"])
        sources["timestamp"] = "tstamp"
        note = "tstamp is no time in seconds in {n} of {rows} battles: no timestamp there"
        notes += noted(unread, note, rows=table.n)
    return Draft(columns, sources=sources, notes=notes + _asides(table))


def timestamps(column: Column) -> tuple[Column, int]:
    """Times in UTC from seconds since 1970 (or dates as such or in ISO form), and how many are unreadable.

    Examples
    --------
    >>> from llamastyle.data.readers.table import python_column
    >>> timestamps(python_column([0.5, None]))[0].to_pylist()
    [datetime.datetime(1970, 1, 1, 0, 0, 0, 500000), None]
    """
    if isinstance(column, pa.ChunkedArray) and pa.types.is_timestamp(column.type):
        return column, 0
    values = objects(column)
    made = [_time(value) for value in values]
    given = sum(not is_missing(value) and value != "" for value in values)
    times = pa.chunked_array([pa.array(made, pa.timestamp("us"))])
    return times, given - (len(made) - times.null_count)


def _time(value: Any) -> datetime | None:
    seconds = number(value)
    if math.isfinite(seconds):
        known = 0 <= seconds < LAST_SECOND
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None) if known else None
    if not isinstance(value, str | datetime) or is_missing(value):
        return None
    try:
        time = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None


def known_voters(column: Column, first: int = 0) -> tuple[Column, int]:
    """The voters, and how many are unknown; ``first`` is the number of the first row.

    Each unknown one gets a name of their own: with a voter missing, no error could be clustered by voter.

    Examples
    --------
    >>> from llamastyle.data.readers.table import python_column
    >>> known_voters(python_column(["v", None]))[0].to_pylist()
    ['v', 'unknown 1']
    """
    voters = keys(column).to_pylist()
    unknown = [row for row, voter in enumerate(voters) if not voter]
    for row in unknown:
        voters[row] = f"unknown {first + row}"
    return pa.chunked_array([pa.array(voters, pa.large_string())]), len(unknown)


def _asides(table: Table) -> list[str]:
    """Votes that Arena's own boards leave out, and conversations that come twice."""
    none: Column = pa.chunked_array([pa.nulls(table.n)])
    n = table.n
    named = sum(str(value).lower() == "false" for value in objects(table.columns.get("anony", none)))
    tags = records(table.columns.get("dedup_tag", none))
    common = sum(tag is not None and str(tag.get("sampled")).lower() == "false" for tag in tags)
    ids = keys(table.columns.get("question_id", none)).to_pandas()
    again = int((ids.duplicated(keep="first") & ids.notna()).sum())
    return [
        *noted(named, "{n:vote} of {rows} on models whose names were shown: kept", rows=n),
        *noted(common, "{n:vote} of {rows} on prompts that come too often (dedup_tag): kept", rows=n),
        *noted(again, "question_id repeats in {n:battle} of {rows}: kept, as sessions", adds=False, rows=n),
    ]
