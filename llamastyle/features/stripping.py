"""One text and the marks found in it: what to cut so that the style goes and the content stays.

``unmarked`` takes markdown and emoji off where the scanner found them, ``unflattered`` the sentences that open and
close a text for the reader's sake. Each is a single step; ``editing`` repeats them until nothing changes.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

Spans = dict[str, list[tuple[int, int]]]
"""Where marks stand in a text, by feature, in order."""
Edit = tuple[int, int, str]
"""From where to where, and what stands there instead."""

BLOCKS = ("headers", "list_items", "quotes", "rules", "tables")
MARKDOWN = (*BLOCKS, "bold", "italic", "links", "images")
OPENERS = ("quotes", "ordered_items", "bullet_items")
JOIN = "\t"
"""What stands at the end of a line that was cut out of a paragraph to make a list item."""
PART = re.compile(r"## Part \d+ \t ")
"""A heading that was added; the two spaces behind it tell it from one that was there."""
_LINE = re.compile(r"[^\r\n]*(\r\n|\n|\r|\Z)")
_URL = re.compile("(?:https?://|ftp://|www\\.)(?:(?!.\ufe0f?\u20e3)[!#-;=?-Z^_a-z~])+")
_BEHIND_URL = ".,;:!?'*_~)"
_UNSEEN = "\ufe0e\ufe0f\u200d"
_MARKS_OF_LINES = re.compile(r"[ \t>#+*=|~-]*")
_NUMBER = re.compile(r"\d+([.)])")
_HTML = re.compile(r"(?:^|[\r\n#>*+.)-])[ \t]{0,9}<[a-zA-Z/!]")
_RUN = re.compile(r"\*+|_+")
_ODD = re.compile(r"(?:[^\x00-\x7f\w]|[\ufe0e\ufe0f\u200d\u20e3\U0001f1e6-\U0001f1ff])+")


@dataclass(slots=True)
class _Line:
    """A line: where it starts and ends, where the next one starts, where its content starts."""

    start: int
    end: int
    next: int
    content: int
    openers: list[tuple[int, str]] = field(default_factory=list)
    fenced: bool = False


class _Ranges:
    """Ranges of a text that do not overlap, to be asked whether something stands in one."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self.ranges = sorted(ranges)
        self.starts = [start for start, _ in self.ranges]

    def holds(self, position: int) -> bool:
        k = bisect_right(self.starts, position) - 1
        return k >= 0 and position < self.ranges[k][1]

    def touches(self, start: int, end: int) -> bool:
        """Whether one of them has a place in a range."""
        return self.holds(start) or bisect_right(self.starts, end - 1) > bisect_right(self.starts, start)


def applied(text: str, edits: Iterable[Edit], places: list[int] | None = None) -> str:
    """The text with the edits made; where two cut the same, it is cut once. ``places`` of it, in order, move along."""
    out: list[str] = []
    at = size = known = 0
    last = ""
    for start, end, new in sorted(set(edits)):
        if end < at or (end == at and start < at):
            continue
        start = max(at, start)
        while places and known < len(places) and places[known] <= end:
            places[known] = size + min(places[known], start) - at
            known += 1
        kept = text[at:start]
        last = kept[-1:] or last
        if not new and last == "`" == text[end : end + 1] and end > start:
            new = " "  # runs of back-ticks that come together would be other code
        last = new[-1:] or last
        out += [kept, new]
        size += len(kept) + len(new)
        at = end
    for k in range(known, len(places or ())):
        places[k] += size - at  # type: ignore[index]
    return "".join([*out, text[at:]])


def addresses(text: str) -> list[tuple[int, int]]:
    """Where addresses stand that are written out, the full stop and brackets behind them left out."""
    if "://" not in text and "www." not in text:
        return []
    return [(m.start(), m.start() + len(m.group().rstrip(_BEHIND_URL))) for m in _URL.finditer(text)]


def lines_of(text: str) -> list[tuple[int, int, int]]:
    """Start, end and start of the next of each line; lines end at a line feed, a return, or both."""
    return [(m.start(), m.start(1), m.end()) for m in _LINE.finditer(text) if m.end() > m.start()]


def unmarked(text: str, spans: Spans, wanted: frozenset[str], *, first: bool, blunt: bool) -> list[Edit]:
    """The edits that take off the marks that are wanted gone.

    ``first``: the text is as it was given, so that the number of an ordered item is a list marker; later a number at
    the start of a line is one that an edit put there, and loses its full stop only. ``blunt``: take off what could
    be a mark, too.
    """
    return _Step(text, spans, wanted, first, blunt).edits()


