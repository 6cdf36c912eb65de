"""A page taken apart: its elements, texts, and how it nests."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "wbr", "link", "img", "input", "hr", "line", "path", "rect"}


@dataclass
class Page(HTMLParser):
    """Elements as (tag, attributes), the text in each kind of element, and what is wrongly nested."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    open_: list[str] = field(default_factory=list)

    def __post_init__(self):
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) < len(attrs):
            self.wrong.append(f"an attribute of {tag} twice")
        if tag not in VOID:
            self.open_.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open_ or self.open_.pop() != tag:
            self.wrong.append(f"</{tag}>")

    def handle_data(self, data):
        self.texts.append((self.open_[-1] if self.open_ else "", data))

    def handle_comment(self, data):
        self.wrong.append(f"comment {data}")

    def unknown_decl(self, data):
        self.wrong.append(f"declaration {data}")

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, *tags):
        return " ".join(data for tag, data in self.texts if not tags or tag in tags)

    def shape(self):
        """What there is, whatever it says: tags with the names of their attributes."""
        return [(tag, tuple(attributes)) for tag, attributes in self.elements]


def parsed(text):
    page = Page()
    page.feed(text)
    page.close()
    if page.open_:
        page.wrong.append(f"never closed: {page.open_}")
    return page
