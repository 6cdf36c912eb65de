"""What a world says of itself is what a brute-force draw of it finds."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.answers import DIALS, fewest_words
from llamastyle.data.worlds import MOST, VERSIONS, with_versions, written


@pytest.fixture(scope="module")
def world():
    return ls.simulate(10, 5, texts=True, seed=3).world


def test_counts_are_whole_and_have_room():
    value = np.random.default_rng(0).normal(1.0, 3.0, (5000, 6))
    counts = written(value)
    assert counts.dtype == np.int64
    assert (counts >= 0).all()
    assert (counts <= MOST).all()
    assert (counts[:, 0] >= fewest_words(counts)).all()
    wanted = np.rint(np.expm1(value[:, 1:])).clip(0, MOST[1:])
    np.testing.assert_array_equal(counts[:, 1:], wanted)


def test_profile_is_the_mean_of_what_is_written(world):
    rng = np.random.default_rng(1)
    n = 400_000
    for model in range(2):
        counts = written(world.style[model] + world.spread * rng.normal(size=(n, 6)))
        found = np.log1p(counts)
        error = found.std(axis=0) / np.sqrt(n)
        assert (np.abs(found.mean(axis=0) - world.profile[model]) < 4 * error + 1e-3).all()
    assert np.abs(world.profile - world.style)[:, 1:].max() > 0.02


def test_without_texts_the_profile_is_the_style():
    world = ls.simulate(10, 4, seed=1).world
    assert world.profile is world.style


def test_chance_of_being_right(world):
    hard = np.random.default_rng(2).normal(size=400_000)
    brute = [(1 / (1 + np.exp(hard - right))).mean() for right in world.right]
    np.testing.assert_allclose(world.right_rate, brute, atol=2e-3)


def test_every_dial_is_turned_and_has_the_price_asked_for():
    world = ls.simulate(10, 4, style={"bold": 0.3, "words": -0.2}, texts=True, seed=1).world
    assert dict(zip(world.features, world.price, strict=True)) == {
        **dict.fromkeys(DIALS, 0.0),
        "bold": 0.3,
        "words": -0.2,
    }
    assert not ls.simulate(10, 4, style={}, texts=True, seed=1).world.price.any()


@pytest.mark.parametrize("differ", ["style", "substance", "both"])
@pytest.mark.parametrize("texts", [False, True])
def test_versions_differ_in_what_was_asked_and_in_nothing_else(differ, texts):
    before = ls.simulate(10, 6, texts=texts, seed=4).world
    world = with_versions(before, differ)
    assert world.models == (*VERSIONS, *before.models[2:])
    assert list(world.models) == sorted(world.models)
    assert (np.all(world.style[0] > world.style[1]), np.all(world.style[0] == world.style[1])) == (
        differ != "substance",
        differ == "substance",
    )
    assert (world.strength[0] > world.strength[1]) == (differ != "style")
    assert (world.strength[0] == world.strength[1]) == (differ == "style")
    assert (world.right[0] > world.right[1]) == (differ != "style")
    assert (world.right[0] == world.right[1]) == (differ == "style")
    assert world.strength.mean() == pytest.approx(0, abs=1e-12)
    assert world.popularity.sum() == pytest.approx(1)
    assert world.popularity[0] == world.popularity[1] == pytest.approx(1 / 6)
    np.testing.assert_array_equal(world.style[1:], before.style[1:])
    np.testing.assert_allclose(np.diff(world.strength[1:]), np.diff(before.strength[1:]))


def test_two_models_can_be_the_two_versions():
    world = ls.simulate(10, 2, versions="style", seed=1).world
    assert world.popularity.tolist() == [0.5, 0.5]
