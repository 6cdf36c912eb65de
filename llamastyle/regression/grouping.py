"""Which columns the errors are clustered by: what was asked for, what repeats, both orders of one pair."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.errors import FitError
from llamastyle.options import nearest
from llamastyle.regression.clusters import both
from llamastyle.regression.estimates import Clustering
from llamastyle.regression.inference import FEW_CLUSTERS, MIN_CLUSTERS, Kind

__all__ = ["Repeats", "Way", "choose_clusters", "choose_ways", "exchanged_pairs"]

Ints = NDArray[np.int64]
CLUSTER_COLUMNS = ("prompt_id", "voter", "session")
PAIR, AUTO = "pair", "auto"
MOST_WAYS = 3


@dataclass(frozen=True, slots=True)
class Way:
    """One way to cluster n battles.

    Attributes
    ----------
    groups : int
        Clusters that say something on ratings.
    size : int
        All clusters.
    alone : int
        Battles without a value, each a cluster of its own.
    codes : int64 (n,)
        Empty where battles are only counted.
    """

    groups: int
    size: int
    alone: int = 0
    codes: Ints = field(default_factory=lambda: np.empty(0, np.int64))


class Repeats(Protocol):
    """Whoever knows which values of the battles' columns repeat."""

    @property
    def size(self) -> int:
        """Battles."""
        ...

    @property
    def columns(self) -> Collection[str]:
        """Columns that battles can be clustered by."""
        ...

    @property
    def fractional(self) -> bool:
        """Whether some outcome lies between 0 and 1."""
        ...

    def refuse_empty(self, name: str) -> None:
        """Raise where a column is empty in some battles."""
        ...

    def known(self, name: str) -> tuple[int, int]:
        """Battles with a value, and different values."""
        ...

    def way(self, name: str) -> Way:
        """Clusters of a column; battles without a value are each their own."""
        ...

    def exchanged(self) -> tuple[Way, int] | None:
        """Both orders of each pair as one cluster, and how many battles have a twin; None where none has."""
        ...


@dataclass(frozen=True, slots=True)
class _InMemory:
    """Battles that are there."""

    battles: Battles

    @property
    def size(self) -> int:
        return len(self.battles)

    @property
    def columns(self) -> Collection[str]:
        return [str(name) for name in self.battles.columns]

    @property
    def fractional(self) -> bool:
        return bool(((self.battles.outcome > 0) & (self.battles.outcome < 1)).any())

    def refuse_empty(self, name: str) -> None:
        self.battles.codes(name)

    def known(self, name: str) -> tuple[int, int]:
        column: Any = self.battles.columns[name]
        known = column.dropna()
        return len(known), int(known.nunique())

    def way(self, name: str) -> Way:
        column: Any = self.battles.columns[name]
        empty = column.isna().to_numpy()
        if not empty.any() or empty.all():
            codes, _ = self.battles.codes(name)
        else:
            known, groups = self.battles.filter(~empty).codes(name)
            codes = np.empty(len(self.battles), np.int64)
            codes[~empty], codes[empty] = known, groups + np.arange(int(empty.sum()))
        return _counted(self.battles, codes, empty)

    def exchanged(self) -> tuple[Way, int] | None:
        pairs = exchanged_pairs(self.battles)
        return None if pairs is None else (_counted(self.battles, pairs[0]), pairs[1])


def choose_clusters(battles: Battles, vcov: Kind | str, cluster: str | Sequence[str] | None) -> Clustering:
    """Which columns to cluster by, or none; dimensions with too few clusters are marked.

    Raises
    ------
    FitError
        A column that is not there, or more ways than three.
    """
    return choose_ways(_InMemory(battles), vcov, battles.cluster if cluster is None else cluster)


def choose_ways(battles: Repeats, vcov: Kind | str, cluster: str | Sequence[str] | None) -> Clustering:
    """`choose_clusters`, from what is known of repeated values."""
    asked = _asked(battles, cluster)
    if not asked or (asked == [AUTO] and AUTO not in battles.columns):
        asked = _crossed(battles)
    repeated = {name: _way(battles, name) for name in _repeating(battles, asked)}
    notes: list[str] = []
    if vcov in ("auto", "cluster") and all(way.groups < MIN_CLUSTERS for way in repeated.values()):
        pairs = battles.exchanged()
        if pairs is not None and PAIR not in repeated:
            repeated[PAIR] = pairs[0]
            notes.append(_pair_note(pairs[1]))
    few = {name: way.groups for name, way in repeated.items() if way.groups < MIN_CLUSTERS}
    conditional = ", ".join(f"{name} has {groups} values" for name, groups in few.items())
    warned = [_few_warning(name, groups) for name, groups in few.items()]
    if vcov in ("robust", "HC0", "classical"):
        kind: Any = vcov
        warned += _classical_warning(battles) if vcov == "classical" else ()
        return Clustering(kind, "", None, battles.size, conditional, tuple(warned))
    usable = [name for name in repeated if name not in few]
    used = [name for name in asked if name in usable] or usable[:1]
    if not used:
        if vcov == "cluster" and not repeated:
            raise FitError("vcov='cluster' needs a column that repeats; name one with cluster=")
        return Clustering("robust", "", None, battles.size, conditional, tuple(warned))
    ways = [repeated[name] for name in used]
    for name, way in zip(used, ways, strict=True):
        if way.alone:
            warned.append(f"{name} is empty in {way.alone} battles: each of them counts as a cluster of its own")
        if way.groups < FEW_CLUSTERS:
            warned.append(f"only {way.groups} clusters of {name}: intervals are rough below {FEW_CLUSTERS}")
    codes = ways[0].codes if len(ways) == 1 else np.column_stack([way.codes for way in ways])
    counts = [way.size for way in ways]
    named = tuple(zip(used, counts, strict=True))
    return Clustering("cluster", in_words(used), codes, min(counts), conditional, tuple(warned), named, tuple(notes))


