"""fit() and audit(): choices, refusals, invariance."""

from __future__ import annotations

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
    result = ls.fit(ls.read_battles(frame(winner="tie")))
    np.testing.assert_allclose(result.params, 0, atol=1e-9)
    assert not result.audit()["verdict"].isin(["style-favoured", "style-penalised"]).any()
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
    result = ls.fit(battles)
    assert result.notes[0].startswith("correctness is known on both sides in 70 of 120 battles")
    assert result.predict().size == 70
    assert ls.fit(battles, correctness="ignore").predict().size == 120
    with pytest.raises(ls.FitError, match="70 of 120"):
        ls.fit(battles, correctness="require")


def test_without_correctness_the_first_line_says_so(arena):
    result = ls.fit(arena.battles, correctness="ignore")
    assert result.notes[0] == "no correctness: associated with style; quality not separated"
    assert not result.audit()["verdict"].isin(["inflated", "deflated"]).any()


def test_clusters_are_chosen_and_few_are_refused(arena):
    assert ls.fit(arena.battles).estimates.clustering.column == "prompt_id"
    assert ls.fit(arena.battles, cluster="voter").estimates.clustering.column == "voter"
    assert ls.fit(arena.battles, vcov="robust").estimates.clustering.column == ""
    few = ls.simulate(800, 4, style={"words": 0.5}, n_prompts=5, n_voters=40, seed=1)
    with pytest.warns(ls.LlamaStyleWarning, match="prompt_id has 5 values, fewer than 10.*no verdict"):
        result = ls.fit(few.battles)
    assert (result.audit()["verdict"] == "insufficient data").all()
    assert result.audit()["note"].str.contains("prompt_id has 5 values").all()
    with pytest.warns(ls.LlamaStyleWarning, match="conditional on these 5"):
        by_voter = ls.fit(few.battles, cluster="voter")
    assert (by_voter.audit()["verdict"] != "insufficient data").any()
    with pytest.warns(ls.LlamaStyleWarning, match="only 15 clusters"):
        ls.fit(ls.simulate(800, 4, style={"words": 0.5}, n_prompts=15, seed=1).battles)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"correctness": "yes"}, "auto, require, ignore"),
        ({"ties": "davidson"}, "half, drop"),
        ({"vcov": "HC3"}, "robust"),
        ({"separated": "firth"}, "error, drop"),
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
