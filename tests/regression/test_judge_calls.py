"""Calls of a judge: what it may return, retries, batches, threads, async, and a cache that survives."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from llamastyle.errors import DataError
from llamastyle.regression import judge_calls
from llamastyle.regression.judge_calls import Cache, Call, ask, preference

ROOT = Path(__file__).resolve().parents[2]
CALLS = [Call("q", f"a{i}", "b") for i in range(20)]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(judge_calls, "WAIT", 0.0)


def third(prompt: str, a: str, b: str) -> float:
    return int(a[1:]) % 3 / 2


@pytest.mark.parametrize(
    ("answer", "p"),
    [
        (0, 0.0),
        (1, 1.0),
        (True, 1.0),
        ("A", 1.0),
        (" model_b\n", 0.0),
        ("Tie", 0.5),
        ("both_bad", 0.5),
        (0.25, 0.25),
    ],
)
def test_what_a_judge_may_return(answer, p):
    assert preference(answer) == p


@pytest.mark.parametrize("answer", [None, "yes", 1.5, -0.1, float("nan"), [0.5, 0.5], {}])
def test_what_it_may_not(answer):
    with pytest.raises(DataError, match=r"must (return|lie)"):
        preference(answer)


@pytest.mark.parametrize("options", [{}, {"concurrency": 4}])
def test_each_call_is_made_once(options):
    made = []
    lock = threading.Lock()

    def judge(*call):
        with lock:
            made.append(call)
        return third(*call)

    asked = ask(judge, [*CALLS, *CALLS], Cache(None, "j"), **options)
    assert sorted(made) == sorted(CALLS)
    assert asked.preference == {call: third(*call) for call in CALLS}
    assert (asked.made, asked.cached, asked.retries, asked.failed) == (20, 0, 0, {})


def test_batches():
    sizes = []

    def judge(calls):
        sizes.append(len(calls))
        return [third(*call) for call in calls]

    asked = ask(judge, CALLS, Cache(None, "j"), batch_size=8)
    assert sizes == [8, 8, 4]
    assert asked.preference == {call: third(*call) for call in CALLS}


@pytest.mark.parametrize("batched", [False, True])
def test_async(batched):
    running, most = 0, 0

    async def one(*call):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return third(*call)

    async def many(calls):
        return [await one(*call) for call in calls]

    options = {"batch_size": 5} if batched else {}
    asked = ask(many if batched else one, CALLS, Cache(None, "j"), concurrency=3, **options)
    assert asked.preference == {call: third(*call) for call in CALLS}
    assert 1 < most <= 3


def test_async_where_a_loop_runs_already():
    async def judge(*call):
        return third(*call)

    async def notebook():
        return ask(judge, CALLS, Cache(None, "j"))

    assert asyncio.run(notebook()).made == 20


def test_a_call_is_made_again_and_then_given_up():
    tries: dict[str, int] = {}

    def judge(prompt, a, b):
        tries[a] = tries.get(a, 0) + 1
        if a == "a7" or (a == "a3" and tries[a] < 3):
            raise OSError("no line")
        return 0.5

    asked = ask(judge, CALLS, Cache(None, "j"), retries=2)
    assert (tries["a3"], tries["a7"], tries["a1"]) == (3, 3, 1)
    assert asked.failed == {Call("q", "a7", "b"): "OSError: no line"}
    assert asked.retries == 4
    assert len(asked.preference) == 19


def test_what_is_no_preference_is_made_again_in_its_batch_only():
    seen = []

    def judge(calls):
        seen.append([c.a for c in calls])
        return (
            ["a", "maybe" if len(seen) == 1 else "b", "tie"][: len(calls)]
            if len(calls) == 3
            else ["b"] * len(calls)
        )

    asked = ask(judge, CALLS[:3], Cache(None, "j"), batch_size=3)
    assert seen == [["a0", "a1", "a2"], ["a1"]]
    assert [asked.preference[c] for c in CALLS[:3]] == [1.0, 0.0, 0.5]


def test_good_answers_of_a_batch_are_kept():
    asked = ask(
        lambda calls: [0.5, None, 0.5][: len(calls)] if len(calls) > 1 else [None],
        CALLS[:3],
        Cache(None, "j"),
        batch_size=3,
        retries=1,
    )
    assert set(asked.preference) == {CALLS[0], CALLS[2]}
    assert list(asked.failed) == [CALLS[1]]


def test_a_text_is_no_list_of_answers():
    with pytest.raises(DataError, match="2 answers to 2 calls; give a list"):
        ask(lambda calls: "ab", CALLS, Cache(None, "j"), batch_size=2, retries=0)


def test_only_so_many_calls_are_made_again():
    made = []

    def judge(prompt, a, b):
        made.append(a)
        if int(a[1:]) % 2:
            raise OSError("no line")
        return 0.5

    asked = ask(judge, CALLS, Cache(None, "j"), retries=5, spare=3)
    assert len(made) == 23
    assert asked.retries == 3


def test_a_batch_of_the_wrong_length():
    asked = ask(
        lambda calls: [0.5] * (1 if calls[0].a == "a0" else len(calls)),
        CALLS,
        Cache(None, "j"),
        batch_size=4,
        retries=0,
    )
    assert len(asked.failed) == 4
    assert "1 answers to 4 calls" in next(iter(asked.failed.values()))


@pytest.mark.parametrize("options", [{}, {"concurrency": 3}, {"batch_size": 2}])
def test_a_judge_that_never_answers_is_given_up(options):
    made = []

    def judge(*call):
        made.append(call)
        raise ValueError("wrong key")

    with pytest.raises(DataError, match="failed on its first .* calls .*wrong key.*not asked further"):
        ask(judge, CALLS, Cache(None, "j"), retries=0, **options)
    assert len(made) < 20


def test_the_cache_knows_what_was_asked_of_whom(tmp_path):
    path = tmp_path / "judge.jsonl"
    asked = ask(third, CALLS[:5], Cache(path, "one"))
    assert asked.made == 5
    again = ask(lambda *call: pytest.fail("asked again"), CALLS[:5], Cache(path, "one"))
    assert (again.made, again.cached, again.preference) == (0, 5, asked.preference)
    assert ask(third, CALLS[:5], Cache(path, "another")).made == 5
    assert len(path.read_text().splitlines()) == 10


def test_prompts_and_answers_are_told_apart():
    cache = Cache(None, "j")
    cache.put(Call("ab", "c", "d"), 1.0)
    assert cache.get(Call("a", "bc", "d")) is None
    assert cache.get(Call("ab", "d", "c")) is None
    assert cache.get(Call("ab", "c", "d")) == 1.0


def test_a_line_cut_short_is_left_out_and_the_next_is_whole(tmp_path):
    path = tmp_path / "judge.jsonl"
    ask(third, CALLS[:3], Cache(path, "j"))
    path.write_bytes(path.read_bytes()[:-9])
    cache = Cache(path, "j")
    assert cache.unreadable == 1
    ask(third, CALLS[:4], cache)
    assert Cache(path, "j").unreadable == 1
    assert all(Cache(path, "j").get(c) is not None for c in CALLS[:4])


@pytest.mark.parametrize("line", ["[]", '{"key": "x"}', '{"key": "x", "p": 7}', "\x00", '{"key": "x", "p": null}'])
def test_lines_that_are_none_are_counted(tmp_path, line):
    path = tmp_path / "judge.jsonl"
    path.write_text(line + "\n")
    assert Cache(path, "j").unreadable == 1


def test_a_cache_that_cannot_be(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "x.jsonl"):
        with pytest.raises(DataError, match="must be a file in a folder that is there"):
            Cache(path, "j")


KILLED = """
import os, sys, time
sys.path.insert(0, {root!r})
from llamastyle.regression.judge_calls import Cache, Call, ask

