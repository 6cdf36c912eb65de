"""Figures at rates of wrong labels: what they are made of, when verdicts go, what is withheld and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

import llamastyle as ls
from llamastyle.regression.decomposition import POINTS, decompose_ratings, parity
from llamastyle.regression.inference import standard_errors
from llamastyle.regression.label_rates import (
    ASSUMED,
    LABEL_ERROR,
    Rules,
    assumed_rate,
    battle_labels,
    figures,
    label_error_frame,
    measured_rate,
)
from llamastyle.regression.mislabels import Agreement, corrected, labels_of
from tests.regression.mislabelled import answers, fitted


@pytest.fixture(scope="module")
def found():
    return answers(1, 0.1, n=3000, prompts=600)


@pytest.fixture(scope="module")
def est(found):
    return fitted(found.design)


@pytest.fixture(scope="module")
def frame(found, est):
    return label_error_frame(found.design, est, found.labels, Rules())


def test_columns_and_rows(frame, found):
    assert list(frame.columns) == list(LABEL_ERROR)
    assert sorted(set(frame["error_rate"])) == list(ASSUMED)
    assert len(frame) == len(ASSUMED) * (2 + 2 * found.design.n_models)


def test_at_zero_it_is_the_fit(found, est, frame):
    first = frame[frame["error_rate"] == 0]
    prices = first[first["kind"] == "price"]
    np.testing.assert_allclose(prices["estimate"], est.fit.beta)
    np.testing.assert_allclose(prices["std_error"] ** 2, np.diag(est.made.cov)[6:])


def test_every_figure_is_that_of_the_corrected_battles(found, est, frame):
    wide, after = corrected(found.design, est, 0.1, found.labels)
    style = next(p for p in decompose_ratings(wide, after.fit, after.made, after.profiles) if p.block == "style")
    change = parity(wide, after.fit, after.made)
    there = frame[frame["error_rate"] == 0.1].set_index("kind")
    np.testing.assert_allclose(there.loc["inflation", "estimate"], POINTS * style.estimate)
    np.testing.assert_allclose(there.loc["inflation", "std_error"], POINTS * standard_errors(after.made, style.influence))
    np.testing.assert_allclose(there.loc["parity_change", "estimate"], change.change)
    np.testing.assert_allclose(there.loc["parity_change", "std_error"], change.change_error)


def test_the_rate_at_which_a_verdict_goes(found, est, frame):
    """Found by going through every hundredth, and no smaller one changes it."""
    rows = frame[(frame["error_rate"] == 0) & (frame["kind"] == "price")].set_index("term")
    assert rows.loc["words", "verdict"] == "above zero"
    gone = float(rows.loc["words", "disappears_at"])
    assert 0 < gone <= 0.1
    for rate in np.arange(0, 0.201, 0.01):
        at = figures(found.design, est, float(rate), found.labels, Rules())
        t = at.estimate[0] / at.std_error[0]
        if rate < gone - 1e-9:
            assert t > 1.96
        elif abs(rate - gone) < 1e-9:
            assert t < 1.97
    assert np.isnan(rows.loc["correctness", "disappears_at"])
    last = frame.loc[frame["estimate"].notna(), "error_rate"].max()
    assert rows.loc["correctness", "note"] == f"holds up to {100 * last:g} %"


@pytest.mark.parametrize("shown", [(0.0, 0.1), (0.0, 0.05, 0.1), (0.0, 0.033, 0.1)])
@pytest.mark.parametrize("seed", [1, 4, 6])
def test_the_first_hundredth_at_which_prices_lose_their_sign(seed, shown):
    found = answers(seed, 0.1, n=2000, prompts=400)
    est = fitted(found.design)
    frame = label_error_frame(found.design, est, found.labels, Rules(), None, shown)
    told = frame["verdict"].isin(["above zero", "below zero"]) & (frame["kind"] == "price")
    half = stats.t.ppf(0.975, est.made.df)
    for _, row in frame[told & (frame["error_rate"] == 0)].iterrows():
        j = 0 if row["term"] == "words" else 1
        lost = []
        for rate in sorted({*np.arange(0, 0.101, 0.01).round(2), *shown}):
            at = figures(found.design, est, float(rate), found.labels, Rules())
            if abs(at.estimate[j]) <= half * at.std_error[j]:
                lost.append(rate)
        assert row["disappears_at"] == pytest.approx(lost[0]) if lost else np.isnan(row["disappears_at"])


def test_no_verdict_cannot_disappear(frame):
    unsure = frame[(frame["error_rate"] == 0) & frame["verdict"].isin(["undetermined", "not told from zero"])]
    assert len(unsure)
    assert unsure["disappears_at"].isna().all()


def test_a_known_rate(found, est):
    frame = label_error_frame(found.design, est, found.labels, Rules(), Agreement(0.1))
    assert sorted(set(frame["error_rate"])) == [0.0, 0.1]
    words = frame[(frame["kind"] == "price") & (frame["term"] == "words") & (frame["error_rate"] == 0.1)].iloc[0]
    assert words["conf_low"] < 0 < words["conf_high"]


def test_what_not_knowing_the_rate_adds(found, est):
    """The delta method against figures over rates drawn from their distribution."""
    exact = figures(found.design, est, 0.1, found.labels, Rules())
    rough = figures(found.design, est, 0.1, found.labels, Rules(), 0.01)
    drawn = [
        figures(found.design, est, float(r), found.labels, Rules()).estimate
        for r in np.random.default_rng(0).normal(0.1, 0.01, 60)
    ]
    added = np.sqrt(rough.std_error**2 - exact.std_error**2)
    np.testing.assert_allclose(added[:2], np.std(drawn, axis=0)[:2], rtol=0.3)
    np.testing.assert_allclose(rough.estimate, exact.estimate)


def test_a_rate_above_what_labels_allow_is_not_possible(found, est):
    rare = replace(found.labels, right_a=np.ones(found.design.n), right_b=np.ones(found.design.n))
    at = figures(found.design, est, 0.1, rare, Rules())
    assert np.isnan(at.estimate).all()
    assert at.note[0].startswith("not possible: 0.0 % of the labels say wrong")


def test_a_model_whose_labels_contradict_the_rate_is_named():
    found = answers(2, 0.0, n=3000, prompts=600)
    model = 3
    turned = [
        np.where(side == model, 1.0, right)
        for side, right in ((found.design.a, found.labels.right_a), (found.design.b, found.labels.right_b))
    ]
    scale = found.design.spec.columns[1].scale
    design = replace(found.design, x=np.column_stack([found.design.x[:, 0], (turned[0] - turned[1]) / scale]))
    labels = labels_of(found.labels.a, found.labels.b, *turned)
    at = figures(design, fitted(design), 0.05, labels, Rules())
    assert "labels of 'm3' say wrong, so fewer are wrong than assumed" in at.note[0]
    assert figures(design, fitted(design), 0.0, labels, Rules()).note[0] == ""


def test_labels_shared_between_clusters_withhold_parity_intervals():
    found = answers(3, 0.05, n=2000, prompts=100)
    design = replace(found.design, cluster=np.arange(2000) % 200)
    frame = label_error_frame(design, fitted(design), found.labels, Rules(), Agreement(0.05))
    parity_rows = frame[(frame["kind"] == "parity_change") & (frame["error_rate"] > 0)]
    assert parity_rows["estimate"].notna().all()
    assert parity_rows["conf_low"].isna().all()
    assert parity_rows["note"].str.contains("judged in several clusters").all()
    assert parity_rows["disappears_at"].isna().all()
    prices = frame[(frame["kind"] == "price") & (frame["error_rate"] > 0)]
    assert prices["conf_low"].notna().all()


def test_no_number_is_missing_without_a_reason(found, est):
    thin = replace(est, counts=np.where(np.arange(6) == 2, 4, est.counts))
    frame = label_error_frame(found.design, thin, found.labels, Rules(), None, (0.0, 0.1, 0.45))
    assert (frame.loc[frame["std_error"].isna(), "note"] != "").all()
    assert frame.loc[frame["term"] == "m2", "estimate"].isna().all()


def test_too_few_values_of_a_cluster_give_no_verdict(found, est):
    few = replace(est, clustering=replace(est.clustering, conditional="prompt_id has 5 values"))
    frame = label_error_frame(found.design, few, found.labels, Rules(), Agreement(0.1))
    inflation = frame[frame["kind"] == "inflation"]
    assert set(inflation["verdict"]) == {"insufficient data"}
    assert inflation["note"].str.contains("prompt_id has 5 values, below 10").all()


@pytest.mark.parametrize("rate", [-0.1, 0.5, True, "0.1", float("nan")])
def test_rates_that_are_none(rate):
    with pytest.raises(ls.FitError, match=r"must be a share of wrong labels in \[0, 0\.5\)"):
        assumed_rate(rate)


def test_labels_of_battles():
    arena = ls.simulate(400, 4, n_prompts=50, seed=1).battles
    labels = battle_labels(arena)
    code = arena.codes("prompt_id")[0]
    same = (code[:, None] == code) & (arena.model_a[:, None] == arena.model_a)
    np.testing.assert_array_equal(labels.a[:, None] == labels.a, same)
    texts = ls.simulate(60, 3, texts=True, n_prompts=10, seed=1).battles
    np.testing.assert_array_equal(battle_labels(texts).a, texts.row_a)
    with pytest.raises(ls.FitError, match="wrong labels need labels"):
        battle_labels(replace(arena, correct_a=None, correct_b=None))


def test_a_second_labelling_gives_the_rate():
    arena = ls.simulate(4000, 8, n_prompts=400, seed=3).battles
    labels = battle_labels(arena)
    code = np.concatenate([labels.a, labels.b])
    rng = np.random.default_rng(0)

    def labelled():
        turn = rng.random(int(code.max()) + 1) < 0.1
        right = [np.where(turn[c], 1 - r, r) for c, r in ((labels.a, arena.correct_a), (labels.b, arena.correct_b))]
        return replace(arena, correct_a=right[0], correct_b=right[1])

    one, two = labelled(), labelled()
    found = measured_rate(one, battle_labels(one), two, None)
    assert found.labels == np.unique(code).size
    assert found.rate == pytest.approx(0.1, abs=3 * found.std_error)
    assert measured_rate(one, battle_labels(one), arena, 0.0).rate == pytest.approx(0.1, abs=0.02)
    some = replace(two, correct_a=np.where(np.arange(4000) < 100, two.correct_a, np.nan), correct_b=np.full(4000, np.nan))
    assert 0 < measured_rate(one, battle_labels(one), some, None).labels <= 100
