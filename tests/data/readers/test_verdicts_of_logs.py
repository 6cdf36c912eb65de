"""Verdicts without texts, joined with two models' logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llamastyle as ls

LOGS = Path(__file__).parent / "logs"
BOTH = [LOGS / "one.json", LOGS / "two.json"]


def verdicts(*prompts: str, **more: Any) -> list[dict[str, Any]]:
    vote = {"model_a": "fixed/two", "model_b": "fixed/one", "winner": "model_b", "judge": "j"}
    return [{**vote, "prompt_id": prompt, **more} for prompt in prompts]


def test_texts_and_correctness_come_from_the_logs() -> None:
    battles = ls.read_battles(verdicts("sums:c/d", "sums:1"), responses=BOTH)
    frame = battles.to_frame()
    assert frame["response_a"].tolist() == ["Rock", "4"]
    assert frame["response_b"].tolist() == ["Cheese 🧀", "**Great question!** It is 4."]
    assert frame[["correct_a", "correct_b"]].values.tolist() == [[1, 0], [1, 1]]
    assert battles.columns["judge"].tolist() == ["j", "j"]
    assert "correctness known on both sides in 2 of 2 battles" in battles.notes
    assert "sums: 2 epochs: the texts are those of the first, the scores the means" in battles.notes
    assert ls.extract(battles, ["words"]).values.shape == (4, 1)


def test_a_file_of_verdicts_with_names_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    path.write_text(json.dumps({"id": "sums:b", "left": "fixed/one", "right": "fixed/two", "vote": "left"}))
    names = {"model_a": "left", "model_b": "right", "winner": "vote", "prompt_id": "id"}
    responses = ls.read_responses(BOTH)
    battles = ls.read_battles(path, columns=names, labels={"left": "model_a"}, responses=responses)
    assert battles.to_frame()[["response_a", "winner"]].values.tolist() == [["- 5\n- or so", "model_a"]]


def test_unscored_sides_stay_unknown() -> None:
    graded = ls.read_responses(BOTH, score="graded")
    battles = ls.read_battles(verdicts("sums:1", "sums:c/d"), responses=graded)
    np.testing.assert_array_equal(battles.correct_a, [0.5, np.nan])
    assert "correctness known on both sides in 1 of 2 battles" in battles.notes


def test_turns_of_conversations_stay() -> None:
    turns = [
        {"role": role, "content": text} for role, text in zip(["user", "assistant"] * 2, "qwer", strict=True)
    ]
    responses = ls.read_responses([{"conversation": turns, "model": m, "prompt_id": 1} for m in "xy"])
    battles = ls.read_battles(
        [{"model_a": "y", "model_b": "x", "winner": "tie", "prompt_id": "1"}], responses=responses
    )
    assert battles.turn_starts is not None
    assert ls.extract(battles, ["turns"]).values.tolist() == [[2], [2]]


def test_verdicts_without_a_response() -> None:
    votes = [*verdicts("sums:1", "sums:9", "sums:10"), *verdicts("sums:b", model_a="other")]
    with pytest.raises(
        ls.DataError, match="row 1 .*no text by 'fixed/two' to this prompt; 2 of 4 rows like this, 3 have some problem"
    ):
        ls.read_battles(votes, responses=BOTH)
    battles = ls.read_battles(votes, responses=BOTH, strict=False)
    assert battles.columns["prompt_id"].tolist() == ["sums:1"]
    assert "3 rows of 4 set aside (see battles.issues)" in battles.notes
    assert set(battles.issues["row"]) == {1, 2, 3}


@pytest.mark.parametrize("votes", [verdicts("1", "b"), verdicts("sums:1", model_a="a", model_b="b")])
def test_nothing_in_common(votes: list[dict[str, Any]]) -> None:
    for strict in (True, False):
        with pytest.raises(ls.DataError, match=r"no response belongs to a verdict.*'sums:1'.*task:id"):
            ls.read_battles(votes, responses=BOTH, strict=strict)


def test_what_else_is_an_error() -> None:
    rows = [{"model": "x", "prompt_id": 1, "text": text} for text in ("a", "b")]
    votes = [{"model_a": "x", "model_b": "y", "winner": "tie", "prompt_id": 1}]
    with pytest.raises(ls.DataError, match="two different texts by 'x' to prompt 1, in rows 0 and 1"):
        ls.read_battles(votes, responses=rows)
    with pytest.raises(ls.DataError, match="the table has responses of its own"):
        ls.read_battles([{**votes[0], "response_a": "a", "response_b": "b"}], responses=rows)
    with pytest.raises(ls.DataError, match="these battles have no prompt_id"):
        ls.read_battles([{"model_a": "x", "model_b": "y", "winner": "tie"}], responses=rows)
    with pytest.raises(ls.DataError, match="the responses have no prompt_id"):
        ls.read_battles(votes, responses=[{"text": "a", "model": "x"}])
    with pytest.raises(ls.DataError, match="the responses have no model"):
        ls.read_battles(votes, responses=[{"text": "a", "prompt_id": "x"}])


@pytest.mark.parametrize("scores", [BOTH, ls.read_responses(BOTH)], ids=["logs", "responses"])
def test_correctness_from_logs(scores: Any) -> None:
    votes = verdicts("sums:1", "sums:b", response_a="4", response_b="5")
    joined = ls.join_correctness(ls.read_battles(votes), scores)
    for battles in (joined, ls.read_battles(votes, correctness=scores)):
        assert battles.to_frame()[["correct_a", "correct_b"]].values.tolist() == [[1, 1], [1, 0]]
        assert "correctness known on both sides in 2 of 2 battles" in battles.notes


def test_correctness_that_is_not_there() -> None:
    battles = ls.read_battles(verdicts("sums:1", response_a="4", response_b="5"))
    with pytest.raises(ls.DataError, match="these responses have no correct: correctness cannot be joined"):
        ls.join_correctness(
            battles, ls.read_responses([{"text": "x", "model": "fixed/one", "prompt_id": "sums:1"}])
        )
    other = ls.read_battles(verdicts("other:1", response_a="4", response_b="5"))
    with pytest.raises(ls.DataError, match="no score belongs to a battle.*'other:1'.*'sums:1'"):
        ls.join_correctness(other, BOTH)