def judge(prompt, a, b):
    with open({made!r}, "a") as file:
        file.write(a + "\\n")
    if int(a[1:]) == 100:
        os.kill(os.getpid(), 9)
    return 0.5

ask(judge, [Call("q", f"a{{i}}", "b") for i in range(200)], Cache({cache!r}, "j"))
"""


def test_killed_half_way_no_call_is_repeated(tmp_path):
    made, cache = tmp_path / "made.txt", tmp_path / "judge.jsonl"
    code = KILLED.format(root=str(ROOT), made=str(made), cache=str(cache))
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -9
    before = made.read_text().split()
    assert len(before) == 101
    asked = ask(
        lambda p, a, b: before.append(a) or 0.5, [Call("q", f"a{i}", "b") for i in range(200)], Cache(cache, "j")
    )
    assert (asked.cached, asked.made) == (100, 100)
    assert [a for a in before if before.count(a) > 1] == ["a100", "a100"]  # under way when it was killed
    assert json.loads(cache.read_text().splitlines()[0]).keys() == {"key", "p"}


def test_an_interrupt_where_a_loop_runs_already_stops_the_calls(monkeypatch):
    made = []

    async def judge(*call):
        made.append(call)
        await asyncio.sleep(0.01)
        return 0.5

    class Interrupted(threading.Thread):
        def join(self, timeout=None):
            if len(made) < 3:
                super().join(0.2)
                raise KeyboardInterrupt
            super().join(timeout)

    monkeypatch.setattr(judge_calls.threading, "Thread", Interrupted)

    async def notebook():
        return ask(judge, [Call(str(i), "a", "b") for i in range(500)], Cache(None, "judge"))

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(notebook())
    stopped = len(made)
    assert 0 < stopped < 100
    time.sleep(0.1)
    assert len(made) == stopped
