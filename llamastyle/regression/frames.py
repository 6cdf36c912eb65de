"""Tables of a fit: from design and estimates to frames with fixed columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.regression import accounts as acc
from llamastyle.regression import decomposition as dec
from llamastyle.regression.decomposition import POINTS, Part
from llamastyle.regression.design import Design
from llamastyle.regression.detector import detect, distance, unusual
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import (
    MIN_CLUSTERS,
    covariance,
    interval,
    rank_sets,
    seldom_reasons,
    simultaneous,
    standard_errors,
    tail,
    variances,
)
from llamastyle.regression.reach import Reach, price_errors, target_error
from llamastyle.regression.wording import join_notes, model_reason

__all__ = [
    "AUDIT",
    "BANDS",
    "RATINGS",
    "band_frame",
    "block_parts",
    "decomposition_frame",
    "detection_frame",
    "gap_frame",
    "override_rows",
    "parity_frame",
    "rate_rows",
    "rating_frame",
    "reasons",
    "tidy_frame",
]

Floats = NDArray[np.float64]

LEVEL, POWER = 0.05, 0.8
"""Of the test that battles_needed plans for, and how often it is to find what is there."""
NO_STYLE = "no feature varies: style has no part"
RATINGS = (
    "rating_plain", "rating_plain_low", "rating_plain_high", "rating_raw", "rating", "conf_low", "conf_high",
    "rank_plain", "rank", "rank_low", "rank_high",
)  # fmt: skip
AUDIT = (
    "model", "battles", "win_rate", "parity_change", "change_low", "change_high", "rating_plain", "rating_raw",
    "rating", "rank_plain", "rank", "inflation", "inflation_low", "inflation_high", "p_value", "q_value", "unusual",
    "top_feature", "distance", "verdict", "battles_needed", "note",
)  # fmt: skip

BANDS = ("name", "estimate", "std_error", "conf_low", "conf_high", "band_low", "band_high", "note")
PARTS = (
    "block", "group", "term", "estimate", "std_error", "conf_low", "conf_high", "share", "share_low", "share_high",
)  # fmt: skip


def reasons(design: Design, est: Estimates) -> list[str]:
    """Why a model has no interval; empty where it has. One a model of the design."""
    return [model_reason(counts, est.clustering) for counts in est.counts][: design.n_models]


def shown_models(design: Design, est: Estimates) -> NDArray[np.bool_]:
    """Models with enough clusters to be shown, bool (m,)."""
    return np.array([not reason for reason in reasons(design, est)], dtype=bool)


def centred_covariance(design: Design, est: Estimates) -> Floats:
    """Covariance of (strengths with mean zero, prices), shape (m + k, m + k)."""
    m, size = design.n_models, est.made.cov.shape[0]
    centre = np.eye(size)
    if m:
        centre[:m, :m] -= 1.0 / m
    return centre @ est.made.cov @ centre


def tidy_frame(design: Design, est: Estimates, level: float) -> pd.DataFrame:
    """Every coefficient: prices first, then strengths; log-odds per recorded scale.

    A model in too few clusters has no error, test or interval, nor has a column that differs in too few.
    """
    columns, models = design.spec.columns, design.spec.models
    error = np.sqrt(np.maximum(np.diag(centred_covariance(design, est)), 0.0))
    m = len(models)
    ties = [float(np.log(est.fit.nu))] if est.fit.likelihood.davidson else []
    estimate = np.concatenate([est.fit.beta, ties, est.fit.theta])
    error = np.concatenate([error[m:], error[:m]])
    error[error.size - m :][~shown_models(design, est)] = np.nan
    error[: len(columns)][[bool(why) for why in seldom_reasons(design)]] = np.nan
    statistic = np.divide(estimate, error, out=np.full_like(error, np.nan), where=error > 0)
    low, high = interval(est.made, estimate, error, level)
    return pd.DataFrame(
        {
            "term": [c.name for c in columns] + ["log_nu"] * len(ties) + list(models),
            "group": [c.group for c in columns] + ["ties"] * len(ties) + [""] * m,
            "block": [c.block for c in columns] + ["ties"] * len(ties) + ["strength"] * m,
            "estimate": estimate,
            "std_error": error,
            "statistic": statistic,
            "p_value": np.minimum(2 * tail(est.made, np.abs(statistic)), 1.0),
            "conf_low": low,
            "conf_high": high,
        }
    )


def rating_frame(
    design: Design, est: Estimates, level: float, anchor: float, reference: int | None, seed: int | None
) -> pd.DataFrame:
    """Ratings and ranks of the design's models, in its order; columns `RATINGS`. No seed, no rank sets."""
    parts = dec.decompose_ratings(design, est.fit, est.made, est.profiles, reference)
    strength, total = parts[0], parts[-1]
    if est.plain is None or est.plain_made is None:
        raise ValueError("a fit without models has no ratings")
    m, shown = design.n_models, shown_models(design, est)
    centre = dec.centring(m, reference)
    plain = centre.T @ est.plain.theta
    plain_error = np.sqrt(np.maximum(np.diag(centre.T @ est.plain_made.cov[:m, :m] @ centre), 0.0))
    error = standard_errors(est.made, strength.influence)
    ratings = [plain, *interval(est.plain_made, plain, plain_error, level), total.estimate]
    ratings += [strength.estimate, *interval(est.made, strength.estimate, error, level)]
    ranks = np.full((m, 4), np.nan)
    ranks[shown, :2] = np.column_stack([_ranks(est.plain.theta[shown]), _ranks(est.fit.theta[shown])])
    if seed is not None and shown.sum() > 1:
        cov = centred_covariance(design, est)[:m, :m][np.ix_(shown, shown)]
        ranks[shown, 2:] = np.column_stack(rank_sets(est.fit.theta[shown], cov, level, seed))
    values = np.column_stack([anchor + POINTS * np.column_stack(ratings), ranks])
    return pd.DataFrame(values, columns=list(RATINGS))


