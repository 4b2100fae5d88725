"""Timings of tasks, asked over HTTP of what answers as Airflow's published API does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from platform_report.tasks import Airflow

LOGICAL = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
RUNS: list[dict[str, Any]] = [
    {"dataset": "a b", "logical": LOGICAL},
    {"dataset": "other", "logical": LOGICAL},
]


def instance(name: str, began: str | None, ended: str | None, **more: Any) -> dict[str, Any]:
    given = {"task_id": name, "map_index": -1, "state": "success", "try_number": 1}
    return {**given, "start_date": began, "end_date": ended, **more}


class Server(ThreadingHTTPServer):
    """One that answers with these instances, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, list[str]], str]] = []
        self.status = 200
        self.instances: Any = [
            instance("load", "2026-01-02T00:00:05Z", None, state="running", try_number=2),
            instance("extract", "2026-01-02T00:00:01.5Z", "2026-01-02T00:00:05Z"),
            instance("part", "2026-01-02T00:00:06Z", "2026-01-02T00:00:07Z", map_index=3, state=None),
            instance("later", None, None, state=None),
        ]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body == {"username": "report", "password": "p"}
        self.answer(201, {"access_token": "t"})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((parts.path, parse_qs(parts.query), self.headers["Authorization"]))
        of, begin = self.server.instances, int(parse_qs(parts.query)["offset"][0])
        if isinstance(of, list):
            of = of[begin : begin + 3]  # no more than that at a time, whatever is asked for
        self.answer(self.server.status, {"task_instances": of, "total_entries": len(self.server.instances or "")})

    def answer(self, status: int, document: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        Thread(target=serving.serve_forever, daemon=True).start()
        yield serving
        serving.shutdown()


def asking(server: Server) -> Airflow:
    return Airflow(f"http://127.0.0.1:{server.server_port}/", "report", "p")


def test_each_run_has_its_tasks_in_order(server: Server) -> None:
    found = asking(server).timings(RUNS)
    assert [(of["dataset"], of["logical"], of["error"]) for of in found] == [
        ("a b", LOGICAL, ""),
        ("other", LOGICAL, ""),
    ]
    assert [(of["name"], of["state"], of["tries"]) for of in found[0]["tasks"]] == [
        ("extract", "success", 1),
        ("load", "running", 2),
        ("part[3]", "none", 1),
    ]
    assert [(of["began"] - LOGICAL, of["ended"] and of["ended"] - LOGICAL) for of in found[0]["tasks"]] == [
        (1.5, 5),
        (5, None),
        (6, 7),
    ]


def test_it_asks_for_one_logical_date_once_let_in(server: Server) -> None:
    asking(server).timings(RUNS)
    path, query, authorization = server.asked[0]
    assert (path, authorization) == ("/api/v2/dags/a%20b/dagRuns/~/taskInstances", "Bearer t")
    assert query["logical_date_gte"] == ["2026-01-02T00:00:00+00:00"]
    assert query["logical_date_lt"] == ["2026-01-02T00:00:01+00:00"]
    assert [(path, query["offset"]) for path, query, _ in server.asked[:2]] == [(path, ["0"]), (path, ["3"])]
    assert len(server.asked) == 4


def test_a_refusal_is_told(server: Server) -> None:
    server.status = 403
    assert "403" in asking(server).timings(RUNS)[0]["error"]


@pytest.mark.parametrize(
    "odd", [None, "text", ["text"], [instance("a", "x", None)], [instance("a", "2", "2", map_index=None)]]
)
def test_an_odd_answer_is_told(server: Server, odd: Any) -> None:
    server.instances = odd
    asked = asking(server)
    assert "did not tell" in asked.timings(RUNS)[1]["error"]
    assert asked.answered


def test_one_that_does_not_answer_is_asked_once() -> None:
    airflow = Airflow("http://127.0.0.1:9", "report", "p")
    (found,) = airflow.timings(RUNS)
    assert "did not tell" in found["error"]
    assert not airflow.answered


def test_none_is_asked_where_there_is_none() -> None:
    assert Airflow("", "", "").timings(RUNS) == []
