"""StyleResult: what a fit found, as frames. Methods order the work; functions elsewhere compute."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.errors import FitError, LlamaStyleError
from llamastyle.features.extraction import extract
from llamastyle.features.feature import FeatureTable
from llamastyle.options import Verdict, allowed, nearest
from llamastyle.regression import decomposition as dec
from llamastyle.regression.bradley_terry import BTFit, linear_predictor, sigmoid
from llamastyle.regression.decomposition import POINTS, Part, Profiles
from llamastyle.regression.design import Design, apply_spec
from llamastyle.regression.detector import detect, distance, unusual
from llamastyle.regression.diagnostics import overlap
from llamastyle.regression.inference import (
    MIN_CLUSTERS,
    Kind,
    Sandwich,
    interval,
    rank_sets,
    standard_errors,
    tail,
)
from llamastyle.regression.wording import headline, model_reason, summary_blocks
from llamastyle.report.tables import text_table

__all__ = ["Clustering", "Estimates", "Settings", "StyleResult"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Clustering:
    """How errors are taken.

    Attributes
    ----------
    kind : str
        ``cluster``, ``robust``, ``HC0`` or ``classical``.
    column : str
        What is clustered by; empty when nothing is.
    codes : int64 (n,) or None
    n_groups : int
    conditional : str
        Dimensions that repeat but have too few values to cluster on; empty when there are none.
    warnings : tuple of str
    """

    kind: Kind
    column: str
    codes: Ints | None
    n_groups: int
    conditional: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for."""

    level: float
    seed: int
    ties: str
    position: bool
    with_correctness: bool
    separated: str
    derived: bool


