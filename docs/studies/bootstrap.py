"""Are the standard errors those of refitting? Each against the spread of 4,000 refits on clusters drawn anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, resumable, write_table
from llamastyle.regression.decomposition import POINTS, decompose_ratings, parity
from llamastyle.regression.inference import standard_errors
from llamastyle.regression.resampling import bootstrap

NAME = "bootstrap"
SUMMARY = (
    "One arena of 20,000 votes between 10 models on 2,000 prompts. Standard errors from influence functions,"
    " clustered by prompt, beside the standard deviation of 4,000 refits: prompts drawn with replacement, the"
    " maximum found again from the estimate, the recorded scales held. `ratio` is the first over the second;"
    " its own Monte Carlo error is 1.1 points."
)

DRAWS, CHUNK, SEED = 4000, 100, 1
SETTINGS: dict[str, Any] = {
    "n_battles": 20_000,
    "n_models": 10,
    "n_prompts": 2000,
    "n_voters": 1000,
    "style": {"words": 0.5, "bold": 0.2, "emoji": -0.15},
    "ties": 0.3,
}
KINDS = ("price", "theta", "inflation", "change")


def run(folder: Path, progress: Progress) -> None:
    """Refit and write the tables."""
    result = ls.fit(ls.simulate(**SETTINGS, seed=SEED).battles, cluster="prompt_id")

    def chunk(number: int) -> dict[str, Any]:
        drawn = bootstrap(result, range(number * CHUNK, (number + 1) * CHUNK), SEED)
        return {kind: getattr(drawn, kind).tolist() for kind in KINDS} | {"failed": drawn.failed}

    chunks = resumable(NAME, range(DRAWS // CHUNK), chunk, progress, settings=[SETTINGS, CHUNK, SEED])
    refits = {kind: np.concatenate([np.array(found[kind], float) for found in chunks]) for kind in KINDS}
    table = ratios(result, refits)
    failed = sum(found["failed"] for found in chunks)
    data = f"{SETTINGS['n_battles']:,} simulated battles, {DRAWS} refits, {failed} of them without a maximum"
    write_table(folder, NAME, table, data=data, seed=SEED)
    write_table(folder, f"{NAME}-by-kind", by_kind(table), data=data, seed=SEED)


def ratios(result: ls.StyleResult, refits: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row a quantity: standard error, standard deviation of the refits, and their ratio."""
    errors = analytic(result)
    assert result.design is not None
    names = {kind: list(result.design.spec.models) for kind in KINDS}
    names["price"] = [column.name for column in result.design.spec.columns]
    spread = {kind: np.nanstd(refits[kind], axis=0, ddof=1) for kind in KINDS}
    rows = [
        {
            "quantity": {"change": "parity change", "theta": "strength"}.get(kind, kind),
            "of": name,
            "standard error": round(float(error), 5),
            "sd of refits": round(float(sd), 5),
            "ratio": round(float(error / sd), 4),
        }
        for kind in KINDS
        for name, error, sd in zip(names[kind], errors[kind], spread[kind], strict=True)
    ]
    return pd.DataFrame(rows)


def analytic(result: ls.StyleResult) -> dict[str, np.ndarray]:
    """Standard errors of the fit, by kind."""
    design, est = result.design, result.estimates
    assert design is not None
    assert est is not None
    parts = decompose_ratings(design, est.fit, est.made, est.profiles)
    strength, style = parts[0], parts[1]
    m, k = design.n_models, len(design.spec.columns)
    return {
        "price": np.sqrt(np.diag(est.made.cov)[m : m + k]),
        "theta": standard_errors(est.made, strength.influence),
        "inflation": POINTS * standard_errors(est.made, style.influence),
        "change": parity(design, est.fit, est.made).change_error,
    }


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Median, smallest and largest ratio of each kind, and of all."""
    groups = [*table.groupby("quantity", sort=False), ("all", table)]
    rows = [
        {
            "quantity": name,
            "quantities": len(group),
            "median ratio": round(float(group["ratio"].median()), 4),
            "smallest": float(group["ratio"].min()),
            "largest": float(group["ratio"].max()),
        }
        for name, group in groups
    ]
    return pd.DataFrame(rows)
