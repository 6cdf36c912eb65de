"""Charts: frames in, Altair charts out.

Names and texts travel as data only, never in an expression, and are cleaned and cut before they are
drawn. Positions are whole row numbers, so that two names that look alike keep their own rows.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.options import Scale, check_option, real
from llamastyle.report.bars import (
    BESIDE,
    INDENT,
    LEVELS,
    NAMES,
    POINTS,
    ROW,
    account_of,
    needed,
    plot_width,
    ticks,
)
from llamastyle.report.colours import LIGHT, colour
from llamastyle.report.labels import shortened, signed, with_ends
from llamastyle.report.tables import clean

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "MOST",
    "chart_of",
    "figures_beside",
    "finished",
    "foremost",
    "intervals",
    "ladder",
    "numbered_rows",
    "prices",
    "texts",
    "unchecked",
    "waterfall",
]

MOST = 60
"""Rows of a chart at most; of more models those are drawn that it is about."""
_NAMES = 200  # pixels for the names at full width
_WIDE = 480  # from this width on, figures stand beside the marks


# -- what the charts share -------------------------------------------------------------------------


@contextmanager
def unchecked() -> Iterator[None]:
    """Within it, charts are made without being held against Vega-Lite's schema: a page makes many alike."""
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        yield


@cache
def _drawn() -> type[alt.LayerChart]:
    """Layered charts that a notebook shows as a drawing made here, where no renderer was chosen.

    Altair's own default loads its scripts from a server, and shows nothing without one.
    """
    import altair as alt

    class LayerChart(alt.LayerChart):
        def _repr_mimebundle_(self, *include: Any, **exclude: Any) -> Any:
            if alt.renderers.active != "default":
                return super()._repr_mimebundle_(*include, **exclude)
            import vl_convert

            return {"image/svg+xml": vl_convert.vegalite_to_svg(self.to_dict())}

        def __reduce__(self) -> tuple[Any, ...]:
            return _redrawn, (alt.LayerChart(**self._kwds),)

    return LayerChart


def _redrawn(chart: alt.LayerChart) -> alt.LayerChart:
    kind: Any = _drawn()
    return kind(**chart._kwds)


def chart_of(rows: Sequence[dict[str, Any]]) -> alt.Chart:
    """A chart of rows: texts cleaned, since the drawing ends the process at a NUL; what is not finite is null."""
    import altair as alt

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return clean(value)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return alt.Chart(alt.Data(values=[{k: plain(v) for k, v in r.items()} for r in rows]))


def numbered_rows(count: int, step: int) -> alt.Y:
    """The vertical axis: whole numbers, one a row, without ticks or names."""
    import altair as alt

    scale = alt.Scale(domain=list(range(count)), paddingInner=0.0, paddingOuter=0.15)
    return alt.Y("row:O", axis=None, scale=scale, sort=None)


def intervals(rows: Sequence[dict[str, Any]], y: alt.Y, axis: alt.Axis, **mark: Any) -> alt.Chart:
    """Rules from low to high, where both are there."""
    import altair as alt

    certain = [r for r in rows if math.isfinite(r["low"]) and math.isfinite(r["high"])]
    x = alt.X("low:Q", axis=axis, scale=alt.Scale(zero=False, nice=True))
    return chart_of(certain).mark_rule(**mark).encode(y=y, x=x, x2="high:Q")


def texts(rows: Sequence[dict[str, Any]], field: str, x: int, y: alt.Y, **mark: Any) -> alt.Chart:
    """Texts of a field at a place beside the rows."""
    style = {"align": "left", "baseline": "middle", "fontSize": 11, "color": LIGHT["ink"], **mark}
    return chart_of(rows).mark_text(x=x, **style).encode(y=y, text=f"{field}:N")


