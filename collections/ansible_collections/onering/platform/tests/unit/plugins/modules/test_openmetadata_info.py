"""openmetadata_info against a double of the server."""

from __future__ import annotations

import itertools
import json

import pytest
from ansible_collections.onering.platform.plugins.modules import openmetadata_info


@pytest.fixture
def run(run_module, catalog):
    return lambda **options: run_module(openmetadata_info, url=catalog.url, token="bot-token", **options)


def test_the_version(run) -> None:
    result = run()
    assert not result["changed"]
    assert result["version"] == "2.0.7"
    assert "hits" not in result


def test_by_name(run, catalog) -> None:
    catalog.entities["domain"].clear()
    catalog.seed("domain", name="a.b", description="x", domainType="Aggregate")
    result = run(
        entities=[
            {"kind": "domain", "name": '"a.b"', "fields": ["owners"]},
            {"kind": "table", "name": "a.b.c.none"},
        ]
    )
    assert [each["description"] for each in result["entities"]] == ["x"]
    assert result["missing"] == ["table a.b.c.none"]


def test_a_connection_stays_masked_even_where_the_account_sees_it(run, catalog) -> None:
    catalog.sees_secrets = True
    connection = {"config": {"type": "Clickhouse", "username": "u", "password": "planted-77", "hostPort": "h:1"}}
    catalog.seed("databaseService", name="w", serviceType="Clickhouse", connection=connection)
    result = run(entities=[{"kind": "databaseService", "name": "w"}], search={"query": "w"})
    assert result["entities"][0]["serviceType"] == "Clickhouse"
    assert "planted-77" not in json.dumps(result)


def test_search(run) -> None:
    result = run(search={"query": "PII", "index": "tag", "size": 1})
    assert result["total"] == 2
    assert [each["fullyQualifiedName"] for each in result["hits"]] == ["PII.Sensitive"]
    rest = run(search={"query": "PII", "index": "tag", "from": 1})
    assert [each["fullyQualifiedName"] for each in rest["hits"]] == ["PII.None"]


def test_lineage(run, catalog) -> None:
    containers = [catalog.seed("container", name=name, service="minio") for name in ("a", "b", "c")]
    for one, other in itertools.pairwise(containers):
        ends = {
            "fromEntity": {"id": one["id"], "type": "container"},
            "toEntity": {"id": other["id"], "type": "container"},
        }
        catalog.add_lineage(body={"edge": ends})
    found = run(lineage={"kind": "container", "name": "minio.b"})["lineage"]
    assert found["nodes"] == ["container minio.b", "container minio.a", "container minio.c"]
    assert [(each["from"], each["to"]) for each in found["edges"]] == [
        ("container minio.a", "container minio.b"), ("container minio.b", "container minio.c"),
    ]  # fmt: skip
    assert found["edges"][0]["details"]["source"] == "Manual"
    assert run(lineage={"name": "x.y.z.none"})["lineage"] == {}
    assert "at most 3 steps" in run(lineage={"name": "x", "upstream": 4})["msg"]
