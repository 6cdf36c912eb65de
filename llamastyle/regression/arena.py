"""LMArena's style control as its code computes it: centred contrasts and a penalty, to match its tables only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from llamastyle.data.battles import Battles, with_texts
from llamastyle.errors import FitError
from llamastyle.features.catalog import ARENA
from llamastyle.features.extraction import extract
from llamastyle.regression.bradley_terry import Likelihood, fit_bradley_terry
from llamastyle.regression.decomposition import POINTS
from llamastyle.regression.design import Column, Design, DesignSpec, model_pairs

if TYPE_CHECKING:
    from llamastyle.features.feature import FeatureSet

__all__ = ["ArenaPublished", "arena_published"]

BASELINE, BASELINE_RATING = "mixtral-8x7b-instruct-v0.1", 1114.0
PENALTY = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ArenaPublished:
    """What LMArena's published code makes of some battles; no intervals, as it gives none for prices.

    Attributes
    ----------
    ratings : pandas.DataFrame
        ``model, rating_plain, rating`` in Arena points, best ``rating`` first.
    coefficients : pandas.DataFrame
        ``term, estimate``: log-odds per standard deviation of the centred contrast.

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.arena_published(ls.simulate(2000, 6, texts=True, seed=1).battles, ls.ARENA_WORDS)
    ArenaPublished(6 models, 4 features)
    """

    ratings: pd.DataFrame
    coefficients: pd.DataFrame

    def __repr__(self) -> str:
        return f"ArenaPublished({len(self.ratings)} models, {len(self.coefficients)} features)"


def arena_published(battles: Battles | Any, features: FeatureSet | Any = ARENA) -> ArenaPublished:
    """Ratings and style coefficients as LMArena's published code computes them.

    Contrasts are (a - b) / (a + b + 1), centred and divided by their standard deviation; all parameters,
    ratings in units of 400 points included, carry a ridge penalty of 0.25 times their square against the
    log-likelihood summed over battles; ties are half a win. Centring makes the answer depend on which side
    is called a: use `fit` for everything but matching their tables. Every battle counts for one; weights
    are not used.

    Parameters
    ----------
    battles : Battles or anything `read_battles` reads
        With token counts, or hand in `ARENA_WORDS`.
    features : preset or list of names
        By default `ARENA`.

    Returns
    -------
    ArenaPublished

    Raises
    ------
    FitError
        Fewer than two named models, or a feature that does not vary.

    Notes
    -----
    Source: lm-sys/FastChat:fastchat/serve/monitor/rating_systems.py, ``compute_style_control`` and
    ``compute_bt``. Ratings are anchored at 1114 for mixtral-8x7b-instruct-v0.1 where it is there, else at
    1000 for the mean.

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(2000, 6, texts=True, seed=1)
    >>> theirs = ls.arena_published(arena.battles, ls.ARENA_WORDS)
    >>> theirs.ratings.columns.tolist(), theirs.coefficients["term"].tolist()
    (['model', 'rating_plain', 'rating'], ['words', 'arena_headers', 'arena_lists', 'arena_bold'])
    """
    if not isinstance(battles, Battles):
        from llamastyle.data.readers import read_battles

        battles = read_battles(battles)
    battles, _ = with_texts(battles.filter(battles.rated))
    if len(battles.models) < 2:
        raise FitError("arena_published needs battles between at least two named models")
    table = extract(battles, features)
    u, v = table.values[battles.row_a], table.values[battles.row_b]
    contrast = (u - v) / (u + v + 1.0)
    spread = contrast.std(axis=0)
    if (flat := np.flatnonzero(spread == 0)).size:
        raise FitError(f"feature {table.names[int(flat[0])]!r} does not vary over these battles; leave it out")
    x = (contrast - contrast.mean(axis=0)) / spread
    columns = tuple(Column(name, "arena", "style", "relative") for name in table.names)
    a, b = model_pairs(battles)
    design = Design(DesignSpec(columns, battles.models), x, a, b, battles.outcome, np.ones(len(battles)))
    m = len(battles.models)
    ridge = np.concatenate([np.full(m, PENALTY / np.log(10.0) ** 2), np.full(len(columns), PENALTY)])
    plain = fit_bradley_terry(design.plain()).theta
    fitted = fit_bradley_terry(design, likelihood=Likelihood(ridge=ridge))
    ratings = pd.DataFrame(
        {
            "model": list(battles.models),
            "rating_plain": _anchored(plain, battles.models),
            "rating": _anchored(fitted.theta, battles.models),
        }
    ).sort_values(["rating", "model"], ascending=[False, True], ignore_index=True)
    return ArenaPublished(ratings, pd.DataFrame({"term": list(table.names), "estimate": fitted.beta}))


def _anchored(theta: np.ndarray, models: tuple[str, ...]) -> np.ndarray:
    ratings = 1000.0 + POINTS * theta
    return ratings + (BASELINE_RATING - ratings[models.index(BASELINE)]) if BASELINE in models else ratings
