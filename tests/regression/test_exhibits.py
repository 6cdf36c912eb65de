"""Battles to look at."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.errors import FitError
from llamastyle.regression.exhibits import EXHIBIT_COLUMNS


@pytest.fixture(scope="module")
def result():
    arena = ls.simulate(1500, 6, texts=True, seed=4)
    return ls.audit(arena.battles, list(arena.world.features))


def test_won_battles_with_most_style_come_first(result):
    found = result.exhibits("model-02", 5)
    assert tuple(found.columns) == EXHIBIT_COLUMNS
    assert (found["vote"] == "won").all()
    assert found["style"].is_monotonic_decreasing
    block = result.design.spec.block("style")
    style = result.design.x[:, block] @ result.estimates.fit.beta[block]
    code = result.battles.models.index("model-02")
    won = np.where(
        result.battles.model_a == code,
        np.where(result.battles.outcome == 1, style, -np.inf),
        np.where((result.battles.model_b == code) & (result.battles.outcome == 0), -style, -np.inf),
    )
    assert found["style"].iloc[0] == pytest.approx(won.max())
    assert found["battle"].iloc[0] == int(won.argmax())


def test_texts_and_spans_are_those_of_the_sides(result):
    for row in result.exhibits("model-03", 4).to_dict("records"):
        told = result.battles.take([row["battle"]]).to_frame().iloc[0]
        side = "a" if told["model_a"] == "model-03" else "b"
        assert row["text"] == told[f"response_{side}"]
        assert row["opponent"] == told[f"model_{'b' if side == 'a' else 'a'}"]
        for start, end, feature in row["spans"]:
            if feature == "emoji":
                assert ls.extract([row["text"][start:end]], ["emoji"]).values[0, 0] == 1


def test_an_answer_is_shown_once(result):
    found = result.exhibits("model-01", 200)
    assert not found["text"].duplicated().any()
    assert set(found["vote"]) > {"won"}


def test_losses_only_after_wins(result):
    found = result.exhibits("model-01", 200)
    won = (found["vote"] == "won").to_numpy()
    assert won[: won.sum()].all()


def test_without_a_fit_by_marks():
    rows = [
        {"model_a": "x", "model_b": "y", "winner": "model_a", "response_a": text, "response_b": "No."}
        for text in ("Plain.", "**Bold** 🎉", "**One**")
    ]
    found = ls.audit(ls.read_battles(rows)).exhibits("x", 3)
    assert found["text"].tolist() == ["**Bold** 🎉", "**One**", "Plain."]
    assert found["style"].isna().all()
    assert found["prompt"].tolist() == ["", "", ""]


def test_battles_without_texts_have_none():
    result = ls.audit(ls.simulate(2000, seed=1).battles)
    assert len(result.exhibits("model-01")) == 0


@pytest.mark.parametrize("n", [0, -1, 2.5, True, "3", 201])
def test_a_number_of_battles(result, n):
    with pytest.raises(FitError, match="whole number of battles from 1 to 200"):
        result.exhibits("model-01", n)


def test_a_model_that_is_not_there(result):
    with pytest.raises(FitError, match="did you mean 'model-01'"):
        result.exhibits("model-011")
