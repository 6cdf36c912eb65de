"""Battles of files as arrays on disk, some at a time: what passes over more battles than memory holds go over.

A shard holds battles before it is known which of them stay and how columns are scaled: contrasts as they are,
models by the shard's own numbers, and a 64-bit hash of every value that battles may be clustered by. Two
different values have the same hash with a chance of n squared over 2 to the 65th: one in a million at six million.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, with_texts
from llamastyle.data.readers import read_battles
from llamastyle.data.readers.files import FIRST_ROW
from llamastyle.data.readers.table import keys, python_column
from llamastyle.errors import DataError, FeatureError, FitError, LlamaStyleError
from llamastyle.features.extraction import extract
from llamastyle.features.feature import FeatureSet
from llamastyle.features.file_parts import Source, batches, columns_of
from llamastyle.regression.design import choose_contrasts, raw_contrast
from llamastyle.regression.grouping import AUTO, CLUSTER_COLUMNS, PAIR
from llamastyle.regression.reading_notes import Notes

__all__ = ["Disk", "Pool", "Reading", "Seen", "Shard", "joined", "read_part"]

T = TypeVar("T")
Arrays = Mapping[str, NDArray[Any]]
Hashes = NDArray[np.uint64]

ROWS = 1 << 17
"""Battles of a shard on disk, about."""
ROW = re.compile(r"\brow (\d+)(?= \(counted from 0\))")
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Shard:
    """Some battles; n of them, k features.

    Attributes
    ----------
    names : tuple of str
        Models that ``a`` and ``b`` point into.
    arrays : mapping
        ``a, b`` (int32, -1 without a name), ``y, w, right`` (float64; ``right`` is the difference in correctness,
        NaN unknown), ``bad`` (both called bad), ``x`` (float64 (n, k), contrasts unscaled, of ``tanh`` the plain
        difference), ``pair`` (uint64) and ``order`` (int8: which of the two responses stands first); for every
        column that may be clustered by, ``key:COLUMN`` (uint64) and ``empty:COLUMN``.
    """

    names: tuple[str, ...]
    arrays: Arrays

    @property
    def n(self) -> int:
        """Battles."""
        return len(self.arrays["y"])

    def take(self, rows: Any) -> Shard:
        """Some of the battles."""
        # a view would keep all of a mapped file in memory
        return Shard(self.names, {name: np.array(values[rows]) for name, values in self.arrays.items()})


def joined(shards: Sequence[Shard]) -> Shard:
    """The battles of several shards in one."""
    names = tuple(sorted({name for shard in shards for name in shard.names}))
    place = {name: i for i, name in enumerate(names)}
    arrays: dict[str, list[NDArray[Any]]] = {name: [] for name in shards[0].arrays}
    for shard in shards:
        index = np.array([*(place[name] for name in shard.names), -1], dtype=np.int32)
        for name, values in shard.arrays.items():
            arrays[name].append(index[values] if name in ("a", "b") else np.asarray(values))
    return Shard(names, {name: np.concatenate(parts) for name, parts in arrays.items()})


class Pool(Protocol):
    """Shards that work is done on, here or elsewhere."""

    def map(self, work: Callable[[Shard], T]) -> Iterable[T]:
        """What the work makes of each shard, in their order."""
        ...

    def regrouped(self, group: Callable[[Shard], NDArray[np.int64]], groups: int) -> Pool:
        """The same battles, those of a group in one shard."""
        ...

    def forget(self) -> None:
        """Let the shards go."""
        ...


# -- from battles to shards ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are read and what is measured: the options of `read_battles`, `extract` and `fit` that say so."""

    features: Any
    contrast: str | Mapping[str, str] | None
    cluster: str | Sequence[str] | None
    read: dict[str, Any]
    n_jobs: int | None = None
    files: tuple[Source, ...] = ()

    @property
    def columns(self) -> list[str] | None:
        """Columns asked for by name to cluster by."""
        asked = [] if self.cluster is None else [self.cluster] if isinstance(self.cluster, str) else list(self.cluster)
        return [name for name in asked if name not in (PAIR, AUTO)] or None


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found in the rows of a shard, besides the shard.

    Attributes
    ----------
    features : FeatureSet
    contrasts : dict of str to str
    versions : dict
        Of the features' tables.
    cluster : tuple of str
        The columns asked for, by the battles' names for them.
    notes : Notes
        How the rows were read.
    textless : int
        Battles left out because a text is missing.
    measured : bool
        Whether features came with the data.
    """

    features: FeatureSet
    contrasts: dict[str, str]
    versions: dict[str, str]
    cluster: tuple[str, ...]
    notes: Notes
    textless: int
    measured: bool

    def __add__(self, other: Seen) -> Seen:
        if self.features.names != other.features.names or self.measured != other.measured:
            raise FitError(
                f"some files have the features {', '.join(self.features.names)}, others"
                f" {', '.join(other.features.names)}: name those to use with features="
            )
        if self.versions != other.versions:
            raise FitError("the files were measured by different versions: measure them again with extract")
        return Seen(
            self.features,
            self.contrasts,
            self.versions,
            self.cluster,
            self.notes + other.notes,
            self.textless + other.textless,
            self.measured,
        )


def read_part(
    source: Source, part: tuple[int, int], number: int, reading: Reading, rows: int = ROWS
) -> Iterator[tuple[Shard, Seen]]:
    """The battles of a part of a file, in shards of about ``rows``; ``number`` is the part's own among all."""
    held: list[Shard] = []
    seen: Seen | None = None
    for shard, found in _read_batches(source, part, number, reading):
        held.append(shard)
        seen = found if seen is None else seen + found
        if sum(s.n for s in held) >= rows:
            yield joined(held), seen
            held, seen = [], None
    if held and seen is not None:
        yield joined(held), seen


