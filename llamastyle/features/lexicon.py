"""Phrase lists (``lexicons/*.toml``) and the automaton over words that is made of them.

A phrase is words in order. ``(a|b c|)`` gives alternatives, one of which may be empty; ``[a b]`` may be left
out; ``@name`` stands for the alternatives of that name in the file's ``[sets]``; ``_`` is any one word; a
leading ``^`` asks for the start of a sentence; a last ``!`` for an exclamation mark right
behind the phrase. Case and the kind of apostrophe do not matter. Between two words of a phrase there may be
spaces, commas, quotes and emphasis marks, and nothing else; a phrase stays inside a line and a sentence. Characters
of Chinese and Japanese are words of their own, with nothing between them.

There are three kinds of categories. Of ``counters.CATEGORIES`` (sycophancy), matches are leftmost, then longest, and
do not overlap; where phrases of two categories match the same words, the category that comes first has them. A
phrase of one word, or with ``_`` as its second, needs the ``^`` there. Of ``counters.STYLE_CATEGORIES``, which may be
of one word, the longest phrase that starts with a word is matched, the category that comes first again having it;
phrases of one category do not overlap, those of two may, as in "As an AI, I cannot help with that".
``counters.WORD_LISTS`` have single words, each counted in every list that has it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from llamastyle.errors import FeatureError
from llamastyle.features.counters import CATEGORIES, STYLE_CATEGORIES, WORD_LISTS
from llamastyle.options import nearest

LISTED = (*CATEGORIES, *STYLE_CATEGORIES, *WORD_LISTS)
"""Every category that a phrase list may have."""
_ALONE = re.compile(r"[\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f]|"
                    r"[^\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff66-\uff9f]+")  # fmt: skip
MAX_STATES = 32_000  # the kernel's tables number them in 16 bits
MAX_NESTING = 50
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
    status: str = "validated"
    """Or ``unvalidated``: nobody has measured yet how often its matches are right."""

    def of(self, categories: tuple[str, ...]) -> tuple[Phrase, ...]:
        """The phrases of some categories."""
        return tuple(phrase for phrase in self.phrases if phrase.category in categories)


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

    def __init__(self, nfa: _Nfa, sets: dict[str, str], text: str, depth: int = 0) -> None:
        self.nfa, self.sets, self.text, self.depth = nfa, sets, text, depth
        left = _TOKEN.sub("", text).strip()
        if left:
            raise FeatureError(f"phrase {text!r}: {left!r} stands for nothing; a set is @ and small letters")
        self.tokens = [part for token in _TOKEN.findall(text) for part in _split(token)]
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
        self.depth += 1
        if self.depth > MAX_NESTING or len(self.nfa.arcs) > MAX_STATES:
            raise FeatureError(
                f"phrase {self.text[:60]!r} is nested too deeply or too large; a set may not stand in itself, and a "
                f"list may have about {MAX_STATES:,} words"
            )
        end = self.nfa.node()
        while True:
            self.nfa.arcs[self.sequence(start)].append((None, end))
            if self.peek() != "|":
                self.depth -= 1
                return end
            self.take()

    def whole(self, start: int) -> int:
        """Alternatives with nothing behind them."""
        end = self.alternatives(start)
        if self.peek():
            raise FeatureError(f"phrase {self.text!r}: {self.peek()!r} is left over")
        return end

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
            inner = _Parser(self.nfa, self.sets, self.sets[token[1:]], self.depth)
            return inner.whole(node)
        if token == "^":
            raise FeatureError(f"phrase {self.text!r}: ^ may stand at its beginning only")
        after = self.nfa.node()
        self.nfa.arcs[node].append((_lower(token), after))
        return after


def words_in(lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """Each word of the phrases and sets, and the phrase or set it stands in."""
    for text in (*lexicon.sets.values(), *(phrase.text for phrase in lexicon.phrases)):
        for token in _TOKEN.findall(text):
            if token[0] not in "^!_()[]|@":
                yield from ((word, text) for word in _split(token))


def _lower(word: str) -> str:
    """Letter by letter, as the scanner does: the last sigma of a word is one like others, a dotted capital I stays."""
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in word)


def _split(token: str) -> list[str]:
    """The words of a token: each character of Chinese and Japanese is one."""
    return [token] if token[0] == "@" else _ALONE.findall(token)


def read_lexicon(text: str, where: str = "the phrase list") -> Lexicon:
    """Read and check the TOML of one list; what is wrong with it is one error that names the entry."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FeatureError(f"{where} is not TOML: {error}") from error
    sets = data.get("sets", {})
    for name in data:
        if name not in (*LISTED, "language", "version", "status", "sets"):
            raise FeatureError(
                f"{where}: there is no category {name!r}{nearest(name, LISTED)}; there are {', '.join(LISTED)}"
            )
    if not isinstance(data.get("language"), str):
        raise FeatureError(f'{where} must say its language, as language = "en"')
    if not isinstance(sets, dict) or not all(
        re.fullmatch("[a-z_]+", name) and isinstance(text, str) for name, text in sets.items()
    ):
        raise FeatureError(f"{where}: [sets] has names of small letters and _, each with a text of alternatives")
    phrases: dict[tuple[str, str], Phrase] = {}
    for category in LISTED:
        entries = data.get(category, [])
        if not isinstance(entries, list):
            raise FeatureError(f"{where}: {category} must be a list of entries, each below [[{category}]]")
        for entry in entries:
            phrase = _entry(entry, category, where)
            if phrases.setdefault((category, phrase.text), phrase) is not phrase:
                raise FeatureError(f"{where}: the phrase {phrase.text!r} stands twice in {category}; take one out")
    status = str(data.get("status", "validated"))
    return Lexicon(data["language"], str(data.get("version", "1")), sets, tuple(phrases.values()), status)


