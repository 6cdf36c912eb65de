"""Do the checks of a fit reject as often as they say, and does the correction for wrong labels correct?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from docs.studies import PARTIAL, Progress, resumable, write_table
from docs.studies._trust import Answered, Setting, answered, arena
from llamastyle.regression.bradley_terry import PLAIN, BTFit, fit_bradley_terry
from llamastyle.regression.curves import bent
from llamastyle.regression.design import Design
from llamastyle.regression.diagnostics import without_collinear
from llamastyle.regression.estimates import Clustering, Estimates
from llamastyle.regression.fitting import estimate
from llamastyle.regression.flips import fit_without, flip_tests, null_scores
from llamastyle.regression.inference import critical, sandwich
from llamastyle.regression.levels import equal_levels, fit_levels
from llamastyle.regression.mislabels import corrected, labels_of
from llamastyle.regression.placebos import sign_flips
from llamastyle.regression.tails import f_tail

NAME = "trust"
SUMMARY = (
    "What the checks of a fit say of themselves, in arenas drawn for each row anew. Tests are held to 5 %; the Monte"
    " Carlo error of a level is 0.8 points with 800 arenas and 1.1 with 400. First table: curvature where there"
    " is none, by flipped signs (as `curvature` does) and by the adjusted Wald test with the errors of the fit."
    " Wanted, and fixed before: flips between 3.4 and 6.6 % in every row (the row that is drawn again is there because one"
    " of its tests missed that at first), and in `trust-power` found at least 0.8 times"
    " as often as by Wald's test (`ratio`; `curvature` tests no more terms than a fifth of the clusters, these"
    " rows do). `trust-power` has words that count up to their usual number and then no more,"
    " and beside it arenas in which they go on to count, where both tests should reject in 5 %. `trust-terms` has"
    " both tests, of all 12 terms of curvature and of 8 style columns without any price, by the number of clusters"
    " a term: Wald's test of style columns is that of the groups in `collinearity`, which refuses"
    " fewer than 20 clusters a term. `trust-placebo` is the level of"
    " `placebo` where style has no part, and where prices vary around zero between prompts with a standard"
    " deviation of 0.4: signs are then not exactly exchangeable. `trust-labels`: longer answers are right more often, being right"
    " is worth 2 log-odds and length nothing; prices of length and of being right (log-odds, a label's unit), their bias and the"
    " coverage of 95 % intervals on the same arenas by four ways to treat wrong labels. Regression calibration"
    " replaces labels by the chance of being right given label, model and length, its errors not counting that step;"
    " SIMEX adds wrong labels, four times at each of four rates, and extrapolates quadratically, errors included."
    " `trust-shared` has labels used by many voters, who are the clusters. `trust-equality` is the test"
    " of `by()` that a price is equal at all levels, which it is."
)

LEVEL, DRAWS = 0.05, 999
ARENAS, FEWER = 800, 400
SEEDS = 7_000_000  # of no arena drawn while the tests were chosen
NULLS = {
    "2,000 votes, 400 prompts": Setting(),
    "votes alike, 64 prompts": Setting(prompts=64, alike=0.3),
    "heavy tails and rare features, 400 prompts": Setting(tails="heavy"),
    "votes alike, 150 prompts of uneven size": Setting(prompts=150, alike=0.3, uneven=True),
    "prompts suit models, 200 prompts": Setting(prompts=200, suits=0.8),
    "1,000 votes alike, 25 prompts": Setting(votes=1000, prompts=25, alike=0.3),
    "prompts suit models, drawn again": Setting(prompts=200, suits=0.8),
}
POWERS = {
    f"{votes:,} votes, a price of {price:g}": (Setting(votes=votes, prompts=votes // 5, price=price, most=5.5), arenas)
    for votes, arenas in ((2000, 400), (8000, 200))
    for price in (1.0, 3.0)
}
RATIOS = (2, 3, 5, 8, 12, 20, 40)
PLACEBOS = {
    f"{null}, {clusters} clusters": Setting(
        votes=votes, prompts=clusters, features=k, price=0.0, alike=0.0 if slopes else 0.3, slopes=slopes
    )
    for null, slopes in (("style has no part", 0.0), ("prices vary around zero", 0.4))
    for clusters, votes, k in ((12, 600, 3), (30, 900, 8), (100, 1200, 8), (400, 2000, 3))
}
RATES, VOTES, PROMPTS, MODELS, RIGHT = (0.05, 0.1, 0.2), 8000, 1600, 8, 2.0
LABEL_ARENAS, SHARED_ARENAS = 100, 200
EXTRA, AGAIN = (0.5, 1.0, 1.5, 2.0), 4  # of SIMEX
WAYS = ("as they are", "corrected score", "regression calibration", "SIMEX")
LEVELS = {
    f"{levels} levels, {how}": (levels, how, votes, arenas)
    for levels, votes, arenas in ((4, 2000, 400), (20, 8000, 200))
    for how in ("of prompts", "within prompts")
}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def run(folder: Path, progress: Progress) -> None:
    """Every part and its table, each as soon as it is done."""
    for suffix, part in PARTS.items():
        frame, data = part(progress)
        write_table(folder, NAME + suffix, frame, data=data, seed=SEEDS)


def repeat(part: str, place: int, arenas: int, one: Callable[[list[int]], Any], settings: Any, progress: Progress) -> Any:
    """One result an arena of one row."""
    name, keys = f"{NAME}-{part}-{place}", range(SEEDS, SEEDS + arenas)
    return resumable(name, keys, lambda key: one([place, key]), progress, settings=repr(settings), folder=PARTIAL)


# -- curvature -------------------------------------------------------------------------------------


def both_tests(design: Design, which: dict[str, tuple[bool, Callable[[str, str], bool]]]) -> dict[str, list[float]]:
    """Number of terms, and p-values by flips and by Wald's test, of added terms by name and block."""
    fit, m, k, out = fit_bradley_terry(design), design.n_models, design.x.shape[1], dict[str, list[float]]()
    wider: dict[bool, tuple[Design, BTFit]] = {}
    for products in {products for products, _ in which.values()}:
        wide = without_collinear(bent(design, products))[0]
        start = np.concatenate([fit.theta, fit.beta, np.zeros(wide.x.shape[1] - k)])
        wider[products] = wide, fit_bradley_terry(wide, start)
    for test, (products, chosen) in which.items():
        wide, full = wider[products]
        places = [j for j, c in enumerate(wide.spec.columns) if j >= k and chosen(c.name, c.block)]
        out[test] = one_by_both(wide, full, np.array(places, dtype=np.int64), m)
    return out


