"""fit_files(): the fit of battles in files larger than memory, from sums over batches of them."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from llamastyle.data.readers.shards import missing_shards
from llamastyle.errors import ConvergenceError, DataError, FitError, SeparationError, warn
from llamastyle.features.feature import FeatureSet, FeatureTable
from llamastyle.features.file_parts import Source, alike, examined, looked_through, paths_of
from llamastyle.features.streaming import FeatureFiles
from llamastyle.options import BothBad, Correctness, Covariance, Separated, Ties
from llamastyle.regression import batches as sums
from llamastyle.regression.batches import BatchPasses, Found, Plan, Totals, total
from llamastyle.regression.bradley_terry import BTFit, Likelihood, fit_passes, laplacian_of
from llamastyle.regression.clusters import Clusters
from llamastyle.regression.decomposition import Profiles, WinRates, profiles_from
from llamastyle.regression.design import Column, Design, DesignSpec
from llamastyle.regression.diagnostics import (
    ETA_LIMIT,
    Overlap,
    check_connected,
    not_collinear,
    refuse_collinear,
    separable_models,
)
from llamastyle.regression.estimates import Clustering, Estimates, Settings
from llamastyle.regression.fitting import (
    BAD_OUT,
    NO_BATTLE,
    ONLY_TIES,
    TIES_OUT,
    NoEvidence,
    check_choices,
    check_enough,
    constant_warning,
    partly_known_warning,
    seldom_warning,
    use_correctness,
)
from llamastyle.regression.grouping import PAIR, Way, choose_ways
from llamastyle.regression.handling import likelihood_words, likelihoods_of, read_penalty
from llamastyle.regression.inference import (
    MIN_CLUSTERS,
    Influence,
    Sandwich,
    assembled,
    finite_sample,
    standard_errors,
)
from llamastyle.regression.result import StyleResult
from llamastyle.regression.rowless import Held, Rowless, SummedBattles, SummedClusters, SummedDesign
from llamastyle.regression.shards import Disk, Pool, Reading, Seen, read_part

__all__ = ["Asked", "fit_files", "fit_pool"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

GROUP = 1 << 17
"""Battles of whole clusters that are in memory at a time, about."""
KEYS = 1 << 22
"""Different values of a column that are in memory at a time, about."""
HASHES = 1 << 64
BLOCKS = ("style", "correctness")
USUAL_SIDES = ("model", "response", "conversation", "correct", "tokens")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of a fit of files: those of `fit` that it takes."""

    correctness: str = "auto"
    ties: str = "half"
    both_bad: str = "half"
    vcov: str = "auto"
    cluster: str | Sequence[str] | None = None
    position: bool = False
    penalty: Any = None
    separated: str = "error"
    level: float = 0.95
    seed: int = 0

    def checked(self) -> Settings:
        """What is known of the settings before the battles are."""
        check_choices(
            self.correctness, self.ties, self.both_bad, self.vcov, self.separated, self.level, self.seed
        )
        ridge, firth = read_penalty(self.penalty)
        if firth or self.separated == "firth":
            raise FitError(
                "a fit of files has no Firth's penalty: leave it out, use separated='drop', or fit in memory with"
                " fit(read_battles(...))"
            )
        return Settings(
            self.level,
            self.seed,
            self.ties,
            self.position,
            False,
            self.separated,
            tuple(ridge.items()),
            both_bad=self.both_bad,
        )


