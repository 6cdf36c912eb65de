"""The built-in features, one line each, and the presets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from llamastyle.errors import FeatureError
from llamastyle.features import readability
from llamastyle.features.counters import CATEGORIES, WORD_LISTS, Counter
from llamastyle.features.feature import METADATA, Counts, Feature, FeatureSet, Recipe, Step
from llamastyle.features.limits import CANNOT_SEE, oracle_of
from llamastyle.options import Contrast, nearest

if TYPE_CHECKING:
    import pandas as pd

COMMONMARK = "https://spec.commonmark.org/0.31.2/"
GFM = "https://github.github.com/gfm/"
FASTCHAT = "lm-sys/FastChat:fastchat/serve/monitor/add_markdown_info.py"
EMOJI_PACKAGE = "carpedm20/emoji: emoji.EMOJI_DATA"
FLESCH = "Flesch 1948, J. Appl. Psychol. 32(3)"
KINCAID = "Kincaid et al. 1975, Research Branch Report 8-75"
GUNNING = "Gunning 1952, The Technique of Clear Writing"
SENTER = "Senter and Smith 1967, AMRL-TR-66-220"
COVINGTON = "Covington and McFall 2010, J. Quant. Linguist. 17(2)"
BJORNSSON = "Björnsson 1968, Läsbarhet: the long words of LIX"
MATCHING = ", outside code fences, in the English phrase list"
LISTED = ", outside code fences, of the English word list"


def _count(
    name: str,
    group: str,
    unit: str,
    source: str = "",
    *,
    more: str = "",
    contrast: Contrast = "log_ratio",
    step: Step = "one",
) -> Feature:
    """A feature that is one counter."""
    definition = Counter[name.upper()].definition + more
    return Feature(name, group, unit, definition, source, contrast, step, Recipe((name,)))


def _made(
    name: str,
    group: str,
    unit: str,
    definition: str,
    counts: tuple[str, ...],
    per: tuple[str, ...] = (),
    scale: float = 1.0,
    *,
    source: str = "",
    contrast: Contrast = "difference",
    step: Step = "one",
) -> Feature:
    """A feature that is made of several counters."""
    return Feature(name, group, unit, definition, source, contrast, step, Recipe(counts, per, scale))


def _index(name: str, unit: str, function: Callable[[Counts], Any], source: str) -> Feature:
    """A published index of readability."""
    summary = (function.__doc__ or "").split("\n")[0].rstrip(".").replace("``", "")
    recipe = Recipe(readability.COUNTS, function=function)
    return Feature(name, "readability", unit, f"{summary}; 0 without a sentence", source, "difference", "one", recipe)


def _per_100(name: str, group: str, counts: tuple[str, ...], per: str = "words") -> Feature:
    """The density that goes with a count."""
    title = f"{name}_per_100_words"
    return _made(title, group, f"{name} per 100 words", f"{name}, in 100 {per}", counts, (per,), 100.0)


ITEMS = ("ordered_items", "bullet_items")
TONE = ("exclamations", "questions", "all_caps", *WORD_LISTS, "hedges", "boosters")
PROSE = ", outside code fences"
TOKENS = Feature(
    "tokens",
    "length",
    "tokens",
    "token counts from the data's own metadata, or by a tokenizer handed in as tokens(tokenizer)",
    step="ten_percent",
    how=METADATA,
)

_FEATURES = (
    _count("chars", "length", "characters", step="ten_percent"),
    _count("words", "length", "words", step="ten_percent"),
    TOKENS,
    _count("sentences", "length", "sentences", step="ten_percent"),
    _count("paragraphs", "length", "paragraphs"),
    _count("lines", "length", "lines", step="ten_percent"),
    _count("turns", "length", "turns"),
    _made(
        "mean_sentence_words",
        "length",
        "words per sentence",
        "words outside code fences by sentences",
        ("prose_words",),
        ("sentences",),
        contrast="log_ratio",
        step="ten_percent",
    ),
    _count("headers", "markdown", "headings", COMMONMARK),
    _count("ordered_items", "markdown", "list items", COMMONMARK),
    _count("bullet_items", "markdown", "list items", COMMONMARK),
    _made(
        "list_items",
        "markdown",
        "list items",
        "ordered_items + bullet_items",
        ITEMS,
        source=COMMONMARK,
        contrast="log_ratio",
    ),
    _count("bold", "markdown", "bold pieces", COMMONMARK),
    _count("italic", "markdown", "italic pieces", COMMONMARK),
    _count("inline_code", "markdown", "code spans", COMMONMARK),
    _count("code_blocks", "markdown", "code blocks", COMMONMARK),
    _count("code_chars", "markdown", "characters", COMMONMARK, step="ten_percent"),
    _count("links", "markdown", "links", COMMONMARK),
    _count("images", "markdown", "images", COMMONMARK),
    _count("tables", "markdown", "table rows", GFM),
    _count("quotes", "markdown", "block quotes", COMMONMARK),
    _count("rules", "markdown", "rules", COMMONMARK),
    _count("math", "markdown", "formulas"),
    _made(
        "markup_share",
        "markdown",
        "share of characters",
        f"share of the characters that is markup; markup: {Counter.MARKUP_CHARS.definition}",
        ("markup_chars",),
        ("chars",),
    ),
    _per_100("headers", "markdown", ("headers",)),
    _per_100("list_items", "markdown", ITEMS),
    _per_100("bold", "markdown", ("bold",)),
    _count("arena_headers", "arena", "headings", FASTCHAT, contrast="relative"),
    _count("arena_lists", "arena", "list items", FASTCHAT, contrast="relative"),
    _count("arena_bold", "arena", "bold pieces", FASTCHAT, contrast="relative"),
    _count("emoji", "emoji", "emoji", EMOJI_PACKAGE),
    _count("emoji_distinct", "emoji", "different emoji", EMOJI_PACKAGE),
    _count("emoji_lines", "emoji", "lines"),
    _per_100("emoji", "emoji", ("emoji",)),
    *(_count(name, "sycophancy", "phrases", more=MATCHING) for name in CATEGORIES),
    _made(
        "sycophancy",
        "sycophancy",
        "phrases",
        f"the sum of {', '.join(CATEGORIES)}{MATCHING}",
        CATEGORIES,
        contrast="log_ratio",
    ),
    _count("sycophantic_opening", "sycophancy", "turns", more=MATCHING, contrast="difference"),
    _count("sycophantic_closing", "sycophancy", "turns", more=MATCHING, contrast="difference"),
    _per_100("sycophancy", "sycophancy", CATEGORIES, "prose_words"),
    *(_count(name, "tone", "marks", more=PROSE) for name in ("exclamations", "questions")),
    _count("closing_question", "tone", "turns", more=PROSE, contrast="difference"),
    _count("all_caps", "tone", "words", more=PROSE),
    *(_count(name, "tone", "words", more=LISTED) for name in WORD_LISTS),
    *(_count(name, "tone", "phrases", more=MATCHING) for name in ("hedges", "boosters")),
    *(_per_100(name, "tone", (name,), "prose_words") for name in TONE),
    _count("syllables", "readability", "syllables", step="ten_percent"),
    _index("flesch_reading_ease", "points", readability.flesch_reading_ease, FLESCH),
    _index("flesch_kincaid_grade", "school years", readability.flesch_kincaid_grade, KINCAID),
    _index("gunning_fog", "school years", readability.gunning_fog, GUNNING),
    _index("automated_readability", "school years", readability.automated_readability, SENTER),
    _made(
        "mattr",
        "lexical",
        "share of words",
        "moving-average type-token ratio: the share of different words in windows of 100 words that follow one another "
        "outside code fences, in all words of a shorter turn, where it is higher for shortness alone",
        ("window_types",),
        ("window_words",),
        source=COVINGTON,
    ),
    _made(
        "long_word_share",
        "lexical",
        "share of words",
        "share of the words outside code fences that have more than six letters and digits",
        ("long_words",),
        ("prose_words",),
        source=BJORNSSON,
    ),
    _count("slop", "lexical", "phrases", more=MATCHING),
    _per_100("slop", "lexical", ("slop",), "prose_words"),
    _count("refusal", "refusal", "phrases", more=MATCHING),
    _count("disclaimer", "refusal", "phrases", more=MATCHING),
)

_BY_NAME = {feature.name: feature for feature in _FEATURES}


def find(name: str) -> Feature:
    """A built-in feature by name; an unknown name is an error with the nearest ones."""
    if name not in _BY_NAME:
        known = [*_BY_NAME, *PRESETS]
        raise FeatureError(
            f"there is no feature {name!r}{nearest(name, known)}; list_features() shows all, "
            f"and the presets are {', '.join(PRESETS)}"
        )
    return _BY_NAME[name]


def _pick(label: str, *names: str) -> FeatureSet:
    return FeatureSet([_BY_NAME[name] for name in names], label)


DEFAULT = _pick(
    "DEFAULT",
    "words",
    "mean_sentence_words",
    "headers",
    "list_items",
    "bold",
    "italic",
    "inline_code",
    "code_blocks",
    "tables",
    "links",
    "emoji",
    "sycophancy",
)
ARENA = FeatureSet(
    [
        TOKENS.with_contrast("relative"),
        *(_BY_NAME[n] for n in ("arena_headers", "arena_lists", "arena_bold")),
    ],
    "ARENA",
)
ARENA_WORDS = FeatureSet(
    [_BY_NAME["words"].with_contrast("relative"), *ARENA[1:]],
    "ARENA_WORDS (not Arena's: words in place of tokens)",
)
ALL = FeatureSet([f for f in _FEATURES if f.how != METADATA and f.group != "arena"], "ALL")
PRESETS = {"default": DEFAULT, "arena": ARENA, "arena_words": ARENA_WORDS, "all": ALL}


def _named(name: str) -> FeatureSet:
    """A preset or a single built-in feature by name."""
    preset = PRESETS.get(name.lower())
    return preset if preset is not None else FeatureSet([find(name)])


FeatureSet._named = staticmethod(_named)


def list_features() -> pd.DataFrame:
    """The catalogue of built-in features.

    Returns
    -------
    pandas.DataFrame
        One row a feature: name, group, unit, definition, source; ``oracle``, what its count is held against
        in the tests; ``cannot_see``, what it is blind to.

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.list_features().set_index("name").loc["bold", "group"]
    'markdown'
    """
    import pandas as pd

    columns = ["name", "group", "unit", "definition", "source"]
    said = [[getattr(f, column) for column in columns] for f in _FEATURES]
    proved = [[oracle_of(f.name), CANNOT_SEE[f.name]] for f in _FEATURES]
    return pd.DataFrame([a + b for a, b in zip(said, proved, strict=True)], columns=[*columns, "oracle", "cannot_see"])
