"""The study `features`: its sums, its rules, and what is said of its tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from docs import studies
from docs.studies import features
from tests.docs.test_real_data import table


def candidates() -> pd.DataFrame:
    return (
        table("features-1-candidates")
        .assign(feature=lambda f: f["feature"].str.strip("`"))
        .set_index("feature")
    )


def test_told_is_the_share_that_a_regression_of_ranks_explains() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    frame["a"] += frame["b"] + 0.5 * frame["c"] ** 3
    ranks = frame.rank() - frame.rank().mean()
    x, y = ranks[["b", "c"]].to_numpy(), ranks["a"].to_numpy()
    rest = y - x @ np.linalg.lstsq(x, y)[0]
    expected = 1 - (rest**2).sum() / (y**2).sum()
    assert features.told(features.spearman(frame), "a", ["b", "c"]) == pytest.approx(expected)


def test_inflation_is_about_zero_and_absent_for_what_does_not_vary() -> None:
    from statsmodels.regression.linear_model import OLS

    rng = np.random.default_rng(1)
    x = rng.normal(1.0, 1.0, size=(300, 3))
    x[:, 0] += x[:, 1]
    found = features.inflation(np.column_stack([x, np.zeros(300)]))
    for j in range(3):
        fit = OLS(x[:, j], np.delete(x, j, axis=1)).fit()  # without a constant, R^2 is about zero
        assert found[j] == pytest.approx(1 / (1 - fit.rsquared))
    assert np.isnan(found[3])


def test_a_rule_goes_before_a_judgement() -> None:
    slop, density = ls.ALL["slop"], ls.ALL["slop_per_100_words"]
    assert features.reason(slop, 9.9, "words", 0.9, 0.9) == "rare"
    assert features.reason(slop, 50, "words", -0.71, 0.9) == "like words"
    assert features.reason(slop, 50, "words", 0.69, 0.51) == "told by the others"
    assert features.reason(slop, 50, "words", 0.69, 0.49) == features.OUT["slop"]
    assert features.reason(density, 50, "words", 0.1, 0.1) == features.DENSITY
    assert features.reason(ls.ALL["emoji"], 0, "words", 1.0, 1.0) == features.IN["emoji"]


def test_measured_gaps_are_the_contrasts_of_the_sides() -> None:
    battles = ls.read_battles(
        [
            {
                "model_a": "x",
                "model_b": "y",
                "winner": "model_a",
                "response_a": "one two",
                "response_b": "one",
            },
            {"model_a": "y", "model_b": "x", "winner": "tie", "response_a": "**a** b", "response_b": "a b c"},
        ]
    )
    found = features.measure(battles)
    assert found.n == 2
    assert found.gaps["words"].tolist() == pytest.approx([np.log(3 / 2), np.log(3 / 4)])
    shares = features.shares({"made": found}, "bold")
    assert shares.tolist() == [50.0]


def test_every_candidate_has_a_reason() -> None:
    found = candidates()
    assert found.index.tolist() == list(ls.ALL.names)
    assert (found["why"] != "").all()
    assert found.index[found["proposal"] == "in"].tolist() == [
        n for n in ls.ALL.names if n in features.PROPOSED
    ]
    judged = set(found["why"]) & set(features.OUT.values())
    assert judged == set(features.OUT.values())


def test_the_proposal_keeps_its_own_rules_and_what_is_said_of_it_holds() -> None:
    found = candidates()
    often = found.filter(like="differs").astype(float).max(axis=1)
    chosen = found.loc[list(features.PROPOSED)]
    assert (often[chosen.index] >= features.RARE).all()
    assert (chosen["rho"].astype(float).abs() <= features.BAR).all()
    assert (chosen["told"].astype(float) <= features.TOLD).all()
    assert set(chosen["group"]) == {"length", "markdown", "emoji", "sycophancy", "tone", "lexical"}
    assert (found.loc[["tables", "links"], "why"] == "rare").all()
    pairs = table("features-2-pairs")
    nearest = pairs[pairs["set"] == "proposal"].iloc[0]
    assert nearest["pair"] == "list_items, bold"
    assert float(nearest["arena_140k_sample"]) > features.BAR
    inflation = table("features-3-inflation").set_index("feature").filter(like="proposal")
    assert inflation.loc[list(features.PROPOSED)].astype(float).max(axis=None) < 5


def test_pictures_are_small_and_have_every_name() -> None:
    for name, names in (("features", ["words", "slop"]), ("features-proposal", features.PROPOSED)):
        drawn = (studies.TABLES / f"{name}.svg").read_text("utf-8")
        assert len(drawn) < 200_000
        assert all(drawn.count(f">{one}<") == 2 for one in names)
