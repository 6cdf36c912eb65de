"""LMArena's schema, parsed and as text."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.data.readers.arena_counts import category, records
from llamastyle.data.readers.table import object_column


def battle(**more: Any) -> dict[str, Any]:
    def talk(text: str) -> list[dict[str, Any]]:
        return [
            {"role": "user", "content": [{"type": "text", "text": "Hi?", "image": None}]},
            {
                "role": "assistant",
                "content": [{"type": "text", "text": text, "image": None}],
                "num_tokens": 3,
            },
        ]

    return {
        "id": "1",
        "model_a": "x",
        "model_b": "y",
        "winner": "tie (bothbad)",
        "evaluation_session_id": "s1",
        "conversation_a": talk("Hello."),
        "conversation_b": talk("**Hi!**"),
        "conv_metadata": {"sum_assistant_a_tokens": 7, "sum_assistant_b_tokens": 8},
        "category_tag": {"math_v0.1": {"math": True}},
        "is_code": False,
        "language": "en",
        **more,
    }


@pytest.mark.parametrize("write", [lambda x: x, json.dumps, repr], ids=["parsed", "json", "python"])
def test_every_way_the_nested_columns_are_written(write: Any) -> None:
    nested = {"conversation_a", "conversation_b", "conv_metadata", "category_tag"}
    rows = [{k: write(v) if k in nested else v for k, v in battle().items()}] * 2
    for source in (rows, pd.DataFrame(rows)):
        battles = ls.read_battles(source)
        frame = battles.to_frame()
        assert frame["response_b"].tolist() == ["**Hi!**"] * 2
        assert frame["tokens_a"].tolist() == [7, 7]
        assert frame["session"].tolist() == ["s1", "s1"]
        assert frame["category"].tolist() == ["math", "math"]
        assert frame["prompt_id"].tolist() == ["Hi?", "Hi?"]
        assert battles.both_bad.all()


def test_sessions_cluster_under_either_name() -> None:
    for name in ("evaluation_session_id", "session"):
        assert ls.read_battles([battle()], cluster=name).cluster == "session"


def test_unreadable_metadata_is_unknown_and_counted() -> None:
    rows = [battle(), battle(conv_metadata="{'sum"), battle(category_tag="?", conv_metadata=None)]
    battles = ls.read_battles(
        [{k: v if isinstance(v, str | None) else repr(v) for k, v in r.items()} for r in rows]
    )
    assert battles.tokens is not None
    assert np.isnan(battles.tokens[battles.row_a]).tolist() == [False, True, True]
    assert "conv_metadata cannot be read in 1 of 3 battles: no token counts there" in battles.notes
    assert "category_tag cannot be read in 1 of 3 battles: no categories there" in battles.notes


def test_a_name_of_the_callers_wins() -> None:
    battles = ls.read_battles([battle(kind="mine")], columns={"category": "kind", "session": "id"})
    assert battles.columns["category"].tolist() == ["mine"]
    assert battles.columns["session"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("tag", "is_code", "name"),
    [
        ({"math_v0.1": {"math": True}}, True, "math"),
        ({"math_v0.1": {"math": False}}, True, "code"),
        ({"creative_writing_v0.1": {"creative_writing": True, "score": "yes"}}, False, "creative writing"),
        ({"if_v0.1": {"if": "True"}}, False, "instruction following"),
        ({"if_v0.1": None, "math_v0.1": 5}, False, "other"),
        (None, True, "code"),
        (None, False, None),
    ],
)
def test_category(tag: Any, is_code: bool, name: str | None) -> None:
    assert category(tag, is_code) == name


def test_records() -> None:
    assert (
        records(object_column(['{"a": 1}', "{'a': 1}", {"a": 1}, "[", None, 5]))
        == [{"a": 1}] * 3 + [None] * 3
    )


@pytest.mark.shared_data
def test_the_sample_reads_without_a_mapping(shared: Path) -> None:
    raw = ls.read_battles(shared / "arena_140k_sample" / "raw.csv")
    counts = raw.to_frame()["winner"].value_counts().to_dict()
    assert counts == {"model_a": 38, "model_b": 33, "tie": 19, "both_bad": 10}
    assert len(raw.issues) == 0
    assert "10 of 100 votes are both_bad: half a win each" in raw.notes
    source = pd.read_csv(shared / "arena_140k_sample" / "raw.csv")
    assert raw.columns["session"].tolist() == source["evaluation_session_id"].tolist()
    parsed = ls.read_battles(shared / "arena_140k_sample" / "battles.jsonl")
    assert parsed.texts.equals(raw.texts)
    assert raw.turn_starts is not None
    assert raw.turn_starts.equals(parsed.turn_starts)
    np.testing.assert_array_equal(raw.tokens, parsed.tokens)
    assert parsed.columns["category"].equals(raw.columns["category"])


@pytest.mark.shared_data
def test_the_sample_against_a_reading_of_its_own(shared: Path) -> None:
    path = shared / "arena_140k_sample" / "raw.csv"
    battles = ls.read_battles(path)
    frame, source = battles.to_frame(), pd.read_csv(path)
    for side in ("a", "b"):
        said = [
            "\n\n".join(
                "\n".join(part["text"] for part in turn["content"] if part["text"] is not None)
                for turn in ast.literal_eval(cell)
                if turn["role"] == "assistant"
            )
            for cell in source[f"conversation_{side}"]
        ]
        assert frame[f"response_{side}"].tolist() == said
        tokens = [ast.literal_eval(cell)[f"sum_assistant_{side}_tokens"] for cell in source["conv_metadata"]]
        assert frame[f"tokens_{side}"].tolist() == tokens
    for name in ("model_a", "model_b", "winner", "language"):
        assert frame[name].tolist() == source[name].tolist()
    assert frame["timestamp"].tolist() == pd.to_datetime(source["timestamp"]).tolist()
    assert set(battles.columns) == {"prompt", "prompt_id", "category", "language", "timestamp", "session"}
    assert battles.notes == (
        "10 of 100 votes are both_bad: half a win each",
        "token counts come with the data in 100 of 100 battles",
    )
    named = ls.read_battles(path, format="lmarena")
    pd.testing.assert_frame_equal(named.to_frame(), frame)
