"""Features, sets of them, and the table they fill; and the ways to make a feature of one's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import FeatureError
from llamastyle.features.counters import CATEGORIES, Counter
from llamastyle.options import Contrast, check_option, nearest

if TYPE_CHECKING:
    import pandas as pd

Step = Literal["ten_percent", "one"]
Counts = Mapping[str, NDArray[np.float64]]

METADATA = "metadata"
"""``Feature.how`` of a feature that is read from the data's own metadata."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a feature is made of the scanner's counts: ``scale`` times the sum of ``counts`` by the sum of ``per``.

    Zero where there is nothing to divide by. With a ``function``, that is called on the counts instead. ``phrases``
    is the text of a phrase list whose phrases are counted in the place of the shipped ones.
    """

    counts: tuple[str, ...]
    per: tuple[str, ...] = ()
    scale: float = 1.0
    function: Callable[[Counts], Any] | None = None
    phrases: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Feature:
    """One number a text.

    Attributes
    ----------
    name : str
        Name of the column.
    group : str
        Features of one group are priced together: ``length``, ``markdown``, ``emoji``, ``sycophancy``, ``own``.
    unit : str
        What one of it is.
    definition : str
        How a reader would count it by hand.
    source : str
        Where the definition comes from, if from elsewhere.
    contrast : str
        How the two sides of a battle are compared unless something else is asked for.
    step : {"ten_percent", "one"}
        The change that is natural to talk about: 10 % more, or one more.
    how : Recipe, callable or "metadata"
        A recipe from counts, or a function of one text.

    Examples
    --------
    >>> import llamastyle as ls
    >>> ls.DEFAULT["words"].unit
    'words'
    """

    name: str
    group: str
    unit: str
    definition: str
    source: str = ""
    contrast: Contrast = "log_ratio"
    step: Step = "one"
    how: Recipe | Callable[[str], Any] | Literal["metadata"] = field(default=METADATA, repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^\W\d]\w*", self.name):
            raise FeatureError(
                f"a feature's name is letters, digits and _, and starts with a letter; not {self.name!r}"
            )
        check_option("contrast", self.contrast, Contrast)
        check_option("step", self.step, Step)

    @property
    def counters(self) -> frozenset[Counter]:
        """The counters that this feature is made of."""
        if isinstance(self.how, Recipe):
            return frozenset(Counter[name.upper()] for name in (*self.how.counts, *self.how.per))
        return frozenset()

    @property
    def phrases(self) -> str:
        """The text of the phrase list that it counts by, empty for the shipped English ones."""
        return self.how.phrases if isinstance(self.how, Recipe) else ""

    def with_contrast(self, contrast: Contrast) -> Feature:
        """The same feature with another default contrast."""
        return replace(self, contrast=contrast)


class FeatureSet:
    """Features in order, each name once; adding and taking away make a new set.

    Examples
    --------
    >>> import llamastyle as ls
    >>> (ls.ARENA_WORDS + ["links"]).names
    ('words', 'arena_headers', 'arena_lists', 'arena_bold', 'links')
    >>> (ls.ARENA_WORDS - ["words"]).names
    ('arena_headers', 'arena_lists', 'arena_bold')
    """

    __slots__ = ("_by_name", "_features", "label")

    _features: tuple[Feature, ...]
    _by_name: dict[str, Feature]
    label: str

    def __init__(self, features: Iterable[Feature], label: str = "") -> None:
        features = tuple(features)
        names = [feature.name for feature in features]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise FeatureError(f"two features are called {twice[0]!r}; each name stands for one column")
        object.__setattr__(self, "_features", features)
        object.__setattr__(self, "_by_name", dict(zip(names, features, strict=True)))
        object.__setattr__(self, "label", label)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a FeatureSet does not change; add to it to make a new one")

    def __reduce__(self) -> tuple[Any, ...]:
        return FeatureSet, (self._features, self.label)

    # Turns a name into a set; the catalogue, which every import of this package loads, sets it.
    _named: ClassVar[Callable[[str], FeatureSet]]

    @classmethod
    def of(cls, what: Any) -> FeatureSet:
        """A set from a set, a preset's name, a feature, its name, or a list of features and names."""
        if isinstance(what, FeatureSet):
            return what
        if isinstance(what, str):
            return cls._named(what)
        if isinstance(what, Feature):
            return cls([what])
        if not isinstance(what, Iterable):
            raise FeatureError(
                f"features are a preset, a name, a Feature, or a list of them; not {type(what).__name__}"
            )
        chosen = cls([])
        for item in what:
            without = isinstance(item, str) and item.startswith("-")
            chosen = chosen - item[1:] if without else chosen + item
        return chosen

    @property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(self._by_name)

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Names by group, in order of first appearance."""
        groups: dict[str, list[str]] = {}
        for feature in self._features:
            groups.setdefault(feature.group, []).append(feature.name)
        return {group: tuple(names) for group, names in groups.items()}

    def __iter__(self) -> Iterator[Feature]:
        return iter(self._features)

    def __len__(self) -> int:
        return len(self._features)

    def __contains__(self, item: object) -> bool:
        return item in self._by_name if isinstance(item, str) else item in self._features

    @overload
    def __getitem__(self, key: str | int) -> Feature: ...
    @overload
    def __getitem__(self, key: slice) -> FeatureSet: ...
    def __getitem__(self, key: str | int | slice) -> Feature | FeatureSet:
        if isinstance(key, slice):
            return FeatureSet(self._features[key])
        if isinstance(key, int):
            return self._features[key]
        if key not in self._by_name:
            raise FeatureError(f"there is no feature {key!r} in this set{nearest(key, self.names)}")
        return self._by_name[key]

    def __add__(self, other: Any) -> FeatureSet:
        return FeatureSet([*self, *FeatureSet.of(other)])

    def __radd__(self, other: Any) -> FeatureSet:
        return FeatureSet.of(other) + self

    def __sub__(self, other: Any) -> FeatureSet:
        """The set without some features, named as for adding; one that is not in it is an error."""
        gone = FeatureSet.of(other).names
        for name in gone:
            self[name]
        label = f"{self.label} without {', '.join(gone)}" if self.label else ""
        return FeatureSet([feature for feature in self if feature.name not in gone], label)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureSet) and self._features == other._features

    def __hash__(self) -> int:
        return hash(self.names)

    def __repr__(self) -> str:
        title = f"FeatureSet {self.label}".rstrip() + f" ({len(self)} features)"
        return "\n".join([title, *(f"  {group}: {', '.join(names)}" for group, names in self.groups.items())])


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """What was measured: one row a response, one column a feature.

    Attributes
    ----------
    values : float64 array, rows x features
    features : FeatureSet
        Its columns.
    rows : (int64 array, int64 array) or None
        For battles, the rows of side a and of side b.
    versions : dict
        Unicode, emoji and phrase-list versions that made it.

    Examples
    --------
    >>> import llamastyle as ls
    >>> table = ls.extract(["One two.", "Three."], ["words", "sentences"])
    >>> table.column("words").tolist()
    [2.0, 1.0]
    """

    values: NDArray[np.float64]
    features: FeatureSet
    rows: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    versions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.features):
            raise FeatureError(
                f"a table of {len(self.features)} features cannot have values of shape {self.values.shape}"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.features.names

    def __len__(self) -> int:
        return len(self.values)

    def column(self, name: str) -> NDArray[np.float64]:
        """The values of one feature, one row a response."""
        self.features[name]
        return self.values[:, self.names.index(name)]

    def sides(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values of side a and of side b, each battles x features."""
        if self.rows is None:
            raise FeatureError("these are single responses, without sides; extract from battles to have two")
        return self.values[self.rows[0]], self.values[self.rows[1]]

    def select(self, names: Any) -> FeatureTable:
        """Some of the columns, in the order asked for."""
        wanted = (
            [names] if isinstance(names, str) else [n.name if isinstance(n, Feature) else n for n in names]
        )
        features = FeatureSet([self.features[name] for name in wanted])
        columns = [self.names.index(name) for name in features.names]
        return replace(self, values=self.values[:, columns], features=features)

    def with_rows(self, row_a: NDArray[np.int64], row_b: NDArray[np.int64]) -> FeatureTable:
        """The same measurements seen as battles."""
        return replace(self, rows=(row_a, row_b))

    def to_frame(self) -> pd.DataFrame:
        """One column a feature; for battles one row a battle, ``name_a`` beside ``name_b``."""
        import pandas as pd

        if self.rows is None:
            return pd.DataFrame(self.values, columns=list(self.names))
        side_a, side_b = self.sides()
        both = np.stack([side_a, side_b], axis=2).reshape(len(side_a), -1)
        return pd.DataFrame(both, columns=[f"{name}_{side}" for name in self.names for side in "ab"])

    def __repr__(self) -> str:
        what = f"{len(self)} responses" if self.rows is None else f"{len(self.rows[0])} battles"
        return f"FeatureTable of {what} x {len(self.features)} features\n{self.to_frame().head(5)!r}"

    def _repr_html_(self) -> str:
        what = f"{len(self):,} responses" if self.rows is None else f"{len(self.rows[0]):,} battles"
        return f"<p>{what}, {len(self.features)} features</p>{self.to_frame().head(5).to_html()}"


