"""Quantiles and tail probabilities, from `scipy.special` alone: `scipy.stats` takes long to import."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

__all__ = ["binomial_cdf", "chi2_tail", "f_tail", "false_discovery", "normal_quantile", "t_quantile", "t_tail"]

Floats = NDArray[np.float64]

_special: Any = special


def normal_quantile(p: float) -> float:
    """Quantile of the standard normal."""
    return float(_special.ndtri(p))


def t_quantile(p: float, df: float) -> float:
    """Quantile of t; infinite degrees of freedom are the normal."""
    return float(_special.stdtrit(df, p)) if np.isfinite(df) else normal_quantile(p)


def t_tail(statistic: ArrayLike, df: float) -> Floats:
    """Upper tail probability of t; infinite degrees of freedom are the normal."""
    below = np.negative(statistic)
    return np.asarray(_special.stdtr(df, below) if np.isfinite(df) else _special.ndtr(below), dtype=np.float64)


def chi2_tail(statistic: float, df: float) -> float:
    """Upper tail probability of chi-squared."""
    return float(_special.chdtrc(df, statistic))


def f_tail(statistic: float, df: float, df_error: float) -> float:
    """Upper tail probability of F."""
    return float(_special.fdtrc(df, df_error, statistic))


def binomial_cdf(count: ArrayLike, n: ArrayLike, p: float) -> Floats:
    """Probability of at most that many successes in n."""
    return np.asarray(_special.betaincc(np.add(count, 1.0), np.subtract(n, np.asarray(count, dtype=float)), p))


def false_discovery(p: Floats) -> Floats:
    """p-values adjusted for the false discovery rate (Benjamini and Hochberg 1995); p (q,)."""
    falling = np.argsort(-p, kind="stable")
    adjusted = np.empty(p.size)
    adjusted[falling] = np.minimum.accumulate(p[falling] * p.size / np.arange(p.size, 0, -1))
    return np.minimum(adjusted, 1.0)
