"""Sphinx configuration; what is generated at build time goes to ``docs/generated``."""

from __future__ import annotations

import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

import llamastyle as ls  # noqa: E402
from docs.case import maverick_page  # noqa: E402
from docs.published import published_page  # noqa: E402
from docs.studies import find_studies, real_data_sections, studies_page  # noqa: E402
from docs.studies.catalogue import catalogue_page  # noqa: E402

project = "llamastyle"
release = version = ls.__version__
copyright = "the llamastyle authors"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "studies", "generated/fragments"]

nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_math_renderer = "mathml"
html_title = "llamastyle"
html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_prev_next": False, "navigation_with_keys": False}
html_show_sourcelink = False


def preset_table() -> str:
    """What each preset holds, with the contrast of each feature."""
    lines = ["| preset | features |", "|---|---|"]
    for name in ("DEFAULT", "ARENA", "ARENA_WORDS", "ALL"):
        features = ", ".join(f"`{feature.name}`" for feature in getattr(ls, name))
        lines.append(f"| `ls.{name}` | {features} |")
    return "\n".join([*lines, ""])


def write_fragments(app: Sphinx) -> None:
    """Write what is generated from the code, leaving files alone that did not change."""
    folder = DOCS / "generated" / "fragments"
    folder.mkdir(parents=True, exist_ok=True)
    known = find_studies()
    made = {"catalogue": catalogue_page(), "presets": preset_table(), "studies": studies_page(known)}
    made |= {"maverick": maverick_page(folder), "published": published_page(), **real_data_sections(known)}
    for name, text in made.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def write_inline(page: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line as MathML, which browsers draw by themselves: no script and no network."""
    page.body.append(convert(node.astext()))
    raise nodes.SkipNode


def write_block(page: HTML5Translator, node: nodes.math_block) -> None:
    page.body.append(f'<div style="margin-bottom: 1rem">{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_fragments)
    app.add_html_math_renderer("mathml", (write_inline, None), (write_block, None))
