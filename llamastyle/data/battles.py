"""Responses and battles: who answered what, and who won, as frozen columns."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from llamastyle.errors import DataError
from llamastyle.options import nearest
from llamastyle.report.notebook import readable_frame, reading_html

if TYPE_CHECKING:
    from llamastyle.features.feature import FeatureTable

__all__ = ["Battles", "Responses", "assemble", "empty_issues", "with_texts"]

ISSUE_COLUMNS = ("row", "column", "what", "value")


def counted(n: int, what: str) -> str:
    """``"1 battle"``, ``"2 battles"``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def empty_issues() -> pd.DataFrame:
    """A table of issues without rows: ``row, column, what, value``."""
    return pd.DataFrame(
        {"row": np.empty(0, np.int64), **{name: np.empty(0, object) for name in ISSUE_COLUMNS[1:]}}
    )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Responses:
    """Unique responses, one row each.

    Attributes
    ----------
    texts : pyarrow.Array
        ``large_string``; null where the response came without its text. Assistant turns of a
        conversation are joined by a blank line.
    models : tuple of str
        Names that ``model`` points into.
    model : int64 array
        Which model wrote the response; -1 unknown.
    prompt_id : array or None
        What it answers, as given by the data.
    turn_starts : pyarrow.Array or None
        ``list<int64>``: UTF-8 byte offsets where turns 2, 3, ... start; None when no response has a
        second turn.
    tokens : float64 array or None
        Token counts from the data's own metadata, NaN unknown.
    score, correct : float64 array or None
        A score of the response, and whether it is correct in [0, 1], NaN unknown.
    issues : pandas.DataFrame
        Rows set aside on reading single responses, as in `Battles`; those of battles are the battles' own.
    notes : tuple of str
        How single responses were read, with counts.

    Examples
    --------
    >>> import llamastyle as ls
    >>> battles = ls.read_battles([
    ...     {"model_a": "x", "model_b": "y", "winner": "model_a", "response_a": "Yes.", "response_b": "No."},
    ...     {"model_a": "z", "model_b": "x", "winner": "tie", "response_a": "Maybe.", "response_b": "Yes."},
    ... ])
    >>> battles.responses
    Responses(3 responses by 3 models)
    >>> battles.responses.to_frame()["text"].tolist()
    ['Yes.', 'Maybe.', 'No.']
    """

    texts: pa.Array
    models: tuple[str, ...]
    model: NDArray[np.int64]
    prompt_id: NDArray[Any] | None = None
    turn_starts: pa.Array | None = None
    tokens: NDArray[np.float64] | None = None
    score: NDArray[np.float64] | None = None
    correct: NDArray[np.float64] | None = None
    issues: pd.DataFrame = field(default_factory=empty_issues)
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> None:
        """None: these are single responses, not two sides."""
        return None

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        models = len(np.unique(self.model[self.model >= 0]))
        return f"Responses({counted(len(self), 'response')} by {counted(models, 'model')})"

    def to_frame(self) -> pd.DataFrame:
        """One row a response: ``model, text`` and what else is known of it."""
        columns = {"model": _names(self.models, self.model), "text": self.texts.to_pandas().to_numpy(object)}
        optional = {"prompt_id": self.prompt_id, "tokens": self.tokens, "score": self.score}
        columns.update({k: v for k, v in {**optional, "correct": self.correct}.items() if v is not None})
        return pd.DataFrame(columns)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Battles:
    """Votes between two responses: models, outcome, and whatever else is known of each.

    Made by `read_battles` or `simulate`; n is the number of battles.

    Attributes
    ----------
    responses : Responses
        The unique responses that ``row_a`` and ``row_b`` (int64, n) point into. A table that came with
        measured features and without texts has 2n of them: the n of side a, then the n of side b.
    models : tuple of str
        Names of all models of these battles, sorted; ``model_a`` and ``model_b`` (int64, n) point into
        them, -1 where no name is given.
    outcome : float64 array
        In [0, 1]: 1 = a won, 1/2 = tie, or the probability that a wins.
    both_bad : bool array
        Ties in which the voter called both bad; half a win each.
    probabilities : bool
        Whether some outcome is other than 0, 1/2, 1.
    weight : float64 array
        Sampling weight, above zero; ones when none was given.
    columns : pandas.DataFrame
        What else is known of each battle, by canonical name: ``prompt_id, prompt, judge, voter,
        category, language, timestamp, session`` where there, and the column named by ``cluster=``.
    correct_a, correct_b : float64 array or None
        Whether each side is correct, in [0, 1], NaN unknown.
    cluster : str, tuple of str or None
        The columns that ``read_battles(..., cluster=)`` named.
    measured : FeatureTable or None
        Features that came with the data.
    issues : pandas.DataFrame
        Rows set aside on reading: ``row, column, what, value``, rows counted from 0.
    notes : tuple of str
        How the data were read, with counts.

    Examples
    --------
    >>> import llamastyle as ls
    >>> battles = ls.read_battles([
    ...     {"model_a": "x", "model_b": "y", "winner": "model_a", "response_a": "Yes.", "response_b": "No."},
    ...     {"model_a": "x", "model_b": "z", "winner": "both_bad", "response_a": "Yes.", "response_b": "?"},
    ... ])
    >>> battles
    Battles(2 battles of 3 models, 1 both bad)
    >>> battles.win_rates()
      model  battles  win_rate
    0     x        2      0.75
    1     y        1      0.00
    2     z        1      0.50
    """

    responses: Responses
    row_a: NDArray[np.int64]
    row_b: NDArray[np.int64]
    models: tuple[str, ...]
    model_a: NDArray[np.int64]
    model_b: NDArray[np.int64]
    outcome: NDArray[np.float64]
    both_bad: NDArray[np.bool_]
    weight: NDArray[np.float64]
    columns: pd.DataFrame
    correct_a: NDArray[np.float64] | None = None
    correct_b: NDArray[np.float64] | None = None
    cluster: str | tuple[str, ...] | None = None
    measured: FeatureTable | None = None
    issues: pd.DataFrame = field(default_factory=empty_issues)
    notes: tuple[str, ...] = ()

    @property
    def texts(self) -> pa.Array:
        """The unique texts (see `rows`)."""
        return self.responses.texts

    @property
    def turn_starts(self) -> pa.Array | None:
        """Where later turns start in each text, or None."""
        return self.responses.turn_starts

    @property
    def tokens(self) -> NDArray[np.float64] | None:
        """Token counts from the data's own metadata, a row of `texts` each, or None."""
        return self.responses.tokens

    @property
    def rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of `texts` on side a and on side b."""
        return self.row_a, self.row_b

    @property
    def probabilities(self) -> bool:
        """Whether some outcome is a probability rather than a win, a loss or a tie."""
        return bool(np.any((self.outcome != 0) & (self.outcome != 0.5) & (self.outcome != 1)))

    @property
    def correct_known(self) -> NDArray[np.bool_]:
        """Which battles have correctness known on both sides."""
        if self.correct_a is None or self.correct_b is None:
            return np.zeros(len(self), bool)
        return ~(np.isnan(self.correct_a) | np.isnan(self.correct_b))

    @property
    def text_known(self) -> NDArray[np.bool_]:
        """Which battles have the texts of both sides; one that was withheld is null."""
        there = self.texts.is_valid().to_numpy(zero_copy_only=False)
        return there[self.row_a] & there[self.row_b]

    @property
    def rated(self) -> NDArray[np.bool_]:
        """Which battles say something on ratings: two named and different models."""
        return (self.model_a >= 0) & (self.model_b >= 0) & (self.model_a != self.model_b)

    def __len__(self) -> int:
        return len(self.outcome)

    def win_rates(self) -> pd.DataFrame:
        """Weighted win rate of each model, in the order of ``models``.

        Battles of a model with itself, or without names, are left out; a model with no other battle
        has a win rate of NaN.

        Returns
        -------
        pandas.DataFrame
            ``model, battles, win_rate``; win rates in [0, 1].
        """
        rated = self.rated
        a, b, y, w = (x[rated] for x in (self.model_a, self.model_b, self.outcome, self.weight))
        k = len(self.models)
        wins = np.bincount(a, w * y, k) + np.bincount(b, w * (1 - y), k)
        weight = np.bincount(a, w, k) + np.bincount(b, w, k)
        battles = np.bincount(a, minlength=k) + np.bincount(b, minlength=k)
        rate = np.divide(wins, weight, out=np.full(k, np.nan), where=weight > 0)
        return readable_frame(pd.DataFrame({"model": list(self.models), "battles": battles, "win_rate": rate}))

    def accuracy(self) -> pd.DataFrame:
        """Weighted share of right answers of each model, where correctness is known, in the order of ``models``.

        Returns
        -------
        pandas.DataFrame
            ``model, battles, accuracy``; battles with its correctness known, a battle of a model with itself twice;
            accuracies in [0, 1], NaN where nothing is known.

        Examples
        --------
        >>> import llamastyle as ls
        >>> battles = ls.read_battles([{"model_a": "m", "model_b": "n", "winner": "tie", "response_a": "x",
        ...     "response_b": "y", "correct_a": 1, "correct_b": 0}])
        >>> battles.accuracy()["accuracy"].tolist()
        [1.0, 0.0]
        """
        k, weight, right, known = len(self.models), *(np.zeros(len(self.models)) for _ in range(3))
        for model, correct in ((self.model_a, self.correct_a), (self.model_b, self.correct_b)):
            if correct is not None:
                at = np.flatnonzero((model >= 0) & ~np.isnan(correct))
                known += np.bincount(model[at], minlength=k)
                weight += np.bincount(model[at], self.weight[at], k)
                right += np.bincount(model[at], self.weight[at] * correct[at], k)
        share = np.divide(right, weight, out=np.full(k, np.nan), where=weight > 0)
        frame = pd.DataFrame({"model": list(self.models), "battles": known.astype(np.int64), "accuracy": share})
        return readable_frame(frame)

    def codes(self, column: str) -> tuple[NDArray[np.int64], int]:
        """Group numbers of one of ``columns``, and how many groups there are.

        Parameters
        ----------
        column : str
            One of ``columns``.

        Raises
        ------
        DataError
            If there is no such column, or it is empty in some battles.
        """
        if column not in self.columns:
            known = [str(name) for name in self.columns]
            hint = nearest(column, known)
            raise DataError(f"the battles have no column {column!r}{hint}; they have {_listed(known)}")
        codes, groups = pd.factorize(self.columns[column])
        if missing := int((codes < 0).sum()):
            first = int(np.argmax(codes < 0))
            raise DataError(
                f"column {column!r} is empty in {missing} of {len(self)} battles, first in battle {first} "
                f"(counted from 0); leave those out with battles.filter(...) to group by it"
            )
        return codes.astype(np.int64), len(groups)

    def swap(self, which: ArrayLike | None = None) -> Battles:
        """The same battles with the sides exchanged, in all of them or in some.

        Parameters
        ----------
        which : bool mask or row numbers, optional
            The battles to swap; all by default.

        Examples
        --------
        >>> import llamastyle as ls
        >>> vote = {"model_a": "x", "model_b": "y", "winner": "model_a"}
        >>> battles = ls.read_battles([{**vote, "response_a": "Yes.", "response_b": "No."}])
        >>> battles.swap().to_frame()[["model_a", "model_b", "winner"]].to_dict("records")
        [{'model_a': 'y', 'model_b': 'x', 'winner': 'model_b'}]
        """
        mask = np.ones(len(self), bool) if which is None else self._mask(which)
        row_a, row_b = _exchange(mask, self.row_a, self.row_b)
        model_a, model_b = _exchange(mask, self.model_a, self.model_b)
        correct = (self.correct_a, self.correct_b)
        if self.correct_a is not None and self.correct_b is not None:
            correct = _exchange(mask, self.correct_a, self.correct_b)
        return replace(
            self,
            row_a=row_a,
            row_b=row_b,
            model_a=model_a,
            model_b=model_b,
            outcome=np.where(mask, 1 - self.outcome, self.outcome),
            correct_a=correct[0],
            correct_b=correct[1],
            measured=None if self.measured is None else self.measured.with_rows(row_a, row_b),
        )

    def take(self, indices: ArrayLike) -> Battles:
        """The battles with these row numbers, in this order; a number may come more than once.

        Examples
        --------
        >>> import llamastyle as ls
        >>> vote = {"model_a": "x", "model_b": "y", "response_a": "Yes.", "response_b": "No."}
        >>> battles = ls.read_battles([{**vote, "winner": w} for w in ("model_a", "tie")])
        >>> len(battles.take([1, 1, 0]))
        3
        """
        at = np.asarray(indices)
        if at.dtype == bool:
            raise DataError("take wants row numbers; for a mask of True and False use battles.filter(mask)")
        at = at.astype(np.int64).reshape(-1)
        if at.size and (at.min() < -len(self) or at.max() >= len(self)):
            raise DataError(f"take wants row numbers from 0 to {len(self) - 1}, not {at.min()} to {at.max()}")
        at = np.where(at < 0, at + len(self), at)
        models, model_a, model_b = _only_used(self.models, self.model_a[at], self.model_b[at])
        row_a, row_b = self.row_a[at], self.row_b[at]
        return replace(
            self,
            row_a=row_a,
            row_b=row_b,
            models=models,
            model_a=model_a,
            model_b=model_b,
            outcome=self.outcome[at],
            both_bad=self.both_bad[at],
            weight=self.weight[at],
            columns=self.columns.iloc[at].reset_index(drop=True),
            correct_a=None if self.correct_a is None else self.correct_a[at],
            correct_b=None if self.correct_b is None else self.correct_b[at],
            measured=None if self.measured is None else self.measured.with_rows(row_a, row_b),
        )

    def filter(self, which: ArrayLike | Callable[[pd.DataFrame], Any]) -> Battles:
        """The battles for which a mask, or a function of `to_frame`, is True.

        Examples
        --------
        >>> import llamastyle as ls
        >>> vote = {"model_a": "x", "model_b": "y", "response_a": "Yes.", "response_b": "No."}
        >>> battles = ls.read_battles([{**vote, "winner": w} for w in ("model_a", "tie")])
        >>> len(battles.filter(lambda frame: frame["winner"] != "tie"))
        1
        """
        mask: Any = which(self.to_frame()) if callable(which) else which
        mask = np.asarray(mask)
        if mask.dtype == object and all(isinstance(value, bool | np.bool_) for value in mask.flat):
            mask = mask.astype(bool)
        if mask.dtype != bool or mask.shape != (len(self),):
            raise DataError(
                f"filter wants one True or False for each of the {len(self)} battles, "
                f"not {mask.dtype} of shape {mask.shape}"
            )
        return self.take(np.flatnonzero(mask))

    def balanced(self) -> Battles:
        """The same battles, weighted so that every pair of models that met counts the same.

        Weights are multiplied by one over the pair's sum of weights and keep their sum. LMArena has
        reweighted its battles in this way since July 2025. A battle of a model with itself, or without
        names, keeps its weight.

        Examples
        --------
        >>> import llamastyle as ls
        >>> vote = {"winner": "model_a", "response_a": "Yes.", "response_b": "No."}
        >>> pairs = [("x", "y"), ("x", "y"), ("x", "y"), ("y", "z")]
        >>> battles = ls.read_battles([{**vote, "model_a": a, "model_b": b} for a, b in pairs])
        >>> battles.balanced().weight.round(2).tolist()
        [0.67, 0.67, 0.67, 2.0]
        """
        rated = self.rated
        low, high = np.minimum(self.model_a, self.model_b), np.maximum(self.model_a, self.model_b)
        pair = low[rated] * max(len(self.models), 1) + high[rated]
        _, code = np.unique(pair, return_inverse=True)
        weight = self.weight.copy()
        if code.size:
            total = np.bincount(code, weight[rated])
            weight[rated] *= total.sum() / total.size / total[code]
        return replace(self, weight=weight, notes=(*self.notes, "every pair of models counts the same"))

    def to_frame(self) -> pd.DataFrame:
        """One row a battle, under the names that `read_battles` reads.

        ``model_a, model_b`` (where named), ``winner`` (unless outcomes are probabilities), ``outcome``,
        ``weight``, ``response_a, response_b`` (where there), ``tokens_a, tokens_b``, ``correct_a,
        correct_b``, measured features (``words_a, words_b`` ...), then ``columns``.
        """
        out: dict[str, Any] = {}
        if self.models:
            out["model_a"] = _names(self.models, self.model_a)
            out["model_b"] = _names(self.models, self.model_b)
        if not self.probabilities:
            label = np.where(self.both_bad, 3, np.select([self.outcome == 1, self.outcome == 0], [0, 1], 2))
            out["winner"] = np.array(["model_a", "model_b", "tie", "both_bad"], object)[label]
        out["outcome"], out["weight"] = self.outcome, self.weight
        for side, rows in (("a", self.row_a), ("b", self.row_b)):
            if self.texts.null_count < len(self.texts):
                out[f"response_{side}"] = self.texts.take(pa.array(rows)).to_pandas().to_numpy(object)
            if self.tokens is not None:
                out[f"tokens_{side}"] = self.tokens[rows]
        if self.correct_a is not None and self.correct_b is not None:
            out["correct_a"], out["correct_b"] = self.correct_a, self.correct_b
        if self.measured is not None:
            a, b = self.measured.sides()
            for j, name in enumerate(self.measured.names):
                out[f"{name}_a"], out[f"{name}_b"] = a[:, j], b[:, j]
        out.update({str(name): self.columns[name] for name in self.columns if name not in out})
        return pd.DataFrame(out, index=pd.RangeIndex(len(self)))

    def __repr__(self) -> str:
        return f"Battles({', '.join(self._facts())})"

    def _repr_html_(self) -> str:
        rates = self.win_rates().sort_values(["battles", "model"], ascending=[False, True])
        shown = reading_html(rates.head(10))
        more = f"<p>and {len(rates) - 10} more models</p>" if len(rates) > 10 else ""
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        table = shown + more if len(rates) else ""
        head = f"<p><b>{html.escape('; '.join(self._facts()))}</b></p>"
        return head + table + (f"<ul>{notes}</ul>" if notes else "")

    def _facts(self) -> list[str]:
        n = len(self)
        who = f" of {counted(len(self.models), 'model')}" if self.models else ", no model names"
        facts = [counted(n, "battle") + who]
        ties, bad = int(((self.outcome == 0.5) & ~self.both_bad).sum()), int(self.both_bad.sum())
        facts += [counted(ties, "tie")] * (ties > 0) + [f"{bad} both bad"] * (bad > 0)
        facts += ["outcomes are probabilities"] * self.probabilities
        for column, what in (("prompt_id", "prompt"), ("voter", "voter"), ("judge", "judge")):
            if column in self.columns:
                facts.append(counted(len(pd.factorize(self.columns[column])[1]), what))
        if self.cluster is not None:
            names = [self.cluster] if isinstance(self.cluster, str) else self.cluster
            facts.append(f"clustered by {' and '.join(names)}")
        if self.measured is not None:
            facts.append(counted(len(self.measured.names), "measured feature"))
        if self.correct_a is not None:
            facts.append(f"correctness known on both sides in {int(self.correct_known.sum())}")
        if len(self.issues):
            facts.append(f"{counted(len(np.unique(self.issues['row'])), 'row')} set aside")
        return facts

    def _mask(self, which: ArrayLike) -> NDArray[np.bool_]:
        at = np.asarray(which)
        if at.dtype == bool:
            if at.shape != (len(self),):
                raise DataError(f"the mask has shape {at.shape}; there are {len(self)} battles")
            return at
        at = at.astype(np.int64).reshape(-1)
        if at.size and (at.min() < -len(self) or at.max() >= len(self)):
            raise DataError(f"row numbers go from 0 to {len(self) - 1}, not {at.min()} to {at.max()}")
        mask = np.zeros(len(self), bool)
        mask[at] = True
        return mask


def with_texts(battles: Battles) -> tuple[Battles, list[str]]:
    """The battles of which both texts are there, and a note on those left out.

    All of them where features came with the data, or where no battle has its texts.
    """
    known = battles.text_known
    if battles.measured is not None or known.all() or not known.any():
        return battles, []
    n = int((~known).sum())
    note = f"{n} of {len(battles)} battles have a response without text: left out"
    return battles.take(np.flatnonzero(known)), [note]


def assemble(
    *,
    outcome: ArrayLike,
    names: tuple[pa.Array | Sequence[str | None], pa.Array | Sequence[str | None]] | None = None,
    texts: tuple[pa.Array | Sequence[str], pa.Array | Sequence[str]] | None = None,
    turn_starts: pa.Array | None = None,
    tokens: tuple[ArrayLike, ArrayLike] | None = None,
    both_bad: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    correct: tuple[ArrayLike, ArrayLike] | None = None,
    columns: pd.DataFrame | None = None,
    cluster: str | tuple[str, ...] | None = None,
    measured: FeatureTable | None = None,
    issues: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> Battles:
    """Battles from checked arrays of n rows, each unique response kept once.

    Parameters
    ----------
    outcome : array
        1 = a won, 1/2 = tie, or the probability that a wins.
    names, texts, tokens, correct : pair of arrays, optional
        Of side a and of side b.
    turn_starts : pyarrow.Array, optional
        ``list<int64>`` of 2n rows, side a's and then side b's.
    measured : FeatureTable, optional
        2n rows, side a's and then side b's; responses are then not merged.
    both_bad, weight, columns, cluster, issues, notes
        As in `Battles`.
    """
    y = np.asarray(outcome, np.float64)
    n = len(y)
    frame = pd.DataFrame(index=pd.RangeIndex(n)) if columns is None else columns.reset_index(drop=True)
    models, model = _encode_names(names, n)
    text = pa.nulls(2 * n, pa.large_string()) if texts is None else _large_strings(texts)
    count = None if tokens is None else np.concatenate([np.asarray(t, np.float64) for t in tokens])
    prompt = _twice(frame, "prompt_id") if "prompt_id" in frame and measured is None else None
    if measured is None:
        keep, inverse = _unique(text, model, prompt, count, turn_starts)
        row_a, row_b = inverse[:n], inverse[n:]
    else:
        keep, (row_a, row_b) = np.arange(2 * n), np.split(np.arange(2 * n), 2)
        measured = measured.with_rows(row_a, row_b)
    at = pa.array(keep)
    responses = Responses(
        texts=text if measured is not None else text.take(at),
        models=models,
        model=model[keep],
        prompt_id=None if prompt is None else prompt[keep],
        turn_starts=None if turn_starts is None else turn_starts.take(at),
        tokens=None if count is None else count[keep],
    )
    right = (None, None) if correct is None else tuple(np.asarray(c, np.float64) for c in correct)
    return Battles(
        responses=responses,
        row_a=row_a,
        row_b=row_b,
        models=models,
        model_a=model[:n],
        model_b=model[n:],
        outcome=y,
        both_bad=np.zeros(n, bool) if both_bad is None else np.asarray(both_bad, bool),
        weight=np.ones(n) if weight is None else np.asarray(weight, np.float64),
        columns=frame,
        correct_a=right[0],
        correct_b=right[1],
        cluster=cluster,
        measured=measured,
        issues=empty_issues() if issues is None else issues,
        notes=tuple(notes),
    )


def _unique(
    text: pa.Array,
    model: NDArray[np.int64],
    prompt: NDArray[Any] | None,
    tokens: NDArray[np.float64] | None,
    turn_starts: pa.Array | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First row of each distinct response, and which of those each row is."""
    parts: list[Any] = [text.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False), model]
    parts += [part for part in (prompt, tokens) if part is not None]
    if turn_starts is not None:
        parts.append(np.array([str(row) for row in turn_starts.to_pylist()], object))
    key = np.zeros(len(text), np.int64)
    for part in parts:
        codes, values = pd.factorize(part)
        key, _ = pd.factorize(key * (len(values) + 1) + codes + 1)
    keep = np.unique(key, return_index=True)[1]
    return keep, key


