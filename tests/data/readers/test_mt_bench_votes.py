"""MT-Bench's published votes."""

from __future__ import annotations

from typing import Any

import llamastyle as ls


def turns(name: str) -> list[dict[str, Any]]:
    out = []
    for i in (1, 2):
        out += [{"role": "user", "content": f"ask {i}"}, {"role": "assistant", "content": f"{name} {i}"}]
    return out


def vote(winner: str, judge: Any = "expert_0", turn: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "question_id": 81,
        "model_a": "x",
        "model_b": "y",
        "winner": winner,
        "judge": judge,
        "conversation_a": turns("x"),
        "conversation_b": turns("y"),
        "turn": turn,
        **more,
    }


def test_a_vote_after_the_first_turn_is_on_the_first_turn() -> None:
    battles = ls.read_battles([vote("model_a"), vote("model_b", turn=2)])
    frame = battles.to_frame()
    assert frame["response_a"].tolist() == ["x 1", "x 1\n\nx 2"]
    assert frame["response_b"].tolist() == ["y 1", "y 1\n\ny 2"]
    assert frame["prompt"].tolist() == ["ask 1"] * 2
    assert frame["prompt_id"].tolist() == [81, 81]


def test_a_judge_that_contradicts_itself_ties() -> None:
    rows = [vote("tie (inconsistent)", ["gpt-4", "pair-v2"]), vote("tie", ["gpt-4", "pair-v2"], 2)]
    battles = ls.read_battles(rows)
    assert battles.outcome.tolist() == [0.5, 0.5]
    assert battles.columns["judge"].tolist() == ["gpt-4"] * 2
    assert "voter" not in battles.columns
    assert "1 verdict of 2 with another winner in the other order: ties" in battles.notes


def test_people_are_voters_of_one_kind_of_judge() -> None:
    battles = ls.read_battles([vote("model_a"), vote("model_a", "author_3"), vote("model_b", "expert_12")])
    assert battles.columns["judge"].tolist() == ["human", "author", "human"]
    assert battles.columns["voter"].tolist() == ["expert_0", "author_3", "expert_12"]


def test_rows_of_the_arena_are_not_taken_for_these() -> None:
    battles = ls.read_battles([vote("model_a", tstamp=1e9, anony=True)])
    assert battles.columns["voter"].tolist() == ["expert_0"]
    assert battles.to_frame()["response_a"].tolist() == ["x 1\n\nx 2"]
