"""The compiled scanner beside its slow twin and other oracles, family by family of texts."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from emoji import EMOJI_DATA, emoji_count
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

import llamastyle as ls
from llamastyle.features.counters import CATEGORIES, PROSE_COUNTERS, Counter
from llamastyle.features.lexicon import read_lexicons
from llamastyle.features.text import arrow_texts
from tests.features.measuring import auc, column, counts, real_texts, scan
from tests.features.scanning import every_scan, scan_uncompiled
from tests.features.twin import NAMES, twin

quick = settings(max_examples=150, deadline=None)

PLAIN = "a b Z 9 . , ! ? ' - é ß Ж 中 あ ア ไ ກ က \u0301 \u200d \ufe0f \u2019 \u2011 … 。 ！ \u00a0 \u3000 “ ” ( )".split(
    " "
)
PIECES = [
    *("\n", "\n\n", "\r\n", "\r", " ", "  ", "    ", "\t", "\\", "word", "two words", "1", "a.b", "."),
    *(
        "# ",
        "## ",
        "#",
        "####### ",
        "===",
        "---",
        "- - -",
        "***",
        "___",
        "- ",
        "* ",
        "+ ",
        "1. ",
        "2) ",
        "10. ",
    ),
    *("> ", ">", "**", "*", "_", "__", "`", "``", "```", "````", "~~~", "```py\n", "\n```\n", "\n~~~\n"),
    *("[", "](", ")", "[a](b)", "![", "![i](u)", "<", ">", "<https://a.b>", "<a@b.cd>", "(", "<b c>", '"t"'),
    *(
        "|",
        "| a | b |\n",
        "|---|---|\n",
        "| - | :-: |",
        "--|--",
        "a|b",
        "$",
        "$$",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
    ),
    *("<div>", "</div>", "<!--", "-->", "<pre>", "</pre>", "<br/>", "<span>", "é", "中", "🎉", "\u00a0"),
]
CUTS = [
    "👨",
    "👩",
    "\u200d",
    "👧",
    "\ufe0f",
    "🏽",
    "❤",
    "🇩",
    "🇪",
    "🏴",
    "\U000e0067",
    "\U000e007f",
    "©",
    "™",
    "☑",
]
CUTS += [
    "\u20e3",
    "1",
    "#",
    "*",
    "a",
    " ",
    "\n",
    "- ",
    "\u0301",
    "㊙",
    "ℹ",
    "Ⓜ",
    "🏳",
    "🌈",
    "⚧",
    "🔥",
    "中",
    "**",
]
HOSTILE = [
    "<think>",
    "</think>",
    "<think",
    "think>",
    "</",
    *"[]()<>*_`$\\|\n\t\x00\x0b\x0c\x1c\x85",
    "\u2028",
    "\ufeff",
]
PHRASES = [s for x in read_lexicons() for p in x.phrases for s in (*p.matches, *p.misses)]
GLUE = [
    *" ,.!?*_\"'\n",
    "**",
    "...",
    "…",
    " - ",
    "\n\n- ",
    "great",
    "question",
    "you",
    "are",
    "right",
    "1. ",
    "“",
    "é",
]

CALLS = [
    *"!?！？。.…[]()\"'“”‘’«»*_ \n\t\u00a0",
    "!?", "?!", "![", "?[", "](u)", "\r\n", "\r", "a", "Really", "中", "é", "🎉", "1. ", "- ", "> ", "# ", "`", "```\n",
]  # fmt: skip
CAPITALS = [
    *"ABIZabz12'-’‑_* \n.", "OK", "NASA", "\u0301",
    *"ÉéßẞЖжﬁİıǅΣςªⅧⅷⒶ中𝐀ꭰᎠᲐაᾼ",
]  # fmt: skip
BODIES = ["a", "b", "E", "ab", "eb", "Qu", "9", "AB", "tion", "x-", "o'", "don't-", "ble", "he"]
ENDS = [
    "e", "ed", "es", "le", "led", "ted", "ses", "ee", "ye", "s", "'", "-", "’", "''", "-'", "'s", "n't", "'e", "-le",
    *"éÉ\u0301中1A.!?\n",
]  # fmt: skip
EDGES = [
    *(1, 2, 3, 7, 8, 9, 14, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49),
    *(59, 60, 61, 62, 63, 64, 65, 127, 128, 129),
]
RIGHT_TO_LEFT = [
    *"\x00\r\n\t .!?-*#>'\x0b\x0c\x1c\x1f\x7f\x85\u2028\u2029\u200b\u200e\u200f\u202b\u202e\u2066\u2069\ufeff",
    "\r\n", "שלום", "עִבְרִית", "مرحبا", "؟", "،", "لا", "٣", "ﷺ", "ﻻ", "abc", "**", "🎉", "1. ", "|", "`", "$",
]  # fmt: skip
COLUMNS = [Counter[name.upper()] for name in NAMES]
STARTS = [
    "", "t ", "'t", "-b", "\u0301", "e", "question", "you", "[a](b)", "!", "\n", "`", "*", "\ufe0f", "🏽", "</think>a",
]  # fmt: skip
LASTS = [
    "", "don'", "é I'", "a-", "I", "Great ", "you are absolutely", "![", "!", "?", "`", "**", "<", "<think>", "👍", "1", "e", "ace",
]  # fmt: skip

assigned = st.characters(codec="utf-8", exclude_categories=["Cn", "Cs", "Co"])


def joined(pieces: list[str], size: int = 40) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=size).map("".join)


@st.composite
def at_edges(draw: st.DrawFn) -> str:
    """Words that end, and joints that stand, where bytes are read by eight, sixteen and 64."""
    text = draw(st.sampled_from(["", "", " ", "# ", "é ", "a\n", "1. "]))
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.sampled_from(EDGES) | st.integers(-2, 2).map(lambda n: -len(text.encode()) % 64 + n))  # noqa: B023
        body = draw(st.sampled_from(BODIES))
        text += (body * max(size, 0))[: max(size, 0)] + draw(st.sampled_from(ENDS))
        text += draw(st.sampled_from(["", " ", "\n"]))
    cut = draw(st.sampled_from([None, None, 63, 64, 65, 127, 128]))
    return text.encode()[:cut].decode(errors="ignore")


@st.composite
def many_words(draw: st.DrawFn) -> str:
    """About as many words as windows, and the tables of words, hold; few or many of them different."""
    n = draw(st.sampled_from([1, 99, 100, 101, 127, 128, 129, 200, 255, 256, 257, 682, 683, 700, 2000, 2000]))
    kinds = draw(st.sampled_from([1, 2, 50, 99, 100, 101, 127, 128, 129, 700, n]))
    order, seed = np.arange(n) % kinds, draw(st.integers(0, 20))
    if seed > 10:
        order = np.random.default_rng(seed).integers(kinds, size=n)
    back = draw(st.sampled_from([1, 50, 92, 98, 99, 100, 101, 127, 128, n]))
    order[back::13] = order[:-back:13]  # now and then a word from some places before
    words = [f"{'wW'[seed % 2 and k % 3 == 0]}{at}" for k, at in enumerate(order)]
    step = draw(st.sampled_from([40, 100, 3000]))
    glue = draw(st.sampled_from([". ", "\n", "é ", "\n```\nx\n```\n"]))
    return glue.join(" ".join(words[at : at + step]) for at in range(0, n, step))


CHANGES: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.title,
    lambda s: s.replace("'", "’"),
    lambda s: s.replace(" ", "\u00a0"),
    lambda s: s.replace(" ", ", *"),
    lambda s: s.replace(" ", "\n", 1),
    lambda s: f"{s} é",
    lambda s: f"中{s}",
    lambda s: s[:-1],
]
SENTENCES = st.builds(lambda change, s: change(s), st.sampled_from(CHANGES), st.sampled_from(PHRASES))
FAMILIES = {
    "unicode": st.text(assigned, max_size=60) | joined(PLAIN),
    "markdown": joined(PIECES),
    "cut emoji": joined(CUTS, 16),
    "hostile": joined([*HOSTILE, *PIECES]),
    "phrases": st.lists(SENTENCES | st.sampled_from(GLUE), max_size=8).map("".join),
    "calls": joined(CALLS, 16),
    "capitals": joined(CAPITALS, 16),
    "edges": at_edges(),
    "right to left": joined(RIGHT_TO_LEFT),
}


def agree(*turns: str, strip_think: bool = True) -> None:
    fast, slow = counts(*turns, strip_think=strip_think), twin(list(turns), strip_think)
    assert {name: fast[name] for name in NAMES} == slow


@quick
@given(FAMILIES["unicode"])
def test_unicode(text: str) -> None:
    agree(text)


@settings(quick, max_examples=600)
@given(FAMILIES["markdown"])
@example("- a\n\n  - b\n\n    c\n> d\n1. e")
@example("a\n-\n\n| a |\n|---|\n| b |")
@example("*a **b* c**")
def test_markdown(text: str) -> None:
    agree(text)


@settings(quick, max_examples=300)
@given(FAMILIES["cut emoji"])
def test_cut_emoji(text: str) -> None:
    agree(text)


@settings(quick, max_examples=300)
@given(FAMILIES["hostile"], st.booleans())
def test_hostile_texts(text: str, strip_think: bool) -> None:
    agree(text, strip_think=strip_think)


@settings(quick, max_examples=200)
@given(st.lists(st.sampled_from([*PHRASES, *GLUE]), max_size=12).map("".join))
def test_phrases(text: str) -> None:
    agree(text)


@settings(quick, max_examples=300)
@given(FAMILIES["phrases"])
def test_phrases_in_other_writing(text: str) -> None:
    agree(text)


@settings(quick, max_examples=500)
@given(FAMILIES["calls"])
@example("a![b] c!?[d] e?!(f) g！h？")
@example("a? ?")
@example("é？ ？")
@example("Why?\n```\nNo?\n```\n- 1!\r\n? “!”")
def test_exclamations_and_questions(text: str) -> None:
    agree(text)


@settings(quick, max_examples=500)
@given(FAMILIES["capitals"])
def test_capitals(text: str) -> None:
    agree(text)


@settings(quick, max_examples=600)
@given(FAMILIES["edges"])
@example("ace")
@example("a" * 63 + "'b" + "c" * 62 + "-d")
def test_words_at_the_edges_of_what_is_read_at_once(text: str) -> None:
    agree(text)


@settings(quick, max_examples=50)
@given(many_words())
@example(" ".join(f"w{k - 92 if k % 13 == 0 else k}" for k in range(2000)))
@example(" ".join(f"w{k - 99 if k % 13 == 0 else k}" for k in range(2000)))
def test_windows_of_words(text: str) -> None:
    agree(text)


@settings(quick, max_examples=300)
@given(FAMILIES["right to left"])
def test_right_to_left_and_control_characters(text: str) -> None:
    agree(text)


@settings(quick, max_examples=60)
@given(joined([*"aé中", "👨‍👩‍👧", "1️⃣", "’", "“", "！", "？", "İ", "\u0301", " ", "\n", "great question"], 6))
def test_a_text_cut_at_every_byte(text: str) -> None:
    data = text.encode()
    halves = [part for k in range(len(data) + 1) for part in (data[:k], data[k:])]
    texts = [half.decode("utf-8", "surrogateescape") for half in halves]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ls.LlamaStyleWarning)
        found = every_scan(arrow_texts(texts))["prose"][:, COLUMNS].tolist()
    expected = [list(twin(re.sub("[\ud800-\udfff]", "\ufffd", text)).values()) for text in texts]
    assert found == expected


@quick
@given(st.lists(joined([*PIECES, "<think>", "</think>", "Great question!"], 12), min_size=1, max_size=4))
def test_several_turns(turns: list[str]) -> None:
    agree(*turns)


ROWS = st.tuples(st.sampled_from(STARTS), joined([*PIECES, *CALLS], 6), st.sampled_from(LASTS)).map("".join)


@settings(quick, max_examples=300)
@given(st.lists(st.lists(ROWS, min_size=1, max_size=3), min_size=2, max_size=5))
def test_texts_of_a_batch_do_not_see_one_another(conversations: list[list[str]]) -> None:
    alone = [scan([turns])[0].tolist() for turns in conversations]
    assert scan(conversations).tolist() == alone


@settings(quick, max_examples=300)
@given(st.lists(ROWS, min_size=1, max_size=5), st.booleans())
def test_every_pass_counts_the_same(texts: list[str], strip_think: bool) -> None:
    found = every_scan(pa.array(texts, pa.large_string()), strip_think)
    assert found["spans"].tolist() == found["prose"].tolist()
    both = [counter for counter in Counter if counter not in PROSE_COUNTERS]
    assert found["rows"][:, both].tolist() == found["prose"][:, both].tolist()


def drawn(family: st.SearchStrategy[str], number: int) -> list[str]:
    """Some texts of a family, the same in every run."""
    texts: list[str] = []

    @settings(max_examples=number, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(family)
    def keep(text: str) -> None:
        texts.append(text)

    keep()
    return texts


def test_every_pass_finds_the_same_without_the_compiler() -> None:
    texts = [text for family in FAMILIES.values() for text in drawn(family, 40)]
    texts += [
        "```a```" * 40 + "\n- a",
        "**a** " * 600,
        " ".join(f"Word{n}" for n in range(900)),
        "<think>a</think>ace",
    ]
    compiled = every_scan(pa.array(texts, pa.large_string()))
    assert scan_uncompiled(texts) == {name: values.tolist() for name, values in compiled.items()}


def test_every_example_of_the_phrase_lists() -> None:
    rows = scan([[sentence] for sentence in PHRASES])[:, [Counter[c.upper()] for c in CATEGORIES]]
    assert rows.tolist() == [[twin(sentence)[c] for c in CATEGORIES] for sentence in PHRASES]


@pytest.mark.shared_data
def test_real_texts(shared: Path) -> None:
    texts = [text[:6000] for text in real_texts(shared, 160)]
    fast = scan([[text] for text in texts])[:, [Counter[name.upper()] for name in NAMES]]
    slow = np.array([list(twin(text).values()) for text in texts])
    assert [(NAMES[j], i) for i, j in np.argwhere(fast != slow)] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"words": 0, "lines": 0, "sentences": 0, "paragraphs": 0, "chars": 0, "turns": 1}),
        ("Don't re-do it… now. 'Ok'?", {"words": 5, "sentences": 3, "chars": 26}),
        ("我喜欢你。", {"words": 4, "sentences": 1}),
        ("v3.5 is e.g. fine", {"words": 6, "sentences": 2}),
        ("# A\n\nB\n===\n\n#C", {"headers": 2, "paragraphs": 3, "sentences": 3}),
        ("1. a\n2) b\n   - c\n", {"ordered_items": 2, "bullet_items": 1}),
        ("**a** __b__ *c* _d_ ***e***", {"bold": 3, "italic": 3}),
        ("```\n# no\n- no\n```\n", {"code_blocks": 1, "headers": 0, "bullet_items": 0, "code_chars": 10}),
        ("`a` and ``b ` c``", {"inline_code": 2}),
        ("| a | b |\n|---|---|\n| c | d |", {"tables": 2}),
        ("[a](b) <https://c.d> ![e](f) `[g](h)`", {"links": 2, "images": 1}),
        ("> a\n\n---\n\n$x$ and \\(y\\)", {"quotes": 1, "rules": 1, "math": 2}),
        ("- 🎉 a\n🎉 b\nc 👨‍👩‍👧", {"emoji": 3, "emoji_distinct": 2, "emoji_lines": 2}),
        ("Great question! It is so.", {"praise": 1, "sycophantic_opening": 1, "sycophantic_closing": 0}),
        ("7 great ideas for dinner", {"praise": 0}),
        ("It is so.\n```\nGreat question!\n```", {"praise": 0}),
        ("<think>one two</think>Three.", {"words": 1, "chars": 6}),
        ("one two\n</think>\nThree.", {"words": 1, "chars": 7}),
        ("One <think> two.", {"words": 3, "chars": 16}),
        ("Write </think> there.", {"words": 3, "chars": 21}),
    ],
)
def test_counts_made_by_hand(text: str, expected: dict[str, int]) -> None:
    found = counts(text)
    assert {name: found[name] for name in expected} == expected


def test_reasoning_stays_where_it_is_asked_to() -> None:
    assert counts("<think>one two</think>Three.", strip_think=False)["words"] == 5


def test_many_marks_outgrow_their_notes() -> None:
    assert counts("**a** " * 3000)["bold"] == 3000


def test_many_adjacent_pairs_of_emoji() -> None:
    sequences = np.array(list(EMOJI_DATA), dtype=object)
    pick = np.random.default_rng(0)
    pairs = (pick.choice(sequences, 20_000) + pick.choice(sequences, 20_000)).tolist()
    assert column(pairs, "emoji").tolist() == [emoji_count(pair) for pair in pairs]


@pytest.mark.shared_data
def test_sycophancy_separates_praising_turns(shared: Path) -> None:
    turns = pd.read_parquet(shared / "spiral_bench" / "turns.parquet").dropna(subset="m_sycophancy_or_praise")
    rows = scan([[text] for text in turns["assistant"]])
    score = rows[:, [Counter[c.upper()] for c in CATEGORIES]].sum(axis=1)
    praised, model = turns["m_sycophancy_or_praise"].to_numpy() > 0, turns["model"].to_numpy()
    floors = {"llama-4-maverick": 0.745, "claude-sonnet-4": 0.665}
    assert auc(score, praised) > 0.70
    found = {name: auc(score[model == name], praised[model == name]) for name in floors}
    assert {name: value for name, value in found.items() if value < floors[name]} == {}


@pytest.mark.parametrize(
    "piece",
    [
        "*",
        "_a",
        "**a",
        "[",
        "]",
        "![",
        "[a](",
        "[](",
        "`",
        "`a``b```",
        "<",
        "<a",
        "<a:",
        "> ",
        "- ",
        "  - ",
        "$",
        "\\",
    ]
    + [
        "\\[",
        "|",
        "|a\n",
        "|-|\n",
        "```",
        "```a```",
        "~~~\n",
        "<!--",
        "<div>\n",
        "<think>",
        "</think>",
        "#",
        "1. ",
    ]
    + [
        "👨\u200d",
        "\u20e3",
        "1\u20e3",
        "🏴",
        "\n",
        "\r",
        " ",
        "\t",
        "a",
        "'",
        "-a",
        "é",
        "\u0301",
        "中",
        "(",
        "<think></think>",
    ]
    + [
        "great ",
        "you are ",
        "that is such a ",
        "*a **b ",
        "a_b*",
        "> - ",
        "* a\n",
        "![[",
        '[a](b "',
        "[a](<",
        "<a@",
    ]
    + ["!?", "!?[", "A", "a-", "don't ", "don’t ", "e.", "e. ", "a? ", "able ", "？", "！a", "aé", "É"]
    + ["i cannot ", "i'm sorry but i can't i ", "it is important to ", "as an ai as an "],
    ids=ascii,
)
def test_a_hostile_megabyte_is_read(piece: str) -> None:
    """With the square of its length, this would not end."""
    text = (piece * (1_000_000 // len(piece.encode()) + 1))[:1_000_000]
    assert scan([[text]])[0, Counter.CHARS] == (10 if piece == "<think></think>" else len(text))


def test_a_megabyte_of_different_words_is_read() -> None:
    rows = scan([[" ".join(map(str, range(150_000)))]])
    assert rows[0, Counter.WINDOW_TYPES] == rows[0, Counter.WINDOW_WORDS] == 100 * (150_000 - 99)
