"""AlpacaEval: the published length-controlled win rates, and what full style control changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from scipy.stats import spearmanr

import llamastyle as ls
from docs.studies import Progress, shared_data, write_table
from docs.studies._real import cell, quiet

NAME = "real-alpaca-eval"
SUMMARY = (
    "39 models against one baseline, judged by GPT-4 Turbo; no correctness. The first table compares win"
    " rates at parity, with the characters' difference under `tanh` as the only style and effects of"
    " prompts under a ridge of lambda, with the published length-controlled win rates, in points. Lambda 1"
    " is the default and the one that counts: the mean absolute difference is to be at most 1 point and"
    " Spearman's correlation at least .98. The others show what lambda does. The second table has the"
    " models that were made to be short, long or to game the judge, with the models they were made from"
    " where those are in the data: win rates as voted, published under length control, and at parity by"
    " length (as in the first table, lambda 1) and by the default features, with effects of prompts"
    " (lambda 1) and without; * where too few battles are near parity. `rank` (as voted, then controlled,"
    " of 40), `inflation` (Arena points, against the mean of the 40) and `verdict` are of the default"
    " features with effects of prompts, `inflation under tanh` of the same with every feature under that"
    " contrast. The third table has the gap between a variant and its original, the win rate of the first"
    " minus that of the second, and what the account of win rates (default features, effects of prompts)"
    " puts to style and to strength."
)

BASELINE = "gpt4_1106_preview"
SHOWN = (
    "NullModel",
    "gpt4_gamed",
    "claude-2.1",
    "claude-2.1_concise",
    "alpaca-7b",
    "alpaca-7b_verbose",
    "gpt-3.5-turbo-1106_concise",
    "gpt4_0613_concise",
)
VERSIONS = (("claude-2.1_concise", "claude-2.1"), ("alpaca-7b_verbose", "alpaca-7b"))


def run(folder: Path, progress: Progress) -> None:
    """The published figures, the special models, and the gaps between versions."""
    data = shared_data("alpaca_eval")
    battles = ls.read_battles(data / "battles.parquet")
    published = pd.read_csv(data / "leaderboard_weighted_alpaca_eval_gpt4_turbo.csv", index_col=0)
    fits = {}
    for count, penalty in enumerate((0.3, 1.0, 3.0)):
        progress(count, 5)
        fits[penalty] = length_controlled(battles, penalty)
    said = f"alpaca_eval, {len(battles)} battles"
    agree = pd.DataFrame([{"lambda": k, **agreement(fit, published)} for k, fit in fits.items()])
    write_table(folder, f"{NAME}-1-published", agree, data=said, seed=0)
    with quiet():
        full = ls.audit(battles, prompt_effects=True)
        progress(4, 5)
        bare = ls.audit(battles)
        bent = full.transforms()
    columns = {"by length": fits[1.0], "by style": full, "by style, no prompt effects": bare}
    bent = bent[(bent["what"] == "inflation") & (bent["contrast"] == "tanh")].set_index("name")
    table = special(columns, published)
    table["inflation under tanh"] = [
        cell(*bent.loc[model, ["estimate", "conf_low", "conf_high"]], 0) for model in table["model"]
    ]
    write_table(folder, f"{NAME}-2-variants", table, data=f"{said}; win rates in per cent", seed=0)
    gaps = pd.DataFrame([gap_row(columns, published, *pair) for pair in VERSIONS])
    write_table(folder, f"{NAME}-3-gaps", gaps, data=f"{said}; points of win rate", seed=0)
    progress(5, 5)


def length_controlled(battles: ls.Battles, penalty: float) -> ls.StyleResult:
    """The fit nearest to AlpacaEval's own."""
    with quiet():
        return ls.audit(battles, ["chars"], contrast="tanh", prompt_effects=penalty)


def agreement(result: ls.StyleResult, published: pd.DataFrame) -> dict[str, Any]:
    """Win rates at parity of all models but the baseline beside the published ones."""
    ours = 100 * result.parity().set_index("model")["parity_win_rate"].drop(BASELINE)
    theirs = published["length_controlled_winrate"][ours.index]
    away = (ours - theirs).abs()
    return {
        "models": len(ours),
        "mean absolute difference": f"{away.mean():.2f}",
        "median": f"{away.median():.2f}",
        "largest": f"{away.max():.2f} ({away.idxmax()})",
        "Spearman": f"{spearmanr(ours, theirs).statistic:.3f}",
    }


def special(fits: dict[str, ls.StyleResult], published: pd.DataFrame) -> pd.DataFrame:
    """The models of `SHOWN`, as voted and at parity."""
    parity = {name: fit.parity().set_index("model") for name, fit in fits.items()}
    audit = fits["by style"].audit().set_index("model")
    rows = []
    for model in SHOWN:
        found = audit.loc[model]
        at = {
            name: cell(*table.loc[model, ["parity_win_rate", "parity_low", "parity_high"]], 1, 100.0)
            + ("*" if table.loc[model, "extrapolated"] else "")
            for name, table in parity.items()
        }
        rows.append(
            {
                "model": model,
                "as voted": f"{100 * found['win_rate']:.1f}",
                "published": f"{published.loc[model, 'length_controlled_winrate']:.1f}",
                **at,
                "rank": f"{found['rank_plain']}, {found['rank']}",
                "inflation": cell(*found[["inflation", "inflation_low", "inflation_high"]], 0),
                "verdict": found["verdict"],
            }
        )
    return pd.DataFrame(rows)


def gap_row(fits: dict[str, ls.StyleResult], published: pd.DataFrame, one: str, other: str) -> dict[str, Any]:
    """A variant minus its original."""
    full = fits["by style"]
    rates = {name: fit.parity().set_index("model")["parity_win_rate"] for name, fit in fits.items()}
    voted = full.audit().set_index("model")["win_rate"]
    lc = published["length_controlled_winrate"]
    with quiet():
        parts = full.compare(one, other, scale="win_rate")
    blocks = parts[(parts["group"] == "") & (parts["term"] == "")].set_index("block")
    return {
        "variant": one,
        "original": other,
        "as voted": f"{100 * (voted[one] - voted[other]):.1f}",
        "published": f"{lc[one] - lc[other]:.1f}",
        **{name: f"{100 * (rate[one] - rate[other]):.1f}" for name, rate in rates.items()},
        "account: style": cell(*blocks.loc["style", ["estimate", "conf_low", "conf_high"]], 1, 100.0),
        "account: strength": cell(*blocks.loc["strength", ["estimate", "conf_low", "conf_high"]], 1, 100.0),
    }
