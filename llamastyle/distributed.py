"""The same `extract` and the same fit of files on a Ray cluster, this machine's cores included.

Work goes to where Ray has room, and what is lost with a worker is done again by Ray. The numbers are those of one
machine: features are written part by part as `llamastyle.extract` writes them, and a fit adds up the sums that
`llamastyle.fit_files` adds up. Needs ``pip install 'llamastyle[ray]'`` on every node.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from llamastyle import errors
from llamastyle.errors import DataError, LlamaStyleError
from llamastyle.features import catalog
from llamastyle.features.extraction import streamed
from llamastyle.features.feature import FeatureSet
from llamastyle.features.file_parts import Source
from llamastyle.features.streaming import FeatureFiles
from llamastyle.options import BothBad, Correctness, Covariance, Separated, Ties
from llamastyle.regression.file_fits import Asked, features_of, fit_pool, parts_of, read_options, with_missing
from llamastyle.regression.result import StyleResult
from llamastyle.regression.shards import Reading, Seen, Shard, joined, read_part

__all__ = ["audit", "extract", "fit"]

T = TypeVar("T")

PART_BYTES = 1 << 26
"""About so many bytes of a file are read by one task of a fit."""
UNSEEN = "a worker could not read or write: {error}; every node must see files and folders under the same names"
AHEAD = 4
"""So many tasks a core are handed to Ray before the first is waited for."""


def extract(
    source: Any,
    features: Any = None,
    *,
    out: str | os.PathLike[str],
    progress: bool | None = None,
    strip_think: bool = True,
    text: str | Sequence[str] | None = None,
    keep: str | Sequence[str] | None = None,
    dtype: str = "float32",
) -> FeatureFiles:
    """Measure features in files on a Ray cluster: ``llamastyle.extract(source, features, out=out)``, to the same bytes.

    Every part of about 256 MB is one task of Ray Data, on one core. A run that was interrupted goes on where it was,
    here or on another cluster.

    Parameters
    ----------
    source, features, progress, strip_think, text, keep, dtype
        As in `llamastyle.extract`.
    out : path
        A folder that every node sees under this name, as it must see the files.

    Returns
    -------
    FeatureFiles

    Raises
    ------
    FeatureError
        As `llamastyle.extract`.
    LlamaStyleError
        Ray is not installed.

    Examples
    --------
    >>> import pandas as pd
    >>> import llamastyle.distributed as distributed
    >>> pd.DataFrame({"response": ["One two.", "Three."]}).to_parquet("answers.parquet")
    >>> distributed.extract("answers.parquet", ["words"], out="features").to_frame()["words"].tolist()
    [2.0, 1.0]
    """
    _started()
    wanted = catalog.DEFAULT if features is None else FeatureSet.of(features)
    options = {"text": text, "keep": keep, "dtype": dtype, "run": _over_data()}
    return streamed(_absolute(source), wanted, os.path.abspath(out), 1, progress, strip_think, **options)


def fit(
    source: Any,
    features: Any = None,
    *,
    contrast: str | Mapping[str, str] | None = None,
    correctness: Correctness | tuple[str, str] = "auto",
    ties: Ties = "half",
    both_bad: BothBad = "half",
    vcov: Covariance = "auto",
    cluster: str | Sequence[str] | None = None,
    position: bool = False,
    penalty: Mapping[str, float] | None = None,
    separated: Separated = "error",
    level: float = 0.95,
    seed: int = 0,
    **reading: Any,
) -> StyleResult:
    """Fit battles in files on a Ray cluster: `llamastyle.fit_files`, its sums mapped over tasks and added up here.

    The battles are held as arrays in Ray's object store, about 8 bytes a battle and feature, and once more while
    sums by cluster are made; Ray spills to disk what does not fit.

    Parameters
    ----------
    source : FeatureFiles, path, pattern, folder, or list of paths
        Files that every node sees under these names.
    features, contrast, correctness, ties, both_bad, vcov, cluster, position, penalty, separated, level, seed
        As in `llamastyle.fit_files`.
    **reading
        Options of `read_battles`: ``format, columns, labels, strict``.

    Returns
    -------
    StyleResult
        As that of `llamastyle.fit_files`: with all that needs no battles one by one.

    Raises
    ------
    FitError
        As `llamastyle.fit`.
    LlamaStyleError
        Ray is not installed.

    Examples
    --------
    >>> import llamastyle as ls
    >>> import llamastyle.distributed as distributed
    >>> ls.simulate(3000, 4, style={"words": 0.8}, seed=2).battles.to_frame().to_parquet("votes.parquet")
    >>> distributed.fit("votes.parquet").ratings()["model"].tolist()[0]
    'model-01'
    """
    asked = Asked(str(correctness), ties, both_bad, vcov, cluster, position, penalty, separated, level, seed)
    asked, how = read_options(asked, correctness, reading)
    asked.checked()
    measured, ray = features_of(features), _started()
    plan = parts_of(_absolute(source), part_bytes=PART_BYTES)
    files = Reading(measured, contrast, cluster, how, 1, tuple(dict.fromkeys(file for file, _ in plan)))
    reader = ray.remote(num_returns=2)(_read)
    tasks = [reader.remote(file, part, number, files) for number, (file, part) in enumerate(plan)]
    seen: Seen | None = None
    shards: list[Any] = []
    try:
        for (shard, _), one in zip(tasks, _in_order(ray, (found for _, found in tasks)), strict=True):
            if one is not None:
                shards.append(shard)
                seen = one if seen is None else seen + one
    except LlamaStyleError:
        _call_off(ray, [shard for shard, _ in tasks])
        raise
    if seen is None:
        raise DataError("the files have no rows; give at least one battle")
    return fit_pool(Cluster(ray, shards), with_missing(seen, files.files), asked)


def audit(source: Any, features: Any = None, **options: Any) -> StyleResult:
    """`fit` with small arenas forgiven, ``separated="drop"``; ``.audit()`` of the result has the verdicts.

    Parameters
    ----------
    source, features, **options
        As in `fit`.

    Returns
    -------
    StyleResult

    Examples
    --------
    >>> import llamastyle as ls
    >>> import llamastyle.distributed as distributed
    >>> ls.simulate(3000, 4, style={"words": 0.8}, seed=2).battles.to_frame().to_parquet("votes.parquet")
    >>> sorted(distributed.audit("votes.parquet").audit()["model"])
    ['model-01', 'model-02', 'model-03', 'model-04']
    """
    return fit(source, features, **{"separated": "drop", **options})


@dataclass(frozen=True, slots=True)
class Cluster:
    """Shards in Ray's object store; a `Pool`."""

    ray: Any
    shards: list[Any]

    def map(self, work: Callable[[Shard], T]) -> Iterator[T]:
        """What the work makes of each shard, in their order."""
        task = self.ray.remote(_apply)
        return _in_order(self.ray, (task.remote(work, shard) for shard in self.shards))

    def regrouped(self, group: Callable[[Shard], NDArray[np.int64]], groups: int) -> Cluster:
        """The same battles, those of a group in one shard."""
        cut, join = self.ray.remote(num_returns=groups)(_cut), self.ray.remote(_joined)
        cuts = [cut.remote(group, groups, shard) for shard in self.shards]
        if groups == 1:
            cuts = [[one] for one in cuts]
        return Cluster(self.ray, [join.remote(*parts) for parts in zip(*cuts, strict=True)])

    def forget(self) -> None:
        """Let the shards go."""
        self.shards.clear()


