"""The Bradley-Terry likelihood with contrasts, and Newton's method on its pair structure.

Parameters are ordered strengths first (m of them, mean zero), then one coefficient a column (k).
The information of the strengths is a weighted graph Laplacian, summed by pair of models; its null
direction (all strengths moved together) is fixed by adding the projection on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import ConvergenceError
from llamastyle.regression.design import Design

__all__ = ["BTFit", "fit_bradley_terry", "linear_predictor", "sigmoid"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_ITERATIONS = 100
DECREMENT = 1e-10
LAST_MOVE = 1e-4


@dataclass(frozen=True, slots=True)
class BTFit:
    """A maximum of the likelihood; n battles, m models, k columns.

    Attributes
    ----------
    theta : float64 (m,)
        Strengths in log-odds, mean zero.
    beta : float64 (k,)
        Coefficients in log-odds per recorded scale.
    eta, p : float64 (n,)
        Linear predictor and win probability of side a.
    llf : float
        Weighted log-likelihood in nats.
    bread : float64 (m + k, m + k)
        Inverse information; maps scores to influences.
    iterations : int
        Newton steps taken.
    decrement : float
        Newton decrement before the last step.
    """

    theta: Floats
    beta: Floats
    eta: Floats
    p: Floats
    llf: float
    bread: Floats
    iterations: int
    decrement: float


def sigmoid(eta: Floats) -> Floats:
    """Logistic function, exact in both tails."""
    e = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1.0 / (1.0 + e), e / (1.0 + e))


def log_likelihood(y: Floats, w: Floats, eta: Floats) -> float:
    """Sum of w (y log p + (1 - y) log(1 - p)), in nats."""
    softplus = np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))
    return float(w @ (y * eta - softplus))


def linear_predictor(design: Design, theta: Floats, beta: Floats) -> Floats:
    """theta_a - theta_b + x'beta, shape (n,)."""
    eta = design.x @ beta
    if theta.size:
        padded = np.append(theta, 0.0)  # index -1: battles silent on strengths
        eta = eta + padded[design.a] - padded[design.b]
    return eta


def model_sums(design: Design, values: Floats) -> Floats:
    """Sum of values over each model's battles, plus as side a and minus as side b.

    Parameters
    ----------
    values : float64 (n,) or (n, q)

    Returns
    -------
    float64 (m,) or (m, q)
    """
    m = design.n_models
    flat = values.reshape(design.n, -1)
    sums = np.empty((m, flat.shape[1]))
    a, b = design.a + 1, design.b + 1
    for j in range(flat.shape[1]):
        column = np.ascontiguousarray(flat[:, j])
        sums[:, j] = (np.bincount(a, column, m + 1) - np.bincount(b, column, m + 1))[1:]
    return sums.reshape((m, *values.shape[1:]))


def laplacian(design: Design, v: Floats) -> Floats:
    """Sum of v (e_a - e_b)(e_a - e_b)', shape (m, m)."""
    m = design.n_models
    if m == 0:
        return np.empty((0, 0))
    met = np.bincount((design.a + 1) * (m + 1) + design.b + 1, v, (m + 1) ** 2).reshape(m + 1, m + 1)[1:, 1:]
    met = met + met.T
    return np.asarray(np.diag(met.sum(axis=1)) - met, dtype=np.float64)


def information(design: Design, v: Floats) -> Floats:
    """Sum of v z z' with the null direction of the strengths fixed, shape (m + k, m + k)."""
    m, k = design.n_models, design.x.shape[1]
    out = np.empty((m + k, m + k))
    vx = design.x * v[:, None]
    out[:m, :m] = laplacian(design, v)
    if m:
        out[:m, :m] += out[:m, :m].trace() / m**2 + (m == 1)
    out[:m, m:] = model_sums(design, vx)
    out[m:, :m] = out[:m, m:].T
    out[m:, m:] = design.x.T @ vx
    return out


def fit_bradley_terry(design: Design, start: Floats | None = None) -> BTFit:
    """Maximise the likelihood by Newton's method.

    The step at which the decrement falls below 1e-10 (at a mean weight of 1) is taken, unless it still
    moves some linear predictor: a likelihood that flattens out while predictors grow has no maximum.

    Raises
    ------
    ConvergenceError
        The maximum was not reached, or the information is singular.
    """
    m, k = design.n_models, design.x.shape[1]
    unit = float(design.w.mean()) if design.n else 1.0
    given, design = design, replace(design, w=design.w / unit)
    params = np.zeros(m + k) if start is None else start.copy()
    eta = linear_predictor(design, params[:m], params[m:])
    llf = log_likelihood(design.y, design.w, eta)
    iterations = 0
    while True:
        iterations += 1
        p = sigmoid(eta)
        residual = design.w * (design.y - p)
        gradient = np.concatenate([model_sums(design, residual), design.x.T @ residual])
        step = _solve(information(design, design.w * p * (1.0 - p)), gradient)
        decrement, before = float(gradient @ step), eta
        params, eta, llf = _damped(design, params, step, llf)
        if decrement < DECREMENT and np.abs(eta - before).max(initial=0.0) < LAST_MOVE:
            break
        if np.abs(eta).max(initial=0.0) > 500.0:
            raise ConvergenceError(
                "the linear predictor grows without bound: the likelihood has no finite maximum"
            )
        if iterations == MAX_ITERATIONS:
            raise ConvergenceError(
                f"Newton's method did not converge in {MAX_ITERATIONS} steps (decrement {decrement:.3g})"
            )
    theta = params[:m] - (params[:m].mean() if m else 0.0)
    p = sigmoid(eta)
    bread = _inverse(information(design, design.w * p * (1.0 - p))) / unit
    return BTFit(theta, params[m:], eta, p, log_likelihood(given.y, given.w, eta), bread, iterations, decrement)


def _damped(design: Design, params: Floats, step: Floats, llf: float) -> tuple[Floats, Floats, float]:
    m, size = design.n_models, 1.0
    tolerance = 1e-12 * max(abs(llf), 1.0)
    while True:
        candidate = params + size * step
        eta = linear_predictor(design, candidate[:m], candidate[m:])
        value = log_likelihood(design.y, design.w, eta)
        if value >= llf - tolerance or size < 1e-6:
            return candidate, eta, value
        size /= 2.0


def _solve(matrix: Floats, vector: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, vector), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError("the information matrix is singular: some columns say the same") from error


def _inverse(matrix: Floats) -> Floats:
    try:
        inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ConvergenceError("the information matrix is singular: some columns say the same") from error
    return (inverse + inverse.T) / 2.0
