"""Grafana's dashboard JSON, read strictly: what this report doesn't know is an error, never a gap in the page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platform_report.units import UNITS

ANY = object()  # whatever it is, it makes no difference here (looks of Grafana's own page)
CALCS = {"lastNotNull", "last", "first", "firstNotNull", "sum", "mean", "max", "min", "count", "range"}
REDUCE = {"calcs": [CALCS], "values": {True, False}, "fields": {"", "/.*/"}}
SERIES = {"legend": ANY, "tooltip": ANY}
BAR_LOOKS = dict.fromkeys(
    (
        "showValue",
        "groupWidth",
        "barWidth",
        "barRadius",
        "fullHighlight",
        "xTickLabelRotation",
        "xTickLabelSpacing",
        "xTickLabelMaxLength",
        "text",
    ),
    ANY,
)

# Panel type to its options, and each option to the values that are drawn as Grafana would.
OPTIONS: dict[str, dict[str, Any]] = {
    "row": {},
    "text": {"mode": {"markdown"}, "content": ANY, "code": ANY},
    "timeseries": {**SERIES, "timezone": ANY},
    "stat": {
        "reduceOptions": REDUCE,
        "colorMode": {"value", "background", "none"},
        "graphMode": {"none", "area"},
        "textMode": {"auto", "value_and_name", "value", "name"},
        "justifyMode": ANY,
        "orientation": ANY,
        "wideLayout": ANY,
        "showPercentChange": {False},
        "percentChangeColorMode": ANY,
        "text": ANY,
    },
    "gauge": {
        "reduceOptions": REDUCE,
        "showThresholdLabels": {False, True},
        "showThresholdMarkers": {False, True},
        "orientation": ANY,
        "minVizWidth": ANY,
        "minVizHeight": ANY,
        "sizing": ANY,
        "text": ANY,
    },
    "bargauge": {
        "reduceOptions": REDUCE,
        "orientation": ANY,
        "displayMode": {"basic", "gradient"},
        "valueMode": ANY,
        "showUnfilled": ANY,
        "namePlacement": ANY,
        "sizing": ANY,
        "minVizHeight": ANY,
        "minVizWidth": ANY,
        "maxVizHeight": ANY,
        "legend": ANY,
        "text": ANY,
    },
    "barchart": {
        **SERIES,
        **BAR_LOOKS,
        "xField": ANY,
        "orientation": {"auto", "horizontal", "vertical"},
        "stacking": {"none", "normal", "percent"},
        "colorByField": {""},
    },
    "piechart": {
        **SERIES,
        "reduceOptions": REDUCE,
        "pieType": {"pie", "donut"},
        "displayLabels": [{"name", "percent"}],
        "sort": ANY,
        "text": ANY,
    },
    "table": {
        "showHeader": {True},
        "cellHeight": ANY,
        "footer": {"show": {False}, "reducer": ANY, "countRows": ANY, "fields": ANY, "enablePagination": ANY},
        "sortBy": [{"displayName": ANY, "desc": {True, False}}],
        "frameIndex": {0},
        "enablePagination": ANY,
    },
    "heatmap": {
        **SERIES,
        "calculate": {False},
        "color": ANY,
        "yAxis": ANY,
        "xAxis": ANY,
        "cellGap": ANY,
        "cellRadius": ANY,
        "rowsFrame": ANY,
        "showValue": ANY,
        "exemplars": ANY,
        "filterValues": ANY,
        "cellValues": ANY,
    },
}

STEPS = {"mode": {"absolute"}, "steps": [{"value": ANY, "color": ANY}]}
COLOR = {
    "mode": {"palette-classic", "palette-classic-by-name", "thresholds", "fixed"},
    "fixedColor": ANY,
    "seriesBy": ANY,
}
CELL = {"type": {"auto", "color-background", "color-text"}, "mode": {"basic", "gradient"}, "applyToRow": {False}}
LINKS = [{"title": ANY, "url": ANY, "targetBlank": ANY}]
MAPPINGS = [{"type": {"value", "special"}, "options": ANY}]
CUSTOM: dict[str, Any] = {
    "drawStyle": {"line", "bars", "points"},
    "stacking": {"mode": {"none", "normal", "percent"}, "group": ANY},
    "fillOpacity": ANY,
    "lineWidth": ANY,
    "axisLabel": ANY,
    "cellOptions": CELL,
    "width": ANY,
    "align": ANY,
    "spanNulls": {True, False},
    "lineInterpolation": {"linear", "smooth", "stepAfter", "stepBefore"},
    "scaleDistribution": {"type": {"linear"}},
    "thresholdsStyle": {"mode": {"off"}},
    "hideFrom": {key: {False} for key in ("legend", "tooltip", "viz")},
    "lineStyle": {"fill": {"solid"}},
    "gradientMode": {"none"},
    "axisCenteredZero": {False},
    "insertNulls": {False},
    **dict.fromkeys(
        (
            "showPoints",
            "pointSize",
            "axisPlacement",
            "axisGridShow",
            "axisColorMode",
            "axisBorderShow",
            "barAlignment",
            "barWidthFactor",
            "inspect",
            "minWidth",
            "filterable",
        ),
        ANY,
    ),
}
DEFAULTS: dict[str, Any] = {
    "unit": set(UNITS),
    "decimals": ANY,
    "min": ANY,
    "max": ANY,
    "noValue": ANY,
    "color": COLOR,
    "thresholds": STEPS,
    "mappings": MAPPINGS,
    "custom": CUSTOM,
    "displayName": ANY,
    "links": LINKS,
}
PROPERTIES: dict[str, Any] = {
    "unit": set(UNITS),
    "decimals": ANY,
    "displayName": ANY,
    "color": COLOR,
    "mappings": MAPPINGS,
    "thresholds": STEPS,
    "links": LINKS,
    "min": ANY,
    "max": ANY,
    "custom.cellOptions": CELL,
    "custom.width": ANY,
    "custom.align": ANY,
    "custom.drawStyle": CUSTOM["drawStyle"],
    "custom.fillOpacity": ANY,
    "custom.lineWidth": ANY,
}
SOURCES = {"prometheus", "postgres"}
SOURCE = {"type": {"prometheus", "grafana-postgresql-datasource"}, "uid": SOURCES}
TARGET = {
    "refId": ANY,
    "datasource": SOURCE,
    "expr": ANY,
    "rawSql": ANY,
    "legendFormat": ANY,
    "instant": {True, False},
    "range": {True, False},
    "format": {"time_series", "table"},
    "interval": ANY,
    "editorMode": ANY,
    "rawQuery": {True},
    "exemplar": {False},
}
PANEL = {
    "id": ANY,
    "type": set(OPTIONS),
    "title": ANY,
    "description": ANY,
    "gridPos": dict.fromkeys("xywh", ANY),
    "datasource": SOURCE,
    "targets": [TARGET],
    "fieldConfig": {"defaults": DEFAULTS, "overrides": ANY},
    "options": ANY,
    "links": LINKS,
    "transparent": ANY,
    "pluginVersion": ANY,
    "collapsed": {False},
    "panels": [],
    "maxDataPoints": ANY,
    "interval": ANY,
    "transformations": [],
}
VARIABLE = {
    "name": ANY,
    "type": {"query"},
    "label": ANY,
    "description": ANY,
    "datasource": SOURCE,
    "query": ANY,
    "definition": ANY,
    "includeAll": {True},
    "multi": {True, False},
    "current": ANY,
    "refresh": ANY,
    "sort": ANY,
    "hide": ANY,
    "regex": {""},
    "options": ANY,
    "skipUrlSync": ANY,
    "allValue": {None},
    "allowCustomValue": ANY,
}
DASHBOARD = {
    **dict.fromkeys(
        (
            "uid",
            "title",
            "description",
            "tags",
            "schemaVersion",
            "version",
            "editable",
            "graphTooltip",
            "timepicker",
            "timezone",
            "refresh",
            "id",
            "fiscalYearStartMonth",
            "weekStart",
            "preload",
            "liveNow",
        ),
        ANY,
    ),
    "time": {"from": ANY, "to": {"now"}},
    "templating": {"list": [VARIABLE]},
    "annotations": {"list": []},
    "panels": [PANEL],
    "links": [
        dict.fromkeys(
            ("title", "url", "type", "tags", "icon", "tooltip", "targetBlank", "asDropdown", "includeVars", "keepTime"),
            ANY,
        )
    ],
}


class DashboardError(ValueError):
    """A dashboard has what the report can't draw: which dashboard, which panel, which option."""


