"""airflow_dag_run against a small Airflow in memory; every request is checked against the vendor's published API."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, unquote, urlsplit

import jsonschema
import pytest
from ansible_collections.onering.platform.plugins.module_utils import network
from ansible_collections.onering.platform.plugins.modules import airflow_dag_run

# Cut out of GET /openapi.json of Airflow 3.3.2.
PUBLISHED = json.loads((Path(__file__).parent / "fixtures" / "airflow_openapi.json").read_text())
DATE = "2026-01-01T00:00:00+00:00"
LOGIN = {"url": "http://airflow:8080/", "username": "admin", "password": "right"}


def task(task_id: str, state: str | None, map_index: int = -1, tries: int = 1) -> dict[str, Any]:
    return {
        "task_id": task_id, "map_index": map_index, "state": state, "duration": 1.5, "try_number": tries,
        "start_date": f"2026-01-01T00:00:{map_index + 1:02d}Z",
    }  # fmt: skip


class Airflow:
    """One DAG. A run goes through `course` (state, tasks), one step a look."""

    def __init__(self) -> None:
        self.dag: dict[str, Any] | None = {
            "dag_id": "flights", "is_paused": False, "is_stale": False, "has_import_errors": False,
            "relative_fileloc": "make_dags.py",
        }  # fmt: skip
        self.import_errors: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self.course: list[tuple[str, list[dict[str, Any]]]] = [("success", [task("load", "success")])]
        self.logs: dict[str, list[Any]] = {}
        self.tasks: list[dict[str, Any]] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.broken: list[Exception] = []
        self.expired_after: int | None = None
        self.tokens = 0
        self.rival: dict[str, Any] | None = None

    def add_run(self, state: str, conf: dict[str, Any] | None = None) -> None:
        self.runs.append(
            {
                "dag_run_id": "ansible__20260101T000000Z",
                "logical_date": DATE,
                "state": state,
                "duration": 9.0,
                "conf": conf or {},
            }
        )

    def __call__(self, url: str, method: str = "GET", data: str | None = None, **options: Any) -> io.BytesIO:
        if self.broken:
            raise self.broken.pop(0)
        parts = urlsplit(url)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        body = json.loads(data) if data is not None else None
        if parts.path == "/auth/token":
            if body != {"username": "admin", "password": "right"}:
                self.refuse(url, 401, {"detail": "Invalid credentials"})
            self.tokens += 1
            return io.BytesIO(json.dumps({"access_token": f"token-{self.tokens}"}).encode())
        if options["headers"].get("Authorization") != f"Bearer token-{self.tokens}":
            self.refuse(url, 401, {"detail": "Not authenticated"})
        if self.expired_after is not None:
            self.expired_after -= 1
            if self.expired_after < 0:
                self.expired_after = None
                self.refuse(url, 401, {"detail": "Token Expired"})
        self.published(parts.path, method, query, body)
        self.asked.append((method, unquote(parts.path.removeprefix("/api/v2/")), body))
        answer = self.answer(method, unquote(parts.path.removeprefix("/api/v2/")), query, body, url)
        if method == "DELETE":
            return io.BytesIO(b"")
        return io.BytesIO(json.dumps(answer).encode())

    @staticmethod
    def refuse(url: str, code: int, body: Any) -> None:
        raise HTTPError(url, code, "refused", None, io.BytesIO(json.dumps(body).encode()))  # type: ignore[arg-type]

    @staticmethod
    def published(path: str, method: str, query: dict[str, str], body: Any) -> None:
        """The request is one that the vendor publishes: path, query names, body."""
        for known, methods in PUBLISHED["paths"].items():
            if re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", known), path) and method.lower() in methods:
                said = methods[method.lower()]
                assert set(query) <= set(said["query"]), f"{path}: {query}"
                if body is not None:
                    jsonschema.validate(body, said["body"])
                return
        raise AssertionError(f"Airflow has no {method} {path}")

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, url: str) -> Any:
        if path == "importErrors":
            return {"import_errors": self.import_errors, "total_entries": len(self.import_errors)}
        if self.dag is None or not path.startswith("dags/flights"):
            self.refuse(url, 404, {"detail": "The Dag was not found"})
        assert self.dag is not None
        if path == "dags/flights":
            if method == "PATCH":
                self.dag.update(body)
            return self.dag
        if path == "dags/flights/dagRuns":
            if method == "POST":
                if self.rival is not None:
                    self.add_run("running", self.rival)
                    self.refuse(url, 409, {"detail": {"reason": "Unique constraint violation"}})
                self.add_run("queued", body["conf"])
                return self.runs[0]
            assert query["logical_date_gte"] == query["logical_date_lte"] == DATE
            return {"dag_runs": self.runs, "total_entries": len(self.runs)}
        if path.endswith("/clear"):
            self.runs[0]["state"] = "queued"
            return self.runs[0]
        if path.endswith("/taskInstances"):
            offset = int(query["offset"])
            return {
                "task_instances": self.tasks[offset : offset + int(query["limit"])],
                "total_entries": len(self.tasks),
            }
        if method == "DELETE":
            if self.runs[0]["state"] == "running":
                self.refuse(url, 409, {"detail": "cannot be deleted in running state"})
            return self.runs.clear()
        if method == "PATCH":
            self.runs[0].update(body)
            return self.runs[0]
        if "/logs/" in path:
            return {"content": self.logs[path.split("/")[-3]], "continuation_token": None}
        if self.runs[0]["state"] not in airflow_dag_run.ENDED:
            self.runs[0]["state"], self.tasks = self.course.pop(0)
        return self.runs[0]

    def did(self, method: str) -> list[tuple[str, Any]]:
        return [(path, body) for asked, path, body in self.asked if asked == method]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    server = Airflow()
    clock = iter(range(100000))
    monkeypatch.setattr(network, "open_url", server)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    return server


@pytest.fixture
def run(run_module: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def run(check: bool = False, **options: Any) -> dict[str, Any]:
        asked = {**LOGIN, "dag_id": "flights", "logical_date": "2026-01-01T00:00:00Z", **options}
        return run_module(airflow_dag_run, check=check, **asked)

    return run


def test_a_date_without_a_run_is_triggered_and_waited_for(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.course = [("running", [task("load", "running")]), ("success", [task("load", "success")])]
    result = run(conf={"sample": True})
    assert result["changed"]
    assert result["state"] == "success"
    assert result["tasks"] == [{"task_id": "load", "map_index": -1, "state": "success", "seconds": 1.5, "try": 1}]
    assert server.did("POST") == [
        (
            "dags/flights/dagRuns",
            {"dag_run_id": "ansible__20260101T000000Z", "logical_date": DATE, "conf": {"sample": True}},
        )
    ]


def test_a_date_that_succeeded_is_no_change(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.add_run("success", {"any": 1})
    result = run(conf={"other": 1})
    assert not result["changed"]
    assert result["state"] == "success"
    assert result["seconds"] == 9.0
    assert not server.did("POST")


def test_force_clears_and_runs_again(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.add_run("success")
    result = run(force=True)
    assert result["changed"]
    assert [path for path, _ in server.did("POST")] == ["dags/flights/dagRuns/ansible__20260101T000000Z/clear"]
    assert server.did("POST")[0][1]["dry_run"] is False


def test_a_running_run_is_waited_for(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.add_run("running")
    server.course = [("running", []), ("success", [])]
    assert run()["state"] == "success"
    assert not server.did("POST")


def test_a_failed_run_is_cleared_and_heals(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.add_run("failed")
    result = run()
    assert result["changed"]
    assert result["state"] == "success"
    assert server.did("POST")[0][0].endswith("/clear")


def test_check_mode_asks_only(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    result = run(check=True)
    assert result["changed"]
    assert result["diff"]["after"]["state"] == "success"
    assert not server.did("POST")
    assert not server.did("PATCH")


def test_check_mode_knows_no_dag_yet(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.dag = None
    assert run(check=True)["changed"]


def test_a_paused_dag_is_unpaused(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    assert server.dag is not None
    server.dag["is_paused"] = True
    run()
    assert server.did("PATCH") == [("dags/flights", {"is_paused": False})]


def test_a_failure_ends_with_the_failing_tasks_log(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    """Regression 13."""
    server.course = [("failed", [task("load", "failed", tries=2), task("publish", "upstream_failed")])]
    server.logs["load"] = [
        {"event": "::group::Log message source details"},
        {"event": "/opt/airflow/logs/attempt=2.log"},
        {"timestamp": "t", "event": "reading bronze/flights", "level": "info"},
        {
            "timestamp": "t", "event": "Task failed with exception", "level": "error",
            "error_detail": [
                {"exc_type": "LostRows", "exc_value": "3 rows lack", "frames": [{"filename": "flow.py", "lineno": 7}]}
            ],
        },
    ]  # fmt: skip
    result = run()
    assert result["failed"]
    assert result["changed"]
    assert result["state"] == "failed"
    assert "load failed at try 2" in result["msg"]
    assert "reading bronze/flights" in result["msg"]
    assert "LostRows: 3 rows lack (flow.py:7)" in result["msg"]
    assert "publish failed" not in result["msg"]
    assert "::group" not in result["msg"]


def test_a_log_that_is_not_there_does_not_hide_the_failure(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.course = [("failed", [task("load", "failed")])]
    server.logs["load"] = []
    assert "its log is empty" in run()["msg"]


def test_a_run_that_takes_too_long_names_what_is_not_done(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    """Regression 12."""
    server.course = [("running", [task("load", "running", map_index=2)])] * 100
    result = run(timeout=20)
    assert result["failed"]
    assert "still running after 20 s (load[2] running)" in result["msg"]


def test_an_unknown_dag_ends_within_its_time(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.dag = None
    result = run(parse_timeout=10)
    assert result["failed"]
    assert "no such DAG after 10 s" in result["msg"]


@pytest.mark.parametrize("known", [True, False])
def test_a_file_that_does_not_parse_is_named(server: Airflow, run: Callable[..., dict[str, Any]], known: bool) -> None:
    if known:
        assert server.dag is not None
        server.dag["has_import_errors"] = True
    else:
        server.dag = None
    server.import_errors = [
        {"filename": "make_dags.py", "stack_trace": "Traceback\n  File x\nKeyError: 'streams'\n"},
    ]
    result = run()
    assert result["failed"]
    assert "make_dags.py: KeyError: 'streams'" in result["msg"]
    assert not server.did("POST")


def test_another_conf_for_the_same_date_is_refused(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.add_run("failed", {"a": 1})
    result = run(conf={"a": 2})
    assert result["failed"]
    assert "another conf" in result["msg"]
    assert not server.did("POST")


def test_without_wait_a_queued_run_is_enough(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    result = run(wait=False)
    assert result["changed"]
    assert result["state"] == "queued"
    assert not run(wait=False)["changed"]


def test_progress_has_one_line_a_change(server: Airflow, run: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    server.course = [
        ("running", [task("load", "running")]),
        ("running", [task("load", "running")]),
        ("success", [task("load", "success")]),
    ]
    run(progress_path=str(tmp_path / "progress"))
    lines = [line.partition("] ")[2] for line in (tmp_path / "progress").read_text().splitlines()]
    assert lines == [
        f"flights: triggered for {DATE}",
        "flights: load running",
        "flights: load success in 2 s",
        "flights: success in 9 s",
    ]


def test_a_wrong_password_is_said_and_not_shown(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    result = run(password="mistaken")
    assert result["failed"]
    assert "401 Invalid credentials. Check username and password" in result["msg"]
    assert "mistaken" not in json.dumps(result["msg"])


def test_an_expired_token_is_renewed(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.expired_after = 3
    assert run()["state"] == "success"
    assert server.tokens == 2


def test_a_server_that_restarts_is_waited_for(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.broken = [URLError(ConnectionRefusedError("refused")), HTTPError("u", 503, "busy", None, io.BytesIO(b"{}"))]  # type: ignore[arg-type]
    assert run()["state"] == "success"


def test_a_question_that_takes_all_its_time_is_asked_again(
    server: Airflow, run: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    failing = [TimeoutError("timed out")]

    def slow(url: str, **options: Any) -> io.BytesIO:
        now[0] += 31
        if "/taskInstances" in url and failing:
            raise failing.pop()
        return server(url, **options)

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr(network, "open_url", slow)
    assert run(timeout=10000)["state"] == "success"
    assert not failing


@pytest.mark.parametrize(("code", "again"), [(429, True), (503, True), (502, False), (504, False)])
def test_what_a_server_may_have_done_is_not_asked_for_twice(
    server: Airflow, run: Callable[..., dict[str, Any]], code: int, again: bool
) -> None:
    """The login is the first POST."""
    server.broken = [HTTPError("u", code, "busy", None, io.BytesIO(b"{}"))]  # type: ignore[arg-type]
    result = run()
    assert result.get("failed", False) is not again
    assert server.tokens == again


@pytest.mark.parametrize(
    ("there", "asked", "fails_at", "changed"),
    [
        ("", {}, "taskInstances", True),  # triggered, then nothing more is heard
        ("", {}, "POST", False),
        ("failed", {}, "taskInstances", True),
        ("failed", {}, "clear", False),
        ("running", {"state": "absent", "force": True}, "DELETE", True),  # stopped, but not removed
        ("failed", {"state": "absent"}, "DELETE", False),
    ],
)
def test_what_fails_after_a_change_says_that_something_was_changed(
    server: Airflow,
    run: Callable[..., dict[str, Any]],
    there: str,
    asked: dict[str, Any],
    fails_at: str,
    changed: bool,
) -> None:
    if there:
        server.add_run(there)
    answer = server.answer

    def failing(method: str, path: str, query: dict[str, str], body: Any, url: str) -> Any:
        if fails_at == method or path.endswith(fails_at):
            server.refuse(url, 500, {"detail": "no room"})
        return answer(method, path, query, body, url)

    server.answer = failing  # type: ignore[method-assign]
    result = run(**asked)
    assert "no room" in result["msg"]
    assert result.get("changed", False) is changed


def test_a_paused_dag_that_was_unpaused_is_a_change_too(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    assert server.dag is not None
    server.dag["is_paused"] = True
    answer = server.answer

    def failing(method: str, path: str, query: dict[str, str], body: Any, url: str) -> Any:
        if method == "POST":
            server.refuse(url, 500, {"detail": "no room"})
        return answer(method, path, query, body, url)

    server.answer = failing  # type: ignore[method-assign]
    assert run()["changed"] is True


def test_a_server_that_stays_away_is_named(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.broken = [URLError(ConnectionRefusedError("refused"))] * 100
    result = run()
    assert result["failed"]
    assert "http://airflow:8080/auth/token" in result["msg"]


def test_a_date_that_is_none_is_refused_before_anything_is_asked(
    server: Airflow, run: Callable[..., dict[str, Any]]
) -> None:
    assert "Write it as" in run(logical_date="yesterday")["msg"]
    assert not server.asked


def test_the_cause_of_a_failure_is_named_and_returned(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.course = [("failed", [task("load", "failed", tries=2)])]
    server.logs["load"] = [
        {
            "timestamp": "t",
            "event": "Task failed",
            "level": "error",
            "error_detail": [{"exc_type": kind, "exc_value": "v"}, {"exc_type": "ItsCause", "exc_value": "w"}],
        }
        for kind in ("KeyError", "LostRows")
    ]
    result = run()
    assert "load failed at try 2 by LostRows: v:\n" in result["msg"]
    (failure,) = result["failures"]
    assert (failure["task"], failure["try"], failure["cause"]) == ("load", 2, "LostRows: v")
    assert failure["log"][-2:] == ["LostRows: v", "ItsCause: w"]


def test_a_log_that_is_refused_is_told_in_its_place(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.course = [("failed", [task("load", "failed"), task("fourth", "failed")])]
    answer = server.answer

    def refusing(method: str, path: str, query: Any, body: Any, url: str) -> Any:
        if "/load/logs/" in path:
            server.refuse(url, 403, {"detail": "Forbidden"})
        return answer(method, path, query, body, url)

    server.answer = refusing  # type: ignore[method-assign]
    server.logs["fourth"] = ["plain"]
    result = run()
    assert "(its log can't be read: " in result["msg"]
    assert "fourth failed at try 1:\n  plain" in result["msg"]


def test_more_failures_than_are_shown_are_counted(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.course = [("failed", [task("load", "failed", map_index=index) for index in range(5)])]
    server.logs["load"] = ["plain"]
    result = run()
    assert "and 2 more tasks" in result["msg"]
    assert len(result["failures"]) == 3


def test_a_failure_without_a_task_says_so(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.course = [("failed", [task("load", "skipped")])]
    assert "failed without a failing task" in run()["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_the_diff_tells_conf_and_that_the_dag_is_unpaused(
    server: Airflow, run: Callable[..., dict[str, Any]], check: bool
) -> None:
    server.add_run("failed", {"a": 1})
    assert server.dag is not None
    server.dag["is_paused"] = True
    diff = run(check=check)["diff"]
    assert diff["before"] == {
        "dag_id": "flights", "logical_date": DATE, "state": "failed", "conf": {"a": 1}, "paused": True,
    }  # fmt: skip
    assert diff["after"] == {**diff["before"], "state": "success", "paused": False}


def test_a_date_that_succeeded_leaves_a_paused_dag_paused(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.add_run("success")
    assert server.dag is not None
    server.dag["is_paused"] = True
    assert not run()["changed"]
    assert not server.did("PATCH")


def test_of_two_at_once_the_later_waits_for_the_same_run(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.rival = {"sample": True}
    result = run(conf={"sample": True})
    assert result["state"] == "success"
    assert len(server.runs) == 1


def test_of_two_at_once_another_conf_is_refused(server: Airflow, run: Callable[..., dict[str, Any]]) -> None:
    server.rival = {"sample": False}
    assert "someone else triggered it meanwhile, with another conf" in run(conf={"sample": True})["msg"]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_stopped(server: Airflow, run: Callable[..., dict[str, Any]], state: str) -> None:
    server.add_run(state)
    planned = run(check=True, state="stopped")
    assert planned["changed"]
    assert (planned["diff"]["before"]["state"], planned["diff"]["after"]["state"]) == (state, "failed")
    assert server.runs[0]["state"] == state
    result = run(state="stopped")
    assert result["changed"]
    assert not result["failed"]
    assert result["state"] == "failed"
    assert server.did("PATCH") == [("dags/flights/dagRuns/ansible__20260101T000000Z", {"state": "failed"})]
    assert not run(state="stopped")["changed"]


@pytest.mark.parametrize("state", ["stopped", "absent", "gathered"])
def test_no_run_is_no_change(server: Airflow, run: Callable[..., dict[str, Any]], state: str) -> None:
    result = run(state=state)
    assert not result["changed"]
    assert "dag_run_id" not in result


@pytest.mark.parametrize("state", ["queued", "success", "failed"])
def test_absent(server: Airflow, run: Callable[..., dict[str, Any]], state: str) -> None:
    server.add_run(state)
    planned = run(check=True, state="absent")
    assert planned["diff"]["after"] == {}
    assert len(server.runs) == 1
    result = run(state="absent")
    assert result["changed"]
    assert "dag_run_id" not in result
    assert server.runs == []


@pytest.mark.parametrize("check", [True, False])
def test_a_running_run_is_removed_by_force_only(
    server: Airflow, run: Callable[..., dict[str, Any]], check: bool
) -> None:
    server.add_run("running")
    assert "it is running" in run(check=check, state="absent")["msg"]
    assert len(server.runs) == 1
    assert run(check=check, state="absent", force=True)["changed"]
    assert len(server.runs) == int(check)


def test_gathered_reads_the_run_with_its_tasks_and_failures(
    server: Airflow, run: Callable[..., dict[str, Any]]
) -> None:
    server.add_run("failed", {"a": 1})
    server.runs[0]["start_date"] = "2026-01-02T08:00:00Z"
    server.tasks = [task("load", "failed")]
    server.logs["load"] = ["plain"]
    result = run(state="gathered", force=True)
    assert not result["changed"]
    assert not result["failed"]
    assert (result["state"], result["conf"], result["begun"]) == ("failed", {"a": 1}, "2026-01-02T08:00:00Z")
    assert result["tasks"][0]["task_id"] == "load"
    assert result["failures"] == [{"task": "load", "try": 1, "cause": "", "log": ["plain"]}]
    assert {method for method, _path, _body in server.asked} == {"GET"}


@pytest.mark.parametrize(
    ("text", "date"),
    [("2026-01-01", DATE), ("2026-01-01T01:00:00+01:00", DATE), ("2026-01-01T00:00:00Z", DATE)],
)
def test_dates_are_utc(text: str, date: str) -> None:
    assert airflow_dag_run.in_utc(text).isoformat() == date
