"""Files written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

import llamastyle as ls
from llamastyle.errors import LlamaStyleError
from llamastyle.report import files
from llamastyle.report.files import page_file, write_whole


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path):
    target = tmp_path / "x.html"
    assert write_whole(target, lambda p: p.write_text("one")) == target
    assert write_whole(str(target), lambda p: p.write_text("two")) == target
    assert target.read_text() == "two"
    assert names(tmp_path) == ["x.html"]


def test_the_unfinished_file_has_the_suffix_and_the_folder(tmp_path):
    seen = []
    write_whole(tmp_path / "x.parquet", lambda p: (seen.append(p), p.write_bytes(b"1")))
    assert seen[0].suffix == ".parquet"
    assert seen[0].parent == tmp_path
    assert seen[0].name != "x.parquet"


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, ValueError])
def test_an_interrupted_write_leaves_what_was_there(tmp_path, error):
    target = tmp_path / "x.html"
    target.write_text("old")

    def half(path):
        path.write_text("ha")
        raise error

    with pytest.raises(error):
        write_whole(target, half)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["x.html"]


def test_a_full_disk_is_one_clear_error(tmp_path):
    def full(path):
        raise OSError(28, "No space left on device")

    with pytest.raises(LlamaStyleError, match=r"x\.html.*No space left on device; nothing was changed"):
        write_whole(tmp_path / "x.html", full)
    assert names(tmp_path) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(LlamaStyleError, match="there is no folder.*absent"):
        write_whole(tmp_path / "absent" / "x.html", lambda p: p.write_text(""))


def test_a_folder_and_a_device_are_not_replaced(tmp_path):
    with pytest.raises(LlamaStyleError, match="a folder: name a file in it"):
        write_whole(tmp_path, lambda p: p.write_text(""))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LlamaStyleError, match="no regular file"):
        write_whole(tmp_path / "pipe", lambda p: p.write_text(""))
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_read_only_folder_is_one_clear_error(tmp_path, monkeypatch):
    # Root may write anywhere, so that the system's answer is played here and met below.
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", refuse)
    with pytest.raises(LlamaStyleError, match="Permission denied; nothing was changed"):
        write_whole(tmp_path / "x.html", lambda p: p.write_text(""))
    assert names(tmp_path) == []


def test_a_real_folder_that_takes_no_file(tmp_path):
    # Root may write to a read-only folder, but nobody can make a file among the kernel's.
    folder = Path("/proc/self") if os.geteuid() == 0 else tmp_path
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LlamaStyleError, match="could not be written: .*nothing was changed"):
            write_whole(folder / "x.html", lambda p: p.write_text(""))
    finally:
        tmp_path.chmod(0o700)


def test_a_link_is_followed_and_permissions_are_the_usual(tmp_path):
    real = tmp_path / "real.html"
    real.write_text("old")
    link = tmp_path / "link.html"
    link.symlink_to(real)
    before = os.umask(0o027)
    try:
        write_whole(link, lambda p: p.write_text("new"))
    finally:
        os.umask(before)
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_long_name_has_room(tmp_path):
    target = tmp_path / ("n" * 250 + ".html")
    write_whole(target, lambda p: p.write_text("x"))
    assert target.read_text() == "x"


def test_a_page_is_written_or_returned(tmp_path):
    assert page_file(lambda: "é", None, "x.html") == "é"
    assert page_file(lambda: "é", tmp_path / "x.html", "x.html") == tmp_path / "x.html"
    assert (tmp_path / "x.html").read_bytes() == b"\xc3\xa9"


@pytest.mark.parametrize(
    "report", [lambda: ls.maverick().report(3), lambda: ls.audit(ls.simulate(300, 3).battles).report(3)]
)
def test_what_is_no_name_of_a_file_is_refused(report):
    with pytest.raises(ls.LlamaStyleError, match=r"path=3 must be the name of a file to write, for example '\w+.html'"):
        report()
