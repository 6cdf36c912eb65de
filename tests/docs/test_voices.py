"""The study `voices`: its sums, and what its page says of its tables."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

import llamastyle as ls
from docs import studies
from docs.studies import voices
from tests.docs.test_real_data import above, below, open_, table

PAGE = studies.ROOT / "docs" / "voices.md"


def released() -> pd.DataFrame:
    return (
        table("voices-1-released").assign(feature=lambda f: f["feature"].str.strip("`")).set_index("feature")
    )


def experimental() -> pd.DataFrame:
    return (
        table("voices-2-experimental")
        .assign(feature=lambda f: f["feature"].str.strip("`"))
        .set_index("feature")
    )


def test_every_feature_is_there_once_with_its_density_where_it_has_one() -> None:
    names = voices.chosen().names
    assert len(set(names)) == len(names)
    assert "bold_per_100_words" in names
    assert "bold" not in names
    gone = set(ls.ALL.names) - set(names) - {"turns"}
    assert {f"{name}_per_100_words" for name in gone} <= set(names)
    assert set(voices.SHOWN) <= set(names)


def test_difference_and_interval_are_those_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    model, prompt = np.repeat(voices.PAIR, 60), np.tile(np.repeat(np.arange(12), 5), 2)
    values = rng.normal(size=120) + (model == voices.PAIR[0]) + rng.normal(size=12)[prompt]
    frame = pd.DataFrame({"x": values, "still": 1.0})
    found = voices.beside(frame, pd.Series(model), pd.Series(prompt))
    means = pd.Series(values).groupby([model, prompt]).mean()
    test = ttest_rel(means[voices.PAIR[0]], means[voices.PAIR[1]])
    low, high = test.confidence_interval()
    assert found.loc["x", ["low", "high"]].tolist() == pytest.approx([low, high])
    assert found.loc["x", "gap"] == pytest.approx(found.loc["x", "first"] - found.loc["x", "second"])
    both = [values[model == name].var(ddof=1) for name in voices.PAIR]
    assert found.loc["x", "spread"] == pytest.approx(np.sqrt(np.mean(both)))
    assert list(found.index) == ["x"]


def test_ranks_and_distances_are_within_a_prompt() -> None:
    model, task = pd.Series([voices.SAID, "a", "b"] * 2), pd.Series(["1"] * 3 + ["2"] * 3)
    values = pd.DataFrame(
        {"x": [3.0, 1.0, 2.0, 100.0, 100.0, 400.0], "none": 0.0, "once": [1.0, 0, 0, 0, 0, 0]}
    )
    found = voices.among(values, model, task).set_index(["feature", "model"])
    assert "none" not in found.index
    own = found.loc[("x", voices.SAID)]
    assert (own["ranks"], own["mean"], own["place"]) == ("1, 2.5", 51.5, 2)
    root = 1 / np.sqrt(2 / 3)
    assert own["distance"] == pytest.approx((root - np.sqrt(0.5)) / 2)
    assert found.loc[("once", voices.SAID), "distance"] == pytest.approx(np.sqrt(2) / 2)


def test_page_has_no_figure_of_its_own() -> None:
    prose = re.sub(r"```.*?```|\]\([^)]*\)", "", PAGE.read_text("utf-8"), flags=re.DOTALL)
    names = r"llama-4-maverick|claude-sonnet-4"
    assert not re.findall(r".*\d.*", re.sub(names, "", prose))


def test_what_is_said_of_the_released_maverick() -> None:
    gap = released()["difference"]
    more = [
        "words", "mean_sentence_words", "flesch_kincaid_grade", "gunning_fog", "automated_readability", "praise",
        "engagement_bait", "sycophantic_closing", "slop_per_100_words", "hedges_per_100_words",
    ]  # fmt: skip
    assert gap[more].map(above).all()
    less = [
        "mattr", "flesch_reading_ease", "agreement", "italic", "questions_per_100_words",
        "contractions_per_100_words", "boosters_per_100_words",
    ]  # fmt: skip
    assert gap[less].map(below).all()
    alike = ["headers_per_100_words", "bold_per_100_words", "list_items_per_100_words", "sycophantic_opening"]
    assert gap[alike].map(open_).all()
    sizes = released()["in sd"].astype(float).abs().sort_values(ascending=False)
    assert set(sizes.index[:2]) == {"mean_sentence_words", "mattr"}
    slop = released().loc["slop_per_100_words", list(voices.PAIR)].astype(float)
    assert slop.iloc[0] > 4 * slop.iloc[1]
    assert (released().loc["emoji_per_100_words", list(voices.PAIR)].astype(float) < 0.01).all()


def test_what_is_said_of_the_five_answers() -> None:
    found = experimental()
    ranks = found["ranks of the five"].str.split(", ").map(lambda row: [float(rank) for rank in row])
    assert all(ranks[name] == [1.0] * 5 for name in ("markup_share", "bold_per_100_words"))
    assert all(
        max(ranks[name]) <= 2 for name in ("list_items_per_100_words", "headers_per_100_words", "sentences")
    )
    assert ranks["exclamations_per_100_words"] == [2.0] * 5
    assert ranks["math"].count(1.0) == 4
    place = found["place of ten"].astype(float)
    assert (place[["flesch_kincaid_grade", "gunning_fog", "automated_readability"]] == 10).all()
    assert place["flesch_reading_ease"] == 1
    assert place["mean_sentence_words"] >= 9
    assert 4 <= place["words"] <= 6
    assert (ranks["praise"].count(1.0), float(found.loc["praise", "mean of the others"])) == (3, 0.0)
    assert ranks["sycophantic_opening"].count(1.0) == 3
    assert float(found.loc["hedges_per_100_words", "their mean"]) == 0
    emoji = found.loc["emoji_distinct"]
    assert float(emoji["their mean"]) == 0.2  # one emoji in one of the five


@pytest.mark.shared_data
def test_ten_models_answered_five_prompts(shared: Path) -> None:
    answers = voices.read_answers(shared / "maverick_outputs")
    assert answers.groupby("task")["model"].nunique().tolist() == [10] * 5
    assert len(answers) == 50
    assert (answers["model"] == voices.SAID).sum() == 5
    turns = pd.read_parquet(shared / "spiral_bench" / "turns.parquet")
    assert turns.groupby(["model", "prompt_id"]).size().tolist() == [20] * 60
