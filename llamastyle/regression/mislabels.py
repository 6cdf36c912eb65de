"""Wrong labels of correctness: the fit as it would be with right ones.

A label is wrong with probability r, whoever wrote the response and however it is written. Then the
unknown log-likelihood of a battle with right labels has an unbiased estimate from the labels there are: a
weighted sum of its log-likelihoods under each difference in correctness that is possible, with weights from the
inverse of the error probabilities, some of them negative (Nakamura 1990; Akazawa, Kinukawa and Nakamura
1998). Its maximum is consistent; who is right how often, and how that goes with style, need not be
modelled. What the weights are is data like any other, so every table can be made of the corrected battles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression.bradley_terry import BTFit, Likelihood, fit_bradley_terry
from llamastyle.regression.decomposition import profiles
from llamastyle.regression.design import Design
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import Sandwich, sandwich

__all__ = [
    "Agreement",
    "Labels",
    "as_if_right",
    "corrected",
    "difference_weights",
    "error_rate",
    "labels_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DIFFERENCES = (-1.0, 0.0, 1.0)
NO_MAXIMUM = "the votes follow the labels more closely than this many wrong labels would allow, or labels are too few"


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels behind the battles; n battles.

    Attributes
    ----------
    a, b : int64 (n,)
        Which label each side has: battles with the same answer share a label, and its error.
    right_a, right_b : float64 (n,)
        1 where it says correct, 0 where it says wrong.
    """

    a: Ints
    b: Ints
    right_a: Floats
    right_b: Floats

    @property
    def share(self) -> float:
        """Share of the labels that say correct, each label counted once."""
        _, first = np.unique(np.concatenate([self.a, self.b]), return_index=True)
        return float(np.concatenate([self.right_a, self.right_b])[first].mean())

    def by_model(self, a: Ints, b: Ints, m: int) -> tuple[Ints, Ints]:
        """Labels of each model, and how many of them say correct, (m,) each.

        Parameters
        ----------
        a, b : int64 (n,)
            Models of the two sides, -1 where there is none.
        """
        who = np.concatenate([a, b])
        _, first = np.unique(np.concatenate([self.a, self.b]), return_index=True)
        first = first[who[first] >= 0]
        right = np.concatenate([self.right_a, self.right_b])[first]
        return np.bincount(who[first], minlength=m), np.bincount(who[first], right, m).astype(np.int64)


