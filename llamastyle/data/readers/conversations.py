"""Responses as they are written: plain text, or a conversation of role / content turns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from llamastyle.data.readers.literals import Unreadable, literal
from llamastyle.data.readers.nested import ASSISTANT, JOINT, USER, read_nested
from llamastyle.data.readers.table import Column, is_missing, is_numeric, key, objects, scrub

TURNS = r"^\s*(array\()?\[\s*\{"
"""How a list of records begins, in JSON, in Python, and as the text of an array."""
TALK = TURNS + r"\s*['\"](role|content)['\"]"
LIST = r"^\s*(array\()?\["
TEXTS = LIST + r"\s*(['\"]|None\b|null\b)"
NESTED = (list, tuple, Mapping, np.ndarray)


class Silent(Unreadable):
    """A conversation in which every assistant turn is there and has no content."""


class Turns(NamedTuple):
    """A parsed conversation: the assistant's turns, the user's (None where not told), and how many of the
    assistant's had no content."""

    assistant: tuple[str, ...]
    user: tuple[str, ...] | None
    empty: int


@dataclass(frozen=True, slots=True)
class Side:
    """The responses of one side of n battles.

    Attributes
    ----------
    texts : pyarrow.Array
        ``large_string``; null where the row is bad.
    starts : list of tuple
        Byte offsets of later turns, a tuple a row; empty list when these are plain texts.
    user : list
        The user's turns, a tuple a row (None in a bad one); empty list when these are plain texts.
    turns : int array or None
        Assistant turns a row, None when these are plain texts.
    bad : dict
        What is wrong, by row.
    empty_turns : int
        Responses in which some, not all, assistant turns had no content.
    scrubbed : int
        Responses with characters that no UTF-8 can hold, replaced.
    silent : tuple of int
        Those of the bad rows in which every assistant turn is there and has no content.
    """

    texts: pa.Array
    starts: list[tuple[int, ...]]
    user: list[tuple[str, ...] | None]
    turns: NDArray[np.int64] | None
    bad: dict[int, str]
    empty_turns: int = 0
    scrubbed: int = 0
    silent: tuple[int, ...] = ()


def read_side(column: Column) -> Side:
    """Texts, turn starts and user turns of one side; what cannot be read is listed in ``bad``."""
    if (side := _nested(column)) is not None:
        return side
    if holds_conversations(column):
        values = objects(column)
        mixed = any(isinstance(value, NESTED) for value in values)
        return _conversations(values, _turns_or_text if mixed else parse_turns)
    if isinstance(column, pa.ChunkedArray) and column.type == pa.large_string():
        texts = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        missing = np.flatnonzero(texts.is_null().to_numpy(zero_copy_only=False))
        return Side(texts, [], [], None, dict.fromkeys(missing.tolist(), "no text"))
    if is_numeric(column):
        kinds = column.is_null().combine_chunks().to_numpy(zero_copy_only=False)
        bad = {i: "no text" if null else "a number where a text is expected" for i, null in enumerate(kinds)}
        return Side(pa.nulls(len(column), pa.large_string()), [], [], None, bad)
    return _plain_texts(objects(column))


def read_talks(column: Column) -> Side:
    """Conversations only: a text that is none is bad, where `read_side` may take it for a plain response."""
    return _nested(column) or _conversations(objects(column), parse_turns)


def read_turn_lists(column: Column, prompts: Sequence[tuple[str, ...] | None]) -> Side:
    """Responses as lists of texts, a text an assistant turn, or the JSON or Python text of such a list.

    Columns of conversations or of plain texts are read as these.

    Parameters
    ----------
    column : Column
        One side's responses.
    prompts : sequence
        The user's turns, a tuple a row, None where unknown.
    """
    values = objects(column)
    if not _hold_lists(values):
        return read_side(column)
    side = _conversations(values, _turn_list)
    user = [None if i in side.bad else turns for i, turns in enumerate(prompts)]
    return replace(side, user=user)


