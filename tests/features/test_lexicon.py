"""Phrase lists: every example does what it says; the notation; the automaton."""

from __future__ import annotations

import pytest

from llamastyle.errors import FeatureError
from llamastyle.features.counters import CATEGORIES, WORD_LISTS, Counter
from llamastyle.features.lexicon import (
    LISTED,
    Lexicon,
    Phrase,
    PhraseAutomaton,
    compile_phrases,
    lexicon_version,
    read_lexicon,
    read_lexicons,
    shipped_languages,
    single_words,
    words_in,
)
from tests.features.measuring import scan

PHRASES = [phrase for lexicon in read_lexicons() for phrase in lexicon.phrases]


def compiled(*phrases: str, sets: dict[str, str] | None = None) -> PhraseAutomaton:
    """The automaton of some phrases of praise."""
    made = tuple(Phrase(text, "praise", (), (), "") for text in phrases)
    return compile_phrases((Lexicon("xx", "1", sets or {}, made),))


def accepts(automaton: PhraseAutomaton, words: str, *, opening: bool = False, bang: bool = False) -> bool:
    """Whether the whole of the words is a phrase."""
    state = 1 if opening else 0
    for word in words.split():
        state = automaton.edges.get((state, word), automaton.other[state])
        if state < 0:
            return False
    return bool(automaton.accept[state] or (bang and automaton.accept_bang[state]))


def test_every_phrase_has_its_examples() -> None:
    assert len(PHRASES) > 20
    assert {phrase.category for phrase in PHRASES} == set(LISTED)
    bare = [p.text for p in PHRASES if len(p.matches) < 2 or not p.misses or not p.reason]
    assert bare == []


def test_every_example_matches_in_its_category() -> None:
    cases = [(phrase.category, sentence) for phrase in PHRASES for sentence in phrase.matches]
    rows = scan([[sentence] for _, sentence in cases])
    elsewhere = set()
    for (category, sentence), row in zip(cases, rows, strict=True):
        found = [name for name in LISTED if row[Counter[name.upper()]]]
        if category not in found:
            elsewhere.add((category, sentence, " ".join(found)))
    assert elsewhere == set()


def test_every_counterexample_misses_its_category() -> None:
    cases = [(phrase, sentence) for phrase in PHRASES for sentence in phrase.misses]
    rows = scan([[sentence] for _, sentence in cases])
    hit = [
        (phrase.category, sentence)
        for (phrase, sentence), row in zip(cases, rows, strict=True)
        if row[Counter[phrase.category.upper()]]
    ]
    assert hit == []


def test_every_phrase_is_found_by_itself() -> None:
    """Each phrase alone finds its own examples, so none lives off its neighbours."""
    import re

    from tests.features.twin import phrase_regex, words

    idle = []
    for lexicon, phrase in ((x, phrase) for x in read_lexicons() for phrase in x.phrases):
        rule = re.compile(phrase_regex(phrase.text.lstrip("^"), lexicon.sets).replace("! ", ""))
        for sentence in phrase.matches:
            line = "".join(sentence[a:b].lower().replace("\u2019", "'") + " " for a, b, _ in words(sentence))
            if not rule.search(line):
                idle.append((phrase.text, sentence))
    assert idle == []


@pytest.mark.parametrize(
    ("phrase", "yes", "no"),
    [
        ("a b", ["a b"], ["a", "b", "a b c", "b a"]),
        ("a (b|c d|) e", ["a b e", "a c d e", "a e"], ["a c e", "a b"]),
        ("a [b c] d", ["a d", "a b c d"], ["a b d"]),
        ("a _ c", ["a b c", "a x c"], ["a c", "a x y c"]),
        ("@x b", ["p b", "q r b"], ["b", "q b"]),
        ("a [(b|c) [d]]", ["a", "a b", "a c d"], ["a d"]),
    ],
)
def test_notation(phrase: str, yes: list[str], no: list[str]) -> None:
    automaton = compiled(phrase, sets={"x": "p|q r"})
    assert [words for words in yes if not accepts(automaton, words)] == []
    assert [words for words in no if accepts(automaton, words)] == []


def test_openings_and_exclamations() -> None:
    automaton = compiled("^a b", "c!")
    assert accepts(automaton, "a b", opening=True)
    assert not accepts(automaton, "a b")
    assert accepts(automaton, "c", bang=True)
    assert not accepts(automaton, "c")


def test_a_named_word_does_not_hide_the_any_word() -> None:
    automaton = compiled("a _ c", "a b d")
    assert accepts(automaton, "a b c")
    assert accepts(automaton, "a b d")


def test_the_first_category_has_the_words_of_two() -> None:
    both = tuple(Phrase("a b", category, (), (), "") for category in ("servility", "agreement"))
    automaton = compile_phrases((Lexicon("xx", "1", {}, both),))
    assert set(automaton.accept) == {0, CATEGORIES.index("agreement") + 1}


def test_equal_endings_are_merged() -> None:
    automaton = compiled("a x y z", "b x y z")
    assert len(automaton.accept) == 6


