"""JudgeBench's pairs and verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression.grouping import exchanged_pairs


def judged(decisions: Any, label: str = "A>B", n: int = 0, **more: Any) -> dict[str, Any]:
    """A line as the tool writes it."""
    judgments = [
        d
        if d is None
        else {"judgment": {"judge_model": "o/j", "prompt": "p", "response": "r"}, "decision": d or None}
        for d in decisions
    ]
    return {
        "pair_id": f"p{n}",
        "original_id": "1",
        "source": "mmlu-pro-law",
        "question": f"Why {n}?",
        "response_model": "m",
        "response_A": f"**first** {n}",
        "response_B": f"second {n}",
        "label": label,
        "judge_name": "arena_hard",
        "judgments": judgments,
        **more,
    }


def test_the_second_game_is_in_the_other_order() -> None:
    battles = ls.read_battles([judged(["A>B", "B>A"]), judged(["A=B", "A>B"], "B>A", 1)])
    frame = battles.to_frame()
    columns = ["response_a", "winner", "correct_a", "correct_b", "model_a", "judge", "category", "prompt"]
    assert frame[columns].to_numpy().tolist() == [
        ["**first** 0", "model_a", 1, 0, "m", "o/j (arena_hard)", "mmlu-pro-law", "Why 0?"],
        ["second 0", "model_b", 0, 1, "m", "o/j (arena_hard)", "mmlu-pro-law", "Why 0?"],
        ["**first** 1", "tie", 0, 1, "m", "o/j (arena_hard)", "mmlu-pro-law", "Why 1?"],
        ["second 1", "model_a", 1, 0, "m", "o/j (arena_hard)", "mmlu-pro-law", "Why 1?"],
    ]
    pairs = exchanged_pairs(battles)
    assert pairs is not None
    assert pairs[0].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("name", ["judgments", "decisions"])
def test_verdicts_that_are_no_list_are_none(name: str) -> None:
    row = judged(["A>B"], n=1)
    verdicts = row.pop("judgments") if name == "judgments" else [row.pop("judgments")[0]["decision"]]
    rows = [{**row, name: held, "pair_id": f"p{k}"} for k, held in enumerate((verdicts, 1.5, "A>B"))]
    battles = ls.read_battles(rows)
    assert battles.issues["row"].tolist() == [1, 2]
    assert "2 games of 3 without a decision: set aside" in battles.notes


def test_games_without_a_decision_failed() -> None:
    battles = ls.read_battles([judged(["A>B", None]), judged(["", "B>A"], n=1), judged(["B>A"], n=2)])
    assert len(battles) == 3
    assert battles.issues["row"].tolist() == [0, 1]
    assert "2 games of 5 without a decision: set aside" in battles.notes


def test_labels_that_are_none_and_decisions_that_are_unknown() -> None:
    with pytest.raises(
        ls.DataError, match=r"row 1 .*game 1, column 'label': a label that is neither A>B nor B>A"
    ):
        ls.read_battles([judged(["A>B", "B>A"]), judged(["A>B", "B>A"], "A=B", 1)])
    with pytest.raises(ls.DataError, match=r"column 'decision' has labels .*'A\?' \(1\)"):
        ls.read_battles([judged(["A>B", "A?"])])
    with pytest.raises(
        ls.DataError, match=r"column 'pair_id': a verdict that an earlier row has already given"
    ):
        ls.read_battles([judged(["A>B", "B>A"]), judged(["A>B", "B>A"])])


def test_pairs_without_verdicts_are_won_by_their_label() -> None:
    row = {k: v for k, v in judged([], "B>A").items() if k not in ("judgments", "judge_name")}
    battles = ls.read_battles([row])
    assert battles.outcome.tolist() == [0]
    assert battles.correct_b is not None
    assert battles.correct_b.tolist() == [1]
    assert "no verdicts in these data: who won is the benchmark's own label" in battles.notes
    assert "judge" not in battles.columns


def test_verdicts_beside_their_pairs(tmp_path: Path) -> None:
    path = tmp_path / "judge_model=mini.jsonl"
    path.write_text(
        json.dumps({"pair_id": "p0", "label": "A>B", "decisions": ["A>B", "A>B"]}) + "\n", "utf-8"
    )
    pairs = [{k: v for k, v in judged([]).items() if k not in ("judgments", "judge_name")}]
    battles = ls.read_battles(path, responses=pairs)
    assert battles.outcome.tolist() == [1, 1]
    assert battles.columns["judge"].tolist() == ["mini", "mini"]
    with pytest.raises(ls.DataError, match=r'verdicts without the answers.*responses="PAIRS.jsonl"'):
        ls.read_battles(path)
    with pytest.raises(ls.DataError, match="'p0' comes more than once in the responses"):
        ls.read_battles(path, responses=pairs * 2)
    with pytest.raises(ls.DataError, match="the responses have no column 'response_A'"):
        ls.read_battles(path, responses=[{"pair_id": "p0"}])
    with pytest.raises(ls.DataError, match=r"column 'response_a': no text; 1 of 2|no text; 2 of 2"):
        ls.read_battles(path, responses=[{**pairs[0], "pair_id": "other"}])


@pytest.mark.shared_data
def test_accuracies_are_those_of_the_tool(shared: Path) -> None:
    folder = shared / "judgebench"
    pairs = folder / "pairs_gpt-4o-2024-05-13.jsonl"
    battles = ls.read_battles(str(folder / "verdicts" / "*.jsonl"), responses=pairs)
    assert len(battles) == 4200
    frame = battles.to_frame()
    frame["right"] = np.where(frame["correct_a"] > frame["correct_b"], frame["outcome"], 1 - frame["outcome"])
    both = frame.groupby(["judge", "prompt"])["right"].mean()
    ours = (both > 0.5).groupby("judge").mean()
    assert len(ours) == 6
    for path in sorted((folder / "verdicts").glob("*.jsonl")):
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        named = path.stem.split("_")[-1]
        judge = next(name for name in ours.index if name.endswith(named))
        assert ours[judge] == pytest.approx(np.mean([tool_says_right(line) for line in lines]), abs=1e-12)
    # On the benchmark's leaderboard to two decimals, in per cent.
    assert round(100 * ours["o1-mini-2024-09-12"], 2) == 65.71
    assert pd.Series(battles.columns["prompt"]).nunique() == 350


def tool_says_right(line: dict[str, Any]) -> bool:
    """The rule of ``utils/metrics.py``: more right than wrong over both games, the second flipped."""
    flip = {"A>B": "B>A", "B>A": "A>B"}
    first, second = line["decisions"]
    votes = [first, flip.get(second, second)]
    return votes.count(line["label"]) > votes.count(flip[line["label"]])
