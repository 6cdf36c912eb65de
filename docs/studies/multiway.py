"""Do intervals clustered in two ways cover where prompts and voters both matter, and where neither does?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from docs.studies import Progress, resumable, write_table
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.decomposition import decompose_ratings, parity, profiles
from llamastyle.regression.design import Column, Design, DesignSpec
from llamastyle.regression.inference import critical, sandwich, standard_errors

NAME = "multiway"
SUMMARY = (
    "400 arenas of 3,000 votes between 6 models, prompts and voters crossed. Where they matter, every voter has"
    " a taste of their own (prices with a standard deviation of 0.4) and every prompt suits some models (0.4"
    " log-odds); responses to one prompt share its style in all arenas, so that inflations depend on prompts"
    " even where neither matters. Coverage of 95 % intervals of 2 prices, 6 strengths, 6 inflations and 6 parity changes, each of"
    " its mean over the arenas, by what errors are clustered by. `se / sd` is the median over quantities of the"
    " mean standard error over the standard deviation; `negative` in how many arenas some eigenvalue was set to"
    " zero. The Monte Carlo error of one coverage is 1.1 points."
)

ARENAS, BATTLES, MODELS = 400, 3000, 6
WORLDS: dict[str, dict[str, Any]] = {
    "both matter, 60 prompts, 50 voters": {"prompts": 60, "voters": 50, "spread": 0.4},
    "both matter, 25 prompts, 25 voters": {"prompts": 25, "voters": 25, "spread": 0.4},
    "neither matters, 60 prompts, 50 voters": {"prompts": 60, "voters": 50, "spread": 0.0},
    "both matter, 1,000 prompts, 400 voters": {"prompts": 1000, "voters": 400, "spread": 0.4},
}
WAYS = ("prompts and voters", "prompts", "voters")


def run(folder: Path, progress: Progress) -> None:
    """Fit every arena and write the table."""
    keys = range(len(WORLDS) * ARENAS)
    done = resumable(NAME, keys, one, progress, settings=[WORLDS, ARENAS, BATTLES])
    rows = [row for i, name in enumerate(WORLDS) for row in world_rows(name, done[i * ARENAS : (i + 1) * ARENAS])]
    data = f"{len(done)} simulated arenas"
    write_table(folder, NAME, pd.DataFrame(rows), data=data, seed=0)


def arena(seed: int, prompts: int, voters: int, spread: float) -> Design:
    """Votes with tastes by voter and suitability by prompt, and responses that share their prompt's style."""
    fixed, rng = np.random.default_rng(99), np.random.default_rng(seed)
    theta, profile, price = fixed.normal(0, 0.5, MODELS), fixed.normal(0, 0.6, (MODELS, 2)), np.array([0.3, 0.15])
    prompt, voter = rng.integers(prompts, size=BATTLES), rng.integers(voters, size=BATTLES)
    a = rng.integers(MODELS, size=BATTLES)
    b = (a + 1 + rng.integers(MODELS - 1, size=BATTLES)) % MODELS
    shared, suits = rng.normal(0, 0.5, (prompts, MODELS, 2)), rng.normal(0, spread, (prompts, MODELS))
    taste = rng.normal(0, spread, (voters, 2))
    x = profile[a] - profile[b] + shared[prompt, a] - shared[prompt, b] + rng.normal(0, 0.5, (BATTLES, 2))
    eta = theta[a] - theta[b] + (x * (price + taste[voter])).sum(axis=1) + suits[prompt, a] - suits[prompt, b]
    y = (rng.random(BATTLES) < 1 / (1 + np.exp(-eta))).astype(float)
    columns = tuple(Column(f"x{j}", "style", "style", "difference", 1.0) for j in range(2))
    spec = DesignSpec(columns, tuple(f"model-{i}" for i in range(MODELS)))
    codes = [np.unique(code, return_inverse=True)[1] for code in (prompt, voter)]
    return Design(spec, x, a, b, y, np.ones(BATTLES), np.column_stack(codes))


def one(key: int) -> dict[str, Any]:
    """Estimates of one arena and their half intervals, by way."""
    design = arena(key % ARENAS, **list(WORLDS.values())[key // ARENAS])
    fit, prof = fit_bradley_terry(design), profiles(design)
    out: dict[str, Any] = {}
    for name, codes in zip(WAYS, (design.cluster, *np.asarray(design.cluster).T), strict=True):
        here = replace(design, cluster=codes)
        made = sandwich(here, fit, "cluster")
        strength, style, *_ = decompose_ratings(here, fit, made, prof)
        rates = parity(here, fit, made)
        errors = [standard_errors(made, part.influence) for part in (strength, style)]
        error = np.concatenate([np.sqrt(np.diag(made.cov)[MODELS:]), *errors, rates.change_error])
        found = np.concatenate([fit.beta, strength.estimate, style.estimate, rates.change])
        out["found"] = found.tolist()
        out[name] = {"error": error.tolist(), "critical": critical(made, 0.95), "negative": made.negative}
    return out


def world_rows(name: str, done: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a way to cluster."""
    found = np.array([row["found"] for row in done])
    truth, sd = found.mean(axis=0), found.std(axis=0, ddof=1)
    rows = []
    for way in WAYS:
        error = np.array([row[way]["error"] for row in done])
        half = error * np.array([row[way]["critical"] for row in done])[:, None]
        covered = (np.abs(found - truth) <= half).mean(axis=0)
        rows.append(
            {
                "arenas": name,
                "clustered by": way,
                "mean coverage": round(float(covered.mean()), 4),
                "smallest": round(float(covered.min()), 4),
                "largest": round(float(covered.max()), 4),
                "se / sd": round(float(np.median(error.mean(axis=0) / sd)), 3),
                "negative": sum(row[way]["negative"] > 0 for row in done),
            }
        )
    return rows
