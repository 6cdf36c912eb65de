"""Values that a cell holds as text: JSON, Python literals, and NumPy arrays as pandas writes them to CSV."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

from llamastyle.data.readers.table import shown

MAX_LITERAL = 2_000_000
"""Longest text, in characters, that is read as a Python literal; a longer one takes minutes."""

TOKEN = re.compile(
    r"""
    (?P<string> ' [^'\\]*+ (?:\\.[^'\\]*+)*+ (?:'|\\?\Z) | " [^"\\]*+ (?:\\.[^"\\]*+)*+ (?:"|\\?\Z) )
    | (?P<array> \barray(?=\() )
    | (?P<kind> ,\s*+dtype=\w++ )
    | (?P<nan> \bnan\b )
    | (?P<end> [}\]] | \bNone\b )
    """,
    re.VERBOSE | re.DOTALL,
)
"""What `repaired` looks at; all else is passed over. No alternative looks at a character twice."""
BESIDE = re.compile(r"""\s++(?=['"{\[]|None\b|array\()""")
"""White space between two values, where a comma belongs."""
LONE = re.compile("(?<!\\\\)[\ud800-\udfff]")


class Unreadable(Exception):
    """A value that is not what it should be; the message says why."""


class DoubledKey(ValueError):
    """A record that has one key twice, so that one of the values would be lost."""


def from_json(text: str) -> Any:
    """The value of a JSON text.

    Raises
    ------
    DoubledKey
        If an object has a key twice.
    ValueError, RecursionError
        If it is no JSON.
    """
    return json.loads(text, object_pairs_hook=_record)


def literal(text: str) -> Any:
    """The value of a JSON text, a Python literal, or the text of a NumPy array; nothing is evaluated.

    Raises
    ------
    Unreadable
        If it is neither.
    """
    try:
        return from_json(text)
    except DoubledKey as error:
        raise Unreadable(str(error)) from None
    except (ValueError, RecursionError):
        pass
    if len(text) > MAX_LITERAL:
        raise Unreadable(f"text of {len(text)} characters, which is not JSON and too long for a literal")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = ast.parse(repaired(text.strip()), mode="eval")
            _check_keys(made)
            return ast.literal_eval(made)
    except DoubledKey as error:
        raise Unreadable(str(error)) from None
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise Unreadable("a conversation that cannot be read: neither JSON nor a Python literal") from None


def repaired(text: str) -> str:
    """The text of a NumPy array as a Python literal; a Python literal as it is.

    The text of an array has no commas between its items, and an array inside another is written as
    ``array([...], dtype=object)``. Commas are put between neighbours (two texts side by side would
    otherwise be one), ``array`` and ``dtype`` go, and what stands between quotes is left alone, but for
    halves of surrogate pairs, which are written as escapes.

    Examples
    --------
    >>> repaired("[{'a': 'x'}" + chr(10) + " {'a': array(['} {', None], dtype=object)}]")
    "[{'a': 'x'}, {'a': (['} {', None])}]"
    """
    text = LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", text).encode("utf-8", "replace").decode()
    made: list[str] = []
    at = 0
    while token := TOKEN.search(text, at):
        made.append(text[at : token.start()])
        at = token.end()
        if token["nan"]:
            made.append("None")
        elif not (token["array"] or token["kind"]):
            made.append(token[0])
        if not token["array"] and (gap := BESIDE.match(text, at)):
            made.append(", ")
            at = gap.end()
    return "".join([*made, text[at:]])


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        _refuse_twins([name for name, _ in pairs])
    return made


def _check_keys(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            _refuse_twins([key.value for key in node.keys if isinstance(key, ast.Constant)])


def _refuse_twins(names: list[Any]) -> None:
    seen: set[Any] = set()
    for name in names:
        if name in seen:
            raise DoubledKey(f"an object with the key {shown(name)} twice")
        seen.add(name)
