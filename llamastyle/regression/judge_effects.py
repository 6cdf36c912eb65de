"""Numbers from a judge's answers: effects of edits, position, correctness, dose; arrays in, frames out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from llamastyle.regression.decomposition import override_rate
from llamastyle.regression.inference import MIN_CLUSTERS
from llamastyle.regression.judge_calls import Call
from llamastyle.regression.judge_design import Comparison, Edit, Pairs, both_orders
from llamastyle.regression.tails import false_discovery

__all__ = [
    "Mean",
    "changes",
    "clustered_mean",
    "correctness_frame",
    "dose_frame",
    "effect_rows",
    "position_frame",
    "sided",
    "with_verdicts",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Known = Mapping[Call, float]

FEWEST = 5
"""Prompts whose verdict must have changed before winners alone bound a small effect."""
EFFECTS = (
    "intervention", "dose", "answers", "clusters", "effect", "std_error", "conf_low", "conf_high", "p_value", "q_value",
    "verdict", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over answers, with the error of a mean over their clusters.

    Attributes
    ----------
    n, clusters : int
    estimate, error, low, high : float
        NaN where there are too few.
    note : str
        Why something is NaN.
    """

    n: int
    clusters: int
    estimate: float
    error: float
    low: float
    high: float
    note: str


def clustered_mean(values: Floats, clusters: Ints, level: float) -> Mean:
    """Mean of values that hang together within clusters (CR1, t with one less than there are clusters).

    Parameters
    ----------
    values : float64 (n,)
    clusters : int64 (n,)
        Any codes.
    level : float
        Of the interval, which is withheld below 10 clusters.

    Examples
    --------
    >>> found = clustered_mean(np.arange(20.0), np.arange(20), 0.95)
    >>> round(found.estimate, 1), round(found.error, 3)
    (9.5, 1.323)
    """
    n, nan = values.size, float("nan")
    if not n:
        return Mean(0, 0, nan, nan, nan, nan, "nothing was compared")
    _, codes = np.unique(clusters, return_inverse=True)
    groups = int(codes.max()) + 1
    estimate = float(values.mean())
    if groups < MIN_CLUSTERS:
        return Mean(n, groups, estimate, nan, nan, nan, f"{groups} prompts: at least {MIN_CLUSTERS} are needed")
    sums = np.bincount(codes, values - estimate)
    error = float(np.sqrt(groups / (groups - 1) * (sums**2).sum()) / n)
    half = float(stats.t.ppf((1 + level) / 2, groups - 1)) * error
    return Mean(n, groups, estimate, error, estimate - half, estimate + half, "")


def clustered_share(values: Floats, clusters: Ints, level: float) -> Mean:
    """`clustered_mean`; of wins, losses and ties with Wilson's interval, which has a width at 100 %."""
    mean = clustered_mean(values, clusters, level)
    if mean.note or not np.isin(values, (0.0, 0.5, 1.0)).all():
        return mean
    rate = override_rate(values, np.ones(values.size), clusters, level)
    return replace(mean, low=rate.low, high=rate.high)


def sided(known: Known, calls: tuple[Call, Call]) -> float:
    """P(the side that stands first in the first call is preferred), averaged over both orders; NaN if one failed."""
    first, second = known.get(calls[0]), known.get(calls[1])
    return float("nan") if first is None or second is None else (first + 1 - second) / 2


# -- effects of edits ------------------------------------------------------------------------------


def changes(known: Known, made: Sequence[Comparison]) -> Floats:
    """What each edit did to the preference for the edited answer, (n,); NaN where a call failed."""
    return np.array([sided(known, c.edited) - (0.5 if c.plain is None else sided(known, c.plain)) for c in made])


