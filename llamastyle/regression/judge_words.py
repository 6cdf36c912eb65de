"""The experiment on a judge, told as a page of sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from llamastyle.report import panels
from llamastyle.report.labels import signed
from llamastyle.report.story import Section, Story

if TYPE_CHECKING:
    from llamastyle.regression.judging import JudgeAudit

__all__ = ["judge_story"]

LICENCE = (
    "The content of an answer stays and its style changes, so that what is found here is because of the edit, for this"
    " judge and answers like these. Whether an edit does more than it says, such as making an answer longer, stands"
    " in the"
    " table of what it changes."
)


def judge_story(audit: JudgeAudit) -> Story:
    """The page of an audit."""
    made = [_effects(audit), _control(audit), _position(audit), _correctness(audit), _doses(audit), _checked(audit)]
    sections = [section for section in made if section is not None]
    return Story(
        title=f"What {audit.name} prefers because of style",
        lede=[_headline(audit), *audit.notes],
        label="an experiment",
        sections=sections,
        licence=LICENCE,
        closing=[
            f"Shown: what these edits do to this judge on {_answers(audit):,} edited answers.",
            "Not shown: what it would do with other prompts or models, and whether people would do the same.",
        ],
    )


EFFECTS = "intervention dose effect conf_low conf_high verdict q_value answers clusters p_value note"
POSITION = "what estimate conf_low conf_high answers clusters note"
CORRECTNESS = (
    "intervention dose edited change change_low change_high accuracy conf_low conf_high p_value answers clusters note"
)
DOSES = "intervention slope conf_low conf_high doses answers clusters note"


def _ordered(frame: Any, names: str) -> pd.DataFrame:
    """What matters first, for screens that have no room for all; notes where there are some."""
    kept = [name for name in names.split() if name != "note" or any(frame["note"])]
    return frame[kept]


def _answers(audit: JudgeAudit) -> int:
    return sum(audit.effects["answers"].tolist())


def _points(row: Any, value: str, low: str, high: str) -> str:
    """A change in win probability, in points, with its interval."""
    ends = f" [{100 * row[low]:.1f}, {100 * row[high]:.1f}]" if np.isfinite(row[low]) else ""
    return f"{signed(100 * row[value], 1)}{ends}"


def _headline(audit: JudgeAudit) -> str:
    table: Any = audit.effects
    found: Any = table[table["verdict"].isin(["preferred", "penalised"])]
    tried = int((~table["verdict"].str.startswith("control") & (table["intervention"] != "null")).sum())
    if not len(found):
        within = int(((table["verdict"] == "within the margin") & (table["intervention"] != "null")).sum())
        first = (
            f"None of {tried} edits is found to move {audit.name} beyond a margin of {100 * audit.margin:g} points:"
            f" {within} within it, {tried - within} not known well enough."
        )
    else:
        top = found.loc[found["effect"].abs().idxmax()]
        first = (
            f"{len(found)} of {tried} edits move {audit.name} beyond a margin of {100 * audit.margin:g} points, most"
            " of all"
            f" {_called(top)}: {_points(top, 'effect', 'conf_low', 'conf_high')} points of win probability."
        )
    return f"{first} {_control_words(audit)}{_first_words(audit)}"


def _first_words(audit: JudgeAudit) -> str:
    """What standing first is worth, where that is more than an edit may be."""
    told: Any = audit.position[audit.position["estimate"].notna()]
    if not len(told):
        return ""
    row = told.iloc[0]
    if not max(row["conf_low"], -row["conf_high"]) > audit.margin:
        return ""
    return f" Standing first is worth {_points(row, 'estimate', 'conf_low', 'conf_high')} points to it."


def _called(row: Any) -> str:
    return f"{row['intervention']}" + (f" (dose {row['dose']:g})" if row["dose"] != 1 else "")


def _control_words(audit: JudgeAudit) -> str:
    own: Any = audit.effects[audit.effects["intervention"] == "null"]
    if not len(own):
        return "There was no null edit as a control."
    row = own.iloc[0]
    words = {
        "control holds": "The null edit, which changes nothing, lies within the margin",
        "control fails": "The null edit, which changes nothing, lies BEYOND the margin: trust nothing here",
        "undetermined": "The null edit could not be told from the margin",
        "insufficient data": "There is too little to test the null edit",
    }
    shown = f" ({_points(row, 'effect', 'conf_low', 'conf_high')})" if np.isfinite(row["effect"]) else ""
    return f"{words[row['verdict']]}{shown}."


def _effects(audit: JudgeAudit) -> Section:
    return Section(
        "effects",
        "What each edit does to the preference for the edited answer",
        ["Change in P(the edited answer is preferred), averaged over both orders, content unchanged."],
        chart=partial(_drawn, audit.effects, audit.margin) if any(e == e for e in audit.effects["effect"]) else None,
        table=_ordered(audit.effects, EFFECTS),
        caption="Effects in win probability, in [-1, 1]",
        digits=3,
        source=f"{audit.calls:,} calls made, {audit.cached:,} known from before, {audit.retries:,} made again.",
        caveat=f"p is of an effect within the margin of {audit.margin:g}, q over all edits; errors are by prompt.",
    )


def _drawn(frame: pd.DataFrame, margin: float, width: int) -> Any:
    return panels.effect_chart(frame, margin=margin, width=width)


def _control(audit: JudgeAudit) -> Section | None:
    own = audit.effects[audit.effects["intervention"] == "null"]
    if not len(own):
        return None
    return Section("control", _control_words(audit), ["An audit whose control fails says nothing of the other edits."])


def _position(audit: JudgeAudit) -> Section | None:
    table: Any = audit.position[audit.position["estimate"].notna()]
    if not len(table):
        return None
    row = table.iloc[0]
    says = [f"Between two identical texts the first has {_points(row, 'estimate', 'conf_low', 'conf_high')} points."]
    kept = table[table["what"] == "same winner in both orders"]
    if len(kept):
        share = 100 * kept["estimate"].iloc[0]
        says.append(f"In the other order the judge has the same winner in {share:.0f} % of pairs.")
    return Section(
        "position", "What standing first is worth", says, table=_ordered(audit.position, POSITION),
        caption="P(first) minus one half, and shares of pairs", digits=3,
        caveat="Effects of edits are averaged over both orders, so that this is not in them.",
    )  # fmt: skip


def _correctness(audit: JudgeAudit) -> Section | None:
    table: Any = audit.correctness
    if not len(table):
        return None
    plain = table.iloc[0]
    dressed: Any = table[(table["edited"] == "wrong") & table["p_value"].notna()]
    says = [f"Where exactly one answer is right, it is preferred with {100 * plain['accuracy']:.1f} %."]
    title = "Does a wrong answer win when it is dressed up?"
    if len(dressed):
        worst = dressed.loc[dressed["change"].idxmin()]
        clear = worst["change"] < 0 and worst["p_value"] * len(dressed) <= 1 - audit.level
        told = "the largest rise" if clear else f"not clear of zero among {len(dressed)} edits"
        turned = {"up": -worst["change"], "low": -worst["change_high"], "high": -worst["change_low"]}
        says.append(
            f"With {_called(worst)} the wrong answer's preference changes by {_points(turned, 'up', 'low', 'high')}"
            f" points, {told}."
        )
        title = "A wrong answer wins more often dressed up" if clear else "No edit clearly helps a wrong answer"
    return Section(
        "correctness", title, says, table=_ordered(table, CORRECTNESS), digits=3,
        caption="Preference for the right answer, and what an edit changes in it",
        caveat="Correctness is as labelled in the pairs.",
    )  # fmt: skip


def _doses(audit: JudgeAudit) -> Section | None:
    if not len(audit.doses):
        return None
    return Section(
        "dose", "More of it", ["The slope of each effect on how much was added."],
        table=_ordered(audit.doses, DOSES), caption="Change in win probability a unit of dose", digits=4,
        caveat="A straight line through the doses that were asked for; where an answer has no room for so many, fewer"
        " were put in, as the table of changes shows.",
    )  # fmt: skip


def _checked(audit: JudgeAudit) -> Section:
    return Section(
        "changes", "What each edit changes in the answers", ["Mean over edited answers, edited minus as it was."],
        table=audit.changes, caption="Changes by feature", digits=2,
        caveat="An edit that adds words is also an edit of length.",
    )  # fmt: skip
