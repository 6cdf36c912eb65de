"""What votes say of the two versions: battles in, frames out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from llamastyle.data.battles import Battles
from llamastyle.data.worlds import VERSIONS
from llamastyle.errors import DataError, LlamaStyleError
from llamastyle.features.extraction import extract
from llamastyle.llama4.figures import EXPERIMENTAL, RELEASE
from llamastyle.options import nearest
from llamastyle.regression.fitting import audit
from llamastyle.regression.inference import MIN_CLUSTERS
from llamastyle.regression.result import StyleResult

__all__ = ["Versions", "beside_published", "compare_by", "find_versions", "profile", "with_features"]

Floats = NDArray[np.float64]

LEVELS = 12
"""Categories, or languages, that are compared one by one."""
GAP = ("gap", "gap_low", "gap_high", "style", "style_low", "style_high", "share", "share_low", "share_high")


@dataclass(frozen=True, slots=True)
class Versions:
    """The two models that are set side by side in some battles.

    Attributes
    ----------
    first, second : str
        The experimental and the released version, or the two that were asked for; empty where the battles have no such
        model.
    simulated : bool
        Whether the names are those of a simulated arena.
    asked : bool
        Whether these are other models, named by the caller.
    """

    first: str
    second: str
    simulated: bool = False
    asked: bool = False

    @property
    def present(self) -> tuple[str, ...]:
        """Those that are there."""
        return tuple(name for name in (self.first, self.second) if name)

    @property
    def called(self) -> tuple[str, str]:
        """The two in a sentence."""
        return (self.first, self.second) if self.asked else ("the experimental version", "the release")


def find_versions(battles: Battles, asked: Sequence[str] | None = None) -> Versions:
    """The two versions among the models of some battles, whatever the case of their letters.

    Parameters
    ----------
    battles : Battles
    asked : two names, optional
        Other models to set side by side; by default Llama 4 Maverick's, or those of a simulated arena.

    Raises
    ------
    DataError
        Neither is there, one name stands there in two cases, or ``asked`` is no pair of models of these battles.
    """
    if asked is not None:
        return _asked(battles, asked)
    for names, simulated in (((EXPERIMENTAL, RELEASE), False), (VERSIONS, True)):
        found = [_called(name, battles.models) for name in names]
        if any(found):
            return Versions(found[0], found[1], simulated)
    raise DataError(
        f"no battle has a version of Llama 4 Maverick ({EXPERIMENTAL!r} or {RELEASE!r}"
        f"{nearest(EXPERIMENTAL, battles.models)}); any two models can be set side by side: name them as versions"
        f" (--versions A B), out of {_some(battles.models)}"
    )


def _called(name: str, models: Sequence[str]) -> str:
    found = [model for model in models if model.casefold() == name.casefold()]
    if len(found) > 1:
        raise DataError(
            f"{' and '.join(map(repr, found))} are one model under two names: give both the same name in the file"
        )
    return found[0] if found else ""


def _asked(battles: Battles, asked: Sequence[str]) -> Versions:
    if isinstance(asked, str) or len(asked) != 2 or asked[0] == asked[1]:
        raise DataError(f"versions={asked!r} must be two different models, such as ('new', 'old')")
    for name in asked:
        if name not in battles.models:
            raise DataError(
                f"no battle has a model {name!r}{nearest(name, battles.models)}; there are {_some(battles.models)}"
            )
    return Versions(*asked, simulated=set(asked) <= set(VERSIONS), asked=tuple(asked) != VERSIONS)


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def with_features(battles: Battles, features: Any = None) -> Battles:
    """The battles with what is measured of their answers in them, so that it is measured once."""
    if battles.measured is not None and features is None:
        return battles
    return replace(battles, measured=extract(battles, features))


def met(battles: Battles, model: str) -> Battles:
    """The battles that a model is in."""
    code = battles.models.index(model)
    return battles.take(np.flatnonzero((battles.model_a == code) | (battles.model_b == code)))


# -- by category and language ----------------------------------------------------------------------


def compare_by(battles: Battles, column: str, versions: Versions, level: float = 0.95) -> pd.DataFrame:
    """The gap between the two versions within each level of a column, each level fitted by itself.

    Parameters
    ----------
    battles : Battles
        With measured features.
    column : str
    versions : Versions
        Both there.
    level : float
        Of the intervals.

    Returns
    -------
    DataFrame
        ``by, level, battles, battles_first, battles_second``, ``gap, gap_low, gap_high, style,
        style_low, style_high`` in Arena points, ``share, share_low, share_high`` of the gap, ``note``: the 12
        commonest levels, the commonest first.
    """
    values: Any = battles.columns[column].astype("string").fillna("")
    counts: Any = values[values != ""].value_counts()
    rows = [
        _level(battles.take(np.flatnonzero((values == name).to_numpy())), column, str(name), versions, level)
        for name in counts.index[:LEVELS]
    ]
    return pd.DataFrame(rows)


def _level(battles: Battles, column: str, name: str, versions: Versions, level: float) -> dict[str, Any]:
    there: Any = battles.win_rates().set_index("model")["battles"]
    row: dict[str, Any] = {"by": column, "level": name, "battles": len(battles)}
    row |= {
        "battles_first": int(there.get(versions.first, 0)),
        "battles_second": int(there.get(versions.second, 0)),
    }
    row |= dict.fromkeys(GAP, np.nan)
    if not (row["battles_first"] and row["battles_second"]):
        return {**row, "note": "one of the versions has no battle here"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what makes a fit doubtful is in its intervals and notes
        result = audit(battles, level=level)
    try:
        return {**row, **_split(result, versions)}
    except LlamaStyleError as error:
        return {**row, "note": result.failure or str(error)}


def _split(result: StyleResult, versions: Versions) -> dict[str, Any]:
    gone = [f"{name}: {result.dropped[name]}" for name in versions.present if name in result.dropped]
    if gone:
        return {"note": "; ".join(gone)}
    gap: Any = result.compare(versions.first, versions.second)
    gap = gap[gap["group"] == ""].set_index("block")
    whole, style = gap.loc["total"], gap.loc["style"]
    out = {"gap": whole["estimate"], "gap_low": whole["conf_low"], "gap_high": whole["conf_high"]}
    out |= {"style": style["estimate"], "style_low": style["conf_low"], "style_high": style["conf_high"]}
    out |= {name: style[name] for name in ("share", "share_low", "share_high")}
    return {**out, "note": style["note"] or whole["note"]}


# -- how they answer -------------------------------------------------------------------------------


def profile(result: StyleResult, versions: Versions, level: float = 0.95) -> pd.DataFrame:
    """What the answers of each version are like: beside those they met, and beside each other.

    Returns
    -------
    DataFrame
        ``feature, group, version, battles, mean, met, difference, low, high``. In a version's row ``met`` is the mean
        of its opponents' answers in the same battles and ``difference`` the mean of its own value minus its opponent's.
        Where both versions are there, a third row a feature, of version ``difference``, has the difference of their
        means. Errors are clustered as those of the fit, by the way that gives the largest, and withheld below 10
        clusters. Features that none of these answers has are left out.
    """
    battles = result.battles if set(versions.present) <= set(result.battles.models) else result.asked
    found = [(name, _sides(battles, result, name)) for name in versions.present]
    rows: list[dict[str, Any]] = []
    for j, feature in enumerate(result.table.features):
        if not any(side.own[:, j].any() or side.other[:, j].any() for _, side in found):
            continue
        told = {"feature": feature.name, "group": feature.group}
        rows += [{**told, "version": name, **_beside(side, j, level)} for name, side in found]
        if len(found) == 2:
            rows.append({**told, "version": "difference", **_between(found[0][1], found[1][1], j, level)})
    columns = ["feature", "group", "version", "battles", "mean", "met", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True, slots=True)
class _Sides:
    """A version's own values and its opponents', (n, k) each, and the clusters of its battles, one array a way."""

    own: Floats
    other: Floats
    ways: tuple[NDArray[np.int64], ...]


def _sides(battles: Battles, result: StyleResult, model: str) -> _Sides:
    code = battles.models.index(model)
    first, second = battles.model_a == code, battles.model_b == code
    rows = np.flatnonzero(first != second)
    own = np.where(first, battles.row_a, battles.row_b)[rows]
    other = np.where(first, battles.row_b, battles.row_a)[rows]
    values = result.table.values
    codes = None if result.estimates is None or battles is not result.battles else result.estimates.clustering.codes
    ways = [rows] if codes is None else [codes[rows]] if codes.ndim == 1 else list(codes[rows].T)
    return _Sides(values[own], values[other], tuple(ways))


def _beside(side: _Sides, j: int, level: float) -> dict[str, Any]:
    """A version's answers beside those they met."""
    own, other = side.own[:, j], side.other[:, j]
    gap = own - other
    error, clusters = _error(gap, side.ways)
    told = {"battles": gap.size, "mean": own.mean(), "met": other.mean(), "difference": gap.mean()}
    return told | _ends(gap.mean(), error, clusters, level)


