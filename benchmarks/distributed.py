"""One and two Ray workers against one machine without Ray: features and fit, each in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import ROOT
from benchmarks.batches import FEATURES, MODELS, write_votes
from benchmarks.tables import installed, write_result
from benchmarks.texts import drawn_texts

__all__ = ["run"]

SIZES = ((60, 100_000), (1000, 1_000_000))
"""Megabytes of texts, and battles: where Ray only costs, and more."""
ROUNDS, SEED = 1, 1
PART_BYTES = 1 << 24
"""Smaller than by default, so that a small file has enough parts for two workers."""
RUNS = (("without Ray, one core", 0), ("Ray, one worker", 1), ("Ray, two workers", 2))


def run(folder: Path, *, sizes: Sequence[tuple[int, int]] = SIZES, rounds: int = ROUNDS) -> Path:
    """Write ``distributed.md``."""
    data = (
        f"extraction of default features from drawn answers; fit of battles of {MODELS} models"
        f" with {len(FEATURES)} features, clustered by prompt; parts of {PART_BYTES >> 20} MB; seconds by the clock, the"
        f" median of {rounds} runs, each in a process of its own; starting Ray and its workers stands apart"
    )
    if not installed("ray"):
        table = pd.DataFrame({"what": ["Ray against one machine"], "found": ["skipped: ray is not installed"]})
        return write_result(folder, "distributed", table, data=data, seed=SEED)
    rows: list[dict[str, str]] = []
    for megabytes, battles in sizes:
        home = Path(tempfile.mkdtemp())
        try:
            write_texts(home / "texts.parquet", megabytes)
            write_votes(home / "votes.parquet", battles)
            found: dict[int, list[dict]] = {workers: [] for _, workers in RUNS}
            for number in range(rounds):
                for _, workers in RUNS if number % 2 == 0 else RUNS[::-1]:
                    found[workers].append(in_own_process(workers, home))
        finally:
            shutil.rmtree(home)
        size = {"texts, MB": str(megabytes), "battles": f"{battles:,}"}
        rows += [size | row(name, found[workers], found[0]) for name, workers in RUNS]
    return write_result(folder, "distributed", pd.DataFrame(rows), data=data, seed=SEED, peers=["ray"])


def row(name: str, mine: list[dict], alone: list[dict]) -> dict[str, str]:
    """Medians of one kind of run, and how far its numbers are from those without Ray."""

    def median(runs: list[dict], what: str) -> float:
        return sorted(one[what] for one in runs)[len(runs) // 2]

    apart = max(abs(a - b) for a, b in zip(mine[0]["numbers"], alone[0]["numbers"], strict=True))
    return {
        "": name,
        "start, s": f"{median(mine, 'start'):.1f}",
        "extract, s": f"{median(mine, 'extract'):.1f}",
        "of one core": f"{median(mine, 'extract') / median(alone, 'extract'):.2f}",
        "fit, s": f"{median(mine, 'fit'):.1f}",
        "of one core's": f"{median(mine, 'fit') / median(alone, 'fit'):.2f}",
        "same bytes": "yes" if mine[0]["bytes"] == alone[0]["bytes"] else "NO",
        "greatest difference of coefficients and errors": f"{apart:.0e}",
    }


def write_texts(path: Path, megabytes: int) -> None:
    """A parquet file of so many megabytes of text, in small row groups."""
    texts, size, number, writer = drawn_texts(1000, SEED), 0, 0, None
    while size < megabytes * 1_000_000:
        block = [f"Answer {number + k}.\n\n{text}" for k, text in enumerate(texts)]
        table = pa.table({"response": pa.array(block, pa.large_string())})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
        number, size = number + len(block), size + sum(len(text.encode()) for text in block)
    if writer is not None:
        writer.close()


def in_own_process(workers: int, home: Path) -> dict:
    """What a child process measures."""
    command = [sys.executable, "-m", "benchmarks.distributed", str(workers), str(home)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def child(workers: int, home: Path) -> dict:
    """Seconds of each step, the bytes written, and the numbers of the fit."""
    import hashlib

    import llamastyle as ls
    from llamastyle import distributed
    from llamastyle.features import file_parts

    file_parts.PART_BYTES = distributed.PART_BYTES = PART_BYTES
    out = home / f"features-{workers}-{time.time_ns()}"
    started = time.perf_counter()
    if workers:
        start_ray(workers)
    else:
        ls.extract(["a"])
    start = time.perf_counter() - started
    began = time.perf_counter()
    if workers:
        files = distributed.extract(home / "texts.parquet", out=out, progress=False)
    else:
        files = ls.extract(home / "texts.parquet", out=out, progress=False, n_jobs=1)
    extracted = time.perf_counter() - began
    began = time.perf_counter()
    votes = home / "votes.parquet"
    result = distributed.fit(votes) if workers else ls.fit_files(votes)
    fitted = time.perf_counter() - began
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in files.parts)).hexdigest()
    shutil.rmtree(out)
    numbers = [*result.params.tolist(), *result.bse.tolist()]
    return {"start": start, "extract": extracted, "fit": fitted, "bytes": digest, "numbers": numbers}


def start_ray(workers: int) -> None:
    """Ray with so many workers, each warm: the library imported and the scanner loaded."""
    import ray

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="error")

    def warm() -> int:
        import llamastyle as ls

        time.sleep(1.0)
        return len(ls.extract(["a"]))

    task = ray.remote(warm)
    ray.get([task.remote() for _ in range(workers)])


if __name__ == "__main__":
    print(json.dumps(child(int(sys.argv[1]), Path(sys.argv[2]))))
