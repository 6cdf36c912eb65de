"""The margin test and its words."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.detector import detect, distance, unusual
from llamastyle.regression.inference import sandwich
from tests.regression.arenas import make_design


@pytest.fixture(scope="module")
def made():
    design = make_design(clusters=None)
    return sandwich(design, fit_bradley_terry(design), "robust")


def run(made, inflation, error, **options):
    inflation, error = np.array(inflation, float), np.array(error, float)
    tested = options.pop("tested", np.ones(inflation.size, bool))
    options = {"margin": 20.0, "level": 0.05, "with_correctness": True} | options
    return detect(inflation, error, tested, made, **options)


def test_p_and_q_follow_their_definitions(made):
    inflation, error = [60.0, -25.0, 5.0, 31.0], [8.0, 6.0, 4.0, 5.0]
    found = run(made, inflation, error)
    p = [min(1.0, 2 * (1 - stats.norm.cdf((abs(i) - 20) / e))) for i, e in zip(inflation, error, strict=True)]
    np.testing.assert_allclose(found.p_value, p, rtol=1e-9)
    np.testing.assert_allclose(found.q_value, multipletests(p, method="fdr_bh")[1], rtol=1e-9)
    assert found.verdict == ("inflated", "undetermined", "neutral", "undetermined")


def test_without_correctness_the_words_are_weaker(made):
    found = run(made, [60.0, -60.0], [5.0, 5.0], with_correctness=False)
    assert found.verdict == ("style-favoured", "style-penalised")


def test_untested_models_are_insufficient_and_not_counted(made):
    found = run(made, [60.0, 90.0], [8.0, 1.0], tested=np.array([True, False]))
    assert found.verdict[1] == "insufficient data"
    assert np.isnan(found.p_value[1])
    assert found.q_value[0] == pytest.approx(found.p_value[0])


def test_unusual_takes_errors_off_the_spread():
    inflation = np.array([-30.0, -10.0, 0.0, 10.0, 30.0, 150.0])
    score, note = unusual(inflation, np.full(6, 1.0), np.ones(6, bool))
    assert note == ""
    assert score[5] == pytest.approx(145 / np.sqrt((1.4826 * 20) ** 2 - 1))
    _, note = unusual(inflation, np.full(6, 500.0), np.ones(6, bool))
    assert "no more than their errors" in note
    assert "at least 5" in unusual(inflation, np.ones(6), np.arange(6) < 3)[1]


def test_distance_finds_the_odd_one_and_needs_fifteen():
    rng = np.random.default_rng(0)
    profiles = rng.normal(0, 1, (20, 3)) @ np.diag([1.0, 3.0, 0.2])
    profiles[7] = [0, 0, 3.0]
    far, note = distance(profiles, np.ones(20, bool))
    assert note == ""
    assert far.argmax() == 7
    far, note = distance(profiles, np.arange(20) < 10)
    assert "at least 15" in note
    assert np.isnan(far).all()
