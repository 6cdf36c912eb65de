"""One price, many levels: effects by category, language, judge or month, and whether they are equal.

Every level has strengths and prices of its own, in the recorded scales of the whole fit: which models are
good at what then says nothing on prices. Fits start from the whole fit. Clusters may span levels:
influences are summed by cluster over all levels before they are multiplied, which gives the
covariances between levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.errors import FitError
from llamastyle.options import nearest
from llamastyle.regression.bradley_terry import BTFit
from llamastyle.regression.decomposition import exchange_rates
from llamastyle.regression.design import Design
from llamastyle.regression.effects import Effects, marginal_effects, units
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import (
    MIN_CLUSTERS,
    Sandwich,
    interval,
    sandwich,
    seldom_reasons,
    standard_errors,
)
from llamastyle.regression.subsets import Subset, by_cluster, refusal, subset
from llamastyle.regression.tails import chi2_tail, f_tail, false_discovery
from llamastyle.regression.wording import join_notes

__all__ = [
    "BY",
    "BY_EXCHANGE",
    "Equality",
    "LevelFit",
    "equal_levels",
    "exchange_levels_frame",
    "fit_levels",
    "level_codes",
    "levels_frame",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BY = (
    "term", "group", "block", "unit", "level", "battles", "clusters", "effect", "std_error", "conf_low", "conf_high",
    "p_equal", "q_equal", "note",
)  # fmt: skip
BY_EXCHANGE = ("term", "group", "unit", "level", "battles", "clusters", "estimate", "conf_low", "conf_high", "note")

CLUSTERS = 4096
"""Clusters whose sums by level are written out at once."""
PER_PARAMETER = 10
"""Battles a free parameter below which errors are too small to be shown."""


@dataclass(frozen=True, slots=True)
class LevelFit:
    """What one level says; k' of the k columns vary in it, G' of the G clusters are in it
    (rows of the stack where errors are clustered in several ways).

    Attributes
    ----------
    name : str
    part : Subset
        Its battles as a design of their own.
    group : int64 (G',)
        Where its clusters stand among those of the whole fit.
    clusters : int
        How many it has, of the way with fewest.
    fit, made, effects : BTFit, Sandwich, Effects or None
        None where the level has too little data; ``reason`` then says why.
    influence : float64 (G', k')
        Of each cluster on the effects, finite-sample factor included; empty where there are none.
    std_error : float64 (k',)
        Of the effects; NaN where a column differs in too few clusters, ``seldom`` then says in how many.
    seldom : tuple of str (k',)
    separated : tuple of str
        Columns whose sign foretells every vote of the level in which they differ: these battles, which
        any finite price fits less well than an endless one, are not in ``part``.
    reason : str
    """

    name: str
    part: Subset
    group: Ints
    clusters: int
    fit: BTFit | None
    made: Sandwich | None
    effects: Effects | None
    influence: Floats
    std_error: Floats
    seldom: tuple[str, ...]
    separated: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Equality:
    """Tests that a column's effect is the same at all levels that have one; k columns.

    Attributes
    ----------
    levels : int64 (k,)
        How many levels are compared.
    p_value, q_value : float64 (k,)
        q is Benjamini-Hochberg over the columns tested. NaN where fewer than two levels have an effect,
        or clusters that span levels are not more than the levels.
    """

    levels: Ints
    p_value: Floats
    q_value: Floats


def level_codes(battles: Battles, column: str, asked: str = "by") -> tuple[Ints, list[str]]:
    """Level of each battle, -1 where empty, and the levels' names in order; ``month`` is made of ``timestamp``.

    Parameters
    ----------
    asked : str
        The option that named the column, for the errors.

    Raises
    ------
    FitError
        No such column, or fewer than two levels.
    """
    known = [str(name) for name in battles.columns]
    values: Any
    if column == "month" and column not in known and "timestamp" in known:
        values = _months(battles.columns["timestamp"])
    elif column == "timestamp" and column in known:
        raise FitError(f"{asked}='timestamp' would make every instant a level; use {asked}='month'")
    elif column in known:
        values = battles.columns[column]
    else:
        raise FitError(
            f"{asked}={column!r} is not a column of these battles{nearest(column, known)}; they have"
            f" {', '.join(known) or 'none'} (name others when reading: read_battles(..., cluster={column!r}), or"
            f" columns={{'category': {column!r}}})"
        )
    codes, names = pd.factorize(values, sort=True)
    if len(names) < 2:
        raise FitError(f"{asked}={column!r} needs at least two levels to compare, and these battles have {len(names)}")
    return codes.astype(np.int64), [str(name) for name in names]


def _months(times: Any) -> Any:
    if pd.api.types.is_numeric_dtype(times):
        latest = float(np.nanmax(times.to_numpy(np.float64)))
        unit = next(name for name, most in (("s", 1e11), ("ms", 1e14), ("us", 1e17), ("ns", np.inf)) if latest < most)
        read = pd.to_datetime(times, unit=unit, utc=True)
    else:
        read = pd.to_datetime(times, utc=True, format="mixed", errors="coerce")
    return read.dt.strftime("%Y-%m")


def fit_levels(design: Design, est: Estimates, codes: Ints, names: Sequence[str]) -> list[LevelFit]:
    """A fit for each level, in the order of ``names``.

    Parameters
    ----------
    codes : int64 (n,)
        Level of each battle; -1 where it has none.
    """
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(names) + 1))
    return [
        _fit_level(design, est, order[low:high], name)
        for name, low, high in zip(names, bounds[:-1], bounds[1:], strict=True)
    ]


def _fit_level(design: Design, est: Estimates, rows: Ints, name: str) -> LevelFit:
    part, separating = subset(design, est.fit.likelihood, rows), np.empty(0, np.int64)
    fit, reason = _maximum(part, est)
    while fit is None and (found := _separating_alone(part)).size:
        # the limit of the likelihood: battles in which such a column differs are certain, and say no more
        separating = np.concatenate([separating, found])
        rest = part.rows[(design.x[np.ix_(part.rows, found)] == 0).all(axis=1)]
        gone = part.left_out
        part = subset(design, est.fit.likelihood, rest, np.setdiff1d(part.columns, found))
        part = replace(part, left_out=gone + part.left_out)
        fit, reason = _maximum(part, est)
    endless = tuple(design.spec.columns[int(j)].name for j in separating)
    clusters = _clusters(part)
    if fit is None:
        none = np.empty(0, np.int64)
        moved, error = np.empty((0, 0)), np.empty(0)
        return LevelFit(name, part, none, clusters, None, None, None, moved, error, (), endless, reason)
    made = sandwich(part.design, fit, est.made.kind)
    found = marginal_effects(part.design, fit, made)
    moved = by_cluster(made, found.influence)
    seldom = tuple(seldom_reasons(part.design))
    error = np.where([bool(why) for why in seldom], np.nan, standard_errors(made, found.influence))
    if (weight := made.clusters.weight) is not None:
        moved = moved * np.sqrt(np.abs(weight))[:, None]
    group = _places(part, made, est.made)
    return LevelFit(name, part, group, clusters, fit, made, found, moved, error, seldom, endless, "")


def _clusters(part: Subset) -> int:
    """Clusters of a part, of the way with fewest; they are counted anew there."""
    n, codes = part.design.n, part.design.cluster
    return n if codes is None or not n else int(codes.reshape(n, -1).max(axis=0).min()) + 1


def _places(part: Subset, made: Sandwich, whole: Sandwich) -> Ints:
    """Row of each of a part's cluster sums in the stack of the whole."""
    places = np.empty(made.clusters.size, dtype=np.int64)
    places[made.clusters.rows.ravel()] = whole.clusters.rows[:, part.rows].ravel()
    return places


def _separating_alone(part: Subset) -> Ints:
    """Columns of the whole whose sign foretells every vote in which they differ; the position term never counts."""
    x, y = part.design.x, part.design.y
    out = [
        int(part.columns[j])
        for j in range(x.shape[1])
        if (there := x[:, j] != 0).any()
        and not there.all()
        and np.unique(np.where(x[there, j] > 0, y[there], 1.0 - y[there])).tolist() in ([0.0], [1.0])
    ]
    return np.array(out, dtype=np.int64)


def _maximum(part: Subset, est: Estimates) -> tuple[BTFit | None, str]:
    """The fit of a level, or the reason why there is none."""
    n, free, clusters = part.design.n, part.design.n_free, _clusters(part)
    if clusters < MIN_CLUSTERS:
        what = f"values of {est.clustering.column}" if est.clustering.column else "battles"
        return None, f"{clusters} {what}: at least {MIN_CLUSTERS} are needed"
    if not part.columns.size:
        return None, "no column varies in these battles"
    if n < PER_PARAMETER * free:
        return None, (
            f"{n} battles for {free} parameters: at least {PER_PARAMETER} battles each"
            " are needed"
        )
    return refusal(part, est.fit)


def equal_levels(levels: Sequence[LevelFit], made: Sandwich, k: int) -> Equality:
    """Wald tests of equal effects, from influences summed by cluster over the levels.

    The statistic has Welch's correction for levels with few clusters. Where clusters span levels, the
    covariance of the levels' effects has a rank below the number of clusters, so that Hotelling's
    correction is made too, and the larger of the two p-values taken.
    """
    used = [level for level in levels if level.effects is not None]
    stacked = _stacked(used, made)
    p, compared = np.full(k, np.nan), np.zeros(k, dtype=np.int64)
    for j in range(k):
        has = [level for level in used if np.isfinite(level.std_error[level.part.columns == j]).any()]
        compared[j] = len(has)
        if len(has) >= 2:
            p[j] = _equality(*_joint(has, j, stacked), made, shared=stacked is not None)
    q, tested = np.full(k, np.nan), np.isfinite(p)
    if tested.any():
        q[tested] = false_discovery(p[tested])
    return Equality(compared, p, q)


@dataclass(frozen=True, slots=True)
class _Stacked:
    """Cluster sums of levels, the t of clusters that are in several, in the order of these clusters.

    Attributes
    ----------
    starts : int64 (L + 1,)
        Where each level's begin before they are ordered.
    order, level : int64 (t,)
        Which stands where, and its level.
    bounds : int64 (G' + 1,)
        Where each cluster begins.
    sign : float64 (t,) or None
        What each counts for where errors are clustered in several ways.
    """

    starts: Ints
    order: Ints
    level: Ints
    bounds: Ints
    sign: Floats | None
    place: dict[str, int]


def _stacked(levels: Sequence[LevelFit], whole: Sandwich) -> _Stacked | None:
    """The sums of levels that share clusters; None where none is shared."""
    if not levels:
        return None
    group = np.concatenate([level.group for level in levels])
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    new = np.flatnonzero(np.diff(ordered, prepend=-1))
    many = np.diff(new, append=group.size)
    if not (many > 1).any():
        return None
    kept = np.repeat(many > 1, many)  # a cluster in one level says nothing between levels
    order, ordered, bounds = order[kept], ordered[kept], np.concatenate([[0], np.cumsum(many[many > 1])])
    size = np.array([level.group.size for level in levels])
    weight = whole.clusters.weight
    return _Stacked(
        np.concatenate([[0], np.cumsum(size)]),
        order,
        np.repeat(np.arange(len(levels)), size)[order],
        bounds,
        None if weight is None else np.sign(weight)[ordered],
        {level.name: i for i, level in enumerate(levels)},
    )


def _joint(has: Sequence[LevelFit], j: int, stacked: _Stacked | None) -> tuple[Floats, Floats, Floats]:
    """A column's effects at some levels, their covariance, and each level's degrees of freedom."""
    places = [int(np.flatnonzero(level.part.columns == j)[0]) for level in has]
    effect = np.array([level.effects.effect[i] for level, i in zip(has, places, strict=True) if level.effects])
    df = np.array([level.made.df for level in has if level.made])
    variance = np.array([level.std_error[i] ** 2 for level, i in zip(has, places, strict=True)])
    if stacked is None:
        return effect, np.diag(variance), df
    moved, chosen = np.zeros(int(stacked.starts[-1])), np.array([stacked.place[level.name] for level in has])
    for at, level, i in zip(chosen, has, places, strict=True):
        moved[stacked.starts[at] : stacked.starts[at + 1]] = level.influence[:, i]
    cov = _crossed(stacked, moved[stacked.order])[np.ix_(chosen, chosen)]
    np.fill_diagonal(cov, variance)
    return effect, cov if stacked.sign is None else _not_negative(cov), df


def _crossed(stacked: _Stacked, moved: Floats) -> Floats:
    """Sum over clusters of cross-products between levels, some clusters at a time: (L, L)."""
    levels = stacked.starts.size - 1
    out = np.zeros((levels, levels))
    for low in range(0, stacked.bounds.size - 1, CLUSTERS):
        ends = stacked.bounds[low : low + CLUSTERS + 1]
        here = slice(ends[0], ends[-1])
        row, level = np.repeat(np.arange(ends.size - 1), np.diff(ends)), stacked.level[here]
        dense = np.zeros((ends.size - 1, levels))
        dense[row, level] = moved[here]
        sign = 1.0 if stacked.sign is None else stacked.sign[ends[:-1]][:, None]
        out += dense.T @ (dense * sign)
    return out


def _not_negative(cov: Floats) -> Floats:
    values, vectors = np.linalg.eigh(cov)
    return (vectors * np.maximum(values, 1e-6 * values.max(initial=0.0))) @ vectors.T


def _equality(effect: Floats, cov: Floats, df: Floats, made: Sandwich, *, shared: bool) -> float:
    """P-value of equal effects; ``df`` is each level's clusters minus one, infinite where not clustered."""
    n = effect.size
    apart = np.eye(n)[1:] - np.eye(n)[0]
    gaps, v = apart @ effect, apart @ cov @ apart.T
    wald = float(gaps @ np.linalg.pinv(v, hermitian=True) @ gaps)
    weight = 1.0 / np.maximum(np.diag(cov), 1e-300)
    spread = float(((1.0 - weight / weight.sum()) ** 2 / df).sum())
    scale = 1.0 + 2.0 * (n - 2.0) * spread / (n * n - 1.0)
    below = (n * n - 1.0) / (3.0 * spread) if spread > 0 else np.inf
    p = _f_tail(wald / (n - 1.0) / scale, n - 1.0, below)
    if shared and np.isfinite(made.df):
        groups = min(made.clusters.counts)
        left = groups - n + 1.0
        if left < 1:
            return np.nan
        p = max(p, _f_tail(wald * left / ((groups - 1.0) * (n - 1.0)), n - 1.0, left))
    return p


def _f_tail(value: float, above: float, below: float) -> float:
    return f_tail(value, above, below) if np.isfinite(below) else chi2_tail(value * above, above)


def levels_frame(
    design: Design,
    est: Estimates,
    codes: Ints,
    names: Sequence[str],
    level: float,
    *,
    natural: bool = False,
) -> pd.DataFrame:
    """Effects of every column at every level, with tests of equality; columns `BY`.

    Parameters
    ----------
    natural : bool
        In the feature's natural unit, where it has one, rather than its recorded scale.
    """
    fits, columns = fit_levels(design, est, codes, names), design.spec.columns
    same = equal_levels(fits, est.made, len(columns))
    lines = [_line(one, est, level) for one in fits]
    rows = [
        (
            column.name,
            column.group,
            column.block,
            unit,
            one.name,
            one.part.rows.size,
            one.clusters,
            *(step * value for value in numbers.get(j, (np.nan,) * 4)),
            same.p_value[j],
            same.q_value[j],
            join_notes(_note(one, column.name, j), _untested(same, j) if j in numbers else ""),
        )
        for j, column in enumerate(columns)
        for unit, step in [units(column)[-1 if natural else 0]]
        for one, numbers in zip(fits, lines, strict=True)
    ]
    return _with_empty(pd.DataFrame(rows, columns=list(BY)), codes)


def _line(one: LevelFit, est: Estimates, level: float) -> dict[int, tuple[float, float, float, float]]:
    """Effect, error and interval by column of the whole design."""
    if one.effects is None or one.made is None:
        return {}
    error = one.std_error
    low, high = interval(one.made, one.effects.effect, error, level)
    both = np.column_stack([one.effects.effect, error, low, high])
    return {int(j): tuple(row) for j, row in zip(one.part.columns, both.tolist(), strict=True)}


def _note(one: LevelFit, name: str, j: int) -> str:
    out = one.part.left_out
    listed = ", ".join(out[:3]) + (f" and {len(out) - 3} more" if len(out) > 3 else "")
    many = "1 model" if len(out) == 1 else f"{len(out)} models"
    without = f"{many} without a finite rating here left out: {listed}" if out else ""
    varies = "" if one.reason or j in one.part.columns or name in one.separated else f"{name} does not vary here"
    endless = f"no finite price of {', '.join(one.separated)}: battles in which it differs are left out here"
    place = np.flatnonzero(one.part.columns == j)
    few = f"{name} {one.seldom[int(place[0])]}" if place.size and one.seldom and one.seldom[int(place[0])] else ""
    return join_notes(one.reason, varies, few, endless if one.separated else "", without)


def _untested(same: Equality, j: int) -> str:
    if np.isfinite(same.p_value[j]):
        return ""
    few = "fewer than two levels have an effect" if same.levels[j] < 2 else "no more clusters than levels"
    return f"no test of equality: {few}"


def _with_empty(frame: pd.DataFrame, codes: Ints) -> pd.DataFrame:
    if (empty := int((codes < 0).sum())) and len(frame):
        said = f"{empty} battles in which the column is empty are in no level"
        frame["note"] = [join_notes(note, said) for note in frame["note"]]
    return frame


def _rates(one: LevelFit, level: float) -> tuple[dict[tuple[str, str], tuple[float, float, float, str]], str]:
    """Exchange rates of a level by column and unit, and why there are none."""
    if one.fit is None or one.made is None:
        return {}, ""
    try:
        rates = exchange_rates(one.part.design, one.fit, one.made, level)
    except FitError:
        return {}, "correctness does not vary here"
    return {(r.column.name, r.unit): (r.estimate, r.low, r.high, r.note) for r in rates}, ""


def exchange_levels_frame(
    design: Design, est: Estimates, codes: Ints, names: Sequence[str], level: float
) -> pd.DataFrame:
    """Exchange rates of every style feature and unit at every level; columns `BY_EXCHANGE`.

    Raises
    ------
    FitError
        The fit is without correctness.
    """
    exchange_rates(design, est.fit, est.made, level)
    style = [(j, column) for j, column in enumerate(design.spec.columns) if column.block == "style"]
    fits = [(one, *_rates(one, level)) for one in fit_levels(design, est, codes, names)]
    rows: list[tuple[object, ...]] = []
    for j, column, unit in [(j, c, unit) for j, c in style for unit, _ in units(c)]:
        for one, found, reason in fits:
            *numbers, why = found.get((column.name, unit), (np.nan, np.nan, np.nan, reason))
            note = join_notes(str(why), _note(one, column.name, j))
            size = one.part.rows.size, one.clusters
            rows.append((column.name, column.group, unit, one.name, *size, *numbers, note))
    return _with_empty(pd.DataFrame(rows, columns=list(BY_EXCHANGE)), codes)
