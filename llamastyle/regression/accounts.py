"""Win rates and gaps between two models, split exactly into strength, style, correctness and position.

A battle's distance from one half is shared out by Aumann and Shapley's rule: with the log-odds eta
a sum of blocks, block B has (sigma(eta) - 1/2) eta_B / eta, one quarter of eta_B where eta is zero.
The maximum of the likelihood meets every model's win rate exactly, so that the shares of a model's
battles add up to its win rate minus one half.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from llamastyle.errors import FitError
from llamastyle.regression import links
from llamastyle.regression.bradley_terry import BTFit, laplacian, model_sums
from llamastyle.regression.decomposition import Part, check_sum, prompt_sums
from llamastyle.regression.design import Design
from llamastyle.regression.inference import Influence, Sandwich, model_influence, through_prompts

__all__ = ["between", "rating_gap", "win_rate_accounts", "win_rate_gap"]

Floats = NDArray[np.float64]
PROMPT = -1

@dataclass(frozen=True, slots=True)
class _Slopes:
    """What every account shares: h and its derivatives (n,), and each model's sum of weights (m,)."""

    h: Floats
    change: Floats
    by_ties: Floats
    total: Floats


def _slopes(design: Design, fit: BTFit) -> _Slopes:
    h, change, by_ties = links.mean_slope(fit.eta, fit.nu)
    m, known = design.n_models, design.a >= 0
    both = np.concatenate([design.a[known], design.b[known]])
    total = np.bincount(both, np.tile(design.w[known], 2), m)
    return _Slopes(h, change, by_ties, np.asarray(total, dtype=np.float64))


def win_rate_accounts(design: Design, fit: BTFit, made: Sandwich) -> list[Part]:
    """Each model's win rate minus one half, term by term, with influences.

    Returns
    -------
    list of Part
        strength; style; its groups; its features; correctness and position where there; total. Estimates
        are win rates (m,): the model as side a of its battles, weighted.

    Raises
    ------
    FitError
        The parts miss the total, or the total the win rate, by more than 1e-9.
    """
    s, m = _slopes(design, fit), design.n_models
    padded = np.append(fit.theta, 0.0)
    strength = _element(design, fit, made, s, padded[design.a] - padded[design.b], None)
    column = [_element(design, fit, made, s, design.x[:, j] * fit.beta[j], m + j) for j in range(fit.beta.size)]
    prompt = None
    if fit.prompts is not None and (prompts := fit.likelihood.prompts) is not None:
        prompt = _element(design, fit, made, s, prompts.sign * fit.prompts.gamma[prompts.code], PROMPT)
    parts = _assembled(design, strength, column, prompt)
    if _is_exact(fit):
        _check_win_rates(design, parts[-1], s)
    else:
        parts = _with_residual(design, made, parts, s)
    check_sum(parts)
    return parts


def _is_exact(fit: BTFit) -> bool:
    """Whether the strengths are without a penalty, so that the maximum meets every win rate."""
    ridge = fit.likelihood.ridge
    return not fit.likelihood.firth and (ridge is None or not ridge[: fit.theta.size].any())


def _element(design: Design, fit: BTFit, made: Sandwich, s: _Slopes, part: Floats, own: int | None) -> Part:
    """One term's account, ``part`` its log-odds (n,): the strengths' (``own`` None), the prompts', or a column's.

    ``own`` is the row of the column's parameter.
    """
    m, k = design.n_models, fit.beta.size
    value, through_h, direct = s.h * part, design.w * s.change * part, design.w * s.h
    estimate = model_sums(design, design.w * value) / s.total
    gradient = np.zeros((made.bread.shape[0], m))
    gradient[:m] = laplacian(design, through_h)
    gradient[m : m + k] = model_sums(design, design.x * through_h[:, None]).T
    if fit.likelihood.davidson:
        gradient[m + k] = model_sums(design, design.w * s.by_ties * part)
    by_prompt = prompt_sums(design, fit, through_h)
    if own is None:
        gradient[:m] += laplacian(design, direct)
    elif own == PROMPT:
        by_prompt += prompt_sums(design, fit, direct)
    else:
        gradient[own] += model_sums(design, direct * design.x[:, own - m])
    seen = np.column_stack([value, -value])
    held = model_influence(design, made, seen, s.total, estimate, gradient / s.total)
    return Part("strength", "", "", estimate, through_prompts(made, held, by_prompt / s.total))


def _assembled(design: Design, strength: Part, column: list[Part], prompt: Part | None) -> list[Part]:
    """Blocks, groups, terms and the total, in the order of every decomposition."""
    columns = design.spec.columns
    style = [j for j, c in enumerate(columns) if c.block == "style"]
    groups = list(dict.fromkeys(columns[j].group for j in style))
    nothing = Part("style", "", "", np.zeros_like(strength.estimate), Influence(0 * strength.influence.gradient))
    parts = [strength, _sum(column, style, "style") if style else nothing]
    parts += [_sum(column, [j for j in style if columns[j].group == g], "style", g) for g in groups]
    parts += [_sum(column, [j], "style", columns[j].group, columns[j].name) for j in style]
    for block in ("correctness", "position"):
        chosen = [j for j, c in enumerate(columns) if c.block == block]
        parts += [_sum(column, chosen, block)] if chosen else []
    parts += [] if prompt is None else [_sum([prompt], [0], "prompt")]
    whole = [strength, *column] + ([] if prompt is None else [prompt])
    return [*parts, _sum(whole, range(len(whole)), "total")]