def fit_files(
    source: Any,
    features: Any = None,
    *,
    contrast: str | Mapping[str, str] | None = None,
    correctness: Correctness | tuple[str, str] = "auto",
    ties: Ties = "half",
    both_bad: BothBad = "half",
    vcov: Covariance = "auto",
    cluster: str | Sequence[str] | None = None,
    position: bool = False,
    penalty: Mapping[str, float] | None = None,
    separated: Separated = "error",
    level: float = 0.95,
    seed: int = 0,
    n_jobs: int | None = None,
    scratch: str | Path | None = None,
    **reading: Any,
) -> StyleResult:
    """Fit battles in files larger than memory: `fit` from sums over batches of them.

    The numbers are those of ``fit(read_battles(source), ...)``, to rounding. Memory is bounded whatever the
    number of battles (a few hundred megabytes, more where one cluster alone holds a great share of the battles); a
    folder on disk holds about 8 bytes a battle and feature, twice, for as long as it takes.

    Parameters
    ----------
    source : FeatureFiles, path, pattern, folder, or list of paths
        Parquet or JSON-lines files of battles: those that ``extract(..., out=folder)`` wrote, or others as
        `read_battles` reads them, whose texts are then measured batch by batch.
    features, contrast, ties, both_bad, vcov, cluster, position, separated, level, seed
        As in `fit`; Firth's penalty and effects of prompts are not for files.
    correctness : {"auto", "require", "ignore"} or pair of columns
        As in `fit`; or the columns with the correctness of both sides.
    penalty : mapping of block to float, optional
        A ridge, as in `fit`.
    n_jobs : int, optional
        Threads that texts are measured on.
    scratch : path, optional
        The folder to keep arrays in while it fits, on a disk with room; the system's own for such files unless given.
    **reading
        Options of `read_battles`: ``format, columns, labels, strict``.

    Returns
    -------
    StyleResult
        With all that needs no battles one by one: ``params, bse, cov_params``, ``tidy``, ``ratings``,
        ``decompose`` and ``compare`` (of ratings, not of win rates), ``parity``, ``exchange_rates``, ``bands``,
        ``audit``, ``collinearity``, ``diagnostics``, ``summary``, ``headline``, and charts of these. The rest is an
        error that says so.

    Raises
    ------
    FitError
        As `fit`.

    Notes
    -----
    Values that battles are clustered by (prompts, voters, pairs of responses) are told apart by 64-bit hashes. Among
    n different values, two are taken for one with a chance of about n**2 / 2**65: one in a million at six million.
    JSON lines are read twice, first for the names and types of all their keys; parquet is read once. A column that
    some files lack is empty there. Formats whose verdicts may be given twice (``arena_hard, mt_bench, judgebench,
    llmbar, rm_bench, rewardbench``) are refused: they are read whole. ``question_id repeats`` is not noted.

    Examples
    --------
    >>> import tempfile, llamastyle as ls
    >>> arena = ls.simulate(3000, style={"words": 0.6}, seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     arena.battles.to_frame().to_parquet(f"{folder}/votes.parquet")
    ...     result = ls.fit_files(f"{folder}/votes.parquet")
    >>> bool(abs(result.params["words"] - ls.fit(arena.battles).params["words"]) < 1e-10)
    True
    """
    asked = Asked(str(correctness), ties, both_bad, vcov, cluster, position, penalty, separated, level, seed)
    asked, how = read_options(asked, correctness, reading)
    asked.checked()
    measured, plan = features_of(features), parts_of(source)
    files = Reading(measured, contrast, cluster, how, n_jobs, tuple(dict.fromkeys(file for file, _ in plan)))
    try:
        with tempfile.TemporaryDirectory(prefix="llamastyle-", dir=scratch) as folder:
            disk, seen = Disk(Path(folder) / "shards"), None
            for number, (file, part) in enumerate(plan):
                for shard, found in read_part(file, part, number, files):
                    disk.add(shard)
                    seen = found if seen is None else seen + found
            if seen is None:
                raise DataError("the files have no rows; give at least one battle")
            return fit_pool(disk, with_missing(seen, files.files), asked)
    except OSError as error:
        raise FitError(
            f"arrays could not be kept in {str(scratch or tempfile.gettempdir())!r} ({error.strerror or error}); give a"
            " folder on a disk with room: scratch="
        ) from error