def _read_batches(
    source: Source, part: tuple[int, int], number: int, reading: Reading
) -> Iterator[tuple[Shard, Seen]]:
    """The battles of every batch; one that cannot be read by itself is read together with a row of another."""
    begin = source.begins[source.parts.index(part)] if source.begins else 0
    good: Any = None
    waiting: list[tuple[Any, int, LlamaStyleError]] = []
    at = 0
    for table in _tables(source, part):
        if not table.num_rows:
            continue
        first = (number << 40) + at + 1
        try:
            made = shard_of(table, reading, first)
        except (DataError, FitError, FeatureError) as error:
            waiting.append((table, first, _placed(error, source, begin + at, table.num_rows)))
        else:
            good = table
            yield made
        at += table.num_rows
        if good is not None:
            for late, number_of_first, error in waiting:
                yield _with_a_row_of(good, late, reading, number_of_first, error)
            waiting.clear()
    if waiting and not reading.read.get("strict", True):
        good = _good_batch(source, part, reading)
    for late, number_of_first, error in waiting:
        if good is None:
            raise error
        yield _with_a_row_of(good, late, reading, number_of_first, error)


def _tables(source: Source, part: tuple[int, int]) -> Iterator[Any]:
    """Rows of a part, with the columns of the other files, which are empty here."""
    import pyarrow as pa

    for table in batches(source, part, (), columns_of(source)):
        for name, kind in source.lacking:
            table = table.append_column(name, pa.nulls(table.num_rows, kind))
        yield table


def _good_batch(source: Source, part: tuple[int, int], reading: Reading) -> Any:
    """The first batch of another part of the file, or of another file, that can be read; None if there is none."""
    others = [file for file in reading.files if file != source]
    for file, other in ((one, other) for one in (source, *others) for other in one.parts):
        for table in _tables(file, other) if (file, other) != (source, part) else ():
            try:
                shard_of(table, reading)
            except (DataError, FitError, FeatureError):
                continue
            return table
    return None


def _placed(error: LlamaStyleError, source: Source, begin: int, rows: int) -> LlamaStyleError:
    """The error of a batch, its row counted in the file."""
    said = ROW.sub(lambda found: f"row {int(found[1]) + begin}", str(error))
    return type(error)(f"{source.path}, rows {begin} to {begin + rows - 1} (counted from 0): {said}")


