"""Which features make a good default: that differ often, and do not repeat each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import llamastyle as ls
from docs.studies import Progress, real_arena_llama3, shared_data, write_table
from llamastyle.features.feature import Feature
from llamastyle.regression.design import contrast

NAME = "features"
SUMMARY = (
    "Evidence for the features that are measured by default. No vote of these battles is looked at: features are chosen"
    " by what the texts are like, so that a price found later was not chosen for being large. The regression sees a feature's"
    " difference between the two answers to one prompt (its contrast), so that is what is correlated here: by Spearman,"
    " in battles of alpaca_eval (many models against one), of arena_llama3 (one model against others, people's"
    " prompts), and, few but recent, of arena_140k_sample. A feature is left out by rule if it differs in fewer than"
    " one pair in ten in every set (`rare`: hardly a battle would pay for it), if its correlation with one that is in"
    " is beyond 0.7 in either of the large sets (`like`), or if more than half of the variance of its ranks is told by"
    " those that are in (`told`). Those that pass are in or out by the reason that is given. The first table has every"
    " candidate: the share of pairs in which it differs, the feature of the proposal that it is most like in the large"
    " sets with that correlation, and the larger share of its ranks that the proposal tells (for one that is in: the"
    " others of it). The second has the largest correlations within the present default and within the proposal, the"
    " last column being of the answers themselves, not of differences. The third: by how much each of them widens the"
    " variance of the prices of the others (variance inflation, about zero as the library has it, models left out)."
)

BAR, RARE, TOLD = 0.7, 10.0, 0.5
LARGE = ("alpaca_eval", "arena_llama3")
RECENT = "arena_140k_sample"
PAIRS = 10

IN = {
    "words": "length: the best known bias",
    "mean_sentence_words": "how long sentences are, which length does not tell",
    "long_word_share": "the other half of readability, bounded and in nearly every pair; near to none of the others",
    "headers": "Arena counts them",
    "list_items": "Arena counts them",
    "bold": "Arena counts it; nearest to list_items, and still apart",
    "italic": "markup that is common in recent answers and goes with no other",
    "inline_code": "markup of terms, in prose as well as beside code",
    "code_blocks": "whether code is set apart",
    "emoji": "rare in older answers and common in recent ones",
    "sycophancy": "flattery, of measured validity",
    "exclamations": "tone: excitement, in every language; shares a part with sycophancy",
    "hedges": "tone: how sure an answer sounds; answers told to sound less so lose with people (real-human-feedback)",
}
OUT = {
    "bullet_items": "a part of list_items",
    "rules": "common in recent answers alone, where it goes with headers",
    "emoji_lines": "a part of emoji",
    "praise": "a part of sycophancy",
    "engagement_bait": "a part of sycophancy",
    "sycophantic_closing": "a part of sycophancy",
    "questions": "quizzes and lists of questions that were asked for count like bait",
    "closing_question": "common in recent answers alone; offers are in sycophancy",
    "all_caps": "acronyms count like emphasis: subject as much as style",
    "first_person": "a character's I counts like the answerer's: role as much as style",
    "second_person": "letters and dialogues count; the next to add where prompts ask for advice",
    "contractions": "English alone, and no other sign of a loose register",
    "positive_words": "a happy subject counts like a kind tone",
    "negative_words": "a sad subject counts like a harsh tone",
    "boosters": "rarer than hedges, which measure the same side of tone",
    "mattr": "higher below 100 words for shortness alone",
    "slop": "a list of its time: its price would change its meaning with the list",
}
DENSITY = "a density: one in a short answer weighs more than ten in a long one"
PROPOSED = tuple(IN)

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """One set of battles.

    Attributes
    ----------
    n : int
        Battles.
    gaps : DataFrame (n, features)
        What the regression sees of each battle: the features' contrasts, in no scale.
    rho, of_answers : DataFrame (features, features)
        Spearman correlations of the contrasts, and of the features of the answers, each text once.
    """

    n: int
    gaps: pd.DataFrame
    rho: pd.DataFrame
    of_answers: pd.DataFrame


def run(folder: Path, progress: Progress) -> None:
    """Measure the three sets, and write the tables and the pictures."""
    sets: dict[str, Measured] = {}
    for count, (name, battles) in enumerate(read()):
        progress(count, 3)
        sets[name] = measure(battles)
    data = ", ".join(f"{name} {one.n:,}" for name, one in sets.items()) + " battles"
    write_table(folder, f"{NAME}-1-candidates", candidates(sets), data=data, seed=None)
    both = {"default": ls.DEFAULT.names, "proposal": PROPOSED}
    rows = [row for label, names in both.items() for row in largest(sets, label, names)]
    write_table(folder, f"{NAME}-2-pairs", pd.DataFrame(rows), data=data, seed=None)
    write_table(folder, f"{NAME}-3-inflation", inflations(sets, both), data=data, seed=None)
    often = [f.name for f in ls.ALL if not density(f) and shares(sets, f.name).max() >= RARE]
    heatmap(sets, often, cell=13, figures=False).save(str(folder / f"{NAME}.svg"))
    heatmap(sets, PROPOSED, cell=34, figures=True).save(str(folder / f"{NAME}-proposal.svg"))
    progress(3, 3)


def read() -> Iterator[tuple[str, ls.Battles]]:
    """The sets of battles by name."""
    yield LARGE[0], ls.read_battles(shared_data(LARGE[0]) / "battles.parquet")
    yield LARGE[1], real_arena_llama3.read()
    yield RECENT, ls.read_battles(shared_data(RECENT) / "raw.csv")


def measure(battles: ls.Battles) -> Measured:
    """Contrasts and correlations of all features."""
    table = ls.extract(battles, ls.ALL, progress=False)
    u, v = table.sides()
    gaps = pd.DataFrame(
        {f.name: contrast(f.contrast, u[:, i], v[:, i], name=f.name) for i, f in enumerate(ls.ALL)}
    )
    answers = pd.DataFrame(table.values, columns=gaps.columns)
    return Measured(len(gaps), gaps, spearman(gaps), spearman(answers))


def spearman(values: pd.DataFrame) -> pd.DataFrame:
    """Rank correlations; zero where a column does not vary."""
    return values.rank().corr().fillna(0.0)


def shares(sets: dict[str, Measured], name: str) -> pd.Series:
    """Per cent of each set's pairs in which a feature differs."""
    return pd.Series({key: 100 * float((one.gaps[name] != 0).mean()) for key, one in sets.items()})


