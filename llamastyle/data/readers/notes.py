"""Counted notes on how the data were read, which every output shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from llamastyle.data.battles import Battles, counted
from llamastyle.data.readers.conversations import Side
from llamastyle.data.readers.table import Table


def battle_notes(battles: Battles) -> list[str]:
    """What a reader of these battles should know, with counts."""
    n = len(battles)
    notes = []
    if bad := int(battles.both_bad.sum()):
        notes.append(f"{bad} of {n} votes are both_bad: half a win each")
    named = (battles.model_a >= 0) & (battles.model_b >= 0)
    if not battles.models:
        notes.append("no model names: style can be priced, models cannot be rated")
    elif unnamed := int((~named).sum()):
        notes.append(
            f"{counted(unnamed, 'battle')} without model names: kept for prices, left out of ratings"
        )
    notes += _case_notes(battles.models)
    if alone := int((named & (battles.model_a == battles.model_b)).sum()):
        notes.append(
            f"{counted(alone, 'battle')} of a model with itself: kept for prices, left out of ratings"
        )
    if battles.measured is not None:
        names = list(battles.measured.names)
        more = " ..." if len(names) > 6 else ""
        notes.append(f"{counted(len(names), 'feature')} measured in the table: {', '.join(names[:6])}{more}")
    notes += correctness_notes(battles)
    if battles.tokens is not None and np.isfinite(battles.tokens).any():
        known = np.isfinite(battles.tokens[battles.row_a]) & np.isfinite(battles.tokens[battles.row_b])
        notes.append(f"token counts come with the data in {int(known.sum())} of {n} battles")
    return notes


def _case_notes(models: tuple[str, ...]) -> list[str]:
    """On names that are likely the same model's, in the sets of one source; they are not merged."""
    groups: dict[str, list[str]] = {}
    for name in models:
        groups.setdefault(name.casefold(), []).append(name)
    alike = [" and ".join(names) for names in groups.values() if len(names) > 1]
    more = f" ... ({len(alike)} in all)" if len(alike) > 3 else ""
    note = f"names that differ in case only stay different models: {'; '.join(alike[:3])}{more}"
    return [note] * bool(alike)


def correctness_notes(battles: Battles) -> list[str]:
    """On how many battles correctness is known on both sides, and on one alone."""
    if battles.correct_a is None or battles.correct_b is None:
        return []
    known, n = int(battles.correct_known.sum()), len(battles)
    one = int((np.isnan(battles.correct_a) != np.isnan(battles.correct_b)).sum())
    note = f"correctness known on both sides in {known} of {n} battles"
    return [note + (f", on one side only in {one}" if one else "")]


def text_notes(sides: tuple[Side, Side], table: Table, keep: NDArray[np.bool_]) -> list[str]:
    """On conversations that differ, turns without text, and characters that were replaced."""
    notes = []
    a, b = sides
    if a.turns is not None and b.turns is not None:
        users = zip(a.user, b.user, strict=True)
        other = np.array([x is not None and y is not None and x != y for x, y in users], bool)
        unequal = keep & (other | (a.turns != b.turns))
        if n := int(unequal.sum()):
            notes.append(
                f"{counted(n, 'battle')} where the two conversations differ in their user turns or their length, "
                f"first {table.where(int(np.argmax(unequal)))}"
            )
    if empty := a.empty_turns + b.empty_turns:
        notes.append(
            f"{counted(empty, 'response')} with assistant turns that have no text: those turns left out"
        )
    if scrubbed := a.scrubbed + b.scrubbed:
        notes.append(f"{counted(scrubbed, 'response')} with halves of surrogate pairs: replaced by U+FFFD")
    return notes
