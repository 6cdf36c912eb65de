"""Features of files larger than memory: a small run, killed and whole."""

from __future__ import annotations

from benchmarks import streaming


def test_a_small_run(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "WORDS", 50)
    said = streaming.run(tmp_path, gigabytes=0.0002, kills=1, scratch=str(tmp_path)).read_text("utf-8")
    assert "| same bytes in the end as undisturbed | yes |" in said
    assert "peak of resident memory" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["streaming.md"]


def test_texts_are_as_many_as_asked_for_and_differ(tmp_path):
    import pandas as pd

    rows, size = streaming.write_texts(tmp_path / "texts", 0.0001)
    found = pd.read_parquet(tmp_path / "texts")["response"]
    assert len(found) == rows == found.nunique()
    assert found.str.encode("utf-8").str.len().sum() == size >= 1e5
