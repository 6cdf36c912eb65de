"""Features of files larger than memory, written part by part, so that a run that was interrupted goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from llamastyle.errors import FeatureError, warn
from llamastyle.features.feature import Feature, FeatureSet, Recipe
from llamastyle.features.file_parts import (
    Source,
    batches,
    columns_of,
    common,
    examined,
    looked_through,
    paths_of,
    size_of,
)
from llamastyle.features.text import is_text
from llamastyle.report.files import fill_and_replace, write_whole
from llamastyle.report.progress import Bar

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    Measure = Callable[["pa.Array"], NDArray[np.float64]]
    Run = Callable[[Callable[[int], int], list[int]], Iterable[int]]

MANIFEST = "_manifest.json"  # what reads the folder as one parquet file leaves such names out
SIDES = ("response_a", "response_b")
SINGLE = ("response", "text", "output", "completion", "answer")
TYPES = ("float32", "float64")
PROBES = (
    "That is a great question! In 1,234 words: **unbelievably**, it isn't antidisestablishmentarianism.",
    "def square(x):\n    return x ** 2  # naïve, but \u4f60\u597d \U0001f600",
)
"""Texts that one's own functions are tried on."""
LONG = (
    "prompt",
    "instruction",
    "input",
    *SIDES,
    *SINGLE,
    "conversation_a",
    "conversation_b",
    "full_conversation",
)
"""Columns that are not carried over unless asked for."""


@dataclass(frozen=True, slots=True)
class FeatureFiles:
    """Features written to a folder.

    Attributes
    ----------
    folder : Path
    parts : tuple of Path
        Parquet files in the order of the rows: the columns that were kept, then one a feature.
    rows : int
    made : int
        Parts that this call made; the others were there.

    Examples
    --------
    >>> import tempfile, pandas as pd, llamastyle as ls
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pd.DataFrame({"response": ["One two.", "Three."]}).to_parquet(f"{folder}/a.parquet")
    ...     files = ls.extract(f"{folder}/a.parquet", ["words"], out=f"{folder}/out")
    ...     files.to_frame()["words"].tolist()
    [2.0, 1.0]
    """

    folder: Path
    parts: tuple[Path, ...]
    rows: int
    made: int

    def to_frame(self) -> pd.DataFrame:
        """Everything as one frame in memory."""
        import pandas as pd

        return pd.concat([pd.read_parquet(part) for part in self.parts], ignore_index=True)

    def __repr__(self) -> str:
        return f"FeatureFiles of {self.rows:,} rows in {len(self.parts)} parts in {str(self.folder)!r}"


def stream(
    source: Any,
    wanted: FeatureSet,
    out: Any,
    measure: Measure,
    *,
    text: Any,
    keep: Any,
    dtype: str,
    progress: bool | None,
    versions: Mapping[str, Any],
    run: Run = map,
) -> FeatureFiles:
    """Measure what files hold, part by part; `extract` says what the arguments are.

    Parameters
    ----------
    measure : callable
        Values (rows x features) of an Arrow array of texts.
    versions : mapping
        What else the values depend on, for the manifest.
    run : callable
        Does what is to be done for each of the parts, here or elsewhere, and gives what comes of it in their order.
    """
    if dtype not in TYPES:
        raise FeatureError(f"dtype={dtype!r} is not one of {', '.join(TYPES)}")
    if not isinstance(out, str | os.PathLike):
        raise FeatureError(f"out={out!r} must be the name of a folder to write to, for example 'features'")
    sources = [examined(path) for path in paths_of(source)]
    columns = columns_of(sources[0])
    named = [*_column_names("text", text or ""), *_column_names("keep", keep or "")]
    if keep is None or any(name and name not in columns for name in named):
        found = [columns_of(looked_through(file)) for file in sources]
        columns = {name: kind for one in reversed(found) for name, kind in one.items()} | found[0]
        if all(file.kind != "parquet" for file in sources):
            columns = common(found, sources[0].path)
    texts = _text_columns(text, columns, sources[0].path)
    kept = _kept_columns(keep, columns, texts)
    prompts = _prompts(keep, columns, texts)
    names = _names(wanted, texts, kept)
    folder = Path(out)
    plan = [(file, part) for file in sources for part in file.parts]
    with _alone(folder):
        asked = {
            "features": _marks(wanted, measure),
            "texts": texts,
            "kept": [*kept, *["prompt_id"] * len(prompts)],
            "dtype": dtype,
            **versions,
            "files": [[os.path.realpath(file.path), file.size, file.stamp] for file in sources],
            "parts": len(plan),
        }
        _agree(folder, asked)
        paths = [folder / f"part-{k:06d}.parquet" for k in range(len(plan))]
        job = _Job(plan, paths, texts, {name: columns[name] for name in kept}, prompts, names, dtype, measure)
        rows = {path: _rows_of(path) for path in paths if path.exists()}
        missing = [k for k, path in enumerate(paths) if path not in rows]
        without = 0
        show = sys.stderr.isatty() if progress is None else progress
        total = sum(size_of(*plan[k]) for k in missing)
        with Bar(show, total, "measuring", "MB", 1e6) as advance:
            for k, textless in zip(missing, run(job.write, missing), strict=True):
                without += textless
                rows[paths[k]] = _rows_of(paths[k])
                advance(size_of(*plan[k]))
    if without:
        rows_have, their = ("row has", "its") if without == 1 else ("rows have", "their")
        warn(f"{without} {rows_have} no text: {their} features are blank (NaN)")
    return FeatureFiles(folder, tuple(paths), sum(rows.values()), len(missing))


