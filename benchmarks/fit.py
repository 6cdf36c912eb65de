"""The fit with clustered intervals, beside arena-rank, scikit-learn, statsmodels and evalica on the same arrays.

Every one gets its arrays ready-made. Ours is the maximum, the clustered covariance and the intervals;
arena-rank's is its maximum with sandwich intervals that know no clusters; statsmodels' is the maximum with the
same clusters; scikit-learn's is the maximum alone. evalica knows ratings only, and stands beside our fit of
ratings only, intervals included. arena-rank compiles its solver anew at every fit; the row "solver kept" holds on to the compiled
one, which its interface does not offer.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

import llamastyle as ls
from benchmarks.tables import installed, write_result
from benchmarks.timing import PAIRS, alternate, ratio
from llamastyle.data.battles import Battles
from llamastyle.regression.bradley_terry import fit_bradley_terry
from llamastyle.regression.design import Design, build_design, choose_contrasts
from llamastyle.regression.inference import interval, sandwich

__all__ = ["run"]

BATTLES, MODELS, SEED = 140_000, 60, 1
STYLE = {
    "words": 0.5,
    "headers": 0.1,
    "list_items": 0.1,
    "bold": 0.15,
    "italic": 0.05,
    "inline_code": 0.05,
    "emoji": 0.1,
    "sycophancy": 0.2,
}

Floats = NDArray[np.float64]
Answer = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another's fit: its package, what the row is called, how it is prepared from the design's arrays.

    Of ratings only, it is given the design without columns.
    """

    package: str
    label: str
    prepare: Callable[[Design], Callable[[], Answer]]
    ratings_only: bool = False


def run(folder: Path, *, battles: int = BATTLES, models: int = MODELS, pairs: int = PAIRS) -> Path:
    """Write ``fit.md``."""
    arena = ls.simulate(battles, models, style=STYLE, correctness=0.0, seed=SEED)
    design = make_design(arena.battles)

    def whole() -> None:
        ls.fit(arena.battles, correctness="ignore")

    rows = [
        compare(peer, design.plain().rated() if peer.ratings_only else design, whole, pairs) for peer in PEERS
    ]
    clusters = int(design.cluster.max()) + 1 if design.cluster is not None else 0
    data = (
        f"{battles:,} simulated battles of {models} models on {clusters:,} prompts, {len(STYLE)} features;"
        f" one core, {pairs} alternating pairs"
    )
    frame = pd.DataFrame(rows)
    return write_result(
        folder, "fit", frame, data=data, seed=SEED, peers=("arena-rank", "jax", "scikit-learn", "statsmodels", "evalica")
    )


def make_design(battles: Battles) -> Design:
    """The design that ``ls.fit`` makes of measured battles, clustered by prompt."""
    table = battles.measured
    if table is None:
        raise ValueError("the battles have no measured features")
    codes, _ = battles.codes("prompt_id")
    contrasts = choose_contrasts(table, None)
    options: dict[str, Any] = {"correctness": False, "position": False, "cluster": codes}
    return build_design(battles, table, contrasts=contrasts, **options)[0]


def fit_with_intervals(design: Design) -> tuple[Floats, Floats]:
    """Estimates by maximum likelihood, clustered covariance, intervals at 95 percent."""
    fitted = fit_bradley_terry(design)
    made = sandwich(design, fitted, "cluster")
    estimates = np.concatenate([fitted.theta, fitted.beta])
    return interval(made, estimates, np.sqrt(np.diag(made.cov)), 0.95)


def compare(
    peer: Peer,
    design: Design,
    whole: Callable[[], None],
    pairs: int,
) -> dict[str, object]:
    """One row of the table."""
    row: dict[str, object] = {"beside": peer.label}
    if not installed(peer.package):
        return {**row, "note": f"skipped: {peer.package} is not installed"}
    work = peer.prepare(design)
    truth, (theta, beta) = fit_bradley_terry(design), work()
    times, whole_times, peer_times = alternate(lambda: fit_with_intervals(design), whole, work, pairs=pairs)
    median, low, high = ratio(peer_times, times).cells(1)
    return {
        **row,
        "times our fit": median,
        "min": low,
        "max": high,
        "by the clock": ratio(peer_times, times, "wall").cells(1)[0],
        "times whole ls.fit": ratio(peer_times, whole_times).cells(1)[0],
        "off in strengths": f"{np.abs(theta - theta.mean() - truth.theta).max():.1e}",
        "off in prices": "" if peer.ratings_only else f"{np.abs(beta - truth.beta).max():.1e}",
        "note": "beside our ratings only" if peer.ratings_only else "",
    }