def _counts_of(name: str) -> tuple[str, ...]:
    """The counters that a name stands for: a counter's own, or those a built-in feature sums."""
    sums = {"list_items": ("ordered_items", "bullet_items"), "sycophancy": CATEGORIES}
    if name in sums:
        return sums[name]
    if name.upper() not in Counter.__members__:
        known = [*(c.name.lower() for c in Counter), *sums]
        raise FeatureError(
            f"nothing is counted under the name {name!r}{nearest(name, known)}; there are {', '.join(known)}"
        )
    return (name,)


def ratio(
    name: str,
    counter: str | Sequence[str],
    *,
    per: str | Sequence[str] = "words",
    scale: float = 1.0,
    group: str = "own",
    unit: str | None = None,
    definition: str | None = None,
    contrast: Contrast = "difference",
) -> Feature:
    """A feature from counts that are made anyway: ``scale`` times one by another, 0 where there is nothing.

    Parameters
    ----------
    name : str
        Name of the feature.
    counter, per : str or list of str
        What is counted, and by what it is divided; the names of counts, or lists of names to add up.
    scale : float
        100 for "in 100 words".
    group, unit, definition, contrast
        As in :class:`Feature`.

    Examples
    --------
    >>> import llamastyle as ls
    >>> dense = ls.ratio("bold_density", "bold", per="words", scale=100)
    >>> float(ls.extract("**One** two three four.", dense).values[0, 0])
    25.0
    """
    over, under = (_all_counts(what) for what in (counter, per))
    words = f"{' + '.join(over)} by {' + '.join(under)}" + (f", times {scale:g}" if scale != 1 else "")
    return Feature(
        name,
        group,
        unit if unit is not None else f"{'+'.join(over)}/{'+'.join(under)}",
        definition or words,
        contrast=contrast,
        how=Recipe(over, under, scale),
    )


