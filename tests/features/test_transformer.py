"""StyleFeatures: every way in which scikit-learn uses a transformer."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

import llamastyle as ls

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["Great question! **Yes**.", "No.", "", "- one\n- two", "Ja, **ja**, 🎉 **ja**."] * 4
LABELS = [1, 0, 0, 1, 1] * 4
NAMES = ["words", "bold"]
EXPECTED = ls.extract(TEXTS, NAMES).values


def upper(text: str) -> int:
    """Letters that are upper case; at module level, so that it can be pickled."""
    return sum(map(str.isupper, text))


UPPER = ls.per_text(upper)


def test_values_are_those_of_extract():
    values = ls.StyleFeatures(NAMES).fit_transform(TEXTS)
    assert values.dtype == np.float64
    np.testing.assert_array_equal(values, EXPECTED)
    np.testing.assert_array_equal(ls.StyleFeatures().transform(TEXTS), ls.extract(TEXTS).values)


@pytest.mark.parametrize(
    "source",
    [
        TEXTS,
        tuple(TEXTS),
        pd.Series(TEXTS, index=range(7, 27)),
        pd.Series(TEXTS, dtype=object),
        pd.Series(TEXTS, dtype="category"),
        pl.Series(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS, dtype=object)[:, None],
        pd.DataFrame({"answer": TEXTS}),
        pl.DataFrame({"answer": TEXTS}),
        pa.table({"answer": TEXTS}),
    ],
    ids=lambda source: f"{type(source).__module__.split('.')[0]}-{type(source).__name__}",
)
def test_every_kind_of_column(source):
    np.testing.assert_array_equal(ls.StyleFeatures(NAMES).transform(source), EXPECTED)


def test_no_texts_make_no_rows():
    assert ls.StyleFeatures(NAMES).transform([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "texts are expected, not NoneType"),
        ("one text", "one text a row is expected, not str"),
        (5, "texts are expected, not int"),
        ([1, 2], r"row 0 is int \('1'\), not a text"),
        (np.ones(3), "not values of type float64"),
        (np.ones((3, 1)), "not values of type float64"),
        (pd.DataFrame({"answer": [1, 2]}), "not values of type int64"),
        (["yes", None], "row 1 has no text"),
        ([["yes"], ["no"]], "row 0 is list"),
        (np.array("yes"), r"not an array of shape \(\)"),
        (np.array([["yes", "no"]]), "not 2; .* one column of texts"),
        (
            pd.DataFrame({"question": ["a"], "answer": ["b"]}),
            r"not 2 \(question, answer\); .*name the column",
        ),
        (pd.DataFrame(index=[0, 1]), "not 0; "),
    ],
    ids=str,
)
def test_what_is_not_a_column_of_texts(source, said):
    with pytest.raises(ls.FeatureError, match=said):
        ls.StyleFeatures(NAMES).fit_transform(source)


def test_battles_are_no_column_of_texts():
    row = {"model_a": "x", "model_b": "y", "winner": "tie", "response_a": "One two.", "response_b": "Three."}
    with pytest.raises(ls.FeatureError, match="one text a row is expected, not Battles"):
        ls.StyleFeatures(NAMES).transform(ls.read_battles([row, row]))


def test_an_unknown_feature_is_said_when_fitted():
    with pytest.raises(ls.FeatureError, match="did you mean 'words'"):
        ls.StyleFeatures(["wrods"]).fit(TEXTS)


def test_names_of_columns():
    names = ls.StyleFeatures(NAMES).get_feature_names_out()
    assert (names.dtype, names.tolist()) == (np.dtype(object), NAMES)
    assert tuple(ls.StyleFeatures("arena_words").get_feature_names_out(["x"])) == ls.ARENA_WORDS.names
    assert tuple(ls.StyleFeatures().get_feature_names_out()) == ls.DEFAULT.names


def test_it_learns_nothing():
    style = ls.StyleFeatures(NAMES)
    before = dict(vars(style))
    np.testing.assert_array_equal(style.transform(TEXTS), EXPECTED)
    assert style.fit(TEXTS, LABELS) is style
    style.transform(TEXTS[:3])
    np.testing.assert_array_equal(style.transform(TEXTS), EXPECTED)
    assert vars(style) == before


def test_tags():
    tags = get_tags(ls.StyleFeatures())
    assert tags.input_tags.string
    assert tags.input_tags.one_d_array
    assert not tags.input_tags.two_d_array
    assert not tags.input_tags.sparse
    assert not tags.requires_fit
    assert not tags.target_tags.required
    assert tags.estimator_type is None
    assert tags.transformer_tags is not None
    check_is_fitted(ls.StyleFeatures())


@pytest.mark.parametrize(
    "features", [None, "all", NAMES, ls.ARENA_WORDS, ls.DEFAULT["bold"], [UPPER, "words"]]
)
def test_parameters_are_kept_as_given(features):
    style = ls.StyleFeatures(features, n_jobs=2, strip_think=False)
    assert style.get_params()["features"] is features
    assert style.get_params() == {"features": features, "n_jobs": 2, "strip_think": False}


@pytest.mark.parametrize(
    "features", [None, "all", NAMES, ls.ARENA_WORDS, ls.DEFAULT["bold"], [UPPER, "words"]]
)
def test_a_clone_is_equal(features):
    style = ls.StyleFeatures(features, n_jobs=2, strip_think=False)
    copy = clone(style)
    assert copy is not style
    assert copy.get_params() == style.get_params()
    np.testing.assert_array_equal(copy.transform(TEXTS), style.transform(TEXTS))


def test_parameters_can_be_set():
    text = ["<think>one two</think>three"]
    style = ls.StyleFeatures("words")
    assert style.transform(text).tolist() == [[1]]
    assert style.set_params(strip_think=False, features=["words", "chars"]).transform(text).tolist() == [
        [5, 27]
    ]
    with pytest.raises(ls.FeatureError, match="n_jobs=-1"):
        style.set_params(n_jobs=-1).transform(text)


def test_a_long_preset_is_shown():
    assert "FeatureSet DEFAULT" in repr(ls.StyleFeatures(ls.DEFAULT))
    assert "StyleFeatures" in ls.StyleFeatures(ls.DEFAULT)._repr_html_()


def test_pickled():
    for features in (None, "all", [UPPER, "words", ls.pattern("may", "may")], ls.ARENA_WORDS):
        style = ls.StyleFeatures(features, n_jobs=1)
        copy = pickle.loads(pickle.dumps(style))
        assert copy.get_params() == style.get_params()
        np.testing.assert_array_equal(copy.transform(TEXTS), style.transform(TEXTS))


def test_unpickled_in_another_process():
    style = ls.StyleFeatures([*NAMES, ls.pattern("question_marks", r"\?")])
    code = (
        "import json, pickle, sys\n"
        "style = pickle.load(sys.stdin.buffer)\n"
        "print(json.dumps([style.transform(['**What?**']).tolist(), list(style.get_feature_names_out())]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, input=pickle.dumps(style), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == [[[1, 1, 1]], [*NAMES, "question_marks"]]


def test_in_a_pipeline():
    model = Pipeline(
        [("style", ls.StyleFeatures(NAMES)), ("scale", StandardScaler()), ("fit", LogisticRegression())]
    )
    by_hand = make_pipeline(StandardScaler(), LogisticRegression()).fit(EXPECTED, LABELS)
    np.testing.assert_array_equal(
        model.fit(TEXTS, LABELS).predict_proba(TEXTS), by_hand.predict_proba(EXPECTED)
    )
    assert model[:-1].get_feature_names_out().tolist() == NAMES


def test_in_a_union():
    union = FeatureUnion([("some", ls.StyleFeatures(NAMES)), ("emoji", ls.StyleFeatures("emoji"))])
    assert union.fit_transform(TEXTS).shape == (20, 3)
    assert union.get_feature_names_out().tolist() == ["some__words", "some__bold", "emoji__emoji"]


@pytest.mark.parametrize("column", ["answer", ["answer"]], ids=["a Series", "a frame of one column"])
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_in_a_column_transformer(column, frame):
    table = frame({"size": np.arange(20.0), "answer": TEXTS})
    columns = ColumnTransformer(
        [("style", ls.StyleFeatures(NAMES), column), ("rest", "passthrough", ["size"])]
    )
    values = columns.fit_transform(table)
    np.testing.assert_array_equal(values, np.column_stack([EXPECTED, np.arange(20.0)]))
    assert columns.get_feature_names_out().tolist() == ["style__words", "style__bold", "rest__size"]
    np.testing.assert_array_equal(columns.transform(table[:3]), values[:3])


@pytest.mark.parametrize("column", [1, [1]], ids=["a column", "an array of one column"])
def test_in_a_column_transformer_on_an_array(column):
    table = np.array([["x"] * 20, TEXTS], dtype=object).T
    columns = ColumnTransformer([("style", ls.StyleFeatures(NAMES), column)])
    np.testing.assert_array_equal(columns.fit_transform(table), EXPECTED)


def test_two_columns_say_the_way_out():
    table = pd.DataFrame({"answer": TEXTS, "other": TEXTS})
    columns = ColumnTransformer([("style", ls.StyleFeatures(NAMES), ["answer", "other"])])
    with pytest.raises(ls.FeatureError, match=r"not 2 \(answer, other\); .*ColumnTransformer"):
        columns.fit_transform(table)


def test_frames_come_out_with_the_index_of_the_texts():
    style = ls.StyleFeatures(NAMES).set_output(transform="pandas")
    index = range(7, 27)
    for source in (pd.Series(TEXTS, index=index), pd.DataFrame({"answer": TEXTS}, index=index)):
        frame = style.fit_transform(source)
        pd.testing.assert_frame_equal(frame, pd.DataFrame(EXPECTED, columns=NAMES, index=index))
    pd.testing.assert_frame_equal(style.transform(TEXTS), pd.DataFrame(EXPECTED, columns=NAMES))


def test_frames_come_out_of_a_column_transformer():
    table = pd.DataFrame({"answer": TEXTS}, index=range(7, 27))
    columns = ColumnTransformer(
        [("style", ls.StyleFeatures(NAMES), "answer")], verbose_feature_names_out=False
    )
    frame = columns.set_output(transform="pandas").fit_transform(table)
    pd.testing.assert_frame_equal(frame, pd.DataFrame(EXPECTED, columns=NAMES, index=table.index))


def test_polars_frames_come_out():
    frame = ls.StyleFeatures(NAMES).set_output(transform="polars").fit_transform(TEXTS)
    assert frame.equals(pl.DataFrame(EXPECTED, schema=NAMES))


def test_a_search_over_presets():
    model = make_pipeline(ls.StyleFeatures(), StandardScaler(), LogisticRegression())
    presets = ["default", "arena_words", NAMES, ls.DEFAULT, ls.DEFAULT + [UPPER], None]
    search = GridSearchCV(model, {"stylefeatures__features": presets}, cv=2, error_score="raise")
    search.fit(TEXTS, LABELS)
    tried = [params["stylefeatures__features"] for params in search.cv_results_["params"]]
    assert all(a is b for a, b in zip(tried, presets, strict=True))
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == scores[3] == scores[5]
    assert search.predict(TEXTS).shape == (20,)


def test_a_search_in_other_processes():
    model = make_pipeline(ls.StyleFeatures(n_jobs=1), LogisticRegression())
    grid = {"stylefeatures__features": [ls.DEFAULT, NAMES]}
    alone, shared = (GridSearchCV(model, grid, cv=2, error_score="raise", n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(
        alone.fit(np.array(TEXTS), LABELS).cv_results_["mean_test_score"],
        shared.fit(np.array(TEXTS), LABELS).cv_results_["mean_test_score"],
    )


def test_scikit_learn_is_loaded_on_use_only():
    code = (
        "import sys, llamastyle as ls\n"
        "ls.extract(['One.'])\n"
        "before = 'sklearn' in sys.modules\n"
        "ls.StyleFeatures\n"
        "print(before, 'sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.returncode) == (["False", "True"], 0), done.stderr
