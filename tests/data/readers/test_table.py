"""Columns of any kind, read as ids, numbers and groups."""

from __future__ import annotations

import datetime
import decimal
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from llamastyle.data.readers.table import (
    Table,
    arrow_column,
    concatenated,
    holds_numbers,
    is_missing,
    is_numeric,
    key,
    keys,
    number,
    numbers,
    object_column,
    objects,
    python_column,
    repeated,
    rounded_ids,
    scrub,
    series,
    shown,
    times,
    undecodable,
    unfolded,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        ("1", "1"),
        (np.int8(1), "1"),
        (np.float32(1), "1"),
        (1.5, "1.5"),
        (True, "True"),
        ("", ""),
        (b"x", "x"),
        (10**30, "1" + "0" * 30),
        ([1, {"a": None}], '[1, {"a": null}]'),
        (np.array([1]), "[1]"),
        (math.inf, "inf"),
        ("a\ud800", "a\\ud800"),
        (b"\xff", "\\xff"),
        (None, None),
        (math.nan, None),
        (np.float64("nan"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (np.datetime64("2025-01-02"), "2025-01-02"),
    ],
)
def test_key(value: object, text: str | None) -> None:
    assert key(value) == text
    assert keys(python_column([value])).to_pylist() == [text] or isinstance(value, np.datetime64)


def test_keys_of_integers_floats_and_text_agree() -> None:
    for values in ([1, 2, None], [1.0, 2.0, math.nan], ["1", "2", None], [1, "2", None]):
        assert keys(python_column(values)).to_pylist() == ["1", "2", None]
    assert keys(python_column([None, None])).to_pylist() == [None, None]


@pytest.mark.parametrize(
    ("value", "made"),
    [(1, 1), ("0.5", 0.5), (" 2 ", 2), (True, 1), ("True", 1), ("false", 0), (decimal.Decimal("0.25"), 0.25), (np.float32(0.5), 0.5)],
)
def test_number(value: object, made: float) -> None:
    assert number(value) == made


@pytest.mark.parametrize(
    "value", ["x", "inf", math.inf, [1], {}, b"1", 10**400, "1e999", 1j, datetime.date.min]
)
def test_no_number(value: object) -> None:
    assert math.isinf(number(value))
    values, bad = numbers(object_column([value, 1]))
    assert bad.tolist() == [True, False]
    assert math.isnan(values[0])


@pytest.mark.parametrize("value", [None, math.nan, "", "NaN", "null", " None ", "n/a", pd.NA])
def test_missing_number(value: object) -> None:
    assert math.isnan(number(value))


def test_numbers_of_every_kind_of_column() -> None:
    for values in (
        [1, None],
        [1.0, math.nan],
        ["1", ""],
        [True, None],
        [decimal.Decimal(1), None],
        [1, "none"],
    ):
        made, bad = numbers(python_column(values))
        np.testing.assert_array_equal(made, [1, math.nan])
        assert not bad.any()
        assert made.flags.writeable
    made, bad = numbers(python_column(["1", "one", None, "inf"]))
    assert bad.tolist() == [False, True, False, True]


def test_infinite_numbers_stay_for_the_checks_to_find() -> None:
    made, _ = numbers(python_column([math.inf, 1.0]))
    assert math.isinf(made[0])


def test_arrow_columns_become_plain() -> None:
    assert arrow_column(pa.array(["a", "b", "a"]).dictionary_encode()).type == pa.large_string()
    assert arrow_column(pa.array([b"a"])).to_pylist() == ["a"]
    assert arrow_column(pa.array([b"\xff", b"a", None])).tolist() == [b"\xff", "a", None]


@pytest.mark.skipif(not hasattr(pa, "string_view"), reason="pyarrow has views from version 16 on")
def test_arrow_views_become_plain() -> None:
    assert arrow_column(pa.array(["a"]).cast(pa.string_view())).type == pa.large_string()
    assert arrow_column(pa.array([b"a"], pa.binary_view())).type == pa.large_string()


def test_what_arrow_has_no_type_for_stays_python() -> None:
    for values in ([1, "a"], [[1], "a"], [2**70, 1], ["\ud800", "a"], [{"a": 1}, 2]):
        column = python_column(values)
        assert isinstance(column, np.ndarray)
        assert objects(column) == values
    assert objects(object_column([[1, 2], [3, 4]])) == [[1, 2], [3, 4]]


def test_series_can_be_grouped_by() -> None:
    for values in (["a", None], [1, 2], [[1], [2]], [{"a": 1}, {"a": 2}], [1, "a"], [{"a": [1]}, 2]):
        made = series(python_column(values))
        assert len(pd.factorize(made)[0]) == 2


def test_is_numeric() -> None:
    assert is_numeric(python_column([1, 2.5]))
    assert is_numeric(python_column([True]))
    assert not is_numeric(python_column(["1"]))
    assert not is_numeric(python_column([1, "a"]))


@pytest.mark.parametrize(
    ("values", "numeric"),
    [([1, 2], True), (["1", "2.5", None], True), (["True", "false"], True), (["1", "x"], False), ([None], False),
     (["nan", None], False), (["1"] * 200 + ["x"], False), (["1", 2], True), ([[1], [2]], False)],
)  # fmt: skip
def test_holds_numbers(values: list[object], numeric: bool) -> None:
    assert holds_numbers(python_column(values)) == numeric


def test_undecodable_values_are_counted() -> None:
    assert undecodable(object_column([b"\xff", "a", "\ud800", b"a", None])) == 2
    assert undecodable(python_column(["a"])) == 0


def test_floats_beyond_exact_whole_numbers_are_counted() -> None:
    assert rounded_ids(python_column([2.0**53, -(2.0**60), 1.0, None])) == 2
    assert rounded_ids(python_column([2**60])) == 0


def test_times() -> None:
    assert times(python_column(["2025-01-02", None])).to_pylist() == [datetime.datetime(2025, 1, 2), None]
    assert times(python_column(["2025-01-02", "x"])).to_pylist() == ["2025-01-02", "x"]
    assert times(python_column([1])).to_pylist() == [1]


def test_is_missing() -> None:
    assert is_missing(None)
    assert is_missing(np.float32("nan"))
    assert not is_missing("")
    assert not is_missing([])


def test_rows_are_named_with_their_file_when_there_are_several() -> None:
    one = Table({"a": python_column([1, 2])}, 2, (("one.csv", 2),))
    two = Table({"a": python_column(["x"]), "b": python_column([1])}, 1, (("two.csv", 1),))
    both = concatenated([one, two])
    assert both.n == 3
    assert objects(both.columns["a"]) == [1, 2, "x"]
    assert objects(both.columns["b"]) == [None, None, 1]
    assert both.where(2) == "row 0 (counted from 0) of two.csv"
    assert one.where(1) == "row 1 (counted from 0) of one.csv"
    assert Table({}, 1).where(0) == "row 0 (counted from 0)"
    assert concatenated([one]) is one


def test_shown_is_short_and_on_one_line() -> None:
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 1000)) == 60
    assert shown(None) == "None"
    assert shown("\ud800").isprintable()


def test_scrub() -> None:
    assert scrub("é\ud83d") == "é\ufffd"
    assert scrub("🎉") == "🎉"


def test_rows_that_were_made_of_one() -> None:
    table = Table(
        {"id": python_column([1, 2]), "odd": object_column([["a"], 2]), "gone": python_column([0, 0])},
        2,
        parts=(("one", 1), ("two", 1)),
    )
    made = unfolded(table, [0, 1, 1], ["", "game 1", "game 2"], {"score": ["x", "y", "z"]}, {"gone"})
    assert {name: objects(column) for name, column in made.columns.items()} == {
        "id": [1, 2, 2],
        "odd": [["a"], 2, 2],
        "score": ["x", "y", "z"],
    }
    assert made.where(2) == "row 0 (counted from 0) of two, game 2"
    assert [made.source_row(row) for row in range(3)] == [0, 1, 1]
    assert table.files == ["one", "two"]
    assert Table({}, 2, file="f").files == ["f", "f"]


def test_rows_that_come_again() -> None:
    assert repeated(4, ["a", "a", "b", "a"], [1, 2, 1, 1]).tolist() == [False, False, False, True]
    assert repeated(0).tolist() == []
