"""``highlight()``: where in a text each marker stands.

The places come from the compiled pass that counts, so that a text has as many spans of a feature as ``extract``
counts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import FeatureError
from llamastyle.features import catalog
from llamastyle.features.counters import ARENA_COUNTERS, CATEGORIES, N_COUNTERS, Counter
from llamastyle.features.extraction import CHUNK_BYTES, notice, scanner
from llamastyle.features.feature import Feature, FeatureSet, Matches, Recipe
from llamastyle.features.phrase_tables import tables_with
from llamastyle.features.text import (
    TURN_JOIN,
    TextBatch,
    TextSource,
    arrow_texts,
    batch_from_arrow,
    check_no_nulls,
    outside_reasoning,
)
from llamastyle.options import Per, check_option, nearest
from llamastyle.report import marks
from llamastyle.report.browser import MOST, Browser, MarkedText, View

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

Array = NDArray[np.int64]
WITHOUT_PLACE = frozenset(
    {
        *(Counter.TURNS, Counter.CHARS, Counter.WORDS, Counter.PROSE_WORDS, Counter.SENTENCES),
        *(Counter.PARAGRAPHS, Counter.LINES, Counter.CODE_CHARS, Counter.MARKUP_CHARS, Counter.SYLLABLES),
        *(Counter.COMPLEX_WORDS, Counter.LONG_WORDS, Counter.LETTERS, Counter.WINDOW_TYPES, Counter.WINDOW_WORDS),
    }
)
"""What is counted but has no place that could be marked."""
PLACES = np.array([int(c) for c in Counter if c not in WITHOUT_PLACE])
LONGEST = 200
"""Code points of a span that a frame shows."""
SHOWN_TEXTS, SHOWN_CHARS = 20, 50_000
"""Texts and code points that a notebook or a terminal shows."""
FEWEST_WORDS = 50
"""Words that a text counts as at least, where marks are taken per 100 words."""
LONGEST_TEXT, MOST_MARKS = 10_000, 1_000
"""Code points and marks of a text that a browser shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Highlights:
    """Where in texts the markers stand; made by :func:`highlight`.

    A heading, list item, quote, table row or rule stands from its mark to the end of its line (a heading with a
    line below it from the start of its paragraph), a code block from fence to fence, a sycophantic opening or
    closing where the phrase is. Everything else stands where it is, its marks included.

    Attributes
    ----------
    texts : TextBatch
        The texts.
    row, start, end : int64 arrays, one value a span
        The text, and the code points of it. Ordered by row, then start, then longest first.
    feature : int64 array, one value a span
        Which of ``features`` it is.
    features : FeatureSet
        What was looked for.
    battles : bool
        Whether the texts are the sides of battles, side a and then side b of each.
    first : int
        The number by which the first battle or text is called.
    models : tuple of str
        Names of the models, where the source has them.
    model : int64 array, one value a text, or empty
        Which of ``models`` wrote it, -1 unknown.
    strip_think : bool
        Whether reasoning was left out.

    Examples
    --------
    >>> import llamastyle as ls
    >>> found = ls.highlight("Great question! 🎉")
    >>> print(found)
    [praise: Great question]! [emoji: 🎉]
    -- emoji 1, praise 1
    >>> found.to_frame()[["start", "end", "feature"]].values.tolist()
    [[0, 14, 'praise'], [16, 17, 'emoji']]
    """

    texts: TextBatch
    row: Array
    start: Array
    end: Array
    feature: Array
    features: FeatureSet
    battles: bool = False
    first: int = 0
    models: tuple[str, ...] = ()
    model: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    strip_think: bool = True

    def __len__(self) -> int:
        return len(self.row)

    def counts(self) -> dict[str, int]:
        """Spans by feature, of those that have any."""
        number = np.bincount(self.feature, minlength=len(self.features)).tolist()
        return {f.name: n for f, n in zip(self.features, number, strict=True) if n}

    def to_frame(self) -> pd.DataFrame:
        """One row a span: ``row, start, end, feature, group, text``.

        ``row`` is the text's place in what was handed in, ``start`` and ``end`` are in code points of the text as
        given, ``text`` is what stands there, cut after 200 code points. Of battles, row 0 is side a of the first,
        row 1 its side b, row 2 side a of the second, and so on.
        """
        import pandas as pd

        names = np.array(self.features.names, dtype=object)
        groups = np.array([f.group for f in self.features], dtype=object)
        spans: list[str] = []
        for _, (text, starts, ends, _) in self._views(None):
            spans += [_cut(text[a : min(b, a + LONGEST + 1)]) for a, b in zip(starts, ends, strict=True)]
        return pd.DataFrame(
            {
                "row": self.row,
                "start": self.start,
                "end": self.end,
                "feature": names[self.feature],
                "group": groups[self.feature],
                "text": pd.Series(spans, dtype=object),
            }
        )

    def to_html(self) -> str:
        """All texts with their marks, as a piece of HTML that needs nothing else."""
        return self._html(None)

    def to_text(self) -> str:
        """All texts with their marks in brackets."""
        return self._plain(None)

    def most(self, n: int = 20, *, by: str | Iterable[str] | None = None, per: Per = "text") -> Browser:
        """The most marked texts, side by side with a list of them.

        A place with several marks counts once. A text that stands in several rows, by one model, is shown once.

        Parameters
        ----------
        n : int
            How many texts, at most 200. Texts without a mark are never among them.
        by : str, or list of str
            The features, or groups of them, whose marks are counted; all that were looked for unless given.
        per : {"text", "words"}
            Most marks in a text, or per 100 words, where a text of fewer than 50 words counts as one of 50.

        Returns
        -------
        Browser
            Shows itself in a notebook and in a terminal; ``save("page.html")`` writes a page that needs nothing
            else, ``to_frame()`` has one row a text.

        Raises
        ------
        FeatureError
            For an ``n`` that is no number from 1 to 200, or what was not looked for.

        Examples
        --------
        >>> import llamastyle as ls
        >>> print(ls.highlight(["Yes.", "Great question! Yes 🎉"]).most(1, by="sycophancy"))
        The text with most marks of sycophancy, of 2; 1 has none.
        <BLANKLINE>
        1. text 1: 1 mark in 3 words (praise 1)
        [praise: Great question]! Yes 🎉
        """
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= MOST:
            raise FeatureError(f"n={n!r} is not a number of texts that can be shown; use 1 to {MOST}")
        check_option("per", per, Per)
        chosen = self._chosen(by)
        counted = np.isin(self.feature, [self.features.names.index(name) for name in chosen])
        row, start, end = self.row[counted], self.start[counted], self.end[counted]
        first = np.ones(len(row), dtype=bool)
        first[1:] = (np.diff(row) != 0) | (np.diff(start) != 0) | (np.diff(end) != 0)
        number = np.bincount(row[first], minlength=len(self.texts))
        words = _words(self.texts, self.strip_think)
        score = number if per == "text" else 100 * number / np.maximum(words, FEWEST_WORDS)
        rows = self._ranked(score, int(n))
        return Browser(
            texts=tuple(self._entry(row, int(number[row]), int(words[row]), same) for row, same in rows),
            groups=self._groups,
            titles=self._titles,
            off=frozenset(self.features.names) - frozenset(chosen),
            by="" if by is None else ", ".join([by] if isinstance(by, str) else by),
            per=per,
            total=len(self.texts),
            without=int((number == 0).sum()),
        )

    def _repr_html_(self) -> str:
        return self._html(SHOWN_CHARS)

    def __repr__(self) -> str:
        found = ", ".join(f"{name} {n}" for name, n in self.counts().items())
        return f"Highlights({_counted(len(self.texts), 'text')}, {_counted(len(self), 'span')}: {found or 'none'})"

    def __str__(self) -> str:
        return marks.as_printed(lambda: self._plain(SHOWN_CHARS), lambda: self._rich(SHOWN_CHARS))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        yield Text(self._plain(None)) if marks.without_colour(console) else self._rich(None)

    def _name(self, row: int) -> str:
        return f"battle {self.first + row // 2}, side {'ab'[row % 2]}" if self.battles else f"text {self.first + row}"

    @property
    def _groups(self) -> dict[str, str]:
        return {f.name: f.group for f in self.features}

    @property
    def _titles(self) -> dict[str, str]:
        return {f.name: f.definition for f in self.features}

    def _chosen(self, by: str | Iterable[str] | None) -> list[str]:
        """The features that ``by`` names, each by its own name or its group's."""
        asked = self.features.names if by is None else [by] if isinstance(by, str) else list(by)
        if not asked:
            raise FeatureError("by=[] names nothing to count; leave it out to count all marks")
        found: dict[str, None] = {}
        groups = self.features.groups
        for name in asked:
            if name not in self.features and name not in groups:
                known = (*self.features.names, *groups)
                raise FeatureError(
                    f"by={name!r} is not among what was looked for{nearest(name, known)}; that was "
                    f"{', '.join(dict.fromkeys(known))}; highlight(source, [...]) looks for others"
                )
            found |= dict.fromkeys([name] if name in self.features else groups[name])
        return list(found)

    def _model(self, row: int) -> str:
        return self.models[self.model[row]] if len(self.model) and self.model[row] >= 0 else ""

    def _ranked(self, score: NDArray[Any], n: int) -> list[tuple[int, int]]:
        """The rows of the highest scores, and in how many more rows the same text by the same model stands."""
        chosen: dict[tuple[str, str], list[int]] = {}
        last = 0.0
        for row in np.argsort(-score, kind="stable").tolist():
            if score[row] <= 0 or (len(chosen) == n and score[row] < last):
                break
            rows = chosen.get(key := (self.texts.text(row), self._model(row)))
            if rows is not None:
                rows.append(row)
            elif len(chosen) < n:
                chosen[key], last = [row], score[row]
        return [(rows[0], len(rows) - 1) for rows in chosen.values()]

    def _entry(self, row: int, number: int, words: int, same: int) -> MarkedText:
        """What a browser shows of a text, cut where it grows too long."""
        text = self.texts.text(row)
        a, b = np.searchsorted(self.row, (row, row + 1)).tolist()
        room = min(LONGEST_TEXT, int(self.start[a + MOST_MARKS])) if b - a > MOST_MARKS else LONGEST_TEXT
        view = self._view(row, text, room)
        cut, unseen = len(text) - len(view[0]), b - a - len(view[1])
        left = [_counted(cut, "more character")] * (cut > 0) + [_counted(unseen, "more mark")] * (unseen > 0)
        names, count = np.unique(self.feature[a:b], return_counts=True)
        return MarkedText(
            row=row,
            place=self._name(row),
            model=self._model(row),
            marks=number,
            words=words,
            counts={self.features.names[k]: n for k, n in zip(names.tolist(), count.tolist(), strict=True)},
            view=view,
            left=" with ".join(left),
            same=same,
        )

    def _view(self, row: int, text: str, room: int) -> View:
        """A text, cut where there is no more room, with the starts, ends and labels of its spans."""
        a, b = np.searchsorted(self.row, (row, row + 1)).tolist()
        side = "right" if len(text) <= room else "left"
        here = slice(a, a + int(np.searchsorted(self.start[a:b], room, side=side)))
        ends = np.minimum(self.end[here], room).tolist()
        return text[:room], self.start[here].tolist(), ends, [self.features.names[k] for k in self.feature[here]]

    def _views(self, limit: int | None) -> Iterator[tuple[int, View]]:
        """Row and view of one text after the other, as far as there is room."""
        for row in range(len(self.texts)):
            if limit is not None and (row >= SHOWN_TEXTS or limit <= 0):
                return
            text = self.texts.text(row)
            yield row, self._view(row, text, len(text) if limit is None else limit)
            limit = None if limit is None else limit - len(text)

    def _left_out(self, limit: int | None) -> str:
        """What there is no room for, or nothing."""
        if limit is None:
            return ""
        shown = [(row, len(view[0])) for row, view in self._views(limit)]
        rest = len(self.texts) - len(shown)
        cut = len(self.texts.text(shown[-1][0])) - shown[-1][1] if shown else 0
        left = [_counted(cut, "more character")] * (cut > 0) + [_counted(rest, "more text")] * (rest > 0)
        return " and ".join(left)

    def _html(self, limit: int | None) -> str:
        groups, titles, several = self._groups, self._titles, len(self.texts) > 1
        head = f"<style>{marks.stylesheet(len(groups))}</style>"
        legend = marks.legend_html(self.counts(), groups, titles)
        body = [
            f'{f"<div>{self._name(row)}</div>" if several else ""}<div class="llamastyle-marks">'
            f"{marks.marked_html(*view, groups, titles)}</div>"
            for row, view in self._views(limit)
        ]
        left = self._left_out(limit)
        more = f"<p>{left}; to_html() has all</p>" if left else ""
        return f'<div class="llamastyle">{head}{legend}{"".join(body)}{more}</div>'

    def _plain(self, limit: int | None) -> str:
        several = len(self.texts) > 1
        out = [f"{self._name(row)}: " * several + marks.marked_plain(*view) for row, view in self._views(limit)]
        left = self._left_out(limit)
        out += [f"({left}; to_text() has all)"] * bool(left)
        return "\n".join([*out, marks.legend_rich(self.counts(), self._groups).plain])

    def _rich(self, limit: int | None) -> Text:
        from rich.text import Text

        several = len(self.texts) > 1
        out = [
            Text.assemble((f"{self._name(row)}: " * several, "dim"), marks.marked_rich(*view, self._groups))
            for row, view in self._views(limit)
        ]
        left = self._left_out(limit)
        out += [Text(f"({left}; to_text() has all)", "dim")] * bool(left)
        return Text("\n").join([*out, marks.legend_rich(self.counts(), self._groups)])


