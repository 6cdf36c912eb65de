"""What votes say of the two versions, told section by section."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from llamastyle.errors import LlamaStyleError
from llamastyle.llama4.votes import Versions, beside_published, compare_by, profile
from llamastyle.regression.exhibits import known_marks, view_of
from llamastyle.regression.result import StyleResult
from llamastyle.regression.telling import account
from llamastyle.regression.wording import caveats, error_words, gap_words
from llamastyle.report import charts
from llamastyle.report.published_charts import gap_chart
from llamastyle.report.story import Exhibit, Section

__all__ = ["sections_on_votes"]

BY = ("category", "language")
VERDICTS = (
    "model", "battles", "win_rate", "inflation", "inflation_low", "inflation_high", "q_value", "verdict",
    "rating_plain", "rating", "parity_change", "change_low", "change_high", "note",
)  # fmt: skip
SMALLER = (
    "What a logit leaves out makes all of its figures smaller: without correctness, gaps and parts are somewhat below"
    " what they would be with it."
)
FITTED = "Fitted by llamastyle from the battles handed in."


def sections_on_votes(
    result: StyleResult, versions: Versions, ratings: pd.DataFrame, examples: int = 3, level: float = 0.95
) -> list[Section]:
    """The sections on the votes, in order; those that these battles cannot fill say why.

    Parameters
    ----------
    result : StyleResult
        Of the battles, with their features measured.
    versions : Versions
    ratings : DataFrame
        The published table ``arena_ratings``.
    examples : int
        Battles of each version that are shown.
    level : float
        Of the intervals.
    """
    made = [_battles(result, versions), _gap(result, versions)]
    if len(versions.present) == 2:
        made += [_by(result, versions, column, level) for column in BY if column in result.asked.columns]
    made += [_profile(result, versions, level), _published(result, ratings, versions)]
    made += [_examples(result, name, examples, versions) for name in versions.present if examples]
    return [section for section in made if section is not None]


def _label(versions: Versions) -> str:
    return "simulated votes" if versions.simulated else "from votes"


def _section(versions: Versions, key: str, title: str, says: list[str], **rest: Any) -> Section:
    filled = {"digits": 1, "chart": None, "table": None, "caption": "", "exhibits": (), "caveat": ""}
    filled |= {"source": FITTED, "label": _label(versions)} | rest
    return Section(key=key, title=title, says=says, **filled)


def _battles(result: StyleResult, versions: Versions) -> Section:
    table = result.asked.win_rates()
    own: Any = table[table["model"].isin(versions.present)]
    rows = {row["model"]: row for row in own.to_dict("records")}
    told = [
        f"{name} is in {rows[name]['battles']:,} of {len(result.asked):,} battles and wins"
        f" {100 * rows[name]['win_rate']:.1f} % of them (a tie is half a win)."
        for name in versions.present
    ]
    missing = [
        (
            f"There is no battle of {called}, so that the two cannot be compared on these votes; what can be said of"
            " the other one follows."
        )
        for called, name in zip(versions.called, (versions.first, versions.second), strict=True)
        if not name
    ]
    told_once = dict.fromkeys([*result.notes, *result.warnings])
    notes = [f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in told_once]
    said = [" ".join(told), *missing, " ".join(notes)]
    if versions.simulated:
        said.insert(
            0, "These votes are simulated: models, answers and votes are made, and what was planted is known."
        )
    return _section(
        versions,
        "votes",
        f"{len(result.asked):,} battles of {len(result.asked.models)} models",
        said,
        table=_verdicts(result, versions) if len(result.asked.models) > 1 else None,
        caption="Verdicts on all models: points of win rate in [0, 1], and Arena points",
        digits={"win_rate": 3, "parity_change": 3, "inflation": 0, "rating_plain": 0, "rating": 0, "q_value": 3},
    )


def _verdicts(result: StyleResult, versions: Versions) -> pd.DataFrame:
    """Verdicts, the two versions first; notes on columns that are not shown are left out."""
    table: Any = result.audit()[list(VERDICTS)]
    kept = [
        [part for part in note.split("; ") if not part.startswith(("distance", "unusual"))]
        for note in table["note"]
    ]
    table = table.assign(note=["; ".join(parts) for parts in kept])
    own = table["model"].isin(versions.present)
    order = [*np.flatnonzero(own), *np.flatnonzero(~own)]
    return table.iloc[order].reset_index(drop=True)


def _gap(result: StyleResult, versions: Versions) -> Section | None:
    if len(versions.present) < 2:
        return _single(result, versions)
    first, second = versions.first, versions.second
    why = _why_not(result, versions)
    if why:
        return _section(
            versions,
            "vote-gap",
            "The two versions cannot be compared on these votes",
            [f"No comparison of the two: {why}"],
        )
    gap: Any = result.compare(first, second)
    rows = {row["block"]: row for row in gap[gap["group"] == ""].to_dict("records")}
    total, style = rows["total"], rows["style"]
    if np.isfinite(style["share"]):
        title = f"{100 * style['share']:.0f} % of a gap of {total['estimate']:.0f} points goes with style"
    else:
        title = f"A gap of {total['estimate']:+.0f} points, {style['estimate']:+.0f} of them with style"
    table = pd.concat(
        [gap.assign(scale="rating"), result.compare(first, second, scale="win_rate").assign(scale="win rate")]
    )
    errors = (
        "" if result.estimates is None else f"{error_words(result.estimates.clustering, result.settings.level)}."
    )
    return _section(
        versions,
        "vote-gap",
        title,
        [gap_words(result, first, second), gap_words(result, first, second, "win_rate"), errors],
        table=table[["scale", *(c for c in table if c not in ("scale", "std_error"))]],
        caption="The gap by part: Arena points, and win rates in [-1, 1]",
        digits=3,
        chart=partial(_waterfall, gap, f"{first} minus {second}"),
        caveat=" ".join([*caveats(result), SMALLER * ("correctness" not in rows)]).strip(),
    )


def _why_not(result: StyleResult, versions: Versions) -> str:
    if result.estimates is None:
        return f"Nothing could be estimated: {result.failure}."
    gone = [
        f"{name} has too little data: {result.dropped[name]}" for name in versions.present if name in result.dropped
    ]
    if gone:
        return f"{'; '.join(gone)}."
    gap: Any = result.compare(versions.first, versions.second)
    total = gap[gap["block"] == "total"].iloc[0]
    return "" if np.isfinite(total["std_error"]) else f"{total['note']}."


def _single(result: StyleResult, versions: Versions) -> Section | None:
    """What can be said of one version by itself."""
    name = versions.present[0]
    if result.estimates is None or name in result.dropped:
        why = result.dropped.get(name, result.failure)
        return _section(versions, "vote-gap", f"{name} has no rating on these votes", [f"{why}."])
    try:
        title, parts = account(result, name, "rating")
    except LlamaStyleError as error:
        return _section(versions, "vote-gap", f"{name} has no interval on these votes", [f"{error}."])
    row: Any = result.audit().set_index("model").loc[name]
    says = [
        (
            f"Against the field {row['inflation']:+.1f} points of its raw rating go with style"
            f" [{row['inflation_low']:.0f}, {row['inflation_high']:.0f}]; verdict: {row['verdict']}."
        ),
    ]
    return _section(
        versions, "vote-gap", title, says, table=parts.drop(columns=["model", "std_error"]), caption=title,
        chart=partial(_waterfall, parts, title), caveat=" ".join(caveats(result)),
    )  # fmt: skip


def _waterfall(parts: pd.DataFrame, title: str, width: int) -> Any:
    return charts.waterfall(parts, title, width=width)


def _by(result: StyleResult, versions: Versions, column: str, level: float) -> Section | None:
    found = compare_by(result.asked, column, versions, level)
    if len(found) < 2:
        return None
    known: Any = found[found["gap"].notna()]
    what = {"category": "categories", "language": "languages"}[column]
    if not len(known):
        return _section(
            versions, f"by-{column}", f"No single {column} has enough battles of both", [], table=_tidied(found),
            caption=f"By {column}",
        )  # fmt: skip
    clear: Any = known[known["share"].notna()]
    says = [
        f"Each of the {len(found)} commonest {what} is fitted by itself; {len(known)} have enough battles of both."
    ]
    says.append(_alike(known))
    if len(clear):
        low, high = clear.loc[clear["share"].idxmin()], clear.loc[clear["share"].idxmax()]
        says.append(
            f"The share of the gap that goes with style is from {100 * low['share']:.0f} % ({low['level']}) to"
            f" {100 * high['share']:.0f} % ({high['level']}), each with an interval of its own in the table."
        )
    drawn = pd.DataFrame(
        {
            "category": known["level"],
            "gap_raw": known["gap"],
            "raw_low": known["gap_low"],
            "raw_high": known["gap_high"],
            "gap_controlled": known["gap"] - known["style"],
            "controlled_low": np.nan,
            "controlled_high": np.nan,
        }
    )
    return _section(
        versions,
        f"by-{column}",
        f"The gap by {column}",
        says,
        table=_tidied(found),
        caption=f"The gap by {column}: Arena points; shares of the gap",
        digits={"share": 2},
        chart=partial(_drawn_gap, drawn, f"The gap by {column}, in all and without what goes with style"),
        caveat="Languages are those the data name; phrases are looked for in English." * (column == "language"),
    )


def _alike(known: Any) -> str:
    """Whether what goes with style differs between levels by more than chance (Cochran's Q)."""
    kept = known[known["style_low"].notna()]
    if len(kept) < 2:
        return "Too few have an interval to tell whether they differ."
    error = (kept["style_high"] - kept["style_low"]).to_numpy(float)
    value, weight = kept["style"].to_numpy(float), 1 / error**2
    scale = (2 * stats.norm.ppf(0.975)) ** 2  # intervals back to squared errors
    q = scale * float((weight * (value - (weight @ value) / weight.sum()) ** 2).sum())
    p = float(stats.chi2.sf(q, len(kept) - 1))
    says = "differ beyond chance" if p <= 0.05 else "do not differ beyond chance"
    return f"The points that go with style {says} between these levels (p = {p:.2f}, Cochran's Q)."


def _tidied(found: Any) -> pd.DataFrame:
    """The columns of a table by level that say something."""
    columns = ["level", "gap", "gap_low", "gap_high", "style", "style_low", "style_high", "share", "share_low"]
    columns += ["share_high", "battles", "battles_first", "battles_second"]
    return found[[*columns, *(["note"] if any(found["note"]) else [])]]


def _drawn_gap(frame: pd.DataFrame, title: str, width: int) -> Any:
    return gap_chart(frame, title=title, kinds=("in all", "without style"), width=width)


def _profile(result: StyleResult, versions: Versions, level: float) -> Section:
    found: Any = profile(result, versions, level)
    last = "difference" if len(versions.present) == 2 else found["version"].iloc[0]
    shown = found[found["version"] == last]
    clear = shown[(shown["low"] > 0) | (shown["high"] < 0)]
    if last == "difference":
        one, two = versions.called
        title = f"{one[:1].upper()}{one[1:]} differs from {two} in {len(clear)} of {len(shown)} features"
        if shown["low"].isna().all():
            title = f"{one[:1].upper()}{one[1:]} and {two}, feature by feature"
        says = [
            "Each beside the answers it met in the same battles, and the means of the two beside each other."
        ]
    else:
        title = f"How {last} answers, beside the {shown['battles'].iloc[0]:,} answers it met"
        says = ["The mean of its answers beside that of the answers it met in the same battles."]
    if shown["low"].isna().all():
        says.append("There are too few battles for intervals: these figures are of these answers only.")
    return _section(
        versions, "profile", title, says, table=found, caption="Means per answer, by feature", digits=2,
        caveat=f"{100 * level:g} % intervals, each feature by itself.",
    )  # fmt: skip


def _published(result: StyleResult, ratings: pd.DataFrame, versions: Versions) -> Section | None:
    both: Any = beside_published(result, ratings)
    if not len(both):
        return None
    day = f"{both['date'].iloc[0]:%Y-%m-%d}"
    raw, held = (
        both[a].corr(both[b]) for a, b in (("plain", "published_raw"), ("controlled", "published_controlled"))
    )
    says = [
        (
            f"{len(both)} models are in Arena's own table of {day}. Ratings of these votes agree with it at a"
            f" correlation of {raw:.2f} raw and {held:.2f} controlled; all are given from the mean of these models."
        ),
    ]
    return _section(
        versions, "published", "Beside what Arena published for the same models", says, table=both.drop(columns="date"),
        caption=f"Arena points from the common mean; published on {day}", digits=0,
        source="; ".join(dict.fromkeys(ratings.loc[ratings["date"] == both["date"].iloc[0], "source"])),
        caveat=str(ratings.attrs.get("caveat", "")),
    )  # fmt: skip


def _examples(result: StyleResult, name: str, n: int, versions: Versions) -> Section:
    frame = result.exhibits(name, n)
    groups, titles = known_marks()
    shown = [
        Exhibit(
            title=f"{row['model']} against {row['opponent']}",
            prompt=row["prompt"],
            vote=f"{row['model']}: {row['vote']}" + _worth(row["style"]),
            sides=[
                (row["model"], view_of(row["text"], row["spans"], LONGEST)),
                (row["opponent"], view_of(row["other_text"], row["other_spans"], LONGEST)),
            ],
            groups=groups,
            titles=titles,
        )
        for row in frame.to_dict("records")
    ]
    says = ["Won battles in which style favoured it most come first; the examples are chosen for that, not drawn."]
    if not shown:
        says = ["These battles have no texts to show."]
    key = "examples-first" if name == versions.first else "examples-second"
    return _section(versions, key, f"Battles of {name}, marks highlighted", says, exhibits=shown)


def _worth(style: float) -> str:
    return f" (style is worth {style:+.2f} log-odds here)" if np.isfinite(style) else ""


LONGEST = 3_000
"""Code points of an answer that an example shows."""
