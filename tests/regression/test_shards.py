"""Shards: nothing is lost on the way to disk and back, groups hold whole clusters, keys tell values apart."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import llamastyle as ls
from llamastyle.features import file_parts
from llamastyle.features.file_parts import examined, looked_through
from llamastyle.regression import batches
from llamastyle.regression.shards import Disk, Reading, joined, mixed, read_part
from llamastyle.regression.shards import shard_of as shard_of_table

READING = Reading(None, None, None, {})


def shard_of(frame: pd.DataFrame, reading: Reading, first: int = 0):
    return shard_of_table(pa.Table.from_pandas(frame, preserve_index=False), reading, first)


def votes(n: int = 300) -> pd.DataFrame:
    return ls.simulate(n, 5, style={"words": 0.6}, n_prompts=40, n_voters=30, seed=2).battles.to_frame()


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "votes.parquet"
    votes().to_parquet(path, row_group_size=70)
    made = Disk(tmp_path / "shards")
    source = examined(str(path), part_bytes=1000)
    for number, part in enumerate(source.parts):
        for shard, _ in read_part(source, part, number, READING, rows=60):
            made.add(shard)
    return made


def by_row(shard):
    order = np.argsort(shard.arrays["row"])
    names = np.array([*shard.names, None], object)
    return {n: names[v[order]] if n in ("a", "b") else v[order] for n, v in shard.arrays.items()}


def test_what_is_written_is_what_is_read(disk, tmp_path):
    assert len(disk.shards) > 3
    whole = joined(list(disk.map(lambda shard: shard)))
    direct, _ = shard_of(votes(), READING)
    assert whole.n == direct.n == 300
    for name in ("y", "w", "bad", "x", "right", "key:prompt_id", "key:voter"):
        np.testing.assert_array_equal(whole.arrays[name], direct.arrays[name], err_msg=name)
    for side in ("a", "b"):
        models = [np.array(s.names)[s.arrays[side]].tolist() for s in (whole, direct)]
        assert models[0] == models[1]


def test_a_group_holds_whole_clusters(disk):
    plan = batches.Plan(("model-01",))
    group = partial(batches.group_of, plan=plan, name="prompt_id", groups=5)
    groups = list(disk.regrouped(group, 5).map(lambda shard: shard.take(slice(None))))
    assert sum(shard.n for shard in groups) == 300
    keys = [set(shard.arrays["key:prompt_id"].tolist()) for shard in groups]
    assert sum(map(len, keys)) == len(set().union(*keys)) == 40
    before, after = by_row(joined(list(disk.map(lambda s: s)))), by_row(joined(groups))
    assert all(before[name].tolist() == after[name].tolist() for name in before)


def test_groups_are_forgotten(disk):
    made = disk.regrouped(lambda shard: np.zeros(shard.n, np.int64), 1)
    assert made.folder.exists()
    made.forget()
    assert not made.folder.exists()
    assert disk.folder.exists()


def test_rows_without_a_value_have_keys_of_their_own():
    frame = votes()
    frame.loc[::3, "voter"] = None
    one, two = shard_of(frame, READING)[0], shard_of(frame, READING, 1 << 40)[0]
    empty = one.arrays["empty:voter"]
    assert empty.sum() == 100
    alone = np.concatenate([s.arrays["key:voter"][empty] for s in (one, two)])
    assert np.unique(alone).size == 200
    np.testing.assert_array_equal(one.arrays["key:voter"][~empty], two.arrays["key:voter"][~empty])


def test_numbers_and_their_texts_are_one_value():
    frame = votes()
    numbers, texts, floats = (
        shard_of(frame.assign(prompt_id=values), READING)[0].arrays["key:prompt_id"]
        for values in (np.arange(300) // 3, [str(i // 3) for i in range(300)], (np.arange(300) // 3).astype(float))
    )
    np.testing.assert_array_equal(numbers, texts)
    np.testing.assert_array_equal(numbers, floats)
    assert np.unique(numbers).size == 100


@pytest.mark.parametrize("texts", [False, True])
def test_both_orders_have_one_key(texts):
    battles = ls.simulate(200, 5, style={"words": 0.6}, texts=texts, seed=2).battles
    frame = battles.to_frame().assign(judge="j")
    turned = battles.swap().to_frame().assign(judge="j")
    one, two = shard_of(frame, READING)[0], shard_of(turned, READING)[0]
    np.testing.assert_array_equal(one.arrays["pair"], two.arrays["pair"])
    np.testing.assert_array_equal(one.arrays["order"], -two.arrays["order"])
    other = shard_of(turned.assign(judge="another"), READING)[0]
    assert not np.isin(other.arrays["pair"], one.arrays["pair"]).any()


def test_mixing_keeps_numbers_apart():
    n = np.arange(100_000, dtype=np.uint64)
    assert np.unique(mixed(n)).size == n.size
    assert np.unique(mixed(n % 300, n // 300)).size == n.size
    assert abs(float(np.mean(mixed(n) >> np.uint64(63))) - 0.5) < 0.01


def test_errors_count_rows_in_the_file(tmp_path):
    frame = votes(60)
    frame["winner"] = [*frame["winner"][:-1], "nobody"]
    frame.loc[45, "words_a"] = np.nan
    frame.to_json(tmp_path / "votes.jsonl", orient="records", lines=True)
    source = looked_through(examined(str(tmp_path / "votes.jsonl"), part_bytes=4000))
    assert len(source.parts) > 1
    with pytest.raises(ls.DataError, match=r"votes\.jsonl, rows \d+ to 59 \(counted from 0\): .*nobody"):
        list(read_part(source, source.parts[-1], 0, READING))
    frame["winner"] = "model_a"
    frame.drop(columns="outcome").to_parquet(tmp_path / "votes.parquet", row_group_size=20)
    source = looked_through(examined(str(tmp_path / "votes.parquet"), part_bytes=1))
    with pytest.raises(ls.DataError, match=r"rows 40 to 59 \(counted from 0\): row 45 \(counted from 0\), column 'words_a'"):
        list(read_part(source, source.parts[2], 0, READING))


@pytest.mark.parametrize("bad", [range(20), range(20, 45), range(60)], ids=["first", "amid", "all"])
def test_a_batch_of_bad_rows_is_set_aside(tmp_path, monkeypatch, bad):
    monkeypatch.setattr(file_parts, "MOST_ROWS", 20)
    frame = votes(60)
    frame.loc[list(bad), "winner"] = "???"
    frame.to_parquet(tmp_path / "votes.parquet")
    source = looked_through(examined(str(tmp_path / "votes.parquet")))
    reading = Reading(None, None, None, {"strict": False})
    if len(bad) == 60:
        with pytest.raises(ls.DataError, match=r"rows 0 to 19 .*\?\?\?"):
            list(read_part(source, source.parts[0], 0, reading))
        return
    shard, seen = next(read_part(source, source.parts[0], 0, reading))
    assert shard.n == 60 - len(bad)
    assert f"{len(bad)} rows of 60 set aside on reading" in seen.notes.lines()
    assert np.unique(shard.arrays["row"]).size == shard.n
    assert seen.notes.rows == 60
    assert seen.notes.battles == shard.n


def test_a_part_of_bad_rows_is_set_aside(tmp_path, monkeypatch):
    frame = votes(60)
    frame.loc[20:39, "winner"] = "???"
    frame.to_parquet(tmp_path / "votes.parquet", row_group_size=20)
    source = looked_through(examined(str(tmp_path / "votes.parquet"), part_bytes=1))
    shard, seen = next(read_part(source, source.parts[1], 1, Reading(None, None, None, {"strict": False})))
    assert (shard.n, seen.notes.rows, seen.notes.battles) == (0, 20, 0)
    assert "20 rows of 20 set aside on reading" in seen.notes.lines()
    with pytest.raises(ls.DataError, match=r"rows 20 to 39 .*\?\?\?"):
        next(read_part(source, source.parts[1], 1, Reading(None, None, None, {"strict": True})))
    monkeypatch.setattr(file_parts, "PART_BYTES", 3000)
    path, out = tmp_path / "votes.parquet", tmp_path / "votes.jsonl"
    frame.to_json(out, orient="records", lines=True)
    wanted = ls.fit(ls.read_battles(path, strict=False), "words", vcov="robust")
    for file in (path, out):
        found = ls.fit_files(file, "words", vcov="robust", strict=False)
        assert len(found.asked) == len(wanted.asked) == 40
        assert found.params["words"] == pytest.approx(wanted.params["words"], rel=1e-9)
