"""How much is style: ratings split into strength, style and correctness; parity; exchange and override rates.

Functions take the design, the fit and its sandwich, and return arrays with their influence, so
that any interval or share can be made of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from llamastyle.errors import FitError
from llamastyle.regression import links
from llamastyle.regression.bradley_terry import BTFit, fit_bradley_terry, laplacian, model_sums
from llamastyle.regression.clusters import Clusters, stack
from llamastyle.regression.design import Column, Design
from llamastyle.regression.inference import (
    Influence,
    Sandwich,
    covariances,
    critical,
    fieller,
    model_influence,
    model_scores,
    seldom_reasons,
    standard_errors,
    through_prompts,
    variances,
)
from llamastyle.regression.tails import normal_quantile

__all__ = [
    "Exchange",
    "Part",
    "Profiles",
    "WinRates",
    "decompose_ratings",
    "exchange_rates",
    "override_rate",
    "parity",
    "profiles",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

POINTS = 400.0 / np.log(10.0)


@dataclass(frozen=True, slots=True)
class Profiles:
    """Least-squares ratings of the contrasts on the models.

    Attributes
    ----------
    pi : float64 (m, k)
        Mean contrast of each model in recorded scales, mean zero over models.
    residual : float64 (n, k)
        What the models leave of each contrast.
    inverse : float64 (m, m)
        Maps sums of weighted residuals to profile changes.
    """

    pi: Floats
    residual: Floats
    inverse: Floats

    def moved(self, design: Design, clusters: Clusters, beta: Floats, chosen: list[int]) -> csr_array:
        """What the models leave of some columns, priced, by cluster and model: sparse (G, m)."""
        return model_scores(design, design.w * (self.residual[:, chosen] @ beta[chosen]), clusters)


def profiles(design: Design) -> Profiles:
    """Profiles of the design's columns under the battles' weights."""
    graph, sums = laplacian(design, design.w), model_sums(design, design.x * design.w[:, None])
    pi, inverse = profiles_from(graph, sums)
    return Profiles(pi, unexplained(design, pi), inverse)


def profiles_from(graph: Floats, sums: Floats) -> tuple[Floats, Floats]:
    """Profiles, and what maps sums to them, from the models' graph (m, m) and sums of contrasts (m, k)."""
    m = len(graph)
    inverse = np.linalg.inv(graph + graph.trace() / m**2) if m else graph
    pi = inverse @ sums
    return pi - pi.mean(axis=0) if m else pi, inverse


def unexplained(design: Design, pi: Floats) -> Floats:
    """What the models' profiles leave of each contrast: float64 (n, k)."""
    padded = np.vstack([pi, np.zeros((1, design.x.shape[1]))])
    return design.x - (padded[design.a] - padded[design.b])


@dataclass(frozen=True, slots=True)
class Part:
    """One term of the rating decomposition, for every model.

    Attributes
    ----------
    block, group, term : str
        ``term`` is empty for a whole group, ``group`` for a whole block.
    estimate : float64 (m,)
        Log-odds, relative to the reference.
    influence : Influence
        Of the m estimates.
    """

    block: str
    group: str
    term: str
    estimate: Floats
    influence: Influence


def decompose_ratings(
    design: Design, fit: BTFit, made: Sandwich, prof: Profiles, reference: int | None = None
) -> list[Part]:
    """theta_raw = theta + profiles times prices, term by term, with influences.

    Parameters
    ----------
    reference : int, optional
        Index of the model that everything is relative to; by default the unweighted field.

    Returns
    -------
    list of Part
        strength; style; its groups; its features; correctness; total (the raw rating).
    """
    columns, centre = design.spec.columns, centring(design.n_models, reference)
    style = [j for j, c in enumerate(columns) if c.block == "style"]
    right = [j for j, c in enumerate(columns) if c.block == "correctness"]

    def part(block: str, group: str, term: str, chosen: list[int], strength: bool = False) -> Part:
        return Part(block, group, term, *_summed(design, fit, made, prof, centre, chosen, strength))

    groups = list(dict.fromkeys(columns[j].group for j in style))
    parts = [part("strength", "", "", [], strength=True), part("style", "", "", style)]
    parts += [part("style", g, "", [j for j in style if columns[j].group == g]) for g in groups]
    parts += [part("style", columns[j].group, columns[j].name, [j]) for j in style]
    if right:
        parts.append(part("correctness", "", "", right))
    parts.append(part("total", "", "", style + right, strength=True))
    check_sum(parts)
    return parts


