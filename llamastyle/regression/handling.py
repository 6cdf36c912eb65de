"""How ties, penalties and prompts are handled: from what was asked for to a `Likelihood`, and into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from llamastyle.data.battles import Battles
from llamastyle.errors import FitError
from llamastyle.options import nearest
from llamastyle.regression.bradley_terry import Likelihood, Prompts
from llamastyle.regression.design import Design, DesignSpec
from llamastyle.regression.estimates import Settings

__all__ = ["find_baseline", "likelihood_words", "likelihoods", "read_penalty", "read_prompt_penalty"]

BLOCKS = ("strength", "style", "correctness", "position")


def read_penalty(penalty: object) -> tuple[dict[str, float], bool]:
    """Ridge by block, and whether Firth's penalty was asked for."""
    if penalty is None:
        return {}, False
    if penalty == "firth":
        return {}, True
    if not isinstance(penalty, Mapping):
        raise FitError(
            f"penalty={penalty!r} is not known; use 'firth', or a ridge by block such as {{'style': 1.0}}"
        )
    for block, value in penalty.items():
        if block not in BLOCKS:
            raise FitError(f"penalty names {block!r}{nearest(block, BLOCKS)}; blocks are {', '.join(BLOCKS)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < np.inf:
            raise FitError(f"penalty={{{block!r}: {value!r}}} must be a number above 0")
    return {str(block): float(value) for block, value in penalty.items()}, False


def read_prompt_penalty(prompt_effects: object) -> float | None:
    """The ridge of effects of prompts; None without them."""
    if prompt_effects is None or prompt_effects is False:
        return None
    value = 1.0 if prompt_effects is True else prompt_effects
    if not isinstance(value, int | float) or not 0 < value < np.inf:
        raise FitError(f"prompt_effects={prompt_effects!r} must be True or a penalty above 0")
    return float(value)


def find_baseline(battles: Battles, position: bool) -> str:
    """The model that is in every battle, which effects of prompts are measured against.

    Raises
    ------
    FitError
        No prompts, no such model, or (with a position term) a baseline that always stands on one side.
    """
    if "prompt_id" not in battles.columns:
        raise FitError("prompt_effects need a column prompt_id")
    if bool(battles.columns["prompt_id"].isna().any()):
        raise FitError("prompt_effects need a prompt_id in every battle; leave the others out")
    rated = battles.rated
    a, b = battles.model_a[rated], battles.model_b[rated]
    count = np.bincount(np.concatenate([a, b]), minlength=len(battles.models))
    always = np.flatnonzero(count == a.size) if a.size else np.empty(0, np.int64)
    if not always.size:
        most = ""
        if a.size:
            most = f"; the most frequent, {battles.models[int(count.argmax())]!r}, is in {count.max()} of {a.size}"
        raise FitError(
            f"prompt_effects need a baseline, one model that is in every battle{most}; filter the battles to those"
            " against it, or leave prompt_effects out"
        )
    base = int(always[0])
    if position and (np.all(a == base) or np.all(b == base)):
        raise FitError(
            f"the baseline {battles.models[base]!r} always stands on one side: position cannot be told from prompt"
            " effects; bring both orders, or leave position out"
        )
    return battles.models[base]


def likelihoods(battles: Battles, design: Design, settings: Settings) -> tuple[Likelihood, Likelihood]:
    """What is maximised with the columns, and without them for the plain ratings.

    Raises
    ------
    FitError
        Davidson's ties with probabilities, or without any tie.
    """
    tied = settings.ties == "davidson" and bool(np.any(design.y == 0.5))
    full, plain = likelihoods_of(design.spec, settings, probabilities=battles.probabilities, tied=tied)
    return replace(full, prompts=_prompts(battles, design, settings)), plain


def likelihoods_of(
    spec: DesignSpec, settings: Settings, *, probabilities: bool, tied: bool
) -> tuple[Likelihood, Likelihood]:
    """The same without effects of prompts; whether some outcomes are probabilities, and whether some are ties."""
    davidson = settings.ties == "davidson"
    if davidson and probabilities:
        raise FitError("ties='davidson' is for votes; these outcomes are probabilities: use ties='half'")
    if davidson and not tied:
        raise FitError("ties='davidson' needs ties, and no battle is one; use ties='half'")
    m, ridge = len(spec.models), None
    if settings.ridge:
        asked = dict(settings.ridge)
        ridge = np.array([asked.get("strength", 0.0)] * m + [asked.get(c.block, 0.0) for c in spec.columns])
    firth = float(settings.firth)
    plain_ridge = None if ridge is None or not ridge[:m].any() else ridge[:m]
    return Likelihood(davidson, ridge, firth), Likelihood(davidson, plain_ridge, firth)


def _prompts(battles: Battles, design: Design, settings: Settings) -> Prompts | None:
    if settings.prompt_penalty is None:
        return None
    code, n = battles.codes("prompt_id")
    base = design.spec.models.index(settings.baseline)
    sign = np.where(design.a < 0, 0.0, np.where(design.a == base, -1.0, 1.0))
    return Prompts(code, sign, settings.prompt_penalty, n)


def likelihood_words(settings: Settings) -> list[str]:
    """What the numbers rest on besides the plain likelihood, a line each; empty where there is nothing."""
    words: list[str] = []
    if settings.ties == "davidson":
        words.append("ties are an outcome of their own (Davidson)")
    if settings.firth:
        words.append("Firth's penalty: half the log-determinant of the information is added to the log-likelihood")
    words += [
        f"ridge penalty {value:g} on {block}: {value / 2:g} times the sum of squared coefficients is taken from the"
        " log-likelihood summed over battles"
        for block, value in settings.ridge
    ]
    if settings.prompt_penalty is not None:
        words.append(
            f"effects of prompts against {settings.baseline}, shrunk by a ridge penalty of {settings.prompt_penalty:g}"
            " per battle sum; prices shrink a little with few battles a prompt"
        )
    return words
