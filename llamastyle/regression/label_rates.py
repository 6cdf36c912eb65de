"""Prices, inflation, parity changes and verdicts at assumed or measured rates of wrong labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.errors import ConvergenceError, FitError
from llamastyle.regression import decomposition as dec
from llamastyle.regression.decomposition import POINTS
from llamastyle.regression.design import Design
from llamastyle.regression.detector import detect
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import MIN_CLUSTERS, interval, standard_errors
from llamastyle.regression.mislabels import (
    Agreement,
    Labels,
    best_way,
    corrected,
    error_rate,
    labels_of,
    nested,
)
from llamastyle.regression.tails import binomial_cdf
from llamastyle.regression.wording import join_notes, model_reason

__all__ = [
    "ASSUMED",
    "LABEL_ERROR",
    "Figures",
    "Rules",
    "assumed_rate",
    "battle_labels",
    "figures",
    "label_error_frame",
    "measured_rate",
]

Floats = NDArray[np.float64]

ASSUMED = (0.0, 0.05, 0.10, 0.20)
"""Rates of wrong labels that are shown when none is known."""
STEP = 0.01
"""How finely the rate at which a verdict disappears is found."""
NUDGE = 1e-3
"""Half of the interval over which a derivative by the rate is taken."""

LABEL_ERROR = (
    "error_rate", "rate_std_error", "kind", "term", "estimate", "std_error", "conf_low", "conf_high", "verdict",
    "disappears_at", "note",
)  # fmt: skip
UNSURE = ("not told from zero", "undetermined", "insufficient data", "")
"""Verdicts that cannot disappear."""
NO_VERDICT = "no verdict that could disappear"
SHARED = "interval withheld: answers labelled once are judged in several clusters"


@dataclass(frozen=True, slots=True)
class Rules:
    """By what verdicts are given: level of intervals, margin in Arena points, false-discovery rate, reference."""

    level: float = 0.95
    margin: float = 20.0
    fdr: float = 0.05
    reference: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that separates style from correctness, at one rate of wrong labels; q figures.

    Attributes
    ----------
    rate : float
    kind, term : tuple of str (q,)
        ``price`` of a column (log-odds per recorded scale), ``inflation`` of a model (Arena points) and
        its ``parity_change`` (win rate).
    estimate, std_error : float64 (q,)
        NaN where withheld.
    note : tuple of str (q,)
        Why it is.
    """

    rate: float
    kind: tuple[str, ...]
    term: tuple[str, ...]
    estimate: Floats
    std_error: Floats
    note: tuple[str, ...]


def battle_labels(battles: Battles) -> Labels:
    """The labels behind battles: one an answer where there are texts, else one a prompt and model.

    Raises
    ------
    FitError
        Battles without correctness on both sides, or with labels that are neither 0 nor 1.
    """
    right_a, right_b = battles.correct_a, battles.correct_b
    if right_a is None or right_b is None or not battles.correct_known.all():
        raise FitError(
            "wrong labels need labels: hand in correctness with read_battles(correctness=...) or join_correctness"
        )
    columns: Any = battles.columns
    named_prompts = "prompt_id" in columns and not columns["prompt_id"].isna().any() and battles.rated.all()
    if battles.text_known.all() or not named_prompts:
        return labels_of(battles.row_a, battles.row_b, right_a, right_b)
    prompt, named = battles.codes("prompt_id")[0], len(battles.models)
    return labels_of(prompt * named + battles.model_a, prompt * named + battles.model_b, right_a, right_b)


def assumed_rate(rate: object) -> Agreement:
    """A rate of wrong labels as a user hands it in.

    Raises
    ------
    FitError
        It is no number in [0, 0.5).
    """
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 0.5:
        raise FitError(f"rate={rate!r} must be a share of wrong labels in [0, 0.5), for example 0.05")
    return Agreement(float(rate))


def measured_rate(battles: Battles, labels: Labels, again: Battles, second_rate: float | None) -> Agreement:
    """The rate of wrong labels from the same battles with the labels of a second labelling.

    Parameters
    ----------
    again : Battles
        With correctness from the second labelling, where it has any.
    second_rate : float, optional
        How often the second labelling is wrong; by default as often as the first.
    """
    if second_rate is not None:
        second_rate = assumed_rate(second_rate).rate
    if again.correct_a is None or again.correct_b is None or len(again) != len(battles):
        raise FitError("the second labelling has no label in common with the first: check its prompt_id and model")
    code = np.concatenate([labels.a, labels.b])
    first = np.concatenate([labels.right_a, labels.right_b])
    second = np.concatenate([again.correct_a, again.correct_b])
    there = np.flatnonzero(np.isfinite(second))
    _, once = np.unique(code[there], return_index=True)
    rows = there[once]
    checked = labels_of(code[rows], code[rows], first[rows], second[rows])
    return error_rate(checked.right_a, checked.right_b, second_rate)


