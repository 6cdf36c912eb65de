"""inspect_ai's logs, from committed runs, from real runs, and with every trap put in."""

from __future__ import annotations

import importlib.util
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.readers import inspect_ai
from tests.integrations.harnesses import chunked, need, run, run_inspect

LOGS = Path(__file__).parent / "logs"
ONE = {"sums:1": "**Great question!** It is 4.", "sums:b": "- 5\n- or so", "sums:c/d": "Cheese 🧀"}

REFEREE = """
import json, sys
from inspect_ai.log import read_eval_log
from inspect_ai.scorer import value_to_float
log = read_eval_log(sys.argv[1])
print(json.dumps([
    [log.eval.model, f"{log.eval.task}:{s.id}", s.epoch, s.output.completion,
     value_to_float()(s.scores["includes"].value)]
    for s in log.samples if s.error is None
]))
"""


def one(**header: Any) -> dict[str, Any]:
    """The committed log of model one, with other values in its header."""
    return {**json.loads((LOGS / "one.json").read_text("utf-8")), **header}


def written(folder: Path, log: dict[str, Any]) -> Path:
    path = folder / "log.json"
    path.write_text(json.dumps(log), "utf-8")
    return path


def zipped(folder: Path, log: dict[str, Any], pieces: bool = False, **members: Any) -> Path:
    """A log as a zip that every Python can read, each sample whole or its head apart from the rest."""
    header = {name: value for name, value in log.items() if name != "samples"}
    names = {"header.json": header, "_journal/start.json": {"version": 2, "eval": log["eval"], "plan": {}}}
    for sample in log["samples"]:
        name = f"samples/{sample['id']}_epoch_{sample['epoch']}"
        head = {k: v for k, v in sample.items() if k not in ("messages", "attachments")}
        names |= (
            {f"{name}/sample.json": head, f"{name}/messages/0.json": []}
            if pieces
            else {f"{name}.json": sample}
        )
    names |= {name.replace("__", "/").replace("_json", ".json"): value for name, value in members.items()}
    path = folder / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in names.items():
            if value is not ...:
                archive.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
    return path


def answers(responses: ls.Responses) -> dict[str, str]:
    assert responses.prompt_id is not None
    return dict(zip(responses.prompt_id, responses.texts.to_pylist(), strict=True))


def known(values: Any) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def check_against_referee(path: Path) -> None:
    """Texts and scores are those that inspect_ai's own reader gives."""
    rows = json.loads(run([sys.executable, "-c", REFEREE, str(path.resolve())], path.parent))
    responses = ls.read_responses(path, score="includes")
    assert responses.models == (rows[0][0],)
    assert answers(responses) == {prompt: text for _, prompt, epoch, text, _ in rows if epoch == 1}
    assert len(rows) == 2 * len(responses)
    means = {row[1]: np.mean([other[4] for other in rows if other[1] == row[1]]) for row in rows}
    assert responses.to_frame().set_index("prompt_id")["score"].to_dict() == means


def test_the_committed_json() -> None:
    responses = ls.read_responses(LOGS / "one.json")
    assert responses.models == ("fixed/one",)
    assert answers(responses) == ONE
    assert known(responses.score) == known(responses.correct) == [1, 0, 0]
    assert responses.notes == (
        "sums: 2 epochs: the texts are those of the first, the scores the means",
        "sums: the score is 'includes', not 'graded', 'parts' (score= chooses)",
        "correctness is the score of the harness",
    )


def test_the_committed_zip() -> None:
    if sys.version_info < (3, 14) and importlib.util.find_spec("zipfile_zstd") is None:
        with pytest.raises(
            ls.DataError, match=r"zstd.*pip install 'llamastyle\[inspect\]'.*convert --to json"
        ):
            ls.read_responses(LOGS / "one.eval")
        return
    assert answers(ls.read_responses(LOGS / "one.eval")) == ONE


@pytest.mark.parametrize("form", ["eval", "json"])
def test_real_runs(tmp_path: Path, form: str) -> None:
    logs = run_inspect(tmp_path, form)
    both = ls.read_responses(logs)
    assert both.models == ("fixed/one", "fixed/two")
    assert len(both) == 6
    assert sum("sums: 2 of 8 samples ended in an error: set aside" in note for note in both.notes) == 1
    check_against_referee(next((logs / "one").iterdir()))
    if form == "eval":
        pieces = next(chunked(logs / "one").rglob("*.eval"))
        with zipfile.ZipFile(pieces) as archive:
            assert "samples/1_epoch_1/sample.json" in archive.namelist()
        # inspect_ai 0.3.285 writes this shape and its read_eval_log cannot read it.
        assert ls.read_responses(pieces).to_frame().equals(ls.read_responses(logs / "one").to_frame())


def test_letters_and_unscored() -> None:
    responses = ls.read_responses(LOGS / "one.json", score="graded")
    assert known(responses.score) == [0.5, 0, None]
    assert "1 of 3 responses without a score" in responses.notes
    with pytest.raises(ls.DataError, match="score is missing in 1 of 3 responses, first in row 2"):
        ls.pair(responses)


