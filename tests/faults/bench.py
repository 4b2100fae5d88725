"""A platform on a thousand rows, runs to strike at, and what must hold after every fault."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import docker
import sample
from driver import ROOT, Platform
from flow import Flow

PROJECT = "onering-faults"
INVENTORY = ROOT / "tests/faults/inventory"
WORK = ROOT / ".cache/faults"
STORE_SIZE = "192m"
HOME = Path("/var/lib/onering") / PROJECT
HOLDER = f"{PROJECT}-holder"
LAUNCHERS = "ingestion/airbyte/launchers"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
BOOK = ("state", "attempt", "failed_task", "cause", "notes")


class Listener(ThreadingHTTPServer):
    """What alerts are sent to: keeps each with its labels and state (firing or resolved)."""

    def __init__(self, address: str) -> None:
        super().__init__((address, 9199), Handler)
        self.alerts: list[dict[str, Any]] = []
        Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.alerts += message["alerts"]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class Bench:
    """One dataset, one platform; the newest logical date is the one that tests work on."""

    def __init__(self) -> None:
        self.network = (os.environ.get("ONERING_TEST_SUBNET") or "172.24.0.0/16").removesuffix(".0.0/16")
        self.platform = Platform(PROJECT, INVENTORY, WORK, self.network)
        self.engine = docker.from_env()
        self.content = self.platform.content
        self.date, self.run = FIRST, ""
        self.listener: Listener | None = None

    def up(self) -> None:
        """Bring the platform up on the sample; its first run is the one that nothing disturbed. KEEP=1 goes on with the
        platform that a run with KEEP=1 left."""
        if not (os.environ.get("KEEP") and self.platform.containers()):
            self._make()
        self.listener = Listener(f"{self.network}.0.1")
        self.flow = Flow(f"http://{self.platform.airflow}:8080", self.platform.secrets()["AIRFLOW_ADMIN_PASSWORD"])
        self.date = self.platform.query("SELECT max(logical_date) FROM ops.runs")[0][0].astimezone(UTC)
        self.run = f"{'ansible' if self.date == FIRST else 'test'}__{self.date:%Y%m%dT%H%M%SZ}"
        self.baseline = self.platform.tables()
        self.quarantined = self.rejected()

    def _make(self) -> None:
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir(parents=True)
        self.down()
        shutil.copytree(ROOT / "platform", self.content)
        self.platform.play("site.yml", "--tags", "images")
        self._images = json.loads((HOME / "images.json").read_text())
        sample.place(self.content, sample.cut(sample.from_image(self._images["workflows"]["tag"])))
        self._place_launchers()
        self._make_small_store()
        self.platform.play("site.yml")

    def down(self) -> None:
        if self.listener:
            self.listener.shutdown()
            self.listener.server_close()
        self.platform.play("playbooks/down.yml", "-e", '{"down_purge": true, "engine_purge_images": false}')

    def _place_launchers(self) -> None:
        folder = self.content / LAUNCHERS
        folder.mkdir()
        for fault in ("dies", "ends", "hangs"):
            shutil.copy(ROOT / "tests/faults/launchers/halfway", folder / fault)

    def _make_small_store(self) -> None:
        """MinIO's volume in memory, so that it can be full; a container that holds it keeps it when MinIO dies."""
        labels = {"onering.project": PROJECT}
        volume = self.engine.volumes.create(
            f"{PROJECT}_minio-data",
            driver_opts={"type": "tmpfs", "device": "tmpfs", "o": f"size={STORE_SIZE},uid=1000,gid=1000,mode=0750"},
            labels=labels,
        )
        self.engine.containers.run(
            self._images["object-store"]["tag"],
            entrypoint=["sleep", "infinity"],
            name=HOLDER,
            user="0:0",
            labels=labels,
            network_mode="none",
            volumes={volume.name: {"bind": "/held", "mode": "rw"}},
            detach=True,
        )

    # Runs

    def fresh(self) -> str:
        """Begin a run of the next date: its source is read."""
        self.date += timedelta(days=1)
        self.run = self.flow.trigger(self.date)
        return self.run

    def again(self) -> str:
        """Begin the newest date's run once more."""
        self.flow.clear(self.run)
        return self.run

    def book(self) -> dict[str, Any]:
        """What ops.runs says of the newest date."""
        row = self.platform.query(
            f"SELECT {', '.join(BOOK)} FROM ops.runs WHERE logical_date = '{self.date.isoformat()}'"
        )
        return dict(zip(BOOK, row[0], strict=True)) if row else {}

    def rejected(self) -> dict[str, int]:
        """Quarantined rows of the newest date, by stream."""
        answer = self.platform.clickhouse(
            "SELECT stream, count() FROM quarantine.rejected "
            f"WHERE run_id = '{self.date:%Y%m%dT%H%M%SZ}' GROUP BY stream"
        )
        return {stream: int(count) for stream, count in (line.split("\t") for line in answer.splitlines())}

    def wait_for_book(self, state: str, seconds: float = 60) -> dict[str, Any]:
        """The book's entry once it says so: a failing task tells Airflow first, the book next."""
        deadline = time.monotonic() + seconds
        while (book := self.book()).get("state") != state:
            assert time.monotonic() < deadline, f"ops.runs says {book}, not {state}, after {seconds} s"
            time.sleep(0.2)
        return book

    def told(self, alert: str, state: str) -> list[dict[str, Any]]:
        """The alerts that the webhook was sent."""
        assert self.listener
        return [of for of in self.listener.alerts if (of["labels"]["alertname"], of["status"]) == (alert, state)]

    # What must hold

    def failed(self, *words: str, task: str | None = None) -> str:
        """The run ended as failed, the book says where and why, and readers see what they saw."""
        assert self.flow.wait(self.run) == "failed"
        book = self.wait_for_book("failed")
        deadline = time.monotonic() + 10  # a task's own words take the place of an interruption's
        while not all(word in book["cause"] for word in words) and time.monotonic() < deadline:
            time.sleep(0.2)
            book = self.book()
        print(f"  {book['failed_task'] or '-'}: {book['cause'][:300]}")
        for word in words:
            assert word in book["cause"], f"{word!r} is not in: {book['cause']}"
        if task:
            assert book["failed_task"] == task, book
        assert self.platform.tables() == self.baseline, "what was published has changed"
        return book["cause"]

    def good(self) -> None:
        """The newest run succeeded and left everything as an undisturbed one does."""
        assert self.flow.wait(self.run) == "success", self.book()
        assert self.book()["state"] == "succeeded", self.book()
        assert self.platform.tables() == self.baseline
        assert self.rejected() == self.quarantined
        lines = self.platform.query(
            "SELECT kind, name, measure, balanced FROM ops.run_receipts AS r JOIN ops.runs AS o USING "
            f"(dataset, run_id, attempt) WHERE o.logical_date = '{self.date.isoformat()}'"
        )
        assert len(lines) > 5
        assert [line for line in lines if not line[-1]] == []
        twice = self.platform.query(
            "SELECT run_id FROM ops.validation_results GROUP BY dataset, run_id, attempt, suite HAVING count(*) > 1"
        )
        assert twice == []

    def heals(self, fresh: bool = False) -> None:
        """The next run puts everything right."""
        self.fresh() if fresh else self.again()
        self.good()

    # Strokes

    def container(self, service: str) -> Any:
        return self.engine.containers.get(f"{PROJECT}-{service}")

    def kill(self, service: str) -> None:
        """kill -9 of its first process, as the kernel would: the engine starts it again."""
        os.kill(self.container(service).attrs["State"]["Pid"], signal.SIGKILL)

    def healthy(self, service: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while (state := self.container(service).attrs["State"])["Health"]["Status"] != "healthy":
            assert time.monotonic() < deadline, f"{service} is {state['Status']}, not healthy, after {seconds} s"
            time.sleep(0.3)

    @contextmanager
    def cut(self, service: str) -> Iterator[None]:
        """Nothing reaches the service, as when a cable is pulled; then it has its address and names again."""
        network, container = self.engine.networks.get(PROJECT), self.container(service)
        at = container.attrs["NetworkSettings"]["Networks"][PROJECT]
        network.disconnect(container)
        try:
            yield
        finally:
            network.connect(container, ipv4_address=at["IPAMConfig"]["IPv4Address"], aliases=at["Aliases"])

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte more fits onto MinIO's volume."""
        holder = self.engine.containers.get(HOLDER)
        holder.exec_run(["dd", "if=/dev/zero", "of=/held/ballast", "bs=1M"])
        try:
            yield
        finally:
            assert holder.exec_run(["rm", "/held/ballast"]).exit_code == 0

    # Sources

    def source(self, stream: str) -> Path:
        return self.content / sample.SAMPLES / f"{stream}.csv"

    @contextmanager
    def rewritten(self, stream: str, by: Callable[[list[sample.Row]], list[sample.Row]]) -> Iterator[None]:
        """Another source for a while."""
        path = self.source(stream)
        before = path.read_bytes()
        rows = sample.rows(before)
        sample.write(path, by(rows), rows[0])
        try:
            yield
        finally:
            path.write_bytes(before)

    def connection(self, by: Callable[[dict[str, Any]], None]) -> Any:
        return self.platform.edited("ingestion/airbyte/flights.yml", by)
