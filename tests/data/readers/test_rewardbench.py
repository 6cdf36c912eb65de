"""RewardBench's files of scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import llamastyle as ls


def scored(chosen: Any, rejected: Any, **more: Any) -> dict[str, Any]:
    """A line of ``MODEL_outputs.jsonl``: texts in the model's template, with the prompt before them."""
    prompt = "<user> Why? <bot> "
    return {
        "prompt": prompt,
        "results": 1,
        "scores_chosen": chosen,
        "scores_rejected": rejected,
        "text_chosen": prompt + "**Because.**",
        "text_rejected": prompt + "So.",
        "subset": "chat",
        "id": 7,
        **more,
    }


def test_the_higher_score_wins_and_the_prompt_is_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "rm_outputs.jsonl"
    rows = [scored(2.5, 1), scored(-1, 0.5, id=8), scored([3.0], [3.0], id=9)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    battles = ls.read_battles(path)
    assert battles.outcome.tolist() == [1, 0, 0.5]
    frame = battles.to_frame()
    assert frame.loc[
        0, ["response_a", "response_b", "correct_a", "correct_b", "judge", "category"]
    ].tolist() == [
        "**Because.**",
        "So.",
        1,
        0,
        "rm",
        "chat",
    ]
    assert any("side a in every battle" in note for note in battles.notes)


def test_texts_without_the_prompt_before_them_are_counted() -> None:
    battles = ls.read_battles([scored(2, 1, text_rejected="So."), scored(2, 1, prompt="Other", id=8)])
    assert "3 texts in which the prompt cannot be told from the answer: measured whole" in battles.notes
    alone = {k: v for k, v in scored(2, 1).items() if k != "prompt"}
    assert any(note.startswith("2 texts in which the prompt") for note in ls.read_battles([alone]).notes)
    talk = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}]
    battles = ls.read_battles([scored(2, 1, text_chosen=talk, text_rejected=talk)])
    assert battles.to_frame()["response_a"].tolist() == ["Because."]


def test_columns_beside_values_that_hold_for_all_rows(tmp_path: Path) -> None:
    rows = [scored(2, 1), scored(1, 2, id=8)]
    table = {name: [row[name] for row in rows] for name in rows[0]} | {"model": "org/rm", "model_type": "Seq"}
    path = tmp_path / "rm.json"
    path.write_text(json.dumps(table, indent=4), "utf-8")
    battles = ls.read_battles(path)
    assert battles.outcome.tolist() == [1, 0]
    assert battles.columns["judge"].tolist() == ["org/rm"] * 2


def test_verdicts_without_scores() -> None:
    rows = [scored(None, None, results=result, id=i) for i, result in enumerate((1, 0, 0.5, None))]
    plain = [{k: v for k, v in row.items() if "scores" not in k} for row in rows]
    for given in (rows, plain):
        battles = ls.read_battles(given)
        assert battles.outcome.tolist() == [1, 0, 0.5]
        assert "1 pair of 4 without a verdict: set aside" in battles.notes
    with pytest.raises(ls.DataError, match=r"column 'results': no verdict of 0, 0.5 or 1 \(2\)"):
        ls.read_battles([{**plain[0], "results": 2}])


def test_scores_that_are_none_or_no_number() -> None:
    battles = ls.read_battles([scored(2, 1), scored(None, 1)])
    assert battles.outcome.tolist() == [1]
    assert battles.issues["row"].tolist() == [1]
    with pytest.raises(ls.DataError, match=r"row 1 .*'scores_chosen': no verdict.*high"):
        ls.read_battles([scored(2, 1), scored("high", 1, id=8)])


def test_the_benchmark_itself_has_models_and_no_verdicts() -> None:
    row = {
        "id": 1, "subset": "chat", "prompt": "Why?", "chosen": "Because.", "rejected": "So.",
        "chosen_model": "x", "rejected_model": "y",
    }  # fmt: skip
    battles = ls.read_battles([row])
    assert battles.models == ("x", "y")
    assert battles.outcome.tolist() == [1]
    assert battles.to_frame()["response_b"].tolist() == ["So."]
    assert "no verdicts in these data: who won is the benchmark's own label" in battles.notes


def test_ids_of_other_subsets_and_pairs_that_come_twice() -> None:
    rows = [{k: v for k, v in scored(2, 1, subset=s).items() if k != "prompt"} for s in ("chat", "code")]
    assert ls.read_battles(rows).columns["prompt_id"].tolist() == ["chat 7", "code 7"]
    assert ls.read_battles([scored(2, 1), scored(2, 1, subset="code")]).columns["prompt_id"].nunique() == 1
    with pytest.raises(
        ls.DataError, match=r"row 1 .*'id': a verdict that an earlier row has already given.*1 of 2"
    ):
        ls.read_battles([scored(2, 1), scored(1, 2)])
