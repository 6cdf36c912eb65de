"""Tables on the Hugging Face hub: an ``hf://`` address becomes checked files in the hub's own cache."""

from __future__ import annotations

import json
import os
import posixpath
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet

from llamastyle.data.battles import counted
from llamastyle.data.readers.files import FOREIGN
from llamastyle.data.readers.table import shown
from llamastyle.errors import DataError
from llamastyle.options import nearest

__all__ = ["ARENA_140K", "MAVERICK_BATTLES", "Download", "download"]

ARENA_140K = "hf://datasets/lmarena-ai/arena-human-preference-140k"
"""LMArena's votes of April to July 2025."""
MAVERICK_BATTLES = (
    "hf://spaces/lmarena-ai/Llama-4-Maverick-03-26-Experimental_battles/data/clean-llama4.jsonl"
)
"""LMArena's battles of the Maverick that was not released."""

SCHEME = "hf://"
FORM = (
    "hf://datasets/OWNER/NAME, with @REVISION, a path or a pattern behind it where wanted; or hf://spaces/..."
)
ADDRESS = re.compile(
    r"hf://(dataset|space)s/([\w.-]+/[\w.-]+)(?:@(refs/convert/[\w.-]+|refs/pr/\d+|[^/]+))?(?:/(.*))?", re.S
)
TABLES = ((".parquet",), (".jsonl", ".jsonl.gz"), (".csv", ".csv.gz"))
"""What is read of a repository when no file is named: the first kind that is there."""


@dataclass(frozen=True, slots=True)
class Download:
    """Files in the cache.

    Attributes
    ----------
    files : list of (str, str)
        Address and local path of each, in order.
    notes : tuple of str
        Repository and commit, and whether they were read without asking the hub.
    """

    files: list[tuple[str, str]]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Address:
    kind: str
    repo: str
    revision: str
    path: str

    @property
    def root(self) -> str:
        return f"{SCHEME}{self.kind}s/{self.repo}"


@dataclass(frozen=True, slots=True)
class _Listing:
    """Files of a commit and their sizes; ``offline`` says why the hub was not asked, ``known`` if it ever was."""

    commit: str
    sizes: dict[str, int | None]
    offline: str = ""
    known: bool = True


def download(address: str) -> Download:
    """The files that an ``hf://`` address names, downloaded unless they are in the cache, each one checked.

    Parameters
    ----------
    address : str
        ``hf://datasets/OWNER/NAME``, with ``@REVISION`` and a path or pattern behind it where wanted, or
        ``hf://spaces/...``. Without a path the repository's tables are taken: ``data/*.parquet``, or else
        its other parquet files, its JSON lines, its CSV.

    Raises
    ------
    DataError
        If there is no such file, it may not be read, the download stops, or what came is damaged.
    """
    where = _parsed(address)
    hub = _library()
    listing = _listing(hub, where)
    names = _chosen(where, list(listing.sizes))
    paths = [_fetched(hub, where, listing, names, i) for i in range(len(names))]
    files = [(f"{where.root}/{name}", path) for name, path in zip(names, paths, strict=True)]
    return Download(files, tuple(_notes(where, listing, names)))


def _parsed(address: str) -> _Address:
    match = ADDRESS.fullmatch(address)
    if not match:
        raise DataError(f"{shown(address, 200)} is no address of a table on the hub; give {FORM}")
    kind, repo, revision, path = match.groups()
    revision = re.sub("^~", "refs/convert/", unquote(revision or "main"))
    return _Address(kind, repo, revision, path or "")


def _library() -> Any:
    try:
        import huggingface_hub.constants
        import huggingface_hub.utils
    except ImportError:
        raise DataError(
            "hf:// addresses need huggingface_hub, which is not installed: pip install 'llamastyle[hub]'"
        ) from None
    return huggingface_hub


def _trouble(hub: Any) -> tuple[type[BaseException], ...]:
    """What the library raises: its errors' bases are those of its transport, which differs with its version.

    RuntimeError is how its compiled transfer (hf_xet) fails.
    """
    return (OSError, ValueError, RuntimeError, *hub.utils.HfHubHTTPError.__bases__)


# ---------------------------------------------------------------- what is there


