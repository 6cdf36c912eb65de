"""Slow studies whose tables the documentation shows: ``python -m docs.studies NAME``.

A study is a module in this folder with

- ``NAME``: what it is called by,
- ``SUMMARY``: one paragraph for the documentation: what was asked and how to read the table,
- ``run(folder, progress)``: does the work, calls ``progress(done, total)`` on the way, and writes
  its tables with ``write_table(folder, name, frame, data=..., seed=...)``.

Studies of real data are called ``real-...``; the page on real data shows them, and where the data are not
beside the checkout they say so and leave their tables alone.

Work that takes long goes through ``resumable``, which keeps what is finished: a study that is
interrupted goes on where it stopped, unless the package or the settings have changed since.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

__all__ = [
    "MissingData",
    "Progress",
    "Study",
    "find_studies",
    "real_data_sections",
    "resumable",
    "shared_data",
    "studies_page",
    "write_table",
]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TABLES = HERE / "tables"
PARTIAL = HERE / ".partial"
SHARED = ROOT.parent / "shared" / "data"
REAL = "real-"

Progress = Callable[[int, int], None]


class Study(Protocol):
    """What a study's module has to offer."""

    NAME: str
    SUMMARY: str

    def run(self, folder: Path, progress: Progress) -> None: ...


class MissingData(Exception):
    """A study's data set is not on this machine."""


def shared_data(name: str) -> Path:
    """The folder of a real data set beside the checkout.

    Raises
    ------
    MissingData
        It is not there.
    """
    folder = SHARED / name
    if not folder.is_dir():
        raise MissingData(
            f"needs the data set {name!r} in ../shared/data, which is not beside this checkout; the tables"
            " that are here stay as they are"
        )
    return folder


def find_studies() -> dict[str, Study]:
    """The studies of this folder by name."""
    found: dict[str, Study] = {}
    for module in pkgutil.iter_modules([str(HERE)]):
        if not module.name.startswith("_"):
            study: Any = importlib.import_module(f"docs.studies.{module.name}")
            missing = [name for name in ("NAME", "SUMMARY", "run") if not hasattr(study, name)]
            if missing:
                raise TypeError(f"docs/studies/{module.name}.py is no study: it has no {', '.join(missing)}")
            found[study.NAME] = study
    return found


def write_table(folder: Path, name: str, frame: pd.DataFrame, *, data: str, seed: int | None) -> Path:
    """Write a study's table as Markdown, under a comment that says what it was made of.

    Parameters
    ----------
    folder : Path
        Where to, as handed to ``run``.
    name : str
        File name without its ending: the study's name, with a suffix where there are several tables.
    frame : DataFrame
        Columns are shown as they are; round before.
    data : str
        What the figures were computed on.
    seed : int or None
        The first seed, or None where nothing is random.

    Returns
    -------
    Path
        The file, written whole or not at all.
    """
    facts = {"commit": commit(), "data": data, "seed": seed, "date": date.today().isoformat()}
    lines = [f"<!-- {json.dumps(facts)} -->", "", *markdown_rows(frame), ""]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.md"
    unfinished = target.with_suffix(".part")
    unfinished.write_text("\n".join(lines), "utf-8")
    os.replace(unfinished, target)
    return target


def markdown_rows(frame: pd.DataFrame) -> list[str]:
    """A frame's lines as a Markdown table; numbers to the right, missing values empty."""
    numeric = [pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]
    head = [list(map(str, frame.columns)), ["---:" if right else "---" for right in numeric]]
    body = [[cell(value) for value in row] for row in frame.itertuples(index=False, name=None)]
    return [f"| {' | '.join(row)} |" for row in [*head, *body]]


def cell(value: object) -> str:
    if value is None or value is pd.NA or value != value:
        return ""
    return str(value).replace("|", "\\|").replace("\n", " ")


