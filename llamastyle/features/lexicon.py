"""Phrase lists (``lexicons/*.toml``) and the automaton over words that is made of them.

A phrase is words in order. ``(a|b c|)`` gives alternatives, one of which may be empty; ``[a b]`` may be left
out; ``@name`` stands for the alternatives of that name in the file's ``[sets]``; ``_`` is any one word; a
leading ``^`` asks for the start of a sentence; a last ``!`` for an exclamation mark right
behind the phrase. Case and the kind of apostrophe do not matter. Between two words of a phrase there may be
spaces, commas, quotes and emphasis marks, and nothing else; a phrase stays inside a line and a sentence. A phrase of
one word, or with ``_`` as its second, needs the ``^``.
Matches are leftmost, then longest, and do not overlap; where phrases of two categories match the same words,
the category that comes first in ``counters.CATEGORIES`` has them.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from llamastyle.errors import FeatureError
from llamastyle.features.counters import CATEGORIES

_TOKEN = re.compile(r"\s*([\^!_()\[\]|]|@[a-z_]+|[^\s\^!()\[\]|@]+)")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One entry of a phrase list."""

    text: str
    category: str
    matches: tuple[str, ...]
    """Sentences in which the phrase must be found."""
    misses: tuple[str, ...]
    """Sentences in which it must not."""
    reason: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The phrases of one language."""

    language: str
    version: str
    sets: dict[str, str]
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class PhraseAutomaton:
    """A deterministic automaton over words; state 0 begins anywhere, state 1 at the start of a sentence."""

    edges: dict[tuple[int, str], int]
    other: list[int]
    accept: list[int]
    accept_bang: list[int]


class _Nfa:
    """Thompson's construction over words; ``None`` is no word, ``_`` any word, ``!`` an exclamation mark."""

    def __init__(self) -> None:
        self.arcs: list[list[tuple[str | None, int]]] = []
        self.accept: dict[int, int] = {}

    def node(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1

    def closure(self, nodes: frozenset[int]) -> frozenset[int]:
        seen, todo = set(nodes), list(nodes)
        while todo:
            for word, after in self.arcs[todo.pop()]:
                if word is None and after not in seen:
                    seen.add(after)
                    todo.append(after)
        return frozenset(seen)

    def category(self, nodes: frozenset[int]) -> int:
        """The first category that has a phrase ending in one of the nodes, or 0."""
        return min((self.accept[n] for n in nodes if n in self.accept), default=0)


class _Parser:
    """Recursive descent over one phrase, building into an NFA."""

    def __init__(self, nfa: _Nfa, sets: dict[str, str], text: str) -> None:
        self.nfa, self.sets, self.text = nfa, sets, text
        self.tokens = _TOKEN.findall(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if expected and token != expected:
            raise FeatureError(f"phrase {self.text!r}: expected {expected!r}, found {token or 'its end'!r}")
        self.at += 1
        return token

    def alternatives(self, start: int) -> int:
        end = self.nfa.node()
        while True:
            self.nfa.arcs[self.sequence(start)].append((None, end))
            if self.peek() != "|":
                return end
            self.take()

    def sequence(self, node: int) -> int:
        while self.peek() not in ("", "|", ")", "]"):
            node = self.item(node)
        return node

    def item(self, node: int) -> int:
        token = self.take()
        if token in "([":
            end = self.alternatives(node)
            self.take(")" if token == "(" else "]")
            if token == "[":
                self.nfa.arcs[node].append((None, end))
            return end
        if token[0] == "@":
            if token[1:] not in self.sets:
                raise FeatureError(
                    f"phrase {self.text!r}: there is no set {token}; there are {sorted(self.sets)}"
                )
            inner = _Parser(self.nfa, self.sets, self.sets[token[1:]])
            return inner.alternatives(node)
        after = self.nfa.node()
        self.nfa.arcs[node].append((token.lower(), after))
        return after


def read_lexicon(text: str) -> Lexicon:
    """Read the TOML of one language."""
    data = tomllib.loads(text)
    phrases = tuple(
        Phrase(
            entry["phrase"],
            category,
            tuple(entry["matches"]),
            tuple(entry["misses"]),
            entry.get("reason", ""),
        )
        for category in CATEGORIES
        for entry in data.get(category, [])
    )
    return Lexicon(data["language"], str(data["version"]), data.get("sets", {}), phrases)


def read_lexicons() -> tuple[Lexicon, ...]:
    """The shipped phrase lists, by language."""
    folder = resources.files("llamastyle.features").joinpath("lexicons")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(read_lexicon(f.read_text(encoding="utf-8")) for f in files)


def lexicon_version(lexicons: tuple[Lexicon, ...]) -> str:
    """Languages, their versions, and a fingerprint of the phrases."""
    digest = hashlib.sha256(repr(lexicons).encode()).hexdigest()[:8]
    return " ".join(f"{lexicon.language}-{lexicon.version}" for lexicon in lexicons) + f" ({digest})"


def compile_phrases(lexicons: tuple[Lexicon, ...]) -> PhraseAutomaton:
    """One automaton of all phrases, by the subset construction."""
    nfa = _Nfa()
    anywhere, opening = nfa.node(), nfa.node()
    nfa.arcs[opening].append((None, anywhere))
    for lexicon in lexicons:
        for phrase in lexicon.phrases:
            _add(nfa, lexicon.sets, phrase, anywhere, opening)
    return _minimise(_determinise(nfa, anywhere, opening))


def _add(nfa: _Nfa, sets: dict[str, str], phrase: Phrase, anywhere: int, opening: int) -> None:
    parser = _Parser(nfa, sets, phrase.text)
    start = anywhere
    if parser.peek() == "^":
        parser.take()
        start = opening
    first = nfa.node()
    nfa.arcs[start].append((None, first))
    end = parser.alternatives(first)
    if parser.peek():
        raise FeatureError(f"phrase {phrase.text!r}: {parser.peek()!r} is left over")
    nfa.accept[end] = CATEGORIES.index(phrase.category) + 1


def _determinise(nfa: _Nfa, anywhere: int, opening: int) -> PhraseAutomaton:
    sets = [nfa.closure(frozenset({anywhere})), nfa.closure(frozenset({opening}))]
    number = {sets[0]: 0, sets[1]: 1} if sets[0] != sets[1] else {sets[0]: 0}
    out = PhraseAutomaton({}, [], [], [])

    def state_of(nodes: set[int]) -> int:
        closed = nfa.closure(frozenset(nodes))
        if closed not in number:
            number[closed] = len(sets)
            sets.append(closed)
        return number[closed]

    for state, nodes in enumerate(_growing(sets)):
        out.accept.append(nfa.category(nodes) if state > 1 else 0)
        after: dict[str, set[int]] = {}
        for word, target in (arc for node in nodes for arc in nfa.arcs[node]):
            if word is not None:
                after.setdefault(word, set()).add(target)
        bang = nfa.closure(frozenset(after.pop("!", set())))
        out.accept_bang.append(nfa.category(bang) if state > 1 else 0)
        other = after.pop("_", set())
        out.other.append(state_of(other) if other else -1)
        for word in sorted(after):
            out.edges[state, word] = state_of(after[word] | other)
    return out


def _minimise(big: PhraseAutomaton) -> PhraseAutomaton:
    """Merge the states from which the same phrases are accepted (Moore's partition refinement)."""
    out: list[list[tuple[str, int]]] = [[] for _ in big.accept]
    for (state, word), after in big.edges.items():
        out[state].append((word, after))
    block = [0] * len(out)
    count = 0
    while True:
        names: dict[object, int] = {}
        renamed = []
        for state, arcs in enumerate(out):
            ends = (state if state < 2 else -1, big.accept[state], big.accept_bang[state])
            other = block[big.other[state]] if big.other[state] >= 0 else -1
            key = (ends, block[state], other, tuple((word, block[after]) for word, after in arcs))
            renamed.append(names.setdefault(key, len(names)))
        block = renamed
        if len(names) == count:
            break
        count = len(names)
    small = PhraseAutomaton({}, [-1] * count, [0] * count, [0] * count)
    for state, b in enumerate(block):
        small.accept[b], small.accept_bang[b] = big.accept[state], big.accept_bang[state]
        small.other[b] = block[big.other[state]] if big.other[state] >= 0 else -1
        small.edges.update({(b, word): block[after] for word, after in out[state]})
    return small


def _growing(items: list[frozenset[int]]) -> Iterator[frozenset[int]]:
    at = 0
    while at < len(items):
        yield items[at]
        at += 1
