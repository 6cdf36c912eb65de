"""The page on real data: its words hold in its tables, its figures come from them, and its readers read right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from docs import studies
from docs.studies import __main__ as command
from docs.studies import real_human_feedback, real_judgebench, real_llmbar, real_llmfao
from docs.studies._real import cell

PAGE = studies.ROOT / "docs" / "real-data.md"
REAL = sorted(name for name in studies.find_studies() if name.startswith(studies.REAL))


def table(name: str) -> pd.DataFrame:
    """A committed table, cells as text."""
    _, _, head, _, *rows = (studies.TABLES / f"{name}.md").read_text("utf-8").splitlines()
    cells = [[part.strip() for part in line.strip("|").split("|")] for line in (head, *rows)]
    return pd.DataFrame(cells[1:], columns=cells[0])


def bounds(shown: str) -> tuple[float, float, float]:
    """``1.2 [0.3, 2.1]`` as numbers."""
    return tuple(float(part) for part in re.findall(r"-?\d+(?:\.\d+)?", shown)[:3])  # type: ignore[return-value]


def above(shown: str) -> bool:
    return bounds(shown)[1] > 0


def below(shown: str) -> bool:
    return bounds(shown)[2] < 0


def open_(shown: str) -> bool:
    """The interval covers zero."""
    return not above(shown) and not below(shown)


# -- the harness --------------------------------------------------------------------------------------


def test_study_without_its_data_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Any) -> None:
    monkeypatch.setattr(studies, "SHARED", tmp_path / "nowhere")
    for name in REAL:
        assert command.main([name, "--folder", str(tmp_path)]) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith(f"{name} needs the data set '{name.removeprefix('real-').replace('-', '_')}'")
        assert "../shared/data" in said
    assert list(tmp_path.iterdir()) == []


def test_real_data_have_a_page_of_their_own(tmp_path: Path) -> None:
    known = {
        name: SimpleNamespace(NAME=name, SUMMARY=f"About {name}.", run=None) for name in ("slow", "real-x")
    }
    frame = pd.DataFrame({"n": [1]})
    for name in ("slow", "real-x-2-b", "real-x-1-a"):
        studies.write_table(tmp_path, name, frame, data=f"data of {name}", seed=None)
    assert "real-x" not in studies.studies_page(known, tmp_path)
    sections = studies.real_data_sections(known, tmp_path)
    assert list(sections) == ["real-x"]
    assert sections["real-x"].startswith("About real-x.\n\n| n |")
    assert sections["real-x"].index("data of real-x-1-a") < sections["real-x"].index("data of real-x-2-b")


def test_page_includes_every_study_of_real_data_and_no_figure_of_its_own() -> None:
    page = PAGE.read_text("utf-8")
    assert sorted(re.findall(r"fragments/(real-[\w-]+)\.md", page)) == REAL
    prose = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    names = r"GPT-4|GPT-3\.5|o1-mini|LLaMA2|PaLM2|`gpt4_gamed`|95 %"
    assert not re.findall(r".*\d.*", re.sub(names, "", prose))


def test_every_section_says_whose_data_it_has_and_begins_with_what_was_found() -> None:
    page = PAGE.read_text("utf-8")
    top, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    rows = re.findall(r"^\| \[([^]]+)\]\(#[\w-]+\) \|.*\(https://github\.com/[\w./-]+\)", top, flags=re.MULTILINE)
    assert rows == [section.splitlines()[0] for section in sections]
    assert all(section.splitlines()[2].startswith("**In a line.** *") for section in sections)
    assert re.search(r"fragments/(.*)\.md", sections[0])[1] == "real-alpaca-eval"  # type: ignore[index]


def test_tables_are_there_with_what_they_were_made_of() -> None:
    for name in REAL:
        paths = sorted(studies.TABLES.glob(f"{name}-*.md"))
        assert paths, name
        for path in paths:
            facts = json.loads(path.read_text("utf-8").splitlines()[0].removeprefix("<!-- ").removesuffix(" -->"))
            assert facts["data"].startswith(name.removeprefix("real-").replace("-", "_")), path


@pytest.mark.parametrize(
    ("value", "shown"), [((0.123, -0.0001, 0.5), "0.12 [0.00,\N{NO-BREAK SPACE}0.50]"), ((np.nan, 0, 1), "")]
)
def test_cell(value: tuple[float, float, float], shown: str) -> None:
    assert cell(*value, 2) == shown


# -- what the page says -------------------------------------------------------------------------------


def test_what_is_said_of_llmfao() -> None:
    prices = table("real-llmfao-1-prices")
    for judge, rows in prices.groupby("judge"):
        assert all(above(shown) for shown in rows["words"]) == (judge == "GPT-3.5")
        assert all(open_(shown) for shown in rows["words"]) == (judge != "GPT-3.5")
        default = rows[rows["features"] == "default"]
        assert all(above(shown) for shown in default["right"]) == (judge != "GPT-3.5")
        assert set(default["words / right"] == "withheld") == {judge == "GPT-3.5"}
        narrow = rows[rows["features"] != "default"]
        assert all(bounds(shown)[0] > 1 for shown in narrow["words / right"]) == (judge == "GPT-3.5")
    assert (prices["p equal, right"].replace("", "0").str.lstrip("<").astype(float) < 0.05).all()
    contrasts = table("real-llmfao-2-contrasts").set_index("judge")
    bent = contrasts[["tanh", "difference"]].map(above)
    assert bent.loc["humans"].all(axis=None)
    assert not bent.loc["GPT-3.5"].any(axis=None)
    assert contrasts.loc["GPT-4", ["relative", "log_ratio", "tanh", "difference"]].map(open_).all(axis=None)
    checks = table("real-llmfao-3-checks").set_index("check")
    for shown in [*checks.loc["price of correctness"], checks.loc["price of list_items"].iloc[1]]:
        assert int(re.search(r"until (\d+)%", shown)[1]) < 5  # type: ignore[index]
    assert "not told from zero" in checks.loc["price of list_items", "default"]
    shown = checks.loc["curvature, p"].str.extract(r"([0-9.]+)")[0].astype(float)
    assert (shown <= 0.01).all()
    assert float(checks.loc["variance inflation of words", "default"].split(",")[0]) > 10
    assert "mean_sentence_words" in checks.loc["variance inflation of words", "default"]


def test_what_is_said_of_judgebench() -> None:
    prices = table("real-judgebench-1-prices").set_index("judge")
    assert not prices["words"].map(above).any()
    down = set(prices.index[prices["words"].map(below)])
    assert down == {"all", *(name for name in prices.index if name.startswith(("Skywork", "GRM")))}
    assert len(down) == 4
    assert prices["right"].map(above).all()
    assert prices["right"].map(lambda shown: bounds(shown)[0]).idxmax().startswith("o1-mini")
    assert not table("real-judgebench-2-contrasts").map(above).any(axis=None)
    assert prices["longer is right"].astype(float).between(0.45, 0.55).all()


def test_what_is_said_of_llmbar() -> None:
    prices = table("real-llmbar-1-prices").set_index(["pairs", "judge"])
    natural, adversarial = prices.loc["natural"], prices.loc["adversarial"]
    assert natural["right"].map(above).all()
    assert list(natural.index[natural["words"].map(above)]) == ["LLaMA2"]
    assert list(adversarial.index[~adversarial["words"].map(above)]) == ["PaLM2"]
    assert list(adversarial.index[adversarial["right"].map(below)]) == ["ChatGPT", "ChatGPT-0301"]
    fell = adversarial["right"].map(lambda s: bounds(s)[0]) < natural["right"].map(lambda s: bounds(s)[0])
    assert list(fell.index[~fell]) == ["GPT-4"]
    assert float(natural.loc["all", "p equal, words"]) > 0.05
    assert natural.loc["all", "p equal, right"] == "<0.001"
    assert float(adversarial.loc["all", "longer is right"]) < 0.25
    contrasts = table("real-llmbar-2-contrasts").set_index("pairs")
    assert contrasts.loc["adversarial"].map(above).all()
    assert list(contrasts.columns[contrasts.loc["natural"].map(above)]) == ["relative"]
    for kind, smaller in (("natural", True), ("adversarial", False)):  # the same fits in another step
        shown = prices.loc[(kind, "all"), "words"], contrasts.loc[kind, "log_ratio"]
        first, second = (bounds(cells) for cells in shown)
        factor = second[0] / first[0]
        assert (factor < 1) == smaller
        assert second == pytest.approx([factor * value for value in first], abs=0.15)


def test_what_is_said_of_human_feedback() -> None:
    parts = table("real-human-feedback-2-regression").set_index(["instruction", "fit"])
    for lost in ("less assertive", "simpler"):
        share = bounds(parts.loc[(lost, "texts"), "style, % of total"])[0]
        assert 35 < share < 65
        assert below(parts.loc[(lost, "texts"), "strength"])
    assert open_(parts.loc[("less assertive", "perceived"), "strength"])
    assert bounds(parts.loc[("less assertive", "perceived"), "style, % of total"])[0] > 80
    assert below(parts.loc[("simpler", "perceived"), "strength"])
    elaborate = parts.loc["more elaborate"]
    assert elaborate["style"].map(above).all()
    assert elaborate["strength"].map(open_).all()
    assert parts.loc["more assertive"][["total", "style", "strength"]].map(open_).all(axis=None)
    facts = parts.xs("and facts", level="fit")["facts perceived"]
    assert facts.map(open_).all()
    means = table("real-human-feedback-1-assignment").set_index("instruction")["wrong facts perceived"].astype(float)
    assert means["less assertive"] == means.max()


def test_what_is_said_of_arena_llama3() -> None:
    contrasts = table("real-arena-llama3-2-contrasts").set_index("effect")
    assert contrasts.loc[["words", "words, with side"]].map(above).all(axis=None)
    for row in ("bold", "bold, with side"):
        assert 0 < contrasts.loc[row].map(above).sum() < 4
    topics = table("real-arena-llama3-1-topics").set_index("topic")
    tests = topics.loc[["p equal", "q equal"]].drop(columns="battles")
    assert (tests.astype(float) > 0.05).all(axis=None)
    assert topics.loc["Chatting", "side"] == "too few battles"


def test_what_is_said_of_alpaca_eval() -> None:
    published = table("real-alpaca-eval-1-published").set_index("lambda")
    away = published["mean absolute difference"].astype(float)
    assert away["1.0"] <= 1.0
    assert away["3.0"] > 1.0
    assert float(published.loc["1.0", "Spearman"]) >= 0.98
    assert published["largest"].str.endswith("(NullModel)").all()
    models = table("real-alpaca-eval-2-variants").set_index("model")
    voted = models["as voted"].astype(float)
    style = models["by style"].map(lambda shown: bounds(shown)[0])
    first, then = (models["rank"].str.split(", ").str[i].astype(int) for i in (0, 1))
    concise = [name for name in models.index if name.endswith("_concise")]
    assert len(concise) == 3
    for name in [*concise, "gpt4_gamed"]:
        assert style[name] > voted[name]
        assert then[name] < first[name]
    assert (first - then).idxmax() == "gpt4_gamed"
    assert models.loc["gpt4_gamed", "by style"].endswith("*")
    assert (first["NullModel"], then["NullModel"]) == (1, 1)
    columns = ["by length", "by style", "by style, no prompt effects"]
    best = models[columns].map(lambda shown: bounds(shown)[0]).idxmax()
    assert (best == "NullModel").all()
    assert models.loc["NullModel", "verdict"] == "undetermined"
    assert bounds(models.loc["NullModel", "inflation"])[0] > 0
    assert below(models.loc["NullModel", "inflation under tanh"])
    gap = table("real-alpaca-eval-3-gaps").set_index("variant").loc["claude-2.1_concise"]
    assert float(gap["as voted"]) < float(gap["by style"]) < -1
    assert abs(float(gap["by style, no prompt effects"])) < 1
    assert (then[["alpaca-7b", "alpaca-7b_verbose"]] > 30).all()


# -- the readers, against sums straight from the files ------------------------------------------------


@pytest.mark.shared_data
def test_second_games_of_judgebench_are_turned_as_played(shared: Path) -> None:
    battles = real_judgebench.read()
    judge = (battles.columns["judge"] == "internlm2-7b-reward").to_numpy()
    path = shared / "judgebench" / "verdicts" / "internlm_internlm2-7b-reward.jsonl"
    lines = real_judgebench.read_lines(path)
    scores = [eval_scores(line["scores"]) for line in lines]
    right = [(a > b) == (line["label"] == "A>B") for line, (a, b) in zip(lines, scores, strict=True)]
    gap = battles.correct_a - battles.correct_b
    agrees = np.where(gap > 0, battles.outcome, 1 - battles.outcome)[judge]
    assert agrees.size == 700
    assert agrees.mean() == pytest.approx(np.mean(right), abs=1e-12)


def eval_scores(shown: Any) -> tuple[float, float]:
    """The first game's two scores: in the order of the pair."""
    text = shown if isinstance(shown, str) else str(shown)
    a, b = re.search(r"'scores': \[([-\d.e]+), ([-\d.e]+)\]", text).groups()  # type: ignore[union-attr]
    return float(a), float(b)


