"""How many battles it takes to find a given style inflation beyond the margin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.errors import FitError
from llamastyle.options import real
from llamastyle.regression.reach import Reach, price_errors, target_error
from llamastyle.regression.result import StyleResult
from llamastyle.regression.tails import normal_quantile, t_tail

__all__ = ["battles_for", "chance_to_find", "power_curve", "read_reach"]

Floats = NDArray[np.float64]

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def battles_for(
    result: StyleResult,
    inflation: float | Sequence[float],
    *,
    margin: float = 20.0,
    level: float = 0.05,
    power: float = 0.8,
    reference: str = "field",
) -> pd.DataFrame:
    """Battles it takes to find a style inflation of a given size beyond the margin.

    Standard errors shrink with the square root of the number of battles if the whole arena grows as it is:
    the same models in the same proportions, with more prompts or voters in the same measure. New battles on
    the old prompts tell less. An inflation larger than the model has now would be known less well, because
    prices are estimates too: that is allowed for. Power is that of one model's test; verdicts use q-values
    over all models, which as a rule ask for more.

    Parameters
    ----------
    result : StyleResult
        Any fit of battles like those to come; its errors are what is planned with.
    inflation : float or sequence of float
        True inflation to be found, Arena points, either sign.
    margin : float
        Arena points that still count as nothing.
    level : float
        Of the test.
    power : float
        Chance in (0.5, 1) with which it is to be found.
    reference : str
        ``"field"`` or the model that inflation is relative to.

    Returns
    -------
    pandas.DataFrame
        ``model, battles, inflation, std_error, target_error, power_now, battles_needed, arena_needed, note``;
        one row a model and inflation. ``std_error`` is that of such an inflation with the battles there
        are, ``power_now`` the chance to find it with these; ``target_error`` is
        ``(|inflation| - margin) / (z(1 - level/2) + z(power))``; ``battles_needed`` of the model is
        battles (std_error / target_error)², ``arena_needed`` the same of all battles of the fit. A note says
        why something is blank.

    Raises
    ------
    FitError
        There is no estimate or there are no models; an inflation within the margin, or an option out of range.

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(2000, 5, style={"words": 0.5}, seed=1).battles)
    >>> plan = ls.battles_for(result, [40, 60])
    >>> plan[plan["model"] == "model-01"][["inflation", "battles", "battles_needed"]].to_dict("split")["data"]
    [[40.0, 937, 912], [60.0, 937, 501]]
    """
    check_plan(margin, level, power)
    sizes = check_sizes(inflation, margin)
    reach = read_reach(result, margin, reference)
    frames = [_planned(reach, size, margin, level, power) for size in sizes]
    frame = pd.concat(frames, ignore_index=True)
    whole = dict.fromkeys(("battles_needed", "arena_needed"), "Int64")
    return frame.astype(dict.fromkeys(whole, "Float64")).astype(whole)


def power_curve(
    result: StyleResult,
    inflation: float | Sequence[float],
    *,
    factors: Sequence[float] = FACTORS,
    margin: float = 20.0,
    level: float = 0.05,
    reference: str = "field",
) -> pd.DataFrame:
    """Chance to find a style inflation beyond the margin as the arena grows.

    Parameters
    ----------
    result : StyleResult
    inflation : float or sequence of float
        True inflation, Arena points, either sign.
    factors : sequence of float
        Sizes of the arena, in multiples of the one there is.
    margin, level, reference
        As in `battles_for`.

    Returns
    -------
    pandas.DataFrame
        ``model, inflation, factor, battles, std_error, power, note``; one row a model, inflation and factor.
        ``battles`` of the model and its ``std_error`` are those at that size. A note says why something is
        blank.

    Raises
    ------
    FitError
        As in `battles_for`; a factor that is not above 0.

    Examples
    --------
    >>> import llamastyle as ls
    >>> result = ls.fit(ls.simulate(2000, 5, style={"words": 0.5}, seed=1).battles)
    >>> curve = ls.power_curve(result, 40, factors=[0.5, 1, 2])
    >>> curve[curve["model"] == "model-01"][["factor", "power"]].round(2).to_dict("records")
    [{'factor': 0.5, 'power': 0.52}, {'factor': 1.0, 'power': 0.81}, {'factor': 2.0, 'power': 0.98}]
    """
    check_plan(margin, level, 0.8)
    sizes = check_sizes(inflation, margin)
    given = _numbers(factors)
    if not given.size or not (given > 0).all():
        raise FitError(f"factors={factors!r} must be numbers above 0, for example [1, 2, 4]")
    reach = read_reach(result, margin, reference)
    return pd.concat([_curve(reach, size, given, margin, level) for size in sizes], ignore_index=True)


def chance_to_find(inflation: float, error: Floats, margin: float, level: float) -> Floats:
    """Probability that the margin test rejects on the side of a true inflation, for each standard error."""
    reached = (abs(inflation) - margin) / error - normal_quantile(1 - level / 2)
    return t_tail(np.negative(reached), np.inf)


def _planned(reach: Reach, size: float, margin: float, level: float, power: float) -> pd.DataFrame:
    target, error = target_error(size, margin, level, power), reach.error_at(size)
    grow = (error / target) ** 2
    return pd.DataFrame(
        {
            "model": list(reach.models),
            "battles": reach.battles,
            "inflation": size,
            "std_error": error,
            "target_error": target,
            "power_now": chance_to_find(size, error, margin, level),
            "battles_needed": np.ceil(reach.battles * grow),
            "arena_needed": np.ceil(reach.arena * grow),
            "note": reach.notes(),
        }
    )


def _curve(reach: Reach, size: float, factors: Floats, margin: float, level: float) -> pd.DataFrame:
    times, each = np.tile(factors, len(reach.models)), factors.size
    error = np.repeat(reach.error_at(size), each) / np.sqrt(times)
    return pd.DataFrame(
        {
            "model": np.repeat(np.array(reach.models, object), each),
            "inflation": size,
            "factor": times,
            "battles": np.rint(np.repeat(reach.battles, each) * times).astype(np.int64),
            "std_error": error,
            "power": chance_to_find(size, error, margin, level),
            "note": np.repeat(np.array(reach.notes(), object), each),
        }
    )


def read_reach(result: StyleResult, margin: float, reference: str) -> Reach:
    """Every model's battles and error of inflation; models without a test have a note instead."""
    table = result.audit(margin=margin, reference=reference).sort_values("model")
    parts = result.decompose(reference=reference)
    style = parts[(parts["block"] == "style") & (parts["group"] == "")].set_index("model")["std_error"]
    tested = table["p_value"].notna().to_numpy()
    error = style.reindex(table["model"]).to_numpy(np.float64)
    note = ["" if ok else why or "not tested" for ok, why in zip(tested, table["note"], strict=True)]
    prices, share = _price_errors(result, reference)
    return Reach(
        tuple(table["model"]),
        table["battles"].to_numpy(np.int64),
        len(result.battles),
        np.where(tested, table["inflation"].to_numpy(np.float64), np.nan),
        np.where(tested, error, np.nan),
        np.array([min(prices.get(name, np.nan), e) for name, e in zip(table["model"], error, strict=True)]),
        share,
        tuple(note),
    )


