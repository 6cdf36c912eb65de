"""maverick(): published figures, votes, and what goes wrong at the door."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.data.worlds import VERSIONS
from llamastyle.errors import DataError
from llamastyle.llama4.figures import EXPERIMENTAL, RELEASE

FEATURES = ["words", "headers", "list_items", "bold", "emoji", "sycophancy"]


@pytest.fixture(scope="module")
def found():
    return ls.maverick()


@pytest.fixture(scope="module")
def arena():
    return ls.simulate(4000, 8, texts=True, versions="style", correctness=0.0, seed=5)


@pytest.fixture(scope="module")
def simulated(arena):
    return ls.maverick(arena.battles, FEATURES)


def test_published_figures_alone(found):
    assert found.result is None
    assert found.sections[:4] == ("ranks", "gap", "categories", "standing")
    assert set(found.tables) == set(found.sections)
    assert "129.9 points" in found.story.lede[0]
    assert repr(found) == "<MaverickAnalysis of 12 sections; see summary(), tables, plot(), report()>"


def test_page_asks_for_nothing_and_has_every_section(found, tmp_path):
    page = found.report()
    assert "<script src" not in page
    assert not re.search(r'(?:src|href)="(?!#|https://)', page)
    for key in found.sections:
        assert f'id="{key}"' in page
    assert found.report(tmp_path / "x.html").read_text("utf-8") == page
    assert len(page) < 1_000_000


def test_every_source_on_the_page_is_a_row_of_a_table(found):
    known = {s for name in ls.published()["name"] for s in ls.published(name)["source"]}
    known |= set(ls.published("claims")["found_source"])
    files = {s.rpartition("@")[0] or s for s in known}
    for section in found.story.sections:
        for source in section.source.split("; "):
            name, at, commits = source.rpartition("@")
            assert (name if at else source) in files, section.key
            assert all(f"{name}@{c}" in known for c in commits.split(", ")) if at else source in known


@pytest.mark.parametrize("width", [80, 120])
def test_the_text_fits_a_terminal(found, width):
    lines = found.summary(width).splitlines()
    wide = [line for line in lines if len(line) > width and not re.search(r"\S{60}", line)]
    assert wide == []
    assert str(found) == found.summary()


def test_charts_and_sections_by_key(found):
    assert found.plot("gap" if found["gap"].chart else "categories", width=400).to_dict()
    assert found["gap"].title.startswith("60 %")
    with pytest.raises(DataError, match="no section 'categorys' with a chart; did you mean 'categories'"):
        found.plot("categorys")
    with pytest.raises(DataError, match="there is no section 'gaps'; did you mean 'gap'"):
        found["gaps"]
    assert "<li>" in found._repr_html_()


def test_planted_gap_is_within_its_interval(arena, simulated):
    gap = simulated.tables["vote-gap"].query("scale == 'rating' and group == ''").set_index("block")
    planted = arena.gap(*VERSIONS).query("term == ''").set_index("block")["planted"]
    for block in ("style", "strength", "total"):
        assert gap.loc[block, "conf_low"] < planted[block] < gap.loc[block, "conf_high"], block


def test_simulated_votes_stand_alone_and_say_so(simulated):
    assert simulated.versions.simulated
    assert simulated.story.title.startswith("Simulated")
    assert "ranks" not in simulated.sections
    assert simulated.story.label == "simulated votes"
    assert simulated.story.reproduce[1:] == [
        "# battles: those that were handed in",
        ("ls.maverick(battles, features=('words', 'headers', 'list_items', 'bold', 'emoji', 'sycophancy'))"
        ".report('maverick.html')"),
    ]


def test_real_names_come_with_the_published_figures(arena):
    frame = arena.battles.to_frame()
    names = dict(zip(VERSIONS, (EXPERIMENTAL.title(), RELEASE), strict=True))
    frame[["model_a", "model_b"]] = frame[["model_a", "model_b"]].replace(names)
    made = ls.maverick(ls.read_battles(frame), FEATURES, examples=1)
    assert made.versions.first == EXPERIMENTAL.title()
    assert {"vote-gap", "ranks", "both-ways"} <= set(made.sections)
    assert len(made.story.lede) >= 2


def test_correctness_joins_the_fit(arena, tmp_path):
    frame = arena.battles.to_frame()
    path = tmp_path / "votes.parquet"
    frame.drop(columns=["correct_a", "correct_b"]).assign(
        right_a=frame["correct_a"], right_b=frame["correct_b"]
    ).to_parquet(path)
    made = ls.maverick(path, FEATURES, correctness=("right_a", "right_b"), examples=0)
    assert "correctness" in set(made.tables["vote-gap"]["block"])
    (line,) = made.story.reproduce[1:]
    assert line.startswith(f"ls.maverick({str(path)!r}, features=('words', ")
    assert "correctness=('right_a', 'right_b')" in line


def test_arena_s_own_counts_without_texts(arena, tmp_path):
    paths = arena.save_lmarena(tmp_path, shards=1)
    table = pd.read_parquet(paths[0]).drop(columns=["conversation_a", "conversation_b", "full_conversation"])
    made = ls.maverick(table)
    assert any("No texts: the counts" in text for text in made["votes"].says), made["votes"].says
    assert set(made.result.table.names) == set(ls.ARENA.names)
    assert made["examples-first"].says == ["These battles have no texts to show."]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda b: ls.maverick(b, hub=True), "battles and hub both name votes"),
        (lambda b: ls.maverick(versions=VERSIONS), "of votes: hand in battles"),
        (lambda b: ls.maverick(level=0.9), "are of votes"),
        (lambda b: ls.maverick(examples=0), "are of votes"),
        (lambda b: ls.maverick(b, examples=21), "whole number from 0 to 20"),
        (lambda b: ls.maverick(b, correctness=("x", "y")), "join_correctness"),
        (lambda b: ls.maverick(b, versions=("model-03", "model-3")), "did you mean 'model-03'"),
    ],
)
def test_at_the_door(arena, call, said):
    with pytest.raises(DataError, match=said):
        call(arena.battles)


def test_neither_version_names_the_nearest():
    rows = [{"model_a": "llama-4-maverick", "model_b": "b", "winner": "tie", "response_a": "x", "response_b": "y"}]
    with pytest.raises(DataError, match="did you mean 'llama-4-maverick'"):
        ls.maverick(rows)


@pytest.mark.shared_data
@pytest.mark.filterwarnings("ignore::llamastyle.LlamaStyleWarning")
def test_real_sample(shared):
    made = ls.maverick(shared / "arena_140k_sample" / "raw.csv")
    assert "cannot be compared" in made["vote-gap"].title
    assert np.isfinite(made.tables["profile"]["mean"].dropna()).all()
    assert (
        "llama-4-maverick-03-26-experimental has too little data" in made.story.lede[0]
        or "needed" in made.story.lede[0]
    )