class _Step:
    """The edits of one step."""

    def __init__(self, text: str, spans: Spans, wanted: frozenset[str], first: bool, blunt: bool) -> None:
        self.text, self.spans, self.wanted, self.first, self.blunt = text, spans, wanted, first, blunt
        self.code = _Ranges([*spans.get("inline_code", ()), *spans.get("code_blocks", ())])
        self.inline_code = _Ranges(spans.get("inline_code", ()))
        self.urls = _Ranges(addresses(text))
        self.math = _Ranges(_outermost(spans.get("math", ())))
        self.apart = self.needs_room()
        self.lines: list[_Line] = []
        self.starts: list[int] = []
        self.runs: list[tuple[int, int]] = []

    def edits(self) -> list[Edit]:
        found: list[Edit] = []
        if any(self.marks(name) for name in (*BLOCKS, "emoji")):
            self.lines = [_Line(*line, line[0]) for line in lines_of(self.text)]
            self.starts = [line.start for line in self.lines]
        if self.marks("list_items") or self.marks("quotes"):
            found += self.containers()
        if any(self.marks(name) for name in ("headers", "rules", "tables")):
            found += [*self.headers(), *self.rules(), *self.tables()]
        for name, size in (("bold", 2), ("italic", 1)):
            for start, end in self.marks(name):
                found += [*self.delimiter(start, start + size), *self.delimiter(end - size, end)]
        found += self.links()
        found += self.emoji()
        return [*found, *self.blunt_edits()] if self.blunt else found

    def marks(self, name: str) -> list[tuple[int, int]]:
        if name not in self.wanted:
            return []
        names = OPENERS[1:] if name == "list_items" else (name,)
        return [span for part in names for span in self.spans.get(part, ())]

    # -- lines ----------------------------------------------------------------------------------------------

    def line_at(self, position: int) -> int:
        return bisect_right(self.starts, position) - 1

    def newline(self, line: _Line) -> str:
        return self.text[line.end : line.next] or ("\r\n" if "\r\n" in self.text else "\n")

    def blank(self, number: int) -> bool:
        """Whether a line has nothing on it; there is nothing before the first and behind the last."""
        if not 0 <= number < len(self.lines):
            return True
        line = self.lines[number]
        return not self.text[line.content : line.end].strip(" \t")

    def dropped(self, number: int) -> Edit:
        """Cut a line, and leave one blank line where it parted two that are not."""
        line = self.lines[number]
        before, behind = self.blank(number - 1), self.blank(number + 1)
        if not before and not behind:
            return line.content, line.end, ""
        both = before and behind and number + 1 < len(self.lines)
        return line.start, self.lines[number + 1].next if both else line.next, ""

    # -- lists and quotes -----------------------------------------------------------------------------------

    def containers(self) -> Iterator[Edit]:
        """Take off list markers and quote marks, and on the lines below them what belongs to them.

        What a line is indented by beyond its container stays, so that what was code, a heading or a paragraph in the
        container is the same outside.
        """
        text = self.text
        for name in OPENERS:
            for start, _ in self.spans.get(name, ()):
                self.lines[self.line_at(start)].openers.append((start, name))
        fences = [(self.line_at(a), self.line_at(b - 1)) for a, b in self.spans.get("code_blocks", ())]
        stack: list[tuple[int, str]] = []
        quotes: list[int] = []  # where in the stack
        fence = 0
        held: tuple[int, _Line] | None = None  # a fence in containers, so many, that nothing has closed yet
        for number, line in enumerate(self.lines):
            while fence < len(fences) and fences[fence][1] < number:
                fence += 1
            inside = fence < len(fences) and fences[fence][0] < number <= fences[fence][1]
            if not stack and not line.openers:
                continue
            at, column, base, depth = line.start, 0, 0, 0
            pieces: list[Edit] = []
            number_stays = False
            opening = {start for start, _ in line.openers}
            for width, name in stack:
                if at >= line.end:  # the end of a line is in every list, and in no quote
                    k = bisect_left(quotes, depth)
                    depth = quotes[k] if k < len(quotes) else len(stack)
                    base = max(base, column)
                    break
                place, here = _skip(text, at, column, line.end)
                begin = at
                if width < 0:
                    if place >= line.end or here - base > 3 or text[place] != ">" or place in opening:
                        break
                    at, column, base = _behind_quote(text, place, here, line.end)
                elif place < line.end and here - base < width:
                    break
                else:
                    base += width
                    at, column = _take(text, at, column, base, line.end)
                depth += 1
                if name in self.wanted:
                    pieces.append((begin, at, ""))
            if held and depth < held[0] and (text[at : line.end].strip() or stack[depth][0] < 0):
                yield (
                    line.start,
                    line.start,
                    _fence_mark(text[held[1].content : held[1].end]) + self.newline(line),
                )
                held = None
            lazy = (
                not line.openers
                and not self.blank(number - 1)
                and text[at : line.end].lstrip(" \t")[:1] not in ("", *"`~#<-*_=")
            )
            if line.openers or (depth < len(stack) and not lazy):
                stack = stack[:depth]
                del quotes[bisect_left(quotes, depth) :]
            for place, name in sorted(line.openers):
                begin = at
                _, here = _skip(text, at, column, place)
                if name == "quotes":
                    at, column, base = _behind_quote(text, place, here, line.end)
                    quotes.append(len(stack))
                    stack.append((-1, name))
                    if name in self.wanted:
                        pieces.append((begin, at, ""))
                    continue
                stop = _marker_end(text, place)
                after, there = _skip(text, stop, here + stop - place, line.end)
                gap = there - (here + stop - place)
                width = here - base + stop - place + (1 if after >= line.end or gap > 4 else gap)
                base += width
                at, column = _take(text, stop, here + stop - place, base, line.end)
                stack.append((width, "list_items"))
                if "list_items" in self.wanted:
                    number_stays = name == "ordered_items" and (not self.first or after >= line.end)
                    if number_stays:
                        pieces += [(begin, place, ""), (stop - 1, stop, "")]
                    else:
                        pieces.append((begin, at, ""))
            if column > base and pieces:
                pieces.append((at, at, " " * (column - base)))
            line.content = at
            yield from pieces
            yield from self.joined(number)
            if self.apart and (line.openers or not lazy) and not inside and not self.blank(number - 1):
                yield line.start, line.start, self.newline(line)
            if fence < len(fences) and fences[fence][0] == number and stack and not number_stays:
                held = len(stack), line
            if inside and number == fences[fence][1] and self.closes(fences[fence]):
                held = None

    def closes(self, fence: tuple[int, int]) -> bool:
        """Whether a fence's last line closes it."""
        opened, last = (self.lines[number] for number in fence)
        mark = _fence_mark(self.text[opened.content : opened.end])
        rest = self.text[last.content : last.end].strip(" \t")
        return fence[0] < fence[1] and len(rest) >= len(mark) and not rest.strip(mark[0])

    def needs_room(self) -> bool:
        """Whether blocks must not touch: back-ticks outside code could pair, HTML could go on into the next block."""
        ticks = self.text.count("`")
        stray = ticks > 0 and ticks > sum(self.text.count("`", a, b) for a, b in self.code.ranges)
        return stray or ("<" in self.text and _HTML.search(self.text) is not None)

    def joined(self, number: int) -> Iterator[Edit]:
        """Join again what was cut into list items."""
        if "list_items" not in self.wanted or not any(n != "quotes" for _, n in self.lines[number].openers):
            return
        for above in (number - 1, number):
            if above >= 0 and self.text.startswith(JOIN, self.lines[above].end - 1):
                below = above + 1 + self.blank(above + 1)
                if below < len(self.lines) and not self.opens_code(below):
                    yield self.lines[above].end - len(JOIN), self.lines[below].start, " "

    def opens_code(self, number: int) -> bool:
        """Whether a block of code starts on a line."""
        line = self.lines[number]
        blocks = self.spans.get("code_blocks", ())
        return bisect_left(blocks, (line.start, 0)) < bisect_left(blocks, (line.next, 0))

    # -- headings, rules, tables ----------------------------------------------------------------------------

    def headers(self) -> Iterator[Edit]:
        text = self.text
        for start, end in self.marks("headers"):
            number = self.line_at(start)
            last = self.line_at(end - 1)
            if last > number:
                yield self.dropped(last)
                continue
            line = self.lines[number]
            if PART.fullmatch(text, line.start, line.end):
                gone = number + 1 if number + 1 < len(self.lines) and self.blank(number + 1) else number
                yield line.start, self.lines[gone].next, ""
                continue
            place = start
            while place < end and text[place] == "#":
                place += 1
            place, _ = _skip(text, place, 0, line.end)
            yield start, place, ""
            line.content = place
            stop = end
            while stop > place and text[stop - 1] == "#":
                stop -= 1
            if stop < end and (stop == place or text[stop - 1] in " \t"):
                while stop > place and text[stop - 1] in " \t":
                    stop -= 1
                yield stop, end, ""
            if self.apart and not self.blank(number + 1):
                yield line.end, line.end, self.newline(line)

    def rules(self) -> Iterator[Edit]:
        for start, _ in self.marks("rules"):
            yield self.dropped(self.line_at(start))

    def tables(self) -> Iterator[Edit]:
        rows = {self.line_at(start) for start, _ in self.marks("tables")}
        for number in rows:
            below = number + 1
            if below < len(self.lines) and below not in rows and not self.lines[below].openers:
                line = self.lines[below]
                dashes = self.text[line.content : line.end]
                if "-" in dashes and not dashes.strip("|:- \t"):
                    yield line.start, line.next, ""
            yield from self.cells(number)

    def cells(self, number: int) -> Iterator[Edit]:
        """Each cell a line."""
        line = self.lines[number]
        text, end = self.text, line.end
        kept = [n for n in ("quotes", "list_items") if n not in self.wanted]
        prefix = text[line.start : line.content] if kept else ""
        break_ = self.newline(line) + (prefix if prefix.strip(" \t>") == "" else " " * len(prefix))
        first, _ = _skip(text, line.content, 0, end)
        at = first
        cut: list[tuple[int, int]] = []
        while (bar := text.find("|", at, end)) >= 0:
            at = bar + 1
            if (bar > line.content and text[bar - 1] == "\\") or self.inline_code.holds(bar):
                continue
            begin, (stop, _) = bar, _skip(text, at, 0, end)
            while begin > first and text[begin - 1] in " \t":
                begin -= 1
            if cut and begin <= cut[-1][1]:
                begin = cut.pop()[0]
            cut.append((begin, stop))
            at = max(at, stop)
        if cut and cut[0] == (first, end):
            yield self.dropped(number)
            return
        for begin, stop in cut:
            yield begin, stop, "" if begin == first or stop == end else break_

    # -- inside lines ---------------------------------------------------------------------------------------

    def delimiter(self, start: int, end: int) -> Iterator[Edit]:
        """Take off emphasis marks, but not out of an address; in formulas and at numbers they get spaces around."""
        if self.urls.holds(start):
            return
        if self.math.holds(start) or self.times(start, end):
            yield start, end, f" {self.text[start:end]} "
        else:
            yield start, end, ""

    def times(self, start: int, end: int) -> bool:
        """Whether * may stand for a product: between two letters or digits, with a digit, or both by themselves."""
        text = self.text
        if not self.runs:
            self.runs = [run.span() for run in _RUN.finditer(text)]
        start, end = self.runs[bisect_right(self.runs, (start, len(text))) - 1]
        before, behind = text[start - 1 : start], text[end : end + 1]
        if not (before.isalnum() and behind.isalnum()):
            return False
        alone = not (text[max(0, start - 2) : start - 1].isalnum() or text[end + 1 : end + 2].isalnum())
        return before.isdigit() or behind.isdigit() or alone

    def links(self) -> Iterator[Edit]:
        """``[text](address)`` becomes ``text (address)``, and ``<address>`` the address."""
        text = self.text
        every = sorted([*self.spans.get("links", ()), *self.spans.get("images", ())])
        for name in ("links", "images"):
            for start, end in self.marks(name):
                space = " " if text[start - 1 : start].isalnum() else ""
                if text[start] == "<":
                    yield start, start + 1, space
                    yield end - 1, end, " " if text[end : end + 1].isalnum() else ""
                    continue
                begin = start + (2 if text[start] == "!" else 1)
                middle = self.middle(begin, end, every)
                address = text[middle + 2 : end - 1].strip()
                yield start, begin, space if text[begin : begin + 1].isalnum() else ""
                if not address:
                    yield middle, end, ""
                elif not text[begin:middle].strip():
                    yield middle, middle + 2, ""
                    yield end - 1, end, ""
                else:
                    yield middle, middle + 2, " ("

    def middle(self, begin: int, end: int, every: list[tuple[int, int]]) -> int:
        """Where ``](`` stands in a link, those of what is inside it left out."""
        at = begin
        k = bisect_right(every, (begin, -1))
        while True:
            at = self.text.index("](", at, end)
            while k < len(every) and every[k][1] <= at:
                k += 1
            if k < len(every) and every[k][0] <= at < every[k][1] <= end and every[k][0] >= begin:
                at = every[k][1]
            elif self.inline_code.holds(at) or _escaped(self.text, at, begin):
                at += 1
            else:
                return at

    def emoji(self) -> Iterator[Edit]:
        """Take emoji off, with one of the spaces around them; a keycap leaves its digit."""
        text = self.text
        runs: list[list[int]] = []
        for start, end in self.marks("emoji"):
            if self.code.holds(start) or self.urls.holds(start):
                continue
            digits = "10" if text[start] == "\U0001f51f" else text[start] if text[start].isdigit() else ""
            if digits:
                yield start, end, digits
                continue
            while end < len(text) and text[end] in _UNSEEN:
                end += 1
            if runs and not text[runs[-1][1] : start].strip(" "):
                runs[-1][1] = end
            else:
                runs.append([start, end])
        for start, end in runs:
            number = self.line_at(start)
            line = self.lines[number]
            left, right = start, end
            while left > line.content and text[left - 1] in "*_":
                left -= 1
            while right < line.end and text[right] in "*_":
                right += 1
            opens = left <= line.content or not text[line.content : left].strip(" \t")
            if opens and not text[right : line.end].strip(" \t*_"):
                yield (*self.dropped(number)[:2], "") if (left, right) == (start, end) else (start, end, "")
            elif opens or (text[left - 1] == " " and left < start):
                yield start, end + (text[end : end + 1] == " "), ""
            elif text[start - 1] == " " and not text[right : right + 1].isalnum():
                yield start - 1, end, ""
            elif text[start - 1].isalnum() and text[end : end + 1].isalnum():
                yield start, end, " "
            else:
                yield start, end, ""

    # -- texts made to resist -------------------------------------------------------------------------------

    def blunt_edits(self) -> Iterator[Edit]:
        """What ends texts in which each step uncovers the next mark."""
        text = self.text
        if emoji := self.marks("emoji"):
            near = _Ranges(emoji)
            for run in _ODD.finditer(text):
                if near.touches(*run.span()) and not self.code.holds(run.start()):
                    yield *run.span(), ""
        if self.marks("bold") or self.marks("italic"):
            for run in _RUN.finditer(text):
                yield from () if self.code.holds(run.start()) else self.loosened(*run.span())
        if self.marks("links") or self.marks("images"):
            for pair in re.finditer(r"\]\(|<", text):
                if not self.code.holds(pair.start()):
                    yield pair.start() + 1, pair.start() + 1, " "
        if any(self.marks(name) for name in BLOCKS):
            for line in self.lines:
                if self.code.touches(line.start, line.end + 1):
                    continue
                stop = _MARKS_OF_LINES.match(text, line.start, line.end).end()  # type: ignore[union-attr]
                yield line.start, stop, ""
                if dot := _NUMBER.match(text, stop, line.end):
                    yield dot.start(1), dot.end(1), ""

    def loosened(self, start: int, end: int) -> Iterator[Edit]:
        inner = (
            self.text[start] == "_"
            and self.text[max(0, start - 1) : start].isalnum()
            and self.text[end : end + 1].isalnum()
        )
        if not inner:
            yield from self.delimiter(start, end)


