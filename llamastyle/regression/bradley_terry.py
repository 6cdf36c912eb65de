"""The Bradley-Terry likelihood with contrasts, and Newton's method on its pair structure.

Parameters are ordered strengths first (m of them, mean zero), then one coefficient a column (k), then
the log of Davidson's parameter where ties have one. Effects of prompts, shrunk, are kept apart: their
block of the information is diagonal, so that they are solved for first (Schur complement).
The information of the strengths is a weighted graph Laplacian, summed by pair of models; its null
direction (all strengths moved together) is fixed by adding the projection on it.

Sums over battles run in blocks, so that what a block needs stays in the cache and memory is that of
the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from llamastyle.errors import ConvergenceError
from llamastyle.regression import links
from llamastyle.regression.design import Design

__all__ = [
    "BTFit",
    "Information",
    "Likelihood",
    "Passes",
    "Point",
    "PromptEffects",
    "Prompts",
    "Sums",
    "fit_at",
    "fit_bradley_terry",
    "fit_passes",
    "linear_predictor",
    "sums",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MAX_ITERATIONS = 100
MAX_SCORING = 1000
"""Firth's penalty is met by scoring, which converges more slowly."""
DECREMENT = 1e-10
LAST_MOVE = 1e-4
STILL = 1e-7
"""A last step that moves no predictor by more changes the information by no greater share of itself."""
BLOCK = 16_384
"""Battles a block."""
SIGNS = np.tile([1.0, -1.0], BLOCK)
STARTS = np.arange(0, 2 * BLOCK + 1, 2, dtype=np.int32)


@dataclass(frozen=True, slots=True)
class Prompts:
    """Effects of prompts, shrunk towards zero; n battles, q prompts.

    Attributes
    ----------
    code : int64 (n,)
        Prompt of each battle.
    sign : float64 (n,)
        1 where side b is the baseline, -1 where side a is, 0 where the battle says nothing.
    penalty : float
        lambda of -lambda / 2 times the sum of squares, per battle sum.
    n : int
    """

    code: Ints
    sign: Floats
    penalty: float
    n: int


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What is maximised beside the battles' log-likelihood.

    Attributes
    ----------
    davidson : bool
        Ties have a parameter of their own.
    ridge : float64 (m + k,) or None
        Penalty -ridge / 2 times the square of each parameter, per battle sum.
    firth : float
        1 adds half the log-determinant of the information (Firth 1993); 0 does not.
    prompts : Prompts or None
    """

    davidson: bool = False
    ridge: Floats | None = None
    firth: float = 0.0
    prompts: Prompts | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing is added to the battles' own log-likelihood."""
        return not self.davidson and self.ridge is None and not self.firth and self.prompts is None


PLAIN = Likelihood()


@dataclass(frozen=True, slots=True)
class PromptEffects:
    """Estimated effects of prompts and their blocks of the information; q prompts, p other parameters.

    Attributes
    ----------
    gamma : float64 (q,)
        Log-odds against the baseline.
    diagonal : float64 (q,)
        Their information, the penalty included.
    cross : float64 (p, q)
    """

    gamma: Floats
    diagonal: Floats
    cross: Floats


@dataclass(frozen=True, slots=True)
class BTFit:
    """A maximum of the likelihood; n battles, m models, k columns, p = m + k parameters (one more with Davidson).

    Attributes
    ----------
    theta : float64 (m,)
        Strengths in log-odds, mean zero.
    beta : float64 (k,)
        Coefficients in log-odds per recorded scale.
    eta, p : float64 (n,)
        Linear predictor and expected outcome of side a.
    llf : float
        Weighted log-likelihood in nats, without penalties.
    bread : float64 (p, p)
        Inverse information; maps scores to influences.
    iterations : int
        Newton steps taken.
    decrement : float
        Newton decrement before the last step.
    nu : float
        Davidson's parameter; 0 where a tie is half a win.
    likelihood : Likelihood
    prompts : PromptEffects or None
    """

    theta: Floats
    beta: Floats
    eta: Floats
    p: Floats
    llf: float
    bread: Floats
    iterations: int
    decrement: float
    nu: float = 0.0
    likelihood: Likelihood = PLAIN
    prompts: PromptEffects | None = None

    @property
    def largest(self) -> float:
        """Greatest size of a linear predictor."""
        return float(np.abs(self.eta).max(initial=0.0))

    @property
    def free(self) -> int:
        """Free parameters without a penalty: K of the finite-sample factors."""
        m, k = self.theta.size, self.beta.size
        held = 0 if self.likelihood.ridge is None else int(np.count_nonzero(self.likelihood.ridge))
        strengths = max(m - 1, 0) if self.likelihood.ridge is None or not self.likelihood.ridge[:m].any() else m
        return strengths + k + self.likelihood.davidson - held


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


