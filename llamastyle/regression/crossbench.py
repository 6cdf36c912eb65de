"""Across benchmarks: who does better on one than the others warrant; and what picking the best variant adds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import integrate, special, stats

from llamastyle.data.readers.table import shown
from llamastyle.errors import ConvergenceError, DataError, warn
from llamastyle.options import Line, check_option
from llamastyle.regression.scores import MIN_MODELS, Inflation, Scores, check_enough, read_scores, unusable
from llamastyle.regression.wording import join_notes
from llamastyle.report.drawable import DivergenceFrame, SelectionFrame

__all__ = ["divergence", "expected_maximum", "leave_one_out", "selection_inflation", "standardised_index"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MAD_TO_SD = 1.4826
SHARE_LEVEL = 0.05
AGAINST = -0.5

COLUMNS = (
    "model", "scores", "index", "target", "expected", "excess", "spread", "score", "p_value", "p_floor",
)  # fmt: skip
STYLE_COLUMNS = ("inflation", "style_excess", "other_excess", "style_share")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Each model beside the line through the others; n models.

    Attributes
    ----------
    expected : float64 (n,)
        The others' line at the model's index, in the target's unit.
    residual : float64 (n,)
        Target minus expected.
    spread : float64 (n,)
        1.4826 times the median absolute residual of the others, in the target's unit.
    """

    expected: Floats
    residual: Floats
    spread: Floats

    @property
    def score(self) -> Floats:
        """Residual in spreads, (n,)."""
        return self.residual / self.spread


def divergence(
    table: Any,
    target: str,
    *,
    model: str = "model",
    benchmarks: Sequence[str] | None = None,
    lower_is_better: Sequence[str] = (),
    method: Line = "theil-sen",
    inflation: Inflation | None = None,
) -> DivergenceFrame:
    """Who does better on one benchmark than their results on the others warrant.

    The other benchmarks are standardised over the models used and averaged to one index a model. For each
    model a robust line of the target on the index is put through the *other* models; ``excess`` is what the
    model has above it. The p-value ranks the models' scores among each other: it holds whatever the
    scatter's distribution is if the models are alike, and with n models it cannot be below 1/n. An excess
    says that a model stands apart, not why.

    Parameters
    ----------
    table : frame, path, list of dicts
        One row a model, one column a benchmark. Missing scores may be empty.
    target : str
        The benchmark in question, such as an Arena rating.
    model : str
        The column of names; a pandas frame may have them as its index instead.
    benchmarks : list of str, optional
        What the index is made of; by default every other column.
    lower_is_better : list of str
        Benchmarks to turn round, such as error rates.
    method : {"theil-sen", "rlm"}
        The median of all slopes between two models, or Huber's M-estimate.
    inflation : column name, mapping or Series by model, optional
        Style inflation in the target's unit (Arena points), such as
        ``result.audit().set_index("model")["inflation"]``; a constant added to all changes nothing. Models
        without one are then left out of everything.

    Returns
    -------
    pandas.DataFrame
        The largest excess first; models that cannot be used last, with the reason in ``note``. Its ``plot``
        is a scatter with names.

        - ``model``; ``scores``, how many benchmarks it has; ``index``, their mean in standard deviations
        - ``target, expected, excess``: as given, by the others' line, and the difference
        - ``spread``: 1.4826 times the others' median absolute residual; ``score``: excess / spread
        - ``p_value``: (1 + number of others with a score as far from zero) / n; ``p_floor``: 1 / n
        - with ``inflation``: ``inflation`` as given; ``other_excess``, the excess when it is taken off every
          model's target; ``style_excess``, the rest; ``style_share``, style_excess / excess, where
          ``p_value`` is at most 0.05, which takes 20 models
        - ``note``: why something is blank

    Raises
    ------
    DataError
        A column is missing, constant or no number; a model is there twice; fewer than 8 models have the
        target and two scores; or the models lie on a line exactly.
    ConvergenceError
        Huber's estimate was not reached.

    Examples
    --------
    >>> import llamastyle as ls
    >>> rows = [{"model": f"m{i}", "coding": i, "maths": i + i % 2, "arena": 10.0 * i + i % 3} for i in range(12)]
    >>> rows[4]["arena"] += 90
    >>> found = ls.divergence(rows, "arena")
    >>> found[["model", "excess", "p_value"]].head(1).round(2).to_dict("records")
    [{'model': 'm4', 'excess': 93.92, 'p_value': 0.08}]
    """
    check_option("method", method, Line)
    read = read_scores(table, target, model, benchmarks, lower_is_better, inflation)
    reasons = unusable(read, target)
    used = np.array([not reason for reason in reasons], dtype=bool)
    check_enough(used, reasons)
    index = standardised_index(read.scores[used], read.benchmarks)
    check_varies(index, read.target[used], target)
    warn_against(read.scores[used], read.benchmarks)
    found = excess_frame(index, read.target[used], method, target)
    if read.inflation is not None:
        found = found.join(style_frame(index, read.target[used], read.inflation[used], found, method))
    return _arranged(read, used, reasons, found)