def arena_rank(reg: float, kept: bool) -> Callable[[Design], Callable[[], Answer]]:
    """ContextualBradleyTerry with sandwich intervals; a kept solver is the one its first fit compiled."""

    def prepare(design: Design) -> Callable[[], Answer]:
        import jax
        import jax.numpy as jnp
        from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
        from arena_rank.utils import math_utils
        from arena_rank.utils.data_utils import ContextualPairDataset

        model = ContextualBradleyTerry(design.n_models, design.x.shape[1], reg=reg)
        dataset = ContextualPairDataset(
            competitors=list(design.spec.models),
            pairs=jnp.array(np.column_stack([design.a, design.b]), dtype=jnp.int32),
            outcomes=jnp.array(design.y),
            features=jnp.array(design.x),
            weights=jnp.array(design.w),
        )
        start, solvers, compile_ = model.params, [], math_utils.jit

        def keep(function: Any) -> Any:
            solvers.append(compile_(function))
            return solvers[-1]

        def work() -> Answer:
            model.params, model.fitted = start, False
            if kept and solvers:
                model.params, model.fitted = solvers[-1](start)[0], True
            made = model.compute_ratings_and_cis(dataset)
            jax.block_until_ready(made["rating_upper"])
            return np.array(model.params["ratings"]), np.array(made["coeffs"])

        if kept:
            math_utils.jit = keep
            try:
                work()
            finally:
                math_utils.jit = compile_
        return work

    return prepare


def logistic(dense: bool, **options: Any) -> Callable[[Design], Callable[[], Answer]]:
    """LogisticRegression without penalty on model dummies and columns; a tie is two rows of half the weight."""

    def prepare(design: Design) -> Callable[[], Answer]:
        from sklearn.linear_model import LogisticRegression

        z, y, w = dummies(design)
        z = z.toarray() if dense else z
        m = design.n_models

        def work() -> Answer:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = LogisticRegression(C=np.inf, fit_intercept=False, **options).fit(z, y, sample_weight=w)
            return model.coef_[0, :m], model.coef_[0, m:]

        return work

    return prepare


def generalized(design: Design) -> Callable[[], Answer]:
    """statsmodels' GLM on dense dummies of all models but the last, with the same clusters; battles without weights."""
    import statsmodels.api as sm

    a, b = np.eye(design.n_models)[:, :-1][design.a], np.eye(design.n_models)[:, :-1][design.b]
    z, m = np.column_stack([a - b, design.x]), design.n_models - 1

    def work() -> Answer:
        model = sm.GLM(design.y, z, family=sm.families.Binomial())
        found = model.fit(cov_type="cluster", cov_kwds={"groups": design.cluster})
        found.conf_int()
        return np.append(found.params[:m], 0.0), found.params[m:]

    return work


def evalica_ratings(**options: Any) -> Callable[[Design], Callable[[], Answer]]:
    """evalica's Bradley-Terry ratings, a tie half a win."""

    def prepare(design: Design) -> Callable[[], Answer]:
        import evalica

        names = list(design.spec.models)
        xs, ys = [names[k] for k in design.a], [names[k] for k in design.b]
        known = {0.0: evalica.Winner.Y, 0.5: evalica.Winner.Draw, 1.0: evalica.Winner.X}
        winners = [known[float(y)] for y in design.y]
        index = pd.Index(names)

        def work() -> Answer:
            made = evalica.bradley_terry(xs, ys, winners, index=index, weights=design.w, **options)
            return np.log(made.scores.reindex(names).to_numpy()), np.empty(0)

        return work

    return prepare


def dummies(design: Design) -> tuple[sparse.csr_array, Floats, Floats]:
    """Rows (e_a - e_b, x), labels and weights, with ties as two rows."""
    rows = np.repeat(np.arange(design.n), 2)
    signs = np.tile([1.0, -1.0], design.n), (rows, np.column_stack([design.a, design.b]).ravel())
    models = sparse.csr_array(sparse.coo_array(signs, shape=(design.n, design.n_models)))
    z = sparse.csr_array(sparse.hstack([models, sparse.csr_array(design.x)]))
    won, lost = design.y > 0, design.y < 1
    y = np.repeat([1.0, 0.0], [won.sum(), lost.sum()])
    w = np.concatenate([(design.w * design.y)[won], (design.w * (1 - design.y))[lost]])
    return sparse.csr_array(sparse.vstack([z[won], z[lost]])), y, w


EXACT = {"tol": 1e-8, "max_iter": 1000}
PEERS = (
    Peer("arena-rank", "arena-rank ContextualBradleyTerry, second fit and later", arena_rank(1.0, False)),
    Peer("arena-rank", "the same, reg=0", arena_rank(0.0, False)),
    Peer("arena-rank", "the same, reg=0, solver kept", arena_rank(0.0, True)),
    Peer("scikit-learn", "LogisticRegression(C=inf), dense dummies", logistic(True)),
    Peer("scikit-learn", "the same, tol=1e-8", logistic(True, **EXACT)),
    Peer("scikit-learn", "LogisticRegression(C=inf), sparse dummies", logistic(False)),
    Peer("scikit-learn", "the same, tol=1e-8", logistic(False, **EXACT)),
    Peer("statsmodels", "GLM(Binomial), cov_type='cluster', dense dummies", generalized),
    Peer("evalica", "evalica.bradley_terry", evalica_ratings(), ratings_only=True),
    Peer("evalica", "the same, tolerance=1e-12", evalica_ratings(tolerance=1e-12, limit=10_000), ratings_only=True),
)
