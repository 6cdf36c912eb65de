"""Arena's own counts as features, and its flags as categories, as structs and one by one."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import llamastyle as ls
from llamastyle.data.readers.arena_counts import (
    NO_TEXTS,
    categories,
    category,
    counts,
    is_true,
    opened,
    records,
    unread,
)
from llamastyle.data.readers.table import object_column, python_column
from llamastyle.regression.design import choose_contrasts

TEXTS = ["conversation_a", "conversation_b", "full_conversation"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("arena")
    ls.simulate(1500, 5, texts=True, versions="style", seed=4).save_lmarena(made, shards=2)
    return made / "data"


@pytest.fixture(scope="module")
def whole(folder: Path) -> ls.Battles:
    return ls.read_battles(str(folder / "*.parquet"))


def frame_of(folder: Path) -> pd.DataFrame:
    return pd.concat(
        [pq.read_table(path).to_pandas() for path in sorted(folder.iterdir())], ignore_index=True
    )


def row(**more: Any) -> dict[str, Any]:
    """A battle without texts."""
    metadata = {"sum_user_tokens": 3, "turns": 1}
    for side, k in (("a", 1), ("b", 2)):
        metadata |= {
            f"sum_assistant_{side}_tokens": 100 * k,
            f"header_count_{side}": {"h1": k, "h2": 0, "h3": 2},
            f"list_count_{side}": {"ordered": 3 * k, "unordered": 1},
            f"bold_count_{side}": {"**": 5, "__": k},
        }
    return {"model_a": "x", "model_b": "y", "winner": "model_a", "conv_metadata": metadata, **more}


@pytest.mark.parametrize("how", ["absent", "null", "null and json", "parquet"])
def test_counts_in_place_of_texts_are_what_is_measured_in_them(
    folder: Path, whole: ls.Battles, tmp_path: Path, how: str
) -> None:
    frame = frame_of(folder).drop(columns=TEXTS)
    source: Any = frame
    if how.startswith("null"):
        frame[TEXTS] = None
    if how == "null and json":
        frame["conv_metadata"] = frame["conv_metadata"].map(json.dumps)
    if how == "parquet":
        source = tmp_path / "votes.parquet"
        frame.to_parquet(source)
    battles = ls.read_battles(source)
    measured = ls.extract(whole, ls.ARENA)
    found = ls.extract(battles, ls.ARENA)
    assert found.names == ls.ARENA.names
    assert found.features == ls.ARENA
    np.testing.assert_array_equal(np.hstack(found.sides()), np.hstack(measured.sides()))
    assert NO_TEXTS in battles.notes
    assert battles.texts.null_count == len(battles.texts)
    assert battles.columns["session"].equals(whole.columns["session"])
    assert battles.columns["category"].equals(whole.columns["category"])


def test_fits_are_those_of_the_texts(folder: Path, whole: ls.Battles) -> None:
    battles = ls.read_battles(frame_of(folder).drop(columns=TEXTS))
    one, two = (ls.fit(x, ls.ARENA, cluster="session") for x in (battles, whole))
    assert choose_contrasts(one.table, None)["tokens"] == "relative"
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(one.tidy()[columns], two.tidy()[columns], rtol=1e-8)
    result = ls.audit(battles)
    assert result.table.names == ls.ARENA.names
    assert NO_TEXTS in result.notes


def test_texts_that_are_there_are_measured(whole: ls.Battles) -> None:
    assert whole.measured is None
    assert NO_TEXTS not in whole.notes


@pytest.mark.parametrize("write", [lambda x: x, json.dumps, repr], ids=["parsed", "json", "python"])
def test_sums_over_levels_and_kinds(write: Any) -> None:
    battles = ls.read_battles([{k: write(v) if k == "conv_metadata" else v for k, v in row().items()}] * 2)
    a, b = ls.extract(battles).sides()
    assert a[0].tolist() == [100, 3, 4, 6]
    assert b[0].tolist() == [200, 4, 7, 7]


def test_older_schemas_are_read_so_too() -> None:
    old = row(question_id="q", tstamp=1.0, judge_hash="v")
    battles = ls.read_battles([old, {**old, "judge_hash": "w"}])
    assert battles.columns["voter"].tolist() == ["v", "w"]
    assert ls.extract(battles).names == ls.ARENA.names
    flagged = ls.read_battles([{**old, "redacted": False}])
    assert NO_TEXTS in flagged.notes


def test_a_battle_without_counts_is_a_bad_row() -> None:
    rows = [row(), row(conv_metadata=None), row()]
    with pytest.raises(ls.DataError, match=r"row 1 .*'conv_metadata'.*no sum_assistant_a_tokens"):
        ls.read_battles(rows)
    battles = ls.read_battles(rows, strict=False)
    assert len(battles) == 2
    assert set(battles.issues["row"]) == {1}
    assert set(battles.issues["column"]) == {"conv_metadata"}


def test_metadata_without_counts_say_what_is_missing() -> None:
    lame = row()
    del lame["conv_metadata"]["bold_count_b"]
    with pytest.raises(ls.DataError, match="no bold_count_b in any of 1 battle: bring conversation_a"):
        ls.read_battles([lame])


def test_one_conversation_alone_is_still_an_error() -> None:
    with pytest.raises(ls.DataError, match="response_a"):
        ls.read_battles([row(conversation_a=[{"role": "assistant", "content": "x"}])])


def test_counts_of_structs_and_of_records_are_the_same() -> None:
    given = [
        {"n": 3, "m": {"x": 1, "y": 2.5}},
        {"n": None, "m": {"x": 1, "y": None}},
        None,
        {"n": -1, "m": None},
    ]
    structs, listed = opened(python_column(given)), opened(object_column(given))
    assert isinstance(structs, pa.ChunkedArray)
    assert isinstance(listed, list)
    for name, wanted in {
        "n": [3, np.nan, np.nan, np.nan],
        "m": [3.5, *[np.nan] * 3],
        "k": [np.nan] * 4,
    }.items():
        np.testing.assert_array_equal(counts(structs, name), wanted)
        np.testing.assert_array_equal(counts(listed, name), wanted)


def test_unread_records_are_counted() -> None:
    texts = ['{"a": 1}', "{'a", None]
    assert unread(records(python_column(texts)), python_column(texts)) == 1
    assert unread(opened(python_column([{"a": 1}, None])), python_column([{"a": 1}, None])) == 0


def test_categories_of_structs_and_of_records_are_the_same() -> None:
    rng = np.random.default_rng(1)
    tags: list[Any] = [
        {
            "math_v0.1": {"math": bool(m)},
            "creative_writing_v0.1": {"creative_writing": bool(c), "score": "no"},
            "if_v0.1": {"if": bool(i), "score": 1},
        }
        for m, c, i in rng.random((60, 3)) < 0.3
    ]
    tags[7], tags[9]["if_v0.1"], tags[11]["math_v0.1"] = None, None, {"math": None}
    code = [bool(x) for x in rng.random(60) < 0.3]
    structs, flags = opened(python_column(tags)), python_column(code)
    found = categories(structs, flags)
    assert found == [category(tag, flag) for tag, flag in zip(tags, code, strict=True)]
    assert found == list(categories(tags, flags))
    assert set(found) >= {"math", "code", "creative writing", "instruction following", "other"}
    odd = python_column([{"math_v0.1": {"math": "True"}}, None])
    assert list(categories(opened(odd), python_column([False, True]))) == ["math", "code"]


def test_flags() -> None:
    assert [is_true(value) for value in (True, 1, "True", "1", 0, "no", None)] == [True] * 4 + [False] * 3


@pytest.mark.shared_data
@pytest.mark.parametrize("gone", ["absent", "null"])
def test_the_sample_without_its_texts(shared: Path, gone: str) -> None:
    """199 of 200 counts of list items, and all of the others, are what the scanner finds in the texts."""
    path = shared / "arena_140k_sample" / "raw.csv"
    frame = pd.read_csv(path)
    bare = frame.drop(columns=TEXTS)
    if gone == "null":
        bare = frame.assign(**dict.fromkeys(TEXTS))
    battles = ls.read_battles(bare)
    assert NO_TEXTS in battles.notes
    found = np.vstack(ls.extract(battles, ls.ARENA).sides())
    measured = np.vstack(ls.extract(ls.read_battles(path), ls.ARENA, strip_think=False).sides())
    assert (found != measured).sum(axis=0).tolist() == [0, 0, 1, 0]
    metadata = frame["conv_metadata"].map(ast.literal_eval)
    assert found[:100, 2].tolist() == [sum(said["list_count_a"].values()) for said in metadata]
    assert ls.audit(battles).table.names == ls.ARENA.names
