"""Which features' prices cannot be told apart, and what their groups say together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression.design import Design
from llamastyle.regression.diagnostics import standard_information

__all__ = ["Inflations", "inflations_of", "variance_inflation"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HIGH = 10.0


@dataclass(frozen=True, slots=True)
class Inflations:
    """Variance inflation of each column given the models and all other columns; k columns.

    Attributes
    ----------
    vif : float64 (k,)
        1 / (1 - R^2), R^2 about zero and not about the mean, so that swapping sides changes nothing.
    of_models : float64 (k,)
        The same given the models alone: how much of it is that models have a style.
    closest : int64 (k,)
        The other column that it is most alike, models and the remaining columns held; -1 without another.
    correlation : float64 (k,)
        Partial correlation with it; NaN without another.
    """

    vif: Floats
    of_models: Floats
    closest: Ints
    correlation: Floats


def variance_inflation(design: Design) -> Inflations:
    """Variance inflation under the battles' weights."""
    return inflations_of(standard_information(design), design.n_models)


def inflations_of(full: Floats, m: int) -> Inflations:
    """Variance inflation from the information of evenly matched battles, (m + k, m + k), m models."""
    k = len(full) - m
    own = np.diag(full)[m:]
    inverse = np.linalg.inv(full)[m:, m:]
    left = own.copy()
    if m:
        left = left - np.einsum("ij,ij->j", full[:m, m:], np.linalg.solve(full[:m, :m], full[:m, m:]))
    size = np.sqrt(np.diag(inverse))
    partial = -inverse / np.outer(size, size)
    np.fill_diagonal(partial, 0.0)
    if k < 2:
        return Inflations(own * np.diag(inverse), own / left, np.full(k, -1), np.full(k, np.nan))
    closest = np.abs(partial).argmax(axis=1).astype(np.int64)
    return Inflations(own * np.diag(inverse), own / left, closest, partial[np.arange(k), closest])
