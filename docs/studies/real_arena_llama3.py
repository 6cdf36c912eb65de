"""One model against unnamed opponents, by topic."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies._real import cell, contrast_cells, of_term, p_value, points, quiet, words_step

NAME = "real-arena-llama3"
SUMMARY = (
    "Votes of people between llama-3-70b-instruct and an opponent, or several, that the data do not name,"
    " by topic; no correctness, no ties. Without names there are prices and no ratings, and nothing stands"
    " for how good the model is. Since it is always the first side, a term for that side does (`side`),"
    " and the columns `with side` are of fits that have it. Effects are in points of win rate, per"
    " recorded scale. Default features; `p equal` tests that an effect is the same for all topics, `q"
    " equal` allows for all features. In a topic, battles in which a feature foretells every vote are left"
    " out. The second table is of all topics together, with all features under another contrast."
)

TERMS = ("words", "bold")
TOPICS = {"Humantiies": "Humanities"}


def read() -> ls.Battles:
    return ls.read_battles(
        shared_data("arena_llama3") / "battles.parquet",
        columns={
            "winner": "preference",
            "response_a": "llama-3-70b-instruct",
            "response_b": "not_llama",
            "category": "category_labels",
            "prompt": "question",
        },
        labels={"llama-3-70b-instruct": "model_a", "not_llama": "model_b"},
    )


def run(folder: Path, progress: Progress) -> None:
    """Effects by topic without and with a term for the model, and the contrasts."""
    battles = read()
    columns: dict[str, pd.Series] = {}
    contrasts: list[dict[str, object]] = []
    for count, position in enumerate((False, True)):
        progress(count, 2)
        with quiet():
            result = ls.fit(battles, position=position)
            levels, whole = result.by("category"), result.effects()
        extra = ", with side" if position else ""
        for term in (*TERMS, *(["position"] if position else [])):
            unit = "one recorded scale" if term in TERMS else None
            columns["side" if term == "position" else f"{term}{extra}"] = column(
                of_term(levels, term, unit), whole, unit
            )
        for term in TERMS:
            contrasts.append({"effect": f"{term}{extra}", **contrast_cells(result, term)})
    table = pd.DataFrame(columns)
    sizes = battles.columns["category"].value_counts().rename(TOPICS).astype(str)
    table.insert(0, "battles", sizes.reindex(table.index).fillna(""))
    table.loc["all", "battles"] = str(len(battles))
    said = f"arena_llama3, {len(battles)} votes; {words_step(result)}"
    write_table(folder, f"{NAME}-1-topics", table.rename_axis("topic").reset_index(), data=said, seed=0)
    about = "arena_llama3; effect in points, per recorded scale of each contrast"
    write_table(folder, f"{NAME}-2-contrasts", pd.DataFrame(contrasts), data=about, seed=0)
    progress(2, 2)


def column(levels: pd.DataFrame, whole: pd.DataFrame, unit: str | None) -> pd.Series:
    """One effect: together, in each topic, and the tests that it is the same."""
    term = levels["term"].iloc[0]
    cells = {"all": points(of_term(whole, term, unit).iloc[0])}
    for _, row in levels.iterrows():
        cells[TOPICS.get(row["level"], row["level"])] = (
            cell(row["effect"], row["conf_low"], row["conf_high"], 1, 100.0) or "too few battles"
        )
    cells["p equal"] = p_value(float(levels["p_equal"].iloc[0]))
    cells["q equal"] = p_value(float(levels["q_equal"].iloc[0]))
    return pd.Series(cells)
