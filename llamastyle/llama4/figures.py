"""Figures of the Maverick case, from published tables: frames in, frames out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from llamastyle.data.facts import published
from llamastyle.regression.crossbench import divergence, selection_inflation

__all__ = [
    "BENCHMARKS",
    "EXPERIMENTAL",
    "RELEASE",
    "benchmark_excess",
    "benchmark_scores",
    "context_claims",
    "excess_by_choice",
    "gaps",
    "selection_arguments",
    "variants",
    "without_style",
]

EXPERIMENTAL = "llama-4-maverick-03-26-experimental"
RELEASE = "llama-4-maverick-17b-128e-instruct"
"""As Arena's rating history writes them."""
BENCHMARKS = ("aider", "livebench", "long_context")
SHARED_LENGTHS = (8_000, 16_000, 32_000)
"""Tokens of the long-context tests that nearly all models took."""
SPREADS = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0)
"""Standard deviations between variants, Arena points, for which selection is worked out."""


def gaps(ratings: pd.DataFrame) -> pd.DataFrame:
    """Experimental minus release on both boards, wherever a board of one date and category has both.

    Parameters
    ----------
    ratings : DataFrame
        The published table ``arena_ratings``.

    Returns
    -------
    DataFrame
        ``date, category, gap_raw, raw_low, raw_high, gap_controlled, controlled_low, controlled_high, gone``,
        Arena points; ``gone`` is the part of the raw gap that is not in the controlled one. An interval adds the
        variances of the two ratings as if they were independent, from their published 95 % intervals; where a
        category has no controlled board it is blank.
    """
    keys = ["date", "category", "board"]
    sides = {name: ratings[ratings["model"] == name].set_index(keys) for name in (EXPERIMENTAL, RELEASE)}
    both = sides[EXPERIMENTAL].join(sides[RELEASE].add_suffix("_release"), how="inner")
    gap = both["rating"] - both["rating_release"]
    first, second = ((both[f"high{end}"] - both[f"low{end}"]).to_numpy(float) for end in ("", "_release"))
    half = np.hypot(first, second) / 2
    made = pd.DataFrame({"gap": gap, "low": gap - half, "high": gap + half}).unstack("board")
    out: Any = pd.DataFrame(index=made.index)
    for board, name in (("raw", "raw"), ("style_controlled", "controlled")):
        out[f"gap_{name}"] = made["gap"][board]
        out[f"{name}_low"], out[f"{name}_high"] = made["low"][board], made["high"][board]
    out["gone"] = 1 - out["gap_controlled"] / out["gap_raw"]
    return out.reset_index()


def without_style(ratings: pd.DataFrame, date: str) -> pd.DataFrame:
    """Every model's rating on both boards of a day, the largest raw minus controlled first.

    Returns
    -------
    DataFrame
        ``place, model, rating_raw, rating_controlled, difference, rank_raw, rank_controlled``. Both boards have an
        anchor of their own, so that only differences between models of ``difference`` mean anything.
    """
    day = ratings[(ratings["date"] == date) & (ratings["category"] == "full")]
    wide: Any = day.pivot(index="model", columns="board", values=["rating", "rank"]).dropna()
    out = pd.DataFrame(
        {
            "rating_raw": wide["rating"]["raw"],
            "rating_controlled": wide["rating"]["style_controlled"],
            "difference": wide["rating"]["raw"] - wide["rating"]["style_controlled"],
            "rank_raw": wide["rank"]["raw"].astype(int),
            "rank_controlled": wide["rank"]["style_controlled"].astype(int),
        }
    )
    out = out.sort_values("difference", ascending=False, kind="stable").reset_index()
    out.insert(0, "place", np.arange(1, len(out) + 1))
    return out


