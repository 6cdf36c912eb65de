"""Counted notes on how the data were read."""

from __future__ import annotations

from typing import Any

import llamastyle as ls


def talk(user: str, *said: str) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for text in said:
        turns += [{"role": "user", "content": user}, {"role": "assistant", "content": text}]
    return turns


def notes(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    return ls.read_battles(rows).notes


def test_both_bad_self_battles_and_missing_names(votes: list[dict[str, Any]]) -> None:
    assert notes(votes) == ()
    votes[0]["winner"] = "both_bad"
    votes[1] |= {"model_a": "x", "model_b": "x"}
    votes[2] |= {"model_a": None, "model_b": None}
    assert notes(votes) == (
        "1 of 6 votes are both_bad: half a win each",
        "1 battle without model names: kept for prices, left out of ratings",
        "1 battle of a model with itself: kept for prices, left out of ratings",
    )
    bare = [{k: v for k, v in vote.items() if not k.startswith("model")} for vote in votes]
    assert "no model names: style can be priced, models cannot be rated" in notes(bare)


def test_unequal_conversations_name_the_first(votes: list[dict[str, Any]]) -> None:
    for vote in votes:
        vote |= {"response_a": talk("Hi", "x"), "response_b": talk("Hi", "y")}
    assert notes(votes) == ()
    votes[3]["response_b"] = talk("Ho", "y")
    votes[4]["response_b"] = talk("Hi", "y", "z")
    text = "2 battles where the two conversations differ in their user turns or their length, first row 3 (counted from 0)"
    assert notes(votes) == (text,)


def test_turns_without_text_and_broken_characters(votes: list[dict[str, Any]]) -> None:
    votes[0]["response_a"] = [*talk("Hi", "x"), {"role": "assistant", "content": None}]
    votes[1]["response_b"] = "a\ud83d"
    assert notes(votes) == (
        "1 response with assistant turns that have no text: those turns left out",
        "1 response with halves of surrogate pairs: replaced by U+FFFD",
    )


def test_tokens_and_correctness_are_counted(votes: list[dict[str, Any]]) -> None:
    for i, vote in enumerate(votes):
        vote |= {
            "tokens_a": 3 if i else None,
            "tokens_b": 4,
            "correct_a": 1 if i < 3 else None,
            "correct_b": 0,
        }
    assert notes(votes) == (
        "correctness known on both sides in 3 of 6 battles, on one side only in 3",
        "token counts come with the data in 5 of 6 battles",
    )


def test_names_that_differ_in_case_only_are_told(votes: list[dict[str, Any]]) -> None:
    said = notes([{**v, "model_a": v["model_a"].upper()} if i == 0 else v for i, v in enumerate(votes)])
    assert said == ("names that differ in case only stay different models: X and x",)
    many = [{**votes[0], "model_a": f"m{i}", "model_b": f"M{i}"} for i in range(5)]
    assert notes(many)[0].endswith("M0 and m0; M1 and m1; M2 and m2 ... (5 in all)")


def test_columns_of_a_built_in_feature_are_no_correctness() -> None:
    rows = [
        {"model_a": "x", "model_b": "y", "winner": "model_a", "words_a": k, "words_b": 2, "bold_a": k % 2, "bold_b": 1}
        for k in range(6)
    ]
    assert not [note for note in notes(rows) if "0 or 1" in note]
    renamed = [{{"bold_a": "ok_a", "bold_b": "ok_b"}.get(name, name): value for name, value in row.items()} for row in rows]
    (said,) = (note for note in notes(renamed) if "0 or 1" in note)
    assert said.startswith("'ok_a' and 'ok_b' are 0 or 1")
