"""Texts of a size."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.texts import drawn_texts, texts_of_size


@pytest.mark.parametrize("size", [1_000, 100_000, 2_500_000])
def test_size(tmp_path, size):
    values, name = texts_of_size(size, 1, shared=tmp_path / "absent")
    found = sum(len(text.encode()) for text in values.to_pylist())
    assert size <= found < size + 10_000
    assert name == "drawn texts"


def test_file_beside_the_checkout_comes_first(tmp_path):
    file = tmp_path / "outputs.parquet"
    pq.write_table(pa.table({"output": ["é" * 40, None, "b" * 20]}), file)
    values, name = texts_of_size(250, 1, shared=file)
    assert values.to_pylist() == ["é" * 40, "b" * 20] * 2 + ["é" * 40]
    assert name == "alpaca_eval outputs"


def test_same_seed_same_texts():
    assert drawn_texts(3, 1) == drawn_texts(3, 1) != drawn_texts(3, 2)
    assert 500 < np.mean([len(text) for text in drawn_texts(200, 1)]) < 3_000
