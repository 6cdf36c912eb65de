"""A tiny run, in processes of its own."""

from __future__ import annotations

import numpy as np

from benchmarks import growth


def test_tiny_run(tmp_path):
    text = growth.run(tmp_path, sizes=(20_000, 40_000), pairs=1).read_text("utf-8")
    assert "time of a Newton iteration, 40,000 against 20,000" in text
    assert text.count("peak memory of fit and clustered covariance") == 1
    assert "104 bytes a battle" in text


def test_blocks_do_not_change_what_is_planted():
    design = growth.make_arrays(30_000, block=7_000)
    assert design.x.shape == (30_000, growth.COLUMNS)
    assert (design.a != design.b).all()
    assert design.a.max() < growth.MODELS
    found = growth.fit_bradley_terry(design)
    np.testing.assert_allclose(found.beta, np.linspace(-0.2, 0.4, growth.COLUMNS), atol=0.08)
