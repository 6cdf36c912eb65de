"""A tiny run with Ray where it is installed, and the row that is left where it is not."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks import distributed


def test_absent_ray_leaves_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(distributed, "installed", lambda package: False)
    assert "skipped: ray is not installed" in distributed.run(tmp_path).read_text("utf-8")


def test_tiny_run(tmp_path):
    pytest.importorskip("ray.data", reason="needs Ray: pip install 'llamastyle[ray]'")
    text = distributed.run(tmp_path, sizes=[(1, 3000)], rounds=1).read_text("utf-8")
    assert text.count("| yes |") == len(distributed.RUNS)
    assert "NO" not in text


def test_texts_are_as_many_as_asked_for(tmp_path):
    distributed.write_texts(tmp_path / "texts.parquet", 1)
    texts = pd.read_parquet(tmp_path / "texts.parquet")["response"]
    assert texts.str.encode("utf-8").str.len().sum() >= 1_000_000
    assert texts.is_unique
