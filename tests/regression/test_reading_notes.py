"""Notes of batches add up to the notes on all rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression.reading_notes import Notes

SELF = "of a model with itself: kept for prices, left out of ratings"


def added(*batches: tuple[list[str], int, int]) -> tuple[str, ...]:
    first, *rest = (Notes.of(*batch) for batch in batches)
    return sum(rest, first).lines()


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (
            ["10 of 90 votes are both_bad: half a win each"],
            [],
            ["10 of 180 votes are both_bad: half a win each"],
        ),
        ([f"1 battle {SELF}"], [f"2 battles {SELF}"], [f"3 battles {SELF}"]),
        ([f"1 battle {SELF}"], [], [f"1 battle {SELF}"]),
        (
            ["winner and outcome differ in 1 of 100 rows: winner is used"],
            ["winner and outcome differ in 4 of 100 rows: winner is used"],
            ["winner and outcome differ in 5 of 200 rows: winner is used"],
        ),
        (["1 row of 100 has no turn: set aside"], [], ["1 row of 200 has no turn: set aside"]),
        (
            ["1 row of 100 has no turn: set aside"],
            ["2 rows of 100 have no turn: set aside"],
            ["3 rows of 200 have no turn: set aside"],
        ),
        (["2 features measured in the table: words, bold"],) * 2
        + (["2 features measured in the table: words, bold"],),
        (
            ["1 battle where the two conversations differ in length, first row 3 (counted from 0)"],
            ["1 battle where the two conversations differ in length, first row 0 (counted from 0)"],
            ["2 battles where the two conversations differ in length"],
        ),
        (
            ["1 value of 'voter' as floats of 2**53 and above, where neighbours are one value"],
            ["1 value of 'voter' as floats of 2**53 and above, where neighbours are one value"],
            ["2 values of 'voter' as floats of 2**53 and above, where neighbours are one value"],
        ),
        (["the names of the models may be in 'x'"], [], []),
        (["names that differ in case only stay different models: A and a"],)
        + ([],)
        + (["names that differ in case only stay different models: A and a"],),
        (["10 rows of 100 set aside (see battles.issues)"], [], []),
        (
            ["no model names: style can be priced, models cannot be rated"],
            ["1 battle without model names: kept for prices, left out of ratings"],
            ["91 battles without model names: kept for prices, left out of ratings"],
        ),
        (["no model names: style"], ["no model names: style"], ["no model names: style"]),
    ],
)
def test_two_batches(one, other, both):
    assert added((one, 100, 90), (other, 100, 90)) == tuple(both)


def test_what_is_added_can_be_taken_away():
    one = Notes.of(["10 of 90 votes are both_bad: half a win each", "x"], 100, 90)
    two = Notes.of(["1 of 1 votes are both_bad: half a win each", "x"], 1, 1)
    assert (one + two - two).lines() == one.lines()


def test_notes_of_parts_are_those_of_the_whole():
    frame = ls.simulate(400, 5, style={"words": 0.6}, seed=2).battles.to_frame()
    frame.loc[::9, ["winner", "outcome"]] = ["both_bad", 0.5]
    frame.loc[::31, "model_b"] = frame.loc[::31, "model_a"]
    frame.loc[5:8, ["model_a", "model_b"]] = None
    frame.loc[17, "outcome"] = 0.123
    parts = [ls.read_battles(frame.iloc[rows]) for rows in np.split(np.arange(400), 4)]
    made = added(*[(list(part.notes), 100, 100) for part in parts])
    wanted = ls.read_battles(pd.DataFrame(frame)).notes
    assert {note for note in wanted if "correctness" not in note} <= set(made)
    assert len(wanted) > 4
