"""``phrase_list()``: phrases of other languages, and of one's own, as features."""

from __future__ import annotations

import re
from os import PathLike, fspath
from pathlib import Path

from llamastyle.errors import FeatureError
from llamastyle.features.counters import CATEGORIES, STYLE_CATEGORIES, WORD_LISTS, Counter
from llamastyle.features.extraction import extract
from llamastyle.features.feature import Contrast, Feature, FeatureSet, Recipe
from llamastyle.features.lexicon import Lexicon, read_lexicon, shipped_languages, shipped_text
from llamastyle.features.phrase_tables import tables_with

GROUPS = {
    **dict.fromkeys(CATEGORIES, "sycophancy"),
    **dict.fromkeys(WORD_LISTS, "tone"),
    **dict.fromkeys(STYLE_CATEGORIES, "tone"),
    "slop": "lexical",
    "refusal": "refusal",
    "disclaimer": "refusal",
}


def phrase_list(source: str | PathLike[str], *, name: str | None = None) -> FeatureSet:
    """The phrases of another language, or of a list of one's own, as features.

    One feature for each category that the list has, called by the category and the list: ``praise_de``. With several
    categories of sycophancy, their sum too; a fit can tell the prices of the sum or of its parts, not of both. Each
    list is a pass of its own over the texts.

    Parameters
    ----------
    source : str or path
        The language of a shipped list (``de``, ``es``, ``fr``, ``ja``, ``zh``), or the path of a TOML file. Nobody has
        measured how often the matches of the shipped ones are right.
    name : str, optional
        What the features' names end with; the language, or the file's name without ``.toml``, unless given.

    Returns
    -------
    FeatureSet

    Raises
    ------
    FeatureError
        For a file that is not as described in the documentation's page on features, with the entry: no TOML, an
        unknown category, a phrase twice, an example that does not match or one that should not and does.

    Examples
    --------
    >>> import llamastyle as ls
    >>> german = ls.phrase_list("de")
    >>> ls.extract("Gute Frage! Du hast völlig recht.", german["sycophancy_de"]).values.tolist()
    [[2.0]]
    """
    toml, where = _read(source)
    lexicon = read_lexicon(toml, where)
    features = _features(lexicon, toml, re.sub(r"\W", "_", Path(source).stem) if name is None else name)
    try:
        tables_with(toml)
    except FeatureError as error:
        raise FeatureError(f"{where}: {error}") from error
    _check_examples(lexicon, toml, where)
    return FeatureSet(features)


def _read(source: str | PathLike[str]) -> tuple[str, str]:
    if not isinstance(source, str | PathLike) or "\0" in str(source):
        raise FeatureError(f"a phrase list is a language or the path of a TOML file, not {source!r}")
    path = fspath(source)
    if path == "en":
        raise FeatureError("the English phrases are what the built-in features count; name these, as 'sycophancy'")
    if path in shipped_languages():
        return shipped_text(path), f"the shipped phrase list {path!r}"
    try:
        return Path(path).read_text(encoding="utf-8-sig"), f"the phrase list {path}"
    except UnicodeDecodeError as error:
        raise FeatureError(f"the phrase list {path} is not UTF-8: {error}") from error
    except OSError as error:
        raise FeatureError(
            f"there is no phrase list {path!r} ({error.strerror}); hand in the path of a TOML file, or one of the "
            f"languages {', '.join(language for language in shipped_languages() if language != 'en')}"
        ) from error


def _features(lexicon: Lexicon, toml: str, name: str) -> list[Feature]:
    present = dict.fromkeys(phrase.category for phrase in lexicon.phrases)
    if not present:
        raise FeatureError("the phrase list has no phrases; write an entry below [[praise]] or another category")
    made = [_feature(lexicon, toml, name, category, (category,)) for category in present]
    summed = tuple(category for category in CATEGORIES if category in present)
    return made + ([_feature(lexicon, toml, name, "sycophancy", summed)] if len(summed) > 1 else [])


def _feature(lexicon: Lexicon, toml: str, name: str, category: str, counts: tuple[str, ...]) -> Feature:
    text = Counter[category.upper()].definition if counts == (category,) else f"the sum of {', '.join(counts)}"
    definition = f"{text}, outside code fences, in a phrase list of language {lexicon.language} ({lexicon.status})"
    contrast: Contrast = "log_ratio"
    return Feature(
        f"{category}_{name}",
        GROUPS.get(category, "sycophancy"),
        "words" if category in WORD_LISTS else "phrases",
        definition,
        contrast=contrast,
        how=Recipe(counts, phrases=toml),
    )


def _check_examples(lexicon: Lexicon, toml: str, where: str) -> None:
    """Every example must match, or not, in its category."""
    cases = [(p, s, True) for p in lexicon.phrases for s in p.matches]
    cases += [(p, s, False) for p in lexicon.phrases for s in p.misses]
    counts = extract([sentence for _, sentence, _ in cases], _features(lexicon, toml, "x"), progress=None)
    for row, (phrase, sentence, should) in enumerate(cases):
        if (counts.column(f"{phrase.category}_x")[row] > 0) != should:
            if not should:
                raise FeatureError(
                    f"{where}: {sentence!r} must not match {phrase.text!r} nor another phrase of {phrase.category}"
                )
            rivals = CATEGORIES if phrase.category in CATEGORIES else STYLE_CATEGORIES
            found = [c for c in rivals if f"{c}_x" in counts.names and counts.column(f"{c}_x")[row]]
            taken = f"; {', '.join(found)} has words of it, and each word counts once" if found else ""
            raise FeatureError(
                f"{where}: the phrase {phrase.text!r} of {phrase.category} does not match its example {sentence!r}"
                f"{taken}"
            )
