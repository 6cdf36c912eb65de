"""MT-Bench's votes of people and of GPT-4 as published, one verdict a row with both conversations.

Written from the columns that the set's description lists, and from the source that reads such rows, FastChat's
``compute_agreement.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llamastyle.data.notes import noted
from llamastyle.data.readers.conversations import read_talks
from llamastyle.data.readers.formats import Draft, canonical, renamed
from llamastyle.data.readers.mt_bench import judge_names, judged_turns
from llamastyle.data.readers.nested import ASSISTANT
from llamastyle.data.readers.table import Column, Table, keys, object_column, objects, python_column

NAME = "mt_bench_votes"
COLUMNS = {"response_a": "conversation_a", "response_b": "conversation_b", "prompt_id": "question_id"}
TORN = "tie (inconsistent)"
"""The two orders have two winners."""
PEOPLE = {"expert": "human", "author": "author"}
"""Kinds of people by how their names begin, as FastChat groups them."""
OTHERS = {"tstamp", "anony", "conv_metadata", "judge_hash"}
"""Columns of LMArena's files, which have those of this format too."""


def sniff(names: frozenset[str]) -> bool:
    """Whether both conversations, the judge and the turn are there, and nothing of LMArena's."""
    wanted = {
        "question_id",
        "model_a",
        "model_b",
        "winner",
        "judge",
        "turn",
        "conversation_a",
        "conversation_b",
    }
    return wanted <= names and not names & OTHERS


def read(table: Table) -> Draft:
    """A vote a row. Conversations hold both turns, also where the vote came after the first: it is cut there.

    A person is the ``voter``, and ``judge`` is ``human`` or ``author``; other judges are named as they are.
    """
    columns, sources = renamed(table, COLUMNS)
    columns = canonical(table) | columns
    if not sniff(frozenset(table.columns)):
        return Draft(columns, sources=sources)
    turn, unread = judged_turns(table)
    names = judge_names(table) or []
    kinds = [PEOPLE.get((name or "").split("_")[0]) for name in names]
    if any(kinds):
        columns["voter"], sources["voter"] = python_column(names), "judge"
    columns["judge"] = python_column([kind or name for name, kind in zip(names, kinds, strict=True)])
    sides = [read_talks(_cut(columns[side], turn)) for side in ("response_a", "response_b")]
    torn = sum(value == TORN for value in keys(columns["winner"]).to_pylist())
    note = "{n:verdict} of {rows} with another winner in the other order: ties"
    return Draft(
        columns,
        sources=sources,
        notes=noted(torn, note, rows=table.n),
        labels={TORN: "tie"},
        problems=[(unread, "turn", "no number of a turn")],
        sides=(sides[0], sides[1]),
    )


def _cut(column: Column, turn: np.ndarray) -> Column:
    """Conversations up to the assistant's turn after which they were judged."""
    return object_column(_first(value, int(n)) for value, n in zip(objects(column), turn, strict=True))


def _first(talk: Any, n: int) -> Any:
    if not isinstance(talk, list):
        return talk
    said = [i for i, t in enumerate(talk) if isinstance(t, dict) and str(t.get("role")).lower() in ASSISTANT]
    return talk[: said[n - 1] + 1] if len(said) >= n else talk
