"""The Bradley-Terry likelihood with contrasts, and Newton's method on its pair structure.

Parameters are ordered strengths first (m of them, mean zero), then one coefficient a column (k).
The information of the strengths is a weighted graph Laplacian, summed by pair of models; its null
direction (all strengths moved together) is fixed by adding the projection on it.

Sums over battles run in blocks, so that what a block needs stays in the cache and memory is that of
the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from llamastyle.errors import ConvergenceError
from llamastyle.regression.design import Design

__all__ = ["BTFit", "fit_bradley_terry", "linear_predictor", "sigmoid"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_ITERATIONS = 100
DECREMENT = 1e-10
LAST_MOVE = 1e-4
BLOCK = 16_384
"""Battles a block."""
SIGNS = np.tile([1.0, -1.0], BLOCK)
STARTS = np.arange(0, 2 * BLOCK + 1, 2, dtype=np.int32)


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
    return np.exp(np.minimum(eta, 0.0)) / (1.0 + np.exp(-np.abs(eta)))


def log_likelihood(y: Floats, w: Floats, eta: Floats) -> float:
    """Sum of w (y log p + (1 - y) log(1 - p)), in nats."""
    softplus = np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))
    return float(w @ (y * eta - softplus))


def blocks(n: int) -> Iterator[slice]:
    """Ranges of rows, up to `BLOCK` each."""
    for start in range(0, n, BLOCK):
        yield slice(start, min(start + BLOCK, n))


def linear_predictor(design: Design, theta: Floats, beta: Floats) -> Floats:
    """theta_a - theta_b + x'beta, shape (n,)."""
    eta = np.empty(design.n)
    for rows in blocks(design.n):
        eta[rows] = _linear_predictor(design, rows, theta, beta)
    return eta


def _linear_predictor(design: Design, rows: slice, theta: Floats, beta: Floats) -> Floats:
    eta = design.x[rows] @ beta
    if theta.size:
        padded = np.append(theta, 0.0)  # index -1: battles silent on strengths
        eta += padded[design.a[rows]] - padded[design.b[rows]]
    return eta


def incidence(design: Design, rows: slice) -> csc_array:
    """Column i is e_a - e_b of battle i: sparse (m + 1, rows), the last row for battles that are silent."""
    index = np.column_stack([design.a[rows], design.b[rows]]).astype(np.int32).ravel()
    index[index < 0] = design.n_models
    n = index.size // 2
    return csc_array((SIGNS[: 2 * n], index, STARTS[: n + 1]), shape=(design.n_models + 1, n))


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
    sums = np.zeros((m, *values.shape[1:]))
    for rows in blocks(design.n):
        sums += (incidence(design, rows) @ values[rows])[:m]
    return sums


def laplacian(design: Design, v: Floats) -> Floats:
    """Sum of v (e_a - e_b)(e_a - e_b)', shape (m, m)."""
    met = np.zeros((design.n_models + 1,) * 2)
    for rows in blocks(design.n):
        met += _met(design, rows, v[rows])
    return _laplacian(met)


def _met(design: Design, rows: slice, v: Floats) -> Floats:
    """Sum of v by model of side a and of side b, the silent ones first."""
    side = design.n_models + 1
    met = np.bincount((design.a[rows] + 1) * side + design.b[rows] + 1, v, side**2)
    return np.asarray(met, dtype=np.float64).reshape(side, side)


def _laplacian(met: Floats) -> Floats:
    both = met[1:, 1:] + met[1:, 1:].T
    return np.asarray(np.diag(both.sum(axis=1)) - both, dtype=np.float64)


class _Information:
    """Sum of v z z' over blocks of battles, with the null direction of the strengths fixed at the end."""

    def __init__(self, m: int, k: int) -> None:
        self._met, self._cross, self._prices = np.zeros((m + 1, m + 1)), np.zeros((m, k)), np.zeros((k, k))

    def add(self, design: Design, rows: slice, signs: csc_array, v: Floats) -> None:
        x = design.x[rows]
        vx = x * v[:, None]
        self._met += _met(design, rows, v)
        self._cross += (signs @ vx)[:-1]
        self._prices += x.T @ vx

    def total(self) -> Floats:
        strengths, m = _laplacian(self._met), self._cross.shape[0]
        if m:
            strengths += strengths.trace() / m**2 + (m == 1)
        return np.block([[strengths, self._cross], [self._cross.T, self._prices]])


def information(design: Design, v: Floats) -> Floats:
    """Sum of v z z' with the null direction of the strengths fixed, shape (m + k, m + k)."""
    out = _Information(design.n_models, design.x.shape[1])
    for rows in blocks(design.n):
        out.add(design, rows, incidence(design, rows), v[rows])
    return out.total()


