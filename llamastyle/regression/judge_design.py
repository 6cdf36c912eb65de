"""The experiment on a judge: pairs, edits, and the calls that compare them in both orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import numbers, objects, shown
from llamastyle.errors import DataError, FeatureError
from llamastyle.features.editing import restyle
from llamastyle.regression.judge_calls import Call

__all__ = ["DEFAULT_EDITS", "Comparison", "Edit", "Pairs", "comparisons", "read_edits", "read_pairs", "read_rewrites"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEFAULT_EDITS = (
    "null", "strip:markdown", "strip:emoji", "strip:sycophancy", "add:bold", "add:headers", "add:list_items",
    "add:emoji", "add:sycophancy", "add:words",
)  # fmt: skip
"""What is tried unless something else is asked for."""
TEXTS = ("response_a", "response_b")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Answers to prompts, two by two or one by one; n of them.

    Attributes
    ----------
    prompt : tuple of str (n,)
    a, b : tuple of str (n,)
        ``b`` is empty where answers come one by one.
    cluster : int64 (n,)
        Which prompt, or pair, each belongs to: those of one are not independent.
    right_a, right_b : float64 (n,)
        In [0, 1]; NaN unknown.
    """

    prompt: tuple[str, ...]
    a: tuple[str, ...]
    b: tuple[str, ...]
    cluster: Ints
    right_a: Floats
    right_b: Floats

    def __len__(self) -> int:
        return len(self.prompt)

    def take(self, rows: Sequence[int]) -> Pairs:
        """Some of them."""
        at = list(rows)
        prompt, a, b = (tuple(part[k] for k in at) if part else () for part in (self.prompt, self.a, self.b))
        return Pairs(prompt, a, b, self.cluster[at], self.right_a[at], self.right_b[at])


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of an answer that keeps its content.

    Attributes
    ----------
    name : str
    apply : callable
        From texts to texts, one for one, the same each time.
    dose : float
        How much of it; 1 where there is no more and less.
    control : bool
        Whether it changes nothing that a judge may care for.
    """

    name: str
    apply: Callable[[list[str]], list[str]]
    dose: float = 1.0
    control: bool = False


class Comparison(NamedTuple):
    """An edit of one side of one pair: the calls that show it, and those without it.

    ``edited`` and ``plain`` are the pairs of calls in both orders; in the first call of each the side stands first.
    ``plain`` is None where the edited answer meets itself as it was.
    """

    edit: int
    pair: int
    side: int
    edited: tuple[Call, Call]
    plain: tuple[Call, Call] | None


# -- pairs -----------------------------------------------------------------------------------------


def read_pairs(source: Any) -> Pairs:
    """Pairs of answers from battles, or from whatever `read_battles` reads that has the columns.

    Parameters
    ----------
    source : Battles, path, frame, list of dicts
        ``response_a, response_b`` (or ``response`` alone), and where there ``prompt, prompt_id, correct_a, correct_b``.
        Who won plays no part.

    Raises
    ------
    DataError
        No answers, or one that is missing.
    """
    frame = _frame(source)
    names = [name for name in (*TEXTS, "response") if name in frame]
    if names not in ([*TEXTS], ["response"]):
        raise DataError(
            f"pairs need columns response_a and response_b, or response alone; there are {', '.join(map(str, frame))}"
        )
    texts = [_texts(frame[name], name) for name in names]
    prompts = _texts(frame["prompt"].fillna(""), "prompt") if "prompt" in frame else ("",) * len(frame)
    if not len(frame):
        raise DataError("there are no pairs to ask a judge about")
    key = frame["prompt_id"] if "prompt_id" in frame else pd.Series(prompts)
    known = key.notna().to_numpy() & (key.astype(str) != "").to_numpy()
    codes = pd.factorize(key.astype(str).where(known, [f"row {k}" for k in range(len(frame))]))[0]
    right = [_right(frame, name) for name in ("correct_a", "correct_b")]
    return Pairs(prompts, texts[0], texts[1] if len(texts) == 2 else (), codes.astype(np.int64), right[0], right[1])


def _frame(source: Any) -> Any:
    if isinstance(source, Battles):
        return source.to_frame()
    table = read_table(source, "pairs")
    return pd.DataFrame({name: objects(column) for name, column in table.columns.items()})


def _texts(column: Any, name: str) -> tuple[str, ...]:
    bad = [row for row, value in enumerate(column) if not isinstance(value, str)]
    if bad:
        raise DataError(
            f"{name} is no text in {len(bad)} of {len(column)} rows, first in row {bad[0]}; leave those out"
        )
    return tuple(column)


def _right(frame: Any, name: str) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    values, bad = numbers(frame[name].to_numpy(object))
    if bad.any() or ((values < 0) | (values > 1)).any():
        raise DataError(f"{name} must lie in [0, 1] or be empty")
    return values


# -- edits -----------------------------------------------------------------------------------------


def read_edits(asked: Any = None) -> tuple[Edit, ...]:
    """Edits from their names, or of one's own.

    Parameters
    ----------
    asked : list of names, or mapping of names to functions or doses, optional
        Names are ``null``, and ``strip:X`` and ``add:X`` with what `restyle` knows; a mapping has for each a
        function of a text, or how much of it to add, one number or several.

    Raises
    ------
    DataError
        An unknown name, a dose that is no whole number above zero, or what is no function.
    """
    given: Mapping[str, Any] = dict.fromkeys(DEFAULT_EDITS) if asked is None else _named(asked)
    made: list[Edit] = []
    for name, how in given.items():
        if callable(how):
            made.append(Edit(name, partial(_each, name, how), control=name == "null"))
        else:
            made += [_built_in(name, dose) for dose in _doses(name, how)]
    if not made:
        raise DataError("interventions=[] names no edit; leave it out for the usual ones")
    return tuple(made)


def _named(asked: Any) -> Mapping[str, Any]:
    if isinstance(asked, str):
        return {asked: None}
    if isinstance(asked, Mapping):
        return asked
    names: list[Any] = list(asked) if isinstance(asked, Iterable) else [None]
    if not all(isinstance(name, str) for name in names):
        raise DataError("interventions must be names such as 'add:bold', or a mapping of names to functions or doses")
    return dict.fromkeys(names)


def _doses(name: str, how: Any) -> list[int]:
    several = isinstance(how, Iterable) and not isinstance(how, str)
    doses: list[Any] = [1] if how is None else list(how) if several else [how]
    if not doses or not all(isinstance(d, int | np.integer) and not isinstance(d, bool) and d > 0 for d in doses):
        raise DataError(f"interventions[{name!r}]={shown(how)} must be a function, or whole numbers above zero")
    return doses


def _built_in(name: str, dose: int) -> Edit:
    kind, _, what = name.partition(":")
    try:
        if name == "null":
            edit = partial(restyle, strip=(), add="null")
        elif kind == "strip" and what:
            edit = partial(restyle, strip=(what,))
        elif kind == "add" and what:
            edit = partial(restyle, strip=(), add=what, dose=dose)
        else:
            raise FeatureError(f"{name!r} is no edit")
        edit(["A word."])
    except FeatureError as error:
        raise DataError(f"interventions has {name!r}: {error}; names are null, strip:X and add:X") from None
    return Edit(name, edit, float(dose) if kind == "add" else 1.0, control=name == "null")


# -- calls -----------------------------------------------------------------------------------------


def comparisons(pairs: Pairs, edits: Sequence[Edit]) -> list[Comparison]:
    """Every edit of every answer that changes it, with the calls that compare it.

    Parameters
    ----------
    pairs : Pairs
        Where answers come two by two, an edited one meets the other answer, and so does the plain one; else it meets
        itself as it was.
    edits : sequence of Edit
    """
    sides = (pairs.a, pairs.b) if pairs.b else (pairs.a,)
    every = list(dict.fromkeys(text for texts in sides for text in texts))
    found: list[Comparison] = []
    for k, edit in enumerate(edits):
        done = dict(zip(every, edit.apply(every), strict=True))
        for row, prompt in enumerate(pairs.prompt):
            for side, texts in enumerate(sides):
                text = texts[row]
                new = done[text]
                if new == text:
                    continue
                other = sides[1 - side][row] if pairs.b else text
                plain = both_orders(prompt, text, other) if pairs.b else None
                found.append(Comparison(k, row, side, both_orders(prompt, new, other), plain))
    return found


def read_rewrites(source: Any) -> tuple[Pairs, tuple[Edit, ...], list[Comparison]]:
    """Counterfactual pairs made elsewhere: each rewrite meets its original, or the rewrite written back.

    Parameters
    ----------
    source : frame, path, list of dicts
        ``prompt, original, rewrite, intervention``, and ``rewritten_back`` where there.

    Raises
    ------
    DataError
        A column is missing, or a text.
    """
    table = read_table(source, "rewrites")
    frame: Any = pd.DataFrame({name: objects(column) for name, column in table.columns.items()})
    needed = ["prompt", "original", "rewrite", "intervention"]
    missing = [name for name in needed if name not in frame]
    if missing:
        raise DataError(f"rewrites need columns {', '.join(needed)}; there is no {', '.join(missing)}")
    prompts, _, new, names = (_texts(frame[name], name) for name in needed)
    old = _texts(frame["rewritten_back" if "rewritten_back" in frame else "original"], "rewritten_back or original")
    kinds = list(dict.fromkeys(names))
    if "null" in kinds:
        raise DataError("rewrites have an intervention 'null', which is the name of the edit that changes nothing")
    codes = pd.factorize(pd.Series(prompts))[0].astype(np.int64)
    blank = np.full(len(prompts), np.nan)
    found = [
        Comparison(kinds.index(kind), row, 0, both_orders(prompts[row], new[row], old[row]), None)
        for row, kind in enumerate(names)
        if new[row] != old[row]
    ]
    return Pairs(prompts, old, (), codes, blank, blank), tuple(Edit(kind, _as_given) for kind in kinds), found


def _as_given(texts: list[str]) -> list[str]:
    return texts


def both_orders(prompt: str, text: str, other: str) -> tuple[Call, Call]:
    """The two calls that compare two answers, the first with ``text`` in front."""
    return Call(prompt, text, other), Call(prompt, other, text)


def _each(name: str, edit: Callable[[str], Any], texts: list[str]) -> list[str]:
    """A caller's edit of one text, on each."""
    made = [edit(text) for text in texts]
    for new in made:
        if not isinstance(new, str):
            raise DataError(f"the edit {name!r} returned {type(new).__name__} and no text")
    return made
