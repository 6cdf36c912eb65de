"""inspect_ai's logs: a zip of samples (``.eval``) or one JSON, read here, one sample at a time.

inspect_ai is not needed, and its own `read_eval_log` is not called: it unpacks without a bound and checks every
event of a run. The tests hold what is read here against what it reads. Its newer logs are compressed with zstd,
which Python reads from 3.14 on, and before that with the package that comes with the extra ``inspect``.
"""

from __future__ import annotations

import importlib
import json
import math
import re
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa

from llamastyle.data.battles import counted
from llamastyle.data.readers.files import BOM
from llamastyle.data.readers.table import Table, number, python_column, scrub, shown
from llamastyle.errors import DataError
from llamastyle.options import nearest

NAME = "inspect_ai"
LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""Values of scores that are words."""
JSON_LOG = re.compile(rb'\s*\{\s*"version"\s*:\s*\d+\s*,\s*"status"\s*:\s*"\w+"\s*,\s*"eval"\s*:')
SAMPLE = re.compile(r"samples/.+_epoch_\d+(\.json|/sample\.json)")
"""A sample in one piece, or the head of one in chunks, which has its output and its scores."""
ATTACHED = re.compile(r"attachment://(\w+)")
ZSTD = 93
MOST_MEMBER = 1 << 29
"""Largest member of a zip that is unpacked, in bytes."""
MOST_JSON = 1 << 30
"""Largest JSON log that is read, in bytes: it is held in memory as a whole."""
MOST_MEMBERS = 5_000_000
PIECE = 4096
"""Compressed bytes unpacked at a time: `zipfile` unpacks zstd without looking at the size it is to have, so that
a member that gives a false one would fill the memory; after each piece it is cut at that size, and its sum fails."""


class Log(NamedTuple):
    """A log's header, and its samples one after the other."""

    header: dict[str, Any]
    samples: Iterator[dict[str, Any]]


@dataclass(slots=True)
class Kept:
    """What is kept of one sample, over its epochs."""

    text: str | None
    document: str | None
    scores: list[float] = field(default_factory=list)


def sniff(path: Path, head: bytes) -> bool:
    """Whether a file is a log: a zip named ``.eval``, or a JSON that begins like one."""
    zipped = path.suffix == ".eval" and head.startswith(b"PK")
    return zipped or JSON_LOG.match(head.removeprefix(BOM)) is not None


def read(path: Path, score: str | None = None, filter: str | None = None, strict: bool = True) -> Table:
    """The responses of one log: ``text, model, prompt_id, score, document``.

    A sample's text is its output's completion. Epochs are one row: the text of the first, the mean of the scores
    that are there. ``C, I, P, N`` are 1, 0, 1/2, 0; NaN is unscored. Samples that ended in an error are left out
    and counted.

    Parameters
    ----------
    path : Path
        ``.eval`` or ``.json``.
    score : str, optional
        The scorer, or ``scorer/key`` where its value is a record; the first by default.
    filter : str, optional
        Logs of inspect_ai have none.
    strict : bool
        False reads the log of a run that did not succeed, with a note.

    Raises
    ------
    DataError
        If the log is broken, too large, or of an unfinished run; no such scorer; a sample twice.
    """
    if filter is not None:
        raise DataError(f"filter={filter!r}: {path} is a log of inspect_ai, whose scores have no filters")
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if zipped:
        with _opened(path) as archive:
            return _table(_zipped(archive, path), path, score, strict)
    return _table(_plain(path), path, score, strict)


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DataError(f"{path} is no zip file, or cut short ({shown(str(error))}): get it again") from None
    if len(archive.filelist) > MOST_MEMBERS:
        raise DataError(f"{path} holds {len(archive.filelist)} files; more than {MOST_MEMBERS} are not read")
    for name in archive.NameToInfo:
        if (
            name.startswith("/")
            or "\\" in name
            or ":" in name.split("/")[0]
            or ".." in PurePosixPath(name).parts
        ):
            raise DataError(f"{path} holds a file named {shown(name)}, outside of its own folder: not read")
    return archive


def _zipped(archive: zipfile.ZipFile, path: Path) -> Log:
    """A log as a zip; where one name stands twice, the last is the log's, as for every reader of zip files."""
    names = archive.NameToInfo
    if "header.json" in names:
        header = _member(archive, "header.json", path)
    elif "_journal/start.json" in names:
        header = {"status": "started", **_member(archive, "_journal/start.json", path)}
    else:
        raise DataError(f"{path} holds neither header.json nor _journal/start.json: no log of inspect_ai")
    return Log(header, (_sample(archive, name, path) for name in names if SAMPLE.fullmatch(name)))


