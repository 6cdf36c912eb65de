"""Make ``tables.npz``: ``python -m llamastyle.features._build_tables``.

Unicode properties come from the ``regex`` package (its Unicode version is named in its own description),
emoji sequences from the ``emoji`` package, phrases from ``lexicons/*.toml``.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import unicodedata
from pathlib import Path

import numpy as np

from llamastyle.features import tables as t
from llamastyle.features.lexicon import lexicon_version, read_lexicons
from llamastyle.features.phrase_tables import arrays_of

OUT = Path(__file__).with_name("tables.npz")
NO_SPACES = ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
PROLONGED_SOUND = "\u30fc\uff70"  # of script Common, but only ever beside kana
ACTS = {
    1: " \t",
    2: "\n",
    3: ".!?",
    4: "*_`\\$",
    5: "[]<",
    6: ",\"'",
    7: "\r",
}
ACT_HIGH = 8
BLOCK_TAGS = (
    "address article aside base basefont blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html iframe legend li "
    "link main menu menuitem nav noframes ol optgroup option p param search section summary table tbody td tfoot "
    "th thead title tr track ul"
)  # CommonMark 0.31, HTML blocks of kind 6
RAW_TAGS = "script pre style textarea"
VOWELS, NO_VOWELS = "aeiouyæœøıαεηιουωаеиоуыэюяіє", "йў"
"""What a letter must be, its accents taken away, to be a vowel; what is none nevertheless."""


def byte_classes() -> dict[str, np.ndarray]:
    """``fold``, ``act`` and ``ends``."""
    fold = np.array([t.ascii_code(chr(b)) if b < 128 else 0 for b in range(256)], dtype=np.uint8)
    act = np.zeros(256, dtype=np.uint8)
    act[128:] = ACT_HIGH
    for number, chars in ACTS.items():
        act[[ord(c) for c in chars]] = number
    ends = np.zeros(256, dtype=np.uint8)
    for bit, letters in enumerate(("e", "bcdfghjklmnpqrstvwxz", "l", "d", "td", "s", "szxcgh")):
        for letter in letters + letters.upper():
            ends[ord(letter)] |= 1 << bit
    return {"chars_fold": fold, "chars_act": act, "chars_ends": ends}


def code_point_classes(emoji_starts: set[str]) -> dict[str, np.ndarray]:
    """The kinds of code points by pages of 256, and ``upper`` and ``lower``."""
    import regex

    everything = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF)
    kind = np.zeros(0x110000, dtype=np.uint16)

    def points(pattern: str) -> np.ndarray:
        return np.array([ord(c) for c in regex.findall(pattern, everything)], dtype=np.int64)

    kind[points(r"[\p{L}\p{N}]")] |= t.LETTER
    scripts = "".join(rf"\p{{Script={name}}}" for name in NO_SPACES)
    alone = points(rf"[[{scripts}{PROLONGED_SOUND}]&&[\p{{L}}\p{{N}}]](?V1)")
    kind[alone] = t.ALONE
    kind[points(r"\p{M}")] |= t.MARK
    kind[points(r"\p{Nd}")] |= t.DECIMAL
    kind[points(r"[\p{P}\p{S}]")] |= t.PUNCTUATION
    kind[points(r"[\p{Ps}\p{Pe}\p{Pi}\p{Pf}\"']")] |= t.QUOTE
    kind[[ord(c) for c in everything if c.isspace()]] |= t.SPACE
    kind[[ord(c) for c in emoji_starts]] |= t.EMOJI
    letters = (chr(c) for c in np.flatnonzero(kind & t.LETTER))
    vowels = (c for c in letters if unicodedata.normalize("NFD", c)[0].lower() in VOWELS)
    kind[[ord(c) for c in vowels if c.lower() not in NO_VOWELS]] |= t.VOWEL
    cased = [
        (ord(c), ord(c.lower()))
        for c in everything
        if ord(c) > 127 and c.lower() != c and len(c.lower()) == 1
    ]
    kind[[u for u, _ in cased]] |= t.CASED
    rows, page = np.unique(kind.reshape(-1, 256), axis=0, return_inverse=True)
    return {
        "kind_page": page.reshape(-1).astype(np.uint16),
        "kind_rows": rows,
        "chars_upper": np.array([u for u, _ in cased], dtype=np.int32),
        "chars_lower": np.array([v for _, v in cased], dtype=np.int32),
    }


def emoji_trie(sequences: list[str]) -> dict[str, np.ndarray]:
    """The tries table and its ends."""
    edges: dict[tuple[int, int], int] = {}
    ends = {0: 0}
    for sequence in sequences:
        node = 0
        for char in sequence:
            node = edges.setdefault((node, ord(char)), len(edges) + 1)
            ends.setdefault(node, 0)
        ends[node] = 1
    size = 1 << (2 * len(edges) - 1).bit_length()
    key = np.full(size, -1, dtype=np.int64)
    target = np.zeros(size, dtype=np.int32)
    for (node, point), after in edges.items():
        edge = node << 21 | point
        slot = t.mix(edge, t.KEY_MIX) >> 40 & size - 1
        while key[slot] != -1:
            slot = slot + 1 & size - 1
        key[slot], target[slot] = edge, after
    return {
        "emojis_key": key,
        "emojis_next": target,
        "emojis_end": np.array([ends[n] for n in range(len(ends))], dtype=np.uint8),
    }


def phrase_arrays() -> dict[str, np.ndarray]:
    """The shipped phrases."""
    parts = zip(("phrases", "style", "words"), arrays_of(read_lexicons()), strict=True)
    return {f"{prefix}_{name}": array for prefix, part in parts for name, array in part._asdict().items()}


def emoji_sequences() -> tuple[list[str], str]:
    """Every sequence of the ``emoji`` package, and its version."""
    from emoji import EMOJI_DATA

    sequences = sorted(EMOJI_DATA)
    ascii_led = [s for s in sequences if ord(s[0]) < 128]
    if any(s[0] not in "#*0123456789" or s[1:] not in ("\ufe0f\u20e3", "\u20e3") for s in ascii_led):
        raise SystemExit(
            "an emoji sequence opens with ASCII and is no keycap; teach the kernel about it first"
        )
    newest = max(entry["E"] for entry in EMOJI_DATA.values())
    return sequences, f"{newest:g} (emoji {importlib.metadata.version('emoji')})"


def unicode_version() -> str:
    """The Unicode version that the ``regex`` package says it has."""
    text = importlib.metadata.metadata("regex")["Description"]
    found = re.search(r"supports Unicode (\d+\.\d+\.\d+)", str(text))
    if not found:
        raise SystemExit("the regex package does not name its Unicode version")
    return found.group(1)


def build(out: Path = OUT) -> None:
    """Write the tables and the versions of their sources."""
    sequences, emoji_version = emoji_sequences()
    versions = {"unicode": unicode_version(), "emoji": emoji_version, "lexicon": lexicon_version(read_lexicons())}
    arrays = {
        **byte_classes(),
        **code_point_classes({s[0] for s in sequences}),
        **emoji_trie(sequences),
        **phrase_arrays(),
        "tags_block_tags": np.array(sorted(t.word_key(tag) for tag in BLOCK_TAGS.split()), dtype=np.uint64),
        "tags_raw_tags": np.array([t.word_key(tag) for tag in RAW_TAGS.split()], dtype=np.uint64),
    }
    packed = np.frombuffer(json.dumps(versions, sort_keys=True).encode(), dtype=np.uint8)
    np.savez_compressed(out, allow_pickle=False, versions=packed, **arrays)


if __name__ == "__main__":
    build()
