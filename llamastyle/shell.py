"""What the commands share: options, how battles are read, how tables and words leave."""

from __future__ import annotations

import inspect
import io
import sys
import textwrap
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from llamastyle.errors import LlamaStyleError
from llamastyle.options import Contrast, TableFormat, Ties, check_option, nearest
from llamastyle.report.progress import Working

if TYPE_CHECKING:
    import pandas as pd

    from llamastyle.data.battles import Battles
    from llamastyle.regression.result import StyleResult

File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Battles: parquet, CSV, JSON or JSON lines; a glob; hf://...; - for stdin."),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="NAME=COLUMN", help="Our name for a column, e.g. winner=vote; once for each."),
]
Label = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="VALUE=WINNER", help="What a winner value means, e.g. L=model_a; once for each."),
]
Right = Annotated[
    str | None, typer.Option("--correctness", metavar="FILE", help="Table with prompt_id, model, correct.")
]
Cluster = Annotated[
    list[str] | None,
    typer.Option("--cluster", metavar="COLUMN", help="Column of dependent rows; repeatable, up to three; or auto."),
]
Chosen = Annotated[
    str | None,
    typer.Option(
        "--features", metavar="LIST", help="A preset, or names with commas; phrases:de, phrases:FILE."
    ),
]
Kind = Annotated[
    list[str] | None,
    typer.Option(
        "--contrast", metavar="KIND", help="For all features, or NAME=KIND for one feature or group, once for each."
    ),
]
Source = Annotated[
    str, typer.Option("--input", metavar="FORMAT", help="Format of the file, if its columns do not tell.")
]
Answers = Annotated[
    str | None,
    typer.Option("--responses", metavar="FILE", help="If the file holds verdicts only: texts, by prompt and model."),
]
Lenient = Annotated[bool, typer.Option("--lenient", help="Set bad rows aside, count them, and go on.")]
Form = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="table|csv|csv-plain|json|md",
        help="How tables are written; csv-plain leaves what a spreadsheet would take for a formula.",
    ),
]
Handling = Annotated[
    str,
    typer.Option(
        "--ties",
        metavar="half|drop|davidson",
        help="A tie is half a win each, left out, or an outcome of its own.",
    ),
]
Position = Annotated[bool, typer.Option("--position", help="Estimate an advantage of the first side.")]
Level = Annotated[float, typer.Option("--level", help="Level of the intervals.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Options of every command that reads battles."""

    file: File
    maps: Map = None
    labels: Label = None
    chosen: Chosen = None
    source: Source = "auto"
    responses: Answers = None
    lenient: Lenient = False
    form: Form = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting(Reading):
    """Options of every command that fits them."""

    correctness: Right = None
    cluster: Cluster = None
    contrast: Kind = None
    ties: Handling = "half"
    position: Position = False
    level: Level = 0.95


def bundled(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the fields of its first parameter's class as options, its own options after the file."""
    (_, first), *own = inspect.signature(command, eval_str=True).parameters.items()
    bundle, hints = first.annotation, get_type_hints(first.annotation, include_extras=True)

    def run(**given: Any) -> None:
        options = bundle(**{f.name: given.pop(f.name) for f in fields(bundle)})
        check_option("--format", options.form, TableFormat)
        command(options, **given)

    kind = inspect.Parameter.KEYWORD_ONLY
    file, *rest = [
        inspect.Parameter(
            f.name,
            kind,
            annotation=hints[f.name],
            default=inspect.Parameter.empty if f.default is MISSING else f.default,
        )
        for f in fields(bundle)
    ]
    signature = inspect.Signature([file, *(p.replace(kind=kind) for _, p in own), *rest])
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    setattr(run, "__signature__", signature)  # noqa: B010 - functions have no such attribute to a type checker
    return run


class Exit(int, Enum):
    """Exit codes."""

    FINE = 0
    CONDITION = 1
    WRONG = 2


def complain(text: str) -> Exit:
    print(f"llamastyle: {one_line(text)}", file=sys.stderr)
    return Exit.WRONG


def one_line(text: str) -> str:
    from llamastyle.report.tables import clean

    # Spaces stay as they are: what is to be pasted may hold two in a row.
    return clean(" ".join(line.strip() for line in text.splitlines()))


def show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"note: {one_line(str(message))}", file=sys.stderr)


def say(*lines: str) -> None:
    """Words to stderr, each on a line of its own; wrapped where somebody reads them in a terminal."""
    for line in lines:
        text = one_line(line)
        if sys.stderr.isatty():
            text = textwrap.fill(text, width(), break_long_words=False, break_on_hyphens=False)
        print(text, file=sys.stderr)


def pairs(values: list[str] | None, option: str, last: bool = False) -> dict[str, str] | None:
    """``NAME=VALUE`` of an option that may be repeated; ``last``: the last ``=`` parts the two, not the first."""
    found: dict[str, str] = {}
    for value in values or []:
        left, sign, right = value.rpartition("=") if last else value.partition("=")
        if not sign or not right or not (left or last):
            raise LlamaStyleError(f"{option} {value!r} must be written NAME=VALUE")
        if found.get(left, right) != right:
            raise LlamaStyleError(f"{option} gives {left!r} two meanings, {found[left]!r} and {right!r}; give one")
        found[left] = right
    return found or None


def contrasts(values: list[str] | None) -> str | dict[str, str] | None:
    if values and len(values) == 1 and "=" not in values[0]:
        check_option("--contrast", values[0], Contrast)
        return values[0]
    return pairs(values, "--contrast")


LISTS = "phrases:"
"""What a phrase list is called by in --features: a language or a file behind it."""


def chosen_features(chosen: str | None) -> Any:
    if chosen is None:
        return None
    names = [name.strip() for name in chosen.split(",") if name.strip()]
    if not names:
        raise LlamaStyleError(f"--features {chosen!r} names no feature; llamastyle audit --help lists presets")
    if len(names) == 1 and not names[0].startswith(LISTS):
        return names[0]
    from llamastyle.features.phrase_lists import phrase_list

    return [phrase_list(name.removeprefix(LISTS)) if name.startswith(LISTS) else name for name in names]


def read(options: Reading) -> Battles:
    from llamastyle.data.readers import read_battles

    fitting = options if isinstance(options, Fitting) else None
    right = fitting.correctness if fitting else None
    pair = right.split(",") if right and "," in right and not Path(right).exists() else None
    if options.file == "-" and sys.stdin is None:
        raise LlamaStyleError("- reads stdin, but there is none; name a file")
    return read_battles(
        io.BytesIO(sys.stdin.buffer.read()) if options.file == "-" else options.file,
        format=options.source,
        columns=pairs(options.maps, "--map"),
        labels=pairs(options.labels, "--label", last=True),
        correctness=tuple(pair) if pair else right,
        responses=options.responses,
        cluster=(fitting.cluster or None) if fitting and not by_itself(fitting) else None,
        strict=not options.lenient,
    )


def by_itself(options: Fitting) -> bool:
    """Whether the fit is to find the columns to cluster by: prompts and voters where both will do."""
    return options.cluster == ["auto"]


def width() -> int:
    """Columns of the terminal; 120 where there is none."""
    import shutil

    return max(shutil.get_terminal_size((120, 24)).columns, 60)


def print_table(frame: pd.DataFrame, form: str) -> None:
    from llamastyle.report.tables import numbered_notes, render

    notes: list[str] = []
    if form == "table" and "note" in frame:
        frame, notes = numbered_notes(frame)
    print(render(frame, form, width()))
    for note in notes:
        print(f"note {one_line(note)}")


def explain(result: StyleResult) -> None:
    """What every output says first: how the data were read and how errors are taken."""
    from llamastyle.regression.wording import error_words

    say(*result.notes)
    if result.estimates is not None:
        say(error_words(result.estimates.clustering, result.settings.level))
    if result.dropped:
        say(
            f"{len(result.dropped)} models have no finite rating and were left out (the note of each says why)"
        )


def fitted(options: Fitting, *models: str) -> StyleResult:
    """Read, fit and say what was done; ``models`` that the file lacks are an error before the work begins."""
    from llamastyle.regression.fitting import audit

    kinds = contrasts(options.contrast)
    ties: Any = check_option("--ties", options.ties, Ties)
    with Working("reading"):
        battles = read(options)
    for model in models:
        if model not in battles.models:
            raise LlamaStyleError(
                f"no battle in {options.file} has a model {model!r}{nearest(model, battles.models)}"
            )
    chosen: dict[str, Any] = {"cluster": "auto"} if by_itself(options) else {}
    chosen |= {"contrast": kinds, "level": options.level, "ties": ties, "position": options.position}
    with Working("fitting"):
        result = audit(battles, chosen_features(options.chosen), **chosen)
    explain(result)
    return result


def check_output(output: str, *endings: str, option: str = "--output") -> None:
    """Raise at once if a file that is to be written at the end cannot be."""
    path = Path(output)
    if path.suffix not in endings:
        raise LlamaStyleError(f"{option} {output!r} must end in {' or '.join(endings)}")
    if not path.parent.is_dir():
        raise LlamaStyleError(f"{option} {output!r}: there is no folder {str(path.parent)!r}")


def write_table(frame: pd.DataFrame, output: str) -> None:
    """Write a table as CSV, JSON lines or parquet, by the name's ending, whole or not at all."""
    from llamastyle.report.files import write_whole

    if output.endswith(".csv"):
        write_whole(output, lambda path: frame.to_csv(path, index=False))
    elif output.endswith(".jsonl"):
        write_whole(output, lambda path: frame.to_json(path, orient="records", lines=True, force_ascii=False))
    else:
        write_whole(output, lambda path: frame.to_parquet(path, index=False))
