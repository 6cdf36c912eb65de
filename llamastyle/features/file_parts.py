"""Files cut into parts that can be read one at a time, a bounded number of rows in memory."""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import itertools
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from llamastyle.errors import FeatureError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Source", "alike", "batches", "columns_of", "common", "examined", "looked_through", "paths_of", "size_of"]

PART_BYTES = 1 << 28
"""About so many bytes of a file are one part, which is what is lost when a run is killed."""
BATCH_BYTES = 1 << 24
"""About so many bytes are in memory at a time."""
MOST_ROWS = 1 << 13
MARK = b"llamastyle"
"""The key in a parquet file's metadata under which it says that its votes are simulated."""
MOST_NESTING = 500
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
ENDS = 1 << 16
"""So much of either end of a file is part of its fingerprint."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file: its name, how long it is, what it holds, and the parts it is read in, as row groups or as bytes.

    Once it is looked through: the names and types of its columns, and the first row of every part.
    """

    path: str
    size: int
    kind: str
    parts: tuple[tuple[int, int], ...]
    stamp: str
    columns: tuple[tuple[str, Any], ...] = ()
    begins: tuple[int, ...] = ()
    lacking: tuple[tuple[str, Any], ...] = ()
    """Columns that other files have."""


def paths_of(source: Any) -> list[str]:
    """The files that are meant, in order."""
    if isinstance(source, str | os.PathLike):
        source = [source]
    if (
        not isinstance(source, list | tuple)
        or not all(isinstance(s, str | os.PathLike) for s in source)
        or not source
    ):
        raise FeatureError(
            f"with out=, the source is a path, a pattern, a folder, or a list of paths; not {type(source).__name__}"
        )
    found: list[str] = []
    for path in map(os.fspath, source):
        if os.path.isdir(path):
            inside = sorted(
                p
                for end in ("parquet", "jsonl", "jsonl.gz")
                for p in glob.glob(f"{glob.escape(path)}/*.{end}")
            )
        else:
            inside = (
                [path]
                if os.path.isfile(path)
                else sorted(filter(os.path.isfile, glob.glob(path, recursive=True)))
            )
        if not inside:
            raise FeatureError(f"there is no parquet or JSON-lines file at {path!r} (in {Path.cwd()})")
        found += inside
    return list(dict.fromkeys(found))


def examined(path: str, part_bytes: int | None = None) -> Source:
    """What a file holds, and how it is cut into parts, of about ``PART_BYTES`` unless another size is given."""
    most = PART_BYTES if part_bytes is None else part_bytes
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(ENDS)
            file.seek(max(0, size - ENDS))
            stamp = hashlib.sha256(head + file.read()).hexdigest()[:16]
            modified = os.fstat(file.fileno()).st_mtime_ns
            if head.startswith(b"PAR1"):
                kind, parts = "parquet", tuple(_row_groups(path, most))
            elif head.startswith(b"\x1f\x8b"):
                kind, parts = "jsonl.gz", ((0, size),)
            elif head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
                kind, parts = "jsonl", tuple(_line_ranges(file, size, most))
            else:
                raise FeatureError(
                    f"{path} is neither parquet nor JSON lines (an object a line); save it as one of them"
                )
    except OSError as error:
        raise FeatureError(f"{path} cannot be read: {error.strerror or error}") from None
    return Source(path, size, kind, parts, f"{stamp}-{modified}")