def _mean(eta: Floats, nu: float) -> Floats:
    p = np.empty(eta.size)
    for rows in blocks(eta.size):
        p[rows] = links.mean(eta[rows], nu)
    return p


def _linear_predictor(design: Design, rows: slice, theta: Floats, beta: Floats) -> Floats:
    eta = design.x[rows] @ beta
    if theta.size:
        padded = np.append(theta, 0.0)  # index -1: battles silent on strengths
        eta += padded.take(design.a[rows], mode="wrap")
        eta -= padded.take(design.b[rows], mode="wrap")
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
    return laplacian_of(met)


def _met(design: Design, rows: slice, v: Floats) -> Floats:
    """Sum of v by model of side a and of side b, the silent ones first."""
    side = design.n_models + 1
    pair = design.a[rows] * side
    pair += design.b[rows]
    pair += side + 1
    met = np.bincount(pair, v, side**2)
    return np.asarray(met, dtype=np.float64).reshape(side, side)


def laplacian_of(met: Floats) -> Floats:
    """The graph Laplacian (m, m) of sums by model of side a and of side b, (m + 1, m + 1), the silent ones first."""
    both = met[1:, 1:] + met[1:, 1:].T
    return np.asarray(np.diag(both.sum(axis=1)) - both, dtype=np.float64)


class Information:
    """Sum of v z z' over blocks of battles, with the null direction of the strengths fixed at the end."""

    def __init__(self, m: int, k: int) -> None:
        self._met, self._cross, self._prices = np.zeros((m + 1, m + 1)), np.zeros((m, k)), np.zeros((k, k))

    def add(self, design: Design, rows: slice, signs: csc_array, v: Floats) -> None:
        x = design.x[rows]
        vx = x * v[:, None]
        self._met += _met(design, rows, v)
        self._cross += (signs @ vx)[:-1]
        self._prices += x.T @ vx

    def __add__(self, other: Information) -> Information:
        out = Information(*self._cross.shape)
        out._met = self._met + other._met
        out._cross = self._cross + other._cross
        out._prices = self._prices + other._prices
        return out

    def total(self) -> Floats:
        strengths, m = laplacian_of(self._met), self._cross.shape[0]
        if m:
            strengths += strengths.trace() / m**2 + (m == 1)
        return np.block([[strengths, self._cross], [self._cross.T, self._prices]])


def information(design: Design, v: Floats) -> Floats:
    """Sum of v z z' with the null direction of the strengths fixed, shape (m + k, m + k)."""
    out = Information(design.n_models, design.x.shape[1])
    for rows in blocks(design.n):
        out.add(design, rows, incidence(design, rows), v[rows])
    return out.total()


@dataclass(frozen=True, slots=True)
class Point:
    """The penalised likelihood at some parameters, from one pass over the battles; points share ``eta``.

    ``gradient`` and ``information`` are of the parameters with the effects of prompts solved for; ``largest`` is the
    greatest size of a linear predictor. ``eta`` is empty where the battles are not in memory.
    """

    params: Floats
    gamma: Floats
    eta: Floats
    largest: float
    llf: float
    objective: float
    gradient: Floats
    information: Floats
    prompts: PromptEffects | None
    prompt_gradient: Floats

    def step(self) -> tuple[Floats, Floats, float]:
        """Newton's step of parameters and of prompts, and the decrement."""
        step = _solve(self.information, self.gradient)
        decrement = float(self.gradient @ step)
        if self.prompts is None:
            return step, self.gamma, decrement
        moved = (self.prompt_gradient - self.prompts.cross.T @ step) / self.prompts.diagonal
        alone = float((self.prompt_gradient**2 / self.prompts.diagonal).sum())
        return step, moved, decrement + alone


