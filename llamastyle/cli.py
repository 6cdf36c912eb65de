"""The command ``llamastyle``: tables to stdout, words to stderr, one line for every mistake.

Exit codes: 0 fine; 1 a ``--fail-on`` condition holds; 2 the input or the call is wrong.
"""

from __future__ import annotations

import os
import shlex
import sys
import textwrap
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llamastyle import __version__
from llamastyle.errors import LlamaStyleError, LlamaStyleWarning
from llamastyle.options import Per, Scale, TableFormat, Verdict, allowed, check_option, nearest
from llamastyle.report.browser import MOST
from llamastyle.report.progress import Working
from llamastyle.shell import (
    Chosen,
    Exit,
    Fitting,
    Form,
    Label,
    Lenient,
    Level,
    Map,
    Reading,
    Right,
    Source,
    bundled,
    check_output,
    chosen_features,
    complain,
    explain,
    fitted,
    one_line,
    print_table,
    read,
    say,
    show_warning,
    width,
    write_table,
)

if TYPE_CHECKING:
    from llamastyle.data.battles import Battles
    from llamastyle.regression.result import StyleResult

__all__ = ["app", "main"]

AUDIT_KEY = {
    "parity change": (
        "parity change: win rate minus the win rate with style equal on both sides, in points, against the models met"
    ),
    "inflation": "inflation: Arena points of the raw rating that go with style, against the mean of these models",
    "q": "q: the false-discovery rate at which a model's inflation is clear of the margin; verdicts are given at 5 %",
    "needs battles": (
        "needs battles: of the model in all, to find an inflation of {twice:g} points (twice the margin) 4 times in 5"
    ),
}
AUDIT_ORDER = "order of the rows: the most inflated first, the most deflated last"
INTERRUPTED = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="llamastyle",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="How much of a win is how it was said, and how much is being right.",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    warnings.showwarning = show_warning
    warnings.simplefilter("always", LlamaStyleWarning)
    try:
        code = app(args=list(arguments) if arguments is not None else None, standalone_mode=False)
        if code == INTERRUPTED:
            code = complain("interrupted")
    except LlamaStyleError as error:
        code = complain(str(error))
    except typer.Exit as leaving:
        code = leaving.exit_code
    except (typer.Abort, KeyboardInterrupt):
        code = complain("interrupted")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = Exit.FINE
    except MemoryError:
        code = complain("there is not enough memory for this; try fewer battles or features")
    except OSError as error:
        code = complain(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's own complaints about the call
            traceback.print_exc()
            code = Exit.WRONG
        elif type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())  # pyright: ignore[reportAttributeAccessIssue]
            code = Exit.WRONG
        else:
            code = complain(error.format_message())  # pyright: ignore[reportAttributeAccessIssue]
    sys.exit(int(code) if isinstance(code, int) else 0)


