"""The command ``llamastyle``: tables to stdout, words to stderr, one line for every mistake.

Exit codes: 0 fine; 1 a ``--fail-on`` condition holds; 2 the input or the call is wrong.
"""

from __future__ import annotations

import inspect
import io
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from llamastyle import __version__
from llamastyle.errors import LlamaStyleError, LlamaStyleWarning
from llamastyle.options import Contrast, Scale, TableFormat, Verdict, allowed, check_option, nearest

if TYPE_CHECKING:
    import pandas as pd

    from llamastyle.data.battles import Battles
    from llamastyle.regression.result import StyleResult

__all__ = ["app", "main"]

app = typer.Typer(
    name="llamastyle",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="How much of a win is how it was said, and how much is being right.",
)

File = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Battles: parquet, CSV, JSON or JSON lines; a glob; - for stdin."),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="NAME=COLUMN", help="Our name for a column, e.g. winner=vote."),
]
Label = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="VALUE=WINNER", help="What a winner value means, e.g. left=model_a."),
]
Right = Annotated[
    str | None, typer.Option("--correctness", metavar="FILE", help="Table with prompt_id, model, correct.")
]
Cluster = Annotated[
    str | None, typer.Option("--cluster", metavar="COLUMN", help="Column whose rows are not independent.")
]
Chosen = Annotated[
    str | None,
    typer.Option(
        "--features", metavar="LIST", help="default, arena, arena_words, all, or names with commas."
    ),
]
Kind = Annotated[
    list[str] | None,
    typer.Option(
        "--contrast", metavar="KIND", help="For all features, or NAME=KIND for one feature or group."
    ),
]
Source = Annotated[
    str, typer.Option("--input", metavar="FORMAT", help="Format of the file, if its columns do not tell.")
]
Lenient = Annotated[bool, typer.Option("--lenient", help="Set bad rows aside, count them, and go on.")]
Form = Annotated[str, typer.Option("--format", metavar="table|csv|json|md", help="How tables are written.")]
Level = Annotated[float, typer.Option("--level", help="Level of the intervals.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Options of every command that reads battles."""

    file: File
    maps: Map = None
    labels: Label = None
    chosen: Chosen = None
    source: Source = "auto"
    lenient: Lenient = False
    form: Form = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting(Reading):
    """Options of every command that fits them."""

    correctness: Right = None
    cluster: Cluster = None
    contrast: Kind = None
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


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    warnings.showwarning = _show_warning
    warnings.simplefilter("always", LlamaStyleWarning)
    try:
        code = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except LlamaStyleError as error:
        code = _complain(str(error))
    except typer.Exit as leaving:
        code = leaving.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = _complain("interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.FINE
    except OSError as error:
        code = _complain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's own complaints about the call
            raise
        code = _complain(error.format_message())  # pyright: ignore[reportAttributeAccessIssue]
    sys.exit(int(code) if isinstance(code, int) else 0)


def _complain(text: str) -> Exit:
    print(f"llamastyle: {_one_line(text)}", file=sys.stderr)
    return Exit.WRONG


def _one_line(text: str) -> str:
    from llamastyle.report.tables import clean

    return clean(" ".join(text.split()))


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"note: {_one_line(str(message))}", file=sys.stderr)


def _say(*lines: str) -> None:
    for line in lines:
        print(_one_line(line), file=sys.stderr)


def _pairs(values: list[str] | None, option: str) -> dict[str, str] | None:
    pairs: dict[str, str] = {}
    for value in values or []:
        left, sign, right = value.partition("=")
        if not sign or not left or not right:
            raise LlamaStyleError(f"{option} {value!r} must be written NAME=VALUE")
        pairs[left] = right
    return pairs or None


def _contrasts(values: list[str] | None) -> str | dict[str, str] | None:
    if values and len(values) == 1 and "=" not in values[0]:
        check_option("--contrast", values[0], Contrast)
        return values[0]
    return _pairs(values, "--contrast")


def _features(chosen: str | None) -> Any:
    if chosen is None:
        return None
    names = [name.strip() for name in chosen.split(",") if name.strip()]
    return names[0] if len(names) == 1 else names


def _read(options: Reading) -> Battles:
    from llamastyle.data.readers import read_battles

    fitting = options if isinstance(options, Fitting) else None
    right = fitting.correctness if fitting else None
    pair = right.split(",") if right and "," in right and not Path(right).exists() else None
    return read_battles(
        io.BytesIO(sys.stdin.buffer.read()) if options.file == "-" else options.file,
        format=options.source,
        columns=_pairs(options.maps, "--map"),
        labels=_pairs(options.labels, "--label"),
        correctness=tuple(pair) if pair else right,
        cluster=fitting.cluster if fitting else None,
        strict=not options.lenient,
    )


def _width() -> int:
    import shutil

    return max(shutil.get_terminal_size((120, 24)).columns, 60)


def _print(frame: pd.DataFrame, form: str) -> None:
    from llamastyle.report.tables import numbered_notes, render

    notes: list[str] = []
    if form == "table" and "note" in frame:
        frame, notes = numbered_notes(frame)
    print(render(frame, form, _width()))
    for note in notes:
        print(f"note {_one_line(note)}")


def _explain(result: StyleResult) -> None:
    """What every output says first: how the data were read and how errors are taken."""
    from llamastyle.regression.wording import error_words

    _say(*result.notes)
    if result.estimates is not None:
        _say(error_words(result.estimates.clustering, result.settings.level))
    if result.dropped:
        _say(
            f"{len(result.dropped)} models have no finite rating and were left out (the note of each says why)"
        )


@app.callback(invoke_without_command=True)
def start(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command()
def demo(
    battles: Annotated[int, typer.Option(help="How many votes to simulate.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the arena.")] = 1,
    form: Form = "table",
) -> None:
    """An arena with known truth: what was planted, and what was found."""
    check_option("--format", form, TableFormat)
    import numpy as np

    from llamastyle.data.simulation import simulate
    from llamastyle.regression.fitting import fit
    from llamastyle.regression.planted import planted_models, planted_prices
    from llamastyle.report.terminal import beside

    arena = simulate(battles, 12, seed=seed)
    result = fit(arena.battles, separated="drop")
    truth = arena.truth()
    prices = planted_prices(arena, result)
    models = [planted_models(truth, result, quantity) for quantity in ("inflation", "parity_change")]
    if form != "table":
        import pandas as pd

        named = [prices.rename(columns={"term": "name"}).assign(quantity="price")]
        for frame, quantity in zip(models, ("inflation", "parity_change"), strict=True):
            named.append(frame.rename(columns={"model": "name"}).assign(quantity=quantity))
        _print(pd.concat(named, ignore_index=True), form)
        return
    _explain(result)
    titles = (
        "Prices: log-odds per recorded scale",
        "Style inflation of each model, Arena points",
        "Parity change of each model: win rate that goes with style, points",
    )
    print(
        f"Planted: {len(arena.battles)} votes on {len(arena.world.models)} models; found beside it with intervals."
    )
    shown = (beside(prices, 1.0, 3), beside(models[0], 1.0, 1), beside(models[1], 100.0, 1))
    for title, frame in zip(titles, shown, strict=True):
        print(f"\n{title}\n")
        _print(frame, form)
    covered = sum(np.count_nonzero(frame["covered"]) for frame in (prices, *models))
    total = sum(len(frame) for frame in (prices, *models))
    print(f"\n{covered} of {total} intervals cover what was planted.\n{_one_line(result.headline())}")


@app.command("features")
@bundled
def features_command(
    options: Reading,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write .parquet or .csv instead.")
    ] = None,
) -> None:
    """Features of both sides of battles, one row a battle."""
    if output is not None:
        _check_output(output)
    from llamastyle.data.battles import with_texts
    from llamastyle.features.extraction import extract

    read, textless = with_texts(_read(options))
    _say(*read.notes, *textless)
    frame = extract(read, _features(options.chosen)).to_frame()
    if output is None:
        _print(frame, options.form)
        return
    _write(frame, Path(output))
    _say(f"{len(frame)} rows, {frame.shape[1]} columns written to {output}")


@app.command()
@bundled
def leaderboard(options: Fitting) -> None:
    """Raw and style-controlled ratings, side by side."""
    from llamastyle.report.terminal import rating_columns

    table = _fit(options).ratings()
    _print(rating_columns(table) if options.form == "table" else table, options.form)


@app.command("audit")
@bundled
def audit_command(
    options: Fitting,
    margin: Annotated[
        float, typer.Option("--margin", help="Arena points of inflation that still count as nothing.")
    ] = 20.0,
    fail_on: Annotated[
        list[str] | None, typer.Option("--fail-on", metavar="VERDICT", help="Exit with 1 if a model has it.")
    ] = None,
) -> None:
    """A verdict a model: how much of its standing is style."""
    from llamastyle.report.terminal import audit_columns

    known = allowed(Verdict)
    for verdict in fail_on or []:
        if verdict not in known:
            raise LlamaStyleError(
                f"--fail-on {verdict!r} is no verdict{nearest(verdict, known)}; use {', '.join(known)}"
            )
    result = _fit(options)
    table = result.audit(margin=margin)
    _print(audit_columns(table, _width()) if options.form == "table" else table, options.form)
    if options.form == "table":
        _print_beside(result)
    found = [v for v in fail_on or [] if v in set(table["verdict"])]
    if found:
        flagged = sum(verdict in found for verdict in table["verdict"])
        _say(f"--fail-on: {flagged} models are {' or '.join(found)}")
        raise typer.Exit(int(Exit.CONDITION))


@app.command()
@bundled
def compare(
    options: Fitting,
    model: Annotated[str, typer.Argument(metavar="MODEL_A", help="The gap is this model's standing minus")],
    other: Annotated[str, typer.Argument(metavar="MODEL_B", help="this one's.")],
    scale: Annotated[
        str, typer.Option("--scale", metavar="rating|win_rate", help="Arena points, or points of win rate.")
    ] = "rating",
) -> None:
    """How much of the gap between two models goes with style, with correctness, and what is left."""
    which: Any = check_option("--scale", scale, Scale)
    from llamastyle.regression.wording import gap_words
    from llamastyle.report.terminal import gap_columns

    result = _fit(options, model, other)
    gap = result.compare(model, other, scale=which)
    if options.form != "table":
        _print(gap, options.form)
        return
    _print(gap_columns(gap, which), "table")
    print(f"\n{_one_line(gap_words(result, model, other, which))}")


def _fit(options: Fitting, *models: str) -> StyleResult:
    """Read and fit; ``models`` that the file does not have are an error before the work begins."""
    from llamastyle.regression.fitting import audit as fit_forgiving

    kinds = _contrasts(options.contrast)
    battles = _read(options)
    for model in models:
        if model not in battles.models:
            hint = nearest(model, battles.models)
            raise LlamaStyleError(f"no battle in {options.file} has a model {model!r}{hint}")
    result = fit_forgiving(battles, _features(options.chosen), contrast=kinds, level=options.level)
    _explain(result)
    return result


def _print_beside(result: StyleResult) -> None:
    """Under the verdicts: exchange and override rates, or prices, and the answer in words."""
    if result.estimates is not None:
        if result.settings.with_correctness:
            rates = result.exchange_rates()
            print("\nExchange rates: right answers that one step is worth\n")
            _print(rates.groupby("term", sort=False).tail(1).drop(columns="group"), "table")
            print("\nOverrides: how often the wrong side wins where exactly one is right\n")
            _print(result.overrides(), "table")
        else:
            prices: Any = result.tidy()
            print("\nPrices: log-odds per recorded scale\n")
            _print(prices[prices["block"] != "strength"].drop(columns=["block"]), "table")
    print(f"\n{_one_line(result.headline())}")


def _check_output(output: str) -> None:
    path = Path(output)
    if path.suffix not in (".parquet", ".csv"):
        raise LlamaStyleError(f"--output {output!r} must end in .parquet or .csv")
    if not path.parent.is_dir():
        raise LlamaStyleError(f"--output {output!r}: there is no folder {str(path.parent)!r}")


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write a table whole or not at all."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        if path.suffix == ".csv":
            frame.to_csv(unfinished, index=False)
        else:
            frame.to_parquet(unfinished, index=False)
        unfinished.chmod(0o666 & ~_umask())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