def _encode_names(names: tuple[Any, Any] | None, n: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    if names is None:
        return (), np.full(2 * n, -1, np.int64)
    encoded = _large_strings(names).dictionary_encode()
    values = np.array(encoded.dictionary.to_pylist(), object)
    order = np.argsort(values)
    rank = np.append(np.argsort(order), -1)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return tuple(values[order]), rank[codes].astype(np.int64)


def _large_strings(pair: tuple[Any, Any]) -> pa.Array:
    sides = [x if isinstance(x, pa.Array | pa.ChunkedArray) else pa.array(x, pa.large_string()) for x in pair]
    chunks = [c for x in sides for c in (x.chunks if isinstance(x, pa.ChunkedArray) else [x])]
    return pa.concat_arrays([chunk.cast(pa.large_string()) for chunk in chunks])


def _twice(frame: pd.DataFrame, column: str) -> NDArray[Any]:
    values = frame[column].to_numpy()
    return np.concatenate([values, values])


def _only_used(
    models: tuple[str, ...], a: NDArray[np.int64], b: NDArray[np.int64]
) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    used = np.zeros(len(models) + 1, bool)
    used[a], used[b] = True, True
    used[-1] = False
    new = np.append(np.cumsum(used[:-1]) - 1, -1).astype(np.int64)
    return tuple(name for name, keep in zip(models, used[:-1], strict=True) if keep), new[a], new[b]


def _exchange(mask: NDArray[np.bool_], a: NDArray[Any], b: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.where(mask, b, a), np.where(mask, a, b)


def _names(models: tuple[str, ...], codes: NDArray[np.int64]) -> NDArray[Any]:
    return np.array([*models, None], object)[codes]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "none"