def one_by_both(design: Design, fit: BTFit, columns: Ints, m: int) -> list[float]:
    at = fit_without(design, PLAIN, columns)
    flipped = flip_tests([null_scores(design, at, "cluster", columns)], draws=DRAWS)[0].p_value
    made, b = sandwich(design, fit, "cluster"), fit.beta[columns]
    cov = made.cov[np.ix_(m + columns, m + columns)]
    q, rest = columns.size, made.df - columns.size + 1
    wald = float(b @ np.linalg.pinv(cov, hermitian=True) @ b)
    return [float(q), flipped, f_tail(rest / (made.df * q) * wald, q, rest)]


JOINT: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "all": (True, lambda name, block: block in ("power", "product")),
    "products": (True, lambda name, block: block == "product"),
    "powers": (False, lambda name, block: block == "power"),
}
SINGLE: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "powers of s0": (False, lambda name, block: name in ("s0*|s0|", "s0^3")),
    "s0^3": (False, lambda name, block: name == "s0^3"),
    "s0*|s1|": (True, lambda name, block: name == "s0*|s1|"),
    "s1*|s0|": (True, lambda name, block: name == "s1*|s0|"),
}


def shares(done: list[dict[str, list[float]]], test: str) -> tuple[int, float, float]:
    """Terms, and how often each test rejects, %."""
    seen = np.array([row[test] for row in done])
    flips, wald = 100 * (seen[:, 1:] <= LEVEL).mean(axis=0)
    return int(np.median(seen[:, 0])), round(float(flips), 2), round(float(wald), 2)


