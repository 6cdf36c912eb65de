"""Charts of published figures: a gap by category, where a model stands among all, scores, dates and ranks.

Scales are set here and not by the drawing, so that labels can be laid out where there is room for them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.options import real
from llamastyle.report.bars import POINTS, needed
from llamastyle.report.charts import chart_of, figures_beside, finished, intervals, numbered_rows, texts
from llamastyle.report.colours import LIGHT, colour
from llamastyle.report.labels import decimals, shortened, signed
from llamastyle.report.layout import EDGE, Axis, along, axis_of, labels_above, labels_beside, room_of, spread

if TYPE_CHECKING:
    import altair as alt

__all__ = [
    "context_chart",
    "divergence_chart",
    "gap_chart",
    "rank_chart",
    "selection_chart",
    "standing_chart",
    "timeline_chart",
]

WIDEST = 1200
_WIDE = 480  # from this width on there is room for words beside the marks
_AXIS = 58  # pixels for the figures and the title of a vertical axis
_LINE = 15  # pixels from one line of labels to the next
_NAMED = (
    "down",
    "controlled",
    "correctness",
    "emoji",
    "readability",
    "lexical",
)  # colours of named models, in order
_INK = {"fontSize": 11, "baseline": "middle", "color": LIGHT["ink"]}


# -- what these charts share -----------------------------------------------------------------------


def _usable(frame: pd.DataFrame, columns: str, figures: str, what: str) -> pd.DataFrame:
    """The rows that have all ``figures``, which must be some."""
    needed(frame, columns, what)
    known: Any = frame[frame[figures.split()].notna().all(axis=1)]
    if not len(known):
        raise LlamaStyleError(f"{what} needs a row with {', '.join(figures.split())}; this frame has none")
    return known


def _checked(width: int) -> int:
    if not 280 <= real(width) <= WIDEST:
        raise LlamaStyleError(f"width={width!r} must lie between 280 and {WIDEST} pixels")
    return width


def _chosen(models: Iterable[object], names: Sequence[str] | str) -> list[str]:
    """The names as a list; raise on one that no model has."""
    known, wanted = [str(m) for m in models], [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 3, 0.4)
            hint = f"; near are {', '.join(map(repr, near))}" if near else ""
            raise LlamaStyleError(f"{name!r} has no figures in this frame{hint}")
    return list(dict.fromkeys(wanted))


def _scale(axis: Axis, down: bool = False) -> alt.Scale:
    """A linear scale of just this axis; ``down`` for one whose pixels count from the top."""
    import altair as alt

    return alt.Scale(domain=axis.domain, nice=False, zero=False, reverse=down)


def _left_axis(title: str, axis: Axis, ticks: int = 6, down: bool = False, **more: Any) -> alt.Y:
    import altair as alt

    return alt.Y("y:Q", axis=alt.Axis(title=title, tickCount=ticks, **more), scale=_scale(axis, down))


def _sized(values: Sequence[float]) -> str:
    return f".{decimals(values)}f"


def _ordinal(n: int) -> str:
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _percent(part: float) -> str:
    return f"{100 * part:.0f} %"


# -- gap -------------------------------------------------------------------------------------------


def gap_chart(
    frame: pd.DataFrame,
    *,
    title: str = "",
    kinds: tuple[str, str] = ("as voted", "style controlled"),
    width: int = 760,
) -> alt.LayerChart:
    """The gap between two models by category, as voted and with style controlled.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``category, gap_raw, raw_low, raw_high, gap_controlled, controlled_low, controlled_high`` in Arena
        points, one model minus the other. Ends of intervals may be missing; categories without a gap are
        left out and counted.
    title : str
        By default the smallest and the largest share that goes.
    kinds : pair of str
        What the two gaps are called.
    width : int
        Pixels in all, 280 to 1200; below 480 the figures beside the marks are left out.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or no category has both gaps.

    Examples
    --------
    >>> import pandas as pd
    >>> gap = {"category": ["all"], "gap_raw": [130.0], "gap_controlled": [52.0]}
    >>> none = dict.fromkeys(["raw_low", "raw_high", "controlled_low", "controlled_high"], float("nan"))
    >>> gap_chart(pd.DataFrame(gap | none)).to_dict()["title"]["text"]
    ['Style control takes 60 % of the gap away: 130.0 → 52.0 points']
    """
    import altair as alt

    columns = "category gap_raw raw_low raw_high gap_controlled controlled_low controlled_high"
    known = _usable(frame, columns, "gap_raw gap_controlled", "a chart of gaps")
    known = known.sort_values("gap_raw", ascending=False, kind="stable")
    plot, names = figures_beside(_checked(width), 170)
    rows = [_gap_row(i, r, names // 7) for i, r in enumerate(known.to_dict("records"))]
    step = 24
    y = numbered_rows(len(rows), step)
    axis = alt.Axis(title=f"gap, {POINTS}", orient="bottom", tickCount=max(3, plot // 80))
    x = alt.X("value:Q", axis=axis, scale=alt.Scale(zero=True, nice=True))
    says = list(kinds)
    tones = alt.Scale(domain=says, range=[LIGHT["plain"], LIGHT["controlled"]])
    shown = alt.Color("kind:N", scale=tones, legend=alt.Legend())
    marks = [
        [
            {"row": r["row"], "value": r[k], "low": r[f"{k}_low"], "high": r[f"{k}_high"], "kind": kind}
            for r in rows
        ]
        for k, kind in zip(("raw", "controlled"), says, strict=True)
    ]
    links = [
        {
            "row": r["row"],
            "value": r["raw"],
            "end": r["controlled"],
            "colour": colour("down" if r["less"] else "up"),
        }
        for r in rows
    ]
    layers: list[Any] = [
        chart_of([{"value": 0.0}]).mark_rule(color=LIGHT["muted"], strokeWidth=1).encode(x=x),
        chart_of(links)
        .mark_bar(height=8, opacity=0.22)
        .encode(y=y, x=x, x2="end:Q", color=alt.Color("colour:N", scale=None)),
        *(
            intervals(own, y, axis, yOffset=shift, strokeWidth=1.5).encode(color=shown)
            for own, shift in zip(marks, (-5, 5), strict=True)
        ),
        *(
            chart_of(own).mark_circle(yOffset=shift, size=48, opacity=1).encode(y=y, x=x, color=shown)
            for own, shift in zip(marks, (-5, 5), strict=True)
        ),
        texts(rows, "name", -names, y, limit=names - 8),
    ]
    if width >= _WIDE:
        layers.append(texts(rows, "figures", plot + 12, y, color=LIGHT["muted"]))
    certain = any(math.isfinite(r[k]) for r in rows for k in ("raw_low", "controlled_low"))
    said = (
        "One model minus the other, the largest gap first" + "; lines are intervals" * certain + "."
    )
    gone = len(frame) - len(known)
    said += f" {gone} without both gaps left out." if gone else ""
    return finished(layers, title or _gap_title(rows), [said], plot, step * len(rows), width - plot)


def _gap_row(row: int, r: dict[Any, Any], room: int) -> dict[str, Any]:
    raw, controlled = float(r["gap_raw"]), float(r["gap_controlled"])
    gone = 1 - controlled / raw if raw > 0 else math.nan
    share = f" ({_percent(abs(gone))} {'gone' if gone >= 0 else 'more'})" if math.isfinite(gone) else ""
    name = str(r["category"]).replace("_", " ")
    return {
        "row": row,
        "name": shortened(name, room),
        "title": shortened(name, 40),
        "raw": raw,
        "raw_low": float(r["raw_low"]),
        "raw_high": float(r["raw_high"]),
        "controlled": controlled,
        "controlled_low": float(r["controlled_low"]),
        "controlled_high": float(r["controlled_high"]),
        "gone": gone,
        "less": controlled <= raw,
        "figures": f"{_minus(raw, 1)} → {_minus(controlled, 1)}{share}",
    }


def _minus(value: float, digits: int) -> str:
    return signed(value, digits).lstrip("+")


def _gap_title(rows: Sequence[dict[str, Any]]) -> str:
    if not all(r["gone"] >= 0 for r in rows):
        smaller = sum(abs(r["controlled"]) < abs(r["raw"]) for r in rows)
        return f"Style control makes the gap smaller in {smaller} of {len(rows)} categories"
    most, least = (pick(rows, key=lambda r: r["gone"]) for pick in (max, min))
    ends = [_percent(r["gone"]) for r in (least, most)]
    if ends[0] == ends[1]:
        figures = f": {rows[0]['raw']:.1f} → {rows[0]['controlled']:.1f} points" * (len(rows) == 1)
        return f"Style control takes {ends[0]} of the gap away{figures}"
    where = f"least in {least['title']}, most in {most['title']}"
    return f"Style control takes {ends[0].removesuffix(' %')} to {ends[1]} of the gap away: {where}"


# -- standing --------------------------------------------------------------------------------------


def standing_chart(frame: pd.DataFrame, names: Sequence[str] = (), *, width: int = 760) -> alt.LayerChart:
    """Where models stand among all in what style control takes from their rating.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``model, difference``: rating as voted minus rating with style controlled, of all models. Those
        without one are left out and counted.
    names : sequence of str
        Models to mark and label.
    width : int
        Pixels in all, 280 to 1200.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, no model has a difference, or a name is none of theirs.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"model": ["a", "b", "c"], "difference": [1.0, 3.0, 40.0]})
    >>> standing_chart(rows, ["c"]).to_dict()["title"]["text"]
    ['c stands 37.0 points from the median model, the most of 3 models (40.0 against 3.0)']
    """
    import altair as alt

    known = _usable(frame, "model difference", "difference", "a chart of standing")
    known = known.sort_values("difference", ascending=False, kind="stable")
    wanted = _chosen(known["model"], names)
    plot = _checked(width) - 2 * EDGE - 10
    differences: Any = known["difference"]
    middle = float(differences.median())
    axis = axis_of(known["difference"], plot, 0.03)
    dots = _stacked(known.to_dict("records"), axis, 7 if width >= _WIDE else 5)
    named = [d for d in dots if d["model"] in wanted]
    words = [f"{shortened(d['model'], plot // 9)} {_minus(d['value'], 1)}" for d in named]
    middle_says = f"median {_minus(middle, 1)}"
    flags = labels_above([*(axis.at(d["value"]) for d in named), axis.at(middle)], [*words, middle_says], plot)
    step = dots[0]["step"]
    top = (max(d["level"] for d in dots) + 1.5) * step
    height = top + _LINE * (max(level for level, _ in flags) + 1.5)
    up = Axis(0.0, height, round(height))
    x = alt.X(
        "value:Q",
        axis=alt.Axis(
            title=f"as voted minus style controlled, {POINTS}", tickCount=max(3, plot // 90), grid=False
        ),
        scale=_scale(axis),
    )
    y = alt.Y("y:Q", axis=None, scale=_scale(up))
    poles = [
        {**d, "y": (d["level"] + 0.5) * step, "end": top + _LINE * (level + 0.5), "words": w, "ahead": ahead}
        for d, w, (level, ahead) in zip(named, words, flags, strict=False)
    ]
    line = {
        "value": middle,
        "y": 0.0,
        "end": top + _LINE * (flags[-1][0] + 0.5),
        "words": middle_says,
        "ahead": flags[-1][1],
    }
    at_dots = [{**d, "y": (d["level"] + 0.5) * step} for d in dots]
    others = [d for d in at_dots if d["model"] not in wanted]
    size = (step - 1) ** 2
    layers: list[Any] = [
        chart_of([line]).mark_rule(color=LIGHT["muted"]).encode(x=x, y=y, y2="end:Q"),
        chart_of(poles).mark_rule(color=LIGHT["down"]).encode(x=x, y=y, y2="end:Q"),
        chart_of(others).mark_circle(size=size, opacity=1, color=LIGHT["plain"]).encode(x=x, y=y),
        chart_of([d for d in at_dots if d["model"] in wanted])
        .mark_circle(size=size * 1.6, opacity=1, color=LIGHT["down"])
        .encode(x=x, y=y),
        *_sided([line], x, alt.Y("end:Q", axis=None, scale=_scale(up)), "muted"),
        *_sided(poles, x, alt.Y("end:Q", axis=None, scale=_scale(up))),
    ]
    said = "A dot is a model; only differences between models compare."
    gone = len(frame) - len(known)
    said += f" {gone} without one left out." if gone else ""
    return finished(layers, _standing_title(known, wanted, middle), [said], plot, round(height), width - plot)


def _sided(rows: Sequence[dict[str, Any]], x: alt.X, y: alt.Y, ink: str = "ink") -> list[Any]:
    """Words that run to the right of their place or to its left."""
    made: list[Any] = []
    for ahead in (True, False):
        own = [r for r in rows if r["ahead"] is ahead]
        style = {**_INK, "color": LIGHT[ink], "align": "left" if ahead else "right", "dx": 4 if ahead else -4}
        if own:
            made.append(chart_of(own).mark_text(**style).encode(x=x, y=y, text="words:N"))
    return made


def _stacked(rows: Sequence[dict[Any, Any]], axis: Axis, step: int) -> list[dict[str, Any]]:
    """Dots piled up where they would lie on each other; each stays at its own value."""
    heights: dict[int, int] = {}
    out: list[dict[str, Any]] = []
    for r in rows:
        value = float(r["difference"])
        column = int(axis.at(value) // step)
        out.append({"model": str(r["model"]), "value": value, "level": heights.get(column, 0), "step": step})
        heights[column] = heights.get(column, 0) + 1
    return out


def _standing_title(known: pd.DataFrame, wanted: Sequence[str], middle: float) -> str:
    places = {str(m): i for i, m in reversed(list(enumerate(known["model"], 1)))}
    values = dict(zip(map(str, known["model"]), known["difference"], strict=True))
    name = min(wanted, key=lambda n: places[n]) if wanted else next(iter(map(str, known["model"])))
    place = f"the {'' if places[name] == 1 else _ordinal(places[name]) + ' '}most of {len(known)} models"
    return (
        f"{shortened(name, 48)} stands {_minus(values[name] - middle, 1)} points from the median model, {place}"
        f" ({_minus(values[name], 1)} against {_minus(middle, 1)})"
    )


# -- divergence ------------------------------------------------------------------------------------


def divergence_chart(
    frame: pd.DataFrame, names: Sequence[str] = (), *, target: str = "as measured", width: int = 760
) -> alt.LayerChart:
    """One benchmark against an index of the others, with what the others would let one expect.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``model, index, target, expected, excess, p_value`` as from `divergence`; rows without them are
        left out and counted. With ``spread``, a band is twice that wide on both sides of the line.
    names : sequence of str
        Models to mark and label, beside the two largest excesses.
    target : str
        What is measured, for the axis.
    width : int
        Pixels in all, 280 to 1200.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, no model has figures, or a name is none of theirs.

    Examples
    --------
    >>> import llamastyle as ls
    >>> rows = [{"model": f"m{i}", "coding": i, "maths": i + i % 2, "arena": 10.0 * i + i % 3} for i in range(12)]
    >>> rows[4]["arena"] += 90
    >>> divergence_chart(ls.divergence(rows, "arena")).to_dict()["title"]["text"]
    ['m4 has 131.0 where the benchmarks warrant 37.1 (p = 0.083)']
    """
    import altair as alt

    figures = "index target expected excess"
    known = _usable(frame, f"model {figures} p_value", figures, "a chart of divergence")
    wanted = _chosen(known["model"], names)
    rows: list[dict[Any, Any]] = known.sort_values("excess", ascending=False, kind="stable").to_dict(
        "records"
    )
    plot = _checked(width) - _AXIS - EDGE
    height = 340 if width >= _WIDE else 300
    across = axis_of([r["index"] for r in rows], plot, 0.05)
    up = axis_of([r[k] for r in rows for k in ("target", "expected")], height, 0.08)
    form = _sized([r["target"] for r in rows])
    most = 2 if width >= _WIDE or not wanted else 0  # a narrow chart has room for the names asked for
    labelled = [r for i, r in enumerate(rows) if i < most or r["model"] in wanted]
    dots = [
        {
            "x": float(r["index"]),
            "y": float(r["target"]),
            "end": float(r["expected"]),
            "tone": _tone(r, wanted, labelled),
        }
        for r in rows
    ]
    names_of = [
        f"{shortened(r['model'], 38 if width >= _WIDE else 22)} {signed(float(r['excess']), decimals([r['target']]))}"
        for r in labelled
    ]
    points = [(across.at(d["x"]), height - up.at(d["y"])) for d in dots]
    own = [(across.at(r["index"]), height - up.at(r["target"])) for r in labelled]
    line = sorted(({"x": float(r["index"]), "y": float(r["expected"])} for r in rows), key=lambda d: d["x"])
    ways = [[(across.at(d["x"]), height - up.at(d["y"])) for d in line]]
    ways += [[(x, y), (x, height - up.at(r["expected"]))] for (x, y), r in zip(own, labelled, strict=True)]
    spots = labels_beside(own, names_of, [*points, *along(ways)], (plot, height))
    labels = [
        {"x": across.value(at), "y": up.value(height - middle), "words": w, "ahead": ahead}
        for w, (at, middle, ahead) in zip(names_of, spots, strict=True)
    ]
    axis = alt.Axis(title="index of the other benchmarks, standard deviations", tickCount=max(3, plot // 90))
    x = alt.X("x:Q", axis=axis, scale=_scale(across))
    y = _left_axis(target, up, format=form)
    tone = alt.Color("tone:N", scale=None)
    marked = [d for d in dots if d["tone"] != LIGHT["plain"]]
    band = _banded(rows, up)
    layers: list[Any] = [
        *([chart_of(band).mark_area(color=LIGHT["grid"], opacity=0.7).encode(x=x, y=y, y2="end:Q")] if band else []),
        chart_of(line).mark_line(color=LIGHT["muted"], strokeWidth=1.2).encode(x=x, y=y),
        chart_of(marked).mark_rule(strokeWidth=1.2).encode(x=x, y=y, y2="end:Q", color=tone),
        chart_of(dots).mark_circle(size=34, opacity=1).encode(x=x, y=y, color=tone),
        chart_of(marked).mark_circle(size=70, opacity=1).encode(x=x, y=y, color=tone),
        *_sided(labels, x, y),
    ]
    said = "The line: what the other models let one expect, each model left out of its own; beside names, the excess."
    said += " Grey: twice the spread of the others about it." if band else ""
    gone = len(frame) - len(known)
    said += f" {gone} without figures left out." if gone else ""
    return finished(layers, _divergence_title(rows, wanted), [said], plot, height, width - plot)


def _tone(r: dict[Any, Any], wanted: Sequence[str], labelled: Sequence[dict[Any, Any]]) -> str:
    return LIGHT["down"] if r["model"] in wanted else LIGHT["controlled"] if r in labelled else LIGHT["plain"]


def _banded(rows: Sequence[dict[Any, Any]], up: Axis) -> list[dict[str, float]]:
    """Twice the spread on both sides of what is expected, within the plot."""
    if not all(math.isfinite(r.get("spread", math.nan)) for r in rows):
        return []
    ordered = sorted(rows, key=lambda r: r["index"])
    return [
        {
            "x": float(r["index"]),
            "y": max(float(r["expected"] - 2 * r["spread"]), up.low),
            "end": min(float(r["expected"] + 2 * r["spread"]), up.high),
        }
        for r in ordered
    ]


def _divergence_title(rows: Sequence[dict[Any, Any]], wanted: Sequence[str]) -> str:
    most = max((r for r in rows if r["model"] in wanted or not wanted), key=lambda r: r["excess"])
    digits = decimals([most["target"]])
    figures = f"{most['target']:.{digits}f} where the benchmarks warrant {most['expected']:.{digits}f}"
    p = float(most["p_value"])
    certain = f" (p {'< 0.001' if p < 0.001 else f'= {p:.3f}'})" if math.isfinite(p) else ""
    return f"{shortened(most['model'], 48)} has {figures}{certain}"


# -- context ---------------------------------------------------------------------------------------


def context_chart(frame: pd.DataFrame, names: Sequence[str] = (), *, width: int = 760) -> alt.LayerChart:
    """Scores over the length of the context.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``model, tokens, score``, one row a model and length; rows without a score are left out.
    names : sequence of str
        Models to colour and label; the others are grey.
    width : int
        Pixels in all, 280 to 1200.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, no row has a score, or a name is none of the models'.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", 1000, 90.0), ("a", 120_000, 80.0), ("b", 1000, 60.0), ("b", 120_000, 28.1)]
    >>> frame = pd.DataFrame(rows, columns=["model", "tokens", "score"])
    >>> context_chart(frame, ["b"]).to_dict()["title"]["text"]
    ['At 120k tokens a leads with 80.0; b has 28.1']
    """
    import altair as alt

    known = _usable(frame, "model tokens score", "tokens score", "a chart of context lengths")
    known = known.assign(model=[str(m) for m in known["model"]]).sort_values("tokens", kind="stable")
    wanted = _chosen(known["model"], names)
    plot = _checked(width) - _AXIS - ((220 if width >= _WIDE else 48) if wanted else EDGE)
    height = 340 if width >= _WIDE else 300
    lengths = sorted({float(t) for t in known["tokens"]})
    place = {t: float(i) for i, t in enumerate(lengths)}
    across = axis_of(place.values(), plot, 0.03)
    up = axis_of([0.0, *known["score"]], height, 0.03)
    rows = [
        {
            "model": r["model"],
            "x": place[float(r["tokens"])],
            "tokens": float(r["tokens"]),
            "y": float(r["score"]),
        }
        for r in known.to_dict("records")
    ]
    lines = {m: [r for r in rows if r["model"] == m] for m in dict.fromkeys(r["model"] for r in rows)}
    called = {name: shortened(name, 28 if width >= _WIDE else 40) for name in wanted}
    tones = alt.Scale(
        domain=list(called.values()), range=[LIGHT[_NAMED[i % len(_NAMED)]] for i in range(len(wanted))]
    )
    ends = [lines[name][-1] for name in wanted]
    digits = decimals([r["y"] for r in rows])
    placed = spread([height - up.at(e["y"]) for e in ends], _LINE, 6, height - 6)
    labels = [
        {
            "y": up.value(height - at),
            "words": f"{called[e['model']]} " * (width >= _WIDE) + f"{e['y']:.{digits}f}",
        }
        for e, at in zip(ends, placed, strict=True)
    ]
    x = alt.X("x:Q", axis=None, scale=_scale(across))
    y = _left_axis("score", up)
    tone = alt.Color(
        "name:N", scale=tones, legend=alt.Legend(columns=1) if wanted and width < _WIDE else None
    )
    named = [{**r, "name": called[r["model"]]} for name in wanted for r in lines[name]]
    number = {m: i for i, m in enumerate(lines)}
    grey = [{**r, "line": number[r["model"]]} for r in rows if r["model"] not in called]
    coloured = [{**r, "line": number[r["model"]]} for r in named]
    links = [
        {
            "x": e["x"],
            "y": e["y"],
            "name": called[e["model"]],
            "right": across.value(plot + 8),
            "end": lab["y"],
        }
        for e, lab in zip(ends, labels, strict=True)
    ]
    layers: list[Any] = [
        chart_of(grey)
        .mark_line(color=LIGHT["plain"], strokeWidth=1, opacity=0.4)
        .encode(x=x, y=y, detail="line:N"),
        chart_of(links)
        .mark_rule(strokeWidth=0.8, opacity=0.6)
        .encode(x=x, y=y, x2="right:Q", y2="end:Q", color=tone),
        chart_of(coloured).mark_line(strokeWidth=2.2).encode(x=x, y=y, detail="line:N", color=tone),
        chart_of(coloured).mark_circle(size=30, opacity=1).encode(x=x, y=y, color=tone),
        chart_of(labels).mark_text(x=plot + 11, align="left", **_INK).encode(y=y, text="words:N"),
        *_length_axis(lengths, across, height),
    ]
    says = "Grey: the other models" if grey else "All models"
    return finished(
        layers,
        _context_title(rows, wanted, digits),
        [f"{says}. Lengths stand at equal steps."],
        plot,
        height,
        width - plot,
    )


def _length_axis(lengths: Sequence[float], across: Axis, height: int) -> list[Any]:
    """Lengths written below the plot, as many as there is room for, and what they are."""
    import altair as alt

    every = math.ceil(34 * len(lengths) / across.pixels)
    last = len(lengths) - 1
    marks = [{"x": float(i), "words": _length(t)} for i, t in enumerate(lengths) if (last - i) % every == 0]
    x = alt.X("x:Q", axis=None, scale=_scale(across))
    style = {**_INK, "color": LIGHT["muted"]}
    return [
        chart_of(marks).mark_text(y=height + 12, **style).encode(x=x, text="words:N"),
        chart_of([{"words": "tokens of context"}])
        .mark_text(x=across.pixels / 2, y=height + 30, **style)
        .encode(text="words:N"),
    ]


def _length(tokens: float) -> str:
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if tokens >= size:
            return f"{tokens / size:.4g}{letter}"
    return f"{tokens:g}"


def _context_title(rows: Sequence[dict[str, Any]], wanted: Sequence[str], digits: int) -> str:
    told = [r for r in rows if r["model"] in wanted or not wanted]
    length = max(r["tokens"] for r in told)
    there = [r for r in rows if r["tokens"] == length]
    best = max(there, key=lambda r: r["y"])
    others = sorted((r for r in there if r["model"] in wanted and r is not best), key=lambda r: -r["y"])
    told_of = [
        f"{shortened(r['model'], 36)}{'' if i else ' has'} {r['y']:.{digits}f}" for i, r in enumerate(others)
    ]
    says = _listed(told_of)
    leads = f"At {_length(length)} tokens {shortened(best['model'], 36)} leads with {best['y']:.{digits}f}"
    return f"{leads}; {says}" if says else leads


# -- time ------------------------------------------------------------------------------------------


def _days(frame: pd.DataFrame) -> Any:
    """Dates as dates; what is none raises."""
    try:
        return pd.to_datetime(frame["date"], format="ISO8601")
    except (ValueError, TypeError) as error:
        raise LlamaStyleError(f"the column 'date' needs dates such as 2025-04-05: {error}") from error


def _milliseconds(day: Any) -> float:
    return (pd.Timestamp(day) - pd.Timestamp(0)).total_seconds() * 1000


def _time(axis: Axis, plot: int, days: float) -> alt.X:
    """A horizontal axis of dates; ``x`` is in milliseconds."""
    import altair as alt

    form = "%Y" if days > 900 else "%b %Y" if days > 150 else "%d %b"
    step: Any = "year" if days > 900 else max(3, plot // 80)
    return alt.X(
        "x:T",
        axis=alt.Axis(title=None, format=form, tickCount=step, grid=False),
        scale=alt.Scale(type="utc", domain=axis.domain, nice=False),
    )


def timeline_chart(frame: pd.DataFrame, *, width: int = 760) -> alt.LayerChart:
    """Releases on a time line, with the days from one major version to the next.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``model, date, days_since_major``: days since the major version before; missing where a release is
        no new major version, or the first one.
    width : int
        Pixels in all, 280 to 1200; below 480 the dates beside the names are left out.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or no release has a date.

    Examples
    --------
    >>> import pandas as pd
    >>> dates = pd.to_datetime(["2023-02-24", "2023-07-18", "2024-04-18"])
    >>> rows = pd.DataFrame({"model": ["1", "2", "3"], "date": dates, "days_since_major": [None, 144, 275]})
    >>> timeline_chart(rows).to_dict()["title"]["text"]
    ['Each major version took longer than the one before: 144 and 275 days']
    """
    import altair as alt

    needed(frame, "model date days_since_major", "a time line")
    known = _usable(frame.assign(date=_days(frame)), "model", "date", "a time line")
    known = known.sort_values("date", kind="stable")
    plot = _checked(width) - 2 * EDGE - 10
    spans = dict.fromkeys(
        (r["date"] - pd.Timedelta(days=float(r["days_since_major"])), r["date"], float(r["days_since_major"]))
        for r in known.to_dict("records")
        if r["days_since_major"] == r["days_since_major"] and r["days_since_major"] is not None
    )
    majors = {day for start, end, _ in spans for day in (start, end)}
    axis = axis_of([_milliseconds(d) for d in [*known["date"], *majors]], plot, 0.03)
    dates = [f"{d:%Y-%m-%d}" for d in known["date"]]
    words = [
        shortened(m, 34) + f", {d}" * (width >= _WIDE) for m, d in zip(known["model"], dates, strict=True)
    ]
    at = [axis.at(_milliseconds(d)) for d in known["date"]]
    flags = labels_above(at, words, plot)
    below = 34 if spans else 10
    high = _LINE * (max(level for level, _ in flags) + 1.6)
    up = Axis(-below, high, round(high + below))
    rows = [
        {
            "x": _milliseconds(d), "y": 0.0, "end": _LINE * (level + 0.9), "words": w, "ahead": ahead,
            "major": d in majors, "date": day,
        }
        for d, day, w, (level, ahead) in zip(known["date"], dates, words, flags, strict=True)
    ]  # fmt: skip
    between = [
        {
            "x": _milliseconds(a),
            "right": _milliseconds(b),
            "y": -14.0,
            "words": _between(n, a, b, axis),
            "days": n,
        }
        for a, b, n in spans
    ]
    x = _time(axis, plot, (known["date"].max() - known["date"].min()).days)
    y = alt.Y("y:Q", axis=None, scale=_scale(up))
    layers: list[Any] = [
        chart_of([{"y": 0.0}]).mark_rule(color=LIGHT["muted"]).encode(y=y),
        chart_of(rows).mark_rule(color=LIGHT["total"]).encode(x=x, y=y, y2="end:Q"),
        chart_of(between).mark_rule(color=LIGHT["down"], strokeWidth=2).encode(x=x, y=y, x2="right:Q"),
        chart_of([{"x": b[k], "y": -10.0, "end": -18.0} for b in between for k in ("x", "right")])
        .mark_rule(color=LIGHT["down"], strokeWidth=1.5)
        .encode(x=x, y=y, y2="end:Q"),
        chart_of([{"x": (b["x"] + b["right"]) / 2, "y": -26.0, "words": b["words"]} for b in between])
        .mark_text(**_INK)
        .encode(x=x, y=y, text="words:N"),
        *(
            chart_of([r for r in rows if r["major"] is major])
            .mark_circle(size=size, opacity=1, color=LIGHT[tone])
            .encode(x=x, y=y)
            for major, size, tone in ((False, 40, "plain"), (True, 90, "down"))
        ),
        *_sided(rows, x, alt.Y("end:Q", axis=None, scale=_scale(up))),
    ]
    said = "Large dots are major versions" + ("; below, the days from one to the next." if spans else ".")
    return finished(
        layers, _timeline_title(known, spans), [said] if spans else [], plot, up.pixels, width - plot
    )


def _between(days: float, start: Any, end: Any, axis: Axis) -> str:
    room = axis.at(_milliseconds(end)) - axis.at(_milliseconds(start))
    long = f"{days:.0f} days"
    return long if room_of(long) <= room + 10 else f"{days:.0f}"


def _timeline_title(known: pd.DataFrame, spans: Collection[tuple[Any, Any, float]]) -> str:
    if not spans:
        first, last = known["date"].iloc[0], known["date"].iloc[-1]
        return f"{len(known)} {'release' if len(known) == 1 else 'releases'} from {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    days = [d for *_, d in spans]
    says = f"{_listed([f'{d:.0f}' for d in days])} days"
    if len(days) > 1 and all(a < b for a, b in pairwise(days)):
        return f"Each major version took longer than the one before: {says}"
    return f"From one major version to the next: {says}"


# -- selection -------------------------------------------------------------------------------------


def selection_chart(
    frame: pd.DataFrame, *, sd_between: float | None = None, width: int = 760
) -> alt.LayerChart:
    """What reporting the best of several variants adds, by how many there were.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``n_variants, gain, gain_low, gain_high, real, noise`` as from `selection_inflation`; the ends of the
        range may be missing.
    sd_between : float, optional
        The spread between variants that was assumed, for the title.
    width : int
        Pixels in all, 280 to 1200.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, or no row has a gain.

    Examples
    --------
    >>> import llamastyle as ls
    >>> chart = selection_chart(ls.selection_inflation([1, 5, 27], sd_between=15, se=6))
    >>> chart.to_dict()["title"]["text"]
    ['The best of 27 variants is reported 32.3 points above one alone; 27.8 of them are real']
    """
    import altair as alt

    columns = "n_variants gain gain_low gain_high real noise"
    known = _usable(frame, columns, "n_variants gain real noise", "a chart of selection")
    known = known.sort_values("n_variants", kind="stable")
    plot = _checked(width) - _AXIS - EDGE
    height = 280
    records: list[dict[Any, Any]] = known.to_dict("records")
    kinds = ["real", "noise"]
    values = [float(r[k]) for r in records for k in ("gain", "gain_low", "gain_high", "real")]
    up = axis_of([0.0, *values], height, 0.06)
    band = plot / len(records)
    rows = [
        {
            "x": i + 0.5, "left": i + 0.15, "right": i + 0.85, "n": int(r["n_variants"]), "y": float(r["gain"]),
            "low": float(r["gain_low"]), "high": float(r["gain_high"]), "real": float(r["real"]),
            "noise": float(r["noise"]), "words": _minus(float(r["gain"]), 1), "count": f"{int(r['n_variants'])}",
        }
        for i, r in enumerate(records)
    ]  # fmt: skip
    across = Axis(0.0, float(len(rows)), plot)
    x = alt.X("left:Q", axis=None, scale=_scale(across))
    middle = alt.X("x:Q", axis=None, scale=_scale(across))
    y = _left_axis(f"gain, {POINTS}", up)
    tones = alt.Scale(domain=kinds, range=[LIGHT["controlled"], LIGHT["down"]])
    shown = alt.Color("kind:N", scale=tones, legend=alt.Legend())
    bars = [{**r, "y": 0.0, "end": r["real"], "kind": "real"} for r in rows]
    bars += [{**r, "y": r["real"], "end": r["real"] + r["noise"], "kind": "noise"} for r in rows]
    certain = [{**r, "y": r["low"], "end": r["high"]} for r in rows if math.isfinite(r["low"] + r["high"])]
    every = math.ceil(26 / band)
    told = [r for i, r in enumerate(rows) if (len(rows) - 1 - i) % every == 0]
    muted = {**_INK, "color": LIGHT["muted"]}
    layers: list[Any] = [
        chart_of(bars).mark_rect(opacity=0.85).encode(x=x, x2="right:Q", y=y, y2="end:Q", color=shown),
        chart_of(certain).mark_rule(color=LIGHT["ink"], strokeWidth=1.2).encode(x=middle, y=y, y2="end:Q"),
        chart_of([{"y": 0.0}]).mark_rule(color=LIGHT["muted"]).encode(y=y),
        chart_of(told).mark_text(y=height + 12, **muted).encode(x=middle, text="count:N"),
        chart_of([{"words": "variants tested"}])
        .mark_text(x=plot / 2, y=height + 30, **muted)
        .encode(text="words:N"),
    ]
    if band >= 62:
        layers.append(
            chart_of(rows).mark_text(align="left", dx=4, dy=-8, **_INK).encode(x=middle, y=y, text="words:N")
        )
    last = rows[-1]
    title = (
        f"The best of {last['n']} variants is reported {last['y']:.1f} points above one alone;"
        f" {last['real']:.1f} of them are real"
    )
    if sd_between is not None:
        title = f"If variants differ by {sd_between:g} points (sd): {title[:1].lower()}{title[1:]}"
    said = "Real: the variant picked is better by so much; noise would not come again in a new measurement"
    said += "; lines are the range from one selection to the next." if certain else "."
    return finished(layers, title, [said], plot, height, width - plot)


# -- ranks -----------------------------------------------------------------------------------------


def rank_chart(frame: pd.DataFrame, *, width: int = 760) -> alt.LayerChart:
    """Displayed ranks of one or two models over time, the best on top; dashed with style controlled.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``date, model, rank, rank_style_controlled``; ranks may be missing. A line is broken where its model
        has no row on a date on which the other one has.
    width : int
        Pixels in all, 280 to 1200.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    LlamaStyleError
        A column is missing, no row has a date and a rank, or there are more than two models.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"date": ["2025-04-06"], "model": ["m"], "rank": [2], "rank_style_controlled": [7]}
    >>> rank_chart(pd.DataFrame(rows)).to_dict()["title"]["text"]
    ['Rank as voted → with style controlled: m 2 → 7 (2025-04-06)']
    """
    import altair as alt

    needed(frame, "date model rank rank_style_controlled", "a chart of ranks")
    known = _usable(frame.assign(date=_days(frame)), "model", "date rank", "a chart of ranks")
    known = known.sort_values("date", kind="stable")
    models = list(dict.fromkeys(str(m) for m in known["model"]))
    if len(models) > 2:
        raise LlamaStyleError(
            f"a chart of ranks shows one or two models and this frame has {len(models)}; choose two"
        )
    beside = 96
    plot = _checked(width) - _AXIS - beside
    height = 320 if width >= _WIDE else 280
    marks = _ranked(known, models)
    lowest = max(r["y"] for r in marks)
    pad = max(0.04 * (lowest - 1), 0.5)
    down = Axis(1 - pad, lowest + pad, height)
    across = axis_of([r["x"] for r in marks], plot, 0.03)
    called = {m: shortened(m, 44) for m in models}
    tones = alt.Scale(domain=list(called.values()), range=[LIGHT["down"], LIGHT["controlled"]][: len(models)])
    kinds = ("as voted", "style controlled")
    lines = [[r for r in marks if r["model"] == m and r["kind"] == k] for m in models for k in kinds]
    ends = [line[-1] for line in lines if line]
    placed = spread([down.at(e["y"]) for e in ends], 13, 6, height - 6)
    labels = [
        {"y": down.value(p), "words": f"{'controlled' if e['kind'] == kinds[1] else 'voted'} {e['y']:.0f}"}
        for e, p in zip(ends, placed, strict=True)
    ]
    links = [
        {**e, "right": across.value(plot + 8), "end": lab["y"], "name": called[e["model"]]}
        for e, lab in zip(ends, labels, strict=True)
    ]
    x = _time(across, plot, (across.high - across.low) / 86_400_000)
    y = _left_axis("rank", down, down=True, format="d", values=_rank_ticks(lowest))
    tone = alt.Color("name:N", scale=tones, legend=alt.Legend(columns=0 if width >= _WIDE else 1))
    coloured = [{**r, "name": called[r["model"]]} for r in marks]
    layers: list[Any] = [
        chart_of(links)
        .mark_rule(strokeWidth=0.8, opacity=0.5)
        .encode(x=x, y=y, x2="right:Q", y2="end:Q", color=tone),
    ]
    dashes: tuple[dict[str, Any], ...] = ({}, {"strokeDash": [4, 3]})
    for kind, dash in zip(kinds, dashes, strict=True):
        own = [r for r in coloured if r["kind"] == kind]
        if own:
            line = chart_of(own).mark_line(strokeWidth=1.8, **dash)
            layers.append(line.encode(x=x, y=y, detail="piece:N", color=tone))
            layers.append(chart_of(own).mark_circle(size=26, opacity=1).encode(x=x, y=y, color=tone))
    layers.append(chart_of(labels).mark_text(x=plot + 11, align="left", **_INK).encode(y=y, text="words:N"))
    said = "Solid as voted, dashed with style controlled; the best rank on top."
    return finished(layers, _rank_title(known, models), [said], plot, height, width - plot)


def _rank_ticks(lowest: float) -> list[int]:
    """The first rank, then round ones."""
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**6) if lowest / s <= 7)
    return [1, *(r for r in range(step, int(lowest) + 1, step) if r > 1)]


def _ranked(known: pd.DataFrame, models: Sequence[str]) -> list[dict[str, Any]]:
    """One mark a model, date and kind of rank; ``piece`` counts the unbroken pieces of lines."""
    dates = list(dict.fromkeys(known["date"]))
    out: list[dict[str, Any]] = []
    piece = 0
    for model in models:
        own: dict[Any, Any] = {r["date"]: r for r in known.to_dict("records") if str(r["model"]) == model}
        for kind, column in (("as voted", "rank"), ("style controlled", "rank_style_controlled")):
            piece += 1
            for day in dates:
                value = own[day][column] if day in own else math.nan
                if pd.isna(value):
                    piece += 1
                    continue
                out.append(
                    {"model": model, "kind": kind, "x": _milliseconds(day), "y": float(value), "piece": piece}
                )
    return out


def _rank_title(known: pd.DataFrame, models: Sequence[str]) -> str:
    parts: list[str] = []
    for model in models:
        first: dict[Any, Any] = next(r for r in known.to_dict("records") if str(r["model"]) == model)
        other = first["rank_style_controlled"]
        controlled = "" if pd.isna(other) else f" → {other:.0f}"
        parts.append(f"{shortened(model, 40)} {first['rank']:.0f}{controlled} ({first['date']:%Y-%m-%d})")
    return f"Rank as voted → with style controlled: {'; '.join(parts)}"
