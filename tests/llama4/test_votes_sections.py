"""What the sections on votes say: two versions, one of them, too few battles, other models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.worlds import VERSIONS
from llamastyle.llama4.votes import Versions, with_features
from llamastyle.llama4.votes_sections import sections_on_votes


@pytest.fixture(scope="module")
def battles():
    arena = ls.simulate(4000, 8, texts=True, versions="style", seed=5)
    rng = np.random.default_rng(0)
    columns = arena.battles.columns.assign(category=rng.choice(["maths", "code"], 4000), language="en")
    return with_features(replace(arena.battles, columns=columns), list(arena.world.features))


def told(battles, versions=None, examples=2):
    result = ls.audit(battles)
    versions = versions or Versions(*VERSIONS, simulated=True)
    return {s.key: s for s in sections_on_votes(result, versions, ls.published("arena_ratings"), examples)}


def test_two_versions(battles):
    made = told(battles)
    keys = ["votes", "vote-gap", "by-category", "profile", "examples-first", "examples-second"]
    assert list(made) == keys  # one language only, and no model that Arena published
    assert {s.label for s in made.values()} == {"simulated votes"}
    assert "These votes are simulated" in made["votes"].says[0]
    gap = made["vote-gap"]
    assert "goes with style" in gap.title
    assert "associated with style" in gap.says[0]
    assert set(gap.table["scale"]) == {"rating", "win rate"}
    assert gap.chart(760).to_dict()["title"]["text"]
    assert "differ beyond chance between these levels (p = " in " ".join(made["by-category"].says)
    assert made["by-category"].chart(340).to_dict()["title"]["text"]
    assert made["by-category"].table["level"].tolist() == ["maths", "code"] or len(made["by-category"].table) == 2


def test_examples_show_both_answers_with_marks(battles):
    made = told(battles)
    shown = made["examples-first"].exhibits
    assert len(shown) == 2
    for exhibit in shown:
        assert next(name for name, _ in exhibit.sides) == VERSIONS[0]
        text, starts, ends, labels = exhibit.sides[0][1]
        assert len(starts) == len(ends) == len(labels) > 0
        assert all(0 <= a < b <= len(text) for a, b in zip(starts, ends, strict=True))
        assert set(labels) <= set(exhibit.groups)
        assert "won (style is worth +" in exhibit.vote


def test_no_examples_asked_for(battles):
    assert "examples-second" not in told(battles, examples=0)


def test_other_models_are_not_called_simulated(battles):
    made = told(battles, Versions("model-03", "model-04", asked=True))
    assert {s.label for s in made.values()} == {"from votes"}
    assert made["profile"].title.startswith("Model-03 differs from model-04")
    assert not any("experimental" in " ".join([s.title, *s.says]).replace(VERSIONS[0], "") for s in made.values())
    assert "simulated" not in made["votes"].says[0]


def test_without_the_release(battles):
    code = battles.models.index(VERSIONS[1])
    made = told(battles.filter((battles.model_a != code) & (battles.model_b != code)), Versions(VERSIONS[0], ""))
    assert any("no battle of the release" in text for text in made["votes"].says)
    assert "vote-gap" in made
    assert "points of its raw rating go with style" in made["vote-gap"].says[0]
    assert made["vote-gap"].chart(340).to_dict()["title"]["text"]
    assert "by-category" not in made
    assert "examples-second" not in made


def test_without_the_experimental_version(battles):
    code = battles.models.index(VERSIONS[0])
    made = told(battles.filter((battles.model_a != code) & (battles.model_b != code)), Versions("", VERSIONS[1]))
    assert any("no battle of the experimental version" in text for text in made["votes"].says)
    assert "examples-first" not in made


def test_too_few_battles_say_why(battles):
    made = told(battles.take(np.arange(25)))
    assert made["vote-gap"].title == "The two versions cannot be compared on these votes"
    assert "at least 10 are needed" in made["vote-gap"].says[0]
    assert made["vote-gap"].chart is None


def test_one_version_and_too_few_battles(battles):
    code = battles.models.index(VERSIONS[1])
    small = battles.filter((battles.model_a != code) & (battles.model_b != code)).take(np.arange(30))
    made = told(small, Versions(VERSIONS[0], ""))
    assert "no interval" in made["vote-gap"].title or "no rating" in made["vote-gap"].title
    assert made["vote-gap"].says[0].endswith(".")


@pytest.mark.shared_data
@pytest.mark.filterwarnings("ignore::llamastyle.LlamaStyleWarning")
def test_the_sample_of_real_battles_is_refused_politely(shared):
    battles = with_features(ls.read_battles(shared / "arena_140k_sample" / "raw.csv"))
    versions = Versions("llama-4-maverick-03-26-experimental", "llama-4-maverick-17b-128e-instruct")
    made = told(battles, versions, examples=3)
    assert made["vote-gap"].title == "The two versions cannot be compared on these votes"
    assert made["vote-gap"].says[0].startswith("No comparison of the two: ")
    assert "7 battles: at least 10 are needed" in made["vote-gap"].says[0]
    assert "1 battles: at least 10 are needed" in made["vote-gap"].says[0]
    assert "too few battles for intervals" in " ".join(made["profile"].says)
    assert len(made["examples-first"].exhibits) == 3
