"""Single responses: a text a row, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.battles import Responses
from llamastyle.data.notes import noted
from llamastyle.data.readers import arena_hard, mt_bench
from llamastyle.data.readers.checks import Checks
from llamastyle.data.readers.conversations import Side, first_user_turn, holds_conversations, read_side
from llamastyle.data.readers.door import fetch, set_aside, start_array
from llamastyle.data.readers.formats import Draft
from llamastyle.data.readers.logs import LOGS, read_logs
from llamastyle.data.readers.names import check_columns, listed, mapped, missing_column
from llamastyle.data.readers.notes import id_notes, turn_notes
from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import Column, Table, keys, numbers, objects, series
from llamastyle.data.readers.texts import answer_source, answered
from llamastyle.errors import DataError
from llamastyle.options import nearest

__all__ = ["read_responses"]

CANONICAL = ("text", "model", "prompt", "prompt_id", "score", "correct", "tokens")
"""Columns that are read under their own names, and that ``columns=`` may map."""
TEXTS = ("text", "response", "output", "conversation", "completion", "answer")
"""What the column of texts may be called; the first that is there is read."""
FORMATS: dict[str, dict[str, str]] = {
    "alpaca_eval": {"text": "output", "model": "generator", "prompt": "instruction"},
    "frame": {},
}
"""Foreign names of canonical columns, by format; a table is in the first of which it has all."""
LOG_NAMES = tuple(kind.NAME for kind in LOGS)


SHAPED: dict[str, tuple[Callable[[frozenset[str]], bool], Callable[[Table], Table]]] = {
    "arena_hard": (arena_hard.sniff_answers, arena_hard.read_answers),
    "mt_bench": (mt_bench.sniff_answers, mt_bench.read_answers),
}
"""Files of answers that are brought to canonical columns first: how they are known, and how they are read."""


def read_responses(
    source: Any,
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    responses: Any = None,
    score: str | None = None,
    filter: str | None = None,
    strict: bool = True,
) -> Responses:
    """Read single responses from a file, a glob, a list of dicts or a frame of any library, or from a harness's logs.

    Parameters
    ----------
    source : path, glob, open file, list of dicts, frame
        As for `read_battles`; or a log, a folder of logs, a list of these.
    format : str
        ``"auto"``, ``"alpaca_eval"`` (``instruction, output, generator``), ``"arena_hard"`` or ``"mt_bench"``
        (files of answers, and single scores), or ``"frame"``: ``text`` (or
        ``response, output, conversation, completion, answer``, the first that is there), a text or a
        conversation as role / content turns; ``model, prompt, prompt_id, score, correct, tokens`` where
        there. Logs are ``"lm_eval"`` (lm-evaluation-harness's ``samples_*.jsonl``) and ``"inspect_ai"``
        (``.eval`` and JSON); their prompts are called ``task:id``.
    columns : mapping, optional
        The table's name of a canonical column: ``{"text": "reply"}``. Not for logs.
    responses : Responses, path, glob, frame, optional
        The texts, where the source holds scores of them only; see `read_battles`.
    score : str, optional
        For logs: the metric, or the scorer, that is the score; the first by default. Where all scores lie in
        [0, 1], they are the correctness too.
    filter : str, optional
        For logs of lm-evaluation-harness: the filter whose rows are read; the first by default.
    strict : bool
        True: one bad row is an error. False: bad rows are set aside in ``responses.issues``.

    Returns
    -------
    Responses
        One row a response, in the order of the source; what was noticed is in ``responses.notes``.

    Raises
    ------
    DataError
        If it cannot be read; the message says what, where, and the way out.

    Examples
    --------
    >>> from llamastyle.data.readers import read_responses
    >>> replies = [{"model": "x", "text": "**Yes!**", "score": 1}, {"model": "y", "text": "No.", "score": 0}]
    >>> responses = read_responses(replies)
    >>> responses
    Responses(2 responses by 2 models)
    >>> responses.to_frame()["score"].tolist()
    [1.0, 0.0]
    """
    _check_call(format, strict)
    names = check_columns(columns, CANONICAL)
    logs = None
    if format == "auto" or format in LOG_NAMES:
        logs = read_logs(source, format=format, score=score, filter=filter, strict=strict)
    _check_log_options(logs is not None, format, names, score, filter)
    table = read_table(source, strict=strict) if logs is None else logs
    if table.n == 0:
        raise DataError("the table has no rows; give at least one response")
    if logs is not None:
        draft = _canonical(mapped(table, names), "frame")
    elif format in ("auto", "mt_bench") and not names and mt_bench.sniff_scores(frozenset(table.columns)):
        draft, table = _scored(table, source, responses)
    elif responses is not None:
        raise DataError("responses= goes with scores without texts (question_id, model, judge, score); this is none")
    else:
        draft, table = _drafted(table, names, format)
    checks = Checks(table.n, table.where, np.zeros(table.n, bool) if draft.failed is None else draft.failed)
    side = _texts(draft, checks)
    numeric = {name: _numbers(draft, name, checks) for name in ("score", "correct", "tokens")}
    if checks.problems and (strict or checks.bad.all()):
        raise checks.error(set_aside=not strict)
    return _assembled(draft, table, checks, side, numeric)


def _check_call(format: Any, strict: Any) -> None:
    known = ["auto", *SHAPED, *FORMATS, *LOG_NAMES]
    if format not in known:
        raise DataError(f"format={format!r} is not known{nearest(format, known)}; use {', '.join(known)}")
    if not isinstance(strict, bool):
        raise DataError(f"strict={strict!r}: give True or False")


def _check_log_options(
    logs: bool, format: str, columns: Mapping[str, str], score: str | None, filter: str | None
) -> None:
    if logs and columns:
        raise DataError(f"columns={dict(columns)!r}: the columns of a log are known; score= chooses the score")
    for name, value in (("score", score), ("filter", filter)):
        if value is not None and not logs:
            raise DataError(
                f"{name}={value!r} is for logs of a harness, and this is none; name a column of a table with columns="
            )
    if format in LOG_NAMES and not logs:
        raise DataError(f"format={format!r}: give the path of a log, a folder of logs, or a list of paths")


def _scored(table: Table, source: Any, responses: Any) -> tuple[Draft, Table]:
    """Scores, with the answers from elsewhere."""
    table, failed, turn = mt_bench.read_scores(table)
    given = answer_source(responses, source, "scores")
    answers = given if isinstance(given, Responses) else read_responses(given)
    side = answered(answers, (keys(table.columns["question_id"]), keys(table.columns["model"])), turn)
    columns = {name: table.columns[name] for name in ("model", "prompt_id", "score")}
    n = int(failed.sum())
    notes = noted(n, "{n:score} of {rows} failed (-1): set aside", rows=table.n)
    columns["text"] = pa.chunked_array([side.texts])
    failure = ("score", "the judge gave no score (-1)")
    return Draft(columns, notes=notes, failed=failed, failure=failure, sides=(side, side)), table


def _drafted(table: Table, names: Mapping[str, str], format: str) -> tuple[Draft, Table]:
    there = frozenset(table.columns) - set(names.values()) | set(names)
    for name, (sniff, read) in SHAPED.items():
        if format == name or (format == "auto" and sniff(there)):
            if not sniff(there):
                raise DataError(f"format={name!r} does not fit these columns: {listed(table)}; leave format out")
            return _canonical(mapped(read(table), names), "frame"), table
    return _canonical(mapped(table, names), format), table


def _canonical(table: Table, format: str) -> Draft:
    if format == "auto":
        format = next(name for name, theirs in FORMATS.items() if set(theirs.values()) <= set(table.columns))
    columns = {name: table.columns[name] for name in CANONICAL if name in table.columns}
    sources: dict[str, str] = {}
    for name, theirs in FORMATS[format].items():
        if name not in columns and theirs in table.columns:
            columns[name], sources[name] = table.columns[theirs], theirs
    others = [name for name in TEXTS if name in table.columns]
    if "text" not in columns and others:
        columns["text"], sources["text"] = table.columns[others[0]], others[0]
    if "text" not in columns:
        raise _no_text(table)
    used = sources.get("text", "text")
    unused = [repr(name) for name in others if name != used]
    notes = [f"the texts are those of {used!r}; {', '.join(unused)} not read"] * bool(unused)
    return Draft(columns, sources=sources, notes=notes)


def _no_text(table: Table) -> DataError:
    for pair in (("response_a", "response_b"), ("conversation_a", "conversation_b"), ("output_1", "output_2")):
        if set(pair) <= set(table.columns):
            return DataError(
                f"the table has {pair[0]!r} and {pair[1]!r}: it holds battles; read it with read_battles"
            )
    if not table.columns:
        return DataError(f"no column 'text' among {listed(table)}")
    return missing_column("text", table, f" (nor {', '.join(map(repr, TEXTS[1:]))})")


def _texts(draft: Draft, checks: Checks) -> Side:
    column = draft.columns["text"]
    side = read_side(column) if draft.sides is None else draft.sides[0]
    checks.add_rows(side.bad, draft.sources.get("text", "text"), fetch(column))
    return side


def _numbers(draft: Draft, name: str, checks: Checks) -> NDArray[np.float64] | None:
    if name not in draft.columns:
        return None
    column = draft.columns[name]
    values, bad = numbers(column)
    checks.add(bad, name, "not a number", fetch(column))
    wrong, what = np.isinf(values), "not a finite number"
    if name == "correct":
        wrong, what = (values < 0) | (values > 1), "correctness outside [0, 1]"
    elif name == "tokens":
        wrong, what = wrong | (values < 0), "no token count"
    checks.add(wrong, name, what, fetch(column))
    return values


def _assembled(
    draft: Draft,
    table: Table,
    checks: Checks,
    side: Side,
    numeric: dict[str, NDArray[np.float64] | None],
) -> Responses:
    keep = ~checks.bad
    models, model = _models(draft, table.n)
    prompts = _prompts(draft, side)
    issues, notes = set_aside(draft, table, checks)
    notes = [*table.notes, *draft.notes, *notes, *turn_notes(side), *id_notes(draft)]
    notes += noted(int((model[keep] < 0).sum()), "{n:response} without the name of a model") if models else []
    used = np.unique(model[keep & (model >= 0)])
    code = np.full(len(models) + 1, -1)
    code[used] = np.arange(len(used))
    known = {name: None if values is None else values[keep] for name, values in numeric.items()}
    return Responses(
        texts=side.texts if keep.all() else side.texts.filter(pa.array(keep)),
        models=tuple(models[i] for i in used),
        model=code[model[keep]].astype(np.int64),
        prompt_id=None if prompts is None else prompts[keep],
        turn_starts=start_array([side], keep),
        **known,
        issues=issues,
        notes=tuple(notes),
    )


def _models(draft: Draft, n: int) -> tuple[list[str], NDArray[np.int64]]:
    """Names, sorted, and which each row has; -1 for none."""
    if "model" not in draft.columns:
        return [], np.full(n, -1, np.int64)
    names = np.array(keys(draft.columns["model"]).to_pylist(), object)
    codes, found = pd.factorize(names, sort=True)
    return list(found), codes.astype(np.int64)


def _prompts(draft: Draft, side: Side) -> NDArray[Any] | None:
    """What identifies the prompt: its id, its text, or the first of the user's turns."""
    if "prompt_id" in draft.columns:
        return series(draft.columns["prompt_id"]).to_numpy()
    if "prompt" in draft.columns:
        return series(_first_turns(draft.columns["prompt"])).to_numpy()
    asked = [turns[0] if turns else None for turns in side.user]
    return np.array(asked, object) if any(text is not None for text in asked) else None


def _first_turns(column: Column) -> Column:
    if not holds_conversations(column):
        return column
    made = [first_user_turn(value) for value in objects(column)]
    return pa.chunked_array([pa.array(made, pa.large_string())])
