"""The arrays that are made of phrase lists."""

from __future__ import annotations

import numpy as np
import pytest

from llamastyle.errors import FeatureError
from llamastyle.features import tables as t
from llamastyle.features.lexicon import read_lexicon, read_lexicons
from llamastyle.features.phrase_tables import LISTS, arrays_of, lexicon_of, tables_with

ENTRY = '[[{0}]]\nphrase = "{1}"\nmatches = ["x"]\nmisses = ["y"]\n'


def tables_of(*entries: tuple[str, str]) -> tuple[t.Phrases, t.Phrases, t.Words]:
    toml = 'language = "xx"\n' + "".join(ENTRY.format(*entry) for entry in entries)
    return arrays_of((read_lexicon(toml),))


def bit(bits: np.ndarray, slot: int) -> bool:
    return bool(np.unpackbits(bits, bitorder="little")[slot])


def test_filters_have_what_may_open_a_phrase() -> None:
    sycophancy, style, words = tables_of(("praise", "a (b|c) d"), ("praise", "^e"), ("slop", "f g"))
    a, b, e, f, g = (t.word_key(word) for word in "abefg")
    assert bit(sycophancy.first, t.first_slot(a))
    assert bit(sycophancy.pair, t.pair_slot(a, b))
    assert bit(sycophancy.alone, t.first_slot(e))
    assert not bit(sycophancy.alone, t.first_slot(a))
    assert not bit(sycophancy.first, t.first_slot(f))
    assert bit(style.pair, t.pair_slot(f, g))
    assert bit(words.pair, t.pair_slot(a, b))
    assert bit(words.pair, t.pair_slot(f, g))


def test_words_of_lists_and_of_one_word_phrases_are_flagged() -> None:
    _, _, words = tables_of(("first_person", "(i|me)"), ("positive_words", "me"), ("hedges", "perhaps"), ("slop", "^so"))
    flags = dict(zip(words.key.tolist(), words.flags.tolist(), strict=True))
    found = {word: flags[t.word_key(word)] for word in ("i", "me", "perhaps", "so")}
    assert found == {"i": 1, "me": 1 | 8, "perhaps": t.SINGLE, "so": t.SINGLE}
    assert all(bit(words.any, t.first_slot(t.word_key(word), t.WORD_BITS)) for word in found)


def test_a_word_alone_is_no_phrase_of_sycophancy() -> None:
    with pytest.raises(FeatureError, match="'a' alone"):
        tables_of(("praise", "a"))
    with pytest.raises(FeatureError, match="'a' alone"):
        tables_of(("praise", "a _ b"))


def test_no_list_stands_for_the_shipped_tables() -> None:
    assert tables_with("") is t.load()[0]
    shipped = t.load()[0]
    for made, there in zip(arrays_of(read_lexicons()), (shipped.phrases, shipped.style, shipped.words), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(made, there, strict=True))


def test_the_arrays_of_a_list_are_read_only() -> None:
    found = tables_with('language = "xx"\n' + ENTRY.format("praise", "a b"))
    assert not any(array.flags.writeable for part in found for array in part)


def test_not_every_list_there_ever_was_is_held() -> None:
    for k in range(LISTS + 5):
        tables_with(f'language = "x{k}"\n' + ENTRY.format("praise", "a b"))
    assert tables_with.cache_info().currsize == lexicon_of.cache_info().currsize == LISTS
