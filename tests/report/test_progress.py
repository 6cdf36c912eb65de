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


def test_a_bar_says_its_rate_and_the_time_left(stderr, monkeypatch):
    clock = iter([0.0, *[2.0] * 50])
    monkeypatch.setattr(progress, "monotonic", lambda: next(clock, 2.0))
    bar = progress.Bar(True, 40_000_000, "measuring", "MB", 1e6)
    with bar as advance:
        advance(10_000_000)
        assert bar._shown is not None
        (task,) = bar._shown[0].tasks
        assert task.fields["rate"] == "5.0 MB/s"
        assert "TimeRemainingColumn" in [type(column).__name__ for column in bar._shown[0].columns]


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_working_appears_on_a_terminal_alone_and_goes(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    quiet = io.StringIO()
    monkeypatch.setattr(sys, "stderr", quiet)
    with progress.Working("fitting") as working:
        assert working._timer is None
    assert quiet.getvalue() == ""
    shown = _Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with progress.Working("fitting") as working:
        timer = working._timer
        assert timer is not None
        timer.join(5)
        assert working._shown is not None
        assert progress._current is working
    assert "fitting" in shown.getvalue()
    assert working._shown is None
    assert progress._current is None


def test_working_gives_way_to_a_bar_and_comes_back(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    monkeypatch.setattr(sys, "stderr", _Terminal())
    with progress.Working("fitting") as working:
        timer = working._timer
        assert timer is not None
        timer.join(5)
        assert working._shown is not None
        with progress.Bar(True, 10, "measuring") as advance:
            advance(1)
            assert working._shown is None
        again = working._timer
        assert again is not None
        again.join(5)
        assert working._shown is not None


def test_quick_work_on_a_terminal_says_nothing(monkeypatch):
    shown = _Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with progress.Working("fitting"):
        pass
    assert shown.getvalue() == ""
