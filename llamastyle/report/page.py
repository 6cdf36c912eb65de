"""One self-contained HTML page: frames and words in, a text out that needs nothing from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.report import charts, marks
from llamastyle.report.bars import account_of
from llamastyle.report.colours import DARK, LIGHT, colour
from llamastyle.report.drawn import drawn_account, drawn_standing
from llamastyle.report.labels import shortened, signed, with_ends
from llamastyle.report.page_tables import (
    FLAGGED,
    Table,
    audit_table,
    checks_table,
    contributor_table,
    missing_table,
    overlap_table,
    override_table,
    parts_table,
    price_table,
    rate_table,
    rating_table,
    sensitivity_table,
    sized,
)
from llamastyle.report.pages import Figure, drawn_figure, environment, looks, markup
from llamastyle.report.side_by_side import Compared, Exhibit, compared, shared_legend
from llamastyle.report.tables import clean

if TYPE_CHECKING:
    from llamastyle.options import Scale

__all__ = ["Contents", "Gap", "clearest", "render_page"]

PHONE = 400  # pixels of a waterfall, which is drawn once for a screen and for a phone
MANY, DRAWN = 100, 60
"""Models up to which all are drawn; where there are more, so many are."""
NAMED = 3
"""Features that a sentence names."""


@dataclass(frozen=True, slots=True, eq=False)
class Gap:
    """What a page shows of two models.

    Attributes
    ----------
    title, words : str
        The gap in words, or why there is none.
    answer : str
        The share of style, in a sentence; empty where there is none.
    parts : DataFrame or None
        ``block, group, term, estimate, conf_low, conf_high, share, share_low, share_high`` of the gap in
        raw ratings, in Arena points.
    win_parts : DataFrame or None
        The same columns, of the gap in win rates, in [-1, 1].
    """

    title: str
    words: str
    parts: pd.DataFrame | None = None
    win_parts: pd.DataFrame | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """What a page shows. A frame that is None, or has no rows, is left out with its section.

    Attributes
    ----------
    title, headline : str
        The answer in two sentences, or the reason why there is none.
    correctness : str
        What correctness was used, of how many battles.
    licence : str
        Which words the figures allow.
    facts : mapping of str to str
        Size of the data and how errors were taken, in a few words each.
    why : str
        Why there are no verdicts, and the ways out; empty when there are some.
    control : str
        What the controlled ratings hold equal, in words.
    margin : float
        Arena points of inflation that count as nothing.
    level : float
        Level of the intervals.
    ratings : DataFrame or None
        ``model, battles, win_rate, rating_plain, rating_plain_low, rating_plain_high, rating_raw,
        rating, conf_low, conf_high, rank_plain, rank, rank_low, rank_high``
    audit : DataFrame or None
        ``model, battles, win_rate, parity_change, change_low, change_high, rank_plain, rank, inflation,
        inflation_low, inflation_high, q_value, unusual, top_feature, verdict, battles_needed, note``
    prices : DataFrame or None
        ``term, group, block, contrast, scale, estimate, conf_low, conf_high, p_value``, log-odds per
        recorded scale, without strengths.
    rates : DataFrame or None
        ``term, unit, estimate, conf_low, conf_high, note``: right answers that a step is worth.
    overrides : DataFrame or None
        ``index, wrong_side_has, battles, rate, conf_low, conf_high, note``
    parts : DataFrame or None
        ``model, block, group, term, estimate, conf_low, conf_high, share, share_low, share_high`` in
        Arena points; models with figures only.
    win_parts : DataFrame or None
        The same columns, of each model's win rate less one half, in [-1, 1].
    standings : DataFrame or None
        ``model, term, mean, field, spread, standing``: features of each model's answers beside the field's.
    exhibits : mapping of str to sequence of Exhibit
        Battles of some models; all with the same groups and definitions.
    exhibited : str
        Which battles these are, or why there are none; empty where nobody would ask.
    gap : Gap or None
        Of two models that were asked about.
    missing : DataFrame or None
        ``model, battles, win_rate, note``: models without figures, with the reason.
    limits : sequence of (str, str)
        What the data cannot say: topic and sentence.
    overlap : DataFrame or None
        ``model, battles, near_parity, lowest, median, highest, extrapolated``
    sensitivity : DataFrame or None
        ``term, estimate, partial_r2, robustness_value, robustness_value_level, benchmark, adjusted, note``
    checks : DataFrame or None
        ``check, value, note``
    methods : sequence of (str, str, str)
        How figures were made: topic, sentences, and the section of the page that shows them.
    settings, versions : mapping of str to str
    reproduce : sequence of str
        Lines of Python that make the page again.
    """

    title: str
    headline: str
    correctness: str
    licence: str
    facts: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    control: str = "style"
    margin: float = 20.0
    level: float = 0.95
    ratings: pd.DataFrame | None = None
    audit: pd.DataFrame | None = None
    prices: pd.DataFrame | None = None
    rates: pd.DataFrame | None = None
    overrides: pd.DataFrame | None = None
    parts: pd.DataFrame | None = None
    win_parts: pd.DataFrame | None = None
    standings: pd.DataFrame | None = None
    exhibits: Mapping[str, Sequence[Exhibit]] = field(default_factory=dict)
    exhibited: str = ""
    gap: Gap | None = None
    missing: pd.DataFrame | None = None
    limits: Sequence[tuple[str, str]] = ()
    overlap: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    checks: pd.DataFrame | None = None
    methods: Sequence[tuple[str, str, str]] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    reproduce: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Model:
    """What the page shows of one model: its place in the list, words, drawings, tables, battles."""

    name: str
    verdict: str
    amount: str
    says: tuple[str, ...]
    figures: tuple[Figure, ...] = ()
    contributors: Table | None = None
    table: Table | None = None
    battles: tuple[Compared, ...] = ()
    key: tuple[str, ...] = ()


def render_page(contents: Contents) -> str:
    """The page as one HTML text that asks for nothing outside itself.

    Examples
    --------
    >>> page = render_page(Contents("Votes", "No verdict: <too few>.", "no correctness", "associated with style"))
    >>> "&lt;too few&gt;" in page, "://" in page
    (True, False)
    """
    return environment().get_template("page.html").render(**_view(contents))


def _view(c: Contents) -> dict[str, Any]:
    rated: Any = None if c.ratings is None else c.ratings[c.ratings["rating"].notna()]
    models = _models(c)
    links = {model.name: f"#model-{k}" for k, model in enumerate(models, 1)}
    exhibits = [exhibit for some in c.exhibits.values() for exhibit in some]
    return {
        "c": c,
        **looks(),
        "ladder": _ladder(rated, c.control),
        "ladder_table": _made(rating_table, rated, c.level, links),
        "audit": _made(audit_table, c.audit, c.level, links),
        "prices": None if _none(c.prices) else drawn_figure(lambda w: charts.prices(c.prices, width=w)),  # type: ignore[arg-type]
        "price_table": _made(price_table, c.prices, c.level),
        "rate_table": _made(rate_table, c.rates, c.level),
        "override_table": _made(override_table, c.overrides, c.level),
        "gap_figures": _gap_figures(c.gap),
        "gap_tables": _gap_tables(c),
        "models": models,
        "spread": not _none(c.standings) and c.standings["spread"].notna().any(),  # type: ignore[index,union-attr]
        "drawn": sum(bool(model.figures) for model in models),
        "legend": shared_legend(exhibits) if exhibits else "",
        "marks": markup(marks.stylesheet(len(exhibits[0].groups))) if exhibits else "",
        "papers": {name: marks.variables(paper) for name, paper in (("light", LIGHT), ("dark", DARK))},
        "missing": _made(missing_table, c.missing),
        "overlap": _made(overlap_table, c.overlap),
        "sensitivity": _made(sensitivity_table, c.sensitivity),
        "checks": _made(checks_table, c.checks),
    }


def _none(frame: pd.DataFrame | None) -> bool:
    return frame is None or not len(frame)


def _made(make: Callable[..., Table], frame: pd.DataFrame | None, *options: Any) -> Table | None:
    table = None if frame is None or not len(frame) else make(frame, *options)
    return table if table and table.rows else None


# -- figures ---------------------------------------------------------------------------------------


def _ladder(rated: pd.DataFrame | None, control: str) -> Figure | None:
    if rated is None or len(rated) < 2:
        return None
    return drawn_figure(lambda width: charts.ladder(rated, control=control, width=width))


def _waterfall(parts: pd.DataFrame, model: str, heading: str, unit: Scale) -> Figure:
    account = account_of(parts, unit)
    label = f"{clean(model)}: {heading}. {account.says}"
    return Figure(heading, account.says, markup(drawn_account(account, label, PHONE)))


def _gap_figures(gap: Gap | None) -> list[Figure]:
    if gap is None or gap.parts is None or gap.win_parts is None:
        return []
    return [
        _waterfall(gap.parts, gap.title, "Gap in ratings", "rating"),
        _waterfall(gap.win_parts, gap.title, "Gap in win rates", "win_rate"),
    ]


def _gap_tables(c: Contents) -> list[Table]:
    if c.gap is None:
        return []
    made = (
        _made(parts_table, c.gap.parts, f"{c.gap.title}: the gap in ratings", c.level),
        _made(parts_table, c.gap.win_parts, f"{c.gap.title}: the gap in win rates", c.level, "win_rate"),
    )
    return [table for table in made if table]


def _standing(rows: pd.DataFrame, model: str) -> Figure | None:
    """Where a model's answers stand, feature by feature."""
    known: Any = rows[rows["standing"].notna()]
    known = known.to_dict("records")
    if not known:
        return None
    drawn = [
        {
            "name": shortened(r["term"], 21),
            "standing": float(r["standing"]),
            "colour": colour(r["group"]),
        }
        for r in known
    ]
    far = max(known, key=lambda r: abs(r["standing"]))
    says = (
        f"Furthest from the field: {far['term']}, {signed(far['standing'], 1)} spreads ({sized(far['mean'])} an answer;"
        f" field {sized(far['field'])}). The band is one spread of the models' means on either side."
    )
    heading = "Its answers against the field"
    return Figure(heading, says, markup(drawn_standing(drawn, f"{clean(model)}: {heading}. {says}", PHONE)))


