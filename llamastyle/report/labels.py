"""Names and figures as they are read: cut to a room, signed, with the ends of their interval."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from llamastyle.report.tables import clean

__all__ = ["decimals", "ends", "shortened", "signed", "with_ends"]


def _breadth(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _taken(characters: Sequence[str], room: int) -> str:
    out = ""
    for character in characters:
        room -= _breadth(character)
        if room < 0:
            break
        out += character
    return out


def shortened(text: object, room: int = 30) -> str:
    """A name that fits ``room`` columns: its middle gives way, since versions differ at the ends.

    Examples
    --------
    >>> shortened("llama-4-maverick-03-26-experimental", 24)
    'llama-4-maveri…erimental'
    """
    name = clean(text)
    if len(name) <= room and sum(map(_breadth, name)) <= room:
        return name
    tail = (room - 1) * 2 // 5
    head = _taken(name[:room], room - 1 - tail)
    return f"{head}…{_taken(name[-room:][::-1], tail)[::-1]}"


def decimals(values: Sequence[float]) -> int:
    """Decimals that figures of one table share, by the largest of them."""
    largest = max((abs(v) for v in values if v == v), default=0.0)
    return 0 if largest >= 1000 else 1 if largest >= 5 else 2 if largest >= 1 else 3


def signed(value: float, digits: int) -> str:
    """A figure with its sign, which nothing has: ``+1.2``, ``−0.3``, ``0.0``; empty where it is missing."""
    if value != value:
        return ""
    text = f"{abs(value):.{digits}f}"
    return text if not float(text) else f"{'+' if value > 0 else '−'}{text}"


def ends(low: float, high: float, digits: int) -> str:
    """The ends of an interval, after a space: ``" [−0.3, 1.2]"``; nothing where one is missing."""
    if low != low or high != high:
        return ""
    return f" [{signed(low, digits)}, {signed(high, digits)}]".replace("+", "")


def with_ends(value: float, low: float, high: float, digits: int) -> str:
    """A figure with its sign and the ends of its interval: ``+1.2 [0.4, 2.0]``."""
    return signed(value, digits) + ends(low, high, digits)
