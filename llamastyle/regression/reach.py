"""How the error of an inflation moves with the inflation itself, and the error that finds it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from llamastyle.regression.decomposition import POINTS
from llamastyle.regression.design import Design
from llamastyle.regression.estimates import Estimates

__all__ = ["Reach", "price_errors", "target_error"]

Floats = NDArray[np.float64]

VAGUE = 0.5
UNKNOWN = "planned with today's error: prices of style are too uncertain to say how it grows with inflation"


@dataclass(frozen=True, slots=True)
class Reach:
    """What there is to plan from; m models.

    Attributes
    ----------
    models : tuple of str (m,)
    battles : int64 (m,)
    arena : int
        Battles in the fit.
    inflation, std_error, from_prices : float64 (m,)
        Arena points; ``from_prices`` is the part of the error that the prices bring. NaN where the model
        cannot be tested.
    price_error : float
        Standard error of an inflation that is due to the prices, as a share of the inflation: root mean
        square over the field. Above ``VAGUE`` the prices say nothing of how errors grow.
    note : tuple of str (m,)
        Why a model cannot be tested.
    """

    models: tuple[str, ...]
    battles: NDArray[np.int64]
    arena: int
    inflation: Floats
    std_error: Floats
    from_prices: Floats
    price_error: float
    note: tuple[str, ...]

    def error_at(self, inflation: float) -> Floats:
        """Standard error with the battles there are if the inflation were of this size, (m,).

        Another inflation is another profile at the same prices: what these bring to the error falls with
        the model's own profile, and grows as it does in the field.
        """
        if self.price_error > VAGUE:
            return self.std_error
        grown = self.price_error**2 * np.maximum(inflation**2 - self.inflation**2, 0.0)
        smaller = np.minimum(abs(inflation) / np.maximum(np.abs(self.inflation), abs(inflation)), 1.0)
        return np.sqrt(self.std_error**2 - self.from_prices**2 * (1.0 - smaller**2) + grown)

    def notes(self) -> list[str]:
        """Why something is blank, or what a plan rests on, (m,)."""
        vague = UNKNOWN if self.price_error > VAGUE else ""
        return [note or vague for note in self.note]


def target_error(inflation: float, margin: float, level: float, power: float) -> float:
    """The standard error at which an inflation is found with the given power, Arena points."""
    return float((abs(inflation) - margin) / (ndtri(1 - level / 2) + ndtri(power)))


def price_errors(design: Design, est: Estimates, reference: int | None) -> tuple[Floats, float]:
    """Error of each model's inflation due to the prices, Arena points, (m,), and its size beside the inflations.

    The second is the root of summed squared errors over summed squared inflations of the field; infinite
    without any.
    """
    m = design.n_models
    style = design.spec.block("style")
    profile, rows = est.profiles.pi[:, style], m + style
    cov = est.made.cov[np.ix_(rows, rows)]
    squared = float(((profile @ est.fit.beta[style]) ** 2).sum())
    share = float(np.sqrt(_spread(profile, cov).sum() / squared)) if squared > 0 else np.inf
    own = profile - (0.0 if reference is None else profile[reference])
    return POINTS * np.sqrt(_spread(own, cov)), share


def _spread(profile: Floats, cov: Floats) -> Floats:
    """Variance of each row's product with the prices, (m,)."""
    return np.asarray(np.einsum("mj,jk,mk->m", profile, cov, profile), dtype=np.float64)
