"""Simulated arenas are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.simulation import parity_changes


def test_same_seed_same_arena():
    one, two = (ls.simulate(300, seed=4).battles.to_frame() for _ in range(2))
    assert one.equals(two)
    assert not one.equals(ls.simulate(300, seed=5).battles.to_frame())


def test_profiles_and_votes_follow_the_world():
    arena = ls.simulate(60_000, 6, style={"words": 0.5, "emoji": -0.3}, ties=0.5, position=0.4, seed=2)
    battles, world = arena.battles, arena.world
    a, b = (np.log1p(side) for side in battles.measured.sides())
    for model in range(6):
        mine = np.vstack([a[battles.model_a == model], b[battles.model_b == model]])
        np.testing.assert_allclose(mine.mean(axis=0), world.style[model], atol=0.02)
    eta = world.strength[battles.model_a] - world.strength[battles.model_b] + (a - b) @ world.price
    eta += world.price_right * (battles.correct_a - battles.correct_b) + world.position
    p = 1 / (1 + np.exp(-eta))
    assert battles.outcome.mean() == pytest.approx(p.mean(), abs=0.006)
    decided = np.digitize(p, [0.2, 0.4, 0.6, 0.8])
    for bin_ in range(5):
        assert battles.outcome[decided == bin_].mean() == pytest.approx(p[decided == bin_].mean(), abs=0.015)
    assert (battles.outcome == 0.5).mean() == pytest.approx((np.minimum(p, 1 - p)).mean(), abs=0.01)


def test_prompts_and_voters_repeat_and_responses_are_reused():
    arena = ls.simulate(2000, 4, n_prompts=50, n_voters=20, seed=3)
    frame = arena.battles.to_frame()
    assert frame["prompt_id"].nunique() == 50
    assert frame["voter"].nunique() == 20
    assert frame.groupby(["prompt_id", "model_a"])["words_a"].nunique().max() == 1


def test_truth():
    arena = ls.simulate(200, 5, style={"words": 0.5}, seed=6)
    truth = arena.truth(400_000)
    assert truth["inflation"].sum() == pytest.approx(0, abs=1e-9)
    assert np.corrcoef(truth["inflation"], truth["parity_change"])[0, 1] > 0.8
    np.testing.assert_allclose(
        truth["parity_change"], parity_changes(arena.world, 400_000, seed=9), atol=2e-3
    )
    nothing = ls.simulate(200, 5, style={}, seed=6)
    assert (nothing.truth(1000)[["inflation", "parity_change"]] == 0).all(axis=None)


@pytest.mark.parametrize("options", [{"n_battles": 0}, {"n_models": 1}, {"ties": 1.5}])
def test_impossible_arenas_are_refused(options):
    with pytest.raises(ls.DataError):
        ls.simulate(**options)
