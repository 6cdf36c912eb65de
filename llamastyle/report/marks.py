"""Marked places of a text: as HTML, as plain text with brackets, in the colours of a terminal.

A mark is a start, an end (in code points) and a label; marks may nest and overlap as they like. Time is linear
in the text and in the marks times the number of different labels. On paper a group of labels is told by its tint,
and where prose is marked by the colour and the kind of a line below, one line a mark.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from llamastyle.report.colours import DARK, LIGHT
from llamastyle.report.tables import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = [
    "LINED",
    "as_printed",
    "legend_html",
    "legend_rich",
    "marked_html",
    "marked_plain",
    "marked_rich",
    "pieces",
    "variables",
    "without_colour",
]

_OTHER = "other"
LINED = {"sycophancy": "solid", "tone": "dotted", "lexical": "dashed", "refusal": "double", _OTHER: "solid"}
"""Groups whose marks have a line, and its kind. Markup and emoji have none: their own look says what they are."""

_TERMINAL = {
    "markdown": ("blue", "bold blue"),
    "arena": ("cyan", "bold cyan"),
    "emoji": ("black on yellow", "black on yellow"),
    "sycophancy": ("white on red", "bold white on red"),
    "tone": ("underline magenta", "bold underline magenta"),
    "lexical": ("underline green", "bold underline green"),
    "refusal": ("white on blue", "bold white on blue"),
    _OTHER: ("black on magenta", "bold black on magenta"),
}
"""Of each group the terminal's style, and that where marks of the group lie in each other."""

_DEEPEST = 3  # lines below the first one; further marks share the last one
_HOVER = 90  # code points of a definition that a mark repeats; the legend has all
_HOSTS = '[data-jp-theme-light="false"]', '[data-theme="dark"]', '[theme="dark"]', ".vscode-dark"
"""Where a notebook says that its paper is dark."""


def variables(papers: Mapping[str, str]) -> str:
    """The colours of the groups on one paper, for a rule of a stylesheet."""
    return "".join(f"--ls-{group}:{papers[group]};" for group in _TERMINAL)


_STYLESHEET = (
    f".llamastyle{{{variables(LIGHT)}}}"
    f"{','.join(f'{host} .llamastyle' for host in _HOSTS)}{{{variables(DARK)}}}"
    ".llamastyle mark{color:inherit;padding:0;border:0 none var(--ls);"
    "background:color-mix(in srgb,var(--ls) 15%,transparent)}"
    ".llamastyle-marks{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:plaintext;"
    "line-height:1.9;margin:.5em 0}"
    ".llamastyle-legend{display:flex;flex-wrap:wrap;gap:.1em 1.5em;line-height:1.9}"
    ".llamastyle-legend label{margin-left:.7em;white-space:nowrap}"
    ".llamastyle-legend input{margin:0 .2em 0 0;vertical-align:baseline}"
    ".llamastyle-legend mark{padding:0 .2em}"
    ".llamastyle-legend details{flex-basis:100%;line-height:1.4}"
    ".llamastyle-legend dd{margin:0 0 .3em 1.5em}"
    "@supports not selector(:has(a)){.llamastyle-legend input{display:none}}"
    "@media print{.llamastyle mark{print-color-adjust:exact}.llamastyle-legend :is(input,details){display:none}}"
    + "".join(f".llamastyle .ls-{group}{{--ls:var(--ls-{group})}}" for group in _TERMINAL)
    + "".join(
        f".llamastyle mark.ls-{group}{{border-bottom:{3 if kind == 'double' else 2}px {kind} var(--ls);"
        "background:color-mix(in srgb,var(--ls) 10%,transparent)}"
        for group, kind in LINED.items()
    )
    + "".join(f".llamastyle mark.ls-below{k}{{padding-bottom:{3 * k}px}}" for k in range(1, _DEEPEST + 1))
)

_LINE_END = "\x00"  # stands for the CR of a CR LF, so that positions stay what they are