def clearest(audit: pd.DataFrame | None, having: Collection[str]) -> list[str]:
    """Those of the models that have something, flagged ones before others, then the largest inflation either way.

    Examples
    --------
    >>> verdicts = ["inflated", "neutral", "deflated"]
    >>> audit = pd.DataFrame({"model": list("abc"), "verdict": verdicts, "inflation": [30.0, 1.0, -90.0]})
    >>> clearest(audit, "abc")
    ['c', 'a', 'b']
    """
    rows = [] if audit is None else audit.to_dict("records")
    kept = [r for r in rows if str(r["model"]) in having]
    kept.sort(key=lambda r: (FLAGGED.get(str(r["verdict"])) == "muted", -abs(float(r["inflation"]))))
    return [str(r["model"]) for r in kept]


def _models(c: Contents) -> list[_Model]:
    """One entry a model with figures, in the order of the audit; of very many only the clearest are drawn."""
    if c.parts is None or not len(c.parts):
        return []
    rating = {str(m): rows for m, rows in c.parts.groupby("model", sort=False)}
    rates = {} if c.win_parts is None else {str(m): rows for m, rows in c.win_parts.groupby("model", sort=False)}
    audited = {} if c.audit is None else {str(r["model"]): r for r in c.audit.to_dict("records")}
    stand = {} if c.standings is None else {str(m): rows for m, rows in c.standings.groupby("model", sort=False)}
    order = [name for name in audited if name in rating] + [name for name in rating if name not in audited]
    drawn = set(order if len(order) <= MANY else clearest(c.audit, rating)[:DRAWN])
    return [
        _model(name, rating[name], rates.get(name), audited.get(name, {}), stand.get(name), name in drawn, c)
        for name in order
    ]