def curvature_level(progress: Progress) -> tuple[pd.DataFrame, str]:
    rows: list[dict[str, Any]] = []
    for place, (name, at) in enumerate(NULLS.items()):
        done = repeat("level", place, ARENAS, lambda s, at=at: both_tests(arena(at, s), JOINT | SINGLE), at, progress)
        for test in JOINT | SINGLE:
            terms, flips, wald = shares(done, test)
            few = terms > 1 and 5 * terms >= at.prompts
            row = {"arenas without curvature": name, "test": test, "terms": terms, "flips, %": flips, "Wald, %": wald}
            rows.append(row | {"note": "refused by `curvature`" if few else ""})
    return pd.DataFrame(rows), f"{ARENAS} simulated arenas a row"


def curvature_power(progress: Progress) -> tuple[pd.DataFrame, str]:
    rows: list[dict[str, Any]] = []
    tests = JOINT | {"powers of s0": SINGLE["powers of s0"]}

    def one(at: Setting, seed: list[int]) -> dict[str, list[float]]:
        straight = both_tests(arena(replace(at, most=np.inf), [*seed, 5]), tests)
        return both_tests(arena(at, seed), tests) | {f"{test}, straight": p for test, p in straight.items()}

    for place, (name, (at, arenas)) in enumerate(POWERS.items()):
        done = repeat("power", place, arenas, lambda s, at=at: one(at, s), at, progress)
        for test in tests:
            _, flips, wald = shares(done, test)
            _, flips_level, wald_level = shares(done, f"{test}, straight")
            row = {"length matters below a threshold": name, "arenas": arenas, "test": test}
            row |= {"flips, %": flips, "Wald, %": wald, "ratio": round(flips / max(wald, 1e-9), 2)}
            rows.append(row | {"no threshold: flips, %": flips_level, "no threshold: Wald, %": wald_level})
    return pd.DataFrame(rows), "simulated arenas"


def terms_level(progress: Progress) -> tuple[pd.DataFrame, str]:
    """Level by the number of clusters a term."""

    def one(seed: list[int]) -> dict[str, list[float]]:
        ratio = RATIOS[seed[0]]
        curved = both_tests(arena(Setting(prompts=12 * ratio, alike=0.3), seed), {"all": JOINT["all"]})
        flat = arena(Setting(prompts=8 * ratio, features=8, price=0.0, alike=0.3), [*seed, 1])
        style = flat.spec.block("style")
        return curved | {"style": one_by_both(flat, fit_bradley_terry(flat), style, flat.n_models)}

    rows: list[dict[str, Any]] = []
    for place, ratio in enumerate(RATIOS):
        done = repeat("terms", place, FEWER, one, RATIOS, progress)
        row: dict[str, Any] = {"clusters a term": ratio}
        for test, words in (("all", "12 terms of curvature"), ("style", "8 style columns")):
            _, flips, wald = shares(done, test)
            row |= {f"{words}: flips, %": flips, f"{words}: Wald, %": wald}
        rows.append(row)
    return pd.DataFrame(rows), f"{FEWER} simulated arenas of 2,000 votes a row"


def placebo_level(progress: Progress) -> tuple[pd.DataFrame, str]:
    rows: list[dict[str, Any]] = []
    for place, (name, at) in enumerate(PLACEBOS.items()):

        def one(seed: list[int], at: Setting = at) -> float:
            return sign_flips(arena(at, seed), PLAIN, "cluster", draws=DRAWS, seed=seed[1]).p_value

        seen = np.array(repeat("placebo", place, ARENAS, one, at, progress))
        row = {"arenas": name, "votes": at.votes, "features": at.features}
        rows.append(row | {"rejected at 5 %, %": round(100 * float((seen <= LEVEL).mean()), 2)})
    return pd.DataFrame(rows), f"{ARENAS} simulated arenas a row"


