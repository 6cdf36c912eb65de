"""The command ``llamastyle``: tables to stdout, words to stderr, one line for every mistake.

Exit codes: 0 fine; 1 a ``--fail-on`` condition holds; 2 the input or the call is wrong.
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llamastyle import __version__
from llamastyle.errors import LlamaStyleError, LlamaStyleWarning
from llamastyle.options import Contrast, TableFormat, Verdict, allowed, check_option, nearest

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

File = Annotated[str, typer.Argument(help="Battles: parquet, CSV, JSON or JSON lines; a glob; - for stdin.")]
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


def _read(
    file: str,
    maps: list[str] | None,
    labels: list[str] | None,
    correctness: str | None,
    cluster: str | None,
    source: str,
    lenient: bool,
) -> Battles:
    from llamastyle.data.readers import read_battles

    pair = (
        correctness.split(",")
        if correctness and "," in correctness and not Path(correctness).exists()
        else None
    )
    return read_battles(
        io.BytesIO(sys.stdin.buffer.read()) if file == "-" else file,
        format=source,
        columns=_pairs(maps, "--map"),
        labels=_pairs(labels, "--label"),
        correctness=tuple(pair) if pair else correctness,
        cluster=cluster,
        strict=not lenient,
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
    shown = (_beside(prices, 1.0, 3), _beside(models[0], 1.0, 1), _beside(models[1], 100.0, 1))
    for title, frame in zip(titles, shown, strict=True):
        print(f"\n{title}\n")
        _print(frame, form)
    covered = sum(np.count_nonzero(frame["covered"]) for frame in (prices, *models))
    total = sum(len(frame) for frame in (prices, *models))
    print(f"\n{covered} of {total} intervals cover what was planted.\n{_one_line(result.headline())}")


def _beside(frame: pd.DataFrame, factor: float, digits: int) -> pd.DataFrame:
    from llamastyle.report.tables import with_interval

    shown = with_interval(frame, "estimate", "conf_low", "conf_high", "found [95 % interval]", factor, digits)
    return shown.assign(planted=(shown["planted"] * factor).map(f"{{:.{digits}f}}".format))


@app.command("features")
def features_command(
    file: Annotated[
        str, typer.Argument(help="Battles or texts: parquet, CSV, JSON or JSON lines; - for stdin.")
    ],
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write .parquet or .csv instead.")
    ] = None,
    maps: Map = None,
    labels: Label = None,
    chosen: Chosen = None,
    source: Source = "auto",
    lenient: Lenient = False,
    form: Form = "table",
) -> None:
    """Features of both sides of battles, one row a battle."""
    check_option("--format", form, TableFormat)
    if output is not None:
        _check_output(output)
    from llamastyle.features.extraction import extract

    read = _read(file, maps, labels, None, None, source, lenient)
    _say(*read.notes)
    frame = extract(read, _features(chosen)).to_frame()
    if output is None:
        _print(frame, form)
        return
    _write(frame, Path(output))
    _say(f"{len(frame)} rows, {frame.shape[1]} columns written to {output}")


@app.command()
def leaderboard(
    file: File,
    maps: Map = None,
    labels: Label = None,
    correctness: Right = None,
    cluster: Cluster = None,
    chosen: Chosen = None,
    contrast: Kind = None,
    source: Source = "auto",
    lenient: Lenient = False,
    level: Level = 0.95,
    form: Form = "table",
) -> None:
    """Raw and style-controlled ratings, side by side."""
    check_option("--format", form, TableFormat)
    result = _fit(file, maps, labels, correctness, cluster, chosen, contrast, source, lenient, level)
    table = result.ratings()
    _print(_shown_ratings(table) if form == "table" else table, form)


@app.command("audit")
def audit_command(
    file: File,
    maps: Map = None,
    labels: Label = None,
    correctness: Right = None,
    cluster: Cluster = None,
    chosen: Chosen = None,
    contrast: Kind = None,
    margin: Annotated[
        float, typer.Option("--margin", help="Arena points of inflation that still count as nothing.")
    ] = 20.0,
    fail_on: Annotated[
        list[str] | None, typer.Option("--fail-on", metavar="VERDICT", help="Exit with 1 if a model has it.")
    ] = None,
    source: Source = "auto",
    lenient: Lenient = False,
    level: Level = 0.95,
    form: Form = "table",
) -> None:
    """A verdict a model: how much of its standing is style."""
    check_option("--format", form, TableFormat)
    for verdict in fail_on or []:
        if verdict not in allowed(Verdict):
            known = allowed(Verdict)
            raise LlamaStyleError(
                f"--fail-on {verdict!r} is no verdict{nearest(verdict, known)}; use {', '.join(known)}"
            )
    result = _fit(file, maps, labels, correctness, cluster, chosen, contrast, source, lenient, level)
    table = result.audit(margin=margin)
    _print(_shown_audit(table, _width()) if form == "table" else table, form)
    if form == "table":
        _print_beside(result)
    found = [v for v in fail_on or [] if v in set(table["verdict"])]
    if found:
        flagged = sum(verdict in found for verdict in table["verdict"])
        _say(f"--fail-on: {flagged} models are {' or '.join(found)}")
        raise typer.Exit(int(Exit.CONDITION))


def _fit(
    file: str,
    maps: list[str] | None,
    labels: list[str] | None,
    correctness: str | None,
    cluster: str | None,
    chosen: str | None,
    contrast: list[str] | None,
    source: str,
    lenient: bool,
    level: float,
) -> StyleResult:
    from llamastyle.regression.fitting import audit as fit_forgiving

    kinds = _contrasts(contrast)
    battles = _read(file, maps, labels, correctness, cluster, source, lenient)
    result = fit_forgiving(battles, _features(chosen), contrast=kinds, level=level)
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


def _shown_audit(table: pd.DataFrame, width: int) -> pd.DataFrame:
    """What fits a terminal: intervals folded, and below 110 columns only what a verdict rests on."""
    from llamastyle.report.tables import with_interval

    shown = table.drop(
        columns=[c for c in table if c.startswith(("rating", "rank")) or c in ("p_value", "distance")]
    )
    shown = with_interval(shown, "parity_change", "change_low", "change_high", "parity change", 100.0)
    shown = with_interval(shown, "inflation", "inflation_low", "inflation_high", "inflation")
    shown["win_rate"] = [f"{100 * rate:.1f}" for rate in shown["win_rate"]]
    shown["unusual"] = ["" if u != u else f"{u:.1f}" for u in shown["unusual"]]
    names = {"battles_needed": "needed", "top_feature": "mostly", "win_rate": "win %"}
    shown = shown.drop(columns="q_value").rename(columns=names)
    if width < 110:
        shown = shown.drop(columns=["unusual", "mostly", "needed"])
    return _without_empty(shown)


def _shown_ratings(table: pd.DataFrame) -> pd.DataFrame:
    from pandas import isna

    from llamastyle.report.tables import with_interval

    shown = with_interval(table, "rating_plain", "rating_plain_low", "rating_plain_high", "plain")
    shown = with_interval(shown, "rating", "conf_low", "conf_high", "controlled")
    ranks = [
        f"{a}-{b}" if not isna(a) else "" for a, b in zip(table["rank_low"], table["rank_high"], strict=True)
    ]
    shown.insert(list(shown.columns).index("rank_low"), "ranks", ranks)
    return _without_empty(shown.drop(columns=["rank_low", "rank_high"]).rename(columns={"rating_raw": "raw"}))


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Optional columns that say nothing take no room."""
    cells: Any = frame
    optional = [c for c in ("note", "unusual", "needed") if c in frame]
    return frame.drop(columns=[c for c in optional if cells[c].isna().all() or set(cells[c]) <= {""}])


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
