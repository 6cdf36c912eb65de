"""inspect_ai: style as a scorer, found by its entry point as ``llamastyle/style``.

On a log that is there already: ``inspect score log.eval --scorer llamastyle/style --action append``. In a task:
``scorer=[includes(), style()]``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from inspect_ai.scorer import Metric, SampleScore, Score, Scorer, Target, mean, metric, scorer, stderr  # pyright: ignore[reportMissingImports]
from inspect_ai.solver import TaskState  # pyright: ignore[reportMissingImports]

from llamastyle.integrations import style_scores

__all__ = ["share", "style"]


@metric
def share() -> Metric:
    """The share of samples in which a feature stands at all: 0.25 for emoji in every fourth answer."""

    def above_zero(scores: list[SampleScore]) -> float:
        return float(np.mean([one.score.as_float() > 0 for one in scores])) if scores else 0.0

    return above_zero


@scorer(metrics={"*": [mean(), stderr(), share()]})
def style(features: str | Sequence[str] | None = None) -> Scorer:
    """The style of each answer: one value a feature, with its mean, standard error and share above zero.

    Parameters
    ----------
    features : str or list of str, optional
        A preset or names with commas; ``-S features=words,emoji`` on the command line.
    """

    async def score(state: TaskState, target: Target) -> Score:
        values = style_scores(state.output.completion, features)
        return Score(value={**values}, explanation=", ".join(f"{k} {v:g}" for k, v in values.items()))

    return score
