"""Variance inflation against statsmodels on the explicit design."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

from llamastyle.regression.collinear import variance_inflation
from tests.regression.arenas import dummies, make_design


def alike(seed=1, **options):
    """A design whose second column is nearly its first."""
    design = make_design(seed, k=4, **options)
    x = design.x.copy()
    x[:, 1] = x[:, 0] + 0.2 * x[:, 1]
    return replace(design, x=x)


def by_statsmodels(z):
    """Every battle in both orders: newer versions of statsmodels centre columns, whose mean is then zero anyway."""
    both = np.vstack([z, -z])
    return [variance_inflation_factor(both, z.shape[1] - 4 + j) for j in range(4)]


@pytest.mark.parametrize("m", [0, 6])
def test_against_statsmodels(m):
    design = alike(m=m)
    found = variance_inflation(design)
    np.testing.assert_allclose(found.vif, by_statsmodels(dummies(design)), rtol=1e-8)
    assert found.vif[0] > 10 > found.vif[2]


def test_weighted_and_given_the_models_alone():
    design = alike(weights=True)
    z = dummies(design)
    root = np.sqrt(design.w)[:, None]
    found = variance_inflation(design)
    np.testing.assert_allclose(found.vif, by_statsmodels(root * z), rtol=1e-8)
    models = z[:, :-4]
    alone = [1 / (1 - sm.WLS(design.x[:, j], models, weights=design.w).fit().rsquared) for j in range(4)]
    np.testing.assert_allclose(found.of_models, alone, rtol=1e-8)


def test_closest_by_explicit_regressions():
    design = alike()
    z = dummies(design)
    found = variance_inflation(design)
    assert found.closest[:2].tolist() == [1, 0]
    rest = np.delete(z, [z.shape[1] - 4, z.shape[1] - 3], axis=1)
    left = [c - rest @ np.linalg.lstsq(rest, c, rcond=None)[0] for c in design.x[:, :2].T]
    wanted = left[0] @ left[1] / np.linalg.norm(left[0]) / np.linalg.norm(left[1])
    assert found.correlation[0] == pytest.approx(wanted)


def test_a_column_alone():
    found = variance_inflation(make_design(2, k=1))
    assert found.closest.tolist() == [-1]
    np.testing.assert_allclose(found.vif, found.of_models)
