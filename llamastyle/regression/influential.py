"""A small set of battles or voters without which a verdict would be another.

Units are ranked by their influence on a model's inflation, and the set that the ranking foretells is
confirmed by refitting without it: the first-order approximation finds, the refit decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.regression.decomposition import POINTS, Part, profiles, style_part
from llamastyle.regression.design import Design
from llamastyle.regression.detector import Detection, detect
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.frames import shown_models
from llamastyle.regression.inference import Influence, cluster_counts, sandwich, standard_errors
from llamastyle.regression.subsets import by_cluster, refusal, subset
from llamastyle.regression.tails import t_quantile
from llamastyle.report.labels import shortened

__all__ = [
    "INFLUENTIAL",
    "Rule",
    "Tipping",
    "Verdicts",
    "battle_influence",
    "influential_frame",
    "tipping_set",
    "verdicts",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

INFLUENTIAL = (
    "model", "verdict", "verdict_without", "unit", "removed", "battles_removed", "share", "inflation",
    "inflation_without", "foretold", "which", "note",
)  # fmt: skip

REFITS = 16
NAMED = 5
INSUFFICIENT = "insufficient data"


@dataclass(frozen=True, slots=True)
class Rule:
    """How verdicts are made: the margin in Arena points, the false-discovery rate, whether correctness is used."""

    margin: float
    fdr: float
    with_correctness: bool


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Inflations and verdicts of m models.

    Attributes
    ----------
    inflation, error : float64 (m,)
        Arena points.
    found : Detection
    style : Part
        Style's part of the ratings, with its influence.
    """

    inflation: Floats
    error: Floats
    found: Detection
    style: Part


@dataclass(frozen=True, slots=True)
class Tipping:
    """A set of units that a model's verdict hangs on.

    Attributes
    ----------
    units : int64 (r,)
        The most influential first; empty where none was found.
    rows : int64
        Their battles.
    verdict : str
        Without them, by refit.
    inflation : float
        Without them, by refit, Arena points; NaN where the model has none left.
    foretold : float
        The same by influence.
    note : str
    """

    units: Ints
    rows: Ints
    verdict: str
    inflation: float
    foretold: float
    note: str


def verdicts(design: Design, est: Estimates, rule: Rule) -> Verdicts:
    """Inflation against the field and verdict of every model of a design."""
    style = style_part(design, est.fit, est.made, est.profiles)
    inflation, error = POINTS * style.estimate, POINTS * standard_errors(est.made, style.influence)
    tested = shown_models(design, est) & (error > 0) & (not est.clustering.conditional)
    options = {"margin": rule.margin, "level": rule.fdr, "with_correctness": rule.with_correctness}
    found = detect(inflation, error, tested, est.made, **options)
    return Verdicts(inflation, error, found, style)


def battle_influence(design: Design, est: Estimates, model: int) -> Floats:
    """First-order change of a model's inflation by each battle that is there, Arena points, shape (n,)."""
    made = sandwich(design, est.fit, "HC0")
    whole = style_part(design, est.fit, made, est.profiles).influence
    spread = None if whole.spread is None else whole.spread[:, [model]]
    one = Influence(whole.gradient[:, [model]], whole.own, spread)
    return POINTS * by_cluster(made, one)[:, 0]


def tipping_set(
    design: Design, est: Estimates, model: int, units: Ints, n_units: int, rule: Rule, most: float = 0.1
) -> Tipping:
    """The smallest set found of units without which a model's verdict is another.

    A flag is taken away where there is one; where there is none, one is made, in the direction of the
    model's inflation.

    Parameters
    ----------
    units : int64 (n,)
        Unit of each battle; -1 where it has none and stays.
    most : float
        Greatest share of the battles that a set may have.
    """
    now = verdicts(design, est, rule)
    if now.found.verdict[model] == INSUFFICIENT:
        return _none(f"{design.spec.models[model]} has no verdict to change")
    flagged = _is_flag(now.found.verdict[model])
    sign = np.sign(now.inflation[model]) * (1.0 if flagged else -1.0)
    has = units >= 0
    pull = sign * np.bincount(units[has], battle_influence(design, est, model)[has], n_units)
    size = np.bincount(units[has], minlength=n_units)
    order = np.argsort(-pull, kind="stable")
    order = order[pull[order] > 0]
    within = int(np.searchsorted(np.cumsum(size[order]), most * design.n, side="right"))
    if within == 0:
        return _none(f"no unit that pulls on the verdict has at most {100 * most:g} % of the battles")
    foretold = now.inflation[model] - sign * np.cumsum(pull[order])
    reached = np.flatnonzero(sign * (foretold - _turning(now, est, model, rule)) < 0)
    start = min(int(reached[0]) + 1, within) if reached.size else within

    def without(k: int) -> tuple[str, float]:
        kept = np.flatnonzero(~np.isin(units, order[:k]))
        return _refit(design, est, kept, model, rule)

    k, verdict, inflation = _smallest(without, start, within, flagged)
    if k == 0:
        return _none(f"no set of up to {100 * most:g} % of the battles found that changes the verdict")
    chosen = order[:k].astype(np.int64)
    rows = np.flatnonzero(np.isin(units, chosen))
    note = "" if np.isfinite(inflation) else "without them there is no finite estimate for this model"
    return Tipping(chosen, rows, verdict, inflation, float(foretold[k - 1]), note)


