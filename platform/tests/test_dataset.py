from __future__ import annotations

import copy
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from onering import connector, dataset
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


@pytest.mark.parametrize(
    ("schedule", "sound"), [(None, True), ("@daily", True), ("0 6 * * 1-5", True), ("daily", False)]
)
def test_schedule_is_cron_or_preset(document: dict[str, Any], schedule: str | None, sound: bool) -> None:
    document["schedule"] = schedule
    assert (not schema_faults(document)) is sound


def test_faulty_files_leave_the_others(tmp_path: Path) -> None:
    shutil.copy(dataset.FOLDER / "flights.yml", tmp_path)
    (tmp_path / "broken.yml").write_text("name: [", encoding="utf-8")
    (tmp_path / "empty.yml").write_text("", encoding="utf-8")
    sound, faults = dataset.load_all(tmp_path)
    assert [one.name for one in sound] == ["flights"]
    assert [str(fault).split(": ")[0] for fault in faults] == [
        str(tmp_path / "broken.yml"),
        str(tmp_path / "empty.yml"),
    ]


def write(folder: Path, document: dict[str, Any], **changes: Any) -> None:
    document = document | changes
    (folder / f"{document['name']}.yml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def test_tables_have_one_owner(tmp_path: Path, document: dict[str, Any]) -> None:
    write(tmp_path, document)
    write(tmp_path, document, name="boats", marts={"docking": document["marts"]["route_performance"]})
    sound, faults = dataset.load_all(tmp_path)
    assert sound == []
    streams = ("airlines", "airports", "planes", "weather", "flights")
    for fault, name, other in zip(faults, ("boats", "flights"), ("flights", "boats"), strict=True):
        told = "; ".join(f"streams.{stream}: declared by {other} too" for stream in streams)
        assert str(fault) == f"{tmp_path / name}.yml: {told}"


def test_a_marts_name_is_taken_too(document: dict[str, Any]) -> None:
    one = dataset.parse(document)
    other = dataset.parse(document | {"name": "other", "streams": {}})
    assert dataset.disputes([one, other])["flights"] == [
        f"marts.{mart}: declared by other too" for mart in document["marts"]
    ]


def test_connection_may_stand_in_the_dataset(tmp_path: Path, document: dict[str, Any]) -> None:
    path = dataset.ROOT / document["connection"]
    write(tmp_path, document, connection=read_yaml(path))
    declared = dataset.load_checked("flights", tmp_path)
    assert connector.load(declared.connection) == connector.load(path)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"lanes": 0}, "connection.lanes: 0 is less than the minimum of 1"),
        ({"connector": "file"}, "connection.connector: 'file' does not match"),
        ({"streams": []}, "connection.streams: [] should be non-empty"),
    ],
)
def test_schema_covers_a_connection_in_the_dataset(
    document: dict[str, Any], change: dict[str, Any], fault: str
) -> None:
    document["connection"] = read_yaml(dataset.ROOT / document["connection"]) | change
    assert [found[: len(fault)] for found in schema_faults(document)] == [fault]


def test_schema_covers_a_connections_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: dict[str, Any]
) -> None:
    path = tmp_path / "ingestion/airbyte/flights.yml"
    path.parent.mkdir(parents=True)
    connection = read_yaml(dataset.ROOT / document["connection"])
    path.write_text(yaml.safe_dump(connection | {"lane": 1}), encoding="utf-8")
    monkeypatch.setattr(dataset, "ROOT", tmp_path)
    write(tmp_path, document)
    with pytest.raises(dataset.DatasetError, match=r"airbyte/flights\.yml: top: Additional properties .*'lane'"):
        dataset.load_checked("flights", tmp_path)
    path.unlink()
    with pytest.raises(dataset.DatasetError, match=r"No such file .*airbyte/flights\.yml"):
        dataset.load_checked("flights", tmp_path)


def test_dataset_and_connection_have_the_same_streams_and_columns(document: dict[str, Any]) -> None:
    connection = read_yaml(dataset.ROOT / document["connection"])
    found = {stream["name"]: stream for stream in connection["streams"]}
    found["planes"]["fields"]["colour"] = found["planes"]["fields"].pop("speed")
    found["airlines"]["name"] = "carriers"
    assert dataset.unconnected(dataset.parse(document), connection) == [
        "streams.airlines: the connection has no such stream",
        "streams.carriers: only the connection has it",
        "streams.planes.columns: the connection has no field speed",
        "streams.planes.columns: only the connection has colour",
    ]


@pytest.mark.parametrize("count", [None, "many", 10])
def test_setting_that_counts_is_a_number_of_the_connection(document: dict[str, Any], count: object) -> None:
    connection = read_yaml(dataset.ROOT / document["connection"])
    connection["configuration"] |= {} if count is None else {"count": count}
    document["streams"]["planes"]["source"] = {"setting": "count"}
    assert schema_faults(document) == []
    told = ["streams.planes.source: count is no whole number in the connection's configuration"]
    assert dataset.unconnected(dataset.parse(document), connection) == ([] if count == 10 else told)


@pytest.mark.parametrize("source", [{}, {"path": "/a.csv"}, {"setting": "count", "records": 1}, {"records": -1}])
def test_source_is_one_of_three(document: dict[str, Any], source: dict[str, Any]) -> None:
    document["streams"]["planes"]["source"] = source
    assert schema_faults(document)


def test_faults_are_raised_apart_from_the_dags(monkeypatch: pytest.MonkeyPatch, platform: Path) -> None:
    script = str(platform / "orchestration/airflow/dags/dataset_faults.py")
    runpy.run_path(script)
    monkeypatch.setattr(dataset, "load_all", lambda: ([], [dataset.DatasetError("a.yml: x")]))
    with pytest.raises(dataset.DatasetError, match=r"a\.yml: x"):
        runpy.run_path(script)
