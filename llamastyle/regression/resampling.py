"""The refit bootstrap: clusters drawn anew, the whole regression made again, the scales held.

It is slow, and knows nothing of influence functions: the referee of every standard error here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression import links
from llamastyle.regression.bradley_terry import BTFit, fit_bradley_terry, model_sums
from llamastyle.regression.decomposition import POINTS, profiles
from llamastyle.regression.design import Design

if TYPE_CHECKING:
    from llamastyle.regression.result import StyleResult

__all__ = ["Draws", "bootstrap"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Draws:
    """Refits on clusters drawn with replacement; B draws, k columns, m models.

    Attributes
    ----------
    price : float64 (B, k)
        Log-odds per recorded scale.
    theta : float64 (B, m)
        Strengths in log-odds, mean zero.
    inflation : float64 (B, m)
        Arena points against the field.
    change : float64 (B, m)
        Parity change.
    failed : int
        Draws without a finite maximum; their rows are NaN.
    """

    price: Floats
    theta: Floats
    inflation: Floats
    change: Floats
    failed: int


def bootstrap(result: StyleResult, draws: int | Iterable[int] = 1000, seed: int = 0) -> Draws:
    """Refit on clusters drawn with replacement, from the estimate on.

    Parameters
    ----------
    result : StyleResult
        Clustered in one way; without clusters battles are drawn.
    draws : int or iterable of int
        How many, or which: draw number i of a seed is always the same.
    seed : int

    Returns
    -------
    Draws

    Raises
    ------
    FitError
        Nothing was fitted, or errors are clustered in several ways.

    Examples
    --------
    >>> import llamastyle as ls
    >>> from llamastyle.regression.resampling import bootstrap
    >>> result = ls.fit(ls.simulate(1000, 4, style={"words": 0.8}, seed=2).battles, cluster="prompt_id")
    >>> bootstrap(result, 20).price.shape
    (20, 2)
    """
    design, est = result.design, result.estimates
    if design is None or est is None:
        raise FitError(f"there is no estimate to draw around: {result.failure}")
    if len(est.made.clusters.counts) > 1:
        raise FitError("the bootstrap draws clusters of one way: fit with a single cluster= column")
    numbers = range(draws) if isinstance(draws, int) else list(draws)
    k, m, groups = design.x.shape[1], design.n_models, est.made.n_groups
    rows = np.full((len(numbers), k + 3 * m), np.nan)
    for row, number in zip(rows, numbers, strict=True):
        drawn = np.random.default_rng([seed, number]).integers(groups, size=groups)
        times = np.bincount(drawn, minlength=groups)[est.made.group]
        row[:] = _refit(design, est.fit, times)
    price, theta, inflation, change = np.split(rows, [k, k + m, k + 2 * m], axis=1)
    return Draws(price, theta, inflation, change, int(np.isnan(rows).any(axis=1).sum()))


def _refit(design: Design, fit: BTFit, times: NDArray[np.int64]) -> Floats:
    """Prices, strengths, inflations and parity changes with each battle counted so many times: (k + 3m,)."""
    kept = np.flatnonzero(times)
    drawn = replace(design, cluster=None).take(kept)
    drawn = replace(drawn, w=drawn.w * times[kept])
    likelihood, m = fit.likelihood, design.n_models
    if likelihood.prompts is not None:
        prompts = replace(likelihood.prompts, code=likelihood.prompts.code[kept], sign=likelihood.prompts.sign[kept])
        likelihood = replace(likelihood, prompts=prompts)
    total = np.bincount(np.concatenate([drawn.a, drawn.b]) + 1, np.tile(drawn.w, 2), m + 1)[1:]
    try:
        if not (total > 0).all():
            raise ConvergenceError("a model has no battle in this draw")
        found = fit_bradley_terry(drawn, np.concatenate([fit.theta, fit.beta]), likelihood)
    except ConvergenceError:
        return np.full(fit.beta.size + 3 * m, np.nan)
    style = design.spec.block("style")
    at_parity = links.mean(found.eta - drawn.x[:, style] @ found.beta[style], found.nu)
    change = model_sums(drawn, drawn.w * (drawn.y - at_parity)) / total
    inflation = POINTS * profiles(drawn).pi[:, style] @ found.beta[style]
    return np.concatenate([found.beta, found.theta, inflation, change])
