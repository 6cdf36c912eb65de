"""Time a Newton iteration and peak memory, from 10^4 to 10^7 battles, each in a process of its own."""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import ROOT
from benchmarks.tables import write_result
from benchmarks.timing import measure, spread
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.design import Column, Design, DesignSpec
from llamastyle.regression.inference import sandwich

__all__ = ["run"]

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MODELS, COLUMNS, SEED = 60, 8, 1
BIG = 1_000_000
"""From here on memory is that of the data: below, what Python itself takes is larger."""
PAIRS = 3


def run(folder: Path, *, sizes: Sequence[int] = SIZES, pairs: int = PAIRS) -> Path:
    """Write ``growth.md``."""
    found: dict[int, list[dict[str, float]]] = {n: [] for n in sizes}
    for number in range(pairs):
        for n in reversed(sizes) if number % 2 else sizes:
            found[n].append(in_own_process(n))
    rows = []
    for name, key in (("Newton iteration", "iteration"), ("clustered covariance", "sandwich")):
        for small, large in itertools.pairwise(sizes):
            pairs_of = zip(found[large], found[small], strict=True)
            cells = spread([a[key] / b[key] for a, b in pairs_of]).cells()
            rows.append((f"time of a {name}, {large:,} against {small:,}", *cells))
    for key, name in (("fit", "fit"), ("all", "fit and clustered covariance")):
        for n in (n for n in sizes if n >= BIG or n == max(sizes)):
            cells = spread([one[key] for one in found[n]]).cells()
            rows.append((f"peak memory of {name} over that of the data, {n:,} battles", *cells))
    table = pd.DataFrame(rows, columns=["what", "ratio", "min", "max"])
    largest = max(sizes)
    data = (
        f"{MODELS} models, {COLUMNS} columns, four battles a cluster, float64; a process of its own each time,"
        f" {pairs} alternating pairs, one core; the data take {found[largest][0]['bytes'] / largest:.0f} bytes a battle"
    )
    return write_result(folder, "growth", table, data=data, seed=SEED)


def in_own_process(n: int) -> dict[str, float]:
    """What a child process measures."""
    command = [sys.executable, "-m", "benchmarks.growth", str(n)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def child(n: int) -> dict[str, float]:
    """Seconds an iteration and of the covariance; peaks of memory, less that before the data, over the data's."""
    before = peak()
    design = make_arrays(n)
    arrays = (design.x, design.a, design.b, design.y, design.w, design.cluster)
    size = float(sum(array.nbytes for array in arrays if array is not None))
    fits = []
    fit_time = measure(lambda: fits.append(fit_bradley_terry(design)))
    after_fit = peak()
    sandwich_time = measure(lambda: sandwich(design, fits[0], "cluster"))
    return {
        "bytes": size,
        "iteration": fit_time.cpu / fits[0].iterations,
        "sandwich": sandwich_time.cpu,
        "fit": (after_fit - before) / size,
        "all": (peak() - before) / size,
    }


def peak() -> float:
    """The process's greatest resident size so far, bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage's begins with that of the process that started this one
        return 1024.0 * next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def make_arrays(n: int, block: int = 100_000) -> Design:
    """A design drawn block by block, so that nothing is made beside its arrays."""
    rng = np.random.default_rng(SEED)
    theta, beta = rng.normal(0, 0.5, MODELS), np.linspace(-0.2, 0.4, COLUMNS)
    x, y, w = np.empty((n, COLUMNS)), np.empty(n), np.ones(n)
    a, b, cluster = (np.empty(n, dtype=np.int64) for _ in range(3))
    for start in range(0, n, block):
        rows = slice(start, min(start + block, n))
        size = rows.stop - start
        rng.standard_normal(out=x[rows])
        a[rows] = rng.integers(MODELS, size=size)
        b[rows] = (a[rows] + rng.integers(1, MODELS, size=size)) % MODELS
        eta = theta[a[rows]] - theta[b[rows]] + x[rows] @ beta
        y[rows] = rng.random(size) < 1 / (1 + np.exp(-eta))
        cluster[rows] = rng.integers(max(n // 4, 2), size=size)
    columns = tuple(Column(f"column-{i}", "style", "style", "difference") for i in range(COLUMNS))
    spec = DesignSpec(columns, tuple(f"model-{i:02d}" for i in range(MODELS)))
    return Design(spec, x, a, b, y, w, cluster)


if __name__ == "__main__":
    print(json.dumps(child(int(sys.argv[1]))))