def test_values_that_are_records() -> None:
    assert known(ls.read_responses(LOGS / "one.json", score="parts/long").score) == [1, 1, 0]
    with pytest.raises(ls.DataError, match="'parts' is a record; name one.*parts/long, parts/there"):
        ls.read_responses(LOGS / "one.json", score="parts")
    with pytest.raises(ls.DataError, match="no 'longer' in 'parts'; did you mean 'long'"):
        ls.read_responses(LOGS / "one.json", score="parts/longer")
    with pytest.raises(
        ls.DataError, match="no such scorer; did you mean 'includes'.*includes, graded, parts"
    ):
        ls.read_responses(LOGS / "one.json", score="include")
    with pytest.raises(ls.DataError, match="filter='x'.*no filters"):
        ls.read_responses(LOGS / "one.json", filter="x")


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ("C", 1),
        ("I", 0),
        ("P", 0.5),
        ("N", 0),
        ("yes", 1),
        ("False", 0),
        (True, 1),
        ("0.25", 0.25),
        (3, 3),
        (None, None),
    ],
)
def test_values_of_scores(tmp_path: Path, value: Any, score: float | None) -> None:
    log = one()
    for sample in log["samples"]:
        sample["scores"] = {"s": {"value": value}}
    assert known(ls.read_responses(written(tmp_path, log)).score) == [score] * 3


def test_epochs_are_averaged_over_those_that_are_scored(tmp_path: Path) -> None:
    log = one()
    values = {1: ["C", "I"], "b": ["C", float("nan")], "c/d": [float("nan")] * 2}
    for sample in log["samples"]:
        sample["scores"] = {"s": {"value": values[sample["id"]][sample["epoch"] - 1]}}
        sample["output"]["completion"] += f" ({sample['epoch']})"
    responses = ls.read_responses(written(tmp_path, log))
    assert known(responses.score) == [0.5, 1, None]
    assert all(text.endswith("(1)") for text in responses.texts.to_pylist())


@pytest.mark.parametrize("status", ["started", "cancelled", "error"])
@pytest.mark.parametrize("write", [written, zipped])
def test_a_run_that_did_not_succeed(tmp_path: Path, write: Any, status: str) -> None:
    path = write(tmp_path, one(status=status))
    with pytest.raises(ls.DataError, match="is the log of a run that .*strict=False reads the samples"):
        ls.read_responses(path)
    responses = ls.read_responses(path, strict=False)
    assert answers(responses) == ONE
    assert "the samples that are there are read" in responses.notes[0]


def test_a_zip_without_its_header_is_of_an_unfinished_run(tmp_path: Path) -> None:
    path = zipped(tmp_path, one(), header_json=...)
    with pytest.raises(ls.DataError, match="a run that has not finished"):
        ls.read_responses(path)
    assert answers(ls.read_responses(path, strict=False)) == ONE


def test_errored_samples_are_set_aside_and_counted(tmp_path: Path) -> None:
    log = one()
    for sample in log["samples"]:
        if sample["id"] == "b" or (sample["id"] == 1 and sample["epoch"] == 1):
            sample["error"] = {"message": "boom", "traceback": "", "traceback_ansi": ""}
    responses = ls.read_responses(written(tmp_path, log))
    assert sorted(answers(responses)) == ["sums:1", "sums:c/d"]
    assert "sums: 3 of 6 samples ended in an error: set aside" in responses.notes
    for sample in log["samples"]:
        sample["error"] = {"message": "boom"}
    with pytest.raises(ls.DataError, match="all 6 samples of .* ended in an error"):
        ls.read_responses(written(tmp_path, log))


def test_the_shape_in_chunks_and_attachments(tmp_path: Path) -> None:
    log = one()
    first = log["samples"][0]
    first["output"]["completion"] = "See: attachment://abc123"
    first["attachments"] = {"abc123": "the long text"}
    assert answers(ls.read_responses(written(tmp_path, log)))["sums:1"] == "See: the long text"
    first["output"]["completion"] = "See: attachment://3"
    names = {"0": ["a", "b"], "2": ["c", "the long text"]}
    members = {f"samples/1_epoch_1/attachments/{start}.json": texts for start, texts in names.items()}
    path = zipped(tmp_path, log, pieces=True, **members)
    assert answers(ls.read_responses(path)) == {**ONE, "sums:1": "See: the long text"}


def test_the_last_of_two_members_counts(tmp_path: Path) -> None:
    path = zipped(tmp_path, one(status="started"))
    sample = one()["samples"][0]
    sample["output"]["completion"] = "anew"
    header = {name: value for name, value in one().items() if name != "samples"}
    for name, value in (("header.json", header), ("samples/1_epoch_1.json", sample)):
        with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(name, json.dumps(value))
    assert answers(ls.read_responses(path)) == {**ONE, "sums:1": "anew"}