def density(feature: Feature) -> bool:
    return feature.name.endswith("_per_100_words")


def told(rho: pd.DataFrame, name: str, others: Sequence[str]) -> float:
    """The share of the variance of a feature's ranks that others tell: squared multiple rank correlation."""
    mine = rho.loc[list(others), name].to_numpy()
    return float(mine @ np.linalg.lstsq(rho.loc[list(others), list(others)].to_numpy(), mine)[0])


def candidates(sets: dict[str, Measured]) -> pd.DataFrame:
    """One row a feature."""
    rows = []
    for feature in ls.ALL:
        name = feature.name
        others = [other for other in PROPOSED if other != name]
        near = {key: sets[key].rho.loc[name, others] for key in LARGE}
        _, key, closest = max(
            (float(near[key].abs().max()), key, str(near[key].abs().idxmax())) for key in LARGE
        )
        most = max(told(sets[key].rho, name, others) for key in LARGE)
        rho, often = float(near[key][closest]), shares(sets, name)
        rows.append(
            {"feature": f"`{name}`", "group": feature.group}
            | {f"differs, % of {key}": round(often[key], 1) for key in sets}
            | {"most like": closest, "rho": two(rho), "told": two(most)}
            | {
                "default": "in" if name in ls.DEFAULT.names else "",
                "proposal": "in" if name in PROPOSED else "",
            }
            | {"why": reason(feature, often.max(), closest, rho, most)}
        )
    return pd.DataFrame(rows)


