"""The planted worlds of the study `worlds`: what is planted, drawn and read.

Responses come from `simulate`; who is right, the labels and the votes are drawn here, so that being right can
go with length, length can stop mattering, and votes on one prompt are alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

import llamastyle as ls
from docs.studies import PARTIAL, Progress, resumable
from llamastyle.data.battles import Battles
from llamastyle.data.simulation import Arena, World
from llamastyle.features.feature import FeatureTable
from llamastyle.regression.detector import detect
from llamastyle.regression.frames import centred_covariance
from llamastyle.regression.inference import interval
from llamastyle.regression.label_rates import Rules, battle_labels, figures
from llamastyle.regression.planted import planted_prices

NAME = "worlds"
ARENAS, BATTLES, MODELS, PROMPTS = 2000, 2000, 8, 400
FEATURES = {"words": 0.5, "bold": 0.2, "emoji": 0.0}
WORLD_SEED, ALIKE, WRONG = 11, 0.5, 0.1
USUAL_WORDS, SPREAD_WORDS = 5.5, 0.45  # mean and standard deviation within a model of log(1 + words)
DRAWS = 30  # of 200,000 battles, for the truth of parity changes
MARGIN, LEVEL, NO_MARGIN = 20.0, 0.05, 1e-9
POINTS = 400 / np.log(10)

AS_IT_IS, IGNORED, UNMEASURED = "as it is", "prompts ignored", "correctness not measured"
AS_LABELLED, CORRECTED = "wrong labels as they are", "wrong labels corrected"
CAPPED, FIRTH = "length capped there", "with Firth's penalty"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planted.

    Attributes
    ----------
    style : tuple of float (3,)
        Prices of ``words, bold, emoji``, log-odds per unit of log-ratio.
    right : float
        Log-odds for being right.
    leaning : float
        Log-odds of being right per standard deviation of a response's length.
    most : float
        Length, as log(1 + words), above which more makes no difference.
    strengths : bool
        Whether models differ in strength.
    wrong : bool
        Whether one label in ten is wrong.
    readings : tuple of str
    """

    style: tuple[float, float, float] = (0.5, 0.2, 0.0)
    right: float = 1.5
    leaning: float = 0.0
    most: float = np.inf
    strengths: bool = True
    wrong: bool = False
    readings: tuple[str, ...] = (AS_IT_IS,)


NO_STYLE = (0.0, 0.0, 0.0)
WORLDS = {
    "style only": Plan(right=0.0),
    "correctness only": Plan(NO_STYLE, readings=(AS_IT_IS, FIRTH)),
    "both, independent": Plan(readings=(AS_IT_IS, IGNORED)),
    "both, correlated": Plan(leaning=1.5, readings=(AS_IT_IS, UNMEASURED)),
    "longer really is better": Plan(NO_STYLE, leaning=1.5, readings=(AS_IT_IS, UNMEASURED)),
    "longer really is better, 10 % of labels wrong": Plan(
        NO_STYLE, leaning=1.5, wrong=True, readings=(AS_LABELLED, CORRECTED)
    ),
    "nothing": Plan(NO_STYLE, right=0.0, strengths=False),
    "length matters below a threshold": Plan((1.0, 0.2, 0.0), most=USUAL_WORDS, readings=(AS_IT_IS, CAPPED)),
}


def fit_world(name: str, progress: Progress) -> list[dict[str, Any]]:
    """Everything that was found in the arenas of one world, kept as it comes."""
    plan, place = WORLDS[name], list(WORLDS).index(name)
    settings = [repr(plan), BATTLES, MODELS, PROMPTS, WORLD_SEED, ALIKE, WRONG]
    base = ls.simulate(BATTLES, MODELS, style=FEATURES, seed=WORLD_SEED).world
    world = replace(
        base, price=np.array(plan.style), price_right=plan.right, strength=base.strength * float(plan.strengths)
    )

    def change(chunk: int) -> list[list[float]]:
        return parity_parts(plan, world, chunk)

    draws = DRAWS if any(plan.style) else 1
    sums = np.array(
        resumable(f"{NAME}-{place}-truth", range(draws), change, lambda *_: None, settings=settings, folder=PARTIAL)
    ).sum(axis=0)
    truth = {
        "strength": world.strength,
        "inflation": planted_inflation(plan, world),
        "parity change": sums[0] / sums[1],
    }

    def one(number: int) -> dict[str, Any]:
        arena = draw(plan, world, 1_000_000 * (place + 1) + number)
        return {reading: read(plan, arena, truth, reading) for reading in plan.readings}

    keys = range(1, ARENAS + 1)
    return resumable(f"{NAME}-{place}", keys, one, progress, settings=[*settings, DRAWS], folder=PARTIAL)


