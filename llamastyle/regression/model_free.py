"""Votes without a model of ratings: style against style, content-blind rules, and where the data reach.

Battles are oriented to the side with more style, so that nothing depends on which side is called a.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.regression.bradley_terry import BTFit
from llamastyle.regression.decomposition import block_index, override_rate
from llamastyle.regression.design import Design
from llamastyle.regression.diagnostics import overlap
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.fit_shares import held_out, hits, players
from llamastyle.regression.inference import Sandwich
from llamastyle.regression.wording import EXTRAPOLATED, join_notes

__all__ = ["MODEL_FREE", "OVERLAP", "RULERS", "blind_rules", "model_free_frame", "overlap_frame", "ruler_frame"]

Floats = NDArray[np.float64]

MODEL_FREE = (
    "index", "quintile", "least", "most", "battles", "effective_battles", "win_rate", "conf_low", "conf_high", "note",
)  # fmt: skip
RULERS = ("ruler", "battles", "decided", "effective_battles", "agreement", "conf_low", "conf_high", "note")
OVERLAP = ("model", "battles", "near_parity", "lowest", "median", "highest", "extrapolated", "note")

FIFTHS = 5
TOO_FEW = "too few battles or clusters for an interval"


def model_free_frame(
    design: Design, made: Sandwich, gap: Floats | None, indices: Mapping[str, Floats], level: float
) -> pd.DataFrame:
    """Win rate of the side with more of an index, by quintile of how much more; columns `MODEL_FREE`.

    Parameters
    ----------
    gap : float64 (n,), optional
        Correctness of side a minus that of side b: only battles in which it is zero are used.
    indices : mapping of name to float64 (n,)
        Side a against side b; NaN where not known.
    """
    rows: list[tuple[object, ...]] = []
    equal = np.ones(design.n, bool) if gap is None else gap == 0
    for name, index in indices.items():
        use = np.flatnonzero(equal & np.isfinite(index) & (index != 0))
        size, won = np.abs(index[use]), np.where(index[use] > 0, design.y[use], 1 - design.y[use])
        edges = np.quantile(size, np.arange(1, FIFTHS) / FIFTHS) if use.size else np.empty(0)
        fifth = np.searchsorted(edges, size, side="left")
        even = int((equal & (index == 0)).sum())
        unknown = int((equal & ~np.isfinite(index)).sum())
        about = join_notes(
            f"{even} battles with equal {name} are in no quintile" if even else "",
            f"{unknown} battles whose {name} is not known are in no quintile" if unknown else "",
        )
        for label, mask in [(str(q + 1), fifth == q) for q in range(FIFTHS)] + [("all", fifth >= 0)]:
            rate = override_rate(won[mask], design.w[use][mask], made.clusters.ways[use][mask], level)
            least, most = (size[mask].min(), size[mask].max()) if mask.any() else (np.nan, np.nan)
            why = "" if np.isfinite(rate.low) else (TOO_FEW if mask.any() else "no battle")
            numbers = rate.battles, rate.effective, rate.rate, rate.low, rate.high
            rows.append((name, label, least, most, *numbers, join_notes(why, about if label == "all" else "")))
    return pd.DataFrame(rows, columns=list(MODEL_FREE))


def ruler_frame(
    design: Design, est: Estimates, rules: Mapping[str, Floats], level: float, seed: int
) -> pd.DataFrame:
    """How often rules that know nothing of the content agree with decisive votes; columns `RULERS`.

    The fit stands beside them, in the sample and held out by cluster. Where a rule does not decide it
    counts as half.

    Parameters
    ----------
    rules : mapping of name to float64 (n,)
        Positive where the rule is for side a, negative for side b, zero where it does not decide.
    """
    everything = (1 << len(players(design))) - 1
    held = held_out(design, est.fit, est.made, seed, [everything])
    blind = [(name, rule, _one_sided(design) if (rule > 0).all() else "") for name, rule in rules.items()]
    lost = int((~held.known).sum())
    said = f"{lost} of {design.n} battles are not counted: no fit without their fold knows their models" if lost else ""
    known = np.where(held.known, held.eta[:, 0], 0.0)
    lines = [*blind, ("fit, in the sample", est.fit.eta, "")]
    rows = [_agreement(design, est.made, *line, level) for line in lines]
    rows.append(_agreement(design, est.made, "fit, held out", known, said, level, held.known))
    return pd.DataFrame(rows, columns=list(RULERS))


def _one_sided(design: Design) -> str:
    """A model that is in many battles and never changes its side, which the first side cannot be told from."""
    first, second = (np.bincount(who + 1, minlength=design.n_models + 1)[1:] for who in (design.a, design.b))
    fixed = np.flatnonzero(((first == 0) | (second == 0)) & (first + second >= 0.1 * design.n))
    if not fixed.size:
        return ""
    return f"{design.spec.models[int(fixed[0])]} always stands on one side: the side cannot be told from who it is"


def _agreement(
    design: Design,
    made: Sandwich,
    name: str,
    rule: Floats,
    said: str,
    level: float,
    used: NDArray[np.bool_] | None = None,
) -> tuple[object, ...]:
    rate = hits(design, made, rule, level, used)
    decisive = (design.y != 0.5) & (True if used is None else used)
    decided = float(np.average(rule[decisive] != 0, weights=design.w[decisive])) if decisive.any() else np.nan
    why = "" if np.isfinite(rate.low) else (TOO_FEW if decisive.any() else "no decisive battle")
    return name, rate.battles, decided, rate.effective, rate.rate, rate.low, rate.high, join_notes(why, said)


def overlap_frame(design: Design, fit: BTFit, block: str, reasons: Sequence[str] = ()) -> pd.DataFrame:
    """How far each model's battles reach towards parity in a block; columns `OVERLAP`; ``all`` comes last.

    Parameters
    ----------
    reasons : sequence of str (m,), optional
        What else to say of each model.
    """
    index = block_index(design, fit.beta, block)
    found, known = overlap(design, index), design.a >= 0
    who = np.concatenate([design.a[known], design.b[known]])
    seen = np.concatenate([index[known], -index[known]])
    order = np.lexsort((seen, who))
    bounds = np.searchsorted(who[order], np.arange(design.n_models + 1))
    median = [float(np.median(seen[order[low:high]])) for low, high in pairwise(bounds)]
    far = EXTRAPOLATED.replace("style", block)
    why = list(reasons) or [""] * design.n_models
    frame = pd.DataFrame(
        {
            "model": list(design.spec.models),
            "battles": np.diff(bounds),
            "near_parity": found.near,
            "lowest": found.low,
            "median": median,
            "highest": found.high,
            "extrapolated": found.extrapolated,
            "note": [join_notes(far if e else "", w) for e, w in zip(found.extrapolated, why, strict=True)],
        }
    )
    frame = frame.sort_values(["near_parity", "model"], ignore_index=True)
    size = np.abs(index)
    reach = float(size.max(initial=0.0))
    whole = ("all", design.n, found.near_all, -reach, 0.0, reach, found.near_all < 0.05, "each battle from both sides")
    return pd.concat([frame, pd.DataFrame([whole], columns=list(OVERLAP))], ignore_index=True)


def blind_rules(n: int, values: Mapping[str, tuple[str, Floats]]) -> dict[str, Floats]:
    """The sides that content-blind rules are for: the longer, the one with more markdown, the first.

    More markdown is more in most of the markdown features, whatever their units.

    Parameters
    ----------
    values : mapping of feature to (group, float64 (n,))
        Value of side a minus that of side b.
    """
    rules: dict[str, Floats] = {}
    length = next((name for name in ("words", "chars", "tokens") if name in values), None)
    if length is not None:
        rules[f"longer wins ({length})"] = values[length][1]
    marks = [np.sign(gap) for group, gap in values.values() if group in ("markdown", "arena")]
    if marks:
        rules["more markdown wins"] = np.sum(marks, axis=0)
    return {**rules, "first wins": np.ones(n)}
