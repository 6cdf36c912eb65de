"""The slow twin of the kernel: the definitions of ``counters.py`` once more, obvious rather than fast.

It is written from the definitions, over ``str``, with ``re`` and ``unicodedata`` and ``emoji.EMOJI_DATA``; it
shares no code and no table with the package, except the phrase lists, which are data.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from emoji import EMOJI_DATA

from llamastyle.features.lexicon import read_lexicons

CATEGORIES = ("praise", "agreement", "capitulation", "empathy", "enthusiasm", "servility", "engagement_bait")
STYLE = ("refusal", "disclaimer", "hedges", "boosters", "slop")
LISTS = ("first_person", "second_person", "contractions", "positive_words", "negative_words")
WINDOW = 100
VOWELS = "aeiouyæœøıαεηιουωаеиоуыэюяіє"
NO_SPACE_NAMES = re.compile(
    r"CJK (UNIFIED|COMPATIBILITY) IDEOGRAPH|CJK RADICAL|KANGXI|IDEOGRAPHIC (NUMBER|ITERATION)|OLD CHINESE ITERATION|HANGZHOU NUMERAL"
    r"|VERTICAL IDEOGRAPHIC ITERATION|HIRAGANA|KATAKANA|HENTAIGANA|HALFWIDTH KATAKANA(?! VOICED| SEMI)|THAI |LAO |KHMER |MYANMAR "
)
SOFT = " \t,\"'*_\u00a0\u2018\u2019\u201c\u201d"
MAX_DEPTH, MAX_TICKS = 32, 64
HTML_BLOCKS = set(
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl "
    "dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend "
    "li link main menu menuitem nav noframes ol optgroup option p param search section summary table tbody td "
    "tfoot th thead title tr track ul".split()
)
HTML_RAW = ("script", "pre", "style", "textarea")


@cache
def word_class(char: str) -> str:
    """L letter or digit, M mark, A letter or digit that is a word alone, a apostrophe, h hyphen, . anything else."""
    category = unicodedata.category(char)
    if category[0] in "LN":
        return "A" if NO_SPACE_NAMES.match(unicodedata.name(char, "")) else "L"
    if category[0] == "M":
        return "M"
    return "a" if char in "'\u2019" else "h" if char in "-\u2010\u2011" else "."


def words(text: str) -> list[tuple[int, int, bool]]:
    """Start, end of each word, and whether it is one of a script without spaces."""
    classes = "".join(map(word_class, text))
    return [(m.start(), m.end(), m.group() == "A") for m in re.finditer(r"L[LM]*(?:[ah]L[LM]*)*|A", classes)]


def is_space(char: str) -> bool:
    return char.isspace()


def is_punct(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"


def without_reasoning(text: str) -> str:
    """Cut <think>...</think>; and all before a </think> that is the only tag, alone on its line, with text behind."""
    if re.findall(r"</?think>", text) == ["</think>"]:
        supplied = re.fullmatch(r"(?:.*\n)?[ \t\r]*</think>([ \t\r]*\n.*)", text, re.DOTALL)
        if supplied and supplied[1].strip(" \t\r\n"):
            return supplied[1]
    return re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)


# -- emoji --------------------------------------------------------------------------------------------------


def emoji_spans(text: str) -> list[tuple[int, int]]:
    """Leftmost, longest."""
    longest = max(map(len, EMOJI_DATA))
    spans, i = [], 0
    while i < len(text):
        found = next(
            (n for n in range(longest, 0, -1) if text[i : i + n] in EMOJI_DATA and i + n <= len(text)), 0
        )
        if found:
            spans.append((i, i + found))
        i += found or 1
    return spans


# -- blocks -------------------------------------------------------------------------------------------------


class Line:
    """One line: where it starts, where its content starts, what it is."""

    def __init__(self, start: int, end: int, after: int) -> None:
        self.start, self.end, self.after = start, end, after
        self.content = start
        self.fenced = False  # a fence line, or inside one
        self.code = False  # inside one
        self.markers: list[int] = []  # lengths of list numbers


class Rest:
    """What is left of a line: its text, its position, and the column in which its text stands."""

    def __init__(self, text: str, position: int, column: int, base: int) -> None:
        self.base = base
        while text[:1] in (" ", "\t") and text:
            column += 1 if text[0] == " " else 4 - column % 4
            text, position = text[1:], position + 1
        self.text, self.position, self.column = text, position, column

    @property
    def indent(self) -> int:
        return self.column - self.base

    def behind(self, n: int, base: int | None = None) -> Rest:
        """What is left behind n characters of content."""
        column = self.column + n
        return Rest(self.text[n:], self.position + n, column, column if base is None else base)


def cells(row: str) -> tuple[int, int]:
    """Cells of a table row, and bars."""
    row = row.strip(" \t")
    bars = [m.start() for m in re.finditer(r"(?<!\\)\|", row)]
    return 1 + sum(0 < k < len(row) - 1 for k in bars), len(bars)


def delimiter_columns(row: str) -> int:
    """Columns of a | --- | line, or 0."""
    row = row.rstrip(" \t")
    if len(row) < 2 or re.match(r"-[ \t]", row):
        return 0
    inner = row[1:] if row[0] == "|" else row
    if row[-1] == "|" and len(row) > 1:
        inner = inner[:-1]
    columns = inner.split("|")
    return len(columns) if all(re.fullmatch(r"[ \t]*:?-+:?[ \t]*", c) for c in columns) else 0


def visible(text: str) -> int:
    return len(re.sub(r"[ \t]", "", text))


def html_kind(text: str, in_paragraph: bool) -> str:
    """Which HTML block starts here: raw, comment, block or none."""
    if text.startswith("<!--"):
        return "comment"
    tag = re.match(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)", text)
    if not tag:
        return ""
    rest = text[tag.end() :]
    name = tag.group(2).lower()
    bare = rest[:1] in ("", " ", "\t", ">")
    if bare and not tag.group(1) and name in HTML_RAW:
        return "raw"
    if (bare or rest[:2] == "/>") and name in HTML_BLOCKS:
        return "block"
    alone = r"[a-zA-Z0-9-]*(?=[ \t>/])(?:\"[^\"]*\"|'[^']*'|[^\"'<>`,])*>[ \t]*"
    return "block" if not in_paragraph and re.fullmatch(alone, rest) else ""


def html_ends(text: str, kind: str) -> bool:
    if kind == "comment":
        return "-->" in text
    return bool(re.search(r"</(script|pre|style|textarea)>", text, re.IGNORECASE))


class Turn:
    """The blocks of one turn, as CommonMark reads them, line by line."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.n = dict.fromkeys(
            "headers ordered_items bullet_items code_blocks code_chars tables quotes rules paragraphs lines "
            "markup_chars".split(),
            0,
        )
        self.lines = [
            Line(m.start(), m.start(1), m.end())
            for m in re.finditer(r"[^\r\n]*(\r\n|\n|\r|\Z)", text)
            if m.end() > m.start()
        ]
        self.blocks: list[
            tuple[list[tuple[int, int]], int]
        ] = []  # segments that are inline text; end of the block
        self.segments: list[tuple[int, int]] = []
        self.containers: list[list[int]] = []  # [width, or -1 for a quote; 1 if still empty]
        self.leaf = ""
        self.fence = ""
        self.html = ""
        self.header: int | None = None  # where the content of the paragraph's last line starts
        self.in_run = False
        for line in self.lines:
            self.read(line)
        self.flush(len(text))

    def flush(self, end: int) -> None:
        if self.segments:
            self.blocks.append((self.segments, end))
        self.segments = []

    def inline(self, line: Line, *, alone: bool = False) -> None:
        self.segments.append((line.content, line.end))
        if alone:
            self.flush(line.after)

    def run(self, blank: bool) -> bool:
        """Whether a run of lines that are not blank starts here."""
        starts = not blank and not self.in_run
        self.in_run = not blank
        self.n["paragraphs"] += starts
        return starts

    def table_starts(self, text: str) -> bool:
        if self.header is None or text[:1] not in ("|", "-", ":"):
            return False
        columns = delimiter_columns(text)
        head, bars = cells(re.split(r"[\r\n]", self.text[self.header :], maxsplit=1)[0])
        return columns > 0 and bars > 0 and head == columns

    def read(self, line: Line) -> None:
        n = self.n
        raw = self.text[line.start : line.end]
        rest = Rest(raw, line.start, 0, 0)
        raw_blank = not rest.text
        n["lines"] += not raw_blank
        matched = 0
        for width, empty in self.containers:
            if width < 0:
                if rest.indent > 3 or rest.text[:1] != ">":
                    break
                rest = self.behind_quote(rest)
            elif not rest.text:
                if empty:
                    break
            elif rest.indent >= width:
                rest.base += width
            else:
                break
            matched += 1
        all_matched = matched == len(self.containers)
        line.content = rest.position
        if self.leaf == "fence":
            if all_matched:
                self.flush(line.start)
                return self.read_fenced(line, rest)
            self.leaf = ""
        if self.leaf == "html":
            if all_matched and (rest.text or self.html != "block"):
                if self.html != "block" and html_ends(rest.text, self.html):
                    self.leaf = ""
                self.run(raw_blank)
                return None
            self.leaf = ""
        starts_run = self.run(raw_blank)
        in_paragraph = self.leaf == "paragraph"
        kept = self.containers[:matched]
        fresh = False
        while rest.text and rest.indent < 4:
            text = rest.text
            here = in_paragraph and all_matched and not fresh  # this line could go on with the paragraph
            table = here and self.table_starts(text)
            if here and re.fullmatch(r"(=+|-+)[ \t]*", text) and not (text[0] == "-" and table):
                n["headers"] += 1
                n["markup_chars"] += visible(text)
                return self.close(line, rest, kept)
            if re.fullmatch(r"([-*_])[ \t]*(?:\1[ \t]*){2,}", text) and not (text[0] == "-" and table):
                n["rules"] += 1
                n["markup_chars"] += visible(text)
                return self.close(line, rest, kept)
            item = re.match(r"([-+*]|\d{1,9}[.)])(?=[ \t]|\Z)", text, re.ASCII)
            if item:
                marker = item.group()
                after = rest.behind(len(marker))
                ordered = marker[0].isdigit()
                if here and (not after.text or (ordered and marker[:-1] != "1") or (marker == "-" and table)):
                    break
                if len(kept) >= MAX_DEPTH:
                    break
                n["ordered_items" if ordered else "bullet_items"] += 1
                n["markup_chars"] += len(marker)
                if ordered:
                    line.markers.append(len(marker) - 1)
                gap = after.column - (rest.column + len(marker))
                width = rest.indent + len(marker) + (1 if not after.text or gap > 4 else gap)
                kept = [*kept, [width, int(not after.text)]]
                after.base = rest.base + width
                rest, fresh, in_paragraph = after, True, False
                continue
            if text[0] == ">":
                if len(kept) >= MAX_DEPTH:
                    break
                n["quotes"] += 1
                kept = [*kept, [-1, 0]]
                rest, fresh, in_paragraph = self.behind_quote(rest), True, False
                continue
            heading = re.match(r"#{1,6}(?=[ \t]|\Z)[ \t]*", text)
            if heading:
                n["headers"] += 1
                n["markup_chars"] += heading.group().count("#")
                self.close(line, rest, kept)
                line.content += heading.end()
                self.inline(line, alone=True)
                return None
            fence = re.match(r"(```+)(?=[^`]*\Z)|(~~~+)", text)
            if fence:
                n["code_blocks"] += 1
                n["markup_chars"] += visible(text)
                n["paragraphs"] -= starts_run
                self.in_run = False
                self.close(line, rest, kept)
                line.fenced = True
                self.leaf, self.fence = "fence", fence.group()
                return None
            if text[0] == "<" and (kind := html_kind(text, in_paragraph)):
                self.close(line, rest, kept)
                if kind == "block" or not html_ends(text, kind):
                    self.leaf, self.html = "html", kind
                return None
            break
        line.content = rest.position
        if not fresh and not all_matched and in_paragraph and rest.text:
            self.header = None
            return self.inline(line)
        indented = rest.indent >= 4
        if all_matched and not fresh and rest.text:
            if self.leaf == "table" and not indented:
                n["tables"] += 1
                n["markup_chars"] += cells(rest.text)[1]
                self.containers = kept
                self.filled()
                return self.inline(line, alone=True)
            if in_paragraph:
                if not indented and self.table_starts(rest.text):
                    header = re.split(r"[\r\n]", self.text[self.header :], maxsplit=1)[0]
                    n["tables"] += 1
                    n["markup_chars"] += cells(header)[1] + visible(rest.text)
                    self.close(line, rest, kept)
                    self.leaf = "table"
                    return None
                self.header = rest.position
                return self.inline(line)
        self.flush(line.start)
        self.containers = kept
        self.leaf = ""
        if not rest.text:
            return None
        self.filled()
        if not indented:
            self.leaf, self.header = "paragraph", rest.position
            self.inline(line)
        return None

    def behind_quote(self, rest: Rest) -> Rest:
        """What is left behind a > and the space that belongs to it."""
        self.n["markup_chars"] += 1
        after = rest.behind(1)
        if after.column > after.base:
            after.base += 1
        return after

    def close(self, line: Line, rest: Rest, kept: list[list[int]]) -> None:
        """The block before this line ends, and this line is a block of its own."""
        self.flush(line.start)
        self.containers = kept
        self.filled()
        self.leaf = ""
        line.content = rest.position

    def filled(self) -> None:
        for container in self.containers:
            container[1] = 0

    def read_fenced(self, line: Line, rest: Rest) -> None:
        line.fenced = True
        self.in_run = False
        char = self.fence[0]
        closing = re.fullmatch(rf"({re.escape(char)}{{{len(self.fence)},}})[ \t]*", rest.text)
        if closing and rest.indent <= 3:
            self.leaf = ""
            self.n["markup_chars"] += len(closing.group(1))
            return
        line.code = True
        self.n["code_chars"] += line.after - line.start


