"""The page of published figures shows every table, every column and, of short tables, every row."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

import llamastyle as ls
from docs import published
from docs.published import published_page

PAGE = published_page()


def test_every_table_has_its_section_with_caveat_and_sources() -> None:
    listed = ls.published()
    assert re.findall(r"^## `(\w+)`$", PAGE, re.M) == listed["name"].tolist()
    assert PAGE.count("**Caveat.**") == PAGE.count("**Sources:**") == len(listed)
    targets = set(re.findall(r"^\(([\w-]+)\)=$", PAGE, re.M))
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) == targets
    assert len(targets) == len(listed)


@pytest.mark.parametrize("name", ls.published()["name"])
def test_every_column_has_a_meaning(name: str) -> None:
    (part,) = re.findall(rf"^## `{name}`$(.*?)(?=^\(published-|\Z)", PAGE, re.M | re.S)
    columns = re.findall(r"^\| `(\w+)` \| (?=\S)", part, re.M)
    assert columns == list(ls.published(name).columns)


def test_no_meaning_is_of_no_column() -> None:
    columns = {column for name in ls.published()["name"] for column in ls.published(name).columns}
    assert set(published.MEANING) == columns


def test_short_tables_by_hand_are_shown_whole() -> None:
    for said in ls.published("claims")["claim"]:
        assert f"| {published.plain(said)} |" in PAGE
    assert "| 10,000,000 |" in PAGE
    assert "| nan |" not in PAGE


def test_a_file_is_linked_as_it_was_last_read() -> None:
    table = ls.published("arena_displayed")
    newest = table.loc[table["source"].str.contains("lmsys"), "source"].iloc[-1]
    place, _, commit = newest.partition("@")
    assert PAGE.count(published.plain(place)) == 1
    assert f"/blob/{commit}/csv/lmsys.csv)" in PAGE


def test_tables_of_the_page_are_tables() -> None:
    found = [token for token in MarkdownIt().enable("table").parse(PAGE) if token.type == "table_open"]
    rules = re.findall(r"^\|(?:---\|)+$", PAGE, re.M)
    assert len(found) == len(rules) > len(ls.published())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://example.org/a_b", r"[example.org/a\_b](https://example.org/a_b)"),
        (
            "own/repo:a/b.csv@0123456789",
            "[own/repo:a/b.csv](https://github.com/own/repo/blob/0123456789/a/b.csv)",
        ),
    ],
)
def test_a_source_is_a_link(source: str, shown: str) -> None:
    assert published.link(source) == shown
