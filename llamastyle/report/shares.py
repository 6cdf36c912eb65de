"""Shares: what style, correctness and strength are in each model's rating, and in what a fit says of the votes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.report.bars import POINTS, needed
from llamastyle.report.charts import (
    MOST,
    chart_of,
    figures_beside,
    finished,
    foremost,
    intervals,
    numbered_rows,
    texts,
)
from llamastyle.report.colours import LIGHT, colour
from llamastyle.report.labels import shortened, signed, with_ends

if TYPE_CHECKING:
    import altair as alt

__all__ = ["fit_share_chart", "share_chart"]

STEP = 24
_REST = ("correctness", "strength")


def share_chart(parts: pd.DataFrame, *, most: int = MOST, width: int = 760) -> alt.LayerChart:
    """How much of each model's raw rating, against the field, is style, correctness and strength.

    Parameters
    ----------
    parts : pandas.DataFrame
        ``model, block, group, term, estimate, conf_low, conf_high, share, share_low, share_high`` in Arena
        points, as from `StyleResult.decompose`. Models without figures are left out and counted.
    most : int
        Models at most: those with the largest part that is style.
    width : int
        Pixels in all.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or no model has a part that is style.

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(3000, 4, style={"words": 0.8}, seed=2).battles)
    >>> share_chart(result.decompose()).to_dict()["title"]["text"][0][:20]
    'Style is worth −69.8'
    """
    import altair as alt

    columns = "model block group term estimate conf_low conf_high share share_low share_high"
    needed(parts, columns, "a chart of shares")
    style: Any = parts[(parts["block"] == "style") & (parts["group"] == "") & parts["estimate"].notna()]
    if not len(style):
        raise LlamaStyleError("a chart of shares needs a model with a rating in parts; the notes say why none has")
    whole = len(style)
    style, others = foremost(style, style["estimate"].abs(), most, "style is worth most to")
    style = style.sort_values("estimate", ascending=False, kind="stable")
    plot, names = figures_beside(width, 190)
    place = {model: i for i, model in enumerate(style["model"])}
    bars, groups = _stacked(parts, place)
    rows = [_net(i, r, names // 7) for i, r in enumerate(_beside_total(parts, style))]
    y = numbered_rows(len(rows), STEP)
    axis = alt.Axis(title=f"part of the raw rating, {POINTS}", orient="bottom", tickCount=max(3, plot // 80))
    x = alt.X("start:Q", axis=axis, scale=alt.Scale(zero=True, nice=True))
    at = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=True, nice=True))
    scale = alt.Scale(domain=groups, range=[colour(name) for name in groups])
    legend = alt.Legend(columns=0 if width >= 480 else 3)
    layers: list[Any] = [
        chart_of(bars)
        .mark_bar(height=10, yOffset=-3)
        .encode(y=y, x=x, x2="end:Q", color=alt.Color("group:N", scale=scale, legend=legend)),
        chart_of([{"value": 0.0}]).mark_rule(color=LIGHT["muted"], strokeWidth=1).encode(x=at),
        intervals(rows, y, axis, color=LIGHT["ink"], strokeWidth=1.5, yOffset=6),
        chart_of(rows).mark_circle(size=34, opacity=1, color=LIGHT["ink"], yOffset=6).encode(y=y, x=at),
        texts(rows, "name", -names, y, limit=names - 8),
    ]
    if width >= 480:
        layers.append(texts(rows, "figures", plot + 12, y, color=LIGHT["muted"]))
    far = max(rows, key=lambda r: abs(r["value"]))
    first = "the most" if far["value"] > 0 else "furthest from nothing"
    among = f", {first} of {whole} models" if whole > 2 else ""
    title = f"Style is worth {signed(far['value'], 1)} points to {far['title']}{among}"
    says = "Bars add up to the raw rating against the field: groups of style, correctness, strength. The dot is all"
    says += " of style, the line its interval; in brackets, its share of the whole where that is clear of zero."
    gone = len(set(parts["model"])) - whole
    left = f"{gone} without figures left out." if gone else ""
    return finished(layers, title, [" ".join(filter(None, [says, others, left]))], plot, STEP * len(rows), width - plot)


def _stacked(parts: pd.DataFrame, place: dict[Any, int]) -> tuple[list[dict[str, Any]], list[str]]:
    """Bars that run from zero both ways, groups of style first; and the names in the order of the legend."""
    own: Any = parts[parts["model"].isin(list(place)) & (parts["term"] == "")]
    style = own[(own["block"] == "style") & (own["group"] != "")].assign(name=lambda f: f["group"])
    rest = own[own["block"].isin(_REST) & (own["group"] == "")].assign(name=lambda f: f["block"])
    ends: dict[tuple[int, bool], float] = {}
    bars: list[dict[str, Any]] = []
    order = [*dict.fromkeys(style["name"]), *(b for b in _REST if b in set(rest["name"]))]
    cells = pd.concat([style, rest]).to_dict("records")
    for r in sorted(cells, key=lambda r: order.index(r["name"])):
        key, size = (place[r["model"]], r["estimate"] >= 0), float(r["estimate"])
        start = ends.get(key, 0.0)
        ends[key] = start + size
        bars.append({"row": key[0], "start": start, "end": start + size, "group": r["name"]})
    return bars, order


def _beside_total(parts: pd.DataFrame, style: pd.DataFrame) -> list[dict[Any, Any]]:
    total: Any = parts[parts["block"] == "total"].set_index("model")["estimate"]
    return [{**r, "total": float(total.loc[r["model"]])} for r in style.to_dict("records")]


def _net(row: int, r: dict[Any, Any], room: int) -> dict[str, Any]:
    value, low, high = (float(r[k]) for k in ("estimate", "conf_low", "conf_high"))
    known = math.isfinite(r["share"])
    share = f" ({signed(100 * r['share'], 0).lstrip('+') or '0'} %)" if known else ""
    return {
        "row": row, "name": shortened(r["model"], room), "title": shortened(r["model"], 40), "value": value,
        "low": low, "high": high, "figures": f"{with_ends(value, low, high, 0)} of {signed(r['total'], 0)}{share}",
    }  # fmt: skip


BLOCKS = {"style": "style", "correctness": "correctness", "models": "model strengths", "total": "all of the fit"}


def fit_share_chart(shares: pd.DataFrame, *, width: int = 760) -> alt.LayerChart:
    """How much of what a fit says of the votes is style, correctness and models: in the sample, and held out.

    Parameters
    ----------
    shares : pandas.DataFrame
        ``block, gain, gain_low, gain_high, gain_cv, gain_cv_low, gain_cv_high`` in millibits a battle, as from
        `StyleResult.fit_shares`.
    width : int
        Pixels in all.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or there is no total.

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(2000, 6, style={"words": 0.8}, seed=2).battles)
    >>> fit_share_chart(result.fit_shares()).to_dict()["title"]["text"][0][:8]
    'Style is'
    """
    import altair as alt

    needed(shares, "block gain gain_low gain_high gain_cv gain_cv_low gain_cv_high", "a chart of shares of the fit")
    records: list[dict[Any, Any]] = shares.to_dict("records")
    total = next((r for r in records if r["block"] == "total"), None)
    if total is None:
        raise LlamaStyleError("a chart of shares of the fit needs a row with the block 'total'")
    plot, names = figures_beside(width, 176)
    says = ["in the sample", "held out"]
    rows = [_gain(i, r, total, names // 7) for i, r in enumerate(records)]
    y = numbered_rows(len(rows), 34)
    axis = alt.Axis(title="gain over a coin, millibits a battle", orient="bottom", tickCount=max(3, plot // 80))
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=True, nice=True))
    tones = alt.Scale(domain=says, range=[LIGHT["plain"], LIGHT["controlled"]])
    shown = alt.Color("kind:N", scale=tones, legend=alt.Legend())
    bars = [{**r, "start": 0.0, "value": r["gain_cv"] if math.isfinite(r["gain_cv"]) else r["gain"]} for r in rows]
    layers: list[Any] = [
        chart_of([{"value": 0.0}]).mark_rule(color=LIGHT["muted"], strokeWidth=1).encode(x=x),
        chart_of(bars)
        .mark_bar(height=20, opacity=0.35)
        .encode(y=y, x=x, x2="start:Q", color=alt.Color("colour:N", scale=None)),
    ]
    for (key, kind), shift in zip((("gain", says[0]), ("gain_cv", says[1])), (-5, 5), strict=True):
        own = [
            {"row": r["row"], "value": r[key], "low": r[f"{key}_low"], "high": r[f"{key}_high"], "kind": kind}
            for r in rows
            if math.isfinite(r[key])
        ]
        layers.append(intervals(own, y, axis, yOffset=shift, strokeWidth=1.5).encode(color=shown))
        layers.append(chart_of(own).mark_circle(size=48, opacity=1, yOffset=shift).encode(y=y, x=x, color=shown))
    layers.append(texts(rows, "name", -names, y, limit=names - 8))
    if width >= 480:
        layers.append(texts(rows, "figures", plot + 12, y, color=LIGHT["muted"]))
    said = "Shared by Shapley's rule, so that the parts add up. In the sample everything gains a little; held out, what"
    said += " says nothing does not. Lines are intervals; beside them, held out."
    return finished(layers, _fit_title(rows), [said], plot, 34 * len(rows), width - plot)


def _gain(row: int, r: dict[Any, Any], total: dict[Any, Any], room: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        f"{key}{end}": float(r[f"{key}{end}"]) for key in ("gain", "gain_cv") for end in ("", "_low", "_high")
    }
    sure = total["gain_cv_low"] > 0 and r["gain_cv"] >= 0  # of what may be nothing there are no shares
    share = r["gain_cv"] / total["gain_cv"] if sure else math.nan
    told = f" ({100 * share:.0f} %)" if r is not total and math.isfinite(share) else ""
    figures = with_ends(out["gain_cv"], out["gain_cv_low"], out["gain_cv_high"], 1)
    name = BLOCKS.get(str(r["block"]), str(r["block"]))
    tone = "strength" if r["block"] == "models" else str(r["block"])
    return out | {
        "row": row, "name": shortened(name, room), "block": r["block"], "figures": figures.lstrip("+") + told,
        "share": share, "colour": colour(tone),
    }  # fmt: skip


def _fit_title(rows: Sequence[dict[str, Any]]) -> str:
    style = next((r for r in rows if r["block"] == "style"), None)
    if style is not None and style["gain_cv"] < 0:
        return "Style says nothing of unseen votes"
    if style is None or not math.isfinite(style["share"]):
        return "What the fit says of the votes, in its parts"
    most = max((r for r in rows if r["block"] != "total"), key=lambda r: r["gain_cv"])
    if not math.isfinite(most["share"]):
        most = style
    said = f"Style is {100 * style['share']:.0f}\u00a0% of what the fit says of unseen votes"
    return said if most is style else f"{said}; {most['name']}, {100 * most['share']:.0f}\u00a0%"
