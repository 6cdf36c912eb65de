"""Numbers from a judge's answers, by hand and by statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from llamastyle.regression import judge_effects as effects
from llamastyle.regression.judge_calls import Call
from llamastyle.regression.judge_design import Comparison, Edit, Pairs, both_orders

NAN = float("nan")


def pairs(n: int = 40, clusters: int = 20, right=(1.0, 0.0)) -> Pairs:
    rows = range(n)
    return Pairs(
        tuple(f"q{i}" for i in rows), tuple(f"a{i}" for i in rows), tuple(f"b{i}" for i in rows),
        np.arange(n) % clusters, np.full(n, right[0]), np.full(n, right[1]),
    )  # fmt: skip


def edited(p: Pairs, edit: int = 0, side: int = 0, mark: str = "!") -> list[Comparison]:
    out = []
    for row, prompt in enumerate(p.prompt):
        own, other = (p.a[row], p.b[row]) if side == 0 else (p.b[row], p.a[row])
        out.append(
            Comparison(edit, row, side, both_orders(prompt, own + mark, other), both_orders(prompt, own, other))
        )
    return out


def answers(made: list[Comparison], p_edited, p_plain) -> dict[Call, float]:
    known: dict[Call, float] = {}
    for row, c in enumerate(made):
        for calls, p in ((c.edited, p_edited[row]), (c.plain, p_plain[row])):
            known[calls[0]], known[calls[1]] = p, 1 - p
    return known


def test_mean_by_cluster_is_statsmodels():
    rng = np.random.default_rng(0)
    values, clusters = rng.normal(size=60), rng.integers(0, 15, 60)
    found = effects.clustered_mean(values, clusters, 0.9)
    fitted = sm.OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
    assert found.estimate == pytest.approx(fitted.params[0])
    # statsmodels multiplies by (n - 1) / (n - k) too, which is 1 here
    assert found.error == pytest.approx(fitted.bse[0])
    assert (found.low, found.high) == pytest.approx(tuple(fitted.conf_int(0.1)[0]))


def test_a_share_of_everything_has_a_width():
    """Wilson's bound for n of n is n / (n + z^2)."""
    found = effects.clustered_share(np.ones(60), np.arange(60), 0.95)
    z = stats.norm.ppf(0.975)
    assert (found.estimate, found.low, found.high) == pytest.approx((1, 60 / (60 + z * z), 1), abs=1e-4)
    values = np.repeat([1.0, 0.5, 0.0], 20)
    share, mean = (f(values, np.arange(60), 0.95) for f in (effects.clustered_share, effects.clustered_mean))
    assert share.estimate == mean.estimate
    assert effects.clustered_share(values * 0.9, np.arange(60), 0.95) == effects.clustered_mean(values * 0.9, np.arange(60), 0.95)


def test_few_clusters_have_no_interval():
    found = effects.clustered_mean(np.arange(18.0), np.arange(18) % 9, 0.95)
    assert found.estimate == 8.5
    assert np.isnan(found.error)
    assert found.note == "9 prompts: at least 10 are needed"
    assert effects.clustered_mean(np.array([]), np.array([], int), 0.95).note == "nothing was compared"


def test_the_side_is_followed_through_both_orders():
    calls = both_orders("q", "x", "y")
    assert effects.sided({calls[0]: 0.9, calls[1]: 0.3}, calls) == pytest.approx(0.8)
    assert np.isnan(effects.sided({calls[0]: 0.9}, calls))


def test_effects_and_verdicts():
    rng = np.random.default_rng(1)
    p = pairs()
    noise = rng.normal(0, 0.01, 40)
    edits = [Edit(name, list, control=name == "null") for name in ("up", "down", "null", "none", "vague")]
    made = [c for k, mark in enumerate("!?~") for c in edited(p, k, mark=mark)]
    made += edited(p, 4, mark="+")
    lift = np.concatenate([0.2 + noise, -0.1 + noise, noise / 10, rng.normal(0.03, 0.1, 40)])
    known = answers(made, 0.5 + lift, np.full(160, 0.5))
    change = effects.changes(known, made)
    np.testing.assert_allclose(change, lift)
    rows = effects.effect_rows(p, edits, made, change, 0.02, 0.95)
    found = effects.with_verdicts(rows, 0.02, 0.95).set_index("intervention")
    assert found["verdict"].to_dict() == {
        "up": "preferred", "down": "penalised", "null": "control holds", "none": "insufficient data",
        "vague": "undetermined",
    }  # fmt: skip
    assert found.loc["up", "effect"] == pytest.approx(0.2 + noise.mean())
    assert found.loc["none", "note"] == "it changes none of these answers"
    assert np.isnan(found.loc["null", "q_value"])
    p_values = found.loc[["up", "down", "vague"], "p_value"].to_numpy()
    assert found.loc["vague", "q_value"] == pytest.approx(p_values.max())