def leave_one_out(index: Floats, target: Floats, method: str) -> LeftOut:
    """Each model beside the line through the others.

    Parameters
    ----------
    index, target : float64 (n,)
    method : {"theil-sen", "rlm"}
    """
    line = _theil_sen if method == "theil-sen" else _huber
    n = index.size
    expected, spread = np.empty(n), np.empty(n)
    for i in range(n):
        others = np.arange(n) != i
        slope, level = line(index[others], target[others])
        residual = target[others] - level - slope * index[others]
        expected[i] = level + slope * index[i]
        spread[i] = MAD_TO_SD * np.median(np.abs(residual - np.median(residual)))
    return LeftOut(expected, target - expected, spread)


def _theil_sen(x: Floats, y: Floats) -> tuple[float, float]:
    found: Any = stats.theilslopes(y, x, method="joint")
    return float(found.slope), float(found.intercept)


def _huber(x: Floats, y: Floats, most: int = 1000) -> tuple[float, float]:
    import statsmodels.api as sm

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a scale of zero, which is refused by its spread
        fitted: Any = sm.RLM(y, np.column_stack([np.ones(x.size), x])).fit(maxiter=most, conv="coefs")
    if fitted.fit_history["iteration"] >= most:
        raise ConvergenceError(f"Huber's line was not reached in {most} steps; use method='theil-sen'")
    return float(fitted.params[1]), float(fitted.params[0])


def standardised_index(scores: Floats, names: Sequence[str]) -> Floats:
    """Mean over a model's benchmarks of its scores in standard deviations of the column, (n,).

    Parameters
    ----------
    scores : float64 (n, b)
        NaN where there is none; two or more a row.
    names : sequence of str (b,)

    Raises
    ------
    DataError
        A column has fewer than two different values.
    """
    return np.asarray(np.nanmean(standardised(scores, names), axis=1), dtype=np.float64)


def standardised(scores: Floats, names: Sequence[str]) -> Floats:
    """Each column minus its mean, over its standard deviation; NaN stays."""
    for name, column in zip(names, scores.T, strict=True):
        if np.unique(column[np.isfinite(column)]).size < 2:
            raise DataError(
                f"benchmark {shown(name)} has fewer than two different scores among the {len(scores)} models used;"
                " leave it out of benchmarks=[...]"
            )
    return np.asarray((scores - np.nanmean(scores, axis=0)) / np.nanstd(scores, axis=0, ddof=1), np.float64)


def rank_p_values(score: Floats) -> Floats:
    """(1 + number of others at least as far from zero) / n, (n,)."""
    far = np.abs(score)
    # each counts itself: that is the 1; equals stay equal under rounding
    return np.count_nonzero(far[None, :] >= far[:, None] * (1 - 1e-9), axis=1) / far.size


def excess_frame(index: Floats, target: Floats, method: str, name: str) -> pd.DataFrame:
    """Excess and tests of the models used, in their order."""
    left = leave_one_out(index, target, method)
    check_scatter(left, target, name)
    n = index.size
    rank = rank_p_values(left.score)
    lowest = f"p cannot be below 1/{n} with {n} models"
    return pd.DataFrame(
        {
            "index": index,
            "expected": left.expected,
            "excess": left.residual,
            "spread": left.spread,
            "score": left.score,
            "p_value": rank,
            "p_floor": 1.0 / n,
            "note": [lowest if p < 1.5 / n else "" for p in rank],
        }
    )


def style_frame(
    index: Floats, target: Floats, inflation: Floats, found: pd.DataFrame, method: str
) -> pd.DataFrame:
    """What of each excess goes when style inflation is taken off every model's target."""
    other = leave_one_out(index, target - inflation, method).residual
    excess = found["excess"].to_numpy(np.float64)
    share = np.full(excess.size, np.nan)
    clear = found["p_value"].to_numpy(np.float64) <= SHARE_LEVEL
    share[clear] = (excess - other)[clear] / excess[clear]
    return pd.DataFrame({"style_excess": excess - other, "other_excess": other, "style_share": share})


def _arranged(read: Scores, used: Bools, reasons: list[str], found: pd.DataFrame) -> DivergenceFrame:
    """One row a model of the table, the largest excess first, notes beside what is blank."""
    frame: Any = pd.DataFrame(
        {
            "model": list(read.models),
            "scores": np.isfinite(read.scores).sum(axis=1),
            "target": read.target,
        }
    )
    if read.inflation is not None:
        frame["inflation"] = read.inflation
    frame = frame.join(found.set_axis(np.flatnonzero(used), axis="index"))
    frame.loc[~used, "note"] = [reason for reason in reasons if reason]
    if read.inflation is not None:
        withheld = used & frame["style_share"].isna().to_numpy()
        why = f"share withheld: p above {SHARE_LEVEL:g}"
        frame.loc[withheld, "note"] = [join_notes(note, why) for note in frame.loc[withheld, "note"]]
    names = [*COLUMNS, *(STYLE_COLUMNS if read.inflation is not None else ()), "note"]
    frame = frame.assign(unused=~used).sort_values(["unused", "excess", "model"], ascending=[True, False, True])
    return DivergenceFrame(frame[names].reset_index(drop=True))


