"""Whatever a user hands in, as one table: a path, a glob, an open file, dicts, or a frame of any library."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import narwhals as nw
import pandas as pd
import pyarrow as pa

from llamastyle.data.readers.files import READABLE, from_arrow, from_lists, read_bytes, read_path, records
from llamastyle.data.readers.shards import check_columns, check_shard, missing_shards
from llamastyle.data.readers.table import Table, concatenated, key, python_column, shown
from llamastyle.errors import DataError

ACCEPTED = (
    "a path, glob or hf:// address, an open file, a list of dicts, or a pandas, polars, pyarrow or Hugging Face "
    "datasets table"
)


def read_table(source: Any, what: str = "source", strict: bool = True) -> Table:
    """The table in ``source``.

    Parameters
    ----------
    source : path, glob, hf:// address, file, list of dicts, frame
        What to read.
    what : str
        The argument's name, for messages.
    strict : bool
        False sets unreadable lines of JSON lines aside.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    if isinstance(source, str | os.PathLike):
        return _from_path(os.fspath(source), what, strict)
    if isinstance(source, bytes | bytearray):
        return read_bytes(bytes(source), f"the bytes handed in as {what}", strict)
    if callable(getattr(source, "read", None)) and not hasattr(source, "columns"):
        return _from_file(source, what, strict)
    if isinstance(source, pd.DataFrame):
        return _from_pandas(source, what)
    if isinstance(source, list | tuple):
        return records(source, what)
    if isinstance(source, Mapping):
        return _from_mapping(source, what)
    return _from_frame(source, what)


def _from_path(path: Any, what: str, strict: bool) -> Table:
    path = path.decode() if isinstance(path, bytes) else path
    if path.startswith("hf://"):
        from llamastyle.data.hub import download

        found = download(path)
        table = _from_several(found.files, strict)
        return replace(table, notes=(*found.notes, *table.notes))
    if "://" in path:
        raise DataError(f"{what}={shown(path, 200)} is an address; download the file and give its path")
    if os.path.isdir(path):
        raise DataError(
            f"{path} is a folder; name a file, or files by a pattern such as {path.rstrip('/')}/*.parquet"
        )
    if os.path.exists(path):
        return replace(_from_one(path, path, strict), file=path)
    if any(c in path for c in "*?["):
        found = sorted(p for p in glob.glob(path, recursive=True) if os.path.isfile(p))
        if not found:
            raise DataError(f"no file matches {shown(path, 200)} (in {Path.cwd()})")
        return _from_several([(p, p) for p in found], strict)
    raise DataError(f"there is no file {shown(path, 200)} (in {Path.cwd()})")


def _from_several(files: Sequence[tuple[str, str]], strict: bool) -> Table:
    """Files under one another, each a name for messages and a path; what is missing of a series of shards is noted."""
    tables = [(name, _from_one(name, path, strict)) for name, path in files]
    check_columns(tables)
    whole = concatenated([replace(table, parts=((name, table.n),)) for name, table in tables])
    return replace(whole, notes=(*whole.notes, *missing_shards([name for name, _ in files])))


def _from_one(name: str, path: str, strict: bool) -> Table:
    try:
        with open(path, "rb") as file:
            check_shard(name, file.read(64))
        return read_path(path, name, strict)
    except OSError as error:
        raise DataError(f"{name} cannot be opened: {error.strerror or error}") from None


def _from_file(file: Any, what: str, strict: bool) -> Table:
    name = str(getattr(file, "name", what))
    try:
        data = file.read()
    except (OSError, ValueError) as error:
        raise DataError(f"{name} cannot be read: {error}") from None
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    if not isinstance(data, bytes):
        raise DataError(f"{name} reads as a {type(data).__name__}; open the file in text or binary mode")
    return read_bytes(data, name, strict)


def _from_pandas(frame: pd.DataFrame, what: str) -> Table:
    names = [key(name) or "" for name in frame.columns]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise DataError(
            f"{what} has more than one column named {', '.join(map(repr, twins))}; rename all but one"
        )
    columns = {name: python_column(frame.iloc[:, i]) for i, name in enumerate(names)}
    return Table(columns, len(frame))


def _from_mapping(source: Mapping[Any, Any], what: str) -> Table:
    if any(hasattr(value, "to_pandas") and hasattr(value, "column_names") for value in source.values()):
        splits = ", ".join(repr(str(name)) for name in source)
        raise DataError(f"{what} holds several tables ({splits}); choose one of them, as in {what}[...]")
    lists = {
        k: v for k, v in source.items() if hasattr(v, "__len__") and not isinstance(v, str | bytes | Mapping)
    }
    if len(lists) != len(source):
        raise DataError(f"{what} is one dict; give {ACCEPTED}, or a dict of equally long lists")
    return from_lists(dict(source), what)


def _from_frame(source: Any, what: str) -> Table:
    if isinstance(source, pa.Table):
        return from_arrow(source, what)
    inner = getattr(getattr(source, "data", None), "table", None)
    if isinstance(inner, pa.Table) and getattr(source, "_indices", None) is None:
        return from_arrow(inner, what)
    try:
        frame = nw.from_native(source)
    except TypeError:
        frame = None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, nw.DataFrame):
        return from_arrow(frame.to_arrow(), what)
    if callable(getattr(source, "to_pandas", None)):
        made = source.to_pandas()
        if isinstance(made, pd.DataFrame):
            return _from_pandas(made, what)
    raise DataError(f"{what} is a {type(source).__name__}; give {ACCEPTED}; files are {READABLE}")
