"""``python -m fuzz TARGET --minutes 15``, ``--list``, ``--keep TARGET`` and ``--summary``."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from fuzz import TARGETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz one target, or list them, or keep a corpus, or write the table of results; 2 when a name is unknown."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description="Fuzz the library.")
    parser.add_argument("target", nargs="?", help=f"{', '.join(TARGETS)}, or summary")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--list", action="store_true", help="what the targets are")
    parser.add_argument("--keep", action="store_true", help="make the target's small corpus of the last run's large one")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds for that")
    parser.add_argument("--memory", action="store_true", help="memory, the last run's corpus replayed over and over")
    parser.add_argument("--most", type=int, default=80, help="inputs that are kept, or replayed")
    asked = parser.parse_args(arguments)
    if asked.list:
        for name in TARGETS:
            print(f"{name}: {importlib.import_module(f'fuzz.targets.{name}').SUMMARY}")
        return 0
    if asked.target == "summary":
        from fuzz.results import write_summary

        print(write_summary())
        return 0
    if asked.target not in TARGETS:
        print(f"no target {asked.target!r}; there are: {', '.join(TARGETS)}, and summary", file=sys.stderr)
        return 2
    if asked.keep:
        from fuzz.keeping import keep

        print(keep(asked.target, asked.patience, asked.most))
        return 0
    from fuzz.replaying import replay
    from fuzz.results import write_summary
    from fuzz.running import fuzz

    print(replay(asked.target, asked.most) if asked.memory else fuzz(asked.target, asked.minutes))
    write_summary()
    return 0


if __name__ == "__main__":
    sys.exit(main())
