"""What a fit needs to know of battles, as sums over batches of them: functions of a shard, and their totals.

Every number of a fit is made of sums over battles or over clusters of battles. The first are sums over batches,
whatever the batches are; the second are sums over batches that hold whole clusters, so that nothing is kept by
cluster from one batch to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from operator import add
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression import links
from llamastyle.regression.bradley_terry import (
    Information,
    Likelihood,
    Point,
    Sums,
    blocks,
    furthest,
    incidence,
    linear_predictor,
    model_sums,
    sums,
)
from llamastyle.regression.cluster_scores import ClusterScores, cross_products
from llamastyle.regression.clusters import Clusters, both, every_battle, stack
from llamastyle.regression.decomposition import (
    block_index,
    changes,
    model_scores,
    parity_sums,
    sides,
    unexplained,
)
from llamastyle.regression.design import Column, Design, DesignSpec
from llamastyle.regression.diagnostics import overlap
from llamastyle.regression.grouping import PAIR
from llamastyle.regression.inference import cluster_counts, mean_scores
from llamastyle.regression.shards import Pool, Shard

__all__ = ["BatchPasses", "Found", "Plan", "Totals", "crossed", "design_of", "point_sums", "total"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T")

TOTAL, HELD, MOVED = "total", "held", "change"


class Totals(dict[Any, Any]):
    """Named sums over battles; those of two lots add up to those of both. ``max:NAME`` is a maximum instead."""

    def __add__(self, other: Totals) -> Totals:
        return Totals({n: (np.maximum if str(n).startswith("max:") else add)(v, other[n]) for n, v in self.items()})


def total(made: Iterable[T | None]) -> T:
    """The sum of what a pool makes, in its order."""
    there: list[Any] = []
    for one in made:
        if one is not None:
            there = [there[0] + one] if there else [one]
    return there[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which battles of a shard are in the fit, and what becomes of its columns.

    Attributes
    ----------
    models : tuple of str
        Of the design, in its order.
    gone : tuple of str
        Models that leave with their battles.
    with_correctness, drop_ties, drop_bad : bool
        Whether only battles with correctness known, without ties, without those that call both bad are chosen.
    columns : tuple of Column
    places : tuple of int
        Column of the shard's contrasts for each, -1 for correctness, -2 for position.
    unit : float
        Weights are divided by it.
    rated : bool
        Whether only battles that say something on strengths are in it.
    """

    models: tuple[str, ...]
    gone: tuple[str, ...] = ()
    with_correctness: bool = False
    drop_ties: bool = False
    drop_bad: bool = False
    columns: tuple[Column, ...] = ()
    places: tuple[int, ...] = ()
    unit: float = 1.0
    rated: bool = False

    def only(self, kept: list[int]) -> Plan:
        """The same with some of the columns."""
        columns = tuple(self.columns[i] for i in kept)
        return replace(self, columns=columns, places=tuple(self.places[i] for i in kept))


def chosen(shard: Shard, plan: Plan) -> NDArray[np.bool_]:
    """Battles that the fit asks about."""
    rows = np.ones(shard.n, bool)
    if plan.with_correctness:
        rows &= ~np.isnan(shard.arrays["right"])
    if plan.drop_bad:
        rows &= ~shard.arrays["bad"]
    if plan.drop_ties:
        rows &= shard.arrays["y"] != 0.5
    return rows


