"""A page of sections that reads like an article: words, charts, frames and marked answers in, one text out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.errors import LlamaStyleError
from llamastyle.report import marks
from llamastyle.report.colours import DARK
from llamastyle.report.labels import decimals, ends
from llamastyle.report.page_tables import Cell, Table
from llamastyle.report.pages import Figure, drawn_figure, environment, linked, looks, markup
from llamastyle.report.side_by_side import Compared, Exhibit, compared
from llamastyle.report.tables import clean, left_out, text_table

if TYPE_CHECKING:
    import altair as alt


__all__ = ["Exhibit", "Section", "Story", "readable", "render_story", "story_text"]

MOST = 12
"""Rows of a table that stand open on the page, and rows that a terminal shows."""
SHOWN_CHARS = 600
"""Code points of an answer or a prompt that a terminal shows."""

_OWN = ("shown", "made")  # keys of the two sections that every story ends with


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One finding with what it rests on.

    Attributes
    ----------
    key : str
        What links to it are made of: small letters and hyphens.
    title : str
        The finding.
    says : sequence of str
        Paragraphs.
    chart : callable, optional
        Called with a width in pixels.
    table : DataFrame, optional
        The figures. ``x_low`` and ``x_high``, or ``low`` and ``high`` after an estimate, go into its cell.
    caption : str
        Of the table.
    digits : int or mapping of column to int
        Decimals of columns that are not whole; by default as many as their size asks for.
    source, caveat : str
        Where the figures come from, and what they cannot say. Addresses become links.
    exhibits : sequence of Exhibit
    label : str
        What kind of figures these are, such as ``"published figures"`` or ``"simulated votes"``.
    """

    key: str
    title: str
    says: Sequence[str] = ()
    chart: Callable[[int], alt.LayerChart] | None = None
    table: pd.DataFrame | None = None
    caption: str = ""
    digits: int | Mapping[str, int] | None = None
    source: str = ""
    caveat: str = ""
    exhibits: Sequence[Exhibit] = ()
    label: str = ""

    def __repr__(self) -> str:
        return f"<Section {self.key}: {clean(self.title)}>"

    def _repr_html_(self) -> str:
        """Words, a table that is short, exhibits, source and caveat, for a notebook; the chart shows itself."""
        short = self.table is not None and len(self.table) <= MOST
        part = _part(replace(self, chart=None, table=self.table if short else None))
        return environment().get_template("section.html").render(part=part, marks=_mark_styles([self]))


@dataclass(frozen=True, slots=True, eq=False)
class Story:
    """A title, what it comes to, its sections, and how to make it again.

    Attributes
    ----------
    title : str
    lede : sequence of str
        The answer first; further paragraphs after it.
    label : str
        What kind of figures the whole rests on.
    sections : sequence of Section
    licence : str
        Which words the figures allow.
    reproduce : sequence of str
        Lines that make the page again.
    versions : mapping of str to str
    closing : sequence of str
        What is and what is not shown.
    """

    title: str
    lede: Sequence[str]
    label: str
    sections: Sequence[Section]
    licence: str = ""
    reproduce: Sequence[str] = ()
    versions: Mapping[str, str] | None = None
    closing: Sequence[str] = ()


# -- the page --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """A section as a page shows it."""

    section: Section
    figure: Figure | None
    table: Table | None
    source: Any
    caveat: Any
    exhibits: tuple[Compared, ...]


def render_story(story: Story) -> str:
    """The story as one HTML text that asks for nothing outside itself.

    Raises
    ------
    LlamaStyleError
        A section's key is not made of small letters and hyphens, or is there twice.

    Examples
    --------
    >>> part = Section("gap", "The gap is <10>", ["Found."], source="https://example.org")
    >>> page = render_story(Story("A story", ["In short."], "published figures", [part]))
    >>> "The gap is &lt;10&gt;" in page, page.count("http")
    (True, 3)
    """
    _check_keys(story.sections)
    parts = [_part(section) for section in story.sections]
    return (
        environment()
        .get_template("story.html")
        .render(
            story=story,
            parts=parts,
            most=MOST,
            marks=_mark_styles(story.sections),
            dark_marks=marks.variables(DARK),
            **looks(),
        )
    )


def _mark_styles(sections: Sequence[Section]) -> Any:
    """What marks look like, where there are exhibits."""
    labels = [len(exhibit.groups) for section in sections for exhibit in section.exhibits]
    return markup(marks.stylesheet(max(labels))) if labels else ""


