"""What proves each built-in feature, and what it cannot see."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["CANNOT_SEE", "oracle_of"]

TWIN = "a slow twin in plain Python, exactly"
_ARENA = "FastChat's published expressions, exactly; Arena's own counts on recorded sides (study oracles)"
_EMOJI = f"{TWIN}; the emoji package's emoji_count, exactly"
_FORMULA = f"its published formula on the scanner's counts, exactly, and these by {TWIN}"
_RULES = "English rules of spelling"


_MARKDOWN_IT = f"{TWIN}; beside markdown-it-py on real texts (study oracles)"
_TEXTSTAT = "; beside textstat on the same prose (study oracles)"

_PROVED = {
    "tokens": "none: it is read from the data, or is what the given tokenizer counts",
    "sentences": TWIN + _TEXTSTAT,
    "headers": _MARKDOWN_IT,
    "list_items": _MARKDOWN_IT,
    "code_blocks": _MARKDOWN_IT,
    "tables": _MARKDOWN_IT,
    "links": _MARKDOWN_IT,
    "arena_headers": _ARENA,
    "arena_lists": _ARENA,
    "arena_bold": _ARENA,
    "emoji": _EMOJI,
    "syllables": TWIN + _TEXTSTAT,
    "flesch_reading_ease": _FORMULA + _TEXTSTAT,
    "flesch_kincaid_grade": _FORMULA + _TEXTSTAT,
    "gunning_fog": _FORMULA + _TEXTSTAT,
    "automated_readability": _FORMULA + _TEXTSTAT,
}


def oracle_of(name: str) -> str:
    """What a built-in feature is held against in the tests: a twin, unless another is named."""
    return _PROVED.get(name, TWIN)


_COUNTS = {
    # length
    "chars": "how long a text looks: marks of markdown count in full, and a flag is two characters for one picture",
    "words": "whether words say anything: padding, code and the pieces of an address count like any other",
    "tokens": "texts as people do: the count is one tokenizer's, and those of two tokenizers do not compare",
    "sentences": "abbreviations: the full stops of Dr. Smith and e.g. end sentences like any other",
    "paragraphs": "what belongs together: every item of a list with blank lines in it is a paragraph",
    "lines": "how long lines are: a page written without a break is one, and the same page wrapped is many",
    "turns": "what the turns are about: it is a property of the conversation more than of style",
    "mean_sentence_words": "how sentences are built: headings and short list items are sentences and pull it down",
    # markdown
    "headers": "headings that are only bold, and those of HTML",
    "ordered_items": "numbering in running text (first, second), in brackets as (1), or by letters",
    "bullet_items": "bullets drawn as • or with an emoji, and how deep an item is nested",
    "list_items": "how much an item holds, one word or three sentences, and lists drawn with • or in running text",
    "bold": "how much is bold: a word and a whole paragraph are one piece each, and bold of HTML is none",
    "italic": "why something is italic: stress, a title and a foreign word count alike",
    "inline_code": "whether it is code: a file's name or a plain word in back-ticks counts as well",
    "code_blocks": "whether code is right or runs, code that is only indented, and fences put around prose",
    "code_chars": "code in a line or only indented, and whether it is code, output or prose that a fence holds",
    "links": "whether the page exists and says what is claimed, and bare addresses or links by reference",
    "images": "what is on a picture, pictures by reference or in HTML, and pictures sent beside the text",
    "tables": "how wide a table is and what is in it, and tables drawn with blanks or in HTML",
    "quotes": "quotations in quotation marks, and whether somebody really said it",
    "rules": "whether a line parts anything, and lines drawn with other characters",
    "math": "formulas written as plain text, with superscripts or in a code fence, and whether they hold",
    "markup_share": "what a reader sees of the marks: one long address weighs more than ten pieces of bold",
    # as Arena counts
    "arena_headers": "what is rendered: a comment in code may be a heading here, and an underlined heading is none",
    "arena_lists": "what is rendered: the rule * * * is a list item here",
    "arena_bold": "what is rendered: the name __init__ is bold here, and bold over two lines is not",
    # emoji
    "emoji": "what an emoji says, joy or a warning, and :), :smile: and other faces of letters; © and ™ count",
    "emoji_distinct": "likeness: one hand in two tones of skin, or a heart in two encodings, is two",
    "emoji_lines": "emoji within or at the end of a line, and whether one serves as a bullet or as a smile",
    # sycophancy
    "praise": "whether praise is deserved, and praise in words that are not listed",
    "agreement": "whether the user is right: a correct confirmation counts like a flattering one",
    "capitulation": "whether the user's correction was right: a due apology counts like giving in",
    "empathy": "whether comfort is called for: it counts for somebody who mourns as for somebody who asks for a sum",
    "enthusiasm": "whose excitement it is: a character's or a letter writer's counts like the answerer's",
    "servility": "custom: a polite closing that nobody reads counts like eagerness to please",
    "engagement_bait": "whether an offer is needed: a useful next step counts like bait",
    "sycophancy": "agreement without phrases: a text that builds on a false belief has none",
    "sycophantic_opening": "how much an opening flatters, and flattery from the second sentence on",
    "sycophantic_closing": "how much a closing flatters, and flattery with another sentence or a signature behind it",
    # tone
    "exclamations": "what is exclaimed: joy, a warning, a quotation and the factorial 5! count alike",
    "questions": "whom a question asks: rhetorical ones, quotations and a list of questions that was asked for count",
    "closing_question": "what is asked, an offer or something needed, and a question with a closing line behind it",
    "all_caps": "what capitals are for: NASA and a shouted STOP count alike",
    "first_person": "who speaks: a character's I and the numeral of Part I count, and we does not",
    "second_person": "whom it means: the reader, anybody, and a person in a letter or dialogue count alike",
    "contractions": "looseness of other kinds, such as gonna, and whose talk it is: the answerer's or a quotation",
    "positive_words": "negation and senses: not good counts, and so does Great Britain",
    "negative_words": "negation and subjects: not bad counts, and war and cancer, which are no verdicts, do not",
    "hedges": "whether doubt is due: an honest perhaps and an evasive one count alike, and so does an exact usually",
    "boosters": "whether certainty is due, and negation: not certainly counts",
    # readability
    "syllables": f"sound: they follow {_RULES}, and names, loan words and other languages come out wrong",
    "flesch_reading_ease": f"sense: nonsense in short words is easy, lists look easy, and syllables follow {_RULES}",
    "flesch_kincaid_grade": f"sense: a bare list is below grade 0, the fit is of 1975, and syllables follow {_RULES}",
    "gunning_fog": f"which long words are hard: names, which Gunning left out, count; syllables follow {_RULES}",
    "automated_readability": "whether long words are hard: a long number or an address makes a text difficult",
    # lexical
    "mattr": "why words differ: a list of names is rich, and so is a turn below 100 words, for shortness alone",
    "long_word_share": "whether long words are rare or hard, and languages: German builds longer words than English",
    "slop": "who wrote it: people use these words too, the list is of its time, and newer habits are not on it",
    # refusal
    "refusal": "whether refusing was right, refusals by silence or a change of subject, and refusals in a story",
    "disclaimer": "whether a warning is due: sending somebody to a doctor counts like a needless caveat",
}

_FEW_WORDS = "and a text of few words, in which a single one makes a high density"
_WITH_DENSITY = (
    "headers", "list_items", "bold", "emoji", "sycophancy", "exclamations", "questions", "all_caps", "first_person",
    "second_person", "contractions", "positive_words", "negative_words", "hedges", "boosters", "slop",
)  # fmt: skip
_DENSITIES = {f"{name}_per_100_words": f"what {name} cannot see, {_FEW_WORDS}" for name in _WITH_DENSITY}

CANNOT_SEE: Mapping[str, str] = MappingProxyType(_COUNTS | _DENSITIES)
"""What each built-in feature cannot see, as the end of a sentence that begins with that."""
