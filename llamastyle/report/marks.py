"""Marked places of a text: as HTML, as plain text with brackets, in the colours of a terminal.

A mark is a start, an end (in code points) and a label; marks may nest and overlap as they like. Time is linear
in the text and in the marks times the number of different labels.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from llamastyle.report.tables import clean

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["STYLESHEET", "legend_html", "legend_rich", "marked_html", "marked_plain", "marked_rich", "pieces"]

_COLOURS = {
    "markdown": ("66,133,244", "blue", "bold blue"),
    "emoji": ("245,180,0", "black on yellow", "black on yellow"),
    "sycophancy": ("225,50,80", "white on red", "bold white on red"),
    "arena": ("0,150,136", "cyan", "bold cyan"),
    "own": ("150,90,210", "black on magenta", "bold black on magenta"),
}
"""Of each group: red, green, blue; the terminal's style; the same where marks of the group lie in each other."""

STYLESHEET = (
    ".llamastyle-marks{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6;margin:.5em 0}"
    ".llamastyle-marks mark,.llamastyle-legend mark{color:inherit;border-radius:.2em;padding:0}"
    ".llamastyle-legend mark{margin-right:.6em;padding:0 .2em;white-space:nowrap}"
    + "".join(
        f"mark.ls-{group}{{background:rgba({rgb},.25)}}mark.ls-{group}.ls-deep{{background:rgba({rgb},.45)}}"
        f"mark.ls-on-{group}{{box-shadow:inset 0 -2px rgba({rgb},.8)}}"
        for group, (rgb, _, _) in _COLOURS.items()
    )
)
"""What ``marked_html`` and ``legend_html`` look like, in light and dark; goes into a ``<style>``."""

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
    return group if (group := groups[label]) in _COLOURS else "own"


def _is_deep(labels: tuple[str, ...], deep: bool, groups: Mapping[str, str]) -> bool:
    return deep or any(_group(x, groups) == _group(labels[0], groups) for x in labels[1:])


def marked_html(
    text: str, starts: Sequence[int], ends: Sequence[int], labels: Sequence[str], groups: Mapping[str, str]
) -> str:
    """The text with its marks as ``<mark>`` elements, which do not nest; everything is escaped.

    Parameters
    ----------
    text : str
    starts, ends : sequences of int
        In code points.
    labels : sequence of str
        One a mark; shown on hover, the innermost first.
    groups : mapping
        From each label to its group, which gives the colour.

    Examples
    --------
    >>> marked_html("<b> 🎉", [4], [5], ["emoji"], {"emoji": "emoji"})
    '&lt;b&gt; <mark class="ls-emoji" title="emoji">🎉</mark>'
    """
    out = []
    for piece, over, deep in pieces(shown(text), starts, ends, labels):
        written = html.escape(piece.replace(_LINE_END, ""))
        if not over:
            out.append(written)
            continue
        inner = _group(over[0], groups)
        around = next((g for label in over[1:] if (g := _group(label, groups)) != inner), "")
        classes = f"ls-{inner}" + " ls-deep" * _is_deep(over, deep, groups)
        classes += f" ls-on-{around}" if around else ""
        title = html.escape(clean(over[0] + (f" in {', '.join(over[1:])}" if over[1:] else "")))
        out.append(f'<mark class="{classes}" title="{title}">{written}</mark>')
    return "".join(out)


def legend_html(counts: Mapping[str, int], groups: Mapping[str, str], titles: Mapping[str, str]) -> str:
    """What is marked how often, in its colours; ``titles`` are shown on hover."""
    items = [
        f'<mark class="ls-{_group(label, groups)}" title="{html.escape(clean(titles[label]))}">'
        f"{html.escape(clean(label))} {n:,}</mark>"
        for label, n in counts.items()
    ]
    return f'<div class="llamastyle-legend">{" ".join(items) or "nothing is marked"}</div>'


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
        style = ""
        if over:
            style = _COLOURS[_group(over[0], groups)][2 if _is_deep(over, deep, groups) else 1]
        out.append(piece.replace(_LINE_END, ""), style)
    return out


def legend_rich(counts: Mapping[str, int], groups: Mapping[str, str]) -> Text:
    """What is marked how often, in its colours, for rich."""
    from rich.text import Text

    out = Text("-- ")
    for k, (label, n) in enumerate(counts.items()):
        out.append(", " if k else "").append(f"{clean(label)} {n}", _COLOURS[_group(label, groups)][1])
    return out if counts else out.append("nothing is marked")
