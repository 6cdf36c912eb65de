"""What the how-to pages show works as it stands there, in a folder with the demo's votes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import docs.answers
import llamastyle as ls

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(set((ROOT / "docs" / "how-to").glob("*.md")) - {ROOT / "docs" / "how-to" / "index.md"})


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)


def ran(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "llamastyle", *shlex.split(line, comments=True)[1:]]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``votes.parquet`` as the demo writes it, of fewer battles, and the phrase list of its page."""
    folder = tmp_path_factory.mktemp("how-to")
    done = ran("llamastyle demo --votes votes.parquet --battles 2500 --output ''", folder)
    assert done.returncode == 0, done.stderr
    (toml,) = blocks(ROOT / "docs" / "how-to" / "own-phrases.md", "toml")
    (folder / "own.toml").write_text(toml, "utf-8")
    return folder


@pytest.mark.filterwarnings("ignore:columns .* do not vary", "ignore::FutureWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_runs(page: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    code = blocks(page, "python")
    assert code
    if page.stem == "ray":
        pytest.importorskip("ray.data", reason="needs Ray: pip install 'llamastyle[ray]'")
    names: dict[str, object] = {}
    for block in code:
        exec(compile(block, page.name, "exec"), names)
    tables = {name: value for name, value in names.items() if isinstance(value, pd.DataFrame)}
    assert [name for name, table in tables.items() if not len(table)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_runs(page: Path, folder: Path) -> None:
    lines = [line for block in blocks(page, "sh") for line in block.replace("\\\n", " ").splitlines()]
    assert all(line.startswith("llamastyle ") for line in lines)
    for line in lines:
        if not line.startswith("llamastyle demo"):
            done = ran(line, folder)
            assert done.returncode == 0, (line, done.stderr)
            assert "Traceback" not in done.stderr


def test_the_page_on_two_versions_explains_what_the_command_says() -> None:
    text = (ROOT / "docs" / "how-to" / "two-versions.md").read_text("utf-8")
    said = docs.answers.compared()
    parts = re.findall(r"^`(\w+)`$", text, re.M)
    assert set(parts) == {"total", "style", "correctness", "strength"}
    assert [part for part in parts if not re.search(rf"^{part} ", said, re.M)] == []
    assert re.search(r"^    words +\d", said, re.M), "votes pay for length"
    assert re.search(r"^    bold +-\d", said, re.M), "and the new version has less bold"


@pytest.mark.filterwarnings("ignore:columns .* do not vary")
def test_parts_of_a_file_give_the_result_of_the_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    page = ROOT / "docs" / "how-to" / "many-battles.md"
    names: dict[str, object] = {}
    exec(compile(blocks(page, "python")[0], page.name, "exec"), names)
    whole = ls.audit("votes.parquet")
    parts = names["result"]
    assert isinstance(parts, ls.StyleResult)
    pd.testing.assert_frame_equal(parts.tidy(), whole.tidy(), atol=1e-6)
    written = pd.concat(map(pd.read_parquet, Path("features").glob("*.parquet")))
    assert len(written) == 2500
    assert not {"response_a", "prompt"} & set(written.columns)
