"""The study `dressed`: its pairs and its sums."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from docs.studies import dressed


def write(folder: Path, name: str, *texts: str) -> None:
    rows = [{"question": str(k), "answers": {"answer1": {"answer": t}, "answer2": None}} for k, t in enumerate(texts)]
    (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


def test_pairs_are_those_that_were_changed_with_shortcodes_as_emoji(tmp_path: Path) -> None:
    write(tmp_path, "raw", "One two.", "Left alone.")
    write(tmp_path, "rich_content", "**One** two. :tada:", "Left alone.")
    assert dressed.read_pairs(tmp_path) == (["One two."], ["**One** two. 🎉"])


def test_words_are_compared_without_markup_and_emoji() -> None:
    assert dressed.words("**One** two. 🎉 1️⃣") == dressed.words("one - `two`") == ["one", "two"]


def test_changes_are_counted_by_hand() -> None:
    plain, rich = ["One two.", "Three."], ["**One** two! 🎉", "Three."]
    found = dressed.compared(plain, rich, np.array([True, False])).set_index("feature")
    columns = ["as it was", "dressed", "raised in", "lowered in", "changed in, same words"]
    assert found.loc["bold", columns].tolist() == ["0", "0.5", 1, 0, 1]
    assert found.loc["exclamations", columns].tolist() == ["0", "0.5", 1, 0, 1]
    assert found.loc["words", columns].tolist() == ["1.5", "1.5", 0, 0, 0]
    assert "tables" not in found.index
    assert "praise" in found.index
