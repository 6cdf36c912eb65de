"""The gallery shows every kind of chart, and the code that it shows is the code that ran."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from docs import gallery
from llamastyle.options import Plot, allowed


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("fragments")
    return gallery.gallery_page(folder), folder


def test_every_chart_has_a_picture_and_its_code(page) -> None:
    text, folder = page
    assert re.findall(r"^## (.*)$", text, re.M)[:-1] == [chart.__doc__.splitlines()[0] for chart in gallery.CHARTS]
    shown = re.findall(r"!\[.+?\]\(generated/fragments/(gallery-[a-z_-]+\.svg)\)", text)
    assert {path.name for path in folder.iterdir()} == set(shown)
    assert len(shown) == len(gallery.CHARTS) + 3
    assert all((folder / name).read_text("utf-8").startswith("<svg") for name in shown)
    for kind in allowed(Plot):
        assert f'plot("{kind}"' in text


def test_the_code_is_python_and_all_names_are_made_before_they_are_used(page) -> None:
    text, _ = page
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.S))
    made = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    assert {"result", "half_a_year", "judged", "ratings"} <= made
    assert "return result" not in code


def test_the_body_of_a_function_is_what_it_does() -> None:
    def one(result):
        """Title

        Words.
        """
        part = result[1:]
        return part.sum()

    assert gallery.body(one) == "part = result[1:]\npart.sum()"
    assert gallery.body(one, "whole").endswith("\nwhole = part.sum()")


def test_a_second_build_leaves_files_alone(page) -> None:
    _, folder = page
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    gallery.picture("prices", "x", gallery.result().plot("prices"), folder)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
