"""Contrasts and the design: from two columns of feature values to one scaled column a feature.

A design is what the regression sees: who met whom, who won, and the difference of the two
responses' features. Columns are divided by their root mean square and never centred, so that
swapping the sides of a battle negates its row and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from llamastyle.data.battles import counted
from llamastyle.errors import FitError
from llamastyle.options import Contrast, check_option, nearest

if TYPE_CHECKING:
    from llamastyle.data.battles import Battles
    from llamastyle.features.feature import FeatureTable

__all__ = ["Column", "Design", "DesignSpec", "build_design", "contrast"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the design.

    Attributes
    ----------
    name, group : str
        The feature and its group; ``correctness`` and ``position`` are their own groups.
    block : str
        ``style``, ``correctness`` or ``position``.
    contrast : str
        How the two sides' values became one number.
    scale : float
        Root mean square of the contrast over the battles of the fit; the column is divided by it.
    inner : float
        Scale inside ``tanh``; 1 for every other contrast.
    step : str
        The feature's natural step: ``ten_percent`` or ``one``.
    """

    name: str
    group: str
    block: str
    contrast: str
    scale: float = 1.0
    inner: float = 1.0
    step: str = "one"


@dataclass(frozen=True, slots=True)
class DesignSpec:
    """What a fit asked for, with the scales it found: new battles get the same treatment."""

    columns: tuple[Column, ...]
    models: tuple[str, ...]

    def block(self, name: str) -> Ints:
        """Positions of a block's columns, shape (columns of the block,)."""
        return np.array([i for i, c in enumerate(self.columns) if c.block == name], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Design:
    """Arrays for the regression; n battles, k columns, m models.

    Attributes
    ----------
    spec : DesignSpec
    x : float64 (n, k)
        Scaled contrasts, side a against side b.
    a, b : int64 (n,)
        Model indices; both -1 where the battle says nothing on strengths (a model against
        itself, or no names).
    y : float64 (n,)
        Outcome in [0, 1]: 1 where a won.
    w : float64 (n,)
        Sampling weights, > 0.
    cluster : int64 (n,) or (n, d) or None
        Cluster codes 0..G-1, in one way or a column each of several.
    """

    spec: DesignSpec
    x: Floats
    a: Ints
    b: Ints
    y: Floats
    w: Floats
    cluster: Ints | None = None

    @property
    def n(self) -> int:
        """Number of battles."""
        return int(self.y.size)

    @property
    def n_models(self) -> int:
        """Number of models with a strength."""
        return len(self.spec.models)

    @property
    def n_free(self) -> int:
        """Free parameters K: models - 1 + columns."""
        return max(self.n_models - 1, 0) + self.x.shape[1]

    def plain(self) -> Design:
        """The same battles without any column: Bradley-Terry as leaderboards know it."""
        return replace(self, spec=replace(self.spec, columns=()), x=np.empty((self.n, 0)))

    def rated(self) -> Design:
        """The battles that say something on strengths, their clusters counted anew."""
        if (self.a >= 0).all():
            return self
        met = self.take(np.flatnonzero(self.a >= 0))
        return replace(met, cluster=None if met.cluster is None else _counted_anew(met.cluster))

    def take(self, rows: Ints) -> Design:
        """Some of the battles, same models and scales."""
        return replace(
            self,
            x=self.x[rows],
            a=self.a[rows],
            b=self.b[rows],
            y=self.y[rows],
            w=self.w[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
        )


def _counted_anew(codes: Ints) -> Ints:
    if codes.ndim == 1:
        return np.unique(codes, return_inverse=True)[1]
    return np.column_stack([np.unique(way, return_inverse=True)[1] for way in codes.T])


def contrast(kind: str, u: Floats, v: Floats, *, name: str = "feature", inner: float = 1.0) -> Floats:
    """One number a battle from the two sides' values; ``T(u, v) = -T(v, u)`` for every kind.

    Parameters
    ----------
    kind : str
        ``difference``, ``relative``, ``log_ratio`` or ``tanh`` (for ``density_relative`` hand in
        densities: the kind then differs from ``relative`` by one in the denominator).
    u, v : float64 (n,)
        Values of side a and of side b.
    name : str
        Named in the error.
    inner : float
        The divisor inside ``tanh``.

    Raises
    ------
    FitError
        A value outside the contrast's domain, or not finite.
    """
    bad = ~(np.isfinite(u) & np.isfinite(v))
    if bad.any():
        raise FitError(
            f"feature {name!r} has no finite value in {int(bad.sum())} battles (first: battle {int(bad.argmax())});"
            " leave the feature out, or leave out these battles"
        )
    if kind in ("relative", "density_relative"):
        _refuse(name, kind, (u < 0) | (v < 0), "needs values of at least 0")
        total = u + v + (kind == "density_relative")
        return np.divide(u - v, total, out=np.zeros_like(u), where=total > 0)
    if kind == "log_ratio":
        _refuse(name, kind, (u <= -1) | (v <= -1), "needs values above -1")
        return np.log1p(u) - np.log1p(v)
    if kind == "tanh":
        return np.tanh((u - v) / inner)
    return u - v


def _refuse(name: str, kind: str, bad: NDArray[np.bool_], needs: str) -> None:
    if bad.any():
        raise FitError(
            f"feature {name!r} under contrast {kind!r} {needs}: {int(bad.sum())} battles have others (first: battle"
            f" {int(bad.argmax())}); use contrast={{{name!r}: 'difference'}}"
        )


def _rms(values: Floats, w: Floats) -> float:
    largest = float(np.abs(values).max(initial=0.0))
    return largest * float(np.sqrt(np.average((values / largest) ** 2, weights=w))) if largest else 0.0


def choose_contrasts(table: FeatureTable, asked: str | Mapping[str, str] | None) -> dict[str, str]:
    """The contrast of every feature: its own, unless asked for by feature or by group."""
    chosen = {f.name: str(f.contrast) for f in table.features}
    if asked is None:
        return chosen
    if isinstance(asked, str):
        check_option("contrast", asked, Contrast)
        return dict.fromkeys(chosen, asked)
    groups = {f.name: f.group for f in table.features}
    known = [*chosen, *dict.fromkeys(groups.values())]
    for key, kind in asked.items():
        check_option(f"contrast[{key!r}]", kind, Contrast)
        if key not in known:
            raise FitError(
                f"contrast names {key!r}, which is neither a feature nor a group of this fit{nearest(key, known)}"
            )
        chosen.update({f: kind for f in chosen if key in (f, groups[f])})
    return chosen


def raw_contrast(
    table: FeatureTable, name: str, kind: str, rows: tuple[Ints, Ints], inner: float | None, w: Floats
) -> tuple[Floats, float]:
    values = table.column(name)
    if kind == "density_relative":
        if name == "tokens" or "tokens" not in table.names:
            raise FitError(
                f"contrast 'density_relative' of {name!r} divides by token counts: it needs 'tokens' among the"
                " features, and is not for 'tokens' itself"
            )
        values = values / (table.column("tokens") + 1.0)
    u, v = values[rows[0]], values[rows[1]]
    if kind == "tanh" and inner is None:
        inner = _rms(u - v, w) or 1.0
    return contrast(kind, u, v, name=name, inner=inner or 1.0), inner or 1.0


def model_pairs(battles: Battles) -> tuple[Ints, Ints]:
    """Model indices of both sides, -1 in both where the battle says nothing on strengths."""
    silent = (battles.model_a < 0) | (battles.model_b < 0) | (battles.model_a == battles.model_b)
    return np.where(silent, -1, battles.model_a), np.where(silent, -1, battles.model_b)


def build_design(
    battles: Battles,
    table: FeatureTable,
    *,
    contrasts: Mapping[str, str],
    correctness: bool,
    position: bool,
    cluster: Ints | None,
) -> tuple[Design, list[str]]:
    """The design of a fit and the names of columns dropped because they do not vary.

    Parameters
    ----------
    battles : Battles
        The battles of the fit; with ``correctness`` known on both sides when it is used.
    table : FeatureTable
        One row a row of ``battles.responses``.
    contrasts : mapping of str to str
        One contrast a feature.
    """
    rows = (battles.row_a, battles.row_b)
    columns: list[Column] = []
    arrays: list[Floats] = []
    constant: list[str] = []

    def add(column: Column, values: Floats) -> None:
        scale = 1.0 if column.block == "position" else _rms(values, battles.weight)
        if scale <= 1e-12:
            constant.append(column.name)
            return
        columns.append(replace(column, scale=scale))
        arrays.append(values / scale)

    for feature in table.features:
        kind = contrasts[feature.name]
        values, inner = raw_contrast(table, feature.name, kind, rows, None, battles.weight)
        add(Column(feature.name, feature.group, "style", kind, inner=inner, step=feature.step), values)
    if correctness and battles.correct_a is not None and battles.correct_b is not None:
        values = battles.correct_a - battles.correct_b
        add(Column("correctness", "correctness", "correctness", "difference"), values)
    if position:
        add(Column("position", "position", "position", "difference"), np.ones(len(battles)))
    a, b = model_pairs(battles)
    met = np.unique(np.concatenate([a, b]))
    met = met[met >= 0]
    place = np.full(len(battles.models) + 1, -1, dtype=np.int64)
    place[met] = np.arange(met.size)
    a, b = place[a], place[b]
    x = np.column_stack(arrays) if arrays else np.empty((len(battles), 0))
    spec = DesignSpec(tuple(columns), tuple(battles.models[int(i)] for i in met))
    return Design(spec, x, a, b, battles.outcome, battles.weight, cluster), constant


def apply_spec(spec: DesignSpec, battles: Battles, table: FeatureTable) -> Design:
    """The design of new battles under a fit's columns, scales and models.

    Raises
    ------
    FitError
        A model that the fit does not know, or correctness that is missing.
    """
    position_of = {m: i for i, m in enumerate(spec.models)}
    unknown = [m for m in battles.models if m not in position_of] if spec.models else []
    if unknown:
        raise FitError(
            f"{counted(len(unknown), 'model')} of these battles {'is' if len(unknown) == 1 else 'are'} not in the fit: "
            f"{', '.join(unknown[:5])}"
            f"{nearest(unknown[0], spec.models)}"
        )
    rows = (battles.row_a, battles.row_b)
    arrays: list[Floats] = []
    for column in spec.columns:
        if column.block == "position":
            values = np.ones(len(battles))
        elif column.block == "correctness":
            if battles.correct_a is None or battles.correct_b is None or not battles.correct_known.all():
                raise FitError("the fit used correctness: these battles need it on both sides")
            values = battles.correct_a - battles.correct_b
        else:
            values, _ = raw_contrast(table, column.name, column.contrast, rows, column.inner, battles.weight)
        arrays.append(values / column.scale)
    a, b = model_pairs(battles)
    if spec.models:
        index = np.array([position_of[m] for m in battles.models] + [-1], dtype=np.int64)
        a, b = index[a], index[b]
    x = np.column_stack(arrays) if arrays else np.empty((len(battles), 0))
    return Design(spec, x, a, b, battles.outcome, battles.weight)
