"""The compiled pass: equal to its twin, to Arena's expressions, to the emoji package; linear in the text."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import emoji
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import llamastyle as ls
from llamastyle.features import kernel
from tests.features.scanning import TEXTS, scan
from tests.features.twin import twin


@given(TEXTS)
@example("")
@example("👨‍👩")
@example("```\n# no heading\n```\n# heading")
@settings(max_examples=1500, deadline=None)
def test_kernel_equals_twin(text):
    for strip in (True, False):
        found, expected = scan([text], strip)[0], twin(text, strip)
        assert {name: found[name] for name in expected} == expected


def arena_counts(text: str) -> dict[str, int]:
    """The published expressions in the published order: code is found once, then replaced as a string."""
    for code in re.findall(r"```([^`]*)```", text):
        text = text.replace(code, "")
    return {
        "arena_headers": sum(len(re.findall(rf"^#{{{n}}}\s", text, re.M)) for n in range(1, 7)),
        "arena_lists": len(re.findall(r"^\s*\d+\.\s", text, re.M))
        + len(re.findall(r"^\s*[-*+]\s", text, re.M)),
        "arena_bold": len(re.findall(r"\*\*[^*\n]+\*\*", text)) + len(re.findall(r"__[^_\n]+__", text)),
    }


def arena_kernel(text: str) -> dict[str, int]:
    return {k: v for k, v in arena_of(scan([text], False, True)[0]).items()}


def arena_of(counts: dict[str, int]) -> dict[str, int]:
    return {
        "arena_headers": counts["arena_headers"],
        "arena_lists": sum(
            v
            for k, v in counts.items()
            if k.startswith("arena_") and ("list" in k or "item" in k or "ordered" in k)
        ),
        "arena_bold": sum(v for k, v in counts.items() if k.startswith("arena_bold")),
    }


@given(TEXTS)
@example("``````\n- a\n- b")
@example("```a ` b```\n# c")
@example("__init__ and **a\nb**")
@example("```a```" * 40 + "\n- a\n# aa")
@example("```ab``````x``````ab```" * 20 + "\n- axb\n# axab")
@example("* * *\n- - -")
@settings(max_examples=800, deadline=None)
def test_arena_counters_equal_the_published_expressions(text):
    assert arena_kernel(text) == arena_counts(text)


FENCED = st.lists(
    st.tuples(st.booleans(), st.text("ab", max_size=6) | st.text("abc\n", max_size=12) | st.sampled_from(["`", "``"])),
    max_size=16,
).map(lambda parts: "".join(f"```{text}```" if fence else text for fence, text in parts))


@given(FENCED, st.integers(0, 3))
@settings(max_examples=3000, deadline=None)
def test_many_fences_are_removed_as_the_published_expression_removes_them(text, lead):
    text = "`" * lead + text
    expected = text
    blocks = re.findall(r"```([^`]*)```", text)
    for block in blocks:
        expected = expected.replace(block, "")
    data = np.frombuffer(text.encode(), np.uint8)
    origin = np.arange(len(data))
    if blocks:
        left, n, exact = kernel._remove_many(data.copy(), len(blocks), origin, 10**9)
        assert exact
        assert left[:n].tobytes().decode() == expected
        assert (data[origin[:n]] == left[:n]).all()


@pytest.mark.parametrize("n", [kernel.FEW_FENCES, kernel.FEW_FENCES + 1])
def test_both_ways_to_remove_fences_agree(n):
    rng = np.random.default_rng(n)
    for _ in range(200):
        parts = ["".join(rng.choice(list("ab\n-#* "), rng.integers(0, 9))) for _ in range(2 * n)]
        text = "".join(f"```{a}```{b}" for a, b in zip(parts[::2], parts[1::2], strict=True))
        assert arena_kernel(text) == arena_counts(text)


def fences(size: int, kind: str) -> str:
    """About so many bytes of fences with different insides, which occur nowhere else, or elsewhere too."""
    inside = [f"\nx{i}y\n" for i in range(size // 14)]
    if kind == "distinct":
        return "".join(f"```{code}```\n" for code in inside)
    if kind == "repeated":
        return "".join(f"```{code}```" for code in inside[::2]) + "- ".join(inside[::2])
    if kind == "nested":
        return "".join(f"```{'a' * i}```" for i in range(int((2 * size) ** 0.5))) + "# a\n"
    long = "".join(f"```{'a' * i}b```" for i in range(int((2 * size) ** 0.5)))
    return long + "```a```"


@pytest.mark.parametrize("kind", ["distinct", "repeated", "nested", "joined"])
def test_many_distinct_fences_are_read(kind):
    assert arena_kernel(fences(20_000, kind)) == arena_counts(fences(20_000, kind))
    scan([fences(4_000_000, kind)], arena=True)  # with the square of its length, this would not end


def test_what_would_take_too_long_is_bounded_and_said():
    n = 25_000
    tokens = [f"t{i}z" for i in range(n)]
    text = f"```{'a' * 10 * n}```" + "".join(f"```{token}```" for token in tokens[::-1]) + "a".join(tokens)
    with pytest.warns(ls.LlamaStyleWarning, match="not exact in 1 of 2 texts"):
        ls.extract([text, "- a"], ls.ARENA_WORDS, n_jobs=1)


def test_every_emoji_sequence_and_adjacent_pairs():
    sequences = list(emoji.EMOJI_DATA)
    rng = np.random.default_rng(0)
    pairs = ["".join(rng.choice(sequences, 2)) for _ in range(5000)]
    texts = sequences + pairs
    for text, found in zip(texts, scan(texts), strict=True):
        assert found["emoji"] == emoji.emoji_count(text), ascii(text)


@pytest.fixture(scope="module")
def real(shared: Path) -> list[str]:
    outputs = pd.read_parquet(shared / "alpaca_eval" / "outputs.parquet")["output"]
    battles = pd.read_parquet(shared / "arena_llama3" / "battles.parquet")["llama-3-70b-instruct"]
    return [str(t) for t in outputs.sample(2500, random_state=0)] + [str(t) for t in battles]


@pytest.mark.shared_data
def test_real_texts_equal_the_oracles(real):
    for text, found in zip(real, scan(real, strip=False, arena=True), strict=True):
        assert arena_of(found) == arena_counts(text)
        assert found["emoji"] == emoji.emoji_count(text)
    sample = real[::12]
    for text, found in zip(sample, scan(sample), strict=True):
        expected = twin(text)
        assert {name: found[name] for name in expected} == expected


@pytest.mark.shared_data
def test_real_texts_agree_with_markdown_it(real):
    parser = MarkdownIt("commonmark").enable("table")
    kinds = {
        "headers": "heading_open",
        "items": "list_item_open",
        "fences": "fence",
        "rows": "tr_open",
        "links": "link_open",
    }
    names = {"headers": ["headers"], "items": ["ordered_items", "bullet_items"], "fences": ["code_blocks"],
             "rows": ["tables"], "links": ["links"]}  # fmt: skip
    floor = {"headers": 0.99, "items": 0.985, "fences": 0.99, "rows": 0.98, "links": 0.95}
    agree: dict[str, list[bool]] = {kind: [] for kind in kinds}
    for text, found in zip(real, scan(real, strip=False), strict=True):
        tokens = [t.type for token in parser.parse(text) for t in (token, *(token.children or []))]
        for kind, token in kinds.items():
            ours, theirs = sum(found[name] for name in names[kind]), tokens.count(token)
            if ours or theirs:
                agree[kind].append(ours == theirs)
    for kind, same in agree.items():
        assert np.mean(same) >= floor[kind], (kind, len(same), np.mean(same))


@pytest.mark.shared_data
def test_arenas_own_counts_are_met_on_199_of_200_sides(shared):
    frame = pd.read_csv(shared / "arena_140k_sample" / "raw.csv")
    met = 0
    for _, row in frame.iterrows():
        meta = _literal(row["conv_metadata"])
        for side in "ab":
            turns = [t for t in _literal(row[f"conversation_{side}"]) if t["role"] == "assistant"]
            texts = ["".join(p.get("text") or "" for p in t["content"]) for t in turns]
            total = [
                sum(v) for v in zip(*(arena_of(c).values() for c in scan(texts, False, True)), strict=True)
            ]
            theirs = [sum(meta[f"{k}_count_{side}"].values()) for k in ("header", "list", "bold")]
            met += total == theirs
    assert met >= 199


def _literal(text: str):
    import ast

    return ast.literal_eval(text)


HOSTILE = (
    "*",
    "#",
    "`",
    "[",
    "(",
    "<think>",
    "🎉",
    "a\u0301",
    "_",
    "> ",
    "- ",
    "| ",
    "<",
    "![",
    "\\",
    "great ",
    "$",
    "!?",
    "A",
    "a-",
    "don't ",
    "e.",
    "？",
    "i cannot ",
    "it is important to ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_are_read(piece):
    """With the square of their length, this would not end."""
    text = piece * (2_000_000 // len(piece))
    assert scan([text], arena=True)[0]["turns"] == 1


def test_lone_surrogates_are_replaced():
    with pytest.warns(ls.LlamaStyleWarning, match="1 of 2 texts.*surrogate"):
        table = ls.extract(["a \ud800 b", "c"], ["words", "chars"])
    assert table.to_frame().iloc[0].tolist() == [2, 5]


def test_the_scanner_runs_without_being_compiled():
    script = """
