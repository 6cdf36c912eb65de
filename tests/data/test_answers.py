"""What is dialled is what stands in the text, to the last count, by our scanner and by others."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from emoji import emoji_count
from markdown_it import MarkdownIt

import llamastyle as ls
from llamastyle.data import answers
from llamastyle.data.answers import DIALS, fewest_words, write_answers
from llamastyle.data.questions import LONGEST_STATEMENT, TOPICS, write_questions
from tests.data.checking import facts_in

ABSENT = ("italic", "inline_code", "code_blocks", "tables", "links", "images", "quotes", "rules", "math")
QUESTIONS = write_questions(500, np.random.default_rng(0))


def written(dials, seed=0, right=None):
    """Answers, the question of each, and whether it is to be right."""
    rng = np.random.default_rng(seed)
    which = rng.integers(len(QUESTIONS), size=len(dials))
    ok = rng.random(len(dials)) < 0.5 if right is None else np.full(len(dials), right)
    return write_answers(QUESTIONS, which, ok, dials, rng), which, ok


def typical(n, seed=0):
    """Dials as arenas have them, some of them short of words."""
    rng = np.random.default_rng(seed)
    value = [5.0, 0.6, 1.4, 1.2, 0.7, 0.7] + rng.normal(size=(n, 6)) * [0.7, 0.8, 1.0, 1.0, 1.0, 0.8]
    dials = np.rint(np.expm1(value)).clip(0).astype(np.int64)
    dials[: n // 4, 0] = 0
    dials[:, 0] = np.maximum(dials[:, 0], fewest_words(dials) + rng.integers(4, size=n))
    return dials


def grid():
    """Every mixture of none, one, two, a few and many, with the fewest words and some more."""
    rows = [
        [extra, *rest]
        for rest in itertools.product((0, 1, 2, 7, 40), repeat=5)
        for extra in (0, 1, 2, 5, 30, 200)
    ]
    dials = np.array(rows)
    dials[:, 0] += fewest_words(dials)
    return dials


@pytest.mark.parametrize("dials", [typical(8000), grid()], ids=["typical", "grid"])
def test_counts_are_the_dials(dials):
    texts, _, _ = written(dials)
    table = ls.extract(texts, ls.ALL)
    np.testing.assert_array_equal(np.column_stack([table.column(name) for name in DIALS]), dials)
    for name in ABSENT:
        assert table.column(name).max() == 0, name


def test_huge_and_tiny():
    dials = np.array([[4000, 50, 200, 200, 200, 50], [7, 0, 0, 0, 0, 0], [7, 0, 0, 0, 900, 0], [20_000, *[0] * 5]])
    table = ls.extract(written(dials)[0], list(DIALS))
    np.testing.assert_array_equal(table.values, dials)


def test_other_counters_agree():
    dials = typical(600, seed=5)
    texts, _, _ = written(dials)
    parse = MarkdownIt("commonmark").parse
    for text, (words, headers, items, bold, emoji, _) in zip(texts, dials.tolist(), strict=True):
        flat = [t for token in parse(text) for t in (token, *(token.children or []))]
        kinds = [token.type for token in flat]
        assert kinds.count("heading_open") == headers
        assert kinds.count("list_item_open") == items
        assert kinds.count("strong_open") == bold
        assert kinds.count("em_open") == 0
        assert emoji_count(text) == emoji
        assert len(re.findall(r"[A-Za-z0-9]+(?:['-][A-Za-z0-9]+)*", text)) == words


def test_arena_counts_the_same():
    dials = typical(2000, seed=6)
    table = ls.extract(written(dials)[0], ["arena_headers", "arena_lists", "arena_bold"])
    np.testing.assert_array_equal(table.values, dials[:, 1:4])


def test_the_fact_is_right_or_wrong_and_nothing_else_tells():
    dials = typical(2000, seed=7)
    right, which, _ = written(dials, right=True)
    wrong, _, _ = written(dials, right=False)
    for good, bad, q in zip(right, wrong, which, strict=True):
        question = QUESTIONS[q]
        assert facts_in(good) == [question.right]
        (said,) = facts_in(bad)
        assert said in question.wrong
        assert good.replace(question.right, said) == bad


def test_answers_vary():
    texts, which, _ = written(typical(4000, seed=8))
    assert len(set(texts)) == len(texts)
    assert len({word for text in texts for word in re.findall("[a-z]+", text)}) > 300
    assert all(TOPICS[QUESTIONS[q].topic].clauses[0][0] in "".join(texts).lower() for q in which[:20])
    longest = max(texts, key=len)
    sentences = re.split(r"(?<=\.)\s", longest)
    assert len(set(sentences)) > 0.75 * len(sentences)


def test_every_piece_is_what_it_is_counted_as():
    phrases = [*answers.OPENINGS, *answers.CLOSINGS, *answers.SHORT]
    table = ls.extract(phrases, ["words", "sycophancy"])
    assert (table.column("sycophancy") == 1).all()
    assert table.column("words").max() == answers.LONG_WORDS
    assert (table.column("words")[-len(answers.SHORT) :] == answers.SHORT_WORDS).all()
    kinds = ls.extract(phrases, ["praise", "agreement", "empathy", "enthusiasm", "servility", "engagement_bait"])
    assert (kinds.values.sum(axis=0) > 0).all()
    assert (ls.extract(list(answers.EMOJI), ["emoji", "words"]).values == [1, 0]).all()
    for topic in range(len(TOPICS)):
        for words, (plain, bold) in enumerate(answers._sentences(topic)):
            assert (ls.extract(list(plain), ["words", "bold", "sycophancy"]).values == [words, 0, 0]).all()
            assert (ls.extract(list(bold), ["words", "bold", "sycophancy"]).values == [words, 1, 0]).all()


def test_same_seed_same_answers():
    dials = typical(200, seed=9)
    assert written(dials, seed=3)[0] == written(dials, seed=3)[0]
    assert written(dials, seed=3)[0] != written(dials, seed=4)[0]


def test_fewest_words():
    base = LONGEST_STATEMENT + 1
    dials = np.array([[99, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5]])
    assert fewest_words(dials).tolist() == [base, base + 1 + 2 + 3 + 2 * 5]


@pytest.mark.parametrize(
    ("row", "says"), [([6, 0, 0, 0, 0, 0], "at least 7 words"), ([50, 0, -1, 0, 0, 0], "list_items -1")]
)
def test_impossible_dials_are_refused(row, says):
    with pytest.raises(ls.DataError, match=f"answer 1 .*{says}"):
        written(np.array([[50, 0, 0, 0, 0, 0], row]))
