"""The study of peers: their formulas against other solvers, what is planted, and a tiny run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import log_expit

import llamastyle as ls
from docs.studies import _peers, _peers_planted, _peers_real, peers
from docs.studies._peers import POINTS, Board

PAIR = ("atlas-experimental", "atlas-release")


@pytest.fixture(scope="module")
def battles() -> ls.Battles:
    """Few models, so that some pairs have more battles than arena-rank's least count of 50, and some fewer."""
    return ls.simulate(900, 6, texts=True, versions="style", seed=4).battles


def maximum(loss: object, size: int) -> np.ndarray:
    found = minimize(loss, np.zeros(size), method="BFGS", options={"gtol": 1e-9, "maxiter": 10_000})
    return np.asarray(found.x)


def log_likelihood(eta: np.ndarray, y: np.ndarray) -> np.ndarray:
    return y * log_expit(eta) + (1 - y) * log_expit(-eta)


def dummies(battles: ls.Battles) -> np.ndarray:
    one = np.eye(len(battles.models))
    return one[battles.model_a] - one[battles.model_b]


def centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()


def test_lmarena_is_arena_hard_v0_on_doubled_battles(battles: ls.Battles) -> None:
    linear = pytest.importorskip("sklearn.linear_model")
    u, v = _peers.counted(battles)
    x = (u - v) / (u + v + 1)
    z = np.hstack([np.log(10) * dummies(battles), (x - x.mean(axis=0)) / x.std(axis=0)])
    y = battles.outcome
    labels = np.concatenate([y > 0, y == 1])  # a tie is a win in the first copy, a loss in the second
    model = linear.LogisticRegression(fit_intercept=False, tol=1e-10, max_iter=10_000)
    theirs = model.fit(np.vstack([z, z]), labels).coef_[0]
    board = _peers.lmarena(battles, 0, rounds=2)
    np.testing.assert_allclose(centred(board.rating), centred(400 * theirs[:6]), atol=0.01)
    assert board.price is not None
    np.testing.assert_allclose(board.price, theirs[6:], atol=1e-5)
    assert board.draws is not None
    assert board.draws.shape == (2, 6)


def test_arena_hard_v2_is_medians_of_unpenalised_refits(battles: ls.Battles) -> None:
    u, v = _peers.counted(battles)
    x = np.empty_like(u)
    for i, (a, b) in enumerate(zip(u, v, strict=True)):
        x[i, 0] = (a[0] - b[0]) / (a[0] + b[0])
        for j in (1, 2, 3):
            d, e = a[j] / a[0], b[j] / b[0]
            x[i, j] = (d - e) / (d + e + 1)
    z = np.hstack([dummies(battles)[:, 1:], (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)])
    rows = np.random.default_rng([3, 7]).integers(len(battles), size=(3, len(battles)))
    refits = [
        maximum(lambda p, r=r: -log_likelihood(z[r] @ p, battles.outcome[r]).mean(), z.shape[1]) for r in rows
    ]
    wanted = np.array([centred(np.concatenate([[0.0], fit[:5]])) for fit in refits]) * POINTS
    board = _peers.arena_hard(battles, 3, rounds=3)
    assert board.draws is not None
    np.testing.assert_allclose(board.draws - board.draws.mean(axis=1, keepdims=True), wanted, atol=0.05)
    np.testing.assert_allclose(board.rating, np.median(board.draws, axis=0))
    assert board.level == 0.9


def test_arena_rank_is_the_mean_likelihood_less_half_the_squared_prices(battles: ls.Battles) -> None:
    u, v = _peers.counted(battles)
    total = u + v
    x = (u - v) / np.where(total == 0, 1, total)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    pairs = pd.Series([tuple(sorted(p)) for p in zip(battles.model_a, battles.model_b, strict=True)])
    count = pairs.map(pairs.value_counts()).to_numpy(float)
    assert (count < 50).any()
    assert (count > 60).any()
    w = 1 / np.maximum(count, 50)
    w /= w.mean()
    z = np.hstack([dummies(battles), x])
    y = battles.outcome

    def loss(p: np.ndarray) -> float:
        return -float((w * log_likelihood(z @ p, y)).mean()) + 0.5 * float((p[6:] ** 2).sum())

    theirs = maximum(loss, 10)
    board = _peers.arena_rank(battles)
    assert board.price is not None
    np.testing.assert_allclose(centred(board.rating), centred(POINTS * theirs[:6]), atol=0.05)
    np.testing.assert_allclose(board.price, theirs[6:], atol=1e-5)


def test_arena_rank_is_the_package(battles: ls.Battles) -> None:
    pytest.importorskip("arena_rank")
    ours, theirs = _peers.arena_rank(battles), _peers.arena_rank_package(battles)
    assert theirs is not None
    np.testing.assert_allclose(centred(ours.rating), centred(theirs.rating), atol=0.1)
    np.testing.assert_allclose(np.asarray(ours.variance), np.asarray(theirs.variance), rtol=1e-3)