@dataclass(frozen=True)
class Panel:
    """One panel: its JSON, with the options that a field has after overrides."""

    spec: dict[str, Any]

    @property
    def type(self) -> str:
        return str(self.spec["type"])

    @property
    def title(self) -> str:
        return str(self.spec.get("title", ""))

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.spec.get("options") or {})

    @property
    def grid(self) -> dict[str, int]:
        return dict(self.spec["gridPos"])

    @property
    def targets(self) -> list[dict[str, Any]]:
        own = self.spec.get("datasource")
        return [{"datasource": own, **target} for target in self.spec.get("targets", [])]

    @property
    def has_links(self) -> bool:
        """Whether a field, rather than the panel, leads somewhere."""
        config = self.spec.get("fieldConfig") or {}
        said = [of for override in config.get("overrides") or [] for of in override["properties"]]
        return bool((config.get("defaults") or {}).get("links")) or any(of["id"] == "links" for of in said)

    def field(self, name: str) -> dict[str, Any]:
        """The options of a field by its name: defaults, and what overrides say of it."""
        config = self.spec.get("fieldConfig") or {}
        found = {**(config.get("defaults") or {})}
        found["custom"] = dict(found.get("custom") or {})
        for override in config.get("overrides") or []:
            if override["matcher"]["options"] == name:
                for of in override["properties"]:
                    if of["id"].startswith("custom."):
                        found["custom"][of["id"].removeprefix("custom.")] = of["value"]
                    else:
                        found[of["id"]] = of["value"]
        return found