@dataclass(frozen=True, slots=True)
class Estimates:
    """What the fit found: the controlled and the plain model, their errors, the profiles.

    ``plain`` and ``plain_made`` are None where no two models are compared; ``counts`` (m,) is the
    number of clusters each model is in.
    """

    fit: BTFit
    made: Sandwich
    plain: BTFit | None
    plain_made: Sandwich | None
    profiles: Profiles
    counts: Ints
    clustering: Clustering


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StyleResult:
    """A fitted style analysis; made by `fit` and `audit`.

    Attributes
    ----------
    asked, battles : Battles
        The battles chosen for the fit, and those left after models without a finite rating went.
    table : FeatureTable
    design : Design or None
    estimates : Estimates or None
        None when nothing could be fitted; ``failure`` then says why.
    dropped : dict of str to str
        Models that left, with the reason.
    settings : Settings
    failure : str
    notes, warnings : tuple of str
        How the data were read; what to know before quoting.

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(3000, style={"words": 0.8}, seed=2)
    >>> result = ls.fit(arena.battles)
    >>> result.converged
    True
    >>> result.tidy().columns[:3].tolist()
    ['term', 'group', 'block']
    """

    asked: Battles
    battles: Battles
    table: FeatureTable
    design: Design | None
    estimates: Estimates | None
    dropped: dict[str, str]
    settings: Settings
    failure: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    VERDICTS: ClassVar[tuple[str, ...]] = allowed(Verdict)

    # -- as in statsmodels ------------------------------------------------------------------------

    @property
    def converged(self) -> bool:
        """Whether there is an estimate; without one every price is an error that says why."""
        return self.estimates is not None

    @property
    def llf(self) -> float:
        """Weighted log-likelihood, in nats."""
        return self._fitted()[1].fit.llf

    @property
    def params(self) -> pd.Series:
        """Coefficients in log-odds: prices by name, then ``strength[MODEL]``."""
        _, est = self._fitted()
        return pd.Series(np.concatenate([est.fit.beta, est.fit.theta]), index=self._names(), name="params")

    @property
    def bse(self) -> pd.Series:
        """Standard errors of `params`."""
        return pd.Series(np.sqrt(np.diag(self.cov_params())), index=self._names(), name="bse")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of `params` under the errors of the fit."""
        design, est = self._fitted()
        m = design.n_models
        order = np.r_[m : est.made.cov.shape[0], 0:m]
        centre = np.eye(est.made.cov.shape[0])
        if m:
            centre[:m, :m] -= 1.0 / m
        cov = (centre @ est.made.cov @ centre)[np.ix_(order, order)]
        return pd.DataFrame(cov, index=self._names(), columns=self._names())

    def predict(self, battles: Battles | None = None) -> Floats:
        """Probability that side a wins, shape (n,); for new battles under the recorded scales.

        Parameters
        ----------
        battles : Battles, optional
            By default those of the fit.

        Raises
        ------
        FitError
            Models that the fit does not know, or missing correctness.
        """
        design, est = self._fitted()
        if battles is None:
            return est.fit.p
        names = [c.name for c in design.spec.columns if c.block == "style"]
        features = [f for f in self.table.features if f.name in names]
        new = apply_spec(design.spec, battles, extract(battles, features))
        return sigmoid(linear_predictor(new, est.fit.theta, est.fit.beta))

    # -- tables -----------------------------------------------------------------------------------

    def tidy(self, level: float | None = None) -> pd.DataFrame:
        """Every coefficient: prices first, then strengths; log-odds per recorded scale.

        Returns
        -------
        pandas.DataFrame
            ``term, group, block, estimate, std_error, statistic, p_value, conf_low, conf_high``
        """
        design, est = self._fitted()
        columns = design.spec.columns
        estimate, error = self.params.to_numpy(), self.bse.to_numpy()
        statistic = estimate / error
        low, high = interval(est.made, estimate, error, level or self.settings.level)
        models = len(design.spec.models)
        return pd.DataFrame(
            {
                "term": [c.name for c in columns] + list(design.spec.models),
                "group": [c.group for c in columns] + [""] * models,
                "block": [c.block for c in columns] + ["strength"] * models,
                "estimate": estimate,
                "std_error": error,
                "statistic": statistic,
                "p_value": np.minimum(2 * tail(est.made, np.abs(statistic)), 1.0),
                "conf_low": low,
                "conf_high": high,
            }
        )

    def ratings(
        self, level: float | None = None, anchor: float = 1000.0, pinned: str | None = None
    ) -> pd.DataFrame:
        """One row a model, raw beside controlled, in Arena points, best controlled rating first.

        Parameters
        ----------
        level : float, optional
        anchor : float
            Rating of the field's mean, or of ``pinned``.
        pinned : str, optional
            The model that has the rating ``anchor``; its intervals are then of differences from it.

        Returns
        -------
        pandas.DataFrame
            ``rating_plain`` is Bradley-Terry without style and correctness; ``rating_raw`` is the raw
            rating that decomposes; ``rating`` is controlled. Ranks are of ``rating_plain`` and
            ``rating``; ``rank_low`` and ``rank_high`` is the set of ranks of ``rating`` that the data do
            not reject, for all models at once.
        """
        frame = self._model_frame()
        names = ["rating_plain", "rating_plain_low", "rating_plain_high", "rating_raw", "rating"]
        names += ["conf_low", "conf_high", "rank_plain", "rank", "rank_low", "rank_high"]
        values = pd.DataFrame(np.nan, index=frame.index, columns=names)
        if self.estimates is not None:
            values.loc[self._rows(frame)] = self._rating_values(
                names, level or self.settings.level, anchor, pinned
            )
        values.loc[frame["note"] != ""] = np.nan
        ranks = ["rank_plain", "rank", "rank_low", "rank_high"]
        values[ranks] = values[ranks].astype("Int64")
        table = pd.concat([frame[["model", "battles", "win_rate"]], values, frame["note"]], axis=1)
        return table.sort_values(["rating", "model"], ascending=[False, True], ignore_index=True)

    def _rating_values(self, names: list[str], level: float, anchor: float, pinned: str | None) -> Floats:
        design, est = self._fitted()
        self._need_models("ratings")
        reference = None if pinned is None else self._index(pinned)
        parts = self._parts(reference)
        strength, total = parts[0], parts[-1]
        plain, plain_made = est.plain, est.plain_made
        assert plain is not None
        assert plain_made is not None
        m = design.n_models
        centre = dec.centring(m, reference)
        cov = centre.T @ plain_made.cov @ centre
        plain_theta = centre.T @ plain.theta
        columns = [
            plain_theta,
            *interval(plain_made, plain_theta, np.sqrt(np.diag(cov)), level),
            total.estimate,
        ]
        error = standard_errors(est.made, strength.influence)
        columns += [strength.estimate, *interval(est.made, strength.estimate, error, level)]
        rating = anchor + POINTS * np.column_stack(columns)
        free = dec.centring(m, None)
        low, high = rank_sets(est.fit.theta, free.T @ est.made.cov[:m, :m] @ free, level, self.settings.seed)
        shown = self._shown()
        ranks = [_ranks(plain.theta, shown), _ranks(est.fit.theta, shown), low, high]
        return np.column_stack([rating, *ranks])[:, : len(names)]

    def decompose(self, level: float | None = None, reference: str = "field") -> pd.DataFrame:
        """Each model's raw rating split into strength, style and correctness, in Arena points.

        Features add up to groups, groups to style, blocks to the total, exactly. ``share`` is of the
        total, signed, with a Fieller interval, and withheld where the total's interval covers zero.

        Parameters
        ----------
        level : float, optional
        reference : str
            ``"field"`` (the unweighted mean of the models) or the model that everything is relative to.

        Returns
        -------
        pandas.DataFrame
            ``model, block, group, term, estimate, std_error, conf_low, conf_high, share, share_low,
            share_high, note``; ``term`` is empty for a whole group, ``group`` for a whole block.
        """
        design, est = self._fitted()
        self._need_models("decompose")
        level = level or self.settings.level
        parts = self._parts(None if reference == "field" else self._index(reference))
        total = parts[-1]
        frames = []
        for order, part in enumerate(parts):
            error = standard_errors(est.made, part.influence)
            low, high = interval(est.made, part.estimate, error, level)
            share = dec.shares(est.made, part, total, level)
            frames.append(
                pd.DataFrame(
                    {
                        "model": list(design.spec.models),
                        "block": part.block,
                        "group": part.group,
                        "term": part.term,
                        "estimate": POINTS * part.estimate,
                        "std_error": POINTS * error,
                        "conf_low": POINTS * low,
                        "conf_high": POINTS * high,
                        "share": share.share,
                        "share_low": share.low,
                        "share_high": share.high,
                        "order": order,
                    }
                )
            )
        frame = pd.concat(frames).sort_values(["model", "order"], ignore_index=True).drop(columns="order")
        why = dict(zip(design.spec.models, self._reasons(), strict=True))
        frame["note"] = frame["model"].map(why)
        withheld = frame["share"].isna() & (frame["note"] == "")
        frame.loc[withheld, "note"] = "shares withheld: the interval of the total covers zero"
        return _blank(frame, frame["model"].map(why) != "", ["std_error", "conf_low", "conf_high", *_SHARES])

    def parity(self, level: float | None = None, block: str = "style") -> pd.DataFrame:
        """Win rates beside what they would be with style equal on both sides of every battle.

        Parameters
        ----------
        level : float, optional
        block : {"style", "correctness"}
            What is made equal.

        Returns
        -------
        pandas.DataFrame
            ``model, win_rate, parity_win_rate, parity_low, parity_high, parity_change, change_low,
            change_high, extrapolated, note``; ``parity_change`` is win rate minus parity win rate.
        """
        if block not in ("style", "correctness"):
            raise FitError(f"block={block!r} is not known; use style or correctness")
        frame = self._model_frame()
        names = ["parity_win_rate", "parity_low", "parity_high", "parity_change", "change_low", "change_high"]
        values = pd.DataFrame(np.nan, index=frame.index, columns=names)
        values["extrapolated"] = False
        if self.estimates is not None:
            design, est = self._fitted()
            self._need_models("parity")
            rates, rows = dec.parity(design, est.fit, est.made, block), self._rows(frame)
            level = level or self.settings.level
            at_parity = interval(est.made, rates.parity_win_rate, rates.parity_error, level)
            change = interval(est.made, rates.change, rates.change_error, level)
            values.loc[rows, names] = np.column_stack(
                [rates.parity_win_rate, *at_parity, rates.change, *change]
            )
            index = dec.block_index(design, est.fit.beta, block)
            values.loc[rows, "extrapolated"] = overlap(design, index).extrapolated
        values.loc[frame["note"] != "", names] = np.nan
        table = pd.concat([frame[["model", "win_rate"]], values, frame["note"]], axis=1)
        far = table["extrapolated"].astype(bool) & (table["note"] == "")
        table.loc[far, "note"] = f"extrapolated: too few of its battles are near {block} parity"
        return table.sort_values(["parity_change", "model"], ascending=[False, True], ignore_index=True)

    def exchange_rates(self, level: float | None = None) -> pd.DataFrame:
        """How many right answers one step of each feature is worth, with Fieller intervals.

        Returns
        -------
        pandas.DataFrame
            ``term, group, unit, estimate, conf_low, conf_high, note``; one row a feature and unit.
        """
        design, est = self._fitted()
        rates = dec.exchange_rates(design, est.fit, est.made, level or self.settings.level)
        rows = [(r.column.name, r.column.group, r.unit, r.estimate, r.low, r.high, r.note) for r in rates]
        return pd.DataFrame(
            rows, columns=["term", "group", "unit", "estimate", "conf_low", "conf_high", "note"]
        )

    def overrides(self, level: float | None = None) -> pd.DataFrame:
        """Where exactly one side is right: how often the wrong side wins, by which side has more style.

        The style index of a battle comes from prices fitted without its cluster (five folds);
        ``words`` alone stands beside it. Ties are half a win.

        Returns
        -------
        pandas.DataFrame
            ``index, wrong_side_has, battles, effective_battles, rate, conf_low, conf_high, note``
        """
        design, est = self._fitted()
        if not self.settings.with_correctness:
            raise FitError(
                "the override rate needs correctness: hand it in with read_battles(correctness=...) or"
                " join_correctness"
            )
        gap = np.asarray(self.battles.correct_a) - np.asarray(self.battles.correct_b)
        one = np.flatnonzero(np.abs(gap) == 1)
        wrong = -gap[one]  # +1 where a is the wrong side
        rows: list[tuple[Any, ...]] = []
        for name, index in self._indices(design, est):
            lead = wrong * index[one]
            won = np.where(wrong > 0, design.y[one], 1 - design.y[one])
            for label, mask in (("more", lead > 0), ("less", lead < 0), ("either", lead == lead)):
                rate = dec.override_rate(
                    won[mask], design.w[one][mask], est.made.group[one][mask], level or self._level
                )
                note = "" if np.isfinite(rate.low) else "too few battles or clusters for an interval"
                rows.append((name, label, rate.battles, rate.effective, rate.rate, rate.low, rate.high, note))
        names = [
            "index",
            "wrong_side_has",
            "battles",
            "effective_battles",
            "rate",
            "conf_low",
            "conf_high",
            "note",
        ]
        return pd.DataFrame(rows, columns=names)

    def _indices(self, design: Design, est: Estimates) -> list[tuple[str, Floats]]:
        found = [("style", dec.cross_fitted_index(design, est.fit, est.made, self.settings.seed))]
        for name in ("words", "chars", "tokens"):
            if name in self.table.names:
                values = self.table.column(name)
                found.append((name, values[self.battles.row_a] - values[self.battles.row_b]))
                break
        return found

    def audit(
        self, level: float | None = None, margin: float = 20.0, fdr: float = 0.05, reference: str = "field"
    ) -> pd.DataFrame:
        """One verdict a model.

        Parameters
        ----------
        level : float, optional
            Of the intervals shown.
        margin : float
            Arena points of inflation that still count as nothing.
        fdr : float
            False-discovery rate of the verdicts.
        reference : str
            ``"field"`` or the model that inflation is relative to.

        Returns
        -------
        pandas.DataFrame
            The most inflated first. ``verdict`` is one of ``StyleResult.VERDICTS``; ``unusual`` is the
            distance from the field's median in its spread; ``distance`` of the style profile.
        """
        if not margin > 0:
            raise FitError(f"margin={margin!r} must be above 0 Arena points")
        frame = self._model_frame()
        table = pd.concat([frame, pd.DataFrame(np.nan, index=frame.index, columns=_AUDIT_NUMBERS)], axis=1)
        table["top_feature"], table["verdict"] = "", "insufficient data"
        if self.estimates is not None:
            self._need_models("audit")
            found = self._detected(level or self.settings.level, margin, fdr, reference)
            rows = self._rows(frame)
            table.loc[rows, found.columns] = found.set_index(rows)
            rates = self.parity(level).set_index("model").reindex(table["model"])
            for name in ("parity_change", "change_low", "change_high"):
                table[name] = rates[name].to_numpy()
            ratings = self.ratings(level).set_index("model").reindex(table["model"])
            for name in ("rating_plain", "rating_raw", "rating", "rank_plain", "rank"):
                table[name] = ratings[name].to_numpy()
            table = _blank(table, frame["note"] != "", _AUDIT_NUMBERS)
            table.loc[frame["note"] != "", "top_feature"] = ""
        for name in ("rank_plain", "rank", "battles_needed"):
            table[name] = table[name].astype("Float64").astype("Int64")
        table = table.sort_values(["inflation", "model"], ascending=[False, True], ignore_index=True)
        return table[_AUDIT]

    def _detected(self, level: float, margin: float, fdr: float, reference: str) -> pd.DataFrame:
        design, est = self._fitted()
        index = None if reference == "field" else self._index(reference)
        parts = self._parts(index)
        style = next(p for p in parts if p.block == "style" and not p.group)
        terms = [p for p in parts if p.term]
        groups = [p for p in parts if p.block == "style" and p.group and not p.term]
        inflation, error = POINTS * style.estimate, POINTS * standard_errors(est.made, style.influence)
        low, high = interval(est.made, inflation, error, level)
        shown = self._shown()
        tested = shown & (error > 0) & (not est.clustering.conditional)
        if index is not None:
            tested[index] = False
        battles = (
            self._model_frame().set_index("model")["battles"].reindex(list(design.spec.models)).to_numpy()
        )
        found = detect(
            inflation, error, battles, tested, est.made, margin=margin, level=fdr,
            with_correctness=self.settings.with_correctness,
        )  # fmt: skip
        score, why_score = unusual(inflation, error, shown)
        contributions = (
            np.column_stack([p.estimate for p in groups]) if groups else np.empty((inflation.size, 0))
        )
        far, why_far = distance(contributions[:, :5], shown)
        by_term = np.column_stack([p.estimate for p in terms]) if terms else np.zeros((inflation.size, 1))
        leading = (by_term * np.sign(inflation)[:, None]).argmax(axis=1)
        note = "; ".join(w for w in (why_score, why_far) if w)
        few = est.clustering.conditional
        withheld = (
            f"no verdict: {few}, fewer than {MIN_CLUSTERS}; intervals are conditional on these" if few else ""
        )
        return pd.DataFrame(
            {
                "inflation": inflation,
                "inflation_low": low,
                "inflation_high": high,
                "p_value": found.p_value,
                "q_value": found.q_value,
                "unusual": score,
                "top_feature": [terms[j].term if terms else "" for j in leading],
                "distance": far,
                "verdict": found.verdict,
                "battles_needed": found.battles_needed,
                "note": [r or withheld or note for r in self._reasons()],
            }
        )

    def diagnostics(self) -> pd.DataFrame:
        """Checks of the fit: ``check, value, note``."""
        from llamastyle.regression.wording import diagnostic_rows

        return pd.DataFrame(diagnostic_rows(self), columns=["check", "value", "note"])

    # -- words ------------------------------------------------------------------------------------

    def headline(self) -> str:
        """The answer in two sentences, with its interval, or the reason why there is none."""
        return headline(self)

    def summary(self) -> str:
        """Header, prices with errors, checks and warnings, as text of at most 80 columns."""
        return "\n".join(text_table(b) if isinstance(b, pd.DataFrame) else b for b in summary_blocks(self))

    def __repr__(self) -> str:
        return f"<StyleResult: {len(self.battles)} battles, {len(self.battles.models)} models; {self.headline()}>"

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.headline())}</b></p>"]
        parts += [f"<p>{html.escape(text)}</p>" for text in (*self.notes, *self.warnings)]
        if self.estimates is not None:
            prices = self.tidy().query("block != 'strength'")
            parts.append(prices.to_html(index=False, border=0, float_format="{:.3f}".format))
        return "\n".join(parts)

    # -- what the tables share --------------------------------------------------------------------

    @property
    def _level(self) -> float:
        return self.settings.level

    def _fitted(self) -> tuple[Design, Estimates]:
        if self.design is None or self.estimates is None:
            raise FitError(f"there is no estimate: {self.failure}")
        return self.design, self.estimates

    def _need_models(self, what: str) -> None:
        if not self.battles.models or self._fitted()[0].n_models < 2:
            raise FitError(
                f"{what} needs battles between at least two named models; these give prices only (see tidy())"
            )

    def _names(self) -> list[str]:
        design, _ = self._fitted()
        return [c.name for c in design.spec.columns] + [f"strength[{m}]" for m in design.spec.models]

    def _index(self, model: str) -> int:
        models = self._fitted()[0].spec.models
        if model not in models:
            raise LlamaStyleError(f"model {model!r} is not in the fit{nearest(model, models)}")
        return models.index(model)

    def _parts(self, reference: int | None) -> list[Part]:
        design, est = self._fitted()
        return dec.decompose_ratings(design, est.fit, est.made, est.profiles, reference)

    def _reasons(self) -> list[str]:
        """Why a model of the fit has no interval; empty where it has."""
        design, est = self._fitted()
        return [model_reason(int(count), est.clustering) for count in est.counts][: design.n_models]

    def _shown(self) -> Bools:
        return np.array([not reason for reason in self._reasons()], dtype=bool)

    def _model_frame(self) -> pd.DataFrame:
        """model, battles, win_rate, note of every model asked about; a note means no estimate."""
        here = self.battles.win_rates()
        if self.estimates is not None:
            self._need_models("this table")
            here["note"] = self._reasons()
        else:
            here["note"] = self.failure
        gone = self.asked.win_rates()
        gone = gone[gone["model"].isin(set(self.asked.models) - set(here["model"]))].copy()
        gone["note"] = gone["model"].map(lambda m: self.dropped.get(m, "left with the models it met"))
        frame = pd.concat([here, gone], ignore_index=True) if len(gone) else here
        if not len(frame):
            raise FitError("these battles name no models: they give prices only (see tidy())")
        return frame

    def _rows(self, frame: pd.DataFrame) -> pd.Index:
        """Rows of a model frame that the fit has strengths for, in its order."""
        return frame.index[: len(self._fitted()[0].spec.models)]


_SHARES = ["share", "share_low", "share_high"]
_AUDIT_NUMBERS = [
    "parity_change", "change_low", "change_high", "rating_plain", "rating_raw", "rating", "rank_plain", "rank",
    "inflation", "inflation_low", "inflation_high", "p_value", "q_value", "unusual", "distance", "battles_needed",
]  # fmt: skip
_AUDIT = [
    "model", "battles", "win_rate", "parity_change", "change_low", "change_high", "rating_plain", "rating_raw",
    "rating", "rank_plain", "rank", "inflation", "inflation_low", "inflation_high", "p_value", "q_value", "unusual",
    "top_feature", "distance", "verdict", "battles_needed", "note",
]  # fmt: skip


def _ranks(theta: Floats, shown: Bools) -> Floats:
    """Rank among the models shown, 1 the best; NaN for the others."""
    out = np.full(theta.size, np.nan)
    out[shown] = [1 + np.count_nonzero(theta[shown] > t) for t in theta[shown]]
    return out


def _blank(frame: pd.DataFrame, where: pd.Series, columns: list[str]) -> pd.DataFrame:
    frame.loc[where, columns] = np.nan
    return frame
