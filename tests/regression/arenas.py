"""Designs and referees that the regression tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import statsmodels.api as sm

from llamastyle.regression.bradley_terry import BTFit, Likelihood, Prompts, fit_bradley_terry
from llamastyle.regression.design import Column, Design, DesignSpec


def make_design(
    seed: int = 0,
    n: int = 600,
    m: int = 6,
    k: int = 3,
    ties: bool = True,
    weights: bool = False,
    clusters: int | None = 60,
    position: bool = False,
) -> Design:
    """A random arena of n battles, m models and k style columns (the last of them correctness)."""
    rng = np.random.default_rng(seed)
    a = rng.integers(m, size=n) if m else np.full(n, -1)
    b = (a + 1 + rng.integers(max(m - 1, 1), size=n)) % m if m else np.full(n, -1)
    theta = rng.normal(0, 0.7, max(m, 1))
    profile = rng.normal(0, 0.8, (max(m, 1), k))
    x = rng.normal(0, 1, (n, k)) + (profile[a] - profile[b] if m else 0.0)
    scale = np.sqrt((x**2).mean(axis=0))
    x = x / scale
    eta = x @ rng.normal(0, 0.5, k) + (theta[a] - theta[b] if m else 0.0)
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    if ties:
        y[rng.random(n) < 0.15] = 0.5
    w = rng.uniform(0.3, 2.5, n) if weights else np.ones(n)
    blocks = ["style"] * (k - 1) + ["correctness"] if k else []
    columns = [Column(f"x{j}", f"g{j % 2}", blocks[j], "log_ratio", float(scale[j])) for j in range(k)]
    if position:
        x = np.column_stack([x, np.ones(n)])
        columns.append(Column("position", "position", "position", "difference"))
    group = None if clusters is None else np.unique(rng.integers(clusters, size=n), return_inverse=True)[1]
    models = tuple(f"m{i}" for i in range(m))
    return Design(DesignSpec(tuple(columns), models), x, a.astype(np.int64), b.astype(np.int64), y, w, group)


def dummies(design: Design) -> np.ndarray:
    """Model columns against the first model, then the contrasts: the textbook design matrix."""
    known = design.a >= 0
    z = np.zeros((design.n, design.n_models + 1))
    rows = np.arange(design.n)
    z[rows[known], design.a[known]] += 1
    z[rows[known], design.b[known]] -= 1
    return np.column_stack([z[:, 1 : design.n_models], design.x])


def referee(design: Design, kind: str = "HC0") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """statsmodels' strengths (mean zero), prices, and covariance of the textbook parameters."""
    model = sm.GLM(design.y, dummies(design), family=sm.families.Binomial(), var_weights=design.w)
    if kind == "cluster":
        options = {"cov_type": "cluster", "cov_kwds": {"groups": design.cluster}}
    else:
        options = {"cov_type": "HC1"}
    fitted = model.fit(tol=1e-14, maxiter=200, **options)
    params = np.asarray(fitted.params)
    theta = np.concatenate([[0.0], params[: design.n_models - 1]]) if design.n_models else params[:0]
    cov = np.asarray(fitted.cov_params())
    free = max(design.n_models - 1, 0)
    return theta - (theta.mean() if theta.size else 0), params[free:], cov


def with_prompts(design: Design, davidson: bool, q: int = 6) -> Likelihood:
    """A likelihood with effects of q prompts, of which some battles say nothing, and the last no battle."""
    rng = np.random.default_rng(q)
    prompts = Prompts(rng.integers(q - 1, size=design.n), rng.choice([-1.0, 0.0, 1.0], design.n), 0.7, q)
    return Likelihood(davidson=davidson, prompts=prompts)


def by_moving_weights(
    design: Design, likelihood: Likelihood, of: Callable[[Design, BTFit], np.ndarray], step: float = 1e-3
) -> np.ndarray:
    """Influence of each cluster by refits with its weights moved, its share of the prompts' penalty too: (G, quantities)."""
    prompts, cluster = likelihood.prompts, design.cluster
    assert prompts is not None
    assert cluster is not None
    out = []
    for g in range(int(cluster.max()) + 1):
        mine = cluster == g
        part = np.bincount(prompts.code[mine], minlength=prompts.n) / np.maximum(np.bincount(prompts.code, minlength=prompts.n), 1)
        ends = []
        for h in (step, -step):
            moved = replace(design, w=design.w * np.where(mine, 1 + h, 1))
            shrunk: Any = prompts.penalty * (1 + h * part)
            like = replace(likelihood, prompts=replace(prompts, penalty=shrunk))
            ends.append(of(moved, fit_bradley_terry(moved, likelihood=like)))
        out.append((ends[0] - ends[1]) / (2 * step))
    return np.array(out)


def by_hand(z: np.ndarray, tested: np.ndarray, residual: np.ndarray, v: np.ndarray, cluster: np.ndarray):
    """Scores of tested columns by cluster, residualised on z; and the same with half of the fit's pull given back."""
    root = np.sqrt(v)[:, None]
    left = tested - z @ np.linalg.lstsq(root * z, root * tested, rcond=None)[0]
    bread = np.linalg.inv((root * z).T @ (root * z))
    scores, whole = np.zeros((cluster.max() + 1, tested.shape[1])), np.zeros((cluster.max() + 1, tested.shape[1]))
    for g in range(len(scores)):
        mine = cluster == g
        scores[g] = left[mine].T @ residual[mine]
        moved = bread @ (z[mine].T @ residual[mine])
        whole[g] = scores[g] + 0.5 * (left[mine] * v[mine, None]).T @ z[mine] @ moved
    return scores, whole