class Sums:
    """Sums over battles that make a `Point`: log-likelihood, gradient and information, without penalties.

    Those of two lots of battles add up to those of both.
    """

    def __init__(self, design: Design, params: Floats, gamma: Floats) -> None:
        m, k = design.n_models, design.x.shape[1]
        self.m, self.k, self.q = m, k, gamma.size
        self.llf, self.largest = 0.0, 0.0
        self.gradient, self.total = np.zeros(params.size), Information(m, k)
        self.ties = np.zeros(params.size)
        self.diagonal, self.prompt_gradient = np.zeros(self.q), np.zeros(self.q)
        self.cross = np.zeros((params.size, self.q))

    def __add__(self, other: Sums) -> Sums:
        out = copy(self)
        out.llf, out.largest = self.llf + other.llf, max(self.largest, other.largest)
        out.gradient, out.ties = self.gradient + other.gradient, self.ties + other.ties
        out.total = self.total + other.total
        return out

    def add(self, design: Design, rows: slice, signs: csc_array, residual: Floats, v: Floats) -> None:
        self.gradient[: self.m] += (signs @ residual)[: self.m]
        self.gradient[self.m : self.m + self.k] += design.x[rows].T @ residual
        self.total.add(design, rows, signs, v)

    def add_ties(self, design: Design, rows: slice, signs: csc_array, here: Floats, nu: float) -> None:
        """Davidson's own row of the information and of the gradient."""
        w = design.w[rows]
        p, by = links.tie(here, nu), w * links.mean_by_ties(here, nu)
        self.gradient[-1] += float(w @ ((design.y[rows] == 0.5) - p))
        self.ties[: self.m] += (signs @ by)[: self.m]
        self.ties[self.m : -1] += design.x[rows].T @ by
        self.ties[-1] += float(w @ (p * (1.0 - p)))

    def add_prompts(
        self, design: Design, rows: slice, prompts: Prompts, residual: Floats, v: Floats, by: Floats | None
    ) -> None:
        code, sign = prompts.code[rows], prompts.sign[rows]
        sv = sign * v
        self.prompt_gradient += np.bincount(code, sign * residual, self.q)
        self.diagonal += np.bincount(code, sign * sv, self.q)
        side = self.q
        for who, turn in ((design.a[rows], 1.0), (design.b[rows], -1.0)):
            known = who >= 0
            sums = np.bincount(who[known] * side + code[known], turn * sv[known], self.m * side)
            self.cross[: self.m] += sums.reshape(self.m, side)
        for j in range(self.k):
            self.cross[self.m + j] += np.bincount(code, sv * design.x[rows, j], side)
        if by is not None:
            self.cross[-1] += np.bincount(code, sign * by, side)

    def point(self, likelihood: Likelihood, params: Floats, gamma: Floats, eta: Floats) -> Point:
        full, objective, prompts = self.total.total(), self.llf, None
        if likelihood.davidson:
            full = np.block([[full, self.ties[:-1, None]], [self.ties]])
        if likelihood.ridge is not None:
            ridge = np.append(likelihood.ridge, np.zeros(params.size - likelihood.ridge.size))
            objective -= float(ridge @ params**2) / 2.0
            self.gradient -= ridge * params
            full = full + np.diag(ridge)
        if likelihood.prompts is not None:
            penalty = likelihood.prompts.penalty
            objective -= float((penalty * gamma**2).sum()) / 2.0
            prompts = PromptEffects(gamma, self.diagonal + penalty, self.cross)
            self.prompt_gradient -= penalty * gamma
            by_prompt = self.cross / prompts.diagonal
            full = full - by_prompt @ self.cross.T
            self.gradient -= by_prompt @ self.prompt_gradient
        return Point(
            params, gamma, eta, self.largest, self.llf, objective, self.gradient, full, prompts, self.prompt_gradient
        )


