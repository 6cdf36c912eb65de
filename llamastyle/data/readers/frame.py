"""The plain table: canonical columns, and pairs of numeric columns as features measured elsewhere."""

from __future__ import annotations

from llamastyle.data.readers.formats import CANONICAL, Draft, canonical
from llamastyle.data.readers.measured import can_name
from llamastyle.data.readers.table import Column, Table, holds_numbers

NAME = "frame"


def sniff(names: frozenset[str]) -> bool:
    """Any table is read as one of these when it is in no other format."""
    return True


def read(table: Table) -> Draft:
    """Canonical columns as they are; ``words_a, words_b`` and the like are measured features."""
    columns = canonical(table)
    texts = {"response_a", "response_b"} & set(columns)
    measured = measured_pairs(table)
    if texts and measured:
        names = ", ".join(list(measured)[:5]) + (" ..." if len(measured) > 5 else "")
        note = f"features are measured from the texts; the numeric pairs in the table ({names}) are not used"
        return Draft(columns, notes=[note])
    odd = [name for name in measured if not can_name(name)]
    notes = [f"numeric pairs whose names are no names of features are not used: {', '.join(odd)}"] * bool(odd)
    measured = {name: pair for name, pair in measured.items() if can_name(name)}
    if not texts:
        for side in ("tokens_a", "tokens_b"):
            columns.pop(side, None)
    return Draft(columns, measured, notes=notes)


def measured_pairs(table: Table) -> dict[str, tuple[Column, Column]]:
    """Numeric columns ``NAME_a, NAME_b`` that have no other meaning, by NAME."""
    texts = {"response_a", "response_b"} & set(table.columns)
    taken = set(CANONICAL) - (set() if texts else {"tokens_a", "tokens_b"})
    out: dict[str, tuple[Column, Column]] = {}
    for name in table.columns:
        stem, other = name[:-2], f"{name[:-2]}_b"
        if not stem or not name.endswith("_a") or name in taken or other not in table.columns:
            continue
        a, b = table.columns[name], table.columns[other]
        if holds_numbers(a) and holds_numbers(b):
            out[stem] = (a, b)
    return out
