"""``python -m llamastyle`` is the command ``llamastyle``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "llamastyle", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_help_names_the_commands() -> None:
    done = run("--help")
    assert done.returncode == 0, done.stderr
    assert all(command in done.stdout for command in ("demo", "features", "leaderboard", "audit"))


def test_a_wrong_call_is_exit_code_two_without_a_traceback() -> None:
    done = run("audit", "no-such-file.parquet")
    assert done.returncode == 2
    assert "no-such-file.parquet" in done.stderr
    assert "Traceback" not in done.stderr