@pytest.mark.shared_data
def test_both_orders_of_llmbar_name_winners_as_in_the_pair(shared: Path) -> None:
    battles = real_llmbar.read()
    verdicts = pd.read_parquet(shared / "llmbar" / "verdicts.parquet")
    games = verdicts.melt(["label"], ["winner_noswap", "winner_swap"]).dropna()
    gap = battles.correct_a - battles.correct_b
    agrees = np.where(gap > 0, battles.outcome, 1 - battles.outcome)
    assert len(battles) == len(games)
    assert agrees.mean() == pytest.approx((games["value"] == games["label"]).mean(), abs=1e-12)
    assert 0.45 < np.mean(battles.correct_a) < 0.55


@pytest.mark.shared_data
def test_pairs_of_human_feedback_carry_their_own_measurements(shared: Path) -> None:
    measured, pairs = real_human_feedback.read()
    assert (len(measured), len(pairs)) == (1800, 3300)
    assert not pairs.isna().any(axis=None)
    gap = pairs["score_a"] - pairs["score_b"]
    assert (pairs["winner"] == np.select([gap > 0, gap < 0], ["model_a", "model_b"], "tie")).all()
    scores = pd.read_parquet(shared / "human_feedback" / "part2_unbiased_full.parquet")
    alone = scores[scores["model"] != "distractor"].groupby("preamble_type")["score"].mean()
    both = measured.groupby("preamble_type")["score"].mean()
    assert list(both.sort_values().index[:2]) == list(alone.sort_values().index[:2])


@pytest.mark.shared_data
def test_three_judges_of_llmfao_judge_the_same_pairs() -> None:
    battles = real_llmfao.read()
    pairs = battles.columns.groupby("judge")["pair_id"].agg(["nunique", "size"])
    assert pairs["nunique"].eq(762).all()
    assert pairs["size"].to_dict() == {"GPT-3.5": 762, "GPT-4": 762, "humans": 3171}
