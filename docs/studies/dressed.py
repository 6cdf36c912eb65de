"""The same answers, dressed up with markdown and emoji: which features see it, and which do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table

NAME = "dressed"
SUMMARY = (
    "Answers of content_fixed beside the same answers with markdown and emoji added (`rich_content`; its shortcodes are"
    " made into emoji by the emoji package first). Per feature: the mean of the answers as they were and dressed, and in"
    " how many of the pairs dressing raised it or lowered it. Dressing added words to most answers, such as headings and"
    " a closing line, and features of words see these; the last column has the pairs alone in which the words are the"
    " same, in the same order, markup left out. Their number is in the line below the table. Features of sycophancy are"
    " listed though they are zero throughout."
)


def run(folder: Path, progress: Progress) -> None:
    """One table."""
    plain, rich = read_pairs(shared_data("content_fixed"))
    same = np.array([words(a) == words(b) for a, b in zip(plain, rich, strict=True)])
    found = compared(plain, rich, same)
    progress(1, 1)
    data = f"content_fixed, {len(plain)} pairs of answers, {same.sum()} of them with the same words"
    write_table(folder, NAME, found, data=data, seed=None)


def read_pairs(folder: Path) -> tuple[list[str], list[str]]:
    """Answers as they were, and dressed up, in the same order; without those that were left as they were."""
    import emoji

    raw, dressed = (answers(folder / f"{name}.jsonl") for name in ("raw", "rich_content"))
    both = [key for key in dressed if key in raw and raw[key] != dressed[key]]
    return [raw[key] for key in both], [emoji.emojize(dressed[key], language="alias") for key in both]


def answers(file: Path) -> dict[tuple[str, str], str]:
    """Texts by question and answer."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return {
        (row["question"], name): answer["answer"]
        for row in rows
        for name, answer in row["answers"].items()
        if isinstance(answer, dict) and answer.get("answer")
    }


def words(text: str) -> list[str]:
    """Its words, without emoji and markup."""
    import emoji

    return [w for w in "".join(c if c.isalnum() else " " for c in emoji.replace_emoji(text, " ")).lower().split()]


def compared(plain: list[str], rich: list[str], same: np.ndarray) -> pd.DataFrame:
    """One row a feature that any of the answers has, and each of sycophancy."""
    features = ls.FeatureSet([f for f in ls.ALL if not f.name.endswith("_per_100_words")])
    before, after = (ls.extract(texts, features, progress=False).values for texts in (plain, rich))
    rows = [
        {
            "group": feature.group,
            "feature": feature.name,
            "as it was": f"{before[:, k].mean():.3g}",
            "dressed": f"{after[:, k].mean():.3g}",
            "raised in": int((after[:, k] > before[:, k]).sum()),
            "lowered in": int((after[:, k] < before[:, k]).sum()),
            "changed in, same words": int((after[same, k] != before[same, k]).sum()),
        }
        for k, feature in enumerate(features)
        if before[:, k].any() or after[:, k].any() or feature.group == "sycophancy"
    ]
    return pd.DataFrame(rows)
