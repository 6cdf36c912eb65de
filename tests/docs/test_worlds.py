"""The planted worlds: what is planted is what is said, on numbers known otherwise; the study from end to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from docs.studies import _worlds as planted
from docs.studies import worlds


def a_world(plan: planted.Plan) -> ls.World:
    base = ls.simulate(2000, planted.MODELS, style=planted.FEATURES, seed=5).world
    return replace(base, price=np.array(plan.style), price_right=plan.right)


def truth_of(plan: planted.Plan, world: ls.World) -> dict[str, np.ndarray]:
    total, count = np.array(planted.parity_parts(plan, world, 0))
    inflation = planted.planted_inflation(plan, world)
    return {"strength": world.strength, "inflation": inflation, "parity change": total / count}


@pytest.mark.parametrize(("other", "correlation"), [(1, 0.5), (2, 0.25), (3, 0.0)])
def test_votes_on_a_prompt_are_alike_as_planted_and_each_is_fair(other: int, correlation: float) -> None:
    n = 100_000
    prompt = np.repeat(np.arange(n), 2)
    a = np.tile([0, 0 if other < 3 else 2], n)
    b = np.tile([1, min(other, 3)], n)
    battles = SimpleNamespace(columns=pd.DataFrame({"prompt_id": prompt}), model_a=a, model_b=b, models=range(4))
    rng = np.random.default_rng(1)
    won = planted.vote(np.full(2 * n, 0.5), 0.0, battles, rng).reshape(n, 2)
    both = 1 / 4 + np.arcsin(correlation) / (2 * np.pi)  # two normal variables above zero
    assert won.all(axis=1).mean() == pytest.approx(both, abs=0.006)
    p = rng.uniform(0.1, 0.9, 2 * n)
    outcome = planted.vote(p, 0.3, battles, rng)
    assert (outcome == 0.5).mean() == pytest.approx(0.3 * 2 * np.minimum(p, 1 - p).mean(), abs=0.005)
    assert np.cov(outcome - p, p)[0, 1] / p.var() == pytest.approx(0, abs=0.01)
    assert (outcome - p).mean() == pytest.approx(0, abs=0.006)


def test_inflation_where_length_stops_mattering_is_the_mean_of_the_cut_lengths() -> None:
    plan = planted.WORLDS["length matters below a threshold"]
    world = a_world(plan)
    x = world.style[:, None, :] + world.spread * np.random.default_rng(2).normal(size=(8, 400_000, 3))
    x[..., 0] = np.minimum(x[..., 0], plan.most)
    index = x.mean(axis=1) @ world.price
    assert planted.planted_inflation(plan, world) == pytest.approx(
        (index - index.mean()) * 400 / np.log(10), abs=0.5
    )


def test_labels_are_wrong_as_often_as_planted_once_an_answer() -> None:
    plan = planted.WORLDS["longer really is better, 10 % of labels wrong"]
    world = a_world(plan)
    right = planted.draw(replace(plan, wrong=False), world, 3).battles
    wrong = planted.draw(plan, world, 3).battles
    assert (right.outcome == wrong.outcome).all()
    assert right.correct_a is not None
    assert wrong.correct_a is not None
    turned = pd.DataFrame({"prompt": right.columns["prompt_id"], "model": right.model_a})
    turned["turned"] = right.correct_a != wrong.correct_a
    assert turned["turned"].mean() == pytest.approx(0.1, abs=0.03)
    assert turned.groupby(["prompt", "model"])["turned"].nunique().max() == 1


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("both, independent", planted.AS_IT_IS),
        ("both, correlated", planted.AS_IT_IS),
        ("length matters below a threshold", planted.CAPPED),
        ("longer really is better, 10 % of labels wrong", planted.CORRECTED),
    ],
)
def test_a_large_arena_finds_what_was_planted(
    name: str, reading: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted, "BATTLES", 40_000)
    monkeypatch.setattr(planted, "PROMPTS", 8_000)
    plan = planted.WORLDS[name]
    world = a_world(plan)
    found = planted.read(plan, planted.draw(plan, world, 4), truth_of(plan, world), reading)
    error = (np.array(found["high"]) - np.array(found["low"])) / 2 / 1.96
    z = (np.array(found["estimate"]) - np.array(found["planted"])) / error
    assert np.abs(z).max() < 4
    assert (error[:3] < 0.05).all()


def test_figures_are_those_of_the_public_tables() -> None:
    plan = planted.WORLDS["longer really is better, 10 % of labels wrong"]
    world = a_world(plan)
    arena, truth = planted.draw(plan, world, 6), truth_of(plan, world)
    result = ls.fit(arena.battles)
    models, signs = list(world.models), {"inflated": 1, "deflated": -1}
    audit = result.audit().set_index("model").loc[models]
    tidy = result.tidy().set_index("term")
    found = planted.read(plan, arena, truth, planted.AS_LABELLED)
    columns = {"inflation": ["inflation", "inflation_low", "inflation_high"]}
    columns["parity change"] = ["parity_change", "change_low", "change_high"]
    for (kind, of), *numbers in zip(*(found[key] for key in ("names", "estimate", "low", "high")), strict=True):
        table = audit.loc[of, columns[kind]] if kind in columns else tidy.loc[of, ["estimate", "conf_low", "conf_high"]]
        assert numbers == pytest.approx(table.to_list(), rel=1e-6, abs=1e-9), (kind, of)
    assert found["flag"] == [signs.get(verdict, 0) for verdict in audit["verdict"]]
    table = result.label_error(0.1).query("error_rate > 0")
    corrected = planted.read(plan, arena, truth, planted.CORRECTED)
    assert corrected["estimate"] == pytest.approx(table["estimate"].to_list())
    assert corrected["low"] == pytest.approx(table["conf_low"].to_list())
    verdicts = table.query("kind == 'inflation'")["verdict"]
    assert corrected["flag"] == [signs.get(verdict, 0) for verdict in verdicts]


def test_style_is_blamed_where_being_right_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted, "BATTLES", 10_000)
    plan = planted.WORLDS["longer really is better"]
    world = a_world(plan)
    arena, truth = planted.draw(plan, world, 4), truth_of(plan, world)
    assert not truth["inflation"].any()
    assert not truth["parity change"].any()
    known = planted.read(plan, arena, truth, planted.AS_IT_IS)
    unmeasured = planted.read(plan, arena, truth, planted.UNMEASURED)
    assert known["low"][0] < 0 < known["high"][0]
    assert unmeasured["low"][0] > 0
    assert any(unmeasured["flag"])
    assert not any(known["flag"])


def test_flags_are_counted_by_what_was_planted() -> None:
    arenas = [
        {"flag": [1, 1, 0, -1], "strict": [1, 0, 0, 0]},
        {"flag": [-1, 0, 0, -1], "strict": [0, 0, 0, 0]},
    ]
    row = worlds.flag_row(np.array([30.0, 10.0, 0.0, -25.0]), arenas)
    assert row["models really beyond the margin"] == 2
    assert row["of these flagged"] == 0.75
    assert row["arenas with a false flag"] == 1.0
    assert row["false flags per model"] == 0.25
    assert np.isnan(row["margin 0: arenas with one"])
    assert worlds.flag_row(np.zeros(4), arenas)["margin 0: arenas with one"] == 0.5


def test_study_runs_end_to_end_on_few_arenas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (planted, worlds):
        monkeypatch.setattr(module, "ARENAS", 3)
    monkeypatch.setattr(planted, "PARTIAL", tmp_path / "partial")
    monkeypatch.setattr(planted, "DRAWS", 1)
    worlds.run(tmp_path, lambda *_: None)
    table = (tmp_path / "worlds.md").read_text("utf-8").splitlines()
    assert "3 simulated arenas a world" in table[0]
    readings = sum(len(plan.readings) for plan in planted.WORLDS.values())
    assert len(table) == 4 + readings
    assert {path.name for path in tmp_path.glob("worlds*")} == {
        "worlds.md", "worlds-by-quantity.md", "worlds-flags.md", "worlds.svg",
    }  # fmt: skip
    assert (tmp_path / "worlds.svg").read_text("utf-8").startswith("<svg")
