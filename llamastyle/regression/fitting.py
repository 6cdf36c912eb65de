"""fit(): the one place where battles, features, design, likelihood and errors meet."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from llamastyle.data.battles import Battles, with_texts
from llamastyle.errors import ConvergenceError, DataError, FitError, SeparationError, warn
from llamastyle.features.counters import PHRASE_COUNTERS
from llamastyle.features.extraction import extract
from llamastyle.features.feature import FeatureTable
from llamastyle.options import BothBad, Correctness, Covariance, Separated, Ties, check_option, nearest, real
from llamastyle.regression.bradley_terry import PLAIN, BTFit, Likelihood, fit_bradley_terry
from llamastyle.regression.decomposition import profiles
from llamastyle.regression.design import Design, DesignSpec, build_design, choose_contrasts, model_pairs
from llamastyle.regression.diagnostics import (
    check_collinearity,
    check_connected,
    check_separation,
    separable_models,
    without_collinear,
)
from llamastyle.regression.estimates import Clustering, Estimates, Settings
from llamastyle.regression.grouping import choose_clusters
from llamastyle.regression.handling import (
    find_baseline,
    likelihood_words,
    likelihoods,
    read_penalty,
    read_prompt_penalty,
)
from llamastyle.regression.inference import MIN_CLUSTERS, cluster_counts, sandwich, seldom_columns
from llamastyle.regression.result import StyleResult

if TYPE_CHECKING:
    from llamastyle.features.feature import Feature, FeatureSet

__all__ = ["audit", "fit"]

BAD_OUT, TIES_OUT = "{n} votes that call both bad left out", "{n} ties left out"
NO_BATTLE = "no battle is left: no two models can be compared with one another"
ONLY_TIES = "every battle is a tie: nothing tells models or styles apart"


def fit(
    battles: Battles | Any,
    features: FeatureTable | FeatureSet | Feature | Iterable[Any] | str | None = None,
    *,
    contrast: str | Mapping[str, str] | None = None,
    correctness: Correctness = "auto",
    ties: Ties = "half",
    both_bad: BothBad = "half",
    vcov: Covariance = "auto",
    cluster: str | Sequence[str] | None = None,
    position: bool = False,
    prompt_effects: bool | float | None = None,
    penalty: str | Mapping[str, float] | None = None,
    separated: Separated = "error",
    level: float = 0.95,
    seed: int = 0,
) -> StyleResult:
    """Regress who won on the difference of the two responses' features.

    logit P(a beats b) = theta_a - theta_b + prices times contrasts + price of being right times the
    difference in correctness, by maximum likelihood without any penalty.

    Parameters
    ----------
    battles : Battles or anything `read_battles` reads
        One row a vote.
    features : FeatureTable, FeatureSet, list of names and `Feature` objects, or preset, optional
        What is measured; by default the features that came with the data, else `DEFAULT`.
    contrast : str or mapping, optional
        How two values become one number: one of ``difference, relative, density_relative, log_ratio,
        tanh`` for all features, or by feature or group. Each feature has its own by default.
    correctness : {"auto", "require", "ignore"}
        ``auto`` uses the battles with correctness known on both sides when there are any.
    ties : {"half", "drop", "davidson"}
        A tie is half a win each, left out, or an outcome of its own (Davidson 1970).
    both_bad : {"half", "drop"}
        A vote that calls both answers bad is a tie like any other, or left out.
    vcov : {"auto", "cluster", "robust", "HC0", "classical"}
        ``auto`` clusters where prompts (or voters, or both orders of a pair) repeat, else ``robust`` (HC1).
    cluster : str or list of str, optional
        Column of the battles to cluster by, or up to three at once, such as ``["prompt_id", "voter"]``;
        ``"pair"`` is both orders of one pair of responses. By default (``"auto"``) prompts and voters
        together where both repeat with at least 10 clusters, else prompts where they repeat, else voters,
        else sessions, else pairs judged in both orders.
    position : bool
        Estimate an advantage of the first side.
    prompt_effects : bool or float, optional
        Where one model, the baseline, is in every battle: an effect for each prompt, shrunk by this
        ridge penalty per battle sum (``True`` is 1).
    penalty : "firth" or mapping of block to float, optional
        Firth's penalty; or a ridge on blocks (``strength``, ``style``, ``correctness``, ``position``), half
        the value times the sum of squared coefficients taken from the log-likelihood summed over
        battles. None by default, and never hidden.
    separated : {"error", "drop", "firth"}
        What to do with models that have no finite rating: an error; leave them out (they stay
        in every table as ``insufficient data`` with a note); or Firth's penalty, which makes every
        rating finite as long as all models are connected by battles.
    level : float
        Level of intervals.
    seed : int
        Of the folds of `StyleResult.overrides` and the draws of rank sets.

    Returns
    -------
    StyleResult

    Raises
    ------
    FitError
        The regression cannot be made from these battles; the message says why and the way out.

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(2000, style={"words": 0.6, "emoji": 0.3}, seed=1)
    >>> result = ls.fit(arena.battles)
    >>> result.tidy().loc[:1, ["term", "block"]].to_dict("records")
    [{'term': 'words', 'block': 'style'}, {'term': 'emoji', 'block': 'style'}]
    """
    check_choices(correctness, ties, both_bad, vcov, separated, level, seed)
    ridge, firth = read_penalty(penalty)
    firth = firth or separated == "firth"
    prompt_penalty = read_prompt_penalty(prompt_effects)
    if firth and (ridge or ties == "davidson" or prompt_penalty is not None):
        raise FitError("Firth's penalty stands alone: leave out ridge, ties='davidson' and prompt_effects")
    battles = _as_battles(battles)
    battles, textless = (battles, []) if isinstance(features, FeatureTable) else with_texts(battles)
    chosen, first, with_correctness = _choose_battles(battles, correctness, ties, both_bad)
    table = features if isinstance(features, FeatureTable) else extract(chosen, features)
    if len(table) != len(chosen.responses):
        raise FitError(
            f"the feature table has {len(table)} rows and the battles {len(chosen.responses)} responses: extract it"
            " from these battles"
        )
    notes = (*first, *textless, *(note for note in battles.notes if not note.startswith("correctness known")))
    known, given = int(battles.correct_known.sum()), len(battles)
    dropped = _separable(chosen) if separated == "drop" else {}
    kept = _without(chosen, dropped)
    baseline = "" if prompt_penalty is None else find_baseline(kept, position)
    settings = Settings(
        level=level,
        seed=seed,
        ties=ties,
        position=position,
        with_correctness=with_correctness,
        separated=separated,
        ridge=tuple(ridge.items()),
        firth=firth,
        prompt_penalty=prompt_penalty,
        baseline=baseline,
        both_bad=both_bad,
        known=known,
        given=given,
    )
    partly = partly_known_warning(settings)
    notes = (*notes, *likelihood_words(settings), *_language_note(kept, table))
    try:
        if not len(kept):
            raise SeparationError(NO_BATTLE)
        clustering = choose_clusters(kept, vcov, cluster)
        notes = (*notes, *clustering.notes)
        codes = clustering.codes if clustering.kind == "cluster" else None
        design, constant = build_design(
            kept,
            table,
            contrasts=choose_contrasts(table, contrast),
            correctness=with_correctness,
            position=position,
            cluster=codes,
        )
        warned = [*partly, *clustering.warnings, *constant_warning(constant)]
        if separated == "drop":
            design, repeating = without_collinear(design)
            warned += [f"{why}: {name!r} was left out" for name, why in repeating.items()]
        warned += seldom_warning(seldom_columns(design), clustering)
        estimates = estimate(design, clustering, *likelihoods(kept, design, settings))
    except (SeparationError, ConvergenceError, FitError) as error:
        if separated != "drop" or not isinstance(error, SeparationError | ConvergenceError | NoEvidence):
            raise
        for text in partly:
            warn(text)
        return StyleResult(chosen, kept, table, None, None, dropped, settings, str(error), notes, tuple(partly))
    for text in warned:
        warn(text)
    return StyleResult(chosen, kept, table, design, estimates, dropped, settings, "", notes, tuple(warned))


def check_choices(
    correctness: str, ties: str, both_bad: str, vcov: str, separated: str, level: float, seed: int
) -> None:
    """Refuse values that options do not take."""
    for name, value, alias in (
        ("correctness", correctness, Correctness),
        ("ties", ties, Ties),
        ("both_bad", both_bad, BothBad),
        ("vcov", vcov, Covariance),
        ("separated", separated, Separated),
    ):
        check_option(name, value, alias)
    if not 0.5 <= real(level) < 1:
        raise FitError(f"level={level!r} must lie in [0.5, 1), for example 0.95")
    if not (real(seed) >= 0 and seed == int(seed)):
        raise FitError(f"seed={seed!r} must be a whole number that is not negative, for example 0")


def audit(battles: Any, features: Any = None, **options: Any) -> StyleResult:
    """Read and fit in one line, with small arenas forgiven: ``fit(..., separated="drop")``.

    Parameters
    ----------
    battles : Battles or anything `read_battles` reads
    features : optional
        As in `fit`.
    **options
        Options of `fit`, and of `read_battles` (``format, columns, labels, correctness, strict``)
        when ``battles`` still has to be read; a ``correctness`` table or pair of columns is read,
        ``"auto"``, ``"require"`` and ``"ignore"`` go to `fit`.

    Returns
    -------
    StyleResult

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(2000, style={"words": 0.6}, seed=1)
    >>> set(ls.audit(arena.battles).audit()["verdict"]) <= set(ls.StyleResult.VERDICTS)
    True
    """
    _check_options(options)
    reading = {k: options.pop(k) for k in ("format", "columns", "labels", "strict") if k in options}
    given = options.get("correctness")
    if given is not None and not (isinstance(given, str) and given in ("auto", "require", "ignore")):
        reading["correctness"] = options.pop("correctness")
    if not isinstance(battles, Battles):
        from llamastyle.data.readers import read_battles

        battles = read_battles(battles, cluster=options.pop("cluster", None), **reading)
    elif reading:
        raise DataError(
            f"{', '.join(reading)} tell how to read a table, but these battles have been read already"
        )
    return fit(battles, features, **{"separated": "drop", **options})


def _check_options(options: Mapping[str, Any]) -> None:
    known = ("format", "columns", "labels", "strict", *list(inspect.signature(fit).parameters)[2:])
    later = list(inspect.signature(StyleResult.audit).parameters)[1:]
    for name in options:
        if name not in known:
            where = f"; it is an option of the result: audit(...).audit({name}=...)" if name in later else ""
            raise FitError(f"audit has no option {name!r}{where or nearest(name, known)}")


class NoEvidence(FitError):
    """Nothing to estimate from: ties only, or fewer battles than the regression has parameters."""


def _as_battles(source: Any) -> Battles:
    if isinstance(source, Battles):
        return source
    from llamastyle.data.readers import read_battles

    return read_battles(source)


def _choose_battles(
    battles: Battles, correctness: str, ties: str, both_bad: str
) -> tuple[Battles, list[str], bool]:
    known = battles.correct_known
    n, n_known = len(battles), int(known.sum())
    use, said = use_correctness(correctness, n_known, n)
    first = [said]
    if use:
        battles = battles if n_known == n else battles.take(np.flatnonzero(known))
    if both_bad == "drop":
        first.append(BAD_OUT.format(n=int(battles.both_bad.sum())))
        battles = battles.take(np.flatnonzero(~battles.both_bad))
    if ties == "drop":
        decisive = battles.outcome != 0.5
        first.append(TIES_OUT.format(n=int((~decisive).sum())))
        battles = battles.take(np.flatnonzero(decisive))
    if not len(battles):
        raise FitError("no battle is left to fit")
    return battles, first, use


def use_correctness(correctness: str, n_known: int, n: int) -> tuple[bool, str]:
    """Whether correctness is used, and the first line of every output."""
    if correctness == "require" and n_known < n:
        raise FitError(
            f"correctness='require', but it is known on both sides in {n_known} of {n} battles; hand in the missing"
            " labels, or use correctness='auto'"
        )
    if correctness != "ignore" and n_known > 0:
        return True, f"correctness is known on both sides in {n_known} of {n} battles: these are used"
    return False, "no correctness: associated with style; quality not separated"


def _separable(battles: Battles) -> dict[str, str]:
    """Models without a finite rating among those that met another, with the reason of each."""
    a, b = model_pairs(battles)
    met = np.isin(np.arange(len(battles.models)), np.concatenate([a, b]))
    gone = separable_models(a, b, battles.outcome, battles.models) if met.any() else {}
    return {model: why for model, why in gone.items() if met[battles.models.index(model)]}


def _without(battles: Battles, dropped: Mapping[str, str]) -> Battles:
    """The battles left when models go; one of a model with itself says nothing on ratings and stays."""
    if not dropped:
        return battles
    gone = np.array([m in dropped for m in battles.models] + [False])
    return battles.take(np.flatnonzero(~battles.rated | ~(gone[battles.model_a] | gone[battles.model_b])))


def partly_known_warning(settings: Settings) -> list[str]:
    if not settings.partly_known:
        return []
    counted = f"correctness is known on both sides in {settings.known} of {settings.given} battles"
    return [f"{counted}: the other {settings.given - settings.known} are left out; correctness='ignore' uses all"]


def _language_note(battles: Battles, table: FeatureTable) -> list[str]:
    """Which features are blind in how many battles, where the data say their languages."""
    blind = [f.name for f in table.features if f.counters & PHRASE_COUNTERS and not f.phrases]
    if "language" not in battles.columns or not blind:
        return []
    language = battles.columns["language"].astype("string").str.lower().fillna("")
    known = ~language.isin(["", "und", "unknown", "none"])
    others = int((known & ~language.str.fullmatch(r"en([-_].*)?|english")).sum())
    if others == 0:
        return []
    sees = "sees" if len(blind) == 1 else "see"
    what = f"{', '.join(blind)} {sees} little or nothing there (phrase_list has other languages)"
    return [f"{others} of {len(battles)} battles are not in English, the language of the phrase lists: {what}"]


def constant_warning(names: list[str]) -> list[str]:
    if not names:
        return []
    listed = ", ".join(map(repr, names))
    if len(names) == 1:
        return [f"column {listed} does not vary over these battles and was dropped"]
    return [f"columns {listed} do not vary over these battles and were dropped"]


def seldom_warning(seldom: Mapping[str, int], clustering: Clustering) -> list[str]:
    if not seldom:
        return []
    what = f"clusters of {clustering.column}" if clustering.column else "battles"
    counted = ", ".join(f"{name!r} ({count})" for name, count in seldom.items())
    few = f"columns that differ in fewer than {MIN_CLUSTERS} {what}: {counted}"
    return [f"{few}; their prices have no interval (bring more battles in which they differ, or leave them out)"]


def estimate(
    design: Design, clustering: Clustering, likelihood: Likelihood = PLAIN, plain_likelihood: Likelihood = PLAIN
) -> Estimates:
    """Fit a design with and without its columns, check that the maximum exists, and take errors."""
    spec = design.spec
    if np.all(design.y == 0.5):
        raise NoEvidence(ONLY_TIES)
    check_connected(design.a, design.b, design.y, spec.models, penalised=bool(likelihood.firth))
    check_enough(design.n, spec)
    check_collinearity(design)
    fitted = _fit_or_explain(design, likelihood)
    made = sandwich(design, fitted, clustering.kind)
    plain = plain_made = None
    if spec.models:
        met = design.plain().rated()
        plain = fit_bradley_terry(met, likelihood=plain_likelihood)
        plain_made = sandwich(met, plain, clustering.kind)
    counts = cluster_counts(design, made.clusters.ways)
    return Estimates(fitted, made, plain, plain_made, profiles(design), counts, clustering)


def check_enough(n: int, spec: DesignSpec) -> None:
    """Refuse fewer battles than parameters."""
    free = max(len(spec.models) - 1, 0) + len(spec.columns)
    if n <= free:
        raise NoEvidence(
            f"{n} battles are too few for {free} parameters ({len(spec.models)} models,"
            f" {len(spec.columns)} columns); use fewer features or bring more battles"
        )


def _fit_or_explain(design: Design, likelihood: Likelihood) -> BTFit:
    try:
        fitted = fit_bradley_terry(design, likelihood=likelihood)
    except ConvergenceError:
        check_separation(design, None)
        raise
    if not likelihood.firth:
        check_separation(design, fitted)
    return fitted
