"""lm-evaluation-harness: style as a metric of a task.

The harness knows no entry points. Beside the task's YAML goes a file ``style.py`` with the one line
``from llamastyle.integrations.lm_eval import style``, and into its ``metric_list`` the entry
``metric: !function style.style``. Once this module is imported, the metric is registered too, as ``llamastyle``.

The harness hands over what the filters left of a response. For the style of whole responses the filter must be
``take_first`` alone, or the samples are read afterwards with `llamastyle.read_responses`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lm_eval.api.metrics import mean  # pyright: ignore[reportMissingImports]
from lm_eval.api.registry import register_aggregation, register_metric  # pyright: ignore[reportMissingImports]

from llamastyle.integrations import style_scores

__all__ = ["share", "style", "style_results"]

PREFIX = "style_"


@register_aggregation("style_share")
def share(values: Sequence[float]) -> float:
    """The share of documents in which a feature stands at all; ``aggregation: style_share``."""
    return mean([value > 0 for value in values])


@register_metric(metric="llamastyle", higher_is_better=False, aggregation="mean")
def style(
    references: Sequence[Any],
    predictions: Sequence[str],
    features: str | Sequence[str] | None = None,
    **_: Any,
) -> dict[str, float]:
    """The style of one response, ``style_words, style_bold ...``, as one metric of a task.

    Parameters
    ----------
    references : sequence
        Not looked at: style is not right or wrong.
    predictions : sequence of str
        The response, alone in a list, as the harness gives it.
    features : str or list of str, optional
        A preset or names; ``features: [words, emoji]`` in the YAML.
    """
    return {f"{PREFIX}{name}": value for name, value in style_scores(predictions[0], features).items()}


def style_results(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """``process_results`` of a task that measures style alone; with another, ``{**theirs, **style_results(...)}``."""
    return style([None], results[:1])
