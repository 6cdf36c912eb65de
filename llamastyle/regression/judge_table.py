"""Judges side by side: what their verdicts owe to style and to being right, each fitted by itself."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, with_texts
from llamastyle.data.readers import read_battles
from llamastyle.errors import DataError, LlamaStyleError
from llamastyle.features.extraction import extract
from llamastyle.regression.fitting import audit
from llamastyle.regression.grouping import choose_clusters
from llamastyle.regression.inference import MIN_CLUSTERS
from llamastyle.regression.judge_effects import clustered_share
from llamastyle.regression.result import StyleResult
from llamastyle.regression.wording import join_notes

__all__ = ["MEASURES", "PEOPLE", "compare_judges"]

Floats = NDArray[np.float64]

FEATURES = ("words", "headers", "list_items", "bold", "emoji", "sycophancy")
MEASURES = ("right answer preferred", "longer answer preferred", "effect", "exchange rate", "override")
PEOPLE = "people"
UNNAMED = "not named"
SELDOM = 20  # clusters in which the side that wins less often has won, for an interval
COLUMNS = ("judge", "battles", "measure", "term", "unit", "estimate", "conf_low", "conf_high", "note")


def compare_judges(
    verdicts: Any, features: Any = None, *, responses: Any = None, votes: Any = None, level: float = 0.95
) -> pd.DataFrame:
    """What each judge's verdicts owe to style, and what to being right.

    Every judge is fitted by itself, on the battles where it is known which side is right. Exchange rates and marginal
    effects compare judges; log-odds do not, since their scale is a judge's noise.

    Parameters
    ----------
    verdicts : Battles or anything `read_battles` reads
        With correctness, and ``judge`` where there are several.
    features : preset, list or FeatureSet, optional
        By default what came with the data, else words, headers, list items, bold, emoji and sycophancy, each where a
        judge has at least ten clusters with a difference in it.
    responses : anything `read_responses` reads, optional
        The texts, where the verdicts are without, as `read_battles` takes them.
    votes : Battles or anything `read_battles` reads, optional
        Votes of people on the same pairs, as one more judge, ``people``.
    level : float
        Of intervals.

    Returns
    -------
    pandas.DataFrame
        ``judge, battles, measure, term, unit, estimate, conf_low, conf_high, note``. Measures: ``right answer
        preferred`` and ``longer answer preferred``, where exactly one side is right and where lengths differ, a tie
        half a win; ``effect``, in win probability for ``unit`` more of ``term``; ``exchange rate``, the right answers
        that it is worth; ``override``, how often the wrong side wins, ``term`` the index and which side has more.
        Verdicts without a judge's name are those of ``not named``. Of a judge that is nearly always right, effects and
        exchange rates have no interval, since it would be too narrow: where a fit has no maximum, when they are those
        with Firth's penalty, and where the wrong side won in fewer than 20 clusters and a quarter of them.

    Raises
    ------
    DataError
        No battle has correctness on both sides, or a judge has the name ``people`` besides ``votes``.

    Examples
    --------
    >>> import llamastyle as ls
    >>> battles = ls.simulate(3000, 6, style={"words": 0.8}, seed=2).battles
    >>> table = ls.compare_judges(battles)
    >>> table[table["measure"] == "right answer preferred"]["estimate"].round(2).tolist()
    [0.72]
    """
    read = _with_features(_read(verdicts, responses), features, "verdicts")
    named = read.columns["judge"].astype("string").fillna(UNNAMED) if "judge" in read.columns else None
    judges = {"": read} if named is None else {
        str(name): read.take(np.flatnonzero((named == name).to_numpy())) for name in dict.fromkeys(named)
    }  # fmt: skip
    if votes is not None:
        if PEOPLE in judges:
            raise DataError(f"a judge of the verdicts is called {PEOPLE!r}, as the votes are; rename it")
        judges[PEOPLE] = _with_features(_read(votes, None), features, "votes")
    rows: list[dict[str, Any]] = []
    for name, battles in judges.items():
        own = _of_one(battles, _varying(battles) if features is None else battles, level)
        rows += [{"judge": name, "battles": len(battles), **row} for row in own]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _read(source: Any, responses: Any) -> Battles:
    if not isinstance(source, Battles):
        return read_battles(source, responses=responses)
    if responses is not None:
        raise DataError("responses= goes with verdicts that are yet to be read: read_battles(..., responses=...)")
    return source


def _with_features(battles: Battles, features: Any, what: str) -> Battles:
    """Where it is known which side is right, and measured."""
    known = battles.correct_known
    if not known.any():
        raise DataError(
            f"{what}: no battle has correctness on both sides: hand it in with read_battles(correctness=...) or"
            " join_correctness; without it a judge's taste is not told from what goes with it"
        )
    battles, _ = with_texts(battles.take(np.flatnonzero(known)))
    if battles.measured is not None and features is None:
        return battles
    return replace(battles, measured=extract(battles, list(FEATURES) if features is None else features))


def _varying(battles: Battles) -> Battles:
    """With the features alone that differ often enough, so that one battle decides nothing."""
    assert battles.measured is not None
    measured = battles.measured
    gaps = {name: measured.column(name) for name in measured.names}
    ways = _ways(battles)
    kept = [
        name
        for name, values in gaps.items()
        if all(np.unique(way[values[battles.row_a] != values[battles.row_b]]).size >= MIN_CLUSTERS for way in ways)
    ]
    return replace(battles, measured=measured.select(kept)) if kept and len(kept) < len(gaps) else battles


def _of_one(battles: Battles, modelled: Battles, level: float) -> list[dict[str, Any]]:
    """The rows of one judge, a model fitted to ``modelled``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what makes a fit doubtful is in its intervals and notes
        result, how = _fitted(modelled, level)
        ways = _ways(battles)
    rows = [_right(battles, ways, level), *_longer(battles, ways, level)]
    if result.estimates is None:
        return [*rows, {"measure": "effect", "term": "", "note": result.failure}]
    found = [*_effects(result, level), *_rates(result, level), *_overrides(result, level)]
    how = how or _one_sided(battles, ways)
    if how:
        nan = float("nan")
        found = [
            {**row, "conf_low": nan, "conf_high": nan, "note": join_notes(row["note"], how)}
            if row["measure"] != "override" else row
            for row in found
        ]  # fmt: skip
    return [*rows, *found]


