"""The rules of the house, proved on the source; each rule is shown to fail on a planted violation."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "llamastyle"

LAYERS = (
    ("errors", "options"),
    ("report",),
    ("features",),
    ("data",),
    ("regression",),
    ("llama4", "distributed", "integrations", "testing", "shell", "cli", "__main__"),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
TOP = len(LAYERS) - 1

# Import name -> where it may be imported; a file, or a folder that ends in "/".
AT_HOME = {
    "numba": ("features/kernel.py",),
    "narwhals": ("data/readers/",),
    "altair": (
        "report/charts.py", "report/panels.py", "report/published_charts.py", "report/scatters.py", "report/shares.py",
        "report/trends.py",
    ),
    "huggingface_hub": ("data/hub.py",),
    "inspect_ai": ("integrations/inspect_ai.py",),
    "lm_eval": ("integrations/lm_eval.py",),
    "ray": ("distributed.py",),
    "zipfile_zstd": ("data/readers/inspect_ai.py",),
    "typer": ("cli.py", "shell.py"),
}
FUNCTIONS_ONLY = {"altair", "huggingface_hub", "ray", "zipfile_zstd"}

BANNED_IMPORTS = {"pickle", "cPickle", "cloudpickle", "dill", "shelve", "marshal", "joblib", "subprocess"}
BANNED_CALLS = {"eval", "exec", "compile", "__import__"}
BANNED_METHODS = {"eval", "system", "popen", "read_pickle", "to_pickle", "execv", "execve", "spawnv"}
BANNED_OPTIONS = {"shell", "allow_pickle"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~*-])(?:/(?:home|root|Users|work|tmp|opt|mnt)/\w|[A-Z]:\\Users)")
REGISTRY_HOST = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|anaconda\.org|index[-]url|find[-]links"
)

LEFTOVERS = {"venv", "build", "dist", "__pycache__", "_build", "generated"}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module: who imports what, on which line, and whether inside a function."""

    importer: str
    target: str
    line: int
    in_function: bool


