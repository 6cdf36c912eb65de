"""What the commands share: bundled options, pairs, files."""

from __future__ import annotations

import inspect
import io
import sys
from typing import Annotated

import pandas as pd
import pytest
import typer

from llamastyle import shell
from llamastyle.errors import LlamaStyleError


def test_a_bundle_comes_apart_and_together_again():
    seen = []

    @shell.bundled
    def command(options: shell.Fitting, extra: Annotated[int, typer.Option()] = 3) -> None:
        """What it does."""
        seen.append((options, extra))

    names = list(inspect.signature(command).parameters)
    assert names[:2] == ["file", "extra"]
    assert {"maps", "ties", "level", "form"} < set(names)
    assert (command.__name__, command.__doc__) == ("command", "What it does.")
    given = {f: None for f in names if f not in ("file", "extra", "form")}
    command(file="x.csv", extra=5, form="csv", **given)
    assert (seen[0][0].file, seen[0][1]) == ("x.csv", 5)
    with pytest.raises(LlamaStyleError, match="table, csv, csv-plain, json, md"):
        command(file="x.csv", extra=5, form="xml", **given)


@pytest.mark.parametrize(
    ("values", "last", "expected"),
    [
        (None, False, None),
        (["winner=vote", "prompt_id=q=1"], False, {"winner": "vote", "prompt_id": "q=1"}),
        (["A=B=tie", "=both_bad"], True, {"A=B": "tie", "": "both_bad"}),
        (["a=x", "a=x"], False, {"a": "x"}),
    ],
)
def test_pairs(values, last, expected):
    assert shell.pairs(values, "--map", last) == expected


@pytest.mark.parametrize("value", ["winner", "winner=", "=vote"])
def test_half_a_pair_is_refused(value):
    with pytest.raises(LlamaStyleError, match="NAME=VALUE"):
        shell.pairs([value], "--map")


def test_features_are_names_or_one_preset():
    assert shell.chosen_features(None) is None
    assert shell.chosen_features("default") == "default"
    assert shell.chosen_features("words, bold") == ["words", "bold"]
    first, german = shell.chosen_features("words, phrases:de")
    assert (first, german.names[-1]) == ("words", "sycophancy_de")
    with pytest.raises(LlamaStyleError, match="names no feature"):
        shell.chosen_features(" , ")


def test_tables_are_written_by_their_ending(tmp_path):
    frame = pd.DataFrame({"x": [1.5, 2.5]})
    for name, read in (("t.csv", pd.read_csv), ("t.parquet", pd.read_parquet)):
        shell.write_table(frame, str(tmp_path / name))
        assert read(tmp_path / name)["x"].tolist() == [1.5, 2.5]
    with pytest.raises(LlamaStyleError, match="no folder"):
        shell.check_output(str(tmp_path / "not" / "t.csv"), ".csv")
    with pytest.raises(LlamaStyleError, match="must end in .csv or .parquet"):
        shell.check_output("t.xlsx", ".csv", ".parquet")


def test_words_are_wrapped_in_a_terminal_alone(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", "60")
    line = " ".join(["word"] * 40)
    for stderr, lines in ((Terminal(), 4), (io.StringIO(), 1)):
        monkeypatch.setattr(sys, "stderr", stderr)
        shell.say(line)
        shown = stderr.getvalue().splitlines()
        assert len(shown) == lines
        assert " ".join(shown) == line
