"""fit() and audit(): choices, refusals, invariance."""

from __future__ import annotations

import html
import re
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import llamastyle as ls


@pytest.fixture(scope="module")
def arena():
    return ls.simulate(1500, 6, style={"words": 0.5, "bold": 0.2}, n_prompts=150, seed=1)


def numbers(result):
    """Every reported number, models in one order."""
    audit = result.audit().sort_values("model")
    frames = [
        result.tidy().sort_values(["block", "term"]),
        result.ratings().sort_values("model"),
        result.parity().sort_values("model"),
        result.decompose(),
        result.exchange_rates(),
        result.overrides(),
        audit,
    ]
    return np.concatenate([f.select_dtypes("number").astype(float).to_numpy().ravel() for f in frames])


@given(
    mask=st.lists(st.booleans(), min_size=1500, max_size=1500),
    kind=st.sampled_from(["log_ratio", "relative", "tanh"]),
)
@settings(max_examples=8, deadline=None)
def test_swapping_any_sides_changes_no_number(arena, mask, kind):
    swapped = arena.battles.swap(np.array(mask))
    np.testing.assert_allclose(
        numbers(ls.fit(swapped, contrast=kind)),
        numbers(ls.fit(arena.battles, contrast=kind)),
        rtol=1e-6,
        atol=1e-7,
    )


def test_swapping_all_flips_the_position_effect_only(arena):
    one, two = ls.fit(arena.battles, position=True), ls.fit(arena.battles.swap(), position=True)
    sign = np.where(one.params.index == "position", -1, 1)
    np.testing.assert_allclose(one.params * sign, two.params, atol=1e-8)
    np.testing.assert_allclose(one.bse, two.bse, rtol=1e-6)


def frame(**columns):
    base = {"model_a": ["x", "y", "z", "x"] * 30, "model_b": ["y", "z", "x", "z"] * 30}
    base["winner"] = ["model_a", "tie", "model_b", "model_b", "model_b", "model_a", "model_a", "tie"] * 15
    rng = np.random.default_rng(0)
    base |= {"words_a": rng.poisson(80, 120), "words_b": rng.poisson(80, 120)}
    return pd.DataFrame(base | columns)


def test_two_groups_that_never_met():
    apart = frame(model_a=["x", "y", "u", "v"] * 30, model_b=["y", "x", "v", "u"] * 30)
    with pytest.raises(ls.SeparationError, match="never met"):
        ls.fit(ls.read_battles(apart))
    result = ls.audit(apart)
    assert sorted(result.dropped) == ["u", "v"] or sorted(result.dropped) == ["x", "y"]
    gone = result.audit().set_index("model").loc[list(result.dropped)]
    assert (gone["verdict"] == "insufficient data").all()
    assert gone["note"].str.contains("met no model").all()


def test_a_model_that_won_everything():
    table = frame()
    table.loc[:9, ["model_a", "model_b", "winner"]] = "champion", "x", "model_a"
    with pytest.raises(ls.SeparationError, match="'champion' never lost"):
        ls.fit(ls.read_battles(table))
    audit = ls.audit(table).audit().set_index("model")
    assert "won all of its 10 battles" in audit.loc["champion", "note"]


def test_all_ties():
    with pytest.raises(ls.FitError, match="every battle is a tie"):
        ls.fit(ls.read_battles(frame(winner="tie")))
    result = ls.audit(frame(winner="tie"))
    assert set(result.audit()["note"]) == {"every battle is a tie: nothing tells models or styles apart"}
    assert "every battle is a tie" in result.headline()
    with pytest.raises(ls.FitError, match="no battle is left"):
        ls.fit(ls.read_battles(frame(winner="tie")), ties="drop")


def test_a_constant_feature_is_dropped_by_name():
    with pytest.warns(ls.LlamaStyleWarning, match="'bold' does not vary"):
        result = ls.fit(ls.read_battles(frame(bold_a=3.0, bold_b=3.0)))
    assert "bold" not in result.params.index


def test_one_row_has_reasons_and_no_verdict():
    result = ls.audit(frame().head(1))
    assert not result.converged
    table = result.audit()
    assert (table["verdict"] == "insufficient data").all()
    assert (table["note"] != "").all()
    assert result.headline().startswith("No verdict")
    with pytest.raises(ls.FitError, match="there is no estimate"):
        result.tidy()


