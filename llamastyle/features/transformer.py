"""``StyleFeatures``: the features as a step of a scikit-learn pipeline; loaded only on use."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from llamastyle.errors import FeatureError
from llamastyle.features import catalog
from llamastyle.features.extraction import extract
from llamastyle.features.feature import FeatureSet
from llamastyle.features.text import TextSource


class StyleFeatures(TransformerMixin, BaseEstimator):
    """The features of texts as a scikit-learn transformer: texts in, one column a feature out.

    It learns nothing, so it can transform without being fitted; fitting checks what it was given.

    Parameters
    ----------
    features : preset, its name, name, Feature, or list of names and Features
        ``DEFAULT`` unless given; as for :func:`extract`.
    n_jobs : int, optional
        Threads; as many as there are cores unless given.
    strip_think : bool
        Cut reasoning in ``<think>...</think>`` out before anything is measured.

    Examples
    --------
    >>> import llamastyle as ls
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> ls.StyleFeatures(["words", "bold"]).transform(["**Yes**.", "It is not."])
    array([[1., 1.],
           [3., 0.]])
    >>> model = make_pipeline(ls.StyleFeatures(["words", "bold"]), LogisticRegression())
    >>> model.fit(["**Yes**.", "It is not."], [1, 0]).predict(["**No**."]).tolist()
    [1]
    """

    def __init__(self, features: Any = None, *, n_jobs: int | None = None, strip_think: bool = True) -> None:
        self.features = features
        self.n_jobs = n_jobs
        self.strip_think = strip_think

    def fit(self, X: Any = None, y: Any = None) -> Self:
        """Check that the features exist; the texts are not looked at.

        Parameters
        ----------
        X, y : ignored
            Taken because a pipeline hands them over.

        Returns
        -------
        StyleFeatures
            Itself.
        """
        self._chosen()
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Measure the texts.

        Parameters
        ----------
        X : list, Series or array of texts, or a frame or array with one column of them
            One text a row.

        Returns
        -------
        float64 array, texts x features
            With ``set_output(transform="pandas")`` a frame with the index of ``X``.
        """
        texts = _one_column(X)
        return extract(
            texts, self._chosen(), n_jobs=self.n_jobs, progress=False, strip_think=self.strip_think
        ).values

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Names of the columns.

        Parameters
        ----------
        input_features : ignored
            Taken because a pipeline hands it over.

        Returns
        -------
        object array of str
            The features' names in order.
        """
        return np.array(self._chosen().names, dtype=object)

    def _chosen(self) -> FeatureSet:
        return catalog.DEFAULT if self.features is None else FeatureSet.of(self.features)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags


def _one_column(X: Any) -> Any:
    """The texts in what a pipeline hands over: itself, or the only column of a frame or a 2-d array."""
    way = (
        'hand in a list, a Series or one column of texts, such as X["answer"], or name the column in '
        'ColumnTransformer([("style", StyleFeatures(), "answer")])'
    )
    if isinstance(X, (str, TextSource)):
        raise FeatureError(f"one text a row is expected, not {type(X).__name__}; {way}")
    shape = getattr(X, "shape", None)
    if shape is None or len(shape) == 1:
        return X
    names = list(getattr(X, "column_names", getattr(X, "columns", ())))  # the former in Arrow tables
    if len(shape) != 2:
        raise FeatureError(f"one column of texts is expected, not an array of shape {shape}; {way}")
    if shape[1] != 1:
        shown = f" ({', '.join(map(str, names))})" if names else ""
        raise FeatureError(f"one column of texts is expected, not {shape[1]}{shown}; {way}")
    return X[names[0]] if names else X[:, 0]
