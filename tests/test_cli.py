"""The command line as a user meets it: output, words, exit codes."""

from __future__ import annotations

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle import cli
from llamastyle.regression.wording import gap_words


class Ran:
    """What a command printed and how it left."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capsys, monkeypatch):
    import warnings

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: object) -> Ran:
        with warnings.catch_warnings(), pytest.raises(SystemExit) as left:
            cli.main([str(a) for a in arguments])
        shown = capsys.readouterr()
        return Ran(left.value.code, shown.out, shown.err)

    return call


@pytest.fixture(scope="module")
def votes(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("votes") / "votes.parquet"
    arena = ls.simulate(3000, 6, style={"words": 0.9, "bold": 0.2}, seed=2)
    arena.battles.to_frame().to_parquet(path)
    return path


def test_demo_shows_truth_beside_what_was_found(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = run("demo", "--battles", 3000)
    assert shown.code == 0
    assert "planted" in shown.out
    assert "intervals cover what was planted" in shown.out
    assert "atlas-experimental against atlas-release" in shown.out
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "atlas-experimental against atlas-release: as voted" in page
    table = json.loads(run("demo", "--battles", 2000, "--format", "json", "--output", "").out)
    assert {row["quantity"] for row in table} == {"price", "gap", "inflation", "parity_change"}
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_the_demo_writes_its_votes_for_the_other_commands(run, tmp_path, ending):
    path = tmp_path / f"votes.{ending}"
    shown = run("demo", "--battles", 1500, "--seed", 3, "--output", "", "--votes", path)
    assert (shown.code, shown.err.splitlines()[0]) == (0, f"the votes are {path}")
    written, planted = ls.read_battles(path), ls.simulate(1500, 12, texts=True, versions="style", seed=3).battles
    assert written.outcome.tolist() == planted.outcome.tolist()
    columns = ["model_a", "model_b", "response_a", "response_b", "correct_a", "correct_b", "prompt_id"]
    got, wanted = written.to_frame()[columns].astype(str), planted.to_frame()[columns].astype(str)
    pd.testing.assert_frame_equal(got, wanted, check_dtype=False)
    last = shlex.split(shown.out.splitlines()[-1])
    assert (last[0], last[2]) == ("llamastyle", str(path))
    again = " ".join(run(*last[1:]).out.split())
    (answer,) = re.findall(r"(?:No model's|Of 12 models).*features [\d. to]+\)\.", " ".join(shown.out.split()))
    assert answer in again
    assert "llamastyle demo" not in shown.out
    said = run("compare", path, "atlas-experimental", "atlas-release").out
    assert "atlas-experimental against atlas-release: as voted" in said


def test_votes_that_cannot_be_written_are_an_error_before_the_work(run, tmp_path):
    for wrong, words in ((tmp_path / "votes.txt", "must end in .parquet or .csv or .jsonl"), ("no/v.csv", "no folder")):
        shown = run("demo", "--votes", wrong, "--output", "")
        assert (shown.code, shown.out) == (2, "")
        assert f"--votes {str(wrong)!r}" in shown.err
        assert words in shown.err


def test_audit_in_every_format(run, votes):
    shown = run("audit", votes)
    assert shown.code == 0
    assert "verdict" in shown.out
    assert "Overrides" in shown.out
    assert "order of the rows: the most inflated first" in shown.out
    for name in ("parity change", "inflation", "needs battles"):
        assert (f"\n{name}:" in shown.out) == (name in shown.out.splitlines()[0])
    assert shown.err.splitlines()[0].startswith("correctness is known on both sides in 3000 of 3000")
    assert "clustered by prompt_id" in shown.err
    table = pd.read_csv(io.StringIO(run("audit", votes, "--format", "csv").out))
    expected = ls.audit(votes).audit()
    assert table["model"].tolist() == expected["model"].tolist()
    assert table["inflation"].tolist() == pytest.approx(expected["inflation"].tolist())
    assert json.loads(run("audit", votes, "--format", "json").out)[0]["model"] == expected["model"][0]
    assert run("audit", votes, "--format", "md").out.startswith("| model |")


def test_compare_shows_parts_and_words(run, votes):
    shown = run("compare", votes, "model-01", "model-02")
    assert shown.code == 0
    assert shown.out.splitlines()[0].split() == ["part", "Arena", "points", "share", "in", "%"]
    words = gap_words(ls.audit(votes), "model-01", "model-02")
    assert words in " ".join(shown.out.split())
    assert " model-01 against model-02: as voted " in f" {words}"
    assert max(len(line) for line in shown.out.splitlines()[:10]) <= 80
    expected = ls.audit(votes).compare("model-01", "model-02", scale="win_rate")
    ran = run("compare", votes, "model-01", "model-02", "--scale", "win_rate", "--format", "json")
    assert [row["estimate"] for row in json.loads(ran.out)] == pytest.approx(expected["estimate"].tolist())


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (("model-01", "modle-02"), "has a model 'modle-02'; did you mean 'model-02'"),
        (("model-01", "model-01"), "two different models"),
        (("model-01",), "Missing argument 'MODEL_B'"),
    ],
)
def test_compare_of_wrong_names_is_one_line(run, votes, models, words):
    shown = run("compare", votes, *models)
    assert (shown.code, shown.out) == (2, "")
    assert words in shown.err.splitlines()[-1]


@pytest.mark.parametrize("width", ["60", "80", "120"])
@pytest.mark.parametrize("command", ["audit", "leaderboard"])
def test_tables_fit_the_terminal(run, votes, monkeypatch, width, command):
    monkeypatch.setenv("COLUMNS", width)
    lines = run(command, votes).out.splitlines()
    assert max(len(line) for line in lines if not line.startswith(("note ", "Overrides", "Exchange"))) <= int(width)


def test_the_margin_asked_for_is_the_one_of_the_words(run, votes, monkeypatch):
    monkeypatch.setenv("COLUMNS", "130")
    shown = run("audit", votes, "--margin", 60)
    assert set(ls.audit(votes).audit(margin=60)["verdict"]) <= {"neutral", "undetermined"}
    assert "No model's inflation is clear of the 60-point margin at a false-discovery rate of 5 % over 6 models" in (
        " ".join(shown.out.split())
    )
    head = shown.out.splitlines()[0].split()
    assert "q" in head
    assert ("to find an inflation of 120 points (twice the margin) 4 times in 5" in shown.out) == ("needs" in head)
    assert "\nq: the false-discovery rate" in shown.out


def test_fail_on(run, votes):
    verdicts = set(ls.audit(votes).audit()["verdict"])
    assert "inflated" in verdicts
    assert run("audit", votes, "--fail-on", "inflated").code == 1
    absent = next(v for v in ("insufficient data", "style-favoured") if v not in verdicts)
    assert run("audit", votes, "--fail-on", absent).code == 0
    wrong = run("audit", votes, "--fail-on", "inflatd")
    assert wrong.code == 2
    assert "did you mean 'inflated'" in wrong.err


def test_leaderboard(run, votes):
    table = pd.read_csv(io.StringIO(run("leaderboard", votes, "--format", "csv").out))
    assert table["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    shown = run("leaderboard", votes).out
    assert "\nplain: Bradley-Terry on the votes alone" in shown
    assert "controlled: with style and correctness held equal" in " ".join(shown.split())
    assert shown.endswith("order of the rows: the best controlled rating first\n")


def test_maps_labels_and_stdin(run, votes, tmp_path, monkeypatch):
    frame = (
        pd.read_parquet(votes).rename(columns={"winner": "vote", "voter": "worker"}).drop(columns="outcome")
    )
    frame["vote"] = frame["vote"].replace({"model_a": "left", "model_b": "right"})
    path = tmp_path / "votes.csv"
    frame.to_csv(path, index=False)
    options = ("--map", "winner=vote", "--label", "left=model_a", "--label", "right=model_b")
    shown = run("audit", path, *options, "--cluster", "worker", "--format", "csv")
    assert shown.code == 0, shown.err
    assert "clustered by worker" in shown.err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    piped = run("audit", "-", *options, "--cluster", "worker", "--format", "csv")
    assert piped.out == shown.out
    unknown = run("audit", path, "--map", "winner=vote")
    assert unknown.code == 2
    assert "--label" in unknown.err
    assert "left" in unknown.err


def test_clusters_may_be_several(run, tmp_path):
    path = tmp_path / "votes.csv"
    frame = ls.simulate(1500, 5, style={"words": 0.6}, n_prompts=150, n_voters=60, seed=1).battles.to_frame()
    frame.rename(columns={"voter": "worker"}).to_csv(path, index=False)
    both = run("audit", path, "--cluster", "worker", "--cluster", "prompt_id", "--format", "csv")
    assert "clustered by worker and prompt_id (60 and 150 clusters, CR1, t(59))" in both.err
    one = run("audit", path, "--cluster", "worker", "--format", "csv")
    assert "clustered by worker (60" in one.err
    assert one.out != both.out
    frame.to_csv(path, index=False)
    auto = run("audit", path, "--cluster", "auto", "--format", "csv")
    assert "clustered by prompt_id and voter (150 and 60 clusters" in auto.err
    twice = run("audit", path, "--cluster", "voter", "--cluster", "voter")
    assert twice.code == 2
    assert "different columns" in twice.err
    unknown = run("audit", path, "--cluster", "voter", "--cluster", "promt_id")
    assert unknown.code == 2
    assert "did you mean 'prompt_id'" in unknown.err


def test_labels_may_hold_the_sign(run, votes, tmp_path):
    frame = pd.read_parquet(votes).drop(columns="outcome")
    frame["winner"] = frame["winner"].replace({"model_a": "a=b", "tie": "="})
    frame.to_csv(tmp_path / "votes.csv", index=False)
    shown = run("audit", tmp_path / "votes.csv", "--label", "a=b=model_a", "--label", "==tie")
    assert shown.code == 0, shown.err


def test_a_suggested_label_can_be_pasted(run, votes, tmp_path):
    frame = pd.read_parquet(votes).drop(columns="outcome")
    frame["winner"] = frame["winner"].replace({"model_a": "Model  'A'", "model_b": "the right"})
    path = tmp_path / "votes.csv"
    frame.to_csv(path, index=False)
    said = run("audit", path).err
    (pasted,) = re.findall(r"\((--label .*)\)[;,] (?:with one|known)", said)
    words = [word.replace("?", means) for word, means in zip(shlex.split(pasted)[1::2], ("model_a", "model_b"), strict=True)]
    shown = run("audit", path, *(x for word in words for x in ("--label", word)))
    assert shown.code == 0, shown.err


def test_features_and_contrasts(run, votes):
    one = run("audit", votes, "--features", "words", "--contrast", "tanh", "--format", "csv")
    assert one.code == 0
    assert set(pd.read_csv(io.StringIO(one.out))["top_feature"]) == {"words"}
    assert run("audit", votes, "--contrast", "markdown=relative", "--format", "csv").code == 0
    assert "log_ratio" in run("audit", votes, "--contrast", "log").err


def test_features_are_written_whole(run, tmp_path):
    texts = tmp_path / "votes.jsonl"
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "**Yes**.", "response_b": "No."}
    texts.write_text(json.dumps(row) + "\n")
    for name in ("out.parquet", "out.csv"):
        assert run("features", texts, "--features", "words,bold", "-o", tmp_path / name).code == 0
    table = pd.read_parquet(tmp_path / "out.parquet")
    measured = ["words_a", "words_b", "bold_a", "bold_b"]
    assert table.columns.tolist() == ["model_a", "model_b", "winner", "outcome", "weight", *measured]
    assert table[measured].iloc[0].tolist() == [1, 1, 1, 0]
    assert ls.read_battles(tmp_path / "out.parquet").measured.names == ("words", "bold")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out.csv", "out.parquet", "votes.jsonl"]
    assert "bold_a" in run("features", texts, "--features", "words,bold").out


def test_features_into_a_folder_go_on_where_they_were(run, tmp_path):
    texts = tmp_path / "votes.jsonl"
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "**Yes**.", "response_b": "No."}
    texts.write_text(json.dumps(row) + "\n")
    ask = ("features", texts, "--features", "words,bold", "-o", f"{tmp_path}/out/")
    assert f"1 rows in 1 parts in {tmp_path}/out/\n" in run(*ask).err
    assert "1 of them there before" in run(*ask).err
    assert ls.read_battles(f"{tmp_path}/out/*.parquet").measured.names == ("words", "bold")
    for option in (("--map", "winner=vote"), ("--lenient",), ("--format", "json"), ("--input", "lmarena-140k")):
        refused = run(*ask, *option)
        assert refused.code == 2
        assert f"{option[0]} is for files that are read whole" in refused.err


def test_an_output_that_cannot_be_written_leaves_nothing(run, tmp_path, monkeypatch):
    texts = tmp_path / "votes.jsonl"
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "**Yes**.", "response_b": "No."}
    texts.write_text(json.dumps(row) + "\n")
    assert "must end in" in run("features", texts, "-o", tmp_path / "out.xlsx").err
    assert "no folder" in run("features", texts, "-o", tmp_path / "not" / "out.csv").err

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    failed = run("features", texts, "-o", tmp_path / "out.csv")
    assert failed.code == 2
    assert "No space left" in failed.err
    assert [p.name for p in tmp_path.iterdir()] == ["votes.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("audit", "nowhere.parquet"), "nowhere.parquet"),
        (("audit",), "'FILE'"),
        (("adit", "x"), "adit"),
        (("audit", "x", "--nonsense"), "--nonsense"),
        (("audit", "x", "--map", "winner"), "NAME=VALUE"),
        (("audit", "x", "--format", "xml"), "table, csv, csv-plain, json, md"),
        (("demo", "--battles", "many"), "--battles"),
    ],
)
def test_mistakes_are_one_line_and_exit_two(run, arguments, words):
    shown = run(*arguments)
    assert shown.code == 2
    assert shown.out == ""
    assert len(shown.err.strip().splitlines()) == 1
    assert words in shown.err
    assert "Traceback" not in shown.err


def test_other_files_are_one_line(run, tmp_path):
    for name, content in (("x.parquet", b"\x89PNG\r\n\x1a\n0000"), ("y.csv", b""), ("z.jsonl", b"{}\n")):
        path = tmp_path / name
        path.write_bytes(content)
        shown = run("audit", path)
        assert shown.code == 2, name
        assert len(shown.err.strip().splitlines()) == 1


def test_help_and_version_in_a_process_of_their_own():
    shown = subprocess.run(
        [sys.executable, "-m", "llamastyle", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("demo", "features", "leaderboard", "audit"):
        assert command in shown.stdout
    shown = subprocess.run(
        [sys.executable, "-m", "llamastyle", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == ls.__version__
    nothing = subprocess.run(
        [sys.executable, "-m", "llamastyle", "audit"], capture_output=True, text=True, check=False
    )
    assert nothing.returncode == 2


def test_a_small_audit_loads_neither_scikit_learn_nor_textstat(votes):
    code = (
        "import sys, llamastyle as ls; ls.audit(sys.argv[1]).audit();"
        "print([m for m in ('sklearn', 'textstat', 'statsmodels', 'numba', 'altair') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, str(votes)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"


def test_a_format_by_name_and_withheld_texts(run, tmp_path):
    def talk(text):
        return [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": text}]

    rows = [
        {"model_a": "x", "model_b": "y", "winner": "tie (bothbad)", "conversation_a": talk("**So**"),
         "conversation_b": talk("no"), "judge": "v", "redacted": i == 1}
        for i in range(3)
    ]  # fmt: skip
    path = tmp_path / "clean-llama4.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    for options in ((), ("--input", "lmarena_maverick")):
        shown = run("features", path, "--features", "words", "--format", "json", *options)
        assert shown.code == 0
        assert len(json.loads(shown.out)) == 2
        assert "1 of 3 battles have a response without text: left out" in shown.err
        assert "1 battle of 3 redacted" in shown.err
    wrong = run("features", path, "--input", "lmarena_55k")
    assert wrong.code == 2
    assert "no column 'response_a'" in wrong.err


def test_a_verdict_that_cannot_be_is_an_error_not_a_pass(run, votes, tmp_path):
    shown = run("audit", votes, "--fail-on", "style-favoured")
    assert shown.code == 2
    assert "the verdict is 'inflated'; use that" in shown.err
    assert run("audit", votes, "--fail-on", "style-favoured", "--fail-on", "inflated").code == 1
    few = pd.read_parquet(votes).head(8)
    few.to_csv(tmp_path / "few.csv", index=False)
    shown = run("audit", tmp_path / "few.csv", "--fail-on", "inflated")
    assert shown.code == 0
    assert "no model has a verdict, so that nothing was tested" in shown.err


def test_without_names_there_are_prices(run, votes, tmp_path):
    nameless = pd.read_parquet(votes).drop(columns=["model_a", "model_b"])
    nameless.to_csv(tmp_path / "votes.csv", index=False)
    shown = run("audit", tmp_path / "votes.csv", "--format", "csv")
    assert shown.code == 0
    assert pd.read_csv(io.StringIO(shown.out))["term"].tolist() == ["words", "bold", "correctness"]
    assert "prices and no verdicts" in run("audit", tmp_path / "votes.csv").out
    assert run("audit", tmp_path / "votes.csv", "--fail-on", "inflated").code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--label", "model_a=model_a", "--label", "model_a=model_b"), "two meanings"),
        (("--map", "winner=x", "--map", "winner=y"), "two meanings"),
        (("--features", ","), "names no feature"),
        (("--ties", "third"), "half, drop"),
    ],
)
def test_what_cannot_be_meant_is_refused(run, votes, arguments, words):
    shown = run("audit", votes, *arguments)
    assert shown.code == 2
    assert words in shown.err


def test_labels_may_hold_an_equals_sign(run, tmp_path, votes):
    frame = pd.read_parquet(votes).drop(columns="outcome")
    labels = {"model_a": "A>B", "model_b": "B>A", "tie": "A=B", "both_bad": "A=B"}
    frame.assign(winner=frame["winner"].map(labels)).to_csv(tmp_path / "votes.csv", index=False)
    given = ["A>B=model_a", "B>A=model_b", "A=B=tie"]
    options = [part for label in given for part in ("--label", label)]
    shown = run("leaderboard", tmp_path / "votes.csv", *options, "--format", "csv")
    assert shown.code == 0
    expected = ls.audit(votes).ratings()
    assert pd.read_csv(io.StringIO(shown.out))["rating"].tolist() == pytest.approx(expected["rating"].tolist())


def test_json_keeps_every_digit(run, votes):
    rows = json.loads(run("audit", votes, "--format", "json").out)
    expected = ls.audit(votes).audit()
    assert [row["inflation"] for row in rows] == expected["inflation"].tolist()
    assert [row["p_value"] for row in rows] == expected["p_value"].tolist()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_names_and_numbers_are_whole_at_any_width(run, votes, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    out = run("leaderboard", votes).out
    for row in ls.audit(votes).ratings().itertuples():
        line = next(line for line in out.splitlines() if line.startswith(row.model))
        assert f"{row.rating:.1f} [{row.conf_low:.1f}, {row.conf_high:.1f}]" in line
        assert line.split()[-1] == f"{row.rank_low}-{row.rank_high}"


def test_report_and_highlight(run, votes, tmp_path):
    page = tmp_path / "page.html"
    shown = run("report", votes, "-o", page, "--title", "A <b>title</b>")
    assert shown.code == 0
    text = page.read_text("utf-8")
    assert "A &lt;b&gt;title&lt;/b&gt;" in text
    assert "<b>title" not in text
    assert 'id="gap"' not in text
    assert "must end in .html" in run("report", votes, "-o", tmp_path / "page.pdf").err
    assert run("report", votes, "-o", page, "--compare", "model-02", "model-05").code == 0
    assert "model-02 against model-05: as voted" in page.read_text("utf-8")
    shown = run("report", votes, "-o", page, "--compare", "model-02", "model-x")
    assert (shown.code, "has a model 'model-x'" in shown.err) == (2, True)
    texts = tmp_path / "texts.jsonl"
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "**Yes** \x1b[31m", "response_b": "No 🎉."}
    texts.write_text(json.dumps(row) + "\n")
    shown = run("highlight", texts)
    assert shown.code == 0
    assert "\x1b" not in shown.out
    found = pd.read_csv(io.StringIO(run("highlight", texts, "--format", "csv").out))
    assert list(found[["battle", "side", "feature"]].itertuples(index=False, name=None)) == [
        (0, "a", "bold"), (0, "b", "emoji"),
    ]  # fmt: skip
    many = [{**row, "response_a": f"**r{i}**"} for i in range(30)]
    texts.write_text("".join(json.dumps(r) + "\n" for r in many))
    shown = run("highlight", texts, "--rows", "7,3")
    assert shown.out.index("battle 7: model_a x, model_b y, winner tie") < shown.out.index("battle 3:")
    assert [f"r{i}" for i in range(30) if f"r{i}*" in shown.out] == ["r3", "r7"]
    assert re.findall(r"battle (\d+), side (\w)", shown.out) == [("7", "a"), ("7", "b"), ("3", "a"), ("3", "b")]
    for wrong in ("30", "-1", "x", ""):
        assert run("highlight", texts, "--rows", wrong).code == 2


def test_highlight_finds_the_most_marked_answers(run, tmp_path):
    texts, page = tmp_path / "texts.jsonl", tmp_path / "page.html"
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_b": "No."}
    many = [{**row, "response_a": "Great question! " * k + f"<i>{k}</i>"} for k in (0, 3, 1, 2)]
    texts.write_text("".join(json.dumps(r) + "\n" for r in many))
    shown = run("highlight", texts, "--most", 2, "--by", "sycophancy")
    assert shown.code == 0
    assert shown.out.startswith("The 2 texts with most marks of sycophancy, of 8; 5 have none.")
    assert re.findall(r"\d\. battle (\d), side (\w), (\w): (\d) marks", shown.out) == [
        *[("1", "a", "x", "3"), ("3", "a", "x", "2")]
    ]
    assert "[praise: Great question]! [praise: Great question]" in shown.out
    shown = run("highlight", texts, "--most", 2, "--by", "sycophancy", "-o", page)
    assert (shown.code, shown.out) == (0, "")
    assert f"the page is {page}" in shown.err
    written = page.read_text("utf-8")
    assert "&lt;i&gt;3&lt;/i&gt;" in written
    assert "<i>" not in written
    table = pd.read_csv(io.StringIO(run("highlight", texts, "--most", 9, "--per", "words", "--format", "csv").out))
    assert list(table[["battle", "side", "model", "praise"]].itertuples(index=False, name=None)) == [
        *[(1, "a", "x", 3), (3, "a", "x", 2), (2, "a", "x", 1)]
    ]
    assert list(table.columns) == ["battle", "side", "model", "words", "marks", "per_100_words", "praise"]
    shown = run("highlight", texts, "--most", 1, "--by", "second_person,exclamations", "--format", "csv")
    assert "exclamations" in shown.out, "what is not in the default is looked for too"
    shown = run("highlight", texts, "--most", 1, "--by", "emoji")
    assert (shown.code, shown.out) == (0, "None of 8 texts has marks of emoji.\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--most", 0), "--most 0 is not a number of answers that can be shown; use 1 to 200"),
        (("--most", -3), "--most -3 is not a number of answers that can be shown; use 1 to 200"),
        (("--most", 201), "--most 201 is not a number of answers that can be shown; use 1 to 200"),
        (("--most", 5, "--rows", 1), "use one of the two"),
        (("--by", "praise"), "--by goes with --most N"),
        (("--per", "words"), "--per goes with --most N"),
        (("-o", "page.html"), "--output goes with --most N"),
        (("--most", 5, "-o", "page.pdf"), "must end in .html"),
        (("--most", 5, "--by", "prase"), "there is no feature 'prase'; did you mean 'praise'"),
        (("--most", 5, "--by", "bold", "--features", "praise"), "by='bold' is not among what was looked for"),
        (("--most", 5, "--by", ","), "names nothing to count"),
        (("--most", 5, "--per", "word"), "did you mean 'words'"),
    ],
    ids=str,
)
def test_highlight_meets_a_wrong_call_with_one_line(run, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    Path("texts.jsonl").write_text(json.dumps({"winner": "tie", "response_a": "**a**", "response_b": "b"}) + "\n")
    shown = run("highlight", "texts.jsonl", *options)
    assert (shown.code, shown.out) == (2, "")
    assert message in shown.err.splitlines()[-1]
    assert not Path("page.html").exists()


def test_without_correctness_the_output_itself_says_so(run, votes, tmp_path):
    bare = pd.read_parquet(votes).drop(columns=["correct_a", "correct_b"])
    bare.to_csv(tmp_path / "bare.csv", index=False)
    for command in (("leaderboard",), ("audit",), ("compare", "model-01", "model-02")):
        shown = run(command[0], tmp_path / "bare.csv", *command[1:])
        assert "quality not separated" in shown.out, command


def test_models_with_too_few_battles_are_not_compared_in_figures(run, votes, tmp_path):
    frame = pd.read_parquet(votes)
    thin = frame.head(8).assign(model_a="newcomer", winner=["model_a", "model_b"] * 4, outcome=[1.0, 0.0] * 4)
    pd.concat([frame, thin]).to_csv(tmp_path / "thin.csv", index=False)
    shown = run("compare", tmp_path / "thin.csv", "newcomer", "model-02")
    assert shown.out.startswith("newcomer and model-02 cannot be compared: newcomer: ")
    assert "nan" not in shown.out


def test_written_features_give_the_audit_of_the_texts_where_tokens_came_along(run, tmp_path):
    battles = ls.simulate(900, 4, texts=True, seed=5).battles
    frame = battles.to_frame()
    for side in "ab":
        frame[f"tokens_{side}"] = frame[f"response_{side}"].str.len() // 3 + (np.arange(len(frame)) % 7)
    frame.to_parquet(tmp_path / "texts.parquet")
    assert run("features", tmp_path / "texts.parquet", "-o", tmp_path / "measured.parquet").code == 0
    tables = [
        pd.read_csv(io.StringIO(run("audit", tmp_path / f"{name}.parquet", "--format", "csv").out))
        for name in ("texts", "measured")
    ]
    pd.testing.assert_frame_equal(*tables)


def test_interrupted_is_said(run, votes, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("llamastyle.cli.fitted", stop)
    shown = run("leaderboard", votes)
    assert (shown.code, shown.err.splitlines()[-1]) == (2, "llamastyle: interrupted")


def test_maverick_from_published_figures(run, tmp_path):
    page = tmp_path / "page.html"
    shown = run("maverick", "-o", page)
    assert shown.code == 0
    assert "129.9 [120, 140]" in shown.out
    assert "60 % of the gap goes with length and markdown" in shown.out
    assert f"the page is {page}" in shown.err
    assert "Arena" in page.read_text("utf-8")


@pytest.mark.parametrize("form", ["csv", "json", "md", "table"])
def test_one_table_of_the_case_in_every_format(run, form):
    shown = run("maverick", "--table", "gap", "--format", form)
    assert shown.code == 0
    assert "129.9" in shown.out
    assert "the page is" not in shown.err


def test_maverick_on_simulated_votes(run, tmp_path):
    arena = ls.simulate(4000, 8, texts=True, versions="style", seed=5)
    paths = arena.save_lmarena(tmp_path / "arena", shards=2)
    page, names = tmp_path / "page.html", ",".join(arena.world.features)
    given = ("--battles", tmp_path / "arena" / "data" / "*.parquet", "--features", names, "-o", page)
    shown = run("maverick", *given, "--correctness", paths[-1])
    assert shown.code == 0, shown.err
    assert "simulated votes" in shown.out
    assert "with correctness" in shown.out
    assert "What was planted is known" in shown.out or "what was planted is known" in shown.out
    other = run("maverick", *given, "--versions", "model-03", "model-04", "--table", "vote-gap", "--format", "csv")
    assert other.code == 0, other.err
    assert other.out.startswith("scale,block")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--format", "csv"), "name it with --table"),
        (("--table", "gapp"), "did you mean 'gap'"),
        (("--table", "votes"), "there is no table 'votes' on these votes"),
        (("--correctness", "x.parquet"), "--correctness is of votes"),
        (("--map", "winner=x"), "--map is of votes"),
        (("--input", "lmarena"), "--input is of votes"),
        (("--battles", "x.parquet", "--hub"), "use one of the two"),
        (("--versions", "a", "b"), "--versions is of votes"),
        (("--battles", "missing.parquet"), "there is no file"),
        (("-o", "x.txt"), "must end in .html"),
    ],
)
def test_maverick_meets_a_wrong_call_with_one_line(run, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    shown = run("maverick", *arguments)
    assert shown.code == 2
    assert words in shown.err
    assert shown.err.count("\n") == 1
    assert not list(tmp_path.glob("*.html"))


def test_neither_version_is_one_line(run, votes, tmp_path):
    shown = run("maverick", "--battles", votes, "-o", tmp_path / "x.html")
    assert shown.code == 2
    assert "no battle has a version of Llama 4 Maverick" in shown.err
    assert "--versions A B" in shown.err


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("verdicts") / "verdicts.parquet"
    frame = ls.simulate(3000, 6, style={"words": 0.9, "bold": 0.2}, seed=2).battles.to_frame()
    judge = np.where(np.arange(3000) % 2 == 0, "someone/a-judge-with-a-very-long-name-v0.1-reward", "b")
    frame.assign(judge=judge).to_parquet(path)
    return path


def test_judge_keeps_its_numbers_on_a_narrow_terminal(run, verdicts, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("judge", verdicts)
    assert shown.code == 0
    effects = shown.out.partition("What a bit more")[2].partition("The same in right answers")[0]
    assert re.search(r"words +-?0\.\d{3} \[-?0\.\d{3}, -?0\.\d{3}\]", effects)
    assert "+10 %" in effects


@pytest.mark.parametrize("option", [["--ties", "davidson"], ["--position"], ["--cluster", "prompt"]])
def test_judge_refuses_options_that_it_would_not_heed(run, verdicts, option):
    shown = run("judge", verdicts, *option)
    assert shown.code == 2
    assert f"{option[0]} is no option of judge" in shown.err


def test_judge_says_once_what_holds_for_all_rows(run, tmp_path):
    rows = [
        {
            "model_a": "x", "model_b": "y", "prompt_id": i, "correct_a": i % 2, "correct_b": 1 - i % 2,
            "winner": "model_a" if i % 2 else "model_b", "words_a": 1 + i % 3, "words_b": 2,
        }
        for i in range(40)
    ]  # fmt: skip
    file = tmp_path / "perfect.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    shown = run("judge", file)
    assert shown.code == 0
    assert "All rows: words; +10 %; with Firth's penalty, no interval" in shown.out