def reason(feature: Feature, often: float, closest: str, rho: float, most: float) -> str:
    """Why a feature is in the proposal or out of it; a rule goes before a judgement."""
    if feature.name in IN:
        return IN[feature.name]
    if often < RARE:
        return "rare"
    if abs(rho) > BAR:
        return f"like {closest}"
    if most > TOLD:
        return "told by the others"
    return OUT.get(feature.name) or (DENSITY if density(feature) else "")


def two(value: Any) -> float:
    """Two digits, without a negative zero."""
    return round(float(value), 2) + 0.0


def largest(sets: dict[str, Measured], label: str, names: Sequence[str]) -> list[dict[str, object]]:
    """The pairs of a set of features that are most alike in either large set."""
    pairs = sorted(
        combinations(names, 2),
        key=lambda pair: -max(abs(sets[key].rho.loc[pair[0], pair[1]]) for key in LARGE),
    )
    return [
        {"set": label, "pair": f"{a}, {b}"}
        | {key: two(one.rho.loc[a, b]) for key, one in sets.items()}
        | {f"answers of {LARGE[0]}": two(sets[LARGE[0]].of_answers.loc[a, b])}
        for a, b in pairs[:PAIRS]
    ]


def inflation(gaps: Matrix) -> Matrix:
    """Variance inflation of each column, about zero; NaN where it does not vary."""
    size = np.sqrt((gaps**2).mean(axis=0))
    found = np.full(gaps.shape[1], np.nan)
    x = gaps[:, size > 0] / size[size > 0]
    found[size > 0] = np.diag(np.linalg.inv(x.T @ x / len(x)))
    return found


def inflations(sets: dict[str, Measured], both: dict[str, Sequence[str]]) -> pd.DataFrame:
    """One row a feature, for each set of features and of battles."""
    columns = {
        f"{label}, {key}": pd.Series(inflation(one.gaps[list(names)].to_numpy()), index=list(names)).round(2)
        for label, names in both.items()
        for key, one in sets.items()
    }
    names = list(dict.fromkeys(name for names in both.values() for name in names))
    table = pd.DataFrame(columns, index=names)
    return table.rename_axis("feature").reset_index()


def heatmap(sets: dict[str, Measured], names: Sequence[str], *, cell: int, figures: bool) -> Any:
    """Correlations of contrasts as a square: below the diagonal the first large set, above it the second."""
    import altair as alt

    rows = [
        {"down": a, "across": b, "rho": float(sets[LARGE[int(j > i)]].rho.loc[a, b])}
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i != j
    ]
    frame = pd.DataFrame(rows)
    frame["figure"] = [f"{two(value):.2f}".replace("0.", ".").replace("-", "−") for value in frame["rho"]]
    axis = alt.Axis(title=None, labelLimit=200, domain=False, ticks=False, labelPadding=4)
    turned = alt.Axis(title=None, labelLimit=200, domain=False, ticks=False, labelAngle=-90, orient="top")
    scale = alt.Scale(domain=[-1, 0, 1], range=["#3a66c4", "#ffffff", "#c97200"], interpolate="rgb")
    legend = alt.Legend(
        title=None, orient="bottom", direction="horizontal", gradientLength=160, values=[-1, 0, 1]
    )
    base = alt.Chart(frame).encode(
        x=alt.X("across:N", sort=list(names), axis=turned), y=alt.Y("down:N", sort=list(names), axis=axis)
    )
    squares = base.mark_rect(aria=False).encode(color=alt.Color("rho:Q", scale=scale, legend=legend))
    words = base.mark_text(fontSize=10, color="#1c2126", aria=False).encode(text="figure:N")
    title = alt.Title(
        "Rank correlation of differences within a pair",
        subtitle=f"below the diagonal {LARGE[0]}, above it {LARGE[1]}",
        anchor="start",
    )
    size = cell * len(names)
    layers = [squares, words] if figures else [squares]
    return alt.layer(*layers).properties(width=size, height=size, title=title).configure_view(stroke=None)