def module_name(path: Path, package: Path) -> str:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(package: Path) -> dict[str, Path]:
    """Every module of a package by its full name."""
    return {module_name(path, package): path for path in sorted(package.rglob("*.py"))}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def import_nodes(node: ast.AST, in_function: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Import statements and dynamic imports that run; those under ``if TYPE_CHECKING`` do not."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child):
            for other in child.orelse:  # type: ignore[attr-defined]
                yield from import_nodes(ast.Module([other], []), in_function)
            continue
        dynamic = isinstance(child, ast.Call) and ast.unparse(child.func).endswith("import_module")
        if isinstance(child, ast.Import | ast.ImportFrom) or dynamic:
            yield child, in_function
        inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from import_nodes(child, in_function or inner)


def targets(node: ast.AST, importer: str, is_package: bool, known: set[str]) -> list[str]:
    """The modules an import statement names; ``from x import y`` is ``x.y`` where that is a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            anchor = importer.split(".")
            anchor = anchor[: len(anchor) - node.level + is_package]
            base = ".".join([*anchor, *([node.module] if node.module else [])])
        names = [f"{base}.{alias.name}" for alias in node.names]
        return [name if name in known else base for name in names]
    assert isinstance(node, ast.Call)
    argument = node.args[0] if node.args else None
    literal = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return [argument.value if literal else "<computed>"]  # type: ignore[union-attr]


def imports(package: Path) -> list[Import]:
    modules = sources(package)
    found = []
    for name, path in modules.items():
        for node, in_function in import_nodes(ast.parse(path.read_text("utf-8"))):
            for target in targets(node, name, path.name == "__init__.py", set(modules)):
                found.append(Import(name, target, node.lineno, in_function))  # type: ignore[attr-defined]
    return found


def level_of(module: str, package: str) -> int:
    """The layer of a module; the package itself is above all, since its names come from everywhere."""
    room = module.removeprefix(package).strip(".").split(".")[0]
    return LEVEL[room] if room else TOP


def wrong_directions(package: Path) -> list[str]:
    """Imports that point upwards, or that are computed where only the package itself may compute them."""
    top = package.name
    wrong = []
    for item in imports(package):
        if item.importer == top:
            continue
        inside = item.target == top or item.target.startswith(f"{top}.")
        if item.target == "<computed>" or (
            inside and level_of(item.target, top) > level_of(item.importer, top)
        ):
            wrong.append(f"{item.importer}:{item.line} imports {item.target}")
    return wrong


def cycles(package: Path) -> list[list[str]]:
    """Groups of modules that import each other, whether at the top of the file or in a function."""
    modules = sources(package)
    edges: dict[str, set[str]] = {name: set() for name in modules}
    for item in imports(package):
        if item.target in modules and item.target != item.importer:
            edges[item.importer].add(item.target)

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        stack = [start]
        while stack:
            new = edges[stack.pop()] - seen
            seen |= new
            stack.extend(new)
        return seen

    reach = {name: reachable(name) for name in modules}
    inside = [name for name in modules if name in reach[name]]
    groups = {frozenset(m for m in inside if m in reach[n] and n in reach[m]) for n in inside}
    return sorted(sorted(group) for group in groups)


def strays(package: Path) -> list[str]:
    """Imports of a package outside the one place that may know it, or outside a function where asked."""
    modules = sources(package)
    wrong = []
    for item in imports(package):
        name = item.target.split(".")[0]
        place = modules[item.importer].relative_to(package).as_posix()
        homes = AT_HOME.get(name, ())
        away = homes and not any(place.startswith(h) if h.endswith("/") else place == h for h in homes)
        if away or (name in FUNCTIONS_ONLY and not item.in_function):
            wrong.append(f"{place}:{item.line} imports {name}")
    return wrong


def dangers(source: str) -> list[str]:
    """Pickle, evaluated text and shells in a piece of source."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in BANNED_IMPORTS]
        elif isinstance(node, ast.ImportFrom):
            home = node.module or ""
            banned = home.split(".")[0] in BANNED_IMPORTS
            found += [home] if banned else []
            found += [alias.name for alias in node.names if home == "os" and alias.name in BANNED_METHODS]
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
                found.append(node.func.id)
            if isinstance(node.func, ast.Attribute) and node.func.attr in BANNED_METHODS:
                found.append(node.func.attr)
            found += [
                f"{keyword.arg}=True"
                for keyword in node.keywords
                if keyword.arg in BANNED_OPTIONS
                and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            ]
    return found


def untested(package: Path, tests: Path) -> list[str]:
    """Modules without their test file; ``a/b.py`` is tested in ``tests/a/test_b.py``."""
    missing = []
    for path in sources(package).values():
        place = path.relative_to(package)
        if place.name == "__init__.py" and place.parent != Path():
            continue
        wanted = tests / place.parent / f"test_{path.stem.strip('_')}.py"
        if not wanted.is_file():
            missing.append(f"{place.as_posix()} has no {wanted.relative_to(tests.parent).as_posix()}")
    return missing


def shadowing(package: Path) -> list[str]:
    """Public functions that share their name with a module at their own level or at the top."""
    modules = sources(package)
    wrong = []
    for name, path in modules.items():
        home = name if path.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                hits = {f"{home}.{node.name}", f"{package.name}.{node.name}"} & set(modules)
                wrong += [f"{name}.{node.name} against {hit}" for hit in sorted(hits)]
    return wrong


def stubs(source: str) -> list[str]:
    """Functions that do nothing, or only raise a bare exception; protocols and decorated ones may."""
    found = []
    for node in ast.walk(ast.parse(source)):
        protocol = isinstance(node, ast.ClassDef) and any("Protocol" in ast.unparse(b) for b in node.bases)
        for child in [] if protocol else ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not child.decorator_list:
                found += [child.name] if all(map(is_nothing, child.body)) else []
    return found


def is_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    bare = isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Name)
    return constant or bare or isinstance(statement, ast.Pass)


