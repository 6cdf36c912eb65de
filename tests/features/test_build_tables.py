"""The maker of the shipped tables makes what is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from llamastyle.features import _build_tables as build
from llamastyle.features import tables as t
from tests.features.twin import HTML_BLOCKS, HTML_RAW

regex = pytest.importorskip("regex", reason="the tables are made with the regex package")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    out: Path = tmp_path_factory.mktemp("tables") / "tables.npz"
    build.build(out)
    with np.load(out, allow_pickle=False) as data:
        return dict(data)


def test_the_shipped_tables_are_the_made_ones(built: dict[str, np.ndarray]) -> None:
    with np.load(build.OUT, allow_pickle=False) as data:
        shipped = dict(data)
    assert set(shipped) == set(built)
    versions = [json.loads(bytes(tables["versions"]).decode()) for tables in (shipped, built)]
    parts = {
        "lexicon": ("phrases_",),
        "emoji": ("emojis_",),
        "unicode": ("kind_", "chars_"),
    }
    for source, prefixes in parts.items():
        if versions[0][source] == versions[1][source] and versions[0]["emoji"] == versions[1]["emoji"]:
            for name in shipped:
                if name.startswith(prefixes):
                    assert np.array_equal(shipped[name], built[name]), name
    assert versions[0]["lexicon"] == versions[1]["lexicon"]


def test_tags_are_those_of_commonmark() -> None:
    assert set(build.BLOCK_TAGS.split()) == HTML_BLOCKS
    assert tuple(build.RAW_TAGS.split()) == HTML_RAW


def test_every_ascii_character_has_one_act() -> None:
    acts = "".join(build.ACTS.values())
    assert len(set(acts)) == len(acts)
    assert not any(char.isalnum() for char in acts)
    assert (build.byte_classes()["chars_act"][128:] == build.ACT_HIGH).all()


def test_emoji_trie_follows_every_sequence() -> None:
    trie = build.emoji_trie(["ab", "abc", "d"])
    assert (trie["emojis_key"] >= 0).sum() == 4
    assert trie["emojis_end"].tolist() == [0, 0, 1, 1, 1]


def test_an_unexpected_ascii_emoji_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    import emoji

    monkeypatch.setattr(emoji, "EMOJI_DATA", {":)": {"E": 1}})
    with pytest.raises(SystemExit, match="teach the kernel"):
        build.emoji_sequences()


def test_tables_fit_their_types(built: dict[str, np.ndarray]) -> None:
    assert built["phrases_accept"].size < np.iinfo(np.int16).max
    assert (built["phrases_key"] != 0).mean() < 0.8
    assert (built["emojis_key"] >= 0).mean() < 0.6
    assert t.load()[0].chars.kind.size == 0x110000
