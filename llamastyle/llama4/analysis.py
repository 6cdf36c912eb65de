"""maverick(): the Maverick-against-release analysis, from published figures and from votes."""

from __future__ import annotations

import html
import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.data.battles import Battles, with_texts
from llamastyle.data.hub import ARENA_140K
from llamastyle.data.readers import read_battles
from llamastyle.data.readers.files import SIMULATED
from llamastyle.errors import DataError
from llamastyle.llama4.figures import BENCHMARKS, all_published, gaps
from llamastyle.llama4.sections import ARENA_NAMES, BOTH_DAY, published_sections
from llamastyle.llama4.votes import Versions, find_versions, with_features
from llamastyle.llama4.votes_sections import sections_on_votes
from llamastyle.options import nearest
from llamastyle.regression.fitting import audit
from llamastyle.regression.result import StyleResult
from llamastyle.report.files import page_file
from llamastyle.report.story import Section, Story, render_story, story_text

if TYPE_CHECKING:
    import altair as alt

__all__ = ["MaverickAnalysis", "maverick"]

SECTIONS = (
    "ranks", "gap", "categories", "standing", "prices", "benchmarks", "choices", "context", "releases", "variants",
    "claims", "both-ways", "votes", "vote-gap", "by-category", "by-language", "profile", "published",
)  # fmt: skip
"""Sections with a table; those from ``votes`` on are of votes."""
LICENCE = (
    "Figures say what is associated with style, in published tables or in votes. None of them is an experiment, and"
    " none says what anyone intended."
)
PUBLISHED = ("import llamastyle as ls", "ls.maverick().report('maverick.html')")