@app.callback(invoke_without_command=True)
def start(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


@app.command(short_help="An arena with known truth: what was planted, and found.")
def demo(
    battles: Annotated[int, typer.Option(help="How many votes to simulate.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Seed of the arena.")] = 0,
    form: Form = "table",
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="The page; an empty name writes none.")
    ] = "report.html",
    votes: Annotated[
        str | None,
        typer.Option("--votes", metavar="FILE", help="Write the votes too, as .parquet, .csv or .jsonl."),
    ] = None,
) -> None:
    """An arena with known truth, from texts: what was planted, and what was found; writes report.html."""
    check_option("--format", form, TableFormat)
    if output:
        check_output(output, ".html")
    if votes is not None:
        check_output(votes, ".parquet", ".csv", ".jsonl", option="--votes")
    import pandas as pd

    from llamastyle.data.simulation import VERSIONS, simulate
    from llamastyle.regression.fitting import fit
    from llamastyle.regression.planted import planted_gap, planted_models, planted_prices
    from llamastyle.regression.wording import gap_words
    from llamastyle.report.terminal import beside

    with Working("simulating"):
        arena = simulate(battles, 12, texts=True, versions="style", seed=seed)
    if votes is not None:
        write_table(arena.battles.to_frame(), votes)
        say(f"the votes are {votes}")
    with Working("measuring and fitting"):
        result = fit(arena.battles, list(arena.world.features), separated="drop")
    truth = arena.truth()
    found = {
        "price": planted_prices(arena, result),
        "gap": planted_gap(arena, result, *VERSIONS),
        "inflation": planted_models(truth, result, "inflation"),
        "parity_change": planted_models(truth, result, "parity_change"),
    }
    if form != "table":
        named = [frame.set_axis(["name", *frame.columns[1:]], axis=1).assign(quantity=q) for q, frame in found.items()]
        print_table(pd.concat(named, ignore_index=True), form)
    else:
        explain(result)
        print(f"Planted: {len(arena.battles)} votes on the answers of {len(arena.world.models)} models, two of them")
        print(f"versions of one that differ in style only: {' and '.join(VERSIONS)}.")
        titles = {
            "price": ("Prices: log-odds per recorded scale", 1.0, 3),
            "gap": (f"The gap between the two versions, {VERSIONS[0]} minus {VERSIONS[1]}, Arena points", 1.0, 1),
            "inflation": ("Style inflation of each model, Arena points", 1.0, 1),
            "parity_change": ("Parity change of each model: win rate that goes with style, points", 100.0, 1),
        }
        for quantity, (title, factor, digits) in titles.items():
            _print_key(title)
            print()
            print_table(beside(found[quantity], factor, digits), form)
        covered = sum(sum(frame["covered"].tolist()) for frame in found.values())
        print(f"\n{covered} of {sum(map(len, found.values()))} intervals cover what was planted.")
        _print_words(gap_words(result, *VERSIONS), result.headline())
        kept = shlex.quote(votes or "votes.parquet")
        print("\nThe verdicts of this demo again, from its votes and with its features:\n")
        if votes is None:
            print(f"llamastyle demo --battles {battles} --seed {seed} --votes {kept}")
        print(f"llamastyle audit {kept} --features {','.join(arena.world.features)}")
    if output:
        with Working("making the page"):
            result.report(output, title="An arena with known truth", compare=VERSIONS)
        say(f"the page is {output}")


@app.command("features", short_help="Style features of both sides, one row a battle.")
@bundled
def features_command(
    options: Reading,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write .parquet or .csv instead; FOLDER/ for files larger than memory.",
        ),
    ] = None,
) -> None:
    """Features of both sides of battles, one row a battle; what is written can be read again in place of texts."""
    if output is not None and (output.endswith("/") or Path(output).is_dir()):
        _features_of_files(options, output)
        return
    if output is not None:
        check_output(output, ".parquet", ".csv")
    from llamastyle.data.battles import with_texts
    from llamastyle.features.extraction import extract

    battles, textless = with_texts(read(options))
    say(*battles.notes, *textless)
    known: Any = battles.to_frame()
    known = known[[c for c in known if not c.startswith(("response_", "prompt", "tokens_")) or c == "prompt_id"]]
    measured = extract(battles, chosen_features(options.chosen)).to_frame()
    frame: Any = known.drop(columns=[c for c in known if c in measured]).join(measured)
    if output is None:
        shown = ["model_a", "model_b", *measured.columns]
        print_table(frame[[c for c in shown if c in frame]] if options.form == "table" else frame, options.form)
        return
    from llamastyle.report.tables import without_formulas

    write_table(without_formulas(frame) if output.endswith(".csv") and options.form != "csv-plain" else frame, output)
    say(f"{len(frame)} rows, {frame.shape[1]} columns written to {output}")


def _features_of_files(options: Reading, output: str) -> None:
    """Features of parquet or JSON-lines files, written part by part."""
    from llamastyle.features.extraction import extract

    others = {
        "--map": options.maps,
        "--label": options.labels,
        "--responses": options.responses,
        "--lenient": options.lenient,
        "--input": options.source != "auto",
        "--format": options.form != "table",
    }
    if given := [name for name, value in others.items() if value]:
        raise LlamaStyleError(
            f"{given[0]} is for files that are read whole; with a folder, texts are in columns response, or response_a"
            " and response_b"
        )
    files = extract(options.file, chosen_features(options.chosen), out=output)
    there = len(files.parts) - files.made
    before = f", {there} of them there before" * (there > 0)
    say(f"{files.rows:,} rows in {len(files.parts)} parts in {output}{before}")


