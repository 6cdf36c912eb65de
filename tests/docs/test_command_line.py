"""What the documentation says of the command line is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from llamastyle.cli import app

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text("utf-8")


def options_of_the_commands() -> set[str]:
    commands = typer.main.get_command(app).commands.values()  # type: ignore[attr-defined]
    return {name for command in commands for option in command.params for name in option.opts if "--" in name}


def test_every_option_named_exists() -> None:
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE)) - {"--help"}
    assert len(named) > 8
    assert named - options_of_the_commands() == set()


def test_every_command_is_named() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"^llamastyle ([a-z]+)", PAGE, re.M)) == commands
