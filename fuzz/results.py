"""The table of results, made from the records of the runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fuzz import RESULTS, RUNS, TARGETS

HEAD = """# Fuzzing

Written by `python -m fuzz summary` from `fuzz/runs`. The last run of each target, and all runs together. Peak memory is
the largest that the process had come to by then. A finding is an outcome that is neither a value nor an error of the
library with a message, counted once for each place it comes from; what was found and mended is in `fuzz/FOUND.md`.
The fuzzer's own tables grow with its corpus: so memory is measured once more without it, after each of four passes over
some of the corpus, bytes of it changed, in a new process (`python -m fuzz TARGET --memory`).

"""
COLUMNS = (
    "target", "commit", "minutes", "of them CPU", "executions", "peak MB at 1/3", "peak MB at the end", "findings",
    "last finding at, min", "all runs: minutes", "executions", "last finding at, min",
    "replayed: inputs", "MB after each pass",
)  # fmt: skip


def write_summary() -> Path:
    """Write the table of the last runs and of all of them."""
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    rows += [_row(runs) for target in TARGETS if (runs := _runs(target))]
    RESULTS.write_text(HEAD + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n", "utf-8")
    return RESULTS


def _runs(target: str) -> list[Mapping[str, Any]]:
    path = RUNS / f"{target}.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def _row(runs: list[Mapping[str, Any]]) -> tuple[str, ...]:
    last = runs[-1]
    found = last["findings"]
    return (
        last["target"],
        last["commit"],
        f"{last['seconds'] / 60:.1f}",
        f"{last['cpu_seconds'] / 60:.1f}" if last.get("cpu_seconds") else "",
        f"{last['executions']:,}",
        f"{last['peak_mb_at_third']:.0f}",
        f"{last['peak_mb']:.0f}",
        str(len(found)),
        f"{max(found.values()) / 60:.1f}" if found else "none",
        f"{sum(run['seconds'] for run in runs) / 60:.1f}",
        f"{sum(run['executions'] for run in runs):,}",
        _last_finding(runs),
        *_replayed(last["target"]),
    )


def _replayed(target: str) -> tuple[str, str]:
    """Inputs of the last replay, and memory after each pass."""
    last = [run for run in _runs("memory") if run["target"] == target][-1:]
    return (str(last[0]["inputs"]), ", ".join(f"{mb:.0f}" for mb in last[0]["mb"])) if last else ("", "")


def _last_finding(runs: list[Mapping[str, Any]]) -> str:
    """Minutes of all runs up to the last finding."""
    before, last = 0.0, ""
    for run in runs:
        if run["findings"]:
            last = f"{(before + max(run['findings'].values())) / 60:.1f}"
        before += run["seconds"]
    return last or "none"
