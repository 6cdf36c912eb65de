"""audit_judge on judges whose taste is planted: found within its intervals, and nothing where there is none."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.errors import DataError
from llamastyle.regression.judge_calls import Call
from llamastyle.regression.judge_design import comparisons, read_edits, read_pairs

EDITS = {"null": None, "add:words": (2, 6), "add:emoji": 3, "add:bold": 3}


@pytest.fixture(scope="module")
def pairs():
    return ls.simulate(120, 6, texts=True, n_prompts=40, seed=3).battles


def logit(prompt: str, a: str, b: str, *, length=0.0, emoji=0.0, position=0.0) -> float:
    """What a judge with a taste prefers, on average."""
    count = lambda text: sum(c in "🎉✨🚀💡🔑🌟🔥💪🏆👏💯🥳" for c in text)  # noqa: E731
    eta = length * (np.log(len(a)) - np.log(len(b))) + emoji * np.tanh(count(a) - count(b)) + position
    return float(1 / (1 + np.exp(-eta)))


def noisy(seed: int, **taste):
    """A judge that draws a winner, the same for the same call."""

    def judge(prompt, a, b):
        luck = hashlib.sha256(f"{seed}|{prompt}|{a}|{b}".encode()).digest()
        return float(int.from_bytes(luck[:6], "big") / 2**48 < logit(prompt, a, b, **taste))

    return judge


def planted(battles, edits, **taste) -> dict[tuple[str, float], float]:
    """The mean change in preference that a judge with this taste makes on average."""
    pairs, edits = read_pairs(battles), read_edits(edits)
    made = comparisons(pairs, edits)
    out: dict[tuple[str, float], list[float]] = {}
    for c in made:
        p = [logit(*call, **taste) for call in (*c.edited, *c.plain)]
        change = (p[0] + 1 - p[1]) / 2 - (p[2] + 1 - p[3]) / 2
        out.setdefault((edits[c.edit].name, edits[c.edit].dose), []).append(change)
    return {key: float(np.mean(values)) for key, values in out.items()}


TASTES = {"length": {"length": 3.0}, "emoji": {"emoji": 1.0}, "position": {"position": 0.8}, "none": {}}


@pytest.mark.parametrize("taste", TASTES.values(), ids=TASTES)
def test_a_planted_taste_is_within_its_intervals(pairs, taste):
    truth = planted(pairs, EDITS, **taste)
    inside, all_ = 0, 0
    for seed in range(6):
        found = ls.audit_judge(noisy(seed, **taste), pairs, EDITS, progress=False).effects
        for row in found.to_dict("records"):
            all_ += 1
            inside += row["conf_low"] <= truth[row["intervention"], row["dose"]] <= row["conf_high"]
    assert inside / all_ >= 0.85


@pytest.mark.parametrize("taste", TASTES.values(), ids=TASTES)
def test_a_judge_that_says_what_it_prefers_is_measured_exactly(pairs, taste):
    truth = planted(pairs, EDITS, **taste)
    found = ls.audit_judge(lambda p, a, b: logit(p, a, b, **taste), pairs, EDITS, progress=False)
    for row in found.effects.to_dict("records"):
        assert row["effect"] == pytest.approx(truth[row["intervention"], row["dose"]], abs=1e-12)
    verdict = found.effects.set_index(["intervention", "dose"])["verdict"]
    assert verdict["null", 1.0] == "control holds"
    liked = {key for key, word in verdict.items() if word == "preferred"}
    if taste == TASTES["emoji"]:
        assert ("add:emoji", 3.0) in liked
    if taste == TASTES["length"]:
        assert ("add:words", 6.0) in liked
        assert found.doses.loc[0, "slope"] > 0
    if taste in (TASTES["none"], TASTES["position"]):
        assert not liked
    first = found.position.set_index("what").loc["identical texts", "estimate"]
    assert first == pytest.approx(logit("", "x", "x", **taste) - 0.5)


def test_a_wrong_answer_dressed_up(pairs):
    """A judge that knows what is right, and likes emoji more."""
    right = {}
    frame = pairs.to_frame()
    for side in "ab":
        right |= dict(zip(frame[f"response_{side}"], frame[f"correct_{side}"], strict=True))
    stripped = {ls.restyle(text, strip="emoji"): value for text, value in right.items()}

    def judge(prompt, a, b):
        known = [stripped.get(ls.restyle(text, strip="emoji"), 0.5) for text in (a, b)]
        return float(1 / (1 + np.exp(-(2 * (known[0] - known[1]) + np.tanh(a.count("✨") - b.count("✨"))))))

    found = ls.audit_judge(judge, pairs, {"add:emoji": 3}, progress=False)
    table = found.correctness.set_index("edited")
    assert table.loc["none", "accuracy"] > 0.7
    assert table.loc["wrong", "change_high"] < 0
    assert table.loc["right", "change_low"] > 0
    assert "A wrong answer wins more often dressed up" in found.report()


def test_answers_one_by_one(pairs):
    rows = pairs.to_frame()[["prompt", "response_a"]].rename(columns={"response_a": "response"})
    found = ls.audit_judge(lambda p, a, b: logit(p, a, b, length=3.0), rows, {"add:words": 6}, progress=False)
    assert found.effects.loc[0, "verdict"] == "preferred"
    assert set(found.compared["side"]) == {"a"}
    assert len(found.correctness) == 0
    assert found.position["what"].tolist() == ["identical texts"]


def test_rewrites_alone_and_beside_pairs(pairs):
    rows = [
        {"prompt": f"q{i}", "original": "Short.", "rewrite": "Short, said at length.", "intervention": "longer"}
        for i in range(15)
    ]
    judge = lambda p, a, b: logit(p, a, b, length=1.0)  # noqa: E731
    alone = ls.audit_judge(judge, None, rewrites=rows, progress=False)
    assert alone.effects[["intervention", "verdict"]].values.tolist() == [["longer", "preferred"]]
    assert alone.position["answers"].tolist() == [0]
    both = ls.audit_judge(judge, pairs, ["null"], rewrites=rows, progress=False)
    assert both.effects["intervention"].tolist() == ["null", "longer"]
    assert both.effects["effect"].iloc[1] == pytest.approx(alone.effects["effect"].iloc[0])


def test_both_orders_and_each_call_once(pairs):
    asked = []

    def judge(prompt, a, b):
        asked.append(Call(prompt, a, b))
        return 0.5

    found = ls.audit_judge(judge, pairs, ["add:bold"], progress=False)
    assert len(asked) == len(set(asked)) == found.calls
    assert {Call(c.prompt, c.b, c.a) for c in asked} == set(asked)


def test_the_cache_goes_on(pairs, tmp_path):
    path = tmp_path / "judge.jsonl"
    first = ls.audit_judge(logit, pairs, ["null"], cache=path, progress=False)
    again = ls.audit_judge(
        lambda *_: pytest.fail("asked again"), pairs, ["null"], cache=path, name="logit", progress=False
    )
    assert (again.calls, again.cached) == (0, first.calls)
    assert again.effects.equals(first.effects)


def test_a_budget_takes_whole_prompts(pairs):
    whole = ls.audit_judge(logit, pairs, ["null"], progress=False)
    some = ls.audit_judge(logit, pairs, ["null"], budget=whole.calls // 2, progress=False)
    assert 0 < some.calls <= whole.calls // 2
    assert some.notes[0].startswith("budget: ")
    assert some.effects.loc[0, "clusters"] < whole.effects.loc[0, "clusters"]
    assert set(some.compared["pair"]) <= set(whole.compared["pair"])
    merged = some.compared.merge(
        whole.compared, on=["intervention", "dose", "pair", "side"], suffixes=("", "_whole")
    )
    assert len(merged) == len(some.compared)
    assert (merged["effect"] == merged["effect_whole"]).all()
    with pytest.raises(DataError, match="the budget leaves 3 calls, and one prompt takes"):
        ls.audit_judge(logit, pairs, ["null"], budget=3)


def test_calls_made_again_are_in_the_budget(pairs):
    made = []

    def judge(prompt, a, b):
        made.append(a)
        if len(a) % 3 == 0:
            raise OSError("no line")
        return 0.5

    ls.audit_judge(judge, pairs, ["null"], budget=150, retries=3, progress=False)
    assert len(made) <= 150


def test_rewrites_that_the_budget_does_not_reach_are_noted(pairs):
    rows = [{"prompt": "q", "original": f"x{i}", "rewrite": f"y{i}", "intervention": "longer"} for i in range(40)]
    whole = ls.audit_judge(logit, pairs, ["null"], progress=False).calls
    found = ls.audit_judge(logit, pairs, ["null"], rewrites=rows, budget=whole, progress=False)
    assert found.effects["intervention"].tolist() == ["null", "longer"]
    assert found.notes[-1].startswith("budget: 0 of 1 prompts")


def test_a_judge_without_a_name_needs_one_for_its_cache(pairs, tmp_path):
    from functools import partial

    class Judge:
        def judge(self, p, a, b):
            return 0.5

    def inner(p, a, b):
        return 0.5

    for judge in (lambda p, a, b: 0.5, partial(logit, length=1.0), Judge().judge, inner):
        with pytest.raises(DataError, match="cache= needs name="):
            ls.audit_judge(judge, pairs, ["null"], cache=tmp_path / "x.jsonl")


def test_failed_calls_are_told(pairs):
    def judge(prompt, a, b):
        if a.endswith("\n") and hash(a) % 7 == 0:
            raise OSError("no line")
        return 0.5

    found = ls.audit_judge(judge, pairs, ["null"], retries=0, progress=False)
    assert len(found.failed)
    assert "calls failed (OSError: no line)" in found.notes[0]
    assert "left out: a call failed" in found.effects.loc[0, "note"]


def test_what_is_shown(pairs, tmp_path):
    found = ls.audit_judge(
        lambda p, a, b: logit(p, a, b, emoji=1.0), pairs, EDITS, name="<b>judge</b>", progress=False
    )
    page = found.report(tmp_path / "judge.html").read_text("utf-8")
    assert "<b>judge</b>" not in page
    assert "&lt;b&gt;judge&lt;/b&gt;" in page
    for key in ("effects", "control", "position", "correctness", "dose", "changes"):
        assert f'id="{key}"' in page
    assert "lies within the margin" in found.headline()
    assert "add:emoji (dose 3)" in found.headline()
    assert max(map(len, found.summary(80).splitlines())) <= 80
    assert "add:emoji" in found._repr_html_()
    assert found.plot(width=400).to_dict()["title"]["text"][0].startswith("add:emoji (3) moves the judge most")
    assert found.plot("doses").to_dict()["title"]["text"][0].startswith("add:words moves the judge by")
    with pytest.raises(ls.LlamaStyleError, match="kind=.dose. is not known; did you mean .doses."):
        found.plot("dose")  # type: ignore[arg-type]
    assert repr(found).startswith("<JudgeAudit of 5 edits")
    assert 2 < found.changes.set_index(["intervention", "dose"]).loc[("add:emoji", 3.0), "emoji"] <= 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch_size": 0}, "batch_size=0 must be a whole number of at least 1"),
        ({"concurrency": 1.5}, "concurrency=1.5"),
        ({"retries": -1}, "retries=-1"),
        ({"budget": True}, "budget=True"),
        ({"margin": 0.6}, "margin=0.6"),
        ({"level": 2}, "level=2"),
        ({"interventions": ["add:nothing"]}, "add:nothing"),
    ],
)
def test_at_the_door(pairs, options, said):
    with pytest.raises(DataError, match=said):
        ls.audit_judge(logit, pairs, **options)


def test_no_judge_and_nothing_to_ask():
    with pytest.raises(DataError, match="must be a function"):
        ls.audit_judge("judge", [])
    with pytest.raises(DataError, match="hand in pairs, or rewrites"):
        ls.audit_judge(logit, None)


def test_near_winners_say_no_more_of_a_small_effect_than_winners():
    """A judge that is nearly sure each time shows a small effect as seldom as one that says who won."""
    rows = [{"prompt": f"q{i}", "response": f"Yes, {i}. It holds."} for i in range(12)]
    found = [
        ls.audit_judge(lambda *_, p=p: p, rows, {"null": None}, progress=False).effects["verdict"].tolist()
        for p in (0.99, 1.0, 0.6)
    ]
    assert found == [["undetermined"], ["undetermined"], ["control holds"]]


def test_a_disk_that_is_full_loses_no_answer(pairs, tmp_path, monkeypatch):
    from llamastyle.regression.judge_calls import Cache

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Cache, "_write", full)
    found = ls.audit_judge(logit, pairs, ["null"], cache=tmp_path / "x.jsonl", progress=False)
    assert not len(found.failed)
    assert found.retries == 0
    assert found.notes[-1].startswith("the cache could not be written (No space left on device)")
