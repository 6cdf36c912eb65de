"""What every format module offers, and the helpers that they share."""

from __future__ import annotations

import pytest

from llamastyle.data.readers import FORMATS
from llamastyle.data.readers.formats import CANONICAL, GROUPING, Format, canonical, renamed
from llamastyle.data.readers.table import Table, python_column

TABLE = Table({name: python_column([name]) for name in ("winner", "theirs", "odd")}, 1)


def test_canonical_and_renamed() -> None:
    assert list(canonical(TABLE)) == ["winner"]
    columns, sources = renamed(TABLE, {"model_a": "theirs", "winner": "odd", "judge": "absent"})
    assert sources == {"model_a": "theirs"}
    assert columns["model_a"].to_pylist() == ["theirs"]
    assert set(GROUPING) < set(CANONICAL)


@pytest.mark.parametrize("made", FORMATS, ids=lambda made: made.NAME)
def test_every_format_reads_any_table_without_a_word(made: Format) -> None:
    assert isinstance(made.sniff(frozenset(TABLE.columns)), bool)
    assert set(made.read(TABLE).columns) == {"winner"}


def test_names_are_unique_and_the_last_reads_anything() -> None:
    assert len({made.NAME for made in FORMATS}) == len(FORMATS)
    assert FORMATS[-1].sniff(frozenset())
