"""Does the p-value of a divergence hold its level, and what would the usual t have said?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from docs.studies import Progress, resumable, write_table
from llamastyle.regression.crossbench import (
    MAD_TO_SD,
    leave_one_out,
    rank_p_values,
    standardised_index,
)

NAME = "divergence"
SUMMARY = (
    "Tables in which no model diverges: a target and three benchmarks that all measure one ability, each with"
    " its own scatter, normal or heavy-tailed (t with 3 degrees of freedom). Shares of models wrongly below 5 %:"
    " by the leave-one-out residual over the median absolute residual read as a t (`MAD as t`), the same after"
    " the usual factor 1.4826 (`1.4826 MAD as t`), and as a t with the degrees of freedom that a median absolute"
    " deviation is worth (`careful t`), which `divergence` does not give because it holds for normal scatter only. Shares of tables: those in which one model, named beforehand, has"
    " a `p_value` of at most 10 % (`p_value`), beside the most that n ranks allow (`allowed`); those with any"
    " Benjamini-Hochberg value of the careful t of at most 5 % (`any q`); and those in which the model's `p_value` is the lowest there can be after"
    " four standard deviations of the target's scatter were added to its target (`found`). The Monte Carlo error"
    " of a share of models is about half a point, of tables one to three points."
)

TABLES_OF = {8: 1500, 15: 1000, 40: 500, 100: 150}
SCATTER = {"normal": np.inf, "t(3)": 3.0}


def run(folder: Path, progress: Progress) -> None:
    """Draw the tables and write what came out."""
    rows = []
    for word, df in SCATTER.items():
        for n, tables in TABLES_OF.items():

            def one(seed: int, n: int = n, df: float = df) -> dict[str, float]:
                return judge(np.random.default_rng([seed, n]), n, df)

            name = f"{NAME}-{n}-{'normal' if np.isinf(df) else 't'}"
            found = pd.DataFrame(resumable(name, range(tables), one, progress, settings=[n, df]))
            rows.append({"scatter": word, "models": n, "tables": tables, **found.mean().round(4).to_dict()})
    write_table(folder, NAME, pd.DataFrame(rows), data="simulated tables", seed=0)


def judge(rng: np.random.Generator, n: int, df: float) -> dict[str, Any]:
    """Shares of one table of n models."""
    ability, scatter = rng.normal(size=n), noise(rng, n, df)
    scores = ability[:, None] + 0.5 * np.column_stack([noise(rng, n, df) for _ in range(3)])
    index = standardised_index(scores, ["a", "b", "c"])
    left = leave_one_out(index, ability + 0.7 * scatter, "theil-sen")
    normal = normal_p_values(left.score)
    moved = ability + 0.7 * scatter
    moved[0] += 2.8
    above = rank_p_values(leave_one_out(index, moved, "theil-sen").score)[0]
    t = stats.t.ppf(0.975, n - 3)
    return {
        "MAD as t": float(np.mean(MAD_TO_SD * np.abs(left.score) > t)),
        "1.4826 MAD as t": float(np.mean(np.abs(left.score) > t)),
        "careful t": float(np.mean(normal <= 0.05)),
        "p_value": float(rank_p_values(left.score)[0] <= 0.1),
        "allowed": np.floor(0.1 * n) / n,
        "any q": float((stats.false_discovery_control(normal) <= 0.05).any()),
        "found": float(above < 1.5 / n),
    }


def normal_p_values(score: np.ndarray) -> np.ndarray:
    """Two-sided p-values of leave-one-out scores when the scatter is normal, (n,).

    The spread comes from the residuals of n - 1 models about a fitted line, which are too small by a factor of
    about sqrt((n - 3) / (n - 1)), and a median absolute deviation knows a spread as well as a standard
    deviation of 0.37 times as many values would.
    """
    n = score.size
    return 2.0 * stats.t.sf(np.abs(score) * np.sqrt((n - 3) / (n - 1)), 0.37 * (n - 3))


def noise(rng: np.random.Generator, n: int, df: float) -> np.ndarray:
    """Scatter with a standard deviation of one."""
    return rng.normal(size=n) if np.isinf(df) else rng.standard_t(df, n) / np.sqrt(df / (df - 2))
