"""The script that makes the shipped tables."""

from __future__ import annotations

import numpy as np
from emoji import EMOJI_DATA

from llamastyle.features import _build_tables


def test_the_trie_is_made_of_every_sequence():
    sequences, version = _build_tables.emoji_sequences()
    assert set(sequences) == set(EMOJI_DATA)
    assert "emoji" in version
    assert all(isinstance(a, np.ndarray) for a in _build_tables.emoji_trie(sequences[:50]).values())
