"""A tiny run, without the others and with a small one that stands in for them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

import llamastyle as ls
from benchmarks import fit
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.links import log_likelihood


@pytest.fixture(scope="module")
def design():
    return fit.make_design(ls.simulate(600, 4, style={"words": 0.5, "bold": 0.2}, correctness=0.0, seed=2).battles)


def test_absent_peers_leave_rows_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "installed", lambda package: False)
    text = fit.run(tmp_path, battles=1500, models=4, pairs=1).read_text("utf-8")
    for package in ("arena-rank", "scikit-learn", "statsmodels", "evalica"):
        assert f"skipped: {package} is not installed" in text
    assert text.count("skipped") == len(fit.PEERS)
    assert "1,500 simulated battles of 4 models" in text
    assert "seed 1" in text


def test_row_holds_ratios_and_distances(tmp_path, monkeypatch):
    def stand_in(design):
        found = fit_bradley_terry(design)
        return lambda: (found.theta + 7.0, found.beta + 0.12)

    monkeypatch.setattr(fit, "PEERS", (fit.Peer("numpy", "stand-in", stand_in),))
    text = fit.run(tmp_path, battles=1500, models=4, pairs=2).read_text("utf-8")
    cells = [cell.strip() for cell in next(line for line in text.splitlines() if "stand-in" in line).split("|")]
    assert all(float(cell) >= 0 for cell in cells[2:7])
    assert float(cells[7]) < 1e-12  # strengths are compared about their mean
    assert cells[8] == "1.2e-01"


def test_intervals_are_those_of_the_whole_fit():
    battles = ls.simulate(1200, 4, style={"words": 0.5, "bold": 0.2}, correctness=0.0, seed=3).battles
    low, high = fit.fit_with_intervals(fit.make_design(battles))
    tidy = ls.fit(battles, correctness="ignore", vcov="cluster", cluster="prompt_id").tidy()
    style = tidy[tidy["block"] == "style"]
    np.testing.assert_allclose(low[4:], style["conf_low"], atol=1e-10)
    np.testing.assert_allclose(high[4:], style["conf_high"], atol=1e-10)


def test_doubled_ties_have_the_same_maximum(design):
    z, y, w = fit.dummies(design)
    dense = z.toarray()
    direct = minimize(
        lambda b: -log_likelihood(y, w, dense @ b),
        np.zeros(z.shape[1]),
        jac=lambda b: dense.T @ (w * (1 / (1 + np.exp(-dense @ b)) - y)),
        method="BFGS",
    )
    found = fit_bradley_terry(design)
    np.testing.assert_allclose(direct.x[4:], found.beta, atol=1e-4)
    assert set(y) == {0.0, 1.0}
    assert w.sum() == pytest.approx(design.w.sum())


def test_logistic_agrees_with_ours(design):
    pytest.importorskip("sklearn")
    found = fit_bradley_terry(design)
    for dense in (True, False):
        theta, beta = fit.logistic(dense, **fit.EXACT)(design)()
        np.testing.assert_allclose(beta, found.beta, atol=1e-4)
        np.testing.assert_allclose(theta - theta.mean(), found.theta, atol=1e-4)


def test_statsmodels_agrees_with_ours(design):
    found = fit_bradley_terry(design)
    theta, beta = fit.generalized(design)()
    np.testing.assert_allclose(beta, found.beta, atol=1e-6)
    np.testing.assert_allclose(theta - theta.mean(), found.theta, atol=1e-6)


def test_evalica_agrees_with_our_ratings(design):
    pytest.importorskip("evalica")
    plain = design.plain().rated()
    theta, beta = fit.evalica_ratings(tolerance=1e-12, limit=10_000)(plain)()
    np.testing.assert_allclose(theta - theta.mean(), fit_bradley_terry(plain).theta, atol=1e-6)
    assert beta.size == 0
