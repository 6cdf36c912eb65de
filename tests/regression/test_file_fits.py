"""Fits of files: the numbers of the fit in memory, however the files are cut, and one clear error for the rest."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import llamastyle as ls
from llamastyle.data.readers import WHOLE
from llamastyle.features import file_parts
from llamastyle.regression import file_fits, shards

TABLES = ("tidy", "ratings", "decompose", "parity", "audit", "bands", "collinearity", "diagnostics")

pytestmark = pytest.mark.filterwarnings("ignore::llamastyle.LlamaStyleWarning")


@pytest.fixture
def small(monkeypatch):
    """Many small parts, shards and groups of clusters."""
    monkeypatch.setattr(file_parts, "PART_BYTES", 20_000)
    monkeypatch.setattr(file_parts, "MOST_ROWS", 90)
    monkeypatch.setattr(shards, "ROWS", 200)
    monkeypatch.setattr(file_fits, "GROUP", 250)
    monkeypatch.setattr(file_fits, "KEYS", 300)


def arena(n: int = 1500, **options) -> pd.DataFrame:
    options = {"style": {"words": 0.6, "emoji": 0.3}, "seed": 3, "n_prompts": 200, **options}
    return ls.simulate(n, 6, **options).battles.to_frame()


def compared(found: ls.StyleResult, wanted: ls.StyleResult) -> None:
    for table in TABLES:
        one, other = getattr(found, table)(), getattr(wanted, table)()
        pd.testing.assert_frame_equal(one, other, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found.cov_params(), wanted.cov_params(), rtol=1e-10, atol=1e-14)
    assert found.llf == pytest.approx(wanted.llf, rel=1e-12)
    assert found.headline() == wanted.headline()
    assert found.dropped == wanted.dropped
    assert found.warnings == wanted.warnings


def both(frame: pd.DataFrame, tmp_path, cluster=None, **options) -> tuple[ls.StyleResult, ls.StyleResult]:
    path = tmp_path / "votes.parquet"
    frame.to_parquet(path, row_group_size=130)
    read = None if cluster == "pair" else cluster
    battles = ls.read_battles(path, cluster=read)
    return ls.fit_files(path, cluster=cluster, **options), ls.fit(battles, cluster="pair" if read != cluster else None, **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"vcov": "robust"},
        {"vcov": "classical", "correctness": "ignore", "both_bad": "drop"},
        {"ties": "davidson"},
        {"ties": "davidson", "penalty": {"strength": 1.0, "style": 0.5}},
        {"ties": "drop", "position": True, "contrast": {"words": "tanh"}},
        {"cluster": "prompt_id"},
        {"cluster": ["prompt_id", "voter"], "level": 0.9},
    ],
    ids=str,
)
def test_the_numbers_are_those_of_the_fit_in_memory(small, tmp_path, options):
    compared(*both(arena(n_voters=80), tmp_path, **options))


def test_three_ways_and_a_negative_variance(small, tmp_path):
    frame = arena(600, n_voters=40)
    frame["session"] = np.arange(600) % 25
    found, wanted = both(frame, tmp_path, cluster=["prompt_id", "voter", "session"])
    assert [n for _, n in found.estimates.clustering.ways] == [n for _, n in wanted.estimates.clustering.ways]
    compared(found, wanted)


def test_what_real_votes_have(small, tmp_path):
    frame, rng = arena(n_voters=80), np.random.default_rng(0)
    frame["weight"] = rng.uniform(0.5, 2.0, len(frame))
    frame.loc[rng.random(len(frame)) < 0.05, "voter"] = None
    frame.loc[:99, "correct_a"] = np.nan
    frame.loc[200:230, ["model_a", "winner", "outcome"]] = ["best", "model_a", 1.0]
    frame.loc[240:245, ["model_a", "model_b"]] = ["lone", "lone too"]
    frame.loc[250:280, "model_b"] = frame.loc[250:280, "model_a"]
    frame.loc[290:295, ["model_a", "model_b"]] = ["self", "self"]
    frame.loc[300:303, "model_b"] = "rare"
    found, wanted = both(frame, tmp_path, separated="drop")
    assert {"best", "lone", "lone too"} <= set(found.dropped)
    compared(found, wanted)
    pd.testing.assert_frame_equal(found.asked.win_rates(), wanted.asked.win_rates(), rtol=1e-12)


@pytest.mark.parametrize("asked", [None, "pair"])
def test_both_orders_of_a_pair_are_one_cluster(small, tmp_path, asked):
    battles = ls.simulate(500, 5, style={"words": 0.6}, seed=4).battles
    frame = pd.concat([battles.to_frame(), battles.swap().to_frame()]).sample(frac=1, random_state=1)
    frame = frame.drop(columns=["prompt_id", "voter"], errors="ignore").reset_index(drop=True)
    frame.loc[:9, "words_a"] += 1.5
    found, wanted = both(frame, tmp_path, cluster=asked)
    assert found.estimates.clustering.ways == wanted.estimates.clustering.ways
    assert found.estimates.clustering.column == "pair"
    compared(found, wanted)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_texts_are_measured_batch_by_batch(small, tmp_path, form):
    frame = ls.simulate(600, 5, style={"words": 0.6}, texts=True, seed=4).battles.to_frame()
    path = tmp_path / f"votes.{form}"
    if form == "parquet":
        frame.to_parquet(path, row_group_size=100)
    else:
        frame.to_json(path, orient="records", lines=True)
    compared(ls.fit_files(path), ls.fit(path))
    files = ls.extract(path, out=tmp_path / "features", dtype="float64", progress=False)
    compared(ls.fit_files(files), ls.fit(path))


def twins(n: int = 500) -> pd.DataFrame:
    """Every pair of responses in both orders, in some order."""
    battles = ls.simulate(n, 5, style={"words": 0.6, "emoji": 0.2}, seed=4).battles
    frame = pd.concat([battles.to_frame(), battles.swap().to_frame()]).sample(frac=1, random_state=1)
    return frame.drop(columns="voter", errors="ignore").reset_index(drop=True)


@pytest.mark.parametrize("asked", [["pair", "voter"], ["voter", "pair"]])
def test_voters_whose_pairs_have_twins_under_other_voters(small, tmp_path, asked):
    once = twins(150).drop(columns="prompt_id")
    voters = np.random.default_rng(5).integers(0, 40, len(once)).astype(str)
    thrice = pd.concat([once.assign(voter=voters)] * 3).sample(frac=1, random_state=0).reset_index(drop=True)
    thrice.to_parquet(tmp_path / "votes.parquet", row_group_size=130)
    found = ls.fit_files(tmp_path / "votes.parquet", cluster=asked)
    wanted = ls.fit(ls.read_battles(thrice), cluster=asked)
    assert found.estimates.clustering.ways == wanted.estimates.clustering.ways
    compared(found, wanted)


@pytest.mark.parametrize("asked", [None, "pair"])
def test_twins_without_a_prompt_id(small, tmp_path, asked):
    frame = twins()
    frame["prompt_id"] = frame["prompt_id"].where(frame["prompt_id"].isin(frame["prompt_id"].unique()[:3]), None)
    found, wanted = both(frame, tmp_path, cluster=asked)
    assert found.estimates.clustering.ways == wanted.estimates.clustering.ways
    assert "pair" in found.estimates.clustering.column
    compared(found, wanted)


def test_orders_of_texts_are_one_cluster(small, tmp_path):
    battles = ls.simulate(400, 5, style={"words": 0.6}, texts=True, seed=4).battles
    frame = pd.concat([battles.to_frame(), battles.swap().to_frame()]).sample(frac=1, random_state=1)
    frame = frame.drop(columns=["prompt_id", "prompt", "voter"], errors="ignore").reset_index(drop=True)
    found, wanted = both(frame, tmp_path, features=["words", "bold"])
    assert found.estimates.clustering.column == wanted.estimates.clustering.column == "pair"
    compared(found, wanted)


@pytest.mark.parametrize("rows", [150, 400, 10_000])
def test_the_cut_of_the_files_changes_nothing(tmp_path, monkeypatch, rows):
    frame = arena(n_voters=80)
    frame.to_parquet(tmp_path / "whole.parquet")
    whole = ls.fit_files(tmp_path / "whole.parquet")
    (tmp_path / "cut").mkdir()
    for number in range(3):
        frame.iloc[number::3].to_parquet(tmp_path / "cut" / f"{number}.parquet", row_group_size=50)
    monkeypatch.setattr(shards, "ROWS", rows)
    monkeypatch.setattr(file_fits, "GROUP", rows)
    cut = ls.fit_files(tmp_path / "cut")
    np.testing.assert_allclose(cut.cov_params(), whole.cov_params(), rtol=1e-10, atol=1e-15)
    pd.testing.assert_frame_equal(cut.audit(), whole.audit(), rtol=1e-10)


def test_keys_that_come_late_in_json_lines(small, tmp_path, monkeypatch):
    monkeypatch.setattr(file_parts, "BATCH_BYTES", 20_000)
    frame = arena(n_voters=80)
    rows = frame.to_dict("records")
    for row in rows[:300]:
        del row["correct_a"], row["correct_b"]
    for row in rows[:200]:
        del row["voter"]
    (tmp_path / "votes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found, wanted = ls.fit_files(tmp_path / "votes.jsonl"), ls.fit(tmp_path / "votes.jsonl")
    assert len(found.asked) == 1200
    assert found.estimates.clustering.ways == wanted.estimates.clustering.ways
    compared(found, wanted)


def test_notes_and_rows_set_aside_are_those_in_memory(small, tmp_path):
    frame = arena(n_voters=80)
    frame["winner"] = frame["winner"].replace("both_bad", "tie")
    frame.loc[::9, ["winner", "outcome"]] = ["both_bad", 0.5]
    frame.loc[90:400, "winner"] = "???"
    frame.loc[3, "outcome"] = 0.123
    frame.to_parquet(tmp_path / "votes.parquet", row_group_size=90)
    found = ls.fit_files(tmp_path / "votes.parquet", strict=False)
    wanted = ls.fit(ls.read_battles(tmp_path / "votes.parquet", strict=False))
    compared(found, wanted)
    assert "311 rows of 1500 set aside on reading" in found.notes
    aside = "311 rows of 1500 set aside (see battles.issues)"
    assert set(wanted.notes) - {aside} <= set(found.notes)
    assert any("votes are both_bad" in note for note in found.notes)


def test_that_votes_are_simulated_is_said(small, tmp_path):
    table = pa.Table.from_pandas(ls.simulate(300, 5, texts=True, seed=4).battles.to_frame())
    said = "simulated by llamastyle: no votes of people"
    pq.write_table(table, tmp_path / "unmarked.parquet")
    pq.write_table(table.replace_schema_metadata({"llamastyle": "simulated"}), tmp_path / "marked.parquet")
    both = [tmp_path / "unmarked.parquet", tmp_path / "marked.parquet"]
    for source, simulated in ((both[:1], False), (both[1:], True), (both, True)):
        assert (said in ls.fit_files(source, ["words"]).notes) == simulated
    files = ls.extract(both[1], ["words"], out=tmp_path / "out", progress=False)
    assert said in ls.fit_files(files).notes


def test_prompts_without_ids_still_cluster_what_extract_wrote(small, tmp_path):
    frame = ls.simulate(600, 5, style={"words": 0.6}, texts=True, seed=4, n_prompts=60).battles.to_frame()
    frame.drop(columns=["prompt_id", "voter"]).to_parquet(tmp_path / "votes.parquet", row_group_size=100)
    wanted = ls.fit(tmp_path / "votes.parquet", ["words", "bold"])
    assert wanted.estimates.clustering.ways == (("prompt_id", 60),)
    files = ls.extract(
        tmp_path / "votes.parquet", ["words", "bold"], out=tmp_path / "out", dtype="float64", progress=False
    )
    compared(ls.fit_files(files), wanted)


def test_prices_without_models(small, tmp_path):
    found, wanted = both(arena().drop(columns=["model_a", "model_b"]), tmp_path)
    pd.testing.assert_frame_equal(found.tidy(), wanted.tidy(), rtol=1e-10, atol=1e-12)
    with pytest.raises(ls.FitError, match="two named models"):
        found.ratings()


@pytest.mark.parametrize(
    "change",
    [
        {"winner": "tie", "outcome": 0.5},
        {"model_a": "x", "model_b": "y", "winner": "model_a", "outcome": 1.0},
    ],
    ids=["ties only", "never lost"],
)
def test_no_maximum_is_said_in_the_same_words(small, tmp_path, change):
    frame = arena(400).assign(**change)
    frame.to_parquet(tmp_path / "votes.parquet")
    said = []
    for fit in (ls.fit, ls.fit_files):
        with pytest.raises(ls.FitError) as error:
            fit(tmp_path / "votes.parquet")
        said.append(str(error.value))
        assert fit(tmp_path / "votes.parquet", separated="drop").failure
    assert said[0] == said[1]


def test_certainty_is_refused(small, tmp_path):
    frame = arena(400, ties=0.0)
    frame["sure_a"], frame["sure_b"] = frame["outcome"], 1 - frame["outcome"]
    frame.to_parquet(tmp_path / "votes.parquet")
    with pytest.raises((ls.SeparationError, ls.ConvergenceError), match="separation|no finite|converge"):
        ls.fit_files(tmp_path / "votes.parquet")


@pytest.mark.parametrize(
    "ask",
    [
        lambda r: r.exhibits("model-01"),
        lambda r: r.fit_shares(),
        lambda r: r.by("voter"),
        lambda r: r.placebo(),
        lambda r: r.curvature(),
        lambda r: r.model_free(),
        lambda r: r.rulers(),
        lambda r: r.effects(),
        lambda r: r.overrides(),
        lambda r: r.both_bad(),
        lambda r: r.transforms(),
        lambda r: r.label_error(),
        lambda r: r.with_and_without(),
        lambda r: r.decompose(scale="win_rate"),
        lambda r: r.overlap(),
        lambda r: r.sensitivity(),
        lambda r: r.predict(),
        lambda r: r.report(),
    ],
    ids=range(18),
)
def test_what_needs_battles_is_one_clear_error(found, ask):
    with pytest.raises(ls.FitError, match="needs the battles one by one"):
        ask(found)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "votes.parquet"
    arena(n_voters=80).to_parquet(path)
    return ls.fit_files(path)


def test_what_needs_no_battles(found, tmp_path):
    wanted = ls.fit(ls.read_battles(arena(n_voters=80)))
    for scale in ("rating",):
        one = found.compare("model-01", "model-02", scale=scale)
        pd.testing.assert_frame_equal(one, wanted.compare("model-01", "model-02", scale=scale), rtol=1e-9)
    pd.testing.assert_frame_equal(found.exchange_rates(), wanted.exchange_rates(), rtol=1e-10)
    again = partial(ls.StyleResult.decompose, reference="model-02")
    pd.testing.assert_frame_equal(again(found), again(wanted), rtol=1e-9, atol=1e-10)
    assert "one by one" in found.summary()
    assert repr(found) == repr(wanted)
    new = ls.read_battles(arena(100, seed=9))
    np.testing.assert_allclose(found.predict(new), wanted.predict(new), rtol=1e-12)
    for kind in ("ladder", "prices", "parity", "profile", "shares"):
        assert found.plot(kind).to_dict()


def test_the_door(tmp_path):
    path = tmp_path / "votes.parquet"
    arena(300).to_parquet(path)
    for options, said in (
        ({"separated": "firth"}, "no Firth's penalty"),
        ({"penalty": "firth"}, "no Firth's penalty"),
        ({"correctness": pd.DataFrame()}, "a pair of their columns"),
        ({"prompt_effects": True}, "no option 'prompt_effects'"),
        ({"ties": "third"}, "ties"),
    ):
        with pytest.raises(ls.LlamaStyleError, match=said):
            ls.fit_files(path, **options)
    with pytest.raises(ls.FeatureError, match="no parquet or JSON-lines file"):
        ls.fit_files(tmp_path / "nothing")
    arena(300).drop(columns=["emoji_a", "emoji_b"]).to_parquet(tmp_path / "votes2.parquet")
    with pytest.raises(ls.FitError, match="some files have the features words, emoji, others words"):
        ls.fit_files([path, tmp_path / "votes2.parquet"])


def test_nothing_is_left_behind(tmp_path):
    arena(300).to_parquet(tmp_path / "votes.parquet")
    (tmp_path / "scratch").mkdir()
    ls.fit_files(tmp_path / "votes.parquet", scratch=tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.shared_data
def test_real_battles(shared, small, tmp_path):
    battles = ls.read_battles(shared / "alpaca_eval" / "battles.parquet").take(np.arange(0, 32_000, 16))
    table = ls.extract(battles, ["words", "bold", "list_items"])
    frame = battles.to_frame().drop(columns=["response_a", "response_b", "prompt"])
    for name, a, b in zip(table.names, *(side.T for side in table.sides()), strict=True):
        frame[f"{name}_a"], frame[f"{name}_b"] = a, b
    compared(*both(frame, tmp_path, separated="drop"))


def conversation(answer):
    turns = (("user", "q"), ("assistant", answer))
    return [{"role": who, "content": [{"type": "text", "text": text, "mimeType": None}]} for who, text in turns]


def test_voters_that_are_unknown_are_others_in_every_file(tmp_path):
    """Rows at one place of their files behave alike, so that errors differ where they are taken for one voter's."""
    rng, battles = np.random.default_rng(0), []
    for k in range(20):
        rows = []
        for i in range(40):
            a, b = rng.choice(6, 2, replace=False)
            u, v = rng.integers(1, 60, 2)
            won = rng.random() < 1 / (1 + np.exp(-(0.03 * (u - v) + (1.5 if i % 2 else -1.5) * np.sign(u - v + 0.5))))
            rows.append({
                "model_a": f"m{a}", "model_b": f"m{b}", "winner": "model_a" if won else "model_b", "tstamp": 1.7e9,
                "judge_hash": None if i < 32 or k < 3 else f"v{k}-{i}",
                "conversation_a": conversation("w " * u), "conversation_b": conversation("w " * v),
            })  # fmt: skip
        battles.append(rows)
        pd.DataFrame(rows).to_parquet(tmp_path / f"{k:02d}.parquet")  # whose mimeType is null throughout
    found = ls.fit_files(tmp_path, ["words"])
    wanted = ls.fit(ls.read_battles(f"{tmp_path}/*.parquet"), ["words"])
    compared(found, wanted)
    (unknown,) = (note for note in wanted.notes if note.startswith("the voter of"))
    assert unknown in found.notes


