"""Truth beside estimate."""

from __future__ import annotations

import numpy as np

import llamastyle as ls
from llamastyle.regression.planted import planted_models, planted_prices


def test_truth_is_on_the_scale_of_the_fit():
    arena = ls.simulate(40_000, 6, style={"words": 0.5, "emoji": -0.2}, position=0.3, seed=1)
    result = ls.fit(arena.battles, position=True)
    prices = planted_prices(arena, result).set_index("term")
    scale = {c.name: c.scale for c in result.design.spec.columns}
    assert prices.loc["words", "planted"] == 0.5 * scale["words"]
    assert prices.loc["position", "planted"] == 0.3
    np.testing.assert_allclose(prices["estimate"], prices["planted"], atol=0.06)
    truth = arena.truth(100_000)
    for quantity, close in (("inflation", 8), ("parity_change", 0.015)):
        frame = planted_models(truth, result, quantity)
        np.testing.assert_allclose(frame["estimate"], frame["planted"], atol=close)
        inside = (frame["conf_low"] <= frame["planted"]) & (frame["planted"] <= frame["conf_high"])
        assert (frame["covered"] == inside).all()
