"""What every format module offers, and the helpers that they share."""

from __future__ import annotations

import pytest

from llamastyle.data.readers import FORMATS
from llamastyle.data.readers.conversations import read_talks
from llamastyle.data.readers.formats import CANONICAL, GROUPING, Draft, Format, canonical, renamed, spoken
from llamastyle.data.readers.table import Table, object_column, python_column

TABLE = Table({name: python_column([name]) for name in ("winner", "theirs", "odd")}, 1)


def test_canonical_and_renamed() -> None:
    assert list(canonical(TABLE)) == ["winner"]
    columns, sources = renamed(TABLE, {"model_a": "theirs", "winner": "odd", "judge": "absent"})
    assert sources == {"model_a": "theirs"}
    assert columns["model_a"].to_pylist() == ["theirs"]
    assert set(GROUPING) < set(CANONICAL)


@pytest.mark.parametrize("made", FORMATS, ids=lambda made: made.NAME)
def test_every_format_reads_any_table_without_a_word(made: Format) -> None:
    assert isinstance(made.sniff(frozenset(TABLE.columns)), bool)
    assert set(made.read(TABLE).columns) == {"winner"}


ROOM = {"conversation_a", "conversation_b"}
VOTE = {"question_id", "model_a", "model_b", "winner", "judge", "turn"}
KAGGLE = {"winner_model_a", "winner_model_b", "winner_tie", "response_a", "response_b"}


@pytest.mark.parametrize(
    ("names", "wins"),
    [
        (KAGGLE, "lmarena_55k"),
        (KAGGLE | ROOM | {"redacted", "judge_hash"}, "lmarena_55k"),
        (ROOM | {"redacted", "judge_hash", "evaluation_session_id"}, "lmarena_maverick"),
        (ROOM | {"opponent", "outcome"}, "lmarena_maverick"),
        (ROOM | {"judge_hash", "evaluation_session_id"}, "lmarena_100k"),
        (ROOM | {"question_id", "tstamp"}, "lmarena_100k"),
        (ROOM | {"evaluation_session_id"}, "lmarena"),
        (ROOM | {"output_1", "output_2", "preference"}, "lmarena"),
        ({"output_1", "output_2", "preference"}, "alpaca_eval"),
        (KAGGLE - {"winner_tie"}, "frame"),
        ({"games", "model", "judge", "uid"}, "arena_hard"),
        ({"model_1", "model_2", "g1_winner", "g2_winner", "judge"}, "mt_bench"),
        (ROOM | VOTE, "mt_bench_votes"),
        (ROOM | VOTE | {"tstamp"}, "lmarena_100k"),
        ({"pair_id", "judgments", "label", "response_A", "response_B"}, "judgebench"),
        ({"pair_id", "response_A", "response_B", "label"}, "judgebench"),
        ({"input", "output_1", "output_2", "label"}, "llmbar"),
        ({"id", "prompt", "chosen", "rejected", "chosen_model", "rejected_model"}, "rewardbench"),
        ({"text_chosen", "text_rejected", "scores_chosen", "scores_rejected"}, "rewardbench"),
        ({"id", "prompt", "chosen", "rejected"}, "rm_bench"),
        ({"id", "prompt", "chosen", "rejected", "messages"}, "frame"),
    ],
)
def test_columns_of_two_formats_are_decided_by_the_order(names: set[str], wins: str) -> None:
    assert wins == next(made for made in FORMATS if made.sniff(frozenset(names))).NAME


def test_a_side_that_says_nothing_fails_its_row() -> None:
    column = object_column([[{"role": "assistant", "content": text}] for text in ("x", None, "y")])
    draft = Draft({}, notes=["first"], sources={"response_a": "talk"})
    made = spoken(draft, (read_talks(column), read_talks(column)))
    assert made.failed is not None
    assert made.failed.tolist() == [False, True, False]
    assert made.failure == ("talk, response_b", "a response in which every turn is null")
    assert made.notes == ["first", "1 row of 3 has a response in which every turn is null: set aside"]


def test_names_are_unique_and_the_last_reads_anything() -> None:
    assert len({made.NAME for made in FORMATS}) == len(FORMATS)
    assert FORMATS[-1].sniff(frozenset())