def read_options(asked: Asked, correctness: Any, reading: dict[str, Any]) -> tuple[Asked, dict[str, Any]]:
    """The options of the fit and those of reading, apart."""
    known = ("format", "columns", "labels", "strict")
    if unknown := [name for name in reading if name not in known]:
        raise FitError(f"a fit of files has no option {unknown[0]!r}; it takes those of fit, and {', '.join(known)}")
    if isinstance(correctness, str):
        return asked, reading
    if not isinstance(correctness, list | tuple) or not all(isinstance(name, str) for name in correctness):
        raise FitError(
            "correctness of files is a pair of their columns; join a table of scores to the battles first"
            " (join_correctness)"
        )
    return replace(asked, correctness="auto"), {**reading, "correctness": tuple(correctness)}


def features_of(features: Any) -> FeatureSet | None:
    """The features asked for, checked before anything is read."""
    if isinstance(features, FeatureTable):
        raise FitError(
            "a fit of files measures texts itself, or reads what extract(..., out=) wrote: leave the table out"
        )
    return None if features is None else FeatureSet.of(features)


def parts_of(source: Any, **size: int) -> list[Any]:
    """The parts of the files that are meant, in order."""
    paths = paths_of([str(part) for part in source.parts] if isinstance(source, FeatureFiles) else source)
    files = alike([looked_through(examined(path, **size)) for path in paths], _of_a_feature)
    return [(file, part) for file in files for part in file.parts]


def with_missing(seen: Seen, files: Sequence[Source]) -> Seen:
    """What was seen, with notes on files that belong to these and are not among them, which are warned of too."""
    missing = missing_shards([file.path for file in files])
    for note in missing:
        warn(note)
    return replace(seen, notes=seen.notes.with_plain(missing))


def _of_a_feature(column: str) -> bool:
    """Whether a column may be a feature that is measured already, which every file has or which is not asked for."""
    return column.endswith(("_a", "_b")) and column[:-2] not in USUAL_SIDES


# -- the fit -------------------------------------------------------------------------------------------------


def fit_pool(pool: Pool, seen: Seen, asked: Asked) -> StyleResult:
    """The fit of a pool's battles."""
    settings = asked.checked()
    count = total(pool.map(sums.known))
    known, given = int(count["known"]), int(count["given"])
    use, said = use_correctness(asked.correctness, known, given)
    settings = replace(settings, with_correctness=use, known=known, given=given)
    names = tuple(sorted(set().union(*pool.map(_names))))
    plan = Plan(names, (), use, asked.ties == "drop", asked.both_bad == "drop")
    out = total(pool.map(partial(sums.left_out, plan=plan)))
    first = [said, *[BAD_OUT.format(n=out["bad"])] * plan.drop_bad, *[TIES_OUT.format(n=out["ties"])] * plan.drop_ties]
    tally = total(pool.map(partial(sums.tally, plan=plan)))
    chosen = _Pairs(names, tally)
    if not chosen.n:
        raise FitError("no battle is left to fit")
    dropped = chosen.separable() if asked.separated == "drop" else {}
    kept = chosen.without(dropped)
    partly = partly_known_warning(settings)
    notes = (*first, *_read_notes(seen, names), *likelihood_words(settings))
    table = FeatureTable(np.empty((0, len(seen.features))), seen.features, None, seen.versions)
    both: Any = chosen.battles(), kept.battles()
    try:
        fitted = _fitted(pool, seen, asked, settings, plan, kept)
    except (SeparationError, ConvergenceError, FitError) as error:
        if asked.separated != "drop" or not isinstance(error, SeparationError | ConvergenceError | NoEvidence):
            raise
        for text in partly:
            warn(text)
        return StyleResult(both[0], both[1], table, None, None, dropped, settings, str(error), notes, tuple(partly))
    design, estimates, warned = fitted
    warned = [*partly, *warned]
    for text in warned:
        warn(text)
    notes = (*notes, *estimates.clustering.notes, FROM_SUMS)
    return StyleResult(both[0], both[1], table, design, estimates, dropped, settings, "", notes, tuple(warned))


FROM_SUMS = "fitted from sums over batches of files: what needs the battles one by one is not there"


def _names(shard: sums.Shard) -> set[str]:
    return set(shard.names)


