"""The Maverick case told section by section: published figures in, words, frames and charts out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from llamastyle.llama4 import figures
from llamastyle.llama4.figures import EXPERIMENTAL, RELEASE, sources
from llamastyle.regression.crossbench import selection_inflation
from llamastyle.report import published_charts as charts
from llamastyle.report.labels import signed
from llamastyle.report.story import Section

__all__ = ["CATEGORIES", "published_sections"]

Tables = Mapping[str, Any]

LABEL = "published figures"
FIRST_DAY, BOTH_DAY, WIDE_DAY = "2025-04-07", "2025-04-24", "2025-05-24"
"""Arena's history: the first table with the experimental version, the first with both, the last with both and most
categories on both boards."""
ARENA_NAMES = {
    "Llama-4-Maverick-03-26-Experimental": "experimental",
    "Llama-4-Maverick-17B-128E-Instruct": "release",
}
CATEGORIES = {
    "full": "all prompts", "hard_6": "hard prompts", "hard_english_6": "hard prompts, English", "coding": "coding",
    "math": "maths", "if": "instruction following", "creative_writing": "creative writing",
    "multiturn": "several turns", "long_user": "long prompts", "no_short": "without short prompts",
    "no_refusal": "without refusals", "no_tie": "without ties", "english": "English", "chinese": "Chinese",
    "french": "French", "german": "German", "japanese": "Japanese", "korean": "Korean", "russian": "Russian",
    "spanish": "Spanish",
}  # fmt: skip
BORROWED = "experimental Maverick"
CONTROLLED = "length, headings, list items and bold text"
"""What Arena's style control holds equal."""


def published_sections(tables: Tables) -> list[Section]:
    """Every section that needs nothing but published figures, in the order of the story."""
    made: list[Callable[[Tables], Section]] = [
        _ranks, _gap, _categories, _standing, _prices, _benchmarks, _choices, _context, _releases, _variants, _claims,
        _both_ways,
    ]  # fmt: skip
    return [make(tables) for make in made]


# -- on the board ----------------------------------------------------------------------------------


def _ranks(tables: Tables) -> Section:
    shown = tables["arena_displayed"]
    own: Any = shown[shown["model"].isin(list(ARENA_NAMES))].sort_values(["date", "model"], kind="stable")
    first = own[own["model"].map(ARENA_NAMES) == "experimental"].iloc[0]
    release = own[own["model"].map(ARENA_NAMES) == "release"]
    came, best = release.iloc[0], release.iloc[int(release["rank"].to_numpy().argmin())]
    last = own[own["model"].map(ARENA_NAMES) == "experimental"].iloc[-1]
    says = [
        (
            f"The table that readers saw on {_day(first)} had the experimental version at rank {first['rank']} with"
            f" {first['rating']:.0f} points ({first['votes']:,} votes), and at rank {first['rank_style_controlled']}"
            f" with style controlled. The released weights came in on {_day(came)} at rank {came['rank']} with"
            f" {came['rating']:.0f} points; {best['rank']} is the best rank they were shown at ({_day(best)})."
        ),
        (
            f"Votes went on: on {_day(last)} the experimental version had {last['rating']:.0f} points from"
            f" {last['votes']:,} votes, ten times as many as at first."
        ),
    ]
    return _section(
        "ranks",
        f"Rank {first['rank']} for the experimental version, rank {came['rank']} for the one that was released",
        says,
        table=own[["date", "model", "rank", "rank_style_controlled", "rating", "low", "high", "votes"]],
        caption="Maverick's rows of the table as displayed",
        digits=0,
        chart=partial(_chart, charts.rank_chart, own[own["rank_style_controlled"].notna()]),
        source=sources(own),
        caveat=shown.attrs["caveat"],
    )


