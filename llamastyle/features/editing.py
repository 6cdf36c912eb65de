"""``restyle()``: other style, same content.

Marks are taken off where the scanner finds them, and the text is scanned again until there are none, so that what goes
is what :func:`llamastyle.extract` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from llamastyle.errors import FeatureError
from llamastyle.features import adding, stripping
from llamastyle.features.counters import CATEGORIES
from llamastyle.features.spans import highlight
from llamastyle.features.stripping import Edit, Spans
from llamastyle.features.text import arrow_texts, outside_reasoning
from llamastyle.options import nearest

FLATTERY = ("sycophantic_opening", "sycophantic_closing")
OFFERS = ("servility", "engagement_bait")
WORDS = "words"
GROUPS = {"markdown": stripping.MARKDOWN, "emoji": ("emoji",), "sycophancy": FLATTERY}
STRIPPED = (*stripping.MARKDOWN, "emoji", *FLATTERY, WORDS)
ADDED = (*adding.ORDER, *FLATTERY)
NULL = "null"
MARKS = tuple(
    dict.fromkeys((*stripping.OPENERS, *stripping.MARKDOWN, "inline_code", "code_blocks", "math", "emoji"))
)
FOUND = tuple(name for name in MARKS if name != "list_items")
PATIENCE, LIMIT = 8, 24
"""Steps after which what could be a mark goes too, and after which a text is left as it is."""


def restyle(
    text: Any,
    strip: str | Iterable[str] = ("markdown", "emoji", "sycophancy"),
    add: str | Iterable[str] | None = None,
    dose: int = 1,
) -> Any:
    """Change how a text is said, and keep what it says.

    Nothing is random: the same text comes out the same. Code, addresses and reasoning in ``<think>...</think>`` stay as
    they are, and so does every number that is no list marker; of a keycap emoji its digit stays. Line ends stay.

    Parameters
    ----------
    text : str, list, Series or Arrow array
        The texts.
    strip : str, or list of str
        What to take off first: ``markdown`` (``headers``, ``list_items``, ``bold``, ``italic``, ``quotes``, ``rules``,
        ``tables``, ``links``, ``images``), ``emoji``, ``sycophancy`` (``sycophantic_opening``,
        ``sycophantic_closing``), any of these names alone, or ``words``, which are the sentences that ``add="words"``
        puts in. ``[text](address)`` becomes ``text (address)``, each cell of a table a line. Of flattery, a sentence
        goes that holds nothing else, or the clause of one; what has a number, code or an address in it stays, and so
        do the last words of a text.
    add : str, or list of str, optional
        What to put in then: any of these names but ``tables``, ``links`` and ``images``; ``markdown`` is ``headers``,
        ``list_items`` and ``bold`` here. ``words`` are sentences that say nothing. What is added comes off again with
        ``strip``, and leaves the text that was there. ``null``, alone, strips nothing and writes ``*`` for the ``-`` of
        lists and a line feed at the end, where that changes no feature but ``chars`` (by that line feed).
    dose : int
        How many of each: marks, list items, sentences at each end for ``sycophancy``, sentences for ``words``. A text
        that has no room for so many gets fewer.

    Returns
    -------
    str, list, Series or Arrow array
        What was handed in.

    Raises
    ------
    FeatureError
        For a name that cannot be stripped or added, a dose that is no number from 1, or a row without text.

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.restyle("Great question! 🎉 **Yes**, see [this](http://x.y).")
    'Yes, see this (http://x.y).'
    >>> ls.restyle(["Plants grow."], add=["bold", "emoji"])
    ['Plants **grow**. ✨']
    """
    gone = _names(strip, "strip", STRIPPED, GROUPS)
    new = None if add is None else _names(add, "add", (*ADDED, NULL), {**GROUPS, "markdown": adding.MARKDOWN})
    if isinstance(dose, bool) or not isinstance(dose, (int, np.integer)) or dose < 1:
        raise FeatureError(f"dose={dose!r} is not how many to add; use 1, 2, ...")
    if new and NULL in new and len(new) > 1:
        raise FeatureError(
            "add='null' is the edit that changes nothing, and stands alone; leave the other names out"
        )
    texts: list[str] = arrow_texts(text).to_pylist()
    if new == {NULL}:
        return _as_given(text, _null(texts))
    stripped = _stripped(texts, gone)
    if new:
        stripped = _added(stripped, new, int(dose))
    return _as_given(text, stripped)


def _names(
    asked: Any, option: str, known: tuple[str, ...], groups: dict[str, tuple[str, ...]]
) -> frozenset[str]:
    """The single names that are asked for."""
    found: set[str] = set()
    for name in [asked] if isinstance(asked, str) or not isinstance(asked, Iterable) else asked:
        if name not in known and name not in groups:
            values = tuple(dict.fromkeys((*groups, *known)))
            raise FeatureError(
                f"{option}={name!r} is nothing that can be {option}{'ped' if option == 'strip' else 'ed'}"
                f"{nearest(name, values)}; use any of {', '.join(values)}"
            )
        found.update(groups.get(name, (name,)))
    return frozenset(found)


def _as_given(source: Any, texts: list[str]) -> Any:
    """The texts in the kind of what was handed in."""
    if isinstance(source, str):
        return texts[0]
    kind = type(source).__module__.split(".")[0]
    if kind == "pandas" and hasattr(source, "index"):
        return type(source)(texts, index=source.index, name=source.name, dtype=object)
    if kind == "polars":
        return type(source)(source.name, texts)
    if kind == "pyarrow":
        import pyarrow as pa

        return pa.array(texts, pa.large_string())
    if kind == "numpy":
        return np.array(texts, dtype=object)
    return texts


class _Text:
    """A text without its reasoning, and the reasoning with its places."""

    __slots__ = ("hidden", "places", "text")

    def __init__(self, text: str) -> None:
        kept = outside_reasoning(text) if "think>" in text else [(0, len(text))]
        self.text = "".join(text[start:end] for start, end in kept)
        self.places: list[int] = []
        self.hidden: list[str] = []
        at = seen = 0
        for start, end in kept:
            if start > at:
                self.places.append(seen)
                self.hidden.append(text[at:start])
            seen += end - start
            at = end

    def change(self, edits: list[Edit]) -> bool:
        """Make the edits; whether anything changed."""
        before = self.text
        self.text = stripping.applied(before, edits, self.places)
        return self.text != before

    def whole(self) -> str:
        """The text with its reasoning."""
        out, at = [], 0
        for place, hidden in zip(self.places, self.hidden, strict=True):
            out += [self.text[at:place], hidden]
            at = place
        return "".join([*out, self.text[at:]])


def _stripped(texts: list[str], wanted: frozenset[str]) -> list[str]:
    """The texts without the marks, their reasoning left alone."""
    now = list(texts)
    todo = list(range(len(now)))
    for _ in range(LIMIT):
        parts = [_Text(now[row]) for row in todo]
        _bare(parts, wanted)
        again = []
        for row, part in zip(todo, parts, strict=True):
            before, now[row] = now[row], part.whole()
            # an edit may have made a tag, or taken off what a tag without a partner was told by
            again += [row] if now[row] != before and "think>" in before + now[row] else []
        todo = again
        if not todo:
            break
    return now


def _bare(texts: list[_Text], wanted: frozenset[str]) -> None:
    """Strip texts until nothing changes."""
    todo, given = texts, True
    while todo:
        _repeated(todo, _marks(wanted, given))
        todo, given = _repeated(todo, _flattery(wanted)) if wanted & set(FLATTERY) else [], False
    for text in texts if WORDS in wanted else ():
        text.change(adding.padding(text.text))


Change = Callable[[list[str], int], list[list[Edit]]]


def _repeated(texts: list[_Text], change: Change) -> list[_Text]:
    """Change texts until they stay as they are; those that were changed."""
    todo, changed = texts, {}
    for step in range(LIMIT):
        edits = change([text.text for text in todo], step)
        todo = [text for text, new in zip(todo, edits, strict=True) if new and text.change(new)]
        changed |= {id(text): text for text in todo}
        if not todo:
            break
    return list(changed.values())


def _marks(wanted: frozenset[str], given: bool) -> Change:
    def change(texts: list[str], step: int) -> list[list[Edit]]:
        return [
            stripping.unmarked(text, spans, wanted, first=given and step == 0, blunt=step >= PATIENCE)
            for text, spans in zip(texts, _spans(texts, FOUND), strict=True)
        ]

    return change


def _flattery(wanted: frozenset[str]) -> Change:
    def change(texts: list[str], step: int) -> list[list[Edit]]:
        edits: list[list[Edit]] = [[] for _ in texts]
        ends = _spans(texts, FLATTERY)
        rows = [row for row, spans in enumerate(ends) if wanted & spans.keys()]
        found = _spans([texts[row] for row in rows], (*CATEGORIES, "inline_code", "code_blocks"))
        for row, spans in zip(rows, found, strict=True):
            phrases = sorted((*span, name in OFFERS) for name in CATEGORIES for span in spans.get(name, ()))
            code = [span for name in ("inline_code", "code_blocks") for span in spans.get(name, ())]
            first, last = (
                ends[row][name][0][0] if name in wanted & ends[row].keys() else None for name in FLATTERY
            )
            edits[row] = stripping.unflattered(texts[row], phrases, first, last, code)
        return edits

    return change


def _spans(texts: list[str], names: Iterable[str]) -> list[Spans]:
    """Where marks stand in each text, by feature."""
    wanted = list(names)
    found: list[Spans] = [{} for _ in texts]
    if not texts:
        return found
    marks = highlight(texts, wanted, strip_think=False)
    called = marks.features.names
    for row, start, end, feature in zip(
        marks.row.tolist(), marks.start.tolist(), marks.end.tolist(), marks.feature.tolist(), strict=True
    ):
        found[row].setdefault(called[feature], []).append((start, end))
    return found


def _added(texts: list[str], names: frozenset[str], dose: int) -> list[str]:
    """The texts with marks put in, behind their reasoning; where these would not come off again, as they were."""
    starts = [outside_reasoning(text)[-1][0] if "think>" in text else 0 for text in texts]
    answers = [text[start:] for text, start in zip(texts, starts, strict=True)]
    fences = _spans(answers, ("code_blocks",))
    made = [
        text[:start] + adding.dressed(answer, names, dose, spans.get("code_blocks", []))
        for text, start, answer, spans in zip(texts, starts, answers, fences, strict=True)
    ]
    every = frozenset(STRIPPED)
    bare, back = _stripped(texts, every), _stripped(made, every)
    return [new if a == b else text for text, new, a, b in zip(texts, made, bare, back, strict=True)]


def _null(texts: list[str]) -> list[str]:
    """``*`` for the ``-`` of lists, and a line feed at the end, where no feature changes but ``chars``."""
    from llamastyle.features import catalog
    from llamastyle.features.extraction import extract

    names = [f.name for f in catalog.ALL if f.name not in ("chars", "markup_share")]
    marks = highlight(texts, ["bullet_items"]) if texts else None
    starts: list[list[int]] = [[] for _ in texts]
    for row, start in zip(marks.row.tolist(), marks.start.tolist(), strict=True) if marks else ():
        starts[row].append(start)
    ended = [text if text.endswith(("\n", "\r")) else text + "\n" for text in texts]
    starred = [
        stripping.applied(text, [(at, at + 1, "*") for at in places if text[at] == "-"])
        for text, places in zip(ended, starts, strict=True)
    ]
    before, after, less = (extract(versions, names).values for versions in (texts, starred, ended))
    out = []
    for k, text in enumerate(texts):
        same = [np.array_equal(values[k], before[k], equal_nan=True) for values in (after, less)]
        out.append(starred[k] if same[0] else ended[k] if same[1] else text)
    return out
