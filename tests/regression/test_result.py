"""StyleResult: fixed columns, statsmodels habits, identities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression.decomposition import POINTS
from llamastyle.regression.wording import gap_words


@pytest.fixture(scope="module")
def arena():
    return ls.simulate(4000, 8, style={"words": 0.6, "bold": 0.2, "emoji": -0.2}, seed=7)


@pytest.fixture(scope="module")
def result(arena):
    return ls.fit(arena.battles)


COLUMNS = {
    "tidy": "term group block estimate std_error statistic p_value conf_low conf_high",
    "ratings": "model battles win_rate rating_plain rating_plain_low rating_plain_high rating_raw rating conf_low"
    " conf_high rank_plain rank rank_low rank_high note",
    "audit": "model battles win_rate parity_change change_low change_high rating_plain rating_raw rating rank_plain"
    " rank inflation inflation_low inflation_high p_value q_value unusual top_feature distance verdict"
    " battles_needed note",
    "exchange_rates": "term group unit estimate conf_low conf_high note",
    "decompose": "model block group term estimate std_error conf_low conf_high share share_low share_high note",
    "parity": "model win_rate parity_win_rate parity_low parity_high parity_change change_low change_high"
    " extrapolated note",
    "overrides": "index wrong_side_has battles effective_battles rate conf_low conf_high note",
    "diagnostics": "check value note",
}


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_are_fixed(result, table):
    assert getattr(result, table)().columns.tolist() == COLUMNS[table].split()


@pytest.mark.parametrize("table", ["tidy", "ratings", "exchange_rates", "decompose", "parity"])
def test_level_is_an_argument(result, table):
    wide, narrow = getattr(result, table)(level=0.99), getattr(result, table)(level=0.5)
    names = {"ratings": ("conf_low", "conf_high"), "parity": ("change_low", "change_high")}
    low, high = names.get(table, ("conf_low", "conf_high"))
    inner = (wide[high] - wide[low]) > (narrow[high] - narrow[low])
    assert inner[wide[high] > wide[low]].all()
    with pytest.raises(ls.FitError, match=r"0\.95"):
        getattr(result, table)(level=95)


@pytest.mark.parametrize("scale", ["rating", "win_rate"])
def test_compare_is_the_difference_of_two_decompositions(result, scale):
    gap = result.compare("model-02", "model-05", scale=scale)
    columns = "block group term estimate std_error conf_low conf_high share share_low share_high note"
    assert gap.columns.tolist() == columns.split()
    keys = ["block", "group", "term"]
    parts = {m: p.set_index(keys)["estimate"] for m, p in result.decompose(scale=scale).groupby("model")}
    found, expected = gap.set_index(keys)["estimate"], parts["model-02"] - parts["model-05"]
    both = found["strength", "", ""] + (found["schedule", "", ""] if scale == "win_rate" else 0.0)
    assert both == pytest.approx(expected["strength", "", ""], abs=1e-9)
    rest = [key for key in found.index if key[0] not in ("strength", "schedule")]
    np.testing.assert_allclose(found[rest], expected[rest], atol=1e-9)
    back = result.compare("model-05", "model-02", scale=scale)
    np.testing.assert_allclose(back["estimate"], -gap["estimate"], atol=1e-12)
    np.testing.assert_allclose(back["share"], gap["share"], atol=1e-12)


def test_win_rate_accounts_start_from_one_half(result):
    parts = result.decompose(scale="win_rate")
    total = parts[parts["block"] == "total"].set_index("model")["estimate"]
    rates = result.ratings().set_index("model")["win_rate"]
    np.testing.assert_allclose(total + 0.5, rates[total.index], atol=1e-9)


def test_shares_of_a_clear_gap_add_up_to_one(result):
    ratings = result.ratings()
    first, last = ratings["model"].iloc[0], ratings["model"].iloc[-1]
    gap = result.compare(first, last)
    assert gap.loc[gap["group"] == "", "share"].sum() == pytest.approx(2.0)  # the parts, and the total
    assert (gap["note"] == "").all()


def test_no_shares_of_a_gap_that_covers_zero(result):
    models = result.ratings()["model"].tolist()
    gaps = [result.compare(a, b) for i, a in enumerate(models) for b in models[i + 1 :]]
    covered = [g for g in gaps if (g.loc[g["block"] == "total", ["conf_low", "conf_high"]].prod(axis=1) <= 0).all()]
    assert covered, "the arena has no close pair"
    for gap in covered:
        assert gap[["share", "share_low", "share_high"]].isna().all(axis=None)
        assert gap[["estimate", "conf_low", "conf_high"]].notna().all(axis=None)
        assert set(gap["note"]) == {"share withheld: the interval of the gap covers zero"}


def test_compare_refuses_what_it_cannot_compare(result, arena):
    with pytest.raises(ls.FitError, match="two different models, not 'model-01' twice"):
        result.compare("model-01", "model-01")
    with pytest.raises(ls.FitError, match="'MODEL-03' is not in the fit; did you mean 'model-03'"):
        result.compare("model-01", "MODEL-03")
    with pytest.raises(ls.LlamaStyleError, match="rating, win_rate"):
        result.compare("model-01", "model-02", scale="elo")
    with pytest.raises(ls.FitError, match="have no reference"):
        result.decompose(scale="win_rate", reference="model-01")
    won = arena.battles.to_frame().assign(model_a="champion", winner="model_a").drop(columns="outcome").head(40)
    both = pd.concat([arena.battles.to_frame().drop(columns="outcome"), won])
    with pytest.raises(ls.FitError, match="'champion' was left out of the fit: won all of its 40 battles"):
        ls.audit(both).compare("champion", "model-01")


def test_as_in_statsmodels(result):
    tidy = result.tidy()
    np.testing.assert_allclose(result.params, tidy["estimate"])
    np.testing.assert_allclose(result.bse, tidy["std_error"])
    np.testing.assert_allclose(np.sqrt(np.diag(result.cov_params())), result.bse)
    assert result.params.index[:4].tolist() == ["words", "bold", "emoji", "correctness"]
    assert result.params.index[4] == "strength[model-1]" or result.params.index[4].startswith("strength[")
    y, p = result.battles.outcome, result.predict()
    assert result.llf == pytest.approx((y * np.log(p) + (1 - y) * np.log(1 - p)).sum())


def test_decomposition_adds_up(result):
    frame = result.decompose()
    whole = frame[frame["group"] == ""].pivot(index="model", columns="block", values="estimate")
    parts = whole[["strength", "style", "correctness"]].sum(axis=1)
    np.testing.assert_allclose(parts, whole["total"], atol=1e-9 * POINTS)
    features = frame[frame["term"] != ""].groupby("model")["estimate"].sum()
    np.testing.assert_allclose(features, whole["style"], atol=1e-9 * POINTS)
    audit = result.audit().set_index("model")
    np.testing.assert_allclose(audit["inflation"][whole.index], whole["style"], atol=1e-7)
    shares = frame[frame["group"] == ""].pivot(index="model", columns="block", values="share").dropna()
    np.testing.assert_allclose(shares[["strength", "style", "correctness"]].sum(axis=1), 1)
    withheld = frame[frame["share"].isna()]
    assert (withheld["note"] != "").all()


def test_ratings_pin_and_anchor(result):
    free, pinned = result.ratings(), result.ratings(anchor=1500, pinned="model-03")
    row = pinned.set_index("model").loc["model-03"]
    assert row["rating"] == pytest.approx(1500)
    assert row["conf_low"] == pytest.approx(1500)
    assert row["rating_plain"] == pytest.approx(1500)
    np.testing.assert_allclose(free["rating"].diff()[1:], pinned["rating"].diff()[1:])
    assert free["rating"].mean() == pytest.approx(1000)
    assert free["rank"].tolist() == list(range(1, 9))
    assert ((free["rank_low"] <= free["rank"]) & (free["rank"] <= free["rank_high"])).all()
    with pytest.raises(ls.FitError, match="did you mean"):
        result.ratings(pinned="model-3")


def test_inflation_against_one_model(result):
    field = result.audit().set_index("model")["inflation"]
    one = result.audit(reference="model-02").set_index("model")
    np.testing.assert_allclose(one["inflation"][field.index], field - field["model-02"], atol=1e-9)
    assert one.loc["model-02", "verdict"] == "insufficient data"


def test_margin_and_rate_change_verdicts(result):
    strict, lax = result.audit(margin=1), result.audit(margin=500)
    assert (strict["verdict"].isin(["inflated", "deflated"])).sum() > 0
    assert set(lax["verdict"]) == {"neutral"}
    with pytest.raises(ls.FitError, match="margin"):
        result.audit(margin=0)


def test_parity_of_correctness(result):
    style, right = result.parity(), result.parity(block="correctness")
    assert not np.allclose(style["parity_change"], right["parity_change"])
    with pytest.raises(ls.FitError, match="style or correctness"):
        result.parity(block="strength")


def test_thin_models_have_reasons_and_no_numbers(arena):
    frame = arena.battles
    model = frame.models.index("model-05")
    mine = np.flatnonzero((frame.model_a == model) | (frame.model_b == model))
    few = frame.take(np.setdiff1d(np.arange(len(frame)), mine[6:]))
    result = ls.fit(few, separated="drop")
    for table in (result.ratings(), result.audit(), result.parity()):
        row = table.set_index("model").loc["model-05"]
        assert "at least 10 are needed" in row["note"] or "no finite" in row["note"]
        numbers = row.drop(["battles", "win_rate", "note"], errors="ignore")
        assert all(pd.isna(v) or v in (False, "", "insufficient data") for v in numbers)


def test_views_change_nothing(result):
    before = result.tidy()
    result.summary(), result.headline(), repr(result), result._repr_html_()
    pd.testing.assert_frame_equal(before, result.tidy())
    tidy = result.tidy()
    tidy.loc[:, "estimate"] = 0.0
    pd.testing.assert_frame_equal(before, result.tidy())


def test_unknown_models_cannot_be_predicted(result):
    other = ls.simulate(50, 10, style={"words": 0.6, "bold": 0.2, "emoji": -0.2}, seed=1).battles
    with pytest.raises(ls.FitError, match="not in the fit"):
        result.predict(other)


def test_plots_of_all_models_and_over_time(result):
    assert result.plot("scatter").to_dict()["title"]["text"][0].startswith("At equal style ")
    assert result.plot("shares").to_dict()["title"]["text"][0].startswith("Style is worth ")
    assert result.plot("fit_shares", width=400).to_dict()["title"]["text"][0].startswith("Style is ")
    frame = result.battles.to_frame()
    frame["category"] = ["2025-01" if i % 2 else "2025-02" for i in range(len(frame))]
    frame["timestamp"] = [f"{half}-03" for half in frame["category"]]
    timed = ls.fit(ls.read_battles(frame))
    by_month, by_half = (timed.plot("timeline", by=by).to_dict() for by in (None, "category"))
    assert by_month["title"]["text"] == by_half["title"]["text"]
    assert " between months" in by_month["title"]["text"][0]
    with pytest.raises(ls.FitError, match="by='category' is of a time line"):
        timed.plot("prices", by="category")
    with pytest.raises(ls.FitError, match="shows all models"):
        timed.plot("shares", "model-01")
    with pytest.raises(ls.FitError, match="not a column"):
        timed.plot("timeline", by="nothing")


def test_plot_kinds(result):
    assert result.plot("ladder", width=400).to_dict()["title"]["text"][0].startswith("Controlling for style")
    assert result.plot("prices").to_dict()["title"]["text"][0].startswith("Intervals that leave zero out: 3 of 3 features")
    win = result.plot("waterfall", result.battles.models[0], scale="win_rate").to_dict()
    assert win["title"]["text"] == [f"Win rate of {result.battles.models[0]} against one half"]
    with pytest.raises(ls.LlamaStyleError, match="ladder, prices, waterfall"):
        result.plot("ladders")
    with pytest.raises(ls.FitError, match="name it"):
        result.plot("waterfall")
    with pytest.raises(ls.FitError, match="did you mean"):
        result.plot("waterfall", result.battles.models[0] + "x")
    with pytest.raises(ls.FitError, match="leave out model="):
        result.plot("prices", result.battles.models[0])


def test_the_gap_of_two_models_as_a_chart_and_as_words(result):
    one, other = result.battles.models[:2]
    gap = result.compare(one, other)
    chart = result.plot("waterfall", one, against=other).to_dict()
    assert chart["title"]["text"] == [f"Gap in ratings: {one} against {other}"]
    total = gap.loc[gap["block"] == "total", "estimate"].item()
    assert f"{abs(total):.0f}" in chart["title"]["subtitle"][0]
    rates = result.plot("waterfall", one, against=other, scale="win_rate").to_dict()
    assert rates["title"]["text"] == [f"Gap in win rates: {one} against {other}"]
    assert result.headline(one, against=other) == gap_words(result, one, other)
    with pytest.raises(ls.FitError, match="two different models"):
        result.plot("waterfall", one, against=one)
    with pytest.raises(ls.FitError, match="leave out against="):
        result.plot("prices", against=one)
    with pytest.raises(ls.FitError, match="name both"):
        result.headline(one)


def test_a_waterfall_without_intervals_is_refused():
    arena = ls.simulate(300, 4, style={"words": 0.5}, seed=3)
    frame = arena.battles.to_frame()
    few = frame[(frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")].index[6:]
    thin = ls.audit(frame.drop(index=few))
    with pytest.raises(ls.FitError, match="model-01"):
        thin.plot("waterfall", "model-01")


def test_report_is_written_whole_or_not_at_all(result, tmp_path):
    path = result.report(tmp_path / "x.html", title="My <title>")
    assert path == tmp_path / "x.html"
    text = path.read_text("utf-8")
    assert "<title>My &lt;title&gt;</title>" in text
    assert result.report(title="My <title>") == text
    with pytest.raises(ls.LlamaStyleError, match="there is no folder"):
        result.report(tmp_path / "absent" / "x.html")
    with pytest.raises(ls.LlamaStyleError, match="a folder"):
        result.report(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"]


def test_thin_models_have_no_error_anywhere(arena):
    frame = arena.battles.to_frame()
    thin = frame[(frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")].head(60).assign(prompt_id=1)
    rest = frame[(frame["model_a"] != "model-01") & (frame["model_b"] != "model-01")]
    result = ls.audit(pd.concat([rest, thin], ignore_index=True), cluster="prompt_id")
    row = result.tidy().set_index("term").loc["model-01"]
    assert np.isfinite(row["estimate"])
    assert row[["std_error", "statistic", "p_value", "conf_low", "conf_high"]].isna().all()
    assert result.tidy().query("block == 'style'")["std_error"].notna().all()


def test_what_lies_beyond_the_data_is_said_wherever_it_is_shown():
    frame = ls.simulate(3000, 6, style={"words": 1.0}, seed=4).battles.to_frame()
    mine_a, mine_b = frame["model_a"] == "model-01", frame["model_b"] == "model-01"
    frame.loc[mine_a, "words_a"] *= 60
    frame.loc[mine_b, "words_b"] *= 60
    result = ls.fit(frame)
    assert result.parity().set_index("model").loc["model-01", "extrapolated"]
    assert "extrapolated" in result.audit().set_index("model").loc["model-01", "note"]
    assert "is that of model-01," in result.headline()
    assert "; extrapolated: too few of its battles are near style parity)" in result.headline()


def test_the_reference_is_named_and_what_is_unusual_does_not_depend_on_it(result):
    field = result.audit().set_index("model")["unusual"]
    table = result.audit(reference="model-03").set_index("model")
    assert table.loc["model-03", "inflation"] == 0
    assert table.loc["model-03", "note"].startswith("is the reference")
    np.testing.assert_allclose(table["unusual"], field[table.index])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda r: r.audit(fdr=5), "between 0 and 1"),
        (lambda r: r.audit(margin=0), "above 0"),
        (lambda r: r.ratings(anchor=float("nan")), "Arena points"),
    ],
)
def test_options_out_of_range_are_refused(result, call, message):
    with pytest.raises(ls.FitError, match=message):
        call(result)


def test_overrides_withhold_what_a_fold_cannot_give():
    frame = ls.simulate(900, 4, style={"words": 0.4, "emoji": 0.2}, n_prompts=90, seed=6).battles.to_frame()
    frame.loc[frame["prompt_id"] != frame["prompt_id"][0], ["emoji_a", "emoji_b"]] = 0.0
    with pytest.warns(ls.LlamaStyleWarning, match="differ in fewer than 10 clusters"):
        result = ls.audit(frame)
    table = result.overrides()
    assert "style" in set(table["index"])
    assert table.loc[table["index"] == "words", "rate"].notna().all()


def test_correctness_that_never_differs_is_said(arena):
    frame = arena.battles.to_frame().assign(correct_a=1.0, correct_b=1.0)
    with pytest.warns(ls.LlamaStyleWarning, match="'correctness' does not vary"):
        result = ls.fit(frame)
    with pytest.raises(ls.FitError, match="differs between the two sides"):
        result.exchange_rates()
    assert "right answers" not in result.headline()


def test_a_model_without_a_rating_has_no_parts_either(arena):
    frame = arena.battles.to_frame()
    thin = frame[(frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")].head(60).assign(prompt_id=1)
    rest = frame[(frame["model_a"] != "model-01") & (frame["model_b"] != "model-01")]
    result = ls.audit(pd.concat([rest, thin], ignore_index=True), cluster="prompt_id")
    for table in (
        result.compare("model-01", "model-02"),
        result.compare("model-02", "model-01", scale="win_rate"),
        result.decompose().query("model == 'model-01'"),
    ):
        assert table[["estimate", "conf_low", "share"]].isna().all(axis=None)
        assert table["note"].str.contains("values of prompt_id: at least 10").all()
    words = gap_words(result, "model-01", "model-02")
    assert words.startswith("model-01 and model-02 cannot be compared: model-01:")
    assert "nan" not in words


def test_where_no_feature_varies_style_has_no_part_in_a_gap():
    frame = ls.simulate(900, 3, style={"words": 0.5}, seed=3).battles.to_frame().assign(words_a=5.0, words_b=5.0)
    with pytest.warns(ls.LlamaStyleWarning, match="does not vary"):
        result = ls.fit(frame)
    row = result.compare("model-01", "model-02").set_index("block").loc["style"]
    assert row[["std_error", "conf_low", "share"]].isna().all()
    assert row["note"] == "no feature varies: style has no part"


def test_parts_of_few_prompts_are_marked_conditional():
    few = ls.simulate(800, 4, style={"words": 0.5}, n_prompts=5, n_voters=40, seed=1)
    with pytest.warns(ls.LlamaStyleWarning, match="prompt_id has 5"):
        result = ls.fit(few.battles)
    assert result.compare("model-01", "model-02")["note"].str.startswith("conditional: prompt_id has 5 values").all()
    assert "Errors are conditional: prompt_id has 5 values." in gap_words(result, "model-01", "model-02")


def test_bands_hold_for_all_at_once(result):
    for of in ("prices", "inflation"):
        bands = result.bands(of)
        half, wide = bands["conf_high"] - bands["estimate"], bands["band_high"] - bands["estimate"]
        factor = (wide / half).to_numpy()
        assert np.ptp(factor) < 1e-9
        assert 1.0 < factor[0] < 2.0
        np.testing.assert_allclose(bands["estimate"] - bands["band_low"], wide)
    tidy = result.tidy().set_index("term")
    prices = result.bands().set_index("name")
    np.testing.assert_allclose(prices["std_error"], tidy.loc[prices.index, "std_error"])
    audit = result.audit().set_index("model")
    inflation = result.bands("inflation").set_index("name").loc[audit.index]
    np.testing.assert_allclose(inflation["estimate"], audit["inflation"])
    np.testing.assert_allclose(inflation["conf_low"], audit["inflation_low"])
    with pytest.raises(ls.LlamaStyleError, match="prices, inflation"):
        result.bands("everything")


def test_simultaneous_p_values_stand_beside_the_others(result):
    plain, more = result.audit(margin=1.0), result.audit(margin=1.0, simultaneous=True)
    assert more.columns.get_loc("p_simultaneous") == more.columns.get_loc("q_value") + 1
    assert more.drop(columns="p_simultaneous").equals(plain)
    tested = more[more["p_value"].notna()]
    assert len(tested)
    assert (tested["p_simultaneous"] >= tested["p_value"] - 0.02).all()
    assert (tested["p_simultaneous"] <= np.minimum(len(more) * tested["p_value"] + 0.02, 1)).all()  # Bonferroni


def test_the_short_form_says_where_to_go_on():
    result = ls.fit(ls.simulate(600, 6, style={"words": 0.5}, seed=1).battles)
    assert repr(result) == "<StyleResult of 600 battles and 6 models; see headline(), summary(), audit()>"
