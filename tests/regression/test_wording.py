"""The words of a result."""

from __future__ import annotations

import re

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression.estimates import Clustering
from llamastyle.regression.wording import diagnostic_rows, error_words, gap_words, model_reason


def test_reasons_carry_the_count():
    clustered = Clustering("cluster", "voter", None, 30, "", ())
    assert model_reason(10, clustered) == ""
    assert model_reason(7, clustered) == "7 values of voter: at least 10 are needed"
    alone = Clustering("robust", "", None, 100, "", ())
    assert model_reason(3, alone) == "3 battles: at least 10 are needed"
    assert (
        error_words(clustered, 0.9) == "90 % intervals, errors clustered by voter (30 clusters, CR1, t(29))"
    )
    assert error_words(alone, 0.95) == "95 % intervals, errors robust (HC1)"


@pytest.mark.parametrize("correctness", ["auto", "ignore"])
def test_headline_has_the_numbers_of_the_tables(correctness):
    result = ls.fit(ls.simulate(6000, style={"words": 0.9}, seed=2).battles, correctness=correctness)
    audit = result.audit()
    words = ("inflated", "deflated") if correctness == "auto" else ("style-favoured", "style-penalised")
    flagged = audit[audit["verdict"].isin(words)]
    top = flagged.loc[flagged["parity_change"].abs().idxmax()]
    text = result.headline()
    assert top["model"] in text
    assert f"{100 * top['parity_change']:+.1f} points" in text
    assert f"{100 * top['change_low']:.1f} to {100 * top['change_high']:.1f}" in text
    assert ("right answers" in text) == (correctness == "auto")
    assert "because" not in text
    assert "cheat" not in result.summary()


def test_nothing_found_is_said():
    result = ls.fit(ls.simulate(3000, style={}, style_spread=0.05, seed=3).battles)
    assert result.headline().startswith("No model's inflation is clear of the margin: of 12 models")


def test_summary_fits_eighty_columns_and_names_every_price():
    result = ls.fit(ls.simulate(1500, seed=4).battles)
    lines = result.summary().splitlines()
    assert max(len(line) for line in lines[:-1]) <= 100
    for term in ("words", "bold", "emoji", "correctness"):
        assert any(line.startswith(term) for line in lines)
    assert "clustered by prompt_id" in result.summary()


def test_diagnostics_of_no_fit():
    battles = ls.simulate(1500, seed=4).battles
    assert {c: v for c, v, _ in diagnostic_rows(ls.fit(battles))}["converged"] == "yes"
    assert diagnostic_rows(ls.audit(battles.take(np.arange(1))))[0][:2] == ("estimate", "none")


def test_hostile_names_are_escaped_in_html():
    battles = ls.simulate(600, 3, style={"words": 0.9}, seed=5).battles
    frame = battles.to_frame().replace({"model-01": "<script>alert(1)</script>"})
    result = ls.fit(ls.read_battles(frame))
    assert "<script>" not in result._repr_html_()


@pytest.mark.parametrize("scale", ["rating", "win_rate"])
def test_gap_words_have_the_numbers_of_the_table(scale):
    result = ls.fit(ls.simulate(6000, style={"words": 0.9}, seed=2).battles)
    order = result.ratings()["model"].tolist()
    gap = result.compare(order[0], order[-1], scale=scale).set_index(["block", "group"])
    text = gap_words(result, order[0], order[-1], scale)
    style = gap.loc[("style", "")]
    factor = 100 if scale == "win_rate" else 1
    assert f"{factor * style['estimate']:+.1f} ({100 * style['share']:.0f} %" in text
    assert "associated with style" in text
    assert "because" not in text
    assert ("with whom they met" in text) == (scale == "win_rate")


def test_gap_words_say_why_there_are_no_shares():
    result = ls.fit(ls.simulate(600, 3, style={"words": 0.1}, strength=0.0, seed=4).battles)
    gap = result.compare("model-01", "model-02")
    assert gap["share"].isna().all()
    text = gap_words(result, "model-01", "model-02")
    assert "its interval covers zero, so that no shares are given" in text
    assert "%," not in text.split("interval")[-1]


def test_the_headline_names_the_model_furthest_from_parity():
    result = ls.fit(ls.simulate(1500, 12, style={"words": 0.6}, seed=3).battles)
    parity = result.parity()
    clear = parity[(parity["change_low"] > 0) | (parity["change_high"] < 0)]
    clear = clear[~clear["extrapolated"]]
    top = clear.loc[clear["parity_change"].abs().idxmax(), "model"]
    beyond = (parity["extrapolated"] & ((parity["change_low"] > 0) | (parity["change_high"] < 0))).sum()
    among = f", of those with battles near it ({beyond} have too few)," * bool(beyond)
    assert f"furthest from style parity{among} is {top}," in result.headline()


def test_without_correctness_the_headline_says_so_by_itself():
    battles = ls.simulate(3000, 6, style={"words": 0.9}, seed=2).battles
    text = ls.fit(battles, correctness="ignore").headline()
    assert text.startswith("Associated with style, quality not separated")
    assert "would" not in text
    assert "right answers" not in text


def test_no_price_is_sold_that_chance_would_have_given():
    rng = np.random.default_rng(3)
    frame = ls.simulate(400, 3, style={"words": 0.0, "bold": 0.0, "emoji": 0.0, "links": 0.0}, seed=8).battles.to_frame()
    frame["winner"] = rng.choice(["model_a", "model_b"], len(frame))
    result = ls.fit(frame.drop(columns="outcome"), correctness="ignore")
    assert result.headline().endswith("No feature's price is clear of zero, allowing for 4 of them.")


@pytest.mark.parametrize("options", [{"prompt_effects": True}, {"penalty": "firth"}])
def test_the_parts_of_a_sentence_add_up_to_its_gap(options):
    frame = ls.simulate(6000, 5, style={"words": 0.6}, n_prompts=80, seed=4).battles.to_frame()
    mine = frame[(frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")]
    result = ls.fit(mine, **options)
    text = gap_words(result, "model-02", "model-04", "win_rate").partition("The gap is ")[2]
    numbers = [float(n) for n in re.findall(r"(?<![\d.])[+-]\d+\.\d(?= (?:\(|associated|with |left))", text)]
    total = float(re.match(r"[+-]\d+\.\d", text)[0])
    assert sum(numbers) == pytest.approx(total, abs=0.06 * len(numbers))
    blocks = set(result.compare("model-02", "model-04", scale="win_rate")["block"]) - {"total"}
    assert len(numbers) == len(blocks)


def test_without_correctness_a_gap_says_so_first():
    result = ls.fit(ls.simulate(3000, 4, style={"words": 0.9}, seed=2).battles, correctness="ignore")
    assert gap_words(result, "model-01", "model-02").startswith("Associated with style; quality not separated.")
