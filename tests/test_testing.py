"""The assertion for someone's own test suite."""

from __future__ import annotations

import pytest

import llamastyle as ls
from llamastyle.testing import assert_no_style_inflation


@pytest.fixture(scope="module")
def inflated() -> ls.StyleResult:
    return ls.fit(ls.simulate(8000, style={"words": 1.0}, seed=2).battles)


def test_inflated_models_are_named(inflated: ls.StyleResult) -> None:
    bad = inflated.audit().query("verdict == 'inflated'")["model"].tolist()
    assert bad
    with pytest.raises(AssertionError) as error:
        assert_no_style_inflation(inflated)
    said = str(error.value)
    assert all(f"style inflates {model} by " in said for model in bad)
    assert "most by words" in said
    with pytest.raises(AssertionError, match=f"style inflates {bad[0]} by"):
        assert_no_style_inflation(inflated, bad[0])


def test_others_pass(inflated: ls.StyleResult) -> None:
    good = inflated.audit().query("verdict != 'inflated'")["model"].tolist()
    assert assert_no_style_inflation(inflated, good) is inflated
    assert assert_no_style_inflation(inflated, margin=1000.0) is inflated


def test_battles_and_options_are_fitted() -> None:
    battles = ls.simulate(4000, style={"words": 0.0}, seed=3).battles
    assert isinstance(assert_no_style_inflation(battles, features=["words"]), ls.StyleResult)


def test_without_correctness_the_verdict_has_another_name() -> None:
    battles = ls.simulate(8000, style={"words": 1.0}, seed=2).battles
    with pytest.raises(AssertionError, match="style-favoured"):
        assert_no_style_inflation(battles, correctness="ignore")


def test_nothing_known_does_not_pass_as_nothing_found() -> None:
    few = ls.simulate(60, 3, style={"words": 0.0}, seed=1).battles
    with pytest.warns(ls.LlamaStyleWarning):
        result = ls.audit(few)
    assert set(result.audit()["verdict"]) == {"insufficient data"}
    with pytest.raises(AssertionError, match="is not known: .*insufficient data.*more battles would tell"):
        assert_no_style_inflation(result)


def test_models_that_cannot_be_told_pass_unless_asked(inflated: ls.StyleResult) -> None:
    table = inflated.audit()
    open_ones = table.query("verdict == 'undetermined'")["model"].tolist()
    assert open_ones
    assert assert_no_style_inflation(inflated, open_ones) is inflated
    with pytest.raises(AssertionError, match=f"is not known: {open_ones[0]} .undetermined"):
        assert_no_style_inflation(inflated, open_ones, undetermined=False)


def test_what_is_wrong_in_the_call(inflated: ls.StyleResult) -> None:
    with pytest.raises(ls.LlamaStyleError, match="there is no model 'model-9'; did you mean 'model-09'"):
        assert_no_style_inflation(inflated, "model-9")
    with pytest.raises(ls.LlamaStyleError, match="features: options of a fit"):
        assert_no_style_inflation(inflated, features=["words"])


def test_a_model_named_of_which_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    result = ls.audit(ls.simulate(600, 6, style={"words": 0.1}, seed=2).battles)
    table = result.audit()
    known = table["model"].tolist()
    thin = table.assign(verdict=["insufficient data"] + ["undetermined"] * (len(table) - 1))
    monkeypatch.setattr(ls.StyleResult, "audit", lambda self, **options: thin)
    assert_no_style_inflation(result)
    with pytest.raises(AssertionError, match=f"is not known: {known[0]} .insufficient data"):
        assert_no_style_inflation(result, known[:2])
    assert_no_style_inflation(result, known[1:])
