"""Trends: one panel a feature or an edit, over months, levels or doses, all on one scale."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.report.bars import needed
from llamastyle.report.charts import chart_of, figures_beside, finished
from llamastyle.report.colours import LIGHT, colour
from llamastyle.report.drawn import linear_ticks
from llamastyle.report.labels import decimals, shortened, signed, with_ends
from llamastyle.report.layout import Axis, axis_of, room_of
from llamastyle.report.panels import JUDGED

if TYPE_CHECKING:
    import altair as alt

__all__ = ["dose_chart", "price_timeline"]

PANELS = 8
"""Panels at most."""
LEVELS = 12
"""Levels at most, where they are no months."""
TALL, GAP = 62, 16  # pixels of a panel and between two
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class _Panel:
    """A name, words beside it, and its points: ``x, value, low, high, tone``."""

    name: str
    figures: str
    points: Sequence[dict[str, Any]]


# -- over time -------------------------------------------------------------------------------------


def price_timeline(table: pd.DataFrame, *, most: int = PANELS, width: int = 760) -> alt.LayerChart:
    """What each feature is worth in every month, or at every level of another column.

    Parameters
    ----------
    table : pandas.DataFrame
        ``term, group, block, unit, level, battles, effect, conf_low, conf_high, q_equal``, effects in win
        probability, as from `StyleResult.by`. Levels written as 2025-04 stand where they are in time, others
        at equal steps; of those that are no months the 12 with most battles are drawn. Levels without an
        effect leave a hole.
    most : int
        Features at most: those that differ most surely between levels.
    width : int
        Pixels in all.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or no level has an effect.

    Examples
    --------
    >>> import llamastyle as ls
    >>> votes = ls.simulate(3000, 6, style={"words": 0.8}, seed=2).battles.to_frame()
    >>> votes["category"] = ["coding", "maths"] * 1500
    >>> price_timeline(ls.fit(votes).by("category")).to_dict()["title"]["text"]
    ['No price differs surely between levels']
    """
    needed(table, "term group block unit level battles effect conf_low conf_high q_equal", "a time line of prices")
    style: Any = table[table["block"] == "style"]
    known: Any = style if style["effect"].notna().any() else table
    if not known["effect"].notna().any():
        raise LlamaStyleError("a time line needs a level with an effect; the notes of by() say why none has")
    levels, others = _levels(known)
    months = all(_MONTH.fullmatch(name) for name in levels)
    place = _placed(levels, months)
    known = known[known["level"].astype(str).isin(levels)]
    terms = [(str(name), own.to_dict("records")) for name, own in known.groupby("term", sort=False)]
    terms.sort(key=lambda t: _sure(t[1]))
    panels = [
        _Panel(
            name,
            _equal(rows),
            [
                {
                    "x": place[str(r["level"])], "value": 100 * r["effect"], "low": 100 * r["conf_low"],
                    "high": 100 * r["conf_high"], "tone": colour(r["group"]),
                }
                for r in rows
            ],
        )
        for name, rows in terms[:most]
    ]  # fmt: skip
    are = "months" if months else "levels"
    said = f"Change in win probability, points, for each unit: {_units(known)}. Dots are {are}, lines intervals; q"
    said += " tests that all are equal, over all features."
    if len(terms) > most:
        said += f" {most} of {len(terms)} features: those that differ most surely."
    marks = [(place[name], name) for name in levels]
    what = "" if months else "levels, in their order"
    says = " ".join(filter(None, [said, others]))
    return _drawn(panels, marks, _time_title(terms, are), says, what, width, reach=1.0 if months else 0.0)


def _levels(known: pd.DataFrame) -> tuple[list[str], str]:
    """The levels that are drawn, in their order, and what to say of the others."""
    battles: Any = known.assign(level=known["level"].astype(str)).groupby("level", sort=False)["battles"].max()
    names = [str(name) for name in battles.index]
    if len(names) <= LEVELS or all(_MONTH.fullmatch(name) for name in names):
        return names, ""
    kept = set(battles.sort_values(ascending=False, kind="stable").index[:LEVELS])
    return [name for name in names if name in kept], f"The {LEVELS} of {len(names)} levels with most battles."


def _placed(levels: Sequence[str], months: bool) -> dict[str, float]:
    """Where each level stands: months in months, others at whole steps."""
    if not months:
        return {name: float(i) for i, name in enumerate(levels)}
    count = {name: 12 * int(name[:4]) + int(name[5:]) for name in levels}
    first = min(count.values())
    return {name: float(n - first) for name, n in count.items()}


def _sure(rows: Sequence[dict[Any, Any]]) -> float:
    q = float(rows[0]["q_equal"])
    return q if math.isfinite(q) else 2.0


def _equal(rows: Sequence[dict[Any, Any]]) -> str:
    q = _sure(rows)
    return "" if q > 1 else f"q {'< 0.001' if q < 0.001 else f'= {q:.3f}'}"


def _units(known: pd.DataFrame) -> str:
    units = [str(unit) for unit in dict.fromkeys(known["unit"])]
    return units[0] if len(units) == 1 else "as its table says"


def _time_title(terms: Sequence[tuple[str, Sequence[dict[Any, Any]]]], what: str) -> str:
    sure = [(name, rows) for name, rows in terms if _sure(rows) <= 0.05]
    if not sure:
        return f"No price differs surely between {what}"
    name, rows = sure[0]
    there = [r for r in rows if math.isfinite(r["effect"])]
    low, high = (pick(there, key=lambda r: r["effect"]) for pick in (min, max))
    said = " to ".join(f"{signed(100 * r['effect'], 1)} ({shortened(r['level'], 16)})" for r in (low, high))
    others = ""
    if len(terms) > 1:
        may = f"; the other {len(terms) - 1} may not"
        others = f"; {len(sure)} of {len(terms)} prices do" if len(sure) > 1 else may
    return f"The price of {shortened(name, 30)} differs between {what}, from {said}{others}"


# -- over doses ------------------------------------------------------------------------------------


def dose_chart(
    effects: pd.DataFrame, doses: pd.DataFrame | None = None, *, margin: float, most: int = PANELS, width: int = 760
) -> alt.LayerChart:
    """What more of an edit does to a judge: its effect at each dose, with the margin that counts as nothing.

    Parameters
    ----------
    effects : pandas.DataFrame
        ``intervention, dose, effect, conf_low, conf_high, verdict`` in win probability, as in
        `JudgeAudit.effects`; edits given in one dose only are left out.
    doses : pandas.DataFrame, optional
        ``intervention, slope, conf_low, conf_high``: change for one unit of dose, as in `JudgeAudit.doses`.
    margin : float
    most : int
        Edits at most: those that move the judge most.
    width : int
        Pixels in all.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or no edit was given in several doses.

    Examples
    --------
    >>> table = pd.DataFrame({"intervention": ["add:bold"] * 2, "dose": [1.0, 6.0], "effect": [0.02, 0.12],
    ...     "conf_low": [0.0, 0.1], "conf_high": [0.04, 0.14], "verdict": ["undetermined", "preferred"]})
    >>> dose_chart(table, margin=0.02).to_dict()["title"]["text"]
    ['add:bold moves the judge by +2.0 points at 1 and by +12.0 at 6']
    """
    needed(effects, "intervention dose effect conf_low conf_high verdict", "a chart of doses")
    known: Any = effects[effects["effect"].notna()]
    known = known.sort_values("dose", kind="stable")
    several = [(str(n), own.to_dict("records")) for n, own in known.groupby("intervention") if len(own) > 1]
    if not several:
        raise LlamaStyleError(
            'a chart of doses needs an edit in several: audit_judge(judge, pairs, {"add:bold": (1, 3, 6)})'
        )
    several.sort(key=lambda one: -max(abs(r["effect"]) for r in one[1]))
    slopes: dict[str, Any] = {}
    if doses is not None:
        needed(doses, "intervention slope conf_low conf_high", "a chart of doses")
        slopes = {str(r["intervention"]): r for r in doses.to_dict("records") if r["slope"] == r["slope"]}
    panels = [
        _Panel(name, _slope(slopes.get(name)), [{**_dose(r), "tone": _tone(r)} for r in rows])
        for name, rows in several[:most]
    ]
    given = sorted({p["x"] for panel in panels for p in panel.points})
    wide = given[0] > 0 and given[-1] / given[0] > 10
    place = {dose: math.log(dose) if wide else dose for dose in given}
    panels = [replace(panel, points=[{**p, "x": place[p["x"]]} for p in panel.points]) for panel in panels]
    marks = [(place[dose], f"{dose:g}") for dose in given]
    name, rows = several[0]
    told = [rows[0], rows[-1]]
    most_moved = max(rows, key=lambda r: abs(r["effect"]))
    if all(abs(most_moved["effect"]) > abs(r["effect"]) for r in told):
        told.insert(1, most_moved)  # what moves most in between is said too
    ends = [f"{signed(100 * r['effect'], 1)}{' points' * (i == 0)} at {r['dose']:g}" for i, r in enumerate(told)]
    title = f"{shortened(name, 40)} moves the judge by {', by '.join(ends[:-1])} and by {ends[-1]}"
    said = f"Change in win probability, points. Grey band: the margin of {100 * margin:g}; orange is preferred beyond"
    said += " it, blue penalised; lines are intervals."
    if slopes:
        said += " On the right: points for one unit of dose."
    if len(several) > most:
        said += f" {most} of {len(several)} edits: those that move the judge most."
    what = f"dose{', logarithmic' * wide}"
    return _drawn(panels, marks, title, said, what, width, reach=math.inf, margin=100 * margin)


def _dose(r: dict[Any, Any]) -> dict[str, Any]:
    return {"x": float(r["dose"])} | {
        name: 100 * float(r[key]) for name, key in (("value", "effect"), ("low", "conf_low"), ("high", "conf_high"))
    }


def _tone(r: dict[Any, Any]) -> str:
    return LIGHT[JUDGED.get(r["verdict"], "muted")]


def _slope(r: dict[Any, Any] | None) -> str:
    if r is None:
        return ""
    value, low, high = (100 * float(r[k]) for k in ("slope", "conf_low", "conf_high"))
    return with_ends(value, low, high, decimals([value]))


# -- panels ----------------------------------------------------------------------------------------


def _drawn(
    panels: Sequence[_Panel],
    marks: Sequence[tuple[float, str]],
    title: str,
    says: str,
    what: str,
    width: int,
    *,
    reach: float,
    margin: float = 0.0,
) -> alt.LayerChart:
    """Panels under each other with one scale of values; places are pixels, counted from the top left.

    Points of a panel that stand at most ``reach`` apart are joined.
    """
    import altair as alt

    plot, names = figures_beside(width, 130)
    across = axis_of([at for at, _ in marks], plot, 0.04)
    ends = [p[k] for panel in panels for p in panel.points for k in ("value", "low", "high")]
    up = axis_of([*ends, 0.0, margin, -margin], TALL, 0.08)
    height = len(panels) * (TALL + GAP) - GAP

    def down(panel: int, value: float) -> float:
        return panel * (TALL + GAP) + TALL - up.at(value)

    def pixels(kind: Any, field: str, size: float) -> Any:
        scale = alt.Scale(domain=[0, size], range=[0, size], nice=False, zero=False)
        return kind(f"{field}:Q", axis=None, scale=scale)

    x, y = pixels(alt.X, "x", plot), pixels(alt.Y, "y", height)
    points = [
        {
            "x": across.at(p["x"]), "y": down(i, p["value"]), "low": down(i, p["low"]), "high": down(i, p["high"]),
            "tone": p["tone"], "value": p["value"], "panel": i, "at": p["x"],
        }
        for i, panel in enumerate(panels)
        for p in panel.points
        if math.isfinite(p["value"])
    ]  # fmt: skip
    steps = linear_ticks(up.low, up.high, 3)
    grid = [{"x": 0.0, "right": float(plot), "y": down(i, v), "words": w} for i in range(len(panels)) for v, w in steps]
    zero = [{"x": 0.0, "right": float(plot), "y": down(i, 0.0)} for i in range(len(panels))]
    band = [
        {"x": 0.0, "right": float(plot), "y": down(i, margin), "end": down(i, -margin)} for i in range(len(panels))
    ]
    sides = [
        {"y": down(i, (up.low + up.high) / 2), "name": shortened(p.name, (names - 44) // 7), "figures": p.figures}
        for i, p in enumerate(panels)
    ]
    ink = {"fontSize": 11, "baseline": "middle", "color": LIGHT["ink"]}
    muted = {**ink, "color": LIGHT["muted"]}
    tone = alt.Color("tone:N", scale=None)
    certain = [{**p, "y": p["low"]} for p in points if math.isfinite(p["low"] + p["high"])]
    layers: list[Any] = [
        chart_of(grid).mark_rule(color=LIGHT["grid"]).encode(x=x, y=y, x2="right:Q"),
        chart_of(grid).mark_text(x=-6, align="right", **muted).encode(y=y, text="words:N"),
    ]
    if margin:
        shade = chart_of(band).mark_rect(color=LIGHT["grid"], opacity=0.6)
        layers.append(shade.encode(x=x, x2="right:Q", y=y, y2="end:Q"))
    layers.append(chart_of(zero).mark_rule(color=LIGHT["muted"], strokeWidth=1).encode(x=x, y=y, x2="right:Q"))
    if reach:
        links = chart_of(_links(points, reach)).mark_rule(opacity=0.45, strokeWidth=1.5)
        layers.append(links.encode(x=x, y=y, x2="right:Q", y2="end:Q", color=tone))
    layers += [
        chart_of(certain).mark_rule(strokeWidth=1.5).encode(x=x, y=y, y2="high:Q", color=tone),
        chart_of(points).mark_circle(size=44, opacity=1).encode(x=x, y=y, color=tone),
        chart_of(sides).mark_text(x=-names, align="left", limit=names - 44, **ink).encode(y=y, text="name:N"),
        chart_of(_thinned(marks, across)).mark_text(y=height + 14, **muted).encode(x=x, text="words:N"),
    ]
    if what:
        below = chart_of([{"words": what}]).mark_text(x=plot / 2, y=height + 32, **muted)
        layers.append(below.encode(text="words:N"))
    if width >= 480:
        beside = chart_of(sides).mark_text(x=plot + 12, align="left", **muted)
        layers.append(beside.encode(y=y, text="figures:N"))
    return finished(layers, title, [says], plot, height, width - plot)


def _links(points: Sequence[dict[str, Any]], reach: float) -> list[dict[str, Any]]:
    """From each point to the next of its panel, where that is within reach."""
    ordered = sorted(points, key=lambda p: (p["panel"], p["x"]))
    return [
        {**a, "right": b["x"], "end": b["y"]}
        for a, b in pairwise(ordered)
        if a["panel"] == b["panel"] and b["at"] - a["at"] <= reach
    ]


def _thinned(marks: Sequence[tuple[float, str]], across: Axis) -> list[dict[str, Any]]:
    """The words under the panels, cut and as many as there is room for, from the last backwards."""
    kept: list[dict[str, Any]] = []
    end = math.inf
    for at, word in sorted(marks, reverse=True):
        words = shortened(word, 16)
        half = (room_of(words) + 10) / 2
        if across.at(at) + half <= end:
            kept.append({"x": across.at(at), "words": words})
            end = across.at(at) - half
    return kept