def test_without_model_names_there_are_prices_only():
    result = ls.fit(ls.read_battles(frame().drop(columns=["model_a", "model_b"])))
    assert result.tidy()["term"].tolist() == ["words"]
    with pytest.raises(ls.FitError, match="prices only"):
        result.ratings()
    with pytest.raises(ls.FitError, match="prices only"):
        result.audit()
    assert "no two models" in result.headline()


def test_half_labelled_correctness_is_counted():
    rng = np.random.default_rng(1)
    right = rng.integers(0, 2, (2, 120)).astype(float)
    right[0, :50] = np.nan
    battles = ls.read_battles(frame(correct_a=right[0], correct_b=right[1]))
    left_out = "known on both sides in 70 of 120 battles: the other 50 are left out; correctness='ignore' uses all"
    with pytest.warns(ls.LlamaStyleWarning, match=left_out):
        result = ls.fit(battles)
    assert result.notes[0].startswith("correctness is known on both sides in 70 of 120 battles")
    assert result.headline().startswith("On the 70 of 120 battles with correctness known: ")
    assert left_out in result.warnings[0]
    assert result.predict().size == 70
    whole = ls.fit(battles, correctness="ignore")  # without a warning
    assert whole.predict().size == 120
    assert "correctness known" not in whole.headline()
    assert not ls.fit(battles.filter(battles.correct_known)).settings.partly_known
    seldom = battles.filter(np.arange(120) < 53)
    with pytest.warns(ls.LlamaStyleWarning, match="3 of 53 battles: the other 50"):
        none = ls.audit(seldom)
    assert none.headline().startswith("On the 3 of 53 battles with correctness known: no verdict: ")
    with pytest.raises(ls.FitError, match="70 of 120"):
        ls.fit(battles, correctness="require")


def test_without_correctness_the_first_line_says_so(arena):
    result = ls.fit(arena.battles, correctness="ignore")
    assert result.notes[0] == "no correctness: associated with style; quality not separated"
    assert not result.audit()["verdict"].isin(["inflated", "deflated"]).any()


def test_clusters_are_chosen_and_few_are_refused(arena):
    assert ls.fit(arena.battles).estimates.clustering.column == "prompt_id and voter"
    assert ls.fit(arena.battles, cluster="prompt_id").estimates.clustering.column == "prompt_id"
    assert ls.fit(arena.battles, cluster="voter").estimates.clustering.column == "voter"
    assert ls.fit(arena.battles, vcov="robust").estimates.clustering.column == ""
    few = ls.simulate(800, 4, style={"words": 0.5}, n_prompts=5, n_voters=40, seed=1)
    with pytest.warns(ls.LlamaStyleWarning, match="prompt_id has 5 values, fewer than 10.*no verdict"):
        result = ls.fit(few.battles)
    assert (result.audit()["verdict"] == "insufficient data").all()
    assert result.audit()["note"].str.contains("prompt_id has 5 values").all()
    with pytest.warns(ls.LlamaStyleWarning, match="conditional on these 5"):
        by_voter = ls.fit(few.battles, cluster="voter")
    assert by_voter.estimates.clustering.column == "voter"
    with pytest.warns(ls.LlamaStyleWarning, match="no verdict"):
        robust = ls.fit(few.battles, vcov="robust")
    with pytest.warns(ls.LlamaStyleWarning, match="no verdict"):
        asked = ls.fit(few.battles, cluster="prompt_id")
    assert asked.estimates.clustering.column == "voter"
    for other in (by_voter, robust, asked):
        assert (other.audit()["verdict"] == "insufficient data").all()
    with pytest.warns(ls.LlamaStyleWarning, match="only 15 clusters"):
        ls.fit(ls.simulate(800, 4, style={"words": 0.5}, n_prompts=15, seed=1).battles, correctness="ignore")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"correctness": "yes"}, "auto, require, ignore"),
        ({"ties": "third"}, "half, drop"),
        ({"vcov": "HC3"}, "robust"),
        ({"separated": "never"}, "error, drop"),
        ({"cluster": "voters"}, "did you mean 'voter'"),
        ({"level": 95}, "0.95"),
        ({"features": ["wrods"]}, "words"),
    ],
)
def test_wrong_options_list_the_right_ones(arena, options, message):
    with pytest.raises(ls.LlamaStyleError, match=message):
        ls.fit(arena.battles, **options)


