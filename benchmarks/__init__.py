"""Speed and memory, beside those of others: ``python -m benchmarks`` or ``python -m benchmarks NAME``.

A benchmark is a module in this folder with ``run(folder)``, which writes ``folder/NAME.md``; ``picture`` draws the tables
of ``fit`` and ``extraction``. Times are
ratios of runs that alternate in one process on one core; nothing is asserted. What others need is in
``requirements.txt``; a package that is not installed leaves its row in the table, with the reason.

This module and ``timing`` import nothing that computes: cores and threads are set before that.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["NAMES", "RESULTS", "ROOT"]

NAMES = ("fit", "growth", "startup", "extraction", "picture", "streaming", "batches", "distributed")
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results"
