"""Notes know the counts in their sentences."""

from __future__ import annotations

import copy
import pickle

import pytest

from llamastyle.data.notes import Note, noted

TURN = "{n:row} of {rows} {n:has/have} {what}: set aside{late:?, # of them late}"


@pytest.mark.parametrize(
    ("n", "late", "text"),
    [
        (1, 0, "1 row of 8 has {n}: set aside"),
        (2, 1, "2 rows of 8 have {n}: set aside, 1 of them late"),
        (0, 0, "0 rows of 8 have {n}: set aside"),
    ],
)
def test_the_sentence(n: int, late: int, text: str) -> None:
    note = Note.of(TURN, {"what": "{n}"}, n=n, late=late, rows=8)
    assert str(note) == text
    assert note.counts == {"n": n, "late": late}
    assert note.said.told({"n": n, "late": late, "rows": 8}) == text
    assert Note.of("{n}", first=", first row 3", n=1) == "1, first row 3"


def test_nothing_counted_is_no_note() -> None:
    assert noted(0, "{n:row}") == []
    assert noted(2, "{n:row}") == ["2 rows"]


def test_copies_keep_the_counts() -> None:
    note = Note.of(TURN, {"what": "no turn"}, n=1, late=0, rows=100)
    for same in (copy.deepcopy(note), pickle.loads(pickle.dumps(note))):
        assert same == note == "1 row of 100 has no turn: set aside"
        assert (same.said, same.counts) == (note.said, {"n": 1, "late": 0})
