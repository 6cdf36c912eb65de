"""Texts from whatever holds them to bytes and offsets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.errors import FeatureError, LlamaStyleWarning
from llamastyle.features.text import (
    TextSource,
    arrow_texts,
    batch_from_arrow,
    check_no_nulls,
    check_texts,
    without_reasoning,
)

TEXTS = ["one", "", "zwölf 🎉"]


@pytest.mark.parametrize(
    "source",
    [
        TEXTS,
        tuple(TEXTS),
        (text for text in TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pd.Series(TEXTS, index=[3, 1, 2]),
        pd.Series(TEXTS, dtype=object),
        pd.Series(TEXTS, dtype="category"),
        pd.Series(TEXTS, dtype="string"),
        pl.Series(TEXTS),
        pl.Series(TEXTS, dtype=pl.Categorical),
        pa.array(TEXTS),
        pa.array(TEXTS, pa.large_string()),
        pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
        pa.chunked_array([TEXTS]),
        pa.array(["x", *TEXTS, "y"])[1:4],
        pa.array(TEXTS).dictionary_encode(),
    ],
    ids=lambda source: type(source).__name__,
)
def test_every_kind_of_column_is_the_same_texts(source: object) -> None:
    texts = arrow_texts(source)
    assert texts.type == pa.large_string()
    assert texts.to_pylist() == TEXTS
    batch = batch_from_arrow(texts)
    assert [batch.text(row) for row in range(len(batch))] == TEXTS


def test_one_text_is_one_row() -> None:
    assert arrow_texts("one two").to_pylist() == ["one two"]


def test_no_texts_at_all() -> None:
    for nothing in (
        [],
        pa.array([], pa.string()),
        pa.chunked_array([], pa.string()),
        pd.Series([], dtype=object),
    ):
        batch = batch_from_arrow(arrow_texts(nothing))
        assert len(batch) == 0
        assert list(batch.chunks(10)) == []


def test_a_lone_surrogate_becomes_the_replacement_character() -> None:
    with pytest.warns(LlamaStyleWarning, match="1 of 2 texts have halves of surrogate pairs"):
        assert arrow_texts(["a\ud800b", "c"]).to_pylist() == ["a\ufffdb", "c"]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_a_missing_text_is_named_by_its_row(missing: object) -> None:
    with pytest.raises(
        FeatureError, match=r"row 1 has no text \(2 of 4 rows have none\); leave such rows out"
    ):
        arrow_texts(["a", missing, "b", missing])


def test_texts_that_battles_need() -> None:
    texts = pa.array(["a", None, "b", None])
    used = (np.array([0, 2]), np.array([2, 2]))
    assert check_texts(texts, used).tolist() == [False, True, False, True]
    with pytest.raises(FeatureError, match=r"battle 1 has a response without text \(2 of 3 battles have one\)"):
        check_texts(texts, (np.array([0, 1, 2]), np.array([2, 2, 3])))
    for rows in (None, used):
        assert not check_texts(pa.array(["a", "b", "c"]), rows).any()
    with pytest.raises(FeatureError, match="row 1 has no text"):
        check_texts(texts, None)
    with pytest.raises(FeatureError, match="row 0 has no text"):
        check_texts(pa.nulls(3, pa.large_string()), used)


def test_nothing_but_nulls() -> None:
    with pytest.raises(FeatureError, match="row 0 has no text"):
        arrow_texts(pa.nulls(2))
    check_no_nulls(pa.array(["a"]))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (["a", 3], r"row 1 is int \('3'\), not a text"),
        ([b"a"], "row 0 is bytes"),
        (pd.Series([1, 2]), "values of type int64"),
        (np.array([1.5]), "values of type float64|row 0"),
        (pa.array([1, 2]), "values of type int64; row 0 is 1"),
        (pa.array([b"a"]), "values of type binary"),
        (pd.DataFrame({"a": ["x"]}), "texts are expected, not DataFrame; hand in .*one column"),
        (b"bytes", "texts are expected, not bytes"),
        ({"a": "b"}, "texts are expected, not dict"),
        (7, "texts are expected, not int"),
        (None, "texts are expected, not NoneType"),
    ],
)
def test_what_is_no_text_is_one_clear_error(source: object, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        arrow_texts(source)


def test_bytes_that_are_no_utf8() -> None:
    broken = pa.array([b"ok", b"\xff\xfe"]).view(pa.string())
    with pytest.raises(FeatureError, match="not valid UTF-8"):
        batch_from_arrow(broken)


def test_turns_are_cut_at_their_bytes() -> None:
    texts = pa.array(["é\n\nb\n\n", "one"], pa.large_string())
    batch = batch_from_arrow(texts, pa.array([[4, 7], None], pa.list_(pa.int64())))
    assert batch.turn_texts(0) == ["é", "b", ""]
    assert batch.turn_texts(1) == ["one"]
    assert batch_from_arrow(texts).turn_texts(0) == ["é\n\nb\n\n"]


def test_reasoning_is_cut_turn_by_turn() -> None:
    texts = pa.array(["a<think>b\n\nc</think>d", "<think>a</think>b\n\nc\n</think>\nd"], pa.large_string())
    batch = batch_from_arrow(texts, pa.array([[11], [19]], pa.list_(pa.int64())))
    assert batch.prose(0, True) == "a<think>b\n\nc</think>d"
    assert batch.prose(1, True) == "b\n\n\nd"
    assert batch.prose(1, False) == texts[1].as_py()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<think>a</think>b", "b"),
        ("a<think>b</think>c<think>d</think>e", "ace"),
        ("a<think>b", "a<think>b"),
        ("a</think>b", "a</think>b"),
        ("Close it with `</think>`.\nDone.", "Close it with `</think>`.\nDone."),
        ("a<think>b<think>c</think>d", "ad"),
        ("a<think>b</think>c</think>d", "ac</think>d"),
        ("a<think>b</think>c<think>d", "ac<think>d"),
        ("So, hm.\n</think>\n\nYes.", "\n\nYes."),
        ("</think>\nYes.", "\nYes."),
        ("hm\r\n </think> \r\nYes.", " \r\nYes."),
        ("Yes.\n</think>", "Yes.\n</think>"),
        ("Yes.\n</think>\n \t\r\n", "Yes.\n</think>\n \t\r\n"),
        ("Yes.\n</think>No.", "Yes.\n</think>No."),
        ("Yes.</think>\nNo.", "Yes.</think>\nNo."),
        ("a\n</think>\nb\n</think>\nc", "a\n</think>\nb\n</think>\nc"),
        ("a\n</think>\nb<think>c", "a\n</think>\nb<think>c"),
        ("<thi<think></think>nk>", "<think>"),
        ("<thinking>a", "<thinking>a"),
    ],
)
def test_reasoning_is_cut(text: str, kept: str) -> None:
    assert without_reasoning(text) == kept


@settings(deadline=None, derandomize=True)
@given(st.lists(st.text(max_size=8), max_size=20), st.integers(1, 40))
def test_chunks_cover_every_row_once(texts: list[str], size: int) -> None:
    texts = arrow_texts(texts).to_pylist()
    batch = batch_from_arrow(pa.array(["before", *texts], pa.large_string())[1:])
    chunks = list(batch.chunks(size))
    assert [row for begin, end in chunks for row in range(begin, end)] == list(range(len(texts)))
    for begin, end in chunks:
        assert end == begin + 1 or batch.offsets[end] - batch.offsets[begin] <= size


def test_a_batch_is_read_only() -> None:
    batch = batch_from_arrow(pa.array(TEXTS), pa.array([None, None, [3]], pa.list_(pa.int64())))
    for array in (batch.data, batch.offsets, batch.turns, batch.turn_offsets):
        assert not array.flags.writeable


def test_battles_are_a_source_of_texts() -> None:
    rows = [{"model_a": "x", "model_b": "y", "winner": "model_a", "response_a": "a", "response_b": "b"}]
    assert isinstance(ls.read_battles(pd.DataFrame(rows)), TextSource)
    assert not isinstance(["a"], TextSource)


@pytest.mark.parametrize("column", [pd.Series([float("nan")] * 2), pd.Series([None, None], dtype="Float64")], ids=str)
def test_an_empty_column_is_rows_without_text(column: pd.Series) -> None:
    with pytest.raises(FeatureError, match=r"row 0 has no text \(2 of 2 rows"):
        arrow_texts(column)
    assert len(arrow_texts(pd.Series([], dtype=float))) == 0


def test_bytes_in_an_array_are_no_texts() -> None:
    with pytest.raises(FeatureError, match="not bytes; decode them"):
        arrow_texts(np.array([b"abc"]))