def sums(
    design: Design,
    params: Floats,
    likelihood: Likelihood = PLAIN,
    gamma: Floats | None = None,
    signs: list[csc_array] | None = None,
    eta: Floats | None = None,
) -> Sums:
    """One pass over battles at some parameters.

    Parameters
    ----------
    params : float64 (p,)
        Strengths, coefficients, and the log of Davidson's parameter where ties have one.
    gamma : float64 (q,), optional
        Effects of prompts.
    signs : list, optional
        The `incidence` of every block, where it has been made before.
    eta : float64 (n,), optional
        Where linear predictors are written to.
    """
    m, k = design.n_models, design.x.shape[1]
    nu = float(np.exp(params[-1])) if likelihood.davidson else 0.0
    gamma = np.empty(0) if gamma is None else gamma
    made = signs or (incidence(design, rows) for rows in blocks(design.n))
    out = Sums(design, params, gamma)
    for rows, block in zip(blocks(design.n), made, strict=True):
        y, w = design.y[rows], design.w[rows]
        here = _linear_predictor(design, rows, params[:m], params[m : m + k])
        if likelihood.prompts is not None:
            here += likelihood.prompts.sign[rows] * gamma[likelihood.prompts.code[rows]]
        if eta is not None:
            eta[rows] = here
        out.largest = max(out.largest, float(np.abs(here).max(initial=0.0)))
        llf, p, v = links.moments(y, w, here, nu)
        out.llf += llf
        residual, v = w * (y - p), w * v
        out.add(design, rows, block, residual, v)
        if likelihood.davidson:
            out.add_ties(design, rows, block, here, nu)
        if likelihood.prompts is not None:
            by = w * links.mean_by_ties(here, nu) if likelihood.davidson else None
            out.add_prompts(design, rows, likelihood.prompts, residual, v, by)
    return out


def _evaluate(
    design: Design, signs: list[csc_array], likelihood: Likelihood, params: Floats, gamma: Floats, eta: Floats
) -> Point:
    at = sums(design, params, likelihood, gamma, signs, eta).point(likelihood, params, gamma, eta)
    return _with_firth(design, signs, at, likelihood.firth) if likelihood.firth else at


def _with_firth(design: Design, signs: list[csc_array], at: Point, much: float) -> Point:
    """The point with ``much`` times half the log-determinant of the information added, and its score."""
    bread, m = _inverse(at.information), design.n_models
    _, size = np.linalg.slogdet(at.information)
    if m:
        size -= float(np.log(at.information[:m, :m].sum() / m))  # of the direction that is held, not estimated
    gradient = at.gradient.copy()
    for rows, block in zip(blocks(design.n), signs, strict=True):
        p = links.mean(at.eta[rows])
        pull = much * design.w[rows] * p * (1.0 - p) * leverage(design, rows, bread) * (0.5 - p)
        gradient[:m] += (block @ pull)[:m]
        gradient[m:] += design.x[rows].T @ pull
    return replace(at, gradient=gradient, objective=at.objective + much * size / 2.0)


def leverage(design: Design, rows: slice, bread: Floats) -> Floats:
    """z' bread z of some battles."""
    m, x = design.n_models, design.x[rows]
    out = np.einsum("ij,ij->i", x @ bread[m:, m:], x)
    if m:
        a, b = design.a[rows], design.b[rows]
        known = a >= 0
        diagonal, between = np.diag(bread)[:m], bread[:m, :m]
        of_models = diagonal[a] + diagonal[b] - 2.0 * between[a, b]
        crossed = ((bread[:m, m:][a] - bread[:m, m:][b]) * x).sum(axis=1)
        out = out + np.where(known, of_models + 2.0 * crossed, 0.0)
    return np.asarray(out, dtype=np.float64)


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


def fit_bradley_terry(design: Design, start: Floats | None = None, likelihood: Likelihood = PLAIN) -> BTFit:
    """Maximise the likelihood by Newton's method.

    Without ``start`` it begins at the strengths that are the maximum without columns. The step at
    which the decrement falls below 1e-10 (at a mean weight of 1) is taken, unless it still moves some
    linear predictor: a likelihood that flattens out while predictors grow has no maximum.

    Parameters
    ----------
    start : float64 (m + k,), optional
        Strengths, then coefficients.
    likelihood : Likelihood
        Ties, penalties and effects of prompts.

    Raises
    ------
    ConvergenceError
        The maximum was not reached, or the information is singular.
    """
    unit = float(design.w.mean()) if design.n else 1.0
    passes = _InMemory.of(design if unit == 1.0 else replace(design, w=design.w / unit))
    at, iterations, decrement = _maximum(passes, likelihood, unit, start)
    eta, m = at.eta, design.n_models
    if _by_pairs(passes, likelihood):
        eta = linear_predictor(design, at.params, np.empty(0))
    p = _mean(eta, float(np.exp(at.params[-1])) if likelihood.davidson else 0.0)
    return replace(_fit_of(at, m, unit, likelihood, iterations, decrement), eta=eta, p=p)


