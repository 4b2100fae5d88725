"""openmetadata_service against a double of the server that checks every request with the vendor's published models."""

from __future__ import annotations

import json

import pytest
from ansible_collections.onering.platform.plugins.modules import openmetadata_service

PLANTED = "planted-secret-5f1"
WAREHOUSE = {
    "kind": "database", "name": "warehouse", "type": "Clickhouse",
    "connection": {"hostPort": "clickhouse:8123", "username": "catalog"}, "secrets": {"password": PLANTED},
}  # fmt: skip
SERVICES = {
    "database": (WAREHOUSE, {"connection": {"hostPort": "other:8123", "username": "catalog"}}),
    "storage": (
        {"kind": "storage", "name": "lake", "type": "S3",
         "connection": {"awsConfig": {"awsAccessKeyId": "catalog", "awsRegion": "us-east-1"}},
         "secrets": {"awsConfig": {"awsSecretAccessKey": PLANTED}}},
        {"connection": {"awsConfig": {"awsAccessKeyId": "catalog", "awsRegion": "eu-west-1"}}},
    ),
    "pipeline": (
        {"kind": "pipeline", "name": "flows", "type": "Airflow",
         "connection": {"hostPort": "http://airflow:8080", "connection": {"type": "Backend"}}},
        {"description": "Flows", "owners": ["team:Data"]},
    ),
    "dashboard": (
        {"kind": "dashboard", "name": "boards", "type": "Grafana", "connection": {"hostPort": "http://grafana:3000"},
         "secrets": {"apiKey": PLANTED}},
        {"display_name": "Boards", "tags": ["PII.None"]},
    ),
}  # fmt: skip


@pytest.fixture
def run(run_module, catalog):
    def run(*services, check=False, **options):
        asked = {"url": catalog.url, "token": "bot-token", "services": list(services), **options}
        return run_module(openmetadata_service, check=check, **asked)

    return run


def config(catalog):
    return catalog.entities["databaseService"]["warehouse"]["connection"]["config"]


@pytest.mark.parametrize("kind", SERVICES)
def test_check_do_again_change_again_absent(run, catalog, kind) -> None:
    declared, change = SERVICES[kind]
    planned = run(declared, check=True)
    assert catalog.writes() == []
    assert run(declared) == planned
    assert planned["changed"]
    assert not run(declared)["changed"]
    planned = run({**declared, **change}, check=True)
    catalog.asked.clear()
    assert run({**declared, **change}) == planned
    ((method, path, _),) = catalog.writes()
    assert (method, path.split("/")[1]) == ("PATCH", f"{kind}Services")
    assert not run({**declared, **change})["changed"]
    assert run(declared, state="absent", purge=True)["changed"]
    assert not run(declared, state="absent")["changed"]


def test_a_masked_secret_is_not_taken_for_another(run, catalog) -> None:
    run(WAREHOUSE)
    assert config(catalog)["password"] == PLANTED
    assert not run({**WAREHOUSE, "secrets": {"password": "next"}})["changed"]
    result = run({**WAREHOUSE, "secrets": {"password": "next"}}, update_secrets="always")
    assert result["changed"]
    assert config(catalog)["password"] == "next"
    assert result["diff"]["before"]["databaseService warehouse"]["secrets"] == {"password": "another"}
    assert result["diff"]["after"]["databaseService warehouse"]["secrets"] == {"password": "as given"}


def test_a_shown_secret_is_compared(run, catalog) -> None:
    catalog.sees_secrets = True
    run(WAREHOUSE)
    assert not run(WAREHOUSE)["changed"]
    assert run({**WAREHOUSE, "secrets": {"password": "next"}})["changed"]
    assert config(catalog)["password"] == "next"
    assert not run({**WAREHOUSE, "secrets": {"password": "next"}}, update_secrets="always")["changed"]


def test_a_secret_that_a_manager_keeps_counts_as_given(run, catalog) -> None:
    run(WAREHOUSE)
    catalog.sees_secrets = True
    config(catalog)["password"] = "secret:/openmetadata/warehouse/password"
    assert not run(WAREHOUSE)["changed"]


def test_a_missing_secret_is_set_and_others_are_left(run, catalog) -> None:
    run({**WAREHOUSE, "secrets": None})
    result = run(WAREHOUSE)
    assert result["diff"]["before"]["databaseService warehouse"]["secrets"] == {"password": "missing"}
    (operations,) = [body for method, _, body in catalog.writes() if method == "PATCH"]
    assert operations == [{"op": "add", "path": "/connection/config/password", "value": PLANTED}]
    catalog.asked.clear()
    run({**WAREHOUSE, "connection": {"hostPort": "other:1"}})
    (operations,) = [body for method, _, body in catalog.writes() if method == "PATCH"]
    assert operations == [{"op": "replace", "path": "/connection/config/hostPort", "value": "other:1"}]
    assert config(catalog) == {"type": "Clickhouse", "username": "catalog", "hostPort": "other:1", "password": PLANTED}


def test_what_people_wrote_stays(run, catalog) -> None:
    run(WAREHOUSE)
    catalog.entities["databaseService"]["warehouse"]["description"] = "Written in the catalog"
    assert not run(WAREHOUSE)["changed"]
    run({**WAREHOUSE, "display_name": "Warehouse"})
    assert catalog.entities["databaseService"]["warehouse"]["description"] == "Written in the catalog"


def test_a_type_is_for_good(run) -> None:
    run(WAREHOUSE)
    for check in (True, False):
        result = run({**WAREHOUSE, "type": "Postgres"}, check=check)
        assert "it is a Clickhouse, for good" in result["msg"]
    assert "it needs serviceType" in run({"kind": "database", "name": "new"})["msg"]


def test_a_service_that_holds_something_is_not_removed_unless_asked(run, catalog) -> None:
    run(WAREHOUSE)
    catalog.seed("database", name="default", service="warehouse")
    assert "it holds warehouse.default" in run(WAREHOUSE, state="absent", check=True)["msg"]
    assert run(WAREHOUSE, state="absent", recursive=True)["changed"]


def test_a_connection_that_the_vendor_does_not_know_is_told(run) -> None:
    result = run({**WAREHOUSE, "connection": {"hostPort": "x:1", "nonsense": 1}})
    assert result["failed"]
    assert "400" in result["msg"]


def test_a_planted_secret_is_in_no_answer(run, catalog) -> None:
    catalog.sees_secrets = True
    results = [
        run(WAREHOUSE, check=True),
        run(WAREHOUSE),
        run({**WAREHOUSE, "description": "more"}),
        run({**WAREHOUSE, "secrets": {"password": PLANTED + "2"}}),
        run({**WAREHOUSE, "secrets": {"nonsense": PLANTED}}),
        run({**WAREHOUSE, "name": "w2", "secrets": {"nonsense": PLANTED}}),
    ]
    assert [each["failed"] for each in results] == [False, False, False, False, True, True]
    assert PLANTED not in json.dumps(results)