def pieces(
    text: str, starts: Sequence[int], ends: Sequence[int], labels: Sequence[str]
) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Cut a text wherever a mark starts or ends.

    Yields
    ------
    text : str
        The piece.
    labels : tuple of str
        The labels of the marks that cover it, the innermost first.
    deep : bool
        Whether two marks of one label cover it.

    Examples
    --------
    >>> [piece[:2] for piece in pieces("a bc d", [0, 2], [6, 4], ["list", "bold"])]
    [('a ', ('list',)), ('bc', ('bold', 'list')), (' d', ('list',))]
    """
    wide = [k for k in range(len(starts)) if ends[k] > starts[k]]
    opening = sorted(wide, key=lambda k: (starts[k], -ends[k]))
    closing = sorted(wide, key=lambda k: ends[k])
    points = sorted({0, len(text), *(starts[k] for k in wide), *(ends[k] for k in wide)})
    stack: list[int] = []
    covering: dict[str, int] = {}
    i = j = 0
    for at, to in pairwise(points):
        while j < len(closing) and ends[closing[j]] <= at:
            label = labels[closing[j]]
            covering[label] -= 1
            if not covering[label]:
                del covering[label]
            j += 1
        while i < len(opening) and starts[opening[i]] <= at:
            stack.append(opening[i])
            covering[labels[opening[i]]] = covering.get(labels[opening[i]], 0) + 1
            i += 1
        while stack and ends[stack[-1]] <= at:
            stack.pop()
        inner = (labels[stack[-1]],) if stack else ()
        around = tuple(label for label in covering if label not in inner)
        yield text[at:to], inner + around, any(n > 1 for n in covering.values())


def shown(text: str) -> str:
    """The text with control characters neutralised one for one; line ends and tabs stay."""
    text = re.sub(r"[^\n\t\r]+", lambda found: clean(found.group()), text)
    return text.replace("\r\n", f"{_LINE_END}\n").replace("\r", "\n")


def _group(label: str, groups: Mapping[str, str]) -> str:
    """The group whose colour a label has."""
    return group if (group := groups[label]) in _TERMINAL else _OTHER


def _is_deep(labels: tuple[str, ...], deep: bool, groups: Mapping[str, str]) -> bool:
    return deep or any(_group(x, groups) == _group(labels[0], groups) for x in labels[1:])


def _called(label: str, groups: Mapping[str, str]) -> str:
    """A label with its group."""
    return clean(label if groups[label] == label else f"{label} ({groups[label]})")


def stylesheet(n: int) -> str:
    """What marks and a legend of ``n`` labels look like, in light and dark; goes into a ``<style>``."""
    off = (
        f".llamastyle:has(.ls-s{k}:not(:checked)) mark.ls-f{k}{{background:none;border-color:transparent}}"
        for k in range(n)
    )
    return _STYLESHEET + "".join(off)


def marked_html(
    text: str,
    starts: Sequence[int],
    ends: Sequence[int],
    labels: Sequence[str],
    groups: Mapping[str, str],
    titles: Mapping[str, str] | None,
    off: Collection[str] = (),
) -> str:
    """The text with its marks as ``<mark>`` elements, cut wherever one starts or ends; everything is escaped.

    Parameters
    ----------
    text : str
    starts, ends : sequences of int
        In code points.
    labels : sequence of str
        One a mark.
    groups : mapping
        From each label to its group, which gives the colour.
    titles : mapping or None
        From each label to its definition. On hover come label, group and the first 90 code points of it, then what is
        around it; without definitions the labels alone.
    off : labels
        Those whose marks are off at first; their lines stand below the others'.

    Examples
    --------
    >>> marked_html("<b> 🎉", [4], [5], ["emoji"], {"emoji": "emoji"}, {"emoji": "a picture"})
    '&lt;b&gt; <mark class="ls-emoji ls-f0" title="emoji: a picture">🎉</mark>'
    """
    number = {label: k for k, label in enumerate(groups)}
    out = []
    for piece, over, _ in pieces(shown(text), starts, ends, labels):
        written = html.escape(piece.replace(_LINE_END, ""))
        inwards = [*over[1:], *over[:1]]
        lines = sorted((x for x in inwards if _group(x, groups) in LINED), key=off.__contains__)
        title = f' title="{_title(over, groups, titles)}"' if over else ""
        for label in reversed(inwards):
            level = min(lines.index(label), _DEEPEST) if label in lines else 0
            classes = f"ls-{_group(label, groups)} ls-f{number[label]}" + f" ls-below{level}" * (level > 0)
            written = f'<mark class="{classes}"{title}>{written}</mark>'
            title = ""
        out.append(written)
    return "".join(out)


def _title(over: tuple[str, ...], groups: Mapping[str, str], titles: Mapping[str, str] | None) -> str:
    if titles is None:
        return html.escape(clean(", ".join(over)))
    told = titles[over[0]]
    first = f"{_called(over[0], groups)}: {clean(told if len(told) <= _HOVER else told[: _HOVER - 1] + '…')}"
    around = f"\nin {', '.join(_called(label, groups) for label in over[1:])}" if over[1:] else ""
    return html.escape(first + around)


def legend_html(
    counts: Mapping[str, int], groups: Mapping[str, str], titles: Mapping[str, str], off: Collection[str] = ()
) -> str:
    """What is marked how often, by group and in its colours, each to be switched on and off.

    ``titles`` are the definitions; the labels of ``off`` are off at first. The switches work by the rules of
    `stylesheet` inside the same element of class ``llamastyle``.
    """
    number = {label: k for k, label in enumerate(groups)}
    if not counts:
        return '<div class="llamastyle-legend">nothing is marked</div>'
    by_group: dict[str, list[str]] = {}
    for label, n in counts.items():
        title, name = html.escape(clean(titles[label])), html.escape(clean(label))
        checked = " checked" * (label not in off)
        by_group.setdefault(groups[label], []).append(
            f'<label title="{title}"><input type="checkbox" class="ls-s{number[label]}"{checked}>'
            f'<mark class="ls-{_group(label, groups)} ls-f{number[label]}">{name}</mark> {n:,}</label>'
        )
    on, rest = [], []
    for group, items in by_group.items():
        name = html.escape(clean(group))
        kept = on if any(groups[label] == group and label not in off for label in counts) else rest
        kept.append(f'<span role="group" aria-label="{name}">{name}:{" ".join(items)}</span>')
    terms = (f"<dt>{html.escape(clean(x))}</dt><dd>{html.escape(clean(titles[x]))}</dd>" for x in counts)
    folded = {"Other marks": f'<div class="llamastyle-legend">{"".join(rest)}</div>' if rest else ""}
    folded["What these are"] = f"<dl>{''.join(terms)}</dl>"
    more = (f"<details><summary>{title}</summary>{what}</details>" for title, what in folded.items() if what)
    return f'<div class="llamastyle-legend">{"".join(on)}{"".join(more)}</div>'


def marked_plain(text: str, starts: Sequence[int], ends: Sequence[int], labels: Sequence[str]) -> str:
    """The text with its marks in brackets, for where there are no colours.

    Examples
    --------
    >>> marked_plain("Great question! 🎉", [0, 16], [14, 17], ["praise", "emoji"])
    '[praise: Great question]! [emoji: 🎉]'
    """
    text = shown(text)
    inside = [k for k in range(len(starts)) if ends[k] > starts[k]]
    opening = sorted(range(len(starts)), key=lambda k: (starts[k], -ends[k]))
    closing = sorted(ends[k] for k in inside)
    out, i, j = [], 0, 0
    for at, to in pairwise([*sorted({0, len(text), *starts, *ends}), len(text)]):
        while j < len(closing) and closing[j] <= at:
            out.append("]")
            j += 1
        while i < len(opening) and starts[opening[i]] <= at:
            k = opening[i]
            out.append(f"[{clean(labels[k])}: " + "]" * (ends[k] == starts[k]))
            i += 1
        out.append(text[at:to])
    return "".join(out).replace(_LINE_END, "")


def marked_rich(
    text: str, starts: Sequence[int], ends: Sequence[int], labels: Sequence[str], groups: Mapping[str, str]
) -> Text:
    """The text with its marks in colour, for rich."""
    from rich.text import Text

    out = Text()
    for piece, over, deep in pieces(shown(text), starts, ends, labels):
        style = _TERMINAL[_group(over[0], groups)][_is_deep(over, deep, groups)] if over else ""
        out.append(piece.replace(_LINE_END, ""), style)
    return out


def legend_rich(counts: Mapping[str, int], groups: Mapping[str, str]) -> Text:
    """What is marked how often, in its colours, for rich."""
    from rich.text import Text

    out = Text("-- ")
    for k, (label, n) in enumerate(counts.items()):
        out.append(", " if k else "").append(f"{clean(label)} {n}", _TERMINAL[_group(label, groups)][0])
    return out if counts else out.append("nothing is marked")


def without_colour(console: Console) -> bool:
    """Whether marks must be shown in brackets there."""
    return console.color_system is None or console.no_color


def as_printed(plain: Callable[[], str], rich: Callable[[], Text]) -> str:
    """What ``print`` shows: colours where stdout has some, else brackets."""
    from rich.console import Console

    console = Console(file=sys.stdout, force_jupyter=False, highlight=False)
    if without_colour(console):
        return plain()
    with console.capture() as caught:
        console.print(rich(), soft_wrap=True, end="")
    return caught.get()
