"""Every example in a docstring runs; every public name has one."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import llamastyle as ls

ROOT = Path(__file__).resolve().parents[1]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
DOCUMENTABLE = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(source: str) -> Iterator[tuple[str, str, int]]:
    """Qualified name, docstring and line of everything documented in a source; the module's name is empty."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, str, int]]:
        if isinstance(node, DOCUMENTABLE):
            text = ast.get_docstring(node)
            if text:
                yield prefix, text, getattr(node, "lineno", 1)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield from walk(child, f"{prefix}.{child.name}".strip("."))

    return walk(ast.parse(source), "")


def examples() -> list[tuple[str, str, str, int]]:
    """Module, name, docstring and line of every docstring with an example."""
    found = []
    for path in sorted((ROOT / "llamastyle").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(part for part in parts if part != "__init__")
        found += [
            (module, name, text, line)
            for name, text, line in docstrings(path.read_text("utf-8"))
            if ">>>" in text
        ]
    return found


EXAMPLES = examples()


def run_example(text: str, name: str, names: dict[str, object]) -> str:
    """What goes wrong when a docstring's example runs, or nothing."""
    test = doctest.DocTestParser().get_doctest(text, dict(names), name, name, 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS, verbose=False).run(test, out=said.append)
    return "".join(said)


@pytest.mark.parametrize(
    ("module", "name", "text"),
    [pytest.param(m, n, t, id=f"{m}:{n}" if n else m) for m, n, t, _ in EXAMPLES],
)
def test_example(
    module: str, name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if module == "llamastyle.distributed":
        ray = pytest.importorskip("ray", reason="needs Ray: pip install 'llamastyle[ray]'")
        request.addfinalizer(ray.shutdown)
        for kind in (DeprecationWarning, FutureWarning, ResourceWarning):  # Ray's own
            warnings.simplefilter("ignore", kind)
    monkeypatch.chdir(tmp_path)
    went_wrong = run_example(text, f"{module}.{name}", vars(importlib.import_module(module)))
    assert not went_wrong, went_wrong


def test_no_example_is_skipped() -> None:
    assert [f"{m}:{n}" for m, n, text, _ in EXAMPLES if "+SKIP" in text] == []


def public() -> list[str]:
    return [name for name in ls.__all__ if not name.startswith("_")]


@pytest.mark.parametrize("name", public())
def test_public_name_has_an_executed_example(name: str) -> None:
    value = getattr(ls, name)
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        value = type(value)
    text = inspect.cleandoc(value.__doc__ or "")
    assert text, f"{name} has no docstring"
    assert ">>>" in text, f"{name} has no example"
    assert text in {example for _, _, example, _ in EXAMPLES}, f"{name}'s example is not among those that run"


def test_docstrings_are_found_where_they_stand() -> None:
    source = '"""m"""\nclass A:\n    """a"""\n    def f(self):\n        """f"""\n'
    assert [(name, text) for name, text, _ in docstrings(source)] == [("", "m"), ("A", "a"), ("A.f", "f")]


def test_a_wrong_example_is_seen() -> None:
    assert run_example(">>> 1 + x\n3\n", "right", {"x": 2}) == ""
    assert "Expected" in run_example(">>> 1 + 1\n3\n", "wrong", {})
    assert "ZeroDivisionError" in run_example(">>> 1 / 0\n", "raises", {})
