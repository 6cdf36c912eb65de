"""Shards: one that is missing is noted, one that is broken or another table's is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.data.readers.shards import check_columns, missing_shards
from llamastyle.data.readers.table import Table
from tests.data.conftest import make_votes


def names(*numbers: int, count: int = 7, stem: str = "data/train-") -> list[str]:
    return [f"{stem}{i:05d}-of-{count:05d}.parquet" for i in numbers]


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    """Seven shards of two votes each."""
    frame = pd.DataFrame(make_votes(14))
    paths = [tmp_path / Path(name).name for name in names(*range(7))]
    for i, path in enumerate(paths):
        frame.iloc[2 * i : 2 * i + 2].to_parquet(path, index=False)
    return paths


def everything(shards: list[Path]) -> str:
    return str(shards[0].parent / "*.parquet")


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (names(*range(7)), []),
        (names(0, count=1), []),
        (["a.parquet", "b.parquet"], []),
        (
            names(0, 1, 3, 4, 5, 6),
            ["shard 3 of 7 is missing (data/train-00002-of-00007.parquet): read without it"],
        ),
        (
            names(1, 3),
            [
                "shards 1, 3, 5, 6, 7 of 7 are missing (first data/train-00000-of-00007.parquet): read without them"
            ],
        ),
        (
            names(0, count=9),
            [
                "shards 2, 3, 4, 5, 6 and 3 more of 9 are missing (first data/train-00001-of-00009.parquet): read without them"
            ],
        ),
        (
            [*names(0, 1, count=2), *names(0, count=2, stem="data/test-")],
            ["shard 2 of 2 is missing (data/test-00001-of-00002.parquet): read without it"],
        ),
    ],
)
def test_missing_shards(paths: list[str], said: list[str]) -> None:
    assert missing_shards(paths) == said


def test_all_shards_are_read_without_a_word(shards: list[Path]) -> None:
    battles = ls.read_battles(everything(shards))
    assert len(battles) == 14
    assert not any("shard" in note for note in battles.notes)


def test_a_missing_shard_is_noted_and_the_rest_is_read(shards: list[Path]) -> None:
    shards[2].unlink()
    battles = ls.read_battles(everything(shards))
    assert len(battles) == 12
    assert battles.notes[0] == f"shard 3 of 7 is missing ({shards[2]}): read without it"
    result = ls.audit(battles, ["words"])
    assert battles.notes[0] in result.notes


def test_a_shard_cut_short(shards: list[Path]) -> None:
    shards[3].write_bytes(shards[3].read_bytes()[:-30])
    with pytest.raises(ls.DataError, match=rf"{shards[3].name} .*cannot be read.*get it again"):
        ls.read_battles(everything(shards))


@pytest.mark.parametrize("data", [b"Not Found", b"", b"<html><body>429</body></html>", b"a,b\n1,2\n"])
def test_a_shard_that_is_none(shards: list[Path], data: bytes) -> None:
    shards[3].write_bytes(data)
    for source in (everything(shards), shards[3]):
        with pytest.raises(ls.DataError, match=rf"{shards[3].name} is no parquet file.*get this file again"):
            ls.read_battles(source)


def test_a_shard_of_another_table(shards: list[Path]) -> None:
    frame = pd.read_parquet(shards[5]).rename(columns={"winner": "vote"}).drop(columns="prompt_id")
    frame.to_parquet(shards[5], index=False)
    says = rf"{shards[5].name} has other columns than .*{shards[0].name}.*lacks 'winner', 'prompt_id' and it has 'vote'"
    with pytest.raises(ls.DataError, match=says):
        ls.read_battles(everything(shards))


def test_columns_in_another_order_are_the_same_columns() -> None:
    one, two = Table({"a": [], "b": []}, 0), Table({"b": [], "a": []}, 0)
    check_columns(list(zip(names(0, 1), (one, two), strict=True)))
    with pytest.raises(ls.DataError, match="it has 'c'"):
        check_columns(list(zip(names(0, 1), (one, Table({"a": [], "b": [], "c": []}, 0)), strict=True)))


def test_files_that_are_no_series_may_differ(tmp_path: Path) -> None:
    frame = pd.DataFrame(make_votes(4))
    frame.to_parquet(tmp_path / "one.parquet")
    frame.assign(voter="v").to_parquet(tmp_path / "two.parquet")
    assert len(ls.read_battles(str(tmp_path / "*.parquet"))) == 8
