"""Notes of batches add up to the notes on all rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.data.notes import Note, noted
from llamastyle.data.readers.files import SIMULATED
from llamastyle.data.readers.notes import NO_NAMES, UNNAMED
from llamastyle.regression.reading_notes import Notes

SELF = "{n:battle} of a model with itself: kept"
BAD = "{n} of {battles} votes are both_bad"
TURN = "{n:row} of {rows} {n:has/have} {what}: set aside"
KNOWN = "known in {known} of {battles} battles{one:?, on one side in #}"
CASE = "names that differ in case only stay different models: A and a"
ASIDE = noted(10, "{n:row} of {rows} set aside {where}", {"where": "(see battles.issues)"}, rows=100)


def added(*batches: tuple[list[str], int, int]) -> tuple[str, ...]:
    first, *rest = (Notes.of(*batch) for batch in batches)
    return sum(rest, first).lines()


def turns(n: int, what: str = "no turn") -> list[str]:
    return noted(n, TURN, {"what": what}, rows=100)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (noted(10, BAD, battles=90), [], ["10 of 180 votes are both_bad"]),
        (noted(1, SELF), noted(2, SELF), ["3 battles of a model with itself: kept"]),
        (noted(1, SELF), [], ["1 battle of a model with itself: kept"]),
        (noted(0, SELF), [], []),
        (turns(1), [], ["1 row of 200 has no turn: set aside"]),
        (turns(1), turns(2), ["3 rows of 200 have no turn: set aside"]),
        (turns(1), turns(1, "{n}"), ["1 row of 200 has no turn: set aside", "1 row of 200 has {n}: set aside"]),
        (
            [Note.of(KNOWN, known=80, one=0, battles=90)],
            [Note.of(KNOWN, known=7, one=3, battles=90)],
            ["known in 87 of 180 battles, on one side in 3"],
        ),
        ([Note.of(KNOWN, known=0, one=0, battles=90)], [], ["known in 0 of 180 battles"]),
        (noted(1, SELF, first=", first row 3"), noted(1, SELF, first=", first row 0"), ["2 battles of a model with itself: kept"]),
        (["2 features measured in the table: words, bold"],) * 2 + (["2 features measured in the table: words, bold"],),
        (noted(1, SELF, adds=False), noted(1, SELF, adds=False), []),
        (["the names of the models may be in 'x'"], [], []),
        ([CASE], [], []),
        ([SIMULATED], [], [SIMULATED]),
        (ASIDE, ASIDE, ["20 rows of 200 set aside on reading"]),
        ([NO_NAMES], noted(1, UNNAMED), ["91 battles without model names: kept for prices, left out of ratings"]),
        ([NO_NAMES], [NO_NAMES], [NO_NAMES]),
    ],
)  # fmt: skip
def test_two_batches(one: list[str], other: list[str], both: list[str]) -> None:
    assert added((one, 100, 90), (other, 100, 90)) == tuple(both)


def test_names_that_differ_in_case_are_found_over_all_batches() -> None:
    both = Notes.of([CASE], 100, 90) + Notes.of([], 100, 90)
    assert both.lines(("A", "B", "a")) == (CASE,)
    assert both.lines(("A", "B")) == ()


def test_what_is_added_can_be_taken_away():
    one = Notes.of([*noted(10, BAD, battles=90), "x"], 100, 90)
    two = Notes.of([*noted(1, BAD, battles=1), *noted(1, SELF), "x"], 1, 1)
    assert (one + two - two).lines() == one.lines() == ("10 of 90 votes are both_bad", "x")


def test_notes_of_parts_are_those_of_the_whole():
    frame = ls.simulate(400, 5, style={"words": 0.6}, seed=2).battles.to_frame()
    frame.loc[::9, ["winner", "outcome"]] = ["both_bad", 0.5]
    frame.loc[::31, "model_b"] = frame.loc[::31, "model_a"]
    frame.loc[5:8, ["model_a", "model_b"]] = None
    frame.loc[17, "outcome"] = 0.123
    frame.loc[11:19, "correct_a"] = np.nan
    parts = [ls.read_battles(frame.iloc[rows]) for rows in np.split(np.arange(400), 4)]
    wanted = ls.read_battles(pd.DataFrame(frame)).notes
    assert set(wanted) == set(added(*[(list(part.notes), 100, 100) for part in parts]))
    assert len(wanted) > 4
    assert "correctness known on both sides in 391 of 400 battles, on one side only in 9" in wanted


def test_notes_of_formats_of_others_add_up():
    frame = ls.simulate(400, 5, style={"words": 0.6}, texts=True, seed=2).battles.to_frame()
    frame = frame[["model_a", "model_b", "winner", "response_a", "response_b"]]
    frame["question_id"] = [f"q{k % 7}" for k in range(400)]
    frame["judge"] = [None if k % 50 == 0 else f"v{k % 9}" for k in range(400)]
    for side in "ab":
        answers = frame.pop(f"response_{side}")
        frame[f"conversation_{side}"] = [
            [{"role": "user", "content": "a"}, {"role": "assistant", "content": text}] for text in answers
        ]
    frame["anony"] = [k % 40 != 3 for k in range(400)]
    frame["tstamp"] = [float(k) if k % 100 else "late" for k in range(400)]
    parts = [ls.read_battles(frame.iloc[rows]) for rows in np.split(np.arange(400), 4)]
    wanted = ls.read_battles(frame).notes
    made = added(*[(list(part.notes), 100, 100) for part in parts])
    (again,) = (note for note in wanted if "question_id repeats in" in note)  # parts cannot know how often
    assert set(made) == set(wanted) - {again}
    assert set(added((list(wanted), 400, 400))) == set(wanted)
    assert "10 votes of 400 on models whose names were shown: kept" in made
    assert "the voter of 8 battles of 400 is unknown: each is taken for another" in made
