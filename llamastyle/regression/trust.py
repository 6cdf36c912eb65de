"""How far to trust a fit, as tables: placebo, curvature, unmeasured quality, collinearity."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.regression.collinear import HIGH, inflations_of
from llamastyle.regression.curves import curvature_tests
from llamastyle.regression.design import Design
from llamastyle.regression.estimates import Estimates
from llamastyle.regression.inference import tail
from llamastyle.regression.joint import JointTest, joint_wald
from llamastyle.regression.placebos import sign_flips
from llamastyle.regression.unmeasured import benchmarks, linear_version, partial_r2, robustness_value
from llamastyle.regression.wording import join_notes

__all__ = [
    "COLLINEARITY",
    "CURVATURE",
    "PLACEBO",
    "SENSITIVITY",
    "collinearity_frame",
    "curvature_frame",
    "placebo_frame",
    "sensitivity_frame",
]

Floats = NDArray[np.float64]

PLACEBO = ("columns", "clusters", "draws", "statistic", "flipped_mean", "flipped_95", "p_value", "note")
CURVATURE = ("test", "terms", "df", "estimate", "std_error", "statistic", "df_error", "p_value", "note")
SENSITIVITY = (
    "term", "group", "estimate", "t", "df", "partial_r2", "robustness_value", "robustness_value_level", "benchmark",
    "with_term", "with_outcome", "adjusted", "note",
)  # fmt: skip
COLLINEARITY = (
    "term", "group", "vif", "vif_models", "closest", "correlation", "p_value", "group_terms", "group_statistic",
    "group_df_error", "group_p_value", "apart", "note",
)  # fmt: skip


def placebo_frame(design: Design, est: Estimates, *, draws: int, seed: int) -> pd.DataFrame:
    """One row: the joint score statistic of style and its values under flipped signs; columns `PLACEBO`."""
    found = sign_flips(design, est.fit.likelihood, est.clustering.kind, draws=draws, seed=seed)
    some = found.flipped.size > 0
    row = (
        found.columns,
        found.clusters,
        found.flipped.size,
        found.statistic,
        float(found.flipped.mean()) if some else np.nan,
        float(np.quantile(found.flipped, 0.95)) if some else np.nan,
        found.p_value,
        join_notes(found.note, _flipped_by(est, found.way)),
    )
    return pd.DataFrame([row], columns=list(PLACEBO))


def _flipped_by(est: Estimates, way: int) -> str:
    ways = est.clustering.ways
    return f"signs flipped by {ways[way][0]}, the way with the largest p-value" if len(ways) > 1 else ""


def curvature_frame(design: Design, est: Estimates, *, draws: int = 999, seed: int = 0) -> pd.DataFrame:
    """One row a test, joint tests first; columns `CURVATURE`.

    ``df`` terms; ``df_error`` is the number of clusters whose signs are flipped, less one (infinite where nothing
    is clustered); ``estimate`` and ``std_error`` of single terms are log-odds per root mean square of the term.
    """
    ways = [name for name, _ in est.clustering.ways]
    found = curvature_tests(design, est.fit, est.clustering.kind, draws=draws, seed=seed, ways=ways)
    rows = [
        (
            one.test,
            ", ".join(one.terms),
            one.joint.df,
            one.estimate,
            one.std_error,
            one.joint.statistic,
            one.joint.df_error,
            one.joint.p_value,
            one.joint.note,
        )
        for one in found.tests
    ]
    out = "left out: follows from the other columns"
    rows += [(name, name, 0, np.nan, np.nan, np.nan, np.nan, np.nan, out) for name in found.dropped]
    return pd.DataFrame(rows, columns=list(CURVATURE))


def sensitivity_frame(design: Design, level: float) -> pd.DataFrame:
    """How strong something unmeasured would have to be, a row a style column and benchmark; columns `SENSITIVITY`.

    ``estimate`` and ``adjusted`` are win probability per recorded scale in the linear version, everything else a
    partial R^2 in [0, 1], but for ``t`` and ``df``.
    """
    fit, columns = linear_version(design), design.spec.columns
    bounds = benchmarks(fit)
    value, at_level = robustness_value(fit.t, fit.df), robustness_value(fit.t, fit.df, 1 - level)
    explained = partial_r2(fit.t, fit.df)
    order = [i for block in ("correctness", "style") for i, c in enumerate(columns) if c.block == block]
    rows: list[tuple[object, ...]] = []
    for j in (int(j) for j in design.spec.block("style")):
        own = (columns[j].name, columns[j].group, fit.beta[j], fit.t[j], fit.df, explained[j], value[j], at_level[j])
        measures = [i for i in order if i != j]
        for i in measures:
            bound = (bounds.with_column[j, i], bounds.with_outcome[j, i], bounds.adjusted[j, i])
            note = "" if np.isfinite(bound[2]) else "nothing unmeasured can be as strong as this benchmark"
            rows.append((*own, columns[i].name, *bound, note))
        if not measures:
            rows.append((*own, "", np.nan, np.nan, np.nan, "no other column to measure strength by"))
    return pd.DataFrame(rows, columns=list(SENSITIVITY))


def collinearity_frame(design: Design, est: Estimates, level: float) -> pd.DataFrame:
    """Variance inflation of every style and correctness column, its group tested jointly; columns `COLLINEARITY`.

    ``apart`` is False where a price cannot be read alone: its variance inflation is above 10, or its group
    matters jointly while none of its features does by itself.
    """
    m, columns = design.n_models, design.spec.columns
    found, beta = inflations_of(est.standard_information(design), m), est.fit.beta
    cov = est.made.cov[m : m + beta.size, m : m + beta.size]
    error = np.sqrt(np.maximum(np.diag(cov), 0.0))
    single = np.minimum(2 * tail(est.made, np.abs(beta) / np.where(error > 0, error, np.inf)), 1.0)
    members: dict[tuple[str, str], list[int]] = {}
    for j, column in enumerate(columns):
        if column.block != "position":
            members.setdefault((column.block, column.group), []).append(j)
    rows: list[tuple[object, ...]] = []
    for (_, group), chosen in members.items():
        joint = joint_wald(beta[chosen], cov[np.ix_(chosen, chosen)], est.made.df)
        together = len(chosen) > 1 and joint.p_value <= 1 - level and bool((single[chosen] > 1 - level).all())
        for j in chosen:
            closest = int(found.closest[j])
            like = columns[closest].name if closest >= 0 else ""
            high = bool(found.vif[j] > HIGH)
            note = join_notes(_high(like, found.vif[j]) if high else "", _together(group) if together else "")
            rows.append(
                (
                    columns[j].name,
                    group,
                    found.vif[j],
                    found.of_models[j],
                    like,
                    found.correlation[j],
                    single[j],
                    *_group(joint),
                    not (high or together),
                    join_notes(note, joint.note),
                )
            )
    return pd.DataFrame(rows, columns=list(COLLINEARITY))


def _group(joint: JointTest) -> tuple[int, float, float, float]:
    return joint.df, joint.statistic, joint.df_error, joint.p_value


def _high(like: str, vif: float) -> str:
    return f"variance inflation {vif:.0f}: not told apart" + (f" from {like}" if like else " from the models")


def _together(group: str) -> str:
    return f"the features of {group} matter together and none by itself: read the group"
