"""Which files a source names, and what several logs have in common."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.readers.logs import read_logs

LOGS = Path(__file__).parent / "logs"


def copy(folder: Path, name: str, **header: Any) -> Path:
    """A committed log of inspect_ai with another task or model."""
    log = json.loads((LOGS / "one.json").read_text("utf-8"))
    log["eval"] |= header
    path = folder / name
    path.write_text(json.dumps(log), "utf-8")
    return path


@pytest.mark.parametrize("how", ["folder", "glob", "list", "texts"])
def test_every_way_to_name_two_logs(tmp_path: Path, how: str) -> None:
    for name in ("one", "two"):
        shutil.copy(LOGS / f"{name}.json", tmp_path)
    (tmp_path / "results_of_others.json").write_text("{}")
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    sources = {
        "folder": tmp_path,
        "glob": str(tmp_path / "*.json"),
        "list": paths,
        "texts": [str(p) for p in paths],
    }
    responses = ls.read_responses(sources[how])
    assert responses.models == ("fixed/one", "fixed/two")
    assert len(responses) == 6
    battles = ls.pair(responses)
    assert battles.to_frame()[["prompt_id", "winner"]].values.tolist() == [
        ["sums:1", "tie"],
        ["sums:b", "model_b"],
        ["sums:c/d", "model_b"],
    ]
    assert battles.correct_a is None


def test_a_folder_of_lm_eval() -> None:
    assert len(ls.read_responses(LOGS / "lm_eval")) == 3


def test_what_is_no_log(tmp_path: Path) -> None:
    plain = tmp_path / "plain.json"
    plain.write_text('[{"text": "x", "model": "m"}]')
    assert read_logs(plain) is None
    assert read_logs([{"text": "x"}]) is None
    assert read_logs("hf://datasets/a/b") is None
    assert len(ls.read_responses(plain)) == 1
    with pytest.raises(ls.DataError, match="is a folder"):
        ls.read_responses(tmp_path)
    with pytest.raises(ls.DataError, match=r"plain.json is no log of a harness, though others"):
        ls.read_responses([plain, LOGS / "one.json"])


def test_options_that_are_for_logs(tmp_path: Path) -> None:
    with pytest.raises(ls.DataError, match="score='s' is for logs of a harness"):
        ls.read_responses([{"text": "x", "s": 1}], score="s")
    with pytest.raises(ls.DataError, match="filter='s' is for logs of a harness"):
        ls.read_responses([{"text": "x", "s": 1}], filter="s")
    with pytest.raises(ls.DataError, match="the columns of a log are known"):
        ls.read_responses(LOGS / "one.json", columns={"text": "input"})
    with pytest.raises(ls.DataError, match="format='lm_eval': give the path of a log"):
        ls.read_responses([{"text": "x"}], format="lm_eval")
    with pytest.raises(ls.DataError, match="line 1 .*no sample of lm-evaluation-harness|is not JSON"):
        ls.read_responses(LOGS / "one.json", format="lm_eval")
    assert len(ls.read_responses(LOGS / "one.json", format="inspect_ai")) == 3


def test_a_log_joined_with_itself(tmp_path: Path) -> None:
    again = copy(tmp_path, "again.json")
    with pytest.raises(ls.DataError) as error:
        ls.read_responses([LOGS / "one.json", again])
    said = str(error.value)
    assert "model 'fixed/one' has more than one response to 3 prompts, first 'sums:1'" in said
    assert "one.json and " in said
    assert "again.json" in said


def test_runs_of_different_tasks(tmp_path: Path) -> None:
    other = copy(tmp_path, "other.json", task="others", model="fixed/two")
    with pytest.raises(ls.DataError, match="no two models answered one prompt"):
        ls.pair(ls.read_responses([LOGS / "one.json", other]))


def test_one_name_for_different_documents(tmp_path: Path) -> None:
    log = json.loads((LOGS / "two.json").read_text("utf-8"))
    for sample in log["samples"]:
        if sample["id"] == "b":
            sample["input"] = "What is 30 + 3?"
    other = tmp_path / "two.json"
    other.write_text(json.dumps(log))
    with pytest.raises(
        ls.DataError, match="1 of 3 prompts are not the same document.*first 'sums:b' of .*one.*and .*two"
    ):
        ls.read_responses([LOGS / "one.json", other])


def test_scores_outside_of_0_and_1_are_no_correctness(tmp_path: Path) -> None:
    log = json.loads((LOGS / "one.json").read_text("utf-8"))
    for sample in log["samples"]:
        sample["scores"] = {"s": {"value": 7}}
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log))
    responses = ls.read_responses(path)
    assert responses.correct is None
    assert np.asarray(responses.score).tolist() == [7, 7, 7]