class Passes(Protocol):
    """Whoever can go over all battles and sum, weights being divided by their mean."""

    @property
    def shape(self) -> tuple[int, int]:
        """Models and columns."""
        ...

    @property
    def tied(self) -> float:
        """Weighted share of ties."""
        ...

    def pooled(self) -> Design:
        """One row for all battles of a pair of models, as by `pooled`."""
        ...

    def at(self, likelihood: Likelihood, params: Floats, gamma: Floats) -> Point:
        """The likelihood at some parameters."""
        ...

    def furthest(self, step: Floats) -> float:
        """The greatest change of a linear predictor."""
        ...

    def moved(self, at: Point, step: Floats) -> Floats:
        """Linear predictors after a step from a point; empty where none are kept."""
        ...


def fit_passes(passes: Passes, unit: float, likelihood: Likelihood = PLAIN) -> tuple[BTFit, float]:
    """`fit_bradley_terry` of battles that are not in memory: without ``eta`` and ``p``, and the greatest ``|eta|``.

    Parameters
    ----------
    unit : float
        Mean weight.
    """
    at, iterations, decrement = _maximum(passes, likelihood, unit, None)
    return _fit_of(at, passes.shape[0], unit, likelihood, iterations, decrement), at.largest


def _fit_of(at: Point, m: int, unit: float, likelihood: Likelihood, iterations: int, decrement: float) -> BTFit:
    """The fit at a maximum, without predictors."""
    prompts = at.prompts
    if prompts is not None:
        prompts = PromptEffects(at.gamma, prompts.diagonal * unit, prompts.cross * unit)
    return BTFit(
        at.params[:m] - (at.params[:m].mean() if m else 0.0),
        at.params[m : at.params.size - likelihood.davidson],
        np.empty(0),
        np.empty(0),
        unit * at.llf,
        _inverse(at.information) / unit,
        iterations,
        decrement,
        float(np.exp(at.params[-1])) if likelihood.davidson else 0.0,
        likelihood,
        prompts,
    )


@dataclass(frozen=True, slots=True)
class _InMemory:
    """Passes over a design."""

    design: Design
    signs: list[csc_array]
    eta: Floats

    @classmethod
    def of(cls, design: Design) -> _InMemory:
        return cls(design, [incidence(design, rows) for rows in blocks(design.n)], np.empty(design.n))

    @property
    def shape(self) -> tuple[int, int]:
        return self.design.n_models, self.design.x.shape[1]

    @property
    def tied(self) -> float:
        return float(np.average(self.design.y == 0.5, weights=self.design.w))

    def pooled(self) -> Design:
        return pooled(self.design)

    def at(self, likelihood: Likelihood, params: Floats, gamma: Floats) -> Point:
        return _evaluate(self.design, self.signs, likelihood, params, gamma, self.eta)

    def furthest(self, step: Floats) -> float:
        return furthest(self.design, step)

    def moved(self, at: Point, step: Floats) -> Floats:
        m = self.design.n_models
        for rows in blocks(self.design.n):
            at.eta[rows] += _linear_predictor(self.design, rows, step[:m], step[m:])
        return at.eta


def _by_pairs(passes: Passes, likelihood: Likelihood) -> bool:
    """Whether sums by pair of models are all that is needed."""
    m, k = passes.shape
    return k == 0 and m > 0 and likelihood.is_plain


def _maximum(passes: Passes, likelihood: Likelihood, unit: float, start: Floats | None) -> tuple[Point, int, float]:
    """The maximum at weights divided by their mean."""
    m, k = passes.shape
    if _by_pairs(passes, likelihood):
        return _newton(_InMemory.of(passes.pooled()), PLAIN, np.zeros(m) if start is None else start)
    if start is None:
        start = np.concatenate([_start(passes, likelihood) if m else np.empty(0), np.zeros(k)])
    return _newton(passes, _rescaled(likelihood, unit), _with_ties(passes, likelihood, start))


