"""What the built pages link to and load: every file and anchor has to be there, and nothing comes from elsewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["faults"]


class Page(HTMLParser):
    """The anchors of a page, what it links to, and what a browser loads with it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if "src" in given:
            self.loaded.append(given["src"])
        if "href" in given:
            (self.loaded if tag == "link" else self.links).append(given["href"])


def faults(folder: Path) -> list[str]:
    """A line for each link that leads nowhere and each thing that would be asked for from a server."""
    built = [path.resolve() for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path.read_text("utf-8")) for path in built}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        found += [f"{name} loads {url}" for url in page.loaded if urlsplit(url).scheme in ("http", "https")]
        found += [f"{name} loads {url}" for url in page.loaded if url.startswith("//")]
        found += [
            f"{name} links to {url}" for url in [*page.loaded, *page.links] if leads_nowhere(url, path, pages)
        ]
    return list(dict.fromkeys(found))


def leads_nowhere(url: str, path: Path, pages: dict[Path, Page]) -> bool:
    """Whether a relative address names no file, or no anchor of its page."""
    parts = urlsplit(url)
    if parts.scheme or parts.netloc:
        return False
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    anchor = unquote(parts.fragment)
    return not target.is_file() or bool(anchor and target in pages and anchor not in pages[target].anchors)
