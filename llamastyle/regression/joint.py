"""Several coefficients tested at once, with as many degrees of freedom as there are clusters for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression.tails import chi2_tail, f_tail

__all__ = ["JointTest", "joint_wald"]

Floats = NDArray[np.float64]

PER_TERM = 20
"""Clusters a coefficient that a Wald test needs at least: with fewer it rejects too often (study `trust`)."""


@dataclass(frozen=True, slots=True)
class JointTest:
    """A test that several coefficients are zero: `joint_wald`, or by flipped signs in `curvature_tests`.

    Attributes
    ----------
    df : int
        Coefficients tested, q.
    statistic : float
        F, or what is compared with its flips; near 1 when all are zero; NaN where it is not computed.
    df_error : float
        Degrees of freedom of the denominator, or clusters flipped less one; infinite where nothing is clustered.
    p_value : float
    note : str
        Why it is not computed; empty where it is.
    """

    df: int
    statistic: float
    df_error: float
    p_value: float
    note: str


def joint_wald(estimate: Floats, cov: Floats, df: float) -> JointTest:
    """Test that all coefficients are zero.

    With W = b' V^-1 b and d = G - 1, (d - q + 1) / (d q) W is compared with F(q, d - q + 1)
    (Korn and Graubard 1990): W against chi-squared would reject too often when q is not small beside
    the number of clusters. With fewer than twenty clusters a coefficient it still does, and is not computed.

    Parameters
    ----------
    estimate : float64 (q,)
    cov : float64 (q, q)
    df : float
        Degrees of freedom of the covariance, G - 1; infinite when it is not clustered.
    """
    q = estimate.size
    if q == 0:
        return JointTest(0, np.nan, np.nan, np.nan, "nothing to test")
    if few := too_few(q, df):
        return JointTest(q, np.nan, np.nan, np.nan, few)
    size = np.sqrt(np.maximum(np.diag(cov), 1e-300))
    values, vectors = np.linalg.eigh(cov / np.outer(size, size))
    if values[0] <= 1e-12 * q:
        return JointTest(q, np.nan, np.nan, np.nan, "not computed: the covariance of these terms is singular")
    wald = float(((vectors.T @ (estimate / size)) ** 2 / values).sum())
    if not np.isfinite(df):
        return JointTest(q, wald / q, np.inf, chi2_tail(wald, q), "")
    rest = df - q + 1
    statistic = rest / (df * q) * wald
    return JointTest(q, statistic, rest, f_tail(statistic, q, rest), "")


def too_few(q: int, df: float, per_term: int = PER_TERM) -> str:
    """Why q coefficients cannot be tested jointly with so few clusters; empty when they can."""
    if q <= 1 or q * per_term <= df:
        return ""
    return f"not computed: {q} terms need more than {q * per_term} clusters, and there are {int(df) + 1}"
