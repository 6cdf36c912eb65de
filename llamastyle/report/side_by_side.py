"""Two answers that were compared, beside each other with their marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llamastyle.report import marks
from llamastyle.report.pages import markup

if TYPE_CHECKING:
    from llamastyle.report.browser import View

__all__ = ["Compared", "Exhibit", "compared", "shared_legend"]


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """One answer, or two that were compared, with its marks.

    Attributes
    ----------
    title, prompt, vote : str
        What is shown, what was asked, and who won; any of them may be empty.
    sides : sequence of (str, View)
        Who answered, and the text with the starts, ends and labels of its marks.
    groups, titles : mapping
        From each label to its group and to its definition, as `marked_html` takes them.
    note : str
        What there is to say of the vote.
    """

    title: str
    prompt: str
    vote: str
    sides: Sequence[tuple[str, View]]
    groups: Mapping[str, str]
    titles: Mapping[str, str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Side:
    name: str
    marked: Any


@dataclass(frozen=True, slots=True)
class Compared:
    """An exhibit as a page shows it: its prompt, its legend and its sides are markup."""

    title: str
    prompt: Any
    vote: str
    note: str
    legend: Any
    sides: tuple[_Side, ...]


def compared(exhibit: Exhibit, *, legend: bool = True) -> Compared:
    """The exhibit drawn; without its own legend where a page has one for all, and marks then only name themselves."""
    titles = exhibit.titles if legend else None
    sides = tuple(
        _Side(name, markup(marks.marked_html(*view, exhibit.groups, titles))) for name, view in exhibit.sides
    )
    own = markup(marks.legend_html(_counts([exhibit]), exhibit.groups, exhibit.titles)) if legend else ""
    prompt = markup(marks.marked_html(exhibit.prompt, [], [], [], {}, {}))  # which keeps its lines
    return Compared(exhibit.title, prompt, exhibit.vote, exhibit.note, own, sides)


def shared_legend(exhibits: Sequence[Exhibit]) -> Any:
    """One legend for exhibits that have the same groups and definitions; counts are of all of them."""
    return markup(marks.legend_html(_counts(exhibits), exhibits[0].groups, exhibits[0].titles))


def _counts(exhibits: Sequence[Exhibit]) -> dict[str, int]:
    found = Counter(label for exhibit in exhibits for _, view in exhibit.sides for label in view[3])
    return {label: found[label] for label in exhibits[0].groups if found[label]}
