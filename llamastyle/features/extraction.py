"""``extract()``: texts in, a table of features out, in chunks over threads."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import FeatureError, warn
from llamastyle.features import catalog, tables
from llamastyle.features.counters import ARENA_COUNTERS, N_COUNTERS, PROSE_COUNTERS, Counter
from llamastyle.features.feature import METADATA, Feature, FeatureSet, FeatureTable, Recipe
from llamastyle.features.lexicon import lexicon_version
from llamastyle.features.phrase_tables import lexicon_of, tables_with
from llamastyle.features.text import TextBatch, TextSource, arrow_texts, batch_from_arrow, check_texts
from llamastyle.report.progress import Bar

if TYPE_CHECKING:
    from llamastyle.features.streaming import FeatureFiles

CHUNK_BYTES = 4_000_000
SLOW_CHUNK_BYTES = 100_000
COMPILING = "llamastyle: compiling {part}; this happens once, and takes half a minute, or more on a busy machine"
PARTS = {
    "scan_rows": "the text scanner",
    "scan_prose": "the text scanner's part that counts word by word",
    "scan_spans": "the text scanner's part that marks texts",
}
COMPILE_PATIENCE = 3.0
"""Seconds after which the scanner is being compiled, not loaded from its cache."""
_LOADED: set[str] = set()
"""The parts of the scanner that have been run to their end in this process."""
INEXACT = (
    "Arena's counts of headers, lists and bold are not exact in {n} of {rows} texts: these have very many code fences "
    "whose insides also stand within one another, and are removed from their own places only"
)


@overload
def extract(
    source: Any,
    features: Any = None,
    *,
    n_jobs: int | None = None,
    progress: bool | None = None,
    strip_think: bool = True,
    out: None = None,
) -> FeatureTable: ...
@overload
def extract(
    source: Any,
    features: Any = None,
    *,
    n_jobs: int | None = None,
    progress: bool | None = None,
    strip_think: bool = True,
    out: str | os.PathLike[str],
    text: str | Sequence[str] | None = None,
    keep: str | Sequence[str] | None = None,
    dtype: str | None = None,
) -> FeatureFiles: ...
def extract(
    source: Any,
    features: Any = None,
    *,
    n_jobs: int | None = None,
    progress: bool | None = None,
    strip_think: bool = True,
    out: Any = None,
    text: Any = None,
    keep: Any = None,
    dtype: str | None = None,
) -> Any:
    """Measure features in texts, or, with ``out``, in files larger than memory.

    Parameters
    ----------
    source : str, list, Series, Arrow array, Responses or Battles
        The texts.
    features : preset, name, Feature, or list of names and Features
        ``DEFAULT`` unless given.
    n_jobs : int, optional
        Threads; as many as there are cores unless given. The values are the same whatever it is.
    progress : bool, optional
        A progress bar on stderr for what takes longer than a second; unless given, if stderr is a terminal.
    strip_think : bool
        Cut reasoning in ``<think>...</think>`` out before anything is measured.
    out : path, optional
        A folder to write features to, part by part. ``source`` is then a path, a pattern, a folder, or a list of
        paths of parquet or JSON-lines files with a text a row. A run that was interrupted goes on where it was, to
        the same bytes; a changed input, other features or other versions are an error.
    text : str or list of str, optional
        With ``out``: the column with the texts, or those of both sides; ``response`` (or ``text``, ``output``,
        ``completion``, ``answer``), or ``response_a`` and ``response_b``, unless given.
    keep : list of str, optional
        With ``out``: columns to carry over; all but texts, prompts and nested ones unless given. Where there is a
        ``prompt`` and no ``prompt_id``, an id of each prompt's text is then written as ``prompt_id``.
    dtype : {"float32", "float64"}, optional
        With ``out``: how features are written; float32 unless given.

    Returns
    -------
    FeatureTable or FeatureFiles
        One row a text; for battles, one row a response, and both sides in ``to_frame()`` and ``sides()``. With
        ``out``, what was written; `read_battles` reads the parts of battles in place of texts.

    Raises
    ------
    FeatureError
        For an unknown feature, a row without text, or token counts that nobody knows. A response without
        text that no battle uses is not measured: NaN.

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.extract(["Great question! 🎉 **Yes**."], ["words", "bold", "emoji", "praise"]).values.tolist()
    [[3.0, 1.0, 1.0, 1.0]]
    """
    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs < 1):
        raise FeatureError(
            f"n_jobs={n_jobs!r} is not a number of threads; use 1, 2, ... or None for one a core"
        )
    measured = getattr(source, "measured", None)
    if isinstance(measured, FeatureTable) and out is None:
        wanted = measured.features if features is None else FeatureSet.of(features)
        if all(name in measured.features for name in wanted.names):
            return measured.select(wanted.names)
    wanted = catalog.DEFAULT if features is None else FeatureSet.of(features)
    if out is not None:
        kind = "float32" if dtype is None else dtype
        return streamed(source, wanted, out, n_jobs, progress, strip_think, text=text, keep=keep, dtype=kind)
    if any(option is not None for option in (text, keep, dtype)):
        raise FeatureError("text=, keep= and dtype= are for files; they go with out=, a folder to write to")
    rows = tokens = absent = None
    if isinstance(source, TextSource):
        texts, turn_starts, tokens, rows = source.texts, source.turn_starts, source.tokens, source.rows
        absent = check_texts(texts, rows)
        if absent.any():
            texts = texts.fill_null("")
            tokens = None if tokens is None else np.where(absent, 0.0, tokens)
        batch = batch_from_arrow(texts, turn_starts)
    else:
        batch = batch_from_arrow(arrow_texts(source))
    values = _measure(batch, wanted, tokens, _threads(n_jobs, batch), progress, strip_think)
    if absent is not None:
        values[absent] = np.nan
    return FeatureTable(values, wanted, rows, _versions(wanted))


def streamed(
    source: Any,
    wanted: FeatureSet,
    out: Any,
    n_jobs: int | None,
    progress: bool | None,
    strip_think: bool,
    **columns: Any,
) -> FeatureFiles:
    """Features of files, written to a folder; ``run`` among ``columns`` is who does it."""
    from llamastyle.features.streaming import stream

    def measure(texts: Any, show: bool | None = False) -> NDArray[np.float64]:
        batch = batch_from_arrow(texts)
        return _measure(batch, wanted, None, _threads(n_jobs, batch), show, strip_think)

    if "run" not in columns:
        measure(arrow_texts([""]), progress)  # what has to be compiled is compiled now, and said
    versions = {"strip_think": strip_think, "versions": _versions(wanted)}
    return stream(source, wanted, out, measure, progress=progress, versions=versions, **columns)


def _versions(features: FeatureSet) -> dict[str, str]:
    """What the values depend on besides the texts: tables, and phrase lists other than the shipped ones."""
    lists = dict.fromkeys(feature.phrases for feature in features if feature.phrases)
    others = [lexicon_version((lexicon_of(toml),)) for toml in lists]
    return tables.load()[1] | ({"phrase lists": ", ".join(others)} if others else {})


def _threads(n_jobs: int | None, batch: TextBatch) -> int:
    """Threads to use: no more than there are chunks."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    size = int(batch.offsets[-1] - batch.offsets[0])
    return max(1, min(n_jobs if n_jobs is not None else cores, -(-size // CHUNK_BYTES)))


def _measure(
    batch: TextBatch,
    features: FeatureSet,
    tokens: NDArray[np.float64] | None,
    n_jobs: int,
    progress: bool | None,
    strip_think: bool,
) -> NDArray[np.float64]:
    """Values, rows x features."""
    values = np.empty((len(batch), len(features)), dtype=np.float64)
    slow: list[tuple[int, Feature]] = []
    counted: list[tuple[int, Recipe]] = []
    for column, feature in enumerate(features):
        if isinstance(feature.how, Recipe):
            counted.append((column, feature.how))
        elif feature.how == METADATA:
            values[:, column] = _token_counts(tokens, len(batch))
        else:
            slow.append((column, feature))
    chunks = list(batch.chunks(SLOW_CHUNK_BYTES if slow else CHUNK_BYTES))
    show = sys.stderr.isatty() if progress is None else progress
    inexact: list[int] = []
    scans = []
    for phrases in dict.fromkeys(recipe.phrases for _, recipe in counted) if chunks else ():
        part = [(column, recipe) for column, recipe in counted if recipe.phrases == phrases]
        needed = frozenset().union(*(features[column].counters for column, _ in part))
        scans.append((part, scanner(batch, needed, strip_think, progress is not False, inexact, phrases)))

    def work(begin: int, end: int) -> int:
        for part, scan in scans:
            _apply(part, scan(begin, end), values[begin:end], features)
        for column, feature in slow:
            values[begin:end, column] = _call(feature, batch, begin, end, strip_think)
        return int(batch.offsets[end] - batch.offsets[begin])

    with Bar(show, int(batch.offsets[-1] - batch.offsets[0]), "measuring", "MB", 1e6) as advance:
        if n_jobs == 1 or len(chunks) < 2:
            for begin, end in chunks:
                advance(work(begin, end))
        else:
            _threaded(work, chunks, n_jobs, advance)
    if n := sum(inexact):
        warn(INEXACT.format(n=n, rows=len(batch)))
    return values


def _threaded(
    work: Callable[[int, int], int],
    chunks: list[tuple[int, int]],
    n_jobs: int,
    advance: Callable[[int], None],
) -> None:
    """Work through the chunks on threads; the error of the earliest chunk is the one that is raised."""
    with ThreadPoolExecutor(n_jobs) as pool:
        jobs: list[Future[int]] = [pool.submit(work, begin, end) for begin, end in chunks]
        for job in jobs:
            job.add_done_callback(
                lambda done: None if done.cancelled() or done.exception() else advance(done.result())
            )
        wait(jobs, return_when=FIRST_EXCEPTION)
        for job in reversed(jobs):
            job.cancel()
    for job in jobs:
        if not job.cancelled():
            job.result()


def scanner(
    batch: TextBatch,
    needed: frozenset[Counter],
    strip_think: bool,
    show: bool,
    inexact: list[int] | None = None,
    phrases: str = "",
) -> Callable[[int, int], NDArray[np.int64]]:
    """The compiled scan, as a function of a range of rows; compiled or loaded before it is returned.

    ``inexact`` gets the number of rows in which Arena's counts are not exact, a range of rows each; ``phrases`` is
    the text of a phrase list in the place of the shipped ones.
    """
    from llamastyle.features import kernel

    arrays = tables_with(phrases)
    arena = bool(needed & ARENA_COUNTERS)
    compiled: Any = kernel.scan_prose if needed & PROSE_COUNTERS else kernel.scan_rows

    def scan(begin: int, end: int) -> NDArray[np.int64]:
        out = np.empty((end - begin, N_COUNTERS), dtype=np.int64)
        # Where numba is switched off, NumPy would warn of hashes that wrap around.
        with np.errstate(over="ignore"):
            rows = compiled(
                batch.data,
                batch.offsets,
                batch.turns,
                batch.turn_offsets,
                begin,
                end,
                strip_think,
                arena,
                arrays,
                out,
            )
        if inexact is not None:
            inexact.append(rows)
        return out

    with notice(show, compiled.__name__):
        scan(0, 0)
    return scan


def _apply(
    counted: list[tuple[int, Recipe]],
    counts: NDArray[np.int64],
    values: NDArray[np.float64],
    features: FeatureSet,
) -> None:
    """Fill the columns that are made of counts."""
    columns = counts.T.astype(np.float64, order="C")

    def column_of(name: str) -> NDArray[np.float64]:
        return columns[Counter[name.upper()]]

    def summed(names: tuple[str, ...]) -> NDArray[np.float64]:
        return sum(map(column_of, names[1:]), column_of(names[0]))

    for column, recipe in counted:
        if recipe.function is not None:
            try:
                values[:, column] = recipe.function({name: column_of(name).copy() for name in recipe.counts})
            except Exception as error:
                raise FeatureError(f"the function of {features[column].name!r} failed: {error!r}") from error
            continue
        total = summed(recipe.counts)
        if recipe.per:
            by = summed(recipe.per)
            total = np.divide(total, by, out=np.zeros(len(counts)), where=by > 0)
        values[:, column] = total if recipe.scale == 1 else recipe.scale * total


def _call(feature: Feature, batch: TextBatch, begin: int, end: int, strip_think: bool) -> NDArray[np.float64]:
    """Call a function of one text on each text of a range of rows."""
    out = np.empty(end - begin)
    function: Any = feature.how
    for row in range(begin, end):
        try:
            out[row - begin] = function(batch.prose(row, strip_think))
        except FeatureError as error:
            raise FeatureError(f"{feature.name!r}: {error}") from error
        except Exception as error:
            raise FeatureError(f"the function of {feature.name!r} failed at row {row}: {error!r}") from error
    return out


def _token_counts(tokens: NDArray[np.float64] | None, rows: int) -> NDArray[np.float64]:
    """Token counts from the data, or the two ways out."""
    ways = "hand in tokens(tokenizer) in place of 'tokens', or use ARENA_WORDS, which counts words"
    if tokens is None:
        raise FeatureError(f"the data have no token counts; {ways}")
    unknown = np.flatnonzero(np.isnan(tokens))
    if len(unknown):
        raise FeatureError(
            f"row {unknown[0]} has no token count ({len(unknown)} of {rows} rows have none); {ways}"
        )
    return tokens


@contextmanager
def notice(show: bool, scan: str) -> Iterator[None]:
    """Say that the scanner is being compiled, if the first call of one of its kinds takes too long to be loaded."""
    said = COMPILING.format(part=PARTS[scan])
    notice = threading.Timer(COMPILE_PATIENCE, lambda: print(said, file=sys.stderr, flush=True))
    notice.daemon = True
    if show and scan not in _LOADED:
        notice.start()
    try:
        yield
        _LOADED.add(scan)
    finally:
        notice.cancel()