def labels_of(a: Ints, b: Ints, right_a: Floats, right_b: Floats) -> Labels:
    """The labels of battles, checked.

    Raises
    ------
    FitError
        Labels that are neither 0 nor 1.
    """
    for right in (right_a, right_b):
        other = (right != 0) & (right != 1)
        if other.any():
            at = int(other.argmax())
            raise FitError(
                f"a rate of wrong labels needs labels that are 0 or 1: battle {at} has {right[at]:g} (counted from 0);"
                " round them, or leave these battles out"
            )
    return Labels(a, b, right_a, right_b)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A rate of wrong labels and how well it is known.

    Attributes
    ----------
    rate, std_error : float
        Zero error where the rate was assumed.
    labels : int
        Labels it was measured on; 0 where it was assumed.
    disagree : float
        Share of these on which the two labellings differ; NaN where it was assumed.
    """

    rate: float
    std_error: float = 0.0
    labels: int = 0
    disagree: float = np.nan


def error_rate(first: Floats, second: Floats, second_rate: float | None = None) -> Agreement:
    """The rate of wrong labels from a second labelling made without knowing the first.

    With errors that are independent, the two differ at D = r (1 - e) + (1 - r) e, e the second one's rate.

    Parameters
    ----------
    first, second : float64 (N,)
        Labels 0 or 1, each label once.
    second_rate : float, optional
        e where it is known, 0 for labels that are right; by default both are as often wrong, and
        r = (1 - sqrt(1 - 2 D)) / 2.

    Raises
    ------
    FitError
        No common label, or the two differ more often than such errors allow.
    """
    n = first.size
    if n == 0:
        raise FitError("the second labelling has no label in common with the first: check its prompt_id and model")
    differ = int((first != second).sum())
    share = differ / n
    spread = (differ + 0.5) / (n + 1)  # so that no disagreement is not certainty
    error = float(np.sqrt(spread * (1 - spread) / n))
    if second_rate is None:
        if share >= 0.5:
            raise FitError(
                f"the two labellings differ in {differ} of {n} labels, as often as chance would have it: no rate of"
                " errors follows from them"
            )
        root = float(np.sqrt(1 - 2 * share))
        return Agreement((1 - root) / 2, error / (2 * root), n, share)
    rate = (share - second_rate) / (1 - 2 * second_rate)
    if not 0 <= rate < 0.5:
        raise FitError(
            f"the two labellings differ in {differ} of {n} labels: with the second wrong at a rate of {second_rate:g},"
            " no rate below one half for the first follows"
        )
    return Agreement(rate, error / (1 - 2 * second_rate), n, share)


def difference_weights(difference: Floats, rate: float) -> Floats:
    """Weights of the differences -1, 0, 1 in correctness, given the one that the labels show.

    Parameters
    ----------
    difference : float64 (n,)
        -1, 0 or 1.
    rate : float
        In [0, 1/2).

    Returns
    -------
    float64 (n, 3)
        Each row adds up to 1. In expectation over wrong labels, the row that is the true difference is
        one and the others are zero.
    """
    own, crossed, turned = (1 - rate) ** 2, rate * (1 - rate), rate**2
    weights = np.empty((difference.size, 3))
    for column, value in enumerate(DIFFERENCES):
        when_none = -crossed if value else 1 - 2 * rate + 2 * rate**2
        when_some = np.where(difference == value, own, turned) if value else np.full(difference.size, -2 * crossed)
        weights[:, column] = np.where(difference == 0, when_none, when_some)
    return weights / (1 - 2 * rate) ** 2


def as_if_right(design: Design, rate: float) -> Design:
    """Each battle three times, with the differences -1, 0 and 1 in correctness and their weights.

    Rows are those of the first difference, then the second, then the third; clusters are the battles' own,
    or the battles where nothing is clustered.
    """
    c = int(design.spec.block("correctness")[0])
    scale = design.spec.columns[c].scale
    weights = difference_weights(np.rint(design.x[:, c] * scale), rate)
    x = np.vstack([design.x] * 3)
    x[:, c] = np.repeat(DIFFERENCES, design.n) / scale
    group = np.arange(design.n) if design.cluster is None else design.cluster
    return Design(
        design.spec,
        x,
        np.tile(design.a, 3),
        np.tile(design.b, 3),
        np.tile(design.y, 3),
        (design.w[:, None] * weights).ravel(order="F"),
        np.concatenate([group] * 3),
    )


def corrected(
    design: Design, est: Estimates, rate: float, labels: Labels | None = None, start: Floats | None = None
) -> tuple[Design, Estimates]:
    """The battles as if their labels were right, and the estimates from them; any table can be made of the two.

    Parameters
    ----------
    design, est : Design, Estimates
        Of the fit with the labels as they are.
    rate : float
        In [0, 1/2).
    labels : Labels, optional
        With them the errors count that a wrong label is wrong in every battle of its answer, where
        these are not in one cluster.
    start : float64 (p,), optional
        Where Newton's method begins.

    Raises
    ------
    ConvergenceError
        The corrected likelihood has no maximum: the labels say too little at this rate.
    """
    wide = as_if_right(design, rate)
    likelihood = _tiled(est.fit.likelihood)
    if start is None:
        start = np.concatenate([est.fit.theta, est.fit.beta])
    try:
        fit = fit_bradley_terry(wide, start, likelihood)
    except ConvergenceError as error:
        raise ConvergenceError(NO_MAXIMUM) from error
    if np.linalg.eigvalsh(fit.bread)[0] <= 0:
        raise ConvergenceError(NO_MAXIMUM)
    made = _sandwich(design, wide, fit, est.made)
    if labels is not None and rate > 0 and fit.prompts is None:
        made = _with_shared(made, _shared(wide, fit, best_way(labels, made.clusters.ways[: design.n]), labels, rate))
    return wide, replace(est, fit=fit, made=made, profiles=profiles(wide))


def _tiled(likelihood: Likelihood) -> Likelihood:
    prompts = likelihood.prompts
    if prompts is None:
        return likelihood
    return replace(
        likelihood, prompts=replace(prompts, code=np.tile(prompts.code, 3), sign=np.tile(prompts.sign, 3))
    )


def _sandwich(design: Design, wide: Design, fit: BTFit, as_is: Sandwich) -> Sandwich:
    """Errors clustered at least by battle, with the finite-sample factor of the battles there are."""
    made = sandwich(wide, fit, "cluster")
    n, free = design.n, fit.free
    factor = 1.0 if as_is.kind == "HC0" else n / (n - free)
    if as_is.kind == "cluster":
        own = made.n_groups / (made.n_groups - 1) if made.clusters.weight is None else 1.0
        factor = own * (n - 1) / (n - free)
    kind = "robust" if as_is.kind == "classical" else as_is.kind
    cov = factor * made.bread @ made.meat @ made.bread
    return replace(made, kind=kind, cov=(cov + cov.T) / 2, factor=factor, df=as_is.df)


def _shared(wide: Design, fit: BTFit, group: Ints, labels: Labels, rate: float) -> Floats:
    """What the meat lacks when a label is shared between clusters, (p, p).

    A battle's score is linear in each of its labels. Its slope times the label's variance r (1 - r), summed over
    the battles of a label, less the same within clusters, which the meat has already.
    """
    up = np.array([[1 - rate, -rate], [-rate, 1 - rate]]) / (1 - 2 * rate)  # label, truth
    turns = []
    for other, mine in ((labels.right_b, 1.0), (labels.right_a, -1.0)):
        when = up[other.astype(np.int64)]  # weights of the other side being wrong, right
        one = np.column_stack([-when[:, 1], when[:, 1] - when[:, 0], when[:, 0]]) / (1 - 2 * rate)
        turns.append((one if mine > 0 else one[:, ::-1]).ravel(order="F"))
    n, cluster = labels.a.size, np.concatenate([np.tile(labels.a, 3), np.tile(labels.b, 3)])
    turned = replace(
        wide,
        x=np.vstack([wide.x] * 2),
        a=np.tile(wide.a, 2),
        b=np.tile(wide.b, 2),
        y=np.tile(wide.y, 2),
        w=np.concatenate(turns) * np.tile(_own_weights(wide, n), 6),
        cluster=cluster,
    )
    again = replace(fit, eta=np.tile(fit.eta, 2), p=np.tile(fit.p, 2))
    groups = np.tile(group, 6)
    both = np.unique(np.column_stack([cluster, groups]), axis=0, return_inverse=True)[1]
    by_label = sandwich(turned, again, "cluster").meat
    within = sandwich(replace(turned, cluster=both.ravel().astype(np.int64)), again, "cluster").meat
    return rate * (1 - rate) * (by_label - within)


def _own_weights(wide: Design, n: int) -> Floats:
    return wide.w.reshape(3, n).sum(axis=0)


def _with_shared(made: Sandwich, more: Floats) -> Sandwich:
    values, vectors = np.linalg.eigh((more + more.T) / 2)
    meat = made.meat + (vectors * np.maximum(values, 0.0)) @ vectors.T
    cov = made.factor * made.bread @ meat @ made.bread
    return replace(made, meat=meat, cov=(cov + cov.T) / 2)


def best_way(labels: Labels, ways: Ints) -> Ints:
    """The way to cluster (n,) that holds all battles of a label together, else the first; ways (n, d)."""
    return next((way for way in ways.T if nested(labels, way)), ways[:, 0])


def nested(labels: Labels, group: Ints) -> bool:
    """Whether all battles with one label are in one cluster.

    Parameters
    ----------
    group : int64 (n,)
    """
    label = np.concatenate([labels.a, labels.b])
    pairs = coo_array((np.ones(label.size), (label, np.tile(group, 2))))
    return bool(np.diff(csr_array(pairs).indptr).max(initial=0) <= 1)
