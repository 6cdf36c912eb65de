"""Curvature: is the linear style index enough, or do odd powers and products say more?

Tests are score tests by flipped signs and not Wald tests, which reject far too often here: cubes and products
have heavy tails, and a few clusters decide both a coefficient and its error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression.bradley_terry import BTFit, fit_bradley_terry
from llamastyle.regression.design import Column, Design
from llamastyle.regression.diagnostics import without_collinear
from llamastyle.regression.flips import Scores, by_way, fit_without, flip_tests, null_scores
from llamastyle.regression.inference import Kind, sandwich
from llamastyle.regression.joint import JointTest, too_few

__all__ = ["Curvature", "Curve", "bent", "curvature_tests"]

Floats = NDArray[np.float64]

MOST_VALUES = 200_000_000
"""Most numbers that the added columns may hold."""
MOST_WORK = 2e11
"""Most multiplications that refits without one term after another may take."""
PER_TERM = 5
"""Clusters a term that a joint test needs at least: with fewer, flipped signs find hardly anything (study `trust`)."""
SINGULAR = "not computed: the scores of these terms are singular"


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
        Of a single term, in log-odds per root mean square of the term, in the fit with all terms; NaN for several.
    joint : JointTest
        By flipped signs. ``df_error`` is the number of clusters whose signs are flipped, less one.
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


def curvature_tests(
    design: Design, fit: BTFit, kind: Kind, *, draws: int = 999, seed: int = 0, ways: Sequence[str] = ()
) -> Curvature:
    """Powers beside everything else; then powers and products; each feature, all jointly, and each term.

    The powers are tested in fits that have no products, the products in fits that have the powers too. What is
    tested is left out of the fit at which its scores are taken; everything else is in it. ``ways`` names what is
    clustered by, for the notes.
    """
    tests: list[Curve] = []
    gone: list[str] = []
    style = [design.spec.columns[int(j)].name for j in design.spec.block("style")]
    asked: list[_Asked] = [("powers", lambda c: c.block == "power")]
    for name in style:
        own = (f"{name}*|{name}|", f"{name}^3")
        asked.append((f"powers of {name}", lambda c, own=own: c.name in own))
    wider, lost, why = _fitted(design, fit, kind, ways, products=False)
    gone += lost
    tests += _tested(wider, why, asked, kind, draws, seed)
    if len(style) > 1:
        full, lost, why = _fitted(design, fit, kind, ways, products=True)
        gone += [name for name in lost if name not in gone]
        joint: list[_Asked] = [("all", lambda c: c.block in ("power", "product"))]
        joint.append(("products", lambda c: c.block == "product"))
        more = _tested(full, why, joint, kind, draws, seed, "product")
        tests = [*more[:2], *tests, *more[2:]]
    return Curvature(tuple(tests), tuple(gone))


_Asked = tuple[str, Callable[[Column], bool]]


@dataclass(frozen=True, slots=True)
class _Wider:
    """The design and fit with added columns, which stand last, their coefficients and errors."""

    design: Design
    fit: BTFit
    columns: tuple[Column, ...]
    beta: Floats
    error: Floats


def _fitted(
    design: Design, fit: BTFit, kind: Kind, ways: Sequence[str], *, products: bool
) -> tuple[_Wider | None, list[str], str]:
    """The fit with added columns; the terms that were left out; why there is none."""
    k = design.spec.block("style").size
    terms = 2 * k + products * k * (k - 1)
    if design.n * terms > MOST_VALUES:
        return None, [], f"not computed: {terms} terms of {design.n} battles are too many to hold; take fewer"
    if kind == "cluster" and design.cluster is not None:
        last = design.cluster.reshape(design.n, -1).max(axis=0, initial=-1)
        if few := too_few(terms, int(last.min()), PER_TERM):
            return None, [], few + (f" of {ways[int(last.argmin())]}" if ways else "")
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
    errors = np.sqrt(np.maximum(np.diag(made.cov)[m + old : m + old + added], 0.0))
    return _Wider(wide, fitted, wide.spec.columns[old:], fitted.beta[old:], errors), list(lost), ""


def _tested(
    found: _Wider | None, why: str, asked: list[_Asked], kind: Kind, draws: int, seed: int, single: str = "power"
) -> list[Curve]:
    """The joint tests asked for, then each term of one block by itself."""
    if found is None:
        return [_untested(test, (), why) for test, _ in asked]
    old = found.design.x.shape[1] - len(found.columns)
    chosen = [
        np.array([old + i for i, c in enumerate(found.columns) if which(c)], dtype=np.int64) for _, which in asked
    ]
    alone = [i for i, column in enumerate(found.columns) if column.block == single]
    joint = _flipped(found, kind, chosen, draws, seed)
    work = 3.0 * found.design.n * found.fit.bread.shape[0] ** 2 * len(alone)
    if work <= MOST_WORK:
        terms = _flipped(found, kind, [np.array([old + i]) for i in alone], draws, seed)
    else:
        terms = [_no_test(1, f"not tested by itself: {len(alone)} fits without one term each would take too long")]
        terms *= len(alone)
    curves = [
        Curve(test, tuple(found.design.spec.columns[int(j)].name for j in which), np.nan, np.nan, one)
        for (test, _), which, one in zip(asked, chosen, joint, strict=True)
    ]
    for i, one in zip(alone, terms, strict=True):
        name = found.columns[i].name
        curves.append(Curve(name, (name,), float(found.beta[i]), float(found.error[i]), one))
    return curves


def _flipped(found: _Wider, kind: Kind, chosen: list[NDArray[np.int64]], draws: int, seed: int) -> list[JointTest]:
    """One test a set of columns, all with the same signs; of several ways to cluster the one with the largest p."""
    ways = by_way(found.design) if kind == "cluster" else [found.design]
    tests = [_flipped_way(found, design, kind, chosen, draws, seed) for design in ways]
    return [max(same, key=lambda one: np.inf if one.note else one.p_value) for same in zip(*tests, strict=True)]


def _flipped_way(
    found: _Wider, design: Design, kind: Kind, chosen: list[NDArray[np.int64]], draws: int, seed: int
) -> list[JointTest]:
    clustered = kind == "cluster" and design.cluster is not None
    scores: list[Scores] = []
    out: list[JointTest] = []
    for columns in chosen:
        made = _scores(found, design, kind, columns)
        if isinstance(made, str):
            out.append(_no_test(int(columns.size), made))
            continue
        out.append(JointTest(int(columns.size), np.nan, len(made.whole) - 1.0 if clustered else np.inf, np.nan, ""))
        scores.append(made)
    tests = iter(flip_tests(scores, draws=draws, seed=seed))
    pairs = [(one, None if one.note else next(tests)) for one in out]
    return [one if t is None else replace(one, statistic=t.statistic, p_value=t.p_value) for one, t in pairs]


def _scores(found: _Wider, design: Design, kind: Kind, columns: NDArray[np.int64]) -> Scores | str:
    """Scores of some columns at the fit without them, or why there are none."""
    if not columns.size:
        return "not computed: these terms follow from the other columns"
    try:
        at = fit_without(design, found.fit.likelihood, columns, _near(found, columns))
        made = null_scores(design, at, kind, columns)
    except (ConvergenceError, FitError) as error:
        return f"not computed: {error}"
    size = np.sqrt(np.maximum((made.whole**2).sum(axis=0), 1e-300))
    values = np.linalg.eigvalsh((made.whole.T @ made.whole) / np.outer(size, size))
    return SINGULAR if values[0] <= 1e-12 * columns.size else made


def _near(found: _Wider, columns: NDArray[np.int64]) -> Floats:
    """Where the fit without some columns would be if the likelihood were quadratic."""
    bread, m = found.fit.bread, found.design.n_models
    params = np.concatenate([found.fit.theta, found.fit.beta])
    at = m + columns
    moved = bread[: params.size, at] @ np.linalg.solve(bread[np.ix_(at, at)], params[at])
    return np.asarray(params - moved, dtype=np.float64)


def _untested(test: str, terms: tuple[str, ...], why: str) -> Curve:
    return Curve(test, terms, np.nan, np.nan, _no_test(0, why))


def _no_test(df: int, why: str) -> JointTest:
    return JointTest(df, np.nan, np.nan, np.nan, why)
