"""The scanner without the compiler, its arrays such that an index below zero or beyond the end raises."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

MAKERS = ("empty", "zeros", "full", "arange")


class Checked(np.ndarray):
    """An array that has no places counted from its end, as in compiled code, which looks before its beginning there."""

    def __getitem__(self, at: Any) -> Any:
        _check(at)
        return super().__getitem__(at)

    def __setitem__(self, at: Any, value: Any) -> None:
        _check(at)
        super().__setitem__(at, value)


def _check(at: Any) -> None:
    for one in at if type(at) is tuple else (at,):
        if type(one) is slice:
            ends = [end for end in (one.start, one.stop) if end is not None]
            if ends and min(ends) < 0:
                raise IndexError(f"a slice from or to a place before the beginning: {one}")
        elif not isinstance(one, np.ndarray) and one is not None and one < 0:
            raise IndexError(f"a place before the beginning: {one}")


def checked(thing: Any) -> Any:
    """Arrays, and tuples that hold arrays, as checked ones."""
    if isinstance(thing, np.ndarray):
        return thing.view(Checked)
    if isinstance(thing, tuple):
        parts = [checked(part) for part in thing]
        return type(thing)(*parts) if hasattr(thing, "_fields") else tuple(parts)
    return thing


def check_arrays(kernel: ModuleType) -> None:
    """Let a module make checked arrays only."""
    made = ModuleType("numpy")
    made.__dict__.update({name: value for name, value in vars(np).items() if not name.startswith("__")})

    def maker(make: Any) -> Any:
        return lambda *args, **options: make(*args, **options).view(Checked)

    for name in MAKERS:
        setattr(made, name, maker(getattr(np, name)))
    kernel.np = made  # type: ignore[attr-defined]
