"""Features of files larger than memory: the same numbers, whole parts, and runs that go on where they were."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.features import file_parts
from llamastyle.features.streaming import _mark

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [f"Great question! **{i}** things:\n\n- one 🎉\n- two\n" + "word " * (i % 37) for i in range(500)]


@pytest.fixture
def small(monkeypatch):
    """Parts and batches of a few kilobytes."""
    monkeypatch.setattr(file_parts, "PART_BYTES", 4_000)
    monkeypatch.setattr(file_parts, "BATCH_BYTES", 1_000)


def frame(texts=TEXTS):
    return pd.DataFrame({"id": range(len(texts)), "response": texts, "model": [f"m{i % 3}" for i in range(len(texts))]})


def written(folder: Path, form: str, data: pd.DataFrame) -> Path:
    path = folder / f"answers.{form}"
    if form == "parquet":
        data.to_parquet(path, row_group_size=50)
    else:
        data.to_json(path, orient="records", lines=True, compression="gzip" if form.endswith("gz") else None)
    return path


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("part-*"))}


@pytest.mark.parametrize("form", ["parquet", "jsonl", "jsonl.gz"])
def test_the_same_numbers_as_in_memory(tmp_path, small, form):
    path = written(tmp_path, form, frame())
    files = ls.extract(path, out=tmp_path / "out", dtype="float64")
    found = files.to_frame()
    assert len(files.parts) > 1 or form == "jsonl.gz"
    assert files.rows == len(TEXTS)
    assert files.made == len(files.parts)
    assert found.columns.tolist() == ["id", "model", *ls.DEFAULT.names]
    assert found["id"].tolist() == list(range(len(TEXTS)))
    np.testing.assert_array_equal(found[list(ls.DEFAULT.names)].to_numpy(), ls.extract(TEXTS).values)
    assert ls.extract(path, out=tmp_path / "out", dtype="float64").made == 0
    assert not [p.name for p in (tmp_path / "out").iterdir() if "unfinished" in p.name]


def test_threads_and_sizes_of_reads_change_nothing(tmp_path, small):
    path = written(tmp_path, "parquet", frame())
    for jobs in (1, 3):
        ls.extract(path, out=tmp_path / f"out{jobs}", n_jobs=jobs)
    assert digests(tmp_path / "out1") == digests(tmp_path / "out3")


def test_files_follow_one_another(tmp_path, small):
    for k in range(3):
        written(tmp_path, "parquet", frame(TEXTS[k::3])).rename(tmp_path / f"{k}.parquet")
    for source in (tmp_path, tmp_path / "*.parquet", [tmp_path / f"{k}.parquet" for k in range(3)]):
        files = ls.extract(source, ["words"], out=tmp_path / f"out-{type(source).__name__}-{len(str(source))}")
        wanted = ls.extract([*TEXTS[::3], *TEXTS[1::3], *TEXTS[2::3]], ["words"]).column("words")
        assert files.to_frame()["words"].tolist() == wanted.tolist()


def test_battles_are_read_again_in_place_of_texts(tmp_path):
    battles = ls.simulate(600, 4, texts=True, seed=1).battles
    battles.to_frame().to_parquet(tmp_path / "votes.parquet")
    files = ls.extract(tmp_path / "votes.parquet", ["words", "bold"], out=tmp_path / "out", dtype="float64")
    assert repr(files).startswith("FeatureFiles of 600 rows in 1 parts")
    again = ls.fit(ls.read_battles(str(tmp_path / "out" / "*.parquet")), ["words", "bold"])
    np.testing.assert_allclose(again.params, ls.fit(battles, ["words", "bold"]).params)


def test_keys_that_come_late_are_carried_over(tmp_path, small):
    data = frame().to_dict("records")
    for i, row in enumerate(data):
        row |= {"correct": i % 2, "score": i / 2} if i > 300 else {"score": i}
    path = tmp_path / "answers.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in data))
    more = tmp_path / "more.jsonl"
    more.write_text('{"id": 500, "response": "x", "voter": "v"}\n')
    files = ls.extract([path, more], ["words"], out=tmp_path / "out", progress=False)
    made = files.to_frame()
    assert made["correct"].tolist()[301:500] == [i % 2 for i in range(301, 500)]
    assert made["correct"].isna().sum() == 302
    assert made["score"].tolist()[298:302] == [298.0, 299.0, 300.0, 150.5]
    assert made["voter"].dropna().to_dict() == {500: "v"}
    kept = ls.extract(path, ["words"], out=tmp_path / "kept", keep=["correct"], progress=False).to_frame()
    assert kept["correct"].notna().sum() == 199


def test_a_key_of_two_types_is_named(tmp_path, small):
    one, two = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    one.write_text('{"response": "a b", "id": 1}\n')
    two.write_text('{"response": "a b c", "id": "x1"}\n')
    with pytest.raises(ls.FeatureError, match="'id' is int64 in some lines and string in others; write it in one type"):
        ls.extract([one, two], ["words"], out=tmp_path / "out", progress=False)
    assert ls.extract([one, two], ["words"], out=tmp_path / "out", keep=[], progress=False).rows == 2


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_prompts_leave_ids_behind(tmp_path, small, form):
    prompts = [None if i % 50 == 7 else f"What is {i % 20}?" for i in range(500)]
    path = written(tmp_path, form, frame().assign(prompt=prompts))
    made = ls.extract(path, ["words"], out=tmp_path / "out", progress=False).to_frame()
    assert "prompt" not in made
    assert made["prompt_id"].isna().tolist() == [prompt is None for prompt in prompts]
    pairs = set(zip(made["prompt_id"].dropna(), filter(None, prompts), strict=True))
    assert len(pairs) == made["prompt_id"].nunique() == 20
    kept = ls.extract(path, ["words"], out=tmp_path / "kept", keep=["id"], progress=False).to_frame()
    assert list(kept) == ["id", "words"]
    written(tmp_path, form, frame().assign(prompt=prompts, prompt_id="own"))
    own = ls.extract(path, ["words"], out=tmp_path / "own", progress=False).to_frame()
    assert own["prompt_id"].unique().tolist() == ["own"]


def test_rows_without_text_are_blank_and_counted(tmp_path):
    frame(["One.", None, "Two three."]).to_parquet(tmp_path / "a.parquet")
    with pytest.warns(ls.LlamaStyleWarning, match="1 row has no text: its features"):
        files = ls.extract(tmp_path / "a.parquet", ["words"], out=tmp_path / "out")
    assert files.to_frame()["words"].tolist() == pytest.approx([1, np.nan, 2], nan_ok=True)


def test_no_rows(tmp_path):
    frame([]).astype({"response": str}).to_parquet(tmp_path / "a.parquet")
    assert ls.extract(tmp_path / "a.parquet", ["words"], out=tmp_path / "out").rows == 0


# ---------------------------------------------------------------- going on

CHILD = """\
import sys
sys.path.insert(0, {root!r})
from llamastyle.features import file_parts
from llamastyle.features.streaming import _mark
file_parts.PART_BYTES, file_parts.BATCH_BYTES = 4_000, 1_000
import llamastyle as ls
ls.extract({path!r}, ["words", "bold"], out={out!r})
"""


def test_killed_at_any_time_it_ends_with_the_same_bytes(tmp_path, small):
    path = written(tmp_path, "parquet", frame())
    ls.extract(path, ["words", "bold"], out=tmp_path / "whole")
    out = tmp_path / "out"
    command = [sys.executable, "-c", CHILD.format(root=str(ROOT), path=str(path), out=str(out))]
    for parts in (1, 3):  # killed as soon as so many are there
        run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while run.poll() is None and len(list(out.glob("part-*"))) < parts:
            time.sleep(0.001)
        run.send_signal(signal.SIGKILL)
        run.wait()
    (out / ".unfinished-part-000009.parquet").write_bytes(b"PAR1")
    ls.extract(path, ["words", "bold"], out=out)
    assert digests(out) == digests(tmp_path / "whole")
    assert not list(out.glob(".unfinished*"))


def test_a_part_that_is_gone_is_made_again(tmp_path, small):
    path = written(tmp_path, "jsonl", frame())
    files = ls.extract(path, ["words"], out=tmp_path / "out")
    before = digests(tmp_path / "out")
    files.parts[2].unlink()
    assert ls.extract(path, ["words"], out=tmp_path / "out").made == 1
    assert digests(tmp_path / "out") == before


def test_a_changed_input_or_another_question_is_noticed(tmp_path):
    path = written(tmp_path, "parquet", frame())
    out = tmp_path / "out"
    ls.extract(path, ["words"], out=out)
    for options, what in (
        ({"features": ["bold"]}, "other features"),
        ({"dtype": "float64"}, "other dtype"),
        ({"keep": ["id"]}, "other kept"),
        ({"strip_think": False}, "other strip_think"),
    ):
        with pytest.raises(ls.FeatureError, match=f"was begun with {what}"):
            ls.extract(path, **{"features": ["words"], "out": out, **options})
    changed = frame([*TEXTS[:-1], TEXTS[-1][::-1]])
    os.utime(written(tmp_path, "parquet", changed), ns=(1, 1))
    with pytest.raises(ls.FeatureError, match=r"begun with another '.*answers.parquet', which has changed since"):
        ls.extract(path, ["words"], out=out)


def test_own_functions_are_told_apart(tmp_path):
    path = written(tmp_path, "parquet", frame(TEXTS[:5]))

    def made(text):
        return ls.per_text(lambda given: float(given.count(text)), name="times")

    ls.extract(path, [made("a")], out=tmp_path / "out")
    assert ls.extract(path, [made("a")], out=tmp_path / "out").made == 0
    with pytest.raises(ls.FeatureError, match="begun with other features"):
        ls.extract(path, [made("b")], out=tmp_path / "out")


def test_a_tokenizer_of_another_package_is_told_from_another(tmp_path):
    path = written(tmp_path, "parquet", frame(TEXTS[:5]))
    for k, (one, other) in enumerate([
        (partial(str.split, sep=" "), partial(str.split, sep="a")),
        (partial(re.split, " "), partial(re.split, "e")),
    ]):  # fmt: skip
        out = tmp_path / f"out{k}"
        ls.extract(path, [ls.tokens(one)], out=out)
        assert ls.extract(path, [ls.tokens(one)], out=out).made == 0
        with pytest.raises(ls.FeatureError, match="begun with other features"):
            ls.extract(path, [ls.tokens(other)], out=out)


def test_a_function_that_takes_no_other_texts_is_not_tried_on_any(tmp_path):
    def picky(text):
        assert "question" not in text
        return float(len(text))

    path = written(tmp_path, "parquet", pd.DataFrame({"answer": ["one", "three"]}))
    files = ls.extract(path, [ls.per_text(picky, name="letters")], out=tmp_path / "out", text="answer")
    assert pd.read_parquet(files.parts[0])["letters"].tolist() == [3.0, 5.0]


WORDS = {"may", "might"}


def hedged(text):
    return float(any(word in WORDS for word in text.split()))


def with_words(*words):
    return lambda text: float(sum(w in words for w in text.split()))


def mark(feature):
    return _mark(ls.FeatureSet.of([feature])[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ls.pattern("h", r"\bmay\b"), ls.pattern("h", r"\bmay\b", flags=re.I)),
        (ls.pattern("h", "a", definition="same"), ls.pattern("h", "b", definition="same")),
        (ls.tokens(str.split), ls.tokens(len)),
        (ls.per_text(lambda t: sum(w in ("may",) for w in t.split()), name="h"),
         ls.per_text(lambda t: sum(w in ("never",) for w in t.split()), name="h")),
        (ls.per_text(with_words("may"), name="h"), ls.per_text(with_words("never"), name="h")),
    ],
)  # fmt: skip
def test_what_counts_otherwise_has_another_mark(one, other):
    assert mark(one) != mark(other)
    assert mark(one) == mark(one)


def test_a_mark_reads_globals_and_is_the_same_in_every_process(monkeypatch):
    before = mark(ls.per_text(hedged, name="h"))
    code = "from tests.features.test_streaming import hedged, ls, mark; print(mark(ls.per_text(hedged, name='h')))"
    for seed in ("1", "2"):
        env = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == before
    monkeypatch.setattr(sys.modules[hedged.__module__], "WORDS", {"never"})
    assert mark(ls.per_text(hedged, name="h")) != before


def test_measured_battles_are_no_files(tmp_path):
    battles = ls.simulate(50, 3, seed=1).battles
    with pytest.raises(ls.FeatureError, match="with out=, the source is a path"):
        ls.extract(battles, ["words"], out=tmp_path / "out")


def test_one_run_at_a_time(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    path = written(tmp_path, "parquet", frame(TEXTS[:5]))
    ls.extract(path, ["words"], out=tmp_path / "out")
    with open(tmp_path / "out" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ls.FeatureError, match="another run is writing"):
            ls.extract(path, ["words"], out=tmp_path / "out")


def test_a_full_disk_leaves_whole_parts(tmp_path, small, monkeypatch):
    path = written(tmp_path, "parquet", frame())
    made = []
    real = os.fsync

    def full(file):
        made.append(file)
        if len(made) == 4:  # the manifest and two parts are written
            raise OSError(28, "No space left on device")
        real(file)

    monkeypatch.setattr("llamastyle.report.files.os.fsync", full)
    with pytest.raises(ls.FeatureError, match="No space left on device; the parts that are finished stay"):
        ls.extract(path, ["words"], out=tmp_path / "out")
    assert sorted(digests(tmp_path / "out")) == ["part-000000.parquet", "part-000001.parquet"]
    assert not list((tmp_path / "out").glob(".unfinished*"))
    ls.extract(path, ["words"], out=tmp_path / "out")
    ls.extract(path, ["words"], out=tmp_path / "whole")
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


# ---------------------------------------------------------------- bad input


def bad(tmp_path: Path, case: str) -> dict:
    data = frame(TEXTS[:5])
    path = written(tmp_path, "parquet", data)
    if case == "broken":
        path.write_bytes(path.read_bytes()[:-20])
    if case == "lines":
        path = written(tmp_path, "jsonl", data)
        path.write_text(path.read_text() + "{no\n")
    if case == "types":
        path = written(tmp_path, "jsonl", data)
        path.write_text(path.read_text() + '{"id": {"a": 1}, "response": "x", "model": "m"}\n')
    if case == "cut":
        path = written(tmp_path, "jsonl.gz", data)
        path.write_bytes(path.read_bytes()[:-30])
    if case == "nested":
        pd.DataFrame({"response": [["a"], ["b"]]}).to_parquet(path)
    if case == "foreign":
        path.write_text("a,b\n")
    if case == "own":
        data.assign(words=1).to_parquet(path)
    if case == "ends":
        data.assign(answer_a="a", reply_a="a b").to_parquet(path)
    if case == "other type":
        data.assign(id="x").to_parquet(tmp_path / "z.parquet")
        path = [path, tmp_path / "z.parquet"]
    if case == "manifest":
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "_manifest.json").write_text("{")
    if case == "damaged":
        ls.extract(path, ["words"], out=tmp_path / "out")
        (tmp_path / "out" / "part-000000.parquet").write_bytes(b"PAR1 and no more")
    if case == "parts":
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "part-000000.parquet").touch()
    if case == "second":
        path = [path, written(tmp_path, "jsonl", data.drop(columns="model"))]
        data.drop(columns="response").to_parquet(tmp_path / "z.parquet")
        path = [path[0], tmp_path / "z.parquet"]
    out = tmp_path / "answers.parquet" / "x" if case == "file" else tmp_path / "out"
    return {"source": tmp_path / "none.parquet" if case == "none" else path, "features": ["words"], "out": out}


@pytest.mark.parametrize(
    ("case", "options", "said"),
    [
        ("broken", {}, "is no parquet file that can be read"),
        ("lines", {}, "has lines that are no JSON, or a column that changes its type"),
        ("types", {}, "write the column in one type, for example as text"),
        ("cut", {}, "cannot be read to its end"),
        ("nested", {}, "not texts; read it with read_battles"),
        ("foreign", {}, "is neither parquet nor JSON lines"),
        ("none", {}, "there is no parquet or JSON-lines file at"),
        ("own", {}, "there is a column 'words' already; leave it out"),
        ("ends", {"text": ["answer_a", "reply_a"]}, "'answer_a' and 'reply_a' would both be called 'words_a'"),
        ("other type", {}, "z.parquet is broken, or has a column of another type than the first file"),
        ("manifest", {}, "cannot be read: "),
        ("parts", {}, "has parts, but no _manifest.json"),
        ("damaged", {}, r"part-000000.parquet' is damaged: .*delete it, and the same call makes it again"),
        ("second", {}, "has no column 'response', which the first file has"),
        ("file", {}, "is no folder that can be written"),
        ("", {"text": "answer"}, "has no column 'answer'; it has id, response, model"),
        ("", {"keep": ["ids"]}, "there is no column 'ids' to keep"),
        ("", {"dtype": "int8"}, "dtype='int8' is not one of float32, float64"),
        ("", {"text": 5}, "text=5 must be the name of a column, or a list of names"),
        ("", {"text": ["response", 5]}, r"text=\['response', 5\] must be the name of a column"),
        ("", {"text": []}, "text= names no column; leave it out"),
        ("", {"keep": 5}, "keep=5 must be the name of a column, or a list of names"),
        ("", {"out": 5}, "out=5 must be the name of a folder to write to"),
        ("", {"source": ["a", 3]}, "the source is a path, a pattern, a folder, or a list of paths; not list"),
        ("", {"features": ["tokens"]}, "the data have no token counts"),
    ],
)
def test_bad_input_is_one_clear_error(tmp_path, case, options, said):
    asked = bad(tmp_path, case) | options
    with pytest.raises(ls.FeatureError, match=said):
        ls.extract(asked.pop("source"), **asked)


@pytest.mark.parametrize("options", [{"text": "response"}, {"keep": ["id"]}, {"dtype": "float32"}])
def test_options_for_files_go_with_files(options):
    with pytest.raises(ls.FeatureError, match="they go with out="):
        ls.extract(["a"], **options)


def test_a_file_is_the_same_by_any_name(tmp_path, monkeypatch):
    path = written(tmp_path, "parquet", frame(TEXTS[:5]))
    ls.extract(path, ["words"], out=tmp_path / "out")
    (tmp_path / "linked.parquet").symlink_to(path)
    monkeypatch.chdir(tmp_path)
    for name in (path.name, f"./{path.name}", tmp_path / "linked.parquet"):
        assert ls.extract(name, ["words"], out=tmp_path / "out").made == 0


def test_the_manifest_says_what_was_asked(tmp_path):
    path = written(tmp_path, "parquet", frame(TEXTS[:5]))
    ls.extract(path, ["words"], out=tmp_path / "out")
    said = json.loads((tmp_path / "out" / "_manifest.json").read_text())
    assert (said["texts"], said["kept"], said["dtype"], said["parts"]) == (["response"], ["id", "model"], "float32", 1)
    assert said["files"][0][:2] == [str(path), path.stat().st_size]
    assert {"unicode", "emoji", "lexicon"} <= set(said["versions"])


def test_a_column_that_some_files_lack_is_empty_there(tmp_path):
    for k, more in enumerate(({}, {"voter": ["x"] * 5, "more": 1.5}, {"voter": ["y"] * 5})):
        frame(TEXTS[:5]).assign(**more).to_parquet(tmp_path / f"{k}.parquet")
    files = ls.extract(tmp_path, ["words"], out=tmp_path / "out")
    made = pd.concat(map(pd.read_parquet, files.parts), ignore_index=True)
    assert made["voter"].fillna("").tolist() == [""] * 5 + ["x"] * 5 + ["y"] * 5
    assert made["more"].isna().tolist() == [True] * 5 + [False] * 5 + [True] * 5
    frame(TEXTS[:5]).drop(columns="response").to_parquet(tmp_path / "3.parquet")
    with pytest.raises(ls.FeatureError, match=r"3\.parquet has no column 'response'"):
        ls.extract(tmp_path, ["words"], out=tmp_path / "out2")


def test_a_folder_that_was_left_half_measured_says_so(tmp_path, small):
    votes = ls.simulate(400, 4, style={"words": 0.6}, texts=True, seed=1).battles.to_frame()
    votes.to_parquet(tmp_path / "votes.parquet", row_group_size=20)
    files = ls.extract(tmp_path / "votes.parquet", ["words"], out=tmp_path / "out")
    of = len(files.parts)
    assert of > 3
    for how, gone in (("are not measured: call extract again", files.parts[2:]), ("read without", [])):
        for path in gone:
            path.rename(path.with_suffix(".away"))
        here = [str(path) for path in files.parts[:2]]
        said = f"2 of {of} parts in '{tmp_path / 'out'}': "
        with pytest.warns(ls.LlamaStyleWarning, match="2 of"):
            found = ls.fit_files(here, separated="drop")
        for notes in (found.notes, ls.read_battles(f"{tmp_path}/out/part-00000[01].parquet").notes):
            (note,) = (note for note in notes if note.startswith(said))
            assert how in note
        for path in gone:
            path.with_suffix(".away").rename(path)
    assert not [note for note in ls.fit_files(files).notes if " parts in " in note]