def _none(why: str) -> Tipping:
    return Tipping(np.empty(0, np.int64), np.empty(0, np.int64), "", np.nan, np.nan, why)


def _turning(now: Verdicts, est: Estimates, model: int, rule: Rule) -> float:
    """The inflation at which the model's flag turns, its error and the other models held."""
    q = now.found.q_value
    tested = int(np.isfinite(q).sum())
    others = int(np.sum(np.delete(q, model) <= rule.fdr))
    p = rule.fdr * (others + 1) / tested
    bar = -t_quantile(p / 2, est.made.df)
    return float(np.sign(now.inflation[model]) * (rule.margin + bar * now.error[model]))


def _refit(design: Design, est: Estimates, kept: Ints, model: int, rule: Rule) -> tuple[str, float]:
    """Verdict and inflation of a model from some of the battles."""
    part = subset(design, est.fit.likelihood, kept)
    fit, _ = refusal(part, est.fit)
    place = np.flatnonzero(part.models == model)
    if fit is None or not place.size or part.design.n <= fit.free:
        return INSUFFICIENT, np.nan
    made = sandwich(part.design, fit, est.made.kind)
    counts = cluster_counts(part.design, made.clusters.ways)
    again = Estimates(fit, made, None, None, profiles(part.design), counts, est.clustering)
    now = verdicts(part.design, again, rule)
    return now.found.verdict[int(place[0])], float(now.inflation[int(place[0])])


def _smallest(
    without: Callable[[int], tuple[str, float]], start: int, most: int, flagged: bool
) -> tuple[int, str, float]:
    """Grow from the foretold size until a refit changes the flag, then halve back; 0 where none does."""
    low, k, left = 0, start, REFITS
    found, inflation = without(k)
    while _is_flag(found) == flagged and k < most and left > 0:
        low, k, left = k, min(most, int(np.ceil(1.4 * k)) + 1), left - 1
        found, inflation = without(k)
    if _is_flag(found) == flagged or (found == INSUFFICIENT and not flagged):
        return 0, "", np.nan
    while k - low > max(1, k // 20) and left > 0:
        middle, left = (low + k) // 2, left - 1
        tried, there = without(middle)
        if _is_flag(tried) == flagged:
            low = middle
        else:
            k, found, inflation = middle, tried, there
    return k, found, inflation


def _is_flag(verdict: str) -> bool:
    return verdict not in ("neutral", "undetermined", INSUFFICIENT)


def influential_frame(
    design: Design,
    est: Estimates,
    models: Sequence[int],
    units: Ints,
    names: Sequence[object],
    unit: str,
    rule: Rule,
    most: float,
) -> pd.DataFrame:
    """Sets that verdicts hang on, one row a model; columns `INFLUENTIAL`.

    Parameters
    ----------
    models : sequence of int
        Models of the design.
    units : int64 (n,)
        Unit of each battle, -1 where it has none; ``names`` are the units'.
    unit : str
        What a unit is called.
    """
    now = verdicts(design, est, rule)
    rows: list[tuple[object, ...]] = []
    for model in models:
        found = tipping_set(design, est, model, units, len(names), rule, most)
        which = ", ".join(shortened(names[int(u)]) for u in found.units[:NAMED])
        more = found.units.size - NAMED
        rows.append(
            (
                design.spec.models[model],
                now.found.verdict[model],
                found.verdict,
                unit,
                found.units.size,
                found.rows.size,
                found.rows.size / design.n if found.rows.size else np.nan,
                now.inflation[model],
                found.inflation,
                found.foretold,
                which + (f" and {more} more" if more > 0 else ""),
                found.note,
            )
        )
    return pd.DataFrame(rows, columns=list(INFLUENTIAL))