def _text_columns(text: Any, columns: Mapping[str, pa.DataType], path: str) -> list[str]:
    """The columns whose texts are measured: one, or the two sides."""
    if text is None:
        found: list[str] = (
            list(SIDES) if set(SIDES) <= set(columns) else [c for c in SINGLE if c in columns][:1]
        )
        if not found:
            raise FeatureError(
                f"{path} has none of the columns {', '.join((*SINGLE, *SIDES))}; name the one with the texts, for"
                f" example text={next(iter(columns), 'answer')!r}"
            )
    else:
        found = _column_names("text", text)
    for name in found:
        if name not in columns:
            raise FeatureError(f"{path} has no column {name!r}; it has {', '.join(columns)}")
        if not is_text(columns[name]):
            raise FeatureError(
                f"column {name!r} of {path} holds {columns[name]}, not texts; read it with read_battles"
            )
    return found


def _kept_columns(keep: Any, columns: Mapping[str, pa.DataType], texts: Sequence[str]) -> list[str]:
    """The columns that are carried over."""
    import pyarrow as pa

    if keep is not None:
        kept = _column_names("keep", keep)
        if unknown := [name for name in kept if name not in columns]:
            raise FeatureError(f"there is no column {unknown[0]!r} to keep; there are {', '.join(columns)}")
        return kept
    return [
        n for n, kind in columns.items() if n not in texts and n not in LONG and not pa.types.is_nested(kind)
    ]


def _prompts(keep: Any, columns: Mapping[str, pa.DataType], texts: Sequence[str]) -> list[str]:
    """The column of prompts that leaves ids behind, where nothing else tells the prompts apart."""
    left = keep is None and "prompt_id" not in columns and "prompt" not in texts
    return ["prompt"] * (left and "prompt" in columns and is_text(columns["prompt"]))


def _ids(prompts: pa.ChunkedArray) -> pa.Array:
    """An id for each different text, the same wherever it comes; none where there is no text."""
    import pyarrow as pa

    coded: Any = prompts.combine_chunks().dictionary_encode()
    ids = [hashlib.sha256(text.as_buffer()).hexdigest()[:16] for text in coded.dictionary]
    return pa.DictionaryArray.from_arrays(coded.indices, pa.array(ids, pa.string())).dictionary_decode()


def _column_names(option: str, given: Any) -> list[str]:
    """Columns as an option names them; texts are at least one."""
    found = [given] if isinstance(given, str) else given
    if not isinstance(found, list | tuple) or not all(isinstance(name, str) for name in found):
        raise FeatureError(f"{option}={given!r} must be the name of a column, or a list of names")
    if option == "text" and not found:
        raise FeatureError("text= names no column; leave it out, or name the one with the texts")
    return list(found)


