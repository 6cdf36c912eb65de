"""Votes on two versions: which they are, their gap by category, their profiles, and Arena's own ratings beside."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import llamastyle as ls
from llamastyle.data.worlds import VERSIONS
from llamastyle.errors import DataError
from llamastyle.llama4 import votes
from llamastyle.llama4.figures import EXPERIMENTAL, RELEASE
from llamastyle.llama4.votes import Versions


def arena(n: int = 4000, seed: int = 5, **more):
    """Battles of two versions, with measured features and categories."""
    made = ls.simulate(n, 8, texts=True, versions="style", seed=seed, **more)
    rng = np.random.default_rng(0)
    columns = made.battles.columns.assign(category=rng.choice(["maths", "code", "talk"], n, p=[0.5, 0.3, 0.2]))
    return made, votes.with_features(replace(made.battles, columns=columns), list(made.world.features))


@pytest.fixture(scope="module")
def simulated():
    made, battles = arena()
    return made, battles, ls.audit(battles)


def few(*names: str):
    rows = [
        {"model_a": a, "model_b": b, "winner": "tie", "response_a": "x", "response_b": "y"}
        for a, b in itertools.pairwise(names)
    ]
    return ls.read_battles(rows)


def test_names_are_found_in_any_case():
    found = votes.find_versions(few("Llama-4-Maverick-03-26-Experimental", "x", RELEASE.upper()))
    assert found == Versions("Llama-4-Maverick-03-26-Experimental", RELEASE.upper())
    assert found.present == ("Llama-4-Maverick-03-26-Experimental", RELEASE.upper())


def test_one_version_and_the_simulated_ones():
    assert votes.find_versions(few(EXPERIMENTAL, "x")) == Versions(EXPERIMENTAL, "")
    assert votes.find_versions(few("x", RELEASE)).present == (RELEASE,)
    assert votes.find_versions(few(*VERSIONS)) == Versions(*VERSIONS, simulated=True)


def test_other_models_are_asked_for_by_name():
    assert votes.find_versions(few("x", "y", EXPERIMENTAL), ("y", "x")) == Versions("y", "x", asked=True)
    assert votes.find_versions(few(*VERSIONS), VERSIONS).simulated


@pytest.mark.parametrize(
    ("names", "asked", "said"),
    [
        (
            ("llama-4-maverick", "x"),
            None,
            "no battle has a version.*did you mean 'llama-4-maverick'.*--versions A B",
        ),
        ((EXPERIMENTAL, EXPERIMENTAL.title()), None, "one model under two names"),
        (("x", "y"), ("x", "z"), "no battle has a model 'z'"),
        (("x", "y"), ("x", "x"), "two different models"),
        (("x", "y"), "xy", "two different models"),
    ],
)
def test_names_that_are_not_there(names, asked, said):
    with pytest.raises(DataError, match=said):
        votes.find_versions(few(*names), asked)


def test_what_is_measured_already_is_kept():
    battles = ls.simulate(50, seed=1).battles
    assert votes.with_features(battles) is battles


def test_each_category_is_a_fit_of_its_own(simulated):
    made, battles, _ = simulated
    versions = votes.find_versions(battles)
    found = votes.compare_by(battles, "category", versions).set_index("level")
    assert found.index.tolist() == ["maths", "code", "talk"]
    assert found["battles"].sum() == len(battles)
    alone = ls.audit(battles.filter(battles.columns["category"].to_numpy() == "code"))
    gap = alone.compare(*VERSIONS)
    style = gap[(gap["block"] == "style") & (gap["group"] == "")].iloc[0]
    assert found.loc["code", "style"] == pytest.approx(style["estimate"])
    planted = made.gap(*VERSIONS).set_index(["block", "term"])["planted"]["style", ""]
    assert (found["style_low"] < planted).all()
    assert (found["style_high"] > planted).all()
    assert (found[["battles_first", "battles_second"]] > 0).all().all()


def test_a_level_without_a_version_says_so(simulated):
    _, battles, _ = simulated
    code = battles.models.index(VERSIONS[1])
    without = (battles.model_a != code) & (battles.model_b != code)
    column = np.where(without, "none", "some")
    found = votes.compare_by(
        replace(battles, columns=battles.columns.assign(category=column)), "category", Versions(*VERSIONS)
    )
    row = found.set_index("level").loc["none"]
    assert row["note"] == "one of the versions has no battle here"
    assert np.isnan(row["gap"])


def test_a_level_too_small_says_why(simulated):
    _, battles, _ = simulated
    column = np.array([""] * len(battles), object)
    column[:4] = "tiny"
    found = votes.compare_by(
        replace(battles, columns=battles.columns.assign(category=column)), "category", Versions(*VERSIONS)
    )
    assert found["level"].tolist() == ["tiny"]
    assert np.isnan(found.loc[0, "gap"])
    assert found.loc[0, "note"]


def test_profile_by_hand_and_by_statsmodels(simulated):
    _, _, result = simulated
    found = votes.profile(result, Versions(*VERSIONS)).set_index(["feature", "version"])
    frame = result.battles.to_frame()
    own = pd.concat(
        [
            frame.loc[
                frame[f"model_{s}"] == VERSIONS[0], [f"words_{s}", f"words_{o}", "prompt_id", "voter"]
            ].set_axis(["own", "other", "prompt", "voter"], axis=1)
            for s, o in ("ab", "ba")
        ]
    )
    row = found.loc["words", VERSIONS[0]]
    assert row["mean"] == pytest.approx(own["own"].mean())
    assert row["met"] == pytest.approx(own["other"].mean())
    gap = own["own"] - own["other"]
    assert row["difference"] == pytest.approx(gap.mean())
    halves = []
    for way in ("prompt", "voter"):
        fitted = smf.ols("gap ~ 1", data=own.assign(gap=gap)).fit(
            cov_type="cluster", cov_kwds={"groups": own[way]}, use_t=True
        )
        halves.append((fitted.bse.iloc[0], own[way].nunique()))
    error = max(e for e, _ in halves)
    from scipy import stats

    half = stats.t.ppf(0.975, min(n for _, n in halves) - 1) * error
    assert row["high"] - row["difference"] == pytest.approx(half, rel=2e-3)


def test_profile_leaves_out_what_no_answer_has(simulated):
    _, battles, _ = simulated
    code = votes.with_features(battles, ["words", "code_blocks"])
    with pytest.warns(ls.LlamaStyleWarning, match="'code_blocks' do"):
        result = ls.audit(code)
    assert set(votes.profile(result, Versions(*VERSIONS))["feature"]) == {"words"}


def test_profile_of_one_version_has_no_difference(simulated):
    _, _, result = simulated
    found = votes.profile(result, Versions(VERSIONS[0], ""))
    assert set(found["version"]) == {VERSIONS[0]}


def test_few_battles_have_no_interval(simulated):
    _, battles, _ = simulated
    small = battles.take(np.arange(12))
    found = votes.profile(ls.audit(small), votes.find_versions(small))
    assert found["low"].isna().all()
    assert found.loc[found["version"] != "difference", "mean"].notna().all()


def test_beside_arena_s_own_ratings(simulated):
    _, battles, _ = simulated
    day = ls.published("arena_ratings")
    day = day[(day["category"] == "full") & (day["date"] == "2025-05-24") & (day["board"] == "raw")]
    names = dict(zip(battles.models, day["model"].head(len(battles.models)).str.upper(), strict=True))
    renamed = tuple(names[m] for m in battles.models)
    order = np.argsort(renamed)
    place = np.argsort(order)
    known = replace(
        battles,
        models=tuple(np.array(renamed)[order].tolist()),
        model_a=place[battles.model_a],
        model_b=place[battles.model_b],
        columns=battles.columns.assign(timestamp=pd.Timestamp("2025-05-20")),
    )
    result = ls.audit(known)
    found = votes.beside_published(result, ls.published("arena_ratings"))
    assert len(found) == len(battles.models)
    assert found["date"].iloc[0] == pd.Timestamp("2025-05-24")
    np.testing.assert_allclose(
        found[["plain", "published_raw", "controlled", "published_controlled"]].mean(), 0, atol=1e-9
    )
    own = result.ratings().set_index("model")["rating_plain"]
    one, two = found["model"].iloc[:2]
    assert found["plain"].iloc[0] - found["plain"].iloc[1] == pytest.approx(own[one] - own[two])


def test_no_models_in_common(simulated):
    assert len(votes.beside_published(simulated[2], ls.published("arena_ratings"))) == 0


def test_the_difference_of_two_versions_is_that_of_their_means():
    """Over arenas with planted styles its intervals cover what is planted; battles between the two count once."""
    covered = []
    for seed in range(30):
        made, battles = arena(1500, seed=seed)
        found = votes.profile(ls.audit(battles), Versions(*VERSIONS)).set_index(["feature", "version"])
        means = found["mean"]
        row = found.loc["words", "difference"]
        assert row["difference"] == pytest.approx(means["words", VERSIONS[0]] - means["words", VERSIONS[1]])
        planted = planted_words(made.world)
        covered.append(row["low"] < planted < row["high"])
    assert np.mean(covered) >= 0.8


def planted_words(world) -> float:
    """The expected difference in words between the two versions, by simulation of single answers."""
    from llamastyle.data.worlds import written

    rng = np.random.default_rng(1)
    noise = rng.normal(size=(40_000, len(world.features)))
    one, two = (written(world.style[k] + world.spread * noise)[:, 0].mean() for k in (0, 1))
    return float(one - two)


@pytest.mark.parametrize(
    "stamp", [pd.Timestamp("2025-05-20", tz="Europe/Berlin"), "2025-05-20T10:00:00Z", "no time", pd.NaT]
)
def test_any_timestamp_finds_a_day(simulated, stamp):
    _, battles, _ = simulated
    known = replace(battles, columns=battles.columns.assign(timestamp=[stamp] * len(battles)))
    assert len(votes.beside_published(ls.audit(known), ls.published("arena_ratings"))) == 0
