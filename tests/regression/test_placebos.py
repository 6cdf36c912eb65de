"""Placebo: the score statistic against statsmodels, its level in null arenas, its power."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from llamastyle.regression.bradley_terry import PLAIN, Likelihood, Prompts, fit_at, fit_bradley_terry
from llamastyle.regression.placebos import sign_flips, style_scores
from tests.regression.arenas import dummies, make_design


def without_style(design, seed, price=0.0):
    """Votes that style has no part in (or a planted one), alike within clusters along the first style column."""
    from scipy.special import ndtr

    rng = np.random.default_rng(seed)
    theta = rng.normal(0, 0.5, design.n_models)
    eta = theta[design.a] - theta[design.b] + 0.8 * design.x[:, -1] + price * design.x[:, 0]
    shared = rng.normal(0, 1, int(design.cluster.max()) + 1)[design.cluster]
    luck = ndtr(np.sqrt(0.7) * rng.normal(0, 1, design.n) + np.sqrt(0.3) * np.sign(design.x[:, 0]) * shared)
    y = (luck < 1 / (1 + np.exp(-eta))).astype(float)
    return replace(design, y=np.where(rng.random(design.n) < 0.1, 0.5, y))


@pytest.mark.parametrize("weights", [False, True])
def test_statistic_against_statsmodels(weights):
    design = make_design(1, weights=weights)
    z = dummies(design)
    rest = np.r_[0 : design.n_models - 1, z.shape[1] - 1]
    model = sm.GLM(design.y, z[:, rest], family=sm.families.Binomial(), var_weights=design.w)
    null = model.fit(tol=1e-14)
    wanted, _, df = model.score_test(null.params, exog_extra=z[:, [-3, -2]])
    found = sign_flips(design, PLAIN, "cluster")
    assert df == found.columns == 2
    assert found.statistic == pytest.approx(float(np.squeeze(wanted)), rel=1e-6)


def test_scores_by_explicit_regression():
    design = make_design(2)
    z = dummies(design)
    rest, style = np.r_[0 : design.n_models - 1, z.shape[1] - 1], [-3, -2]
    p = sm.GLM(design.y, z[:, rest], family=sm.families.Binomial()).fit(tol=1e-14).fittedvalues
    root = np.sqrt(p * (1 - p))[:, None]
    left = z[:, style] - z[:, rest] @ np.linalg.lstsq(root * z[:, rest], root * z[:, style], rcond=None)[0]
    found = style_scores(design, PLAIN, "cluster")
    scores, information = found.clusters, found.information
    wanted = np.zeros_like(scores)
    np.add.at(wanted, design.cluster, left * (design.y - p)[:, None])
    np.testing.assert_allclose(scores, wanted, atol=1e-8)
    np.testing.assert_allclose(information, (root * left).T @ (root * left), rtol=1e-8)


@pytest.mark.parametrize("case", ["davidson", "ridge", "prompts"])
def test_other_likelihoods_have_the_slope_of_the_log_likelihood(case):
    design = make_design(3, n=700, m=4, k=3)
    ridge = np.array([2.0] * 4 + [0.0, 0.0, 3.0])
    likelihood = {"davidson": Likelihood(davidson=True), "ridge": Likelihood(ridge=ridge)}.get(case)
    if likelihood is None:
        base = design.take(np.flatnonzero((design.a == 0) | (design.b == 0)))
        code = np.unique(base.cluster, return_inverse=True)[1]
        design = replace(base, cluster=code)
        sign = np.where(design.a == 0, -1.0, 1.0)
        likelihood = Likelihood(prompts=Prompts(code, sign, 1.0, int(code.max()) + 1))
    scores = style_scores(design, likelihood, "cluster").clusters
    small = replace(design, x=design.x[:, 2:], spec=replace(design.spec, columns=design.spec.columns[2:]))
    held = likelihood if likelihood.ridge is None else replace(likelihood, ridge=likelihood.ridge[[0, 1, 2, 3, 6]])
    null = fit_bradley_terry(small, likelihood=held)
    gamma = np.zeros(0) if null.prompts is None else null.prompts.gamma
    ties = [np.log(null.nu)] if case == "davidson" else []

    def height(first):
        params = np.concatenate([null.theta, [first, 0.0], null.beta, ties])
        return fit_at(design, params, gamma, likelihood).llf

    slope = (height(1e-5) - height(-1e-5)) / 2e-5
    assert scores[:, 0].sum() == pytest.approx(slope, rel=1e-4, abs=1e-4)


def test_near_zero_it_is_the_likelihood_ratio():
    for likelihood in (PLAIN, Likelihood(davidson=True)):
        design = without_style(make_design(4, n=3000, k=3, clusters=300), 4)
        small = replace(design, x=design.x[:, 2:], spec=replace(design.spec, columns=design.spec.columns[2:]))
        gain = fit_bradley_terry(design, likelihood=likelihood).llf - fit_bradley_terry(small, likelihood=likelihood).llf
        assert sign_flips(design, likelihood, "cluster").statistic == pytest.approx(2 * gain, rel=0.03)


@pytest.mark.study
@pytest.mark.parametrize("clusters", [12, 50])
def test_level_in_null_arenas(clusters):
    rejected = []
    for seed in range(400):
        design = without_style(make_design(seed, n=500, m=5, k=3, clusters=clusters), seed)
        rejected.append(sign_flips(design, PLAIN, "cluster", seed=seed).p_value <= 0.05)
    assert 0.02 <= np.mean(rejected) <= 0.085  # 5 %, three Monte Carlo errors


def test_power():
    found = [
        sign_flips(without_style(make_design(s, n=1500, m=5, k=3, clusters=150), s, price=0.4), PLAIN, "cluster").p_value
        for s in range(20)
    ]
    assert np.mean(np.array(found) <= 0.05) >= 0.8


def test_swapping_some_sides_changes_nothing():
    design = make_design(5)
    turn = np.random.default_rng(0).random(design.n) < 0.5
    sign = np.where(turn, -1.0, 1.0)
    turned = replace(
        design,
        x=design.x * sign[:, None],
        a=np.where(turn, design.b, design.a),
        b=np.where(turn, design.a, design.b),
        y=np.where(turn, 1 - design.y, design.y),
    )
    one, two = sign_flips(design, PLAIN, "cluster"), sign_flips(turned, PLAIN, "cluster")
    assert one.statistic == pytest.approx(two.statistic)
    assert one.p_value == two.p_value


def test_seeded_and_blocked_alike(monkeypatch):
    design = without_style(make_design(6, n=900, clusters=300), 6)
    whole = sign_flips(design, PLAIN, "cluster", seed=3)
    assert whole.p_value == sign_flips(design, PLAIN, "cluster", seed=3).p_value
    monkeypatch.setattr("llamastyle.regression.flips.CHUNK", 7)
    parts = sign_flips(design, PLAIN, "cluster", seed=3)
    assert parts.statistic == pytest.approx(whole.statistic)
    assert parts.p_value == pytest.approx(whole.p_value, abs=0.06)


@pytest.mark.parametrize(("clusters", "k", "message"), [(9, 3, "9 clusters, fewer than 10"), (60, 1, "no style column")])
def test_what_cannot_be_computed_says_why(clusters, k, message):
    found = sign_flips(make_design(7, clusters=clusters, k=k), PLAIN, "cluster")
    assert message in found.note
    assert np.isnan(found.p_value)


def test_without_clusters_signs_flip_by_battle():
    found = sign_flips(replace(make_design(8), cluster=None), PLAIN, "robust")
    assert found.clusters == 600