def readable(frame: pd.DataFrame, digits: int | Mapping[str, int] | None = None) -> pd.DataFrame:
    """The frame as it is read: columns named in words, intervals in the cell of their estimate, numbers as text.

    Examples
    --------
    >>> frame = pd.DataFrame({"model": ["x"], "gap": [129.94], "gap_low": [120.33], "gap_high": [139.5]})
    >>> readable(frame, 1).to_dict("records")
    [{'model': 'x', 'gap': '129.9 [120.3, 139.5]'}]
    """
    columns = list(_columns(frame, digits))
    return pd.DataFrame({k: column.texts for k, column in enumerate(columns)}).set_axis(
        [column.head for column in columns], axis=1
    )


def _check_keys(sections: Sequence[Section]) -> None:
    keys = [section.key for section in sections]
    for key in keys:
        if not re.fullmatch(r"[a-z](?:-?[a-z])*", key):
            raise LlamaStyleError(
                f"the key {key!r} of a section must be small letters and hyphens, such as 'by-category'"
            )
        if keys.count(key) > 1 or key in _OWN:
            why = "is the page's own" if key in _OWN else "is there twice"
            raise LlamaStyleError(f"the key {key!r} of a section {why}; give each section its own")


def _part(section: Section) -> _Part:
    table = section.table
    return _Part(
        section,
        None if section.chart is None else drawn_figure(section.chart),
        None if table is None or not len(table) else _table(table, section),
        linked(section.source),
        linked(section.caveat),
        tuple(map(compared, section.exhibits)),
    )


def _table(frame: pd.DataFrame, section: Section) -> Table:
    columns = list(_columns(frame, section.digits))
    rows = zip(
        *([Cell(linked(t), v) for t, v in zip(c.texts, c.values, strict=True)] for c in columns), strict=True
    )
    heads = tuple((c.head, c.number) for c in columns)
    return Table(section.caption or section.title, heads, tuple(rows))


# -- frames as they are read -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Column:
    """A column for reading: its head in words, its cells, and the numbers they are sorted by.

    ``number`` says that cells stand at the right and are never broken, which dates do too.
    """

    head: str
    number: bool
    texts: list[str]
    values: list[float | None]


