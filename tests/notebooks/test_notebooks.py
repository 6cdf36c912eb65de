"""Every notebook runs from top to bottom, in a kernel of its own, and is committed without outputs."""

from __future__ import annotations

import os
import re
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

    def run(name: str, first: str = "") -> tuple[nbformat.NotebookNode, Path]:
        """``first``: what stands in place of the first cell of code."""
        notebook = read(ROOT / "notebooks" / name)
        if first:
            next(cell for cell in notebook.cells if cell.cell_type == "code").source = first
        notebook.metadata.kernelspec = {"name": "python3", "display_name": sys.executable}
        NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
        return notebook, tmp_path

    return run


def outputs(notebook: nbformat.NotebookNode) -> list[dict[str, str]]:
    """What the cells displayed, by kind."""
    return [o["data"] for cell in notebook.cells for o in cell.get("outputs", []) if "data" in o]


def charts_without_a_network(notebook: nbformat.NotebookNode) -> int:
    """How many drawings there are; nothing that is displayed may ask for anything from elsewhere."""
    data = outputs(notebook)
    asked = [kind for found in data for kind, text in found.items() if re.search(r"<script|src=|@import", str(text))]
    assert asked == []
    assert not [kind for found in data for kind in found if "vega" in kind]
    return sum("<text" in found.get("image/svg+xml", "") for found in data)


def test_quickstart(executed) -> None:
    notebook, folder = executed("01_quickstart.ipynb")
    assert sum(cell.cell_type == "code" for cell in notebook.cells) == 10
    text = shown(notebook)
    assert "style parity" in text
    assert "right answers" in text
    assert "undetermined" in text
    assert (folder / "report.html").read_text("utf-8").startswith("<!doctype html>")
    gap = notebook.cells[-3].outputs[0]["data"]["text/plain"]
    assert "strength" in gap
    assert charts_without_a_network(notebook) == 2
    assert sum("<mark" in str(found) for found in outputs(notebook)) == 1


OWN = """
import llamastyle as ls

frame = ls.simulate(2500, 5, texts=True, seed=4).battles.to_frame()
names = {f"model-{i:02d}": f"own & {i}" for i in range(1, 6)}
frame = frame[["model_a", "model_b", "winner", "response_a", "response_b"]].replace(
    {"model_a": names, "model_b": names}
)
"""


def test_a_frame_of_ones_own_without_correctness_goes_through_the_quickstart(executed) -> None:
    notebook, folder = executed("01_quickstart.ipynb", OWN)
    assert "quality not separated" in shown(notebook)
    assert "strength" in notebook.cells[-3].outputs[0]["data"]["text/plain"]
    assert "correctness" not in notebook.cells[-3].outputs[0]["data"]["text/plain"]
    assert charts_without_a_network(notebook) == 2
    assert "own &amp; 3" in (folder / "report.html").read_text("utf-8")


def test_maverick(executed) -> None:
    notebook, folder = executed("02_maverick_vs_release.ipynb")
    text = shown(notebook)
    assert "96.2" in text
    found, planted = (re.search(pattern, text) for pattern in (r"found (\d+) \[(\d+), (\d+)\]", r"planted (\d+)"))
    assert int(found[2]) < int(planted[1]) < int(found[3])
    html = " ".join(str(data.get("text/html", "")) for data in outputs(notebook))
    for figure in ("129.9", "15.6 %", "1417", "109.6", "144, 275 and then 352 days"):
        assert figure in html, figure
    assert "simulated votes" in html
    assert charts_without_a_network(notebook) == 8
    assert (folder / "maverick.html").read_text("utf-8").startswith("<!doctype html>")
    assert len(list((folder / "simulated-arena" / "data").glob("*.parquet"))) == 2


def test_every_row_of_the_story_has_a_place() -> None:
    """The last cell names sections and tables that exist."""
    import llamastyle as ls

    last = read(ROOT / "notebooks" / "02_maverick_vs_release.ipynb").cells[-1].source
    rows = [line for line in last.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 11
    sections = set(ls.maverick().sections) | {"examples-first"}
    for row in rows:
        place = row.split("|")[2]
        if place.strip() == "nothing to compute":
            continue
        named = re.findall(r"`([\w-]+)`", place.partition("section")[2])
        tables = re.findall(r'"(\w+)"', place)
        assert named or tables, row
        assert set(named) <= sections | {"overrides()", "exchange_rates()"}, row
        assert set(tables) <= set(ls.published()["name"]), row


@pytest.mark.parametrize("real", [False, True])
def test_judges(executed, monkeypatch, real, request) -> None:
    folder = request.getfixturevalue("shared") if real else "nowhere"
    monkeypatch.setenv("LLAMASTYLE_SHARED_DATA", str(folder))
    notebook, here = executed("03_judges.ipynb")
    text = shown(notebook)
    assert "add:emoji (dose 3)" in text
    assert "The null edit, which changes nothing, lies within the margin" in text
    assert "0 calls made," in text
    assert ("o1-mini-2024-09-12" in text) == real
    assert charts_without_a_network(notebook) == 1
    assert (here / "judge.html").is_file()


def test_own_feature_and_scale(executed) -> None:
    notebook, folder = executed("04_your_own_feature_and_scale.ipynb")
    text = shown(notebook)
    assert "praise_own" in text
    gaps = re.findall(r"^(default|own) +(\d+\.\d) +(\d+\.\d) +(\d+\.\d)$", text, re.M)
    found = {name: tuple(map(float, figures)) for name, *figures in gaps}
    planted = float(re.search(r"planted: (\d+)", text)[1])  # type: ignore[index]
    assert found["default"][1] < planted < found["default"][2]
    assert found["own"][0] < found["default"][0], "density in place of the count that votes pay for"
    accuracy = dict(re.findall(r"^(words|words, emoji|default|own) +(0\.\d+)$", text, re.M))
    assert 0.5 < float(accuracy["words"]) < float(accuracy["default"])
    assert {path.name for path in folder.iterdir()} >= {"votes.parquet", "features", "own.toml"}
    assert charts_without_a_network(notebook) == 0
