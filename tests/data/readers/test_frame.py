"""The plain table."""

from __future__ import annotations

from llamastyle.data.readers import frame
from llamastyle.data.readers.table import Table, python_column


def table(**columns: list[object]) -> Table:
    return Table({name: python_column(values) for name, values in columns.items()}, 1)


def test_pairs_of_numbers_are_measured_features() -> None:
    made = frame.read(
        table(
            winner=["tie"],
            words_a=[1],
            words_b=[2.5],
            tokens_a=[1],
            tokens_b=[1],
            correct_a=[1],
            correct_b=[0],
            label_a=["x"],
            label_b=["y"],
            half_a=[1],
            model_a=[1],
            model_b=[2],
            _a=[1],
            _b=[1],
        )
    )
    assert list(made.measured) == ["words", "tokens"]
    assert set(made.columns) == {"winner", "correct_a", "correct_b", "model_a", "model_b"}


def test_with_texts_numbers_are_not_used_and_said_so() -> None:
    made = frame.read(
        table(
            winner=["tie"],
            response_a=["x"],
            response_b=["y"],
            elo_a=[1],
            elo_b=[2],
            tokens_a=[1],
            tokens_b=[1],
        )
    )
    assert made.measured == {}
    assert "tokens_a" in made.columns
    assert "elo" in made.notes[0]
