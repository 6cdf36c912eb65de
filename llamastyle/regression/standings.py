"""How the answers of each model stand in the field, feature by feature."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.features.feature import FeatureTable

__all__ = ["STANDINGS", "standings_frame"]

Floats = NDArray[np.float64]

STANDINGS = ("model", "term", "mean", "field", "spread", "standing")
FEWEST = 5
"""Models from which on their spread says something."""


def standings_frame(battles: Battles, table: FeatureTable, terms: list[str]) -> pd.DataFrame:
    """Means of features over each model's answers beside those of the field; columns `STANDINGS`.

    Parameters
    ----------
    battles : Battles
        An answer counts as often as it was voted on, with the battles' weights.
    table : FeatureTable
        One row a response of these battles.
    terms : list of str
        Features of the table.

    Returns
    -------
    pandas.DataFrame
        ``field`` and ``spread`` are the mean and the standard deviation of the models' means, each model counting
        the same; ``standing`` is how many spreads a model is from the field. Spread and standing are blank for fewer
        than five models, and where all have the same mean.

    Examples
    --------
    >>> import llamastyle as ls
    >>> battles = ls.simulate(500, 6, style={"words": 0.8}, seed=2).battles
    >>> standings_frame(battles, ls.extract(battles), ["words"])["standing"].round(1).tolist()
    [-0.8, 0.9, 0.3, -1.2, 1.3, -0.5]
    """
    values = table.values[:, [table.names.index(term) for term in terms]]
    total, weight = np.zeros((len(battles.models), len(terms))), np.zeros(len(battles.models))
    for code, row in ((battles.model_a, battles.row_a), (battles.model_b, battles.row_b)):
        known = code >= 0
        np.add.at(total, code[known], values[row[known]] * battles.weight[known, None])
        np.add.at(weight, code[known], battles.weight[known])
    means = total / weight[:, None]
    field = means.mean(axis=0)
    spread = means.std(axis=0, ddof=1) if len(means) >= FEWEST else np.full(len(terms), np.nan)
    spread = np.where(spread > 1e-9 * np.maximum(np.abs(field), 1e-300), spread, np.nan)
    shape = means.shape
    return pd.DataFrame(
        {
            "model": np.repeat(np.array(battles.models, dtype=object), shape[1]),
            "term": np.tile(np.array(terms, dtype=object), shape[0]),
            "mean": means.ravel(),
            "field": np.broadcast_to(field, shape).ravel(),
            "spread": np.broadcast_to(spread, shape).ravel(),
            "standing": ((means - field) / spread).ravel(),
        },
        columns=list(STANDINGS),
    )
