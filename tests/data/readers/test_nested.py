"""Nested lists are read as their turns one by one would be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamastyle.data.readers.conversations import Side, read_side, read_talks
from llamastyle.data.readers.nested import read_nested
from llamastyle.data.readers.table import object_column

PART = pa.struct([("type", pa.string()), ("text", pa.string()), ("image", pa.string())])
PARTS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.list_(PART)), ("num_tokens", pa.int64())]))
PLAIN = pa.large_list(pa.struct([("content", pa.large_string()), ("role", pa.large_string())]))

texts = st.sampled_from([None, "", "a", "é\n", "🎉 two", "\n\n"])
roles = st.sampled_from(["user", "assistant", "Assistant", "model", "human", "system", None])
part = st.one_of(
    st.none(), st.fixed_dictionaries({"type": st.just("text"), "text": texts, "image": st.none()})
)
parted = st.fixed_dictionaries(
    {"role": roles, "content": st.one_of(st.none(), st.lists(part, max_size=3)), "num_tokens": st.none()}
)
plain = st.fixed_dictionaries({"content": texts, "role": roles})


def talks(turn: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(
        st.one_of(st.none(), st.lists(st.one_of(turn, turn, turn, st.none()), max_size=5)), max_size=6
    )


def same(one: Side, two: Side) -> None:
    assert one.texts.to_pylist() == two.texts.to_pylist()
    assert one.texts.type == two.texts.type == pa.large_string()
    assert (one.starts, one.user, one.bad, one.silent) == (two.starts, two.user, two.bad, two.silent)
    np.testing.assert_array_equal(one.turns, two.turns)
    assert (one.empty_turns, one.scrubbed) == (two.empty_turns, two.scrubbed)


@given(talks(parted), st.integers(0, 6))
def test_turns_of_parts_beside_the_slow_way(rows: list[Any], cut: int) -> None:
    column = pa.chunked_array([pa.array(rows[:cut], PARTS), pa.array(rows[cut:], PARTS)])
    assert read_nested(column) is not None
    same(read_talks(column), read_talks(object_column(rows)))


@given(talks(plain), st.integers(0, 3))
def test_plain_turns_of_a_slice_beside_the_slow_way(rows: list[Any], cut: int) -> None:
    column = pa.chunked_array([pa.array(rows, PLAIN)]).slice(cut)
    assert read_nested(column) is not None
    same(read_side(column), read_talks(object_column(rows[cut:])))


def test_lists_that_are_null_and_not_empty() -> None:
    """Arrow allows a null list to hold values; nobody is to read them."""
    turns = pa.array([{"content": text, "role": "assistant"} for text in "abc"], PLAIN.value_type)
    offsets = pa.array([0, 1, 2, 3], pa.int64())
    lists = pa.LargeListArray.from_arrays(offsets, turns, mask=pa.array([False, True, False]))
    side = read_talks(pa.chunked_array([lists]))
    assert side.texts.to_pylist() == ["a", None, "c"]
    assert side.bad == {1: "no text"}


def test_contents_that_are_null_and_not_empty() -> None:
    parts = pa.array([{"type": "text", "text": text, "image": None} for text in "abc"], PART)
    content = pa.ListArray.from_arrays(
        pa.array([0, 1, 2, 3], pa.int32()), parts, mask=pa.array([False, True, False])
    )
    turns = pa.StructArray.from_arrays([pa.array(["assistant"] * 3), content], ["role", "content"])
    side = read_talks(pa.chunked_array([pa.ListArray.from_arrays(pa.array([0, 2, 3], pa.int32()), turns)]))
    assert side.texts.to_pylist() == ["a", "c"]
    assert side.empty_turns == 1


def test_bytes_that_are_no_text_are_left_to_the_slow_way() -> None:
    content = pa.array([b"ok", b"\xff"]).view(pa.string())
    turns = pa.StructArray.from_arrays([pa.array(["assistant"] * 2), content], ["role", "content"])
    column = pa.chunked_array([pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), turns)])
    assert read_nested(column) is None
    side = read_talks(column)
    assert side.texts.to_pylist()[0] == "ok"
    assert list(side.bad) == [1]


@pytest.mark.parametrize(
    "column",
    [
        object_column([[{"role": "user", "content": "x"}]]),
        pa.chunked_array([pa.array(["x"])]),
        pa.chunked_array([pa.array([["x"]])]),
        pa.chunked_array([pa.array([[{"role": "user"}]])]),
        pa.chunked_array([pa.array([[{"content": "x"}]])]),
        pa.chunked_array([pa.array([[{"role": 1, "content": "x"}]])]),
        pa.chunked_array([pa.array([[{"role": "user", "content": 1}]])]),
        pa.chunked_array([pa.array([[{"role": "user", "content": ["x"]}]])]),
        pa.chunked_array([pa.array([[{"role": "user", "content": [{"words": "x"}]}]])]),
    ],
)
def test_what_is_not_read_so(column: Any) -> None:
    assert read_nested(column) is None
