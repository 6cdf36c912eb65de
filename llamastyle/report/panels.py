"""Charts of all models at once: win rates at equal style, and what each part of style is worth to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.report.bars import needed
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

__all__ = ["effect_chart", "parity_chart", "profile_chart"]

STEP = 22
CELL = 58
"""Pixels of a column of a profile."""


def parity_chart(table: pd.DataFrame, *, most: int = MOST, width: int = 760) -> alt.LayerChart:
    """Each model's win rate as voted, and with style equal on both sides.

    Parameters
    ----------
    table : pandas.DataFrame
        ``model, win_rate, parity_win_rate, parity_low, parity_high, parity_change, extrapolated`` as from
        `StyleResult.parity`. Models without one are left out and counted.
    most : int
        Models at most: those that equal style moves most.
    width : int
        Pixels in all.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(3000, 4, style={"words": 0.8}, seed=2).battles)
    >>> parity_chart(result.parity()).to_dict()["title"]["text"][0][:21]
    'Equal style moves mod'
    """
    import altair as alt

    needed(table, "model win_rate parity_win_rate parity_low parity_high parity_change extrapolated", "a parity chart")
    known: Any = table[table["parity_win_rate"].notna()]
    gone = len(table) - len(known)
    known, others = foremost(known, known["parity_change"].abs(), most, "equal style moves most")
    known = known.sort_values("parity_change", ascending=False, kind="stable")
    if not len(known):
        raise LlamaStyleError("a parity chart needs a model with a win rate at parity; parity() says why none has")
    plot, names = figures_beside(width, 150)
    rows = [_pair(i, r, names // 7) for i, r in enumerate(known.to_dict("records"))]
    y = numbered_rows(len(rows), STEP)
    axis = alt.Axis(title="win rate, %", orient="bottom", tickCount=max(3, plot // 80))
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=False, nice=True))
    says = ["as voted", "at equal style"]
    tone = alt.Scale(domain=says, range=[LIGHT["plain"], LIGHT["controlled"]])
    shown = alt.Color("kind:N", scale=tone, legend=alt.Legend())
    links = [{**r, "value": r["voted"], "end": r["equal"], "colour": colour("up" if r["up"] else "down")} for r in rows]
    equal = [{"row": r["row"], "value": r["equal"], "low": r["low"], "high": r["high"], "kind": says[1]} for r in rows]
    voted = [{"row": r["row"], "value": r["voted"], "kind": says[0]} for r in rows]
    bar = {"height": 7, "opacity": 0.22}
    layers = [
        chart_of(links).mark_bar(**bar).encode(y=y, x=x, x2="end:Q", color=alt.Color("colour:N", scale=None)),
        intervals(equal, y, axis, strokeWidth=1.5).encode(color=shown),
        chart_of([*voted, *equal]).mark_circle(size=42, opacity=1).encode(y=y, x=x, color=shown),
        texts(rows, "name", -names, y, limit=names - 8),
    ]
    if width > plot + names + 20:
        layers.append(texts(rows, "figures", plot + 12, y, color=LIGHT["muted"]))
    far = max(rows, key=lambda r: abs(r["equal"] - r["voted"]))
    title = f"Equal style moves {far['title']} most: {far['voted']:.1f} to {far['equal']:.1f} % of votes"
    return finished(layers, title, _parity_says(gone, others), plot, STEP * len(rows), width - plot)


def _pair(row: int, r: dict[str, Any], room: int) -> dict[str, Any]:
    voted, equal = 100 * float(r["win_rate"]), 100 * float(r["parity_win_rate"])
    far = " extrapolated" if r["extrapolated"] else ""
    return {
        "row": row,
        "name": shortened(r["model"], room),
        "title": shortened(r["model"], 48),
        "voted": voted,
        "equal": equal,
        "low": 100 * float(r["parity_low"]),
        "high": 100 * float(r["parity_high"]),
        "up": equal >= voted,
        "figures": f"{voted:.1f} → {equal:.1f} ({signed(equal - voted, 1)}){far}",
    }


def _parity_says(gone: int, others: str) -> list[str]:
    who = "Models that lose most at equal style first; in brackets, at equal style minus as voted; lines are intervals."
    return [" ".join(filter(None, [others, who, f"{gone} without one left out." if gone else ""]))]


def profile_chart(parts: pd.DataFrame, *, most: int = MOST, width: int = 760) -> alt.LayerChart:
    """What each group of features adds to each model's raw rating against the field, as a table of tones.

    Parameters
    ----------
    parts : pandas.DataFrame
        ``model, block, group, term, estimate, conf_low, conf_high`` in Arena points, as from
        `StyleResult.decompose`; where style has one group, its features are the columns.
    most : int
        Models at most: those with the largest part that is style.
    width : int
        Pixels in all, at least; every group takes some.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(3000, 4, style={"words": 0.8, "bold": 0.3}, seed=2).battles)
    >>> profile_chart(result.decompose()).to_dict()["title"]["text"]
    ['Style adds most to model-01: +83 points, mostly length (+70)']
    """

    needed(parts, "model block group term estimate conf_low conf_high", "a profile chart")
    style: Any = parts[(parts["block"] == "style") & parts["estimate"].notna()]
    whole = style[style["group"] == ""]
    whole, others = foremost(whole, whole["estimate"].abs(), most, "style is worth most to")
    whole = whole.sort_values("estimate", ascending=False, kind="stable")
    style = style[style["model"].isin(whole["model"])]
    groups = style[(style["group"] != "") & (style["term"] == "")].assign(column=lambda f: f["group"])
    if groups["group"].nunique() == 1:
        groups = style[style["term"] != ""].assign(column=lambda f: f["term"])
    if not len(whole) or not len(groups):
        raise LlamaStyleError("a profile needs a model with a rating and a feature that varies")
    place = {name: i for i, name in enumerate(whole["model"])}
    columns = [*dict.fromkeys(groups["column"]), "style in all"]
    cells: Any = pd.concat([groups, whole.assign(column="style in all")])
    greatest = float(np.abs(cells["estimate"]).max()) or 1.0
    _, names = figures_beside(width, 0)
    plot = max(width - names - 16, CELL * len(columns))
    across = plot / len(columns)
    rows = [
        {
            "row": place[r["model"]],
            "left": columns.index(r["column"]) * across,
            "right": (columns.index(r["column"]) + 1) * across - 2,
            "middle": (columns.index(r["column"]) + 0.5) * across - 1,
            "strong": min(abs(r["estimate"]) / greatest, 1.0) * 0.75,
            "colour": colour("down" if r["estimate"] > 0 else "up"),
            "figure": signed(r["estimate"], 0) + _half(r, across),
            "model": shortened(r["model"], 40),
            "column": r["column"],
            "value": float(r["estimate"]),
            "weight": "bold" if r["conf_low"] > 0 or r["conf_high"] < 0 else "normal",
        }
        for r in cells.to_dict("records")
    ]
    labels = [{"row": i, "name": shortened(name, names // 7)} for name, i in place.items()]
    return _profile(rows, labels, columns, across, (plot, names), others)


def _profile(
    rows: Sequence[dict[str, Any]],
    labels: Sequence[dict[str, Any]],
    columns: Sequence[str],
    across: float,
    room: tuple[int, int],
    others: str,
) -> alt.LayerChart:
    import altair as alt

    plot, names = room
    y = numbered_rows(len(labels), STEP)
    pixels = alt.Scale(domain=[0, plot], range=[0, plot], nice=False)
    x = alt.X("left:Q", axis=None, scale=pixels)
    heads = [
        {"middle": (i + 0.5) * across - 1, "name": shortened(name, int(across // 6))} for i, name in enumerate(columns)
    ]
    ink = {"fontSize": 11, "color": LIGHT["ink"], "baseline": "middle"}
    layers: list[Any] = [
        chart_of(rows)
        .mark_bar(height=STEP - 2)
        .encode(
            y=y,
            x=x,
            x2="right:Q",
            color=alt.Color("colour:N", scale=None),
            opacity=alt.Opacity("strong:Q", scale=None),
        ),
        chart_of(heads)
        .mark_text(y=-8, align="center", fontWeight="bold", **ink)
        .encode(x=alt.X("middle:Q", axis=None, scale=pixels), text="name:N"),
        texts(labels, "name", -names, y, limit=names - 8),
    ]
    for weight in ("normal", "bold"):
        own = [r for r in rows if r["weight"] == weight]
        if own:
            layers.append(
                chart_of(own)
                .mark_text(align="center", fontWeight=weight, **ink)
                .encode(y=y, x=alt.X("middle:Q", axis=None, scale=pixels), text="figure:N")
            )
    says = "Arena points against the field, the most in all first. Orange adds, blue takes; bold where the interval"
    says += " leaves zero out."
    says += " After ±, half of its width." if any("±" in r["figure"] for r in rows) else ""
    return finished(layers, _profile_title(rows), [f"{others} {says}".lstrip()], plot, STEP * len(labels), names + 16)


def _half(r: dict[Any, Any], across: float) -> str:
    """Half an interval, where a column has room for it."""
    half = (r["conf_high"] - r["conf_low"]) / 2
    return f" ±{half:.0f}" if across >= 72 and half == half else ""


def _profile_title(rows: Sequence[dict[str, Any]]) -> str:
    most = max((r for r in rows if r["column"] == "style in all"), key=lambda r: abs(r["value"]))
    up = most["value"] >= 0
    own = [r for r in rows if r["row"] == most["row"] and r["column"] != "style in all"]
    by = max(own, key=lambda r: r["value"] if up else -r["value"])
    does = "adds most to" if up else "takes most from"
    figures = f"{signed(most['value'], 0)} points, mostly {shortened(by['column'], 24)} ({signed(by['value'], 0)})"
    return f"Style {does} {most['model']}: {figures}"


JUDGED = {"preferred": "down", "penalised": "up", "control fails": "down"}
"""The tone of a verdict on an edit; that of all others is muted."""


def effect_chart(table: pd.DataFrame, *, margin: float, width: int = 760) -> alt.LayerChart:
    """What edits of answers do to a judge, with the margin that counts as nothing.

    Parameters
    ----------
    table : pandas.DataFrame
        ``intervention, dose, effect, conf_low, conf_high, verdict`` in win probability, as in `JudgeAudit.effects`.
        Edits without an effect are left out and counted.
    margin : float
    width : int
        Pixels in all.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> table = pd.DataFrame({"intervention": ["null", "add:bold"], "dose": [1.0, 3.0], "effect": [0.0, 0.2],
    ...     "conf_low": [-0.01, 0.1], "conf_high": [0.01, 0.3], "verdict": ["control holds", "preferred"]})
    >>> effect_chart(table, margin=0.02).to_dict()["title"]["text"]
    ['add:bold (3) moves the judge most: +20.0 points']
    """
    import altair as alt

    needed(table, "intervention dose effect conf_low conf_high verdict", "a chart of effects")
    known: Any = table[table["effect"].notna()]
    if not len(known):
        raise LlamaStyleError("a chart of effects needs an edit with an effect; the notes of effects say why none has")
    known = known.sort_values("effect", ascending=False, kind="stable")
    plot, names = figures_beside(width, 150)
    rows = [_effect(i, r, names // 7) for i, r in enumerate(known.to_dict("records"))]
    y = numbered_rows(len(rows), STEP)
    axis = alt.Axis(title="change in win probability, points", orient="bottom", tickCount=max(3, plot // 80))
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=True, nice=True))
    tone = alt.Color("tone:N", scale=None)
    band = chart_of([{"start": -100 * margin, "end": 100 * margin}]).mark_rect(color=LIGHT["grid"], opacity=0.6)
    layers: list[Any] = [
        band.encode(x=alt.X("start:Q", axis=axis), x2="end:Q"),
        chart_of([{"value": 0.0}]).mark_rule(color=LIGHT["muted"], strokeWidth=1).encode(x=x),
        intervals(rows, y, axis, strokeWidth=2).encode(color=tone),
        chart_of(rows).mark_circle(size=60, opacity=1).encode(y=y, x=x, color=tone),
        texts(rows, "name", -names, y, limit=names - 8),
    ]
    if width > plot + names + 20:
        layers.append(texts(rows, "figures", plot + 12, y, color=LIGHT["muted"]))
    most = max(known.to_dict("records"), key=lambda r: abs(r["effect"]))
    title = f"{_dosed(most)} moves the judge most: {signed(100 * most['effect'], 1)} points"
    gone = len(table) - len(known)
    says = f"Grey band: the margin of {100 * margin:g} points; orange is preferred beyond it, blue penalised."
    says += f" {gone} edits without an effect left out." * (gone > 0)
    return finished(layers, title, [says], plot, STEP * len(rows), width - plot)


def _effect(row: int, r: dict[Any, Any], room: int) -> dict[str, Any]:
    value, low, high = (100 * float(r[name]) for name in ("effect", "conf_low", "conf_high"))
    return {
        "row": row,
        "name": shortened(_dosed(r), room),
        "value": value,
        "low": low,
        "high": high,
        "figures": with_ends(value, low, high, 1),
        "tone": LIGHT[JUDGED.get(r["verdict"], "muted")],
    }


def _dosed(r: dict[Any, Any]) -> str:
    return f"{r['intervention']}" + (f" ({r['dose']:g})" if r["dose"] != 1 else "")
