"""The two outcome models against their formulas and numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from llamastyle.regression import links

ETA = np.array([-30.0, -3.0, -1.0, -0.011, -0.009, -1e-9, 0.0, 1e-9, 0.009, 0.011, 1.0, 3.0, 30.0])
NUS = [0.0, 0.3, 2.0, 40.0]
STEP = 1e-5


@pytest.mark.parametrize("nu", NUS)
def test_mean_and_ties_are_davidsons(nu):
    up, down, even = np.exp(ETA / 2), np.exp(-ETA / 2), nu
    total = up + down + even
    np.testing.assert_allclose(links.mean(ETA, nu), (up + even / 2) / total, rtol=1e-12)
    np.testing.assert_allclose(links.tie(ETA, nu), even / total, rtol=1e-12)
    np.testing.assert_allclose(links.mean(np.array([-2000.0, 2000.0]), nu), [0, 1], atol=1e-300)


@pytest.mark.parametrize("nu", NUS)
def test_derivatives_are_those_of_differences(nu):
    def by_eta(f):
        return (f(ETA + STEP, nu) - f(ETA - STEP, nu)) / (2 * STEP)

    def by_ties(f):
        return (f(ETA, nu * np.exp(STEP)) - f(ETA, nu * np.exp(-STEP))) / (2 * STEP)

    np.testing.assert_allclose(links.slope(ETA, nu), by_eta(links.mean), atol=1e-9)
    np.testing.assert_allclose(links.mean_by_ties(ETA, nu), by_ties(links.mean), atol=1e-9)
    h, change, ties = links.mean_slope(ETA, nu)
    np.testing.assert_allclose(change, by_eta(lambda e, v: links.mean_slope(e, v)[0]), atol=1e-9)
    np.testing.assert_allclose(ties, by_ties(lambda e, v: links.mean_slope(e, v)[0]), atol=1e-9)
    far = np.abs(ETA) > 1e-3
    np.testing.assert_allclose(h[far], ((links.mean(ETA, nu) - 0.5) / np.where(far, ETA, 1.0))[far], rtol=1e-12)
    assert links.mean_slope(np.zeros(1), nu)[0][0] == pytest.approx(1 / (4 + 2 * nu))


@pytest.mark.parametrize("nu", [0.3, 2.0])
def test_likelihood_is_the_sum_of_log_probabilities(nu):
    rng = np.random.default_rng(1)
    eta, w, y = rng.normal(0, 2, 50), rng.uniform(0.5, 2, 50), rng.choice([0.0, 0.5, 1.0], 50)
    up, down = np.exp(eta / 2), np.exp(-eta / 2)
    p = np.where(y == 1, up, np.where(y == 0, down, nu)) / (up + down + nu)
    assert links.log_likelihood(y, w, eta, nu) == pytest.approx(w @ np.log(p))
    assert all(np.isfinite(part).all() for part in links.mean_slope(np.array([-4000.0, 4000.0]), nu))


@pytest.mark.parametrize("nu", NUS)
def test_moments_are_likelihood_mean_and_slope(nu):
    y, w = np.tile([0.0, 0.5, 1.0], 5)[: ETA.size], np.linspace(0.5, 2.0, ETA.size)
    likelihood, mean, slope = links.moments(y, w, ETA, nu)
    assert likelihood == pytest.approx(links.log_likelihood(y, w, ETA, nu), rel=1e-14)
    np.testing.assert_allclose(mean, links.mean(ETA, nu), rtol=1e-15)
    np.testing.assert_allclose(slope, links.slope(ETA, nu), rtol=1e-14)
    if nu == 0.0:
        np.testing.assert_allclose(slope, np.exp(-np.abs(ETA)) / (1 + np.exp(-np.abs(ETA))) ** 2, rtol=1e-14)
