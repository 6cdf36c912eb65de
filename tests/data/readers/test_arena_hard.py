"""Arena-Hard's judgments and answers, in the tool's folders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.regression.grouping import exchanged_pairs

PROMPTS = {"u1": "Name a colour.", "u2": "Name a tree."}
Rows = Sequence[dict[str, Any]]


def write(path: Path, rows: Rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def answer(uid: str, model: str, text: str) -> dict[str, Any]:
    return {
        "uid": uid,
        "ans_id": "x",
        "model": model,
        "messages": [
            {"role": "user", "content": PROMPTS[uid]},
            {"role": "assistant", "content": {"thought": "Hm **hm**.", "answer": text}},
        ],
        "metadata": {"token_len": len(text), "bold_count": {"**": 0, "__": 0}},
    }


def judgment(uid: str, scores: Sequence[str | None], model: str = "m", **more: Any) -> dict[str, Any]:
    games = [
        s and {"score": s, "judgment": {"answer": f"[[{s}]]"}, "prompt": [{"role": "user"}]} for s in scores
    ]
    row = {
        "uid": uid,
        "category": "hard_prompt",
        "judge": "j",
        "model": model,
        "baseline": "base",
        "games": games,
    }
    return {**row, **more}


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A folder as the tool leaves it, without judgments."""
    home = tmp_path / "data" / "arena-hard-v2.0"
    write(
        home / "question.jsonl",
        [{"uid": u, "category": "hard_prompt", "prompt": p} for u, p in PROMPTS.items()],
    )
    for model in ("m", "base"):
        write(
            home / "model_answer" / f"{model}.jsonl", [answer(u, model, f"{model} on {u}") for u in PROMPTS]
        )
    return home


def judge(bench: Path, rows: Rows) -> Path:
    path = bench / "model_judgment" / "j" / "m.jsonl"
    write(path, rows)
    return path


def test_the_second_game_has_the_sides_exchanged(bench: Path) -> None:
    path = judge(bench, [judgment("u1", ["A>>B", "B>A"]), judgment("u2", ["A=B", "A>B"])])
    battles = ls.read_battles(path)
    frame = battles.to_frame()
    columns = ["model_a", "model_b", "winner", "response_a", "prompt", "judge", "category", "tokens_a"]
    assert frame[columns].to_numpy().tolist() == [
        ["base", "m", "model_a", "base on u1", "Name a colour.", "j", "hard_prompt", 10.0],
        ["m", "base", "model_b", "m on u1", "Name a colour.", "j", "hard_prompt", 7.0],
        ["base", "m", "tie", "base on u2", "Name a tree.", "j", "hard_prompt", 10.0],
        ["m", "base", "model_a", "m on u2", "Name a tree.", "j", "hard_prompt", 7.0],
    ]
    pairs = exchanged_pairs(battles)
    assert pairs is not None
    assert pairs[0].tolist() == [0, 0, 1, 1]


LABELS = {
    "A>>B": 1,
    "A>B": 1,
    "A=B": 0.5,
    "A<B": 0,
    "A<<B": 0,
    "B>A": 0,
    "B>>A": 0,
    "B=A": 0.5,
    "B<A": 1,
    "B<<A": 1,
}


@pytest.mark.parametrize(("label", "won"), LABELS.items())
def test_every_label_of_the_tool(bench: Path, label: str, won: float) -> None:
    battles = ls.read_battles(judge(bench, [judgment("u1", [label, label])]))
    assert battles.outcome.tolist() == [won, won]
    assert battles.weight.tolist() == [1, 1]


def test_strength_as_weight_is_the_count_of_the_tool(bench: Path) -> None:
    scores = [["A>>B", "A>>B"], ["B>A", "A=B"]]
    path = judge(bench, [judgment(uid, pair) for uid, pair in zip(PROMPTS, scores, strict=True)])
    weighted = ls.read_battles(path, columns={"weight": "strength"})
    # The tool's own list, by the rule in show_result.py: [1] * 3 of game 2, and 1 minus [1] * 3 of game 1 ...
    tool = [1, 1, 1, 0, 0, 0, 0.5, 1]
    rates = weighted.win_rates().set_index("model")["win_rate"]
    assert rates["m"] == pytest.approx(np.mean(tool))
    assert ls.read_battles(path).win_rates().set_index("model")["win_rate"]["m"] == pytest.approx(2.5 / 4)


def test_games_that_are_null_failed_and_the_other_game_stays(bench: Path) -> None:
    rows = [
        judgment("u1", [None, "A>B"]),
        {**judgment("u2", ["A>B", "A>B"]), "games": [{"score": None}, None]},
    ]
    battles = ls.read_battles(judge(bench, rows))
    assert battles.to_frame()["model_a"].tolist() == ["m"]
    assert battles.issues["row"].tolist() == [0, 1, 1]
    assert set(battles.issues["what"]) == {"the game has no verdict"}
    assert "3 games of 4 without a verdict: set aside" in battles.notes


