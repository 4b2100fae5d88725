from __future__ import annotations

import copy
from typing import Any

import pytest
from onering import dataset
from onering.platform_files import read_yaml


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(read_yaml(dataset.FOLDER / "flights.yml"))


def schema_faults(document: dict[str, Any]) -> list[str]:
    schema = read_yaml(dataset.FOLDER / "schema.json")
    return dataset.schema_faults(document, schema)


def test_what_ships_is_sound(declared: dataset.Dataset) -> None:
    assert declared.streams
    assert declared.marts


def test_schema_names_the_place(document: dict[str, Any]) -> None:
    document["streams"]["planes"]["columns"]["seats"]["maximum"] = 3
    assert schema_faults(document) == [
        "streams.planes.columns.seats: Additional properties are not allowed ('maximum' was unexpected)"
    ]


@pytest.mark.parametrize("sql", ["count(); DROP TABLE silver.flights", "count()\nFROM x", "x" * 121, ""])
def test_sql_is_one_line_and_one_expression(document: dict[str, Any], sql: str) -> None:
    document["facts"]["cancelled"]["where"] = sql
    assert schema_faults(document)


@pytest.mark.parametrize("of", ["Array(String)", "Decimal(5, 2)", "String) ENGINE = Null --"])
def test_schema_knows_types(document: dict[str, Any], of: str) -> None:
    document["streams"]["planes"]["columns"]["seats"]["type"] = of
    assert schema_faults(document)


def test_names_that_lead_nowhere(document: dict[str, Any]) -> None:
    document["streams"]["flights"]["key"].append("nowhere")
    document["streams"]["airlines"]["flags"] = {
        "early": {"columns": ["carrier"], "stream": "flights", "key": ["carrier"]}
    }
    document["marts"]["route_performance"]["columns"]["origin"] = ["flights.nothing"]
    assert dataset.contradictions(dataset.parse(document), "flights") == [
        "streams.airlines.flags.early: no stream flights before it",
        "streams.flights.key: no column nowhere",
        "marts.route_performance.columns.origin: no column flights.nothing",
    ]


def test_name_is_that_of_the_file(document: dict[str, Any]) -> None:
    assert dataset.contradictions(dataset.parse(document), "other") == ["name: flights stands in other.yml"]


@pytest.mark.parametrize(
    ("of", "bare", "nullable"),
    [
        ("String", "String", False),
        ("Nullable(Int16)", "Int16", True),
        ("LowCardinality(Nullable(String))", "String", True),
        ("DateTime('UTC')", "DateTime('UTC')", False),
    ],
)
def test_types(of: str, bare: str, nullable: bool) -> None:
    column = dataset.Column("c", of)
    assert (column.bare_type, column.nullable) == (bare, nullable)
