"""Battles and Responses: swap, take, filter, win rates, what they show."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.data.battles import assemble, with_texts


def make(n: int = 6, seed: int = 0, measured: bool = False) -> ls.Battles:
    """Random battles of four models, some of a model with itself, some without names."""
    rng = np.random.default_rng(seed)
    rows: dict[str, Any] = {
        "model_a": rng.choice(["x", "y", "z", "w"], n),
        "model_b": rng.choice(["x", "y", "z", "w"], n),
        "outcome": rng.choice([0.0, 0.5, 1.0, 0.3], n),
        "weight": rng.uniform(0.5, 2, n),
        "correct_a": rng.choice([0.0, 1.0, np.nan], n),
        "correct_b": rng.choice([0.0, 1.0, np.nan], n),
        "prompt_id": rng.integers(3, size=n),
    }
    if measured:
        rows |= {f"words_{s}": rng.integers(1, 9, n).astype(float) for s in "ab"}
        rows |= {f"made_up_{s}": rng.uniform(size=n) for s in "ab"}
    else:
        rows |= {f"response_{s}": rng.choice(["Yes.", "No.", "**Maybe**"], n) for s in "ab"}
        rows |= {f"tokens_{s}": rng.integers(1, 3, n) for s in "ab"}
    return ls.read_battles(pd.DataFrame(rows))


def same(left: ls.Battles, right: ls.Battles) -> None:
    pd.testing.assert_frame_equal(left.to_frame(), right.to_frame())
    assert left.models == right.models
    assert left.notes == right.notes


def test_frozen(votes: list[dict[str, Any]]) -> None:
    battles = ls.read_battles(votes)
    with pytest.raises(dataclasses.FrozenInstanceError):
        battles.outcome = battles.outcome  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        battles.anything = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("measured", [False, True])
@given(seed=st.integers(0, 99), n=st.integers(1, 12), data=st.data())
def test_swapping_any_subset_twice_is_the_identity(
    measured: bool, seed: int, n: int, data: st.DataObject
) -> None:
    battles = make(n, seed, measured)
    which = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    once = battles.swap(which)
    same(once.swap(which), battles)
    same(battles.swap().swap(), battles)
    same(battles.swap(np.flatnonzero(which)), once)
    pd.testing.assert_frame_equal(once.win_rates(), battles.win_rates())


@pytest.mark.parametrize("measured", [False, True])
@given(seed=st.integers(0, 99), n=st.integers(1, 12), data=st.data())
def test_take_and_filter_agree(measured: bool, seed: int, n: int, data: st.DataObject) -> None:
    battles = make(n, seed, measured)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    filtered = battles.filter(keep)
    same(filtered, battles.take(np.flatnonzero(keep)))
    whole = battles.to_frame()
    whole["keep"] = keep
    same(filtered, battles.filter(lambda frame: whole["keep"]))
    assert len(filtered) == keep.sum()
    left = pd.concat([battles.to_frame().loc[keep, c] for c in ("model_a", "model_b")])
    assert filtered.models == tuple(sorted(set(left)))
    order = np.array(data.draw(st.permutations(range(n))))
    same(battles.take(order).take(np.argsort(order)), battles)


def test_take_may_repeat_and_count_from_the_end() -> None:
    battles = make(6).swap()
    frame = battles.take([5, 5, -6]).to_frame()[battles.to_frame().columns]
    pd.testing.assert_frame_equal(frame, battles.to_frame().iloc[[5, 5, 0]].reset_index(drop=True))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda b: b.take([True] * 6), "battles.filter"),
        (lambda b: b.take([6]), "from 0 to 5"),
        (lambda b: b.swap([6]), "from 0 to 5"),
        (lambda b: b.swap([True]), "6 battles"),
        (lambda b: b.filter([1, 0, 1, 0, 1, 0]), "one True or False"),
        (lambda b: b.filter([True]), "one True or False"),
        (lambda b: b.filter(lambda frame: None), "one True or False"),
        (lambda b: b.codes("promt_id"), "prompt_id"),
    ],
)
def test_wrong_calls_say_the_way_out(call: Any, says: str) -> None:
    with pytest.raises(ls.DataError, match=says):
        call(make(6))


def test_swap_by_hand(votes: list[dict[str, Any]]) -> None:
    votes = [{**v, "correct_a": 1, "correct_b": 0} for v in votes]
    votes[3]["winner"] = "both_bad"
    battles = ls.read_battles(votes)
    frame, back = battles.to_frame(), battles.swap([0, 3]).to_frame()
    assert back.loc[0, ["model_a", "model_b", "winner", "response_a"]].tolist() == [
        "y",
        "x",
        "model_b",
        "No 0.",
    ]
    assert back.loc[3, "winner"] == "both_bad"
    assert back["correct_a"].tolist() == [0, 1, 1, 0, 1, 1]
    rest = [1, 2, 4, 5]
    pd.testing.assert_frame_equal(back.loc[rest], frame.loc[rest])


def test_win_rates_by_hand() -> None:
    battles = assemble(
        outcome=[1, 0.5, 0, 1, 0.25],
        names=(["x", "x", "y", "y", None], ["y", "z", "y", "x", None]),
        weight=[1, 2, 5, 3, 7],
    )
    rates = battles.win_rates().set_index("model")
    assert rates["battles"].to_dict() == {"x": 3, "y": 2, "z": 1}
    assert rates["win_rate"].to_dict() == pytest.approx({"x": (1 + 1) / 6, "y": 3 / 4, "z": 0.5})
    alone = battles.take([2]).win_rates()
    assert alone["battles"].tolist() == [0]
    assert np.isnan(alone["win_rate"].to_numpy()).all()
    assert battles.probabilities
    assert not battles.take([0, 1, 2]).probabilities


def withheld(texts_a: list[str | None], texts_b: list[str | None]) -> ls.Battles:
    texts = (pa.array(texts_a, pa.large_string()), pa.array(texts_b, pa.large_string()))
    return assemble(outcome=np.arange(len(texts_a)) % 2, texts=texts)


def test_battles_whose_texts_are_known() -> None:
    battles = withheld(["a", None, "b", None], ["a", "a", None, None])
    assert battles.text_known.tolist() == [True, False, False, False]
    left, said = with_texts(battles)
    assert left.outcome.tolist() == [0]
    assert said == ["3 of 4 battles have a response without text: left out"]
    for whole in (withheld(["a"], ["b"]), withheld([None, "a"], ["b", None]), withheld([], [])):
        kept, said = with_texts(whole)
        assert (kept, said) == (whole, [])
    measured = ls.read_battles([{"winner": "tie", "words_a": 1, "words_b": 2}])
    assert with_texts(measured) == (measured, [])
    swapped = battles.swap().text_known.tolist()
    assert swapped == battles.text_known.tolist()


def test_codes_group_and_refuse_nulls() -> None:
    columns = pd.DataFrame({"voter": ["u", "v", "u"], "judge": ["j", None, None]})
    battles = assemble(outcome=[1, 0, 1], columns=columns)
    codes, n = battles.codes("voter")
    assert (codes.tolist(), n) == ([0, 1, 0], 2)
    with pytest.raises(ls.DataError, match="empty in 2 of 3 battles, first in battle 1"):
        battles.codes("judge")


def test_responses_are_unique_by_model_prompt_text_tokens_and_turns() -> None:
    battles = assemble(
        outcome=[1, 1, 1, 1],
        names=(["x"] * 4, ["y"] * 4),
        texts=(["a", "a", "a", "a"], ["a", "b", "b", "b"]),
        tokens=([1, 1, 2, np.nan], [1, 1, 1, 1]),
        columns=pd.DataFrame({"prompt_id": [0, 1, 1, 1]}),
    )
    assert battles.row_a.tolist() == [0, 1, 2, 3]
    assert battles.row_b.tolist() == [4, 5, 5, 5]
    assert len(battles.responses) == 6
    frame = battles.responses.to_frame()
    assert frame["model"].tolist() == ["x"] * 4 + ["y"] * 2
    starts = pa.array([[3], [], [3], []], pa.list_(pa.int64()))
    turned = assemble(outcome=[1, 1], texts=(["a\n\nb"] * 2, ["c\n\nd"] * 2), turn_starts=starts)
    assert len(turned.responses) == 4
    assert turned.turn_starts is not None
    assert turned.turn_starts.to_pylist() == [[3], [], [3], []]


def test_the_text_source_is_that_of_the_responses() -> None:
    battles = make(6)
    assert battles.texts is battles.responses.texts
    assert battles.rows == (battles.row_a, battles.row_b)
    assert battles.responses.rows is None
    assert battles.tokens is battles.responses.tokens
    frame = battles.to_frame()
    assert battles.texts.take(pa.array(battles.row_b)).to_pylist() == frame["response_b"].tolist()


@pytest.mark.parametrize("measured", [False, True])
def test_the_frame_is_read_back_as_it_was(measured: bool) -> None:
    battles = make(12, 3, measured)
    same(ls.read_battles(battles.to_frame()), battles)
    plain = ls.read_battles(
        [{"model_a": "x", "model_b": "y", "winner": "both_bad", "words_a": 1, "words_b": 2}]
    )
    same(ls.read_battles(plain.to_frame()), plain)


def test_nothing_left_is_still_battles() -> None:
    empty = make(6).take([])
    assert len(empty) == 0
    assert empty.models == ()
    assert len(empty.win_rates()) == 0
    assert "0 battles" in repr(empty)
    assert empty._repr_html_()


def test_repr_says_how_many_and_who(votes: list[dict[str, Any]]) -> None:
    votes = [{**v, "voter": "u", "correct_a": 1, "correct_b": None} for v in votes]
    text = repr(ls.read_battles(votes, cluster="voter"))
    for part in ("6 battles of 3 models", "2 ties", "3 prompts", "1 voter", "clustered by voter", "in 0"):
        assert part in text
    assert "no model names" in repr(assemble(outcome=[1]))


def test_html_escapes_everything() -> None:
    bad = "<script>alert(1)</script>"
    vote = {"model_a": bad, "model_b": "y", "winner": "model_a", "response_a": bad, "response_b": bad}
    html = ls.read_battles([{**vote, bad: 1}], cluster=bad)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    many = assemble(outcome=[1] * 12, names=([f"m{i}" for i in range(12)], ["z"] * 12))
    assert "and 3 more models" in many._repr_html_()


@pytest.mark.shared_data
def test_alpaca_eval_repr(shared: Path) -> None:
    battles = ls.read_battles(shared / "alpaca_eval" / "battles.parquet")
    assert repr(battles).startswith("Battles(32194 battles of 40 models, ")
    assert len(battles.responses) == 32194


def test_balanced_pairs_count_the_same_and_the_sum_stays() -> None:
    battles = ls.simulate(900, 5, style={"words": 0.3}, seed=3).battles
    even = battles.balanced()
    pair = np.sort(np.stack([battles.model_a, battles.model_b]), axis=0)
    totals = pd.Series(even.weight).groupby([pair[0], pair[1]]).sum()
    assert totals.max() == pytest.approx(totals.min())
    assert even.weight.sum() == pytest.approx(battles.weight.sum())
    swapped = battles.swap(np.arange(0, 900, 3)).balanced()
    np.testing.assert_allclose(swapped.weight, even.weight)
    assert "every pair of models counts the same" in even.notes