def _sample(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, Any]:
    sample = _member(archive, name, path)
    if not name.endswith("/sample.json") or not ATTACHED.search(_completion(sample) or ""):
        return sample
    folder = f"{name.removesuffix('sample.json')}attachments/"
    pieces = {
        int(PurePosixPath(other).stem): other
        for other in archive.NameToInfo
        if other.startswith(folder) and PurePosixPath(other).stem.isdecimal()
    }
    attached: dict[str, Any] = {}
    for first, other in pieces.items():
        texts = _value(archive, other, path)
        attached |= {str(first + i): text for i, text in enumerate(texts if isinstance(texts, list) else ())}
    return {**sample, "attachments": attached}


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, Any]:
    value = _value(archive, name, path)
    if not isinstance(value, dict):
        raise DataError(f"{path}: {name} holds a JSON {type(value).__name__}, no record")
    return value


def _value(archive: zipfile.ZipFile, name: str, path: Path) -> Any:
    """The JSON of one member, unpacked up to the size that the zip gives for it."""
    info = archive.getinfo(name)
    if info.file_size > MOST_MEMBER:
        raise DataError(
            f"{path}: {name} is {_size(info.file_size)} unpacked, of {_size(info.compress_size)}; more than "
            f"{_size(MOST_MEMBER)} is not unpacked: a zip bomb, or a sample whose events are best left out"
        )
    if info.compress_type == ZSTD:
        _need_zstd(path)
    try:
        with archive.open(info) as file:
            return json.loads(b"".join(iter(lambda: file.read(PIECE), b"")))
    except (zipfile.BadZipFile, RuntimeError, OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: {name} cannot be unpacked ({shown(str(error))}): get the log again"
        ) from None
    except ValueError as error:
        raise DataError(f"{path}: {name} is not JSON ({shown(str(error))}): get the log again") from None


def _need_zstd(path: Path) -> None:
    """Teach Python's zip files zstd; `zipfile_zstd`, which inspect_ai brings along, does so when imported."""
    if sys.version_info >= (3, 14):
        return
    try:
        importlib.import_module("zipfile_zstd")
    except ImportError:
        raise DataError(
            f"{path} is compressed with zstd, which Python {sys.version_info[0]}.{sys.version_info[1]} does not "
            f"read: pip install 'llamastyle[inspect]', or write the log as JSON with inspect log convert --to json"
        ) from None


def _plain(path: Path) -> Log:
    size = path.stat().st_size
    if size > MOST_JSON:
        raise DataError(
            f"{path} is a JSON log of {_size(size)}; more than {_size(MOST_JSON)} is not read, since it is held in "
            f"memory as a whole: convert it with inspect log convert --to eval, which is read sample by sample"
        )
    try:
        value = json.loads(path.read_bytes().removeprefix(BOM))
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{path} is a log that is not JSON ({shown(str(error), 100)}); is it cut short?"
        ) from None
    samples = value.get("samples") if isinstance(value, dict) else 0
    if not isinstance(samples, list | None):
        raise DataError(f"{path} holds no record with a list of samples: no log of inspect_ai")
    return Log(value, iter(samples or ()))


def _table(log: Log, path: Path, score: str | None, strict: bool) -> Table:
    notes = _status(log.header, path, strict)
    run = log.header.get("eval")
    if not isinstance(run, dict) or not isinstance(run.get("task"), str):
        raise DataError(f"{path} has no eval with a task in its header: no log of inspect_ai")
    task = run["task"]
    kept: dict[str, Kept] = {}
    seen: Counter[tuple[str, str]] = Counter()
    errors, asked = 0, score
    others: dict[str, None] = {}
    for sample in log.samples:
        if not isinstance(sample, dict) or not isinstance(sample.get("scores") or {}, dict):
            raise DataError(f"{path} holds a sample that is none of inspect_ai's: {shown(sample)}")
        name = scrub(str(sample.get("id")))
        seen[name, str(sample.get("epoch"))] += 1
        if sample.get("error") is not None:
            errors += 1
            continue
        scores = sample.get("scores") or {}
        others |= dict.fromkeys(scores)
        score = score or next(iter(scores), None)
        row = kept.setdefault(name, Kept(_completion(sample), _hash(sample)))
        row.scores.append(_score(scores, score, path, name))
    _check(seen, kept, errors, score, list(others), path)
    notes += _notes(task, len(seen), kept, errors)
    notes += [f"{task}: the log has no scores"] * (score is None)
    if asked is None and len(others) > 1:
        rest = ", ".join(repr(name) for name in others if name != score)
        notes.append(f"{task}: the score is {score!r}, not {rest} (score= chooses)")
    n = len(kept)
    rows = kept.values()
    return Table(
        columns={
            "text": pa.chunked_array([pa.array([row.text for row in rows], pa.large_string())]),
            "model": python_column([str(run.get("model"))] * n),
            "prompt_id": python_column([f"{task}:{name}" for name in kept]),
            "score": pa.chunked_array([pa.array([_mean(row.scores) for row in rows], pa.float64())]),
            "document": python_column([row.document for row in rows]),
        },
        n=n,
        parts=((str(path), n),),
        notes=tuple(notes),
    )


