"""Charts: what they draw is what the frames say, and names stay data."""

from __future__ import annotations

import pickle
from xml.etree import ElementTree

import altair as alt
import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.report import charts
from llamastyle.report.labels import shortened
from llamastyle.report.tables import clean
from tests.report.hostile import NAMES


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(3000, 6, style={"words": 0.8, "bold": 0.2, "emoji": 0.1}, seed=2).battles)


def some_ratings(names):
    n = len(names)
    plain = np.linspace(1200, 900, n)
    return pd.DataFrame(
        {
            "model": list(names),
            "rating_plain": plain,
            "rating_plain_low": plain - 10,
            "rating_plain_high": plain + 10,
            "rating_raw": plain + 1,
            "rating": plain + np.where(np.arange(n) % 2, 7, -9),
            "conf_low": plain - 20,
            "conf_high": plain + 20,
        }
    )


def some_parts(features=("words", "bold")):
    blank = {"group": "", "term": ""}
    rows = [
        {"block": "strength", **blank, "estimate": 30.0},
        {"block": "style", **blank, "estimate": 12.0},
        {"block": "style", "group": "length", "term": "", "estimate": 20.0},
        {"block": "style", "group": "markdown", "term": "", "estimate": -8.0},
        {"block": "style", "group": "length", "term": features[0], "estimate": 15.0},
        {"block": "style", "group": "length", "term": "chars", "estimate": 5.0},
        {"block": "style", "group": "markdown", "term": features[1], "estimate": -8.0},
        {"block": "position", **blank, "estimate": 1.0},
        {"block": "total", **blank, "estimate": 43.0},
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(conf_low=frame["estimate"] - 3, conf_high=frame["estimate"] + 3)


def rows_of(spec):
    """Every row of every layer's data."""
    named = spec.get("datasets", {})
    found = []
    for layer in spec["layer"]:
        data = layer["data"]
        found.append(data["values"] if "values" in data else named[data["name"]])
    return found


def marks_of(spec, mark):
    return [rows for layer, rows in zip(spec["layer"], rows_of(spec), strict=True) if layer["mark"]["type"] == mark]


def texts_of(svg):
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("}text")]


def drawn(chart):
    import vl_convert

    return vl_convert.vegalite_to_svg(chart.to_dict())