@dataclass(frozen=True)
class Dashboard:
    """One file of dashboards."""

    uid: str
    title: str
    description: str
    begin: str  # as Grafana writes it: now-24h
    panels: tuple[Panel, ...]
    variables: tuple[dict[str, Any], ...] = ()
    links: tuple[dict[str, Any], ...] = field(default=())


def load(path: Path) -> Dashboard:
    """Read one file, or say by name what is not known in it."""
    try:
        spec = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DashboardError(f"{path.name}: {error}") from error
    return parse(spec, path.name)


def parse(spec: dict[str, Any], name: str) -> Dashboard:
    """The dashboard in a document, every part of it checked."""
    _check(spec, {**DASHBOARD, "panels": ANY}, name)
    for panel in spec.get("panels", []):
        where = f"{name}: panel {panel.get('title') or panel.get('id')!r}"
        _check(panel, PANEL, where)
        _check(panel.get("options") or {}, OPTIONS[panel["type"]], f"{where}: {panel['type']} options")
        for override in (panel.get("fieldConfig") or {}).get("overrides") or []:
            _check(override.get("matcher"), {"id": {"byName"}, "options": ANY}, f"{where}: override")
            for of in override["properties"]:
                if of.get("id") not in PROPERTIES:
                    raise DashboardError(f"{where}: override {of.get('id')!r} is not known to the report")
                _check(of.get("value"), PROPERTIES[of["id"]], f"{where}: override {of['id']}")
        if panel["type"] != "stat" and Panel(panel).has_links:
            raise DashboardError(f"{where}: links of a field are known to the report on a stat only")
    ordered = sorted(spec.get("panels", []), key=lambda panel: (panel["gridPos"]["y"], panel["gridPos"]["x"]))
    return Dashboard(
        uid=spec["uid"],
        title=spec["title"],
        description=spec.get("description", ""),
        begin=spec["time"]["from"],
        panels=tuple(Panel(panel) for panel in ordered),
        variables=tuple((spec.get("templating") or {}).get("list") or ()),
        links=tuple(spec.get("links") or ()),
    )


def _check(value: Any, known: Any, where: str) -> None:
    if known is ANY or value is None:
        return
    if isinstance(known, set):
        if not isinstance(value, (str, bool, int, float)) or value not in known:
            raise DashboardError(
                f"{where}: {value!r} is not known to the report; it knows {', '.join(map(str, sorted(known, key=str)))}"
            )
    elif isinstance(known, dict):
        if not isinstance(value, dict):
            raise DashboardError(f"{where}: {value!r} is not an object")
        for key, of in value.items():
            if key not in known:
                raise DashboardError(f"{where}: {key!r} is not known to the report")
            _check(of, known[key], f"{where}: {key}")
    else:
        if not isinstance(value, list) or (value and not known):
            raise DashboardError(f"{where}: {value!r} is not known to the report")
        for of in value:
            _check(of, known[0], where)
