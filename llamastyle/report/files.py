"""Files written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from llamastyle.errors import LlamaStyleError

__all__ = ["fill_and_replace", "page_file", "write_whole"]


def write_whole(path: str | Path, write: Callable[[Path], object]) -> Path:
    """Write a file whole or not at all, and return its path.

    Parameters
    ----------
    path : str or Path
        Where the file shall be; one that is there is replaced only when the new one is complete. A
        symbolic link is followed.
    write : callable
        Called with the path of an unfinished file in the same folder and with the same suffix, which
        it fills.

    Raises
    ------
    LlamaStyleError
        The folder is missing or cannot be written, the path is no regular file, or writing failed;
        nothing is left behind.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_whole(f"{folder}/x.txt", lambda unfinished: unfinished.write_text("whole"))
    ...     made.name, made.read_text()
    ('x.txt', 'whole')
    """
    asked = Path(path)
    try:
        target = Path(os.path.realpath(asked))
        if not target.parent.is_dir():
            raise LlamaStyleError(f"{str(asked)!r}: there is no folder {str(asked.parent)!r}")
        if target.exists() and not target.is_file():
            what = "a folder: name a file in it" if target.is_dir() else "no regular file"
            raise LlamaStyleError(f"{str(asked)!r} is {what}")
        fill_and_replace(target, write)
    except OSError as error:
        why = error.strerror or str(error)
        raise LlamaStyleError(
            f"{str(asked)!r} could not be written: {why}; nothing was changed, choose another place"
        ) from error
    return asked


def page_file(make: Callable[[], str], path: str | Path | None, example: str) -> Path | str:
    """A page, or where it was written.

    Parameters
    ----------
    make : callable
        Makes the page.
    path : str or Path, optional
        Where to write it; without one the page is returned.
    example : str
        A name that would do, for the error about one that does not.

    Raises
    ------
    LlamaStyleError
        No name of a file, or as `write_whole`.

    Examples
    --------
    >>> page_file(lambda: "<p>whole</p>", None, "report.html")
    '<p>whole</p>'
    """
    if not isinstance(path, str | os.PathLike | None):
        raise LlamaStyleError(f"path={path!r} must be the name of a file to write, for example {example!r}")
    page = make()
    return page if path is None else write_whole(path, lambda unfinished: unfinished.write_text(page, "utf-8"))


def fill_and_replace(target: Path, write: Callable[[Path], object]) -> None:
    """As `write_whole`, with the system's own errors; what was written is on the disk before it has its name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fill_and_replace(Path(folder, "x.txt"), lambda unfinished: unfinished.write_text("whole"))
    ...     Path(folder, "x.txt").read_text()
    'whole'
    """
    unfinished = target.with_name(f".unfinished-{secrets.token_hex(8)}{target.suffix}")
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        write(unfinished)
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
