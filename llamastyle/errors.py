"""The errors and the warning that users of llamastyle meet."""

from __future__ import annotations

import os
import warnings

__all__ = [
    "ConvergenceError",
    "DataError",
    "FeatureError",
    "FitError",
    "LlamaStyleError",
    "LlamaStyleWarning",
    "SeparationError",
]

_HOME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


class LlamaStyleError(ValueError):
    """Something handed in cannot be used; the message says what, where, and the way out.

    Examples
    --------
    >>> import llamastyle as ls
    >>> try:
    ...     ls.read_battles([])
    ... except ls.LlamaStyleError as error:
    ...     print(type(error).__name__)
    DataError
    """


class DataError(LlamaStyleError):
    """A table, a file or one of its values cannot be read as battles or responses.

    Examples
    --------
    >>> import llamastyle as ls
    >>> try:
    ...     ls.read_battles([{"left": "x"}])
    ... except ls.DataError as error:
    ...     print("column" in str(error))
    True
    """


class FeatureError(LlamaStyleError):
    """A feature is unknown, or cannot be made from what is there.

    Examples
    --------
    >>> import llamastyle as ls
    >>> try:
    ...     ls.extract(["Yes."], ["wrods"])
    ... except ls.FeatureError as error:
    ...     print("did you mean 'words'" in str(error))
    True
    """


class FitError(LlamaStyleError):
    """The regression asked for cannot be made from these battles.

    Examples
    --------
    >>> import llamastyle as ls
    >>> try:
    ...     ls.fit(ls.simulate(500, seed=1).battles, level=95)
    ... except ls.FitError as error:
    ...     print(error)
    level=95 must lie in [0.5, 1), for example 0.95
    """


class SeparationError(FitError):
    """The likelihood has no finite maximum: models that never met, never lost, or a separating column.

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(200, 3, style={"words": 0.0}, seed=1)
    >>> won = arena.battles.filter(lambda frame: (frame["winner"] == "model_a") & (frame["model_a"] < frame["model_b"]))
    >>> try:
    ...     ls.fit(won)
    ... except ls.SeparationError as error:
    ...     print("never lost" in str(error))
    True
    """


class ConvergenceError(FitError):
    """Newton's method did not reach the maximum of the likelihood.

    Examples
    --------
    >>> import llamastyle as ls
    >>> issubclass(ls.ConvergenceError, ls.FitError)
    True
    """


class LlamaStyleWarning(UserWarning):
    """Something a reader of the numbers should know; the message says what to do about it.

    Examples
    --------
    >>> import warnings
    >>> import llamastyle as ls
    >>> arena = ls.simulate(500, style={"words": 0.3}, n_prompts=12, seed=1)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     result = ls.fit(arena.battles)
    >>> [w.category.__name__ for w in caught], str(caught[0].message)[:24]
    (['LlamaStyleWarning'], 'only 12 clusters of prom')
    """


def warn(text: str) -> None:
    """Warn at the line that called into the package, however deep the reason lies."""
    import inspect

    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        frame, level = frame.f_back, level + 1
    warnings.warn(text, LlamaStyleWarning, stacklevel=level)
