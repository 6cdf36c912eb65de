"""The table's file."""

from __future__ import annotations

import os

import pandas as pd

from benchmarks.tables import installed, versions, write_result


def test_table_says_what_it_was_made_of(tmp_path):
    frame = pd.DataFrame({"what": ["a|b"], "ratio": ["1.00"]})
    path = write_result(tmp_path / "new", "tiny", frame, data="two rows", seed=7, peers=["no-such-package"])
    lines = path.read_text("utf-8").splitlines()
    assert lines[:4] == ["| what | ratio |", "| --- | --- |", r"| a\|b | 1.00 |", ""]
    for fact in ("two rows; seed 7; commit ", "; numpy ", f", {os.cpu_count()} cores"):
        assert fact in lines[4]
    assert "no-such-package" not in lines[4]
    assert list(path.parent.iterdir()) == [path]


def test_versions_of_what_is_installed():
    assert installed("numpy")
    assert not installed("no-such-package")
    (numpy,) = versions(["numpy", "no-such-package"])
    assert numpy.startswith("numpy ")
