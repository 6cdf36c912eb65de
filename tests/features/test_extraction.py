"""extract(): sources, threads, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import llamastyle as ls

TEXTS = ["Great question! 🎉", "**Yes**.\n\n- a\n- b", "", "Nein. ```\n# x\n```"] * 300


def test_every_kind_of_source_gives_the_same():
    expected = ls.extract(TEXTS).values
    sources = [
        tuple(TEXTS),
        pd.Series(TEXTS),
        pl.Series(TEXTS),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS[:7], TEXTS[7:]]),
    ]
    for source in [*sources, pa.array(TEXTS).dictionary_encode(), np.array(TEXTS, dtype=object)]:
        np.testing.assert_array_equal(ls.extract(source).values, expected)
    assert len(ls.extract("one text")) == 1


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_threads_change_nothing(n_jobs):
    np.testing.assert_array_equal(
        ls.extract(TEXTS, ls.ALL, n_jobs=n_jobs).values, ls.extract(TEXTS, ls.ALL).values
    )


def test_battles_have_two_sides():
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "One two.", "response_b": "Three."}
    table = ls.extract(ls.read_battles([row, row]), ["words"])
    assert table.to_frame().to_dict("list") == {"words_a": [2, 2], "words_b": [1, 1]}
    assert len(table) == 2


def test_turns_are_joined_and_arena_counts_each():
    talk = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "```\n# open"}] * 2
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": talk, "response_b": talk}
    frame = ls.extract(ls.read_battles([row]), ["turns", "arena_headers", "headers"]).to_frame()
    assert frame["turns_a"][0] == 2
    assert frame["arena_headers_a"][0] == 2
    assert frame["headers_a"][0] == 0


def test_reasoning_is_left_out():
    text = "<think># plan\nmany words here</think>Yes."
    assert ls.extract([text], ["words", "headers"]).values.tolist() == [[1, 0]]


@pytest.mark.parametrize("bad", [[None], ["a", 3], ["a", float("nan")], 5, {"a": 1}, b"bytes"])
def test_what_is_no_text_is_named(bad):
    with pytest.raises(ls.FeatureError):
        ls.extract(bad)


def test_row_of_a_null_is_named():
    with pytest.raises(ls.FeatureError, match="row 2"):
        ls.extract(["a", "b", None, "c"])


def test_tokens_need_a_tokenizer_or_metadata():
    with pytest.raises(ls.FeatureError, match=r"tokens\(.*ARENA_WORDS"):
        ls.extract(["a b"], ls.ARENA)
    table = ls.extract(["a b c"], [ls.tokens(str.split)])
    assert table.values.tolist() == [[3]]


def test_a_users_function_that_raises_is_named():
    @ls.per_text
    def broken(text: str) -> float:
        return 1 / len(text)

    with pytest.raises(ls.FeatureError, match=r"broken.*row 1") as caught:
        ls.extract(["a", ""], [broken])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_measured_features_are_taken_as_they_are():
    row = {
        "model_a": "x",
        "model_b": "y",
        "winner": "tie",
        "words_a": 3,
        "words_b": 5,
        "zest_a": 0.5,
        "zest_b": 1,
    }
    battles = ls.read_battles([row])
    assert set(ls.extract(battles).names) == {"words", "zest"}
    with pytest.raises(ls.FeatureError):
        ls.extract(battles, ["bold"])
