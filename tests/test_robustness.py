"""Plugs pulled, disks full, folders that take nothing, little memory, and any number of threads."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression.judge_calls import Cache, Call
from llamastyle.report.files import page_file, write_whole
from llamastyle.shell import write_table

resource = pytest.importorskip("resource")
ROOT = Path(__file__).resolve().parents[1]
ENV = os.environ | {
    "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1",
}  # fmt: skip
"""For processes that the compiled scanner would keep waiting; without allocators that reserve more than they use."""


def python(code: str, *arguments: object, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=ENV | env, capture_output=True, text=True, timeout=120)


def begun(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=ENV, stderr=subprocess.PIPE)


def unfinished(folder: Path) -> list[str]:
    return [path.name for path in folder.glob(".unfinished*")]


# ---------------------------------------------------------------- memory

LITTLE = """\
import resource, sys
import pandas as pd
import llamastyle as ls
from llamastyle.features import file_parts
file_parts.BATCH_BYTES = 1 << 20
path, out = sys.argv[1:]
length = ls.per_text(lambda text: float(len(text)), name="length")
ls.extract("a", [length])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 80_000_000,) * 2)
print(ls.extract(path, [length], out=out))
try:
    pd.concat([pd.read_json(path, lines=True)] if path.endswith("l") else [pd.read_parquet(path)])["response"].astype(str).str.len()
    print("all of it fits")
except (MemoryError, ValueError) as error:
    print("all of it does not fit:", type(error).__name__)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the size of a process is read from /proc")
@pytest.mark.parametrize("kind", ["long lines", "texts that repeat"])
def test_a_file_larger_than_memory_passes_through(tmp_path, kind):
    """240 MB of texts in 80 MB; the second file holds them in a few kilobytes."""
    texts = [f"{i} " + "long " * 4_000 for i in range(8)]
    if kind == "long lines":
        path = tmp_path / "a.jsonl"
        rows = [json.dumps({"response": text}) + "\n" for text in texts]
        with path.open("w") as file:
            file.writelines(rows[i % 8] for i in range(12_000))
    else:
        path = tmp_path / "a.parquet"
        pd.DataFrame({"response": [""] * 16 + texts * 1_500}).to_parquet(path, compression="zstd")
        assert path.stat().st_size < 100_000
    ran = python(LITTLE, path, tmp_path / "out")
    assert "FeatureFiles of 12,0" in ran.stdout, ran.stderr[-600:]
    assert "all of it does not fit" in ran.stdout


# ---------------------------------------------------------------- kill -9

PAGES = """\
import sys
from llamastyle.report.files import page_file
while True:
    for letter in "ab":
        page_file(lambda: letter * 5_000_000, sys.argv[1], "page.html")
"""


def test_a_report_that_is_killed_is_the_old_one_or_the_new_one(tmp_path):
    path, chance = tmp_path / "page.html", random.Random(9)
    for _ in range(4):
        path.unlink(missing_ok=True)
        run = begun(PAGES, path)
        while run.poll() is None and not path.exists():
            time.sleep(0.001)
        time.sleep(chance.random() * 0.05)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        page = path.read_text()
        assert page in ("a" * 5_000_000, "b" * 5_000_000)
    page_file(lambda: "c", path, "page.html")
    assert path.read_text() == "c"


JUDGE = """\
import json, sys, time
import llamastyle as ls
def longer(prompt, a, b):
    time.sleep(0.003)
    return len(a) / (len(a) + len(b) + 1)
rows = json.loads(sys.argv[1])
ls.audit_judge(longer, None, rewrites=rows, cache=sys.argv[2], name="longer", progress=False)
"""


def longer(prompt: str, a: str, b: str) -> float:
    return len(a) / (len(a) + len(b) + 1)


def test_a_judge_audit_that_is_killed_asks_nothing_twice(tmp_path):
    rows = [{"prompt": f"q{i}", "original": "x" * i, "rewrite": "y" * 2 * i, "intervention": "longer"} for i in range(60)]
    whole = ls.audit_judge(longer, None, rewrites=rows, name="longer", progress=False)
    cache, seen = tmp_path / "judge.jsonl", 0
    for more in (5, 17):
        run = begun(JUDGE, json.dumps(rows), cache)
        while run.poll() is None and (cache.read_bytes().count(b"\n") if cache.exists() else 0) < seen + more:
            time.sleep(0.001)
        run.send_signal(signal.SIGKILL)
        assert run.communicate()[1] == b""
        seen = cache.read_bytes().count(b"\n")
    assert 22 <= seen < whole.calls
    with cache.open("ab") as file:
        file.write(b'{"key": "cut sho')
    found = ls.audit_judge(longer, None, rewrites=rows, name="longer", cache=cache, progress=False)
    assert (found.cached, found.cached + found.calls) == (seen, whole.calls)
    assert found.notes[0] == "1 lines of the cache could not be read and were left out"
    assert found.effects.equals(whole.effects)


# ---------------------------------------------------------------- a full disk

FULL = """\
import json, resource, signal, sys
from pathlib import Path
import pandas as pd
import llamastyle as ls
from llamastyle.regression.judge_calls import Cache, Call
from llamastyle.report.files import page_file
from llamastyle.shell import write_table
folder = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))
frame = pd.DataFrame({"number": range(20_000)})
cache = Cache(folder / "judge.jsonl", "judge")
def answers():
    for k in range(100):
        cache.put(Call("p", "a", str(k)), 0.5)
    assert cache.unwritten, "never full"
    assert cache.get(Call("p", "a", "99")) == 0.5
    raise ls.LlamaStyleError(f"judge.jsonl: {cache.unwritten}")
length = ls.per_text(lambda text: float(len(text)), name="length")
for write in (
    lambda: page_file(lambda: "x" * 9_000, folder / "page.html", "page.html"),
    lambda: write_table(frame, str(folder / "table.csv")),
    lambda: write_table(frame, str(folder / "table.jsonl")),
    lambda: write_table(frame, str(folder / "table.parquet")),
    lambda: ls.extract(folder / "texts.parquet", [length], out=folder / "out"),
    answers,
):
    try:
        write()
        print("written")
    except ls.LlamaStyleError as error:
        print(error)
"""