def _listing(hub: Any, where: _Address) -> _Listing:
    """The hub's list of files, or the one kept in the cache where the hub cannot be asked."""
    wait = hub.constants.HF_HUB_ETAG_TIMEOUT
    try:
        info = hub.HfApi().repo_info(
            where.repo, repo_type=where.kind, revision=where.revision, files_metadata=True, timeout=wait
        )
    except _trouble(hub) as error:
        if refusal := _refusal(hub, where, error):
            raise refusal from None
        offline = _why(hub, error)
        kept = _recorded(hub, where, offline) or _scanned(hub, where, offline)
        if kept is None:
            raise DataError(
                f"{offline}, and nothing of {where.root} at {where.revision} is in the cache "
                f"({hub.constants.HF_HUB_CACHE}); read it once with a network"
            ) from None
        return kept
    listing = _Listing(info.sha, {file.rfilename: file.size for file in info.siblings})
    with suppress(OSError):  # a cache that is only read can still be read
        text = json.dumps({"commit": listing.commit, "sizes": listing.sizes})
        new = _record(hub, where).with_suffix(f".{os.getpid()}")
        new.write_text(text, "utf-8")
        new.replace(_record(hub, where))
    return listing


def _record(hub: Any, where: _Address) -> Path:
    """Where the list of files is kept: without it, half a download could not be told from a whole one."""
    folder = hub.cached_assets_path("llamastyle", f"{where.kind}s/{where.repo}", where.revision)
    return folder / "listing.json"


