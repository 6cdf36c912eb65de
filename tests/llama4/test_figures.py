"""Published figures of the Maverick case, held against the official history and against a few lines of scipy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from llamastyle.data.facts import published
from llamastyle.llama4 import figures
from llamastyle.llama4.figures import BENCHMARKS, EXPERIMENTAL, RELEASE


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return figures.all_published()


def official(shared, date: str) -> pd.DataFrame:
    """Gaps of a day by category, straight from the official history."""
    history = pd.read_parquet(shared / "published" / "arena_catalog_text_history.parquet")
    day = history[(history["snapshot_date"] == date) & history["model"].isin([EXPERIMENTAL, RELEASE])]
    wide = day.pivot(index=["board", "category"], columns="model", values="rating")
    return (wide[EXPERIMENTAL] - wide[RELEASE]).unstack("board")


@pytest.mark.shared_data
@pytest.mark.parametrize("date", ["2025-04-24", "2025-05-24"])
def test_gaps_are_those_of_the_official_history(shared, tables, date):
    found = figures.gaps(tables["arena_ratings"])
    found = found[found["date"] == date].set_index("category")
    expected = official(shared, date)
    assert set(found.index) == set(expected.index)
    np.testing.assert_allclose(found["gap_raw"], expected["no_style_control"].loc[found.index], atol=0.011)
    np.testing.assert_allclose(found["gap_controlled"], expected["style_control"].loc[found.index], atol=0.011)


def test_gap_of_the_first_day_with_both(tables):
    found = figures.gaps(tables["arena_ratings"])
    day = found[(found["date"] == "2025-04-24")].set_index("category")
    full = day.loc["full"]
    assert full[["gap_raw", "gap_controlled", "gone"]].round(2).tolist() == [129.94, 52.26, 0.6]
    assert full["raw_low"] < full["gap_raw"] < full["raw_high"]
    assert full["controlled_high"] < full["raw_low"]
    shares = day["gone"].dropna().round(2).to_dict()
    known = {"coding": 0.44, "creative_writing": 0.65, "hard_6": 0.35, "if": 0.45, "long_user": 0.43, "math": 0.34}
    assert {k: shares[k] for k in known} == pytest.approx(known, abs=0.011)


def test_interval_of_a_gap_adds_variances():
    rows = [
        {"date": "d", "board": board, "category": "full", "model": model, "rating": r, "low": r - h, "high": r + h}
        for board in ("raw", "style_controlled")
        for model, r, h in ((EXPERIMENTAL, 100.0, 3.0), (RELEASE, 40.0, 4.0))
    ]
    gap = figures.gaps(pd.DataFrame(rows)).iloc[0]
    assert (gap["gap_raw"], gap["raw_low"], gap["raw_high"], gap["gone"]) == (60, 55, 65, 0)


def test_the_experimental_version_owes_most_to_style(tables):
    found = figures.without_style(tables["arena_ratings"], "2025-04-07")
    assert len(found) == 215
    assert found.loc[0, "model"] == EXPERIMENTAL
    assert found.loc[0, "difference"] == pytest.approx(109.64, abs=0.01)
    assert found["difference"].median() == pytest.approx(12.6, abs=0.05)
    assert found.loc[0, ["rank_raw", "rank_controlled"]].tolist() == [2, 15]


def test_scores_of_the_experimental_version_are_the_release_s_and_say_so(tables):
    scores = figures.benchmark_scores(tables, "2025-04-24").set_index("model")
    own, release = scores.loc[EXPERIMENTAL], scores.loc[RELEASE]
    assert own[list(BENCHMARKS)].tolist() == release[list(BENCHMARKS)].tolist()
    assert own["scores_of"] == RELEASE
    assert own["arena"] - release["arena"] == pytest.approx(129.94, abs=0.01)
    assert release["aider"] == 15.6
    others = scores.drop(index=[EXPERIMENTAL])
    assert (others["scores_of"] == others.index).all()


def test_excess_by_a_few_lines_of_scipy(tables):
    """The residual of each model from a Theil-Sen line through the others, in their median absolute residual."""
    scores = figures.benchmark_scores(tables, "2025-04-24")
    found = figures.benchmark_excess(scores).set_index("model")
    kept = scores[scores["model"] != RELEASE].set_index("model")
    kept = kept[kept[list(BENCHMARKS)].notna().sum(axis=1) >= 2]
    z = (kept[list(BENCHMARKS)] - kept[list(BENCHMARKS)].mean()) / kept[list(BENCHMARKS)].std()
    x, y = z.mean(axis=1), kept["arena"]
    residual, score = {}, {}
    for model in kept.index:
        slope, level, *_ = stats.theilslopes(y.drop(model), x.drop(model), method="joint")
        rest = y.drop(model) - level - slope * x.drop(model)
        residual[model] = y[model] - level - slope * x[model]
        score[model] = residual[model] / (1.4826 * np.median(np.abs(rest - rest.median())))
    np.testing.assert_allclose(found.loc[kept.index, "excess"], pd.Series(residual), rtol=1e-9)
    far = pd.Series(score).abs()
    assert found.loc[EXPERIMENTAL, "p_value"] == pytest.approx((far >= far[EXPERIMENTAL]).mean())


def test_choices_are_every_set_and_line_on_both_boards(tables):
    found = figures.excess_by_choice(figures.benchmark_scores(tables, "2025-04-24"))
    assert len(found) == 2 * 5 * 2
    whole = found[found["benchmarks"].str.endswith("(models with all)")]
    assert whole["models"].tolist() == [20] * 4
    assert found.drop_duplicates(["board", "benchmarks", "line"]).shape[0] == len(found)
    assert (found["p_value"] >= found["p_floor"]).all()


def test_latest_score_and_only_whole_curves():
    table = pd.DataFrame({"model": ["a", "a", "b"], "date": [2, 1, 1], "pass": [5.0, 9.0, 7.0]})
    assert figures._latest(table, "pass") == {"a": 5.0, "b": 7.0}
    curve = pd.DataFrame(
        {"model": ["a"] * 3 + ["b"] * 2, "tokens": [8000, 16000, 32000, 8000, 16000], "score": [3.0, 6, 9, 1, 1]}
    )
    assert figures._long(curve) == {"a": 6.0}


def test_claims_of_context_beside_what_was_tested(tables):
    found = figures.context_claims(tables).set_index("model")
    maverick = found[found.index.str.contains("maverick")].iloc[0]
    assert maverick["claimed_tokens"] == 1_000_000
    assert maverick["longest_tested"] == 120_000
    curve = published("long_context")
    own = curve[(curve["model"] == maverick.name) & (curve["tokens"] == 120_000)]
    assert maverick["score_at_longest"] == own["score"].iloc[0] == 28.1
    assert maverick["score_later"] == 36.4


def test_variants_by_their_spread():
    found = figures.variants(27, 1.96 * 6, [0.0, 15.0]).set_index("sd_between")
    assert found.loc[0.0, "real"] == 0
    assert found.loc[15.0, ["gain", "real"]].round(1).tolist() == [32.3, 27.8]


def test_sources_are_named_once():
    one, two = pd.DataFrame({"source": ["a", "b", "a"]}), pd.DataFrame({"source": ["b", None]})
    assert figures.sources(one, two) == "a; b"


def test_both_sides_of_the_argument_by_one_formula(tables):
    found = figures.selection_arguments(tables["private_variants"])
    assert found["variants"].tolist() == [10, 50]
    assert found["gain"].tolist() == [100, 11]
    rng = np.random.default_rng(0)
    best = rng.normal(size=(200_000, 50))
    np.testing.assert_allclose(
        found["spread"], [100 / best[:, :10].max(1).mean(), 11 / best.max(1).mean()], rtol=0.01
    )
