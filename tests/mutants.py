"""``python -m tests.mutants``: small wrong changes to the code, and whether its tests notice them.

The changes are mutmut's. mutmut itself would run them from a changed copy of the package, in which every
function is called through another; features are told apart by the code of their functions, so that copy is
another library. Here one changed module at a time is put in the place of its original, in a process of its own.

mutmut is in no list of the project's packages, and this is no part of the checks: a sample takes most of an hour.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import importlib.machinery
import os
import random
import resource
import signal
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "mutants.md"
JUDGED = Path(__file__).with_name("mutants.toml")
"""Changes that make no difference, each with the reason."""
MODULES = {
    "llamastyle.regression.design": "tests/regression/test_design.py",
    "llamastyle.regression.bradley_terry": "tests/regression/test_bradley_terry.py",
    "llamastyle.regression.inference": "tests/regression/test_inference.py",
    "llamastyle.regression.decomposition": "tests/regression/test_decomposition.py",
    "llamastyle.features.lexicon": "tests/features/test_lexicon.py",
}
LOADED = (
    "hypothesis", "numba", "pandas", "pyarrow.json", "pyarrow.parquet", "scipy.optimize", "scipy.sparse.linalg",
    "scipy.stats", "sklearn.linear_model", "statsmodels.api", "textstat",
)  # fmt: skip
"""Loaded once, not in every process; nothing of this package."""
QUIET = (
    "-x", "-q", "-p", "no:cacheprovider",
    "-W", "ignore:overflow encountered in scalar:RuntimeWarning",  # without its compiler the scanner's sums wrap around
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # hypothesis is loaded already
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where, the lines that differ, and the module with it."""

    module: str
    function: str
    line: int
    before: str
    after: str
    code: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is called whatever else moves in the file."""
        return self.module, self.function, self.before, self.after


def changes_of(module: str) -> list[tuple[str, Callable[[], Mutant]]]:
    """Every change of mutmut's to the functions of a module: the function's name, and what makes the mutant."""
    from libcst import FunctionDef, parse_module
    from libcst.metadata import MetadataWrapper
    from mutmut.mutation.file_mutation import MutationVisitor, deep_replace
    from mutmut.mutation.mutators import mutation_operators
    from mutmut.mutation.pragma_handling import IgnoredCode

    original = (ROOT / f"{module.replace('.', '/')}.py").read_text("utf-8")
    visitor = MutationVisitor(mutation_operators, IgnoredCode(set(), set(), set()))
    tree = MetadataWrapper(parse_module(original)).visit(visitor)

    def made(mutation: Any, function: str) -> Mutant:
        changed = deep_replace(tree, mutation.original_node, mutation.mutated_node).code
        lines = list(difflib.unified_diff(original.splitlines(), changed.splitlines(), lineterm="", n=0))[2:]
        before = "\n".join(line[1:].strip() for line in lines if line[0] == "-")
        after = "\n".join(line[1:].strip() for line in lines if line[0] == "+")
        line = int(lines[0].split()[1].lstrip("-").split(",")[0])
        return Mutant(module, function, line, before, after, changed)

    within = ((m, m.contained_by_top_level_function) for m in visitor.mutations)
    return [(f.name.value, partial(made, m, f.name.value)) for m, f in within if isinstance(f, FunctionDef)]


class Instead(MetaPathFinder):
    """Finds the changed module in the place of its original."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.mutant.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert spec is not None
        assert spec.origin is not None
        mutant = self.mutant

        class Loader(importlib.machinery.SourceFileLoader):
            def get_code(self, fullname: str) -> Any:
                return compile(mutant.code, self.path, "exec")

        spec.loader = Loader(fullname, spec.origin)
        return spec