def test_too_few_battles_for_the_parameters(arena):
    with pytest.raises(ls.FitError, match="too few for|never"):
        ls.fit(arena.battles.take(np.arange(6)))


def test_measured_features_and_a_table_of_them_agree(arena):
    one = ls.fit(arena.battles)
    two = ls.fit(arena.battles, ls.extract(arena.battles))
    np.testing.assert_array_equal(one.params, two.params)
    with pytest.raises(ls.FitError, match="rows"):
        ls.fit(arena.battles, ls.extract(["another table"], ["words"]))


def test_classical_errors_warn_with_ties(arena):
    with pytest.warns(ls.LlamaStyleWarning, match="classical"):
        ls.fit(arena.battles, vcov="classical")


def test_audit_reads_and_refuses_reading_twice(arena):
    table = frame().rename(columns={"winner": "vote"})
    assert ls.audit(table, columns={"winner": "vote"}).converged
    with pytest.raises(ls.DataError, match="read already"):
        ls.audit(arena.battles, columns={"winner": "vote"})


def test_nothing_is_random(arena):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one, two = ls.fit(arena.battles, seed=3), ls.fit(arena.battles, seed=3)
    np.testing.assert_array_equal(numbers(one), numbers(two))


def rare_column(weight: float) -> pd.DataFrame:
    """Votes in which emoji occur in five battles only, and always on the side that wins."""
    frame = ls.simulate(3000, 6, style={"words": 0.3, "emoji": 0.1}, ties=0.0, seed=5).battles.to_frame()
    won = np.flatnonzero(frame["winner"] == "model_a")[:5]
    frame[["emoji_a", "emoji_b"]] = 0.0
    frame.loc[won, "emoji_a"] = 3.0
    return frame.assign(weight=weight)


@pytest.mark.parametrize("weight", [1.0, 1 / 3000, 1e-8])
def test_separation_is_found_whatever_the_weights(weight):
    with pytest.raises(ls.SeparationError, match="'emoji'"):
        ls.fit(rare_column(weight), correctness="ignore")


def test_separation_is_found_among_battles_of_little_weight():
    frame = rare_column(1.0)
    frame.loc[frame["emoji_a"] > 0, "weight"] = 1e-5
    with pytest.raises(ls.SeparationError, match="'emoji'"):
        ls.fit(frame, correctness="ignore")


