"""The values that options take, and the one validator that lists them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from numbers import Real
from typing import Any, Literal, get_args

from llamastyle.errors import LlamaStyleError

Contrast = Literal["difference", "relative", "density_relative", "log_ratio", "tanh"]
Correctness = Literal["auto", "require", "ignore"]
Ties = Literal["half", "drop", "davidson"]
BothBad = Literal["half", "drop"]
Separated = Literal["error", "drop", "firth"]
Covariance = Literal["auto", "cluster", "robust", "HC0", "classical"]
Plot = Literal[
    "ladder", "prices", "waterfall", "parity", "scatter", "profile", "shares", "fit_shares", "timeline"
]
JudgePlot = Literal["effects", "doses"]
Banded = Literal["prices", "inflation"]
Measure = Literal["effect", "exchange"]
Scale = Literal["rating", "win_rate"]
Line = Literal["theil-sen", "rlm"]
Per = Literal["text", "words"]
TableFormat = Literal["table", "csv", "csv-plain", "json", "md"]
Verdict = Literal[
    "inflated",
    "deflated",
    "neutral",
    "undetermined",
    "insufficient data",
    "style-favoured",
    "style-penalised",
]


def allowed(alias: object) -> tuple[str, ...]:
    """The values of a ``Literal`` alias, in the order they are declared."""
    return tuple(str(value) for value in get_args(alias))


def check_option(name: str, value: object, alias: object) -> str:
    """Return ``value`` if it is one of the alias's values, else raise with the list of them."""
    values = allowed(alias)
    if isinstance(value, str) and value in values:
        return value
    raise LlamaStyleError(
        f"{name}={value!r} is not known{nearest(value, values)}; use one of {', '.join(values)}"
    )


def real(value: object) -> float:
    """A number as it is, and NaN for what is none, so that comparing never fails."""
    return float(value) if not isinstance(value, bool) and isinstance(value, Real) else float("nan")


def nearest(value: object, known: Iterable[Any], n: int = 3) -> str:
    """A phrase that names the closest known values, or nothing: ``"; did you mean 'winner'?"``."""
    folded: dict[str, str] = {}
    for name in known:
        folded.setdefault(str(name).casefold(), str(name))
    close = difflib.get_close_matches(str(value).casefold(), folded, n=n, cutoff=0.6)
    matches = [folded[match] for match in close]
    return f"; did you mean {' or '.join(repr(m) for m in matches)}?" if matches else ""
