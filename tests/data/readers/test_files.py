"""Files: what they begin with decides, and what is no table says so."""

from __future__ import annotations

import gzip
import io
import json
import zipfile

import pandas as pd
import pytest

from llamastyle.data.readers.files import read_bytes
from llamastyle.data.readers.table import objects
from llamastyle.errors import DataError

ROWS = [{"a": 1, "b": 'x, "y"\nz'}, {"a": 2, "b": "é"}]
FRAME = pd.DataFrame(ROWS)


def parquet() -> bytes:
    out = io.BytesIO()
    FRAME.to_parquet(out)
    return out.getvalue()


def spellings() -> dict[str, bytes]:
    plain = {
        "csv": FRAME.to_csv(index=False).encode(),
        "tsv": FRAME.to_csv(index=False, sep="\t").encode(),
        "semicolons": FRAME.to_csv(index=False, sep=";").encode(),
        "bom": FRAME.to_csv(index=False).encode("utf-8-sig"),
        "windows": FRAME.to_csv(index=False, lineterminator="\r\n").encode(),
        "json": json.dumps(ROWS).encode(),
        "indented": json.dumps(ROWS, indent=2).encode(),
        "columns": json.dumps(FRAME.to_dict("list"), indent=2).encode(),
        "jsonl": b"\n".join(json.dumps(row).encode() for row in ROWS),
        "jsonl with blank lines": b"\n\n".join(json.dumps(row).encode() for row in ROWS) + b"\n\n",
    }
    zipped = {f"{name}.gz": gzip.compress(data) for name, data in plain.items()}
    return {**plain, **zipped, "parquet": parquet()}


@pytest.mark.parametrize("name", spellings())
def test_every_format_reads_the_same(name: str) -> None:
    table = read_bytes(spellings()[name], "file")
    assert table.n == 2
    assert objects(table.columns["a"]) == [1, 2]
    assert objects(table.columns["b"]) == [row["b"] for row in ROWS]


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a", "b")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"%PDF-1.7", "PDF"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\n<html>", "HTML"),
        (archive(), "zip archive or an Excel"),
        (b"\x80\x04\x95", "pickle"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        ("a,b".encode("utf-16"), "UTF-16"),
        (b"ab\0\0\0\x01", "binary"),
        (b"PAR1 and no more", "parquet"),
        (parquet()[:-20], "parquet"),
        (gzip.compress(b"a,b\n1,2")[:-5], "gzip"),
        (b"\x1f\x8bxx", "gzip"),
        (b'[{"a": 1}', "JSON"),
        (b'[{"a": 1}, 5]', "row 1 .*not a dict but a int"),
        (b'{"a": 1,\n "b": {}}', "one JSON dict"),
        (b'{"a": [1, 2], \n"b": [1]}', "differ in length"),
        (b'{"a": 1}\n{"a": ', "line 2 .counted from 1.*not JSON.*1 of 2 lines.*strict=False"),
        (b'{"a": 1}\n[2]\n', "line 2 .*a JSON list, not an object"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"a,b\n1,2\n3", "CSV"),
        (b"a,a\n1,2", "more than one column named 'a'"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_no_table(data: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_bytes(data, "the-file")
    assert "the-file" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unreadable_lines_are_set_aside_when_asked() -> None:
    table = read_bytes(b'{"a": 1}\n{"a": \n{"a": 3}\n7', "file", strict=False)
    assert objects(table.columns["a"]) == [1, 3]
    assert [line for _, _, line in table.lost] == [2, 4]


def test_words_for_nothing_are_texts_in_csv() -> None:
    table = read_bytes(b"a,b\nNA,x\nnull,y\n,z\nNone,w\n", "file")
    assert objects(table.columns["a"]) == ["NA", "null", None, "None"]


def test_a_column_that_changes_its_kind_far_down_is_read() -> None:
    lines = ["a,b"] + ["1,x"] * 800_000 + ["z,x"]
    table = read_bytes("\n".join(lines).encode(), "file")
    assert table.n == 800_001
    assert objects(table.columns["a"].slice(799_999, 2)) == ["1", "z"]


def test_long_cells_with_newlines_are_read() -> None:
    cell = "line\n" * 400_000
    table = read_bytes(
        pd.DataFrame({"a": [cell, "x"], "b": ["y", cell]}).to_csv(index=False).encode(), "file"
    )
    assert objects(table.columns["a"]) == [cell, "x"]


def test_keys_that_rows_lack_are_empty() -> None:
    table = read_bytes(b'[{"a": 1}, {"b": 2}]', "file")
    assert objects(table.columns["a"]) == [1, None]
    assert objects(table.columns["b"]) == [None, 2]
