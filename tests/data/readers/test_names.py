"""Names of columns: mapping, and what to say when one is missing."""

from __future__ import annotations

import pytest

from llamastyle.data.readers.formats import CANONICAL
from llamastyle.data.readers.names import (
    canonical_keys,
    check_columns,
    guess,
    listed,
    mapped,
    missing_column,
    way_to_map,
)
from llamastyle.data.readers.table import Table, python_column
from llamastyle.errors import DataError


def table(*names: str) -> Table:
    return Table({name: python_column([i]) for i, name in enumerate(names)}, 1)


def test_a_mapped_column_loses_its_own_name() -> None:
    made = mapped(table("prompt", "winner", "vote", "slug"), {"prompt_id": "prompt", "winner": "vote"})
    assert {name: column.to_pylist()[0] for name, column in made.columns.items()} == {
        "prompt_id": 0,
        "winner": 2,
        "slug": 3,
    }


def test_one_column_may_have_two_names_and_keep_its_own() -> None:
    made = mapped(table("question"), {"prompt": "question", "prompt_id": "question"})
    assert set(made.columns) == {"prompt", "prompt_id"}
    kept = mapped(table("prompt"), {"prompt": "prompt", "prompt_id": "prompt"})
    assert set(kept.columns) == {"prompt", "prompt_id"}


def test_wrong_mappings() -> None:
    with pytest.raises(DataError, match="'winer' is no name that is read; did you mean 'winner'"):
        check_columns({"winer": "vote"}, CANONICAL)
    with pytest.raises(DataError, match=r"no column 'vote_'; did you mean 'vote'.*it has 'vote', 'x'"):
        mapped(table("vote", "x"), {"winner": "vote_"})
    with pytest.raises(DataError, match="not a dict"):
        check_columns([("winner", "vote")], CANONICAL)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="as text"):
        check_columns({"winner": 3}, CANONICAL)


def test_names_of_a_score_table_are_read_only_with_one() -> None:
    assert "model" in canonical_keys(True)
    assert "model" not in canonical_keys(False)


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (
            ("winer", "x"),
            'did you mean \'winer\'? name it with columns={"winner": "winer"} (--map winner=winer)',
        ),
        (("Vote", "x"), 'did you mean \'Vote\'? name it with columns={"winner": "Vote"} (--map winner=Vote)'),
        (("x", "y"), "among 'x', 'y'; name it with columns={\"winner\": \"YOUR_COLUMN\"}"),
        ((), "among no columns"),
        (("winner ", "x"), """columns={"winner": "winner "} (--map 'winner=winner ')"""),
        (('say "vote"', "vote"), 'did you mean \'vote\'?'),
    ],
)
def test_missing_columns(there: tuple[str, ...], says: str) -> None:
    assert says in str(missing_column("winner", table(*there)))


def test_columns_that_have_a_meaning_of_their_own_are_no_guesses() -> None:
    for name in ("model_a", "response_a", "correct_a"):
        other = name[:-1] + "b"
        said = str(missing_column(name, table(other, "winner", "tokens_a")))
        assert "did you mean" not in said
        assert "YOUR_COLUMN" in said
    assert "did you mean 'modela'" in str(missing_column("model_a", table("model_b", "modela")))
    assert "did you mean 'prompt'" in str(missing_column("prompt_id", table("prompt", "model_b")))
    assert guess("model", table("model_a", "generator")) == "generator"


def test_what_to_paste() -> None:
    assert way_to_map({"winner": 'a "b"', "model_a": "c d"}) == (
        'columns={"winner": "a \\"b\\"", "model_a": "c d"} (--map \'winner=a "b"\' --map \'model_a=c d\')'
    )


def test_long_lists_are_cut() -> None:
    assert listed(table(*(f"c{i}" for i in range(40)))).endswith("and 10 more")
