"""The harness of the studies, on a tiny study."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from docs import studies
from docs.studies import __main__ as command

FRAME = pd.DataFrame({"what": ["a|b", None], "found": [0.5, float("nan")], "n": [1, 2]})


def tiny_run(folder: Path, progress: studies.Progress) -> None:
    progress(1, 1)
    studies.write_table(folder, "tiny", FRAME, data="two rows", seed=7)


TINY = SimpleNamespace(NAME="tiny", SUMMARY="Two rows,\nwritten down.", run=tiny_run)


@pytest.fixture
def only_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "find_studies", lambda: {"tiny": TINY})


def test_table_says_what_it_was_made_of(tmp_path: Path) -> None:
    path = studies.write_table(tmp_path / "new", "tiny", FRAME, data="two rows", seed=7)
    comment, blank, *table = path.read_text("utf-8").splitlines()
    facts = json.loads(comment.removeprefix("<!-- ").removesuffix(" -->"))
    assert (facts["data"], facts["seed"], blank) == ("two rows", 7, "")
    assert facts["commit"] == studies.commit()
    assert table == ["| what | found | n |", "| --- | ---: | ---: |", r"| a\|b | 0.5 | 1 |", "|  |  | 2 |"]
    assert list(path.parent.iterdir()) == [path]


def test_command_runs_a_study(only_tiny: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["tiny", "--folder", str(tmp_path)]) == 0
    assert (tmp_path / "tiny.md").is_file()
    assert "tiny: 1 of 1" in capsys.readouterr().err


def test_command_lists_studies(only_tiny: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["list"]) == 0
    assert capsys.readouterr().out == "tiny: Two rows, written down.\n"


def test_unknown_study_is_an_error_that_names_the_known(
    only_tiny: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["tinny"]) == 2
    assert capsys.readouterr().err == "no study 'tinny'; there are: tiny\n"


def test_every_study_of_the_folder_follows_the_protocol() -> None:
    for name, study in studies.find_studies().items():
        assert study.SUMMARY.strip(), name
        assert callable(study.run), name


def test_the_head_of_the_page_leads_to_every_study() -> None:
    head, _, tables = (studies.ROOT / "docs" / "studies.md").read_text("utf-8").partition("## The tables")
    assert tables
    for name in studies.find_studies():
        assert name.startswith(studies.REAL) or f"[{name}](" in head, name


def test_interrupted_work_goes_on_where_it_stopped(tmp_path: Path) -> None:
    computed: list[int] = []

    def compute(seed: int) -> dict[str, int]:
        if seed == 2 and len(computed) == 2:
            raise KeyboardInterrupt
        computed.append(seed)
        return {"square": seed * seed}

    seen: list[tuple[int, int]] = []

    def work(settings: object = None) -> list[dict[str, int]]:
        return studies.resumable(
            "tiny",
            range(4),
            compute,
            lambda done, total: seen.append((done, total)),
            settings=settings,
            folder=tmp_path,
        )

    with pytest.raises(KeyboardInterrupt):
        work()
    computed.append(-1)
    assert work() == [{"square": n} for n in (0, 1, 4, 9)]
    assert computed == [0, 1, -1, 2, 3]
    assert seen[-1] == (4, 4)
    assert work("other") == work()
    assert computed == [0, 1, -1, 2, 3, 0, 1, 2, 3]


def test_a_line_cut_off_is_computed_again(tmp_path: Path) -> None:
    def work() -> list[int]:
        return studies.resumable("tiny", range(3), lambda seed: -seed, lambda *_: None, folder=tmp_path)

    assert work() == [0, -1, -2]
    (kept,) = tmp_path.iterdir()
    kept.write_text("[0, 0]\n[1, -", "utf-8")
    assert work() == [0, -1, -2]
    assert kept.read_text("utf-8") == "[0, 0]\n[1, -1]\n[2, -2]\n"


def test_page_shows_the_tables_there_are(tmp_path: Path) -> None:
    other = SimpleNamespace(NAME="tiny-other", SUMMARY="Not run.", run=tiny_run)
    known = {"tiny": TINY, "tiny-other": other}
    assert studies.studies_page(known, tmp_path) == "\n"
    tiny_run(tmp_path, lambda *_: None)
    page = studies.studies_page(known, tmp_path)
    assert page.startswith("## tiny\n\nTwo rows,\nwritten down.\n\n| what |")
    assert "two rows, seed 7; commit" in page
    assert "tiny-other" not in page
    studies.write_table(tmp_path, "tiny-other", FRAME, data="others", seed=None)
    assert "others; commit" in studies.studies_page(known, tmp_path).split("## tiny-other")[1]