def test_unknown_labels_are_counted_and_can_be_said(bench: Path) -> None:
    path = judge(bench, [judgment("u1", ["A", "A>B"]), judgment("u2", ["A", "B>A"])])
    with pytest.raises(
        ls.DataError, match=r"column 'score' has labels .*'A' \(2\).*labels=\{\"A\": \"model_a\"\}.*A>>B"
    ):
        ls.read_battles(path)
    assert len(ls.read_battles(path, strict=False)) == 2
    assert ls.read_battles(path, labels={"A": "model_a"}).outcome.tolist() == [1, 1, 1, 0]


def test_the_first_version_names_no_baseline(bench: Path) -> None:
    old = {
        "question_id": "u1",
        "model": "m",
        "judge": "j",
        "games": [{"score": "A>B", "user_prompt": ""}] * 2,
    }
    write(bench / "model_answer" / "gpt-4-0314.jsonl", [
        {"question_id": "u1", "model_id": "gpt-4-0314", "choices": [{"index": 0, "turns": [{"content": "Red."}]}]}
    ])  # fmt: skip
    write(bench / "model_answer" / "m.jsonl", [
        {"question_id": "u1", "model_id": "m", "choices": [{"index": 0, "turns": [{"content": "Blue."}]}]}
    ])  # fmt: skip
    (bench / "model_answer" / "base.jsonl").unlink()
    battles = ls.read_battles(judge(bench, [old]))
    assert battles.to_frame()[["model_a", "response_a"]].to_numpy().tolist() == [
        ["gpt-4-0314", "Red."],
        ["m", "Blue."],
    ]
    assert "no baseline is named: taken for gpt-4-0314, that of v0.1's settings" in battles.notes


def test_a_verdict_given_twice(bench: Path) -> None:
    path = judge(bench, [judgment("u1", ["A>B", "B>A"]), judgment("u1", ["A>B", "A>B"])])
    with pytest.raises(
        ls.DataError, match=r"row 1 \(counted from 0\), game 1.*'uid'.*already given.*2 of 4 rows"
    ):
        ls.read_battles(path)
    battles = ls.read_battles(path, strict=False)
    assert battles.outcome.tolist() == [1, 0]
    assert battles.issues["row"].tolist() == [1, 1]


def test_a_model_judged_against_itself_is_kept_and_counted(bench: Path) -> None:
    battles = ls.read_battles(
        judge(bench, [judgment("u1", ["A>B", "A>B"], "base"), judgment("u2", ["A>B"] * 2)])
    )
    assert len(battles) == 4
    assert "2 battles of a model with itself: kept for prices, left out of ratings" in battles.notes


def test_answers_that_are_missing(bench: Path) -> None:
    path = judge(bench, [judgment("u1", ["A>B", "B>A"]), judgment("u1", ["A>B", "A>B"], "other")])
    with pytest.raises(
        ls.DataError, match=r"game 1, column 'responses of side b': no text by 'other' at all; 1 of 4"
    ):
        ls.read_battles(path)
    assert len(ls.read_battles(path, strict=False)) == 2
    (bench / "model_answer" / "m.jsonl").unlink()
    (bench / "model_answer" / "base.jsonl").unlink()
    with pytest.raises(
        ls.DataError, match=r'no file is in .*model_answer; hand them in: responses="model_answer'
    ):
        ls.read_battles(path)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    with pytest.raises(ls.DataError, match=r"verdicts without the answers.*'model_judgment'.*responses="):
        ls.read_battles(rows)


def test_answers_handed_in(bench: Path) -> None:
    rows = [judgment("u1", ["A>B", "B>A"])]
    texts = [{"prompt_id": "u1", "model": name, "text": f"by {name}"} for name in ("m", "base")]
    assert ls.read_battles(rows, responses=texts).to_frame()["response_a"].tolist() == ["by base", "by m"]
    made = ls.read_battles(rows, responses=str(bench / "model_answer" / "*.jsonl"))
    assert made.to_frame()["response_a"].tolist() == ["base on u1", "m on u1"]
    assert made.columns["prompt"].tolist() == ["Name a colour."] * 2
    with pytest.raises(ls.DataError, match=r"no response belongs to a verdict.*'u1'|u1"):
        ls.read_battles(rows, responses=[{"prompt_id": 7, "model": "m", "text": "x"}])


def test_answers_are_responses_of_their_own(bench: Path) -> None:
    made = ls.data.readers.read_responses(str(bench / "model_answer" / "*.jsonl")).to_frame()
    assert made["text"].tolist() == ["base on u1", "base on u2", "m on u1", "m on u2"]
    assert made["prompt_id"].tolist() == ["u1", "u2"] * 2
    assert made["tokens"].tolist() == [10, 10, 7, 7]


def test_cut_lines_and_a_format_that_does_not_fit(bench: Path) -> None:
    path = judge(bench, [judgment("u1", ["A>B", "B>A"])])
    path.write_text(path.read_text("utf-8") + '{"uid": "u2", "games": [{"sco', "utf-8")
    with pytest.raises(ls.DataError, match=r"line 2 .*is not JSON"):
        ls.read_battles(path)
    battles = ls.read_battles(path, strict=False)
    assert len(battles) == 2
    assert battles.issues["row"].tolist() == [-1]
    with pytest.raises(ls.DataError, match="format='arena_hard' does not fit these columns: 'winner'"):
        ls.read_battles([{"winner": "tie"}], format="arena_hard")
