"""read_battles as a whole: its options, and whatever is thrown at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
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
        made = ls.read_battles(source).to_frame()
        # In CSV every value is text, and stays it where no number is wanted.
        made["prompt_id"] = made["prompt_id"].astype(int)
        pd.testing.assert_frame_equal(made, want, check_dtype=False)
    sources[-1].close()
    two = ls.read_battles(str(tmp_path / "v.csv*"))
    assert len(two) == 12


def test_names_ids_and_answers_of_a_csv_file_stay_as_written(tmp_path: Path) -> None:
    rows = [
        {"model_a": "007", "model_b": "7", "voter": "12345678901234567890", "response_a": "4", "response_b": "true"},
        {"model_a": "1.10", "model_b": "1.1", "voter": "12345678901234567891", "response_a": "2020-01-01",
         "response_b": "1e3"},
        {"model_a": "001", "model_b": "1", "voter": "01", "response_a": "NaN", "response_b": "null"},
    ]  # fmt: skip
    frame = pd.DataFrame(rows).assign(winner="model_a", correct_a=["True", "0.5", ""], correct_b=["0", "false", "1"])
    path = tmp_path / "votes.csv"
    frame.to_csv(path, index=False)
    battles = ls.read_battles(path, cluster="voter")
    made = battles.to_frame()
    assert battles.models == ("001", "007", "1", "1.1", "1.10", "7")
    for name in rows[0]:
        assert made[name].tolist() == [row[name] for row in rows]
    assert made["correct_a"].fillna(-1).tolist() == [1, 0.5, -1]
    assert made["correct_b"].tolist() == [0, 0, 1]


def test_measured_pairs_of_a_csv_file_are_numbers(tmp_path: Path) -> None:
    path = tmp_path / "measured.csv"
    path.write_text(
        "model_a,model_b,winner,words_a,words_b,refused_a,refused_b,city_a,city_b\n"
        "x,y,model_a,1,2.5,True,False,5,here\n"
        "x,y,tie,3,4e1,False,False,6,7\n"
    )
    battles = ls.read_battles(path)
    assert battles.measured is not None
    assert battles.measured.names == ("words", "refused")
    assert battles.measured.to_frame().values.tolist() == [[1, 2.5, 1, 0], [3, 40, 0, 0]]


def test_a_glob_of_csv_and_parquet_is_one_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"model_a": ["x"], "model_b": ["y"], "winner": ["tie"], "words_a": [1], "words_b": [2]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "b.parquet")
    battles = ls.read_battles(str(tmp_path / "*"))
    assert battles.measured is not None
    assert battles.measured.to_frame().values.tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize("source", ["dicts", "pandas", "parquet"])
def test_ids_beside_an_empty_one_keep_all_their_digits(votes: Votes, source: str, tmp_path: Path) -> None:
    ids = [2**60 + i for i in range(5)]
    rows: Any = [{**v, "voter": i, "prompt_id": i} for v, i in zip(votes, [*ids, None], strict=True)]
    if source != "dicts":
        rows = pd.DataFrame(rows).assign(**{c: pd.array([*ids, None], "Int64") for c in ("voter", "prompt_id")})
    if source == "parquet":
        rows.to_parquet(tmp_path / "v.parquet")
        rows = tmp_path / "v.parquet"
    battles = ls.read_battles(rows)
    assert battles.columns["voter"].nunique() == 5
    assert battles.columns["voter"].tolist()[:5] == ids
    scores = [{"prompt_id": i, "model": m, "correct": (i + j) % 2} for i in ids for j, m in enumerate("xyz")]
    joined = ls.join_correctness(battles, scores)
    truth = {(s["prompt_id"], s["model"]): s["correct"] for s in scores}
    assert joined.correct_a is not None
    assert joined.correct_a[:5].tolist() == [truth[i, v["model_a"]] for i, v in zip(ids, votes, strict=False)]
    assert np.isnan(joined.correct_a[5])


def test_ids_that_were_rounded_before_are_noted(votes: Votes) -> None:
    frame = pd.DataFrame(votes).assign(voter=[2.0**60, 2.0**60, None, 1.0, 2.0, 3.0])
    assert [n for n in ls.read_battles(frame).notes if "2**53" in n and n.startswith("2 values of 'voter'")]
    assert not [n for n in ls.read_battles(frame.assign(voter=1.0)).notes if "2**53" in n]


@pytest.mark.parametrize("bad", [(b"\xff", b"\xfe"), ("\udcff", "\udcfe")])
def test_names_that_cannot_be_decoded_stay_apart(votes: Votes, bad: tuple[Any, Any]) -> None:
    rows = [{**v, "model_a": bad[i % 2]} for i, v in enumerate(votes)]
    battles = ls.read_battles(rows)
    assert len([name for name in battles.models if "\\" in name]) == 2
    assert any("6 values of 'model_a' with bytes that are not UTF-8" in note for note in battles.notes)


def test_one_undecodable_cell_is_one_bad_row(votes: Votes, tmp_path: Path) -> None:
    csv = pd.DataFrame(votes).to_csv(index=False).encode().replace(b"No 3.", b"No \xff.")
    path = tmp_path / "v.csv"
    path.write_bytes(csv)
    table = pa.Table.from_pandas(pd.DataFrame(votes))
    cells = pa.array([b"No \xff." if i == 3 else v["response_b"].encode() for i, v in enumerate(votes)])
    unchecked = pa.StringArray.from_buffers(len(cells), cells.buffers()[1], cells.buffers()[2])
    at = table.column_names.index("response_b")
    for source in (path, table.set_column(at, "response_b", cells), table.set_column(at, "response_b", unchecked)):
        with pytest.raises(ls.DataError, match="row 3 .*'response_b': bytes that are not UTF-8.*1 of 6 rows"):
            ls.read_battles(source)
        battles = ls.read_battles(source, strict=False)
        assert battles.issues["row"].tolist() == [3]
        assert battles.to_frame()["response_b"].tolist() == [f"No {i}." for i in (0, 1, 2, 4, 5)]


def test_one_undecodable_conversation_is_one_bad_row(votes: Votes) -> None:
    talks = pa.array([[{"role": "assistant", "content": v["response_b"].encode()}] for v in votes])
    broken = pa.array([[{"role": "assistant", "content": b"\xff" if i == 3 else b"x"}] for i in range(6)])
    kind = pa.list_(pa.struct({"role": pa.string(), "content": pa.string()}))
    table = pa.Table.from_pandas(pd.DataFrame(votes))
    at = table.column_names.index("response_b")
    for column, rows in ((talks, []), (broken, [3])):
        cast = pa.Array.from_buffers(kind, len(column), column.buffers()[:2], children=[_as_text(column.values)])
        battles = ls.read_battles(table.set_column(at, "response_b", cast), strict=False)
        assert battles.issues["row"].tolist() == rows


def _as_text(values: Any) -> Any:
    texts = [
        pa.StringArray.from_buffers(len(values), *values.field(name).buffers()[1:]) for name in ("role", "content")
    ]
    return pa.StructArray.from_arrays(texts, ["role", "content"])


def test_conversations_that_went_through_pandas_are_read(votes: Votes, turns: Any, tmp_path: Path) -> None:
    plain = [{**t, "content": t["content"] if isinstance(t["content"], str) else "So. '\n {' \"q\""} for t in turns]
    frame = pd.DataFrame(votes).assign(response_a=[plain] * 6, response_b=[plain[:3]] * 6)
    frame.to_parquet(tmp_path / "v.parquet")
    pd.read_parquet(tmp_path / "v.parquet").to_csv(tmp_path / "v.csv", index=False)
    assert "}\n {" in (tmp_path / "v.csv").read_text()
    want = ls.read_battles(frame)
    for source in (tmp_path / "v.parquet", tmp_path / "v.csv"):
        battles = ls.read_battles(source)
        assert battles.to_frame()["response_a"].tolist() == want.to_frame()["response_a"].tolist()
        assert ls.extract(battles, ["words", "turns"]).to_frame().equals(ls.extract(want, ["words", "turns"]).to_frame())


def test_conversations_that_cannot_be_read_are_never_texts(votes: Votes) -> None:
    rows = [{**v, "response_a": "[{'role': 'assistant', 'content': ...cut"} for v in votes]
    with pytest.raises(ls.DataError, match="'response_a': a conversation that cannot be read.*6 of 6 rows"):
        ls.read_battles(rows)


@pytest.mark.parametrize("kind", [int, float, bool, str])
def test_two_columns_of_zeros_and_ones_that_nothing_reads_are_named(kind):
    zeros = pd.Series([0, 1, 1, 0])
    frame = pd.DataFrame({"winner": ["model_a", "model_b"] * 2, "response_a": "a", "response_b": list("wxyz")})
    frame = frame.assign(ok_left=zeros.astype(kind), ok_right=zeros[::-1].clip(0, 1).to_numpy().astype(kind))
    frame.loc[0, "ok_right"] = kind(1)
    (note,) = [n for n in ls.read_battles(frame).notes if "right" in n]
    assert note.startswith("'ok_left' and 'ok_right' are 0 or 1: if they say whether an answer is right, read them with")
    assert 'columns={"correct_a": "ok_left", "correct_b": "ok_right"}' in note
    assert [n for n in ls.read_battles(frame.assign(third=zeros.astype(kind))).notes if "0 or 1" in n] == [note]
    always = ls.read_battles(frame.assign(ok_left=1 + 0 * zeros)).notes
    assert any("0 or 1" in n for n in always)
    apart = frame.rename(columns={"ok_left": "is_code", "ok_right": "is_refusal"})
    assert not any("0 or 1" in n for n in ls.read_battles(apart).notes)
    won = frame.assign(ok_left=zeros, ok_right=1 - zeros)
    assert not any("0 or 1" in n for n in ls.read_battles(won).notes), "never both: who won, not who is right"
    if kind is not bool:
        named = {"correct_a": "ok_left", "correct_b": "ok_right"}
        assert not any("0 or 1" in n for n in ls.read_battles(frame, columns=named).notes)


def test_columns_that_may_hold_the_models_are_named() -> None:
    row = {"winner": "model_a", "response_a": "x", "response_b": "y"}
    rows = [{**row, "Left": "gpt"[i % 2], "Right": "uvw"[i % 3]} for i in range(8)]
    note = "the names of the models may be in 'Left' and 'Right': read them with columns={\"model_a\": \"Left\", "
    assert any(n.startswith(note) and "--map model_a=Left" in n for n in ls.read_battles(rows).notes)
    answers = [{**row, "left": f"An answer {i}", "right": f"Another {i}"} for i in range(8)]
    assert not any("names of the models may" in n for n in ls.read_battles(answers).notes)


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
        ({"format": "lmarna"}, "format='lmarna' is not known; did you mean 'lmarena'.*auto, arena_hard, mt_bench, .*, lmarena_55k, lmarena_maverick, lmarena_100k, lmarena, alpaca_eval, frame"),
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
