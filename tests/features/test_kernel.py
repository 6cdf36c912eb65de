"""The compiled pass: equal to its twin, to Arena's expressions, to the emoji package; linear in the text."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import emoji
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from markdown_it import MarkdownIt

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
@example("* * *\n- - -")
@settings(max_examples=800, deadline=None)
def test_arena_counters_equal_the_published_expressions(text):
    assert arena_kernel(text) == arena_counts(text)


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
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_is_linear_in_hostile_texts(piece):
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        best = np.inf
        for _ in range(2):
            start = time.perf_counter()
            scan([text], arena=True)
            best = min(best, time.perf_counter() - start)
        return best

    scan([piece * 10], arena=True)
    # quadratic time would take 64 times as long for 8 times the text, and minutes for a megabyte
    assert seconds(1_000_000) < 30 * max(seconds(125_000), 0.002)


def test_lone_surrogates_are_replaced():
    import llamastyle as ls

    assert ls.extract(["a \ud800 b"], ["words", "chars"]).to_frame().iloc[0].tolist() == [2, 5]


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
