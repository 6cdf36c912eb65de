"""The published tables: their columns and types, and figures known from elsewhere."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from llamastyle.data import _build_facts as build
from llamastyle.data import facts
from llamastyle.data.facts import published
from llamastyle.errors import DataError

EXPERIMENTAL, RELEASE = "llama-4-maverick-03-26-experimental", "llama-4-maverick-17b-128e-instruct"
COLUMNS = {
    "arena_ratings": "date board category model rating low high rank models source",
    "arena_displayed": "date model rank rank_style_controlled rating low high votes organisation source",
    "style_coefficients": "date fit feature coefficient source",
    "aider_polyglot": "date model pass_rate_1 pass_rate_2 well_formed cost_usd edit_format cases source",
    "long_context": "date model tokens score source",
    "livebench": "date model reasoning coding mathematics data_analysis language instruction_following average source",
    "confabulations": "date model confab_pct nonresponse_pct weighted source",
    "long_context_later": "date model tokens score source checked",
    "llama_releases": "date model major weekday days_since_release days_since_major sizes source checked note",
    "context_claims": "date model organisation claimed_tokens source note checked",
    "claims": "date topic claim by where found found_date found_source source checked",
    "private_variants": "date who what number unit source checked note",
    "model_names": "arena aider livebench long_context note date source checked",
}
BY_HAND = [name for name, columns in COLUMNS.items() if "checked" in columns.split()]
SOURCE = re.compile(r"[\w.-]+/[\w.-]+:\S+@[0-9a-f]{9}|https://\S+")


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_those_that_were_promised(name: str) -> None:
    assert list(published(name)) == COLUMNS[name].split()


@pytest.mark.parametrize("name", facts.TABLES)
def test_every_row_has_a_date_and_a_source(name: str) -> None:
    table = published(name)
    assert len(table) > 4
    assert table["date"].dt.year.between(2023, 2026).all()
    assert table["source"].map(SOURCE.fullmatch).notna().all(), table["source"].unique()
    assert not table.duplicated().any()


@pytest.mark.parametrize("name", facts.TABLES)
def test_types_are_dates_numbers_and_texts(name: str) -> None:
    for column, values in published(name).items():
        if column in facts.DATES:
            assert values.dtype.kind == "M"
        elif column in facts.COUNTS:
            assert values.dtype == np.int64
        elif column in facts.MISSING_COUNTS:
            assert values.dtype == pd.Int64Dtype()
        elif column in facts.NUMBERS or column.startswith("days_"):
            assert values.dtype == np.float64
        else:
            assert values.map(type).eq(str).all(), column
            assert values.str.strip().equals(values), column


@pytest.mark.parametrize("name", facts.TABLES)
def test_a_table_brings_what_one_must_know(name: str) -> None:
    table = facts.TABLES[name]
    assert published(name).attrs == {"what": table.what, "caveat": table.caveat}
    assert min(map(len, (table.what, table.sources, table.caveat))) > 20


def test_the_list_has_every_shipped_table() -> None:
    listed = published()
    assert list(listed) == ["name", "rows", "what", "sources", "caveat"]
    assert sorted(listed["name"]) == sorted(path.stem for path in facts.FOLDER.glob("*.csv"))
    assert listed["rows"].tolist() == [len(published(name)) for name in listed["name"]]


def test_shipped_tables_are_small() -> None:
    assert sum(path.stat().st_size for path in facts.FOLDER.glob("*.csv")) < 700_000


@pytest.mark.parametrize("wrong", ["arena_rating", "zzz", 3])
def test_an_unknown_name_is_refused_with_the_list(wrong: object) -> None:
    with pytest.raises(DataError, match="there are arena_ratings, arena_displayed, ") as caught:
        published(wrong)  # type: ignore[arg-type]
    assert ("did you mean 'arena_ratings'" in str(caught.value)) == (wrong == "arena_rating")


def test_a_changed_table_changes_no_other() -> None:
    table = published("livebench")
    table["average"] = 0.0
    assert published("livebench")["average"].min() > 0


# -- Arena ---------------------------------------------------------------------------------------------


def board(date: str, name: str) -> pd.DataFrame:
    """One board over all prompts, by model."""
    table = published("arena_ratings")
    kept = (table["date"] == date) & (table["board"] == name) & (table["category"] == "full")
    return table[kept].set_index("model")


@pytest.mark.parametrize(("name", "gap"), [("raw", 129.9), ("style_controlled", 52.3)])
def test_gap_between_the_versions(name: str, gap: float) -> None:
    rating = board("2025-04-24", name)["rating"]
    assert rating[EXPERIMENTAL] - rating[RELEASE] == pytest.approx(gap, abs=0.05)


def test_experimental_maverick_at_the_launch() -> None:
    raw, controlled = board("2025-04-07", "raw"), board("2025-04-07", "style_controlled")
    assert raw.loc[EXPERIMENTAL, ["rank", "models"]].tolist() == [2, 215]
    assert raw.loc[EXPERIMENTAL, "rating"] == pytest.approx(1416.6, abs=0.05)
    assert controlled.loc[EXPERIMENTAL, "rank"] == 15
    shift = raw["rating"] - controlled["rating"]
    assert len(shift) == 215
    assert shift.idxmax() == EXPERIMENTAL
    assert shift.max() == pytest.approx(109.6, abs=0.05)
    assert shift.median() == pytest.approx(12.6, abs=0.05)


def test_ranks_of_whole_boards_follow_the_ratings() -> None:
    table = published("arena_ratings")
    full = table[table["category"] == "full"]
    whole = 0
    for (_, _), group in full.groupby(["date", "board"]):
        if len(group) == group["models"].iloc[0]:
            whole += 1
            assert group.sort_values("rank")["rating"].is_monotonic_decreasing
            assert (
                group["rank"] - group["rating"].rank(ascending=False)
            ).abs().max() <= 1  # ties of rounding
        else:
            assert group["model"].str.startswith("llama-4-").all()
    assert whole == 10
    assert (table["low"] <= table["rating"]).all()
    assert (table["rating"] <= table["high"]).all()
    assert table["rank"].between(1, table["models"]).all()


def test_displayed_ranks() -> None:
    table = published("arena_displayed").set_index(["date", "model"])
    first = table.loc[(pd.Timestamp("2025-04-06"), "Llama-4-Maverick-03-26-Experimental")]
    assert first[["rank", "rank_style_controlled", "rating", "low", "high"]].tolist() == [
        2,
        7,
        1417,
        1405,
        1430,
    ]
    later = table.loc[(pd.Timestamp("2025-04-13"), "Llama-4-Maverick-17B-128E-Instruct")]
    assert later[["rank", "rating"]].tolist() == [32, 1273]
    assert table.groupby("date").size().loc[["2025-04-06", "2025-04-11", "2025-04-13"]].tolist() == [
        187,
        188,
        185,
    ]


# -- Benchmarks ----------------------------------------------------------------------------------------


def test_aider_scores() -> None:
    rate = published("aider_polyglot").set_index("model")["pass_rate_2"]
    assert rate["Llama 4 Maverick"] == 15.6
    assert rate["Gemini 2.5 Pro Preview 03-25"] > 70


def test_long_context_has_a_row_a_length() -> None:
    table = published("long_context")
    wide = table.pivot(index="model", columns="tokens", values="score")
    assert wide.columns.tolist() == [0, 400, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 120000]
    assert wide.loc["llama-4-maverick:free", 120000] == 28.1
    assert wide.loc["gemini-2.5-pro-exp-03-25:free", 120000] == 90.6
    assert table["score"].between(0, 100).all()


def test_livebench_average_is_that_of_the_categories() -> None:
    table = published("livebench")
    mean = table.loc[:, "reasoning":"instruction_following"].mean(axis=1)
    np.testing.assert_allclose(table["average"], mean, atol=0.011)


def test_weighted_confabulations_are_the_mean_of_both_rates() -> None:
    table = published("confabulations")
    mean = (table["confab_pct"] + table["nonresponse_pct"]) / 2
    np.testing.assert_allclose(table["weighted"], mean, atol=0.06)


# -- By hand -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_HAND)
def test_rows_by_hand_say_how_far_they_were_checked(name: str) -> None:
    assert set(published(name)["checked"]) <= {"source read", "copy read", "second hand", "common knowledge"}


def test_tables_by_hand_are_those_that_are_not_built() -> None:
    assert set(BY_HAND) == set(facts.TABLES) - set(build.BUILT)


def test_days_between_releases() -> None:
    table = published("llama_releases")
    assert table["weekday"].tolist() == "Friday Tuesday Thursday Tuesday Wednesday Friday Saturday".split()
    assert table["days_since_release"].tolist()[1:] == [144, 275, 96, 64, 72, 120]
    assert table["days_since_major"].dropna().to_dict() == {1: 144, 2: 275, 6: 352}
    assert table["days_since_release"].isna().tolist() == [True, *[False] * 6]
    assert table["major"].is_monotonic_increasing


def test_claims_of_context_are_of_models_that_were_tested() -> None:
    claimed = published("context_claims").set_index("model")["claimed_tokens"]
    assert claimed.index.is_unique
    assert set(claimed.index) <= set(published("long_context")["model"])
    assert claimed["llama-4-scout:free"] == 10_000_000
    assert claimed["llama-4-maverick:free"] == 1_000_000


def test_the_later_run_has_the_lengths_of_the_first() -> None:
    first, later = (
        published(name).set_index(["model", "tokens"])["score"]
        for name in ("long_context", "long_context_later")
    )
    assert later.index.isin(first.index).all()
    assert later.groupby("model").size().to_dict() == {"llama-4-maverick:free": 10, "llama-4-scout:free": 10}
    assert later["llama-4-maverick:free", 120000] != first["llama-4-maverick:free", 120000]


def test_quotes_are_short() -> None:
    table = published("claims")
    quotes = table["claim"].str.findall('"([^"]+)"').explode().dropna()
    assert len(quotes) > 8
    assert quotes.str.split().str.len().max() <= 8


def test_what_was_found_names_the_table_that_has_it() -> None:
    table = published("claims")
    named = table["found"].str.findall(r"[(]([a-z0-9_, -]+)[)]").str.join(" ")
    for found, names in zip(table["found"], named, strict=True):
        assert any(name in names for name in facts.TABLES) or "Nothing in our tables" in found, found
    sourced = table["found_source"] != ""
    assert table.loc[sourced, "found_source"].map(SOURCE.fullmatch).notna().all()
    assert (table["found_date"].notna() == sourced).all()


def value(table: str, column: str, **where: object) -> float:
    """The one value of a table's row."""
    found = published(table)
    for name, wanted in where.items():
        found = found[found[name] == wanted]
    assert len(found) == 1
    return float(found[column].iloc[0])


