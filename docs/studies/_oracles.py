"""What slow oracles say of real texts, piece by piece; each piece is kept, so that work goes on where it stopped.

What is kept depends on the oracle and the texts and not on the scanner: when that changes, oracles need not be
asked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from docs.studies import PARTIAL, Progress, read_lines, shared_data

__all__ = ["ask", "real_texts"]

PIECE = 100


def real_texts() -> pd.DataFrame:
    """Every answer of three sets, with the set's name."""
    outputs = pd.read_parquet(shared_data("alpaca_eval") / "outputs.parquet", columns=["output"])["output"]
    turns = pd.read_parquet(shared_data("spiral_bench") / "turns.parquet", columns=["assistant"])["assistant"]
    battles = pd.read_parquet(shared_data("arena_llama3") / "battles.parquet")
    both = pd.concat([battles["llama-3-70b-instruct"], battles["not_llama"]])
    sets = {"alpaca_eval": outputs, "spiral_bench": turns, "arena_llama3": both}
    frames = [pd.DataFrame({"set": name, "text": texts.dropna().astype(str)}) for name, texts in sets.items()]
    return pd.concat(frames, ignore_index=True)


def ask(
    name: str,
    oracle: Callable[[str], Sequence[Any]],
    texts: Sequence[str],
    progress: Progress,
    *,
    made_of: Iterable[Path | str],
    folder: Path = PARTIAL,
) -> list[list[Any]]:
    """The oracle's answer to each text, as lists; ``made_of``: source files and versions that it depends on."""
    digest = hashlib.sha256()
    for part in made_of:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.encode())
    for text in texts:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"oracles-{name}-{digest.hexdigest()[:16]}.jsonl"
    done = dict(read_lines(kept))
    with kept.open("a", encoding="utf-8") as stream:
        for at in range(0, len(texts), PIECE):
            progress(at, len(texts))
            if at not in done:
                done[at] = [list(oracle(text)) for text in texts[at : at + PIECE]]
                stream.write(json.dumps([at, done[at]]) + "\n")
                stream.flush()
    progress(len(texts), len(texts))
    return [answer for at in range(0, len(texts), PIECE) for answer in done[at]]
