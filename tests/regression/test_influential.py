"""Influence against leaving battles out; sets that tip a verdict against fits made without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression import influential as inf
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.decomposition import POINTS, decompose_ratings, profiles
from llamastyle.regression.inference import sandwich
from tests.regression.arenas import make_design
from tests.regression.test_effects import estimates

RULE = inf.Rule(20.0, 0.05, True)


def inflation_of(design):
    fit = fit_bradley_terry(design)
    parts = decompose_ratings(design, fit, sandwich(design, fit, "HC0"), profiles(design))
    return POINTS * next(p.estimate for p in parts if p.block == "style" and not p.group)


def test_influence_foretells_leaving_a_battle_out():
    design = make_design(seed=91, n=4000, m=4, k=3)
    est = estimates(design)
    moved = inf.battle_influence(design, est, 2)
    whole = inflation_of(design)[2]
    rows = np.r_[np.argsort(moved)[:5], np.argsort(moved)[-5:], 7]
    exact = [whole - inflation_of(design.take(np.delete(np.arange(design.n), i)))[2] for i in rows]
    np.testing.assert_allclose(moved[rows], exact, rtol=0.03, atol=1e-4)
    assert moved.sum() == pytest.approx(0, abs=1e-6)


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(5000, 8, style={"words": 0.6}, seed=9).battles)


def test_verdicts_are_the_audits(result):
    now = inf.verdicts(result.design, result.estimates, RULE)
    audit = result.audit().set_index("model").loc[list(result.design.spec.models)]
    np.testing.assert_allclose(now.inflation, audit["inflation"])
    assert list(now.found.verdict) == audit["verdict"].tolist()


@pytest.mark.parametrize("unit", ["battle", "voter"])
@pytest.mark.parametrize("flagged", [True, False])
def test_without_the_set_a_fit_from_the_start_gives_the_other_verdict(result, unit, flagged):
    design, est = result.design, result.estimates
    now = inf.verdicts(design, est, RULE)
    is_flag = np.array([v in ("inflated", "deflated") for v in now.found.verdict])
    model = int(np.flatnonzero(is_flag == flagged)[np.nanargmax(np.abs(now.inflation[is_flag == flagged]))])
    if flagged:
        model = int(np.flatnonzero(is_flag)[np.argmin(np.abs(now.inflation[is_flag]))])
    if unit == "battle":
        units, n_units = np.arange(design.n), design.n
    else:
        units, n_units = result.battles.codes("voter")
    found = inf.tipping_set(design, est, model, units, n_units, RULE, most=0.3)
    assert found.note == ""
    assert found.rows.size == np.isin(units, found.units).sum()
    again = ls.fit(result.battles.take(np.delete(np.arange(design.n), found.rows)))
    row = again.audit().set_index("model").loc[design.spec.models[model]]
    assert row["verdict"] == found.verdict != now.found.verdict[model]
    assert row["inflation"] == pytest.approx(found.inflation, abs=1e-4)
    moved, foretold = (value - now.inflation[model] for value in (found.inflation, found.foretold))
    assert 0.5 < moved / foretold < 2  # a first-order approximation of the removal of many battles


def test_a_planted_voter_is_found():
    arena = ls.simulate(3000, 6, style={"words": 0.0}, strength=0.3, seed=4)
    battles = arena.battles
    words = battles.measured.values[:, 0]
    first, second = words[: len(battles)], words[len(battles) :]
    voter = battles.columns["voter"].to_numpy().copy()
    voter[:400] = voter.max() + 1
    outcome = battles.outcome.copy()
    outcome[:400] = (first > second)[:400]
    planted = replace(battles, outcome=outcome, columns=battles.columns.assign(voter=voter))
    result = ls.fit(planted, cluster="voter")
    design, est = result.design, result.estimates
    codes, n_units = planted.codes("voter")
    model = int(np.abs(inf.verdicts(design, est, RULE).inflation).argmax())
    pull = np.bincount(codes, inf.battle_influence(design, est, model), n_units)
    assert np.abs(pull).argmax() == codes[0]


def test_rows_of_the_frame_and_reasons(result):
    design, est = result.design, result.estimates
    rule = inf.Rule(1e4, 0.05, True)
    frame = inf.influential_frame(design, est, [0, 3], np.arange(design.n), range(design.n), "battle", rule, 0.001)
    assert frame.columns.tolist() == list(inf.INFLUENTIAL)
    assert frame["verdict"].tolist() == ["neutral", "neutral"]
    assert frame["note"].str.contains("no set of up to 0.1 % of the battles").all()
    assert (frame["removed"] == 0).all()
    one = np.zeros(design.n, np.int64)
    whole = inf.tipping_set(design, est, 0, one, 1, RULE)
    assert whole.note != ""
    frame = inf.influential_frame(design, est, [0], np.arange(design.n), range(design.n), "battle", RULE, 0.5)
    assert frame.loc[0, "share"] == pytest.approx(frame.loc[0, "battles_removed"] / design.n, nan_ok=True)


def test_a_set_without_which_nothing_is_finite_says_so(result, monkeypatch):
    design, est = result.design, result.estimates
    now = inf.verdicts(design, est, RULE)
    model = next(i for i, verdict in enumerate(now.found.verdict) if verdict in ("inflated", "deflated"))
    monkeypatch.setattr(inf, "_refit", lambda *_: ("insufficient data", np.nan))
    table = inf.influential_frame(
        design, est, [model], np.arange(design.n), list(range(design.n)), "battle", RULE, 0.1
    )
    assert table["verdict_without"].tolist() == ["insufficient data"]
    assert table["note"].tolist() == ["without them there is no finite estimate for this model"]