@dataclass(frozen=True, slots=True)
class _Point:
    """The likelihood at some parameters, from one pass over the battles; points share ``eta``."""

    params: Floats
    eta: Floats
    llf: float
    gradient: Floats
    information: Floats


def _evaluate(design: Design, signs: list[csc_array], params: Floats, eta: Floats) -> _Point:
    m, k = design.n_models, design.x.shape[1]
    llf, gradient, total = 0.0, np.zeros(m + k), _Information(m, k)
    for rows, block in zip(blocks(design.n), signs, strict=True):
        y, w = design.y[rows], design.w[rows]
        eta[rows] = here = _linear_predictor(design, rows, params[:m], params[m:])
        llf += log_likelihood(y, w, here)
        p = sigmoid(here)
        residual = w * (y - p)
        gradient[:m] += (block @ residual)[:m]
        gradient[m:] += design.x[rows].T @ residual
        total.add(design, rows, block, w * p * (1.0 - p))
    return _Point(params, eta, llf, gradient, total.total())


def pooled(design: Design) -> Design:
    """One row for all battles of a pair of models with the same side a: their weight and mean outcome.

    There are no columns, and without columns the likelihood is that of the battles.
    """
    side = design.n_models + 1
    weight, won = np.zeros((side, side)), np.zeros((side, side))
    for rows in blocks(design.n):
        weight += _met(design, rows, design.w[rows])
        won += _met(design, rows, design.w[rows] * design.y[rows])
    a, b = np.nonzero(weight)
    w = weight[a, b]
    return Design(design.plain().spec, np.empty((w.size, 0)), a - 1, b - 1, won[a, b] / w, w)


def fit_bradley_terry(design: Design, start: Floats | None = None) -> BTFit:
    """Maximise the likelihood by Newton's method.

    Without ``start`` it begins at the strengths that are the maximum without columns. The step at
    which the decrement falls below 1e-10 (at a mean weight of 1) is taken, unless it still moves some
    linear predictor: a likelihood that flattens out while predictors grow has no maximum.

    Raises
    ------
    ConvergenceError
        The maximum was not reached, or the information is singular.
    """
    m, k = design.n_models, design.x.shape[1]
    unit = float(design.w.mean()) if design.n else 1.0
    design = design if unit == 1.0 else replace(design, w=design.w / unit)
    if k == 0 and m:
        at, iterations, decrement = _newton(pooled(design), np.zeros(m) if start is None else start)
        eta = linear_predictor(design, at.params, np.empty(0))
    else:
        if start is None:
            plain = _newton(pooled(design), np.zeros(m))[0].params if m else np.empty(0)
            start = np.concatenate([plain, np.zeros(k)])
        at, iterations, decrement = _newton(design, start)
        eta = at.eta
    theta = at.params[:m] - (at.params[:m].mean() if m else 0.0)
    bread = _inverse(at.information) / unit
    return BTFit(theta, at.params[m:], eta, sigmoid(eta), unit * at.llf, bread, iterations, decrement)


def _newton(design: Design, start: Floats) -> tuple[_Point, int, float]:
    signs = [incidence(design, rows) for rows in blocks(design.n)]
    at = _evaluate(design, signs, start, np.empty(design.n))
    iterations = 0
    while True:
        iterations += 1
        step = _solve(at.information, at.gradient)
        decrement, before = float(at.gradient @ step), at.params
        at = _damped(design, signs, at, step)
        if decrement < DECREMENT and _furthest(design, at.params - before) < LAST_MOVE:
            return at, iterations, decrement
        if np.abs(at.eta).max(initial=0.0) > 500.0:
            raise ConvergenceError(
                "the linear predictor grows without bound: the likelihood has no finite maximum"
            )
        if iterations == MAX_ITERATIONS:
            raise ConvergenceError(
                f"Newton's method did not converge in {MAX_ITERATIONS} steps (decrement {decrement:.3g})"
            )


def _furthest(design: Design, step: Floats) -> float:
    """The greatest change of a linear predictor."""
    m = design.n_models
    moves = (_linear_predictor(design, rows, step[:m], step[m:]) for rows in blocks(design.n))
    return max((float(np.abs(move).max()) for move in moves), default=0.0)


def _damped(design: Design, signs: list[csc_array], at: _Point, step: Floats) -> _Point:
    size, tolerance = 1.0, 1e-12 * max(abs(at.llf), 1.0)
    while True:
        candidate = _evaluate(design, signs, at.params + size * step, at.eta)
        if candidate.llf >= at.llf - tolerance or size < 1e-6:
            return candidate
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
