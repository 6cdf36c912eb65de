"""Texts as bytes and offsets."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.errors import FeatureError
from llamastyle.features.text import TextSource, arrow_texts, batch_from_arrow, without_reasoning


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), max_size=10), st.integers(0, 5))
def test_a_slice_is_read_from_where_it_starts(texts, start):
    start = min(start, len(texts))
    batch = batch_from_arrow(pa.array(texts, pa.large_string()).slice(start))
    assert [batch.text(i) for i in range(len(batch))] == texts[start:]


def test_turns_are_found_again():
    text = "é one\n\ntwo\n\nthree"
    starts = pa.array([[len("é one\n\n".encode()), len("é one\n\ntwo\n\n".encode())]], pa.list_(pa.int64()))
    batch = batch_from_arrow(pa.array([text], pa.large_string()), starts)
    assert batch.turn_texts(0) == ["é one", "two", "three"]


def test_battles_and_responses_are_sources():
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "a", "response_b": "b"}
    battles = ls.read_battles([row])
    assert isinstance(battles, TextSource)
    assert isinstance(battles.responses, TextSource)


def test_reasoning_is_cut_in_linear_time():
    assert without_reasoning("a<think>b</think>c") == "ac"
    assert without_reasoning("a") == "a"
    start = time.perf_counter()
    without_reasoning("<think>" * 150_000)
    assert time.perf_counter() - start < 20


def test_what_is_no_text():
    with pytest.raises(FeatureError, match="row 1"):
        arrow_texts(["a", 1])
    with pytest.raises(FeatureError):
        arrow_texts(pa.array([1, 2]))
