"""Winner labels: canonical, mapped, or the row's own models."""

from __future__ import annotations

import ast
import math
import re
import shlex

import numpy as np
import pyarrow as pa
import pytest

from llamastyle.data.readers.labels import check_labels, read_winners, unknown_labels
from llamastyle.errors import DataError


def strings(*values: str | None) -> pa.Array:
    return pa.array(values, pa.large_string())


def test_canonical_labels() -> None:
    made = read_winners(strings("model_a", "model_b", "tie", "both_bad", "tie (bothbad)", None), {}, None)
    np.testing.assert_array_equal(made.outcome, [1, 0, 0.5, 0.5, 0.5, math.nan])
    assert made.both_bad.tolist() == [False, False, False, True, True, False]
    assert made.missing.tolist() == [False] * 5 + [True]
    assert made.unknown == {}


def test_mapped_labels_come_first() -> None:
    made = read_winners(strings("left", "model_a"), {"left": "model_a", "model_a": "model_b"}, None)
    assert made.outcome.tolist() == [1, 0]


def test_own_model_names() -> None:
    names = (strings("x", "y", "x", "x"), strings("y", "x", "x", "z"))
    made = read_winners(strings("x", "x", "x", "y"), {}, names)
    np.testing.assert_array_equal(made.outcome, [1, 0, math.nan, math.nan])
    assert made.unclear.tolist() == [False, False, True, False]
    assert made.unknown == {"y": 1}


def test_unknown_labels_are_counted_most_frequent_first() -> None:
    made = read_winners(strings("l", "r", "r", "tie"), {}, None)
    assert made.unknown == {"r": 2, "l": 1}


def test_labels_handed_in() -> None:
    assert check_labels(None) == {}
    assert check_labels({1: "model_a", 2.0: "model_b", "t": "tie (bothbad)"}) == {
        "1": "model_a",
        "2": "model_b",
        "t": "tie (bothbad)",
    }
    with pytest.raises(DataError, match="'left' is no outcome; use one of model_a, model_b, tie, both_bad"):
        check_labels({"a": "left"})
    with pytest.raises(DataError, match="is no outcome"):
        check_labels({"a": 1})
    with pytest.raises(DataError, match="not a dict"):
        check_labels(["a"])  # type: ignore[arg-type]


def test_the_error_names_counts_and_the_way_out() -> None:
    text = str(unknown_labels({"left": 7, "right": 5, "draw": 1}, "vote"))
    for part in (
        "column 'vote'",
        "'left' (7), 'right' (5), 'draw' (1)",
        'labels={"left": "model_a", "right": "model_b", "draw": "tie"}',
        "--label left=model_a --label right=model_b --label draw=tie",
        "known are model_a",
    ):
        assert part in text
    many = str(unknown_labels({f"l{i}": 1 for i in range(20)}, "winner"))
    assert "and 12 more" in many
    probabilities = str(unknown_labels({"0.1": 1, "0.2": 1, "0.35": 1, "1": 1}, "winner"))
    assert "--map outcome=winner" in probabilities


def test_the_suggestion_can_be_pasted() -> None:
    assert "--label 'Model B=model_b'" in str(unknown_labels({"Model B": 1}, "winner"))
    assert 'labels={"1": "model_a", "0": "model_b"}' in str(unknown_labels({"1": 2, "0": 1}, "winner"))
    assert 'labels={"1": "model_a", "2": "model_b", "0": "tie"}' in str(
        unknown_labels({"1": 3, "2": 2, "0": 1}, "winner")
    )


@pytest.mark.parametrize("label", ["Model  B", 'say "B"', "it's B", "a=b", "back\\slash", "x" * 60, "Ä  ö", " b "])
def test_the_suggestion_holds_the_label_as_it_is(label: str) -> None:
    message = str(unknown_labels({label: 2}, "winner"))
    python = ast.literal_eval(re.search(r"labels=(\{.*?\}) \(--label", message)[1])  # type: ignore[index]
    assert list(python) == [label]
    words = shlex.split(re.search(r"\((--label .*?)\)[;,] (?:with one|known)", message)[1])  # type: ignore[index]
    assert words[1].rpartition("=")[0] == label
    for means in ("model_a", "tie"):
        made = read_winners(strings(label), check_labels({next(iter(python)): means}), None)
        assert not made.unknown


def test_long_labels_are_left_out_of_the_suggestion() -> None:
    message = str(unknown_labels({"y" * 61: 3, "left": 1, "two\nlines": 1}, "winner"))
    assert 'labels={"left": "model_a"} (--label left=model_a)' in message
    assert "\n" not in message
    assert "say what they mean with labels=" in str(unknown_labels({"y" * 61: 3}, "winner"))


def test_whole_numbers_written_with_a_point_are_what_labels_say() -> None:
    made = read_winners(strings("1.0", "2.0", "1.5"), {"1": "model_a", "2": "model_b"}, None)
    assert made.outcome.tolist()[:2] == [1, 0]
    assert made.unknown == {"1.5": 1}
    exact = read_winners(strings("1.0"), {"1.0": "tie", "1": "model_a"}, None)
    assert exact.outcome.tolist() == [0.5]
