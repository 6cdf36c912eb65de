"""The read-only arrays that the kernel walks: byte classes, emoji trie, phrase table.

They are made by ``python -m llamastyle.features._build_tables`` and shipped in ``tables.npz`` with the
versions of their sources, so that a count does not depend on the Python that makes it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LETTER = 1
"""A letter or number of a script that puts spaces between words; it starts and continues a word."""
MARK = 2
"""A combining mark; it continues a word."""
ALONE = 4
"""A letter or number of a script without spaces; each counts as a word."""
SPACE = 8
"""White space, as ``str.isspace`` has it."""
DECIMAL = 16
"""A decimal digit."""
EMOJI = 32
"""The first code point of an emoji sequence."""
PUNCTUATION = 64
"""Punctuation or a symbol, as CommonMark has it."""
CASED = 128
"""A capital outside ASCII that has a small letter of its own."""
QUOTE = 256
"""A quotation mark or bracket."""
VOWEL = 512
"""A vowel of the Latin, Greek or Cyrillic script."""

MASK64 = (1 << 64) - 1
KEY_MIX = 0x9E3779B97F4A7C15
PAIR_MIX = 0xD6E8FEB86659FD93
STATE_MIX = 0xBF58476D1CE4E5B9
PAIR_BITS = 18
FIRST_BITS = 13
WORD_BITS = 15
FOLD_SHIFT = 29
"""A word's hash is stirred by this after each eight bytes."""
SINGLE = 128
"""Flag of a word that may be a style phrase by itself, or with any word behind it."""


class Chars(NamedTuple):
    """What bytes and code points are."""

    fold: NDArray[np.uint8]
    """[256] zero for bytes that are no ASCII letter or digit, else a code that is the same for both cases."""
    act: NDArray[np.uint8]
    """[256] what the scanner does at a byte that is in no word; see ``_build_tables.ACTS``."""
    ends: NDArray[np.uint8]
    """[256] what a byte is at the end of a word that may have a silent e: bit 0 e, 1 a consonant, 2 l, 3 d, 4 t or d,
    5 s, 6 one of s, z, x, c, g, h."""
    kind: NDArray[np.uint16]
    """[0x110000] flags: LETTER, MARK, ALONE, SPACE, DECIMAL, EMOJI, PUNCTUATION, CASED, QUOTE."""
    upper: NDArray[np.int32]
    """Capitals outside ASCII, ascending."""
    lower: NDArray[np.int32]
    """Their small letters."""


class Emojis(NamedTuple):
    """The trie of emoji sequences."""

    key: NDArray[np.int64]
    """Open-addressing table: node << 21 | code point, or -1."""
    next: NDArray[np.int32]
    """Node that the edge leads to."""
    end: NDArray[np.uint8]
    """[nodes] 1 where a sequence ends."""


class Phrases(NamedTuple):
    """The automaton of the phrase lists."""

    pair: NDArray[np.uint8]
    """Bit set of hashed pairs of words that may open a phrase."""
    first: NDArray[np.uint8]
    """Bit set of hashed words that may open a phrase."""
    alone: NDArray[np.uint8]
    """Bit set of hashed words that are a phrase where a sentence starts, or are with any word behind them."""
    key: NDArray[np.uint64]
    """Open-addressing table: hash of state and word, or 0."""
    next: NDArray[np.int16]
    """State that the edge leads to."""
    other: NDArray[np.int16]
    """[states] state after a word without an edge of its own, or -1."""
    accept: NDArray[np.uint8]
    """[states] category (1, 2, ...) of a phrase that ends here, or 0."""
    accept_bang: NDArray[np.uint8]
    """[states] category of a phrase that ends here if an exclamation mark follows, or 0."""


class Words(NamedTuple):
    """The lists of single words, and what is asked of every word where all is counted."""

    pair: NDArray[np.uint8]
    """Bit set of hashed pairs of words that may open a phrase of either kind."""
    first: NDArray[np.uint8]
    """Bit set of hashed words that may open one."""
    any: NDArray[np.uint8]
    """Bit set of hashed words that are in the table."""
    key: NDArray[np.uint64]
    """Open-addressing table: hash of a word, or 0."""
    flags: NDArray[np.uint8]
    """Bit ``k`` for the list ``WORD_LISTS[k]``, and SINGLE."""