@pytest.mark.parametrize("name", ["weight", "outcome", "voter", "session"])
def test_a_column_of_some_files_alone(tmp_path, name):
    frame = arena(800, n_voters=60).assign(weight=1.5, session="s")
    halves = [frame.iloc[:400], frame.iloc[400:].drop(columns=name)]
    for k, half in enumerate(halves):
        half.to_parquet(tmp_path / f"{k}.parquet")
    if name == "weight":
        for read in (lambda: ls.read_battles(f"{tmp_path}/*.parquet"), lambda: ls.fit_files(tmp_path)):
            with pytest.raises(ls.DataError, match="a weight that is not above zero"):
                read()
        return
    compared(ls.fit_files(tmp_path), ls.fit(ls.read_battles(f"{tmp_path}/*.parquet")))


@pytest.mark.parametrize("format", WHOLE)
def test_formats_whose_rows_know_of_one_another_are_read_whole(tmp_path, format):
    arena(100).to_parquet(tmp_path / "votes.parquet")
    with pytest.raises(ls.DataError, match=f"'{format}' are read all together, as one may be given twice: read the files"):
        ls.fit_files(tmp_path / "votes.parquet", format=format)


def test_names_that_differ_in_case_in_different_files_are_said_once(tmp_path):
    arena(400).to_parquet(tmp_path / "0.parquet")
    arena(400, seed=4).replace({"model_a": {"model-01": "Model-01"}, "model_b": {"model-01": "Model-01"}}).to_parquet(
        tmp_path / "1.parquet"
    )
    said = [n for n in ls.fit_files(tmp_path).notes if n.startswith("names that differ in case")]
    assert said == ["names that differ in case only stay different models: Model-01 and model-01"]


def test_a_scratch_folder_without_room_is_said(tmp_path, monkeypatch):
    arena(300).to_parquet(tmp_path / "votes.parquet")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(ls.FitError, match=r"could not be kept in .* \(No space left on device\); give a folder .* scratch="):
        ls.fit_files(tmp_path / "votes.parquet", scratch=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["votes.parquet"]


def test_a_file_without_a_row_that_can_be_read_is_set_aside(tmp_path):
    arena(400).assign(extra=1.0).to_parquet(tmp_path / "1.parquet")
    for k, bad in ((0, {"winner": "???"}), (2, {"winner": None})):
        arena(50)[::-1].assign(**bad).drop(columns="outcome").to_parquet(tmp_path / f"{k}.parquet")
    found = ls.fit_files(tmp_path, strict=False)
    compared(found, ls.fit(ls.read_battles(f"{tmp_path}/*.parquet", strict=False)))
    assert "100 rows of 500 set aside on reading" in found.notes
    with pytest.raises(ls.DataError, match=r"0\.parquet, rows 0 to 49"):
        ls.fit_files(tmp_path)