# -- inline -------------------------------------------------------------------------------------------------


def autolink_end(text: str, i: int, end: int) -> int:
    scheme = re.compile(r"<[a-zA-Z][a-zA-Z0-9+.-]{1,31}:[^\x00-\x20<>\x7f]*>")
    label = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    mail = re.compile(rf"<[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{label}(?:\.{label})*>")
    found = scheme.match(text, i, end) or mail.match(text, i, end)
    return found.end() if found else -1


def link_end(text: str, i: int, end: int) -> int:
    """End of (address "title") that opens at i, or -1."""

    def blank(k: int) -> int:
        while k < end and text[k] in " \t\r\n":
            k += 1
        return k

    def escaped(k: int) -> bool:
        return text[k] == "\\" and k + 1 < end and text[k + 1].isascii() and is_punct(text[k + 1])

    i = blank(i + 1)
    if text[i : i + 1] == "<" and i < end:
        angle = re.compile(r"<(?:\\[!-/:-@\[-`{-~]|[^<>\r\n])*>").match(text, i, end)
        if not angle:
            return -1
        i = angle.end()
    else:
        depth = 0
        while i < end and ord(text[i]) > 32 and ord(text[i]) != 127:
            if escaped(i):
                i += 1
            elif text[i] == "(":
                depth += 1
                if depth > 32:
                    return -1
            elif text[i] == ")":
                if depth == 0:
                    break
                depth -= 1
            i += 1
        if depth:
            return -1
    j = blank(i)
    if i < j < end and text[j] in "\"'(":
        close = {"(": ")"}.get(text[j], text[j])
        opened = text[j]
        j += 1
        while j < end and text[j] != close:
            if opened == "(" and text[j] == "(":
                return -1
            j += 2 if escaped(j) else 1
        if j >= end:
            return -1
        j = blank(j + 1)
    return j + 1 if j < end and text[j] == ")" else -1


