"""The scanner beside its slow twin, and what edits and marks texts by it."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

import llamastyle as ls
from fuzz.checked import check_arrays, checked
from fuzz.checking import Wrong
from llamastyle.features import kernel, tables
from llamastyle.features.counters import N_COUNTERS, PROSE_COUNTERS, Counter
from llamastyle.features.editing import ADDED, STRIPPED
from llamastyle.features.spans import PLACES
from llamastyle.features.text import TURN_JOIN, batch_from_arrow, without_reasoning
from tests.features import twin as slow

SUMMARY = "the scanner, uncompiled and with checked arrays, beside its twin; highlight, restyle, every feature"
LONGEST = 400
EDITED = 60
"""Characters of a text that is edited, which takes many scans."""
ROW, TURN = "\ufffe", "\uffff"
"""Noncharacters that stand between texts, and between the turns of one."""
TOKENS = [
    *(token.encode() for token in (
        "**", "*", "__", "_", "`", "``", "```", "```\n", "\n```\n", "~~~", "# ", "## ", "- ", "* ", "+ ", "1. ", "2) ",
        "> ", "[a](b)", "![", "](", "<https://a.b>", "<a@b.cd>", "| a | b |\n|---|---|\n", "|---|", "---", "===", "***",
        "$", "$$", "\\(", "\\)", "\\[", "\\]", "<div>", "</div>", "<!--", "-->", "<pre>", "<think>", "</think>",
        "\n</think>\n", "\n\n", "\r\n", "\r", "    ", "\t", "\x85", "\u2028", "\ufeff", "\u00a0", "\u3000", "’", "“", "…",
        "！", "？", "。", "中", "ア", "ไ", "é", "ß", "İ", "ﬁ", "\u0301", "\u200d", "\ufe0f", "👨", "👩", "👧", "🏽", "🇩",
        "🇪", "❤", "©", "1️⃣", "🏴", "\U000e0067", "\U000e007f", "Great question", "You're absolutely right", "I'm sorry",
        "As an AI", "Let me know if", "I cannot", "!", "?", "?!", "don't", "e", "ed", "NASA", "I ", "2*3", "word " * 8,
        "Sure! ", "I'd be happy to", ROW, TURN,
    )),
]  # fmt: skip
COLUMNS = [Counter[name.upper()] for name in slow.NAMES]
BOTH = [counter for counter in Counter if counter not in PROSE_COUNTERS]
UNCOMPILED = not hasattr(kernel.scan_prose, "signatures")
if UNCOMPILED:
    check_arrays(kernel)


@cache
def _tables() -> Any:
    return checked(tables.load()[0]) if UNCOMPILED else tables.load()[0]


def seeds() -> dict[str, bytes]:
    """Texts with a little of everything."""
    texts = [
        "", "Don't re-do it… now. 'Ok'?", "我喜欢你。v3.5 is e.g. fine", "# A\n\nB\n===\n\n#C\n1. a\n2) b\n   - c\n",
        "**a** __b__ *c* _d_ ***e*** *a **b* c**", "```\n# no\n```\n`a` and ``b ` c``", "> a\n\n---\n\n$x$ and \\(y\\) $$z$$",
        "| a | b |\n|---|---|\n| c | d |\n\nx", "[a](b) <https://c.d> ![e](f) `[g](h)` [x](<y z> 't')",
        "- 🎉 a\n🎉 b\nc 👨‍👩‍👧 1️⃣ 🇩🇪 👍🏽 ❤️ ©", "Great question! It is so. You're absolutely right! Let me know if you need more.",
        "<think>hm</think>Yes.<think>and", "hm\n</think>\nYes.", f"One.{TURN}Two **b**.{TURN}- c{ROW}Three{ROW}<think>a</think>e",
        "I'm sorry, but I cannot help with that. As an AI, I think maybe.", "Why?! No!! NASA said: great, wonderful, terrible.",
        "w1 w2 w3 " * 45, "<div>\n*a*\n</div>\n\n<!-- -->\n<pre>\n\n**x**</pre>", "- a\n\n  - b\n\n    c\n> d\n1. e",
        "a\r\nb\rc\x0bd\x0ce\x85f\u2028g", "\ufeff**a**\u00a0b\u3000c İ ß ﬁ É", "2*3*4 = 24 `*` \\*no\\* _a_b_",
    ]  # fmt: skip
    return {f"{kind}-{k}": bytes([kind]) + text.encode() for k, text in enumerate(texts) for kind in ((0, 3, 12) if k % 4 == 3 else (0, 3) if k % 2 else (0, 1))}


def run(data: bytes) -> None:
    """Compare, by the bits of the first byte with reasoning or without, and whatever else they ask for."""
    if not data:
        return
    asked = data[0]
    text = _assigned(data[1:].decode("utf-8", "replace"))
    rows = [row.split(TURN) for row in text.split(ROW)][:6]
    compare(rows, strip=not asked & 1)
    texts = [TURN_JOIN.join(row) for row in rows]
    if asked & 2:
        measure(texts, strip=not asked & 1)
    if asked & 12 == 12 and asked & 3 == 0:
        edit([text[:EDITED] for text in texts[:1]], asked)


def _assigned(text: str) -> str:
    """The text without code points that a newer Unicode may have assigned, but for the two that divide it."""
    return "".join(c if c < "\u0378" or c in ROW + TURN or unicodedata.category(c) not in ("Cn", "Co") else "�" for c in text)


def compare(rows: list[list[str]], strip: bool) -> None:
    """Every pass counts the same, what the twin counts, alone and beside others; marks lie inside of their text."""
    texts = [TURN_JOIN.join(row) for row in rows]
    starts = [np.cumsum([len(t.encode()) + len(TURN_JOIN) for t in row[:-1]]).astype(int).tolist() for row in rows]
    batch = batch_from_arrow(pa.array(texts, pa.large_string()), pa.array(starts, pa.list_(pa.int64())) if any(starts) else None)  # fmt: skip
    given = (batch.data, batch.offsets, batch.turns, batch.turn_offsets)
    given = (*(map(checked, given) if UNCOMPILED else given), 0, len(rows), strip, True, _tables())
    n = len(rows)
    found = {name: np.full((n, N_COUNTERS), -7, np.int64) for name in ("rows", "prose", "spans")}
    with np.errstate(over="ignore"):  # hashes wrap around
        kernel.scan_rows(*given, found["rows"])
        kernel.scan_prose(*given, found["prose"])
        room = np.concatenate(([0], np.cumsum(found["prose"][:, PLACES].sum(axis=1) + 1)))
        marks = np.full((room[-1], 3), -7, np.int64)
        kernel.scan_spans(*given, found["spans"], marks, room)
    for row, turns in enumerate(rows):
        counts = dict(zip(slow.NAMES, found["prose"][row, COLUMNS].tolist(), strict=True))
        expected = slow.twin(turns, strip)
        if counts != expected:
            different = {k: (counts[k], expected[k]) for k in expected if counts[k] != expected[k]}
            raise Wrong(f"kernel and twin differ: {different} in {turns!r}")
    if (found["prose"] < 0).any() or (found["rows"][:, BOTH] != found["prose"][:, BOTH]).any():
        raise Wrong(f"scan_rows and scan_prose differ in {rows!r}")
    if (found["spans"] != found["prose"]).any():
        raise Wrong(f"scan_spans and scan_prose differ in {rows!r}")
    for row in range(n):
        here = marks[room[row] : room[row + 1]]
        _, begin, end = here[1:].T
        size = batch.offsets[row + 1] - batch.offsets[row]
        if here[0, 0] != len(here) - 1 or (begin < 0).any() or (begin > end).any() or (end > size).any():
            raise Wrong(f"marks outside of the text, or other than counted, in {rows[row]!r}: {here.tolist()}")
    for turns in rows:
        for turn in turns:
            if without_reasoning(turn) != slow.without_reasoning(turn):
                raise Wrong(f"reasoning is cut differently in {turn!r}")


def measure(texts: list[str], strip: bool) -> None:
    """Every feature is a finite number; what is marked is as much as is counted."""
    values = ls.extract(texts, ls.ALL, n_jobs=1, progress=False, strip_think=strip).values
    if not np.isfinite(values).all():
        raise Wrong(f"a feature that is not finite in {texts!r}")
    shown = ls.highlight(texts, ["bold", "links", "emoji", "sycophancy", "hedges", "headers"], strip_think=strip)
    frame = shown.to_frame()
    for row in frame.itertuples():
        if texts[row.row][row.start : row.end] != row.text:
            raise Wrong(f"a span whose text is another in {texts!r}")
    shown._repr_html_()
    str(shown)


def edit(texts: list[str], asked: int) -> None:
    """Stripped twice is stripped once; what is added comes off again; a null edit changes no feature."""
    after = ls.restyle(texts)
    if ls.restyle(after) != after:
        raise Wrong(f"stripped twice is not stripped once in {texts!r}")
    name = ADDED[asked // 16 % len(ADDED)]
    bare = ls.restyle(texts, strip=STRIPPED)
    if ls.restyle(ls.restyle(texts, strip=(), add=name, dose=1 + asked // 128), strip=STRIPPED) != bare:
        raise Wrong(f"{name} does not come off again in {texts!r}")
    same = [f.name for f in ls.ALL if f.name not in ("chars", "markup_share")]
    before, then = (ls.extract(t, same, n_jobs=1, progress=False).values for t in (texts, ls.restyle(texts, add="null")))
    if not np.array_equal(before, then):
        raise Wrong(f"a null edit changes a feature of {texts!r}")