def turn_texts(value: Any) -> list[str | None]:
    """The texts in a list of turns, or in the JSON or Python text of one; None for a turn that is null.

    Raises
    ------
    Unreadable
        If it is no list of texts.
    """
    if isinstance(value, str):
        if not re.match(LIST, value):
            raise Unreadable("a text where a list of turns is expected")
        value = literal(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        raise Unreadable("no list of turns")
    for i, turn in enumerate(value):
        if not (isinstance(turn, str) or is_missing(turn)):
            raise Unreadable(f"a list of turns that cannot be read: turn {i} is no text")
    return [turn if isinstance(turn, str) else None for turn in value]


def holds_conversations(column: Column) -> bool:
    """Whether these are conversations: lists, or texts most of which are lists written out.

    Lists of records with a role or content are; of other records, where one of the first can be read.
    """
    if isinstance(column, pa.ChunkedArray) and column.type == pa.large_string():
        like, talks = (
            pc.call_function("match_substring_regex", [column], pc.MatchSubstringOptions(pattern)).fill_null(
                False
            )
            for pattern in (TURNS, TALK)
        )
        given = len(column) - column.null_count
        if 2 * int(np.count_nonzero(talks.to_numpy())) > given:
            return True
        if 2 * int(np.count_nonzero(like.to_numpy())) <= given:
            return False
        return any(_reads(value) for value in column.filter(like).slice(0, 20).to_pylist())
    if isinstance(column, pa.ChunkedArray):
        return pa.types.is_nested(column.type)
    if any(isinstance(value, NESTED) for value in column):
        return True
    given = [value for value in column if isinstance(value, str)]
    like = [value for value in given if re.match(TURNS, value)]
    if 2 * sum(re.match(TALK, value) is not None for value in like) > len(given):
        return True
    return 2 * len(like) > len(given) and any(_reads(value) for value in like[:20])


def parse_turns(value: Any) -> Turns:
    """The turns of one conversation: a list, or the JSON or Python text of one.

    Raises
    ------
    Unreadable
        If it is not a list of turns with a role and a content, or has no assistant turn.
    """
    if isinstance(value, str):
        value = literal(value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, list | tuple):
        raise Unreadable("a conversation that cannot be read: not a list of role / content turns")
    assistant: list[str | None] = []
    user: list[str] = []
    roles: list[str] = []
    for i, turn in enumerate(value):
        if turn is None:
            continue
        if not isinstance(turn, Mapping) or not isinstance(turn.get("role"), str):
            raise Unreadable(f"a conversation that cannot be read: turn {i} has no role")
        role = turn["role"].lower()
        roles.append(role)
        if role in ASSISTANT:
            assistant.append(_content(turn.get("content"), i))
        elif role in USER:
            user.append(_content(turn.get("content"), i) or "")
    said = tuple(text for text in assistant if text is not None)
    if not said:
        what = "no assistant turn with content" if assistant else "no assistant turn"
        kind = Silent if assistant else Unreadable
        raise kind(f"a conversation with {what} (roles: {', '.join(dict.fromkeys(roles)) or 'none'})")
    return Turns(said, tuple(user), len(assistant) - len(said))


def first_user_turn(value: Any) -> str | None:
    """The first user turn of a prompt given as a conversation, or the prompt as text."""
    if isinstance(value, str) and re.match(TURNS, value):
        try:
            value = literal(value)
        except Unreadable:
            return scrub(value)
    turns = value.tolist() if isinstance(value, np.ndarray) else value
    for i, turn in enumerate(turns if isinstance(turns, list | tuple) else []):
        if isinstance(turn, Mapping) and str(turn.get("role")).lower() in USER:
            try:
                return _scrubbed(_content(turn.get("content"), i))
            except Unreadable:
                break
    return key(value)


def _content(content: Any, turn: int) -> str | None:
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, np.ndarray):
        content = content.tolist()
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, list | tuple):
        raise Unreadable(f"a conversation that cannot be read: the content of turn {turn} is no text")
    parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
    texts = [part for part in parts if isinstance(part, str)]
    return "\n".join(texts) if texts else None


def _turns_or_text(value: Any) -> Turns:
    """In a mixture of lists and texts, a text that is no list is a plain text."""
    if isinstance(value, str) and not re.match(TURNS, value):
        return Turns((value,), None, 0)
    return parse_turns(value)


def _turn_list(value: Any) -> Turns:
    texts = turn_texts(value)
    said = tuple(text for text in texts if text is not None)
    if not said:
        raise Silent("every turn is null") if texts else Unreadable("an empty list of turns")
    return Turns(said, None, len(texts) - len(said))