def _outermost(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges without those that begin inside another."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def _skip(text: str, at: int, column: int, end: int) -> tuple[int, int]:
    """Skip spaces and tabs: position and column."""
    while at < end and text[at] in " \t":
        column += 1 if text[at] == " " else 4 - column % 4
        at += 1
    return at, column


def _take(text: str, at: int, column: int, target: int, end: int) -> tuple[int, int]:
    """Skip spaces and tabs up to a column; a tab may lead beyond it."""
    while at < end and column < target and text[at] in " \t":
        column += 1 if text[at] == " " else 4 - column % 4
        at += 1
    return at, column


def _behind_quote(text: str, at: int, column: int, end: int) -> tuple[int, int, int]:
    """Position, column and base behind a quote mark and one space."""
    base = column + 1
    at, column = _take(text, at + 1, base, base + 1, end)
    return at, column, base + (column > base)


def _marker_end(text: str, at: int) -> int:
    """Where the list marker ends that starts here."""
    if text[at] in "-*+":
        return at + 1
    while text[at] not in ".)":
        at += 1
    return at + 1


def _fence_mark(line: str) -> str:
    """The fence that a line opens with."""
    line = line.lstrip(" \t")
    return line[: len(line) - len(line.lstrip(line[0]))]


def _escaped(text: str, at: int, lo: int) -> bool:
    begin = at
    while begin > lo and text[begin - 1] == "\\":
        begin -= 1
    return (at - begin) % 2 == 1


# -- flattery -----------------------------------------------------------------------------------------------

LONGEST = 400
"""Characters of a sentence that may be taken off as flattery."""
FEW = 12
"""Words that may stand behind praise."""
_SAYS = re.compile(
    r"\b(?:no|not|never|yes|cannot|the answer)\b|n['’]t\b|[(/]|[!?]\w|\b(?:could|would|might|may|can) be\b"
    r"|\b(?:is|are) (?:to|a|an|the)\b",
    re.IGNORECASE,
)
# A run of marks is entered at its first one only, and never given back: long ones stay linear.
_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]*_]*+(?=\s|\Z)|[。！？｡]+|(?=[\r\n])|\Z")
_LEADS = (
    "absolutely again ah alright also and anyway as but certainly definitely finally gladly great hello hey hi however "
    "just lastly no now of course oh ok okay please problem remember sincerely so sure then thank thanks though "
    "understood well wow yeah yes you and if i'm i am always"
)
_LEAD = frozenset(_LEADS.split())
_IF = re.compile(
    r"[\s\"'“*_]*(?:(?:and|but|or|so|also|finally|lastly|please|however|again),?\s+)*"
    r"(?:if|should|in case|for (?:any|more|further)|when|whenever|whether|let me know)\b",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"\s*(?:[;:]|\s[-–—]|—)\s*(?:(?:and|but|so|however|yet),?\s+)?"
    r"|,?\s+(?:but|however|although|though|because|unfortunately)\b,?\s*(?:unfortunately,\s*)?"
    r"|,\s+(?:and|so)\s+(?=(?:i|i'm|i'll|you|we|it|it's|he|she|they|this|that|that's|here|here's|there|the|let|in|as)\b)"
    r"|,\s+(?=(?:i|i'm|it|it's|they|this|here|here's|there|as)\b)",
    re.IGNORECASE,
)
_COMMA = re.compile(r",\s+(?=\w)")
"""Where praise ends that a comma parts from what the answer says."""
_JOINT = re.compile(
    r"(?:(?:[,;]|\s[-–—])\s*(?:(?:and|but|so|or)\s+)?|\s+and\s+)(?:(?:please|also|just|remember)\s+)*\Z",
    re.IGNORECASE,
)


