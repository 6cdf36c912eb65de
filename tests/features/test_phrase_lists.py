"""Phrase lists of other languages and of one's own, as features."""

from __future__ import annotations

import pickle
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import llamastyle as ls
from llamastyle.features.lexicon import read_lexicons, shipped_languages, words_in
from tests.features import twin as slow

OWN = """
language = "en"
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


LADDER = list(pairwise("bcdefghijklmno"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


@pytest.mark.parametrize("language", sorted(set(shipped_languages()) - {"en"}))
def test_every_shipped_list_finds_its_examples(language: str) -> None:
    features = ls.phrase_list(language)  # raises if an example is not as it says
    assert f"sycophancy_{language}" in features.names
    assert {x.status for x in read_lexicons(language)} == {"unvalidated"}


@pytest.fixture
def forgetful_twin() -> Iterator[None]:
    """The twin makes its books of phrases anew, before and after."""
    books = slow.phrase_book, slow.word_book
    for book in books:
        book.cache_clear()
    yield
    for book in books:
        book.cache_clear()


@pytest.mark.parametrize("language", sorted(set(shipped_languages()) - {"en"}))
@pytest.mark.usefixtures("forgetful_twin")
def test_other_languages_equal_the_twin(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lexicons = read_lexicons(language)
    monkeypatch.setattr(slow, "BOOK", lexicons)
    examples = [s for p in lexicons[0].phrases for s in (*p.matches, *p.misses)]
    texts = [*examples, *map(" ".join, pairwise(examples)), "".join(examples)]
    found = ls.extract(texts, ls.phrase_list(language))
    for category in slow.CATEGORIES + slow.STYLE:
        if f"{category}_{language}" in found.names:
            expected = [slow.twin(text)[category] for text in texts]
            assert found.column(f"{category}_{language}").tolist() == expected


def test_a_list_of_ones_own_beside_the_shipped_one(own: Path) -> None:
    mine = ls.phrase_list(own, name="mine")
    assert mine.names == ("praise_mine", "hedges_mine", "positive_words_mine")
    texts = ["What a splendid thing! Great question! Perchance.", "Great question!"]
    table = ls.extract(texts, [*mine, "praise", "hedges", "words"])
    assert table.to_frame().values.tolist() == [[1, 1, 1, 1, 0, 7], [0, 0, 0, 1, 0, 2]]
    assert table.versions["phrase lists"].startswith("en-3 (")
    assert "phrase lists" not in ls.extract(texts).versions


def test_a_file_names_its_features(own: Path) -> None:
    other = own.with_name("my-list.v2.toml")
    other.write_text(OWN.replace('"en"', '"pt-BR"', 1), encoding="utf-8")
    assert ls.phrase_list(own).names[0] == "praise_own"
    assert ls.phrase_list(other).names[0] == "praise_my_list_v2"
    assert (["words"] + ls.phrase_list(own)).names[:2] == ("words", "praise_own")


def test_words_that_another_category_has_are_said(own: Path) -> None:
    entry = OWN[OWN.index("[[praise]]") : OWN.index("[[hedges]]")].replace("[[praise]]", "[[servility]]")
    own.write_text(OWN + entry, encoding="utf-8")
    with pytest.raises(ls.FeatureError, match="of servility does not match.*; praise has words of it"):
        ls.phrase_list(own)


def test_its_spans_are_shown(own: Path) -> None:
    frame = ls.highlight("Great question! Such a capital notion.", ls.phrase_list(own, name="mine")).to_frame()
    spans = frame[["feature", "text"]].values.tolist()
    assert ["praise_mine", "Such a capital notion"] in spans
    assert ["positive_words_mine", "capital"] in spans
    assert "Great question" not in frame["text"].tolist()


def test_its_features_can_be_pickled(own: Path) -> None:
    mine = ls.phrase_list(own)
    assert pickle.loads(pickle.dumps(mine)) == mine
    assert len({*mine, *ls.phrase_list(own)}) == len(mine)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[[hedges]]", "[[hedgse]]"), "no category 'hedgse'.*hedges"),
        (('"What a splendid thing!"', '"What a shed!"'), "does not match its example 'What a shed!'"),
        (('misses = ["Chance."]', 'misses = ["Perchance not."]'), "'Perchance not.' must not match 'perchance'"),
        (("(what|such)", "(what|such"), r"expected '\)'"),
        (('phrase = "perchance"', "phrase = 3"), "an entry of hedges has no phrase"),
        (('matches = ["Perchance."]', ""), "'perchance' of hedges needs matches"),
        (('misses = ["Chance."]', 'misses = "Chance."'), "'perchance' of hedges needs misses"),
        (('language = "en"', ""), "must say its language"),
        (("version", "version ="), "is not TOML"),
        (("(splendid|capital)", "(splendid day|capital)"), "positive_words has single words only; 'splendid'"),
        (("(what|such) a @fine (thing|notion)", "splendid"), "must be opened with"),
        (("@fine", "@coarse"), "there is no set @coarse"),
        (("@fine", "@Fine"), "'@' stands for nothing"),
        (("(what|such)", "(^what|such)"), r"\^ may stand at its beginning only"),
        (('"splendid|capital"', "3"), r"\[sets\] has names of small letters"),
        (('"splendid|capital"', '"splendid) | capital"'), r"'\)' is left over"),
        (('"splendid|capital"', '"a|@fine"'), "a set may not stand in itself"),
        (("@fine (thing", "(" * 3000 + "@fine" + ")" * 3000 + " (thing"), "nested too deeply"),
        (('"splendid|capital"', '"@b"\n' + "".join(f'{a} = "@{b} @{b} @{b}"\n' for a, b in LADDER) + 'o = "x"'), "too large"),
        (("perchance", " ".join(f"w{k}" for k in range(40_000))), "too large|more than 32,000"),
        (("[sets]", "x = " + "[" * 3000), "is not TOML"),
        (("perchance", "perchance,"), "'perchance,' is no word"),
        (("perchance", r"perchance\u0000"), r"'perchance\\x00' is no word"),
        (('"splendid|capital"', "\"splendid|capital'\""), '"capital\'" is no word'),
        (('misses = ["What a thing."]', 'misses = ["What a thing."]\nreson = ""'), "no 'reson'"),
    ],
)
def test_what_is_wrong_with_a_list_is_one_clear_error(own: Path, change: tuple[str, str], message: str) -> None:
    own.write_text(OWN.replace(*change, 1), encoding="utf-8")
    with pytest.raises(ls.FeatureError, match=message):
        ls.phrase_list(own)


def test_every_word_of_the_shipped_lists_is_a_word() -> None:
    for language in shipped_languages():
        for lexicon in read_lexicons(language):
            texts = list(dict.fromkeys(word for word, _ in words_in(lexicon)))
            counts = ls.extract(texts, ["words"], progress=False).values[:, 0]
            assert [word for word, count in zip(texts, counts, strict=True) if count != 1] == []


@pytest.mark.parametrize("word", ["it\u2019s", "well-known", "na\u0131q\u0301", "v2", "\u4e2d"])
def test_words_of_a_list_that_are_words(own: Path, word: str) -> None:
    own.write_text(OWN.replace("perchance", word).replace("Perchance", word), encoding="utf-8")
    assert ls.extract([f"So {word} it goes."], ls.phrase_list(own)["hedges_own"]).values.tolist() == [[1.0]]


@pytest.mark.parametrize("phrase", ["ΛΌΓΟΣ ΚΑΛΌΣ", "İyi soru", "STRASSE", "It\u2019s"])
def test_capitals_of_a_list_are_those_of_the_texts(own: Path, phrase: str) -> None:
    own.write_text(OWN.replace("perchance", phrase).replace("Perchance", phrase), encoding="utf-8")
    assert ls.extract([f"{phrase}, no?"], ls.phrase_list(own)["hedges_own"]).values.tolist() == [[1.0]]


def test_a_list_in_decomposed_form_finds_texts_in_composed_form(own: Path) -> None:
    own.write_text(unicodedata.normalize("NFD", OWN.replace("perchance", "\u00eda").replace("Perchance", "\u00cda")), "utf-8")
    assert ls.extract(["\u00cda, so."], ls.phrase_list(own)["hedges_own"]).values.tolist() == [[1.0]]


def test_a_byte_order_mark_is_left_out(own: Path) -> None:
    own.write_text(OWN, encoding="utf-8-sig")
    assert len(ls.phrase_list(own)) == 3


def test_a_phrase_twice_is_an_error(own: Path) -> None:
    own.write_text(OWN + OWN[OWN.index("[[hedges]]") :].replace("positive_words", "negative_words"), encoding="utf-8")
    with pytest.raises(ls.FeatureError, match="'perchance' stands twice in hedges"):
        ls.phrase_list(own)


def test_a_list_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(ls.FeatureError, match="no phrase list 'xx'.*de, es"):
        ls.phrase_list("xx")
    for wrong in (None, 3, b"de", "a\0b"):
        with pytest.raises(ls.FeatureError, match="is a language or the path of a TOML file"):
            ls.phrase_list(wrong)  # type: ignore[arg-type]
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ls.FeatureError, match="not UTF-8"):
        ls.phrase_list(tmp_path / "bad.toml")
    (tmp_path / "empty.toml").write_text('language = "en"', encoding="utf-8")
    with pytest.raises(ls.FeatureError, match="has no phrases"):
        ls.phrase_list(tmp_path / "empty.toml")


def test_english_is_what_the_built_in_features_count() -> None:
    with pytest.raises(ls.FeatureError, match="name these, as 'sycophancy'"):
        ls.phrase_list("en")


def test_only_several_categories_of_sycophancy_have_a_sum(own: Path) -> None:
    assert "sycophancy_own" not in ls.phrase_list(own).names
    german = ls.phrase_list("de")
    texts = ["Gute Frage! Du hast völlig recht.", "Gute Frage!", "Nein."]
    parts = ls.extract(texts, [f for f in german if f.name.removesuffix("_de") in slow.CATEGORIES]).values
    assert ls.extract(texts, german["sycophancy_de"]).values[:, 0].tolist() == parts.sum(axis=1).tolist() == [2, 1, 0]