def highlight(source: Any, features: Any = None, *, strip_think: bool = True) -> Highlights:
    """Find where in texts each marker stands.

    A text has as many spans of a feature as :func:`extract` counts. A density (``bold_per_100_words``) is shown
    by what it is a density of; of a preset, what has no place (``words``) is left out.

    Parameters
    ----------
    source : str, list, Series, Arrow array, Responses or Battles
        The texts.
    features : preset, name, Feature, or list of names and Features
        The markers of ``DEFAULT`` unless given, with the categories of sycophancy each by its name. A ``pattern``
        is shown by its matches.
    strip_think : bool
        Look for nothing in reasoning in ``<think>...</think>``.

    Returns
    -------
    Highlights
        Shows itself in a notebook and in a terminal; ``to_frame()`` has one row a span.

    Raises
    ------
    FeatureError
        For a feature asked for by name that has no place in a text, an unknown feature, or a row without text.

    Examples
    --------
    >>> import llamastyle as ls
    >>> print(ls.highlight("- **Great question!** 🎉", ["bold", "praise"]))
    - [bold: **[praise: Great question]!**] 🎉
    -- bold 1, praise 1
    """
    wanted = _default() if features is None else _wanted(features)
    sides = source.rows if isinstance(source, TextSource) else None
    if isinstance(source, TextSource):
        texts, turns = source.texts, source.turn_starts
        if sides is not None:
            at = np.column_stack(sides).ravel()
            texts, turns = texts.take(at), None if turns is None else turns.take(at)
        check_no_nulls(texts)
        batch = batch_from_arrow(texts, turns)
    else:
        batch = batch_from_arrow(arrow_texts(source))
    found = [np.empty((0, 4), dtype=np.int64)]
    found += _counted_places(batch, wanted, strip_think)
    for k, feature in enumerate(wanted):
        if isinstance(feature.how, Matches):
            found += _matches(batch, feature.how, k, strip_think)
    spans = np.concatenate(found)
    row, feature, start, end = spans[np.lexsort((spans[:, 1], -spans[:, 3], spans[:, 2], spans[:, 0]))].T
    return Highlights(
        texts=batch,
        row=row.copy(),
        start=start.copy(),
        end=end.copy(),
        feature=feature.copy(),
        features=wanted,
        battles=sides is not None,
        models=tuple(getattr(source, "models", ())),
        model=_models(source),
        strip_think=strip_think,
    )


