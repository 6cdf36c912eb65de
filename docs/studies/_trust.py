"""The arenas of the study `trust`: designs drawn directly, in which what is asked about is planted or absent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from llamastyle.regression.design import Column, Design, DesignSpec

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

USUAL, SPREAD = 5.5, 0.7  # mean and standard deviation of log(1 + words)


@dataclass(frozen=True, slots=True)
class Setting:
    """How an arena is drawn.

    Attributes
    ----------
    votes, prompts, features, models : int
        Prompts are the clusters.
    price : float
        Log-odds of the first feature per unit of its contrast; of the second, half of it; the others have none.
    tails : str
        Of the features: ``normal``; ``heavy``, where lengths have Student's t with 3 degrees of freedom and
        every second feature is a count that is zero in nine answers of ten.
    uneven : bool
        Whether some prompts have many more votes than others.
    alike : float
        In [0, 1): how far votes on a prompt share their luck, through who stands in front in the first feature.
    suits : float
        Standard deviation of how well a prompt suits a model, log-odds; it is in no column.
    slopes : float
        Standard deviation between prompts of every feature's price, log-odds.
    most : float
        Length above which more makes no difference.
    """

    votes: int = 2000
    prompts: int = 400
    features: int = 3
    models: int = 8
    price: float = 0.4
    tails: str = "normal"
    uneven: bool = False
    alike: float = 0.0
    suits: float = 0.0
    slopes: float = 0.0
    most: float = np.inf


def answer_style(at: Setting, rng: np.random.Generator, model: Ints, prompt: Ints) -> Floats:
    """Features of answers, whose prompt says half of what is left beside their model, (answers, k)."""
    k = at.features
    profile = rng.normal(0, 0.4, (at.models, k))
    shared, own = rng.normal(size=(at.prompts, k))[prompt], rng.normal(size=(model.size, k))
    if at.tails == "normal":
        return USUAL + profile[model] + SPREAD * (shared + own) / np.sqrt(2)
    own = own * np.sqrt(3 / rng.chisquare(3, (model.size, k))) / np.sqrt(3)
    value = np.log1p(np.rint(np.exp(np.minimum(USUAL + profile[model] + SPREAD * (shared + own) / np.sqrt(2), 12.0))))
    rare = rng.random((model.size, k)) < 0.1 * np.exp(profile[model])
    counts = np.log1p(rng.geometric(0.3, (model.size, k)))
    value[:, 1::2] = np.where(rare, counts, 0.0)[:, 1::2]
    return value


def arena(at: Setting, seed: list[int]) -> Design:
    """Votes of a setting: style columns, correctness, clusters by prompt; ties are half wins."""
    rng = np.random.default_rng(seed)
    n, m, k = at.votes, at.models, at.features
    share = rng.gamma(0.7, size=at.prompts) if at.uneven else np.ones(at.prompts)
    prompt = rng.choice(at.prompts, size=n, p=share / share.sum())
    a = rng.integers(m, size=n)
    b = (a + 1 + rng.integers(m - 1, size=n)) % m
    key, row = np.unique(np.concatenate([prompt * m + a, prompt * m + b]), return_inverse=True)
    model, where = key % m, key // m
    value = answer_style(at, rng, model, where)
    right = (rng.random(key.size) < expit(rng.normal(0.5, 0.5, m)[model] - rng.normal(size=at.prompts)[where])) * 1.0
    rows = row[:n], row[n:]
    x = value[rows[0]] - value[rows[1]]
    felt = value.copy()
    felt[:, 0] = np.minimum(felt[:, 0], at.most)
    price = np.zeros(k)
    price[:2] = at.price, at.price / 2
    prices = price + at.slopes * rng.normal(size=(at.prompts, k))[prompt]
    theta, suits = rng.normal(0, 0.5, m), at.suits * rng.normal(size=(at.prompts, m))
    c = right[rows[0]] - right[rows[1]]
    eta = theta[a] - theta[b] + suits[prompt, a] - suits[prompt, b] + c
    eta += ((felt[rows[0]] - felt[rows[1]]) * prices).sum(axis=1)
    shared = np.sign(x[:, 0]) * rng.normal(size=at.prompts)[prompt]
    luck = ndtr(np.sqrt(at.alike) * shared + np.sqrt(1 - at.alike) * rng.normal(size=n))
    p = expit(eta)
    tie = 0.3 * np.minimum(p, 1 - p)
    y = np.where(luck < p - tie, 1.0, np.where(luck < p + tie, 0.5, 0.0))
    cluster = np.unique(prompt, return_inverse=True)[1].astype(np.int64)
    return with_scales(x, c, a, b, y, m, cluster)


def with_scales(x: Floats, c: Floats, a: Ints, b: Ints, y: Floats, m: int, cluster: Ints) -> Design:
    """A design of contrasts in style and correctness, each divided by its root mean square."""
    scale, unit = np.sqrt((x**2).mean(axis=0)), float(np.sqrt((c**2).mean()))
    columns = [Column(f"s{j}", "style", "style", "log_ratio", float(scale[j])) for j in range(x.shape[1])]
    columns.append(Column("correctness", "correctness", "correctness", "difference", unit))
    spec = DesignSpec(tuple(columns), tuple(f"model-{i}" for i in range(m)))
    return Design(spec, np.column_stack([x / scale, c / unit]), a, b, y, np.ones(y.size), cluster)


@dataclass(frozen=True, slots=True)
class Answered:
    """Votes for being right alone, where longer answers are right more often, and labels that err.

    Attributes
    ----------
    design : Design
        With the labels as they are.
    label, words, model : float64, float64, int64 (answers,)
    rows : two int64 (n,)
        Answers of the two sides.
    """

    design: Design
    label: Floats
    words: Floats
    model: Ints
    rows: tuple[Ints, Ints]


def answered(rate: float, votes: int, prompts: int, models: int, right: float, seed: list[int]) -> Answered:
    """Battles between answers, each label wrong with probability ``rate`` in all battles of its answer."""
    rng = np.random.default_rng(seed)
    theta, long, able = (rng.normal(mean, sd, models) for mean, sd in ((0, 0.5), (0, 0.4), (0.5, 0.6)))
    prompt, a = rng.integers(prompts, size=votes), rng.integers(models, size=votes)
    b = (a + 1 + rng.integers(models - 1, size=votes)) % models
    key, at = np.unique(np.concatenate([prompt * models + a, prompt * models + b]), return_inverse=True)
    model, where = key % models, key // models
    words = long[model] + 0.64 * (rng.normal(size=prompts)[where] + rng.normal(size=key.size))
    correct = (rng.random(key.size) < expit(able[model] + 0.8 * words - rng.normal(size=prompts)[where])) * 1.0
    rows = at[:votes], at[votes:]
    y = (rng.random(votes) < expit(theta[a] - theta[b] + right * (correct[rows[0]] - correct[rows[1]]))) * 1.0
    label = np.where(rng.random(key.size) < rate, 1 - correct, correct)
    cluster = np.unique(prompt, return_inverse=True)[1].astype(np.int64)
    x, c = words[rows[0]] - words[rows[1]], label[rows[0]] - label[rows[1]]
    return Answered(with_scales(x[:, None], c, a, b, y, models, cluster), label, words, model, rows)
