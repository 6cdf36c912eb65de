"""The words that a result may use: headline, reasons, summary, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from llamastyle.regression.decomposition import block_index, natural_steps
from llamastyle.regression.diagnostics import ETA_LIMIT, NEAR_PARITY
from llamastyle.regression.grouping import in_words
from llamastyle.regression.inference import MIN_CLUSTERS

if TYPE_CHECKING:
    from llamastyle.options import Scale
    from llamastyle.regression.estimates import Clustering
    from llamastyle.regression.result import StyleResult

__all__ = [
    "caveats",
    "diagnostic_rows",
    "error_words",
    "gap_words",
    "headline",
    "join_notes",
    "model_reason",
    "summary_blocks",
]


EXTRAPOLATED = "extrapolated: too few of its battles are near style parity"


def model_reason(counts: ArrayLike, clustering: Clustering) -> str:
    """Why a model has no interval, with the count of clusters that is too small; empty when it has."""
    by_way = np.atleast_1d(counts)
    least = int(by_way.argmin())
    if by_way[least] >= MIN_CLUSTERS:
        return ""
    column = clustering.ways[least][0] if len(clustering.ways) > 1 else clustering.column
    what = f"values of {column}" if column else "battles"
    return f"{by_way[least]} {what}: at least {MIN_CLUSTERS} are needed"


def error_words(clustering: Clustering, level: float) -> str:
    """How the errors were taken, in a few words."""
    if clustering.column:
        groups = clustering_counts(clustering)
        how = f"clustered by {clustering.column} ({groups} clusters, CR1, t({clustering.n_groups - 1}))"
    else:
        how = {"robust": "robust (HC1)", "HC0": "robust (HC0)", "classical": "classical"}[clustering.kind]
    return f"{100 * level:g} % intervals, errors {how}"


def clustering_counts(clustering: Clustering) -> str:
    """How many clusters there are, in every way."""
    return in_words([n for _, n in clustering.ways] or [clustering.n_groups])


def _percent(low: float, high: float, level: float) -> str:
    return f"{100 * level:g} % interval {100 * low:.1f} to {100 * high:.1f}"


def join_notes(*notes: str) -> str:
    """Notes in one, empty ones left out."""
    return "; ".join(note for note in notes if note)


def headline(result: StyleResult) -> str:
    """The answer in two sentences, or the reason why there is none."""
    if result.estimates is None:
        return f"No verdict: {result.failure}."
    design = result.design
    assert design is not None
    if design.n_models < 2:
        first = "These battles name no two models, so that there are prices and no verdicts."
    else:
        first = _verdict_sentence(result)
    if not result.settings.with_correctness:
        first = f"Associated with style, quality not separated: {first[0].lower()}{first[1:]}"
    return f"{first} {_prices_sentence(result)}"


def caveats(result: StyleResult) -> list[str]:
    """What no figure may be quoted without: that quality is not separated, and what errors are conditional on."""
    said: list[str] = []
    if not result.settings.with_correctness:
        said.append("Associated with style; quality not separated.")
    if result.estimates is not None and result.estimates.clustering.conditional:
        said.append(f"Errors are conditional: {result.estimates.clustering.conditional}.")
    return said


def _verdict_sentence(result: StyleResult) -> str:
    """How many models have which verdict, and the largest change that style parity makes."""
    table = result.audit()
    verdicts = table["verdict"].value_counts()
    counted = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
    if set(verdicts.index) == {"insufficient data"}:
        return f"No verdict: every model has insufficient data ({table['note'].iloc[0]})."
    flagged = {"inflated", "deflated", "style-favoured", "style-penalised"} & set(verdicts.index)
    first = f"Of {len(table)} models {counted}"
    if not flagged:
        first = f"No model's inflation is clear of the margin: of {len(table)} models {counted}"
    parity: Any = result.parity()
    clear = (parity["change_low"] > 0) | (parity["change_high"] < 0)
    beyond = int((clear & parity["extrapolated"]).sum())
    among = f", of those with battles near it ({beyond} have too few)," if beyond else ""
    parity = parity[clear & ~parity["extrapolated"]]
    if not len(parity):
        return f"{first}; no model's win rate differs from its win rate at style parity beyond doubt."
    top = parity.loc[parity["parity_change"].abs().idxmax()]
    return (
        f"{first}; furthest from style parity{among} is {top['model']}, whose win rate is {100 * top['win_rate']:.1f} %"
        f" and {100 * top['parity_win_rate']:.1f} % at style parity ({100 * top['parity_change']:+.1f} points,"
        f" {_percent(top['change_low'], top['change_high'], result.settings.level)})."
    )


def _prices_sentence(result: StyleResult) -> str:
    """The strongest price, if it is clear of zero among as many as were looked at."""
    tidy = result.tidy()
    style: Any = tidy[tidy["block"] == "style"]
    if not bool(np.isfinite(style["statistic"].to_numpy(float)).any()):
        return "No feature varies, so that style has no price."
    n = len(style)
    level = 1 - (1 - result.settings.level) / n
    strongest = result.tidy(level).loc[style["statistic"].abs().idxmax()]
    among = f" ({100 * result.settings.level:g} % interval{f' allowing for {n} features' * (n > 1)}"
    if strongest["conf_low"] <= 0 <= strongest["conf_high"]:
        return f"No feature's price is clear of zero{f', allowing for {n} of them' * (n > 1)}."
    if result.settings.with_correctness and "correctness" in set(tidy["block"]):
        rates = result.exchange_rates(level)
        rate = rates[rates["term"] == strongest["term"]].iloc[-1]
        if np.isfinite(rate["estimate"]):
            step = f"{rate['unit']}{' of' * (rate['unit'][0] != '+')} {rate['term']}"
            return (
                f"The clearest price: {step} goes with as many votes as {rate['estimate']:.3f} right answers"
                f"{among} {rate['conf_low']:.3f} to {rate['conf_high']:.3f})."
            )
    ratio = [np.exp(strongest[name]) for name in ("estimate", "conf_low", "conf_high")]
    return (
        f"The clearest price: a typical difference in {strongest['term']} between two answers goes with"
        f" {ratio[0]:.2f} times the odds of winning{among} {ratio[1]:.2f} to {ratio[2]:.2f})."
    )


def gap_words(result: StyleResult, model: str, other: str, scale: Scale = "rating") -> str:
    """The gap between two models in words: plain and controlled, then what the parts are."""
    gap: Any = result.compare(model, other, scale=scale)
    rows = {row["block"]: row for row in gap[gap["group"] == ""].to_dict("records")}
    if not np.isfinite(rows["total"]["estimate"]):
        return f"{model} and {other} cannot be compared: {rows['total']['note']}."
    table = result.ratings().set_index("model")
    plain, controlled = table["rating_plain"], table["rating"]
    standing = (
        f"{model} against {other}: plain ratings {plain[model]:.0f} and {plain[other]:.0f}, with"
        f" style{' and correctness' * ('correctness' in rows)} controlled {controlled[model]:.0f} and"
        f" {controlled[other]:.0f}."
    )
    first = " ".join([*caveats(result), standing])
    total, factor = rows["total"], 100.0 if scale == "win_rate" else 1.0
    unit = "points of win rate" if scale == "win_rate" else "Arena points on the raw scale"
    whole = (
        f"The gap is {factor * total['estimate']:+.1f} {unit} ({100 * result.settings.level:g} % interval"
        f" {factor * total['conf_low']:+.1f} to {factor * total['conf_high']:+.1f})"
    )
    words = {
        "style": "associated with style",
        "correctness": "with correctness",
        "strength": "with strength, which is all that was not measured",
        "schedule": "with whom they met",
        "position": "with position",
        "prompt": "with the prompts they met",
        "residual": "left by the penalty on strengths",
    }
    parts = [_gap_part(rows[block], words[block], factor) for block in words if block in rows]
    covered = total["conf_low"] <= 0 <= total["conf_high"]
    why = "; its interval covers zero, so that no shares are given" if covered else ""
    return f"{first} {whole}{why}: {', '.join(parts)}."


def _gap_part(row: Any, words: str, factor: float) -> str:
    share = ""
    if np.isfinite(row["share"]):
        share = f" ({100 * row['share']:.0f} %, {100 * row['share_low']:.0f} to {100 * row['share_high']:.0f} %)"
    return f"{factor * row['estimate']:+.1f}{share} {words}"


def summary_blocks(result: StyleResult) -> list[str | pd.DataFrame]:
    """Lines and frames of the summary, in order."""
    rule = "=" * 80
    blocks: list[Any] = [rule, "Style analysis (Bradley-Terry with contrasts, maximum likelihood)", rule]
    blocks += [*result.notes, *(f"WARNING: {w}" for w in result.warnings)]
    if result.estimates is None:
        return [*blocks, f"No estimate: {result.failure}"]
    est, design = result.estimates, result.design
    assert design is not None
    scales = {c.name: c for c in design.spec.columns}
    blocks += [
        f"Battles: {design.n}   models: {design.n_models}   free parameters: {design.n_free}",
        f"Models left out: {len(result.dropped)}",
        f"Log-likelihood: {est.fit.llf:.3f}   Newton steps: {est.fit.iterations}",
        error_words(est.clustering, result.settings.level),
        "",
        "Prices: log-odds per recorded scale, all else in the model held equal",
    ]
    prices = result.tidy()
    prices = prices[prices["block"] != "strength"].drop(columns=["block", "group"])
    prices.insert(1, "contrast", [scales[t].contrast if t in scales else "" for t in prices["term"]])
    prices.insert(2, "scale", [scales[t].scale if t in scales else np.nan for t in prices["term"]])
    prices.columns = ["term", "contrast", "scale", "price", "std err", "stat", "p_value", "low", "high"]
    blocks += [prices, ""]
    if result.settings.with_correctness and "correctness" in scales:
        blocks += ["Exchange rates: right answers that one step is worth"]
        blocks += [_natural(result), ""]
    blocks += ["Checks", result.diagnostics(), ""]
    return [*blocks, result.headline()]


def _natural(result: StyleResult) -> pd.DataFrame:
    rates = result.exchange_rates()
    return rates.groupby("term", sort=False).tail(1).drop(columns="group")


def diagnostic_rows(result: StyleResult) -> list[tuple[str, str, str]]:
    """Checks of the fit: what, value, what it means."""
    if result.estimates is None:
        return [("estimate", "none", result.failure)]
    design, fit = result.design, result.estimates.fit
    assert design is not None
    made, clustering = result.estimates.made, result.estimates.clustering
    index = block_index(design, fit.beta)
    near = float(np.mean(np.abs(index) < NEAR_PARITY))
    largest = float(np.abs(fit.eta).max(initial=0.0))
    rows = [
        ("converged", "yes", f"decrement {fit.decrement:.1e} before the last of {fit.iterations} steps"),
        ("largest log-odds", f"{largest:.2f}", f"beyond {ETA_LIMIT:g} is separation"),
        ("overlap", f"{near:.3f}", f"share of battles with style within {NEAR_PARITY} log-odds of parity"),
        ("clusters", clustering_counts(clustering), clustering.column or "every battle its own"),
        ("models left out", str(len(result.dropped)), "no finite rating" if result.dropped else ""),
    ]
    if len(clustering.ways) > 1:
        rows.append(("negative eigenvalues", str(made.negative), "of the multiway covariance, set to zero"))
    if clustering.conditional:
        rows.append(("conditional", clustering.conditional, "errors hold for these only"))
    steps = sum(len(natural_steps(c)) > 1 for c in design.spec.columns if c.block == "style")
    rows.append(
        (
            "features",
            str(sum(c.block == "style" for c in design.spec.columns)),
            f"{steps} with a natural unit",
        )
    )
    return rows