def _gap(tables: Tables) -> Section:
    ratings = tables["arena_ratings"]
    found = figures.gaps(ratings)
    full: Any = found[found["category"] == "full"]
    day = full[full["date"] == BOTH_DAY].iloc[0]
    says = [
        (
            f"On {BOTH_DAY}, the first day on which Arena's rating history has both, the experimental version was"
            f" {_points(day, 'gap_raw', 'raw')} points above the release. With {CONTROLLED} held equal it was"
            f" {_points(day, 'gap_controlled', 'controlled')} above: {100 * day['gone']:.0f} % of the gap goes with"
            f" these four. The rest, {day['gap_controlled']:.0f} points, goes with whatever they do not measure: what"
            " was said, how right it was, flattery and tone. Intervals are 95 %."
        ),
        (
            f"It held for a month: from {_range(full, 'gap_raw')} raw and {_range(full, 'gap_controlled')} controlled"
            f" over {full['gap_raw'].nunique()} different snapshots."
        ),
    ]
    return _section(
        "gap",
        f"{100 * day['gone']:.0f} % of the gap goes with length and markdown",
        says,
        table=full.drop(columns="category").reset_index(drop=True),
        caption="Experimental minus release, Arena points, by snapshot; gone: the share that controlling takes away",
        digits={"gone": 2},
        source=sources(ratings[(ratings["category"] == "full") & ratings["date"].isin(full["date"])]),
        caveat=f"{ratings.attrs['caveat']} Intervals treat the two ratings as independent.",
    )


def _categories(tables: Tables) -> Section:
    ratings = tables["arena_ratings"]
    found = figures.gaps(ratings)
    wide: Any = found[(found["date"] == WIDE_DAY) & found["gap_controlled"].notna()]
    first: Any = found[(found["date"] == BOTH_DAY) & found["gap_controlled"].notna()]
    wide = wide.assign(category=_called(wide["category"]))
    first = first.assign(category=_called(first["category"]))
    by = wide.set_index("category")["gone"]
    low, high = by.idxmin(), by.idxmax()
    says = [
        (
            f"On {WIDE_DAY} controlling takes least away for {low} ({100 * by[low]:.0f} %) and most for {high}"
            f" ({100 * by[high]:.0f} %). For maths it is {100 * by['maths']:.0f} %, for coding"
            f" {100 * by['coding']:.0f} %, for creative writing {100 * by['creative writing']:.0f} %. On {BOTH_DAY},"
            f" with fewer votes and categories, it was least for {first.set_index('category')['gone'].idxmin()}"
            f" ({100 * first['gone'].min():.0f} %)."
        ),
        (
            "Where an answer can be checked, a smaller share of the gap seems to go with how it is laid out; it is"
            " smaller in some languages too, and none of these differences has an interval."
        ),
    ]
    order = ["date", "gone"]
    both = pd.concat([wide, first]).sort_values(order, ascending=[False, True], ignore_index=True)
    return _section(
        "categories",
        f"From {100 * by[low]:.0f} % ({low}) to {100 * by[high]:.0f} % ({high}): the share differs by task",
        says,
        table=both,
        caption=f"The gap by category, {BOTH_DAY} (the few with a controlled board then) and {WIDE_DAY}",
        digits={"gone": 2},
        chart=partial(_chart, charts.gap_chart, wide),
        source=sources(ratings[ratings["date"].isin(both["date"]) & (ratings["model"] == EXPERIMENTAL)]),
        caveat="Categories overlap, and small ones have wide intervals. No interval of a share is given: the two"
        " gaps come from the same votes, and how they vary together was not published.",
    )


def _standing(tables: Tables) -> Section:
    ratings = tables["arena_ratings"]
    found = figures.without_style(ratings, FIRST_DAY)
    own = found[found["model"] == EXPERIMENTAL].iloc[0]
    second: Any = found[found["model"] != EXPERIMENTAL].iloc[0]
    middle = found["difference"].median()
    shown = tables["arena_displayed"]
    first: Any = shown[shown["model"].map(ARENA_NAMES) == "experimental"].sort_values("date").iloc[0]
    later = figures.without_style(ratings, BOTH_DAY)
    then, next_then = later.iloc[0], later.iloc[1]
    says = [
        (
            f"On {FIRST_DAY} raw minus style-controlled rating was {own['difference']:.1f} for the experimental"
            f" version, the largest of {len(found)} models: the next, {second['model']}, had"
            f" {second['difference']:.1f}, the median model {middle:.1f}. By these ratings its rank went from"
            f" {own['rank_raw']} to {own['rank_controlled']}; the displayed table, where models whose intervals meet"
            f" share a rank, had {first['rank']} and {first['rank_style_controlled']}."
        ),
        (
            f"On {BOTH_DAY}, with more votes, {then['model']} was still first with {then['difference']:.1f} before"
            f" {next_then['model']} with {next_then['difference']:.1f}."
        ),
        (
            "A style that wins votes is no sign of a trick by itself, and some model has to be first. What is unusual"
            " is how far this one stands from all others."
        ),
    ]
    if own["place"] != 1:
        says = [f"On {FIRST_DAY} the experimental version had place {own['place']} of {len(found)} models."]
    return _section(
        "standing",
        f"No other of {len(found)} models has its two ratings as far apart",
        says,
        table=found,
        caption=f"Raw minus style-controlled rating, all models, {FIRST_DAY}",
        digits=1,
        chart=partial(_chart, charts.standing_chart, found, [EXPERIMENTAL, second["model"]]),
        source=sources(ratings[(ratings["date"] == FIRST_DAY) & (ratings["category"] == "full")]),
        caveat="Each board has an anchor of its own, so that the figure of one model alone means nothing: only how"
        " far models stand from each other does.",
    )


