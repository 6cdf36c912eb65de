"""LLMBar's pairs and verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls

PLAIN, OTHER = "swap = False", "swap = True"


def instance(label: Any, *rounds: Any, n: int = 0) -> dict[str, Any]:
    pair = {"input": f"Do {n}.", "output_1": f"one {n}", "output_2": f"**two** {n}", "label": label}
    return pair | ({"results": list(rounds)} if rounds else {})


def verdict(plain: Any, other: Any) -> dict[str, Any]:
    return {PLAIN: {"completion": ["Output (a)", "stop"], "winner": plain}, OTHER: {"winner": other}}


def test_winners_are_named_as_in_the_pair_in_both_orders() -> None:
    battles = ls.read_battles([instance(1, verdict("1", "1")), instance(2, verdict("1", "2"), n=1)])
    frame = battles.to_frame()
    assert frame[["response_a", "winner", "correct_a", "correct_b", "prompt"]].to_numpy().tolist() == [
        ["one 0", "model_a", 1, 0, "Do 0."],
        ["**two** 0", "model_b", 0, 1, "Do 0."],
        ["one 1", "model_a", 0, 1, "Do 1."],
        ["**two** 1", "model_a", 1, 0, "Do 1."],
    ]


def test_the_last_round_counts_and_preparations_are_passed_over() -> None:
    prepared = ["1. Is it short?", "stop"]
    battles = ls.read_battles([instance("1", prepared, verdict("1", "2"), verdict("2", "2"))])
    assert battles.outcome.tolist() == [0, 1]


def test_games_without_a_winner_failed() -> None:
    battles = ls.read_battles([instance(1, verdict(None, "1")), instance(1, ["cut off", "length"], n=1)])
    assert battles.outcome.tolist() == [0]
    assert battles.issues["row"].tolist() == [0, 1, 1]
    assert "3 games of 4 without a winner: set aside" in battles.notes


def test_labels_and_winners_that_are_none() -> None:
    with pytest.raises(ls.DataError, match=r"column 'label': a label that is neither 1 nor 2 \(3\)"):
        ls.read_battles([instance(3, verdict("1", "1"))])
    with pytest.raises(ls.DataError, match=r"'winner' has labels that are not known.*'3' \(1\)"):
        ls.read_battles([instance(1, verdict("3", "1"))])


def test_the_folders_name_the_judge(tmp_path: Path) -> None:
    for prompt in ("CoT", "Vanilla"):
        path = tmp_path / "evaluators" / "GPT-4" / prompt / "result.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps([instance(1, verdict("1", "1"))]), "utf-8")
    judges = ls.read_battles(str(tmp_path / "evaluators" / "*" / "*" / "result.json")).columns["judge"]
    assert judges.tolist() == ["GPT-4 (CoT)"] * 2 + ["GPT-4 (Vanilla)"] * 2


@pytest.mark.shared_data
def test_pairs_without_verdicts_are_won_by_their_label(shared: Path) -> None:
    for name, n in (("Natural", 100), ("Adversarial__GPTInst", 92), ("Adversarial__Neighbor", 134)):
        battles = ls.read_battles(shared / "llmbar" / f"{name}.json")
        assert len(battles) == n
        assert battles.correct_a is not None
        np.testing.assert_array_equal(battles.outcome, battles.correct_a)
        assert "no verdicts in these data: who won is the benchmark's own label" in battles.notes


@pytest.mark.shared_data
def test_agreement_with_the_label_is_that_of_the_winners(shared: Path) -> None:
    verdicts = pd.read_parquet(shared / "llmbar" / "verdicts.parquet")
    one = verdicts.query(
        "llm == 'GPT-4' and strategy == 'Vanilla' and subset == 'LLMBar/Adversarial/Neighbor'"
    )
    pairs = json.loads((shared / "llmbar" / "Adversarial__Neighbor.json").read_text("utf-8"))
    named = one.sort_values("idx")[["winner_noswap", "winner_swap"]].astype("Int64").to_numpy(object)
    assert len(named) == len(pairs) == 134
    rows = [pair | {"results": [verdict(*map(str, won))]} for pair, won in zip(pairs, named, strict=True)]
    battles = ls.read_battles(rows)
    right = np.where(battles.correct_a == 1, battles.outcome, 1 - battles.outcome)
    # statistics.json of the tool, beside this judge's verdicts: 104 and 107 of 134.
    assert (right[::2].sum(), right[1::2].sum()) == (104, 107)
