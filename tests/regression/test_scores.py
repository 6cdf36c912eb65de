"""A table of benchmarks at the door: what is read, and what is refused with one clear error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from llamastyle.errors import DataError
from llamastyle.regression.crossbench import divergence
from llamastyle.regression.scores import read_scores, unusable

ROWS = [{"model": f"m{i}", "a": i, "b": (i * 7) % 10, "arena": float((i * 3) % 11)} for i in range(10)]


def read(source, target="arena", model="model", benchmarks=None, lower=(), inflation=None):
    return read_scores(source, target, model, benchmarks, lower, inflation)


@pytest.mark.parametrize("make", [list, pd.DataFrame, pl.DataFrame, lambda rows: pd.DataFrame(rows).set_index("model")])
def test_any_table_is_read_alike(make):
    found = read(make(ROWS))
    assert found.models == tuple(f"m{i}" for i in range(10))
    assert found.benchmarks == ("a", "b")
    np.testing.assert_array_equal(found.scores[:, 0], np.arange(10.0))
    np.testing.assert_array_equal(found.target, [row["arena"] for row in ROWS])


def test_a_file_is_read_with_its_empty_cells(tmp_path):
    frame = pd.DataFrame(ROWS).astype({"a": float})
    frame.loc[3, "a"] = np.nan
    frame.to_csv(tmp_path / "scores.csv", index=False)
    found = read(tmp_path / "scores.csv")
    assert np.flatnonzero(np.isnan(found.scores[:, 0])).tolist() == [3]
    assert unusable(found, "arena")[3] == "1 of at least 2 benchmark scores"
    assert unusable(found, "arena")[4] == ""


def test_the_callers_frame_is_left_alone():
    frame = pd.DataFrame(ROWS).set_index("model")
    before = frame.copy()
    divergence(frame, "arena")
    pd.testing.assert_frame_equal(frame, before)


def test_chosen_benchmarks_leave_text_columns_out():
    rows = [{**row, "maker": "x"} for row in ROWS]
    assert read(rows, benchmarks=["b", "a"]).benchmarks == ("b", "a")
    with pytest.raises(DataError, match=r"row 0 .*: 'maker' is 'x', no finite number;.*benchmarks="):
        read(rows)


def test_lower_is_better_changes_the_sign():
    np.testing.assert_array_equal(read(ROWS, lower=["a"]).scores[:, 0], -np.arange(10.0))


@pytest.mark.parametrize(
    "inflation",
    [{"m1": 5.0, "m2": None, "else": 9.0}, pd.Series([5.0, np.nan, 9.0], index=["m1", "m2", "else"])],
)
def test_inflation_is_found_by_model(inflation):
    found = read(ROWS, inflation=inflation).inflation
    assert found[1] == 5.0
    assert np.isnan(np.delete(found, 1)).all()


REFUSED = [
    ({"target": "arna"}, "target: the table has no column 'arna'; did you mean 'arena'\\?"),
    ({"target": "zzz"}, "target: the table has no column 'zzz'; there are model, a, b, arena"),
    ({"model": "name"}, "no column 'name' of model names.*model=\"YOUR_COLUMN\""),
    ({"benchmarks": ["a", "bb"]}, "benchmarks: the table has no column 'bb'"),
    ({"benchmarks": "ab"}, "benchmarks='ab' is one name; give a list"),
    ({"benchmarks": ["a", "arena"]}, "'arena' cannot be a benchmark of the index too"),
    ({"benchmarks": ["a", "a"]}, "at least 2 benchmarks beside 'model', 'arena'; there are 1"),
    ({"lower": ["c"]}, "lower_is_better names 'c', which is no benchmark here; benchmarks are 'a', 'b'"),
    ({"inflation": "shift"}, "inflation: the table has no column 'shift'"),
    ({"inflation": 3.0}, "inflation is a float; give the name of a column, or a Series or mapping"),
    ({"inflation": {"x": 1.0}}, "inflation has none of the table's models"),
    ({"inflation": {"m1": "much"}}, "inflation of 'm1' is no finite number"),
    ({"inflation": {"m1": np.inf}}, "inflation of 'm1' is no finite number"),
    ({"inflation": pd.Series([1.0, 2.0], index=["m1", "m1"])}, "more than one value for a model"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_cannot_be_used_is_named(options, message):
    with pytest.raises(DataError, match=message.replace("model, a, b, arena", "'model', 'a', 'b', 'arena'")):
        read(ROWS, **options)


def test_names_must_be_there_once():
    with pytest.raises(DataError, match=r"more than one row of 'm1', 'm2'; keep one row a model"):
        read([*ROWS, ROWS[1], ROWS[2], ROWS[2]])
    with pytest.raises(DataError, match=r"row 2 \(counted from 0\): 'model' is empty"):
        read([*ROWS[:2], {**ROWS[2], "model": None}])
    twice = pd.DataFrame(ROWS).set_axis(["model", "a", "a", "arena"], axis="columns")
    with pytest.raises(DataError, match="more than one column named 'a'"):
        read(twice)


@pytest.mark.parametrize("value", [np.inf, -np.inf, "high", [1]])
def test_a_score_that_is_no_number_is_named_with_its_row(value):
    rows = [dict(row) for row in ROWS]
    rows[4]["b"] = value
    with pytest.raises(DataError, match=r"row 4 \(counted from 0\): 'b' is .*, no finite number"):
        read(rows)


def test_nothing_is_an_error_too():
    with pytest.raises(DataError):
        divergence([], "arena")
    with pytest.raises(DataError):
        divergence(pd.DataFrame(columns=["model", "a", "b", "arena"]), "arena")
    with pytest.raises(DataError):
        divergence("there is no such file.csv", "arena")
