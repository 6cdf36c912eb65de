"""Simulated arenas in the 140k schema: every column, Arena's counts, and a way back."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import llamastyle as ls
from llamastyle.data import lmarena_files
from llamastyle.data.lmarena_files import SCHEMA, write_lmarena
from llamastyle.features.extraction import extract

SIMULATED = "simulated by llamastyle: no votes of people"


@pytest.fixture(scope="module")
def arena() -> ls.Arena:
    return ls.simulate(700, 6, texts=True, versions="both", seed=3)


@pytest.fixture(scope="module")
def made(arena: ls.Arena, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return arena.save_lmarena(tmp_path_factory.mktemp("lmarena"), shards=3)


@pytest.fixture(scope="module")
def rows(made: list[Path]) -> list[dict[str, Any]]:
    return [row for path in made[:-1] for row in pq.read_table(path).to_pylist()]


def pattern_of(made: list[Path]) -> str:
    return str(made[0].parent / "*.parquet")


def test_names_of_shards(made: list[Path]) -> None:
    assert [path.name for path in made] == [
        *(f"train-0000{i}-of-00003.parquet" for i in range(3)),
        "correctness.parquet",
    ]
    assert made[0].parent == made[-1].parent / "data"
    sizes = [pq.read_metadata(path).num_rows for path in made[:-1]]
    assert sizes == [233, 233, 234]


def test_every_file_says_that_it_is_simulated(made: list[Path]) -> None:
    for path in made:
        assert pq.read_schema(path).metadata[b"llamastyle"] == b"simulated"


def test_a_vote_reads_back_as_it_was(arena: ls.Arena, made: list[Path]) -> None:
    read = ls.read_battles(pattern_of(made), correctness=made[-1])
    battles = arena.battles
    assert read.models == battles.models
    assert read.models[:2] == ("atlas-experimental", "atlas-release")
    for name in ("model_a", "model_b", "outcome", "both_bad", "correct_a", "correct_b"):
        np.testing.assert_array_equal(getattr(read, name), getattr(battles, name))
    one, two = read.to_frame(), battles.to_frame()
    for name in ("response_a", "response_b", "prompt"):
        assert one[name].tolist() == two[name].tolist()
    assert (pd.factorize(one["session"])[0] == pd.factorize(two["voter"])[0]).all()
    assert (pd.factorize(one["prompt_id"])[0] == pd.factorize(two["prompt_id"])[0]).all()
    assert read.notes[0] == SIMULATED
    assert read.notes[-1] == "correctness known on both sides in 700 of 700 battles"
    assert len(read.issues) == 0


def test_correctness_is_joined_afterwards_too(arena: ls.Arena, made: list[Path]) -> None:
    joined = ls.join_correctness(ls.read_battles(pattern_of(made)), made[-1])
    np.testing.assert_array_equal(joined.correct_a, arena.battles.correct_a)


def test_counts_are_those_of_the_published_expressions(rows: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for row in rows:
        said = row["conv_metadata"]
        for side in "ab":
            text = row[f"conversation_{side}"][1]["content"][0]["text"]
            levels = [len(level) for level in re.findall(r"(?m)^(#{1,6})\s", text)]
            assert said[f"header_count_{side}"] == {f"h{i}": levels.count(i) for i in range(1, 7)}
            ordered = len(re.findall(r"(?m)^\s*\d+\.\s", text))
            unordered = len(re.findall(r"(?m)^\s*[-*+]\s", text))
            assert said[f"list_count_{side}"] == {"ordered": ordered, "unordered": unordered}
            bold = len(re.findall(r"\*\*[^*\n]+\*\*", text))
            assert said[f"bold_count_{side}"] == {"**": bold, "__": 0}
            seen |= {k for k, v in zip("houb", (levels, ordered, unordered, bold), strict=True) if v}
    assert seen == set("houb")


def test_tokens_are_words_by_three_quarters(rows: list[dict[str, Any]]) -> None:
    for row in rows[:50]:
        said = row["conv_metadata"]
        prompt = row["conversation_a"][0]["content"][0]["text"]
        texts = [row[f"conversation_{side}"][1]["content"][0]["text"] for side in "ab"]
        words = extract([prompt, *texts], ["words"]).values[:, 0]
        asked, a, b = np.rint(words * 4 / 3).astype(int).tolist()
        assert (said["sum_assistant_a_tokens"], said["sum_assistant_b_tokens"]) == (a, b)
        assert said["sum_user_tokens"] == said["context_a_tokens"] == said["context_b_tokens"] == asked
        assert said["turns"] == 1
        assert [turn["num_tokens"] for turn in row["conversation_b"]] == [asked, b]


def test_the_whole_conversation_is_the_same_turns(rows: list[dict[str, Any]]) -> None:
    for row in rows[:50]:
        (whole,) = row["full_conversation"]
        bare = [{k: turn[k] for k in ("role", "content")} for turn in row["conversation_b"]]
        assert row["conversation_a"] == [whole["user"], whole["model_side_a"]]
        assert bare == [whole["user"], whole["model_side_b"]]
        assert [turn["role"] for turn in bare] == ["user", "assistant"]


def test_sessions_are_numbered_and_times_rise(rows: list[dict[str, Any]]) -> None:
    frame = pd.DataFrame(rows)
    order = frame.groupby("evaluation_session_id")["evaluation_order"]
    assert (order.apply(list).map(lambda found: found == list(range(1, len(found) + 1)))).all()
    assert frame["evaluation_order"].max() > 3
    assert frame["timestamp"].is_monotonic_increasing
    assert frame["id"].is_unique
    prompts = frame["conversation_a"].map(lambda turns: turns[0]["content"][0]["text"])
    labels = frame[["language", "is_code"]].assign(tags=frame["category_tag"].map(str))
    assert (labels.groupby(prompts).nunique() == 1).all(axis=None)
    assert (labels.nunique() > 1).all()


def test_same_seed_same_bytes(arena: ls.Arena, made: list[Path], tmp_path: Path) -> None:
    again = write_lmarena(arena, tmp_path / "again", shards=3)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in made]
    other = write_lmarena(arena, tmp_path / "other", shards=3, seed=1)
    assert other[0].read_bytes() != made[0].read_bytes()


def test_rows_do_not_depend_on_how_many_are_in_memory(
    arena: ls.Arena, rows: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lmarena_files, "GROUP", 50)
    (path, _) = write_lmarena(arena, tmp_path, shards=1)
    assert pq.read_metadata(path).num_row_groups == 14
    assert pq.read_table(path).to_pylist() == rows


@pytest.mark.parametrize(
    ("options", "says"),
    [({"shards": 0}, "between 1 and the number of battles, 700"), ({"shards": 701}, "between 1 and")],
)
def test_impossible_shards(arena: ls.Arena, tmp_path: Path, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ls.DataError, match=says):
        arena.save_lmarena(tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


def test_an_arena_without_texts(tmp_path: Path) -> None:
    with pytest.raises(ls.DataError, match=r"simulate\(..., texts=True\)"):
        ls.simulate(100, 4, seed=1).save_lmarena(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_shards_of_another_arena_are_not_mixed_with_these(arena: ls.Arena, tmp_path: Path) -> None:
    arena.save_lmarena(tmp_path, shards=2)
    with pytest.raises(ls.DataError, match="such as train-00000-of-00002.parquet"):
        arena.save_lmarena(tmp_path, shards=3)
    assert len(list((tmp_path / "data").iterdir())) == 2
    arena.save_lmarena(tmp_path, shards=2)


def test_a_folder_that_cannot_be_made(arena: ls.Arena, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ls.DataError, match="cannot be made"):
        arena.save_lmarena(tmp_path / "file")


def test_a_shard_that_fails_is_not_there(
    arena: ls.Arena, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lmarena_files, "_table", full)
    with pytest.raises(ls.LlamaStyleError, match="No space left"):
        arena.save_lmarena(tmp_path)
    assert list((tmp_path / "data").iterdir()) == []


def shape(value: Any) -> Any:
    """Keys and types of a value, however deep."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) else type(value).__name__


@pytest.mark.shared_data
def test_the_schema_is_that_of_the_real_set(rows: list[dict[str, Any]], shared: Path) -> None:
    sample = pd.read_csv(shared / "arena_140k_sample" / "raw.csv")
    assert list(sample) == SCHEMA.names == list(rows[0])
    for name in sample:
        value: Any = sample[name].iloc[0]
        nested = isinstance(value, str) and value[0] in "[{"
        real = ast.literal_eval(value) if nested else getattr(value, "item", lambda v=value: v)()
        assert shape(rows[0][name]) == shape(real), name