# -- wrong labels ----------------------------------------------------------------------------------


def estimates(design: Design) -> Estimates:
    assert design.cluster is not None
    groups = int(design.cluster.max()) + 1
    return estimate(design, Clustering("cluster", "prompt_id", design.cluster, groups, "", ()))


def prices(design: Design, est: Estimates) -> list[list[float]]:
    """Prices of length and of being right in a label's unit, with standard errors and critical value."""
    m, unit = design.n_models, np.array([1.0, 1 / design.spec.columns[1].scale])
    error = np.sqrt(np.diag(est.made.cov)[m : m + 2]) * unit
    return [(est.fit.beta * unit).tolist(), error.tolist(), [critical(est.made, 0.95)] * 2]


def labelled(here: Answered, label: Floats) -> Design:
    """The design with other labels, in the recorded unit."""
    x = here.design.x.copy()
    x[:, 1] = (label[here.rows[0]] - label[here.rows[1]]) / here.design.spec.columns[1].scale
    return replace(here.design, x=x)


def calibrated(here: Answered, rate: float) -> Floats:
    """Chance of being right given label, model and length (Carroll et al. 2006, ch. 4), (answers,).

    What labels say is a logistic function of model and length; that they are wrong at a known rate gives the rest.
    """
    z = np.column_stack([np.eye(here.model.max() + 1)[here.model], here.words])
    beta = np.zeros(z.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-(z @ beta)))
        beta += np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z, z.T @ (here.label - p))
    said = np.clip(1 / (1 + np.exp(-(z @ beta))), rate + 1e-3, 1 - rate - 1e-3)
    right = (said - rate) / (1 - 2 * rate)
    return np.where(here.label == 1, (1 - rate) * right / said, rate * right / (1 - said))


def simex(here: Answered, rate: float, asis: list[list[float]], rng: np.random.Generator) -> list[list[float]]:
    """Prices and errors extrapolated to no wrong labels (Cook and Stefanski 1994; Stefanski and Cook 1995)."""
    found, variance = [np.array(asis[0])], [np.array(asis[1]) ** 2]
    for more in EXTRA:
        turned = (1 - (1 - 2 * rate) ** more) / 2  # so that labels are as wrong as after 1 + more doses
        seen = []
        for _ in range(AGAIN):
            label = np.where(rng.random(here.label.size) < turned, 1 - here.label, here.label)
            design = labelled(here, label)
            seen.append(prices(design, estimates(design))[:2])
        value, error = np.array(seen)[:, 0], np.array(seen)[:, 1]
        found.append(value.mean(axis=0))
        variance.append((error**2).mean(axis=0) - value.var(axis=0, ddof=1))
    doses = np.array([0.0, *EXTRA])
    at_none = [np.array([1.0, -1.0, 1.0]) @ np.polyfit(doses, np.array(part), 2) for part in (found, variance)]
    return [at_none[0].tolist(), np.sqrt(np.maximum(at_none[1], 0.0)).tolist(), asis[2]]


def by_every_way(seed: list[int]) -> dict[str, list[list[float]]]:
    rate = RATES[seed[0]]
    here = answered(rate, VOTES, PROMPTS, MODELS, RIGHT, seed)
    est = estimates(here.design)
    design = labelled(here, calibrated(here, rate))
    asis = prices(here.design, est)
    return dict(
        zip(
            WAYS,
            (
                asis,
                prices(*corrected(here.design, est, rate)),
                prices(design, estimates(design)),
                simex(here, rate, asis, np.random.default_rng([*seed, 2])),
            ),
            strict=True,
        )
    )


def label_ways(progress: Progress) -> tuple[pd.DataFrame, str]:
    rows: list[dict[str, Any]] = []
    for place, rate in enumerate(RATES):
        settings = [rate, VOTES, PROMPTS, MODELS, RIGHT, EXTRA, AGAIN]
        done = repeat("labels", place, LABEL_ARENAS, by_every_way, settings, progress)
        rows += [
            {"wrong labels, %": round(100 * rate), "labels": way, "arenas": len(done)}
            | priced(np.array([row[way] for row in done]))
            for way in WAYS
        ]
    return pd.DataFrame(rows), f"simulated arenas of {VOTES:,} votes"


