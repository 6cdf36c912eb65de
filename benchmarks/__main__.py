"""``python -m benchmarks [NAME ...] [--folder FOLDER]``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import NAMES, RESULTS
from benchmarks.timing import hold_to_one_core


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks, all unless named; 2 when a name is unknown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all unless named")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="where tables and picture go")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.names if name not in NAMES]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    hold_to_one_core()
    for name in asked.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        path = importlib.import_module(f"benchmarks.{name}").run(asked.folder)
        print(path.read_text("utf-8") if path.suffix == ".md" else path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
