"""How much of the fit is style: gain in log-likelihood, shared between style, correctness and models.

The value of a set of blocks is the mean gain of its fit over p = 1/2, in millibits a battle; Shapley's
rule shares the gain of all blocks among them. In the sample every block gains, if only by chance;
held out, by cluster, what says nothing loses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression.bradley_terry import BTFit, Likelihood, linear_predictor
from llamastyle.regression.clusters import Clusters
from llamastyle.regression.decomposition import Rate, override_rate
from llamastyle.regression.design import Design
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import Sandwich, critical
from llamastyle.regression.subsets import fit_subset, subset
from llamastyle.regression.wording import join_notes

__all__ = [
    "SHARES",
    "Gains",
    "HeldOut",
    "auc",
    "gains",
    "held_out",
    "hits",
    "players",
    "shapley_weights",
    "share_frame",
]  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SHARES = (
    "block", "gain", "gain_low", "gain_high", "gain_cv", "gain_cv_low", "gain_cv_high", "alone", "alone_cv",
    "accuracy", "accuracy_low", "accuracy_high", "auc", "accuracy_cv", "auc_cv", "note",
)  # fmt: skip
MILLIBITS = 1000.0 / np.log(2.0)
FOLDS = 5


@dataclass(frozen=True, slots=True)
class Gains:
    """What each set of blocks gains over p = 1/2; n battles, B blocks, S = 2^B sets.

    Attributes
    ----------
    blocks : tuple of str (B,)
        Set s holds block j where bit j of s is set.
    value : float64 (S,)
        Millibits a battle, weighted mean.
    influence : float64 (n, S)
        Of each battle on the values. Estimates move them in second order only: in the sample they are at
        a maximum, and held out the folds' prices are taken as given.
    eta : float64 (n, S)
        Linear predictor of each battle.
    counted : bool (n,)
        Battles that the values are means over.
    clusters : Clusters
    """

    blocks: tuple[str, ...]
    value: Floats
    influence: Floats
    eta: Floats
    counted: Bools
    clusters: Clusters

    def shared(self) -> tuple[Floats, Floats]:
        """Shapley's values of the blocks and the gain of all, (B + 1,), with their standard errors.

        Raises
        ------
        FitError
            The blocks miss the whole.
        """
        weights = np.vstack([shapley_weights(len(self.blocks)), np.zeros((1, self.value.size))])
        weights[-1, -1], weights[-1, 0] = 1.0, -1.0
        value = weights @ self.value
        if not abs(value[:-1].sum() - value[-1]) <= 1e-9 * max(1.0, float(np.abs(self.value).max())):
            raise FitError("the shares of the fit do not add up to its gain: the fit is numerically unsound")
        moved = self.influence @ weights.T
        return value, np.sqrt([self.clusters.square(moved[:, j]) for j in range(value.size)])


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Predictions of battles from fits without their cluster; n battles, q sets of blocks.

    Attributes
    ----------
    eta : float64 (n, q)
        NaN where not ``known``.
    gain : float64 (n, q)
        Log-likelihood over that of p = 1/2, nats, without weights.
    known : bool (n,)
        Whether both models have a finite strength without the battle's fold, and the fold has a fit.
    """

    eta: Floats
    gain: Floats
    known: Bools


def players(design: Design) -> tuple[str, ...]:
    """The blocks of a design that the gain is shared among."""
    have = {c.block for c in design.spec.columns}
    named = [block for block in ("style", "correctness", "position") if block in have]
    return (*named[:2], "models", *named[2:]) if design.n_models else tuple(named)


def shapley_weights(n: int) -> Floats:
    """Maps values of the 2^n sets to Shapley's value of each of n players, shape (n, 2^n)."""
    sets = np.arange(1 << n)
    size = np.array([int(s).bit_count() for s in sets])
    out = np.zeros((n, sets.size))
    for j in range(n):
        inside = (sets >> j & 1).astype(bool)
        out[j, inside] = [1.0 / (n * comb(n - 1, s - 1)) for s in size[inside]]
        out[j, ~inside] = [-1.0 / (n * comb(n - 1, s)) for s in size[~inside]]
    return out