def figures(
    design: Design, est: Estimates, rate: float, labels: Labels, rules: Rules, rate_error: float = 0.0
) -> Figures:
    """Figures at a rate of wrong labels, with what not knowing it exactly adds to their errors.

    Parameters
    ----------
    design, est : Design, Estimates
        With the labels as they are.
    rate_error : float
        Standard error of the rate (delta method, by central differences).
    """
    found = _at(design, est, rate, labels, rules)
    if rate_error == 0.0 or not np.isfinite(found.estimate).any():
        return found
    low, high = max(rate - NUDGE, 0.0), min(rate + NUDGE, 0.5 - NUDGE)
    moved = _at(design, est, high, labels, rules).estimate - _at(design, est, low, labels, rules).estimate
    error = np.hypot(found.std_error, rate_error * moved / (high - low))
    return replace(found, std_error=error)


def _at(design: Design, est: Estimates, rate: float, labels: Labels, rules: Rules) -> Figures:
    kind, term, reason = _rows(design, est)
    nothing = np.full(len(kind), np.nan)
    why = _impossible(labels, rate)
    if not why and rate > 0:
        try:
            design, est = corrected(design, est, rate, labels)
        except (ConvergenceError, FitError) as error:
            why = f"no estimate at this rate: {error}"
    if why:
        return Figures(rate, kind, term, nothing, nothing, tuple(join_notes(r, why) for r in reason))
    estimate, error = _numbers(design, est, rules.reference)
    group = best_way(labels, est.made.clusters.ways[: labels.a.size])
    shared = rate > 0 and not nested(labels, group)
    note = [join_notes(r, SHARED if shared and k == "parity_change" else "") for r, k in zip(reason, kind, strict=True)]
    error = np.where(np.array([SHARED in n for n in note], dtype=bool), np.nan, error)
    thin = np.array([bool(r) for r in reason], dtype=bool)
    doubt = _contradicted(design, labels, rate)
    note = [join_notes(n, doubt) for n in note]
    return Figures(
        rate, kind, term, np.where(thin, np.nan, estimate), np.where(thin, np.nan, error), tuple(note)
    )


def _rows(design: Design, est: Estimates) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
    """Kind, term and, for models in too few clusters, the reason of every figure."""
    columns, models = [c.name for c in design.spec.columns], list(design.spec.models)
    compared = models if len(models) > 1 else []
    kind = ["price"] * len(columns) + ["inflation"] * len(compared) + ["parity_change"] * len(compared)
    thin = [model_reason(counts, est.clustering) for counts in est.counts][: len(compared)]
    return tuple(kind), tuple(columns + compared * 2), [""] * len(columns) + thin * 2


def _numbers(design: Design, est: Estimates, reference: int | None) -> tuple[Floats, Floats]:
    m, k = design.n_models, design.x.shape[1]
    estimates, errors = [est.fit.beta], [np.sqrt(np.maximum(np.diag(est.made.cov)[m : m + k], 0.0))]
    if m > 1:
        style = dec.style_part(design, est.fit, est.made, est.profiles, reference)
        rates = dec.parity(design, est.fit, est.made)
        estimates += [POINTS * style.estimate, rates.change]
        errors += [POINTS * standard_errors(est.made, style.influence), rates.change_error]
    return np.concatenate(estimates), np.concatenate(errors)


def _impossible(labels: Labels, rate: float) -> str:
    share = labels.share
    if rate <= min(share, 1 - share):
        return ""
    rarer = "correct" if share < 0.5 else "wrong"
    return f"not possible: {100 * min(share, 1 - share):.1f} % of the labels say {rarer}, fewer than would by mistake"


def _contradicted(design: Design, labels: Labels, rate: float) -> str:
    """The model whose labels say most clearly that fewer than this many are wrong; empty when none does."""
    n, m = labels.a.size, design.n_models
    if rate == 0.0 or m == 0:
        return ""
    count, right = labels.by_model(design.a[:n], design.b[:n], m)
    rarer = np.minimum(right, count - right)
    chance = binomial_cdf(rarer, count, rate)
    worst = int(chance.argmin())
    if chance[worst] >= 0.05 / (2 * m):
        return ""
    says = "correct" if 2 * right[worst] < count[worst] else "wrong"
    return (
        f"overcorrected: only {rarer[worst]} of {count[worst]} labels of {design.spec.models[worst]!r} say {says}, so"
        " fewer are wrong than assumed"
    )