@pytest.mark.parametrize("scale", [1e-15, 1e-6, 1e100])
def test_the_scale_of_the_weights_changes_nothing(arena, scale):
    weight = np.random.default_rng(1).uniform(0.2, 3.0, len(arena.battles))
    frame = arena.battles.to_frame()
    one, other = (ls.fit(frame.assign(weight=weight * s)) for s in (1.0, scale))
    np.testing.assert_allclose(other.params, one.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(other.bse, one.bse, rtol=1e-7)
    parts = [r.decompose(scale="win_rate")["estimate"] for r in (one, other)]
    np.testing.assert_allclose(parts[1], parts[0], atol=1e-9)


def test_an_empty_prompt_is_its_own_cluster_and_is_counted(arena):
    frame = arena.battles.to_frame()
    frame["prompt_id"] = frame["prompt_id"].astype(object)
    frame.loc[[3, 9], "prompt_id"] = None
    prompts = frame["prompt_id"].nunique() + 2
    with pytest.warns(ls.LlamaStyleWarning, match="prompt_id is empty in 2 battles"):
        result = ls.fit(frame)
    assert result.estimates.clustering.ways[0] == ("prompt_id", prompts)
    with pytest.warns(ls.LlamaStyleWarning, match="prompt_id is empty in 2 battles"):
        result = ls.fit(frame.drop(columns="voter"))
    assert result.estimates.clustering.column == "prompt_id"
    assert result.estimates.clustering.n_groups == prompts


def with_self_battles() -> pd.DataFrame:
    """600 battles on 12 prompts, and 600 of a model with itself on prompts of their own."""
    frame = ls.simulate(600, 4, style={"words": 0.5}, n_prompts=12, seed=3).battles.to_frame()
    alone = frame.assign(model_b=frame["model_a"], prompt_id=1000 + np.arange(600))
    return pd.concat([frame, alone], ignore_index=True)


def test_silent_battles_make_no_clusters_of_ratings():
    with pytest.warns(ls.LlamaStyleWarning, match="only 12 clusters of prompt_id"):
        result = ls.fit(with_self_battles())
    seldom = pytest.warns(ls.LlamaStyleWarning, match="differ in fewer than 10 clusters")
    with seldom, pytest.warns(ls.LlamaStyleWarning, match="only 12 clusters"):
        alone = ls.fit(with_self_battles().head(600))
    names = ["rating_plain", "rating_plain_low", "rating_plain_high"]
    one, other = (r.ratings().sort_values("model")[names] for r in (result, alone))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_model_that_met_only_itself_is_kept_for_prices_and_named(arena):
    frame = arena.battles.to_frame()
    alone = frame.head(300).assign(model_a="zeta", model_b="zeta")
    result = ls.fit(pd.concat([frame, alone], ignore_index=True))
    assert result.predict().size == 1800
    audit = result.audit().set_index("model")
    assert audit.loc["zeta", "note"] == "met no other model"
    assert result.ratings().set_index("model").loc["model-01", "battles"] > 0
    forgiving = ls.audit(pd.concat([frame, alone], ignore_index=True))
    np.testing.assert_allclose(forgiving.params, result.params)


def test_a_column_that_repeats_others_is_an_error_or_leaves_a_forgiving_fit(arena):
    frame = arena.battles.to_frame()
    for side in "ab":
        frame[f"headers_{side}"] = frame[f"bold_{side}"]
    with pytest.raises(ls.FitError, match="'bold', 'headers' say the same|'headers', 'bold' say the same"):
        ls.fit(frame)
    with pytest.warns(ls.LlamaStyleWarning, match="'headers' was left out"):
        result = ls.audit(frame)
    np.testing.assert_allclose(result.params, ls.fit(arena.battles).params, atol=1e-8)


def against_baseline(n: int = 1500, seed: int = 4) -> pd.DataFrame:
    """Battles of five models against model-01, which answers every prompt."""
    frame = ls.simulate(6 * n, 6, style={"words": 0.5}, n_prompts=100, seed=seed).battles.to_frame()
    return frame[(frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")].reset_index(drop=True)


def test_prompt_effects_are_said_and_their_account_has_a_block():
    result = ls.fit(against_baseline(), prompt_effects=True)
    assert any("effects of prompts against model-01" in note for note in result.notes)
    blocks = result.decompose(scale="win_rate")["block"].unique().tolist()
    assert blocks == ["strength", "style", "correctness", "prompt", "total"]
    assert "prompt" not in set(result.decompose()["block"])


def test_prompt_effects_shrink_away_under_a_heavy_penalty():
    frame = against_baseline()
    heavy, none = ls.fit(frame, prompt_effects=1e9), ls.fit(frame)
    np.testing.assert_allclose(heavy.params, none.params, atol=1e-6)
    np.testing.assert_allclose(heavy.bse, none.bse, rtol=1e-4)


def test_davidson_has_its_parameter_in_the_tables(arena):
    result = ls.fit(arena.battles, ties="davidson")
    row = result.tidy().set_index("term").loc["log_nu"]
    assert row["block"] == "ties"
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert result.params["log_nu"] == row["estimate"]
    assert result.bse["log_nu"] == pytest.approx(row["std_error"])
    np.testing.assert_allclose(result.predict(arena.battles), result.predict(), atol=1e-12)
    assert result.audit()["verdict"].notna().all()


def test_swapping_changes_nothing_with_davidson_and_prompts():
    battles = ls.read_battles(against_baseline())
    mask = np.random.default_rng(5).random(len(battles)) < 0.5
    options = {"ties": "davidson", "prompt_effects": 1.0}
    one, two = (ls.fit(b, **options) for b in (battles, battles.swap(mask)))
    np.testing.assert_allclose(numbers(two), numbers(one), rtol=1e-6, atol=1e-8)


def test_firth_keeps_a_model_that_won_everything(arena):
    frame = arena.battles.to_frame().drop(columns="outcome")
    won = frame.head(40).assign(model_a="champion", winner="model_a")
    both = pd.concat([frame, won], ignore_index=True)
    with pytest.raises(ls.SeparationError, match="separated='firth'"):
        ls.fit(both)
    result = ls.fit(both, separated="firth")
    table = result.ratings().set_index("model")
    assert table.index[0] == "champion"
    assert np.isfinite(table.loc["champion", "rating"])
    assert any("Firth's penalty" in note for note in result.notes)
    parts = result.decompose(scale="win_rate").query("model == 'champion' and group == ''").set_index("block")
    assert parts.loc["total", "estimate"] == pytest.approx(0.5)
    assert "residual" in parts.index


def test_ridge_is_said_per_battle_sum(arena):
    result = ls.fit(arena.battles, penalty={"style": 4.0})
    assert any("ridge penalty 4 on style: 2 times the sum of squared" in note for note in result.notes)
    free = ls.fit(arena.battles)
    assert (result.params[["words", "bold"]].abs() < free.params[["words", "bold"]].abs()).all()
    np.testing.assert_allclose(ls.fit(arena.battles, penalty={"style": 1e-9}).params, free.params, atol=1e-7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prompt_effects": True}, "need a baseline, one model that is in every battle; the most frequent"),
        ({"prompt_effects": -1}, "above 0"),
        ({"penalty": {"styl": 1.0}}, "did you mean 'style'"),
        ({"penalty": {"style": 0.0}}, "above 0"),
        ({"penalty": "lasso"}, "'firth', or a ridge"),
        ({"penalty": "firth", "ties": "davidson"}, "stands alone"),
    ],
)
def test_handling_that_cannot_be_is_refused(arena, options, message):
    with pytest.raises(ls.FitError, match=message):
        ls.fit(arena.battles, **options)


def test_davidson_refuses_probabilities_and_votes_without_ties(arena):
    frame = arena.battles.to_frame().drop(columns="winner")
    with pytest.raises(ls.FitError, match="these outcomes are probabilities"):
        ls.fit(frame.assign(outcome=frame["outcome"] * 0.9 + 0.01), ties="davidson")
    decisive = arena.battles.filter(arena.battles.outcome != 0.5)
    with pytest.raises(ls.FitError, match="needs ties"):
        ls.fit(decisive, ties="davidson")


def test_position_cannot_be_told_from_prompts_where_the_baseline_has_one_side():
    battles = ls.read_battles(against_baseline())
    one_sided = battles.swap(battles.model_a == battles.models.index("model-01"))
    with pytest.raises(ls.FitError, match="always stands on one side"):
        ls.fit(one_sided, prompt_effects=True, position=True)
    assert ls.fit(battles, prompt_effects=True, position=True).converged


def test_a_ridge_on_strengths_pulls_plain_and_controlled_together(arena):
    free, held = ls.fit(arena.battles), ls.fit(arena.battles, penalty={"strength": 50.0})
    spread = [r.ratings()[["rating_plain", "rating"]].std() for r in (held, free)]
    assert (spread[0] < spread[1]).all()


@pytest.mark.parametrize(
    "options",
    [{"ties": "davidson"}, {"penalty": {"style": 40.0, "strength": 4.0}}, {"penalty": "firth"}, {"separated": "firth"}],
)
def test_every_output_stands_whatever_the_likelihood(arena, options):
    result = ls.fit(arena.battles, **options)
    page = result.report()
    assert result.headline() in result.summary()
    for note in result.notes:
        assert note in result.summary()
    assert result.overrides()["rate"].notna().all()
    lines = html.unescape(page).splitlines()
    for name, value in options.items():
        said = f"{name}={value!r}".replace("'", '"')
        assert any(said in line for line in lines), said


def test_folds_of_overrides_keep_the_fits_penalty(arena):
    from llamastyle.regression.decomposition import cross_fitted_index

    heavy = ls.fit(arena.battles, penalty={"style": 1e9})
    est = heavy.estimates
    index = cross_fitted_index(heavy.design, est.fit, est.made, seed=0)
    assert np.abs(index).max() < 1e-4


def test_two_ways_at_once_reach_every_table(arena):
    frame = arena.battles.to_frame()
    two = ls.fit(frame, cluster=["prompt_id", "voter"])
    clustering = two.estimates.clustering
    prompts, voters = frame["prompt_id"].nunique(), frame["voter"].nunique()
    assert clustering.ways == (("prompt_id", prompts), ("voter", voters))
    assert f"clustered by prompt_id and voter ({prompts} and {voters} clusters" in two.summary()
    assert f"t({min(prompts, voters) - 1})" in two.summary()
    checks = two.diagnostics().set_index("check")
    assert checks.loc["clusters", "value"] == f"{prompts} and {voters}"
    assert checks.loc["negative eigenvalues", "value"] == "0"
    one = ls.fit(frame, cluster="prompt_id")
    assert "negative eigenvalues" not in set(one.diagnostics()["check"])
    np.testing.assert_array_equal(two.params, one.params)
    for table in ("tidy", "parity", "decompose", "exchange_rates", "overrides"):
        widths = [getattr(r, table)().filter(like="conf_").select_dtypes("number") for r in (one, two)]
        if table != "parity":
            assert not np.allclose(*widths, equal_nan=True)
        assert np.isfinite(widths[1]).sum().sum() == np.isfinite(widths[0]).sum().sum()
    assert 'cluster=["prompt_id", "voter"]' in two.report().replace("&#34;", '"').replace("&quot;", '"')


def test_the_same_way_twice_is_one_way(arena):
    frame = arena.battles.to_frame().assign(prompt_again=lambda f: f["prompt_id"])
    battles = ls.read_battles(frame, cluster=["prompt_id", "prompt_again"])
    one = ls.fit(arena.battles, cluster="prompt_id")
    np.testing.assert_allclose(numbers(ls.fit(battles)), numbers(one), rtol=1e-9, atol=1e-9)


def test_swapping_changes_nothing_in_two_ways(arena):
    mask = np.random.default_rng(2).random(len(arena.battles)) < 0.5
    one, two = (ls.fit(b, cluster=["prompt_id", "voter"]) for b in (arena.battles, arena.battles.swap(mask)))
    np.testing.assert_allclose(numbers(two), numbers(one), rtol=1e-6, atol=1e-7)


def test_a_model_needs_ten_clusters_in_every_way():
    frame = ls.simulate(3000, 5, style={"words": 0.5}, n_prompts=300, n_voters=60, seed=1).battles.to_frame()
    frame["voter"] = frame["voter"].astype(object)
    mine = (frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")
    frame.loc[mine, "voter"] = [f"v{i % 4}" for i in range(int(mine.sum()))]
    note = ls.fit(frame, cluster=["prompt_id", "voter"]).audit().set_index("model").loc["model-01", "note"]
    assert note.startswith("4 values of voter: at least 10 are needed")
    one = ls.fit(frame, cluster="prompt_id")
    assert one.audit().set_index("model").loc["model-01", "verdict"] != "insufficient data"


def test_two_ways_with_davidson_and_prompt_effects():
    frame = against_baseline(3000)
    both = ls.fit(frame, ties="davidson", prompt_effects=True, cluster=["prompt_id", "voter"])
    one = ls.fit(frame, ties="davidson", prompt_effects=True, cluster="prompt_id")
    assert np.isfinite(numbers(both)).sum() == np.isfinite(numbers(one)).sum()
    assert not np.allclose(both.bse, one.bse)


@pytest.mark.parametrize("ask", [ls.fit, ls.audit])
def test_a_warning_points_at_the_line_that_asked(ask):
    battles = ls.simulate(500, style={"words": 0.3}, n_prompts=12, seed=1).battles
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ask(battles)
    line = sys._getframe().f_lineno - 1
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, line)]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: r.compare("model-01", None), "two different models, not a name that is missing"),
        (lambda r: r.compare("model-01", ["model-02"]), "no model's name"),
        (lambda r: r.tidy(level="x"), "level='x' must lie in"),
        (lambda r: r.tidy(level=True), "level=True must lie in"),
        (lambda r: r.audit(margin="x"), "margin='x' must be above 0 Arena points"),
        (lambda r: r.audit(margin=float("inf")), "margin=inf must be"),
        (lambda r: r.audit(fdr="x"), "fdr='x' must lie between"),
        (lambda r: r.audit(reference=3), "3 is no model's name"),
        (lambda r: r.ratings(anchor="x"), "anchor='x' must be a number"),
        (lambda r: r.label_error(margin="x"), "margin='x' must be"),
        (lambda r: r.influential(margin="x"), "margin='x' must be"),
        (lambda r: r.transforms(margin="x"), "margin='x' must be"),
        (lambda r: ls.battles_for(r, 40, margin="x"), "margin='x' must be"),
        (lambda r: ls.fit(r.battles, level="x"), "level='x' must lie in"),
        (lambda r: ls.audit(r.battles, margin=30), "audit has no option 'margin'; it is an option of the result"),
        (lambda r: ls.audit(r.battles, clusters="voter"), "no option 'clusters'; did you mean 'cluster'"),
        (lambda r: ls.fit(r.battles, seed="x"), "seed='x' must be a whole number"),
        (lambda r: ls.fit(r.battles, seed=1.5), "seed=1.5 must be a whole number"),
    ],
)
def test_a_value_of_the_wrong_kind_is_one_clear_error(ask, words):
    result = ls.fit(ls.simulate(800, 3, style={"words": 0.5}, seed=2).battles)
    with pytest.raises(ls.FitError, match=re.escape(words)):
        ask(result)


