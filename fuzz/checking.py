"""What an input may do: give a value, or raise an error of the library with a message."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import llamastyle
from llamastyle.errors import LlamaStyleError, LlamaStyleWarning

PACKAGE = str(Path(llamastyle.__file__).parent)
LONG = 20_000
"""Characters of a message beyond which it is no message."""


class Wrong(AssertionError):
    """A result that cannot be right."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an input did that it should not.

    Attributes
    ----------
    where : str
        Kind of the error and the lines it came through last; the same for inputs with the same cause.
    trace : str
        The whole traceback.
    """

    where: str
    trace: str


def finding(run: Callable[[bytes], object], data: bytes) -> Finding | None:
    """What is wrong with what an input does; None for a value or an error that says why."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", LlamaStyleWarning)
        try:
            run(data)
        except LlamaStyleError as error:
            if 0 < len(str(error)) < LONG:
                return None
            return _finding(error, f"a message of {len(str(error))} characters")
        except Exception as error:
            return _finding(error, type(error).__name__)
    return None


def _finding(error: Exception, kind: str) -> Finding:
    frames = traceback.extract_tb(error.__traceback__)[1:]
    own = [f for f in frames if f.filename.startswith(PACKAGE)] or frames
    places = dict.fromkeys(f"{Path(f.filename).name}:{f.name}:{f.lineno}" for f in (*own[-2:], frames[-1]))
    return Finding(f"{kind} at {' > '.join(places)}", "".join(traceback.format_exception(error))[-8000:])
