"""The small corpus that is kept: of a run's large one, the shortest inputs that reach lines no shorter one reaches."""

from __future__ import annotations

import hashlib
import importlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from fuzz import CORPUS, HOME, TARGETS, WORK
from fuzz.checking import finding

MOST = 120
"""Inputs kept of a target."""
LARGEST = 150_000
"""Bytes kept of a target."""
PATIENCE = 240.0
"""Seconds after which no more inputs are looked at."""


def keep(target: str) -> Path:
    """Write the small corpus of a target; inputs that had shown a fault stay."""
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
    total, number, begun = 0, 0, time.monotonic()
    for data in sorted({*large, *held}, key=lambda data: (len(data), data)):
        if number == MOST or time.monotonic() - begun > PATIENCE:
            break
        new = _lines(run, data, files) - reached
        if new and total + len(data) <= LARGEST:
            reached |= new
            total, number = total + len(data), number + 1
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

    sys.settrace(call)
    try:
        finding(run, data)
    finally:
        sys.settrace(None)
    return seen
