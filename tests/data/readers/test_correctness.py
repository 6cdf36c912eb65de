"""Correctness joined by prompt and model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls

SCORES = [{"prompt_id": p, "model": m, "correct": (p + i) % 2} for p in range(3) for i, m in enumerate("xyz")]


def test_ids_are_compared_as_text(votes: list[dict[str, Any]]) -> None:
    battles = ls.read_battles(votes)
    frame = battles.to_frame()
    truth = {(s["prompt_id"], s["model"]): s["correct"] for s in SCORES}
    right = [truth[p, m] for p, m in zip(frame["prompt_id"], frame["model_a"], strict=True)]
    for kind in (int, str, float):
        scores = [{**s, "prompt_id": kind(s["prompt_id"])} for s in SCORES]
        joined = ls.join_correctness(battles, scores)
        assert joined.correct_a is not None
        assert joined.correct_a.tolist() == right
        assert joined.correct_known.all()
        assert "correctness known on both sides in 6 of 6 battles" in joined.notes


@pytest.mark.parametrize("value", [True, 1, "1", 1.0])
def test_every_way_to_say_right(votes: list[dict[str, Any]], value: Any) -> None:
    joined = ls.join_correctness(ls.read_battles(votes), [{**s, "correct": value} for s in SCORES])
    assert joined.correct_a is not None
    assert (joined.correct_a == 1).all()


def test_fractions_unknowns_and_half_known_battles(votes: list[dict[str, Any]]) -> None:
    scores = [{**s, "correct": {"x": 0.25, "y": None, "z": 1}[s["model"]]} for s in SCORES]
    joined = ls.join_correctness(ls.read_battles(votes), scores)
    assert "correctness known on both sides in 2 of 6 battles, on one side only in 4" in joined.notes


def test_same_again_is_fine_and_disagreement_is_not(votes: list[dict[str, Any]]) -> None:
    battles = ls.read_battles(votes)
    ls.join_correctness(battles, SCORES + SCORES)
    ls.join_correctness(battles, [*SCORES, {**SCORES[0], "correct": None}])
    with pytest.raises(ls.DataError, match=r"different values .* in 1 cases: prompt '0', model 'x'"):
        ls.join_correctness(battles, [*SCORES, {**SCORES[0], "correct": 1 - SCORES[0]["correct"]}])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"correct": 2}, "row 0 .*'correct' is no number in"),
        ({"correct": "yes"}, "'correct' is no number"),
        ({"prompt_id": None}, "'prompt_id' is empty"),
        ({"model": None}, "'model' is empty"),
    ],
)
def test_bad_scores(votes: list[dict[str, Any]], change: dict[str, Any], says: str) -> None:
    with pytest.raises(ls.DataError, match=says):
        ls.join_correctness(ls.read_battles(votes), [{**SCORES[0], **change}, *SCORES])


@pytest.mark.parametrize("column", ["model", "prompt_id", "correct"])
def test_nothing_matches_shows_both_sides(votes: list[dict[str, Any]], column: str) -> None:
    with pytest.raises(
        ls.DataError, match=r"no score belongs to a battle: .*'0', '1', '2'.*'x', 'y', 'z'.*--map"
    ):
        ls.join_correctness(
            ls.read_battles(votes),
            [{**s, column: None if column == "correct" else f"{s[column]}!"} for s in SCORES],
        )


def test_what_is_no_battles_is_one_error(votes: list[dict[str, Any]]) -> None:
    for wrong in (pd.DataFrame(votes), "votes.parquet", votes):
        with pytest.raises(ls.DataError, match=r"wants battles first, not a .*read_battles"):
            ls.join_correctness(wrong, SCORES)  # type: ignore[arg-type]


def test_the_column_that_holds_the_models_is_named(votes: list[dict[str, Any]]) -> None:
    battles = ls.read_battles(votes)
    scores = pd.DataFrame(SCORES).rename(columns={"model": "system"}).assign(model=["p", "q", "r"] * 3)
    with pytest.raises(ls.DataError, match=r"'system' holds names of the battles' models.*--map model=system"):
        ls.join_correctness(battles, scores)
    with pytest.raises(ls.DataError, match=r"no column 'model' in .*'system' holds names .*--map model=system"):
        ls.join_correctness(battles, scores.drop(columns="model"))


def test_all_problems_of_a_table_of_scores_come_at_once(votes: list[dict[str, Any]]) -> None:
    battles = ls.read_battles(votes)
    bad = [{**SCORES[0], "correct": 2}, {**SCORES[1], "model": None}, {**SCORES[2], "prompt_id": None}, *SCORES]
    with pytest.raises(ls.DataError) as caught:
        ls.join_correctness(battles, bad)
    for part in ("row 2 (counted from 0): 'prompt_id' is empty", "row 1 (counted from 0): 'model' is empty",
                 "row 0 (counted from 0): 'correct' is no number"):  # fmt: skip
        assert part in str(caught.value)
    with pytest.raises(ls.DataError, match=r"no column 'model' and no column 'correct'.*model=system .*correct=score"):
        ls.join_correctness(battles, [{"prompt_id": 0, "system": "x", "score": 1}])


def test_battles_without_prompts_or_names(votes: list[dict[str, Any]]) -> None:
    bare = [{k: v for k, v in vote.items() if k != "prompt_id"} for vote in votes]
    with pytest.raises(ls.DataError, match=r"no prompt_id.*--map prompt_id"):
        ls.join_correctness(ls.read_battles(bare), SCORES)
    unnamed = [{k: v for k, v in vote.items() if not k.startswith("model")} for vote in votes]
    with pytest.raises(ls.DataError, match="no model names"):
        ls.join_correctness(ls.read_battles(unnamed), SCORES)


def test_other_names_of_the_columns(votes: list[dict[str, Any]]) -> None:
    battles = ls.read_battles(votes)
    scores = pd.DataFrame(SCORES).rename(columns={"model": "name"}).assign(id=7)
    with pytest.raises(ls.DataError, match=r"no column 'model' in the table.*'name'.*--map model=name"):
        ls.join_correctness(battles, scores)
    assert ls.join_correctness(battles, scores, {"model": "name"}).correct_known.all()
    with pytest.raises(ls.DataError, match="'winner' is no name that is read"):
        ls.join_correctness(battles, scores, {"winner": "name"})


def test_what_was_known_is_replaced(votes: list[dict[str, Any]]) -> None:
    old = ls.read_battles([{**v, "correct_a": 0.5, "correct_b": None} for v in votes])
    joined = ls.join_correctness(old, SCORES)
    assert not (joined.correct_a == 0.5).any()
    assert [n for n in joined.notes if n.startswith("correctness")] == [
        "correctness in the battles' own columns is replaced by that of the scores",
        "correctness known on both sides in 6 of 6 battles",
    ]


def test_battles_without_names_on_some_rows_stay_unknown(votes: list[dict[str, Any]]) -> None:
    votes[0] |= {"model_a": None, "model_b": None}
    votes[1]["prompt_id"] = None
    joined = ls.join_correctness(ls.read_battles(votes), SCORES)
    assert joined.correct_a is not None
    assert np.isnan(joined.correct_a).tolist() == [True, True, False, False, False, False]


@pytest.mark.shared_data
def test_crowd_votes(shared: Path) -> None:
    names = {"model_a": "left", "model_b": "right", "response_a": "text_left", "response_b": "text_right"}
    battles = ls.read_battles(
        shared / "llmfao" / "crowd_votes.parquet",
        columns={**names, "prompt_id": "prompt", "voter": "worker", "model": "name"},
        labels={"left": "model_a", "right": "model_b"},
        correctness=shared / "llmfao" / "correctness_labels.csv",
        cluster="worker",
    )
    known = battles.filter(battles.correct_known)
    assert (len(battles), len(known), len(battles.models)) == (8_931, 3_171, 59)
    assert known.columns[["voter", "prompt_id"]].nunique().tolist() == [121, 5]
    assert battles.cluster == "voter"
    assert "prompt" not in battles.columns
    assert any(
        note.startswith("correctness known on both sides in 3171 of 8931 battles") for note in battles.notes
    )


def test_a_mapped_prompt_that_only_the_scores_have_is_theirs() -> None:
    rows = [{"model_a": "x", "model_b": "y", "winner": "tie", "prompt_id": "q1", "words_a": 3.0, "words_b": 4.0}]
    scores = pd.DataFrame({"prompt": ["q1", "q1"], "name": ["x", "y"], "correct": [1, 0]})
    columns = {"prompt_id": "prompt", "model": "name"}
    battles = ls.read_battles(rows, columns=columns, correctness=scores)
    assert (battles.correct_a.tolist(), battles.correct_b.tolist()) == ([1.0], [0.0])
    with pytest.raises(ls.DataError, match="no column 'prompt'"):
        ls.read_battles(rows, columns={"prompt_id": "prompt"})
