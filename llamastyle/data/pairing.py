"""Battles made of single responses with scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, Responses
from llamastyle.errors import DataError

__all__ = ["pair"]

Ints = NDArray[np.int64]

MOST = 200_000_000
DERIVED = "wins are derived from scores: of two responses to one prompt the higher score wins, equal scores tie"


def pair(responses: Responses, score: str = "score", within: str = "prompt_id") -> Battles:
    """Battles between every two models on one prompt: the higher score wins, equal scores tie.

    Parameters
    ----------
    responses : Responses
        With models, prompts and scores, as `read_responses` reads them.
    score : {"score", "correct"}
        What decides. Where it is ``"score"`` and correctness is known and something else, the battles have both.
    within : {"prompt_id"}
        What two responses must share.

    Returns
    -------
    Battles
        Clustered by prompt; their notes, and all that comes of them, say that wins are derived from scores.

    Raises
    ------
    DataError
        No scores, prompts or models; a value that is missing; no two models on one prompt.

    Examples
    --------
    >>> import llamastyle as ls
    >>> rows = [("x", 1, "Yes.", 0.9), ("y", 1, "No.", 0.2), ("z", 1, "Maybe.", 0.9), ("x", 2, "Two.", 0.5)]
    >>> columns = ["model", "prompt_id", "text", "score"]
    >>> battles = ls.pair(ls.read_responses([dict(zip(columns, row)) for row in rows]))
    >>> battles.to_frame()[["model_a", "model_b", "winner"]].values.tolist()
    [['x', 'y', 'model_a'], ['x', 'z', 'tie'], ['y', 'z', 'model_b']]
    """
    if not isinstance(responses, Responses):
        raise DataError(
            f"pair wants Responses, not {type(responses).__name__}; read them with read_responses(...)"
        )
    if score not in ("score", "correct"):
        raise DataError(f"score={score!r} is not known; use 'score' or 'correct'")
    if within != "prompt_id":
        raise DataError(f"within={within!r} is not known; responses are paired within 'prompt_id'")
    values = _needed(responses, score)
    order, first, last = _pairs(responses)
    a, b = order[first], order[last]
    name = responses.models
    place = np.argsort(np.argsort(np.array(name, object)))
    turn = place[responses.model[a]] > place[responses.model[b]]
    a, b = np.where(turn, b, a), np.where(turn, a, b)
    right = responses.correct if score == "score" else None
    if right is not None and np.array_equal(right, values):
        right = None  # a harness's correctness is its score: it cannot explain itself
    prompts: Any = responses.prompt_id
    return Battles(
        responses=responses,
        row_a=a,
        row_b=b,
        models=name,
        model_a=responses.model[a],
        model_b=responses.model[b],
        outcome=(1.0 + np.sign(values[a] - values[b])) / 2.0,
        both_bad=np.zeros(a.size, bool),
        weight=np.ones(a.size),
        columns=pd.DataFrame({"prompt_id": prompts[a]}),
        correct_a=None if right is None else right[a],
        correct_b=None if right is None else right[b],
        cluster="prompt_id",
        notes=(DERIVED,),
    ).take(np.arange(a.size))


def _needed(responses: Responses, score: str) -> NDArray[np.float64]:
    values: Any = getattr(responses, score)
    for what, there in (("prompt_id", responses.prompt_id), (score, values)):
        if there is None:
            raise DataError(f"these responses have no {what}; name its column when reading: columns={{{what!r}: ...}}")
    missing = {
        "model": responses.model < 0,
        "prompt_id": pd.isna(np.asarray(responses.prompt_id, object)),
        score: ~np.isfinite(values),
    }
    for what, bad in missing.items():
        if bad.any():
            raise DataError(
                f"{what} is missing in {int(bad.sum())} of {len(responses)} responses, first in row {int(bad.argmax())}"
                " (counted from 0); leave those out, or fill them in"
            )
    return np.asarray(values, np.float64)


def _pairs(responses: Responses) -> tuple[Ints, Ints, Ints]:
    """Rows sorted by prompt, and positions in them of every two that share a prompt and not a model."""
    code, _ = pd.factorize(np.asarray(responses.prompt_id, object))
    order = np.lexsort((np.arange(code.size), code)).astype(np.int64)
    size = np.bincount(code)
    total = int((size * (size - 1) // 2).sum())
    if total > MOST:
        raise DataError(f"{total} pairs are more than {MOST}: pair fewer models or prompts at a time")
    start = np.cumsum(size) - size
    first: list[Ints] = []
    last: list[Ints] = []
    for n in np.unique(size[size > 1]):
        i, j = np.triu_indices(int(n), 1)
        at = start[size == n][:, None]
        first.append((at + i).ravel())
        last.append((at + j).ravel())
    one = np.concatenate(first) if first else np.empty(0, np.int64)
    two = np.concatenate(last) if last else np.empty(0, np.int64)
    apart = responses.model[order[one]] != responses.model[order[two]]
    if not apart.any():
        raise DataError("no two models answered one prompt: there is nothing to pair")
    place = np.lexsort((two[apart], one[apart]))
    return order, one[apart][place], two[apart][place]
