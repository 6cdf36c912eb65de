"""Simulated arenas are what they say they are."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.answers import DIALS
from llamastyle.data.simulation import VERSIONS, parity_changes
from llamastyle.data.worlds import POINTS
from llamastyle.regression.planted import planted_models, planted_prices
from tests.data.checking import fact_of, facts_in


def test_same_seed_same_arena():
    one, two = (ls.simulate(300, seed=4).battles.to_frame() for _ in range(2))
    assert one.equals(two)
    assert not one.equals(ls.simulate(300, seed=5).battles.to_frame())


def test_profiles_and_votes_follow_the_world():
    arena = ls.simulate(60_000, 6, style={"words": 0.5, "emoji": -0.3}, ties=0.5, position=0.4, seed=2)
    battles, world = arena.battles, arena.world
    a, b = (np.log1p(side) for side in battles.measured.sides())
    for model in range(6):
        mine = np.vstack([a[battles.model_a == model], b[battles.model_b == model]])
        np.testing.assert_allclose(mine.mean(axis=0), world.style[model], atol=0.02)
    eta = world.strength[battles.model_a] - world.strength[battles.model_b] + (a - b) @ world.price
    eta += world.price_right * (battles.correct_a - battles.correct_b) + world.position
    p = 1 / (1 + np.exp(-eta))
    assert battles.outcome.mean() == pytest.approx(p.mean(), abs=0.006)
    decided = np.digitize(p, [0.2, 0.4, 0.6, 0.8])
    for bin_ in range(5):
        assert battles.outcome[decided == bin_].mean() == pytest.approx(p[decided == bin_].mean(), abs=0.015)
    assert (battles.outcome == 0.5).mean() == pytest.approx((np.minimum(p, 1 - p)).mean(), abs=0.01)


def test_prompts_and_voters_repeat_and_responses_are_reused():
    arena = ls.simulate(2000, 4, n_prompts=50, n_voters=20, seed=3)
    frame = arena.battles.to_frame()
    assert frame["prompt_id"].nunique() == 50
    assert frame["voter"].nunique() == 20
    assert frame.groupby(["prompt_id", "model_a"])["words_a"].nunique().max() == 1


def test_truth():
    arena = ls.simulate(200, 5, style={"words": 0.5}, seed=6)
    truth = arena.truth(400_000)
    assert truth["inflation"].sum() == pytest.approx(0, abs=1e-9)
    assert np.corrcoef(truth["inflation"], truth["parity_change"])[0, 1] > 0.8
    np.testing.assert_allclose(
        truth["parity_change"], parity_changes(arena.world, 400_000, seed=9), atol=2e-3
    )
    nothing = ls.simulate(200, 5, style={}, seed=6)
    assert (nothing.truth(1000)[["inflation", "parity_change"]] == 0).all(axis=None)


WORLD = ls.simulate(2, 3, seed=1).world


@pytest.mark.parametrize(
    "options",
    [
        {"n_battles": 0},
        {"n_models": 1},
        {"ties": 1.5},
        {"texts": True, "style": {"italic": 1.0}},
        {"texts": True, "world": WORLD},
        {"versions": "style", "world": WORLD},
    ],
)
def test_impossible_arenas_are_refused(options):
    with pytest.raises(ls.DataError):
        ls.simulate(**options)


def test_unknown_versions_are_refused():
    with pytest.raises(ls.LlamaStyleError, match="did you mean 'style'"):
        ls.simulate(10, versions="styles")


@pytest.fixture(scope="module")
def wordy():
    """An arena of texts without prices on some dials."""
    style = {"words": 0.5, "bold": 0.3, "emoji": -0.3}
    return ls.simulate(12_000, 5, style=style, texts=True, ties=0.4, n_prompts=3000, seed=2)


def test_texts_say_what_is_recorded(wordy):
    battles = wordy.battles
    assert battles.measured is None
    assert battles.texts.null_count == 0
    frame = battles.to_frame()
    assert frame.groupby(["prompt_id", "model_a"])["response_a"].nunique().max() == 1
    assert frame.groupby("prompt_id")["prompt"].nunique().max() == 1
    assert frame["prompt"].nunique() == frame["prompt_id"].nunique()
    for side in ("a", "b"):
        for prompt, text, right in zip(
            frame["prompt"][:3000], frame[f"response_{side}"], frame[f"correct_{side}"], strict=False
        ):
            assert (facts_in(text) == [fact_of(prompt)]) == (right == 1)


def test_votes_follow_what_the_scanner_counts(wordy):
    battles, world = wordy.battles, wordy.world
    a, b = (np.log1p(side) for side in ls.extract(battles, list(DIALS)).sides())
    eta = world.strength[battles.model_a] - world.strength[battles.model_b] + (a - b) @ world.price
    eta += world.price_right * (battles.correct_a - battles.correct_b)
    p = 1 / (1 + np.exp(-eta))
    residual = battles.outcome - p
    assert abs(residual.mean()) < 4 * 0.5 / np.sqrt(len(p))
    decided = np.digitize(p, [0.3, 0.5, 0.7])
    for bin_ in range(4):
        here = residual[decided == bin_]
        assert abs(here.mean()) < 4 * here.std() / np.sqrt(here.size)
    for model in range(5):
        mine = np.vstack([a[battles.model_a == model], b[battles.model_b == model]])
        np.testing.assert_allclose(mine.mean(axis=0), world.profile[model], atol=0.06)


def test_style_knows_nothing_of_being_right(wordy):
    responses = wordy.battles.responses
    style = np.log1p(ls.extract(responses, list(DIALS)).values)
    for model in range(5):
        mine = responses.model == model
        for column in style[mine].T:
            r = np.corrcoef(column, responses.correct[mine])[0, 1]
            assert abs(r) < 4 / np.sqrt(mine.sum())


def test_texts_come_from_the_seed():
    one, two = (ls.simulate(200, texts=True, versions="both", seed=4).battles.to_frame() for _ in range(2))
    assert one.equals(two)
    other = ls.simulate(200, texts=True, versions="both", seed=5).battles.to_frame()
    assert not one["response_a"].equals(other["response_a"])


def test_texts_survive_a_file(tmp_path):
    arena = ls.simulate(300, 4, texts=True, seed=5)
    arena.battles.to_frame().to_parquet(tmp_path / "votes.parquet")
    read = ls.read_battles(tmp_path / "votes.parquet")
    np.testing.assert_array_equal(
        ls.extract(read, list(DIALS)).sides(), ls.extract(arena.battles, list(DIALS)).sides()
    )
    np.testing.assert_array_equal(read.correct_a, arena.battles.correct_a)


def test_truth_of_texts_is_that_of_a_big_draw(wordy):
    """Parity change and inflation from a draw of its own, without the simulator."""
    world, rng, n, m = wordy.world, np.random.default_rng(7), 600_000, 5
    pair = rng.choice(m, size=(n, 2), p=world.popularity)
    while (same := pair[:, 0] == pair[:, 1]).any():
        pair[same, 1] = rng.choice(m, size=same.sum(), p=world.popularity)
    common = rng.normal(size=(len(pair), 6))
    hard = rng.normal(size=len(pair))
    style, right = [], []
    for side in pair.T:
        value = world.style[side] + world.spread * (common + rng.normal(size=common.shape)) / np.sqrt(2)
        counts = np.rint(np.exp(value.clip(0)) - 1)
        counts[:, 0] = np.maximum(counts[:, 0], 7 + counts[:, 1:4].sum(axis=1) + 2 * counts[:, 5])
        style.append(np.log1p(counts) @ world.price)
        right.append(rng.random(len(side)) < 1 / (1 + np.exp(hard - world.right[side])))
    rest = world.strength[pair[:, 0]] - world.strength[pair[:, 1]]
    rest += world.price_right * (right[0].astype(float) - right[1])
    change = 1 / (1 + np.exp(-(rest + style[0] - style[1]))) - 1 / (1 + np.exp(-rest))
    truth = wordy.truth(600_000)
    mean = np.array([np.concatenate([s[pair[:, i] == k] for i, s in enumerate(style)]).mean() for k in range(m)])
    np.testing.assert_allclose(truth["inflation"], POINTS * (mean - mean.mean()), atol=1.0)
    moved = [np.concatenate([change[pair[:, 0] == k], -change[pair[:, 1] == k]]).mean() for k in range(m)]
    np.testing.assert_allclose(truth["parity_change"], moved, atol=0.0015)


def test_gap_adds_up():
    arena = ls.simulate(50, 5, texts=True, versions="both", seed=6)
    gap = arena.gap(*VERSIONS)
    whole = gap[gap["term"] == ""].set_index("block")["planted"]
    assert whole["strength"] == pytest.approx(POINTS * 0.5)
    assert whole["total"] == pytest.approx(whole[["strength", "style", "correctness"]].sum())
    assert whole["style"] == pytest.approx(gap.loc[gap["term"] != "", "planted"].sum())
    inflation = arena.world.inflation
    assert whole["style"] == pytest.approx(inflation[0] - inflation[1])
    back = arena.gap(*VERSIONS[::-1])
    np.testing.assert_allclose(back["planted"], -gap["planted"])
    with pytest.raises(ls.DataError, match="did you mean 'atlas-release'"):
        arena.gap("atlas-experimental", "atlas-releas")


@pytest.mark.parametrize("differ", ["style", "substance", "both"])
def test_from_texts_to_the_verdict(differ):
    """Prices, inflation and the gap of two versions, over four arenas: errors are as large as they say."""
    z: dict[str, list[float]] = {"price": [], "inflation": [], "strength": [], "style": [], "correctness": []}
    for seed in range(4):
        arena = ls.simulate(2500, 6, texts=True, versions=differ, seed=seed)
        result = ls.fit(arena.battles, list(DIALS))
        inflation = planted_models(arena.truth(1000), result, "inflation")
        for name, frame in (("price", planted_prices(arena, result)), ("inflation", inflation)):
            z[name] += _distance(frame).tolist()
        found = result.decompose(reference=VERSIONS[1])
        found = found[(found["model"] == VERSIONS[0]) & (found["term"] == "") & (found["group"] == "")]
        gap = found.merge(arena.gap(*VERSIONS).query("term == ''"), on="block").set_index("block")
        assert (gap.loc["strength", "planted"] == 0) == (differ == "style")
        assert (gap.loc["style", "planted"] == 0) == (differ == "substance")
        for block in ("strength", "style", "correctness"):
            z[block].append(float(_distance(gap.loc[[block]])[0]))
        if differ != "substance":
            assert gap.loc["style", "conf_low"] > 0
    for name, distances in z.items():
        assert np.abs(distances).max() < 3.7, name
        assert np.mean(np.square(distances)) < (1.7 if name == "price" else 3.0), name
        assert np.mean(np.square(distances)) > 0.05, name


def _distance(frame):
    """Estimate minus truth, in standard errors."""
    error = (frame["conf_high"] - frame["conf_low"]).to_numpy() / 2 / 1.96
    return (frame["estimate"] - frame["planted"]).to_numpy() / error
