"""Battles of scored responses, against pairs made one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.readers import read_responses


def scored(n_prompts: int = 40, seed: int = 0) -> list[dict]:
    """Up to four models a prompt, some of them twice, scores in tenths."""
    rng = np.random.default_rng(seed)
    rows = []
    for prompt in range(n_prompts):
        for model in rng.choice(["w", "x", "y", "z"], rng.integers(1, 6)):
            score = float(rng.integers(0, 4)) / 10
            rows.append({"model": model, "prompt_id": f"q{prompt}", "text": f"{model} {len(rows)}", "score": score})
    return [rows[i] for i in rng.permutation(len(rows))]


def test_every_two_models_on_one_prompt_meet_once_a_pair_of_responses():
    rows = scored()
    expected = set()
    for one, two in itertools.combinations(rows, 2):
        if one["prompt_id"] == two["prompt_id"] and one["model"] != two["model"]:
            a, b = sorted((one, two), key=lambda row: row["model"])
            outcome = (1 + np.sign(a["score"] - b["score"])) / 2
            expected.add((a["text"], b["text"], a["model"], b["model"], a["prompt_id"], outcome))
    battles = ls.pair(read_responses(rows))
    frame = battles.to_frame()
    names = ["response_a", "response_b", "model_a", "model_b", "prompt_id", "outcome"]
    found = list(frame[names].itertuples(index=False, name=None))
    assert len(found) == len(expected)
    assert set(found) == expected


def test_what_comes_of_it_says_so_and_is_clustered_by_prompt():
    rng = np.random.default_rng(1)
    rows = [
        {"model": m, "prompt_id": q, "text": "word " * int(rng.integers(5, 60)) + ".", "score": rng.normal(i / 4)}
        for q in range(60)
        for i, m in enumerate("vwxyz")
    ]
    battles = ls.pair(read_responses(rows))
    assert battles.cluster == "prompt_id"
    result = ls.fit(battles, ["words"])
    assert any(note.startswith("wins are derived from scores") for note in result.notes)
    assert result.estimates.clustering.column == "prompt_id"
    assert result.estimates.clustering.n_groups == 60


def test_correctness_goes_with_scores_or_decides_itself():
    rows = [dict(row, correct=i % 2) for i, row in enumerate(scored())]
    responses = read_responses(rows)
    battles = ls.pair(responses)
    assert battles.correct_known.all()
    by_correct = ls.pair(responses, score="correct")
    assert by_correct.correct_a is None
    right = np.asarray(responses.correct)
    expected = (1 + np.sign(right[by_correct.row_a] - right[by_correct.row_b])) / 2
    np.testing.assert_array_equal(by_correct.outcome, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [{k: v for k, v in row.items() if k != "score"} for row in rows], "have no score"),
        (lambda rows: [{k: v for k, v in row.items() if k != "prompt_id"} for row in rows], "have no prompt_id"),
        (lambda rows: [{k: v for k, v in row.items() if k != "model"} for row in rows], "model is missing in"),
        (lambda rows: [*rows, dict(rows[0], score=None)], "score is missing in 1 of"),
        (lambda rows: [dict(row, model="x") for row in rows], "no two models answered one prompt"),
    ],
)
def test_what_cannot_be_paired_is_one_error(change, message):
    with pytest.raises(ls.DataError, match=message):
        ls.pair(read_responses(change(scored())))


def test_other_arguments_are_refused():
    responses = read_responses(scored())
    for call in (
        lambda: ls.pair([1]),
        lambda: ls.pair(responses, score="stars"),
        lambda: ls.pair(responses, within="topic"),
    ):
        with pytest.raises(ls.DataError):
            call()