def strings(node, path=()):
    """Every string of a specification, with where it stands."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key, (*path, "key")
            yield from strings(value, (*path, key))
    elif isinstance(node, list):
        for value in node:
            yield from strings(value, path)
    elif isinstance(node, str):
        yield node, path


# ---------------------------------------------------------------- ladder


def test_ladder_draws_the_ratings_in_order(result):
    ratings = result.ratings()
    spec = charts.ladder(ratings.sample(frac=1, random_state=1)).to_dict()
    links = marks_of(spec, "bar")[0]
    np.testing.assert_allclose([r["value"] for r in links], ratings["rating_plain"])
    np.testing.assert_allclose([r["end"] for r in links], ratings["rating"])
    assert [r["row"] for r in links] == list(range(len(ratings)))
    low = [[r["low"] for r in rows] for rows in marks_of(spec, "rule")]
    np.testing.assert_allclose(low, [ratings["rating_plain_low"], ratings["conf_low"]])


def test_ladder_counts_the_models_it_leaves_out():
    ratings = some_ratings(["a", "b", "c", "d"])
    ratings.loc[[1, 3], ["rating", "rating_plain"]] = np.nan
    spec = charts.ladder(ratings, control="style and correctness").to_dict()
    said = " ".join(spec["title"]["subtitle"])
    assert "2 models" in said
    assert "2 without a rating are left out" in said
    assert "equal style and correctness" in said
    assert len(marks_of(spec, "bar")[0]) == 2
    with pytest.raises(ls.LlamaStyleError, match="a model with a rating"):
        charts.ladder(ratings.iloc[[1]])


def test_ladder_names_the_model_that_moves_most():
    ratings = some_ratings(["a", "b", "c"])
    ratings.loc[1, "rating"] = ratings.loc[1, "rating_plain"] - 88.0
    assert charts.ladder(ratings).to_dict()["title"]["text"] == ["Controlling for style moves b most: 1050 to 962"]


@pytest.mark.parametrize("count", [1, 2, 100])
@pytest.mark.parametrize("width", [340, 760])
def test_every_name_is_drawn_and_nothing_overlaps(count, width):
    names = [f"model-{i:03d}-with-a-rather-long-name-{i:03d}" for i in range(count)]
    svg = drawn(charts.ladder(some_ratings(names), most=count, width=width))
    shown = [t for t in texts_of(svg) if t.startswith("model-") and "most" not in t]
    room = (200 if width >= 480 else 118) // 7
    assert sorted(shown) == [shortened(name, room) for name in names]
    assert len(set(shown)) == count
    height = float(ElementTree.fromstring(svg).get("height"))
    assert height >= 14 * count


# ---------------------------------------------------------------- waterfall


def test_bars_begin_where_the_last_one_ends():
    spec = charts.waterfall(some_parts(), "m").to_dict()
    bars = {r["name"].strip(): r for rows in marks_of(spec, "bar") for r in rows}
    edges = {name: (r["start"], r["end"]) for name, r in bars.items()}
    assert edges == {
        "strength": (0, 30),
        "style": (30, 42),
        "length": (30, 50),
        "words": (30, 45),
        "chars": (45, 50),
        "markdown: bold": (50, 42),
        "position": (42, 43),
        "total": (0, 43),
    }
    assert (bars["words"]["low"], bars["words"]["high"]) == (42, 48)
    assert [r["level"] for rows in marks_of(spec, "bar") for r in rows] == [0, 0, 1, 2, 2, 1, 0, 0]
    figures = {r["name"].strip(): r["figures"] for rows in marks_of(spec, "text") for r in rows}
    assert figures["markdown: bold"] == "−8.0 [−11.0, −5.0]"


def test_win_rates_are_shown_in_points():
    parts = some_parts()
    numbers = ["estimate", "conf_low", "conf_high"]
    parts[numbers] /= 100
    spec = charts.waterfall(parts, "m", unit="win_rate").to_dict()
    bars = {r["name"]: r for rows in marks_of(spec, "bar") for r in rows}
    assert bars["total"]["end"] == pytest.approx(43)
    assert "points of win rate" in " ".join(spec["title"]["subtitle"])
    with pytest.raises(ls.LlamaStyleError, match="rating, win_rate"):
        charts.waterfall(parts, unit="percent")


def test_parts_that_do_not_add_up_are_refused():
    parts = some_parts()
    parts.loc[parts["block"] == "position", "estimate"] = 2.0
    with pytest.raises(ls.LlamaStyleError, match="add up to 44 and the total is 43"):
        charts.waterfall(parts)
    with pytest.raises(ls.LlamaStyleError, match="'total'"):
        charts.waterfall(some_parts().iloc[:-1])
    with pytest.raises(ls.LlamaStyleError, match="of 2; choose one"):
        charts.waterfall(pd.concat([some_parts().assign(model="a"), some_parts().assign(model="b")]))
    with pytest.raises(ls.LlamaStyleError, match="conf_low"):
        charts.waterfall(some_parts().drop(columns="conf_low"))


@pytest.mark.parametrize("scale", ["rating", "win_rate"])
def test_real_accounts_and_comparisons_are_taken(result, scale):
    parts = result.decompose(scale=scale)
    for model in result.battles.models:
        rows = parts[parts["model"] == model]
        spec = charts.waterfall(rows, model, unit=scale).to_dict()
        total = rows[rows["block"] == "total"].iloc[0]
        bar = next(r for layer in marks_of(spec, "bar") for r in layer if r["name"] == "total")
        assert bar["end"] == pytest.approx(total["estimate"] * (100 if scale == "win_rate" else 1))
        said = " ".join(spec["title"]["subtitle"])
        assert ("share" in said) == np.isfinite(total["share"])
    gap = result.compare("model-01", "model-02", scale=scale)
    names = [r["name"] for layer in marks_of(charts.waterfall(gap, "gap", unit=scale).to_dict(), "bar") for r in layer]
    assert set(gap["block"]) <= set(names)


def test_no_interval_no_line():
    parts = some_parts()
    parts.loc[0, ["conf_low", "conf_high"]] = np.nan
    spec = charts.waterfall(parts).to_dict()
    assert all("strength" not in {r.get("name") for r in rows} for rows in marks_of(spec, "rule"))
    assert "30.0 [" not in drawn(charts.waterfall(parts))


# ---------------------------------------------------------------- prices


def test_prices_say_what_is_clear_of_zero():
    tidy = pd.DataFrame(
        {
            "term": ["words", "bold", "headers", "correctness", "strength[a]"],
            "group": ["length", "markdown", "markdown", "correctness", ""],
            "block": ["style", "style", "style", "correctness", "strength"],
            "estimate": [-0.5, 0.2, 0.3, 0.9, 5.0],
            "conf_low": [-0.6, -0.1, 0.1, 0.8, 4.0],
            "conf_high": [-0.4, 0.5, 0.5, 1.0, 6.0],
        }
    )
    spec = charts.prices(tidy).to_dict()
    dots = marks_of(spec, "circle")[0]
    assert [r["name"] for r in dots] == ["words", "headers", "bold", "correctness"]
    assert spec["title"]["text"] == ["Intervals that leave zero out: 2 of 3 features, 1 with winning and 1 with losing"]
    assert "not allowing for how many there are" in " ".join(spec["title"]["subtitle"])
    none = charts.prices(tidy[tidy["term"] == "bold"]).to_dict()
    assert none["title"]["text"] == ["No feature's interval leaves zero out"]
    with pytest.raises(ls.LlamaStyleError, match="no strength"):
        charts.prices(tidy[tidy["block"] == "strength"])


# ---------------------------------------------------------------- all


@pytest.mark.parametrize("width", [100, 100_000])
def test_a_width_out_of_bounds_is_refused(width):
    for draw in (
        lambda: charts.ladder(some_ratings(["a", "b"]), width=width),
        lambda: charts.waterfall(some_parts(), width=width),
    ):
        with pytest.raises(ls.LlamaStyleError, match="between 280 and 4000"):
            draw()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_names_are_data_and_stay_text(name):
    tidy = pd.DataFrame(
        {"term": [name, "b"], "group": [name, "length"], "block": "style", "estimate": [1.0, 2.0], "conf_low": 0.5}
    ).assign(conf_high=3.0)
    many = {
        "ladder": charts.ladder(some_ratings([name, "other"])),
        "waterfall": charts.waterfall(some_parts((name, name)), name),
        "prices": charts.prices(tidy),
    }
    shown = clean(name)
    for kind, chart in many.items():
        spec = chart.to_dict()
        for text, path in strings(spec):
            if shown[:6] in text:
                known = {"values", "datasets", "title", "text", "subtitle", "domain"}
                assert known & set(path), (kind, path)
                assert not {"expr", "signal", "filter", "calculate", "test", "labelExpr"} & set(path)
        svg = drawn(chart)
        tags = {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(svg).iter()}
        assert tags <= {"svg", "g", "path", "line", "rect", "text", "tspan"}
        attributes = {a for e in ElementTree.fromstring(svg).iter() for a in e.attrib}
        assert not [a for a in attributes if a.startswith("on") or "href" in a]
        assert any(t and shown.startswith(t.split("…")[0][:10]) for t in texts_of(svg))


def test_pictures_are_written(result, tmp_path):
    for kind, model in (("ladder", None), ("prices", None), ("waterfall", "model-01")):
        chart = result.plot(kind, model)
        chart.save(tmp_path / f"{kind}.png")
        chart.save(tmp_path / f"{kind}.svg")
        assert (tmp_path / f"{kind}.png").read_bytes()[:4] == b"\x89PNG"
        assert "<text" in (tmp_path / f"{kind}.svg").read_text("utf-8")


def test_a_notebook_shows_a_drawing_that_needs_no_network(result):
    chart = result.plot("ladder")
    for shown in (chart, chart.properties(width=300), pickle.loads(pickle.dumps(chart))):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == {"image/svg+xml"}
        assert "model-03" in texts_of(bundle["image/svg+xml"])
        assert "<script" not in bundle["image/svg+xml"]


def test_a_renderer_that_was_chosen_is_kept(result):
    before = alt.renderers.active
    chart = result.plot("prices")
    with alt.renderers.enable("json"):
        assert "image/svg+xml" not in chart._repr_mimebundle_()[0]
    chart._repr_mimebundle_()
    assert alt.renderers.active == before == "default"


def test_unchecked_charts_are_the_same(result):
    checked = result.plot("prices").to_dict()
    with charts.unchecked():
        unchecked = result.plot("prices").to_dict(validate=False)
    assert rows_of(checked) == rows_of(unchecked)
    assert checked["title"] == unchecked["title"]
    assert [layer["mark"] for layer in checked["layer"]] == [layer["mark"] for layer in unchecked["layer"]]


def test_of_many_models_the_ladder_shows_those_that_move_most():
    ratings = some_ratings([f"m{i}" for i in range(500)])
    ratings["rating"] = ratings["rating_plain"] + np.where(np.arange(500) % 50 == 7, 80.0, 1.0)
    spec = charts.ladder(ratings).to_dict()
    assert spec["height"] <= 60 * 22
    said = " ".join(spec["title"]["subtitle"])
    assert "Of 500 models, the 60 that this moves most" in said
    names = {r["name"] for rows in marks_of(spec, "text") for r in rows if "name" in r}
    assert {f"m{i}" for i in range(500) if i % 50 == 7} <= names
    assert len(names) == 60


def test_a_ladder_without_intervals_does_not_speak_of_them():
    none = dict.fromkeys(["rating_plain_low", "rating_plain_high", "conf_low", "conf_high"], np.nan)
    spec = charts.ladder(some_ratings(["a", "b"]).assign(**none)).to_dict()
    assert "intervals" not in " ".join(spec["title"]["subtitle"])