def _summed(
    design: Design, fit: BTFit, made: Sandwich, prof: Profiles, centre: Floats, chosen: list[int], strength: bool
) -> tuple[Floats, Influence]:
    """Some columns' part of the ratings, and the strengths where asked for, with the influence."""
    m = design.n_models
    gradient = np.zeros((made.bread.shape[0], m))
    gradient[:m] = np.eye(m) * strength
    gradient[[m + j for j in chosen]] = prof.pi[:, chosen].T
    estimate = fit.theta * strength + prof.pi[:, chosen] @ fit.beta[chosen]
    own = spread = None
    if chosen:
        own, spread = prof.moved(design, made.clusters, fit.beta, chosen), prof.inverse @ centre
    return centre.T @ estimate, Influence(gradient @ centre, own, spread)


def style_part(
    design: Design, fit: BTFit, made: Sandwich, prof: Profiles, reference: int | None = None
) -> Part:
    """Style's part of the ratings alone, as in `decompose_ratings`."""
    chosen, centre = [int(j) for j in design.spec.block("style")], centring(design.n_models, reference)
    return Part("style", "", "", *_summed(design, fit, made, prof, centre, chosen, strength=False))


def centring(m: int, reference: int | None) -> Floats:
    """Maps ratings to ratings relative to the unweighted field, or to one model: (m, m)."""
    centre = np.eye(m)
    if reference is None:
        return centre - 1.0 / m
    centre[reference] -= 1.0
    return centre


def check_sum(parts: list[Part]) -> None:
    """The blocks must add up to the total and the features to style, or the result is not to be trusted."""
    whole = {p.block: p.estimate for p in parts if not p.group}
    blocks = sum((v for b, v in whole.items() if b != "total"), np.zeros_like(whole["total"]))
    features = sum((p.estimate for p in parts if p.term), np.zeros_like(whole["total"]))
    gap = max(
        np.abs(blocks - whole["total"]).max(initial=0), np.abs(features - whole["style"]).max(initial=0)
    )
    if not gap <= 1e-9:
        raise FitError(f"the decomposition misses its total by {gap:.2g}: the fit is numerically unsound")


@dataclass(frozen=True, slots=True)
class Shares:
    """Part over total with its Fieller interval, (m,) each; NaN where the total's interval covers zero."""

    share: Floats
    low: Floats
    high: Floats


def shares(
    made: Sandwich, part: Part, total: Part, level: float, v_part: Floats | None = None, v_total: Floats | None = None
) -> Shares:
    """Each model's share of a part in its raw rating; the two variances where they are known."""
    v_part = variances(made, part.influence) if v_part is None else v_part
    v_total = variances(made, total.influence) if v_total is None else v_total
    both = covariances(made, part.influence, total.influence)
    if made.clusters.weight is not None:
        both = np.clip(both, -np.sqrt(v_part * v_total), np.sqrt(v_part * v_total))
    z = critical(made, level)
    return Shares(*fieller(part.estimate, total.estimate, v_part, v_total, both, z))


@dataclass(frozen=True, slots=True)
class WinRates:
    """Win rates as they are and with a block of contrasts set to zero; m models.

    Attributes
    ----------
    win_rate, parity_win_rate, change : float64 (m,)
        ``change`` is win rate minus parity win rate.
    parity_error, change_error : float64 (m,)
        Standard errors.
    """

    win_rate: Floats
    parity_win_rate: Floats
    change: Floats
    parity_error: Floats
    change_error: Floats


def parity(design: Design, fit: BTFit, made: Sandwich, block: str = "style") -> WinRates:
    """What each model's win rate would be with a block of contrasts equal on both sides of its battles."""
    eta0 = _without(design, fit.eta, fit.beta, block)
    total, won, at_parity, slope = parity_sums(design, fit.eta, fit.beta, fit.nu, block)
    p0, win, at_parity, slope = links.mean(eta0, fit.nu), won / total, at_parity / total, slope / total
    by_prompt = prompt_sums(design, fit, design.w * links.slope(eta0, fit.nu)) / total
    held = model_influence(design, made, sides(p0), total, at_parity, slope)
    parity_error = standard_errors(made, through_prompts(made, held, by_prompt))
    change = win - at_parity
    held = model_influence(design, made, changes(design.y, p0), total, change, -slope)
    change_error = standard_errors(made, through_prompts(made, held, -by_prompt))
    return WinRates(win, at_parity, change, parity_error, change_error)


def _without(design: Design, eta: Floats, beta: Floats, block: str) -> Floats:
    """Linear predictors with a block of contrasts set to zero."""
    off = design.spec.block(block)
    return eta - design.x[:, off] @ beta[off]