def benchmark_scores(tables: Mapping[str, Any], date: str) -> pd.DataFrame:
    """Arena ratings of a day beside the benchmarks, one row a model that has a name in both.

    The experimental version was never released, so that nobody could run a benchmark on it: its row has the
    release's scores, and ``scores_of`` says so.

    Parameters
    ----------
    tables : mapping of name to DataFrame
        ``arena_ratings, model_names, aider_polyglot, livebench, long_context``.
    date : str

    Returns
    -------
    DataFrame
        ``model, arena, arena_controlled, style, aider, livebench, long_context, scores_of``: ``style`` is raw minus
        controlled; ``aider`` the pass rate, ``livebench`` the average, ``long_context`` the mean score at 8 to 32
        thousand tokens, in per cent, blank where a test is missing.
    """
    rated = without_style(tables["arena_ratings"], date).set_index("model")
    names = tables["model_names"].set_index("arena")
    tests = {
        "aider": _latest(tables["aider_polyglot"], "pass_rate_2"),
        "livebench": _latest(tables["livebench"], "average"),
        "long_context": _long(tables["long_context"]),
    }
    rows: list[dict[str, Any]] = []
    for model in rated.index:
        known = RELEASE if model == EXPERIMENTAL else model
        if known not in names.index:
            continue
        row = {
            "model": model,
            "arena": rated.loc[model, "rating_raw"],
            "arena_controlled": rated.loc[model, "rating_controlled"],
            "style": rated.loc[model, "difference"],
        }
        row |= {test: scores.get(names.loc[known, test], np.nan) for test, scores in tests.items()}
        rows.append({**row, "scores_of": known})
    return pd.DataFrame(rows)


def _latest(table: Any, column: str) -> dict[str, float]:
    """Each model's newest score."""
    kept = table.sort_values("date", kind="stable").drop_duplicates("model", keep="last")
    return dict(zip(kept["model"], kept[column].astype(float), strict=True))


def _long(table: Any) -> dict[str, float]:
    """Each model's mean over the lengths that nearly all were tested at, where it has all of them."""
    kept = table[table["tokens"].isin(SHARED_LENGTHS)].dropna(subset=["score"])
    by = kept.groupby("model")["score"].agg(["mean", "size"])
    return by.loc[by["size"] == len(SHARED_LENGTHS), "mean"].to_dict()


def benchmark_excess(scores: pd.DataFrame, left_out: str = RELEASE, **options: Any) -> pd.DataFrame:
    """`divergence` of the Arena rating from the benchmarks, one of the two versions left out.

    The two would enter with the same scores: the one that is not asked about goes.
    """
    kept = scores.loc[scores["model"] != left_out, ["model", "arena", "style", *BENCHMARKS]]
    found = divergence(kept, "arena", benchmarks=list(BENCHMARKS), inflation="style", **options)
    return found.assign(note=[note.replace("share withheld: p above 0.05", "").strip("; ") for note in found["note"]])


def excess_by_choice(scores: pd.DataFrame) -> pd.DataFrame:
    """How the experimental version's excess hangs on what is chosen: benchmarks, models, line, board.

    Models with two scores of those chosen are used; of all three also those with three alone.

    Returns
    -------
    DataFrame
        ``board, benchmarks, line, models, excess, p_value, p_floor, place``, Arena points; ``place`` is that of
        its score among the models, by distance from zero.
    """
    sets = [list(BENCHMARKS), *([b for b in BENCHMARKS if b != out] for out in BENCHMARKS)]
    rows: list[dict[str, Any]] = []
    choices = [(chosen, False) for chosen in sets] + [(list(BENCHMARKS), True)]
    for board in ("arena", "arena_controlled"):
        for chosen, whole in choices:
            for line in ("theil-sen", "rlm"):
                kept = scores.loc[scores["model"] != RELEASE, ["model", board, *chosen]]
                kept = kept.dropna() if whole else kept
                found: Any = divergence(kept, board, benchmarks=chosen, method=line)  # type: ignore[arg-type]
                used = found[found["p_value"].notna()]
                own = used[used["model"] == EXPERIMENTAL].iloc[0]
                rows.append(
                    {
                        "board": "raw" if board == "arena" else "style-controlled",
                        "benchmarks": ", ".join(chosen) + " (models with all)" * whole,
                        "line": line,
                        "models": len(used),
                        "excess": own["excess"],
                        "p_value": own["p_value"],
                        "p_floor": own["p_floor"],
                        "place": int((used["score"].abs() > abs(own["score"])).sum()) + 1,
                    }
                )
    return pd.DataFrame(rows)


