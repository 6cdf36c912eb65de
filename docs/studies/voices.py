"""What the released Maverick and claude-sonnet-4 sound like, and five answers said to be by the experimental one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata, t

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies._real import cell
from llamastyle.features.feature import Feature
from llamastyle.report.colours import LIGHT, colour

NAME = "voices"
SUMMARY = (
    "Two comparisons of how models sound; no vote and no judge's label goes into either. The first table: the 600 turns"
    " of the released llama-4-maverick and the 600 of claude-sonnet-4 in spiral_bench, 20 turns of a conversation with a"
    " simulated user on each of 30 opening prompts. Each feature's mean per turn, with a density in place of a count"
    " where there is one; Maverick's minus Claude's, with the interval of a t test on the 30 differences between the two"
    " conversations on one prompt, so that the turns of a conversation stay together; and that difference in standard"
    " deviations of turns (the root of the two models' mean variance). The second table: the five answers in"
    " maverick_outputs that are said to be by the experimental Maverick, beside those of nine other models to the same"
    " five prompts. The rank of each among the ten answers to its prompt, 1 the most and ties shared; means; and the"
    " distance from the mean of the ten in their standard deviations, averaged over the five prompts, with that model's"
    " place among the ten by it. Features that no answer has are left out."
)

PAIR = ("llama-4-maverick", "claude-sonnet-4")
SAID = "llama-4-maverick-03-26-experimental"
SHOWN = (
    "words", "mean_sentence_words", "long_word_share", "flesch_kincaid_grade", "mattr", "headers_per_100_words",
    "list_items_per_100_words", "bold_per_100_words", "italic", "markup_share", "emoji_per_100_words",
    "sycophancy_per_100_words", "praise", "agreement", "empathy", "engagement_bait", "sycophantic_opening",
    "sycophantic_closing", "exclamations_per_100_words", "questions_per_100_words", "closing_question",
    "first_person_per_100_words", "second_person_per_100_words", "contractions_per_100_words",
    "positive_words_per_100_words", "negative_words_per_100_words", "hedges_per_100_words",
    "boosters_per_100_words", "slop_per_100_words",
)  # fmt: skip
"""What the pictures show."""


def run(folder: Path, progress: Progress) -> None:
    """Both tables and both pictures."""
    progress(0, 2)
    turns = pd.read_parquet(shared_data("spiral_bench") / "turns.parquet")
    found = beside(measure(turns["assistant"]), turns["model"], turns["prompt_id"])
    data = f"spiral_bench, {len(turns):,} turns of {2 * turns['prompt_id'].nunique()} conversations"
    write_table(folder, f"{NAME}-1-released", shown_beside(found), data=data, seed=None)
    picture_beside(found).save(str(folder / f"{NAME}-released.svg"))
    progress(1, 2)
    answers = read_answers(shared_data("maverick_outputs"))
    places = among(measure(answers["response"]), answers["model"], answers["task"])
    data = f"maverick_outputs, {len(answers)} answers of {answers['model'].nunique()} models"
    write_table(folder, f"{NAME}-2-experimental", shown_among(places), data=data, seed=None)
    picture_among(places).save(str(folder / f"{NAME}-experimental.svg"))
    progress(2, 2)


def chosen() -> ls.FeatureSet:
    """Every feature, a density in the place of its count, without what is one in every answer."""
    without = {f.name.removesuffix("_per_100_words") for f in ls.ALL if f.name.endswith("_per_100_words")}
    return ls.FeatureSet([f for f in ls.ALL if f.name not in without | {"turns"}])


def measure(texts: pd.Series) -> pd.DataFrame:
    """The features of each text."""
    table = ls.extract(texts, chosen(), progress=False)
    return pd.DataFrame(table.values, columns=list(table.names))


def read_answers(folder: Path) -> pd.DataFrame:
    """Answers with ``model``, ``task`` and ``response``."""
    lines = (folder / "responses.jsonl").read_text("utf-8").splitlines()
    return pd.DataFrame([json.loads(line) for line in lines])[["model", "task", "response"]]


# -- two models, turn by turn -------------------------------------------------------------------------------


def beside(values: pd.DataFrame, model: pd.Series, prompt: pd.Series) -> pd.DataFrame:
    """One row a feature: means of both models, their difference with its interval, and in standard deviations."""
    by_conversation = values.groupby([model, prompt]).mean()
    gaps = by_conversation.loc[PAIR[0]] - by_conversation.loc[PAIR[1]]
    means = by_conversation.groupby(level=0).mean()
    spread = np.sqrt(values.groupby(model).var().mean())
    half = t.ppf(0.975, len(gaps) - 1) * gaps.std() / np.sqrt(len(gaps))
    found = pd.DataFrame(
        {"first": means.loc[PAIR[0]], "second": means.loc[PAIR[1]], "gap": gaps.mean(), "half": half}
    )
    found["low"], found["high"] = found["gap"] - half, found["gap"] + half
    return found.assign(spread=spread)[spread > 0]


def shown_beside(found: pd.DataFrame) -> pd.DataFrame:
    """The table."""
    rows = []
    for feature in chosen():
        if feature.name in found.index:
            row = found.loc[feature.name]
            digits = 3 if row["spread"] < 1 else 2 if row["spread"] < 20 else 1
            rows.append(
                {"feature": f"`{feature.name}`", "group": feature.group}
                | {
                    name: f"{row[key]:.{digits}f}"
                    for name, key in zip(PAIR, ("first", "second"), strict=True)
                }
                | {"difference": cell(row["gap"], row["low"], row["high"], digits)}
                | {"in sd": round(row["gap"] / row["spread"], 2)}
            )
    return pd.DataFrame(rows)


def picture_beside(found: pd.DataFrame) -> Any:
    """Differences in standard deviations with their intervals."""
    import altair as alt

    rows = [
        {"feature": f.name, "group": f.group, "mid": row["gap"] / row["spread"]}
        | {"low": row["low"] / row["spread"], "high": row["high"] / row["spread"]}
        for f, row in ((f, found.loc[f.name]) for f in of_pictures(found.index))
    ]
    base = alt.Chart(pd.DataFrame(rows))
    title = ["standard deviations of turns", f"← more in {PAIR[1]} · more in {PAIR[0]} →"]
    axis = alt.Axis(title=title, format="~g", tickCount=7)
    x = alt.X("mid:Q", axis=axis)
    y, tone = vertical(rows), colours(rows)
    zero = alt.Chart(pd.DataFrame({"mid": [0.0]})).mark_rule(color=LIGHT["plain"]).encode(x=x)
    rules = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q", axis=axis), x2="high:Q", y=y, color=tone)
    dots = base.mark_circle(size=45, opacity=1).encode(x=x, y=y, color=tone)
    return finished([zero, rules, dots], "How the released Maverick differs from claude-sonnet-4", len(rows))


# -- five answers among those to the same prompts -----------------------------------------------------------


def among(values: pd.DataFrame, model: pd.Series, task: pd.Series) -> pd.DataFrame:
    """One row a feature and model: mean, ranks in the prompts, 1 the most, and mean standardised distance.

    Features that do not vary within any prompt are left out.
    """
    frames = []
    for name in values:
        wide = pd.DataFrame({"model": model, "task": task, "value": values[name]}).pivot(
            index="model", columns="task", values="value"
        )
        deviation = wide.std(ddof=0)
        if not (deviation > 0).any():
            continue
        distance = ((wide - wide.mean()) / deviation.where(deviation > 0, 1.0)).mean(axis=1)
        ranks = wide.apply(lambda column: rankdata(-column))
        frames.append(
            pd.DataFrame(
                {
                    "feature": name,
                    "mean": wide.mean(axis=1),
                    "ranks": [", ".join(f"{rank:g}" for rank in row) for row in ranks.to_numpy()],
                    "distance": distance,
                    "place": rankdata(-distance.round(9)),
                }
            ).reset_index()
        )
    return pd.concat(frames, ignore_index=True)


def shown_among(places: pd.DataFrame) -> pd.DataFrame:
    """The table: the model that is asked about beside the mean of the others."""
    rows = []
    for feature in chosen():
        own = places[places["feature"] == feature.name].set_index("model")
        if len(own):
            row, others = own.loc[SAID], own.drop(index=SAID)["mean"].mean()
            digits = 3 if max(row["mean"], others) < 2 else 1
            rows.append(
                {"feature": f"`{feature.name}`", "group": feature.group}
                | {"ranks of the five": row["ranks"], "their mean": f"{row['mean']:.{digits}f}"}
                | {"mean of the others": f"{others:.{digits}f}"}
                | {"distance in sd": round(row["distance"], 2), "place of ten": f"{row['place']:g}"}
            )
    return pd.DataFrame(rows)


def picture_among(places: pd.DataFrame) -> Any:
    """Every model's distance from the mean of the ten, the one that is asked about in colour."""
    import altair as alt

    features = of_pictures(places["feature"].unique())
    frame = places[places["feature"].isin([f.name for f in features])]
    group = {f.name: f.group for f in features}
    rows = [
        {
            "feature": r["feature"],
            "group": group[r["feature"]],
            "mid": r["distance"],
            "said": r["model"] == SAID,
        }
        for r in frame.to_dict("records")
    ]
    title = "standard deviations from the mean of the ten answers to a prompt"
    axis = alt.Axis(title=title, format="~g", tickCount=7)
    x, y = alt.X("mid:Q", axis=axis), vertical([{"feature": f.name} for f in features])
    zero = alt.Chart(pd.DataFrame({"mid": [0.0]})).mark_rule(color=LIGHT["plain"]).encode(x=x)
    marks = [r for r in rows if r["said"]]
    others = alt.Chart(pd.DataFrame([r for r in rows if not r["said"]]))
    grey = others.mark_circle(size=30, opacity=0.8, color=LIGHT["total"]).encode(x=x, y=y)
    own = (
        alt.Chart(pd.DataFrame(marks)).mark_circle(size=60, opacity=1).encode(x=x, y=y, color=colours(marks))
    )
    says = "Five answers said to be by the experimental Maverick; grey: nine other models"
    return finished([zero, grey, own], says, len(marks))


# -- what the pictures share --------------------------------------------------------------------------------


def of_pictures(there: Any) -> list[Feature]:
    """The features that are drawn, of those that are there."""
    return [ls.ALL[name] for name in SHOWN if name in set(there)]


def vertical(rows: Sequence[dict[str, Any]]) -> Any:
    import altair as alt

    axis = alt.Axis(title=None, labelLimit=220, domain=False, ticks=False, grid=True, gridColor=LIGHT["grid"])
    return alt.Y("feature:N", sort=list(dict.fromkeys(r["feature"] for r in rows)), axis=axis)


def colours(rows: Sequence[dict[str, Any]]) -> Any:
    import altair as alt

    groups = list(dict.fromkeys(r["group"] for r in rows))
    scale = alt.Scale(domain=groups, range=[colour(group) for group in groups])
    return alt.Color("group:N", scale=scale, title=None, legend=alt.Legend(orient="top", columns=4))


def finished(layers: Sequence[Any], title: str, rows: int) -> Any:
    import altair as alt

    heading = alt.Title(title, anchor="start")
    size = {"width": 360, "height": 17 * rows}
    return (
        alt.layer(*layers).properties(title=heading, background="white", **size).configure_view(stroke=None)
    )
