"""What the studies of real data share: fits without warnings on the way, and cells with intervals."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls

CONTRASTS = ("relative", "log_ratio", "tanh", "difference")


@contextmanager
def quiet() -> Iterator[None]:
    """Warnings of fits are in ``result.warnings`` as well; the page says what matters of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ls.LlamaStyleWarning)
        yield


def cell(value: float, low: float, high: float, digits: int = 1, times: float = 1.0) -> str:
    """``1.2 [0.3, 2.1]``, empty where there is no value, without ends where there are none."""
    if not np.isfinite(value):
        return ""
    shown = [f"{times * number:.{digits}f}" for number in (value, low, high)]
    first, second, third = ["0" + s[2:] if s.startswith("-0") and not float(s) else s for s in shown]
    if not np.isfinite(low):
        return first
    return f"{first} [{second},\N{NO-BREAK SPACE}{third}]"


def points(row: Any) -> str:
    """An effect with its interval, in points of win rate."""
    return cell(row["effect"], row["conf_low"], row["conf_high"], 1, 100.0)


def rate(row: Any, digits: int = 2) -> str:
    """An exchange rate with its interval; withheld where that of the price of being right covers zero."""
    return cell(row["estimate"], row["conf_low"], row["conf_high"], digits) or "withheld"


def p_value(p: float) -> str:
    """Three digits, or less than the smallest of them."""
    return "" if not np.isfinite(p) else "<0.001" if p < 0.001 else f"{p:.3f}"


def of_term(frame: pd.DataFrame, term: str, unit: str | None = "one recorded scale") -> pd.DataFrame:
    """A term's rows, in one unit."""
    rows = frame[frame["term"] == term]
    return rows if unit is None else rows[rows["unit"] == unit]


def contrast_cells(result: ls.StyleResult, term: str) -> dict[str, str]:
    """A term's effect under each contrast, in points of win rate per recorded scale."""
    with quiet():
        table = result.transforms()
    rows = table[(table["what"] == "effect") & (table["name"] == term)].set_index("contrast")
    why = table[table["name"] == ""].set_index("contrast")["note"]
    return {
        kind: cell(*rows.loc[kind, ["estimate", "conf_low", "conf_high"]], 1, 100.0)
        if kind in rows.index
        else str(why.get(kind, ""))
        for kind in CONTRASTS
    }


def words_step(result: ls.StyleResult) -> str:
    """What one recorded scale of words is, in words."""
    found = [c.scale for c in result.design.spec.columns if c.name == "words"]
    return f"one recorded scale of words is a factor of {np.exp(found[0]):.2g}"
