"""Battles needed: the arithmetic against the margin test itself, agreement with the detector, the door."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import llamastyle as ls
from llamastyle.regression.detector import detect
from llamastyle.regression.power import battles_for, chance_to_find, power_curve, read_reach
from llamastyle.regression.reach import price_errors, target_error


@pytest.fixture(scope="module")
def result() -> ls.StyleResult:
    return ls.fit(ls.simulate(2000, 6, style={"words": 0.5, "bold": 0.2}, n_prompts=200, seed=1).battles)


def test_the_audit_plans_for_twice_the_margin(result):
    for margin in (20.0, 35.0):
        audit = result.audit(margin=margin).set_index("model")
        plan = battles_for(result, 2 * margin, margin=margin).set_index("model")
        open_ = audit.index[audit["verdict"] == "undetermined"]
        assert len(open_)
        for model in open_:
            needed, there = plan.loc[model, "battles_needed"], audit.loc[model, "battles"]
            if needed > there:
                assert audit.loc[model, "battles_needed"] == needed
            else:
                assert pd.isna(audit.loc[model, "battles_needed"])


def test_the_chance_is_that_of_the_margin_test(result):
    """The detector's own test on estimates drawn around a true inflation."""
    made = result.estimates.made
    rng = np.random.default_rng(0)
    for inflation, se in ((40.0, 7.0), (-33.0, 5.0), (28.0, 9.0)):
        drawn = rng.normal(inflation, se, 40_000)
        ones = np.full(drawn.size, se)
        found = detect(
            drawn, ones, np.ones(drawn.size, bool), made,
            margin=20.0, level=0.05, with_correctness=True,
        )  # fmt: skip
        share = np.mean((found.p_value <= 0.05) & (np.sign(drawn) == np.sign(inflation)))
        # the clusters' t with 199 degrees of freedom against the normal of the plan
        assert share == pytest.approx(chance_to_find(inflation, np.array([se]), 20.0, 0.05)[0], abs=0.012)


def test_at_the_target_error_the_chance_is_the_power():
    for inflation, power in ((40.0, 0.8), (-27.0, 0.9), (100.0, 0.6)):
        error = np.array([target_error(inflation, 20.0, 0.05, power)])
        assert chance_to_find(inflation, error, 20.0, 0.05)[0] == pytest.approx(power)


def test_a_plan_follows_from_the_errors_of_the_fit(result):
    plan = battles_for(result, [40, -60], power=0.9, level=0.1, margin=10)
    assert len(plan) == 12
    held = read_reach(result, 10, "field")
    z = stats.norm.ppf(0.95) + stats.norm.ppf(0.9)
    for size, rows in plan.groupby("inflation"):
        error = held.error_at(size)
        np.testing.assert_allclose(rows["std_error"], error)
        grow = (error * z / (abs(size) - 10)) ** 2
        np.testing.assert_array_equal(rows["battles_needed"].astype(float), np.ceil(rows["battles"] * grow))
        np.testing.assert_array_equal(rows["arena_needed"].astype(float), np.ceil(2000 * grow))
    own = result.decompose().query("block == 'style' and group == ''").set_index("model")["std_error"]
    now = result.audit().set_index("model")["inflation"]
    model = now.abs().idxmax()
    at = battles_for(result, now[model], margin=5).set_index("model").loc[model]
    assert at["std_error"] == pytest.approx(own[model])


def test_the_curve_meets_the_plan_and_rises(result):
    plan = battles_for(result, 40).set_index("model")
    factor = float(plan["arena_needed"].iloc[0]) / 2000
    curve = power_curve(result, [40], factors=[0.5, factor, 8])
    first = curve[curve["model"] == plan.index[0]]
    assert first["power"].iloc[1] == pytest.approx(0.8, abs=0.002)
    assert first["power"].is_monotonic_increasing
    np.testing.assert_allclose(
        power_curve(result, 40, factors=[1])["power"], battles_for(result, 40)["power_now"]
    )


def test_models_without_a_test_say_why(result):
    plan = battles_for(result, 40, reference="model-03").set_index("model")
    assert plan.loc["model-03", ["std_error", "power_now", "battles_needed", "arena_needed"]].isna().all()
    assert plan.loc["model-03", "note"].startswith("is the reference")
    assert (plan.drop(index="model-03")["note"] == "").all()
    assert plan.drop(index="model-03").notna().all(axis=None)


def test_a_fit_on_few_prompts_plans_nothing():
    arena = ls.simulate(400, 4, style={"words": 0.5}, n_prompts=6, n_voters=5, seed=2)
    with pytest.warns(ls.LlamaStyleWarning):
        few = ls.fit(arena.battles)
    plan = battles_for(few, 40)
    assert plan["battles_needed"].isna().all()
    assert (plan["note"] != "").all()


def test_without_prices_todays_error_is_used_and_said():
    null = ls.fit(ls.simulate(1500, 5, style={"words": 0.0}, n_prompts=150, seed=4).battles)
    assert price_errors(null.design, null.estimates, None)[1] > 0.5
    plan = battles_for(null, 40)
    own = null.decompose().query("block == 'style' and group == ''").set_index("model")["std_error"]
    np.testing.assert_allclose(plan["std_error"], own[plan["model"]])
    assert plan["note"].str.startswith("planned with today's error").all()


@pytest.mark.parametrize(
    ("inflation", "options", "message"),
    [
        (15, {}, "15 lies within the margin of 20"),
        ([40, -20], {}, "-20 lies within the margin"),
        ([], {}, "must be Arena points"),
        (np.nan, {}, "must be Arena points"),
        ("much", {}, "must be Arena points"),
        (40, {"margin": 0}, "margin=0"),
        (40, {"level": 5}, "level=5"),
        (40, {"power": 80}, "power=80"),
        (40, {"reference": "model-7"}, "did you mean"),
    ],
)
def test_nonsense_is_refused(result, inflation, options, message):
    with pytest.raises(ls.FitError, match=message):
        battles_for(result, inflation, **options)


@pytest.mark.parametrize("factors", [[], [0], [-1, 2], [np.inf], "x"])
def test_factors_must_be_positive(result, factors):
    with pytest.raises(ls.FitError, match="factors="):
        power_curve(result, 40, factors=factors)
