"""The page of a result, and its tables, with names, texts and numbers from bytes: nothing of them becomes markup."""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from html.parser import HTMLParser

import pandas as pd

import llamastyle as ls
from fuzz.checking import Wrong
from fuzz.drawing import Draws
from llamastyle.errors import LlamaStyleError
from llamastyle.regression.result import StyleResult
from llamastyle.report.marks import marked_html
from llamastyle.report.tables import render

SUMMARY = "the page of a result and its tables: names, texts and numbers from bytes stay text"
LONGEST = 900
TOKENS = [
    b"<script>", b"</script>", b"<img src=x onerror=a>", b'" onclick="a', b"' x='", b"<b>", b"</b>", b"</title>", b"</style>",
    b"</svg>", b"</pre>", b"</code>", b"<!--", b"-->", b"]]>", b"<![CDATA[", b"javascript:a", b"[a](javascript:b)", b"&lt;",
    b"&#60;", b"&amp", b"{{ 7*7 }}", b"{% raw %}", b"${a}", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\x1b[31m", b"\xef\xbf\xbf",
    b"\0", b"\n", b"\r", b"\t", b"=1+1", b"+a", b"-a", b"@a", b"'", b'"', b"**", b"# ", b"- ", b"Great question! ",
    b"datum['row']", b"\\", b"\xed\xa0\x80", b"nan", b"%s", b"%(a)s", b"{0}", b"<svg onload=a>", b"<a href=javascript:a>",
    b"https://a.b", b"\xc2\x85", b"\xe2\x80\xa8", b",", b";", b"|",
]  # fmt: skip
VOID = {"meta", "br", "img", "hr", "input", "col", "link", "wbr", "source"}
ONCE = {"html", "head", "body", "title", "main"}
NUMBER = re.compile(r"[+-]?[\d.,]+(e[+-]?\d+)?( ?%| \w+)?")
N, FEATURES = 90, ["words", "bold"]


class Page(HTMLParser):
    """Elements, attributes and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: set[tuple[str, str]] = set()
        self.count: dict[str, int] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()
        if self.open:
            raise Wrong(f"elements that do not end: {self.open[:5]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise Wrong(f"</{tag}> ends nothing")

    def handle_comment(self, data: str) -> None:
        raise Wrong(f"a comment: {data[:50]!r}")

    def unknown_decl(self, data: str) -> None:
        raise Wrong(f"a declaration: {data[:50]!r}")

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        self.seen |= {(tag, ""), *((tag, name) for name, _ in attrs)}
        for name, value in attrs:
            if name in ("href", "src", "xlink:href", "action") and not (value or "").startswith("#"):
                raise Wrong(f"<{tag} {name}={value!r}> leads out of the page")
            if name.startswith("on") or ("javascript:" in (value or "") and name not in ("aria-label", "title")):
                raise Wrong(f"<{tag} {name}={value!r}> may run")
        if len({name for name, _ in attrs}) < len(attrs):
            raise Wrong(f"<{tag}> has an attribute twice")


@cache
def _base() -> pd.DataFrame:
    """Battles of three models with known strengths, short texts, and correctness."""
    frame = ls.simulate(N, 3, texts=True, n_prompts=24, style={"words": 0.5}, seed=3).battles.to_frame()
    for side in ("response_a", "response_b"):
        frame[side] = frame[side].str[:40]
    return frame.drop(columns=[c for c in frame.columns if c.startswith(("tokens", "correct"))])


def _page(result: StyleResult, **options: object) -> Page:
    text = result.report(**options)  # type: ignore[arg-type]
    if not isinstance(text, str) or not text.startswith("<!doctype html>") or not text.endswith("</html>"):
        raise Wrong("a page that does not begin or end as one")
    return Page(text)


@cache
def _known() -> tuple[frozenset[tuple[str, str]], dict[str, int]]:
    """What pages of plain names and texts are made of, and how often what may be there once is there."""
    plain = Draws(b"")
    seen: set[tuple[str, str]] = set()
    count: dict[str, int] = {}
    for correct in (False, True):
        frame = _base().copy()
        frame.loc[:5, "response_a"] = "**Great question!** 🎉 [a](https://b.c) `x`\n- *b*\n# c"
        page = _page(_fitted(frame, correct, plain), compare=_fitted(frame, correct, plain).battles.models[:2])
        seen |= page.seen
        count = page.count
    return frozenset(seen), count


def _fitted(frame: pd.DataFrame, correct: bool, draws: Draws) -> StyleResult:
    if correct:
        values = [draws.pick([0.0, 1.0, 0.5, None]) if draws.at < len(draws.data) else k % 2 for k in range(2 * N)]
        frame = frame.assign(correct_a=values[:N], correct_b=values[N:])
    return ls.fit(ls.read_battles(frame), features=FEATURES)


def seeds() -> dict[str, bytes]:
    """Names and texts that are hostile, for the cheap checks and for the page."""
    names = [b"<script>alert(1)</script>", b'"><img src=x onerror=a>', b"</script></style></svg></title><b>x"]
    names += [b"=1+cmd|x", b"javascript:a", b"--><!-- &lt;&#60;", b"\xe2\x80\xaeabc\x1b[31m", b"{{ 7 * 7 }}${a}"]
    made = {}
    for k in range(0, len(names), 2):
        strings = [names[k], names[k + 1], b"plain", names[k] + b" [a](javascript:b)", b"**Great question!** " + names[k + 1]]
        made |= {f"{kind}-{k}": bytes([kind]) + b"\0".join(strings) + b"\0" for kind in (0, 1, 3, 2 if k % 4 else 7)}
    return made


def run(data: bytes) -> None:
    """By the first byte: marks in a text, tables, or a whole page."""
    if not data:
        return
    kind, draws = data[0] % 8, Draws(data[1:])
    if kind in (0, 4):
        _marks(draws)
    elif kind in (1, 5):
        _tables(draws)
    elif kind in (3, 6):
        _highlights(draws)
    else:
        _report(draws, correct=data[0] % 16 > 7)


def _marks(draws: Draws) -> None:
    """A text with marks anywhere, named by anything: whole as text, no other elements than marks."""
    text, first, second = draws.text(), draws.text() or "a", draws.text() or "b"
    n = len(text)
    places = sorted((draws.whole(0, n), draws.whole(0, n)) for _ in range(min(draws.whole(0, 8), 8)))
    places = [(min(p), max(p)) for p in places if p[0] != p[1]]
    places.sort(key=lambda p: (p[0], -p[1]))
    labels = [draws.pick([first, second]) for _ in places]
    groups = {first: "length", second: "emoji"}
    told = draws.text()
    titles = {first: told, second: first} if told else None
    made = marked_html(text, [p[0] for p in places], [p[1] for p in places], labels, groups, titles)
    page = Page(str(made))
    if not {tag for tag, _ in page.seen} <= {"span", "mark", "bdi", "br", "pre", "div", "code", "sup", "small"}:
        raise Wrong(f"elements in {str(made)[:300]!r}")


def _highlights(draws: Draws) -> None:
    """What a notebook shows of highlights, battles and a cell of a table."""
    texts = [draws.text() for _ in range(3)]
    for shown in (ls.highlight(texts), ls.read_battles(_named(draws, texts))):
        page = Page(shown._repr_html_())
        if {"script", "img", "svg", "iframe"} & page.count.keys():
            raise Wrong(f"elements {sorted(page.count)}")


def _tables(draws: Draws) -> None:
    """A table in every format: cells are what they were, and no cell of CSV is a formula."""
    rows = [[draws.text(), draws.text()] for _ in range(2)]
    frame = pd.DataFrame(rows, columns=["model", draws.text() or "term"])
    if frame.columns.duplicated().any():
        return
    for form in ("table", "md", "json", "csv-plain"):
        render(frame, form)
    cells = list(csv.reader(io.StringIO(render(frame, "csv"), newline="")))
    if [len(row) for row in cells] != [2] * 3:
        raise Wrong(f"cells that fall apart: {cells}")
    for cell in (cell for row in cells for cell in row):
        if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not NUMBER.fullmatch(cell):
            raise Wrong(f"a formula: {cell!r}")


def _named(draws: Draws, texts: list[str]) -> pd.DataFrame:
    frame = _base().copy()
    old = sorted({*frame["model_a"], *frame["model_b"]})
    names = {name: draws.text() or name for name in old}
    for side in "ab":
        frame[f"model_{side}"] = frame[f"model_{side}"].map(names)
    for k, text in enumerate(texts):
        frame.loc[k * 3, "response_a" if k % 2 else "response_b"] = text
    return frame


def _report(draws: Draws, correct: bool) -> None:
    """The whole page of a fit."""
    frame = _named(draws, [])
    texts = [draws.text() for _ in range(3)]
    for k, text in enumerate(texts):
        frame.loc[k * 3, "response_a" if k % 2 else "response_b"] = text
    result = _fitted(frame, correct, draws)
    known, count = _known()
    page = _page(result, title=texts[0] or None, compare=result.battles.models[:2], exhibits=2)
    if not page.seen <= known:
        raise Wrong(f"not of the template: {sorted(page.seen - known)}")
    for tag in ONCE:
        if page.count.get(tag) != 1:
            raise Wrong(f"{page.count.get(tag)} of <{tag}>")
    for tag in ("script", "style", "meta", "link"):
        if page.count.get(tag) != count.get(tag):
            raise Wrong(f"{page.count.get(tag)} of <{tag}>, not {count.get(tag)}")
    for shown in (result, result.battles):
        if "script" in Page(shown._repr_html_()).count:
            raise Wrong("a script in what a notebook shows")
    result.summary()
    for made in (result.audit, result.tidy, result.ratings):
        try:
            text = render(made(), "csv")
        except LlamaStyleError:
            continue
        for cell in (cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row):
            if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not NUMBER.fullmatch(cell):
                raise Wrong(f"a formula: {cell!r}")
