"""Judges side by side, by hand and against the fit of one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.errors import DataError


@pytest.fixture(scope="module")
def battles():
    made = ls.simulate(4000, 6, style={"words": 0.8, "bold": 0.2}, seed=2).battles
    judge = np.where(np.arange(4000) % 2 == 0, "even", "odd")
    return replace(made, columns=made.columns.assign(judge=judge))


@pytest.fixture(scope="module")
def table(battles):
    return ls.compare_judges(battles)


def test_a_row_a_judge_and_measure(table):
    assert table["judge"].unique().tolist() == ["even", "odd"]
    assert table["battles"].unique().tolist() == [2000]
    assert set(table["measure"]) == {
        "right answer preferred", "longer answer preferred", "effect", "exchange rate", "override",
    }  # fmt: skip


def test_shares_by_hand(battles, table):
    own = battles.filter((battles.columns["judge"] == "even").to_numpy())
    gap = own.correct_a - own.correct_b
    won = np.where(gap > 0, own.outcome, 1 - own.outcome)[gap != 0]
    words = own.measured.column("words")
    longer = words[own.row_a] - words[own.row_b]
    long_won = np.where(longer > 0, own.outcome, 1 - own.outcome)
    told = table[table["judge"] == "even"].set_index("measure")
    assert told.loc["right answer preferred", "estimate"] == pytest.approx(won.mean())
    assert told.loc["longer answer preferred", "estimate"] == pytest.approx(long_won.mean())
    assert (
        told.loc["right answer preferred", "conf_low"]
        < won.mean()
        < told.loc["right answer preferred", "conf_high"]
    )


def test_effects_and_rates_are_those_of_the_judge_s_own_fit(battles, table):
    own = ls.audit(battles.filter((battles.columns["judge"] == "odd").to_numpy()))
    effect = own.effects().groupby("term").tail(1).set_index("term").loc["words"]
    rate = own.exchange_rates().groupby("term").tail(1).set_index("term").loc["words"]
    told = table[table["judge"] == "odd"].set_index(["measure", "term"])
    assert told.loc[("effect", "words"), "estimate"] == pytest.approx(effect["effect"])
    assert told.loc[("exchange rate", "words"), "conf_low"] == pytest.approx(rate["conf_low"])
    over = own.overrides()
    assert told.loc[("override", "words: wrong side has more"), "estimate"] == pytest.approx(
        over[(over["index"] == "words") & (over["wrong_side_has"] == "more")]["rate"].iloc[0]
    )


def test_people_are_one_more_judge(battles):
    people = ls.simulate(1000, 6, style={"words": 0.1}, seed=3).battles
    found = ls.compare_judges(battles, votes=people)
    assert found["judge"].unique().tolist() == ["even", "odd", "people"]


def test_a_judge_without_a_maximum_is_penalised_and_says_so():
    rows = [
        {
            "model_a": "x", "model_b": "y", "prompt_id": i, "correct_a": i % 2, "correct_b": 1 - i % 2,
            "winner": "model_a" if i % 2 else "model_b", "response_a": "Yes. " * (1 + i % 3), "response_b": "No. " * 2,
        }
        for i in range(40)
    ]  # fmt: skip
    found = ls.compare_judges(rows)
    assert found.set_index("measure").loc["right answer preferred", "estimate"] == 1
    fitted = found[found["measure"].isin(["effect", "exchange rate"])]
    assert fitted["note"].str.contains("with Firth's penalty, no interval").all()
    assert fitted["estimate"].notna().all()
    assert fitted[["conf_low", "conf_high"]].isna().all(axis=None)


def test_without_correctness():
    with pytest.raises(DataError, match="no battle has correctness on both sides"):
        ls.compare_judges([{"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "a", "response_b": "b"}])


@pytest.mark.shared_data
@pytest.mark.filterwarnings("ignore::llamastyle.LlamaStyleWarning")
def test_no_judge_of_judgebench_favours_length(shared):
    home = shared / "judgebench"
    battles = ls.read_battles(str(home / "verdicts" / "*.jsonl"), responses=home / "pairs_gpt-4o-2024-05-13.jsonl")
    found = ls.compare_judges(battles)
    longer = found[found["measure"] == "longer answer preferred"]
    assert len(longer) == 6
    assert (longer["estimate"] < 0.5).all()
    effect = found[(found["measure"] == "effect") & (found["term"] == "words")]
    assert (effect["conf_low"] < 0).all()


def test_verdicts_without_a_judge_s_name_are_kept(battles):
    judge = np.where(np.arange(4000) % 2 == 0, "even", None)
    found = ls.compare_judges(replace(battles, columns=battles.columns.assign(judge=judge)))
    assert found["judge"].unique().tolist() == ["even", "not named"]
    assert found["battles"].unique().tolist() == [2000]


def test_people_twice(battles):
    judge = np.where(np.arange(4000) % 2 == 0, "people", "odd")
    with pytest.raises(DataError, match="'people', as the votes are; rename it"):
        ls.compare_judges(replace(battles, columns=battles.columns.assign(judge=judge)), votes=battles)


def test_votes_without_correctness_are_named_in_the_error(battles):
    with pytest.raises(DataError, match="^votes: no battle has correctness"):
        ls.compare_judges(battles, votes=replace(battles, correct_a=None, correct_b=None))


def test_a_feature_that_hardly_differs_is_not_fitted():
    rows = [
        {
            "model_a": "x", "model_b": "y", "prompt_id": i, "correct_a": i % 2, "correct_b": 1 - i % 2,
            "winner": "model_a" if (i * 7) % 3 else "model_b", "response_a": "Yes. " * (1 + i % 3),
            "response_b": "**No**. " * 2 if i == 5 else "No. " * 2,
        }
        for i in range(60)
    ]  # fmt: skip
    effects = ls.compare_judges(rows).query("measure == 'effect'")
    assert effects["term"].tolist() == ["words"]


def test_texts_from_elsewhere():
    rows = [
        {
            "prompt_id": str(i), "model_a": "x", "model_b": "y", "winner": "model_a" if (i * 7) % 3 else "model_b",
            "correct_a": i % 2, "correct_b": 1 - i % 2,
        }
        for i in range(60)
    ]  # fmt: skip
    texts = [
        {"prompt_id": str(i), "model": model, "response": "Yes. " * (1 + (i + k) % 3)}
        for i in range(60)
        for k, model in enumerate("xy")
    ]
    found = ls.compare_judges(rows, responses=texts)
    assert found["battles"].unique().tolist() == [60]
    with pytest.raises(DataError, match="yet to be read"):
        ls.compare_judges(ls.read_battles(rows, responses=texts), responses=texts)


def test_a_judge_that_is_nearly_always_right_has_no_interval():
    rng = np.random.default_rng(0)
    right = rng.random(350) < 0.97
    rows = [
        {
            "model_a": "x", "model_b": "y", "prompt_id": i, "correct_a": i % 2, "correct_b": 1 - i % 2,
            "winner": "model_a" if right[i] == i % 2 else "model_b", "words_a": int(a), "words_b": int(b),
        }
        for i, (a, b) in enumerate(rng.integers(50, 400, (350, 2)))
    ]  # fmt: skip
    found = ls.compare_judges(rows)
    fitted = found[found["measure"].isin(["effect", "exchange rate"])]
    assert fitted["estimate"].notna().all()
    assert fitted[["conf_low", "conf_high"]].isna().all(axis=None)
    assert fitted["note"].str.contains(f"the wrong side won in {(~right).sum()} clusters alone").all()
    assert found[found["measure"] == "right answer preferred"]["conf_low"].notna().all()


def test_a_perfect_judge_s_share_has_a_width_and_being_right_no_slope(battles):
    gap = battles.correct_a - battles.correct_b
    decided = battles.filter(np.abs(gap) == 1)
    gap = decided.correct_a - decided.correct_b
    found = ls.compare_judges(replace(decided, outcome=(gap > 0).astype(float)))
    right = found[found["measure"] == "right answer preferred"]
    assert (right["estimate"] == 1).all()
    assert (right["conf_low"].between(0.9, 0.9999) & (right["conf_high"] == 1)).all()
    assert "correctness" not in set(found["term"])
