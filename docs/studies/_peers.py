"""What others would report on the same battles, by their published formulas and default settings.

The formulas are computed with this package's solver on contrasts made here. arena-rank's own package is called
where it is installed, to see that its formula is met; no code of theirs is used otherwise.
"""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import llamastyle as ls
from llamastyle.data.battles import Battles
from llamastyle.regression.bradley_terry import Likelihood, fit_bradley_terry
from llamastyle.regression.design import Column, Design, DesignSpec, model_pairs

__all__ = ["Board", "arena_hard", "arena_rank", "arena_rank_package", "counted", "lmarena", "plain"]

POINTS = 400 / np.log(10)
RIDGE = 0.5
"""LMArena's penalty: half of it times the sum of squares, ratings in units of 400 points included."""
ROUNDS = 100
Z95 = 1.959963984540054
FEATURES = tuple(ls.ARENA_WORDS.names)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard; m models, B bootstrap draws.

    Attributes
    ----------
    models : tuple of str (m,)
    rating : float64 (m,)
        Arena points.
    price : float64 (4,) or None
        Of ``FEATURES``, log-odds per standard deviation of the tool's own contrast.
    draws : float64 (B, m) or None
        Ratings of bootstrap draws.
    variance : float64 (m,) or None
        Of each rating alone.
    level : float
        Of the tool's intervals.
    """

    models: tuple[str, ...]
    rating: Floats
    price: Floats | None = None
    draws: Floats | None = None
    variance: Floats | None = None
    level: float = 0.95

    def gap(self, model: str, other: str) -> tuple[float, float, float]:
        """How far a model is ahead of another, with an interval made of what the tool gives.

        From draws their quantiles; from variances of single ratings as if the two were independent.
        """
        i, j = self.models.index(model), self.models.index(other)
        ahead = float(self.rating[i] - self.rating[j])
        if self.draws is not None:
            tail = (1 - self.level) / 2
            low, high = np.quantile(self.draws[:, i] - self.draws[:, j], [tail, 1 - tail])
            return ahead, float(low), float(high)
        if self.variance is not None:
            half = Z95 * float(np.sqrt(self.variance[i] + self.variance[j]))
            return ahead, ahead - half, ahead + half
        return ahead, np.nan, np.nan


def counted(battles: Battles) -> tuple[Floats, Floats]:
    """Words, headers, list items and bold of side a and of side b, as Arena counts them, (n, 4) each."""
    values = ls.extract(battles, ls.ARENA_WORDS).values
    return values[battles.row_a], values[battles.row_b]


def plain(battles: Battles, seed: int, rounds: int = ROUNDS) -> Board:
    """Bradley-Terry without covariates, battles drawn with replacement for its intervals."""
    design = made(battles, np.empty((len(battles), 0)))
    rating = POINTS * fit_bradley_terry(design).theta
    return Board(battles.models, rating, None, redrawn(design, Likelihood(), seed, rounds)[0])


def lmarena(battles: Battles, seed: int, rounds: int = ROUNDS) -> Board:
    """LMArena's style control, with words in place of tokens; the regression of Arena-Hard v0.1 too.

    Source: lm-sys/FastChat:fastchat/serve/monitor/rating_systems.py, and
    lmarena/arena-hard-auto:utils_math.py, whose ridge on doubled battles is the same.
    """
    theirs = ls.arena_published(battles, ls.ARENA_WORDS)
    rating = theirs.ratings.set_index("model")["rating"][list(battles.models)].to_numpy(float)
    price = theirs.coefficients["estimate"].to_numpy(float)
    if not rounds:
        return Board(battles.models, rating, price)
    u, v = counted(battles)
    design = made(battles, standardised((u - v) / (u + v + 1), ddof=0))
    ridge = np.repeat([RIDGE / np.log(10) ** 2, RIDGE], [len(battles.models), len(FEATURES)])
    return Board(battles.models, rating, price, redrawn(design, Likelihood(ridge=ridge), seed, rounds)[0])


def arena_hard(battles: Battles, seed: int, rounds: int = ROUNDS) -> Board:
    """Arena-Hard v2's style control, with words in place of tokens: medians of its draws.

    The contrast of length is (u - v) / (u + v); those of markdown are of densities, (d - e) / (d + e + 1)
    with d the count over the length (none where the length is 0). There is no penalty.

    Source: lmarena/arena-hard-auto:show_result.py and utils/math_utils.py.
    """
    u, v = counted(battles)
    length = [ratio(u[:, :1] - v[:, :1], u[:, :1] + v[:, :1])]
    d, e = ratio(u[:, 1:], u[:, :1]), ratio(v[:, 1:], v[:, :1])
    design = made(battles, standardised(np.hstack([*length, (d - e) / (d + e + 1)]), ddof=1))
    draws, price = redrawn(design, Likelihood(), seed, rounds)
    return Board(battles.models, np.median(draws, axis=0), np.median(price, axis=0), draws, level=0.9)


def arena_rank(battles: Battles) -> Board:
    """arena-rank's ContextualBradleyTerry by its formulas and defaults, with words in place of tokens.

    The mean log-likelihood, battles weighted by one over their pair's number (at least 50), less half of the sum
    of squared prices; ratings carry no penalty. The relative difference is 0 where both counts are. Its errors
    are of single ratings; their information leaves the penalty out.

    Source: lmarena/arena-rank:arena_rank/models/contextual_bradley_terry.py, examples/example_utils.py.
    """
    x = arena_rank_contrasts(battles)
    design = made(battles, x)
    low, high = np.minimum(design.a, design.b), np.maximum(design.a, design.b)
    _, pair, count = np.unique(low * design.n_models + high, return_inverse=True, return_counts=True)
    w = 1 / np.maximum(count[pair], 50)
    design = replace(design, w=w / w.mean())
    m, n = design.n_models, design.n
    fit = fit_bradley_terry(design, likelihood=Likelihood(ridge=np.repeat([0.0, float(n)], [m, x.shape[1]])))
    z = np.hstack([np.eye(m)[design.a] - np.eye(m)[design.b], x])
    bend = design.w * fit.p * (1 - fit.p)
    inverse = np.linalg.inv((z.T * bend) @ z / n + 1e-5 * np.eye(z.shape[1]))
    beta = np.concatenate([np.zeros(m), fit.beta])
    scores = (z.T * (design.w * (design.y - fit.p)) ** 2) @ z / n - np.outer(beta, beta) / n
    variance = POINTS**2 * np.diag(inverse @ scores @ inverse)[:m] / n
    return Board(battles.models, POINTS * fit.theta, fit.beta, variance=variance)


def arena_rank_package(battles: Battles) -> Board | None:
    """The same from the package itself; None where it is not installed."""
    if importlib.util.find_spec("arena_rank") is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
        from arena_rank.utils.data_utils import ContextualPairDataset

        names = np.array(battles.models, object)
        frame = pd.DataFrame(arena_rank_contrasts(battles), columns=list(FEATURES))
        sides = {"model_a": names[battles.model_a], "model_b": names[battles.model_b], "winner": battles.outcome}
        data = ContextualPairDataset.from_pandas(
            frame.assign(**sides), feature_cols=list(FEATURES), outcome_map=float
        )
        model = ContextualBradleyTerry(n_competitors=len(data.competitors), n_features=len(FEATURES))
        found: dict[str, Any] = model.compute_ratings_and_cis(data, significance_level=0.05)
    order = [list(data.competitors).index(name) for name in battles.models]
    rating, variance = (np.asarray(found[key], float)[order] for key in ("ratings", "variances"))
    return Board(battles.models, rating, np.asarray(found["coeffs"], float), variance=variance)


def arena_rank_contrasts(battles: Battles) -> Floats:
    """Relative differences, centred and scaled, (n, 4)."""
    u, v = counted(battles)
    return standardised(ratio(u - v, u + v), ddof=0)


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Quotients, 0 where the denominator is."""
    return np.divide(top, bottom, out=np.zeros(np.broadcast_shapes(top.shape, bottom.shape)), where=bottom > 0)


def standardised(contrast: Floats, ddof: int) -> Floats:
    """Centred and divided by the standard deviation."""
    return (contrast - contrast.mean(axis=0)) / contrast.std(axis=0, ddof=ddof)


def made(battles: Battles, x: Floats) -> Design:
    """The regression's arrays."""
    columns = tuple(Column(name, "arena", "style", "relative") for name in FEATURES[: x.shape[1]])
    a, b = model_pairs(battles)
    return Design(DesignSpec(columns, battles.models), x, a, b, battles.outcome, np.ones(len(battles)))


def redrawn(design: Design, likelihood: Likelihood, seed: int, rounds: int) -> tuple[Floats, Floats]:
    """Ratings and prices of refits on battles drawn with replacement, (rounds, m) and (rounds, k)."""
    rng = np.random.default_rng([seed, 7])
    draws = rng.integers(design.n, size=(rounds, design.n))
    whole = fit_bradley_terry(design, likelihood=likelihood)
    start = np.concatenate([whole.theta, whole.beta])
    fits = [fit_bradley_terry(design.take(rows), start, likelihood) for rows in draws]
    return POINTS * np.array([fit.theta for fit in fits]), np.array([fit.beta for fit in fits])