def _with_a_row_of(good: Any, table: Any, reading: Reading, first: int, error: LlamaStyleError) -> tuple[Shard, Seen]:
    """The battles of a table none of whose rows may be fit to be read, as they are among others."""
    import pyarrow as pa

    for i in range(good.num_rows):
        row = good.slice(i, 1)
        try:
            one, alone = shard_of(row, reading)
        except (DataError, FitError, FeatureError):
            continue
        try:
            both = pa.concat_tables([row, table], promote_options="permissive")
            shard, seen = shard_of(both, reading, first - 1)
        except (DataError, FitError, FeatureError, pa.ArrowException):
            break
        return shard.take(slice(one.n, None)), replace(seen, notes=seen.notes - alone.notes)
    raise error


def shard_of(table: Any, reading: Reading, first: int = 0) -> tuple[Shard, Seen]:
    """The battles of a table; ``first`` is the number of its first row, unlike that of any other row."""
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), FIRST_ROW: str(first)})
    battles = read_battles(table, cluster=reading.columns, **reading.read)
    given = len(battles)
    battles, _ = with_texts(battles)
    features = extract(battles, reading.features, n_jobs=reading.n_jobs, progress=False)
    contrasts = choose_contrasts(features, reading.contrast)
    rows = battles.row_a, battles.row_b
    raw = [
        raw_contrast(features, name, "difference" if kind == "tanh" else kind, rows, None, battles.weight)[0]
        for name, kind in contrasts.items()
    ]
    n = len(battles)
    right = np.full(n, np.nan)
    if battles.correct_a is not None and battles.correct_b is not None:
        right = battles.correct_a - battles.correct_b
    cluster = (battles.cluster,) if isinstance(battles.cluster, str) else tuple(battles.cluster or ())
    pair, order = _pairs(battles)
    arrays: dict[str, NDArray[Any]] = {
        "a": battles.model_a.astype(np.int32),
        "b": battles.model_b.astype(np.int32),
        "y": battles.outcome,
        "w": battles.weight,
        "right": right,
        "bad": battles.both_bad,
        "x": np.column_stack(raw) if raw else np.empty((n, 0)),
        "pair": pair,
        "order": order,
        "row": mixed(np.arange(first, first + n, dtype=np.uint64)),
    }
    for name in dict.fromkeys([*CLUSTER_COLUMNS, *cluster]):
        arrays[f"key:{name}"], arrays[f"empty:{name}"] = _column_keys(battles, name, arrays["row"])
    measured = battles.measured is not None
    seen = Seen(
        features.features,
        contrasts,
        features.versions,
        cluster,
        Notes.of(battles.notes, len(table), given),
        given - n,
        measured,
    )
    return Shard(battles.models, arrays), seen


def mixed(values: Hashes, more: Hashes | None = None) -> Hashes:
    """Hashes of whole numbers, or of pairs of them (splitmix64)."""
    with np.errstate(over="ignore"):
        z = values + MULTIPLIER
        if more is not None:
            z = z ^ (mixed(more) * np.uint64(3))
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _hashes(values: Any) -> tuple[Hashes, NDArray[np.bool_]]:
    """Hashes of a column's values, and which rows have none."""
    codes, different = pd.factorize(values)
    if not len(different):
        return np.zeros(len(codes), np.uint64), np.ones(len(codes), bool)
    text = keys(python_column(pd.Series(different))).to_pandas().to_numpy(object)
    hashing: Any = pd.util  # type: ignore[attr-defined]
    return hashing.hash_array(text, categorize=False)[codes], codes < 0


def _known_hashes(values: Any) -> Hashes:
    """Hashes of a column's values, zero where there is none."""
    found, empty = _hashes(values)
    return np.where(empty, np.uint64(0), found)


def _column_keys(battles: Battles, name: str, row: Hashes) -> tuple[Hashes, NDArray[np.bool_]]:
    """Keys of a column's values; a row without one has its own."""
    if name not in battles.columns:
        return row, np.ones(len(battles), bool)
    found, empty = _hashes(battles.columns[name])
    return np.where(empty, row, found), empty


