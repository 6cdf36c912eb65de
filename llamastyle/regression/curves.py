"""Curvature: is the linear style index enough, or do odd powers and products say more?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression.bradley_terry import BTFit, fit_bradley_terry
from llamastyle.regression.design import Column, Design
from llamastyle.regression.diagnostics import without_collinear
from llamastyle.regression.inference import Kind, sandwich
from llamastyle.regression.joint import JointTest, joint_wald, too_few

__all__ = ["Curvature", "Curve", "bent", "curvature_tests"]

Floats = NDArray[np.float64]

MOST_VALUES = 200_000_000
"""Most numbers that the added columns may hold."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One test of curvature.

    Attributes
    ----------
    test : str
        ``all``, ``powers``, ``products``, ``powers of`` a feature, or a single term such as
        ``words*|emoji|``.
    terms : tuple of str
        The terms tested.
    estimate, std_error : float
        Of a single term, in log-odds per root mean square of the term; NaN for several.
    joint : JointTest
    """

    test: str
    terms: tuple[str, ...]
    estimate: float
    std_error: float
    joint: JointTest


@dataclass(frozen=True, slots=True)
class Curvature:
    """Tests of curvature.

    Attributes
    ----------
    tests : tuple of Curve
    dropped : tuple of str
        Terms that say nothing beyond the others (s^3 is s times a constant where a feature is there or not).
    """

    tests: tuple[Curve, ...]
    dropped: tuple[str, ...]


def bent(design: Design, products: bool) -> Design:
    """The design with s|s| and s^3 of every style column added, and s_j|s_k| of every ordered pair.

    Each added column changes sign when the sides are swapped, so that swapping changes no test.
    Columns are divided by their root mean square and have the block ``power`` or ``product``.
    """
    style = [int(j) for j in design.spec.block("style")]
    names = [c.name for c in design.spec.columns]
    added: list[tuple[str, str, Floats]] = []
    for j in style:
        s = design.x[:, j]
        added += [("power", f"{names[j]}*|{names[j]}|", s * np.abs(s)), ("power", f"{names[j]}^3", s**3)]
    for j in style if products else ():
        for i in style:
            if i != j:
                added.append(("product", f"{names[j]}*|{names[i]}|", design.x[:, j] * np.abs(design.x[:, i])))
    columns, arrays = list(design.spec.columns), [design.x]
    for block, name, values in added:
        scale = float(np.sqrt(np.average(values**2, weights=design.w)))
        if scale > 0:
            columns.append(Column(name, name, block, "difference", scale))
            arrays.append((values / scale)[:, None])
    return replace(design, x=np.hstack(arrays), spec=replace(design.spec, columns=tuple(columns)))


def curvature_tests(design: Design, fit: BTFit, kind: Kind) -> Curvature:
    """Powers beside everything else; then powers and products; each feature, all jointly, and each term.

    The powers are tested in a fit that has no products, the products in a fit that has the powers too.
    """
    tests: list[Curve] = []
    gone: list[str] = []
    style = [design.spec.columns[int(j)].name for j in design.spec.block("style")]
    wider, lost, why = _fitted(design, fit, kind, products=False)
    gone += lost
    tests.append(_joint(wider, why, "powers", lambda c: c.block == "power"))
    for name in style:
        own = (f"{name}*|{name}|", f"{name}^3")
        tests.append(_joint(wider, why, f"powers of {name}", lambda c, own=own: c.name in own))
    tests += _single(wider)
    if len(style) > 1:
        full, lost, why = _fitted(design, fit, kind, products=True)
        gone += [name for name in lost if name not in gone]
        tests.insert(0, _joint(full, why, "products", lambda c: c.block == "product"))
        tests.insert(0, _joint(full, why, "all", lambda c: c.block in ("power", "product")))
        tests += [t for t in _single(full) if t.test not in {one.test for one in tests}]
    return Curvature(tuple(tests), tuple(gone))


@dataclass(frozen=True, slots=True)
class _Wider:
    """Coefficients of the added columns with their covariance."""

    columns: tuple[Column, ...]
    beta: Floats
    cov: Floats
    df: float


def _fitted(
    design: Design, fit: BTFit, kind: Kind, *, products: bool
) -> tuple[_Wider | None, list[str], str]:
    """The fit with added columns; the terms that were left out; why there is none."""
    k = design.spec.block("style").size
    terms = 2 * k + products * k * (k - 1)
    if design.n * terms > MOST_VALUES:
        return None, [], f"not computed: {terms} terms of {design.n} battles are too many to hold; take fewer"
    if kind == "cluster" and design.cluster is not None:
        clusters = int(design.cluster.reshape(design.n, -1).max(axis=0, initial=-1).min()) + 1
        if few := too_few(terms, clusters - 1):
            return None, [], few
    wide, lost = without_collinear(bent(design, products))
    m, old = design.n_models, design.x.shape[1]
    if any(c.name in lost for c in design.spec.columns) or wide.x.shape[1] == old:
        return None, sorted(lost), "not computed: no term says more than the columns that are there"
    added = wide.x.shape[1] - old
    ridge = fit.likelihood.ridge
    likelihood = replace(fit.likelihood, ridge=None if ridge is None else np.append(ridge, np.zeros(added)))
    try:
        fitted = fit_bradley_terry(wide, np.concatenate([fit.theta, fit.beta, np.zeros(added)]), likelihood)
        made = sandwich(wide, fitted, kind)
    except (ConvergenceError, FitError) as error:
        return None, list(lost), f"not computed: {error}"
    chosen = slice(m + old, m + old + added)
    found = _Wider(wide.spec.columns[old:], fitted.beta[old:], made.cov[chosen, chosen], made.df)
    return found, list(lost), ""


def _joint(found: _Wider | None, why: str, test: str, which: Callable[[Column], bool]) -> Curve:
    if found is None:
        return Curve(test, (), np.nan, np.nan, JointTest(0, np.nan, np.nan, np.nan, why))
    chosen = [i for i, c in enumerate(found.columns) if which(c)]
    terms = tuple(found.columns[i].name for i in chosen)
    if not chosen:
        none = JointTest(0, np.nan, np.nan, np.nan, "not computed: these terms follow from the other columns")
        return Curve(test, (), np.nan, np.nan, none)
    joint = joint_wald(found.beta[chosen], found.cov[np.ix_(chosen, chosen)], found.df)
    return Curve(test, terms, np.nan, np.nan, joint)


def _single(found: _Wider | None) -> list[Curve]:
    if found is None:
        return []
    error = np.sqrt(np.maximum(np.diag(found.cov), 0.0))
    return [
        Curve(
            column.name,
            (column.name,),
            float(found.beta[i]),
            float(error[i]),
            joint_wald(found.beta[[i]], found.cov[np.ix_([i], [i])], found.df),
        )
        for i, column in enumerate(found.columns)
    ]
