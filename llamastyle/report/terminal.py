"""Frames as they fit a terminal: intervals folded, columns chosen by width. Columns are `StyleResult`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llamastyle.report.tables import left_out, numbered_notes, with_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "audit_columns",
    "beside",
    "gap_columns",
    "override_columns",
    "price_columns",
    "rate_columns",
    "rating_columns",
    "shown_names",
]

SIDE = ("win %", "battles", "unusual", "rank_plain", "mostly", "needs battles", "q")  # goes before an interval does
HIDDEN = ("unusual", "distance")  # notes on columns that are not shown where they are blank


def beside(frame: pd.DataFrame, factor: float, digits: int) -> pd.DataFrame:
    """``planted`` and ``estimate`` side by side, the estimate with its interval, times ``factor``."""
    shown = with_interval(frame, "estimate", "conf_low", "conf_high", "found [95 % interval]", factor, digits)
    return shown.assign(planted=(shown["planted"] * factor).map(f"{{:.{digits}f}}".format))


def audit_columns(table: pd.DataFrame, width: int) -> pd.DataFrame:
    """Verdicts with intervals folded; where there is no room the parity change goes without its own."""
    shown = table.drop(
        columns=[c for c in table if c.startswith(("rating", "rank")) or c in ("p_value", "distance")]
    )
    shown = with_interval(shown, "inflation", "inflation_low", "inflation_high", "inflation")
    shown["win_rate"] = [f"{100 * rate:.1f}" for rate in shown["win_rate"]]
    shown["unusual"] = ["" if u != u else f"{u:.1f}" for u in shown["unusual"]]
    shown["note"] = ["; ".join(n for n in note.split("; ") if not n.startswith(HIDDEN)) for note in shown["note"]]
    names = {"battles_needed": "needs battles", "top_feature": "mostly", "win_rate": "win %", "q_value": "q"}
    shown = _without_empty(shown.rename(columns=names))
    return _roomy(shown, ("parity_change", "change_low", "change_high"), "parity change", 100.0, width)


def rating_columns(table: pd.DataFrame, width: int) -> pd.DataFrame:
    """Plain beside controlled ratings, rank sets as ``2-5``; where there is no room plain goes without interval."""
    from pandas import isna

    shown = with_interval(table, "rating", "conf_low", "conf_high", "controlled")
    shown["win_rate"] = ["" if rate != rate else f"{100 * rate:.1f}" for rate in shown["win_rate"]]
    ranks = [
        f"{a}-{b}" if not isna(a) else "" for a, b in zip(table["rank_low"], table["rank_high"], strict=True)
    ]
    shown.insert(list(shown.columns).index("rank_low"), "ranks", ranks)
    names = {"rating_raw": "raw", "win_rate": "win %"}
    shown = _without_empty(shown.drop(columns=["rank_low", "rank_high"]).rename(columns=names))
    return _roomy(shown, ("rating_plain", "rating_plain_low", "rating_plain_high"), "plain", 1.0, width)


def price_columns(prices: pd.DataFrame, level: float) -> pd.DataFrame:
    """Prices without strengths, each with its interval."""
    name = f"price {_interval(level)}"
    return with_interval(prices.drop(columns="block"), "estimate", "conf_low", "conf_high", name, digits=3)


def rate_columns(rates: pd.DataFrame, level: float) -> pd.DataFrame:
    """The largest unit of each feature's exchange rate, with its interval."""
    shown: pd.DataFrame = rates.groupby("term", sort=False).tail(1).drop(columns="group")
    return with_interval(shown, "estimate", "conf_low", "conf_high", f"right answers {_interval(level)}", digits=3)


def override_columns(rates: pd.DataFrame, level: float) -> pd.DataFrame:
    """Override rates, each with its interval."""
    return with_interval(rates, "rate", "conf_low", "conf_high", f"rate {_interval(level)}", digits=3)


def shown_names(frame: pd.DataFrame, width: int) -> list[str]:
    """The columns that a terminal of this width shows, notes as numbers."""
    counted = numbered_notes(frame)[0] if "note" in frame else frame
    gone = left_out(counted, width)
    return [name for name in counted if name not in gone]


def _interval(level: float) -> str:
    return f"[{100 * level:g} % interval]"


def _roomy(
    frame: pd.DataFrame, figures: tuple[str, str, str], name: str, factor: float, width: int
) -> pd.DataFrame:
    """An estimate with its interval where nothing but side information leaves for it, else alone."""
    full = with_interval(frame, *figures, name, factor)
    if set(full) - set(shown_names(full, width)) <= {*SIDE, "note"}:
        return full
    nothing = frame.assign(**dict.fromkeys(figures[1:], float("nan")))
    return with_interval(nothing, *figures, name, factor)


def gap_columns(frame: pd.DataFrame, scale: str) -> pd.DataFrame:
    """One line a part, groups indented under their block and features under their group.

    Estimates in Arena points, or (``scale="win_rate"``) in points of the win rate; shares in per cent.
    """
    rows: Any = frame.to_dict("records")
    blocks = [r for r in rows if not r["group"]]
    nested: list[dict[str, Any]] = []
    for block in blocks:
        nested.append({**block, "part": block["block"]})
        for group in [r for r in rows if r["block"] == block["block"] and r["group"] and not r["term"]]:
            nested.append({**group, "part": f"  {group['group']}"})
            nested += [
                {**r, "part": f"    {r['term']}"}
                for r in rows
                if r["term"] and (r["block"], r["group"]) == (group["block"], group["group"])
            ]
    shown: Any = type(frame)(nested)[["part", *(c for c in frame if c not in ("block", "group", "term"))]]
    unit, factor = ("win-rate points", 100.0) if scale == "win_rate" else ("Arena points", 1.0)
    shown = with_interval(shown, "estimate", "conf_low", "conf_high", unit, factor)
    shown.loc[shown["part"] == "total", ["share_low", "share_high"]] = float("nan")  # 100 % without doubt
    shown = with_interval(shown, "share", "share_low", "share_high", "share in %", 100.0, 0)
    return _without_empty(shown.drop(columns="std_error"))


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Optional columns that say nothing take no room."""
    cells: Any = frame
    optional = [c for c in ("note", "unusual", "needs battles") if c in frame]
    return frame.drop(columns=[c for c in optional if cells[c].isna().all() or set(cells[c]) <= {""}])
