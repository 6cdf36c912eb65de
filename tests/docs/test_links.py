"""What is found wrong in built pages, and that the pages of this documentation have nothing of it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from docs.links import faults

ROOT = Path(__file__).resolve().parents[2]


def built(folder: Path, **pages: str) -> Path:
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return folder


def test_files_and_anchors_that_are_not_there(tmp_path: Path) -> None:
    links = [
        "two.html",
        "two.html#here",
        "two.html#gone",
        "#mine",
        "#gone",
        "three.html",
        "https://x.org/#a",
        "mailto:a@b",
    ]
    one = (
        "<h1 id=mine>"
        + "".join(f'<a href="{link}">' for link in links)
        + "<img src=gone.svg><a href='two%2Ehtml'>"
    )
    found = faults(built(tmp_path, one=one, two="<p id='here'>"))
    wrong = ["gone.svg", "two.html#gone", "#gone", "three.html"]
    assert found == [f"one.html links to {url}" for url in wrong]


def test_what_a_browser_would_ask_for_elsewhere(tmp_path: Path) -> None:
    page = "<script src='https://cdn.org/a.js'></script><link rel=stylesheet href='//fonts.org/b.css'><img src='data:,'>"
    assert faults(built(tmp_path, one=page)) == [
        "one.html loads https://cdn.org/a.js",
        "one.html loads //fonts.org/b.css",
    ]


def test_templates_that_the_theme_keeps_are_no_pages(tmp_path: Path) -> None:
    (tmp_path / "_static").mkdir()
    built(tmp_path / "_static", macros="<link href='{{ pathto() }}'>")
    assert faults(tmp_path) == []


@pytest.mark.skipif(
    importlib.util.find_spec("myst_nb") is None, reason="needs the extra docs; .ci/run builds them"
)
def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    """With the configuration's own check, on two pages: sphinx leaves raw HTML alone."""
    conf = (ROOT / "docs" / "conf.py").read_text("utf-8")
    assert 'app.connect("build-finished", check_links)' in conf
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nextensions = ['myst_parser']\n"
        "from docs.conf import check_links\n"
        "def setup(app): app.connect('build-finished', check_links)\n",
        "utf-8",
    )
    codes = []
    for anchor in ("title", "gone"):
        (source / "index.md").write_text(f'# Title\n\n<a href="#{anchor}">there</a>\n', "utf-8")
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-b",
            "html",
            str(source),
            str(tmp_path / "out"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        codes.append((done.returncode, "index.html links to #gone" in done.stderr))
    assert codes == [(0, False), (1, True)]