def _read_notes(seen: Seen, names: tuple[str, ...]) -> list[str]:
    battles = seen.notes.battles
    notes = [f"{seen.textless} of {battles} battles have a response without text: left out"] * bool(seen.textless)
    return notes + [note for note in seen.notes.lines(names) if not note.startswith("correctness known")]


def _fitted(
    pool: Pool, seen: Seen, asked: Asked, settings: Settings, plan: Plan, kept: _Pairs
) -> tuple[Any, Estimates, list[str]]:
    """The design without rows, the estimates, and what is to be warned of."""
    if not kept.n:
        raise SeparationError(NO_BATTLE)
    plan = replace(plan, models=kept.met, gone=())
    repeats = _Counted(pool, plan, kept.n, kept.fractional, seen)
    clustering = choose_ways(repeats, asked.vcov, _asked_columns(asked, seen))
    names = tuple(name for name, _ in clustering.ways)
    plan, constant = _scaled(pool, plan, seen, asked, kept)
    warned = [*clustering.warnings, *constant_warning(constant)]
    rated = kept.among(kept.met)
    standard = total(pool.map(partial(sums.standards, plan=plan)))
    full, contrasts, m = standard["information"].total() / kept.unit, standard["contrasts"], len(plan.models)
    if asked.separated == "drop":
        left, repeating = not_collinear(plan.columns, full, m)
        warned += [f"{why}: {name!r} was left out" for name, why in repeating.items()]
        plan, contrasts = plan.only(left), contrasts[:, left]
        rows = [*range(m), *(m + i for i in left)]
        full = full[np.ix_(rows, rows)]
    spec = DesignSpec(plan.columns, plan.models)
    if kept.only_ties:
        raise NoEvidence(ONLY_TIES)
    a, b, y, _ = rated.results()
    check_connected(a, b, y, plan.models)
    check_enough(kept.n, spec)
    refuse_collinear(plan.columns, full, m)
    like, plain_like = likelihoods_of(spec, settings, probabilities=kept.probable, tied=kept.tied_any)
    fit = _maximum(pool, replace(plan, unit=kept.unit), rated, like)
    plain = None
    if m:
        silent_less = rated.rated()
        passes = replace(plan, columns=(), places=(), unit=silent_less.unit, rated=True)
        plain = _maximum(pool, passes, silent_less, plain_like)
    pi, inverse = profiles_from(laplacian_of(rated.tally["weight"]), contrasts)
    found = Found(fit.theta, fit.beta, np.empty(0) if plain is None else plain.theta, fit.nu, 0.0, pi)
    if plain is not None:
        found = replace(found, plain_nu=plain.nu, moved=_moved(plan.columns))
    reach = total(pool.map(partial(sums.parities, plan=plan, found=found, names=BLOCKS)))
    if reach["max:eta"] > ETA_LIMIT:
        raise SeparationError(
            f"some battle is predicted with log-odds {reach['max:eta']:.1f} in size (beyond +-{ETA_LIMIT:.0f}): such"
            " certainty is separation, not evidence; leave the feature out that predicts it"
        )
    parities = {block: _parity(reach, block) for block in BLOCKS}
    if m:
        means = {block: (p.total, p.at_parity, p.win_rate - p.at_parity) for block, p in parities.items()}
        found = replace(found, means=means)
    crossed = _crossed(pool, plan, found, names, kept.n)
    made, plain_made = _sandwiches(clustering, crossed, names, kept.n, fit, plain, rated)
    ways = [(i,) for i in range(len(names))] or [()]
    counts = np.column_stack([crossed[way, "counts"] for way in ways]).astype(np.int64)
    seldom = np.min([crossed[way, "seldom"] for way in ways], axis=0)
    few = {c.name: int(s) for c, s in zip(plan.columns, seldom, strict=True) if s < MIN_CLUSTERS}
    free = max(m - 1, 0) + len(plan.columns)
    design = SummedDesign(spec, kept.n, free, few, Rowless() if names else None)
    prof = SummedProfiles(pi, cast(Any, Rowless()), inverse)
    est = SummedEstimates(fit, made, plain, plain_made, prof, counts, clustering, parities, kept.n, full)
    return cast(Any, design), est, warned + seldom_warning(few, clustering)


