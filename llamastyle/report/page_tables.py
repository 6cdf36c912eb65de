"""The tables of the page: from frames to cells of text, with what they are sorted by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.report.labels import decimals, ends, shortened, signed, with_ends

if TYPE_CHECKING:
    from llamastyle.options import Scale

__all__ = [
    "FLAGGED",
    "Cell",
    "Table",
    "audit_table",
    "checks_table",
    "contributor_table",
    "missing_table",
    "overlap_table",
    "override_table",
    "parts_table",
    "price_table",
    "rate_table",
    "rating_table",
    "sensitivity_table",
    "sized",
]

NAME = 72  # columns that a name may take in a table of models; its own part of the page has all of it

# Verdicts in the order in which a reader wants them, and the tone each is shown in.
FLAGGED = {
    "inflated": "down",
    "style-favoured": "down",
    "deflated": "up",
    "style-penalised": "up",
    "undetermined": "muted",
    "neutral": "muted",
    "insufficient data": "muted",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, the number it is sorted by, what it is, the numbers of its notes, and where it leads."""

    text: str
    value: float | None = None
    kind: str = ""
    mark: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A caption, the heads of the columns (those that are numbers marked), rows of cells, and notes."""

    caption: str
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def _table(
    caption: str, heads: str, rows: Sequence[Sequence[Cell]], notes: Sequence[str] = (), drop_empty: bool = True
) -> Table:
    """Heads as ``"Model|Battles#"``, with # for numbers; columns without a word are left out."""
    names = [(h.rstrip("#"), h.endswith("#")) for h in heads.split("|")]
    kept = [i for i in range(len(names)) if not drop_empty or any(row[i].text for row in rows)]
    return Table(
        caption,
        tuple(names[i] for i in kept),
        tuple(tuple(row[i] for i in kept) for row in rows),
        tuple(notes),
    )


def _number(value: Any, digits: int = 0) -> Cell:
    if value is None or pd.isna(value):
        return Cell("")
    text = f"{abs(float(value)):,.{digits}f}"
    below = float(value) < 0 and any(c in "123456789" for c in text)
    return Cell(f"−{text}" if below else text, float(value))


def _span(row: dict[Any, Any], names: str, digits: int, factor: float = 1.0) -> Cell:
    """A signed figure with the ends of its interval; ``names``: its three columns."""
    value, low, high = (float(row[name]) * factor for name in names.split())
    return Cell(with_ends(value, low, high, digits), value) if value == value else Cell("")


def _level(level: float) -> str:
    return f"{100 * level:g} % intervals in brackets"


# -- of models -------------------------------------------------------------------------------------


Links = Mapping[str, str]
"""From models to their own parts of the page, of those that have one."""


def _model(row: dict[Any, Any], links: Links) -> Cell:
    return Cell(shortened(row["model"], NAME), link=links.get(str(row["model"]), ""))


def rating_table(ratings: pd.DataFrame, level: float, links: Links = MappingProxyType({})) -> Table:
    """Ratings of models that have one: as voted, on the controlled scale, controlled; and ranks."""

    def span(r: dict[Any, Any], value: str, low: str, high: str) -> Cell:
        return Cell(f"{r[value]:.0f}{ends(r[low], r[high], 0)}", float(r[value]))

    rows = [
        (
            _model(r, links),
            _number(r["battles"]),
            span(r, "rating_plain", "rating_plain_low", "rating_plain_high"),
            _number(r["rating_raw"]),
            span(r, "rating", "conf_low", "conf_high"),
            _number(r["rank_plain"]),
            _number(r["rank"]),
            Cell("") if pd.isna(r["rank_low"]) else Cell(f"{r['rank_low']}–{r['rank_high']}", float(r["rank_low"])),
        )
        for r in ratings.to_dict("records")
    ]
    heads = "Model|Battles#|Plain#|Raw#|Controlled#|Rank, plain#|Rank, controlled#|Ranks possible"
    return _table(f"Ratings in Arena points, {_level(level)}", heads, rows)