def _columns(frame: pd.DataFrame, digits: int | Mapping[str, int] | None) -> Iterator[_Column]:
    """The columns with intervals folded into their estimate's."""
    spans = _spans(frame)
    hidden = {name for pair in spans.values() for name in pair}
    for name in frame.columns:
        if name in hidden:
            continue
        head, numbers = str(name).replace("_", " "), _numbers(frame[name])
        if numbers is None:
            words = [_plain(v) for v in frame[name]]
            dates = all(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|", w) for w in words)
            yield _Column(head, dates and any(words), words, [None] * len(frame))
            continue
        low, high = (_numbers(frame[end]) or [] for end in spans.get(name, (name, name)))
        places = _places(str(name), [*numbers, *low, *high], digits)
        cells = [_figure(v, places, str(name)) for v in numbers]
        if name in spans:
            cells = [c + ends(a, b, places) * bool(c) for c, a, b in zip(cells, low, high, strict=True)]
        yield _Column(head, True, cells, [None if math.isnan(v) else v for v in numbers])


def _spans(frame: pd.DataFrame) -> dict[Any, tuple[Any, Any]]:
    """From estimates to the columns of their intervals' ends.

    The ends of ``x`` are ``x_low`` and ``x_high``; those whose ``x`` is no column belong to the one column that
    ends in ``_x``, else to the one that they stand behind, as do ``low`` and ``high``.
    """
    names = [str(name) for name in frame.columns]
    numeric = {name for name in names if names.count(name) == 1 and _numbers(frame[name]) is not None}
    lows = [n for n in names if re.fullmatch(r"(?:.*_)?low", n) and {n, _upper(n)} <= numeric]
    taken = {end for low in lows for end in (low, _upper(low))}
    out: dict[Any, tuple[Any, Any]] = {}
    for low in lows:
        stem = low.removesuffix("low").rstrip("_")
        free = [name for name in names if name in numeric - taken - out.keys()]
        ending = [name for name in free if stem and name.endswith(f"_{stem}")]
        before = names[: names.index(low)][-1:]
        owner = [stem] if stem in free else ending if len(ending) == 1 else [n for n in before if n in free]
        if owner:
            out[owner[0]] = low, _upper(low)
    return out


def _upper(low: str) -> str:
    return low.removesuffix("low") + "high"


def _numbers(column: Any) -> list[float] | None:
    """A column of numbers with what is missing as NaN; None where it holds anything else, or nothing."""
    kept = column[column.notna()]
    if not len(kept) or not all(isinstance(v, Real) and not isinstance(v, bool) for v in kept.tolist()):
        return None
    return [math.nan if missing else float(v) for v, missing in zip(column, column.isna(), strict=True)]


def _places(name: str, numbers: Sequence[float], digits: int | Mapping[str, int] | None) -> int:
    if isinstance(digits, Mapping) and name in digits:
        return digits[name]
    finite = [v for v in numbers if math.isfinite(v)]
    if all(v == int(v) for v in finite):
        return 0
    return digits if isinstance(digits, int) else decimals(finite)


def _figure(value: float, places: int, name: str) -> str:
    """A number with its decimals, and with commas from 10,000 on, so that years and ratings have none."""
    if math.isnan(value):
        return ""
    if name in ("p_value", "q_value"):
        return "< 0.001" if value < 0.001 else f"{value:.3f}"
    text = f"{abs(value):{',' if abs(value) >= 10_000 else ''}.{places}f}"
    return f"−{text}" if value < 0 and any(c in "123456789" for c in text) else text


def _plain(value: Any) -> str:
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


# -- for a terminal --------------------------------------------------------------------------------


def story_text(story: Story, width: int = 80) -> str:
    """The story for a terminal, without its charts.

    Parameters
    ----------
    story : Story
    width : int
        Columns that no line is longer than.

    Examples
    --------
    >>> table = pd.DataFrame({"gap_raw": [129.9], "low": [120.1], "high": [139.2]})
    >>> part = Section("gap", "The gap", ["Found."], table=table)
    >>> print(story_text(Story("A story", ["In short."], "", [part])))
    A story
    =======
    <BLANKLINE>
    In short.
    <BLANKLINE>
    The gap (gap)
    -------------
    <BLANKLINE>
    Found.
    <BLANKLINE>
                 gap raw
    ────────────────────
    129.9 [120.1, 139.2]
    """
    blocks = [_heading(story.title, story.label, "=", width), *(_wrapped(p, width) for p in story.lede)]
    if story.licence:
        blocks.append(_wrapped(f"What the words mean: {story.licence}", width))
    for section in story.sections:
        blocks += _section_text(section, width)
    if story.closing:
        blocks += [_heading("What is and what is not shown", "", "-", width)]
        blocks += [_wrapped(p, width) for p in story.closing]
    return "\n\n".join(blocks)


def _section_text(section: Section, width: int) -> Iterator[str]:
    yield _heading(f"{section.title} ({section.key})", section.label, "-", width)
    for paragraph in section.says:
        yield _wrapped(paragraph, width)
    if section.table is not None and len(section.table):
        yield _table_text(section.table, section, width)
    for exhibit in section.exhibits:
        yield from _exhibit_text(exhibit, width)
    for kind, words in (("Source", section.source), ("Caveat", section.caveat)):
        if words:
            yield _wrapped(f"{kind}: {words}", width)


def _heading(title: str, label: str, line: str, width: int) -> str:
    from rich.cells import cell_len

    shown = _wrapped(title + f" [{label}]" * bool(label), width)
    return f"{shown}\n{line * max(map(cell_len, shown.splitlines()))}"


def _wrapped(text: str, width: int) -> str:
    """The text in lines of at most so many columns; its own line ends stay."""
    from rich.console import Console
    from rich.text import Text

    console = Console(width=width, color_system=None)
    lines = [
        line for part in text.splitlines() for line in Text(clean(part)).wrap(console, width, overflow="fold")
    ]
    return "\n".join(line.plain.rstrip() for line in lines)


def _table_text(frame: pd.DataFrame, section: Section, width: int) -> str:
    columns = list(_columns(frame, section.digits))
    shown: dict[str, list[str]] = {}
    for c in columns:
        room = max(len(c.head), *map(len, c.texts)) if c.number else 0
        shown[clean(c.head).rjust(room)] = [text.rjust(room) for text in c.texts[:MOST]]
    fold = [clean(c.head) for c in columns if not c.number]
    table = pd.DataFrame(shown)
    gone = left_out(table, width, fold)
    lines = [text_table(table.drop(columns=gone), width, fold)]
    if len(frame) > MOST:
        lines.append(f"({len(frame) - MOST} more rows; the page has all)")
    if gone:
        lines.append(_wrapped(f"(no room for {', '.join(n.strip() for n in gone)}; the page has all)", width))
    return "\n".join(lines)


def _exhibit_text(exhibit: Exhibit, width: int) -> Iterator[str]:
    heads = [exhibit.title, f"Asked: {_cut(exhibit.prompt)}" if exhibit.prompt else "", exhibit.vote]
    if any(heads):
        yield "\n".join(_wrapped(h, width) for h in heads if h)
    for name, (text, starts, stops, labels) in exhibit.sides:
        kept = [k for k, start in enumerate(starts) if start < SHOWN_CHARS]
        view = (
            text[:SHOWN_CHARS],
            [starts[k] for k in kept],
            [min(stops[k], SHOWN_CHARS) for k in kept],
            [labels[k] for k in kept],
        )
        more = " ..." if len(text) > SHOWN_CHARS else ""
        yield _wrapped(f"{clean(name)}:\n{marks.marked_plain(*view)}{more}", width)


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]} ..."