def markers(*names: str) -> list[str]:
    """The features that are marked unless others are asked for, and those of some names or groups."""
    found = _default()
    chosen = list(found.names)
    for name in names:
        if name not in found.groups:
            chosen += [f.name for f in catalog.ALL if f.group == name and _shown_as(f) is f] or [name]
    return list(dict.fromkeys(chosen))


def _models(source: Any) -> Array:
    """Which of the source's models wrote each text; empty where it has no models."""
    if not hasattr(source, "models"):
        return np.empty(0, dtype=np.int64)
    if source.rows is None:
        return source.model
    return np.column_stack((source.model_a, source.model_b)).ravel()


def _words(batch: TextBatch, strip_think: bool) -> Array:
    """Words of each text."""
    count = scanner(batch, frozenset({Counter.WORDS}), strip_think, sys.stderr.isatty())
    return np.concatenate(
        [np.empty(0, dtype=np.int64), *(count(*rows)[:, Counter.WORDS] for rows in batch.chunks(CHUNK_BYTES))]
    )


# -- which features ------------------------------------------------------------------------------------------


def _counters(feature: Feature) -> tuple[Counter, ...]:
    """The counters whose places are the feature's, or none."""
    recipe = feature.how
    if not isinstance(recipe, Recipe) or recipe.function is not None:
        return ()
    found = tuple(Counter[name.upper()] for name in recipe.counts)
    return () if WITHOUT_PLACE & set(found) else found