def test_votes_that_call_both_bad_are_counted_or_left_out(arena):
    battles = arena.battles
    result = ls.fit(battles)
    table = result.both_bad()
    assert table["model"].iloc[0] == ""
    assert table["rate"].iloc[0] == pytest.approx(battles.both_bad.mean())
    mine = (battles.model_a == 2) | (battles.model_b == 2)
    row = table.set_index("model").loc["model-03"]
    assert row["rate"] == pytest.approx(battles.both_bad[mine].mean())
    assert row["conf_low"] < row["rate"] < row["conf_high"]
    without = ls.fit(battles, both_bad="drop")
    assert any(note == f"{battles.both_bad.sum()} votes that call both bad left out" for note in without.notes)
    same = ls.fit(battles.filter(~battles.both_bad))
    np.testing.assert_allclose(without.params, same.params)


def test_a_feature_in_few_clusters_is_warned_of_and_not_in_the_headline():
    """One prompt's battles fix such a price exactly, so that its sandwich error is next to nothing."""
    rng = np.random.default_rng(3)
    n = 1200
    prompt = np.arange(n) % 60
    there = (prompt == 7) & (np.arange(n) < 900)
    first = rng.random(n) < 0.5
    won = np.where(there, rng.random(n) < np.where(first, 0.9, 0.1), rng.random(n) < 0.5)
    names = rng.permuted(np.tile(np.array(["x", "y", "z"]), (n, 1)), axis=1)
    frame = pd.DataFrame(
        {
            "model_a": names[:, 0],
            "model_b": names[:, 1],
            "winner": np.where(won, "model_a", "model_b"),
            "prompt_id": prompt,
            "words_a": rng.integers(50, 90, n),
            "words_b": rng.integers(50, 90, n),
            "emoji_a": (there & first).astype(int),
            "emoji_b": (there & ~first).astype(int),
        }
    )
    with pytest.warns(ls.LlamaStyleWarning, match=r"fewer than 10 clusters of prompt_id: 'emoji' \(1\)"):
        result = ls.fit(frame)
    prices = result.tidy().set_index("term")
    assert np.isnan(prices.loc["emoji", "p_value"])
    assert prices.loc["words", "p_value"] > 0.01
    assert "emoji" not in result.headline()
    assert any("'emoji' (1)" in warning for warning in result.warnings)


def test_rates_of_both_bad_allow_for_every_way_of_clusters():
    """Voters who always or never call both bad: what they share is in the interval, whichever way stands first."""
    frame = ls.simulate(2000, 5, style={"words": 0.5}, n_prompts=300, n_voters=30, seed=1).battles.to_frame()
    frame["winner"] = np.where(frame["voter"] % 3 == 0, "both_bad", np.where(frame["outcome"] > 0.5, "model_a", "model_b"))
    battles = ls.read_battles(frame.drop(columns="outcome"))
    width = {}
    for cluster in ("prompt_id", "voter", ["prompt_id", "voter"]):
        row = ls.fit(battles, cluster=cluster).both_bad().iloc[0]
        width[str(cluster)] = row["conf_high"] - row["conf_low"]
    prompts, voters, both = width.values()
    assert voters > 3 * prompts
    assert both == pytest.approx(voters, rel=0.1)
