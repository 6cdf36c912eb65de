"""Files cut into parts: every row once, at any size of part."""

from __future__ import annotations

import gzip
import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llamastyle.errors import FeatureError
from llamastyle.features import file_parts
from llamastyle.features.file_parts import batches, columns_of, examined, looked_through


def read(path, texts=("t",)):
    source = examined(str(path))
    kept = {name: kind for name, kind in columns_of(source).items() if name not in texts}
    return [row for part in source.parts for table in batches(source, part, list(texts), kept) for row in table.to_pylist()]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=1, max_size=40), st.integers(1, 200))
def test_every_line_is_read_once(tmp_path_factory, texts, size):
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes("\n".join(json.dumps({"t": t, "k": i}) for i, t in enumerate(texts)).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_parts, "PART_BYTES", size)
        patch.setattr(file_parts, "BATCH_BYTES", max(1, size // 3))
        assert [(row["k"], row["t"]) for row in read(path)] == list(enumerate(texts))


@pytest.mark.parametrize("size", [1, 300, 10**9])
@pytest.mark.parametrize("group", [1, 7, 100])
def test_every_row_is_read_once(tmp_path, monkeypatch, size, group):
    monkeypatch.setattr(file_parts, "PART_BYTES", size)
    monkeypatch.setattr(file_parts, "BATCH_BYTES", 64)
    data = pd.DataFrame({"k": range(50), "t": [f"text {i}" * (i % 5) for i in range(50)]})
    data.to_parquet(tmp_path / "a.parquet", row_group_size=group)
    found = read(tmp_path / "a.parquet")
    assert [(row["k"], row["t"]) for row in found] == list(data.itertuples(index=False, name=None))
    parts = len(examined(str(tmp_path / "a.parquet")).parts)
    assert parts == 1 if size == 10**9 else parts <= -(-50 // group)
    assert size > 1 or parts == -(-50 // group)


def test_texts_that_come_again_and_again_are_read_a_few_at_a_time(tmp_path, monkeypatch):
    """A file may hold a long text once and refer to it in every row."""
    monkeypatch.setattr(file_parts, "BATCH_BYTES", 100_000)
    pd.DataFrame({"t": ["long " * 4_000] * 500}).to_parquet(tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 200_000
    source = examined(str(tmp_path / "a.parquet"))
    assert max(table.nbytes for table in batches(source, source.parts[0], ["t"], {})) < 200_000


@pytest.mark.parametrize("rows", [[""] * 16 + ["long " * 4_000] * 500, ["long " * 4_000] * 9 + [None, ""] * 250])
@pytest.mark.parametrize("kind", ["string", "large_string", "dictionary"])
def test_long_texts_that_begin_late_are_read_a_few_at_a_time(tmp_path, monkeypatch, rows, kind):
    """The first rows say nothing on the others."""
    monkeypatch.setattr(file_parts, "BATCH_BYTES", 100_000)
    texts = pa.array(rows)
    texts = texts.dictionary_encode() if kind == "dictionary" else texts.cast(getattr(pa, kind)())
    pq.write_table(pa.table({"t": texts, "k": range(len(rows))}), tmp_path / "a.parquet")
    source = examined(str(tmp_path / "a.parquet"))
    tables = list(batches(source, source.parts[0], ["t"], {"k": pa.int64()}))
    assert max(table.nbytes for table in tables) < 200_000
    assert [text for table in tables for text in table["t"].to_pylist()] == rows
    assert [k for table in tables for k in table["k"].to_pylist()] == list(range(len(rows)))


def test_a_file_that_changed_has_another_stamp(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"t": "a"}\n')
    before = examined(str(path)).stamp
    path.write_text('{"t": "b"}\n')
    assert examined(str(path)).stamp != before


def test_names_of_columns_that_are_no_utf_8_are_said(tmp_path):
    lines, table = tmp_path / "a.jsonl", tmp_path / "a.parquet"
    lines.write_bytes(b'{"t": "a", "nam\xff": 1}\n')
    pd.DataFrame({"t": ["a"], "name": [1]}).to_parquet(table)
    table.write_bytes(table.read_bytes().replace(b"name", b"nam\xff"))
    for path in (lines, table):
        with pytest.raises(FeatureError, match=r"a\.(jsonl has a column whose name is not UTF-8|parquet is no parquet)"):
            read(path)


def test_a_broken_gzip_file_is_said_wherever_it_is_broken(tmp_path):
    path, whole = tmp_path / "a.jsonl.gz", gzip.compress(b'{"t": "some text"}\n' * 20)
    said = set()
    for at in range(10, len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(FeatureError) as error:
            read(path)
        said.add(str(error.value).split(":")[0].removeprefix(str(path)))
    assert " cannot be read to its end" in said


@pytest.mark.parametrize("form", ["jsonl", "jsonl.gz", "parquet"])
def test_a_file_looked_through_has_all_its_columns_and_where_parts_begin(tmp_path, monkeypatch, form):
    monkeypatch.setattr(file_parts, "BATCH_BYTES", 100)
    rows = [{"t": "2024-01-01", "n": i, "none": None} for i in range(30)]
    rows += [{"t": "no date", "n": i + 0.5, "late": True} for i in range(30)]
    path = tmp_path / f"a.{form}"
    if form == "parquet":
        pd.DataFrame(rows).astype({"none": "string"}).to_parquet(path, row_group_size=7)
    else:
        lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(lines) if form.endswith("gz") else lines)
    source = looked_through(examined(str(path), part_bytes=300))
    columns = columns_of(source)
    assert list(columns) == ["t", "n", "none", "late"]
    if form != "parquet":
        assert [str(kind) for kind in columns.values()] == ["string", "double", "large_string", "bool"]
    assert (len(source.parts) > 3) == (form != "jsonl.gz")
    begin = 0
    for part, begins in zip(source.parts, source.begins, strict=True):
        assert begins == begin
        begin += sum(table.num_rows for table in batches(source, part, [], columns))
    assert begin == 60


@pytest.mark.parametrize("deep", ["[" * 20_000 + "]" * 20_000, '{"a":' * 20_000 + "1" + "}" * 20_000])
def test_a_line_that_is_nested_deeply_is_an_error(tmp_path, deep):
    fine = '{"response": "[[[[{{{{", "zz": ' + "[" * 300 + "]" * 300 + "}"
    wide = '{"response": "' + "[" * 2000 + '", "zz": [' + "[1]," * 1000 + "[1]]}"
    (tmp_path / "fine.jsonl").write_text("\n".join([fine, wide]))
    source = examined(str(tmp_path / "fine.jsonl"))
    assert [t.num_rows for t in batches(source, source.parts[0], ["response"], {})] == [2]
    (tmp_path / "deep.jsonl").write_text('{"response": "a"}\n' * 5 + f'{{"response": "a", "zz": {deep}}}')
    with pytest.raises(FeatureError, match=r"deep\.jsonl has a line of JSON that is nested more than 500 deep"):
        looked_through(examined(str(tmp_path / "deep.jsonl")))