def context_claims(tables: Mapping[str, Any]) -> pd.DataFrame:
    """Claimed context beside the longest that was tested, and the score there.

    Returns
    -------
    DataFrame
        ``model, claimed_tokens, longest_tested, score_at_longest, score_later`` (of a later run of the test, where
        one was published), ``checked`` (how far the claim was), the largest claim first.
    """
    rows: list[dict[str, Any]] = []
    for claim in tables["context_claims"].to_dict("records"):
        found = [_longest(tables[name], claim["model"]) for name in ("long_context", "long_context_later")]
        (tokens, score), (again, later) = found
        told = {"model": claim["model"], "claimed_tokens": claim["claimed_tokens"], "longest_tested": tokens}
        scores = {"score_at_longest": score, "score_later": later if again == tokens else np.nan}
        rows.append({**told, **scores, "checked": claim["checked"]})
    return pd.DataFrame(rows).sort_values("claimed_tokens", ascending=False, kind="stable", ignore_index=True)


def _longest(curves: Any, model: str) -> tuple[float, float]:
    """The longest test that a model took, in tokens, and its score there."""
    own = curves[curves["model"] == model].dropna(subset=["score"]).sort_values("tokens")
    return (float(own["tokens"].iloc[-1]), float(own["score"].iloc[-1])) if len(own) else (np.nan, np.nan)


def variants(number: int, half_width: float, spreads: Sequence[float] = SPREADS) -> pd.DataFrame:
    """What reporting the best of so many variants adds, for several spreads between them.

    Parameters
    ----------
    number : int
        Variants.
    half_width : float
        Of the 95 % interval of a rating as displayed, Arena points; its standard error is this over 1.96.
    spreads : sequence of float
        Standard deviations between the variants' true ratings.

    Returns
    -------
    DataFrame
        ``sd_between, gain, gain_low, gain_high, real, noise``
    """
    found = [selection_inflation(number, sd, half_width / 1.96) for sd in spreads]
    out = pd.concat(found, ignore_index=True).drop(columns="n_variants")
    out.insert(0, "sd_between", list(spreads))
    return out


def selection_arguments(private: Any) -> pd.DataFrame:
    """What the spread between variants must be for the gains that the two sides of the argument give.

    Parameters
    ----------
    private : DataFrame
        The published table ``private_variants``.

    Returns
    -------
    DataFrame
        ``who, variants, gain, spread``: the gain of the best over one in Arena points, and the standard deviation of a
        measured rating, true spread and error together, at which the best of so many gains that.
    """
    rows: list[dict[str, Any]] = []
    for row in private[private["unit"] == "points"].to_dict("records"):
        number = int(re.findall(r"(?:best of|after) (\d+)", row["what"])[0])
        unit = float(selection_inflation(number, 1.0, 0.0)["gain"].iloc[0])
        rows.append({"who": row["who"], "variants": number, "gain": row["number"], "spread": row["number"] / unit})
    return pd.DataFrame(rows)


def drift(ratings: Any, first: str, second: str) -> dict[str, Any]:
    """How the experimental version's own rating moved between two days, beside all models that are on both.

    Returns
    -------
    dict
        ``own, own_controlled`` (second minus first, Arena points), ``median`` of all models, ``models``, and ``place``
        of its raw fall, 1 the largest.
    """
    full = ratings[ratings["category"] == "full"]
    moved: Any = pd.DataFrame(
        {
            board: _at(full, second, board) - _at(full, first, board)
            for board in ("raw", "style_controlled")
        }
    ).dropna()
    own = moved.loc[EXPERIMENTAL]
    return {
        "own": float(own["raw"]), "own_controlled": float(own["style_controlled"]),
        "median": float(moved["raw"].median()), "models": len(moved),
        "place": int((moved["raw"] < own["raw"]).sum()) + 1,
    }  # fmt: skip


def _at(full: Any, date: str, board: str) -> Any:
    return full[(full["date"] == date) & (full["board"] == board)].set_index("model")["rating"]


def sources(*frames: Any) -> str:
    """Where figures came from, each source once; the commits of one file together."""
    found: dict[str, list[str]] = {}
    for text in dict.fromkeys(str(s) for frame in frames for s in frame["source"].dropna() if s):
        file, at, commit = text.rpartition("@")
        found.setdefault(file if at else text, []).extend([commit] * bool(at))
    return "; ".join(f"{file}@{', '.join(commits)}" if commits else file for file, commits in found.items())


def all_published() -> dict[str, Any]:
    """Every published table by its name."""
    return {name: published(name) for name in published()["name"]}
