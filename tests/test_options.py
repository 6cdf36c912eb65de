"""The validator of options lists the allowed values and the nearest ones."""

from __future__ import annotations

import math
from typing import get_args, get_origin

import numpy as np
import pytest

from llamastyle import options
from llamastyle.errors import LlamaStyleError

ALIASES = [name for name, value in vars(options).items() if get_origin(value) is options.Literal]


@pytest.mark.parametrize("name", ALIASES)
def test_every_value_of_every_alias_is_accepted(name: str) -> None:
    alias = getattr(options, name)
    assert options.allowed(alias) == get_args(alias)
    for value in get_args(alias):
        assert options.check_option("option", value, alias) == value


@pytest.mark.parametrize("name", ALIASES)
@pytest.mark.parametrize("value", ["", "nonsense", None, 1, True, ["half"], float("nan")])
def test_anything_else_is_an_error_that_lists_the_values(name: str, value: object) -> None:
    alias = getattr(options, name)
    with pytest.raises(LlamaStyleError) as caught:
        options.check_option("option", value, alias)
    message = str(caught.value)
    assert message.startswith(f"option={value!r} is not known")
    assert message.endswith("use one of " + ", ".join(get_args(alias)))


def test_the_message_names_option_value_and_nearest() -> None:
    with pytest.raises(LlamaStyleError, match=r"^contrast='log-ratio' is not known") as caught:
        options.check_option("contrast", "log-ratio", options.Contrast)
    assert "did you mean 'log_ratio'?" in str(caught.value)


def test_case_and_space_matter() -> None:
    for value in ("Half", " half"):
        with pytest.raises(LlamaStyleError):
            options.check_option("ties", value, options.Ties)


def test_nearest_says_nothing_when_nothing_is_near() -> None:
    assert options.nearest("zzz", ["winner", "outcome"]) == ""
    assert options.nearest("x", []) == ""


def test_nearest_names_what_is_near() -> None:
    assert options.nearest("winnner", ["winner", "outcome"]) == "; did you mean 'winner'?"
    assert options.nearest("model_c", ["model_a", "model_b", "prompt"], n=2).count(" or ") == 1


def test_nearest_takes_other_types() -> None:
    assert options.nearest(2024, [2023, 2025, "x"]).startswith("; did you mean '202")


def test_nearest_does_not_mind_the_case():
    assert options.nearest("Llama-4-MAVERICK", ["llama-4-maverick", "gpt-4"]) == "; did you mean 'llama-4-maverick'?"


def test_a_number_is_a_number_and_all_else_is_none() -> None:
    assert [options.real(v) for v in (1, 0.5, np.float32(2), np.int64(3), float("inf"))] == [1, 0.5, 2, 3, float("inf")]
    assert all(math.isnan(options.real(v)) for v in ("1", None, True, [1], np.array([1.0]), 1j))