def _price_errors(result: StyleResult, reference: str) -> tuple[dict[str, float], float]:
    if result.design is None or result.estimates is None:
        return {}, np.inf
    models = result.design.spec.models
    own, share = price_errors(result.design, result.estimates, models.index(reference) if reference in models else None)
    return dict(zip(models, own.tolist(), strict=True)), share


def check_plan(margin: float, level: float, power: float) -> None:
    """Refuse options out of range."""
    if not 0 < real(margin) < np.inf:
        raise FitError(f"margin={margin!r} must be above 0 Arena points")
    if not 0 < real(level) < 0.5:
        raise FitError(f"level={level!r} must lie between 0 and 0.5, for example 0.05")
    if not 0.5 < real(power) < 1:
        raise FitError(f"power={power!r} must lie between 0.5 and 1, for example 0.8")


def check_sizes(inflation: float | Sequence[float], margin: float) -> list[float]:
    """The inflations asked about, each beyond the margin."""
    sizes = _numbers(inflation)
    if not sizes.size:
        raise FitError(f"inflation={inflation!r} must be Arena points, for example 40 or [30, 40, 60]")
    if (np.abs(sizes) <= margin).any():
        small = float(sizes[np.abs(sizes) <= margin][0])
        raise FitError(
            f"an inflation of {small:g} lies within the margin of {margin:g} Arena points, which no number of battles"
            " tells from nothing; ask for more, or lower the margin"
        )
    return [float(size) for size in sizes]


def _numbers(values: object) -> Floats:
    """One number or several as an array; empty if they are no finite numbers."""
    try:
        found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        return np.empty(0)
    return found if found.ndim == 1 and np.isfinite(found).all() else np.empty(0)
