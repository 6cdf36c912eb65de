"""Tables of effects: in win probability, by level, pooled, as shares of the fit, without a model, by contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from llamastyle.errors import FitError
from llamastyle.options import Measure, check_option
from llamastyle.regression import frames
from llamastyle.regression.benchmark_lines import BetweenModels, between_models, read_model_scores
from llamastyle.regression.effects import effects_frame
from llamastyle.regression.fit_shares import share_frame
from llamastyle.regression.fitted import Fitted, check_rule
from llamastyle.regression.levels import exchange_levels_frame, level_codes, levels_frame
from llamastyle.regression.model_free import blind_rules, model_free_frame, overlap_frame, ruler_frame
from llamastyle.regression.pooling import pooled_frame
from llamastyle.regression.transforms import transform_frame
from llamastyle.report.notebook import readable_frame

__all__ = ["EffectTables"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EffectTables(Fitted):
    """What a fit says of effects."""

    def effects(self, level: float | None = None) -> pd.DataFrame:
        """What each price is worth in win probability, on average over the battles, and as an odds ratio.

        Effects compare judges, languages and data sets; log-odds do not, for their scale is the judge's noise.

        Parameters
        ----------
        level : float, optional

        Returns
        -------
        pandas.DataFrame
            ``term, group, block, unit, odds_ratio, odds_low, odds_high, effect, std_error, conf_low,
            conf_high, note``; one row a column and unit (one recorded scale; a natural unit where the contrast
            has one). ``effect`` is in win rate, 0.01 being one point: the slope of the expected outcome
            times the step, so that a large step gains somewhat less.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> result.effects()[["term", "unit"]].to_dict("records")[:2]
        [{'term': 'words', 'unit': 'one recorded scale'}, {'term': 'words', 'unit': '+10 %'}]
        """
        return readable_frame(effects_frame(*self._fitted(), self._level(level)))

    def with_and_without(self, level: float | None = None) -> pd.DataFrame:
        """Prices with the models' strengths in the fit and without, side by side, from the same battles.

        Within models a price compares answers of the same two models; pooled, it also takes in that
        models which win more write in another way. Prices (log-odds per recorded scale) of the two are
        on different scales; effects (win rate in [0, 1] per recorded scale) are on one.

        Parameters
        ----------
        level : float, optional

        Returns
        -------
        pandas.DataFrame
            ``term, group, block, measure, within, within_low, within_high, pooled, pooled_low, pooled_high,
            difference, difference_low, difference_high, p_value, note``; ``measure`` is ``price`` or
            ``effect``, ``difference`` is within minus pooled.

        Raises
        ------
        FitError
            The fit has no strengths to leave out.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> result.with_and_without()["measure"].tolist()
        ['price', 'price', 'effect', 'effect']
        """
        return readable_frame(pooled_frame(*self._fitted(), self._level(level)))

    def fit_shares(self, level: float | None = None) -> pd.DataFrame:
        """How much of the fit is style, correctness and models, in millibits a battle over p = 1/2.

        Gains are shared by Shapley's rule and add up to that of the whole fit. In the sample everything
        gains, if only by chance; held out by cluster (five folds), what says nothing loses.

        Parameters
        ----------
        level : float, optional

        Returns
        -------
        pandas.DataFrame
            ``block, gain, gain_low, gain_high, gain_cv, gain_cv_low, gain_cv_high, alone, alone_cv, accuracy,
            accuracy_low, accuracy_high, auc, accuracy_cv, auc_cv, note``; ``alone`` is the gain of a block
            without the others, and accuracy and AUC are those of its predictions, on decisive battles,
            each in both orders. ``_cv`` is held out; its intervals take the folds' prices as given.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(2000, 6, style={"words": 0.8}, seed=2).battles)
        >>> shares = result.fit_shares().set_index("block")["gain"]
        >>> shares.index.tolist()
        ['style', 'correctness', 'models', 'total']
        >>> bool(abs(shares[:-1].sum() - shares["total"]) < 1e-9)
        True
        """
        return readable_frame(share_frame(*self._fitted(), self._level(level), self.settings.seed))

    def by(
        self, column: str, level: float | None = None, *, measure: Measure = "effect", natural: bool = False
    ) -> pd.DataFrame:
        """Effects by category, language, judge or month, and whether they are equal.

        Every level has strengths and prices of its own, in the recorded scales of the whole fit. Clusters
        may span levels: the test adds up influences by cluster over all of them.

        Parameters
        ----------
        column : str
            A column of the battles, or ``month`` where they have a ``timestamp``.
        level : float, optional
            Of the intervals.
        measure : {"effect", "exchange"}
            Average marginal effects, with tests of equality; or exchange rates, with Fieller intervals.
        natural : bool
            Effects in natural units, where there are any, rather than recorded scales.

        Returns
        -------
        pandas.DataFrame
            ``term, group, block, unit, level, battles, clusters, effect, std_error, conf_low, conf_high,
            p_equal, q_equal, note``, one row a column of the fit and level; ``p_equal`` tests that the effect
            is the same at all levels that have one, and ``q_equal`` is its Benjamini-Hochberg value over
            columns. For exchange rates ``term, group, unit, level, battles, clusters, estimate, conf_low,
            conf_high, note``. Levels with too little data stay, with the reason.

        Raises
        ------
        FitError
            No such column, fewer than two levels, or exchange rates of a fit without correctness.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, 6, style={"words": 0.8}, n_voters=24, seed=2).battles)
        >>> table = result.by("voter")
        >>> table[table["term"] == "words"]["level"].tolist()[:3]
        ['0', '1', '2']
        """
        check_option("measure", measure, Measure)
        design, est = self._fitted()
        codes, names = level_codes(self.battles, column)
        if measure == "exchange":
            rates = exchange_levels_frame(design, est, codes, names, self._level(level))
            return readable_frame(rates, estimate="right answers")
        return readable_frame(levels_frame(design, est, codes, names, self._level(level), natural=natural))

    def model_free(self, level: float | None = None) -> pd.DataFrame:
        """How often the side with more style wins, by how much more, without a model of ratings.

        Only battles in which both sides are right or both wrong, where correctness is used. The style
        index comes from prices fitted without the battle's cluster (five folds), a length alone stands
        beside it. Ties are half a win; intervals are Wilson's at the effective number of battles.

        Parameters
        ----------
        level : float, optional

        Returns
        -------
        pandas.DataFrame
            ``index, quintile, least, most, battles, effective_battles, win_rate, conf_low, conf_high, note``;
            quintiles are of the size of the index, ``least`` to ``most`` (log-odds for style, the
            feature's unit for a length); ``all`` is every battle in which one side has more.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> result.model_free()["quintile"].tolist()[:6]
        ['1', '2', '3', '4', '5', 'all']
        """
        design, est = self._fitted()
        gap = None
        b = self.battles
        if self.settings.with_correctness and b.correct_a is not None and b.correct_b is not None:
            gap = b.correct_a - b.correct_b
        return readable_frame(model_free_frame(design, est.made, gap, self._indices(), self._level(level)))

    def rulers(self, level: float | None = None) -> pd.DataFrame:
        """Rules that know nothing of the content (longer wins, more markdown wins, first wins) beside the fit.

        Parameters
        ----------
        level : float, optional

        Returns
        -------
        pandas.DataFrame
            ``ruler, battles, decided, effective_battles, agreement, conf_low, conf_high, note``: on decisive
            battles, how often the side that the rule is for won, half where it does not decide; ``decided``
            is how often it does. The fit stands last, in the sample and held out by cluster.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(2000, 6, style={"words": 0.8, "bold": 0.1}, seed=2).battles)
        >>> result.rulers()["ruler"].tolist()[:3]
        ['longer wins (words)', 'more markdown wins', 'first wins']
        """
        design, est = self._fitted()
        a, b = self.battles.row_a, self.battles.row_b
        values = {f.name: (f.group, self.table.column(f.name)) for f in self.table.features}
        rules = blind_rules(design.n, {name: (group, v[a] - v[b]) for name, (group, v) in values.items()})
        return readable_frame(ruler_frame(design, est, rules, self._level(level), self.settings.seed))

    def between(
        self, scores: Any, score: str | None = None, level: float | None = None, *, model: str = "model"
    ) -> BetweenModels:
        """How ratings go with a benchmark that knows models and not answers, before and after style.

        Between models only: it cannot say which side of a battle was right, and what goes with the score need
        not be due to it. Hand in correctness by answer where there is any.

        Parameters
        ----------
        scores : mapping or Series by model, or a table
            A table (frame, path, list of dicts) has a column of models and one of scores.
        score : str, optional
            The column of scores, where there are several.
        level : float, optional
        model : str
            The column of models.

        Returns
        -------
        BetweenModels
            ``lines``, one a rating or part of it; ``models``, the raw rating of each in parts.

        Raises
        ------
        FitError, DataError
            Fewer than eight models with a rating and a score; scores that do not differ; a column that is
            not there.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> scores = [{"model": f"model-{i:02}", "coding": 50.0 + i} for i in range(1, 11)]
        >>> result.between(scores).models.columns[:4].tolist()
        ['model', 'score', 'rating_raw', 'style']
        """
        design, est = self._need_models("between")
        known = read_model_scores(scores, score, model)
        return between_models(known, *frames.block_parts(design, est, self._level(level)), self._level(level))

    def overlap(self, block: str = "style") -> pd.DataFrame:
        """How far each model's battles reach towards parity, the least first.

        Parameters
        ----------
        block : {"style", "correctness"}

        Returns
        -------
        pandas.DataFrame
            ``model, battles, near_parity, lowest, median, highest, extrapolated, note``; ``near_parity`` is the
            share of its battles within 0.25 log-odds of parity, ``lowest`` to ``highest`` the range of its
            index in log-odds. The row ``all`` is of every battle.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, 6, style={"words": 0.8}, seed=2).battles)
        >>> result.overlap().columns.tolist()[:3]
        ['model', 'battles', 'near_parity']
        """
        if block not in ("style", "correctness"):
            raise FitError(f"block={block!r} is not known; use style or correctness")
        design, est = self._fitted()
        return readable_frame(overlap_frame(design, est.fit, block, frames.reasons(design, est)))

    def transforms(
        self, level: float | None = None, margin: float = 20.0, fdr: float = 0.05
    ) -> pd.DataFrame:
        """Prices, inflations and verdicts under other contrasts: relative, log_ratio, tanh, difference.

        Parameters
        ----------
        level : float, optional
        margin, fdr : float
            As in `audit`.

        Returns
        -------
        pandas.DataFrame
            ``contrast, what, name, estimate, conf_low, conf_high, verdict, note``; ``what`` is ``effect`` (win
            rate in [0, 1] per recorded scale) or ``price`` (log-odds per recorded scale) of a column, or
            ``inflation`` (Arena points) of a model. The fit itself comes first, as ``as fitted``; a feature
            outside a contrast's domain keeps its own, which the note says.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(2000, 5, style={"words": 0.8}, seed=2).battles)
        >>> result.transforms()["contrast"].unique().tolist()
        ['as fitted', 'relative', 'log_ratio', 'tanh', 'difference']
        """
        check_rule(margin, fdr)
        design, est = self._fitted()
        counts = self.battles.win_rates().set_index("model")["battles"].reindex(list(design.spec.models))
        found = transform_frame(
            design,
            est,
            self.battles,
            self.table,
            self.settings,
            counts.to_numpy(np.int64),
            level=self._level(level),
            margin=margin,
            fdr=fdr,
        )
        return readable_frame(found)
