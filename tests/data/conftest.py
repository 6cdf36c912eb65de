"""Small tables that the data tests share."""

from __future__ import annotations

from typing import Any

import pytest


def make_votes(n: int = 6, **columns: Any) -> list[dict[str, Any]]:
    """``n`` good votes between three models on three prompts; a column given as a list goes row by row."""
    models = ["x", "y", "z"]
    winners = ["model_a", "model_b", "tie"]
    votes = []
    for i in range(n):
        vote: dict[str, Any] = {
            "model_a": models[i % 3],
            "model_b": models[(i + 1) % 3],
            "winner": winners[i % 3],
            "response_a": f"**Yes** {i}.",
            "response_b": f"No {i}.",
            "prompt_id": i % 3,
        }
        vote.update({k: v[i] if isinstance(v, list) else v for k, v in columns.items()})
        votes.append(vote)
    return votes


@pytest.fixture
def votes() -> list[dict[str, Any]]:
    """Six good votes."""
    return make_votes()


@pytest.fixture
def turns() -> list[dict[str, Any]]:
    """A conversation of two assistant turns."""
    return [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hé?"},
        {"role": "assistant", "content": "Où"},
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": [{"type": "text", "text": "So."}, {"type": "image", "image": "x"}]},
    ]
