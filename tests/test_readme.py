"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def shell_lines() -> list[str]:
    lines = [line.partition("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("llamastyle ")]


def ran(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "llamastyle", *shlex.split(line)[1:]]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def votes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``votes.parquet`` as the README's first line writes it, of fewer battles."""
    folder = tmp_path_factory.mktemp("readme")
    (line,) = [line for line in shell_lines() if "--votes votes.parquet" in line]
    done = ran(f"{line} --battles 2500 --output ''", folder)
    assert done.returncode == 0, done.stderr
    return folder


def judge(prompt: str, a: str, b: str) -> float:
    return len(a) / (len(a) + len(b))


@pytest.mark.filterwarnings("ignore:columns .* do not vary")
def test_notebook_lines_run(votes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(votes)
    votes_block, judge_block = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(votes_block, "README.md", "exec"), names)
    battles = names["battles"]
    assert len(battles) == 2500

    names |= {"judge": judge, "battles": battles.take(range(30))}
    exec(compile(judge_block, "README.md", "exec"), names | {"verdicts": battles})
    assert (votes / "judge.jsonl").stat().st_size


@pytest.mark.parametrize("line", shell_lines())
def test_shell_line_runs(line: str, votes: Path, tmp_path: Path) -> None:
    folder = tmp_path if " demo" in line else votes
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    done = ran(line, folder)
    assert "Traceback" not in done.stderr
    if "--fail-on" in line:
        assert (done.returncode, "inflated" in done.stdout) == (1, True), done.stderr
    else:
        assert done.returncode == 0, done.stderr
        written = [path for path in folder.iterdir() if path.stat().st_mtime_ns != before.get(path)]
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
