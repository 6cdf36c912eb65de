"""Does `compare_judges` see a taste for length that is not there, or miss the share of right answers?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, resumable, write_table

NAME = "comparing"
SUMMARY = (
    "Judges that prefer the right answer with a given chance, whatever its length, asked for each pair in both orders,"
    " as JudgeBench and LLMBar write them. `told`: how often there is an interval for what length is worth (there is none"
    " where the answers that win less often won on too few prompts); `length, false` and `exchange, false`: how many of"
    " those told leave out nothing; `right, covered`: how many of the intervals of the share of right answers preferred"
    " hold the planted share. Should: 0.05, 0.05 and 0.95, with a Monte Carlo error of about a point."
)

FILES = 1000
CELLS = ((60, 0.76), (100, 0.92), (100, 1.0), (350, 0.76), (350, 0.92), (350, 0.97))


def run(folder: Path, progress: Progress) -> None:
    """All sizes and shares."""
    rows: list[dict[str, Any]] = []
    for pairs, right in CELLS:

        def one(seed: int, pairs: int = pairs, right: float = right) -> dict[str, float]:
            return compared(seed, pairs, right)

        key = f"{NAME}-{pairs}-{right}"
        rows.append(row(pd.DataFrame(resumable(key, range(FILES), one, progress, settings=[FILES])), pairs, right))
    write_table(folder, NAME, pd.DataFrame(rows), data=f"{FILES} files of verdicts a row", seed=0)


def row(found: pd.DataFrame, pairs: int, right: float) -> dict[str, Any]:
    """One size and share over all files."""
    told, exchange = found["length"].notna(), found["exchange"].notna()
    return {
        "pairs": pairs,
        "right": right,
        "told": round(float(told.mean()), 3),
        "length, false": round(float(found["length"].mean()), 3),
        "exchange told": round(float(exchange.mean()), 3),
        "exchange, false": round(float(found["exchange"].mean()), 3),
        "right, covered": round(float(found["covered"].mean()), 3),
    }


def compared(seed: int, pairs: int, right: float) -> dict[str, float]:
    """One file: whether each interval leaves out nothing (blank where there is none), and whether the share is held."""
    table = ls.compare_judges(ls.read_battles(verdicts(seed, pairs, right)))
    words = table[table["term"] == "words"].set_index("measure")
    share = table[table["measure"] == "right answer preferred"].iloc[0]
    out = {
        name: float(words.loc[measure, "conf_low"] > 0 or words.loc[measure, "conf_high"] < 0)
        if measure in words.index and np.isfinite(words.loc[measure, "conf_low"])
        else np.nan
        for name, measure in (("length", "effect"), ("exchange", "exchange rate"))
    }
    return out | {"covered": float(share["conf_low"] <= right <= share["conf_high"])}


def verdicts(seed: int, pairs: int, right: float) -> pd.DataFrame:
    """Two answers a prompt, exactly one right, and the same verdict in both orders."""
    rng = np.random.default_rng(seed)
    first = rng.random(pairs) < 0.5
    words = np.exp(rng.normal(5, 0.5, (pairs, 2))).astype(int)
    wins = first == (rng.random(pairs) < right)
    frame = pd.DataFrame({
        "prompt_id": [f"q{i}" for i in range(pairs)],
        "words_a": words[:, 0], "words_b": words[:, 1], "correct_a": first.astype(float), "correct_b": 1.0 - first,
        "winner": np.where(wins, "model_a", "model_b"),
    })  # fmt: skip
    other = frame.assign(
        words_a=words[:, 1], words_b=words[:, 0], correct_a=frame["correct_b"], correct_b=frame["correct_a"],
        winner=np.where(wins, "model_b", "model_a"),
    )  # fmt: skip
    return pd.concat([frame, other], ignore_index=True).assign(model_a="m", model_b="m", judge="j")