def _pairs(battles: Battles) -> tuple[Hashes, NDArray[np.int8]]:
    """A key for both orders of each pair of responses under one judge, and which of the two stands first."""
    zero = np.zeros(len(battles), np.uint64)
    judge = prompt = zero
    if "judge" in battles.columns:
        judge = _known_hashes(battles.columns["judge"])
    if battles.measured is not None and "prompt_id" in battles.columns:
        prompt = _known_hashes(battles.columns["prompt_id"])
    a, b = _responses(battles, prompt)
    return mixed(mixed(np.minimum(a, b), np.maximum(a, b)), judge), np.where(a < b, 1, np.where(a > b, -1, 0)).astype(
        np.int8
    )


def _responses(battles: Battles, prompt: Hashes) -> tuple[Hashes, Hashes]:
    """A hash for each different response on side a and on side b: of its text, or of its model, prompt and values."""
    models = np.append(_hashes(np.array(battles.models, object))[0], np.uint64(0)) if battles.models else None
    if battles.measured is None:
        frame = battles.responses.to_frame()
        whole = np.zeros(len(frame), np.uint64)
        for name in frame:
            whole = mixed(whole, _known_hashes(frame[name]))
        return whole[battles.row_a], whole[battles.row_b]
    sides = []
    for model, rows in ((battles.model_a, battles.row_a), (battles.model_b, battles.row_b)):
        side = prompt if models is None else mixed(prompt, models[model])
        for name in battles.measured.names:
            side = mixed(side, (battles.measured.column(name)[rows] + 0.0).view(np.uint64))
        sides.append(side)
    return sides[0], sides[1]


# -- on disk -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disk:
    """Shards in a folder, one folder each with a file an array; a group is a range of rows of every shard.

    Attributes
    ----------
    folder : Path
    shards : list of Path
    bounds : list of int64 (groups + 1,)
        Where the groups of each shard begin and end; empty where shards are worked on one by one.
    """

    folder: Path
    shards: list[Path] = field(default_factory=list)
    bounds: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, shard: Shard) -> None:
        """Write one more shard."""
        path = self.folder / f"{len(self.shards):06d}"
        path.mkdir(parents=True)
        (path / "names.json").write_text(json.dumps(shard.names), "utf-8")
        for name, values in shard.arrays.items():
            np.save(path / f"{name.encode().hex()}.npy", values)
        self.shards.append(path)

    def map(self, work: Callable[[Shard], T]) -> Iterator[T]:
        """What the work makes of each shard, or of each group."""
        if not self.bounds:
            for path in self.shards:
                yield work(_opened(path))
            return
        for group in range(len(self.bounds[0]) - 1):
            ranges = [slice(int(ends[group]), int(ends[group + 1])) for ends in self.bounds]
            parts = [_opened(path).take(rows) for path, rows in zip(self.shards, ranges, strict=True)]
            yield work(joined([part for part in parts if part.n] or parts[:1]))

    def regrouped(self, group: Callable[[Shard], NDArray[np.int64]], groups: int) -> Disk:
        """Shards of which every group is a range of rows."""
        made = Disk(Path(tempfile.mkdtemp(dir=self.folder.parent)))
        for path in self.shards:
            shard = _opened(path)
            of = group(shard)
            made.add(shard.take(np.argsort(of, kind="stable")))
            made.bounds.append(np.concatenate([[0], np.cumsum(np.bincount(of, minlength=groups))]).astype(np.int64))
        return made

    def forget(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder)


def _opened(path: Path) -> Shard:
    """A shard whose arrays are read when they are used."""
    names = tuple(json.loads((path / "names.json").read_text("utf-8")))
    return Shard(names, _Files({bytes.fromhex(file.stem).decode(): file for file in path.glob("*.npy")}))


class _Files(Mapping[str, NDArray[Any]]):
    """Arrays of files, each mapped when it is asked for."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files

    def __getitem__(self, name: str) -> NDArray[Any]:
        try:
            return np.load(self._files[name], mmap_mode="r")
        except ValueError:  # what is empty cannot be mapped
            return np.load(self._files[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
