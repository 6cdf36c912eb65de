"""Features of files larger than memory: peak memory, and what being killed on the way changes."""

from __future__ import annotations

import hashlib
import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import ROOT
from benchmarks.tables import write_result
from benchmarks.texts import drawn_texts

__all__ = ["run"]

GIGABYTES, FILE_BYTES, KILLS, SEED = 20.0, 1 << 30, 5, 1
WORDS = 4000
"""Texts that are drawn; every row is one of them behind a line of its own, so that no two are the same."""


def run(folder: Path, *, gigabytes: float = GIGABYTES, kills: int = KILLS, scratch: str | None = None) -> Path:
    """Write ``streaming.md``."""
    home = Path(tempfile.mkdtemp(dir=scratch))
    try:
        rows, size = write_texts(home / "texts", gigabytes)
        whole = in_own_process(home / "texts", home / "whole")
        killed = kill(home / "texts", home / "killed", kills)
        last = in_own_process(home / "texts", home / "killed")
        same = digests(home / "whole") == digests(home / "killed")
        made = sum(path.stat().st_size for path in (home / "whole").glob("part-*"))
        found = [
            ("responses", f"{rows:,}"),
            ("text, GB", f"{size / 1e9:.1f}"),
            ("features, GB", f"{made / 1e9:.2f}"),
            ("parts", f"{len(list((home / 'whole').glob('part-*')))}"),
            ("peak of resident memory, MB, undisturbed", f"{whole['peak'] / 1e6:.0f}"),
            ("peak of resident memory, MB, the run after the last kill", f"{last['peak'] / 1e6:.0f}"),
            ("megabytes of text a second of processor time, undisturbed", f"{size / 1e6 / whole['seconds']:.0f}"),
            ("killed (SIGKILL) on the way, times", f"{killed}"),
            ("same bytes in the end as undisturbed", "yes" if same else "NO"),
        ]
    finally:
        shutil.rmtree(home)
    table = pd.DataFrame(found, columns=["what", "found"])
    data = "drawn answers, each behind a line of its own; default features, float32; one core"
    return write_result(folder, "streaming", table, data=data, seed=SEED)


def write_texts(folder: Path, gigabytes: float) -> tuple[int, int]:
    """Parquet files of so many bytes of text; rows and bytes."""
    folder.mkdir()
    texts = drawn_texts(WORDS, SEED)
    rows = size = 0
    writer, within = None, 0
    while size < gigabytes * 1e9:
        block = [f"Answer {rows + k}.\n\n{text}" for k, text in enumerate(texts)]
        table = pa.table({"id": range(rows, rows + len(block)), "response": pa.array(block, pa.large_string())})
        writer = writer or pq.ParquetWriter(folder / f"{rows:012d}.parquet", table.schema)
        writer.write_table(table)
        written = sum(map(len, map(str.encode, block)))
        rows, size, within = rows + len(block), size + written, within + written
        if within >= FILE_BYTES:
            writer.close()
            writer, within = None, 0
    if writer is not None:
        writer.close()
    return rows, size


def command(source: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks.streaming", str(source), str(out)]


def in_own_process(source: Path, out: Path) -> dict[str, float]:
    """What a child process measures."""
    done = subprocess.run(command(source, out), cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def kill(source: Path, out: Path, times: int) -> int:
    """Start and kill it, each time a few parts further on; how often it was killed before it had finished."""
    draw, killed = random.Random(SEED), 0
    for _ in range(times):
        wanted = len(list(out.glob("part-*"))) + draw.randint(1, 4)
        child = subprocess.Popen(command(source, out), cwd=ROOT, stdout=subprocess.DEVNULL)
        while child.poll() is None and len(list(out.glob("part-*"))) < wanted:
            time.sleep(0.01)
        time.sleep(draw.random())
        killed += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
    return killed


def digests(folder: Path) -> dict[str, str]:
    """The bytes of every part, in short."""
    found = {}
    for path in sorted(folder.glob("part-*")):
        with open(path, "rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def child(source: str, out: str) -> dict[str, float]:
    """Seconds of processor time, and the process's greatest resident size."""
    import llamastyle as ls

    ls.extract(["a"])  # compiled, or loaded
    started = time.process_time()
    ls.extract(source, out=out, progress=False)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "seconds": time.process_time() - started,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
    }


if __name__ == "__main__":
    print(json.dumps(child(*sys.argv[1:3])))
