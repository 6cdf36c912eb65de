"""Shares: bars add up to the rating, intervals are the frame's, of many models those that matter are drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.report.shares import fit_share_chart, share_chart
from tests.report.test_charts import marks_of


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(3000, 6, style={"words": 0.8, "bold": 0.3, "emoji": 0.2}, seed=2).battles)


def said(chart):
    return " ".join(chart.to_dict()["title"]["subtitle"])


def test_bars_of_a_model_add_up_to_its_raw_rating(result):
    parts = result.decompose()
    spec = share_chart(parts).to_dict()
    bars = marks_of(spec, "bar")[0]
    names = [r["name"] for rows in marks_of(spec, "text") for r in rows if "name" in r][:6]
    total = parts[parts["block"] == "total"].set_index("model")["estimate"]
    for row, name in enumerate(names):
        own = [b for b in bars if b["row"] == row]
        assert sum(b["end"] - b["start"] for b in own) == pytest.approx(total[name])
        for up in (True, False):  # end to end, from zero outwards
            side = [b for b in own if (b["end"] >= b["start"]) is up]
            assert not side or side[0]["start"] == 0
            assert all(a["end"] == b["start"] for a, b in pairwise(side))


def test_dots_and_lines_are_style_with_its_interval(result):
    parts = result.decompose()
    spec = share_chart(parts).to_dict()
    style = parts[(parts["block"] == "style") & (parts["group"] == "")].sort_values("estimate", ascending=False)
    dots = marks_of(spec, "circle")[0]
    np.testing.assert_allclose([r["value"] for r in dots], style["estimate"])
    lines = next(rows for rows in marks_of(spec, "rule") if "low" in rows[0])
    np.testing.assert_allclose([(r["low"], r["high"]) for r in lines], style[["conf_low", "conf_high"]])
    most = style.loc[style["estimate"].abs().idxmax(), "model"]
    assert f"to {most}, the most of 6 models" in spec["title"]["text"][0]


def test_withheld_shares_and_models_are_not_drawn(result):
    parts = result.decompose()
    thin = parts["model"] == "model-01"
    parts.loc[thin, ["estimate", "conf_low", "conf_high", "share"]] = np.nan
    known = parts[(parts["block"] == "style") & parts["share"].notna() & (parts["group"] == "")]["model"].tolist()
    parts.loc[parts["model"] == known[0], "share"] = np.nan
    chart = share_chart(parts)
    rows = {r["name"]: r["figures"] for rows in marks_of(chart.to_dict(), "text") for r in rows}
    assert "model-01" not in rows
    assert "1 without figures left out" in said(chart)
    assert "%" not in rows[known[0]]
    assert "%" in rows[known[1]]
    with pytest.raises(ls.LlamaStyleError, match="rating in parts"):
        share_chart(parts[thin])


def test_of_many_models_those_with_most_style(result):
    chart = share_chart(result.decompose(), most=2)
    assert len(marks_of(chart.to_dict(), "circle")[0]) == 2
    assert "Of 6 models, the 2 that style is worth most to" in said(chart)


def test_gains_are_drawn_in_and_out_of_sample(result):
    shares = result.fit_shares()
    spec = fit_share_chart(shares).to_dict()
    inside, outside = marks_of(spec, "circle")
    np.testing.assert_allclose([r["value"] for r in inside], shares["gain"])
    np.testing.assert_allclose([(r["low"], r["value"], r["high"]) for r in outside], shares[["gain_cv_low", "gain_cv", "gain_cv_high"]])
    of = shares.set_index("block")["gain_cv"]
    assert spec["title"]["text"][0].startswith(f"Style is {100 * of['style'] / of['total']:.0f}\u00a0%")
    lost = shares.assign(gain_cv=np.nan, gain_cv_low=np.nan, gain_cv_high=np.nan)
    assert fit_share_chart(lost).to_dict()["title"]["text"] == ["What the fit says of the votes, in its parts"]
    with pytest.raises(ls.LlamaStyleError, match="block 'total'"):
        fit_share_chart(shares[shares["block"] != "total"])


@pytest.mark.parametrize("which", ["style", "total"])
def test_of_a_gain_that_may_be_nothing_there_are_no_shares(result, which):
    shares = result.fit_shares()
    columns = ["gain_cv", "gain_cv_low", "gain_cv_high"]
    shares.loc[shares["block"] == which, columns] = [-5.0, -9.0, -1.0] if which == "style" else [3.0, -1.0, 7.0]
    spec = fit_share_chart(shares).to_dict()
    nothing = "Style says nothing of unseen votes"
    assert spec["title"]["text"] == [nothing if which == "style" else "What the fit says of the votes, in its parts"]
    figures = [str(r.get("figures")) for rows in marks_of(spec, "text") for r in rows]
    assert not any("-" in f and "%" in f for f in figures)
    assert which == "style" or not any("%" in f for f in figures)
