"""The stack of clusters, against sums written out."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from llamastyle.regression.clusters import both, every_battle, stack


def codes(seed: int, n: int, *sizes: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([np.unique(rng.integers(size, size=n), return_inverse=True)[1] for size in sizes])


def by_definition(ways: np.ndarray, u: np.ndarray, v: np.ndarray) -> float:
    """Inclusion and exclusion, cluster by cluster, over the tuples of codes themselves."""
    total = 0.0
    for size in range(1, ways.shape[1] + 1):
        for chosen in combinations(range(ways.shape[1]), size):
            keys = [tuple(row) for row in ways[:, chosen].tolist()]
            groups = len(set(keys))
            met = sum(
                sum(u[i] for i, k in enumerate(keys) if k == key) * sum(v[i] for i, k in enumerate(keys) if k == key)
                for key in set(keys)
            )
            total += (-1) ** (size - 1) * groups / (groups - 1) * met
    return total


@pytest.mark.parametrize("sizes", [(9,), (9, 7), (9, 7, 5)])
def test_cross_products_by_definition(sizes):
    ways = codes(1, 60, *sizes)
    u, v = np.random.default_rng(2).normal(size=(2, 60))
    made = stack(ways if len(sizes) > 1 else ways[:, 0])
    battles, column = np.arange(60), np.zeros(60, np.int64)
    one, two = (made.sums(battles, values, column, 1) for values in (u, v))
    crossed = float((one.T @ made.weighed(two)).toarray()[0, 0])
    if len(sizes) == 1:
        crossed *= made.size / (made.size - 1)  # one way leaves its factor to the sandwich
    assert crossed == pytest.approx(by_definition(ways, u, v), rel=1e-10)
    if by_definition(ways, u, u) > 0:
        assert made.square(u) == pytest.approx(by_definition(ways, u, u), rel=1e-10)


def test_a_way_inside_another_adds_nothing():
    prompt = codes(3, 80, 12)[:, 0]
    pair = np.arange(80) // 2
    prompt = prompt[pair * 2]  # both battles of a pair lie in one prompt
    prompt = np.unique(prompt, return_inverse=True)[1]
    u = np.random.default_rng(4).normal(size=80)
    assert stack(np.column_stack([prompt, pair])).square(u) == pytest.approx(stack(prompt).square(u))


def test_one_way_alone_has_its_own_factor():
    ways = codes(5, 50, 8, 6)
    made, u = stack(ways), np.random.default_rng(6).normal(size=50)
    squares = np.bincount(made.rows.ravel(), np.tile(u, len(made.rows)), made.size) ** 2
    for which in range(2):
        assert made.alone(which) @ squares == pytest.approx(by_definition(ways[:, [which]], u, u))


def test_a_sum_below_zero_gives_way_to_the_largest_of_one_way():
    ways = np.column_stack([np.repeat([0, 1], 2), np.tile([0, 1], 2)])
    u = np.array([1.0, -1.0, -1.0, 1.0])  # every cluster of either way sums to zero
    assert stack(ways).square(u) == 0.0
    u = np.array([1.2, -1.0, -1.0, 1.0])
    assert by_definition(ways, u, u) < 0
    assert stack(ways).square(u) == pytest.approx(max(by_definition(ways[:, [w]], u, u) for w in range(2)))


def test_codes_of_combinations():
    ways = np.array([[0, 1], [0, 1], [1, 0], [0, 0]])
    code = both(ways)
    assert code[0] == code[1]
    assert len(set(code.tolist())) == 3
    assert code.max() == 2


def test_every_battle_is_a_cluster():
    made = every_battle(5)
    assert made.size == 5
    assert made.counts == (5,)
    assert made.square(np.arange(5.0)) == pytest.approx(30 * 5 / 4)


@pytest.mark.parametrize("codes", [np.array([2, 0, 1, 0, 2, 2]), np.array([[2, 0], [0, 0], [1, 1], [0, 1], [2, 0], [2, 1]])])
def test_members_of_a_row_are_the_battles_that_belong_to_it(codes):
    clusters = stack(codes)
    starts, battles = clusters.members()
    for row in range(clusters.size):
        expected = [i for i in range(6) if (clusters.rows[:, i] == row).any()]
        assert battles[starts[row] : starts[row + 1]].tolist() == expected
