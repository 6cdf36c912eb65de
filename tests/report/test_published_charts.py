"""Charts of published figures: what is drawn is what the frames say, labels do not collide, names stay data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.report import published_charts as published
from llamastyle.report.colours import LIGHT
from llamastyle.report.svg import inline_svg
from tests.report.hostile import NAMES
from tests.report.test_charts import drawn, marks_of, strings, texts_of

NAN = float("nan")


def gaps():
    return pd.DataFrame(
        {
            "category": ["coding", "full", "creative_writing"],
            "gap_raw": [117.6, 129.9, 153.8],
            "raw_low": [95.4, 120.3, NAN],
            "raw_high": [139.8, 139.5, NAN],
            "gap_controlled": [66.3, 52.3, 53.9],
            "controlled_low": [43.5, 42.2, 31.5],
            "controlled_high": [89.2, 62.3, 76.4],
        }
    )


def differences(names=("a", "b", "c", "d", "e")):
    return pd.DataFrame({"model": list(names), "difference": [12.0, -3.0, 109.6, 12.6, 40.0][: len(names)]})


def diverging(name="m4"):
    rows = [{"model": f"m{i}", "coding": i, "maths": i + i % 2, "arena": 1200 + 10.0 * i + i % 3} for i in range(12)]
    rows[4] |= {"model": name, "arena": rows[4]["arena"] + 90}
    return ls.divergence(rows, "arena")


def contexts(name="b"):
    rows = [("a", 0, 100.0), ("a", 120_000, 80.0), (name, 0, 75.0), (name, 120_000, 28.1), ("c", 0, 50.0)]
    return pd.DataFrame([*rows, ("c", 120_000, NAN)], columns=["model", "tokens", "score"])


def releases(name="Four"):
    dates = ["2023-02-24", "2023-07-18", "2024-04-18", "2024-07-23", "2025-04-05", "2025-04-05"]
    days = [NAN, 144, 275, NAN, 352, 352]
    models = ["One", "Two", "Three", "Three point one", name, "Four, the other"]
    return pd.DataFrame({"model": models, "date": pd.to_datetime(dates), "days_since_major": days})


def ranks(name="x"):
    return pd.DataFrame(
        {
            "date": ["2025-04-06", "2025-04-11", "2025-04-11", "2025-04-18", "2025-07-27", "2025-07-27"],
            "model": [name, name, "y", "y", "y", name],
            "rank": [2, 2, 35, 35, 80, 8],
            "rank_style_controlled": [7, NAN, 26, 24, 74, 6],
        }
    )


def selections():
    return ls.selection_inflation([1, 5, 27], sd_between=15, se=6)


CHARTS = {
    "gap": (published.gap_chart, gaps),
    "standing": (published.standing_chart, differences),
    "divergence": (published.divergence_chart, diverging),
    "context": (published.context_chart, contexts),
    "timeline": (published.timeline_chart, releases),
    "selection": (published.selection_chart, selections),
    "rank": (published.rank_chart, ranks),
}
EVERY = pytest.mark.parametrize(("draw", "frame"), CHARTS.values(), ids=CHARTS)


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"])


def said(chart):
    return " ".join(chart.to_dict()["title"]["subtitle"])


# ---------------------------------------------------------------- all of them


@EVERY
@pytest.mark.parametrize("width", [280, 340, 760, 1200])
def test_they_are_drawn_as_wide_as_asked(draw, frame, width):
    svg = drawn(draw(frame(), width=width))
    assert abs(float(svg.split('width="')[1].split('"')[0]) - width) <= 45


@pytest.mark.parametrize("width", [340, 760])
@pytest.mark.parametrize("kind", ["standing", "divergence", "context"])
def test_every_model_may_be_named(kind, width):
    draw, frame = CHARTS[kind]
    svg = drawn(draw(frame(), list(dict.fromkeys(frame()["model"])), width=width))
    assert abs(float(svg.split('width="')[1].split('"')[0]) - width) <= (190 if kind == "context" else 45)


@EVERY
def test_one_row_is_enough(draw, frame):
    for width in (340, 760):
        svg = drawn(draw(frame().iloc[:1], width=width))
        assert abs(float(svg.split('width="')[1].split('"')[0]) - width) <= 45


@EVERY
def test_all_colours_are_recoloured_for_dark_paper(draw, frame):
    svg = inline_svg(draw(frame()).to_dict(), "x")
    assert "#" not in svg.replace("&#", "")
    assert not set(LIGHT.values()) & set(svg.split('"'))


@EVERY
def test_the_order_of_rows_changes_nothing_that_is_said(draw, frame):
    assert title(draw(frame().iloc[::-1])) == title(draw(frame())) or draw is published.rank_chart


@EVERY
def test_a_missing_column_is_named(draw, frame):
    unused = ["note", "scores", "spread", "p_floor", *(["score"] if draw is published.divergence_chart else [])]
    for column in frame().columns.difference(unused):
        with pytest.raises(ls.LlamaStyleError, match=f"needs the columns {column}, which"):
            draw(frame().drop(columns=column))


@EVERY
def test_frames_without_figures_are_refused(draw, frame):
    empty = frame().iloc[:0]
    with pytest.raises(ls.LlamaStyleError, match="needs a row with"):
        draw(empty)
    blank = frame()
    numbers = blank.select_dtypes(["number", "datetime"]).columns
    with pytest.raises(ls.LlamaStyleError, match="needs a row with"):
        draw(blank.assign(**{c: pd.NaT if c == "date" else np.nan for c in numbers}))


@EVERY
@pytest.mark.parametrize("width", [279, 1201, "wide", True])
def test_widths_out_of_bounds_are_refused(draw, frame, width):
    with pytest.raises(ls.LlamaStyleError):
        draw(frame(), width=width)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("kind", ["gap", "standing", "divergence", "context", "timeline", "rank"])
def test_hostile_names_are_data_only(kind, name):
    draw, frame = CHARTS[kind]
    if kind == "gap":
        chart = draw(gaps().assign(category=["coding", "full", name]))
    elif kind == "standing":
        chart = draw(differences(["a", "b", name, "d", "e"]), [name])
    elif kind in ("divergence", "context"):
        chart = draw(frame(name), [name])
    else:
        chart = draw(frame(name))
    spec = chart.to_dict()
    inside = {path for value, path in strings(spec) if len(name) > 20 and name[:12] in value}
    assert not [p for p in inside if "expr" in p or "test" in p or "labelExpr" in p]
    svg = inline_svg(spec, name)
    assert "<script" not in svg
    assert "onerror=alert(1)>" not in svg
    assert texts_of(drawn(chart))


@pytest.mark.parametrize("kind", ["standing", "divergence", "context"])
def test_a_name_that_is_not_there_is_refused_with_the_nearest(kind):
    draw, frame = CHARTS[kind]
    with pytest.raises(ls.LlamaStyleError, match="'aa' has no figures in this frame; near are 'a'"):
        draw(frame().replace({"model": {"m1": "a"}}), ["aa"])


# ---------------------------------------------------------------- gap


def test_gap_draws_the_figures_of_the_frame_in_order():
    spec = published.gap_chart(gaps()).to_dict()
    want = gaps().sort_values("gap_raw", ascending=False)
    links = marks_of(spec, "bar")[0]
    np.testing.assert_allclose([r["value"] for r in links], want["gap_raw"])
    np.testing.assert_allclose([r["end"] for r in links], want["gap_controlled"])
    lines = [rows for rows in marks_of(spec, "rule") if "low" in rows[0]]
    np.testing.assert_allclose([r["low"] for r in lines[0]], want["raw_low"].dropna())
    np.testing.assert_allclose([r["high"] for r in lines[1]], want["controlled_high"])
    shown = texts_of(drawn(published.gap_chart(gaps())))
    assert {"129.9 → 52.3 (60 % gone)", "creative writing"} <= set(shown)


def test_gap_says_what_it_found():
    assert title(published.gap_chart(gaps())) == (
        "Style control takes 44 to 65 % of the gap away: least in coding, most in creative writing"
    )
    assert title(published.gap_chart(gaps().head(2).assign(gap_controlled=[130.0, -20.0]))) == (
        "Style control makes the gap smaller in 1 of 2 categories"
    )
    alone = published.gap_chart(gaps().assign(gap_controlled=[NAN, 52.3, NAN]))
    assert title(alone) == "Style control takes 60 % of the gap away: 129.9 → 52.3 points"
    assert "2 without both gaps left out" in said(alone)
    assert "lines are intervals" in said(alone)
    bare = gaps().assign(**dict.fromkeys(["raw_low", "raw_high", "controlled_low", "controlled_high"], NAN))
    assert "intervals" not in said(published.gap_chart(bare))


# ---------------------------------------------------------------- standing


def test_standing_has_a_dot_a_model_at_its_value():
    spec = published.standing_chart(differences(), ["c"]).to_dict()
    dots = [r for rows in marks_of(spec, "circle") for r in rows]
    assert {r["model"]: r["value"] for r in dots} == dict(differences().itertuples(index=False))
    assert len(dots) == 5
    assert marks_of(spec, "rule")[0][0]["value"] == 12.6
    assert "c 109.6" in texts_of(drawn(published.standing_chart(differences(), ["c"])))


def test_standing_says_the_place():
    assert title(published.standing_chart(differences(), ["e"])).startswith("e stands 27.4 points from the median model, the 2nd")
    assert title(published.standing_chart(differences(), ["b"])).startswith("b stands −15.6 points from the median model, the 5th")
    missing = differences().assign(difference=[NAN, -3.0, 109.6, 12.6, 40.0])
    assert "1 without one left out" in said(published.standing_chart(missing))


def test_dots_do_not_lie_on_each_other():
    values = np.random.default_rng(1).normal(0, 5, 300)
    frame = pd.DataFrame({"model": [f"m{i}" for i in range(300)], "difference": values})
    spec = published.standing_chart(frame).to_dict()
    places = [(r["level"], r["value"]) for rows in marks_of(spec, "circle") for r in rows]
    assert len({level for level, _ in places}) > 3
    assert len(set(places)) == 300


# ---------------------------------------------------------------- divergence


def test_divergence_draws_measured_and_expected():
    found = diverging()
    spec = published.divergence_chart(found, ["m7"]).to_dict()
    dots = max(marks_of(spec, "circle"), key=len)
    want = found.sort_values("excess", ascending=False)
    np.testing.assert_allclose([r["x"] for r in dots], want["index"])
    np.testing.assert_allclose([r["y"] for r in dots], want["target"])
    line = marks_of(spec, "line")[0]
    np.testing.assert_allclose([r["y"] for r in line], found.sort_values("index", kind="stable")["expected"])
    labels = [r["words"].split()[0] for rows in marks_of(spec, "text") for r in rows]
    assert set(labels) == {"m7", *want["model"].head(2)}


def test_divergence_says_who_stands_apart():
    found = diverging().set_index("model")
    row = found.loc["m4"]
    says = f"m4 has {row['target']:.0f} where the benchmarks warrant {row['expected']:.0f} (p = {row['p_value']:.3f})"
    assert title(published.divergence_chart(diverging())) == says
    assert title(published.divergence_chart(diverging(), "m7")).startswith("m7 has ")
    thin = diverging()
    thin.loc[3, "expected"] = NAN
    assert "1 without figures left out" in said(published.divergence_chart(thin))


# ---------------------------------------------------------------- context


def test_context_draws_the_scores_of_all_models():
    spec = published.context_chart(contexts(), ["b"]).to_dict()
    lines = marks_of(spec, "line")
    drawn_ = {(r["model"], r["tokens"]): r["y"] for rows in lines for r in rows}
    assert drawn_ == {(m, t): s for m, t, s in contexts().dropna().itertuples(index=False)}
    assert title(published.context_chart(contexts(), ["b"])) == "At 120k tokens a leads with 80.0; b has 28.1"
    shown = texts_of(drawn(published.context_chart(contexts(), ["b"])))
    assert {"0", "120k", "b 28.1"} <= set(shown)
    assert title(published.context_chart(contexts())) == "At 120k tokens a leads with 80.0"


# ---------------------------------------------------------------- time line


def test_time_line_says_the_days_between_majors():
    spec = published.timeline_chart(releases()).to_dict()
    spans = [r for rows in marks_of(spec, "rule") for r in rows if "days" in r]
    assert [r["days"] for r in spans] == [144, 275, 352]
    day = 86_400_000
    assert [(r["right"] - r["x"]) / day for r in spans] == [144, 275, 352]
    dots = {r["words"].split(", 2")[0]: r for rows in marks_of(spec, "circle") for r in rows}
    assert {name for name, r in dots.items() if r["major"]} == {"One", "Two", "Three", "Four", "Four, the other"}
    assert title(published.timeline_chart(releases())) == (
        "Each major version took longer than the one before: 144, 275 and 352 days"
    )
    shown = texts_of(drawn(published.timeline_chart(releases())))
    assert {"144 days", "352 days", "Two, 2023-07-18"} <= set(shown)


def test_time_line_without_majors_and_with_bad_dates():
    plain = releases().assign(days_since_major=NAN)
    assert title(published.timeline_chart(plain)) == "6 releases from 2023-02-24 to 2025-04-05"
    with pytest.raises(ls.LlamaStyleError, match="the column 'date' needs dates such as"):
        published.timeline_chart(releases().assign(date="soon"))


# ---------------------------------------------------------------- selection


def test_selection_splits_the_gain():
    frame = selections()
    spec = published.selection_chart(frame).to_dict()
    bars = marks_of(spec, "rect")[0]
    np.testing.assert_allclose([r["end"] - r["y"] for r in bars if r["kind"] == "real"], frame["real"])
    np.testing.assert_allclose([r["end"] - r["y"] for r in bars if r["kind"] == "noise"], frame["noise"], atol=1e-12)
    np.testing.assert_allclose([r["end"] for r in bars if r["kind"] == "noise"], frame["gain"])
    lines = marks_of(spec, "rule")[0]
    np.testing.assert_allclose([(r["y"], r["end"]) for r in lines], frame[["gain_low", "gain_high"]])
    bare = frame.assign(gain_low=NAN, gain_high=NAN)
    assert "lines are" not in said(published.selection_chart(bare))


# ---------------------------------------------------------------- ranks


def test_ranks_are_drawn_and_broken_where_a_model_was_not_there():
    spec = published.rank_chart(ranks()).to_dict()
    voted, controlled = marks_of(spec, "line")
    assert [(r["model"], r["y"]) for r in voted] == [("x", 2), ("x", 2), ("x", 8), ("y", 35), ("y", 35), ("y", 80)]
    assert [r["y"] for r in controlled] == [7, 6, 26, 24, 74]
    x = [r["piece"] for r in voted if r["model"] == "x"]
    assert x[0] == x[1] != x[2]
    assert len({r["piece"] for r in voted if r["model"] == "y"}) == 1
    dashes = [layer["mark"].get("strokeDash") for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    assert dashes == [None, [4, 3]]
    assert "stroke-dasharray" in inline_svg(spec, "x")


def test_the_best_rank_is_on_top_and_more_than_two_models_are_refused():
    spec = published.rank_chart(ranks()).to_dict()
    scales = [layer["encoding"]["y"].get("scale", {}) for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    assert all(scale["reverse"] and scale["domain"][0] < 1 for scale in scales)
    assert title(published.rank_chart(ranks())) == (
        "Rank as voted → with style controlled: x 2 → 7 (2025-04-06); y 35 → 26 (2025-04-11)"
    )
    with pytest.raises(ls.LlamaStyleError, match="one or two models and this frame has 3"):
        published.rank_chart(pd.concat([ranks(), ranks("z")]))
