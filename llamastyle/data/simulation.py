"""Arenas with known truth: votes made from planted strengths, prices of style and of being right.

A response's feature values are drawn on the scale of their log-ratio contrast around its model's
mean and its prompt's shift, so that a model's profile is known exactly. Without texts, values are
not rounded to whole counts, for that would move the means. With texts, the counts are whole, votes
are made from them, and the truth is that of the counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from llamastyle.data.answers import write_answers
from llamastyle.data.battles import Battles, Responses
from llamastyle.data.lmarena_files import write_lmarena
from llamastyle.data.questions import write_questions
from llamastyle.data.worlds import POINTS, VERSIONS, Differ, World, new_world, with_versions, written
from llamastyle.errors import DataError
from llamastyle.features.feature import FeatureSet, FeatureTable
from llamastyle.options import check_option, nearest

__all__ = ["VERSIONS", "Arena", "World", "simulate"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Battles without votes; n battles, r responses.

    Attributes
    ----------
    prompt, voter, a, b : int64 (n,)
    rows : pair of int64 (n,)
        The responses on side a and on side b.
    model, asked : int64 (r,)
        Who wrote each response, to which prompt.
    value : float64 (r, k)
        log(1 + value) of its features.
    right : float64 (r,)
    p, p_parity : float64 (n,)
        Chance that side a wins, as it is and with style equal on both sides.
    """

    prompt: Ints
    voter: Ints
    a: Ints
    b: Ints
    rows: tuple[Ints, Ints]
    model: Ints
    asked: Ints
    value: Floats
    right: Floats
    p: Floats
    p_parity: Floats


