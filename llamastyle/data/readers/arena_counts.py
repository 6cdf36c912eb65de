"""What LMArena's files say of each battle in records: counts of both responses, and flags of its category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from llamastyle.data.battles import counted
from llamastyle.data.readers.formats import Draft
from llamastyle.data.readers.literals import Unreadable, literal
from llamastyle.data.readers.table import Column, Table, number, numbers, objects
from llamastyle.errors import DataError
from llamastyle.features.catalog import ARENA

Records: TypeAlias = Any
"""Records one a battle: a ``pyarrow.ChunkedArray`` of structs, or a list of mappings and None."""

METADATA = "conv_metadata"
TOKENS = "sum_assistant_{}_tokens"
COUNTS = (TOKENS, "header_count_{}", "list_count_{}", "bold_count_{}")
"""What the metadata call the features of ``ARENA``, in its order, for each side."""
FLAGS = (
    ("math_v0.1", "math", "math"),
    ("creative_writing_v0.1", "creative_writing", "creative writing"),
    ("if_v0.1", "if", "instruction following"),
)
"""Group and name of a flag, and the category it stands for."""
NAMES = ("math", "code", "creative writing", "instruction following", "other")
"""Categories, the first that holds counts; `other` where the flags are known and none does."""
NO_TEXTS = "no texts: the counts of tokens, headers, lists and bold are Arena's own (conv_metadata)"


def by_counts(draft: Draft, table: Table) -> Draft:
    """The draft of a table without texts, with Arena's own counts as the features of ``ARENA``.

    Raises
    ------
    DataError
        If the metadata have no counts.
    """
    if METADATA not in table.columns:
        return draft
    records = opened(table.columns[METADATA])
    measured: dict[str, tuple[Column, Column]] = {}
    sources, domains = dict(draft.sources), dict(draft.domains)
    for name, key in zip(ARENA.names, COUNTS, strict=True):
        sides = [counts(records, key.format(side)) for side in "ab"]
        for side, values in zip("ab", sides, strict=True):
            if np.isnan(values).all():
                raise DataError(
                    f"there are no conversations, and {METADATA} has no {key.format(side)} in any of "
                    f"{counted(table.n, 'battle')}: bring conversation_a and conversation_b, or {METADATA} with "
                    f"{', '.join(COUNTS).format(*'aaaa')} and the same of b"
                )
            sources[f"{name}_{side}"] = METADATA
            domains[f"{name}_{side}"] = f"no {key.format(side)}"
        measured[name] = (pa.chunked_array([sides[0]]), pa.chunked_array([sides[1]]))
    return replace(
        draft,
        measured=measured,
        preset=ARENA,
        sources=sources,
        domains=domains,
        notes=[*draft.notes, NO_TEXTS],
    )


def opened(column: Column) -> Records:
    """Records as Arrow's structs where they are such, else one by one."""
    structs = isinstance(column, pa.ChunkedArray) and pa.types.is_struct(column.type)
    return column if structs else records(column)


def records(column: Column) -> list[Mapping[str, Any] | None]:
    """Records given as such, as JSON or as Python literals; None where there is none to read."""
    return [_record(value) for value in objects(column)]


def counts(records: Records, name: str) -> NDArray[np.float64]:
    """A number of each record, or the sum of a record of numbers; NaN where there is none."""
    if isinstance(records, pa.ChunkedArray):
        field = _field(records, name)
        made = np.full(len(records), np.nan) if field is None else _summed(field)
    else:
        made = np.array([np.nan if record is None else _total(record.get(name)) for record in records], float)
    return np.where(np.isfinite(made) & (made >= 0), made, np.nan)


def unread(records: Records, column: Column) -> int:
    """How many records are given that cannot be read."""
    if isinstance(records, pa.ChunkedArray):
        return 0
    none = column.null_count if isinstance(column, pa.ChunkedArray) else sum(v is None for v in column)
    return sum(record is None for record in records) - none


def categories(tags: Records, code: Column) -> Sequence[str | None]:
    """One readable category a battle; None where nothing is known of it."""
    if (
        isinstance(tags, pa.ChunkedArray)
        and isinstance(code, pa.ChunkedArray)
        and pa.types.is_boolean(code.type)
    ):
        found = {what: _truth(tags, group, name) for group, name, what in FLAGS}
        if all(flags is not None for flags in found.values()):
            math, creative, following = found.values()
            flags = [math, _bools(code), creative, following, _bools(tags.is_valid())]
            names = [*NAMES, None]
            return [names[i] for i in np.select(flags, range(len(flags)), len(flags)).tolist()]
    tags = objects(tags) if isinstance(tags, pa.ChunkedArray) else tags
    flags = [is_true(value) for value in objects(code)]
    return [category(tag, flag) for tag, flag in zip(tags, flags, strict=True)]


def category(tag: Mapping[str, Any] | None, is_code: bool) -> str | None:
    """One readable category of a battle; None where nothing is known of it.

    Examples
    --------
    >>> category({"math_v0.1": {"math": False}, "if_v0.1": {"if": True, "score": 4}}, False)
    'instruction following'
    """
    (math, *others) = [(_flag(tag or {}, group, name), what) for group, name, what in FLAGS]
    held = [what for flag, what in (math, (is_code, "code"), *others) if flag]
    return held[0] if held else None if tag is None else "other"


def is_true(value: Any) -> bool:
    """Whether a flag is set: True, 1, or the text of it."""
    return (isinstance(value, bool | int | float) and value == 1) or str(value).lower() in ("true", "1")


def _record(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = literal(value)
        except Unreadable:
            return None
    return value if isinstance(value, Mapping) else None


def _flag(flags: Mapping[str, Any], group: str, name: str) -> bool:
    inner = flags.get(group)
    return isinstance(inner, Mapping) and is_true(inner.get(name))


def _total(value: Any) -> float:
    return float(sum(map(number, value.values()))) if isinstance(value, Mapping) else number(value)


def _field(structs: pa.ChunkedArray, name: str) -> pa.ChunkedArray | None:
    at = structs.type.get_field_index(name)
    return None if at < 0 else pc.call_function("struct_field", [structs], pc.StructFieldOptions([at]))


def _summed(field: pa.ChunkedArray) -> NDArray[np.float64]:
    if not pa.types.is_struct(field.type):
        return numbers(field)[0]
    parts = [numbers(_field(field, inner.name))[0] for inner in field.type]
    return np.sum(parts, axis=0) if parts else np.full(len(field), np.nan)


def _truth(tags: pa.ChunkedArray, group: str, name: str) -> NDArray[np.bool_] | None:
    """A flag of each record; None where its column is not of truth values."""
    inner = _field(tags, group)
    flags = None if inner is None or not pa.types.is_struct(inner.type) else _field(inner, name)
    return _bools(flags) if flags is not None and pa.types.is_boolean(flags.type) else None


def _bools(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(column.fill_null(False).to_numpy(), bool)
