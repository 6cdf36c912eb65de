"""Words beside marks keep clear of each other and stay where there is room for them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from llamastyle.report.layout import Box, axis_of, labels_above, labels_beside, room_of, spread


def test_an_axis_holds_all_values_and_turns_back():
    axis = axis_of([1.0, float("nan"), 5.0], 200)
    assert axis.low < 1.0
    assert axis.high > 5.0
    assert axis.value(axis.at(3.3)) == pytest.approx(3.3)
    assert 0 < axis_of([2.0], 100).at(2.0) < 100


@pytest.mark.parametrize("plot", [250, 700])
@pytest.mark.parametrize("seed", range(6))
def test_flags_do_not_lie_on_each_other(plot, seed):
    rng = np.random.default_rng(seed)
    places = [*rng.uniform(0, plot, 6), 5.0, 5.0, plot - 2.0]
    words = ["w" * int(n) for n in rng.integers(4, 16, 9)]
    found = labels_above(places, words, plot)
    boxes = []
    for at, word, (level, ahead) in zip(places, words, found, strict=True):
        broad = room_of(word)
        boxes.append(Box(at if ahead else at - broad, at + broad if ahead else at, level, level + 1))
    assert not [1 for a, b in itertools.combinations(boxes, 2) if a.meets(b)]
    assert all(b.left >= -30 and b.right <= plot + 30 for b in boxes)


def test_labels_beside_dots_keep_clear_of_each_other():
    places = [(100.0, 100.0), (104.0, 102.0), (99.0, 108.0)]
    words = ["abcdefghij"] * 3
    spots = labels_beside(places, words, places, (300, 200))
    boxes = []
    for word, (at, middle, ahead) in zip(words, spots, strict=True):
        broad = room_of(word)
        boxes.append(Box(at if ahead else at - broad, at + broad if ahead else at, middle - 6, middle + 6))
    assert not [1 for a, b in itertools.combinations(boxes, 2) if a.meets(b)]


def test_spread_keeps_order_and_distance():
    placed = spread([50.0, 52.0, 51.0, 99.0], 10, 0, 100)
    order = np.argsort([50.0, 52.0, 51.0, 99.0])
    steps = np.diff(np.array(placed)[order])
    assert (steps >= 10).all()
    assert min(placed) >= 0
    assert max(placed) <= 100
