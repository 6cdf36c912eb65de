"""restyle(): marks go, content stays, twice is once, for any text, in time."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import llamastyle as ls
from llamastyle.features.editing import ADDED, STRIPPED, restyle
from llamastyle.features.stripping import addresses
from llamastyle.features.text import outside_reasoning
from tests.features.scanning import PIECES, SPACES, TEXTS
from tests.work import calls

MARKS = ["headers", "list_items", "bold", "italic", "quotes", "rules", "tables", "links", "images", "emoji"]
ENDS = ["sycophantic_opening", "sycophantic_closing"]
BLOCKS = [
    *["> ", "- ", "1. ", "10) ", "# ", "- a\n", "| a | b |\n|---|---|\n| c | d |\n", "---\n", "===\n", "\n", "\n\n", "\r\n"],
    *["**", "*", "_", "`", "```\n", "```", "[x](http://a.b)", "![", "](", "🎉", "1️⃣", "word ", "5", "2*3*4", "https://x.y/_a_/b "],
    *["Great question! ", "Let me know if you need more. ", "    ", "\t", "$a_{1}_b$", "Yes. "],
]  # fmt: skip
MIXED = TEXTS | st.lists(st.sampled_from([*BLOCKS, *PIECES, *SPACES]), max_size=40).map("".join)
# HTML that a list item or a quote ends goes on where these are gone, over the code behind it; and back-ticks that come
# to stand at the start of a line open a fence. Neither is in these.
WITHOUT_HTML = st.lists(
    st.sampled_from([b for b in BLOCKS if "```" not in b] + ["\n```\n", "\n- ```py\n  ", "\n> ```\n> "]),
    max_size=40,
).map("".join)
READER = MarkdownIt("commonmark").enable("table")


def left(text: str) -> list[str]:
    """Marks that are counted outside code and addresses."""
    found = ls.highlight(text, [*MARKS, "inline_code", "code_blocks"])
    frame = found.to_frame()
    code = frame[frame["feature"].isin(["inline_code", "code_blocks"])]
    kept = [*code[["start", "end"]].itertuples(index=False, name=None), *addresses(text)]
    frame = frame.drop(code.index)
    return [
        str(row.text)
        for row in frame.itertuples()
        if not any(a <= row.start < b for a, b in kept) or not any(a <= row.end - 1 < b for a, b in kept)
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(MIXED, min_size=1, max_size=20))
def test_stripping_leaves_no_mark_and_twice_is_once(texts: list[str]) -> None:
    after = restyle(texts)
    assert restyle(after) == after
    assert [left(text) for text in after] == [[] for _ in texts]


@settings(max_examples=150, deadline=None)
@given(st.lists(WITHOUT_HTML, min_size=1, max_size=20))
def test_code_stays_as_it_is_read(texts: list[str]) -> None:
    """Fences as markdown-it-py reads them; spans of code on one line, in their order."""
    for text, after in zip(texts, restyle(texts), strict=True):
        before, now = (
            [t.content for t in READER.parse(s) if t.type == "fence" and t.content.strip()]
            for s in (text, after)
        )
        assert [code.rstrip("\n") for code in now] == [code.rstrip("\n") for code in before]
        at = 0
        for code in ls.highlight(text, ["inline_code"]).to_frame()["text"]:
            if "\n" not in code and "\r" not in code and len(code) < 200:
                assert code in after[at:]
                at = after.index(code, at) + len(code)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(MIXED, min_size=1, max_size=20), st.sets(st.sampled_from(ADDED), min_size=1), st.integers(1, 4)
)
def test_what_is_added_comes_off_again(texts: list[str], names: set[str], dose: int) -> None:
    bare = restyle(texts, strip=STRIPPED)
    assert restyle(restyle(texts, strip=(), add=names, dose=dose), strip=STRIPPED) == bare


@settings(max_examples=100, deadline=None)
@given(st.lists(MIXED, min_size=1, max_size=20))
def test_null_edits_change_no_feature(texts: list[str]) -> None:
    same = [f.name for f in ls.ALL if f.name not in ("chars", "markup_share")]
    before, after = (ls.extract(t, same, progress=False).values for t in (texts, restyle(texts, add="null")))
    assert np.array_equal(before, after, equal_nan=True)


def test_null_edits() -> None:
    assert restyle("- a\n- **b**", add="null") == "* a\n* **b**\n"
    assert restyle("- a\n", add="null") == "* a\n"
    assert restyle("- * *\n1. a", add="null") == "- * *\n1. a\n"  # `* * *` is a rule


@pytest.mark.parametrize(
    "strip", [("bold",), ("italic", "emoji"), ("list_items",), ("headers", "sycophancy")]
)
def test_single_names_leave_the_others(strip: tuple[str, ...]) -> None:
    text = "Great question!\n\n# A\n\n- **b** *c* 🎉\n  - d\n\n> e\n\nI hope this helps!"
    after = restyle(text, strip=strip)
    names = [*MARKS, *ENDS]
    gone = {*strip} | (set(ENDS) if "sycophancy" in strip else set())
    before, now = (ls.extract([t], names).to_frame().iloc[0] for t in (text, after))
    assert {n for n in names if now[n] != before[n]} == gone - {"sycophancy"}
    assert not now[[*(gone - {"sycophancy"})]].any()


def test_reasoning_stays_where_it_is() -> None:
    text = "**a** <think>**b** 🎉</think> **c**<think>- d</think>"
    assert restyle(text) == "a <think>**b** 🎉</think> c<think>- d</think>"
    supplied = "# a\n</think>\n\n# b"
    assert restyle(supplied) == "# a\n</think>\n\nb"
    made = restyle("<think>Hm. Hm.</think>Plants grow.", add=["bold", "sycophancy"])
    assert made.startswith("<think>Hm. Hm.</think>Great question!")
    assert outside_reasoning(made)[-1][0] == 22


def test_returns_what_was_handed_in() -> None:
    texts = ["**a**", "b"]
    assert restyle(texts) == ["a", "b"]
    assert restyle(tuple(texts)) == ["a", "b"]
    assert restyle([]) == []
    series = restyle(pd.Series(texts, index=[7, 9], name="t"))
    assert series.to_dict() == {7: "a", 9: "b"}
    assert series.name == "t"
    assert restyle(pl.Series("t", texts)).to_list() == ["a", "b"]
    assert restyle(pa.array(texts)).to_pylist() == ["a", "b"]
    assert restyle(np.array(texts)).tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"strip": "markdwon"},
            "strip='markdwon' is nothing that can be stripped; did you mean 'markdown'?; use any of",
        ),
        ({"strip": ["tables", 3]}, "strip=3 is nothing"),
        ({"add": "tables"}, "add='tables' is nothing that can be added"),
        ({"add": ["bold", "null"]}, "add='null' is the edit that changes nothing"),
        ({"add": "bold", "dose": 0}, "dose=0 is not how many"),
        ({"add": "bold", "dose": True}, "dose=True is not how many"),
    ],
)
def test_errors_say_the_way_out(options: dict, said: str) -> None:
    with pytest.raises(ls.FeatureError, match=re.escape(said)):
        restyle("a", **options)
    with pytest.raises(ls.FeatureError, match="row 1 has no text"):
        restyle(["a", None])


HOSTILE = {
    "stars": "*", "spaced stars": "* ", "italics": "*a* ", "mixed": "*_", "many sorts": "*_a_* ", "hashes": "#", "ticks": "` ",
    "quotes": ">", "quoted lines": ">\n", "lazy": "> a\nb\n", "bullets": "- ", "items": "- a\n", "numbers": "1. ", "brackets": "[",
    "links": "[a](", "bars": "|", "tables": "|a|b|\n|-|-|\n\n", "underlines": "a\n===\n", "rules": "a\n***\n===\n", "emoji": "🎉",
    "keycaps": "1️⃣", "praise": "Great question! ", "offers": "Let me know if you need more. ", "fences": "- ```\n", "thought": "<think>*a*</think>",
    "products": "2*3*", "many in a row": "2***3", "addresses": "https://", "angles": "<a:", "indented": "  - a\n",
}  # fmt: skip
NESTED = {
    "links": ("[", "a", "](b)"), "flags": ("🇩", "", "🇪"), "keycaps": ("1", "", "\ufe0f\u20e3"), "angles": ("<a:", "b", ">"), "stars": ("*a ", "b", " c*"), "bare stars": ("*", "a", "*"),
}  # fmt: skip


@pytest.mark.parametrize("name", [*HOSTILE, *(f"nested {name}" for name in NESTED)])
def test_work_grows_with_the_text(name: str) -> None:
    def text(size: int) -> str:
        if name in HOSTILE:
            return HOSTILE[name] * (size // len(HOSTILE[name]))
        opening, core, close = NESTED[name.removeprefix("nested ")]
        n = size // (len(opening) + len(close))
        return opening * n + core + close * n

    restyle("")
    assert calls(restyle, text(40_000)) < 16 * calls(restyle, text(5_000))  # eight times the text; with the square it would be 64
    restyle(text(320_000))  # with the square of it, this would not end
    assert restyle(restyle(text(2_000))) == restyle(text(2_000))


@pytest.mark.parametrize(
    "text",
    [
        "That is a great question and the answer is no. Here is why.",
        "Great question (no). Here is why.",
        "Great question!No. Here is why.",
        "Great question no it will not work. Here is why.",
    ],
)
def test_an_answer_in_the_praise_stays(text: str) -> None:
    assert restyle(text) == text


@pytest.mark.parametrize("below", ["\n", "\n ", "\n>"])
def test_lines_below_deep_lists_are_read_once(below: str) -> None:
    restyle("")
    text = f"{'- ' * 400}x{below * 800}"
    assert calls(restyle, text) < 200 * len(text)  # with every list looked at on every line: 700


def test_work_grows_with_the_marks_behind_praise() -> None:
    restyle("")
    short, long = (calls(restyle, f"Great question{'!' * size}x yes.") for size in (4_000, 32_000))
    assert long < 16 * short


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("    Great question! \n```\n1\n```", "```\n1\n```"),
        ("- Great question!\n```\n1\n```", "```\n1\n```"),
        ("Great question! ```\n1\n```", "Great question! ```\n1\n```"),
    ],
)
def test_code_behind_praise_stays_code(text: str, after: str) -> None:
    assert restyle(text, strip="sycophancy") == after


def test_a_list_that_starts_with_code_is_not_joined_to_the_line_above() -> None:
    assert restyle("**\t\n- ```py\n  > x\n  ```\n") == "**\t\n```py\n> x\n```\n"


@pytest.mark.shared_data
def test_real_answers_lose_their_marks_and_keep_code_addresses_and_numbers(shared) -> None:
    from docs.studies import restyle as study

    texts = pd.read_parquet(shared / "alpaca_eval" / "outputs.parquet", columns=["output"])[
        "output"
    ].tolist()[::15]
    after = restyle(texts)
    marks = study.marks(texts, after).set_index("feature")
    assert (marks.loc[MARKS, "before"].drop(["images", "quotes"]) > 0).all()
    assert (marks.loc[MARKS, "after"] == 0).all()
    assert (marks.loc[ENDS, "after"] < 0.05 * marks.loc[ENDS, "before"]).all()
    kept = study.kept(texts, after)
    assert (kept["in answers"].iloc[:7] > 0).all()
    assert (kept["differs in"].iloc[:7] == 0).all()


@pytest.mark.shared_data
def test_dressed_answers_are_as_plain_as_before(shared) -> None:
    from docs.studies import restyle as study
    from docs.studies.dressed import read_pairs

    plain, rich = read_pairs(shared / "content_fixed")
    names = [*MARKS, "emoji_distinct", "emoji_lines"]
    dressed, stripped, bare = (ls.extract(t, names).values for t in (rich, restyle(rich), restyle(plain)))
    assert dressed.sum() > 1_000
    assert np.array_equal(stripped, bare)
    cosines = np.array([study.cosine(a, b) for a, b in zip(rich, restyle(rich), strict=True)])
    assert np.quantile(cosines, 0.05) > 0.99
