"""Published indices of readability, as functions of the scanner's counts; 0 for a text without a sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from llamastyle.features.feature import Counts

Numbers = NDArray[np.float64]

COUNTS = ("prose_words", "sentences", "syllables", "complex_words", "letters")
"""What the functions of this module read."""


def flesch_reading_ease(counts: Counts) -> Numbers:
    """206.835 - 1.015 ``prose_words / sentences`` - 84.6 ``syllables / prose_words``."""
    return _index(counts, 206.835, -1.015, ("syllables", -84.6))


def flesch_kincaid_grade(counts: Counts) -> Numbers:
    """0.39 ``prose_words / sentences`` + 11.8 ``syllables / prose_words`` - 15.59."""
    return _index(counts, -15.59, 0.39, ("syllables", 11.8))


def gunning_fog(counts: Counts) -> Numbers:
    """0.4 (``prose_words / sentences`` + 100 ``complex_words / prose_words``)."""
    return _index(counts, 0.0, 0.4, ("complex_words", 40.0))


def automated_readability(counts: Counts) -> Numbers:
    """4.71 ``letters / prose_words`` + 0.5 ``prose_words / sentences`` - 21.43."""
    return _index(counts, -21.43, 0.5, ("letters", 4.71))


def _index(counts: Counts, constant: float, length: float, of_words: tuple[str, float]) -> Numbers:
    """``constant + length * words a sentence + factor * count a word``."""
    name, factor = of_words
    words, sentences = counts["prose_words"], counts["sentences"]

    def by(over: Any, under: Numbers) -> Numbers:
        return np.divide(over, under, out=np.zeros(len(words)), where=sentences > 0)

    return np.where(sentences > 0, constant, 0.0) + length * by(words, sentences) + factor * by(counts[name], words)
