"""Features, sets and tables as objects."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import llamastyle as ls

TEXT = "Maybe **yes**, perhaps **no**. It might be so."


def test_ways_to_make_one():
    hedges = ls.pattern("hedges", r"\b(may|might|perhaps|maybe)\b")
    density = ls.ratio("bold_density", "bold", per="words", scale=100)

    @ls.per_text
    def ends_with_dot(text: str) -> float:
        return float(text.endswith("."))

    values = ls.extract([TEXT, "x"], [hedges, density, ends_with_dot]).values
    np.testing.assert_allclose(values, [[values[0, 0], 100 * 2 / 8, 1], [0, 0, 0]])
    assert values[0, 0] >= 2


def test_sets_add_and_do_not_change():
    mine = ls.pattern("hedges", "might")
    more = (
        ls.DEFAULT + [mine, "links_per_100_words"] if "links_per_100_words" in ls.ALL else ls.DEFAULT + [mine]
    )
    assert "hedges" in more
    assert "hedges" not in ls.DEFAULT
    assert more["hedges"] == mine
    assert more.names[: len(ls.DEFAULT)] == ls.DEFAULT.names
    with pytest.raises(AttributeError):
        ls.DEFAULT.label = "x"
    with pytest.raises(ls.FeatureError, match="words"):
        ls.DEFAULT + ["words"]
    assert pickle.loads(pickle.dumps(ls.DEFAULT)) == ls.DEFAULT


def test_tables():
    table = ls.extract(["a b", "c"], ["words", "bold"])
    assert table.names == ("words", "bold")
    assert table.column("words").tolist() == [2, 1]
    assert table.select(["bold"]).names == ("bold",)
    both = table.with_rows(np.array([0, 0]), np.array([1, 0]))
    assert both.to_frame().columns.tolist() == ["words_a", "words_b", "bold_a", "bold_b"]
    assert both.sides()[1][:, 0].tolist() == [1, 2]
    assert {"unicode", "emoji"} <= set(table.versions)
    with pytest.raises(ls.FeatureError, match="words"):
        table.column("wrods")
