"""Judges of three benchmarks side by side: is the right answer preferred, or the longer one?"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

import llamastyle as ls
from docs.studies import Progress, real_llmbar, real_llmfao, shared_data, write_table
from docs.studies._real import cell

NAME = "judges"
SUMMARY = (
    "Every judge fitted by itself. JudgeBench has 350 pairs of answers by one model, of which exactly one is right, each"
    " judged in both orders; LLMBar 326 pairs, of which one follows the instruction, and in its adversarial sets the"
    " wrong one was chosen because it looks better, judged under several prompts; LLMFAO the votes of a crowd and of two"
    " models on the answers to five prompts with labels. The first table: how often a judge prefers the right answer, and"
    " the longer one, a tie half a win. The second: what ten per cent more words are worth to it, in win probability and"
    " in right answers, and how often the wrong answer wins when it is the longer one and when it is the shorter."
    " Intervals are clustered as `fit` does by default."
)


def run(folder: Path, progress: Progress) -> None:
    """Both tables."""
    read = {"JudgeBench": judgebench, "LLMBar": real_llmbar.read, "LLMFAO": real_llmfao.read}
    made: dict[str, pd.DataFrame] = {}
    sizes: list[str] = []
    for count, (name, battles_of) in enumerate(read.items()):
        progress(count, len(read))
        battles = battles_of()
        sizes.append(f"{name.lower()} {len(battles):,} verdicts")
        made[name] = compared(battles)
    write_table(folder, f"{NAME}-1-preferred", preferred(made), data=", ".join(sizes), seed=None)
    write_table(folder, f"{NAME}-2-words", words(made), data=", ".join(sizes), seed=None)
    progress(len(read), len(read))


def judgebench() -> ls.Battles:
    """All six judges, both orders."""
    home = shared_data("judgebench")
    verdicts = str(home / "verdicts" / "*.jsonl")
    return ls.read_battles(verdicts, responses=home / "pairs_gpt-4o-2024-05-13.jsonl")


def compared(battles: ls.Battles) -> pd.DataFrame:
    """The judges side by side."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of columns that never vary for some judge
        return ls.compare_judges(battles)


def preferred(made: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Right and longer, a row a judge."""
    rows: list[dict[str, Any]] = []
    for name, table in made.items():
        for judge, own in table.groupby("judge", sort=False):
            told = own.set_index("measure")
            right, longer = told.loc["right answer preferred"], told.loc["longer answer preferred"]
            rows.append(
                {
                    "benchmark": name,
                    "judge": judge,
                    "verdicts": int(right["battles"]),
                    "right preferred, %": per_cent(right),
                    "longer preferred, %": per_cent(longer),
                }
            )
    return pd.DataFrame(rows)


def words(made: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What length is worth, a row a judge."""
    rows: list[dict[str, Any]] = []
    for name, table in made.items():
        for judge, own in table.groupby("judge", sort=False):
            wanted = [("effect", "words"), ("exchange rate", "words")]
            wanted += [("override", f"words: wrong side has {which}") for which in ("more", "less")]
            found = own.set_index(["measure", "term"]).reindex(wanted)
            effect, rate, more, less = (found.iloc[k] for k in range(len(wanted)))
            rows.append(
                {
                    "benchmark": name,
                    "judge": judge,
                    "+10 % words, points": cell(*(100 * effect[c] for c in ("estimate", "conf_low", "conf_high")), 1),
                    "in right answers": cell(rate["estimate"], rate["conf_low"], rate["conf_high"], 3),
                    "wrong wins when longer, %": per_cent(more),
                    "when shorter, %": per_cent(less),
                }
            )
    return pd.DataFrame(rows)


def per_cent(row: Any) -> str:
    return cell(*(100 * row[c] for c in ("estimate", "conf_low", "conf_high")), 1)
