"""What proves each feature and what it cannot see: said of every one, and true."""

from __future__ import annotations

import pytest

import llamastyle as ls
from llamastyle.features import limits

NAMES = ls.list_features()["name"].tolist()

BLIND = [
    ("chars", "🇩🇪", 2),
    ("words", "```\nint main\n```", 2),
    ("words", "https://a.org/b", 4),
    ("sentences", "Dr. Smith came, e.g. here.", 3),
    ("paragraphs", "- a\n\n- b", 2),
    ("lines", "a long page", 1),
    ("mean_sentence_words", "- one\n- two", 1),
    ("headers", "**Title**\n\n<h1>x</h1>", 0),
    ("ordered_items", "First, (1) a\n(2) b\na) c", 0),
    ("bullet_items", "• a\n• b", 0),
    ("list_items", "- one\n- It has. Three. Sentences.", 2),
    ("bold", "**a b c d e f** **g** <b>h</b>", 2),
    ("inline_code", "`hello`", 1),
    ("code_blocks", "    x = 1\n\n```\nprose\n```", 1),
    ("code_chars", "`abc`", 0),
    ("links", "https://x.org [a][1]\n\n[1]: https://x.org", 0),
    ("images", "![a][1] <img src='x'>\n\n[1]: x.png", 0),
    ("tables", "a  b\n1  2\n\n<table><tr><td>x</td></tr></table>", 0),
    ("quotes", '"He said so."', 0),
    ("rules", "=====", 0),
    ("math", "E = mc²\n\n```math\nx\n```", 0),
    ("arena_headers", "Title\n=====", 0),
    ("arena_headers", "```\n`\n# comment\n```", 1),
    ("arena_lists", "* * *", 1),
    ("arena_bold", "__init__ and **a\nb**", 1),
    ("emoji", ":) :smile:", 0),
    ("emoji", "© ™", 2),
    ("emoji_distinct", "👍🏽 👍🏻", 2),
    ("emoji_distinct", "❤ ❤️", 2),
    ("emoji_lines", "a 🎉 b 🎉", 0),
    ("agreement", "You are absolutely right: 2 + 2 = 4.", 1),
    ("capitulation", "I apologize for the confusion.", 1),
    ("servility", "I hope this helps!", 1),
    ("engagement_bait", "Let me know if you need more.", 1),
    ("sycophantic_opening", "Sure. Great question!", 0),
    ("sycophantic_closing", "Let me know if you need more.\n\nBest, Ann", 0),
    ("exclamations", "5! = 120", 1),
    ("closing_question", "Would you like more?\n\nBest, Ann", 0),
    ("all_caps", "NASA said STOP", 2),
    ("first_person", "Part I. We think.", 1),
    ("second_person", "You never know.", 1),
    ("contractions", "gonna", 0),
    ("positive_words", "not good in Great Britain", 2),
    ("negative_words", "not bad", 1),
    ("negative_words", "war and cancer", 0),
    ("hedges", "usually", 1),
    ("boosters", "not certainly", 1),
    ("syllables", "Goethe", 1),
    ("mattr", "a b c d", 1),
    ("refusal", "Let us talk about cats.", 0),
    ("disclaimer", "Consult a doctor.", 1),
    ("exclamations_per_100_words", "Yes!", 100),
]


def test_every_built_in_feature_says_what_it_cannot_see_and_nothing_else_does() -> None:
    assert sorted(limits.CANNOT_SEE) == sorted(NAMES)
    assert set(limits._PROVED) <= set(NAMES)


def test_what_is_said_is_one_sentence_of_its_own() -> None:
    said = list(limits.CANNOT_SEE.values())
    assert len(set(said)) == len(said)
    assert all(20 < len(text) < 140 and not text.endswith((".", ";")) for text in said)


def test_oracles() -> None:
    assert limits.oracle_of("bold") == limits.TWIN
    assert "markdown-it-py" in limits.oracle_of("list_items")
    assert limits.TWIN not in limits.oracle_of("arena_bold")


@pytest.mark.parametrize(("name", "text", "value"), BLIND)
def test_it_is_blind_as_it_says(name: str, text: str, value: float) -> None:
    assert ls.extract([text], [name], progress=False).values[0, 0] == value