def fit_at(design: Design, params: Floats, gamma: Floats, likelihood: Likelihood = PLAIN) -> BTFit:
    """The likelihood at given parameters, not at its maximum; for tests of what those parameters leave out.

    Parameters
    ----------
    params : float64 (p,)
        Strengths, coefficients, and the log of Davidson's parameter where ties have one.
    gamma : float64 (q,)
        Effects of prompts; empty without them.
    """
    m, k = design.n_models, design.x.shape[1]
    signs = [incidence(design, rows) for rows in blocks(design.n)]
    at = _evaluate(design, signs, likelihood, params, gamma, np.empty(design.n))
    nu = float(np.exp(params[-1])) if likelihood.davidson else 0.0
    return BTFit(
        params[:m],
        params[m : m + k],
        at.eta,
        links.mean(at.eta, nu),
        at.llf,
        _inverse(at.information),
        0,
        np.nan,
        nu,
        likelihood,
        at.prompts,
    )


def _start(passes: Passes, likelihood: Likelihood) -> Floats:
    """Strengths to begin with; from zero where penalties are what makes them finite."""
    m = passes.shape[0]
    if likelihood.firth or likelihood.ridge is not None:
        return np.zeros(m)
    return _newton(_InMemory.of(passes.pooled()), PLAIN, np.zeros(m), stop=1.0)[0].params


def _with_ties(passes: Passes, likelihood: Likelihood, start: Floats) -> Floats:
    """Start with Davidson's parameter at what evenly matched battles would give."""
    if not likelihood.davidson:
        return start
    share = float(np.clip(passes.tied, 1e-3, 0.999))
    return np.append(start, np.log(2.0 * share / (1.0 - share)))


def _rescaled(likelihood: Likelihood, unit: float) -> Likelihood:
    """Penalties for weights divided by their mean."""
    ridge, prompts = likelihood.ridge, likelihood.prompts
    if prompts is not None:
        prompts = replace(prompts, penalty=prompts.penalty / unit)
    return Likelihood(likelihood.davidson, None if ridge is None else ridge / unit, likelihood.firth / unit, prompts)


def _newton(
    passes: Passes, likelihood: Likelihood, start: Floats, stop: float = DECREMENT
) -> tuple[Point, int, float]:
    gamma = np.zeros(0 if likelihood.prompts is None else likelihood.prompts.n)
    at = passes.at(likelihood, start, gamma)
    limit = MAX_SCORING if likelihood.firth else MAX_ITERATIONS
    iterations = 0
    while True:
        iterations += 1
        step, moved, decrement = at.step()
        if decrement < stop and likelihood.is_plain and passes.furthest(step) < STILL:
            return _stepped(passes, at, step, decrement), iterations, decrement
        before = at.params
        at = _damped(passes, likelihood, at, step, moved)
        if decrement < stop and passes.furthest(at.params - before) < LAST_MOVE:
            return at, iterations, decrement
        if at.largest > 500.0:
            raise ConvergenceError(
                "the linear predictor grows without bound: the likelihood has no finite maximum"
            )
        if iterations == limit:
            raise ConvergenceError(
                f"Newton's method did not converge in {limit} steps (decrement {decrement:.3g})"
            )


def _stepped(passes: Passes, at: Point, step: Floats, decrement: float) -> Point:
    """The point after a step so small that its sums follow from those before it."""
    gain, left = decrement / 2.0, at.gradient - at.information @ step
    return replace(
        at,
        params=at.params + step,
        eta=passes.moved(at, step),
        llf=at.llf + gain,
        objective=at.objective + gain,
        gradient=left,
    )


def furthest(design: Design, step: Floats) -> float:
    """The greatest change of a linear predictor."""
    m, k = design.n_models, design.x.shape[1]
    moves = (_linear_predictor(design, rows, step[:m], step[m : m + k]) for rows in blocks(design.n))
    return max((float(np.abs(move).max()) for move in moves), default=0.0)


def _damped(passes: Passes, likelihood: Likelihood, at: Point, step: Floats, moved: Floats) -> Point:
    size, tolerance = 1.0, 1e-12 * max(abs(at.objective), 1.0)
    while True:
        gamma = at.gamma + size * moved if likelihood.prompts is not None else at.gamma
        candidate = passes.at(likelihood, at.params + size * step, gamma)
        if candidate.objective >= at.objective - tolerance or size < 1e-6:
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
