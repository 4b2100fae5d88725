"""Panels with what their queries answered: ECharts options, tiles and tables, as the page takes them.

An option holds no functions. `{"$unit": …, "decimals": …}` stands for a formatter and `{"$color": name}` for a theme's
colour: the page's script puts them in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from markdown_it import MarkdownIt

from platform_report import units
from platform_report.dashboard import Dashboard, DashboardError, Panel
from platform_report.sources import Column, Frame, SourceError, Sources, Window, substitute

POINTS = 240  # of a series
SERIES = 40  # of a chart
ROWS = 100  # of a table
PALETTE = ("green", "yellow", "blue", "orange", "red", "purple", "teal", "pink", "gray")
MARKDOWN = MarkdownIt("js-default")  # no HTML in it


@dataclass
class Table:
    """Rows as text; `total` says how many there were."""

    head: list[str]
    rows: list[list[str]]
    total: int
    numbers: list[int] = field(default_factory=list)  # columns that are numbers
    colours: list[list[str]] = field(default_factory=list)  # of each cell, or nothing


@dataclass
class Tile:
    """One value of a stat panel."""

    name: str
    text: str
    colour: str
    fill: bool
    spark: dict[str, Any] | None = None
    url: str = ""


@dataclass
class Drawn:
    """A panel as the page shows it."""

    id: str
    type: str
    title: str
    description: str
    grid: dict[str, int]
    empty: bool = False
    option: dict[str, Any] | None = None
    table: Table | None = None
    tiles: list[Tile] = field(default_factory=list)
    html: str = ""
    note: str = ""
    links: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Data:
    """What a panel's queries answered."""

    frames: list[Frame]
    form: str  # time_series or table

    @property
    def empty(self) -> bool:
        return not any(
            value is not None for frame in self.frames for c in frame.columns if c.kind != "time" for value in c.values
        )


def draw(dashboard: Dashboard, sources: Sources) -> list[Drawn]:
    """All panels of a dashboard; the first query that fails is an error that names dashboard and panel."""
    window = Window.of(dashboard.begin, sources.now)
    variables: dict[str, list[str]] = {}
    found = []
    try:
        for variable in dashboard.variables:
            variables[variable["name"]] = sources.variable(variable)
    except SourceError as error:
        raise SourceError(f"{dashboard.title}: {error}") from error
    for number, panel in enumerate(dashboard.panels):
        identity = f"{dashboard.uid}-{panel.spec.get('id', number)}"
        try:
            found.append(_panel(panel, identity, sources, variables, window))
        except (SourceError, DashboardError) as error:
            raise type(error)(f"{dashboard.title}: {panel.title}: {error}") from error
    return found


def _panel(
    panel: Panel, identity: str, sources: Sources, variables: Mapping[str, Sequence[str]], window: Window
) -> Drawn:
    drawn = Drawn(
        identity,
        panel.type,
        panel.title,
        str(panel.spec.get("description") or ""),
        panel.grid,
        links=[{"title": of["title"], "url": of["url"]} for of in panel.spec.get("links") or []],
    )
    if panel.type == "row":
        return drawn
    if panel.type == "text":
        drawn.html = MARKDOWN.render(panel.options.get("content", ""))
        return drawn
    frames, form = [], "time_series"
    for target in panel.targets:
        frames += sources.run(target, variables, window)
        if target.get("format") == "table" or (
            target["datasource"]["uid"] == "postgres" and target.get("format") != "time_series"
        ):
            form = "table"
    data = Data(frames, form)
    drawn.empty = data.empty
    if not drawn.empty:
        DRAWERS[panel.type](panel, data, drawn)
    return drawn


# Colours and texts


def colour_of(options: Mapping[str, Any], value: Any, number: int = 0) -> str:
    """The name of the colour that a value has: by mapping, threshold, fixed, or its place in the palette."""
    mapped = _mapping(options, value)
    if mapped and mapped.get("color"):
        return plain(mapped["color"])
    of = options.get("color") or {"mode": "thresholds"}
    if of.get("mode") == "fixed":
        return plain(of.get("fixedColor", "blue"))
    if of.get("mode") == "thresholds":
        return threshold(options, value)
    return PALETTE[number % len(PALETTE)]