def unflattered(
    text: str,
    phrases: list[tuple[int, int, bool]],
    opening: int | None,
    closing: int | None,
    code: list[tuple[int, int]],
) -> list[Edit]:
    """The edits that take off the flattery that opens a text, and the offers that close it.

    A sentence that holds a phrase of sycophancy goes whole if nothing but an interjection or a condition stands before
    the phrase, no other clause behind it, and no number, code or address in it. Of a sentence with another clause, the
    clause that holds the phrase goes; behind praise every comma begins another. Behind a phrase that is no offer there
    may be no more than a few words, and none that say what something is. The last words of a text stay.

    ``phrases``: where phrases of sycophancy stand, in order, and whether they offer something; ``opening`` and
    ``closing``: where the first sentence's and the last one's start, if these have any and are to go.
    """
    edits: list[Edit] = []
    sentences = _Flattery(text, phrases, code)
    begin = 0
    if opening is not None:
        edits += sentences.from_the_start(opening)
        begin = edits[-1][1] if edits else 0
    if closing is not None and closing >= begin:
        edits += sentences.from_the_end(closing, begin)
    return edits


class _Flattery:
    """Sentences of a text that hold phrases of sycophancy."""

    def __init__(self, text: str, phrases: list[tuple[int, int, bool]], code: list[tuple[int, int]]) -> None:
        self.text = text
        self.phrases = [(start, end) for start, end, _ in phrases]
        self.offers = frozenset(start for start, _, offer in phrases if offer)
        self.starts = [start for start, _ in self.phrases]
        self.kept = _Ranges([*code, *addresses(text)])

    def end_of(self, at: int) -> int:
        """Where the sentence ends in which something stands."""
        found = _END.search(self.text, at)
        return found.end() if found else len(self.text)

    def start_of(self, at: int) -> int:
        """Where it starts."""
        text = self.text
        begin = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
        begin = max(begin, at - LONGEST)
        for end in _END.finditer(text, begin, at):
            if end.end() < at and end.group():
                begin = end.end()
        while begin < at and text[begin].isspace():
            begin += 1
        return begin

    def within(self, begin: int, end: int) -> list[tuple[int, int]]:
        return self.phrases[bisect_right(self.starts, begin - 1) : bisect_right(self.starts, end - 1)]

    def plain(self, begin: int, end: int) -> bool:
        """Whether a stretch has no number, no code and no address."""
        piece = self.text[begin:end]
        return not any(map(str.isdigit, piece)) and not self.kept.touches(begin, end)

    def leads(self, head: str) -> bool:
        """Whether what stands before a phrase is no more than an interjection, or the condition of an offer."""
        return bool(_IF.match(head)) or all(word in _LEAD for word in re.findall(r"[\w']+", head.lower()))

    def cut(self, begin: int, end: int) -> Edit | None:
        """What to cut of a sentence: all of it, its first clause, its last one, or nothing."""
        text = self.text
        inside = self.within(begin, end)
        if not inside or end - begin > LONGEST:
            return None
        (first, _), (_, last) = inside[0], inside[-1]
        stop = end
        while stop > last and not text[stop - 1].isalnum():
            stop -= 1
        joint = _JOINT.search(text, max(begin, first - 60), first)
        leads = self.leads(text[begin:first])
        for k, (_, behind) in enumerate(inside):
            until = inside[k + 1][0] if k + 1 < len(inside) else stop
            clause = _BREAK.search(text, behind, until)
            if clause is None and inside[k][0] not in self.offers:
                clause = _COMMA.search(text, behind, until)
            if clause and k + 1 == len(inside):
                if leads and self.plain(begin, clause.end()) and clause.end() < stop:
                    letter = text[clause.end()]
                    return begin, clause.end() + 1, letter.upper() if len(letter.upper()) == 1 else letter
                return None
        if leads:
            tail = text[last:stop]
            says = len(tail.split()) > FEW or _SAYS.search(tail) is not None
            stays = not self.plain(begin, end) or (says and inside[-1][0] not in self.offers)
            return None if stays else (begin, end, "")
        if joint and joint.start() > begin and self.plain(joint.start(), stop):
            return joint.start(), stop, ""
        return None

    def from_the_start(self, phrase: int) -> Iterator[Edit]:
        text = self.text
        begin = self.start_of(phrase)
        while begin < len(text):
            end = self.end_of(
                begin
                if not self.within(begin, begin + LONGEST)
                else self.within(begin, begin + LONGEST)[0][1]
            )
            edit = self.cut(begin, end)
            if edit is None:
                return
            if edit[:2] != (begin, end):
                yield edit
                return
            after = end
            while after < len(text) and text[after].isspace():
                after += 1
            line = max(text.rfind("\n", 0, begin), text.rfind("\r", 0, begin)) + 1
            alone = not text[line:begin].strip() and ("\n" in text[end:after] or "\r" in text[end:after])
            fence = not alone and text.startswith(("```", "~~~"), after)
            if fence or not any(map(str.isalnum, text[after : after + LONGEST])):
                return
            yield line if alone else begin, after, ""
            begin = after

    def from_the_end(self, phrase: int, floor: int) -> Iterator[Edit]:
        text = self.text
        begin = self.start_of(phrase)
        end = self.end_of(self.within(phrase, phrase + 1)[0][1])
        last = not text[end:].strip()
        while begin >= floor:
            edit = self.cut(begin, end)
            if edit is None:
                return
            if edit[:2] != (begin, end):
                yield edit
                return
            before = begin
            while before > floor and text[before - 1].isspace():
                before -= 1
            if before <= floor or not any(map(str.isalnum, text[max(floor, before - LONGEST) : before])):
                return
            yield (before if last else begin), end, ""
            end = before
            begin = self.start_of(before - 1)
