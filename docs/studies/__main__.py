"""``python -m docs.studies list`` and ``python -m docs.studies NAME``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from docs.studies import TABLES, MissingData, Progress, find_studies


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one study, or list them; 2 when the name is unknown or the data are not there."""
    parser = argparse.ArgumentParser(prog="python -m docs.studies", description="Run a study of the docs.")
    parser.add_argument("name", help="the study's name, or list")
    parser.add_argument("--folder", type=Path, default=TABLES, help="where its tables go")
    asked = parser.parse_args(arguments)
    studies = find_studies()
    if asked.name == "list":
        for name, study in sorted(studies.items()):
            print(f"{name}: {' '.join(study.SUMMARY.split())}")
        return 0
    if asked.name not in studies:
        print(f"no study {asked.name!r}; there are: {', '.join(sorted(studies)) or 'none'}", file=sys.stderr)
        return 2
    try:
        studies[asked.name].run(asked.folder, report_progress(asked.name))
    except MissingData as error:
        print(f"{asked.name} {error}", file=sys.stderr)
        return 2
    return 0


def report_progress(name: str, every: float = 5.0) -> Progress:
    """A line on stderr at the start, every few seconds, and at the end."""
    started = time.monotonic()
    said = float("-inf")

    def progress(done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= every or done >= total:
            said = now
            print(f"{name}: {done} of {total}, {now - started:.0f} s", file=sys.stderr, flush=True)

    return progress


if __name__ == "__main__":
    sys.exit(main())