# -- drawing ---------------------------------------------------------------------------------------


def eta_parts(plan: Plan, arena: Arena, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Who is right on sides a and b, and the log-odds from style and from everything else, (n,) each."""
    battles, world = arena.battles, arena.world
    assert battles.measured is not None
    prompt, m = battles.columns["prompt_id"].to_numpy(), len(world.models)
    hard, luck = rng.normal(size=prompt.max() + 1), rng.random((prompt.max() + 1, m))
    style, right = [], []
    for model, values in zip((battles.model_a, battles.model_b), battles.measured.sides(), strict=True):
        x = np.log1p(values)
        lean = plan.leaning * (x[:, 0] - USUAL_WORDS) / SPREAD_WORDS
        right.append((luck[prompt, model] < expit(world.right[model] - hard[prompt] + lean)).astype(float))
        x[:, 0] = np.minimum(x[:, 0], plan.most)
        style.append(x @ world.price)
    rest = world.strength[battles.model_a] - world.strength[battles.model_b] + plan.right * (right[0] - right[1])
    return right[0], right[1], style[0] - style[1], rest


def draw(plan: Plan, world: World, seed: int) -> Arena:
    """An arena of a world: responses of `simulate`, votes that are alike within a prompt, labels."""
    arena = ls.simulate(BATTLES, MODELS, style=FEATURES, n_prompts=PROMPTS, world=world, seed=seed)
    battles, rng = arena.battles, np.random.default_rng([WORLD_SEED, seed])
    right_a, right_b, style, rest = eta_parts(plan, arena, rng)
    p = expit(style + rest)
    outcome = vote(p, world.ties, battles, rng)
    if plan.wrong:
        prompt = battles.columns["prompt_id"].to_numpy()
        turned = (rng.random((PROMPTS, MODELS)) < WRONG).astype(float)
        right_a = np.abs(right_a - turned[prompt, battles.model_a])
        right_b = np.abs(right_b - turned[prompt, battles.model_b])
    bad = (outcome == 0.5) & (right_a == 0) & (right_b == 0)
    columns = battles.columns.drop(columns="voter")
    drawn = replace(battles, outcome=outcome, both_bad=bad, correct_a=right_a, correct_b=right_b, columns=columns)
    return Arena(drawn, world)


def vote(p: Floats, ties: float, battles: Battles, rng: np.random.Generator) -> Floats:
    """Outcomes with mean p, alike where battles of one prompt have a model in common."""
    prompt = battles.columns["prompt_id"].to_numpy()
    suits = rng.normal(size=(prompt.max() + 1, len(battles.models)))
    shared = (suits[prompt, battles.model_a] - suits[prompt, battles.model_b]) / np.sqrt(2)
    luck = ndtr(-np.sqrt(ALIKE) * shared - np.sqrt(1 - ALIKE) * rng.normal(size=p.size))
    tie = ties * np.minimum(p, 1 - p)
    return np.where(luck < p - tie, 1.0, np.where(luck < p + tie, 0.5, 0.0))


def planted_inflation(plan: Plan, world: World) -> Floats:
    """Mean part of style in each model's votes against the field's, in Arena points, shape (m,)."""
    mean = world.style.copy()
    if np.isfinite(plan.most):  # of a normal variable cut at the top
        z = (plan.most - mean[:, 0]) / world.spread[0]
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        mean[:, 0] = mean[:, 0] * ndtr(z) - world.spread[0] * density + plan.most * ndtr(-z)
    return POINTS * ((mean - mean.mean(axis=0)) @ world.price)


def parity_parts(plan: Plan, world: World, chunk: int) -> list[list[float]]:
    """Sums of each model's change of win probability through style over fresh battles, and their numbers."""
    n, m = 200_000, len(world.models)
    arena = ls.simulate(n, m, style=FEATURES, n_prompts=n, world=world, seed=500_000 + chunk)
    *_, style, rest = eta_parts(plan, arena, np.random.default_rng([WORLD_SEED, 2, chunk]))
    change, battles = expit(style + rest) - expit(rest), arena.battles
    total = np.bincount(battles.model_a, change, m) - np.bincount(battles.model_b, change, m)
    count = np.bincount(battles.model_a, minlength=m) + np.bincount(battles.model_b, minlength=m)
    return [total.tolist(), count.tolist()]


# -- reading ---------------------------------------------------------------------------------------


def read(plan: Plan, arena: Arena, truth: dict[str, Floats], reading: str) -> dict[str, Any]:
    """Planted, found and flagged in one arena; ``failed`` alone where there is no estimate."""
    result = ls.fit(
        arena.battles,
        capped(arena.battles, plan.most) if reading == CAPPED else None,
        vcov="robust" if reading == IGNORED else "auto",
        correctness="ignore" if reading == UNMEASURED else "auto",
        penalty="firth" if reading == FIRTH else None,
    )
    assert result.design is not None
    assert result.estimates is not None
    prices = planted_prices(arena, result)
    if reading == AS_IT_IS and np.isfinite(plan.most):  # style has no price
        prices = prices[prices["term"] == "correctness"]
    rules, labels = Rules(margin=MARGIN, fdr=LEVEL), battle_labels(result.battles)
    found = figures(result.design, result.estimates, WRONG if reading == CORRECTED else 0.0, labels, rules)
    if not np.isfinite(found.std_error).all():
        return {"failed": next(note for note in found.note if note)}
    parts = {
        kind: np.column_stack([found.estimate, found.std_error])[np.array(found.kind) == key]
        for kind, key in (("price", "price"), ("inflation", "inflation"), ("parity change", "parity_change"))
    }
    order = [c.name for c in result.design.spec.columns]
    parts["price"] = parts["price"][[order.index(term) for term in prices["term"]]]
    if reading not in (UNMEASURED, CORRECTED):  # without labels strength is everything else; no table corrects it
        parts["strength"] = strengths(result)
    planted = {"price": prices["planted"].to_numpy(float)} | {k: truth[k] for k in parts if k != "price"}
    models = result.design.spec.models
    estimate, error = np.vstack(list(parts.values())).T
    low, high = interval(result.estimates.made, estimate, error, 0.95)
    return {
        "names": [[kind, of] for kind in parts for of in (prices["term"] if kind == "price" else models)],
        "planted": np.concatenate([planted[kind] for kind in parts]).tolist(),
        "estimate": estimate.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "flag": flags(result, *parts["inflation"].T, MARGIN),
        "strict": flags(result, *parts["inflation"].T, NO_MARGIN),
    }


def strengths(result: ls.StyleResult) -> Floats:
    """Each model's strength, log-odds, and its standard error, (m, 2)."""
    assert result.design is not None
    assert result.estimates is not None
    theta, m = result.estimates.fit.theta, result.design.n_models
    cov = centred_covariance(result.design, result.estimates)[:m, :m]
    return np.column_stack([theta - theta.mean(), np.sqrt(np.diag(cov))])


def capped(battles: Battles, most: float) -> FeatureTable:
    """The measured features with lengths cut where more of it makes no difference."""
    assert battles.measured is not None
    values = battles.measured.values.copy()
    values[:, 0] = np.minimum(values[:, 0], np.expm1(most))
    return replace(battles.measured, values=values)


def flags(result: ls.StyleResult, inflation: Floats, error: Floats, margin: float) -> list[int]:
    """1 where the detector calls a model inflated, -1 where deflated, else 0."""
    assert result.estimates is not None
    made, some = result.estimates.made, np.ones(inflation.size, bool)
    found = detect(inflation, error, some, made, margin=margin, level=LEVEL, with_correctness=True)
    return [{"inflated": 1, "deflated": -1}.get(verdict, 0) for verdict in found.verdict]
