"""Values written out as text: JSON, Python literals, arrays."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamastyle.data.readers.literals import MAX_LITERAL, DoubledKey, Unreadable, from_json, literal, repaired


def test_literals_are_read_and_never_run() -> None:
    assert literal("{'a': None, 'b': [1, 2.5, True]}") == {"a": None, "b": [1, 2.5, True]}
    assert literal('{"a": null}') == {"a": None}
    assert literal(r"['\d']") == ["\\d"]
    assert literal("{'n': nan}") == {"n": None}
    for text in ("open('x')", "1 + x", "lambda: 0", "[x for x in y]", "\0", "1" * 5000):
        with pytest.raises(Unreadable):
            literal(text)


VALUES = st.recursive(
    st.text(max_size=8) | st.none() | st.sampled_from(["} {", "' '", "array([", ", dtype=object)", "nan", "]\n [", "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_python_literal_means_the_same_after_the_repair(value: Any) -> None:
    assert ast.literal_eval(repaired(repr(value))) == value


def arrays(value: Any) -> Any:
    """The value with an object array for each list, as data frames hold what parquet stores."""
    if isinstance(value, dict):
        return {name: arrays(inner) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    made = np.empty(len(value), object)
    for i, inner in enumerate(value):
        made[i] = arrays(inner)
    return made


@given(st.lists(st.dictionaries(st.text(max_size=4), VALUES, min_size=1, max_size=3) | st.text(max_size=9) | st.none(), min_size=1, max_size=4))
def test_arrays_as_they_are_printed_mean_what_they_held(values: list[Any]) -> None:
    made = arrays(values)
    for text in (str(made), repr(made)):
        assert ast.literal_eval(repaired(text)) == values


def test_an_array_that_was_cut_on_printing_is_refused() -> None:
    made = np.array([{"role": "user", "content": "x"}] * 2000, object)
    with pytest.raises(Unreadable):
        literal(str(made))


def test_keys_that_come_twice_are_refused() -> None:
    with pytest.raises(DoubledKey, match="the key 'a' twice"):
        from_json('[{"a": 1, "b": 1, "a": 2}]')
    for text in ('[{"a": 1, "a": 2}]', "[{'a': 1, 'a': 2}]"):
        with pytest.raises(Unreadable, match="the key 'a' twice"):
            literal(text)
    assert from_json('[{"a": 1}, {"a": 2}]') == [{"a": 1}, {"a": 2}]


def test_texts_too_long_for_a_literal_are_refused_unless_json() -> None:
    inner = "x" * MAX_LITERAL
    assert literal(f'["{inner}"]') == [inner]
    with pytest.raises(Unreadable, match="too long"):
        literal(f"['{inner}']")


@pytest.mark.parametrize(
    "piece", ["'\\", "\"'", "} ", "}\n", ", ", "array(", "\\'", "nan ", "'' ", "dtype=", ",dtype", "\ud800"]
)
def test_long_texts_are_repaired(piece: str) -> None:
    """With the square of its length, this would not end."""
    assert repaired(piece * (1_000_000 // len(piece)))


def test_the_longest_literals_are_read() -> None:
    turn = "{'role': 'assistant', 'content': ['a', {'b': 'c'}]}, "
    text = "[" + turn * (MAX_LITERAL // len(turn) - 1) + "]"
    assert len(literal(text)) == MAX_LITERAL // len(turn) - 1