def _asked_columns(asked: Asked, seen: Seen) -> Any:
    """The columns to cluster by, under the battles' names for them."""
    if asked.cluster is None:
        return None
    names, found = [asked.cluster] if isinstance(asked.cluster, str) else list(asked.cluster), iter(seen.cluster)
    return [name if name in (PAIR, "auto") else next(found) for name in names]


def _maximum(pool: Pool, plan: Plan, pairs: _Pairs, likelihood: Likelihood) -> BTFit:
    passes = BatchPasses(pool, plan, pairs.pooled(), pairs.tied_share)
    fit, largest = fit_passes(passes, pairs.unit, likelihood)
    held: dict[str, Any] = {each.name: getattr(fit, each.name) for each in fields(fit)}
    return SummedFit(**{**held, "eta": Rowless(), "p": Rowless(), "reach": largest})


def _scaled(pool: Pool, plan: Plan, seen: Seen, asked: Asked, kept: _Pairs) -> tuple[Plan, list[str]]:
    """The plan with its columns and their scales, and the columns that do not vary."""
    columns = [Column(f.name, f.group, "style", seen.contrasts[f.name], step=f.step) for f in seen.features]
    places = list(range(len(columns)))
    if plan.with_correctness:
        columns.append(Column("correctness", "correctness", "correctness", "difference"))
        places.append(-1)
    plan = replace(plan, columns=tuple(columns), places=tuple(places))
    size = total(pool.map(partial(sums.largest, plan=plan)))["max:size"]
    plain = replace(plan, columns=tuple(replace(c, contrast="difference") for c in columns))
    square = total(pool.map(partial(sums.squares, plan=plain, size=size)))["squares"]
    scale = size * np.sqrt(square / kept.weight)
    if bent := [j for j, c in enumerate(columns) if c.contrast == "tanh" and scale[j] > 0]:
        for j in bent:
            columns[j] = replace(columns[j], inner=float(scale[j]))
        curved = replace(plan, columns=tuple(columns))
        square = total(pool.map(partial(sums.squares, plan=curved, size=np.ones(len(columns)))))["squares"]
        scale[bent] = np.sqrt(square[bent] / kept.weight)
    varies = [j for j in range(len(columns)) if scale[j] > 1e-12]
    constant = [c.name for j, c in enumerate(columns) if j not in varies]
    made = [replace(columns[j], scale=float(scale[j])) for j in varies]
    where = [places[j] for j in varies]
    if asked.position:
        made.append(Column("position", "position", "position", "difference"))
        where.append(-2)
    return replace(plan, columns=tuple(made), places=tuple(where)), constant


def _moved(columns: tuple[Column, ...]) -> dict[str, tuple[int, ...]]:
    """The sets of columns that ratings are split into, by name."""
    style = tuple(j for j, c in enumerate(columns) if c.block == "style")
    right = tuple(j for j, c in enumerate(columns) if c.block == "correctness")
    groups = dict.fromkeys(columns[j].group for j in style)
    wanted = [style, right, *(tuple(j for j in style if columns[j].group == g) for g in groups), *((j,) for j in style)]
    named = {_name(part): part for part in wanted if part and part != style + right}
    return named | ({sums.TOTAL: style + right} if style + right else {})


def _name(chosen: Iterable[int]) -> str:
    return f"columns {','.join(map(str, chosen))}"