@dataclass(frozen=True, slots=True, repr=False)
class Arena:
    """Simulated battles beside the truth they were drawn from.

    Attributes
    ----------
    battles : Battles
        With measured features or texts, and correctness.
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

    def gap(self, model: str, other: str) -> pd.DataFrame:
        """What one model is ahead of another by, in Arena points.

        Returns
        -------
        pandas.DataFrame
            ``block, term, planted``: strength, style, style by feature, correctness, and their total.
        """
        world = self.world
        for name in (model, other):
            if name not in world.models:
                raise DataError(f"there is no model {name!r} in this arena{nearest(name, world.models)}")
        i, j = world.models.index(model), world.models.index(other)
        profile, rate = world.profile, world.right_rate
        strength = POINTS * float(world.strength[i] - world.strength[j])
        style = POINTS * (profile[i] - profile[j]) * world.price
        right = POINTS * world.price_right * float(rate[i] - rate[j])
        rows = [("strength", "", strength), ("style", "", float(style.sum()))]
        rows += [("style", name, value) for name, value in zip(world.features, style.tolist(), strict=True)]
        rows += [("correctness", "", right), ("total", "", strength + float(style.sum()) + right)]
        return pd.DataFrame(rows, columns=["block", "term", "planted"])

    def save_lmarena(self, folder: str | Path, *, shards: int = 7) -> list[Path]:
        """Write the battles in the schema of LMArena's arena-human-preference-140k, as parquet shards.

        The texts, votes and sessions are the arena's; tokens are words x 4/3, rounded; categories,
        languages and times are labels drawn at random, and every text is English. Every file is marked as
        simulated, which `read_battles` says in the notes. The schema has no place for correctness: it is
        written beside, for ``correctness=``.

        Parameters
        ----------
        folder : str or Path
            Made if it is not there; gets ``data/train-00000-of-00007.parquet`` and so on, and
            ``correctness.parquet`` (``prompt_id, model, correct``; the text of a prompt is its id).
        shards : int
            How many files the battles are in.

        Returns
        -------
        list of Path
            The shards, then the file of correctness.

        Raises
        ------
        DataError
            An arena without texts, more shards than battles, or other parquet files in the folder.

        Examples
        --------
        >>> import tempfile
        >>> import llamastyle as ls
        >>> arena = ls.simulate(60, 4, texts=True, versions="style", seed=1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     made = arena.save_lmarena(folder, shards=2)
        ...     battles = ls.read_battles(f"{folder}/data/*.parquet", correctness=made[-1])
        >>> battles.notes[0]
        'simulated by llamastyle: no votes of people'
        """
        return write_lmarena(self, folder, shards)


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
    texts: bool = False,
    versions: Differ | None = None,
    world: World | None = None,
    seed: int = 0,
) -> Arena:
    """Votes with known truth.

    Parameters
    ----------
    n_battles, n_models : int
    style : mapping of feature name to price, optional
        Log-odds per unit of log-ratio; ``{}`` plants none. With texts: of any of ``words, headers,
        list_items, bold, emoji, sycophancy``.
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
    texts : bool
        Write prompts and answers, whose counts are whole and exactly what is planted, instead of
        handing in measured features. An answer states a fact, and is correct if the fact is right.
    versions : {"style", "substance", "both"}, optional
        Make the first two models two versions of one model, ``atlas-experimental`` and
        ``atlas-release``, that differ in this only.
    world : World, optional
        Draw from this truth instead of a new one; it knows whether there are texts.
    seed : int

    Returns
    -------
    Arena

    Raises
    ------
    DataError
        Fewer than two models or one battle, ties outside [0, 1], a feature that texts have no dial
        for, or texts or versions asked of a world without them.

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.simulate(100, 5, style={"words": 0.0}, seed=1).battles.models
    ('model-01', 'model-02', 'model-03', 'model-04', 'model-05')
    >>> arena = ls.simulate(100, 5, texts=True, versions="style", seed=1)
    >>> arena.battles.models[:2]
    ('atlas-experimental', 'atlas-release')
    >>> gap = arena.gap("atlas-experimental", "atlas-release").query("term == ''")
    >>> dict(zip(gap["block"], gap["planted"].round(1)))
    {'strength': 0.0, 'style': 143.9, 'correctness': 0.0, 'total': 143.9}
    """
    if n_battles < 1 or n_models < 2:
        raise DataError(f"simulate needs at least 1 battle and 2 models, got {n_battles} and {n_models}")
    if not 0 <= ties <= 1:
        raise DataError(f"ties={ties} must lie in [0, 1]")
    for name, value in {"seed": seed, "strength": strength, "style_spread": style_spread}.items():
        if not value >= 0:
            raise DataError(f"{name}={value} must not be negative")
    for name, value in {"n_prompts": n_prompts, "n_voters": n_voters}.items():
        if value is not None and value < 1:
            raise DataError(f"{name}={value} must be at least 1")
    if not np.isfinite([*(style or {}).values(), correctness, position]).all():
        raise DataError("prices of style, correctness and position must be finite numbers")
    if world is not None and (versions is not None or (texts and not world.texts)):
        raise DataError("a world is what it is: ask for texts and versions when it is made, without world=")
    rng = np.random.default_rng(seed)
    if world is None:
        world = new_world(
            rng,
            n_models,
            style,
            strength=strength,
            style_spread=style_spread,
            correctness=correctness,
            position=position,
            ties=ties,
            texts=texts,
        )
    if versions is not None:
        check_option("versions", versions, Differ)
        world = with_versions(world, versions)
    drawn = _draw(
        rng, world, n_battles, n_prompts or max(n_battles // 4, 2), n_voters or max(n_battles // 10, 2)
    )
    return Arena(_vote(rng, world, drawn), world)


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
    if world.texts:
        value = np.log1p(written(value))
    hard = rng.normal(0, 1.0, n_prompts)[where]
    correct = (rng.random(key.size) < 1 / (1 + np.exp(-(world.right[who] - hard)))).astype(np.float64)
    row_a, row_b = inverse[:n], inverse[n:]
    rest = world.strength[a] - world.strength[b] + world.price_right * (correct[row_a] - correct[row_b])
    rest += world.position
    p = 1 / (1 + np.exp(-(rest + (value[row_a] - value[row_b]) @ world.price)))
    parity = 1 / (1 + np.exp(-rest))
    voter = rng.integers(n_voters, size=n)
    return _Drawn(prompt, voter, a, b, (row_a, row_b), who, where, value, correct, p, parity)


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
    responses, measured, prompts = (_written if world.texts else _measured)(rng, world, d)
    rows = d.rows if measured is None or measured.rows is None else measured.rows
    correct = d.right[d.rows[0]], d.right[d.rows[1]]
    battles = Battles(
        responses=responses,
        row_a=rows[0],
        row_b=rows[1],
        models=world.models,
        model_a=d.a,
        model_b=d.b,
        outcome=outcome,
        both_bad=(outcome == 0.5) & (correct[0] == 0) & (correct[1] == 0),
        weight=np.ones(n),
        columns=pd.DataFrame({"prompt_id": d.prompt, **prompts, "voter": d.voter}),
        correct_a=correct[0],
        correct_b=correct[1],
        measured=measured,
    )
    # models that drew no battle are not in the arena
    return (
        battles
        if np.unique(np.concatenate([d.a, d.b])).size == len(world.models)
        else battles.take(np.arange(n))
    )


_Parts = tuple[Responses, FeatureTable | None, dict[str, NDArray[np.object_]]]


def _measured(rng: np.random.Generator, world: World, d: _Drawn) -> _Parts:
    """Responses without texts, and their features: the n of side a, then the n of side b."""
    n = d.p.size
    rows = np.arange(n), np.arange(n, 2 * n)
    values = np.expm1(d.value[np.concatenate(d.rows)])
    measured = FeatureTable(values, FeatureSet.of(list(world.features)), rows, {"simulation": "1"})
    texts = pa.nulls(2 * n, pa.large_string())
    return Responses(texts=texts, models=world.models, model=np.concatenate([d.a, d.b])), measured, {}


def _written(rng: np.random.Generator, world: World, d: _Drawn) -> _Parts:
    """Each response once, as a text, and the prompts of the battles."""
    asked, which = np.unique(d.asked, return_inverse=True)
    questions = write_questions(asked.size, rng)
    dials = np.rint(np.expm1(d.value)).astype(np.int64)
    texts = write_answers(questions, which, d.right == 1, dials, rng)
    prompts = np.array([question.prompt for question in questions], object)
    responses = Responses(
        texts=pa.array(texts, pa.large_string()),
        models=world.models,
        model=d.model,
        prompt_id=d.asked,
        correct=d.right,
    )
    return responses, None, {"prompt": prompts[np.searchsorted(asked, d.prompt)]}


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