def _row_groups(path: str, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of row groups of about ``most`` bytes."""
    with _parquet(path) as file:
        begin = total = 0
        for group in range(file.metadata.num_row_groups):
            total += file.metadata.row_group(group).total_byte_size
            if total >= most:
                yield begin, group + 1
                begin, total = group + 1, 0
        if begin < file.metadata.num_row_groups or not begin:
            yield begin, file.metadata.num_row_groups


def _line_ranges(file: BinaryIO, size: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of about ``most`` bytes that end where a line does."""
    begin = 0
    while begin < size:
        file.seek(min(begin + most, size))
        file.readline()
        end = min(file.tell(), size)
        yield begin, end
        begin = end


@contextmanager
def _parquet(path: str, texts: Sequence[str] = ()) -> Iterator[Any]:
    """A file; the columns of texts are left as the file has them where each text is in it once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, read_dictionary=list(texts), buffer_size=1 << 20, pre_buffer=False)
    except (pa.ArrowException, UnicodeDecodeError) as error:  # the names of columns may be no UTF-8
        raise FeatureError(f"{path} is no parquet file that can be read: {error}") from None
    with file:
        yield file


def looked_through(source: Source) -> Source:
    """The same with its columns, of JSON lines as all lines have them, and the first row of every part."""
    if source.kind == "parquet":
        with _parquet(source.path) as file:
            sizes = [sum(file.metadata.row_group(g).num_rows for g in range(*part)) for part in source.parts]
        columns = columns_of(source)
    else:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            found = list(threads.map(partial(_part_columns, source), source.parts))
        sizes = [rows for _, rows in found]
        columns = common([columns for columns, _ in found], source.path)
    begins = tuple(itertools.accumulate(sizes[:-1], initial=0))
    return replace(source, columns=tuple(_filled(columns).items()), begins=begins)


def alike(sources: Sequence[Source], but: Callable[[str], bool]) -> list[Source]:
    """Files that were looked through, each with the columns that it lacks and others have, but for some."""
    every: dict[str, Any] = {}
    for source in sources:
        every = every | {name: kind for name, kind in source.columns if name not in every and not but(name)}
    return [
        replace(source, lacking=tuple((n, kind) for n, kind in every.items() if n not in dict(source.columns)))
        for source in sources
    ]


def _part_columns(source: Source, part: tuple[int, int]) -> tuple[dict[str, pa.DataType], int]:
    """Names and types of the columns of a part of JSON lines, and how many rows it has."""
    columns: dict[str, pa.DataType] = {}
    rows = 0
    for block in _blocks(source, part):
        table = _json_table(block, source.path)
        columns = common([columns, _named(table.schema, source.path)], source.path)
        rows += table.num_rows
    return columns, rows


def common(parts: Iterable[Mapping[str, pa.DataType]], path: str) -> dict[str, pa.DataType]:
    """The columns that some part has, each with a type that holds what it is in all of them."""
    import pyarrow as pa

    made: dict[str, pa.DataType] = {}
    for name, kind in ((name, kind) for part in parts for name, kind in part.items()):
        kinds = [made.get(name, kind), kind]
        if pa.types.is_string(kind) or pa.types.is_string(kinds[0]):  # some texts look like times
            kinds = [pa.string() if pa.types.is_timestamp(k) else k for k in kinds]
        try:
            made[name] = pa.unify_schemas([pa.schema({"": k}) for k in kinds], promote_options="permissive").types[0]
        except pa.ArrowException:
            raise FeatureError(
                f"{path}: {name!r} is {kinds[0]} in some lines and {kinds[1]} in others; write it in one type, for"
                " example as text"
            ) from None
    return made


def columns_of(source: Source) -> dict[str, pa.DataType]:
    """Names and types of a file's columns; of JSON lines, as its first lines have them if it is not looked through."""
    if source.columns:
        return dict(source.columns)
    if source.kind == "parquet":
        with _parquet(source.path) as file:
            schema = file.schema_arrow
    else:
        schema = _json_table(next(_blocks(source, source.parts[0]), b""), source.path).schema
    columns = _named(schema, source.path)
    return columns if source.kind == "parquet" else _filled(columns)


def _named(schema: pa.Schema, path: str) -> dict[str, pa.DataType]:
    try:
        return dict(zip(schema.names, schema.types, strict=True))
    except UnicodeDecodeError:
        raise FeatureError(f"{path} has a column whose name is not UTF-8; give it another") from None


def _filled(columns: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    """Columns in which there is nothing are of texts."""
    import pyarrow as pa

    return {name: pa.large_string() if pa.types.is_null(kind) else kind for name, kind in columns.items()}


def size_of(source: Source, part: tuple[int, int]) -> int:
    """Bytes of a part, near enough for a progress bar."""
    return (
        part[1] - part[0]
        if source.kind != "parquet"
        else max(1, source.size * (part[1] - part[0]) // max(1, source.parts[-1][1]))
    )


def batches(
    source: Source, part: tuple[int, int], texts: Sequence[str], kept: Mapping[str, pa.DataType]
) -> Iterator[pa.Table]:
    """The rows of a part, some at a time, with columns and types asked for; one that the file lacks is empty."""
    import pyarrow as pa

    schema = pa.schema({**kept, **dict.fromkeys(texts, pa.large_string())})
    wanted = schema.names
    if source.kind != "parquet":
        for block in _blocks(source, part):
            yield _json_table(block, source.path, schema).select(wanted)
        return
    with _parquet(source.path) as file:
        there = file.schema_arrow.names
        metadata = file.schema_arrow.metadata or {}
    schema = schema.with_metadata({key: value for key, value in metadata.items() if key == MARK})
    if lacking := [name for name in texts if name not in there]:
        raise FeatureError(f"{source.path} has no column {lacking[0]!r}, which the first file has")
    wanted = [name for name in wanted if name in there]
    if doubled := [name for name in wanted if there.count(name) > 1]:
        raise FeatureError(f"{source.path} has {doubled[0]!r} more than once; leave it out (keep=), or rename one")
    with _parquet(source.path, texts) as file:
        groups = range(*part)
        try:
            first = (
                next(file.iter_batches(16, row_groups=groups, columns=texts, use_threads=False), None)
                if groups
                else None
            )
            each = 1 if first is None or not first.num_rows else max(1, first.nbytes // first.num_rows)
            known = [file.metadata.row_group(g) for g in groups]
            rows = sum(group.num_rows for group in known)
            each = max(each, sum(group.total_byte_size for group in known) // max(1, rows))
            size = int(min(MOST_ROWS, max(1, BATCH_BYTES // each)))
            for batch in file.iter_batches(size, row_groups=groups, columns=wanted, use_threads=False):
                yield from _decoded(batch, texts, schema)
        except (pa.ArrowException, OSError) as error:
            raise FeatureError(
                f"{source.path} is broken, or has a column of another type than the first file: {error}"
            ) from None


def _decoded(batch: pa.RecordBatch, texts: Sequence[str], schema: pa.Schema) -> Iterator[pa.Table]:
    """Pieces of a batch in which texts that repeat are written out, about ``BATCH_BYTES`` of them at a time."""
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute
    size = np.zeros(batch.num_rows, dtype=np.int64)
    for name in texts:
        column = batch.column(name)
        if pa.types.is_dictionary(column.type):
            lengths = compute.binary_length(column.dictionary).cast(pa.int64())
            size += compute.fill_null(lengths.take(column.indices), 0).to_numpy(zero_copy_only=False)
    piece = np.cumsum(size) // BATCH_BYTES
    cuts = [0, *(np.flatnonzero(np.diff(piece)) + 1).tolist(), batch.num_rows]
    for begin, end in itertools.pairwise(cuts):
        columns = [
            batch.column(name).slice(begin, end - begin)
            if name in batch.schema.names
            else pa.nulls(end - begin, kind)
            for name, kind in zip(schema.names, schema.types, strict=True)
        ]
        plain = [c.dictionary_decode() if pa.types.is_dictionary(c.type) and n in texts else c
                 for n, c in zip(schema.names, columns, strict=True)]  # fmt: skip
        # Arrow cannot cast every type to itself
        yield pa.table([c if c.type == kind else c.cast(kind) for c, kind in zip(plain, schema.types, strict=True)],
                       schema=schema)  # fmt: skip


def _blocks(source: Source, part: tuple[int, int]) -> Iterator[bytes]:
    """Whole lines of JSON, about ``BATCH_BYTES`` of them at a time."""
    try:
        with gzip.open(source.path) if source.kind == "jsonl.gz" else open(source.path, "rb") as file:
            file.seek(part[0])
            left = part[1] - part[0] if source.kind == "jsonl" else sys.maxsize
            while left > 0 and (block := file.read(min(BATCH_BYTES, left))):
                if len(block) < left:
                    block += file.readline()
                left -= len(block)
                if block.strip():
                    yield block.removeprefix(b"\xef\xbb\xbf") if not part[0] else block
    except (OSError, EOFError, zlib.error) as error:
        raise FeatureError(f"{source.path} cannot be read to its end: {error}") from None


def _refuse_depth(block: bytes, path: str) -> None:
    """Arrow's reader of JSON ends the process where a line is nested very deeply."""
    values = np.frombuffer(block, np.uint8)
    opened = np.flatnonzero((values == ord("[")) | (values == ord("{")))
    if opened.size <= MOST_NESTING:
        return
    ends = np.append(np.flatnonzero(values == ord("\n")), values.size)
    in_line = np.diff(np.searchsorted(opened, ends), prepend=0)
    for line in np.flatnonzero(in_line > MOST_NESTING):
        begin = int(ends[line - 1]) + 1 if line else 0
        bare = np.frombuffer(_STRING.sub(b"", block[begin : int(ends[line])]), np.uint8)
        up, down = ((bare == ord(one)) | (bare == ord(other)) for one, other in ("[{", "]}"))
        if np.max(np.cumsum(up.astype(np.int64) - down), initial=0) > MOST_NESTING:
            raise FeatureError(f"{path} has a line of JSON that is nested more than {MOST_NESTING} deep; take it out")


def _json_table(block: bytes, path: str, schema: pa.Schema | None = None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    _refuse_depth(block, path)

    parse = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore") if schema else None
    try:
        return pj.read_json(
            io.BytesIO(block), pj.ReadOptions(use_threads=False, block_size=len(block) + 1), parse
        )
    except pa.ArrowException as error:
        raise FeatureError(
            f"{path} has lines that are no JSON, or a column that changes its type: {error}; mend the line, or write"
            " the column in one type, for example as text"
        ) from None
