"""Fits of wild frames: every figure is finite or missing, or an error says why; and the small public functions."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd

import llamastyle as ls
from fuzz.checking import Wrong
from fuzz.drawing import Draws
from llamastyle import options
from llamastyle.errors import LlamaStyleError

SUMMARY = "fit, audit, decompose and what else a result offers, on frames of wild numbers; small public functions"
LONGEST = 600
TOKENS = [bytes([n]) for n in (0, 1, 127, 128, 255)] + [b"model_a", b"words", b"=1", b"\xff\xff\xff\xff", b"\0\0"]
WILD = [
    0.0, 1.0, 2.0, 3.0, 5.0, 10.0, -1.0, 0.5, 1e-300, 1e300, 1e18, -1e18, 1e-9, 1e9, math.nan, math.inf, -math.inf,
    7.0, 100.0, 250.0, 4.0, 6.0, 8.0, 9.0, 2.0**53, 5e-324, 1.7e308, 0.1,
]  # fmt: skip
TAME = 24
NAMES = ["a", "b", "c", "d", "", "a", "1", " "]
NO_NUMBER = re.compile(r"(?<![\w'])-?(nan|inf)\b")
WINNERS = ["model_a", "model_b", "tie", "both_bad"]


def seeds() -> dict[str, bytes]:
    """Frames of some sizes from noise, with options of every kind."""
    made = {}
    for k in range(16):
        draw = np.random.default_rng(k)
        made[f"noise-{k}"] = bytes([k % 4 if k < 12 else 4 + k % 4]) + draw.bytes(300 + 12 * k)
    return made


def run(data: bytes) -> None:
    """By the first byte: a fit, or one of the small functions."""
    if not data:
        return
    draws = Draws(data[1:])
    if data[0] % 8 < 6:
        _fit(draws, tame=data[0] % 2 == 0)
    elif data[0] % 8 == 6:
        _tables(draws)
    else:
        _judges(draws)


def _frame(draws: Draws, tame: bool) -> pd.DataFrame:
    """A frame of battles, most columns there or not."""
    n, k = draws.whole(2, 60), draws.whole(2, 4)
    has = draws.whole(0, 255)
    names = NAMES[:k] if has & 1 or tame else [draws.pick(NAMES) for _ in range(k)]
    pool = [0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 7.0, 100.0] if tame else WILD
    shares, weights = ([0.0, 0.25, 0.5, 1.0], [0.5, 1.0, 2.0]) if tame else (WILD, WILD)
    rows = []
    for i in range(n):
        a = draws.whole(0, 255)
        row: dict[str, Any] = {
            "model_a": names[a % k],
            "model_b": names[(a % k + 1 + a // 8 % (k - 1)) % k],
            "winner": WINNERS[(a >> 5) % (4 if has & 2 else 2)],
            "prompt_id": i % (n // 2 + 1),
        }
        for name in ("words", "bold"):
            row |= {f"{name}_a": draws.pick(pool), f"{name}_b": draws.pick(pool)}
        if has & 4:
            row["weight"] = draws.pick(weights)
        if has & 8:
            row |= {"correct_a": draws.pick([0, 1, 0.5, None]), "correct_b": draws.pick([0, 1, 0.25, None])}
        if has & 16:
            row["judge"] = draws.pick(["j", "k", None])
        if has & 32:
            row["outcome"] = draws.pick(shares)
            if has & 64:
                del row["winner"]
        rows.append(row)
    return pd.DataFrame(rows)


def _fit(draws: Draws, tame: bool) -> None:
    choices: dict[str, list[Any]] = {
        "ties": [*options.allowed(options.Ties)],
        "both_bad": [*options.allowed(options.BothBad)],
        "vcov": [*options.allowed(options.Covariance)],
        "separated": ["drop", *options.allowed(options.Separated)],
        "correctness": [*options.allowed(options.Correctness)],
        "contrast": [*options.allowed(options.Contrast)],
        "position": [True],
        "cluster": ["prompt_id", "judge", ["prompt_id", "judge"]],
        "penalty": ["firth", {"style": 1.0}],
        "prompt_effects": [True, 1.0],
        "level": [0.5, 0.999],
    }
    given = {name: draws.pick(some) for name, some in choices.items() if draws.whole(0, 7) == 7}
    battles = ls.read_battles(_frame(draws, tame), strict=draws.pick([False, False, False, True]))
    result = ls.fit(battles, **given)
    reference = draws.pick(["field", *battles.models[:1], "nobody"])
    made: list[Any] = [
        result.headline, result.summary, result.tidy, result.ratings, result.decompose, result.parity,
        result.exchange_rates, result.overrides, result.both_bad, result.audit, result.bands, result.diagnostics,
        result.cov_params, lambda: result.bse, lambda: result.params, result.predict, result._repr_html_,
        lambda: result.ratings(reference), lambda: ls.battles_for(result, [10.0, 30.0]),
        lambda: result.compare(*[*battles.models, "a", "b"][:2]), lambda: ls.power_curve(result, 30.0),
        lambda: result.bands("inflation", reference=reference), result.report if draws.whole(0, 40) == 40 else result.headline,
    ]  # fmt: skip
    for make in made:
        _allowed(make)


def _allowed(make: Any) -> None:
    """A figure that is finite or missing, or an error of the library."""
    try:
        value = make()
    except LlamaStyleError as error:
        if not str(error):
            raise Wrong("an error that says nothing") from error
        return
    if isinstance(value, str):
        if NO_NUMBER.search(value):
            raise Wrong(f"a number that is none, in {value[:2000]!r}")
        return
    numbers = value.select_dtypes("number").to_numpy(float, na_value=math.nan) if isinstance(value, pd.DataFrame) else np.asarray(value, float)
    if np.isinf(numbers).any():
        raise Wrong(f"infinite figures:\n{value}")


def _tables(draws: Draws) -> None:
    """Benchmarks beside one another, and the best of several variants."""
    k, n = draws.whole(1, 4), draws.whole(0, 12)
    table = pd.DataFrame({f"b{j}": [draws.pick(WILD) for _ in range(n)] for j in range(k)})
    table.insert(0, "model", [draws.pick(["a", "b", "c", f"m{i}", None]) if draws.whole(0, 3) == 3 else f"m{i}" for i in range(n)])
    for method in options.allowed(options.Line):
        _allowed(lambda method=method: ls.divergence(table, "b0", method=method))
    _allowed(lambda: ls.selection_inflation(draws.whole(0, 300), draws.pick(WILD), draws.pick(WILD)))


def _judges(draws: Draws) -> None:
    """Several judges' verdicts, and a judge whose answers are drawn too."""
    frame = _frame(draws, tame=True)
    _allowed(lambda: ls.compare_judges(ls.read_battles(frame, strict=False)))
    pairs = [{"prompt": "p", "response_a": f"**a** b {i}.", "response_b": "c. d."} for i in range(draws.whole(1, 6))]
    answers = [draws.pick(["A", "B", "tie", 0.5, 1, 0, None, "", math.nan, 2.0, [1], "a"]) for _ in range(12)]
    asked = iter(answers * 100)
    try:
        audit = ls.audit_judge(lambda *_: next(asked), pairs, {"null": None, "add:words": 2}, retries=0, progress=False)
    except LlamaStyleError:
        return
    for make in (lambda: audit.effects, audit.summary, audit.headline, audit._repr_html_):
        _allowed(make)
