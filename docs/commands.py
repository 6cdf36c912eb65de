"""Arguments and options of every command, from the commands themselves."""

from __future__ import annotations

from collections import Counter
from typing import Any

import typer

from llamastyle.cli import app

__all__ = ["commands_page"]

SHARED = 3
"""An option that so many commands have, in the same words, is described once."""


def commands_page() -> str:
    """A section a command; options that many commands have stand once, in a section of their own."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    rows = {name: [row(parameter) for parameter in command.params] for name, command in commands.items()}
    times = Counter(line for lines in rows.values() for line in lines)
    shared = [line for line in times if times[line] >= SHARED]
    lines: list[str] = []
    for name, command in commands.items():
        own = [line for line in rows[name] if line not in shared]
        others = ", ".join(line.split("`")[1].split()[0] for line in rows[name] if line in shared)
        lines += [f"### {name}", "", command.help, "", *table(own)]
        lines += (
            [f"And, as [below](#what-several-commands-share): `{others.replace(', ', '`, `')}`.", ""]
            if others
            else []
        )
    return "\n".join([*lines, "### What several commands share", "", *table(shared)])


def row(parameter: Any) -> str:
    """Names and meaning, as a line of a Markdown table."""
    names = [] if parameter.param_type_name == "argument" else [", ".join(parameter.opts)]
    named = " ".join([*names, *filter(None, [parameter.metavar])]).replace("|", r"\|")
    default = parameter.default
    said = "" if default in (None, False, "") else f" By default `{default}`."
    return f"| `{named}` | {parameter.help}{said} |"


def table(rows: list[str]) -> list[str]:
    return ["| option | what |", "|---|---|", *rows, ""] if rows else []