def _hold_lists(values: list[Any]) -> bool:
    """Whether most of these are lists, or texts that begin as one, and some can be read as lists of texts.

    Texts most of which begin as a list of texts does are such lists, whether they can be read or not.
    """
    given = [value for value in values if not is_missing(value)]
    like = [v for v in given if isinstance(v, NESTED) or (isinstance(v, str) and re.match(LIST, v))]
    if 2 * sum(isinstance(v, str) and re.match(TEXTS, v) is not None for v in like) > len(given):
        return True
    return 2 * len(like) > len(given) and any(_lists(value) for value in like[:20])


def _lists(value: Any) -> bool:
    try:
        turn_texts(value)
    except Unreadable:
        return False
    return True


def _nested(column: Column) -> Side | None:
    """Conversations that Arrow holds as nested lists; the rows that cannot be read so go one by one."""
    talks = read_nested(column)
    if talks is None:
        return None
    rows = talks.unread.tolist()
    odd = _conversations(objects(column.take(pa.array(talks.unread))), parse_turns)
    at = np.arange(len(talks.turns))
    at[talks.unread] = len(at) + np.arange(len(rows))
    talks.turns[talks.unread] = 0 if odd.turns is None else odd.turns
    for row, starts, user in zip(rows, odd.starts, odd.user, strict=True):
        talks.starts[row], talks.user[row] = starts, user
    return Side(
        texts=pa.concat_arrays([talks.texts, odd.texts]).take(pa.array(at)) if rows else talks.texts,
        starts=talks.starts,
        user=talks.user,
        turns=talks.turns,
        bad={rows[i]: what for i, what in odd.bad.items()},
        empty_turns=talks.empty + odd.empty_turns,
        scrubbed=odd.scrubbed,
        silent=tuple(rows[i] for i in odd.silent),
    )


def _conversations(values: list[Any], parse: Callable[[Any], Turns]) -> Side:
    n = len(values)
    texts: list[str | None] = [None] * n
    starts: list[tuple[int, ...]] = [()] * n
    user: list[tuple[str, ...] | None] = [None] * n
    turns = np.zeros(n, np.int64)
    bad: dict[int, str] = {}
    silent: list[int] = []
    empty = scrubbed = 0
    for i, value in enumerate(values):
        if is_missing(value):
            bad[i] = "no text"
            continue
        if isinstance(value, bytes):
            bad[i] = _no_text(value)
            continue
        try:
            parsed = parse(value)
        except Unreadable as error:
            bad[i] = str(error)
            silent += [i] * isinstance(error, Silent)
            continue
        clean = tuple(scrub(turn) for turn in parsed.assistant)
        texts[i], starts[i] = JOINT.join(clean), _starts(clean)
        user[i] = None if parsed.user is None else tuple(scrub(turn) for turn in parsed.user)
        turns[i] = len(clean)
        empty += parsed.empty > 0
        scrubbed += clean != parsed.assistant
    return Side(pa.array(texts, pa.large_string()), starts, user, turns, bad, empty, scrubbed, tuple(silent))


def _scrubbed(text: str | None) -> str | None:
    return None if text is None else scrub(text)


def _plain_texts(values: list[Any]) -> Side:
    texts: list[str | None] = [None] * len(values)
    bad: dict[int, str] = {}
    scrubbed = 0
    for i, value in enumerate(values):
        if isinstance(value, str):
            texts[i] = scrub(value)
            scrubbed += texts[i] != value
        else:
            bad[i] = _no_text(value)
    return Side(pa.array(texts, pa.large_string()), [], [], None, bad, 0, scrubbed)


def _no_text(value: Any) -> str:
    if is_missing(value):
        return "no text"
    if isinstance(value, int | float | complex | np.number | np.bool_):
        return "a number where a text is expected"
    if isinstance(value, bytes):
        return "bytes that are not UTF-8"
    return f"a {type(value).__name__} where a text is expected"


def _starts(turns: tuple[str, ...]) -> tuple[int, ...]:
    out: list[int] = []
    at = 0
    for turn in turns[:-1]:
        at += len(turn.encode()) + len(JOINT)
        out.append(at)
    return tuple(out)


def _reads(value: Any) -> bool:
    try:
        parse_turns(value)
    except Unreadable:
        return False
    return True
