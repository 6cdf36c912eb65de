"""Some of a fit's battles, models and columns as a design of their own, with the likelihood cut to fit.

Fits of levels, folds and sets of blocks all start from the full fit and keep its recorded scales, so
that what they find is in the same unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression.bradley_terry import BTFit, Likelihood, fit_bradley_terry
from llamastyle.regression.clusters import Clusters
from llamastyle.regression.design import Design
from llamastyle.regression.diagnostics import check_collinearity, check_separation, separable_models
from llamastyle.regression.inference import Influence, Sandwich

__all__ = ["Subset", "by_cluster", "fit_subset", "refusal", "subset", "summed_squares"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_INFORMATION = 1e9
"""Variance inflation beyond which a column is no column of its own."""


@dataclass(frozen=True, slots=True)
class Subset:
    """A design made of a part of another; n' of its n battles, m' of its m models, k' of its k columns.

    Attributes
    ----------
    design : Design
        Models and clusters are counted anew; scales are those of the whole.
    likelihood : Likelihood
        Without effects of prompts where the models are left out, since no baseline is left.
    rows : int64 (n',)
    models : int64 (m',)
    columns : int64 (k',)
        Where the parts stand in the whole.
    left_out : tuple of str
        Models without a finite strength in these battles; their battles are not among ``rows``.
    """

    design: Design
    likelihood: Likelihood
    rows: Ints
    models: Ints
    columns: Ints
    left_out: tuple[str, ...]


def subset(
    design: Design,
    likelihood: Likelihood,
    rows: Ints | None = None,
    columns: Sequence[int] | Ints | None = None,
    *,
    models: bool = True,
) -> Subset:
    """A part of a design in which every model has a finite strength and every column varies.

    Parameters
    ----------
    rows : int64 (n',), optional
        Battles; all by default.
    columns : sequence of int, optional
        Columns; all by default. Those that are zero in every battle are left out.
    models : bool
        Whether strengths are among the parameters.
    """
    at = np.arange(design.n, dtype=np.int64) if rows is None else rows
    part = design if rows is None else design.take(at)
    asked = np.arange(design.x.shape[1]) if columns is None else np.asarray(columns, dtype=np.int64)
    gone: tuple[str, ...] = ()
    if not models:
        silent = np.full(part.n, -1, dtype=np.int64)
        part = replace(part, spec=replace(part.spec, models=()), a=silent, b=silent)
    elif not likelihood.firth and rows is not None:
        gone, kept = _finite(part)
        part, at = (part, at) if kept is None else (part.take(kept), at[kept])
    present = _present(part)
    new = np.full(design.n_models + 1, -1, dtype=np.int64)
    new[present] = np.arange(present.size)
    varies = asked[np.any(part.x[:, asked] != 0, axis=0)] if part.n else asked[:0]
    spec = replace(
        part.spec,
        models=tuple(part.spec.models[int(i)] for i in present),
        columns=tuple(part.spec.columns[int(i)] for i in varies),
    )
    cluster = part.cluster
    if rows is not None and cluster is not None:
        cluster = _counted_anew(cluster)
    x = part.x if varies.size == part.x.shape[1] else part.x[:, varies]
    small = replace(part, spec=spec, x=x, a=new[part.a], b=new[part.b], cluster=cluster)
    return Subset(small, _cut(likelihood, at, present, varies, design.n_models), at, present, varies, gone)


def _counted_anew(cluster: Ints) -> Ints:
    """Codes from zero of the clusters that are left, in each way."""
    if not len(cluster):
        return cluster
    ways = cluster.reshape(len(cluster), -1)
    found = np.column_stack([np.unique(way, return_inverse=True)[1] for way in ways.T]).astype(np.int64)
    return found.reshape(cluster.shape)


def _finite(part: Design) -> tuple[tuple[str, ...], Ints | None]:
    """Models without a finite strength, and the battles that are left without them (None: all)."""
    names = part.spec.models
    gone = separable_models(part.a, part.b, part.y, names)
    met = set(_present(part).tolist())
    out = tuple(name for i, name in enumerate(names) if name in gone and i in met)
    if not out:
        return out, None
    left = np.array([name not in gone for name in names] + [True])
    return out, np.flatnonzero(left[part.a] & left[part.b])


def _present(part: Design) -> Ints:
    count = np.bincount(np.concatenate([part.a, part.b]) + 1, minlength=part.n_models + 1)
    return np.flatnonzero(count[1:]).astype(np.int64)


def _cut(likelihood: Likelihood, rows: Ints, models: Ints, columns: Ints, m: int) -> Likelihood:
    ridge, prompts = likelihood.ridge, likelihood.prompts
    if ridge is not None:
        ridge = ridge[np.concatenate([models, m + columns])]
        ridge = ridge if ridge.any() else None
    if prompts is not None:
        if models.size:
            codes, code = np.unique(prompts.code[rows], return_inverse=True)
            prompts = replace(
                prompts, code=code.astype(np.int64), sign=prompts.sign[rows], n=int(codes.size)
            )
        else:
            prompts = None
    return replace(likelihood, ridge=ridge, prompts=prompts)


def fit_subset(part: Subset, whole: BTFit) -> BTFit:
    """The maximum for a part, started from that of the whole.

    Raises
    ------
    ConvergenceError
        There is no finite maximum.
    """
    start = np.concatenate([whole.theta[part.models], whole.beta[part.columns]])
    return fit_bradley_terry(part.design, start, part.likelihood)


def refusal(part: Subset, whole: BTFit) -> tuple[BTFit | None, str]:
    """The fit of a part, or None and the reason why it has no finite maximum."""
    try:
        fit = fit_subset(part, whole)
        _check_information(part.design, fit)
        if not part.likelihood.firth:
            check_separation(part.design, fit)
    except ConvergenceError as error:
        return None, _explained(part.design, str(error))
    except FitError as error:
        return None, str(error)
    return fit, ""


def _check_information(design: Design, fit: BTFit) -> None:
    """Whether each column says something that the others and the models do not, from the inverse information."""
    m, k = design.n_models, design.x.shape[1]
    slope = design.w * fit.p * (1.0 - fit.p)
    inflation = np.diag(fit.bread)[m : m + k] * (slope @ design.x**2)
    if not np.all(inflation < NO_INFORMATION):
        check_collinearity(design)


def _explained(design: Design, otherwise: str) -> str:
    try:
        check_collinearity(design)
        check_separation(design, None)
    except FitError as error:
        return str(error)
    return otherwise


def by_cluster(made: Sandwich, influence: Influence) -> Floats:
    """Influence of each cluster on each quantity, shape (G, quantities), finite-sample factor included.

    The cross-product of two of them, on the same clusters, is their covariance under ``cluster``,
    ``robust`` and ``HC0``; clustered in several ways, rows are those of the stack and count for its weights.
    """
    out: Any = made.scores @ (made.bread @ influence.gradient)
    if influence.own is not None:
        own = influence.own.toarray() if influence.spread is None else influence.own @ influence.spread
        out = out + own
    return np.sqrt(made.factor) * np.asarray(csr_array(out).toarray() if hasattr(out, "toarray") else out)


def summed_squares(clusters: Clusters, moved: Floats) -> Floats:
    """Variances from influences by cluster, (q,); clustered in several ways the largest of one where the sum fails.

    Parameters
    ----------
    moved : float64 (G, q)
        As made by `by_cluster`.
    """
    squares = moved**2
    if clusters.weight is None:
        return squares.sum(axis=0)
    alone = [clusters.alone(which) @ squares for which in range(len(clusters.counts))]
    found = clusters.weight @ squares
    return np.where(found > 0, found, np.max(alone, axis=0))
