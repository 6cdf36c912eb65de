"""What a page tells of a result, and what it must not."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle.regression.telling import contents, controlled_words
from llamastyle.regression.wording import gap_words
from llamastyle.report.page import clearest, render_page
from tests.report.hostile import NAMES
from tests.report.pages import parsed


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(6000, 8, style={"words": 0.9, "bold": 0.2}, seed=5).battles)


def sections(page):
    return [a["id"] for a in page.all("section")]


def topics(made):
    return [topic for topic, _ in made.limits]


def test_with_correctness(result):
    made = contents(result)
    assert made.correctness == "Correctness is known on both sides in 6000 of 6000 battles: these are used."
    assert made.why == ""
    assert made.control == controlled_words(result) == "style and correctness"
    assert {"Strength", "First side", "Overlap"} <= set(topics(made))
    assert made.rates is not None
    assert made.overrides is not None
    assert set(made.parts["model"]) == set(made.win_parts["model"]) == set(result.battles.models)
    np.testing.assert_allclose(
        made.win_parts[made.win_parts["block"] == "total"].set_index("model")["estimate"].sort_index(),
        result.battles.win_rates().set_index("model")["win_rate"].sort_index() - 0.5,
        atol=1e-9,
    )


def test_flagged_and_unusual_models_come_first():
    result = ls.fit(ls.simulate(20_000, 12, seed=1).battles)
    audit = contents(result).audit
    flagged = audit["verdict"] == "inflated"
    assert flagged.sum() >= 2
    assert flagged[: flagged.sum()].all()
    assert audit.loc[flagged, "unusual"].is_monotonic_decreasing
    assert len(audit) == len(result.audit())


def test_words_that_the_data_do_not_allow(result):
    for one in (result, ls.fit(result.battles, correctness="ignore")):
        text = parsed(one.report()).text().lower()
        for word in ("because of", "due to", "caused", "cheat", "causes", "proves"):
            assert word not in text
        assert "associated with style" in text
        assert "style parity" in text


def test_without_correctness_quality_is_not_separated(result):
    made = contents(ls.fit(result.battles, correctness="ignore"))
    assert made.correctness == "No correctness: associated with style; quality not separated."
    assert "Quality is not separated" in made.licence
    assert "Quality" in topics(made)
    assert made.rates is None
    assert made.overrides is None
    page = parsed(render_page(made))
    assert "overrides" not in sections(page)
    assert not {"inflated", "deflated"} & set(page.text("span").split())


def test_nothing_estimated_still_tells_why():
    rows = [
        {"model_a": a, "model_b": b, "winner": "model_a", "words_a": 9, "words_b": i}
        for i, (a, b) in enumerate([("x", "y"), ("x", "z"), ("y", "z"), ("x", "y")])
    ]
    result = ls.audit(ls.read_battles(rows))
    assert result.estimates is None
    page = parsed(result.report())
    assert page.wrong == []
    assert sections(page) == ["why", "limits", "made"]
    assert result.failure in page.text("p")
    assert {"x", "y", "z"} <= {data for tag, data in page.texts if tag == "bdi"}
    assert page.all("svg") == []
    assert "No verdict" in page.text("p")


def test_prices_only(result):
    frame = result.battles.to_frame().drop(columns=["model_a", "model_b"])
    page = parsed(ls.audit(frame).report())
    assert sections(page) == ["why", "prices", "overrides", "limits", "made"]
    assert "do not name two models" in page.text("p")
    assert "Models without figures" not in page.text()


def test_too_little_data_is_told_one_by_one(result):
    frame = result.battles.to_frame()
    few = frame[(frame["model_a"] == "model-01") | (frame["model_b"] == "model-01")].index[4:]
    made = contents(ls.audit(frame.drop(index=few)))
    assert list(made.missing["model"]) == ["model-01"]
    assert "model-01" not in set(made.parts["model"])
    page = parsed(render_page(made))
    assert "Models without figures" in page.text("dt")
    assert "at least 10 are needed" in page.text("td") or "no finite value" in page.text("td")


def test_conditional_errors_are_told(result):
    frame = result.battles.to_frame()
    frame["voter"] = [f"v{i % 4}" for i in range(len(frame))]
    with pytest.warns(ls.LlamaStyleWarning):
        one = ls.fit(ls.read_battles(frame, cluster="voter"))
    made = contents(one)
    assert "voter has 4 values" in made.why
    assert {"Errors", "Warning"} <= set(topics(made))
    assert parsed(render_page(made)).wrong == []


def test_withheld_shares_are_told(result):
    parts = result.decompose()
    withheld = parts[(parts["block"] == "total") & parts["share"].isna()]["model"].tolist()
    assert withheld
    told = dict(contents(result).limits)["Shares withheld"]
    assert all(model in told for model in withheld)


def test_the_lines_make_the_same_fit_again(result):
    made = ls.fit(result.battles, ["bold", "words"], contrast={"words": "tanh"}, ties="drop", position=True, level=0.9)
    lines = contents(made).reproduce
    code = "\n".join(lines[:-1]).replace("ls.read_battles(...)", "given")
    names = {"given": result.battles}
    exec(code, names)
    pd.testing.assert_frame_equal(names["result"].tidy(), made.tidy())
    assert names["result"].settings == made.settings


def test_two_models_have_a_section_with_words_pictures_and_table(result):
    page = parsed(result.report(compare=("model-02", "model-05")))
    assert sections(page)[0] == "gap"
    assert gap_words(result, "model-02", "model-05").replace(" %", "\u00a0%") in page.text("p")
    total = result.compare("model-02", "model-05").iloc[-1]
    shown = [a["aria-label"] for a in page.all("svg") if a["aria-label"].startswith("model-02 against model-05")]
    assert [f"{abs(total['estimate']):.1f}" in label for label in shown] == [True, False]
    assert "model-02 against model-05: Gap in win rates" in shown[1]
    assert "model-02 against model-05: the gap in ratings" in page.text("span")
    assert "model-02 against model-05: the gap in win rates" in page.text("span")
    assert "model-02 against model-05: how much is style?" in page.text("h1")
    assert page.text("p").index("Of the gap between model-02 and model-05") < page.text("p").index("Of 8 models")
    assert 'result.report("report.html", compare=["model-02", "model-05"])' in page.text("code")
    assert "gap" not in sections(parsed(result.report()))


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (("model-02", "model-2"), "did you mean 'model-0"),
        (("model-02", "model-02"), "two different models"),
        ("model-02", "names of two models"),
        (("model-02", None), "names of two models"),
        (5, "names of two models"),
    ],
)
def test_two_models_that_are_not_two_models(result, pair, words):
    with pytest.raises(ls.FitError, match=words):
        result.report(compare=pair)


def test_two_models_without_figures_have_the_reason():
    battles = ls.simulate(400, 4, style={"words": 0.5}, seed=3).battles.to_frame().drop(columns="outcome")
    lost = battles.head(3).assign(model_a="model-01", model_b="unlucky", winner="model_a")
    result = ls.audit(pd.concat([battles, lost], ignore_index=True))
    page = parsed(result.report(compare=("unlucky", "model-02")))
    said = page.text("p")
    assert "unlucky and model-02 cannot be compared: unlucky was left out: lost all of its 3 battles" in said
    assert not [a for a in page.all("svg") if "unlucky" in str(a["aria-label"])]


def test_hostile_names_from_the_data_on():
    arena = ls.simulate(6000, len(NAMES), style={"words": 0.9}, seed=5)
    frame = arena.battles.to_frame()
    new = dict(zip(arena.battles.models, NAMES.values(), strict=True))
    frame["model_a"], frame["model_b"] = frame["model_a"].map(new), frame["model_b"].map(new)
    plain = parsed(ls.audit(arena.battles).report())
    hostile = parsed(ls.audit(ls.read_battles(frame)).report())
    assert hostile.wrong == []
    assert {tag for tag, _ in hostile.elements} == {tag for tag, _ in plain.elements}
    assert len(hostile.all("svg")) == len(plain.all("svg"))
    assert not [k for _, a in hostile.elements for k in a if k.startswith("on")]


# ---------------------------------------------------------------- battles, trust, methods


@pytest.fixture(scope="module")
def texted():
    arena = ls.simulate(1500, 6, texts=True, seed=4)
    return ls.audit(arena.battles, list(arena.world.features))


def test_battles_of_each_model_unless_left_out(texted):
    made = contents(texted)
    assert set(made.exhibits) == set(made.parts["model"])
    assert {len(some) for some in made.exhibits.values()} == {2}
    assert made.exhibited.startswith("Of each model, up to 2 battles that style most likely decided")
    assert 'result.report("report.html")' in made.reproduce[-1]
    none = contents(texted, exhibits=0)
    assert none.exhibits == {}
    assert "exhibits=0" in none.exhibited
    assert none.reproduce[-1] == 'result.report("report.html", exhibits=0)'
    text = texted.report(exhibits=0)
    answer = texted.battles.to_frame()["response_a"][0].split(".")[0]
    assert answer not in text
    assert parsed(text).all("mark") == []


def test_battles_of_the_clearest_models_where_there_are_many(texted, monkeypatch):
    from llamastyle.regression import telling

    monkeypatch.setattr(telling, "EXHIBITED", 2)
    made = contents(texted, exhibits=1)
    assert list(made.exhibits) == clearest(made.audit, set(made.parts["model"]))[:2]
    assert "Of the 2 of 6 models with the clearest inflation or deflation, up to 1 battle that" in made.exhibited
    asked = contents(texted, compare=("model-05", "model-06"), exhibits=1)
    assert list(asked.exhibits) == ["model-05", "model-06"]


def test_texts_are_cut(texted, monkeypatch):
    from llamastyle.regression import telling

    monkeypatch.setattr(telling, "LONGEST", 90)
    for some in contents(texted).exhibits.values():
        for exhibit in some:
            assert all(len(view[0]) <= 92 for _, view in exhibit.sides)
            assert len(exhibit.prompt) <= 32


@pytest.mark.parametrize("exhibits", [-1, 21, 2.0, True, "2", None])
def test_a_number_of_battles(texted, exhibits):
    with pytest.raises(ls.FitError, match="whole number of battles a model from 0"):
        texted.report(exhibits=exhibits)


def test_without_texts_it_says_so(result):
    made = contents(result)
    assert made.exhibits == {}
    assert made.exhibited == "These battles have no texts, so that none can be shown."


def test_placebo_and_tables_of_trust_are_those_of_the_result(result):
    made = contents(result)
    row = result.placebo().iloc[0]
    told = dict(made.limits)["Placebo"]
    assert f"{row['statistic']:,.1f}" in told
    assert f"p = {row['p_value']:.3f}" in told
    pd.testing.assert_frame_equal(made.overlap, result.overlap())
    whole = result.sensitivity()
    assert made.sensitivity["term"].tolist() == whole["term"].drop_duplicates().tolist()
    for one in made.sensitivity.to_dict("records"):
        sign = -1 if one["estimate"] < 0 else 1
        left = whole.loc[whole["term"] == one["term"], "adjusted"] * sign
        assert one["adjusted"] * sign == left.min()
    assert "label_error()" in dict(made.limits)["Not on this page"]
    without = contents(ls.fit(result.battles, correctness="ignore"))
    assert "label_error()" not in dict(without.limits)["Not on this page"]


def test_a_placebo_that_was_not_computed_says_why(result, monkeypatch):
    none = result.placebo().assign(p_value=np.nan, note="fewer than 10 clusters")
    monkeypatch.setattr(type(result), "placebo", lambda _: none)
    assert dict(contents(result).limits)["Placebo"] == "Not computed: fewer than 10 clusters."


def test_methods_say_what_was_done(result, texted):
    said = {topic: text for topic, text, _ in contents(result).methods}
    assert list(said) == ["Prices", "Ratings", "Inflation", "Verdicts", "Win rates", "Intervals"]
    assert "style and correctness" in said["Prices"]
    assert "t(299)" in said["Intervals"] or "clusters" in said["Intervals"]
    assert "Battles" in [topic for topic, *_ in contents(texted).methods]
    frame = result.battles.to_frame().drop(columns=["model_a", "model_b"])
    assert [topic for topic, *_ in contents(ls.audit(frame)).methods] == ["Prices", "Intervals"]


def test_two_models_make_a_page():
    arena = ls.simulate(3000, 2, style={"words": 0.8}, texts=True, seed=2)
    page = parsed(ls.fit(arena.battles, list(arena.world.features)).report())
    assert page.wrong == []
    assert {"ladder", "audit", "models"} <= set(sections(page))
    assert page.all("article")


def test_no_section_is_empty(result, texted):
    battles, names = texted.battles, list(texted.table.names)
    few, all_ = ls.audit(battles.take(range(120)), names), ls.fit(battles, names, ties="davidson", position=True)
    for one in (result, texted, few, all_):
        page = one.report()
        assert not re.search(r"<(p|dd|dt|h[1-6]|figure|tbody|section|dl|ul|summary|figcaption)[^>]*>\s*</\1>", page)


# ---------------------------------------------------------------- real data


@pytest.mark.shared_data
def test_alpaca_eval_fits_a_mail(shared: Path):
    result = ls.audit(shared / "alpaca_eval" / "battles.parquet")
    page = result.report()
    assert len(page.encode()) < 1_000_000
    read = parsed(page)
    assert read.wrong == []
    assert len([d for d in read.all("details") if d.get("class") == "model"]) == 40
    assert "quality not separated" in read.text("p")


@pytest.mark.shared_data
def test_the_arena_sample_explains_why_it_has_no_verdicts(shared: Path):
    with pytest.warns(ls.LlamaStyleWarning, match=r"differ in fewer than 10 battles: 'tables' \(9\), 'links' \(8\)"):
        result = ls.audit(shared / "arena_140k_sample" / "raw.csv")
    page = parsed(result.report())
    assert page.wrong == []
    assert sections(page)[0] == "why"
    assert "No model of 48 has a verdict" in page.text("p")
    assert "ladder" not in sections(page)
    assert "llama-4-maverick-03-26-experimental" in page.text("bdi")
