"""A browser without a screen, and the pages it is shown; where a tool is missing the tests are skipped.

Needs playwright from PyPI, Chromium (the variable CHROMIUM, or on the path) and axe-core from npm (the variable AXE_CORE
is its axe.min.js; else it is looked for in node_modules beside the checkout). A variable that names no file is an error.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import llamastyle as ls
from tests.report.hostile import NAMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BESIDE = Path(__file__).resolve().parents[3] / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
FEATURES = ["words", "headers", "list_items", "bold", "emoji", "sycophancy"]

# What runs sets window.__hit and opens a dialog.
HOSTILE = {name: text.replace("alert(1)", "alert(window.__hit=1)") for name, text in NAMES.items()} | {
    "onload": "<svg onload=alert(window.__hit=1)><a href='javascript:alert(window.__hit=1)'>x</a>",
    "markdown": "[a](javascript:alert(window.__hit=1)) https://example.org/\"onclick='alert(window.__hit=1)'",
    "style": "</style><style>*{display:none}</style><meta http-equiv=refresh content=0>",
}


def tool(variable: str, *places: str | Path | None) -> Path | None:
    """A file that a variable names, else the first place that is there."""
    named = os.environ.get(variable)
    if named and not Path(named).is_file():
        pytest.fail(f"{variable}={named} is no file")
    return next((Path(p) for p in [named, *places] if p and Path(p).is_file()), None)


@dataclass(frozen=True, eq=False)
class Visit:
    """A page that was opened, and what it did that it should not."""

    page: Page
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [*self.console, *self.errors, *self.dialogs, *self.asked]

    def unfold(self, models: int = 99) -> None:
        """Open what is folded, of models the first ones."""
        self.page.evaluate(
            """n => {
                for (const part of document.querySelectorAll('details')) part.open = true;
                [...document.querySelectorAll('details.model')].slice(n).forEach(part => { part.open = false });
            }""",
            models,
        )


class Tab:
    """One tab, in which page after page is opened."""

    def __init__(self, browser: Browser, policy: bool) -> None:
        self.page = browser.new_context(bypass_csp=not policy).new_page()
        self.page.set_default_timeout(60_000)
        self.now = Visit(self.page)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.now.errors.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", self._sent)

    def open(self, path: Path, width: int, look: Any) -> Visit:
        self.page.goto("about:blank")
        self.page.emulate_media(media="screen", color_scheme=look)
        self.page.set_viewport_size({"width": width, "height": 800})
        self.now = Visit(self.page)
        self.page.goto(path.as_uri())
        return self.now

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.now.console.append(message.text)

    def _dismiss(self, dialog: Any) -> None:
        self.now.dialogs.append(dialog.message)
        dialog.dismiss()

    def _sent(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.now.asked.append(request.url)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright, which is not installed")
    found = tool("CHROMIUM", shutil.which("chromium"))
    if found is None:
        pytest.skip("needs Chromium, which is not on the path; CHROMIUM may name it")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    found = tool("AXE_CORE", BESIDE)
    if found is None:
        pytest.skip(
            "needs npm's axe-core, which is not beside the checkout; AXE_CORE may name its axe.min.js"
        )
    return found.read_text("utf-8")


@pytest.fixture(scope="session")
def visit(chromium: Browser, pages: dict[str, Path]) -> Callable[..., Visit]:
    """Opens a page, by its name or path, in place of the one before; ``policy=False`` sets the page's own aside."""
    tab = cache(partial(Tab, chromium))

    def opened(name: str | Path, width: int = 1200, look: str = "light", policy: bool = True) -> Visit:
        return tab(policy).open(pages[name] if isinstance(name, str) else name, width, look)

    return opened


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, of tame data and, with a name that ends in ``!``, of hostile data."""
    folder = tmp_path_factory.mktemp("pages")
    votes = ls.simulate(1200, 8, texts=True, versions="style", seed=5).battles
    few = ls.simulate(40, 6, texts=True, n_prompts=40, seed=3).battles
    doses = {"null": None, "add:words": (2, 6), "add:bold": (1, 3, 5), "add:emoji": (1, 3, 5)}
    frame, names = votes.to_frame(), list(HOSTILE.values())
    tame = frame.assign(category=[("maths", "prose")[i % 2] for i in range(len(frame))])
    made = {
        **_pages(ls.read_battles(tame), votes.models[:2], "Tame"),
        **_judged(few, "likes_length", doses),
    }
    wild = ls.simulate(1200, len(names), texts=True, seed=5).battles
    new = dict(zip(wild.models, names, strict=True))
    frame = wild.to_frame()
    for side in ("a", "b"):
        frame[f"model_{side}"] = frame[f"model_{side}"].map(new)
        frame[f"response_{side}"] += "\n" + "\n".join(names)
    frame["prompt"] += "\n" + "\n".join(names)
    frame["category"] = [names[i % len(names)] for i in range(len(frame))]
    hostile = {
        **_pages(ls.read_battles(frame), (HOSTILE["handler"], HOSTILE["bidi"]), " ".join(names)),
        **_judged(few, " ".join(names), {name: lambda text, n=name: f"{text} {n}" for name in names}),
    }
    made |= {f"{key}!": page for key, page in hostile.items()}
    return {
        key: _written(folder / f"{key.replace('!', '-hostile')}.html", page) for key, page in made.items()
    }


def _pages(battles: Any, two: Any, title: str) -> dict[str, str]:
    found = ls.maverick(battles, FEATURES, versions=two)
    assert found.result is not None
    marked = ls.highlight(battles)
    part = ls.highlight([*battles.to_frame()["response_a"][:3], "**Great question!** I love it 🎉"]).to_html()
    return {
        "report": str(found.result.report(title=title, compare=tuple(two))),
        "story": str(found.report()),
        "browser": marked.most(12).to_html(),
        "highlight": f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Texts</title><main><h1>Texts</h1>{part}</main>',
    }  # fmt: skip


def _judged(battles: Any, name: str, edits: Any) -> dict[str, str]:
    def judge(prompt: str, a: str, b: str) -> float:
        return len(a) / (len(a) + len(b))

    return {"judge": str(ls.audit_judge(judge, battles, edits, name=name, progress=False).report())}


def _written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path