def pair_emphasis(runs: list[dict], n: dict[str, int]) -> None:
    """CommonMark's pairing of delimiter runs, by brute force: look back from each closer to every opener."""
    k = 0
    while k < len(runs):
        closer = runs[k]
        if not closer["closes"] or not closer["left"]:
            k += 1
            continue
        opener = None
        for run in reversed(runs[:k]):
            if run["char"] != closer["char"] or not run["opens"] or not run["left"]:
                continue
            both = run["closes"] or closer["opens"]
            if both and (run["size"] + closer["size"]) % 3 == 0 and (run["size"] % 3 or closer["size"] % 3):
                continue
            opener = run
            break
        if opener is None:
            k += 1
            continue
        use = 2 if opener["left"] >= 2 and closer["left"] >= 2 else 1
        n["bold" if use == 2 else "italic"] += 1
        n["markup_chars"] += 2 * use
        opener["left"] -= use
        closer["left"] -= use
        at = next(i for i, run in enumerate(runs) if run is opener)
        del runs[at + 1 : k]
        k = at + 1


def inline_counts(text: str, segments: list[tuple[int, int]], end: int, n: dict[str, int]) -> None:
    """Code spans, links, images, emphasis and formulas of one block of a turn's text."""
    marks: list[tuple[int, int]] = []
    for start, stop in segments:
        for m in re.finditer(r"\*+|_+|`+|\\+|\$+|[\[\]<]", text[start:stop]):
            marks.append((start + m.start(), len(m.group())))
    runs: list[dict] = []
    brackets: list[dict] = []
    opened = {"$": False, "$$": False, "(": False, "[": False}
    escaped, skip_to = -1, -1
    for k, (at, size) in enumerate(marks):
        if at < skip_to:
            continue
        char = text[at]
        if at == escaped and char != "\\":
            at, size = at + 1, size - 1
            if not size:
                continue
        if char == "\\":
            if size % 2:
                escaped = at + size
                target = text[escaped] if escaped < end else ""
                if target in ("(", "["):
                    opened[target] = True
                elif target in (")", "]"):
                    opener = {")": "(", "]": "["}[target]
                    if opened[opener]:
                        n["math"] += 1
                        n["markup_chars"] += 4
                        opened[opener] = False
        elif char == "`":
            close = next(((p, s) for p, s in marks[k + 1 :] if text[p] == "`" and s == size), None)
            if size <= MAX_TICKS and close:
                n["inline_code"] += 1
                n["markup_chars"] += 2 * size
                skip_to = sum(close)
        elif char == "<":
            stop = autolink_end(text, at, end)
            if stop > 0:
                n["links"] += 1
                n["markup_chars"] += 2
                skip_to = stop
        elif char == "$":
            before = text[at - 1] if at > 0 else " "
            after = text[at + size] if at + size < end else " "
            if size == 2:
                n["math"] += opened["$$"]
                n["markup_chars"] += 4 * opened["$$"]
                opened["$$"] = not opened["$$"]
                opened["$"] = False
            elif size == 1 and not opened["$$"]:
                if opened["$"] and before > " " and after not in "0123456789":
                    n["math"] += 1
                    n["markup_chars"] += 2
                    opened["$"] = False
                elif after > " ":
                    opened["$"] = True
        elif char == "[":
            image = at > 0 and text[at - 1] == "!" and escaped != at - 1
            brackets.append({"image": image, "runs": len(runs), "live": True})
        elif char == "]":
            if not brackets:
                continue
            opener = brackets.pop()
            if not opener["live"] or at + 1 >= end or text[at + 1] != "(":
                continue
            stop = link_end(text, at + 1, end)
            if stop < 0:
                continue
            inner = runs[opener["runs"] :]
            del runs[opener["runs"] :]
            pair_emphasis(inner, n)
            n["images" if opener["image"] else "links"] += 1
            n["markup_chars"] += stop - at + (2 if opener["image"] else 1)
            if not opener["image"]:
                for bracket in brackets:
                    bracket["live"] = bracket["image"]
            skip_to = stop
        else:
            before = text[at - 1] if at > 0 else " "
            after = text[at + size] if at + size < len(text) else " "
            left = not is_space(after) and (not is_punct(after) or is_space(before) or is_punct(before))
            right = not is_space(before) and (not is_punct(before) or is_space(after) or is_punct(after))
            opens, closes = left, right
            if char == "_":
                opens = left and (not right or is_punct(before))
                closes = right and (not left or is_punct(after))
            if opens or closes:
                runs.append({"char": char, "left": size, "size": size, "opens": opens, "closes": closes})
    pair_emphasis(runs, n)


