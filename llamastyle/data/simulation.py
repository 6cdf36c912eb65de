"""Arenas with known truth: votes made from planted strengths, prices of style and of being right.

A response's feature values are drawn on the scale of their log-ratio contrast around its model's
mean and its prompt's shift, so that a model's profile is known exactly. Values are not rounded to
whole counts: rounding would move the means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, Responses
from llamastyle.errors import DataError
from llamastyle.features.feature import FeatureSet, FeatureTable

__all__ = ["Arena", "World", "simulate"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POINTS = 400.0 / np.log(10.0)
DEFAULT_STYLE = {"words": 0.5, "bold": 0.15, "emoji": 0.1}


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
        Mean of log(1 + value) of each model's responses.
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

    @property
    def inflation(self) -> Floats:
        """Style inflation of each model in Arena points, against the unweighted field, shape (m,)."""
        return POINTS * ((self.style - self.style.mean(axis=0)) @ self.price)


@dataclass(frozen=True, slots=True)
class _Drawn:
    prompt: Ints
    voter: Ints
    a: Ints
    b: Ints
    values: tuple[Floats, Floats]
    correct: tuple[Floats, Floats]
    p: Floats
    p_parity: Floats


@dataclass(frozen=True, slots=True, repr=False)
class Arena:
    """Simulated battles beside the truth they were drawn from.

    Attributes
    ----------
    battles : Battles
        With measured features and correctness.
    world : World
        What was planted.

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(500, style={"words": 0.5}, seed=3)
    >>> arena
    Arena(500 battles of 12 models, prices {'words': 0.5})
    >>> arena.truth()[["model", "inflation"]].shape
    (12, 2)
    """

    battles: Battles
    world: World

    def __repr__(self) -> str:
        prices = dict(zip(self.world.features, self.world.price.tolist(), strict=True))
        return f"Arena({len(self.battles)} battles of {len(self.world.models)} models, prices {prices})"

    def truth(self, parity_battles: int = 200_000) -> pd.DataFrame:
        """One row a model: ``model, strength, inflation, parity_change``.

        Parameters
        ----------
        parity_battles : int
            Fresh battles over which the parity change is averaged (its Monte Carlo error is about
            0.1 divided by the square root of a model's share of them).
        """
        world = self.world
        return pd.DataFrame(
            {
                "model": list(world.models),
                "strength": POINTS * (world.strength - world.strength.mean()),
                "inflation": world.inflation,
                "parity_change": parity_changes(world, parity_battles),
            }
        )


def simulate(
    n_battles: int = 4000,
    n_models: int = 12,
    *,
    style: Mapping[str, float] | None = None,
    correctness: float = 1.0,
    strength: float = 0.5,
    style_spread: float = 0.4,
    position: float = 0.0,
    ties: float = 0.3,
    n_prompts: int | None = None,
    n_voters: int | None = None,
    world: World | None = None,
    seed: int = 0,
) -> Arena:
    """Votes with known truth.

    Parameters
    ----------
    n_battles, n_models : int
    style : mapping of feature name to price, optional
        Log-odds per unit of log-ratio; ``{}`` plants none on ``words``.
    correctness : float
        Log-odds of being right against being wrong.
    strength : float
        Standard deviation of the models' strengths, log-odds.
    style_spread : float
        Standard deviation of the models' mean style, in units of log-ratio.
    position : float
        Log-odds for the first side.
    ties : float
        Share in [0, 1] of the possible ties that happen.
    n_prompts, n_voters : int, optional
        How many there are; by default one prompt for four battles and one voter for ten.
    world : World, optional
        Draw from this truth instead of a new one.
    seed : int

    Returns
    -------
    Arena

    Raises
    ------
    DataError
        Fewer than two models or one battle, or ties outside [0, 1].

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.simulate(100, 5, style={"words": 0.0}, seed=1).battles.models
    ('model-01', 'model-02', 'model-03', 'model-04', 'model-05')
    """
    if n_battles < 1 or n_models < 2:
        raise DataError(f"simulate needs at least 1 battle and 2 models, got {n_battles} and {n_models}")
    if not 0 <= ties <= 1:
        raise DataError(f"ties={ties} must lie in [0, 1]")
    rng = np.random.default_rng(seed)
    if world is None:
        prices = DEFAULT_STYLE if style is None else (dict(style) or {"words": 0.0})
        world = _new_world(rng, n_models, prices, strength, style_spread, correctness, position, ties)
    drawn = _draw(
        rng, world, n_battles, n_prompts or max(n_battles // 4, 2), n_voters or max(n_battles // 10, 2)
    )
    return Arena(_vote(rng, world, drawn), world)


def _new_world(
    rng: np.random.Generator,
    m: int,
    prices: Mapping[str, float],
    strength: float,
    style_spread: float,
    correctness: float,
    position: float,
    ties: float,
) -> World:
    features = FeatureSet.of(list(prices))
    k = len(prices)
    lengthy = np.array([f.group == "length" for f in features])
    theta = rng.normal(0, strength, m)
    return World(
        models=tuple(f"model-{i + 1:0{max(len(str(m)), 2)}d}" for i in range(m)),
        features=tuple(features.names),
        strength=theta - theta.mean(),
        style=np.where(lengthy, 5.5, 2.5) + rng.normal(0, style_spread, (m, k)),
        spread=np.where(lengthy, 0.45, 0.5),
        price=np.array([float(prices[name]) for name in features.names]),
        right=rng.normal(0.8, 0.7, m),
        price_right=correctness,
        position=position,
        ties=ties,
        popularity=rng.dirichlet(np.full(m, 8.0)),
    )


def _draw(rng: np.random.Generator, world: World, n: int, n_prompts: int, n_voters: int) -> _Drawn:
    """Battles without votes: a response is drawn once for each model and prompt, and reused."""
    m, k = world.style.shape
    prompt = rng.integers(n_prompts, size=n)
    a = rng.choice(m, size=n, p=world.popularity)
    b = (a + 1 + _other(rng, world, a)) % m
    key, inverse = np.unique(np.concatenate([prompt * m + a, prompt * m + b]), return_inverse=True)
    who, where = key % m, key // m
    shift = rng.normal(0, 1, (n_prompts, k))[where]
    noise = (shift + rng.normal(0, 1, (key.size, k))) / np.sqrt(2.0)
    value = world.style[who] + world.spread * noise
    hard = rng.normal(0, 1.0, n_prompts)[where]
    correct = (rng.random(key.size) < 1 / (1 + np.exp(-(world.right[who] - hard)))).astype(np.float64)
    u, v = value[inverse[:n]], value[inverse[n:]]
    c = correct[inverse[:n]], correct[inverse[n:]]
    rest = world.strength[a] - world.strength[b] + world.price_right * (c[0] - c[1]) + world.position
    p = 1 / (1 + np.exp(-(rest + (u - v) @ world.price)))
    return _Drawn(prompt, rng.integers(n_voters, size=n), a, b, (u, v), c, p, 1 / (1 + np.exp(-rest)))


def _other(rng: np.random.Generator, world: World, a: Ints) -> Ints:
    """An opponent for each a, by popularity among the others, as an offset from a minus one."""
    m = len(world.models)
    b = rng.choice(m, size=a.size, p=world.popularity)
    while (same := a == b).any():
        b[same] = rng.choice(m, size=int(same.sum()), p=world.popularity)
    return (b - a - 1) % m


def _vote(rng: np.random.Generator, world: World, d: _Drawn) -> Battles:
    n = d.p.size
    tie = 2 * world.ties * np.minimum(d.p, 1 - d.p)
    luck = rng.random(n)
    outcome = np.where(luck < d.p - tie / 2, 1.0, np.where(luck < d.p + tie / 2, 0.5, 0.0))
    features = FeatureSet.of(list(world.features))
    rows = np.arange(n), np.arange(n, 2 * n)
    measured = FeatureTable(np.expm1(np.vstack(d.values)), features, rows, {"simulation": "1"})
    responses = Responses(
        texts=pa.nulls(2 * n, pa.large_string()), models=world.models, model=np.concatenate([d.a, d.b])
    )
    battles = Battles(
        responses=responses,
        row_a=rows[0],
        row_b=rows[1],
        models=world.models,
        model_a=d.a,
        model_b=d.b,
        outcome=outcome,
        both_bad=(outcome == 0.5) & (d.correct[0] == 0) & (d.correct[1] == 0),
        weight=np.ones(n),
        columns=pd.DataFrame({"prompt_id": d.prompt, "voter": d.voter}),
        correct_a=d.correct[0],
        correct_b=d.correct[1],
        measured=measured,
    )
    # models that drew no battle are not in the arena
    return (
        battles
        if np.unique(np.concatenate([d.a, d.b])).size == len(world.models)
        else battles.take(np.arange(n))
    )


def parity_changes(world: World, n_battles: int, seed: int = 1) -> Floats:
    """Mean over each model's battles of its win probability minus that at style parity, shape (m,)."""
    m = len(world.models)
    total, weight = np.zeros(m), np.zeros(m)
    for chunk in range(-(-n_battles // 200_000)):
        rng = np.random.default_rng([seed, chunk])
        size = min(200_000, n_battles)
        d = _draw(rng, world, size, size, 2)
        change = d.p - d.p_parity
        total += np.bincount(d.a, change, m) - np.bincount(d.b, change, m)
        weight += np.bincount(d.a, minlength=m) + np.bincount(d.b, minlength=m)
    return total / weight
