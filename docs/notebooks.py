"""The notebooks as pages of the documentation."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["notebook_pages"]

WITHOUT = "```{{note}}\nThis page is the notebook `notebooks/{name}` as it is kept, without outputs: running it makes them.\n```"


def notebook_pages(notebooks: Path, folder: Path, mode: str) -> dict[Path, str]:
    """The file of each page and its content, with links that hold from there and, if it is not run, a note."""
    return {folder / path.name: page(path, mode) for path in sorted(notebooks.glob("*.ipynb"))}


def page(path: Path, mode: str) -> str:
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = [line.replace("](../docs/", "](../../") for line in cell["source"]]
    if mode == "off":
        note = {
            "cell_type": "markdown",
            "id": "without",
            "metadata": {},
            "source": WITHOUT.format(name=path.name),
        }
        notebook["cells"].insert(1, note)
    return json.dumps(notebook, indent=1, ensure_ascii=False)