def _fitted(battles: Battles, level: float) -> tuple[StyleResult, str]:
    """The fit of one judge; with Firth's penalty, and a note, where there is no maximum without."""
    result = audit(battles, level=level)
    if result.estimates is not None:
        return result, ""
    try:
        return audit(battles, level=level, separated="firth"), f"with Firth's penalty, no interval: {result.failure}"
    except LlamaStyleError:
        return result, ""


def _one_sided(battles: Battles, ways: list[Any]) -> str:
    """Why there is no interval, where the right side nearly always wins, or the wrong one; else nothing."""
    assert battles.correct_a is not None
    assert battles.correct_b is not None
    gap = battles.correct_a - battles.correct_b
    won = np.where(np.abs(gap) == 1, gap * (2 * battles.outcome - 1), 0)
    right, wrong = (min(np.unique(way[sign * won > 0]).size for way in ways) for sign in (1, -1))
    if min(right, wrong) >= min(SELDOM, (right + wrong) / 4):
        return ""
    side, count = ("wrong", wrong) if wrong < right else ("right", right)
    return f"no interval: the {side} side won in {count} clusters alone"


def _ways(battles: Battles) -> list[Any]:
    """The clusters that a fit of these battles would take, an array of codes for each way."""
    codes = choose_clusters(battles, "auto", None).codes
    if codes is None:
        return [np.arange(len(battles))]
    return [codes] if codes.ndim == 1 else list(codes.T)


def _right(battles: Battles, ways: list[Any], level: float) -> dict[str, Any]:
    """How often the right side is preferred, where exactly one is right."""
    assert battles.correct_a is not None
    assert battles.correct_b is not None
    gap = battles.correct_a - battles.correct_b
    return _preferred("right answer preferred", battles, np.where(np.abs(gap) == 1, gap, 0), ways, level)


def _longer(battles: Battles, ways: list[Any], level: float) -> list[dict[str, Any]]:
    """How often the longer side is preferred, where lengths differ."""
    assert battles.measured is not None
    name = next((n for n in ("words", "chars", "tokens") if n in battles.measured.names), None)
    if name is None:
        return []
    values = battles.measured.column(name)
    gap = values[battles.row_a] - values[battles.row_b]
    return [_preferred("longer answer preferred", battles, gap, ways, level) | {"unit": f"by {name}"}]


def _preferred(measure: str, battles: Battles, gap: Floats, ways: list[Any], level: float) -> dict[str, Any]:
    """The mean outcome for the side that ``gap`` points to, with the widest of the ways' intervals."""
    some = np.flatnonzero(gap != 0)
    won = np.where(gap > 0, battles.outcome, 1 - battles.outcome)[some]
    means = [clustered_share(won, way[some], level) for way in ways]
    mean = next((m for m in means if m.note), max(means, key=lambda m: m.high - m.low))
    return {
        "measure": measure, "term": "", "unit": "share", "estimate": mean.estimate, "conf_low": mean.low,
        "conf_high": mean.high, "note": mean.note.replace("prompts", "clusters"),
    }  # fmt: skip


def _effects(result: StyleResult, level: float) -> list[dict[str, Any]]:
    table: Any = result.effects(level=level)
    # What being right is worth is the share above: a slope says little of a judge that is nearly always right.
    kept = table[table["block"] == "style"].groupby("term", sort=False).tail(1)
    return [
        {
            "measure": "effect", "term": r["term"], "unit": r["unit"], "estimate": r["effect"],
            "conf_low": r["conf_low"], "conf_high": r["conf_high"], "note": r["note"],
        }
        for r in kept.to_dict("records")
    ]  # fmt: skip


def _rates(result: StyleResult, level: float) -> list[dict[str, Any]]:
    try:
        table: Any = result.exchange_rates(level=level)
    except LlamaStyleError as error:
        return [{"measure": "exchange rate", "term": "", "note": str(error)}]
    kept = table.groupby("term", sort=False).tail(1)
    columns = ["term", "unit", "estimate", "conf_low", "conf_high", "note"]
    return [{"measure": "exchange rate", **{c: r[c] for c in columns}} for r in kept.to_dict("records")]


def _overrides(result: StyleResult, level: float) -> list[dict[str, Any]]:
    table: Any = result.overrides(level=level)
    return [
        {
            "measure": "override", "term": f"{r['index']}: wrong side has {r['wrong_side_has']}", "unit": "share",
            "estimate": r["rate"], "conf_low": r["conf_low"], "conf_high": r["conf_high"], "note": r["note"],
        }
        for r in table.to_dict("records")
    ]  # fmt: skip
