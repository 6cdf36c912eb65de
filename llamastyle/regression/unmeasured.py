"""How strong would something unmeasured have to be to explain a price away?

Cinelli and Hazlett 2020, on the linear version: outcome minus one half regressed on model indicators
and columns, weighted least squares, no intercept (without a position column), classical t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression.bradley_terry import information, model_sums
from llamastyle.regression.design import Design
from llamastyle.regression.tails import t_quantile

__all__ = ["Benchmarks", "LinearFit", "benchmarks", "linear_version", "partial_r2", "robustness_value"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearFit:
    """Least squares of the outcome minus one half; k columns.

    Attributes
    ----------
    beta, std_error, t : float64 (k,)
        In win probability per recorded scale; classical errors.
    df : int
        Battles minus free parameters.
    inverse : float64 (k, k)
        Inverse of the columns' cross-products, the models partialled out.
    """

    beta: Floats
    std_error: Floats
    t: Floats
    df: int
    inverse: Floats


def linear_version(design: Design) -> LinearFit:
    """The linear version of the fit, its models partialled out."""
    m = design.n_models
    unit = float(design.w.mean())
    w = design.w / unit
    full = information(design, w)
    moved = np.concatenate([model_sums(design, w * (design.y - 0.5)), design.x.T @ (w * (design.y - 0.5))])
    whole = np.linalg.inv(full)
    params = whole @ moved
    left = float((w * (design.y - 0.5) ** 2).sum()) - float(params @ moved)
    df = design.n - design.n_free
    inverse = np.asarray(whole[m:, m:], dtype=np.float64)
    error = np.sqrt(max(left, 0.0) / df * np.diag(inverse))
    return LinearFit(params[m:], error, params[m:] / error, df, inverse)


def partial_r2(t: Floats, df: float) -> Floats:
    """Share of the outcome's residual variance that a column explains: t^2 / (t^2 + df)."""
    return np.asarray(t**2 / (t**2 + df), dtype=np.float64)


def robustness_value(t: Floats, df: int, alpha: float | None = None) -> Floats:
    """Partial R^2 that an unmeasured variable must have with a column *and* with the outcome to bring it to zero.

    Parameters
    ----------
    t : float64 (k,)
        Classical t-values.
    df : int
    alpha : float, optional
        Bring the t-value to the critical value of this level, instead of the estimate to zero.

    Returns
    -------
    float64 (k,)
        In [0, 1].
    """
    f = np.abs(t) / np.sqrt(df)
    if alpha is None:
        return np.asarray((np.sqrt(f**4 + 4 * f**2) - f**2) / 2, dtype=np.float64)
    limit = t_quantile(1 - alpha / 2, df - 1) / np.sqrt(df - 1)
    over = np.maximum(f - limit, 0.0)
    inner = (np.sqrt(over**4 + 4 * over**2) - over**2) / 2
    # where even a variable that explains all of the outcome's residual would not do with less of the column
    outer = (f**2 - limit**2) / (1 + f**2)
    strong = (over > 0) & (f > 1 / limit)
    return np.asarray(np.where(strong, outer, inner), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Benchmarks:
    """What a variable as strong as each observed column would leave of each price; k columns.

    Attributes
    ----------
    with_column, with_outcome : float64 (k, k)
        Row: the price; column: the observed column that is the measure. Partial R^2 of the unmeasured
        variable with the priced column, and with the outcome.
    adjusted : float64 (k, k)
        The price that is left, in win probability per recorded scale; NaN where no variable can be as
        strong, and on the diagonal.
    """

    with_column: Floats
    with_outcome: Floats
    adjusted: Floats


def benchmarks(fit: LinearFit) -> Benchmarks:
    """Bounds for an unmeasured variable as strong as each observed column (their section 4.4, k = 1)."""
    k = fit.t.size
    scale = np.sqrt(np.diag(fit.inverse))
    between = (fit.inverse / np.outer(scale, scale)) ** 2  # squared partial correlation, all others held
    np.fill_diagonal(between, np.nan)
    outcome = np.broadcast_to(partial_r2(fit.t, fit.df), (k, k))
    with np.errstate(divide="ignore", invalid="ignore"):
        with_column = between / (1 - between)
        crossed = between**2 / (1 - between) ** 2
        with_outcome = ((1 + np.sqrt(crossed)) ** 2 / (1 - crossed)) * outcome / (1 - outcome)
        possible = (with_column < 1) & (crossed < 1)
        with_outcome = np.where(possible, np.minimum(with_outcome, 1.0), np.nan)
        lost = np.sqrt(with_outcome * with_column / (1 - with_column))
    bias = fit.std_error[:, None] * np.sqrt(fit.df) * lost
    adjusted = np.sign(fit.beta)[:, None] * (np.abs(fit.beta)[:, None] - bias)
    return Benchmarks(np.where(possible, with_column, np.nan), with_outcome, np.where(possible, adjusted, np.nan))
