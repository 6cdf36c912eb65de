"""The words that a result may use: headline, reasons, summary, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from llamastyle.regression.collinear import HIGH
from llamastyle.regression.decomposition import POINTS, natural_steps
from llamastyle.regression.diagnostics import ETA_LIMIT, NEAR_PARITY
from llamastyle.regression.grouping import in_words
from llamastyle.regression.inference import MIN_CLUSTERS, seldom_columns
from llamastyle.regression.rowless import SummedBattles

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


def headline(
    result: StyleResult, audit: pd.DataFrame | None = None, margin: float = 20.0, fdr: float = 0.05
) -> str:
    """The answer in two sentences, or the reason why there is none; ``audit``: its table, if it is there already."""
    s = result.settings
    on = f"On the {s.known} of {s.given} battles with correctness known: " * s.partly_known
    if result.estimates is None:
        return f"{on}{'n' if on else 'N'}o verdict: {result.failure}."
    design = result.design
    assert design is not None
    if design.n_models < 2:
        first = "These battles name no two models, so that there are prices and no verdicts."
    else:
        table = result.audit(margin=margin, fdr=fdr) if audit is None else audit
        rule = f"{margin:g}-point margin at a false-discovery rate of {100 * fdr:g} %"
        first = _verdict_sentence(result, table, rule)
    on = on or "Associated with style, quality not separated: " * (not s.with_correctness)
    if on:
        first = f"{on}{first[0].lower()}{first[1:]}"
    return f"{first} {_prices_sentence(result)}"


def caveats(result: StyleResult) -> list[str]:
    """What no figure may be quoted without: that quality is not separated, and what errors are conditional on."""
    said: list[str] = []
    if not result.settings.with_correctness:
        said.append("Associated with style; quality not separated.")
    if result.estimates is not None and result.estimates.clustering.conditional:
        said.append(f"Errors are conditional: {result.estimates.clustering.conditional}.")
    return said


def _verdict_sentence(result: StyleResult, table: Any, rule: str) -> str:
    """How many models have which verdict, and the largest change that style parity makes."""
    verdicts = table["verdict"].value_counts()
    counted = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
    if set(verdicts.index) == {"insufficient data"}:
        return f"No verdict: every model has insufficient data ({table['note'].iloc[0]})."
    flagged = {"inflated", "deflated", "style-favoured", "style-penalised"} & set(verdicts.index)
    first = f"Of {len(table)} models {counted}"
    if not flagged:
        tested = int(table["q_value"].notna().sum())
        over = f"{tested} {'model' if tested == 1 else 'models'}"
        first = f"No model's inflation is clear of the {rule} over {over}: of {len(table)} models {counted}"
    return f"{first}; {_parity_clause(result)}."


def _parity_clause(result: StyleResult) -> str:
    """The largest parity change that is clear of zero, and what else is larger but not clear."""
    parity: Any = result.parity()
    size = parity["parity_change"].abs()
    clear = (parity["change_low"] > 0) | (parity["change_high"] < 0)
    if not clear.any():
        return "no model's win rate differs from its win rate at style parity beyond doubt"
    top = parity.loc[size[clear].idxmax()]
    larger = int((size[~clear] > abs(top["parity_change"])).sum())
    unclear = f" ({larger} {'has' if larger == 1 else 'have'} a larger one whose interval covers zero)" * bool(larger)
    beyond = f"; {EXTRAPOLATED}" * bool(top["extrapolated"])
    return (
        f"the largest parity change clear of zero{unclear} is that of {top['model']}, whose win rate is"
        f" {100 * top['win_rate']:.1f} % and {100 * top['parity_win_rate']:.1f} % at style parity"
        f" ({100 * top['parity_change']:+.1f} points,"
        f" {_percent(top['change_low'], top['change_high'], result.settings.level)}{beyond})"
    )


def _prices_sentence(result: StyleResult) -> str:
    """The strongest price, if it is clear of zero among as many as were looked at."""
    tidy = result.tidy()
    assert result.design is not None
    style: Any = tidy[(tidy["block"] == "style") & ~tidy["term"].isin(seldom_columns(result.design))]
    if not bool(np.isfinite(style["statistic"].to_numpy(float)).any()):
        return "No feature varies in enough battles, so that style has no price."
    n = len(style)
    level = 1 - (1 - result.settings.level) / n
    strongest = result.tidy(level).loc[style["statistic"].abs().idxmax()]
    among = f" ({100 * result.settings.level:g} % interval{f' allowing for {n} features' * (n > 1)}"
    if strongest["conf_low"] <= 0 <= strongest["conf_high"]:
        return f"No feature's price is clear of zero{f', allowing for {n} of them' * (n > 1)}{_blurred(result)}."
    if result.settings.with_correctness and "correctness" in set(tidy["block"]):
        rates = result.exchange_rates(level)
        rate = rates[rates["term"] == strongest["term"]].iloc[-1]
        if np.isfinite(rate["estimate"]) and (rate["estimate"] > 0) == (strongest["estimate"] > 0):
            step = f"{rate['unit']}{' of' * (rate['unit'][0] != '+')} {rate['term']}"
            low, high = sorted(abs(rate[name]) for name in ("conf_low", "conf_high"))
            way = "goes with" if rate["estimate"] > 0 else "goes with the loss of"
            return (
                f"The clearest price: {step} {way} as many votes as {abs(rate['estimate']):.3f} right answers"
                f"{among} {low:.3f} to {high:.3f})."
            )
    ratio = [np.exp(strongest[name]) for name in ("estimate", "conf_low", "conf_high")]
    return (
        f"The clearest price: a typical difference in {strongest['term']} between two answers goes with"
        f" {ratio[0]:.2f} times the odds of winning{among} {ratio[1]:.2f} to {ratio[2]:.2f})."
    )


def _blurred(result: StyleResult) -> str:
    """Which features cannot be told apart, as half a sentence; empty where all can."""
    table: Any = result.collinearity()
    high = table[table["vif"] > HIGH]
    found = zip(high["term"], high["closest"], strict=True)
    pairs = dict.fromkeys(tuple(sorted((term, like or "the models"))) for term, like in found)
    said = [f"{in_words(list(pair))} cannot be told apart" for pair in pairs]
    blurred = dict.fromkeys(table.loc[~table["apart"] & ~table["term"].isin(high["term"]), "group"])
    said += [f"the features of {group} matter together, none by itself" for group in blurred]
    return f"; {', '.join(said)}: read them together, see collinearity()" if said else ""


def gap_words(result: StyleResult, model: str, other: str, scale: Scale = "rating") -> str:
    """The gap between two models in words: the share of style, then as voted, in the regression, and its parts."""
    gap: Any = result.compare(model, other, scale=scale)
    rows = {row["block"]: row for row in gap[gap["group"] == ""].to_dict("records")}
    total = rows["total"]
    if not np.isfinite(total["estimate"]):
        return f"{model} and {other} cannot be compared: {total['note']}."
    factor = 100.0 if scale == "win_rate" else 1.0
    level = f"{100 * result.settings.level:g} % interval"
    ends = f"{level} {factor * total['conf_low']:+.1f} to {factor * total['conf_high']:+.1f}"
    if total["conf_low"] <= 0 <= total["conf_high"]:
        ends += ", which covers zero, so that no shares are given"
    words = {
        "style": "associated with style",
        "correctness": "with correctness",
        "strength": "with strength, which is all that was not measured",
        "schedule": "with whom they met",
        "position": "with position",
        "prompt": "with the prompts they met",
        "residual": "left by the penalty on strengths",
    }
    parts = ", ".join(_gap_part(rows[block], words[block], factor) for block in words if block in rows)
    voted = _voted_rates(result, model, other) if scale == "win_rate" else _voted_ratings(result, model, other, level)
    said = f"{model} against {other}: {voted} {factor * total['estimate']:+.1f} points ({ends}): {parts}."
    answer, right = gap_answer(result, model, other, gap), _right_rates(result, model, other)
    return " ".join(part for part in (*caveats(result), answer, said, right) if part)


def gap_answer(result: StyleResult, model: str, other: str, gap: pd.DataFrame) -> str:
    """How much of a gap goes with style, in a short sentence; empty where there is no share.

    Parameters
    ----------
    gap : pandas.DataFrame
        As from `StyleResult.compare`.
    """
    style = gap[(gap["block"] == "style") & (gap["group"] == "")].iloc[0]
    if not np.isfinite(style["share"]):
        return ""
    share, low, high = (round(100 * style[name]) + 0 for name in ("share", "share_low", "share_high"))
    level = f"{100 * result.settings.level:g} % interval"
    beyond = ""
    if share > 100:
        beyond = " (above 100 %: all the rest together points the other way)"
    elif share < 0:
        beyond = " (below zero: style points the other way, and all the rest together is more than the gap)"
    return (
        f"Of the gap between {model} and {other}, {share} % ({level} {low} to {high} %) is associated with"
        f" style{beyond}."
    )


def _right_rates(result: StyleResult, model: str, other: str) -> str:
    """How often each is right, where that is in the model; battles are those of the fit, unless only sums are left."""
    if not result.settings.with_correctness or isinstance(result.battles, SummedBattles):
        return ""
    rates = result.battles.accuracy().set_index("model")["accuracy"]
    weighted = ", by weight" * bool(np.ptp(result.battles.weight) > 0)
    return (
        f"In these battles {model} is right in {100 * rates[model]:.1f} % of its answers and {other} in"
        f" {100 * rates[other]:.1f} %{weighted}."
    )


def _voted_ratings(result: StyleResult, model: str, other: str, level: str) -> str:
    """The gap in plain ratings, and why the one that is split is another."""
    assert result.design is not None
    assert result.estimates is not None
    assert result.estimates.plain is not None
    row = result.ratings(anchor=0.0, pinned=other).set_index("model").loc[model]
    plain = POINTS * result.estimates.plain.theta
    first, second = (1000 + plain[result.design.spec.models.index(m)] - plain.mean() for m in (model, other))
    blocks = dict.fromkeys(c.block for c in result.design.spec.columns)
    known = [b for b in ("style", "correctness", "position") if b in blocks]
    known += ["prompts"] * (result.settings.prompt_penalty is not None)
    explained = " and ".join([", ".join(known[:-1]), known[-1]]) if len(known) > 1 else (known or ["nothing more"])[0]
    return (
        f"as voted {row['rating_plain']:+.1f} Arena points ({level} {row['rating_plain_low']:+.1f} to"
        f" {row['rating_plain_high']:+.1f}; plain ratings {first:.0f} and {second:.0f}). In the regression, which takes"
        f" into account what {explained} explain{'s' * (len(known) == 1)} of every single battle and so has a scale of"
        f" its own,"
    )


def _voted_rates(result: StyleResult, model: str, other: str) -> str:
    rates = result.battles.win_rates().set_index("model")["win_rate"]
    return (
        f"as voted they win {100 * rates[model]:.1f} % and {100 * rates[other]:.1f} % of their battles, each against"
        " its own opponents, a gap of"
    )


def _gap_part(row: Any, words: str, factor: float) -> str:
    share = ""
    if np.isfinite(row["share"]):
        value, low, high = (round(100 * row[name]) + 0 for name in ("share", "share_low", "share_high"))
        share = f" ({value} %, {low} to {high} %)"
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
        blocks += ["Exchange rates: right answers that one step is worth; below zero, that it costs"]
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
    near = result.estimates.overlap(design).near_all
    rows = [
        ("converged", "yes", f"decrement {fit.decrement:.1e} before the last of {fit.iterations} steps"),
        ("largest log-odds", f"{fit.largest:.2f}", f"beyond {ETA_LIMIT:g} is separation"),
        ("overlap", f"{near:.3f}", f"share of battles with style within {NEAR_PARITY} log-odds of parity"),
        ("clusters", clustering_counts(clustering), clustering.column or "every battle its own"),
        ("models left out", str(len(result.dropped)), "no finite rating" if result.dropped else ""),
        *_apart(result),
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


def _apart(result: StyleResult) -> list[tuple[str, str, str]]:
    """Which prices cannot be read alone: the column that others blur most, and groups that only matter together."""
    table: Any = result.collinearity()
    if not len(table):
        return []
    worst = table.loc[table["vif"].idxmax()]
    wide = f"interval {np.sqrt(worst['vif']):.1f} times as wide as without the other columns and the models"
    high = table["vif"] > HIGH
    if high.any():
        like = f"goes with {worst['closest']} (correlation {worst['correlation']:.2f}, all else held)"
        cause = like if worst["closest"] else "hardly varies but between models"
        others = ", ".join(table.loc[high & (table["term"] != worst["term"]), "term"])
        also = f"; nor can be read alone: {others}" * bool(others)
        rows = [("nearly collinear", str(worst["term"]), f"{cause}: {wide}, read the group{also}")]
    else:
        rows = [("nearly collinear", "none", f"at worst {worst['term']}: {wide}")]
    blurred = dict.fromkeys(table.loc[~table["apart"] & ~high, "group"])
    together = "its features matter together, none by itself: read the group"
    return rows + [("no single price", group, together) for group in blurred]
