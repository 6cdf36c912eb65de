"""The prose of a markdown text, as textstat has to be given it to count the same sentences and words."""

from __future__ import annotations

from tests.features.twin import Turn, words


def prose(text: str) -> str:
    """Lines of prose: fences and line markers removed, a full stop added to lines without one.

    Lines without a word go too: rules, underlines of headings, rows of dashes in tables. What is a fence and
    what a line marker is the twin's reading. textstat ends a sentence at . ! and ? only, so a line that ends
    with another mark gets a full stop as well. Reasoning stays, and turns are to be given one by one.
    """
    kept = [text[line.content : line.end].strip() for line in Turn(text).lines if not line.fenced]
    return "\n".join(line if line.endswith((".", "!", "?")) else f"{line}." for line in kept if words(line))