def _verdicts(found: Figures, est: Estimates, rules: Rules) -> list[str]:
    """A verdict a figure: of prices and parity changes from their interval, of inflation from the detector."""
    low, high = interval(est.made, found.estimate, found.std_error, rules.level)
    verdicts = ["above zero" if a > 0 else "below zero" if b < 0 else UNSURE[0] for a, b in zip(low, high, strict=True)]
    kind = np.array(found.kind)
    rows = np.flatnonzero(kind == "inflation")
    if rows.size:
        inflation, error = found.estimate[rows], found.std_error[rows]
        tested = np.isfinite(inflation) & (error > 0) & (not est.clustering.conditional)
        detection = detect(
            inflation,
            error,
            tested,
            est.made,
            margin=rules.margin,
            level=rules.fdr,
            with_correctness=True,
        )
        for row, verdict in zip(rows, detection.verdict, strict=True):
            verdicts[int(row)] = verdict
    blank = ~np.isfinite(found.std_error) & ((kind != "inflation") | ~np.isfinite(found.estimate).any())
    return ["" if b else v for v, b in zip(verdicts, blank, strict=True)]


def label_error_frame(
    design: Design,
    est: Estimates,
    labels: Labels,
    rules: Rules,
    agreement: Agreement | None = None,
    assumed: tuple[float, ...] = ASSUMED,
) -> pd.DataFrame:
    """Every figure at every rate of wrong labels shown, and the smallest rate at which its verdict is gone.

    Parameters
    ----------
    agreement : Agreement, optional
        The rate that is known or was measured: figures as they are and at this rate. Without one they
        are shown at the ``assumed`` rates, the first of which is 0.

    Returns
    -------
    pandas.DataFrame
        Columns `LABEL_ERROR`. ``disappears_at`` is found to one per cent between the rates shown; it is empty
        where there is no verdict, or where it holds up to the largest rate, which the note then says.
    """
    rates = list(assumed) if agreement is None else sorted({0.0, agreement.rate})
    known = {0.0: 0.0} if agreement is None else {0.0: 0.0, agreement.rate: agreement.std_error}
    if agreement is not None and agreement.rate == 0.0:
        known[0.0] = agreement.std_error
    tables = {r: figures(design, est, r, labels, rules, known.get(r, 0.0)) for r in rates}
    verdicts = {r: _verdicts(found, est, rules) for r, found in tables.items()}
    first = verdicts[rates[0]]
    gone = _disappearing(design, est, labels, rules, rates, verdicts)
    last = max(r for r in rates if np.isfinite(tables[r].estimate).any())
    held = f"holds up to {100 * last:.3g} %"
    frames: list[pd.DataFrame] = []
    for rate in rates:
        found = tables[rate]
        low, high = interval(est.made, found.estimate, found.std_error, rules.level)
        notes = [
            join_notes(note, held if rate == 0.0 < last and v not in UNSURE and v == then and np.isnan(g) else "")
            for note, v, then, g in zip(found.note, first, verdicts[last], gone, strict=True)
        ]
        blank = [v in UNSURE and not np.isfinite(g) for v, g in zip(first, gone, strict=True)]
        notes = [join_notes(n, NO_VERDICT if b and not n else "") for n, b in zip(notes, blank, strict=True)]
        if est.clustering.conditional:
            few = f"no verdict: {est.clustering.conditional}, below {MIN_CLUSTERS}"
            notes = [join_notes(n, few if k == "inflation" else "") for n, k in zip(notes, found.kind, strict=True)]
        values = (found.kind, found.term, found.estimate, found.std_error, low, high, verdicts[rate], gone, notes)
        frame = pd.DataFrame(dict(zip(LABEL_ERROR[2:], values, strict=True)))
        frame.insert(0, "error_rate", rate)
        frame.insert(1, "rate_std_error", known.get(rate, 0.0))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _disappearing(
    design: Design,
    est: Estimates,
    labels: Labels,
    rules: Rules,
    rates: list[float],
    verdicts: dict[float, list[str]],
) -> Floats:
    """The smallest rate at which each verdict is another one; rates between those shown where one changes."""
    first = verdicts[rates[0]]
    gone = np.full(len(first), np.nan)
    for low, high in pairwise(rates):
        if not _changed(first, verdicts[high], gone).any():
            continue
        between = np.arange(np.floor(low / STEP) + 1, np.ceil(high / STEP - 1e-9)) * STEP
        seen = {float(r): _verdicts(figures(design, est, float(r), labels, rules), est, rules) for r in between}
        for rate, found in (*seen.items(), (high, verdicts[high])):
            gone[_changed(first, found, gone)] = rate
    return gone


def _changed(first: list[str], then: list[str], gone: Floats) -> NDArray[np.bool_]:
    """Verdicts that are another one and were not before; a figure that is withheld has none."""
    pairs = zip(first, then, gone, strict=True)
    return np.array([np.isnan(g) and v not in UNSURE and t not in (v, "") for v, t, g in pairs], dtype=bool)
