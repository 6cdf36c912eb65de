"""A benchmark's table in Markdown, with what it was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from datetime import date
from importlib import metadata
from pathlib import Path

import pandas as pd

from docs.studies import commit, markdown_rows

__all__ = ["installed", "versions", "write_result"]

ALWAYS = ("llamastyle", "numpy", "scipy", "pandas", "pyarrow", "numba")


def write_result(
    folder: Path, name: str, frame: pd.DataFrame, *, data: str, seed: int | None, peers: Iterable[str] = ()
) -> Path:
    """Write a table and the line that says what it was made of, whole or not at all."""
    facts = [
        data,
        *([] if seed is None else [f"seed {seed}"]),
        f"commit {commit()}",
        date.today().isoformat(),
        f"Python {platform.python_version()}",
        *versions([*ALWAYS, *peers]),
        machine(),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.md"
    unfinished = target.with_suffix(".part")
    unfinished.write_text("\n".join([*markdown_rows(frame), "", "; ".join(facts) + ".", ""]), "utf-8")
    os.replace(unfinished, target)
    return target


def versions(packages: Iterable[str]) -> list[str]:
    """Names and versions of those that are installed."""
    return [f"{name} {metadata.version(name)}" for name in packages if installed(name)]


def installed(package: str) -> bool:
    """Whether a distribution is there."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def machine() -> str:
    """Kind of machine, number of cores, and how many processes wanted one over the last minute."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}"
