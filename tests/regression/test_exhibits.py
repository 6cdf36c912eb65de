"""Battles to look at."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.errors import FitError
from llamastyle.regression.exhibits import (
    EXHIBIT_COLUMNS,
    decided_battles,
    decided_exhibits,
    known_marks,
    view_of,
)


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


# ---------------------------------------------------------------- what a page shows


def won_by(result, row, model):
    told = result.battles.take([row]).to_frame().iloc[0]
    side = "a" if told["model_a"] == model else "b"
    return told, (told["outcome"] == 1) == (side == "a")


def test_decided_battles_are_those_least_expected_at_parity(result):
    """Against a loop over all battles."""
    design, fit = result.design, result.estimates.fit
    block = design.spec.block("style")
    code, shares, own = result.battles.models.index("model-02"), {}, {}
    for i in range(design.n):
        a, b, y = result.battles.model_a[i], result.battles.model_b[i], result.battles.outcome[i]
        if code not in (a, b) or y == 0.5:
            continue
        sign = 1 if y == 1 else -1
        eta, style = sign * fit.eta[i], sign * float(design.x[i, block] @ fit.beta[block])
        shares[i] = 1 - (1 + np.exp(-eta)) / (1 + np.exp(style - eta))
        own[i] = result.battles.row_a[i] if a == code else result.battles.row_b[i]
    rows, decided = decided_battles(result, "model-02", 6)
    ranked = sorted(shares, key=lambda i: -shares[i])
    best = [i for k, i in enumerate(ranked) if own[i] not in [own[j] for j in ranked[:k]]][:6]
    assert rows.tolist() == best
    np.testing.assert_allclose(decided, [shares[i] for i in best])
    assert {won_by(result, i, "model-02")[1] for i in decided_battles(result, "model-02", 200)[0]} == {True, False}


def test_exhibits_of_a_page_say_who_won_and_what_style_was_worth(result):
    made = decided_exhibits(result, ["model-03", "model-01"], 2, 60)
    assert list(made) == ["model-03", "model-01"]
    for model, some in made.items():
        rows, decided = decided_battles(result, model, 2)
        assert len(some) == len(rows) == 2
        for exhibit, row, share in zip(some, rows, decided, strict=True):
            told, won = won_by(result, int(row), model)
            assert exhibit.sides[0][0] == model
            assert exhibit.title.split()[0] == ("Won" if won else "Lost")
            winner = told["model_a"] if told["outcome"] == 1 else told["model_b"]
            assert exhibit.vote == f"The vote: {winner}."
            with_style, at_parity = (float(part.split(" %")[0].split()[-1]) for part in exhibit.note.split(",")[:2])
            assert 1 - at_parity / with_style == pytest.approx(share, abs=0.05)
            answer = told["response_a"] if told["model_a"] == model else told["response_b"]
            assert exhibit.sides[0][1][0] == answer[:60] + " …" * (len(answer) > 60)
            assert all(end <= 60 for end in exhibit.sides[0][1][2])


def test_no_exhibits_without_texts_or_without_a_number(result):
    assert decided_exhibits(result, ["model-01"], 0, 60) == {}
    assert decided_exhibits(ls.audit(ls.simulate(2000, seed=1).battles), ["model-01"], 2, 60) == {}


def test_a_sure_vote_has_no_probability():
    arena = ls.simulate(1500, 6, texts=True, seed=4)
    frame = arena.battles.to_frame()
    frame["outcome"] = frame["outcome"].map({1.0: 0.9, 0.0: 0.001, 0.5: 0.5})
    result = ls.fit(ls.read_battles(frame.drop(columns=["winner"], errors="ignore")), list(arena.world.features))
    votes = [e.vote for some in decided_exhibits(result, list(result.battles.models), 9, 60).values() for e in some]
    assert any(vote.endswith(", with probability 0.90.") for vote in votes)
    assert any(vote.endswith(tuple("0123456789.")) and "probability" not in vote for vote in votes)


def test_a_long_answer_is_cut_with_its_marks():
    shown, starts, ends, labels = view_of("x" * 40, [(0, 2, "bold"), (29, 35, "emoji"), (30, 32, "bold")], 30)
    assert shown == "x" * 30 + " …"
    assert (starts, ends, labels) == ([0, 29], [2, 30], ["bold", "emoji"])


def test_known_marks_are_those_of_the_catalogue():
    groups, titles = known_marks()
    assert groups["bold"] == "markdown"
    assert list(groups) == list(titles)
