"""Frames as they fit a terminal."""

from __future__ import annotations

import numpy as np
import pandas as pd

import llamastyle as ls
from llamastyle.report.tables import text_table
from llamastyle.report.terminal import audit_columns, beside, gap_columns, rating_columns


def test_parts_of_a_gap_are_nested_and_in_their_unit():
    result = ls.fit(ls.simulate(4000, 4, style={"words": 0.6, "chars": 0.1, "bold": 0.3}, seed=3).battles)
    gap = result.compare("model-01", "model-02", scale="win_rate")
    shown = gap_columns(gap, "win_rate")
    assert shown["part"].tolist() == [
        "strength", "schedule", "style", "  length", "    words", "    chars", "  markdown", "    bold",
        "correctness", "total",
    ]  # fmt: skip
    words = gap.set_index("term").loc["words"]
    assert shown["win-rate points"][4].startswith(f"{100 * words['estimate']:.1f} [")
    assert shown["share in %"].iloc[-1] in ("100", "")
    assert max(map(len, text_table(shown, 80).splitlines())) <= 80


def test_found_stands_beside_planted():
    frame = pd.DataFrame({"term": ["x"], "planted": [0.5], "estimate": [0.4], "conf_low": [0.3], "conf_high": [0.6]})
    shown = beside(frame, 100.0, 1)
    assert shown.iloc[0].tolist() == ["x", "50.0", "40.0 [30.0, 60.0]"]


def test_wide_tables_lose_columns_on_narrow_terminals_only():
    result = ls.fit(ls.simulate(3000, 4, style={"words": 0.6}, seed=3).battles)
    audit = result.audit()
    assert {"mostly", "verdict"} <= set(audit_columns(audit, 120))
    assert "mostly" not in audit_columns(audit, 80)
    ranks = rating_columns(result.ratings())["ranks"]
    assert ranks.str.fullmatch(r"\d+-\d+").all()
    assert np.array_equal(audit.columns, result.audit().columns)
