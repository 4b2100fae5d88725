"""Alert rules, their tests and the queries over the books name the same things; `tests/integration` runs the rules."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from onering.platform_files import read_yaml

FILES = "observability/prometheus"


@pytest.fixture
def alerts(platform: Path) -> list[dict[str, Any]]:
    groups = read_yaml(platform / FILES / "alerts.yml")["groups"]
    return [rule for group in groups for rule in group["rules"]]


def columns(platform: Path) -> dict[str, str]:
    """Metric or label of each query, and which of the two it is."""
    queries = read_yaml(platform / FILES / "queries.yml")
    return {
        f"{query}_{name}": column["usage"]
        for query, asked in queries.items()
        for entry in asked["metrics"]
        for name, column in entry.items()
    }


def test_an_alert_says_how_bad_it_is_and_what_to_do(alerts: list[dict[str, Any]]) -> None:
    for alert in alerts:
        assert alert["labels"]["severity"] in {"warning", "critical"}, alert["alert"]
        assert set(alert["annotations"]) == {"summary", "description"}, alert["alert"]
        assert len(alert["annotations"]["description"]) > 60, alert["alert"]


def test_each_alert_is_tested_by_a_series_that_fires_it(alerts: list[dict[str, Any]], platform: Path) -> None:
    tested = set(re.findall(r'alertname="(\w+)"', (platform / FILES / "alerts_test.yml").read_text(encoding="utf-8")))
    assert tested == {alert["alert"] for alert in alerts}


def test_alerts_on_the_books_ask_for_what_the_queries_give(alerts: list[dict[str, Any]], platform: Path) -> None:
    gauges = {name for name, usage in columns(platform).items() if usage == "GAUGE"}
    asked = {name for alert in alerts for name in re.findall(r"\bops_\w+", alert["expr"])}
    assert asked
    assert asked <= gauges


def test_a_query_selects_each_column_that_it_describes(platform: Path) -> None:
    for query, asked in read_yaml(platform / FILES / "queries.yml").items():
        for entry in asked["metrics"]:
            for name, column in entry.items():
                assert re.search(rf"\b{name}\b", asked["query"]), f"{query}: {name}"
                assert column["usage"] in {"LABEL", "GAUGE"}
                assert column["description"]
