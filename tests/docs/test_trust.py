"""The study `trust`: what it plants is there, its tests are those of the package, and a short run writes its tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from docs.studies import _trust as drawn
from docs.studies import trust
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.curves import curvature_tests


def test_tests_are_those_of_curvature() -> None:
    design = drawn.arena(drawn.Setting(votes=1500, prompts=200), [1, 2])
    found = trust.both_tests(design, trust.JOINT | trust.SINGLE)
    there = {c.test: c.joint for c in curvature_tests(design, fit_bradley_terry(design), "cluster").tests}
    for test, (terms, flips, _) in found.items():
        assert there[test].df == terms
        assert there[test].p_value == pytest.approx(flips, abs=0.002)


def test_a_threshold_and_nothing_else_makes_curvature() -> None:
    at = drawn.Setting(votes=60_000, prompts=6000, price=2.0)
    bent, straight = (drawn.arena(replace(at, most=most), [3, 4]) for most in (5.5, np.inf))
    assert (bent.x == straight.x).all()
    which = {"powers": trust.JOINT["powers"], "all": trust.JOINT["all"]}
    assert max(p[1] for p in trust.both_tests(bent, which).values()) <= 0.002
    assert min(p[1] for p in trust.both_tests(straight, which).values()) > 0.01


def test_labels_are_wrong_at_the_rate_and_calibration_gives_the_share_that_is_right() -> None:
    wrong, right = (drawn.answered(rate, 60_000, 20_000, 6, 2.0, [5]) for rate in (0.2, 0.0))
    assert (wrong.words == right.words).all()
    assert (wrong.label != right.label).mean() == pytest.approx(0.2, abs=0.01)
    chance = trust.calibrated(wrong, 0.2)
    for low, high in ((0.0, 0.4), (0.4, 0.7), (0.7, 1.0)):
        some = (chance >= low) & (chance < high)
        assert right.label[some].mean() == pytest.approx(chance[some].mean(), abs=0.02)


def test_simex_extrapolates_to_no_dose(monkeypatch: pytest.MonkeyPatch) -> None:
    here = drawn.answered(0.1, 500, 100, 4, 2.0, [6])
    doses = iter(np.repeat(trust.EXTRA, trust.AGAIN))
    monkeypatch.setattr(trust, "estimates", lambda design: 2 - next(doses))
    monkeypatch.setattr(trust, "prices", lambda design, found: [[found, 2 * found], [1.0, 2.0]])
    value, error, _ = trust.simex(here, 0.1, [[2.0, 4.0], [1.0, 2.0], [2.0, 2.0]], np.random.default_rng(0))
    assert value == pytest.approx([3.0, 6.0])  # at a dose of minus one
    assert error == pytest.approx([1.0, 2.0])


def test_prices_are_read_in_a_labels_unit() -> None:
    here = drawn.answered(0.0, 20_000, 4000, 6, 2.0, [7])
    (length, right), (error, more), _ = trust.prices(here.design, trust.estimates(here.design))
    assert abs(length) < 4 * error
    assert right == pytest.approx(2.0, abs=4 * more)
    assert more < 0.1


def test_votes_follow_the_planted_log_odds() -> None:
    design = drawn.arena(drawn.Setting(votes=40_000, prompts=4000, alike=0.3), [8])
    fit = fit_bradley_terry(design)
    scale = np.array([c.scale for c in design.spec.columns])
    assert fit.beta / scale == pytest.approx([0.4, 0.2, 0.0, 1.0], abs=0.06)
    assert np.corrcoef(expit(fit.eta), design.y)[0, 1] > 0.2


def test_a_short_run_writes_every_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "PARTIAL", tmp_path / "partial")
    for name in ("ARENAS", "FEWER", "LABEL_ARENAS", "SHARED_ARENAS"):
        monkeypatch.setattr(trust, name, 2)
    monkeypatch.setattr(trust, "NULLS", dict(list(trust.NULLS.items())[1:3]))
    monkeypatch.setattr(trust, "POWERS", {"few": (next(iter(trust.POWERS.values()))[0], 2)})
    monkeypatch.setattr(trust, "PLACEBOS", dict(list(trust.PLACEBOS.items())[:1]))
    monkeypatch.setattr(trust, "RATIOS", (5,))
    monkeypatch.setattr(trust, "RATES", (0.1,))
    monkeypatch.setattr(trust, "LEVELS", {"4": (4, "within prompts", 2000, 2)})
    trust.run(tmp_path, lambda *_: None)
    assert sorted(p.stem for p in tmp_path.glob("*.md")) == sorted(trust.NAME + s for s in trust.PARTS)
    shown = (tmp_path / "trust-labels.md").read_text("utf-8")
    assert all(way in shown for way in trust.WAYS)
