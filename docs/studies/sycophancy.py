"""Do the sycophantic phrases stand where a judge saw praise, and is each marked span what its category says?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

import llamastyle as ls
from docs.studies import HERE, Progress, shared_data, write_table
from docs.studies._real import cell
from llamastyle.features.counters import CATEGORIES

NAME = "sycophancy"
SUMMARY = (
    "The English phrases were written on one half of each data set, the half whose prompt has an even SHA-256; the"
    " other half was opened when they were done. (An earlier list was written with all of spiral_bench in view, and"
    " part of it lives on: for those phrases the held-out half is not wholly unseen.) The first table: how well a"
    " figure tells the turns of spiral_bench in which a judge found praise from the others, as the area under the ROC"
    " curve (AUC) with the 95 % interval of a bootstrap of prompts, so that the turns of one conversation stay"
    " together. `adjectives` counts the words of a naive list, `words` is length alone. The second: the AUC of each"
    " category's count, both models. The fourth: 100 marked spans of alpaca_eval and arena_llama3, 25 of either half of"
    " each, drawn evenly from all that is marked there. Each was read in its text and judged by whether it does what"
    " its category's name says, to the person who is answered: `right`, or `wrong` and why. The third: the share that"
    " is right, with Wilson's 95 % interval. When a first sample had been read, phrases of letters and of scripted talk"
    " were narrowed, and this sample was drawn anew, with another seed."
)

HALVES = ("writing", "held out")
GROUPS = ("both models", "llama-4-maverick", "claude-sonnet-4")
BOOTSTRAPS, SEED, SAMPLE_SEED, EACH = 1000, 0, 2, 25
VERDICTS = HERE / "verdicts" / "sycophancy.csv"
SPAN = ["set", "row", "start", "end", "category"]
SIDES = ("llama-3-70b-instruct", "not_llama")
ADJECTIVES = (
    "amazing awesome beautiful brilliant excellent exciting fantastic fascinating great incredible insightful"
    " interesting perfect powerful profound remarkable thoughtful wonderful"
)
LONGEST = 8


def half(key: str) -> str:
    """The half a prompt is in, for good: no text of the second was read before the phrases were done."""
    return HALVES[hashlib.sha256(key.encode()).digest()[0] % 2]


def run(folder: Path, progress: Progress) -> None:
    """AUCs with their intervals, and the judged sample."""
    turns = read_turns(shared_data("spiral_bench"))
    texts = read_texts(shared_data("alpaca_eval"), shared_data("arena_llama3"))
    progress(0, 3)
    figures = measure(turns["assistant"])
    told = pd.DataFrame(
        [auc_row(turns, figures, name, group) for group in GROUPS for name in figures if name[0] != "_"]
    )
    data = f"spiral_bench, {len(turns)} turns of {turns['prompt_id'].nunique()} prompts to two models"
    write_table(folder, f"{NAME}-1-auc", told, data=data, seed=SEED)
    progress(1, 3)
    by_category = pd.DataFrame([category_row(turns, figures, name) for name in CATEGORIES])
    write_table(folder, f"{NAME}-2-categories", by_category, data=data, seed=SEED)
    progress(2, 3)
    judged = judge(sample(texts))
    about = f"{len(judged)} marked spans of alpaca_eval and arena_llama3"
    write_table(folder, f"{NAME}-3-shares", pd.DataFrame(shares(judged)), data=about, seed=SAMPLE_SEED)
    shown = judged[["set", "row", "half", "category", "span", "verdict"]]
    write_table(folder, f"{NAME}-4-spans", shown, data=about, seed=SAMPLE_SEED)
    progress(3, 3)


# -- turns that a judge read --------------------------------------------------------------------------------


def read_turns(folder: Path) -> pd.DataFrame:
    """Judged turns, with ``half`` and ``praised``."""
    turns = pd.read_parquet(folder / "turns.parquet").dropna(subset="m_sycophancy_or_praise")
    praised = turns["m_sycophancy_or_praise"] > 0
    return turns.assign(half=turns["prompt_id"].map(half), praised=praised).reset_index(drop=True)


def measure(texts: pd.Series) -> pd.DataFrame:
    """The figures that are compared, and under ``_`` the count of each category."""
    table = ls.extract(
        texts, ["sycophancy", "sycophancy_per_100_words", "words", *CATEGORIES], progress=False
    )
    naive = re.compile(rf"\b(?:{ADJECTIVES.replace(' ', '|')})\b", re.IGNORECASE)
    return pd.DataFrame(
        {
            "phrases": table.column("sycophancy"),
            "phrases per 100 words": table.column("sycophancy_per_100_words"),
            "adjectives": [len(naive.findall(text)) for text in texts],
            "words": table.column("words"),
            **{f"_{name}": table.column(name) for name in CATEGORIES},
        }
    )


def auc(score: NDArray[np.float64], label: NDArray[np.bool_]) -> float:
    """Probability that a positive scores higher than a negative, ties half; NaN without either."""
    n, m = int(label.sum()), int((~label).sum())
    if not n or not m:
        return float("nan")
    return float((rankdata(score)[label].sum() - n * (n + 1) / 2) / (n * m))


def auc_cell(score: NDArray[np.float64], label: NDArray[np.bool_], cluster: NDArray[np.object_]) -> str:
    """An AUC and the percentile interval of drawing clusters again."""
    rng = np.random.default_rng(SEED)
    rows = [np.flatnonzero(cluster == name) for name in np.unique(cluster)]
    again = []
    for _ in range(BOOTSTRAPS):
        drawn = np.concatenate([rows[k] for k in rng.integers(len(rows), size=len(rows))])
        again.append(auc(score[drawn], label[drawn]))
    return cell(auc(score, label), *np.nanquantile(again, [0.025, 0.975]), digits=3)


def cells(turns: pd.DataFrame, figure: pd.Series, group: str) -> Iterator[tuple[str, str]]:
    """A figure's AUC in each half and in all, for one group of models."""
    of_group = (turns["model"] == group) | (group == GROUPS[0])
    for name in (*HALVES, "all"):
        at = (of_group & ((turns["half"] == name) | (name == "all"))).to_numpy()
        columns = figure, turns["praised"], turns["prompt_id"].astype(object)
        score, label, cluster = (column.to_numpy()[at] for column in columns)
        yield name, auc_cell(score, label, cluster)


