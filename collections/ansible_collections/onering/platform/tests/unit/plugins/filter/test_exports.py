from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.onering.platform.plugins.filter.exports import (
    FilterModule,
    address,
    collect,
    connections_json,
    enabled,
    evidence,
    left_out,
    parts,
)

EXPORTS = [
    {"name": "airflow", "profile": "core", "needs": ["postgres", "engine_room"]},
    {"name": "postgres", "profile": "core", "needs": []},
    {"name": "engine_room", "profile": "core"},
    {"name": "grafana", "profile": "observability", "needs": ["prometheus"]},
    {"name": "prometheus", "profile": "observability"},
]


@pytest.mark.parametrize(
    ("domain", "host", "expected"),
    [("storage", 2, "172.29.10.2"), ("analytics", "3", "172.29.20.3"), ("versioning", 254, "172.29.70.254")],
)
def test_address(domain: str, host: int, expected: str) -> None:
    assert address("172.29.0.0/16", domain, host) == expected


@pytest.mark.parametrize(
    ("subnet", "domain", "host", "message"),
    [
        ("172.29.0.0/24", "storage", 2, "must be a /16"),
        ("172.29.1.0/16", "storage", 2, "not an IPv4 network"),
        ("172.29.0.0/16", "storag", 2, "Did you mean 'storage'"),
        ("172.29.0.0/16", "storage", 1, "2..254"),
    ],
)
def test_address_refuses(subnet: str, domain: str, host: int, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        address(subnet, domain, host)


def test_enabled_closes_over_needs_dependencies_first() -> None:
    assert enabled(EXPORTS, "airflow") == ["engine_room", "postgres", "airflow"]
    assert enabled(EXPORTS, "core", ["grafana"]) == ["engine_room", "postgres", "airflow", "prometheus", "grafana"]
    assert enabled(EXPORTS, "core,prometheus", None) == ["engine_room", "postgres", "airflow", "prometheus"]


def test_enabled_full_is_everything_and_an_empty_profile_is_none() -> None:
    assert set(enabled(EXPORTS, "full")) == {export["name"] for export in EXPORTS}
    assert enabled(EXPORTS, "catalog") == []


@pytest.mark.parametrize(
    ("exports", "wanted", "message"),
    [
        (EXPORTS, "postgress", "no component or profile 'postgress'. Did you mean 'postgres'"),
        ([{"name": "a", "profile": "core", "needs": ["b"]}], "a", "'a' needs 'b', which no role exports"),
        (
            [{"name": "a", "profile": "core", "needs": ["b"]}, {"name": "b", "profile": "core", "needs": ["a"]}],
            "core",
            "circle: a > b > a",
        ),
        ([{"name": "a", "profile": "core"}, {"name": "a", "profile": "core"}], "a", "two components"),
        (EXPORTS, 3, "strings or lists"),
    ],
)
def test_enabled_refuses(exports: list, wanted: object, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        enabled(exports, wanted)


def test_collect_flattens_and_forgives_what_is_missing() -> None:
    exports = [
        {"name": "a", "minio": {"buckets": [{"name": "bronze"}]}, "links": "one"},
        {"name": "b", "minio": None},
        {"name": "c", "minio": {"buckets": []}},
        {"name": "d", "minio": {"buckets": [{"name": "docs"}, {"name": "gold"}]}},
    ]
    assert [bucket["name"] for bucket in collect(exports, "minio.buckets")] == ["bronze", "docs", "gold"]
    assert collect(exports, "links") == ["one"]
    assert collect(exports, "postgres.accounts") == []


def test_connections_json() -> None:
    exports = [
        {
            "name": "a",
            "connections": [
                {
                    "id": "loader",
                    "conn_type": "clickhouse",
                    "host": "clickhouse",
                    "port": "8123",
                    "login": "loader",
                    "password": "x",
                    "schema": "",
                    "extra": {"b": [1], "a": True},
                }
            ],
        },
        {"name": "b"},
    ]
    result = connections_json(exports)
    assert result == {
        "loader": {
            "conn_type": "clickhouse",
            "host": "clickhouse",
            "login": "loader",
            "password": "x",
            "port": 8123,
            "extra": '{"a": true, "b": [1]}',
        }
    }
    json.dumps(result)


@pytest.mark.parametrize(
    ("connections", "message"),
    [
        ([{"id": "a", "conn_type": "x"}, {"id": "a", "conn_type": "x"}], "two components export the connection 'a'"),
        ([{"id": "a", "conn_type": "x", "passwd": "secret"}], "field 'passwd'. Did you mean 'password'"),
        ([{"id": "a"}], "an id and a conn_type"),
    ],
)
def test_connections_json_refuses(connections: list, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message) as caught:
        connections_json([{"name": "a", "connections": connections}])
    assert "secret" not in str(caught.value)


def test_what_needs_a_component_without_an_image_is_left_out_too() -> None:
    exports = [
        {"name": "alarms", "needs": ["boards"]},
        {"name": "boards", "title": "Boards", "needs": ["graphs"]},
        {"name": "graphs", "title": "Graphs", "images": [{"name": "pictures", "vendor": "v/graphs:1"}]},
        {"name": "store", "images": [{"name": "store"}]},
    ]
    told = {part["name"]: part for part in left_out(exports, {"pictures": "no such host"})}
    assert sorted(told) == ["alarms", "boards", "graphs"]
    assert told["graphs"]["title"] == "Graphs"
    assert told["graphs"]["why"].startswith("v/graphs:1 can't be had: no such host. To have it, let the engine reach")
    assert told["boards"]["why"] == "it needs graphs"
    assert told["alarms"]["why"] == "it needs boards"
    assert left_out(exports, {}) == []


def test_all_filters_are_offered() -> None:
    names = {"address", "collect", "connections_json", "enabled", "evidence", "left_out", "parts"}
    assert set(FilterModule().filters()) == names


def test_parts_take_what_is_known_beforehand_and_no_secret() -> None:
    export = {
        "name": "store",
        "profile": "core",
        "services": ["store"],
        "images": [{"name": "store", "version": "1"}],
        "secrets": [{"name": "PASSWORD"}],
        "connections": [{"id": "a", "password": "hunter2"}],
        "ports": [
            {"port": 9000, "variable": "store_port"},
            {"port": 9001, "variable": "store_console_port", "published": "false"},
        ],
        "footprint": {"memory_mb": "300"},
    }
    (only,) = parts([export])
    assert only == {
        "name": "store",
        "profile": "core",
        "needs": [],
        "services": ["store"],
        "images": ["store"],
        "ports": [{"port": 9000, "variable": "store_port"}],
        "footprint": {"memory_mb": 300},
    }


def test_evidence_names_product_and_image_and_no_secret() -> None:
    exports = [
        {
            "name": "minio", "title": "MinIO", "product": "its own server", "images": [{"name": "object-store"}],
            "minio": {"accounts": [{"secret_key": "hidden"}]},
        },
        {"name": "airbyte", "title": "Connectors", "product": "its own packages", "inside": "workflows"},
    ]  # fmt: skip
    images = {name: {"image": f"r/{name}:1", "source": "build"} for name in ("object-store", "workflows")}
    store, inside = evidence(exports, images, ["flow: x"])
    assert store == {
        "component": "minio", "title": "MinIO", "product": "its own server", "image": "r/object-store:1",
        "source": "build", "ran": ["roles/minio/tasks/verify.yml", "flow: x"], "result": "passed",
    }  # fmt: skip
    assert inside["image"] == "r/workflows:1"
    with pytest.raises(AnsibleFilterError, match="nothing can be claimed"):
        evidence(exports, {}, [])