def _prices(tables: Tables) -> Section:
    prices = tables["style_coefficients"]
    first: Any = prices[prices["fit"] == prices["fit"].iloc[0]]
    top = first.iloc[int(first["coefficient"].to_numpy().argmax())]
    says = [
        (
            "Arena publishes what style is worth in its votes, in log-odds per standard deviation. In the fit of"
            f" {_day(first.iloc[0])} {top['feature'].replace('_', ' ')} has {top['coefficient']:.3f}, each of the"
            f" three kinds of markdown at most {first['coefficient'].nlargest(2).iloc[-1]:.3f}. Later fits add emoji,"
            " tone and citations."
        ),
    ]
    return _section(
        "prices",
        "What style was worth in these votes, by Arena's own account",
        says,
        table=prices[["date", "fit", "feature", "coefficient"]],
        caption="Published coefficients",
        digits=3,
        source=sources(prices),
        caveat=prices.attrs["caveat"],
    )


# -- beside benchmarks -----------------------------------------------------------------------------


def _benchmarks(tables: Tables) -> Section:
    scores = figures.benchmark_scores(tables, BOTH_DAY)
    found: Any = figures.benchmark_excess(scores)
    used = found[found["p_value"].notna()]
    own = used[used["model"] == EXPERIMENTAL].iloc[0]
    release: Any = figures.benchmark_excess(scores, left_out=EXPERIMENTAL)
    other = release[release["model"] == RELEASE].iloc[0]
    place = int((used["excess"] > own["excess"]).sum()) + 1
    row = scores.set_index("model").loc[RELEASE]
    says = [
        (
            f"The released version solved {row['aider']:.1f} % of Aider's polyglot exercises in two tries, averaged"
            f" {row['livebench']:.1f} on LiveBench and {row['long_context']:.1f} on stories of 8 to 32 thousand"
            f" tokens. A line through the {len(used)} models that have two of the three scores puts a model with the"
            f" release's scores at {own['expected']:.0f} points in the Arena."
        ),
        (
            f"The experimental version had {own['target']:.0f}: {signed(own['excess'], 0)}, number {place} of"
            f" {len(used)} from the top. {_alone(own, len(used))} The release itself stands"
            f" {signed(other['excess'], 0)} points from the line (p = {other['p_value']:.2f})."
        ),
        (
            "Nobody outside could run a benchmark on the experimental version. Its Arena rating stands here beside the"
            " scores of the model that was released under the same name, which is what its readers did."
        ),
    ]
    if pd.notna(own.get("style_share")):
        says.insert(
            2,
            f"Taking style control's difference off every model's rating leaves {signed(own['other_excess'], 0)} of the"
            f" {signed(own['excess'], 0)} points: {100 * own['style_share']:.0f} % of the excess goes with style.",
        )
    table = found.merge(scores[["model", *figures.BENCHMARKS, "scores_of"]], on="model", how="left")
    table.loc[table["scores_of"] == table["model"], "scores_of"] = ""
    shown = ["model", "target", "expected", "excess", "p_value", *figures.BENCHMARKS, "scores_of", "note"]
    return _section(
        "benchmarks",
        f"{signed(own['excess'], 0)} points above what the release's benchmarks warrant",
        says,
        table=table[shown].rename(columns={"target": "arena"}),
        caption=f"Arena rating of {BOTH_DAY} beside benchmarks; the experimental version with the release's scores",
        digits={"p_value": 3, "arena": 0, "expected": 0, "excess": 0},
        chart=partial(_chart, _diverging, used),
        source=sources(tables["aider_polyglot"], tables["livebench"], tables["long_context"]),
        caveat="An excess says that a model stands apart from the others, not why: taste, style, or strengths that"
        " the three benchmarks do not measure. Names were matched by hand (table model_names says how).",
    )


