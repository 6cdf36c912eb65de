"""Every foreign format ends here: a source becomes a table, a format names its columns, the door checks them.

One module a format, found by the table's columns: `alpaca_eval`, `lmarena`, `lmarena_100k`, `lmarena_55k`,
`lmarena_maverick`; judges' files `arena_hard`, `mt_bench`, `mt_bench_votes`, `judgebench`, `llmbar`,
`rewardbench`, `rm_bench`; and `frame` for the plain table. A format is a module with ``NAME``,
``sniff(names)`` and ``read(table)``, and ``unfold(table)`` where a row holds several verdicts (see `formats`).
Logs of harnesses, `lm_eval` and `inspect_ai`, are no tables: `logs` finds them by name and beginning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llamastyle.data.battles import Battles, Responses
from llamastyle.data.readers import (
    alpaca_eval,
    arena_hard,
    frame,
    judgebench,
    llmbar,
    lmarena,
    lmarena_55k,
    lmarena_100k,
    lmarena_maverick,
    mt_bench,
    mt_bench_votes,
    rewardbench,
    rm_bench,
)
from llamastyle.data.readers.correctness import join_correctness, join_table, read_scores
from llamastyle.data.readers.door import enter
from llamastyle.data.readers.formats import Draft, Format, Nested
from llamastyle.data.readers.labels import check_labels
from llamastyle.data.readers.names import SCORES, Asked, canonical_keys, check_columns, listed, mapped
from llamastyle.data.readers.responses import read_responses
from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import Table
from llamastyle.data.readers.texts import answer_source, home_of, with_answers
from llamastyle.errors import DataError
from llamastyle.options import nearest

__all__ = ["join_correctness", "read_battles", "read_responses"]

NESTED: tuple[Nested, ...] = (arena_hard, mt_bench, judgebench, llmbar, rm_bench)
"""Formats of which one row holds several verdicts."""
FORMATS: tuple[Format, ...] = (
    *NESTED, mt_bench_votes, rewardbench, lmarena_55k, lmarena_maverick, lmarena_100k, lmarena, alpaca_eval, frame)
"""Tried in this order, those that ask for most columns first; the last one reads any table."""
WHOLE = (*(known.NAME for known in NESTED), rewardbench.NAME)
"""Formats whose rows are read beside all the others: a verdict given twice may stand anywhere."""


def read_battles(
    source: Any,
    *,
    format: str = "auto",
    columns: Mapping[str, str] | None = None,
    labels: Mapping[Any, str] | None = None,
    correctness: Any = None,
    responses: Any = None,
    cluster: str | Sequence[str] | None = None,
    strict: bool = True,
) -> Battles:
    """Read battles from a file, a glob, a list of dicts or a frame of any library.

    Parameters
    ----------
    source : path, glob, hf:// address, open file, list of dicts, frame
        Parquet, CSV, JSON or JSON lines (the texts also as .gz; what a file begins with decides); or a
        pandas, polars, pyarrow or Hugging Face datasets table. ``hf://datasets/OWNER/NAME`` is read from the
        Hugging Face hub (``pip install 'llamastyle[hub]'``), and then from its cache.
    format : str
        ``"auto"`` knows a format by its columns, and where these fit several takes the first of
        ``"arena_hard", "mt_bench", "judgebench", "llmbar", "rm_bench", "mt_bench_votes", "rewardbench",
        "lmarena_55k", "lmarena_maverick", "lmarena_100k", "lmarena", "alpaca_eval", "frame"``; or name one.
    columns : mapping, optional
        The table's name of a canonical column: ``{"winner": "vote"}``. Read without mapping:
        ``model_a, model_b``; ``winner`` (``model_a``, ``model_b``, ``tie``, ``both_bad``, or the row's own
        model name) or ``outcome`` (1 = a won ... 0); ``response_a, response_b`` (text, or a conversation as
        role / content turns); ``prompt, prompt_id, correct_a, correct_b, judge, voter, category, language,
        timestamp, session, weight, tokens_a, tokens_b``. Without responses, numeric pairs such as ``words_a,
        words_b`` are features measured already.
    labels : mapping, optional
        What the winner labels mean: ``{"left": "model_a", "right": "model_b"}``.
    correctness : pair of columns, path, frame, optional
        Columns with the correctness of each side, or a table ``prompt_id, model, correct`` (to which
        ``columns`` applies too), each in [0, 1] or empty; or `Responses` or logs of a harness.
    responses : Responses, or what `read_responses` reads, optional
        Where the source holds verdicts without texts: the responses, such as two models' logs, found by
        ``prompt_id`` and model; their correctness comes along. Those of Arena-Hard and MT-Bench are found by
        themselves where ``model_answer`` is beside ``model_judgment``.
    cluster : str or list of str, optional
        A column, by its name in the table or its canonical one, whose groups are not independent; or
        several, for errors clustered in several ways at once.
    strict : bool
        True: one bad row is an error. False: bad rows are set aside in ``battles.issues``.

    Returns
    -------
    Battles
        Checked; what was noticed on the way is in ``battles.notes``.

    Raises
    ------
    DataError
        If it cannot be read; the message says what, where, and the way out.

    Examples
    --------
    >>> import llamastyle as ls
    >>> votes = [
    ...     {"left": "x", "right": "y", "vote": "left", "response_a": "**Yes!**", "response_b": "Yes."},
    ...     {"left": "y", "right": "x", "vote": "tie", "response_a": "No.", "response_b": "Hm."},
    ... ]
    >>> names = {"model_a": "left", "model_b": "right", "winner": "vote"}
    >>> ls.read_battles(votes, columns=names, labels={"left": "model_a", "right": "model_b"})
    Battles(2 battles of 2 models, 1 tie)
    """
    _check_call(format, cluster, strict)
    pair = _pair(correctness)
    keys = canonical_keys(scores=correctness is not None and pair is None)
    given = check_columns(columns, keys) | _no_twice(columns, pair)
    table = read_table(source, strict=strict)
    renames = {name: theirs for name, theirs in given.items() if name not in SCORES[1:]}
    own = correctness is not None and pair is None and "prompt_id" in table.columns
    if own and renames.get("prompt_id", "prompt_id") not in table.columns:
        del renames["prompt_id"]  # the scores' name for it, not this table's
    if responses is not None and judgebench.lacks_pairs(frozenset(table.columns)):
        table, responses = judgebench.with_pairs(table, read_table(responses, "responses")), None
    draft, named = _drafted(table, renames, format)
    draft = _with_responses(draft, source, responses, strict)
    battles = enter(draft, named, Asked(renames, check_labels(labels), _names(cluster), strict))
    if correctness is None or pair is not None:
        return battles
    return join_table(battles, _score_table(correctness, given))


def _drafted(table: Table, renames: dict[str, str], format: str) -> tuple[Draft, Table]:
    names = frozenset(table.columns) - set(renames.values()) | set(renames)
    known = next(x for x in FORMATS if (x.sniff(names) if format == "auto" else format == x.NAME))
    if table.first is not None and known.NAME in WHOLE:
        raise DataError(
            f"verdicts in the format {known.NAME!r} are read all together, as one may be given twice: read the files"
            " with read_battles and fit them in memory"
        )
    nested = next((x for x in NESTED if x.NAME == known.NAME), None)
    if nested is not None and table.n:
        if not nested.sniff(names):
            raise DataError(
                f"format={format!r} does not fit these columns: {listed(table)}; leave format out, or see docs/formats"
            )
        table = nested.unfold(table)
    named = mapped(table, renames)
    return known.read(named), named


def _with_responses(draft: Draft, source: Any, responses: Any, strict: bool) -> Draft:
    """The draft with the responses, where they are not in the table: those handed in, or those beside it."""
    there = "response_a" in draft.columns or bool(draft.measured)
    if there and responses is not None:
        raise DataError("the table has responses of its own, and responses= gives others; leave one of them out")
    if there or (responses is None and not draft.apart):
        return draft
    given = answer_source(responses, source, "verdicts")
    answers = given if isinstance(given, Responses) else read_responses(given, strict=strict)
    return with_answers(draft, answers, home_of(responses, source))


def _check_call(format: Any, cluster: Any, strict: Any) -> None:
    known = [known.NAME for known in FORMATS]
    if format != "auto" and format not in known:
        raise DataError(
            f"format={format!r} is not known{nearest(format, known)}; use auto, {', '.join(known)}"
        )
    names = [cluster] if isinstance(cluster, str) else cluster
    several = isinstance(names, list | tuple) and names and all(isinstance(name, str) for name in names)
    if cluster is not None and not several:
        raise DataError(f"cluster={cluster!r}: give the name of a column, or a list of names")
    if not isinstance(strict, bool):
        raise DataError(f"strict={strict!r}: give True or False")


def _names(cluster: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if cluster is None else (cluster,) if isinstance(cluster, str) else tuple(cluster)


def _pair(correctness: Any) -> tuple[str, str] | None:
    if isinstance(correctness, list | tuple) and correctness and all(isinstance(c, str) for c in correctness):
        if len(correctness) != 2:
            raise DataError(
                f"correctness={correctness!r}: give two columns, of side a and side b, or a table"
            )
        return correctness[0], correctness[1]
    return None


def _no_twice(columns: Mapping[str, str] | None, pair: tuple[str, str] | None) -> dict[str, str]:
    if pair is None:
        return {}
    for name in ("correct_a", "correct_b"):
        if columns and name in columns:
            raise DataError(
                f"correctness={pair!r} and columns={{{name!r}: ...}} are the same thing; give one"
            )
    return {"correct_a": pair[0], "correct_b": pair[1]}


def _score_table(correctness: Any, given: Mapping[str, str]) -> Table:
    """The table of correctness under canonical names.

    The battles' name of the prompt need not be the scores'; those of model and correct must be there.
    """
    table = read_scores(correctness, "correctness")
    here = {name: theirs for name, theirs in given.items() if name in SCORES}
    if here.get("prompt_id") not in table.columns:
        here.pop("prompt_id", None)
    return mapped(table, here)
