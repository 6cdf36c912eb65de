"""The most marked texts of a table: a list beside the texts, as a page, in a notebook, in a terminal.

The page has no script: texts are chosen by radio buttons, between which arrow keys go, and marks are switched by
check boxes. Both sit in a form of their own, so that two browsers in one notebook do not share them.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llamastyle.report import marks
from llamastyle.report.colours import DARK, LIGHT
from llamastyle.report.files import write_whole
from llamastyle.report.tables import clean

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.text import Text

__all__ = ["MOST", "Browser", "MarkedText", "View"]

View = tuple[str, list[int], list[int], list[str]]
"""A text, and the starts, ends and labels of its marks."""

MOST = 200
"""Texts of a browser."""
SHOWN = 20
"""Texts of it that a notebook shows."""
SHOWN_CHARS = 1_000
"""Code points of a text that a terminal shows."""

_STYLESHEET = (
    ".ls-browser{display:grid;grid-template-columns:minmax(13em,24em) minmax(0,1fr);column-gap:1.5em;"
    "grid-template-rows:auto repeat(var(--n),auto) 1fr}"
    ".ls-browser>.ls-head{grid-column:1/-1;margin-bottom:.8em}"
    ".ls-browser>label{grid-column:1;display:flex;gap:.6em;align-items:baseline;padding:.35em .5em;cursor:pointer;"
    "border-left:3px solid transparent;border-bottom:1px solid color-mix(in srgb,currentColor 18%,transparent);"
    "overflow-wrap:anywhere}"
    ".ls-browser>label small{display:block;opacity:.8}"
    ".ls-browser>label input{margin:0;flex:none}"
    ".ls-browser>article{grid-column:2;grid-row:2/-1;align-self:start;position:sticky;top:0;overflow:auto;"
    "max-height:40em;padding:0 .2em;box-sizing:border-box}"
    ".ls-browser h2{font-size:1.05em;line-height:1.3;margin:.3em 0;overflow-wrap:anywhere}"
    ".ls-browser .ls-counts{margin:0;opacity:.8}"
    ".ls-browser .ls-left{font-style:italic}"
    ".ls-browser>label:has(:checked){border-left-color:currentColor;"
    "background:color-mix(in srgb,currentColor 8%,transparent)}"
    "@media (max-width:44em){.ls-browser{display:block}.ls-browser>article{position:static;max-height:none}}"
    "@supports selector(:has(a)){@media screen{.ls-browser>label:not(:has(:checked))+article{display:none}}}"
    "@supports not selector(:has(a)){.ls-browser>article{grid-column:1/-1;grid-row:auto;position:static}}"
    "@media print{.ls-browser{display:block}.ls-browser>label{display:none}"
    ".ls-browser>article{position:static;max-height:none}}"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root{{color-scheme:light dark;{light}}}
@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}:root .llamastyle{{{marks}}}}}
body{{margin:0 auto;max-width:84rem;padding:1.25rem;background:var(--paper);color:var(--ink);\
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}}
h1{{font-size:1.3rem;line-height:1.2;margin:0 0 .5rem;overflow-wrap:anywhere}}
header p{{margin:0 0 1rem}}
:focus-visible{{outline:2px solid var(--controlled);outline-offset:2px}}
@media (min-width:44.01em){{.ls-browser>article{{max-height:calc(100vh - 1rem)}}}}
@media print{{.ls-browser>article{{max-height:none}}}}
</style>
</head>
<body>
<header>
<h1>{title}</h1>
<p>{says}</p>
</header>
<main>
{browser}
</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class MarkedText:
    """One text of a browser.

    Attributes
    ----------
    row : int
        The text's place in what was handed in, as in ``Highlights.to_frame()``.
    place, model : str
        The same in words, and who wrote it; empty where nobody knows.
    marks, words : int
        Places that were counted, and words of the whole text.
    counts : mapping
        Marks by label, of all labels.
    view : View
        The text, or its beginning, with its marks.
    left : str
        What the view leaves out, or nothing.
    same : int
        In how many more rows the text stands.
    """

    row: int
    place: str
    model: str
    marks: int
    words: int
    counts: Mapping[str, int]
    view: View
    left: str = ""
    same: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Browser:
    """The most marked texts; made by ``Highlights.most``.

    Attributes
    ----------
    texts : tuple of MarkedText
        The most marked first.
    groups, titles : mapping
        From each label to its group and to its definition.
    off : frozenset of str
        Labels that were not counted: their marks are off until they are switched on.
    by : str
        What was counted, in words; nothing for all marks.
    per : {"text", "words"}
        Whether marks were taken as they are or per 100 words.
    total, without : int
        How many texts there were, and how many without what was counted.

    Examples
    --------
    >>> import llamastyle as ls
    >>> browser = ls.highlight(["Yes.", "**Great question!** 🎉"]).most(by=["praise", "emoji"])
    >>> browser.to_frame().to_dict("records")
    [{'row': 1, 'model': '', 'words': 2, 'marks': 2, 'per_100_words': 100.0, 'emoji': 1, 'praise': 1}]
    """

    texts: tuple[MarkedText, ...]
    groups: Mapping[str, str]
    titles: Mapping[str, str]
    off: frozenset[str]
    by: str
    per: str
    total: int
    without: int

    def __len__(self) -> int:
        return len(self.texts)

    def to_frame(self) -> pd.DataFrame:
        """One row a text: ``row, model, words, marks, per_100_words``, then the marks of each label counted."""
        import pandas as pd

        known = [(t.row, t.model, t.words, t.marks, 100 * t.marks / max(t.words, 1)) for t in self.texts]
        labels = [x for x in self.groups if x not in self.off and any(x in t.counts for t in self.texts)]
        number = [[t.counts.get(x, 0) for x in labels] for t in self.texts]
        frame = pd.DataFrame(known, columns=["row", "model", "words", "marks", "per_100_words"])
        return pd.concat([frame, pd.DataFrame(number, columns=labels, index=frame.index)], axis=1)

    def to_html(self) -> str:
        """The page as one text that asks for nothing outside itself."""
        return _PAGE.format(
            title=_escaped(f"Most marked texts: {self.by}" if self.by else "Most marked texts"),
            says=_escaped(self.says()) + " Arrow keys go from text to text." * (len(self) > 1),
            browser=self._html(len(self)),
            light=_variables(LIGHT),
            dark=_variables(DARK),
            marks=marks.variables(DARK),
        )

    def save(self, path: str | Path) -> Path:
        """Write the page, whole or not at all, and return its path."""
        return write_whole(path, lambda unfinished: unfinished.write_text(self.to_html(), "utf-8"))

    def says(self) -> str:
        """What is shown of what, in one sentence."""
        kind = f"marks of {self.by}" if self.by else "marks"
        if not self.texts:
            return f"None of {self.total:,} texts has {kind}." if self.total else "There are no texts."
        what = "The text" if len(self) == 1 else f"The {len(self)} texts"
        dense = " per 100 words" * (self.per == "words")
        without = f"; {self.without:,} {'has' if self.without == 1 else 'have'} none" if self.without else ""
        return f"{what} with most {kind}{dense}, of {self.total:,}{without}."

    def _repr_html_(self) -> str:
        more = len(self) - SHOWN
        note = f"<p>{more} more; to_html() and save() have all</p>" if more > 0 else ""
        return f"<p>{_escaped(self.says())}</p>{self._html(SHOWN)}{note}"

    def __repr__(self) -> str:
        return f"Browser({self.says()[:-1]})"

    def __str__(self) -> str:
        return marks.as_printed(self._plain, self._rich)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        yield Text(self._plain()) if marks.without_colour(console) else self._rich()

    def _counts(self, n: int) -> dict[str, int]:
        """Marks by label, of the first texts."""
        number = {label: sum(t.counts.get(label, 0) for t in self.texts[:n]) for label in self.groups}
        return {label: count for label, count in number.items() if count}

    def _found(self, text: MarkedText, counted: bool = True) -> str:
        """Marks of a text by label, of those that were counted or of the others."""
        chosen = [x for x in self.groups if x in text.counts and (x not in self.off) == counted]
        return ", ".join(f"{label} {text.counts[label]:,}" for label in chosen)

    def _number(self, text: MarkedText) -> str:
        dense = f", {100 * text.marks / max(text.words, 1):.1f} per 100" if self.per == "words" else ""
        return f"{_counted(text.marks, 'mark')} in {_counted(text.words, 'word')}{dense}"

    def _html(self, n: int) -> str:
        style = f"<style>{marks.stylesheet(len(self.groups))}{_STYLESHEET}</style>"
        legend = marks.legend_html(self._counts(n), self.groups, self.titles, self.off)
        entries = "".join(self._entry(k, text, k == 0) for k, text in enumerate(self.texts[:n]))
        return (
            f'{style}<form class="llamastyle ls-browser" method="dialog" autocomplete="off"'
            f' aria-label="Texts, the most marked first" style="--n:{min(n, len(self))}">'
            f'<div class="ls-head">{legend}</div>{entries}</form>'
        )

    def _entry(self, k: int, text: MarkedText, first: bool) -> str:
        place, model = _escaped(text.place), f"<bdi>{_escaped(text.model)}</bdi>"
        who = f"{model}, {place}" if text.model else place
        also = self._found(text, counted=False)
        notes = [f"also {also}"] * bool(also)
        notes += [f"the same text in {_counted(text.same, 'more row')}"] * (text.same > 0)
        marked = marks.marked_html(*text.view, self.groups, self.titles, self.off)
        left = f'<p class="ls-left">cut here: {text.left}</p>' if text.left else ""
        return (
            f'<label><input type="radio" name="text" value="{k}"{" checked" * first}>'
            f"<span><b>{_escaped(self._number(text))}</b> <small>{who}</small>"
            f"<small>{_escaped(self._found(text))}</small></span></label>"
            f'<article tabindex="0" aria-label="Text {k + 1}"><h2>{k + 1}. {who}</h2>'
            f'<p class="ls-counts">{_escaped("; ".join([self._number(text), self._found(text), *notes]))}</p>'
            f'<div class="llamastyle-marks">{marked}</div>{left}</article>'
        )

    def _heads(self) -> list[str]:
        out = []
        for k, text in enumerate(self.texts, 1):
            same = f"; the same text in {text.same:,} more" if text.same else ""
            who = clean(f"{text.place}, {text.model}" if text.model else text.place)
            out.append(f"{k}. {who}: {self._number(text)} ({self._found(text)}{same})")
        return out

    def _short(self, text: MarkedText) -> tuple[View, str]:
        """What a terminal shows of a text, with the marks that were counted, and what that leaves out."""
        whole, starts, ends, labels = text.view
        room = whole[:SHOWN_CHARS]
        kept = [k for k, x in enumerate(labels) if x not in self.off and starts[k] < len(room)]
        stops = [min(ends[k], len(room)) for k in kept]
        view = room, [starts[k] for k in kept], stops, [labels[k] for k in kept]
        return view, " ..." if text.left or len(room) < len(whole) else ""

    def _plain(self) -> str:
        out = [self.says()]
        for head, text in zip(self._heads(), self.texts, strict=True):
            view, more = self._short(text)
            out.append(f"{head}\n{marks.marked_plain(*view)}{more}")
        return "\n\n".join(out)

    def _rich(self) -> Text:
        from rich.text import Text

        out = [Text(self.says())]
        for head, text in zip(self._heads(), self.texts, strict=True):
            view, more = self._short(text)
            out.append(
                Text.assemble((head, "bold"), "\n", marks.marked_rich(*view, self.groups), (more, "dim"))
            )
        counts = {x: n for x, n in self._counts(len(self)).items() if x not in self.off}
        return Text("\n\n").join([*out, marks.legend_rich(counts, self.groups)])


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" + "s" * (n != 1)


def _escaped(text: str) -> str:
    return html.escape(clean(text))


def _variables(papers: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{papers[name]};" for name in ("ink", "paper", "controlled"))
