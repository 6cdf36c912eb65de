"""Notes on how batches of rows were read, as one set of notes on all of them: counts are added up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from llamastyle.data.battles import counted
from llamastyle.data.readers.files import SIMULATED

__all__ = ["Notes"]

COUNTED = re.compile(
    r"^(|winner and outcome differ in |token counts come with the data in )"
    r"(\d+)( of \d+)? ([a-z]+?)s?\b(?! measured)(.*)$"
)
"""What comes before a count, the count, out of how many, of what, and the rest."""
NAMELESS = "no model names: "
UNNAMED = "", False, "battle", " without model names: kept for prices, left out of ratings"
SOME = "names that differ in case only ", SIMULATED
"""What is true of all rows if it is of some."""
SAID_ELSEWHERE = "(see battles.issues)"

Kind: TypeAlias = tuple[str, bool, str, str]


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes on some rows.

    Attributes
    ----------
    rows, battles : int
        Rows that were read, and the battles in them.
    counts : dict
        By what comes before a count, whether it is out of all, what is counted, and what follows: how many.
    plain : dict of str to int
        Notes without a count, with the battles of the batches that have each.
    """

    rows: int
    battles: int
    counts: dict[Kind, int]
    plain: dict[str, int]

    @classmethod
    def of(cls, notes: Iterable[str], rows: int, battles: int) -> Notes:
        """The notes of one batch."""
        counts: dict[Kind, int] = {}
        plain: dict[str, int] = {}
        for note in (note for note in notes if not note.endswith(SAID_ELSEWHERE)):
            if found := COUNTED.match(note):
                before, count, out_of, what, rest = found.groups()
                rest = re.sub(r", first row .*", "", rest)  # its number is that in the batch
                rest = re.sub(r"^ of \d+( has\b)?", lambda m: " of \0" + " have" * bool(m[1]), rest)
                counts[before, bool(out_of), what, rest] = int(count)
            else:
                plain[note] = battles
        return cls(rows, battles, counts, plain)

    def __add__(self, other: Notes) -> Notes:
        return self._with(other, 1)

    def __sub__(self, other: Notes) -> Notes:
        return self._with(other, -1)

    def _with(self, other: Notes, sign: int) -> Notes:
        counts = {
            k: self.counts.get(k, 0) + sign * other.counts.get(k, 0) for k in self.counts | other.counts
        }
        plain = {k: self.plain.get(k, 0) + sign * other.plain.get(k, 0) for k in self.plain | other.plain}
        return Notes(self.rows + sign * other.rows, self.battles + sign * other.battles, counts, plain)

    def lines(self) -> tuple[str, ...]:
        """The notes on all rows; what has no count is one if it is true of all."""
        plain = [note for note, n in self.plain.items() if n == self.battles or note.startswith(SOME)]
        counts = dict(self.counts)
        if nameless := sum(
            n for note, n in self.plain.items() if note.startswith(NAMELESS) and note not in plain
        ):
            counts[UNNAMED] = counts.get(UNNAMED, 0) + nameless
        return (*(self._line(kind, n) for kind, n in counts.items() if n), *plain)

    def _line(self, kind: Kind, n: int) -> str:
        before, out_of, what, rest = kind
        every = str(self.battles if what in ("battle", "vote") else self.rows)
        rest = rest.replace("\0 have", "\0 has") if n == 1 else rest
        return (
            before + (f"{n} of {every} {what}s" if out_of else counted(n, what)) + rest.replace("\0", every)
        )