def _between(first: _Sides, second: _Sides, j: int, level: float) -> dict[str, Any]:
    """The two versions' means beside each other; what of both hangs together in a cluster is added up there."""
    one, two = first.own[:, j], second.own[:, j]
    gap = one.mean() - two.mean()
    terms = np.concatenate([(one - one.mean()) / one.size, (two.mean() - two) / two.size])
    ways = tuple(np.concatenate(both) for both in zip(first.ways, second.ways, strict=True))
    fewest = min(_clusters(side.ways) for side in (first, second))
    error = max(_added(terms, way) for way in ways) if fewest >= MIN_CLUSTERS else float("nan")
    return {"battles": one.size + two.size, "difference": gap} | _ends(gap, error, fewest, level)


def _error(values: Floats, ways: tuple[NDArray[np.int64], ...]) -> tuple[float, int]:
    """Standard error of a mean, the largest of the ways to cluster, and the fewest clusters; NaN where they are few."""
    clusters = _clusters(ways)
    if clusters < MIN_CLUSTERS:
        return float("nan"), clusters
    return max(_added((values - values.mean()) / values.size, way) for way in ways), clusters


def _clusters(ways: tuple[NDArray[np.int64], ...]) -> int:
    return min(np.unique(way).size for way in ways)


def _added(terms: Floats, way: NDArray[np.int64]) -> float:
    """Standard error of a sum whose terms hang together within clusters (CR1)."""
    _, codes = np.unique(way, return_inverse=True)
    sums = np.bincount(codes, terms)
    return float(np.sqrt(sums.size / (sums.size - 1) * (sums**2).sum()))