def _shown_as(feature: Feature) -> Feature | None:
    """The feature that is marked for this one: for a density, what it is a density of; ``None`` has no place."""
    if isinstance(feature.how, Matches):
        return feature
    if not isinstance(feature.how, Recipe) or not _counters(feature):
        return None
    if not feature.how.per:
        return feature
    counts = Recipe(feature.how.counts, phrases=feature.how.phrases)
    return next((f for f in (*catalog.ALL, *catalog.ARENA_WORDS) if f.how == counts), feature)


def _default() -> FeatureSet:
    """The markers of DEFAULT, and the categories of sycophancy in place of their sum."""
    names = [f.name for f in catalog.DEFAULT if _shown_as(f) is f and f.name != "sycophancy"]
    return FeatureSet.of([*names, *CATEGORIES])


def _wanted(features: Any) -> FeatureSet:
    """What to mark; an error for what is asked for by name and has no place."""
    found: dict[str, Feature] = {}
    for feature, by_name in _asked(features):
        shown = _shown_as(feature)
        if shown is not None:
            if found.setdefault(shown.name, shown).how != shown.how:
                raise FeatureError(f"two features are called {shown.name!r}; each name stands for one mark")
        elif by_name:
            raise FeatureError(
                f"{feature.name!r} has no place in a text that could be marked; there are "
                f"{', '.join(f.name for f in (*catalog.ALL, *catalog.ARENA_WORDS) if _shown_as(f) is f)}, "
                "and what pattern() makes"
            )
    if not found:
        raise FeatureError("none of the features has a place in a text that could be marked; name one, as 'bold'")
    return FeatureSet(found.values())


