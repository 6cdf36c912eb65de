"""A progress bar for what may take long: on stderr, once it is clear that it does, and never elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

__all__ = ["PATIENCE", "Bar"]

PATIENCE = 1.0
"""Seconds after which a bar appears."""


class Bar:
    """A progress bar on stderr that appears when its patience is over; ``advance`` may be called by threads.

    Parameters
    ----------
    show : bool
    total : int
        Steps in all.
    what : str
        What is being done.
    """

    def __init__(self, show: bool, total: int, what: str) -> None:
        self._show, self._total, self._what, self._done = show, total, what, 0
        self._start, self._lock = monotonic(), threading.Lock()
        self._shown: tuple[Any, Any] | None = None

    def __enter__(self) -> Callable[[int], None]:
        return self.advance

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._shown[0].stop()

    def advance(self, amount: int) -> None:
        """So many more steps are done."""
        if not self._show:
            return
        with self._lock:
            self._done += amount
            if self._shown is None and monotonic() - self._start > PATIENCE and self._done < self._total:
                from rich.console import Console
                from rich.progress import Progress

                bar = Progress(console=Console(stderr=True), transient=True)
                self._shown = bar, bar.add_task(self._what, total=self._total)
                bar.start()
            if self._shown is not None:
                self._shown[0].update(self._shown[1], completed=self._done)
