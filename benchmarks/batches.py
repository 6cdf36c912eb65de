"""Memory and time of a fit of files against the fit in memory, up to ten million battles, each in its own process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import ROOT
from benchmarks.growth import peak
from benchmarks.tables import write_result
from benchmarks.timing import measure

__all__ = ["run", "write_votes"]

SIZES, MODELS, SEED = (100_000, 1_000_000, 10_000_000), 60, 1
FEATURES = ("words", "bold", "emoji", "headers", "list_items", "praise", "hedges", "boosters")
BLOCK = 8192


def run(folder: Path, *, sizes: tuple[int, ...] = SIZES, scratch: str | None = None) -> Path:
    """Write ``batches.md``."""
    rows = []
    home = Path(tempfile.mkdtemp(dir=scratch))
    try:
        for n in sizes:
            path = home / "votes.parquet"
            write_votes(path, n)
            there, here = (in_own_process(how, path) for how in ("fit_files", "fit"))
            apart = max(abs(a - b) / b for a, b in zip(there["errors"], here["errors"], strict=True))
            apart = max(apart, *(abs(a - b) for a, b in zip(there["params"], here["params"], strict=True)))
            rows.append(
                {
                    "battles": f"{n:,}",
                    "file, MB": f"{path.stat().st_size / 1e6:.0f}",
                    "peak memory of fit_files, MB": f"{there['peak'] / 1e6:.0f}",
                    "of fit, MB": f"{here['peak'] / 1e6:.0f}",
                    "seconds of fit_files": f"{there['seconds']:.0f}",
                    "of fit": f"{here['seconds']:.0f}",
                    "greatest difference of coefficients and errors": f"{apart:.0e}",
                }
            )
    finally:
        shutil.rmtree(home)
    data = (
        f"{MODELS} models, {len(FEATURES)} features, four battles a prompt, clustered by prompt; reading included; peak"
        " of resident memory with all that was imported, seconds of processor time; one core"
    )
    return write_result(folder, "batches", pd.DataFrame(rows), data=data, seed=SEED)


def write_votes(path: Path, n: int) -> None:
    """A parquet file of battles with measured features, as `extract` writes it."""
    rng = np.random.default_rng(SEED)
    theta, beta = rng.normal(0, 0.5, MODELS), np.linspace(-0.6, 1.2, len(FEATURES))
    names = np.array([f"model-{i:02d}" for i in range(MODELS)])
    writer = None
    for start in range(0, n, BLOCK):
        size = min(BLOCK, n - start)
        a = rng.integers(MODELS, size=size)
        b = (a + rng.integers(1, MODELS, size=size)) % MODELS
        u, v = (rng.poisson(20, (size, len(FEATURES))).astype(np.float32) for _ in range(2))
        eta = theta[a] - theta[b] + (np.log1p(u) - np.log1p(v)) @ beta
        won = rng.random(size) < 1 / (1 + np.exp(-eta))
        prompt = rng.integers(max(n // 4, 2), size=size)
        columns = {
            "model_a": names[a],
            "model_b": names[b],
            "winner": np.where(won, "model_a", "model_b"),
            "prompt_id": [f"prompt-{i}" for i in prompt],
            **{f"{name}_a": u[:, j] for j, name in enumerate(FEATURES)},
            **{f"{name}_b": v[:, j] for j, name in enumerate(FEATURES)},
        }
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def in_own_process(how: str, path: Path) -> dict:
    """What a child process measures."""
    command = [sys.executable, "-m", "benchmarks.batches", how, str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def child(how: str, path: str) -> dict:
    """Seconds, peak of memory, coefficients and their errors."""
    import llamastyle as ls

    found = []
    time = measure(lambda: found.append(getattr(ls, how)(path)))
    result = found[0]
    # what a fit of files makes on the way, a fit in memory makes when it is asked for
    result.audit()
    return {
        "seconds": time.cpu,
        "peak": peak(),
        "params": result.params.tolist(),
        "errors": result.bse.tolist(),
    }


if __name__ == "__main__":
    print(json.dumps(child(*sys.argv[1:3])))
