"""Paths, globs, open files, dicts and frames of every library give the same table."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import llamastyle as ls
from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import objects

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


class Split:
    """What a Hugging Face data set looks like from outside."""

    def __init__(self, frame: pd.DataFrame, indices: object = None) -> None:
        self.data = type("Inner", (), {"table": pa.Table.from_pandas(frame)})()
        self.column_names = list(frame)
        self._indices = indices
        self._frame = frame

    def to_pandas(self) -> pd.DataFrame:
        return self._frame if self._indices is None else self._frame.iloc[:1]


def frames() -> dict[str, Any]:
    frame = pd.DataFrame(ROWS)
    return {
        "dicts": ROWS,
        "tuple": tuple(ROWS),
        "columns": {"a": [1, 2], "b": ["x", None]},
        "arrays": {"a": np.array([1, 2]), "b": pd.Series(["x", None])},
        "pandas": frame,
        "pandas index": frame.set_index(pd.Index([7, 7])),
        "pandas arrow": frame.convert_dtypes(dtype_backend="pyarrow"),
        "pandas category": frame.astype({"b": "category"}),
        "pandas object": frame.astype({"b": object}),
        "polars": pl.DataFrame(ROWS),
        "polars lazy": pl.LazyFrame(ROWS),
        "polars category": pl.DataFrame(ROWS).cast({"b": pl.Categorical}),
        "arrow": pa.Table.from_pylist(ROWS),
        "arrow batch": pa.table(pa.RecordBatch.from_pylist(ROWS)),
        "split": Split(frame),
        "bytes": b'{"a": 1, "b": "x"}\n{"a": 2, "b": null}',
        "open text": io.StringIO("a,b\n1,x\n2,\n"),
        "open bytes": io.BytesIO(b"a,b\n1,x\n2,\n"),
    }


@pytest.mark.parametrize("name", frames())
def test_every_source_reads_the_same(name: str) -> None:
    table = read_table(frames()[name])
    assert table.n == 2
    assert objects(table.columns["a"]) == (["1", "2"] if name.startswith("open") else [1, 2])
    assert objects(table.columns["b"]) == ["x", None]


def test_a_selection_of_a_data_set_is_read_not_all_of_it() -> None:
    assert read_table(Split(pd.DataFrame(ROWS), indices=[0])).n == 1


def test_paths_and_globs(tmp_path: Path) -> None:
    for i in (2, 1):
        (tmp_path / f"part-{i}.jsonl").write_text(json.dumps({"a": i}))
    assert read_table(tmp_path / "part-1.jsonl").n == 1
    assert read_table(str(tmp_path / "part-1.jsonl")).n == 1
    both = read_table(str(tmp_path / "part-*.jsonl"))
    assert objects(both.columns["a"]) == [1, 2]
    assert both.where(1).endswith("part-2.jsonl")
    odd = tmp_path / "odd[1].jsonl"
    odd.write_text('{"a": 9}')
    assert objects(read_table(odd).columns["a"]) == [9]


def test_a_wrong_suffix_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    pd.DataFrame(ROWS).to_parquet(path)
    assert read_table(path).n == 2
    path.write_text(json.dumps(ROWS))
    assert read_table(path).n == 2


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nowhere/votes.csv", "there is no file 'nowhere/votes.csv'"),
        ("nowhere/*.csv", "no file matches"),
        ("https://example.org/votes.csv", "download"),
        ("\0", "there is no file"),
        ("\0*", "no file matches"),
        ("", "there is no file"),
        (None, "NoneType"),
        (5, "int"),
        ({"a": 1}, "dict of equally long lists"),
        ({"a": [1], "b": [1, 2]}, "differ in length"),
        ({"train": Split(pd.DataFrame(ROWS))}, "'train'.*choose one"),
        ([1], "row 0 .*list of dicts"),
        (["votes.csv"], "row 0 .*list of dicts"),
        (np.ones(3), "ndarray"),
        (pd.Series([1]), "Series"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column named 'a'"),
        (pa.table([[1], [2]], names=["a", "a"]), "more than one column named 'a'"),
        (io.StringIO(""), "is empty"),
    ],
)
def test_what_is_no_source(source: Any, says: str) -> None:
    with pytest.raises(ls.DataError, match=says):
        read_table(source)


def test_folders_and_locked_files(tmp_path: Path) -> None:
    with pytest.raises(ls.DataError, match=r"is a folder.*\*\.parquet"):
        read_table(tmp_path)

    class Broken(io.StringIO):
        def read(self, *args: Any) -> str:
            raise OSError("disk on fire")

    with pytest.raises(ls.DataError, match="disk on fire"):
        read_table(Broken())
    with pytest.raises(ls.DataError, match="text or binary mode"):
        read_table(type("Odd", (), {"read": lambda self: 5})())
