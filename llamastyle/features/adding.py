"""One text and what to put into it: marks that come off again and leave the text that was there."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from llamastyle.features.stripping import JOIN, Edit, lines_of

ORDER = ("words", "list_items", "emoji", "bold", "italic", "quotes", "rules", "headers")
"""What is put in first: what cuts lines comes before what stands in them."""
MARKDOWN = ("headers", "list_items", "bold")
EMOJI = ("✨", "🚀", "🎉", "💡", "✅", "🌟")
OPENINGS = ("Great question!", "What a fascinating topic!", "I'm glad you asked!", "That's a wonderful idea!")
CLOSINGS = (
    "Let me know if you have any other questions!",
    "I hope this helps!",
    "Feel free to ask for more.",
    "Would you like me to go on?",
)
FILLERS = (
    "The points above and below belong together.",
    "The order of the sentences here is the order in which they are to be read.",
    "One sentence follows another in this part of the text.",
    "This sentence stands between the one before it and the one after it.",
    "The text goes on from here in the same way.",
    "The part before this sentence and the part after it are parts of one text.",
)
"""Sentences that say nothing; no feature but those of length sees them."""
_FILLER = re.compile(f" (?:{'|'.join(map(re.escape, FILLERS))})")
_CLEAN = re.compile(r"(?!\d+[.)])[^\W_][^`<>\[\]$\\*_|#~\t]*")
_WORD = re.compile(r"(?<!\S)[^\W\d_]{4,}(?=[\s,.;:!?]|\Z)")
_STOP = re.compile(r"[.!?](?= |\Z)")
_CUT = re.compile(r"(?<=[^.\d][.!?]) (?=[^\W\d_a-z])")


@dataclass(slots=True)
class _Piece:
    """A line in parts: what was put before it, what it says, how it ends."""

    before: str
    body: str
    end: str
    clean: bool
    opens: bool
    """Whether it is the first of a paragraph."""


def dressed(text: str, names: frozenset[str], dose: int, fences: list[tuple[int, int]]) -> str:
    """The text with so many of each put in."""
    pieces = _pieces(text, fences)
    newline = "\r\n" if "\r\n" in text else "\n"
    for name in ORDER:
        if name in names:
            pieces = _PUT[name](pieces, dose, newline)
    made = "".join(piece.before + piece.body + piece.end for piece in pieces)
    return _flattered(made, names, dose, newline)


def padding(text: str) -> list[Edit]:
    """The edits that take off the sentences that say nothing."""
    if not any(filler in text for filler in FILLERS):
        return []
    return [(*match.span(), "") for match in _FILLER.finditer(text)]


def _pieces(text: str, fences: list[tuple[int, int]]) -> list[_Piece]:
    starts = [start for start, _ in fences]
    found: list[_Piece] = []
    blank = True
    for start, end, after in lines_of(text):
        body = text[start:end]
        k = bisect_right(starts, end) - 1
        clean = bool(_CLEAN.fullmatch(body)) and not (k >= 0 and start < fences[k][1])
        found.append(_Piece("", body, text[end:after], clean, blank and clean))
        blank = not body.strip(" \t")
    return found


def _spread(n: int, dose: int) -> list[int]:
    """So many of n places, as far apart as can be."""
    return list(range(n)) if dose >= n else [(2 * k + 1) * n // (2 * dose) for k in range(dose)]


def _inserted(
    pieces: list[_Piece], dose: int, pattern: re.Pattern[str], new: Callable[[int, str], str]
) -> list[_Piece]:
    """Something made of so many of the matches of a pattern in clean lines."""
    places = [
        (k, m.start(), m.end()) for k, p in enumerate(pieces) if p.clean for m in pattern.finditer(p.body)
    ]
    chosen = [places[n] for n in _spread(len(places), dose)]
    made: dict[int, list[str]] = {}
    at = dict.fromkeys((k for k, _, _ in chosen), 0)
    for number, (k, start, end) in enumerate(chosen):
        body = pieces[k].body
        made.setdefault(k, []).extend((body[at[k] : start], new(number, body[start:end])))
        at[k] = end
    for k, parts in made.items():
        pieces[k].body = "".join([*parts, pieces[k].body[at[k] :]])
    return pieces


def _emoji(pieces: list[_Piece], dose: int, _: str) -> list[_Piece]:
    return _inserted(pieces, dose, _STOP, lambda k, stop: f"{stop} {EMOJI[k % len(EMOJI)]}")


def _bold(pieces: list[_Piece], dose: int, _: str) -> list[_Piece]:
    return _inserted(pieces, dose, _WORD, lambda _, word: f"**{word}**")


def _italic(pieces: list[_Piece], dose: int, _: str) -> list[_Piece]:
    return _inserted(pieces, dose, _WORD, lambda _, word: f"*{word}*")


def _words(pieces: list[_Piece], dose: int, _: str) -> list[_Piece]:
    clean = [piece for piece in pieces if piece.clean and piece.body[-1] in ".!?"]
    for k in range(dose if clean else 0):
        clean[k * len(clean) // dose].body += f" {FILLERS[k % len(FILLERS)]}"
    return pieces


def _list_items(pieces: list[_Piece], dose: int, newline: str) -> list[_Piece]:
    """Sentences that follow one another, the first of the text left out where there are enough."""
    units = sum(len(_CUT.findall(piece.body)) + 1 for piece in pieces if piece.clean)
    skip = 1 if units > dose else 0
    out: list[_Piece] = []
    seen = 0
    for piece in pieces:
        if not piece.clean:
            out.append(piece)
            continue
        parts = _CUT.split(piece.body)
        item = [skip <= seen + k < skip + dose for k in range(len(parts))]
        seen += len(parts)
        here: list[_Piece] = []
        for k, part in enumerate(parts):
            if here and not item[k] and not item[k - 1]:
                here[-1].body += f" {part}"
                continue
            if here:
                here[-1].end = JOIN + newline * (1 if item[k] else 2)
            here.append(_Piece("- " if item[k] else "", part, "", True, piece.opens and not here))
        here[-1].end = piece.end
        out += here
    return out


def _paragraphs(pieces: list[_Piece], dose: int) -> list[int]:
    opening = [k for k, piece in enumerate(pieces) if piece.opens]
    return [opening[n] for n in _spread(len(opening), dose)]


def _quotes(pieces: list[_Piece], dose: int, _: str) -> list[_Piece]:
    for k in _paragraphs(pieces, dose):
        while k < len(pieces) and pieces[k].clean:
            pieces[k].before = f"> {pieces[k].before}"
            k += 1
    return pieces


def _rules(pieces: list[_Piece], dose: int, newline: str) -> list[_Piece]:
    for k in _paragraphs(pieces, dose):
        pieces[k].before = f"---{newline}{newline}{pieces[k].before}"
    return pieces


def _headers(pieces: list[_Piece], dose: int, newline: str) -> list[_Piece]:
    for number, k in enumerate(_paragraphs(pieces, dose), 1):
        pieces[k].before = f"## Part {number} \t {newline}{newline}{pieces[k].before}"
    return pieces


_PUT: dict[str, Callable[[list[_Piece], int, str], list[_Piece]]] = {
    "words": _words,
    "list_items": _list_items,
    "emoji": _emoji,
    "bold": _bold,
    "italic": _italic,
    "quotes": _quotes,
    "rules": _rules,
    "headers": _headers,
}


def _flattered(text: str, names: frozenset[str], dose: int, newline: str) -> str:
    """Flattering sentences before the text, and offers behind it, each a paragraph."""
    core = text.strip()
    if not core:
        return text
    begin = text.index(core)
    before, behind = text[:begin], text[begin + len(core) :]
    if "sycophantic_opening" in names:
        core = f"{_sentences(OPENINGS, dose)}{newline}{newline}{core}"
    if "sycophantic_closing" in names:
        core = f"{core}{newline}{newline}{_sentences(CLOSINGS, dose)}"
    return before + core + behind


def _sentences(known: tuple[str, ...], dose: int) -> str:
    return " ".join(known[k % len(known)] for k in range(dose))
