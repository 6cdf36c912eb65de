"""What the sections say, held against the tables they are made from."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from llamastyle.llama4.figures import EXPERIMENTAL, all_published
from llamastyle.llama4.sections import published_sections

KEYS = [
    "ranks", "gap", "categories", "standing", "prices", "benchmarks", "choices", "context", "releases", "variants",
    "claims", "both-ways",
]  # fmt: skip


@pytest.fixture(scope="module")
def sections():
    return {section.key: section for section in published_sections(all_published())}


def said(section) -> str:
    return " ".join([section.title, *section.says])


def test_every_section_has_words_a_source_a_caveat_and_a_label(sections):
    assert list(sections) == KEYS
    for section in sections.values():
        assert section.title
        assert section.says
        assert re.search(r"\w", section.source), section.key
        assert section.caveat, section.key
        assert section.label == "published figures"
        assert section.table is not None
        assert len(section.table), section.key


@pytest.mark.parametrize(
    ("key", "figures"),
    [
        ("ranks", ["2025-04-06", "rank 2 with 1417", "rank 7 with style", "rank 35 with 1273", "32 is the best"]),
        ("gap", ["129.9 [120, 140]", "52.3 [42, 62]", "60 %", "6 different snapshots"]),
        ("categories", ["37 %", "66 %", "hard prompts", "English", "38 %", "43 %", "least for maths (34 %)"]),
        ("standing", ["109.6", "215 models", "median model 12.6", "from 2 to 15", "had 2 and 7", "98.3 before", "with 75.0"]),
        ("prices", ["length has 0.249", "at most 0.031"]),
        ("benchmarks", ["15.6 %", "54.4", "+96", "No other model", "the least that 31 models allow", "61 %"]),
        ("choices", ["73 to 96", "6 of 10", "15 to 37", "p from 0.13 up", "with livebench, long_context and with"]),
        ("context", ["10,000,000", "15.6 %", "28.1 %", "27.3 %", "36.4 %", "120,000"]),
        ("releases", ["144, 275 and then 352 days", "each longer than the last", "a Saturday"]),
        (
            "variants",
            ["27 private variants", "adds 13 points", "±12", "33, of which 28", "100 points for the best of 10", "fell by 15.9 points raw and 4.5 controlled", "largest fall of 215"],
        ),
    ],
)
def test_words_have_the_figures(sections, key, figures):
    text = said(sections[key])
    for figure in figures:
        assert figure in text, (figure, text)


def test_charts_can_be_drawn_wide_and_narrow(sections):
    drawn = [section for section in sections.values() if section.chart is not None]
    assert len(drawn) == 7
    for section in drawn:
        for width in (340, 760):
            assert section.chart(width).to_dict()["title"]["text"], section.key


def test_the_experimental_version_is_labelled_with_whose_scores_it_has(sections):
    table = sections["benchmarks"].table.set_index("model")
    assert table.loc[EXPERIMENTAL, "scores_of"] == "llama-4-maverick-17b-128e-instruct"
    assert (table["scores_of"] == "").sum() == len(table) - 1
    assert "Nobody outside could run a benchmark" in said(sections["benchmarks"])


def test_words_follow_the_tables():
    """With other figures other words: an excess that is not alone, a gap between versions that does not grow."""
    tables = all_published()
    ratings = tables["arena_ratings"].copy()
    own = (ratings["model"] == EXPERIMENTAL) & (ratings["board"] == "raw")
    ratings.loc[own, "rating"] -= 60
    ratings.attrs = tables["arena_ratings"].attrs
    releases = tables["llama_releases"].copy()
    releases.loc[releases["days_since_major"].notna(), "days_since_major"] = [300, 200, 100]
    releases.attrs = tables["llama_releases"].attrs
    made = {s.key: s for s in published_sections({**tables, "arena_ratings": ratings, "llama_releases": releases})}
    assert "No other model" not in said(made["benchmarks"])
    assert re.search(r"Of the 31, \d+ % stand as far", said(made["benchmarks"]))
    assert "69.9" in said(made["gap"])
    assert "had place" in said(made["standing"])
    assert "not each longer" in said(made["releases"])


def test_no_word_of_intent(sections):
    """Cheating and the like are no words of ours."""
    for section in sections.values():
        assert not re.search(r"cheat|gamed|gaming|dishonest|deceiv|fraud", said(section), re.I), section.key


def test_frames_have_plain_cells(sections):
    for section in sections.values():
        assert not section.table.map(lambda cell: isinstance(cell, list | dict | pd.Series)).any().any()