def priced(found: Floats) -> dict[str, float]:
    """Bias and coverage from estimates, errors and critical values, (arenas, 3, 2)."""
    value, half = found[:, 0], found[:, 1] * found[:, 2]
    out: dict[str, float] = {}
    for j, (what, truth) in enumerate((("length", 0.0), ("being right", RIGHT))):
        covered = np.abs(value[:, j] - truth) <= half[:, j]
        out[f"{what}: bias"] = round(float(value[:, j].mean() - truth), 3)
        out[f"{what}: sd"] = round(float(value[:, j].std(ddof=1)), 3)
        out[f"{what}: coverage, %"] = round(100 * float(covered.mean()), 1)
    return out


def shared_labels(progress: Progress) -> tuple[pd.DataFrame, str]:
    def one(seed: list[int]) -> dict[str, list[list[float]]]:
        rate = RATES[seed[0]]
        here = answered(rate, 4000, 150, 6, RIGHT, seed)
        voter = np.random.default_rng([*seed, 3]).integers(200, size=here.design.n)
        design = replace(here.design, cluster=np.unique(voter, return_inverse=True)[1].astype(np.int64))
        est = estimates(design)
        labels = labels_of(*here.rows, *(here.label[rows] for rows in here.rows))
        return {
            "counted": prices(*corrected(design, est, rate, labels)),
            "not counted": prices(*corrected(design, est, rate)),
        }

    rows: list[dict[str, Any]] = []
    for place, rate in enumerate(RATES[:2]):
        done = repeat("shared", place, SHARED_ARENAS, one, [rate, RIGHT], progress)
        rows += [
            {"wrong labels, %": round(100 * rate), "that labels are shared": way, "arenas": len(done)}
            | priced(np.array([row[way] for row in done]))
            for way in ("counted", "not counted")
        ]
    return pd.DataFrame(rows), "simulated arenas of 4,000 votes on 900 labels, clustered by 200 voters"


# -- equal prices ----------------------------------------------------------------------------------


def equality_level(progress: Progress) -> tuple[pd.DataFrame, str]:
    rows: list[dict[str, Any]] = []
    for place, (name, (levels, how, votes, arenas)) in enumerate(LEVELS.items()):

        def one(seed: list[int], levels: int = levels, how: str = how, votes: int = votes) -> list[float]:
            design = arena(Setting(votes=votes, prompts=votes // 5, suits=0.4), seed)
            assert design.cluster is not None
            rng = np.random.default_rng([*seed, 4])
            codes = rng.integers(levels, size=design.n)
            if how == "of prompts":
                codes = rng.integers(levels, size=int(design.cluster.max()) + 1)[design.cluster]
            est = estimates(design)
            fits = fit_levels(design, est, codes.astype(np.int64), [f"level {i}" for i in range(levels)])
            return equal_levels(fits, est.made, design.x.shape[1]).p_value[design.spec.block("style")].tolist()

        seen = np.array(repeat("equality", place, arenas, one, LEVELS[name], progress))
        rejected = 100 * (seen <= LEVEL).mean(axis=0)
        row: dict[str, Any] = {"levels": name, "votes": votes, "arenas": arenas}
        row |= {f"rejected for s{j}, %": round(float(share), 2) for j, share in enumerate(rejected)}
        rows.append(row | {"mean, %": round(float(rejected.mean()), 2)})
    return pd.DataFrame(rows), "simulated arenas; s2 has no price"


PARTS: dict[str, Callable[[Progress], tuple[pd.DataFrame, str]]] = {
    "": curvature_level,
    "-power": curvature_power,
    "-terms": terms_level,
    "-placebo": placebo_level,
    "-labels": label_ways,
    "-shared": shared_labels,
    "-equality": equality_level,
}
