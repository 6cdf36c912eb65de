"""Scatters of models: the win rate as voted against the one at equal style, with the names that matter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.report.bars import needed
from llamastyle.report.charts import chart_of, figures_beside, finished
from llamastyle.report.colours import LIGHT
from llamastyle.report.labels import shortened, signed
from llamastyle.report.layout import Axis, along, axis_of, labels_beside

if TYPE_CHECKING:
    import altair as alt

__all__ = ["parity_scatter"]

NAMED = 10
"""Models that are named at most."""
_LEFT, _EDGE = 58, 14  # pixels for the figures of the vertical axis; for what juts out on the right


def parity_scatter(table: pd.DataFrame, *, width: int = 620) -> alt.LayerChart:
    """Each model's win rate as voted against its win rate with style equal on both sides.

    Parameters
    ----------
    table : pandas.DataFrame
        ``model, win_rate, parity_win_rate, parity_low, parity_high, parity_change, change_low, change_high``
        in [0, 1], and ``extrapolated``, as from `StyleResult.parity`. Models without a win rate at parity are
        left out and counted; ends of intervals may be missing.
    width : int
        Pixels in all.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or no model has a win rate at parity.

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(3000, 4, style={"words": 0.8}, seed=2).battles)
    >>> parity_scatter(result.parity()).to_dict()["title"]["text"][0][:21]
    'At equal style 3 of 4'
    """
    import altair as alt

    columns = "model win_rate parity_win_rate parity_low parity_high parity_change change_low change_high extrapolated"
    needed(table, columns, "a scatter of win rates")
    known: Any = table[table["parity_win_rate"].notna() & table["win_rate"].notna()]
    if not len(known):
        raise LlamaStyleError("a scatter needs a model with a win rate at parity; parity() says why none has")
    figures_beside(width, 0)  # refuses a width that is none
    plot = min(width - _LEFT - _EDGE, 560)
    height = max(240, min(plot, 460))
    dots = [_dot(r) for r in known.to_dict("records")]
    every = [d[k] for d in dots for k in ("x", "y", "low", "high")]
    across = axis_of(every, plot, 0.04)
    up = Axis(across.low, across.high, height)
    named = sorted(dots, key=lambda d: -abs(d["y"] - d["x"]))[:NAMED]
    words = [shortened(d["name"], 28 if plot >= 400 else 18) for d in named]
    own = [(across.at(d["x"]), height - up.at(d["y"])) for d in named]
    certain = [d for d in dots if math.isfinite(d["low"] + d["high"])]
    ways = [[(0.0, float(height)), (float(plot), 0.0)]]
    ways += [[(across.at(d["x"]), height - up.at(d[k])) for k in ("low", "high")] for d in certain]
    drawn = [(across.at(d["x"]), height - up.at(d["y"])) for d in dots]
    spots = labels_beside(own, words, [*drawn, *along(ways)], (plot, height))
    labels = [
        {"x": across.value(at), "y": up.value(height - middle), "words": word, "ahead": ahead}
        for word, (at, middle, ahead) in zip(words, spots, strict=True)
    ]
    leaders = [
        {"x": d["x"], "y": d["y"], "right": across.value(at + (3 if ahead else -3)), "end": label["y"]}
        for d, label, (at, middle, ahead), (_, height_of) in zip(named, labels, spots, own, strict=True)
        if abs(middle - height_of) > 1
    ]
    made: list[Any] = [
        kind(
            f"{name}:Q",
            axis=alt.Axis(title=title, tickCount=max(3, room // 80)),
            scale=alt.Scale(domain=axis.domain, nice=False, zero=False),
        )
        for kind, name, title, room, axis in (
            (alt.X, "x", "win rate as voted, %", plot, across),
            (alt.Y, "y", "win rate at equal style, %", height, up),
        )
    ]
    x, y = made
    line = [{"x": v, "y": v} for v in across.domain]
    tone = alt.Color("tone:N", scale=None)
    ink = {"fontSize": 11, "baseline": "middle", "color": LIGHT["ink"]}
    many = len(dots) > 60
    far = chart_of([d for d in dots if d["far"]])
    layers: list[Any] = [
        chart_of(line).mark_line(color=LIGHT["muted"], strokeWidth=1, strokeDash=[4, 3]).encode(x=x, y=y),
        chart_of(leaders).mark_rule(color=LIGHT["plain"], strokeWidth=0.7).encode(x=x, y=y, x2="right:Q", y2="end:Q"),
        chart_of([{**d, "y": d["low"]} for d in certain])
        .mark_rule(strokeWidth=1 if many else 1.5, opacity=0.35 if many else 0.8)
        .encode(x=x, y=y, y2="high:Q", color=tone),
        chart_of(dots).mark_circle(size=26 if many else 54, opacity=1).encode(x=x, y=y, color=tone),
        far.mark_circle(size=8 if many else 18, opacity=1, color=LIGHT["paper"]).encode(x=x, y=y),
        *(
            chart_of([r for r in labels if r["ahead"] is ahead])
            .mark_text(align="left" if ahead else "right", dx=4 if ahead else -4, **ink)
            .encode(x=x, y=y, text="words:N")
            for ahead in (True, False)
        ),
    ]
    sure = bool(certain)
    return finished(layers, _title(dots, sure), [_says(table, dots, named, sure)], plot, height, width - plot)


def _dot(r: dict[str, Any]) -> dict[str, Any]:
    voted, equal, low, high, change_low, change_high = (
        100 * float(r[k])
        for k in ("win_rate", "parity_win_rate", "parity_low", "parity_high", "change_low", "change_high")
    )
    tone = "down" if change_low > 0 else "up" if change_high < 0 else "plain"
    return {
        "name": str(r["model"]), "x": voted, "y": equal, "low": low, "high": high, "tone": LIGHT[tone], "moves": tone,
        "far": bool(r["extrapolated"]),
    }  # fmt: skip


def _title(dots: Sequence[dict[str, Any]], sure: bool) -> str:
    most = max(dots, key=lambda d: abs(d["y"] - d["x"]))
    moved = f"{shortened(most['name'], 40)} moves most, {signed(most['y'] - most['x'], 1)} points"
    if not sure:
        return f"At equal style {moved}"
    lose, gain = (sum(d["moves"] == way for d in dots) for way in ("down", "up"))
    return f"At equal style {lose} of {len(dots)} models lose and {gain} gain: {moved}"


def _says(table: pd.DataFrame, dots: Sequence[dict[str, Any]], named: Sequence[object], sure: bool) -> str:
    said = "Below the dashed line a model wins less at equal style."
    if sure:
        said += " Orange loses and blue gains, beyond the interval of the change; grey may do either. Lines are"
        said += " intervals at equal style."
    if len(named) < len(dots):
        said += f" Named: the {len(named)} that move most."
    far = sum(d["far"] for d in dots)
    if far:
        said += f" Hollow ({far}): extrapolated, as few of the model's battles are near equal style."
    gone = len(table) - len(dots)
    return said + (f" {gone} without one left out." if gone else "")
