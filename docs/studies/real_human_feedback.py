"""Style that was assigned: does the regression put into style what the assignment did?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies._real import cell, quiet

NAME = "real-human-feedback"
SUMMARY = (
    "Five language models were told to write more or less assertively, or more or less elaborately, or"
    " nothing, at random; people scored two answers to one prompt at a time, and of two the higher score"
    " wins. The first table shows what the instruction did: to the answers (words; assertiveness,"
    " complexity and wrong facts as other people perceived them) and to the score. In the fits of the"
    " second table the instruction stands where the model's name usually does, so that the gap between an"
    " instruction and none, in Arena points, is the effect of assigned style: nothing else differs but by"
    " chance. A regression that measured all of style would put the whole gap into `style` and leave"
    " nothing in `strength`. `texts` has the default features, `perceived` assertiveness and complexity as"
    " rated beside them, `and facts` also has facts as perceived in the place of correctness. `total` is"
    " the raw gap on each fit's own scale; shares of it are withheld where its interval covers zero."
    " Errors are clustered by prompt."
)

INSTRUCTIONS = ("confidence_low", "confidence_high", "complexity_low", "complexity_high")
PLAIN = "normal"
WORDS = {
    "confidence_low": "less assertive",
    "confidence_high": "more assertive",
    "complexity_low": "simpler",
    "complexity_high": "more elaborate",
    PLAIN: "none",
}
KEY = ["dataset", "sample_ix", "model", "preamble_type"]
PERCEIVED = ("assertive", "complexity")


def read() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The responses with all that is measured of them, and the scored pairs of them.

    Two rows that follow one another are the two answers that one person saw; answers made to be
    wrong (``distractor``) are left out.
    """
    folder = shared_data("human_feedback")
    responses = pd.read_parquet(folder / "per_response_part2.parquet")
    texts = ls.extract(responses["response"].tolist()).to_frame()
    measured = pd.concat([responses[[*KEY, *PERCEIVED, "factuality"]], texts], axis=1)
    scores = pd.read_parquet(folder / "part2_unbiased_full.parquet")
    one, two = scores.iloc[0::2].reset_index(drop=True), scores.iloc[1::2].reset_index(drop=True)
    if not (one["other_model"] == two["model"]).all() or not (one["time_str"] == two["time_str"]).all():
        raise ValueError(
            "these are not the rows this study knows: two that follow one another are not of one pair"
        )
    pairs = pd.DataFrame({"prompt_id": one["dataset"] + "/" + one["sample_ix"].astype(str)})
    gap = one["score"] - two["score"]
    pairs["winner"] = np.select([gap > 0, gap < 0], ["model_a", "model_b"], "tie")
    for side, rows in (("a", one), ("b", two)):
        found = rows[[*KEY, "score"]].merge(measured, on=KEY, how="left")
        pairs = pairs.join(
            found.rename(columns={"preamble_type": "model", "model": "llm"}).add_suffix(f"_{side}")
        )
    return measured.merge(scores.groupby(KEY, as_index=False)["score"].mean(), on=KEY), pairs[
        (pairs["llm_a"] != "distractor") & (pairs["llm_b"] != "distractor")
    ]


def run(folder: Path, progress: Progress) -> None:
    """What the assignment did, and what the regression says of it."""
    measured, pairs = read()
    names = list(measured.columns.difference([*KEY, *PERCEIVED, "factuality", "score"], sort=False))
    fits = {
        "texts": (names, False),
        "perceived": ([*names, *PERCEIVED], False),
        "and facts": ([*names, *PERCEIVED], True),
    }
    rows: list[dict[str, object]] = []
    for count, (words, (features, facts)) in enumerate(fits.items()):
        progress(count, len(fits))
        with quiet():
            result = ls.fit(battles(pairs, features, facts=facts))
        rows += [gap_row(result, words, instruction) for instruction in INSTRUCTIONS]
        if count == 0:
            plain = result.ratings(pinned=PLAIN).set_index("model")
    said = f"human_feedback, {len(pairs)} pairs of {len(measured)} responses"
    order = [PLAIN, *INSTRUCTIONS]
    write_table(
        folder,
        f"{NAME}-1-assignment",
        assignment(measured, plain).loc[order].reset_index(drop=True),
        data=said,
        seed=0,
    )
    table = pd.DataFrame(rows).sort_values(
        "instruction", kind="stable", key=lambda s: s.map(list(WORDS.values()).index)
    )
    write_table(
        folder, f"{NAME}-2-regression", table, data=f"{said}; Arena points against no instruction", seed=0
    )
    progress(len(fits), len(fits))


def battles(pairs: pd.DataFrame, features: list[str], *, facts: bool) -> ls.Battles:
    """Battles of instructions, with these features measured."""
    sides = ["model", *features]
    table = pairs[["prompt_id", "winner", *(f"{name}_{side}" for name in sides for side in "ab")]]
    if facts:
        table = table.assign(correct_a=1 - pairs["factuality_a"], correct_b=1 - pairs["factuality_b"])
    return ls.read_battles(table)


def assignment(measured: pd.DataFrame, plain: pd.DataFrame) -> pd.DataFrame:
    """Means by instruction, and the plain rating against no instruction."""
    means = measured.groupby("preamble_type").agg(
        responses=("score", "size"),
        words=("words", "mean"),
        assertive=("assertive", "mean"),
        complexity=("complexity", "mean"),
        wrong=("factuality", "mean"),
        score=("score", "mean"),
    )
    ratings = plain.loc[means.index]
    means = means.round({"words": 0, "assertive": 2, "complexity": 2, "wrong": 3, "score": 2})
    means = means.astype({"words": int}).rename(columns={"wrong": "wrong facts perceived"})
    means.insert(0, "instruction", means.index.map(WORDS))
    means["plain rating"] = [
        "0" if name == PLAIN else cell(value - 1000, low - 1000, high - 1000, 0)
        for name, value, low, high in ratings[
            ["rating_plain", "rating_plain_low", "rating_plain_high"]
        ].itertuples()
    ]
    return means


def gap_row(result: ls.StyleResult, words: str, instruction: str) -> dict[str, object]:
    """The gap between an instruction and none, in parts."""
    parts = result.compare(instruction, PLAIN)
    whole = parts[(parts["group"] == "") & (parts["term"] == "")].set_index("block")

    def shown(block: str) -> str:
        return (
            cell(*whole.loc[block, ["estimate", "conf_low", "conf_high"]], 0) if block in whole.index else ""
        )

    share = cell(*whole.loc["style", ["share", "share_low", "share_high"]], 0, 100.0)
    return {
        "instruction": WORDS[instruction],
        "fit": words,
        "total": shown("total"),
        "style": shown("style"),
        "facts perceived": shown("correctness"),
        "strength": shown("strength"),
        "style, % of total": share or "withheld",
    }