def _crossed(pool: Pool, plan: Plan, found: Found, names: tuple[str, ...], n: int) -> Totals:
    """Cross-products of sums by cluster over all battles, the clusters of one way after those of another."""
    out = Totals()
    groups = -(-n // GROUP)
    for way, sets in enumerate(sums.sets_by_first(names)):
        work = partial(sums.crossed, plan=plan, found=found, names=names, sets=sets)
        if not names:
            return total(pool.map(work))
        whole = pool.regrouped(partial(sums.group_of, plan=plan, name=names[way], groups=groups), groups)
        out = Totals(out | total(whole.map(work)))
        whole.forget()
    return out


def _sandwiches(
    clustering: Clustering,
    crossed: Totals,
    names: tuple[str, ...],
    n: int,
    fit: BTFit,
    plain: BTFit | None,
    pairs: _Pairs,
) -> tuple[Sandwich, Sandwich | None]:
    """Covariances of the fit and of the plain ratings."""
    every = [one for size in range(1, len(names) + 1) for one in combinations(range(len(names)), size)] or [()]

    def made(name: str, count: str, n: int, fit: BTFit) -> Sandwich:
        if n <= fit.free:
            raise FitError(
                f"{n} battles for {fit.free} parameters leave nothing to measure errors with; use fewer features"
            )
        products = _products(crossed, every)
        counted = tuple((chosen, int(crossed[chosen, count])) for chosen in every)
        clusters: Any = SummedClusters.of(len(names), counted, products)
        factor, df = finite_sample(clustering.kind, clusters, n, fit.free)
        held: Any = Held(name)
        return assembled(clustering.kind, fit.bread, clusters.crossed(held, held), held, factor, df, clusters)

    whole = made("scores", "groups", n, fit)
    return whole, None if plain is None else made("plain", "rated", pairs.rated().n, plain)


def _products(crossed: Totals, every: Sequence[tuple[int, ...]]) -> dict[tuple[str, str], tuple[Floats, ...]]:
    """Cross-products by the names of both sums, an array a set of ways."""
    pairs = dict.fromkeys(key[1:] for key in crossed if len(key) == 3)
    return {(one, two): tuple(crossed[chosen, one, two] for chosen in every) for one, two in pairs}


# -- what is known without rows ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Sums by pair of models, as `batches.tally` gives them: arrays (m + 1, m + 1), silent battles in the corner."""

    names: tuple[str, ...]
    tally: Totals

    @property
    def n(self) -> int:
        return int(self.tally["battles"].sum())

    @property
    def weight(self) -> float:
        return float(self.tally["weight"].sum())

    @property
    def unit(self) -> float:
        return self.weight / max(self.n, 1)

    @property
    def fractional(self) -> bool:
        return bool(self.tally["between"].any())

    @property
    def probable(self) -> bool:
        return bool(self.tally["probable"].any())

    @property
    def tied_any(self) -> bool:
        return bool(self.tally["tied"].any())

    @property
    def only_ties(self) -> bool:
        return float(self.tally["tied"].sum()) == self.n

    @property
    def tied_share(self) -> float:
        return float(self.tally["tied_weight"].sum()) / self.weight

    @property
    def met(self) -> tuple[str, ...]:
        """Models in battles that say something on strengths."""
        counts = self._by_model("battles")
        return tuple(name for name, count in zip(self.names, counts, strict=True) if count)

    def _by_model(self, name: str) -> Floats:
        inner = self.tally[name][1:, 1:]
        return inner.sum(axis=0) + inner.sum(axis=1)

    def results(self) -> tuple[Ints, Ints, Floats, Ints]:
        """Sides, outcome, and how many battles have it: a row for what a pair won, and one for what it lost."""
        a, b, y, times = [], [], [], []
        for outcome, name in ((1.0, "up"), (0.0, "down")):
            first, second = np.nonzero(self.tally[name][1:, 1:])
            a.append(first)
            b.append(second)
            y.append(np.full(first.size, outcome))
            times.append(self.tally[name][1:, 1:][first, second].astype(np.int64))
        return np.concatenate(a), np.concatenate(b), np.concatenate(y), np.concatenate(times)

    def separable(self) -> dict[str, str]:
        """Models without a finite rating among those that met another, with the reason of each."""
        a, b, y, times = self.results()
        gone = separable_models(a, b, y, self.names, times) if a.size else {}
        return {model: why for model, why in gone.items() if model in self.met}

    def _masked(self, rows: Ints, silent: bool) -> Totals:
        """Only the battles between some of the models (places in the arrays), the silent ones with them or not."""
        keep = np.zeros(len(self.names) + 1, bool)
        keep[rows] = True
        inner = np.outer(keep, keep)
        inner[0, :], inner[:, 0] = False, False
        inner[0, 0] = silent
        return Totals({n: v if n == "silent" else np.where(inner, v, 0.0) for n, v in self.tally.items()})

    def without(self, gone: Collection[str]) -> _Pairs:
        """The battles left when models go; the silent ones stay."""
        rows = np.array([i + 1 for i, name in enumerate(self.names) if name not in gone], dtype=np.int64)
        return _Pairs(self.names, self._masked(rows, True))

    def rated(self) -> _Pairs:
        """The battles that say something on strengths."""
        return _Pairs(self.names, self._masked(np.arange(1, len(self.names) + 1), False))

    def among(self, models: Sequence[str]) -> _Pairs:
        """The same for some models, in their order."""
        rows = np.array([0, *(self.names.index(name) + 1 for name in models)], dtype=np.int64)
        silent = self.tally["silent"][rows[1:] - 1]
        arrays = {n: silent if n == "silent" else v[np.ix_(rows, rows)] for n, v in self.tally.items()}
        return _Pairs(tuple(models), Totals(arrays))

    def pooled(self) -> Design:
        """One row for all battles of a pair with the same side a, weights divided by their mean."""
        weight, won = self.tally["weight"] / self.unit, self.tally["won"] / self.unit
        a, b = np.nonzero(weight)
        w = weight[a, b]
        return Design(DesignSpec((), self.names), np.empty((w.size, 0)), a - 1, b - 1, won[a, b] / w, w)

    def battles(self) -> SummedBattles:
        """Counts by model."""
        there = np.flatnonzero((self._by_model("battles") > 0) | (self.tally["silent"] > 0))
        won, weight = self.tally["won"][1:, 1:], self.tally["weight"][1:, 1:]
        wins = won.sum(axis=1) + (weight - won).sum(axis=0)
        return SummedBattles(
            tuple(self.names[i] for i in there),
            self.n,
            self._by_model("battles")[there].astype(np.int64),
            wins[there],
            self._by_model("weight")[there],
        )


@dataclass(frozen=True, slots=True)
class _Counted:
    """Which values repeat, counted over the shards; see `grouping.Repeats`."""

    pool: Pool
    plan: Plan
    size: int
    fractional: bool
    seen: Seen
    _known: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> Collection[str]:
        names = dict.fromkeys(["prompt_id", "voter", "session", *self.seen.cluster])
        return [name for name in names if self._empty(name) < self.size]

    def _empty(self, name: str) -> int:
        key = f"empty {name}"
        if key not in self._known:
            counts = total(self.pool.map(partial(sums.without_value, plan=self.plan, name=name)))
            self._known[key] = int(counts["empty"])
        return self._known[key]

    def refuse_empty(self, name: str) -> None:
        if missing := self._empty(name):
            raise DataError(
                f"column {name!r} is empty in {missing} of {self.size} battles; leave those out to group by it"
            )

    def known(self, name: str) -> tuple[int, int]:
        return self.size - self._empty(name), self._different(name)[0]

    def way(self, name: str) -> Way:
        different, rated = self._different(name)
        alone = self._empty(name)
        if alone == self.size:
            return Way(1, 1, alone)
        return Way(rated or different, different + alone, alone)

    def _different(self, name: str) -> tuple[int, int]:
        """Different values, and those that a rated battle has."""
        if name in self._known:
            return self._known[name]
        different = rated = 0
        for low, high in self._ranges():
            found = list(self.pool.map(partial(sums.key_counts, plan=self.plan, name=name, low=low, high=high)))
            every = np.unique(np.concatenate([key for key, _ in found]))
            different += every.size
            rated += np.unique(np.concatenate([key[met] for key, met in found])).size
        self._known[name] = different, rated
        return different, rated

    def _ranges(self) -> Iterable[tuple[int, int]]:
        """The hashes in as many ranges as keep what is in memory small."""
        parts = -(-self.size // KEYS)
        ends = [HASHES * i // parts for i in range(parts + 1)]
        return [(low, high - 1) for low, high in pairwise(ends)]

    def exchanged(self) -> tuple[Way, int] | None:
        size = rated = twins = 0
        for low, high in self._ranges():
            found = list(self.pool.map(partial(sums.pair_counts, plan=self.plan, low=low, high=high)))
            keys, place = np.unique(np.concatenate([key for key, _ in found]), return_inverse=True)
            counts = np.zeros((keys.size, 4))
            np.add.at(counts, place, np.concatenate([count for _, count in found]))
            both = (counts[:, 0] > 0) & (counts[:, 1] > 0)
            twins += int(counts[both, 3].sum())
            size += int(both.sum() + counts[~both, 3].sum())
            rated += int((counts[both, 2] > 0).sum() + counts[~both, 2].sum())
        if not twins or (self.seen.measured and 2 * twins < self.size):
            return None
        return Way(rated or size, size), twins


@dataclass(frozen=True, slots=True, kw_only=True)
class SummedFit(BTFit):
    """A fit without ``eta`` and ``p``; ``reach`` is the greatest linear predictor."""

    reach: float

    @property
    def largest(self) -> float:
        """Greatest size of a linear predictor."""
        return self.reach


@dataclass(frozen=True, slots=True)
class SummedProfiles(Profiles):
    """Profiles without what they leave of each battle's contrasts."""

    def moved(self, design: Design, clusters: Clusters, beta: Floats, chosen: list[int]) -> Any:
        """The name of the sums by cluster and model."""
        columns = design.spec.columns
        whole = [j for block in BLOCKS for j, c in enumerate(columns) if c.block == block]
        return Held(sums.TOTAL if chosen == whole else _name(chosen))


@dataclass(frozen=True, slots=True)
class _Parity:
    """Win rates with a block set to zero, their derivatives, and how far battles reach; m models."""

    total: Floats
    win_rate: Floats
    at_parity: Floats
    slope: Floats
    met: Ints
    near: Floats
    near_all: float
    low: Floats
    high: Floats


def _parity(reach: Totals, block: str) -> _Parity:
    weight, won, at_parity, slope = (reach[f"{block}:{i}"] for i in range(4))
    return _Parity(
        weight,
        won / weight,
        at_parity / weight,
        slope / weight,
        reach[f"{block}:met"],
        reach[f"{block}:near"],
        float(reach[f"{block}:near_all"]),
        -reach[f"max:{block}:low"],
        reach[f"max:{block}:high"],
    )


@dataclass(frozen=True, slots=True)
class SummedEstimates(Estimates):
    """Estimates without battles: ``parities`` by block, ``n`` battles, ``full`` the standard information."""

    parities: dict[str, _Parity]
    n: int
    full: Floats

    def at_parity(self, design: Design, block: str) -> WinRates:
        """Win rates with a block of contrasts set to zero."""
        found = self.parities[block]
        names: Any = Held(f"{sums.HELD}:{block}"), Held(f"{sums.MOVED}:{block}")
        held, change = Influence(found.slope, names[0]), Influence(-found.slope, names[1])
        errors = standard_errors(self.made, held), standard_errors(self.made, change)
        return WinRates(found.win_rate, found.at_parity, found.win_rate - found.at_parity, *errors)

    def overlap(self, design: Design, block: str = "style") -> Overlap:
        """How far battles reach towards parity of a block."""
        found = self.parities[block]
        near = found.near / np.maximum(found.met, 1)
        far = (near < 0.05) | (found.low > 0) | (found.high < 0)
        return Overlap(near, found.low, found.high, far, found.near_all / self.n)

    def standard_information(self, design: Design) -> Floats:
        """The information of evenly matched battles, (m + k, m + k)."""
        return self.full
