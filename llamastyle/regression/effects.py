"""Prices in win probability: average marginal effects, per recorded scale and per natural unit.

Log-odds do not compare judges, languages or data sets, because their scale is the judge's noise; what
a step is worth in win probability does. The average is over the battles of the fit, so that its
influence has two terms: through the parameters, and through the mean itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.regression import links
from llamastyle.regression.bradley_terry import BTFit, model_sums
from llamastyle.regression.decomposition import natural_steps
from llamastyle.regression.design import Column, Design
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import (
    Influence,
    Sandwich,
    interval,
    seldom_reasons,
    standard_errors,
    through_prompts,
)

__all__ = ["EFFECTS", "Effects", "effect_errors", "effects_frame", "marginal_effects", "units"]

Floats = NDArray[np.float64]

EFFECTS = (
    "term", "group", "block", "unit", "odds_ratio", "odds_low", "odds_high", "effect", "std_error", "conf_low",
    "conf_high", "note",
)  # fmt: skip


FAR = "withheld: this step is {:.1f} times the largest difference in these battles"


@dataclass(frozen=True, slots=True)
class Effects:
    """Average marginal effects of k columns.

    Attributes
    ----------
    effect : float64 (k,)
        Mean over battles of the derivative of the expected outcome, per recorded scale; win rate in
        [0, 1], so that 0.01 is one point.
    influence : Influence
        Of the k effects.
    slope : float
        Mean of dF / d eta over battles: 1/4 where every battle is even, less where outcomes are sure.
    """

    effect: Floats
    influence: Influence
    slope: float


def marginal_effects(design: Design, fit: BTFit, made: Sandwich) -> Effects:
    """Mean over the battles of a fit of dF / d eta times each price, with its influence."""
    m, k, w = design.n_models, fit.beta.size, design.w
    total = float(w.sum())
    seen = links.slope(fit.eta, fit.nu)
    mean = float(w @ seen) / total
    change, by_ties = links.slope_changes(fit.eta, fit.nu)
    pull = w * change / total
    through = np.zeros((made.bread.shape[0], 1))
    through[:m, 0] = model_sums(design, pull)
    through[m : m + k, 0] = pull @ design.x
    if fit.likelihood.davidson:
        through[m + k, 0] = float(w @ by_ties) / total
    by_prompt = np.zeros((0, 1))
    if (prompts := fit.likelihood.prompts) is not None:
        by_prompt = np.bincount(prompts.code, prompts.sign * pull, prompts.n).astype(np.float64)[:, None]
    own = made.clusters.sums(np.arange(design.n), w * (seen - mean) / total, np.zeros(design.n, np.int64), 1)
    held = through_prompts(made, Influence(through, own), by_prompt)
    gradient = held.gradient * fit.beta
    gradient[m : m + k] += mean * np.eye(k)
    return Effects(mean * fit.beta, Influence(gradient, held.own, fit.beta[None, :].copy()), mean)


def effect_errors(made: Sandwich, found: Effects, models: int) -> Floats:
    """Errors of effects: none is surer than its price.

    The mean slope moves against the price, which with few clusters makes the error too small where the price is next
    to nothing.
    """
    price = np.sqrt(np.maximum(np.diag(made.cov)[models : models + found.effect.size], 0.0))
    return np.maximum(standard_errors(made, found.influence), found.slope * price)


def units(column: Column) -> list[tuple[str, float]]:
    """Units that an effect can be quoted in, each with its length in recorded scales."""
    if column.block == "position":
        return [("shown first", 1.0)]
    if column.block == "correctness":
        return [("right instead of wrong, by the slope", 1.0 / column.scale)]
    return natural_steps(column)


def effects_frame(design: Design, est: Estimates, level: float) -> pd.DataFrame:
    """Odds ratio and average marginal effect of every column and unit; columns `EFFECTS`."""
    found = marginal_effects(design, est.fit, est.made)
    m, k = design.n_models, est.fit.beta.size
    price_error = np.sqrt(np.maximum(np.diag(est.made.cov)[m : m + k], 0.0))
    error = effect_errors(est.made, found, m)
    why = seldom_reasons(design)
    few = np.array([bool(reason) for reason in why], dtype=bool)
    price_error[few] = error[few] = np.nan
    low, high = interval(est.made, found.effect, error, level)
    price_low, price_high = interval(est.made, est.fit.beta, price_error, level)
    furthest = np.abs(design.x).max(axis=0, initial=0.0)
    rows = [
        (column.name, column.group, column.block, unit, *(np.nan,) * 7, FAR.format(step / furthest[j]))
        if column.block == "style" and step > furthest[j]
        else (
            column.name,
            column.group,
            column.block,
            unit,
            *(float(np.exp(step * value[j])) for value in (est.fit.beta, price_low, price_high)),
            *(float(step * value[j]) for value in (found.effect, error, low, high)),
            why[j],
        )
        for j, column in enumerate(design.spec.columns)
        for unit, step in units(column)
    ]
    return pd.DataFrame(rows, columns=list(EFFECTS))
