"""Bad rows are raised with the first of them in full, or listed."""

from __future__ import annotations

import numpy as np

from llamastyle.data.readers.checks import Checks, issue_frame


def make(n: int = 5, failed: tuple[int, ...] = ()) -> Checks:
    mask = np.zeros(n, bool)
    mask[list(failed)] = True
    return Checks(n, lambda row: f"row {row}", mask)


def test_the_first_row_is_named_in_full() -> None:
    checks = make()
    checks.add(np.array([0, 0, 0, 1, 1], bool), "weight", "not above zero", lambda rows: [-2, 0])
    checks.add(np.array([0, 1, 0, 0, 0], bool), "winner", "no winner")
    text = str(checks.error())
    assert text.startswith(
        "row 1, column 'winner': no winner; 1 of 5 rows like this, 3 have some problem; strict=False"
    )
    assert checks.bad.tolist() == [False, True, False, True, True]
    assert "no row is left" in str(checks.error(set_aside=True))


def test_issues_are_listed_by_row() -> None:
    checks = make()
    checks.add(np.array([0, 0, 0, 1, 0], bool), "weight", "bad", lambda rows: [-2.0])
    checks.add_rows({2: "odd", 0: "odd", 3: "even"}, "text", lambda rows: [f"v{row}" for row in rows])
    assert checks.issues().values.tolist() == [
        [0, "text", "odd", "v0"],
        [2, "text", "odd", "v2"],
        [3, "weight", "bad", -2.0],
        [3, "text", "even", "v3"],
    ]


def test_failed_rows_are_not_looked_at() -> None:
    checks = make(failed=(1,))
    checks.add(np.array([0, 1, 0, 0, 0], bool), "a", "bad")
    checks.add_rows({1: "bad"}, "a", lambda rows: [None])
    assert checks.problems == []
    assert checks.bad.tolist() == [False, True, False, False, False]


def test_no_issues_have_the_same_columns() -> None:
    empty, one = issue_frame([]), issue_frame([(1, "a", "b", None)])
    assert list(empty) == list(one) == ["row", "column", "what", "value"]
    assert empty.dtypes.tolist() == one.dtypes.tolist()