KANA_OR_HAN = r"[\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"
BOOK = read_lexicons()

# -- phrases ------------------------------------------------------------------------------------------------


def phrase_regex(text: str, sets: dict[str, str]) -> str:
    """A phrase as a regular expression over "word word ! word | " strings."""
    text = re.sub(r"@([a-z_]+)", lambda m: f"({sets[m.group(1)]})", text)
    if "@" in text:
        return phrase_regex(text, sets)
    out = []
    for token in re.findall(rf"[()|\[\]!]|{KANA_OR_HAN}|(?:(?!{KANA_OR_HAN})[^\s()|\[\]!])+", text):
        special = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|", "!": "! ", "_": r"[^ |!]+ "}
        out.append(special.get(token) or re.escape(folded(token)) + " ")
    return "".join(out)


@cache
def phrase_book(categories: tuple[str, ...] = CATEGORIES) -> list[tuple[int, bool, re.Pattern[str]]]:
    """Category, whether only at the start of a sentence, and expression."""
    book: dict[tuple[int, bool], list[str]] = {}
    for lexicon in BOOK:
        for phrase in lexicon.phrases:
            if phrase.category not in categories:
                continue
            opening = phrase.text.startswith("^")
            key = categories.index(phrase.category), opening
            book.setdefault(key, []).append(f"(?:{phrase_regex(phrase.text.lstrip('^'), lexicon.sets)})")
    return [
        (category, opening, re.compile("|".join(parts)))
        for (category, opening), parts in sorted(book.items())
    ]