@cache
def commit() -> str:
    """The commit of the checkout, with ``+`` where files other than tables differ from it; ``unknown`` without git."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    try:
        tables = [f":(exclude){folder}" for folder in (TABLES.relative_to(ROOT), "benchmarks/results")]
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", *tables)
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def fingerprint(settings: object, compute: Callable[..., Any]) -> str:
    """Changes when the package's source, that of the function, or the settings do."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    home = sys.modules[compute.__module__].__file__
    for path in [*sorted((ROOT / "llamastyle").rglob("*.py")), *([Path(home)] if home else [])]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def resumable(
    name: str,
    keys: Iterable[int],
    compute: Callable[[int], Any],
    progress: Progress,
    *,
    settings: object = None,
    folder: Path = PARTIAL,
) -> list[Any]:
    """Compute one result a key, keeping each as soon as it is there.

    Parameters
    ----------
    name : str
        The study's name, with a suffix where it does several of these.
    keys : iterable of int
        Seeds, usually.
    compute : callable
        Key to something JSON can hold.
    settings : object
        Whatever else the results depend on; other settings start afresh.

    Returns
    -------
    list
        Results in the order of the keys.
    """
    wanted = list(keys)
    kept = folder / f"{name}-{fingerprint(settings, compute)}.jsonl"
    done = dict(read_lines(kept))
    folder.mkdir(parents=True, exist_ok=True)
    with kept.open("a", encoding="utf-8") as stream:
        for count, key in enumerate(wanted):
            progress(count, len(wanted))
            if key not in done:
                done[key] = json.loads(json.dumps(compute(key)))
                stream.write(json.dumps([key, done[key]]) + "\n")
                stream.flush()
    progress(len(wanted), len(wanted))
    return [done[key] for key in wanted]


def read_lines(path: Path) -> list[tuple[int, Any]]:
    """Finished results; a last line that was cut off is left out, and cut away."""
    if not path.exists():
        return []
    whole = path.read_bytes().rpartition(b"\n")
    path.write_bytes(whole[0] + whole[1])
    return [(int(key), value) for key, value in map(json.loads, whole[0].splitlines())]


def studies_page(studies: dict[str, Study], folder: Path = TABLES) -> str:
    """The documentation's section on every study, but those of real data, whose table is there, as Markdown."""
    sections = []
    for name, study in sorted(studies.items()):
        shown = [] if name.startswith(REAL) else study_tables(name, studies, folder)
        if shown:
            sections += [f"## {name}", study.SUMMARY.strip(), *shown, f"`python -m docs.studies {name}`"]
    return "\n\n".join(sections) + "\n"


def real_data_sections(studies: dict[str, Study], folder: Path = TABLES) -> dict[str, str]:
    """What the page on real data includes, by study: how it was made and its tables, as Markdown."""
    return {
        name: "\n\n".join(
            [study.SUMMARY.strip(), *study_tables(name, studies, folder), f"`python -m docs.studies {name}`"]
        )
        + "\n"
        for name, study in studies.items()
        if name.startswith(REAL)
    }


def study_tables(name: str, studies: Iterable[str], folder: Path) -> list[str]:
    """A study's tables in the order of their names, and what each was made of."""
    paths = [path for path in sorted(folder.glob(f"{name}*.md")) if table_of(path.stem, studies) == name]
    return [part for path in paths for part in show_table(path.read_text("utf-8"))]


def table_of(stem: str, studies: Iterable[str]) -> str:
    """The study a table belongs to: the longest name that the file's name begins with."""
    return max((name for name in studies if stem == name or stem.startswith(f"{name}-")), key=len, default="")


def show_table(text: str) -> list[str]:
    """A written table and a line that says what it was made of."""
    comment, _, table = text.partition("\n")
    facts = json.loads(comment.removeprefix("<!-- ").removesuffix(" -->"))
    seed = "" if facts["seed"] is None else f", seed {facts['seed']}"
    return [table.strip(), f"{facts['data']}{seed}; commit {facts['commit']}, {facts['date']}."]
