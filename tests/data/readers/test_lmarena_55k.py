"""The nine columns that Kaggle hands out: turns as JSON lists, the vote in one of three columns."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import llamastyle as ls
from llamastyle.data.readers.lmarena_55k import VOTES, sniff

VOTED = {"model_a": (1, 0, 0), "model_b": (0, 1, 0), "tie": (0, 0, 1)}


def row(i: int = 0, vote: str = "model_a", **more: Any) -> dict[str, Any]:
    """One row as the file has it: every text a JSON list, halves of pairs and all as escapes."""
    texts = {"prompt": [f"Why {i}?"], "response_a": [f"**So** {i} \U0001f600"], "response_b": ["No."]}
    texts |= {name: more.pop(name) for name in list(texts) if name in more}
    made = {name: v if isinstance(v, str | None) else json.dumps(v) for name, v in texts.items()}
    return {
        "id": 30192 + i,
        "model_a": "gpt-4-1106-preview",
        "model_b": "gpt-4-0613",
        **made,
        **dict(zip(VOTES, VOTED[vote], strict=True)),
        **more,
    }


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_file_and_every_frame_read_the_same(tmp_path: Path) -> None:
    rows = [row(i, vote) for i, vote in enumerate(VOTED)]
    parsed = [
        {k: json.loads(v) if isinstance(v, str) and v[:1] == "[" else v for k, v in r.items()} for r in rows
    ]
    python = [{k: repr(v) if isinstance(v, list) else v for k, v in r.items()} for r in parsed]
    sources = [write(tmp_path / "train.csv", rows), rows, pd.DataFrame(rows), parsed, python]
    for source in [*sources, pa.Table.from_pylist(parsed), pd.DataFrame(parsed)]:
        battles = ls.read_battles(source)
        frame = battles.to_frame()
        assert frame["response_a"].tolist() == [f"**So** {i} \U0001f600" for i in range(3)]
        assert frame["winner"].tolist() == ["model_a", "model_b", "tie"]
        assert frame["prompt"].tolist() == frame["prompt_id"].tolist() == ["Why 0?", "Why 1?", "Why 2?"]
        assert battles.models == ("gpt-4-0613", "gpt-4-1106-preview")
        assert battles.notes == ()


def test_all_turns_are_measured_and_null_turns_left_out() -> None:
    rows = [
        row(0, prompt=["p", "q"], response_a=["One", "Two"], response_b=["Three", None]),
        row(1, prompt=["p", None], response_a=["É", "x", ""], response_b=["", "b", "c"]),
    ]
    battles = ls.read_battles(rows)
    frame = battles.to_frame()
    assert frame["response_a"].tolist() == ["One\n\nTwo", "É\n\nx\n\n"]
    assert frame["response_b"].tolist() == ["Three", "\n\nb\n\nc"]
    assert battles.turn_starts is not None
    starts = battles.turn_starts.to_pylist()
    assert [starts[r] for r in battles.row_a] == [[5], [4, 7]]
    assert frame["prompt"].tolist() == ["p", "p"]
    assert battles.notes == (
        "1 battle where the two conversations differ in their user turns or their length, first row 0 (counted from 0)",
        "1 response with assistant turns that have no text: those turns left out",
    )


def test_an_empty_answer_is_an_answer() -> None:
    frame = ls.read_battles([row(response_b=[""])]).to_frame()
    assert frame["response_b"].tolist() == [""]


@pytest.mark.parametrize("silent", [[None], [None, None]])
@pytest.mark.parametrize("strict", [True, False])
def test_a_response_of_nulls_failed(silent: list[None], strict: bool) -> None:
    rows = [row(0), row(1, response_b=silent), row(2, "tie")]
    battles = ls.read_battles(rows, strict=strict)
    assert battles.outcome.tolist() == [1, 0.5]
    assert battles.issues["row"].tolist() == [1]
    assert battles.issues.loc[0, "what"] == "a response in which every turn is null"
    assert "1 row of 3 has a response in which every turn is null: set aside" in battles.notes
    with pytest.raises(ls.DataError, match="all 1 rows failed: a response in which every turn is null"):
        ls.read_battles(rows[1:2], strict=strict)


@pytest.mark.parametrize(
    ("votes", "shown"),
    [((0, 0, 0), "'0, 0, 0'"), ((1, 0, 1), "'1, 0, 1'"), ((1, 1, 1), "'1, 1, 1'"), ((0, 2, 0), "'0, 2, 0'"),
     ((0.5, 0.5, 0), "'0.5, 0.5, 0'"), ((None, 1, 0), "'none, 1, 0'"), ((-1, 1, 1), "'-1, 1, 1'"),
     (("x", 0, 1), "'x, 0, 1'")],
)  # fmt: skip
def test_a_vote_that_is_not_one_of_three_names_its_row(votes: Any, shown: str) -> None:
    rows = [row(0), row(1, **dict(zip(VOTES, votes, strict=True))), row(2, "model_b")]
    says = r"row 1 .counted from 0., column 'winner_model_a, winner_model_b, winner_tie': not exactly one of these is 1"
    with pytest.raises(ls.DataError, match=rf"{says} \({shown}\); 1 of 3 rows"):
        ls.read_battles(rows)
    battles = ls.read_battles(rows, strict=False)
    assert battles.outcome.tolist() == [1, 0]
    assert battles.issues[["row", "value"]].to_numpy().tolist() == [[1, shown[1:-1]]]


@pytest.mark.parametrize("write_vote", [bool, float, str, lambda v: f"{v}.0"])
def test_votes_in_other_types(write_vote: Any) -> None:
    rows = [row(i, vote) for i, vote in enumerate(VOTED)]
    rows = [{k: write_vote(v) if k in VOTES else v for k, v in r.items()} for r in rows]
    if write_vote is bool:
        rows = [
            {k: int(v) if isinstance(v, bool) and k == VOTES[1] else v for k, v in r.items()} for r in rows
        ]
    assert ls.read_battles(rows).outcome.tolist() == [1, 0, 0.5]


@pytest.mark.parametrize(
    ("response", "says"),
    [
        ("[\"cut in ha", "neither JSON nor a Python literal"),
        ("[]", "an empty list of turns"),
        ("plain", "a text where a list of turns is expected"),
        ("[1, 2]", "turn 0 is no text"),
        ('[{"role": "assistant", "content": "x"}]', "turn 0 is no text"),
        (None, "no text"),
        ("[__import__('os')]", "neither JSON nor a Python literal"),
    ],
)  # fmt: skip
def test_a_response_that_is_no_list_of_turns(response: Any, says: str) -> None:
    rows = [row(0), row(1), row(2, response_a=response)]
    with pytest.raises(ls.DataError, match=rf"row 2 .*column 'response_a': .*{says}"):
        ls.read_battles(rows)
    battles = ls.read_battles(rows, strict=False)
    assert (len(battles), battles.issues["row"].tolist()) == (2, [2])


def test_halves_of_pairs_are_replaced_and_counted() -> None:
    lone = '["a \\ud83d b", "\\ud83d\\ude00"]'
    battles = ls.read_battles([row(response_a=lone)])
    assert battles.to_frame()["response_a"].tolist() == ["a \ufffd b\n\n\U0001f600"]
    assert any("halves of surrogate pairs" in note for note in battles.notes)


def test_plain_texts_and_conversations_under_these_columns() -> None:
    plain = [{**row(i), "prompt": "Why?", "response_a": "[1] is", "response_b": "so"} for i in range(3)]
    assert ls.read_battles(plain).to_frame()["response_a"].tolist() == ["[1] is"] * 3
    talk = json.dumps([{"role": "assistant", "content": "x"}])
    talks = [{**row(), "response_a": talk, "response_b": talk}]
    assert ls.read_battles(talks).to_frame()["response_b"].tolist() == ["x"]


def test_a_winner_of_the_callers_wins() -> None:
    rows = [row(0, mine="tie"), row(1, mine="model_b")]
    assert ls.read_battles(rows, columns={"winner": "mine"}).outcome.tolist() == [0.5, 0]


def test_what_it_takes_to_be_known() -> None:
    names = frozenset(row())
    assert sniff(names)
    for needed in (*VOTES, "response_a", "response_b"):
        assert not sniff(names - {needed})
    unlabelled = {k: v for k, v in row().items() if k not in VOTES}
    for form in ("auto", "lmarena_55k"):
        with pytest.raises(ls.DataError, match="no column 'winner'"):
            ls.read_battles([unlabelled], format=form)
