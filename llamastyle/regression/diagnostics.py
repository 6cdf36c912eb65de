"""Does the maximum exist, and does the data reach where a number is quoted?

A finite maximum needs three things: every model connected with every other by battles; in the
directed graph of wins, no model or group that never lost to the rest; and no combination of
columns that predicts every vote.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array, hstack
from scipy.sparse.csgraph import connected_components

from llamastyle.errors import FitError, SeparationError
from llamastyle.regression.bradley_terry import BTFit, information
from llamastyle.regression.design import Column, Design

__all__ = [
    "Overlap",
    "check_collinearity",
    "check_connected",
    "check_separation",
    "overlap",
    "separable_models",
    "win_graph",
    "without_collinear",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ETA_LIMIT = 20.0
NEAR_PARITY = 0.25


def win_graph(a: Ints, b: Ints, y: Floats, n_models: int, times: Ints | None = None) -> csr_array:
    """Directed graph with an edge from loser to winner; ties and probabilities go both ways.

    Parameters
    ----------
    a, b : int64 (n,)
        Model indices, -1 where silent.
    y : float64 (n,)
    times : int64 (n,), optional
        How many battles a row stands for; one unless given.

    Returns
    -------
    scipy.sparse.csr_array (n_models, n_models)
    """
    times = np.ones(a.size, dtype=np.int64) if times is None else times
    known = a >= 0
    a, b, y, times = a[known], b[known], y[known], times[known]
    won, lost = y > 0, y < 1
    source = np.concatenate([b[won], a[lost]])
    target = np.concatenate([a[won], b[lost]])
    counts = np.concatenate([times[won], times[lost]])
    # scipy before 1.12 counts the components of no graph with indices of 64 bits, and only prints that it did not.
    where = (source.astype(np.int32), target.astype(np.int32))
    return csr_array(coo_array((counts, where), shape=(n_models, n_models)))


def _groups(labels: Ints) -> list[Ints]:
    """Members of each group, largest first, ties by the first member."""
    members = [np.flatnonzero(labels == g) for g in range(int(labels.max(initial=-1)) + 1)]
    return sorted(members, key=lambda rows: (-rows.size, int(rows[0])))


def separable_models(
    a: Ints, b: Ints, y: Floats, models: tuple[str, ...], times: Ints | None = None
) -> dict[str, str]:
    """Models that must leave for the strengths to have a finite maximum, with the reason of each.

    The largest connected component stays; in it the largest group whose models beat and lost to
    one another (directly or by a chain); repeated until nothing leaves.
    """
    gone: dict[str, str] = {}
    times = np.ones(a.size, dtype=np.int64) if times is None else times
    alive = np.ones(len(models), dtype=bool)
    while alive.any():
        keep = (a >= 0) & alive[a] & alive[b]
        graph = win_graph(a[keep], b[keep], y[keep], len(models), times[keep])
        weak = connected_components(graph, directed=True, connection="weak")[1].astype(np.int64)
        weak[~alive] = -1
        leaving = _leaving(weak, alive)
        reason = "met no model of the main group"
        if not leaving.size:
            strong = connected_components(graph, directed=True, connection="strong")[1].astype(np.int64)
            strong[~alive] = -1
            leaving = _leaving(strong, alive)
            reason = ""
        if not leaving.size:
            break
        for m in leaving:
            gone[models[m]] = reason or _one_sided(graph, int(m), leaving)
        alive[leaving] = False
        if alive.sum() == 1:
            last = models[int(np.flatnonzero(alive)[0])]
            gone[last] = "no other model is left to compare with"
            alive[:] = False
    return gone


def _leaving(labels: Ints, alive: Bools) -> Ints:
    present = np.unique(labels[alive])
    if present.size < 2:
        return np.empty(0, dtype=np.int64)
    counts = np.array([np.count_nonzero(labels == g) for g in present])
    return np.flatnonzero(alive & (labels != present[int(counts.argmax())]))


def _one_sided(graph: csr_array, model: int, leaving: Ints) -> str:
    wins, losses = int(graph[:, [model]].sum()), int(graph[[model], :].sum())
    if losses == 0:
        return f"won all of its {wins} battles: its rating has no finite value"
    if wins == 0:
        return f"lost all of its {losses} battles: its rating has no finite value"
    return f"one of {leaving.size} models that only won or only lost against the rest: no finite rating"


def check_connected(
    a: Ints, b: Ints, y: Floats, models: tuple[str, ...], *, penalised: bool = False
) -> None:
    """Raise when the strengths have no finite maximum, naming the models; ``penalised``: under Firth's penalty.

    Raises
    ------
    SeparationError
        Groups that never met, or a model or group that never lost (or never won) against the rest.
    """
    if not models:
        return
    graph = win_graph(a, b, y, len(models))
    n_weak, weak = connected_components(graph, directed=True, connection="weak")
    way_out = "leave models out, or use separated='drop' (llamastyle audit does)"
    finite = f"{way_out}, or separated='firth'"
    if n_weak > 1:
        parts = _groups(weak.astype(np.int64))
        named = "; ".join(_names(models, part) for part in parts[:4])
        more = f"; and {len(parts) - 4} more" if len(parts) > 4 else ""
        raise SeparationError(
            f"the models fall into {n_weak} groups that never met: {named}{more}. Ratings compare only within a"
            f" group: fit each group apart, or {way_out}"
        )
    if penalised:
        return
    n_strong, strong = connected_components(graph, directed=True, connection="strong")
    if n_strong > 1:
        raise SeparationError(f"{_dominant(graph, strong.astype(np.int64), models)}; {finite}")


def _dominant(graph: csr_array, strong: Ints, models: tuple[str, ...]) -> str:
    """Describe the smallest group that never lost to the rest, or never won."""
    edges = coo_array(graph)
    crossing = strong[edges.row] != strong[edges.col]
    never_lost = set(range(int(strong.max()) + 1)) - set(strong[edges.row[crossing]].tolist())
    never_won = set(range(int(strong.max()) + 1)) - set(strong[edges.col[crossing]].tolist())
    candidates = [(g, "never lost to") for g in never_lost] + [(g, "never won against") for g in never_won]
    group, what = min(candidates, key=lambda c: (int((strong == c[0]).sum()), c[1]))
    members = np.flatnonzero(strong == group)
    who = "model" if members.size == 1 else f"group of {members.size} models"
    return f"the {who} {_names(models, members)} {what} the rest: no finite rating exists"


def _names(models: tuple[str, ...], rows: Ints, limit: int = 5) -> str:
    shown = ", ".join(repr(models[int(r)]) for r in rows[:limit])
    return f"{shown} and {rows.size - limit} more" if rows.size > limit else shown


def check_collinearity(design: Design) -> None:
    """Raise when some columns can be written as others plus model strengths.

    Raises
    ------
    FitError
        Naming the columns.
    """
    refuse_collinear(design.spec.columns, standard_information(design), design.n_models)


def refuse_collinear(columns: tuple[Column, ...], full: Floats, m: int) -> None:
    """Raise when some columns can be written as others plus model strengths; ``full`` as by `standard_information`."""
    named, why = _collinear(columns, full, m)
    if named:
        style = [c.name for c in columns if c.block == "style" and c.name in named]
        away = f"leave one out, for instance with features=['default', '-{style[0]}']" if style else ""
        if style:
            away += f" (--features default,-{style[0]})"
        if any(c.block == "position" and c.name in named for c in columns):
            away = "fit with position=False"
        raise FitError(f"{why}: {away or 'fit without it'}")


def without_collinear(design: Design) -> tuple[Design, dict[str, str]]:
    """The design without columns that say nothing beyond others, and what was said of each that left.

    Of columns that say the same, the one that stands last leaves.
    """
    kept, gone = not_collinear(design.spec.columns, standard_information(design), design.n_models)
    if not gone:
        return design, gone
    spec = replace(design.spec, columns=tuple(design.spec.columns[i] for i in kept))
    return replace(design, spec=spec, x=design.x[:, kept]), gone


def not_collinear(columns: tuple[Column, ...], full: Floats, m: int) -> tuple[list[int], dict[str, str]]:
    """Positions of the columns that say something beyond others, and what was said of each other one."""
    gone: dict[str, str] = {}
    kept = list(range(len(columns)))
    while True:
        rows = [*range(m), *(m + i for i in kept)]
        named, why = _collinear(tuple(columns[i] for i in kept), full[np.ix_(rows, rows)], m)
        if not named:
            return kept, gone
        last = max(named, key=[columns[i].name for i in kept].index)
        gone[last] = why
        kept = [i for i in kept if columns[i].name != last]


def standard_information(design: Design) -> Floats:
    """The information of evenly matched battles, weights divided by their mean: (m + k, m + k)."""
    return information(design, design.w / design.w.mean())


def _collinear(columns: tuple[Column, ...], full: Floats, m: int) -> tuple[list[str], str]:
    """Columns of one exact relation with each other and the strengths, and the relation in words."""
    if not columns:
        return [], ""
    schur = full[m:, m:]
    if m:
        schur = schur - full[m:, :m] @ np.linalg.solve(full[:m, :m], full[:m, m:])
    size = np.sqrt(np.maximum(np.diag(full[m:, m:]), 1e-300))
    values, vectors = np.linalg.eigh(schur / np.outer(size, size))
    if values[0] > 1e-9:
        return [], ""
    loading = np.abs(vectors[:, 0])
    named = [columns[int(i)].name for i in np.argsort(-loading) if loading[int(i)] > 0.05]
    if len(named) == 1:
        return named, f"column {named[0]!r} says nothing beyond who the models are (it is constant within models)"
    return named, f"columns {', '.join(map(repr, named))} say the same (each follows from the others and the models)"


def check_separation(design: Design, fit: BTFit | None) -> None:
    """Raise when columns predict votes so well that their coefficients have no finite value.

    Run after convergence, when any linear predictor exceeds 20 in size, or after a failure.

    Raises
    ------
    SeparationError
        Naming the columns.
    """
    if fit is not None and fit.largest <= ETA_LIMIT:
        return
    names = [c.name for c in design.spec.columns]
    separating = _separating_columns(design)
    if separating:
        raise SeparationError(
            f"{', '.join(repr(names[i]) for i in separating)} together with the models predict every decisive vote:"
            f" no finite price exists ({design.n} battles, {design.n_free} parameters); leave features out, or bring"
            " more battles"
        )
    if fit is not None:
        worst = int(np.abs(fit.eta).argmax())
        parts = np.abs(design.x[worst] * fit.beta)
        column = (
            repr(names[int(parts.argmax())])
            if parts.size and parts.max() > ETA_LIMIT / 2
            else "the strengths"
        )
        raise SeparationError(
            f"battle {worst} is predicted with log-odds {fit.eta[worst]:.1f} (beyond +-{ETA_LIMIT:.0f}), mostly by"
            f" {column}: such certainty is separation, not evidence; leave it out"
        )


def _separating_columns(design: Design) -> list[int]:
    """Columns in a direction along which the likelihood never falls; empty when there is none."""
    m, n = design.n_models, design.n
    known = np.flatnonzero(design.a >= 0)
    rows = np.concatenate([known, known])
    cols = np.concatenate([design.a[known], design.b[known]])
    signs = np.concatenate([np.ones(known.size), -np.ones(known.size)])
    strengths = csr_array(coo_array((signs, (rows, cols)), shape=(n, max(m, 1))))
    z: Any = hstack([strengths, csr_array(design.x)], format="csr")
    won, lost = design.y >= 1.0, design.y <= 0.0
    inside = ~(won | lost)
    oriented: Any = csr_array(z[won | lost].multiply(np.where(won, 1.0, -1.0)[won | lost][:, None]))
    total = np.asarray(oriented.sum(axis=0)).ravel()
    answer = linprog(
        -total,
        A_ub=-oriented if oriented.shape[0] else None,
        b_ub=np.zeros(oriented.shape[0]) if oriented.shape[0] else None,
        A_eq=z[inside] if inside.any() else None,
        b_eq=np.zeros(int(inside.sum())) if inside.any() else None,
        bounds=(-1.0, 1.0),
        method="highs",
    )
    if answer.x is None or -answer.fun < 1e-6:
        return []
    direction = np.asarray(answer.x)[max(m, 1) :]
    return [int(i) for i in np.flatnonzero(np.abs(direction) > 1e-6)]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far each model's battles reach towards style parity; m models.

    Attributes
    ----------
    near : float64 (m,)
        Share of its battles with the style index within 0.25 log-odds of parity.
    low, high : float64 (m,)
        Range of its style index, the model as side a.
    extrapolated : bool (m,)
        Parity lies outside the range, or fewer than one battle in twenty is near it.
    near_all : float
        The same share over all battles.
    """

    near: Floats
    low: Floats
    high: Floats
    extrapolated: Bools
    near_all: float


def overlap(design: Design, index: Floats) -> Overlap:
    """Overlap from the style index (log-odds, side a against b) of each battle."""
    m = design.n_models
    known = design.a >= 0
    who = np.concatenate([design.a[known], design.b[known]])
    value = np.concatenate([index[known], -index[known]])
    close = np.abs(value) < NEAR_PARITY
    count = np.maximum(np.bincount(who, minlength=m), 1)
    near = np.bincount(who, close, m) / count
    low, high = np.full(m, np.inf), np.full(m, -np.inf)
    np.minimum.at(low, who, value)
    np.maximum.at(high, who, value)
    extrapolated = (near < 0.05) | (low > 0) | (high < 0)
    return Overlap(
        near, low, high, extrapolated, float(np.mean(np.abs(index) < NEAR_PARITY)) if index.size else 0.0
    )
