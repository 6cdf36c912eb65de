"""The door: every bad row is found, named, and set aside when asked."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls

Votes = list[dict[str, Any]]


def put(votes: Votes, column: str, value: Any, row: int = 3, others: Any = None) -> Votes:
    return [{**v, column: value if i == row else v.get(column, others)} for i, v in enumerate(votes)]


BAD: list[tuple[str, Any, Any, str]] = [
    ("response_a", None, None, "no text"),
    ("response_b", math.nan, None, "no text"),
    ("response_a", 5, None, "a number where a text is expected"),
    ("response_b", {"text": "x"}, None, "turn 0 has no role"),
    ("response_b", [{"role": "user", "content": "x"}], None, "no assistant turn"),
    ("model_a", None, None, "no model name"),
    ("winner", None, None, "no winner"),
    ("outcome", 1.5, 0.5, "an outcome outside"),
    ("outcome", -0.1, 0.5, "an outcome outside"),
    ("outcome", None, 0.5, "no outcome"),
    ("outcome", "high", 0.5, "not a number"),
    ("outcome", math.inf, 0.5, "an outcome outside"),
    ("weight", 0, 1, "not above zero"),
    ("weight", -1, 1, "not above zero"),
    ("weight", None, 1, "not above zero"),
    ("weight", math.inf, 1, "not above zero"),
    ("weight", "heavy", 1, "not a number"),
    ("correct_a", 1.5, 1, "correctness outside"),
    ("correct_b", -1, 1, "correctness outside"),
    ("correct_b", "yes", 1, "not a number"),
    ("tokens_a", -1, 5, "no token count"),
    ("voter", None, "u", "no value in the column to cluster by"),
]


@pytest.mark.parametrize(("column", "value", "others", "what"), BAD)
def test_a_bad_row_is_named_or_set_aside(
    votes: Votes, column: str, value: Any, others: Any, what: str
) -> None:
    votes = put(votes, column, value, 3, others)
    for side in ("correct", "tokens"):
        if column.startswith(side):
            other = f"{side}_b" if column.endswith("_a") else f"{side}_a"
            votes = put(votes, other, others, 3, others)
    if column == "outcome":
        votes = [{k: v for k, v in vote.items() if k != "winner"} for vote in votes]
    cluster = "voter" if column == "voter" else None
    pattern = (
        rf"row 3 \(counted from 0\), column '{column}': .*{what}.*; 1 of 6 rows like this; strict=False sets"
    )
    with pytest.raises(ls.DataError, match=pattern) as caught:
        ls.read_battles(votes, cluster=cluster)
    assert "\n" not in str(caught.value)
    battles = ls.read_battles(votes, cluster=cluster, strict=False)
    assert len(battles) == 5
    assert battles.issues[["row", "column"]].values.tolist() == [[3, column]]
    assert what in battles.issues.loc[0, "what"]
    shown = battles.issues.loc[0, "value"]
    assert (
        shown == value or (pd.isna(value) and pd.isna(shown))
        if not isinstance(value, dict | list)
        else shown == value
    )
    assert "1 row of 6 set aside (see battles.issues)" in battles.notes
    assert battles.to_frame()["response_b"].tolist() == [f"No {i}." for i in (0, 1, 2, 4, 5)]


def test_measured_features_must_be_finite() -> None:
    rows = [
        {"model_a": "x", "model_b": "y", "winner": "tie", "words_a": 1.0, "words_b": float(i)}
        for i in range(3)
    ]
    rows[1]["words_b"] = math.nan
    rows[2]["words_b"] = math.inf
    with pytest.raises(ls.DataError, match="row 1 .*column 'words_b': no finite value; 2 of 3"):
        ls.read_battles(rows)
    battles = ls.read_battles(rows, strict=False)
    assert battles.measured is not None
    assert battles.measured.to_frame().values.tolist() == [[1, 0]]


def test_measured_columns_without_any_number() -> None:
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "words_a": 1.0, "words_b": math.nan}
    with pytest.raises(ls.DataError, match="column 'words_b' has no number in any of 3 rows; leave words_a and"):
        ls.read_battles(pd.DataFrame([row] * 3))


def test_times_are_the_same_from_text_and_from_a_frame(votes: Votes) -> None:
    for times in (["2025-01-02"] * 6, ["2025-01-02T03:04:05"] * 6, ["2025-01-02T03:04:05Z"] * 6):
        rows = [{**v, "timestamp": t} for v, t in zip(votes, times, strict=True)]
        made = ls.read_battles(rows).columns["timestamp"]
        assert (made == pd.Timestamp(times[0])).all()
    odd = ls.read_battles([{**v, "timestamp": "yesterday"} for v in votes])
    assert odd.columns["timestamp"].tolist() == ["yesterday"] * 6


def test_a_winner_that_names_a_model_on_both_sides(votes: Votes) -> None:
    votes[2] |= {"model_a": "x", "model_b": "x", "winner": "x"}
    with pytest.raises(ls.DataError, match="row 2 .*the model it names stands on both sides .'x'."):
        ls.read_battles(votes)


def test_several_problems_name_the_first_row_and_count_all(votes: Votes) -> None:
    votes[4]["winner"] = None
    votes[1]["model_b"] = None
    with pytest.raises(ls.DataError, match=r"row 1 .*'model_b'.*1 of 6 rows like this, 2 have some problem"):
        ls.read_battles(votes)
    battles = ls.read_battles(votes, strict=False)
    assert battles.issues["row"].tolist() == [1, 4]
    assert len(battles) == 4


def test_nothing_left_is_an_error(votes: Votes) -> None:
    with pytest.raises(ls.DataError, match="no row is left"):
        ls.read_battles([{**v, "winner": None} for v in votes], strict=False)


def test_no_rows_and_one_row(votes: Votes) -> None:
    for empty in ([], pd.DataFrame(votes).iloc[:0]):
        with pytest.raises(ls.DataError, match="no rows"):
            ls.read_battles(empty)
    assert len(ls.read_battles(votes[:1])) == 1


@pytest.mark.parametrize(
    ("drop", "says"),
    [
        (["winner"], r"no column 'winner' \(or 'outcome'"),
        (["model_a"], "no column 'model_a' among (?!.*did you mean)"),
        (["model_b"], "no column 'model_b'"),
        (["response_b"], "no column 'response_b'"),
        (["response_a", "response_b"], r"no column 'response_a' and no measured features \(words_a, words_b"),
    ],
)
def test_missing_columns(votes: Votes, drop: list[str], says: str) -> None:
    with pytest.raises(ls.DataError, match=rf"{says}.*columns=.*--map "):
        ls.read_battles([{k: v for k, v in vote.items() if k not in drop} for vote in votes])


def test_correctness_of_one_side_is_half_a_column(votes: Votes) -> None:
    with pytest.raises(ls.DataError, match="no column 'correct_b'"):
        ls.read_battles([{**v, "correct_a": 1} for v in votes])


def test_winner_and_outcome_that_differ(votes: Votes) -> None:
    votes = [{**v, "outcome": 1} for v in votes]
    battles = ls.read_battles(votes)
    assert "winner and outcome differ in 4 of 6 rows: winner is used" in battles.notes
    assert battles.outcome.tolist() == [1, 0, 0.5] * 2


def test_outcomes_as_probabilities(votes: Votes) -> None:
    rows = [
        {**{k: v for k, v in vote.items() if k != "winner"}, "outcome": i / 5} for i, vote in enumerate(votes)
    ]
    battles = ls.read_battles(rows)
    assert battles.probabilities
    np.testing.assert_allclose(battles.outcome, np.arange(6) / 5)
    with pytest.raises(ls.DataError, match="no column 'winner' for labels= to map"):
        ls.read_battles(rows, labels={"left": "model_a"})


def test_unknown_labels(votes: Votes) -> None:
    odd = put(put(votes, "winner", "error"), "winner", "left", row=4)
    with pytest.raises(
        ls.DataError, match=r"column 'winner' has labels that are not known.*'error' \(1\), 'left' \(1\)"
    ):
        ls.read_battles(odd)
    battles = ls.read_battles(odd, strict=False)
    assert battles.issues["value"].tolist() == ["error", "left"]
    with pytest.raises(ls.DataError, match="labels that are not known"):
        ls.read_battles([{**v, "winner": "left"} for v in votes], strict=False)


@pytest.mark.parametrize("asked", ["slug", "voter", "worker"])
def test_clusters_by_either_name(votes: Votes, asked: str) -> None:
    rows = [{**v, "worker": i % 2, "slug": "s"} for i, v in enumerate(votes)]
    battles = ls.read_battles(rows, columns={"voter": "worker"}, cluster=asked)
    assert battles.cluster == ("slug" if asked == "slug" else "voter")
    assert battles.codes(battles.cluster)[1] == (1 if asked == "slug" else 2)


def test_several_clusters_by_either_name(votes: Votes) -> None:
    rows = [{**v, "worker": i % 2, "slug": "s"} for i, v in enumerate(votes)]
    battles = ls.read_battles(rows, columns={"voter": "worker"}, cluster=["worker", "slug"])
    assert battles.cluster == ("voter", "slug")
    assert battles.codes("slug")[1] == 1
    assert "clustered by voter and slug" in repr(battles)
    assert ls.read_battles(rows, cluster=["slug"]).cluster == "slug"
    with pytest.raises(ls.DataError, match="'slugs'.*did you mean 'slug'"):
        ls.read_battles(rows, cluster=["worker", "slugs"])
    with pytest.raises(ls.DataError, match="or a list of names"):
        ls.read_battles(rows, cluster=["worker", 5])  # pyright: ignore[reportArgumentType]


def test_an_unknown_cluster_names_the_nearest(votes: Votes) -> None:
    with pytest.raises(
        ls.DataError, match=r"cluster='promt_id': there is no such column; did you mean 'prompt_id'"
    ):
        ls.read_battles(votes, cluster="promt_id")


def prompts(votes: Votes, change: Callable[[dict[str, Any]], dict[str, Any]]) -> pd.DataFrame:
    return ls.read_battles(
        [{**{k: v for k, v in x.items() if k != "prompt_id"}, **change(x)} for x in votes]
    ).columns


def test_prompts_come_from_wherever_they_are(votes: Votes) -> None:
    def talk(x: dict[str, Any], text: str) -> list[dict[str, Any]]:
        return [{"role": "user", "content": f"Q{x['prompt_id']}"}, {"role": "assistant", "content": text}]

    assert prompts(votes, lambda x: {}).empty
    given = prompts(votes, lambda x: {"prompt": f"Q{x['prompt_id']}"})
    from_a = prompts(votes, lambda x: {"response_a": talk(x, "x"), "response_b": talk(x, "y")})
    one_side = prompts(votes, lambda x: {"response_b": talk(x, "y")})
    as_turns = prompts(votes, lambda x: {"prompt": talk(x, "x")[:1]})
    for frame in (given, from_a, one_side, as_turns):
        assert frame["prompt_id"].tolist() == frame["prompt"].tolist() == ["Q0", "Q1", "Q2"] * 2
    both = prompts(votes, lambda x: {"prompt_id": 7, "response_a": talk(x, "x"), "response_b": talk(x, "y")})
    assert both["prompt_id"].tolist() == [7] * 6
    assert both["prompt"].tolist() == ["Q0", "Q1", "Q2"] * 2


def test_turn_starts_and_rows_stay_together_when_rows_are_set_aside(votes: Votes) -> None:
    def talk(*texts: str) -> list[dict[str, Any]]:
        return [
            t for x in texts for t in ({"role": "user", "content": "?"}, {"role": "assistant", "content": x})
        ]

    rows = [{**v, "response_a": talk("a", str(i)), "response_b": talk(f"b{i}")} for i, v in enumerate(votes)]
    rows[0]["winner"] = None
    battles = ls.read_battles(rows, strict=False)
    assert battles.turn_starts is not None
    assert [battles.turn_starts[int(r)].as_py() for r in battles.row_a] == [[3]] * 5
    assert [battles.turn_starts[int(r)].as_py() for r in battles.row_b] == [[]] * 5
    assert battles.to_frame()["response_a"].tolist() == [f"a\n\n{i}" for i in range(1, 6)]
