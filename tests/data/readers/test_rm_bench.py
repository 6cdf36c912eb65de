"""RM-Bench: three answers by three."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llamastyle as ls


def prompt(**more: Any) -> dict[str, Any]:
    styles = ("c", "d", "**m**")
    row = {"id": 1, "prompt": "Why?", "chosen": [f"right {s}" for s in styles]}
    return row | {"rejected": [f"wrong {s}" for s in styles], **more}


def test_nine_pairs_a_prompt() -> None:
    battles = ls.read_battles([prompt(score_chosen=[1, 2, 3], score_rejected=[[0.5], [2], [2.5]])])
    frame = battles.to_frame()
    assert len(battles) == 9
    assert frame["outcome"].tolist() == [1, 0, 0, 1, 0.5, 0, 1, 1, 1]
    assert frame.loc[[1, 5], ["response_a", "response_b", "category"]].to_numpy().tolist() == [
        ["right c", "wrong d", "concise / detailed"],
        ["right d", "wrong **m**", "detailed / markdown"],
    ]
    assert set(frame["correct_a"]) == {1}
    assert set(frame["correct_b"]) == {0}
    assert frame["prompt"].tolist() == ["Why?"] * 9


def test_a_missing_score_fails_its_pairs() -> None:
    battles = ls.read_battles([prompt(score_chosen=[1, None, 3], score_rejected=[0, 0, 0])])
    assert len(battles) == 6
    assert "3 pairs of 9 without a score: set aside" in battles.notes
    with pytest.raises(ls.DataError, match=r"concise / concise, column 'outcome': a score that is no number"):
        ls.read_battles([prompt(score_chosen=["high", 2, 3], score_rejected=[0, 0, 0])])


def test_ids_of_other_domains_and_rows_that_come_twice(tmp_path: Path) -> None:
    scores = {"score_chosen": [1, 2, 3], "score_rejected": [0, 0, 0]}
    path = tmp_path / "Seq_Classifier" / "org" / "rm" / "chat_rm.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([prompt(**scores), prompt(prompt="Code.", **scores)]), "utf-8")
    battles = ls.read_battles(path)
    assert battles.columns["prompt_id"].nunique() == 2
    assert set(battles.columns["judge"]) == {"org/rm"}
    path.write_text(json.dumps([prompt(**scores)] * 2), "utf-8")
    with pytest.raises(
        ls.DataError, match=r"row 1 .*'id': a verdict that an earlier row has already given.*9 of 18"
    ):
        ls.read_battles(path)


def test_lists_that_are_not_three() -> None:
    rows = [prompt(), prompt(chosen=["only one"]), prompt(id=3)]
    with pytest.raises(
        ls.DataError, match=r"row 1 .*lists of answers or scores that are not three, column 'response_a'"
    ):
        ls.read_battles(rows)
    battles = ls.read_battles(rows, strict=False)
    assert len(battles) == 18
    assert set(battles.issues["row"]) == {1}


@pytest.mark.shared_data
def test_the_benchmark_itself(shared: Path) -> None:
    path = shared / "rm_bench" / "chat.json"
    battles = ls.read_battles(path)
    assert len(battles) == 9 * 129
    assert battles.outcome.tolist() == [1] * 1161
    rows = json.loads(path.read_text("utf-8"))
    by_length = [
        r | {f"score_{s}": [float(len(t)) for t in r[s]] for s in ("chosen", "rejected")} for r in rows
    ]
    matrix = np.mean([np.greater.outer(r["score_chosen"], r["score_rejected"]) for r in by_length], axis=0)
    made = ls.read_battles(by_length).to_frame()
    wins = (made["outcome"] == 1).groupby(made["category"], sort=False).mean().to_numpy().reshape(3, 3)
    np.testing.assert_allclose(wins, matrix)
    hard = np.triu(matrix, 1).sum() / 3
    assert hard < 0.1  # who prefers length is wrong wherever the wrong answer is dressed
