"""Sums over batches add up to the sums over all battles, which other code makes in memory."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm

import llamastyle as ls
from llamastyle.regression import batches
from llamastyle.regression.batches import Found, Plan, Totals, design_of, total
from llamastyle.regression.bradley_terry import Likelihood, linear_predictor, sums
from llamastyle.regression.design import Column
from llamastyle.regression.shards import Reading, shard_of

MODELS = tuple(f"model-{i:02d}" for i in range(1, 6))
COLUMNS = tuple(Column(name, name, "style", "log_ratio", 0.5) for name in ("words", "bold"))
PLAN = Plan(MODELS, columns=COLUMNS, places=(0, 1))


@pytest.fixture(scope="module")
def whole():
    frame = ls.simulate(400, 5, style={"words": 0.6, "bold": 0.2}, n_prompts=60, seed=2).battles.to_frame()
    frame["weight"] = np.random.default_rng(0).uniform(0.5, 2.0, 400)
    frame.loc[:9, "model_b"] = frame.loc[:9, "model_a"]
    return shard_of(pa.Table.from_pandas(frame, preserve_index=False), Reading(None, None, None, {}))[0]


@pytest.fixture(scope="module")
def parts(whole):
    return [whole.take(np.arange(start, 400, 7)) for start in range(7)]


def test_totals_take_maxima_by_name():
    made = total([Totals({"a": 1, "max:b": 1}), None, Totals({"a": 2, "max:b": -3})])
    assert made == {"a": 3, "max:b": 1}


@pytest.mark.parametrize("davidson", [False, True])
def test_point_sums_add_up(whole, parts, davidson):
    likelihood = Likelihood(davidson)
    params = np.linspace(-0.4, 0.4, 7 + davidson)
    made = total([batches.point_sums(part, PLAN, params, likelihood) for part in parts])
    point = made.point(likelihood, params, np.empty(0), np.empty(0))
    wanted = sums(design_of(whole, PLAN)[0], params, likelihood).point(likelihood, params, np.empty(0), np.empty(0))
    np.testing.assert_allclose(point.gradient, wanted.gradient, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(point.information, wanted.information, rtol=1e-12, atol=1e-12)
    assert point.llf == pytest.approx(wanted.llf, rel=1e-13)
    assert point.largest == wanted.largest


def test_gradient_and_information_are_those_of_statsmodels(whole, parts):
    design, _ = design_of(whole, PLAN)
    signs = np.zeros((design.n, 5))
    known = np.flatnonzero(design.a >= 0)
    signs[known, design.a[known]] += 1
    signs[known, design.b[known]] -= 1
    z = np.column_stack([signs, design.x])
    params = np.linspace(-0.4, 0.4, 7)
    model = sm.GLM(design.y, z, family=sm.families.Binomial(), var_weights=design.w)
    made = total([batches.point_sums(part, PLAN, params, Likelihood()) for part in parts])
    np.testing.assert_allclose(made.gradient, model.score(params), rtol=1e-10)
    information = made.total.total()[5:, 5:]
    np.testing.assert_allclose(information, -model.hessian(params)[5:, 5:], rtol=1e-10)


def test_scales_and_counts_add_up(whole, parts):
    rows = batches.kept_rows(whole, PLAN)
    x, w = whole.arrays["x"][rows], whole.arrays["w"][rows]
    size = total([batches.largest(part, PLAN) for part in parts])["max:size"]
    np.testing.assert_array_equal(size, np.abs(x).max(axis=0))
    square = total([batches.squares(part, PLAN, size) for part in parts])["squares"]
    np.testing.assert_allclose(size * np.sqrt(square / w.sum()), np.sqrt(np.average(x**2, axis=0, weights=w)))
    tally = total([batches.tally(part, PLAN) for part in parts])
    assert tally["battles"].sum() == 400
    assert tally["battles"][0, 0] == 10
    assert tally["silent"].sum() == 20
    assert tally["won"].sum() == pytest.approx(float(whole.arrays["w"] @ whole.arrays["y"]))


def test_meat_is_a_brute_force_sum_over_clusters(whole):
    found = Found(np.linspace(-0.3, 0.3, 5), np.array([0.4, -0.2]), np.zeros(5), pi=np.zeros((5, 2)))
    made = batches.crossed(whole, PLAN, found, ("prompt_id",), ((0,),))
    design, rows = design_of(whole, PLAN)
    p = 1 / (1 + np.exp(-linear_predictor(design, found.theta, found.beta)))
    scores = np.zeros((design.n, 7))
    for i in range(design.n):
        if design.a[i] >= 0:
            scores[i, design.a[i]] += 1
            scores[i, design.b[i]] -= 1
        scores[i, 5:] = design.x[i]
    scores *= (design.w * (design.y - p))[:, None]
    meat = np.zeros((7, 7))
    for key in np.unique(whole.arrays["key:prompt_id"][rows]):
        one = scores[whole.arrays["key:prompt_id"][rows] == key].sum(axis=0)
        meat += np.outer(one, one)
    np.testing.assert_allclose(made[(0,), "scores", "scores"], meat, rtol=1e-10, atol=1e-12)
    assert made[(0,), "groups"] == 60
    assert made[(0,), "counts"].max() <= 60


def test_sets_of_ways_are_each_counted_once():
    assert batches.sets_by_first(()) == [((),)]
    assert batches.sets_by_first(("prompt_id", "voter")) == [((0,), (0, 1)), ((1,),)]
    assert batches.sets_by_first(("voter", "pair")) == [((0,),), ((1,), (0, 1))]
    three = [one for sets in batches.sets_by_first(("prompt_id", "pair", "voter")) for one in sets]
    assert len(three) == len(set(three)) == 7


def test_groups_cover_all_keys(whole):
    group = partial(batches.group_of, plan=PLAN, name="prompt_id", groups=9)(whole)
    assert set(group.tolist()) <= set(range(9))
    assert np.unique(group).size > 5
    every = whole.take([0] * 2)
    every.arrays["key:prompt_id"][:] = [0, 2**64 - 1]
    assert batches.group_of(every, PLAN, "prompt_id", 9).tolist() == [0, 8]


def test_no_battle_in_the_fit_is_nothing(whole):
    found = Found(np.zeros(5), np.zeros(2), np.zeros(5), pi=np.zeros((5, 2)))
    none = whole.take([])
    assert batches.crossed(none, PLAN, found, ("prompt_id",), ((0,),)) is None
