"""Robustness values against explicit regressions, their own definition, and published figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from llamastyle.regression.unmeasured import (
    LinearFit,
    benchmarks,
    linear_version,
    partial_r2,
    robustness_value,
)
from tests.regression.arenas import dummies, make_design


def explained(y, z, extra, w):
    """Share of what z leaves of y's sum of squares that the extra column explains."""
    without, with_it = sm.WLS(y, z, weights=w).fit().ssr, sm.WLS(y, np.column_stack([z, extra]), weights=w).fit().ssr
    return (without - with_it) / without


@pytest.mark.parametrize("options", [{}, {"weights": True}, {"position": True}, {"m": 0}])
def test_linear_version_against_statsmodels(options):
    design = make_design(1, **options)
    model = sm.WLS(design.y - 0.5, dummies(design), weights=design.w).fit()
    k = design.x.shape[1]
    found = linear_version(design)
    np.testing.assert_allclose(found.beta, np.asarray(model.params)[-k:], atol=1e-9)
    np.testing.assert_allclose(found.t, np.asarray(model.tvalues)[-k:], rtol=1e-7)
    assert found.df == model.df_resid


def test_partial_r2_by_explicit_regressions():
    design = make_design(2, weights=True, k=4)
    z, y = dummies(design), design.y - 0.5
    found = linear_version(design)
    for j in range(4):
        column = z.shape[1] - 4 + j
        wanted = explained(y, np.delete(z, column, axis=1), z[:, column], design.w)
        assert partial_r2(found.t, found.df)[j] == pytest.approx(wanted, rel=1e-6)


def test_benchmarks_by_explicit_regressions():
    design = make_design(3, weights=True, k=4)
    z, w = dummies(design), design.w
    fit = linear_version(design)
    found = benchmarks(fit)
    first = z.shape[1] - 4
    rest = np.delete(z, [first, first + 3], axis=1)
    r = explained(z[:, first], rest, z[:, first + 3], w)
    assert found.with_column[0, 3] == pytest.approx(r / (1 - r), rel=1e-6)
    by = explained(design.y - 0.5, np.delete(z, first + 3, axis=1), z[:, first + 3], w)
    crossed = r / (1 - r)
    assert found.with_outcome[0, 3] == pytest.approx((1 + crossed) ** 2 / (1 - crossed**2) * by / (1 - by), rel=1e-6)
    assert np.isnan(np.diag(found.adjusted)).all()


def test_published_example():
    """Darfur data of Cinelli and Hazlett 2020, table 1 and figure 2: directly harmed, benchmark female."""
    t = np.array([4.18445])
    assert partial_r2(t, 783)[0] == pytest.approx(0.02187, abs=5e-5)
    assert robustness_value(t, 783)[0] == pytest.approx(0.13878, abs=5e-5)
    assert robustness_value(t, 783, 0.05)[0] == pytest.approx(0.07626, abs=5e-5)
    r2 = 0.009164 / 1.009164
    inverse = np.array([[1.0, np.sqrt(r2)], [np.sqrt(r2), 1.0]])
    fit = LinearFit(np.array([0.09732, -0.23]), np.array([0.02326, 0.0235]), np.array([4.18445, -9.789]), 783, inverse)
    found = benchmarks(fit)
    assert found.with_column[0, 1] == pytest.approx(0.00916, abs=5e-5)
    assert found.with_outcome[0, 1] == pytest.approx(0.1246, abs=5e-4)
    assert found.adjusted[0, 1] == pytest.approx(0.0752, abs=5e-5)


def test_something_as_strong_as_the_robustness_value_brings_the_price_to_zero():
    """An omitted column made to have just this partial R^2 with both: its inclusion gives exactly zero."""
    design = make_design(4, k=2, ties=False)
    z, y = dummies(design), design.y - 0.5
    fit = linear_version(design)
    j = z.shape[1] - 2
    value = float(robustness_value(fit.t, fit.df)[0])
    rest = np.delete(z, j, axis=1)
    d = z[:, j] - rest @ np.linalg.lstsq(rest, z[:, j], rcond=None)[0]
    left = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    d, left = d / np.linalg.norm(d), left / np.linalg.norm(left)
    noise = np.random.default_rng(0).normal(0, 1, design.n)
    base = np.column_stack([z, left])
    noise -= base @ np.linalg.lstsq(base, noise, rcond=None)[0]
    noise /= np.linalg.norm(noise)
    # partial R^2 with the column is sin^2; what is left of it shares `value` with the outcome's residual
    lead = np.sign(fit.beta[0]) * np.sqrt(value / (1 - value))
    omitted = lead * d + np.sqrt(value) * left + np.sqrt(1 - value) * noise
    after = sm.OLS(y, np.column_stack([z, omitted])).fit()
    assert explained(z[:, j], rest, omitted, np.ones(design.n)) == pytest.approx(value, rel=1e-6)
    assert explained(y, z, omitted, np.ones(design.n)) == pytest.approx(value, rel=1e-6)
    assert float(np.asarray(after.params)[j]) == pytest.approx(0.0, abs=1e-8)


def test_level_takes_something_and_never_below_zero():
    t = np.array([0.0, 1.0, 2.5, 60.0])
    plain, at_level = robustness_value(t, 100), robustness_value(t, 100, 0.05)
    assert (at_level <= plain).all()
    assert at_level[:2].tolist() == [0.0, 0.0]
    assert (plain < 1).all()


def test_swapping_some_sides_changes_nothing():
    design = make_design(5)
    turn = np.random.default_rng(0).random(design.n) < 0.5
    turned = replace(
        design,
        x=design.x * np.where(turn, -1.0, 1.0)[:, None],
        a=np.where(turn, design.b, design.a),
        b=np.where(turn, design.a, design.b),
        y=np.where(turn, 1 - design.y, design.y),
    )
    np.testing.assert_allclose(linear_version(design).t, linear_version(turned).t, rtol=1e-8)
