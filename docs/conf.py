"""Sphinx configuration; what is generated at build time goes to ``docs/generated``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

import llamastyle as ls  # noqa: E402
from docs.answers import compared  # noqa: E402
from docs.case import maverick_page  # noqa: E402
from docs.commands import commands_page  # noqa: E402
from docs.gallery import gallery_page  # noqa: E402
from docs.links import faults  # noqa: E402
from docs.notebooks import notebook_pages  # noqa: E402
from docs.published import published_page  # noqa: E402
from docs.studies import find_studies, real_data_sections, studies_page  # noqa: E402
from docs.studies.catalogue import catalogue_page  # noqa: E402

project = "llamastyle"
release = version = ls.__version__
copyright = "the llamastyle authors"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "studies", "generated/fragments"]

# Running the notebooks takes minutes; `-D nb_execution_mode=cache` does so. Only their pages are run: in
# a folder of their own, so that they find no data beside them, and with the package of this checkout.
nb_execution_mode = "off"
nb_execution_in_temp = True
nb_execution_timeout = 600
nb_execution_raise_on_error = True
os.environ["PYTHONPATH"] = os.pathsep.join([str(DOCS.parent), os.environ.get("PYTHONPATH", "")])
os.environ["PYTHONWARNINGS"] = "ignore"
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
nitpicky = True
nitpick_ignore_regex = [("py:class", r"sklearn\..*|llamastyle\.regression\.\w+_tables\..*")]  # bases, without pages

html_math_renderer = "mathml"
html_title = "llamastyle"
html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_prev_next": False, "navigation_with_keys": False}
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_show_search_summary = False  # would be fetched, which a browser refuses for pages opened from a disk


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
    folder.mkdir(parents=True, exist_ok=True)  # charts are written there too
    known = find_studies()
    made = {"catalogue": catalogue_page(), "presets": preset_table(), "studies": studies_page(known)}
    made |= {"commands": commands_page(), "compared": compared()}
    made |= {"maverick": maverick_page(folder), "published": published_page(), **real_data_sections(known)}
    made["gallery"] = gallery_page(folder)
    texts = {folder / f"{name}.md": text for name, text in made.items()}
    texts |= notebook_pages(DOCS.parent / "notebooks", DOCS / "generated" / "notebooks", app.config.nb_execution_mode)
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def check_links(app: Sphinx, error: Exception | None) -> None:
    """A link that leads nowhere, or anything from a server, is a warning like any other."""
    if error is None and app.builder.name == "html":
        for line in faults(Path(app.outdir)):
            logging.getLogger(__name__).warning(line)


def write_inline(page: HTML5Translator, node: nodes.math) -> None:
    """A formula in a line as MathML, which browsers draw by themselves: no script and no network."""
    page.body.append(convert(node.astext()))
    raise nodes.SkipNode


def write_block(page: HTML5Translator, node: nodes.math_block) -> None:
    page.body.append(f'<div style="margin-bottom: 1rem">{convert(node.astext(), display="block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", write_fragments)
    app.connect("build-finished", check_links)
    app.add_html_math_renderer("mathml", (write_inline, None), (write_block, None))
