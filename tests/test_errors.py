"""The family of errors that users meet."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from llamastyle import errors


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name.endswith("Error")])
def test_every_error_is_a_value_error_of_the_family(name: str) -> None:
    kind = getattr(errors, name)
    assert issubclass(kind, errors.LlamaStyleError)
    with pytest.raises(ValueError, match=r"^what, where, the way out$"):
        raise kind("what, where, the way out")


@pytest.mark.parametrize("kind", [errors.SeparationError, errors.ConvergenceError])
def test_failures_of_the_fit_are_fit_errors(kind: type[errors.LlamaStyleError]) -> None:
    assert issubclass(kind, errors.FitError)


@pytest.mark.parametrize("kind", [errors.DataError, errors.FeatureError, errors.FitError])
def test_the_branches_are_apart(kind: type[errors.LlamaStyleError]) -> None:
    others = {errors.DataError, errors.FeatureError, errors.FitError} - {kind}
    assert not any(issubclass(kind, other) for other in others)


def test_the_warning_can_be_told_from_others() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", errors.LlamaStyleWarning)
        warnings.warn("said", errors.LlamaStyleWarning, stacklevel=1)
        with pytest.raises(UserWarning, match="other"):
            warnings.warn("other", UserWarning, stacklevel=1)


def test_everything_defined_is_listed() -> None:
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert defined == set(errors.__all__)


def test_a_warning_points_outside_the_package() -> None:
    deep = "def inside(warn):\n    warn('said')\n"
    names: dict[str, Callable[[object], None]] = {}
    exec(compile(deep, str(Path(errors.__file__).parent / "regression" / "fitting.py"), "exec"), names)
    with pytest.warns(errors.LlamaStyleWarning, match="said") as caught:
        names["inside"](errors.warn)
    assert caught[0].filename == __file__