import warnings
warnings.simplefilter("error")
import llamastyle as ls
texts = ["Great question! 🎉 **Yes** `a`.\\n\\n- one", "<think>x</think># Hé\\n|a|\\n|-|", "```a```" * 40 + "\\n- a"]
print(ls.extract(texts, ls.DEFAULT + ["arena_lists", "arena_headers"], n_jobs=1).values.tolist())
"""
    found = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True,
            env={**os.environ, "NUMBA_DISABLE_JIT": flag}, cwd=Path(__file__).parents[2],
        ).stdout
        for flag in ("1", "0")
    ]  # fmt: skip
    assert found[0] == found[1] != ""


def test_a_cache_that_cannot_be_kept_is_said_once(tmp_path):
    script = """
import warnings
from unittest import mock
import numba
made = numba.njit
def refusing(*args, cache=False, **options):
    if cache:
        def fail(function):
            raise RuntimeError("cannot cache function")
        return fail
    return made(*args, **options)
with mock.patch.object(numba, "njit", refusing), warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from llamastyle.features import kernel
print(len([w for w in caught if "NUMBA_CACHE_DIR" in str(w.message)]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert ran.stdout.strip() == "1"


@pytest.mark.shared_data
def test_phrases_separate_sycophantic_turns(shared):
    from sklearn.metrics import roc_auc_score

    turns = pd.read_parquet(shared / "spiral_bench" / "turns.parquet").dropna(subset="m_sycophancy_or_praise")
    found = scan(turns["assistant"].astype(str).tolist())
    names = ["praise", "agreement", "capitulation", "empathy", "enthusiasm", "servility", "engagement_bait"]
    total = np.array([sum(f[n] for n in names) for f in found])
    judged = (turns["m_sycophancy_or_praise"] > 0).to_numpy()
    print(json.dumps({"both": roc_auc_score(judged, total)}))
    assert roc_auc_score(judged, total) >= 0.66