def _battle_llf(y: Floats, eta: Floats, nu: float) -> Floats:
    """Log-likelihood of each battle, nats."""
    if nu == 0.0:
        return y * eta - np.maximum(eta, 0.0) - np.log1p(np.exp(-np.abs(eta)))
    e = np.exp(-np.abs(eta) / 2.0)
    return (y - 0.5) * eta - np.abs(eta) / 2.0 - np.log(1.0 + e * e + nu * e) + (y == 0.5) * np.log(nu)


def _null_nu(design: Design, likelihood: Likelihood) -> float:
    """Davidson's parameter where every battle is even: it gives the share of ties."""
    if not likelihood.davidson:
        return 0.0
    share = float(np.average(design.y == 0.5, weights=design.w))
    return 2.0 * share / (1.0 - share)


def _columns(design: Design, blocks: Sequence[str], chosen: int) -> tuple[list[int], bool]:
    """The columns of a set of blocks, and whether models are in it."""
    names = [block for j, block in enumerate(blocks) if chosen >> j & 1]
    return [i for i, c in enumerate(design.spec.columns) if c.block in names], "models" in names


def _predict(
    design: Design, whole: BTFit, likelihood: Likelihood, rows: Ints | None, columns: list[int], models: bool
) -> tuple[Floats, float, Bools]:
    """Linear predictor of every battle from a fit of some, Davidson's parameter, and which battles it knows."""
    part = subset(design, likelihood, rows, columns, models=models)
    theta, beta, seen = np.zeros(design.n_models), np.zeros(design.x.shape[1]), np.ones(design.n, bool)
    if part.design.n_free == 0 and not likelihood.davidson:
        return np.zeros(design.n), 0.0, seen
    fit = fit_subset(part, whole)
    theta[part.models], beta[part.columns] = fit.theta, fit.beta
    if models:
        has = np.zeros(design.n_models + 1, bool)
        has[part.models], has[-1] = True, True
        seen = has[design.a] & has[design.b]
    return linear_predictor(design, theta, beta), fit.nu, seen


def gains(design: Design, fit: BTFit, made: Sandwich, held: HeldOut | None = None) -> Gains:
    """The value of every set of blocks, in the sample or as predicted by ``held``, which has all sets."""
    blocks, likelihood = players(design), replace(fit.likelihood, prompts=None)
    sets = 1 << len(blocks)
    counted = np.ones(design.n, bool) if held is None else held.known
    weight = np.where(counted, design.w, 0.0)
    total = float(weight.sum())
    eta, value = np.zeros((design.n, sets)), np.zeros(sets)
    influence = np.zeros((design.n, sets))
    null = _battle_llf(design.y, np.zeros(design.n), _null_nu(design, likelihood))
    for s in range(1, sets):
        if held is None:
            eta[:, s], nu, _ = _predict(design, fit, likelihood, None, *_columns(design, blocks, s))
            gain = _battle_llf(design.y, eta[:, s], nu) - null
        else:
            eta[:, s], gain = held.eta[:, s], np.where(counted, held.gain[:, s], 0.0)
        value[s] = MILLIBITS * float(weight @ gain) / total if total else np.nan
        influence[:, s] = weight * (MILLIBITS * gain - value[s]) / (total or 1.0)
    return Gains(blocks, value, influence, eta, counted, made.clusters)


