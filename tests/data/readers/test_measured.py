"""Features that come with a table."""

from __future__ import annotations

import numpy as np

import llamastyle as ls
from llamastyle.data.readers.measured import can_name, feature_table


def test_known_features_are_those_of_the_catalogue_and_others_are_simple() -> None:
    table = feature_table(["words", "charm"], np.ones((4, 2)))
    assert table.features["words"] == ls.ALL["words"]
    assert table.features["charm"].contrast == "difference"
    assert table.features["charm"].group == "own"
    assert table.names == ("words", "charm")


def test_names_of_features() -> None:
    assert can_name("words")
    assert can_name("länge_2")
    assert not can_name("2nd")
    assert not can_name("mean words")


def test_a_table_of_measured_features_needs_no_texts() -> None:
    rows = [
        {"model_a": "x", "model_b": "y", "winner": "tie", "words_a": 3, "words_b": i, "n x_a": 1, "n x_b": 2}
        for i in range(3)
    ]
    battles = ls.read_battles(rows)
    assert battles.measured is not None
    a, b = battles.measured.sides()
    assert (a[:, 0].tolist(), b[:, 0].tolist()) == ([3, 3, 3], [0, 1, 2])
    assert "numeric pairs whose names are no names of features are not used: n x" in battles.notes
    assert "1 feature measured in the table: words" in battles.notes
    assert ls.extract(battles).to_frame()["words_b"].tolist() == [0, 1, 2]
    assert battles.texts.null_count == len(battles.texts) == 6
    assert battles.columns.empty
