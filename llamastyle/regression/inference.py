"""Covariances and influence functions, from sums of scores by cluster, in one way or several.

Every quantity that a result quotes is a smooth function of the parameters and of means over
battles. Its influence, summed by cluster, is ``scores @ bread @ gradient + own``: the first term
is what each cluster does to the parameters, the second what it does to the mean itself. All
variances are cross-products of such sums, so that nothing of shape (battles, quantities) is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from llamastyle.errors import FitError
from llamastyle.regression import links
from llamastyle.regression.bradley_terry import BTFit, PromptEffects, Prompts, blocks, leverage
from llamastyle.regression.cluster_scores import ClusterScores, cross_products
from llamastyle.regression.clusters import Clusters, every_battle, stack
from llamastyle.regression.design import Design
from llamastyle.regression.rowless import Held, SummedDesign
from llamastyle.regression.tails import t_quantile, t_tail

__all__ = [
    "Bands",
    "Influence",
    "PromptScores",
    "Sandwich",
    "cluster_counts",
    "fieller",
    "interval",
    "model_influence",
    "rank_sets",
    "sandwich",
    "seldom_columns",
    "seldom_reasons",
    "simultaneous",
    "through_prompts",
    "variances",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Kind = Literal["cluster", "robust", "HC0", "classical"]

MIN_CLUSTERS = 10
FEW_CLUSTERS = 20


@dataclass(frozen=True, slots=True)
class Sandwich:
    """A covariance and what it was made of; p parameters, G clusters (battles when not clustered).

    Clustered in several ways, G counts the rows of the stack (see `Clusters`).

    Attributes
    ----------
    kind : str
        ``cluster`` (CR1), ``robust`` (HC1), ``HC0`` or ``classical``.
    bread, meat, cov : float64 (p, p)
        Clustered in several ways, negative eigenvalues of ``cov`` are set to zero, and ``meat`` is
        what gives this ``cov``.
    held : ClusterScores or sparse (G, p)
        What ``scores`` is made of.
    factor : float
        Finite-sample factor: G/(G-1) (n-1)/(n-K) for CR1, n/(n-K) for HC1, else 1; in several ways
        (n-1)/(n-K), the rest being in the weights of the stack.
    df : float
        Degrees of freedom of t: G - 1 when clustered, of the way with fewest; else infinite (normal).
    clusters : Clusters
    prompts : PromptScores or None
        How effects of prompts, which are not among the parameters, carry influence.
    negative : int
        Negative eigenvalues of the covariance that were set to zero.
    """

    kind: Kind
    bread: Floats
    meat: Floats
    cov: Floats
    held: ClusterScores | csr_array
    factor: float
    df: float
    clusters: Clusters
    prompts: PromptScores | None = None
    negative: int = 0

    @property
    def scores(self) -> csr_array:
        """Scores w (y - p) z summed by cluster: sparse (G, p); their name where only cross-products are left."""
        return self.held.table() if isinstance(self.held, ClusterScores) else self.held

    @property
    def group(self) -> Ints:
        """Cluster of each battle, in the first way: int64 (n,)."""
        return self.clusters.ways[:, 0]

    @property
    def n_groups(self) -> int:
        """Number of clusters of the first way."""
        return self.clusters.counts[0]


@dataclass(frozen=True, slots=True)
class PromptScores:
    """Scores of the effects of prompts; q prompts, G clusters.

    Attributes
    ----------
    effects : PromptEffects
    scores : sparse (G, q)
        Scores summed by cluster, the penalty's share included: what is left of a prompt whose battles
        all lie in one cluster is zero.
    """

    effects: PromptEffects
    scores: csr_array


def sandwich(design: Design, fit: BTFit, kind: Kind) -> Sandwich:
    """The covariance of a fit's parameters.

    Raises
    ------
    FitError
        Fewer than two clusters, or no more battles than parameters.
    """
    n, free = design.n, fit.free
    if n <= free:
        raise FitError(
            f"{n} battles for {free} parameters leave nothing to measure errors with; use fewer features"
        )
    if kind == "cluster" and design.cluster is not None:
        clusters = stack(design.cluster)
        factor, df = finite_sample(kind, clusters, n, free)
    else:
        clusters = every_battle(n)
        factor, df = finite_sample("HC0" if kind == "cluster" else kind, clusters, n, free)
    residual = _residual(design, fit)
    own = design.w * ((design.y == 0.5) - links.tie(fit.eta, fit.nu)) if fit.likelihood.davidson else None
    scores, prompts = ClusterScores(design, clusters, residual, own), None
    if fit.prompts is not None and fit.likelihood.prompts is not None:
        prompts = _prompt_scores(fit.likelihood.prompts, fit.prompts, residual, clusters)
        by_prompt = csr_array((fit.prompts.cross / fit.prompts.diagonal).T)
        scores = csr_array(scores.table() - prompts.scores @ by_prompt)
        meat = (scores.T @ clusters.weighed(scores)).toarray()
    else:
        meat = cross_products(scores)
    return assembled(kind, fit.bread, meat, scores, factor, df, clusters, prompts)


def finite_sample(kind: Kind, clusters: Clusters, n: int, free: int) -> tuple[float, float]:
    """Finite-sample factor and degrees of freedom of a covariance.

    Raises
    ------
    FitError
        Fewer than two clusters.
    """
    if kind != "cluster":
        return (n / (n - free) if kind == "robust" else 1.0), np.inf
    fewest = min(clusters.counts)
    if fewest < 2:
        raise FitError("clustering needs at least two clusters: the cluster column has one value")
    own = fewest / (fewest - 1) if clusters.weight is None else 1.0
    return own * (n - 1) / (n - free), float(fewest - 1)


def assembled(
    kind: Kind,
    bread: Floats,
    meat: Floats,
    scores: ClusterScores | csr_array,
    factor: float,
    df: float,
    clusters: Clusters,
    prompts: PromptScores | None = None,
) -> Sandwich:
    """The covariance from its parts."""
    if kind == "classical":
        information = np.asarray(np.linalg.inv(bread), dtype=np.float64)
        return Sandwich(kind, bread, information, bread, scores, 1.0, df, clusters, prompts)
    cov = factor * bread @ meat @ bread
    made = Sandwich(kind, bread, meat, (cov + cov.T) / 2, scores, factor, df, clusters, prompts)
    return made if clusters.weight is None else _without_negative(made)


def _without_negative(made: Sandwich) -> Sandwich:
    """Negative eigenvalues of the covariance set to zero, and counted."""
    values, vectors = np.linalg.eigh(made.cov)
    below = values < -1e-10 * np.abs(values).max(initial=0.0)  # less is the direction that is held
    if not below.any():
        return made
    more = (vectors[:, below] * -values[below]) @ vectors[:, below].T
    information = np.linalg.inv(made.bread)
    meat = made.meat + information @ more @ information / made.factor
    return replace(made, cov=made.cov + more, meat=(meat + meat.T) / 2, negative=int(below.sum()))


def _residual(design: Design, fit: BTFit) -> Floats:
    """What multiplies a battle's row in its score; with Firth's penalty, the pull of its leverage too."""
    residual = design.y - fit.p
    residual *= design.w
    if fit.likelihood.firth:
        v = design.w * fit.p * (1.0 - fit.p)
        for rows in blocks(design.n):
            residual[rows] += v[rows] * leverage(design, rows, fit.bread) * (0.5 - fit.p[rows])
    return residual


def _prompt_scores(
    prompts: Prompts, effects: PromptEffects, residual: Floats, clusters: Clusters
) -> PromptScores:
    """The penalty of a prompt is shared among its battles in equal parts."""
    share = prompts.penalty * effects.gamma / np.maximum(np.bincount(prompts.code, minlength=prompts.n), 1)
    data = prompts.sign * residual - share[prompts.code]
    scores = clusters.sums(np.arange(data.size), data, prompts.code, prompts.n)
    scores.data[np.abs(scores.data) < 1e-12 * np.abs(data).max(initial=0.0)] = 0.0
    scores.eliminate_zeros()
    return PromptScores(effects, scores)


def through_prompts(made: Sandwich, influence: Influence, by_prompt: Floats) -> Influence:
    """The influence of quantities that depend on the effects of prompts too.

    Parameters
    ----------
    influence : Influence
        With the effects of prompts held; without ``spread``.
    by_prompt : float64 (q, quantities)
        Derivative with respect to the effects.
    """
    if made.prompts is None:
        return influence
    per = by_prompt / made.prompts.effects.diagonal[:, None]
    own = csr_array(made.prompts.scores @ csr_array(per))
    if influence.own is not None:
        own = csr_array(influence.own + own)
    return Influence(influence.gradient - made.prompts.effects.cross @ per, own)


def model_scores(design: Design, values: Floats, clusters: Clusters) -> csr_array:
    """Values summed by cluster and model, plus as side a, minus as side b: sparse (G, m)."""
    known = np.flatnonzero(design.a >= 0)
    columns = np.concatenate([design.a[known], design.b[known]])
    data = np.concatenate([values[known], -values[known]])
    return clusters.sums(np.tile(known, 2), data, columns, design.n_models)


@dataclass(frozen=True, slots=True)
class Influence:
    """Influence of q quantities, kept as factors.

    Attributes
    ----------
    gradient : float64 (p, q)
        Derivative with respect to the parameters.
    own : sparse (G, r) or None
        What each cluster adds besides its effect on the parameters.
    spread : float64 (r, q) or None
        Maps own to quantities; None is the identity.
    """

    gradient: Floats
    own: csr_array | None = None
    spread: Floats | None = None

    def mapped(self, c: Floats) -> Influence:
        """Influence of combinations of the quantities, c (q, combinations)."""
        own: Any = self.own
        spread = c if self.spread is None else self.spread @ c
        if own is None:
            return Influence(self.gradient @ c)
        if isinstance(own, Held):
            return Influence(self.gradient @ c, self.own, spread)
        return Influence(self.gradient @ c, csr_array(own @ csr_array(spread)))

    def __add__(self, other: Influence) -> Influence:
        """Influence of the sum of two vectors of quantities that share ``spread``."""
        if self.own is None or other.own is None:
            own, spread = (self.own, self.spread) if other.own is None else (other.own, other.spread)
        else:
            own, spread = csr_array(self.own + other.own), self.spread
        return Influence(self.gradient + other.gradient, own, spread)


def covariance(made: Sandwich, one: Influence, other: Influence | None = None) -> Floats:
    """Covariance of the quantities of two influences, shape (q1, q2); without ``other``, their own."""
    two = one if other is None else other
    g1, g2 = made.bread @ one.gradient, made.bread @ two.gradient
    out = g1.T @ made.meat @ g2
    if two.own is not None:
        out = out + _spread(_crossed(made, made.scores, two.own).T @ g1, two).T
    if one.own is not None:
        out = out + _spread(_crossed(made, made.scores, one.own).T @ g2, one)
    if one.own is not None and two.own is not None:
        out = out + _spread(_spread(_crossed(made, one.own, two.own), one).T, two).T
    return made.factor * out


def _crossed(made: Sandwich, one: Any, two: Any) -> Floats:
    return made.clusters.crossed(one, two)


def _spread(by_own: Floats, influence: Influence) -> Floats:
    return by_own if influence.spread is None else influence.spread.T @ by_own


def covariances(made: Sandwich, one: Influence, two: Influence) -> Floats:
    """Covariance of each quantity of one influence with its namesake of another, shape (q,)."""
    g1, g2 = made.bread @ one.gradient, made.bread @ two.gradient
    out = (g1 * (made.meat @ g2)).sum(axis=0)
    for mine, g in ((one, 2.0 * g2),) if one is two else ((two, g1), (one, g2)):
        if mine.own is not None:
            crossed = _crossed(made, made.scores, mine.own)
            out = out + (g * (crossed if mine.spread is None else crossed @ mine.spread)).sum(axis=0)
    if one.own is not None and two.own is not None:
        crossed = _crossed(made, one.own, two.own)
        if one.spread is None and two.spread is None:
            return made.factor * (out + crossed.diagonal())
        right = crossed if two.spread is None else crossed @ two.spread
        out = out + (right if one.spread is None else one.spread * right).sum(axis=0)
    return made.factor * out


def variances(made: Sandwich, influence: Influence) -> Floats:
    """Variance of each quantity, shape (q,).

    Clustered in several ways, the sum of signed terms may fall to zero or below; the largest of the
    variances clustered in one way then stands in its place.
    """
    found = covariances(made, influence, influence)
    if made.clusters.weight is None or (found > 0).all():
        return np.maximum(found, 0.0)
    alone = [covariances(_one_way(made, w), influence, influence) for w in range(len(made.clusters.counts))]
    return np.where(found > 0, found, np.maximum(np.max(alone, axis=0), 0.0))


def _one_way(made: Sandwich, which: int) -> Sandwich:
    """The sandwich with what rows count for when one of its ways alone is clustered by."""
    clusters = made.clusters.weighing(made.clusters.alone(which))
    return replace(made, clusters=clusters, meat=clusters.crossed(made.scores, made.scores))


def standard_errors(made: Sandwich, influence: Influence) -> Floats:
    """Standard error of each quantity, shape (q,)."""
    return np.sqrt(variances(made, influence))


def model_influence(
    design: Design, made: Sandwich, values: Floats, total: Floats, mean: Floats, gradient: Floats
) -> Influence:
    """Influence of a weighted mean over each model's battles, the model as side a.

    Parameters
    ----------
    values : float64 (n, 2)
        The averaged quantity seen from side a and from side b.
    total, mean : float64 (m,)
        Sum of weights and weighted mean of each model.
    gradient : float64 (p, m)
        Derivative of each mean with respect to the parameters.
    """
    return Influence(gradient, mean_scores(design, made.clusters, values, total, mean))


def mean_scores(design: Design, clusters: Clusters, values: Floats, total: Floats, mean: Floats) -> csr_array:
    """What each cluster does to the means of `model_influence` besides its effect on the parameters: sparse (G, m)."""
    known = np.flatnonzero(design.a >= 0)
    columns = np.concatenate([design.a[known], design.b[known]])
    seen = np.concatenate([values[known, 0], values[known, 1]])
    data = np.tile(design.w[known], 2) * (seen - mean[columns]) / total[columns]
    return clusters.sums(np.tile(known, 2), data, columns, design.n_models)


def critical(made: Sandwich, level: float) -> float:
    """Two-sided critical value of t (clustered) or the normal."""
    return t_quantile((1 + level) / 2, made.df)


def interval(made: Sandwich, estimate: Floats, std_error: Floats, level: float) -> tuple[Floats, Floats]:
    """Interval of each estimate at the given level."""
    half = critical(made, level) * std_error
    return estimate - half, estimate + half


def tail(made: Sandwich, statistic: Floats) -> Floats:
    """Upper tail probability of t (clustered) or the normal."""
    return t_tail(statistic, made.df)


def fieller(
    top: Floats, bottom: Floats, v_top: Floats, v_bottom: Floats, cov: Floats, z: float
) -> tuple[Floats, Floats, Floats]:
    """Ratio and its Fieller interval; NaN where the denominator's interval covers zero.

    Parameters
    ----------
    top, bottom, v_top, v_bottom, cov : float64 (q,)
        Estimates, variances and covariance of numerator and denominator.
    z : float
        Critical value.

    Returns
    -------
    ratio, low, high : float64 (q,)
    """
    a = bottom**2 - z**2 * v_bottom
    known = a > 0
    safe = np.where(known, a, 1.0)
    b = top * bottom - z**2 * cov
    c = top**2 - z**2 * v_top
    root = np.sqrt(np.maximum(b**2 - safe * c, 0.0))
    ratio = top / np.where(known, bottom, 1.0)
    none = np.full_like(ratio, np.nan)
    return (
        np.where(known, ratio, none),
        np.where(known, (b - root) / safe, none),
        np.where(known, (b + root) / safe, none),
    )


def cluster_counts(design: Design, ways: Ints) -> Ints:
    """Number of different clusters that each model appears in, by way: (m, d) for clusters (n, d) or (n,)."""
    m, ways = design.n_models, ways.reshape(len(ways), -1)
    known = design.a >= 0
    who = np.concatenate([design.a[known], design.b[known]])
    counts = np.empty((m, ways.shape[1]), dtype=np.int64)
    for i, way in enumerate(ways.T):
        shape = int(way.max(initial=-1)) + 1, m
        met = csr_array(coo_array((np.ones(who.size), (np.tile(way[known], 2), who)), shape=shape))
        counts[:, i] = np.bincount(met.indices, minlength=m)  # one entry a cluster and model
    return counts


def seldom_columns(design: Design | SummedDesign) -> dict[str, int]:
    """Columns that differ between the sides in fewer than `MIN_CLUSTERS` clusters, and in how many.

    At the maximum a column's scores add up to nothing, so that with one cluster the sandwich sees no
    variation at all, and with few of them far too little. Battles count where errors are not clustered,
    the way with fewest where they are clustered in several ways.
    """
    if isinstance(design, SummedDesign):
        return design.seldom
    ways = np.arange(design.n)[:, None] if design.cluster is None else design.cluster.reshape(design.n, -1)
    counts = {
        column.name: min(_clusters_met(way, design.x[:, j]) for way in ways.T)
        for j, column in enumerate(design.spec.columns)
    }
    return {name: count for name, count in counts.items() if count < MIN_CLUSTERS}


def _clusters_met(way: Ints, values: Floats) -> int:
    """How many clusters have a value that is not zero, counted no further than to what is enough."""
    for size in (64, 4096, values.size):
        found = np.unique(way[:size][values[:size] != 0]).size
        if found >= MIN_CLUSTERS:
            break
    return int(found)


def seldom_reasons(design: Design) -> list[str]:
    """Why a column's price has no interval; empty where it has. One a column."""
    seldom = seldom_columns(design)
    what = "battles" if design.cluster is None else "clusters"
    return [
        f"differs in {seldom[c.name]} {what}: at least {MIN_CLUSTERS} are needed" if c.name in seldom else ""
        for c in design.spec.columns
    ]


