"""The shipped tables: what they say of characters, emoji and phrases."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from emoji import EMOJI_DATA

from llamastyle.features import tables as t
from llamastyle.features.lexicon import lexicon_version, read_lexicons
from tests.features.twin import word_class


@cache
def assigned() -> np.ndarray:
    """Code points that the running Python knows."""
    return np.array([c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")])


def flagged(flag: int) -> set[int]:
    points = assigned()
    return set(points[t.load()[0].chars.kind[points] & flag > 0].tolist())


def test_letters_marks_and_words_alone() -> None:
    classes = {c: word_class(chr(c)) for c in assigned().tolist()}
    for flag, name in ((t.LETTER, "L"), (t.MARK, "M"), (t.ALONE, "A")):
        assert {chr(c) for c in flagged(flag) ^ {c for c, k in classes.items() if k == name}} == set()


@pytest.mark.parametrize(
    ("flag", "rule"),
    [
        (t.SPACE, str.isspace),
        (t.DECIMAL, str.isdecimal),
        (t.PUNCTUATION, lambda c: unicodedata.category(c)[0] in "PS"),
        (t.QUOTE, lambda c: c in "\"'" or unicodedata.category(c) in ("Ps", "Pe", "Pi", "Pf")),
        (t.CASED, lambda c: ord(c) > 127 and c.lower() != c and len(c.lower()) == 1),
        (t.EMOJI, {s[0] for s in EMOJI_DATA}.__contains__),
    ],
    ids=["space", "decimal", "punctuation", "quote", "cased", "emoji"],
)
def test_kinds_of_characters(flag: int, rule: object) -> None:
    assert callable(rule)
    assert flagged(flag) == {c for c in assigned().tolist() if rule(chr(c))}


def test_small_letters() -> None:
    chars = t.load()[0].chars
    assert (np.diff(chars.upper) > 0).all()
    known = set(assigned().tolist())
    pairs = [(u, v) for u, v in zip(chars.upper.tolist(), chars.lower.tolist(), strict=True) if u in known]
    assert [chr(v) for _, v in pairs] == [chr(u).lower() for u, _ in pairs]


def test_every_array_is_read_only() -> None:
    for part in t.load()[0]:
        assert all(not array.flags.writeable for array in part)


def test_versions_are_named() -> None:
    versions = t.load()[1]
    assert set(versions) == {"unicode", "emoji", "lexicon"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", versions["unicode"])


def test_shipped_phrases_are_those_of_the_lists() -> None:
    assert t.load()[1]["lexicon"] == lexicon_version(read_lexicons())


def test_word_keys_fold_case_and_typography() -> None:
    assert t.word_key("DON'T") == t.word_key("don\u2019t")
    assert t.word_key("Re-Do") == t.word_key("re\u2011do") == t.word_key("re\u2010do")
    assert t.word_key("ÉTÉ") == t.word_key("été") != t.word_key("ete")
    assert t.word_key("\u212a") == t.word_key("k")


def test_short_words_never_share_a_key() -> None:
    """As in "7 great ideas", which a key of five bits a character took for "ah, great ideas"."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    short = ["".join(word) for n in range(4) for word in product(letters, repeat=n)]
    assert len({t.word_key(word) for word in short}) == len(short)


def test_hashes_stay_in_their_tables() -> None:
    keys = [t.word_key(str(n)) for n in range(1000)]
    assert all(0 <= t.first_slot(k) < 1 << t.FIRST_BITS for k in keys)
    assert all(0 <= t.pair_slot(a, b) < 1 << t.PAIR_BITS for a, b in pairwise(keys))
    assert all(0 < t.edge_key(n, k) <= t.MASK64 for n, k in enumerate(keys))
