"""What goes wrong is ended in time, named, and says what to do. What needs stores is in the suite of faults."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError
from onering import clickhouse, connections, connector, environments, manifest, postgres, quality, runs, storage
from onering.dataset import Column, Source, Stream
from onering.run import Run

RUN = Run("flights", "20260101T000000Z", 2)
AT = connections.Connection("store_x", "store", 1)


def process(script: str, inactivity: float = 30, stop: threading.Event | None = None) -> connector.Process:
    return connector.Process(["bash", "-c", script], inactivity, stop or threading.Event())


def test_a_connector_that_ends_well_is_read_to_its_end() -> None:
    one = process("echo a; echo b")
    assert list(one.lines()) == [b"a\n", b"b\n"]
    assert one.end == ""


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo a; exit 3", "ended with 3"),
        ("echo a; kill -9 $$", "was killed by SIGKILL"),
        ("echo a; kill -15 $$", "was killed by SIGTERM"),
        ("echo a; sleep 60 & wait", "wrote nothing for 0.3 s and was ended (inactivity_seconds)"),
    ],
)
def test_a_connector_that_ends_badly_is_told(script: str, told: str) -> None:
    one = process(script, 0.3 if "sleep" in script else 30)
    assert list(one.lines()) == [b"a\n"]
    assert one.end == told


def test_time_that_the_reader_takes_is_not_the_connectors() -> None:
    one = process("echo a; echo b", 0.3)
    lines = one.lines()
    next(lines)
    time.sleep(0.8)
    assert list(lines) == [b"b\n"]
    assert one.end == ""


def test_a_connector_ends_when_another_stream_failed() -> None:
    stop = threading.Event()
    one = process("echo a; sleep 60", 5, stop)
    lines = one.lines()
    next(lines)
    stop.set()
    assert list(lines) == []
    assert one.end == "was ended: another stream failed"


def alive(mark: str) -> bool:
    return any(
        mark in path.read_text(errors="replace") for path in Path("/proc").glob("[0-9]*/cmdline") if readable(path)
    )


def readable(path: Path) -> bool:
    try:
        path.read_text(errors="replace")
    except OSError:
        return False
    return path.parent.name != str(os.getpid())


def test_nothing_is_left_of_a_command_that_ended(capsys: pytest.CaptureFixture[str]) -> None:
    mark = f"sleep\x00{3600 + os.getpid() / 1e6}"
    duration = mark.split("\x00")[1]
    script = f"setsid -f true; sleep {duration} & (set -m; sleep {duration} & ); echo said; exit 2"
    begun = time.monotonic()
    with pytest.raises(environments.ProcessError, match="ended with 2; its last lines:\nsaid"):
        environments.follow(["bash", "-c", script], dict(os.environ), "it")
    assert time.monotonic() - begun < 10
    assert not alive(mark)
    assert "said" in capsys.readouterr().out


def test_a_failure_in_a_sentence_is_told_instead_of_last_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/bin/python").write_text(
        '#!/bin/sh\necho noise\necho \'{"failure": "in a sentence"}\' > "$3"\nexit 1\n'
    )
    (tmp_path / "env/bin/python").chmod(0o755)
    monkeypatch.setattr(environments, "VENVS", tmp_path)
    with pytest.raises(environments.ProcessError, match=r"^in a sentence$"):
        environments.run("env", "module")


def stream(path: Path | None = None, **more: Any) -> Stream:
    source = Source(path, "csv") if path else None
    return Stream("s", ("a",), (Column("a", "String"),), source=source, **more)


@pytest.mark.parametrize(
    ("there", "came", "allow_empty", "told"),
    [
        (3, 2, False, "s: the source holds 3 records, 2 came"),
        (0, 0, False, "s: the source is empty"),
        (0, 0, True, None),
        (3, 3, False, None),
    ],
)
def test_what_lost_records_is_not_sealed(there: int, came: int, allow_empty: bool, told: str | None) -> None:
    class Declared:
        streams = (stream(allow_empty=allow_empty),)

    streams = {"s": manifest.entry([], came, there)}
    if told is None:
        manifest.refuse(Declared(), RUN, streams)  # type: ignore[arg-type]
        return
    with pytest.raises(manifest.BronzeError, match=f"^{told}.*is not sealed.*run the date again"):
        manifest.refuse(Declared(), RUN, streams)  # type: ignore[arg-type]


def test_columns_that_nobody_loads_are_noted(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("a,b,c\n1,2,3\n")
    found = manifest.notes(stream(tmp_path / "s.csv"), {"records": 1, "notes": ["x"]})
    assert found == ["x", "the source has columns that are not loaded: b, c"]
    (tmp_path / "s.csv").write_text("a\n1\n")
    assert manifest.notes(stream(tmp_path / "s.csv"), {"records": 1, "notes": []}) == []


class Book:
    """A transaction that fails a number of times first."""

    def __init__(self, failures: int) -> None:
        self.failures, self.values = failures, {}

    def __call__(self, _: Any) -> Book:
        return self

    def __enter__(self) -> Book:
        self.failures -= 1
        if self.failures >= 0:
            raise postgres.PostgresError("gone")
        return self

    def __exit__(self, *_: object) -> None: ...

    def execute(self, _: str, values: dict[str, Any]) -> None:
        self.values = values


@pytest.mark.parametrize(("failures", "noted"), [(0, True), (3, True), (6, False)])
def test_a_failure_is_noted_once_the_book_answers(monkeypatch: pytest.MonkeyPatch, failures: int, noted: bool) -> None:
    book, slept = Book(failures), []
    monkeypatch.setattr(runs.postgres, "transaction", book)
    monkeypatch.setattr(runs.time, "sleep", slept.append)
    if noted:
        runs.record_failure("flights", runs.logical_date_of(RUN.run_id), "t", ValueError("why"))
        assert book.values["cause"] == "why"
    else:
        with pytest.raises(postgres.PostgresError):
            runs.record_failure("flights", runs.logical_date_of(RUN.run_id), "t", "why")
    assert slept == list(runs.PAUSES[:failures])


@pytest.mark.parametrize(
    ("tasks", "task", "where"), [([], None, "between two tasks"), (["a", "b"], "a, b", "while a, b ran")]
)
def test_an_interruption_says_where(
    monkeypatch: pytest.MonkeyPatch, tasks: list[str], task: str | None, where: str
) -> None:
    book = Book(0)
    monkeypatch.setattr(runs.postgres, "transaction", book)
    runs.record_interruption("flights", runs.logical_date_of(RUN.run_id), tasks, "told")
    assert book.values["task"] == task
    assert book.values["cause"].startswith(f"{runs.INTERRUPTED}: the run ended {where} (told).")


class Session:
    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, {}

    def post(self, *_: Any, **options: Any) -> Any:
        self.asked = options
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def column_store(monkeypatch: pytest.MonkeyPatch, answer: Any) -> tuple[clickhouse.ClickHouse, Session]:
    monkeypatch.setattr(clickhouse.connections, "get", lambda _: AT)
    store = clickhouse.ClickHouse("store_x")
    session = Session(answer)
    store._session = session  # type: ignore[assignment]
    return store, session


def answered(code: int, text: str = "") -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer._content, answer._content_consumed = code, text.encode(), True
    return answer


def test_a_load_ends_what_an_earlier_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    store, session = column_store(monkeypatch, answered(200))
    store.execute("SELECT 1", "flights.stage")
    assert session.asked["params"]["query_id"] == "flights.stage"
    assert session.asked["params"]["replace_running_query"] == "1"
    store.execute("SELECT 1")
    assert "query_id" not in session.asked["params"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (requests.ConnectionError("gone"), r"ClickHouse at store:1 \(store_x\) doesn't answer: gone\. See whether"),
        (answered(500, "Code: 499. S3_ERROR"), r"ClickHouse at store:1 \(store_x\): .*S3_ERROR It reads .* MinIO"),
    ],
)  # fmt: skip
def test_clickhouse_is_named(monkeypatch: pytest.MonkeyPatch, answer: Any, told: str) -> None:
    store, _session = column_store(monkeypatch, answer)
    with pytest.raises(clickhouse.ClickHouseError, match=told):
        store.execute("SELECT * FROM s3(bronze)")


def test_postgres_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(**options: Any) -> None:
        assert options["tcp_user_timeout"] == 30000
        raise psycopg.OperationalError("refused")

    monkeypatch.setattr(postgres.psycopg, "connect", refused)
    with (
        pytest.raises(postgres.PostgresError, match=r"PostgreSQL at store:1 \(store_x\) failed: refused\. See whether"),
        postgres.transaction(AT),
    ):
        pass


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ClientError({"Error": {"Code": storage.FULL, "Message": "Free drive threshold."}}, "PutObject"),
            r"MinIO at http://store:1 \(store_x\): write b/k: XMinioStorageFull: .* Its volume is full",
        ),
        (
            EndpointConnectionError(endpoint_url="http://store:1"),
            r"MinIO at http://store:1 \(store_x\) doesn't answer: write",
        ),
    ],
)  # fmt: skip
def test_the_object_store_is_named(monkeypatch: pytest.MonkeyPatch, error: Exception, told: str) -> None:
    def put(**_: Any) -> None:
        raise error

    monkeypatch.setattr(storage.connections, "get", lambda _: AT)
    store = storage.Storage("store_x")
    monkeypatch.setattr(store._client, "put_object", put)
    with pytest.raises(storage.StorageError, match=told):
        store.put("b", "k", b"")


def test_suites_are_not_asked_of_a_store_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    of = {"success": False, "expectation_config": {"type": "e", "kwargs": {}}, "result": {}}
    fine = quality.Outcome(quality.Suite("d", "gold", "t", ()), {"success": False, "results": [of]})
    gone = {"exception_info": {"m": {"raised_exception": True, "exception_message": "no route"}}}
    broken = quality.Outcome(fine.suite, {"success": False, "results": [of | gone]})
    assert not fine.broken
    assert broken.broken


def test_interpreter_can_be_told_of_its_parents_death() -> None:
    script = "import sys; sys.path.insert(0, sys.argv[1]); from onering import environments as e; e.die_with_parent()"
    done = environments.subprocess.run(
        [sys.executable, "-c", script, str(environments.PLUGINS)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