def effect_rows(
    pairs: Pairs, edits: Sequence[Edit], made: Sequence[Comparison], change: Floats, margin: float, level: float,
    coarse: bool = False,
) -> pd.DataFrame:  # fmt: skip
    """One row an edit: the mean change in preference and its interval, before what `with_verdicts` adds.

    ``coarse``: whether the judge gives winners and no probabilities. Then few changed verdicts, or none, bound an
    effect badly, whatever their spread: at least 5 prompts must have changed, or there must be 3 / margin of them.

    Returns
    -------
    DataFrame
        Columns ``EFFECTS`` but the last two judgements, and ``control``; effects in win probability, in [-1, 1].
    """
    edit, pair = (np.array([c[k] for c in made], np.int64) for k in (0, 1))
    good = np.isfinite(change)
    rows: list[dict[str, Any]] = []
    for k, one in enumerate(edits):
        own = (edit == k) & good
        mean = clustered_mean(change[own], pairs.cluster[pair[own]], level)
        lost = int(((edit == k) & ~good).sum())
        note = "it changes none of these answers" if not (edit == k).any() else mean.note
        moved = np.unique(pairs.cluster[pair[own]][np.abs(change[own]) > margin]).size
        thin = coarse and not mean.note and moved < FEWEST and mean.clusters * margin < 3
        seldom = f"the verdict changed for {moved} of {mean.clusters} prompts, too few to bound a small effect"
        parts = [note, seldom * thin, f"{lost} answers left out: a call failed" * (lost > 0)]
        note = "; ".join(filter(None, parts))
        rows.append(
            {
                "intervention": one.name, "dose": one.dose, "answers": mean.n, "clusters": mean.clusters,
                "effect": mean.estimate, "std_error": mean.error, "conf_low": mean.low, "conf_high": mean.high,
                "p_value": _beyond(mean.estimate, mean.error, mean.clusters, margin), "note": note,
                "control": one.control, "thin": thin,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def with_verdicts(rows: pd.DataFrame, margin: float, level: float) -> pd.DataFrame:
    """The rows of all edits with Benjamini-Hochberg values and verdicts: columns ``EFFECTS``."""
    frame: Any = rows.assign(q_value=np.nan)
    tested = (frame["p_value"].notna() & ~frame["control"]).to_numpy(bool)
    frame.loc[tested, "q_value"] = false_discovery(frame.loc[tested, "p_value"].to_numpy(np.float64))
    frame["verdict"] = [_verdict(row, margin, level) for row in frame.to_dict("records")]
    return frame[list(EFFECTS)]


def _beyond(estimate: float, error: float, clusters: int, margin: float) -> float:
    """p-value of an effect of at most the margin, either way."""
    if not np.isfinite(error):
        return float("nan")
    excess = abs(estimate) - margin
    if error == 0:
        return 0.0 if excess > 1e-9 else 1.0
    return float(min(1.0, 2 * stats.t.sf(excess / error, clusters - 1)))


def _verdict(row: Mapping[Any, Any], margin: float, level: float) -> str:
    if not np.isfinite(row["std_error"]):
        return "insufficient data"
    half = float(stats.t.ppf(level, row["clusters"] - 1)) * row["std_error"]
    within = abs(row["effect"]) + half <= margin + 1e-9 and not row["thin"]
    beyond = (row["p_value"] if row["control"] else row["q_value"]) <= 1 - level
    if row["control"]:
        return "control holds" if within else "control fails" if beyond else "undetermined"
    if beyond:
        return "preferred" if row["effect"] > 0 else "penalised"
    return "within the margin" if within else "undetermined"


def dose_frame(
    pairs: Pairs, edits: Sequence[Edit], made: Sequence[Comparison], change: Floats, level: float
) -> pd.DataFrame:
    """For each edit that was given in several doses, the slope of its effect on the dose.

    Returns
    -------
    DataFrame
        ``intervention, doses, answers, clusters, slope, std_error, conf_low, conf_high, note``: change in win
        probability a unit of dose, by least squares, clustered by prompt.
    """
    rows: list[dict[str, Any]] = []
    names = [edit.name for edit in edits]
    dose = np.array([edits[c.edit].dose for c in made])
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        own = np.array([names[c.edit] == name for c in made], bool) & np.isfinite(change)
        clusters = pairs.cluster[[c.pair for c, used in zip(made, own, strict=True) if used]]
        row = {"intervention": name, "doses": names.count(name), "answers": int(own.sum())}
        rows.append(row | _slope(dose[own], change[own], clusters, level))
    columns = ["intervention", "doses", "answers", "clusters", "slope", "std_error", "conf_low", "conf_high", "note"]
    return pd.DataFrame(rows, columns=columns)


def _slope(dose: Floats, change: Floats, clusters: Ints, level: float) -> dict[str, Any]:
    groups = np.unique(clusters).size
    if groups < MIN_CLUSTERS or np.unique(dose).size < 2:
        return {"clusters": groups, "note": f"{groups} prompts: at least {MIN_CLUSTERS} are needed"}
    import statsmodels.api as sm

    model: Any = sm.OLS(change, sm.add_constant(dose))
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    low, high = fitted.conf_int(1 - level)[1]
    return {
        "clusters": groups, "slope": fitted.params[1], "std_error": fitted.bse[1], "conf_low": low, "conf_high": high,
        "note": "",
    }  # fmt: skip


# -- position and correctness ----------------------------------------------------------------------


def position_frame(pairs: Pairs, known: Known, level: float) -> pd.DataFrame:
    """What standing first is worth to the judge, and how often it keeps to its word in the other order.

    Returns
    -------
    DataFrame
        ``what, answers, clusters, estimate, std_error, conf_low, conf_high, note``: ``identical texts`` and ``different
        texts`` are P(first) minus one half; ``same winner in both orders`` is a share of pairs.
    """
    sides = (pairs.a, pairs.b) if pairs.b else (pairs.a,)
    same: list[tuple[float, int]] = []
    for row, prompt in enumerate(pairs.prompt):
        for texts in sides:
            p = known.get(Call(prompt, texts[row], texts[row]))
            if p is not None:
                same.append((p - 0.5, int(pairs.cluster[row])))
    rows = [("identical texts", same)]
    if pairs.b:
        first, kept = [], []
        for row, prompt in enumerate(pairs.prompt):
            forth, back = both_orders(prompt, pairs.a[row], pairs.b[row])
            one, two = known.get(forth), known.get(back)
            if one is None or two is None:
                continue
            code = int(pairs.cluster[row])
            first.append(((one + two) / 2 - 0.5, code))
            if one != 0.5 and two != 0.5:
                kept.append((float((one > 0.5) == (two < 0.5)), code))
        rows += [("different texts", first), ("same winner in both orders", kept)]
    return pd.DataFrame([{"what": what, **_told(values, level, what.startswith("same"))} for what, values in rows])


def _told(values: Sequence[tuple[float, int]], level: float, share: bool) -> dict[str, Any]:
    mean = (clustered_share if share else clustered_mean)(
        np.array([v for v, _ in values]), np.array([c for _, c in values], np.int64), level
    )
    return {
        "answers": mean.n, "clusters": mean.clusters, "estimate": mean.estimate, "std_error": mean.error,
        "conf_low": mean.low, "conf_high": mean.high, "note": mean.note,
    }  # fmt: skip


def correctness_frame(
    pairs: Pairs, edits: Sequence[Edit], made: Sequence[Comparison], known: Known, level: float
) -> pd.DataFrame:
    """How often the judge prefers the right answer where exactly one is right, plain and with either side edited.

    Returns
    -------
    DataFrame
        ``intervention, dose, edited`` (none, wrong, right), ``answers, clusters, accuracy, conf_low, conf_high, change,
        change_low, change_high, p_value, note``: preference for the right answer averaged over both orders, and what
        the edit changes in it on the same pairs.
    """
    columns = [
        "intervention", "dose", "edited", "answers", "clusters", "accuracy", "conf_low", "conf_high", "change",
        "change_low", "change_high", "p_value", "note",
    ]  # fmt: skip
    gap = pairs.right_a - pairs.right_b
    decided = np.abs(gap) == 1
    if not pairs.b or not decided.any():
        return pd.DataFrame(columns=columns)
    plain = np.full(len(pairs), np.nan)
    for row in np.flatnonzero(decided).tolist():
        right, wrong = (pairs.a, pairs.b) if gap[row] > 0 else (pairs.b, pairs.a)
        plain[row] = sided(known, both_orders(pairs.prompt[row], right[row], wrong[row]))
    kept = decided & np.isfinite(plain)
    rows = [_accuracy("", 1.0, "none", plain[kept], None, pairs.cluster[kept], level)]
    for k, edit in enumerate(edits):
        for which in ("wrong", "right"):
            values: list[tuple[float, int]] = []
            for c in made:
                if c.edit != k or not kept[c.pair] or ((gap[c.pair] > 0) == (c.side == 0)) != (which == "right"):
                    continue
                p = sided(known, c.edited)
                if np.isfinite(p):
                    values.append((p if which == "right" else 1 - p, c.pair))
            after, at = np.array([v for v, _ in values]), np.array([r for _, r in values], np.int64)
            rows.append(_accuracy(edit.name, edit.dose, which, after, plain[at], pairs.cluster[at], level))
    return pd.DataFrame(rows, columns=columns)


def _accuracy(
    name: str, dose: float, edited: str, after: Floats, before: Floats | None, clusters: Ints, level: float
) -> dict[str, Any]:
    mean = clustered_share(after, clusters, level)
    row = {
        "intervention": name, "dose": dose, "edited": edited, "answers": mean.n, "clusters": mean.clusters,
        "accuracy": mean.estimate, "conf_low": mean.low, "conf_high": mean.high, "note": mean.note,
    }  # fmt: skip
    if before is None:
        return row
    change = clustered_mean(after - before, clusters, level)
    told = {"change": change.estimate, "change_low": change.low, "change_high": change.high}
    return row | told | {"p_value": _beyond(change.estimate, change.error, change.clusters, 0.0)}