def test_a_model_that_said_nothing(tmp_path: Path) -> None:
    log = one()
    log["samples"][0]["output"] = {"model": "one", "choices": [], "completion": ""}
    with pytest.raises(ls.DataError, match="'text': no text; 1 of 3 rows"):
        ls.read_responses(written(tmp_path, log))
    assert sorted(answers(ls.read_responses(written(tmp_path, log), strict=False))) == ["sums:b", "sums:c/d"]


def test_duplicate_ids(tmp_path: Path) -> None:
    log = one()
    log["samples"] += log["samples"][:2]
    with pytest.raises(ls.DataError, match="2 samples more than once in one epoch, first id '1'"):
        ls.read_responses(written(tmp_path, log))


@pytest.mark.parametrize(
    "name", ["../evil.json", "/evil.json", "samples/../../evil.json", "c:\\evil.json", "a\\b"]
)
def test_names_outside_of_the_zip(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path, one())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "{}")
    with pytest.raises(ls.DataError, match="outside of its own folder: not read"):
        ls.read_responses(path)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path, one())
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("samples/9_epoch_1.json", "w", force_zip64=True) as file,
    ):
        for _ in range(inspect_ai.MOST_MEMBER // (1 << 24) + 1):
            file.write(b" " * (1 << 24))
    assert path.stat().st_size < 2_000_000
    with pytest.raises(ls.DataError, match=r"9_epoch_1.json is 0.6 GB unpacked.*more than 0.5 GB.*zip bomb"):
        ls.read_responses(path)


def lie(path: Path, size: int) -> None:
    """Give every member of a zip a false size, in its central directory."""
    data = bytearray(path.read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 24 : at + 28] = size.to_bytes(4, "little")
    path.write_bytes(bytes(data))


def test_a_member_that_gives_a_false_size(tmp_path: Path) -> None:
    path = zipped(tmp_path, one())
    lie(path, 100)
    with pytest.raises(ls.DataError, match=r"header.json cannot be unpacked.*get the log again"):
        ls.read_responses(path)


def test_a_false_size_under_zstd(tmp_path: Path) -> None:
    if sys.version_info < (3, 14):
        need("zipfile_zstd")
        importlib.import_module("zipfile_zstd")
    path = tmp_path / "bomb.eval"
    with zipfile.ZipFile(path, "w", inspect_ai.ZSTD) as archive, archive.open("header.json", "w") as file:
        for _ in range(16):
            file.write(b" " * (1 << 24))
    lie(path, 100)
    with pytest.raises(ls.DataError, match=r"header.json cannot be unpacked"):
        ls.read_responses(path)


def test_a_json_of_two_gigabytes(tmp_path: Path) -> None:
    path = written(tmp_path, one())
    with path.open("r+b") as file:
        file.truncate(2_100_000_000)
    with pytest.raises(ls.DataError, match=r"a JSON log of 2.1 GB; more than 1.1 GB.*convert --to eval"):
        ls.read_responses(path)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04 and no more", "is no zip file, or cut short"),
        (json.dumps({"version": 2, "status": "success", "eval": {}}).encode()[:-1], "a log that is not JSON"),
        (json.dumps({"version": 2, "status": "success", "eval": {}}).encode(), "no eval with a task"),
    ],
)
def test_what_is_no_log(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "x.eval"
    path.write_bytes(data)
    with pytest.raises(ls.DataError, match=what):
        ls.read_responses(path)


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(ls.DataError, match="neither header.json nor _journal/start.json"):
        ls.read_responses(path)
    with pytest.raises(ls.DataError, match="header.json is not JSON"):
        ls.read_responses(zipped(tmp_path, one(), header_json=b"{"))
    with pytest.raises(ls.DataError, match="header.json holds a JSON list"):
        ls.read_responses(zipped(tmp_path, one(), header_json=[]))
    log = one()
    log["samples"] = []
    with pytest.raises(ls.DataError, match="holds no samples"):
        ls.read_responses(zipped(tmp_path, log))


def test_samples_that_are_none(tmp_path: Path) -> None:
    log = one()
    log["samples"] = ["x"]
    with pytest.raises(ls.DataError, match="a sample that is none of inspect_ai's"):
        ls.read_responses(written(tmp_path, log))
    log = one()
    log["samples"][0]["scores"] = ["x"]
    with pytest.raises(ls.DataError, match="a sample that is none of inspect_ai's"):
        ls.read_responses(written(tmp_path, log))


def test_a_log_that_is_not_as_it_is_written(tmp_path: Path) -> None:
    """Each was an error of Python's, found by the fuzzer."""
    for samples in (True, {"id": 1}, "x"):
        with pytest.raises(ls.DataError, match="holds no record with a list of samples"):
            ls.read_responses(written(tmp_path, one(samples=samples)))
    log = one()
    log["samples"][0]["epoch"] = [1]
    log["samples"][0]["output"]["completion"] = "attachment://ab"
    log["samples"][0]["attachments"] = 1
    log["eval"]["task"] = "\ud800"
    responses = ls.read_responses(written(tmp_path, log))
    assert answers(responses)["\\ud800:1"] == "attachment://ab"
