"""Oriented battles, content-blind rules and overlap, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from llamastyle.regression import model_free as free
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.decomposition import block_index
from tests.regression.arenas import make_design
from tests.regression.test_effects import estimates


def swapped(design, swap):
    sign = np.where(swap, -1.0, 1.0)
    return replace(
        design, a=np.where(swap, design.b, design.a), b=np.where(swap, design.a, design.b),
        y=np.where(swap, 1 - design.y, design.y), x=design.x * sign[:, None],
    )  # fmt: skip


def test_quintiles_by_hand():
    design = make_design(seed=81, n=500, clusters=None)
    est = estimates(design, "robust")
    gap = np.random.default_rng(0).integers(-1, 2, design.n).astype(float)
    index = np.round(np.random.default_rng(1).normal(0, 3, design.n))
    frame = free.model_free_frame(design, est.made, gap, {"words": index}, 0.95)
    assert frame.columns.tolist() == list(free.MODEL_FREE)
    use = (gap == 0) & (index != 0)
    won = np.where(index > 0, design.y, 1 - design.y)
    edges = np.quantile(np.abs(index[use]), [0.2, 0.4, 0.6, 0.8])
    seen = 0
    for q, row in frame.iloc[:5].iterrows():
        low = -1 if q == 0 else edges[q - 1]
        high = np.inf if q == 4 else edges[q]
        mask = use & (np.abs(index) > low) & (np.abs(index) <= high)
        assert row["battles"] == mask.sum()
        seen += mask.sum()
        if mask.any():
            assert row["win_rate"] == pytest.approx(won[mask].mean())
            assert (row["least"], row["most"]) == (np.abs(index[mask]).min(), np.abs(index[mask]).max())
        else:
            assert row["note"] == "no battle"
    whole = frame.iloc[5]
    assert (whole["quintile"], whole["battles"], seen) == ("all", use.sum(), use.sum())
    assert f"{int(((gap == 0) & (index == 0)).sum())} battles with equal words" in whole["note"]
    n = whole["effective_battles"]
    low, high = proportion_confint(whole["win_rate"] * n, n, method="wilson")
    assert (whole["conf_low"], whole["conf_high"]) == (pytest.approx(low), pytest.approx(high))


def test_an_index_that_is_not_known_gives_reasons():
    design = make_design(seed=82)
    frame = free.model_free_frame(design, estimates(design).made, None, {"style": np.full(design.n, np.nan)}, 0.95)
    assert (frame["battles"] == 0).all()
    assert (frame["note"] != "").all()
    assert "600 battles whose style is not known" in frame["note"].iloc[-1]


def test_rules_count_agreement_and_say_how_often_they_decide():
    design = make_design(seed=83, n=600, clusters=50)
    est = estimates(design)
    rng = np.random.default_rng(2)
    words, bold, headers = rng.integers(-2, 3, (3, design.n)).astype(float)
    rules = free.blind_rules(
        design.n, {"words": ("length", words), "bold": ("markdown", bold), "headers": ("markdown", 100 * headers)}
    )
    assert list(rules) == ["longer wins (words)", "more markdown wins", "first wins"]
    frame = free.ruler_frame(design, est, rules, 0.95, 0).set_index("ruler")
    assert frame.reset_index().columns.tolist() == list(free.RULERS)
    decisive = design.y != 0.5
    for name, rule in (("longer wins (words)", words), ("more markdown wins", np.sign(bold) + np.sign(headers))):
        right = np.where(rule == 0, 0.5, (rule > 0) == (design.y > 0.5))[decisive]
        assert frame.loc[name, "agreement"] == pytest.approx(right.mean())
        assert frame.loc[name, "decided"] == pytest.approx((rule != 0)[decisive].mean())
    assert frame.loc["first wins", "agreement"] == pytest.approx(design.y[decisive].mean())
    inside, outside = frame.loc["fit, in the sample", "agreement"], frame.loc["fit, held out", "agreement"]
    assert inside == pytest.approx(((est.fit.eta > 0) == (design.y > 0.5))[decisive].mean())
    assert 0.5 < outside <= inside + 0.02


def test_swapping_sides_changes_only_who_is_first():
    design = make_design(seed=84, weights=True)
    swap = np.random.default_rng(1).random(design.n) < 0.5
    sign, index = np.where(swap, -1.0, 1.0), np.random.default_rng(3).normal(size=design.n)
    tables, rulers = [], []
    for d, i in ((design, index), (swapped(design, swap), sign * index)):
        est = estimates(d)
        tables.append(free.model_free_frame(d, est.made, None, {"style": i}, 0.95))
        rulers.append(free.ruler_frame(d, est, free.blind_rules(d.n, {"words": ("length", i)}), 0.95, 0))
    assert tables[0].equals(tables[1])
    numbers = ["decided", "agreement", "conf_low", "conf_high"]
    others = rulers[0]["ruler"] != "first wins"
    np.testing.assert_allclose(rulers[0].loc[others, numbers], rulers[1].loc[others, numbers], rtol=1e-9)


def test_a_model_that_never_changes_its_side_is_named():
    design = make_design(seed=86)
    swap = design.b == 1
    fixed = swapped(design, swap)
    rules = free.blind_rules(design.n, {})
    for d, note in ((design, ""), (fixed, "m1 always stands on one side: the side cannot be told from who it is")):
        frame = free.ruler_frame(d, estimates(d), rules, 0.95, 0)
        assert frame.set_index("ruler").loc["first wins", "note"] == note


def test_overlap_by_hand():
    design = make_design(seed=85, n=300, m=4, k=3)
    x = design.x.copy()
    style = np.abs(fit_bradley_terry(design).beta[:2]).argmax()
    x[design.a == 2, style] = 3.0 + design.x[design.a == 2, 2]  # one model always has far more
    x[design.b == 2, style] = -3.0 + design.x[design.b == 2, 2]
    design = replace(design, x=x)
    est = estimates(design)
    index = block_index(design, est.fit.beta)
    frame = free.overlap_frame(design, est.fit, "style", ["", "", "", "thin"])
    assert frame.columns.tolist() == list(free.OVERLAP)
    rows = frame.set_index("model")
    for i, name in enumerate(design.spec.models):
        seen = np.concatenate([index[design.a == i], -index[design.b == i]])
        assert rows.loc[name, "battles"] == seen.size
        assert rows.loc[name, "near_parity"] == pytest.approx((np.abs(seen) < 0.25).mean())
        far = (np.abs(seen) < 0.25).mean() < 0.05 or seen.min() > 0 or seen.max() < 0
        assert bool(rows.loc[name, "extrapolated"]) == far
        assert rows.loc[name, "median"] == pytest.approx(np.median(seen))
        assert (rows.loc[name, "lowest"], rows.loc[name, "highest"]) == (seen.min(), seen.max())
    assert bool(rows.loc["m2", "extrapolated"])
    assert "extrapolated" in rows.loc["m2", "note"]
    assert rows.loc["m3", "note"].endswith("thin")
    assert frame["model"].iloc[-1] == "all"
    assert rows.loc["all", "near_parity"] == pytest.approx((np.abs(index) < 0.25).mean())
