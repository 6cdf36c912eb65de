"""Make the tables of ``csv/`` that come from ../shared: ``python -m llamastyle.data._build_facts``.

The other tables are typed by hand, each row with its source.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

OUT = Path(__file__).with_name("csv")
SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "published"

BOARDS = {"no_style_control": "raw", "style_control": "style_controlled"}
FILES = {"no_style_control": "leaderboard-text.json", "style_control": "leaderboard-text-style-control.json"}
WHOLE_BOARDS = ("2025-04-07", "2025-04-24", "2025-05-24", "2025-11-06")
"""Snapshots of which every model is kept; the last one that has both boards is added to them."""

DISPLAYED = {
    "2025.04.06": "3f7847a14",
    "2025.04.08": "bfb1e8b1d",
    "2025.04.11": "6c37a6f9c",
    "2025.04.13": "ec9626a8c",
    "2025.04.18": "78d995887",
    "2025.04.24": "20e2eefa9",
    "2025.05.06": "f8f6143c0",
    "2025.05.07": "995be1906",
    "2025.05.13": "9e65f7214",
    "2025.05.20": "e49c928eb",
    "2025.05.21": "31ee3dece",
    "2025.05.23": "f62bc9280",
    "2025.06.03": "69c8fa999",
    "2025.06.05": "24574dcbb",
    "2025.06.06": "284af9945",
    "2025.06.12": "26166d538",
    "2025.06.17": "ca244c9ce",
    "2025.06.18": "5f92c95e0",
    "2025.06.25": "7f77ccfdb",
    "2025.07.01": "1b1d2e21b",
    "2025.07.07": "09faeb259",
    "2025.07.16": "6d5baeccc",
    "2025.07.18": "f1d824adc",
    "2025.07.27": "283321b9c",
    "2025.07.28": "80141c0ba",
    "2025.08.01": "7a7158f33",
    "2025.08.04": "e964e252a",
}
"""The commit of each version of the displayed table."""
WHOLE_TABLES = ("2025.04.06", "2025.04.11", "2025.04.13")

COMMITS = {
    "_posts/2024-08-29-style-control.md": "b6da7f12d",
    "_posts/2025-04-22-sentiment-control.md": "03ee028c8",
    "examples/lmarena.ipynb": "91684140b",
}
NOTEBOOK_DATE = "2025-12-08"
"""When the coefficients first stood in arena-rank's notebook."""
AIDER = "Aider-AI/aider:aider/website/_data/polyglot_leaderboard.yml@cb6a152e5"
FICTION = "https://fiction.live/stories/Fiction-liveBench-April-17-2025/oQdzQvKHw8JyXbN87"
LIVEBENCH = "LiveBench/livebench.github.io:public/table_2025_04_02.csv@ad5151419"
CONFABULATIONS = "lechmazur/confabulations:README.md@734d5fab1"


def arena_ratings(folder: Path) -> pd.DataFrame:
    """Every model at a few snapshots over all prompts; the Llama 4 models wherever they are."""
    import pandas as pd

    history: Any = pd.read_parquet(folder / "arena_catalog_text_history.parquet")
    groups = history.groupby(["snapshot_date", "board", "category"])["rating"]
    history["rank"] = groups.rank(ascending=False, method="min").astype(int)
    history["models"] = groups.transform("size")
    both = history.groupby("snapshot_date")["board"].nunique()
    whole: Any = {*WHOLE_BOARDS, both[both == len(BOARDS)].index.max()}
    kept = history["snapshot_date"].isin(whole) & (history["category"] == "full")
    kept |= history["model"].str.startswith("llama-4-")
    found: Any = history[kept].sort_values(["snapshot_date", "board", "category", "rank", "model"])
    source = "lmarena/arena-catalog:data/" + found["board"].map(FILES) + "@" + found["commit"].str[:9]
    return pd.DataFrame(
        {
            "date": found["snapshot_date"],
            "board": found["board"].map(BOARDS),
            "category": found["category"],
            "model": found["model"],
            "rating": found["rating"].round(2),
            "low": found["rating_q025"].round(2),
            "high": found["rating_q975"].round(2),
            "rank": found["rank"],
            "models": found["models"],
            "source": source,
        }
    )


