"""Every notebook runs from top to bottom, in a kernel of its own, and is committed without outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_there_are_notebooks() -> None:
    assert [path.name for path in NOTEBOOKS][:1] == ["01_quickstart.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_without_outputs(path: Path) -> None:
    for cell in read(path).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def shown(notebook: nbformat.NotebookNode) -> str:
    """All that the cells printed or displayed, as text."""
    parts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            parts.append(output.get("text", "") or "".join(output.get("data", {}).get("text/plain", "")))
    return "\n".join(parts)


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A notebook's cells, run by this Python in an empty folder, with what they wrote."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")

    def run(name: str) -> tuple[nbformat.NotebookNode, Path]:
        notebook = read(ROOT / "notebooks" / name)
        notebook.metadata.kernelspec = {"name": "python3", "display_name": sys.executable}
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
        return notebook, tmp_path

    return run


def test_quickstart(executed) -> None:
    notebook, folder = executed("01_quickstart.ipynb")
    assert sum(cell.cell_type == "code" for cell in notebook.cells) == 10
    text = shown(notebook)
    assert "style parity" in text
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
    gap = notebook.cells[-3].outputs[0]["data"]["text/plain"]
    assert "strength" in gap
    shown_as = [str(output.get("data", {})) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("vega-lite" in data for data in shown_as) == 2
    assert sum("<mark" in data for data in shown_as) == 1