def _ranks(theta: Floats) -> Floats:
    """1 is the highest; equals share the better rank."""
    return np.array([1 + np.count_nonzero(theta > t) for t in theta], dtype=np.float64)


def decomposition_frame(
    design: Design, est: Estimates, level: float, reference: int | None, scale: str = "rating"
) -> pd.DataFrame:
    """Each model's raw rating (Arena points) or win rate minus one half, term by term."""
    parts, factor = _parts(design, est, reference, scale)
    models, v_total = list(design.spec.models), variances(est.made, parts[-1].influence)
    frames = [
        _part_frame(est, part, parts[-1], v_total, level, factor).assign(model=models, order=i)
        for i, part in enumerate(parts)
    ]
    frame: Any = pd.concat(frames).sort_values(["model", "order"], ignore_index=True)
    why = dict(zip(models, reasons(design, est), strict=True))
    frame["note"] = [why[model] for model in frame["model"]]
    return _withheld(design, est, frame[["model", *PARTS, "note"]], "total")


def block_parts(design: Design, est: Estimates, level: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Plain ratings, and raw ratings in blocks, by model; Arena points, NaN for models in too few clusters."""
    plain = rating_frame(design, est, level, 1000.0, None, None)[["rating_plain"]]
    plain = plain.where(shown_models(design, est)[:, None]).assign(model=list(design.spec.models))
    blocks: Any = decomposition_frame(design, est, level, None).query("group == ''")
    parts = blocks.pivot(index="model", columns="block", values="estimate").rename(columns={"total": "rating_raw"})
    parts = parts.reindex(columns=["rating_raw", "style", "correctness", "strength"])
    if not design.spec.block("correctness").size:
        parts["correctness"] = 0.0
    return plain, parts.reset_index()


def gap_frame(design: Design, est: Estimates, a: int, b: int, level: float, scale: str) -> pd.DataFrame:
    """Model a's raw rating (Arena points) or win rate minus model b's, term by term."""
    parts, factor = _parts(design, est, None, scale)
    gap = acc.rating_gap(parts, a, b)
    if scale == "win_rate":
        gap = acc.win_rate_gap(design, est.fit, est.made, parts, a, b)
    v_total = variances(est.made, gap[-1].influence)
    shown = [_part_frame(est, part, gap[-1], v_total, level, factor) for part in gap]
    frame: Any = pd.concat(shown, ignore_index=True)
    why = reasons(design, est)
    thin = [f"{design.spec.models[m]}: {why[m]}" for m in (a, b) if why[m]]
    return _withheld(design, est, frame[list(PARTS)].assign(note="; ".join(thin)), "gap")


def _parts(
    design: Design, est: Estimates, reference: int | None, scale: str
) -> tuple[list[Part], float]:
    """The parts of every model on one of the two scales, and what turns them into its unit."""
    if scale == "win_rate":
        return acc.win_rate_accounts(design, est.fit, est.made), 1.0
    return dec.decompose_ratings(design, est.fit, est.made, est.profiles, reference), POINTS


def _withheld(design: Design, est: Estimates, frame: pd.DataFrame, what: str) -> pd.DataFrame:
    """Blank what must not be quoted, with the reason beside it."""
    thin = frame["note"] != ""
    numbers = ["std_error", "conf_low", "conf_high", "share", "share_low", "share_high"]
    frame.loc[thin, ["estimate", *numbers]] = np.nan
    frame.loc[frame["share"].isna() & ~thin, "note"] = (
        f"share withheld: the interval of the {what} covers zero"
    )
    if not design.spec.block("style").size:
        nothing = (frame["block"] == "style") & ~thin
        frame.loc[nothing, numbers] = np.nan
        frame.loc[nothing, "note"] = NO_STYLE
    if est.clustering.conditional:
        frame["note"] = [join_notes(f"conditional: {est.clustering.conditional}", note) for note in frame["note"]]
    return frame


def _part_frame(
    est: Estimates, part: Part, total: Part, v_total: Floats, level: float, factor: float
) -> pd.DataFrame:
    v_part = variances(est.made, part.influence)
    error = np.sqrt(v_part)
    low, high = interval(est.made, part.estimate, error, level)
    share = dec.shares(est.made, part, total, level, v_part, v_total)
    return pd.DataFrame(
        {
            "block": part.block,
            "group": part.group,
            "term": part.term,
            "estimate": factor * part.estimate,
            "std_error": factor * error,
            "conf_low": factor * low,
            "conf_high": factor * high,
            "share": share.share,
            "share_low": share.low,
            "share_high": share.high,
        }
    )


def parity_frame(design: Design, est: Estimates, level: float, block: str) -> pd.DataFrame:
    """Win rates at parity of the design's models, in its order, and whether they are extrapolated."""
    rates = est.at_parity(design, block)
    low, high = interval(est.made, rates.parity_win_rate, rates.parity_error, level)
    change_low, change_high = interval(est.made, rates.change, rates.change_error, level)
    return pd.DataFrame(
        {
            "parity_win_rate": rates.parity_win_rate,
            "parity_low": low,
            "parity_high": high,
            "parity_change": rates.change,
            "change_low": change_low,
            "change_high": change_high,
            "extrapolated": est.overlap(design, block).extrapolated,
        }
    )


def detection_frame(
    design: Design,
    est: Estimates,
    battles: NDArray[np.int64],
    *,
    level: float,
    margin: float,
    fdr: float,
    reference: int | None,
    with_correctness: bool,
    seed: int | None = None,
) -> pd.DataFrame:
    """Inflation, tests and verdicts of the design's models, in its order; with a seed also `p_simultaneous`."""
    parts = dec.decompose_ratings(design, est.fit, est.made, est.profiles, reference)
    style = next(p for p in parts if p.block == "style" and not p.group)
    inflation, error = POINTS * style.estimate, POINTS * standard_errors(est.made, style.influence)
    low, high = interval(est.made, inflation, error, level)
    shown = shown_models(design, est)
    tested = shown & (error > 0) & (not est.clustering.conditional)
    found = detect(inflation, error, tested, est.made, margin=margin, level=fdr, with_correctness=with_correctness)
    score, why_score = unusual(*_field_inflation(design, est), shown)
    groups = [p.estimate for p in parts if p.block == "style" and p.group and not p.term]
    far, why_far = distance(np.column_stack(groups[:5]) if groups else np.empty((shown.size, 0)), shown)
    few = est.clustering.conditional
    withheld = f"no verdict: {few}, below {MIN_CLUSTERS}; intervals are conditional on these" if few else ""
    general = join_notes(withheld, why_score, why_far)
    nothing = "" if design.spec.block("style").size else NO_STYLE
    fixed = ["is the reference" if m == reference else nothing for m in range(shown.size)]
    open_ = np.array(found.verdict) == "undetermined"
    needed, close = _needed(design, est, np.where(open_, inflation, np.nan), error, battles, margin, reference)
    at_once = {}
    if seed is not None:
        at_once["p_simultaneous"] = _at_once(est, style, tested, margin, seed)
    return pd.DataFrame(
        {
            "inflation": inflation,
            "inflation_low": low,
            "inflation_high": high,
            "p_value": found.p_value,
            "q_value": found.q_value,
            **at_once,
            "unusual": score,
            "top_feature": _leading([p for p in parts if p.term], inflation),
            "distance": far,
            "verdict": found.verdict,
            "battles_needed": needed,
            "note": [
                reason or join_notes(zero, near, general)
                for reason, zero, near in zip(reasons(design, est), fixed, close, strict=True)
            ],
        }
    )


def _at_once(est: Estimates, style: Part, tested: NDArray[np.bool_], margin: float, seed: int) -> Floats:
    """How often the greatest |t| of all models tested reaches a model's own, measured from the margin."""
    p = np.full(tested.size, np.nan)
    if tested.any():
        cov = covariance(est.made, style.influence)[np.ix_(tested, tested)]
        error = standard_errors(est.made, style.influence)[tested]
        statistic = (np.abs(style.estimate[tested]) - margin / POINTS) / error
        p[tested] = simultaneous(est.made, cov, 0.95, seed).p_value(statistic)
    return p


def band_frame(
    design: Design, est: Estimates, of: str, level: float, reference: int | None, seed: int
) -> pd.DataFrame:
    """Pointwise intervals beside bands that hold for all prices, or all inflations, at once; columns `BANDS`."""
    m, k = design.n_models, len(design.spec.columns)
    if of == "prices":
        names, notes, factor = [c.name for c in design.spec.columns], seldom_reasons(design), 1.0
        estimate, cov = est.fit.beta, est.made.cov[m : m + k, m : m + k]
        error = np.sqrt(np.maximum(np.diag(cov), 0.0))
    else:
        names, notes, factor = list(design.spec.models), reasons(design, est), POINTS
        style = dec.style_part(design, est.fit, est.made, est.profiles, reference)
        estimate, cov = style.estimate, covariance(est.made, style.influence)
        error = standard_errors(est.made, style.influence)
    shown = np.array([not note for note in notes], dtype=bool)
    error = np.where(shown, error, np.nan)
    half = simultaneous(est.made, cov[np.ix_(shown, shown)], level, seed).critical * error
    low, high = interval(est.made, estimate, error, level)
    numbers = factor * np.column_stack([estimate, error, low, high, estimate - half, estimate + half])
    frame = pd.DataFrame(numbers, columns=list(BANDS[1:-1]))
    frame.insert(0, "name", names)
    return frame.assign(note=notes)


def _field_inflation(design: Design, est: Estimates) -> tuple[Floats, Floats]:
    """Inflation against the field in Arena points, and its error: what `unusual` rests on, whatever the reference."""
    style = dec.style_part(design, est.fit, est.made, est.profiles)
    return POINTS * style.estimate, POINTS * standard_errors(est.made, style.influence)


def _needed(
    design: Design,
    est: Estimates,
    inflation: Floats,
    error: Floats,
    battles: NDArray[np.int64],
    margin: float,
    reference: int | None,
) -> tuple[Floats, list[str]]:
    """Battles that find an inflation of twice the margin, where that is more than there are; else a note."""
    own, share = price_errors(design, est, reference)
    empty = ("",) * battles.size
    reach = Reach(design.spec.models, battles, design.n, inflation, error, np.minimum(own, error), share, empty)
    target = target_error(2 * margin, margin, LEVEL, POWER)
    needed = np.ceil(battles * (reach.error_at(2 * margin) / target) ** 2)
    needed[np.isnan(inflation)] = np.nan
    close = needed <= battles
    notes = ["precise enough, but too near the margin to tell" if c else "" for c in close]
    return np.where(close, np.nan, needed), notes


def _leading(terms: list[Part], inflation: Floats) -> list[str]:
    """The feature that contributes most in the direction of each model's inflation."""
    if not terms:
        return [""] * inflation.size
    by_term = np.column_stack([p.estimate for p in terms]) * np.sign(inflation)[:, None]
    return [terms[int(j)].term for j in by_term.argmax(axis=1)]


def rate_rows(
    design: Design, est: Estimates, happened: Floats, groups: list[tuple[str, NDArray[np.int64]]], level: float
) -> pd.DataFrame:
    """How often something happened (float64 (n,)) in groups of battles: the first, then the others by rate."""
    rows: list[tuple[object, ...]] = []
    for name, at in groups:
        rate = dec.override_rate(happened[at], design.w[at], est.made.clusters.ways[at], level)
        note = "" if np.isfinite(rate.low) else "too few battles or clusters for an interval"
        rows.append((name, rate.battles, rate.effective, rate.rate, rate.low, rate.high, note))
    names = ["model", "battles", "effective_battles", "rate", "conf_low", "conf_high", "note"]
    frame = pd.DataFrame(rows, columns=names)
    others = frame.iloc[1:].sort_values(["rate", "model"], ascending=[False, True])
    return pd.concat([frame.iloc[:1], others], ignore_index=True)


def override_rows(
    design: Design, est: Estimates, gap: Floats, indices: list[tuple[str, Floats]], level: float
) -> pd.DataFrame:
    """Override rates by which side has more of an index.

    Parameters
    ----------
    gap : float64 (n,)
        Correctness of side a minus that of side b.
    indices : list of (name, float64 (n,))
        Style of side a against side b, measured in several ways.
    """
    one = np.flatnonzero(np.abs(gap) == 1)
    wrong = -gap[one]  # +1 where a is the wrong side
    won = np.where(wrong > 0, design.y[one], 1 - design.y[one])
    rows: list[tuple[object, ...]] = []
    for name, index in indices:
        lead = wrong * index[one]
        for label, mask in (("more", lead > 0), ("less", lead < 0), ("either", np.ones(one.size, bool))):
            rate = dec.override_rate(won[mask], design.w[one][mask], est.made.clusters.ways[one][mask], level)
            note = "" if np.isfinite(rate.low) else "too few battles or clusters for an interval"
            if np.isnan(index).all():
                note = note and "withheld: prices have no finite value without some of the clusters"
            rows.append((name, label, rate.battles, rate.effective, rate.rate, rate.low, rate.high, note))
    names = [
        "index",
        "wrong_side_has",
        "battles",
        "effective_battles",
        "rate",
        "conf_low",
        "conf_high",
        "note",
    ]
    return pd.DataFrame(rows, columns=names)
