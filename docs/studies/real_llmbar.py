"""Pairs of which one follows the instruction, natural ones and ones made to mislead."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies._real import contrast_cells, of_term, p_value, points, quiet, rate, words_step

NAME = "real-llmbar"
SUMMARY = (
    "Pairs of which one answer follows the instruction, judged in both orders by six language models"
    " under several prompts each. In the adversarial pairs the wrong answer was chosen because it looks"
    " better; the natural pairs were not chosen so. All verdicts are used. Effects are in points of win"
    " rate: of one recorded scale of words, and of being right instead of wrong. `agrees` is how often the"
    " right answer won, `longer is right` how often the longer of two answers was the right one (once a"
    " pair). Default features; errors are clustered by pair. Every row is a fit of its own, all in the"
    " scales of the whole. `p equal` tests natural against adversarial. The second table is of the rows"
    " `all`, with all features under another contrast."
)

FILES = {
    "LLMBar/Natural": "Natural.json",
    "LLMBar/Adversarial/GPTInst": "Adversarial__GPTInst.json",
    "LLMBar/Adversarial/Neighbor": "Adversarial__Neighbor.json",
}
KINDS = ("natural", "adversarial")


def read() -> ls.Battles:
    """Every verdict in the order in which the answers were shown."""
    folder = shared_data("llmbar")
    pairs = [
        {"subset": subset, "idx": i, "first": pair["output_1"], "second": pair["output_2"]}
        for subset, name in FILES.items()
        for i, pair in enumerate(json.loads((folder / name).read_text("utf-8")))
    ]
    verdicts = pd.read_parquet(folder / "verdicts.parquet").merge(pd.DataFrame(pairs), on=["subset", "idx"])
    verdicts["prompt_id"] = verdicts["subset"] + "/" + verdicts["idx"].astype(str)
    verdicts["category"] = np.where(verdicts["subset"] == "LLMBar/Natural", *KINDS)
    shown = [
        one_order(verdicts, "winner_noswap", ("first", "second"), 1),
        one_order(verdicts, "winner_swap", ("second", "first"), 2),
    ]
    return ls.read_battles(pd.concat(shown, ignore_index=True))


def one_order(verdicts: pd.DataFrame, column: str, sides: tuple[str, str], first: int) -> pd.DataFrame:
    """One of the two games; winners and labels are numbered as in the pair, and ``first`` is shown first."""
    there = verdicts[verdicts[column].notna()]
    return pd.DataFrame(
        {
            "prompt_id": there["prompt_id"],
            "category": there["category"],
            "judge": there["llm"],
            "winner": np.where(there[column] == first, "model_a", "model_b"),
            "response_a": there[sides[0]],
            "response_b": there[sides[1]],
            "correct_a": (there["label"] == first).astype(float),
            "correct_b": (there["label"] != first).astype(float),
        }
    )


def run(folder: Path, progress: Progress) -> None:
    """Prices by kind and judge, and the contrasts."""
    progress(0, 3)
    battles = read()
    cell = battles.columns["category"] + ", " + battles.columns["judge"]
    battles = replace(battles, columns=battles.columns.assign(cell=cell))
    with quiet():
        whole = ls.fit(battles)
        tables = [(whole.by(by), whole.by(by, measure="exchange")) for by in ("category", "cell")]
    rows: list[dict[str, object]] = []
    contrasts: list[dict[str, object]] = []
    for count, kind in enumerate(KINDS, 1):
        mine = battles.filter((battles.columns["category"] == kind).to_numpy())
        rows.append(line(mine, kind, "all", *(at(table, kind) for table in tables[0]), whole))
        for judge in sorted(mine.columns["judge"].unique()):
            own = mine.filter((mine.columns["judge"] == judge).to_numpy())
            rows.append(
                line(own, kind, judge, *(at(table, f"{kind}, {judge}") for table in tables[1]), whole)
            )
        with quiet():
            contrasts.append({"pairs": kind, **contrast_cells(ls.fit(mine), "words")})
        progress(count, 3)
    pairs = battles.columns["prompt_id"].nunique()
    said = f"llmbar, {len(battles)} verdicts on {pairs} pairs; {words_step(whole)}"
    write_table(folder, f"{NAME}-1-prices", pd.DataFrame(rows), data=said, seed=0)
    about = "llmbar; effect of words in points, per recorded scale of each contrast and kind"
    write_table(folder, f"{NAME}-2-contrasts", pd.DataFrame(contrasts), data=about, seed=0)
    progress(3, 3)


def at(frame: pd.DataFrame, level: str) -> pd.DataFrame:
    return frame[frame["level"] == level]


def line(
    battles: ls.Battles,
    kind: str,
    judge: str,
    effects: pd.DataFrame,
    rates: pd.DataFrame,
    result: ls.StyleResult,
) -> dict[str, object]:
    """One row of the first table."""
    length, right = of_term(effects, "words").iloc[0], of_term(effects, "correctness", None).iloc[0]
    gap, words = battles.correct_a - battles.correct_b, result.table.column("words")
    once = np.unique(battles.columns["prompt_id"].to_numpy(), return_index=True)[1]
    longer = np.sign(words[battles.row_a] - words[battles.row_b])[once]
    return {
        "pairs": kind,
        "judge": judge,
        "verdicts": len(battles),
        "agrees": f"{np.where(gap > 0, battles.outcome, 1 - battles.outcome).mean():.2f}",
        "longer is right": f"{(longer * gap[once] > 0).sum() / (longer != 0).sum():.2f}"
        if judge == "all"
        else "",
        "words": points(length),
        "right": points(right),
        "words / right": rate(of_term(rates, "words").iloc[0]),
        "p equal, words": p_value(float(length["p_equal"])) if judge == "all" else "",
        "p equal, right": p_value(float(right["p_equal"])) if judge == "all" else "",
    }
