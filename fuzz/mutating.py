"""Changes of JSON that keep it JSON: what libFuzzer's own, of bytes, would need long to come by."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

WILD: tuple[str, ...] = (
    "null", "true", "0", "1", "-1", "0.5", "1e400", "-1e400", "1e308", "NaN", "9007199254740993", "1" + "0" * 400,
    '""', '" "', '"a"', '"model_a"', '"1"', '"[[A]]"', '"\\ud800"', '"\\u0000"', "[]", "{}", "[[]]", "[null]", "[1]",
    '["a"]', '[{"role": "assistant", "content": null}]', '{"a": 1}', '{"role": 1, "content": {}}', '"[1, \'a\']"',
    '"array([\'a\'], dtype=object)"', "[" * 1500 + "]" * 1500, '"2026-01-01T00:00:00"', '"A>B"', '{"": [{}]}',
)  # fmt: skip
SLOT = "\ue000slot\ue000"


def changed(data: bytes, cut: bytes, longest: int, seed: int) -> bytes | None:
    """The bytes with a value of one of their JSON texts put in another's place, dropped, or made wild; None if none is.

    The first byte, and what is no JSON, stay as they are; texts end at ``cut`` or at the end of a line.
    """
    draw = random.Random(seed)
    parts = data[1:].split(cut)
    k = draw.randrange(len(parts))
    lines = parts[k].split(b"\n")
    j = draw.randrange(len(lines))
    head, text = (lines[j][:1], lines[j][1:]) if lines[j][:1] not in b"{[" else (b"", lines[j])
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict | list) or not value:
        return None
    holder, at = draw.choice(_places(value))
    written = draw.choice(_CHANGES)(holder, at, draw)
    text = json.dumps(value).replace(json.dumps(SLOT), written).encode()
    if draw.random() < 0.2:
        lines.insert(j, lines[j])
    lines[j] = head + text
    parts[k] = b"\n".join(lines)
    made = data[:1] + cut.join(parts)
    return made if len(made) <= longest else None


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        here = todo.pop()
        items = here.items() if isinstance(here, dict) else enumerate(here)
        for at, inside in list(items):
            found.append((here, at))
            if isinstance(inside, dict | list):
                todo.append(inside)
    return found


def _wild(holder: Any, at: Any, draw: random.Random) -> str:
    holder[at] = SLOT
    return draw.choice(WILD)


def _as_text(holder: Any, at: Any, draw: random.Random) -> str:
    held, holder[at] = holder[at], SLOT
    return json.dumps(json.dumps(held))


def _dropped(holder: Any, at: Any, draw: random.Random) -> str:
    del holder[at]
    return ""


def _listed(holder: Any, at: Any, draw: random.Random) -> str:
    holder[at] = [holder[at]] * draw.randint(1, 3)
    return ""


def _again(holder: Any, at: Any, draw: random.Random) -> str:
    if isinstance(holder, list):
        holder.insert(at, holder[at])
    else:
        holder[draw.choice(list(holder))] = holder[at]
    return ""


_CHANGES: tuple[Callable[[Any, Any, random.Random], str], ...] = (_wild, _wild, _wild, _as_text, _dropped, _listed, _again)
