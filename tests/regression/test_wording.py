"""The words of a result."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression import wording
from llamastyle.regression.estimates import Clustering
from llamastyle.regression.wording import diagnostic_rows, error_words, gap_answer, gap_words, model_reason


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
    rule = "No model's inflation is clear of the 20-point margin at a false-discovery rate of 5 % over 12 models: of 12"
    assert result.headline().startswith(rule)
    table = result.audit(margin=30, fdr=0.1)
    table.loc[0, "q_value"] = np.nan
    assert "the 30-point margin at a false-discovery rate of 10 % over 11 models" in wording.headline(
        result, table, 30, 0.1
    )


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
    assert f"{factor * gap.loc[('total', ''), 'estimate']:+.1f} points (95 % interval" in text


def test_the_gap_of_ratings_starts_from_the_plain_one_and_says_why_the_other_differs():
    result = ls.fit(ls.simulate(6000, style={"words": 0.9}, seed=2).battles)
    plain = result.ratings().set_index("model")["rating_plain"]
    total = result.compare("model-03", "model-05").set_index(["block", "group"]).loc[("total", ""), "estimate"]
    as_voted = plain["model-03"] - plain["model-05"]
    assert abs(as_voted - total) > 5, "the two must differ, or this shows nothing"
    text = gap_words(result, "model-03", "model-05")
    answer, voted, regressed = re.split(r"(?<=style)\. |\. In the regression, ", text)
    share = result.compare("model-03", "model-05").query("block == 'style' and group == ''")["share"].item()
    assert answer.startswith(f"Of the gap between model-03 and model-05, {100 * share:.0f} % (95 % interval ")
    assert voted.startswith(f"model-03 against model-05: as voted {as_voted:+.1f} Arena points (95 % interval")
    assert f"plain ratings {plain['model-03']:.0f} and {plain['model-05']:.0f})" in voted
    assert "what style and correctness explain of every single battle" in regressed
    assert f"a scale of its own, {total:+.1f} points" in regressed
    low, high = map(float, re.search(r"interval (\S+) to ([^;]+);", voted).groups())
    pinned = result.ratings(pinned="model-05").set_index("model").loc["model-03"]
    assert (low, high) == pytest.approx((pinned["rating_plain_low"] - 1000, pinned["rating_plain_high"] - 1000), abs=0.06)


def test_the_gap_of_win_rates_starts_from_the_win_rates():
    result = ls.fit(ls.simulate(6000, style={"words": 0.9}, seed=2).battles)
    rates = 100 * result.battles.win_rates().set_index("model")["win_rate"]
    text = gap_words(result, "model-03", "model-05", "win_rate")
    assert f"they win {rates['model-03']:.1f} % and {rates['model-05']:.1f} % of their battles" in text
    assert f"a gap of {rates['model-03'] - rates['model-05']:+.1f} points" in text


def test_gap_words_say_why_there_are_no_shares():
    result = ls.fit(ls.simulate(600, 3, style={"words": 0.1}, strength=0.0, seed=4).battles)
    gap = result.compare("model-01", "model-02")
    assert gap["share"].isna().all()
    text = gap_words(result, "model-01", "model-02")
    assert "which covers zero, so that no shares are given" in text
    assert text.startswith("model-01 against model-02: as voted")
    assert "%" not in text.split("interval")[-1].split("In these battles")[0]


def planted_parity(result, monkeypatch, rows):
    """The headline where parity() has these rows: (model, change, half an interval, extrapolated)."""
    frame = pd.DataFrame(rows, columns=["model", "parity_change", "half", "extrapolated"])
    frame = frame.assign(
        win_rate=0.6,
        parity_win_rate=0.6 - frame["parity_change"],
        change_low=frame["parity_change"] - frame["half"],
        change_high=frame["parity_change"] + frame["half"],
    )
    monkeypatch.setattr(type(result), "parity", lambda self, level=None, block="style": frame)
    return wording._parity_clause(result)


def test_the_headline_names_the_largest_change_and_says_what_is_beyond_the_data(monkeypatch):
    result = ls.fit(ls.simulate(1500, 6, style={"words": 0.6}, seed=3).battles)
    rows = [("a", 0.20, 0.05, True), ("b", -0.10, 0.02, False), ("c", 0.05, 0.01, False)]
    said = planted_parity(result, monkeypatch, rows)
    assert said.startswith("the largest parity change clear of zero is that of a, whose win rate is 60.0 % and 40.0 %")
    assert "(+20.0 points, 95 % interval 15.0 to 25.0; extrapolated: too few of its battles" in said
    rows = [("a", 0.20, 0.30, False), ("b", -0.10, 0.02, False), ("c", 0.05, 0.06, False)]
    said = planted_parity(result, monkeypatch, rows)
    assert "clear of zero (1 has a larger one whose interval covers zero) is that of b," in said
    assert "extrapolated" not in said
    assert "beyond doubt" in planted_parity(result, monkeypatch, [("a", 0.20, 0.30, False)])


def test_the_headline_is_that_of_the_parity_table():
    result = ls.fit(ls.simulate(1500, 12, style={"words": 0.6}, seed=3).battles)
    parity = result.parity()
    clear = parity[(parity["change_low"] > 0) | (parity["change_high"] < 0)]
    top = clear.loc[clear["parity_change"].abs().idxmax(), "model"]
    assert f" is that of {top}, whose" in result.headline()


def test_a_price_below_zero_is_a_loss_of_right_answers():
    result = ls.fit(ls.simulate(6000, style={"words": -0.9}, seed=2).battles)
    rate = result.exchange_rates().query("unit == '+10 %'").iloc[0]
    assert rate["estimate"] < 0
    said = result.headline()
    low, high = sorted((-rate["conf_high"], -rate["conf_low"]))
    assert f"+10 % words goes with the loss of as many votes as {-rate['estimate']:.3f} right answers" in said
    assert f"{low:.3f} to {high:.3f})" in said


def test_checks_name_the_columns_that_cannot_be_told_apart():
    frame = ls.simulate(3000, 4, style={"words": 0.5, "bold": 0.2, "chars": 0.0}, seed=2).battles
    rows = {check: (value, note) for check, value, note in diagnostic_rows(ls.fit(frame))}
    assert rows["nearly collinear"][0] == "none"
    values = frame.measured.values.copy()
    j, k = frame.measured.names.index("words"), frame.measured.names.index("chars")
    rng = np.random.default_rng(1)
    values[:, k] = np.round(5 * values[:, j] * np.exp(rng.normal(scale=0.02, size=len(values))))
    result = ls.fit(frame, replace(frame.measured, values=values))
    rows = {check: (value, note) for check, value, note in diagnostic_rows(result)}
    value, note = rows["nearly collinear"]
    other = {"words": "chars", "chars": "words"}[value]
    assert re.match(rf"goes with {other} \(correlation (0\.9\d|1\.00), all else held\)", note)
    assert f"nor can be read alone: {other}" in note
    assert "nearly collinear" in result.summary()


def test_the_headline_says_which_prices_hide_behind_one_another():
    frame = ls.simulate(700, 3, style={"words": 0.35, "chars": 0.0, "bold": 0.0}, seed=2).battles
    values = frame.measured.values.copy()
    j, k = frame.measured.names.index("words"), frame.measured.names.index("chars")
    rng = np.random.default_rng(1)
    apart = ls.fit(frame)
    values[:, k] = np.round(5 * values[:, j] * np.exp(rng.normal(scale=0.005, size=len(values))))
    result = ls.fit(frame, replace(frame.measured, values=values))
    assert result.collinearity().set_index("term")["vif"][["words", "chars"]].min() > 100
    end = "of them; chars and words cannot be told apart: read them together, see collinearity()."
    assert result.headline().endswith(end)
    assert "told apart" not in apart.headline()


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
    text = gap_words(result, "model-02", "model-04", "win_rate").partition("a gap of ")[2]
    numbers = [float(n) for n in re.findall(r"(?<![\d.])[+-]\d+\.\d(?= (?:\(|associated|with |left))", text)]
    total = float(re.match(r"[+-]\d+\.\d", text)[0])
    assert sum(numbers) == pytest.approx(total, abs=0.06 * len(numbers))
    blocks = set(result.compare("model-02", "model-04", scale="win_rate")["block"]) - {"total"}
    assert len(numbers) == len(blocks)


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.004, "100 % ("), (1.2, "120 % ("), (-0.002, "0 % ("), (-0.37, "-37 % ("), (0.4, "40 % ("), (np.nan, "")],
)
def test_a_share_beyond_all_or_nothing_is_explained(share, words):
    result = ls.fit(ls.simulate(600, 3, style={"words": 0.5}, seed=3).battles)
    gap = result.compare("model-01", "model-02")
    gap.loc[(gap["block"] == "style") & (gap["group"] == ""), ["share", "share_low", "share_high"]] = share
    said = gap_answer(result, "model-01", "model-02", gap)
    assert said.startswith(f"Of the gap between model-01 and model-02, {words}" * bool(words))
    assert ("above 100 %" in said) == (share == 1.2)
    assert ("below zero: style points the other way" in said) == (share == -0.37)


def test_how_often_each_is_right_says_where_battles_have_weights():
    frame = ls.simulate(3000, 4, style={"words": 0.5}, seed=3).battles.to_frame()
    assert ", by weight." not in gap_words(ls.fit(frame), "model-01", "model-02")
    weighed = frame.assign(weight=np.where(frame["correct_a"] == 1, 2.0, 1.0))
    result = ls.fit(weighed)
    rate = result.battles.accuracy().set_index("model").loc["model-01", "accuracy"]
    assert f"model-01 is right in {100 * rate:.1f} % of its answers" in gap_words(result, "model-01", "model-02")
    assert ", by weight." in gap_words(result, "model-01", "model-02")


def test_without_correctness_a_gap_says_so_first():
    result = ls.fit(ls.simulate(3000, 4, style={"words": 0.9}, seed=2).battles, correctness="ignore")
    assert gap_words(result, "model-01", "model-02").startswith("Associated with style; quality not separated.")
