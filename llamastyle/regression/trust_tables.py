"""Tables of trust: wrong labels, placebo, curvature, unmeasured quality, collinearity, what a verdict hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from llamastyle.errors import FitError
from llamastyle.regression.fitted import Fitted, check_rule
from llamastyle.regression.influential import Rule, influential_frame, verdicts
from llamastyle.regression.label_rates import (
    Rules,
    assumed_rate,
    battle_labels,
    label_error_frame,
    measured_rate,
)
from llamastyle.regression.levels import level_codes
from llamastyle.regression.trust import collinearity_frame, curvature_frame, placebo_frame, sensitivity_frame
from llamastyle.report.notebook import readable_frame

__all__ = ["TrustTables"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrustTables(Fitted):
    """How far a fit can be trusted."""

    def label_error(
        self,
        rate: float | None = None,
        *,
        second: Any = None,
        second_rate: float | None = None,
        level: float | None = None,
        margin: float = 20.0,
        fdr: float = 0.05,
        reference: str = "field",
    ) -> pd.DataFrame:
        """Prices, inflation and verdicts as they would be with right labels of correctness.

        Wrong labels leave part of what being right is worth to whatever goes with it: where longer answers are
        more often right, length appears priced. Given how often labels are wrong, the corrected figures are free
        of that; without it they are shown at 0, 5, 10 and 20 % of wrong labels.

        It is assumed that each label is wrong with the same chance, whichever way it is wrong, independently of
        other labels, of the vote, of the model and of style. Intervals count what the correction costs.

        Parameters
        ----------
        rate : float, optional
            Share of labels that are wrong, in [0, 0.5).
        second : path, list of dicts or frame, optional
            ``prompt_id, model, correct`` from a second labelling, of some or all answers, made without knowing
            the first; the rate follows from how often the two differ, and intervals count that it is estimated.
        second_rate : float, optional
            How often the second labelling is wrong, 0 if never; by default as often as the first.
        level : float, optional
        margin, fdr, reference : optional
            Of the verdicts, as in `audit`.

        Returns
        -------
        pandas.DataFrame
            ``error_rate, rate_std_error, kind, term, estimate, std_error, conf_low, conf_high, verdict,
            disappears_at, note``. ``kind`` is ``price`` (log-odds per recorded scale), ``inflation`` (Arena points)
            or ``parity_change`` (win rate); ``disappears_at`` is the smallest rate of wrong labels at which the
            verdict is another one, found to 0.01.

        Raises
        ------
        FitError
            There are no labels, or some that are neither 0 nor 1; both a rate and a second labelling.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> table = result.label_error(0.05).query("kind == 'price' and term == 'words'")
        >>> table[["error_rate", "verdict"]].to_dict("list")
        {'error_rate': [0.0, 0.05], 'verdict': ['above zero', 'above zero']}
        """
        if rate is not None and second is not None:
            raise FitError("label_error takes a rate or a second labelling, not both")
        design, est = self._fitted()
        if not design.spec.block("correctness").size:
            raise FitError(
                "label_error needs correctness that differs between the two sides of some battle: hand it in with"
                " read_battles(correctness=...) or join_correctness"
            )
        labels = battle_labels(self.battles)
        known = None if rate is None else assumed_rate(rate)
        if second is not None:
            from llamastyle.data.readers.correctness import join_correctness

            known = measured_rate(self.battles, labels, join_correctness(self.battles, second), second_rate)
        check_rule(margin, fdr)
        rules = Rules(self._level(level), margin, fdr, self._reference(reference))
        return readable_frame(label_error_frame(design, est, labels, rules, known))

    def placebo(self, draws: int = 999) -> pd.DataFrame:
        """Is style tied to the votes more closely than it would be under signs drawn at random?

        The battles are fitted without style. What style would add, a sum over clusters, is compared with the
        same sum after each cluster's sign is flipped at random; everything else stays as it is.

        Parameters
        ----------
        draws : int
            Seeded by the fit's ``seed``.

        Returns
        -------
        pandas.DataFrame
            One row: ``columns, clusters, draws, statistic, flipped_mean, flipped_95, p_value, note``. Not computed
            with fewer than 10 clusters; the note says so.

        Examples
        --------
        >>> import llamastyle as ls
        >>> nothing = ls.fit(ls.simulate(2000, style={}, seed=2).battles)
        >>> something = ls.fit(ls.simulate(2000, style={"words": 0.5}, seed=2).battles)
        >>> bool(nothing.placebo()["p_value"][0] > 0.05), float(something.placebo()["p_value"][0])
        (True, 0.001)
        """
        if isinstance(draws, bool) or not isinstance(draws, int | np.integer) or draws < 99:
            raise FitError(f"draws={draws!r} must be a whole number of at least 99, for example 999")
        return readable_frame(placebo_frame(*self._fitted(), draws=int(draws), seed=self.settings.seed))

    def curvature(self) -> pd.DataFrame:
        """Do odd powers (s|s|, s^3) and products (s_j|s_k|) of style say more than the linear index?

        A small p-value of ``all`` means that the linear index misstates the part of style: usually that it is
        understated. All terms change sign when the sides are swapped.

        The terms tested are left out of the fit, and the scores that they would have in it, a sum over clusters, are
        compared with the same sum under random signs of the clusters, as `placebo` does for style. A Wald test
        with the errors of the fit rejects far too often, because cubes and products have heavy tails.

        Returns
        -------
        pandas.DataFrame
            ``test, terms, df, estimate, std_error, statistic, df_error, p_value, note``: all terms, products, powers,
            the powers of each feature, then each term. ``statistic`` is near 1 without curvature, ``df_error``
            the number of clusters whose signs are flipped, less one. ``estimate`` and ``std_error`` of a single
            term are those of the fit with all terms, so that their ratio is not what ``p_value`` rests on. Tests
            of more terms than a fifth of the clusters are not computed; the note says so.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.5, "bold": 0.2}, seed=2).battles)
        >>> result.curvature()["test"].tolist()[:5]
        ['all', 'products', 'powers', 'powers of words', 'powers of bold']
        """
        return readable_frame(curvature_frame(*self._fitted(), seed=self.settings.seed))

    def sensitivity(self, level: float | None = None) -> pd.DataFrame:
        """How strong would something unmeasured have to be to explain a price away?

        The robustness value of Cinelli and Hazlett (2020), on the linear version of the fit with classical errors:
        something unmeasured that explains this share of what is left of the feature *and* of the outcome brings the
        price to zero (``robustness_value_level``: into its interval); anything weaker in both does not.

        Parameters
        ----------
        level : float, optional

        Returns
        -------
        pandas.DataFrame
            ``term, group, estimate, t, df, partial_r2, robustness_value, robustness_value_level, benchmark,
            with_term, with_outcome, adjusted, note``, a row a feature and observed column to measure strength by:
            something as strong as ``benchmark`` has partial R^2 ``with_term`` and ``with_outcome`` and would leave
            ``adjusted`` of the price ``estimate`` (win probability per recorded scale).

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.8}, seed=2).battles)
        >>> result.sensitivity()[["term", "benchmark"]].to_dict("records")
        [{'term': 'words', 'benchmark': 'correctness'}]
        """
        return readable_frame(sensitivity_frame(self._fitted()[0], self._level(level)))

    def collinearity(self, level: float | None = None) -> pd.DataFrame:
        """Which prices cannot be told apart, and what their groups say together.

        Parameters
        ----------
        level : float, optional
            Of the joint tests.

        Returns
        -------
        pandas.DataFrame
            ``term, group, vif, vif_models, closest, correlation, p_value, group_terms, group_statistic,
            group_df_error, group_p_value, apart, note``. ``vif`` is the variance inflation given models and all other
            columns, ``vif_models`` given the models alone, ``correlation`` the partial one with the column that is
            ``closest``. Where ``apart`` is False, read the group's test and not the single price.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(3000, style={"words": 0.5, "bold": 0.2}, seed=2).battles)
        >>> result.collinearity()["apart"].tolist()
        [True, True, True]
        """
        design, est = self._fitted()
        return readable_frame(collinearity_frame(design, est, self._level(level)))

    def influential(
        self,
        model: str | None = None,
        unit: str = "battle",
        *,
        margin: float = 20.0,
        fdr: float = 0.05,
        most: float = 0.1,
    ) -> pd.DataFrame:
        """A small set of battles, or of voters, without which a verdict would be another.

        Units are ranked by their influence on the model's inflation, and the set is confirmed by refitting
        without it: ``inflation_without`` is the refit's. A smaller set may exist.

        Parameters
        ----------
        model : str, optional
            By default every model with a flag; where there is none, the one nearest to one.
        unit : str
            ``battle``, or a column of the battles such as ``voter`` or ``prompt_id``.
        margin, fdr : float
            As in `audit`.
        most : float
            The greatest share of the battles that a set may have.

        Returns
        -------
        pandas.DataFrame
            ``model, verdict, verdict_without, unit, removed, battles_removed, share, inflation,
            inflation_without, foretold, which, note``: how many units and battles, the share of all
            battles, and the most influential by name (battles by row, counted from 0); inflations in Arena
            points.

        Examples
        --------
        >>> import llamastyle as ls
        >>> result = ls.fit(ls.simulate(4000, 8, style={"words": 0.8}, seed=2).battles)
        >>> set(result.influential(unit="voter")["unit"])
        {'voter'}
        """
        if not 0 < most < 1:
            raise FitError(f"most={most!r} must be a share of the battles between 0 and 1, for example 0.1")
        design, est = self._need_models("influential")
        check_rule(margin, fdr)
        rule = Rule(margin, fdr, self.settings.with_correctness)
        index = self._index(model)
        chosen = [index] if index is not None else self._near_a_flag(rule)
        if unit == "battle":
            codes, names = np.arange(design.n, dtype=np.int64), list(range(design.n))
        else:
            codes, names = level_codes(self.battles, unit, "unit")
        return readable_frame(influential_frame(design, est, chosen, codes, names, unit, rule, most))

    def _near_a_flag(self, rule: Rule) -> list[int]:
        """Models with a flag; where there is none, the one with the smallest q."""
        found = verdicts(*self._fitted(), rule).found
        if not np.isfinite(found.q_value).any():
            raise FitError("no model has a verdict that could change; audit() says why")
        flagged = [i for i, q in enumerate(found.q_value) if q <= rule.fdr]
        return flagged or [int(np.nanargmin(found.q_value))]
