"""What a page tells of a result: its tables, its words, and what the data cannot say."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

import pandas as pd

from llamastyle.errors import FitError
from llamastyle.features.catalog import list_features
from llamastyle.options import Scale, nearest
from llamastyle.regression.diagnostics import NEAR_PARITY
from llamastyle.regression.exhibits import decided_exhibits
from llamastyle.regression.handling import likelihood_words
from llamastyle.regression.inference import MIN_CLUSTERS
from llamastyle.regression.standings import standings_frame
from llamastyle.regression.wording import error_words, gap_answer, gap_words, headline
from llamastyle.report.labels import shortened
from llamastyle.report.page import Contents, Gap, clearest
from llamastyle.report.page_tables import FLAGGED

if TYPE_CHECKING:
    from llamastyle.regression.result import StyleResult
    from llamastyle.report.side_by_side import Exhibit

__all__ = ["EXHIBITS", "account", "contents", "controlled_words"]

MARGIN = 20.0  # Arena points that count as nothing: the default of `StyleResult.audit`
NAMED = 8  # so many names stand in a sentence before the rest is counted
EXHIBITED = 30  # models whose battles the page shows
LONGEST = 1_200  # code points of an answer that the page shows
EXHIBITS, MOST_EXHIBITS = 2, 20  # battles of each of them: unless asked for, and at most
PACKAGES = ("llamastyle", "numpy", "scipy", "pandas", "pyarrow")


def contents(
    result: StyleResult, title: str | None = None, compare: Sequence[str] | None = None, exhibits: int = EXHIBITS
) -> Contents:
    """Everything that the page of a result shows.

    Parameters
    ----------
    result : StyleResult
    title : str, optional
        By default the size of the data.
    compare : two of the models, optional
        Whose gap comes first on the page.
    exhibits : int
        Battles, with their texts, of each of the first models.
    """
    check_exhibits(exhibits)
    named = len(result.asked.models) >= 2
    fitted = result.estimates is not None
    with_models = fitted and result.design is not None and result.design.n_models >= 2
    verdicts = result.audit(margin=MARGIN) if named and (with_models or not fitted) else None
    audit = None if verdicts is None else _audited(verdicts)
    ratings = result.ratings() if with_models else None
    parts = _shown_parts(result, "rating") if with_models else None
    gap = None if compare is None else _gap(result, compare)
    shown = _in_order(audit, parts, compare or ())
    battles = decided_exhibits(result, shown[:EXHIBITED], exhibits, LONGEST) if shown else {}
    return Contents(
        title=title or (f"{gap.title}: how much is style?" if gap and gap.answer else _title(result)),
        headline=headline(result, verdicts),
        correctness=_sentence(result.notes[0]) if result.notes else "",
        licence=_licence(result),
        facts=_facts(result),
        why=_why(result, audit),
        control=controlled_words(result),
        margin=MARGIN,
        level=result.settings.level,
        ratings=ratings,
        audit=audit if with_models else None,
        standings=_standings(result) if shown else None,
        exhibits=battles,
        exhibited=_exhibited(result, shown, battles, exhibits) if shown else "",
        gap=gap,
        prices=_prices(result) if fitted else None,
        rates=_rates(result) if fitted else None,
        overrides=_overrides(result) if fitted else None,
        parts=parts,
        win_parts=_shown_parts(result, "win_rate") if with_models else None,
        missing=_missing(audit),
        limits=tuple(_limits(result, audit, parts)),
        overlap=result.overlap() if with_models else None,
        sensitivity=_sensitivity(result) if fitted else None,
        checks=result.diagnostics() if fitted else None,
        methods=tuple(_methods(result, with_models, bool(battles))) if fitted else (),
        settings=_settings(result),
        versions=_versions(result),
        reproduce=_reproduce(result, compare, exhibits),
    )


def controlled_words(result: StyleResult) -> str:
    """What the controlled ratings hold equal."""
    columns = result.design.spec.columns if result.design else ()
    blocks = dict.fromkeys(c.block for c in columns)
    words = [name for name in ("style", "correctness", "position") if name in blocks] or ["style"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# -- tables ----------------------------------------------------------------------------------------


def _audited(frame: Any) -> pd.DataFrame:
    """Verdicts, the flagged ones first and in them those furthest from nothing."""
    order = {verdict: i for i, verdict in enumerate(FLAGGED)}
    rank = [order[verdict] for verdict in frame["verdict"]]
    far = -frame["inflation"].abs().fillna(0.0)
    return frame.assign(_rank=rank, _far=far).sort_values(["_rank", "_far"], kind="stable", ignore_index=True).drop(
        columns=["_rank", "_far"]
    )


def account(
    result: StyleResult, model: str | None, scale: Scale, against: str | None = None
) -> tuple[str, pd.DataFrame]:
    """What a waterfall of one model, or of the gap between two, is called, and its rows."""
    if model is None:
        raise FitError('a waterfall is of one model: name it, for example plot("waterfall", "model-2")')
    if against is not None:
        gap: Any = result.compare(model, against, scale=scale)
        if gap["std_error"].isna().all():
            raise FitError(f"the gap between {model!r} and {against!r} has no intervals: {gap['note'].iloc[0]}")
        what = {"rating": "ratings", "win_rate": "win rates"}[scale]
        return f"Gap in {what}: {shortened(model, 40)} against {shortened(against, 40)}", gap
    parts: Any = result.decompose(scale=scale)
    rows = parts[parts["model"] == model]
    if not len(rows):
        why = f": {result.dropped[model]}" if model in result.dropped else nearest(model, parts["model"].unique())
        raise FitError(f"model {model!r} is not in the fit{why}")
    if rows["std_error"].isna().all():
        raise FitError(f"model {model!r} has no intervals: {rows['note'].iloc[0]}")
    name = shortened(model, 40)
    heads = {"rating": f"Raw rating of {name} against the field", "win_rate": f"Win rate of {name} against one half"}
    return heads[scale], rows


def _gap(result: StyleResult, compare: Sequence[str]) -> Gap:
    """What the page says of two models; without figures, why there are none."""
    model, other = _two(result, compare)
    title = f"{shortened(model, 40)} against {shortened(other, 40)}"
    gone = [f"{name} was left out: {result.dropped[name]}" for name in (model, other) if name in result.dropped]
    if result.estimates is None or gone:
        return Gap(title, f"{model} and {other} cannot be compared: {'; '.join(gone) or result.failure}.")
    rating: Any = result.compare(model, other)
    rates = result.compare(model, other, scale="win_rate")
    shown = rating["std_error"].notna().any()
    words, answer = gap_words(result, model, other), gap_answer(result, model, other, rating)
    return Gap(title, words, rating, rates, answer) if shown else Gap(title, words)


def _two(result: StyleResult, compare: Any) -> tuple[str, str]:
    if not isinstance(compare, list | tuple) or len(compare) != 2 or not all(isinstance(n, str) for n in compare):
        raise FitError(f'compare={compare!r} must be the names of two models, such as ("model-1", "model-2")')
    for name in compare:
        if name not in result.asked.models:
            raise FitError(f"model {name!r} is not in these battles{nearest(name, result.asked.models)}")
    if compare[0] == compare[1]:
        raise FitError(f"compare needs two different models, not {compare[0]!r} twice")
    return compare[0], compare[1]


def _shown_parts(result: StyleResult, scale: Scale) -> pd.DataFrame | None:
    """The decomposition of the models that have intervals."""
    frame: Any = result.decompose(scale=scale)
    frame = frame[frame["std_error"].notna()]
    return frame if len(frame) else None


def _prices(result: StyleResult) -> pd.DataFrame:
    assert result.design is not None
    columns = {c.name: c for c in result.design.spec.columns}
    frame: Any = result.tidy()
    frame = frame[frame["block"] != "strength"].drop(columns=["std_error", "statistic"])
    known = [columns.get(t) for t in frame["term"]]
    return frame.assign(
        contrast=[c.contrast if c else "" for c in known], scale=[c.scale if c else float("nan") for c in known]
    )


def _right_priced(result: StyleResult) -> bool:
    columns = result.design.spec.columns if result.design else ()
    return result.settings.with_correctness and any(c.block == "correctness" for c in columns)


def _rates(result: StyleResult) -> pd.DataFrame | None:
    if not _right_priced(result):
        return None
    return result.exchange_rates().groupby("term", sort=False).tail(1).drop(columns="group")


def _overrides(result: StyleResult) -> pd.DataFrame | None:
    if not _right_priced(result):
        return None
    frame: Any = result.overrides()
    frame = frame[frame["battles"] > 0]
    return frame if len(frame) else None


def _in_order(audit: pd.DataFrame | None, parts: pd.DataFrame | None, first: Sequence[str]) -> list[str]:
    """Models with figures: those asked about, then the clearest."""
    if audit is None or parts is None:
        return []
    names = clearest(audit, set(parts["model"]))
    return [name for name in dict.fromkeys([*first, *names]) if name in names]


def _style_terms(result: StyleResult) -> list[str]:
    return [c.name for c in result.design.spec.columns if c.block == "style"] if result.design else []


def _standings(result: StyleResult) -> pd.DataFrame | None:
    terms = _style_terms(result)
    return standings_frame(result.battles, result.table, terms) if terms else None


def _sensitivity(result: StyleResult) -> pd.DataFrame | None:
    """Each feature beside the observed column that costs its price most."""
    frame: Any = result.sensitivity()
    left = frame["adjusted"] * frame["estimate"].map(lambda v: -1.0 if v < 0 else 1.0)
    return frame.assign(_left=left).sort_values("_left", kind="stable").drop_duplicates("term").sort_index()


def check_exhibits(exhibits: int) -> None:
    """Raise where the number of battles to show of a model is none."""
    if not isinstance(exhibits, int) or isinstance(exhibits, bool) or not 0 <= exhibits <= MOST_EXHIBITS:
        raise FitError(
            f"exhibits={exhibits!r} must be a whole number of battles a model from 0 (no texts) to {MOST_EXHIBITS}"
        )


def _missing(audit: pd.DataFrame | None) -> pd.DataFrame | None:
    """Models without figures, with the reason."""
    if audit is None:
        return None
    gone: Any = audit[audit["inflation"].isna()]
    return gone[["model", "battles", "win_rate", "note"]] if len(gone) else None


# -- words -----------------------------------------------------------------------------------------


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _title(result: StyleResult) -> str:
    models, battles = len(result.asked.models), len(result.asked)
    of = f", {models} models" if models >= 2 else ""
    return f"How much is style? {battles:,} battles{of}"


def _licence(result: StyleResult) -> str:
    given = "model and correctness" if _right_priced(result) else "model"
    said = (
        f"What is said to be style is what is associated with style in these votes, given {given}; “at style parity”"
        " is the win rate that the regression expects with style equal on both sides. Neither is an experiment, and"
        " neither says what a rewritten answer would have won."
    )
    if not _right_priced(result):
        said += " Quality is not separated: what goes with style here may be quality that goes with style."
    return said


def _facts(result: StyleResult) -> dict[str, str]:
    facts = {"Battles": f"{len(result.battles):,}", "Models": f"{len(result.battles.models):,}"}
    if len(result.battles) < len(result.asked):
        facts["Battles"] += f" of {len(result.asked):,}"
        facts["Models"] += f" of {len(result.asked.models):,}"
    if len(result.asked.models) < 2:
        facts["Models"] = "not named"
    if result.estimates is not None:
        words = error_words(result.estimates.clustering, result.settings.level)
        facts["Intervals"] = words.replace(" intervals", "", 1)
    return facts


def _why(result: StyleResult, audit: pd.DataFrame | None) -> str:
    """Why no model has a verdict, and the ways out; empty where one has."""
    if result.estimates is None:
        return (
            f"Nothing could be estimated: {result.failure}. More battles between the same models, or fewer features,"
            " may help; models without figures are listed below."
        )
    if audit is None:
        return (
            "These battles do not name two models, so that style can be priced and no model can be rated. Columns"
            " model_a and model_b make verdicts possible."
        )
    if not set(audit["verdict"]) <= {"insufficient data", "undetermined"}:
        return ""
    said = [f"No model of {len(audit)} has a verdict."]
    table: Any = audit
    few, thin = result.estimates.clustering.conditional, int(table["inflation"].isna().sum())
    if few:
        said.append(f"{few}, below {MIN_CLUSTERS}: intervals hold for these only, and say nothing of others.")
    if thin:
        first = table.loc[table["inflation"].isna(), "note"].iloc[0]
        said.append(f"{thin} have too little data (one of them: {first}); the table below has every reason.")
    undecided = int((table["verdict"] == "undetermined").sum())
    if undecided:
        needed = [int(n) for n in table["battles_needed"] if not pd.isna(n)]
        many = f", and would need about {_range(needed)} battles each" if needed else ""
        said.append(
            f"{undecided} {'is' if undecided == 1 else 'are'} undetermined: the interval of the inflation is too wide"
            f" to tell it from {MARGIN:g} points{many}."
        )
    return " ".join(said)


def _range(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"


def _exhibited(
    result: StyleResult, shown: Sequence[str], battles: Mapping[str, Sequence[Exhibit]], exhibits: int
) -> str:
    """Which battles the page shows, or why it shows none."""
    if exhibits == 0:
        return "Texts were left out of this page (exhibits=0)."
    if not result.battles.text_known.any():
        return "These battles have no texts, so that none can be shown."
    if not battles:
        return "No vote was won by a side that style favoured, so that no battle is shown."
    some = min(len(shown), EXHIBITED)
    all_ = some == len(shown)
    of = "each model" if all_ else f"the {some} of {len(shown)} models with the clearest inflation or deflation"
    return (
        f"Of {of}, up to {exhibits} {'battle' if exhibits == 1 else 'battles'} that style most likely decided, won or"
        f" lost. They are chosen for that: examples, not evidence. Texts are cut at {LONGEST:,} characters; exhibits()"
        " of the result has whole ones, of any model."
    )


def _limits(
    result: StyleResult, audit: pd.DataFrame | None, parts: pd.DataFrame | None
) -> Iterator[tuple[str, str]]:
    """What the data cannot say: topic and sentence."""
    if _right_priced(result):
        yield "Strength", "Strength is everything that was not measured; correctness is as labelled in the data."
    else:
        yield "Quality", (
            "There is no correctness in this fit, so that style that goes with quality cannot be told from style"
            " without it. No verdict says more than style-favoured or style-penalised."
        )
    if result.estimates is not None:
        yield from _fit_limits(result)
    if audit is not None:
        yield from _model_limits(result, audit, parts)
    if len(result.notes) > 1:
        yield "How the data were read", " ".join(map(_sentence, result.notes[1:]))
    if result.estimates is not None:
        labels = "label_error() for wrong labels of correctness, " if _right_priced(result) else ""
        yield "Not on this page", (
            f"Methods of the result that take long: {labels}curvature() for what a linear index misses, influential()"
            " for the battles or voters that a verdict hangs on."
        )
    for text in result.warnings:
        yield "Warning", _sentence(text)


def _fit_limits(result: StyleResult) -> Iterator[tuple[str, str]]:
    assert result.estimates is not None
    if not result.settings.position:
        yield "First side", "No advantage of the side shown first was estimated; position=True does."
    if result.estimates.clustering.conditional:
        yield "Errors", _sentence(f"{result.estimates.clustering.conditional}: errors hold for these only")
    yield "Placebo", _placebo(result)
    near = next(r for r in result.diagnostics().to_dict("records") if r["check"] == "overlap")
    yield "Overlap", (
        f"In {100 * float(near['value']):.0f} % of the battles the two sides are within {NEAR_PARITY} log-odds of each"
        " other in style; what is said of parity rests on these, and on the model elsewhere."
    )
    rates = _rates(result)
    if rates is not None:
        withheld: Any = rates[rates["estimate"].isna()]
        for why, rows in withheld.groupby("note", sort=False):
            yield "Exchange rates withheld", _sentence(f"{_named(list(rows['term']))}: {why}")


def _placebo(result: StyleResult) -> str:
    row = result.placebo().iloc[0]
    if row["p_value"] != row["p_value"]:
        return _sentence(f"not computed: {row['note']}")
    p = f"p = {row['p_value']:.3f}" if row["p_value"] >= 0.001 else "p < 0.001"
    return (
        f"Fitted without style, the votes are tied to style by a statistic of {row['statistic']:,.1f}. With the signs"
        f" of clusters flipped at random it is {row['flipped_mean']:,.1f} on average and {row['flipped_95']:,.1f} in"
        f" the highest twentieth of {row['draws']:,} draws ({p})."
    )


def _model_limits(
    result: StyleResult, audit: pd.DataFrame, parts: pd.DataFrame | None
) -> Iterator[tuple[str, str]]:
    gone = audit[audit["inflation"].isna()]
    if len(gone):
        yield "Models without figures", f"{len(gone)} of {len(audit)}; the table below says why, one by one."
    open_: Any = audit[audit["verdict"] == "undetermined"]
    if len(open_) and len(open_) < len(audit):
        yield "Undetermined", (
            f"For {len(open_)} of {len(audit)} models the data neither show nor rule out an inflation beyond"
            f" {MARGIN:g} points: {_named(list(open_['model']))}."
        )
    if result.estimates is not None:
        far: Any = result.parity()
        far = far[far["extrapolated"]]
        if len(far):
            yield "Extrapolated", (
                f"Too few battles of {_named(list(far['model']))} are near style parity: their parity change is what"
                " the model expects beyond the data."
            )
    if parts is not None:
        total: Any = parts[(parts["block"] == "total") & parts["share"].isna()]
        if len(total):
            yield "Shares withheld", (
                "The interval of the total covers zero, so that shares of it mean nothing, for"
                f" {_named(list(total['model']))}."
            )


# -- how it was made -------------------------------------------------------------------------------


def _methods(result: StyleResult, with_models: bool, with_battles: bool) -> Iterator[tuple[str, str, str]]:
    """How figures were made: topic, sentences, and the section of the page that shows them."""
    assert result.estimates is not None
    held = controlled_words(result)
    yield "Prices", (
        "Bradley-Terry by maximum likelihood: the log-odds of a vote are the difference of two strengths plus prices"
        f" times differences of {held}. Each difference is divided by its root mean square and never centred."
    ), "prices"
    if with_models:
        yield "Ratings", (
            "A rating is 1000 and 400 / ln 10 points per unit of strength. Plain is fitted to the same votes without"
            f" {held}; controlled is the strength beside them. Possible ranks are those that 10,000 draws from the"
            " estimates' covariance leave open, for all models at once."
        ), "ladder"
        yield "Inflation", (
            "A model's profile is the least-squares rating of its style. Profile times price is inflation, against the"
            " mean of the models. Raw rating = strength + style + correctness, exactly, in any order (Karlson, Holm and"
            " Breen 2012; Gelbach 2016)."
        ), "models"
        yield "Verdicts", (
            f"Tested is whether inflation lies beyond {MARGIN:g} points; the false-discovery rate over models is 0.05"
            f" (Benjamini-Hochberg). Neutral: the 90 % interval lies within {MARGIN:g} points."
        ), "audit"
        yield "Win rates", (
            "Style parity is the expected win rate with style equal on both sides. The account shares out the distance"
            " from one half battle by battle (Aumann and Shapley), and adds up exactly."
        ), "models"
    if with_battles:
        yield "Battles", (
            "Of a won vote with style s on the winner's side, the share 1 - F(eta - s) / F(eta) would not have been"
            " expected at style parity; battles with the largest share are shown."
        ), "models"
    yield "Intervals", _sentence(
        f"{error_words(result.estimates.clustering, result.settings.level)}. Every figure that is"
        " derived carries the error of all that it is made of; shares have Fieller intervals"
    ), "limits"


def _settings(result: StyleResult) -> dict[str, str]:
    s = result.settings
    shown = {
        "Correctness": "used" if s.with_correctness else "not used",
        "Ties": {"half": "half a win each", "drop": "left out", "davidson": "an outcome of their own"}[s.ties],
        "First side": "estimated" if s.position else "not estimated",
        "Models without a finite rating": {
            "drop": "left out", "error": "an error", "firth": "kept under Firth's penalty",
        }[s.separated],
        "Beside the likelihood": "; ".join(likelihood_words(s)) or "nothing",
        "Level": f"{s.level:g}",
        "Seed": str(s.seed),
        "Margin of verdicts": f"{MARGIN:g} Arena points",
        "False-discovery rate": "0.05",
        "Reference": "the mean of the models in the fit",
    }
    if result.estimates is not None:
        shown["Errors"] = error_words(result.estimates.clustering, s.level)
    return shown


def _versions(result: StyleResult) -> dict[str, str]:
    shown = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            shown[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            shown[name] = "not installed as a package"
    return {**shown, **{str(name): str(value) for name, value in result.table.versions.items()}}


def _reproduce(result: StyleResult, compare: Sequence[str] | None, exhibits: int) -> list[str]:
    """Lines of Python that make the same page from the same votes."""
    s, names = result.settings, list(result.table.names)
    options = [f'correctness="{"auto" if s.with_correctness else "ignore"}"', f'ties="{s.ties}"']
    if result.design is not None and result.estimates is not None:
        kinds = {c.name: c.contrast for c in result.design.spec.columns if c.block == "style"}
        options.insert(0, f"contrast={json.dumps(kinds)}")
        taken = result.estimates.clustering
        options.append(f'vcov="{taken.kind}"')
        columns = [name for name, _ in taken.ways]
        options += [f"cluster={json.dumps(columns[0] if len(columns) == 1 else columns)}"] if columns else []
    if s.ridge:
        options.append(f"penalty={json.dumps(dict(s.ridge))}")
    elif s.firth and s.separated != "firth":
        options.append('penalty="firth"')
    if s.prompt_penalty is not None:
        options.append(f"prompt_effects={s.prompt_penalty:g}")
    options += [f"position={s.position}", f'separated="{s.separated}"', f"level={s.level:g}", f"seed={s.seed}"]
    own = sorted(set(names) - set(list_features()["name"]))
    also = "" if compare is None else f", compare={json.dumps(list(compare), ensure_ascii=False)}"
    also += "" if exhibits == EXHIBITS else f", exhibits={exhibits}"
    about = [f"# features of one's own, to be defined as before: {', '.join(own)}"] if own else []
    return [
        "import llamastyle as ls",
        "battles = ls.read_battles(...)  # the same votes, with the same columns= and labels= if any were named",
        *about,
        f"features = {json.dumps(names)}",
        "result = ls.fit(",
        "    battles,",
        "    features,",
        *(f"    {option}," for option in options),
        ")",
        f'result.report("report.html"{also})',
    ]
