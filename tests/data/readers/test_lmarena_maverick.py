"""The file of Maverick's battles: turns in three forms, labels of its own, and redactions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.data.readers.conversations import read_talks
from llamastyle.data.readers.lmarena_maverick import sniff, turn_tokens, withheld
from llamastyle.data.readers.table import object_column

MAVERICK = "Llama-4-Maverick-03-26-Experimental"


def talk(*said: Any, ask: str = "Why") -> list[dict[str, Any]]:
    turns = [(("user", f"{ask} {i}?", 3), ("assistant", text, 5)) for i, text in enumerate(said)]
    return [{"role": r, "content": t, "num_tokens": n} for pair in turns for r, t, n in pair]


def row(i: int = 0, **more: Any) -> dict[str, Any]:
    """A row of the file's 24 columns; redacted messages are the conversations again."""
    a, b = (
        more.get("conversation_a", talk(f"So {i}.")),
        more.get("conversation_b", talk(f"**So** {i}! \U0001f600")),
    )
    return {
        "question_id": f"{i:032x}",
        "model_a": "phi-4",
        "model_b": MAVERICK,
        "winner": "model_b",
        "judge": f"{i % 30:032x}",
        "conversation_a": a,
        "conversation_b": b,
        "turn": 1,
        "anony": True,
        "language": "French",
        "tstamp": 1743000000.5 + i,
        "conv_metadata": {"sum_user_tokens": 3, "sum_assistant_a_tokens": 11, "sum_assistant_b_tokens": 12},
        "is_code": False,
        "is_refusal": False,
        "metadata_a": None,
        "metadata_b": None,
        "dedup_tag": {"high_freq": False, "sampled": True},
        "category_tag": {"math_v0.1": {"math": True}},
        "category": f"{MAVERICK} battles",
        "outcome": f"{MAVERICK} Won",
        "opponent": "phi-4",
        "redacted_messages_a": a,
        "redacted_messages_b": b,
        "redacted": False,
        **more,
    }


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(r) for r in rows))
    return path


def test_lists_json_and_python_text_in_one_file(tmp_path: Path) -> None:
    forms = [talk('It\'s "so"'), json.dumps(talk('It\'s "so"')), repr(talk('It\'s "so"'))]
    rows = [row(i, conversation_a=form) for i, form in enumerate(forms)]
    for source in (rows, lines(tmp_path / "clean-llama4.jsonl", rows), pd.DataFrame(rows)):
        battles = ls.read_battles(source)
        frame = battles.to_frame()
        assert frame["response_a"].tolist() == ['It\'s "so"'] * 3
        assert frame["response_b"].tolist() == [f"**So** {i}! \U0001f600" for i in range(3)]
        assert frame["voter"].tolist() == [r["judge"] for r in rows]
        assert frame["category"].tolist() == ["math"] * 3
        assert frame["tokens_a"].tolist() == [11] * 3
        assert frame["outcome"].tolist() == [0, 0, 0]
        assert frame["timestamp"].tolist()[0] == pd.Timestamp("2025-03-26T14:40:00.5")
        assert "judge" not in battles.columns
        assert battles.notes == ("token counts come with the data in 3 of 3 battles",)


def test_python_text_is_read_and_never_run(tmp_path: Path) -> None:
    flag = tmp_path / "ran"
    hostile = f"[{{'role': 'assistant', 'content': open({str(flag)!r}, 'w').write('x')}}]"
    with pytest.raises(ls.DataError, match="neither JSON nor a Python literal"):
        ls.read_battles([row(), row(1, conversation_a=hostile)])
    assert not flag.exists()


def test_names_stay_in_the_case_they_are_given(tmp_path: Path) -> None:
    battles = ls.read_battles([row(0), row(1, model_b=MAVERICK.lower())])
    assert battles.models == (MAVERICK, MAVERICK.lower(), "phi-4")
    assert (
        f"names that differ in case only stay different models: {MAVERICK} and {MAVERICK.lower()}"
        in battles.notes
    )


def redacted_rows() -> list[dict[str, Any]]:
    return [
        row(0),
        row(1, redacted=True),
        row(2, redacted="True", winner="tie (bothbad)", conversation_a="[REDACTED]"),
        row(3, conversation_a=talk("fine", " [redacted] ")),
        row(4, conversation_b="<REDACTED>"),
        row(5, conversation_a=talk("I have redacted the names."), winner="model_a"),
        row(6, redacted=True, conversation_a=talk(None)),
    ]


@pytest.mark.parametrize("strict", [True, False])
def test_redacted_texts_are_withheld_and_votes_stay(strict: bool, tmp_path: Path) -> None:
    for source in (redacted_rows(), lines(tmp_path / "a.jsonl", redacted_rows())):
        battles = ls.read_battles(source, strict=strict)
        frame = battles.to_frame()
        gone = [False, True, True, True, True, False, True]
        assert frame["response_a"].isna().tolist() == gone
        assert frame["response_b"].isna().tolist() == gone
        assert frame["prompt"].isna().tolist() == gone
        assert (~battles.text_known).tolist() == gone
        assert battles.outcome.tolist() == [0, 0, 0.5, 0, 0, 1, 0]
        assert len(battles.issues) == 0
        assert "5 battles of 7 redacted: votes kept, texts and prompts withheld" in battles.notes
        assert not any("differ" in note or "set aside" in note for note in battles.notes)
        assert battles.win_rates().set_index("model").loc[MAVERICK, "battles"] == 7


