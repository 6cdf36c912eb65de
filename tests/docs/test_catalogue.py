"""The study `catalogue` and the page that is made of it: every feature, its figures and its picture."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from docs import studies
from docs.studies import catalogue

KEPT = json.loads((studies.TABLES / "catalogue.json").read_text("utf-8"))


def test_spread_of_small_whole_numbers_has_a_bar_each() -> None:
    values = np.repeat([0.0, 1.0, 2.0, 5.0], [50, 30, 17, 3])
    assert catalogue.spread(values) == {
        "not_zero": 50.0, "median": 0.5, "p95": 2.0, "ends": [1.0, 5.0], "heights": [30, 17, 0, 0, 3],
    }  # fmt: skip


def test_spread_leaves_the_ends_out_and_counts_all_else() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(50, 10, 9_998), [-2000.0, 4000.0]])
    found = catalogue.spread(values)
    assert len(found["heights"]) == catalogue.BARS
    assert sum(found["heights"]) == pytest.approx(9_900, abs=2)
    assert 20 < found["ends"][0] < 30
    whole = catalogue.spread(rng.poisson(400, 10_000).astype(float))
    assert len(whole["heights"]) <= catalogue.BARS
    assert sum(whole["heights"]) >= 9_900


def test_spread_of_nothing_has_no_picture() -> None:
    assert catalogue.spread(np.zeros(3)) == {"not_zero": 0.0, "median": 0.0, "p95": 0.0}


def test_bars_are_as_high_as_their_counts() -> None:
    drawn = catalogue.picture("x", {"ends": [1.0, 12.0], "heights": [8, 0, 4, *[0] * 8, 2]})
    svg = ElementTree.fromstring(drawn)[0]
    bars = re.findall(r"M([\d.]+) 40v-([\d.]+)h", svg[0].get("d") or "")
    assert [(float(x), float(height)) for x, height in bars] == [(0, 38), (40, 19), (220, 9.5)]
    assert [text.text for text in svg if text.tag == "text"] == ["1", "12"]
    assert "#" not in drawn  # the colours are the page's


def test_one_value_is_one_thin_bar_with_one_figure() -> None:
    drawn = catalogue.picture("x", {"ends": [1.0, 1.0], "heights": [8]})
    assert drawn.count("<text") == 1
    assert "h23.0" in drawn


def test_markdown_shows_a_definition_as_it_is() -> None:
    from markdown_it import MarkdownIt

    for text in [*ls.list_features()["definition"], *ls.list_features()["cannot_see"]]:
        shown = MarkdownIt().parseInline(catalogue.plain(text))[0].children or []
        assert {token.type for token in shown} <= {"text", "text_special"}, text
        assert "".join(token.content for token in shown) == text


def test_page_has_every_feature_under_its_group() -> None:
    page = catalogue.catalogue_page()
    table = ls.list_features()
    assert re.findall(r"^### `(\w+)`$", page, re.M) == table["name"].tolist()
    assert re.findall(r"^## Group (\w+)$", page, re.M) == table["group"].unique().tolist()
    assert page.count("*Cannot see:*") == page.count("*Proved by:*") == len(table)
    assert page.count("<svg") == sum("heights" in one for one in KEPT["features"].values())
    assert "alpaca_eval, 28,978 answers" in page


def test_committed_distributions_are_of_every_feature_that_can_be_measured() -> None:
    assert list(KEPT["features"]) == [*ls.ALL.names, "arena_headers", "arena_lists", "arena_bold"]
    assert (studies.TABLES / "catalogue.json").stat().st_size < 30_000


@pytest.mark.shared_data
def test_committed_distributions_are_those_of_the_answers(shared: Path) -> None:
    answers = pd.read_parquet(shared / "alpaca_eval" / "outputs.parquet", columns=["output"])["output"]
    table = ls.extract(answers, ["words", "bold", "slop"], progress=False)
    for name in table.features.names:
        assert catalogue.spread(table.column(name)) == KEPT["features"][name]
