"""The scorer in inspect_ai itself: on a log that is there already, and in a task."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import llamastyle as ls
from tests.integrations.harnesses import ROOT, need, run, run_inspect

FEATURES = ["words", "list_items", "emoji"]

TASK = """
import json
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import includes
from inspect_ai.solver import solver
from llamastyle.integrations.inspect_ai import style

@solver
def said():
    async def solve(state, generate):
        state.output = ModelOutput.from_content("m", "**Yes**, it is.")
        return state
    return solve

task = Task(dataset=[Sample(input="Is it?", target="Yes")], solver=said(), scorer=[includes(), style("words,bold")])
log = eval(task, model="mockllm/model", log_dir="logs", display="none")[0]
print(json.dumps([log.status, log.samples[0].scores["style"].value]))
"""


def inspect(folder: Path, *arguments: str) -> str:
    return run([str(Path(sys.executable).with_name("inspect")), *arguments], folder, installed=True)


def test_an_existing_log_is_scored_from_the_command_line(tmp_path: Path) -> None:
    need("inspect_ai")
    if "llamastyle" not in {point.name for point in entry_points(group="inspect_ai")}:
        pytest.skip("llamastyle is imported from its checkout and not installed: inspect_ai cannot find it")
    log = next((run_inspect(tmp_path, "eval", "plain") / "one").iterdir())
    asked = ["--scorer", "llamastyle/style", "-S", f"features={','.join(FEATURES)}"]
    printed = inspect(
        tmp_path, "score", str(log), *asked, "--model", "mockllm/model", "--action", "append", "--overwrite"
    )
    assert all(word in printed for word in ("words", "list_items", "emoji", "mean", "stderr", "accuracy"))

    dumped = json.loads(inspect(tmp_path, "log", "dump", str(log)))
    assert (dumped["status"], dumped["eval"]["model"]) == ("success", "fixed/one")
    for sample in dumped["samples"]:
        measured = ls.extract([sample["output"]["completion"]], FEATURES).values[0]
        assert list(sample["scores"]["style"]["value"].values()) == measured.tolist()
        assert {"includes", "graded", "parts"} < set(sample["scores"])
    found = {score["name"]: score["metrics"] for score in dumped["results"]["scores"]}
    assert found["emoji"]["llamastyle/share"]["value"] == pytest.approx(1 / 3)
    assert found["list_items"]["mean"]["value"] == pytest.approx(2 / 3)

    responses = ls.read_responses(log, score="style/emoji")
    assert responses.to_frame()["score"].tolist() == [0, 0, 1]
    assert responses.to_frame()["text"].tolist()[2] == "Cheese 🧀"


def test_in_a_task(tmp_path: Path) -> None:
    need("inspect_ai")
    assert json.loads(run([sys.executable, "-c", TASK], tmp_path)) == ["success", {"words": 3, "bold": 1}]


def test_it_is_not_imported_without_its_host() -> None:
    code = "import sys, llamastyle, llamastyle.integrations, llamastyle.data.readers; print('inspect_ai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
