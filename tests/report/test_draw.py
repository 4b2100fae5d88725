"""Each type of panel, drawn from what its queries answered."""

from __future__ import annotations

from typing import Any

import pytest
from platform_report import dashboard, draw
from platform_report.dashboard import DashboardError
from platform_report.sources import Column, Frame, SourceError
from samples import Answering, document, panel

THRESHOLDS = {
    "mode": "absolute",
    "steps": [
        {"value": None, "color": "green"},
        {"value": 80, "color": "semi-dark-orange"},
        {"value": 90, "color": "red"},
    ],
}
SERIES = [
    Frame([Column("time", "time", [1000, 2000, 3000]), Column(name, "number", values, {"name": name})])
    for name, values in (("a", [1, 2, 3]), ("b", [10, None, 95]))
]
TABLE = Frame(
    [Column("make", "string", ["Audi", "BMW"]), Column("sold", "number", [3, 95]), Column("back", "number", [1, 5])]
)


def drawn(spec: dict[str, Any], *frames: Frame) -> draw.Drawn:
    return draw.draw(dashboard.parse(document(spec), "board.json"), Answering(*frames))[0]


def table(**more: Any) -> dict[str, Any]:
    """A table's panel: its query gives rows, not series."""
    postgres = {"type": "grafana-postgresql-datasource", "uid": "postgres"}
    return panel("table", targets=[{"refId": "A", "datasource": postgres, "rawSql": "x", "format": "table"}], **more)


def config(**defaults: Any) -> dict[str, Any]:
    return {"fieldConfig": {"defaults": {"unit": "none", "thresholds": THRESHOLDS, **defaults}, "overrides": []}}


def test_stat_leads_where_its_labels_say() -> None:
    def leading(url: str) -> dict[str, Any]:
        return panel("stat", options={"textMode": "name"}, **config(links=[{"title": "Open", "url": url}]))

    frame = Frame([Column("Airflow", "number", [1], {"url": "http://127.0.0.1:8080"})])
    (tile,) = drawn(leading("${__field.labels.url}/dags"), frame).tiles
    assert (tile.name, tile.text, tile.url) == ("", "Airflow", "http://127.0.0.1:8080/dags")
    assert drawn(panel("stat", **config()), frame).tiles[0].url == ""
    twice = config(links=[{"title": "a", "url": "http://a"}, {"title": "b", "url": "http://b"}])
    with pytest.raises(DashboardError, match="more than one link"):
        drawn(panel("stat", **twice), frame)
    for wrong in ("${__value.raw}", "${__field.labels.other}", "javascript:alert(1)", "http://${host}"):
        with pytest.raises(DashboardError, match="a link to"):
            drawn(leading(wrong), frame)


def test_nothing_is_counted_as_empty_and_not_drawn() -> None:
    gone = Frame([Column("time", "time", [1]), Column("x", "number", [None])])
    for frames in ((), (gone,)):
        of = drawn(panel("timeseries"), *frames)
        assert of.empty
        assert of.option is None


def test_timeseries_has_every_series_with_its_texts() -> None:
    of = drawn(panel("timeseries", **config(unit="bytes")), *SERIES)
    assert of.option is not None
    assert of.table is not None
    assert [(one["name"], one["data"]) for one in of.option["series"]] == [
        ("a", [[1000, 1], [2000, 2], [3000, 3]]),
        ("b", [[1000, 10], [2000, None], [3000, 95]]),
    ]
    assert of.option["yAxis"]["axisLabel"]["formatter"] == {"$unit": "bytes", "decimals": None}
    assert of.table.rows[1] == ["b", "95 B", "10 B", "52.5 B", "95 B"]


def test_timeseries_draws_bars_steps_and_stacks() -> None:
    stacked = {"stacking": {"mode": "percent", "group": "A"}, "drawStyle": "bars"}
    of = drawn(panel("timeseries", **config(custom=stacked)), *SERIES)
    assert of.option is not None
    assert {one["type"] for one in of.option["series"]} == {"bar"}
    assert [one["data"][0][1] for one in of.option["series"]] == [pytest.approx(100 / 11), pytest.approx(1000 / 11)]
    of = drawn(panel("timeseries", **config(custom={"lineInterpolation": "stepAfter", "fillOpacity": 20})), *SERIES)
    assert of.option is not None
    assert (of.option["series"][0]["step"], of.option["series"][0]["areaStyle"]) == ("end", {"opacity": 0.2})


def test_long_series_are_thinned_and_keep_their_peak() -> None:
    values = [0] * 10_000
    values[5001] = 7
    points = draw.thinned(list(range(10_000)), values)
    assert len(points) <= draw.POINTS
    assert [5001, 7] in points


def test_stat_shows_values_with_the_colours_of_their_thresholds() -> None:
    of = drawn(panel("stat", **config()), *SERIES)
    assert [(tile.name, tile.text, tile.colour, tile.fill) for tile in of.tiles] == [
        ("a", "3", "green", False),
        ("b", "95", "red", False),
    ]
    reduced = {"reduceOptions": {"calcs": ["mean"]}, "colorMode": "background", "graphMode": "area"}
    of = drawn(panel("stat", options=reduced, **config()), SERIES[0])
    assert [(tile.name, tile.text, tile.fill) for tile in of.tiles] == [("", "2", True)]
    assert of.tiles[0].spark is not None