def test_extraction_refuses_withheld_texts_and_says_the_way_out() -> None:
    battles = ls.read_battles(redacted_rows())
    with pytest.raises(ls.FeatureError, match=r"battle 1 .*5 of 7 .*battles.filter\(battles.text_known\)"):
        ls.extract(battles, "words")
    left = battles.filter(battles.text_known)
    table = ls.extract(left, "words")
    a, b = table.sides()
    assert a[:, 0].tolist() == [2, 5]
    assert np.isfinite(b).all()
    assert np.isnan(table.values).any()
    everything = ls.read_battles([row(0, redacted=True)])
    with pytest.raises(ls.FeatureError, match="row 0 has no text"):
        ls.extract(everything, "words")


def test_unknown_tokens_of_withheld_texts_do_no_harm() -> None:
    bare = [{"role": "assistant", "content": "x"}]
    rows = [row(0), row(1, redacted=True, conv_metadata=None, conversation_a=bare)]
    battles = ls.read_battles(rows)
    left = battles.filter(battles.text_known)
    a, b = ls.extract(left, ls.ARENA).sides()
    tokens = list(ls.extract(left, ls.ARENA).names).index("tokens")
    assert (a[0, tokens], b[0, tokens]) == (11, 12)


def test_a_fit_leaves_withheld_texts_out_and_equals_one_without_them() -> None:
    rng = np.random.default_rng(3)
    rows = []
    for i in range(300):
        a, b = rng.permutation([MAVERICK, "phi-4", "other"])[:2]
        rows.append(row(i, model_a=a, model_b=b, winner=str(rng.choice(["model_a", "model_b", "tie"])),
                        conversation_a=talk("w " * int(rng.integers(1, 9)), ask=f"{i % 60}"),
                        conversation_b=talk("w " * int(rng.integers(1, 9)), ask=f"{i % 60}"), redacted=bool(i % 10 < 2)))  # fmt: skip
    result = ls.fit(ls.read_battles(rows), "words")
    assert "60 of 300 battles have a response without text: left out" in result.notes
    other = ls.fit(ls.read_battles([r for r in rows if not r["redacted"]]), "words")
    pd.testing.assert_frame_equal(result.tidy(), other.tidy())


def test_without_the_column_redacted_rows_are_measured_as_they_stand() -> None:
    frame = pd.DataFrame([row(0), row(1, redacted=True)]).drop(columns="redacted")
    assert ls.read_battles(frame).text_known.all()


def test_tokens_from_the_turns_where_metadata_have_none() -> None:
    rows = [row(0), row(1, conv_metadata=None), row(2, conv_metadata={"sum_assistant_a_tokens": 4})]
    rows[2]["conversation_b"] = repr(talk("a", "b"))
    battles = ls.read_battles(rows)
    frame = battles.to_frame()
    assert frame["tokens_a"].tolist() == [11, 5, 4]
    assert frame["tokens_b"].tolist() == [12, 5, 10]
    assert "token counts of 3 responses summed over num_tokens of its turns" in battles.notes
    bare = [{k: v for k, v in r.items() if k != "conv_metadata"} for r in rows]
    assert ls.read_battles(bare).to_frame()["tokens_a"].tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    ("given", "tokens"),
    [(talk("a", "b"), 10), (json.dumps(talk("a")), 5), ([{"role": "assistant"}], None), ("so", None), (None, None),
     ([{"role": "assistant", "num_tokens": 4}, {"role": "assistant", "num_tokens": None}], None),
     ([{"role": "assistant", "num_tokens": -4}], None), ([], None), ([5], None),
     (np.array(talk("a"), object), 5)],
)  # fmt: skip
def test_turn_tokens(given: Any, tokens: float | None) -> None:
    made = turn_tokens(given)
    assert np.isnan(made) if tokens is None else made == tokens


def test_withheld_rows_are_not_bad() -> None:
    side = read_talks(object_column([talk("a"), "x", talk(None), talk("b", "c")]))
    assert (sorted(side.bad), side.silent) == ([1, 2], (2,))
    made = withheld(side, np.array([False, True, True, True]))
    assert made.texts.to_pylist() == ["a", None, None, None]
    assert (made.bad, made.silent, made.starts[3], made.user[3]) == ({}, (), (), None)


def test_a_category_of_the_callers_wins() -> None:
    rows = [row(0, kind="mine"), row(1, kind="other")]
    assert ls.read_battles(rows, columns={"category": "kind"}).columns["category"].tolist() == [
        "mine",
        "other",
    ]


def test_what_it_takes_to_be_known() -> None:
    names = frozenset(row())
    assert sniff(names)
    assert sniff(names - {"redacted"})
    assert not sniff(names - {"redacted", "opponent"})
    assert not sniff(names - {"conversation_a"})