def _asked(features: Any) -> Iterator[tuple[Feature, bool]]:
    """The features asked for, and whether by name rather than in a set."""
    if isinstance(features, (str, Feature)):
        chosen = FeatureSet.of(features)
        preset = isinstance(features, str) and features.lower() in catalog.PRESETS
        yield from ((feature, not preset) for feature in chosen)
    elif isinstance(features, FeatureSet) or not isinstance(features, Iterable):
        yield from ((feature, False) for feature in FeatureSet.of(features))
    else:
        for item in features:
            yield from _asked(item)


# -- where they stand ----------------------------------------------------------------------------------------


def _counted_places(batch: TextBatch, features: FeatureSet, strip_think: bool) -> list[Array]:
    """Row, feature, start and end (in code points) of all that the compiled pass counts, chunk by chunk."""
    lists: dict[str, list[tuple[int, tuple[Counter, ...]]]] = {}
    for k, feature in enumerate(features):
        if isinstance(feature.how, Recipe):
            lists.setdefault(feature.how.phrases, []).append((k, _counters(feature)))
    found = []
    for phrases, wanted in lists.items() if len(batch) else ():
        arena = any(counter in ARENA_COUNTERS for _, counters in wanted for counter in counters)
        for begin, end in batch.chunks(CHUNK_BYTES):
            places = _places(batch, begin, end, arena, strip_think, phrases)
            for k, counters in wanted:
                part = places[np.isin(places[:, 1], counters)]
                part[:, 1] = k
                found.append(part)
    return found


