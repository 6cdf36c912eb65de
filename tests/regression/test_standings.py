"""Means of a model's answers beside the field's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression.standings import STANDINGS, standings_frame


@pytest.fixture(scope="module")
def battles():
    made = ls.simulate(400, 6, style={"words": 0.8, "bold": 0.2}, seed=3).battles
    return replace(made, weight=np.random.default_rng(0).uniform(0.5, 2, len(made)))


def test_means_are_those_of_a_loop(battles):
    table = ls.extract(battles)
    terms = ["bold", "words"]
    found = standings_frame(battles, table, terms)
    assert tuple(found.columns) == STANDINGS
    means = np.empty((len(battles.models), 2))
    for m in range(len(battles.models)):
        total, weight = np.zeros(2), 0.0
        for i in range(len(battles)):
            for code, row in ((battles.model_a[i], battles.row_a[i]), (battles.model_b[i], battles.row_b[i])):
                if code == m:
                    total += battles.weight[i] * np.array([table.column(t)[row] for t in terms])
                    weight += battles.weight[i]
        means[m] = total / weight
    np.testing.assert_allclose(found["mean"].to_numpy().reshape(-1, 2), means)
    np.testing.assert_allclose(found["field"].to_numpy().reshape(-1, 2)[0], means.mean(0))
    np.testing.assert_allclose(found["spread"].to_numpy().reshape(-1, 2)[3], means.std(0, ddof=1))
    again = found["field"] + found["standing"] * found["spread"]
    np.testing.assert_allclose(again, found["mean"])


def test_few_models_have_no_spread(battles):
    few = ls.simulate(400, 4, seed=3).battles
    found = standings_frame(few, ls.extract(few), ["words"])
    assert found[["spread", "standing"]].isna().all(axis=None)
    assert found["field"].notna().all()


def test_a_mean_that_all_share_has_no_spread(battles):
    table = ls.extract(battles)
    same = replace(table, values=np.full_like(table.values, 0.1))
    assert standings_frame(battles, same, ["words"])["standing"].isna().all()
