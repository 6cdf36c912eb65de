"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def shell_lines() -> list[str]:
    lines = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("llamastyle ")]


@pytest.fixture(scope="module")
def votes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``votes.parquet``: votes for length, in which models differ, and for being right."""
    rng = np.random.default_rng(0)
    n, models = 1500, np.array([f"model-{i}" for i in range(5)])
    pair = np.array([rng.choice(5, 2, replace=False) for _ in range(n)])
    words = rng.poisson(40 + 15 * pair)
    right = rng.random((n, 2)) < 0.6
    eta = 2.0 * np.log(words[:, 0] / words[:, 1]) + 1.0 * (right[:, 0] * 1.0 - right[:, 1])
    won = rng.random(n) < 1 / (1 + np.exp(-eta))

    extras = (
        "**bold**",
        "*italic*",
        "`code`",
        "[a link](address)",
        "🎉",
        "Great question!",
        "Yes. No.",
        "\n\n# Title\n\n",
        "\n\n- an item\n\n",
        "\n\n```\ncode\n```\n\n",
        "\n\n| a |\n|---|\n| b |\n\n",
    )

    def text(i: int, side: int) -> str:
        parts = ["word"] * words[i, side]
        parts += [extra for extra in extras if rng.random() < 0.3]
        return " ".join(rng.permutation(parts)) + "."

    frame = pd.DataFrame(
        {
            "model_a": models[pair[:, 0]],
            "model_b": models[pair[:, 1]],
            "winner": np.where(rng.random(n) < 0.1, "tie", np.where(won, "model_a", "model_b")),
            "response_a": [text(i, 0) for i in range(n)],
            "response_b": [text(i, 1) for i in range(n)],
            "prompt_id": rng.integers(0, 90, n),
            "voter": rng.integers(0, 60, n),
            "correct_a": right[:, 0].astype(float),
            "correct_b": right[:, 1].astype(float),
        }
    )
    folder = tmp_path_factory.mktemp("readme")
    frame.to_parquet(folder / "votes.parquet")
    return folder


def test_notebook_lines_run(votes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(votes)
    (block,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(block, "README.md", "exec"), names)
    assert len(names["battles"]) == 1500  # type: ignore[arg-type]


@pytest.mark.parametrize("line", shell_lines())
def test_shell_line_runs(line: str, votes: Path) -> None:
    command = [sys.executable, "-m", "llamastyle", *shlex.split(line)[1:]]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    before = {path: path.stat().st_mtime_ns for path in votes.iterdir()}
    done = subprocess.run(command, cwd=votes, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    if "--fail-on" in line:
        assert (done.returncode, "inflated" in done.stdout) == (1, True), done.stderr
    else:
        assert done.returncode == 0, done.stderr
        written = [path for path in votes.iterdir() if path.stat().st_mtime_ns != before.get(path)]
        assert done.stdout.strip() or written


def test_the_two_commands_stand_there_once_each() -> None:
    """.ci/run takes the second from here."""
    commands = re.findall(r"^python3 -m venv .*$", README, re.M)
    assert [("pytest" in line, "demo" in line) for line in commands] == [(False, True), (True, False)]
    assert all(line.startswith("python3 -m venv .venv && .venv/bin/pip install ") for line in commands)


def test_links_lead_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", README) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target.partition("#")[0]).exists()] == []
