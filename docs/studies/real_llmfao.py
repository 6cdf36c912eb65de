"""Humans, GPT-4 and GPT-3.5 on the same pairs of answers, with labels of correctness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies._real import cell, contrast_cells, of_term, p_value, points, quiet, rate, words_step

NAME = "real-llmfao"
SUMMARY = (
    "The pairs on the five prompts with labels, judged by a crowd, by GPT-4 and by GPT-3.5. Effects are"
    " in points of win rate, averages over a judge's battles: of one recorded scale of words, and of being"
    " right instead of wrong; `words / right` is how many right answers one scale of words is worth,"
    " withheld where the interval of being right covers zero. Errors are clustered by pair and by voter."
    " `left out` means that models without a finite rating under a judge, and battles in which a feature"
    " foretells every vote, leave that judge's fit; `Firth` keeps them under Firth's penalty. `p equal`"
    " tests that the effect is the same for the three judges. The second table has the effect of words"
    " when all features are put under another contrast (Firth's penalty throughout, since with the default"
    " features the two machines' fits do not exist without it). The third asks how far the humans' fit can"
    " be trusted."
)

JUDGES = ("humans", "GPT-4", "GPT-3.5")
FEATURES: dict[str, list[str] | None] = {"default": None, "words, list_items": ["words", "list_items"]}
COLUMNS = {
    "model_a": "left",
    "model_b": "right",
    "response_a": "text_left",
    "response_b": "text_right",
    "prompt_id": "prompt",
    "model": "name",
}


def read() -> ls.Battles:
    """The votes of all three judges, where both answers have a label."""
    folder = shared_data("llmfao")
    crowd = pd.read_parquet(folder / "crowd_votes.parquet")
    crowd = crowd.assign(judge="humans", voter="worker " + crowd["worker"].astype(str))
    pairs = pd.read_parquet(folder / "pairs.parquet")
    parts = [crowd]
    for judge, column in (("GPT-4", "gpt4_winner"), ("GPT-3.5", "gpt3_winner")):
        parts.append(
            pairs.assign(judge=judge, winner=pairs[column], voter=judge + " on " + pairs.index.astype(str))
        )
    votes = pd.concat(parts, ignore_index=True)
    votes["pair_id"] = votes[["prompt", "model_x", "model_y"]].astype(str).agg("/".join, axis=1)
    battles = ls.read_battles(
        votes[["judge", "voter", "pair_id", "winner", "prompt", "left", "right", "text_left", "text_right"]],
        columns=COLUMNS,
        labels={"left": "model_a", "right": "model_b"},
        correctness=folder / "correctness_labels.csv",
        cluster=["pair_id", "voter"],
    )
    return battles.filter(battles.correct_known)


def run(folder: Path, progress: Progress) -> None:
    """Prices by judge, the contrasts they hang on, and the checks of the humans' fit."""
    battles, done = read(), 0
    prices: list[dict[str, object]] = []
    contrasts: list[dict[str, object]] = []
    checks: dict[str, dict[str, str]] = {}
    step = ""
    for words, features in FEATURES.items():
        with quiet():
            for likelihood, separated in (("left out", "drop"), ("Firth", "firth")):
                whole = ls.fit(battles, features, separated=separated)
                prices += price_rows(whole, words, likelihood)
            step = words_step(whole)
            for judge in JUDGES:
                progress(done, 6)
                done += 1
                own = ls.fit(of_judge(battles, judge), features, separated="firth")
                contrasts.append({"features": words, "judge": judge, **contrast_cells(own, "words")})
            checks[words] = trust(ls.fit(of_judge(battles, "humans"), features))
    said = f"llmfao, {len(battles)} votes on {battles.columns['pair_id'].nunique()} pairs"
    write_table(folder, f"{NAME}-1-prices", pd.DataFrame(prices), data=f"{said}; {step}", seed=0)
    about = f"{said}; effect of words in points, per recorded scale of each contrast"
    write_table(folder, f"{NAME}-2-contrasts", pd.DataFrame(contrasts), data=about, seed=0)
    table = pd.DataFrame(checks).rename_axis("check").reset_index()
    write_table(folder, f"{NAME}-3-checks", table, data="llmfao, the humans' votes", seed=0)
    progress(6, 6)


def of_judge(battles: ls.Battles, judge: str) -> ls.Battles:
    return battles.filter((battles.columns["judge"] == judge).to_numpy())


def price_rows(whole: ls.StyleResult, words: str, likelihood: str) -> list[dict[str, object]]:
    """A row a judge."""
    effects, rates = whole.by("judge"), of_term(whole.by("judge", measure="exchange"), "words")
    length, right = (of_term(effects, term, None).set_index("level") for term in ("words", "correctness"))
    rates = rates.set_index("level")
    return [
        {
            "features": words,
            "likelihood": likelihood,
            "judge": judge,
            "battles": length.loc[judge, "battles"],
            "words": points(length.loc[judge]),
            "right": points(right.loc[judge]),
            "words / right": rate(rates.loc[judge]),
            "p equal, words": p_value(float(length.loc[judge, "p_equal"])) if judge == JUDGES[0] else "",
            "p equal, right": p_value(float(right.loc[judge, "p_equal"])) if judge == JUDGES[0] else "",
        }
        for judge in JUDGES
    ]


def trust(result: ls.StyleResult) -> dict[str, str]:
    """Checks of one fit in words and figures."""
    with quiet():
        labels = result.label_error()
        labels = labels[(labels["kind"] == "price") & (labels["error_rate"] == 0.0)].set_index("term")
        close: Any = result.collinearity().set_index("term").loc["words"]
        curved = result.curvature().set_index("test")
        placebo = result.placebo()["p_value"][0]
    test = "all" if np.isfinite(curved.loc["all", "p_value"]) else "powers"
    return {
        "prompts": str(result.battles.columns["prompt_id"].nunique()),
        "variance inflation of words": f"{close['vif']:.1f}, with {close['closest']}",
        "curvature, p": f"{p_value(float(curved.loc[test, 'p_value']))} ({test})",
        "placebo, p": p_value(float(placebo)),
        **{
            f"price of {term}": label_words(labels, term)
            for term in ("words", "list_items", "headers", "correctness")
        },
    }


def label_words(labels: pd.DataFrame, term: str) -> str:
    """A price, and the share of wrong labels at which its verdict is another one."""
    if term not in labels.index:
        return "not in the fit"
    row: Any = labels.loc[term]
    price = cell(row["estimate"], row["conf_low"], row["conf_high"], 2)
    if row["verdict"] == "not told from zero":
        return f"{price}, {row['verdict']}"
    at = row["disappears_at"]
    until = f"until {at:.0%} of labels are wrong" if np.isfinite(at) else str(row["note"])
    return f"{price}, {row['verdict']} {until}"
