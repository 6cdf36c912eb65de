"""Alternation and ratios."""

from __future__ import annotations

import time

import pytest

from benchmarks.timing import Time, alternate, measure, ratio, spread


def test_runs_alternate_after_one_that_does_not_count():
    seen: list[str] = []
    times = alternate(lambda: seen.append("a"), lambda: seen.append("b"), pairs=3)
    assert "".join(seen) == "ab" + "ab" + "ba" + "ab"
    assert [len(one) for one in times] == [3, 3]


def test_ratio_is_of_pairs_not_of_medians():
    one, other = [Time(2, 1), Time(30, 9), Time(4, 1)], [Time(1, 1), Time(10, 3), Time(4, 4)]
    found = ratio(one, other, "wall")
    assert (found.median, found.low, found.high) == (2, 1, 3)
    assert ratio(one, other).cells() == ("1.00", "0.25", "3.00")


def test_spread_of_one_value():
    assert spread([2.0]).cells(1) == ("2.0", "2.0", "2.0")


def test_sleep_takes_time_by_the_clock_and_no_work():
    found = measure(lambda: time.sleep(0.05))
    assert found.wall >= 0.05
    assert found.cpu < 0.04


def test_work_counts_as_work():
    found = measure(lambda: sum(i * i for i in range(300_000)))
    assert 0 < found.cpu <= found.wall + 0.02


def test_failing_work_is_not_timed():
    with pytest.raises(ZeroDivisionError):
        alternate(lambda: 1 / 0)
