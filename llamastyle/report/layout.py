"""Where words go beside marks: axes in pixels, labels that keep clear of each other and of what is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["EDGE", "Axis", "Box", "along", "axis_of", "labels_above", "labels_beside", "room_of", "spread"]

EDGE = 14
"""Pixels for what juts out of a plot on the right."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from low to high on so many pixels."""

    low: float
    high: float
    pixels: int

    def at(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low) * self.pixels

    def value(self, pixel: float) -> float:
        return self.low + pixel / self.pixels * (self.high - self.low)

    @property
    def domain(self) -> list[float]:
        return [self.low, self.high]


def axis_of(values: Iterable[float], pixels: int, margin: float = 0.06) -> Axis:
    """An axis that holds all finite values with some room at both ends."""
    kept = [v for v in values if math.isfinite(v)]
    low, high = min(kept), max(kept)
    room = margin * (high - low) or 1.0
    return Axis(low - room, high + room, pixels)


def room_of(text: str) -> float:
    """Pixels that a text takes, at most."""
    from rich.cells import cell_len

    return 5.8 * cell_len(text)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels."""

    left: float
    right: float
    top: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def labels_above(places: Sequence[float], words: Sequence[str], plot: int) -> list[tuple[int, bool]]:
    """A level for each word above a line, and whether it runs to the right of its pole.

    Words on the left run to the right and those on the right to the left. Of all ways to cut the line in two,
    the one is taken in which words reach out of the plot least, then cross fewest poles, then lie lowest.
    """
    order = sorted(range(len(words)), key=lambda k: places[k])
    tries = (
        _flagged(places, words, plot, order[:cut][::-1], order[cut:]) for cut in range(len(order), -1, -1)
    )
    return min(tries, key=lambda t: t[0])[1]


def _flagged(
    places: Sequence[float], words: Sequence[str], plot: int, ahead: Sequence[int], behind: Sequence[int]
) -> tuple[tuple[float, int, int], list[tuple[int, bool]]]:
    """One way to cut the line: what it costs and where the words come to lie."""
    out: dict[int, tuple[int, bool]] = {}
    boxes: list[Box] = []
    poles: list[Box] = []
    outside, crossed = 0.0, 0
    for k in (*ahead, *behind):
        broad, at = room_of(words[k]) + 6, places[k]
        left, right = (at + 1, at + broad) if k in ahead else (at - broad, at - 1)
        outside += max(0.0, -left - EDGE) + max(0.0, right - plot - EDGE)
        ways: list[tuple[int, int, Box, Box]] = []
        for level in range(len(words)):
            word, pole = Box(left, right, -level - 1, -level), Box(at - 0.5, at + 0.5, -level, 1)
            clashes = (
                9 * sum(map(word.meets, boxes)) + sum(map(word.meets, poles)) + sum(map(pole.meets, boxes))
            )
            ways.append((clashes, level, word, pole))
        clashes, level, word, pole = min(ways, key=lambda w: w[:2])
        crossed += clashes
        boxes.append(word)
        poles.append(pole)
        out[k] = level, k in ahead
    flags = [out[k] for k in range(len(words))]
    return (outside, crossed, max(level for level, _ in flags)), flags


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places near the wanted ones, in their order, that are so far apart; within low and high where they fit."""
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    placed: list[float] = []
    for k in order:
        placed.append(max(wanted[k], placed[-1] + apart if placed else low))
    limit = high
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - apart
    return [placed[order.index(k)] for k in range(len(wanted))]


def along(ways: Iterable[Sequence[tuple[float, float]]], apart: float = 12) -> Iterator[tuple[float, float]]:
    """Points on broken lines, at most so far from each other."""
    for way in ways:
        for (x, y), (u, v) in pairwise(way):
            steps = math.ceil(math.hypot(u - x, v - y) / apart)
            yield from ((x + (u - x) * i / steps, y + (v - y) * i / steps) for i in range(1, steps))


def labels_beside(
    places: Sequence[tuple[float, float]],
    words: Sequence[str],
    drawn: Sequence[tuple[float, float]],
    size: tuple[int, int],
) -> list[tuple[float, float, bool]]:
    """Where each word is tied and its height, and whether it runs to the right: on as little drawn as can be."""
    plot, height = size
    taken: list[Box] = []
    spots = [Box(x - 4, x + 4, y - 4, y + 4) for x, y in drawn]
    out: list[tuple[float, float, bool]] = []
    for (x, y), word in zip(places, words, strict=True):
        broad = room_of(word)
        tries: list[tuple[float, bool, Box]] = []
        for rank, (right, shift) in enumerate(
            (r, s) for s in (0, -14, 14, -28, 28, -42, 42) for r in (True, False)
        ):
            left = x + 8 if right else x - 8 - broad
            box = Box(left, left + broad, y + shift - 7, y + shift + 7)
            out_of = (
                max(0.0, -left - 6)
                + max(0.0, box.right - plot - EDGE)
                + max(0.0, -box.top)
                + max(0.0, box.bottom - height)
            )
            cost = rank + 1000 * out_of + 500 * sum(map(box.meets, taken)) + 40 * sum(map(box.meets, spots))
            tries.append((cost, right, box))
        _, right, best = min(tries, key=lambda t: t[0])
        taken.append(best)
        out.append((x + 4 if right else x - 4, (best.top + best.bottom) / 2, right))
    return out
