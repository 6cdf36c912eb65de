"""The indices of readability equal their published formulas on our counts."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.features import readability
from tests.features.twin import twin

TEXT = """# A heading

Readability formulas are approximations. The cat sat on the mat; "it's extraordinarily comfortable," they said!

1. One item
2. Another

```
not prose at all
```
"""


def formulas(n: dict[str, int]) -> dict[str, float]:
    words, sentences = n["prose_words"], n["sentences"]
    if not sentences:
        return dict.fromkeys(("flesch_reading_ease", "flesch_kincaid_grade", "gunning_fog", "automated_readability"), 0.0)
    return {
        "flesch_reading_ease": 206.835 - 1.015 * words / sentences - 84.6 * n["syllables"] / words,
        "flesch_kincaid_grade": 0.39 * words / sentences + 11.8 * n["syllables"] / words - 15.59,
        "gunning_fog": 0.4 * (words / sentences + 100 * n["complex_words"] / words),
        "automated_readability": 4.71 * n["letters"] / words + 0.5 * words / sentences - 21.43,
    }


@pytest.mark.parametrize("text", [TEXT, "One.", "", "```\ncode\n```", "Éléphants! 我喜欢你。"])
def test_indices_equal_their_formulas(text: str) -> None:
    expected = formulas(twin(text))
    found = ls.extract(text, list(expected)).to_frame().iloc[0]
    assert found.to_dict() == pytest.approx(expected, rel=1e-12)


def test_a_text_without_a_sentence_does_not_change_the_others() -> None:
    counts = {name: np.array([0.0, 10.0]) for name in readability.COUNTS}
    assert readability.flesch_reading_ease(counts).tolist() == [0.0, pytest.approx(206.835 - 1.015 - 84.6)]


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("make", 1), ("table", 2), ("tables", 2), ("handled", 2), ("jumped", 1), ("wanted", 2), ("boxes", 2),
        ("likes", 1), ("the", 1), ("Readability", 5), ("rhythm", 1), ("naïve", 1), ("42", 1), ("I", 1), ("mmm", 1),
    ],
)  # fmt: skip
def test_syllables_of_a_word(word: str, number: int) -> None:
    assert ls.extract(word, "syllables").values.tolist() == [[number]]