def auc_row(turns: pd.DataFrame, figures: pd.DataFrame, name: str, group: str) -> dict[str, object]:
    """One figure of one group."""
    return {"turns": group, "figure": name, **dict(cells(turns, figures[name], group))}


def category_row(turns: pd.DataFrame, figures: pd.DataFrame, name: str) -> dict[str, object]:
    """One category: AUC in both models, and how many phrases a praised turn and another have."""
    count = figures[f"_{name}"]
    means = count.groupby(turns["praised"]).mean()
    return {
        "category": name,
        **dict(cells(turns, count, GROUPS[0])),
        "in praised turns": round(float(means[True]), 2),
        "in others": round(float(means[False]), 2),
    }


# -- spans that somebody read -------------------------------------------------------------------------------


def read_texts(alpaca: Path, arena: Path) -> pd.DataFrame:
    """Answers with ``set``, ``row`` and ``half``."""
    outputs = pd.read_parquet(alpaca / "outputs.parquet", columns=["instruction", "output"])
    battles = pd.read_parquet(arena / "battles.parquet")
    parts = [("alpaca_eval", outputs["instruction"], outputs["output"])]
    parts += [(f"arena_llama3 {side}", battles["question"], battles[side]) for side in SIDES]
    frames = [
        pd.DataFrame({"set": name, "row": range(len(answers)), "half": prompts.map(half), "text": answers})
        for name, prompts, answers in parts
    ]
    return pd.concat(frames).dropna(subset="text").reset_index(drop=True)


def sample(texts: pd.DataFrame) -> pd.DataFrame:
    """Marked spans, as many of either half of each set."""
    spans = ls.highlight(texts["text"], list(CATEGORIES)).to_frame()
    spans = spans.rename(columns={"row": "at", "feature": "category"})[["at", "start", "end", "category"]]
    spans = spans.join(texts, on="at")
    kind = spans["set"].str.split().str[0]
    drawn = spans.groupby([kind, "half"], sort=True).sample(EACH, random_state=SAMPLE_SEED)
    marked = [text[a:b] for text, a, b in zip(drawn["text"], drawn["start"], drawn["end"], strict=True)]
    return drawn.assign(span=[shown(text) for text in marked]).reset_index(drop=True)


def shown(span: str) -> str:
    """At most eight words of a span."""
    words = span.split()
    return " ".join(words[:LONGEST]) + (" …" if len(words) > LONGEST else "")


def judge(spans: pd.DataFrame) -> pd.DataFrame:
    """Spans with the verdicts that were written down, wrong ones with the reason."""
    verdicts = pd.read_csv(VERDICTS, keep_default_na=False)
    both = spans.merge(verdicts, how="left", on=SPAN, validate="one_to_one")
    both["right"] = both["verdict"] == "right"
    wrong = both["verdict"] == "wrong"
    both["verdict"] = both["verdict"].where(~wrong, "wrong: " + both["why"].fillna("")).fillna("not judged")
    return both


def shares(judged: pd.DataFrame) -> Iterator[dict[str, object]]:
    """The share that is right, by category, by half, by set, and of all."""
    kind = judged["set"].str.split().str[0]
    for about, key in (("category", judged["category"]), ("half", judged["half"]), ("set", kind)):
        for name, right in judged["right"].groupby(key):
            yield share(f"{about}: {name}", right)
    yield share("all", judged["right"])


def share(name: str, right: pd.Series) -> dict[str, object]:
    """A share with Wilson's interval."""
    n, p, z = len(right), float(right.mean()), 1.959964
    middle, width = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle + side * width) / (1 + z * z / n) for side in (-1, 1))
    return {"spans": name, "number": n, "right": int(right.sum()), "share": cell(p, low, high, digits=2)}
