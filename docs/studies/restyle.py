"""What ``restyle`` takes off real answers, and what it leaves as it was."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies.dressed import read_pairs
from llamastyle.features.stripping import addresses

NAME = "restyle"
SUMMARY = (
    "`restyle` on real answers. The first table has the marks of all answers of alpaca_eval's outputs before and after,"
    " those in code and addresses apart, which stay. The second says what stayed as it was: for each, how many answers"
    " have any and in how many it differs. Code inside fences is read by markdown-it-py, so without the indentation and"
    " the `>` that belong to a list item or a quote around it; in answers without lists and quotes it is compared byte"
    " by byte as well. Numbers are runs of digits, the markers of list items left out. Words are compared by the cosine"
    " of their counts, function words left out, and with marks inside a word the word is one; the sentences that are taken off as flattery are outside that comparison,"
    " and the last row has it with them. The third table has the answers of content_fixed as they were, dressed up with"
    " markdown and emoji (`rich_content`), and the dressed ones stripped, beside the plain ones stripped, for dressing"
    " added words too. The fourth has what is left of openings and closings by the reason."
)
PROSE = "headers list_items bold italic quotes rules tables links images emoji".split()
ENDS = ["sycophantic_opening", "sycophantic_closing"]
STOP = frozenset(
    "a an the and or but if then than that this these those of in on at to from by for with without as is are was were "
    "be been being am do does did have has had can could will would shall should may might must not no nor so such it "
    "its he she they them his her their we us our you your i me my who whom which what when where why how there here "
    "all any both each few more most other some own same too very just also into over under up down out off again".split()
)
WORD = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\d+")


def run(folder: Path, progress: Progress) -> None:
    """Four tables."""
    texts = [
        str(t)
        for t in pd.read_parquet(shared_data("alpaca_eval") / "outputs.parquet", columns=["output"])["output"]
    ]
    ls.restyle("")
    started = time.process_time()
    after = ls.restyle(texts)
    seconds = time.process_time() - started
    progress(1, 4)
    data = f"alpaca_eval outputs, {len(texts):,} answers, {seconds:.0f} s of one core"
    write_table(folder, f"{NAME}-1-marks", marks(texts, after), data=data, seed=None)
    progress(2, 4)
    write_table(folder, f"{NAME}-2-kept", kept(texts, after), data=data, seed=None)
    progress(3, 4)
    plain, rich = read_pairs(shared_data("content_fixed"))
    data = f"content_fixed, {len(plain)} pairs of answers"
    write_table(folder, f"{NAME}-3-profile", profile(plain, rich), data=data, seed=None)
    left = remaining(after)
    write_table(folder, f"{NAME}-4-left", left, data="the answers of the first table, stripped", seed=None)
    progress(4, 4)


def counted(texts: Sequence[str], names: Sequence[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Per feature, marks of each text outside code and addresses, and inside."""
    found = ls.highlight(list(texts), [*names, "inline_code", "code_blocks"], strip_think=False)
    called = found.features.names
    inside: list[list[tuple[int, int]]] = [addresses(text) for text in texts]
    spans = list(
        zip(found.row.tolist(), found.start.tolist(), found.end.tolist(), found.feature.tolist(), strict=True)
    )
    for row, start, end, k in spans:
        if called[k] in ("inline_code", "code_blocks"):
            inside[row].append((start, end))
    counts = {name: (np.zeros(len(texts), int), np.zeros(len(texts), int)) for name in names}
    for row, start, end, k in spans:
        name = {"ordered_items": "list_items", "bullet_items": "list_items"}.get(called[k], called[k])
        if name in counts:
            counts[name][any(a <= start and end <= b for a, b in inside[row])][row] += 1
    return counts


def marks(before: Sequence[str], after: Sequence[str]) -> pd.DataFrame:
    """One row a feature."""
    names = [*PROSE, *ENDS]
    first, last = counted(before, names), counted(after, names)
    rows = [
        {
            "feature": name,
            "before": int(sum(c.sum() for c in first[name])),
            "in answers": int((first[name][0] + first[name][1] > 0).sum()),
            "after": int(last[name][0].sum()),
            "left in answers": int((last[name][0] > 0).sum()),
            "after, in code or addresses": int(last[name][1].sum()),
        }
        for name in names
    ]
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Content:
    """What of a text must not change."""

    fences: list[str]
    spans: list[str]
    urls: list[str]
    numbers: list[str]


