"""The search of the built pages answers from the disk, without a server."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SETTINGS = ("html_theme", "html_theme_options", "html_show_search_summary")

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("pydata_sphinx_theme") is None, reason="needs the extra docs"
    ),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages, with the settings of the documentation that the search depends on."""
    folder = tmp_path_factory.mktemp("search")
    source = folder / "source"
    source.mkdir()
    conf = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nfrom docs.conf import {', '.join(SETTINGS)}\n"
    (source / "conf.py").write_text(conf + "extensions = ['myst_parser']\n", "utf-8")
    (source / "index.md").write_text("# Front\n\n```{toctree}\nother\n```\n", "utf-8")
    (source / "other.md").write_text("# Other\n\nA rating with its parity beside it.\n", "utf-8")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(source), str(folder / "out")]
    subprocess.run(command, check=True)
    return folder / "out"


@pytest.mark.parametrize(("query", "found"), [("parity", ["other.html"]), ("nowhere", [])])
def test_a_query_finds_its_page(site: Path, tmp_path: Path, query: str, found: list[str]) -> None:
    address = f"{(site / 'search.html').as_uri()}?q={query}"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=8000",
        f"--user-data-dir={tmp_path}",
    ]
    logged = ["--enable-logging=stderr", "--v=0", "--dump-dom", address]
    done = subprocess.run(
        [str(CHROMIUM), *options, *logged], capture_output=True, text=True, timeout=120, check=False
    )
    assert re.findall(r'class="kind-text"><a href="([^"?#]+)', done.stdout) == found
    assert "CORS" not in done.stderr
