"""What stands for rows that were summed and let go: counts where sums suffice, one clear error everywhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.errors import FitError
from llamastyle.regression.design import DesignSpec
from llamastyle.report.notebook import readable_frame

__all__ = ["Held", "Rowless", "SummedBattles", "SummedClusters", "SummedDesign", "no_rows"]

Floats = NDArray[np.float64]
Products = dict[tuple[str, str], tuple[Floats, ...]]


def no_rows() -> NoReturn:
    """Say that battles are needed one by one."""
    raise FitError(
        "this needs the battles one by one, and a fit of files keeps only sums over them: fit a sample that fits in"
        " memory, fit(read_battles(...)), or use what needs no rows: tidy, ratings, decompose and compare (not with"
        " scale='win_rate'), parity, exchange_rates, bands, audit, collinearity, diagnostics, summary, headline"
    )


class Rowless:
    """In the place of an array or a table of battles: whatever is asked of it is an error that says why."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what Python itself looks for, to copy or show a thing
            raise AttributeError(name)
        no_rows()

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        no_rows()

    def __len__(self) -> int:
        no_rows()

    def __getitem__(self, key: Any) -> Any:
        no_rows()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SummedDesign(Rowless):
    """A design of which the rows are gone.

    Attributes
    ----------
    spec : DesignSpec
    n : int
        Battles.
    n_free : int
        Free parameters: models - 1 + columns.
    seldom : dict of str to int
        As by `seldom_columns`.
    """

    spec: DesignSpec
    n: int
    n_free: int
    seldom: dict[str, int]
    cluster: Any

    def __bool__(self) -> bool:
        return True

    @property
    def n_models(self) -> int:
        """Number of models with a strength."""
        return len(self.spec.models)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SummedBattles(Rowless):
    """Battles of which only counts by model are left.

    Attributes
    ----------
    models : tuple of str
    n : int
    battles : int64 (m,)
    wins, weight : float64 (m,)
        Sums of weights, over those won and over all.
    """

    models: tuple[str, ...]
    n: int
    battles: NDArray[np.int64]
    wins: Floats
    weight: Floats

    def __len__(self) -> int:
        return self.n

    def win_rates(self) -> pd.DataFrame:
        """Weighted win rate of each model, as of `Battles`."""
        rate = np.divide(self.wins, self.weight, out=np.full(self.wins.size, np.nan), where=self.weight > 0)
        frame = pd.DataFrame({"model": list(self.models), "battles": self.battles, "win_rate": rate})
        return readable_frame(frame)


@dataclass(frozen=True, slots=True)
class Held:
    """The name of sums by cluster of which only cross-products are left."""

    name: str

    def __matmul__(self, other: object) -> Any:
        no_rows()

    def __getitem__(self, key: object) -> Any:
        no_rows()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SummedClusters(Rowless):
    """Clusters of which only cross-products of sums are left, one for every set of ways (see `Clusters`).

    Attributes
    ----------
    counts : tuple of int
        How many clusters each way has.
    sets : tuple of (tuple of int, int)
        The ways of each set, and its clusters.
    weight : float64 (sets,) or None
        What the cross-products of each set count for; None when there is one way.
    products : dict
        Cross-products by the names of both sums, an array a set.
    """

    counts: tuple[int, ...]
    sets: tuple[tuple[tuple[int, ...], int], ...]
    weight: Floats | None
    products: Products

    @classmethod
    def of(cls, ways: int, sets: tuple[tuple[tuple[int, ...], int], ...], products: Products) -> SummedClusters:
        """Clusters with the weights of inclusion and exclusion."""
        counts = tuple(groups for chosen, groups in sets if len(chosen) <= 1)
        weight = None
        if ways > 1:
            weight = np.array([(-1.0) ** (len(chosen) - 1) * g / max(g - 1, 1) for chosen, g in sets])
        return cls(counts, sets, weight, products)

    def alone(self, which: int) -> Floats:
        """What sets count for when one way alone is clustered by."""
        return np.array([g / max(g - 1, 1) if chosen == (which,) else 0.0 for chosen, g in self.sets])

    def weighing(self, weight: Floats) -> SummedClusters:
        """The same with other weights."""
        return replace(self, weight=weight)

    def crossed(self, one: Held, two: Held) -> Floats:
        """Weighted cross-products of two sums by cluster."""
        turned = (one.name, two.name) not in self.products
        parts = self.products[(two.name, one.name) if turned else (one.name, two.name)]
        whole = parts[0] if self.weight is None else np.tensordot(self.weight, np.stack(parts), 1)
        return np.asarray(whole.T if turned else whole, dtype=np.float64)
