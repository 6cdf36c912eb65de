"""The metric in lm-evaluation-harness itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import llamastyle as ls
from tests.integrations.harnesses import ROOT, TASK, need, run, run_lm_eval

METRIC = """\
  - metric: !function style.style
    aggregation: mean
    higher_is_better: false
    features: [words, bold]
"""

ALONE = """
import json
from lm_eval.api.registry import get_aggregation, get_metric
from llamastyle.integrations.lm_eval import style_results
print(json.dumps([
    style_results({}, ["**Yes**, it is."])["style_words"],
    get_metric("llamastyle")(references=["4"], predictions=["**Yes**"], features="bold"),
    get_aggregation("style_share")([0.0, 3.0, 0.0, 1.0]),
]))
"""


def test_a_real_run_with_the_metric(tmp_path: Path) -> None:
    need("lm_eval")
    (tmp_path / "style.py").write_text("from llamastyle.integrations.lm_eval import style\n")
    out = run_lm_eval(tmp_path, TASK.replace("  - metric: bleu\n", METRIC))
    results = json.loads(next(out.rglob("results_*.json")).read_text())["results"]["small"]
    assert {name: results[f"{name},whole"] for name in ("style_words", "style_bold", "exact_match")} == {
        "style_words": 1.0,
        "style_bold": 0.0,
        "exact_match": pytest.approx(1 / 3),
    }
    responses = ls.read_responses(out, filter="whole")
    assert responses.to_frame()["score"].tolist() == [0, 0, 1]


def test_its_parts(tmp_path: Path) -> None:
    need("lm_eval")
    assert json.loads(run([sys.executable, "-c", ALONE], tmp_path)) == [3, {"style_bold": 1}, 0.5]


def test_it_is_not_imported_without_its_host() -> None:
    code = "import sys, llamastyle, llamastyle.integrations, llamastyle.data.readers; print('lm_eval' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
