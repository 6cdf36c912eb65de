"""Which columns errors are clustered by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression.grouping import choose_clusters, exchanged_pairs, in_words


@pytest.fixture(scope="module")
def arena():
    return ls.simulate(1500, 6, style={"words": 0.5, "bold": 0.2}, n_prompts=150, n_voters=60, seed=1)


def both_orders(n: int = 200, seed: int = 0, **columns: object) -> pd.DataFrame:
    """Each pair of answers judged twice, sides exchanged the second time, in shuffled order."""
    rng = np.random.default_rng(seed)
    names = np.array(["x", "y", "z"])
    a = rng.integers(3, size=n)
    b = (a + 1 + rng.integers(2, size=n)) % 3
    text = [[f"answer {i} {'word ' * int(k)}" for i, k in enumerate(rng.integers(1, 40, n))] for _ in "ab"]
    won = rng.random(n) < 0.5
    one = pd.DataFrame(
        {"model_a": names[a], "model_b": names[b], "response_a": text[0], "response_b": text[1]}
        | {"winner": np.where(won, "model_a", "model_b")} | columns
    )
    swap = {"model_a": "model_b", "model_b": "model_a", "response_a": "response_b", "response_b": "response_a"}
    again = one.rename(columns=swap).assign(winner=np.where(rng.random(n) < 0.9, ~won, won))
    again["winner"] = np.where(again["winner"].astype(bool), "model_a", "model_b")
    return pd.concat([one, again], ignore_index=True).sample(frac=1, random_state=seed, ignore_index=True)


def test_both_orders_of_a_pair_are_one_cluster():
    frame = both_orders()
    result = ls.fit(frame, "words")
    clustering = result.estimates.clustering
    assert (clustering.column, clustering.n_groups) == ("pair", 200)
    assert any("400 battles are of the same two responses" in note for note in result.notes)
    key = [frozenset((row.response_a, row.response_b)) for row in frame.itertuples()]
    asked = ls.fit(ls.read_battles(frame.assign(session=pd.factorize(pd.Series(key))[0]), cluster="session"), "words")
    np.testing.assert_allclose(result.bse, asked.bse, rtol=1e-10)
    robust = ls.fit(frame, "words", vcov="robust")
    assert result.bse["words"] > 1.2 * robust.bse["words"]  # the two votes of a pair nearly always agree


def test_a_pair_that_is_repeated_in_one_order_only_is_no_pair():
    frame = both_orders().query("model_a < model_b")
    assert exchanged_pairs(ls.read_battles(frame)) is None
    assert ls.fit(frame, "words").estimates.clustering.column == ""


def test_another_judge_makes_another_pair():
    frame = both_orders(120)
    twins = frame.assign(judge=np.where(frame["model_a"] < frame["model_b"], "p", "q"))
    assert exchanged_pairs(ls.read_battles(twins)) is None
    codes, twin = exchanged_pairs(ls.read_battles(frame.assign(judge="p")))
    assert twin == 240
    assert codes.max() == 119


def test_prompts_that_repeat_come_first():
    frame = both_orders()
    key = pd.Series([frozenset((row.response_a, row.response_b)) for row in frame.itertuples()])
    result = ls.fit(frame.assign(prompt_id=pd.factorize(key)[0] // 2), "words")
    assert result.estimates.clustering.column == "prompt_id"
    assert not any("sides exchanged" in note for note in result.notes)


def test_few_voters_leave_the_pairs():
    frame = both_orders().assign(voter=lambda f: np.arange(len(f)) % 3)
    with pytest.warns(ls.LlamaStyleWarning, match="voter has 3 values"):
        result = ls.fit(frame, "words")
    assert result.estimates.clustering.column == "pair"
    assert (result.audit()["verdict"] == "insufficient data").all()


def measured(n: int, twins: int, seed: int = 0) -> pd.DataFrame:
    """Battles with features and no texts, of which the first so many stand in the other order too."""
    frame = ls.simulate(n, 4, style={"words": 0.4, "bold": 0.2}, seed=seed).battles.to_frame()
    frame = frame.drop(columns=["prompt_id", "voter", "winner"])
    again = frame.head(twins)
    exchanged = again.rename(columns=lambda c: f"{c[:-1]}{'ba'['ab'.index(c[-1])]}" if c[-2:] in ("_a", "_b") else c)
    exchanged = exchanged.assign(outcome=1 - again["outcome"])
    return pd.concat([frame, exchanged[frame.columns]], ignore_index=True)


def test_measured_battles_are_pairs_when_most_have_a_twin():
    frame = measured(300, 300)
    battles = ls.read_battles(frame)
    codes, twin = exchanged_pairs(battles)
    assert twin == 600
    np.testing.assert_array_equal(codes[:300], codes[300:])
    sides = [(r.model_a, r.words_a, r.bold_a, r.model_b, r.words_b, r.bold_b) for r in frame.itertuples()]
    assert len(np.unique(codes)) == len({frozenset((side[:3], side[3:])) for side in sides})
    assert exchanged_pairs(ls.read_battles(measured(300, 20))) is None


def test_pairs_can_be_asked_for_by_name(arena):
    frame = both_orders().assign(voter=lambda f: np.arange(len(f)) % 40)
    assert ls.fit(frame, "words").estimates.clustering.column == "voter"
    assert ls.fit(frame, "words", cluster="pair").estimates.clustering.column == "pair"
    two = ls.fit(frame, "words", cluster=["pair", "voter"]).estimates.clustering
    assert two.ways == (("pair", 200), ("voter", 40))
    with pytest.raises(ls.FitError, match="cluster='pair': no battle"):
        ls.fit(arena.battles, cluster="pair")


def test_several_columns_at_once(arena):
    chosen = choose_clusters(arena.battles, "auto", ["prompt_id", "voter"])
    assert chosen.column == "prompt_id and voter"
    assert chosen.ways == (("prompt_id", 150), ("voter", 60))
    assert chosen.n_groups == 60
    assert chosen.codes.shape == (1500, 2)
    assert choose_clusters(arena.battles, "auto", None).ways == chosen.ways


def test_auto_takes_both_only_where_neither_is_few(arena):
    assert choose_clusters(arena.battles, "auto", "auto").column == "prompt_id and voter"
    few = ls.simulate(1500, 6, style={"words": 0.5}, n_prompts=150, n_voters=9, seed=1).battles
    assert choose_clusters(few, "auto", "auto").column == "prompt_id"
    alone = arena.battles.to_frame().drop(columns=["voter", "winner"])
    assert choose_clusters(ls.read_battles(alone), "auto", "auto").column == "prompt_id"


def test_a_dimension_with_few_clusters_leaves_the_others(arena):
    battles = ls.simulate(1500, 6, style={"words": 0.5}, n_prompts=150, n_voters=6, seed=1).battles
    chosen = choose_clusters(battles, "auto", ["prompt_id", "voter"])
    assert chosen.column == "prompt_id"
    assert chosen.conditional == "voter has 6 values"
    assert any("no verdict" in text for text in chosen.warnings)
    fifteen = ls.simulate(1500, 6, style={"words": 0.5}, n_prompts=150, n_voters=15, seed=1).battles
    chosen = choose_clusters(fifteen, "auto", ["prompt_id", "voter"])
    assert chosen.column == "prompt_id and voter"
    assert "only 15 clusters of voter" in chosen.warnings[0]


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (["prompt_id", "voters"], "'voters' is not a column.*did you mean 'voter'"),
        (["voter", "voter"], "one to 3 different columns"),
        ([], "one to 3 different columns"),
    ],
)
def test_wrong_columns(arena, cluster, message):
    with pytest.raises(ls.FitError, match=message):
        ls.fit(arena.battles, cluster=cluster)


def test_names_in_words():
    assert in_words(["a"]) == "a"
    assert in_words(["a", 2]) == "a and 2"
    assert in_words(["a", "b", "c"]) == "a, b and c"


def test_empty_ids_do_not_make_enough_clusters():
    frame = ls.simulate(1500, 6, style={"words": 0.5}, n_prompts=150, n_voters=5, seed=1).battles.to_frame()
    frame["voter"] = frame["voter"].astype(object)
    frame.loc[:39, "voter"] = None
    with pytest.warns(ls.LlamaStyleWarning, match="voter has 5 values"):
        result = ls.fit(frame)
    assert (result.audit()["verdict"] == "insufficient data").all()


def test_few_voters_are_taken_with_prompts_and_said():
    battles = ls.simulate(1500, 6, style={"words": 0.5}, n_prompts=150, n_voters=14, seed=1).battles
    chosen = choose_clusters(battles, "auto", None)
    assert chosen.column == "prompt_id and voter"
    assert any("only 14 clusters of voter" in text for text in chosen.warnings)