def held_out(design: Design, fit: BTFit, made: Sandwich, seed: int, sets: Sequence[int] | None = None) -> HeldOut:
    """Predictions of sets of blocks (all by default) for battles whose cluster the fit has not seen.

    Five folds, fewer where there are fewer clusters. A battle whose model has no finite strength outside
    its fold is not known, nor are those of a fold that leaves the rest without a fit.
    """
    from sklearn.model_selection import GroupKFold

    blocks, likelihood = players(design), replace(fit.likelihood, prompts=None)
    chosen = list(range(1 << len(blocks))) if sets is None else list(sets)
    eta, gain = np.full((design.n, len(chosen)), np.nan), np.full((design.n, len(chosen)), np.nan)
    known = np.ones(design.n, bool)
    shuffled = np.random.default_rng(seed).permutation(made.n_groups)[made.group]
    folds = GroupKFold(min(FOLDS, int(np.unique(shuffled).size)))
    for train, out in folds.split(design.y, groups=shuffled):
        rows, out = np.asarray(train, dtype=np.int64), np.asarray(out, dtype=np.int64)
        null = _battle_llf(design.y[out], np.zeros(out.size), _null_nu(design.take(rows), likelihood))
        try:
            for i, s in enumerate(chosen):
                predicted, nu, seen = _predict(design, fit, likelihood, rows, *_columns(design, blocks, s))
                known[out] &= seen[out]
                eta[out, i] = predicted[out]
                gain[out, i] = _battle_llf(design.y[out], predicted[out], nu or _null_nu(design, likelihood)) - null
        except ConvergenceError:
            known[out] = False
    eta[~known], gain[~known] = np.nan, np.nan
    return HeldOut(eta, gain, known)


def hits(design: Design, made: Sandwich, eta: Floats, level: float, used: Bools | None = None) -> Rate:
    """How often the sign of ``eta`` says who won, on decisive battles; half where it is zero."""
    decisive = np.flatnonzero((design.y != 0.5) & (True if used is None else used))
    right = np.where(design.y[decisive] > 0.5, np.sign(eta[decisive]), -np.sign(eta[decisive]))
    return override_rate(0.5 + right / 2.0, design.w[decisive], made.clusters.ways[decisive], level)


def auc(design: Design, eta: Floats, used: Bools | None = None) -> float:
    """Area under the ROC curve on decisive battles, every battle in both orders; NaN without one."""
    from sklearn.metrics import roc_auc_score

    decisive = np.flatnonzero((design.y != 0.5) & (True if used is None else used))
    if not decisive.size:
        return np.nan
    won, score, w = design.y[decisive] > 0.5, eta[decisive], design.w[decisive]
    both = np.concatenate([won, ~won]), np.concatenate([score, -score])
    return float(roc_auc_score(*both, sample_weight=np.concatenate([w, w])))


def share_frame(design: Design, est: Estimates, level: float, seed: int) -> pd.DataFrame:
    """Gains shared between the blocks, each block alone, accuracy and AUC; columns `SHARES`."""
    inside = gains(design, est.fit, est.made)
    outside = gains(design, est.fit, est.made, held_out(design, est.fit, est.made, seed))
    z, blocks = critical(est.made, level), (*inside.blocks, "total")
    shared, cross = inside.shared(), outside.shared()
    note = _said(design, est.fit, outside)
    rows: list[tuple[object, ...]] = []
    for j, block in enumerate(blocks):
        s = inside.value.size - 1 if block == "total" else 1 << j
        rate = hits(design, est.made, inside.eta[:, s], level)
        rate_out = hits(design, est.made, outside.eta[:, s], level, outside.counted)
        rows.append(
            (
                block,
                *(value for part in (shared, cross) for value in _interval(part[0][j], part[1][j], z)),
                inside.value[s],
                outside.value[s],
                rate.rate,
                rate.low,
                rate.high,
                auc(design, inside.eta[:, s]),
                rate_out.rate,
                auc(design, outside.eta[:, s], outside.counted),
                note,
            )
        )
    return pd.DataFrame(rows, columns=list(SHARES))


def _interval(value: float, error: float, z: float) -> tuple[float, float, float]:
    return value, value - z * error, value + z * error


def _said(design: Design, fit: BTFit, outside: Gains) -> str:
    lost, n = int((~outside.counted).sum()), design.n
    return join_notes(
        "" if not lost else (
            f"held out: {lost} of {n} battles are not counted, whose models have no finite rating without their fold"
        ),
        "" if np.any(design.y != 0.5) else "no decisive battle: no accuracy",
        "effects of prompts are left out of these fits" if fit.prompts is not None else "",
    )
