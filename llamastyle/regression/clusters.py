"""Which battles belong together, in one way or in several at once.

With several ways (prompts and voters, say) a covariance is one of cross-products by the first way plus
those by the second minus those by both, and so on by inclusion and exclusion (Cameron, Gelbach and
Miller 2011). Sums by cluster are therefore kept in one stack: a block of rows for every set of ways,
and for each row what its cross-products count for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

__all__ = ["Clusters", "every_battle", "stack"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters of n battles in d ways, and the stack of their G sums.

    Attributes
    ----------
    ways : int64 (n, d)
        Cluster of each battle in each way, 0 and up.
    counts : tuple of int
        How many clusters each way has.
    rows : int64 (2**d - 1, n)
        Row of the stack that each battle belongs to, in every block.
    size : int
        G, rows of the stack: the number of clusters when there is one way.
    weight : float64 (G,) or None
        What a row's cross-products count for: sign of its block times g / (g - 1), g its clusters.
        None when there is one way: every row counts for one.
    starts : tuple of int
        Where the block of each way alone starts in the stack.
    """

    ways: Ints
    counts: tuple[int, ...]
    rows: Ints
    size: int
    weight: Floats | None
    starts: tuple[int, ...]

    def weighed(self, rows: csr_array) -> csr_array:
        """Rows of the stack times what they count for."""
        if self.weight is None:
            return rows
        by = np.repeat(self.weight, np.diff(rows.indptr))
        return csr_array((rows.data * by, rows.indices, rows.indptr), shape=rows.shape)

    def weighing(self, weight: Floats) -> Clusters:
        """The same stack with other weights."""
        return replace(self, weight=weight)

    def crossed(self, one: csr_array, two: csr_array) -> Floats:
        """Weighted cross-products of two tables of sums by cluster: (columns of one, columns of two)."""
        return np.asarray((one.T @ self.weighed(two)).toarray(), dtype=np.float64)

    def sums(self, battles: Ints, values: Floats, columns: Ints, width: int) -> csr_array:
        """Sums by cluster of values that belong to columns: sparse (G, width).

        Parameters
        ----------
        battles : int64 (t,)
        values : float64 (t,)
        columns : int64 (t,)
        """
        blocks = len(self.rows)
        if blocks > 1:
            columns, values = np.tile(columns, blocks), np.tile(values, blocks)
        where = self.rows[:, battles].ravel(), columns
        return csr_array(coo_array((values, where), shape=(self.size, width)))

    def members(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Where each row of the stack starts, int32 (G + 1,), in the battles sorted by row, int32 (n * blocks,)."""
        blocks, n = self.rows.shape
        index, ends = self.rows.T.astype(np.int32).reshape(-1), np.arange(0, blocks * n + 1, blocks, dtype=np.int32)
        by_row = csr_array((np.empty(index.size, np.int8), index, ends), shape=(n, self.size)).tocsc()
        return np.asarray(by_row.indptr, dtype=np.int32), np.asarray(by_row.indices, dtype=np.int32)

    def square(self, values: Floats) -> float:
        """Sum of squares of the sums by cluster, with g / (g - 1); values (n,).

        Where the signed terms of several ways do not stay above zero, the largest of one way.
        """
        squares = np.bincount(self.rows.ravel(), np.tile(values, len(self.rows)), self.size) ** 2
        alone = [float(self.alone(which) @ squares) for which in range(len(self.counts))]
        whole = alone[0] if self.weight is None else float(self.weight @ squares)
        return whole if whole > 0 else max(alone)

    def alone(self, which: int) -> Floats:
        """What rows count for when one way alone is clustered by: (G,)."""
        groups, weight = self.counts[which], np.zeros(self.size)
        weight[self.starts[which] : self.starts[which] + groups] = groups / max(groups - 1, 1)
        return weight


def every_battle(n: int) -> Clusters:
    """Every battle a cluster of its own."""
    return _one_way(np.arange(n, dtype=np.int64), n)


def stack(codes: Ints) -> Clusters:
    """Clusters from codes counted from zero, one way (n,) or several (n, d)."""
    ways = codes.reshape(len(codes), -1)
    counts = tuple(int(way.max(initial=-1)) + 1 for way in ways.T)
    if len(counts) == 1:
        return _one_way(codes.reshape(-1), counts[0])
    blocks: list[Ints] = []
    weights: list[Floats] = []
    starts: list[int] = []
    size = 0
    for together in range(1, len(counts) + 1):
        for chosen in combinations(range(len(counts)), together):
            codes = ways[:, chosen[0]] if together == 1 else both(ways[:, chosen])
            groups = counts[chosen[0]] if together == 1 else int(codes.max(initial=-1)) + 1
            starts += [size] * (together == 1)
            blocks.append(codes + size)
            weights.append(np.full(groups, (-1.0) ** (together - 1) * groups / max(groups - 1, 1)))
            size += groups
    return Clusters(ways, counts, np.stack(blocks), size, np.concatenate(weights), tuple(starts))


def _one_way(codes: Ints, groups: int) -> Clusters:
    return Clusters(codes[:, None], (groups,), codes[None, :], groups, None, (0,))


def both(ways: Ints) -> Ints:
    """Codes of the combinations of several ways that occur, counted from zero: int64 (n,)."""
    code = ways[:, 0]
    for way in ways.T[1:]:
        code = np.unique(code * (int(way.max(initial=0)) + 1) + way, return_inverse=True)[1]
    return code.astype(np.int64)