def in_words(names: Sequence[object]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *first, last = map(str, names)
    return f"{', '.join(first)} and {last}" if first else last


def _asked(battles: Repeats, cluster: str | Sequence[str] | None) -> list[str]:
    """The columns asked for, checked."""
    names = [] if cluster is None else [cluster] if isinstance(cluster, str) else list(cluster)
    if len(set(names)) < len(names) or len(names) > MOST_WAYS or (cluster is not None and not names):
        raise FitError(f"cluster={cluster!r}: give one to {MOST_WAYS} different columns")
    known = list(battles.columns)
    for name in names:
        if name not in battles.columns and name != PAIR and names != [AUTO]:
            raise FitError(
                f"cluster={name!r} is not a column of these battles{nearest(name, known)}; they have"
                f" {', '.join(known) or 'none'} (name others when reading: read_battles(..., cluster={name!r}))"
            )
        if name in battles.columns:
            battles.refuse_empty(name)
    return names


def _crossed(battles: Repeats) -> list[str]:
    """Prompts and voters where both repeat and neither is few, else nothing in particular."""
    repeating = [name for name in _repeating(battles, []) if name in ("prompt_id", "voter")]
    enough = len(repeating) == 2 and all(_way(battles, name).groups >= MIN_CLUSTERS for name in repeating)
    return repeating if enough else []


def _way(battles: Repeats, name: str) -> Way:
    if name == PAIR and name not in battles.columns:
        pairs = battles.exchanged()
        if pairs is None:
            raise FitError("cluster='pair': no battle is of the same two responses as another with sides exchanged")
        return pairs[0]
    return battles.way(name)


def _counted(battles: Battles, codes: Ints, empty: NDArray[np.bool_] | None = None) -> Way:
    """Clusters with a value are counted; a battle without one says nothing on how alike others are."""
    known = np.ones(codes.size, bool) if empty is None or empty.all() else ~empty
    rated = battles.rated
    counted = codes[known & rated] if (known & rated).any() else codes[known]
    alone = 0 if empty is None else int(empty.sum())
    return Way(int(np.unique(counted).size), int(codes.max(initial=-1)) + 1, alone, codes)


def _repeating(battles: Repeats, asked: list[str]) -> list[str]:
    """The columns that rows share: those asked for, then prompts, voters and sessions that repeat.

    A single voter or session is whom the results are about, not a sample of them.
    """
    found = list(asked)
    for name in (name for name in CLUSTER_COLUMNS if name not in asked and name in battles.columns):
        known, different = battles.known(name)
        if different < known and (name == "prompt_id" or different > 1):
            found.append(name)
    return found


def exchanged_pairs(battles: Battles) -> tuple[Ints, int] | None:
    """One code for both orders of each pair of responses under one judge, and how many battles have a twin.

    None where no battle has one. Where features came measured, responses are told by their model and
    values, which may agree by chance: then at least half of the battles must have a twin.

    Returns
    -------
    codes : int64 (n,)
        A battle without a twin has a code of its own.
    twins : int
    """
    n = len(battles)
    a, b = _responses(battles)
    judge = np.zeros(n, np.int64)
    if "judge" in battles.columns:
        judge = pd.factorize(battles.columns["judge"])[0] + 1
    code = both(np.column_stack([np.minimum(a, b), np.maximum(a, b), judge]))
    size = int(code.max(initial=-1)) + 1
    ahead = np.bincount(code, a < b, size) > 0
    behind = np.bincount(code, a > b, size) > 0
    twin = (ahead & behind)[code]
    twins = int(twin.sum())
    if twins == 0 or (battles.measured is not None and 2 * twins < n):
        return None
    alone = np.flatnonzero(~twin)
    code[alone] = size + np.arange(alone.size)
    return np.unique(code, return_inverse=True)[1], twins


def _responses(battles: Battles) -> tuple[Ints, Ints]:
    """A number for each different response on side a and on side b."""
    if battles.measured is None:
        return battles.row_a, battles.row_b
    n, rng = len(battles), np.random.default_rng(0)
    key = (np.concatenate([battles.model_a, battles.model_b]) + 2) * rng.random()
    for name in battles.measured.names:
        values = battles.measured.column(name)
        key += rng.random() * np.concatenate([values[battles.row_a], values[battles.row_b]])
    if "prompt_id" in battles.columns:
        prompts = pd.factorize(battles.columns["prompt_id"])[0]
        key += rng.random() * np.tile(prompts, 2)
    number = np.unique(key, return_inverse=True)[1]
    return number[:n], number[n:]


def _pair_note(twins: int) -> str:
    return (
        f"{twins} battles are of the same two responses as another with sides exchanged: both orders of one pair are"
        " one cluster"
    )


def _few_warning(name: str, groups: int) -> str:
    return (
        f"{name} has {groups} values, fewer than {MIN_CLUSTERS}: it cannot be clustered on, errors are conditional on"
        f" these {groups}, and no verdict is given (bring more of {name})"
    )


def _classical_warning(battles: Repeats) -> tuple[str, ...]:
    if battles.fractional:
        return (
            "classical errors with ties or probabilities assume more noise than there is; vcov='robust' does not",
        )
    return ()
