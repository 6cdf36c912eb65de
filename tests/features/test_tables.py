"""The shipped tables are read-only and say what they were made from."""

from __future__ import annotations

import numpy as np

from llamastyle.features import tables


def test_tables_are_read_only_and_versioned():
    loaded, versions = tables.load()
    arrays = [a for part in loaded for a in part if isinstance(a, np.ndarray)]
    assert arrays
    assert not any(a.flags.writeable for a in arrays)
    assert {"unicode", "emoji"} <= set(versions)
    assert tables.load()[0] is loaded


def test_words_have_different_keys():
    words = [f"{a}{b}" for a in "abcdefghij" for b in ("", "a", "ing", "'s", "-x", "ein")]
    assert len({tables.word_key(w) for w in words}) == len(words)
