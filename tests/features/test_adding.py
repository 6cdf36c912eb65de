"""What is put into a text: as much as asked for, seen by the features, and gone again."""

from __future__ import annotations

import pytest

import llamastyle as ls
from llamastyle.features.adding import CLOSINGS, FILLERS, OPENINGS
from llamastyle.features.editing import STRIPPED, restyle

TEXT = (
    "Plants grow in the sun. They need water and light. Without it they die. So do we.\n\n"
    "Another paragraph stands here. It has two sentences.\n\nA third one. It ends the text."
)
COUNTED = {"sycophantic_opening": 1, "sycophantic_closing": 1}


@pytest.mark.parametrize(
    "name",
    [
        "headers",
        "list_items",
        "bold",
        "italic",
        "emoji",
        "quotes",
        "rules",
        "sycophantic_opening",
        "sycophantic_closing",
    ],
)
@pytest.mark.parametrize("dose", [1, 2, 3])
def test_the_dose_is_what_is_counted_and_comes_off_again(name: str, dose: int) -> None:
    made = restyle(TEXT, add=name, dose=dose)
    assert ls.extract([made], [name]).values[0, 0] == COUNTED.get(name, dose)
    assert restyle(made) == TEXT
    assert restyle(made.replace("\n", "\r\n")) == TEXT.replace("\n", "\r\n")


def test_all_of_it_comes_off_again() -> None:
    names = ["markdown", "italic", "quotes", "rules", "emoji", "sycophancy", "words"]
    made = restyle(TEXT, add=names, dose=2)
    assert ls.extract([made], ["headers", "list_items", "bold", "emoji"]).values.tolist() == [[2, 2, 2, 2]]
    assert restyle(made, strip=STRIPPED) == TEXT


def test_a_dose_beyond_the_room_adds_what_fits() -> None:
    assert restyle("Go on.", add=["bold", "headers"], dose=9) == "## Part 1 \t \n\nGo on."
    assert restyle("", add=["bold", "sycophancy", "words"]) == ""


@pytest.mark.parametrize("sentence", OPENINGS)
def test_openings_are_recognised(sentence: str) -> None:
    assert ls.extract([f"{sentence} It rains."], ["sycophantic_opening"]).values[0, 0] == 1


@pytest.mark.parametrize("sentence", CLOSINGS)
def test_closings_are_recognised(sentence: str) -> None:
    assert ls.extract([f"It rains. {sentence}"], ["sycophantic_closing"]).values[0, 0] == 1


def test_padding_is_seen_by_features_of_length_alone() -> None:
    table = ls.extract(list(FILLERS), ls.ALL).to_frame()
    other = [f.name for f in ls.ALL if f.group not in ("length", "readability", "lexical")]
    assert table[[*other, "slop"]].to_numpy().max() == 0
    assert table["words"].between(7, 16).all()


def test_padding_goes_by_its_own_name() -> None:
    made = restyle(TEXT, add="words", dose=8)
    assert (
        ls.extract([made], ["sentences"]).values[0, 0] == 8 + ls.extract([TEXT], ["sentences"]).values[0, 0]
    )
    assert restyle(made) == made
    assert restyle(made, strip="words") == TEXT


def test_words_stay_in_their_order() -> None:
    made = restyle(TEXT, add=["list_items", "bold", "italic", "quotes", "rules", "emoji"], dose=3)
    plain = "".join(c if c.isalpha() else " " for c in made).split()
    assert plain == "".join(c if c.isalpha() else " " for c in TEXT).split()


def test_what_would_not_come_off_again_is_not_put_in() -> None:
    inside = "<!--\n\nPlants grow in the sun.\n\n-->"
    assert restyle(inside, add="bold") == inside