def _diverging(used: Any, width: int) -> Any:
    shown = used.replace({"model": {EXPERIMENTAL: BORROWED}})
    return charts.divergence_chart(shown, [BORROWED], target="Arena rating", width=width)


def _alone(own: Any, n: int) -> str:
    """How many stand as far from the line, by the rank among n models."""
    if own["p_value"] < 1.5 / n:
        return f"No other model stands as far from it (p = {own['p_value']:.3f}, the least that {n} models allow)."
    return f"Of the {n}, {100 * own['p_value']:.0f} % stand as far from it (p = {own['p_value']:.2f})."


def _choices(tables: Tables) -> Section:
    scores = figures.benchmark_scores(tables, BOTH_DAY)
    found = figures.excess_by_choice(scores)
    raw, held = (found[found["board"] == board] for board in ("raw", "style-controlled"))
    top = sum(place == 1 for place in raw["place"])
    says = [
        (
            f"The excess hangs on the benchmarks that are taken, and on the models: over sets of two or three, models"
            f" with two scores of them or with all, and both lines, it is {raw['excess'].min():.0f} to"
            f" {raw['excess'].max():.0f} points, the one furthest from the line in {top} of {len(raw)} choices. On the"
            f" style-controlled board it is {held['excess'].min():.0f} to {held['excess'].max():.0f}, with p from"
            f" {held['p_value'].min():.2f} up. {_not_first(raw)}"
        ),
        "A claim that holds for one choice only is a claim about that choice.",
    ]
    return _section(
        "choices",
        f"How much the excess hangs on the choice of benchmarks: {raw['excess'].min():.0f} to"
        f" {raw['excess'].max():.0f} points",
        says,
        table=found,
        caption="Excess of the experimental version by choice; line: theil-sen is the median of all slopes between two"
        " models, rlm is Huber's; p cannot be below p floor",
        digits={"p_value": 3, "p_floor": 3, "excess": 0},
        source=sources(tables["aider_polyglot"], tables["livebench"], tables["long_context"]),
        caveat="Choices share their data, so that they are not independent confirmations.",
    )


def _not_first(raw: Any) -> str:
    """For which choices of benchmarks another model stands further from the line."""
    other = list(dict.fromkeys(raw.loc[raw["place"] > 1, "benchmarks"]))
    return f"Another model stands further from it with {' and with '.join(other)}." if other else ""


def _context(tables: Tables) -> Section:
    curves = tables["long_context"]
    claims = figures.context_claims(tables)
    llama: Any = claims[claims["model"].str.contains("llama-4", case=False)]
    longest = curves[curves["tokens"] == curves["tokens"].max()].dropna(subset=["score"])
    best: Any = longest.sort_values("score", ascending=False, kind="stable").iloc[0]
    own = [name for name in curves["model"].unique() if "llama-4" in name.casefold()]
    at = "; ".join(
        f"{row['claimed_tokens']:,} tokens were claimed for {row['model'].removesuffix(':free')}, which scored"
        f" {row['score_at_longest']:.1f} % at {row['longest_tested']:,.0f} ({row['score_later']:.1f} % on a later run)"
        for row in llama.to_dict("records")
    )
    says = [
        (
            f"{at}. At {best['tokens']:,} tokens {best['model'].removesuffix(':free')} leads with {best['score']:.1f}"
            f" %; the median of {len(longest)} models is {longest['score'].median():.1f} %."
        ),
        (
            "A context window is how much a model accepts. What it still finds in there is another figure, and no"
            " claim of a window says it."
        ),
    ]
    return _section(
        "context",
        f"A window of {llama['claimed_tokens'].max():,.0f} tokens was claimed; tests end at {best['tokens']:,}",
        says,
        table=claims,
        caption="Claimed context beside the longest that was tested; checked: how far the claim's source was",
        digits={"score_at_longest": 1, "score_later": 1, "longest_tested": 0},
        chart=partial(_chart, charts.context_chart, curves, [*own, best["model"]]),
        source=sources(curves, tables["long_context_later"], tables["context_claims"]),
        caveat=curves.attrs["caveat"],
    )


