"""From log-odds to the expected outcome: logistic, or Davidson's with a parameter of its own for ties.

Both are F(eta) = 1/2 + sinh(eta / 2) / (2 cosh(eta / 2) + nu); nu = 0 is the logistic function, for
which a tie is half a win. With nu > 0 a tie has probability nu / (2 cosh(eta / 2) + nu) (Davidson 1970).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["log_likelihood", "mean", "mean_by_ties", "mean_slope", "moments", "slope", "slope_changes", "tie"]

Floats = NDArray[np.float64]

NEAR_ZERO = 1e-2


def _parts(eta: Floats, nu: float) -> tuple[Floats, Floats]:
    """exp(-|eta| / 2), and (2 cosh(eta / 2) + nu) times it."""
    e = np.exp(-np.abs(eta) / 2.0)
    return e, 1.0 + e * e + nu * e


def mean(eta: Floats, nu: float = 0.0) -> Floats:
    """Expected outcome of side a, F(eta); exact in both tails."""
    if nu == 0.0:
        return np.exp(np.minimum(eta, 0.0)) / (1.0 + np.exp(-np.abs(eta)))
    e, s = _parts(eta, nu)
    return np.where(eta >= 0, 1.0 + nu * e / 2.0, e * e + nu * e / 2.0) / s


def slope(eta: Floats, nu: float = 0.0) -> Floats:
    """dF / d eta."""
    e, s = _parts(eta, nu)
    return (e * e + nu * e * (1.0 + e * e) / 4.0) / (s * s)


def slope_changes(eta: Floats, nu: float = 0.0) -> tuple[Floats, Floats]:
    """Derivatives of the slope dF / d eta by eta and by log nu; the first is odd in eta, the second even."""
    e, s = _parts(eta, nu)
    e2 = e * e
    by_eta = np.sign(eta) * (1.0 - e2) * (e2 * (nu * nu / 4.0 - 2.0) - nu * e * (1.0 + e2) / 4.0) / (2.0 * s**3)
    by_ties = nu * e * ((1.0 + e2) ** 2 / 4.0 - 2.0 * e2 - nu * e * (1.0 + e2) / 4.0) / s**3
    return by_eta, by_ties


def tie(eta: Floats, nu: float) -> Floats:
    """Probability of a tie."""
    e, s = _parts(eta, nu)
    return nu * e / s


def mean_by_ties(eta: Floats, nu: float) -> Floats:
    """dF / d log nu."""
    e, s = _parts(eta, nu)
    return -np.sign(eta) * nu * e * (1.0 - e * e) / (2.0 * s * s)


def log_likelihood(y: Floats, w: Floats, eta: Floats, nu: float = 0.0) -> float:
    """Sum of w (y log p + (1 - y) log(1 - p)), or of Davidson's log-probabilities, in nats."""
    if nu == 0.0:
        softplus = np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))
        return float(w @ (y * eta - softplus))
    _, s = _parts(eta, nu)
    tied = y == 0.5
    return float(w @ ((y - 0.5) * eta - np.abs(eta) / 2.0 - np.log(s) + tied * np.log(nu)))


def moments(y: Floats, w: Floats, eta: Floats, nu: float = 0.0) -> tuple[float, Floats, Floats]:
    """`log_likelihood`, `mean` and `slope` at once."""
    if nu != 0.0:
        return log_likelihood(y, w, eta, nu), mean(eta, nu), slope(eta, nu)
    e = np.exp(-np.abs(eta))
    softplus = np.log1p(e)
    softplus += np.maximum(eta, 0.0)
    likelihood = float(w @ (y * eta - softplus))
    p, s = np.exp(np.minimum(eta, 0.0)), 1.0 + e  # no choice by sign: processors do not foresee it
    p /= s
    e /= s
    e /= s
    return likelihood, p, e


def mean_slope(eta: Floats, nu: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """h = (F - 1/2) / eta, its derivative by eta, and by log nu; h is even, positive, 1 / (4 + 2 nu) at zero."""
    small = np.abs(eta) < NEAR_ZERO
    safe, x2, c = np.where(small, 1.0, eta), (eta / 2.0) ** 2, 2.0 + nu
    # (x / c) (1 + a2 x^2 + a4 x^4) is the series of sinh x / (2 cosh x + nu), x = eta / 2
    a2 = 1.0 / 6.0 - 1.0 / c
    a4 = 1.0 / 120.0 - 1.0 / (4.0 * c) + 1.0 / c**2
    h = np.where(small, (1.0 + a2 * x2 + a4 * x2 * x2) / (2.0 * c), (mean(eta, nu) - 0.5) / safe)
    change = np.where(small, eta * (a2 / 2.0 + a4 * x2) / (2.0 * c), (slope(eta, nu) - h) / safe)
    by_ties = np.zeros_like(h)
    if nu > 0.0:
        e, s = _parts(eta, nu)
        x = np.where(small, 1.0, np.abs(eta) / 2.0)
        over_x = np.where(small, (1.0 + x2 / 6.0) * e * e, (1.0 - e * e) * e / (2.0 * x))
        by_ties = -nu * over_x / (2.0 * s * s)  # sinh(x) / x over (2 cosh x + nu)^2, x = eta / 2
    return h, change, by_ties