def changes(y: Floats, p0: Floats) -> Floats:
    """Outcome minus expectation at parity, seen from both sides: (n, 2)."""
    return np.column_stack([y - p0, p0 - y])


def parity_sums(
    design: Design, eta: Floats, beta: Floats, nu: float, block: str
) -> tuple[Floats, Floats, Floats, Floats]:
    """Sums by model over its battles: weights, wins, expected wins at parity (m,); their derivatives (p, m)."""
    eta0 = _without(design, eta, beta, block)
    kept = design.x.copy()
    kept[:, design.spec.block(block)] = 0.0
    v0 = design.w * links.slope(eta0, nu)
    rows = [laplacian(design, v0), model_sums(design, kept * v0[:, None]).T]
    if nu:
        rows.append(model_sums(design, design.w * links.mean_by_ties(eta0, nu))[None, :])
    total, won = _model_sum(design, np.ones((design.n, 2))), _model_sum(design, sides(design.y))
    return total, won, _model_sum(design, sides(links.mean(eta0, nu))), np.vstack(rows)


def prompt_sums(design: Design, fit: BTFit, v: Floats) -> Floats:
    """Sum of v times the sign of the prompt's effect by prompt and model, minus as side b: (q, m)."""
    prompts = fit.likelihood.prompts
    if prompts is None:
        return np.zeros((0, design.n_models))
    m, out = design.n_models, np.zeros((prompts.n, design.n_models))
    for who, turn in ((design.a, 1.0), (design.b, -1.0)):
        known = who >= 0
        at = prompts.code[known] * m + who[known]
        out += np.bincount(at, turn * (prompts.sign * v)[known], prompts.n * m).reshape(prompts.n, m)
    return out


def sides(value: Floats) -> Floats:
    return np.column_stack([value, 1.0 - value])


