"""The gallery: every chart with the code that made it. What is shown is the source of what runs here."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from llamastyle.report.tables import clean, markdown_table

__all__ = ["gallery_page"]


# -- what the charts are of: each function's body is shown, with its name for what it returns ------


@cache
def result() -> Any:
    arena = ls.simulate(
        12_000,
        14,
        style={"words": 0.7, "bold": 0.35, "headers": 0.2, "emoji": 0.15, "sycophancy": 0.25},
        seed=3,
    )
    return ls.fit(arena.battles)


@cache
def half_a_year() -> Any:
    months = []
    for month, price in enumerate((0.3, 0.3, 0.5, 0.5, 0.8, 0.8)):
        arena = ls.simulate(3000, 8, style={"words": price, "bold": 0.35, "emoji": 0.15}, seed=40 + month)
        votes = arena.battles.to_frame()
        votes["timestamp"] = pd.date_range(f"2025-{month + 1:02}-01", periods=len(votes), freq="10min")
        votes["voter"] = [f"{month}-{voter}" for voter in votes["voter"]]
        months.append(votes)
    return ls.fit(ls.read_battles(pd.concat(months), cluster="voter"))


@cache
def judged() -> Any:
    def judge(prompt: str, a: str, b: str) -> float:
        def likes(text: str) -> float:
            return np.tanh(text.count("**") / 8) + 0.08 * np.log1p(len(text)) - 0.4 * np.tanh(text.count("🎉") / 4)

        return 1 / (1 + np.exp(likes(b) - likes(a)))

    answers = ls.simulate(120, 4, texts=True, seed=1).battles
    return ls.audit_judge(judge, answers, {"add:bold": (1, 3, 6, 12), "add:emoji": (1, 3, 6), "strip:markdown": None})


# -- the charts ------------------------------------------------------------------------------------


def ladder(result: Any) -> Any:
    """Ratings as voted and controlled

    What style does to a leaderboard: each model's rating read off the votes, and with style held equal.
    """
    return result.plot("ladder")


def prices(result: Any) -> Any:
    """What each feature is worth

    Log-odds of winning for a typical difference between two answers, all else in the model held equal.
    """
    return result.plot("prices")


def waterfall(result: Any) -> Any:
    """One model in parts

    Groups of style add up to style, and the blocks to the rating. ``scale="win_rate"`` splits the win rate instead.
    """
    return result.plot("waterfall", "model-11")


def profile(result: Any) -> Any:
    """What style adds to whom

    One row a model, one column a group of features.
    """
    return result.plot("profile")


def shares(result: Any) -> Any:
    """Every rating in parts

    The bars of a model add up to its rating against the field.
    """
    return result.plot("shares")


def fit_shares(result: Any) -> Any:
    """What the fit says, in parts

    How much better than a coin the votes are foretold, and whose doing it is.
    """
    return result.plot("fit_shares")


def parity(result: Any) -> Any:
    """Win rates at equal style, in order

    What the regression expects if both answers of every battle had the same style.
    """
    return result.plot("parity")


def scatter(result: Any) -> Any:
    """Win rates at equal style, against those as voted

    The same figures for many models: names where style moves most.
    """
    return result.plot("scatter")


def timeline(half_a_year: Any) -> Any:
    """Prices over time

    Every month has strengths and prices of its own. ``by="category"`` and the like take another column.
    """
    return half_a_year.plot("timeline")


def effects(judged: Any) -> Any:
    """What edits do to a judge

    An experiment: the same answers with and without the edit, both orders.
    """
    return judged.plot()


def doses(judged: Any) -> Any:
    """More of an edit

    Edits given in several doses; the slope is on the right.
    """
    return judged.plot("doses")


def divergence() -> Any:
    """Better on one benchmark than the others warrant

    Published figures: the Arena's ratings against LiveBench's categories.
    """
    arena = ls.published("arena_ratings").query("board == 'raw' and category == 'full'")
    arena = arena[arena["date"] == "2025-04-24"]
    names = ls.published("model_names")[["arena", "livebench"]]
    scores = ls.published("livebench").rename(columns={"model": "livebench"}).drop_duplicates("livebench", keep="last")
    benchmarks = ["reasoning", "coding", "mathematics", "data_analysis", "language"]
    table = arena.rename(columns={"model": "arena"}).merge(names).merge(scores, on="livebench")
    table = table[["arena", "rating", *benchmarks]]
    return ls.divergence(table, "rating", model="arena").plot(target="Arena rating")


def context() -> Any:
    """Scores over the length of the context

    Published figures.
    """
    scores = ls.published("long_context")
    return scores.plot(["llama-4-maverick:free", "llama-4-scout:free"])


def selection() -> Any:
    """The best of many variants

    What privately testing several variants and reporting the best adds.
    """
    return ls.selection_inflation([1, 3, 9, 27], sd_between=15, se=6).plot()


DATA: tuple[Callable[[], Any], ...] = (result, half_a_year, judged)
CHARTS: tuple[Callable[..., Any], ...] = (
    ladder, prices, waterfall, profile, shares, fit_shares, parity, scatter, timeline, effects, doses, divergence,
    context, selection,
)  # fmt: skip


# -- the page --------------------------------------------------------------------------------------


def gallery_page(folder: Path) -> str:
    """Every chart with its code, as Markdown; the pictures are written to ``folder``."""
    made = {function.__name__: function for function in DATA}
    lines = ["```python", "import llamastyle as ls", "```"]
    told: set[str] = set()
    for chart in CHARTS:
        needs = [name for name in inspect.signature(chart).parameters if name not in told]
        told.update(needs)
        drawn = chart(*(made[name]() for name in inspect.signature(chart).parameters))
        title, _, words = inspect.cleandoc(chart.__doc__ or "").partition("\n\n")
        code = [f"{body(made[name], name)}\n" for name in needs] + [body(chart)]
        lines += ["", f"## {title}", "", words.replace("``", "`"), "", picture(chart.__name__, title, drawn, folder)]
        lines += ["", "```python", *"\n".join(code).splitlines(), "```"]
    return "\n".join([*lines, "", *beside_others(folder), ""])


def body(function: Callable[..., Any], name: str = "") -> str:
    """The code of a function: what it returns last stands alone, or is called ``name``."""
    source = inspect.getsource(inspect.unwrap(function))
    inside = source[source.index(":\n") + 2 :]
    if function.__doc__:
        inside = inside[inside.index('"""', inside.index('"""') + 3) + 4 :]
    lines = textwrap.dedent(inside).strip("\n").splitlines()
    last = max(i for i, line in enumerate(lines) if line.startswith("return "))
    lines[last] = (f"{name} = " if name else "") + lines[last].removeprefix("return ")
    return "\n".join(lines)


def picture(key: str, title: str, chart: Any, folder: Path) -> str:
    """The chart as a file beside the fragment, and the line that shows it."""
    import vl_convert

    path = folder / f"gallery-{key}.svg"
    drawn = vl_convert.vegalite_to_svg(chart.to_dict())
    if not path.exists() or path.read_text("utf-8") != drawn:
        path.write_text(drawn, "utf-8")
    said = " ".join(chart.to_dict()["title"]["text"])
    return f"![{clean(title)}: {clean(said)}](generated/fragments/{path.name})"


# -- beside others ---------------------------------------------------------------------------------


@cache
def published_boards() -> Any:
    def board(name: str) -> pd.DataFrame:
        rows = arena[arena["board"] == name].set_index("model")[["rating", "low", "high"]]
        return rows - rows["rating"].mean() + 1000

    arena = ls.published("arena_ratings").query("category == 'full'")
    arena = arena[arena["date"] == "2025-04-24"]
    raw, controlled = board("raw"), board("style_controlled")
    columns = {"rating": "rating_plain", "low": "rating_plain_low", "high": "rating_plain_high"}
    ratings = raw.rename(columns=columns).join(controlled.rename(columns={"low": "conf_low", "high": "conf_high"}))
    return ratings.reset_index().assign(rating_raw=np.nan)


def one_board(ratings: pd.DataFrame, most: int = 20) -> Any:
    """A leaderboard as it is usually drawn: one rating a model with its interval, the best first."""
    import altair as alt

    top = ratings.sort_values("rating", ascending=False).head(most)
    names = [clean(name) for name in top["model"]]
    rows = top.assign(model=names)[["model", "rating", "conf_low", "conf_high"]].to_dict("records")
    y = alt.Y("model:N", sort=names, title=None, axis=alt.Axis(labelLimit=280))
    base = alt.Chart(alt.Data(values=rows))
    rules = base.mark_rule().encode(y=y, x=alt.X("conf_low:Q", title="rating", scale=alt.Scale(zero=False)), x2="conf_high:Q")
    dots = base.mark_circle(size=50, opacity=1).encode(y=y, x="rating:Q")
    title = alt.Title(["Style-controlled ratings of the first 20"], anchor="start")
    return alt.layer(rules, dots).properties(width=360, height=20 * len(rows), title=title)


def both_boards(ratings: pd.DataFrame) -> Any:
    from llamastyle.report.charts import ladder

    return ladder(ratings, most=20)


def coefficients(result: Any) -> pd.DataFrame:
    """What statsmodels prints of the same design: a row a coefficient, models among them."""
    import statsmodels.api as sm

    design = result.design
    models = np.zeros((design.n, design.n_models + 1))
    rows = np.arange(design.n)
    np.add.at(models, (rows, design.a), 1.0)
    np.add.at(models, (rows, design.b), -1.0)
    x = np.column_stack([models[:, 1 : design.n_models], design.x])
    names = [*design.spec.models[1:], *(column.name for column in design.spec.columns)]
    fitted = sm.GLM(design.y, pd.DataFrame(x, columns=names), family=sm.families.Binomial()).fit()
    return fitted.summary2().tables[1]


SHOWN = (
    ("estimate and interval of each feature", "a row of `summary2()`", "no: a table without errors", "yes"),
    ("a drawing of them", "no (for linear models: one regressor against the residuals)", "no", "`prices`"),
    ("features in groups, with the unit of each", "no", "no", "yes"),
    ("ratings with intervals", "no: coefficients against the first model", "yes, drawn", "`ladder`"),
    ("as voted beside controlled, with what moves", "no", "no: two boards", "`ladder`"),
    ("which ranks the data allow", "no", "no", "`ratings()`, page"),
    ("what a rating is made of", "no", "no", "`waterfall`, `profile`, `shares`"),
    ("win rates at equal style", "no", "no", "`parity`, `scatter`"),
    ("errors that know of prompts and voters", "if asked for, one way of clustering or two", "no", "yes, by default"),
    ("gain on votes that were not seen", "no", "no", "`fit_shares`"),
    ("the finding in words above the chart", "no", "no", "yes"),
    ("what is left out, and how many", "no", "no", "in the subtitle"),
)


def beside_others(folder: Path) -> list[str]:
    """Ours and theirs for the same purpose: statsmodels on the same design, the Arena's board redrawn."""
    boards, table = published_boards(), coefficients(result())
    rates = result().design.n_models - 1
    few = pd.concat([table.iloc[:2], table.iloc[rates:]]).round(4).rename_axis("").reset_index()
    moved = (boards["rating"] - boards["rating_plain"]).abs()
    return [
        "## Beside statsmodels and the Arena", "",
        "The same purposes, drawn by others. statsmodels has no drawing of the coefficients of a logit; what it gives for",
        f"the fit at the top of this page is a table of {len(table)} rows, models and features alike. These are the first",
        f"two and the {len(table) - rates} last:",
        "", markdown_table(few), "",
        picture("theirs-prices", "Ours for the same fit", result().plot("prices", width=620), folder), "",
        "The Arena's leaderboard, as its notebook draws it, has one rating a model with its interval. This is one of its",
        f"two boards of 2025-04-24, redrawn from the published figures ({len(boards)} models):", "",
        picture("theirs-board", "One board", one_board(boards), folder), "",
        "From the same published figures, both boards in one drawing; each is moved so that its mean is 1000, since their",
        f"anchors differ. The median model moves by {moved.median():.0f} points:", "",
        picture("ours-boards", "Both boards", both_boards(boards), folder), "",
        "```python", body(published_boards, "ratings"), "", *body(both_boards).splitlines(), "```", "",
        "| what is shown | statsmodels 0.14 | arena-rank 0.1 | llamastyle |", "|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in SHOWN),
    ]  # fmt: skip
