"""Curvature: the tests against statsmodels, found where planted, not where absent, the same when swapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.curves import bent, curvature_tests
from tests.regression.arenas import by_hand, dummies, make_design


def votes(seed, curve=0.0, product=0.0, n=3000, clusters=300):
    """A design whose votes have a planted part of s|s| and of s_0|s_1|."""
    design = make_design(seed, n=n, k=3, clusters=clusters)
    rng = np.random.default_rng([seed, 1])
    s, other = design.x[:, 0], design.x[:, 1]
    eta = 0.4 * s + curve * s * np.abs(s) + product * s * np.abs(other) + 0.8 * design.x[:, 2]
    return replace(design, y=(rng.random(design.n) < 1 / (1 + np.exp(-eta))).astype(float))


def by_name(design, kind="cluster"):
    return {t.test: t for t in curvature_tests(design, fit_bradley_terry(design), kind).tests}


def test_against_statsmodels():
    design = votes(1, curve=0.1)
    s = design.x[:, :2]
    added = np.column_stack([s[:, 0] * abs(s[:, 0]), s[:, 0] ** 3, s[:, 1] * abs(s[:, 1]), s[:, 1] ** 3])
    z = np.column_stack([dummies(design), added])
    fitted = sm.GLM(design.y, z, family=sm.families.Binomial()).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": design.cluster}
    )
    d, size = int(design.cluster.max()), z.shape[1]
    b, v = np.asarray(fitted.params)[-4:], np.asarray(fitted.cov_params())[-4:, -4:]
    wald = float(b @ np.linalg.solve(v, b))
    found = by_name(design)["powers"]
    assert found.joint.df == 4
    assert found.joint.df_error == d
    assert found.joint.statistic == pytest.approx(wald / 4, rel=0.2)  # alike where nothing is far out
    assert found.joint.p_value == pytest.approx(stats.chi2.sf(4 * found.joint.statistic, 4), abs=0.04)
    one = by_name(design)["x0^3"]
    scale = np.sqrt((s[:, 0] ** 6).mean())
    assert one.estimate == pytest.approx(float(np.asarray(fitted.params)[size - 3]) * scale, rel=1e-5)
    assert one.std_error == pytest.approx(float(np.sqrt(v[1, 1])) * scale, rel=1e-5)


def test_found_where_planted():
    curved, crossed, flat = votes(2, curve=0.5), votes(2, product=0.5), votes(2)
    assert by_name(curved)["powers of x0"].joint.p_value <= 0.001
    assert by_name(curved)["powers of x1"].joint.p_value > 0.01
    assert by_name(crossed)["products"].joint.p_value <= 0.001
    assert by_name(flat)["all"].joint.p_value > 0.01


@pytest.mark.study
def test_level_where_absent():
    found = [by_name(votes(s, n=600, clusters=40)) for s in range(200)]
    for test in ("all", "powers", "powers of x0", "x1^3", "x0*|x1|"):
        rejected = np.mean([one[test].joint.p_value <= 0.05 for one in found])
        assert 0.005 <= rejected <= 0.1, test


def test_terms_are_tested_beside_everything_else_in_their_fit():
    design = votes(2, curve=0.5)
    wide = bent(design, False)
    columns = [i for i, c in enumerate(wide.spec.columns) if c.name.startswith("x1") and c.block == "power"]
    kept = [i for i in range(wide.x.shape[1]) if i not in columns]
    spec = replace(wide.spec, columns=tuple(wide.spec.columns[i] for i in kept))
    small = replace(wide, x=wide.x[:, kept], spec=spec)
    z = np.column_stack([dummies(small), wide.x[:, columns]])
    rest = slice(0, z.shape[1] - 2)
    p = np.asarray(sm.GLM(design.y, z[:, rest], family=sm.families.Binomial()).fit(tol=1e-14).fittedvalues)
    scores, whole = by_hand(z[:, rest], z[:, -2:], design.y - p, p * (1 - p), design.cluster)
    s = scores.sum(axis=0)
    wanted = float(s @ np.linalg.solve(whole.T @ whole, s)) / 2
    assert by_name(design)["powers of x1"].joint.statistic == pytest.approx(wanted, rel=1e-6)


def test_refits_that_would_take_too_long_are_not_made(monkeypatch):
    monkeypatch.setattr("llamastyle.regression.curves.MOST_WORK", 1.0)
    found = by_name(votes(6))
    assert "would take too long" in found["x0^3"].joint.note
    assert found["x0^3"].std_error > 0
    assert np.isnan(found["x0*|x1|"].joint.p_value)
    assert np.isfinite(found["powers of x0"].joint.p_value)


def test_seeds():
    design = votes(8)
    fit = fit_bradley_terry(design)
    one, two, other = (curvature_tests(design, fit, "cluster", seed=s).tests for s in (1, 1, 2))
    assert [t.joint.p_value for t in one] == [t.joint.p_value for t in two]
    assert [t.joint.p_value for t in one] != [t.joint.p_value for t in other]
    assert [t.joint.statistic for t in one] == [t.joint.statistic for t in other]


def test_swapping_some_sides_changes_nothing():
    design = votes(3, curve=0.2)
    turn = np.random.default_rng(0).random(design.n) < 0.5
    turned = replace(
        design,
        x=design.x * np.where(turn, -1.0, 1.0)[:, None],
        a=np.where(turn, design.b, design.a),
        b=np.where(turn, design.a, design.b),
        y=np.where(turn, 1 - design.y, design.y),
    )
    np.testing.assert_allclose(bent(turned, True).x, bent(design, True).x * np.where(turn, -1.0, 1.0)[:, None])
    for name, one in by_name(design).items():
        assert by_name(turned)[name].joint.p_value == pytest.approx(one.joint.p_value, rel=1e-6)


def test_terms_that_say_nothing_more_are_named():
    design = votes(4)
    there = np.sign(design.x[:, 1]) * (np.abs(design.x[:, 1]) > 0.8)
    found = curvature_tests(replace(design, x=np.column_stack([design.x[:, 0], there, design.x[:, 2]])), *fit_of(design, there))
    assert {"x1^3", "x1*|x1|"} <= set(found.dropped)
    one = next(t for t in found.tests if t.test == "powers of x1")
    assert "follow from the other columns" in one.joint.note


def fit_of(design, there):
    return fit_bradley_terry(replace(design, x=np.column_stack([design.x[:, 0], there, design.x[:, 2]]))), "cluster"


def test_too_few_clusters_say_so():
    found = by_name(votes(5, clusters=25))
    assert "6 terms need more than 30 clusters" in found["all"].joint.note
    assert np.isfinite(found["powers"].joint.p_value)


def test_too_many_values_are_not_made(monkeypatch):
    monkeypatch.setattr("llamastyle.regression.curves.MOST_VALUES", 3000 * 5)
    found = by_name(votes(6))
    assert "too many to hold" in found["all"].joint.note
    assert np.isfinite(found["powers"].joint.p_value)


def test_one_feature_has_no_products():
    design = make_design(7, k=2)
    assert list(by_name(design)) == ["powers", "powers of x0", "x0*|x0|", "x0^3"]


def test_without_clusters():
    design = replace(votes(8), cluster=None)
    assert by_name(design, "robust")["all"].joint.df_error == np.inf
