"""Phrase lists: TOML from bytes, or phrases from bytes in a list that is sound; what they count, beside the twin."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np

import llamastyle as ls
from fuzz.checking import Wrong
from fuzz.drawing import Draws
from llamastyle.features.counters import CATEGORIES, STYLE_CATEGORIES
from llamastyle.features.lexicon import LISTED, read_lexicon, read_lexicons
from tests.features import twin as slow

SUMMARY = "phrase lists: TOML and phrases from bytes, what they find beside the twin"
LONGEST = 1500
TOKENS = [
    *(f"[[{category}]]\n".encode() for category in LISTED),
    b'language = "en"\n', b'version = "1"\n', b"[sets]\n", b'phrase = "', b'matches = ["', b'misses = ["', b'reason = "',
    b'"]\n', b'"\n', b"@fine", b"(a|b c|)", b"[a b]", b"_ ", b"^", b"!", b"|", b"(", b")", b"[", b"]", b"what a ", b"'",
    b"\\u0000", b'"""', b"'''", b" = ", b"[[", b"]]", b"{ a = 1 }", b"1979-05-27", b"nan", b"true", b"\xe4\xb8\xad",
    b"\xe2\x80\x99", b"\xef\xbb\xbf", b"\0",
]  # fmt: skip
TEXTS = ["What a splendid thing! Such a capital notion, really. Perchance, a b c. 中文。", "a", "", "A a! b c d? What a a."]
OWN = """language = "en"
version = "3"
[sets]
fine = "splendid|capital"
[[praise]]
phrase = "(what|such) a @fine (thing|notion)"
matches = ["What a splendid thing!", "Such a capital notion."]
misses = ["What a thing."]
[[hedges]]
phrase = "perchance"
matches = ["Perchance."]
misses = ["Chance."]
[[positive_words]]
phrase = "(splendid|capital)"
matches = ["A splendid day."]
misses = ["A day."]
"""


def seeds() -> dict[str, bytes]:
    """A list, and some phrases of each kind."""
    phrases = ["(what|such) a @fine", "^a _ b", "a b!", "[very] good day", "(a|b c|)[d] e", "a _ _ b", "splendid", "中文"]
    made = {f"toml-{k}": bytes([k]) + OWN.encode() for k in (0, 1)}
    made |= {
        f"phrase-{k}-{c}": bytes([2 + k % 2, c]) + phrase.encode() + b"\0splendid|capital\0" + b"what a splendid a x b"
        for k, phrase in enumerate(phrases)
        for c in (0, 7, len(LISTED) - 1)
    }
    return made


def run(data: bytes) -> None:
    """A list as it is, or one made of the phrases that the bytes hold."""
    if not data:
        return
    toml = data[1:] if data[0] % 4 < 2 else _made(Draws(data[1:])).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.toml"
        path.write_bytes(toml)
        features = ls.phrase_list(path, name="own" if data[0] % 2 else None)
    values = ls.extract(TEXTS, features, n_jobs=1, progress=False).values
    if not (np.isfinite(values) & (values >= 0)).all():
        raise Wrong("a count that is not finite, or below zero")
    ls.highlight(TEXTS, features).to_frame()
    _beside_twin(features, toml.decode("utf-8-sig"))


def _made(draws: Draws) -> str:
    """A list of up to three phrases, with a set and texts that may match."""
    lines = ['language = "en"', "[sets]"]
    entries: dict[str, list[str]] = {}
    while draws.at < len(draws.data) and len(entries) < 4:
        category, phrase, alternatives, text = draws.pick(LISTED), draws.text(), draws.text(), draws.text()
        if alternatives and len(lines) == 2:
            lines.append(f"fine = {_quoted(alternatives)}")
        entry = f"[[{category}]]\nphrase = {_quoted(phrase)}\nmatches = [{_quoted(text or phrase)}]\nmisses = [\"\"]"
        entries.setdefault(category, []).append(entry)
    return "\n".join([*lines, *(entry for some in entries.values() for entry in some)])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _beside_twin(features: ls.FeatureSet, toml: str) -> None:
    """Counts of the list's categories, by the twin's regular expressions."""
    lexicon = read_lexicon(toml)
    slow.BOOK = (lexicon,)
    slow.phrase_book.cache_clear()
    slow.word_book.cache_clear()
    try:
        texts = [*TEXTS, *(s for p in lexicon.phrases for s in (*p.matches, *p.misses) if len(s) < 300)][:8]
        found = ls.extract(texts, features, n_jobs=1, progress=False)
        for feature in features:
            category = next((c for c in (*CATEGORIES, *STYLE_CATEGORIES) if feature.name.startswith(f"{c}_")), None)
            if category is None:
                continue
            expected = [slow.twin(text)[category] for text in texts]
            if found.column(feature.name).tolist() != expected:
                raise Wrong(f"{feature.name} is {found.column(feature.name).tolist()}, the twin has {expected}: {texts!r}")
    finally:
        slow.BOOK = read_lexicons()
        slow.phrase_book.cache_clear()
        slow.word_book.cache_clear()
