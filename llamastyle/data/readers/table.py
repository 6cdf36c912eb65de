"""What every source becomes first: named columns of equal length, and the ways to read a column's values."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

Column: TypeAlias = Any
"""A ``pyarrow.ChunkedArray``, or a NumPy array of Python objects where Arrow has no one type for the values."""

NO_NUMBER = {"", "nan", "na", "n/a", "null", "none"}
TRUTH = {"true": 1.0, "false": 0.0}
UNDECODABLE = b"(bytes that are not UTF-8)"
"""Stands for a list or record whose texts cannot be decoded."""
EXACT = 2.0**53
"""From here on, neighbouring whole numbers are one float."""
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, ``n`` rows each.

    Attributes
    ----------
    columns : dict
        Column by name.
    n : int
        Rows.
    parts : tuple of (str, int)
        Files that the rows come from, in order, and the rows of each; empty for one source.
    lost : tuple of (str, str, int)
        Lines that could not be read at all: what, the line's start, its number.
    notes : tuple of str
        What the source says of itself, where it comes from, and what is missing of it.
    file : str
        The file that all rows come from, where it is one alone.
    origin : int array or None
        The row of the source that each row was made of, where one makes several.
    within : tuple of str
        Which part of it: ``game 2``; empty where ``origin`` is None.
    first : int or None
        Where these are rows of a part of the data: the number of the first, unlike any other's; None for all rows.
    """

    columns: dict[str, Column]
    n: int
    parts: tuple[tuple[str, int], ...] = ()
    lost: tuple[tuple[str, str, int], ...] = ()
    notes: tuple[str, ...] = ()
    file: str = ""
    origin: NDArray[np.int64] | None = None
    within: tuple[str, ...] = ()
    first: int | None = None

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return list(self.columns)

    def where(self, row: int) -> str:
        """Names a row for a message: ``row 3 (counted from 0)``, its file among several, its part of the row."""
        first, at = 0, self.source_row(row)
        part = f", {self.within[row]}" if self.within else ""
        for name, rows in self.parts:
            if at < first + rows:
                return f"row {at - first} (counted from 0) of {name}{part}"
            first += rows
        return f"row {at} (counted from 0){part}"

    def source_row(self, row: int) -> int:
        """The row of the source that a row was made of."""
        return row if self.origin is None else int(self.origin[row])

    @property
    def files(self) -> list[str]:
        """The file of each row of the source, empty where it is none."""
        return [name for name, rows in self.parts for _ in range(rows)] or [self.file] * self.n


def arrow_column(values: pa.Array | pa.ChunkedArray) -> Column:
    """An Arrow column with plain types: no dictionaries, no extensions, strings as ``large_string``."""
    column = values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
    if isinstance(column.type, pa.BaseExtensionType):
        chunks = [chunk.storage for chunk in column.chunks]
        return arrow_column(pa.chunked_array(chunks, column.type.storage_type))
    if pa.types.is_dictionary(column.type):
        return arrow_column(column.cast(column.type.value_type))
    if _is_text(column.type) or _is_binary(column.type):
        try:
            # The cast from bytes is what checks that they are UTF-8.
            return column.cast(pa.large_binary()).cast(pa.large_string())
        except pa.ArrowInvalid:
            return object_column(map(_decoded, column.cast(pa.large_binary()).to_pylist()))
    return column


def python_column(values: Sequence[Any] | NDArray[Any] | pd.Series) -> Column:
    """A column of Python values: Arrow's where one type holds them all."""
    try:
        made = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        return object_column(values)
    return arrow_column(made)


def object_column(values: Any) -> NDArray[Any]:
    """A one-dimensional array of Python objects, lists left as they are."""
    listed = list(values)
    out = np.empty(len(listed), object)
    for i, value in enumerate(listed):
        out[i] = value
    return out


def objects(column: Column) -> list[Any]:
    """The values as Python objects, None where there is none."""
    if not isinstance(column, pa.ChunkedArray):
        return column.tolist()
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return [_object(value) for value in column]


