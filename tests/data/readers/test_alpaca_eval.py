"""AlpacaEval's annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls


def annotation(preference: Any, **more: Any) -> dict[str, Any]:
    return {
        "instruction": "Why?",
        "output_1": "Because.",
        "generator_1": "base",
        "output_2": "**So.**",
        "generator_2": "m",
        "annotator": "judge",
        "dataset": "koala",
        "preference": preference,
        **more,
    }


def test_preferences_become_outcomes_for_the_baseline() -> None:
    battles = ls.read_battles([annotation(p) for p in (1, 2, 1.5, 0, 1.25, "2")])
    np.testing.assert_allclose(battles.outcome, [1, 0, 0.5, 0.5, 0.75, 0])
    frame = battles.to_frame()
    assert frame.loc[0, ["model_a", "model_b", "response_b", "prompt", "judge", "category"]].tolist() == [
        "base",
        "m",
        "**So.**",
        "Why?",
        "judge",
        "koala",
    ]
    assert frame["prompt_id"].equals(frame["prompt"].rename("prompt_id"))


def test_failed_annotations_are_set_aside_even_when_strict() -> None:
    battles = ls.read_battles([annotation(1), annotation(None), annotation(float("nan"))])
    assert len(battles) == 1
    assert battles.issues["row"].tolist() == [1, 2]
    assert set(battles.issues["column"]) == {"preference"}
    assert "2 of 3 annotations failed (no preference): set aside" in battles.notes
    with pytest.raises(ls.DataError, match=r"all 1 rows failed.*preference"):
        ls.read_battles([annotation(None)])


@pytest.mark.parametrize("preference", [-1, 0.5, 2.5, 3, "better"])
def test_what_is_no_preference(preference: Any) -> None:
    rows = [annotation(1), annotation(preference)]
    with pytest.raises(ls.DataError, match=r"row 1 .*'preference'"):
        ls.read_battles(rows)
    battles = ls.read_battles(rows, strict=False)
    assert len(battles) == 1
    assert battles.issues["value"].tolist() == [preference]


def test_the_results_folder_names_the_model() -> None:
    battles = ls.read_battles([annotation(1, model_dir="Null", generator_2="example")])
    assert battles.models == ("Null", "base")
    assert "models are named by their results folder, not by generator_2 (Null for example)" in battles.notes


@pytest.mark.shared_data
def test_win_rates_are_those_published(shared: Path) -> None:
    battles = ls.read_battles(shared / "alpaca_eval" / "battles.parquet")
    assert len(battles) == 32_194
    assert len(battles.models) == 40
    assert "805 battles of a model with itself: kept for prices, left out of ratings" in battles.notes
    assert battles.probabilities
    rates = battles.win_rates().set_index("model").drop("gpt4_1106_preview")
    board = pd.read_csv(
        shared / "alpaca_eval" / "leaderboard_weighted_alpaca_eval_gpt4_turbo.csv", index_col=0
    )
    assert len(rates) == 39
    np.testing.assert_allclose(100 * rates["win_rate"], board["win_rate"].loc[rates.index], atol=1e-6, rtol=0)
