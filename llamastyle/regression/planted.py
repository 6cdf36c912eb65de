"""What was planted in a simulated arena beside what a fit of it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.regression.result import StyleResult

if TYPE_CHECKING:
    from llamastyle.data.simulation import Arena

__all__ = ["planted_gap", "planted_models", "planted_prices"]


def planted_prices(arena: Arena, result: StyleResult) -> pd.DataFrame:
    """Prices, true and found, in log-odds per recorded scale of the fit.

    The truth of a price is the planted coefficient times the scale that the fit recorded; a feature that
    was not planted has none.

    Returns
    -------
    pandas.DataFrame
        ``term, planted, estimate, conf_low, conf_high, covered``
    """
    if result.design is None:
        return pd.DataFrame(columns=["term", "planted", "estimate", "conf_low", "conf_high", "covered"])
    truth = dict(zip(arena.world.features, arena.world.price.tolist(), strict=True))
    truth |= {"correctness": arena.world.price_right, "position": arena.world.position}
    scale = {c.name: c.scale for c in result.design.spec.columns}
    frame: Any = result.tidy()
    frame = frame[frame["block"] != "strength"][["term", "estimate", "conf_low", "conf_high"]].reset_index(
        drop=True
    )
    frame.insert(1, "planted", [truth.get(t, 0.0) * scale[t] for t in frame["term"]])
    return _covered(frame)


def planted_models(truth: pd.DataFrame, result: StyleResult, quantity: str) -> pd.DataFrame:
    """A quantity of every model, true and found.

    Parameters
    ----------
    truth : pandas.DataFrame
        `Arena.truth`.
    quantity : {"inflation", "parity_change"}
        Arena points; win rate in [0, 1].

    Returns
    -------
    pandas.DataFrame
        ``model, planted, estimate, conf_low, conf_high, covered``
    """
    names = {
        "inflation": ("inflation_low", "inflation_high"),
        "parity_change": ("change_low", "change_high"),
    }[quantity]
    found: Any = result.audit()[["model", quantity, *names]]
    found.columns = ["model", "estimate", "conf_low", "conf_high"]
    planted = pd.DataFrame({"model": truth["model"], "planted": truth[quantity]})
    frame = planted.merge(found, on="model", how="left")
    return _covered(frame)


def planted_gap(arena: Arena, result: StyleResult, model: str, other: str) -> pd.DataFrame:
    """The gap between two models, block by block and feature by feature, true and found.

    Returns
    -------
    pandas.DataFrame
        ``part, planted, estimate, conf_low, conf_high, covered`` in Arena points
    """
    gap: Any = result.compare(model, other)
    gap = gap[(gap["term"] != "") | (gap["group"] == "")]
    found = gap[["block", "term", "estimate", "conf_low", "conf_high"]].merge(arena.gap(model, other))
    part = found["term"].where(found["term"] != "", found["block"])
    frame = pd.DataFrame({"part": part, "planted": found["planted"]})
    return _covered(frame.join(found[["estimate", "conf_low", "conf_high"]]))


def _covered(frame: pd.DataFrame) -> pd.DataFrame:
    inside = (frame["conf_low"] <= frame["planted"]) & (frame["planted"] <= frame["conf_high"])
    return frame.assign(covered=inside)