def finished(
    layers: Sequence[Any], title: str, subtitle: Sequence[str], width: int, height: float, beside: int = _NAMES
) -> alt.LayerChart:
    """Layers with title, subtitle and the house's looks; ``beside``: pixels that are there next to the plot."""
    import altair as alt

    letters = max(24, (width + beside) // 7)
    layered: Any = alt.layer(*layers)
    heading = alt.Title(
        text=textwrap.wrap(clean(title), letters) or [""],
        subtitle=[line for text in subtitle for line in textwrap.wrap(clean(text), letters * 7 // 6)],
        anchor="start",
        frame="bounds",
        fontSize=14,
        subtitleFontSize=11,
        color=LIGHT["ink"],
        subtitleColor=LIGHT["muted"],
        offset=12,
    )
    return _redrawn(
        layered.properties(width=width, height=height, title=heading, background=LIGHT["paper"], padding=8)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=LIGHT["muted"],
            titleColor=LIGHT["muted"],
            gridColor=LIGHT["grid"],
            domainColor=LIGHT["grid"],
            tickColor=LIGHT["grid"],
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
        )
        .configure_legend(
            labelColor=LIGHT["ink"],
            labelFontSize=11,
            labelLimit=0,
            orient="top",
            title=None,
            symbolSize=60,
            symbolOpacity=1,
            columnPadding=18,
            offset=4,
        )
    )


def _check_width(width: int) -> None:
    if not 280 <= real(width) <= 4000:
        raise LlamaStyleError(f"width={width!r} must lie between 280 and 4000 pixels")


def figures_beside(width: int, parts: int) -> tuple[int, int]:
    """Pixels for the plot and for the names, of a whole width; figures take the rest when it is wide."""
    _check_width(width)
    names = _NAMES if width >= _WIDE else 118
    return max(width - names - (parts if width >= _WIDE else 0) - 16, 80), names


def foremost(frame: pd.DataFrame, size: pd.Series, most: int, who: str) -> tuple[pd.DataFrame, str]:
    """At most so many rows, those of the greatest size, in the order they came; and what to say of the others."""
    if len(frame) <= most:
        return frame, ""
    kept = size.sort_values(ascending=False, kind="stable").index[:most]
    rows: Any = frame[frame.index.isin(kept)]
    return rows, f"Of {len(frame)} models, the {most} that {who}."


# -- ladder ----------------------------------------------------------------------------------------


def ladder(
    ratings: pd.DataFrame, *, control: str = "style", most: int = MOST, width: int = 760
) -> alt.LayerChart:
    """Each model's rating as read off the votes, and with style controlled.

    Parameters
    ----------
    ratings : pandas.DataFrame
        ``model, rating_plain, rating_plain_low, rating_plain_high, rating_raw, rating, conf_low,
        conf_high`` in Arena points, as from `StyleResult.ratings`. Models without a rating are left
        out and counted.
    control : str
        What is controlled, in words.
    most : int
        Models at most: those that controlling moves most.
    width : int
        Pixels in all; below 480 the figures beside the marks are left out.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(3000, 4, style={"words": 0.8}, seed=2)
    >>> chart = ladder(ls.fit(arena.battles).ratings())
    >>> chart.to_dict()["title"]["text"][0][:32]
    'Controlling for style moves mode'
    """
    import altair as alt

    needed(
        ratings,
        "model rating_plain rating_plain_low rating_plain_high rating_raw rating conf_low conf_high",
        "a ladder",
    )
    rated: Any = ratings[ratings["rating"].notna() & ratings["rating_plain"].notna()]
    if not len(rated):
        raise LlamaStyleError("a ladder needs a model with a rating; the notes of ratings() say why none has")
    gone = len(ratings) - len(rated)
    rated, others = foremost(rated, (rated["rating"] - rated["rating_plain"]).abs(), most, "this moves most")
    rated = rated.sort_values("rating", ascending=False, kind="stable")
    plot, names = figures_beside(width, 132)
    rows = [_rung(i, r, names // 7) for i, r in enumerate(rated.to_dict("records"))]
    step = 22
    y = numbered_rows(len(rows), step)
    axis = alt.Axis(title=f"rating, {POINTS}", orient="bottom", tickCount=max(3, plot // 80), format="d")
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=False, nice=True))
    says = ["plain", "controlled"]
    shown = alt.Color(
        "kind:N", scale=alt.Scale(domain=says, range=[LIGHT["plain"], LIGHT["controlled"]]), legend=alt.Legend()
    )
    links = [
        {"row": r["row"], "value": r["plain"], "end": r["rating"], "colour": colour("up" if r["up"] else "down")}
        for r in rows
    ]
    marks = [
        {"row": r["row"], "value": r[k], "low": r[f"{k}_low"], "high": r[f"{k}_high"], "kind": says[i]}
        for r in rows
        for i, k in enumerate(("plain", "rating"))
    ]
    band, tone = max(step // 3, 5), alt.Color("colour:N", scale=None)
    dots: list[Any] = []
    for kind, shift in zip(says, (-step // 5, step // 5), strict=True):
        own = [m for m in marks if m["kind"] == kind]
        dots.append(intervals(own, y, axis, yOffset=shift, strokeWidth=1.5).encode(color=shown))
        dots.append(chart_of(own).mark_circle(yOffset=shift, size=42, opacity=1).encode(y=y, x=x, color=shown))
    layers = [
        chart_of(links).mark_bar(height=band, opacity=0.22).encode(y=y, x=x, x2="end:Q", color=tone),
        *dots,
        texts(rows, "name", -names, y, limit=names - 8),
    ]
    if width >= _WIDE:
        layers.append(texts(rows, "figures", plot + 12, y, color=LIGHT["muted"]))
    sure = any(math.isfinite(m["low"] + m["high"]) for m in marks)
    says = _ladder_says(gone, rows, control, others, sure)
    return finished(layers, _ladder_title(rows, control), [says], plot, step * len(rows), width - plot)


def _rung(row: int, r: dict[str, Any], room: int) -> dict[str, Any]:
    plain, rating = float(r["rating_plain"]), float(r["rating"])
    return {
        "row": row,
        "name": shortened(r["model"], room),
        "plain": plain,
        "plain_low": float(r["rating_plain_low"]),
        "plain_high": float(r["rating_plain_high"]),
        "rating": rating,
        "rating_low": float(r["conf_low"]),
        "rating_high": float(r["conf_high"]),
        "up": rating >= plain,
        "figures": f"{plain:.0f} → {rating:.0f} ({signed(rating - plain, 0)})",
        "title": shortened(r["model"], 48),
    }


def _ladder_title(rows: Sequence[dict[str, Any]], control: str) -> str:
    most = max(rows, key=lambda r: abs(r["rating"] - r["plain"]))
    return f"Controlling for {control} moves {most['title']} most: {most['plain']:.0f} to {most['rating']:.0f}"


def _ladder_says(gone: int, rows: Sequence[object], control: str, others: str, sure: bool) -> str:
    count = "T" if others else f"{len(rows)} {'model' if len(rows) == 1 else 'models'}, t"
    who = (
        f"{count}he highest controlled rating first: plain is as"
        f" voted, controlled at equal {control}"
        f"{'; lines are intervals' * sure}."
    )
    without = f"{gone} without a rating {'is' if gone == 1 else 'are'} left out."
    return " ".join(filter(None, [others, who, without if gone else ""]))


# -- waterfall -------------------------------------------------------------------------------------


def waterfall(
    parts: pd.DataFrame, title: str = "", *, unit: Scale = "rating", width: int = 520
) -> alt.LayerChart:
    """One total split into its parts: blocks, in them groups, in these features.

    Parameters
    ----------
    parts : pandas.DataFrame
        ``block, group, term, estimate, conf_low, conf_high``: rows of `StyleResult.decompose` for one
        model, or those of a comparison. ``term`` is empty for a whole group, ``group`` for a whole
        block; the block ``total`` is the sum of the others.
    title : str
        What the total is of.
    unit : {"rating", "win_rate"}
        Whether estimates are Arena points, or win rates in [-1, 1], which are shown in points.
    width : int
        Pixels in all.

    Raises
    ------
    LlamaStyleError
        Rows of several models, no total, or parts that do not add up to it.

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(3000, 4, style={"words": 0.8}, seed=2)
    >>> parts = ls.fit(arena.battles).decompose()
    >>> chart = waterfall(parts[parts["model"] == "model-01"], "model-01")
    >>> chart.to_dict()["title"]["text"]
    ['model-01']
    """
    import altair as alt

    check_option("unit", unit, Scale)
    _check_width(width)
    account = account_of(parts, unit)
    rows, plot = account.rows, plot_width(width)
    step = ROW
    y = numbered_rows(len(rows), step)
    axis = alt.Axis(title=account.unit, orient="bottom", tickCount=ticks(plot))
    x = alt.X("start:Q", axis=axis, scale=alt.Scale(zero=True, nice=True))
    tone = alt.Color("colour:N", scale=None)
    thick = alt.Size("thick:Q", scale=None)
    layers: list[Any] = [
        chart_of([{"value": 0.0}]).mark_rule(color=LIGHT["muted"], strokeWidth=1).encode(x=alt.X("value:Q", axis=axis)),
        chart_of(rows).mark_bar().encode(y=y, x=x, x2="end:Q", color=tone, size=thick),
    ]
    layers += [
        intervals(rows, y, axis, color=LIGHT[ink], strokeWidth=wide, strokeCap="round")
        for ink, wide in (("paper", 2.8), ("ink", 1.3))
    ]
    for level, (weight, ink) in enumerate(LEVELS):
        own = [r for r in rows if r["level"] == level]
        place = INDENT * level - NAMES
        if own:
            style = {"fontWeight": weight, "color": LIGHT[ink]}
            layers.append(texts(own, "name", place, y, limit=-2 - place, **style))
            layers.append(texts(own, "figures", plot + BESIDE, y, **style))
    return finished(layers, title, [account.says], plot, step * len(rows))


# -- prices ----------------------------------------------------------------------------------------


def prices(tidy: pd.DataFrame, *, width: int = 760) -> alt.LayerChart:
    """What each feature is worth in the votes, all else in the model held equal.

    Parameters
    ----------
    tidy : pandas.DataFrame
        ``term, group, block, estimate, conf_low, conf_high`` in log-odds per recorded scale, as from
        `StyleResult.tidy`; rows of the block ``strength`` are left out.
    width : int
        Pixels in all; below 480 the figures beside the marks are left out.

    Returns
    -------
    altair.LayerChart

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(3000, 4, style={"words": 0.8}, seed=2)
    >>> prices(ls.fit(arena.battles).tidy()).to_dict()["title"]["text"]
    ['Intervals that leave zero out: 1 of 1 features, 1 with winning']
    """
    import altair as alt

    needed(tidy, "term group block estimate conf_low conf_high", "a chart of prices")
    priced: Any = tidy[tidy["block"] != "strength"]
    if not len(priced):
        raise LlamaStyleError("a chart of prices needs at least one coefficient that is no strength")
    records = _grouped(priced.to_dict("records"))
    plot, names = figures_beside(width, 140)
    digits = 3
    rows = [
        {
            "row": i,
            "name": shortened(r["term"], names // 7),
            "value": float(r["estimate"]),
            "low": float(r["conf_low"]),
            "high": float(r["conf_high"]),
            "group": shortened(r["group"], 18),
            "tone": colour(r["group"]),
            "figures": with_ends(r["estimate"], r["conf_low"], r["conf_high"], digits),
        }
        for i, r in enumerate(records)
    ]
    step = 20
    y = numbered_rows(len(rows), step)
    groups = {r["group"]: r["tone"] for r in rows}
    tone = alt.Color(
        "group:N",
        scale=alt.Scale(domain=list(groups), range=list(groups.values())),
        legend=alt.Legend(columns=0 if width >= _WIDE else 3),
    )
    axis = alt.Axis(title="log-odds of winning per recorded scale", orient="bottom", tickCount=max(3, plot // 70))
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=True, nice=True))
    layers: list[Any] = [
        chart_of([{"value": 0.0}]).mark_rule(color=LIGHT["muted"], strokeWidth=1).encode(x=x),
        intervals(rows, y, axis, strokeWidth=2).encode(color=tone),
        chart_of(rows).mark_circle(size=60, opacity=1).encode(y=y, x=x, color=tone),
        texts(rows, "name", -names, y, limit=names - 8),
    ]
    if width >= _WIDE:
        layers.append(texts(rows, "figures", plot + 12, y, color=LIGHT["muted"]))
    return finished(layers, *_prices_title(records), plot, step * len(rows), width - plot)


def _grouped(records: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Style on top; rows by group in the order they came, the highest estimate of each group first."""

    def home(r: dict[Any, Any]) -> tuple[bool, str]:
        return r["block"] != "style", r["group"]

    order = {group: i for i, group in enumerate(dict.fromkeys(map(home, records)))}
    return sorted(records, key=lambda r: (r["block"] != "style", order[home(r)], -r["estimate"]))


def _prices_title(records: Sequence[dict[Any, Any]]) -> tuple[str, list[str]]:
    style = [r for r in records if r["block"] == "style"]
    sure = [r for r in style if r["conf_low"] > 0 or r["conf_high"] < 0]
    up = sum(r["conf_low"] > 0 for r in sure)
    said = ["All else in the model held equal; each interval by itself, not allowing for how many there are."]
    if not sure:
        return "No feature's interval leaves zero out", said
    ways = [f"{n} with {way}" for n, way in ((up, "winning"), (len(sure) - up, "losing")) if n]
    return f"Intervals that leave zero out: {len(sure)} of {len(style)} features, {' and '.join(ways)}", said
