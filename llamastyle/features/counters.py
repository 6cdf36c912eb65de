"""What the scanner counts: the contract between the kernel and its slow twin in the tests.

The docstring of each counter is its definition. Every count is made turn by turn (of a conversation with
several assistant turns) and summed over the turns. Reasoning in ``<think>...</think>`` is gone before
anything is counted, unless it is asked to stay.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

CATEGORIES = (
    "praise",
    "agreement",
    "capitulation",
    "empathy",
    "enthusiasm",
    "servility",
    "engagement_bait",
)
"""The categories of sycophantic phrases, in the order of their counters."""


STYLE_CATEGORIES = ("refusal", "disclaimer", "hedges", "boosters", "slop")
"""The categories of the other phrases, which are matched apart from those, in the order of their counters."""
WORD_LISTS = ("first_person", "second_person", "contractions", "positive_words", "negative_words")
"""The lists of single words, in the order of their counters."""
WINDOW = 100
"""Words in a window of the moving-average type-token ratio."""


class Counter(IntEnum):
    """What the scanner counts in a text; the value is the column in the kernel's output."""

    definition: str

    def __new__(cls, value: Any, definition: str = "") -> Counter:
        member = int.__new__(cls, value)
        member._value_ = value
        member.definition = definition
        member.__doc__ = definition
        return member

    TURNS = 0, "assistant turns in the text, one unless the conversation has more"
    CHARS = 1, "code points, with the blank line (two code points) between turns"
    WORDS = (
        2,
        (
            "maximal runs of letters, digits and combining marks that start with a letter or digit, joined by single "
            "inner apostrophes or hyphens; each letter or digit of Han, Hiragana, Katakana, Thai, Lao, Khmer and "
            "Myanmar is a word"
        ),
    )
    PROSE_WORDS = 3, "words outside code fences"
    SENTENCES = (
        4,
        (
            "outside code fences: stretches with a word that end at . ! ? or … before white space, a quote, a bracket, "
            "* or _, at 。 ！ ？ or ｡, or with their line; the number of a list item is in no sentence"
        ),
    )
    PARAGRAPHS = 5, "runs of lines that are not blank, code fences left out"
    LINES = 6, "lines with something other than spaces and tabs on them"
    HEADERS = 7, "headings of CommonMark: # to ###### and a space, or a paragraph underlined with = or -"
    ORDERED_ITEMS = 8, "list items numbered 1. or 1), as CommonMark reads them"
    BULLET_ITEMS = 9, "list items behind -, * or +, as CommonMark reads them"
    BOLD = (
        10,
        "pieces of strong emphasis (** or __), as CommonMark pairs them; *** on both sides is bold and italic",
    )
    ITALIC = 11, "pieces of emphasis (* or _), as CommonMark pairs them"
    INLINE_CODE = 12, "code spans: as many back-ticks (up to 64) on both sides, inside one block"
    CODE_BLOCKS = 13, "code fences of ``` or ~~~, closed or not; indented code is not counted"
    CODE_CHARS = 14, "code points on the lines inside code fences, line ends included"
    LINKS = 15, "[text](address) and <https://address> or <name@host>, not images, not in code"
    IMAGES = 16, "![text](address), not in code"
    TABLES = 17, "rows of tables with a | --- | line under the header row, header row included, that line not"
    QUOTES = 18, "block quotes opened with >"
    RULES = 19, "thematic breaks: a line of three or more *, - or _"
    MATH = 20, "formulas in $...$, $$...$$, \\(...\\) or \\[...\\] inside one block, not in code"
    MARKUP_CHARS = (
        21,
        (
            "code points that are markup: heading marks, list markers, >, rules, underlines, fence lines, table bars "
            "and "
            "dashes, paired emphasis marks and back-ticks, brackets and addresses of links and images, formula marks"
        ),
    )
    EMOJI = 22, "emoji sequences, leftmost and longest, of the sequences in the emoji package"
    EMOJI_DISTINCT = 23, "different emoji sequences in the text"
    EMOJI_LINES = (
        24,
        "lines outside code fences whose first character behind line markers, * and _ starts an emoji",
    )
    PRAISE = 25, "phrases that praise the user, the question or the user's idea"
    AGREEMENT = 26, "phrases that tell the user they are right"
    CAPITULATION = 27, "phrases that give in: apologies for an error, thanks for a correction"
    EMPATHY = 28, "phrases that speak to the user's feelings"
    ENTHUSIASM = 29, "phrases of the answerer's own excitement"
    SERVILITY = 30, "phrases of eagerness to serve"
    ENGAGEMENT_BAIT = 31, "phrases that ask for another turn: offers and invitations to go on"
    SYCOPHANTIC_OPENING = 32, "turns whose first sentence has a sycophantic phrase"
    SYCOPHANTIC_CLOSING = 33, "turns whose last sentence has a sycophantic phrase"
    ARENA_HEADERS = 34, "matches of ^#{1,6}\\s on a line, as FastChat counts them, its code removal included"
    ARENA_LISTS = (
        35,
        "matches of ^\\s*\\d+\\.\\s and ^\\s*[-*+]\\s, as FastChat counts them, its code removal included",
    )
    ARENA_BOLD = (
        36,
        "matches of \\*\\*[^*\\n]+\\*\\* and __[^_\\n]+__, as FastChat counts them, its code removal included",
    )

    REFUSAL = 37, "phrases that refuse to do what was asked"
    DISCLAIMER = 38, "phrases that disclaim: being an AI, no feelings, no newer knowledge, no doctor or lawyer"
    HEDGES = 39, "words and phrases that make a statement less certain"
    BOOSTERS = 40, "words and phrases that make a statement more certain or stronger"
    SLOP = 41, "words and phrases that language models use more than people do"
    FIRST_PERSON = 42, "I, me, my, mine, myself, and contractions with I; not a small i by itself"
    SECOND_PERSON = 43, "you, your, yours, yourself, yourselves, and contractions with you"
    CONTRACTIONS = 44, "contracted forms, as don't, it's and we'll; not the possessive 's"
    POSITIVE_WORDS = 45, "words of the list of positive words"
    NEGATIVE_WORDS = 46, "words of the list of negative words"
    ALL_CAPS = (
        47,
        (
            "words of two capitals or more in which all but ASCII digits is capitals (A to Z, and letters beyond ASCII "
            "whose small letter is one code point)"
        ),
    )
    EXCLAMATIONS = (
        48,
        (
            "exclamation marks in a run of ! and ? with its end where a sentence could end, not before [; "
            "and every full-width ！"
        ),
    )
    QUESTIONS = 49, "question marks, counted like exclamation marks; and every full-width ？"
    CLOSING_QUESTION = 50, "turns whose last sentence has a question mark that is counted"
    SYLLABLES = (
        51,
        (
            "syllables of words outside code fences: runs of vowels (a, e, i, o, u, y, with or without accents, and "
            "those of Greek and Cyrillic), less one for a silent e in -e, -ed or -es behind a consonant "
            "(not -le, -led, -les behind another; not -ted, -ded; not -ses, -zes, -xes, -ces, -ges, -hes), at least "
            "one; one for the number of a list item and for a word of a script without spaces"
        ),
    )
    COMPLEX_WORDS = 52, "words outside code fences of three syllables or more"
    LONG_WORDS = 53, "words outside code fences of more than six letters and digits"
    LETTERS = 54, "letters and digits of the words outside code fences"
    WINDOW_TYPES = (
        55,
        (
            "different words in each window of 100 words outside code fences that follow one another in a turn, the "
            "numbers of list items left out, summed over the windows; of a shorter turn, in all of its words"
        ),
    )
    WINDOW_WORDS = 56, "words in those windows, summed likewise"


N_COUNTERS = len(Counter)
ARENA_COUNTERS = frozenset({Counter.ARENA_HEADERS, Counter.ARENA_LISTS, Counter.ARENA_BOLD})
PHRASE_COUNTERS = frozenset(
    Counter[name.upper()]
    for name in (*CATEGORIES, *STYLE_CATEGORIES, *WORD_LISTS, "sycophantic_opening", "sycophantic_closing")
)
"""What is found by phrase lists, so in their language only."""
PROSE_COUNTERS = frozenset(counter for counter in Counter if counter > Counter.ARENA_BOLD)
"""What is counted word by word, and only where it is asked for."""
