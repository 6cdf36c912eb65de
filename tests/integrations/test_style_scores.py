"""The plain function for any harness."""

from __future__ import annotations

import pytest

import llamastyle as ls
from llamastyle.integrations import style_scores

TEXT = "# Yes\n\nGreat question! 🎉 **So** it is.\n\n- one\n- two"


@pytest.mark.parametrize(
    "features", [None, "default", "words,bold", " words , emoji", ["words", "bold"], ls.ALL]
)
def test_it_is_what_extract_gives(features: object) -> None:
    asked = [name.strip() for name in features.split(",")] if isinstance(features, str) else features
    table = ls.extract([TEXT], asked or ls.DEFAULT)
    made = style_scores(TEXT, features)  # type: ignore[arg-type]
    assert list(made) == list(table.names)
    assert list(made.values()) == table.values[0].tolist()
    assert made["words"] == 8


def test_an_unknown_feature() -> None:
    with pytest.raises(ls.FeatureError, match="did you mean 'words'"):
        style_scores(TEXT, "wrods")
