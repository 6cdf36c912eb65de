"""Coverage-guided fuzzing by atheris: whatever bytes come in, the outcome is a value or an error that says why."""

from __future__ import annotations

from pathlib import Path

TARGETS = {
    "readers": ("llamastyle.data", "llamastyle.features.streaming", "llamastyle.features.file_parts"),
    "scanner": (
        "llamastyle.features.kernel", "llamastyle.features.text", "llamastyle.features.spans",
        "llamastyle.features.editing", "llamastyle.features.stripping", "llamastyle.features.adding",
    ),
    "lexicon": (
        "llamastyle.features.lexicon", "llamastyle.features.phrase_lists", "llamastyle.features.phrase_tables",
        "llamastyle.features.tables",
    ),
    "report": ("llamastyle.report", "llamastyle.regression"),
    "fitting": ("llamastyle.regression", "llamastyle.data"),
}  # fmt: skip
"""Modules of which the coverage guides the fuzzer, by target; a target is the module of this name in `fuzz.targets`."""

HOME = Path(__file__).parent
CORPUS = HOME / "corpus"
RUNS = HOME / "runs"
WORK = HOME / "work"
RESULTS = HOME / "results.md"
