from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.onering.platform.plugins.filter import report_facts

SECRET = "planted"
EXPORTS: list[dict[str, Any]] = [
    {
        "title": "Store",
        "secrets": [{"name": SECRET}],
        "minio": {"accounts": [{"access_key": "probe", "secret_key": SECRET, "policies": ["probe"]}]},
        "links": [{"title": "Console", "url": "http://127.0.0.1", "login": "root", "secret": SECRET}],
    },
    {
        "title": "Books",
        "postgres": {
            "accounts": [{"name": "report", "password": SECRET, "databases": ["onering"], "groups": ["readers"]}],
        },
        "clickhouse": {"accounts": [{"name": "loader", "password": SECRET, "grants": ["GRANT SELECT ON silver.*"]}]},
    },
]
FOUND: dict[str, Any] = {
    "project": "onering",
    "containers": [
        {"service": "store", "kind": "service", "state": "running", "health": "healthy", "image": "x:1",
         "working_set_bytes": 5, "started": "2026-01-01T00:00:00.123Z"},
        {"service": "job", "kind": "job", "state": "exited", "health": "", "image": "x:1", "working_set_bytes": 0,
         "started": None},
    ],
    "links": EXPORTS[0]["links"],
    "exports": EXPORTS,
    "phases": [{"name": "images", "seconds": "3"}],
    "evidence": [{"component": "store", "title": "Store", "result": "passed", "date": "2026-01-01"}],
    "left_out": [{"name": "dashboards", "title": "Dashboards", "why": "no image"}],
}  # fmt: skip


def test_facts_hold_what_people_read_and_no_secret() -> None:
    facts = report_facts.report_facts(FOUND)
    assert SECRET not in json.dumps(facts)
    assert facts["containers"] == [
        {"service": "store", "state": "running", "health": "healthy", "image": "x:1", "memory": 5,
         "started": "2026-01-01 00:00:00"},
    ]  # fmt: skip
    assert facts["links"] == [{"title": "Console", "url": "http://127.0.0.1", "login": "root"}]
    assert facts["accounts"] == [
        {"store": "ClickHouse", "account": "loader", "rights": ["GRANT SELECT ON silver.*"]},
        {"store": "MinIO", "account": "probe", "rights": ["policy probe"]},
        {"store": "PostgreSQL", "account": "report", "rights": ["connects to onering", "member of readers"]},
    ]
    assert facts["phases"] == [{"name": "images", "seconds": 3.0}]
    assert facts["evidence"] == [
        {"title": "Store", "product": "", "image": "", "result": "passed", "date": "2026-01-01"},
    ]
    assert facts["left_out"] == [{"title": "Dashboards", "why": "no image"}]


def test_a_yaml_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text("---\na: [1]\n")
    assert report_facts.read_yaml(str(tmp_path / "x.yml")) == {"a": [1]}
    assert set(report_facts.FilterModule().filters()) == {"report_facts", "read_yaml"}
