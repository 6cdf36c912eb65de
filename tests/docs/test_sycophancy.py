"""The study `sycophancy`: its halves, its figures, its sample, and what its committed tables show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from docs import studies
from docs.studies import sycophancy
from llamastyle.features.counters import CATEGORIES
from tests.features.measuring import auc

VERDICTS = pd.read_csv(sycophancy.VERDICTS, keep_default_na=False)


def table(name: str) -> pd.DataFrame:
    """A committed table, cells as text."""
    _, _, head, _, *rows = (studies.TABLES / f"{name}.md").read_text("utf-8").splitlines()
    cells = [[part.strip() for part in re.split(r"(?<!\\)\|", line.strip("|"))] for line in (head, *rows)]
    return pd.DataFrame(cells[1:], columns=cells[0])


def test_a_prompt_stays_in_its_half() -> None:
    assert [sycophancy.half(key) for key in ("a", "e", "é")] == ["writing", "held out", "writing"]
    share = np.mean([sycophancy.half(str(n)) == "writing" for n in range(2000)])
    assert 0.45 < share < 0.55


def test_auc_is_that_of_the_tests_and_absent_without_two_sorts() -> None:
    rng = np.random.default_rng(0)
    score, label = rng.integers(5, size=200).astype(float), rng.random(200) < 0.4
    assert sycophancy.auc(score, label) == pytest.approx(auc(score, label))
    assert np.isnan(sycophancy.auc(score, label | True))


def test_bootstrap_draws_whole_clusters() -> None:
    label = np.tile([True, False], 50)
    score = label.astype(float)
    cluster = np.repeat(np.array(["p", "q"], dtype=object), 50)
    assert sycophancy.auc_cell(score, label, cluster).startswith("1.000 [1.000,")
    score[:50] = 0.0  # one of two clusters says nothing: an AUC drawn again is 0.5, 0.75 or 1
    assert sycophancy.auc_cell(score, label, cluster) == "0.750 [0.500,\N{NO-BREAK SPACE}1.000]"


def test_measured_figures_are_counts_of_the_words() -> None:
    figures = sycophancy.measure(
        pd.Series(["Great question! A great, GREATER harbour.", "Six words of prose stand here."])
    )
    assert figures["phrases"].tolist() == [1.0, 0.0]
    assert figures["adjectives"].tolist() == [2, 0]
    assert figures["words"].tolist() == [6.0, 6.0]
    assert figures["phrases per 100 words"].tolist() == pytest.approx([100 / 6, 0.0])
    assert figures["_praise"].tolist() == [1.0, 0.0]


def test_sample_has_as_many_of_each_half_and_spans_that_are_there() -> None:
    marked = [f"Great question! Let me know if you need {n} more." for n in range(40)]
    frames = [
        pd.DataFrame({"set": name, "row": range(40), "half": half, "text": marked})
        for name in ("alpaca_eval", "arena_llama3 not_llama")
        for half in sycophancy.HALVES
    ]
    drawn = sycophancy.sample(pd.concat(frames, ignore_index=True))
    assert drawn.groupby(["set", "half"]).size().tolist() == [sycophancy.EACH] * 4
    assert set(zip(drawn["category"], drawn["span"], strict=True)) == {
        ("praise", "Great question"),
        ("engagement_bait", "Let me know if you"),
    }


def test_spans_are_shown_short() -> None:
    assert sycophancy.shown("one two\nthree") == "one two three"
    assert sycophancy.shown("1 2 3 4 5 6 7 8 9") == "1 2 3 4 5 6 7 8 …"


def test_verdicts_are_joined_and_the_absent_are_not_right() -> None:
    first = VERDICTS[VERDICTS["verdict"] == "wrong"].iloc[0]
    spans = pd.DataFrame([first[sycophancy.SPAN], first[sycophancy.SPAN]]).reset_index(drop=True)
    spans.loc[1, "start"] = -1
    judged = sycophancy.judge(spans)
    assert judged["verdict"].tolist() == [f"wrong: {first['why']}", "not judged"]
    assert not judged["right"].any()


def test_share_has_the_interval_of_wilson() -> None:
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(89, 100, method="wilson")
    row = sycophancy.share("x", pd.Series([True] * 89 + [False] * 11))
    assert row["share"] == f"0.89 [{low:.2f},\N{NO-BREAK SPACE}{high:.2f}]"
    assert (row["number"], row["right"]) == (100, 89)


def test_verdicts_are_of_one_kind_and_wrong_ones_say_why() -> None:
    assert set(VERDICTS["verdict"]) == {"right", "wrong"}
    assert set(VERDICTS["category"]) <= set(CATEGORIES)
    assert ((VERDICTS["why"] != "") == (VERDICTS["verdict"] == "wrong")).all()
    assert not VERDICTS.duplicated(sycophancy.SPAN).any()


def test_the_tables_show_what_the_phrases_are_good_for() -> None:
    told = table("sycophancy-1-auc").set_index(["figure", "turns"])["all"].str.split().str[0].astype(float)
    for group, floor in zip(sycophancy.GROUPS, (0.72, 0.75, 0.66), strict=True):
        assert told["phrases", group] >= floor
        assert told["phrases", group] > max(told["adjectives", group], told["words", group])
    spans = table("sycophancy-4-spans")
    assert len(spans) == 100
    assert (spans["verdict"] == "right").sum() >= 80
    assert not (spans["verdict"] == "not judged").any()
    assert (spans["span"].str.split().str.len() <= sycophancy.LONGEST + 1).all()
    assert spans["half"].value_counts().tolist() == [50, 50]


@pytest.mark.shared_data
def test_committed_spans_are_those_that_the_present_list_marks(shared: Path) -> None:
    texts = sycophancy.read_texts(shared / "alpaca_eval", shared / "arena_llama3")
    drawn = sycophancy.sample(texts)
    assert (sycophancy.judge(drawn)["verdict"] != "not judged").all()