@app.command()
@bundled
def leaderboard(options: Fitting) -> None:
    """Raw and style-controlled ratings, side by side."""
    from llamastyle.regression.telling import controlled_words
    from llamastyle.regression.wording import caveats
    from llamastyle.report.terminal import rating_columns

    result = fitted(options)
    with Working("ranking"):
        table = result.ratings()
    if options.form != "table":
        print_table(table, options.form)
        return
    for line in caveats(result):
        print(one_line(line))
    print_table(rating_columns(table, width()), "table")
    held = controlled_words(result)
    _print_key(
        f"plain: Bradley-Terry on the votes alone; raw: as voted in the regression, {held} included; controlled: with"
        f" {held} held equal; all in Arena points about a mean of 1000",
        "rank: of controlled (rank_plain: of plain); ranks: all that the data do not reject, for all models at once",
        "order of the rows: the best controlled rating first",
    )


@app.command("audit")
@bundled
def audit_command(
    options: Fitting,
    margin: Annotated[
        float, typer.Option("--margin", help="Arena points of inflation that still count as nothing.")
    ] = 20.0,
    fail_on: Annotated[
        list[str] | None,
        typer.Option("--fail-on", metavar="VERDICT", help="Exit with 1 if a model has this verdict; repeatable."),
    ] = None,
) -> None:
    """A verdict a model: how much of its standing is style."""
    from llamastyle.regression.wording import headline
    from llamastyle.report.terminal import audit_columns, price_columns, shown_names

    known = allowed(Verdict)
    for verdict in fail_on or []:
        if verdict not in known:
            raise LlamaStyleError(
                f"--fail-on {verdict!r} is no verdict{nearest(verdict, known)}; use {', '.join(known)}"
            )
    result = fitted(options)
    _check_reachable(fail_on or [], result)
    if result.design is not None and result.design.n_models < 2:
        prices: Any = result.tidy()
        print_table(price_columns(prices, options.level) if options.form == "table" else prices, options.form)
        if options.form == "table":
            print()
            _print_words(result.headline())
        return
    with Working("giving verdicts"):
        table = result.audit(margin=margin)
    shown = audit_columns(table, width()) if options.form == "table" else table
    print_table(shown, options.form)
    if options.form == "table":
        names = shown_names(shown, width())
        key = [line.format(twice=2 * margin) for name, line in AUDIT_KEY.items() if name in names]
        _print_beside(result, headline(result, table, margin), *key, AUDIT_ORDER)
    found = [v for v in fail_on or [] if v in set(table["verdict"])]
    if found:
        flagged = sum(verdict in found for verdict in table["verdict"])
        say(f"--fail-on: {flagged} models are {' or '.join(found)}")
        raise typer.Exit(int(Exit.CONDITION))
    if fail_on and set(table["verdict"]) == {"insufficient data"}:
        say("--fail-on: no model has a verdict, so that nothing was tested")


def _check_reachable(asked: list[str], result: StyleResult) -> None:
    """Verdicts asked for that these battles cannot give are an error: a test that cannot fail tests nothing."""
    pairs = (("inflated", "style-favoured"), ("deflated", "style-penalised"))
    other = dict(pairs) if not result.settings.with_correctness else {b: a for a, b in pairs}
    cannot = [verdict for verdict in asked if verdict in other]
    if asked and result.design is not None and result.design.n_models < 2:
        raise LlamaStyleError("--fail-on needs verdicts, and battles without model names give prices only")
    if asked and len(cannot) == len(asked):
        why = "with" if result.settings.with_correctness else "without"
        raise LlamaStyleError(
            f"--fail-on {cannot[0]} cannot hold {why} correctness, where the verdict is {other[cannot[0]]!r}; use that"
        )