def test_a_full_disk_is_an_error_that_says_so_and_leaves_nothing_half_written(tmp_path):
    texts = pd.DataFrame({"response": [" " * (i * 7 % 1_009) for i in range(4_000)]})
    texts.to_parquet(tmp_path / "texts.parquet")
    ran = python(FULL, tmp_path)
    said = ran.stdout.splitlines()
    assert [f"{name}" in line and "File too large" in line for name, line in zip(
        ("page.html", "table.csv", "table.jsonl", "table.parquet", "part-000000.parquet", "judge.jsonl"), said, strict=True,
    )] == [True] * 6, ran.stdout + ran.stderr  # fmt: skip
    assert ran.stderr == ""
    assert sorted(p.name for p in tmp_path.iterdir()) == ["judge.jsonl", "out", "texts.parquet"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [".lock", "_manifest.json"]
    length = ls.per_text(lambda text: float(len(text)), name="length")
    files = ls.extract(tmp_path / "texts.parquet", [length], out=tmp_path / "again")
    assert files.to_frame()["length"].sum() == texts["response"].str.len().sum()
    kept = Cache(tmp_path / "judge.jsonl", "judge")
    assert kept.unreadable <= 1
    assert kept.get(Call("p", "a", "0")) == 0.5


# ---------------------------------------------------------------- a folder that takes no file


@pytest.fixture
def closed(tmp_path):
    """Root may write to a read-only folder, but nobody can make a file among the kernel's."""
    if os.geteuid() == 0:
        if not Path("/proc/self").is_dir():
            pytest.skip("root may write to every folder but /proc, which is not here")
        yield Path("/proc/self")
        return
    tmp_path.chmod(0o500)
    yield tmp_path
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["table.csv", "table.jsonl", "table.parquet"])
def test_a_folder_that_takes_no_table(closed, name):
    with pytest.raises(ls.LlamaStyleError, match=rf"{name}' could not be written: .*nothing was changed"):
        write_table(pd.DataFrame({"a": [1]}), str(closed / name))


def test_a_folder_that_takes_no_features(closed, tmp_path_factory):
    texts = tmp_path_factory.mktemp("texts") / "texts.parquet"
    pd.DataFrame({"response": ["One."]}).to_parquet(texts)
    length = ls.per_text(lambda text: float(len(text)), name="length")
    with pytest.raises(ls.FeatureError, match="out=.* is no folder that can be written"):
        ls.extract(texts, [length], out=closed / "out")


def test_a_folder_that_takes_no_answers_of_a_judge(closed):
    cache = Cache(closed / "judge.jsonl", "judge")
    cache.put(Call("p", "a", "b"), 0.5)
    assert cache.unwritten
    assert cache.get(Call("p", "a", "b")) == 0.5


# ---------------------------------------------------------------- two at once

SLOW = """\
import sys, time
from pathlib import Path
import llamastyle as ls
path, out, ready, go = sys.argv[1:]
def waiting(text):
    if text:  # the empty one is measured before there is a folder
        Path(ready).touch()
        while not Path(go).exists():
            time.sleep(0.01)
    return float(len(text))
try:
    print(ls.extract(path, [ls.per_text(waiting, name="length")], out=out))
except ls.FeatureError as error:
    sys.exit(str(error))
"""


def test_two_runs_into_one_folder_are_one_run_and_one_error(tmp_path):
    pd.DataFrame({"response": ["One.", "Two."]}).to_parquet(tmp_path / "a.parquet")
    asked = (tmp_path / "a.parquet", tmp_path / "out", tmp_path / "ready", tmp_path / "go")
    first = begun(SLOW, *asked)
    while first.poll() is None and not (tmp_path / "ready").exists():
        time.sleep(0.01)
    second = python(SLOW, *asked)  # which is refused before it measures, or would wait for ever
    assert "another run is writing to" in second.stderr
    asked[3].touch()
    assert first.wait(60) == 0, first.communicate()[1]
    first.communicate()
    assert pd.read_parquet(tmp_path / "out" / "part-000000.parquet")["length"].tolist() == [4, 4]
    assert not unfinished(tmp_path / "out")


def test_two_writers_of_one_file_leave_one_of_the_two(tmp_path):
    inner = tmp_path / "x.txt"

    def outer(path):
        path.write_text("outer")
        write_whole(inner, lambda other: other.write_text("inner"))

    write_whole(inner, outer)
    assert inner.read_text() == "outer"
    assert os.listdir(tmp_path) == ["x.txt"]


# ---------------------------------------------------------------- one seed, any number of threads

SEEDED = """\
import json
import llamastyle as ls
battles = ls.simulate(4_000, 8, style={"words": 0.5, "bold": 0.2}, seed=11).battles
result = ls.fit(battles)
print(json.dumps([result.params.tolist(), result.bse.tolist()]))
"""


def test_a_seed_gives_the_same_numbers_on_any_number_of_threads():
    runs = [python(SEEDED, OMP_NUM_THREADS=n, OPENBLAS_NUM_THREADS=n, NUMBA_NUM_THREADS=n) for n in "121"]
    assert [run.stderr for run in runs] == [""] * 3
    one, two, again = (json.loads(run.stdout) for run in runs)
    assert one == again
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
