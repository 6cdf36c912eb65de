"""Contrasts against fits made with them from the start."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression import transforms as tr


def table_of(result, **options):
    counts = result.battles.win_rates().set_index("model").loc[list(result.design.spec.models), "battles"]
    options = {"level": 0.95, "margin": 20.0, "fdr": 0.05, **options}
    return tr.transform_frame(
        result.design, result.estimates, result.battles, result.table, result.settings, counts.to_numpy(), **options
    )


@pytest.fixture(scope="module")
def arena():
    return ls.simulate(3000, 6, style={"words": 0.8, "bold": 0.2}, ties=0.2, seed=5)


@pytest.fixture(scope="module")
def frame(arena):
    return table_of(ls.fit(arena.battles))


@pytest.mark.parametrize("kind", tr.CONTRASTS)
def test_each_contrast_is_the_fit_made_with_it(arena, frame, kind):
    other = ls.fit(arena.battles, contrast=kind)
    mine = frame[frame["contrast"] == kind]
    prices = mine[mine["what"] == "price"].set_index("name")
    tidy = other.tidy().set_index("term").loc[prices.index]
    np.testing.assert_allclose(prices["estimate"], tidy["estimate"], atol=1e-8)
    np.testing.assert_allclose(prices["conf_low"], tidy["conf_low"], atol=1e-7)
    models = mine[mine["what"] == "inflation"].set_index("name")
    audit = other.audit().set_index("model").loc[models.index]
    np.testing.assert_allclose(models["estimate"], audit["inflation"], atol=1e-6)
    np.testing.assert_allclose(models["conf_high"], audit["inflation_high"], atol=1e-6)
    assert models["verdict"].tolist() == audit["verdict"].tolist()


def test_the_fit_itself_comes_first_and_columns_are_fixed(frame):
    assert frame.columns.tolist() == list(tr.TRANSFORMS)
    assert frame["contrast"].unique().tolist() == ["as fitted", *tr.CONTRASTS]
    sizes = frame.groupby("contrast").size()
    assert (sizes == 3 + 3 + 6).all()  # effects and prices of words, bold, correctness; six models


def test_features_outside_a_domain_keep_their_own_contrast(arena):
    battles = arena.battles
    values = battles.measured.values.copy()
    values[:, 1] -= 5.0  # a signed feature
    signed = replace(battles, measured=replace(battles.measured, values=values))
    frame = table_of(ls.fit(signed, contrast={"bold": "difference"}))
    note = frame[frame["contrast"] == "relative"]["note"]
    assert note.str.contains("outside the domain of relative, with their own contrast: bold").all()
    alone = table_of(ls.fit(signed, signed.measured.select(["bold"]), contrast="difference"))
    refused = alone[alone["contrast"] == "log_ratio"]
    assert refused["note"].tolist() == ["no feature is in the domain of log_ratio"]
    assert frame[frame["contrast"] == "tanh"]["estimate"].notna().all()


def test_a_column_that_does_not_vary_under_a_contrast_is_said_to_leave(arena):
    values = arena.battles.measured.values
    twice = np.column_stack([values[:, 0], np.expm1(2 * np.log1p(values[:, 0]))])  # the same in log_ratio only
    battles = replace(arena.battles, measured=replace(arena.battles.measured, values=twice))
    frame = table_of(ls.fit(battles, contrast="relative"))
    note = frame[frame["contrast"] == "log_ratio"]["note"]
    assert note.str.contains("left out, saying nothing of their own: bold").all()