def check_varies(index: Floats, target: Floats, name: str) -> None:
    """Refuse a target or an index that is the same for all models, or for all but one."""
    for values, what in ((target, f"target {shown(name)}"), (index, "the index of the benchmarks")):
        most = int(np.unique(values, return_counts=True)[1].max())
        if most >= values.size - 1:
            raise DataError(f"{what} is the same for {most} of {values.size} models: no line can be put through it")


def check_scatter(left: LeftOut, target: Floats, name: str) -> None:
    """Refuse models of which more than half lie on one line."""
    if (left.spread <= 1e-9 * np.ptp(target)).any():
        raise DataError(
            f"more than half of the models lie on one line exactly, which leaves no scatter to measure an excess by;"
            f" is {shown(name)} made from the benchmarks, or one of few values?"
        )


def warn_against(scores: Floats, names: Sequence[str]) -> None:
    """Name benchmarks that fall where the others rise: perhaps lower is better there."""
    z = standardised(scores, names)
    against: list[str] = []
    for j, name in enumerate(names):
        others = np.delete(z, j, axis=1)
        both = np.isfinite(z[:, j]) & np.isfinite(others).any(axis=1)
        if both.sum() < MIN_MODELS:
            continue
        rest = np.nanmean(others[both], axis=1)
        if np.unique(z[both, j]).size > 1 and np.unique(rest).size > 1:
            found: Any = stats.spearmanr(z[both, j], rest)
            rho = float(found.statistic)
            against += [f"{shown(name)} ({rho:.2f})"] if rho < AGAINST else []
    if against:
        warn(
            f"rank correlation with the other benchmarks below {AGAINST}: {', '.join(against)}; where lower is better,"
            " name the benchmark in lower_is_better=[...]"
        )


# -- many private variants --------------------------------------------------------------------------


def selection_inflation(
    n_variants: int | Sequence[int], sd_between: float, se: float, level: float = 0.95
) -> SelectionFrame:
    """What reporting the best of several privately tested variants adds to one submission.

    Variants whose true ratings are normal with standard deviation ``sd_between`` are measured with standard
    error ``se``, and the highest is reported. The gain in true rating is selection for the arena's taste;
    only the rest is bias, which a new measurement of the same variant would not show.

    Parameters
    ----------
    n_variants : int or sequence of int
        How many were tested.
    sd_between, se : float
        Arena points, or any one unit.
    level : float
        Of the range of ``gain`` from one selection to the next.

    Returns
    -------
    pandas.DataFrame
        ``n_variants, gain, gain_low, gain_high, real, noise``; one row for each number of variants. ``gain``
        is the expected reported maximum minus the expected single submission; ``real`` its part
        sd_between² / (sd_between² + se²), ``noise`` the rest; ``gain_low`` to ``gain_high`` holds the gain
        of one selection with probability ``level``.

    Raises
    ------
    DataError
        A number of variants below 1 or not whole, a negative spread, a level outside (0, 1).

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.selection_inflation(27, sd_between=15, se=6).round(1).to_dict("records")
    [{'n_variants': 27, 'gain': 32.3, 'gain_low': 18.4, 'gain_high': 50.2, 'real': 27.8, 'noise': 4.5}]
    """
    counts = np.atleast_1d(np.asarray(n_variants))
    whole = counts.dtype.kind in "iu" and counts.ndim == 1 and counts.size
    if not whole or (counts < 1).any():
        raise DataError(f"n_variants={shown(n_variants)} must be whole numbers of at least 1")
    for name, value in {"sd_between": sd_between, "se": se}.items():
        if not 0 <= value < 1e150:  # whose square is finite
            raise DataError(f"{name}={value!r} must be a finite number of at least 0, below 1e150")
    if not 0 < level < 1:
        raise DataError(f"level={level!r} must lie between 0 and 1, for example 0.95")
    total = float(np.hypot(sd_between, se))
    gain = total * np.array([expected_maximum(int(n)) for n in counts])
    share = sd_between**2 / total**2 if total else 0.0
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    low, high = total * special.ndtri_exp(np.log(tails)[:, None] / counts)
    frame = SelectionFrame(
        {
            "n_variants": counts,
            "gain": gain,
            "gain_low": low,
            "gain_high": high,
            "real": share * gain,
            "noise": gain - share * gain,
        }
    )
    frame.attrs["units"] = {"gain": ""}  # whatever the spreads are in
    return frame


def expected_maximum(n: int) -> float:
    """Expected maximum of n independent standard normals, by integrating its distribution function.

    It is the integral of 1 - F over the positive axis minus that of F over the negative one, F = Phi^n.
    """
    if n == 1:
        return 0.0
    centre = float(special.ndtri_exp(np.log(0.5) / n))
    above = integrate.quad(
        lambda x: -np.expm1(n * special.log_ndtr(x)), 0, 40, points=[max(centre, 0.1)], epsabs=1e-12, limit=200
    )
    below = integrate.quad(lambda x: np.exp(n * special.log_ndtr(x)), -40, 0, epsabs=1e-12, limit=200)
    return float(above[0] - below[0])