@pytest.mark.parametrize(
    ("phrase", "message"),
    [
        ("a (b", r"expected '\)', found 'its end'"),
        ("a b)", r"'\)' is left over"),
        ("a [b)", r"expected '\]', found '\)'"),
        ("@nothing b", "there is no set @nothing; there are"),
        ("a ^ b", r"'a \^ b': \^ may stand at its beginning only"),
        ("a @ b", r"phrase 'a @ b': '@' stands for nothing; a set is @ and small letters"),
        ("(" * 60 + "a" + ")" * 60, r"phrase '\({60}' is nested too deeply or too large; .* about 32,000 words"),
    ],
)
def test_a_wrong_phrase_is_named(phrase: str, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        compiled(phrase)


def test_reading_a_list() -> None:
    text = (
        'language = "xx"\nversion = 2\n[sets]\ns = "a|b"\n'
        '[[praise]]\nphrase = "c @s"\nmatches = ["C a."]\nmisses = ["C."]\nreason = "why"\n'
    )
    lexicon = read_lexicon(text)
    assert lexicon.phrases == (Phrase("c @s", "praise", ("C a.",), ("C.",), "why"),)
    assert (lexicon.language, lexicon.version, lexicon.sets) == ("xx", "2", {"s": "a|b"})
    assert lexicon.status == "validated"
    assert read_lexicon(text.replace("version = 2\n", "")).version == "1"
    assert read_lexicon('status = "draft"\n' + text).status == "draft"
    assert lexicon_version((lexicon,)).startswith("xx-2 (")
    assert lexicon_version((lexicon,)) != lexicon_version((read_lexicon(text.replace("why", "else")),))


def test_a_refusal_may_start_inside_a_disclaimer() -> None:
    names = ("refusal", "disclaimer", "hedges")
    rows = scan([["As an AI, I cannot help with that."], ["I think it may be so. I think it may be so."]])
    assert rows[0, [Counter[n.upper()] for n in names[:2]]].tolist() == [1, 1]
    assert rows[1, Counter.HEDGES] == 2 * scan([["I think it may be so."]])[0, Counter.HEDGES]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[sets", "the phrase list is not TOML: "),
        ('[[praise]]\nphrase = "a"\nmisses = ["b"]', "praise needs matches = .*, sentences that have it"),
        ('[[praise]]\nphrase = "a"\nmatches = ["a"]', "praise needs misses = .*, sentences that do not have it"),
        ("[sets]\ns = 3", r"\[sets\] has names of small letters and _"),
        ('[sets]\nS = "a"', r"\[sets\] has names of small letters and _"),
        ('[[praise]]\nphrase = 3\nmatches = ["a"]\nmisses = ["b"]', "an entry of praise has no phrase"),
        ("[[prase]]", "there is no category 'prase'; did you mean 'praise'.*; there are praise, "),
        ("praise = 3", "praise must be a list of entries, each below"),
        ('[[praise]]\nphrase = "a"\nmaches = ["b"]', "an entry of praise has phrase, .* no 'maches'"),
        ('[[praise]]\nphrase = "a"\nmatches = "a"\nmisses = ["b"]', "'a' of praise needs matches"),
        ('[[praise]]\nphrase = "a"\nmatches = ["a"]\nmisses = [3]', "'a' of praise needs misses"),
        ('[[praise]]\nphrase = "a"\nmatches = ["a"]\nmisses = ["b"]\n' * 2, "'a' stands twice in praise; take one out"),
        ('[[praise]]\nphrase = " "\nmatches = ["a"]\nmisses = ["b"]', "an entry of praise has no phrase"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(line: str, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        read_lexicon(f'language = "xx"\n{line}\n')


def test_a_list_says_its_language() -> None:
    for text in ("", "language = 3"):
        with pytest.raises(FeatureError, match='the phrase list must say its language, as language = "en"'):
            read_lexicon(text)
    with pytest.raises(FeatureError, match="^mine must say"):
        read_lexicon("", "mine")


def test_languages_that_are_shipped() -> None:
    assert shipped_languages() == ("de", "en", "es", "fr", "ja", "zh")


def test_word_lists_are_single_words_with_a_bit_a_list() -> None:
    one = Lexicon("xx", "1", {}, (Phrase("a|b", WORD_LISTS[0], (), (), ""), Phrase("a|c", WORD_LISTS[1], (), (), "")))
    assert single_words((one,)) == {"a": 3, "b": 1, "c": 2}
    two = Lexicon("xx", "1", {}, (Phrase("a b", WORD_LISTS[0], (), (), ""),))
    with pytest.raises(FeatureError, match=f"{WORD_LISTS[0]} has single words only; 'a' has something behind it"):
        single_words((two,))


def test_words_of_phrases_and_sets() -> None:
    phrases = tuple(Phrase(text, "praise", (), (), "") for text in ("^what [a|the] @fine_one _", "(so|) good! 很好"))
    found = list(words_in(Lexicon("xx", "1", {"fine_one": "well-made|it's"}, phrases)))
    assert [word for word, _ in found] == ["well-made", "it's", "what", "a", "the", "so", "good", "很", "好"]
    assert [text for _, text in found[1:3]] == ["well-made|it's", "^what [a|the] @fine_one _"]


def test_states_with_and_without_any_word_stay_apart() -> None:
    automaton = compiled("a b", "c (b|_)")
    assert accepts(automaton, "c x")
    assert accepts(automaton, "a b")
    assert not accepts(automaton, "a x")