def arena_displayed(folder: Path) -> pd.DataFrame:
    """Three versions of the displayed table, and Maverick's rows of every other."""
    import pandas as pd

    every: Any = pd.read_csv(folder / "arena_displayed_text.csv.gz")
    maverick: Any = pd.read_csv(folder / "arena_displayed_maverick.csv")
    whole: Any = every[every["tag"].isin(WHOLE_TABLES)]
    found: Any = pd.concat([whole, maverick[~maverick["tag"].isin(WHOLE_TABLES)]])
    found = found.sort_values(["tag", "rank", "model"])
    margin = found["95_pct_ci"].str.extract(r"^\+(\d+)/-(\d+)$").astype(int)
    return pd.DataFrame(
        {
            "date": found["tag"].str.replace(".", "-"),
            "model": found["model"],
            "rank": found["rank"],
            # In the later file this column ranks raw ratings by their intervals, whatever it is called.
            "rank_style_controlled": found["rank_stylectrl"].where(found["file"] == "csv/lmsys.csv").astype("Int64"),
            "rating": found["arena_score"],
            "low": found["arena_score"] - margin[1],
            "high": found["arena_score"] + margin[0],
            "votes": found["votes"],
            "organisation": found["organization"],
            "source": "fboulnois/llm-leaderboard-csv:" + found["file"] + "@" + found["tag"].map(DISPLAYED),
        }
    )


def style_coefficients(folder: Path) -> pd.DataFrame:
    """Coefficients that Arena published."""
    import pandas as pd

    found: Any = pd.read_csv(folder / "lmarena_style_coefficients.csv")
    place = found["source"].str.split(" ", n=1, expand=True)
    return pd.DataFrame(
        {
            "date": found["fit"].str.extract(r"^(\d{4}-\d\d-\d\d)")[0].fillna(NOTEBOOK_DATE),
            "fit": found["fit"],
            "feature": found["feature"],
            "coefficient": found["coefficient"],
            "source": place[0] + ":" + place[1] + "@" + place[1].map(COMMITS),
        }
    )


def aider_polyglot(folder: Path) -> pd.DataFrame:
    """Aider's polyglot leaderboard, one row a run."""
    import pandas as pd

    found: Any = pd.read_csv(folder / "aider_polyglot.csv")
    columns = {
        "date": "date",
        "model": "model",
        "pass_rate_1": "pass_rate_1",
        "pass_rate_2": "pass_rate_2",
        "percent_cases_well_formed": "well_formed",
        "total_cost": "cost_usd",
        "edit_format": "edit_format",
        "test_cases": "cases",
    }
    return found[list(columns)].rename(columns=columns).assign(source=AIDER)


def long_context(folder: Path) -> pd.DataFrame:
    """Fiction.LiveBench, one row a model and length."""
    import pandas as pd

    wide: Any = pd.read_csv(folder / "fiction_livebench_2025_04.csv", index_col=0)
    found: Any = wide.rename_axis("model").reset_index().melt("model", var_name="tokens", value_name="score")
    found["tokens"] = found["tokens"].astype(int)
    found["order"] = found["model"].map({name: i for i, name in enumerate(wide.index)})
    found = found.dropna().sort_values(["order", "tokens"]).drop(columns="order")
    found.insert(0, "date", "2025-04-17")
    return found.assign(source=FICTION)


def livebench(folder: Path) -> pd.DataFrame:
    """LiveBench by category."""
    import pandas as pd

    found: Any = pd.read_csv(folder / "livebench_2025_04_02_category_averages.csv")
    found = found.rename(columns={"IF": "instruction_following", "Global": "average"})
    found.columns = [name.lower().replace(" ", "_") for name in found]
    found.insert(0, "date", "2025-04-18")
    return found.assign(source=LIVEBENCH)


def confabulations(folder: Path) -> pd.DataFrame:
    """How often models answer what the text does not say, and do not answer what it says."""
    import pandas as pd

    found: Any = pd.read_csv(folder / "lechmazur_confabulations.csv").drop(columns="rank")
    found.insert(0, "date", "2025-08-07")
    return found.assign(source=CONFABULATIONS)


BUILT = {
    "arena_ratings": arena_ratings,
    "arena_displayed": arena_displayed,
    "style_coefficients": style_coefficients,
    "aider_polyglot": aider_polyglot,
    "long_context": long_context,
    "livebench": livebench,
    "confabulations": confabulations,
}


def build(out: Path = OUT, folder: Path = SOURCE) -> None:
    """Write the tables that come from ../shared."""
    if not folder.is_dir():
        print(
            f"nothing built: {folder} is absent; the tables of {out.name}/ stay as they are", file=sys.stderr
        )
        return
    for name, made in BUILT.items():
        made(folder).to_csv(out / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    build()
