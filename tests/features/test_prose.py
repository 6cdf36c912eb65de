"""The prose that textstat is given: by hand, and with the words that the scanner counts."""

from __future__ import annotations

import pytest
import textstat
from hypothesis import given

from tests.features.prose import prose
from tests.features.scanning import TEXTS, scan
from tests.features.twin import Turn, words

CASES = {
    "A line\nand another.": "A line.\nand another.",
    "Done! \r\nIs it?\r\n": "Done!\nIs it?",
    "# Head\n\nTitle\n=====\n": "Head.\nTitle.",
    "- one\n* two.\n+ three\n  more\n": "one.\ntwo.\nthree.\nmore.",
    "1. one\n10) ten\n": "one.\nten.",
    "> said\n> - **so**\n": "said.\n**so**.",
    "a\n\n* * *\n\nb": "a.\nb.",
    "| a | b |\n|---|---|\n| c | d |": "| a | b |.\n| c | d |.",
    "Before:\n```python\nx = 1. y\n```\nafter\n": "Before:.\nafter.",
    "~~~\nnever closed. No": "",
    "- item\n  ```\n  code\n  ```\n- last": "item.\nlast.",
    "": "",
    "---\n🎉\n": "",
}


@pytest.mark.parametrize("text", CASES)
def test_by_hand(text):
    assert prose(text) == CASES[text]


@given(TEXTS)
def test_it_has_the_words_that_the_scanner_counts_as_prose(text):
    numbers = sum(len(line.markers) for line in Turn(text).lines)
    assert len(words(prose(text))) == scan([text], strip=False)[0]["prose_words"] - numbers


def test_textstat_sees_the_sentences():
    text = "## What it is for\n\n- It counts the words\n- It counts the lines. And more than that\n"
    assert textstat.sentence_count(text) == 2
    assert textstat.sentence_count(prose(text)) == scan([text])[0]["sentences"] == 4
