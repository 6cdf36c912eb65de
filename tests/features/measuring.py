"""What the tests of this room share: raw counts of texts, real texts, and AUC."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.stats import rankdata

from llamastyle.features import kernel, tables
from llamastyle.features.counters import N_COUNTERS, Counter
from llamastyle.features.text import TURN_JOIN, batch_from_arrow

NAMES = [counter.name.lower() for counter in Counter]


def scan(conversations: list[list[str]], *, strip_think: bool = True, arena: bool = True) -> np.ndarray:
    """The kernel's counts of texts, each given as its turns: texts x counters."""
    texts, starts = [], []
    for turns in conversations:
        sizes = [len(turn.encode()) + len(TURN_JOIN) for turn in turns[:-1]]
        starts.append(np.cumsum(sizes).tolist())
        texts.append(TURN_JOIN.join(turns))
    turn_starts = pa.array(starts, pa.list_(pa.int64())) if any(starts) else None
    batch = batch_from_arrow(pa.array(texts, pa.large_string()), turn_starts)
    out = np.empty((len(batch), N_COUNTERS), dtype=np.int64)
    kernel.scan_prose(
        batch.data,
        batch.offsets,
        batch.turns,
        batch.turn_offsets,
        0,
        len(batch),
        strip_think,
        arena,
        tables.load()[0],
        out,
    )
    return out


def counts(*turns: str, strip_think: bool = True) -> dict[str, int]:
    """The kernel's counts of one text, by name."""
    return dict(zip(NAMES, scan([list(turns)], strip_think=strip_think)[0].tolist(), strict=True))


def column(texts: list[str], name: str) -> np.ndarray:
    """One of the kernel's counts of many texts of one turn."""
    return scan([[text] for text in texts])[:, Counter[name.upper()]]


@cache
def real_texts(shared: Path, n: int, seed: int = 0) -> list[str]:
    """A sample of real answers: AlpacaEval, Arena and Spiral-Bench."""
    alpaca = pd.read_parquet(shared / "alpaca_eval" / "outputs.parquet", columns=["output"])["output"]
    arena = pd.read_parquet(shared / "arena_llama3" / "battles.parquet")
    spiral = pd.read_parquet(shared / "spiral_bench" / "turns.parquet", columns=["assistant"])["assistant"]
    both = pd.concat([arena["llama-3-70b-instruct"], arena["not_llama"], spiral]).dropna()
    pick = np.random.default_rng(seed)
    parts = [alpaca.dropna().to_numpy(object), both.to_numpy(object)]
    return [str(t) for part in parts for t in pick.choice(part, n // 2, replace=False)]


def auc(score: np.ndarray, label: np.ndarray) -> float:
    """Probability that a positive scores higher than a negative, ties half."""
    ranks, positive = rankdata(score), np.asarray(label, bool)
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))
