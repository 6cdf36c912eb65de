"""The page: one file that asks for nothing, in which all names and words are text."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import fields, replace
from pathlib import Path

import pandas as pd
import pytest
import vl_convert

import llamastyle as ls
from llamastyle.regression.telling import contents
from llamastyle.report.colours import DARK, LIGHT
from llamastyle.report.page import Contents, render_page
from llamastyle.report.tables import clean
from tests.report.hostile import NAMES
from tests.report.pages import parsed
from tests.report.test_colours import contrast

TEMPLATES = Path(ls.__file__).parent / "report" / "templates"


@pytest.fixture(scope="module")
def made():
    result = ls.fit(ls.simulate(4000, 3, style={"words": 0.8, "bold": 0.2}, seed=2).battles)
    return contents(result)


@pytest.fixture(scope="module")
def page(made):
    return parsed(render_page(made))


def renamed(made, names):
    """The same contents with other model names, in every frame and sentence."""

    def text(value):
        for old, new in names.items():
            value = value.replace(old, new)
        return value

    def other(value):
        if isinstance(value, pd.DataFrame):
            changed = value.copy()
            for column in ("model", "note"):
                if column in changed:
                    changed[column] = [text(v) for v in changed[column]]
            return changed
        if isinstance(value, str):
            return text(value)
        return tuple(tuple(map(text, pair)) for pair in value) if value and isinstance(value, tuple) else value

    return replace(made, **{f.name: other(getattr(made, f.name)) for f in fields(made)})


# ---------------------------------------------------------------- needs nothing from anywhere


def test_nothing_is_asked_for(page):
    asking = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "style", "http"}
    for tag, attributes in page.elements:
        assert not asking & set(attributes), tag
        assert not [a for a in attributes if a.startswith("on")], tag
    assert {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "embed", "base", "form"} == set()
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for attributes in page.all("a"):
        assert attributes["href"].removeprefix("#") in ids
    css = page.text("style")
    assert "url(" not in css
    assert "@import" not in css
    script = page.text("script")
    assert not re.search(r"fetch|XMLHttp|innerHTML|eval|import\(|document\.write|location|cookie|storage", script)


def test_the_policy_allows_the_one_script_and_no_more(page):
    policy = next(a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == "'unsafe-inline'"
    assert rules["img-src"] == "data:"
    assert len(page.all("script")) == 1
    digest = base64.b64encode(hashlib.sha256(page.text("script").encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"


# ---------------------------------------------------------------- hostile names and texts


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_names_stay_text(made, page, name):
    text = render_page(renamed(made, {"model-01": name}))
    hostile = parsed(text)
    assert hostile.wrong == []
    assert hostile.shape() == page.shape()
    shown = clean(name)
    assert shown in [data for tag, data in hostile.texts if tag == "bdi"]
    labels = {"aria-label", "data-v", "viewbox"}
    for tag, attributes in hostile.elements:
        for key, value in attributes.items():
            assert key in labels or shown not in (value or ""), (tag, key)
    assert text.encode("utf-8")
    assert hostile.text("script") == page.text("script")
    assert hostile.text("style") == page.text("style")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_words_stay_text(made, page, name):
    words = {"title": name, "headline": name, "correctness": name, "licence": name, "control": name}
    frames = {
        "prices": made.prices.assign(term=name, group=name, contrast=name),
        "rates": made.rates.assign(term=name, unit=name),
        "overrides": made.overrides.assign(index=name),
        "audit": made.audit.assign(top_feature=name.replace("_", "")),
        "checks": made.checks.assign(value=name, note=name),
        "parts": made.parts.assign(term=[name if t else "" for t in made.parts["term"]]),
    }
    mappings = {"settings": {name: name}, "versions": {name: name}, "facts": {name: name}}
    lists = {"limits": [(name, name)], "reproduce": [name]}
    text = render_page(replace(made, **words, **frames, **mappings, **lists))
    hostile = parsed(text)
    assert hostile.wrong == []
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in page.elements}
    for tag in {tag for tag, _ in hostile.elements}:
        known = {key for attributes in page.all(tag) for key in attributes}
        assert {key for attributes in hostile.all(tag) for key in attributes} <= known, tag
    bound = clean(name).replace(" %", "\u00a0%")
    assert bound in hostile.text("p")
    assert clean(name) in hostile.text("pre", "code")


# ---------------------------------------------------------------- read by everybody


def test_it_nests_and_its_headings_are_in_order(page):
    assert page.wrong == []
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert page.all("html")[0]["lang"] == "en"
    assert any(a.get("name") == "viewport" for a in page.all("meta"))


def test_tables_have_captions_and_scopes(page):
    tables = len(page.all("table"))
    assert tables >= 7
    assert len(page.all("caption")) == tables
    assert all(a.get("scope") in ("col", "row") for a in page.all("th"))


def test_drawings_have_names(page):
    drawings = page.all("svg")
    assert len(drawings) == 4 + 2 * 3  # ladder and prices twice, three models on two scales
    assert all(a["role"] == "img" and len(a["aria-label"]) > 10 for a in drawings)


def test_colours_of_text_can_be_read_on_both_papers():
    css = (TEMPLATES / "page.css").read_text("utf-8")
    for name in ("link", "focus"):
        found = re.findall(rf"--{name}: (#[0-9a-f]{{6}})", css)
        assert len(found) == 3, name
        assert contrast(found[0], LIGHT["paper"]) >= 4.5, name
        assert all(contrast(value, DARK["paper"]) >= 4.5 for value in found[1:]), name


def test_words_on_the_tint_of_a_verdict_can_be_read():
    css = (TEMPLATES / "page.css").read_text("utf-8")
    share = int(re.search(r"var\(--tone\) (\d+)%, transparent", css).group(1)) / 100
    for paper in (LIGHT, DARK):
        for tone in ("down", "up"):
            parts = [[int(paper[n][i : i + 2], 16) for i in (1, 3, 5)] for n in (tone, "paper")]
            tint = "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in zip(*parts, strict=True))
            assert contrast(paper["ink"], tint) >= 4.5
            assert contrast(paper[tone], paper["paper"]) >= 3


def test_both_papers_colour_every_name(page):
    css = page.text("style")
    for name in LIGHT:
        assert f"--{name}: {LIGHT[name]}" in css
        assert f"--{name}: {DARK[name]}" in css
    used = {v for _, a in page.elements for v in a.values() if v and v.startswith("var(")}
    assert used <= {f"var(--{name})" for name in LIGHT}
    assert len(used) >= 6


# ---------------------------------------------------------------- what it says


def test_order_of_the_page(page):
    ids = [a["id"] for a in page.all("section")]
    assert ids == ["ladder", "audit", "prices", "overrides", "models", "limits", "made"]


def test_figures_are_those_of_the_frames(made, page):
    audit = made.audit.iloc[0]
    cells = page.text("td", "span", "bdi")
    assert f"+{audit['inflation']:.1f} [{audit['inflation_low']:.1f}, {audit['inflation_high']:.1f}]" in cells
    assert f"{100 * audit['win_rate']:.1f}" in cells
    rate = made.overrides.iloc[0]
    assert f"{100 * rate['rate']:.1f} [{100 * rate['conf_low']:.1f}, {100 * rate['conf_high']:.1f}]" in cells
    at = 100 * (audit["win_rate"] - audit["parity_change"])
    assert f"at style parity {at:.1f}\u00a0%" in page.text("p")


def test_the_order_of_rows_is_said_and_units_stand_where_they_are_shown(made):
    thin = made.audit.assign(battles_needed=pd.array([9000, None, None], dtype="Int64"))
    page = parsed(render_page(replace(made, audit=thin)))
    said = page.text("p")
    assert "Order: the most inflated first" in said
    assert "In the order of the verdicts above." in said
    assert "would have to be in, in all, for an inflation of 40 points" in said
    assert "Needs, battles in all" in page.text("th")
    assert "would have to be in" not in parsed(render_page(made)).text("p")
    assert ("Beside the field is how far" in said) == ("Beside the field" in page.text("th"))


def test_parity_beyond_the_data_says_so_beside_the_model(made):
    noted = made.audit.assign(note=["near; extrapolated: too few near parity", "", ""])
    said = [text for tag, text in parsed(render_page(replace(made, audit=noted))).texts if tag == "p" and "Won" in text]
    assert "extrapolated: too few near parity" in said[0]
    assert "extrapolated" not in said[1]


def test_every_model_with_figures_has_its_accounts(made, page):
    names = [data for tag, data in page.texts if tag == "bdi" and data.startswith("model-")]
    assert names.count("model-01") == names.count("model-02") == 4  # ratings, audit, overlap, its own part
    without = parsed(render_page(replace(made, win_parts=None)))
    assert len(without.all("svg")) == len(page.all("svg")) - 3


@pytest.mark.parametrize("name", ["ratings", "audit", "prices", "rates", "overrides", "parts", "missing", "checks"])
def test_an_empty_frame_is_left_out_like_none(made, name):
    frame = getattr(made, name)
    empty = pd.DataFrame(columns=[] if frame is None else frame.columns)
    assert render_page(replace(made, **{name: empty})) == render_page(replace(made, **{name: None}))


def test_vega_is_started_for_the_ladder_and_the_prices_alone(made, monkeypatch):
    """It takes a tenth of a second a drawing, and pages have two drawings a model."""
    drawn = []
    real = vl_convert.vegalite_to_svg
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda spec: drawn.append(1) or real(spec))
    svgs = parsed(render_page(made)).all("svg")
    assert (len(drawn), len(svgs)) == (4, 4 + 2 * 3)


def test_a_page_of_words_alone():
    words = Contents("Votes", "No verdict: too few.", "No correctness.", "associated with style", why="There are 3.")
    page = parsed(render_page(words))
    assert [a["id"] for a in page.all("section")] == ["why", "limits", "made"]
    assert page.all("table") == page.all("svg") == page.all("figure") == []


def test_one_model_has_no_ladder_and_no_empty_figure(made):
    one = made.ratings.head(1)
    page = parsed(render_page(replace(made, ratings=one)))
    assert "ladder" not in [a["id"] for a in page.all("section")]
    assert page.wrong == []


def test_the_same_contents_give_the_same_page(made):
    assert render_page(made) == render_page(made)


# ---------------------------------------------------------------- a model's own part


@pytest.fixture(scope="module")
def texted():
    arena = ls.simulate(1500, 6, texts=True, seed=4)
    return contents(ls.audit(arena.battles, list(arena.world.features)))


def test_names_lead_to_the_models_own_part(texted):
    page = parsed(render_page(texted))
    links = [a["href"] for a in page.all("a") if a["href"].startswith("#model-")]
    assert len(links) == 2 * 6
    assert set(links) == {f"#model-{k}" for k in range(1, 7)}
    text = render_page(texted)
    for k, name in enumerate(texted.audit["model"], 1):
        assert text.count(f'<a href="#model-{k}"><bdi>{name}</bdi></a>') == 2
        assert f'<bdi>{name}</bdi></span>' in text.split(f'<div id="model-{k}"')[0].rsplit("<details", 1)[1]


def test_a_model_without_a_part_is_no_link(texted):
    parts = texted.parts[texted.parts["model"] != "model-03"]
    text = render_page(replace(texted, parts=parts))
    assert "><bdi>model-03</bdi></a>" not in text
    assert "<bdi>model-03</bdi>" in text


def test_contributors_come_first_by_size_and_beside_the_field(texted):
    page = render_page(texted)
    name = texted.audit["model"][0]
    terms = texted.parts[(texted.parts["model"] == name) & (texted.parts["term"] != "")]
    terms = terms[terms["block"] == "style"]
    largest = terms.loc[terms["estimate"].abs().idxmax()]
    table = page.split('<table id="t-terms-1"')[1].split("</table>")[0]
    assert table.split("<bdi>")[1].startswith(largest["term"])
    own = texted.standings[(texted.standings["model"] == name) & (texted.standings["term"] == largest["term"])].iloc[0]
    assert f"{abs(own['standing']):.1f}</td>" in table
    assert f"Its inflation goes most with {largest['term']}" in page
    whole = page.split('<table id="t-model-1"')[1].split("</table>")[0]
    assert "style › length" in whole
    assert whole.count("<tr>") - 1 == len(texted.parts[(texted.parts["model"] == name) & (texted.parts["term"] == "")])


def test_battles_stand_side_by_side_with_marks_and_vote(texted):
    text = render_page(texted)
    page = parsed(text)
    assert page.wrong == []
    some = texted.exhibits[texted.audit["model"][0]]
    assert len(some) == 2
    part = text.split('<div id="model-1"')[1].split('<div id="model-2"')[0]
    assert part.count('class="llamastyle-marks"') == 4
    assert part.count("<mark ") > 4
    for exhibit in some:
        assert clean(exhibit.vote) in parsed(part).text("strong")
        assert clean(exhibit.note).replace(" %", "\u00a0%") in parsed(part).text("p")
    assert len(page.all("article")) == sum(map(len, texted.exhibits.values()))


def test_without_texts_the_page_has_none_and_says_so(texted, made):
    bare = parsed(render_page(replace(texted, exhibits={}, exhibited="None here.")))
    assert bare.all("article") == bare.all("mark") == []
    assert "None here." in bare.text("p")
    assert "Battles that style" not in bare.text("h3")
    assert "have no texts" in parsed(render_page(made)).text("p")


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_texts_of_battles_stay_text(texted, name):
    def hostile(exhibit):
        sides = [(name, (name, [0], [2], ["bold"])), (name, (name * 3, [], [], []))]
        return replace(exhibit, title=name, prompt=name, vote=name, note=name, sides=sides)

    changed = {model: [hostile(e) for e in some] for model, some in texted.exhibits.items()}
    page, was = parsed(render_page(replace(texted, exhibits=changed))), parsed(render_page(texted))
    assert page.wrong == []
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in was.elements}
    assert page.text("script") == was.text("script")
    assert not [a for _, a in page.elements if any(key.startswith("on") for key in a)]
    assert clean(name) in page.text("h4")


def test_of_very_many_models_the_clearest_are_drawn(texted, monkeypatch):
    from llamastyle.report import page as module

    whole = parsed(render_page(texted))
    monkeypatch.setattr(module, "MANY", 5)
    monkeypatch.setattr(module, "DRAWN", 2)
    few = parsed(render_page(texted))
    assert len(whole.all("svg")) - len(few.all("svg")) == 4 * 3
    assert "Of 6 models the 2 with the clearest" in few.text("p")
    assert "clearest inflation or deflation are drawn" not in whole.text("p")
    assert {a["id"] for a in few.all("div") if "id" in a} >= {f"model-{k}" for k in range(1, 7)}
    assert len([a for a in few.all("a") if a["href"].startswith("#model-")]) == 2 * 6


def test_few_models_have_no_drawn_standing_and_the_page_says_why(made, texted):
    assert "no spread to stand in" in parsed(render_page(made)).text("p")
    assert "no spread to stand in" not in parsed(render_page(texted)).text("p")
    assert "Spreads from the field" not in parsed(render_page(made)).text("th")


# ---------------------------------------------------------------- trust and methods


def test_tables_of_trust(made, page):
    assert "t-sensitivity" in [a.get("id") for a in page.all("table")]
    cells = page.text("td")
    row = made.sensitivity.iloc[0]
    assert f"{100 * row['robustness_value']:.1f}" in cells
    assert f"{100 * made.overlap['near_parity'].iloc[0]:.1f}" in cells


@pytest.mark.parametrize("name", ["overlap", "sensitivity", "standings"])
def test_an_empty_frame_of_trust_is_left_out_like_none(made, name):
    frame = getattr(made, name)
    empty = render_page(replace(made, **{name: frame.head(0)}))
    assert empty == render_page(replace(made, **{name: None}))


def test_methods_lead_to_what_they_made(made, page):
    said = page.text("dt", "a")
    assert all(topic in said for topic, _, _ in made.methods)
    links = [a["href"] for a in page.all("a")]
    assert {"#ladder", "#audit", "#prices", "#models"} <= set(links)
    assert "“Methods”" in page.text("p")
    bare = parsed(render_page(replace(made, audit=None)))
    assert "#audit" not in [a["href"] for a in bare.all("a")]
