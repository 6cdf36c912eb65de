"""Arena-Hard's judgments, v0.1 and v2: every model against a baseline, in both orders.

Written from the tool's source (``gen_judgment.py``, ``gen_answer.py``, ``show_result.py``), its own files of
answers and questions, and lines of its files of judgments as published.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llamastyle.data.notes import noted
from llamastyle.data.readers.formats import AGAIN, Draft, canonical, renamed
from llamastyle.data.readers.names import missing_column
from llamastyle.data.readers.table import Table, keys, objects, python_column, repeated, unfolded

NAME = "arena_hard"
COLUMNS = {"winner": "score", "category": "category"}
LABELS = {
    "A>>B": "model_a",
    "A>B": "model_a",
    "A=B": "tie",
    "B>A": "model_b",
    "B>>A": "model_b",
    "A<B": "model_b",
    "A<<B": "model_b",
    "B=A": "tie",
    "B<A": "model_a",
    "B<<A": "model_a",
}
"""What a label says of the answers in the order in which they were shown."""
BASELINE = "gpt-4-0314"
"""The baseline of v0.1's settings; its first files do not name it."""
STRONG = 3.0
"""How often the tool counts a verdict with ``>>``."""
IDS = ("uid", "question_id")


def sniff(names: frozenset[str]) -> bool:
    """Whether games, a model and a judge are there."""
    return {"games", "model", "judge"} <= names


def unfold(table: Table) -> Table:
    """One row a game: ``model_a`` is the one shown first, ``score`` the label.

    In game 1 the baseline is shown first, in game 2 the model. ``strength`` is 3 for a verdict with ``>>``,
    else 1; as ``weight`` it makes the tool's own count.
    """
    games = [value if isinstance(value, list) else [None] for value in objects(table.columns["games"])]
    model = keys(table.columns["model"]).to_pylist()
    named = "baseline" in table.columns
    base = keys(table.columns["baseline"]).to_pylist() if named else [BASELINE] * table.n
    at = [i for i, row in enumerate(games) for _ in row]
    turned = [bool(g % 2) for row in games for g, _ in enumerate(row)]
    label = [_label(game) for row in games for game in row]
    made = {
        "model_a": [model[i] if turn else base[i] for i, turn in zip(at, turned, strict=True)],
        "model_b": [base[i] if turn else model[i] for i, turn in zip(at, turned, strict=True)],
        "score": label,
        "strength": [STRONG if isinstance(x, str) and (">>" in x or "<<" in x) else 1.0 for x in label],
    }
    if not named:
        note = f"no baseline is named: taken for {BASELINE}, that of v0.1's settings"
        table = replace(table, notes=(*table.notes, note))
    within = [f"game {1 + turn}" for turn in turned]
    return unfolded(table, at, within, made, {"games", "model", "baseline"})


def read(table: Table) -> Draft:
    """A game a row; one without a label failed. ``A>>B`` and ``A>B`` both say that A won."""
    ids = next((name for name in IDS if name in table.columns), IDS[0])
    columns, sources = renamed(table, COLUMNS | {"prompt_id": ids})
    columns = canonical(table) | columns
    if table.origin is None:
        return Draft(columns, sources=sources)
    failed = keys(columns["winner"]).is_null().to_numpy(zero_copy_only=False)
    n = int(failed.sum())
    notes = noted(n, "{n:game} of {rows} without a verdict: set aside", rows=table.n)
    if "prompt_id" not in columns:
        raise missing_column("prompt_id", table, " which says what was asked")
    same = [keys(columns[name]).to_pylist() for name in ("prompt_id", "model_a", "model_b", "judge")]
    again = repeated(table.n, *same, table.within)
    return Draft(
        columns,
        sources=sources,
        notes=notes,
        failed=failed,
        failure=("score", "the game has no verdict"),
        labels=LABELS,
        apart=True,
        problems=[(again & ~failed, "prompt_id", AGAIN)],
    )


def _label(game: Any) -> str | None:
    score = game.get("score") if isinstance(game, dict) else None
    return score if isinstance(score, str) and score.strip() else None


def sniff_answers(names: frozenset[str]) -> bool:
    """Whether these are files of ``model_answer``: messages in v2, choices in v0.1's first files."""
    return {"messages", "model"} <= names and bool(names & set(IDS))


def read_answers(table: Table) -> Table:
    """``model, prompt_id, text`` (a conversation) and the tool's own token counts."""
    talks = [_talk(value) for value in objects(table.columns["messages"])]
    ids = next(name for name in IDS if name in table.columns)
    columns = {"model": table.columns["model"], "prompt_id": table.columns[ids], "text": python_column(talks)}
    if "metadata" in table.columns:
        columns["tokens"] = python_column([_tokens(value) for value in objects(table.columns["metadata"])])
    return replace(table, columns=columns)


def _talk(messages: Any) -> Any:
    """The messages with the answer as their content; it stands beside what the model thought."""
    if not isinstance(messages, list):
        return messages
    return [
        {"role": m.get("role"), "content": c.get("answer") if isinstance(c := m.get("content"), dict) else c}
        if isinstance(m, dict)
        else m
        for m in messages
    ]


def _tokens(metadata: Any) -> Any:
    return metadata.get("token_len") if isinstance(metadata, dict) else None