def project_files(root: Path) -> list[Path]:
    """The files git would keep, or all but the usual leftovers where there is no git."""
    listed = None
    if (root / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        try:
            listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            listed = None
    if listed is not None:
        return [root / name for name in listed.split("\0") if name and (root / name).is_file()]
    return [
        path for path in sorted(root.rglob("*")) if path.is_file() and not leftover(path.relative_to(root))
    ]


def leftover(path: Path) -> bool:
    hidden = any(part.startswith(".") and part not in {".ci", ".gitignore"} for part in path.parts)
    return hidden or any(part in LEFTOVERS for part in path.parts)


def leaks(text: str) -> list[str]:
    """Paths of one machine and hosts of registries in a text."""
    return [match.group() for rule in (MACHINE_PATH, REGISTRY_HOST) for match in rule.finditer(text)]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


# ---------------------------------------------------------------- the rules on the package


def test_every_room_is_known() -> None:
    rooms = {name.split(".")[1] for name in sources(PACKAGE) if "." in name}
    assert rooms <= set(LEVEL)


def test_imports_point_one_way() -> None:
    assert wrong_directions(PACKAGE) == []


def test_no_import_cycles() -> None:
    assert cycles(PACKAGE) == []


def test_heavy_packages_stay_at_home() -> None:
    assert strays(PACKAGE) == []


@pytest.mark.parametrize("module", sources(PACKAGE))
def test_no_pickle_no_evaluated_text_no_shell(module: str) -> None:
    assert dangers(sources(PACKAGE)[module].read_text("utf-8")) == []


@pytest.mark.parametrize("module", sources(PACKAGE))
def test_no_stubs(module: str) -> None:
    assert stubs(sources(PACKAGE)[module].read_text("utf-8")) == []


def test_every_module_has_its_test_file() -> None:
    assert untested(PACKAGE, ROOT / "tests") == []


def test_no_function_shares_its_name_with_a_module() -> None:
    assert shadowing(PACKAGE) == []


def test_nothing_is_unfinished() -> None:
    files = [path for path in PACKAGE.rglob("*") if path.suffix in {".py", ".toml", ".html", ".css", ".js"}]
    found = {path.name: UNFINISHED.findall(path.read_text("utf-8")) for path in files}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_no_machine_path_and_no_registry_host() -> None:
    found = {}
    for path in project_files(ROOT):
        try:
            hits = leaks(path.read_text("utf-8"))
        except UnicodeDecodeError:
            continue
        if hits:
            found[path.relative_to(ROOT).as_posix()] = hits
    assert found == {}


def test_strictly_typed_modules_exist() -> None:
    config = json.loads((ROOT / ".ci" / "pyright-strict.json").read_text("utf-8"))
    strict = {(ROOT / ".ci" / name).resolve() for name in config["include"]}
    numerical = "accounts design bradley_terry handling inference links decomposition diagnostics detector".split()
    wanted = {"errors.py", "options.py", *(f"regression/{name}.py" for name in numerical)}
    assert {path.relative_to(PACKAGE).as_posix() for path in strict} == wanted
    assert [path.name for path in strict if not path.is_file()] == []


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f'__version__ = "{project["version"]}"' in (PACKAGE / "__init__.py").read_text("utf-8")


def test_constraints_cover_the_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {
        canonical(re.match(r"[\w.-]+", requirement).group())  # type: ignore[union-attr]
        for requirement in [*project["dependencies"], *extras["test"], *extras["docs"], "ruff", "pyright"]
    }
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", pin)] == []
    assert wanted - {canonical(pin.split("==")[0]) for pin in pins} == set()


# ---------------------------------------------------------------- the rules on planted violations


def house(folder: Path, files: dict[str, str]) -> Path:
    """A small package with every room, in which some files have the given text."""
    package = folder / "house"
    rooms = ("report", "features", "data", "regression")
    empty = ["__init__.py", "errors.py", "options.py", "cli.py"]
    empty += [f"{room}/{name}.py" for room in rooms for name in ("__init__", "b")]
    for name, text in {**dict.fromkeys(empty, ""), **files}.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return package


@pytest.mark.parametrize(
    ("place", "line", "caught"),
    [
        ("features/b.py", "from house.errors import X", False),
        ("features/b.py", "from house import errors", False),
        ("features/b.py", "from ..errors import X", False),
        ("features/b.py", "import house.data.b", True),
        ("features/b.py", "from house import data", True),
        ("features/b.py", "from ..data import b", True),
        ("features/__init__.py", "from ..data import b", True),
        ("features/b.py", "def f():\n    from house.data.b import X", True),
        ("features/b.py", "import importlib\nimportlib.import_module('house.data.b')", True),
        ("features/b.py", "import importlib\nimportlib.import_module('house.' + 'data')", True),
        ("features/b.py", "from house import fit", True),
        (
            "features/b.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.data.b",
            False,
        ),
        ("features/b.py", "if TYPE_CHECKING:\n    pass\nelse:\n    import house.data.b", True),
        ("report/b.py", "from house.features.b import X", True),
        ("errors.py", "from house.report import X", True),
        ("regression/b.py", "from house.cli import main", True),
        ("cli.py", "import house", False),
        ("__init__.py", "from house.cli import main", False),
    ],
)
def test_direction_rule(tmp_path: Path, place: str, line: str, caught: bool) -> None:
    package = house(tmp_path, {place: line})
    assert bool(wrong_directions(package)) is caught


def test_cycle_rule(tmp_path: Path) -> None:
    files = {"data/b.py": "from house.data.c import X", "data/c.py": "def f():\n    from house.data import b"}
    assert cycles(house(tmp_path, files)) == [["house.data.b", "house.data.c"]]
    assert cycles(house(tmp_path, {**files, "data/c.py": "import house.errors"})) == []


@pytest.mark.parametrize(
    ("place", "line", "caught"),
    [
        ("features/kernel.py", "import numba", False),
        ("features/b.py", "from numba import njit", True),
        ("data/readers/frame.py", "import narwhals as nw", False),
        ("data/b.py", "def f():\n    import narwhals.stable.v1 as nw", True),
        ("report/charts.py", "def f():\n    import altair", False),
        ("report/charts.py", "import altair", True),
        ("report/b.py", "def f():\n    import altair", True),
        ("data/hub.py", "def f():\n    import huggingface_hub.utils", False),
        ("data/hub.py", "import huggingface_hub", True),
    ],
)
def test_home_rule(tmp_path: Path, place: str, line: str, caught: bool) -> None:
    assert bool(strays(house(tmp_path, {place: line}))) is caught


@pytest.mark.parametrize(
    ("line", "caught"),
    [
        ("import pickle", True),
        ("from pickle import loads", True),
        ("import subprocess", True),
        ("eval('1')", True),
        ("exec(text)", True),
        ("frame.eval('a + b')", True),
        ("os.system('ls')", True),
        ("from os import system", True),
        ("pd.read_pickle(path)", True),
        ("np.load(path, allow_pickle=True)", True),
        ("np.load(path, allow_pickle=False)", False),
        ("run(command, shell=flag)", True),
        ("ast.literal_eval('1')", False),
        ("re.compile('1')", False),
    ],
)
def test_danger_rule(line: str, caught: bool) -> None:
    assert bool(dangers(line)) is caught


def test_test_file_rule(tmp_path: Path) -> None:
    package = house(tmp_path, {})
    tests = tmp_path / "tests"
    for path in sources(package).values():
        wanted = tests / path.relative_to(package).parent / f"test_{path.stem.strip('_')}.py"
        wanted.parent.mkdir(parents=True, exist_ok=True)
        wanted.touch()
    assert untested(package, tests) == []
    (tests / "data" / "test_b.py").unlink()
    assert untested(package, tests) == ["data/b.py has no tests/data/test_b.py"]


@pytest.mark.parametrize(
    ("place", "line", "caught"),
    [
        ("data/b.py", "def b(): ...", True),
        ("data/b.py", "def features(): ...", True),
        ("features/__init__.py", "def b(): ...", True),
        ("data/b.py", "def battles(): ...", False),
        ("data/b.py", "def _b(): ...", False),
        ("data/b.py", "class b: ...", False),
    ],
)
def test_shadowing_rule(tmp_path: Path, place: str, line: str, caught: bool) -> None:
    assert bool(shadowing(house(tmp_path, {place: line}))) is caught


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("/".join(["see ", "home", "me"]), True),
        ("/".join(["", "tmp", "x"]), True),
        ("C:" + "\\Users", True),
        ("https://" + "pypi" + ".org/simple", True),
        ("--extra-ind" + "ex-url=x", True),
        ("https://example.com" + "/".join(["", "home", "me"]), False),
        ("the home of features/", False),
    ],
)
def test_leak_rule(text: str, caught: bool) -> None:
    assert bool(leaks(text)) is caught


def test_unfinished_rule() -> None:
    assert UNFINISHED.search("# TO" + "DO later")
    assert UNFINISHED.search("raise NotImplemented" + "Error")
    assert not UNFINISHED.search("return NotImplemented")


@pytest.mark.parametrize(
    ("source", "caught"),
    [
        ("def f(): raise RuntimeError", True),
        ("def f():\n    'Words.'", True),
        ("class A:\n    def f(self): ...", True),
        ("def f(): pass", True),
        ("class A(Protocol):\n    def f(self): ...", False),
        ("@overload\ndef f(): ...", False),
        ("def f(x): raise ValueError(x)", False),
        ("def f(): return 1", False),
    ],
)
def test_stub_rule(source: str, caught: bool) -> None:
    assert bool(stubs(source)) is caught
