"""Parquet files that are parts of one table by their names, ``train-00000-of-00007.parquet``."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from llamastyle.data.readers.table import Table, shown
from llamastyle.errors import DataError

NAME = re.compile(r"(?P<stem>.*?)(?P<number>\d+)-of-(?P<count>\d+)\.parquet")
PART = re.compile(r"part-\d+\.parquet")
PLACE = re.compile(r"\d+(?=-of-\d+\.parquet$)")
MOST_NAMED = 5


def missing_shards(paths: Sequence[str]) -> list[str]:
    """A note for each series of which some files are not among these.

    Examples
    --------
    >>> missing_shards(["data/train-00000-of-00003.parquet", "data/train-00002-of-00003.parquet"])
    ['shard 2 of 3 is missing (data/train-00001-of-00003.parquet): read without it']
    """
    return [
        _missing(next(iter(members.values())), gone, count)
        for (_, _, count), members in _series(paths).items()
        if (gone := sorted(set(range(count)) - set(members)))
    ] + _unmeasured(paths)


def _unmeasured(paths: Sequence[str]) -> list[str]:
    """A note for each folder of ``extract(out=)`` of which some parts are not among these."""
    here = Counter(str(Path(path).parent) for path in paths if PART.fullmatch(Path(path).name))
    notes = []
    for folder, n in here.items():
        of = _parts_asked_for(Path(folder))
        if n < of:
            there = sum(bool(PART.fullmatch(path.name)) for path in Path(folder).iterdir())
            rest = "the others are not measured: call extract again" if there < of else "read without the others"
            notes.append(f"{n} of {of} parts in {folder!r}: {rest}")
    return notes


def _parts_asked_for(folder: Path) -> int:
    """How many parts a folder of features is to have; zero where it is none."""
    try:
        return int(json.loads((folder / "_manifest.json").read_text("utf-8"))["parts"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return 0


def _missing(path: str, gone: Sequence[int], count: int) -> str:
    """What is missing of the series that a file is of."""
    name = PLACE.sub(lambda place: f"{gone[0]:0{len(place[0])}d}", path)
    if len(gone) == 1:
        return f"shard {gone[0] + 1} of {count} is missing ({name}): read without it"
    numbers = ", ".join(str(i + 1) for i in gone[:MOST_NAMED])
    more = f" and {len(gone) - MOST_NAMED} more" if len(gone) > MOST_NAMED else ""
    return f"shards {numbers}{more} of {count} are missing (first {name}): read without them"


def check_shard(path: str, data: bytes) -> None:
    """Refuse a file that is part of a series of parquet files by its name, and no parquet file.

    Raises
    ------
    DataError
        If it is none.
    """
    if NAME.fullmatch(Path(path).name) and not data.startswith(b"PAR1"):
        start = f"it begins with {shown(data[:40].decode('utf-8', 'replace'), 50)}" if data else "it is empty"
        raise DataError(f"{path} is no parquet file, though its name says so: {start}; get this file again")


def check_columns(tables: Sequence[tuple[str, Table]]) -> None:
    """Refuse shards of one series whose columns differ.

    Raises
    ------
    DataError
        If some do.
    """
    by_path = dict(tables)
    for members in _series(list(by_path)).values():
        paths = list(members.values())
        first = by_path[paths[0]].names
        for path in paths[1:]:
            here = by_path[path].names
            lacks = ", ".join(map(repr, (name for name in first if name not in here)))
            more = ", ".join(map(repr, (name for name in here if name not in first)))
            if lacks or more:
                how = [f"it lacks {lacks}"] * bool(lacks) + [f"it has {more}"] * bool(more)
                raise DataError(
                    f"{path} has other columns than {paths[0]}, of whose table it is a part by its name: "
                    f"{' and '.join(how)}; get the files of one table, or read them one by one"
                )


def _series(paths: Sequence[str]) -> dict[tuple[str, str, int], dict[int, str]]:
    """Paths by number, for each series: its folder, what its names begin with, how many files it has."""
    made: dict[tuple[str, str, int], dict[int, str]] = {}
    for path in paths:
        if match := NAME.fullmatch(Path(path).name):
            key = str(Path(path).parent), match["stem"], int(match["count"])
            made.setdefault(key, {})[int(match["number"])] = path
    return made
