"""The 100k schema: conversations as lists, hashed voters, times in seconds."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import llamastyle as ls
from llamastyle.data.readers.lmarena_100k import known_voters, sniff, timestamps
from llamastyle.data.readers.table import object_column, python_column

NESTED = ("conversation_a", "conversation_b", "conv_metadata", "dedup_tag", "category_tag")


def talk(*said: Any, ask: str = "Ask") -> list[dict[str, Any]]:
    """A conversation in which the user asks before each answer."""
    turns = [(("user", f"{ask} {i}"), ("assistant", text)) for i, text in enumerate(said)]
    return [{"role": role, "content": text} for pair in turns for role, text in pair]


def row(i: int = 0, **more: Any) -> dict[str, Any]:
    counts = {f"{k}_{s}": v for s in "ab" for k, v in {
        "header_count": {"h1": 0, "h2": 1, "h3": 0, "h4": 0, "h5": 0, "h6": 0},
        "list_count": {"ordered": 0, "unordered": 2}, "bold_count": {"**": 1, "__": 0}}.items()}  # fmt: skip
    return {
        "question_id": f"q{i}",
        "model_a": "x",
        "model_b": "y",
        "winner": "model_a",
        "conversation_a": talk(f"**Yes** {i}"),
        "conversation_b": talk(f"No {i}"),
        "turn": 1,
        "anony": True,
        "language": "English",
        "tstamp": 1_719_835_200.25 + i,
        "conv_metadata": {"sum_user_tokens": 2, "sum_assistant_a_tokens": 7, "sum_assistant_b_tokens": 3 + i,
                          "context_a_tokens": 2, "context_b_tokens": 2, "turns": 1, **counts},
        "is_code": False,
        "is_refusal": False,
        "dedup_tag": {"high_freq": False, "sampled": True},
        "category_tag": {"math_v0.1": {"math": False}, "if_v0.1": {"if": True, "score": 4}},
        "judge_hash": f"v{i % 2}",
        **more,
    }  # fmt: skip


@pytest.mark.parametrize("write", [lambda x: x, json.dumps, repr], ids=["parsed", "json", "python"])
def test_every_way_the_nested_columns_are_written(write: Any, tmp_path: Path) -> None:
    rows = [{k: write(v) if k in NESTED else v for k, v in row(i).items()} for i in range(3)]
    frame = pd.DataFrame(rows)
    frame.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(r) for r in rows))
    sources: list[Any] = [rows, frame, pl.DataFrame(rows), tmp_path / "a.parquet", tmp_path / "a.jsonl"]
    if isinstance(rows[0]["conv_metadata"], str):
        frame.to_csv(tmp_path / "a.csv", index=False)
        sources.append(tmp_path / "a.csv")
    for source in sources:
        battles = ls.read_battles(source)
        made = battles.to_frame()
        assert made["response_a"].tolist() == ["**Yes** 0", "**Yes** 1", "**Yes** 2"]
        assert made["tokens_a"].tolist() == [7, 7, 7]
        assert made["tokens_b"].tolist() == [3, 4, 5]
        assert made["voter"].tolist() == ["v0", "v1", "v0"]
        assert made["session"].tolist() == ["q0", "q1", "q2"]
        assert made["category"].tolist() == ["instruction following"] * 3
        assert made["language"].tolist() == ["English"] * 3
        assert made["prompt"].tolist() == made["prompt_id"].tolist() == ["Ask 0"] * 3
        assert made["timestamp"].tolist() == [
            pd.Timestamp("2024-07-01T12:00:00.25") + pd.Timedelta(i, "s") for i in range(3)
        ]
        assert battles.notes == ("token counts come with the data in 3 of 3 battles",)


@pytest.mark.parametrize(
    ("label", "outcome", "both_bad"),
    [("model_a", 1, False), ("model_b", 0, False), ("tie", 0.5, False), ("tie (bothbad)", 0.5, True),
     ("both_bad", 0.5, True), ("y", 0, False)],
)  # fmt: skip
def test_winner_labels(label: str, outcome: float, both_bad: bool) -> None:
    battles = ls.read_battles([row(winner=label)])
    assert (battles.outcome.tolist(), battles.both_bad.tolist()) == ([outcome], [both_bad])


@pytest.mark.parametrize("label", ["tie (inconsistent)", "Model_A", "tie(bothbad)", "bothbad"])
def test_labels_of_others_are_not_guessed(label: str) -> None:
    with pytest.raises(ls.DataError, match="labels that are not known"):
        ls.read_battles([row(), row(1, winner=label)])


def test_all_turns_come_before_the_vote_and_are_measured() -> None:
    parts = [
        {"type": "text", "text": "Four"},
        {"type": "image", "image": "x"},
        {"type": "text", "text": "five"},
    ]
    battles = ls.read_battles(
        [row(conversation_a=talk("One", None, "Thrée"), conversation_b=talk(parts, "b"), turn=3)]
    )
    frame = battles.to_frame()
    assert frame["response_a"].tolist() == ["One\n\nThrée"]
    assert frame["response_b"].tolist() == ["Four\nfive\n\nb"]
    assert "1 response with assistant turns that have no text: those turns left out" in battles.notes
    assert any(note.startswith("1 battle where the two conversations differ") for note in battles.notes)


def test_pictures_beside_a_text_as_fastchat_writes_them() -> None:
    battles = ls.read_battles([row(conversation_a=talk(["What is there", ["hash"]]))])
    assert battles.to_frame()["response_a"].tolist() == ["What is there"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_side_that_says_nothing_failed(strict: bool) -> None:
    rows = [row(0), row(1, conversation_b=talk(None, None)), row(2, conversation_a=talk(""))]
    battles = ls.read_battles(rows, strict=strict)
    assert battles.to_frame()["response_a"].tolist() == ["**Yes** 0", ""]
    assert battles.issues[["row", "column"]].to_numpy().tolist() == [[1, "conversation_a, conversation_b"]]
    assert "1 row of 3 has a response in which every turn is null: set aside" in battles.notes


@pytest.mark.parametrize(
    ("given", "says"),
    [(None, "no text"), ("so", "neither JSON nor"), ([{"role": "user", "content": "x"}], "no assistant turn"),
     ("[{'role': 'assistant'", "neither JSON nor"), ("[]", "no assistant turn")],
)  # fmt: skip
def test_what_is_no_conversation_is_no_response(given: Any, says: str) -> None:
    with pytest.raises(ls.DataError, match=f"row 1 .*column 'conversation_a': .*{says}"):
        ls.read_battles([row(0), row(1, conversation_a=given)])


def test_unknown_voters_are_each_another() -> None:
    rows = [row(i, judge_hash=voter) for i, voter in enumerate(["v", None, "v", "", math.nan])]
    for source in (rows, pd.DataFrame(rows)):
        battles = ls.read_battles(source, cluster="judge_hash")
        assert battles.cluster == "voter"
        assert battles.columns["voter"].tolist() == ["v", "unknown 1", "v", "unknown 3", "unknown 4"]
        assert "the voter of 3 battles of 5 is unknown: each is taken for another" in battles.notes
    nobody = ls.read_battles([row(i, judge_hash=None) for i in range(2)])
    assert "voter" not in nobody.columns
    assert known_voters(python_column([None, "x"]))[1] == 1


def test_clustering_by_voter_gives_the_errors_of_voters() -> None:
    rng = np.random.default_rng(5)
    rows = []
    for i in range(600):
        a, b = rng.permutation(["x", "y", "z"])[:2]
        taste = (i % 40) / 20 - 1
        winner = "model_a" if rng.random() < 1 / (1 + np.exp(-taste)) else "model_b"
        rows.append(row(i, model_a=a, model_b=b, winner=winner, judge_hash=f"v{i % 40}",
                        conversation_a=talk("w " * int(rng.integers(1, 9)), ask=f"{i}"),
                        conversation_b=talk("w " * int(rng.integers(1, 9)), ask=f"{i}")))  # fmt: skip
    battles = ls.read_battles(rows)
    by_voter = ls.fit(battles, "words", cluster="voter")
    renamed = ls.fit(ls.read_battles(rows, columns={"category": "judge_hash"}), "words", cluster="category")
    plain = ls.fit(battles, "words", vcov="robust")
    pd.testing.assert_frame_equal(by_voter.tidy(), renamed.tidy())
    assert not np.allclose(by_voter.tidy()["std_error"], plain.tidy()["std_error"], rtol=1e-3)


def test_a_repeated_conversation_is_a_session() -> None:
    rows = [row(0), row(1), row(2, question_id="q0"), row(3, question_id="q0")]
    battles = ls.read_battles(rows)
    assert len(battles) == 4
    assert battles.columns["session"].tolist() == ["q0", "q1", "q0", "q0"]
    assert "question_id repeats in 2 battles of 4: kept, as sessions" in battles.notes


def test_times_of_every_kind() -> None:
    noon = datetime(2024, 7, 1, 12)
    seconds = noon.replace(tzinfo=UTC).timestamp()
    given = [seconds, int(seconds), str(seconds), f" {int(seconds)} ", noon, noon.replace(tzinfo=UTC), "2024-07-01T12:00:00",
             "2024-07-01 14:00:00+02:00", np.float64(seconds), pd.Timestamp(noon)]  # fmt: skip
    made, unread = timestamps(object_column(given))
    assert made.to_pylist() == [noon] * len(given)
    assert unread == 0
    bad = [None, float("nan"), "", seconds * 1000, -1, "soon", float("inf"), [1], 10**400, pd.NaT]
    made, unread = timestamps(object_column(bad))
    assert (made.null_count, unread) == (len(bad), 6)
    battles = ls.read_battles([row(0, tstamp="soon"), row(1)])
    assert battles.columns["timestamp"].isna().tolist() == [True, False]
    assert "tstamp is no time in seconds in 1 of 2 battles: no timestamp there" in battles.notes
    kept, unread = timestamps(python_column([noon]))
    assert (kept.to_pylist(), unread) == ([noon], 0)


def test_votes_that_arena_leaves_out_are_counted() -> None:
    rows = [row(0, anony=False), row(1, dedup_tag={"high_freq": True, "sampled": False}), row(2)]
    notes = ls.read_battles(rows).notes
    assert "1 vote of 3 on models whose names were shown: kept" in notes
    assert "1 vote of 3 on prompts that come too often (dedup_tag): kept" in notes


def test_fastchats_own_rows_have_users_as_judges() -> None:
    rows = [
        {k: v for k, v in row(i, judge="arena_user_7").items() if k not in ("judge_hash", "conv_metadata")}
        for i in range(2)
    ]
    battles = ls.read_battles(rows, cluster="judge")
    assert battles.columns["voter"].tolist() == ["arena_user_7"] * 2
    assert "judge" not in battles.columns
    both = ls.read_battles([row(judge="gpt")])
    assert both.columns[["judge", "voter"]].to_numpy().tolist() == [["gpt", "v0"]]


def test_names_of_the_callers_win() -> None:
    battles = ls.read_battles([row(who="me", when="t", kind="k")], columns={"voter": "who", "timestamp": "when", "category": "kind"})  # fmt: skip
    assert battles.columns[["voter", "timestamp", "category"]].to_numpy().tolist() == [["me", "t", "k"]]


def test_what_it_takes_to_be_known() -> None:
    names = frozenset(row())
    assert sniff(names)
    assert sniff(names - {"judge_hash"})
    assert sniff(names - {"question_id", "tstamp"})
    assert not sniff(names - {"judge_hash", "tstamp"})
    assert not sniff(names - {"conversation_b"})
    with pytest.raises(ls.DataError, match="no column 'response_a'"):
        ls.read_battles(
            [{"model_a": "x", "model_b": "y", "winner": "tie", "judge_hash": "v"}], format="lmarena_100k"
        )
