"""StyleResult: what a fit found, as frames. Methods order the work; functions elsewhere compute."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.errors import FitError
from llamastyle.features.extraction import extract
from llamastyle.options import Banded, Plot, Scale, Verdict, allowed, check_option, real
from llamastyle.regression import frames, links
from llamastyle.regression.bradley_terry import linear_predictor
from llamastyle.regression.decomposition import exchange_rates
from llamastyle.regression.design import apply_spec
from llamastyle.regression.effect_tables import EffectTables
from llamastyle.regression.exhibits import exhibit_frame
from llamastyle.regression.fitted import check_rule
from llamastyle.regression.telling import EXHIBITS, account, contents, controlled_words
from llamastyle.regression.trust_tables import TrustTables
from llamastyle.regression.wording import (
    EXTRAPOLATED,
    diagnostic_rows,
    gap_words,
    headline,
    join_notes,
    summary_blocks,
)
from llamastyle.report import charts, panels, scatters, shares, trends
from llamastyle.report.files import page_file
from llamastyle.report.notebook import POINTS, readable_frame, reading_html
from llamastyle.report.page import render_page
from llamastyle.report.tables import text_table

if TYPE_CHECKING:
    import altair as alt

__all__ = ["StyleResult"]

Floats = NDArray[np.float64]

IN_UNITS = {"rating": POINTS, "win_rate": "% points"}
"""What a part of a rating or of a win rate is in."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StyleResult(EffectTables, TrustTables):
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
        ties = [np.log(est.fit.nu)] if est.fit.likelihood.davidson else []
        return pd.Series(np.concatenate([est.fit.beta, ties, est.fit.theta]), index=self._names(), name="params")

    @property
    def bse(self) -> pd.Series:
        """Standard errors of `params`."""
        return pd.Series(np.sqrt(np.diag(self.cov_params())), index=self._names(), name="bse")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of `params` under the errors of the fit."""
        design, est = self._fitted()
        cov = frames.centred_covariance(design, est)
        order = np.r_[design.n_models : cov.shape[0], 0 : design.n_models]
        return pd.DataFrame(cov[np.ix_(order, order)], index=self._names(), columns=self._names())

    def predict(self, battles: Battles | None = None) -> Floats:
        """Expected outcome of side a, shape (n,); for new battles under the recorded scales and an average prompt.

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
            return np.asarray(est.fit.p)
        names = {c.name for c in design.spec.columns if c.block == "style"}
        table = extract(battles, [f for f in self.table.features if f.name in names])
        new = apply_spec(design.spec, battles, table)
        return links.mean(linear_predictor(new, est.fit.theta, est.fit.beta), est.fit.nu)

    # -- tables -----------------------------------------------------------------------------------

    def tidy(self, level: float | None = None) -> pd.DataFrame:
        """Every coefficient: prices first, then strengths; log-odds per recorded scale.

        Returns
        -------
        pandas.DataFrame
            ``term, group, block, estimate, std_error, statistic, p_value, conf_low, conf_high``
        """
        return readable_frame(frames.tidy_frame(*self._fitted(), self._level(level)), estimate="log-odds")

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
            The model that has the rating ``anchor``; intervals are then of differences from it.

        Returns
        -------
        pandas.DataFrame
            ``rating_plain`` is Bradley-Terry without style and correctness; ``rating_raw`` is the raw
            rating that decomposes; ``rating`` is controlled. Ranks are of ``rating_plain`` and
            ``rating``; ``rank_low`` to ``rank_high`` is the set of ranks of ``rating`` that the data do
            not reject, for all models at once.
        """
        if not np.isfinite(real(anchor)):
            raise FitError(f"anchor={anchor!r} must be a number of Arena points, for example 1000")
        return readable_frame(self._ratings(self._level(level), anchor, self._index(pinned), with_sets=True))

    def _ratings(self, level: float, anchor: float, pinned: int | None, *, with_sets: bool) -> pd.DataFrame:
        """`ratings`, its rank sets (which take long with many models) left out if not wanted."""
        table = self._models().reindex(columns=["model", "battles", "win_rate", *frames.RATINGS, "note"])
        if self.estimates is not None:
            seed = self.settings.seed if with_sets else None
            found = frames.rating_frame(*self._fitted(), level, anchor, pinned, seed)
            table.loc[found.index, found.columns] = found
        table.loc[table["note"] != "", list(frames.RATINGS)] = np.nan
        table = _whole(table, "rank_plain", "rank", "rank_low", "rank_high")
        return table.sort_values(["rating", "model"], ascending=[False, True], ignore_index=True)

    def decompose(
        self, level: float | None = None, reference: str = "field", scale: Scale = "rating"
    ) -> pd.DataFrame:
        """Each model's raw rating, or its win rate, split into strength, style and correctness.

        Features add up to groups, groups to style, blocks to the total, exactly. ``share`` is of the
        total, signed, with a Fieller interval, and withheld where the total's interval covers zero.

        Parameters
        ----------
        level : float, optional
        reference : str
            On the rating scale: ``"field"`` (the unweighted mean of the models) or the model that all
            is relative to.
        scale : {"rating", "win_rate"}
            Arena points of the raw rating; or the win rate's distance from one half, shared out battle
            by battle (Aumann and Shapley): an account of the votes there were, not of what would have
            been. Only the second has a block ``position``.

        Returns
        -------
        pandas.DataFrame
            ``model, block, group, term, estimate, std_error, conf_low, conf_high, share, share_low,
            share_high, note``; ``term`` is empty for a whole group, ``group`` for a whole block.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> parts = result.decompose(scale="win_rate").query("model == 'model-01' and group == ''")
        >>> parts["block"].tolist()
        ['strength', 'style', 'correctness', 'total']
        """
        check_option("scale", scale, Scale)
        if scale == "win_rate" and reference != "field":
            raise FitError(
                "win rates are measured from one half and have no reference; use scale='rating' or compare"
            )
        design, est = self._need_models("decompose")
        parts = frames.decomposition_frame(design, est, self._level(level), self._reference(reference), scale)
        return readable_frame(parts, estimate=IN_UNITS[scale])

    def compare(
        self, model: str, other: str, level: float | None = None, scale: Scale = "rating"
    ) -> pd.DataFrame:
        """How much of the gap between two models is strength, style and correctness; no battle between them needed.

        Parameters
        ----------
        model, other : str
            The gap is the first minus the second.
        level : float, optional
        scale : {"rating", "win_rate"}
            Arena points between the raw ratings (``rating_raw`` of `ratings`, not ``rating_plain``: only
            the first can be split, on the scale of the regression); or the difference of the two win
            rates, each against its own opponents, whose strength is the block ``schedule``.

        Returns
        -------
        pandas.DataFrame
            ``block, group, term, estimate, std_error, conf_low, conf_high, share, share_low, share_high,
            note``; ``share`` is of the gap, with a Fieller interval, and withheld where the interval of
            the gap covers zero.

        Raises
        ------
        FitError
            A model that is not in the fit, or the same model twice.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> result.compare("model-09", "model-10")["block"].unique().tolist()
        ['strength', 'style', 'correctness', 'total']
        """
        check_option("scale", scale, Scale)
        design, est = self._need_models("compare")
        a, b = self._index(model), self._index(other)
        if a is None or b is None or a == b:
            twice = "a name that is missing" if a is None or b is None else f"{model!r} twice"
            raise FitError(f"compare needs two different models, not {twice}")
        return readable_frame(frames.gap_frame(design, est, a, b, self._level(level), scale), estimate=IN_UNITS[scale])

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
        numbers = [
            "parity_win_rate",
            "parity_low",
            "parity_high",
            "parity_change",
            "change_low",
            "change_high",
        ]
        table = self._models().reindex(columns=["model", "win_rate", *numbers, "extrapolated", "note"])
        table["extrapolated"] = False
        if self.estimates is not None:
            found = frames.parity_frame(*self._fitted(), self._level(level), block)
            table.loc[found.index, numbers] = found[numbers]
            table.loc[found.index, "extrapolated"] = found["extrapolated"]
        table.loc[table["note"] != "", numbers] = np.nan
        table.loc[table["note"] != "", "extrapolated"] = False
        far = table["extrapolated"] & (table["note"] == "")
        table.loc[far, "note"] = EXTRAPOLATED.replace("style", block)
        return readable_frame(table.sort_values(["parity_change", "model"], ascending=[False, True], ignore_index=True))

    def exchange_rates(self, level: float | None = None) -> pd.DataFrame:
        """How many right answers one step of each feature is worth, with Fieller intervals.

        Returns
        -------
        pandas.DataFrame
            ``term, group, unit, estimate, conf_low, conf_high, note``; one row a feature and unit.
        """
        design, est = self._fitted()
        rates = exchange_rates(design, est.fit, est.made, self._level(level))
        rows = [(r.column.name, r.column.group, r.unit, r.estimate, r.low, r.high, r.note) for r in rates]
        names = ["term", "group", "unit", "estimate", "conf_low", "conf_high", "note"]
        return readable_frame(pd.DataFrame(rows, columns=names), estimate="right answers")

    def overrides(self, level: float | None = None) -> pd.DataFrame:
        """Where exactly one side is right: how often the wrong side wins, by which side has more style.

        The style index of a battle comes from prices fitted without its cluster (five folds); a
        length alone stands beside it. Ties are half a win; intervals are Wilson's at the effective
        number of battles.

        Returns
        -------
        pandas.DataFrame
            ``index, wrong_side_has, battles, effective_battles, rate, conf_low, conf_high, note``
        """
        design, est = self._fitted()
        if (
            self.battles.correct_a is None
            or self.battles.correct_b is None
            or not self.settings.with_correctness
        ):
            raise FitError(
                "the override rate needs correctness: hand it in with read_battles(correctness=...) or"
                " join_correctness"
            )
        indices = list(self._indices().items())
        gap = self.battles.correct_a - self.battles.correct_b
        return readable_frame(frames.override_rows(design, est, gap, indices, self._level(level)))

    def both_bad(self, level: float | None = None) -> pd.DataFrame:
        """How often voters call both answers bad: all together, then each model, the most often first.

        Returns
        -------
        pandas.DataFrame
            ``model`` (empty for all), ``battles, effective_battles, rate, conf_low, conf_high, note``; rates
            in [0, 1] with Wilson intervals at the effective number of battles.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> result.both_bad()["model"].head(2).tolist()
        ['', 'model-05']
        """
        for option, left_out in (("both_bad", self.settings.both_bad), ("ties", self.settings.ties)):
            if left_out == "drop":
                raise FitError(f"votes that call both bad were left out of this fit: fit without {option}='drop'")
        design, est = self._fitted()
        bad = self.battles.both_bad.astype(np.float64)
        models = [("", np.arange(design.n))]
        for m, name in enumerate(design.spec.models):
            models.append((name, np.flatnonzero((design.a == m) | (design.b == m))))
        return readable_frame(frames.rate_rows(design, est, bad, models, self._level(level)))

    def audit(
        self,
        level: float | None = None,
        margin: float = 20.0,
        fdr: float = 0.05,
        reference: str = "field",
        simultaneous: bool = False,
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
        simultaneous : bool
            Put ``p_simultaneous`` beside ``q_value``: how often the greatest of all models' statistics
            would reach a model's own (10,000 draws), so that it allows for any one false verdict.

        Returns
        -------
        pandas.DataFrame
            The most inflated first. ``verdict`` is one of ``StyleResult.VERDICTS``; ``unusual`` is the
            distance from the field's median in its spread; ``distance`` that of the style profile.

        Examples
        --------
        >>> import llamastyle as ls
        >>> arena = ls.simulate(8000, style={"words": 1.0}, seed=2)
        >>> ls.fit(arena.battles).audit()[["model", "verdict"]].head(1).to_dict("records")
        [{'model': 'model-09', 'verdict': 'inflated'}]
        """
        check_rule(margin, fdr)
        models = self._models()
        names: list[str] = [*frames.AUDIT]
        if simultaneous:
            names.insert(names.index("q_value") + 1, "p_simultaneous")
        table = models.reindex(columns=names)
        table[["top_feature", "verdict"]] = "", "insufficient data"
        if self.estimates is not None:
            design, est = self._fitted()
            found = frames.detection_frame(
                design,
                est,
                models["battles"].to_numpy(np.int64)[: design.n_models],
                level=self._level(level),
                margin=margin,
                fdr=fdr,
                reference=self._reference(reference),
                with_correctness=self.settings.with_correctness,
                seed=self.settings.seed if simultaneous else None,
            )
            for name in found.columns:
                table[name] = found[name].reindex(table.index).where(table.index < len(found), table[name])
            parity, ratings = self.parity(level), self._ratings(self._level(level), 1000.0, None, with_sets=False)
            for beside in (parity, ratings):
                shared = [name for name in beside.columns if name in table and name not in models]
                values = beside.set_index("model")[shared].astype("Float64").loc[table["model"]]
                table[shared] = values.to_numpy(np.float64, na_value=np.nan)
            far = table["model"].isin(parity.loc[parity["extrapolated"], "model"])
            table.loc[far, "note"] = [join_notes(EXTRAPOLATED, note) for note in table.loc[far, "note"]]
        thin = models["note"] != ""
        numbers = [name for name in names if name not in (*models, "top_feature", "verdict")]
        table[numbers] = table[numbers].astype(float)
        table.loc[thin, numbers] = np.nan
        table.loc[thin, "top_feature"] = ""
        table = _whole(table, "rank_plain", "rank", "battles_needed")
        return readable_frame(table.sort_values(["inflation", "model"], ascending=[False, True], ignore_index=True))

    def bands(self, of: Banded = "prices", level: float | None = None, reference: str = "field") -> pd.DataFrame:
        """Intervals that hold for all prices, or for all models' inflations, at once.

        Half a band is the quantile of the greatest ``|t|`` in 10,000 draws from the estimates' covariance,
        in standard errors.

        Parameters
        ----------
        of : {"prices", "inflation"}
        level : float, optional
        reference : str
            ``"field"`` or the model that inflation is relative to.

        Returns
        -------
        pandas.DataFrame
            ``name, estimate, std_error, conf_low, conf_high, band_low, band_high, note``; the interval of
            each alone and the band of all. A model with a note is in too few clusters and has neither.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8, "bold": 0.2}, seed=2).battles)
        >>> bands = result.bands()
        >>> bool((bands["band_low"] < bands["conf_low"]).all())
        True
        """
        check_option("of", of, Banded)
        design, est = self._fitted() if of == "prices" else self._need_models("bands")
        index = None if of == "prices" else self._reference(reference)
        bands = frames.band_frame(design, est, of, self._level(level), index, self.settings.seed)
        return readable_frame(bands, estimate="log-odds" if of == "prices" else POINTS)

    def exhibits(self, model: str, n: int = 3) -> pd.DataFrame:
        """Battles of a model to look at: those it won in which style favoured it most, then others.

        Parameters
        ----------
        model : str
        n : int
            How many at most; an answer is shown once.

        Returns
        -------
        pandas.DataFrame
            ``battle`` (row of ``battles``), ``model, opponent, vote`` (won, lost, tie, both bad), ``style`` (log-odds
            that style adds for the model in this battle; blank without a fit), ``prompt, text, other_text``, and
            ``spans, other_spans``: lists of ``(start, end, feature)`` in code points.

        Raises
        ------
        FitError
            A model that is not in the battles.

        Examples
        --------
        >>> import llamastyle as ls
        >>> arena = ls.simulate(2000, 6, texts=True, seed=2)
        >>> result = ls.audit(arena.battles, list(arena.world.features))
        >>> result.exhibits("model-01", 1)["vote"].tolist()
        ['won']
        """
        return exhibit_frame(self, model, n)

    def diagnostics(self) -> pd.DataFrame:
        """Checks of the fit: ``check, value, note``."""
        return pd.DataFrame(diagnostic_rows(self), columns=["check", "value", "note"])

    # -- pictures ---------------------------------------------------------------------------------

    def plot(
        self,
        kind: Plot,
        model: str | None = None,
        *,
        against: str | None = None,
        scale: Scale = "rating",
        by: str | None = None,
        width: int | None = None,
    ) -> alt.LayerChart:
        """A chart of the result; ``chart.save("x.png")`` (or ``.svg``, ``.pdf``) writes it.

        Parameters
        ----------
        kind : {"ladder", "prices", "waterfall", "parity", "scatter", "profile", "shares", "fit_shares", "timeline"}
            Ratings as voted and controlled; what each feature is worth; one model's rating, or win
            rate, in parts; win rates at equal style, as rows or against those as voted; what each group
            of features adds to each rating; each rating as bars of style, correctness and strength; the
            same for what the fit says of the votes; prices by month or another column.
        model : str, optional
            The model of a waterfall, which is of its standing against the field.
        against : str, optional
            Another model: the waterfall is then of the gap between the two, as in `compare`.
        scale : {"rating", "win_rate"}
            What a waterfall splits, as in `decompose` and `compare`.
        by : str, optional
            The column of a time line, as in `by`; the month unless given.
        width : int, optional
            Pixels in all.

        Returns
        -------
        altair.LayerChart
            Of many models those that matter are drawn, which the subtitle says.

        Raises
        ------
        FitError
            No model, or one without intervals, for a waterfall; an option of another kind.

        Examples
        --------
        >>> import llamastyle as ls
        >>> arena = ls.simulate(3000, 4, style={"words": 0.8}, seed=2)
        >>> result = ls.fit(arena.battles)
        >>> result.plot("waterfall", "model-02").to_dict()["title"]["text"]
        ['Raw rating of model-02 against the field']
        >>> result.plot("waterfall", "model-02", against="model-03").to_dict()["title"]["text"]
        ['Gap in ratings: model-02 against model-03']
        """
        check_option("kind", kind, Plot)
        size = {} if width is None else {"width": width}
        if by is not None and kind != "timeline":
            raise FitError(f"by={by!r} is of a time line: leave it out for a chart of kind {kind!r}")
        if kind == "waterfall":
            title, parts = account(self, model, scale, against)
            return charts.waterfall(parts, title, unit=scale, **size)
        for option, name in (("model", model), ("against", against)):
            if name is not None:
                raise FitError(f"a {kind} shows all models: leave out {option}={name!r}, or ask for a waterfall")
        if kind == "timeline":
            return trends.price_timeline(self.by("month" if by is None else by), **size)
        drawn: dict[str, Callable[[], alt.LayerChart]] = {
            "ladder": lambda: charts.ladder(self.ratings(), control=controlled_words(self), **size),
            "prices": lambda: charts.prices(self.tidy(), **size),
            "parity": lambda: panels.parity_chart(self.parity(), **size),
            "scatter": lambda: scatters.parity_scatter(self.parity(), **size),
            "profile": lambda: panels.profile_chart(self.decompose(), **size),
            "shares": lambda: shares.share_chart(self.decompose(), **size),
            "fit_shares": lambda: shares.fit_share_chart(self.fit_shares(), **size),
        }
        return drawn[kind]()

    def report(
        self,
        path: str | Path | None = None,
        *,
        title: str | None = None,
        compare: tuple[str, str] | None = None,
        exhibits: int = EXHIBITS,
    ) -> Path | str:
        """One self-contained HTML page: the answer, ladder, verdicts, prices, every model, the limits.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it, whole or not at all; without one the page is returned as text.
        title : str, optional
        compare : two models' names, optional
            The gap between them, the first minus the second, in the first section of the page.
        exhibits : int
            Battles, with their texts, of each of the first 30 models; 0 leaves all texts out of the page.

        Returns
        -------
        Path or str
            The path that was written, or the page.

        Raises
        ------
        LlamaStyleError
            The page cannot be written there.

        Examples
        --------
        >>> import llamastyle as ls
        >>> arena = ls.simulate(3000, 4, style={"words": 0.8}, seed=2)
        >>> ls.fit(arena.battles).report().splitlines()[0]
        '<!doctype html>'
        """
        return page_file(lambda: render_page(contents(self, title, compare, exhibits)), path, "report.html")

    # -- words ------------------------------------------------------------------------------------

    def headline(self, model: str | None = None, against: str | None = None) -> str:
        """The answer in two sentences, with its interval, or the reason why there is none.

        Parameters
        ----------
        model, against : str, optional
            Two models: the answer is then of the gap between them, the first minus the second, as voted and
            in its parts (see `compare`).

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> result.headline("model-01", against="model-02")[:44]
        'Of the gap between model-01 and model-02, 41'
        """
        if model is None and against is None:
            return headline(self)
        if model is None or against is None:
            raise FitError('a gap is between two models: name both, such as headline("model-1", against="model-2")')
        return gap_words(self, model, against)

    def summary(self) -> str:
        """Header, prices with errors, checks and warnings, as text of about 80 columns."""
        return "\n".join(text_table(b) if isinstance(b, pd.DataFrame) else b for b in summary_blocks(self))

    def __repr__(self) -> str:
        size = f"{len(self.battles)} battles and {len(self.battles.models)} models"
        return f"<StyleResult of {size}; see headline(), summary(), audit()>"

    def _repr_html_(self) -> str:
        first, *notes = *self.notes, *self.warnings
        parts = [f"<p>{html.escape(first)}</p>", f"<p><b>{html.escape(self.headline())}</b></p>"]
        parts += [f"<p>{html.escape(text)}</p>" for text in notes]
        if self.estimates is not None:
            prices = self.tidy().query("block != 'strength'")
            parts.append(reading_html(prices))
        return "\n".join(parts)



def _whole(table: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Columns of whole numbers that may be missing."""
    return table.astype(dict.fromkeys(names, "Float64")).astype(dict.fromkeys(names, "Int64"))
