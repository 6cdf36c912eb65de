"""extract() over several chunks and threads: same values, the earliest error, one way to say each mistake."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.features import extraction

TEXTS = [f"{'word ' * (n % 40)}**{n}**\n\n- 🎉 Great question!\n```\n# {n}\n```" for n in range(3000)]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks so small that threads have something to share."""
    monkeypatch.setattr(extraction, "CHUNK_BYTES", 5_000)
    monkeypatch.setattr(extraction, "SLOW_CHUNK_BYTES", 3_000)


@pytest.mark.usefixtures("small_chunks")
def test_one_thread_and_two_measure_the_same() -> None:
    features = [*ls.ALL, *ls.ARENA_WORDS[1:], ls.pattern("vowels", "[aeiou]"), ls.tokens(str.split)]
    one, two = (ls.extract(TEXTS, features, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one.values, two.values)
    assert one.column("words")[:3].tolist() == [ls.extract(t, "words").values[0, 0] for t in TEXTS[:3]]


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_earliest_row_that_fails_is_named(n_jobs: int) -> None:
    texts = ["bad" if n in (700, 2500) else text for n, text in enumerate(TEXTS)]

    def strict(text: str) -> int:
        if text == "bad":
            raise ValueError("cannot count this")
        return 1

    with pytest.raises(
        ls.FeatureError, match=r"'strict' failed at row 700: ValueError\('cannot count this'\)"
    ):
        ls.extract(texts, ls.per_text(strict), n_jobs=n_jobs)


def test_what_a_function_returns_must_be_a_number() -> None:
    with pytest.raises(ls.FeatureError, match="'said' failed at row 0"):
        ls.extract("a", ls.per_text(lambda text: text, name="said"))


def test_a_function_of_counts_that_fails_is_named() -> None:
    broken = ls.from_counts("broken", lambda c: c["words"][:0] + c["nothing"], ["words"])
    with pytest.raises(ls.FeatureError, match="function of 'broken' failed: KeyError"):
        ls.extract("a", broken)


@pytest.mark.parametrize("n_jobs", [0, -1, 1.5, True, "2"])
def test_threads_are_a_number(n_jobs: object) -> None:
    with pytest.raises(ls.FeatureError, match="is not a number of threads; use 1, 2"):
        ls.extract("a", n_jobs=n_jobs)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["wrods", "bolds", "emojis", "sycophany"])
def test_unknown_features_are_met_with_the_nearest(name: str) -> None:
    near = {"wrods": "words", "bolds": "bold", "emojis": "emoji", "sycophany": "sycophancy"}[name]
    with pytest.raises(ls.FeatureError, match=rf"there is no feature '{name}'; did you mean .*'{near}'"):
        ls.extract("a", ["chars", name])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a", None], "row 1 has no text"),
        (pd.Series(["a", None]), "row 1 has no text"),
        (["a", 3], "row 1 is int"),
        (pd.Series([1.5]), "values of type float64"),
    ],
)
def test_what_is_no_text_is_named_by_row_or_type(texts: object, message: str) -> None:
    with pytest.raises(ls.FeatureError, match=message):
        ls.extract(texts)


def test_nothing_gives_an_empty_table() -> None:
    assert ls.extract([], ls.ALL).values.shape == (0, len(ls.ALL))


def test_sentence_length_is_spoken_of_in_percent() -> None:
    assert ls.DEFAULT["mean_sentence_words"].step == "ten_percent"


def test_reasoning_is_measured_where_it_is_asked_for() -> None:
    text = "<think>a b</think>c"
    features = ["words", ls.tokens(len)]
    assert ls.extract(text, features).values.tolist() == [[1, 1]]
    assert ls.extract(text, features, strip_think=False).values.tolist() == [[5, 19]]


def test_an_error_of_ours_inside_a_function_is_passed_on_as_it_is() -> None:
    @ls.per_text
    def wanting(text: str) -> float:
        raise ls.FeatureError("install it")

    with pytest.raises(ls.FeatureError, match="^'wanting': install it$"):
        ls.extract(["a"], [wanting])
