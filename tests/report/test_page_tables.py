"""Tables of the page: cells, what they are sorted by, notes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from llamastyle.report import page_tables as tables

AUDIT = pd.DataFrame(
    {
        "model": ["a", "b", "c"],
        "battles": [1200, 30, 3],
        "win_rate": [0.6123, 0.4, 0.1],
        "parity_change": [0.05, -0.0004, np.nan],
        "change_low": [0.03, -0.02, np.nan],
        "change_high": [0.07, 0.02, np.nan],
        "rank_plain": pd.array([1, 2, None], dtype="Int64"),
        "rank": pd.array([2, 1, None], dtype="Int64"),
        "inflation": [42.0, -0.01, np.nan],
        "inflation_low": [30.0, -20.0, np.nan],
        "inflation_high": [54.0, 20.0, np.nan],
        "unusual": [3.1, -0.01, np.nan],
        "top_feature": ["words", "bold", ""],
        "verdict": ["inflated", "undetermined", "insufficient data"],
        "battles_needed": pd.array([None, 5000, None], dtype="Int64"),
        "note": ["distance needs at least 15 models", "near the margin; distance needs at least 15 models", "too few"],
    }
)


def cells(table):
    heads = [head for head, _ in table.heads]
    return [dict(zip(heads, (cell.text for cell in row), strict=True)) for row in table.rows]


def test_audit_shows_models_with_figures_and_numbers_their_notes():
    table = tables.audit_table(AUDIT, 0.9)
    first, second = cells(table)
    assert first["Model"] == "a"
    assert first["Battles"] == "1,200"
    assert first["Win rate, %"] == "61.2"
    assert first["Parity change, points"] == "+5.0 [3.0, 7.0]"
    assert first["Inflation, Arena points"] == "+42.0 [30.0, 54.0]"
    assert first["Rank, plain → controlled"] == "1 → 2"
    assert second["Beside the field"] == "0.0"
    assert second["Inflation, Arena points"] == "0.0 [−20.0, 20.0]"
    assert second["Needs, battles in all"] == "5,000"
    verdicts = [row[1] for row in table.rows]
    assert [(v.kind, v.mark) for v in verdicts] == [("down", ""), ("muted", "1")]
    assert table.notes == ("1: near the margin",), "no distance is shown, so that nothing is said of it"
    assert "90 %" in table.caption


def test_notes_on_unusual_go_with_its_column():
    note = "unusual not computed: the models differ by no more than their errors"
    noted = AUDIT.assign(note=note)
    assert tables.audit_table(noted, 0.9).notes == (f"All: {note}",)
    assert tables.audit_table(noted.assign(unusual=np.nan), 0.9).notes == ()


def test_columns_without_a_word_are_left_out():
    table = tables.audit_table(AUDIT.head(1), 0.95)
    assert "Needs, battles in all" not in [head for head, _ in table.heads]
    assert all(len(row) == len(table.heads) for row in table.rows)


def test_numbers_are_sorted_by_their_value():
    row = tables.audit_table(AUDIT, 0.95).rows[0]
    assert row[2].value == 1200
    assert row[4].value == 5.0
    assert row[0].value is None


def test_missing_models_say_why():
    assert cells(tables.missing_table(AUDIT.tail(1)))[0] == {
        "Model": "c", "Battles": "3", "Win rate, %": "10.0", "Why": "too few",
    }  # fmt: skip


def test_every_verdict_has_its_tone():
    from llamastyle.options import Verdict, allowed

    assert set(tables.FLAGGED) == set(allowed(Verdict))


def test_rates_and_overrides():
    rates = pd.DataFrame(
        {
            "term": ["words", "bold"],
            "unit": ["+10 %", "from 0 to 1"],
            "estimate": [0.0512, np.nan],
            "conf_low": [0.04, np.nan],
            "conf_high": [0.06, np.nan],
            "note": ["", "withheld"],
        }
    )
    assert [row["Right answers"] for row in cells(tables.rate_table(rates, 0.95))] == ["+0.051 [0.040, 0.060]", ""]
    overrides = pd.DataFrame(
        {
            "index": ["style"],
            "wrong_side_has": ["more"],
            "battles": [321],
            "rate": [0.335],
            "conf_low": [0.321],
            "conf_high": [0.35],
            "note": [""],
        }
    )
    row = cells(tables.override_table(overrides, 0.95))[0]
    assert row == {
        "Measured by": "style", "More on": "the wrong side", "Battles": "321", "Wrong side wins, %": "33.5 [32.1, 35.0]",
    }  # fmt: skip


def test_ratings_prices_parts_and_checks():
    ratings = pd.DataFrame(
        {
            "model": ["a"], "battles": [10], "rating_plain": [1010.4], "rating_plain_low": [1000.0],
            "rating_plain_high": [1020.0], "rating_raw": [1012.0], "rating": [999.6], "conf_low": [990.0],
            "conf_high": [1009.0], "rank_plain": [1], "rank": [2], "rank_low": [1], "rank_high": [3],
        }
    )  # fmt: skip
    assert cells(tables.rating_table(ratings, 0.95))[0]["Plain"] == "1010 [1000, 1020]"
    assert cells(tables.rating_table(ratings, 0.95))[0]["Ranks possible"] == "1–3"
    prices = pd.DataFrame(
        {
            "term": ["words"], "group": ["length"], "contrast": ["log_ratio"], "scale": [1.5], "estimate": [0.4],
            "conf_low": [0.3], "conf_high": [0.5], "p_value": [1e-9],
        }
    )  # fmt: skip
    assert cells(tables.price_table(prices, 0.95))[0]["p"] == "< 0.001"
    parts = pd.DataFrame(
        {
            "block": ["style", "total"], "group": ["length", ""], "term": ["words", ""], "estimate": [-12.0, 40.0],
            "conf_low": [-14.0, 30.0], "conf_high": [-10.0, 50.0], "share": [-0.3, np.nan],
            "share_low": [-0.4, np.nan], "share_high": [-0.2, np.nan],
        }
    )  # fmt: skip
    row = cells(tables.parts_table(parts, "m", 0.95))[0]
    assert row == {
        "Part": "style › length › words", "Arena points": "−12.0 [−14.0, −10.0]",
        "Share of the total, %": "−30 [−40, −20]",
    }  # fmt: skip
    checks = pd.DataFrame({"check": ["converged"], "value": ["yes"], "note": ["5 steps"]})
    assert cells(tables.checks_table(checks))[0]["Value"] == "yes"


def test_names_lead_where_they_have_a_part():
    table = tables.audit_table(AUDIT, 0.9, {"b": "#model-1"})
    assert [row[0].link for row in table.rows] == ["", "#model-1"]


def test_contributors_by_size_with_what_is_known_of_the_answers():
    rows = [("words", 1.0, 0.5, 1.5, 301.4, 149.2, 57.3, 2.66), ("bold", -8.25, -9.0, -7.5, 0.0157, 1.234, np.nan, np.nan)]
    names = ["term", "estimate", "conf_low", "conf_high", "mean", "field", "spread", "standing"]
    table = tables.contributor_table(pd.DataFrame(rows, columns=names), "x: most", 0.95)
    first, second = cells(table)
    assert (first["Feature"], second["Feature"]) == ("bold", "words")
    assert first["Inflation, Arena points"] == "−8.2 [−9.0, −7.5]"
    assert (first["Its answers, mean"], first["Field, mean"], first["Field, spread"]) == ("0.016", "1.23", "")
    assert (second["Its answers, mean"], second["Spreads from the field"]) == ("301", "+2.7")
    assert table.rows[1][2].value == 301.4


def test_sized_keeps_about_three_digits():
    assert [tables.sized(v) for v in (1234.5, 99.94, 9.994, 0.1234, -2.5, np.nan)] == [
        "1,234", "99.9", "9.99", "0.123", "−2.50", "",
    ]  # fmt: skip


def test_overlap_and_sensitivity():
    row = {"model": "all", "battles": 10, "near_parity": 0.25, "lowest": -1, "median": 0, "highest": 2}
    (shown,) = cells(tables.overlap_table(pd.DataFrame([{**row, "extrapolated": True}])))
    assert (shown["Model"], shown["Near parity, %"], shown["Lowest"], shown["Extrapolated"]) == ("all", "25.0", "−1.00", "yes")
    row = {"term": "words", "estimate": 0.06, "partial_r2": 0.024, "robustness_value": 0.145, "adjusted": -0.01}
    row |= {"robustness_value_level": 0.11, "benchmark": "bold", "note": ""}
    (shown,) = cells(tables.sensitivity_table(pd.DataFrame([row])))
    assert (shown["To reach zero, %"], shown["Compared with"], shown["Price left"]) == ("14.5", "bold", "−0.010")
    assert "Note" not in shown


def test_a_price_without_an_interval_has_no_p():
    row = {"term": "words", "group": "length", "contrast": "log_ratio", "scale": 1.0, "estimate": 0.5}
    row |= dict.fromkeys(["conf_low", "conf_high", "p_value"], np.nan)
    rows = tables.price_table(pd.DataFrame([row, {**row, "p_value": 0.2}]), 0.95).rows
    assert [cells_of[-1].text for cells_of in rows] == ["", "0.200"]
