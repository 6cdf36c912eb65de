"""The small corpus that is kept: of a run's large one, the shortest inputs that reach lines no shorter one reaches.

Where there is no time to look at all of them, the rest is an even sample by size.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz import CORPUS, HOME, TARGETS, WORK


def keep(target: str, patience: float, most: int) -> Path:
    """Write the small corpus of a target; inputs that had shown a fault stay."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"  # before the scanner is imported: lines of compiled code are not seen
    run = importlib.import_module(f"fuzz.targets.{target}").run
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    large = [path.read_bytes() for path in (WORK / target / "corpus").glob("*")]
    held = [path.read_bytes() for path in folder.glob("*")]
    files = tuple(str(HOME.parent / name.replace(".", "/")) for name in TARGETS[target])
    reached: set[tuple[str, int]] = set()
    for path in folder.glob("*"):
        if not path.name.startswith("found-"):
            path.unlink()
    kept: list[bytes] = []
    todo = sorted({*large, *held}, key=lambda data: (len(data), data))
    begun = time.monotonic()
    while todo and time.monotonic() - begun < patience:
        new = _lines(run, todo[0], files) - reached
        kept += [todo[0]] * bool(new)
        reached |= new
        todo = todo[1:]
    kept += todo[:: max(1, -(-len(todo) // max(1, most - len(kept))))]
    for data in kept[:most]:
        (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)
    return folder


def _lines(run: Callable[[bytes], object], data: bytes, files: tuple[str, ...]) -> set[tuple[str, int]]:
    """The lines of the target's modules that an input reaches."""
    seen: set[tuple[str, int]] = set()

    def line(frame: FrameType, event: str, _: Any) -> Any:
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        return line

    def call(frame: FrameType, event: str, _: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(files) else None

    from fuzz.checking import finding

    sys.settrace(call)
    try:
        finding(run, data)
    finally:
        sys.settrace(None)
    return seen
