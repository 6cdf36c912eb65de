"""Frames of a fit against brute force."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression import frames
from llamastyle.regression.decomposition import POINTS, block_index


@pytest.fixture(scope="module")
def fitted():
    result = ls.fit(ls.simulate(3000, 6, style={"words": 0.6, "bold": 0.2}, seed=3).battles)
    return result, result.design, result.estimates


def test_plain_ratings_are_bradley_terry(fitted):
    _, design, est = fitted
    table = frames.rating_frame(design, est, 0.95, 1000.0, None, 0)
    np.testing.assert_allclose(table["rating_plain"], 1000 + POINTS * est.plain.theta)
    np.testing.assert_allclose(table["rating"], 1000 + POINTS * est.fit.theta)
    assert sorted(table["rank"]) == [1, 2, 3, 4, 5, 6]


def test_overrides_by_brute_force(fitted):
    result, design, est = fitted
    gap = result.battles.correct_a - result.battles.correct_b
    index = block_index(design, est.fit.beta)
    table = frames.override_rows(design, est, gap, [("style", index)], 0.95).set_index("wrong_side_has")
    won = {"more": [], "less": []}
    for g, s, y in zip(gap, index, design.y, strict=True):
        if abs(g) == 1:
            wrong_is_a = g < 0
            won["more" if (s > 0) == wrong_is_a else "less"].append(y if wrong_is_a else 1 - y)
    for side in ("more", "less"):
        assert table.loc[side, "battles"] == len(won[side])
        assert table.loc[side, "rate"] == pytest.approx(np.mean(won[side]))
        assert table.loc[side, "conf_low"] < table.loc[side, "rate"] < table.loc[side, "conf_high"]
    assert table.loc["either", "battles"] == len(won["more"]) + len(won["less"])


def test_battles_needed_is_more_than_there_are(fitted):
    _, design, est = fitted
    battles = np.full(design.n_models, 1000)
    options = {"level": 0.95, "fdr": 0.05, "reference": None, "with_correctness": True}
    for margin in (2.0, 10.0, 20.0, 40.0):
        table = frames.detection_frame(design, est, battles, margin=margin, **options)
        open_ = table[table["verdict"] == "undetermined"]
        needed = open_["battles_needed"]
        assert ((needed > 1000) | open_["note"].str.contains("near the margin")).all()
        assert table.loc[table["verdict"] != "undetermined", "battles_needed"].isna().all()


def test_a_single_model_with_intervals_has_no_set_of_ranks():
    """The others are in too few prompts to be shown: of one model, there is nothing to rank."""
    rng = np.random.default_rng(0)
    words = rng.integers(5, 90, (160, 2))
    frame = pd.DataFrame(
        [
            {
                "model_a": "many",
                "model_b": f"few-{i % 4}",
                "prompt_id": f"{i % 4}-{i // 4 % 8}",
                "winner": rng.choice(["model_a", "model_b"]),
                "response_a": "word " * words[i, 0],
                "response_b": "word " * words[i, 1],
            }
            for i in range(160)
        ]
    )
    result = ls.audit(ls.read_battles(frame), ["words"], cluster="prompt_id")
    ratings = result.ratings()
    assert ratings.loc[ratings["rank"].notna(), "model"].tolist() == ["many"]
    assert ratings[["rank_low", "rank_high"]].isna().all(axis=None)
