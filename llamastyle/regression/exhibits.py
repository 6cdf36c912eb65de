"""Battles to look at: both answers with their marks, and what style was worth in the vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.errors import FitError
from llamastyle.features.spans import highlight, markers
from llamastyle.options import nearest

if TYPE_CHECKING:
    from llamastyle.data.battles import Battles
    from llamastyle.regression.result import StyleResult

__all__ = ["EXHIBIT_COLUMNS", "exhibit_frame"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST = 200
"""Battles that are shown."""
EXHIBIT_COLUMNS = (
    "battle", "model", "opponent", "vote", "style", "prompt", "text", "other_text", "spans", "other_spans",
)  # fmt: skip


def exhibit_frame(result: StyleResult, model: str, n: int) -> pd.DataFrame:
    """The rows of `StyleResult.exhibits`."""
    if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MOST:
        raise FitError(f"n={n!r} must be a whole number of battles from 1 to {MOST}")
    battles = result.battles if model in result.battles.models else result.asked
    if model not in battles.models:
        raise FitError(f"model {model!r} is not in these battles{nearest(model, battles.models)}")
    code = battles.models.index(model)
    first = battles.model_a == code
    met = np.flatnonzero((first | (battles.model_b == code)) & battles.text_known)
    own = np.where(first, battles.row_a, battles.row_b)[met]
    won = np.where(first, battles.outcome, 1 - battles.outcome)[met]
    style = _style(result, battles)[met] * np.where(first, 1, -1)[met]
    weight = np.where(np.isfinite(style), style, _marked(battles.take(met), first[met]) if len(met) else 0.0)
    order = np.lexsort((-weight, won <= 0.5))
    _, new = np.unique(own[order], return_index=True)  # an answer that was met often is shown once
    chosen = met[order[np.sort(new)][:n]]
    where = {row: k for k, row in enumerate(met.tolist())}
    rows = [_row(battles, row, bool(first[row]), float(style[where[row]])) for row in chosen.tolist()]
    return pd.DataFrame(rows, columns=list(EXHIBIT_COLUMNS))


def _style(result: StyleResult, battles: Battles) -> Floats:
    """Log-odds that style adds for side a, a battle each; NaN where there is no fit of these battles."""
    if result.design is None or result.estimates is None or battles is not result.battles:
        return np.full(len(battles), np.nan)
    block = result.design.spec.block("style")
    return result.design.x[:, block] @ result.estimates.fit.beta[block]


def _marked(battles: Battles, first: NDArray[np.bool_]) -> Floats:
    """Marks in the answer of one side, a battle each."""
    found = highlight(battles, markers())
    number = np.bincount(found.row, minlength=2 * len(battles)).reshape(-1, 2)
    return np.where(first, number[:, 0], number[:, 1]).astype(np.float64)


def _row(battles: Battles, row: int, first: bool, style: float) -> dict[str, Any]:
    one = battles.take([row])
    told = one.to_frame().iloc[0]
    own, other = ("a", "b") if first else ("b", "a")
    found = highlight(one, markers("sycophancy")).to_frame()
    spans = {
        side: [
            tuple(span)
            for span in found.loc[found["row"] == k, ["start", "end", "feature"]].itertuples(index=False)
        ]
        for k, side in enumerate("ab")
    }
    outcome = float(one.outcome[0])
    mine = outcome if first else 1 - outcome
    votes = {1.0: "won", 0.0: "lost", 0.5: "both bad" if one.both_bad[0] else "tie"}
    return {
        "battle": row,
        "model": told.get(f"model_{own}"),
        "opponent": told.get(f"model_{other}"),
        "vote": votes.get(mine, f"won with probability {mine:.2f}"),
        "style": style,
        "prompt": told.get("prompt") or "",
        "text": told[f"response_{own}"],
        "other_text": told[f"response_{other}"],
        "spans": spans[own],
        "other_spans": spans[other],
    }
