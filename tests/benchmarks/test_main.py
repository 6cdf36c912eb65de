"""The command."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from benchmarks import NAMES, ROOT
from benchmarks import __main__ as command


@pytest.fixture
def tiny(monkeypatch):
    ran = []

    def load(name):
        def run(folder):
            ran.append(name)
            path = folder / "table.md"
            path.write_text(f"table of {name}", "utf-8")
            return path

        return SimpleNamespace(run=run)

    monkeypatch.setattr(command.importlib, "import_module", load)
    return ran


def test_all_unless_named(tiny, tmp_path, capsys):
    assert command.main(["--folder", str(tmp_path)]) == 0
    assert tiny == [f"benchmarks.{name}" for name in NAMES]
    assert "table of benchmarks.growth" in capsys.readouterr().out


def test_named_only(tiny, tmp_path):
    assert command.main(["startup", "--folder", str(tmp_path)]) == 0
    assert tiny == ["benchmarks.startup"]


def test_unknown_name_lists_the_known(capsys):
    assert command.main(["fits"]) == 2
    known = ", ".join(NAMES)
    assert capsys.readouterr().err == f"no benchmark 'fits'; there are: {known}\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_runs_into_a_folder(name):
    assert callable(importlib.import_module(f"benchmarks.{name}").run)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores cannot be chosen here")
def test_one_core_is_chosen_before_numpy():
    code = (
        "import os, sys; import benchmarks.__main__ as m; print('numpy' in sys.modules); m.hold_to_one_core();"
        "print(len(os.sched_getaffinity(0)), os.environ['OPENBLAS_NUM_THREADS'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "1", "1"]
