"""The kept corpus of the fuzzer, replayed without it: every input gives a value or an error that says why."""

from __future__ import annotations

import importlib

import pytest

from fuzz import CORPUS, TARGETS
from fuzz.checked import checked
from fuzz.checking import finding
from fuzz.drawing import Draws
from llamastyle.errors import DataError

FOUND = sorted(path for target in TARGETS for path in (CORPUS / target).glob("*"))


@pytest.mark.parametrize("target", TARGETS)
def test_replayed(target):
    """The seeds of each target, and what is kept."""
    module = importlib.import_module(f"fuzz.targets.{target}")
    inputs = module.seeds() | {path.name: path.read_bytes() for path in FOUND if path.parent.name == target}
    wrong = {name: found.trace for name, data in inputs.items() if (found := finding(module.run, data))}
    assert wrong == {}


def test_the_corpus_is_small():
    assert {path.parent.name for path in FOUND} == set(TARGETS)
    assert sum(path.stat().st_size for path in FOUND) < 1_000_000


def test_what_a_finding_is():
    def fail(error):
        def run(data):
            raise error

        return finding(run, b"")

    assert fail(DataError("there is no such column")) is None
    assert fail(DataError("")).where.startswith("a message of 0 characters")
    assert fail(KeyError("turn")).where.startswith("KeyError at test_fuzz_corpus.py:run")
    assert finding(lambda data: None, b"") is None


@pytest.mark.parametrize("at", [-1, slice(-2, None), (0, -1), (slice(None), -1)])
def test_checked_arrays_have_no_places_from_the_end(at):
    import numpy as np

    array = checked((np.zeros((3, 3)),))[0]
    with pytest.raises(IndexError, match="before the beginning"):
        array[at]
    with pytest.raises(IndexError, match="before the beginning"):
        array[at] = 1


def test_draws_end_with_the_simplest_values():
    draws = Draws(b"\x07a\0\0b\0c")
    assert (draws.whole(1, 3), draws.text(), draws.text(), draws.text(), draws.whole(5, 9)) == (2, "a\0b", "c", "", 5)
