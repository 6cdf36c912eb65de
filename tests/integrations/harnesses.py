"""Runs of the real harnesses, each in a process of its own; they and the committed logs come from here.

``python -m tests.integrations.harnesses FOLDER`` writes the logs of `tests/data/readers/logs` anew.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

QUESTIONS = [
    {"question": "What is 2 + 2?", "answer": "4"},
    {"question": "What is 3 + 3?", "answer": "6"},
    {"question": "Say lol.", "answer": "lol"},
]

TASK = """\
task: small
dataset_path: json
dataset_kwargs:
  data_files:
    test: questions.json
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs:
  until: ["\\n\\n"]
filter_list:
  - name: number
    filter: [{function: regex, regex_pattern: "(\\\\d+)"}, {function: take_first}]
  - name: whole
    filter: [{function: take_first}]
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
  - metric: bleu
"""

INSPECT_RUN = """\
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig, ModelAPI, ModelOutput, modelapi
from inspect_ai.scorer import Score, includes, mean, scorer
from inspect_ai.solver import generate

ANSWERS = {
    "one": {"2 + 2": "**Great question!** It is 4.", "3 + 3": "- 5\\n- or so", "moon": "Cheese \\U0001f9c0"},
    "two": {"2 + 2": "4", "3 + 3": "6", "moon": "Rock"},
}


@modelapi(name="fixed")
class Fixed(ModelAPI):
    def __init__(self, model_name, base_url=None, api_key=None, config=GenerateConfig(), **args):
        super().__init__(model_name, base_url, api_key, [], config)

    async def generate(self, input, tools, tool_choice, config):
        asked = input[-1].text
        answer = next((text for part, text in ANSWERS[self.model_name].items() if part in asked), None)
        if answer is None:
            raise ValueError("this model fails here")
        return ModelOutput.from_content(self.model_name, answer)

    async def count_tokens(self, input, config=None):
        return 1

    async def count_text_tokens(self, text):
        return 1


@scorer(metrics=[mean()])
def graded():
    async def score(state, target):
        return Score(value={"1": "P", "b": "N"}.get(str(state.sample_id), float("nan")))
    return score


@scorer(metrics={"*": [mean()]})
def parts():
    async def score(state, target):
        return Score(value={"long": float(len(state.output.completion) > 10), "there": 1.0})
    return score


task = Task(
    name="sums",
    dataset=[
        Sample(id=1, input="What is 2 + 2?", target="4"),
        Sample(id="b", input="What is 3 + 3?", target="6"),
        Sample(id="c/d", input="What is the moon made of?", target="rock"),
        *[Sample(id=4, input="What fails?", target="this")] * (sys.argv[3] == "failing"),
    ],
    solver=generate(),
    scorer=[includes(), graded(), parts()],
    epochs=2,
)
folder, form = sys.argv[1:3]
for model in ("one", "two"):
    logs = eval(task, model=f"fixed/{model}", log_dir=f"{folder}/{model}", display="none", log_format=form, fail_on_error=False)
    if logs[0].status != "success":
        sys.exit(f"{logs[0].status}: {logs[0].error}")
"""

CHUNK = """\
import sys
from inspect_ai.log._recorders.chunked.convert import convert_eval_logs_to_chunked
convert_eval_logs_to_chunked(sys.argv[1], sys.argv[2])
"""


def need(name: str) -> None:
    """Skip a test where a harness is not installed."""
    if importlib.util.find_spec(name) is None:
        extra = "lm-eval" if name == "lm_eval" else "inspect"
        pytest.skip(f"needs {name}, which is not installed: pip install '.[{extra}]'")


def run(command: list[str], folder: Path, installed: bool = False) -> str:
    """What a command prints, run in a folder without a network; what it says on failing is the error.

    With this checkout's package, or with the installed one, which alone inspect_ai takes plug-ins from.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("INSPECT_")}
    env |= {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf"), "NO_COLOR": "1"}
    env |= {"PYTHONPATH": "" if installed else str(ROOT), "PYTHONWARNINGS": "default", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        raise AssertionError(f"{command[:4]} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def run_lm_eval(folder: Path, task: str = TASK, name: str = "small") -> Path:
    """A real run of lm_eval's own dummy model on a local task, and the folder of its output."""
    need("lm_eval")
    (folder / "questions.json").write_text(json.dumps(QUESTIONS))
    (folder / f"{name}.yaml").write_text(task)
    command = [
        sys.executable,
        "-m",
        "lm_eval",
        "run",
        "--model",
        "dummy",
        "--tasks",
        name,
        "--include_path",
        ".",
    ]
    run([*command, "--output_path", "out", "--log_samples"], folder)
    return folder / "out"


def run_inspect(folder: Path, form: str = "eval", samples: str = "failing") -> Path:
    """Real runs of inspect_ai with two models that give fixed answers, and the folder of their logs, a folder each.

    With ``"failing"`` a fourth sample ends in an error.
    """
    need("inspect_ai")
    (folder / "fixed_answers.py").write_text(INSPECT_RUN)
    run([sys.executable, "fixed_answers.py", form, form, samples], folder)
    return folder / form


def chunked(logs: Path) -> Path:
    """The same logs with each sample in chunks, as inspect_ai itself converts them."""
    out = logs.parent / f"{logs.name} in chunks"
    run([sys.executable, "-c", CHUNK, str(logs), str(out)], logs.parent)
    return out


def main(folder: Path) -> None:
    """Write the committed logs: a run of lm_eval, and inspect_ai's two as JSON without events and one as a zip."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        shutil.copytree(run_lm_eval(work), folder / "lm_eval", dirs_exist_ok=True)
        shutil.copy(next((run_inspect(work, "eval", "plain") / "one").iterdir()), folder / "one.eval")
        logs = run_inspect(work, "json", "plain")
        for name in ("one", "two"):
            file = next((logs / name).iterdir())
            log = json.loads(file.read_text("utf-8"))
            for sample in log["samples"]:
                sample["events"], sample["attachments"] = [], {}
                sample.pop("events_data", None)
            (folder / f"{name}.json").write_text(json.dumps(log, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
