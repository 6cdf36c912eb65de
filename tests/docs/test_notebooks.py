"""The pages made of the notebooks."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat

from docs.notebooks import notebook_pages

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def test_a_page_a_notebook_with_links_from_where_it_stands() -> None:
    pages = notebook_pages(NOTEBOOKS, Path("generated/notebooks"), "off")
    assert [path.name for path in pages] == sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
    assert not any("](../docs/" in text for text in pages.values())
    maverick = pages[Path("generated/notebooks/02_maverick_vs_release.ipynb")]
    assert "](../../maverick.md)" in maverick
    assert "](01_quickstart.ipynb)" in maverick


def test_the_missing_outputs_are_explained_only_where_they_are_missing(tmp_path: Path) -> None:
    for mode, note in (("off", True), ("cache", False)):
        for path, text in notebook_pages(NOTEBOOKS, tmp_path, mode).items():
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook)
            assert ("without outputs" in "".join(notebook.cells[1].source)) == note
            kept = json.loads((NOTEBOOKS / path.name).read_text("utf-8"))["cells"]
            assert len(notebook.cells) == len(kept) + note
            assert notebook.cells[0].source.startswith("# ")
