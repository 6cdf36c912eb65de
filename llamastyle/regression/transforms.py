"""The same fit under other contrasts: do prices, inflations and verdicts hang on how style is measured?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.errors import ConvergenceError, FitError
from llamastyle.features.feature import FeatureTable
from llamastyle.regression import frames
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.decomposition import profiles
from llamastyle.regression.design import Design, build_design, contrast
from llamastyle.regression.diagnostics import check_separation, without_collinear
from llamastyle.regression.effects import effect_errors, marginal_effects
from llamastyle.regression.estimates import Estimates, Settings
from llamastyle.regression.handling import likelihoods
from llamastyle.regression.inference import cluster_counts, interval, sandwich
from llamastyle.regression.wording import join_notes

__all__ = ["CONTRASTS", "TRANSFORMS", "allowed_contrasts", "re_estimate", "transform_frame"]

Ints = NDArray[np.int64]

CONTRASTS = ("relative", "log_ratio", "tanh", "difference")
TRANSFORMS = ("contrast", "what", "name", "estimate", "conf_low", "conf_high", "verdict", "note")
AS_FITTED = "as fitted"


def re_estimate(design: Design, est: Estimates, battles: Battles, settings: Settings) -> Estimates:
    """Another design of the same battles, with the likelihood and errors of a fit; no plain ratings.

    Raises
    ------
    FitError
        No finite maximum.
    """
    likelihood, _ = likelihoods(battles, design, settings)
    try:
        fit = fit_bradley_terry(design, likelihood=likelihood)
    except ConvergenceError:
        check_separation(design, None)
        raise
    if not likelihood.firth:
        check_separation(design, fit)
    made = sandwich(design, fit, est.made.kind)
    counts = cluster_counts(design, made.clusters.ways)
    return Estimates(fit, made, None, None, profiles(design), counts, est.clustering)


def allowed_contrasts(
    design: Design, battles: Battles, table: FeatureTable, kind: str
) -> tuple[dict[str, str], list[str]]:
    """The contrast of each style column under ``kind``, and which keep their own, being outside its domain."""
    chosen: dict[str, str] = {}
    kept: list[str] = []
    for column in design.spec.columns:
        if column.block != "style":
            continue
        values = table.column(column.name)
        try:
            contrast(kind, values[battles.row_a], values[battles.row_b], name=column.name)
            chosen[column.name] = kind
        except FitError:
            chosen[column.name] = column.contrast
            kept.append(column.name)
    return chosen, kept


def transform_frame(
    design: Design,
    est: Estimates,
    battles: Battles,
    table: FeatureTable,
    settings: Settings,
    counts: Ints,
    *,
    level: float,
    margin: float,
    fdr: float,
) -> pd.DataFrame:
    """Effects and prices of columns, inflations and verdicts of models, by contrast; columns `TRANSFORMS`.

    The fit as it was made comes first. A feature outside a contrast's domain keeps its own; a contrast
    under which there is no fit has one row with the reason.

    Parameters
    ----------
    counts : int64 (m,)
        Battles of each model of the design.
    """

    def rows(kind: str, made_of: Design, found: Estimates, note: str) -> pd.DataFrame:
        parts = [_column_rows(made_of, found, level)]
        if made_of.n_models >= 2:
            parts.append(_model_rows(made_of, found, counts, settings, level, margin, fdr))
        frame: Any = pd.concat(parts, ignore_index=True).assign(contrast=kind)
        frame["note"] = [join_notes(mine, note) for mine in frame["note"]]
        return frame.reindex(columns=list(TRANSFORMS))

    tables = [rows(AS_FITTED, design, est, "")]
    style = table.select([c.name for c in design.spec.columns if c.block == "style"])
    for kind in CONTRASTS:
        chosen, kept = allowed_contrasts(design, battles, style, kind)
        own = f"outside the domain of {kind}, with their own contrast: {', '.join(kept)}" if kept else ""
        if len(kept) == len(chosen):
            tables.append(_refused(kind, f"no feature is in the domain of {kind}"))
            continue
        try:
            other, dropped = _other_design(design, battles, style, settings, chosen)
            found = re_estimate(other, est, battles, settings)
            tables.append(rows(kind, other, found, join_notes(own, dropped)))
        except FitError as error:
            tables.append(_refused(kind, str(error)))
    return pd.concat(tables, ignore_index=True)


def _refused(kind: str, why: str) -> pd.DataFrame:
    blank = (kind, "", "", np.nan, np.nan, np.nan, "", why)
    return pd.DataFrame([blank], columns=list(TRANSFORMS))


def _other_design(
    design: Design, battles: Battles, table: FeatureTable, settings: Settings, chosen: Mapping[str, str]
) -> tuple[Design, str]:
    """The design under other contrasts, and what left it."""
    other, constant = build_design(
        battles,
        table,
        contrasts=chosen,
        correctness=any(c.block == "correctness" for c in design.spec.columns),
        position=settings.position,
        cluster=design.cluster,
    )
    other, repeating = without_collinear(other)
    gone = [*constant, *repeating]
    return other, f"left out, saying nothing of their own: {', '.join(gone)}" if gone else ""


def _column_rows(design: Design, est: Estimates, level: float) -> pd.DataFrame:
    found, (m, k) = marginal_effects(design, est.fit, est.made), (design.n_models, est.fit.beta.size)
    price_error = np.sqrt(np.maximum(np.diag(est.made.cov)[m : m + k], 0.0))
    measures = (
        ("effect", found.effect, effect_errors(est.made, found, m)),
        ("price", est.fit.beta, price_error),
    )
    parts: list[pd.DataFrame] = []
    for what, value, error in measures:
        low, high = interval(est.made, value, error, level)
        names = [c.name for c in design.spec.columns]
        parts.append(
            pd.DataFrame({"what": what, "name": names, "estimate": value, "conf_low": low, "conf_high": high})
        )
    return pd.concat(parts, ignore_index=True).assign(verdict="", note="")


def _model_rows(
    design: Design, est: Estimates, counts: Ints, settings: Settings, level: float, margin: float, fdr: float
) -> pd.DataFrame:
    found = frames.detection_frame(
        design,
        est,
        counts,
        level=level,
        margin=margin,
        fdr=fdr,
        reference=None,
        with_correctness=settings.with_correctness,
    )
    why = frames.reasons(design, est)
    numbers = found[["inflation", "inflation_low", "inflation_high"]].to_numpy(np.float64, copy=True)
    numbers[[bool(reason) for reason in why]] = np.nan
    return pd.DataFrame(
        {
            "what": "inflation",
            "name": list(design.spec.models),
            "estimate": numbers[:, 0],
            "conf_low": numbers[:, 1],
            "conf_high": numbers[:, 2],
            "verdict": found["verdict"].to_numpy(),
            "note": why,
        }
    )