def _entry(entry: object, category: str, where: str) -> Phrase:
    fields = entry if isinstance(entry, dict) else {}
    unknown = sorted(fields.keys() - {"phrase", "matches", "misses", "reason"})
    if unknown:
        raise FeatureError(f"{where}: an entry of {category} has phrase, matches, misses and reason, no {unknown[0]!r}")
    text, reason = fields.get("phrase"), fields.get("reason", "")
    matches, misses = fields.get("matches"), fields.get("misses")
    if not isinstance(text, str) or not text.strip():
        raise FeatureError(f"{where}: an entry of {category} has no phrase; write phrase = \"...\"")
    for name, sentences in (("matches", matches), ("misses", misses)):
        if not isinstance(sentences, list) or not all(isinstance(s, str) for s in sentences) or not sentences:
            raise FeatureError(
                f"{where}: the phrase {text!r} of {category} needs {name} = [\"...\"], sentences "
                f"{'that have it' if name == 'matches' else 'that do not have it'}"
            )
    return Phrase(text, category, tuple(matches or ()), tuple(misses or ()), str(reason))


def shipped_languages() -> tuple[str, ...]:
    """The languages there are phrase lists of."""
    return tuple(sorted({name.split(".")[0].split("-")[0] for name, _ in _shipped()}))


def read_lexicons(language: str = "en") -> tuple[Lexicon, ...]:
    """The shipped phrase lists of a language."""
    return tuple(read_lexicon(text, name) for name, text in _shipped() if re.match(rf"{language}[-.]", name))


def shipped_text(language: str) -> str:
    """The text of the first shipped list of a language."""
    return next(text for name, text in _shipped() if re.match(rf"{language}[-.]", name))


def _shipped() -> list[tuple[str, str]]:
    folder = resources.files("llamastyle.features").joinpath("lexicons")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return [(f.name, f.read_text(encoding="utf-8")) for f in files]


def lexicon_version(lexicons: tuple[Lexicon, ...]) -> str:
    """Languages, their versions, and a fingerprint of the phrases."""
    digest = hashlib.sha256(repr(lexicons).encode()).hexdigest()[:8]
    return " ".join(dict.fromkeys(f"{x.language}-{x.version}" for x in lexicons)) + f" ({digest})"


def compile_phrases(lexicons: tuple[Lexicon, ...], categories: tuple[str, ...] = CATEGORIES) -> PhraseAutomaton:
    """One automaton of all phrases of some categories, by the subset construction."""
    nfa = _Nfa()
    anywhere, opening = nfa.node(), nfa.node()
    nfa.arcs[opening].append((None, anywhere))
    for lexicon in lexicons:
        for phrase in lexicon.of(categories):
            _add(nfa, lexicon.sets, phrase, categories, anywhere, opening)
    return _minimise(_determinise(nfa, anywhere, opening))


def single_words(lexicons: tuple[Lexicon, ...]) -> dict[str, int]:
    """The words of the word lists; bit ``k`` is set for ``WORD_LISTS[k]``."""
    words: dict[str, int] = {}
    for bit, category in enumerate(WORD_LISTS):
        automaton = compile_phrases(lexicons, (category,))
        going_on = {state for state, _ in automaton.edges}
        for (state, word), after in automaton.edges.items():
            if state == 1 and (not automaton.accept[after] or after in going_on or automaton.other[after] >= 0):
                raise FeatureError(f"{category} has single words only; {word!r} has something behind it")
            if state == 1:
                words[word] = words.get(word, 0) | 1 << bit
    return words


def _add(
    nfa: _Nfa, sets: dict[str, str], phrase: Phrase, categories: tuple[str, ...], anywhere: int, opening: int
) -> None:
    parser = _Parser(nfa, sets, phrase.text)
    start = anywhere
    if parser.peek() == "^":
        parser.take()
        start = opening
    first = nfa.node()
    nfa.arcs[start].append((None, first))
    end = parser.whole(first)
    nfa.accept[end] = categories.index(phrase.category) + 1


def _determinise(nfa: _Nfa, anywhere: int, opening: int) -> PhraseAutomaton:
    sets = [nfa.closure(frozenset({anywhere})), nfa.closure(frozenset({opening}))]
    number = {sets[0]: 0, sets[1]: 1} if sets[0] != sets[1] else {sets[0]: 0}
    out = PhraseAutomaton({}, [], [], [])

    def state_of(nodes: set[int]) -> int:
        closed = nfa.closure(frozenset(nodes))
        if closed not in number:
            number[closed] = len(sets)
            sets.append(closed)
            if len(sets) > MAX_STATES:
                raise FeatureError(
                    f"the phrases together need more than {MAX_STATES:,} states; make fewer of them, or several lists"
                )
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
