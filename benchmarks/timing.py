"""Runs that alternate, and what becomes of their times."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["PAIRS", "Ratio", "Time", "alternate", "hold_to_one_core", "measure", "ratio", "spread"]

PAIRS = 9
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds by the clock, and of processors' work, that of child processes included."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median, least and greatest of the ratios of pairs of runs."""

    median: float
    low: float
    high: float

    def cells(self, digits: int = 2) -> tuple[str, str, str]:
        """As they are shown."""
        return f"{self.median:.{digits}f}", f"{self.low:.{digits}f}", f"{self.high:.{digits}f}"


def hold_to_one_core() -> None:
    """Keep this process, and its children, on one core with one thread a library; before numpy is imported."""
    if "numpy" in sys.modules:
        return
    os.environ.update(dict.fromkeys(THREADS, "1"))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(work: Callable[[], object]) -> Time:
    """One run."""
    wall, cpu = time.perf_counter(), _cpu()
    work()
    return Time(time.perf_counter() - wall, _cpu() - cpu)


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def alternate(*works: Callable[[], object], pairs: int = PAIRS) -> list[list[Time]]:
    """Run each work once a round, in the reverse order every other round, after one round that does not count.

    Returns
    -------
    list of list of Time
        One list a work, one time a round.
    """
    for work in works:
        work()
    times: list[list[Time]] = [[] for _ in works]
    for number in range(pairs):
        order = range(len(works))
        for place in reversed(order) if number % 2 else order:
            times[place].append(measure(works[place]))
    return times


def ratio(one: list[Time], other: list[Time], clock: str = "cpu") -> Ratio:
    """How many times longer the first takes, run by run."""
    ratios = [getattr(a, clock) / getattr(b, clock) for a, b in zip(one, other, strict=True)]
    return spread(ratios)


def spread(values: list[float]) -> Ratio:
    """Median, least and greatest."""
    return Ratio(statistics.median(values), min(values), max(values))