def test_mappings_give_text_and_colour() -> None:
    mappings = [{"type": "value", "options": {"3": {"text": "three", "color": "blue"}}}]
    special = {"type": "special", "options": {"match": "null", "result": {"text": "none at all", "color": "gray"}}}
    of = drawn(panel("stat", **config(mappings=[*mappings, special])), SERIES[0])
    assert [(tile.text, tile.colour) for tile in of.tiles] == [("three", "blue")]
    assert draw.text_of({"mappings": [special]}, None) == "none at all"


def test_gauge_has_bands_at_its_thresholds() -> None:
    of = drawn(panel("gauge", **config(min=0, max=100)), SERIES[1])
    assert of.option is not None
    one = of.option["series"][0]
    assert one["axisLine"]["lineStyle"]["color"] == [
        [0.8, {"$color": "green"}],
        [0.9, {"$color": "orange"}],
        [1.0, {"$color": "red"}],
    ]
    assert one["data"] == [{"value": 95, "name": ""}]


def test_bargauge_and_pie_of_rows() -> None:
    rows = {"reduceOptions": {"values": True}}
    of = drawn(panel("bargauge", options=rows, **config(color={"mode": "thresholds"})), Frame(TABLE.columns[:2]))
    assert of.option is not None
    assert of.option["yAxis"]["data"] == ["Audi", "BMW"]
    assert [one["itemStyle"]["color"]["$color"] for one in of.option["series"][0]["data"]] == ["green", "red"]
    of = drawn(panel("piechart", options={**rows, "pieType": "donut"}, **config()), Frame(TABLE.columns[:2]))
    assert of.option is not None
    assert [(one["name"], one["value"]) for one in of.option["series"][0]["data"]] == [("Audi", 3), ("BMW", 95)]


def test_barchart_lies_stacks_and_names_its_axis() -> None:
    options = {"xField": "make", "orientation": "horizontal", "stacking": "normal"}
    of = drawn(panel("barchart", options=options, **config(color={"mode": "palette-classic"})), TABLE)
    assert of.option is not None
    assert of.option["yAxis"]["data"] == ["Audi", "BMW"]
    assert [(one["name"], one["data"], one["stack"]) for one in of.option["series"]] == [
        ("sold", [3, 95], "A"),
        ("back", [1, 5], "A"),
    ]
    of = drawn(
        panel("barchart", options={**options, "stacking": "percent"}, **config(color={"mode": "palette-classic"})),
        TABLE,
    )
    assert of.option is not None
    assert [one["data"] for one in of.option["series"]] == [[75, 95], [25, 5]]


def test_heatmap_has_a_cell_for_each_value() -> None:
    of = drawn(panel("heatmap", options={"calculate": False}), *SERIES)
    assert of.option is not None
    assert of.option["series"][0]["data"] == [[0, 0, 1], [1, 0, 2], [2, 0, 3], [0, 1, 10], [2, 1, 95]]
    assert (of.option["visualMap"]["min"], of.option["visualMap"]["max"]) == (1, 95)


def test_table_sorts_colours_and_is_bounded() -> None:
    spec = table(
        options={"sortBy": [{"displayName": "sold", "desc": True}]},
        **config(custom={"cellOptions": {"type": "color-text"}}),
    )
    of = drawn(spec, TABLE)
    assert of.table is not None
    assert (of.table.rows, of.table.numbers) == ([["BMW", "95", "5"], ["Audi", "3", "1"]], [1, 2])
    assert of.table.colours[0][1] == "red"
    many = Frame([Column("n", "number", list(range(5000)))])
    of = drawn(table(), many)
    assert of.table is not None
    assert (len(of.table.rows), of.note) == (draw.ROWS, f"the first {draw.ROWS} of 5000 rows")


def test_text_is_markdown_without_markup_of_its_own() -> None:
    of = drawn(panel("text", options={"mode": "markdown", "content": "**bold** <script>alert(1)</script>"}, targets=[]))
    assert "<strong>bold</strong>" in of.html
    assert "<script" not in of.html


def test_errors_name_dashboard_and_panel() -> None:
    wrong = table(options={"sortBy": [{"displayName": "nobody"}]})
    with pytest.raises(DashboardError, match=r"^A dashboard: A question\?: sorted by 'nobody'"):
        drawn(wrong, TABLE)
    with pytest.raises(DashboardError, match="the colour 'mauve'"):
        drawn(panel("stat", **config(color={"mode": "fixed", "fixedColor": "mauve"})), *SERIES)

    class Failing(Answering):
        def run(self, *_: Any) -> list[Frame]:
            raise SourceError("nobody answers")

    with pytest.raises(SourceError, match=r"^A dashboard: A question\?: nobody answers"):
        draw.draw(dashboard.parse(document(panel("stat")), "board.json"), Failing())


@pytest.mark.parametrize(
    ("calc", "result"),
    [
        ("lastNotNull", 4),
        ("last", None),
        ("firstNotNull", 2),
        ("first", None),
        ("sum", 6),
        ("mean", 3),
        ("min", 2),
        ("max", 4),
        ("count", 4),
        ("range", 2),
    ],
)
def test_reduce(calc: str, result: Any) -> None:
    assert draw.reduce([None, 2, 4, None], calc) == result
    assert draw.reduce([None], calc) == (1 if calc == "count" else None)