# -- around the launch -----------------------------------------------------------------------------


def _releases(tables: Tables) -> Section:
    releases = tables["llama_releases"]
    major: Any = releases[releases["days_since_major"].notna()].drop_duplicates("major")
    spans = major["days_since_major"].astype(int).tolist()
    last = releases.iloc[-1]
    longer = "each longer than the last" if spans == sorted(spans) else "not each longer than the last"
    says = [
        (
            f"From one major version to the next it took {', '.join(map(str, spans[:-1]))} and then {spans[-1]} days:"
            f" {longer}. Llama {last['major']} came on {_day(last)}, a {last['weekday']}."
        ),
    ]
    return _section(
        "releases",
        f"{spans[-1]} days after the major version before, on a {last['weekday']}",
        says,
        table=releases.drop(columns=["source"]),
        caption="Releases of the Llama family",
        digits=0,
        chart=partial(_chart, charts.timeline_chart, releases),
        source=sources(releases),
        caveat=releases.attrs["caveat"],
    )


def _variants(tables: Tables) -> Section:
    private, shown = tables["private_variants"], tables["arena_displayed"]
    reported = private[(private["unit"] == "variants") & private["what"].str.contains("Meta")].iloc[0]
    number = int(reported["number"])
    first = shown[shown["model"].map(ARENA_NAMES) == "experimental"].sort_values("date").iloc[0]
    half = (first["high"] - first["low"]) / 2
    found = figures.variants(number, half)
    gap: Any = figures.gaps(tables["arena_ratings"])
    gap = gap[(gap["category"] == "full") & (gap["date"] == BOTH_DAY)].iloc[0]
    unit = float(figures.variants(number, 0.0, [1.0])["gain"].iloc[0])
    drift = figures.drift(tables["arena_ratings"], FIRST_DAY, BOTH_DAY)
    argument, reply = figures.selection_arguments(private).to_dict("records")
    noise, wide = found.iloc[0], found[found["sd_between"] == 15].iloc[0]
    says = [
        (
            f"{number} private variants before the launch were reported. Where the best of {number} is published, luck"
            f" alone adds {noise['gain']:.0f} points at the width of the first displayed interval (±{half:.0f}); with"
            f" a true spread of 15 points between variants it is {wide['gain']:.0f}, of which {wide['real']:.0f} are"
            " real: the best variant does please voters more."
        ),
        (
            f"To make the whole raw gap of {gap['gap_raw']:.0f} points by selection, variants would have to differ by"
            f" {gap['gap_raw'] / unit:.0f} points (standard deviation); for the {gap['gap_controlled']:.0f} that"
            f" remain with style controlled, by {gap['gap_controlled'] / unit:.0f}. How much they differed was not"
            " published."
        ),
        (
            f"On the size of such gains {argument['who']} give {argument['gain']:.0f} points for the best of"
            f" {argument['variants']}, {reply['who']} in reply {reply['gain']:.0f} for {reply['variants']} tests of"
            " 3,000 votes each, which fresh votes would undo. By this formula the first takes measured ratings that"
            f" spread by {argument['spread']:.0f} points, the second by {reply['spread']:.0f}, about the error of a"
            " rating from so many votes. What each of them assumed was not read here."
        ),
        (
            f"What luck there was would show in later votes: from {FIRST_DAY} to {BOTH_DAY} the experimental version's"
            f" own rating fell by {-drift['own']:.1f} points raw and {-drift['own_controlled']:.1f} controlled, the"
            f" {_place(drift['place'])}largest fall of {drift['models']} models (median {signed(drift['median'], 1)})."
        ),
        (
            "Selection and style are no rivals: choosing among variants by votes is one way to arrive at a style that"
            " wins them."
        ),
    ]
    return _section(
        "variants",
        f"The best of {number}: luck alone is worth about {noise['gain']:.0f} points",
        says,
        table=found,
        caption=f"What reporting the best of {number} adds, by the true spread between variants (Arena points)",
        digits=1,
        chart=partial(_selecting, half),
        source=sources(private),
        caveat="Variants are taken to be normal and tested alike, and the release to be like their mean, which nobody"
        f" has said. {private.attrs['caveat']}",
    )