@pytest.mark.parametrize(
    ("topic", "by", "figures"),
    [
        (
            "rivals", "Meta",
            [
                ("aider_polyglot", "pass_rate_2", "Llama 4 Maverick"),
                ("aider_polyglot", "pass_rate_2", "gpt-4o-2024-08-06"),
                ("aider_polyglot", "pass_rate_2", "gpt-4o-2024-11-20"),
                ("aider_polyglot", "pass_rate_2", "gemini-2.0-flash-exp"),
                ("aider_polyglot", "pass_rate_2", "DeepSeek V3 (0324)"),
                ("livebench", "average", "llama-4-maverick-17b-128e-instruct"),
                ("livebench", "average", "gpt-4o-2024-08-06"),
                ("livebench", "average", "gpt-4o-2024-11-20"),
                ("livebench", "average", "gemini-2.0-flash-001"),
                ("livebench", "reasoning", "llama-4-maverick-17b-128e-instruct"),
                ("livebench", "reasoning", "deepseek-v3-0324"),
                ("livebench", "coding", "llama-4-maverick-17b-128e-instruct"),
                ("livebench", "coding", "deepseek-v3-0324"),
            ],
        ),
        ("reputation", "Nathan Lambert", []),
    ],
)  # fmt: skip
def test_figures_that_were_found_are_in_the_tables(
    topic: str, by: str, figures: list[tuple[str, str, str]]
) -> None:
    claims = published("claims")
    said = " ".join(claims.loc[(claims["topic"] == topic) & (claims["by"] == by), "found"])
    for table, column, model in figures:
        assert f"{value(table, column, model=model):g}" in said, (table, column, model)
    if topic == "reputation":
        ranks = [int(board("2025-04-24", name).loc[RELEASE, "rank"]) for name in ("raw", "style_controlled")]
        assert ranks == [56, 50]
        assert all(f"{rank}th" in said for rank in ranks)


def test_scores_at_the_longest_stories_are_those_of_the_claims() -> None:
    said = published("claims").query("topic == 'context'")["found"].tolist()
    for model, text in zip(("llama-4-scout:free", "llama-4-maverick:free"), said, strict=True):
        for table in ("long_context", "long_context_later"):
            assert f"{value(table, 'score', model=model, tokens=120000):g} %" in text


def test_no_behemoth_is_rated() -> None:
    assert not published("arena_ratings")["model"].str.contains("behemoth").any()


def test_every_name_stands_in_its_table() -> None:
    names = published("model_names")
    homes = {"aider": "aider_polyglot", "livebench": "livebench", "long_context": "long_context"}
    assert set(names["arena"]) <= set(board("2025-04-24", "raw").index)
    assert names["arena"].is_unique
    for column, table in homes.items():
        given = names.loc[names[column] != "", column]
        assert set(given) <= set(published(table)["model"]), column
        assert given.is_unique
    assert (names[list(homes)] != "").any(axis=1).all()
    assert len(names) > 40
