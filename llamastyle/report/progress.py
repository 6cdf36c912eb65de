"""Progress of what may take long: on stderr, once it is clear that it does, and never elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

__all__ = ["PATIENCE", "Bar", "Working"]

PATIENCE = 1.0
"""Seconds after which something appears."""
_current: Working | None = None
"""What is shown as working, which gives way to a bar."""


class Bar:
    """A progress bar on stderr that appears when its patience is over; ``advance`` may be called by threads.

    Parameters
    ----------
    show : bool
    total : int
        Steps in all.
    what : str
        What is being done.
    unit : str
        Of the rate, which stands beside the time left: ``"steps"`` a second.
    size : float
        Steps that make one unit.
    """

    def __init__(self, show: bool, total: int, what: str, unit: str = "steps", size: float = 1.0) -> None:
        self._show, self._total, self._what, self._done = show, total, what, 0
        self._unit, self._size = unit, size
        self._start, self._lock = monotonic(), threading.Lock()
        self._shown: tuple[Any, Any] | None = None

    def __enter__(self) -> Callable[[int], None]:
        return self.advance

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._shown[0].stop()
            if _current:
                _current.go_on()

    def advance(self, amount: int) -> None:
        """So many more steps are done."""
        if not self._show:
            return
        with self._lock:
            self._done += amount
            if self._shown is None and monotonic() - self._start > PATIENCE and self._done < self._total:
                if _current:
                    _current.give_way()
                bar = _progress("{task.description}", "{task.percentage:>3.0f} %", "{task.fields[rate]}", left=True)
                self._shown = bar, bar.add_task(self._what, total=self._total, rate=self._rate())
                bar.start()
            if self._shown is not None:
                self._shown[0].update(self._shown[1], completed=self._done, rate=self._rate())

    def _rate(self) -> str:
        rate = self._done / self._size / max(monotonic() - self._start, 1e-9)
        return f"{rate:.{0 if rate >= 20 else 1}f} {self._unit}/s"


class Working:
    """Says on stderr what is being done, and for how long, where nobody knows how much there is to do.

    Parameters
    ----------
    what : str

    Examples
    --------
    >>> with Working("fitting"):  # quiet: it is done at once, and this is no terminal
    ...     pass
    """

    def __init__(self, what: str) -> None:
        self._what, self._lock = what, threading.Lock()
        self._timer: threading.Timer | None = None
        self._shown: Any = None

    def __enter__(self) -> Working:
        global _current
        if sys.stderr.isatty():
            _current = self
            self.go_on()
        return self

    def __exit__(self, *_: object) -> None:
        global _current
        _current = None
        self.give_way()

    def go_on(self) -> None:
        """Appear when the patience is over."""
        self._timer = threading.Timer(PATIENCE, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def give_way(self) -> None:
        """Go, and do not come back by itself."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._shown is not None:
                self._shown.stop()
                self._shown = None

    def _appear(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._shown = _progress("{task.description}", left=False)
                self._shown.add_task(self._what, total=None)
                self._shown.tasks[0].start_time = self._shown.get_time() - PATIENCE
                self._shown.start()


def _progress(*columns: str, left: bool) -> Any:
    """A display on stderr that leaves nothing behind."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    first, *others = (TextColumn(column, markup=False) for column in columns)
    bar = [BarColumn(bar_width=None)] if left else []
    time = TimeRemainingColumn() if left else TimeElapsedColumn()
    return Progress(first, *bar, *others, time, console=Console(stderr=True), transient=True, expand=left)
