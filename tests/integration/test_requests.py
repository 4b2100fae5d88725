"""Many objects in one task: how much is asked of the server is bounded by pages and by differences.

Times are printed beside a floor that the same run measures, plain reads by the bare client; they are not asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import backends
import pytest
import requests
from ansible_collections.onering.platform.tests.doubles.openmetadata import OpenMetadata
from backends import at
from clickhouse_driver import Client
from minio import Minio
from plays import Answer, play
from proxy import Proxy
from servers import Servers

BUCKETS, TABLES, ASSETS = 50, 200, 500
# Of what a bucket is declared with, each aspect is read and written by a request of its own.
ASPECTS = 2
PAGE = 1000
BATCH = 100


def once(folder: Path, task: dict[str, Any], *arguments: str, env: dict[str, str]) -> Answer:
    return play(folder, [task], *arguments, env=env).ok()[0]


def floor(what: str, ask: Callable[[], Any]) -> None:
    begun = time.monotonic()
    ask()
    print(f"  floor: {what} by the bare client {time.monotonic() - begun:.2f} s")


def told(what: str, answer: Answer, requests: str) -> None:
    print(f"  {what}: {answer.seconds:.2f} s, {requests}")


def test_fifty_buckets(servers: Servers, tmp_path: Path) -> None:
    env = servers.env("minio")
    host, port = at(env["MINIO_ENDPOINT"])
    names = [f"many-{number:03d}" for number in range(BUCKETS)]

    def task(state: str = "present", quota: dict[str, int] | None = None) -> dict[str, Any]:
        buckets = [{"name": name, "versioning": True, "quota": (quota or {}).get(name, 10**9)} for name in names]
        return {"onering.platform.minio_bucket": {"buckets": buckets, "state": state}}

    with Proxy(host, port).running() as proxy:
        env = {**env, "MINIO_ENDPOINT": f"http://127.0.0.1:{proxy.address}"}

        def asked(what: str, task: dict[str, Any], *arguments: str) -> Answer:
            proxy.asked.clear()
            answer = once(tmp_path, task, *arguments, env=env)
            told(what, answer, f"{len(proxy.reads())} reads, {len(proxy.writes())} writes")
            return answer

        print()
        assert asked("check", task(), "--check").changed
        assert proxy.writes() == []
        assert asked("make", task()).changed
        assert len(proxy.reads()) <= BUCKETS
        assert len(proxy.writes()) == BUCKETS * (1 + ASPECTS)
        assert not asked("again", task()).changed
        assert len(proxy.reads()) <= BUCKETS * (1 + ASPECTS)
        assert proxy.writes() == []
        assert asked("change one", task(quota={names[7]: 5})).changed
        assert len(proxy.writes()) == 1
        client = Minio(f"127.0.0.1:{proxy.address}", env["MINIO_ACCESS_KEY"], env["MINIO_SECRET_KEY"], secure=False)
        reads = BUCKETS * (1 + ASPECTS)
        floor(f"{reads} reads", lambda: [client.get_bucket_versioning(name) for name in names * (1 + ASPECTS)])
        assert asked("remove", task("absent")).changed
        assert len(proxy.writes()) == BUCKETS


def test_two_hundred_tables(servers: Servers, tmp_path: Path) -> None:
    env = servers.env("clickhouse")
    observer = Client(
        env["CLICKHOUSE_HOST"], user=env["CLICKHOUSE_OBSERVER_USER"], password=env["CLICKHOUSE_OBSERVER_PASSWORD"]
    )

    env = {**env, "CLICKHOUSE_USER": "counted", "CLICKHOUSE_PASSWORD": env["CLICKHOUSE_COUNTED_PASSWORD"]}

    def task(state: str = "present", columns: int = 5) -> dict[str, Any]:
        kinds = [{"name": f"c{number}", "type": "Nullable(String)"} for number in range(columns)]
        tables = [
            {
                "database": "many",
                "name": f"t{number}",
                "columns": [{"name": "id", "type": "BIGINT"}, *(kinds if number == 7 else kinds[:5])],
                "order_by": ["id"],
            }
            for number in range(TABLES)
        ]
        return {"onering.platform.clickhouse_schema": {"databases": ["many"], "tables": tables, "state": state}}

    def asked(what: str, task: dict[str, Any], *arguments: str) -> tuple[Answer, int, int]:
        """The answer, and how many statements only read, and how many wrote."""
        observer.execute("SYSTEM FLUSH LOGS")
        before = observer.execute("SELECT now64(6)")[0][0]
        answer = once(tmp_path, task, *arguments, env=env)
        observer.execute("SYSTEM FLUSH LOGS")
        kinds = observer.execute(
            "SELECT countIf(query_kind = 'Select'), countIf(query_kind != 'Select') FROM system.query_log "
            "WHERE user = 'counted' AND type = 'QueryStart' "
            "AND query_start_time_microseconds >= %(t)s",
            {"t": before},
        )[0]
        told(what, answer, f"{kinds[0]} reads, {kinds[1]} writes")
        return answer, *kinds

    print()
    answer, reads, writes = asked("check", task(), "--check")
    assert answer.changed
    assert writes == 0
    answer, reads, writes = asked("make", task())
    assert answer.changed
    assert 0 < reads <= READS
    assert writes == 1 + TABLES
    answer, reads, writes = asked("again", task())
    assert not answer.changed
    assert 0 < reads <= READS
    assert writes == 0
    answer, reads, writes = asked("change one", task(columns=6))
    assert answer.changed
    assert (reads <= READS, writes) == (True, 1)
    floor(
        f"{TABLES} tables",
        lambda: observer.execute("SELECT create_table_query FROM system.tables WHERE database = 'many'"),
    )
    answer, reads, writes = asked("remove", task("absent"))
    assert (answer.changed, reads <= READS, writes) == (True, True, 1 + TABLES)


# Databases, tables, columns of keys, functions; one of types and one of statements for every 100 kB of them.
READS = 8


@pytest.fixture
def catalog() -> Iterator[tuple[OpenMetadata, dict[str, str]]]:
    with backends.catalog() as there:
        yield there


def test_five_hundred_assets(catalog: tuple[OpenMetadata, dict[str, str]], tmp_path: Path) -> None:
    double, env = catalog

    def task(state: str = "present", described: str = "") -> dict[str, Any]:
        above = [
            {"kind": "database", "parent": "clickhouse", "name": "default"},
            {"kind": "databaseSchema", "parent": "clickhouse.default", "name": "many"},
        ]
        tables = [
            {
                "kind": "table",
                "parent": "clickhouse.default.many",
                "name": f"t{number}",
                "description": described if number == 7 else "",
                "columns": [{"name": "id", "type": "BIGINT"}],
            }
            for number in range(ASSETS)
        ]
        return {
            "onering.platform.openmetadata_asset": {
                "assets": above + tables,
                "state": state,
                "recursive": state == "absent",
            }
        }

    def asked(what: str, task: dict[str, Any], *arguments: str) -> tuple[Answer, int, int]:
        double.asked.clear()
        answer = once(tmp_path, task, *arguments, env=env)
        writes = len(double.writes())
        told(what, answer, f"{len(double.asked) - writes} reads, {writes} writes")
        return answer, len(double.asked) - writes, writes

    pages = -(-ASSETS // PAGE)
    print()
    answer, reads, writes = asked("check", task(), "--check")
    assert (answer.changed, writes) == (True, 0)
    answer, reads, writes = asked("make", task())
    assert (answer.changed, reads <= 2 + pages, writes) == (True, True, 2 + ASSETS // BATCH)
    answer, reads, writes = asked("again", task())
    assert (answer.changed, reads <= 2 + pages, writes) == (False, True, 0)
    answer, reads, writes = asked("change one", task(described="the seventh"))
    assert (answer.changed, reads <= 2 + pages, writes) == (True, True, 1)
    query: dict[str, str | int] = {"databaseSchema": "clickhouse.default.many", "limit": PAGE, "fields": "columns,tags"}
    login = {"Authorization": f"Bearer {double.token}"}
    floor(
        "a page of tables",
        lambda: requests.get(f"{env['OPENMETADATA_URL']}/api/v1/tables", query, headers=login, timeout=30),
    )
