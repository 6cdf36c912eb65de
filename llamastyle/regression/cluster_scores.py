"""Scores of battles summed by cluster, and the cross-products of those sums.

Clusters are taken in blocks: the sums of a block are written out densely, about a megabyte of them, and
only their cross-products are kept. The table of all sums, which is sparse, is made when something asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from llamastyle.regression.clusters import Clusters
from llamastyle.regression.design import Design

__all__ = ["ClusterScores", "cross_products"]

Floats = NDArray[np.float64]

BATTLES = 16_384
"""Battles that are gathered at once."""
CELLS = 131_072
"""Numbers in a block of sums by cluster."""


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """Scores of battles that can be summed by cluster; n battles, m models, G clusters, k columns.

    Attributes
    ----------
    residual : float64 (n,)
        What multiplies a battle's e_a - e_b and its columns.
    own : float64 (n,) or None
        Score of each battle for a last parameter that has no column.
    """

    design: Design
    clusters: Clusters
    residual: Floats
    own: Floats | None
    _made: list[csr_array] = field(default_factory=list, repr=False, compare=False)

    @property
    def width(self) -> int:
        """Parameters, one more in front for battles that are silent on strengths."""
        return 1 + self.design.n_models + self.design.x.shape[1] + (self.own is not None)

    def table(self) -> csr_array:
        """All sums as one sparse (G, p), made at the first call."""
        if not self._made:
            first, width = self.design.n_models + 1, self.width - self.design.n_models - 1
            starts, battles = self.clusters.members()
            signed, columns = _signed(self, starts, battles), np.zeros((starts.size - 1, width))
            _add_columns(self, starts, battles, columns)
            signed.sum_duplicates()
            if (self.design.a < 0).any():
                signed = csr_array(signed[:, 1:])
            else:
                signed = csr_array((signed.data, signed.indices - 1, signed.indptr), (starts.size - 1, first - 1))
            self._made.append(_side_by_side(signed, columns, first - 1))
        return self._made[0]


def cross_products(scores: ClusterScores) -> Floats:
    """Sum over clusters of their scores' cross-products, each with what the cluster counts for: (p, p)."""
    m, p, weight = scores.design.n_models, scores.width, scores.clusters.weight
    starts, battles = scores.clusters.members()
    models, crossed, others = np.zeros((m + 1, m + 1)), np.zeros((m + 1, p - m - 1)), np.zeros((p - m - 1,) * 2)
    for rows in _blocks(starts, p):
        ends = starts[rows.start : rows.stop + 1]
        signed, strengths, columns = _block(scores, ends, battles)
        by = None if weight is None else weight[rows, None]
        counted, priced = (strengths, columns) if by is None else (strengths * by, columns * by)
        few = signed is not None and ends[-1] - ends[0] <= strengths.size // 8
        turned = signed.T if signed is not None and few else strengths.T  # few battles: most models are in none
        models += turned @ counted
        crossed += turned @ priced
        others += columns.T @ priced
    return np.block([[models, crossed], [crossed.T, others]])[1:, 1:]


def _block(scores: ClusterScores, ends: Any, battles: Any) -> tuple[csr_array | None, Floats, Floats]:
    """Sums of some clusters by model, sparse where they hold few battles, and dense; sums of the columns."""
    m, low, high = scores.design.n_models, ends[0], ends[-1]
    columns = np.zeros((ends.size - 1, scores.width - m - 1))
    if high - low <= BATTLES:
        who = battles[low:high].astype(np.intp)
        signed = _signed(scores, ends - low, who)
        _add_columns(scores, ends - low, who, columns)
        return signed, signed.toarray(), columns
    strengths = np.zeros((ends.size - 1, m + 1))
    for start in range(low, high, BATTLES):
        stop = min(start + BATTLES, high)
        within, who = np.clip(ends, start, stop) - start, battles[start:stop].astype(np.intp)
        strengths += _signed(scores, within, who).toarray()
        _add_columns(scores, within, who, columns)
    return None, strengths, columns


def _blocks(starts: NDArray[np.int32], width: int) -> Iterator[slice]:
    """Ranges of clusters, up to `BATTLES` battles each where a cluster has no more."""
    groups, most, low = starts.size - 1, max(CELLS // width, width), 0
    while low < groups:
        high = int(np.searchsorted(starts, starts[low] + BATTLES, side="right")) - 1
        high = min(max(high, low + 1), low + most)
        yield slice(low, high)
        low = high


def _signed(scores: ClusterScores, starts: Any, battles: Any) -> csr_array:
    """Residual times e_a - e_b of each battle in its cluster's row, the silent ones first: sparse (rows, m + 1)."""
    index, data = np.empty((battles.size, 2), dtype=np.int32), np.empty((battles.size, 2))
    index[:, 0], index[:, 1] = scores.design.a.take(battles), scores.design.b.take(battles)
    index += 1
    data[:, 0] = scores.residual.take(battles)
    np.negative(data[:, 0], out=data[:, 1])
    shape = starts.size - 1, scores.design.n_models + 1
    return csr_array((data.reshape(-1), index.reshape(-1), 2 * starts), shape)


def _add_columns(scores: ClusterScores, starts: Any, battles: Any, sums: Floats) -> None:
    """Add the scores of columns, and of the last parameter, to sums by cluster (rows, k or k + 1)."""
    k = scores.design.x.shape[1]
    parts = np.arange(battles.size, dtype=np.int32), starts
    shape = starts.size - 1, battles.size
    sums[:, :k] += csr_array((scores.residual.take(battles), *parts), shape) @ scores.design.x.take(battles, axis=0)
    if scores.own is not None:
        sums[:, k] += csr_array((scores.own.take(battles), *parts), shape).sum(axis=1)


def _side_by_side(strengths: csr_array, columns: Floats, m: int) -> csr_array:
    """Sparse (G, m) and dense (G, k) as one sparse (G, m + k)."""
    groups, k = columns.shape
    starts = strengths.indptr + k * np.arange(groups + 1)
    index, data = np.empty(starts[-1], dtype=strengths.indices.dtype), np.empty(starts[-1])
    ahead = np.arange(strengths.nnz) + np.repeat(k * np.arange(groups), np.diff(strengths.indptr))
    index[ahead], data[ahead] = strengths.indices, strengths.data
    behind = (starts[1:] - k)[:, None] + np.arange(k)
    index[behind], data[behind] = np.arange(m, m + k), columns
    return csr_array((data, index, starts), shape=(groups, m + k))
