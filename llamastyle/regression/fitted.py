"""What a result holds, and what its tables share: the fit or the reason why there is none, levels, models by name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from llamastyle.data.battles import Battles
from llamastyle.errors import ConvergenceError, FitError
from llamastyle.features.feature import FeatureTable
from llamastyle.options import nearest, real
from llamastyle.regression import frames
from llamastyle.regression.decomposition import cross_fitted_index
from llamastyle.regression.design import Design
from llamastyle.regression.estimates import Estimates, Settings

__all__ = ["Fitted", "check_rule"]

Floats = NDArray[np.float64]


def check_rule(margin: float, fdr: float) -> None:
    """Refuse what verdicts cannot be given by."""
    if not 0 < real(margin) < np.inf:
        raise FitError(f"margin={margin!r} must be above 0 Arena points, for example 20")
    if not 0 < real(fdr) < 1:
        raise FitError(f"fdr={fdr!r} must lie between 0 and 1, for example 0.05")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fitted:
    """A fit or the reason why there is none.

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

    def _level(self, level: float | None) -> float:
        level = self.settings.level if level is None else level
        if not 0.5 <= real(level) < 1:
            raise FitError(f"level={level!r} must lie in [0.5, 1), for example 0.95")
        return level

    def _fitted(self) -> tuple[Design, Estimates]:
        if self.design is None or self.estimates is None:
            raise FitError(f"there is no estimate: {self.failure}")
        return self.design, self.estimates

    def _need_models(self, what: str) -> tuple[Design, Estimates]:
        design, est = self._fitted()
        if design.n_models < 2:
            raise FitError(
                f"{what} needs battles between at least two named models; these give prices only (see tidy())"
            )
        return design, est

    def _names(self) -> list[str]:
        design, _ = self._fitted()
        ties = ["log_nu"] if self._fitted()[1].fit.likelihood.davidson else []
        return [c.name for c in design.spec.columns] + ties + [f"strength[{m}]" for m in design.spec.models]

    def _index(self, model: str | None) -> int | None:
        if model is None:
            return None
        models = self._fitted()[0].spec.models
        if not isinstance(model, str):
            raise FitError(f"{model!r} is no model's name")
        if model in self.dropped:
            raise FitError(f"model {model!r} was left out of the fit: {self.dropped[model]}")
        if model not in models:
            raise FitError(f"model {model!r} is not in the fit{nearest(model, models)}")
        return models.index(model)

    def _reference(self, reference: str) -> int | None:
        return None if reference == "field" else self._index(reference)

    def _models(self) -> pd.DataFrame:
        """``model, battles, win_rate, note`` of every model asked about; a note means no estimate.

        The models of the fit come first, in the design's order.
        """
        if self.estimates is None:
            table = self.asked.win_rates()
            table["note"] = [self.dropped.get(model, self.failure) for model in table["model"]]
        else:
            design, est = self._need_models("this table")
            fitted = self.battles.win_rates().set_index("model").loc[list(design.spec.models)].reset_index()
            table = fitted.assign(note=frames.reasons(design, est))
            gone = self.asked.win_rates()
            gone = gone[~gone["model"].isin(design.spec.models)]
            if len(gone):
                other = ["all models it met were left out" if n else "met no other model" for n in gone["battles"]]
                why = [self.dropped.get(m, why) for m, why in zip(gone["model"], other, strict=True)]
                table = pd.concat([table, gone.assign(note=why)], ignore_index=True)
        if not len(table):
            raise FitError("these battles name no models: they give prices only (see tidy())")
        return table

    def _indices(self) -> dict[str, Floats]:
        """Style of side a against side b by battle: the cross-fitted index, and a length alone."""
        design, est = self._fitted()
        try:
            style = cross_fitted_index(design, est.fit, est.made, self.settings.seed)
        except ConvergenceError:
            style = np.full(design.n, np.nan)
        indices = {"style": style}
        length = next((name for name in ("words", "chars", "tokens") if name in self.table.names), None)
        if length is not None:
            values = self.table.column(length)
            indices[length] = values[self.battles.row_a] - values[self.battles.row_b]
        return indices