def _apply(work: Callable[[Shard], T], shard: Shard) -> T:
    return work(shard)


def _read(file: Source, part: tuple[int, int], number: int, reading: Reading) -> tuple[Shard | None, Seen | None]:
    """All battles of a part in one shard."""
    for shard, seen in read_part(file, part, number, reading, rows=1 << 62):
        return shard, seen
    return None, None


def _cut(group: Callable[[Shard], NDArray[np.int64]], groups: int, shard: Shard) -> Any:
    """The battles of each group."""
    of = group(shard)
    parts = [shard.take(np.flatnonzero(of == number)) for number in range(groups)]
    return parts[0] if groups == 1 else parts


def _joined(*parts: Shard) -> Shard:
    return joined(parts)


def _over_data() -> Callable[[Callable[[int], int], list[int]], Iterable[int]]:
    """A runner of work on numbers of parts as tasks of Ray Data."""

    def run(work: Callable[[int], int], parts: list[int]) -> Iterable[int]:
        if not parts:
            return []
        data = import_module("ray.data")
        context = data.DataContext.get_current()
        shown, context.enable_progress_bars = context.enable_progress_bars, False
        try:
            rows = data.from_items([{"part": k} for k in parts], override_num_blocks=len(parts))
            done = sorted(rows.map(partial(_done, work)).take_all(), key=lambda row: row["part"])
        finally:
            context.enable_progress_bars = shown
        if failed := [row for row in done if row["error"]]:
            raise getattr(errors, failed[0]["error"])(failed[0]["message"])
        return [int(row["found"]) for row in done]

    return run


def _done(work: Callable[[int], int], row: dict[str, Any]) -> dict[str, Any]:
    """What comes of a part; an error of the library as words, for Ray Data keeps no causes."""
    found = {"part": int(row["part"]), "found": 0, "error": "", "message": ""}
    try:
        return {**found, "found": work(int(row["part"]))}
    except LlamaStyleError as error:
        return {**found, "error": type(error).__name__, "message": str(error)}
    except OSError as error:
        return {**found, "error": "DataError", "message": UNSEEN.format(error=error)}


def _in_order(ray: Any, tasks: Iterator[Any]) -> Iterator[Any]:
    """Results of tasks in their order, a bounded number of them under way; after an error the rest is called off."""
    most = AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
    under_way: list[Any] = []
    try:
        for task in tasks:
            under_way.append(task)
            if len(under_way) >= most:
                yield ray.get(under_way.pop(0))
        while under_way:
            yield ray.get(under_way.pop(0))
    except ray.exceptions.RayError as error:
        _call_off(ray, [*under_way, *tasks])
        raise _told(error) from None


def _call_off(ray: Any, tasks: list[Any]) -> None:
    """Cancel tasks, and take note of what they say, for Ray speaks up about errors that nobody looked at."""
    for task in tasks:
        ray.cancel(task)
    for task in tasks:
        with suppress(ray.exceptions.RayError):
            ray.get(task)


def _told(error: Any) -> BaseException:
    """The library's own error in what Ray makes of it, or what Ray says."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, OSError):
        return DataError(UNSEEN.format(error=cause))
    return cause if isinstance(cause, LlamaStyleError) else error


def _absolute(source: Any) -> Any:
    """Paths that mean the same in every process."""
    if isinstance(source, FeatureFiles):
        source = [str(part) for part in source.parts]
    if isinstance(source, str | os.PathLike):
        return os.path.abspath(source)
    if isinstance(source, list | tuple):
        return [os.path.abspath(one) for one in source]
    return source


def _started() -> Any:
    """Ray, connected to the cluster that the program has joined, or to one of this machine's cores."""
    try:
        ray: Any = import_module("ray")
    except ImportError:
        raise LlamaStyleError("llamastyle.distributed needs Ray: pip install 'llamastyle[ray]'") from None
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False)
    return ray
