"""Plug-ins for evaluation harnesses, each imported by its host alone, and the plain function they are made of."""

from __future__ import annotations

from collections.abc import Sequence

from llamastyle.features.catalog import DEFAULT
from llamastyle.features.extraction import extract
from llamastyle.features.feature import Feature, FeatureSet

__all__ = ["style_scores"]


def style_scores(
    text: str, features: str | Sequence[str | Feature] | FeatureSet | None = None
) -> dict[str, float]:
    """The style of one response, by feature: what any harness can call as a score of its own.

    For many texts at once use `extract`, which takes them together.

    Parameters
    ----------
    text : str
        The response as the model wrote it, not what was extracted from it.
    features : preset, name, list of names and Features, optional
        As in `extract`; names may also be one text with commas, as command lines have them.

    Returns
    -------
    dict
        Value by feature, in the order asked for.

    Raises
    ------
    FeatureError
        For an unknown feature, or one that needs more than the text.

    Examples
    --------
    >>> from llamastyle.integrations import style_scores
    >>> style_scores("Great question! 🎉 **Yes**.", "words,bold,emoji")
    {'words': 3.0, 'bold': 1.0, 'emoji': 1.0}
    """
    if isinstance(features, str):
        features = [name.strip() for name in features.split(",")]
    table = extract([text], DEFAULT if features is None else features, progress=False)
    return dict(zip(table.names, table.values[0].tolist(), strict=True))
