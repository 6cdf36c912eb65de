"""Tables of effects as methods of a result: what they hold, sides exchanged, several ways of clusters."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression.effects import marginal_effects
from llamastyle.regression.inference import standard_errors

TABLES = ("effects", "with_and_without", "fit_shares", "model_free", "rulers", "overlap", "transforms")


@pytest.fixture(scope="module")
def arena():
    style = {"words": 0.6, "bold": 0.2, "emoji": 0.3}
    return ls.simulate(3000, 6, style=style, n_prompts=300, n_voters=60, ties=0.2, seed=4)


@pytest.fixture(scope="module")
def result(arena):
    return ls.fit(arena.battles, cluster="prompt_id")


@pytest.mark.parametrize("name", TABLES)
def test_every_number_is_there_or_has_a_note(result, name):
    table = getattr(result, name)()
    assert len(table)
    numbers = table.select_dtypes("number")
    blank = numbers.isna().any(axis=1)
    if "note" in table:
        blank &= table["note"] == ""
    assert not blank.any(), table[blank]


@pytest.mark.parametrize("name", TABLES)
def test_sides_exchanged_change_nothing(arena, result, name):
    mask = np.random.default_rng(2).random(len(arena.battles)) < 0.5
    turned = ls.fit(arena.battles.swap(mask), cluster="prompt_id")
    one, two = getattr(result, name)(), getattr(turned, name)()
    if name == "rulers":
        one, two = (t[t["ruler"] != "first wins"] for t in (one, two))
    if name == "fit_shares":  # folds shuffle clusters, which are the same
        one, two = (t.drop(columns=["alone_cv"]) for t in (one, two))
    for column in one.select_dtypes("number"):
        np.testing.assert_allclose(two[column], one[column], rtol=1e-5, atol=1e-6, err_msg=column)


def test_effects_are_prices_times_the_mean_slope(result):
    table = result.effects().query("block == 'style'").drop_duplicates("term").set_index("term")
    p = result.predict()
    prices = result.params[table.index]
    np.testing.assert_allclose(table["effect"], prices * np.mean(p * (1 - p)), rtol=1e-9)
    np.testing.assert_allclose(table["odds_ratio"], np.exp(prices), rtol=1e-9)


def test_by_levels_and_exchange_rates(result):
    effects = result.by("voter")
    assert effects["level"].nunique() == 60
    frame = result.battles.to_frame()
    half = ls.read_battles(frame.assign(half=np.where(frame["prompt_id"].astype(int) % 2, "odd", "even")), cluster="half")
    other = ls.fit(half, cluster="prompt_id")
    table = other.by("half")
    assert table["level"].unique().tolist() == ["even", "odd"]
    assert table["p_equal"].notna().all()
    rates = other.by("half", measure="exchange")
    assert set(rates["unit"]) <= set(other.exchange_rates()["unit"])


def test_levels_in_several_ways_of_clusters(arena):
    frame = arena.battles.to_frame()
    frame["half"] = np.where(frame["prompt_id"].astype(int) % 2, "odd", "even")
    battles = ls.read_battles(frame, cluster=["prompt_id", "voter", "half"])
    one, two = (ls.fit(battles, cluster=c) for c in ("prompt_id", ["prompt_id", "voter"]))
    narrow, wide = (r.by("half").set_index(["term", "level"]) for r in (one, two))
    np.testing.assert_allclose(wide["effect"], narrow["effect"])
    assert not np.allclose(wide["std_error"], narrow["std_error"])
    assert wide["p_equal"].between(0, 1).all()
    alone = ls.fit(battles.filter((frame["half"] == "odd").to_numpy()), cluster=["prompt_id", "voter"])
    scale = {c.name: c.scale for c in alone.design.spec.columns}
    whole = {c.name: c.scale for c in two.design.spec.columns}
    est = alone.estimates
    errors = standard_errors(est.made, marginal_effects(alone.design, est.fit, est.made).influence)
    own = dict(zip(scale, errors, strict=True))  # by() has no floor under them, as effects() has
    for row in alone.effects().drop_duplicates("term").itertuples():
        mine = wide.loc[(row.term, "odd")]
        factor = 1.0 if row.block == "correctness" else whole[row.term] / scale[row.term]
        assert mine["effect"] == pytest.approx(row.effect * factor, rel=1e-5)
        step = 1.0 / scale[row.term] if row.block == "correctness" else factor
        assert mine["std_error"] == pytest.approx(own[row.term] * step, rel=1e-5)
        assert mine["std_error"] <= row.std_error * factor * (1 + 1e-9)


@pytest.mark.parametrize("name", TABLES)
def test_tables_stand_in_several_ways_of_clusters(arena, name):
    two = ls.fit(arena.battles, cluster=["prompt_id", "voter"])
    one = ls.fit(arena.battles, cluster="prompt_id")
    mine, theirs = getattr(two, name)(), getattr(one, name)()
    assert mine.shape == theirs.shape
    assert mine.select_dtypes("number").isna().sum().sum() == theirs.select_dtypes("number").isna().sum().sum()


def test_shares_of_the_fit_add_up(result):
    shares = result.fit_shares().set_index("block")
    for column in ("gain", "gain_cv"):
        assert shares[column].iloc[:-1].sum() == pytest.approx(shares.loc["total", column], abs=1e-9)