def _place(place: int) -> str:
    return "" if place == 1 else f"{place}. "


def _selecting(half: float, width: int) -> Any:
    grown = selection_inflation([1, 2, 3, 5, 7, 10, 15, 20, 27], 15.0, half / 1.96)
    return charts.selection_chart(grown, sd_between=15.0, width=width)


def _claims(tables: Tables) -> Section:
    claims = tables["claims"]
    return _section(
        "claims",
        "What was claimed, and what was found since",
        [
            ("Each claim with when and by whom it was made, and beside it what was shipped or measured later; checked"
            " says whether the source of the claim itself was read, or a copy of it.")
        ],
        table=claims[["claim", "found", "by", "date", "topic", "found_date", "checked"]],
        caption="Claims about Llama 4",
        digits=1,
        source=sources(claims, claims[["found_source"]].set_axis(["source"], axis=1)),
        caveat=claims.attrs["caveat"],
    )


def _both_ways(tables: Tables) -> Section:
    gap: Any = figures.gaps(tables["arena_ratings"])
    gap = gap[(gap["category"] == "full") & (gap["date"] == BOTH_DAY)].iloc[0]
    rows = [
        (
            f"{gap['gap_raw']:.0f} points between two models called Maverick",
            "A model that nobody could download stood for one that everybody could.",
            "Another product of the same family was entered, and the announcement called it experimental.",
            "whether readers of the table could tell; the name on the board said Experimental",
        ),
        (
            f"{100 * gap['gone']:.0f} % of it goes with length and markdown",
            "Answers were tuned to please voters rather than to be right.",
            "Voters like full and structured answers, and to give them is to serve users.",
            "votes with correctness known: whether the style wins where the answer is wrong",
        ),
        (
            f"{gap['gap_controlled']:.0f} points remain",
            "Flattery and tone are not in Arena's control, and may be the rest.",
            "The experimental version may also have been better.",
            "the battles themselves, with these features measured (--battles)",
        ),
        (
            "benchmarks below what the rating suggests",
            "The rating was bought with style.",
            "Benchmarks and conversation measure different things, and providers were still mending their set-ups.",
            "the experimental version's own scores, which do not exist outside",
        ),
        (
            "many private variants",
            "The best of many was shown and the others were not.",
            "Testing before a launch is what a developer should do.",
            "the ratings of the variants that were not published",
        ),
    ]
    names = ["figure", "read as inflation", "read as optimisation", "what would tell them apart"]
    return _section(
        "both-ways",
        "The same figures, read both ways",
        ["None of these figures says what anyone intended. Each fits two stories."],
        table=pd.DataFrame(rows, columns=names),
        caption="Two readings",
        source=sources(tables["arena_ratings"][tables["arena_ratings"]["date"] == BOTH_DAY]),
        caveat="Readings are ours; figures are those above.",
    )


# -- what the sections share -----------------------------------------------------------------------


def _section(key: str, title: str, says: list[str], **rest: Any) -> Section:
    rest.setdefault("digits", 1)
    rest.setdefault("chart", None)
    return Section(key=key, title=title, says=says, exhibits=(), label=LABEL, **rest)


def _chart(draw: Callable[..., Any], *given: Any) -> Any:
    *frames, width = given
    return draw(*frames, width=width)


def _called(names: pd.Series) -> pd.Series:
    return names.map(lambda name: CATEGORIES.get(name, name))


def _day(row: Any) -> str:
    return f"{row['date']:%Y-%m-%d}"


def _points(row: Any, value: str, ends: str) -> str:
    return f"{row[value]:.1f} [{row[f'{ends}_low']:.0f}, {row[f'{ends}_high']:.0f}]"


def _range(frame: Any, column: str) -> str:
    return f"{frame[column].min():.1f} to {frame[column].max():.1f}"
