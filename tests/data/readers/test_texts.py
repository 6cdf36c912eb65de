"""Answers beside verdicts, found by prompt and model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import llamastyle as ls
from llamastyle.data.readers import read_responses
from llamastyle.data.readers.texts import answer_source, answered, home_of

TURNS = [{"role": "assistant", "content": "é"}, {"role": "assistant", "content": "b"}]
ANSWERS = [{"model": "x", "prompt_id": 1, "text": TURNS}, {"model": "y", "prompt_id": "1", "text": TURNS[:1]}]
VOTES = [{"model_a": "x", "model_b": "y", "prompt_id": 1.0, "winner": "model_a"}]


def test_answers_up_to_a_turn() -> None:
    ids = (pa.array(["1", "1", "1", "2"]), pa.array(["x", "x", "y", "z"]))
    side = answered(read_responses(ANSWERS), ids, np.array([1, 2, 2, 1]))
    assert side.texts.to_pylist() == ["é", "é\n\nb", "é", None]
    assert side.starts[:2] == [(), (4,)]
    assert side.bad == {2: "an answer of 1 turns, judged after turn 2", 3: "no text by 'z' at all"}
    assert answered(read_responses(ANSWERS), ids, None).texts.to_pylist()[0] == "é\n\nb"


def test_votes_of_any_table_find_their_texts() -> None:
    given = read_responses([{**row, "correct": i, "tokens": 5} for i, row in enumerate(ANSWERS)])
    battles = ls.read_battles(VOTES, responses=given)
    frame = battles.to_frame()
    assert frame[["response_a", "response_b", "correct_a", "correct_b", "tokens_a"]].to_numpy().tolist() == [
        ["é\n\nb", "é", 0, 1, 5]
    ]
    with pytest.raises(ls.DataError, match="table has responses of its own"):
        ls.read_battles([{**VOTES[0], "response_a": "a", "response_b": "b"}], responses=given)
    with pytest.raises(ls.DataError, match=r"no prompt_id; name it with columns"):
        ls.read_battles([{k: v for k, v in VOTES[0].items() if k != "prompt_id"}], responses=given)


def test_two_texts_of_one_model_to_one_prompt() -> None:
    twice = [*ANSWERS, {"model": "y", "prompt_id": 1, "text": "another"}]
    with pytest.raises(ls.DataError, match=r"two different texts by 'y' to prompt '1', in rows 1 and 2"):
        ls.read_battles(VOTES, responses=twice)
    assert len(ls.read_battles(VOTES, responses=[*ANSWERS, ANSWERS[1]])) == 1
    with pytest.raises(ls.DataError, match="the responses have no model"):
        ls.read_battles(VOTES, responses=[{"prompt_id": 1, "text": "x"}])


def test_answers_beside_the_verdicts(tmp_path: Path) -> None:
    verdicts = tmp_path / "b[1]" / "model_judgment" / "j" / "m.jsonl"
    answers = tmp_path / "b[1]" / "model_answer" / "m.jsonl"
    for path in (verdicts, answers):
        path.parent.mkdir(parents=True)
        path.write_text("{}", "utf-8")
    found = answer_source(None, str(verdicts.parent / "*.jsonl"), "verdicts")
    assert found.endswith("*.jsonl")
    assert answer_source("mine", verdicts, "verdicts") == "mine"
    assert home_of(None, verdicts) is None
    (tmp_path / "b[1]" / "question.jsonl").write_text("{}", "utf-8")
    assert home_of(None, verdicts) == str(tmp_path / "b[1]")
    assert home_of(answers, None) == str(tmp_path / "b[1]")
    with pytest.raises(ls.DataError, match="'model_judgment'"):
        answer_source(None, "hf://datasets/x/y/model_judgment/j.jsonl", "verdicts")