@cache
def word_book() -> list[re.Pattern[str]]:
    """An expression for each list of single words."""
    return [
        re.compile("|".join(phrase_regex(p.text, x.sets) for x in BOOK for p in x.phrases if p.category == name) or "!")
        for name in LISTS
    ]


def folded(word: str) -> str:
    word = "".join(c.lower() if len(c.lower()) == 1 else c for c in word)
    return word.replace("\u2019", "'").replace("\u2010", "-").replace("\u2011", "-")


def phrases(
    text: str, spans: list[tuple[int, int, bool]], categories: tuple[str, ...] = CATEGORIES
) -> list[tuple[int, int]]:
    """Category and place among the words of each phrase in a sentence: leftmost, longest.

    Of sycophancy no two overlap; of style no two of one category.
    """
    tokens, ends, line = [], [], ""
    for k, (start, end, _) in enumerate(spans):
        tokens.append(len(line))
        line += folded(text[start:end]) + " "
        ends.append(len(line))
        stop = spans[k + 1][0] if k + 1 < len(spans) else len(text)
        if text[end:stop].lstrip("*_\"'")[:1] in ("!", "！"):
            line += "! "
            ends.append(len(line))
        elif text[end:stop].strip(SOFT) or k + 1 == len(spans):
            line += "| "
    found, k = [], 0
    free: dict[int, int] = {}
    while k < len(tokens):
        at = tokens[k]
        live = [(c, e) for c, opening, e in phrase_book(categories) if (k == 0 or not opening) and e.match(line, at)]
        best = None
        for end in reversed(ends) if live else ():
            hits = [c for c, e in live if end > at and e.fullmatch(line, at, end)]
            if hits:
                best = min(hits), end
                break
        if best is None:
            k += 1
            continue
        if at >= free.get(best[0], 0):
            found.append((best[0], k))
            free[best[0]] = best[1]
        k += 1
        while categories == CATEGORIES and k < len(tokens) and tokens[k] < best[1]:
            k += 1
    return found


