"""What the command line answers on simulated votes, for the page that explains how to read it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import llamastyle as ls

__all__ = ["compared"]

ROOT = Path(__file__).resolve().parents[1]
NAMES = {"model-07": "our-model-v2", "model-01": "our-model-v1"}


def compared() -> str:
    """What `llamastyle compare` prints on votes with two versions of a model, as a block of Markdown."""
    battles = ls.simulate(
        12_000, 8, style={"words": 0.5, "bold": 0.3, "emoji": 0.2}, strength=0.3, seed=4
    ).battles
    command = [sys.executable, "-m", "llamastyle", "compare", "votes.parquet", *NAMES.values()]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "64"}
    with tempfile.TemporaryDirectory() as folder:
        battles.to_frame().replace(NAMES).to_parquet(Path(folder) / "votes.parquet")
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return f"```text\n{done.stdout.strip()}\n```\n"
