"""hf:// addresses against a hub of our own: found, fetched once, gone on with, checked, and read offline."""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.data import hub as ours
from tests.data.conftest import make_votes

OLD, NEW = "1" * 40, "2" * 40
TOKEN = "hf_secretsecretsecret"
VOTES = "hf://datasets/some-lab/votes"
SPACE = "hf://spaces/some-lab/votes_space"


@dataclass
class Hub:
    """The part of the hub's API that reading needs: lists of files, revisions, and files with ranges."""

    repos: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=lambda: {"main": OLD})
    sizes: dict[str, int] = field(default_factory=dict)
    """Sizes that the list of files gives, where they are not those of the files."""
    heads: dict[str, int] = field(default_factory=dict)
    """Sizes that a HEAD gives, where they are not those of the files."""
    refused: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """Status and headers by the start of a path."""
    cut: dict[str, int] = field(default_factory=dict)
    """Bytes after which the connection is closed, once, by file."""
    dies: bool = False
    """Whether no request is answered any more after a cut."""
    dead: bool = False
    held: threading.Event | None = None
    """What the connection waits for after a cut, before it is closed."""
    asked: list[str] = field(default_factory=list)
    sent: dict[str, int] = field(default_factory=dict)
    """Bytes of files that went out."""
    ranges: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    endpoint: str = ""
    stop: Callable[[], None] = lambda: None

    def gets(self, name: str) -> int:
        """How often a file was asked for."""
        return sum(line.startswith("GET ") and line.endswith(f"/{name}") for line in self.asked)


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            path = unquote(urlsplit(self.path).path)
            if hub.dead:
                return
            hub.asked.append(f"{self.command} {path}")
            hub.tokens.add(self.headers.get("Authorization"))
            for start, (status, headers) in hub.refused.items():
                if path.startswith(start):
                    self.reply(status, b"", headers)
                    return
            if match := re.fullmatch(r"/api/(\w+/[\w.-]+/[\w.-]+)/refs", path):
                branches = [
                    {"name": n, "ref": f"refs/heads/{n}", "targetCommit": c} for n, c in hub.refs.items()
                ]
                self.reply(200, json.dumps({"branches": branches, "converts": [], "tags": []}).encode())
            elif match := re.fullmatch(r"/api/(\w+/[\w.-]+/[\w.-]+)/revision/(.+)", path):
                self.listing(*match.groups())
            elif match := re.fullmatch(r"/(\w+/[\w.-]+/[\w.-]+)/resolve/(\w+)/(.+)", path):
                self.file(*match.groups(), body)
            else:
                self.reply(404, b"", {"X-Error-Code": "RepoNotFound"})

        def listing(self, repo: str, revision: str) -> None:
            commit = hub.refs.get(revision, revision)
            if repo not in hub.repos:
                self.reply(401, b"", {"X-Error-Code": "RepoNotFound"})
            elif commit not in hub.repos[repo]:
                self.reply(404, b"", {"X-Error-Code": "RevisionNotFound"})
            else:
                files = hub.repos[repo][commit]
                siblings = [{"rfilename": n, "size": hub.sizes.get(n, len(b))} for n, b in files.items()]
                about = {
                    "private": False,
                    "gated": False,
                    "disabled": False,
                    "downloads": 0,
                    "likes": 0,
                    "tags": [],
                }
                name = repo.split("/", 1)[1]
                made = {"id": name, "_id": "0", "sha": commit, "siblings": siblings, **about}
                self.reply(200, json.dumps(made).encode())

        def file(self, repo: str, commit: str, name: str, body: bool) -> None:
            commit = hub.refs.get(commit, commit)
            data = hub.repos[repo][commit][name]
            tag = {
                "ETag": f'"{hash(data) & 0xFFFFFFFF:x}"',
                "X-Repo-Commit": commit,
                "Accept-Ranges": "bytes",
            }
            if not body:
                size = str(hub.heads.get(name, len(data)))
                self.reply(200, b"", {**tag, "Content-Length": size, "X-Linked-Size": size})
                return
            start = 0
            if wanted := self.headers.get("Range"):
                hub.ranges.append(wanted)
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                tag["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            tag["Content-Length"] = str(len(data) - start)
            rest = data[start : hub.cut.get(name)]
            hub.sent[name] = hub.sent.get(name, 0) + len(rest)
            cut = hub.cut.pop(name, None)
            if cut:
                hub.dead = hub.dies
            self.reply(206 if start else 200, rest, tag)
            if cut and hub.held:
                self.wfile.flush()
                hub.held.wait(60)

        def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


def forget() -> None:
    """The library reads its environment when it is imported."""
    for name in [name for name in sys.modules if name.split(".")[0] == "huggingface_hub"]:
        del sys.modules[name]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with two repositories, and a cache of its own with nothing in it."""
    made = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    made.stop = stop
    made.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    made.repos["datasets/some-lab/votes"] = {
        OLD: {
            ".gitattributes": b"*.parquet filter=lfs",
            "README.md": b"# Votes",
            "data/train-00000-of-00002.parquet": shard(tmp_path, 0),
            "data/train-00001-of-00002.parquet": shard(tmp_path, 1),
            "extra/votes.jsonl": lines(2),
        },
        NEW: {"votes.csv": b"model_a,model_b,winner,response_a,response_b\nx,y,tie,Yes.,No.\n"},
    }
    made.repos["spaces/some-lab/votes_space"] = {OLD: {"app.py": b"", "data/clean.jsonl": lines(3)}}
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HF_HUB_CACHE", "HF_ASSETS_CACHE", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", made.endpoint)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    forget()
    for name in ("constants", "file_download"):
        module = importlib.import_module(f"huggingface_hub.{name}")
        if hasattr(module, "DOWNLOAD_CHUNK_SIZE"):
            monkeypatch.setattr(module, "DOWNLOAD_CHUNK_SIZE", 512)
    yield made
    if thread.is_alive():
        stop()
    forget()


def lines(n: int) -> bytes:
    return "\n".join(map(json.dumps, make_votes(n))).encode()


def shard(folder: Path, seed: int) -> bytes:
    """A parquet file of some 8 kB that does not compress away."""
    path = folder / f"made-{seed}.parquet"
    votes = [{**vote, "response_a": os.urandom(200).hex()} for vote in make_votes(40)]
    pd.DataFrame(votes).to_parquet(path)
    return path.read_bytes()


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    forget()


def refusal(address: str) -> str:
    """The error's text, which must be one line."""
    with pytest.raises(ls.DataError) as caught:
        ls.read_battles(address)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


# ---------------------------------------------------------------- read


def test_a_data_set_is_read_and_only_its_tables_are_fetched(hub: Hub) -> None:
    battles = ls.read_battles(VOTES)
    assert len(battles) == 80
    names = [f"data/train-0000{i}-of-00002.parquet" for i in (0, 1)]
    assert battles.notes[0] == f"read from {VOTES} at commit {OLD}: 2 files, {names[0]} to {names[1]}"
    assert set(hub.sent) == set(names)
    assert not any("cached" in note for note in battles.notes)


def test_what_is_there_is_not_fetched_again(hub: Hub) -> None:
    first = ls.read_battles(VOTES)
    sent, asked = dict(hub.sent), len(hub.asked)
    again = ls.read_battles(VOTES)
    assert again.notes == first.notes
    assert hub.sent == sent
    assert len(hub.asked) == asked + 1


def test_a_revision_that_moves_is_followed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(ls.read_battles(VOTES)) == 80
    hub.refs["main"] = NEW
    assert ls.read_battles(VOTES).notes[0] == f"read from {VOTES} at commit {NEW}: votes.csv"
    offline(monkeypatch)
    assert len(ls.read_battles(VOTES)) == 1
    assert len(ls.read_battles(f"{VOTES}@{OLD}")) == 80


@pytest.mark.parametrize(
    ("address", "n", "file"),
    [
        (f"{VOTES}/data/train-00001-of-00002.parquet", 40, "data/train-00001-of-00002.parquet"),
        (f"{VOTES}/data/*1-of-*.parquet", 40, "data/train-00001-of-00002.parquet"),
        (f"{VOTES}/**/*.jsonl", 2, "extra/votes.jsonl"),
        (f"{VOTES}@{NEW}", 1, "votes.csv"),
        (f"{VOTES}@next", 1, "votes.csv"),
        (f"{VOTES}@~parquet", 1, "votes.csv"),
        (f"{VOTES}@refs%2Fconvert%2Fparquet/", 1, "votes.csv"),
        (f"{VOTES}@refs/convert/parquet/votes.csv", 1, "votes.csv"),
        (f"{SPACE}/data/clean.jsonl", 3, "data/clean.jsonl"),
        (SPACE, 3, "data/clean.jsonl"),
    ],
)
def test_addresses(hub: Hub, address: str, n: int, file: str) -> None:
    hub.refs |= {"next": NEW, "refs/convert/parquet": NEW}
    battles = ls.read_battles(address)
    assert len(battles) == n
    assert battles.notes[0].endswith(f": {file}")
    assert set(hub.sent) == {file}


def test_a_pattern_does_not_cross_folders_but_with_two_stars(hub: Hub) -> None:
    files = hub.repos["datasets/some-lab/votes"][OLD]
    files["data/more/votes.jsonl"] = files["data/votes.jsonl"] = lines(1)
    assert len(ls.read_battles(f"{VOTES}/data/*.jsonl")) == 1
    assert len(ls.read_battles(f"{VOTES}/data/**/*.jsonl")) == 2


def test_tables_in_data_come_before_others(hub: Hub) -> None:
    hub.repos["datasets/some-lab/votes"][OLD]["extra/more.parquet"] = b"unused"
    assert len(ls.read_battles(VOTES)) == 80


def test_tables_outside_data_are_taken_where_one_folder_has_them(hub: Hub) -> None:
    files = hub.repos["spaces/some-lab/votes_space"][OLD]
    files["tables/votes.csv"] = b"unused"
    assert len(ls.read_battles(SPACE)) == 3
    del files["data/clean.jsonl"]
    files["tables/b.parquet"] = shard(Path(os.environ["HF_HOME"]).parent, 2)
    assert len(ls.read_battles(SPACE)) == 40
    files["other/a.parquet"] = b""
    assert re.search(r"several folders \(other, tables\); .*votes_space/tables/\*\.parquet", refusal(SPACE))


def test_responses_and_correctness_are_read_too(hub: Hub) -> None:
    files = hub.repos["spaces/some-lab/votes_space"][OLD]
    files["texts.csv"] = b"model,text\nx,Yes.\n"
    files["scores.csv"] = b"prompt_id,model,correct\n0,x,1\n0,y,0\n"
    responses = ls.read_responses(f"{SPACE}/texts.csv")
    assert responses.notes[0] == f"read from {SPACE} at commit {OLD}: texts.csv"
    battles = ls.read_battles(make_votes(), correctness=f"{SPACE}/scores.csv")
    assert f"read from {SPACE} at commit {OLD}: scores.csv" in battles.notes


def test_a_bad_row_is_named_by_its_address(hub: Hub) -> None:
    hub.repos["spaces/some-lab/votes_space"][OLD]["data/clean.jsonl"] = lines(2) + b'\n{"model_a": "x"}'
    assert f"row 2 (counted from 0) of {SPACE}/data/clean.jsonl" in refusal(SPACE)


def test_the_token_goes_to_the_hub(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    forget()
    ls.read_battles(SPACE)
    assert f"Bearer {TOKEN}" in hub.tokens


def test_the_command_line_reads_addresses_and_nothing_else_is_printed(hub: Hub) -> None:
    measured = "model_a,model_b,winner,words_a,words_b\n" + "x,y,model_a,1,2\nx,y,model_b,3,1\n" * 30
    hub.repos["spaces/some-lab/votes_space"][OLD]["data/measured.csv"] = measured.encode()
    code = f"import llamastyle as ls; print(len(ls.read_battles({SPACE!r})))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("3\n", "")
    command = [sys.executable, "-m", "llamastyle", "leaderboard", f"{SPACE}/data/measured.csv"]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0
    assert f"read from {SPACE} at commit {OLD}: data/measured.csv" in ran.stderr


# ---------------------------------------------------------------- interrupted


def test_after_a_cut_only_what_is_not_complete_is_fetched(hub: Hub) -> None:
    first, second = (f"data/train-0000{i}-of-00002.parquet" for i in (0, 1))
    size = len(hub.repos["datasets/some-lab/votes"][OLD][second])
    hub.cut[second], hub.dies = size // 2, True
    text = refusal(VOTES)
    assert f"{VOTES}/{second} stopped (1 of 2 files complete and kept)" in text
    assert hub.sent[second] == size // 2
    hub.dead = False
    assert len(ls.read_battles(VOTES)) == 80
    assert hub.gets(first) == 1
    assert size <= hub.sent[second] <= size // 2 + size


def test_a_cut_file_goes_on_where_it_stopped(hub: Hub) -> None:
    name = "data/train-00001-of-00002.parquet"
    size = len(hub.repos["datasets/some-lab/votes"][OLD][name])
    hub.cut[name] = 2048
    try:
        battles = ls.read_battles(VOTES)
    except ls.DataError:  # older versions of the library leave it to the next call
        battles = ls.read_battles(VOTES)
    assert len(battles) == 80
    assert hub.ranges == ["bytes=2048-"]
    assert hub.sent[name] == size


def test_a_download_that_is_killed_goes_on(hub: Hub) -> None:
    first, second = (f"data/train-0000{i}-of-00002.parquet" for i in (0, 1))
    hub.cut[second], hub.held = 4096, threading.Event()
    code = f"import llamastyle as ls; ls.read_battles({VOTES!r})"
    run = subprocess.Popen([sys.executable, "-c", code], env=os.environ | {"NUMBA_DISABLE_JIT": "1"})
    while run.poll() is None and not hub.sent.get(second):
        threading.Event().wait(0.01)
    threading.Event().wait(0.2)  # what was sent is written down
    run.kill()
    assert run.wait() == -signal.SIGKILL
    hub.held.set()
    assert len(ls.read_battles(VOTES)) == 80
    assert (hub.gets(first), hub.gets(second)) == (1, 2)


# ---------------------------------------------------------------- offline


@pytest.mark.parametrize("how", ["switch", "no network", "down"])
def test_offline_the_cached_commit_is_read(hub: Hub, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    there = ls.read_battles(VOTES)
    asked = len(hub.asked)
    if how == "switch":
        offline(monkeypatch)
    elif how == "no network":
        hub.stop()
    else:
        hub.refused["/"] = (503, {})
    battles = ls.read_battles(VOTES)
    assert battles.to_frame().equals(there.to_frame())
    assert battles.notes[0] == there.notes[0]
    assert battles.notes[1].startswith("the cached copy of that commit was used: ")
    says = "HF_HUB_OFFLINE is set" if how == "switch" else f"the hub at {hub.endpoint} cannot be reached"
    assert says in battles.notes[1]
    assert how != "switch" or len(hub.asked) == asked


def test_offline_a_part_is_not_taken_for_the_whole(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    ls.read_battles(f"{VOTES}/data/*0-of-00002.parquet")
    hub.refused["/"] = (503, {})
    asked = len(hub.asked)
    assert "train-00001-of-00002.parquet is not in the cache (1 of 2 files complete)" in refusal(VOTES)
    assert len(hub.asked) == asked + 1  # the list of files, and no file
    offline(monkeypatch)
    assert len(ls.read_battles(f"{VOTES}/data/train-00000-of-00002.parquet")) == 40
    text = refusal(VOTES)
    assert "train-00001-of-00002.parquet is not in the cache (1 of 2 files complete)" in text
    assert "HF_HUB_OFFLINE is set" in text
    assert len(hub.asked) == asked + 1


@pytest.mark.parametrize("how", ["switch", "no network"])
def test_offline_with_nothing_in_the_cache(hub: Hub, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    offline(monkeypatch) if how == "switch" else hub.stop()
    text = refusal(VOTES)
    says = "HF_HUB_OFFLINE is set" if how == "switch" else f"the hub at {hub.endpoint} cannot be reached"
    assert text.startswith(says)
    assert f"nothing of {VOTES} at main is in the cache ({os.environ['HF_HOME']}" in text


@pytest.mark.parametrize("revision", ["main", OLD])
def test_offline_what_other_programs_fetched_is_read(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    library = importlib.import_module("huggingface_hub")
    library.hf_hub_download("some-lab/votes", "data/train-00001-of-00002.parquet", repo_type="dataset")
    offline(monkeypatch)
    battles = ls.read_battles(f"{VOTES}@{revision}")
    assert len(battles) == 40
    assert any("list of files is not in the cache" in note for note in battles.notes)
    assert f"nothing of {SPACE} at main" in refusal(SPACE)


def test_a_cache_that_is_only_read(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    ls.read_battles(VOTES)
    monkeypatch.setattr(
        Path, "write_text", lambda *a, **k: (_ for _ in ()).throw(PermissionError("read only"))
    )
    assert len(ls.read_battles(VOTES)) == 80


# ---------------------------------------------------------------- damaged


NAME = "data/train-00001-of-00002.parquet"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<!DOCTYPE html><title>502</title>", "called parquet, but it is an HTML or XML page"),
        (b'{"error": "Internal Error"}', "called parquet, but it is JSON"),
        (b"PK\x03\x04 and more", "called parquet, but it is a zip archive"),
        (b"version https://git-lfs.github.com/spec/v1", "called parquet, but it is a Git LFS pointer"),
        (b"model_a,model_b", "called parquet, but it is something that begins with b'model_a,model_b'"),
        (b"", "called parquet, but it is empty"),
        (b"PAR1 cut off", "is a parquet file that cannot be opened"),
    ],
)
def test_a_mislabelled_file(hub: Hub, data: bytes, says: str) -> None:
    files = hub.repos["datasets/some-lab/votes"][OLD]
    good, files[NAME] = files[NAME], data
    text = refusal(VOTES)
    assert text.startswith(f"{VOTES}/{NAME} {'' if 'opened' in says else 'is '}{says}")
    assert f"look at {hub.endpoint}/datasets/some-lab/votes/blob/{OLD}/{NAME}" in text
    files[NAME] = good
    Path(re.search(r"delete (\S+) and read", text).group(1)).unlink()  # type: ignore[union-attr]
    assert len(ls.read_battles(VOTES)) == 80
    assert hub.gets("data/train-00000-of-00002.parquet") == 1


def test_a_file_of_another_size_than_the_hub_says(hub: Hub) -> None:
    size = len(hub.repos["datasets/some-lab/votes"][OLD][NAME])
    hub.sizes[NAME] = size + 100
    assert f"{VOTES}/{NAME} has {size} bytes where the hub says {size + 100}; delete " in refusal(VOTES)


def test_a_file_that_ends_too_early(hub: Hub) -> None:
    size = len(hub.repos["datasets/some-lab/votes"][OLD][NAME])
    hub.sizes[NAME] = hub.heads[NAME] = size + 100
    text = refusal(VOTES)
    assert f"{VOTES}/{NAME} stopped (1 of 2 files complete and kept): Consistency check failed" in text
    assert Path(text.rpartition(" delete ")[2]).is_dir()


@pytest.mark.parametrize("online", [True, False])
def test_a_copy_that_was_damaged_in_the_cache(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, online: bool
) -> None:
    ls.read_battles(VOTES)
    copy = next(Path(os.environ["HF_HOME"]).rglob(f"snapshots/*/{NAME}"))
    size = copy.stat().st_size
    os.truncate(copy, size - 7)
    if not online:
        offline(monkeypatch)
    text = refusal(VOTES)
    assert f"{NAME} has {size - 7} bytes where the hub says {size}; delete {copy.resolve()} and" in text
    copy.resolve().unlink()
    if online:
        assert len(ls.read_battles(VOTES)) == 80
    else:
        assert "is not in the cache (1 of 2 files complete)" in refusal(VOTES)


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (
            "hf://datasets/some-lab/votse",
            r"some-lab/votse is not there, or it is private: see http.*HF_TOKEN",
        ),
        (f"{VOTES}@mian", "has no revision 'mian'; did you mean 'main'\\?; it has main, next"),
        (f"{VOTES}/data/train-00003-of-00002.parquet", "did you mean 'data/train-0000[01]-of-00002.parquet'"),
        (f"{VOTES}/*.xlsx", r"has no file '\*\.xlsx' at main; it has \.gitattributes, README\.md"),
        (
            f"{VOTES}/data",
            r"votes/data is a folder; .* such as hf://datasets/some-lab/votes/data/\*\.parquet",
        ),
        (f"{VOTES}/data/", r"votes/data is a folder"),
        ("hf://datasets/some-lab", "is no address of a table on the hub; give hf://datasets/OWNER/NAME"),
        ("hf://models/some-lab/votes", "is no address of a table"),
        ("hf://some-lab/votes/x.csv", "is no address of a table"),
        ("hf://datasets/some-lab/votes--x..y", "'some-lab/votes--x..y' is no name of a repository"),
    ],
)
def test_what_is_not_there(hub: Hub, address: str, says: str) -> None:
    hub.refs["next"] = NEW
    assert re.search(says, refusal(address))


def test_a_repository_without_tables(hub: Hub) -> None:
    del hub.repos["spaces/some-lab/votes_space"][OLD]["data/clean.jsonl"]
    assert refusal(SPACE) == f"{SPACE} has no parquet, JSON lines or CSV file; it has app.py"


@pytest.mark.parametrize("at", ["/api", "/datasets"])
@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (401, {"X-Error-Code": "GatedRepo"}, "is gated: ask for access on"),
        (403, {"X-Error-Code": "GatedRepo"}, "is gated: ask for access on"),
        (
            401,
            {"X-Error-Message": "Invalid credentials in Authorization header"},
            r"not let you read .*HTTP 401",
        ),
        (403, {}, r"not let you read .*HTTP 403"),
        (401, {"X-Error-Code": "RepoNotFound"}, "or it is private"),
    ],
)
def test_what_may_not_be_read(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, at: str, status: int, headers: dict[str, str], says: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    forget()
    hub.refused[at] = (status, headers)
    text = refusal(VOTES)
    assert re.search(says, text)
    assert f"{hub.endpoint}/datasets/some-lab/votes" in text
    assert "HF_TOKEN" in text


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("huggingface_hub", "huggingface_hub.constants", "huggingface_hub.utils"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "pip install 'llamastyle[hub]'" in refusal(VOTES)


def test_the_library_is_not_imported_before_it_is_asked_for() -> None:
    code = "import sys, llamastyle.data.hub; print('huggingface_hub' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


@pytest.mark.parametrize("address", [ours.ARENA_140K, ours.MAVERICK_BATTLES])
def test_the_arenas_addresses(hub: Hub, address: str) -> None:
    kind, name, path = re.fullmatch(r"hf://(\w+)/([^/]+/[^/]+)/?(.*)", address).groups()  # type: ignore[union-attr]
    hub.repos[f"{kind}/{name}"] = {OLD: {path or "data/train.jsonl": lines(2)}}
    assert len(ls.read_battles(address)) == 2