def _object(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except UnicodeDecodeError:
        return UNDECODABLE


def _decoded(value: bytes | None) -> str | bytes | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return value


def is_numeric(column: Column) -> bool:
    """Whether the column's type is a number's (or a truth value's)."""
    if not isinstance(column, pa.ChunkedArray):
        return False
    kind = column.type
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def holds_numbers(column: Column) -> bool:
    """Whether these are numbers, or texts of which every one is a number (in CSV all values are texts)."""
    if isinstance(column, pa.ChunkedArray) and column.type != pa.large_string():
        return is_numeric(column)
    if any(math.isinf(number(value)) for value in objects(column[:100])):
        return False
    values, bad = numbers(column)
    return bool(np.isfinite(values).any() and not bad.any())


def key(value: Any) -> str | None:
    """One value as the text that ids, names and labels are compared by.

    1, 1.0 and "1" are the same; "1.0" and "01", texts, are others. Bytes that are not UTF-8, and halves of
    surrogate pairs, are written with a backslash, so that different ones stay different.
    """
    if isinstance(value, str):
        return value if value.isascii() or not SURROGATE.search(value) else _escaped(value)
    if isinstance(value, np.generic):
        value = value.item()
    if is_missing(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list | dict | tuple | np.ndarray):
        return scrub(json.dumps(value, default=_plain, sort_keys=False, skipkeys=True))
    return scrub(str(value))


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def undecodable(column: Column) -> int:
    """How many values are bytes that are not UTF-8, or texts with halves of surrogate pairs."""
    if isinstance(column, pa.ChunkedArray):
        return 0
    return sum(
        isinstance(_decoded(v), bytes) if isinstance(v, bytes) else isinstance(v, str) and scrub(v) != v
        for v in column
    )


def rounded_ids(column: Column) -> int:
    """How many values are floats too large to tell neighbouring whole numbers apart."""
    if not isinstance(column, pa.ChunkedArray) or not pa.types.is_floating(column.type):
        return 0
    return int((np.abs(numbers(column)[0]) >= EXACT).sum())


def keys(column: Column) -> pa.Array:
    """All values by `key`, as one ``large_string`` array."""
    if isinstance(column, pa.ChunkedArray):
        if column.type == pa.large_string():
            return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if not pa.types.is_nested(column.type) and not pa.types.is_null(column.type):
            return _mapped(column, key, pa.large_string())
    return pa.array([key(value) for value in objects(column)], pa.large_string())


def numbers(column: Column) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The values as float64, NaN where there is none, and where a value is not a number at all."""
    if isinstance(column, pa.ChunkedArray) and is_numeric(column):
        values = column.cast(pa.float64(), safe=False).combine_chunks()
        return _float_array(values), np.zeros(len(column), bool)
    if isinstance(column, pa.ChunkedArray) and column.type == pa.large_string():
        made = _float_array(_parsed(column))
        given = column.is_valid().combine_chunks().to_numpy(zero_copy_only=False)
        # An infinite value marks what is not a number: no column of numbers here may hold one.
        bad = np.isinf(made) & given
        return np.where(bad, np.nan, made), bad
    made = np.array([number(value) for value in objects(column)], np.float64).reshape(-1)
    return np.where(np.isinf(made), np.nan, made), np.isinf(made)


def number(value: Any) -> float:
    """One value as a float: NaN where there is none, infinite where it is not a finite number."""
    if is_missing(value) or (isinstance(value, str) and value.strip().lower() in NO_NUMBER):
        return math.nan
    if not isinstance(value, str | int | float | np.generic) and not hasattr(value, "__float__"):
        return math.inf
    if isinstance(value, str) and value.strip().lower() in TRUTH:
        return TRUTH[value.strip().lower()]
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.inf


def series(column: Column) -> pd.Series:
    """The values as a Series that can be grouped by: lists, records and mixtures become text."""
    if isinstance(column, pa.ChunkedArray) and not pa.types.is_nested(column.type):
        # Without this, whole numbers beside an empty value become floats, and neighbours one value.
        return column.to_pandas(integer_object_nulls=True)
    return keys(column).to_pandas()


def times(column: Column) -> Column:
    """Texts as times where every one is a time in ISO form; any other column as it is."""
    if isinstance(column, pa.ChunkedArray) and column.type == pa.large_string():
        for zone in (None, "UTC"):
            try:
                return column.cast(pa.timestamp("us", zone))
            except pa.ArrowInvalid:
                pass
    return column


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, NaT or NA."""
    if value is None or value is pd.NaT or value is pd.NA:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def scrub(text: str) -> str:
    """The text with halves of surrogate pairs replaced, which no UTF-8 can hold."""
    return text if text.isascii() or not SURROGATE.search(text) else SURROGATE.sub("\ufffd", text)


def shown(value: Any, width: int = 60) -> str:
    """A value for a message, cut to ``width`` characters."""
    text = repr(value) if isinstance(value, str) else str(value)
    text = " ".join(scrub(text[: 4 * width]).split())
    return text if len(text) <= width else text[: width - 3] + "..."


def concatenated(tables: Sequence[Table]) -> Table:
    """Rows of several tables under one another; a column that one lacks is empty there."""
    if len(tables) == 1:
        return tables[0]
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    return Table(
        columns={name: _stacked([(table.columns.get(name), table.n) for table in tables]) for name in names},
        n=sum(table.n for table in tables),
        parts=tuple(part for table in tables for part in table.parts),
        lost=tuple(line for table in tables for line in table.lost),
        notes=tuple(dict.fromkeys(note for table in tables for note in table.notes)),
    )


def _stacked(columns: Sequence[tuple[Column | None, int]]) -> Column:
    given: list[Column] = [column for column, _ in columns if column is not None]
    types = {c.type for c in given if isinstance(c, pa.ChunkedArray) and not pa.types.is_null(c.type)}
    if len(types) > 1 or any(isinstance(c, np.ndarray) for c in given):
        return python_column([v for c, n in columns for v in ([None] * n if c is None else objects(c))])
    kind = types.pop() if types else pa.null()
    chunks: list[pa.Array] = []
    for column, n in columns:
        same = column is not None and column.type == kind
        chunks += column.chunks if column is not None and same else [pa.nulls(n, kind)]
    return pa.chunked_array(chunks, kind)


def unfolded(
    table: Table,
    origin: Sequence[int],
    within: Sequence[str],
    made: Mapping[str, Sequence[Any]],
    without: Collection[str],
) -> Table:
    """A table of which one row makes several: its other columns repeated, beside those made.

    Parameters
    ----------
    origin, within : sequence
        As in `Table`, for each of the new rows.
    made : mapping
        Columns of the new rows, by name.
    without : collection of str
        Columns that are not repeated.
    """
    at = np.asarray(origin, np.int64)
    kept = {c: column for c, column in table.columns.items() if c not in made and c not in without}
    columns = {
        name: column.take(pa.array(at)) if isinstance(column, pa.ChunkedArray) else column[at]
        for name, column in kept.items()
    }
    columns |= {name: python_column(values) for name, values in made.items()}
    return replace(table, columns=columns, n=len(at), origin=at, within=tuple(within))


def repeated(n: int, *columns: Sequence[Any]) -> NDArray[np.bool_]:
    """Which of n rows have in all columns what an earlier row has."""
    return pd.DataFrame(dict(enumerate(columns)), index=pd.RangeIndex(n)).duplicated().to_numpy(bool)


def _mapped(column: pa.ChunkedArray, what: Callable[[Any], Any], kind: pa.DataType) -> pa.Array:
    encoded = column.combine_chunks().dictionary_encode()
    values = pa.array([what(value) for value in encoded.dictionary.to_pylist()], kind)
    return values.take(encoded.indices)


def _parsed(column: pa.ChunkedArray) -> pa.Array:
    """Texts as floats, infinite where they are none; all at once where every one is plainly a number."""
    try:
        return column.cast(pa.float64()).combine_chunks()
    except pa.ArrowInvalid:
        return _mapped(column, number, pa.float64())


def _float_array(values: pa.Array) -> NDArray[np.float64]:
    return np.array(values.fill_null(math.nan).to_numpy(zero_copy_only=False), np.float64)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return dict(value) if isinstance(value, Mapping) else str(value)


def _is_text(kind: pa.DataType) -> bool:
    view = getattr(pa.types, "is_string_view", None)
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or (view is not None and view(kind))
    )


def _is_binary(kind: pa.DataType) -> bool:
    view = getattr(pa.types, "is_binary_view", None)
    return bool(
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or (view is not None and view(kind))
    )
