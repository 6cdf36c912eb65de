"""From phrase lists to the arrays that the kernel walks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import FeatureError
from llamastyle.features import tables as t
from llamastyle.features.counters import STYLE_CATEGORIES
from llamastyle.features.lexicon import (
    Lexicon,
    PhraseAutomaton,
    compile_phrases,
    read_lexicon,
    single_words,
    words_in,
)

_WORD = re.compile("L[LM]*(?:-L[LM]*)*|A")
LISTS = 64
"""Phrase lists that are held in memory, about 100 kB each."""


@lru_cache(maxsize=LISTS)
def lexicon_of(toml: str) -> Lexicon:
    """The phrase list of a text, read once."""
    return read_lexicon(toml)


@lru_cache(maxsize=LISTS)
def tables_with(toml: str) -> t.Tables:
    """The shipped tables with the phrases of a list in the place of theirs; the shipped ones for no list."""
    shipped = t.load()[0]
    if not toml:
        return shipped
    _refuse_no_words(lexicon_of(toml), shipped.chars.kind)
    parts = arrays_of((lexicon_of(toml),))
    for array in (array for part in parts for array in part):
        array.flags.writeable = False  # the kernel is compiled for that
    return shipped._replace(phrases=parts[0], style=parts[1], words=parts[2])


def _refuse_no_words(lexicon: Lexicon, kind: NDArray[np.uint16]) -> None:
    """What a phrase asks for must be a word to the scanner; it would never be found, or be taken for another."""
    for word, phrase in words_in(lexicon):
        if not _WORD.fullmatch("".join(_class(char, int(kind[ord(char)])) for char in word)):
            raise FeatureError(
                f"the phrase {phrase!r}: {word!r} is no word; a word has letters, digits, and ' or - between them, and "
                f"what may stand between two words, as a comma or a quote, is left out"
            )


def _class(char: str, kind: int) -> str:
    """L letter, M mark, A a word alone, - what joins two parts of a word, . anything else."""
    joins = "-" if char in "'\u2019-\u2010\u2011" else "."
    return "A" if kind & t.ALONE else "L" if kind & t.LETTER else "M" if kind & t.MARK else joins


def arrays_of(lexicons: tuple[Lexicon, ...]) -> tuple[t.Phrases, t.Phrases, t.Words]:
    """The phrases of sycophancy, those of style, and the single words."""
    sycophancy, style = compile_phrases(lexicons), compile_phrases(lexicons, STYLE_CATEGORIES)
    for word in _alone(sycophancy):
        raise FeatureError(f"a phrase of the word {word!r} alone, or of it and any word, must be opened with ^")
    flags = single_words(lexicons)
    for word in _alone(style, opening=True):
        flags[word] = flags.get(word, 0) | t.SINGLE
    both = phrases_of(sycophancy), phrases_of(style)
    return *both, words_of(flags, *both)


def _alone(automaton: PhraseAutomaton, opening: bool = False) -> Iterator[str]:
    """The words that are phrases by themselves, or with any word behind them: anywhere, or opening a sentence."""
    for (state, word), after in automaton.edges.items():
        ends = automaton.accept[after] or automaton.accept_bang[after] or automaton.other[after] >= 0
        if state == opening and ends:
            yield word


def phrases_of(automaton: PhraseAutomaton) -> t.Phrases:
    """The filters ``first`` and ``pair``, and the automaton."""
    edges = list(automaton.edges.items())
    key, slots = t.hashed([t.edge_key(state, t.word_key(word)) for (state, word), _ in edges])
    target = np.zeros(len(key), dtype=np.int16)
    target[slots] = [after for _, after in edges]
    pair = np.zeros(1 << t.PAIR_BITS, dtype=bool)
    starts = np.zeros(1 << t.FIRST_BITS, dtype=bool)
    following: dict[int, list[str]] = {}
    for (state, word), _ in edges:
        following.setdefault(state, []).append(word)
    for (state, word), after in edges:
        if state > 1:
            continue
        first = t.word_key(word)
        starts[t.first_slot(first)] = True
        for second in following.get(after, []):
            pair[t.pair_slot(first, t.word_key(second))] = True
    alone = np.zeros(1 << t.FIRST_BITS, dtype=bool)
    alone[[t.first_slot(t.word_key(word)) for word in _alone(automaton, opening=True)]] = True
    pairs, firsts, alones = (np.packbits(bits, bitorder="little") for bits in (pair, starts, alone))
    return t.Phrases(
        pairs,
        firsts,
        alones,
        key,
        target,
        np.array(automaton.other, dtype=np.int16),
        np.array(automaton.accept, dtype=np.uint8),
        np.array(automaton.accept_bang, dtype=np.uint8),
    )


def words_of(flags: dict[str, int], one: t.Phrases, other: t.Phrases) -> t.Words:
    """The table of single words, and the filters of two kinds of phrases as one."""
    keys = [t.word_key(word) for word in flags]
    listed = np.zeros(1 << t.WORD_BITS, dtype=bool)
    listed[[t.first_slot(key, t.WORD_BITS) for key in keys]] = True
    key, slots = t.hashed(keys)
    values = np.zeros(len(key), dtype=np.uint8)
    values[slots] = list(flags.values())
    return t.Words(
        one.pair | other.pair, one.first | other.first, np.packbits(listed, bitorder="little"), key, values
    )