def _with_residual(design: Design, made: Sandwich, parts: list[Part], s: _Slopes) -> list[Part]:
    """The parts with what a penalty on the strengths leaves of the win rates, and the win rates as total."""
    *terms, fitted = parts
    seen = np.column_stack([design.y - 0.5, 0.5 - design.y])
    win = model_sums(design, design.w * (design.y - 0.5)) / s.total
    gradient = np.zeros((made.bread.shape[0], design.n_models))
    total = Part("total", "", "", win, model_influence(design, made, seen, s.total, win, gradient))
    left = Part("residual", "", "", win - fitted.estimate, total.influence + _scaled(fitted.influence, -1.0))
    return [*terms, left, total]


def _sum(column: Sequence[Part], chosen: Iterable[int], block: str, group: str = "", term: str = "") -> Part:
    terms = [column[j] for j in chosen]
    estimate, influence = terms[0].estimate, terms[0].influence
    for more in terms[1:]:
        estimate, influence = estimate + more.estimate, influence + more.influence
    return Part(block, group, term, estimate, influence)


def _check_win_rates(design: Design, total: Part, s: _Slopes) -> None:
    """The accounts of a maximum of the likelihood add up to the win rates, or it is none."""
    win = model_sums(design, design.w * (design.y - 0.5)) / s.total
    gap = np.abs(total.estimate - win).max(initial=0.0)
    if not gap <= 1e-9:
        raise FitError(f"the accounts miss the win rates by {gap:.2g}: the fit is numerically unsound")


def between(part: Part, a: int, b: int) -> Part:
    """A part of model a minus that of model b: one estimate (1,) with its influence."""
    c = np.zeros((part.estimate.size, 1))
    c[a], c[b] = 1.0, -1.0
    return Part(part.block, part.group, part.term, c.T @ part.estimate, part.influence.mapped(c))


def rating_gap(parts: list[Part], a: int, b: int) -> list[Part]:
    """The gap between two raw ratings, term by term; ``parts`` as of `decompose_ratings`."""
    gap = [between(part, a, b) for part in parts]
    check_sum(gap)
    return gap


def win_rate_gap(
    design: Design, fit: BTFit, made: Sandwich, accounts: list[Part], a: int, b: int
) -> list[Part]:
    """The gap between two win rates, term by term, each model against its own opponents.

    ``strength`` is the two models' own: half the sum of their mean h times theta_a - theta_b, so that
    it has the sign of that difference. ``schedule`` is the rest of the strengths' account: whom each
    of the two met, measured from the middle between them.

    Parameters
    ----------
    accounts : list of Part
        As of `win_rate_accounts`.
    """
    both, *others = [between(part, a, b) for part in accounts]
    own = _own_strength(design, fit, made, a, b)
    met = both.influence + _scaled(own.influence, -1.0)
    gap = [own, Part("schedule", "", "", both.estimate - own.estimate, met), *others]
    check_sum(gap)
    return gap


def _own_strength(design: Design, fit: BTFit, made: Sandwich, a: int, b: int) -> Part:
    """(mean h of a + mean h of b) / 2 times (theta_a - theta_b), with its influence."""
    m, s = design.n_models, _slopes(design, fit)
    apart = float(fit.theta[a] - fit.theta[b])
    k, slope, gradient = fit.beta.size, 0.0, np.zeros((made.bread.shape[0], 1))
    own, by_prompt = np.zeros(design.n), np.zeros((0, 1))
    prompts = fit.likelihood.prompts
    if prompts is not None:
        by_prompt = np.zeros((prompts.n, 1))
    for model in (a, b):
        rows = np.flatnonzero((design.a == model) | (design.b == model))
        w = design.w[rows] / s.total[model]
        mean, moved = float(w @ s.h[rows]), w * s.change[rows]
        slope += mean / 2
        gradient[:m, 0] += np.bincount(design.a[rows], moved, m) - np.bincount(design.b[rows], moved, m)
        gradient[m : m + k, 0] += design.x[rows].T @ moved
        if fit.likelihood.davidson:
            gradient[m + k, 0] += float(w @ s.by_ties[rows])
        if prompts is not None:
            by_prompt[:, 0] += np.bincount(prompts.code[rows], prompts.sign[rows] * moved, prompts.n)
        own[rows] += w * (s.h[rows] - mean)
    gradient *= apart / 2
    gradient[a, 0] += slope
    gradient[b, 0] -= slope
    battles = np.flatnonzero(own)
    moved = made.clusters.sums(battles, own[battles] * (apart / 2), np.zeros(battles.size, np.int64), 1)
    held = Influence(gradient, moved)
    whole = through_prompts(made, held, by_prompt * (apart / 2))
    return Part("strength", "", "", np.array([slope * apart]), whole)


def _scaled(influence: Influence, factor: float) -> Influence:
    own = None if influence.own is None else csr_array(influence.own * factor)
    return Influence(influence.gradient * factor, own, influence.spread)