# -- all ----------------------------------------------------------------------------------------------------

NAMES = (
    "turns chars words prose_words sentences paragraphs lines headers ordered_items bullet_items bold italic "
    "inline_code code_blocks code_chars links images tables quotes rules math markup_chars emoji emoji_distinct "
    "emoji_lines praise agreement capitulation empathy enthusiasm servility engagement_bait sycophantic_opening "
    "sycophantic_closing refusal disclaimer hedges boosters slop first_person second_person contractions "
    "positive_words negative_words all_caps exclamations questions closing_question syllables complex_words long_words "
    "letters window_types window_words"
).split()


def sentences(text: str, lines: list[Line]) -> list[tuple[int, int]]:
    """Stretches of prose that have a word, in order."""
    out = []
    for line in lines:
        if line.fenced:
            continue
        start = line.content
        stops = [
            k + 1
            for k in range(line.content, line.end)
            if text[k] in "。！？｡" or (text[k] in ".!?…" and ends_sentence(text[k + 1 : k + 2]))
        ]
        for stop in [*stops, line.end]:
            if words(text[start:stop]):
                out.append((start, stop))
            start = stop
    return out


def ends_sentence(after: str) -> bool:
    return (
        not after
        or after.isspace()
        or after in "*_\"'"
        or unicodedata.category(after) in ("Ps", "Pe", "Pi", "Pf")
    )


# -- word by word -------------------------------------------------------------------------------------------


@cache
def is_vowel(char: str) -> bool:
    return char.lower() not in "йў" and unicodedata.normalize("NFD", char)[0].lower() in VOWELS


