"""Files: what they begin with decides, and what is no table says so."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from llamastyle.data.readers import files
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
        "columns on one line": json.dumps(FRAME.to_dict("list")).encode(),
        "jsonl": b"\n".join(json.dumps(row).encode() for row in ROWS),
        "jsonl with blank lines": b"\n\n".join(json.dumps(row).encode() for row in ROWS) + b"\n\n",
    }
    zipped = {f"{name}.gz": gzip.compress(data) for name, data in plain.items()}
    return {**plain, **zipped, "parquet": parquet()}


@pytest.mark.parametrize("name", spellings())
def test_every_format_reads_the_same(name: str) -> None:
    table = read_bytes(spellings()[name], "file")
    assert table.n == 2
    text = name.removesuffix(".gz") in ("csv", "tsv", "semicolons", "bom", "windows")
    assert objects(table.columns["a"]) == (["1", "2"] if text else [1, 2])
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
        (gzip.compress(b"", mtime=0), "is empty"),
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
        (gzip.compress(b"a,b\n1,2", mtime=0)[:-5], "gzip"),
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
        (b'{"a": 1, "b": 2}\n{"a": 1, "a": 2}', "line 2 .*of the-file is an object with the key 'a' twice"),
        (b'[{"a": {"b": 1, "b": 2}}]', "the-file holds an object with the key 'b' twice"),
        (b"a,\xff\n1,2", "CSV.*can't decode byte"),
    ],
)
def test_what_is_no_table(data: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_bytes(data, "the-file")
    assert "the-file" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_of_parquet_that_is_no_utf_8_is_said() -> None:
    out = io.BytesIO()
    pd.DataFrame({"name": ["x"]}).to_parquet(out)
    with pytest.raises(DataError, match="the-file is a parquet file that cannot be read: .*can't decode byte 0xff"):
        read_bytes(out.getvalue().replace(b"name", b"nam\xff"), "the-file")


def test_unreadable_lines_are_set_aside_when_asked() -> None:
    table = read_bytes(b'{"a": 1}\n{"a": \n{"a": 3}\n7', "file", strict=False)
    assert objects(table.columns["a"]) == [1, 3]
    assert [line for _, _, line in table.lost] == [2, 4]


def test_words_for_nothing_are_texts_in_csv() -> None:
    table = read_bytes(b"a,b\nNA,x\nnull,y\n,z\nNone,w\n", "file")
    assert objects(table.columns["a"]) == ["NA", "null", None, "None"]


def test_csv_values_are_texts_and_stay_as_written() -> None:
    table = read_bytes(b'a,"b\nc"\n007,1.10\n7,1.1\n2020-01-01,true\n99999999999999999999,\xff\n', "file")
    assert objects(table.columns["a"]) == ["007", "7", "2020-01-01", "99999999999999999999"]
    assert objects(table.columns["b\nc"]) == ["1.10", "1.1", "true", b"\xff"]


def test_blank_lines_before_the_names_are_passed_over() -> None:
    assert objects(read_bytes(b"\n\na\n01\n", "file").columns["a"]) == ["01"]


def test_a_single_line_of_json_with_other_values_than_lists_is_a_row() -> None:
    assert objects(read_bytes(b'{"a": [1], "b": "x"}', "file").columns["a"]) == [[1]]


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


def test_texts_that_a_file_holds_twice_are_read_once() -> None:
    names = ["conversation_a", "conversation_b", "full_conversation"]
    for there, read in ((names, names[:2]), (names[1:], names[1:]), (names[2:], names[2:])):
        out = io.BytesIO()
        pd.DataFrame({name: ["x"] for name in there}).to_parquet(out)
        assert read_bytes(out.getvalue(), "file").names == read


def test_large_json_lines_are_read_by_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"a": "\xc3\xa9", "games": [{"score": 1, "user_prompt": "x"}]}\n\n{"a": 2}\r\n' + b'{"a": 3}\n' * 9)
    want = read_bytes(path.read_bytes(), "f")
    monkeypatch.setattr(files, "LARGE", 80)
    monkeypatch.setattr(files, "read_bytes", None)
    made = files.read_path(str(path), "f")
    assert {name: objects(column) for name, column in made.columns.items()} == {
        name: objects(column) for name, column in want.columns.items()
    }
    assert objects(made.columns["games"]) == [[{"score": 1}]] + [None] * 10
    path.write_bytes(path.read_bytes() + b'{"a": "' + b"x" * 100 + b'"}\n')
    with pytest.raises(DataError, match=r"line 13 \(counted from 1\) of f is longer than 0 MB"):
        files.read_path(str(path), "f")
    path.write_bytes(b'{"a": 1}\n' * 10 + b'{"a": "\xff"}')
    with pytest.raises(DataError, match=r"not UTF-8 text: .* in line 11"):
        files.read_path(str(path), "f")
    path.write_bytes(b'{"a": 1}\n' * 10 + b'{"a": ')
    with pytest.raises(DataError, match=r"line 11 .*is not JSON"):
        files.read_path(str(path), "f")
    assert files.read_path(str(path), "f", strict=False).n == 10


@pytest.mark.parametrize("text", [b'[{"a": 1},\n' + b'{"a": 2},\n' * 20, b'{"a":\n1}' + b" " * 100])
def test_a_large_json_document_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(text)
    monkeypatch.setattr(files, "LARGE", 80)
    with pytest.raises(DataError, match=r"one JSON document of 0.0 GB.*save it as JSON lines"):
        files.read_path(str(path), "f")
