"""One step of stripping: edits, lines, containers, flattery."""

from __future__ import annotations

import pytest

from llamastyle.features.editing import restyle
from llamastyle.features.stripping import addresses, applied, lines_of


def test_what_two_edits_cut_is_cut_once_and_places_move_along() -> None:
    places = [0, 3, 5, 9]
    assert applied("abcdefghij", [(1, 4, "X"), (2, 6, ""), (7, 7, "+")], places) == "aXg+hij"
    assert places == [0, 1, 2, 6]


def test_runs_of_back_ticks_do_not_come_together() -> None:
    assert applied("``🎉`", [(2, 3, "")]) == "`` `"


def test_lines_end_at_feeds_and_returns() -> None:
    assert lines_of("a\r\nb\rc\n\x0bd") == [(0, 1, 3), (3, 4, 5), (5, 6, 7), (7, 9, 9)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://x.y/_a_/b_c. Then", ["https://x.y/_a_/b_c"]),
        ("**www.x.y**", ["www.x.y"]),
        ("http://x.y1️⃣", ["http://x.y"]),
        ("no address", []),
    ],
)
def test_addresses(text: str, found: list[str]) -> None:
    assert [text[a:b] for a, b in addresses(text)] == found


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("# A\n\n## B ##\nc", "A\n\nB\nc"),
        ("A\n===\nb", "A\n\nb"),
        ("A\n---\n\nb", "A\n\nb"),
        ("- a\n  b\n* c\n+ d", "a\nb\nc\nd"),
        ("1. a\n   - b\n\n     c\n2) d", "a\nb\n\nc\nd"),
        ("> a\n> > b\nc\n> d", "a\nb\nc\nd"),
        ("a **b** __c__ *d* _e_ ***f***", "a b c d e f"),
        ("un**believ**able", "unbelievable"),
        ("a\n\n---\n\nb", "a\n\nb"),
        ("a\n***\nb", "a\n\nb"),
        ("| A | B |\n|---|:-:|\n| 1 |  |\n| `a|b` | c |\nd", "A\nB\n1\n`a|b`\nc\nd"),
        ('[a](http://x.y "t") and <http://x.y>', 'a (http://x.y "t") and http://x.y'),
        ("[![a](b)](c) ![](d) [e]()", "a (b) (c) d e"),
        ("x[5](u)", "x 5 (u)"),
        ("- [ ] a\r\n- b\r\n", "[ ] a\r\nb\r\n"),
        ("\t- a", "\t- a"),
    ],
)
def test_markdown(text: str, after: str) -> None:
    assert restyle(text) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("# 1. A", "1 A"),
        ("**2.** a", "2 a"),
        ("The answer:\n\n42.", "The answer:\n\n42"),
        ("2*3*4 and m*n*k", "2 * 3 * 4 and m * n * k"),
        ("x**2 + y**2", "x ** 2 + y ** 2"),
        ("5🎉6", "5 6"),
        ("1️⃣ a #️⃣ 🔟", "1 a 10"),
        ("$a_{1}_b$", "$a_{1}_b$"),
    ],
)
def test_numbers_stay(text: str, after: str) -> None:
    assert restyle(text) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("🎉 A 🎉🎉 b! 🎉\n- c 👍🏽.", "A b!\nc."),
        ("**🎉 A** b", "A b"),
        ("a\n🎉\nb", "a\n\nb"),
        ("a 🎉b", "a b"),
        ("`🎉` and\n```\n🎉\n```", "`🎉` and\n```\n🎉\n```"),
    ],
)
def test_emoji(text: str, after: str) -> None:
    assert (
        restyle(text, strip="emoji" if "-" not in text else ("emoji", "markdown")).replace("**", "") == after
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("1. a\n   ```py\n   x = '**'\n   \n     y\n   ```\n", "a\n```py\nx = '**'\n\n  y\n```\n"),
        ("> ```\n> # a\n> ```\nb", "```\n# a\n```\nb"),
        ("- ```\n  a\n*b*", "```\na\n```\nb"),
        ("10. a\n\n    ```\n    b\n    ```", "a\n\n```\nb\n```"),
        ("- a\n```\n  b\n```", "a\n```\n  b\n```"),
        ("- \ta\n\n\t\t  b", "a\n\n\t  b"),
        ("- a `b\n- `**c**`", "a `b\n\n`**c**`"),
        ("~~~\n**a**\n- b", "~~~\n**a**\n- b"),
    ],
)
def test_code_stays(text: str, after: str) -> None:
    assert restyle(text) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Certainly! Here it is.", "Here it is."),
        ("Great question! What a brilliant idea!\n\nYes.", "Yes."),
        ("Sure, I'd be happy to help you with that! Yes.", "Yes."),
        ("I'm happy to help, but as an AI I can't see it.", "As an AI I can't see it."),
        ("I'm fine, thank you for asking! Yes.", "I'm fine! Yes."),
        ("Yes.\n\nI hope this helps! Let me know if you have any other questions!\n", "Yes.\n"),
        ("Water it weekly, and don't hesitate to ask if you need more.", "Water it weekly."),
        ("If you have more questions, feel free to ask!", "If you have more questions, feel free to ask!"),
        ("Sure, I can help you with 5 names. Yes.", "Sure, I can help you with 5 names. Yes."),
        (
            "The sky is a fascinating one, and it is blue. Yes.",
            "The sky is a fascinating one, and it is blue. Yes.",
        ),
        (
            "A good idea for a quiz could be one on bees. Yes.",
            "A good idea for a quiz could be one on bees. Yes.",
        ),
        ("A great question about the magnetic properties of steel! Yes.", "Yes."),
        ("Yes. Great question! No.", "Yes. Great question! No."),
    ],
)
def test_flattery(text: str, after: str) -> None:
    assert restyle(text) == after