def _names(wanted: FeatureSet, texts: Sequence[str], kept: Sequence[str]) -> list[list[str]]:
    """The new columns: for each text column one a feature, with the side where there are two."""
    ends = (
        [""]
        if len(texts) == 1
        else [text[-2:] if text[-2:] in ("_a", "_b") else f"_{text}" for text in texts]
    )
    names = [[f"{name}{end}" for name in wanted.names] for end in ends]
    made = [name for part in names for name in part]
    if twice := [name for name in made if made.count(name) > 1]:
        raise FeatureError(
            f"{' and '.join(map(repr, texts))} would both be called {twice[0]!r}; measure them one by one"
        )
    if both := [name for part in names for name in part if name in kept]:
        raise FeatureError(
            f"there is a column {both[0]!r} already; leave it out: keep={[k for k in kept if k not in both]}"
        )
    return names


# -- what is written -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be written, a path a part."""

    plan: list[tuple[Source, tuple[int, int]]]
    paths: list[Path]
    texts: list[str]
    kept: dict[str, pa.DataType]
    prompts: list[str]
    names: list[list[str]]
    dtype: str
    measure: Measure

    def write(self, k: int) -> int:
        """Write one part; how many rows had no text."""
        rows = map(self._with_ids, batches(*self.plan[k], [*self.texts, *self.prompts], self.kept))
        return _write_part(self.paths[k], rows, self.measure, self.texts, self.names, self.dtype)

    def _with_ids(self, table: pa.Table) -> pa.Table:
        """The rows with ids of their prompts in place of these."""
        for name in self.prompts:
            table = table.drop_columns(name).append_column("prompt_id", _ids(table[name]))
        return table


def _write_part(
    path: Path,
    batches: Iterable[pa.Table],
    measure: Measure,
    texts: Sequence[str],
    names: Sequence[Sequence[str]],
    dtype: str,
) -> int:
    """Write one part whole or not at all; how many rows had no text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    without = 0

    def write(unfinished: Path) -> None:
        nonlocal without
        writer: Any = None
        try:
            with open(unfinished, "wb") as file:
                for table in batches:
                    columns: dict[str, Any] = {n: table[n] for n in table.column_names if n not in texts}
                    for text, heads in zip(texts, names, strict=True):
                        given = table[text].combine_chunks()
                        absent = given.is_null().to_numpy(zero_copy_only=False)
                        without += int(absent.sum())
                        values = measure(given.fill_null(""))
                        values[absent] = np.nan
                        columns |= {head: pa.array(values[:, i].astype(dtype)) for i, head in enumerate(heads)}
                    made = pa.table(columns, metadata=table.schema.metadata)
                    writer = writer or pq.ParquetWriter(file, made.schema)
                    writer.write_table(made)
                (writer or pq.ParquetWriter(file, pa.schema([]))).close()
        finally:
            if writer is not None and writer.is_open:  # else it would speak up when it is collected
                writer.is_open = False

    try:
        fill_and_replace(path, write)
    except OSError as error:
        raise FeatureError(
            f"{str(path)!r} could not be written: {error.strerror or error}; the parts that are finished stay, and the"
            " same call goes on with the others"
        ) from error
    return without


def _rows_of(path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError) as error:
        raise FeatureError(f"{str(path)!r} is damaged: {error}; delete it, and the same call makes it again") from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder, made if it is not there, with nobody else in it; the lock ends with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "w", encoding="utf-8")  # noqa: SIM115
    except OSError as error:
        raise FeatureError(
            f"out={str(folder)!r} is no folder that can be written: {error.strerror or error}"
        ) from None
    with lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # there are no such locks on this system
        except OSError:
            raise FeatureError(
                f"another run is writing to {str(folder)!r}; wait for it, or take another folder"
            ) from None
        for left in folder.glob(".unfinished-*"):
            left.unlink(missing_ok=True)
        yield


def _agree(folder: Path, asked: Mapping[str, Any]) -> None:
    """Write down what is asked, or see that it is what the folder was begun with."""
    path = folder / MANIFEST
    now = json.dumps(asked, indent=1, sort_keys=True, ensure_ascii=True)
    if path.exists():
        try:
            before = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise FeatureError(f"{str(path)!r} cannot be read: {error}; take another folder") from None
        if differs := sorted(k for k in {*before, *asked} if before.get(k) != json.loads(now).get(k)):
            what = _changed(before, asked) if "files" in differs else f"other {', '.join(differs)}"
            raise FeatureError(
                f"{str(folder)!r} was begun with {what}; take another folder, or delete this one to begin again"
            )
        return
    if any(folder.glob("part-*.parquet")):
        raise FeatureError(f"{str(folder)!r} has parts, but no {MANIFEST}; take another folder")
    write_whole(path, lambda unfinished: unfinished.write_text(now + "\n", "utf-8"))


def _changed(before: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Which file is no longer what it was."""
    known = {name: rest for name, *rest in before.get("files", [])}
    for name, *rest in asked["files"]:
        if name in known and known[name] != rest:
            return f"another {name!r}, which has changed since"
    return "other files"


