"""What judges write besides their verdicts: both answers again in the prompt, and pages of reasons."""

from __future__ import annotations

from typing import Any

GAMES = ("games", "judgments", "results")
LONG = {"user_prompt", "prompt", "judgment", "response", "completion", "score_1", "score_2"}
"""Fields of a game whose texts no format reads."""
PAIR = ("g1_user_prompt", "g1_judgment", "g2_user_prompt", "g2_judgment")
SINGLE = ("user_prompt", "judgment")


def slimmed(row: dict[str, Any]) -> dict[str, Any]:
    """A record of a judge's file without those texts; any other as it is.

    They are nine tenths of such a file, and none is read.

    Examples
    --------
    >>> slimmed({"uid": 1, "games": [{"score": "A>B", "user_prompt": "..."}, None]})
    {'uid': 1, 'games': [{'score': 'A>B'}, None]}
    """
    for name in GAMES:
        if isinstance(row.get(name), list):
            row = {**row, name: [_verdict(game) for game in row[name]]}
    drop = PAIR if "g1_winner" in row else SINGLE if {"judge", "model", "score"} <= row.keys() else ()
    return {name: value for name, value in row.items() if name not in drop} if drop else row


def _verdict(game: Any) -> Any:
    if not isinstance(game, dict):
        return game
    kept = {name: value for name, value in game.items() if name not in LONG or isinstance(value, dict)}
    return {name: _verdict(value) for name, value in kept.items()}
