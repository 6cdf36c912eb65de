"""What is planted in a simulated arena: strengths, styles, prices, and two versions of one model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from llamastyle.data.answers import DIALS, fewest_words
from llamastyle.errors import DataError
from llamastyle.features.feature import FeatureSet
from llamastyle.options import nearest

__all__ = ["VERSIONS", "Differ", "World", "new_world", "with_versions", "written"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POINTS = 400.0 / np.log(10.0)
DEFAULT_STYLE = {"words": 0.5, "bold": 0.15, "emoji": 0.1}

TEXT_STYLE = {**DEFAULT_STYLE, "headers": 0.1, "list_items": 0.15, "sycophancy": 0.2}
TEXT_MEAN = {"words": 5.0, "headers": 0.6, "list_items": 1.4, "bold": 1.2, "emoji": 0.7, "sycophancy": 0.7}
TEXT_SPREAD = {"words": 0.45, "list_items": 0.7, "bold": 0.7}
MOST = np.array([4000, 50, 200, 200, 200, 50])
"""Bounds on the dials, so that no answer is endless."""

Differ = Literal["style", "substance", "both"]
VERSIONS = ("atlas-experimental", "atlas-release")
"""Two versions of one model."""
SHOWY = {"words": 0.6, "headers": 0.5, "list_items": 0.6, "bold": 0.8, "emoji": 1.0, "sycophancy": 0.9}
SHOWIER = 0.6
"""How far the experimental version is above the release in a feature not in ``SHOWY``, in log(1 + value)."""
STRONGER, MORE_RIGHT = 0.5, 1.0
"""The same for substance: log-odds of winning, and of being right."""

PROFILE_DRAWS = 1 << 16


@dataclass(frozen=True, slots=True)
class World:
    """What is true of every arena drawn from it; m models, k features.

    Attributes
    ----------
    models : tuple of str (m,)
    features : tuple of str (k,)
    strength : float64 (m,)
        Log-odds, mean zero.
    style : float64 (m, k)
        Mean of log(1 + value) of each model's responses; with texts, before it is made a whole count.
    spread : float64 (k,)
        Standard deviation of log(1 + value) within a model, half of its variance from the prompt.
    price : float64 (k,)
        Log-odds per unit of log-ratio.
    right : float64 (m,)
        Log-odds that a response is correct on a prompt of average difficulty.
    price_right : float
        Log-odds for being right against being wrong.
    position : float
        Log-odds for the first side.
    ties : float
        Share of the possible ties that happen: P(tie) = 2 ties min(p, 1 - p), half from each side, so
        that the expected outcome stays p.
    popularity : float64 (m,)
        Chance of a model to be drawn into a battle.
    texts : bool
        Whether responses are texts with whole counts; the features are then `DIALS`.
    """

    models: tuple[str, ...]
    features: tuple[str, ...]
    strength: Floats
    style: Floats
    spread: Floats
    price: Floats
    right: Floats
    price_right: float
    position: float
    ties: float
    popularity: Floats
    texts: bool = False

    @property
    def profile(self) -> Floats:
        """Mean of log(1 + value) of each model's responses as they are, shape (m, k).

        With texts it is an average over 65,536 draws for each model, the same for all models and
        evenly spread in each feature: its error is below 0.001.
        """
        if not self.texts:
            return self.style
        from scipy.special import ndtri

        rows = np.random.default_rng(0).permuted(
            np.tile(np.arange(PROFILE_DRAWS), (len(self.features), 1)), axis=1
        )
        noise = ndtri((rows.T + 0.5) / PROFILE_DRAWS)
        return np.array([np.log1p(written(mean + self.spread * noise)).mean(axis=0) for mean in self.style])

    @property
    def right_rate(self) -> Floats:
        """Chance of each model to be right on a prompt drawn at random, shape (m,)."""
        hard, weight = np.polynomial.hermite_e.hermegauss(60)
        return 1 / (1 + np.exp(hard - self.right[:, None])) @ (weight / weight.sum())

    @property
    def inflation(self) -> Floats:
        """Style inflation of each model in Arena points, against the unweighted field, shape (m,)."""
        profile = self.profile
        return POINTS * ((profile - profile.mean(axis=0)) @ self.price)


def written(value: Floats) -> Ints:
    """Whole counts of answers from log(1 + value), shape (n, 6): as many words as the rest needs, or more."""
    counts = np.rint(np.expm1(np.clip(value, 0.0, np.log1p(MOST)))).astype(np.int64)
    counts[:, 0] = np.maximum(counts[:, 0], fewest_words(counts))
    return counts


def new_world(
    rng: np.random.Generator,
    m: int,
    style: Mapping[str, float] | None,
    *,
    strength: float,
    style_spread: float,
    correctness: float,
    position: float,
    ties: float,
    texts: bool = False,
) -> World:
    """A world with models drawn at random; the arguments are those of `simulate`."""
    if texts:
        features, price, mean, spread = _dialled(TEXT_STYLE if style is None else style)
    else:
        features, price, mean, spread = _measured(
            DEFAULT_STYLE if style is None else (style or {"words": 0.0})
        )
    theta = rng.normal(0, strength, m)
    return World(
        models=tuple(f"model-{i + 1:0{max(len(str(m)), 2)}d}" for i in range(m)),
        features=features,
        strength=theta - theta.mean(),
        style=mean + rng.normal(0, style_spread, (m, len(features))),
        spread=spread,
        price=price,
        right=rng.normal(0.8, 0.7, m),
        price_right=correctness,
        position=position,
        ties=ties,
        popularity=rng.dirichlet(np.full(m, 8.0)),
        texts=texts,
    )


def _measured(prices: Mapping[str, float]) -> tuple[tuple[str, ...], Floats, Floats, Floats]:
    """Features, prices, means and spreads where values are drawn and not counted."""
    features = FeatureSet.of(list(prices))
    lengthy = np.array([f.group == "length" for f in features])
    price = np.array([float(prices[name]) for name in features.names])
    return tuple(features.names), price, np.where(lengthy, 5.5, 2.5), np.where(lengthy, 0.45, 0.5)


def _dialled(prices: Mapping[str, float]) -> tuple[tuple[str, ...], Floats, Floats, Floats]:
    """The same for texts: every dial is turned, and those without a price have the price zero."""
    for name in prices:
        if name not in DIALS:
            raise DataError(
                f"texts have no dial for {name!r}{nearest(name, DIALS)}; there are {', '.join(DIALS)}"
            )
    price = np.array([float(prices.get(name, 0.0)) for name in DIALS])
    mean = np.array([TEXT_MEAN[name] for name in DIALS])
    return DIALS, price, mean, np.array([TEXT_SPREAD.get(name, 0.6) for name in DIALS])


def with_versions(world: World, differ: Differ) -> World:
    """The world with its first two models replaced by two versions of one model.

    Parameters
    ----------
    world : World
    differ : {"style", "substance", "both"}
        In what ``atlas-experimental`` differs from ``atlas-release``: it is longer and showier, or
        stronger and more often right, or both; in everything else the two are the same.
    """
    strength, style, right, popularity = (
        x.copy() for x in (world.strength, world.style, world.right, world.popularity)
    )
    shown, better = differ != "substance", differ != "style"
    style[0] = style[1] + shown * np.array([SHOWY.get(name, SHOWIER) for name in world.features])
    strength[0] = strength[1] + better * STRONGER
    right[0] = right[1] + better * MORE_RIGHT
    m = len(world.models)
    if m > 2:
        popularity[2:] *= (1 - 2 / m) / popularity[2:].sum()
    popularity[:2] = 1 / m
    return replace(
        world,
        models=(*VERSIONS, *world.models[2:]),
        strength=strength - strength.mean(),
        style=style,
        right=right,
        popularity=popularity,
    )
