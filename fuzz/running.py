"""One run of a target: a process of its own under atheris, begun again where it dies, and the record of it all."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz import CORPUS, HOME, RUNS, TARGETS, WORK

SLOW, HANGS = 10, 600
"""Seconds of the processor that an input may take; seconds of the clock after which it hangs, on a machine that is shared."""
MOST_MB = 3000
"""Memory, in MB, that the process may come to."""
SHARED = Path("/dev/shm")
EVERY = 2.0
"""Seconds between two lines of the log."""


@dataclass(slots=True)
class Record:
    """What a run came to."""

    target: str
    commit: str
    seconds: float = 0.0
    executions: int = 0
    deaths: int = 0
    cpu: float = 0.0
    memory: list[tuple[float, float]] = field(default_factory=list)
    findings: dict[str, float] = field(default_factory=dict)


def fuzz(target: str, minutes: float) -> Path:
    """Fuzz a target for some minutes and keep the record; the starting corpus is what is kept, and the seeds."""
    place = WORK / target
    shutil.rmtree(place / "found", ignore_errors=True)
    for name in ("corpus", "found"):
        (place / name).mkdir(parents=True, exist_ok=True)
    _plant(target, place / "corpus")
    record = Record(target, code_version())
    begun = time.monotonic()
    while (left := minutes * 60 - (time.monotonic() - begun)) > 1:
        log = place / "log.jsonl"
        log.write_text("")
        child = subprocess.run(_command(target, place, left), env=environment(), cwd=HOME.parent, check=False)
        _add(record, log, time.monotonic() - begun)
        if child.returncode:
            record.deaths += 1
            _add_death(record, place, child.returncode, time.monotonic() - begun)
    record.seconds = time.monotonic() - begun
    path = RUNS / f"{target}.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(_summary(record, minutes * 60)) + "\n")
    return path


def _plant(target: str, folder: Path) -> None:
    """Put the seeds and the kept corpus into the working corpus."""
    seeds = importlib.import_module(f"fuzz.targets.{target}").seeds()
    kept = {path.name: path.read_bytes() for path in (CORPUS / target).glob("*")}
    for data in (*seeds.values(), *kept.values()):
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def _command(target: str, place: Path, seconds: float) -> list[str]:
    options = {
        "max_total_time": int(seconds), "timeout": HANGS, "rss_limit_mb": MOST_MB, "artifact_prefix": f"{place}/found/death-",
        "dict": place / "tokens", "max_len": _longest(target), "len_control": 0,
        "print_final_stats": 1, "report_slow_units": HANGS,
    }  # fmt: skip
    flags = [f"-{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "fuzz.running", target, str(place), *flags, str(place / "corpus")]


def environment() -> dict[str, str]:
    """The scanner uncompiled, one thread, and temporary files in memory where there is such a place."""
    memory = {"TMPDIR": str(SHARED)} if SHARED.is_dir() else {}  # files of an input need no disk
    return {**os.environ, **memory, "NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}


def _longest(target: str) -> int:
    return importlib.import_module(f"fuzz.targets.{target}").LONGEST


def code_version() -> str:
    """The commit, with a plus where the library differs from it."""
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=HOME, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "../llamastyle")
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _add(record: Record, log: Path, until: float) -> None:
    """Add what a process wrote down."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    start = until - max((line["at"] for line in lines), default=0.0)
    record.executions += max((line["executions"] for line in lines), default=0)
    record.cpu += max((line.get("cpu", 0.0) for line in lines), default=0.0)
    record.memory += [(start + line["at"], line["peak"]) for line in lines]
    for line in lines:
        if "where" in line:
            record.findings.setdefault(line["where"], start + line["at"])


def _add_death(record: Record, place: Path, code: int, at: float) -> None:
    for path in (place / "found").glob("death-*"):
        kind = path.name.removeprefix("death-").split("-")[0]
        record.findings.setdefault(f"{kind} of {path.name[-12:]}", at)
    if not list((place / "found").glob("death-*")):
        record.findings.setdefault(f"the process ended with {code}", at)


def _summary(record: Record, asked: float) -> dict[str, Any]:
    third = [peak for at, peak in record.memory if at <= asked / 3]
    return {
        "target": record.target,
        "commit": record.commit,
        "day": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
        "seconds": round(record.seconds, 1),
        "cpu_seconds": round(record.cpu, 1),
        "executions": record.executions,
        "deaths": record.deaths,
        "peak_mb_at_third": round(max(third, default=0.0), 1),
        "peak_mb": round(max((peak for _, peak in record.memory), default=0.0), 1),
        "findings": {where: round(at, 1) for where, at in record.findings.items()},
    }


# -- in the process that fuzzes ------------------------------------------------------------------------------


def child(target: str, place: Path, flags: list[str]) -> None:
    """Instrument, and hand over to libFuzzer, which does not come back."""
    import atheris

    from fuzz import checking

    with atheris.instrument_imports(include=list(TARGETS[target]), enable_loader_override=False):
        module = importlib.import_module(f"fuzz.targets.{target}")
        for data in module.seeds().values():  # so that what is imported inside of functions is instrumented too
            checking.finding(module.run, data)
    (place / "tokens").write_text("".join(f'"{_escaped(token)}"\n' for token in module.TOKENS))
    own = getattr(module, "mutate", None)

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        made = own(data, seed) if seed % 2 and own else None
        return atheris.Mutate(data, longest) if made is None else made[:longest]

    given = {"custom_mutator": mutate} if own else {}
    atheris.Setup([sys.argv[0], *flags], _watched(module.run, place, checking.finding, checking.Finding), **given)
    atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


def _watched(
    run: Callable[[bytes], object], place: Path, finding: Callable[..., Any], slow: Callable[..., Any]
) -> Callable[[bytes], None]:
    """A function that runs an input, keeps it where something is wrong, and writes down how far it is."""
    begun, busy = time.monotonic(), time.process_time()
    said = begun
    executions = 0
    seen: set[str] = set()
    log = (place / "log.jsonl").open("a", encoding="utf-8")

    def write(**more: str) -> None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu = time.process_time() - busy
        line = {"at": time.monotonic() - begun, "cpu": cpu, "executions": executions, "peak": peak, **more}
        log.write(json.dumps(line) + "\n")
        log.flush()

    def watched(data: bytes) -> None:
        nonlocal executions, said
        executions += 1
        before = time.process_time()
        found = finding(run, data)
        if time.process_time() - before > SLOW:
            found = slow(f"more than {SLOW} s of the processor", "")
        if found is not None and found.where not in seen:
            seen.add(found.where)
            name = re.sub(r"\W+", "-", found.where)[:80] + "-" + hashlib.sha1(data).hexdigest()[:8]
            (place / "found" / name).write_bytes(data)
            (place / "found" / f"{name}.txt").write_text(found.trace, "utf-8", "backslashreplace")
            write(where=found.where)
        if time.monotonic() - said > EVERY:
            said = time.monotonic()
            write()

    return watched


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
