"""Responses as plain text or as conversations in every way they are written."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamastyle.data.readers.conversations import (
    Silent,
    first_user_turn,
    holds_conversations,
    parse_turns,
    read_side,
    read_talks,
    read_turn_lists,
    turn_texts,
)
from llamastyle.data.readers.literals import Unreadable
from llamastyle.data.readers.table import object_column, python_column


def ways(turns: list[dict[str, Any]]) -> list[Any]:
    return [
        turns,
        tuple(turns),
        np.array(turns, object),
        json.dumps(turns),
        json.dumps(turns, indent=1),
        repr(turns),
        str(np.array(turns, object)),
        repr(np.array(turns, object)),
        str(nested(turns)),
        repr(nested(turns)),
    ]


def nested(turns: list[dict[str, Any]]) -> Any:
    """As a data frame holds what parquet stores: arrays inside arrays."""
    made = np.empty(len(turns), object)
    for i, turn in enumerate(turns):
        parts = turn["content"]
        made[i] = {**turn, "content": np.array(parts, object) if isinstance(parts, list) else parts}
    return made


def test_every_way_to_write_a_conversation(turns: list[dict[str, Any]]) -> None:
    for value in ways(turns):
        side = read_side(object_column([value]))
        assert side.bad == {}
        assert side.texts.to_pylist() == ["Où\n\nSo."]
        assert side.starts == [(5,)]
        assert side.user == [("Hé?", "Why?")]
        assert side.turns is not None
        assert side.turns.tolist() == [2]


def test_arrow_text_and_arrow_lists(turns: list[dict[str, Any]]) -> None:
    simple = [{**turn, "content": "é"} for turn in turns]
    for column in (python_column([repr(turns), json.dumps(turns)]), python_column([simple, simple])):
        assert isinstance(column, pa.ChunkedArray)
        side = read_side(column)
        assert side.bad == {}
        assert [len(starts) for starts in side.starts] == [1, 1]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_turn_starts_cut_the_text_into_its_turns(texts: list[str]) -> None:
    value = [
        turn
        for text in texts
        for turn in ({"role": "user", "content": "?"}, {"role": "assistant", "content": text})
    ]
    side = read_side(object_column([value]))
    whole = side.texts.to_pylist()[0].encode()
    cuts = [0, *side.starts[0], len(whole) + 2]
    assert [whole[a : b - 2].decode() for a, b in pairwise(cuts)] == texts


def test_plain_text_that_looks_like_a_list_stays_text() -> None:
    texts = ['[{"a": 1}]', "[{'role': 'user'}]", "Yes.", "", "[1, 2]", "null"]
    side = read_side(python_column(texts))
    assert side.texts.to_pylist() == texts
    assert side.turns is None
    alone = read_side(python_column(['[{"name": "engineer", "content": "x"}]']))
    assert alone.texts.to_pylist() == ['[{"name": "engineer", "content": "x"}]']
    talks = read_side(python_column(['[{"role": "engineer", "content": "x"}]', "Yes.", '[{ "content": "x"']))
    assert set(talks.bad) == {0, 1, 2}


def test_a_broken_conversation_among_good_ones_is_bad(turns: list[dict[str, Any]]) -> None:
    good = repr(turns)
    side = read_side(python_column([good, good[:50], good, None, "nan"]))
    assert set(side.bad) == {1, 3, 4}
    assert side.bad[3] == "no text"
    assert "neither JSON nor" in side.bad[1]


def test_texts_among_lists_are_texts(turns: list[dict[str, Any]]) -> None:
    side = read_side(object_column([turns, "Plain.", repr(turns), 5]))
    assert side.texts.to_pylist() == ["Où\n\nSo.", "Plain.", "Où\n\nSo.", None]
    assert set(side.bad) == {3}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([{"content": "x"}], "turn 0 has no role"),
        (["x"], "turn 0 has no role"),
        ([{"role": "user", "content": "x"}], "no assistant turn.*user"),
        ([], "no assistant turn.*none"),
        ([{"role": "assistant", "content": None}], "no assistant turn with content"),
        ([{"role": "assistant", "content": 5}], "content of turn 0"),
        ([{"role": "assistant"}], "no assistant turn with content"),
        ([{"role": "assistant", "content": [{"type": "image"}]}], "no assistant turn with content"),
        ("{'a'", "neither JSON nor"),
        ("[" * 5000, "neither JSON nor"),
        ("-" * 100_000 + "1", "neither JSON nor"),
        ("__import__('os')", "neither JSON nor"),
        ("5", "not a list"),
        (7, "not a list"),
    ],
)
def test_what_cannot_be_read(value: object, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        parse_turns(value)


def test_null_turns_are_left_out_and_counted() -> None:
    value = [None, {"role": "assistant", "content": None}, {"role": "assistant", "content": "x"}]
    side = read_side(object_column([value]))
    assert side.texts.to_pylist() == ["x"]
    assert side.empty_turns == 1


def test_numbers_bytes_and_nothing_are_no_texts() -> None:
    assert read_side(python_column([1.5, None])).bad == {0: "a number where a text is expected", 1: "no text"}
    side = read_side(object_column(["x", 3, b"\xff", None, float("nan"), {1}]))
    assert side.texts.to_pylist()[0] == "x"
    assert list(side.bad) == [1, 2, 3, 4, 5]
    assert "number" in side.bad[1]
    assert "UTF-8" in side.bad[2]
    assert "set" in side.bad[5]


def test_halves_of_surrogate_pairs_are_replaced_and_counted() -> None:
    side = read_side(object_column(["a\ud83d", "b"]))
    assert side.texts.to_pylist() == ["a\ufffd", "b"]
    assert side.scrubbed == 1
    talk = [{"role": "assistant", "content": "\ud83d"}, {"role": "assistant", "content": "é"}]
    side = read_side(object_column([talk]))
    assert side.scrubbed == 1
    assert side.starts == [(5,)]
    for text in (f"[{{'role': 'assistant', 'content': '{half}'}}]" for half in ("\ud83d", "\\ud83d")):
        side = read_side(object_column([text]))
        assert (side.texts.to_pylist(), side.scrubbed) == (["\ufffd"], 1)


def test_first_user_turn(turns: list[dict[str, Any]]) -> None:
    for value in ways(turns):
        assert first_user_turn(value) == "Hé?"
    assert first_user_turn("plain") == "plain"
    assert first_user_turn("[{broken") == "[{broken"
    assert first_user_turn(None) is None
    assert first_user_turn([{"role": "user", "content": 5}]) == '[{"role": "user", "content": 5}]'
    assert first_user_turn(7) == "7"


def test_holds_conversations(turns: list[dict[str, Any]]) -> None:
    assert holds_conversations(python_column([repr(turns), None]))
    assert not holds_conversations(python_column([repr(turns), "a", "b"]))
    assert not holds_conversations(python_column([1, 2]))
    assert holds_conversations(object_column(["a", [1]]))


def test_among_conversations_a_text_is_none() -> None:
    column = object_column([[{"role": "assistant", "content": "x"}], "plain"])
    assert read_side(column).texts.to_pylist() == ["x", "plain"]
    side = read_talks(column)
    assert side.texts.to_pylist() == ["x", None]
    assert read_talks(object_column([b"\xff"])).bad == {0: "bytes that are not UTF-8"}
    assert list(side.bad) == [1]


def test_turns_that_say_nothing() -> None:
    with pytest.raises(Silent, match="no assistant turn with content"):
        parse_turns([{"role": "assistant", "content": None}])
    side = read_talks(
        object_column([[{"role": "user", "content": "x"}], [{"role": "assistant", "content": None}]])
    )
    assert (sorted(side.bad), side.silent) == ([0, 1], (1,))


@pytest.mark.parametrize(
    "value",
    [
        ["a", None, ""],
        ("a", None, ""),
        '["a", null, ""]',
        " ['a', None, '']",
        str(np.array(["a", None, ""], object)),
        repr(np.array(["a", None, ""], object)),
        np.array(["a", None, ""], object),
    ],
)
def test_turns_as_a_list_of_texts(value: Any) -> None:
    assert turn_texts(value) == ["a", None, ""]


@pytest.mark.parametrize("value", ["a", '"a"', 5, None, {"a": 1}, [["a"]], "[1]", "[a]", '["a"'])
def test_no_list_of_texts(value: Any) -> None:
    with pytest.raises(Unreadable):
        turn_texts(value)


@given(st.lists(st.lists(st.none() | st.text(), max_size=4), min_size=1, max_size=5))
def test_lists_of_turns_against_joining_by_hand(rows: list[list[str | None]]) -> None:
    side = read_turn_lists(object_column([json.dumps(row) for row in rows]), [("p",)] * len(rows))
    for i, row in enumerate(rows):
        said = [text for text in row if text is not None]
        if not said:
            assert side.texts[i].as_py() is None
            assert (i in side.silent) == bool(row)
            continue
        assert side.texts[i].as_py() == "\n\n".join(said)
        data, cuts = side.texts[i].as_py().encode(), [*side.starts[i]]
        assert [
            data[a:b].decode() for a, b in zip([0, *cuts], [*(c - 2 for c in cuts), len(data)], strict=True)
        ] == said