def syllables(word: str) -> int:
    small = "".join(c.lower() if c.isascii() else c for c in word)
    word = "".join(c for c in word if unicodedata.category(c)[0] != "M")
    sounds = "".join("v" if word_class(c) != "A" and is_vowel(c) else "c" for c in word)
    groups = len(re.findall("v+", sounds))
    consonant = "[bcdfghjklmnpqrstvwxz]"
    silent = re.search(rf"{consonant}(e|ed|es)$", small)
    if silent and not re.search(rf"{consonant}l(e|ed|es)$|[td]ed$|[szxcgh]es$", small):
        groups -= groups > 1
    return max(1, groups)


def letters(word: str) -> str:
    return "".join(c for c in word if unicodedata.category(c)[0] in "LN")


def in_capitals(word: str) -> bool:
    body = [c for c in letters(word) if c not in "0123456789"]
    return len(body) > 1 and all("A" <= c <= "Z" or (ord(c) > 127 and c.lower() != c and len(c.lower()) == 1) for c in body)


def count_words(prose: list[str], n: dict[str, int]) -> None:
    """What is counted of each word outside code fences."""
    for word in prose:
        n["syllables"] += syllables(word)
        n["complex_words"] += syllables(word) > 2
        n["letters"] += len(letters(word))
        n["long_words"] += len(letters(word)) > 6
        n["all_caps"] += in_capitals(word)
        for name, rule in zip(LISTS, word_book(), strict=True):
            n[name] += bool(rule.fullmatch(folded(word) + " ")) and not (name == "first_person" and word == "i")
    for at in range(max(1, len(prose) - WINDOW + 1)):
        window = [folded(word) for word in prose[at : at + WINDOW]]
        n["window_types"] += len(set(window))
        n["window_words"] += len(window)


def calls(line: str) -> list[int]:
    """Places of the exclamation and question marks that are counted."""
    found = [m.start() for m in re.finditer("[！？]", line)]
    for m in re.finditer(r"[!?]+", line):
        after = line[m.end() : m.end() + 1]
        if after != "[" and ends_sentence(after):
            found += range(m.start(), m.end())
    return sorted(found)


def count_turn(text: str, n: dict[str, int], seen: set[str]) -> None:
    turn = Turn(text)
    for name, value in turn.n.items():
        n[name] += value
    n["chars"] += len(text)
    n["words"] += len(words(text))
    prose: list[str] = []
    called: list[int] = []
    for line in turn.lines:
        n["prose_words"] += len(line.markers)
        n["syllables"] += len(line.markers)
        n["letters"] += sum(line.markers)
        if not line.fenced:
            n["prose_words"] += len(words(text[line.content : line.end]))
            inner = text[line.content : line.end]
            prose += [inner[a:b] for a, b, _ in words(inner)]
            called += [line.content + k for k in calls(text[line.content : line.end])]
    for segments, end in turn.blocks:
        inline_counts(text, segments, end, n)
    openings = []
    for line in turn.lines:
        if not line.fenced:
            k = line.content
            while text[k : k + 1] in ("*", "_"):
                k += 1
            openings.append((line.content, k))
    for start, end in emoji_spans(text):
        n["emoji"] += 1
        seen.add(text[start:end])
        n["emoji_lines"] += any(a <= start <= b for a, b in openings)
    stretches = sentences(text, turn.lines)
    n["sentences"] += len(stretches)
    places = []
    for number, (start, stop) in enumerate(stretches):
        stretch = text[start:stop]
        for category, _ in phrases(stretch, words(stretch)):
            n[CATEGORIES[category]] += 1
            places.append(number)
        for category, _ in phrases(stretch, words(stretch), STYLE):
            n[STYLE[category]] += 1
    n["sycophantic_opening"] += 0 in places
    n["sycophantic_closing"] += len(stretches) - 1 in places
    count_words(prose, n)
    n["exclamations"] += sum(text[k] in "!！" for k in called)
    asked = [k for k in called if text[k] in "?？"]
    n["questions"] += len(asked)
    if stretches:
        start, stop = stretches[-1]
        n["closing_question"] += any(start <= k < stop for k in asked)


def twin(turns: list[str] | str, strip_think: bool = True) -> dict[str, int]:
    """Every count of a text (or of its turns), by name."""
    turns = [turns] if isinstance(turns, str) else turns
    n = dict.fromkeys(NAMES, 0)
    seen: set[str] = set()
    n["turns"] = len(turns)
    n["chars"] = 2 * (len(turns) - 1)
    for turn in turns:
        count_turn(without_reasoning(turn) if strip_think else turn, n, seen)
    n["emoji_distinct"] = len(seen)
    return n