def tried(tests: str, mutant: Mutant | None, seconds: int) -> tuple[str, float]:
    """``killed``, ``too slow`` or ``survived``, and the processor's seconds it took; the machine may do other things."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        if mutant is not None:
            sys.meta_path.insert(0, Instead(mutant))
        os._exit(int(pytest.main([tests, *QUIET])))
    _, status, used = os.wait4(child, 0)
    took = used.ru_utime + used.ru_stime
    slow = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGKILL, signal.SIGXCPU)
    return "too slow" if slow else "survived" if status == 0 else "killed", took


def judged() -> dict[tuple[str, str, str, str], str]:
    """Reasons why a change makes no difference, by the change."""
    known = tomllib.loads(JUDGED.read_text("utf-8"))["equivalent"] if JUDGED.exists() else []
    return {(k["module"], k["function"], k["before"].strip(), k["after"].strip()): k["why"] for k in known}


def table(sample: Sequence[Mutant], found: Sequence[str], total: Counter[str], seed: int) -> str:
    """The results as Markdown."""
    reasons = judged()
    ends: dict[str, Counter[str]] = {module: Counter() for module in MODULES}
    for mutant, end in zip(sample, found, strict=True):
        same = end == "survived" and mutant.key in reasons
        ends[mutant.module]["equivalent" if same else end] += 1
    made = [
        "# Mutants",
        "",
        (
            f"`python -m tests.mutants --sample {len(sample)} --seed {seed}`: {len(sample)} changes drawn from"
            f" {sum(total.values())} (mutmut's), each tried on the module's own test file alone."
        ),
        "",
        "| module | changes | drawn | noticed | too slow | make no difference | survived |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for module, of in ends.items():
        row = (of["killed"], of["too slow"], of["equivalent"], of["survived"])
        made.append(f"| `{module}` | {total[module]} | {of.total()} | {' | '.join(map(str, row))} |")
    every = sum(ends.values(), Counter[str]())
    noticed = every["killed"] + every["too slow"]
    could = len(sample) - every["equivalent"]
    made += [
        "",
        (
            f"Noticed: {noticed} of {len(sample)} ({noticed / max(1, len(sample)):.1%}); of the {could} that make a"
            f" difference, {noticed / max(1, could):.1%}."
        ),
    ]
    alive = [m for m, end in zip(sample, found, strict=True) if end == "survived"]
    alive.sort(key=lambda m: (list(MODULES).index(m.module), m.line))
    for title, those in (
        ("Survived", [m for m in alive if m.key not in reasons]),
        ("Survived, as they make no difference", [m for m in alive if m.key in reasons]),
    ):
        made += ["", f"## {title}", ""]
        for mutant in those:
            why = f" {reasons[mutant.key]}" if mutant.key in reasons else ""
            made += [f"`{mutant.module}.{mutant.function}`, line {mutant.line}.{why}", "", "```diff"]
            made += [f"-{line}" for line in mutant.before.splitlines()]
            made += [f"+{line}" for line in mutant.after.splitlines()] + ["```", ""]
        if not those:
            made += ["None.", ""]
    return "\n".join(made).rstrip() + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try a sample of changes, and write what became of them."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, default=300, help="how many changes")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--only", help="changes of modules and functions whose name has this in it")
    parser.add_argument("--survivors", type=Path, help="try those alone that this table says survived")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the table goes")
    asked = parser.parse_args(arguments)
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_DISABLE_JIT": "1"}
    os.chdir(ROOT)

    every = [(module, *change) for module in MODULES for change in changes_of(module)]
    total = Counter(module for module, _, _ in every)
    chosen = random.Random(asked.seed).sample(range(len(every)), min(asked.sample, len(every)))
    sample = [make() for module, function, make in map(every.__getitem__, chosen)
              if not asked.only or asked.only in f"{module}.{function}"]  # fmt: skip
    if asked.survivors:
        before = asked.survivors.read_text("utf-8")
        shown = ["\n".join([*(f"-{x}" for x in m.before.splitlines()), *(f"+{x}" for x in m.after.splitlines())])
                 for m in sample]  # fmt: skip
        sample = [m for m, text in zip(sample, shown, strict=True) if text in before]

    for name in LOADED:
        importlib.import_module(name)
    limits: dict[str, int] = {}
    for module, tests in MODULES.items():
        if any(mutant.module == module for mutant in sample):
            end, took = tried(tests, None, 600)
            if end != "survived":
                print(f"{tests} fails as it is", file=sys.stderr)
                return 1
            limits[module] = int(20 + 5 * took)
            print(f"{tests}: {took:.1f} s", file=sys.stderr, flush=True)
    found: list[str] = []
    for k, mutant in enumerate(sample, 1):
        end, took = tried(MODULES[mutant.module], mutant, limits[mutant.module])
        found.append(end)
        where = f"{mutant.module}.{mutant.function}:{mutant.line}"
        print(f"{k}/{len(sample)} {took:5.1f} s {end:8} {where}", file=sys.stderr, flush=True)
        asked.out.write_text(table(sample[:k], found, total, asked.seed), "utf-8")
    print(asked.out.read_text("utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
