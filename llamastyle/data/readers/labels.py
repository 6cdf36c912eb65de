"""Winner labels to outcomes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from llamastyle.data.readers.table import key, number, shown
from llamastyle.errors import DataError

WINNERS = {
    "model_a": (1.0, False),
    "model_b": (0.0, False),
    "tie": (0.5, False),
    "both_bad": (0.5, True),
    "tie (bothbad)": (0.5, True),
}
"""Outcome for side a, and whether both were called bad, by label."""

CANONICAL = ("model_a", "model_b", "tie", "both_bad")
UNSURE = "?"
LONGEST = 60
"""Characters of the longest label that an example shows."""

GUESSES = {
    "model_a": [
        "a",
        "left",
        "1",
        "first",
        "x",
        "response_a",
        "model_1",
        "output_1",
        "a_better",
        "assistant_a",
        "a>b",
        "win",
    ],
    "model_b": [
        "b",
        "right",
        "2",
        "second",
        "y",
        "response_b",
        "model_2",
        "output_2",
        "b_better",
        "assistant_b",
        "b>a",
        "loss",
    ],
    "tie": ["draw", "equal", "same", "tied", "0", "c", "ties", "a=b"],
    "both_bad": ["bothbad", "both-bad"],
}


@dataclass(frozen=True, slots=True)
class Winners:
    """Outcomes read from labels.

    Attributes
    ----------
    outcome : float64 array
        NaN where there is no label, or one that is not known.
    both_bad : bool array
        Where the label says so.
    missing, unclear : bool array
        Rows without a label; rows whose label names a model that stands on both sides.
    unknown : dict
        Counts of labels that are not known.
    """

    outcome: NDArray[np.float64]
    both_bad: NDArray[np.bool_]
    missing: NDArray[np.bool_]
    unclear: NDArray[np.bool_]
    unknown: dict[str, int]


def check_labels(labels: Mapping[object, object] | None) -> dict[str, str]:
    """The labels handed in, as text; a value that is no outcome is an error."""
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise DataError(f'labels={shown(labels)} is not a dict; give one such as {{"left": "model_a"}}')
    for label, means in labels.items():
        if not isinstance(means, str) or means not in WINNERS:
            raise DataError(
                f"labels={{{label!r}: {means!r}}}: {means!r} is no outcome; use one of {', '.join(WINNERS)}"
            )
    return {key(label) or "": str(means) for label, means in labels.items()}


def read_winners(
    winner: pa.Array, labels: Mapping[str, str], names: tuple[pa.Array, pa.Array] | None
) -> Winners:
    """Outcomes of labels: those of ``labels`` first, then the canonical ones, then the row's own models.

    Parameters
    ----------
    winner : pyarrow.Array
        Labels, as text.
    labels : mapping
        From a label to a canonical one.
    names : pair of pyarrow.Array, optional
        Models of side a and side b.
    """
    encoded = winner.dictionary_encode()
    values = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    known = [WINNERS.get(_meant(value, labels)) for value in values]
    outcome = np.array([np.nan if k is None else k[0] for k in known] + [np.nan])[codes]
    both_bad = np.array([k is not None and k[1] for k in known] + [False])[codes]
    missing = codes < 0
    unclear = np.zeros(len(winner), bool)
    if names is not None and any(k is None for k in known):
        a, b = (
            pc.call_function("equal", [winner, side]).fill_null(False).to_numpy(zero_copy_only=False)
            for side in names
        )
        own = np.isnan(outcome)
        outcome = np.where(own & a & ~b, 1.0, np.where(own & b & ~a, 0.0, outcome))
        unclear = own & a & b
    left = np.isnan(outcome) & ~missing & ~unclear
    counts = np.bincount(codes[left], minlength=len(values))
    unknown = {values[i]: int(counts[i]) for i in np.argsort(-counts, kind="stable") if counts[i]}
    return Winners(outcome, both_bad, missing, unclear, unknown)


def _meant(value: str, labels: Mapping[str, str]) -> str:
    """A label's meaning; in a text file 1 may be written 1.0, where the column has empty values."""
    whole = value.removesuffix(".0")
    return labels.get(value) or (labels.get(whole) if whole.isdecimal() else None) or value


def unknown_labels(unknown: Mapping[str, int], column: str, own: Sequence[str] = ()) -> DataError:
    """The error for labels that are not known, with their counts and the mapping that would do."""
    first = list(unknown.items())[:8]
    more = f" and {len(unknown) - 8} more" if len(unknown) > 8 else ""
    counts = ", ".join(f"{shown(label)} ({count})" for label, count in first)
    if all(0 <= number(label) <= 1 for label in unknown) and (len(unknown) > 3 or not _whole(unknown)):
        way = (
            f"if they say how far a won (1 a, 0 b, 0.5 a tie), read them with"
            f' columns={{"outcome": "{column}"}} (--map outcome={column})'
        )
    else:
        short = [label for label in unknown if len(label) <= LONGEST and label.isprintable()]
        meant = {label: _guess(label, set(unknown)) for label in short[:4]}
        way = f"say what they mean{', for instance ' + way_to_label(meant) if meant else ' with labels='}"
        if UNSURE in meant.values():
            way += f", with one of {', '.join(CANONICAL)} for each {UNSURE}"
    return DataError(
        f"column {column!r} has labels that are not known, with their counts: {counts}{more}; {way}; "
        f"known are {', '.join([*own, *WINNERS])} and the row's own model names"
    )


def way_to_label(meant: Mapping[str, str]) -> str:
    """How to say what labels mean, in Python and at a shell; each label as it is, so that it can be pasted."""
    python = ", ".join(f'{json.dumps(label, ensure_ascii=False)}: "{means}"' for label, means in meant.items())
    shell = " ".join(f"--label {shlex.quote(f'{label}={means}')}" for label, means in meant.items())
    return f"labels={{{python}}} ({shell})"


def _whole(labels: Iterable[str]) -> bool:
    return all(number(label).is_integer() for label in labels)


def _guess(label: str, beside: set[str]) -> str:
    """What a label most likely means; where that is not plain, a mark to be filled in."""
    plain = label.strip().lower().replace(" ", "_")
    if plain == "0" and "1" in beside and not {"2", "-1"} & beside:
        return "model_b"
    if plain == "-1" and "1" in beside:
        return "model_b"
    if plain in WINNERS:
        return plain
    return next((means for means, spellings in GUESSES.items() if plain in spellings), UNSURE)