def audit_table(audit: pd.DataFrame, level: float, links: Links = MappingProxyType({})) -> Table:
    """Verdicts of models with figures, in the order of the frame; notes numbered under the table."""
    records = [r for r in audit.to_dict("records") if not pd.isna(r["inflation"])]
    blank = ("distance", *(("unusual",) if all(pd.isna(r["unusual"]) for r in records) else ()))
    general, own = _split_notes([_of_shown(str(r["note"]), blank) for r in records])
    distinct = list(dict.fromkeys(note for notes in own for note in notes))
    rows = [
        (
            _model(r, links),
            Cell(
                str(r["verdict"]),
                kind=FLAGGED.get(str(r["verdict"]), "muted"),
                mark=", ".join(str(distinct.index(note) + 1) for note in notes),
            ),
            _number(r["battles"]),
            _number(100 * r["win_rate"], 1),
            _span(r, "parity_change change_low change_high", 1, 100),
            _span(r, "inflation inflation_low inflation_high", 1),
            _number(r["unusual"], 1),
            Cell(str(r["top_feature"]), kind="term"),
            Cell("") if pd.isna(r["rank"]) else Cell(f"{r['rank_plain']} → {r['rank']}", float(r["rank"])),
            _number(r["battles_needed"]),
        )
        for r, notes in zip(records, own, strict=True)
    ]
    heads = (
        "Model|Verdict|Battles#|Win rate, %#|Parity change, points#|Inflation, Arena points#|Beside the field#|Mostly"
        "|Rank, plain → controlled|Needs, battles in all#"
    )
    notes = [f"{i}: {note}" for i, note in enumerate(distinct, 1)] + [f"All: {note}" for note in general]
    return _table(f"A verdict for each model, {_level(level)}", heads, rows, notes)


def _of_shown(note: str, blank: tuple[str, ...]) -> str:
    """The note without what it says of columns that are not shown."""
    return "; ".join(part for part in note.split("; ") if not part.startswith(blank))


