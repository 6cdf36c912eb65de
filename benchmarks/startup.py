"""What it takes to start: the import beside numpy's, the help, and what an audit of a small file loads."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import llamastyle as ls
from benchmarks import ROOT
from benchmarks.tables import write_result
from benchmarks.texts import drawn_texts
from benchmarks.timing import PAIRS, alternate, ratio, spread

__all__ = ["run"]

SEED = 1
COSTLY = 0.05
"""Seconds of its own from which a package's import is listed."""
AUDIT = """
import json, sys
from llamastyle.cli import main
try:
    main(["audit", sys.argv[1]])
except SystemExit as leaving:
    if leaving.code:
        raise
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def run(folder: Path, *, pairs: int = PAIRS) -> Path:
    """Write ``startup.md``."""
    imports = alternate(python("-c", "import llamastyle"), python("-c", "import numpy"), pairs=pairs)
    helps = alternate(python("-m", "llamastyle", "--help"), python("-c", "pass"), pairs=pairs)
    loaded, costly = audit_imports()
    present = [name for name in ("sklearn", "textstat") if name in loaded]
    rows = [
        row("import llamastyle against import numpy, fresh processes", ratio(*imports).cells()),
        row("llamastyle --help, seconds of work", spread([t.cpu for t in helps[0]]).cells()),
        row("llamastyle --help, seconds by the clock", spread([t.wall for t in helps[0]]).cells()),
        row("llamastyle --help against an empty Python", ratio(*helps).cells()),
        row("audit of a small file loads", (", ".join(present) or "neither sklearn nor textstat", "", "")),
        row(f"its imports above {1000 * COSTLY:.0f} ms of their own", (costly or "none", "", "")),
    ]
    data = f"{pairs} alternating pairs of fresh processes on one core"
    return write_result(folder, "startup", pd.DataFrame(rows), data=data, seed=SEED)


def row(what: str, cells: tuple[str, str, str]) -> dict[str, str]:
    return dict(zip(("what", "median", "min", "max"), (what, *cells), strict=True))


def python(*arguments: str) -> Callable[[], object]:
    """A fresh interpreter, as something to run."""
    command = [sys.executable, *arguments]
    return lambda: subprocess.run(command, cwd=ROOT, capture_output=True, check=True)


def small_file(file: Path) -> None:
    """Four hundred battles of five models with texts."""
    named = ls.simulate(400, 5, seed=SEED).battles.to_frame()[["model_a", "model_b", "winner", "prompt_id"]]
    texts = drawn_texts(2 * len(named), SEED)
    sides = {"response_a": texts[: len(named)], "response_b": texts[len(named) :]}
    named.assign(**sides).to_csv(file, index=False)


def audit_imports() -> tuple[set[str], str]:
    """Top-level packages that an audit loads, and those that take long with their milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "battles.csv"
        small_file(file)
        command = [sys.executable, "-X", "importtime", "-c", AUDIT, str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    spent: dict[str, float] = {}
    for line in done.stderr.splitlines():
        if line.startswith("import time:") and "|" in line:
            own, _, name = line.removeprefix("import time:").split("|")
            if own.strip().isdigit():
                package = name.strip().partition(".")[0]
                spent[package] = spent.get(package, 0.0) + int(own) / 1e6
    costly = sorted((item for item in spent.items() if item[1] > COSTLY), key=lambda item: -item[1])
    listed = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in costly)
    return set(json.loads(done.stdout.splitlines()[-1])), listed
