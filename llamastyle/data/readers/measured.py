"""Features that come with a table, as a FeatureTable."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import FeatureError
from llamastyle.features import catalog
from llamastyle.features.feature import Feature, FeatureSet, FeatureTable


def can_name(text: str) -> bool:
    """Whether a feature may be called so: letters, digits and _, not beginning with a digit."""
    return re.fullmatch(r"[^\W\d]\w*", text) is not None


def feature_table(
    names: Sequence[str], values: NDArray[np.float64], preset: FeatureSet | None = None
) -> FeatureTable:
    """A table of features measured elsewhere; those of the catalogue keep its unit and contrast.

    Parameters
    ----------
    names : list of str
        One a column.
    values : float64 array
        One row a response: side a's, then side b's.
    preset : FeatureSet, optional
        The features, where more is known of them than their names.
    """
    features = FeatureSet([_feature(name) for name in names]) if preset is None else preset
    return FeatureTable(values, features, None, {})


def _feature(name: str) -> Feature:
    try:
        return catalog.find(name)
    except FeatureError:
        return Feature(name, "own", "", f"{name} as given in the table", contrast="difference")
