"""Files to tables; what a file begins with decides its format, not its name."""

from __future__ import annotations

import csv
import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, TextIOWrapper
from itertools import count
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from llamastyle.data.readers.literals import DoubledKey, from_json
from llamastyle.data.readers.slim import slimmed
from llamastyle.data.readers.table import Table, arrow_column, key, python_column, shown
from llamastyle.errors import DataError

READABLE = "parquet, CSV, JSON or JSON lines (the texts also as .gz)"
FOREIGN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"ARROW1", "an Arrow (feather) file"),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd"),
    (b"BZh", "a file compressed with bzip2"),
    (b"\xfd7zXZ", "a file compressed with xz"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself (git lfs pull fetches it)"),
)
LARGE = 1 << 28
"""Bytes above which JSON lines are read line by line, and a JSON document not at all."""
COLUMNAR = {"text_chosen", "text_rejected"}
"""RewardBench saves lists by column and, beside them, values that hold for all rows."""
SIMULATED = "simulated by llamastyle: no votes of people"
FIRST_ROW = b"llamastyle first row"
"""The key under which a table in memory that is a part of the data says the number of its first row."""
COPIES = {"full_conversation": {"conversation_a", "conversation_b"}}
"""Columns of parquet files that no format reads where others are there: they hold every text of those again."""
BOM = b"\xef\xbb\xbf"


def read_bytes(data: bytes, name: str, strict: bool = True) -> Table:
    """The table in a file's bytes.

    Parameters
    ----------
    data : bytes
        Everything in the file.
    name : str
        What to call the file in messages.
    strict : bool
        False sets lines of JSON lines aside that cannot be read.

    Raises
    ------
    DataError
        If it is none of the formats that are read, or broken.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data, name)
    if not data.strip():
        raise DataError(f"{name} is empty; give a file with at least one battle")
    if data.startswith(b"PAR1"):
        return _parquet(data, name)
    for magic, what in FOREIGN:
        if data.startswith(magic):
            raise DataError(f"{name} is {what}; save the table as {READABLE}")
    text = data.removeprefix(BOM)
    start = text[:4096].lstrip()
    if start.startswith(b"<"):
        raise DataError(f"{name} is an HTML or XML page, not a table; save the table as {READABLE}")
    if b"\0" in text[:65536]:
        raise DataError(f"{name} is a binary file of an unknown format; save the table as {READABLE}")
    if start.startswith((b"{", b"[")):
        return _json(text, name, strict)
    return _csv(text, name)


def read_path(path: str, name: str, strict: bool = True) -> Table:
    """The table in a file; JSON lines of more than ``LARGE`` bytes are read line by line.

    Parameters
    ----------
    path : str
        Where it is.
    name, strict
        As in `read_bytes`.

    Raises
    ------
    DataError
        Also if it is a JSON document that large.
    OSError
        If it cannot be opened.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(4096).removeprefix(BOM).lstrip()
        file.seek(0)
        if size <= LARGE or not start.startswith((b"{", b"[")):
            return read_bytes(file.read(), name, strict)
        if start.startswith(b"[") or not _is_json_line(_start(file), alone=False):
            raise DataError(
                f"{name} is one JSON document of {size / 1e9:.1f} GB, which can only be read whole; save it as JSON "
                f"lines, a record a line, or as parquet"
            )
        file.seek(0)
        return _json_lines(_long_lines(file, name), name, strict)


def records(rows: Sequence[Any], name: str, lost: Sequence[tuple[str, str, int]] = ()) -> Table:
    """A table from a list of dicts; a key that a row lacks is empty there."""
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            raise DataError(
                f"row {i} (counted from 0) of {name} is not a dict but a {type(row).__name__}: {shown(row)}; "
                f"give a list of dicts, a row each"
            )
    names = list(dict.fromkeys(column for row in rows for column in row))
    texts = [key(column) or "" for column in names]
    _no_twins(texts, name)
    columns = {
        text: python_column([row.get(c) for row in rows]) for text, c in zip(texts, names, strict=True)
    }
    return Table(columns, len(rows), lost=tuple(lost))


def from_arrow(table: pa.Table, name: str) -> Table:
    """A table of Arrow's; that it is simulated, its schema's metadata say."""
    _no_twins(table.column_names, name)
    columns = {c: arrow_column(table.column(i)) for i, c in enumerate(table.column_names)}
    said = table.schema.metadata or {}
    marked = said.get(b"llamastyle") == b"simulated"
    first = int(said[FIRST_ROW]) if FIRST_ROW in said else None
    return Table(columns, table.num_rows, notes=(SIMULATED,) * marked, first=first)


def _no_twins(names: Sequence[str], where: str) -> None:
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise DataError(
            f"{where} has more than one column named {', '.join(map(repr, twins))}; rename all but one"
        )


def _parquet(data: bytes, name: str) -> Table:
    try:
        names = pyarrow.parquet.read_schema(BytesIO(data)).names
        wanted = [column for column in names if not COPIES.get(column, {""}) <= set(names)]
        table = pyarrow.parquet.read_table(BytesIO(data), columns=None if wanted == names else wanted)
        return from_arrow(table, name)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:  # the names of columns may be no UTF-8
        raise DataError(
            f"{name} is a parquet file that cannot be read: {_first_line(error)}; it may be cut short: get it again"
        ) from None


