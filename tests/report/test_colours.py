"""Colours can be told apart by everybody, and read on both papers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from llamastyle.report.colours import DARK, LIGHT, colour

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
DEFICIENT = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
TOGETHER = ("length", "markdown", "emoji", "sycophancy", "correctness", "strength")
TEXT = ("ink", "muted")


def linear(hex_):
    c = np.array([int(hex_[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def luminance(hex_):
    return float(linear(hex_) @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ rgb
    f = np.cbrt(np.maximum(xyz / [0.9505, 1.0, 1.089], 1e-9))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("papers", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", ["normal", *DEFICIENT])
def test_groups_that_stand_together_can_be_told_apart(papers, eye):
    seen = np.eye(3) if eye == "normal" else np.array(DEFICIENT[eye])
    places = {name: lab(np.clip(seen @ linear(papers[name]), 0, 1)) for name in TOGETHER}
    gaps = {(a, b): np.linalg.norm(places[a] - places[b]) for a, b in itertools.combinations(TOGETHER, 2)}
    assert min(gaps.values()) > 10, min(gaps, key=gaps.get)


@pytest.mark.parametrize("papers", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eye", ["normal", *DEFICIENT])
def test_up_and_down_are_blue_and_orange_to_every_eye(papers, eye):
    seen = np.eye(3) if eye == "normal" else np.array(DEFICIENT[eye])
    up, down = (lab(np.clip(seen @ linear(papers[name]), 0, 1)) for name in ("up", "down"))
    assert np.linalg.norm(up - down) > 60
    assert up[2] < -20 < 20 < down[2], "blue and yellow, the axis that both eyes keep"
    red, green, blue = linear(papers["down"])
    assert red > green > blue
    assert green > 0.25 * red, "orange, not red"


@pytest.mark.parametrize("papers", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast_on_paper(papers):
    pale = ("paper", "grid", "style", "total")
    for name, value in papers.items():
        if name not in pale:
            assert contrast(value, papers["paper"]) >= (4.5 if name in TEXT else 3), name


def test_no_hex_is_used_twice_and_both_papers_have_the_same_names():
    for papers in (LIGHT, DARK):
        assert len(set(papers.values())) == len(papers)
    assert LIGHT.keys() == DARK.keys()


def test_unknown_groups_are_other():
    assert colour("own") == LIGHT["other"]
    assert colour("length") == LIGHT["length"]