@app.command(short_help="How much of the gap between two models is style.")
@bundled
def compare(
    options: Fitting,
    model: Annotated[str, typer.Argument(metavar="MODEL_A", help="A model, say the new version; the gap is this one")],
    other: Annotated[str, typer.Argument(metavar="MODEL_B", help="minus this one, such as the old version.")],
    scale: Annotated[
        str, typer.Option("--scale", metavar="rating|win_rate", help="Arena points, or points of win rate.")
    ] = "rating",
) -> None:
    """How much of the gap between two models goes with style, with correctness, and what is left."""
    which: Any = check_option("--scale", scale, Scale)
    from llamastyle.regression.wording import gap_words
    from llamastyle.report.terminal import gap_columns

    result = fitted(options, model, other)
    gap: Any = result.compare(model, other, scale=which)
    if options.form != "table":
        print_table(gap, options.form)
        return
    if gap["estimate"].notna().any():
        print_table(gap_columns(gap, which), "table")
        print()
    _print_words(gap_words(result, model, other, which))


@app.command("report", short_help="Everything on one page that works without a network.")
@bundled
def report_command(
    options: Fitting,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="The page, a single HTML file.")
    ] = "report.html",
    title: Annotated[str | None, typer.Option("--title", help="Its title.")] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="MODEL_A MODEL_B", help="Two models whose gap comes first on the page."),
    ] = None,
    exhibits: Annotated[
        int, typer.Option("--exhibits", metavar="N", help="Battles to show of each model, 0 for a page without texts.")
    ] = 2,
) -> None:
    """Everything on one page that works without a network: verdicts, ratings, prices, what the data cannot say."""
    check_output(output, ".html")
    result = fitted(options, *(compare or ()))
    with Working("making the page"):
        result.report(output, title=title, compare=compare, exhibits=exhibits)
    say(f"the page is {output}")


@app.command("judge", short_help="What judges' verdicts owe to style.")
@bundled
def judge_command(
    options: Fitting,
    votes: Annotated[
        str | None, typer.Option("--votes", metavar="FILE", help="People's votes on the same pairs, as one more judge.")
    ] = None,
) -> None:
    """What judges' verdicts owe to style rather than correctness: each judge fitted by itself, side by side."""
    from llamastyle.data.readers import read_battles
    from llamastyle.regression.judge_table import MEASURES, compare_judges
    from llamastyle.report.tables import with_interval

    idle = {
        "--cluster": options.cluster is not None, "--contrast": options.contrast is not None,
        "--ties": options.ties != "half", "--position": options.position,
    }  # fmt: skip
    if any(idle.values()):
        asked = next(option for option, given in idle.items() if given)
        raise LlamaStyleError(
            f"{asked} is no option of judge, which fits each judge with the defaults; split the verdicts by judge"
            " and use audit"
        )
    people = read_battles(votes, correctness=options.correctness) if votes is not None else None
    battles = read(options)
    say(*battles.notes)
    with Working("fitting each judge"):
        table = compare_judges(battles, chosen_features(options.chosen), votes=people, level=options.level)
    if options.form != "table":
        print_table(table, options.form)
        return
    titles = {
        "right answer preferred": "How often the right answer is preferred where exactly one is right (a tie is half)",
        "longer answer preferred": "How often the longer answer is preferred",
        "effect": "What a bit more is worth: change in win probability, all else in the model equal",
        "exchange rate": "The same in right answers: how many it is worth; negative, that it costs",
        "override": "How often the wrong answer wins, by which side has more style, or words",
    }
    for measure in MEASURES:
        rows: Any = table[table["measure"] == measure].drop(columns="measure")
        if not len(rows):
            continue
        told = {c for c in ("term", "unit", "note") if len(set(rows[c].astype(str))) > 1}
        order = ("judge", "term", "estimate", "conf_low", "conf_high", "unit", "battles", "note")
        kept = [c for c in order if c not in ("term", "unit", "note") or c in told]
        name = f"estimate [{100 * options.level:g} % interval]"
        _print_key(titles[measure])
        print()
        same = [str(rows[c].iloc[0]) for c in ("term", "unit", "note") if c not in told and rows[c].notna().all()]
        if any(same):
            _print_words(f"All rows: {'; '.join(text for text in same if text)}")
            print()
        print_table(with_interval(rows[kept], "estimate", "conf_low", "conf_high", name, digits=3), "table")


