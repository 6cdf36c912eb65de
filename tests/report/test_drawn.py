"""The drawing made here beside Vega's: the same elements at the same places."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from llamastyle.report import charts
from llamastyle.report.bars import account_of
from llamastyle.report.colours import LIGHT
from llamastyle.report.drawn import drawn_account, drawn_standing, linear_ticks, nice, text_width
from llamastyle.report.svg import inline_svg
from tests.report.hostile import NAMES


def account_frame(seed: int, n_features: int, scale: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    terms = [(f"group {i % 3}", f"feature_{i}", rng.normal() * scale) for i in range(n_features)]
    rows = [("strength", "", "", rng.normal() * scale), ("style", "", "", sum(t[2] for t in terms))]
    for group in dict.fromkeys(t[0] for t in terms):
        own = [t for t in terms if t[0] == group]
        rows += [("style", group, "", sum(t[2] for t in own)), *(("style", *t) for t in own)]
    rows += [("correctness", "", "", rng.normal() * scale)] * (seed % 2)
    rows.append(("total", "", "", sum(r[3] for r in rows if not r[1])))
    frame = pd.DataFrame(rows, columns=["block", "group", "term", "estimate"])
    half = np.abs(rng.normal(size=len(frame))) * scale / 3
    half[0] = half[0] if seed % 5 else np.nan
    return frame.assign(conf_low=frame["estimate"] - half, conf_high=frame["estimate"] + half)


def elements(svg: str) -> list[str]:
    """Every element after the first, whose size follows the width of letters."""
    return re.findall(r"<[^>]*>[^<]*", svg)[1:]


def size(svg: str) -> tuple[int, int]:
    _, _, width, height = ElementTree.fromstring(svg).get("viewBox", "").split()
    return int(width), int(height)


@pytest.mark.parametrize("seed", range(12))
def test_it_is_what_vega_draws(seed: int) -> None:
    unit, factor = (("rating", 1.0), ("win_rate", 0.01))[seed % 2]
    scale = (30, 300, 1, 2000, 0.03, 5)[seed % 6] * factor
    frame, width = account_frame(seed, 1 + seed % 7, scale), (400, 520, 340)[seed % 3]
    vega = inline_svg(charts.waterfall(frame, "x", unit=unit, width=width).to_dict(), "x")  # type: ignore[arg-type]
    here = drawn_account(account_of(frame, unit), "x", width)  # type: ignore[arg-type]
    assert elements(here) == elements(vega)
    assert size(here)[1] == size(vega)[1]
    assert abs(size(here)[0] - size(vega)[0]) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_stay_text(name: str) -> None:
    frame = account_frame(1, 4, 30.0).replace({"term": {"feature_0": name}})
    root = ElementTree.fromstring(drawn_account(account_of(frame, "rating"), name, 400))
    assert {e.tag for e in root.iter()} <= {"svg", "g", "path", "line", "text"}
    assert not [a for e in root.iter() for a in e.attrib if a.startswith("on") or "href" in a]


def test_names_that_are_too_wide_are_cut() -> None:
    frame = account_frame(1, 4, 30.0).replace({"term": {"feature_0": "W" * 19}})
    texts = [e.text or "" for e in ElementTree.fromstring(drawn_account(account_of(frame, "rating"), "x", 400)).iter()]
    (cut,) = [t for t in texts if t.startswith("WW")]
    assert cut.endswith("…")
    assert text_width(cut) <= 124 < text_width("W" * 19)


def test_round_ends_and_steps() -> None:
    assert nice(-10.03, 24.8) == (-15.0, 25.0)
    assert nice(0.0, 0.0) == (0.0, 0.0)
    assert linear_ticks(-15, 25, 2) == [(0.0, "0"), (20.0, "20")]
    assert linear_ticks(-0.06, 0.1, 3) == [(-0.05, "−0.05"), (0.0, "0.00"), (0.05, "0.05"), (0.1, "0.10")]
    assert linear_ticks(0, 2500, 2)[-1] == (2000.0, "2,000")


def test_nothing_to_draw_is_drawn_all_the_same() -> None:
    frame = account_frame(0, 2, 1.0).assign(estimate=0.0, conf_low=0.0, conf_high=0.0)
    assert "nan" not in drawn_account(account_of(frame, "rating"), "x", 400)


def test_standings_are_where_they_are() -> None:
    """Dots on the axis' own scale, and a band from one spread below to one above."""
    at = [("words", 2.0, "length"), ("bold", -0.5, "markdown"), ("links", 0.0, "markdown")]
    rows = [{"name": name, "standing": value, "colour": LIGHT[group]} for name, value, group in at]
    root = ElementTree.fromstring(drawn_standing(rows, "x", 400))
    paths = [e.get("d", "") for e in root.iter() if e.tag.endswith("path")]
    low, high = (float(re.fullmatch(r"M([-\d.]+),0H([-\d.]+)V60H.*", paths[0])[k]) for k in (1, 2))  # type: ignore[index]
    dots = [float(x) for d in paths if "h0" in d for x in re.findall(r"M([-\d.]+),[-\d.]+h0", d)]
    spread = (high - low) / 2
    np.testing.assert_allclose([(x - low) / spread - 1 for x in dots], [2.0, -0.5, 0.0], atol=0.01)
    assert [e.text for e in root.iter() if e.tag.endswith("text")][-3:] == ["words", "bold", "links"]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_features_stay_text(name: str) -> None:
    rows = [{"name": name, "standing": 1.0, "colour": LIGHT["length"]}]
    root = ElementTree.fromstring(drawn_standing(rows, name, 400))
    assert {e.tag for e in root.iter()} <= {"svg", "g", "path", "line", "text"}
