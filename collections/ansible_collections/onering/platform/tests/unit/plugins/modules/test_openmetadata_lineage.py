"""openmetadata_lineage against a double of the server that checks every request with the vendor's published models."""

from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.modules import openmetadata_lineage

BRONZE = {"kind": "container", "name": "minio.bronze"}
SILVER = {"kind": "table", "name": "clickhouse.default.s.silver"}
GOLD = {"name": "clickhouse.default.s.gold"}
EDGE = {
    "from": BRONZE, "to": SILVER, "pipeline": "airflow.flights", "sql": "SELECT 'it''s' -- größe",
    "columns": [{"from": ["id", 'a.b"c'], "to": "key", "function": "concat(id, x)"}, {"from": ["id"], "to": "a.b"}],
}  # fmt: skip
NAME = "container minio.bronze -> table clickhouse.default.s.silver"


@pytest.fixture
def server(catalog):
    catalog.seed("database", name="default", service="clickhouse")
    catalog.seed("databaseSchema", name="s", database="clickhouse.default")
    column = {"dataType": "STRING"}
    columns = [{"name": "key", **column}, {"name": "a.b", **column}]
    for name in ("silver", "gold"):
        catalog.seed("table", name=name, databaseSchema="clickhouse.default.s", columns=columns)
    columns = [{"name": "id", **column}, {"name": "a.b__reserved__quote__c", **column}]
    catalog.seed("container", name="bronze", service="minio", dataModel={"columns": columns})
    catalog.seed("pipeline", name="flights", service="airflow")
    return catalog


@pytest.fixture
def run(run_module, server):
    def run(*edges, check=False, **options):
        asked = {"url": server.url, "token": "bot-token", "edges": list(edges), **options}
        return run_module(openmetadata_lineage, check=check, **asked)

    return run


def changed(result):
    return [each["name"] for each in result["results"] if each["changed"]]


def test_check_do_again_change_again_absent(run, server) -> None:
    planned = run(EDGE, check=True)
    assert server.writes() == []
    assert run(EDGE) == planned
    assert changed(planned) == [NAME]
    assert planned["results"][0]["edge"]["pipeline"] == "airflow.flights"
    assert not run(EDGE)["changed"]
    other = {**EDGE, "columns": EDGE["columns"][:1]}
    assert len(run(other, check=True)["diff"]["before"][NAME]["columnsLineage"]) == 2
    assert run(other)["changed"]
    assert not run(other)["changed"]
    planned = run(EDGE, state="absent", check=True)
    assert server.lineage
    assert run(EDGE, state="absent") == planned
    assert not server.lineage
    assert not run(EDGE, state="absent")["changed"]


def test_what_is_not_declared_stays(run, server) -> None:
    run(EDGE)
    (edge,) = server.lineage.values()
    edge["details"]["description"] = "Written in the catalog"
    assert not run({"from": BRONZE, "to": SILVER})["changed"]
    assert run({"from": BRONZE, "to": SILVER, "sql": "SELECT 1"})["changed"]
    (edge,) = server.lineage.values()
    assert edge["details"]["description"] == "Written in the catalog"
    assert edge["details"]["pipeline"]["fullyQualifiedName"] == "airflow.flights"
    assert len(edge["details"]["columnsLineage"]) == 2
    assert edge["details"]["sqlQuery"] == "SELECT 1"


def test_the_order_of_columns_makes_no_difference(run) -> None:
    run(EDGE)
    assert not run({**EDGE, "columns": EDGE["columns"][::-1]})["changed"]


def test_exact_removes_others_of_the_same_source(run, server) -> None:
    run(EDGE, {"from": GOLD, "to": SILVER}, {"from": SILVER, "to": GOLD})
    result = run(EDGE, state="exact", check=True)
    assert changed(result) == ["table clickhouse.default.s.gold -> table clickhouse.default.s.silver"]
    assert len(server.lineage) == 3
    assert run(EDGE, state="exact") == result
    assert len(server.lineage) == 2
    assert not run(EDGE, state="exact")["changed"]


def test_exact_leaves_what_people_drew(run, server) -> None:
    run({"from": GOLD, "to": SILVER}, source="Manual")
    assert changed(run(EDGE, state="exact")) == [NAME]
    assert len(server.lineage) == 2
    assert not run(EDGE, state="exact")["changed"]


def test_an_edge_to_what_is_not_there_is_planned_and_then_named(run) -> None:
    edge = {"from": BRONZE, "to": {"name": "clickhouse.default.s.none"}}
    assert run(edge, check=True)["changed"]
    assert run(edge, check=True, state="exact")["changed"]
    result = run(EDGE, edge)
    assert "refer to table clickhouse.default.s.none: OpenMetadata has none" in result["msg"]
    assert result["done"] == [NAME]
    assert not run(edge, state="absent")["changed"]


def test_an_unknown_column_is_told(run) -> None:
    result = run({**EDGE, "columns": [{"from": ["id"], "to": "none"}]})
    assert "Invalid column name clickhouse.default.s.silver.none" in result["msg"]
