"""Correctness known by model only: how ratings go with a benchmark, between models.

No answer's own correctness is in this: a benchmark cannot say which side of a battle was right. A line through
the models says how much of their ratings goes with the score, before and after style is taken off; that
something goes with being right on a benchmark is not that it is due to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.readers.sources import read_table
from llamastyle.data.readers.table import key, numbers, shown
from llamastyle.errors import DataError, FitError
from llamastyle.regression.scores import MIN_MODELS, few, model_names, need, score_column

__all__ = ["BETWEEN_LINES", "BETWEEN_MODELS", "BetweenModels", "between_models", "read_model_scores"]

Floats = NDArray[np.float64]

BETWEEN_LINES = ("what", "models", "slope", "std_error", "conf_low", "conf_high", "p_value", "r_squared", "note")
BETWEEN_MODELS = (
    "model", "score", "rating_raw", "style", "correctness", "benchmark", "benchmark_low", "benchmark_high", "rest",
    "note",
)  # fmt: skip
CAUTION = "between models: no answer's own correctness is known, and what goes with the score need not be due to it"


@dataclass(frozen=True, slots=True, eq=False)
class BetweenModels:
    """How ratings go with a benchmark, between models; made by `StyleResult.between`.

    Attributes
    ----------
    lines : pandas.DataFrame
        ``what, models, slope, std_error, conf_low, conf_high, p_value, r_squared, note``: one line through the
        models each for ``rating_plain``, ``rating_raw``, ``style`` and ``strength``; ``slope`` in Arena points per
        standard deviation of the score.
    models : pandas.DataFrame
        ``model, score, rating_raw, style, correctness, benchmark, benchmark_low, benchmark_high, rest, note``, Arena
        points from the mean of the models that have a score: a model's raw rating is style, correctness (of
        answers, where labels were used), what its strength has by the benchmark's line, and the rest.

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
    >>> scores = {f"model-{i:02}": 50.0 + i for i in range(1, 11)}
    >>> result.between(scores).lines["what"].tolist()
    ['rating_plain', 'rating_raw', 'style', 'strength']
    """

    lines: pd.DataFrame
    models: pd.DataFrame

    def __repr__(self) -> str:
        return f"BetweenModels({len(self.models)} models; see .lines and .models)"


def read_model_scores(source: Any, score: str | None, model: str) -> dict[str, float]:
    """Scores by model from a mapping, a Series, or a table with a column of models and one of scores.

    Raises
    ------
    DataError
        No such column, several that could be meant, a model twice, or a score that is no finite number.
    """
    if isinstance(source, Mapping | pd.Series):
        items: Any = source.items()
        given = [(str(key(name)), value) for name, value in items]
        if len(dict(given)) < len(given):
            raise DataError("there is more than one score for a model; keep one each")
        values, bad = numbers(np.array([value for _, value in given], object))
        bad = bad | np.isinf(values)
        if bad.any():
            raise DataError(f"the score of {shown(given[int(np.argmax(bad))][0])} is no finite number")
        return dict(zip((name for name, _ in given), values.tolist(), strict=True))
    table = read_table(source, "scores")
    names = model_names(table, model)
    columns = [name for name in table.names if name != model]
    if score is None:
        if len(columns) != 1:
            raise DataError(f"score= must name the column of scores; there are {few(columns) or 'none'}")
        score = columns[0]
    need(table, score, "score")
    return dict(zip(names, score_column(table, score).tolist(), strict=True))


def between_models(
    scores: Mapping[str, float], ratings: pd.DataFrame, parts: pd.DataFrame, level: float
) -> BetweenModels:
    """Lines of ratings and their parts on a score, by least squares with HC3 errors and t.

    Parameters
    ----------
    scores : mapping of model to float
    ratings : frame
        ``model, rating_plain``; NaN for models without a rating.
    parts : frame
        ``model, rating_raw, style, correctness, strength`` in Arena points.

    Raises
    ------
    FitError
        Fewer than eight models with a rating and a score, or scores that are all the same.
    """
    frame: Any = ratings.merge(parts, on="model", how="left")
    frame["score"] = [scores.get(name, np.nan) for name in frame["model"]]
    used = frame[["score", "rating_plain", "strength"]].notna().all(axis=1).to_numpy()
    if used.sum() < MIN_MODELS:
        known = few([name for name in frame["model"] if name not in scores])
        lacking = f"; without a score: {known}" if known else ""
        raise FitError(
            f"a benchmark between models needs at least {MIN_MODELS} models with a rating and a score; there are"
            f" {int(used.sum())}{lacking}"
        )
    rows = frame[used].reset_index(drop=True)
    score = rows["score"].to_numpy(np.float64)
    spread = float(score.std(ddof=1))
    if not spread > 0:
        raise FitError("all models have the same score: no line can be put through them")
    z = (score - score.mean()) / spread
    kinds = ["rating_plain", "rating_raw", "style", "strength"]
    values = {name: (rows[name] - rows[name].mean()).to_numpy(np.float64) for name in (*kinds, "correctness")}
    lines = pd.DataFrame([(name, len(rows), *_line(z, values[name], level), CAUTION) for name in kinds])
    lines.columns = list(BETWEEN_LINES)
    slope, low, high = lines.set_index("what").loc["strength", ["slope", "conf_low", "conf_high"]]
    ends = np.sort(np.outer(z, [low, high]), axis=1)
    models = pd.DataFrame(
        {
            "model": rows["model"],
            "score": score,
            **{name: values[name] for name in ("rating_raw", "style", "correctness")},
            "benchmark": slope * z,
            "benchmark_low": ends[:, 0],
            "benchmark_high": ends[:, 1],
            "rest": values["strength"] - slope * z,
            "note": "",
        }
    )
    gone = frame[~used]
    why = np.where(gone["score"].isna(), "no score", "no rating")
    models = pd.concat([models, gone[["model", "score"]].assign(note=why)], ignore_index=True)
    ordered: Any = models.reindex(columns=list(BETWEEN_MODELS))
    order = ordered["rating_raw"].sort_values(ascending=False, kind="stable").index
    return BetweenModels(lines, ordered.loc[order].reset_index(drop=True))


def _line(z: Floats, y: Floats, level: float) -> tuple[float, ...]:
    """Slope, error, interval, p and R squared."""
    import statsmodels.api as sm

    if not np.ptp(y) > 1e-12:
        return 0.0, 0.0, 0.0, 0.0, 1.0, np.nan
    fitted: Any = sm.OLS(y, sm.add_constant(z)).fit(cov_type="HC3", use_t=True)
    low, high = fitted.conf_int(1 - level)[1]
    return (*(float(v) for v in (fitted.params[1], fitted.bse[1], low, high, fitted.pvalues[1])), fitted.rsquared)
