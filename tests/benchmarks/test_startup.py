"""What starting takes; the table, and what an audit loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import startup


def test_tiny_run(tmp_path, monkeypatch):
    monkeypatch.setattr(startup, "audit_imports", lambda: ({"numpy", "sklearn"}, "numpy 60 ms"))
    text = startup.run(tmp_path, pairs=1).read_text("utf-8")
    assert "| audit of a small file loads | sklearn |" in text
    assert "| its imports above 50 ms of their own | numpy 60 ms |" in text
    assert "import llamastyle against import numpy" in text


def test_audit_of_a_small_file_loads_neither_scikit_learn_nor_textstat(monkeypatch):
    monkeypatch.setattr(startup, "COSTLY", -1.0)
    loaded, listed = startup.audit_imports()
    assert {"llamastyle", "numpy", "pandas", "numba"} <= loaded
    assert not {"sklearn", "textstat"} & loaded
    assert "pandas " in listed


def test_small_file_holds_texts(tmp_path: Path):
    startup.small_file(tmp_path / "a.csv")
    head = (tmp_path / "a.csv").read_text("utf-8").partition("\n")[0]
    assert head.split(",") == ["model_a", "model_b", "winner", "prompt_id", "response_a", "response_b"]


def test_failure_of_a_child_is_not_hidden():
    with pytest.raises(startup.subprocess.CalledProcessError):
        startup.python("-c", "raise SystemExit(3)")()