def _model(
    name: str,
    rating: pd.DataFrame,
    rates: pd.DataFrame | None,
    row: Mapping[Any, Any],
    stand: pd.DataFrame | None,
    is_drawn: bool,
    c: Contents,
) -> _Model:
    terms: Any = rating[(rating["block"] == "style") & (rating["term"] != "")]
    says = tuple(words for words in (_won(row, c.level), _moved(terms)) if words)
    exhibits = c.exhibits.get(name, ())
    figures: list[Figure | None] = []
    contributors = None
    if is_drawn:
        figures.append(_waterfall(rating, name, "Raw rating against the field", "rating"))
        if rates is not None:
            figures.append(_waterfall(rates, name, "Win rate against one half", "win_rate"))
        if stand is not None and len(terms):
            beside = terms.merge(stand.drop(columns="model"), on="term", how="left")
            figures.append(_standing(beside, name))
            contributors = contributor_table(beside, f"{name}: what moves its inflation most", c.level)
    whole: Any = rating if contributors is None else rating[rating["term"] == ""]
    labels = {label for exhibit in exhibits for _, view in exhibit.sides for label in view[3]}
    return _Model(
        name=name,
        verdict=str(row.get("verdict", "")),
        amount=_amount(row),
        says=says,
        figures=tuple(f for f in figures if f is not None),
        contributors=contributors,
        table=parts_table(whole, f"{name}: raw rating against the field", c.level) if is_drawn else None,
        battles=tuple(compared(exhibit, legend=False) for exhibit in exhibits),
        key=tuple(dict.fromkeys(exhibits[0].groups[label] for label in exhibits[0].groups if label in labels))
        if exhibits
        else (),
    )


def _amount(row: Mapping[Any, Any]) -> str:
    """A model's inflation, for the line that opens its part."""
    value = row.get("inflation", float("nan"))
    return "" if value != value else f"{with_ends(value, row['inflation_low'], row['inflation_high'], 1)} points"


def _moved(terms: pd.DataFrame) -> str:
    """The features that move an inflation most, in a sentence."""
    rows = sorted(terms.to_dict("records"), key=lambda r: -abs(r["estimate"]))[:NAMED]
    told = [f"{r['term']} {with_ends(r['estimate'], r['conf_low'], r['conf_high'], 1)}" for r in rows]
    return f"Its inflation goes most with {'; '.join(told)} Arena points." if told else ""


def _won(row: Mapping[Any, Any], level: float) -> str:
    """A model's win rate as it is and at parity, in a sentence."""
    change = row.get("parity_change", float("nan"))
    if change != change:
        return ""
    at = 100 * (row["win_rate"] - change)
    beyond = next((f"; {part}" for part in str(row["note"]).split("; ") if part.startswith("extrapolated")), "")
    return (
        f"Won {100 * row['win_rate']:.1f} % of {row['battles']:,} battles; at style parity {at:.1f} % (parity change"
        f" {with_ends(100 * change, 100 * row['change_low'], 100 * row['change_high'], 1)} points,"
        f" {100 * level:g} % interval{beyond})."
    )
