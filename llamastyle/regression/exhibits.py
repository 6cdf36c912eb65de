"""Battles to look at: both answers with their marks, and what style was worth in the vote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.errors import FitError
from llamastyle.features.catalog import list_features
from llamastyle.features.spans import highlight, markers
from llamastyle.options import nearest
from llamastyle.regression import links
from llamastyle.report.side_by_side import Exhibit

if TYPE_CHECKING:
    from llamastyle.data.battles import Battles
    from llamastyle.regression.result import StyleResult
    from llamastyle.report.browser import View

__all__ = ["EXHIBIT_COLUMNS", "decided_battles", "decided_exhibits", "exhibit_frame", "known_marks", "view_of"]

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


# -- for a page ------------------------------------------------------------------------------------


def decided_battles(result: StyleResult, model: str, n: int) -> tuple[Ints, Floats]:
    """Rows of a model's battles that style most likely decided, and how likely each.

    Of a vote that was won at linear predictor eta with style s on the winner's side, the share
    1 - F(eta - s) / F(eta) would not have been expected at style parity. Battles of known texts and without a tie,
    won or lost, with style on the winner's side; an answer of the model is chosen once.
    """
    assert result.estimates is not None
    battles, fit = result.battles, result.estimates.fit
    code = battles.models.index(model)
    first, second = battles.model_a == code, battles.model_b == code
    met = np.flatnonzero((first != second) & battles.text_known & (battles.outcome != 0.5))
    sign = np.where(battles.outcome[met] > 0.5, 1.0, -1.0)
    eta, style = sign * fit.eta[met], sign * _style(result, battles)[met]
    with np.errstate(divide="ignore", invalid="ignore"):
        decided = 1 - links.mean(eta - style, fit.nu) / links.mean(eta, fit.nu)
    own = np.where(first, battles.row_a, battles.row_b)[met]
    order = np.argsort(-decided, kind="stable")
    order = order[decided[order] > 0]
    _, new = np.unique(own[order], return_index=True)
    chosen = order[np.sort(new)][:n]
    return met[chosen], decided[chosen]


def decided_exhibits(result: StyleResult, models: Sequence[str], n: int, longest: int) -> dict[str, list[Exhibit]]:
    """Of each model the battles of `decided_battles`, as a page shows them; models without any are left out.

    Parameters
    ----------
    n : int
        How many at most, of each model.
    longest : int
        Code points of an answer; of a prompt a third of it.
    """
    battles, fit = result.battles, result.estimates and result.estimates.fit
    if n == 0 or fit is None or not battles.text_known.any():
        return {}
    chosen = [(model, int(row)) for model in models for row in decided_battles(result, model, n)[0]]
    if not chosen:
        return {}
    rows = [row for _, row in chosen]
    some = battles.take(rows)
    told = some.to_frame().to_dict("records")
    spans = _spans(some)
    style = _style(result, battles)[rows]
    groups, titles = known_marks()
    out: dict[str, list[Exhibit]] = {}
    for k, ((model, row), one) in enumerate(zip(chosen, told, strict=True)):
        a_won = one["outcome"] > 0.5
        sign = 1.0 if a_won else -1.0
        winner = str(one["model_a" if a_won else "model_b"])
        eta, worth = sign * fit.eta[row], sign * style[k]
        rates = links.mean(np.array([eta, eta - worth]), fit.nu)
        sides = [
            (str(one[f"model_{side}"]), view_of(one[f"response_{side}"], spans[2 * k + (side == "b")], longest))
            for side in "ab"
        ]
        other = sides[1][0] if sides[0][0] == model else sides[0][0]
        prompt = str(one.get("prompt") or "")
        shown = Exhibit(
            title=f"{'Won' if winner == model else 'Lost'} against {other}",
            prompt=prompt[: longest // 3] + " …" * (len(prompt) > longest // 3),
            vote=_vote(winner, float(one["outcome"])),
            sides=sides if sides[0][0] == model else sides[::-1],
            groups=groups,
            titles=titles,
            note=_worth(worth, rates) + _right(one, winner),
        )
        out.setdefault(model, []).append(shown)
    return out


def _vote(winner: str, outcome: float) -> str:
    sure = f"{max(outcome, 1 - outcome):.2f}"
    return f"The vote: {winner}" + (f", with probability {sure}" if sure != "1.00" else "") + "."


def _right(one: dict[str, Any], winner: str) -> str:
    """Which answer is right, where that is known and one or neither is wholly so."""
    values = [one.get(f"correct_{side}", np.nan) for side in "ab"]
    if any(v not in (0.0, 1.0) for v in values):
        return ""
    if values[0] == values[1]:
        return f" {'Both are' if values[0] else 'Neither is'} right."
    right = str(one["model_a" if values[0] else "model_b"])
    return f" {right} is right{', and lost' * (right != winner)}."


def _worth(style: float, rates: Floats) -> str:
    return (
        f"Style is worth {style:+.2f} log-odds to the winner here: of such votes it would win"
        f" {100 * rates[0]:.0f} %, and {100 * rates[1]:.0f} % at style parity (a tie is half a win)."
    )


def _spans(battles: Battles) -> list[list[tuple[int, int, str]]]:
    """Marks of both sides of each battle, side a first: start, end, feature."""
    found = highlight(battles, markers("sycophancy"))
    out: list[list[tuple[int, int, str]]] = [[] for _ in range(2 * len(battles))]
    for row, start, end, feature in zip(
        found.row.tolist(), found.start.tolist(), found.end.tolist(), found.feature.tolist(), strict=True
    ):
        out[row].append((start, end, found.features.names[feature]))
    return out


def view_of(text: str, spans: Sequence[tuple[int, int, str]], longest: int) -> View:
    """The first code points of a text with the marks in them."""
    kept = [(start, min(end, longest), name) for start, end, name in spans if start < longest]
    shown = text[:longest] + " …" * (len(text) > longest)
    return shown, [start for start, _, _ in kept], [end for _, end, _ in kept], [name for _, _, name in kept]


def known_marks() -> tuple[dict[str, str], dict[str, str]]:
    """Of every feature that an exhibit marks its group, and its definition."""
    known = list_features().set_index("name").loc[markers("sycophancy")]
    return known["group"].to_dict(), known["definition"].to_dict()
