"""Phrase lists: every phrase's own examples."""

from __future__ import annotations

import pytest

import llamastyle as ls
from llamastyle.features.counters import CATEGORIES
from llamastyle.features.lexicon import lexicon_version, read_lexicons
from tests.features.scanning import scan


def phrases():
    return [phrase for lexicon in read_lexicons() for phrase in lexicon.phrases]


def test_every_category_has_phrases_with_examples():
    assert {phrase.category for phrase in phrases()} == set(CATEGORIES)
    for phrase in phrases():
        assert len(phrase.matches) >= 2, phrase
        assert len(phrase.misses) >= 1, phrase


@pytest.mark.parametrize("category", CATEGORIES)
def test_examples_are_found(category):
    for phrase in phrases():
        if phrase.category == category:
            for text, found in zip(phrase.matches, scan(list(phrase.matches)), strict=True):
                assert sum(found[c] for c in CATEGORIES) >= 1, (phrase.text, text)


def test_matching_folds_case_and_apostrophes_and_skips_code():
    texts = ["YOU’RE ABSOLUTELY RIGHT.", "you're absolutely right.", "```\nyou're absolutely right\n```"]
    assert [f["agreement"] + f["capitulation"] for f in scan(texts)] == [1, 1, 0]


def test_the_shipped_tables_hold_the_shipped_lists():
    assert ls.extract(["x"], ["words"]).versions["lexicon"] == lexicon_version(read_lexicons())
