"""A dashboard with anything that the report can't draw is refused, by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from platform_report import dashboard
from samples import document, panel

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / "platform/observability/grafana/dashboards").glob("*.json"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_every_dashboard_of_the_content_is_known(path: Path) -> None:
    found = dashboard.load(path)
    assert found.panels
    for of in found.panels:
        assert of.title, of.spec
        assert of.spec["description"], of.title


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (panel("logs"), "'logs' is not known"),
        (panel("stat", options={"sparkle": True}), "'sparkle' is not known"),
        (panel("stat", options={"colorMode": "rainbow"}), "'rainbow' is not known"),
        (panel("stat", fieldConfig={"defaults": {"unit": "parsec"}}), "'parsec' is not known"),
        (panel("stat", fieldConfig={"defaults": {"custom": {"fillBelowTo": "x"}}}), "'fillBelowTo' is not known"),
        *[
            (panel("timeseries", fieldConfig={"defaults": {"custom": custom}}), "is not known")
            for custom in (
                {"scaleDistribution": {"type": "log"}},
                {"thresholdsStyle": {"mode": "line"}},
                {"axisSoftMin": 0},
                {"hideFrom": {"viz": True}},
                {"lineStyle": {"fill": "dash"}},
                {"gradientMode": "hue"},
                {"axisCenteredZero": True},
                {"insertNulls": 60000},
            )
        ],
        (panel("table", options={"footer": {"show": True}}), "True is not known"),
        (panel("stat", options={"reduceOptions": {"fields": "/^x$/"}}), "is not known"),
        (panel("stat", options={"reduceOptions": {"limit": 3}}), "'limit' is not known"),
        (panel("piechart", options={"displayLabels": ["value"]}), "'value' is not known"),
        (panel("table", fieldConfig={"defaults": {"links": [{"title": "x", "url": "http://x"}]}}), "links of a field"),
        (panel("stat", transformations=[{"id": "reduce"}]), "is not known"),
        (panel("stat", datasource={"type": "loki", "uid": "loki"}), "'loki' is not known"),
        (
            panel(
                "stat", fieldConfig={"overrides": [{"matcher": {"id": "byRegexp", "options": "x"}, "properties": []}]}
            ),
            "'byRegexp' is not known",
        ),
        (
            panel(
                "stat",
                fieldConfig={
                    "overrides": [
                        {"matcher": {"id": "byName", "options": "x"}, "properties": [{"id": "noise", "value": 1}]}
                    ]
                },
            ),
            "'noise' is not known",
        ),
    ],
)
def test_what_is_not_known_is_an_error_that_names_dashboard_and_panel(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(dashboard.DashboardError, match=told) as error:
        dashboard.parse(document(wrong), "board.json")
    assert str(error.value).startswith("board.json: panel 'A question?'")


def test_an_unknown_key_of_a_dashboard_is_an_error() -> None:
    with pytest.raises(dashboard.DashboardError, match=re.escape("board.json: 'weather' is not known")):
        dashboard.parse(document(weather="fine"), "board.json")


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(dashboard.DashboardError, match=r"broken\.json: "):
        dashboard.load(tmp_path / "broken.json")


def test_overrides_are_of_the_field_that_they_name() -> None:
    of = dashboard.parse(
        document(
            panel(
                "table",
                fieldConfig={
                    "defaults": {"unit": "none", "custom": {"align": "left"}},
                    "overrides": [
                        {
                            "matcher": {"id": "byName", "options": "a"},
                            "properties": [{"id": "unit", "value": "bytes"}, {"id": "custom.width", "value": 9}],
                        }
                    ],
                },
            )
        ),
        "board.json",
    ).panels[0]
    assert of.field("a") == {"unit": "bytes", "custom": {"align": "left", "width": 9}}
    assert of.field("b") == {"unit": "none", "custom": {"align": "left"}}