def contents(texts: list[str]) -> list[Content]:
    """Code, addresses and numbers of each text."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark").enable("table")
    found = ls.highlight(list(texts), ["inline_code", "ordered_items"], strip_think=False)
    spans: list[list[str]] = [[] for _ in texts]
    markers: list[list[tuple[int, int]]] = [[] for _ in texts]
    for row, start, end, k in zip(
        found.row.tolist(), found.start.tolist(), found.end.tolist(), found.feature.tolist(), strict=True
    ):
        if found.features.names[k] == "inline_code":
            spans[row].append(texts[row][start:end])
        elif texts[row][start:end].strip("0123456789.)"):  # with nothing behind it, it is a number
            digits = NUMBER.match(texts[row], start)
            markers[row].append(digits.span() if digits else (start, start))
    rows = []
    for text, code, gone in zip(texts, spans, markers, strict=True):
        cuts = [0, *chain.from_iterable(gone), len(text)]
        rest = " ".join(text[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=True))
        fences = (
            [t.content for t in reader.parse(text) if t.type == "fence"]
            if "```" in text or "~~~" in text
            else []
        )
        urls = [text[a:b] for a, b in addresses(text)]
        rows.append(Content(fences, code, urls, NUMBER.findall(rest)))
    return rows


def kept(before: list[str], after: list[str]) -> pd.DataFrame:
    """One row a kind of content."""
    again = ls.restyle(after)
    rows = [
        {
            "what": "the text, stripped once more",
            "in answers": len(after),
            "differs in": differing(after, again),
        }
    ]
    first, last = contents(before), contents(after)
    for what, name in (
        ("code in fences", "fences"),
        ("inline code", "spans"),
        ("addresses", "urls"),
        ("numbers", "numbers"),
    ):
        pairs = [(getattr(a, name), getattr(b, name)) for a, b in zip(first, last, strict=True)]
        rows.append(
            {
                "what": what,
                "in answers": sum(bool(a) for a, _ in pairs),
                "differs in": sum(a != b for a, b in pairs),
            }
        )
    bare = [(a, b) for a, b in zip(before, after, strict=True) if raw_fences(a) and not contained(a)]
    rows.append(
        {
            "what": "fences byte by byte, outside lists and quotes",
            "in answers": len(bare),
            "differs in": sum(raw_fences(a) != raw_fences(b) for a, b in bare),
        }
    )
    ends = ls.restyle(before, strip="sycophancy")
    for what, one in (("words, cosine below 0.99", ends), ("the same, with the flattery", before)):
        cosines = np.array([cosine(a, b) for a, b in zip(one, after, strict=True)])
        rows.append(
            {
                "what": f"{what} (lowest {cosines.min():.3f}, mean {cosines.mean():.5f})",
                "in answers": len(after),
                "differs in": int((cosines < 0.99).sum()),
            }
        )
    return pd.DataFrame(rows)


def contained(text: str) -> bool:
    """Whether a text has lists or quotes."""
    return bool(re.search(r"^[ \t]*(?:[-*+>]|\d+[.)])", text, re.MULTILINE))


def raw_fences(text: str) -> list[str]:
    """Fences as they stand."""
    return re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL)


def differing(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))


def words(text: str) -> Counter[str]:
    """Its words but function words, in small letters."""
    return Counter(word for word in WORD.findall(text.replace("*", "").lower()) if word not in STOP)


def cosine(one: str, other: str) -> float:
    """Between the counts of two texts' words; 1 where neither has any."""
    a, b = words(one), words(other)
    size = float(np.sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values())))
    return sum(n * b[word] for word, n in a.items()) / size if size else float(a == b)


def profile(plain: list[str], rich: list[str]) -> pd.DataFrame:
    """One row a feature that dressing changes."""
    features = ls.FeatureSet([f for f in ls.ALL if not f.name.endswith("_per_100_words")])
    versions = [plain, rich, ls.restyle(rich), ls.restyle(plain)]
    raw, dressed, stripped, bare = (ls.extract(texts, features, progress=False).values for texts in versions)
    rows = [
        {
            "group": feature.group,
            "feature": feature.name,
            "as it was": f"{raw[:, k].mean():.3g}",
            "dressed": f"{dressed[:, k].mean():.3g}",
            "dressed, stripped": f"{stripped[:, k].mean():.3g}",
            "as it was, stripped": f"{bare[:, k].mean():.3g}",
            "of the change, taken back": share(raw[:, k], dressed[:, k], stripped[:, k]),
        }
        for k, feature in enumerate(features)
        if (raw[:, k] != dressed[:, k]).any()
    ]
    return pd.DataFrame(rows)


def share(raw: np.ndarray, dressed: np.ndarray, stripped: np.ndarray) -> str:
    """How much of the mean absolute change is gone."""
    return f"{1 - np.abs(stripped - raw).mean() / np.abs(dressed - raw).mean():.0%}"


def remaining(after: list[str]) -> pd.DataFrame:
    """How many openings and closings are left, by what keeps them."""
    found = ls.highlight(list(after), ENDS)
    rows: Counter[tuple[str, str]] = Counter()
    for row, start, end, k in zip(
        found.row.tolist(), found.start.tolist(), found.end.tolist(), found.feature.tolist(), strict=True
    ):
        rows[found.features.names[k], reason(after[row], start, end)] += 1
    table = [{"feature": name, "why it stays": why, "answers": n} for (name, why), n in sorted(rows.items())]
    return pd.DataFrame(table, columns=["feature", "why it stays", "answers"])


def reason(text: str, start: int, end: int) -> str:
    """What keeps the sentence around a phrase."""
    stops = [m.end() for m in re.finditer(r"[.!?](?=\s)|\n", text[:start])]
    begin = stops[-1] if stops else 0
    close = re.compile(r"[.!?](?=\W|$)|\n|\Z").search(text, end)
    stop = close.end() if close else len(text)
    if not WORD.search(text[:begin] + text[stop:]):
        return "nothing else is in the text"
    if NUMBER.search(text, begin, stop) or "`" in text[begin:stop]:
        return "a number or code is in the sentence"
    return "more is said in the sentence"
