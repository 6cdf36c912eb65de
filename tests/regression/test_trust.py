"""The tables of trust: their columns, their reasons, and that they say what the functions compute."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from llamastyle.regression.placebos import sign_flips
from llamastyle.regression.trust import (
    COLLINEARITY,
    CURVATURE,
    PLACEBO,
    SENSITIVITY,
    collinearity_frame,
    curvature_frame,
    placebo_frame,
    sensitivity_frame,
)
from llamastyle.regression.unmeasured import linear_version, robustness_value
from tests.regression.arenas import dummies, make_design
from tests.regression.mislabelled import fitted


@pytest.fixture(scope="module")
def design():
    return make_design(1, n=900, k=4, clusters=120, position=True)


def test_placebo(design):
    est = fitted(design)
    frame = placebo_frame(design, est, draws=199, seed=2)
    found = sign_flips(design, est.fit.likelihood, "cluster", draws=199, seed=2)
    assert list(frame.columns) == list(PLACEBO)
    assert frame["p_value"][0] == found.p_value
    assert frame["flipped_mean"][0] == pytest.approx(found.flipped.mean())
    assert frame["draws"][0] == 199


def test_placebo_without_style_says_why():
    design = make_design(2, k=1)
    frame = placebo_frame(design, fitted(design), draws=99, seed=0)
    assert "no style column" in frame["note"][0]
    assert frame["draws"][0] == 0


def test_curvature(design):
    frame = curvature_frame(design, fitted(design))
    assert list(frame.columns) == list(CURVATURE)
    assert frame["test"].tolist()[:4] == ["all", "products", "powers", "powers of x0"]
    assert frame["df"].tolist()[:4] == [12, 6, 6, 2]
    assert (frame.loc[frame["p_value"].isna(), "note"] != "").all()
    assert frame.set_index("test").loc["x0*|x1|", "std_error"] > 0


def test_sensitivity(design):
    frame = sensitivity_frame(design, 0.95)
    fit = linear_version(design)
    assert list(frame.columns) == list(SENSITIVITY)
    assert frame.groupby("term", sort=False)["benchmark"].agg(list).to_dict() == {  # x3 is correctness
        "x0": ["x3", "x1", "x2"],
        "x1": ["x3", "x0", "x2"],
        "x2": ["x3", "x0", "x1"],
    }
    np.testing.assert_allclose(frame.groupby("term")["robustness_value"].first(), robustness_value(fit.t, fit.df)[:3])
    assert (frame["robustness_value_level"] <= frame["robustness_value"]).all()


def test_sensitivity_of_one_feature_has_no_benchmark():
    design = make_design(3, k=2)
    alone = replace(design, x=design.x[:, :1], spec=replace(design.spec, columns=design.spec.columns[:1]))
    frame = sensitivity_frame(alone, 0.95)
    assert frame["note"].tolist() == ["no other column to measure strength by"]


def test_collinearity(design):
    frame = collinearity_frame(design, fitted(design), 0.95)
    assert list(frame.columns) == list(COLLINEARITY)
    assert frame["term"].tolist() == ["x0", "x2", "x1", "x3"]  # by group: g0, g1, and correctness of g1
    assert frame["group_terms"].tolist() == [2, 2, 1, 1]


def test_group_test_against_statsmodels():
    design = make_design(4, n=900, k=4, clusters=120)
    fit = sm.GLM(design.y, dummies(design), family=sm.families.Binomial()).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": design.cluster}
    )
    beta, cov = np.asarray(fit.params)[-4:], np.asarray(fit.cov_params())
    frame = collinearity_frame(design, fitted(design), 0.95).set_index("term")
    chosen, d = [0, 2], int(design.cluster.max())
    v = cov[-4:, -4:][np.ix_(chosen, chosen)]
    wald = float(beta[chosen] @ np.linalg.solve(v, beta[chosen]))
    assert frame.loc["x0", "group_statistic"] == pytest.approx((d - 1) / (2 * d) * wald, rel=1e-6)


def test_features_that_matter_only_together_are_read_together():
    design = make_design(5, n=900, k=4, clusters=None, ties=False)
    rng = np.random.default_rng(0)
    x = design.x.copy()
    x[:, 2] = x[:, 0] + 0.05 * rng.normal(0, 1, design.n)  # x0 and x2 are of one group
    y = (rng.random(design.n) < 1 / (1 + np.exp(-0.3 * (x[:, 0] + x[:, 2])))).astype(float)
    x = np.vstack([x, x[:, [2, 1, 0, 3]]])  # every battle again with the two exchanged: neither is ahead
    both = replace(design, x=x, **{k: np.tile(v, 2) for k, v in (("a", design.a), ("b", design.b), ("y", y), ("w", design.w))})
    frame = collinearity_frame(both, fitted(both, "robust"), 0.95).set_index("term")
    assert not frame.loc[["x0", "x2"], "apart"].any()
    assert frame.loc["x1", "apart"]
    assert "not told apart from x2" in frame.loc["x0", "note"]
    assert "matter together and none by itself" in frame.loc["x0", "note"]
    assert (frame.loc[["x0", "x2"], "group_p_value"] < 0.001).all()


def test_position_is_no_feature_to_be_told_apart(design):
    assert "position" not in set(collinearity_frame(design, fitted(design), 0.95)["term"])
    assert "position" not in set(sensitivity_frame(design, 0.95)["benchmark"])


def test_too_few_clusters_for_curvature_are_named(design):
    few = make_design(1, n=900, k=4, clusters=25)
    est = fitted(few)
    named = replace(est, clustering=replace(est.clustering, ways=(("voter", 25),)))
    frame = curvature_frame(few, named, draws=99).set_index("test")
    assert frame["note"]["all"].endswith("clusters, and there are 25 of voter")
