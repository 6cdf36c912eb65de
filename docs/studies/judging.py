"""Does the experiment on a judge find what is planted in it, as often as its intervals say?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, resumable, write_table
from llamastyle.regression.judge_design import comparisons, read_edits, read_pairs

NAME = "judging"
SUMMARY = (
    "Judges whose taste is planted: for length, for emoji, for the answer that stands first, and none; each draws its"
    " verdict by chance from what it prefers, the same for the same call. Every audit has 80 new pairs of answers to 40"
    " prompts. `planted` is the mean change in preference that an edit makes to such a judge, over all audits; `found`"
    " the mean estimate; `covered` how many of the 95 % intervals hold the planted change; then the verdicts: `beyond` is"
    " preferred or penalised (for the null edit, a control that fails), `within` within the margin of 2 points (a control"
    " that holds). The Monte Carlo error of a share is about 2 points."
)

AUDITS = 120
EDITS = {"null": None, "add:words": 6, "add:emoji": 3, "add:bold": 3}
TASTES = {
    "length": {"length": 2.0},
    "emoji": {"emoji": 1.0},
    "position": {"position": 0.8},
    "none": {},
}
MARKS = "🎉✨🚀💡🔑🌟🔥💪🏆👏💯🥳"


def run(folder: Path, progress: Progress) -> None:
    """All tastes."""
    rows: list[dict[str, Any]] = []
    for taste, given in TASTES.items():

        def one(seed: int, given: dict[str, float] = given) -> dict[str, float]:
            return audited(seed, given)

        found = pd.DataFrame(resumable(f"{NAME}-{taste}", range(AUDITS), one, progress, settings=[AUDITS, given]))
        rows += [row(found, taste, edit) for edit in EDITS]
    write_table(folder, NAME, pd.DataFrame(rows), data=f"{AUDITS} audits a taste, 80 pairs each", seed=0)


def row(found: pd.DataFrame, taste: str, edit: str) -> dict[str, Any]:
    """One edit of one taste over all audits."""
    planted = found[f"{edit} planted"].mean()
    low, high = found[f"{edit} low"], found[f"{edit} high"]
    told = low.notna()
    return {
        "taste": taste,
        "edit": edit,
        "planted": round(planted, 4),
        "found": round(found[f"{edit} effect"].mean(), 4),
        "covered": round(float(((low <= planted + 1e-12) & (planted - 1e-12 <= high))[told].mean()), 3),
        "beyond": round(float(found[f"{edit} beyond"].mean()), 3),
        "within": round(float(found[f"{edit} within"].mean()), 3),
    }


def audited(seed: int, taste: dict[str, float]) -> dict[str, float]:
    """One audit beside what is planted."""
    battles = ls.simulate(80, 6, texts=True, n_prompts=40, seed=seed).battles
    pairs, edits = read_pairs(battles), read_edits(EDITS)
    changes: dict[str, list[float]] = {edit.name: [] for edit in edits}
    for c in comparisons(pairs, edits):
        p = [preferred(*call, **taste) for call in (*c.edited, *(c.plain or ()))]
        changes[edits[c.edit].name].append((p[0] + 1 - p[1]) / 2 - (p[2] + 1 - p[3]) / 2)
    found = ls.audit_judge(drawing(seed, taste), battles, EDITS, progress=False).effects.set_index("intervention")
    out: dict[str, float] = {}
    for name, values in changes.items():
        told = found.loc[name]
        out |= {
            f"{name} planted": float(np.mean(values)),
            f"{name} effect": float(told["effect"]),
            f"{name} low": float(told["conf_low"]),
            f"{name} high": float(told["conf_high"]),
            f"{name} beyond": float(told["verdict"] in ("preferred", "penalised", "control fails")),
            f"{name} within": float(told["verdict"] in ("within the margin", "control holds")),
        }
    return out


def preferred(prompt: str, a: str, b: str, length: float = 0, emoji: float = 0, position: float = 0) -> float:
    """P(a is preferred) by a judge with a taste."""
    count = [sum(text.count(mark) for mark in MARKS) for text in (a, b)]
    eta = length * np.log(len(a) / len(b)) + emoji * np.tanh(count[0] - count[1]) + position
    return float(1 / (1 + np.exp(-eta)))


def drawing(seed: int, taste: dict[str, float]) -> Callable[[str, str, str], float]:
    """A judge that draws its verdict, the same for the same call."""

    def judge(prompt: str, a: str, b: str) -> float:
        digest = hashlib.sha256(f"{seed}|{prompt}|{a}|{b}".encode()).digest()
        return float(int.from_bytes(digest[:6], "big") / 2**48 < preferred(prompt, a, b, **taste))

    return judge
