"""Frames that draw themselves: ``plot`` is the chart they are made for, in place of pandas' own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llamastyle.report import published_charts
from llamastyle.report.notebook import ReadableFrame

if TYPE_CHECKING:
    import altair as alt

__all__ = ["ContextFrame", "DivergenceFrame", "SelectionFrame"]


class DivergenceFrame(ReadableFrame):
    """What `divergence` returns.

    Examples
    --------
    >>> import llamastyle as ls
    >>> rows = [{"model": f"m{i}", "coding": i, "maths": i + i % 2, "arena": 10.0 * i + i % 3} for i in range(12)]
    >>> rows[4]["arena"] += 90
    >>> ls.divergence(rows, "arena").plot().to_dict()["title"]["text"]
    ['m4 has 131.0 where the benchmarks warrant 37.1 (p = 0.083)']
    """

    def plot(  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
        self, names: Sequence[str] = (), *, target: str = "as measured", width: int = 760
    ) -> alt.LayerChart:
        """The target against the index of the other benchmarks, with the line of what they let one expect.

        Parameters
        ----------
        names : sequence of str
            Models to mark and label, beside the two largest excesses.
        target : str
            What is measured, for the axis.
        width : int
            Pixels in all.
        """
        return published_charts.divergence_chart(self, names, target=target, width=width)


class SelectionFrame(ReadableFrame):
    """What `selection_inflation` returns.

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.selection_inflation([1, 5, 27], sd_between=15, se=6).plot().to_dict()["title"]["text"]
    ['The best of 27 variants is reported 32.3 points above one alone; 27.8 of them are real']
    """

    def plot(  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
        self, *, width: int = 760
    ) -> alt.LayerChart:
        """What reporting the best of several variants adds, by how many there were.

        Parameters
        ----------
        width : int
            Pixels in all.
        """
        return published_charts.selection_chart(self, width=width)


class ContextFrame(ReadableFrame):
    """What ``published("long_context")`` returns.

    Examples
    --------
    >>> import llamastyle as ls
    >>> scores = ls.published("long_context")
    >>> scores.plot(scores["model"].head(1).tolist()).to_dict()["title"]["text"][0][:3]
    'At '
    """

    def plot(  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
        self, names: Sequence[str] = (), *, width: int = 760
    ) -> alt.LayerChart:
        """Scores over the length of the context.

        Parameters
        ----------
        names : sequence of str
            Models to colour and label; the others are grey.
        width : int
            Pixels in all.
        """
        return published_charts.context_chart(self, names, width=width)
