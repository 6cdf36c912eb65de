"""Existence of the maximum, collinearity, overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from llamastyle.errors import ConvergenceError, FitError, SeparationError
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.diagnostics import (
    check_collinearity,
    check_connected,
    check_separation,
    overlap,
    separable_models,
)
from tests.regression.arenas import make_design

MODELS = ("a", "b", "c", "d", "e")


def votes(*battles: tuple[int, int, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a, b, y = zip(*battles, strict=True)
    return np.array(a), np.array(b), np.array(y, dtype=float)


BOTH = [(0, 1, 1.0), (1, 0, 1.0), (1, 2, 0.5)]  # a, b, c beat or tied one another


def test_two_groups_that_never_met_are_named():
    with pytest.raises(SeparationError, match=r"2 groups that never met: 'a', 'b', 'c'; 'd', 'e'"):
        check_connected(*votes(*BOTH, (3, 4, 0.5)), MODELS)


def test_a_model_that_won_everything_is_named():
    with pytest.raises(SeparationError, match=r"model 'd' never lost to the rest"):
        check_connected(*votes(*BOTH, (3, 0, 1.0), (1, 3, 0.0)), MODELS[:4])


def test_a_model_that_lost_everything_is_named():
    with pytest.raises(SeparationError, match=r"model 'd' never won against the rest"):
        check_connected(*votes(*BOTH, (3, 0, 0.0)), MODELS[:4])


def test_a_group_that_never_lost_to_the_rest_is_named():
    with pytest.raises(SeparationError, match=r"group of 2 models 'd', 'e' never lost to the rest"):
        check_connected(*votes(*BOTH, (3, 4, 1.0), (4, 3, 1.0), (3, 0, 1.0)), MODELS)


def test_a_probability_counts_both_ways():
    check_connected(*votes(*BOTH, (3, 0, 0.999)), MODELS[:4])


def test_dropping_repeats_until_it_holds():
    # e only beat d, and d only lost to e and to the rest: both must go, one after the other
    gone = separable_models(*votes(*BOTH, (4, 3, 1.0), (3, 0, 0.0)), MODELS)
    assert set(gone) == {"d", "e"}
    assert all(gone.values())
    a, b, y = votes(*BOTH)
    assert separable_models(a, b, y, MODELS[:3]) == {}


def test_dropping_everything_is_said():
    gone = separable_models(*votes((0, 1, 1.0), (2, 3, 1.0)), MODELS[:4])
    assert set(gone) == set(MODELS[:4])


def test_self_battles_connect_nothing():
    a, b, y = np.array([-1, 0]), np.array([-1, 1]), np.array([0.5, 0.5])
    assert separable_models(a, b, y, ("x", "y")) == {}
    assert set(separable_models(a[:1], b[:1], y[:1], ("x", "y"))) == {"x", "y"}


def test_a_separating_column_is_named():
    design = make_design(seed=8, n=200, m=4, k=3, ties=False)
    perfect = replace(design, y=(design.x[:, 1] + 0.01 * design.x[:, 0] > 0).astype(float))
    try:
        fit = fit_bradley_terry(perfect)
    except ConvergenceError:
        fit = None
    with pytest.raises(SeparationError, match=r"'x1'"):
        check_separation(perfect, fit)


def test_a_sound_fit_passes_every_check():
    design = make_design(seed=8)
    check_connected(design.a, design.b, design.y, design.spec.models)
    check_collinearity(design)
    check_separation(design, fit_bradley_terry(design))


def test_collinear_columns_are_named():
    design = make_design(seed=9)
    same = np.column_stack([design.x[:, :2], 2 * design.x[:, 0] - design.x[:, 1]])
    with pytest.raises(FitError, match=r"'x0'.*say the same"):
        check_collinearity(replace(design, x=same))


def test_a_column_constant_within_models_is_named():
    design = make_design(seed=9)
    level = np.arange(design.n_models) ** 2.0
    fixed = np.column_stack([design.x[:, :2], level[design.a] - level[design.b]])
    with pytest.raises(FitError, match=r"'x2'.*constant within models"):
        check_collinearity(replace(design, x=fixed))


def test_overlap_by_brute_force():
    design = make_design(seed=10, n=150, m=5)
    index = design.x[:, 0]
    found = overlap(design, index)
    for model in range(5):
        mine = np.concatenate([index[design.a == model], -index[design.b == model]])
        assert found.near[model] == pytest.approx(np.mean(np.abs(mine) < 0.25))
        assert found.low[model] == mine.min()
        assert found.high[model] == mine.max()
    assert not found.extrapolated.any()
    assert overlap(design, np.abs(index) * np.where(design.a == 0, 1, -1) + 1 * (design.a == 0)).extrapolated[
        0
    ]
