"""The page on the Maverick case: the sections of ``ls.maverick()`` as Markdown, with their charts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import llamastyle as ls
from llamastyle.report.story import Section, readable
from llamastyle.report.tables import clean, markdown_table

__all__ = ["maverick_page"]

LONGEST = 12
"""Rows of a table that the page shows; longer ones are in ``ls.maverick().tables``."""


def maverick_page(folder: Path) -> str:
    """Every section in order; the charts are written to ``folder``."""
    story = ls.maverick().story
    lines = ["## The case in figures", "", *paragraphs(story.lede)]
    for section in story.sections:
        lines += ["", f"### {clean(section.title)}", "", *paragraphs(section.says), *chart(section, folder)]
        lines += [*table(section), "", f"*Source:* {clean(section.source)}", "", f"*Caveat:* {clean(section.caveat)}"]
    return "\n".join([*lines, "", "### What is and what is not shown", "", *paragraphs(story.closing)])


def paragraphs(said: list[str]) -> list[str]:
    return [line for text in said for line in (clean(text).replace("*", r"\*").replace("<", r"\<"), "")]


def chart(section: Section, folder: Path) -> list[str]:
    """The chart as a file beside the fragment, and the line that shows it."""
    if section.chart is None:
        return []
    import vl_convert

    name = f"maverick-{section.key}.svg"
    drawn = vl_convert.vegalite_to_svg(section.chart(760).to_dict())
    if not (folder / name).exists() or (folder / name).read_text("utf-8") != drawn:
        (folder / name).write_text(drawn, "utf-8")
    return [f"![{clean(section.title)}](generated/fragments/{name})", ""]


def table(section: Section) -> list[str]:
    """The table, or how many rows there are elsewhere."""
    frame: pd.DataFrame | None = section.table
    if frame is None:
        return []
    if len(frame) > LONGEST:
        return [f'{section.caption}: {len(frame)} rows in `ls.maverick().tables["{section.key}"]`.']
    return [f"{section.caption}:", "", markdown_table(readable(frame, section.digits))]
