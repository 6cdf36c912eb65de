"""The compiled scanner beside its slow twin and other oracles, family by family of texts."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from emoji import EMOJI_DATA, emoji_count
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llamastyle.features.counters import CATEGORIES, Counter
from llamastyle.features.lexicon import read_lexicons
from tests.features.measuring import auc, column, counts, real_texts, scan
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

assigned = st.characters(codec="utf-8", exclude_categories=["Cn", "Cs", "Co"])


def joined(pieces: list[str], size: int = 40) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=size).map("".join)


def agree(*turns: str, strip_think: bool = True) -> None:
    fast, slow = counts(*turns, strip_think=strip_think), twin(list(turns), strip_think)
    assert {name: fast[name] for name in NAMES} == slow


@quick
@given(st.text(assigned, max_size=60) | joined(PLAIN))
def test_unicode(text: str) -> None:
    agree(text)


@settings(quick, max_examples=600)
@given(joined(PIECES))
@example("- a\n\n  - b\n\n    c\n> d\n1. e")
@example("a\n-\n\n| a |\n|---|\n| b |")
@example("*a **b* c**")
def test_markdown(text: str) -> None:
    agree(text)


@settings(quick, max_examples=300)
@given(joined(CUTS, 16))
def test_cut_emoji(text: str) -> None:
    agree(text)


@settings(quick, max_examples=300)
@given(joined([*HOSTILE, *PIECES]), st.booleans())
def test_hostile_texts(text: str, strip_think: bool) -> None:
    agree(text, strip_think=strip_think)


@settings(quick, max_examples=200)
@given(st.lists(st.sampled_from([*PHRASES, *GLUE]), max_size=12).map("".join))
def test_phrases(text: str) -> None:
    agree(text)


@quick
@given(st.lists(joined([*PIECES, "<think>", "</think>", "Great question!"], 12), min_size=1, max_size=4))
def test_several_turns(turns: list[str]) -> None:
    agree(*turns)


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
    ],
    ids=ascii,
)
def test_a_hostile_megabyte_takes_no_more_than_a_moment(piece: str) -> None:
    text = (piece * (1_000_000 // len(piece.encode()) + 1))[:1_000_000]
    before = time.perf_counter()
    scan([[text]])
    assert time.perf_counter() - before < 5
