"""The page on the Maverick case has every section, with its figures, source and caveat."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import llamastyle as ls
from docs.case import maverick_page


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("fragments")
    return maverick_page(folder), folder


def test_every_section_with_source_and_caveat(page) -> None:
    text, _ = page
    sections = ls.maverick().story.sections
    assert re.findall(r"^### (.*)$", text, re.M) == [*(s.title for s in sections), "What is and what is not shown"]
    assert text.count("\n*Source:* ") == text.count("\n*Caveat:* ") == len(sections)
    assert "129.9 [120, 140]" in text


def test_charts_are_files_beside_it(page) -> None:
    text, folder = page
    named = re.findall(r"!\[.*?\]\(generated/fragments/(maverick-[a-z-]+\.svg)\)", text)
    assert named == sorted(named, key=text.index)
    assert {path.name for path in folder.iterdir()} == set(named)
    assert all((folder / name).read_text("utf-8").startswith("<svg") for name in named)


def test_short_tables_are_shown_and_long_ones_named(page) -> None:
    text, _ = page
    assert re.search(r"2025-04-24 +\| +129\.9 \\?\[120\.3, 139\.5\\?\] +\|", text)
    assert '215 rows in `ls.maverick().tables["standing"]`' in text
    tables = [t for t in MarkdownIt().enable("table").parse(text) if t.type == "table_open"]
    assert len(tables) == sum(len(s.table) <= 12 for s in ls.maverick().story.sections)


def test_a_second_build_leaves_files_alone(page) -> None:
    _, folder = page
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    maverick_page(folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