def _ends(value: float, error: float, clusters: int, level: float) -> dict[str, float]:
    half = float(stats.t.ppf((1 + level) / 2, max(clusters - 1, 1))) * error
    return {"low": value - half, "high": value + half}


# -- beside what was published ---------------------------------------------------------------------


def beside_published(result: StyleResult, ratings: Any) -> pd.DataFrame:
    """Ratings of this fit beside Arena's own of the same models, on the published day nearest to the votes.

    Returns
    -------
    DataFrame
        ``date, model, plain, published_raw, controlled, published_controlled``, Arena points from the mean of the
        models in common, the highest published first; empty where fewer than three are.
    """
    columns = ["date", "model", "plain", "published_raw", "controlled", "published_controlled"]
    own: Any = result.ratings() if result.estimates is not None and len(result.battles.models) > 1 else None
    if own is None:
        return pd.DataFrame(columns=columns)
    own = own[own["rating"].notna()].assign(key=lambda f: f["model"].str.casefold())
    full: Any = ratings[ratings["category"] == "full"]
    times = result.battles.columns.get("timestamp")
    counts = full.groupby("date")["model"].nunique()
    dates = pd.Series(counts.index[counts > 3])  # on the other days only the Llama 4 models are kept
    stamps: Any = pd.Series(dtype=str) if times is None else times
    unit: Any = {"unit": "s"} if getattr(stamps.dtype, "kind", "O") in "iuf" else {}
    known: Any = pd.to_datetime(stamps, errors="coerce", utc=True, **unit)
    when = known.dt.tz_localize(None).median()
    if when is pd.NaT:
        when = dates.max()
    near = dates.iloc[int((dates - when).abs().to_numpy().argmin())]
    day: Any = full[full["date"] == near].assign(key=lambda f: f["model"].str.casefold())
    wide = day.pivot(index="key", columns="board", values="rating").dropna()
    both = own.merge(wide, left_on="key", right_index=True)
    if len(both) < 3:
        return pd.DataFrame(columns=columns)
    pairs = {
        "plain": "rating_plain", "published_raw": "raw", "controlled": "rating",
        "published_controlled": "style_controlled",
    }  # fmt: skip
    out = pd.DataFrame({"date": near, "model": both["model"]})
    for name, column in pairs.items():
        out[name] = both[column] - both[column].mean()
    return out.sort_values("published_raw", ascending=False, kind="stable", ignore_index=True)
