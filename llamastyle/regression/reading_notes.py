"""Notes on how batches of rows were read, as one set of notes on all of them: counts are added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from llamastyle.data.notes import BATTLES, ROWS, Note, Said
from llamastyle.data.readers.files import SIMULATED
from llamastyle.data.readers.notes import ALIKE, NO_NAMES, UNNAMED, case_notes

__all__ = ["Notes"]

ISSUES = "(see battles.issues)"
"""What is not there where battles are not held."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes on some rows.

    Attributes
    ----------
    rows, battles : int
        Rows that were read, and the battles in them.
    counts : dict of Said to dict of str to int
        By sentence, its counts.
    plain : dict of str to int
        Notes without a count, with the battles of the batches that have each.
    """

    rows: int
    battles: int
    counts: dict[Said, dict[str, int]]
    plain: dict[str, int]

    @classmethod
    def of(cls, notes: Iterable[str], rows: int, battles: int) -> Notes:
        """The notes of one batch."""
        kept = [note for note in notes if not note.startswith(ALIKE)]
        counts = {_elsewhere(note.said): note.counts for note in kept if isinstance(note, Note)}
        return cls(rows, battles, counts, {note: battles for note in kept if not isinstance(note, Note)})

    def with_plain(self, notes: Iterable[str]) -> Notes:
        """The notes, and some that are true of all rows."""
        return replace(self, plain=self.plain | dict.fromkeys(notes, self.battles))

    def __add__(self, other: Notes) -> Notes:
        return self._with(other, 1)

    def __sub__(self, other: Notes) -> Notes:
        """The notes on rows of which some are taken out; what nothing is left of is no note."""
        left = self._with(other, -1)
        counts = {said: n for said, n in left.counts.items() if said not in other.counts or any(n.values())}
        return Notes(left.rows, left.battles, counts, left.plain)

    def _with(self, other: Notes, sign: int) -> Notes:
        counts = {said: n for said, n in self.counts.items() if said.adds}
        for said, more in ((said, n) for said, n in other.counts.items() if said.adds):
            have = counts.get(said, {})
            counts[said] = {name: have.get(name, 0) + sign * n for name, n in more.items()}
        plain = {k: self.plain.get(k, 0) + sign * other.plain.get(k, 0) for k in self.plain | other.plain}
        return Notes(self.rows + sign * other.rows, self.battles + sign * other.battles, counts, plain)

    def lines(self, models: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The notes on all rows, and on the names of the models; what has no count is one if it is true of all."""
        plain = [note for note, n in self.plain.items() if n == self.battles or (n and note == SIMULATED)]
        counts = dict(self.counts)
        if NO_NAMES not in plain and (nameless := self.plain.get(NO_NAMES, 0)):
            unnamed = Said(UNNAMED)
            counts[unnamed] = {"n": counts.get(unnamed, {}).get("n", 0) + nameless}
        totals = {ROWS: self.rows, BATTLES: self.battles}
        return (*(said.told(n | totals) for said, n in counts.items()), *case_notes(models), *plain)


def _elsewhere(said: Said) -> Said:
    """The sentence without a place to look that is not there."""
    words = tuple((name, "on reading" if word == ISSUES else word) for name, word in said.words)
    return said._replace(words=words)
