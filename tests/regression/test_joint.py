"""Joint tests against the t-test, chi-squared, and their own level in simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from llamastyle.regression.joint import joint_wald, too_few


def test_one_coefficient_is_the_t_test():
    found = joint_wald(np.array([0.6]), np.array([[0.09]]), 24.0)
    assert found.p_value == pytest.approx(2 * stats.t.sf(2.0, 24))
    assert found.df_error == 24


def test_without_clusters_it_is_chi_squared():
    b, v = np.array([0.5, -0.2]), np.array([[0.04, 0.01], [0.01, 0.02]])
    found = joint_wald(b, v, np.inf)
    assert found.p_value == pytest.approx(stats.chi2.sf(b @ np.linalg.solve(v, b), 2))


def test_it_is_hotellings_test():
    """Means of G normal vectors: the adjusted Wald test is Hotelling's, exact at any G."""
    rng, rejected = np.random.default_rng(0), []
    for _ in range(2000):
        seen = rng.normal(0, 1, (81, 4)) @ np.array([[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0.3, 1]])
        found = joint_wald(seen.mean(axis=0), np.cov(seen.T) / 81, 80.0)
        rejected.append(found.p_value <= 0.05)
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.015)


def test_scaling_a_coefficient_changes_nothing():
    b, v, s = np.array([0.5, -0.2]), np.array([[0.04, 0.01], [0.01, 0.02]]), np.array([1e6, 1e-3])
    assert joint_wald(b, v, 50.0).p_value == pytest.approx(joint_wald(b * s, v * np.outer(s, s), 50.0).p_value)


@pytest.mark.parametrize(
    ("q", "df", "message"),
    [(0, 50.0, "nothing to test"), (11, 219.0, "11 terms need more than 220 clusters, and there are 220")],
)
def test_what_cannot_be_tested_says_why(q, df, message):
    found = joint_wald(np.ones(q), np.eye(q), df)
    assert np.isnan(found.p_value)
    assert message in found.note
    assert not too_few(10, 200.0)
    assert not too_few(10, 50.0, per_term=5)


def test_a_singular_covariance_says_so():
    assert "singular" in joint_wald(np.ones(2), np.ones((2, 2)), np.inf).note
