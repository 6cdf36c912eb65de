"""The maker of the published tables makes what is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from llamastyle.data import _build_facts as build


@pytest.mark.shared_data
def test_the_shipped_tables_are_the_made_ones(shared: Path, tmp_path: Path) -> None:
    build.build(tmp_path, shared / "published")
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(build.BUILT)
    for path in tmp_path.iterdir():
        assert path.read_text("utf-8") == (build.OUT / path.name).read_text("utf-8"), path.name


def test_without_the_data_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build.build(tmp_path, tmp_path / "published")
    assert "nothing built" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_data_is_looked_for_beside_the_checkout() -> None:
    checkout = Path(__file__).resolve().parents[2]
    assert checkout.parent / "shared" / "data" / "published" == build.SOURCE
