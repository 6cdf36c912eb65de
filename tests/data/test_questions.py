"""The facts are right, the wrong ones are wrong, and nothing about them is flattery or markup."""

from __future__ import annotations

import numpy as np

import llamastyle as ls
from llamastyle.data.questions import LONGEST_STATEMENT, STATEMENTS, TOPICS, write_questions
from tests.data.checking import fact_of


def test_facts_are_right_and_wrong_ones_look_like_them():
    questions = write_questions(4000, np.random.default_rng(1))
    assert len({q.prompt for q in questions}) == 4000
    assert {q.topic for q in questions} == set(range(len(TOPICS)))
    marks = ("is that?", "are left?", "How many minutes", "day of the week", "Which date")
    assert len(marks) == len(STATEMENTS)
    assert all(any(mark in q.prompt for q in questions) for mark in marks)
    for question in questions:
        assert question.right == fact_of(question.prompt)
        assert question.right not in question.wrong
        assert len(set(question.wrong)) >= 2
        for wrong in question.wrong:
            assert len(wrong.split()) == len(question.right.split())
            assert not wrong.isdigit() or len(wrong) == len(question.right)


def test_more_prompts_than_two_of_the_kinds_have():
    questions = write_questions(200_000, np.random.default_rng(2))
    assert len({q.prompt for q in questions}) == 200_000


def test_statements_and_clauses_are_plain_prose():
    questions = write_questions(400, np.random.default_rng(3))
    statements = [s.replace("{}", q.right) for q in questions for s in q.statements]
    clauses = [" ".join(c) + "." for topic in TOPICS for c in topic.clauses]
    texts = statements + clauses + [q.prompt for q in questions]
    table = ls.extract(texts, ls.ALL)
    np.testing.assert_array_equal(table.column("words"), [len(text.split()) for text in texts])
    assert table.column("words")[: len(statements)].max() == LONGEST_STATEMENT
    for name in ("sycophancy", "emoji", "bold", "italic", "headers", "list_items", "math", "links"):
        assert table.column(name).max() == 0, name
    lengths = np.array([len(clause.split()) for clause in clauses]).reshape(len(TOPICS), -1)
    assert (lengths.min(axis=1) == 5).all()
    assert lengths.max() <= 7
    assert all(len(subject.split()) == 2 for topic in TOPICS for subject, _, _ in topic.clauses)