def test_gaps_have_the_intervals_the_tool_gives() -> None:
    draws = np.column_stack([np.arange(101.0), np.zeros(101)])
    assert Board(PAIR, np.array([50.0, 0.0]), draws=draws, level=0.9).gap(*PAIR) == pytest.approx((50.0, 5.0, 95.0))
    ahead, low, high = Board(PAIR, np.array([50.0, 20.0]), variance=np.array([9.0, 16.0])).gap(*PAIR)
    assert (ahead, round(low, 3), round(high, 3)) == (30.0, 20.2, 39.8)
    assert np.isnan(Board(PAIR, np.array([1.0, 0.0])).gap(*PAIR)[1:]).all()


@pytest.mark.parametrize("name", list(_peers_planted.PLANS))
def test_truth_is_what_the_draws_have(name: str) -> None:
    plan = _peers_planted.PLANS[name]
    truth = _peers_planted.planted(plan, baseline=False)
    arena = ls.simulate(50, 12, texts=True, world=_peers_planted.planted_world(plan, baseline=False), seed=1)
    gap = arena.gap(*PAIR).set_index(["block", "term"])["planted"]
    assert truth["style"] == pytest.approx(gap["style", ""], abs=0.6)
    assert gap["strength", ""] == 0
    drawn = _peers_planted.draw(plan, 1, 20_000)
    right = [
        np.concatenate([np.asarray(drawn.correct_a)[drawn.model_a == i], np.asarray(drawn.correct_b)[drawn.model_b == i]])
        for i in (0, 1)
    ]
    apart = POINTS * _peers_planted.RIGHT * (right[0].mean() - right[1].mean())
    assert truth["correctness"] == pytest.approx(apart, abs=12)
    assert (truth["correctness"] > 40) == (plan.leaning > 0)


def test_truth_against_the_baseline_is_the_mean_of_the_votes() -> None:
    plan = _peers_planted.PLANS["style, and being right goes with length"]
    truth = _peers_planted.planted(plan, baseline=True)
    drawn = _peers_planted.draw(plan, 2, 20_000, baseline=True)
    assert ((drawn.model_a == 11) != (drawn.model_b == 11)).all()
    won = np.where(drawn.model_b == 11, drawn.outcome, 1 - drawn.outcome)
    who = np.where(drawn.model_b == 11, drawn.model_a, drawn.model_b)
    assert truth["gap"] == pytest.approx(100 * (won[who == 0].mean() - won[who == 1].mean()), abs=6)
    assert 0 < truth["left"] < truth["gap"]


def test_ranks_side_by_side() -> None:
    scores = pd.DataFrame({"one": [3.0, 2.0, 1.0], "two": [2.0, 3.0, 1.0]}, index=["x", "y", "z"])
    frame = _peers_real.side_by_side(scores, pd.Series([3.0, 3.0, 3.0], index=["x", "y", "z"]))
    assert frame["two"].tolist() == [0.5, 1.0]
    assert frame["off the published, mean"].tolist() == [1.0, 1.0]
    assert frame["at most"].tolist() == [2.0, 2.0]
    shown = _peers_real.moves(scores, 2)
    assert shown["model"].tolist() == ["x", "y"]
    assert shown[["one", "two"]].to_numpy().tolist() == [[1, 2], [2, 1]]
    assert list(_peers_real.real_tables(None)) == []


def test_a_tiny_run_writes_every_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "style, and being right goes with length"
    monkeypatch.setattr(peers, "PLANS", {name: _peers_planted.PLANS[name]})
    monkeypatch.setattr(peers, "check_arena_rank", lambda n: None)
    options = {"arenas": 2, "battles": 1500, "shared": None, "partial": tmp_path / "partial"}
    peers.run(tmp_path / "tables", lambda done, total: None, **options)
    pairs, intervals, baseline = (tmp_path / "tables" / f"peers{s}.md" for s in ("", "-intervals", "-baseline"))
    assert sorted((tmp_path / "tables").iterdir()) == sorted([pairs, intervals, baseline])
    comment, _, head, _, first, *rows = pairs.read_text("utf-8").splitlines()
    assert json.loads(comment[5:-4])["data"] == "2 simulated arenas a world"
    assert first.startswith(f"| *Planted: {name}* | ")
    tools = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    assert tools[:4] == ["Bradley-Terry alone", "LMArena, Arena-Hard v0.1", "arena-rank", "Arena-Hard v2"]
    assert tools[4:] == list(_peers_planted.OURS)
    assert "AlpacaEval's length control" in baseline.read_text("utf-8")
    gap = float(first.split(" | ")[head.split(" | ").index("gap")])
    alone, theirs, ours = (
        next(line for line in intervals.read_text("utf-8").splitlines() if line.startswith(f"| {tool} | "))
        for tool in ("Bradley-Terry alone", "LMArena, Arena-Hard v0.1", "llamastyle")
    )
    assert float(alone.split(" | ")[1]) == pytest.approx(gap, abs=0.11)
    assert 40 < float(theirs.split(" | ")[1]) < gap
    assert float(ours.split(" | ")[1]) == 0
