"""Single responses from every source, and what is wrong with them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import llamastyle as ls
from llamastyle.data.readers import read_responses

ROWS = [
    {"model": "y", "text": "**Yes!** 🎉", "prompt_id": 1, "score": 2.5, "correct": 1, "tokens": 4},
    {"model": "x", "text": "No.", "prompt_id": 1, "score": None, "correct": 0, "tokens": 2},
    {"model": "y", "text": "No.", "prompt_id": 2, "score": -1.0, "correct": None, "tokens": 2},
]


def test_every_source_gives_the_same_responses(tmp_path: Path) -> None:
    frame = pd.DataFrame(ROWS)
    frame.to_csv(tmp_path / "r.csv", index=False)
    frame.to_parquet(tmp_path / "r.parquet")
    frame.to_json(tmp_path / "r.jsonl", orient="records", lines=True)
    for source in (ROWS, frame, pl.DataFrame(ROWS), *sorted(tmp_path.iterdir())):
        responses = read_responses(source)
        assert responses.models == ("x", "y")
        assert responses.model.tolist() == [1, 0, 1]
        assert responses.texts.to_pylist() == [row["text"] for row in ROWS]
        assert responses.prompt_id is not None
        assert [str(i) for i in responses.prompt_id] == ["1", "1", "2"]
        np.testing.assert_array_equal(responses.score, [2.5, math.nan, -1])
        np.testing.assert_array_equal(responses.correct, [1, 0, math.nan])
        np.testing.assert_array_equal(responses.tokens, [4, 2, 2])
        assert (len(responses.issues), responses.notes) == (0, ())


def test_they_can_be_measured() -> None:
    made = ls.extract(read_responses(ROWS), ["words", "bold", "emoji", "tokens"]).values
    assert made.tolist() == [[1, 1, 1, 4], [1, 0, 0, 2], [1, 0, 0, 2]]


@pytest.mark.parametrize("name", ["text", "response", "output", "conversation", "completion", "answer"])
def test_names_of_the_text(name: str) -> None:
    assert read_responses([{name: "x"}]).texts.to_pylist() == ["x"]


def test_a_text_that_is_not_read_is_noted() -> None:
    responses = read_responses([{"response": "x", "answer": "y"}])
    assert responses.texts.to_pylist() == ["x"]
    assert responses.notes == ("the texts are those of 'response'; 'answer' not read",)


def test_names_that_are_mapped() -> None:
    responses = read_responses([{"reply": "x", "who": "m", "text": "z"}], columns={"text": "reply", "model": "who"})
    assert (responses.texts.to_pylist(), responses.models) == (["x"], ("m",))
    with pytest.raises(ls.DataError, match="'response_a' is no name that is read"):
        read_responses(ROWS, columns={"response_a": "text"})


@pytest.mark.parametrize("write", [lambda x: x, json.dumps, repr, lambda x: str(np.array(x, object))])
def test_conversations(turns: list[dict[str, Any]], write: Any) -> None:
    responses = read_responses([{"conversation": write(turns)}] * 2)
    assert responses.texts.to_pylist() == ["Où\n\nSo."] * 2
    assert responses.turn_starts is not None
    assert responses.turn_starts.to_pylist() == [[5]] * 2
    assert responses.prompt_id is not None
    assert responses.prompt_id.tolist() == ["Hé?"] * 2
    assert ls.extract(responses, ["turns"]).values.tolist() == [[2], [2]]


def test_outputs_of_alpaca_eval() -> None:
    rows = [{"instruction": "Why?", "output": "So.", "generator": "m", "dataset": "d"}]
    for format in ("auto", "alpaca_eval"):
        responses = read_responses(rows, format=format)
        assert responses.models == ("m",)
        assert responses.prompt_id is not None
        assert responses.prompt_id.tolist() == ["Why?"]
    assert read_responses(rows, format="frame").models == ()


BAD = [
    ("text", None, "no text"),
    ("text", 5, "a number where a text is expected"),
    ("text", b"\xff", "bytes that are not UTF-8"),
    ("score", "high", "not a number"),
    ("score", math.inf, "not a finite number"),
    ("correct", 2, "correctness outside"),
    ("tokens", -1, "no token count"),
]


@pytest.mark.parametrize(("column", "value", "what"), BAD)
def test_a_bad_row_is_named_or_set_aside(column: str, value: Any, what: str) -> None:
    rows = [ROWS[0], {**ROWS[1], column: value}, ROWS[2]]
    with pytest.raises(ls.DataError, match=rf"row 1 .*column '{column}': {what}.*1 of 3 rows.*strict=False"):
        read_responses(rows)
    responses = read_responses(rows, strict=False)
    assert responses.issues[["row", "column"]].values.tolist() == [[1, column]]
    assert "1 row of 3 set aside" in responses.notes[0]
    assert responses.models == ("y",)
    assert responses.model.tolist() == [0, 0]
    with pytest.raises(ls.DataError, match="no row is left"):
        read_responses([rows[1]], strict=False)


def test_lines_that_are_no_json_are_issues() -> None:
    responses = read_responses(b'{"text": "x"}\n{"text":\n', strict=False)
    assert responses.issues["row"].tolist() == [-1]


def test_what_is_noticed() -> None:
    responses = read_responses([{"text": "a\ud800", "model": "m"}, {"text": "b", "model": None}])
    assert responses.texts.to_pylist() == ["a\ufffd", "b"]
    assert responses.model.tolist() == [0, -1]
    assert len(responses.notes) == 2
    assert "1 response with halves of surrogate pairs" in responses.notes[0]
    assert "1 response without the name of a model" in responses.notes[1]


@pytest.mark.parametrize(
    ("rows", "options", "says"),
    [
        ([], {}, "no column 'text'|no rows"),
        (pd.DataFrame({"text": []}), {}, "no rows"),
        ([{"response_a": "x", "response_b": "y"}], {}, "it holds battles; read it with read_battles"),
        ([{"txt": "x"}], {}, "no column 'text' .*did you mean 'txt'.*--map text=txt"),
        (ROWS, {"format": "lmarena"}, "format='lmarena' is not known; use auto, arena_hard, mt_bench, alpaca_eval, frame"),
        (ROWS, {"strict": 1}, "strict=1"),
        (5, {}, "source is a int"),
    ],
)
def test_wrong_calls(rows: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ls.DataError, match=says):
        read_responses(rows, **options)
