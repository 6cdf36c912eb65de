"""Score tests by flipped signs: are some columns of a design worth nothing beside all the others?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from llamastyle.regression import links
from llamastyle.regression.bradley_terry import BTFit, Likelihood, blocks, fit_at, fit_bradley_terry
from llamastyle.regression.design import Design
from llamastyle.regression.inference import Kind, Sandwich, sandwich

__all__ = ["ScoreFlips", "Scores", "by_way", "fit_without", "flip_tests", "flipped_sums", "null_scores"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHUNK = 4096
"""Clusters whose signs are drawn at once."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of q tested columns where they have no part; G clusters, or battles where nothing is clustered.

    Attributes
    ----------
    clusters : float64 (G, q)
        Summed by cluster, of the columns residualised on everything else.
    information : float64 (q, q)
        Of the residualised columns.
    whole : float64 (G, q)
        The same scores with what the fit of everything else took from them given back: see `null_scores`.
    """

    clusters: Floats
    information: Floats
    whole: Floats


@dataclass(frozen=True, slots=True)
class ScoreFlips:
    """A score test against flipped signs.

    Attributes
    ----------
    df, clusters : int
        Columns tested; units whose signs are flipped.
    statistic : float
        S' V^-1 S / q, V the sum over clusters of their cross-products; near 1 when the columns have no part.
    p_value : float
        (1 + flips at least as large) / (1 + draws).
    """

    df: int
    clusters: int
    statistic: float
    p_value: float


def fit_without(design: Design, likelihood: Likelihood, columns: Ints, start: Floats | None = None) -> BTFit:
    """The fit without some columns, seen as a point of the full likelihood.

    Parameters
    ----------
    columns : int64 (q,)
        Places among the columns of the design.
    start : float64 (m + k,), optional
        Strengths and coefficients of all columns from where Newton's method begins.
    """
    m, k = design.n_models, design.x.shape[1]
    kept = np.setdiff1d(np.arange(k), columns)
    held = np.r_[np.arange(m), m + kept]
    small = replace(
        design,
        x=design.x[:, kept],
        spec=replace(design.spec, columns=tuple(design.spec.columns[int(j)] for j in kept)),
    )
    less = replace(likelihood, ridge=None if likelihood.ridge is None else likelihood.ridge[held])
    null = fit_bradley_terry(small, None if start is None else start[held], less)
    beta = np.zeros(k)
    beta[kept] = null.beta
    ties = [np.log(null.nu)] if likelihood.davidson else []
    gamma = np.zeros(0) if null.prompts is None else null.prompts.gamma
    return fit_at(design, np.concatenate([null.theta, beta, ties]), gamma, likelihood)


def null_scores(design: Design, at: BTFit, kind: Kind, columns: Ints) -> Scores:
    """Scores of columns at a fit without them, residualised on everything else (models, columns, ties, prompts).

    The residuals of a fit are smaller than the errors, the more so in clusters that decide much of it, and so are
    the flipped sums. To first order a cluster's score has lost what it does to the fit, times the cluster's
    information; half of that is given back in ``whole``, after which the flipped sums have the variance of the sum
    (as in the CR2 errors of Bell and McCaffrey 2002). Davidson's parameter is held in this.

    Parameters
    ----------
    at : BTFit
        Of `fit_without`.
    """
    made = sandwich(design, at, kind)
    full = np.linalg.inv(at.bread)
    tested = design.n_models + columns
    rest = np.setdiff1d(np.arange(full.shape[0]), tested)
    inverse: Floats = np.linalg.inv(full[np.ix_(rest, rest)]).astype(np.float64)
    slope: Floats = np.linalg.solve(full[np.ix_(rest, rest)], full[np.ix_(rest, tested)]).astype(np.float64)
    held = made.scores[:, rest]
    centred = held @ slope - np.asarray(held.mean(axis=0)).ravel() @ slope  # not zero only under a ridge
    scores = made.scores[:, tested].toarray() - centred
    information = full[np.ix_(tested, tested)] - full[np.ix_(tested, rest)] @ slope
    return Scores(scores, information, scores + _given_back(design, at, made, tested, rest, inverse, slope))


def _given_back(
    design: Design, at: BTFit, made: Sandwich, tested: Ints, rest: Ints, inverse: Floats, slope: Floats
) -> Floats:
    """Half of v r z' I^-1 s of each battle, summed by cluster: (G, q)."""
    out = np.zeros((made.n_groups, tested.size))
    scores, v = csr_array(made.scores[:, rest]), design.w * links.slope(at.eta, at.nu)
    for rows in blocks(design.n):
        z, group = _rows(design, at, rows), made.group[rows]
        moved = ((scores[group] @ inverse) * z[:, rest]).sum(axis=1)
        left = (z[:, tested] - z[:, rest] @ slope) * (0.5 * v[rows] * moved)[:, None]
        place = np.arange(group.size)
        out += coo_array((np.ones(group.size), (group, place)), shape=(len(out), group.size)) @ left
    return out


