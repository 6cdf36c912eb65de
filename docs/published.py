"""The page of published figures: every table with its columns, sources and caveat, from the tables themselves."""

from __future__ import annotations

from typing import Any

import llamastyle as ls
from docs.studies.catalogue import plain

SHORT = 30
"""A table by hand with fewer rows is shown whole."""
GITHUB = "https://github.com"
MEANING = {
    "aider": "name in aider_polyglot",
    "arena": "name in arena_ratings on 2025-04-24",
    "average": "mean of the categories",
    "board": "raw or style_controlled",
    "by": "who said it",
    "cases": "exercises in the run",
    "category": "kind of prompt, full for all of them",
    "checked": "how far the row was verified, see above",
    "claim": "what was said",
    "claimed_tokens": "tokens of context that the maker names",
    "coding": "per cent",
    "coefficient": "on the logit, for a standardised relative difference",
    "confab_pct": "answers to questions that the text does not answer, per cent",
    "cost_usd": "cost of the run, US dollars",
    "data_analysis": "per cent",
    "date": "day of the fact",
    "days_since_major": "days since the first of the major version before, empty within a major version",
    "days_since_release": "days since the release before",
    "edit_format": "how the model had to write its edits",
    "feature": "the coefficient's feature, as its source names it",
    "fit": "which regression, as its source names it",
    "found": "what was shipped or measured since, with the table that has it",
    "found_date": "day of what was found",
    "found_source": "source of what was found",
    "high": "upper end of the 95 % interval",
    "instruction_following": "per cent",
    "language": "per cent",
    "livebench": "name in livebench",
    "long_context": "name in long_context",
    "low": "lower end of the 95 % interval",
    "major": "number of the major version",
    "mathematics": "per cent",
    "model": "name in the source",
    "models": "models on that board, date and category",
    "nonresponse_pct": "questions left unanswered that the text does answer, per cent",
    "note": "doubts and what else one should know",
    "number": "the figure",
    "organisation": "who made the model",
    "pass_rate_1": "solved at the first attempt, per cent",
    "pass_rate_2": "solved within two attempts, per cent",
    "rank": "1 is the best",
    "rank_style_controlled": "rank under style control",
    "rating": "on the Arena's scale",
    "reasoning": "per cent",
    "score": "per cent",
    "sizes": "parameters",
    "source": "file and commit, or page",
    "tokens": "length of the story",
    "topic": "subject of the claim",
    "unit": "what the number counts",
    "votes": "votes the rating stands on",
    "weekday": "of the release",
    "weighted": "mean of both rates, per cent",
    "well_formed": "answers in the asked format, per cent",
    "what": "what was counted",
    "where": "where it was said",
    "who": "whose figure",
}


def published_page() -> str:
    """Every table of ``ls.published``: what it holds, its columns, sources and caveat."""
    listed = ls.published()
    lines = ["| table | rows | what |", "|---|---|---|"]
    for row in listed.to_dict("records"):
        link = f"[`{row['name']}`](#published-{row['name'].replace('_', '-')})"
        lines.append(f"| {link} | {row['rows']:,} | {plain(row['what'])} |")
    for row in listed.to_dict("records"):
        lines += ["", *section(row)]
    return "\n".join([*lines, ""])


def section(row: dict[str, Any]) -> list[str]:
    """One table."""
    table = ls.published(row["name"])
    dates = table["date"].dt.strftime("%Y-%m-%d")
    newest = {source.partition("@")[0]: source for source in table.sort_values("date")["source"]}
    lines = [
        f"(published-{row['name'].replace('_', '-')})=",
        "",
        f"## `{row['name']}`",
        "",
        f"{plain(row['what'])}. Rows: {len(table):,}, of {dates.min()} to {dates.max()}.",
        "",
        f"**Caveat.** {plain(row['caveat'])}",
        "",
        f"**Sources:** {plain(row['sources'])}. {', '.join(link(newest[place]) for place in sorted(newest))}.",
        "",
        "| column | meaning |",
        "|---|---|",
        *(f"| `{column}` | {MEANING[column]} |" for column in table.columns),
    ]
    if "checked" in table.columns and len(table) < SHORT:
        lines += ["", *whole(table.assign(date=dates))]
    return lines


def whole(table: Any) -> list[str]:
    """All rows of a table."""
    for column in table.select_dtypes("datetime"):
        table[column] = table[column].dt.strftime("%Y-%m-%d")
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    for row in table.to_dict("records"):
        lines.append("| " + " | ".join(cell(name, value) for name, value in row.items()) + " |")
    return lines


def cell(name: str, value: Any) -> str:
    if name in ("source", "found_source"):
        return link(value, "source") if value else ""
    if isinstance(value, str):
        return plain(value)
    return "" if value != value else f"{value:,.10g}"


def link(source: str, text: str | None = None) -> str:
    """A source as a link: a page, or a file of a repository at its commit if that is given."""
    if source.startswith("https://"):
        return f"[{text or plain(source.removeprefix('https://'))}]({source})"
    place, _, commit = source.partition("@")
    repository, _, path = place.partition(":")
    return f"[{text or plain(place)}]({GITHUB}/{repository}/blob/{commit}/{path})"
