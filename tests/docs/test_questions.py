"""What the page of questions, and the rule for names, show works as it stands there."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import llamastyle as ls

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "questions.md").read_text("utf-8")


ENTRIES = re.findall(r"^(.+)\n: (.+(?:\n  .+)*)", PAGE, re.M)
"""Question with its calls, and what to read in them."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``votes.parquet`` as the demo writes it, of fewer battles."""
    folder = tmp_path_factory.mktemp("questions")
    options = ["demo", "--votes", "votes.parquet", "--battles", "2500", "--output", ""]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "llamastyle", *options]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.filterwarnings("ignore:columns .* do not vary")
def test_every_block_runs_and_every_line_gives_something(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    names: dict[str, object] = {}
    for block in blocks(PAGE, "python"):
        for statement in ast.parse(block).body:
            line = ast.unparse(statement)
            if isinstance(statement, ast.Expr):
                found = eval(line, names)
                assert found is not None, line
                assert not isinstance(found, pd.DataFrame) or len(found), line
            else:
                exec(line, names)
    assert (folder / "report.html").stat().st_size
    assert len(names["battles"]) == 2500  # type: ignore[arg-type]


def test_every_call_is_in_a_block() -> None:
    code = "\n".join(blocks(PAGE, "python"))
    calls = [call for asked, _ in ENTRIES for call in re.findall(r"`([^`]+)`", asked)]
    assert len(calls) > 35
    names = [re.search(r"([\w.]+)\(", call)[1].rpartition(".")[2] for call in calls]  # type: ignore[index]
    assert [name for name in names if f".{name}(" not in code] == []


def test_columns_to_read_are_there() -> None:
    """What is to be read is a word of the documented tables."""
    result = ls.StyleResult
    documented = " ".join(getattr(result, name).__doc__ or "" for name in dir(result) if name[0] != "_")
    documented += " ".join(getattr(ls, name).__doc__ or "" for name in ls.__all__)
    known = set(re.findall(r"\w+", documented))
    spans = [span for _, said in ENTRIES for span in re.findall(r"`(\w+)`", said.partition("*It")[0])]
    assert all(re.search(r"^\*Read\* [^*]+\*It\s+does\s+not\s+say\*\s", said) for _, said in ENTRIES)
    assert len(spans) > 25
    assert [span for span in spans if span not in known] == []


@pytest.mark.parametrize("page", ["formats.md", "getting-started.md"])
def test_an_ordinary_csv_is_read_as_shown(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    (block,) = [block for block in blocks(text, "python") if "mine.csv" in block]
    (csv,) = blocks((ROOT / "docs" / "formats.md").read_text("utf-8"), "text")
    (tmp_path / "mine.csv").write_text(csv, "utf-8")
    names: dict[str, object] = {"ls": ls}
    exec(compile(block, page, "exec"), names)
    battles = names["battles"]
    assert isinstance(battles, ls.Battles)
    frame = battles.to_frame()
    given = [line.split(",") for line in csv.splitlines()[1:]]
    assert frame[["model_a", "model_b"]].to_numpy().tolist() == [row[:2] for row in given]
    assert frame[["response_a", "response_b"]].to_numpy().tolist() == [row[3:5] for row in given]
    assert battles.outcome.tolist() == [{"l": 1.0, "r": 0.0, "same": 0.5}[row[2]] for row in given]
    assert frame["category"].tolist() == [row[5] for row in given]