def _status(header: dict[str, Any], path: Path, strict: bool) -> list[str]:
    status = header.get("status")
    if status == "success":
        return []
    what = {
        "started": "a run that has not finished",
        "cancelled": "a run that was cancelled",
        "error": "a run that ended in an error",
    }.get(str(status), f"a run of status {shown(status)}")
    if strict:
        raise DataError(f"{path} is the log of {what}; strict=False reads the samples that are there")
    return [f"{path} is the log of {what}: the samples that are there are read"]


def _completion(sample: dict[str, Any]) -> str | None:
    """The output's text, its attachments put back; None where the model said nothing."""
    given = sample.get("output")
    output: dict[str, Any] = given if isinstance(given, dict) else {}
    text = output.get("completion")
    if not isinstance(text, str) or not (text or output.get("choices")):
        return None
    held = sample.get("attachments")
    attached: dict[str, Any] = held if isinstance(held, dict) else {}
    return scrub(ATTACHED.sub(lambda found: str(attached.get(found[1], found[0])), text))


def _hash(sample: dict[str, Any]) -> str | None:
    """What tells one sample from another: what was asked, where it is a text; messages get new ids in every run."""
    asked = sample.get("input")
    if isinstance(asked, list):
        asked = json.dumps(
            [[turn.get("role"), turn.get("content")] for turn in asked if isinstance(turn, dict)]
        )
    if not isinstance(asked, str) or ATTACHED.search(asked):
        return None
    return sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


def _score(scores: dict[str, Any], name: str | None, path: Path, sample: str) -> float:
    """One score as a number, NaN where the sample is not scored."""
    if name is None:
        return math.nan
    given, _, part = (name, "", "") if name in scores else name.rpartition("/")
    value = scores[given].get("value") if isinstance(scores.get(given), dict) else None
    if part and isinstance(value, dict):
        if part not in value:
            raise DataError(f"score={name!r}: {path} has no {part!r} in {given!r}{nearest(part, value)}; "
                            f"it has {', '.join(map(str, value))}")  # fmt: skip
        value = value[part]
    if isinstance(value, dict):
        ways = ", ".join(f"{given}/{part}" for part in value)
        raise DataError(
            f"{path}, sample {sample}: {given!r} is a record; name one of its values with score=: {ways}"
        )
    if isinstance(value, str):
        value = LETTERS.get(value, LETTERS.get(value.lower(), value))
    made = number(value)
    if math.isinf(made):
        raise DataError(
            f"{path}, sample {sample}: {name!r} is {shown(value)}, no number; choose another with score="
        )
    return made


def _mean(scores: list[float]) -> float | None:
    known = [value for value in scores if not math.isnan(value)]
    return sum(known) / len(known) if known else None


def _check(
    seen: Counter[tuple[str, str]],
    kept: dict[str, Kept],
    errors: int,
    score: str | None,
    others: list[str],
    path: Path,
) -> None:
    if not seen:
        raise DataError(
            f"{path} holds no samples; was it written with log_samples, and did the run get that far?"
        )
    twice = [name for (name, _), n in seen.items() if n > 1]
    if twice:
        raise DataError(
            f"{path} has {counted(len(twice), 'sample')} more than once in one epoch, first id {shown(twice[0])}; "
            f"ids must differ"
        )
    if not kept:
        raise DataError(f"all {errors} samples of {path} ended in an error: there is nothing to read")
    base = score if score is None or score in others else score.rpartition("/")[0]
    if base is not None and base not in others:
        raise DataError(
            f"score={score!r}: {path} has no such scorer{nearest(score, others)}; it has {', '.join(others) or 'none'}"
        )


def _notes(task: str, n: int, kept: dict[str, Kept], errors: int) -> list[str]:
    notes = [f"{task}: {errors} of {counted(n, 'sample')} ended in an error: set aside"] * (errors > 0)
    epochs = max(len(row.scores) for row in kept.values())
    if epochs > 1:
        notes.append(f"{task}: {epochs} epochs: the texts are those of the first, the scores the means")
    return notes


def _size(n: int) -> str:
    return f"{n / 1e9:.1f} GB" if n >= 1e8 else f"{n / 1e6:.1f} MB" if n >= 1e5 else f"{n} bytes"
