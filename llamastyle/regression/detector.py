"""The detector: is a model's rating inflated by style beyond a margin, and is it unusual?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression.inference import Sandwich, tail
from llamastyle.regression.tails import false_discovery, t_quantile

__all__ = ["Detection", "detect", "distance", "unusual"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MIN_MODELS_FOR_DISTANCE = 15


@dataclass(frozen=True, slots=True)
class Detection:
    """One verdict a model; m models.

    Attributes
    ----------
    p_value, q_value : float64 (m,)
        Of |inflation| <= margin; q is Benjamini-Hochberg over the models tested. NaN where not tested.
    verdict : tuple of str (m,)
    """

    p_value: Floats
    q_value: Floats
    verdict: tuple[str, ...]


def detect(
    inflation: Floats,
    error: Floats,
    tested: Bools,
    made: Sandwich,
    *,
    margin: float,
    level: float,
    with_correctness: bool,
) -> Detection:
    """Test each model's inflation against the margin.

    Parameters
    ----------
    inflation, error : float64 (m,)
        Arena points and their standard errors.
    tested : bool (m,)
        False where there is too little to test.
    margin : float
        Arena points that still count as nothing.
    level : float
        False-discovery rate.
    """
    p = np.full(inflation.size, np.nan)
    q = p.copy()
    safe = np.maximum(error, 1e-300)
    p[tested] = np.minimum(1.0, 2.0 * tail(made, (np.abs(inflation) - margin) / safe))[tested]
    if tested.any():
        q[tested] = false_discovery(p[tested])
    # the 90 % interval inside +-margin: two one-sided tests at 5 %
    half = t_quantile(0.95, made.df)
    inside = np.abs(inflation) + half * error <= margin
    words = ("inflated", "deflated") if with_correctness else ("style-favoured", "style-penalised")
    verdict = tuple(
        _verdict(bool(t), float(i), float(qv), bool(ins), level, words)
        for t, i, qv, ins in zip(tested, inflation, q, inside, strict=True)
    )
    return Detection(p, q, verdict)


def _verdict(
    tested: bool, inflation: float, q: float, inside: bool, level: float, words: tuple[str, str]
) -> str:
    if not tested:
        return "insufficient data"
    if q <= level:
        return words[0] if inflation > 0 else words[1]
    return "neutral" if inside else "undetermined"


def unusual(inflation: Floats, error: Floats, used: Bools) -> tuple[Floats, str]:
    """How far each model's inflation stands from the field's median, in the field's spread.

    The spread is 1.4826 times the median absolute deviation, less the median squared error.

    Returns
    -------
    score : float64 (m,)
        NaN where not computed.
    note : str
        Why there is none, or nothing.
    """
    score = np.full(inflation.size, np.nan)
    if used.sum() < 5:
        return score, "unusual needs at least 5 models with an inflation"
    field = inflation[used]
    median = float(np.median(field))
    spread2 = (1.4826 * float(np.median(np.abs(field - median)))) ** 2 - float(np.median(error[used] ** 2))
    if spread2 <= 0:
        return score, "unusual not computed: the models differ by no more than their errors"
    score[used] = (field - median) / np.sqrt(spread2)
    return score, ""


def distance(group_profiles: Floats, used: Bools) -> tuple[Floats, str]:
    """Mahalanobis distance of each model's style profile from the other models', leave-one-out.

    Parameters
    ----------
    group_profiles : float64 (m, g)
        At most five groups' profiles times prices.

    Returns
    -------
    distance : float64 (m,)
    note : str
        Why there is none, or nothing.
    """
    out = np.full(used.size, np.nan)
    if used.sum() < MIN_MODELS_FOR_DISTANCE:
        return out, f"distance needs at least {MIN_MODELS_FOR_DISTANCE} models"
    from sklearn.covariance import LedoitWolf

    rows = np.flatnonzero(used)
    for r in rows:
        others = group_profiles[rows[rows != r]]
        scale = others.std(axis=0)
        scale[scale == 0] = 1.0
        fitted = LedoitWolf().fit(others / scale)
        out[r] = float(np.sqrt(fitted.mahalanobis(group_profiles[[r]] / scale)[0]))
    return out, ""
