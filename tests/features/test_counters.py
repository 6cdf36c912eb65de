"""The list of counters: complete, numbered, each defined."""

from __future__ import annotations

from llamastyle.features.counters import ARENA_COUNTERS, CATEGORIES, N_COUNTERS, Counter
from tests.features import twin


def test_the_columns_are_numbered_without_gaps() -> None:
    assert [int(counter) for counter in Counter] == list(range(N_COUNTERS))


def test_every_counter_is_defined() -> None:
    definitions = [counter.definition for counter in Counter]
    assert all(definitions)
    assert len(set(definitions)) == N_COUNTERS


def test_categories_stand_together_in_their_order() -> None:
    first = Counter.PRAISE
    assert [Counter[name.upper()] for name in CATEGORIES] == list(range(first, first + len(CATEGORIES)))
    assert twin.CATEGORIES == CATEGORIES


def test_twin_and_fastchat_cover_every_counter() -> None:
    assert set(twin.NAMES) == {c.name.lower() for c in Counter} - {c.name.lower() for c in ARENA_COUNTERS}
