"""Prices with and without the models' strengths, side by side, from the same battles.

Within models, a price compares answers of the same two models; pooled, it also takes in that models
which win more write in another way. Log-odds of the two fits are on different scales (the pooled fit
leaves more to chance), so that effects in win probability stand beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.errors import FitError
from llamastyle.regression.bradley_terry import BTFit
from llamastyle.regression.design import Design
from llamastyle.regression.effects import effect_errors, marginal_effects
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import Influence, Sandwich, interval, sandwich, standard_errors, tail
from llamastyle.regression.subsets import by_cluster, fit_subset, subset, summed_squares

__all__ = ["WITH_AND_WITHOUT", "Compared", "compare_pooled", "pooled_frame"]

Floats = NDArray[np.float64]

WITH_AND_WITHOUT = (
    "term", "group", "block", "measure", "within", "within_low", "within_high", "pooled", "pooled_low", "pooled_high",
    "difference", "difference_low", "difference_high", "p_value", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of k columns in the fit with strengths and in the one without.

    Attributes
    ----------
    measure : str
        ``price`` (log-odds per recorded scale) or ``effect`` (win rate in [0, 1] per recorded scale).
    within, pooled : float64 (k,)
    within_error, pooled_error : float64 (k,)
        Standard errors.
    difference_error : float64 (k,)
        Of within minus pooled, from the influences of the same clusters on both.
    """

    measure: str
    within: Floats
    pooled: Floats
    within_error: Floats
    pooled_error: Floats
    difference_error: Floats


def compare_pooled(design: Design, fit: BTFit, made: Sandwich) -> list[Compared]:
    """Prices, then effects, within models and pooled.

    Raises
    ------
    FitError
        The fit has no strengths, or no columns.
    """
    m, k = design.n_models, design.x.shape[1]
    if m < 2 or not k:
        raise FitError(
            "prices with and without strengths need battles between named models, and a feature that varies: these"
            f" have {m} models and {k} columns"
        )
    part = subset(design, fit.likelihood, models=False)
    pooled = fit_subset(part, fit)
    pooled_made = sandwich(part.design, pooled, made.kind)
    one, two = marginal_effects(design, fit, made), marginal_effects(part.design, pooled, pooled_made)
    pairs = (
        ("price", fit.beta, pooled.beta, _prices(made, m, k), _prices(pooled_made, 0, k)),
        ("effect", one.effect, two.effect, one.influence, two.influence),
    )
    least = {"effect": (effect_errors(made, one, m), effect_errors(pooled_made, two, 0))}
    return [
        Compared(
            measure,
            within,
            without,
            *least.get(measure, (standard_errors(made, mine), standard_errors(pooled_made, theirs))),
            np.sqrt(summed_squares(made.clusters, by_cluster(made, mine) - by_cluster(pooled_made, theirs))),
        )
        for measure, within, without, mine, theirs in pairs
    ]


def _prices(made: Sandwich, m: int, k: int) -> Influence:
    gradient = np.zeros((made.bread.shape[0], k))
    gradient[m : m + k] = np.eye(k)
    return Influence(gradient)


def pooled_frame(design: Design, est: Estimates, level: float) -> pd.DataFrame:
    """Prices and effects within models and pooled, and their difference; columns `WITH_AND_WITHOUT`."""
    columns = design.spec.columns
    note = "pooled without effects of prompts, which have no baseline there" if est.fit.prompts is not None else ""
    frames: list[pd.DataFrame] = []
    for found in compare_pooled(design, est.fit, est.made):
        gap, error = found.within - found.pooled, found.difference_error
        table: dict[str, object] = {
            "term": [c.name for c in columns],
            "group": [c.group for c in columns],
            "block": [c.block for c in columns],
            "measure": found.measure,
        }
        for name, value, spread in (
            ("within", found.within, found.within_error),
            ("pooled", found.pooled, found.pooled_error),
            ("difference", gap, error),
        ):
            low, high = interval(est.made, value, spread, level)
            table |= {name: value, f"{name}_low": low, f"{name}_high": high}
        statistic = np.divide(np.abs(gap), error, out=np.full(gap.size, np.inf), where=error > 0)
        table["p_value"] = np.minimum(2.0 * tail(est.made, statistic), 1.0)
        frames.append(pd.DataFrame(table).assign(note=note))
    return pd.concat(frames, ignore_index=True).reindex(columns=list(WITH_AND_WITHOUT))
