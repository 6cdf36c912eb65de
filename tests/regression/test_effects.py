"""Marginal effects against finite differences and a jackknife over clusters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression import links
from llamastyle.regression.bradley_terry import Likelihood, Prompts, fit_bradley_terry
from llamastyle.regression.decomposition import profiles
from llamastyle.regression.design import Column
from llamastyle.regression.effects import EFFECTS, effects_frame, marginal_effects, units
from llamastyle.regression.estimates import Clustering, Estimates
from llamastyle.regression.inference import cluster_counts, sandwich, standard_errors
from tests.regression.arenas import make_design
from tests.regression.test_likelihoods import prompts_of


def estimates(design, kind="cluster", likelihood=None):
    fit = fit_bradley_terry(design, likelihood=likelihood or Likelihood())
    made = sandwich(design, fit, kind)
    codes = design.cluster if kind == "cluster" else None
    clustering = Clustering(kind, "prompt_id" if kind == "cluster" else "", codes, made.n_groups, "", ())
    return Estimates(fit, made, None, None, profiles(design), cluster_counts(design, made.group), clustering)


@pytest.mark.parametrize("davidson", [False, True])
def test_effect_is_the_finite_difference_of_the_mean_outcome(davidson):
    design = make_design(seed=31, weights=True, position=True)
    fit = fit_bradley_terry(design, likelihood=Likelihood(davidson=davidson))
    found = marginal_effects(design, fit, sandwich(design, fit, "cluster"))
    for j in range(design.x.shape[1]):
        step = 1e-5 * fit.beta[j]
        up, down = links.mean(fit.eta + step, fit.nu), links.mean(fit.eta - step, fit.nu)
        expected = np.average((up - down) / 2e-5, weights=design.w)
        assert found.effect[j] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("case", ["cluster", "HC0", "weights", "davidson", "prompts", "ridge"])
def test_errors_equal_reweighting_each_cluster(case):
    """The infinitesimal jackknife: both influence terms, or the figures differ."""
    design = make_design(seed=32, n=260, m=4, k=2, clusters=13, weights=case == "weights")
    likelihood = Likelihood(davidson=case == "davidson")
    if case == "ridge":
        likelihood = Likelihood(ridge=np.array([0.0, 0, 0, 0, 20, 0]))
    if case == "prompts":
        design, prompts = prompts_of(design, n_prompts=13)
        likelihood = Likelihood(prompts=prompts)
    fit = fit_bradley_terry(design, likelihood=likelihood)
    made = sandwich(design, fit, "HC0" if case == "HC0" else "cluster")
    ours = standard_errors(made, marginal_effects(design, fit, made).influence)

    def effects(w):
        moved, changed = replace(design, w=w), likelihood
        if case == "prompts":  # the penalty of a prompt belongs to its battles: reweighted with them
            weight = w / design.w
            scale = np.bincount(likelihood.prompts.code, weight) / np.bincount(likelihood.prompts.code)
            changed = replace(likelihood, prompts=replace(likelihood.prompts, penalty=scale))
        again = fit_bradley_terry(moved, likelihood=changed)
        return marginal_effects(moved, again, sandwich(moved, again, "HC0")).effect

    step = 1e-4
    moves = [
        (effects(design.w * (1 + step * (made.group == g))) - effects(design.w * (1 - step * (made.group == g))))
        / (2 * step)
        for g in range(made.n_groups)
    ]
    expected = np.sqrt(made.factor * (np.array(moves) ** 2).sum(axis=0))
    np.testing.assert_allclose(ours, expected, rtol=2e-3)


def test_errors_are_near_those_of_leaving_clusters_out():
    design = make_design(seed=33, n=3000, m=5, k=3, clusters=150)
    fit = fit_bradley_terry(design)
    made = sandwich(design, fit, "cluster")
    ours = standard_errors(made, marginal_effects(design, fit, made).influence)
    left = []
    for g in range(made.n_groups):
        part = design.take(np.flatnonzero(made.group != g))
        again = fit_bradley_terry(part, np.concatenate([fit.theta, fit.beta]))
        left.append(marginal_effects(part, again, sandwich(part, again, "HC0")).effect)
    left = np.array(left)
    jackknife = np.sqrt((made.n_groups - 1) * ((left - left.mean(axis=0)) ** 2).mean(axis=0))
    np.testing.assert_allclose(ours, jackknife, rtol=0.06)


def test_swapping_any_sides_changes_nothing():
    design = make_design(seed=34, weights=True)
    swap = np.random.default_rng(1).random(design.n) < 0.4
    sign = np.where(swap, -1.0, 1.0)
    turned = replace(
        design,
        a=np.where(swap, design.b, design.a),
        b=np.where(swap, design.a, design.b),
        y=np.where(swap, 1 - design.y, design.y),
        x=design.x * sign[:, None],
    )
    one, two = (effects_frame(d, estimates(d), 0.95) for d in (design, turned))
    np.testing.assert_allclose(one[list(EFFECTS[4:-1])], two[list(EFFECTS[4:-1])], rtol=1e-7)


def test_units_scale_the_same_effect():
    design = make_design(seed=35, position=True)
    columns = list(design.spec.columns)
    columns[0] = replace(columns[0], step="ten_percent")
    design = replace(design, spec=replace(design.spec, columns=tuple(columns)))
    est = estimates(design)
    frame = effects_frame(design, est, 0.9)
    assert frame.columns.tolist() == list(EFFECTS)
    rows = frame.set_index(["term", "unit"])
    whole, tenth = rows.loc[("x0", "one recorded scale")], rows.loc[("x0", "+10 %")]
    step = np.log(1.1) / columns[0].scale
    for name in ("effect", "std_error", "conf_low"):
        assert tenth[name] == pytest.approx(step * whole[name])
    assert tenth["odds_ratio"] == pytest.approx(np.exp(step * est.fit.beta[0]))
    assert ("x1", "from 0 to 1") in rows.index
    assert ("x2", "right instead of wrong, by the slope") in rows.index
    assert ("position", "shown first") in rows.index
    assert rows.loc[("position", "shown first"), "odds_ratio"] == pytest.approx(np.exp(est.fit.beta[3]))


@pytest.mark.parametrize("clusters", [14, 60])
def test_an_effect_is_at_most_as_sure_as_its_price(clusters):
    """With few clusters the influences of slope and price go against one another, also where there is no price."""
    rose = 0
    for seed in range(12):
        design = make_design(seed=seed, n=240, m=3, k=2, clusters=clusters)
        design = replace(design, y=np.random.default_rng(seed).integers(0, 2, design.n).astype(float))
        est = estimates(design)
        found = marginal_effects(design, est.fit, est.made)
        price = np.sqrt(np.diag(est.made.cov)[design.n_models :])[:2]
        own = standard_errors(est.made, found.influence)[:2]
        rows = effects_frame(design, est, 0.95)
        shown = rows[rows["term"] == "x0"].set_index("unit").loc["one recorded scale", "std_error"]
        assert shown == pytest.approx(max(own[0], found.slope * price[0]))
        rose += (own < found.slope * price).sum()
    assert rose > 6


def test_a_recorded_scale_is_the_only_unit_where_no_other_is_natural():
    assert units(Column("x", "g", "style", "relative", 2.0)) == [("one recorded scale", 1.0)]
    assert units(Column("x", "g", "style", "difference", 2.0))[1] == ("one", 0.5)


@pytest.mark.parametrize("nu", [0.0, 0.4, 3.0])
def test_change_of_the_slope_is_its_finite_difference(nu):
    eta, h = np.linspace(-6, 6, 41), 1e-5
    by_eta, by_ties = links.slope_changes(eta, nu)
    expected = (links.slope(eta + h, nu) - links.slope(eta - h, nu)) / (2 * h)
    np.testing.assert_allclose(by_eta, expected, atol=1e-9)
    expected = (links.slope(eta, nu * np.exp(h)) - links.slope(eta, nu * np.exp(-h))) / (2 * h)
    np.testing.assert_allclose(by_ties, expected, atol=1e-9)


def test_prompts_are_read_from_the_likelihood():
    design, prompts = prompts_of(make_design(seed=36, n=300, m=4, k=2))
    assert isinstance(prompts, Prompts)
    est = estimates(design, likelihood=Likelihood(prompts=prompts))
    assert np.isfinite(effects_frame(design, est, 0.95)["std_error"]).all()


def test_a_step_beyond_the_data_is_not_quoted():
    rng = np.random.default_rng(5)
    frame = ls.simulate(1500, 5, style={"words": 0.5}, seed=1).battles.to_frame()
    frame["share_a"], frame["share_b"] = rng.uniform(0, 0.02, (2, len(frame)))
    result = ls.fit(frame, contrast={"share": "difference"}, correctness="ignore")
    rows = result.effects().query("term == 'share'").set_index("unit")
    assert rows.loc["one recorded scale", "note"] == ""
    assert np.isnan(rows.loc["one", "effect"])
    largest = np.abs(frame["share_a"] - frame["share_b"]).max()
    assert rows.loc["one", "note"] == f"withheld: this step is {1 / largest:.1f} times the largest difference in these battles"
