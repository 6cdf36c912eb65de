"""LMArena's style control against a direct minimisation of the loss it publishes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit

import llamastyle as ls


@pytest.fixture(scope="module")
def battles():
    return ls.simulate(3000, 6, texts=True, seed=2).battles


def their_loss(params, a, b, x, y, m):
    """Sum of log losses, with ratings in units of 400 points, and 0.25 times the sum of squares."""
    p = expit(np.log(10) * (params[a] - params[b]) + x @ params[m:])
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum() + 0.25 * params @ params


def test_ratings_and_coefficients_minimise_their_loss(battles):
    table = ls.extract(battles, ls.ARENA_WORDS).to_frame()
    names = ls.ARENA_WORDS.names
    u, v = (table[[f"{n}_{side}" for n in names]].to_numpy() for side in "ab")
    x = (u - v) / (u + v + 1)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    m = len(battles.models)
    args = (battles.model_a, battles.model_b, x, battles.outcome, m)
    best = minimize(their_loss, np.zeros(m + len(names)), args=args, method="L-BFGS-B", options={"gtol": 1e-7, "ftol": 1e-15})
    found = ls.arena_published(battles, ls.ARENA_WORDS)
    np.testing.assert_allclose(found.coefficients["estimate"], best.x[m:], atol=1e-4)
    ratings = found.ratings.set_index("model")["rating"][list(battles.models)]
    theirs = 400 * best.x[:m]
    np.testing.assert_allclose(ratings - ratings.mean(), theirs - theirs.mean(), atol=0.05)


def test_plain_ratings_are_ours(battles):
    ours = ls.fit(battles, ["words"]).ratings().set_index("model")["rating_plain"]
    theirs = ls.arena_published(battles, ls.ARENA_WORDS).ratings.set_index("model")["rating_plain"]
    np.testing.assert_allclose(theirs[ours.index], ours, atol=1e-6)


def test_the_anchor_is_mixtrals_where_it_is(battles):
    frame = battles.to_frame().replace({"model-03": "mixtral-8x7b-instruct-v0.1"})
    table = ls.arena_published(frame, ls.ARENA_WORDS).ratings.set_index("model")
    assert table.loc["mixtral-8x7b-instruct-v0.1"].tolist() == pytest.approx([1114.0, 1114.0])


def test_without_tokens_or_models_it_says_what_to_do(battles):
    with pytest.raises(ls.FeatureError, match="ARENA_WORDS"):
        ls.arena_published(battles)
    with pytest.raises(ls.FitError, match="two named models"):
        ls.arena_published(battles.to_frame().drop(columns=["model_a", "model_b"]), ls.ARENA_WORDS)
    flat = pd.DataFrame([{"model_a": "x", "model_b": "y", "winner": w, "response_a": "a", "response_b": "b"} for w in ("model_a", "model_b")])
    with pytest.raises(ls.FitError, match="'words' does not vary"):
        ls.arena_published(flat, ls.ARENA_WORDS)
