"""What judges write besides their verdicts is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from llamastyle.data.readers.slim import slimmed

LONG = "x" * 100


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ({"games": [{"score": "A>B", "judgment": LONG, "user_prompt": LONG}, None]}, {"games": [{"score": "A>B"}, None]}),
        ({"games": [{"score": "A>B", "judgment": {"answer": LONG}, "prompt": [LONG]}]},
         {"games": [{"score": "A>B", "judgment": {"answer": LONG}}]}),
        ({"judgments": [{"judgment": {"judge_model": "j", "prompt": LONG, "response": LONG}, "decision": "A>B"}]},
         {"judgments": [{"judgment": {"judge_model": "j"}, "decision": "A>B"}]}),
        ({"g1_winner": "tie", "g1_judgment": LONG, "g2_user_prompt": LONG}, {"g1_winner": "tie"}),
        ({"judge": ["j"], "model": "m", "score": 1, "judgment": LONG}, {"judge": ["j"], "model": "m", "score": 1}),
        ({"results": [["said", "stop"], {"swap = True": {"completion": LONG, "winner": "1"}}]},
         {"results": [["said", "stop"], {"swap = True": {"winner": "1"}}]}),
        ({"results": 1, "judgment": "model_a"}, {"results": 1, "judgment": "model_a"}),
        ({"judgment": "model_a", "prompt": LONG, "model_a": "x"}, {"judgment": "model_a", "prompt": LONG, "model_a": "x"}),
    ],
)  # fmt: skip
def test_long_texts_go_and_verdicts_stay(row: dict[str, Any], left: dict[str, Any]) -> None:
    before = str(row)
    assert slimmed(row) == left
    assert str(row) == before