def _recorded(hub: Any, where: _Address, offline: str) -> _Listing | None:
    try:
        kept = json.loads(_record(hub, where).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return _Listing(kept["commit"], kept["sizes"], offline)


def _scanned(hub: Any, where: _Address, offline: str) -> _Listing | None:
    """What other programs have downloaded."""
    with suppress(hub.utils.CacheNotFound):
        repos = hub.scan_cache_dir().repos
        revisions = [
            r for x in repos if (x.repo_type, x.repo_id) == (where.kind, where.repo) for r in x.revisions
        ]
        for found in revisions:
            if where.revision in (found.commit_hash, *found.refs):
                paths = [file.file_path.relative_to(found.snapshot_path) for file in found.files]
                return _Listing(found.commit_hash, {p.as_posix(): None for p in paths}, offline, known=False)
    return None


def _chosen(where: _Address, names: Sequence[str]) -> list[str]:
    """The files that are wanted."""
    if not where.path:
        return _tables(where, names)
    if where.path in names:
        return [where.path]
    if found := [name for name in names if _fits(name.split("/"), where.path.split("/"))]:
        return sorted(found)
    folder = where.path.rstrip("/")
    if inside := sorted(name for name in names if name.startswith(f"{folder}/")):
        ending = posixpath.splitext(inside[0])[1]
        raise DataError(
            f"{where.root}/{folder} is a folder; name files by a pattern such as {where.root}/{folder}/*{ending}"
        )
    raise DataError(
        f"{where.root} has no file {shown(where.path, 200)} at {where.revision}{nearest(where.path, names)}; "
        f"{_inventory(names)}"
    )


def _tables(where: _Address, names: Sequence[str]) -> list[str]:
    for endings in TABLES:
        found = sorted(name for name in names if name.endswith(endings))
        if usual := [name for name in found if posixpath.dirname(name) == "data"]:
            return usual
        folders = sorted({posixpath.dirname(name) for name in found})
        if len(folders) > 1:
            raise DataError(
                f"{where.root} has tables in several folders ({', '.join(f or 'the first' for f in folders[:10])}); "
                f"name those to read, as in {where.root}/{folders[-1]}/*{endings[0]}"
            )
        if found:
            return found
    raise DataError(f"{where.root} has no parquet, JSON lines or CSV file; {_inventory(names)}")


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path fits a pattern; ``**`` is any number of folders."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _inventory(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"it has {', '.join(sorted(names)[:10]) or 'no files'}{more}"


# ---------------------------------------------------------------- getting it


def _fetched(hub: Any, where: _Address, listing: _Listing, names: Sequence[str], i: int) -> str:
    """Path of the i-th file, checked."""
    name, done = names[i], f"{i} of {counted(len(names), 'file')} complete"
    try:
        path = hub.hf_hub_download(
            where.repo,
            name,
            repo_type=where.kind,
            revision=listing.commit,
            local_files_only=bool(listing.offline),
        )
    except _trouble(hub) as error:
        # Where no file is in the cache, the library wraps what the hub has answered.
        reason = (isinstance(error, hub.utils.LocalEntryNotFoundError) and error.__cause__) or error
        if refusal := _refusal(hub, where, reason):
            raise refusal from None
        if listing.offline:
            raise DataError(
                f"{where.root}/{name} is not in the cache ({done}), and {listing.offline}; read it once with a network"
            ) from None
        folder = Path(hub.constants.HF_HUB_CACHE) / f"{where.kind}s--{where.repo.replace('/', '--')}"
        raise DataError(
            f"the download of {where.root}/{name} stopped ({done} and kept): {_first(reason)}; "
            f"read it again to go on, and if it stops there again delete {folder}"
        ) from None
    if flaw := _flaw(path, name, listing.sizes[name]):
        page = f"{_page(hub, where)}/blob/{listing.commit}/{name}"
        raise DataError(
            f"{where.root}/{name} {flaw}; delete {os.path.realpath(path)} and read it again, and if it comes back "
            f"so, look at {page}"
        )
    return path


def _flaw(path: str, name: str, size: int | None) -> str:
    """What is wrong with a file, or nothing."""
    there = os.path.getsize(path)
    if size is not None and there != size:
        return f"has {there} bytes where the hub says {size}"
    if not name.endswith(".parquet"):
        return ""
    with open(path, "rb") as file:
        start = file.read(4096).lstrip()
    if not start.startswith(b"PAR1"):
        return f"is called parquet, but it is {_nature(start)}"
    try:
        pyarrow.parquet.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        return f"is a parquet file that cannot be opened ({_first(error)})"
    return ""


def _nature(start: bytes) -> str:
    texts = ((b"<", "an HTML or XML page"), (b"{", "JSON"), (b"[", "JSON"))
    known = next((what for magic, what in (*FOREIGN, *texts) if start.startswith(magic)), "")
    return known or (f"something that begins with {start[:16]!r}" if start else "empty")


def _notes(where: _Address, listing: _Listing, names: Sequence[str]) -> list[str]:
    files = names[0] if len(names) == 1 else f"{len(names)} files, {names[0]} to {names[-1]}"
    notes = [f"read from {where.root} at commit {listing.commit}: {files}"]
    if listing.offline:
        notes.append(f"the cached copy of that commit was used: {listing.offline}")
    if not listing.known:
        notes.append("the hub's own list of files is not in the cache: files that it lacks were not missed")
    return notes


# ---------------------------------------------------------------- what went wrong


def _refusal(hub: Any, where: _Address, error: BaseException) -> DataError | None:
    """The message where the hub has answered no, and asking again or the cache would not help."""
    known = hub.utils
    status = getattr(getattr(error, "response", None), "status_code", 0)
    page = _page(hub, where)
    if isinstance(error, known.HFValidationError):
        return DataError(f"{where.repo!r} is no name of a repository; give {FORM}")
    if isinstance(error, known.GatedRepoError):
        return DataError(f"{where.root} is gated: ask for access on {page}, and set HF_TOKEN to your token")
    if isinstance(error, known.RevisionNotFoundError):
        refs = _revisions(hub, where)
        return DataError(
            f"{where.root} has no revision {where.revision!r}{nearest(where.revision, refs)}; "
            f"{_inventory(refs) if refs else f'see {page}'}"
        )
    if isinstance(error, known.RepositoryNotFoundError):
        return DataError(
            f"{where.root} is not there, or it is private: see {page}, and set HF_TOKEN to your token if it is"
        )
    if status in (401, 403):
        return DataError(
            f"the hub does not let you read {where.root} (HTTP {status}): see {page}, and set HF_TOKEN to a token "
            f"that may read it"
        )
    return None


def _revisions(hub: Any, where: _Address) -> list[str]:
    with suppress(*_trouble(hub)):
        refs = hub.HfApi().list_repo_refs(where.repo, repo_type=where.kind)
        return [ref.name for ref in (*refs.branches, *refs.tags)]
    return []


def _why(hub: Any, error: BaseException) -> str:
    if isinstance(error, hub.utils.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    return f"the hub at {hub.constants.ENDPOINT} cannot be reached ({_first(error)})"


def _page(hub: Any, where: _Address) -> str:
    return f"{hub.constants.ENDPOINT}/{where.kind}s/{where.repo}"


def _first(error: BaseException) -> str:
    """An error on one line."""
    text = " ".join((str(error) or type(error).__name__).split())
    return text if len(text) <= 160 else f"{text[:157]}..."
