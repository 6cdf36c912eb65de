"""What stands for rows gives counts and cross-products, and for all else one error."""

from __future__ import annotations

import copy
from itertools import combinations

import numpy as np
import pytest
from scipy.sparse import csr_array

from llamastyle.errors import FitError
from llamastyle.regression.clusters import both, stack
from llamastyle.regression.rowless import Held, Rowless, SummedBattles, SummedClusters


@pytest.mark.parametrize(
    "use", [len, np.asarray, lambda r: r.x, lambda r: r[0], lambda r: np.ones(3) - r, lambda r: np.abs(r)]
)
def test_any_use_is_the_error(use):
    with pytest.raises(FitError, match="needs the battles one by one"):
        use(Rowless())


def test_the_error_says_that_win_rates_are_not_there():
    with pytest.raises(FitError, match=r"decompose and compare \(not with scale='win_rate'\)"):
        len(Rowless())


def test_names_of_sums_cannot_be_used_as_sums():
    with pytest.raises(FitError, match="one by one"):
        Held("scores") @ np.eye(2)
    assert copy.deepcopy(Held("scores")) == Held("scores")


def test_a_model_without_battles_has_no_win_rate():
    made = SummedBattles(("x", "y"), 3, np.array([3, 0]), np.array([1.5, 0.0]), np.array([3.0, 0.0]))
    assert len(made) == 3
    assert made.win_rates()["win_rate"].tolist()[0] == 0.5
    assert np.isnan(made.win_rates()["win_rate"][1])


@pytest.mark.parametrize("ways", [1, 2, 3])
def test_cross_products_are_those_of_the_stack(ways):
    rng = np.random.default_rng(ways)
    codes = np.column_stack([rng.permutation(np.arange(60) % (7 + 3 * i)) for i in range(ways)])
    one, two = rng.normal(size=(2, 60, 4))
    whole = stack(codes if ways > 1 else codes[:, 0])

    def summed(clusters, values):
        return clusters.sums(np.repeat(np.arange(60), 4), values.ravel(), np.tile(np.arange(4), 60), 4)

    sets = [c for size in range(1, ways + 1) for c in combinations(range(ways), size)]
    each = [stack(both(codes[:, list(chosen)])) for chosen in sets]
    products = {
        ("one", "two"): tuple((summed(c, one).T @ summed(c, two)).toarray() for c in each),
    }
    counted = tuple((chosen, c.size) for chosen, c in zip(sets, each, strict=True))
    made = SummedClusters.of(ways, counted, products)
    assert made.counts == whole.counts
    wanted = whole.crossed(csr_array(summed(whole, one)), csr_array(summed(whole, two)))
    np.testing.assert_allclose(made.crossed(Held("one"), Held("two")), wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(made.crossed(Held("two"), Held("one")), wanted.T, rtol=1e-12, atol=1e-12)
    for way in range(ways):
        alone = made.weighing(made.alone(way)).crossed(Held("one"), Held("two"))
        wanted = whole.weighing(whole.alone(way)).crossed(summed(whole, one), summed(whole, two))
        np.testing.assert_allclose(alone, wanted, rtol=1e-12, atol=1e-12)