CLOSING = (
    ("Shown: two models called Maverick stood far apart on one board; more than half of that went with length and"
     " markdown;"
    " no other model of the day had its two ratings as far apart; the released one scored on benchmarks like models"
    " rated lower. With style controlled the excess over these benchmarks is no longer unusual."),
    ("Not shown: that the rest of the gap is quality, or that it is not; that style caused the votes; what the"
    f" experimental version would have scored on {', '.join(b.replace('_', ' ') for b in BENCHMARKS)}; what anyone"
    " intended."),
)
OF_VOTES = "Shown: what goes with style in these votes. Not shown: that style caused them, or what anyone intended."
OF_SIMULATED = "Simulated votes show that the method finds what was planted. They say nothing of any real model."


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MaverickAnalysis:
    """The analysis, section by section; made by `maverick`.

    Attributes
    ----------
    story : Story
        Sections with words, frame, chart, source and caveat.
    result : StyleResult or None
        The fit of the votes that were handed in.
    versions : Versions or None
        What the two versions are called there.

    Examples
    --------
    >>> import llamastyle as ls
    >>> found = ls.maverick()
    >>> found.tables["gap"][["gap_raw", "gap_controlled"]].round(1).values.tolist()[0]
    [129.9, 52.3]
    """

    story: Story
    result: StyleResult | None = None
    versions: Versions | None = None

    @property
    def sections(self) -> tuple[str, ...]:
        """The keys of the sections, in order."""
        return tuple(section.key for section in self.story.sections)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The frame behind each section that has one, by its key."""
        return {s.key: s.table for s in self.story.sections if s.table is not None}

    def __getitem__(self, key: str) -> Section:
        """A section by its key; it shows itself in a notebook."""
        found = {section.key: section for section in self.story.sections}
        if key not in found:
            raise DataError(f"there is no section {key!r}{nearest(key, found)}; there are {', '.join(found)}")
        return found[key]

    def plot(self, key: str, *, width: int = 760) -> alt.LayerChart:
        """The chart of a section.

        Parameters
        ----------
        key : str
            A section that has one, such as ``"categories"``.
        width : int
            Pixels.
        """
        drawn = {s.key: s.chart for s in self.story.sections if s.chart is not None}
        if key not in drawn:
            raise DataError(f"no section {key!r} with a chart{nearest(key, drawn)}; there are {', '.join(drawn)}")
        return drawn[key](width)

    def summary(self, width: int = 80) -> str:
        """Every section as text for a terminal."""
        return story_text(self.story, width)

    def report(self, path: str | Path | None = None) -> Path | str:
        """The whole as one HTML page that needs nothing else.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it, whole or not at all; without one the page is returned as text.
        """
        return page_file(lambda: render_story(self.story), path, "maverick.html")

    def __repr__(self) -> str:
        return f"<MaverickAnalysis of {len(self.story.sections)} sections; see summary(), tables, plot(), report()>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        lede = "".join(f"<p>{html.escape(text)}</p>" for text in self.story.lede)
        rows = "".join(
            f"<li><b>{html.escape(s.title)}</b> (<code>{html.escape(s.key)}</code>, {html.escape(s.label)})</li>"
            for s in self.story.sections
        )
        return f"<h3>{html.escape(self.story.title)}</h3>{lede}<ol>{rows}</ol>"


def maverick(
    battles: Any = None,
    features: Any = None,
    *,
    hub: bool = False,
    versions: Sequence[str] | None = None,
    correctness: Any = None,
    examples: int = 3,
    level: float = 0.95,
    seed: int = 0,
) -> MaverickAnalysis:
    """Llama 4 Maverick, experimental against released: published figures, and votes where there are some.

    Parameters
    ----------
    battles : Battles or anything `read_battles` reads, optional
        Votes: the shards of arena-human-preference-140k, Arena's Maverick battles, or a file of your own. With
        Arena's own counts and no texts its four features are used.
    features : preset, list or FeatureSet, optional
        What is measured of the answers; by default what came with the data, else ``DEFAULT``.
    hub : bool
        Read arena-human-preference-140k from the Hugging Face hub (extra ``hub``); it is kept, so that the next
        time needs no network.
    versions : two names, optional
        Other models to set side by side, the first minus the second.
    correctness : pair of columns, path, frame, optional
        As in `read_battles`; without it style is not told from quality that goes with it.
    examples : int
        Battles of each version that are shown with their marks.
    level : float
        Level of the intervals.
    seed : int

    Returns
    -------
    MaverickAnalysis

    Raises
    ------
    DataError
        Battles without either version, both ``battles`` and ``hub``, or what cannot be read.

    Notes
    -----
    Every published figure is a row of `published`, with its source.

    Examples
    --------
    >>> import llamastyle as ls
    >>> print(ls.maverick().story.lede[0][:66])
    An experimental chat version of Llama 4 Maverick stood at rank 2 o
    """
    if hub and battles is not None:
        raise DataError("battles and hub both name votes; leave one of them out")
    if battles is None and not hub:
        if (versions, features, correctness, examples, level) != (None, None, None, 3, 0.95):
            raise DataError("options other than hub are of votes: hand in battles, or hub=True")
        tables = all_published()
        return MaverickAnalysis(_story(published_sections(tables), _lede(tables), PUBLISHED))
    if isinstance(examples, bool) or not isinstance(examples, int) or not 0 <= examples <= 20:
        raise DataError(f"examples={examples!r} must be a whole number from 0 to 20")
    if isinstance(battles, Battles) and correctness is not None:
        raise DataError("these battles are read already: join_correctness(battles, scores) adds correctness to them")
    given = (
        battles
        if isinstance(battles, Battles)
        else read_battles(ARENA_140K if hub else battles, correctness=correctness)
    )
    found = find_versions(given, versions)
    if SIMULATED in given.notes:
        found = replace(found, simulated=True)
    kept, left = with_texts(given)
    result = audit(with_features(kept, features), level=level, seed=seed)
    tables = all_published()
    sections = sections_on_votes(result, found, tables["arena_ratings"], examples, level)
    lede = [sections[1].says[0], *left]
    if not found.asked and not found.simulated:
        sections += published_sections(tables)
        lede += _lede(tables)
    options = {"features": features, "versions": versions, "correctness": correctness}
    options |= {"level": None if level == 0.95 else level, "examples": None if examples == 3 else examples}
    again = _again(battles, hub, {name: value for name, value in options.items() if value is not None})
    return MaverickAnalysis(_story(sections, lede, again, found), result, found)


def _lede(tables: dict[str, Any]) -> list[str]:
    shown = tables["arena_displayed"]
    by: Any = shown[shown["model"].isin(list(ARENA_NAMES))].sort_values("date", kind="stable")
    kinds = by["model"].map(ARENA_NAMES)
    first, came = by[kinds == "experimental"].iloc[0], by[kinds == "release"].iloc[0]
    gap: Any = gaps(tables["arena_ratings"])
    gap = gap[(gap["category"] == "full") & (gap["date"] == BOTH_DAY)].iloc[0]
    aider: Any = tables["aider_polyglot"].set_index("model")
    return [
        (
            f"An experimental chat version of Llama 4 Maverick stood at rank {first['rank']} of the Arena's table of"
            f" {first['date']:%Y-%m-%d} with {first['rating']:.0f} points. The version that was released under that"
            f" name came in on {came['date']:%Y-%m-%d} at rank {came['rank']} with {came['rating']:.0f}. By Arena's"
            f" rating history {gap['gap_raw']:.1f} points lay between them on {BOTH_DAY}, and"
            f" {gap['gap_controlled']:.1f} with length and markdown held equal: {100 * gap['gone']:.0f} % of the gap"
            f" goes with these. The release solved {aider.loc['Llama 4 Maverick', 'pass_rate_2']:.1f} % of Aider's"
            " polyglot exercises."
        ),
    ]


def _story(
    sections: Sequence[Section], lede: Sequence[str], again: Sequence[str], versions: Versions | None = None
) -> Story:
    title, label, closing = "Llama 4 Maverick: experimental against released", "", CLOSING
    if versions is not None and (versions.asked or versions.simulated):
        title = f"{versions.first} against {versions.second}"
        closing = (OF_VOTES,)
    if versions is not None and versions.simulated:
        title, label, closing = f"Simulated: {title}", "simulated votes", (OF_SIMULATED,)
    return Story(
        title=title,
        lede=list(lede),
        label=label,
        sections=list(sections),
        licence=LICENCE,
        reproduce=list(again),
        versions=_packages(),
        closing=list(closing),
    )


def _again(battles: Any, hub: bool, options: dict[str, Any]) -> list[str]:
    """Lines that make the page again, as far as they can be written down."""
    named = isinstance(battles, str | PathLike)
    given = ["hub=True" if hub else repr(str(battles)) if named else "battles"]
    lines = [PUBLISHED[0]]
    lines += ["# battles: those that were handed in"] * (not hub and not named)
    for name, value in options.items():
        shown = str(value) if isinstance(value, PathLike) else value
        if isinstance(shown, list) and all(isinstance(part, str) for part in shown):
            shown = tuple(shown)
        known = isinstance(shown, str | float | int | tuple)
        given.append(f"{name}={shown!r}" if known else f"{name}={name}")
        lines += [f"# {name}: what was handed in"] * (not known)
    return [*lines, f"ls.maverick({', '.join(given)}).report('maverick.html')"]


def _packages() -> dict[str, str]:
    names = ("llamastyle", "numpy", "scipy", "pandas")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}
