"""From votes to a verdict on the real data sets beside the checkout."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import llamastyle as ls
from llamastyle.regression.decomposition import POINTS

pytestmark = pytest.mark.shared_data

LLMFAO = {
    "model_a": "left",
    "model_b": "right",
    "response_a": "text_left",
    "response_b": "text_right",
    "prompt_id": "prompt",
    "voter": "worker",
    "model": "name",
}


@pytest.fixture(scope="module")
def alpaca(shared: Path) -> ls.Battles:
    return ls.read_battles(shared / "alpaca_eval" / "battles.parquet")


@pytest.fixture(scope="module")
def published(shared: Path) -> pd.DataFrame:
    return pd.read_csv(
        shared / "alpaca_eval" / "leaderboard_weighted_alpaca_eval_gpt4_turbo.csv", index_col=0
    )


def test_alpaca_win_rates_are_the_published_ones(alpaca, published):
    found = ls.audit(alpaca, ["chars"], contrast="tanh").audit().set_index("model")
    others = found.drop(index="gpt4_1106_preview")
    assert len(others) == 39
    np.testing.assert_allclose(100 * others["win_rate"], published["win_rate"][others.index], atol=1e-6)


def test_length_control_orders_models_as_published(alpaca, published):
    ratings = ls.audit(alpaca, ["chars"], contrast="tanh").ratings().set_index("model")
    column = published["length_controlled_winrate"][ratings.index]
    assert spearmanr(ratings["rating"], column).statistic >= 0.975
    assert spearmanr(ratings["rating_plain"], column).statistic < 0.96


def test_prompt_effects_and_length_meet_the_published_length_controlled_win_rates(alpaca, published):
    parity = quietly(alpaca, features=["chars"], contrast="tanh", prompt_effects=True).parity().set_index("model")
    ours = 100 * parity["parity_win_rate"].drop(index="gpt4_1106_preview")
    theirs = published["length_controlled_winrate"][ours.index]
    assert len(ours) == 39
    assert (ours - theirs).abs().mean() <= 1.0
    assert spearmanr(ours, theirs).statistic >= 0.98
    raw = 100 * parity["win_rate"].drop(index="gpt4_1106_preview")
    assert (raw - theirs).abs().mean() > 4.0


@pytest.fixture(scope="module")
def votes(shared: Path) -> ls.Battles:
    return ls.read_battles(
        shared / "llmfao" / "crowd_votes.parquet",
        columns=LLMFAO,
        labels={"left": "model_a", "right": "model_b"},
        correctness=shared / "llmfao" / "correctness_labels.csv",
    )


def quietly(battles: ls.Battles, **options: object) -> ls.StyleResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ls.LlamaStyleWarning)
        return ls.audit(battles, **options)


def test_crowd_votes_with_correctness(votes):
    result = quietly(votes, cluster="voter")
    assert result.notes[0].startswith("correctness is known on both sides in 3171 of 8931 battles")
    assert result.estimates.clustering.n_groups == 121
    assert result.parity()[["parity_change", "change_low", "change_high"]].notna().all(axis=None)
    rates = result.exchange_rates()
    assert set(rates.loc[rates["estimate"].isna(), "term"]) == {"inline_code"}
    assert rates.loc[rates["estimate"].isna(), "note"].str.contains("at least 10 are needed").all()
    assert result.overrides()["conf_low"].notna().all()
    frame = result.decompose()
    whole = frame[frame["group"] == ""].pivot(index="model", columns="block", values="estimate")
    gap = whole[["strength", "style", "correctness"]].sum(axis=1) - whole["total"]
    assert np.abs(gap).max() < 1e-9 * POINTS


def test_five_prompts_give_the_message_and_no_verdict(votes):
    with pytest.warns(ls.LlamaStyleWarning, match="prompt_id has 5 values, fewer than 10"):
        result = ls.audit(votes.filter(votes.correct_known), ["words"], cluster="prompt_id")
    assert set(result.audit()["verdict"]) == {"insufficient data"}
    assert result.headline().startswith("No verdict")


@pytest.mark.parametrize("features", [None, ["words"]])
def test_a_hundred_arena_battles_give_reasons_not_errors(shared, features):
    result = quietly(ls.read_battles(shared / "arena_140k_sample" / "raw.csv"), features=features)
    table = result.audit()
    thin = table[table["verdict"] == "insufficient data"]
    assert len(thin) >= 47
    assert (thin["note"] != "").all()
    assert thin["inflation"].isna().all()


def test_arena_sample_with_arenas_own_features(shared):
    result = quietly(ls.read_battles(shared / "arena_140k_sample" / "raw.csv"), features="arena")
    assert result.table.names == ("tokens", "arena_headers", "arena_lists", "arena_bold")


def test_unnamed_opponents_give_prices_only(shared):
    battles = ls.read_battles(
        shared / "arena_llama3" / "battles.parquet",
        columns={"winner": "preference", "response_a": "llama-3-70b-instruct", "response_b": "not_llama"},
        labels={"llama-3-70b-instruct": "model_a", "not_llama": "model_b"},
    )
    result = quietly(battles)
    assert result.predict().size == 1415
    with pytest.raises(ls.FitError, match="prices only"):
        result.ratings()
