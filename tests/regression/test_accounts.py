"""Win-rate accounts and gaps against path integrals, explicit sums and brute-force influence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad_vec
from scipy.special import expit

from llamastyle.errors import FitError
from llamastyle.regression import accounts as acc
from llamastyle.regression import decomposition as dec
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.inference import covariance, sandwich, standard_errors
from tests.regression.arenas import make_design


def whole(design, kind="cluster"):
    fit = fit_bradley_terry(design)
    return fit, sandwich(design, fit, kind)


def named(parts):
    return {(p.block, p.group, p.term): p.estimate for p in parts}


def log_odds(design, fit):
    """Every elementary term's log-odds (n,), by its place in the parts."""
    padded = np.append(fit.theta, 0.0)
    terms = {("strength", "", ""): padded[design.a] - padded[design.b]}
    for j, c in enumerate(design.spec.columns):
        key = (c.block, c.group, c.name) if c.block == "style" else (c.block, "", "")
        terms[key] = design.x[:, j] * fit.beta[j]
    return terms


@pytest.mark.parametrize("position", [False, True])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_accounts_add_up_to_the_win_rates(weights, ties, position):
    design = make_design(seed=5, weights=weights, ties=ties, position=position)
    fit, made = whole(design)
    by = named(acc.win_rate_accounts(design, fit, made))
    sides = [(design.a == m, design.b == m) for m in range(design.n_models)]
    won = [design.w[a] @ design.y[a] + design.w[b] @ (1 - design.y[b]) for a, b in sides]
    total = [design.w[a].sum() + design.w[b].sum() for a, b in sides]
    np.testing.assert_allclose(by["total", "", ""], np.array(won) / total - 0.5, atol=1e-9)
    blocks = ["strength", "style", "correctness"] + ["position"] * position
    np.testing.assert_allclose(sum(by[b, "", ""] for b in blocks), by["total", "", ""], atol=1e-9)
    style = sum(v for (b, g, t), v in by.items() if b == "style" and t)
    np.testing.assert_allclose(style, by["style", "", ""], atol=1e-9)


def test_shares_are_aumann_shapleys_path_integral():
    """Integrate the slope of sigma along the straight path from nothing to all terms."""
    design = make_design(seed=6, n=200, m=4, weights=True, position=True)
    fit, made = whole(design)
    by = named(acc.win_rate_accounts(design, fit, made))
    for key, part in log_odds(design, fit).items():
        path, _ = quad_vec(lambda t, part=part: expit(t * fit.eta) * (1 - expit(t * fit.eta)) * part, 0, 1)
        for m in range(design.n_models):
            a, b = design.a == m, design.b == m
            expected = (design.w[a] @ path[a] - design.w[b] @ path[b]) / design.w[a | b].sum()
            np.testing.assert_allclose(by[key][m], expected, atol=1e-10)


@pytest.mark.parametrize("kind", ["cluster", "HC0"])
def test_influence_equals_leaving_clusters_out(kind):
    """The infinitesimal jackknife: reweight one cluster a little and watch every account and gap move."""
    design = make_design(seed=4, n=240, m=4, k=3, clusters=12, weights=True, position=True)
    fit, made = whole(design, kind)
    accounts = acc.win_rate_accounts(design, fit, made)
    ratings = dec.decompose_ratings(design, fit, made, dec.profiles(design))
    gap = acc.win_rate_gap(design, fit, made, accounts, 1, 3)
    parts = [*accounts, *gap, *acc.rating_gap(ratings, 1, 3)]
    found = np.concatenate([standard_errors(made, p.influence) for p in parts])
    step = 1e-5

    def quantities(w):
        moved = replace(design, w=w)
        fit2, made2 = whole(moved, "HC0")
        accounts2 = acc.win_rate_accounts(moved, fit2, made2)
        gap2 = acc.win_rate_gap(moved, fit2, made2, accounts2, 1, 3)
        ratings2 = dec.decompose_ratings(moved, fit2, made2, dec.profiles(moved))
        return np.concatenate([p.estimate for p in [*accounts2, *gap2, *acc.rating_gap(ratings2, 1, 3)]])

    moves = [
        (quantities(np.where(made.group == g, design.w * (1 + step), design.w))
         - quantities(np.where(made.group == g, design.w * (1 - step), design.w))) / (2 * step)
        for g in range(made.n_groups)
    ]  # fmt: skip
    expected = np.sqrt(made.factor * (np.array(moves) ** 2).sum(axis=0))
    np.testing.assert_allclose(found, expected, rtol=3e-4, atol=1e-9)


def test_a_gaps_covariance_with_its_total_is_that_of_sums():
    design = make_design(seed=7)
    fit, made = whole(design)
    gap = acc.win_rate_gap(design, fit, made, acc.win_rate_accounts(design, fit, made), 0, 2)
    *parts, total = [p for p in gap if not p.group]
    with_total = sum(covariance(made, p.influence, total.influence) for p in parts)
    np.testing.assert_allclose(with_total, covariance(made, total.influence), rtol=1e-9)


def test_the_win_rates_error_is_that_of_a_clustered_mean():
    design = make_design(seed=8, weights=True)
    fit, made = whole(design)
    total = acc.win_rate_accounts(design, fit, made)[-1]
    for m in range(design.n_models):
        mine = (design.a == m) | (design.b == m)
        won = np.where(design.a == m, design.y, 1 - design.y)[mine]
        w = design.w[mine]
        mean = np.average(won, weights=w)
        sums = np.bincount(made.group[mine], w * (won - mean) / w.sum())
        expected = np.sqrt(made.factor * (sums**2).sum())
        np.testing.assert_allclose(standard_errors(made, total.influence)[m], expected, rtol=1e-7)


def test_models_of_one_strength_have_no_gap_in_strength_whomever_they_met():
    design = make_design(seed=9, n=900)
    fit, made = whole(design)
    level = replace(fit, theta=np.where(np.arange(6) == 4, fit.theta[0], fit.theta))
    apart = log_odds(design, level)["strength", "", ""] - log_odds(design, fit)["strength", "", ""]
    level = replace(level, eta=fit.eta + apart)
    own = acc._own_strength(design, level, made, 0, 4)
    assert own.estimate[0] == 0.0
    stronger = acc._own_strength(design, fit, made, 0, 4).estimate[0]
    assert np.sign(stronger) == np.sign(fit.theta[0] - fit.theta[4])


def test_a_fit_that_is_no_maximum_is_refused():
    design = make_design(seed=10)
    fit, made = whole(design)
    wrong = replace(fit, theta=fit.theta + np.linspace(0, 0.1, 6))
    eta = fit.eta + np.linspace(0, 0.1, 6)[design.a] - np.linspace(0, 0.1, 6)[design.b]
    with pytest.raises(FitError, match="miss the win rates"):
        acc.win_rate_accounts(design, replace(wrong, eta=eta, p=expit(eta)), made)


def test_without_any_column_all_is_strength():
    design = make_design(seed=11).plain()
    fit, made = whole(design)
    by = named(acc.win_rate_accounts(design, fit, made))
    np.testing.assert_allclose(by["strength", "", ""], by["total", "", ""], atol=1e-12)
    assert not by["style", "", ""].any()
