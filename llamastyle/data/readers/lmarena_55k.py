"""LMArena's human preferences in the nine columns of arena-human-preference-55k, as Kaggle hands them out.

Written from public descriptions of the competition's files and from notebooks that print the first rows of
``train.csv``: the columns ``id, model_a, model_b, prompt, response_a, response_b, winner_model_a,
winner_model_b, winner_tie``; prompt and responses as JSON texts of lists, a text a turn; responses that are
null. The set's own description says that voters could also call both bad; its ties do not tell which. Not
seen in the file itself: how often turns are null, and whether votes are ever other than one of three.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from llamastyle.data.readers.conversations import read_turn_lists, turn_texts
from llamastyle.data.readers.formats import Draft, canonical, spoken
from llamastyle.data.readers.literals import Unreadable
from llamastyle.data.readers.table import Column, Table, key, keys, numbers, object_column, objects

NAME = "lmarena_55k"
VOTES = ("winner_model_a", "winner_model_b", "winner_tie")


def sniff(names: frozenset[str]) -> bool:
    """Whether the vote stands in three columns, beside both responses."""
    return {*VOTES, "response_a", "response_b"} <= names


def read(table: Table) -> Draft:
    """Lists of turns as responses, and the vote from the column that is 1.

    All turns come before the vote, and all are measured; null turns are left out. Where every turn of a
    response is null, nothing was said: such rows failed and are set aside. The prompt is the first of the
    user's turns. A row in which none, or more than one, of the three votes is 1 is bad.
    """
    columns = canonical(table)
    sources: dict[str, str] = {}
    domains: dict[str, str] = {}
    if not {"winner", "outcome"} & set(columns) and set(VOTES) <= set(table.columns):
        columns["outcome"] = _outcome(table)
        sources["outcome"] = ", ".join(VOTES)
        domains["outcome"] = "not exactly one of these is 1"
    asked: list[tuple[str, ...] | None] = [None] * table.n
    if "prompt" in columns:
        asked = [_prompt(value) for value in objects(columns["prompt"])]
        first = [key(turns[0]) if turns else None for turns in asked]
        columns["prompt"] = pa.chunked_array([pa.array(first, pa.large_string())])
    draft = Draft(columns, sources=sources, domains=domains)
    if not {"response_a", "response_b"} <= set(columns):
        return draft
    a, b = (read_turn_lists(columns[name], asked) for name in ("response_a", "response_b"))
    return spoken(draft, (a, b))


def _outcome(table: Table) -> Column:
    """1, 0 or 1/2 where exactly one vote is 1 and the others 0; else the three values as text."""
    votes = np.stack([numbers(table.columns[name])[0] for name in VOTES])
    good = np.isin(votes, (0, 1)).all(axis=0) & (votes.sum(axis=0) == 1)
    outcome = votes[0] + votes[2] / 2
    if good.all():
        return pa.chunked_array([outcome])
    cells = [keys(table.columns[name]).to_pylist() for name in VOTES]
    out = object_column(outcome)
    for row in np.flatnonzero(~good):
        out[row] = ", ".join(cell[row] or "none" for cell in cells)
    return out


def _prompt(value: object) -> tuple[str, ...] | None:
    """The user's turns; a prompt that is no list is one turn."""
    try:
        return tuple(text or "" for text in turn_texts(value)) or None
    except Unreadable:
        text = key(value)
        return None if text is None else (text,)
