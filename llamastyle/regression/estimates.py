"""What a fit hands to its result: estimates, how errors were taken, what was asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llamastyle.regression.bradley_terry import BTFit
from llamastyle.regression.decomposition import Profiles, WinRates, block_index, parity
from llamastyle.regression.design import Design
from llamastyle.regression.diagnostics import Overlap, overlap, standard_information
from llamastyle.regression.inference import Kind, Sandwich

__all__ = ["Clustering", "Estimates", "Settings"]


@dataclass(frozen=True, slots=True)
class Clustering:
    """How errors are taken.

    Attributes
    ----------
    kind : str
        ``cluster``, ``robust``, ``HC0`` or ``classical``.
    column : str
        What is clustered by, in words; empty when nothing is.
    codes : int64 (n,) or (n, d) or None
    n_groups : int
        Clusters, of the column with fewest.
    conditional : str
        Dimensions that repeat but have too few values to cluster on; empty when there are none.
        No verdict is given when there are.
    warnings : tuple of str
    ways : tuple of (str, int)
        Every column clustered by, and its clusters.
    notes : tuple of str
    """

    kind: Kind
    column: str
    codes: NDArray[np.int64] | None
    n_groups: int
    conditional: str
    warnings: tuple[str, ...]
    ways: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for; ``known`` of the ``given`` battles have correctness on both sides."""

    level: float
    seed: int
    ties: str
    position: bool
    with_correctness: bool
    separated: str
    ridge: tuple[tuple[str, float], ...] = ()
    firth: bool = False
    prompt_penalty: float | None = None
    baseline: str = ""
    both_bad: str = "half"
    known: int = 0
    given: int = 0

    @property
    def partly_known(self) -> bool:
        """Whether battles were left out because their correctness is not known."""
        return self.with_correctness and self.known < self.given


@dataclass(frozen=True, slots=True)
class Estimates:
    """What the fit found: the controlled and the plain model, their errors, the profiles.

    ``plain`` and ``plain_made`` are None where no two models are compared; ``counts`` (m, d) is the
    number of clusters each model is in, by way.
    """

    fit: BTFit
    made: Sandwich
    plain: BTFit | None
    plain_made: Sandwich | None
    profiles: Profiles
    counts: NDArray[np.int64]
    clustering: Clustering

    def at_parity(self, design: Design, block: str) -> WinRates:
        """Win rates with a block of contrasts set to zero."""
        return parity(design, self.fit, self.made, block)

    def overlap(self, design: Design, block: str = "style") -> Overlap:
        """How far battles reach towards parity of a block."""
        return overlap(design, block_index(design, self.fit.beta, block))

    def standard_information(self, design: Design) -> NDArray[np.float64]:
        """The information of evenly matched battles, (m + k, m + k)."""
        return standard_information(design)
