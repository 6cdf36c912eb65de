"""Contrasts and the design."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.errors import FitError
from llamastyle.regression.design import build_design, choose_contrasts, contrast

KINDS = ("difference", "relative", "density_relative", "log_ratio", "tanh")
VALUES = st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=20)


@pytest.mark.parametrize("kind", KINDS)
@given(pairs=VALUES)
def test_contrasts_are_antisymmetric(kind, pairs):
    u, v = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    np.testing.assert_array_equal(contrast(kind, u, v, inner=3.0), -contrast(kind, v, u, inner=3.0))


def test_contrasts_by_hand():
    u, v = np.array([3.0, 0.0]), np.array([1.0, 0.0])
    np.testing.assert_allclose(contrast("difference", u, v), [2, 0])
    np.testing.assert_allclose(contrast("relative", u, v), [0.5, 0])
    np.testing.assert_allclose(contrast("density_relative", u, v), [0.4, 0])
    np.testing.assert_allclose(contrast("log_ratio", u, v), [np.log(2), 0])
    np.testing.assert_allclose(contrast("tanh", u, v, inner=4.0), [np.tanh(0.5), 0])


@pytest.mark.parametrize(("kind", "value"), [("relative", -1.0), ("log_ratio", -1.0), ("difference", np.nan)])
def test_values_outside_the_domain_are_refused_by_name(kind, value):
    with pytest.raises(FitError, match="feature 'odd'"):
        contrast(kind, np.array([1.0, value]), np.array([1.0, 1.0]), name="odd")


def arena():
    return ls.simulate(400, 5, style={"words": 0.4, "bold": 0.1}, seed=1).battles


def test_columns_are_scaled_and_not_centred():
    battles = arena()
    table = ls.extract(battles)
    design, constant = build_design(
        battles, table, contrasts=choose_contrasts(table, None), correctness=True, position=True, cluster=None
    )
    assert constant == []
    assert [c.block for c in design.spec.columns] == ["style", "style", "correctness", "position"]
    np.testing.assert_allclose((design.x**2).mean(axis=0), 1)
    u, v = table.sides()
    raw = np.log1p(u[:, 0]) - np.log1p(v[:, 0])
    np.testing.assert_allclose(design.x[:, 0] * design.spec.columns[0].scale, raw)


def test_contrasts_by_feature_and_group():
    table = ls.extract(arena())
    assert choose_contrasts(table, "tanh") == {"words": "tanh", "bold": "tanh"}
    assert choose_contrasts(table, {"markdown": "relative"}) == {"words": "log_ratio", "bold": "relative"}
    with pytest.raises(FitError, match="did you mean 'words'"):
        choose_contrasts(table, {"wrods": "relative"})
    with pytest.raises(ls.LlamaStyleError, match="log_ratio"):
        choose_contrasts(table, "log")


def test_density_needs_tokens():
    with pytest.raises(FitError, match="needs 'tokens'"):
        ls.fit(arena(), contrast={"bold": "density_relative"})


def test_new_battles_get_the_recorded_scales():
    battles = arena()
    result = ls.fit(battles.take(np.arange(300)), contrast={"words": "tanh"})
    ours = result.predict(battles.take(np.arange(300)))
    np.testing.assert_allclose(ours, result.predict(), atol=1e-12)
    some = result.predict(battles.take(np.arange(10)))
    np.testing.assert_allclose(some, ours[:10], atol=1e-12)
