"""What the documentation says of the command line is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import typer

from docs.commands import commands_page
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


def test_every_option_of_a_command_is_in_its_section() -> None:
    """By itself or, where many have it, by its name, with the words at the end."""
    page = commands_page()
    parts = re.split(r"^### (.*)\n", page, flags=re.M)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    common = sections.pop("What several commands share")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert list(sections) == list(commands)
    for name, command in commands.items():
        assert command.help in sections[name]
        for parameter in command.params:
            known = parameter.metavar if parameter.param_type_name == "argument" else parameter.opts[-1]
            assert re.search(rf"`(?:-\w, )?{re.escape(known)}\b", sections[name]), (name, known)
            assert parameter.help in sections[name] + common
    assert "`--scale rating\\|win_rate` | Arena points, or points of win rate. By default `rating`." in page
    assert page.count("Column of dependent rows") == 1
