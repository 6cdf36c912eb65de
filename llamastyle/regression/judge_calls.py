"""Calls of a judge: cached on disk, retried, in both orders, one after the other, in batches or at once."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import math
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from llamastyle.errors import DataError
from llamastyle.options import nearest
from llamastyle.report.progress import Bar

__all__ = ["Asked", "Cache", "Call", "ask", "preference"]

WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before the first retry, and at most; each waits twice as long as the one before."""
HOPELESS = 5
"""Calls that fail first of all, with none answered, after which a judge is given up."""
WINNERS = {
    "a": 1.0, "model_a": 1.0, "first": 1.0, "1": 1.0, "b": 0.0, "model_b": 0.0, "second": 0.0, "2": 0.0, "tie": 0.5,
    "both_bad": 0.5,
}  # fmt: skip


class Call(NamedTuple):
    """What a judge is asked: which of two answers to a prompt is better."""

    prompt: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of some calls.

    Attributes
    ----------
    preference : dict of Call to float
        P(the first answer is better), for each call that was answered.
    failed : dict of Call to str
        Why the others were not.
    made, cached, retries : int
        Calls that were made, that were known from before, and that were made again.
    """

    preference: dict[Call, float]
    failed: dict[Call, str]
    made: int
    cached: int
    retries: int


def preference(answer: Any) -> float:
    """P(the first answer is better) from what a judge returned.

    Parameters
    ----------
    answer : number in [0, 1], bool, or label
        Labels are ``a``, ``b``, ``tie`` and the like, in any case.

    Raises
    ------
    DataError
        Anything else.

    Examples
    --------
    >>> preference(0.25), preference(True), preference(" B "), preference("tie")
    (0.25, 1.0, 0.0, 0.5)
    """
    if isinstance(answer, str):
        label = answer.strip().casefold()
        if label not in WINNERS:
            raise DataError(
                f"the judge said {answer[:60]!r}{nearest(answer, WINNERS)}; it must return P(first answer is better) in"
                f" [0, 1], or one of {', '.join(WINNERS)}"
            )
        return WINNERS[label]
    try:
        value = float(answer)
    except (TypeError, ValueError):
        value = math.nan
    if not 0 <= value <= 1:
        raise DataError(f"the judge returned {str(answer)[:60]!r}; P(first answer is better) must lie in [0, 1]")
    return value


class Cache:
    """Answers of a judge on disk, one JSON line each, added as they come; a line cut short is left out.

    Parameters
    ----------
    path : path, optional
        Without one, answers are kept in memory only.
    name : str
        The judge, so that several may share a file.
    """

    def __init__(self, path: str | Path | None, name: str) -> None:
        self._name, self._path, self._lock = name, None if path is None else Path(path), threading.Lock()
        self._known: dict[str, float] = {}
        self.unreadable = 0
        self.unwritten = ""
        if self._path is None:
            return
        if self._path.is_dir() or not self._path.parent.is_dir():
            raise DataError(f"cache={str(path)!r} must be a file in a folder that is there, such as 'judge.jsonl'")
        if self._path.exists():
            self._read(self._path)

    def _read(self, path: Path) -> None:
        with path.open("rb") as lines:
            for line in lines:
                try:
                    row = json.loads(line)
                    self._known[str(row["key"])] = preference(row["p"])
                except (ValueError, KeyError, TypeError, RecursionError, DataError):
                    self.unreadable += 1

    def get(self, call: Call) -> float | None:
        """The answer that is known, if any."""
        return self._known.get(self._key(call))

    def put(self, call: Call, p: float) -> None:
        """Keep an answer; it is on disk when this returns, or ``unwritten`` says why no more are."""
        key = self._key(call)
        with self._lock:
            self._known[key] = p
            if self._path is None:
                return
            try:
                self._write(self._path, json.dumps({"key": key, "p": p}).encode())
            except OSError as error:
                self._path, self.unwritten = None, error.strerror or str(error)

    def _write(self, path: Path, line: bytes) -> None:
        new = not path.exists() or not path.stat().st_size
        with path.open("ab") as file:
            cut = not new and not _ends_with_newline(path)
            file.write(b"\n" * cut + line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _key(self, call: Call) -> str:
        digest = hashlib.sha256()
        for part in (self._name, *call):
            data = part.encode("utf-8", "surrogatepass")
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


@dataclass(slots=True)
class _Run:
    """State of one run over the calls that are not known."""

    cache: Cache
    retries: int
    advance: Callable[[int], None]
    failed: dict[Call, str] = field(default_factory=dict)
    found: dict[Call, float] = field(default_factory=dict)
    again: int = 0
    hopeless: bool = False
    spare: int | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, call: Call, answer: Any) -> None:
        p = preference(answer)
        self.cache.put(call, p)
        with self.lock:
            self.found[call] = p
        self.advance(1)

    def lose(self, calls: Sequence[Call], error: BaseException) -> None:
        why = f"{type(error).__name__}: {error}"[:200]
        with self.lock:
            self.failed |= dict.fromkeys(calls, why)
            self.hopeless |= not self.found and len(self.failed) >= HOPELESS
        if self.hopeless:
            raise DataError(f"the judge failed on its first {len(self.failed)} calls ({why}); it was not asked further")
        self.advance(len(calls))

    def waits(self, size: int) -> Iterator[float]:
        """Seconds to wait before each attempt at so many calls: none before the first; as many as may be spared."""
        yield 0.0
        for k in range(self.retries):
            with self.lock:
                if self.spare is not None and self.again + size > self.spare:
                    return
                self.again += size
            yield min(WAIT * 2**k, LONGEST_WAIT)


def ask(
    judge: Callable[..., Any],
    calls: Iterable[Call],
    cache: Cache,
    *,
    batch_size: int | None = None,
    concurrency: int = 1,
    retries: int = 2,
    spare: int | None = None,
    progress: bool | None = None,
) -> Asked:
    """Ask a judge what is not known yet.

    Parameters
    ----------
    judge : callable
        ``judge(prompt, a, b)``; with ``batch_size``, ``judge(list of Call) -> list``; either may be async.
    calls : iterable of Call
        Each is asked once, however often it is there.
    cache : Cache
    batch_size : int, optional
    concurrency : int
        Calls, or batches, that are under way at once: threads, or tasks of an async judge.
    retries : int
        How often a call that raised, or that returned no preference, is made again.
    spare : int, optional
        Most calls to make again in all.
    progress : bool, optional
        By default where stderr is a terminal.
    """
    wanted = list(dict.fromkeys(calls))
    known = {call: p for call in wanted if (p := cache.get(call)) is not None}
    open_ = [call for call in wanted if call not in known]
    size = batch_size or 1
    batches = [open_[k : k + size] for k in range(0, len(open_), size)]
    show = sys.stderr.isatty() if progress is None else progress
    with Bar(show, len(open_), "asking the judge", "calls") as advance:
        run = _Run(cache, retries, advance, spare=spare)
        if _is_async(judge):
            _together(lambda: _all_tasks(judge, batches, run, batch_size is not None, concurrency))
        elif concurrency > 1:
            with ThreadPoolExecutor(concurrency) as pool:
                jobs = [pool.submit(_attempts, judge, batch, run, batch_size is not None) for batch in batches]
                try:
                    for job in jobs:
                        job.result()
                except BaseException:
                    pool.shutdown(wait=True, cancel_futures=True)
                    raise
        else:
            for batch in batches:
                _attempts(judge, batch, run, batch_size is not None)
    return Asked(known | run.found, run.failed, len(run.found) + len(run.failed), len(known), run.again)


def _is_async(judge: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(judge) or inspect.iscoroutinefunction(getattr(judge, "__call__", None))  # noqa: B004


def _attempts(judge: Callable[..., Any], batch: list[Call], run: _Run, batched: bool) -> None:
    """Ask for a batch until it is answered or the retries are used up."""
    error = Exception("not asked")
    if run.hopeless:
        return
    for wait in run.waits(len(batch)):
        time.sleep(wait)
        batch = [call for call in batch if call not in run.found]
        try:
            _kept(batch, judge(list(batch)) if batched else [judge(*batch[0])], run)
            return
        except Exception as raised:
            error = raised
    run.lose([call for call in batch if call not in run.found], error)


def _kept(batch: list[Call], answers: Any, run: _Run) -> None:
    if isinstance(answers, str) or len(answers := list(answers)) != len(batch):
        raise DataError(f"the judge returned {len(answers)} answers to {len(batch)} calls; give a list of as many")
    wrong: Exception | None = None
    for call, answer in zip(batch, answers, strict=True):
        try:
            run.keep(call, answer)
        except DataError as error:
            wrong = wrong or error
    if wrong is not None:
        raise wrong


async def _all_tasks(
    judge: Callable[..., Awaitable[Any]], batches: list[list[Call]], run: _Run, batched: bool, concurrency: int
) -> None:
    gate = asyncio.Semaphore(concurrency)

    async def one(batch: list[Call]) -> None:
        error = Exception("not asked")
        async with gate:
            for wait in run.waits(len(batch)):
                await asyncio.sleep(wait)
                batch = [call for call in batch if call not in run.found]
                try:
                    _kept(batch, await judge(list(batch)) if batched else [await judge(*batch[0])], run)
                    return
                except Exception as raised:
                    error = raised
        run.lose([call for call in batch if call not in run.found], error)

    await asyncio.gather(*(one(batch) for batch in batches))


def _together(work: Callable[[], Any]) -> None:
    """Run a coroutine to its end; in a thread of its own where a loop is running already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work())
        return
    raised: list[BaseException] = []
    under_way: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def inside() -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.append((asyncio.get_running_loop(), task))
        await work()

    def run() -> None:
        try:
            asyncio.run(inside())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        thread.join()
    except BaseException:  # interrupted: no further call is made, and what is under way is given up
        for loop, task in under_way:
            with suppress(RuntimeError):  # closed already
                loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
    if raised:
        raise raised[0]