def _model_sum(design: Design, seen: Floats) -> Floats:
    """Weighted sum over each model's battles."""
    m = design.n_models
    a, b = design.a + 1, design.b + 1
    sums = np.bincount(a, design.w * seen[:, 0], m + 1) + np.bincount(b, design.w * seen[:, 1], m + 1)
    return np.asarray(sums[1:], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Exchange:
    """How many right answers one step of a feature is worth.

    Attributes
    ----------
    column : Column
    unit : str
        ``one recorded scale``, ``+10 %``, ``one`` or ``from 0 to 1``.
    estimate, low, high : float
        NaN when withheld.
    note : str
        Why it is withheld.
    """

    column: Column
    unit: str
    estimate: float
    low: float
    high: float
    note: str


def exchange_rates(design: Design, fit: BTFit, made: Sandwich, level: float) -> list[Exchange]:
    """Every style price over the price of being right, with Fieller intervals."""
    m, columns = design.n_models, design.spec.columns
    right = [j for j, c in enumerate(columns) if c.block == "correctness"]
    if not right:
        raise FitError(
            "exchange rates need correctness that differs between the two sides of some battle: hand it in with"
            " read_battles(correctness=...) or join_correctness"
        )
    c = right[0]
    per_answer = 1.0 / columns[c].scale
    z = critical(made, level)
    out: list[Exchange] = []
    seldom = seldom_reasons(design)
    for j, column in enumerate(columns):
        if column.block != "style":
            continue
        for unit, step in natural_steps(column):
            top, bottom = step * fit.beta[j], per_answer * fit.beta[c]
            v = made.cov[m + j, m + j] * step**2, made.cov[m + c, m + c] * per_answer**2
            ratio, low, high = fieller(
                np.array([top]),
                np.array([bottom]),
                np.array([v[0]]),
                np.array([v[1]]),
                np.array([made.cov[m + j, m + c] * step * per_answer]),
                z,
            )
            note = "" if np.isfinite(ratio[0]) else "withheld: the interval of the price of being right covers zero"
            if why := seldom[j] or (seldom[c] and f"being right {seldom[c]}"):
                note, ratio, low, high = f"withheld: {why}", *np.full((3, 1), np.nan)
            out.append(Exchange(column, unit, float(ratio[0]), float(low[0]), float(high[0]), note))
    return out


def natural_steps(column: Column) -> list[tuple[str, float]]:
    """Units a price can be quoted in, each with its length in recorded scales."""
    steps = [("one recorded scale", 1.0)]
    if column.contrast == "log_ratio":
        unit, length = (
            ("+10 %", np.log(1.1)) if column.step == "ten_percent" else ("from 0 to 1", np.log(2.0))
        )
        steps.append((unit, float(length) / column.scale))
    elif column.contrast == "difference":
        steps.append(("one", 1.0 / column.scale))
    return steps


def block_index(design: Design, beta: Floats, block: str = "style") -> Floats:
    """A block's part of the linear predictor, log-odds for side a, shape (n,)."""
    chosen = design.spec.block(block)
    return design.x[:, chosen] @ beta[chosen]


def cross_fitted_index(design: Design, fit: BTFit, made: Sandwich, seed: int, folds: int = 5) -> Floats:
    """Style index of each battle from prices fitted without its cluster, shape (n,).

    Each fold's prices start from the full fit; models that a training fold leaves without a
    finite strength are left out of that fold, and a feature that it never has counts for nothing there.

    Raises
    ------
    ConvergenceError
        The battles outside some fold give no finite prices.
    """
    from llamastyle.regression.diagnostics import separable_models

    order = np.random.default_rng(seed).permutation(made.n_groups)
    fold_of = np.empty(made.n_groups, dtype=np.int64)
    fold_of[order] = np.arange(made.n_groups) % min(folds, made.n_groups)
    fold = fold_of[made.group]
    index = np.empty(design.n)
    for f in range(int(fold.max(initial=0)) + 1):
        held = fold == f
        train = design.take(np.flatnonzero(~held))
        gone = separable_models(train.a, train.b, train.y, design.spec.models)
        left = np.array([m not in gone for m in design.spec.models] + [True])
        rows = np.flatnonzero(~held)[left[train.a] & left[train.b]]
        index[held] = block_index(design, _prices(design.take(rows), fit, rows))[held]
    return index


def _prices(design: Design, fit: BTFit, rows: Ints) -> Floats:
    """Prices of some of the battles (``rows`` of the fit's), with only the models that are in them."""
    present = np.unique(design.a[design.a >= 0].tolist() + design.b[design.b >= 0].tolist()).astype(np.int64)
    new = np.full(design.n_models + 1, -1, dtype=np.int64)
    new[present] = np.arange(present.size)
    spec = replace(design.spec, models=tuple(design.spec.models[int(i)] for i in present))
    varies = np.flatnonzero(np.any(design.x != 0, axis=0))
    small = replace(design, spec=spec, a=new[design.a], b=new[design.b], x=design.x[:, varies])
    beta = np.zeros(fit.beta.size)
    like, m = fit.likelihood, design.n_models
    ridge = None if like.ridge is None else np.concatenate([like.ridge[present], like.ridge[m + varies]])
    prompts = like.prompts
    if prompts is not None:
        prompts = replace(prompts, code=prompts.code[rows], sign=prompts.sign[rows])
    start = np.concatenate([fit.theta[present], fit.beta[varies]])
    beta[varies] = fit_bradley_terry(small, start, replace(like, ridge=ridge, prompts=prompts)).beta
    return beta


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with its Wilson interval.

    Attributes
    ----------
    battles : int
    effective : float
        Battles' worth of independent information after clustering.
    rate, low, high : float
    """

    battles: int
    effective: float
    rate: float
    low: float
    high: float


def override_rate(won: Floats, w: Floats, ways: Ints, level: float) -> Rate:
    """How often something happens, with a Wilson interval at the effective number of battles.

    Parameters
    ----------
    won : float64 (n,)
        1 where it happened, half for a tie, or a probability.
    w : float64 (n,)
    ways : int64 (n,) or (n, d)
        Cluster of each battle, in each way.
    """
    n, total = int(won.size), float(w.sum())
    if n == 0:
        return Rate(0, 0.0, np.nan, np.nan, np.nan)
    rate = float(np.average(won, weights=w))
    clusters = stack(np.column_stack([np.unique(way, return_inverse=True)[1] for way in ways.reshape(n, -1).T]))
    groups = min(clusters.counts)
    if groups < 2:
        return Rate(n, np.nan, rate, np.nan, np.nan)
    moved = w * (won - rate) / total
    apart, together = float((moved**2).sum()), clusters.square(moved)
    kish = total**2 / float((w**2).sum())
    effective = min(kish, kish * apart / together) if together > 0 else float(min(groups, kish))
    z = normal_quantile((1 + level) / 2)
    centre = (rate + z**2 / (2 * effective)) / (1 + z**2 / effective)
    half = z / (1 + z**2 / effective) * np.sqrt(rate * (1 - rate) / effective + z**2 / (4 * effective**2))
    return Rate(n, effective, rate, max(centre - half, 0.0), min(centre + half, 1.0))
