"""On a Ray cluster of two cores: the bytes and the numbers of one machine, also when a worker is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import llamastyle as ls
from llamastyle import distributed
from llamastyle.features import file_parts
from llamastyle.regression import batches, file_fits

pytestmark = [
    pytest.mark.filterwarnings("ignore:columns .* do not vary"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"),
]

ROOT = Path(__file__).resolve().parents[1]
ROWS = 100
FEATURES = ["words", "bold", "emoji"]


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray", reason="needs Ray: pip install 'llamastyle[ray]'")
    pytest.importorskip("ray.data", reason="needs Ray Data: pip install 'llamastyle[ray]'")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield ray
    ray.shutdown()


@pytest.fixture(scope="module")
def votes(tmp_path_factory):
    path = tmp_path_factory.mktemp("distributed") / "votes.parquet"
    battles = ls.simulate(1200, 6, style={"words": 0.6}, texts=True, seed=4).battles
    battles.to_frame().to_parquet(path, row_group_size=ROWS)
    return path


@pytest.fixture
def small(monkeypatch):
    """Many parts, and few battles a group of clusters."""
    monkeypatch.setattr(file_parts, "PART_BYTES", 60_000)
    monkeypatch.setattr(distributed, "PART_BYTES", 60_000)
    monkeypatch.setattr(file_fits, "GROUP", 300)


def dying_once(marker: Path):
    """Kill the process that calls this, the first time that any does."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def deadly(marker: Path):
    home = os.getpid()  # where a function of one's own is tried on a few texts before the workers get it

    def words(text: str) -> float:
        if os.getpid() != home:
            dying_once(marker)
        return float(len(text.split()))

    return ls.per_text(words)


def compared(found: ls.StyleResult, wanted: ls.StyleResult) -> None:
    np.testing.assert_allclose(found.cov_params(), wanted.cov_params(), rtol=1e-10, atol=1e-14)
    for table in ("tidy", "ratings", "decompose", "parity", "audit"):
        pd.testing.assert_frame_equal(getattr(found, table)(), getattr(wanted, table)(), rtol=1e-10, atol=1e-10)


def bytes_of(files: ls.FeatureFiles) -> list[bytes]:
    return [path.read_bytes() for path in (*files.parts, files.folder / "_manifest.json")]


def test_features_are_written_to_the_same_bytes(ray, votes, small, tmp_path):
    here = ls.extract(votes, FEATURES, out=tmp_path / "here", progress=False)
    there = distributed.extract(votes, FEATURES, out=tmp_path / "there", progress=False)
    assert len(there.parts) == there.made > 3
    assert bytes_of(there) == bytes_of(here)
    assert distributed.extract(votes, FEATURES, out=tmp_path / "there", progress=False).made == 0


@pytest.mark.parametrize("part_bytes", [60_000, 1 << 28])
def test_fit_and_audit_are_those_of_one_machine(ray, votes, small, monkeypatch, part_bytes):
    monkeypatch.setattr(distributed, "PART_BYTES", part_bytes)
    compared(distributed.fit(votes, FEATURES), ls.fit(votes, FEATURES))


def test_small_arenas_are_forgiven_by_audit(ray, tmp_path):
    frame = ls.simulate(900, 5, style={"words": 0.6}, seed=4).battles.to_frame()
    frame.loc[:30, ["model_a", "winner", "outcome"]] = ["best", "model_a", 1.0]
    frame.to_parquet(tmp_path / "votes.parquet", row_group_size=ROWS)
    with pytest.raises(ls.SeparationError, match="'best' never lost"):
        distributed.fit(tmp_path / "votes.parquet")
    found = distributed.audit(tmp_path / "votes.parquet")
    assert list(found.dropped) == ["best"]
    compared(found, ls.audit(tmp_path / "votes.parquet"))


def test_a_worker_killed_while_it_measures_changes_nothing(ray, votes, small, tmp_path):
    marker = tmp_path / "dead"
    found = distributed.fit(votes, [deadly(marker)])
    assert marker.exists()
    marker.unlink()
    there = distributed.extract(votes, [deadly(marker)], out=tmp_path / "there", progress=False)
    assert marker.exists()
    here = ls.extract(votes, [deadly(marker)], out=tmp_path / "here", progress=False)
    assert [p.read_bytes() for p in there.parts] == [p.read_bytes() for p in here.parts]
    compared(found, ls.fit(votes, [deadly(marker)]))


def dying_sums(shard, marker, plan, params, likelihood):
    dying_once(marker)
    return POINT_SUMS(shard, plan, params, likelihood)


POINT_SUMS = batches.point_sums


def test_a_worker_killed_while_it_sums_changes_nothing(ray, votes, small, tmp_path, monkeypatch):
    marker = tmp_path / "dead"
    monkeypatch.setattr(batches, "point_sums", partial(dying_sums, marker=marker))
    found = distributed.fit(votes, FEATURES)
    assert marker.exists()
    monkeypatch.undo()
    compared(found, ls.fit(votes, FEATURES))


def test_errors_are_those_of_the_library(ray, votes, small, tmp_path):
    def failing(text: str) -> float:
        raise ValueError("no such thing")

    with pytest.raises(ls.FeatureError, match=r"failed at row 0: ValueError\('no such thing'\)"):
        distributed.fit(votes, [ls.per_text(failing)])
    with pytest.raises(ls.FeatureError, match=r"failed at row 0: ValueError\('no such thing'\)"):
        distributed.extract(votes, [ls.per_text(failing)], out=tmp_path / "out", progress=False)


def test_a_file_that_workers_do_not_see_is_said(ray, votes, small, tmp_path, monkeypatch):
    path = tmp_path / "gone.parquet"
    plan = distributed.parts_of

    def gone(*args, **size):
        made = plan(*args, **size)
        path.unlink()
        return made

    path.write_bytes(votes.read_bytes())
    monkeypatch.setattr(distributed, "parts_of", gone)
    with pytest.raises(ls.DataError, match="a worker could not read or write: .*gone.parquet.*every node must see"):
        distributed.fit(path, FEATURES)


def test_without_ray_the_extra_is_named(votes, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    for call in (partial(distributed.fit, votes), partial(distributed.extract, votes, out=tmp_path / "out")):
        with pytest.raises(ls.LlamaStyleError, match=r"pip install 'llamastyle\[ray\]'"):
            call()


def test_importing_the_library_does_not_import_ray():
    code = "import sys, llamastyle, llamastyle.distributed; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
