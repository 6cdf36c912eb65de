"""Answers with dialled style: texts whose counts under the scanner are exactly the dials.

An answer states one fact, right or wrong, and is filled up with plain sentences to its number of
words. Headers, list items, bold pieces, emoji and phrases of flattery are counted out one by one;
no dial knows whether the fact is right. Italics, code, tables, links and the like do not occur.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from llamastyle.data.questions import LONGEST_STATEMENT, TOPICS, Question, Topic
from llamastyle.errors import DataError

__all__ = ["DIALS", "fewest_words", "write_answers"]

Ints = NDArray[np.int64]
Clause = tuple[str, str, str]

DIALS = ("words", "headers", "list_items", "bold", "emoji", "sycophancy")
"""What can be dialled, in the order of the columns; each is the name of a built-in feature."""

LONGEST = 14
"""Words of the longest sentence."""
VARIANTS = 31
"""Sentences of each topic and length: a prime, so that a walk in equal steps repeats none too soon."""
RHYTHM = (11, 8, 13, 6, 10, 14, 9, 12, 7, 5)
"""Words of one sentence after the other."""
PARAGRAPH = 4
"""Sentences of a paragraph."""

SHORT = ("Great question!", "Excellent choice!", "Well done!", "Nice work!", "My pleasure!", "So true!")
SHORT_WORDS = 2
OPENINGS = (
    "Great question!",
    "That's a truly fascinating question.",
    "What a brilliant idea!",
    "Excellent choice!",
    "You're absolutely right.",
    "I couldn't agree more.",
    "That makes perfect sense.",
    "How exciting!",
    "I'd be happy to help.",
    "You raise a valid point.",
    "I love this.",
    "You've nailed the hard part.",
    "Thank you for asking.",
)
CLOSINGS = (
    "Hope this helps!",
    "Let me know if you need more.",
    "Feel free to ask!",
    "I'm here to help!",
    "Keep exploring!",
    "What do you think?",
    "Would you like me to go on?",
    "I'd love to hear more.",
    "You're not alone in this.",
    "Your feelings are valid.",
    "What a journey!",
)
LONG_WORDS = 7
"""Words of the longest phrase of flattery."""
EMOJI = tuple(
    "🎉 🚀 ✨ 🔥 💡 🙌 😊 🌟 💪 🎯 👏 🤩 📚 🧠 ❤️ 👍🏽 👩‍🚀 🥳 🌈 🔑 📌 🏆 💯".split()  # noqa: SIM905
)

LEADS = ("In practice,", "As ever,", "In short,", "More often,", "By contrast,", "All told,", "At times,")
TAILS = (
    ("",),
    ("again", "often", "slowly", "eventually", "today"),
    ("in time", "at first", "most days", "by design", "in spring"),
    ("for a while", "in most cases", "after some time", "without much noise", "on busy days"),
    ("as people often notice", "in almost every case", "when there is time", "once the work begins"),
    ("as the old notes say", "for reasons that are simple", "and that rarely changes much"),
)
JOINTS = ("and", "while", "but", "since", "so")
VERBS = (("matters", "varies", "counts"), ("matters most", "comes first", "deserves care"))
TITLES = (("{}",), ("The {}",), ("About the {}", "Around the {}", "Behind the {}"))
ARTICLES = ("a ", "an ", "the ", "its ")


def fewest_words(dials: Ints) -> Ints:
    """Words that an answer needs for its other dials, shape (n,).

    Parameters
    ----------
    dials : int64 (n, 6)
        In the order of `DIALS`; the words are not looked at.

    Examples
    --------
    >>> import numpy as np
    >>> fewest_words(np.array([[0, 0, 0, 0, 0, 0], [0, 1, 3, 2, 5, 1]])).tolist()
    [7, 15]
    """
    each = np.array([0, 1, 1, 1, 0, SHORT_WORDS])
    return LONGEST_STATEMENT + 1 + np.asarray(dials) @ each


def write_answers(
    questions: Sequence[Question],
    which: Ints,
    right: NDArray[np.bool_],
    dials: Ints,
    rng: np.random.Generator,
) -> list[str]:
    """n answers in Markdown whose counts are the dials.

    Parameters
    ----------
    questions : sequence of Question
    which : int64 (n,)
        The question that each answers.
    right : bool (n,)
        Whether it states the right fact.
    dials : int64 (n, 6)
        In the order of `DIALS`, not negative, and words no fewer than `fewest_words`.
    rng : numpy Generator

    Raises
    ------
    DataError
        A negative count, or too few words.

    Examples
    --------
    >>> import numpy as np
    >>> from llamastyle.data.questions import write_questions
    >>> rng = np.random.default_rng(0)
    >>> dials = np.array([[34, 1, 2, 1, 1, 1]])
    >>> answer = write_answers(write_questions(1, rng), np.array([0]), np.array([True]), dials, rng)[0]
    >>> print(*answer.split("\\n\\n"), sep="\\n")
    It comes to 2291 minutes.
    ## Behind the map
    The margin holds a **note** in spring. 💡
    - More often, the index saves an hour.
    - The map shows the coast.
    Would you like me to go on?
    """
    dials = np.asarray(dials, np.int64).reshape(-1, len(DIALS))
    bad = (dials < 0).any(axis=1) | (dials[:, 0] < fewest_words(dials))
    if bad.any():
        row = int(bad.argmax())
        asked = ", ".join(f"{name} {n}" for name, n in zip(DIALS, dials[row].tolist(), strict=True))
        raise DataError(
            f"answer {row} cannot be written: {asked}; counts must not be negative, and these need at least"
            f" {int(fewest_words(dials)[row])} words"
        )
    draws = rng.integers(1 << 40, size=len(dials)).tolist()
    rows = zip(which.tolist(), right.tolist(), dials.tolist(), draws, strict=True)
    return [_answer(questions[q], ok, row, r) for q, ok, row, r in rows]


def _answer(question: Question, right: bool, dials: list[int], r: int) -> str:
    """One answer; r is a large random number, of which each choice takes some bits."""
    words, headers, items, bold, emoji, flattery = dials
    pool, names = _sentences(question.topic), _titles(question.topic)
    roomy = words >= LONGEST_STATEMENT + 1 + headers + items + bold + LONG_WORDS * flattery
    opening, closing = _flattery(flattery, roomy, r)
    fact = question.right if right else question.wrong[r % len(question.wrong)]
    statement = question.statements[(r >> 3) % len(question.statements)]
    taken = _length(*opening, *closing, statement) + fact.count(" ")
    plan = _plan(words - taken, headers, items, bold, r)
    at, step = r >> 10, 1 + (r >> 20) % (VARIANTS - 1)

    strong = _spread(bold - plan.keywords, 1 + len(plan.sizes), r >> 6)
    units = [statement.replace("{}", f"**{fact}**" if strong[0] else fact)]
    for i, size in enumerate(plan.sizes, 1):
        units.append(pool[size][strong[i]][(at + i * step) % VARIANTS])
    units += opening + closing
    units += [names[plan.title][(at + i * step) % VARIANTS] for i in range(headers)]
    for k in range(emoji):
        units[(r + k * len(units) // emoji) % len(units)] += " " + EMOJI[(at + k * step) % len(EMOJI)]

    prose, flattered = 1 + items, 1 + len(plan.sizes)
    closed, titled = flattered + len(opening), flattered + flattery
    lead = units[flattered:closed] + units[:1]
    blocks = _blocks(lead, units[prose:flattered], units[1:prose], units[titled:], plan.ordered)
    if plan.keywords:
        nouns = [pool[1][1][(at + i) % VARIANTS][:-1] for i in range(plan.keywords)]
        blocks.append(f"Keywords: {', '.join(nouns)}.")
    if closing:
        blocks.append(" ".join(units[closed:titled]))
    return "\n\n".join(blocks)


def _flattery(n: int, roomy: bool, r: int) -> tuple[list[str], list[str]]:
    """n phrases: those before the answer, and those behind it."""
    first = (n + (r >> 2 & 1)) // 2
    if not roomy:
        phrases = [SHORT[(r + i) % len(SHORT)] for i in range(n)]
        return phrases[:first], phrases[first:]
    opening = [OPENINGS[(r + i) % len(OPENINGS)] for i in range(first)]
    return opening, [CLOSINGS[(r + i) % len(CLOSINGS)] for i in range(n - first)]


class _Plan(NamedTuple):
    """Words of a title; bold words on the line of keywords; words of each item, then sentence."""

    title: int
    keywords: int
    ordered: bool
    sizes: list[int]


def _plan(left: int, headers: int, items: int, bold: int, r: int) -> _Plan:
    """Where the words go that are left; it comes out even.

    A bold piece that no statement, item or sentence can carry becomes a word of the line of
    keywords, which costs one word more. The number of an ordered item is a word.
    """
    alone = max(0, bold - 1 - items)
    spare = left - headers - items - alone - (alone > 0)
    title = min(2, spare // (8 * headers)) if headers else 0
    spare -= title * headers
    item = min(8, spare * 2 // (3 * items)) if items else 0
    spare -= item * items
    keywords = max(0, alone - -(-spare // LONGEST))
    spare += alone - keywords + (alone > 0 and keywords == 0)
    ordered = item > 1 and bool(r >> 5 & 1)
    sizes = [1 + item - ordered] * items
    if item > 2:
        sizes[0 : items - 1 : 2] = [2 + item - ordered] * (items // 2)
        sizes[1:items:2] = [item - ordered] * (items // 2)
    return _Plan(1 + title, keywords, ordered, [*sizes, *_rhythm(spare, r % len(RHYTHM))])


@cache
def _rhythm(words: int, start: int) -> tuple[int, ...]:
    """Lengths of sentences that add up to the words, each at most `LONGEST`, none of one or two words."""
    lengths: list[int] = []
    while words > LONGEST:
        length = RHYTHM[(start + len(lengths)) % len(RHYTHM)]
        length -= 2 * (words - length < 3)
        lengths.append(length)
        words -= length
    return (*lengths, words) if words else tuple(lengths)


def _spread(hits: int, n: int, start: int) -> list[int]:
    """n flags of which hits are 1, evenly spread."""
    start %= n
    ends = [i * hits // n for i in range(start, start + n + 1)]
    return [ends[i + 1] - ends[i] for i in range(n)]


def _blocks(
    lead: list[str], prose: list[str], items: list[str], titles: list[str], ordered: bool
) -> list[str]:
    """Paragraphs, headings and lists in their order."""
    sections = max(1, len(titles))
    used = len(prose) // (sections + 1)
    blocks = [" ".join([*lead, *prose[:used]])]
    left, listed = len(prose) - used, 0
    for s in range(1, sections + 1):
        if titles:
            blocks.append("## " + titles[s - 1])
        until = len(prose) - left + left * s // sections
        for begin in range(used, until, PARAGRAPH):
            blocks.append(" ".join(prose[begin : min(begin + PARAGRAPH, until)]))
        used = until
        here = items[listed : len(items) * s // sections]
        listed += len(here)
        if here:
            marks = [f"{i}. " for i in range(1, len(here) + 1)] if ordered else ["- "] * len(here)
            blocks.append("\n".join(map(str.__add__, marks, here)))
    return blocks


@cache
def _sentences(topic: int) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """By number of words: plain sentences, and the same with one bold piece."""
    rng = random.Random(topic)
    made: list[tuple[tuple[str, ...], tuple[str, ...]]] = [((), ())]
    for words in range(1, LONGEST + 1):
        pairs = [_sentence(TOPICS[topic], words, rng) for _ in range(VARIANTS)]
        made.append((tuple(plain for plain, _ in pairs), tuple(bold for _, bold in pairs)))
    return tuple(made)


def _sentence(topic: Topic, words: int, rng: random.Random) -> tuple[str, str]:
    """A sentence of so many words, plain and with one bold piece."""
    subject, verb, thing = rng.choice([c for c in topic.clauses if words < 5 or _length(*c) <= words])
    article, noun = subject.split()
    if words == 1:
        return f"{noun.capitalize()}.", f"**{noun.capitalize()}**."
    if words < 5:
        rest = rng.choice(VERBS[words - 3]) if words > 2 else ""
        pair = f"{article} {noun} {rest}", f"{article} **{noun}** {rest}"
        return _finished(pair[0]), _finished(pair[1])
    left = words - _length(subject, verb, thing)
    lead = rng.choice(LEADS) + " " if left > 1 and rng.random() < 0.5 else ""
    others = [c for c in topic.clauses if c[0] != subject]
    tail = _tail(others, left - lead.count(" "), rng)
    bare = next((thing[len(a) :] for a in ARTICLES if thing.startswith(a)), thing)
    strong = thing[: len(thing) - len(bare)] + f"**{bare}**"
    begin = f"{lead}{subject} {verb}"
    return _finished(f"{begin} {thing}{tail}"), _finished(f"{begin} {strong}{tail}")


def _tail(others: Sequence[Clause], words: int, rng: random.Random) -> str:
    """So many words to end a sentence with: another clause where there is room for one."""
    if words < len(TAILS):
        return f" {rng.choice(TAILS[words])}".rstrip()
    clause = rng.choice([c for c in others if _length(*c) < words])
    return f", {rng.choice(JOINTS)} {' '.join(clause)}{_tail(others, words - 1 - _length(*clause), rng)}"


def _length(*texts: str) -> int:
    """Words of texts."""
    return sum(text.count(" ") + 1 for text in texts)


def _finished(text: str) -> str:
    text = text.strip()
    return f"{text[0].upper()}{text[1:]}."


@cache
def _titles(topic: int) -> tuple[tuple[str, ...], ...]:
    """Titles by number of words."""
    nouns = [subject.split()[1] for subject, _, _ in TOPICS[topic].clauses]
    filled = [
        [_finished(shapes[i % len(shapes)].format(nouns[i % len(nouns)]))[:-1] for i in range(VARIANTS)]
        for shapes in TITLES
    ]
    return ((), *map(tuple, filled))