def threshold(options: Mapping[str, Any], value: Any) -> str:
    steps = (options.get("thresholds") or {}).get("steps") or [{"value": None, "color": "green"}]
    found = steps[0]["color"]
    if isinstance(value, (int, float)):
        for step in steps[1:]:
            if value >= step["value"]:
                found = step["color"]
    return plain(found)


def plain(name: str) -> str:
    """Grafana's shades of a colour are one here; `text` and `transparent` are the page's."""
    for shade in ("semi-dark-", "super-light-", "dark-", "light-"):
        name = name.removeprefix(shade)
    if name not in (*PALETTE, "text", "transparent"):
        raise DashboardError(f"the colour {name!r} is not known to the report; it knows {', '.join(PALETTE)}")
    return name


def _mapping(options: Mapping[str, Any], value: Any) -> Mapping[str, Any] | None:
    for mapping in options.get("mappings") or []:
        if mapping["type"] == "special":
            of = mapping["options"]
            if (of["match"] in ("null", "null+nan", "empty") and value in (None, "")) or of["match"] == str(
                value
            ).lower():
                return dict(of["result"])
        else:
            key = units.text(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
            for candidate in (str(value), key):
                if candidate in mapping["options"]:
                    return dict(mapping["options"][candidate])
    return None


def text_of(options: Mapping[str, Any], value: Any, kind: str = "number") -> str:
    mapped = _mapping(options, value)
    if mapped and mapped.get("text"):
        return str(mapped["text"])
    if value is None:
        return str(options.get("noValue") or units.NOTHING)
    if kind == "time":
        return units.text(value, "dateTimeAsIso")
    return units.text(value, options.get("unit") or "none", options.get("decimals"))


def formatter(options: Mapping[str, Any]) -> dict[str, Any]:
    return {"$unit": options.get("unit") or "none", "decimals": options.get("decimals")}


def link_of(options: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Where a value leads to, by the first of its links; empty for nowhere."""
    links = options.get("links") or []
    if not links:
        return ""
    if len(links) > 1:
        raise DashboardError("a value with more than one link is not known to the report")
    url = re.sub(r"\$\{__field\.labels\.(\w+)\}", lambda found: labels.get(found[1], ""), str(links[0]["url"]))
    if not re.match(r"https?://[^$]+$", url):
        raise DashboardError(f"a link to {url!r} is not known to the report; it knows http and ${{__field.labels.…}}")
    return url


def name_of(panel: Panel, column: Column) -> str:
    return str(panel.field(column.name).get("displayName") or column.name)


# Values


def thinned(times: Sequence[Any], values: Sequence[Any], most: int = POINTS) -> list[list[Any]]:
    """At most so many points: of each stretch its lowest and its highest, so that no peak is lost."""
    points = [[at, value] for at, value in zip(times, values, strict=True)]
    if len(points) <= most:
        return points
    size = -(-len(points) * 2 // most)
    kept: list[list[Any]] = []
    for begin in range(0, len(points), size):
        stretch = [point for point in points[begin : begin + size] if point[1] is not None]
        if stretch:
            ends = (min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1]))
            kept += sorted(ends, key=lambda point: point[0]) if ends[0] is not ends[1] else [ends[0]]
    return kept


def reduce(values: Sequence[Any], calc: str) -> Any:
    there = [value for value in values if value is not None]
    if calc == "count":
        return len(values)
    if not there:
        return None
    if calc in ("last", "lastNotNull"):
        return values[-1] if calc == "last" else there[-1]
    if calc in ("first", "firstNotNull"):
        return values[0] if calc == "first" else there[0]
    if calc == "sum":
        return sum(there)
    if calc in ("min", "max"):
        return min(there) if calc == "min" else max(there)
    return sum(there) / len(there) if calc == "mean" else max(there) - min(there)


@dataclass
class Value:
    """One value of a stat, gauge, bar gauge or pie."""

    name: str
    value: Any
    kind: str
    options: dict[str, Any]
    points: list[list[Any]]
    labels: Mapping[str, str] = field(default_factory=dict)


def values_of(panel: Panel, data: Data) -> list[Value]:
    """Values as reduceOptions asks for: each row, or each series or column reduced."""
    reduce_options = panel.options.get("reduceOptions") or {}
    calc = (reduce_options.get("calcs") or ["lastNotNull"])[0]
    found = []
    for frame in data.frames:
        clock = next((column for column in frame.columns if column.kind == "time"), None)
        numbers = frame.of("number")
        if reduce_options.get("values"):
            names = frame.of("string")
            for row in range(frame.rows):
                for column in numbers:
                    name = " ".join(str(of.values[row]) for of in names) or name_of(panel, column)
                    found.append(Value(name, column.values[row], column.kind, panel.field(column.name), []))
            continue
        if not numbers or reduce_options.get("fields"):
            numbers = [column for column in frame.columns if column.kind != "time" or len(frame.columns) == 1]
        for column in numbers:
            points = (
                thinned(clock.values, column.values, 60) if clock and column.kind == "number" and frame.rows > 1 else []
            )
            value = (
                reduce(column.values, calc) if column.kind == "number" else column.values[-1] if column.values else None
            )
            found.append(
                Value(name_of(panel, column), value, column.kind, panel.field(column.name), points, column.labels)
            )
    return found


def many(found: Sequence[Any], most: int, drawn: Drawn, what: str) -> list[Any]:
    if len(found) > most:
        drawn.note = f"the first {most} of {len(found)} {what}"
    return list(found[:most])


# Drawers


def _stat(panel: Panel, data: Data, drawn: Drawn) -> None:
    options = panel.options
    several = len(found := many(values_of(panel, data), SERIES, drawn, "values")) > 1
    mode = options.get("textMode", "auto")
    for of in found:
        colour = colour_of(of.options, of.value)
        spark = None
        if options.get("graphMode") == "area" and len(of.points) > 1:
            spark = {
                "grid": {"left": 0, "right": 0, "top": 2, "bottom": 0},
                "xAxis": {"type": "time", "show": False},
                "yAxis": {"type": "value", "show": False, "scale": True},
                "series": [
                    {
                        "type": "line",
                        "data": of.points,
                        "showSymbol": False,
                        "silent": True,
                        "areaStyle": {"opacity": 0.2},
                        "lineStyle": {"width": 1.5, "color": {"$color": colour}},
                        "itemStyle": {"color": {"$color": colour}},
                    }
                ],
            }
        named = mode in ("value_and_name", "name") or (mode == "auto" and several)
        drawn.tiles.append(
            Tile(
                of.name if named and mode != "name" else "",
                of.name if mode == "name" else text_of(of.options, of.value, of.kind),
                "text" if options.get("colorMode") == "none" else colour,
                options.get("colorMode") == "background",
                spark,
                link_of(of.options, of.labels),
            )
        )


def _timeseries(panel: Panel, data: Data, drawn: Drawn) -> None:
    series, summary, legend = [], [], []
    first = panel.field("")
    columns = [(frame.columns[0], column) for frame in data.frames for column in frame.of("number") if frame.of("time")]
    stacked = percent = False
    for number, (clock, column) in enumerate(many(columns, SERIES, drawn, "series")):
        of = panel.field(column.name)
        custom = of["custom"]
        stacking = (custom.get("stacking") or {}).get("mode", "none")
        stacked, percent = stacked or stacking != "none", percent or stacking == "percent"
        colour = {"$color": colour_of(of, reduce(column.values, "lastNotNull"), number)}
        name = name_of(panel, column)
        legend.append(name)
        style = custom.get("drawStyle", "line")
        one: dict[str, Any] = {
            "name": name,
            "data": thinned(clock.values, column.values),
            "itemStyle": {"color": colour},
            "type": {"line": "line", "bars": "bar", "points": "scatter"}[style],
        }
        if style == "line":
            one |= {
                "showSymbol": len(one["data"]) < 40,
                "symbolSize": 5,
                "connectNulls": bool(custom.get("spanNulls")),
                "lineStyle": {"width": custom.get("lineWidth", 1.5), "color": colour},
                "smooth": custom.get("lineInterpolation") == "smooth",
            }
            if step := {"stepAfter": "end", "stepBefore": "start"}.get(custom.get("lineInterpolation", "")):
                one["step"] = step
            if custom.get("fillOpacity"):
                one["areaStyle"] = {"opacity": custom["fillOpacity"] / 100}
        elif style == "bars":
            one["barMaxWidth"] = 24
        if stacking != "none":
            one["stack"] = (custom.get("stacking") or {}).get("group") or "A"
        series.append(one)
        summary.append(
            [name, *[text_of(of, reduce(column.values, calc)) for calc in ("lastNotNull", "min", "mean", "max")]]
        )
    if percent:
        _to_percent(series)
        first = {**first, "unit": "percent", "max": 100}
    drawn.option = {
        "legend": {"data": legend, "type": "scroll", "bottom": 0},
        "grid": {"left": 8, "right": 16, "top": 24, "bottom": 34, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": formatter(first)},
        "xAxis": {"type": "time", "axisLabel": {"hideOverlap": True}},
        "yAxis": {
            "type": "value",
            "name": first["custom"].get("axisLabel", ""),
            "min": first.get("min"),
            "max": first.get("max"),
            "axisLabel": {"formatter": formatter(first)},
            "nameTextStyle": {"align": "left"},
        },
        "series": series,
    }
    drawn.table = Table(["series", "last", "lowest", "mean", "highest"], summary, len(columns), [1, 2, 3, 4])


def _to_percent(series: list[dict[str, Any]]) -> None:
    sums: dict[Any, float] = {}
    for one in series:
        for at, value in one["data"]:
            sums[at] = sums.get(at, 0) + (value or 0)
    for one in series:
        one["data"] = [[at, 100 * (value or 0) / sums[at] if sums[at] else None] for at, value in one["data"]]


def _gauge(panel: Panel, data: Data, drawn: Drawn) -> None:
    found = many(values_of(panel, data), 6, drawn, "values")
    series = []
    for number, of in enumerate(found):
        low, high = of.options.get("min") or 0, of.options.get("max")
        high = high if high is not None else 1 if of.options.get("unit") == "percentunit" else 100
        steps = (of.options.get("thresholds") or {}).get("steps") or [{"value": None, "color": "green"}]
        span = (high - low) or 1
        bands = []
        for step, following in zip(steps, [*steps[1:], None], strict=True):
            end = 1.0 if following is None else min(1.0, max(0.0, (following["value"] - low) / span))
            bands.append([end, {"$color": plain(step["color"])}])
        width = 100 / len(found)
        series.append(
            {
                "type": "gauge",
                "min": low,
                "max": high,
                "center": [f"{width * (number + 0.5):.1f}%", "58%"],
                "radius": f"{min(90, width * 1.6):.0f}%",
                "startAngle": 200,
                "endAngle": -20,
                "axisLine": {"lineStyle": {"width": 10, "color": bands}},
                "axisTick": {"show": False},
                "splitLine": {"show": False},
                "axisLabel": {"show": False},
                "pointer": {"width": 4},
                "title": {"offsetCenter": [0, "85%"]},
                "detail": {
                    "formatter": formatter(of.options),
                    "offsetCenter": [0, "50%"],
                    "fontSize": 20,
                    "color": {"$color": colour_of(of.options, of.value)},
                },
                "data": [{"value": of.value, "name": of.name if len(found) > 1 else ""}],
            }
        )
    drawn.option = {"series": series}
    drawn.table = _values_table(found)


def _bargauge(panel: Panel, data: Data, drawn: Drawn) -> None:
    found = many(values_of(panel, data), SERIES, drawn, "values")
    of = found[0].options
    drawn.option = {
        "grid": {"left": 8, "right": 70, "top": 8, "bottom": 8, "containLabel": True},
        "tooltip": {"valueFormatter": formatter(of)},
        "xAxis": {"type": "value", "show": False, "min": of.get("min") or 0, "max": of.get("max")},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [value.name for value in found],
            "axisTick": {"show": False},
        },
        "series": [
            {
                "type": "bar",
                "barMaxWidth": 22,
                "showBackground": True,
                "backgroundStyle": {"color": {"$color": "line"}},
                "label": {
                    "show": True,
                    "position": "right",
                    "color": {"$color": "text"},
                    "textBorderWidth": 0,
                    "formatter": formatter(of),
                },
                "data": [
                    {"value": v.value, "itemStyle": {"color": {"$color": colour_of(v.options, v.value, n)}}}
                    for n, v in enumerate(found)
                ],
            }
        ],
    }
    drawn.table = _values_table(found)


def _values_table(found: Sequence[Value]) -> Table:
    return Table(
        ["name", "value"], [[of.name, text_of(of.options, of.value, of.kind)] for of in found], len(found), [1]
    )


def _barchart(panel: Panel, data: Data, drawn: Drawn) -> None:
    options = panel.options
    frame = data.frames[0]
    axis = next((c for c in frame.columns if c.name == options.get("xField")), None) or next(
        (c for c in frame.columns if c.kind != "number"), frame.columns[0]
    )
    numbers = [column for column in frame.of("number") if column is not axis]
    rows = many(range(frame.rows), ROWS, drawn, "bars")
    categories = [text_of(panel.field(axis.name), axis.values[row], axis.kind) for row in rows]
    stacking = options.get("stacking", "none")
    series = []
    for number, column in enumerate(numbers):
        of = panel.field(column.name)
        by_threshold = (of.get("color") or {}).get("mode") == "thresholds"
        points = [
            {"value": column.values[row], "itemStyle": {"color": {"$color": colour_of(of, column.values[row], number)}}}
            if by_threshold
            else column.values[row]
            for row in rows
        ]
        one = {
            "type": "bar",
            "name": name_of(panel, column),
            "data": points,
            "barMaxWidth": 40,
            "itemStyle": {"color": {"$color": colour_of(of, None, number)}},
        }
        if stacking != "none":
            one["stack"] = "A"
        series.append(one)
    if stacking == "percent":
        totals = [sum(column.values[row] or 0 for column in numbers) for row in rows]
        for one, column in zip(series, numbers, strict=True):
            one["data"] = [
                100 * (column.values[row] or 0) / total if total else None
                for row, total in zip(rows, totals, strict=True)
            ]
    of = panel.field(numbers[0].name) if numbers else panel.field("")
    of = {**of, "unit": "percent"} if stacking == "percent" else of
    lying = options.get("orientation") == "horizontal"
    # Few bars are named each, slanting where the names are long; of many, as many as fit.
    label = {"interval": 0 if len(categories) <= 15 else "auto", "hideOverlap": len(categories) > 15}
    if not lying and len(categories) <= 15 and sum(map(len, categories)) > 50:
        label["rotate"] = 30
    category = {"type": "category", "data": categories, "axisLabel": label}
    value = {
        "type": "value",
        "axisLabel": {"formatter": formatter(of)},
        "min": of.get("min"),
        "max": of.get("max"),
        "name": of["custom"].get("axisLabel", ""),
    }
    drawn.option = {
        "legend": {"show": len(series) > 1, "bottom": 0, "type": "scroll"},
        "grid": {"left": 8, "right": 24, "top": 24, "bottom": 34 if len(series) > 1 else 8, "containLabel": True},
        "tooltip": {"trigger": "axis", "valueFormatter": formatter(of)},
        "xAxis": value if lying else category,
        "yAxis": {**category, "inverse": True} if lying else value,
        "series": series,
    }
    drawn.table = _table_of(panel, [axis, *numbers], drawn, 50)


def _piechart(panel: Panel, data: Data, drawn: Drawn) -> None:
    found = many(values_of(panel, data), 12, drawn, "slices")
    drawn.option = {
        "legend": {"bottom": 0, "type": "scroll"},
        "tooltip": {"valueFormatter": formatter(found[0].options)},
        "series": [
            {
                "type": "pie",
                "radius": ["45%", "70%"] if panel.options.get("pieType") == "donut" else "70%",
                "center": ["50%", "45%"],
                "label": {"formatter": "{b}: {d} %"},
                "data": [
                    {"name": of.name, "value": of.value, "itemStyle": {"color": {"$color": _slice(of, number)}}}
                    for number, of in enumerate(found)
                ],
            }
        ],
    }
    drawn.table = _values_table(found)


def _slice(of: Value, number: int) -> str:
    mapped = _mapping(of.options, of.name)
    return plain(mapped["color"]) if mapped and mapped.get("color") else PALETTE[number % len(PALETTE)]


def _heatmap(panel: Panel, data: Data, drawn: Drawn) -> None:
    columns = [(frame.columns[0], column) for frame in data.frames for column in frame.of("number") if frame.of("time")]
    columns = many(columns, SERIES, drawn, "rows")
    names = [name_of(panel, column) for _clock, column in columns]
    times = sorted({at for clock, _column in columns for at in clock.values})
    kept = times[:: -(-len(times) // 120)] if len(times) > 120 else times
    place = {at: number for number, at in enumerate(kept)}
    cells = [
        [place[at], row, value]
        for row, (clock, column) in enumerate(columns)
        for at, value in zip(clock.values, column.values, strict=True)
        if at in place and value is not None
    ]
    of = panel.field("")
    found = [cell[2] for cell in cells]
    drawn.option = {
        "grid": {"left": 8, "right": 16, "top": 8, "bottom": 56, "containLabel": True},
        "tooltip": {"valueFormatter": formatter(of)},
        "xAxis": {
            "type": "category",
            "data": [units.text(at, "dateTimeAsIso") for at in kept],
            "axisLabel": {"hideOverlap": True},
        },
        "yAxis": {"type": "category", "data": names},
        "visualMap": {
            "min": min(found),
            "max": max(found),
            "calculable": False,
            "orient": "horizontal",
            "left": "center",
            "bottom": 0,
            "inRange": {"color": [{"$color": "surface"}, {"$color": "blue"}]},
            "formatter": formatter(of),
        },
        "series": [{"type": "heatmap", "data": cells}],
    }
    summary = [
        [name, *[text_of(of, reduce(c.values, calc)) for calc in ("lastNotNull", "min", "mean", "max")]]
        for name, (_clock, c) in zip(names, columns, strict=True)
    ]
    drawn.table = Table(["row", "last", "lowest", "mean", "highest"], summary, len(columns), [1, 2, 3, 4])


def _table(panel: Panel, data: Data, drawn: Drawn) -> None:
    columns = list(data.frames[0].columns)
    if data.form == "time_series" or len(data.frames) > 1:
        raise DashboardError(
            "a table of several series is not known to the report: ask with format table, in one query"
        )
    if sort := panel.options.get("sortBy"):
        by = next((column for column in columns if name_of(panel, column) == sort[0]["displayName"]), None)
        if by is None:
            raise DashboardError(f"sorted by {sort[0]['displayName']!r}, which no column is called")
        order = sorted(
            range(len(by.values)),
            key=lambda row: (by.values[row] is None, by.values[row]),
            reverse=bool(sort[0].get("desc")),
        )
        columns = [Column(c.name, c.kind, [c.values[row] for row in order], c.labels) for c in columns]
    drawn.table = _table_of(panel, columns, drawn, ROWS)


def _table_of(panel: Panel, columns: Sequence[Column], drawn: Drawn, most: int) -> Table:
    total = len(columns[0].values)
    if total > most:
        drawn.note = f"the first {most} of {total} rows"
    rows, colours = [], []
    fields = [panel.field(column.name) for column in columns]
    for row in range(min(total, most)):
        rows.append([text_of(of, column.values[row], column.kind) for of, column in zip(fields, columns, strict=True)])
        colours.append(
            [
                colour_of({**of, "color": {"mode": "thresholds"}}, column.values[row])
                if (of["custom"].get("cellOptions") or {}).get("type", "auto") != "auto"
                else ""
                for of, column in zip(fields, columns, strict=True)
            ]
        )
    numbers = [number for number, column in enumerate(columns) if column.kind == "number"]
    return Table([name_of(panel, column) for column in columns], rows, total, numbers, colours)


DRAWERS = {
    "stat": _stat,
    "timeseries": _timeseries,
    "gauge": _gauge,
    "bargauge": _bargauge,
    "barchart": _barchart,
    "piechart": _piechart,
    "heatmap": _heatmap,
    "table": _table,
}

__all__ = ["Drawn", "Table", "Tile", "draw", "substitute"]
