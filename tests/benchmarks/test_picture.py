"""The picture has what the tables have, and leaves out what was not measured."""

from __future__ import annotations

from benchmarks import picture

FIT = """| beside | times our fit | min | max | note |
| --- | --- | --- | --- | --- |
| one <b> | 4.0 | 3.0 | 5.0 |  |
| the same, exact | 8.0 | 7.0 | 9.0 |  |
| absent |  |  |  | skipped: absent is not installed |
"""
TEXTS = """| what | beside | speed | min | max | note |
| --- | --- | --- | --- | --- | --- |
| ALL | wc | 0.30 | 0.20 | 0.40 |  |
| ALL, first call | second call | 1.00 | 1.00 | 1.00 | seconds more, in a new process |
"""


def test_rows_are_those_that_were_measured(tmp_path):
    (tmp_path / "fit.md").write_text(FIT, "utf-8")
    (tmp_path / "extraction.md").write_text(TEXTS, "utf-8")
    svg = picture.run(tmp_path).read_text("utf-8")
    for shown in ("one &lt;b&gt;", "one &lt;b&gt;, exact", "wc, for ALL", "4.0", "0.30"):
        assert f">{shown}<" in svg
    for hidden in ("absent", "first call", "second call"):
        assert hidden not in svg
