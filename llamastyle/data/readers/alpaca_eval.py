"""AlpacaEval's annotations: every model against one baseline, and a judge's preference between 1 and 2."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from llamastyle.data.notes import Note, noted
from llamastyle.data.readers.formats import Draft, canonical, renamed
from llamastyle.data.readers.table import Table, keys, numbers

NAME = "alpaca_eval"
COLUMNS = {
    "model_a": "generator_1",
    "model_b": "generator_2",
    "response_a": "output_1",
    "response_b": "output_2",
    "prompt": "instruction",
    "prompt_id": "instruction",
    "judge": "annotator",
    "category": "dataset",
}


def sniff(names: frozenset[str]) -> bool:
    """Whether both outputs and the preference are there."""
    return {"output_1", "output_2", "preference"} <= names


def read(table: Table) -> Draft:
    """Side a is output 1 (the baseline), side b output 2 (the model).

    ``preference`` is 1 where output 1 wins, 2 where output 2 wins, 1.5 or 0 for a tie, else 1 plus the
    probability that output 2 wins; without one, the annotation failed. Where results folders were put
    together with their names in ``model_dir``, that names the model, as the leaderboard does.
    """
    names = COLUMNS | ({"model_b": "model_dir"} if "model_dir" in table.columns else {})
    columns, sources = renamed(table, names)
    columns = columns | canonical(table)
    if "winner" in columns or "outcome" in columns or "preference" not in table.columns:
        return Draft(columns, sources=sources)
    preference, bad = numbers(table.columns["preference"])
    failed = np.isnan(preference) & ~bad
    outcome = np.where(preference == 0, 0.5, 2 - preference)
    # What is no preference at all stays out of [0, 1], so that the door refuses it.
    columns["outcome"] = pa.chunked_array([np.where(bad, 2.0, outcome)])
    sources["outcome"] = "preference"
    notes = _notes(table, names, failed)
    return Draft(
        columns,
        sources=sources,
        notes=notes,
        domains={"outcome": "a preference that is neither 0 nor in [1, 2]"},
        failed=failed,
        failure=("preference", "the annotation failed (no preference)"),
    )


def _notes(table: Table, names: dict[str, str], failed: np.ndarray) -> list[str]:
    notes = noted(int(failed.sum()), "{n} of {rows} annotations failed (no preference): set aside", rows=table.n)
    if names["model_b"] == "model_dir" and "generator_2" in table.columns:
        folder, own = keys(table.columns["model_dir"]), keys(table.columns["generator_2"])
        differ = {(f, g) for f, g in zip(folder.to_pylist(), own.to_pylist(), strict=True) if f != g}
        if differ:
            shown = ", ".join(f"{f} for {g}" for f, g in sorted(map(_text, differ))[:3])
            said = "models are named by their results folder, not by generator_2"
            notes.append(Note.of(said, first=f" ({shown})"))
    return notes


def _text(pair: tuple[str | None, str | None]) -> tuple[str, str]:
    return str(pair[0]), str(pair[1])
