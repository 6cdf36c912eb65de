"""Pairs, edits and the calls that compare them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.errors import DataError
from llamastyle.regression.judge_calls import Call
from llamastyle.regression.judge_design import (
    DEFAULT_EDITS,
    comparisons,
    read_edits,
    read_pairs,
    read_rewrites,
)

PAIR = {"prompt": "q", "response_a": "One.", "response_b": "Two."}


def test_pairs_from_battles_and_from_rows():
    arena = ls.simulate(40, 4, texts=True, seed=1)
    for source in (arena.battles, arena.battles.to_frame(), arena.battles.to_frame().to_dict("records")):
        pairs = read_pairs(source)
        assert len(pairs) == 40
        assert pairs.a == tuple(arena.battles.to_frame()["response_a"])
        assert pairs.right_a.tolist() == arena.battles.correct_a.tolist()
        assert np.unique(pairs.cluster).size == arena.battles.columns["prompt_id"].nunique()


def test_without_prompts_or_ids_rows_are_apart():
    pairs = read_pairs([{"response_a": "x", "response_b": "y"}, {"response_a": "z", "response_b": "y"}])
    assert pairs.prompt == ("", "")
    assert np.unique(pairs.cluster).size == 2
    assert np.isnan(pairs.right_a).all()


def test_single_answers():
    pairs = read_pairs([{"prompt": "q", "response": "x"}, {"prompt": "q", "response": "y"}])
    assert (pairs.a, pairs.b) == (("x", "y"), ())
    assert np.unique(pairs.cluster).size == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"text": "x"}], "need columns response_a and response_b"),
        ([{"response_a": "x"}], "need columns response_a and response_b"),
        ([{**PAIR, "response_b": None}], "response_b is no text in 1 of 1 rows"),
        ([{**PAIR, "correct_a": 2}], "correct_a must lie in"),
        (pd.DataFrame({"response": []}), "no pairs"),
    ],
)
def test_pairs_that_are_none(rows, said):
    with pytest.raises(DataError, match=said):
        read_pairs(rows)


def test_the_usual_edits_and_doses():
    assert [edit.name for edit in read_edits()] == list(DEFAULT_EDITS)
    assert [edit.control for edit in read_edits()] == [name == "null" for name in DEFAULT_EDITS]
    made = read_edits({"add:bold": (1, 3), "mine": str.upper, "null": None})
    assert [(e.name, e.dose, e.control) for e in made] == [
        ("add:bold", 1.0, False), ("add:bold", 3.0, False), ("mine", 1.0, False), ("null", 1.0, True),
    ]  # fmt: skip
    assert made[2].apply(["a"]) == ["A"]
    assert (
        made[1]
        .apply(["The lamp lights the table. The clerk stamps cards. Plants need water. Stones keep warm."])[0]
        .count("**")
        == 6
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["add:blod"], "add:blod.*did you mean 'bold'"),
        (["remove:bold"], "names are null, strip:X and add:X"),
        ({"add:bold": 0}, "whole numbers above zero"),
        ({"add:bold": "many"}, "whole numbers above zero"),
        ([], "names no edit"),
        (7, "must be names"),
    ],
)
def test_edits_that_are_none(asked, said):
    with pytest.raises(DataError, match=said):
        read_edits(asked)


def test_an_edit_that_returns_no_text():
    with pytest.raises(DataError, match="'mine' returned int and no text"):
        comparisons(read_pairs([PAIR]), read_edits({"mine": len}))


def test_both_orders_of_each_side_beside_the_plain_pair():
    pairs = read_pairs([PAIR])
    found = comparisons(pairs, read_edits({"louder": lambda text: text + "!"}))
    assert [(c.side, c.edited, c.plain) for c in found] == [
        (0, (Call("q", "One.!", "Two."), Call("q", "Two.", "One.!")), (Call("q", "One.", "Two."), Call("q", "Two.", "One."))),
        (1, (Call("q", "Two.!", "One."), Call("q", "One.", "Two.!")), (Call("q", "Two.", "One."), Call("q", "One.", "Two."))),
    ]  # fmt: skip


def test_single_answers_meet_themselves():
    found = comparisons(read_pairs([{"prompt": "q", "response": "x"}]), read_edits({"louder": lambda t: t + "!"}))
    assert [(c.edited, c.plain) for c in found] == [((Call("q", "x!", "x"), Call("q", "x", "x!")), None)]


def test_an_edit_that_changes_nothing_is_not_asked_about():
    assert comparisons(read_pairs([PAIR]), read_edits(["strip:emoji"])) == []


def test_rewrites():
    rows = [
        {"prompt": "q", "original": "x", "rewrite": "y", "intervention": "longer"},
        {"prompt": "q", "original": "x", "rewrite": "x", "intervention": "longer"},
        {"prompt": "r", "original": "x", "rewrite": "z", "intervention": "kinder"},
    ]
    pairs, edits, found = read_rewrites(rows)
    assert [edit.name for edit in edits] == ["longer", "kinder"]
    assert [(c.edit, c.pair, c.edited[0]) for c in found] == [
        (0, 0, Call("q", "y", "x")),
        (1, 2, Call("r", "z", "x")),
    ]
    assert pairs.cluster.tolist() == [0, 0, 1]
    back = [{**row, "rewritten_back": "b"} for row in rows]
    assert read_rewrites(back)[2][0].edited[0] == Call("q", "y", "b")
    with pytest.raises(DataError, match="there is no rewrite, intervention"):
        read_rewrites([{"prompt": "q", "original": "x"}])