class Tags(NamedTuple):
    """Names of HTML tags, as hashes of words."""

    block_tags: NDArray[np.uint64]
    """Tags that open a block up to a blank line, ascending."""
    raw_tags: NDArray[np.uint64]
    """Tags that open a block up to their closing tag."""


class Tables(NamedTuple):
    """Everything the kernel reads besides the texts; every array is read-only."""

    chars: Chars
    emojis: Emojis
    phrases: Phrases
    """The categories of sycophancy."""
    tags: Tags
    style: Phrases
    """The categories of ``STYLE_CATEGORIES``."""
    words: Words


@cache
def load() -> tuple[Tables, dict[str, str]]:
    """The shipped tables, and the versions of what they were made from."""
    with (
        resources.files("llamastyle.features").joinpath("tables.npz").open("rb") as file,
        np.load(file) as data,
    ):
        arrays = dict(data)
    versions = json.loads(bytes(arrays["versions"]).decode())
    arrays["chars_kind"] = arrays["kind_rows"][arrays["kind_page"]].reshape(-1)
    kinds = (Chars, Emojis, Phrases, Tags, Phrases, Words)
    return Tables(*(part(kind, name, arrays) for kind, name in zip(kinds, Tables._fields, strict=True))), versions


def part(kind: type[Any], prefix: str, arrays: dict[str, NDArray]) -> Any:
    """One of the parts, from arrays named after it and their fields; they are read-only from then on."""
    found = [arrays[f"{prefix}_{name}"] for name in kind._fields]
    for array in found:
        array.flags.writeable = False
    return kind(*found)


def mix(value: int, factor: int) -> int:
    """Multiplicative hash in 64 bits."""
    return value * factor & MASK64


def pair_slot(first: int, second: int) -> int:
    """Bit of two following words in ``Phrases.pair``."""
    rolled = ((first << 17) | (first >> 47)) & MASK64
    return mix(rolled ^ second, PAIR_MIX) >> 40 & (1 << PAIR_BITS) - 1


def first_slot(key: int, bits: int = FIRST_BITS) -> int:
    """Bit of a word in ``Phrases.first`` and ``alone``, and of WORD_BITS in ``Words.any``."""
    return key >> 40 & (1 << bits) - 1


def edge_key(state: int, key: int) -> int:
    """Key of an edge of the phrase automaton; never 0."""
    return mix(key ^ mix(state + 1, STATE_MIX), PAIR_MIX) or 1


def ascii_code(char: str) -> int:
    """1 to 26 for an ASCII letter, more for a digit, else 0."""
    if "a" <= char.lower() <= "z" and char.isascii():
        return ord(char.lower()) - 96
    return ord(char) - 15 if "0" <= char <= "9" else 0


def word_key(word: str) -> int:
    """Hash of a word, the same whatever its case and its kind of apostrophe or hyphen.

    The bytes of the folded word are taken eight by eight, filled up with zeros, sixteen at least.
    """
    folded = "".join(_folded(char) for char in word).encode()
    size = max(16, -(-len(folded) // 8) * 8)
    value = 0
    for at in range(0, size, 8):
        value = mix(value ^ int.from_bytes(folded[at : at + 8].ljust(8, b"\0"), "little"), KEY_MIX)
        value ^= value >> FOLD_SHIFT
    return value


def _folded(char: str) -> str:
    if char in "'\u2019":
        return "'"
    if char in "-\u2010\u2011":
        return "-"
    return char.lower() if len(char.lower()) == 1 else char


def hashed(keys: list[int]) -> tuple[NDArray[np.uint64], list[int]]:
    """An open-addressing table of keys that are not 0, and the slot of each; as many slots are free at least."""
    size = 1 << max(4, (len(keys) * 4 // 3).bit_length())
    table, slots = np.zeros(size, dtype=np.uint64), []
    for key in keys:
        slot = key >> 20 & size - 1
        while table[slot]:
            slot = slot + 1 & size - 1
        table[slot] = key
        slots.append(slot)
    return table, slots