def _sides(shard: Shard, models: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Model indices of both sides; both -1 where the battle says nothing on strengths, -2 for a model not there."""
    place = {name: i for i, name in enumerate(models)}
    index = np.array([*(place.get(name, -2) for name in shard.names), -1], dtype=np.int64)
    a, b = shard.arrays["a"], shard.arrays["b"]
    silent = (a < 0) | (b < 0) | (a == b)
    return np.where(silent, -1, index[a]), np.where(silent, -1, index[b])


def kept_rows(shard: Shard, plan: Plan) -> Ints:
    """Rows of the battles in the fit."""
    a, b = _sides(shard, plan.models)
    least = 0 if plan.rated else -1
    return np.flatnonzero(chosen(shard, plan) & (a >= least) & (b >= least))


def design_of(shard: Shard, plan: Plan) -> tuple[Design, Ints]:
    """The design of a shard's battles, and their rows in it."""
    rows = kept_rows(shard, plan)
    a, b = (side[rows] for side in _sides(shard, plan.models))
    x = np.empty((rows.size, len(plan.columns)))
    for j, column in enumerate(plan.columns):
        x[:, j] = _values(shard, plan.places[j], rows, column) / column.scale
    spec = DesignSpec(plan.columns, plan.models)
    y, w = (np.asarray(shard.arrays[name][rows]) for name in ("y", "w"))
    return Design(spec, x, a, b, y, w if plan.unit == 1.0 else w / plan.unit), rows


def _values(shard: Shard, place: int, rows: Ints, column: Column) -> Floats:
    """A column's contrast, unscaled."""
    if place == -2:
        return np.ones(rows.size)
    raw = shard.arrays["right"][rows] if place == -1 else shard.arrays["x"][rows, place]
    return np.tanh(raw / column.inner) if column.contrast == "tanh" else np.asarray(raw)


# -- before there is a design --------------------------------------------------------------------------------


def known(shard: Shard) -> Totals:
    """Battles, and those with correctness known on both sides."""
    return Totals(given=shard.n, known=int((~np.isnan(shard.arrays["right"])).sum()))


def left_out(shard: Shard, plan: Plan) -> Totals:
    """Votes that call both bad, among battles chosen for their correctness; and ties, among what is then left."""
    rows = chosen(shard, replace(plan, drop_bad=False, drop_ties=False))
    bad = rows & shard.arrays["bad"]
    left = rows & ~bad if plan.drop_bad else rows
    return Totals(bad=int(bad.sum()), ties=int((left & (shard.arrays["y"] == 0.5)).sum()))


def tally(shard: Shard, plan: Plan) -> Totals:
    """Sums by pair of models (side a, side b), the battles silent on strengths first: arrays (m + 1, m + 1).

    ``silent`` (m,) says how often each model is named in a silent battle.
    """
    side = len(plan.models) + 1
    rows = np.flatnonzero(chosen(shard, plan))
    a, b = (s[rows] for s in _sides(shard, plan.models))
    y, w = np.asarray(shard.arrays["y"][rows]), np.asarray(shard.arrays["w"][rows])
    pair, tied, between = (a + 1) * side + b + 1, y == 0.5, (y > 0) & (y < 1)

    def by_pair(values: Any) -> Floats:
        return np.asarray(np.bincount(pair, values, side**2), dtype=np.float64).reshape(side, side)

    place = {name: i for i, name in enumerate(plan.models)}
    index = np.array([*(place[name] for name in shard.names), -1], dtype=np.int64)
    silent = rows[a < 0]
    named = np.concatenate([index[shard.arrays[name][silent]] for name in ("a", "b")]) + 1
    return Totals(
        silent=np.bincount(named, minlength=side)[1:],
        battles=by_pair(np.ones(rows.size)),
        up=by_pair(y > 0),
        down=by_pair(y < 1),
        between=by_pair(between),
        probable=by_pair(between & ~tied),
        tied=by_pair(tied),
        tied_weight=by_pair(w * tied),
        weight=by_pair(w),
        won=by_pair(w * y),
    )


def key_counts(shard: Shard, plan: Plan, name: str, low: int, high: int) -> tuple[Any, Any]:
    """Different keys of a column from ``low`` to ``high``, and whether a rated battle has each; those with a value."""
    rows = kept_rows(shard, plan)
    key, empty = shard.arrays[f"key:{name}"][rows], shard.arrays[f"empty:{name}"][rows]
    within = ~empty & (key >= np.uint64(low)) & (key <= np.uint64(high))
    different, place = np.unique(key[within], return_inverse=True)
    rated = np.zeros(different.size, bool)
    rated[place[_sides(shard, plan.models)[0][rows][within] >= 0]] = True
    return different, rated


def without_value(shard: Shard, plan: Plan, name: str) -> Totals:
    """Battles, and those that have no value in a column."""
    rows = kept_rows(shard, plan)
    return Totals(battles=rows.size, empty=int(shard.arrays[f"empty:{name}"][rows].sum()))


def pair_counts(shard: Shard, plan: Plan, low: int, high: int) -> tuple[Any, Ints]:
    """Different keys of pairs of responses, and for each the battles in one order, in the other, rated, and all."""
    rows = kept_rows(shard, plan)
    key, order = shard.arrays["pair"][rows], shard.arrays["order"][rows]
    within = (key >= np.uint64(low)) & (key <= np.uint64(high))
    different, place = np.unique(key[within], return_inverse=True)
    rated = _sides(shard, plan.models)[0][rows][within] >= 0
    kinds = (order[within] > 0, order[within] < 0, rated, np.ones(rated.size, bool))
    return different, np.column_stack([np.bincount(place[kind], minlength=different.size) for kind in kinds])


def largest(shard: Shard, plan: Plan) -> Totals:
    """Greatest size of each column as it is in the shard, unscaled."""
    rows = kept_rows(shard, plan)
    plain = tuple(replace(column, contrast="difference") for column in plan.columns)
    sizes = [np.abs(_values(shard, p, rows, c)).max(initial=0.0) for p, c in zip(plan.places, plain, strict=True)]
    return Totals({"max:size": np.array(sizes)})


def squares(shard: Shard, plan: Plan, size: Floats) -> Totals:
    """Weighted squares of each column over its greatest size."""
    rows = kept_rows(shard, plan)
    w = np.asarray(shard.arrays["w"][rows])
    made = [
        w @ (_values(shard, p, rows, c) / s) ** 2 if s else 0.0
        for p, c, s in zip(plan.places, plan.columns, size, strict=True)
    ]
    return Totals(squares=np.array(made))


# -- with a design -------------------------------------------------------------------------------------------


def standards(shard: Shard, plan: Plan) -> Totals:
    """The information of evenly matched battles, and weighted sums of contrasts by model (m, k)."""
    design, _ = design_of(shard, plan)
    full = Information(design.n_models, design.x.shape[1])
    for rows in blocks(design.n):
        full.add(design, rows, incidence(design, rows), design.w[rows])
    return Totals(information=full, contrasts=model_sums(design, design.x * design.w[:, None]))


def point_sums(shard: Shard, plan: Plan, params: Floats, likelihood: Likelihood) -> Sums:
    """Log-likelihood, gradient and information of a shard's battles at some parameters."""
    return sums(design_of(shard, plan)[0], params, likelihood)


def furthest_move(shard: Shard, plan: Plan, step: Floats) -> float:
    """The greatest change of a linear predictor of a shard's battles."""
    return furthest(design_of(shard, plan)[0], step)


@dataclass(frozen=True, slots=True)
class BatchPasses:
    """Passes over the shards of a pool, for Newton's method; ``pairs`` stands for all battles of each pair."""

    pool: Pool
    plan: Plan
    pairs: Design
    tied: float

    @property
    def shape(self) -> tuple[int, int]:
        """Models and columns."""
        return len(self.plan.models), len(self.plan.columns)

    def pooled(self) -> Design:
        """One row for all battles of a pair of models."""
        return self.pairs

    def at(self, likelihood: Likelihood, params: Floats, gamma: Floats) -> Point:
        """The likelihood at some parameters."""
        work = partial(point_sums, plan=self.plan, params=params, likelihood=likelihood)
        return total(self.pool.map(work)).point(likelihood, params, gamma, np.empty(0))

    def furthest(self, step: Floats) -> float:
        """The greatest change of a linear predictor."""
        return max(self.pool.map(partial(furthest_move, plan=self.plan, step=step)))

    def moved(self, at: Point, step: Floats) -> Floats:
        """No predictors are kept."""
        return at.eta


# -- at the maximum ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The maximum, and what else the sums over clusters are about; m models, k columns.

    Attributes
    ----------
    theta, beta, plain : float64 (m,), (k,), (m,)
        Strengths and coefficients, and the strengths without columns.
    nu, plain_nu : float
        Davidson's parameter, with and without columns.
    pi : float64 (m, k)
        Profiles.
    moved : dict of str to tuple of int
        The sets of columns whose parts in the ratings are asked for, by name.
    means : dict of str to (float64 (m,), float64 (m,), float64 (m,))
        For each block that is set to zero: weights of each model, its win rate at parity, and its change.
    """

    theta: Floats
    beta: Floats
    plain: Floats
    nu: float = 0.0
    plain_nu: float = 0.0
    pi: Floats = field(default_factory=lambda: np.empty((0, 0)))
    moved: dict[str, tuple[int, ...]] = field(default_factory=dict)
    means: dict[str, tuple[Floats, Floats, Floats]] = field(default_factory=dict)


def parities(shard: Shard, plan: Plan, found: Found, names: tuple[str, ...]) -> Totals:
    """For every block set to zero: what `parity_sums` gives, and how far battles reach towards parity."""
    design, _ = design_of(shard, plan)
    eta = linear_predictor(design, found.theta, found.beta)
    out = Totals({"max:eta": float(np.abs(eta).max(initial=0.0))})
    for block in names:
        parts = parity_sums(design, eta, found.beta, found.nu, block)
        out |= {f"{block}:{i}": part for i, part in enumerate(parts)}
        reach = overlap(design, block_index(design, found.beta, block))
        met = np.bincount(np.concatenate([design.a, design.b]) + 1, minlength=design.n_models + 1)[1:]
        out |= {
            f"{block}:near": reach.near * np.maximum(met, 1),
            f"{block}:met": met,
            f"{block}:near_all": reach.near_all * design.n,
            f"max:{block}:low": -reach.low,
            f"max:{block}:high": reach.high,
        }
    return out


def codes_of(shard: Shard, rows: Ints, name: str) -> Ints:
    """Clusters of a shard's battles, counted from zero; all battles of each cluster must be in it."""
    if name != PAIR or f"key:{PAIR}" in shard.arrays:
        return np.unique(shard.arrays[f"key:{name}"][rows], return_inverse=True)[1]
    code = np.unique(shard.arrays["pair"][rows], return_inverse=True)[1]
    order, size = shard.arrays["order"][rows], int(code.max(initial=-1)) + 1
    both_ways = (np.bincount(code, order > 0, size) > 0) & (np.bincount(code, order < 0, size) > 0)
    alone = np.flatnonzero(~both_ways[code])
    code[alone] = size + np.arange(alone.size)
    return np.unique(code, return_inverse=True)[1]


def group_of(shard: Shard, plan: Plan, name: str, groups: int) -> Ints:
    """In which of so many groups each battle is; those of one cluster are in one."""
    key = shard.arrays["pair" if name == PAIR and f"key:{PAIR}" not in shard.arrays else f"key:{name}"]
    return ((np.asarray(key) >> np.uint64(32)) * np.uint64(groups) >> np.uint64(32)).astype(np.int64)


def crossed(
    shard: Shard, plan: Plan, found: Found, names: tuple[str, ...], sets: tuple[tuple[int, ...], ...]
) -> Totals | None:
    """Cross-products of sums by cluster, for sets of the ways ``names``, and what else is counted by cluster.

    None where no battle of the shard is in the fit.

    Parameters
    ----------
    sets : tuple of tuple of int
        Ways whose combinations are clusters, all battles of each being in the shard; an empty one: every battle.
    """
    design, rows = design_of(shard, plan)
    if not rows.size:
        return None
    eta = linear_predictor(design, found.theta, found.beta)
    residual = design.w * (design.y - links.mean(eta, found.nu))
    own = design.w * ((design.y == 0.5) - links.tie(eta, found.nu)) if found.nu else None
    ways = {i: codes_of(shard, rows, names[i]) for i in sorted({i for ways in sets for i in ways})}
    rated = np.flatnonzero(design.a >= 0)
    met = replace(design.plain(), **{f: getattr(design, f)[rated] for f in ("a", "b", "y", "w")}, x=design.x[rated, :0])
    plain_eta = linear_predictor(met, found.plain, np.empty(0))
    plain_residual = met.w * (met.y - links.mean(plain_eta, found.plain_nu))
    plain_own = met.w * ((met.y == 0.5) - links.tie(plain_eta, found.plain_nu)) if found.plain_nu else None
    values = _own_values(design, eta, found)
    out = Totals()
    for one in sets:
        codes = np.arange(design.n) if not one else both(np.column_stack([ways[i] for i in one]))
        clusters = _clusters(codes)
        scores = ClusterScores(design, clusters, residual, own)
        plain_codes = np.unique(codes[rated], return_inverse=True)[1]
        plain_clusters = _clusters(plain_codes)
        out |= {
            (one, "groups"): clusters.size,
            (one, "rated"): plain_clusters.size,
            (one, "scores", "scores"): cross_products(scores),
            (one, "plain", "plain"): cross_products(ClusterScores(met, plain_clusters, plain_residual, plain_own)),
        }
        if len(one) < 2:
            out[one, "counts"] = cluster_counts(design, clusters.ways)
            out[one, "seldom"] = np.array([_clusters_with(codes, x != 0, clusters.size) for x in design.x.T])
        table, held = scores.table(), {name: make(clusters) for name, make in values.items()}
        for name, sums_of in held.items():
            out[one, "scores", name] = (table.T @ sums_of).toarray()
            out[one, name, name] = (sums_of.T @ sums_of).toarray()
            if name in found.moved and name != TOTAL:
                out[one, name, TOTAL] = (sums_of.T @ held[TOTAL]).toarray()
    return out


def _clusters(codes: Ints) -> Clusters:
    return stack(codes) if codes.size else every_battle(0)


def _clusters_with(codes: Ints, some: NDArray[np.bool_], size: int) -> int:
    there = np.zeros(size, bool)
    there[codes[some]] = True
    return int(there.sum())


def _own_values(design: Design, eta: Floats, found: Found) -> dict[str, Callable[[Any], Any]]:
    """By name, functions of clusters that give what each cluster adds besides its effect on the parameters."""
    made: dict[str, Callable[[Any], Any]] = {}
    residual = unexplained(design, found.pi)
    for name, columns in found.moved.items():
        values = design.w * (residual[:, list(columns)] @ found.beta[list(columns)])
        made[name] = partial(_model_scores, design, values)
    for block, (weight, at_parity, change) in found.means.items():
        p0 = links.mean(eta - block_index(design, found.beta, block), found.nu)
        made[f"{HELD}:{block}"] = partial(_mean_scores, design, sides(p0), weight, at_parity)
        made[f"{MOVED}:{block}"] = partial(_mean_scores, design, changes(design.y, p0), weight, change)
    return made


def _model_scores(design: Design, values: Floats, clusters: Any) -> Any:
    return model_scores(design, values, clusters)


def _mean_scores(design: Design, values: Floats, weight: Floats, mean: Floats, clusters: Any) -> Any:
    return mean_scores(design, clusters, values, weight, mean)


def sets_by_first(names: Sequence[str]) -> list[tuple[tuple[int, ...], ...]]:
    """All sets of ways, by the way that each is counted with: a list a way; without ways, every battle alone.

    Sets with pairs are counted with the pairs: a battle's twin may be under another value of any other way.
    """
    if not names:
        return [((),)]
    ways = range(len(names))
    order = sorted(ways, key=lambda way: names[way] != PAIR)
    every = [one for size in range(1, len(names) + 1) for one in combinations(ways, size)]
    return [tuple(one for one in every if min(one, key=order.index) == way) for way in ways]