def _marks(wanted: FeatureSet, measure: Measure) -> dict[str, str]:
    """By feature, what its values depend on; of one's own functions also what they give for a few texts.

    What a function holds may be beyond its code, as a tokenizer of another package is.
    """
    import pyarrow as pa

    marks = {feature.name: _mark(feature) for feature in wanted}
    own = [i for i, f in enumerate(wanted) if not isinstance(f.how, Recipe) or f.how.function is not None]
    if own:
        try:
            values = measure(pa.array(PROBES, pa.large_string()))
        except FeatureError:  # that these are no texts for the function is not said: they are none of the caller's
            return marks
        for i in own:
            marks[wanted.names[i]] += hashlib.sha256(repr(values[:, i].tolist()).encode()).hexdigest()[:16]
    return marks


def _mark(feature: Feature) -> str:
    """What a feature's values depend on: its recipe or the code of its function, and its phrases."""
    how = feature.how
    if isinstance(how, Recipe):
        said = repr((how.counts, how.per, how.scale, how.phrases, _code(how.function)))
    else:
        said = repr((feature.definition, _code(how)))
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _code(thing: Any, within: tuple[int, ...] = ()) -> str:
    """A function or a value by what it does and holds, the same in every process."""
    if id(thing) in within:
        return "..."

    def said(part: Any) -> str:
        return _code(part, (*within, id(thing)))

    if thing is None or isinstance(thing, str | bytes | int | float | complex):
        return repr(thing)
    if isinstance(thing, re.Pattern):
        return repr((thing.pattern, thing.flags))
    if isinstance(thing, list | tuple):
        return repr([said(part) for part in thing])
    if isinstance(thing, set | frozenset):
        return repr(sorted(said(part) for part in thing))
    if isinstance(thing, dict):
        return repr(sorted((said(key), said(value)) for key, value in thing.items()))
    if isinstance(thing, CodeType):
        return repr((thing.co_code.hex(), thing.co_names, [said(part) for part in thing.co_consts]))
    if isinstance(thing, FunctionType):
        held = [cell.cell_contents for cell in thing.__closure__ or ()]
        read = {name: thing.__globals__.get(name) for name in _names_in(thing.__code__)}
        here = thing.__module__
        own = {n: v for n, v in read.items() if isinstance(v, _PLAIN) or getattr(v, "__module__", "") == here}
        return repr([said(part) for part in (thing.__code__, thing.__defaults__, thing.__kwdefaults__, held, own)])
    if isinstance(thing, MethodType):
        return repr((said(thing.__func__), said(thing.__self__)))
    if isinstance(thing, type) or hasattr(thing, "__qualname__"):
        return f"{getattr(thing, '__module__', '')}.{thing.__qualname__}"
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    state = {name: getattr(thing, name, None) for name in slots} | getattr(thing, "__dict__", {})
    return f"{type(thing).__module__}.{type(thing).__qualname__} {said(state)}"


def _names_in(code: CodeType) -> set[str]:
    """Names that a function looks up, and those of the functions in it."""
    return {*code.co_names, *(n for c in code.co_consts if isinstance(c, CodeType) for n in _names_in(c))}


_PLAIN = (str, bytes, int, float, list, tuple, set, frozenset, dict, re.Pattern)
