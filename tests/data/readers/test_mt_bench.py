"""MT-Bench as FastChat judges it: pairs, single scores, answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import llamastyle as ls
from llamastyle.data.readers import read_responses

Rows = Sequence[dict[str, Any]]


def write(path: Path, rows: Rows) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def pair_of(one: str, two: str, turn: float = 1, **more: Any) -> dict[str, Any]:
    kind = "pair-v2" if turn == 1 else "pair-v2-multi-turn"
    return {
        "question_id": 81,
        "model_1": "x",
        "model_2": "y",
        "g1_winner": one,
        "g2_winner": two,
        "judge": ["gpt-4", kind],
        "g1_user_prompt": "long",
        "g1_judgment": "long",
        "turn": turn,
        **more,
    }


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A folder as the tool leaves it, without judgments."""
    home = tmp_path / "mt_bench"
    write(
        home / "question.jsonl", [{"question_id": 81, "category": "writing", "turns": ["Write.", "Again."]}]
    )
    for model in ("x", "y"):
        turns = [f"**{model}** é 1", f"{model} 2"]
        choices = [{"index": 0, "turns": turns}, {"index": 1, "turns": ["never judged"]}]
        write(
            home / "model_answer" / f"{model}.jsonl",
            [{"question_id": 81, "model_id": model, "choices": choices}],
        )
    return home


def judged(bench: Path, rows: Rows, kind: str = "pair") -> Path:
    return write(bench / "model_judgment" / f"gpt-4_{kind}.jsonl", rows)


def test_the_second_game_is_shown_in_the_other_order_and_named_as_in_the_first(bench: Path) -> None:
    battles = ls.read_battles(
        judged(bench, [pair_of("model_1", "model_1"), pair_of("model_2", "tie", turn=2)])
    )
    made = battles.to_frame()[["model_a", "model_b", "winner", "response_a", "judge", "category", "prompt"]]
    assert made.to_numpy().tolist() == [
        ["x", "y", "model_a", "**x** é 1", "gpt-4", "writing", "Write."],
        ["y", "x", "model_b", "**y** é 1", "gpt-4", "writing", "Write."],
        ["x", "y", "model_b", "**x** é 1\n\nx 2", "gpt-4", "writing", "Write."],
        ["y", "x", "tie", "**y** é 1\n\ny 2", "gpt-4", "writing", "Write."],
    ]
    assert battles.turn_starts is not None
    starts = battles.turn_starts.to_pylist()
    assert [starts[i] or [] for i in battles.row_a] == [[], [], [12], [12]]


def test_errors_are_failed_games(bench: Path) -> None:
    battles = ls.read_battles(judged(bench, [pair_of("model_1", "error")]))
    assert battles.outcome.tolist() == [1]
    assert "1 game of 2 without a verdict (error): set aside" in battles.notes
    with pytest.raises(ls.DataError, match="all 2 rows failed: the game has no verdict"):
        ls.read_battles(judged(bench, [pair_of("error", "error")]))


def test_other_labels_are_not_known(bench: Path) -> None:
    path = judged(bench, [pair_of("model_1", "A"), pair_of("tie", "model_2", turn=2)])
    with pytest.raises(ls.DataError, match=r"labels that are not known, with their counts: 'A' \(1\)"):
        ls.read_battles(path)
    assert len(ls.read_battles(path, strict=False)) == 3


def test_a_verdict_given_twice_and_a_turn_that_is_none(bench: Path) -> None:
    path = judged(bench, [pair_of("tie", "tie"), pair_of("tie", "tie"), pair_of("tie", "tie", turn=2)])
    with pytest.raises(
        ls.DataError, match=r"row 1 .*game 1, column 'question_id': a verdict that an earlier row"
    ):
        ls.read_battles(path)
    assert len(ls.read_battles(path, strict=False)) == 4
    for turn in (0, 1.5, float("inf"), 1e300):
        with pytest.raises(ls.DataError, match=r"column 'turn': no number of a turn"):
            ls.read_battles(judged(bench, [pair_of("tie", "tie", turn=turn)]))
    with pytest.raises(ls.DataError, match=r"an answer of 2 turns, judged after turn 3"):
        ls.read_battles(judged(bench, [pair_of("tie", "tie", turn=3)]))


def test_verdicts_without_turns_are_those_after_the_first(bench: Path) -> None:
    row = pair_of("model_1", "tie")
    del row["turn"]
    assert ls.read_battles(judged(bench, [row])).to_frame()["response_a"].tolist() == ["**x** é 1", "**y** é 1"]


def score(model: str, value: float, turn: int = 1) -> dict[str, Any]:
    return {"question_id": 81, "model": model, "judge": ["gpt-4", "single-v1"], "score": value, "turn": turn}


def test_single_scores_are_responses_and_minus_one_failed(bench: Path) -> None:
    path = judged(bench, [score("x", 9), score("x", 7.5, 2), score("y", -1), score("y", 3, 2)], "single")
    made = read_responses(path)
    frame = made.to_frame()
    assert frame[["model", "prompt_id", "text", "score"]].to_numpy().tolist() == [
        ["x", "81 turn 1", "**x** é 1", 9],
        ["x", "81 turn 2", "**x** é 1\n\nx 2", 7.5],
        ["y", "81 turn 2", "**y** é 1\n\ny 2", 3],
    ]
    assert made.notes == ("1 score of 4 failed (-1): set aside",)
    assert made.issues["row"].tolist() == [2]
    battles = ls.pair(made)
    assert len(battles) == 1  # answers are compared at the same turn
    assert battles.outcome.tolist() == [1]


def test_single_scores_want_their_answers(bench: Path) -> None:
    rows = [score("x", 9), score("y", 8)]
    with pytest.raises(ls.DataError, match=r"scores without the answers.*responses="):
        read_responses(rows)
    texts = [{"prompt_id": 81, "model": name, "text": name * 3} for name in "xy"]
    assert read_responses(rows, responses=texts).to_frame()["text"].tolist() == ["xxx", "yyy"]
    assert read_responses(rows, responses=texts).to_frame()["prompt_id"].tolist() == ["81", "81"]
    with pytest.raises(ls.DataError, match="goes with scores without texts"):
        read_responses(texts, responses=texts)


def test_answers_are_responses_of_their_own(bench: Path) -> None:
    made = read_responses(str(bench / "model_answer" / "*.jsonl")).to_frame()
    assert made[["model", "prompt_id", "text"]].to_numpy().tolist() == [
        ["x", 81, "**x** é 1\n\nx 2"],
        ["y", 81, "**y** é 1\n\ny 2"],
    ]
    with pytest.raises(ls.DataError, match="format='mt_bench' does not fit"):
        read_responses([{"text": "x"}], format="mt_bench")