def _places(
    batch: TextBatch,
    begin: int,
    end: int,
    arena: bool,
    strip_think: bool,
    phrases: str,
) -> Array:
    """Row, counter, start and end (in code points) of what was counted in a range of rows."""
    from llamastyle.features import kernel

    counts = np.empty((end - begin, N_COUNTERS), dtype=np.int64)

    def scan(room: Array) -> tuple[Array, Array]:
        """The marks, with so many rows of room for each text, and where each text's begin."""
        starts = np.concatenate(([0], np.cumsum(room))).astype(np.int64)
        found = np.zeros((int(starts[-1]), 3), dtype=np.int64)
        args = (batch.data, batch.offsets, batch.turns, batch.turn_offsets, begin, end, strip_think, arena)
        with np.errstate(over="ignore"):  # as in the scanner of extraction
            kernel.scan_spans(*args, tables_with(phrases), counts, found, starts)
        return found, starts

    with notice(True, "scan_spans"):
        scan(np.ones(end - begin, dtype=np.int64))  # counts alone
    totals = counts[:, PLACES].sum(axis=1)
    found, starts = scan(totals + 1)
    row = np.repeat(np.arange(begin, end), totals)
    found = np.delete(found, starts[:-1], axis=0)
    marked = np.zeros_like(counts)
    np.add.at(marked, (row - begin, found[:, 0]), 1)
    if not np.array_equal(marked[:, PLACES], counts[:, PLACES]):
        raise RuntimeError("the spans found are not what was counted")
    first = batch.offsets[begin]
    lead = (batch.data[first : batch.offsets[end]] & 0xC0) != 0x80
    points = np.concatenate(([0], np.cumsum(lead)))
    base = batch.offsets[row] - first
    a, b = (points[base + found[:, k]] - points[base] for k in (1, 2))
    return np.stack([row, found[:, 0], a, b], axis=1).astype(np.int64)


def _matches(batch: TextBatch, pattern: Matches, feature: int, strip_think: bool) -> Iterator[Array]:
    """Row, feature, start and end of what a pattern matches, text by text."""
    for row in range(len(batch)):
        text, here, there = _prose(batch.turn_texts(row), strip_think)
        found = [match.span() for match in pattern.compiled.finditer(text)]
        if not found:
            continue
        start, end = np.array(found, dtype=np.int64).T
        last = np.maximum(end - 1, start)
        a, z = (at + (there - here)[np.searchsorted(here, at, side="right") - 1] for at in (start, last))
        b = np.where(end > start, z + 1, a)
        yield np.stack([np.full(len(a), row), np.full(len(a), feature), a, b], axis=1)


def _prose(turns: list[str], strip_think: bool) -> tuple[str, Array, Array]:
    """A text as patterns see it; where its pieces start in it, and where they start in the text as given."""
    kept, there, at = [""], [0], 0
    for k, turn in enumerate(turns):
        if k:
            kept.append(TURN_JOIN)
            there.append(at - len(TURN_JOIN))
        for start, end in outside_reasoning(turn) if strip_think else [(0, len(turn))]:
            kept.append(turn[start:end])
            there.append(at + start)
        at += len(turn) + len(TURN_JOIN)
    here = np.cumsum([0, *map(len, kept[:-1])])
    return "".join(kept), here, np.array(there)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" + "s" * (n != 1)
