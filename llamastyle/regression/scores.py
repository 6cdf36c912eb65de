"""A table of benchmarks as numbers: one row a model, each column checked and named where it cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import Table, key, keys, numbers, objects, shown
from llamastyle.errors import DataError
from llamastyle.options import nearest
from llamastyle.regression.wording import join_notes

__all__ = [
    "MIN_MODELS",
    "MIN_SCORES",
    "Inflation",
    "Scores",
    "check_enough",
    "few",
    "model_names",
    "need",
    "read_scores",
    "score_column",
    "unusable",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Inflation = str | Mapping[str, float] | pd.Series

MIN_MODELS = 8
MIN_SCORES = 2


@dataclass(frozen=True, slots=True)
class Scores:
    """A table of benchmarks; m models, b benchmarks.

    Attributes
    ----------
    models : tuple of str (m,)
    benchmarks : tuple of str (b,)
    scores : float64 (m, b)
        Higher is better; NaN where there is none.
    target : float64 (m,)
    inflation : float64 (m,) or None
        In the target's unit, Arena points.
    """

    models: tuple[str, ...]
    benchmarks: tuple[str, ...]
    scores: Floats
    target: Floats
    inflation: Floats | None


def read_scores(
    source: Any,
    target: str,
    model: str,
    benchmarks: Sequence[str] | None,
    lower_is_better: Sequence[str],
    inflation: Inflation | None,
) -> Scores:
    """The table's columns as numbers, each checked and named where it cannot be used."""
    if isinstance(source, pd.DataFrame) and model not in source.columns:
        named = not isinstance(source.index, pd.RangeIndex | pd.MultiIndex)
        source = source.rename_axis(index=model).reset_index() if named else source
    table = read_table(source, "table")
    names = model_names(table, model)
    need(table, target, "target")
    inner = inflation if isinstance(inflation, str) else None
    if inner is not None:
        need(table, inner, "inflation")
    chosen = _benchmarks(table, benchmarks, [model, target, *([inner] if inner is not None else [])])
    for name in _listed(lower_is_better, "lower_is_better"):
        if name not in chosen:
            raise DataError(
                f"lower_is_better names {shown(name)}, which is no benchmark here{nearest(name, chosen) or ';'}"
                f" benchmarks are {few(chosen)}"
            )
    sign = np.where(np.isin(chosen, list(lower_is_better)), -1.0, 1.0)
    scores = np.column_stack([score_column(table, name) for name in chosen])
    style = None if inflation is None else _inflation(table, names, inflation)
    return Scores(names, tuple(chosen), sign * scores, score_column(table, target), style)


def model_names(table: Table, model: str) -> tuple[str, ...]:
    """The names in a table's column of models, each there once."""
    if model not in table.columns:
        raise DataError(
            f"the table has no column {model!r} of model names{nearest(model, table.names) or ';'} name it with"
            f' model="YOUR_COLUMN"; there are {few(table.names)}'
        )
    names = keys(table.columns[model]).to_pylist()
    empty = [row for row, name in enumerate(names) if not name]
    if empty:
        raise DataError(f"table, {table.where(empty[0])}: {model!r} is empty; give every row the name of its model")
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:
        raise DataError(
            f"the table has more than one row of {few(twice)}; keep one row a model, or give its versions"
            " different names"
        )
    return tuple(names)


def _benchmarks(table: Table, asked: Sequence[str] | None, taken: list[str]) -> list[str]:
    if asked is None:
        chosen = [name for name in table.names if name not in taken]
    else:
        chosen = list(dict.fromkeys(_listed(asked, "benchmarks")))
        for name in chosen:
            need(table, name, "benchmarks")
            if name in taken:
                raise DataError(
                    f"{shown(name)} cannot be a benchmark of the index too; leave it out of benchmarks=[...]"
                )
    if len(chosen) < MIN_SCORES:
        raise DataError(
            f"the index needs at least {MIN_SCORES} benchmarks beside {', '.join(map(shown, taken))}; there are"
            f" {len(chosen)}"
        )
    return chosen


def _listed(names: Sequence[str], what: str) -> Sequence[str]:
    if isinstance(names, str):
        raise DataError(f"{what}={names!r} is one name; give a list, as in {what}=[{names!r}]")
    return names


def need(table: Table, name: str, what: str) -> None:
    """Refuse a column that is not there."""
    if name not in table.columns:
        raise DataError(
            f"{what}: the table has no column {shown(name)}{nearest(name, table.names) or ';'}"
            f" there are {few(table.names)}"
        )


def score_column(table: Table, name: str) -> Floats:
    """A column of finite numbers, NaN where empty."""
    values, bad = numbers(table.columns[name])
    bad = bad | np.isinf(values)
    if bad.any():
        row = int(np.argmax(bad))
        value = shown(objects(table.columns[name])[row])
        raise DataError(
            f"table, {table.where(row)}: {shown(name)} is {value}, no finite number; leave unknown scores empty, and"
            " name the columns of scores with benchmarks=[...] if this is none"
        )
    return values


def _inflation(
    table: Table, names: tuple[str, ...], inflation: Inflation
) -> Floats:
    """Inflation of each model of the table; NaN where there is none."""
    if isinstance(inflation, str):
        return score_column(table, inflation)
    if not isinstance(inflation, Mapping | pd.Series):
        raise DataError(
            f"inflation is a {type(inflation).__name__}; give the name of a column, or a Series or mapping by model"
        )
    given = [(key(name), value) for name, value in inflation.items()]
    known = dict(given)
    if len(known) < len(given):
        raise DataError("inflation has more than one value for a model; keep one each")
    if not known.keys() & set(names):
        raise DataError(
            f"inflation has none of the table's models: it has {few(list(known)) or 'none'}, the table {few(names)};"
            " hand in a Series with the models' names as its index"
        )
    values, bad = numbers(np.array([known.get(name) for name in names], object))
    if (bad | np.isinf(values)).any():
        raise DataError(f"inflation of {shown(names[int(np.argmax(bad | np.isinf(values)))])} is no finite number")
    return values


def unusable(read: Scores, target: str) -> list[str]:
    """Why a model cannot be used; empty where it can."""
    styled = np.ones(len(read.models), bool) if read.inflation is None else np.isfinite(read.inflation)
    count = np.isfinite(read.scores).sum(axis=1)
    return [
        join_notes(
            "" if has_target else f"no {target}",
            "" if n >= MIN_SCORES else f"{n} of at least {MIN_SCORES} benchmark scores",
            "" if has_style else "no style inflation",
        )
        for n, has_target, has_style in zip(count, np.isfinite(read.target), styled, strict=True)
    ]


def check_enough(used: Bools, reasons: list[str]) -> None:
    """Refuse fewer than eight models."""
    if used.sum() >= MIN_MODELS:
        return
    why = pd.Series([reason for reason in reasons if reason]).value_counts()
    lost = "".join(f"; {n} left out: {reason}" for reason, n in why.head(4).items())
    raise DataError(
        f"divergence needs at least {MIN_MODELS} models with the target and {MIN_SCORES} benchmark scores each;"
        f" there are {int(used.sum())} of {used.size}{lost}"
    )


def few(names: Sequence[Any], most: int = 12) -> str:
    """Some names for a message."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown(str(name), 40) for name in names[:most]) + more
