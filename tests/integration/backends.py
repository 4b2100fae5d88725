"""What stands behind the modules: for each backend one representative task, and what it is spoken to with."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.onering.platform.tests.doubles.openmetadata import OpenMetadata, Served
from servers import Servers, secret


@dataclass
class Backend:
    """One server, and a task that asks it for something."""

    host: str
    port: int
    module: str
    options: dict[str, Any]  # without the address
    password: str  # name of the option
    timeout: str  # name of the option
    http: bool = True

    def task(self, port: int, secure: bool = False, **more: Any) -> dict[str, Any]:
        """The task, by way of a port of this machine."""
        if not self.http:
            where = {"login_host": "127.0.0.1", "login_port": port, "secure": secure}
        else:
            option = "endpoint" if "minio" in self.module else "url"
            where = {option: f"{'https' if secure else 'http'}://127.0.0.1:{port}"}
        return {self.module: {**self.options, **where, **more}}


def at(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


@contextmanager
def minio(servers: Servers) -> Iterator[Backend]:
    env = servers.env("minio")
    options = {
        "access_key": env["MINIO_ACCESS_KEY"],
        "secret_key": env["MINIO_SECRET_KEY"],
        "name": "nothing",
        "state": "absent",
    }
    yield Backend(*at(env["MINIO_ENDPOINT"]), "onering.platform.minio_bucket", options, "secret_key", "timeout")


@contextmanager
def clickhouse(servers: Servers) -> Iterator[Backend]:
    env = servers.env("clickhouse")
    options = {
        "login_user": env["CLICKHOUSE_USER"], "login_password": env["CLICKHOUSE_PASSWORD"], "databases": ["nothing"],
        "state": "absent",
    }  # fmt: skip
    yield Backend(
        env["CLICKHOUSE_HOST"], 9000, "onering.platform.clickhouse_schema", options, "login_password", "timeout", False
    )


@contextmanager
def catalog() -> Iterator[tuple[OpenMetadata, dict[str, str]]]:
    """The double of OpenMetadata with a service, and the settings by which modules find it."""
    double = OpenMetadata()
    double.token = secret()
    double.seed("databaseService", name="clickhouse", serviceType="Clickhouse")
    served = Served(double)
    try:
        yield double, {"OPENMETADATA_URL": served.url, "OPENMETADATA_TOKEN": double.token}
    finally:
        served.close()


@contextmanager
def openmetadata(_servers: Servers) -> Iterator[Backend]:
    options = {"assets": [{"kind": "glossary", "name": "nothing"}], "state": "absent"}
    with catalog() as (double, env):
        where = at(env["OPENMETADATA_URL"])
        yield Backend(
            *where, "onering.platform.openmetadata_asset", {**options, "token": double.token}, "token", "timeout"
        )


class Airflow:
    """Where no real one runs: a stand-in that knows one DAG with one run that succeeded, and one account."""

    def __init__(self, account: dict[str, str]) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path == "/auth/token":
                    right = json.loads(text) == account
                    self.answer(201, {"access_token": "t"}) if right else self.answer(
                        401, {"detail": "Invalid credentials"}
                    )
                elif "/taskInstances" in self.path:
                    self.answer(200, {"task_instances": [], "total_entries": 0})
                else:
                    run = {"dag_run_id": "r", "state": "success", "duration": 1.0, "conf": {}}
                    self.answer(200, {"dag_runs": [run], "total_entries": 1})

            def answer(self, status: int, body: Any) -> None:
                content = json.dumps(body).encode()
                self.send_response_only(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = handle_one

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


def airflow_at(host: str, port: int, account: dict[str, str]) -> Backend:
    """An Airflow that knows the DAG `flights`, and a run of it that succeeded."""
    options = {**account, "dag_id": "flights", "logical_date": "2026-01-01T00:00:00Z"}
    return Backend(host, port, "onering.platform.airflow_dag_run", options, "password", "request_timeout")


@contextmanager
def airflow() -> Iterator[Backend]:
    account = {"username": "admin", "password": secret()}
    stand_in = Airflow(account)
    try:
        yield airflow_at("127.0.0.1", stand_in.server.server_address[1], account)
    finally:
        stand_in.server.shutdown()
        stand_in.server.server_close()


BACKENDS = {"clickhouse": clickhouse, "minio": minio, "openmetadata": openmetadata}