def _gunzip(data: bytes, name: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name} is a gzip file that cannot be read: {_first_line(error)}") from None


def _csv(data: bytes, name: str) -> Table:
    """Every value as text: a guess at their types would make 007 and 7, or 1.10 and 1.1, one name."""
    header = data.split(b"\n", 1)[0]
    delimiter = max((b",", b"\t", b";"), key=header.count).decode()
    block = min(max(len(data), 1 << 16), 1 << 30) if _longest_line(data) > 1 << 19 else 1 << 22
    try:
        lines = TextIOWrapper(BytesIO(data), "utf-8", "replace", newline="")
        names = next(csv.reader(lines, delimiter=delimiter), [])
        table = _texts(data, delimiter, block, names)
        if any(column.type != pa.large_binary() for column in table.columns):
            table = _texts(data, delimiter, block, table.column_names)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name} cannot be read as CSV: {_first_line(error)}; expected {READABLE}") from None
    return from_arrow(table, name)


def _texts(data: bytes, delimiter: str, block: int, names: Sequence[str]) -> pa.Table:
    return pyarrow.csv.read_csv(
        BytesIO(data),
        read_options=pyarrow.csv.ReadOptions(block_size=block),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            null_values=[""], strings_can_be_null=True, column_types=dict.fromkeys(names, pa.large_binary())
        ),
    )


def _longest_line(data: bytes) -> int:
    return max(map(len, data.split(b'\n"')), default=0)


def _json(data: bytes, name: str, strict: bool) -> Table:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is not UTF-8 text: {error.reason} at byte {error.start}; save it as UTF-8"
        ) from None
    first, _, rest = text.strip().partition("\n")
    if first.startswith("[") or not _is_json_line(first, alone=not rest):
        return _json_document(text, name)
    return _json_lines(_lines(text), name, strict)


def _json_document(text: str, name: str) -> Table:
    try:
        value = from_json(text)
    except DoubledKey as error:
        raise DataError(f"{name} holds {error}; keep one of them") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} cannot be read as JSON: {_first_line(error)}") from None
    if isinstance(value, dict) and value and all(isinstance(v, list) for v in value.values()):
        return from_lists(value, name)
    if isinstance(value, dict) and value.keys() >= COLUMNAR and isinstance(value[min(COLUMNAR)], list):
        n = len(value[min(COLUMNAR)])
        return from_lists({k: v if isinstance(v, list) else [v] * n for k, v in value.items()}, name)
    if not isinstance(value, list):
        raise DataError(
            f"{name} holds one JSON {type(value).__name__}; give a list of records, or JSON lines"
        )
    return records([slimmed(row) if isinstance(row, dict) else row for row in value], name)


def from_lists(columns: dict[Any, Any], name: str) -> Table:
    """A table from lists (or arrays, or Series) by column name."""
    lengths = {key(column) or "": len(values) for column, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"the columns of {name} differ in length: {lengths}")
    made = {key(column) or "": python_column(values) for column, values in columns.items()}
    return Table(made, next(iter(lengths.values()), 0))


def _json_lines(lines: Iterable[tuple[int, str]], name: str, strict: bool) -> Table:
    rows: list[dict[str, Any]] = []
    lost: list[tuple[str, str, int]] = []
    for line, content in lines:
        try:
            row = from_json(content)
            if isinstance(row, dict):
                rows.append(slimmed(row))
                continue
            what = f"a JSON {type(row).__name__}, not an object"
        except DoubledKey as error:
            what = str(error)
        except (ValueError, RecursionError) as error:
            what = f"not JSON ({_first_line(error)})"
        lost.append((what, content[:200], line))
    if strict and lost:
        what, _, line = lost[0]
        raise DataError(
            f"line {line} (counted from 1) of {name} is {what}; {len(lost)} of {len(rows) + len(lost)} lines have "
            f"such a problem; strict=False sets them aside in battles.issues"
        )
    return records(rows, name, lost)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for i, line in enumerate(text.split("\n")):
        if line.strip():
            yield i + 1, line


def _start(file: BinaryIO) -> str:
    return file.readline(LARGE).removeprefix(BOM).decode("utf-8", "replace").strip()


def _long_lines(file: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    for i in count(1):
        line = file.readline(LARGE).removeprefix(BOM if i == 1 else b"")
        if len(line) >= LARGE:
            raise DataError(f"line {i} (counted from 1) of {name} is longer than {LARGE >> 20} MB; is it one record?")
        if not line:
            return
        try:
            text = line.decode()
        except UnicodeDecodeError as error:
            raise DataError(
                f"{name} is not UTF-8 text: {error.reason} in line {i} (counted from 1); save it as UTF-8"
            ) from None
        if text.strip():
            yield i, text.rstrip("\r\n")


def _is_json_line(line: str, alone: bool) -> bool:
    """Whether a line is an object; one whose values are all lists, and no other line with it, holds columns."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and not (alone and row and all(isinstance(v, list) for v in row.values()))


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return shown(text.split("\n")[0], 160).strip("'\"")
