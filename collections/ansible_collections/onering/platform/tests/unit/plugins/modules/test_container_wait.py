from __future__ import annotations

from typing import Any

import docker.errors
import pytest
from ansible_collections.onering.platform.plugins.modules import container_wait


class Container:
    shell = False

    def __init__(self, name: str, attrs: dict[str, Any], log: bytes) -> None:
        self.name, self.attrs, self.log = name, attrs, log
        self.id = f"id of {name}"
        test = ["CMD-SHELL", f"ask {name}"] if self.shell else ["CMD", "ask", name]
        attrs["Config"] = {"User": "7:7", "Healthcheck": {"Test": test}}

    def logs(self, tail: int) -> bytes:
        return b"\n".join(self.log.splitlines()[-tail:])


class Engine:
    """Each container goes through a list of states, the last of which stays."""

    def __init__(self, **histories: list[dict[str, Any]]) -> None:
        self.histories = histories
        self.containers = self.api = self
        self.asked: list[tuple[str, list[str], str]] = []
        self.answers: list[Any] = [1]  # exit codes of health checks, None while one runs; the last stays
        self.log = b"first\nsecond\nthe cause\n"

    def get(self, name: str) -> Container:
        if name not in self.histories:
            raise docker.errors.NotFound("no such container")
        history = self.histories[name]
        attrs = history.pop(0) if len(history) > 1 else history[0]
        return Container(name, attrs, self.log)

    def exec_create(self, container: str, command: list[str], user: str) -> dict[str, str]:
        self.asked.append((container, command, user))
        return {"Id": f"check {len(self.asked)}"}

    def exec_start(self, check: str, detach: bool) -> None:
        assert detach
        assert check == f"check {len(self.asked)}"

    def exec_inspect(self, check: str) -> dict[str, Any]:
        assert check == f"check {len(self.asked)}"
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"Running": answer is None, "ExitCode": answer}


def at(status: str, health: str | None = None, restarts: int = 0, **state: Any) -> dict[str, Any]:
    state = {"Status": status, "ExitCode": 0, **state}
    if health:
        state["Health"] = {"Status": health, "Log": [{"ExitCode": 1, "Output": "connection refused\n"}]}
    return {"State": state, "RestartCount": restarts}


@pytest.fixture
def wait(run_module, monkeypatch: pytest.MonkeyPatch):
    def run(engine: Engine, check: bool = False, **options: Any) -> dict[str, Any]:
        monkeypatch.setattr(container_wait, "connect", lambda host: engine)
        return run_module(container_wait, check=check, **{"interval": 0.001, "timeout": 1, **options})

    return run


def test_waits_for_health_and_for_running_without_a_check(wait) -> None:
    engine = Engine(a=[at("created"), at("running", "starting"), at("running", "healthy")], b=[at("running")])
    result = wait(engine, names=["a", "b", "a"])
    assert not result["failed"]
    assert not result["changed"]
    assert result["containers"]["a"]["health"] == "healthy"
    assert result["containers"]["b"]["health"] == "none"


@pytest.mark.parametrize(
    ("answers", "runs"),
    [([0], 1), ([None, None, 0], 1), ([1, 0], 2), ([docker.errors.APIError("it is not running"), 0], 2)],
    ids=["passes", "takes a while", "passes later", "container ended in between"],
)
def test_nobody_waits_for_the_engines_first_check(wait, monkeypatch, answers: list[Any], runs: int) -> None:
    monkeypatch.setattr(container_wait, "PACE", 0)
    engine = Engine(a=[at("running", "starting")])
    engine.answers = answers
    result = wait(engine, name="a")
    assert not result["failed"]
    assert result["containers"]["a"]["health"] == "healthy"
    assert engine.asked == [("id of a", ["ask", "a"], "7:7")] * runs


def test_a_check_that_is_a_shells_is_run_by_a_shell(wait, monkeypatch) -> None:
    engine = Engine(a=[at("running", "starting")])
    engine.answers = [0]
    monkeypatch.setattr(Container, "shell", True)
    assert not wait(engine, name="a")["failed"]
    assert engine.asked == [("id of a", ["/bin/sh", "-c", "ask a"], "7:7")]


def test_checks_keep_their_pace_and_those_of_the_unhealthy_are_the_engines(wait) -> None:
    engine = Engine(a=[at("running", "starting")] * 50 + [at("running", "healthy")], b=[at("running", "healthy")])
    assert not wait(engine, names=["a", "b"])["failed"]
    assert len(engine.asked) == 1
    engine = Engine(a=[at("running", "unhealthy")] * 3 + [at("running", "healthy")])
    assert not wait(engine, name="a")["failed"]
    assert engine.asked == []


def test_unhealthy_may_recover(wait) -> None:
    assert not wait(Engine(a=[at("running", "unhealthy"), at("running", "healthy")]), name="a")["failed"]


def test_timeout_tells_the_cause(wait) -> None:
    """Regressions 12 and 13."""
    result = wait(Engine(a=[at("running", "starting")]), name="a", timeout=0, tail=2)
    assert result["failed"]
    for part in (
        "wait for a to be healthy",
        "not healthy after 0 s",
        "state running",
        "connection refused",
        "the cause",
    ):
        assert part in result["msg"]
    assert "first" not in result["msg"]


@pytest.mark.parametrize("status", ["exited", "dead"])
def test_an_ended_container_fails_at_once(wait, status: str) -> None:
    """Regression 13."""
    result = wait(Engine(a=[at(status, ExitCode=137, OOMKilled=True)]), name="a", timeout=600)
    assert result["failed"]
    for part in ("code 137", "OOMKilled", "memory limit", "the cause"):
        assert part in result["msg"]


def test_restarting_too_often_fails_at_once(wait) -> None:
    engine = Engine(
        a=[at("restarting", restarts=5), at("running", restarts=6), at("restarting", restarts=8, ExitCode=1)]
    )
    engine.histories["a"][1]["State"]["Health"] = {"Status": "starting", "Log": []}
    result = wait(engine, name="a", timeout=600)
    assert result["failed"]
    assert "restarted 3 times" in result["msg"]
    assert "exit code 1" in result["msg"]


def test_exited(wait) -> None:
    assert (
        wait(Engine(a=[at("running"), at("exited")]), name="a", **{"for": "exited"})["containers"]["a"]["state"]
        == "exited"
    )
    failed = wait(Engine(a=[at("exited", ExitCode=2)]), name="a", **{"for": "exited"})
    assert failed["failed"]
    assert "exited with code 2" in failed["msg"]


def test_a_missing_container_is_named(wait) -> None:
    result = wait(Engine(), name="nothere")
    assert result["failed"]
    assert "nothere" in result["msg"]
    assert "no container of that name" in result["msg"]


def test_check_mode_does_not_even_connect(run_module) -> None:
    result = run_module(container_wait, check=True, name="a", docker_host="unix:///nowhere")
    assert not result["failed"]
    assert result["containers"] == {}


def test_an_engine_that_does_not_answer(run_module) -> None:
    result = run_module(container_wait, name="a", docker_host="unix:///nowhere.sock")
    assert result["failed"]
    assert "reach the Docker Engine at unix:///nowhere.sock" in result["msg"]
