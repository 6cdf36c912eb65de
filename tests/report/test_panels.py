"""Charts of all models at once: marks stand where the tables say, names are data, odd tables are refused."""

from __future__ import annotations

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.report.panels import parity_chart, profile_chart


@pytest.fixture(scope="module")
def result():
    return ls.fit(ls.simulate(3000, 5, style={"words": 0.8, "bold": 0.3, "emoji": 0.2}, seed=2).battles)


def values(chart, field):
    """Rows of the layers that have a field."""
    made = chart.to_dict()
    found = []
    for layer in made["layer"]:
        rows = layer["data"].get("values") or made["datasets"][layer["data"]["name"]]
        found += [row for row in rows if field in row]
    return found


def test_parity_marks_stand_where_the_table_says(result):
    table = result.parity().set_index("model")
    rows = {r["name"]: r for r in values(result.plot("parity"), "voted")}
    assert set(rows) == set(table.index)
    for name, row in rows.items():
        assert row["voted"] == pytest.approx(100 * table.loc[name, "win_rate"])
        assert row["equal"] == pytest.approx(100 * table.loc[name, "parity_win_rate"])
        assert row["low"] == pytest.approx(100 * table.loc[name, "parity_low"])
    order = sorted(rows.values(), key=lambda r: r["row"])
    changes = [r["voted"] - r["equal"] for r in order]
    assert changes == sorted(changes, reverse=True)


def test_profile_cells_are_the_parts_of_style(result):
    parts = result.decompose().query("block == 'style' and term == ''")
    drawn = values(result.plot("profile"), "figure")
    cells = list({(c["row"], c["left"]): c for c in drawn}.values())  # tone and text are layers of their own
    assert len(cells) == len(parts)
    said = sorted(int(c["figure"].split(" ±")[0].replace("−", "-").replace("+", "")) for c in cells)
    assert said == sorted(int(np.sign(v) * np.floor(abs(v) + 0.5)) for v in parts["estimate"])
    halves = sorted(int(c["figure"].split(" ±")[1]) for c in cells)
    assert halves == sorted(int(f"{h:.0f}") for h in (parts["conf_high"] - parts["conf_low"]) / 2)
    most = parts[parts["group"] == ""].set_index("model")["estimate"]
    name = most.abs().idxmax()
    does = "adds most to" if most[name] > 0 else "takes most from"
    assert result.plot("profile").to_dict()["title"]["text"][0].startswith(f"Style {does} {name}: ")
    one = ls.fit(result.battles, ["words"])
    heads = [r["name"] for r in values(one.plot("profile"), "name")]
    assert "words" in heads


@pytest.mark.parametrize("kind", ["parity", "profile"])
@pytest.mark.parametrize("width", [300, 760])
def test_charts_are_drawn(result, kind, width, tmp_path):
    path = tmp_path / "chart.svg"
    result.plot(kind, width=width).save(path)
    assert path.read_text("utf-8").startswith("<svg")


def test_hostile_names_are_data_only():
    frame = ls.simulate(1500, 4, style={"words": 0.8}, seed=2).battles.to_frame()
    frame = frame.replace({"model-01": "<script>alert(1)</script>\x00'\"{{"})
    result = ls.fit(frame)
    for kind in ("parity", "profile"):
        bundle = result.plot(kind)._repr_mimebundle_()
        assert "<script" not in bundle["image/svg+xml"]


def test_tables_without_figures_are_refused(result):
    with pytest.raises(ls.LlamaStyleError, match="needs a model with a win rate at parity"):
        parity_chart(result.parity().assign(parity_win_rate=np.nan))
    with pytest.raises(ls.LlamaStyleError, match="a feature that varies"):
        profile_chart(result.decompose().query("block != 'style'"))
    with pytest.raises(ls.FitError, match="shows all models"):
        result.plot("parity", "model-01")


def test_of_many_models_those_that_matter(result):
    for chart in (parity_chart(result.parity(), most=2), profile_chart(result.decompose(), most=2)):
        spec = chart.to_dict()
        assert spec["height"] == 2 * 22
        assert "Of 5 models, the 2 that " in " ".join(spec["title"]["subtitle"])
    change = result.parity().set_index("model")["parity_change"].abs()
    names = {r["name"] for r in values(parity_chart(result.parity(), most=2), "voted")}
    assert names == set(change.nlargest(2).index)
