"""Contrasts and the design."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.errors import FitError
from llamastyle.regression.design import (
    apply_spec,
    build_design,
    choose_contrasts,
    contrast,
    model_pairs,
    raw_contrast,
)
from tests.regression.arenas import make_design

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
    named = [(c.name, c.group, c.contrast) for c in design.spec.columns]
    assert named[:2] == [("words", "length", "log_ratio"), ("bold", "markdown", "log_ratio")]
    assert named[2:] == [(name, name, "difference") for name in ("correctness", "position")]
    nothing = {"contrasts": {}, "correctness": False, "position": False, "cluster": None}
    bare, constant = build_design(battles, ls.FeatureTable(np.empty((2 * len(battles), 0)), ls.FeatureSet([])), **nothing)
    assert (bare.x.shape, constant) == ((len(battles), 0), [])
    np.testing.assert_allclose((design.x**2).mean(axis=0), 1)
    u, v = table.sides()
    raw = np.log1p(u[:, 0]) - np.log1p(v[:, 0])
    np.testing.assert_allclose(design.x[:, 0] * design.spec.columns[0].scale, raw)
    heavy = replace(battles, weight=np.linspace(0.1, 3.0, len(battles)))
    _, weighted = built(heavy)
    scales = [column.scale for column in weighted.spec.columns]
    assert scales[0] == pytest.approx(np.sqrt(np.average(raw**2, weights=heavy.weight)))
    assert scales[-1] == 1


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
    made = ls.FeatureSet.of(["words", "tokens"])
    values = np.array([[3.0, 5.0], [8.0, 11.0]])
    table = ls.FeatureTable(values, made)
    rows, w = (np.array([0]), np.array([1])), np.ones(1)
    with pytest.raises(FitError, match="is not for 'tokens' itself"):
        raw_contrast(table, "tokens", "density_relative", rows, None, w)
    found, inner = raw_contrast(table, "words", "density_relative", rows, None, w)
    u, v = 3 / 6, 8 / 12
    assert (found[0], inner) == (pytest.approx((u - v) / (u + v + 1)), 1.0)


def test_columns_that_do_not_vary_are_dropped_by_name():
    battles = arena()
    battles = replace(battles, correct_a=np.ones(len(battles)), correct_b=np.ones(len(battles)))
    table = ls.extract(battles)
    options = {"contrasts": choose_contrasts(table, None), "position": False, "cluster": None}
    design, constant = build_design(battles, table, correctness=True, **options)
    assert constant == ["correctness"]
    assert [c.name for c in design.spec.columns] == ["words", "bold"]
    assert design.plain().spec.columns == ()
    assert design.plain().x.shape == (len(battles), 0)
    assert apply_spec(design.plain().spec, battles, table).x.shape == (len(battles), 0)


def test_new_battles_get_the_recorded_scales():
    battles = arena()
    result = ls.fit(battles.take(np.arange(300)), contrast={"words": "tanh"})
    ours = result.predict(battles.take(np.arange(300)))
    np.testing.assert_allclose(ours, result.predict(), atol=1e-12)
    some = result.predict(battles.take(np.arange(10)))
    np.testing.assert_allclose(some, ours[:10], atol=1e-12)


def built(battles):
    table = ls.extract(battles)
    options = {"correctness": True, "position": True, "cluster": None}
    return table, build_design(battles, table, contrasts=choose_contrasts(table, None), **options)[0]


def test_the_recorded_columns_on_the_same_battles_are_the_design():
    battles = arena()
    table, design = built(battles)
    again = apply_spec(design.spec, battles, table)
    assert again.spec is design.spec
    for name in ("x", "a", "b", "y", "w"):
        np.testing.assert_array_equal(getattr(again, name), getattr(design, name))


def test_one_unknown_model_is_named():
    battles = arena()
    table, design = built(battles)
    few = replace(design.spec, models=design.spec.models[:-1])
    with pytest.raises(FitError, match=f"^1 model of these battles is not in the fit: {design.spec.models[-1]}"):
        apply_spec(few, battles, table)


def test_battles_of_a_model_with_itself_or_without_names_are_silent():
    battles = SimpleNamespace(model_a=np.array([0, 2, -1, 1, 2]), model_b=np.array([1, 2, 0, -1, 0]))
    a, b = model_pairs(battles)
    assert (a.tolist(), b.tolist()) == ([0, -1, -1, -1, 2], [1, -1, -1, -1, 0])


def test_some_battles_keep_all_that_is_theirs():
    design = make_design(seed=1, n=30, weights=True, clusters=5)
    rows = np.array([3, 17, 4])
    some = design.take(rows)
    for field in fields(design):
        ours, whole = getattr(some, field.name), getattr(design, field.name)
        assert ours is whole if field.name == "spec" else np.array_equal(ours, whole[rows])


@pytest.mark.parametrize("ways", [1, 2])
def test_rated_battles_are_those_of_two_models_and_their_clusters_are_counted_anew(ways):
    design = make_design(seed=1, n=8, m=3, clusters=4)
    cluster = np.column_stack([[5, 5, 7, 7, 2, 2, 9, 9], [0, 3, 0, 3, 1, 1, 1, 1]])[:, :ways].squeeze()
    silent = np.array([0, 1, 0, 0, 1, 1, 0, 0], dtype=bool)
    mixed = replace(design, a=np.where(silent, -1, np.arange(8) % 2), b=np.where(silent, -1, 2), cluster=cluster)
    met = mixed.rated()
    assert met.a.tolist() == [0, 0, 1, 0, 1]
    assert met.cluster.tolist() == ([0, 1, 1, 2, 2] if ways == 1 else [[0, 0], [1, 0], [1, 2], [2, 1], [2, 1]])
    assert design.rated() is design


def test_the_scale_inside_tanh_is_that_of_the_differences():
    battles = arena()
    table = ls.extract(battles)
    chosen = choose_contrasts(table, "tanh")
    design, _ = build_design(battles, table, contrasts=chosen, correctness=False, position=False, cluster=None)
    u, v = table.sides()
    np.testing.assert_allclose([c.inner for c in design.spec.columns], np.sqrt(((u - v) ** 2).mean(axis=0)))


def test_new_battles_need_the_correctness_that_the_fit_used():
    battles = arena()
    table, design = built(battles)
    assert design.n_free == 5 - 1 + 4
    assert replace(design, spec=replace(design.spec, models=())).n_free == 4
    hidden = replace(battles, correct_a=np.where(np.arange(len(battles)) == 3, np.nan, battles.correct_a))
    for without in (replace(battles, correct_a=None), replace(battles, correct_b=None), hidden):
        with pytest.raises(FitError, match="^the fit used correctness: these battles need it on both sides$"):
            apply_spec(design.spec, without, table)
    prices = apply_spec(replace(design.spec, models=()), battles, table)
    np.testing.assert_array_equal(prices.x, design.x)
    np.testing.assert_array_equal(prices.a, battles.model_a)