def _rows(design: Design, at: BTFit, rows: slice) -> Floats:
    """Models and columns of some battles, residualised on the effects of prompts; zero for Davidson's parameter."""
    m, k = design.n_models, design.x.shape[1]
    a, b = design.a[rows], design.b[rows]
    z = np.zeros((a.size, at.bread.shape[0]))
    known = np.flatnonzero(a >= 0)
    z[known, a[known]] += 1.0
    z[known, b[known]] -= 1.0
    z[:, m : m + k] = design.x[rows]
    prompts = at.likelihood.prompts
    if at.prompts is not None and prompts is not None:
        code = prompts.code[rows]
        z -= prompts.sign[rows][:, None] * (at.prompts.cross[:, code] / at.prompts.diagonal[code]).T
    return z


def flip_tests(found: Sequence[Scores], *, draws: int = 999, seed: int = 0) -> list[ScoreFlips]:
    """Each set of scores against the same flips of signs (Hemerik, Goeman and Finos 2020).

    V is the same under every flip, so that a statistic in which it stands is compared with its own values.

    Raises
    ------
    numpy.linalg.LinAlgError
        A V has no inverse.
    """
    if not found:
        return []
    ends = np.cumsum([0, *(one.whole.shape[1] for one in found)])
    sums = flipped_sums(np.hstack([one.whole for one in found]), draws=draws, seed=seed)
    tests: list[ScoreFlips] = []
    for one, low, high in zip(found, ends[:-1], ends[1:], strict=True):
        inverse = np.asarray(np.linalg.inv(one.whole.T @ one.whole), dtype=np.float64)
        seen = float(sizes(one.clusters.sum(axis=0)[None, :], inverse)[0])
        p = share_as_large(sizes(sums[:, low:high], inverse), seen)
        tests.append(ScoreFlips(int(high - low), len(one.whole), seen / int(high - low), p))
    return tests


def flipped_sums(scores: Floats, *, draws: int, seed: int) -> Floats:
    """Sums over clusters, each cluster's sign drawn at random: (draws, q) from (G, q)."""
    rng = np.random.default_rng(seed)
    sums = np.zeros((draws, scores.shape[1]))
    for start in range(0, len(scores), CHUNK):
        block = scores[start : start + CHUNK]
        signs = rng.integers(0, 2, size=(draws, len(block)), dtype=np.int8)
        sums += 2.0 * (signs.astype(np.float64) @ block) - block.sum(axis=0)
    return sums


def sizes(sums: Floats, inverse: Floats) -> Floats:
    """S' inverse S of each row."""
    return np.asarray(((sums @ inverse) * sums).sum(axis=1), dtype=np.float64)


def share_as_large(flipped: Floats, seen: float) -> float:
    # flips that restore every sign give the same value but for rounding
    return float((1 + np.count_nonzero(flipped >= seen * (1 - 1e-12))) / (1 + flipped.size))


def by_way(design: Design) -> list[Design]:
    """The design clustered in each of its ways alone; itself where there is one or none.

    Signs flipped by one way know nothing of what another shares: the largest p-value of all ways is taken.
    """
    if design.cluster is None or design.cluster.ndim == 1:
        return [design]
    return [replace(design, cluster=way) for way in design.cluster.T]
