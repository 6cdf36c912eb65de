"""A tiny run without the others, and the expressions against the scanner."""

from __future__ import annotations

import pytest

import llamastyle as ls
from benchmarks import extraction, texts


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path):
    make = texts.texts_of_size
    monkeypatch.setattr(
        extraction, "texts_of_size", lambda size, seed: make(size, seed, shared=tmp_path / "absent")
    )


def test_absent_peers_leave_rows_with_the_reason(tmp_path, monkeypatch, drawn):
    monkeypatch.setattr(extraction, "installed", lambda package: False)
    monkeypatch.setattr(extraction, "is_gnu_wc", lambda: False)
    text = extraction.run(tmp_path, size=40_000, part=5_000, pairs=1).read_text("utf-8")
    assert "skipped: emoji is not installed" in text
    assert "skipped: textstat is not installed" in text
    assert text.count("skipped: there is no GNU wc") == len(extraction.SETS)
    assert "drawn texts" in text
    assert "Arena's regular expressions" in text


def test_wc_reads_the_same_bytes(tmp_path, monkeypatch, drawn):
    if not extraction.is_gnu_wc():
        pytest.skip("needs GNU wc")
    seen = []
    run = extraction.subprocess.run

    def watch(command, **options):
        done = run(command, **options)
        seen.append(done.stdout.split())
        return done

    monkeypatch.setattr(extraction.subprocess, "run", watch)
    values, _ = extraction.texts_of_size(20_000, 1)
    rows = extraction.beside_wc(values, 1)
    assert [row["what"] for row in rows] == list(extraction.SETS)
    lines, _, chars = (int(count) for count in seen[-1][:3])
    joined = "".join(values.to_pylist())
    assert (lines, chars) == (joined.count("\n"), len(joined))


def test_published_expressions_equal_the_features():
    values = texts.drawn_texts(40, 5)
    found = ls.extract(values, ["arena_headers", "arena_lists", "arena_bold"]).values
    assert [tuple(map(int, row)) for row in found] == [extraction.arena_counts(text) for text in values]
    assert (found.sum(axis=0) > 0).all()
