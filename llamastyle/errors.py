"""The errors and the warning that users of llamastyle meet."""

from __future__ import annotations

__all__ = [
    "ConvergenceError",
    "DataError",
    "FeatureError",
    "FitError",
    "LlamaStyleError",
    "LlamaStyleWarning",
    "SeparationError",
]


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
    """A table, a file or one of its values cannot be read as battles or responses."""


class FeatureError(LlamaStyleError):
    """A feature is unknown, or cannot be made from what is there."""


class FitError(LlamaStyleError):
    """The regression asked for cannot be made from these battles."""


class SeparationError(FitError):
    """The likelihood has no finite maximum: models that never met, never lost, or a separating column."""


class ConvergenceError(FitError):
    """Newton's method did not reach the maximum of the likelihood."""


class LlamaStyleWarning(UserWarning):
    """Something a reader of the numbers should know; the message says what to do about it."""
