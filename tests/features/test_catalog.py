"""The catalogue and its presets."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls


def test_every_feature_is_described_and_finite():
    table = ls.list_features()
    columns = ["name", "group", "unit", "definition", "source", "oracle", "cannot_see"]
    assert table.columns.tolist() == columns
    assert table["name"].is_unique
    assert (table.drop(columns="source") != "").all(axis=None)
    assert not table.isna().any(axis=None)
    values = ls.extract(["", "# Hi\n\nGreat question! 🎉", "```\ncode\n```"], ls.ALL).values
    assert np.isfinite(values).all()


def test_presets():
    assert ls.ARENA.names == ("tokens", "arena_headers", "arena_lists", "arena_bold")
    assert {f.contrast for f in ls.ARENA} == {f.contrast for f in ls.ARENA_WORDS} == {"relative"}
    assert ls.ARENA_WORDS.names[0] == "words"
    assert 8 <= len(ls.DEFAULT) <= 15
    assert set(ls.DEFAULT.names) <= set(ls.ALL.names)


def test_unknown_names_have_near_ones():
    with pytest.raises(ls.FeatureError, match="words"):
        ls.FeatureSet.of(["wrods"])


@pytest.mark.shared_data
def test_default_features_do_not_repeat_each_other(shared):
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    battles = ls.read_battles(shared / "alpaca_eval" / "battles.parquet").take(np.arange(0, 32194, 8))
    u, v = ls.extract(battles).sides()
    x = np.log1p(u) - np.log1p(v)
    x = x / x.std(axis=0)
    off = np.corrcoef(x.T) - np.eye(x.shape[1])
    assert np.abs(off).max() < 0.9
    assert max(variance_inflation_factor(x, j) for j in range(x.shape[1])) < 10
