"""Divergence against a few lines of scipy and statsmodels; selection against closed forms and draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from llamastyle.errors import DataError, LlamaStyleError, LlamaStyleWarning
from llamastyle.regression.crossbench import (
    divergence,
    expected_maximum,
    leave_one_out,
    rank_p_values,
    selection_inflation,
)


def make_table(n: int = 20, seed: int = 0, gaps: bool = True) -> pd.DataFrame:
    """An Arena rating and three benchmarks of one ability; some scores missing."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=n)
    scores = {name: 50 + 10 * (ability + 0.5 * rng.normal(size=n)) for name in ("coding", "maths", "long")}
    table = pd.DataFrame({"model": [f"m{i:02d}" for i in range(n)], **scores})
    table["arena"] = 1200 + 50 * ability + 20 * rng.normal(size=n)
    if gaps:
        table.loc[[1, 4], "long"] = np.nan
        table.loc[[7], "coding"] = np.nan
    return table


def theil_sen(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i in range(x.size) for j in range(i + 1, x.size)]
    slope = float(np.median(slopes))
    return slope, float(np.median(y - slope * x))


def huber(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    level, slope = sm.RLM(y, sm.add_constant(x)).fit(tol=1e-12, maxiter=500).params
    return slope, level


def by_hand(table: pd.DataFrame, line, names=("coding", "maths", "long")) -> pd.DataFrame:
    """Index, expectation, excess, score and rank of every model, by loops."""
    index = []
    for i in range(len(table)):
        z = [(table[c][i] - table[c].mean()) / table[c].std() for c in names if pd.notna(table[c][i])]
        index.append(sum(z) / len(z))
    x, y = np.array(index), table["arena"].to_numpy()
    rows = []
    for i in range(x.size):
        slope, level = line(np.delete(x, i), np.delete(y, i))
        rest = np.delete(y - level - slope * x, i)
        spread = 1.4826 * np.median(np.abs(rest - np.median(rest)))
        excess = y[i] - level - slope * x[i]
        rows.append((table["model"][i], x[i], y[i] - excess, excess, spread, excess / spread))
    frame = pd.DataFrame(rows, columns=["model", "index", "expected", "excess", "spread", "score"])
    far = frame["score"].abs()
    frame["p_value"] = [(1 + sum(far.drop(i) >= far[i])) / len(far) for i in range(len(far))]
    return frame.set_index("model")


@pytest.mark.parametrize(("method", "line"), [("theil-sen", theil_sen), ("rlm", huber)])
def test_every_column_is_that_of_a_recomputation(method, line):
    table = make_table()
    found = divergence(table, "arena", method=method).set_index("model")
    truth = by_hand(table, line).loc[found.index]
    for name in truth:
        np.testing.assert_allclose(found[name], truth[name], rtol=1e-6, err_msg=name)
    assert found["excess"].is_monotonic_decreasing
    assert found["scores"].to_dict() == table.set_index("model")[["coding", "maths", "long"]].notna().sum(axis=1).to_dict()
    assert (found["p_floor"] == 1 / 20).all()


def test_a_model_that_stands_apart_is_found_and_its_p_value_is_the_floor():
    table = make_table(12)
    table.loc[3, "arena"] += 300
    found = divergence(table, "arena")
    assert found["model"][0] == "m03"
    assert found["p_value"][0] == 1 / 12
    assert "p cannot be below 1/12 with 12 models" in found["note"][0]


def test_q_of_the_ranks_would_say_nothing():
    score = divergence(make_table(60, gaps=False), "arena")["score"].to_numpy()
    np.testing.assert_allclose(sm.stats.multipletests(rank_p_values(score), method="fdr_bh")[1], 1.0)


def test_the_unit_and_the_order_of_the_table_change_nothing():
    table = make_table()
    plain = divergence(table, "arena")
    other = table.assign(coding=table["coding"] * 7 - 3, arena=table["arena"] * 2 + 100).sample(frac=1, random_state=1)
    changed = divergence(other, "arena")
    assert changed["model"].tolist() == plain["model"].tolist()
    np.testing.assert_allclose(changed["score"], plain["score"], rtol=1e-9)
    np.testing.assert_allclose(changed["excess"], 2 * plain["excess"], rtol=1e-9)


def test_lower_is_better_turns_a_benchmark_round():
    table = make_table()
    errors = table.assign(coding=100 - table["coding"])
    with pytest.warns(LlamaStyleWarning, match=r"'coding' \(-0\.\d\d\).*lower_is_better"):
        divergence(errors, "arena")
    found = divergence(errors, "arena", lower_is_better=["coding"])
    np.testing.assert_allclose(found["excess"], divergence(table, "arena")["excess"], rtol=1e-9)


# -- style inflation -----------------------------------------------------------------------------------


def test_style_accounts_for_what_was_added_by_style():
    table = make_table(24)
    style = pd.Series(np.random.default_rng(5).normal(0, 1e-6, 24), index=table["model"])
    style["m03"] += 300
    table["arena"] += style.to_numpy()
    found = divergence(table, "arena", inflation=style).set_index("model")
    top = found.iloc[0]
    assert found.index[0] == "m03"
    before = divergence(table.assign(arena=table["arena"] - style.to_numpy()), "arena").set_index("model")
    np.testing.assert_allclose(found["other_excess"], before["excess"][found.index], atol=1e-9)
    np.testing.assert_allclose(found["style_excess"] + found["other_excess"], found["excess"], rtol=1e-12)
    assert top["style_share"] == pytest.approx(1 - before["excess"]["m03"] / top["excess"])
    assert top["style_excess"] == pytest.approx(300, abs=1e-3)


def test_a_constant_in_the_inflation_changes_nothing():
    table = make_table().assign(style=np.random.default_rng(3).normal(0, 20, 20))
    one = divergence(table, "arena", inflation="style")
    other = divergence(table.assign(style=table["style"] + 77), "arena", inflation="style")
    for name in ("style_excess", "other_excess"):
        np.testing.assert_allclose(one[name], other[name], atol=1e-8)


def test_a_share_is_withheld_with_the_reason_beside_it():
    table = make_table().assign(style=1.0)
    found = divergence(table, "arena", inflation="style")
    blank = found["style_share"].isna()
    assert (blank == (found["p_value"] > 0.05)).all()
    assert blank.sum() == 19
    assert found.loc[blank, "note"].str.contains("share withheld: p above 0.05").all()


def test_models_without_inflation_are_left_out_of_everything():
    table = make_table()
    style = {name: 1.0 * i for i, name in enumerate(table["model"][:15])}
    found = divergence(table, "arena", inflation=style)
    plain = divergence(table[:15], "arena")
    assert found["model"][:15].tolist() == plain["model"].tolist()
    np.testing.assert_allclose(found["excess"][:15], plain["excess"])
    assert found["note"][15:].eq("no style inflation").all()


# -- levels ----------------------------------------------------------------------------------------


def naive_and_rank(tables: int, n: int) -> tuple[float, float, float]:
    """Share of all models the residual over the raw MAD, read as a t, calls apart at 5 %; the same with
    the factor 1.4826; share of tables in which the first model's rank is at most 2/n."""
    rng = np.random.default_rng(7)
    raw, scaled, rank = [], [], []
    for _ in range(tables):
        x = rng.normal(size=n)
        score = leave_one_out(x, x + rng.standard_t(4, n), "theil-sen").score
        cut = stats.t.ppf(0.975, n - 3)
        raw.append(np.mean(1.4826 * np.abs(score) > cut))
        scaled.append(np.mean(np.abs(score) > cut))
        rank.append(rank_p_values(score)[0] <= 2.5 / n)
    return float(np.mean(raw)), float(np.mean(scaled)), float(np.mean(rank))


def test_the_naive_t_is_wrong_and_the_rank_holds_its_level():
    raw, scaled, rank = naive_and_rank(800, 15)
    assert 0.22 < raw < 0.33
    assert 0.11 < scaled < 0.2
    assert abs(rank - 2 / 15) < 3 * np.sqrt(2 / 15 * 13 / 15 / 800)


# -- bad input -------------------------------------------------------------------------------------


def refused(table, match: str, target: str = "arena", **options: object) -> None:
    with pytest.raises(LlamaStyleError, match=match):
        divergence(table, target, **options)


def test_too_few_models_say_how_many_were_left_out_and_why():
    refused(make_table(8, gaps=False)[:2], r"at least 8 models with the target and 2 benchmark scores each; there are 2 of 2")
    table = make_table(10, gaps=False)
    table.loc[[0, 1, 2], "arena"] = np.nan
    refused(table, r"there are 7 of 10; 3 left out: no arena")
    table = make_table(9, gaps=False)
    table.loc[[0, 1], ["coding", "maths"]] = np.nan
    refused(table, r"there are 7 of 9; 2 left out: 1 of at least 2 benchmark scores")


def test_unusable_models_stay_with_a_note():
    table = make_table(12)
    table.loc[0, "arena"] = np.nan
    table.loc[2, ["coding", "maths"]] = np.nan
    found = divergence(table, "arena")
    assert found["note"][10:].tolist() == ["no arena", "1 of at least 2 benchmark scores"]
    assert found.loc[10:, ["index", "excess", "p_value", "p_floor"]].isna().all(axis=None)
    assert (found["p_floor"][:10] == 0.1).all()


def test_constant_columns_are_named():
    table = make_table()
    refused(table.assign(maths=3.0), r"benchmark 'maths' has fewer than two different scores")
    refused(table.assign(arena=3.0), r"target 'arena' is the same for 20 of 20 models")
    refused(table.assign(arena=[3.0] * 19 + [4.0]), r"target 'arena' is the same for 19 of 20 models")
    one = [0.0] * 19 + [1.0]
    refused(table.assign(coding=one, maths=one, long=one), r"the index of the benchmarks is the same for 19 of 20")


@pytest.mark.parametrize("method", ["theil-sen", "rlm"])
def test_models_on_one_line_are_an_error(method):
    table = make_table(gaps=False)
    table["maths"] = table["long"] = table["coding"]
    table["arena"] = 3 * table["coding"]
    refused(table, "lie on one line exactly", method=method)
    table.loc[5, "arena"] += 10
    refused(table, "lie on one line exactly", method=method)


def test_an_unknown_method_lists_the_known():
    refused(make_table(), "use one of theil-sen, rlm", method="ols")


# -- selection -------------------------------------------------------------------------------------


def test_the_expected_maximum_is_that_of_closed_forms():
    assert expected_maximum(1) == 0.0
    assert expected_maximum(2) == pytest.approx(1 / np.sqrt(np.pi), abs=1e-10)
    assert expected_maximum(3) == pytest.approx(1.5 / np.sqrt(np.pi), abs=1e-10)
    four = 6 / np.sqrt(np.pi) * np.arctan(np.sqrt(2)) / np.pi
    assert expected_maximum(4) == pytest.approx(four, abs=1e-9)
    # Gumbel's limit, with its slow error of order log log n / log n
    for n in (10**6, 10**12):
        assert expected_maximum(n) == pytest.approx(stats.norm.isf(1 / n) + np.euler_gamma / stats.norm.isf(1 / n), rel=0.01)


def test_selection_is_that_of_draws():
    found = selection_inflation(27, 15, 6).iloc[0]
    assert (round(found["gain"], 1), round(found["real"], 1)) == (32.3, 27.8)
    rng = np.random.default_rng(0)
    true, error = 15 * rng.normal(size=(200_000, 27)), 6 * rng.normal(size=(200_000, 27))
    best = (true + error).argmax(axis=1)[:, None]
    real, noise = np.take_along_axis(true, best, 1)[:, 0], np.take_along_axis(error, best, 1)[:, 0]
    assert found["real"] == pytest.approx(real.mean(), abs=0.12)
    assert found["noise"] == pytest.approx(noise.mean(), abs=0.06)
    assert found["gain_low"] == pytest.approx(np.quantile(real + noise, 0.025), abs=0.2)
    assert found["gain_high"] == pytest.approx(np.quantile(real + noise, 0.975), abs=0.2)


def test_selection_at_the_edges():
    assert (selection_inflation([1, 5], 0, 0).drop(columns="n_variants") == 0).all(axis=None)
    assert (selection_inflation([1, 5], 0, 3)["real"] == 0).all()
    assert (selection_inflation([1, 5], 3, 0)["noise"] == 0).all()
    one = selection_inflation(1, 3, 4).iloc[0]
    assert one["gain"] == 0
    assert one["gain_high"] == pytest.approx(5 * stats.norm.ppf(0.975))


@pytest.mark.parametrize(
    "arguments",
    [(0, 1, 1), (2.5, 1, 1), ([], 1, 1), (True, 1, 1), (3, -1, 1), (3, 1, np.nan), (3, np.inf, 1), (3, 1e200, 1), ("3", 1, 1), (3, 1, 1, 1.0)],
)
def test_selection_refuses_nonsense(arguments):
    with pytest.raises(DataError):
        selection_inflation(*arguments)


# -- published figures -----------------------------------------------------------------------------

NAMES = {
    # Arena: (Aider polyglot, LiveBench, Fiction.LiveBench)
    "gemini-2.5-pro-exp-03-25": ("Gemini 2.5 Pro Preview 03-25", "gemini-2.5-pro-exp-03-25", "gemini-2.5-pro-exp-03-25:free"),
    "chatgpt-4o-latest-20250326": ("chatgpt-4o-latest (2025-03-29)", "chatgpt-4o-latest-2025-03-27", "chatgpt-4o-latest"),
    "gpt-4.5-preview-2025-02-27": ("gpt-4.5-preview", "gpt-4.5-preview-2025-02-27", "gpt-4.5-preview"),
    "gemini-2.5-flash-preview-04-17": ("gemini-2.5-flash-preview-04-17 (default)", "gemini-2.5-flash-preview-04-17", None),
    "gemini-2.0-flash-thinking-exp-01-21": ("gemini-2.0-flash-thinking-exp-01-21", "gemini-2.0-flash-thinking-exp-01-21", "gemini-2.0-flash-thinking-exp:free"),
    "gemini-2.0-pro-exp-02-05": ("Gemini 2.0 Pro exp-02-05", "gemini-2.0-pro-exp-02-05", "gemini-2.0-pro-exp-02-05:free"),
    "deepseek-v3-0324": ("DeepSeek V3 (0324)", "deepseek-v3-0324", "deepseek-chat-v3-0324:free"),
    "gpt-4.1-2025-04-14": ("gpt-4.1", "gpt-4.1-2025-04-14", None),
    "gpt-4.1-mini-2025-04-14": ("gpt-4.1-mini", "gpt-4.1-mini-2025-04-14", None),
    "gpt-4.1-nano-2025-04-14": ("gpt-4.1-nano", "gpt-4.1-nano-2025-04-14", None),
    "deepseek-r1": ("DeepSeek R1", "deepseek-r1", "deepseek-r1"),
    "gemini-2.0-flash-001": (None, "gemini-2.0-flash-001", "gemini-2.0-flash-001"),
    "o1-2024-12-17": ("o1-2024-12-17 (high)", "o1-2024-12-17-high", "o1"),
    "gemma-3-27b-it": ("gemma-3-27b-it", "gemma-3-27b-it", "gemma-3-27b-it:free"),
    "qwen2.5-max": ("qwen-max-2025-01-25", "qwen2.5-max", "qwen-max"),
    "o3-mini-high": ("o3-mini (high)", "o3-mini-2025-01-31-high", None),
    "o3-mini": ("o3-mini (medium)", "o3-mini-2025-01-31-medium", "o3-mini"),
    "deepseek-v3": ("DeepSeek Chat V3 (prev)", None, "deepseek-chat:free"),
    "qwq-32b": ("QwQ-32B", "qwq-32b", "qwq-32b:free"),
    "command-a-03-2025": ("command-a-03-2025-quality", "command-a-03-2025", None),
    "o1-mini": ("o1-mini-2024-09-12", "o1-mini-2024-09-12", None),
    "claude-3-7-sonnet-20250219-thinking-32k": ("claude-3-7-sonnet-20250219 (32k thinking tokens)", "claude-3-7-sonnet-20250219-thinking-64k", "claude-3-7-sonnet-20250219-thinking"),
    "claude-3-7-sonnet-20250219": ("claude-3-7-sonnet-20250219 (no thinking)", "claude-3-7-sonnet-20250219-base", "claude-3-7-sonnet-20250219"),
    "claude-3-5-sonnet-20241022": ("claude-3-5-sonnet-20241022", "claude-3-5-sonnet-20241022", "claude-3-5-sonnet-20241022"),
    "gpt-4o-mini-2024-07-18": ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18", None),
    "gpt-4o-2024-08-06": ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06", None),
    "claude-3-5-haiku-20241022": ("claude-3-5-haiku-20241022", "claude-3-5-haiku-20241022", None),
    "o4-mini-2025-04-16": ("o4-mini (high)", "o4-mini-2025-04-16-medium", None),
    "o3-2025-04-16": ("o3", "o3-2025-04-16-medium", None),
    "yi-lightning": ("yi-lightning", None, None),
    "llama-3.3-70b-instruct": (None, "llama-3.3-70b-instruct-turbo", "llama-3.3-70b-instruct"),
    "llama-4-maverick-17b-128e-instruct": ("Llama 4 Maverick", "llama-4-maverick-17b-128e-instruct", "llama-4-maverick:free"),
}  # fmt: skip
RELEASE, EXPERIMENTAL = "llama-4-maverick-17b-128e-instruct", "llama-4-maverick-03-26-experimental"


@pytest.fixture(scope="module")
def published(shared) -> pd.DataFrame:
    """Arena ratings of 2025-04-24 beside three benchmarks; experimental Maverick has the release's scores."""
    folder = shared / "published"
    history = pd.read_parquet(folder / "arena_catalog_text_history.parquet")
    day = history[(history["snapshot_date"] == "2025-04-24") & (history["category"] == "full")]
    rating = day.pivot(index="model", columns="board", values="rating")
    aider = pd.read_csv(folder / "aider_polyglot.csv").drop_duplicates("model").set_index("model")["pass_rate_2"]
    live = pd.read_csv(folder / "livebench_2025_04_02_category_averages.csv").set_index("model")["Global"]
    fiction = pd.read_csv(folder / "fiction_livebench_2025_04.csv", index_col=0)[["8000", "16000", "32000"]]
    long = fiction.mean(axis=1, skipna=False)
    rows = [
        {
            "model": model,
            "arena": rating.loc[model, "no_style_control"],
            "shift": rating.loc[model, "no_style_control"] - rating.loc[model, "style_control"],
            "aider": np.nan if names[0] is None else aider[names[0]],
            "livebench": np.nan if names[1] is None else live[names[1]],
            "long_context": np.nan if names[2] is None else long[names[2]],
        }
        for model, names in {**NAMES, EXPERIMENTAL: NAMES[RELEASE]}.items()
    ]
    return pd.DataFrame(rows)


@pytest.mark.shared_data
@pytest.mark.parametrize("method", ["theil-sen", "rlm"])
def test_experimental_maverick_is_rated_above_what_the_release_scores(published, method):
    table = published[published["model"] != RELEASE]
    found = divergence(table, "arena", inflation="shift", method=method).set_index("model")
    top = found.loc[EXPERIMENTAL]
    assert found.index[0] == EXPERIMENTAL
    assert top["p_value"] == top["p_floor"] == 1 / 31
    assert top["excess"] > 0
    assert 0 < top["style_share"] < 1
    assert found.loc["yi-lightning", "note"] == "1 of at least 2 benchmark scores"


@pytest.mark.shared_data
def test_the_release_is_rated_as_its_scores_warrant(published):
    found = divergence(published[published["model"] != EXPERIMENTAL], "arena").set_index("model")
    assert found.loc[RELEASE, "p_value"] > 0.5
    assert found.loc[RELEASE, "excess"] < 0
