"""What pages share: their templates, their one script, and charts drawn for wide and for narrow screens."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from llamastyle.report import charts
from llamastyle.report.colours import DARK, LIGHT
from llamastyle.report.page_tables import FLAGGED
from llamastyle.report.svg import inline_svg
from llamastyle.report.tables import clean

if TYPE_CHECKING:
    import altair as alt
    from jinja2 import Environment

__all__ = ["NARROW", "WIDE", "Figure", "drawn_figure", "environment", "linked", "looks", "markup"]

WIDE, NARROW = 760, 340  # pixels that a chart is drawn for: a screen or paper, and a phone

# Hosts are plain letters, so that no address can look like another one.
_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]+)?(?:[/?#][A-Za-z0-9_./?#=&%~:+,;@!()-]*)?")


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart drawn: its markup for wide and for narrow screens, and the words under it."""

    title: str
    says: str
    wide: Any
    narrow: Any = None


def drawn_figure(draw: Callable[[int], alt.LayerChart]) -> Figure:
    """The chart that ``draw`` makes, called with a width in pixels, as a figure."""
    with charts.unchecked():
        specs = [draw(width).to_dict(validate=False) for width in (WIDE, NARROW)]
    title, says = (" ".join(specs[0]["title"][part]) for part in ("text", "subtitle"))
    wide, narrow = (markup(inline_svg(spec, f"{title}. {says}")) for spec in specs)
    return Figure(title, says, wide, narrow)


def markup(text: str) -> Any:
    """A text that is markup already."""
    from markupsafe import Markup

    return Markup(text)


def linked(text: object) -> Any:
    """The text escaped, its https:// addresses as links.

    Examples
    --------
    >>> print(linked("<b> https://example.org/a, javascript:x"))
    &lt;b&gt; <a href="https://example.org/a" rel="noreferrer">https://example.org/a</a>, javascript:x
    """
    from markupsafe import Markup, escape

    shown, at, out = clean(text), 0, Markup("")
    for found in _ADDRESS.finditer(shown):
        address = found.group().rstrip(".,;:!?" if "(" in found.group() else ".,;:!?)")
        out += escape(shown[at : found.start()])
        out += Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(address)
        at = found.start() + len(address)
    return out + escape(shown[at:])


def looks() -> dict[str, Any]:
    """What every page's template takes: the script with its digest for the policy, and the colours."""
    made = environment()
    assert made.loader is not None
    script = made.loader.get_source(made, "page.js")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"script": markup(script), "script_hash": f"sha256-{digest}", "light": LIGHT, "dark": DARK}


@cache
def environment() -> Environment:
    """Templates with every value escaped and cleaned; names and texts are values, never templates."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    def cleaned(value: object) -> object:
        return value if isinstance(value, Markup) or callable(value) else clean(value)

    made = Environment(
        loader=PackageLoader("llamastyle.report"),
        autoescape=True,
        finalize=cleaned,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["flagged"] = FLAGGED
    made.filters["bound"] = lambda text: str(text).replace(" %", "\u00a0%")
    return made