def test_verdicts_alone_bound_no_small_effect_when_few_change():
    """Winners only, and no verdict changed: that is no sign that none would."""
    p = pairs()
    made = edited(p)
    known = answers(made, np.ones(40), np.ones(40))
    change = effects.changes(known, made)
    for coarse, clusters, verdict in ((True, p, "undetermined"), (False, p, "within the margin")):
        rows = effects.effect_rows(clusters, [Edit("up", list)], made, change, 0.02, 0.95, coarse)
        assert effects.with_verdicts(rows, 0.02, 0.95)["verdict"].tolist() == [verdict]
    assert (
        "changed for 0 of 20 prompts"
        in effects.effect_rows(p, [Edit("up", list)], made, change, 0.02, 0.95, True).loc[0, "note"]
    )
    many = pairs(200, 200)
    made = edited(many)
    known = answers(made, np.ones(200), np.ones(200))
    rows = effects.effect_rows(many, [Edit("up", list)], made, effects.changes(known, made), 0.02, 0.95, True)
    assert effects.with_verdicts(rows, 0.02, 0.95)["verdict"].tolist() == ["within the margin"]


def test_an_effect_of_the_margin_is_not_beyond_it():
    p = pairs()
    made = edited(p)
    known = answers(made, np.full(40, 0.52), np.full(40, 0.5))
    rows = effects.effect_rows(p, [Edit("up", list)], made, effects.changes(known, made), 0.02, 0.95)
    assert effects.with_verdicts(rows, 0.02, 0.95)["verdict"].tolist() == ["within the margin"]


def test_a_control_that_fails_says_so():
    p = pairs()
    made = edited(p)
    known = answers(made, np.full(40, 0.6), np.full(40, 0.5))
    rows = effects.effect_rows(
        p, [Edit("null", list, control=True)], made, effects.changes(known, made), 0.02, 0.95
    )
    assert effects.with_verdicts(rows, 0.02, 0.95)["verdict"].tolist() == ["control fails"]


def test_calls_that_failed_are_counted():
    p = pairs()
    made = edited(p)
    known = answers(made, np.full(40, 0.6), np.full(40, 0.5))
    del known[made[0].edited[1]]
    rows = effects.effect_rows(p, [Edit("up", list)], made, effects.changes(known, made), 0.02, 0.95)
    assert rows.loc[0, ["answers", "note"]].tolist() == [39, "1 answers left out: a call failed"]


def test_slope_on_the_dose():
    p = pairs()
    edits = [Edit("add", list, 1.0), Edit("add", list, 3.0), Edit("other", list)]
    made = [*edited(p, 0, mark="!"), *edited(p, 1, mark="!!!"), *edited(p, 2, mark="?")]
    rng = np.random.default_rng(2)
    dose = np.repeat([1.0, 3.0, 1.0], 40)
    change = 0.01 + 0.02 * dose + rng.normal(0, 0.005, 120)
    (row,) = effects.dose_frame(p, edits, made, change, 0.95).to_dict("records")
    assert row["intervention"] == "add"
    assert (row["doses"], row["answers"], row["clusters"]) == (2, 80, 20)
    assert row["conf_low"] < 0.02 < row["conf_high"]
    assert row["slope"] == pytest.approx((change[40:80].mean() - change[:40].mean()) / 2)


def test_position():
    p = pairs()
    known: dict[Call, float] = {}
    for row, prompt in enumerate(p.prompt):
        for text in (p.a[row], p.b[row]):
            known[Call(prompt, text, text)] = 0.6
        one, two = both_orders(prompt, p.a[row], p.b[row])
        known[one], known[two] = (0.9, 0.3) if row else (0.9, 0.7)  # the first of these is not the same both ways
    found = effects.position_frame(p, known, 0.95).set_index("what")
    assert found.loc["identical texts", ["answers", "estimate"]].tolist() == [80, pytest.approx(0.1)]
    assert found.loc["different texts", "estimate"] == pytest.approx((39 * 0.1 + 0.3) / 40)
    assert found.loc["same winner in both orders", "estimate"] == pytest.approx(39 / 40)


def test_correctness():
    p = pairs()
    made = [*edited(p, 0, 0), *edited(p, 0, 1)]
    known = answers(made, np.r_[np.full(40, 0.9), np.full(40, 0.5)], np.r_[np.full(40, 0.7), np.full(40, 0.3)])
    found = effects.correctness_frame(p, [Edit("up", list)], made, known, 0.95).set_index("edited")
    assert found.loc["none", "accuracy"] == pytest.approx(0.7)
    assert found.loc["right", ["accuracy", "change"]].tolist() == pytest.approx([0.9, 0.2])
    assert found.loc["wrong", ["accuracy", "change"]].tolist() == pytest.approx([0.5, -0.2])
    assert len(effects.correctness_frame(pairs(right=(NAN, NAN)), [], [], {}, 0.95)) == 0
    assert len(effects.correctness_frame(pairs(right=(1.0, 1.0)), [], [], {}, 0.95)) == 0


def test_frames_are_frames():
    assert isinstance(effects.dose_frame(pairs(), [], [], np.array([]), 0.95), pd.DataFrame)
