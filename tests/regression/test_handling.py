"""What is asked of ties, penalties and prompts, read and put into words."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression.estimates import Settings
from llamastyle.regression.handling import (
    find_baseline,
    likelihood_words,
    read_penalty,
    read_prompt_penalty,
)


def test_penalties_are_read_or_refused():
    assert read_penalty(None) == ({}, False)
    assert read_penalty("firth") == ({}, True)
    assert read_penalty({"style": 2}) == ({"style": 2.0}, False)
    for wrong in ({"style": True}, {"style": float("nan")}, {"words": 1.0}, 3):
        with pytest.raises(ls.FitError):
            read_penalty(wrong)
    assert read_prompt_penalty(None) is None
    assert read_prompt_penalty(True) == 1.0
    assert read_prompt_penalty(0.3) == 0.3
    for wrong in (0, -1.0, float("inf"), "yes"):
        with pytest.raises(ls.FitError):
            read_prompt_penalty(wrong)


def test_the_baseline_is_the_model_in_every_battle():
    battles = ls.simulate(2000, 5, style={"words": 0.3}, n_prompts=50, seed=1).battles
    with pytest.raises(ls.FitError, match="the most frequent"):
        find_baseline(battles, position=False)
    mine = battles.models.index("model-03")
    only = battles.filter((battles.model_a == mine) | (battles.model_b == mine))
    assert find_baseline(only, position=True) == "model-03"
    silent = only.filter(np.zeros(len(only), bool))
    with pytest.raises(ls.FitError, match="need a baseline"):
        find_baseline(silent, position=False)


def test_words_name_every_penalty_and_nothing_else():
    plain = Settings(0.95, 0, "half", False, True, "error")
    assert likelihood_words(plain) == []
    both = Settings(0.95, 0, "davidson", False, True, "error", (("style", 3.0),), False, 0.3, "gpt")
    words = likelihood_words(both)
    assert [any(part in word for word in words) for part in ("Davidson", "ridge penalty 3 on style", "gpt")] == [True] * 3
