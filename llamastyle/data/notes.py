"""Notes on how data were read: sentences that know the counts in them, so that notes on batches add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from llamastyle.data.battles import counted

__all__ = ["Note", "Said", "noted"]

ROWS, BATTLES = "rows", "battles"
"""Names of totals in a template: of all rows that were read, of all battles in them."""


class Said(NamedTuple):
    """What makes two notes one: the sentence with places for counts, the words put in, whether counts add up."""

    template: str
    words: tuple[tuple[str, str], ...] = ()
    adds: bool = True

    def told(self, counts: Mapping[str, int]) -> str:
        """The sentence with counts."""
        numbers = {name: _Count(n) for name, n in counts.items()}
        return self.template.format_map(dict(self.words) | numbers)


class Note(str):
    """A sentence with counts.

    In its template, ``{n}`` is a count, ``{n:row}`` "1 row" or "2 rows", ``{n:has/have}`` the one or the other word,
    ``{n:?, of these # late}`` nothing for zero; ``{rows}`` and ``{battles}`` are how many there are in all.

    Attributes
    ----------
    said : Said
        The sentence without its counts.
    counts : dict of str to int
        The counts but for the totals.

    Examples
    --------
    >>> note = Note.of("{n:row} of {rows} {n:has/have} no text", n=1, rows=8)
    >>> note, note.counts
    ('1 row of 8 has no text', {'n': 1})
    """

    said: Said
    counts: dict[str, int]

    @classmethod
    def of(
        cls, template: str, /, words: Mapping[str, str] | None = None, first: str = "", adds: bool = True, **counts: int
    ) -> Note:
        """A sentence, and in ``first`` what is true of these rows only, such as the place of the first of them.

        Without ``adds``, the counts of parts do not add up to that of the whole, as with values that repeat.
        """
        said = Said(template, tuple((words or {}).items()), adds)
        made = cls(said.told(counts) + first)
        made.said = said
        made.counts = {name: n for name, n in counts.items() if name not in (ROWS, BATTLES)}
        return made


class _Count(int):
    """A count in a sentence."""

    def __format__(self, form: str) -> str:
        if form.startswith("?"):
            return form[1:].replace("#", str(int(self))) if self else ""
        one, _, many = form.partition("/")
        if many:
            return one if self == 1 else many
        return counted(int(self), form) if form else str(int(self))


def noted(
    n: int, template: str, /, words: Mapping[str, str] | None = None, first: str = "", adds: bool = True, **counts: int
) -> list[str]:
    """A note on ``n`` of something, in a list; an empty list where there are none."""
    return [Note.of(template, words, first, adds, n=n, **counts)] if n else []
