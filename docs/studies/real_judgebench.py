"""Pairs of which exactly one is objectively right: no length bias is expected of good judges."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pandas as pd

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies._real import contrast_cells, of_term, p_value, points, quiet, rate, words_step

NAME = "real-judgebench"
SUMMARY = (
    "350 pairs of answers by one model, exactly one of each right by an objective check, judged in both"
    " orders by o1-mini and five reward models. There is one model, so that there are prices and no"
    " ratings. Effects are in points of win rate: of one recorded scale of words, and of being right"
    " instead of wrong. `longer wins` is how often the longer answer won, `longer is right` how often it"
    " was the right one. Default features; errors are clustered by question. The row `all` is one fit of"
    " all six judges. The second table is of that row, with all features under another contrast."
)

VOTES = {"A>B": "model_a", "B>A": "model_b", "A=B": "tie"}


def read() -> ls.Battles:
    """Both games of every judge, the second with sides exchanged as it was played."""
    folder = shared_data("judgebench")
    pairs = {pair["pair_id"]: pair for pair in read_lines(folder / "pairs_gpt-4o-2024-05-13.jsonl")}
    rows = []
    for path in sorted((folder / "verdicts").glob("*.jsonl")):
        for line in read_lines(path):
            pair, votes = pairs[line["pair_id"]], line["decisions"]
            for game, vote in enumerate(ast.literal_eval(votes) if isinstance(votes, str) else votes):
                answers = [pair["response_A"], pair["response_B"]]
                right = [float(pair["label"] == "A>B"), float(pair["label"] == "B>A")]
                if game == 1:
                    answers, right = answers[::-1], right[::-1]
                rows.append(
                    {
                        "judge": path.stem.split("_")[-1],
                        "prompt": pair["question"],
                        "winner": VOTES[vote],
                        "response_a": answers[0],
                        "response_b": answers[1],
                        "correct_a": right[0],
                        "correct_b": right[1],
                    }
                )
    return ls.read_battles(rows)


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def run(folder: Path, progress: Progress) -> None:
    """Prices of all judges and of each, and the contrasts."""
    progress(0, 2)
    battles = read()
    with quiet():
        result = ls.fit(battles)
        levels, rates = result.by("judge"), result.by("judge", measure="exchange")
        overall, all_rates = result.effects(), result.exchange_rates()
    progress(1, 2)
    judges = [str(name) for name in levels["level"].unique()]
    rows = [row(result, "all", overall, all_rates)]
    rows += [
        row(result, name, levels[levels["level"] == name], rates[rates["level"] == name]) for name in judges
    ]
    said = f"judgebench, {len(battles)} verdicts on 350 pairs; {words_step(result)}"
    write_table(folder, f"{NAME}-1-prices", pd.DataFrame(rows), data=said, seed=0)
    contrasts = pd.DataFrame([contrast_cells(result, "words")])
    about = "judgebench, all judges; effect of words in points, per recorded scale of each contrast"
    write_table(folder, f"{NAME}-2-contrasts", contrasts, data=about, seed=0)
    progress(2, 2)


def row(result: ls.StyleResult, judge: str, effects: pd.DataFrame, rates: pd.DataFrame) -> dict[str, object]:
    """One judge's line."""
    length, right = of_term(effects, "words").iloc[0], of_term(effects, "correctness", None).iloc[0]
    battles = result.battles
    mine = battles if judge == "all" else battles.filter((battles.columns["judge"] == judge).to_numpy())
    words = result.table.column("words")
    longer = (
        pd.Series(words[mine.row_a] - words[mine.row_b]).map(lambda gap: (gap > 0) - (gap < 0)).to_numpy()
    )
    differ = longer != 0
    won = ((2 * mine.outcome - 1) * longer)[differ]
    return {
        "judge": judge,
        "verdicts": len(mine),
        "longer wins": f"{(1 + won.mean()) / 2:.3f}",
        "longer is right": f"{(1 + ((mine.correct_a - mine.correct_b) * longer)[differ].mean()) / 2:.3f}",
        "words": points(length),
        "right": points(right),
        "words / right": rate(of_term(rates, "words").iloc[0]),
        "p equal": "" if judge == "all" else p_value(float(length["p_equal"])),
    }
