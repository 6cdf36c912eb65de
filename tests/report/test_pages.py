"""What pages share: links to plain addresses only, charts drawn twice, the script and its digest."""

from __future__ import annotations

import base64
import hashlib

import pandas as pd
import pytest

from llamastyle.report.pages import drawn_figure, environment, linked, looks
from llamastyle.report.published_charts import standing_chart
from tests.report.hostile import NAMES
from tests.report.pages import parsed


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://example.org/a_b?c=1#d.", "https://example.org/a_b?c=1#d"),
        ("(https://example.org)", "https://example.org"),
        ("https://en.example.org/wiki/Llama_(model)", "https://en.example.org/wiki/Llama_(model)"),
        ("http://example.org", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//example.org", None),
    ],
)
def test_only_https_addresses_become_links(text, address):
    page = parsed(str(linked(text)))
    wanted = [] if address is None else [{"href": address, "rel": "noreferrer"}]
    assert page.all("a") == wanted
    assert page.text().replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_what_hangs_on_an_address_stays_text(name):
    page = parsed(str(linked(f"https://example.org/{name}")))
    assert page.wrong == []
    assert [tag for tag, _ in page.elements] == ["a"]
    assert set(page.all("a")[0]) == {"href", "rel"}
    assert page.all("a")[0]["href"].startswith("https://example.org/")
    assert page.all("a")[0]["href"].isascii()


def test_a_figure_is_drawn_for_both_widths():
    asked = []
    frame = pd.DataFrame({"model": ["a", "b"], "difference": [1.0, 5.0]})
    figure = drawn_figure(lambda width: asked.append(width) or standing_chart(frame, ["b"], width=width))
    assert asked == [760, 340]
    assert figure.title == "b stands 2.0 points from the median model, the most of 2 models (5.0 against 3.0)"
    assert figure.wide != figure.narrow
    assert all(figure.title in svg for svg in (figure.wide, figure.narrow))


def test_the_digest_is_that_of_the_script():
    made = looks()
    digest = base64.b64encode(hashlib.sha256(str(made["script"]).encode()).digest()).decode()
    assert made["script_hash"] == f"sha256-{digest}"


def test_values_are_escaped_and_cleaned():
    template = environment().from_string("{{ x }}|{{ x | bound }}")
    assert template.render(x="<b>\u202e 5 %") == "&lt;b&gt;\ufffd 5 %|&lt;b&gt;\ufffd 5\u00a0%"
