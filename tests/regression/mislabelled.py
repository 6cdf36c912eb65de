"""Arenas in which longer answers are more often right, votes are for being right alone, and labels err."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from llamastyle.regression.design import Column, Design, DesignSpec
from llamastyle.regression.estimates import Clustering, Estimates
from llamastyle.regression.fitting import estimate
from llamastyle.regression.mislabels import Labels, labels_of

PRICE_RIGHT = 2.0


@dataclass(frozen=True)
class Answers:
    """Battles between answers: who is right, what the labels say, and the design that the labels make."""

    right: np.ndarray
    label: np.ndarray
    rows: tuple[np.ndarray, np.ndarray]
    design: Design
    labels: Labels


def answers(seed: int, rate: float, n: int = 4000, m: int = 6, prompts: int = 800, length: float = 0.0) -> Answers:
    rng = np.random.default_rng([seed, 9])
    theta, long, able = rng.normal(0, 0.5, m), rng.normal(0, 0.4, m), rng.normal(0.5, 0.6, m)
    prompt, a = rng.integers(prompts, size=n), rng.integers(m, size=n)
    b = (a + 1 + rng.integers(m - 1, size=n)) % m
    key, at = np.unique(np.concatenate([prompt * m + a, prompt * m + b]), return_inverse=True)
    words = long[key % m] + 0.64 * (rng.normal(0, 1, prompts)[key // m] + rng.normal(0, 1, key.size))
    hard = rng.normal(0, 1, prompts)[key // m]
    right = (rng.random(key.size) < 1 / (1 + np.exp(-(able[key % m] + 0.8 * words - hard)))).astype(float)
    label = np.where(rng.random(key.size) < rate, 1 - right, right)
    rows = at[:n], at[n:]
    x = words[rows[0]] - words[rows[1]]
    eta = theta[a] - theta[b] + PRICE_RIGHT * (right[rows[0]] - right[rows[1]]) + length * x
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    design = with_labels(a, b, y, x, label[rows[0]] - label[rows[1]], np.unique(prompt, return_inverse=True)[1])
    return Answers(right, label, rows, design, labels_of(*rows, label[rows[0]], label[rows[1]]))


def with_labels(a, b, y, x, difference, cluster) -> Design:
    scale = float(np.sqrt((x**2).mean()))
    unit = float(np.sqrt((difference**2).mean()))
    columns = (
        Column("words", "length", "style", "log_ratio", scale),
        Column("correctness", "correctness", "correctness", "difference", unit),
    )
    spec = DesignSpec(columns, tuple(f"m{i}" for i in range(int(a.max()) + 1)))
    x = np.column_stack([x / scale, difference / unit])
    return Design(spec, x, a, b, y, np.ones(y.size), cluster)


def fitted(design: Design, kind: str = "cluster") -> Estimates:
    if kind == "cluster":
        assert design.cluster is not None
        return estimate(design, Clustering("cluster", "prompt_id", design.cluster, int(design.cluster.max()) + 1, "", ()))
    return estimate(replace(design, cluster=None), Clustering(kind, "", None, design.n, "", ()))  # type: ignore[arg-type]
