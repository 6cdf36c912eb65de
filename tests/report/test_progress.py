"""A bar appears when its patience is over, on stderr, and goes again."""

from __future__ import annotations

import io
import sys

import pytest

from llamastyle.report import progress


@pytest.fixture
def stderr(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("FORCE_COLOR", "1")
    return shown


def test_quick_work_shows_nothing(stderr):
    with progress.Bar(True, 10, "working") as advance:
        for _ in range(10):
            advance(1)
    assert stderr.getvalue() == ""


def test_long_work_is_named(stderr, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    bar = progress.Bar(True, 10, "working")
    with bar as advance:
        advance(1)
        assert bar._shown is not None
        (task,) = bar._shown[0].tasks
        assert (task.description, task.completed, task.total) == ("working", 1, 10)


def test_nothing_where_it_is_not_wanted(stderr, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    with progress.Bar(False, 10, "working") as advance:
        advance(1)
    assert stderr.getvalue() == ""