def _all_counts(what: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(c for name in ([what] if isinstance(what, str) else what) for c in _counts_of(name))


def from_counts(
    name: str,
    function: Callable[[Counts], Any],
    counts: Sequence[str],
    *,
    group: str = "own",
    unit: str = "",
    definition: str | None = None,
    contrast: Contrast = "difference",
) -> Feature:
    """A feature that is any function of counts that are made anyway.

    Parameters
    ----------
    name : str
        Name of the feature.
    function : callable
        Called with a mapping from the names in ``counts`` to float64 arrays, one value a text; returns such an array.
    counts : list of str
        The counts it needs.

    Examples
    --------
    >>> import llamastyle as ls
    >>> loud = ls.from_counts("marks", lambda c: c["bold"] + c["italic"], ["bold", "italic"])
    >>> float(ls.extract("**One** *two*", loud).values[0, 0])
    2.0
    """
    needed = _all_counts(counts)
    text = definition or f"a function of {', '.join(needed)}"
    return Feature(name, group, unit, text, contrast=contrast, how=Recipe(needed, function=function))


def pattern(
    name: str,
    regex: str | re.Pattern[str],
    *,
    flags: int = 0,
    group: str = "own",
    unit: str = "matches",
    definition: str | None = None,
    contrast: Contrast = "log_ratio",
) -> Feature:
    r"""A feature that counts the matches of a regular expression (slow beside the built-in ones).

    Parameters
    ----------
    name : str
        Name of the feature.
    regex : str or compiled pattern
        Matches that do not overlap are counted.
    flags : int
        Flags of ``re``, such as ``re.IGNORECASE``.

    Examples
    --------
    >>> import llamastyle as ls
    >>> hedges = ls.pattern("perhapses", r"\b(may|might|perhaps)\b")
    >>> float(ls.extract("It may, or it might.", hedges).values[0, 0])
    2.0
    """
    try:
        compiled = re.compile(regex, flags) if isinstance(regex, str) else regex
    except re.error as error:
        raise FeatureError(
            f"the regular expression of {name!r} is wrong at position {error.pos}: {error.msg}"
        ) from error
    text = definition or f"matches of {compiled.pattern}"
    return Feature(name, group, unit, text, contrast=contrast, how=Matches(compiled))


@dataclass(frozen=True, slots=True)
class Matches:
    """Count the matches of a pattern; a class so that features can be pickled."""

    compiled: re.Pattern[str]

    def __call__(self, text: str) -> int:
        return sum(1 for _ in self.compiled.finditer(text))


@overload
def per_text(function: Callable[[str], Any], /) -> Feature: ...
@overload
def per_text(
    *,
    name: str | None = None,
    group: str = "own",
    unit: str = "",
    definition: str | None = None,
    contrast: Contrast = "difference",
    step: Step = "one",
) -> Callable[[Callable[[str], Any]], Feature]: ...
def per_text(
    function: Callable[[str], Any] | None = None,
    /,
    *,
    name: str | None = None,
    group: str = "own",
    unit: str = "",
    definition: str | None = None,
    contrast: Contrast = "difference",
    step: Step = "one",
) -> Feature | Callable[[Callable[[str], Any]], Feature]:
    """A feature that is any function of one text; Python is called once a text, which is the slow way.

    Use it as a decorator, bare or with options.

    Examples
    --------
    >>> import llamastyle as ls
    >>> @ls.per_text
    ... def ends_with_offer(text: str) -> float:
    ...     return float(text.rstrip().endswith("?"))
    >>> float(ls.extract("Shall I go on?", ends_with_offer).values[0, 0])
    1.0
    """

    def make(what: Callable[[str], Any]) -> Feature:
        called = name if name is not None else getattr(what, "__name__", type(what).__name__)
        summary = (what.__doc__ or "").strip().split("\n")[0]
        text = definition or summary or f"the function {called}"
        return Feature(called, group, unit, text, contrast=contrast, step=step, how=what)

    return make if function is None else make(function)


def tokens(tokenizer: Callable[[str], Any], *, name: str = "tokens") -> Feature:
    """Length in tokens, by any tokenizer: a function from a text to a number, or to a list of tokens.

    Examples
    --------
    >>> import llamastyle as ls
    >>> float(ls.extract("One two three.", ls.tokens(str.split)).values[0, 0])
    3.0
    """
    if not callable(tokenizer):
        raise FeatureError(
            f"a tokenizer is a function from a text to a number or a list, not {type(tokenizer).__name__}; "
            "hand in its encode method"
        )
    return Feature(
        name,
        "length",
        "tokens",
        "tokens by the tokenizer handed in",
        contrast="log_ratio",
        step="ten_percent",
        how=_TokenCount(tokenizer),
    )


@dataclass(frozen=True, slots=True)
class _TokenCount:
    """Call a tokenizer and count what it returns."""

    tokenizer: Callable[[str], Any]

    def __call__(self, text: str) -> float:
        found = self.tokenizer(text)
        return float(found) if isinstance(found, (int, float, np.number)) else float(len(found))