def _split_notes(notes: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """What every note says, and what only some say."""
    parts = [[p for p in note.split("; ") if p] for note in notes]
    general = [p for p in (parts[0] if parts else []) if len(parts) > 1 and all(p in other for other in parts)]
    return general, [[p for p in own if p not in general] for own in parts]


def missing_table(missing: pd.DataFrame) -> Table:
    """Models without figures, and why."""
    rows = [
        (
            Cell(shortened(r["model"], NAME)),
            _number(r["battles"]),
            _number(100 * r["win_rate"], 1),
            Cell(str(r["note"])),
        )
        for r in missing.to_dict("records")
    ]
    return _table("Models without figures", "Model|Battles#|Win rate, %#|Why", rows)


def parts_table(parts: pd.DataFrame, caption: str, level: float, scale: Scale = "rating") -> Table:
    """A raw rating or a win rate, or the gap between two, part by part."""
    factor, unit = (100.0, "Points of win rate") if scale == "win_rate" else (1.0, "Arena points")
    numbers = ["estimate", "conf_low", "conf_high"]
    records = parts.assign(**{name: factor * parts[name] for name in numbers}).to_dict("records")
    digits = decimals([r["estimate"] for r in records])

    def share(r: dict[Any, Any]) -> Cell:
        value = 100 * float(r["share"])
        text = f"{signed(value, 0)}{ends(100 * r['share_low'], 100 * r['share_high'], 0)}"
        return Cell(text, value) if value == value else Cell("")

    rows = [
        (
            Cell(" › ".join(str(r[k]) for k in ("block", "group", "term") if r[k])),
            _span(r, "estimate conf_low conf_high", digits),
            share(r),
        )
        for r in records
    ]
    return _table(f"{caption}, {_level(level)}", f"Part|{unit}#|Share of the total, %#", rows)


def contributor_table(terms: pd.DataFrame, caption: str, level: float) -> Table:
    """What each feature adds to one model's inflation, the most first, beside where its answers stand."""
    records = sorted(terms.to_dict("records"), key=lambda r: -abs(r["estimate"]))
    digits = decimals([r["estimate"] for r in records])
    rows = [
        (
            Cell(str(r["term"]), kind="term"),
            _span(r, "estimate conf_low conf_high", digits),
            *(_sized(r[name]) for name in ("mean", "field", "spread")),
            Cell(signed(r["standing"], 1), float(r["standing"])) if r["standing"] == r["standing"] else Cell(""),
        )
        for r in records
    ]
    heads = "Feature|Inflation, Arena points#|Its answers, mean#|Field, mean#|Field, spread#|Spreads from the field#"
    return _table(f"{caption}, {_level(level)}", heads, rows)


def sized(value: float) -> str:
    """A figure of any size to about three digits; empty where it is missing."""
    return _sized(value).text


def _sized(value: float) -> Cell:
    size = abs(value)
    return _number(value, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3)


# -- of features -----------------------------------------------------------------------------------


def price_table(prices: pd.DataFrame, level: float) -> Table:
    """Prices in log-odds per recorded scale, with how each feature went in."""
    rows = [
        (
            Cell(str(r["term"])),
            Cell(str(r["group"])),
            Cell(str(r["contrast"]).replace("_", " ")),
            _number(r["scale"], 3),
            _span(r, "estimate conf_low conf_high", 3),
            _p_value(r["p_value"]),
        )
        for r in prices.to_dict("records")
    ]
    heads = "Feature|Group|Contrast|Typical difference#|Price, log-odds#|p#"
    return _table(f"Prices: log-odds of winning for a typical difference, {_level(level)}", heads, rows)


def _p_value(p: float) -> Cell:
    if p != p:
        return Cell("")
    return Cell("< 0.001" if p < 0.001 else f"{p:.3f}", float(p))


def rate_table(rates: pd.DataFrame, level: float) -> Table:
    """Exchange rates: right answers that one step of a feature is worth."""
    rows = [
        (
            Cell(str(r["term"])),
            Cell(str(r["unit"])),
            _span(r, "estimate conf_low conf_high", 3),
            Cell(str(r["note"])),
        )
        for r in rates.to_dict("records")
    ]
    heads = "Feature|Step|Right answers#|Note"
    caption = "Exchange rates: right answers that one step is worth, or costs where negative"
    return _table(f"{caption}, {_level(level)}", heads, rows)


def override_table(overrides: pd.DataFrame, level: float) -> Table:
    """How often the wrong side wins, by which side has more of an index."""
    names = {"more": "the wrong side", "less": "the right side", "either": "either (all)"}

    def rate(r: dict[Any, Any]) -> Cell:
        value, low, high = (100 * float(r[k]) for k in ("rate", "conf_low", "conf_high"))
        return Cell(f"{value:.1f}{ends(low, high, 1)}", value) if value == value else Cell("")

    rows = [
        (
            Cell(str(r["index"])),
            Cell(names.get(str(r["wrong_side_has"]), str(r["wrong_side_has"]))),
            _number(r["battles"]),
            rate(r),
            Cell(str(r["note"])),
        )
        for r in overrides.to_dict("records")
    ]
    heads = "Measured by|More on|Battles#|Wrong side wins, %#|Note"
    return _table(f"Battles in which exactly one side is right, {_level(level)}", heads, rows)


def checks_table(checks: pd.DataFrame) -> Table:
    """Checks of the fit."""
    rows = [tuple(Cell(str(r[k])) for k in ("check", "value", "note")) for r in checks.to_dict("records")]
    return _table("Checks of the fit", "Check|Value|What it means", rows)


# -- of trust --------------------------------------------------------------------------------------


def overlap_table(overlap: pd.DataFrame) -> Table:
    """How near style parity each model's battles are; the row without a name is of all."""
    rows = [
        (
            Cell(shortened(r["model"], NAME)),
            _number(r["battles"]),
            _number(100 * r["near_parity"], 1),
            *(_number(r[name], 2) for name in ("lowest", "median", "highest")),
            Cell("yes" if r["extrapolated"] else ""),
        )
        for r in overlap.to_dict("records")
    ]
    heads = "Model|Battles#|Near parity, %#|Lowest#|Median#|Highest#|Extrapolated"
    return _table("Overlap: log-odds that style adds for the model, over its battles", heads, rows)


def sensitivity_table(sensitivity: pd.DataFrame) -> Table:
    """Each feature's robustness values, and what is left of its price beside the observed column that costs it most."""
    rows = [
        (
            Cell(str(r["term"])),
            _number(r["estimate"], 3),
            _number(100 * r["partial_r2"], 2),
            _number(100 * r["robustness_value"], 1),
            _number(100 * r["robustness_value_level"], 1),
            Cell(str(r["benchmark"] or "")),
            _number(r["adjusted"], 3),
            Cell(str(r["note"])),
        )
        for r in sensitivity.to_dict("records")
    ]
    heads = (
        "Feature|Price, linear#|Partial R², %#|To reach zero, %#|For the interval to, %#|Compared with"
        "|Price left#|Note"
    )
    unit = "prices in win probability for a typical difference"
    return _table(f"Sensitivity to something unmeasured, {unit}", heads, rows)
