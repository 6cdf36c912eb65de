"""Placebo: would signs drawn at random make style look as closely tied to the votes as it is?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression.bradley_terry import BTFit, Likelihood, fit_at, fit_bradley_terry
from llamastyle.regression.design import Design
from llamastyle.regression.inference import MIN_CLUSTERS, Kind, sandwich

__all__ = ["Placebo", "sign_flips", "style_scores"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CHUNK = 4096
"""Clusters whose signs are drawn at once."""


@dataclass(frozen=True, slots=True)
class Placebo:
    """Joint score statistic of style beside its values under flipped signs.

    Attributes
    ----------
    statistic : float
        S' I^-1 S; near the number of style columns when style has no part, and clusters say as much as
        battles.
    flipped : float64 (draws,)
        The statistic under each draw of signs.
    p_value : float
        (1 + flips at least as large) / (1 + draws).
    columns, clusters : int
        Style columns tested; units whose signs are flipped.
    note : str
        Why it is not computed; empty where it is.
    """

    statistic: float
    flipped: Floats
    p_value: float
    columns: int
    clusters: int
    note: str


def style_scores(design: Design, likelihood: Likelihood, kind: Kind) -> tuple[Floats, Floats]:
    """Scores of style in a fit without it, summed by cluster, and their information.

    Style is residualised on everything else (models, correctness, position, Davidson's parameter, prompts)
    with the weights of the likelihood, so that estimating the rest moves the sum by nothing.

    Returns
    -------
    scores : float64 (G, k)
        G clusters, or battles where nothing is clustered.
    information : float64 (k, k)
    """
    m = design.n_models
    style = design.spec.block("style")
    at = _without_style(design, likelihood, style)
    made = sandwich(design, at, kind)
    full = np.linalg.inv(at.bread)
    tested = m + style
    rest = np.setdiff1d(np.arange(full.shape[0]), tested)
    slope = np.linalg.solve(full[np.ix_(rest, rest)], full[np.ix_(rest, tested)])
    held = made.scores[:, rest]
    centred = held @ slope - np.asarray(held.mean(axis=0)).ravel() @ slope  # not zero only under a ridge
    scores = made.scores[:, tested].toarray() - centred
    return scores, full[np.ix_(tested, tested)] - full[np.ix_(tested, rest)] @ slope


def _without_style(design: Design, likelihood: Likelihood, style: Ints) -> BTFit:
    """The fit without style, seen as a point of the full likelihood."""
    m, k = design.n_models, design.x.shape[1]
    kept = np.setdiff1d(np.arange(k), style)
    ridge = likelihood.ridge
    small = replace(
        design,
        x=design.x[:, kept],
        spec=replace(design.spec, columns=tuple(design.spec.columns[int(j)] for j in kept)),
    )
    less = replace(likelihood, ridge=None if ridge is None else ridge[np.r_[np.arange(m), m + kept]])
    null = fit_bradley_terry(small, likelihood=less)
    beta = np.zeros(k)
    beta[kept] = null.beta
    ties = [np.log(null.nu)] if likelihood.davidson else []
    gamma = np.zeros(0) if null.prompts is None else null.prompts.gamma
    return fit_at(design, np.concatenate([null.theta, beta, ties]), gamma, likelihood)


def sign_flips(
    design: Design, likelihood: Likelihood, kind: Kind, *, draws: int = 999, seed: int = 0
) -> Placebo:
    """The joint score statistic of style under signs flipped by cluster (Hemerik, Goeman and Finos 2020).

    The battles are fitted without style. What style would then add is a sum over clusters; if style has
    no part, each cluster's share is as likely to point one way as the other.

    Parameters
    ----------
    kind : str
        As of `sandwich`: signs are flipped by cluster with ``cluster``, else by battle.
    draws : int
    seed : int
    """
    clusters, design = design.n, _one_way(design)
    if kind == "cluster" and design.cluster is not None:
        clusters = int(design.cluster.max(initial=-1)) + 1
    k = design.spec.block("style").size
    note = ""
    if clusters < MIN_CLUSTERS:
        note = f"not computed: {clusters} clusters, fewer than {MIN_CLUSTERS}"
    if k == 0:
        note = "not computed: there is no style column"
    if note:
        return Placebo(np.nan, np.empty(0), np.nan, int(k), clusters, note)
    scores, information = style_scores(design, likelihood, kind)
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    seen = _size(scores.sum(axis=0)[None, :], inverse)[0]
    rng = np.random.default_rng(seed)
    sums = np.zeros((draws, k))
    for start in range(0, clusters, CHUNK):
        block = scores[start : start + CHUNK]
        signs = rng.integers(0, 2, size=(draws, len(block)), dtype=np.int8)
        sums += 2.0 * (signs.astype(np.float64) @ block) - block.sum(axis=0)
    flipped = _size(sums, inverse)
    # flips that restore every sign give the same value but for rounding
    p = (1 + np.count_nonzero(flipped >= seen * (1 - 1e-12))) / (1 + draws)
    return Placebo(float(seen), flipped, float(p), int(k), clusters, "")


def _one_way(design: Design) -> Design:
    """The design with the first of several ways to cluster."""
    several = design.cluster is not None and design.cluster.ndim > 1
    return replace(design, cluster=design.cluster[:, 0]) if design.cluster is not None and several else design


def _size(sums: Floats, inverse: Floats) -> Floats:
    return np.asarray(((sums @ inverse) * sums).sum(axis=1), dtype=np.float64)
