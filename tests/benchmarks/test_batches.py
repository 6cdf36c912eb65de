"""A tiny run, in processes of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd

import llamastyle as ls
from benchmarks import batches


def test_tiny_run(tmp_path):
    text = batches.run(tmp_path, sizes=(3000,), scratch=str(tmp_path)).read_text("utf-8")
    assert "| 3,000 |" in text
    apart = float(text.splitlines()[2].split("|")[-2])
    assert apart < 1e-10
    assert [path.name for path in tmp_path.iterdir()] == ["batches.md"]


def test_what_is_planted_is_found(tmp_path):
    batches.write_votes(tmp_path / "votes.parquet", 20_000)
    frame = pd.read_parquet(tmp_path / "votes.parquet")
    assert len(frame) == 20_000
    assert (frame["model_a"] != frame["model_b"]).all()
    result = ls.fit_files(tmp_path / "votes.parquet")
    scales = np.array([column.scale for column in result.design.spec.columns])
    found = result.params[list(batches.FEATURES)] / scales
    np.testing.assert_allclose(found, np.linspace(-0.6, 1.2, 8), atol=0.3)
