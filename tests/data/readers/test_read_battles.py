"""read_battles as a whole: its options, and whatever is thrown at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.data.readers.formats import CANONICAL

Votes = list[dict[str, Any]]


def test_every_kind_of_file_and_frame_gives_the_same_battles(votes: Votes, tmp_path: Path) -> None:
    votes = [{**v, "weight": 1.5, "correct_a": i % 2, "correct_b": None} for i, v in enumerate(votes)]
    frame = pd.DataFrame(votes)
    frame.to_parquet(tmp_path / "v.parquet")
    frame.to_csv(tmp_path / "v.csv", index=False)
    frame.to_csv(tmp_path / "v.csv.gz", index=False)
    frame.to_json(tmp_path / "v.jsonl", orient="records", lines=True)
    frame.to_json(tmp_path / "v.json.gz", orient="records")
    want = ls.read_battles(votes).to_frame()
    sources = [frame, pl.DataFrame(votes), *sorted(tmp_path.iterdir()), (tmp_path / "v.csv").open("rb")]
    for source in sources:
        pd.testing.assert_frame_equal(ls.read_battles(source).to_frame(), want, check_dtype=False)
    sources[-1].close()
    two = ls.read_battles(str(tmp_path / "v.csv*"))
    assert len(two) == 12


def test_a_bad_row_of_several_files_is_named_with_its_file(votes: Votes, tmp_path: Path) -> None:
    pd.DataFrame(votes).to_parquet(tmp_path / "a.parquet")
    votes[2]["response_a"] = None
    pd.DataFrame(votes).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(ls.DataError, match=r"row 2 \(counted from 0\) of .*b.parquet, column 'response_a'"):
        ls.read_battles(tmp_path / "*.parquet")


def test_lines_that_are_no_json_are_issues(votes: Votes, tmp_path: Path) -> None:
    path = tmp_path / "v.jsonl"
    path.write_text("\n".join(json.dumps(v) for v in votes) + '\n{"model_a": "x", "mod')
    with pytest.raises(ls.DataError, match="line 7"):
        ls.read_battles(path)
    battles = ls.read_battles(path, strict=False)
    assert len(battles) == 6
    assert battles.issues["row"].tolist() == [-1]
    assert battles.issues.loc[0, "what"].startswith("line 7 is not JSON")
    assert "1 line could not be read: set aside (see battles.issues)" in battles.notes


def test_mapping_labels_and_a_pair_for_correctness(votes: Votes) -> None:
    renamed = [
        {"left": v["model_a"], "right": v["model_b"], "vote": "LR="["abt".index(v["winner"][-1] if v["winner"] != "tie" else "t")],
         "ta": v["response_a"], "tb": v["response_b"], "ca": 1, "cb": 0, "winner": "junk", "prompt_id": 1}
        for v in votes
    ]  # fmt: skip
    names = {"model_a": "left", "model_b": "right", "winner": "vote", "response_a": "ta", "response_b": "tb"}
    labels = {"L": "model_a", "R": "model_b", "=": "tie"}
    battles = ls.read_battles(renamed, columns=names, labels=labels, correctness=("ca", "cb"))
    assert battles.outcome.tolist() == ls.read_battles(votes).outcome.tolist()
    assert battles.correct_known.all()
    assert ls.read_battles(
        renamed, columns=names, labels=labels, correctness=["ca", "cb"]
    ).correct_known.all()


def test_errors_name_the_column_as_the_table_does(votes: Votes) -> None:
    rows = [{**{k: v for k, v in x.items() if k != "winner"}, "vote": x["winner"]} for x in votes]
    rows[2]["vote"] = None
    with pytest.raises(ls.DataError, match="row 2 .*column 'vote': no winner"):
        ls.read_battles(rows, columns={"winner": "vote"})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "lmarna"}, "format='lmarna' is not known; did you mean 'lmarena'.*auto, lmarena_55k, lmarena_maverick, lmarena_100k, lmarena, alpaca_eval, frame"),
        ({"format": None}, "format=None is not known"),
        ({"columns": {"winer": "winner"}}, "'winer' is no name that is read"),
        ({"columns": {"winner": "winer"}}, "no column 'winer'; did you mean 'winner'"),
        ({"columns": {"model": "model_a"}}, "'model' is no name that is read"),
        ({"labels": {"a": "b"}}, "is no outcome"),
        ({"labels": "a"}, "not a dict"),
        ({"cluster": 5}, "cluster=5"),
        ({"strict": "no"}, "strict='no'"),
        ({"correctness": ("correct_a",)}, "give two columns"),
        ({"correctness": ("ca", "cb")}, "no column 'ca'"),
        ({"correctness": ("prompt_id", "prompt_id"), "columns": {"correct_a": "prompt_id"}}, "are the same thing"),
        ({"correctness": "nowhere.csv"}, "there is no file 'nowhere.csv'"),
        ({"correctness": [{"prompt_id": 0, "model": "x"}]}, "no column 'correct' in the table of correctness"),
        ({"correctness": [{"prompt_id": 0, "name": "x", "correct": 1}], "columns": {"model": "nam"}}, "'nam'"),
    ],
)  # fmt: skip
def test_wrong_calls(votes: Votes, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ls.DataError, match=says):
        ls.read_battles(votes, **options)


def test_the_format_can_be_forced(votes: Votes) -> None:
    rows = [{**v, "conversation_a": "x", "conversation_b": "y"} for v in votes]
    assert ls.read_battles(rows, format="frame").to_frame()["response_a"].tolist() == [
        v["response_a"] for v in votes
    ]
    with pytest.raises(ls.DataError, match="no column 'response_a'"):
        ls.read_battles(
            [{k: v for k, v in x.items() if "response" not in k} for x in votes], format="lmarena"
        )
    with pytest.raises(ls.DataError, match="no column 'winner'"):
        ls.read_battles([{k: v for k, v in x.items() if k != "winner"} for x in votes], format="alpaca_eval")


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.floats(),
    st.text(max_size=6),
    st.binary(max_size=3),
    st.sampled_from(
        ["model_a", "model_b", "tie", "[{'role': 'assistant', 'content': 'x'}]", "[{", "\ud800", "nan"]
    ),
)
TURN = st.dictionaries(st.sampled_from(["role", "content", "x"]), SCALARS | st.just("assistant"), max_size=3)
VALUES = st.recursive(
    SCALARS | TURN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=5
)  # fmt: skip
NAMES = st.sampled_from([*CANONICAL, "words_a", "words_b", "conversation_a", "conversation_b", "conv_metadata",
    "category_tag", "judge_hash", "tstamp", "question_id", "redacted", "dedup_tag", "winner_model_a", "winner_model_b",
    "winner_tie", "anony", "output_1", "output_2", "preference", "model_dir", "generator_1", "generator_2", "odd"])  # fmt: skip
GOOD = st.fixed_dictionaries(
    {
        "model_a": st.just("x") | VALUES,
        "model_b": st.just("y") | VALUES,
        "winner": st.sampled_from(["model_a", "tie"]) | VALUES,
        "response_a": st.just("r") | VALUES,
        "response_b": st.just("s") | VALUES,
    },
    optional=dict.fromkeys(
        ("weight", "correct_a", "correct_b", "prompt", "prompt_id", "voter", "tokens_a"), VALUES
    ),
)


@given(
    rows=st.lists(GOOD | st.dictionaries(NAMES | st.integers(), VALUES, max_size=8), max_size=4),
    strict=st.booleans(),
    cluster=st.none() | st.sampled_from(["voter", "prompt_id", "odd"]),
)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_rows_raise_nothing_but_our_errors(rows: Any, strict: bool, cluster: str | None) -> None:
    for source in (
        rows,
        pd.DataFrame(rows, dtype=object) if all(isinstance(r, dict) for r in rows) else rows,
    ):
        try:
            battles = ls.read_battles(source, strict=strict, cluster=cluster)
        except ls.LlamaStyleError as error:
            assert "\n" not in str(error)
            continue
        assert len(battles) + battles.issues.loc[battles.issues["row"] >= 0, "row"].nunique() == len(rows)
        battles.to_frame()
        repr(battles)
        battles._repr_html_()
        battles.swap().take([0])


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=300, deadline=None)
def test_hostile_bytes_raise_nothing_but_our_errors(data: bytes) -> None:
    try:
        ls.read_battles(data, strict=False)
    except ls.LlamaStyleError:
        pass


@pytest.mark.shared_data
def test_a_table_without_model_names(shared: Path) -> None:
    battles = ls.read_battles(
        shared / "arena_llama3" / "battles.parquet",
        columns={
            "winner": "preference",
            "response_a": "llama-3-70b-instruct",
            "response_b": "not_llama",
            "prompt": "question",
            "category": "category_labels",
        },
        labels={"llama-3-70b-instruct": "model_a", "not_llama": "model_b"},
    )
    assert len(battles) == 1_415
    assert battles.models == ()
    assert (battles.model_a == -1).all()
    assert set(battles.outcome) == {0.0, 1.0}
    assert "no model names: style can be priced, models cannot be rated" in battles.notes
