"""Placebo: would signs drawn at random make style look as closely tied to the votes as it is?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression.bradley_terry import Likelihood
from llamastyle.regression.design import Design
from llamastyle.regression.flips import (
    Scores,
    by_way,
    fit_without,
    flipped_sums,
    null_scores,
    share_as_large,
    sizes,
)
from llamastyle.regression.inference import MIN_CLUSTERS, Kind

__all__ = ["Placebo", "sign_flips", "style_scores"]

Floats = NDArray[np.float64]


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
    way : int
        Which of several ways to cluster the signs are flipped by.
    """

    statistic: float
    flipped: Floats
    p_value: float
    columns: int
    clusters: int
    note: str
    way: int = 0


def style_scores(design: Design, likelihood: Likelihood, kind: Kind) -> Scores:
    """Scores of style in a fit without it, summed by cluster, and their information.

    Style is residualised on everything else (models, correctness, position, Davidson's parameter, prompts)
    with the weights of the likelihood, so that estimating the rest moves the sum by nothing.
    """
    style = design.spec.block("style")
    return null_scores(design, fit_without(design, likelihood, style), kind, style)


def sign_flips(
    design: Design, likelihood: Likelihood, kind: Kind, *, draws: int = 999, seed: int = 0
) -> Placebo:
    """The joint score statistic of style under signs flipped by cluster (Hemerik, Goeman and Finos 2020).

    The battles are fitted without style. What style would then add is a sum over clusters; if style has
    no part, each cluster's share is as likely to point one way as the other. What the fit took from the shares is
    given back before they are flipped (see `null_scores`). Where battles are clustered in several ways, signs are
    flipped by each alone and the way with the largest p-value stands.

    Parameters
    ----------
    kind : str
        As of `sandwich`: signs are flipped by cluster with ``cluster``, else by battle.
    draws : int
    seed : int
    """
    ways = by_way(design) if kind == "cluster" else [replace(design, cluster=None)]
    found = [_flipped(one, likelihood, kind, draws, seed) for one in ways]
    worst = max(range(len(found)), key=lambda i: np.inf if found[i].note else found[i].p_value)
    return replace(found[worst], way=worst)


def _flipped(design: Design, likelihood: Likelihood, kind: Kind, draws: int, seed: int) -> Placebo:
    clusters = design.n
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
    scores = style_scores(design, likelihood, kind)
    inverse = np.asarray(np.linalg.inv(scores.information), dtype=np.float64)
    seen = float(sizes(scores.clusters.sum(axis=0)[None, :], inverse)[0])
    flipped = sizes(flipped_sums(scores.whole, draws=draws, seed=seed), inverse)
    return Placebo(seen, flipped, share_as_large(flipped, seen), int(k), clusters, "")
