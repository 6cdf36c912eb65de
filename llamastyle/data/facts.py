"""Published figures, each with its date and source: what others measured, said and released.

The tables that come from ../shared are made by ``_build_facts.py``; the others are typed by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llamastyle.errors import DataError
from llamastyle.options import nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["published"]

FOLDER = Path(__file__).with_name("csv")
DATES = ("date", "found_date")
COUNTS = ("cases", "claimed_tokens", "major", "models", "rank", "tokens", "votes")
MISSING_COUNTS = ("rank_style_controlled",)
NUMBERS = (
    *(
        "rating",
        "low",
        "high",
        "coefficient",
        "pass_rate_1",
        "pass_rate_2",
        "well_formed",
        "cost_usd",
        "score",
    ),
    *("reasoning", "coding", "mathematics", "data_analysis", "language", "instruction_following", "average"),
    *("confab_pct", "nonresponse_pct", "weighted", "number"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """What a table holds and what one must know to read it.

    Attributes
    ----------
    what, sources, caveat : str
        ``sources`` in words; each row has its own in the column ``source``.
    """

    what: str
    sources: str
    caveat: str


TABLES = {
    "arena_ratings": Table(
        "Arena ratings and ranks on the raw and the style-controlled board: every model at five snapshots over all"
        " prompts, the Llama 4 models in every category at every snapshot",
        "LMArena's rating history, lmarena/arena-catalog; rank and models are counted in the same files",
        "The anchors of the two boards differ, and that of the style-controlled one moved between 2025-05-13 and"
        " 2025-05-20: only differences between models within one board and date compare. A difference between"
        " boards is one of coefficients of nested logits, not of a causal effect. The experimental and the released"
        " Maverick met different opponents on different prompts, and almost never each other.",
    ),
    "arena_displayed": Table(
        "The Arena table as it was shown to readers: all of it at three dates of April 2025, Maverick's rows at"
        " every other",
        "copies of the displayed table by version, fboulnois/llm-leaderboard-csv",
        "The date is that of the copied version. Ratings are rounded, low and high are the printed plus and minus."
        " The displayed rank counts the models whose interval lies wholly above, so several models share one; the"
        " ranks of arena_ratings go by rating alone. From 2025-07-27 on another table is copied, which lists the"
        " experimental version again: its rank is the bare order of ratings, and what it calls a rank under style"
        " control ranks the same ratings by their intervals and is left out here.",
    ),
    "style_coefficients": Table(
        "Coefficients of style features that Arena published",
        "posts of lmarena/lmarena.github.io, a notebook of lmarena/arena-rank",
        "Features are relative differences of the two answers, brought to one spread; coefficients are on the logit."
        " Each fit has its own battles and scaling, so those of different fits do not compare, and those of"
        " arena-rank's notebook come from another penalty. None is printed with its error.",
    ),
    "aider_polyglot": Table(
        "Aider's polyglot benchmark: exercises in six programming languages solved at the first and within two"
        " attempts, in per cent",
        "the leaderboard's file in Aider-AI/aider",
        "One run of a model in one edit format; a cost of 0 means that none was charged or recorded. The released"
        " Maverick was reached through one provider a day after its release.",
    ),
    "long_context": Table(
        "Fiction.LiveBench: questions about a story, by the length of the story in tokens",
        "a transcription of the page of 2025-04-17",
        "A third-party transcription. At most 36 questions a length, so one answer moves a score by almost three"
        " points. Empty cells are left out. Names are those of a router's interface, and which version or provider"
        " stood behind one is not said.",
    ),
    "livebench": Table(
        "LiveBench, questions of 2025-04-02, averages by category",
        "the site's table in LiveBench/livebench.github.io",
        "The average is over categories, each an average over its tasks. The date is that of the table, to which"
        " models were added one by one.",
    ),
    "confabulations": Table(
        "How often a model answers a question that the text does not answer, and does not answer one that it does,"
        " in per cent; weighted is half of each",
        "the table in lechmazur/confabulations",
        "Lower is better. Questions are kept when at least one model was wrong, so rates are higher than in use."
        " The date is that of the table; Llama 4 Maverick was added on 2025-04-07.",
    ),
    "long_context_later": Table(
        "Fiction.LiveBench, the two Llama 4 models as the same page had them some days later",
        "another transcription of the page, first found on 2025-04-23",
        "By hand, from a third party. The other models of both have equal scores, and this page has Gemini 2.5"
        " Flash besides, so this is the later state. Why the two changed is not said; steps of four points suggest"
        " fewer questions.",
    ),
    "llama_releases": Table(
        "When the Llama models came out, and how long after those before",
        "Meta's announcements and model cards",
        "By hand; weekday and days are computed from the dates. A major version is the number before the point.",
    ),
    "context_claims": Table(
        "How many tokens makers say their models can read, for models of long_context",
        "announcements, model cards and documentation of the makers",
        "By hand; checked says how far each was verified. A maker's claim is for the model: whoever served it in a test"
        " may have allowed fewer tokens. Models whose maker's figure was not found are missing.",
    ),
    "claims": Table(
        "What was said about Llama 4 at its release, and what was shipped or measured since",
        "the posts themselves, and our tables for what was found",
        "By hand; quotes are of at most eight words, checked says how far each was verified. What was found stands"
        " beside a claim and does not say why the two differ, nor what anyone meant.",
    ),
    "private_variants": Table(
        "How many variants were tested in private, and how much the best of many gains: the published argument and the"
        " reply",
        "The Leaderboard Illusion (Singh et al. 2025, arXiv 2504.20879) and LMArena's answer",
        "By hand; the paper was read in accounts of it, and its versions differ. What the best of many gains depends on"
        " how much the variants differ. LMArena says that the paper chose its spread freely; what its own figure"
        " assumes stands in a document that was not read. Neither figure is of Llama 4.",
    ),
    "model_names": Table(
        "One model's name in each table, empty where it has none",
        "the names in arena_ratings on 2025-04-24, aider_polyglot, livebench and long_context",
        "By hand: the same version, and the same mode of thinking unless the note says otherwise. Left out are names"
        " that may be another version, among them grok-3, gpt-4o of November 2024 and gemini-2.0-flash-lite. The"
        " experimental Maverick has no row: no benchmark has it.",
    ),
}


def published(name: str | None = None) -> pd.DataFrame:
    """A table of published figures, or the list of tables.

    Parameters
    ----------
    name : str, optional
        The name of a table. Without it, the list of them.

    Returns
    -------
    DataFrame
        Of a table: its rows, each with ``date`` and ``source``; ``attrs`` holds ``what`` and ``caveat``. Dates are
        datetimes, texts strings. That of ``long_context`` has a ``plot``.
        The list has ``name``, ``rows``, ``what``, ``sources`` and ``caveat``.

    Examples
    --------
    >>> import llamastyle as ls
    >>> aider = ls.published("aider_polyglot").set_index("model")
    >>> float(aider.loc["Llama 4 Maverick", "pass_rate_2"])
    15.6
    >>> ls.published()["name"].tolist()[:2]
    ['arena_ratings', 'arena_displayed']
    """
    import pandas as pd

    from llamastyle.report.drawable import ContextFrame

    if name is None:
        rows = [
            {"name": n, "rows": len(read_table(n)), "what": t.what, "sources": t.sources, "caveat": t.caveat}
            for n, t in TABLES.items()
        ]
        return pd.DataFrame(rows)
    if name not in TABLES:
        raise DataError(
            f"no published table is named {name!r}{nearest(name, TABLES)}; there are {', '.join(TABLES)}"
        )
    table = read_table(name)
    if name == "long_context":
        table = ContextFrame(table)
    table.attrs = {"what": TABLES[name].what, "caveat": TABLES[name].caveat}
    return table


def read_table(name: str) -> pd.DataFrame:
    """A shipped table with its types."""
    import pandas as pd

    table = pd.read_csv(FOLDER / f"{name}.csv", dtype=str, keep_default_na=False)
    for column in table.columns:
        if column in DATES:
            table[column] = pd.to_datetime(table[column])
        elif column in COUNTS:
            table[column] = table[column].astype("int64")
        elif column in MISSING_COUNTS:
            table[column] = table[column].replace("", "nan").astype(float).astype("Int64")
        elif column in NUMBERS:
            table[column] = table[column].replace("", "nan").astype(float)
    return with_days(table) if name == "llama_releases" else table


def with_days(releases: pd.DataFrame) -> pd.DataFrame:
    """Releases with their weekday, and the days since the one before and since the major version before."""
    date: Any = releases["date"]
    first = ~releases["major"].duplicated()
    days = {
        "weekday": date.dt.day_name(),
        "days_since_release": date.diff().dt.days,
        "days_since_major": date[first].diff().dt.days.reindex(releases.index),
    }
    columns = ["date", "model", "major", *days, "sizes", "source", "checked", "note"]
    return releases.assign(**days).reindex(columns=columns)
