"""Levels against fits of their own battles, reweighted clusters, and textbook tests of equal means."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multivariate import test_mvmean as hotelling
from statsmodels.stats.oneway import anova_oneway

import llamastyle as ls
from llamastyle.regression import levels as lv
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.effects import marginal_effects
from llamastyle.regression.inference import sandwich, standard_errors
from tests.regression.arenas import make_design
from tests.regression.test_effects import estimates

NAMES = ["code", "maths", "prose"]


def leveled(seed=41, spanning=True, clusters=90, **options):
    design = make_design(seed=seed, n=1500, m=5, k=3, clusters=clusters, **options)
    rng = np.random.default_rng(seed)
    codes = rng.integers(3, size=design.n) if spanning else design.cluster % 3
    return design, codes.astype(np.int64)


@pytest.mark.parametrize("spanning", [True, False])
def test_a_level_is_the_fit_of_its_own_battles(spanning):
    design, codes = leveled(spanning=spanning, weights=True)
    found = lv.fit_levels(design, estimates(design), codes, NAMES)
    for i, one in enumerate(found):
        alone = design.take(np.flatnonzero(codes == i))
        alone = replace(alone, cluster=np.unique(alone.cluster, return_inverse=True)[1])
        fit = fit_bradley_terry(alone)
        made = sandwich(alone, fit, "cluster")
        expected = marginal_effects(alone, fit, made)
        np.testing.assert_allclose(one.effects.effect, expected.effect, rtol=1e-7)
        np.testing.assert_allclose(one.std_error, standard_errors(made, expected.influence), rtol=1e-6)


def test_covariance_between_levels_is_that_of_reweighting_clusters():
    design, codes = leveled(clusters=15)
    est = estimates(design)
    found = lv.fit_levels(design, est, codes, NAMES)
    _, cov, df = lv._joint(found, 1, lv._stacked(found, est.made))
    step, moves = 1e-4, []
    for g in range(15):
        sides = []
        for sign in (1, -1):
            w = design.w * (1 + sign * step * (design.cluster == g))
            parts = [replace(design, w=w).take(np.flatnonzero(codes == i)) for i in range(3)]
            fits = [fit_bradley_terry(p) for p in parts]
            sides.append(
                [marginal_effects(p, f, sandwich(p, f, "HC0")).effect[1] for p, f in zip(parts, fits, strict=True)]
            )
        moves.append((np.array(sides[0]) - np.array(sides[1])) / (2 * step))
    factor = np.sqrt([one.made.factor for one in found])
    np.testing.assert_allclose(cov, np.outer(factor, factor) * (np.array(moves).T @ np.array(moves)), rtol=2e-3)
    assert np.abs(cov[0, 1]) > 1e-9
    assert df.tolist() == [14, 14, 14]


def test_equality_of_separate_levels_is_welchs_test():
    rng = np.random.default_rng(0)
    groups = [rng.normal(shift, sd, n) for shift, sd, n in ((0, 1, 12), (0.4, 2, 30), (0.1, 0.5, 18))]
    means, sizes = np.array([g.mean() for g in groups]), np.array([g.size for g in groups])
    cov = np.diag([g.var(ddof=1) / g.size for g in groups])
    ours = lv._equality(means, cov, sizes - 1.0, SimpleNamespace(), shared=False)
    assert ours == pytest.approx(anova_oneway(groups, use_var="unequal").pvalue, rel=1e-9)


def test_equality_over_shared_clusters_is_no_less_careful_than_hotellings_test():
    rng = np.random.default_rng(1)
    data = rng.normal(0.1, 1, (14, 4)) + rng.normal(0, 1, (14, 1))
    cov, made = np.cov(data.T) / 14, SimpleNamespace(df=13.0, clusters=SimpleNamespace(counts=(14,)))
    gaps = data[:, 1:] - data[:, :1]
    exact = hotelling(gaps, np.zeros(3)).pvalue
    df = np.full(4, 13.0)
    welch = lv._equality(data.mean(axis=0), cov, df, made, shared=False)
    ours = lv._equality(data.mean(axis=0), cov, df, made, shared=True)
    assert ours == pytest.approx(max(exact, welch), rel=1e-9)
    few = SimpleNamespace(df=2.0, clusters=SimpleNamespace(counts=(3,)))
    assert np.isnan(lv._equality(np.zeros(4), cov, df, few, shared=True))


def test_without_clusters_equality_is_the_wald_test():
    design, codes = leveled(clusters=None)
    est = estimates(design, "robust")
    found = lv.fit_levels(design, est, codes, NAMES)
    same = lv.equal_levels(found, est.made, 3)
    gaps = [found[i].effects.effect[0] - found[0].effects.effect[0] for i in (1, 2)]
    v = np.array([one.std_error[0] ** 2 for one in found])
    wald = gaps @ np.linalg.inv(np.diag(v[1:]) + v[0]) @ gaps
    from scipy.stats import chi2

    assert same.p_value[0] == pytest.approx(chi2.sf(wald, 2))
    assert same.levels.tolist() == [3, 3, 3]


def test_a_planted_difference_is_found_and_none_is_not():
    design, codes = leveled(seed=43)
    rng = np.random.default_rng(5)
    eta = design.x @ [0.4, 0.3, 0.5] + 0.9 * (codes == 2) * design.x[:, 0]
    design = replace(design, y=(rng.random(design.n) < 1 / (1 + np.exp(-eta))).astype(float))
    frame = lv.levels_frame(design, estimates(design), codes, NAMES, 0.95)
    p = frame.drop_duplicates("term").set_index("term")
    assert p.loc["x0", "q_equal"] < 1e-3
    assert (p.loc[["x1", "x2"], "p_equal"] > 0.01).all()
    top = frame[frame["term"] == "x0"].set_index("level")
    assert top.loc["prose", "conf_low"] > top.loc["code", "conf_high"]


def test_levels_with_too_little_are_kept_with_a_reason():
    design, codes = leveled(seed=44)
    codes[codes == 2] = 1
    codes[:6], codes[6:40], codes[40:60] = 2, 3, -1
    x = design.x.copy()
    x[codes == 0, 1] = 0.0
    design = replace(design, x=x)
    frame = lv.levels_frame(design, estimates(design), codes, ["code", "maths", "prose", "law"], 0.95)
    assert frame.columns.tolist() == list(lv.BY)
    assert len(frame) == 12
    rows = frame.set_index(["term", "level"])
    assert "at least 10 are needed" in rows.loc[("x0", "prose"), "note"]
    assert "battles for 7 parameters" in rows.loc[("x0", "law"), "note"]
    assert "x1 does not vary here" in rows.loc[("x1", "code"), "note"]
    assert np.isfinite(rows.loc[("x0", "code"), "effect"])
    assert (rows["note"].str.contains("20 battles in which the column is empty")).all()
    blank = frame["effect"].isna()
    assert (frame.loc[blank, "note"].str.replace("20 battles.*", "", regex=True) != "").all()
    assert np.isnan(rows.loc[("x1", "maths"), "p_equal"])  # a single level has an effect of x1
    assert "fewer than two levels have an effect" in rows.loc[("x1", "maths"), "note"]


def test_models_without_a_finite_rating_in_a_level_leave_it():
    design, codes = leveled(seed=45)
    won = (codes == 1) & ((design.a == 3) | (design.b == 3))
    design = replace(design, y=np.where(won, np.where(design.a == 3, 1.0, 0.0), design.y))
    one = lv.fit_levels(design, estimates(design), codes, NAMES)[1]
    assert one.part.left_out == ("m3",)
    assert one.effects is not None
    frame = lv.levels_frame(design, estimates(design), codes, NAMES, 0.95)
    assert frame.loc[frame["level"] == "maths", "note"].str.contains("1 model without a finite rating").all()


def test_a_column_that_foretells_every_vote_of_a_level_leaves_with_its_battles():
    """The limit of the likelihood: prices of the rest are those with an ever larger price of that column."""
    design, codes = leveled(seed=49)
    x, y, rng = design.x.copy(), design.y.copy(), np.random.default_rng(2)
    here = np.flatnonzero(codes == 0)
    x[here, 1] = 0.0
    x[here[:12], 1] = rng.choice([-1.0, 1.0], 12) * rng.uniform(0.5, 2, 12)
    y[here[:12]] = (x[here[:12], 1] > 0).astype(float)
    design = replace(design, x=x, y=y)
    one = lv.fit_levels(design, estimates(design), codes, NAMES)[0]
    assert one.separated == ("x1",)
    assert one.part.rows.size == here.size - 12
    alone = design.take(here)
    from llamastyle.regression import links

    def llf(v):
        eta = np.append(v[:4], -v[:4].sum())[alone.a] - np.append(v[:4], -v[:4].sum())[alone.b]
        return -links.log_likelihood(alone.y, alone.w, eta + alone.x @ [v[4], 60.0, v[5]])

    from scipy.optimize import minimize

    best = minimize(llf, np.zeros(6), method="BFGS", options={"gtol": 1e-8}).x
    np.testing.assert_allclose(one.fit.beta, best[4:], atol=1e-4)
    frame = lv.levels_frame(design, estimates(design), codes, NAMES, 0.95).set_index(["term", "level"])
    assert "no finite price of x1" in frame.loc[("x1", "code"), "note"]
    assert np.isfinite(frame.loc[("x0", "code"), "effect"])
    assert np.isnan(frame.loc[("x1", "code"), "effect"])


def test_collinear_columns_of_a_level_are_its_reason():
    design, codes = leveled(seed=46)
    x = design.x.copy()
    x[codes == 0, 1] = 2 * x[codes == 0, 0]
    design = replace(design, x=x)
    one = lv.fit_levels(design, estimates(design), codes, NAMES)[0]
    assert "say the same" in one.reason


def test_natural_units_scale_and_the_test_does_not():
    design, codes = leveled(seed=47)
    est = estimates(design)
    plain = lv.levels_frame(design, est, codes, NAMES, 0.95)
    natural = lv.levels_frame(design, est, codes, NAMES, 0.95, natural=True)
    step = np.log(2) / design.spec.columns[0].scale
    mine = plain["term"] == "x0"
    np.testing.assert_allclose(natural.loc[mine, "effect"], step * plain.loc[mine, "effect"])
    np.testing.assert_allclose(natural["p_equal"], plain["p_equal"])


def test_exchange_rates_by_level():
    design, codes = leveled(seed=48)
    est = estimates(design)
    frame = lv.exchange_levels_frame(design, est, codes, NAMES, 0.95)
    assert frame.columns.tolist() == list(lv.BY_EXCHANGE)
    fits = lv.fit_levels(design, est, codes, NAMES)
    row = frame[(frame["term"] == "x1") & (frame["unit"] == "from 0 to 1") & (frame["level"] == "maths")].iloc[0]
    scale = [c.scale for c in design.spec.columns]
    expected = (fits[1].fit.beta[1] * np.log(2) / scale[1]) / (fits[1].fit.beta[2] / scale[2])
    assert row["estimate"] == pytest.approx(expected) or "withheld" in row["note"]
    assert ((frame["estimate"].notna()) | (frame["note"] != "")).all()


def with_columns(**columns):
    battles = ls.simulate(400, 3, style={"words": 0.5}, seed=1).battles
    return replace(battles, columns=battles.columns.assign(**columns))


def test_months_come_from_timestamps():
    days = pd.date_range("2025-01-20", periods=400, freq="6h")
    for times in (days, days.astype(str), (days - pd.Timestamp(0)) // pd.Timedelta("1s")):
        codes, names = lv.level_codes(with_columns(timestamp=times), "month")
        assert names == ["2025-01", "2025-02", "2025-03", "2025-04"]
        assert (codes == np.searchsorted(names, days.strftime("%Y-%m"))).all()
    with pytest.raises(ls.FitError, match="use by='month'"):
        lv.level_codes(with_columns(timestamp=days), "timestamp")


def test_unknown_column_names_the_known_ones():
    with pytest.raises(ls.FitError, match="did you mean 'voter'"):
        lv.level_codes(with_columns(), "voters")
    with pytest.raises(ls.FitError, match="at least two levels"):
        lv.level_codes(with_columns(judge="one"), "judge")
    codes, names = lv.level_codes(with_columns(judge=[None, "x", "y", "x"] * 100), "judge")
    assert names == ["x", "y"]
    assert codes[:4].tolist() == [-1, 0, 1, 0]


def test_a_level_that_keeps_no_battle_stays_with_its_reason():
    frame = ls.simulate(1500, 6, style={"words": 0.8}, seed=2).battles.to_frame()
    frame["topic"] = ["once", *["x", "y"] * 749, "x"]
    for cluster in ("prompt_id", ["prompt_id", "voter"]):
        table = ls.fit(ls.read_battles(frame, cluster=[*np.atleast_1d(cluster), "topic"]), cluster=cluster).by("topic")
        rows = table[table["level"] == "once"]
        assert len(rows)
        assert rows["effect"].isna().all()
        assert (rows["note"] != "").all()


def test_months_from_seconds_to_nanoseconds():
    at = pd.Series(pd.to_datetime(["2025-01-05", "2025-02-06", "2025-02-07"]).as_unit("ns").astype("int64"))
    for divide in (1, 10**3, 10**6, 10**9):
        assert lv._months(at // divide).tolist() == ["2025-01", "2025-02", "2025-02"]


def test_a_column_that_was_not_read_can_be(tmp_path):
    frame = ls.simulate(400, 3, style={"words": 0.5}, seed=1).battles.to_frame()
    frame["kind"] = np.where(np.arange(400) % 2, "code", "prose")
    frame.to_csv(tmp_path / "votes.csv", index=False)
    with pytest.raises(ls.FitError, match="not a column") as said:
        ls.fit(ls.read_battles(tmp_path / "votes.csv")).by("kind")
    assert "read_battles(..., cluster='kind'), or columns={'category': 'kind'}" in str(said.value)
    named = ls.read_battles(tmp_path / "votes.csv", columns={"category": "kind"})
    for battles, column in ((named, "category"), (ls.read_battles(tmp_path / "votes.csv", cluster="kind"), "kind")):
        assert lv.level_codes(battles, column)[1] == ["code", "prose"]
