"""llamastyle: how much of a win is how it was said, and how much is being right.

A feature is a function from a batch of texts to one number per text. A style analysis is a
regression of who won on the difference of the two responses' features.

>>> import llamastyle as ls
>>> ls.extract(["Great question! **Yes**."], ["words", "bold"]).to_frame().to_dict("records")
[{'words': 3.0, 'bold': 1.0}]
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llamastyle.data.battles import Battles, Responses
    from llamastyle.data.facts import published
    from llamastyle.data.pairing import pair
    from llamastyle.data.readers import join_correctness, read_battles, read_responses
    from llamastyle.data.simulation import Arena, simulate
    from llamastyle.errors import (
        ConvergenceError,
        DataError,
        FeatureError,
        FitError,
        LlamaStyleError,
        LlamaStyleWarning,
        SeparationError,
    )
    from llamastyle.features.catalog import ALL, ARENA, ARENA_WORDS, DEFAULT, list_features
    from llamastyle.features.editing import restyle
    from llamastyle.features.extraction import extract
    from llamastyle.features.feature import (
        Feature,
        FeatureSet,
        FeatureTable,
        from_counts,
        pattern,
        per_text,
        ratio,
        tokens,
    )
    from llamastyle.features.phrase_lists import phrase_list
    from llamastyle.features.spans import Highlights, highlight
    from llamastyle.features.streaming import FeatureFiles
    from llamastyle.features.textstat_features import TEXTSTAT
    from llamastyle.features.transformer import StyleFeatures
    from llamastyle.llama4.analysis import MaverickAnalysis, maverick
    from llamastyle.regression.arena import ArenaPublished, arena_published
    from llamastyle.regression.benchmark_lines import BetweenModels
    from llamastyle.regression.crossbench import divergence, selection_inflation
    from llamastyle.regression.file_fits import fit_files
    from llamastyle.regression.fitting import audit, fit
    from llamastyle.regression.judge_table import compare_judges
    from llamastyle.regression.judging import JudgeAudit, audit_judge
    from llamastyle.regression.power import battles_for, power_curve
    from llamastyle.regression.result import StyleResult

__version__ = "0.1.0.dev0"

_HOMES = {
    "llamastyle.data.battles": ("Battles", "Responses"),
    "llamastyle.data.facts": ("published",),
    "llamastyle.data.pairing": ("pair",),
    "llamastyle.data.readers": ("join_correctness", "read_battles", "read_responses"),
    "llamastyle.data.simulation": ("Arena", "simulate"),
    "llamastyle.errors": (
        "ConvergenceError",
        "DataError",
        "FeatureError",
        "FitError",
        "LlamaStyleError",
        "LlamaStyleWarning",
        "SeparationError",
    ),
    "llamastyle.features.catalog": ("ALL", "ARENA", "ARENA_WORDS", "DEFAULT", "list_features"),
    "llamastyle.features.editing": ("restyle",),
    "llamastyle.features.extraction": ("extract",),
    "llamastyle.features.feature": (
        "Feature",
        "FeatureSet",
        "FeatureTable",
        "from_counts",
        "pattern",
        "per_text",
        "ratio",
        "tokens",
    ),
    "llamastyle.features.phrase_lists": ("phrase_list",),
    "llamastyle.features.spans": ("Highlights", "highlight"),
    "llamastyle.features.streaming": ("FeatureFiles",),
    "llamastyle.features.textstat_features": ("TEXTSTAT",),
    "llamastyle.features.transformer": ("StyleFeatures",),
    "llamastyle.llama4.analysis": ("MaverickAnalysis", "maverick"),
    "llamastyle.regression.arena": ("ArenaPublished", "arena_published"),
    "llamastyle.regression.crossbench": ("divergence", "selection_inflation"),
    "llamastyle.regression.file_fits": ("fit_files",),
    "llamastyle.regression.fitting": ("audit", "fit"),
    "llamastyle.regression.judge_table": ("compare_judges",),
    "llamastyle.regression.judging": ("JudgeAudit", "audit_judge"),
    "llamastyle.regression.benchmark_lines": ("BetweenModels",),
    "llamastyle.regression.power": ("battles_for", "power_curve"),
    "llamastyle.regression.result": ("StyleResult",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ALL",
    "ARENA",
    "ARENA_WORDS",
    "DEFAULT",
    "TEXTSTAT",
    "Arena",
    "ArenaPublished",
    "Battles",
    "BetweenModels",
    "ConvergenceError",
    "DataError",
    "Feature",
    "FeatureError",
    "FeatureFiles",
    "FeatureSet",
    "FeatureTable",
    "FitError",
    "Highlights",
    "JudgeAudit",
    "LlamaStyleError",
    "LlamaStyleWarning",
    "MaverickAnalysis",
    "Responses",
    "SeparationError",
    "StyleFeatures",
    "StyleResult",
    "__version__",
    "arena_published",
    "audit",
    "audit_judge",
    "battles_for",
    "compare_judges",
    "divergence",
    "extract",
    "fit",
    "fit_files",
    "from_counts",
    "highlight",
    "join_correctness",
    "list_features",
    "maverick",
    "pair",
    "pattern",
    "per_text",
    "phrase_list",
    "power_curve",
    "published",
    "ratio",
    "read_battles",
    "read_responses",
    "restyle",
    "selection_inflation",
    "simulate",
    "tokens",
]


def __getattr__(name: str) -> Any:
    """Import a public name's module when the name is first used, so that the import stays light."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'llamastyle' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