@app.command("maverick", short_help="Llama 4 Maverick, experimental against released.")
def maverick_command(
    battles: Annotated[
        str | None,
        typer.Option("--battles", metavar="FILE", help="Votes too: a file, glob or hf:// address with the versions."),
    ] = None,
    hub: Annotated[
        bool, typer.Option("--hub", help="Votes of arena-human-preference-140k from the Hugging Face hub, then kept.")
    ] = False,
    versions: Annotated[
        tuple[str, str] | None,
        typer.Option("--versions", metavar="MODEL_A MODEL_B", help="Two other models of the battles, not Maverick's."),
    ] = None,
    examples: Annotated[int, typer.Option("--examples", help="Battles of each version that are shown.")] = 3,
    maps: Map = None,
    labels: Label = None,
    correctness: Right = None,
    chosen: Chosen = None,
    source: Source = "auto",
    lenient: Lenient = False,
    level: Level = 0.95,
    form: Form = "table",
    table: Annotated[
        str | None, typer.Option("--table", metavar="NAME", help="Print one table; with --format, as csv, json or md.")
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="The page; by default maverick.html, with --table none."),
    ] = None,
) -> None:
    """Llama 4 Maverick, experimental against released: published figures, and votes where there are some."""
    check_option("--format", form, TableFormat)
    page = ("" if table is not None else "maverick.html") if output is None else output
    if page:
        check_output(page, ".html")
    if form != "table" and table is None:
        raise LlamaStyleError(f"--format {form} prints one table: name it with --table, for example --table gap")
    from llamastyle.data.hub import ARENA_140K
    from llamastyle.llama4.analysis import SECTIONS, maverick
    from llamastyle.report.story import readable

    if hub and battles is not None:
        raise LlamaStyleError("--battles and --hub both name votes; use one of the two")
    if table is not None and table not in SECTIONS:
        raise LlamaStyleError(f"--table {table!r} is none{nearest(table, SECTIONS)}; there are {', '.join(SECTIONS)}")
    file = ARENA_140K if hub else battles
    of_votes = {"--versions": versions, "--map": maps, "--label": labels, "--correctness": correctness}
    of_votes |= {"--features": chosen, "--lenient": lenient or None, "--input": None if source == "auto" else source}
    given = [option for option, value in of_votes.items() if value]
    given += ["--level"] * (level != 0.95) + ["--examples"] * (examples != 3)
    if file is None and given:
        raise LlamaStyleError(f"{given[0]} is of votes: name them with --battles FILE, or use --hub")
    if file is None:
        found = maverick()
    else:
        options = Fitting(
            file=file, maps=maps, labels=labels, source=source, lenient=lenient, correctness=correctness
        )
        with Working("reading and fitting"):
            found = maverick(read(options), chosen_features(chosen), versions=versions, examples=examples, level=level)
    told = {"--battles": battles, "--hub": hub or None, **of_votes, "--level": None if level == 0.95 else str(level)}
    found = replace(found, story=replace(found.story, reproduce=[_typed("maverick", told)]))
    if table is None:
        print(found.summary(width()))
    elif table in found.tables:
        shown = found[table]
        frame = found.tables[table]
        print_table(readable(frame, shown.digits) if form == "table" else frame, form)
    else:
        raise LlamaStyleError(f"there is no table {table!r} on these votes; there are {', '.join(found.tables)}")
    if page:
        found.report(page)
        say(f"the page is {page}")


def _typed(command: str, options: dict[str, Any]) -> str:
    """A command as it was typed, from the options that were given."""
    words = ["llamastyle", command]
    for option, value in options.items():
        if value is True:
            words.append(option)
        elif isinstance(value, tuple):
            words += [option, *value]
        elif value:
            words += [word for each in (value if isinstance(value, list) else [value]) for word in (option, each)]
    return shlex.join(words)


