"""``phrase_list()``: phrases of other languages, and of one's own, as features."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import cast

from llamastyle.errors import FeatureError
from llamastyle.features import catalog
from llamastyle.features.counters import CATEGORIES, STYLE_CATEGORIES
from llamastyle.features.extraction import extract
from llamastyle.features.feature import Feature, FeatureSet, Recipe
from llamastyle.features.lexicon import Lexicon, read_lexicon, shipped_languages, shipped_text
from llamastyle.features.phrase_tables import tables_with


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
    try:
        tables_with(toml)
    except FeatureError as error:
        raise FeatureError(f"{where}: {error}") from error
    called = re.sub(r"\W", "_", Path(source).stem) if name is None else name
    categories = list(dict.fromkeys(phrase.category for phrase in lexicon.phrases))
    if not categories:
        raise FeatureError(f"{where} has no phrases; write an entry below [[praise]] or another category")
    features = {category: _feature(category, called, lexicon, toml) for category in categories}
    _check_examples(lexicon, features, where)
    if len(set(categories) & set(CATEGORIES)) > 1:
        features["sycophancy"] = _feature("sycophancy", called, lexicon, toml)
    return FeatureSet(features.values())


def _read(source: str | PathLike[str]) -> tuple[str, str]:
    if not isinstance(source, str | PathLike) or "\0" in str(source):
        raise FeatureError(f"a phrase list is a language or the path of a TOML file, not {source!r}")
    path = fspath(source)
    if path == "en":
        raise FeatureError("the English phrases are what the built-in features count; name these, as 'sycophancy'")
    if path in shipped_languages():
        return shipped_text(path), f"the shipped phrase list {path!r}"
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        return unicodedata.normalize("NFC", text), f"the phrase list {path}"  # as texts mostly are
    except UnicodeDecodeError as error:
        raise FeatureError(f"the phrase list {path} is not UTF-8: {error}") from error
    except OSError as error:
        raise FeatureError(
            f"there is no phrase list {path!r} ({error.strerror}); hand in the path of a TOML file, or one of the "
            f"languages {', '.join(language for language in shipped_languages() if language != 'en')}"
        ) from error


def _feature(category: str, name: str, lexicon: Lexicon, toml: str) -> Feature:
    """The built-in feature of a category, by the phrases of a list."""
    built_in = catalog.find(category)
    counted = built_in.definition.removesuffix(catalog.MATCHING).removesuffix(catalog.LISTED)
    definition = f"{counted}, outside code fences, in a phrase list of language {lexicon.language} ({lexicon.status})"
    how = replace(cast(Recipe, built_in.how), phrases=toml)
    return replace(built_in, name=f"{category}_{name}", definition=definition, how=how)


def _check_examples(lexicon: Lexicon, features: dict[str, Feature], where: str) -> None:
    """Every example must match, or not, in its category."""
    cases = [(p, s, True) for p in lexicon.phrases for s in p.matches]
    cases += [(p, s, False) for p in lexicon.phrases for s in p.misses]
    table = extract([sentence for _, sentence, _ in cases], FeatureSet(features.values()))
    counts = {category: table.column(feature.name) for category, feature in features.items()}
    for row, (phrase, sentence, should) in enumerate(cases):
        if (counts[phrase.category][row] > 0) == should:
            continue
        if not should:
            raise FeatureError(
                f"{where}: {sentence!r} must not match {phrase.text!r} nor another phrase of {phrase.category}"
            )
        rivals = CATEGORIES if phrase.category in CATEGORIES else STYLE_CATEGORIES
        found = [category for category in rivals if category in counts and counts[category][row]]
        taken = f"; {', '.join(found)} has words of it, and each word counts once" if found else ""
        raise FeatureError(
            f"{where}: the phrase {phrase.text!r} of {phrase.category} does not match its example {sentence!r}{taken}"
        )