def rank_sets(theta: Floats, cov: Floats, level: float, seed: int, draws: int = 10_000) -> tuple[Ints, Ints]:
    """Simultaneous rank sets: a model's best and worst rank that the data do not reject.

    From the maximum of |t| over all pairwise differences in draws from N(0, cov) (Mogstad et al. 2024).

    Parameters
    ----------
    theta : float64 (m,)
    cov : float64 (m, m)

    Returns
    -------
    low, high : int64 (m,)
        1 is the best rank.
    """
    m = theta.size
    variance = np.diag(cov)
    error = np.sqrt(np.maximum(variance[:, None] + variance[None, :] - 2 * cov, 1e-300))
    values, vectors = np.linalg.eigh(cov)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    inverse = (1.0 / np.maximum(error, 1e-30)).astype(np.float32)
    largest = np.zeros(draws, np.float32)
    for start in range(0, draws, 256):  # small enough to stay in the processor's cache
        drawn = (rng.standard_normal((min(256, draws - start), m)) @ root.T).astype(np.float32)
        top = largest[start : start + len(drawn)]
        for i in range(m - 1):
            gaps = np.abs(drawn[:, i + 1 :] - drawn[:, [i]]) * inverse[i, i + 1 :]
            np.maximum(top, gaps.max(axis=1), out=top)
    t = (theta[:, None] - theta[None, :]) / error
    bar = float(np.quantile(largest, level))
    return 1 + (t < -bar).sum(axis=1).astype(np.int64), m - (t > bar).sum(axis=1).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Bands:
    """What holds for q quantities at once.

    Attributes
    ----------
    critical : float
        Half the width of a simultaneous band, in standard errors.
    largest : float64 (draws,)
        Greatest |t| of each draw, sorted.
    """

    critical: float
    largest: Floats

    def p_value(self, statistic: Floats) -> Floats:
        """Share of draws whose greatest |t| reaches each statistic; (1 + r) / (1 + draws)."""
        reached = self.largest.size - np.searchsorted(self.largest, statistic, side="left")
        p = (1.0 + reached) / (1.0 + self.largest.size)
        return np.where(np.isnan(statistic), np.nan, np.where(statistic <= 0, 1.0, p))


def simultaneous(made: Sandwich, cov: Floats, level: float, seed: int, draws: int = 10_000) -> Bands:
    """Greatest |t| over all quantities, in draws from N(0, cov).

    With clusters a draw is divided by the root of a chi-square over its degrees of freedom, so that
    one quantity alone has the interval of t. Quantities without error take no part.

    Parameters
    ----------
    cov : float64 (q, q)
        Covariance of the quantities.
    """
    error = np.sqrt(np.maximum(np.diag(cov), 0.0))
    moving = error > 1e-12 * error.max(initial=0.0)
    pointwise = critical(made, level)
    if not moving.any():
        return Bands(pointwise, np.zeros(draws))
    values, vectors = np.linalg.eigh(cov[np.ix_(moving, moving)] / np.outer(error[moving], error[moving]))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    root /= np.sqrt((root**2).sum(axis=1))[:, None]
    rng = np.random.default_rng(seed)
    largest = np.abs(rng.standard_normal((draws, len(root))) @ root.T).max(axis=1)
    if np.isfinite(made.df):
        largest /= np.sqrt(rng.chisquare(made.df, draws) / made.df)
    return Bands(max(float(np.quantile(largest, level)), pointwise), np.sort(largest))
