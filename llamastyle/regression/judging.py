"""audit_judge(): the experiment on a judge. What it prefers because of style, and not what goes with it."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from llamastyle.errors import DataError
from llamastyle.features.extraction import extract
from llamastyle.options import JudgePlot, check_option, real
from llamastyle.regression import judge_effects as effects
from llamastyle.regression.judge_calls import Asked, Cache, Call, ask
from llamastyle.regression.judge_design import (
    Comparison,
    Edit,
    Pairs,
    both_orders,
    comparisons,
    read_edits,
    read_pairs,
    read_rewrites,
)
from llamastyle.regression.judge_words import judge_story
from llamastyle.report import panels, trends
from llamastyle.report.files import page_file
from llamastyle.report.notebook import readable_frame, reading_html
from llamastyle.report.story import render_story, story_text

if TYPE_CHECKING:
    import altair as alt

__all__ = ["JudgeAudit", "audit_judge"]

CHECKED = ("words", "headers", "list_items", "bold", "emoji", "sycophancy")
"""What is measured before and after each edit."""
COMPARED = ("intervention", "dose", "pair", "side", "effect")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class JudgeAudit:
    """What a judge does when the same content comes in another style; made by `audit_judge`.

    Attributes
    ----------
    effects : pandas.DataFrame
        ``intervention, dose, answers, clusters, effect, std_error, conf_low, conf_high, p_value, q_value, verdict,
        note``, one row an edit and dose. ``effect`` is the mean change in P(the edited answer is preferred), both
        orders averaged, in [-1, 1]; ``p_value`` is of an effect within the margin, ``q_value`` its Benjamini-Hochberg
        value over edits; verdicts are ``preferred, penalised, within the margin, undetermined, insufficient data``,
        and for the null edit ``control holds, control fails, undetermined``.
    position : pandas.DataFrame
        ``what, answers, clusters, estimate, std_error, conf_low, conf_high, note``: what standing first is worth.
    correctness : pandas.DataFrame
        ``intervention, dose, edited, answers, clusters, accuracy, conf_low, conf_high, change, change_low,
        change_high, p_value, note``: preference for the right answer, plain and with the wrong or the right one
        edited; empty where nothing is known of it.
    doses : pandas.DataFrame
        ``intervention, doses, answers, clusters, slope, std_error, conf_low, conf_high, note``, a unit being one of the
        dose that was asked for (``changes`` says how much was put in); empty unless some edit was given in several.
    changes : pandas.DataFrame
        ``intervention, dose``, and what each edit changes in the answers on average, by feature.
    compared : pandas.DataFrame
        ``intervention, dose, pair, side, effect``, one row an edited answer.
    failed : pandas.DataFrame
        ``prompt, a, b, why``: calls that were not answered.
    calls, cached, retries : int
        Calls that were made, that the cache had, and that were made again.
    margin, level : float
    name : str
    notes : tuple of str

    Examples
    --------
    >>> import llamastyle as ls
    >>> arena = ls.simulate(60, 4, texts=True, seed=1)
    >>> longer = lambda prompt, a, b: len(a) / (len(a) + len(b))
    >>> found = ls.audit_judge(longer, arena.battles, {"null": None, "add:words": 5})
    >>> found.effects[["intervention", "verdict"]].values.tolist()
    [['null', 'control holds'], ['add:words', 'preferred']]
    """

    effects: pd.DataFrame
    position: pd.DataFrame
    correctness: pd.DataFrame
    doses: pd.DataFrame
    changes: pd.DataFrame
    compared: pd.DataFrame
    failed: pd.DataFrame
    calls: int
    cached: int
    retries: int
    margin: float
    level: float
    name: str
    notes: tuple[str, ...]

    def headline(self) -> str:
        """What the judge prefers because of style, in two sentences."""
        return judge_story(self).lede[0]

    def plot(self, kind: JudgePlot = "effects", *, width: int = 760) -> alt.LayerChart:
        """Effects with their intervals and the margin; or, of edits given in several doses, over the dose.

        Parameters
        ----------
        kind : {"effects", "doses"}
        width : int
            Pixels in all.

        Examples
        --------
        >>> import llamastyle as ls
        >>> answers = [{"prompt": f"q{i}", "response": f"It is {i}. That holds."} for i in range(20)]
        >>> longer = lambda prompt, a, b: len(a) / (len(a) + len(b))
        >>> found = ls.audit_judge(longer, answers, {"add:words": (10, 40)})
        >>> found.plot("doses").to_dict()["title"]["text"][0][:25]
        'add:words moves the judge'
        """
        if check_option("kind", kind, JudgePlot) == "doses":
            return trends.dose_chart(self.effects, self.doses, margin=self.margin, width=width)
        return panels.effect_chart(self.effects, margin=self.margin, width=width)

    def summary(self, width: int = 80) -> str:
        """Effects, control, position and correctness as text for a terminal."""
        return story_text(judge_story(self), width)

    def report(self, path: str | Path | None = None) -> Path | str:
        """All of it as one HTML page that needs nothing else.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it, whole or not at all; without one the page is returned as text.
        """
        return page_file(lambda: render_story(judge_story(self)), path, "judge.html")

    def __repr__(self) -> str:
        return f"<JudgeAudit of {len(self.effects)} edits and {self.calls + self.cached:,} calls; see effects>"

    def __str__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        shown = self.effects.drop(columns=["std_error", "p_value"])
        return f"<p><b>{html.escape(self.headline())}</b></p>{reading_html(shown)}"


def audit_judge(
    judge: Callable[..., Any],
    pairs: Any,
    interventions: Any = None,
    *,
    rewrites: Any = None,
    batch_size: int | None = None,
    concurrency: int = 1,
    retries: int = 2,
    budget: int | None = None,
    cache: str | Path | None = None,
    name: str | None = None,
    margin: float = 0.02,
    level: float = 0.95,
    seed: int = 0,
    progress: bool | None = None,
) -> JudgeAudit:
    """Restyle answers without touching what they say, and see what that does to a judge.

    Every answer is edited, and the judge compares it in both orders: with the other answer of its pair, beside the same
    comparison without the edit; or, where answers come one by one, with itself as it was. That is an experiment: what
    it finds is *because of* the edit.

    Parameters
    ----------
    judge : callable
        ``judge(prompt, a, b)`` returns P(a is better) in [0, 1], or ``"a"``, ``"b"`` or ``"tie"``; plain or async.
    pairs : Battles, None, or anything with the columns that `read_battles` reads
        ``response_a, response_b`` (or ``response`` alone), and where there ``prompt, prompt_id, correct_a, correct_b``.
        Votes play no part.
    interventions : list of names, or mapping, optional
        ``"null"``, ``"strip:markdown"``, ``"add:emoji"`` and the like, as `restyle` knows them; a mapping gives each
        name a function from text to text, or a dose or several: ``{"add:bold": (1, 3, 6)}``.
    rewrites : frame, path, list of dicts, optional
        Counterfactual pairs made elsewhere: ``prompt, original, rewrite, intervention``, and ``rewritten_back`` where
        the rewrite was written back: then the rewrite meets that, since a rewriter leaves its own mark on whatever it
        writes.
    batch_size : int, optional
        Call ``judge(list of (prompt, a, b))``, which returns a list.
    concurrency : int
        Calls, or batches, under way at once: threads for a plain judge, tasks for an async one.
    retries : int
        How often a call that raised is made again, after a wait that doubles.
    budget : int, optional
        Most calls to make, those made again included; with fewer than it takes, some of the prompts are left out, drawn
        by ``seed``.
    cache : path, optional
        A file that keeps every answer as it comes; a run that was cut off goes on where it was.
    name : str, optional
        What the judge is called in the cache; by default its ``__name__``. Another prompt or model needs another name,
        and a judge whose own does not tell it apart (a lambda, a partial, an object or its method, a function
        made inside another) needs this.
    margin : float
        Change in win probability that counts as nothing.
    level : float
        Of intervals.
    seed : int
    progress : bool, optional
        A bar on stderr; by default on a terminal.

    Returns
    -------
    JudgeAudit

    Raises
    ------
    DataError
        No pairs, an unknown edit, a judge that fails on its first calls, a budget too small for one prompt.

    Examples
    --------
    >>> import llamastyle as ls
    >>> answers = [{"prompt": f"q{i}", "response": f"It is {i}. That holds."} for i in range(20)]
    >>> likes_emoji = lambda prompt, a, b: 0.5 + 0.25 * (("\\U0001f389" in a) - ("\\U0001f389" in b))
    >>> party = {"party": lambda text: text + " \\U0001f389"}
    >>> found = ls.audit_judge(likes_emoji, answers, party)
    >>> found.effects[["effect", "verdict"]].values.tolist()
    [[0.25, 'preferred']]
    """
    _check(judge, batch_size, concurrency, retries, budget, margin, level)
    groups: list[_Group] = []
    if pairs is not None:
        read, edits = read_pairs(pairs), read_edits(interventions)
        groups.append(_Group(read, edits, comparisons(read, edits), True))
    if rewrites is not None:
        groups.append(_Group(*read_rewrites(rewrites), False))
    if not groups:
        raise DataError("there is nothing to ask the judge about: hand in pairs, or rewrites")
    called = name or getattr(judge, "__name__", "<lambda>")
    nameless = "<" in getattr(judge, "__qualname__", "<") or inspect.ismethod(judge)
    if cache is not None and name is None and nameless:
        raise DataError(
            "cache= needs name=: this judge was made inside another function or object, so that its own name does not"
            " say what it answers"
        )
    store = Cache(cache, called)
    notes = [f"{store.unreadable} lines of the cache could not be read and were left out"] * (store.unreadable > 0)
    kept, asked = [], []
    for group in groups:
        left = None if budget is None else budget - sum(one.made + one.retries for one in asked)
        group, cost = _within(group, store, left, seed, notes)
        options = {"batch_size": batch_size, "concurrency": concurrency, "retries": retries, "progress": progress}
        kept.append(group)
        asked.append(ask(judge, _calls(group), store, spare=None if left is None else left - cost, **options))
    if store.unwritten:
        notes.append(f"the cache could not be written ({store.unwritten}): later answers are in this result alone")
    return _found(kept, asked, margin, level, called, notes, progress)


@dataclass(frozen=True, slots=True)
class _Group:
    """Answers, edits of them, and what compares them; ``whole``: position and correctness are asked for too."""

    pairs: Pairs
    edits: Sequence[Edit]
    made: Sequence[Comparison]
    whole: bool
    rows: Sequence[int] = ()

    def take(self, rows: Sequence[int]) -> _Group:
        """Some of the pairs, with their comparisons."""
        place = {row: k for k, row in enumerate(rows)}
        made = [c._replace(pair=place[c.pair]) for c in self.made if c.pair in place]
        return replace(self, pairs=self.pairs.take(rows), made=made, rows=rows)


def _check(
    judge: Any, batch_size: Any, concurrency: Any, retries: Any, budget: Any, margin: float, level: float
) -> None:
    if not callable(judge):
        raise DataError(f"judge={judge!r} must be a function of (prompt, a, b)")
    whole = {"batch_size": batch_size, "concurrency": concurrency, "retries": retries, "budget": budget}
    for option, value in whole.items():
        least = 0 if option == "retries" else 1
        optional = option in ("batch_size", "budget") and value is None
        if optional:
            continue
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise DataError(f"{option}={value!r} must be a whole number of at least {least}")
    if not 0 <= real(margin) < 0.5:
        raise DataError(f"margin={margin!r} must lie in [0, 0.5), in win probability, for example 0.02")
    if not 0.5 <= real(level) < 1:
        raise DataError(f"level={level!r} must lie in [0.5, 1), for example 0.95")


def _calls(group: _Group) -> list[Call]:
    """Everything to ask, pair by pair, so that what a crash leaves is whole."""
    return [call for own in _by_pair(group) for call in own]


def _by_pair(group: _Group) -> list[list[Call]]:
    pairs = group.pairs
    wanted: list[list[Call]] = [[] for _ in range(len(pairs))]
    for c in group.made:
        wanted[c.pair] += [*c.edited, *(c.plain or ())]
    for row, own in enumerate(wanted if group.whole else ()):
        sides = [texts[row] for texts in (pairs.a, pairs.b) if texts]
        own += [Call(pairs.prompt[row], text, text) for text in sides]
        if pairs.b:
            own += both_orders(pairs.prompt[row], pairs.a[row], pairs.b[row])
    return wanted


def _within(group: _Group, store: Cache, left: int | None, seed: int, notes: list[str]) -> tuple[_Group, int]:
    """What a budget allows of a group, whole prompts of it, and how many calls these take."""
    clusters, at = np.unique(group.pairs.cluster, return_inverse=True)
    wanted: list[set[Call]] = [set() for _ in clusters]
    for row, calls in enumerate(_by_pair(group)):
        wanted[at[row]].update(call for call in calls if store.get(call) is None)
    if left is None or len(set().union(*wanted)) <= left:
        return group, len(set().union(*wanted))
    kept: list[int] = []
    rest = left
    for k in np.random.default_rng(seed).permutation(clusters.size).tolist():
        if len(wanted[k]) <= rest:
            kept.append(k)
            rest -= len(wanted[k])
    if not kept and group.whole:
        raise DataError(
            f"the budget leaves {left} calls, and one prompt takes {min(map(len, wanted))}: allow more, or ask for"
            " fewer"
            " interventions"
        )
    notes.append(f"budget: {len(kept)} of {clusters.size} prompts, drawn by seed {seed}")
    return group.take(np.flatnonzero(np.isin(at, kept)).tolist()), left - rest


def _found(
    groups: Sequence[_Group],
    asked: Sequence[Asked],
    margin: float,
    level: float,
    name: str,
    notes: list[str],
    progress: bool | None,
) -> JudgeAudit:
    rows, compared, doses = [], [], []
    for group, one in zip(groups, asked, strict=True):
        change = effects.changes(one.preference, group.made)
        told = group.pairs, group.edits, group.made, change
        away = np.abs(np.array(list(one.preference.values())) - 0.5)
        coarse = bool(np.mean(away[away > 0.1] > 0.45) > 0.5) if (away > 0.1).any() else False  # as good as winners
        rows.append(effects.effect_rows(*told, margin, level, coarse))
        doses.append(effects.dose_frame(*told, level))
        compared += [
            (group.edits[c.edit].name, group.edits[c.edit].dose, _row(group, c.pair), "ab"[c.side], e)
            for c, e in zip(group.made, change.tolist(), strict=True)
        ]
    first, known = groups[0], asked[0].preference
    lost = [(*call, why) for one in asked for call, why in one.failed.items()]
    made, cached = sum(one.made for one in asked), sum(one.cached for one in asked)
    notes += [f"{len(lost)} of {made + cached} calls failed ({lost[0][-1]})"] if lost else []
    whole = first if first.whole else replace(first, pairs=first.pairs.take([]), made=[])
    return JudgeAudit(
        effects=readable_frame(effects.with_verdicts(pd.concat(rows, ignore_index=True), margin, level)),
        position=readable_frame(effects.position_frame(whole.pairs, known, level)),
        correctness=readable_frame(
            effects.correctness_frame(whole.pairs, whole.edits, whole.made, known, level), change="% points"
        ),
        doses=readable_frame(doses[0], slope="% points"),
        changes=pd.concat([_changes(group.edits, group.made, progress) for group in groups], ignore_index=True),
        compared=pd.DataFrame(compared, columns=list(COMPARED)),
        failed=pd.DataFrame(lost, columns=["prompt", "a", "b", "why"]),
        calls=made,
        cached=cached,
        retries=sum(one.retries for one in asked),
        margin=margin,
        level=level,
        name=name,
        notes=tuple(notes),
    )


def _row(group: _Group, pair: int) -> int:
    """Which row of what was handed in."""
    return int(group.rows[pair]) if len(group.rows) else pair


def _changes(edits: Sequence[Edit], made: Sequence[Comparison], progress: bool | None) -> pd.DataFrame:
    """What each edit changes in the answers, on average."""
    columns = ["intervention", "dose", *CHECKED]
    texts = {
        k: list(dict.fromkeys((c.edited[0].a, _before(c)) for c in made if c.edit == k)) for k in range(len(edits))
    }
    flat = [text for found in texts.values() for both in found for text in both]
    if not flat:
        return pd.DataFrame(columns=columns)
    values = extract(flat, list(CHECKED), progress=progress).values
    gap, at = values[0::2] - values[1::2], 0
    rows: list[list[Any]] = []
    for k, edit in enumerate(edits):
        own = gap[at : at + len(texts[k])]
        at += len(texts[k])
        rows.append([edit.name, edit.dose, *(own.mean(axis=0) if len(own) else np.full(len(CHECKED), np.nan))])
    return pd.DataFrame(rows, columns=columns)


def _before(c: Comparison) -> str:
    """The answer as it was."""
    return c.edited[0].b if c.plain is None else c.plain[0].a
