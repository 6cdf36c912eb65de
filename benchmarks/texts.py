"""Texts to measure: real ones where they are beside the checkout, else drawn from a small vocabulary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import ROOT

__all__ = ["drawn_texts", "texts_of_size"]

SHARED = ROOT.parent / "shared" / "data" / "alpaca_eval" / "outputs.parquet"
WORDS = (
    "the of and to a in that is it for with as on be this are by from or an at which you can not have has more"
    " language model answer question people number system result method example function value history energy"
    " however therefore because between different important possible several during without through another"
    " São naïve Zürich 42 3.5 2024 café"
).split()
OPENINGS = ("Great question! ", "", "", "Sure. ", "You're absolutely right. ", "")


def texts_of_size(size: int, seed: int, *, shared: Path = SHARED) -> tuple[pa.Array, str]:
    """Texts of about ``size`` bytes as one Arrow array of large strings, and what they are."""
    if shared.is_file():
        column = pq.read_table(shared, columns=["output"]).column("output")
        texts, name = column.combine_chunks().cast(pa.large_string()).drop_null(), "alpaca_eval outputs"
    else:
        texts, name = pa.array(drawn_texts(500, seed), pa.large_string()), "drawn texts"
    if isinstance(texts, pa.ChunkedArray):
        texts = pa.concat_arrays(texts.chunks)
    lengths = np.diff(np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1])
    times, rest = divmod(size, int(lengths.sum()))
    last = int(np.searchsorted(np.cumsum(lengths), rest)) + 1
    return pa.concat_arrays([*[texts] * times, texts.slice(0, last)]), name


def drawn_texts(count: int, seed: int) -> list[str]:
    """Answers with headings, lists, bold words, emoji and code, about 1,500 bytes each."""
    rng = np.random.default_rng(seed)
    return [_text(rng) for _ in range(count)]


def _text(rng: np.random.Generator) -> str:
    parts = [OPENINGS[rng.integers(len(OPENINGS))] + _sentences(rng, 3)]
    for number in range(int(rng.integers(1, 5))):
        kind = rng.integers(5)
        if kind == 0:
            parts.append(f"## {_sentence(rng, 3)}")
        elif kind == 1:
            parts.append("\n".join(f"{i + 1}. **{_sentence(rng, 2)}** {_sentence(rng, 9)}" for i in range(4)))
        elif kind == 2:
            parts.append("\n".join(f"- {_sentence(rng, 7)} 🎉" for _ in range(3)))
        elif kind == 3:
            parts.append(f"```python\nx_{number} = f(`{number}`)\n```")
        parts.append(_sentences(rng, 4))
    return "\n\n".join(parts)


def _sentences(rng: np.random.Generator, count: int) -> str:
    return " ".join(_sentence(rng, int(rng.integers(6, 20))) for _ in range(count))


def _sentence(rng: np.random.Generator, words: int) -> str:
    chosen = [WORDS[i] for i in rng.integers(len(WORDS), size=words)]
    return f"{' '.join(chosen).capitalize()}."