@app.command("highlight", short_help="Where in the answers each marker of style stands.")
@bundled
def highlight_command(
    options: Reading,
    rows: Annotated[
        str | None, typer.Option("--rows", metavar="N[,N...]", help="Which battles, counted from 0; unless given, 0.")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--most", metavar="N", help="The N most marked answers instead.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="LIST", help="With --most: features, or groups as sycophancy, with commas."),
    ] = None,
    per: Annotated[
        str, typer.Option("--per", metavar="text|words", help="With --most: marks of a text, or per 100 words.")
    ] = "text",
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="With --most: a page to browse them in.")
    ] = None,
) -> None:
    """Where in the answers each marker of style stands, in colour on a terminal; and which have most."""
    check_option("--per", per, Per)
    if output is not None:
        check_output(output, ".html")
    if most is not None and not 1 <= most <= MOST:
        raise LlamaStyleError(f"--most {most} is not a number of answers that can be shown; use 1 to {MOST}")
    if most is not None and rows is not None:
        raise LlamaStyleError("--most finds the battles, and --rows names them; use one of the two")
    for option, value in {"--by": by, "--output": output, "--per": None if per == "text" else per}.items():
        if most is None and value is not None:
            raise LlamaStyleError(f"{option} goes with --most N, the number of answers to show; add it")
    battles = read(options)
    say(*battles.notes)
    if most is None:
        _highlight_rows(options, battles, "0" if rows is None else rows)
    else:
        _highlight_most(options, battles, most, by, per, output)


def _highlight_rows(options: Reading, battles: Battles, rows: str) -> None:
    import numpy as np
    import pandas as pd
    from rich.console import Console

    from llamastyle.features.spans import highlight

    chosen = [int(row) for row in rows.split(",") if row.strip().isdigit()]
    if len(chosen) != len(rows.split(",")) or max(chosen) >= len(battles):
        raise LlamaStyleError(f"--rows {rows!r} must be numbers from 0 to {len(battles) - 1} with commas, such as 0,3")
    console, frames = Console(), []
    for row in chosen:
        battle = battles.take([row])
        found = replace(highlight(battle, chosen_features(options.chosen)), first=row)
        if options.form == "table":
            told = battle.to_frame().iloc[0]
            known = [f"{name} {told[name]}" for name in ("model_a", "model_b", "winner", "outcome") if name in told]
            print(one_line(f"battle {row}: {', '.join(known[:3])}"))
            console.print(found)
        marked = found.to_frame()
        marked.insert(0, "side", np.array(["a", "b"], dtype=object)[marked.pop("row")])
        marked.insert(0, "battle", row)
        frames.append(marked)
    if options.form != "table":
        print_table(pd.concat(frames, ignore_index=True), options.form)


def _highlight_most(
    options: Reading, battles: Battles, most: int, by: str | None, per: Any, output: str | None
) -> None:
    import numpy as np
    from rich.console import Console

    from llamastyle.features.spans import highlight, markers

    names = [name.strip() for name in by.split(",") if name.strip()] if by is not None else None
    found = highlight(battles, chosen_features(options.chosen) or markers(*(names or ())))
    browser = found.most(most, by=names, per=per)
    if output is not None:
        browser.save(output)
        say(browser.says(), f"the page is {output}")
    if options.form != "table":
        table = browser.to_frame()
        row = table.pop("row").to_numpy()
        table.insert(0, "side", np.array(["a", "b"], dtype=object)[row % 2])
        table.insert(0, "battle", row // 2)
        print_table(table, options.form)
    elif output is None:
        Console().print(browser)


def _print_words(*lines: str) -> None:
    """Sentences wrapped at the terminal's width, each from a line of its own; names are never broken."""
    for line in lines:
        print(textwrap.fill(one_line(line), width(), break_long_words=False, break_on_hyphens=False))


def _print_key(*lines: str) -> None:
    print()
    _print_words(*lines)


def _print_beside(result: StyleResult, answer: str, *key: str) -> None:
    """Under the verdicts: how to read them, exchange and override rates, or prices, and the answer in words."""
    from llamastyle.report.terminal import override_columns, price_columns, rate_columns

    _print_key(*key)
    level = result.settings.level
    if result.estimates is not None:
        prices: Any = result.tidy()
        if "correctness" in set(prices["block"]):
            print("\nExchange rates: right answers that one step is worth; negative, that it costs\n")
            print_table(rate_columns(result.exchange_rates(), level), "table")
            print("\nOverrides: how often the wrong side wins where exactly one is right\n")
            print_table(override_columns(result.overrides(), level), "table")
        else:
            print("\nPrices: log-odds per recorded scale (a typical difference between two answers)\n")
            print_table(price_columns(prices[prices["block"] != "strength"], level), "table")
    print()
    _print_words(answer)
