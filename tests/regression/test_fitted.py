"""What every table of a result shares: names, levels, the reason where there is no fit."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls


@pytest.fixture(scope="module")
def result():
    arena = ls.simulate(3000, 6, style={"words": 0.6, "bold": 0.2}, n_prompts=300, n_voters=60, seed=4)
    return ls.fit(arena.battles)


def test_indices_are_those_of_the_override_table(result):
    indices = result._indices()
    assert list(indices) == ["style", "words"]
    gap = result.battles.correct_a - result.battles.correct_b
    wrong = -gap[np.abs(gap) == 1]
    more = {name: int((wrong * index[np.abs(gap) == 1] > 0).sum()) for name, index in indices.items()}
    table = result.overrides().query("wrong_side_has == 'more'").set_index("index")["battles"]
    assert table.to_dict() == more


@pytest.mark.parametrize(
    "ask",
    [
        lambda r: r.effects(level=1.5),
        lambda r: r.with_and_without(level=0.2),
        lambda r: r.by("nothing"),
        lambda r: r.by("voter", measure="odds"),
        lambda r: r.overlap("strength"),
        lambda r: r.influential("model-99"),
        lambda r: r.influential(most=2.0),
        lambda r: r.label_error(0.6),
        lambda r: r.label_error(0.1, second=[]),
        lambda r: r.placebo(draws=5),
    ],
)
def test_bad_requests_are_one_clear_error(result, ask):
    with pytest.raises(ls.LlamaStyleError) as caught:
        ask(result)
    assert len(str(caught.value).splitlines()) == 1


def test_without_a_fit_every_table_says_why():
    frame = ls.simulate(5, 3, style={"words": 0.5}, seed=1).battles.to_frame().drop(columns=["prompt_id", "voter"])
    nothing = ls.audit(frame, vcov="robust", ties="drop")
    assert not nothing.converged
    for name in ("effects", "fit_shares", "placebo", "curvature", "sensitivity", "collinearity", "rulers", "overlap"):
        with pytest.raises(ls.FitError, match="there is no estimate"):
            getattr(nothing, name)()
